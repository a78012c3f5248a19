//! An execution laid open: all that crosses between its cells, and, on demand, everything inside a cell.
//!
//! This is the plain reference, one cell after the other by `assay-exact`. A fast engine fills [`Record`] instead and
//! leaves the rest to this module.

use crate::{
	boundary::Boundaries,
	cache::{cache_root, CachePair},
	cell::{AttentionShape, Cell, CellRoots, Source},
	fault::{Exhibit, Target},
	statement::{Layout, Place, Statement},
	vector::{chunk_count, vector_root, CHUNK},
	work::{add_position, state_hash, work_root, ChunkWork, HeadWork, Largest},
	Hash32,
};
use alloc::{vec, vec::Vec};
use assay_exact::{
	attention::{exp2_below, score, weighted_mean},
	blocks::{Activation, BLOCK},
	evaluate::{EvaluateError, Operations, Weights},
	number::divr,
	program::Op,
	Program,
};

/// What crossed between the cells of an execution.
#[derive(Clone, Debug)]
pub struct Record {
	layout: Layout,
	/// `[row][position]`.
	residuals: Vec<Vec<i32>>,
	/// `[row - 1][position]`: the leaves of the key/value heads.
	caches: Vec<Vec<Vec<u8>>>,
}

impl Record {
	/// From the residual vectors of all cells, row after row, and the cache leaves of all cells of layers with attention.
	/// `None` if their number is not that of the layout.
	pub fn new(layout: Layout, residuals: Vec<Vec<i32>>, caches: Vec<Vec<Vec<u8>>>) -> Option<Self> {
		let record = Self {
			layout,
			residuals,
			caches,
		};
		let cells = u64::from(layout.rows) * u64::from(layout.positions);
		let cached = if layout.caches {
			cells - u64::from(layout.positions)
		} else {
			0
		};
		(record.residuals.len() as u64 == cells && record.caches.len() as u64 == cached).then_some(record)
	}

	/// Bytes that it holds, lists aside.
	pub fn bytes(&self) -> usize {
		let residuals: usize = self
			.residuals
			.iter()
			.map(|values| size_of::<i32>() * values.len())
			.sum();
		let leaves: usize = self.caches.iter().flatten().map(Vec::len).sum();
		residuals + leaves
	}

	/// The commitments to it.
	pub fn boundaries(&self) -> Boundaries {
		let residuals = self.residuals.iter().map(|values| vector_root(values)).collect();
		let caches = self
			.caches
			.iter()
			.map(|leaves| cache_root(leaves.iter().map(Vec::as_slice)));
		// A record has as many as the layout asks for.
		Boundaries::new(self.layout, residuals, caches.collect()).unwrap_or_else(|| unreachable!())
	}

	/// The shape.
	pub fn layout(&self) -> &Layout {
		&self.layout
	}

	/// The residual vector that a cell hands on.
	pub fn residual(&self, row: u16, position: u32) -> &[i32] {
		let index = usize::from(row) * self.layout.positions as usize + position as usize;
		self.residuals.get(index).map_or(&[], Vec::as_slice)
	}

	/// The same, to change it.
	pub fn residual_mut(&mut self, row: u16, position: u32) -> Option<&mut Vec<i32>> {
		let index = usize::from(row) * self.layout.positions as usize + position as usize;
		self.residuals.get_mut(index)
	}

	/// The leaves of the cache that a cell writes.
	pub fn cache(&self, row: u16, position: u32) -> &[Vec<u8>] {
		let Some(layer) = usize::from(row).checked_sub(1) else {
			return &[];
		};
		let index = layer * self.layout.positions as usize + position as usize;
		self.caches.get(index).map_or(&[], Vec::as_slice)
	}

	/// The same, to change it.
	pub fn cache_mut(&mut self, row: u16, position: u32) -> Option<&mut Vec<Vec<u8>>> {
		let layer = usize::from(row).checked_sub(1)?;
		let index = layer * self.layout.positions as usize + position as usize;
		self.caches.get_mut(index)
	}

