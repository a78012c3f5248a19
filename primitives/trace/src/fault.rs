//! Finding the first wrong place of a claim, by whoever ran the job too.
//!
//! Everything before the first wrong place is right, so the finder holds every operand of the step that refutes it.

use crate::{
	boundary::Boundaries,
	cache::leaf_bytes,
	cell::{Cell, CellRoots, Source},
	execution::CellValues,
	rules::Step,
	statement::{Group, Layout, Place, Statement},
	vector::vector_root,
	work::{work_root, ChunkWork, HeadWork, Largest},
	Hash32,
};
use alloc::{vec, vec::Vec};
use assay_exact::{
	blocks::BLOCK,
	evaluate::{Operations, Weights},
	program::{Mask, Op},
	sample::choose,
	Output,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// What a worker is asked to show of a cell.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Target {
	/// What an operation writes.
	#[codec(index = 0)]
	Vector(u8),
	/// The cache rows.
	#[codec(index = 1)]
	Cache,
	/// The work of attention or of mean pooling.
	#[codec(index = 2)]
	Work,
	/// The mean.
	#[codec(index = 3)]
	Pooled,
}

/// What a worker shows.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Exhibit {
	/// The values of a vector or of the mean.
	#[codec(index = 0)]
	Values(Vec<i32>),
	/// The leaves of a cache.
	#[codec(index = 1)]
	Cache(Vec<Vec<u8>>),
	/// The work of all query heads.
	#[codec(index = 2)]
	Heads(Vec<HeadWork>),
	/// The work of all chunks.
	#[codec(index = 3)]
	Chunks(Vec<ChunkWork>),
}

impl Exhibit {
	/// What is to be shown of a cell.
	pub fn of(values: &CellValues, target: Target) -> Option<Self> {
		Some(match target {
			Target::Vector(op) => Self::Values(values.vectors.get(usize::from(op))?.clone()),
			Target::Pooled => Self::Values(values.residual.clone()),
			Target::Cache => Self::Cache(values.cache.clone()),
			Target::Work if values.heads.is_empty() => {
				Self::Chunks(values.chunks.iter().map(|(work, _)| work.clone()).collect())
			}
			Target::Work => Self::Heads(values.heads.iter().map(|(work, _)| work.clone()).collect()),
		})
	}

	/// Whether this is what the roots of a cell commit to, in full and with the exact lengths that the program gives it: a
	/// worker that committed to anything longer or shorter has nothing to show.
	pub fn verify(&self, statement: &Statement<'_>, place: Place, roots: &CellRoots, target: Target) -> bool {
		let Some(cell) = Cell::new(statement, place) else {
			return false;
		};
		let values = |source, root: Option<&Hash32>| match self {
			Self::Values(values) => {
				values.len() as u64 == u64::from(cell.width(source)) && root == Some(&vector_root(values))
			}
			_ => false,
		};
		match (target, self) {
			(Target::Vector(op), _) => values(Source::Vector(op), roots.vectors.get(usize::from(op))),
			(Target::Pooled, _) => values(Source::Residual, roots.pooled.as_ref()),
			(Target::Cache, Self::Cache(leaves)) => {
				let shaped = cell.attention().is_some_and(|(_, shape)| {
					leaves.len() == usize::from(shape.kv_heads)
						&& leaves.iter().all(|leaf| leaf.len() == leaf_bytes(shape.head_dim))
				});
				shaped && roots.cache == Some(crate::cache::cache_root(leaves.iter().map(Vec::as_slice)))
			}
			(Target::Work, Self::Heads(heads)) => {
				let shaped = cell.attention().is_some_and(|(_, shape)| {
					let groups = cell.visible_groups() as usize;
					let blocks = shape.head_dim as usize / BLOCK;
					heads
						.iter()
						.all(|work| work.states.len() == groups && work.tops.len() == blocks)
				});
				shaped && heads.len() as u64 == u64::from(cell.work_leaves()) && roots.work == Some(work_root(heads))
			}
			(Target::Work, Self::Chunks(chunks)) => {
				cell.pools()
					&& chunks.len() as u64 == u64::from(cell.work_leaves())
					&& chunks
						.iter()
						.all(|work| work.states.len() == cell.visible_groups() as usize)
					&& roots.work == Some(work_root(chunks))
			}
			_ => false,
		}
	}
}

/// Whether a program and a place have such a target.
pub fn has_target(statement: &Statement<'_>, place: Place, target: Target) -> bool {
	Cell::new(statement, place).is_some_and(|cell| match target {
		Target::Vector(op) => usize::from(op) < cell.ops.len(),
		Target::Cache => cell.attention().is_some(),
		Target::Work => cell.attention().is_some() || cell.pools(),
		Target::Pooled => cell.pools(),
	})
}

/// Whether a program and a place have such a step.
pub fn has_step(statement: &Statement<'_>, place: Place, step: Step) -> bool {
	Cell::new(statement, place).is_some_and(|cell| cell.has(step))
}

