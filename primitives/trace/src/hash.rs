//! The one hash type.

use alloc::string::String;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{fmt, str::FromStr};
use scale_info::TypeInfo;
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A SHA-256 hash. Displays as `0x` and 64 digits, in debug output as the first eight; JSON has the long form.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Hash32(pub [u8; 32]);

impl Hash32 {
	/// SHA-256 of the parts, one after the other.
	pub fn of(parts: &[&[u8]]) -> Self {
		let hasher = parts
			.iter()
			.fold(Sha256::new(), |hasher, part| hasher.chain_update(part));
		Self(hasher.finalize().into())
	}
}

impl AsRef<[u8]> for Hash32 {
	fn as_ref(&self) -> &[u8] {
		&self.0
	}
}

impl From<[u8; 32]> for Hash32 {
	fn from(bytes: [u8; 32]) -> Self {
		Self(bytes)
	}
}

impl fmt::Display for Hash32 {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("0x")?;
		self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
	}
}

impl fmt::Debug for Hash32 {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
		f.write_str("…")
	}
}

/// Text that is not a hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a hash is 64 hexadecimal digits, with or without 0x before them")]
pub struct ParseHashError;

impl FromStr for Hash32 {
	type Err = ParseHashError;

	fn from_str(text: &str) -> Result<Self, ParseHashError> {
		let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
		if digits.len() != 64 {
			return Err(ParseHashError);
		}
		let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(ParseHashError);
		let mut bytes = [0; 32];
		for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
			*byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
		}
		Ok(Self(bytes))
	}
}

impl Serialize for Hash32 {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Hash32 {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::{format, string::ToString};

	#[test]
	fn a_hash_is_written_long_or_short_and_read_back() {
		let hash = Hash32::of(&[]);
		let long = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
		assert_eq!(hash.to_string(), long);
		assert_eq!(format!("{hash:?}"), "e3b0c442…");
		assert_eq!(long.parse(), Ok(hash));
		assert_eq!(long[2..].parse(), Ok(hash));
		assert_eq!(
			serde_json::from_str::<Hash32>(&serde_json::to_string(&hash).unwrap()).unwrap(),
			hash
		);
	}

	#[test]
	fn other_text_is_refused() {
		let long = "0".repeat(62);
		for bad in [
			"",
			"0x",
			&format!("{long}0"),
			&format!("{long}0g"),
			&format!("{long}000"),
			&format!("{long}é"),
		] {
			assert_eq!(bad.parse::<Hash32>(), Err(ParseHashError), "{bad}");
		}
	}
}
