//! Amounts of ASY and shares, read and written exactly.

use anyhow::{anyhow, bail, ensure, Context, Result};
use serde::{Serialize, Serializer};
use sp_runtime::Permill;
use std::{fmt, str::FromStr};

/// The chain's smallest unit of money, counted.
pub(crate) type Balance = u128;

/// Decimal places of one ASY.
const DECIMALS: usize = 12;
/// Smallest units in one ASY.
const UNIT: Balance = 1_000_000_000_000;

/// An amount of money. Written in ASY for people, in smallest units, as a string, in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Amount(pub(crate) Balance);

impl FromStr for Amount {
	type Err = anyhow::Error;

	fn from_str(text: &str) -> Result<Self> {
		// In one message: clap repeats no causes.
		decimal(text, DECIMALS)
			.map(Self)
			.map_err(|reason| anyhow!("`{text}` is not an amount of ASY: {reason:#}"))
	}
}

impl fmt::Display for Amount {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let (whole, part) = (self.0 / UNIT, self.0 % UNIT);
		let digits = format!("{part:0DECIMALS$}");
		let digits = digits.trim_end_matches('0');
		let point = if digits.is_empty() { "" } else { "." };
		f.pad(&format!("{whole}{point}{digits} ASY"))
	}
}

impl Serialize for Amount {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(&self.0)
	}
}

/// Reads a share such as `1.5%`: at most 100 %, at most four decimal places.
pub(crate) fn parse_share(text: &str) -> Result<Permill> {
	let number = text
		.strip_suffix('%')
		.with_context(|| format!("`{text}` is not a share: write it as 1.5%"))?;
	let parts = decimal(number.trim_end(), 4).map_err(|reason| anyhow!("`{text}` is not a share: {reason:#}"))?;
	ensure!(parts <= 1_000_000, "`{text}` is more than 100%");
	Ok(Permill::from_parts(u32::try_from(parts)?))
}

/// Writes a share as [`parse_share`] reads it.
pub(crate) fn show_share(share: Permill) -> String {
	let parts = share.deconstruct();
	let digits = format!("{:04}", parts % 10_000);
	let digits = digits.trim_end_matches('0');
	let point = if digits.is_empty() { "" } else { "." };
	format!("{}{point}{digits}%", parts / 10_000)
}

/// Reads a decimal number as a whole number of its last permitted decimal place.
fn decimal(text: &str, places: usize) -> Result<u128> {
	ensure!(!text.starts_with('-'), "it is negative");
	let (whole, part) = text.split_once('.').unwrap_or((text, ""));
	let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if !digits(whole) || !digits(part) || whole.len() + part.len() == 0 {
		bail!("write digits with at most one point, such as 12.5");
	}
	ensure!(
		part.len() <= places,
		"it has {} decimal places, at most {places} count",
		part.len()
	);
	format!("{whole}{part:0<places$}").parse().context("it is too large")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn amounts_are_read_exactly() {
		for (text, units) in [
			("1", UNIT),
			("1.5", 1_500_000_000_000),
			("0.000000000001", 1),
			(".5", UNIT / 2),
			("7.", 7 * UNIT),
			("340282366920938463463374607.431768211455", u128::MAX),
		] {
			assert_eq!(text.parse::<Amount>().unwrap(), Amount(units), "{text}");
		}
	}

	#[test]
	fn what_is_not_an_amount_is_refused_with_a_reason() {
		for (text, reason) in [
			("", "digits"),
			(".", "digits"),
			("-1", "negative"),
			("1e3", "digits"),
			("1,5", "digits"),
			("1.2.3", "digits"),
			("0.0000000000001", "13 decimal places"),
			("340282366920938463463374607.431768211456", "too large"),
		] {
			let error = format!("{:#}", text.parse::<Amount>().unwrap_err());
			assert!(
				error.contains(reason) && error.contains(&format!("`{text}`")),
				"{text}: {error}"
			);
		}
	}

	#[test]
	fn amounts_are_written_as_they_are_read() {
		for (units, text) in [
			(0, "0 ASY"),
			(1, "0.000000000001 ASY"),
			(UNIT, "1 ASY"),
			(UNIT * 5 / 2, "2.5 ASY"),
		] {
			assert_eq!(Amount(units).to_string(), text);
		}
		assert_eq!(
			serde_json::to_string(&Amount(u128::MAX)).unwrap(),
			"\"340282366920938463463374607431768211455\""
		);
	}

	#[test]
	fn shares_are_read_and_written_exactly() {
		for (text, parts) in [("0%", 0), ("1.5%", 15_000), ("0.0001%", 1), ("100%", 1_000_000)] {
			let share = parse_share(text).unwrap();
			assert_eq!(share.deconstruct(), parts);
			assert_eq!(show_share(share), text);
		}
		for text in ["1.5", "100.0001%", "0.00001%", "-1%", "%"] {
			assert!(parse_share(text).is_err(), "{text}");
		}
	}
}
