//! Programs from strangers: what is accepted is what was meant, and all that the chain computes from it is there.

use assay_exact::{
	limits::{MAX_ENCODED_BYTES, MAX_LAYERS, MAX_TENSORS},
	Program,
};
use assay_trace::{
	artifact::{program_hash, Leaves},
	Group, Layout,
};
use codec::Encode;

/// Decodes and validates bytes as a program.
///
/// # Panics
/// If an accepted program encodes to other bytes, or if computing the units, the trace or the artifact of its jobs does.
pub fn run(bytes: &[u8]) {
	let Ok(program) = Program::decode_checked(bytes) else {
		return;
	};
	assert_eq!(program.encode(), bytes, "a second encoding of a program");
	assert!(bytes.len() <= MAX_ENCODED_BYTES as usize);
	let _ = program_hash(&program);
	check_artifact(&program);
	let positions = program.positions;
	for prompt in [1, positions.div_ceil(2), positions] {
		check_job(&program, prompt, positions - prompt);
	}
	// Sizes that no job has.
	for size in [0, u32::MAX] {
		let _ = (program.units(size, size), Layout::new(&program, size, size));
	}
}

/// Every row of every tensor is in a leaf.
fn check_artifact(program: &Program) {
	let instances = program.instances().count();
	assert!(instances <= MAX_TENSORS as usize * usize::from(MAX_LAYERS));
	for tensor in &program.tensors {
		let leaves = Leaves::new(tensor.shape);
		let last = tensor.shape.rows() - 1;
		let held = leaves.of_row(last).expect("the last row is in a leaf");
		assert_eq!(held.end, leaves.count());
		let end = leaves.bytes_of(held.end - 1).expect("the last leaf has bytes").end;
		assert_eq!(end, tensor.shape.bytes());
	}
}

/// The size of a job and the shape of its trace.
fn check_job(program: &Program, prompt: u32, generated: u32) {
	let units = program.units(prompt, generated);
	assert!(units >= program.units(prompt, generated / 2) && units >= program.units(prompt.div_ceil(2), generated));
	assert!(units.0 < u64::MAX, "units saturate");
	let layout = Layout::new(program, prompt, generated);
	assert!(layout.positions <= program.positions);
	let last = layout.place(layout.places() - 1).expect("a trace has a last cell");
	assert!(layout.has(last) && layout.place(layout.places()).is_none());
	let group = Group {
		row: layout.rows - 1,
		index: layout.groups_per_row() - 1,
	};
	assert!(layout.has_group(group) && layout.group_index(group) + 1 == layout.groups());
	let (start, length) = layout.span(group.index);
	assert_eq!(start + length, layout.positions);
	assert_eq!(layout.group_of(group.row, layout.positions - 1), group);
}
