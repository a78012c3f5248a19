//! Commitments of strangers: a worker commits to whatever it likes, on weights that a publisher made as it liked. The
//! rules judge it, and whoever opens it and whoever checks the opening come to the same verdict.

use crate::{
	bytes::Bytes,
	common::Artifact,
	job::{Inside, Job, JOBS},
};
use assay_exact::{models::MadeUp, Output};
use assay_trace::{
	check_step,
	execution::{CellValues, Record},
	prover::{OpenArtifact, Prover},
	work::{state_hash, Largest},
	Hash32, OpeningError, Place, Statement, Verdict,
};

/// Changes after which the rest of an input is left alone.
const MAX_CHANGES: usize = 24;

/// Reads a job, a step and what a worker and a publisher did to the execution, and judges the step.
///
/// # Panics
/// If the two who read the rule disagree, or an untouched step does not hold.
pub fn run(bytes: &[u8]) {
	let mut bytes = Bytes::new(bytes);
	let job = bytes.pick(&JOBS);
	let cell = bytes.pick(&job.cells);
	let Some(step) = bytes.decode() else {
		return;
	};
	let untouched = bytes.is_empty();
	let committed = Committed::read(job, cell, &mut bytes);
	let statement = Statement {
		artifact: committed
			.artifact
			.as_ref()
			.unwrap_or(&job.honest.artifact)
			.tree()
			.root(),
		output: &committed.output,
		trace: committed.record.boundaries().root(),
		..job.statement()
	};
	let prover = Prover::new(
		statement,
		committed.artifact.as_ref().unwrap_or(&job.honest.artifact),
		&committed.record,
	);
	if let Ok((opening, verdict)) = prover.open(cell.place, step, &committed.values) {
		let judged = check_step(&statement, cell.place, &committed.values.roots(), step, opening);
		// Nobody can show the sums behind a hash that is of none.
		let unshowable = matches!(judged, Err(OpeningError::Unproved { .. })) && has_false_hash(&committed.values);
		assert!(
			judged == Ok(verdict) || unshowable,
			"{judged:?}, not {verdict:?}: {:?} {step:?}",
			cell.place
		);
		assert!(!untouched || verdict == Verdict::Holds, "{:?} {step:?}", cell.place);
	}
}

/// Whether a hash of work is not that of its sums.
fn has_false_hash(values: &CellValues) -> bool {
	let heads = values.heads.iter().map(|(work, states)| (&work.states, states));
	let chunks = values.chunks.iter().map(|(work, states)| (&work.states, states));
	heads.chain(chunks).any(|(hashes, states)| {
		let own = states.iter().map(|sums| state_hash(sums));
		hashes.len() > states.len() || hashes.iter().zip(own).any(|(hash, own)| *hash != own)
	})
}

/// What is committed to.
struct Committed {
	values: CellValues,
	record: Record,
	output: Output,
	/// Where it is not the honest one.
	artifact: Option<Artifact>,
}

impl Committed {
	fn read(job: &Job, cell: &Inside, bytes: &mut Bytes<'_>) -> Self {
		let mut weights: Option<MadeUp> = None;
		let mut committed = Self {
			values: cell.values.clone(),
			record: job.honest.record.clone(),
			output: job.honest.output.clone(),
			artifact: None,
		};
		for _ in 0..MAX_CHANGES {
			if bytes.is_empty() {
				break;
			}
			match bytes.u8() % 8 {
				0 | 1 => {
					let index = bytes.index(committed.values.vectors.len());
					if let Some(vector) = committed.values.vectors.get_mut(index) {
						change_values(vector, bytes);
					}
				}
				2 => change_work(&mut committed.values, bytes),
				3 if cell.roots.pooled.is_some() => change_values(&mut committed.values.residual, bytes),
				4 => {
					let head = bytes.index(committed.values.cache.len());
					if let Some(leaf) = committed.values.cache.get_mut(head) {
						change_leaf(leaf, bytes);
					}
				}
				3 | 5 => change_record(cell, &mut committed.record, bytes),
				6 => change_weights(job, weights.get_or_insert_with(|| job.weights.clone()), bytes),
				_ => match &mut committed.output {
					Output::Vector(values) => change_values(values, bytes),
					Output::Tokens(tokens) => {
						let vocabulary = job.honest.program.vocabulary().unwrap_or(1);
						let at = bytes.index(tokens.len());
						tokens[at] = bytes.u16() as u32 % vocabulary;
					}
				},
			}
		}
		if cell.roots.pooled.is_none() {
			let received = received(cell.place, &committed.record);
			committed.values.residual.clear();
			committed.values.residual.extend_from_slice(received);
		}
		committed.artifact = weights.map(|weights| Artifact::new(&job.honest.program, weights));
		committed
	}
}

/// Register 0 as a cell receives it: what its predecessor handed on, which the trace commits to.
fn received(place: Place, record: &Record) -> &[i32] {
	match place {
		Place::Cell { row: 0, .. } => &[],
		Place::Cell { row, position } => record.residual(row - 1, position),
		Place::Head { position } => record.residual(record.layout().rows - 1, position),
	}
}

