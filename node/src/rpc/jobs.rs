//! `jobs_*`: jobs and their life.

use super::{
	amount::Amount,
	block::block,
	error::{About, Error},
	parameters::{Parameter, Taken, BLOCK},
};
use crate::service::FullClient;
use assay_exact::{Generation, Program, Sampler};
use assay_protocol::{
	api::{JobsApi as _, ModelsApi as _},
	job::{JobInput, JobOutput, JobParameters, JobState, JobSummary, Quote},
	refusal::{Part, Request},
	Attempt, JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{AccountId, Balance, BlockNumber, Hash};
use codec::DecodeAll;
use futures::{stream, Stream, StreamExt};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
	PendingSubscriptionSink,
};
use sc_client_api::BlockchainEvents;
use sc_rpc::utils::{BoundedVecDeque, PendingSubscription};
use serde::Serialize;
use serde_json::json;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::H256;
use std::sync::Arc;

/// Jobs in an answer unless the caller wants fewer.
const PAGE: u32 = 20;
/// States of a job that may wait for a slow subscriber before the subscription ends.
const SUBSCRIPTION_BUFFER: usize = 64;

/// What the methods take.
pub(super) const TAKEN: &[Taken] = &[
	("jobs_get", &[JOB, BLOCK]),
	(
		"jobs_list",
		&[
			Parameter::new::<Option<AccountId>>("consumer"),
			Parameter::new::<Option<JobId>>("before"),
			Parameter::new::<Option<u32>>("limit"),
			BLOCK,
		],
	),
	(
		"jobs_quote",
		&[
			Parameter::new::<ModelId>("model"),
			Parameter::new::<VersionNumber>("version"),
			Parameter::new::<u32>("input"),
			Parameter::new::<u32>("max_tokens"),
			BLOCK,
		],
	),
	("jobs_parameters", &[BLOCK]),
	("jobs_subscribeJob", &[JOB]),
];

const JOB: Parameter = Parameter::new::<JobId>("job");

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

/// A job, in the form in which the command line writes it too.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Job {
	id: JobId,
	/// `model.version`.
	model: String,
	artifact: H256,
	consumer: AccountId,
	submitted_at: BlockNumber,
	max_fee: Amount,
	named_operator: Option<AccountId>,
	attempt: Attempt,
	/// The name of the state, and beside it what the state has.
	#[serde(flatten)]
	state: JobState<AccountId, Amount, BlockNumber>,
	input: Elements,
	generation: Generated,
	output: Option<Elements>,
	trace: Option<H256>,
	claim: Option<H256>,
}

/// How far and how a job generates.
#[derive(Clone, PartialEq, Debug, Serialize)]
struct Generated {
	max_tokens: u32,
	ignore_stop: bool,
	/// Absent when the largest logit is taken.
	#[serde(skip_serializing_if = "Option::is_none")]
	temperature: Option<f64>,
	#[serde(skip_serializing_if = "Option::is_none")]
	seed: Option<String>,
}

/// Value of one in fixed point with 16 fraction bits.
const ONE: f64 = 65_536.0;

/// What goes into a model or comes out of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Elements {
	/// Token ids.
	Tokens(Vec<u32>),
	/// Numbers, exact: they have 16 fraction bits.
	Vector(Vec<f64>),
}

impl Elements {
	fn vector(values: impl IntoIterator<Item = i32>) -> Self {
		Self::Vector(values.into_iter().map(|value| f64::from(value) / ONE).collect())
	}
}

impl From<Generation> for Generated {
	fn from(generation: Generation) -> Self {
		let (temperature, seed) = match generation.sampler {
			Sampler::Greedy => (None, None),
			Sampler::Gumbel {
				inverse_temperature,
				seed,
			} => (Some(ONE / f64::from(inverse_temperature)), Some(hex::encode(seed))),
		};
		Self {
			max_tokens: generation.max_tokens,
			ignore_stop: generation.ignore_stop,
			temperature,
			seed,
		}
	}
}

impl From<JobSummary<AccountId, Balance, BlockNumber>> for Job {
	fn from(job: JobSummary<AccountId, Balance, BlockNumber>) -> Self {
		Self {
			id: job.id,
			model: job.version.to_string(),
			artifact: H256(job.artifact.0),
			consumer: job.consumer,
			submitted_at: job.submitted_at,
			max_fee: Amount(job.max_fee),
			named_operator: job.named_operator,
			attempt: job.attempt,
			state: job.state.map(|operator| operator, Amount),
			input: match job.input {
				JobInput::Tokens(tokens) => Elements::Tokens(tokens.into_inner()),
				JobInput::Vector(values) => Elements::vector(values),
			},
			generation: job.generation.into(),
			output: job.output.map(|output| match output {
				JobOutput::Tokens(tokens) => Elements::Tokens(tokens.into_inner()),
				JobOutput::Vector(values) => Elements::vector(values),
			}),
			trace: job.trace.map(|trace| H256(trace.0 .0)),
			claim: job.claim.map(|claim| H256(claim.0 .0)),
		}
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

	fn at(&self, at: Option<Hash>) -> RpcResult<Hash> {
		block(&self.client, at)
	}

	fn program(&self, at: Hash, version: ModelVersion) -> RpcResult<Option<Program>> {
		let program = self
			.client
			.runtime_api()
			.program(at, version)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(program.and_then(|program| Program::decode_all(&mut &program[..]).ok()))
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
		job_at(&self.client, self.at(at)?, job)
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
			.jobs(self.at(at)?, consumer, before, limit.unwrap_or(PAGE))
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
		let at = self.at(at)?;
		let request = Request {
			version: ModelVersion { model, version },
			input,
			max_tokens,
		};
		let quote = self
			.client
			.runtime_api()
			.quote(at, request.version, input, max_tokens)
			.map_err(|error| Error::Runtime.because(error))?;
		let quote = match quote {
			Ok(quote) => quote,
			Err(error) => {
				let program = self.program(at, request.version)?;
				let refusal = request.refusal(error, program.as_ref());
				let (parameter, value) = match refusal.part {
					Part::Version => ("version", json!(request.version.to_string())),
					Part::Input => ("input", json!(input)),
					Part::MaxTokens => ("max_tokens", json!(max_tokens)),
				};
				let about = About {
					parameter,
					value,
					limit: refusal.limit.map(u64::from),
				};
				return Err(Error::Refused.about(refusal, about));
			}
		};
		Ok(Quote {
			units: quote.units,
			lowest_price: quote.lowest_price.map(Amount),
			highest_price: quote.highest_price.map(Amount),
			room: Amount(quote.room),
		})
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<JobParameters<Amount, BlockNumber>> {
		let parameters = self
			.client
			.runtime_api()
			.parameters(self.at(at)?)
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
		match job_at(&self.client, self.client.info().best_hash, job) {
			Ok(Some(first)) => {
				let changes = changes(self.client.clone(), first);
				PendingSubscription::from(pending)
					.pipe_from_stream(changes.boxed(), BoundedVecDeque::new(SUBSCRIPTION_BUFFER))
					.await;
			}
			Ok(None) => {
				pending
					.reject(Error::UnknownJob.about(
						format!("there is no job {job}: it was never submitted, or it ended long ago and was removed"),
						About {
							parameter: "job",
							value: json!(job),
							limit: None,
						},
					))
					.await
			}
			Err(error) => pending.reject(error).await,
		}
	}
}
