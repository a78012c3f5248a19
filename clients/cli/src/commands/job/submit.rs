//! `assay job submit`.

use super::watch;
use crate::{
	commands::{asked::Asked, asked::Drawing, parse_version, Context},
	views::Elements,
	Outcome,
};
use anyhow::{ensure, Context as _, Result};
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
	/// Model version to run, such as 3.0.
	#[arg(long, value_parser = parse_version)]
	model: ModelVersion,
	#[command(flatten)]
	asked: Asked,
	#[command(flatten)]
	drawing: Drawing,
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
		let model = self.model;
		let version = chain.models().at(at).version(model).await?;
		let input = self.asked.input(context, model, &version)?;
		let generation = self
			.drawing
			.generation(self.asked.max_tokens(model, &version, input.len())?)?;
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

	/// What the operator insisted on, or the listed ones, ask.
	async fn asking(&self, chain: &Assay, quote: &Quote<Balance>, at: Block) -> Result<Asking> {
		let Some(operator) = self.operator else {
			return Ok(Asking {
				units: quote.units,
				lowest: quote.lowest_price,
				highest: quote.highest_price,
			});
		};
		let model = self.model;
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
		submit.limits(submit.model, asking).map_err(|error| error.to_string())
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
}
