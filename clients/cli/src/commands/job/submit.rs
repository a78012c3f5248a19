//! `assay job submit`.

use super::{asked::Asked, watch};
use crate::{commands::Context, views::Elements, Outcome};
use anyhow::{ensure, Context as _, Result};
use assay_exact::{Generation, Sampler};
use assay_protocol::{job::Quote, ModelVersion};
use assay_sdk::{
	jobs::{Submission, Submitted},
	keys::account as parse_account,
	AccountId, Amount, Assay, Balance, Block,
};
use serde_json::json;

/// The job.
#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
	#[command(flatten)]
	asked: Asked,
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
	/// The highest price of a unit of computation, whatever is asked when the job is assigned [default: what the dearest
	/// listed operator asks now].
	#[arg(long)]
	max_price: Option<Amount>,
	/// Insist on this operator.
	#[arg(long, value_parser = parse_account)]
	operator: Option<AccountId>,
	/// Print the job's life until it is over.
	#[arg(long)]
	watch: bool,
}

/// What the offers for a job ask for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Asking {
	/// Units of computation at most.
	units: u64,
	/// The lowest price of a listed offer, or that of the operator insisted on.
	lowest: Option<Balance>,
	/// The highest, or that of the operator insisted on.
	highest: Option<Balance>,
}

