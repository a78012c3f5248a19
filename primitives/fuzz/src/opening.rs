//! Openings from strangers: whatever is accepted shows what was committed to, so no step has two verdicts.
//!
//! Cells are honest ones, or ones of a worker that changed one thing and committed to it.

use crate::{
	bytes::Bytes,
	common::steps,
	edit::{edit, edit_all, MAX_EDITS},
	job::{Job, JOBS},
};
use assay_trace::{
	cell::{check_cell, CellRoots},
	check_step,
	execution::CellValues,
	merkle::InclusionProof,
	opening::Item,
	vector::CHUNK,
	Opening, Place, Step, Verdict,
};
use codec::{DecodeAll, Encode};
use std::{mem::discriminant, sync::LazyLock};

/// A step with all that is committed to and the one opening that shows it.
pub(crate) struct Case {
	pub(crate) job: &'static Job,
	pub(crate) place: Place,
	pub(crate) step: Step,
	roots: CellRoots,
	pub(crate) opening: Opening,
	pub(crate) verdict: Verdict,
}

/// For each job one of every kind of step, honest and changed.
pub(crate) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| JOBS.iter().flat_map(cases).collect());

fn cases(job: &'static Job) -> Vec<Case> {
	let mut all = Vec::new();
	for cell in job.cells.iter().filter(|cell| is_picked(job, cell.place)) {
		let mut last = None;
		for step in steps(job.honest, cell.place) {
			// The first step of each kind, operation, chunk and group.
			let kind = match step {
				Step::Element { op, index } => (u32::from(op), index / CHUNK as u32),
				Step::Attend { head, group } => (head.into(), group),
				Step::Pool { chunk, group } => (chunk, group),
				Step::Mean { index } => (0, index / CHUNK as u32),
				Step::Cache { .. } | Step::Choice { .. } | Step::Output { .. } => (0, 0),
			};
			let kind = Some((discriminant(&step), kind));
			if kind == last {
				continue;
			}
			// Groups beyond a causal mask, and the chosen token as its own rival, are no steps.
			let Some(honest) = Case::new(job, cell.place, step, &cell.values) else {
				continue;
			};
			last = kind;
			all.push(honest);
			all.extend(changed(&cell.values, step).and_then(|values| Case::new(job, cell.place, step, &values)));
		}
	}
	all
}

/// The second position and the last, in every row, and the first heads.
fn is_picked(job: &Job, place: Place) -> bool {
	let layout = job.statement().layout();
	match place {
		Place::Cell { position, .. } => position == layout.positions.min(2) - 1 || position + 1 == layout.positions,
		Place::Head { position } => [0, 1].contains(&(position - layout.first_head)),
	}
}

/// A cell in which what a step is about was changed.
fn changed(values: &CellValues, step: Step) -> Option<CellValues> {
	let mut values = values.clone();
	match step {
		Step::Element { op, index } => values.vectors[usize::from(op)][index as usize] ^= 1,
		Step::Cache { head } => values.cache[usize::from(head)][3] ^= 1,
		Step::Attend { head, group } => values.heads[usize::from(head)].0.states[group as usize].0[0] ^= 1,
		Step::Pool { chunk, group } => values.chunks[chunk as usize].0.states[group as usize].0[0] ^= 1,
		Step::Mean { index } => values.residual[index as usize] ^= 1,
		Step::Choice { .. } | Step::Output { .. } => {
			values.vectors.last_mut()?.iter_mut().for_each(|value| *value = !*value)
		}
	}
	Some(values)
}

impl Case {
	fn new(job: &'static Job, place: Place, step: Step, values: &CellValues) -> Option<Self> {
		let (opening, verdict) = job.prover.open(place, step, values).ok()?;
		Some(Self {
			job,
			place,
			step,
			roots: values.roots(),
			opening,
			verdict,
		})
	}

