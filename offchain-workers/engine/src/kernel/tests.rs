//! Every tier against the reference, with the ends of every range.

use super::{ActivationBlock, GroupBlock, Kernels, Tier, Tile, BLOCK, GROUP, SPAN, STREAMS, TILE};
use crate::{
	activations::Activations,
	attention::Attention,
	cache::Cache,
	linear::{multiply, Product},
	matrix::Matrix,
	normalise,
	tensors::Rows,
};
use assay_exact::{
	activation,
	attention::attend,
	blocks::{Activation, CacheRow, WeightRow},
	evaluate::Weights,
	linear::linear,
	normalise as reference,
	number::{sat, scale2},
	program::{Function, Head, Mask, Op, Pooling, Profile, Program, Register, RowIndex, Shape, Tensor, TensorIndex},
};
use assay_samples::{random::RandomModel, Noise};
use proptest::prelude::*;

/// The kernels of every tier that this processor has, however it reads memory fastest.
fn tiers() -> impl Iterator<Item = Kernels> {
	let available = Tier::ALL.into_iter().filter_map(|tier| Kernels::of(tier).ok());
	available.flat_map(|kernels| {
		let alone = Kernels {
			side_by_side: None,
			..kernels
		};
		let together = match kernels.tier() {
			#[cfg(target_arch = "x86_64")]
			Tier::Avx512 => Some(super::avx512::KERNELS),
			_ => None,
		};
		[Some(alone), together].into_iter().flatten()
	})
}

