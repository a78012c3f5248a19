//! What a worker shows of some positions of an execution.
//!
//! - the leaves of the trace, which give its root;
//! - for every layer with a cache and every group of positions up to the last that is seen: the cache rows, and the root of the
//!   group's residuals; the two give the group's leaf;
//! - for each position: that the residual vector of each row is in its group, and the accumulators of every product;
//! - the leaves of the artifact that hold the rows of its tables that these positions read;
//! - of a model that returns a vector: the residual vectors that its head pools, and the accumulators of the head.
//!
//! Residual vectors and cache rows of the positions themselves are not shown: whoever checks computes them.

use assay_trace::{boundary::ResidualOpening, merkle::InclusionProof, Hash32};
use codec::{Decode, DecodeWithMemLimit, DecodeWithMemTracking, Encode};
use thiserror::Error;

/// What an opening begins with.
pub(crate) const MARK: &[u8] = b"assay/light-opening/v1";
/// How many times the bytes of the largest opening an honest one takes in memory at most: of its parts a product with one row grows most,
/// from 14 bytes to 40. Parts with nothing in them would grow from one byte to twenty-four.
const MEMORY: u64 = 4;

/// Why bytes are not an opening.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OpeningError {
	/// They do not begin like one.
	#[error(
		"this is no opening of version 1: it does not begin with {:?}",
		String::from_utf8_lossy(MARK)
	)]
	Mark,
	/// They are more than an opening of these positions can be.
	#[error("the opening has {bytes} bytes; one of these positions has at most {limit}")]
	TooLong {
		/// How many there are.
		bytes: u64,
		/// How many there may be.
		limit: u64,
	},
	/// They do not decode.
	#[error("the opening is malformed or cut off")]
	Malformed,
}

/// What a worker shows of some positions.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub struct Opening {
	/// The positions, in rising order.
	pub(crate) positions: Vec<u32>,
	/// The leaves of the trace.
	pub(crate) groups: Vec<Hash32>,
	/// Row after row from the first layer on, the groups up to the last that is seen; none without caches.
	pub(crate) caches: Vec<OpenedCaches>,
	/// For each position.
	pub(crate) cells: Vec<OpenedPosition>,
	/// The [`table_leaves`](crate::needs::table_leaves) that the positions read, in that order.
	pub(crate) leaves: Vec<OpenedLeaf>,
	/// The head of a model that returns a vector.
	pub(crate) head: Option<OpenedHead>,
}

/// The cache rows of a group.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct OpenedCaches {
	/// The root of the group's residuals.
	pub(crate) residuals: Hash32,
	/// The leaves of all heads, position after position.
	pub(crate) leaves: Vec<u8>,
	/// The cache roots of positions that nobody sees.
	pub(crate) rest: Vec<Hash32>,
}

/// One position through all rows.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct OpenedPosition {
	/// For each row: that its residual vector is in its group.
	pub(crate) residuals: Vec<InclusionProof>,
	/// The accumulators of its products in the order of the program: entry, every layer, and the head if it ran here.
	pub(crate) products: Vec<Accumulators>,
}

/// A leaf of the artifact.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct OpenedLeaf {
	/// Its bytes.
	pub(crate) bytes: Vec<u8>,
	/// That it is in its tensor.
	pub(crate) path: InclusionProof,
}

/// The head of a model that returns a vector.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct OpenedHead {
	/// What it pools.
	pub(crate) pooled: Pooled,
	/// The accumulators of its products.
	pub(crate) products: Vec<Accumulators>,
}

/// Residual vectors of the last row.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) enum Pooled {
	/// Of all positions, with the cache root of each group.
	#[codec(index = 0)]
	All {
		/// One vector after the other.
		residuals: Vec<i32>,
		/// None without caches.
		caches: Vec<Hash32>,
	},
	/// Of one position.
	#[codec(index = 1)]
	One {
		/// The vector.
		residual: Vec<i32>,
		/// That it is in the trace.
		opening: ResidualOpening,
	},
}

/// Accumulators in as few bytes as the largest of a product needs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking)]
pub(crate) struct Accumulators {
	/// Bytes of each: 1 to 8.
	width: u8,
	/// Little-endian two's complement.
	bytes: Vec<u8>,
}

impl Accumulators {
	/// Packs accumulators.
	pub(crate) fn new(values: &[i64]) -> Self {
		// A number in two's complement has a sign beside its bits.
		let bits = |value: &i64| 65 - (value ^ (value >> 63)).leading_zeros();
		let width = values.iter().map(bits).max().unwrap_or(1).div_ceil(8) as usize;
		let bytes = values
			.iter()
			.flat_map(|value| value.to_le_bytes().into_iter().take(width));
		Self {
			width: width as u8,
			bytes: bytes.collect(),
		}
	}

	/// The accumulators; `None` if there are not so many.
	pub(crate) fn values(&self, count: usize) -> Option<Vec<i64>> {
		let width = usize::from(self.width);
		if !(1..=8).contains(&width) || Some(self.bytes.len()) != count.checked_mul(width) {
			return None;
		}
		let unused = 64 - 8 * u32::from(self.width);
		let value = |bytes: &[u8]| {
			let mut whole = [0; 8];
			whole[..width].copy_from_slice(bytes);
			i64::from_le_bytes(whole) << unused >> unused
		};
		Some(self.bytes.chunks_exact(width).map(value).collect())
	}
}

