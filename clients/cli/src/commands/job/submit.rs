//! `assay job submit`.

use super::watch;
use crate::{
	amount::{Amount, Balance},
	chain::{AccountId, Block, Call, Chain},
	commands::{parse_version, Context},
	keys::parse_account,
	text::{hash, Text},
	views::{fixed, Elements},
	Outcome,
};
use anyhow::{anyhow, bail, ensure, Context as _, Result};
use assay_exact::{Generation, Input, Sampler};
use assay_protocol::{
	job::{JobInput, MAX_INLINE_ELEMENTS},
	model::VersionSummary,
	JobId, ModelVersion,
};
use serde_json::json;
use std::path::PathBuf;

/// Tokens to generate unless the caller says otherwise.
const DEFAULT_TOKENS: u32 = 64;

/// The job.
#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
	/// Model version to run, such as 3.0.
	#[arg(long, value_parser = parse_version)]
	model: ModelVersion,
	#[command(flatten)]
	input: InputSource,
	/// The model's tokenizer.json; the one inside its artifact if absent.
	#[arg(long, value_name = "FILE")]
	tokenizer: Option<PathBuf>,
	/// Tokens to generate at most [default: 64, or as many as the model has room for].
	#[arg(long)]
	max_tokens: Option<u32>,
	/// Draw tokens at this temperature; 0 takes the likeliest, as does leaving it out.
	#[arg(long, allow_negative_numbers = true)]
	temperature: Option<f64>,
	/// Seed of the draws, a number: the same seed gives the same text.
	#[arg(long, default_value_t = 0, requires = "temperature")]
	seed: u64,
	/// Go on after the model's stop tokens.
	#[arg(long)]
	ignore_stop: bool,
	/// The highest fee, held until the job is over [default: what the dearest listed operator may charge].
	#[arg(long)]
	max_fee: Option<Amount>,
	/// Insist on this operator.
	#[arg(long, value_parser = parse_account)]
	operator: Option<AccountId>,
	/// Print the job's life until it is over.
	#[arg(long)]
	watch: bool,
}

/// What the job is run on.
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

impl Submit {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let signer = context.key.signer()?;
		let chain = context.chain().await?;
		let at = chain.best().await?;
		let version = chain.version(self.model, at).await?;
		let input = self.input(context, &version)?;
		let generation = self.generation(&version, input.len())?;
		let max_fee = match self.max_fee {
			Some(fee) => fee.0,
			None => self.highest_fee(&chain, input.len(), generation.max_tokens, at).await?,
		};
		let call = Call::submit(self.model, &input, &generation, max_fee, self.operator);
		let receipt = chain.submit(call, &signer, context.finalized).await?;
		let id = JobId(u64::try_from(receipt.number("Jobs", "job")?)?);
		let held = Amount(max_fee);
		if self.watch {
			context.output.progress(&format!(
				"job {id} submitted in block {}; fee {}, held {held}",
				receipt.block, receipt.fee
			));
			return watch(context, &chain, id, Some(&receipt)).await;
		}
		let document = json!({ "job": id, "max_fee": held, "input": Elements::from(&input), "receipt": receipt });
		context.output.answer(&document, || {
			format!(
				"job {id} submitted in block {}; fee {}, held {held}",
				receipt.block, receipt.fee
			)
		});
		Ok(Outcome::Done)
	}

	fn input(&self, context: &Context, version: &VersionSummary) -> Result<JobInput> {
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
			let tokens = self.text(context, version)?.encode(&text)?;
			check_length(tokens.len(), version)?;
			Input::Tokens(tokens)
		};
		check_kind(&input, self.model, version)?;
		let length = Elements::from(&input).len();
		JobInput::try_from(input).map_err(|_| {
			anyhow!("the input has {length} elements, at most {MAX_INLINE_ELEMENTS} fit into a transaction")
		})
	}

	fn text(&self, context: &Context, version: &VersionSummary) -> Result<Text> {
		let Some(expected) = version.tokenizer else {
			bail!(
				"model version {} has no tokenizer: pass --tokens or --vector",
				self.model
			);
		};
		if let Some(file) = &self.tokenizer {
			let bytes = std::fs::read(file).with_context(|| format!("tokenizer {}", file.display()))?;
			ensure!(
				hash(&bytes) == expected,
				"{} is not the tokenizer of {}: its hash is {}, the chain has {}",
				file.display(),
				self.model,
				hash(&bytes),
				expected
			);
			return Text::new(&bytes, expected);
		}
		let artifact = context.library.find(version.artifact)?.with_context(|| {
			format!(
				"the artifact of {} is not in the folder of artifacts: pass --tokenizer, or import the model",
				self.model
			)
		})?;
		Text::of(&artifact, expected)
	}

	fn generation(&self, version: &VersionSummary, input: u32) -> Result<Generation> {
		let sampler = sampler(self.temperature, self.seed)?;
		let room = version.positions.saturating_sub(input).min(MAX_INLINE_ELEMENTS);
		let max_tokens = match (version.output_length, self.max_tokens) {
			(Some(_), None) => 0,
			(Some(length), Some(_)) => bail!(
				"{} returns a vector of {length}: --max-tokens does not apply",
				self.model
			),
			(None, Some(tokens)) => tokens,
			(None, None) => DEFAULT_TOKENS.min(room).max(1),
		};
		Ok(Generation {
			sampler,
			max_tokens,
			ignore_stop: self.ignore_stop,
		})
	}

	/// What the operator insisted on, or the dearest listed one, may charge.
	async fn highest_fee(&self, chain: &Chain, input: u32, max_tokens: u32, at: Block) -> Result<Balance> {
		let quote = chain.quote(self.model, input, max_tokens, at).await?;
		let price = match self.operator {
			Some(operator) => {
				let offers = chain.offers(self.model, at).await?;
				let offer = offers.iter().find(|offer| offer.offer.operator == operator);
				offer
					.map(|offer| offer.offer.price)
					.with_context(|| format!("{operator} does not serve {}", self.model))?
			}
			None => quote.highest_price.with_context(|| {
				format!(
					"no operator serves {} at the moment: wait for one, or say with --max-fee what you would pay",
					self.model
				)
			})?,
		};
		price
			.checked_mul(quote.units.into())
			.with_context(|| format!("{} units at {} are beyond all money", quote.units, Amount(price)))
	}
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
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

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
