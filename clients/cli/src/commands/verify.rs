//! `assay verify`.

use super::Context;
use crate::{
	execute::{check_program, execute},
	output::fields,
	text::Text,
	views::Elements,
	Outcome,
};
use anyhow::{Context as _, Result};
use assay_protocol::JobId;
use assay_trace::claim::claim_root;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to verify.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
	/// The job.
	job: JobId,
	/// The model's artifact; looked for in the folder of artifacts if absent.
	#[arg(long, value_name = "FILE")]
	artifact: Option<PathBuf>,
	/// Compare this output, a JSON document such as `{"tokens":[1,2]}`, instead of the one on chain.
	#[arg(long, value_name = "FILE")]
	output: Option<PathBuf>,
}

/// What was found.
#[derive(Serialize)]
struct Verdict {
	job: JobId,
	agrees: bool,
	elements: usize,
	difference: Option<Difference>,
	/// Whether the claim on chain commits to the recomputed output.
	claim_agrees: bool,
	claim: String,
	computed_claim: String,
}

/// The first place where outputs differ. An element is absent where an output has ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Difference {
	index: usize,
	claimed: Option<String>,
	computed: Option<String>,
	/// Both in words, for tokens.
	claimed_text: Option<String>,
	computed_text: Option<String>,
}

impl Verify {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let chain = context.chain().await?;
		let at = if context.finalized {
			chain.finalized().await?
		} else {
			chain.best().await?
		};
		let job = chain.job(self.job, at).await?;
		let claim = job
			.claim
			.with_context(|| format!("job {} has no result yet", self.job))?;
		let on_chain = job
			.output
			.as_ref()
			.with_context(|| format!("job {} has no output on chain", self.job))?;
		let claimed = match &self.output {
			Some(file) => read_output(file)?,
			None => on_chain.into(),
		};
		let artifact = context.library.verified(job.artifact, self.artifact.as_deref())?;
		check_program(&artifact, &chain.program(job.version, at).await?)?;
		let output = execute(&artifact, job.input.clone().into(), job.generation, context.output)?;
		let computed_claim = claim_root(
			job.id.0,
			job.attempt.0,
			&job.artifact,
			&job.input.clone().into(),
			&job.generation,
			&output,
		);
		let computed = Elements::from(&output);
		let text = chain
			.version(job.version, at)
			.await?
			.tokenizer
			.and_then(|hash| Text::of(&artifact, hash).ok());
		let difference = compare(&claimed, &computed, text.as_ref());
		let claim_agrees = claim == computed_claim;
		let verdict = Verdict {
			job: self.job,
			agrees: difference.is_none() && claim_agrees,
			elements: computed.len(),
			difference,
			claim_agrees,
			claim: claim.to_string(),
			computed_claim: computed_claim.to_string(),
		};
		context.output.answer(&verdict, || verdict.text(computed.kind()));
		Ok(if verdict.agrees {
			Outcome::Done
		} else {
			Outcome::Unfavourable
		})
	}
}

/// Reads an output from a file.
pub(super) fn read_output(file: &Path) -> Result<Elements> {
	let text = std::fs::read_to_string(file).with_context(|| format!("output {}", file.display()))?;
	Elements::from_json(&text).with_context(|| format!("output {}", file.display()))
}

fn compare(claimed: &Elements, computed: &Elements, text: Option<&Text>) -> Option<Difference> {
	let index = claimed.first_difference(computed)?;
	let word = |elements: &Elements| match elements {
		Elements::Tokens(tokens) => text?.decode(&[*tokens.get(index)?]).ok(),
		Elements::Vector(_) => None,
	};
	Some(Difference {
		index,
		claimed: claimed.get(index),
		computed: computed.get(index),
		claimed_text: word(claimed),
		computed_text: word(computed),
	})
}

impl Verdict {
	fn text(&self, kind: &str) -> String {
		let head = match (&self.difference, self.claim_agrees) {
			(None, true) => format!(
				"job {} agrees: all {} {kind} and the claim are what this machine computes",
				self.job, self.elements
			),
			(None, false) => format!(
				"job {} DIFFERS: its {kind} agree, but the claim does not commit to them",
				self.job
			),
			(Some(difference), _) => format!("job {} DIFFERS at {}", self.job, difference.text(kind)),
		};
		let claims = fields([
			("claim", Some(self.claim.clone())),
			(
				"computed",
				Some(self.computed_claim.clone()).filter(|_| !self.claim_agrees),
			),
		]);
		format!("{head}\n{claims}")
	}
}

impl Difference {
	fn text(&self, kind: &str) -> String {
		let one = if kind == "tokens" { "token" } else { "element" };
		let show = |element: &Option<String>, text: &Option<String>| match (element, text) {
			(Some(element), Some(text)) => format!("{element} ({text:?})"),
			(Some(element), None) => element.clone(),
			(None, _) => "the end".into(),
		};
		format!(
			"{one} {}: claimed {}, computed {}",
			self.index,
			show(&self.claimed, &self.claimed_text),
			show(&self.computed, &self.computed_text)
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_altered_token_is_named_with_its_place() {
		let (claimed, computed) = (Elements::Tokens(vec![5, 6, 7]), Elements::Tokens(vec![5, 9, 7]));
		let difference = compare(&claimed, &computed, None).unwrap();
		assert_eq!(difference.text("tokens"), "token 1: claimed 6, computed 9");
		assert_eq!(compare(&computed, &computed, None), None);
	}

	#[test]
	fn an_output_that_is_too_short_ends_too_early() {
		let difference = compare(&Elements::Vector(vec![0.5]), &Elements::Vector(vec![0.5, 0.25]), None).unwrap();
		assert_eq!(difference.text("elements"), "element 1: claimed the end, computed 0.25");
	}
}
