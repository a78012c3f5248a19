//! Reading models, jobs, operators.

use super::{AccountId, Block, BlockNumber, Chain};
use crate::amount::Balance;
use anyhow::{bail, Context, Result};
use assay_exact::Program;
use assay_protocol::{
	job::{JobError, JobState, JobSummary, Quote, SignedResult},
	model::{ModelSummary, OfferSummary, Serving, VersionSummary},
	operator::OperatorSummary,
	refusal::Request,
	JobId, ModelId, ModelVersion,
};
use codec::DecodeAll;

/// A model as the runtime describes it.
pub(crate) type Model = ModelSummary<AccountId, Balance>;
/// The offers for a model version.
pub(crate) type Offers = Vec<OfferSummary<AccountId, Balance, BlockNumber>>;
/// A job as the runtime describes it.
pub(crate) type Job = JobSummary<AccountId, Balance, BlockNumber>;
/// Where a job is in its life.
pub(crate) type State = JobState<AccountId, Balance, BlockNumber>;
/// An operator as the runtime describes it.
pub(crate) type Operator = OperatorSummary<AccountId, Balance, BlockNumber>;

/// What an operator offers, as the runtime describes it.
pub(crate) type Served = Serving<Balance, BlockNumber>;

/// Models, jobs, disputes or operators the runtime returns at once, at most.
pub(super) const MAX_PAGE: u32 = 100;

impl Chain {
	/// A model; an error if there is none.
	pub(crate) async fn model(&self, id: ModelId, at: Block) -> Result<Model> {
		let model: Option<Model> = self.ask("ModelsApi_model", (id,), at).await?;
		model.with_context(|| format!("there is no model {id}: `assay model list` shows what is registered"))
	}

	/// A version; an error if there is none.
	pub(crate) async fn version(&self, id: ModelVersion, at: Block) -> Result<VersionSummary> {
		let model = self.model(id.model, at).await?;
		let count = model.versions.len();
		let version = model.versions.into_iter().find(|version| version.version == id.version);
		version.with_context(|| format!("model {} has no version {}: it has {count}", id.model, id.version))
	}

	/// All models.
	pub(crate) async fn models(&self, at: Block) -> Result<Vec<Model>> {
		let mut models: Vec<Model> = vec![];
		let mut start = ModelId(0);
		loop {
			let page: Vec<Model> = self.ask("ModelsApi_models", (start, MAX_PAGE), at).await?;
			let Some(next) = page.last().and_then(|model| model.id.next()) else {
				return Ok(models);
			};
			start = next;
			models.extend(page);
		}
	}

	/// The encoded program of a version.
	pub(crate) async fn program(&self, version: ModelVersion, at: Block) -> Result<Vec<u8>> {
		let program: Option<Vec<u8>> = self.ask("ModelsApi_program", (version,), at).await?;
		program.with_context(|| format!("there is no model version {version}"))
	}

	/// The offers for a version, listed or not.
	pub(crate) async fn offers(&self, version: ModelVersion, at: Block) -> Result<Offers> {
		self.ask("ModelsApi_offers", (version,), at).await
	}

	/// An operator, if the account is one.
	pub(crate) async fn operator(&self, account: AccountId, at: Block) -> Result<Option<Operator>> {
		self.ask("ModelsApi_operator", (account,), at).await
	}

	/// What an operator offers.
	pub(crate) async fn serving(&self, operator: AccountId, at: Block) -> Result<Served> {
		self.ask("ModelsApi_serving", (operator,), at).await
	}

	/// A job; an error if there is none.
	pub(crate) async fn job(&self, id: JobId, at: Block) -> Result<Job> {
		self.find_job(id, at).await?.with_context(|| {
			format!("there is no job {id}: it was never submitted, or it ended long ago and was removed")
		})
	}

	/// A job, if there is one.
	pub(crate) async fn find_job(&self, id: JobId, at: Block) -> Result<Option<Job>> {
		self.ask("JobsApi_job", (id,), at).await
	}

	/// The newest jobs, at most `limit`, of one consumer or of all.
	pub(crate) async fn jobs(&self, consumer: Option<AccountId>, limit: u32, at: Block) -> Result<Vec<Job>> {
		let mut jobs: Vec<Job> = vec![];
		while let Some(left) = limit.checked_sub(u32::try_from(jobs.len())?).filter(|left| *left > 0) {
			let before = jobs.last().map(|job| job.id);
			let page: Vec<Job> = self
				.ask("JobsApi_jobs", (consumer, before, left.min(MAX_PAGE)), at)
				.await?;
			if page.is_empty() {
				break;
			}
			jobs.extend(page);
		}
		Ok(jobs)
	}

	/// What a job costs.
	pub(crate) async fn quote(
		&self,
		version: ModelVersion,
		input: u32,
		max_tokens: u32,
		at: Block,
	) -> Result<Quote<Balance>> {
		let quote: Result<Quote<Balance>, JobError> =
			self.ask("JobsApi_quote", (version, input, max_tokens), at).await?;
		let error = match quote {
			Ok(quote) => return Ok(quote),
			Err(error) => error,
		};
		// Its program has the limits; one that this program cannot read has none to tell.
		let program: Option<Vec<u8>> = self.ask("ModelsApi_program", (version,), at).await?;
		let program = program.and_then(|program| Program::decode_all(&mut &program[..]).ok());
		let request = Request {
			version,
			input,
			max_tokens,
		};
		bail!("{}", request.refusal(error, program.as_ref()))
	}

	/// The fee-free transaction that delivers a result.
	pub(crate) async fn result_transaction(&self, result: &SignedResult, at: Block) -> Result<Vec<u8>> {
		self.ask("JobsApi_result_transaction", (result,), at).await
	}
}
