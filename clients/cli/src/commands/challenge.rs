//! `assay challenge`.

use super::Context;
use crate::{
	case::Case,
	challenger::{Challenger, Ended},
	execute::{check_program, Loaded},
	Outcome,
};
use anyhow::{bail, Context as _, Result};
use assay_protocol::{dispute::Accusation, job::JobState, JobId};
use assay_sdk::{Assay, Signer};
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

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
		let chain = context.chain().await?;
		let best = chain.best().await?;
		let job = chain.jobs().at(best).get(self.job).await?;
		// Whether the chain still takes a challenge also depends on the claim's audit; it refuses one for nothing.
		let JobState::Claimed { .. } = job.state else {
			bail!("job {} has no claim that can be challenged", self.job);
		};
		let claim = chain.jobs().at(best).claim(self.job).await?;
		let claim = claim.with_context(|| format!("job {} has no claim on chain", self.job))?;
		let artifact = context.library.verified(claim.artifact, self.artifact.as_deref())?;
		check_program(&artifact, &chain.models().at(best).program(claim.version).await?)?;
		let case = Case::run(Arc::new(Loaded::new(artifact)?), claim, context.output)?;
		let Some(ended) = lead(context, &chain, &signer, &case, self.accuse).await? else {
			let document = json!({ "job": self.job, "dispute": null, "moves": [], "ending": null });
			context.output.answer(&document, || {
				format!(
					"job {} is what this machine computes: there is nothing to challenge",
					self.job
				)
			});
			return Ok(Outcome::Unfavourable);
		};
		context.output.answer(&ended.document(), || ended.text());
		Ok(match ended.is_won() {
			true => Outcome::Done,
			false => Outcome::Unfavourable,
		})
	}
}

/// Challenges a claim, for what is wrong with it or for what it is accused of in any case, and leads the dispute to its end, or the
/// one that is open already. Nothing if there is nothing wrong.
pub(super) async fn lead(
	context: &Context,
	chain: &Assay,
	signer: &Signer,
	case: &Case,
	accuse: Option<Accusation>,
) -> Result<Option<Ended>> {
	let challenger = Challenger {
		chain,
		signer,
		case,
		among_others: false,
		output: context.output,
	};
	let best = chain.best().await?;
	let (id, first) = match challenger.open_dispute(best).await? {
		Some(dispute) => {
			context
				.output
				.progress(&format!("dispute {} is open and goes on", dispute.id));
			(dispute.id, best.number)
		}
		None => {
			let found = match accuse {
				Some(accusation) => Some(accusation),
				None => case.accuse()?,
			};
			let Some(accusation) = found else {
				return Ok(None);
			};
			challenger.open(accusation, context.sending()).await?
		}
	};
	challenger.dispute(id, first, context.finalized).await.map(Some)
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
