//! `assay model eval`.

use super::import::{pack, ModelSource};
use crate::{commands::Context, output::Output, Outcome};
use anyhow::{bail, ensure, Context as _, Result};
use assay_artifact::{Artifact, Lowered};
use assay_engine::{
	float::FloatModel,
	quality::{cosine, cosines, perplexities},
	Model, Options,
};
use assay_library::{Text, TOKENIZER};
use assay_protocol::{
	job::{JobInput, JobOutput},
	JobId,
};
use serde_json::json;
use std::path::PathBuf;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Eval {
	#[command(flatten)]
	source: ModelSource,
	#[command(flatten)]
	on: Sample,
	/// The model's artifact; made anew, and not kept, if absent.
	#[arg(long, value_name = "FILE", conflicts_with = "job")]
	artifact: Option<PathBuf>,
	/// Measure at most this many tokens of the texts (models that generate).
	#[arg(long)]
	tokens: Option<usize>,
}

/// What to measure on.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Sample {
	/// File with texts, one on each line.
	#[arg(long, value_name = "FILE")]
	texts: Option<PathBuf>,
	/// A finished job of a vector model: its output on chain is compared.
	#[arg(long)]
	job: Option<JobId>,
}

impl Eval {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let lowered = self.source.lower()?;
		let float = FloatModel::load(&lowered)?;
		match (&self.on.job, &self.on.texts) {
			(Some(job), _) => evaluate_job(context, &float, *job).await,
			(None, Some(file)) => {
				let text = std::fs::read_to_string(file).with_context(|| format!("texts {}", file.display()))?;
				let tokenizer = lowered
					.file(TOKENIZER)
					.context("the model has no tokenizer: pass --tokenizer")?;
				let tokenizer = Text::from_bytes(tokenizer)?;
				let folder = tempfile::tempdir()?;
				let artifact = self.artifact(&lowered, &folder.path().join("model.assay"), context.output)?;
				let model = Model::load(&artifact, Options::default())?;
				if lowered.program().output_length().is_some() {
					evaluate_vectors(context.output, &model, &float, &tokenizer, &text)
				} else {
					evaluate_tokens(context.output, &model, &float, &tokenizer, &text, self.tokens)
				}
			}
			(None, None) => bail!("measure on what? Pass --texts or --job"),
		}
	}

	fn artifact(&self, lowered: &Lowered, temporary: &std::path::Path, output: Output) -> Result<Artifact> {
		match &self.artifact {
			Some(file) => {
				let artifact = Artifact::open(file)?;
				ensure!(
					artifact.program() == lowered.program(),
					"{} was not made of {} with these options",
					file.display(),
					self.source.name()
				);
				Ok(artifact)
			}
			None => pack(lowered, temporary, output),
		}
	}
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
	text.lines().filter(|line| !line.trim().is_empty())
}

fn evaluate_vectors(
	output: Output,
	model: &Model,
	float: &FloatModel,
	tokenizer: &Text,
	text: &str,
) -> Result<Outcome> {
	let texts = lines(text)
		.map(|line| tokenizer.encode(line))
		.collect::<Result<Vec<_>>>()?;
	let bar = output.bar(texts.len() as u64, false);
	let cosines = cosines(model, float, &texts, |done| bar.set_position(done as u64))?;
	bar.finish_and_clear();
	let (worst, mean) = (cosines.worst(), cosines.mean());
	let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
	let document =
		json!({ "texts": texts.len(), "longest": longest, "worst": worst, "mean": mean, "each": cosines.each });
	output.answer(&document, || {
		format!(
			"cosine of exact to float over {} texts of up to {longest} tokens: worst {worst:.6}, mean {mean:.6}",
			texts.len()
		)
	});
	Ok(Outcome::Done)
}

fn evaluate_tokens(
	output: Output,
	model: &Model,
	float: &FloatModel,
	tokenizer: &Text,
	text: &str,
	limit: Option<usize>,
) -> Result<Outcome> {
	let mut left = limit.unwrap_or(usize::MAX);
	let mut windows = vec![];
	for text in lines(text) {
		let mut tokens = tokenizer.encode(text)?;
		tokens.truncate(left);
		left -= tokens.len();
		windows.extend(tokens.chunks(model.program().positions as usize).map(<[u32]>::to_vec));
	}
	let bar = output.bar(windows.len() as u64, false);
	let found = perplexities(model, float, &windows, |done| bar.set_position(done as u64))?;
	bar.finish_and_clear();
	let increase = found.increase();
	let document = json!({
		"tokens": found.tokens,
		"windows": windows.len(),
		"perplexity_exact": found.exact,
		"perplexity_float": found.float,
		"increase": increase,
	});
	output.answer(&document, || {
		format!(
			"perplexity over {} tokens: exact {:.4}, float {:.4} ({:+.3} %)",
			found.tokens,
			found.exact,
			found.float,
			increase * 100.0
		)
	});
	Ok(Outcome::Done)
}

async fn evaluate_job(context: &Context, float: &FloatModel, id: JobId) -> Result<Outcome> {
	let chain = context.chain().await?;
	let job = chain.jobs().at(chain.best().await?).get(id).await?;
	let Some(JobOutput::Vector(values)) = &job.output else {
		bail!("job {id} has no vector as its output")
	};
	if let JobInput::Tokens(tokens) = &job.input {
		let vocabulary = float.program().vocabulary().unwrap_or(0);
		ensure!(
			tokens.iter().all(|token| *token < vocabulary),
			"job {id} ran on another model"
		);
	}
	let exact: Vec<_> = values.iter().map(|value| f64::from(*value) / 65_536.0).collect();
	let baseline = float.vector(&job.input.clone().into())?;
	ensure!(
		exact.len() == baseline.len(),
		"job {id} has an output of {}, the model one of {}: it ran on another model",
		exact.len(),
		baseline.len()
	);
	let cosine = cosine(&exact, &baseline);
	let document = json!({ "job": id, "elements": exact.len(), "cosine": cosine });
	context.output.answer(&document, || {
		format!("cosine of the output of job {id} to float: {cosine:.6}")
	});
	Ok(Outcome::Done)
}
