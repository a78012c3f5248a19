//! Amounts of ASY and shares, read and written exactly.

use serde::{Serialize, Serializer};
use sp_runtime::Permill;
use std::{fmt, str::FromStr};

/// The chain's smallest unit of money, counted.
pub type Balance = u128;

/// Decimal places of one ASY.
const DECIMALS: usize = 12;
/// Smallest units in one ASY.
const UNIT: Balance = 1_000_000_000_000;

/// Why a text is no amount, or no share.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
	/// It does not read as an amount.
	#[error("`{text}` is not an amount of ASY: {reason}")]
	Amount {
		/// The text.
		text: String,
		/// What is wrong with it.
		reason: DecimalError,
	},
	/// It does not read as a share.
	#[error("`{text}` is not a share: {reason}")]
	Share {
		/// The text.
		text: String,
		/// What is wrong with it.
		reason: DecimalError,
	},
	/// A share lacks its sign.
	#[error("`{0}` is not a share: write it as 1.5%")]
	NoPercent(String),
	/// A share is more than the whole.
	#[error("`{0}` is more than 100%")]
	MoreThanAll(String),
}

/// What is wrong with a decimal number.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecimalError {
	/// It begins with a minus.
	#[error("it is negative")]
	Negative,
	/// It is no number.
	#[error("write digits with at most one point, such as 12.5")]
	NoNumber,
	/// It is too fine.
	#[error("it has {places} decimal places, at most {most} count")]
	TooFine {
		/// Its decimal places.
		places: usize,
		/// Those that count.
		most: usize,
	},
	/// It is more than can be counted.
	#[error("it is too large: {0}")]
	TooLarge(std::num::ParseIntError),
}

/// An amount of money. Written in ASY for people, in smallest units, as a string, in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Amount(
	/// In smallest units.
	pub Balance,
);

impl FromStr for Amount {
	type Err = ParseError;

	fn from_str(text: &str) -> Result<Self, ParseError> {
		decimal(text, DECIMALS).map(Self).map_err(|reason| ParseError::Amount {
			text: text.to_owned(),
			reason,
		})
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
pub fn parse_share(text: &str) -> Result<Permill, ParseError> {
	let named = || text.to_owned();
	let number = text.strip_suffix('%').ok_or_else(|| ParseError::NoPercent(named()))?;
	let parts = decimal(number.trim_end(), 4).map_err(|reason| ParseError::Share { text: named(), reason })?;
	match u32::try_from(parts) {
		Ok(parts) if parts <= 1_000_000 => Ok(Permill::from_parts(parts)),
		_ => Err(ParseError::MoreThanAll(named())),
	}
}

/// Writes a share as [`parse_share`] reads it.
pub fn show_share(share: Permill) -> String {
	let parts = share.deconstruct();
	let digits = format!("{:04}", parts % 10_000);
	let digits = digits.trim_end_matches('0');
	let point = if digits.is_empty() { "" } else { "." };
	format!("{}{point}{digits}%", parts / 10_000)
}

/// Reads a decimal number as a whole number of its last permitted decimal place.
fn decimal(text: &str, places: usize) -> Result<u128, DecimalError> {
	if text.starts_with('-') {
		return Err(DecimalError::Negative);
	}
	let (whole, part) = text.split_once('.').unwrap_or((text, ""));
	let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if !digits(whole) || !digits(part) || whole.len() + part.len() == 0 {
		return Err(DecimalError::NoNumber);
	}
	if part.len() > places {
		return Err(DecimalError::TooFine {
			places: part.len(),
			most: places,
		});
	}
	format!("{whole}{part:0<places$}")
		.parse()
		.map_err(DecimalError::TooLarge)
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
			let error = text.parse::<Amount>().unwrap_err().to_string();
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
