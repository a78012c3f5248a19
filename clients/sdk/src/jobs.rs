//! Jobs: what one costs, its submission, its life and its result.

use crate::{
	error::is_discarded,
	events::JobSubmitted,
	models::Models,
	reading::{room, Reading},
	AccountId, Amount, Balance, Block, BlockNumber, Call, Error, Missing, Note, Receipt, Result, Sending, Signer,
};
use assay_exact::Program;
use assay_protocol::{
	dispute::{DisputedClaim, OwnedStatement},
	job::{JobError, JobInput, JobOutput, JobState, JobSummary, Quote, SignedResult, MAX_INLINE_ELEMENTS},
	refusal::Request,
	Attempt, JobId, ModelVersion,
};
use codec::{Decode, DecodeAll};

pub use assay_exact::{Generation, Input, Sampler};

/// A job as the runtime describes it.
pub type Job = JobSummary<AccountId, Balance, BlockNumber>;
/// Where a job is in its life.
pub type State = JobState<AccountId, Balance, BlockNumber>;

/// An input as it travels in a transaction, if it fits into one.
pub fn input(input: Input) -> Result<JobInput> {
	let elements = match &input {
		Input::Tokens(tokens) => tokens.len(),
		Input::Vector(values) => values.len(),
	};
	JobInput::try_from(input).map_err(|_| Error::InputTooLong {
		elements,
		most: MAX_INLINE_ELEMENTS,
	})
}

/// What is asked of the chain with a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submission {
	/// What runs.
	pub version: ModelVersion,
	/// On what.
	pub input: JobInput,
	/// How far and how to generate.
	pub generation: Generation,
	/// Held from the consumer until the job is over; what is not used comes back.
	pub max_fee: Balance,
	/// The highest price of a unit, whatever is asked when the job is assigned.
	pub max_price: Balance,
	/// The operator to insist on.
	pub operator: Option<AccountId>,
}

impl Submission {
	/// As a call.
	pub fn call(&self) -> Call {
		Call::submit(
			self.version,
			&self.input,
			&self.generation,
			self.max_fee,
			self.max_price,
			self.operator,
		)
	}
}

/// A job that is on the chain.
pub struct Submitted {
	/// The job.
	pub job: JobId,
	/// What the room in blocks that its audit may take has cost, beside the fee.
	pub room: Amount,
	/// Of the transaction that brought it there.
	pub receipt: Receipt,
}

impl Submitted {
	/// The job that a transaction has submitted.
	pub fn of(receipt: Receipt) -> Result<Self> {
		let JobSubmitted { job, room } = receipt.event()?;
		Ok(Self { job, room, receipt })
	}
}

room! {
	/// Jobs: quotes, submission, results.
	Jobs
}