/// One value, or all.
fn change_values(values: &mut [i32], bytes: &mut Bytes<'_>) {
	let (all, at, value) = (bytes.u8(), bytes.index(values.len()), bytes.i32());
	match all {
		0 => values.fill(value),
		1 => values.iter_mut().skip(at).for_each(|other| *other = value),
		_ => values.iter_mut().skip(at).take(1).for_each(|other| *other = value),
	}
}

fn change_leaf(leaf: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
	let (kind, at, value) = (bytes.u8(), bytes.index(leaf.len()), bytes.u8());
	match kind {
		0 => leaf.truncate(at),
		1 => leaf.push(value),
		2 => leaf.fill(value),
		_ => leaf.iter_mut().skip(at).take(1).for_each(|byte| *byte = value),
	}
}

/// Work that says something else: another peak or top, other sums, other hashes.
fn change_work(values: &mut CellValues, bytes: &mut Bytes<'_>) {
	let pick = bytes.index(values.heads.len().max(values.chunks.len()));
	let (kind, at, value) = (bytes.u8(), bytes.u8(), bytes.i32());
	let at = usize::from(at);
	if let Some((work, _)) = values.heads.get_mut(pick) {
		match kind % 8 {
			0 => work.peak.value = value,
			1 => work.peak.position = value as u32,
			2 => work.tops.iter_mut().skip(at).for_each(|top| top.value = value),
			3 => work
				.tops
				.iter_mut()
				.skip(at)
				.for_each(|top| top.position = value as u32),
			4 => work.tops.truncate(at),
			5 => work.tops.push(Largest { value, position: 0 }),
			_ => {}
		}
	}
	let states = match (values.heads.get_mut(pick), values.chunks.get_mut(pick)) {
		(Some((work, states)), _) => Some((&mut work.states, states)),
		(None, Some((work, states))) => Some((&mut work.states, states)),
		(None, None) => None,
	};
	let Some((hashes, states)) = states else {
		return;
	};
	match kind % 8 {
		6 if kind & 128 == 0 => change_sums(hashes, states, at, value, bytes),
		6 => hashes.truncate(at),
		7 if kind & 128 == 0 => hashes.push(Hash32::default()),
		7 => hashes.iter_mut().skip(at).take(1).for_each(|hash| hash.0[0] ^= 1),
		_ => {}
	}
}

/// Other sums, or more or fewer of them, under their own hash.
fn change_sums(hashes: &mut [Hash32], states: &mut [Vec<i64>], at: usize, value: i32, bytes: &mut Bytes<'_>) {
	let count = states.len().max(1);
	let (Some(hash), Some(sums)) = (hashes.get_mut(at % count), states.get_mut(at % count)) else {
		return;
	};
	let shift = u32::from(bytes.u8()) % 33;
	let sum = i64::from(value) << shift;
	match bytes.u8() {
		0 => sums.fill(sum),
		1 => sums.push(sum),
		2 => {
			sums.pop();
		}
		index => {
			let index = usize::from(index - 3) % sums.len().max(1);
			sums.iter_mut().skip(index).take(1).for_each(|other| *other = sum);
		}
	}
	*hash = state_hash(sums);
}

/// What other cells handed on.
fn change_record(cell: &Inside, record: &mut Record, bytes: &mut Bytes<'_>) {
	let layout = *record.layout();
	let row = match (cell.place, bytes.u8() % 2) {
		(Place::Cell { row, .. }, 0) => row,
		(Place::Cell { row, .. }, _) => row.saturating_sub(1),
		(Place::Head { .. }, _) => layout.rows - 1,
	};
	let position = bytes.index(layout.positions as usize) as u32;
	if let (Some(leaves), 0) = (record.cache_mut(row, position), bytes.u8() % 2) {
		let head = bytes.index(leaves.len());
		if let Some(leaf) = leaves.get_mut(head) {
			return change_leaf(leaf, bytes);
		}
	}
	if let Some(values) = record.residual_mut(row, position) {
		change_values(values, bytes);
	}
}

/// A byte, or all, of a row of a tensor.
fn change_weights(job: &Job, weights: &mut MadeUp, bytes: &mut Bytes<'_>) {
	let instances: Vec<_> = job.honest.program.instances().collect();
	let instance = bytes.pick(&instances);
	let shape = job.honest.program.tensors[usize::from(instance.tensor.0)].shape;
	let row = bytes.index(shape.rows() as usize) as u32;
	let row = weights.row_mut(instance.tensor, instance.layer, row);
	let (kind, at, value) = (bytes.u8(), bytes.index(row.len()), bytes.i32());
	match kind {
		0 => row.fill(value as u8),
		1 => row
			.chunks_exact_mut(4)
			.for_each(|chunk| chunk.copy_from_slice(&value.to_le_bytes())),
		_ => row
			.iter_mut()
			.skip(at)
			.zip(value.to_le_bytes())
			.for_each(|(byte, other)| *byte = other),
	}
}
