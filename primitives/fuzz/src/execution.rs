//! Programs from strangers, run: no honest execution of a program that was accepted can be refuted.

use crate::{
	bytes::Bytes,
	common::Honest,
	edit::MAX_EDITS,
	programs::{edit_program, PROGRAMS},
};
use assay_exact::{Generation, Input, Program, ProgramError, Sampler};
use assay_trace::{
	cell::{check_cell, operations},
	check_step,
	draw::{draw_place, draw_step},
	merkle::leaf_hash,
	Verdict,
};
use codec::Encode;
use std::collections::BTreeMap;

/// Bytes of weights beyond which a program is left alone.
const MAX_WEIGHT_BYTES: u64 = 1 << 17;
/// Elements of its registers beyond which it is left alone.
const MAX_ELEMENTS: u32 = 1 << 12;
/// Layers beyond which it is left alone.
const MAX_LAYERS: u16 = 4;
/// Steps judged for each program.
const STEPS: usize = 8;

/// A program from the bytes alone.
pub(crate) const RAW: u8 = 0;
/// An edited program: what every other mode is too.
pub(crate) const EDITED: u8 = 1;

/// Reads a job and a program, runs it on made-up weights and judges some of its steps as they are drawn.
///
/// # Panics
/// If the program is accepted and small, and its execution fails, a cell is not in its trace, or a step does not hold.
pub fn run(bytes: &[u8]) {
	let mut bytes = Bytes::new(bytes);
	let mode = bytes.u8();
	let (prompt, max_tokens, sampled) = (prompt(bytes.u8()), u32::from(bytes.u8()) % 3 + 1, bytes.u8());
	let picks: [u16; STEPS] = std::array::from_fn(|_| bytes.u16());
	let seed = bytes.i32();
	let Ok(program) = read(mode, &mut bytes) else {
		return;
	};
	if !is_small(&program) {
		return;
	}
	let input = match (program.vocabulary(), program.input_length()) {
		(Some(vocabulary), _) => Input::Tokens((0..prompt).map(|i| i.wrapping_mul(7) % vocabulary).collect()),
		(None, length) => Input::Vector((0..length.unwrap_or(0) as i32).map(|i| i.wrapping_mul(seed)).collect()),
	};
	let generation = Generation {
		sampler: match sampled {
			0..128 => Sampler::Greedy,
			_ => Sampler::Gumbel {
				inverse_temperature: u32::from(sampled) << 10,
				seed: [sampled; 32],
			},
		},
		max_tokens,
		ignore_stop: sampled % 2 == 0,
	};
	if program.check_job(&input, &generation).is_err() {
		return;
	}
	judge(&Honest::new(program, input, generation), picks);
}

/// Mostly a few positions, to be quick; then more than a group, and more than the tables of the models have rows for.
fn prompt(choice: u8) -> u32 {
	match choice % 16 {
		15 => 25,
		12.. => 10,
		few => u32::from(few) % 3 + 1,
	}
}

fn read(mode: u8, bytes: &mut Bytes<'_>) -> Result<Program, ProgramError> {
	if mode == RAW {
		return Program::decode_checked(bytes.rest());
	}
	let mut program = bytes.pick(&PROGRAMS).clone();
	for _ in 0..MAX_EDITS {
		if bytes.is_empty() {
			break;
		}
		edit_program(&mut program, bytes);
	}
	Program::decode_checked(&program.encode())
}

fn is_small(program: &Program) -> bool {
	let weights = program.tensors.iter().fold(0u64, |sum, tensor| {
		let copies = if tensor.per_layer { program.layers } else { 1 };
		sum.saturating_add(tensor.shape.bytes().saturating_mul(copies.into()))
	});
	let elements = program
		.registers
		.iter()
		.fold(0u32, |sum, width| sum.saturating_add(*width));
	weights <= MAX_WEIGHT_BYTES && elements <= MAX_ELEMENTS && program.layers <= MAX_LAYERS
}

/// Whatever is drawn can be shown and holds.
fn judge(job: &Honest, picks: [u16; STEPS]) {
	let (statement, prover) = (job.statement(), job.prover());
	let layout = statement.layout();
	let mut opened = BTreeMap::new();
	for pick in picks {
		let random = leaf_hash(&pick.to_le_bytes());
		let place = draw_place(&layout, &random).expect("a trace has a cell");
		let (values, roots) = opened.entry(place).or_insert_with(|| {
			let values = prover.cell(place).expect("an honest cell opens");
			let roots = values.roots();
			check_cell(&statement, place, &roots, prover.path(place).as_ref()).expect("an honest cell is in its trace");
			(values, roots)
		});
		let Some(step) = draw_step(&statement, place, &random) else {
			assert!(operations(&job.program, place).is_empty(), "{place:?} has no step");
			continue;
		};
		let (opening, verdict) = prover
			.open(place, step, values)
			.unwrap_or_else(|error| panic!("{place:?} {step:?} cannot be opened: {error}"));
		assert_eq!(verdict, Verdict::Holds, "{place:?} {step:?}");
		assert_eq!(check_step(&statement, place, roots, step, opening), Ok(verdict));
	}
}
