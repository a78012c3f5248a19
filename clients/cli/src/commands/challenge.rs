//! `assay challenge`.

use super::Context;
use crate::{
	challenger::{Challenger, Ended},
	execute::{check_program, record},
	views::{is_struck_down, DisputeView, EndingView, Places},
	Outcome,
};
use anyhow::{bail, Context as _, Result};
use assay_dispute::Execution;
use assay_protocol::{
	dispute::{Accusation, OwnedStatement},
	job::JobState,
	Attempt, DisputeId, JobId,
};
use assay_sdk::{disputes::Dispute, events::DisputeOpened, AccountId, Assay, Block, Call, Sending, Signer};
use serde_json::json;
use std::path::PathBuf;

/// What to challenge.
#[derive(Debug, clap::Args)]
#[command(
	after_help = "The job is run on this machine, fed the claimed tokens. If that gives what was claimed, nothing is \
	sent and the exit code is 2. Otherwise a bond is held, each move is made as it falls due, and the command ends with the \
	ruling: 0 if the claim is struck down, 2 if the challenge is lost. If it is interrupted, the same command goes on with \
	the open dispute; a move that is not made in time loses the bond."
)]
pub(crate) struct Challenge {
	/// The job.
	job: JobId,
	/// The model's artifact; looked for in the folder of artifacts if absent.
	#[arg(long, value_name = "FILE")]
	artifact: Option<PathBuf>,
	/// Accuse this, whatever this machine computes: `trace`, or `head:POSITION` for the choice of the token after a position.
	/// If the claim is right, this costs the bond.
	#[arg(long, value_name = "WHAT", value_parser = parse_accusation)]
	accuse: Option<Accusation>,
}

/// Reads `trace` or `head:12`.
fn parse_accusation(text: &str) -> Result<Accusation> {
	if text == "trace" {
		return Ok(Accusation::Trace);
	}
	let position = text.strip_prefix("head:").and_then(|position| position.parse().ok());
	position
		.map(|position| Accusation::Head { position })
		.with_context(|| format!("`{text}` is not an accusation: write trace, or head:12"))
}

impl Challenge {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let signer = context.key.signer()?;
		let account = signer.public_key().to_account_id();
		let chain = context.chain().await?;
		let best = chain.best().await?;
		let job = chain.jobs().at(best).get(self.job).await?;
		// Whether the chain still takes a challenge also depends on the claim's audit; it refuses one for nothing.
		let JobState::Claimed { .. } = job.state else {
			bail!("job {} has no claim that can be challenged", self.job);
		};
		let claim = chain.jobs().at(best).claim(self.job).await?;
		let claim = claim.with_context(|| format!("job {} has no claim on chain", self.job))?;
		let open = open_dispute(&chain, self.job, claim.attempt, account, best).await?;

		let artifact = context.library.verified(claim.artifact, self.artifact.as_deref())?;
		check_program(&artifact, &chain.models().at(best).program(claim.version).await?)?;
		let root = claim.root();
		let statement = OwnedStatement::new(artifact.program().clone(), claim);
		let record = record(&artifact, &statement.as_statement(), context.output)?;
		let execution = Execution::new(&artifact, &statement, &record);
		let places = Places::of(Some(&statement));
		let (id, first) = match open {
			Some(dispute) => {
				context
					.output
					.progress(&format!("dispute {} is open and goes on", dispute.id));
				(dispute.id, best.number)
			}
			None => {
				let found = match self.accuse {
					Some(accusation) => Some(accusation),
					None => execution.accuse()?,
				};
				let Some(accusation) = found else {
					let document = json!({ "job": self.job, "dispute": null, "moves": [], "ending": null });
					context.output.answer(&document, || {
						format!(
							"job {} is what this machine computes: there is nothing to challenge",
							self.job
						)
					});
					return Ok(Outcome::Unfavourable);
				};
				let call = Call::challenge(self.job, root, accusation);
				self.open(context, &chain, &signer, call, &places.accusation(accusation))
					.await?
			}
		};
		let challenger = Challenger {
			chain: &chain,
			signer: &signer,
			execution: &execution,
			places: &places,
			output: context.output,
		};
		let ended = challenger.dispute(id, first, context.finalized).await?;
		self.tell(context, &ended)
	}

	/// Opens a dispute; returns it and the block of the challenge.
	async fn open(
		&self,
		context: &Context,
		chain: &Assay,
		signer: &Signer,
		call: Call,
		what: &str,
	) -> Result<(DisputeId, u32)> {
		let sending = Sending {
			finalized: false,
			..context.sending()
		};
		let receipt = chain.submit(&call, signer, sending).await;
		let receipt = receipt.with_context(|| call.to_string())?;
		let DisputeOpened { dispute: id } = receipt.event()?;
		context
			.output
			.progress(&format!("dispute {id} about job {}: {what} is challenged", self.job));
		Ok((id, receipt.block))
	}

	fn tell(&self, context: &Context, ended: &Ended) -> Result<Outcome> {
		let ending = EndingView::new(&ended.dispute, &ended.ending, ended.block);
		let document = json!({
			"job": self.job,
			"dispute": DisputeView::new(&ended.dispute),
			"moves": ended.moves,
			"ending": ending,
		});
		context.output.answer(&document, || ending.text());
		Ok(if is_struck_down(ending.ruling) {
			Outcome::Done
		} else {
			Outcome::Unfavourable
		})
	}
}

/// The open dispute of an account about an attempt at a job.
async fn open_dispute(
	chain: &Assay,
	job: JobId,
	attempt: Attempt,
	account: AccountId,
	at: Block,
) -> Result<Option<Dispute>> {
	let disputes = chain.disputes().at(at).list(Some(job), u32::MAX).await?;
	let mut own = disputes
		.into_iter()
		.filter(|dispute| dispute.challenger == account && dispute.attempt == attempt && dispute.stage.is_some());
	Ok(own.next())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn accusations_are_read() {
		assert_eq!(parse_accusation("trace").unwrap(), Accusation::Trace);
		assert_eq!(parse_accusation("head:12").unwrap(), Accusation::Head { position: 12 });
		for text in ["", "head", "head:", "head:-1", "Trace", "row:3"] {
			let error = parse_accusation(text).unwrap_err().to_string();
			assert!(error.contains("head:12"), "{error}");
		}
	}
}
