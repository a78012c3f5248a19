use assay_exact::{limits, program::*, ComputeUnits};
use assay_samples::programs::{decoder, encoder, perceptron};
use proptest::prelude::*;

#[test]
fn units_count_products_attention_and_elements() {
	let mut program = decoder();
	// Make one position cost whole units: a vocabulary of 2¹⁵ over 2⁵ · 2¹⁵ … is enough to see the head.
	let per_layer = 64 * 128 + 2 * 64 * 64 + 128 * 64 + 2 * 64 * 96 + 96 * 64;
	let elements = 64 + 128 + 64 + 128 + 64 + 64 + 96 + 96 + 64;
	let head = 64 * 40 + 32 * 64;
	let total = |n: u64, generated: u64| {
		n * (32 * 64 + 2 * (per_layer + 32 * elements)) + n * (n + 1) / 2 * 2 * 2 * 128 + generated * head
	};
	program.positions = 1 << 17;
	for (prompt, generated) in [(1, 1), (17, 1), (1000, 24), (100_000, 30_000)] {
		let n = u64::from(prompt) + u64::from(generated) - 1;
		let expected = total(n, generated.into()).div_ceil(1 << 20);
		assert_eq!(
			program.units(prompt, generated),
			ComputeUnits(expected),
			"{prompt} {generated}"
		);
	}
}

#[test]
fn a_full_mask_counts_all_pairs_and_a_vector_head_runs_once() {
	let program = encoder();
	let per_layer = 4 * 64 * 64 + 2 * 64 * 128 + 32 * (64 + 64 + 64 + 128 + 64 + 64);
	let n = 5000;
	let expected = n * (32 * 6 * 64 + 2 * per_layer) + n * n * 2 * 2 * 64 + 32 * 64;
	assert_eq!(program.units(5000, 0), ComputeUnits(u64::div_ceil(expected, 1 << 20)));
	assert_eq!(program.units(5000, 99), program.units(5000, 0));
	assert_eq!(perceptron().units(1, 0), ComputeUnits(1));
}

#[test]
fn the_largest_programs_stay_in_range() {
	let mut program = decoder();
	program.layers = limits::MAX_LAYERS;
	for tensor in &mut program.tensors {
		if let Shape::Matrix { rows, columns } = &mut tensor.shape {
			(*rows, *columns) = (limits::MAX_ROWS, limits::MAX_COLUMNS);
		}
	}
	let linear = Op::Linear {
		dst: Register(1),
		src: Register(0),
		weight: TensorIndex(4),
		bias: None,
	};
	let attention = Op::Attention {
		dst: Register(1),
		query: Register(0),
		key: Register(0),
		value: Register(0),
		heads: 1024,
		kv_heads: 1024,
		head_dim: 1024,
		scale: 1,
		mask: Mask::Causal,
	};
	program.layer = vec![linear; 63];
	program.layer.push(attention);
	assert!(program.units(limits::MAX_POSITIONS - 1, 1) < ComputeUnits(1 << 48));
	assert!(program.units(u32::MAX, u32::MAX) > program.units(limits::MAX_POSITIONS, 1));
}

proptest! {
	#[test]
	fn units_never_fall(prompt in 0u32..1 << 18, generated in 0u32..1 << 18, more in 0u32..1000) {
		for program in [decoder(), encoder(), perceptron()] {
			let units = program.units(prompt, generated);
			prop_assert!(units >= ComputeUnits(1));
			prop_assert!(program.units(prompt + more, generated) >= units);
			prop_assert!(program.units(prompt, generated + more) >= units);
		}
	}
}
