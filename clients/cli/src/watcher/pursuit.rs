//! A wrong claim that is to be struck down.

use crate::{
	case::Case,
	challenger::{Challenger, Ended},
	output::{causes, Output},
};
use anyhow::{Context, Result};
use assay_protocol::{dispute::Accusation, job::JobState, JobId};
use assay_sdk::{Assay, Block, Sending, Signer};
use assay_trace::claim::ClaimRoot;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What is needed to strike a claim down.
pub(super) struct Pursuit {
	pub(super) chain: Assay,
	pub(super) signer: Arc<Signer>,
	pub(super) case: Case,
	pub(super) accusation: Accusation,
	pub(super) sending: Sending,
	pub(super) bonds: Arc<Semaphore>,
	pub(super) output: Output,
}

/// How the dispute about a claim ended; none if the claim was gone before it could be challenged.
pub(super) struct Pursued {
	pub(super) job: JobId,
	pub(super) claim: ClaimRoot,
	pub(super) ended: Result<Option<Ended>>,
}

impl Pursuit {
	/// Strikes the claim down, as soon as there is a bond for it.
	pub(super) async fn lead(self) -> Pursued {
		let _bond = self.bonds.acquire().await;
		Pursued {
			job: self.case.job,
			claim: self.case.claim,
			ended: self.strike().await,
		}
	}

	/// Opens a dispute, or takes up the one that is open, and leads it to its end. What fails, for want of money or of room, by a
	/// reorganisation or a node that is gone for a while, is tried again with each block as long as the claim stands.
	async fn strike(&self) -> Result<Option<Ended>> {
		let challenger = Challenger {
			chain: &self.chain,
			signer: &self.signer,
			case: &self.case,
			among_others: true,
			output: self.output,
		};
		let mut heads = self.chain.heads(false).await?;
		let mut said = String::new();
		loop {
			let best = self.chain.best().await?;
			let open = challenger.open_dispute(best).await?;
			if open.is_none() && !self.stands(best).await? {
				return Ok(None);
			}
			let led = match open {
				Some(open) => challenger.dispute(open.id, best.number, self.sending.finalized).await,
				None => self.challenge(&challenger).await,
			};
			match led {
				Ok(ended) => return Ok(Some(ended)),
				Err(error) => {
					let error = error.context(format!("job {} is not struck down yet", self.case.job));
					let text = causes(&error);
					if text != said {
						self.output.notice(&text);
						said = text;
					}
				}
			}
			heads.next().await.context("waiting for the next block")?;
		}
	}

	async fn challenge(&self, challenger: &Challenger<'_>) -> Result<Ended> {
		// Others are challenged beside it: pools hold as many challenges of an account as it has bonds.
		let (id, first) = challenger.open(self.accusation, self.sending).await?;
		challenger.dispute(id, first, self.sending.finalized).await
	}

	/// Whether the claim can still fall.
	async fn stands(&self, at: Block) -> Result<bool> {
		let job = self.chain.jobs().at(at).find(self.case.job).await?;
		let claimed = job.filter(|job| matches!(job.state, JobState::Claimed { .. }));
		Ok(claimed.and_then(|job| job.claim) == Some(self.case.claim))
	}
}