/// What a worker lists of its trace: the hash of every group, row after row. Where attention sees all positions, a row
/// with caches lists its residual trees and then its cache trees, since a cell may depend on caches of later groups.
pub fn list_groups(boundaries: &Boundaries) -> Vec<Hash32> {
	let layout = *boundaries.layout();
	let mut list = Vec::new();
	for row in 0..layout.rows {
		let groups = (0..layout.groups_per_row()).filter_map(|index| boundaries.group(Group { row, index }));
		if lists_trees(&layout, row) {
			let (residuals, caches): (Vec<_>, Vec<_>) = groups
				.map(|roots| (roots.residuals, roots.caches.unwrap_or_default()))
				.unzip();
			list.extend(residuals);
			list.extend(caches);
		} else {
			list.extend(groups.map(|roots| roots.hash()));
		}
	}
	list
}

pub(crate) fn lists_trees(layout: &Layout, row: u16) -> bool {
	layout.mask == Mask::Full && layout.has_caches(row)
}

/// The leaves of the trace from what a worker listed; `None` if the list has another length.
pub fn listed_leaves(layout: &Layout, list: &[Hash32]) -> Option<Vec<Hash32>> {
	let per_row = layout.groups_per_row() as usize;
	let mut leaves = Vec::new();
	let mut rest = list;
	for row in 0..layout.rows {
		let (first, after) = rest.split_at_checked(per_row)?;
		rest = after;
		if lists_trees(layout, row) {
			let (caches, after) = rest.split_at_checked(per_row)?;
			rest = after;
			let pairs = first.iter().zip(caches);
			leaves.extend(pairs.map(|(residuals, caches)| crate::merkle::node_hash(residuals, caches)));
		} else {
			leaves.extend_from_slice(first);
		}
	}
	rest.is_empty().then_some(leaves)
}

/// The group in which a listed trace first departs from one's own.
pub fn first_group(own: &Boundaries, list: &[Hash32]) -> Option<Group> {
	let layout = own.layout();
	let per_row = layout.groups_per_row() as usize;
	let right = list_groups(own);
	let mut start = 0;
	for row in 0..layout.rows {
		let trees = lists_trees(layout, row);
		let length = if trees { 2 * per_row } else { per_row };
		let differs = |index: &usize| right.get(start + index) != list.get(start + index);
		// Caches first: what attention does depends on all of them.
		let mut order = (0..length).map(|index| if trees { (index + per_row) % length } else { index });
		if let Some(index) = order.find(differs) {
			return Some(Group {
				row,
				index: (index % per_row) as u32,
			});
		}
		start += length;
	}
	None
}

/// The first thing in a group whose root departs from one's own: the index of the cell and what to ask for. Attention
/// comes after the caches of all cells.
pub fn first_target(
	statement: &Statement<'_>,
	place: Place,
	own: &[CellRoots],
	claimed: &[CellRoots],
) -> Option<(u32, Target)> {
	let cell = Cell::new(statement, place)?;
	let vectors = |from: usize, to: usize| (from..to).map(|op| Target::Vector(op as u8));
	let order: Vec<Target> = match cell.attention() {
		Some((at, _)) => vectors(0, at)
			.chain([Target::Cache, Target::Work])
			.chain(vectors(at, cell.ops.len()))
			.collect(),
		None => [Target::Work, Target::Pooled]
			.into_iter()
			.chain(vectors(0, cell.ops.len()))
			.collect(),
	};
	let root = |roots: &CellRoots, target| match target {
		Target::Vector(op) => roots.vectors.get(usize::from(op)).copied(),
		Target::Cache => roots.cache,
		Target::Work => roots.work,
		Target::Pooled => roots.pooled,
	};
	order.into_iter().find_map(|target| {
		let index = own
			.iter()
			.zip(claimed)
			.position(|(own, claimed)| root(own, target) != root(claimed, target))?;
		Some((index as u32, target))
	})
}