	fn pair(&self, row: u16, position: u32, head: u16, head_dim: u32) -> CachePair {
		let leaf = self.cache(row, position).get(usize::from(head));
		let pair = leaf.and_then(|leaf| CachePair::from_bytes(leaf, head_dim));
		// What an execution wrote can be read; what was changed since reads as zeros.
		pair.unwrap_or_else(|| {
			let zeros = vec![0; head_dim as usize];
			CachePair::new(&zeros, &zeros)
		})
	}
}

/// Everything inside a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellValues {
	/// What each operation writes.
	pub vectors: Vec<Vec<i32>>,
	/// The leaves of its cache.
	pub cache: Vec<Vec<u8>>,
	/// The work of its attention.
	pub heads: Vec<(HeadWork, Vec<Vec<i64>>)>,
	/// The work of its mean pooling.
	pub chunks: Vec<(ChunkWork, Vec<Vec<i64>>)>,
	/// Register 0 as the cell receives it.
	pub residual: Vec<i32>,
	pools: bool,
	attends: bool,
}

impl CellValues {
	/// Their roots.
	pub fn roots(&self) -> CellRoots {
		let works: Vec<&HeadWork> = self.heads.iter().map(|(work, _)| work).collect();
		let chunks: Vec<&ChunkWork> = self.chunks.iter().map(|(work, _)| work).collect();
		CellRoots {
			vectors: self.vectors.iter().map(|values| vector_root(values)).collect(),
			cache: self.attends.then(|| cache_root(self.cache.iter().map(Vec::as_slice))),
			work: match (self.attends, self.pools) {
				(true, _) => Some(work_root(&works)),
				(_, true) => Some(work_root(&chunks)),
				_ => None,
			},
			pooled: self.pools.then(|| vector_root(&self.residual)),
		}
	}

	/// These values with what another shows in their place.
	pub fn with(&self, target: Target, shown: &Exhibit) -> Self {
		let mut values = self.clone();
		match (target, shown) {
			(Target::Vector(op), Exhibit::Values(shown)) => {
				if let Some(vector) = values.vectors.get_mut(usize::from(op)) {
					vector.clone_from(shown);
				}
			}
			(Target::Pooled, Exhibit::Values(shown)) => values.residual.clone_from(shown),
			(Target::Cache, Exhibit::Cache(shown)) => values.cache.clone_from(shown),
			(Target::Work, Exhibit::Heads(shown)) => {
				for ((work, _), shown) in values.heads.iter_mut().zip(shown) {
					work.clone_from(shown);
				}
			}
			(Target::Work, Exhibit::Chunks(shown)) => {
				for ((work, _), shown) in values.chunks.iter_mut().zip(shown) {
					work.clone_from(shown);
				}
			}
			_ => {}
		}
		values
	}

	pub(crate) fn vector(&self, source: Source) -> &[i32] {
		match source {
			Source::Residual => &self.residual,
			Source::Vector(index) => self.vectors.get(usize::from(index)).map_or(&[], Vec::as_slice),
		}
	}

	/// The sums whose hash is `hash`.
	pub(crate) fn state(&self, hash: &Hash32) -> Option<&[i64]> {
		let heads = self.heads.iter().map(|(work, states)| (&work.states, states));
		let chunks = self.chunks.iter().map(|(work, states)| (&work.states, states));
		heads
			.chain(chunks)
			.find_map(|(hashes, states)| states.get(hashes.iter().position(|other| other == hash)?))
			.map(Vec::as_slice)
	}
}

/// Runs a statement's job, feeding the tokens it states, and records what crosses between the cells. `None` if the
/// program, input and output do not belong together.
pub fn replay<W: Weights + ?Sized>(statement: &Statement<'_>, weights: &W) -> Result<Record, EvaluateError> {
	let layout = statement.layout();
	let cells = usize::from(layout.rows) * layout.positions as usize;
	let mut record = Record {
		layout,
		residuals: Vec::with_capacity(cells),
		caches: Vec::with_capacity(if layout.caches { cells } else { 0 }),
	};
	for row in 0..layout.rows {
		// All caches of the row before the first attention: with a full mask it sees them all.
		let mut before = Vec::new();
		for position in 0..layout.positions {
			let Some(cell) = Cell::new(statement, Place::Cell { row, position }) else {
				continue;
			};
			let until = cell.attention().map_or(cell.ops.len(), |(at, _)| at);
			let mut run = Run::new(&cell, weights, residual(&cell, &record));
			run.advance(until)?;
			if let Some((_, shape)) = cell.attention() {
				record.caches.push(run.cache(&shape));
			}
			before.push(run.vectors);
		}
		for (position, vectors) in (0..layout.positions).zip(before) {
			let Some(cell) = Cell::new(statement, Place::Cell { row, position }) else {
				continue;
			};
			let mut run = Run::resume(&cell, weights, residual(&cell, &record), vectors);
			run.attend(&record);
			run.advance(cell.ops.len())?;
			let handed_on = run.registers.swap_remove(0);
			record.residuals.push(handed_on);
		}
	}
	Ok(record)
}

