//! `assay job quote`.

use crate::{
	commands::{asked::Asked, parse_version, Context},
	output::fields,
	Outcome,
};
use anyhow::Result;
use assay_protocol::ModelVersion;
use assay_sdk::Amount;
use serde::Serialize;

/// What a job would cost.
#[derive(Debug, clap::Args)]
pub(crate) struct Ask {
	/// Model version to run, such as 3.0.
	#[arg(long, value_parser = parse_version)]
	model: ModelVersion,
	#[command(flatten)]
	asked: Asked,
}

/// What it would cost. Prices and fees are absent while no operator is listed.
#[derive(Serialize)]
struct QuoteView {
	model: String,
	/// Elements of the input.
	input: u32,
	max_tokens: u32,
	units: u64,
	lowest_price: Option<Amount>,
	highest_price: Option<Amount>,
	lowest_fee: Option<Amount>,
	highest_fee: Option<Amount>,
	/// What its audit's room in blocks costs, beside the fee.
	room: Amount,
}

impl Ask {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let (chain, at) = context.reading().await?;
		let version = chain.models().at(at).version(self.model).await?;
		let input = self.asked.input(context, self.model, &version)?.len();
		let max_tokens = self.asked.max_tokens(self.model, &version, input)?;
		let quote = chain.jobs().at(at).quote(self.model, input, max_tokens).await?;
		let fee = |price: Option<u128>| Some(Amount(price?.checked_mul(quote.units.into())?));
		let view = QuoteView {
			model: self.model.to_string(),
			input,
			max_tokens,
			units: quote.units,
			lowest_price: quote.lowest_price.map(Amount),
			highest_price: quote.highest_price.map(Amount),
			lowest_fee: fee(quote.lowest_price),
			highest_fee: fee(quote.highest_price),
			room: Amount(quote.room),
		};
		context.output.answer(&view, || view.text());
		Ok(Outcome::Done)
	}
}

impl QuoteView {
	fn text(&self) -> String {
		let range = |lowest: Option<Amount>, highest: Option<Amount>| match (lowest, highest) {
			(Some(lowest), Some(highest)) if lowest == highest => lowest.to_string(),
			(Some(lowest), Some(highest)) => format!("{lowest} to {highest}"),
			_ => "no operator is listed".into(),
		};
		fields([
			("model", Some(self.model.clone())),
			("input", Some(format!("{} elements", self.input))),
			(
				"tokens",
				(self.max_tokens > 0).then(|| format!("{} at most", self.max_tokens)),
			),
			("units", Some(format!("{} at most", self.units))),
			("price", Some(range(self.lowest_price, self.highest_price))),
			("fee", Some(range(self.lowest_fee, self.highest_fee))),
			("room", Some(format!("{} for its audit's room in blocks", self.room))),
		])
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn view(prices: Option<(u128, u128)>) -> QuoteView {
		let fee = |price: u128| Amount(price * 7);
		QuoteView {
			model: "0.0".into(),
			input: 10,
			max_tokens: 64,
			units: 7,
			lowest_price: prices.map(|(lowest, _)| Amount(lowest)),
			highest_price: prices.map(|(_, highest)| Amount(highest)),
			lowest_fee: prices.map(|(lowest, _)| fee(lowest)),
			highest_fee: prices.map(|(_, highest)| fee(highest)),
			room: Amount(1_000_000_000),
		}
	}

	#[test]
	fn one_price_is_no_range() {
		let asy = 1_000_000_000_000;
		assert!(view(Some((asy, asy))).text().contains("fee     7 ASY\n"));
		assert!(view(Some((asy, 2 * asy))).text().contains("fee     7 ASY to 14 ASY\n"));
		let text = view(None).text();
		assert!(text.contains("fee     no operator is listed\n"), "{text}");
		assert!(
			text.ends_with("room    0.001 ASY for its audit's room in blocks"),
			"{text}"
		);
	}
}
