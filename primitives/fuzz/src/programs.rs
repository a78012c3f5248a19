//! Programs to begin with, and edits of them that the fuzzer asks for.

use crate::{bytes::Bytes, common::pooled, edit::edit};
use assay_exact::{
	program::{Head, Mask, Op, Pooling, Register, Shape},
	Program,
};
use assay_samples::programs::{bag_of_words, decoder, encoder, perceptron};
use codec::{DecodeAll, Encode};
use std::sync::LazyLock;

/// Small programs of every kind.
pub(crate) static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(|| {
	let mut causal = encoder();
	for op in &mut causal.layer {
		if let Op::Attention { mask, .. } = op {
			*mask = Mask::Causal;
		}
	}
	let programs = [decoder(), encoder(), perceptron(), bag_of_words(), causal, one_token()];
	let pooled = [Pooling::First, Pooling::Last].map(pooled);
	programs.into_iter().chain(pooled).map(shallow).collect()
});

/// A decoder that can say one thing alone.
fn one_token() -> Program {
	let mut program = decoder();
	if let Head::Tokens { logits, stop, .. } = &mut program.head {
		program.registers[usize::from(logits.0)] = 1;
		stop.clear();
	}
	if let Shape::Matrix { rows, .. } = &mut program.tensors[0].shape {
		*rows = 1;
	}
	program
}

/// With one layer at most, to be quick.
fn shallow(mut program: Program) -> Program {
	program.layers = program.layers.min(1);
	program
}

/// One edit of a program: of an operation, a tensor or a register, or of their number or order.
pub(crate) fn edit_program(program: &mut Program, bytes: &mut Bytes<'_>) {
	match bytes.u8() % 8 {
		0 => {
			let at = bytes.index(program.tensors.len());
			edit_one(&mut program.tensors, at, bytes);
		}
		1 => {
			let (at, other) = (
				bytes.index(program.registers.len()),
				bytes.index(program.registers.len()),
			);
			program.registers[at] = match bytes.u8() {
				0 => bytes.u16().into(),
				blocks @ 1..16 => u32::from(blocks) * 32,
				_ => program.registers[other],
			};
		}
		2 => edit_rest(program, bytes),
		kind => {
			let all: Vec<Op> = program.ops().copied().collect();
			let ops = match (bytes.u8() % 3, &mut program.head) {
				(0, _) => &mut program.entry,
				(1, _) => &mut program.layer,
				(_, Head::Tokens { ops, .. } | Head::Vector { ops, .. }) => ops,
			};
			let at = bytes.index(ops.len() + 1);
			match (kind, bytes.u8() % 4) {
				(3, 0) if at < ops.len() => {
					ops.remove(at);
				}
				(3, 1) if at + 1 < ops.len() => ops.swap(at, at + 1),
				(3, _) if !all.is_empty() => ops.insert(at, *bytes.pick(&all)),
				_ => edit_one(ops, at, bytes),
			}
		}
	}
}

/// Edits the encoding of one of some things, if it can be decoded after.
fn edit_one<T: Encode + DecodeAll>(all: &mut [T], at: usize, bytes: &mut Bytes<'_>) {
	let Some(one) = all.get_mut(at) else {
		return;
	};
	let mut encoded = one.encode();
	edit(&mut encoded, &[], bytes);
	if let Ok(edited) = T::decode_all(&mut &encoded[..]) {
		*one = edited;
	}
}

fn edit_rest(program: &mut Program, bytes: &mut Bytes<'_>) {
	let (kind, value) = (bytes.u8(), bytes.u8());
	match (kind % 4, &mut program.head) {
		(0, _) => program.layers = (value % 6).into(),
		(1, _) => program.positions = value.into(),
		(_, Head::Tokens { logits, stop, .. }) => match kind & 4 {
			0 => *logits = Register(value),
			_ => stop.push(value.into()),
		},
		(2, Head::Vector { output, .. }) => *output = Register(value),
		(_, Head::Vector { pooling, .. }) => {
			*pooling = [Pooling::Mean, Pooling::First, Pooling::Last][usize::from(value) % 3];
		}
	}
}
