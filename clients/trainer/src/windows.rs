//! Documents in random order, packed into windows of one length.

use candle_core::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha12Rng;

/// An endless stream of training windows.
///
/// Every window opens a document at its first token, as every prompt will; the document that the
/// window's end cuts short opens the next window whole.
#[derive(Debug)]
pub struct Windows<'a> {
	documents: &'a [Vec<u32>],
	order: Vec<usize>,
	next: usize,
	length: usize,
	rng: ChaCha12Rng,
}

/// Inputs of a step and the token that follows each of them.
#[derive(Debug, Clone)]
pub struct Batch {
	/// Token ids, shape (windows, length).
	pub inputs: Tensor,
	/// The next token of every input, row by row.
	pub targets: Vec<u32>,
}

impl<'a> Windows<'a> {
	/// Windows of `length` inputs over `documents`, each of which opens and closes with the end
	/// token.
	pub fn new(documents: &'a [Vec<u32>], length: usize, rng: ChaCha12Rng) -> Self {
		Self {
			documents,
			order: Vec::new(),
			next: 0,
			length,
			rng,
		}
	}

	/// The next `windows` windows.
	pub fn batch(&mut self, windows: usize) -> candle_core::Result<Batch> {
		let mut inputs = Vec::with_capacity(windows * self.length);
		let mut targets = Vec::with_capacity(windows * self.length);
		for _ in 0..windows {
			let window = self.window();
			inputs.extend_from_slice(&window[..self.length]);
			targets.extend_from_slice(&window[1..]);
		}
		let inputs = Tensor::from_vec(inputs, (windows, self.length), &Device::Cpu)?;
		Ok(Batch { inputs, targets })
	}

	/// `length + 1` tokens. The end token that closes a document opens its successor.
	fn window(&mut self) -> Vec<u32> {
		let mut window: Vec<u32> = Vec::with_capacity(self.length + 1);
		loop {
			let document = self.upcoming();
			let opened = usize::from(!window.is_empty());
			let room = self.length + 1 - window.len();
			let tokens = &document[opened..];
			if tokens.len() > room {
				window.extend_from_slice(&tokens[..room]);
				// A document longer than a window would otherwise open every window from here on.
				if document.len() > self.length + 1 {
					self.next += 1;
				}
				return window;
			}
			window.extend_from_slice(tokens);
			self.next += 1;
			if window.len() == self.length + 1 {
				return window;
			}
		}
	}

	fn upcoming(&mut self) -> &'a [u32] {
		if self.next == self.order.len() {
			self.order = (0..self.documents.len()).collect();
			self.order.shuffle(&mut self.rng);
			self.next = 0;
		}
		&self.documents[self.order[self.next]]
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand::SeedableRng;

	fn documents() -> Vec<Vec<u32>> {
		(1..=9u32)
			.map(|i| [vec![0], vec![i; i as usize], vec![0]].concat())
			.collect()
	}

	#[test]
	fn every_window_opens_a_document_and_targets_follow_inputs() {
		let documents = documents();
		let mut windows = Windows::new(&documents, 6, ChaCha12Rng::seed_from_u64(1));
		let batch = windows.batch(40).unwrap();
		let inputs = batch.inputs.to_vec2::<u32>().unwrap();
		for (row, targets) in inputs.iter().zip(batch.targets.chunks(6)) {
			assert_eq!(row[0], 0);
			assert_ne!(row[1], 0);
			assert_eq!(row[1..], targets[..5]);
			assert!(
				row.windows(2).all(|pair| pair != [0, 0]),
				"an empty document in {row:?}"
			);
		}
		let seen: std::collections::BTreeSet<u32> = batch.targets.into_iter().collect();
		assert_eq!(seen.len(), 10, "documents are missing from {seen:?}");
	}

	#[test]
	fn one_seed_gives_one_order() {
		let documents = documents();
		let draw = |seed| {
			Windows::new(&documents, 6, ChaCha12Rng::seed_from_u64(seed))
				.batch(9)
				.unwrap()
				.targets
		};
		assert_eq!(draw(1), draw(1));
		assert_ne!(draw(1), draw(2));
	}
}
