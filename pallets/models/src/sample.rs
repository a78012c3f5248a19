//! Small models for tests and benchmarks.

use alloc::{vec, vec::Vec};
use assay_exact::program::{Head, Mask, Op, Pooling, Profile, Program, Register, RowIndex, Shape, Tensor, TensorIndex};
use assay_protocol::model::{ModelMetadata, ProgramBytes, VersionSubmission};
use assay_trace::merkle::Hash32;
use codec::Encode;
use sp_runtime::Permill;

/// Tokens the decoder knows.
pub(crate) const VOCABULARY: u32 = 256;
/// Positions of a job of the decoder.
pub(crate) const POSITIONS: u32 = 4_096;
/// Elements the vector model returns.
pub(crate) const OUTPUT_LENGTH: u32 = 7;

const WIDTH: u32 = 64;
const EPSILON: u64 = 42_950;

fn matrix(rows: u32, columns: u32, per_layer: bool) -> Tensor {
	Tensor {
		shape: Shape::Matrix { rows, columns },
		per_layer,
	}
}

/// A causal decoder with two layers of one attention each.
pub(crate) fn decoder() -> Program {
	let [residual, normalised, query, value, logits] = [0, 1, 2, 3, 4].map(Register);
	let [embedding, gain, weight] = [0, 1, 2].map(TensorIndex);
	let normalise = Op::RmsNorm {
		dst: normalised,
		src: residual,
		gain,
		epsilon: EPSILON,
	};
	let linear = |dst, weight| Op::Linear {
		dst,
		src: normalised,
		weight,
		bias: None,
	};
	Program {
		profile: Profile::Q8A16V1,
		positions: POSITIONS,
		registers: vec![WIDTH, WIDTH, WIDTH, WIDTH, VOCABULARY],
		tensors: vec![
			matrix(VOCABULARY, WIDTH, false),
			Tensor {
				shape: Shape::Vector { length: WIDTH },
				per_layer: false,
			},
			matrix(WIDTH, WIDTH, true),
		],
		layers: 2,
		entry: vec![Op::Embed {
			dst: residual,
			table: embedding,
			row: RowIndex::Token,
		}],
		layer: vec![
			normalise,
			linear(query, weight),
			linear(value, weight),
			Op::Attention {
				dst: normalised,
				query,
				key: query,
				value,
				heads: 2,
				kv_heads: 2,
				head_dim: 32,
				scale: 273_843_922,
				mask: Mask::Causal,
			},
			Op::Add {
				dst: residual,
				a: residual,
				b: normalised,
			},
		],
		head: Head::Tokens {
			ops: vec![normalise, linear(logits, embedding)],
			logits,
			stop: vec![1],
		},
	}
}

/// One matrix from a vector to a vector.
pub(crate) fn vector_model() -> Program {
	let [input, output] = [0, 1].map(Register);
	Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![32, OUTPUT_LENGTH],
		tensors: vec![matrix(OUTPUT_LENGTH, 32, false)],
		layers: 0,
		entry: vec![Op::Input { dst: input }],
		layer: Vec::new(),
		head: Head::Vector {
			pooling: Pooling::First,
			ops: vec![Op::Linear {
				dst: output,
				src: input,
				weight: TensorIndex(0),
				bias: None,
			}],
			output,
		},
	}
}

/// The encoding of `program`, which need not be valid.
pub(crate) fn encoded(program: &Program) -> ProgramBytes {
	program.encode().try_into().expect("sample programs are small")
}

pub(crate) fn submission(program: &Program) -> VersionSubmission {
	VersionSubmission {
		program: encoded(program),
		artifact: Hash32([7; 32]),
		artifact_bytes: 1 << 20,
		tokenizer: program.vocabulary().map(|_| Hash32([8; 32])),
		royalty: Permill::from_percent(5),
	}
}

pub(crate) fn metadata(name: &str) -> ModelMetadata {
	let text = |text: &str| text.as_bytes().to_vec();
	ModelMetadata {
		name: text(name).try_into().expect("sample names are short"),
		description: text("a sample").try_into().expect("short enough"),
		licence: text("Apache-2.0").try_into().expect("short enough"),
		tags: vec![text("sample").try_into().expect("short enough")]
			.try_into()
			.expect("few enough"),
	}
}