	/// Judges its step by another opening.
	fn judge(&self, opening: Opening) {
		if let Ok(verdict) = check_step(
			&self.job.statement(),
			self.place,
			&self.roots,
			self.step,
			opening.clone(),
		) {
			assert_eq!(verdict, self.verdict, "{:?} {:?}", self.place, self.step);
			assert_eq!(opening, self.opening, "{:?} {:?}", self.place, self.step);
		}
	}
}

/// Ways to read an input.
pub(crate) mod mode {
	/// An edited opening: what every other mode is too.
	pub(crate) const EDITED: u8 = 0;
	/// An edited opening of one step for another of an honest cell.
	pub(crate) const ELSEWHERE: u8 = 1;
	/// An opening from the bytes alone.
	pub(crate) const RAW: u8 = 2;
	/// An opening under edited roots.
	pub(crate) const ROOTS: u8 = 3;
}

/// Reads an opening, or how to make one, and judges it.
///
/// # Panics
/// If an opening is accepted that is not what the worker's own would be, or leads to another verdict.
pub fn run(bytes: &[u8]) {
	let mut bytes = Bytes::new(bytes);
	let mode = bytes.u8() % 8;
	let case = bytes.pick(&CASES);
	match mode {
		mode::ROOTS => {
			let mut roots = case.roots.encode();
			edit_all(&mut roots, &case.opening.encode(), &mut bytes);
			if let Ok(roots) = CellRoots::decode_all(&mut &roots[..]) {
				let _ = check_step(
					&case.job.statement(),
					case.place,
					&roots,
					case.step,
					case.opening.clone(),
				);
				let _ = check_cell(&case.job.statement(), case.place, &roots, None);
			}
		}
		mode::ELSEWHERE | mode::RAW => {
			let cell = bytes.pick(&case.job.cells);
			let Some(step) = bytes.decode() else {
				return;
			};
			let opening = if mode == mode::RAW {
				Opening::decode_all(&mut bytes.rest()).ok()
			} else {
				edited(case, &mut bytes)
			};
			let Some(opening) = opening else {
				return;
			};
			if check_step(&case.job.statement(), cell.place, &cell.roots, step, opening.clone()).is_ok() {
				let own = Case::new(case.job, cell.place, step, &cell.values);
				own.expect("what somebody can show, its worker can").judge(opening);
			}
		}
		_ => {
			let Some(opening) = edited(case, &mut bytes) else {
				return;
			};
			case.judge(opening);
		}
	}
}

/// Edits of items and of their encoding. `None` if nothing can be decoded any more.
fn edited(case: &Case, bytes: &mut Bytes<'_>) -> Option<Opening> {
	let mut opening = case.opening.clone();
	for _ in 0..MAX_EDITS {
		if bytes.is_empty() {
			break;
		}
		let kind = bytes.u8();
		let items = &mut opening.items;
		let at = bytes.index(items.len());
		match kind % 8 {
			0 if !items.is_empty() => {
				items.remove(at);
			}
			1 => {
				let other = &bytes.pick(&CASES).opening.items;
				if !other.is_empty() {
					items.insert(at, bytes.pick(other).clone());
				}
			}
			2 if !items.is_empty() => {
				let other = bytes.index(items.len());
				items.swap(at, other);
			}
			5 => replace(items, at, case, bytes),
			3 => {
				if let Some(path) = items.get_mut(at).and_then(path) {
					edit_path(path, bytes);
				}
			}
			4 => {
				if let Some(item) = items.get_mut(at) {
					edit_values(item, bytes);
				}
			}
			_ => {
				let other = bytes.pick(&CASES).opening.encode();
				let mut encoded = opening.encode();
				edit(&mut encoded, &other, bytes);
				opening = Opening::decode_all(&mut &encoded[..]).ok()?;
			}
		}
	}
	Some(opening)
}

