//! Amounts in files: strings of smallest units, as everywhere in JSON of this chain.

use assay_sdk::Balance;
use serde::{de::Error, Deserialize, Deserializer, Serializer};

/// Writes an amount.
pub(crate) fn serialize<S: Serializer>(amount: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.collect_str(amount)
}

/// Reads an amount.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Balance, D::Error> {
	let text = String::deserialize(deserializer)?;
	text.parse()
		.map_err(|error| D::Error::custom(format!("`{text}` is not an amount: {error}")))
}

/// A sum; nothing if it is beyond all money.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Balance>) -> Option<Balance> {
	amounts.into_iter().try_fold(0, Balance::checked_add)
}
