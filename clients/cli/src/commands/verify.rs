//! `assay verify`.

use super::{light::Light, Context};
use crate::{
	execute::{check_program, execute},
	output::fields,
	views::Elements,
	Outcome,
};
use anyhow::{ensure, Context as _, Result};
use assay_exact::Generation;
use assay_library::Text;
use assay_protocol::{
	job::{JobState, RefundReason},
	JobId,
};
use assay_sdk::jobs::Job;
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
	#[arg(long, value_name = "FILE", conflicts_with = "light")]
	output: Option<PathBuf>,
	#[command(flatten)]
	light: Light,
}

/// What was found.
#[derive(Serialize)]
struct Verdict {
	job: JobId,
	agrees: bool,
	elements: usize,
	difference: Option<Difference>,
	/// Whether the execution is the one that was committed to.
	trace_agrees: bool,
	/// Whether the claim on chain commits to the recomputed output and trace.
	claim_agrees: bool,
	trace: String,
	computed_trace: String,
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
		if self.light.is_wanted() {
			return self.light.run(context, self.job, self.artifact.as_deref()).await;
		}
		let chain = context.chain().await?;
		let at = if context.finalized {
			chain.finalized().await?
		} else {
			chain.best().await?
		};
		let job = chain.jobs().at(at).get(self.job).await?;
		let claim = job.claim.with_context(|| without_result(&job))?;
		let trace = job
			.trace
			.with_context(|| format!("job {} has no trace on chain", self.job))?;
		let on_chain = job
			.output
			.as_ref()
			.with_context(|| format!("job {} has no output on chain", self.job))?;
		let on_chain = Elements::from(on_chain);
		let generation = far_enough(job.generation, on_chain.len());
		let claimed = match &self.output {
			Some(file) => read_output(file, Some(&on_chain))?,
			None => on_chain,
		};
		let artifact = context.library.verified(job.artifact, self.artifact.as_deref())?;
		check_program(&artifact, &chain.models().at(at).program(job.version).await?)?;
		let (output, computed_trace) = execute(&artifact, job.input.clone().into(), generation, context.output)?;
		let computed_claim = claim_root(
			job.id.0,
			job.attempt.0,
			&job.artifact,
			&job.input.clone().into(),
			&job.generation,
			&output,
			&computed_trace,
		);
		let computed = Elements::from(&output);
		let text = chain
			.models()
			.at(at)
			.version(job.version)
			.await?
			.tokenizer
			.and_then(|hash| Text::of(&artifact, hash).ok());
		let difference = compare(&claimed, &computed, text.as_ref());
		let trace_agrees = trace == computed_trace;
		let claim_agrees = claim == computed_claim;
		let verdict = Verdict {
			job: self.job,
			agrees: difference.is_none() && trace_agrees && claim_agrees,
			elements: computed.len(),
			difference,
			trace_agrees,
			claim_agrees,
			trace: trace.to_string(),
			computed_trace: computed_trace.to_string(),
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

/// The same job, run no further than it takes to tell whether a claimed output is its own: one token more than that has. The window
/// of a claim is as long as what it claims takes, not as what the job could have taken.
fn far_enough(generation: Generation, claimed: usize) -> Generation {
	let tokens = u32::try_from(claimed).unwrap_or(u32::MAX);
	Generation {
		max_tokens: generation.max_tokens.min(tokens.saturating_add(1)),
		..generation
	}
}

/// Reads an output from a file; it must be of the same kind as another, if there is one.
pub(super) fn read_output(file: &Path, other: Option<&Elements>) -> Result<Elements> {
	let named = || format!("output {}", file.display());
	let text = std::fs::read_to_string(file).with_context(named)?;
	let output = Elements::from_json(&text).with_context(named)?;
	if let Some(other) = other {
		check_kind(&output, other).with_context(named)?;
	}
	Ok(output)
}

/// What is of another kind does not differ from an output: it is none.
fn check_kind(output: &Elements, other: &Elements) -> Result<()> {
	ensure!(
		std::mem::discriminant(output) == std::mem::discriminant(other),
		"it holds {}, the model returns {}",
		output.noun(),
		other.noun()
	);
	Ok(())
}

/// Why a job has nothing to verify.
fn without_result(job: &Job) -> String {
	let id = job.id;
	match &job.state {
		JobState::Open { expires } => {
			format!("job {id} has no result yet: it waits for an operator until block {expires}")
		}
		JobState::Assigned { operator, deadline, .. } => {
			format!("job {id} has no result yet: {operator} has to deliver it by block {deadline}")
		}
		JobState::Refunded { reason, .. } => {
			let reason = match reason {
				RefundReason::Cancelled => "it was cancelled by its consumer",
				RefundReason::Unassigned => "no operator took it in time",
				RefundReason::OperatorFailed => "the operator that it named failed",
				RefundReason::AttemptsExhausted => "every operator missed its deadline",
			};
			format!("job {id} has no result and will have none: {reason}")
		}
		JobState::Claimed { .. } | JobState::Final { .. } => format!("job {id} has no claim on chain"),
	}
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
		let head = match (&self.difference, self.trace_agrees, self.claim_agrees) {
			(None, true, true) => format!(
				"job {} agrees: all {} {kind}, the trace and the claim are what this machine computes",
				self.job, self.elements
			),
			(None, true, false) => format!(
				"job {} DIFFERS: its {kind} and its trace agree, but the claim does not commit to them",
				self.job
			),
			(None, false, _) => format!(
				"job {} DIFFERS: its {kind} agree, but its trace is not that of their execution",
				self.job
			),
			(Some(difference), ..) => format!("job {} DIFFERS at {}", self.job, difference.text(kind)),
		};
		let computed = |root: &String, agrees: bool| Some(root.clone()).filter(|_| !agrees);
		let roots = fields([
			("trace", Some(self.trace.clone())),
			("computed", computed(&self.computed_trace, self.trace_agrees)),
			("claim", Some(self.claim.clone())),
			("computed", computed(&self.computed_claim, self.claim_agrees)),
		]);
		format!("{head}\n{roots}")
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
	fn f08_a_claim_is_verified_by_as_much_work_as_it_claims() {
		let generation = Generation {
			sampler: assay_exact::Sampler::Greedy,
			max_tokens: 1_000,
			ignore_stop: false,
		};
		// One more, or a claim that ends too early would agree.
		assert_eq!(far_enough(generation, 1).max_tokens, 2);
		assert_eq!(far_enough(generation, 999).max_tokens, 1_000);
		assert_eq!(far_enough(generation, 1_000), generation);
		assert_eq!(far_enough(generation, usize::MAX), generation);
	}

	#[test]
	fn an_output_of_another_kind_is_no_output() {
		let (tokens, vector) = (Elements::Tokens(vec![5]), Elements::Vector(vec![0.5]));
		assert!(check_kind(&tokens, &Elements::Tokens(vec![])).is_ok());
		let error = check_kind(&vector, &tokens).unwrap_err().to_string();
		assert_eq!(error, "it holds a vector, the model returns tokens");
		let error = check_kind(&tokens, &vector).unwrap_err().to_string();
		assert_eq!(error, "it holds tokens, the model returns a vector");
	}

	#[test]
	fn what_differs_is_said() {
		let verdict = |difference, trace_agrees, claim_agrees| {
			let verdict = Verdict {
				job: JobId(7),
				agrees: false,
				elements: 3,
				difference,
				trace_agrees,
				claim_agrees,
				trace: "0xaa".into(),
				computed_trace: "0xbb".into(),
				claim: "0xcc".into(),
				computed_claim: "0xdd".into(),
			};
			verdict.text("tokens")
		};
		assert_eq!(
			verdict(None, true, true),
			"job 7 agrees: all 3 tokens, the trace and the claim are what this machine computes\n\
			trace  0xaa\nclaim  0xcc"
		);
		assert_eq!(
			verdict(None, false, false),
			"job 7 DIFFERS: its tokens agree, but its trace is not that of their execution\n\
			trace     0xaa\ncomputed  0xbb\nclaim     0xcc\ncomputed  0xdd"
		);
		assert!(verdict(None, true, false).contains("the claim does not commit to them"));
		let other = compare(&Elements::Tokens(vec![5]), &Elements::Tokens(vec![6]), None);
		assert!(verdict(other, false, false).starts_with("job 7 DIFFERS at token 0: claimed 5, computed 6"));
	}

	#[test]
	fn an_output_that_is_too_short_ends_too_early() {
		let difference = compare(&Elements::Vector(vec![0.5]), &Elements::Vector(vec![0.5, 0.25]), None).unwrap();
		assert_eq!(difference.text("elements"), "element 1: claimed the end, computed 0.25");
	}
}
