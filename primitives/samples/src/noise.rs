//! Random numbers that are the same every time.

use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};

/// A reproducible source of numbers.
#[derive(Clone, Debug)]
pub struct Noise(ChaCha8Rng);

impl Noise {
	/// From a seed.
	pub fn new(seed: u64) -> Self {
		Self(ChaCha8Rng::seed_from_u64(seed))
	}

	/// The next number.
	#[allow(clippy::should_implement_trait, reason = "it never ends")]
	pub fn next(&mut self) -> u64 {
		self.0.next_u64()
	}

	/// Uniform in [-bound, bound].
	pub fn within(&mut self, bound: i32) -> i32 {
		(self.below(2 * bound as u64 + 1)) as i32 - bound
	}

	/// A float within `width` of `centre`.
	pub fn around(&mut self, centre: f32, width: f32) -> f32 {
		centre + width * ((self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0)
	}

	/// A number below `n`.
	pub fn below(&mut self, n: u64) -> u64 {
		self.next() % n
	}

	/// One of some things.
	pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
		choices[self.below(choices.len() as u64) as usize]
	}

	/// A value of up to this many bits.
	pub fn value(&mut self, bits: u32) -> i32 {
		if bits == 0 {
			return 0;
		}
		(self.next() as i32) >> (32 - bits)
	}

	/// Values whose blocks differ in size, with the ends of the range among them.
	pub fn values(&mut self, length: usize) -> Vec<i32> {
		let most = self.below(33) as u32;
		let mut values = Vec::with_capacity(length);
		while values.len() < length {
			let bits = most.saturating_sub(self.one_of(&[0, 0, 1, 3, 8, 20, 32]));
			for _ in 0..32.min(length - values.len()) {
				let extreme = most == 32 && self.below(16) == 0;
				values.push(if extreme {
					self.one_of(&[i32::MIN, i32::MAX, -32767, 32767, 0])
				} else {
					self.value(bits)
				});
			}
		}
		values
	}
}