/// Puts in what a step of the same kind shows elsewhere.
fn replace(items: &mut [Item], at: usize, case: &Case, bytes: &mut Bytes<'_>) {
	let alike =
		|other: &&Case| std::ptr::eq(other.job, case.job) && discriminant(&other.step) == discriminant(&case.step);
	let others: Vec<&Case> = CASES.iter().filter(alike).collect();
	if let (Some(item), Some(other)) = (items.get_mut(at), bytes.pick(&others).opening.items.get(at)) {
		item.clone_from(other);
	}
}

/// The way from what an item shows to its root.
fn path(item: &mut Item) -> Option<&mut InclusionProof> {
	match item {
		Item::Vector(_) | Item::State(_) => None,
		Item::Chunk(opening) => Some(&mut opening.path),
		Item::Residual(opening) => Some(&mut opening.path),
		Item::Artifact { path, .. }
		| Item::Tensor { path, .. }
		| Item::Leaf { path, .. }
		| Item::Caches { path, .. }
		| Item::Residuals { path, .. }
		| Item::HeadWork { path, .. }
		| Item::ChunkWork { path, .. } => Some(path),
	}
}

/// A path that is longer, shorter or turned.
fn edit_path(path: &mut InclusionProof, bytes: &mut Bytes<'_>) {
	let path = &mut path.path;
	match bytes.u8() % 4 {
		0 => {
			path.pop();
		}
		1 => path.push(path.last().copied().unwrap_or_default()),
		2 => path.reverse(),
		_ => path.truncate(usize::from(bytes.u8()) % 8),
	}
}

/// Values that are others, more or fewer.
fn edit_values(item: &mut Item, bytes: &mut Bytes<'_>) {
	let (longer, at, value) = (bytes.u8() % 8, bytes.u16(), bytes.i32());
	match item {
		Item::Vector(values) => edit_list(values, longer, at, value),
		Item::Chunk(opening) => edit_list(&mut opening.values, longer, at, value),
		Item::State(sums) => edit_list(sums, longer, at, i64::from(value) << 16),
		Item::Leaf { bytes, .. } => edit_list(bytes, longer, at, value as u8),
		Item::Caches { leaves, rest, .. } => match (longer, leaves.last().cloned()) {
			(0, Some(leaf)) => leaves.push(leaf),
			(1, _) => rest.push(Default::default()),
			(2, _) => rest.truncate(1),
			(3, _) => leaves.truncate(at.into()),
			_ => leaves
				.iter_mut()
				.for_each(|(leaf, _)| edit_list(leaf, longer, at, value as u8)),
		},
		Item::Residuals { chunks, caches, .. } => match (longer, chunks.last().cloned()) {
			(0, Some(chunk)) => chunks.push(chunk),
			(1, _) => *caches = caches.xor(Some(Default::default())),
			(2, _) => chunks.truncate(at.into()),
			_ => chunks
				.iter_mut()
				.for_each(|chunk| edit_list(&mut chunk.values, longer, at, value)),
		},
		Item::HeadWork { work, .. } => match longer {
			0 => work.peak.value = value,
			1 => work.peak.position = value as u32,
			2 => work.tops.truncate(at.into()),
			3 => work.states.truncate(at.into()),
			_ => work.tops.iter_mut().for_each(|top| top.value = value),
		},
		Item::ChunkWork { work, .. } => work.states.truncate(at.into()),
		Item::Residual(opening) => opening.caches = opening.caches.xor(Some(Default::default())),
		Item::Artifact { header, .. } => {
			let mut encoded = header.encode();
			edit(&mut encoded, &[], bytes);
			if let Ok(other) = DecodeAll::decode_all(&mut &encoded[..]) {
				*header = other;
			}
		}
		Item::Tensor { root, .. } => root.0[usize::from(at) % 32] ^= value as u8,
	}
}

fn edit_list<T: Copy>(values: &mut Vec<T>, longer: u8, at: u16, value: T) {
	match longer {
		0 => values.push(value),
		1 => {
			values.pop();
		}
		2 => values.truncate(at.into()),
		_ => {
			if let Some(count) = values.len().checked_sub(1) {
				values[usize::from(at).min(count)] = value;
			}
		}
	}
}
