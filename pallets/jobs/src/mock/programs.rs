//! Model versions and their programs.

use super::*;
use assay_exact::{
	program::{Head, Op, Pooling, Profile, Register, RowIndex, Shape, Tensor, TensorIndex},
	Program,
};
use assay_protocol::{model::Models, ModelId, ModelVersion, VersionNumber};
use assay_trace::merkle::Hash32;

const fn version(model: u32) -> ModelVersion {
	ModelVersion {
		model: ModelId(model),
		version: VersionNumber(0),
	}
}

/// Generates tokens from a vocabulary of 4,096; token 2 stops. Four units for each generated token and a bit.
pub(crate) const DECODER: ModelVersion = version(0);
/// 32 values to 8.
pub(crate) const PERCEPTRON: ModelVersion = version(1);
/// Tokens to a vector of 32.
pub(crate) const ENCODER: ModelVersion = version(2);
/// 32 values to 2,048: more than fit inline.
pub(crate) const WIDE: ModelVersion = version(3);
/// Not registered.
pub(crate) const UNKNOWN: ModelVersion = version(9);

pub(crate) const VOCABULARY: u32 = 4_096;
pub(crate) const STOP: u32 = 2;

fn matrix(rows: u32, columns: u32) -> Tensor {
	Tensor {
		shape: Shape::Matrix { rows, columns },
		per_layer: false,
	}
}

pub(super) fn decoder() -> Program {
	let (residual, logits, table) = (Register(0), Register(1), TensorIndex(0));
	Program {
		profile: Profile::Q8A16V1,
		positions: 1_100,
		registers: vec![1_024, VOCABULARY],
		tensors: vec![matrix(VOCABULARY, 1_024)],
		layers: 0,
		entry: vec![Op::Embed {
			dst: residual,
			table,
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Tokens {
			ops: vec![Op::Linear {
				dst: logits,
				src: residual,
				weight: table,
				bias: None,
			}],
			logits,
			stop: vec![STOP],
		},
	}
}

pub(super) fn perceptron(width: u32) -> Program {
	let (input, output, weight) = (Register(0), Register(1), TensorIndex(0));
	Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![32, width],
		tensors: vec![matrix(width, 32)],
		layers: 0,
		entry: vec![Op::Input { dst: input }],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Last,
			ops: vec![Op::Linear {
				dst: output,
				src: input,
				weight,
				bias: None,
			}],
			output,
		},
	}
}

pub(super) fn encoder() -> Program {
	let residual = Register(0);
	Program {
		profile: Profile::Q8A16V1,
		positions: 16,
		registers: vec![32],
		tensors: vec![matrix(100, 32)],
		layers: 0,
		entry: vec![Op::Embed {
			dst: residual,
			table: TensorIndex(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::Mean,
			ops: vec![],
			output: residual,
		},
	}
}

#[test]
fn programs_of_the_mock_should_be_valid() {
	for version in [DECODER, PERCEPTRON, ENCODER, WIDE] {
		assert_eq!(<Registry as Models<_, _>>::program(version).unwrap().validate(), Ok(()));
	}
}

pub(crate) fn artifact(version: ModelVersion) -> Hash32 {
	Hash32(sp_io::hashing::blake2_256(&codec::Encode::encode(&version)))
}
