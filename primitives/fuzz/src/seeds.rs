//! Inputs from honest encodings, for the fuzzer to begin with.

use crate::{
	job::{Job, JOBS},
	opening::{mode, Case, CASES},
};
use assay_exact::{
	models::{decoder, encoder, perceptron},
	program::{Head, Mask, Op, Pooling},
	Program,
};
use assay_trace::{fault::Target, Place, Verdict};
use codec::Encode;

/// Openings beyond this many bytes are reached by edits alone.
const MAX_OPENING_BYTES: usize = 4_096;

/// An input of a target.
pub struct Seed {
	/// The target.
	pub target: &'static str,
	/// Its bytes.
	pub bytes: Vec<u8>,
}

/// All of them.
pub fn all() -> Vec<Seed> {
	let of = |target| move |bytes| Seed { target, bytes };
	let programs = programs();
	let mut seeds: Vec<Seed> = programs.iter().map(Encode::encode).map(of("program")).collect();
	seeds.extend(programs.iter().flat_map(executions).map(of("execution")));
	seeds.extend(openings().into_iter().map(of("opening")));
	seeds.extend(steps().into_iter().map(of("rules")));
	seeds.extend(answers().into_iter().map(of("answer")));
	seeds
}

fn programs() -> Vec<Program> {
	let mut programs = vec![decoder(), encoder(), perceptron()];
	for pooled in [Pooling::First, Pooling::Last] {
		let mut program = encoder();
		if let Head::Vector { pooling, .. } = &mut program.head {
			*pooling = pooled;
		}
		programs.push(program);
	}
	let mut causal = encoder();
	for op in &mut causal.layer {
		if let Op::Attention { mask, .. } = op {
			*mask = Mask::Causal;
		}
	}
	programs.push(causal);
	programs
}

/// A short greedy job and a longer sampled one, with different steps to judge.
fn executions(program: &Program) -> [Vec<u8>; 2] {
	[(1u8, 1u8, 0u8, 1u16), (11, 3, 200, 7_919)].map(|(prompt, tokens, sampled, stride)| {
		let picks: [u16; 8] = std::array::from_fn(|i| (i as u16 + 1).wrapping_mul(stride));
		// The last is the seed of a vector input: a value of its own.
		(prompt, tokens, sampled, picks, (255u8, 123_457i32))
			.encode()
			.into_iter()
			.chain(program.encode())
			.collect()
	})
}

fn openings() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for (index, case) in (0u16..).zip(CASES.iter()) {
		let opening = case.opening.encode();
		match index % 7 {
			0 => seeds.push((mode::EDITED, index).encode()),
			2 => seeds.push((mode::ELSEWHERE, index, 0u16, case.step).encode()),
			4 => seeds.push((mode::ROOTS, index).encode()),
			6 if case.verdict == Verdict::Holds && opening.len() <= MAX_OPENING_BYTES => {
				let cell = index_of(case.job, case.place);
				seeds.push([(mode::RAW, index, cell, case.step).encode(), opening].concat());
			}
			_ => {}
		}
	}
	seeds
}

fn index_of(job: &Job, place: Place) -> u16 {
	let index = job.cells.iter().position(|cell| cell.place == place);
	index.expect("the place is of the job") as u16
}

fn index_of_job(case: &Case) -> u16 {
	let index = JOBS.iter().position(|job| std::ptr::eq(job, case.job));
	index.expect("the job is one of them") as u16
}

/// Every kind of step, untouched.
fn steps() -> Vec<Vec<u8>> {
	let honest = CASES.iter().filter(|case| case.verdict == Verdict::Holds);
	honest
		.map(|case| (index_of_job(case), index_of(case.job, case.place), case.step).encode())
		.collect()
}

/// Every kind of answer about the first, a middle and the last cell, unedited.
fn answers() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for (index, job) in (0u16..).zip(JOBS.iter()) {
		seeds.push((0u8, index, 0u16).encode());
		for cell in [0, job.cells.len() / 2, job.cells.len() - 1] {
			let place = (index, cell as u16);
			seeds.push((1u8, place).encode());
			seeds.push((2u8, place).encode());
			for (byte, target) in [
				(255u8, Target::Cache),
				(254, Target::Work),
				(253, Target::Pooled),
				(0, Target::Vector(0)),
			] {
				if assay_trace::fault::has_target(&job.statement(), job.cells[cell].place, target) {
					seeds.push((3u8, place, byte).encode());
				}
			}
		}
	}
	seeds
}
