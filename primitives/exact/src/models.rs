//! Small models with made-up weights, to try things on: tests of this crate and of those above it share them.

use crate::{evaluate::Weights, program::*, Instance};
use std::collections::BTreeMap;

/// A stream of pseudo-random numbers (splitmix64).
#[derive(Clone, Debug)]
pub struct Stream(
	/// The seed.
	pub u64,
);

impl Stream {
	/// The next number.
	#[allow(clippy::should_implement_trait, reason = "it never ends")]
	pub fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.0;
		z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ z >> 31
	}

	/// Uniform in [-bound, bound].
	pub fn within(&mut self, bound: i32) -> i32 {
		(self.next() % (2 * bound as u64 + 1)) as i32 - bound
	}
}

/// All rows of a program's tensors, from a seed.
#[derive(Clone, Debug)]
pub struct MadeUp(BTreeMap<Instance, (usize, Vec<u8>)>);

impl MadeUp {
	/// Of a program.
	pub fn new(program: &Program, seed: u64) -> Self {
		let mut stream = Stream(seed);
		let tensors = program.instances().map(|instance| {
			let shape = program.tensors[usize::from(instance.tensor.0)].shape;
			let row = shape.row_bytes() as usize;
			let bytes = (0..shape.rows())
				.flat_map(|position| made_up_row(shape, position, &mut stream))
				.collect();
			(instance, (row, bytes))
		});
		Self(tensors.collect())
	}

	/// A row, to change it. Panics if there is none.
	pub fn row_mut(&mut self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> &mut [u8] {
		let (bytes, tensor) = self.0.get_mut(&Instance { tensor, layer }).unwrap();
		&mut tensor[row as usize * *bytes..][..*bytes]
	}

	/// Takes a tensor away. Panics if there is none.
	pub fn remove(&mut self, tensor: TensorIndex, layer: Option<u16>) {
		self.0.remove(&Instance { tensor, layer }).unwrap();
	}
}

impl Weights for MadeUp {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		let (bytes, tensor) = self.0.get(&Instance { tensor, layer })?;
		tensor.get(row as usize * *bytes..(row as usize + 1) * *bytes)
	}
}

fn made_up_row(shape: Shape, position: u32, stream: &mut Stream) -> Vec<u8> {
	match shape {
		Shape::Matrix { columns, .. } => {
			// Scales around 2⁻⁹ (f16 exponent field 6), so that real weights are within about 0.4.
			let scales = (0..columns / 32).flat_map(|_| ((6 << 10) + (stream.next() % 2048) as u16).to_le_bytes());
			let mut row: Vec<u8> = scales.collect();
			row.extend((0..columns).map(|_| stream.within(127) as i8 as u8));
			row
		}
		Shape::Vector { length } => (0..length)
			.flat_map(|_| (65536 + stream.within(32768)).to_le_bytes())
			.collect(),
		Shape::Rotation { pairs, .. } => (0..pairs)
			.flat_map(|k| {
				let angle = f64::from(position) * 10_000f64.powf(-f64::from(k) / f64::from(pairs));
				[angle.cos(), angle.sin()].map(|x| (x * f64::from(1 << 30)).round() as i32)
			})
			.flat_map(i32::to_le_bytes)
			.collect(),
	}
}

/// log2(e) / √head_dim with 30 fraction bits.
pub fn attention_scale(head_dim: u32) -> u32 {
	(std::f64::consts::LOG2_E / f64::from(head_dim).sqrt() * f64::from(1 << 30)).round() as u32
}

/// A register.
pub const fn r(register: u8) -> Register {
	Register(register)
}

/// A tensor.
pub const fn t(tensor: u16) -> TensorIndex {
	TensorIndex(tensor)
}

fn matrix(rows: u32, columns: u32, per_layer: bool) -> Tensor {
	Tensor {
		shape: Shape::Matrix { rows, columns },
		per_layer,
	}
}

fn vector(length: u32, per_layer: bool) -> Tensor {
	Tensor {
		shape: Shape::Vector { length },
		per_layer,
	}
}

/// Tokens of the small models.
pub const VOCABULARY: u32 = 40;

