//! Programs that differ with their seed.

use crate::{MadeUp, Noise};
use assay_exact::{
	evaluate::Weights,
	program::{
		Function, Head, Mask, Op, Pooling, Profile, Program, Register, RotaryStyle, RowIndex, Shape, Tensor,
		TensorIndex,
	},
};

/// A program with its weights.
#[derive(Clone, Debug)]
pub struct RandomModel {
	/// The program.
	pub program: Program,
	/// Its weights.
	pub weights: MadeUp,
}

impl RandomModel {
	/// Fills a program's tensors. `wild` scales drive values into saturation; tame ones keep them near one.
	pub fn fill(program: Program, noise: &mut Noise, wild: bool) -> Self {
		program.validate().expect("programs to fill are valid");
		let scale = |noise: &mut Noise| {
			if wild {
				any_scale(noise)
			} else {
				(noise.one_of(&[3, 4, 5, 5, 5, 6]) << 10) + noise.below(1024) as u16
			}
		};
		let weights = MadeUp::of_rows(&program, |shape, position| match shape {
			Shape::Matrix { columns, .. } => matrix_row(noise, columns, scale),
			Shape::Vector { length } => (0..length)
				.flat_map(|_| (65536 + noise.value(if wild { 31 } else { 17 })).to_le_bytes())
				.collect(),
			Shape::Rotation { pairs, .. } => (0..pairs)
				.flat_map(|pair| {
					let (sine, cosine) = (f64::from(position) * 0.9f64.powi(pair as i32)).sin_cos();
					[cosine, sine].map(|x| (x * f64::from(1 << 30)).round() as i32)
				})
				.flat_map(i32::to_le_bytes)
				.collect(),
		});
		Self { program, weights }
	}
}

impl Weights for RandomModel {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		self.weights.row(tensor, layer, row)
	}
}

/// Any valid scale: zero, subnormal, the largest, or of a size in between.
fn any_scale(noise: &mut Noise) -> u16 {
	match noise.below(8) {
		0 => 0,
		1 => 0x7bff,
		2 => noise.below(1024) as u16,
		_ => noise.below(0x7c00) as u16,
	}
}

/// A canonical Q8_0 row with the scales of `scale`.
fn matrix_row(noise: &mut Noise, columns: u32, mut scale: impl FnMut(&mut Noise) -> u16) -> Vec<u8> {
	let mut row: Vec<u8> = (0..columns / 32).flat_map(|_| scale(noise).to_le_bytes()).collect();
	row.extend((0..columns).map(|_| match noise.below(4) {
		0 => noise.one_of(&[-127, 127, 0]) as u8,
		_ => noise.within(127) as u8,
	}));
	row
}

/// Collects the tensors and registers of a program under construction.
#[derive(Default)]
struct Builder {
	registers: Vec<u32>,
	tensors: Vec<Tensor>,
}

impl Builder {
	fn register(&mut self, width: u32) -> Register {
		self.registers.push(width);
		Register(self.registers.len() as u8 - 1)
	}

	fn tensor(&mut self, shape: Shape, per_layer: bool) -> TensorIndex {
		self.tensors.push(Tensor { shape, per_layer });
		TensorIndex(self.tensors.len() as u16 - 1)
	}

	fn matrix(&mut self, rows: u32, columns: u32, per_layer: bool) -> TensorIndex {
		self.tensor(Shape::Matrix { rows, columns }, per_layer)
	}

	fn vector(&mut self, length: u32, per_layer: bool) -> TensorIndex {
		self.tensor(Shape::Vector { length }, per_layer)
	}
}