/// Runs one cell on what a record says it receives.
pub fn open_cell<W: Weights + ?Sized>(
	statement: &Statement<'_>,
	weights: &W,
	record: &Record,
	place: Place,
) -> Result<Option<CellValues>, EvaluateError> {
	let Some(cell) = Cell::new(statement, place) else {
		return Ok(None);
	};
	let pools = cell.pools();
	let (residual, chunks) = if pools {
		pool(record, cell.width(Source::Residual))
	} else {
		(residual(&cell, record), Vec::new())
	};
	let mut run = Run::new(&cell, weights, residual.clone());
	let mut cache = Vec::new();
	if let Some((at, shape)) = cell.attention() {
		run.advance(at)?;
		cache = run.cache(&shape);
		run.attend(record);
	}
	run.advance(cell.ops.len())?;
	Ok(Some(CellValues {
		vectors: run.vectors,
		cache,
		heads: run.heads,
		chunks,
		residual,
		pools,
		attends: cell.attention().is_some(),
	}))
}

/// Register 0 as a cell of a record receives it.
fn residual(cell: &Cell<'_>, record: &Record) -> Vec<i32> {
	match cell.predecessor() {
		Some((row, position)) => record.residual(row, position).to_vec(),
		None => vec![0; cell.width(Source::Residual) as usize],
	}
}

/// A cell under way.
struct Run<'a, W: ?Sized> {
	cell: &'a Cell<'a>,
	operations: Operations<'a, W>,
	registers: Vec<Vec<i32>>,
	vectors: Vec<Vec<i32>>,
	heads: Vec<(HeadWork, Vec<Vec<i64>>)>,
}

impl<'a, W: Weights + ?Sized> Run<'a, W> {
	fn new(cell: &'a Cell<'a>, weights: &'a W, residual: Vec<i32>) -> Self {
		Self::resume(cell, weights, residual, Vec::new())
	}

	/// After the operations that wrote these vectors.
	fn resume(cell: &'a Cell<'a>, weights: &'a W, residual: Vec<i32>, vectors: Vec<Vec<i32>>) -> Self {
		let program: &Program = cell.program();
		let mut registers: Vec<Vec<i32>> = program.registers.iter().map(|&width| vec![0; width as usize]).collect();
		if let Some(first) = registers.first_mut() {
			*first = residual;
		}
		for (op, vector) in cell.ops.iter().zip(&vectors) {
			registers[usize::from(op.dst().0)].clone_from(vector);
		}
		Self {
			cell,
			operations: Operations::new(program, weights),
			registers,
			vectors,
			heads: Vec::new(),
		}
	}

	/// Runs the operations before `until`.
	fn advance(&mut self, until: usize) -> Result<(), EvaluateError> {
		let next = self.vectors.len();
		for op in self.cell.ops.get(next..until).unwrap_or_default() {
			let values = self.operations.apply(op, &self.registers, self.cell.site())?;
			self.write(op, values);
		}
		Ok(())
	}

	fn write(&mut self, op: &Op, values: Vec<i32>) {
		self.registers[usize::from(op.dst().0)].clone_from(&values);
		self.vectors.push(values);
	}

	/// The leaves of the cell's cache; the operations before attention have run.
	fn cache(&self, shape: &AttentionShape) -> Vec<Vec<u8>> {
		let heads = |register: assay_exact::program::Register| {
			self.registers[usize::from(register.0)].chunks(shape.head_dim as usize)
		};
		heads(shape.key)
			.zip(heads(shape.value))
			.map(|(key, value)| CachePair::new(key, value).to_bytes())
			.collect()
	}

