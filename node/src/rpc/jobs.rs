//! `jobs_*`: jobs and their life.

use super::{amount::Amount, error::Error};
use crate::service::FullClient;
use assay_protocol::{
	api::JobsApi as _,
	job::{JobInput, JobOutput, JobParameters, JobState, JobSummary, Quote},
	Attempt, JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{AccountId, Balance, BlockNumber, Hash};
use futures::{stream, Stream, StreamExt};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
	PendingSubscriptionSink,
};
use sc_client_api::BlockchainEvents;
use sc_rpc::utils::{BoundedVecDeque, PendingSubscription};
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::H256;
use std::sync::Arc;

/// Jobs in an answer unless the caller wants fewer.
const PAGE: u32 = 20;
/// States of a job that may wait for a slow subscriber before the subscription ends.
const SUBSCRIPTION_BUFFER: usize = 64;

/// Jobs. Every method reads at the best block unless `at` names another.
#[rpc(server, namespace = "jobs")]
pub(crate) trait JobsApi {
	/// One job, or nothing.
	#[method(name = "get")]
	fn get(&self, job: JobId, at: Option<Hash>) -> RpcResult<Option<Job>>;

	/// At most `limit` jobs, capped by the runtime, newest first, older than `before`, of one consumer or of all.
	#[method(name = "list")]
	fn list(
		&self,
		consumer: Option<AccountId>,
		before: Option<JobId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Vec<Job>>;

	/// What a job of `input` elements and at most `max_tokens` generated tokens would cost.
	#[method(name = "quote")]
	fn quote(
		&self,
		model: ModelId,
		version: VersionNumber,
		input: u32,
		max_tokens: u32,
		at: Option<Hash>,
	) -> RpcResult<Quote<Amount>>;

	/// The periods and penalties that rule a job's life.
	#[method(name = "parameters")]
	fn parameters(&self, at: Option<Hash>) -> RpcResult<JobParameters<Amount, BlockNumber>>;

	/// The job now and whenever its state changes in the best chain. Ends once the job is over; after a reorganisation
	/// a state may come again.
	#[subscription(name = "subscribeJob" => "job", unsubscribe = "unsubscribeJob", item = Job)]
	async fn subscribe_job(&self, job: JobId);
}

/// A job.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Job {
	id: JobId,
	consumer: AccountId,
	model: ModelId,
	version: VersionNumber,
	artifact: H256,
	input: Elements,
	max_tokens: u32,
	max_fee: Amount,
	named_operator: Option<AccountId>,
	submitted_at: BlockNumber,
	attempt: Attempt,
	state: JobState<AccountId, Amount, BlockNumber>,
	output: Option<Elements>,
	trace: Option<H256>,
	claim: Option<H256>,
}

/// What goes into a model or comes out of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Elements {
	/// Token ids.
	Tokens(Vec<u32>),
	/// Values with 16 fraction bits.
	Vector(Vec<i32>),
}

impl From<JobSummary<AccountId, Balance, BlockNumber>> for Job {
	fn from(job: JobSummary<AccountId, Balance, BlockNumber>) -> Self {
		Self {
			id: job.id,
			consumer: job.consumer,
			model: job.version.model,
			version: job.version.version,
			artifact: H256(job.artifact.0),
			input: match job.input {
				JobInput::Tokens(tokens) => Elements::Tokens(tokens.into_inner()),
				JobInput::Vector(values) => Elements::Vector(values.into_inner()),
			},
			max_tokens: job.generation.max_tokens,
			max_fee: Amount(job.max_fee),
			named_operator: job.named_operator,
			submitted_at: job.submitted_at,
			attempt: job.attempt,
			state: state(job.state),
			output: job.output.map(|output| match output {
				JobOutput::Tokens(tokens) => Elements::Tokens(tokens.into_inner()),
				JobOutput::Vector(values) => Elements::Vector(values.into_inner()),
			}),
			trace: job.trace.map(|trace| H256(trace.0 .0)),
			claim: job.claim.map(|claim| H256(claim.0 .0)),
		}
	}
}