/// The step that refutes what was shown of a cell, given one's own inside of it.
pub fn first_step(
	statement: &Statement<'_>,
	place: Place,
	own: &CellValues,
	target: Target,
	shown: &Exhibit,
) -> Option<Step> {
	let cell = Cell::new(statement, place)?;
	let differing = |own: &[i32], shown: &[i32]| {
		let index = own.iter().zip(shown).position(|(own, shown)| own != shown);
		index.map(|index| index as u32)
	};
	match (target, shown) {
		(Target::Vector(op), Exhibit::Values(shown)) => Some(Step::Element {
			op,
			index: differing(own.vectors.get(usize::from(op))?, shown)?,
		}),
		(Target::Pooled, Exhibit::Values(shown)) => Some(Step::Mean {
			index: differing(&own.residual, shown)?,
		}),
		(Target::Cache, Exhibit::Cache(shown)) => {
			let head = own.cache.iter().zip(shown).position(|(own, shown)| own != shown)?;
			Some(Step::Cache { head: head as u16 })
		}
		(Target::Work, Exhibit::Heads(shown)) => {
			let pairs = own.heads.iter().map(|(work, _)| work).zip(shown);
			let (head, group) = pairs
				.enumerate()
				.find_map(|(head, (own, shown))| Some((head, differing_group(&cell, own, shown)?)))?;
			Some(Step::Attend {
				head: head as u16,
				group,
			})
		}
		(Target::Work, Exhibit::Chunks(shown)) => {
			let pairs = own.chunks.iter().map(|(work, _)| work).zip(shown);
			let (chunk, group) = pairs.enumerate().find_map(|(chunk, (own, shown))| {
				if own.states.len() != shown.states.len() {
					return Some((chunk, 0));
				}
				let group = own
					.states
					.iter()
					.zip(&shown.states)
					.position(|(own, shown)| own != shown)?;
				Some((chunk, group))
			})?;
			Some(Step::Pool {
				chunk: chunk as u32,
				group: group as u32,
			})
		}
		_ => None,
	}
}

/// The group at which the work of a head is refuted.
fn differing_group(cell: &Cell<'_>, own: &HeadWork, shown: &HeadWork) -> Option<u32> {
	let size = cell.layout.group_size;
	let visible = cell.visible();
	let shaped = shown.tops.len() == own.tops.len()
		&& shown.states.len() == own.states.len()
		&& shown
			.tops
			.iter()
			.chain([&shown.peak])
			.all(|largest| largest.position < visible);
	if !shaped {
		return Some(0);
	}
	// Where one's own largest is, or where the other says that its is, the two disagree.
	let disagree = |own: &Largest, shown: &Largest| {
		(own != shown).then(|| {
			let exceeded = shown.value < own.value || shown.value == own.value && shown.position > own.position;
			let position = if exceeded { own.position } else { shown.position };
			position / size
		})
	};
	let tops = || {
		own.tops
			.iter()
			.zip(&shown.tops)
			.find_map(|(own, shown)| disagree(own, shown))
	};
	let states = || {
		let group = own
			.states
			.iter()
			.zip(&shown.states)
			.position(|(own, shown)| own != shown);
		group.map(|group| group as u32)
	};
	disagree(&own.peak, &shown.peak).or_else(tops).or_else(states)
}

/// The first fault of a vector output or of the chosen tokens, where trace and cells agree with one's own: the head and
/// the step that refutes it. `own` opens a head.
pub fn first_output_fault<W: Weights + ?Sized, E>(
	statement: &Statement<'_>,
	weights: &W,
	mut own: impl FnMut(Place) -> Result<CellValues, E>,
) -> Result<Option<(Place, Step)>, E> {
	let layout = statement.layout();
	for position in layout.first_head..layout.first_head + layout.heads {
		let place = Place::Head { position };
		let Some(cell) = Cell::new(statement, place) else {
			continue;
		};
		if let Some(step) = fault_of(&cell, weights, &own(place)?) {
			return Ok(Some((place, step)));
		}
	}
	Ok(None)
}

/// The same of one head, of whose inside `own` is one's own: nothing else is run. `None` for cells of rows.
pub fn output_fault<W: Weights + ?Sized>(
	statement: &Statement<'_>,
	weights: &W,
	place: Place,
	own: &CellValues,
) -> Option<Step> {
	fault_of(&Cell::new(statement, place)?, weights, own)
}

fn fault_of<W: Weights + ?Sized>(cell: &Cell<'_>, weights: &W, own: &CellValues) -> Option<Step> {
	let Place::Head { position } = cell.place else {
		return None;
	};
	if let (Some(register), Output::Vector(claimed)) = (cell.output(), cell.statement.output) {
		let right = own.vector(cell.source(cell.ops.len(), register));
		let index = right
			.iter()
			.zip(claimed)
			.position(|(right, claimed)| right != claimed)?;
		return Some(Step::Output { index: index as u32 });
	}
	let rival = best_token(cell, weights, own)?;
	(Some(rival) != cell.statement.chosen(position)).then_some(Step::Choice { rival })
}

/// The token that the sampler chooses from a head's logits.
fn best_token<W: Weights + ?Sized>(cell: &Cell<'_>, weights: &W, values: &CellValues) -> Option<u32> {
	let op = cell.logits()?;
	let &Op::Linear { src, .. } = op else {
		return None;
	};
	let mut registers = vec![Vec::new(); cell.program().registers.len()];
	*registers.get_mut(usize::from(src.0))? = values.vector(cell.source(cell.ops.len(), src)).to_vec();
	let site = cell.site();
	let logits = Operations::new(cell.program(), weights)
		.apply(op, &registers, site)
		.ok()?;
	Some(choose(&cell.statement.generation.sampler, &logits, site.position))
}