/// A Llama-shaped decoder: grouped queries, optional biases and query/key norms, tied embeddings or not.
pub fn a_llama(noise: &mut Noise) -> Program {
	let mut b = Builder::default();
	let positions = 48;
	let head_dim = noise.one_of(&[32, 64]);
	let (heads, kv_heads) = noise.one_of(&[(1, 1), (2, 1), (4, 2), (3, 3)]);
	let width = noise.one_of(&[32, 64, 96]);
	let (hidden, vocabulary) = (noise.one_of(&[32, 160, 288]), noise.one_of(&[33, 50, 64]));
	let (query_width, kv_width) = (heads * head_dim, kv_heads * head_dim);
	let [x, normed, projected] = [(); 3].map(|()| b.register(width));
	let [q, mixed] = [(); 2].map(|()| b.register(query_width));
	let [k, v] = [(); 2].map(|()| b.register(kv_width));
	let [gate, up] = [(); 2].map(|()| b.register(hidden));
	let logits = b.register(vocabulary);

	let table = b.matrix(vocabulary, width, false);
	let last_gain = b.vector(width, false);
	let output = if noise.below(2) == 0 {
		table
	} else {
		b.matrix(vocabulary, width, false)
	};
	let rotation = b.tensor(
		Shape::Rotation {
			positions,
			pairs: noise.one_of(&[head_dim / 2, 8]),
		},
		false,
	);
	let style = noise.one_of(&[RotaryStyle::Half, RotaryStyle::Interleaved]);
	let [gain_1, gain_2] = [(); 2].map(|()| b.vector(width, true));
	let biased = noise.below(2) == 0;
	let linear = |b: &mut Builder, dst, src, rows, columns| Op::Linear {
		dst,
		src,
		weight: b.matrix(rows, columns, true),
		bias: biased.then(|| b.vector(rows, true)),
	};
	let epsilon = noise.below(1 << 20);
	let mut layer = vec![
		Op::RmsNorm {
			dst: normed,
			src: x,
			gain: gain_1,
			epsilon,
		},
		linear(&mut b, q, normed, query_width, width),
		linear(&mut b, k, normed, kv_width, width),
		linear(&mut b, v, normed, kv_width, width),
	];
	if noise.below(2) == 0 {
		for register in [q, k] {
			layer.push(Op::RmsNorm {
				dst: register,
				src: register,
				gain: b.vector(head_dim, true),
				epsilon,
			});
		}
	}
	layer.extend([q, k].map(|dst| Op::Rotate {
		dst,
		table: rotation,
		head_dim,
		style,
	}));
	layer.extend([
		Op::Attention {
			dst: mixed,
			query: q,
			key: k,
			value: v,
			heads: heads as u16,
			kv_heads: kv_heads as u16,
			head_dim,
			scale: 1 << 28,
			mask: Mask::Causal,
		},
		linear(&mut b, projected, mixed, width, query_width),
		Op::Add {
			dst: x,
			a: x,
			b: projected,
		},
		Op::RmsNorm {
			dst: normed,
			src: x,
			gain: gain_2,
			epsilon,
		},
		linear(&mut b, gate, normed, hidden, width),
		linear(&mut b, up, normed, hidden, width),
		Op::Activate {
			dst: gate,
			src: gate,
			function: noise.one_of(&[Function::Silu, Function::GeluTanh]),
		},
		Op::Mul {
			dst: up,
			a: gate,
			b: up,
		},
		linear(&mut b, projected, up, width, hidden),
		Op::Add {
			dst: x,
			a: projected,
			b: x,
		},
	]);
	let head = Head::Tokens {
		ops: vec![
			Op::RmsNorm {
				dst: normed,
				src: x,
				gain: last_gain,
				epsilon,
			},
			Op::Linear {
				dst: logits,
				src: normed,
				weight: output,
				bias: None,
			},
		],
		logits,
		stop: vec![noise.below(vocabulary.into()) as u32],
	};
	Program {
		profile: Profile::Q8A16V1,
		positions,
		registers: b.registers,
		tensors: b.tensors,
		layers: 1 + noise.below(3) as u16,
		entry: vec![Op::Embed {
			dst: x,
			table,
			row: RowIndex::Token,
		}],
		layer,
		head,
	}
}

