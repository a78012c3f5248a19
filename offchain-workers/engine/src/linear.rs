//! Matrix products over many rows and positions (`docs/exact-arithmetic.md`, 3.1), cut into tasks for the threads.
//!
//! A task is a span of row groups at all positions of the chunk, so a weight is fetched from memory once for each chunk.
//! Every output is one exact sum computed by one task: how the work is cut cannot change it.

use crate::{
	activations::Activations,
	kernel::{Kernels, GROUP, STREAMS, TILE},
	matrix::Matrix,
};
use assay_exact::number::sat;
use rayon::prelude::*;

/// Bytes of weights times positions for which a task of its own pays.
const TASK_PRODUCTS: usize = 1 << 17;

/// One matrix and where its products go.
pub(crate) struct Product<'a> {
	pub(crate) matrix: &'a Matrix,
	pub(crate) bias: Option<&'a [i32]>,
	/// One vector of the matrix's rows for each position.
	pub(crate) outputs: &'a mut [i32],
}

struct Task<'a> {
	matrix: &'a Matrix,
	bias: Option<&'a [i32]>,
	/// First of its groups.
	group: usize,
	/// `[group][position][row of the group]`.
	sums: &'a mut [i32],
}

/// Multiplies the same activations by several matrices. `scratch` is reused from call to call.
pub(crate) fn multiply(
	kernels: &Kernels,
	activations: &Activations,
	products: &mut [Product<'_>],
	scratch: &mut Vec<i32>,
) {
	let positions = activations.positions();
	let group_size = positions * GROUP;
	scratch.resize(
		products
			.iter()
			.map(|product| product.matrix.groups() * group_size)
			.sum(),
		0,
	);

	let mut tasks = Vec::new();
	let mut rest = &mut scratch[..];
	for Product { matrix, bias, .. } in products.iter() {
		let (sums, after) = rest.split_at_mut(matrix.groups() * group_size);
		rest = after;
		let span = TASK_PRODUCTS / (matrix.group_bytes() * positions);
		let span = match positions {
			1 => span.max(1).next_multiple_of(kernels.streams()),
			_ => span.max(1),
		};
		tasks.extend(
			sums.chunks_mut(span * group_size)
				.enumerate()
				.map(|(index, sums)| Task {
					matrix,
					bias: *bias,
					group: index * span,
					sums,
				}),
		);
	}
	tasks.par_iter_mut().for_each(|task| task.run(kernels, activations));
	drop(tasks);

	let mut rest = &scratch[..];
	for Product { matrix, outputs, .. } in products {
		let (sums, after) = rest.split_at(matrix.groups() * group_size);
		rest = after;
		scatter(sums, positions, matrix.rows(), outputs);
	}
}

/// The accumulators of a matrix, `[position][row]`, and what becomes of them.
pub(crate) fn accumulate(
	kernels: &Kernels,
	activations: &Activations,
	matrix: &Matrix,
	bias: Option<&[i32]>,
) -> (Vec<i64>, Vec<i32>) {
	let (positions, rows) = (activations.positions(), matrix.rows());
	// `[group][position][row of the group]`.
	let mut sums = vec![[0; GROUP]; matrix.groups() * positions];
	let mut outputs = vec![0; sums.len() * GROUP];
	sums.par_chunks_exact_mut(positions)
		.zip(outputs.par_chunks_exact_mut(positions * GROUP))
		.enumerate()
		.with_min_len((TASK_PRODUCTS / (matrix.group_bytes() * positions)).max(1))
		.for_each(|(group, (sums, outputs))| {
			let tiles = activations.tiles().zip(sums.chunks_mut(TILE));
			for ((tile, sums), outputs) in tiles.zip(outputs.chunks_mut(TILE * GROUP)) {
				kernels.linear(matrix.groups_from(group, 1), tile, sums);
				kernels.scale(sums, matrix.floors(group), tile.bases, outputs);
				add_bias(bias, group, outputs);
			}
		});
	let mut values = vec![0; positions * rows];
	scatter(&outputs, positions, rows, &mut values);
	let accumulators = (0..positions).flat_map(|position| {
		let groups = sums.iter().skip(position).step_by(positions);
		groups.flatten().copied().take(rows)
	});
	(accumulators.collect(), values)
}

impl Task<'_> {
	fn run(&mut self, kernels: &Kernels, activations: &Activations) {
		match activations.positions() {
			1 => self.run_one(kernels, activations),
			positions => self.run_many(kernels, activations, positions),
		}
	}

	/// At one position several groups are read side by side.
	fn run_one(&mut self, kernels: &Kernels, activations: &Activations) {
		let Some(tile) = activations.tiles().next() else { return };
		let mut sums = [[0; GROUP]; STREAMS];
		let streams = kernels.streams();
		for (index, outputs) in self.sums.chunks_mut(streams * GROUP).enumerate() {
			let first = self.group + index * streams;
			let sums = &mut sums[..outputs.len() / GROUP];
			kernels.one_position(self.matrix.groups_from(first, sums.len()), tile, sums);
			let groups = sums.chunks_exact(1).zip(outputs.chunks_exact_mut(GROUP));
			for (group, (sums, outputs)) in (first..).zip(groups) {
				kernels.scale(sums, self.matrix.floors(group), tile.bases, outputs);
				add_bias(self.bias, group, outputs);
			}
		}
	}

	fn run_many(&mut self, kernels: &Kernels, activations: &Activations, positions: usize) {
		let tiles: Vec<_> = activations.tiles().collect();
		let mut sums = vec![[0; GROUP]; positions];
		for (index, outputs) in self.sums.chunks_exact_mut(positions * GROUP).enumerate() {
			let group = self.group + index;
			kernels.tiles(self.matrix.groups_from(group, 1), &tiles, &mut sums);
			let outputs = outputs.chunks_mut(TILE * GROUP);
			for ((tile, sums), outputs) in tiles.iter().zip(sums.chunks(TILE)).zip(outputs) {
				kernels.scale(sums, self.matrix.floors(group), tile.bases, outputs);
				add_bias(self.bias, group, outputs);
			}
		}
	}
}

/// Adds the bias of a group's rows to its outputs at each position.
fn add_bias(bias: Option<&[i32]>, group: usize, outputs: &mut [i32]) {
	let Some(bias) = bias else { return };
	for outputs in outputs.chunks_exact_mut(GROUP) {
		// The last group may be padded beyond the bias.
		for (y, bias) in outputs.iter_mut().zip(&bias[group * GROUP..]) {
			*y = sat(i64::from(*y) + i64::from(*bias));
		}
	}
}

/// From `[group][position][row]` to `[position][group and row]`.
fn scatter(sums: &[i32], positions: usize, rows: usize, outputs: &mut [i32]) {
	outputs
		.par_chunks_exact_mut(rows)
		.enumerate()
		.with_min_len((crate::activations::PARALLEL_ELEMENTS / rows).max(1))
		.for_each(|(position, outputs)| {
			let groups = sums.chunks_exact(GROUP).skip(position).step_by(positions);
			for (outputs, sums) in outputs.chunks_mut(GROUP).zip(groups) {
				// Of a known length, or each of these short copies is a call.
				match (outputs.first_chunk_mut::<GROUP>(), sums.first_chunk::<GROUP>()) {
					(Some(outputs), Some(sums)) => *outputs = *sums,
					_ => outputs.copy_from_slice(&sums[..outputs.len()]),
				}
			}
		});
}
