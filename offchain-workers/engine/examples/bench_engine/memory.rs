//! What memory gives: a plain loop that reads more than the caches hold.

use crate::{
	common::machine::{last_cache, memory_bytes},
	common::Result,
};
use serde::{Deserialize, Serialize};
use std::{fmt, hint::black_box, num::NonZeroUsize, thread, time::Instant};

/// Fewest bytes to read.
const LEAST: u64 = 1 << 30;
/// Passes over them, the best of which counts.
const PASSES: usize = 9;
/// Words that are added up side by side.
const LANES: usize = 16;

/// How fast threads read together.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Reading {
	pub(crate) threads: NonZeroUsize,
	pub(crate) buffer: u64,
	pub(crate) bytes_per_second: f64,
	/// Whether others kept the machine busy meanwhile.
	pub(crate) busy: bool,
}

impl fmt::Display for Reading {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"{} threads read {:.1} GB/s in a plain loop over {} MiB, best of {PASSES}{}",
			self.threads,
			self.bytes_per_second / 1e9,
			self.buffer >> 20,
			if self.busy { "  busy" } else { "" }
		)
	}
}

/// Reads with so many threads.
pub(crate) fn read(threads: NonZeroUsize) -> Result<Reading> {
	let buffer = LEAST.max(4 * last_cache()).min(memory_bytes("MemAvailable") / 2);
	let words: Vec<u64> = (0..buffer / 8).collect();
	let part = words.len().div_ceil(threads.get()).max(1);
	let mut shortest = f64::INFINITY;
	for _ in 0..PASSES {
		let start = Instant::now();
		thread::scope(|scope| {
			for words in words.chunks(part) {
				scope.spawn(move || black_box(sum(words)));
			}
		});
		shortest = shortest.min(start.elapsed().as_secs_f64());
	}
	Ok(Reading {
		threads,
		buffer,
		bytes_per_second: buffer as f64 / shortest,
		busy: false,
	})
}

fn sum(words: &[u64]) -> u64 {
	let mut sums = [0u64; LANES];
	for words in words.chunks_exact(LANES) {
		for (sum, word) in sums.iter_mut().zip(words) {
			*sum = sum.wrapping_add(*word);
		}
	}
	sums.into_iter().fold(0, u64::wrapping_add)
}
