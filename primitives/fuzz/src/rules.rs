//! Commitments of strangers: a worker commits to whatever it likes, on weights that a publisher made as it liked. The
//! rules judge it, and whoever opens it and whoever checks the opening come to the same verdict.

use crate::{
	bytes::Bytes,
	change::{change_inside, change_leaf, change_values, MAX_CHANGES},
	common::Artifact,
	job::{Inside, Job, JOBS},
};
use assay_exact::Output;
use assay_samples::MadeUp;
use assay_trace::{
	check_step,
	execution::{CellValues, Record},
	prover::{OpenArtifact, Prover},
	work::state_hash,
	OpeningError, Place, Statement, Verdict,
};

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
			match bytes.u8() % 4 {
				0 => change_record(cell, &mut committed.record, bytes),
				1 => change_weights(job, weights.get_or_insert_with(|| job.weights.clone()), bytes),
				2 => match &mut committed.output {
					Output::Vector(values) => change_values(values, bytes),
					Output::Tokens(tokens) => {
						let vocabulary = job.honest.program.vocabulary().unwrap_or(1);
						let at = bytes.index(tokens.len());
						tokens[at] = u32::from(bytes.u16()) % vocabulary;
					}
				},
				_ => change_inside(&mut committed.values, bytes),
			}
		}
		if cell.roots.pooled.is_none() {
			let received = received(cell.place, &committed.record);
			committed.values.residual.clear();
			committed.values.residual.extend_from_slice(received);
		}
		committed.artifact = weights.map(|weights| Artifact::with(&job.honest.program, weights));
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
