//! Identifiers.

use assay_trace::Hash32;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, num::ParseIntError, str::FromStr};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

macro_rules! counted {
	($(#[$doc:meta])* $name:ident($number:ty)) => {
		$(#[$doc])*
		#[derive(
			Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Encode, Decode, DecodeWithMemTracking,
			MaxEncodedLen, TypeInfo, Serialize, Deserialize,
		)]
		#[serde(transparent)]
		pub struct $name(pub $number);

		impl $name {
			/// The identifier after this one; `None` when they are used up.
			pub fn next(self) -> Option<Self> {
				self.0.checked_add(1).map(Self)
			}
		}

		impl fmt::Display for $name {
			fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
				self.0.fmt(f)
			}
		}

		impl FromStr for $name {
			type Err = ParseIntError;
			fn from_str(text: &str) -> Result<Self, Self::Err> {
				text.parse().map(Self)
			}
		}
	};
}

counted! {
	/// A registered model.
	ModelId(u32)
}
counted! {
	/// A version of a model, counted from 0.
	VersionNumber(u16)
}
counted! {
	/// A job, counted over the whole chain.
	JobId(u64)
}
counted! {
	/// A dispute, counted over the whole chain.
	DisputeId(u64)
}
counted! {
	/// How many operators were assigned to a job before this one.
	Attempt(u8)
}

/// A channel: the hash of what never changes about it.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(transparent)]
pub struct ChannelId(pub Hash32);

impl fmt::Display for ChannelId {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(f)
	}
}

impl FromStr for ChannelId {
	type Err = <Hash32 as FromStr>::Err;
	fn from_str(text: &str) -> Result<Self, Self::Err> {
		text.parse().map(Self)
	}
}

/// One version of one model: what a job names and an operator serves. Written `model.version`.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct ModelVersion {
	/// The model.
	pub model: ModelId,
	/// Its version.
	pub version: VersionNumber,
}

impl fmt::Display for ModelVersion {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}.{}", self.model, self.version)
	}
}