impl Opening {
	/// The positions that are opened.
	pub fn positions(&self) -> &[u32] {
		&self.positions
	}

	/// The bytes that a worker sends.
	pub fn to_bytes(&self) -> Vec<u8> {
		let mut bytes = MARK.to_vec();
		self.encode_to(&mut bytes);
		bytes
	}

	/// The positions that bytes say they open, by which it is known how many they may be.
	pub fn positions_in(bytes: &[u8]) -> Result<Vec<u32>, OpeningError> {
		let mut content = bytes.strip_prefix(MARK).ok_or(OpeningError::Mark)?;
		Vec::decode(&mut content).map_err(|_| OpeningError::Malformed)
	}

	/// Reads what a worker sent of at most so many bytes, which are [`largest_opening`](crate::largest_opening) of what was asked, and
	/// takes no more than four times as many to hold it.
	pub fn from_bytes(bytes: &[u8], limit: u64) -> Result<Self, OpeningError> {
		if bytes.len() as u64 > limit {
			return Err(OpeningError::TooLong {
				bytes: bytes.len() as u64,
				limit,
			});
		}
		let mut content = bytes.strip_prefix(MARK).ok_or(OpeningError::Mark)?;
		let memory = usize::try_from(limit.saturating_mul(MEMORY)).unwrap_or(usize::MAX);
		let opening = Self::decode_with_mem_limit(&mut content, memory).map_err(|_| OpeningError::Malformed)?;
		match content.is_empty() {
			true => Ok(opening),
			false => Err(OpeningError::Malformed),
		}
	}

	/// Bytes of its parts: hashes and paths, cache rows, accumulators, leaves of the artifact.
	pub fn sizes(&self) -> [(&'static str, usize); 4] {
		let products = |products: &[Accumulators]| products.iter().map(|product| product.bytes.len()).sum::<usize>();
		let caches: usize = self.caches.iter().map(|caches| caches.leaves.len()).sum();
		let accumulators: usize = self.cells.iter().map(|cell| products(&cell.products)).sum();
		let accumulators = accumulators + self.head.as_ref().map_or(0, |head| products(&head.products));
		let leaves: usize = self.leaves.iter().map(|leaf| leaf.bytes.len()).sum();
		let rest = self.encoded_size() - caches - accumulators - leaves;
		[
			("cache rows", caches),
			("accumulators", accumulators),
			("artifact", leaves),
			("hashes and the rest", rest),
		]
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn accumulators_take_the_bytes_of_the_largest() {
		for (values, width) in [
			(vec![], 1),
			(vec![0, -1, 127, -128], 1),
			(vec![128], 2),
			(vec![-129], 2),
			(vec![0, (1 << 39) - 1], 5),
			(vec![1 << 39], 6),
			(vec![i64::MAX, i64::MIN], 8),
		] {
			let packed = Accumulators::new(&values);
			assert_eq!(packed.bytes.len(), width * values.len());
			assert_eq!(usize::from(packed.width), width);
			assert_eq!(packed.values(values.len()), Some(values.clone()));
			assert_eq!(packed.values(values.len() + 1), None);
		}
	}

	/// A position with so many paths that have nothing in them.
	fn hollow(paths: usize) -> Opening {
		Opening {
			positions: vec![3],
			groups: vec![],
			caches: vec![],
			cells: vec![OpenedPosition {
				residuals: vec![InclusionProof { path: vec![] }; paths],
				products: vec![],
			}],
			leaves: vec![],
			head: None,
		}
	}

	#[test]
	fn n06_opening_that_takes_many_times_its_bytes_of_memory_should_be_refused() {
		let bytes = hollow(100_000).to_bytes();
		let limit = bytes.len() as u64;
		assert_eq!(Opening::from_bytes(&bytes, limit), Err(OpeningError::Malformed));
		// There is nothing else wrong with it.
		assert_eq!(Opening::from_bytes(&bytes, 8 * limit), Ok(hollow(100_000)));
		assert_eq!(Opening::positions_in(&bytes), Ok(vec![3]));
	}

	#[test]
	fn bytes_behind_an_opening_are_none_of_it() {
		let bytes = [hollow(1).to_bytes(), vec![0]].concat();
		assert_eq!(Opening::from_bytes(&bytes, 1 << 20), Err(OpeningError::Malformed));
	}

	#[test]
	fn accumulators_of_no_width_or_too_much_are_none() {
		for width in [0, 9, 255] {
			let packed = Accumulators { width, bytes: vec![] };
			assert_eq!(packed.values(0), None);
		}
	}

	proptest! {
		#[test]
		fn packed_accumulators_come_back(values in prop::collection::vec(any::<i64>(), 0..40), shift in 0u32..64) {
			let values: Vec<i64> = values.into_iter().map(|value| value >> shift).collect();
			prop_assert_eq!(Accumulators::new(&values).values(values.len()), Some(values));
		}

		#[test]
		fn bytes_that_are_no_opening_are_an_error(bytes: Vec<u8>) {
			let marked = [MARK, &bytes].concat();
			prop_assert!(Opening::from_bytes(&bytes, 1 << 20).is_err());
			// Whatever it gives, it does not panic.
			let _ = Opening::from_bytes(&marked, 1 << 20);
		}
	}
}