impl Jobs<'_> {
	/// A job; an error if there is none.
	pub async fn get(&self, id: JobId) -> Result<Job> {
		self.find(id).await?.ok_or(Error::missing(Missing::Job(id)))
	}

	/// A job, if there is one.
	pub async fn find(&self, id: JobId) -> Result<Option<Job>> {
		self.0.ask("JobsApi_job", (id,)).await
	}

	/// The newest jobs, at most `limit`, of one consumer or of all.
	pub async fn list(&self, consumer: Option<AccountId>, limit: u32) -> Result<Vec<Job>> {
		let room = Self(self.0.fixed().await?);
		Reading::all(limit as usize, |known: &[Job], left| {
			let before = known.last().map(|job| job.id);
			async move { room.page(consumer, before, left).await }
		})
		.await
	}

	/// The newest jobs before one, or the newest of all, of one consumer or of all: as many as the chain gives at once, at most `limit`.
	/// Where there are none the page is empty.
	pub async fn page(&self, consumer: Option<AccountId>, before: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
		self.0.ask("JobsApi_jobs", (consumer, before, limit)).await
	}

	/// The jobs whose results were claimed in a block.
	pub async fn claimed_in(&self, block: Block) -> Result<Vec<JobId>> {
		let claimed = self.claims_of(block).await;
		claimed.map_err(|error| match is_discarded(&error) {
			true => Error::Discarded {
				what: "the claims of a block".into(),
				block: block.number,
			},
			false => error,
		})
	}

	async fn claims_of(&self, block: Block) -> Result<Vec<JobId>> {
		let client = self.0.assay.client().at_block(block.hash).await?;
		let mut claimed = vec![];
		for event in client.events().fetch().await?.iter() {
			let event = event?;
			if (event.pallet_name(), event.event_name()) == ("Jobs", "ResultClaimed") {
				let job = JobId::decode(&mut event.field_bytes());
				claimed.push(job.map_err(|error| Error::unreadable("a claim names its job", Some(error)))?);
			}
		}
		Ok(claimed)
	}

	/// What a job costs at most: units for so many elements of input and generated tokens, and what listed operators ask.
	pub async fn quote(&self, version: ModelVersion, input: u32, max_tokens: u32) -> Result<Quote<Balance>> {
		let room = Self(self.0.fixed().await?);
		let quote: Result<Quote<Balance>, JobError> = room.0.ask("JobsApi_quote", (version, input, max_tokens)).await?;
		let error = match quote {
			Ok(quote) => return Ok(quote),
			Err(error) => error,
		};
		// Its program has the limits; one that this program cannot read has none to tell.
		let program: Option<Vec<u8>> = room.0.ask("ModelsApi_program", (version,)).await?;
		let program = program.and_then(|program| Program::decode_all(&mut &program[..]).ok());
		let request = Request {
			version,
			input,
			max_tokens,
		};
		Err(Error::CannotRun(request.refusal(error, program.as_ref())))
	}

	/// The claim of a job, if there is one.
	pub async fn claim(&self, job: JobId) -> Result<Option<DisputedClaim>> {
		self.0.ask("JobsApi_claim", (job,)).await
	}

	/// The claim of an attempt at a job with all it is about, unless it was struck down or pruned meanwhile, or its program
	/// is of a kind that this program does not know.
	pub async fn statement(&self, job: JobId, attempt: Attempt) -> Result<Option<OwnedStatement>> {
		let room = Self(self.0.fixed().await?);
		let claim = room.claim(job).await?;
		let Some(claim) = claim.filter(|claim| claim.attempt == attempt) else {
			return Ok(None);
		};
		let program = Models(room.0).program(claim.version).await?;
		let program = Program::decode_all(&mut &program[..]).ok();
		Ok(program.map(|program| OwnedStatement::new(program, claim)))
	}

	/// A job as the dearest listed operator runs it for what it asks now; an error if nobody is listed.
	pub async fn prepare(&self, version: ModelVersion, input: JobInput, generation: Generation) -> Result<Submission> {
		let quote = self.quote(version, input.len(), generation.max_tokens).await?;
		let nobody = || Error::missing(Missing::Offer(version));
		let max_price = quote.highest_price.ok_or_else(nobody)?;
		Ok(Submission {
			version,
			input,
			generation,
			// Beyond all money nobody is paid, and the chain says so.
			max_fee: max_price.saturating_mul(quote.units.into()),
			max_price,
			operator: None,
		})
	}

	/// Submits a job and returns it once a block holds it. What the chain would refuse is not sent and costs nothing.
	pub async fn submit(&self, signer: &Signer, submission: Submission) -> Result<JobId> {
		let sent = self.submit_with(signer, &submission, Sending::default()).await?;
		Ok(sent.job)
	}

	/// The same, sent as the caller says, with the receipt.
	pub async fn submit_with(&self, signer: &Signer, submission: &Submission, sending: Sending) -> Result<Submitted> {
		Submitted::of(self.0.assay.submit(&submission.call(), signer, sending).await?)
	}

	/// The same; `note` is told of each transaction before it is sent, as by [`Assay::submit_noted`](crate::Assay::submit_noted).
	pub async fn submit_noted(
		&self,
		signer: &Signer,
		submission: &Submission,
		sending: Sending,
		note: &Note<'_>,
	) -> Result<Submitted> {
		let call = submission.call();
		Submitted::of(self.0.assay.submit_noted(&call, signer, sending, note).await?)
	}

	/// Takes back a job that waits for an operator; the whole fee comes back.
	pub async fn cancel(&self, signer: &Signer, job: JobId) -> Result<Receipt> {
		let call = Call::cancel(job);
		self.0.assay.submit(&call, signer, Sending::default()).await
	}

	/// The claimed output of a job; an error if it has none, or none yet. It can still be struck down until the job is final.
	pub async fn result(&self, job: JobId) -> Result<JobOutput> {
		let output = self.get(job).await?.output;
		output.ok_or(Error::missing(Missing::Result(job)))
	}

	/// Waits until a job is over, final or refunded.
	pub async fn wait(&self, job: JobId) -> Result<Job> {
		self.wait_until(job, is_over).await
	}

	/// Waits until a job is as `condition` says in a best block; an error if it is over before.
	pub async fn wait_until(&self, id: JobId, condition: impl Fn(&Job) -> bool) -> Result<Job> {
		let mut heads = self.0.assay.heads(false).await?;
		// A job that never was does not come.
		let mut job = self.get(id).await?;
		loop {
			if condition(&job) {
				return Ok(job);
			}
			if is_over(&job) {
				return Err(Error::missing(Missing::Result(id)));
			}
			heads.next().await?;
			// A reorganisation can take a job away for some blocks.
			if let Some(now) = Jobs(Reading::new(self.0.assay)).find(id).await? {
				job = now;
			}
		}
	}

	/// The fee-free transaction that delivers a result.
	pub async fn result_transaction(&self, result: &SignedResult) -> Result<Vec<u8>> {
		self.0.ask("JobsApi_result_transaction", (result,)).await
	}
}

/// Whether nothing happens to a job any more.
pub(crate) fn is_over(job: &Job) -> bool {
	matches!(job.state, JobState::Final { .. } | JobState::Refunded { .. })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_input_that_is_too_long_is_refused_with_its_length_and_the_limit() {
		assert_eq!(input(Input::Tokens(vec![7; 1_024])).unwrap().len(), 1_024);
		for long in [Input::Tokens(vec![7; 1_025]), Input::Vector(vec![7; 1_025])] {
			let error = input(long).unwrap_err().to_string();
			assert_eq!(
				error,
				"the input has 1025 elements, at most 1024 fit into a transaction"
			);
		}
	}
}