/// A program whose only tensor is a matrix, filled with any valid scales.
fn a_matrix(noise: &mut Noise, rows: u32, columns: u32) -> RandomModel {
	let (x, y) = (Register(0), Register(1));
	let program = Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![columns, rows],
		tensors: vec![Tensor {
			shape: Shape::Matrix { rows, columns },
			per_layer: false,
		}],
		layers: 0,
		entry: vec![Op::Embed {
			dst: x,
			table: TensorIndex(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::First,
			ops: vec![
				Op::Linear {
					dst: y,
					src: x,
					weight: TensorIndex(0),
					bias: None,
				},
				Op::Activate {
					dst: y,
					src: y,
					function: Function::Relu,
				},
			],
			output: y,
		},
	};
	RandomModel::fill(program, noise, true)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn products_equal_the_reference(seed: u64, rows in 1u32..30, blocks in 1u32..40, positions in prop_oneof![1usize..10, 15usize..28], biased: bool) {
		let mut noise = Noise::new(seed);
		let columns = blocks * 32;
		let stored = a_matrix(&mut noise, rows, columns);
		let canonical: Vec<_> = (0..rows)
			.map(|row| stored.row(TensorIndex(0), None, row).expect("it is stored"))
			.map(|row| WeightRow::parse(row).expect("the row is valid"))
			.collect();
		let inputs: Vec<Vec<i32>> = (0..positions).map(|_| noise.values(columns as usize)).collect();
		let bias = biased.then(|| noise.values(rows as usize));
		let expected: Vec<i32> = inputs
			.iter()
			.map(|x| Activation::new(x))
			.flat_map(|x| {
				let row = |(r, row)| linear(row, &x, bias.as_ref().map(|bias| bias[r]));
				canonical.iter().enumerate().map(row).collect::<Vec<_>>()
			})
			.collect();
		let instance = stored.program.instances().next().expect("it has a tensor");
		let source = Rows::new(&stored, instance, stored.program.tensors[0].shape);
		let matrix = Matrix::pack(&source, rows as usize, columns as usize, true).expect("it packs");
		for kernels in tiers() {
			let mut activations = Activations::default();
			activations.quantise(&kernels, &inputs.concat(), columns as usize);
			let mut outputs = vec![0; rows as usize * positions];
			let product = Product { matrix: &matrix, bias: bias.as_deref(), outputs: &mut outputs };
			multiply(&kernels, &activations, &mut [product], &mut Vec::new());
			prop_assert_eq!(&outputs, &expected, "{}", kernels.tier());
		}
	}

	#[test]
	fn lookups_equal_the_reference(seed: u64, rows in 1u32..20, blocks in 1u32..6) {
		let mut noise = Noise::new(seed);
		let columns = blocks as usize * 32;
		let stored = a_matrix(&mut noise, rows, blocks * 32);
		let instance = stored.program.instances().next().expect("it has a tensor");
		let source = Rows::new(&stored, instance, stored.program.tensors[0].shape);
		let matrix = Matrix::pack(&source, rows as usize, columns, true).expect("it packs");
		let table = crate::matrix::Table::copy(&source, rows as usize, columns).expect("it copies");
		for row in 0..rows as usize {
			let bytes = source.row(row).expect("it is stored");
			let expected: Vec<i32> =
				assay_exact::linear::embed(&WeightRow::parse(bytes).expect("it is valid")).collect();
			let mut values = vec![0; columns];
			matrix.embed(row, &mut values);
			prop_assert_eq!(&values, &expected);
			table.embed(row, &mut values);
			prop_assert_eq!(&values, &expected);
		}
	}

	#[test]
	fn quantisation_equals_the_reference(seed: u64, blocks in 1usize..70) {
		let values = Noise::new(seed).values(blocks * BLOCK);
		let expected = Activation::new(&values);
		for kernels in tiers() {
			let mut mantissas = vec![ActivationBlock::ZERO; blocks];
			let mut lifts = vec![0; blocks];
			let base = kernels.quantise(&values, &mut mantissas, &mut lifts);
			let mantissas: Vec<i16> = mantissas.iter().flat_map(|block| block.0).collect();
			prop_assert_eq!((&mantissas, &lifts, base), (&expected.mantissas, &expected.lifts, expected.base));
		}
	}

	#[test]
	fn attention_equals_the_reference(
		seed: u64,
		blocks in 1usize..5,
		kv_heads in 1usize..3,
		group in 1usize..4,
		earlier in 0usize..600,
		positions in 1usize..6,
		scale in 1u32..1 << 31,
		full: bool,
	) {
		let mut noise = Noise::new(seed);
		let head_dim = blocks * BLOCK;
		let (kv_width, width) = (kv_heads * head_dim, kv_heads * group * head_dim);
		let keys = noise.values((earlier + positions) * kv_width);
		let values = noise.values((earlier + positions) * kv_width);
		let queries = noise.values(positions * width);
		let rows = |all: &[i32], head: usize| -> Vec<CacheRow> {
			all.chunks_exact(head_dim).skip(head).step_by(kv_heads).map(CacheRow::new).collect()
		};
		let mut expected = Vec::new();
		for (position, queries) in queries.chunks_exact(width).enumerate() {
			for (head, query) in queries.chunks_exact(head_dim).enumerate() {
				let visible = if full { earlier + positions } else { earlier + position + 1 };
				let (keys, values) = (rows(&keys, head / group), rows(&values, head / group));
				expected.extend(attend(query, &keys[..visible], &values[..visible], scale));
			}
		}
		let mut cache = Cache::new(kv_heads, head_dim);
		for span in [0..earlier * kv_width, earlier * kv_width..keys.len()] {
			cache.append(&keys[span.clone()], &values[span]);
		}
		let mask = if full { Mask::Full } else { Mask::Causal };
		let attention = Attention { heads: kv_heads * group, head_dim, scale, mask };
		for kernels in tiers() {
			let mut mixed = vec![0; queries.len()];
			attention.attend(&kernels, &cache, earlier, &queries, &mut mixed);
			prop_assert_eq!(&mixed, &expected, "{}", kernels.tier());
		}
	}

	#[test]
	fn normalisations_equal_the_reference(seed: u64, width in 1usize..700, groups in 1usize..4, epsilon in 0u64..=1 << 32) {
		let mut noise = Noise::new(seed);
		let (x, gain, bias) = (noise.values(width * groups), noise.values(width), noise.values(width));
		for kernels in tiers() {
			let mut y = x.clone();
			normalise::rms_norm(&kernels, &mut y, &gain, epsilon);
			prop_assert_eq!(y, reference::rms_norm(&x, &gain, epsilon));
			let mut y = x[..width].to_vec();
			normalise::layer_norm(&kernels, &mut y, &gain, &bias, epsilon);
			prop_assert_eq!(y, reference::layer_norm(&x[..width], &gain, &bias, epsilon));
			let mut y = x.clone();
			normalise::l2_normalise(&kernels, &mut y);
			prop_assert_eq!(y, reference::l2_normalise(&x));
		}
	}
}

/// Products at both ends of every range and at random between them: a block of the group, and of the activations.
fn ends() -> impl Strategy<Value = (i8, i16, u16, u32)> {
	(
		prop_oneof![Just(-127), Just(127), -127i8..=127],
		prop_oneof![Just(-32767), Just(32767), -32767i16..=32767],
		prop_oneof![Just(7 << 11 | 2047), Just(0), 0u16..1 << 14],
		0u32..=7,
	)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn sums_equal_at_the_ends_of_their_ranges(ends in prop::collection::vec(ends(), 1..80), positions in 1..=TILE, blocks in 1usize..20) {
		let mut items = (0..).map(|i: usize| ends[(i * i + i / 7) % ends.len()]);
		let mut next = || items.next().expect("it is endless");
		let group: Vec<GroupBlock> = (0..blocks)
			.map(|_| GroupBlock {
				factors: std::array::from_fn(|_| next().2),
				pairs: std::array::from_fn(|_| std::array::from_fn(|_| [next().0, next().0])),
			})
			.collect();
		let mantissas: Vec<_> = (0..blocks * positions).map(|_| ActivationBlock(std::array::from_fn(|_| next().1))).collect();
		let lifts: Vec<u32> = (0..blocks * positions).map(|_| next().3).collect();
		let bases = vec![0; positions];
		let tile = Tile { mantissas: &mantissas, lifts: &lifts, bases: &bases };
		let mut expected = vec![[0; GROUP]; positions];
		for (position, sums) in expected.iter_mut().enumerate() {
			for (row, sum) in sums.iter_mut().enumerate() {
				for (b, block) in group.iter().enumerate() {
					let item = b * positions + position;
					let dot: i64 = (0..BLOCK)
						.map(|i| i64::from(block.pairs[i / 2][row][i % 2]) * i64::from(mantissas[item].0[i]))
						.sum();
					*sum += dot * (i64::from(block.factors[row] & 0x7ff) << (u32::from(block.factors[row] >> 11) + lifts[item]));
				}
			}
		}
		for kernels in tiers() {
			let mut sums = vec![[1; GROUP]; positions];
			kernels.linear(&group, tile, &mut sums);
			prop_assert_eq!(&sums, &expected, "{}", kernels.tier());
			if positions == 1 {
				// The group turned by a row, and by two: other sums, so that streams which are mixed up are seen.
				let turned = |by: usize| group.iter().map(move |block| {
					let mut block = *block;
					block.factors.rotate_left(by);
					block.pairs.iter_mut().for_each(|rows| rows.rotate_left(by));
					block
				});
				let groups: Vec<GroupBlock> = (0..STREAMS).flat_map(turned).collect();
				let mut sums = [[1; GROUP]; STREAMS];
				kernels.one_position(&groups, tile, &mut sums);
				for (by, sums) in sums.iter_mut().enumerate() {
					sums.rotate_right(by);
					prop_assert_eq!(&*sums, &expected[0], "{}", kernels.tier());
				}
			}
		}
	}

	#[test]
	fn sums_over_several_tiles_equal_those_of_one(
		ends in prop::collection::vec(ends(), 1..80),
		whole in 0usize..5,
		more in 0..TILE,
		blocks in prop_oneof![1usize..4, SPAN - 1..SPAN + 2, 2 * SPAN..2 * SPAN + 2],
	) {
		let mut items = (0..).map(|i: usize| ends[(i * i + i / 7) % ends.len()]);
		let mut next = || items.next().expect("it is endless");
		let group: Vec<GroupBlock> = (0..blocks)
			.map(|_| GroupBlock {
				factors: std::array::from_fn(|_| next().2),
				pairs: std::array::from_fn(|_| std::array::from_fn(|_| [next().0, next().0])),
			})
			.collect();
		let mut stored = Vec::new();
		for positions in [vec![TILE; whole], vec![more; usize::from(more > 0)]].concat() {
			let mantissas: Vec<_> = (0..blocks * positions).map(|_| ActivationBlock(std::array::from_fn(|_| next().1))).collect();
			let lifts: Vec<u32> = (0..blocks * positions).map(|_| next().3).collect();
			stored.push((mantissas, lifts, vec![0; positions]));
		}
		let tiles: Vec<_> = stored.iter().map(|(mantissas, lifts, bases)| Tile { mantissas, lifts, bases }).collect();
		let mut expected = vec![[1; GROUP]; whole * TILE + more];
		let portable = Kernels::of(Tier::Portable).expect("it needs nothing");
		for (tile, sums) in tiles.iter().zip(expected.chunks_mut(TILE)) {
			portable.linear(&group, *tile, sums);
		}
		for kernels in tiers() {
			let mut sums = vec![[1; GROUP]; whole * TILE + more];
			kernels.tiles(&group, &tiles, &mut sums);
			prop_assert_eq!(&sums, &expected, "{}", kernels.tier());
		}
	}

	#[test]
	fn scaling_equals_the_reference(sums: [i64; GROUP], shift in 0u32..63, floors in prop::array::uniform16(-31i8..=2), base in 0u8..=28) {
		let sums = sums.map(|sum| sum >> shift);
		let expected: Vec<i32> = sums.iter().zip(floors).map(|(sum, floor)| sat(scale2(*sum, i32::from(floor) + i32::from(base)))).collect();
		for kernels in tiers() {
			let mut outputs = [0; GROUP];
			kernels.scale(&[sums], &floors, &[base], &mut outputs);
			prop_assert_eq!(&outputs[..], &expected, "{}", kernels.tier());
		}
	}

	#[test]
	fn elementwise_kernels_equal_the_reference(seed: u64, length in 1usize..100, ends: [bool; 2]) {
		let mut noise = Noise::new(seed);
		let mut a = noise.values(length);
		let mut b = noise.values(length);
		if ends[0] {
			(a[0], b[0]) = (i32::MIN, i32::MIN);
		}
		if ends[1] {
			(a[length - 1], b[length - 1]) = (i32::MAX, i32::MIN);
		}
		for kernels in tiers() {
			let (mut sums, mut products) = (a.clone(), a.clone());
			kernels.add(&mut sums, &b);
			kernels.mul(&mut products, &b);
			for (i, (x, y)) in a.iter().zip(&b).enumerate() {
				prop_assert_eq!(sums[i], activation::add(*x, *y), "{}", kernels.tier());
				prop_assert_eq!(products[i], activation::mul(*x, *y), "{}", kernels.tier());
			}
			for function in Function::ALL {
				// All magnitudes: the tables end at 2²⁰.
				let x: Vec<i32> = a.iter().zip(&b).map(|(a, b)| a >> (b & 15)).collect();
				let mut y = x.clone();
				kernels.activate(function, &mut y);
				let expected: Vec<i32> = x.iter().map(|x| activation::activate(function, *x)).collect();
				prop_assert_eq!(y, expected, "{} {:?}", kernels.tier(), function);
			}
		}
	}
}

#[test]
fn the_largest_sums_fit_on_every_tier() {
	let blocks = 1024;
	for kernels in tiers() {
		for (q, m) in [(127i8, 32767i16), (-127, 32767), (127, -32767), (-127, -32767)] {
			let block = GroupBlock {
				factors: [7 << 11 | 2047; GROUP],
				pairs: [[[q; 2]; GROUP]; BLOCK / 2],
			};
			for positions in 1..=TILE {
				let tile = Tile {
					mantissas: &vec![ActivationBlock([m; BLOCK]); blocks * positions],
					lifts: &vec![7; blocks * positions],
					bases: &vec![0; positions],
				};
				let mut sums = vec![[0; GROUP]; positions];
				kernels.linear(&vec![block; blocks], tile, &mut sums);
				let expected = 1024 * 32 * i64::from(q) * i64::from(m) * (2047 << 14);
				assert_eq!(sums, vec![[expected; GROUP]; positions], "{}", kernels.tier());
				let mut sums = vec![[0; GROUP]; 3 * positions];
				kernels.tiles(&vec![block; blocks], &[tile; 3], &mut sums);
				assert_eq!(sums, vec![[expected; GROUP]; 3 * positions], "{}", kernels.tier());
			}
		}
	}
}

#[test]
fn attention_takes_the_ends_of_every_range_on_every_tier() {
	let head_dim = 2 * BLOCK;
	let attention = Attention {
		heads: 3,
		head_dim,
		scale: (1 << 31) - 1,
		mask: Mask::Causal,
	};
	for kernels in tiers() {
		for (positions, x) in [
			(1, i32::MAX),
			(31, i32::MIN),
			(255, i32::MAX),
			(257, i32::MIN),
			(1001, i32::MAX),
		] {
			let mut cache = Cache::new(1, head_dim);
			let row = vec![x; head_dim];
			cache.append(&row.repeat(positions), &row.repeat(positions));
			let rows: Vec<CacheRow> = (0..positions).map(|_| CacheRow::new(&row)).collect();
			let expected = attend(&row, &rows, &rows, attention.scale);
			let mut mixed = vec![0; 3 * head_dim];
			attention.attend(&kernels, &cache, positions - 1, &row.repeat(3), &mut mixed);
			assert_eq!(mixed, expected.repeat(3), "{}", kernels.tier());
		}
	}
}

#[test]
fn the_largest_squares_fit_on_every_tier() {
	for kernels in tiers() {
		assert_eq!(kernels.sum_of_squares(&[i32::MIN; 32768]), 1u128 << 77);
		assert_eq!(kernels.sum_of_squares(&[]), 0);
	}
}

#[test]
fn tiers_are_known_by_name() {
	for tier in Tier::ALL {
		assert_eq!(tier.to_string().parse(), Ok(tier));
	}
	let message = "neon".parse::<Tier>().expect_err("there is none").to_string();
	assert_eq!(
		message,
		"unknown kernel tier \"neon\"; the tiers are portable, avx2 and avx512"
	);
}
