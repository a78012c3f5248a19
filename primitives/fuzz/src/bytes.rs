//! How a fuzzer's bytes are read, so that every input means something.

use codec::Decode;

/// Bytes of the fuzzer. Numbers beyond the end are zero.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
	pub(crate) fn new(bytes: &'a [u8]) -> Self {
		Self(bytes)
	}

	pub(crate) fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	pub(crate) fn rest(&mut self) -> &'a [u8] {
		std::mem::take(&mut self.0)
	}

	fn array<const N: usize>(&mut self) -> [u8; N] {
		let (taken, rest) = self.0.split_at(N.min(self.0.len()));
		self.0 = rest;
		std::array::from_fn(|i| taken.get(i).copied().unwrap_or(0))
	}

	pub(crate) fn u8(&mut self) -> u8 {
		self.array::<1>()[0]
	}

	pub(crate) fn u16(&mut self) -> u16 {
		u16::from_le_bytes(self.array())
	}

	/// A value: often one at which something changes.
	pub(crate) fn i32(&mut self) -> i32 {
		const EDGES: [i32; 14] = [
			0,
			1,
			-1,
			i32::MAX,
			i32::MIN,
			i32::MIN + 1,
			32,
			127,
			-128,
			32_767,
			-32_768,
			65_536,
			1 << 24,
			-(1 << 30),
		];
		match EDGES.get(usize::from(self.u8())) {
			Some(value) => *value,
			None => i32::from_le_bytes(self.array()),
		}
	}

	/// An index below `length`, which is positive.
	pub(crate) fn index(&mut self, length: usize) -> usize {
		usize::from(self.u16()) % length.max(1)
	}

	/// One of some things. Panics if there is none.
	pub(crate) fn pick<'b, T>(&mut self, all: &'b [T]) -> &'b T {
		&all[self.index(all.len())]
	}

	/// What the next bytes encode.
	pub(crate) fn decode<T: Decode>(&mut self) -> Option<T> {
		T::decode(&mut self.0).ok()
	}
}
