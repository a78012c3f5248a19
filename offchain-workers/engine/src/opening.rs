//! Positions of a run once more: the accumulators of their products, which whoever checks them without weights needs.

use crate::{
	cache::Cache,
	session::{Session, Source},
	statement, Model, RunError,
};
use assay_exact::{evaluate::Fed, program::Head, Input};
use assay_trace::{boundary::Boundaries, Statement};

/// What is kept of a run so that positions of it can be opened: its commitments and its caches. It takes 64 bytes for each cell,
/// and about a byte for each element that was cached.
pub struct Retained {
	pub(crate) boundaries: Boundaries,
	pub(crate) caches: Vec<Cache>,
}

impl Retained {
	/// What the run commits to.
	pub fn boundaries(&self) -> &Boundaries {
		&self.boundaries
	}

	/// Appends the leaves of the cache that a cell wrote, those of all heads one after the other.
	pub fn write_cache(&self, row: u16, position: u32, bytes: &mut Vec<u8>) {
		let cache = usize::from(row).checked_sub(1).and_then(|layer| self.caches.get(layer));
		let Some(cache) = cache.filter(|cache| (position as usize) < cache.positions()) else {
			return;
		};
		let mut leaves = Vec::new();
		cache.write_leaves(position as usize, &mut leaves);
		bytes.append(&mut leaves);
	}

	/// Bytes that it holds.
	pub fn bytes(&self) -> usize {
		let layout = self.boundaries.layout();
		let cells = usize::from(layout.rows) * layout.positions as usize;
		64 * cells + self.caches.iter().map(Cache::bytes).sum::<usize>()
	}
}

impl Model {
	/// The accumulators of all products at some positions of a run, for each position in the order of the program: entry, every
	/// layer, and the head where a token was chosen. All positions go through the layers together, and read the caches that
	/// the run left, so that it costs one pass over the weights and not the positions before them.
	pub fn accumulators(
		&self,
		of: &Statement<'_>,
		retained: &Retained,
		positions: &[u32],
	) -> Result<Vec<Vec<Vec<i64>>>, RunError> {
		statement::check(&self.program, of)?;
		let layout = of.layout();
		if *retained.boundaries.layout() != layout || positions.iter().any(|position| *position >= layout.positions) {
			return Err(RunError::OtherRun);
		}
		if positions.is_empty() {
			return Ok(Vec::new());
		}
		Ok(self.pool.install(|| self.accumulate(of, retained, positions)))
	}

	fn accumulate(&self, of: &Statement<'_>, retained: &Retained, positions: &[u32]) -> Vec<Vec<Vec<i64>>> {
		let program = &self.program;
		let mut noted: Vec<Vec<Vec<i64>>> = vec![Vec::new(); positions.len()];
		let mut session = Session::new(program);
		let input = match of.input {
			Input::Tokens(tokens) => Source::Tokens(tokens),
			Input::Vector(values) => Source::Vector(values),
		};
		session.begin_at(positions.iter().map(|&position| match of.fed(position) {
			Fed::Token(token) => (token, position as usize),
			Fed::Vector(_) | Fed::Nothing => (0, position as usize),
		}));
		let mut note = |sums: Vec<i64>| {
			let rows = sums.len() / positions.len();
			for (noted, sums) in noted.iter_mut().zip(sums.chunks_exact(rows)) {
				noted.push(sums.to_vec());
			}
		};
		session.accumulate(self, &program.entry, 0, input, None, &mut note);
		for layer in 0..usize::from(program.layers) {
			let cache = retained.caches.get(layer);
			session.accumulate(self, &program.layer, layer, input, cache, &mut note);
		}
		if let Head::Tokens { ops, .. } = &program.head {
			let chose: Vec<usize> = (0..positions.len())
				.filter(|at| of.chosen(positions[*at]).is_some())
				.collect();
			if !chose.is_empty() {
				session.keep(&chose);
				let mut note = |sums: Vec<i64>| {
					let rows = sums.len() / chose.len();
					for (at, sums) in chose.iter().zip(sums.chunks_exact(rows)) {
						noted[*at].push(sums.to_vec());
					}
				};
				session.accumulate(self, ops, 0, input, None, &mut note);
			}
		}
		noted
	}
}