impl Submit {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let signer = context.key.signer()?;
		let chain = context.chain().await?;
		let at = chain.best().await?;
		let model = self.asked.model;
		let version = chain.models().at(at).version(model).await?;
		let input = self.asked.input(context, &version)?;
		let generation = self.generation(self.asked.max_tokens(&version, input.len())?)?;
		let (max_fee, max_price) = match (self.max_fee, context.force) {
			// Whoever insists has the chain decide.
			(Some(fee), true) => (fee.0, self.max_price.map_or(Balance::MAX, |price| price.0)),
			_ => {
				let quote = chain
					.jobs()
					.at(at)
					.quote(model, input.len(), generation.max_tokens)
					.await?;
				let (max_fee, max_price) = self.limits(model, self.asking(&chain, &quote, at).await?)?;
				if !context.force {
					let account = signer.public_key().to_account_id();
					check_funds(&chain, account, max_fee, quote.room, at).await?;
				}
				(max_fee, max_price)
			}
		};
		let submission = Submission {
			version: model,
			input,
			generation,
			max_fee,
			max_price,
			operator: self.operator,
		};
		let sent = chain.jobs().submit_with(&signer, &submission, context.sending()).await;
		let sent = sent.with_context(|| submission.call().to_string())?;
		let Submitted { job: id, room, receipt } = &sent;
		let held = Amount(max_fee);
		let text = format!(
			"job {id} submitted in block {}; fee {}, room {room}, held {held}",
			receipt.block, receipt.fee
		);
		if self.watch {
			context.output.progress(&text);
			return watch(context, &chain, *id, Some(&sent)).await;
		}
		let document = json!({
			"job": id,
			"max_fee": held,
			"room": room,
			"input": Elements::from(&submission.input),
			"receipt": receipt,
		});
		context.output.answer(&document, || text);
		Ok(Outcome::Done)
	}

	fn generation(&self, max_tokens: u32) -> Result<Generation> {
		let sampler = sampler(self.temperature, self.seed)?;
		Ok(Generation {
			sampler,
			max_tokens,
			ignore_stop: self.ignore_stop,
		})
	}

	/// What the operator insisted on, or the listed ones, ask.
	async fn asking(&self, chain: &Assay, quote: &Quote<Balance>, at: Block) -> Result<Asking> {
		let Some(operator) = self.operator else {
			return Ok(Asking {
				units: quote.units,
				lowest: quote.lowest_price,
				highest: quote.highest_price,
			});
		};
		let model = self.asked.model;
		let offers = chain.models().at(at).offers(model).await?;
		let offer = offers.iter().find(|offer| offer.offer.operator == operator);
		let offer = offer.with_context(|| format!("{operator} does not serve {model}"))?;
		ensure!(
			offer.listed,
			"{operator} serves {model}, but is not listed at the moment: it is chilled, or its last heartbeat is too old"
		);
		Ok(Asking {
			units: quote.units,
			lowest: Some(offer.offer.price),
			highest: Some(offer.offer.price),
		})
	}

	/// The highest fee and the highest price: what the caller says, if somebody takes the job for it, or else what the dearest
	/// offer asks.
	fn limits(&self, model: ModelVersion, asking: Asking) -> Result<(Balance, Balance)> {
		let units = asking.units;
		let fee = |price: Balance| {
			price
				.checked_mul(units.into())
				.with_context(|| format!("{units} units at {} are beyond all money", Amount(price)))
		};
		let (lowest, highest) = asking
			.lowest
			.zip(asking.highest)
			.with_context(|| format!("no operator serves {model} at the moment: wait for one"))?;
		let max_price = self.max_price.map_or(highest, |price| price.0);
		let who = self
			.operator
			.map_or("every listed operator".to_owned(), |operator| operator.to_string());
		ensure!(
			lowest <= max_price,
			"{who} asks for at least {} a unit, --max-price is {}",
			Amount(lowest),
			Amount(max_price)
		);
		let Some(said) = self.max_fee else {
			return Ok((fee(max_price.min(highest))?, max_price));
		};
		let least = fee(lowest)?;
		ensure!(
			least <= said.0,
			"{who} may charge {} for this job ({units} units) or more, --max-fee is {said}",
			Amount(least)
		);
		Ok((said.0, max_price))
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

/// Whether an account can have so much held. What the transaction costs besides is seen when it is tried out.
async fn check_funds(chain: &Assay, account: AccountId, max_fee: Balance, room: Balance, at: Block) -> Result<()> {
	let balances = chain.accounts().at(at).balances(account).await?;
	// A hold does not mind what is frozen, only that the account stays alive.
	let deposit = chain.accounts().at(at).existential_deposit().await?;
	let spendable = Amount(balances.free.0.saturating_sub(deposit));
	ensure!(
		max_fee.saturating_add(room) <= spendable.0,
		"the highest fee is {} and the room {}, but {account} can pay {spendable} at most: it has {} free, and {} of it must stay",
		Amount(max_fee),
		Amount(room),
		balances.free,
		Amount(deposit)
	);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::commands::Command;
	use clap::Parser;

	#[derive(Parser)]
	struct Line {
		#[command(subcommand)]
		command: Command,
	}

	fn submit(arguments: &str) -> Submit {
		let line = format!("assay job submit --model 3.0 --tokens 1 {arguments}");
		let parsed = Line::try_parse_from(line.split_whitespace()).unwrap();
		let Command::Job(super::super::JobCommand::Submit(submit)) = parsed.command else {
			panic!("not a job");
		};
		submit
	}

	const ASY: Balance = 1_000_000_000_000;
	const OFFERS: Asking = Asking {
		units: 10,
		lowest: Some(ASY),
		highest: Some(3 * ASY),
	};

	fn limits(arguments: &str, asking: Asking) -> Result<(Balance, Balance), String> {
		let submit = submit(arguments);
		submit
			.limits(submit.asked.model, asking)
			.map_err(|error| error.to_string())
	}

	#[test]
	fn p19_nobody_charges_more_than_the_dearest_offer_asked_when_the_job_was_submitted() {
		assert_eq!(limits("", OFFERS), Ok((30 * ASY, 3 * ASY)));
		assert_eq!(limits("--max-fee 10", OFFERS), Ok((10 * ASY, 3 * ASY)));
		assert_eq!(limits("--max-price 2", OFFERS), Ok((20 * ASY, 2 * ASY)));
		assert_eq!(limits("--max-price 5", OFFERS), Ok((30 * ASY, 5 * ASY)));
		assert_eq!(limits("--max-fee 99 --max-price 5", OFFERS), Ok((99 * ASY, 5 * ASY)));
	}

	#[test]
	fn a_fee_or_price_that_nobody_works_for_is_refused_with_the_lowest_that_somebody_does() {
		let error = limits("--max-fee 9.5", OFFERS).unwrap_err();
		assert!(
			error.contains("may charge 10 ASY for this job (10 units) or more, --max-fee is 9.5 ASY"),
			"{error}"
		);
		let error = limits("--max-price 0.5", OFFERS).unwrap_err();
		assert!(
			error.contains("at least 1 ASY a unit, --max-price is 0.5 ASY"),
			"{error}"
		);
		let error = limits("--max-fee 9.5 --operator //Alice", OFFERS).unwrap_err();
		assert!(
			error.contains("may charge 10 ASY") && !error.contains("every"),
			"{error}"
		);
	}

	#[test]
	fn without_an_offer_there_is_nobody_to_pay() {
		let none = Asking {
			units: 10,
			lowest: None,
			highest: None,
		};
		for arguments in ["", "--max-fee 2"] {
			let error = limits(arguments, none).unwrap_err();
			assert!(error.contains("no operator serves 3.0 at the moment"), "{error}");
		}
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
