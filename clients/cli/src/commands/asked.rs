//! What a model is asked to run: the arguments that `assay job submit`, `assay job quote` and `assay channel ask` share.

use super::Context;
use crate::views::fixed;
use anyhow::{bail, ensure, Context as _, Result};
use assay_exact::{Generation, Input, Sampler};
use assay_library::{hash, Text};
use assay_protocol::{
	job::{JobInput, MAX_INLINE_ELEMENTS},
	model::VersionSummary,
	ModelVersion,
};
use assay_sdk::jobs;
use std::path::PathBuf;

/// Tokens to generate unless the caller says otherwise.
const DEFAULT_TOKENS: u32 = 64;

/// On what to run, and how far.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
	#[command(flatten)]
	input: InputSource,
	/// The model's tokenizer.json; the one inside its artifact if absent.
	#[arg(long, value_name = "FILE")]
	tokenizer: Option<PathBuf>,
	/// Tokens to generate at most [default: 64, or as many as the model has room for].
	#[arg(long)]
	max_tokens: Option<u32>,
}

/// How tokens are drawn.
#[derive(Debug, clap::Args)]
pub(super) struct Drawing {
	/// Draw tokens at this temperature; 0 takes the likeliest, as does leaving it out.
	#[arg(long, allow_negative_numbers = true)]
	temperature: Option<f64>,
	/// Seed of the draws, a number: the same seed gives the same text.
	#[arg(long, default_value_t = 0, requires = "temperature")]
	seed: u64,
	/// Go on after the model's stop tokens.
	#[arg(long)]
	ignore_stop: bool,
}

impl Drawing {
	/// As the chain reads it.
	pub(super) fn generation(&self, max_tokens: u32) -> Result<Generation> {
		Ok(Generation {
			sampler: sampler(self.temperature, self.seed)?,
			max_tokens,
			ignore_stop: self.ignore_stop,
		})
	}
}

/// What it is run on.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct InputSource {
	/// A text.
	#[arg(long, allow_hyphen_values = true)]
	text: Option<String>,
	/// A file with a text.
	#[arg(long, value_name = "FILE")]
	text_file: Option<PathBuf>,
	/// Token ids.
	#[arg(long, value_delimiter = ',')]
	tokens: Option<Vec<u32>>,
	/// Numbers with at most 16 fraction bits; others are rounded.
	#[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
	vector: Option<Vec<f64>>,
}

impl Asked {
	/// The input, which the version can read and a transaction can hold.
	pub(super) fn input(&self, context: &Context, model: ModelVersion, version: &VersionSummary) -> Result<JobInput> {
		let input = if let Some(tokens) = &self.input.tokens {
			Input::Tokens(tokens.clone())
		} else if let Some(values) = &self.input.vector {
			let round = |value: &f64| fixed((value * 65_536.0).round() / 65_536.0);
			Input::Vector(values.iter().map(round).collect::<Result<_>>()?)
		} else {
			let text = match &self.input.text_file {
				Some(file) => std::fs::read_to_string(file).with_context(|| format!("text {}", file.display()))?,
				None => self.input.text.clone().unwrap_or_default(),
			};
			ensure!(
				!text.is_empty(),
				"the text is empty, and a job without a text is paid all the same: to have a model begin by itself, pass its \
				 start token with --tokens"
			);
			let tokens = self.text(context, model, version)?.encode(&text)?;
			check_length(tokens.len(), version)?;
			Input::Tokens(tokens)
		};
		check_kind(&input, model, version)?;
		Ok(jobs::input(input)?)
	}

	/// What turns text into tokens and back.
	pub(super) fn text(&self, context: &Context, model: ModelVersion, version: &VersionSummary) -> Result<Text> {
		let Some(expected) = version.tokenizer else {
			bail!("model version {} has no tokenizer: pass --tokens or --vector", model);
		};
		if let Some(file) = &self.tokenizer {
			let bytes = std::fs::read(file).with_context(|| format!("tokenizer {}", file.display()))?;
			ensure!(
				hash(&bytes) == expected,
				"{} is not the tokenizer of {}: its hash is {}, the chain has {}",
				file.display(),
				model,
				hash(&bytes),
				expected
			);
			return Text::new(&bytes, expected);
		}
		let artifact = context.library.find(version.artifact)?.with_context(|| {
			format!(
				"the artifact of {} is not in the folder of artifacts: pass --tokenizer, or import the model",
				model
			)
		})?;
		Text::of(&artifact, expected)
	}

