//! The chain as the gateway sees it. Tests put another behind the same trait.

use crate::ledger::{Most, OnChain};
use assay_protocol::{JobId, ModelVersion};
use assay_sdk::{
	jobs::{Job, State, Submission, Submitted},
	keys::account_of,
	models::Model,
	Assay, Balance, Error, Missing, Note, Sending, Signed, Signer, H256,
};
use async_trait::async_trait;
use std::time::Duration;

/// How many times what a transaction and its room cost now they may cost when a block takes it: prices of block space move
/// while it waits.
const BESIDE_FACTOR: Balance = 2;
/// How long to wait before a node that is gone is asked again.
pub(crate) const PAUSE: Duration = Duration::from_secs(2);

/// What is asked of the chain.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
	/// All models.
	async fn models(&self) -> Result<Vec<Model>, Error>;

	/// The most that a job can cost, and the job as it is then submitted.
	async fn price(&self, asked: Asked) -> Result<(Submission, Most), Error>;

	/// Submits a job; returns when a block holds it. `note` is told of each transaction that is signed for it, before that is sent.
	async fn submit(&self, submission: &Submission, note: &Note<'_>) -> Result<OnChain, Error>;

	/// What became of transactions by the last final block, in their order.
	async fn fates(&self, signed: &[Signed]) -> Result<Vec<Fate>, Error>;

	/// Waits until a result of a job is claimed; the job is over without one if this says that it is missing.
	async fn claimed(&self, job: JobId) -> Result<Job, Error>;

	/// A job as the best block has it.
	async fn job(&self, job: JobId) -> Result<Option<Job>, Error>;

	/// A job as the last final block has it.
	async fn final_job(&self, job: JobId) -> Result<Option<Job>, Error>;
}

/// What became of the transaction of a job. All but [`Fate::Open`] is for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
	/// It may still be included.
	Open,
	/// No block holds it, and none can any more.
	Never,
	/// The job is in a final block.
	Placed(OnChain),
	/// It failed, which cost so much.
	Failed(Balance),
	/// It is in the block with this hash, and the node no longer knows what it did there.
	Discarded(H256),
}

/// A job without its price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
	/// What runs.
	pub version: ModelVersion,
	/// On what.
	pub input: assay_protocol::job::JobInput,
	/// How far and how to generate.
	pub generation: assay_sdk::jobs::Generation,
}

/// The account of the gateway on a node.
#[derive(Clone)]
pub struct Node {
	pub(crate) assay: Assay,
	pub(crate) signer: Signer,
}

impl Node {
	/// Jobs are submitted through `assay` and paid by the account of `signer`.
	pub fn new(assay: Assay, signer: Signer) -> Self {
		Self { assay, signer }
	}

	/// Who pays.
	pub fn account(&self) -> assay_sdk::AccountId {
		account_of(&self.signer)
	}
}

#[async_trait]
impl Chain for Node {
	async fn models(&self) -> Result<Vec<Model>, Error> {
		self.assay.models().list().await
	}

	async fn price(&self, asked: Asked) -> Result<(Submission, Most), Error> {
		let best = self.assay.best().await?;
		let jobs = self.assay.jobs().at(best);
		let quote = jobs
			.quote(asked.version, asked.input.len(), asked.generation.max_tokens)
			.await?;
		let submission = jobs.prepare(asked.version, asked.input, asked.generation).await?;
		let fee = self.assay.fee(&submission.call(), &self.signer).await?;
		let beside = fee
			.0
			.checked_add(quote.room)
			.and_then(|beside| beside.checked_mul(BESIDE_FACTOR));
		// What is beyond all money nobody can reserve, and the ledger says so.
		let most = Most {
			escrow: submission.max_fee,
			beside: beside.unwrap_or(Balance::MAX),
		};
		Ok((submission, most))
	}

	async fn submit(&self, submission: &Submission, note: &Note<'_>) -> Result<OnChain, Error> {
		let sending = Sending::default();
		let sent = self
			.assay
			.jobs()
			.submit_noted(&self.signer, submission, sending, note)
			.await?;
		Ok(on_chain(&sent))
	}

	async fn fates(&self, signed: &[Signed]) -> Result<Vec<Fate>, Error> {
		let fates = self.assay.fates(signed).await?;
		fates
			.into_iter()
			.map(|fate| {
				Ok(match fate {
					assay_sdk::Fate::Open => Fate::Open,
					assay_sdk::Fate::Never => Fate::Never,
					assay_sdk::Fate::Included(receipt) => Fate::Placed(on_chain(&Submitted::of(receipt)?)),
					assay_sdk::Fate::Failed { fee, .. } => Fate::Failed(fee.0),
					assay_sdk::Fate::Discarded(block) => Fate::Discarded(block.hash),
				})
			})
			.collect()
	}

	async fn claimed(&self, job: JobId) -> Result<Job, Error> {
		loop {
			match self.assay.jobs().wait_until(job, |job| job.output.is_some()).await {
				Err(error) if error.is_disconnected() => tokio::time::sleep(PAUSE).await,
				// A reorganisation can take a job away for some blocks.
				Err(Error::Missing(Missing::Job(_))) => tokio::time::sleep(PAUSE).await,
				other => return other,
			}
		}
	}

	async fn job(&self, job: JobId) -> Result<Option<Job>, Error> {
		self.assay.jobs().find(job).await
	}

	async fn final_job(&self, job: JobId) -> Result<Option<Job>, Error> {
		let at = self.assay.finalized().await?;
		self.assay.jobs().at(at).find(job).await
	}
}

fn on_chain(sent: &Submitted) -> OnChain {
	let beside = sent.room.0.checked_add(sent.receipt.fee.0);
	OnChain {
		job: sent.job,
		// Beyond all money nobody pays, and the ledger caps it at what was reserved.
		beside: beside.unwrap_or(Balance::MAX),
		block: sent.receipt.block_hash,
	}
}

/// Whether an error says for sure that a transaction was not and will not be included, so that nothing is paid for it.
pub(crate) fn costs_nothing(error: &Error) -> bool {
	matches!(
		error,
		Error::NotConnected { .. }
			| Error::OtherChain { .. }
			| Error::InputTooLong { .. }
			| Error::CannotRun(_)
			| Error::NoSuchCall { .. }
			| Error::OtherArguments { .. }
			| Error::Refused(_)
			| Error::Unpayable { .. }
			| Error::WouldFail { .. }
			| Error::Displaced { .. }
			| Error::NotNoted { .. }
			| Error::NotIncluded { .. }
			| Error::Missing(Missing::Model(_) | Missing::Version { .. } | Missing::Program(_) | Missing::Offer(_))
	)
}

/// Whether an error says that the gateway's account has too little money.
pub(crate) fn is_poverty(error: &Error) -> bool {
	matches!(error, Error::Unpayable { .. }) || error.failure().is_some_and(|failure| failure.is_money)
}

/// What came back of the escrow of a job that is over.
pub(crate) fn refunded(state: &State) -> Option<Balance> {
	match state {
		State::Final { refunded, .. } | State::Refunded { refunded, .. } => Some(*refunded),
		_ => None,
	}
}