/// A Llama-shaped decoder: grouped queries, rotary embedding, gated feed-forward, tied embedding.
pub fn decoder() -> Program {
	let (width, head_dim, heads, kv_heads, hidden, positions) = (64, 32, 4u16, 2u16, 96, 24);
	let (query, kv) = (u32::from(heads) * head_dim, u32::from(kv_heads) * head_dim);
	let norm = |dst, src, gain| Op::RmsNorm {
		dst: r(dst),
		src: r(src),
		gain: t(gain),
		epsilon: 42_950,
	};
	let linear = |dst, src, weight| Op::Linear {
		dst: r(dst),
		src: r(src),
		weight: t(weight),
		bias: None,
	};
	let rotate = |dst| Op::Rotate {
		dst: r(dst),
		table: t(2),
		head_dim,
		style: RotaryStyle::Half,
	};
	Program {
		profile: Profile::Q8A16V1,
		positions,
		registers: vec![width, width, query, kv, kv, query, hidden, hidden, VOCABULARY],
		tensors: vec![
			matrix(VOCABULARY, width, false),
			vector(width, false),
			Tensor {
				shape: Shape::Rotation {
					positions,
					pairs: head_dim / 2,
				},
				per_layer: false,
			},
			vector(width, true),
			matrix(query, width, true),
			matrix(kv, width, true),
			matrix(kv, width, true),
			matrix(width, query, true),
			vector(width, true),
			matrix(hidden, width, true),
			matrix(hidden, width, true),
			matrix(width, hidden, true),
		],
		layers: 2,
		entry: vec![Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Token,
		}],
		layer: vec![
			norm(1, 0, 3),
			linear(2, 1, 4),
			linear(3, 1, 5),
			linear(4, 1, 6),
			rotate(2),
			rotate(3),
			Op::Attention {
				dst: r(5),
				query: r(2),
				key: r(3),
				value: r(4),
				heads,
				kv_heads,
				head_dim,
				scale: attention_scale(head_dim),
				mask: Mask::Causal,
			},
			linear(1, 5, 7),
			Op::Add {
				dst: r(0),
				a: r(0),
				b: r(1),
			},
			norm(1, 0, 8),
			linear(6, 1, 9),
			linear(7, 1, 10),
			Op::Activate {
				dst: r(6),
				src: r(6),
				function: Function::Silu,
			},
			Op::Mul {
				dst: r(6),
				a: r(6),
				b: r(7),
			},
			linear(1, 6, 11),
			Op::Add {
				dst: r(0),
				a: r(0),
				b: r(1),
			},
		],
		head: Head::Tokens {
			ops: vec![norm(1, 0, 1), linear(8, 1, 0)],
			logits: r(8),
			stop: vec![3],
		},
	}
}

/// A BERT-shaped encoder with mean pooling.
pub fn encoder() -> Program {
	let (width, head_dim, heads, hidden, positions) = (64, 32, 2, 128, 20);
	let norm = |gain| Op::LayerNorm {
		dst: r(0),
		src: r(0),
		gain: t(gain),
		bias: t(gain + 1),
		epsilon: 0,
	};
	let linear = |dst, src, weight| {
		let bias = Some(t(weight + 1));
		Op::Linear {
			dst: r(dst),
			src: r(src),
			weight: t(weight),
			bias,
		}
	};
	let embed = |dst, table, row| Op::Embed {
		dst: r(dst),
		table: t(table),
		row,
	};
	let add = Op::Add {
		dst: r(0),
		a: r(0),
		b: r(1),
	};
	let mut tensors = vec![
		matrix(VOCABULARY, width, false),
		matrix(positions, width, false),
		matrix(2, width, false),
		vector(width, false),
		vector(width, false),
	];
	for (rows, columns) in [(width, width), (width, width), (width, width), (width, width)] {
		tensors.extend([matrix(rows, columns, true), vector(rows, true)]);
	}
	tensors.extend([vector(width, true), vector(width, true)]);
	for (rows, columns) in [(hidden, width), (width, hidden)] {
		tensors.extend([matrix(rows, columns, true), vector(rows, true)]);
	}
	tensors.extend([vector(width, true), vector(width, true)]);
	Program {
		profile: Profile::Q8A16V1,
		positions,
		registers: vec![width, width, width, width, width, hidden],
		tensors,
		layers: 2,
		entry: vec![
			embed(0, 0, RowIndex::Token),
			embed(1, 1, RowIndex::Position),
			add,
			embed(1, 2, RowIndex::Constant(1)),
			add,
			norm(3),
		],
		layer: vec![
			linear(1, 0, 5),
			linear(2, 0, 7),
			linear(3, 0, 9),
			Op::Attention {
				dst: r(4),
				query: r(1),
				key: r(2),
				value: r(3),
				heads,
				kv_heads: heads,
				head_dim,
				scale: attention_scale(head_dim),
				mask: Mask::Full,
			},
			linear(1, 4, 11),
			add,
			norm(13),
			linear(5, 0, 15),
			Op::Activate {
				dst: r(5),
				src: r(5),
				function: Function::GeluErf,
			},
			linear(1, 5, 17),
			add,
			norm(19),
		],
		head: Head::Vector {
			pooling: Pooling::Mean,
			ops: vec![Op::L2Normalize { dst: r(1), src: r(0) }],
			output: r(1),
		},
	}
}

/// A perceptron on vectors.
pub fn perceptron() -> Program {
	let linear = |dst, src, weight| {
		let bias = Some(t(weight + 1));
		Op::Linear {
			dst: r(dst),
			src: r(src),
			weight: t(weight),
			bias,
		}
	};
	Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![64, 32, 3],
		tensors: vec![
			matrix(64, 32, false),
			vector(64, false),
			matrix(3, 64, false),
			vector(3, false),
		],
		layers: 0,
		entry: vec![
			Op::Input { dst: r(1) },
			linear(0, 1, 0),
			Op::Activate {
				dst: r(0),
				src: r(0),
				function: Function::Relu,
			},
		],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Last,
			ops: vec![
				linear(2, 0, 2),
				Op::Activate {
					dst: r(2),
					src: r(2),
					function: Function::Sigmoid,
				},
			],
			output: r(2),
		},
	}
}
