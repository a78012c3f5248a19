//! Amounts of money in JSON.

use assay_runtime::Balance;
use serde::{Serialize, Serializer};

/// An amount in the smallest unit, written as a decimal string: JSON numbers lose digits in many clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Amount(pub(crate) Balance);

impl Serialize for Amount {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(&self.0)
	}
}