	/// Runs the attention, if it is the next operation.
	fn attend(&mut self, record: &Record) {
		let Some((at, shape)) = self.cell.attention().filter(|(at, _)| *at == self.vectors.len()) else {
			return;
		};
		let Place::Cell { row, .. } = self.cell.place else {
			return;
		};
		let query = self.registers[usize::from(shape.query.0)].clone();
		let mut mixed = Vec::with_capacity(query.len());
		for (head, query) in query.chunks(shape.head_dim as usize).enumerate() {
			let kv_head = shape.kv_head(head as u16);
			let pairs: Vec<CachePair> = (0..self.cell.visible())
				.map(|position| record.pair(row, position, kv_head, shape.head_dim))
				.collect();
			let (work, states) = attend_head(query, &pairs, shape.scale, self.cell.layout.group_size as usize);
			mixed.extend(mix(&work, states.last().map_or(&[], Vec::as_slice)));
			self.heads.push((work, states));
		}
		let op = self.cell.ops[at];
		self.write(&op, mixed);
	}
}

/// The first position with the largest value.
fn largest(values: impl Iterator<Item = i32>) -> Largest {
	let mut found = Largest { value: 0, position: 0 };
	for (position, value) in (0u32..).zip(values) {
		if position == 0 || value > found.value {
			found = Largest { value, position };
		}
	}
	found
}

/// One query head over the visible positions, group by group.
fn attend_head(query: &[i32], pairs: &[CachePair], scale: u32, group: usize) -> (HeadWork, Vec<Vec<i64>>) {
	let query = Activation::new(query);
	let scores: Vec<i32> = pairs.iter().map(|pair| score(&query, &pair.key, scale)).collect();
	let peak = largest(scores.iter().copied());
	let blocks = pairs.first().map_or(0, |pair| pair.value.shifts.len());
	let top = |block: usize| largest(pairs.iter().map(|pair| pair.value.shifts[block].into()));
	let tops: Vec<Largest> = (0..blocks).map(top).collect();
	let mut sums = vec![0i64; 1 + blocks * BLOCK];
	let mut states = Vec::new();
	for (scores, pairs) in scores.chunks(group).zip(pairs.chunks(group)) {
		for (&score, pair) in scores.iter().zip(pairs) {
			let e = exp2_below((i64::from(peak.value) - i64::from(score)) as u32);
			add_position(&mut sums, e, &pair.value, &tops);
		}
		states.push(sums.clone());
	}
	let work = HeadWork {
		peak,
		tops,
		states: states.iter().map(|sums| state_hash(sums)).collect(),
	};
	(work, states)
}

/// A head's output from its last state.
fn mix(work: &HeadWork, sums: &[i64]) -> Vec<i32> {
	let Some((&total, sums)) = sums.split_first() else {
		return Vec::new();
	};
	let tops = work.tops.iter().flat_map(|top| [top.value; BLOCK]);
	sums.iter()
		.zip(tops)
		.map(|(&sum, top)| weighted_mean(sum, total, top))
		.collect()
}

/// The mean of the last row over positions, and the work behind it.
fn pool(record: &Record, width: u32) -> (Vec<i32>, Vec<(ChunkWork, Vec<Vec<i64>>)>) {
	let layout = record.layout;
	let mut mean = Vec::with_capacity(width as usize);
	let mut chunks = Vec::new();
	for chunk in 0..chunk_count(width) as usize {
		let span = chunk * CHUNK..((chunk + 1) * CHUNK).min(width as usize);
		let mut sums = vec![0i64; span.len()];
		let mut states = Vec::new();
		for group in 0..layout.groups_per_row() {
			let (start, length) = layout.span(group);
			for position in start..start + length {
				let residual = record.residual(layout.rows - 1, position);
				let values = residual.get(span.clone()).unwrap_or_default();
				sums.iter_mut()
					.zip(values)
					.for_each(|(sum, &value)| *sum += i64::from(value));
			}
			states.push(sums.clone());
		}
		// A mean of i32 fits i32.
		mean.extend(sums.iter().map(|&sum| divr(sum, layout.positions.into()) as i32));
		let work = ChunkWork {
			states: states.iter().map(|sums| state_hash(sums)).collect(),
		};
		chunks.push((work, states));
	}
	(mean, chunks)
}
