//! Programs of every kind.

use alloc::vec;
use assay_exact::program::*;

/// log2(e) / √32 with 30 fraction bits: what queries of heads of 32 elements are multiplied with.
pub const ATTENTION_SCALE: u32 = 273_841_598;

/// A register.
pub const fn r(register: u8) -> Register {
	Register(register)
}

/// A tensor.
pub const fn t(tensor: u16) -> TensorIndex {
	TensorIndex(tensor)
}

/// A matrix.
pub const fn matrix(rows: u32, columns: u32, per_layer: bool) -> Tensor {
	Tensor {
		shape: Shape::Matrix { rows, columns },
		per_layer,
	}
}

/// A vector.
pub const fn vector(length: u32, per_layer: bool) -> Tensor {
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
				scale: ATTENTION_SCALE,
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
				scale: ATTENTION_SCALE,
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

/// The plainest decoder: what follows a token depends on it alone. Its embedding is also the product that makes the logits.
pub fn bigram(vocabulary: u32, width: u32, positions: u32, stop: u32) -> Program {
	Program {
		profile: Profile::Q8A16V1,
		positions,
		registers: vec![width, vocabulary],
		tensors: vec![matrix(vocabulary, width, false)],
		layers: 0,
		entry: vec![Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Tokens {
			ops: vec![Op::Linear {
				dst: r(1),
				src: r(0),
				weight: t(0),
				bias: None,
			}],
			logits: r(1),
			stop: vec![stop],
		},
	}
}

/// The plainest vector model: one matrix, from 32 elements to as many as told.
pub fn product(outputs: u32) -> Program {
	Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![32, outputs],
		tensors: vec![matrix(outputs, 32, false)],
		layers: 0,
		entry: vec![Op::Input { dst: r(0) }],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Last,
			ops: vec![Op::Linear {
				dst: r(1),
				src: r(0),
				weight: t(0),
				bias: None,
			}],
			output: r(1),
		},
	}
}

/// The plainest encoder: the mean of embeddings of 32 elements, without an operation after it.
pub fn mean_of_embeddings() -> Program {
	Program {
		profile: Profile::Q8A16V1,
		positions: 16,
		registers: vec![32],
		tensors: vec![matrix(100, 32, false)],
		layers: 0,
		entry: vec![Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Mean,
			ops: vec![],
			output: r(0),
		},
	}
}

/// The mean of wide embeddings, made narrower: its vectors have two chunks and its matrix two leaves.
pub fn bag_of_words() -> Program {
	let (width, narrow) = (320, 64);
	Program {
		profile: Profile::Q8A16V1,
		positions: 24,
		registers: vec![width, narrow],
		tensors: vec![matrix(VOCABULARY, width, false), matrix(narrow, width, false)],
		layers: 0,
		entry: vec![Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Mean,
			ops: vec![
				Op::L2Normalize { dst: r(0), src: r(0) },
				Op::Linear {
					dst: r(1),
					src: r(0),
					weight: t(1),
					bias: None,
				},
			],
			output: r(1),
		},
	}
}

/// A decoder of two layers that are an attention each, and as many positions as a real one.
pub fn attention_only() -> Program {
	let (width, vocabulary) = (64, 256);
	let normalise = Op::RmsNorm {
		dst: r(1),
		src: r(0),
		gain: t(1),
		epsilon: 42_950,
	};
	let linear = |dst, weight| Op::Linear {
		dst: r(dst),
		src: r(1),
		weight: t(weight),
		bias: None,
	};
	Program {
		profile: Profile::Q8A16V1,
		positions: 4_096,
		registers: vec![width, width, width, width, vocabulary],
		tensors: vec![
			matrix(vocabulary, width, false),
			vector(width, false),
			matrix(width, width, true),
		],
		layers: 2,
		entry: vec![Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Token,
		}],
		layer: vec![
			normalise,
			linear(2, 2),
			linear(3, 2),
			Op::Attention {
				dst: r(1),
				query: r(2),
				key: r(2),
				value: r(3),
				heads: 2,
				kv_heads: 2,
				head_dim: 32,
				scale: ATTENTION_SCALE,
				mask: Mask::Causal,
			},
			Op::Add {
				dst: r(0),
				a: r(0),
				b: r(1),
			},
		],
		head: Head::Tokens {
			ops: vec![normalise, linear(4, 0)],
			logits: r(4),
			stop: vec![1],
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_program_should_be_valid() {
		for program in [
			decoder(),
			encoder(),
			perceptron(),
			bigram(4_096, 1_024, 1_100, 2),
			product(7),
			product(2_048),
			mean_of_embeddings(),
			bag_of_words(),
			attention_only(),
		] {
			assert_eq!(program.validate(), Ok(()), "{program:?}");
		}
	}

	#[test]
	fn the_scale_should_be_that_of_heads_of_32_elements() {
		let scale = core::f64::consts::LOG2_E / f64::from(32).sqrt();
		assert_eq!((scale * f64::from(1 << 30)).round(), f64::from(ATTENTION_SCALE));
	}
}