	/// The largest number of tokens to generate after an input of so many elements.
	pub(super) fn max_tokens(&self, model: ModelVersion, version: &VersionSummary, input: u32) -> Result<u32> {
		let room = version.positions.saturating_sub(input).min(MAX_INLINE_ELEMENTS);
		Ok(match (version.output_length, self.max_tokens) {
			(Some(_), None) => 0,
			(Some(length), Some(_)) => bail!("{} returns a vector of {length}: --max-tokens does not apply", model),
			(None, Some(tokens)) => tokens,
			(None, None) => DEFAULT_TOKENS.min(room).max(1),
		})
	}
}

/// A refusal by the chain costs a fee, one here does not.
fn check_kind(input: &Input, model: ModelVersion, version: &VersionSummary) -> Result<()> {
	match (input, version.vocabulary) {
		(Input::Vector(_), Some(_)) => bail!("model version {model} takes tokens, not a vector"),
		(Input::Tokens(_), None) => bail!("model version {model} takes a vector, not tokens"),
		(Input::Tokens(tokens), Some(vocabulary)) => match tokens.iter().find(|token| **token >= vocabulary) {
			Some(token) => bail!("token {token} is outside the vocabulary of {vocabulary}"),
			None => Ok(()),
		},
		(Input::Vector(_), None) => Ok(()),
	}
}

/// A text is refused by the number of its tokens, whichever of the limits is the smaller.
fn check_length(tokens: usize, version: &VersionSummary) -> Result<()> {
	// A generated token takes a position too.
	let accepted = if version.output_length.is_some() {
		version.positions
	} else {
		version.positions.saturating_sub(1)
	};
	ensure!(
		tokens <= accepted as usize,
		"prompt has {tokens} tokens, model accepts {accepted}"
	);
	ensure!(
		tokens <= MAX_INLINE_ELEMENTS as usize,
		"prompt has {tokens} tokens, at most {MAX_INLINE_ELEMENTS} fit into a transaction"
	);
	Ok(())
}

/// How the next token is chosen at a temperature.
fn sampler(temperature: Option<f64>, seed: u64) -> Result<Sampler> {
	let Some(temperature) = temperature.filter(|temperature| *temperature != 0.0) else {
		return Ok(Sampler::Greedy);
	};
	let inverse = (65_536.0 / temperature).round();
	ensure!(
		(1.0..=f64::from(u32::MAX)).contains(&inverse),
		"a temperature of {temperature} is outside what can be expressed: 0, and about 0.00002 to 131,072"
	);
	let mut bytes = [0; 32];
	bytes[..8].copy_from_slice(&seed.to_le_bytes());
	Ok(Sampler::Gumbel {
		// In range: checked just above.
		inverse_temperature: inverse as u32,
		seed: bytes,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_protocol::VersionNumber;
	use assay_trace::Hash32;
	use sp_runtime::Permill;

	fn version(positions: u32, output_length: Option<u32>) -> VersionSummary {
		VersionSummary {
			version: VersionNumber(0),
			artifact: Hash32([1; 32]),
			artifact_bytes: 1,
			tokenizer: None,
			program_bytes: 1,
			positions,
			vocabulary: Some(100),
			output_length,
			royalty: Permill::zero(),
			retired: false,
			offers: 0,
		}
	}

	#[test]
	fn a_prompt_is_refused_at_the_smaller_of_its_limits() {
		let error = |tokens, version: &VersionSummary| check_length(tokens, version).unwrap_err().to_string();
		let small = version(512, None);
		assert!(check_length(511, &small).is_ok());
		assert_eq!(error(512, &small), "prompt has 512 tokens, model accepts 511");
		let encoder = version(512, Some(384));
		assert!(check_length(512, &encoder).is_ok());
		let large = version(4_096, None);
		assert!(check_length(1_024, &large).is_ok());
		assert_eq!(
			error(1_025, &large),
			"prompt has 1025 tokens, at most 1024 fit into a transaction"
		);
	}

	#[test]
	fn temperature_zero_takes_the_likeliest_token() {
		for greedy in [None, Some(0.0), Some(-0.0)] {
			assert_eq!(sampler(greedy, 7).unwrap(), Sampler::Greedy);
		}
		let mut seed = [0; 32];
		seed[0] = 7;
		for (temperature, inverse_temperature) in
			[(1.0, 65_536), (0.5, 131_072), (2.0, 32_768), (0.000_02, 3_276_800_000)]
		{
			let drawn = Sampler::Gumbel {
				inverse_temperature,
				seed,
			};
			assert_eq!(sampler(Some(temperature), 7).unwrap(), drawn);
		}
	}

	#[test]
	fn a_temperature_that_cannot_be_expressed_is_refused() {
		for temperature in [-1.0, 1e-9, 1e9, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
			let error = sampler(Some(temperature), 7).unwrap_err().to_string();
			assert!(
				error.starts_with(&format!("a temperature of {temperature} is outside")),
				"{error}"
			);
		}
	}
}