/// A BERT-shaped encoder with pooling, or with causal attention in its place.
pub fn a_bert(noise: &mut Noise) -> Program {
	let mut b = Builder::default();
	let positions = 40;
	let (heads, head_dim) = noise.one_of(&[(1, 64), (2, 32), (3, 32)]);
	let (width, hidden, vocabulary) = (heads * head_dim, noise.one_of(&[32, 128, 224]), 70);
	let [x, other, q, k, v, mixed] = [(); 6].map(|()| b.register(width));
	let inner = b.register(hidden);
	let output = b.register(21);
	let [tokens, places, kinds] = [vocabulary, positions, 2].map(|rows| b.matrix(rows, width, false));
	let [gain, bias] = [(); 2].map(|()| b.vector(width, false));
	let epsilon = 1 + noise.below(1 << 22);
	let norm = |b: &mut Builder| Op::LayerNorm {
		dst: x,
		src: x,
		gain: b.vector(width, true),
		bias: b.vector(width, true),
		epsilon,
	};
	let linear = |b: &mut Builder, dst, src, rows, columns| Op::Linear {
		dst,
		src,
		weight: b.matrix(rows, columns, true),
		bias: Some(b.vector(rows, true)),
	};
	let layer = vec![
		linear(&mut b, q, x, width, width),
		linear(&mut b, k, x, width, width),
		linear(&mut b, v, x, width, width),
		Op::Attention {
			dst: mixed,
			query: q,
			key: k,
			value: v,
			heads: heads as u16,
			kv_heads: heads as u16,
			head_dim,
			scale: 1 << 28,
			mask: noise.one_of(&[Mask::Full, Mask::Full, Mask::Causal]),
		},
		linear(&mut b, other, mixed, width, width),
		Op::Add { dst: x, a: other, b: x },
		norm(&mut b),
		linear(&mut b, inner, x, hidden, width),
		Op::Activate {
			dst: inner,
			src: inner,
			function: Function::GeluErf,
		},
		linear(&mut b, other, inner, width, hidden),
		Op::Add { dst: x, a: x, b: other },
		norm(&mut b),
	];
	let weight = b.matrix(21, width, false);
	let head = Head::Vector {
		pooling: noise.one_of(&[Pooling::Mean, Pooling::First, Pooling::Last]),
		ops: vec![
			Op::Linear {
				dst: output,
				src: x,
				weight,
				bias: None,
			},
			Op::Activate {
				dst: output,
				src: output,
				function: Function::Tanh,
			},
			Op::L2Normalize {
				dst: output,
				src: output,
			},
		],
		output,
	};
	Program {
		profile: Profile::Q8A16V1,
		positions,
		registers: b.registers,
		tensors: b.tensors,
		layers: 2,
		entry: vec![
			Op::Embed {
				dst: x,
				table: tokens,
				row: RowIndex::Token,
			},
			Op::Embed {
				dst: other,
				table: places,
				row: RowIndex::Position,
			},
			Op::Add { dst: x, a: x, b: other },
			Op::Embed {
				dst: other,
				table: kinds,
				row: RowIndex::Constant(1),
			},
			Op::Add { dst: x, a: x, b: other },
			Op::LayerNorm {
				dst: x,
				src: x,
				gain,
				bias,
				epsilon,
			},
		],
		layer,
		head,
	}
}

/// A plain network on an input vector, without layers.
pub fn an_mlp(noise: &mut Noise) -> Program {
	let mut b = Builder::default();
	let (input, hidden, outputs) = (
		noise.one_of(&[32, 64]),
		noise.one_of(&[32, 256]),
		1 + noise.below(9) as u32,
	);
	let x = b.register(input);
	let [h, twice] = [(); 2].map(|()| b.register(hidden));
	let y = b.register(outputs);
	let (first, first_bias) = (b.matrix(hidden, input, false), b.vector(hidden, false));
	let (second, second_bias) = (b.matrix(outputs, hidden, false), b.vector(outputs, false));
	Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: b.registers,
		tensors: b.tensors,
		layers: 0,
		entry: vec![Op::Input { dst: x }],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Mean,
			ops: vec![
				Op::Linear {
					dst: h,
					src: x,
					weight: first,
					bias: Some(first_bias),
				},
				Op::Activate {
					dst: twice,
					src: h,
					function: Function::Relu,
				},
				Op::Mul {
					dst: twice,
					a: twice,
					b: twice,
				},
				Op::Add { dst: h, a: h, b: h },
				Op::Add { dst: h, a: twice, b: h },
				Op::Linear {
					dst: y,
					src: h,
					weight: second,
					bias: Some(second_bias),
				},
				Op::Activate {
					dst: y,
					src: y,
					function: Function::Sigmoid,
				},
			],
			output: y,
		},
	}
}