fn state(state: JobState<AccountId, Balance, BlockNumber>) -> JobState<AccountId, Amount, BlockNumber> {
	match state {
		JobState::Open { expires } => JobState::Open { expires },
		JobState::Assigned {
			operator,
			price,
			deadline,
		} => JobState::Assigned {
			operator,
			price: Amount(price),
			deadline,
		},
		JobState::Claimed {
			operator,
			price,
			final_at,
		} => JobState::Claimed {
			operator,
			price: Amount(price),
			final_at,
		},
		JobState::Final {
			operator,
			paid,
			royalty,
			treasury,
			audits,
			refunded,
		} => JobState::Final {
			operator,
			paid: Amount(paid),
			royalty: Amount(royalty),
			treasury: Amount(treasury),
			audits: Amount(audits),
			refunded: Amount(refunded),
		},
		JobState::Refunded { reason, refunded } => JobState::Refunded {
			reason,
			refunded: Amount(refunded),
		},
	}
}

impl Job {
	fn is_over(&self) -> bool {
		matches!(self.state, JobState::Final { .. } | JobState::Refunded { .. })
	}
}

/// Answers `jobs_*` from the runtime.
pub(crate) struct Jobs {
	client: Arc<FullClient>,
}

impl Jobs {
	/// Answers from this chain.
	pub(crate) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn at(&self, at: Option<Hash>) -> Hash {
		at.unwrap_or_else(|| self.client.info().best_hash)
	}
}

fn job_at(client: &FullClient, at: Hash, id: JobId) -> RpcResult<Option<Job>> {
	let job = client
		.runtime_api()
		.job(at, id)
		.map_err(|error| Error::Runtime.because(error))?;
	Ok(job.map(Job::from))
}

/// `first`, then the job at every new best block where it differs from the time before, until it is over, gone or
/// cannot be read.
fn changes(client: Arc<FullClient>, first: Job) -> impl Stream<Item = Job> {
	let best = client
		.import_notification_stream()
		.filter_map(|block| async move { block.is_new_best.then_some(block.hash) })
		.boxed();
	let id = first.id;
	stream::unfold(
		(client, best, None, Some(first)),
		move |(client, mut best, last, first)| async move {
			if let Some(first) = first {
				return Some((first.clone(), (client, best, Some(first), None)));
			}
			if last.as_ref().is_some_and(Job::is_over) {
				return None;
			}
			loop {
				let at = best.next().await?;
				let job = job_at(&client, at, id).ok().flatten()?;
				if last.as_ref() != Some(&job) {
					return Some((job.clone(), (client, best, Some(job), None)));
				}
			}
		},
	)
}

#[async_trait]
impl JobsApiServer for Jobs {
	fn get(&self, job: JobId, at: Option<Hash>) -> RpcResult<Option<Job>> {
		job_at(&self.client, self.at(at), job)
	}

	fn list(
		&self,
		consumer: Option<AccountId>,
		before: Option<JobId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Vec<Job>> {
		let jobs = self
			.client
			.runtime_api()
			.jobs(self.at(at), consumer, before, limit.unwrap_or(PAGE))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(jobs.into_iter().map(Job::from).collect())
	}

	fn quote(
		&self,
		model: ModelId,
		version: VersionNumber,
		input: u32,
		max_tokens: u32,
		at: Option<Hash>,
	) -> RpcResult<Quote<Amount>> {
		let quote = self
			.client
			.runtime_api()
			.quote(self.at(at), ModelVersion { model, version }, input, max_tokens)
			.map_err(|error| Error::Runtime.because(error))?
			.map_err(|error| Error::Refused.because(format!("{error:?}")))?;
		Ok(Quote {
			units: quote.units,
			lowest_price: quote.lowest_price.map(Amount),
			highest_price: quote.highest_price.map(Amount),
		})
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<JobParameters<Amount, BlockNumber>> {
		let parameters = self
			.client
			.runtime_api()
			.parameters(self.at(at))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(JobParameters {
			result_period: parameters.result_period,
			open_period: parameters.open_period,
			window: parameters.window,
			retention: parameters.retention,
			max_attempts: parameters.max_attempts,
			missed_deadline_penalty: Amount(parameters.missed_deadline_penalty),
			wrong_result_penalty: parameters.wrong_result_penalty,
			min_wrong_result_penalty: Amount(parameters.min_wrong_result_penalty),
		})
	}

	async fn subscribe_job(&self, pending: PendingSubscriptionSink, job: JobId) {
		match job_at(&self.client, self.at(None), job) {
			Ok(Some(first)) => {
				let changes = changes(self.client.clone(), first);
				PendingSubscription::from(pending)
					.pipe_from_stream(changes.boxed(), BoundedVecDeque::new(SUBSCRIPTION_BUFFER))
					.await;
			}
			Ok(None) => {
				pending
					.reject(Error::UnknownJob.because(format!("there is no job {job}")))
					.await
			}
			Err(error) => pending.reject(error).await,
		}
	}
}
