//! Inputs from honest encodings, for the fuzzer to begin with.

use crate::{
	execution,
	job::{Job, JOBS},
	opening::{mode, Case, CASES},
	programs::PROGRAMS,
};
use assay_trace::{
	fault::{has_target, Target},
	Place, Verdict,
};
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
	let mut seeds: Vec<Seed> = PROGRAMS.iter().map(Encode::encode).map(of("program")).collect();
	seeds.extend(executions().into_iter().map(of("execution")));
	seeds.extend(openings().into_iter().map(of("opening")));
	seeds.extend(steps().into_iter().map(of("rules")));
	seeds.extend(answers().into_iter().map(of("answer")));
	seeds
}

/// A job of each program as it is, and one of its bytes.
fn executions() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for (index, program) in (0u16..).zip(PROGRAMS.iter()) {
		let picks: [u16; 8] = std::array::from_fn(|i| (i as u16 + 1).wrapping_mul(7_919));
		// The last is a value of its own: what a vector input is made from.
		let job = |mode: u8, prompt: u8| (mode, prompt, 2u8, 200u8, picks, (255u8, 123_457i32)).encode();
		seeds.push([job(execution::EDITED, 12), index.encode()].concat());
		seeds.push([job(execution::RAW, 0), program.encode()].concat());
	}
	seeds
}

fn openings() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for (index, case) in (0u16..).zip(CASES.iter()) {
		let opening = case.opening.encode();
		match index % 44 {
			0 => seeds.push((mode::EDITED, index).encode()),
			11 => seeds.push((mode::ELSEWHERE, index, 0u16, case.step).encode()),
			22 => seeds.push((mode::ROOTS, index).encode()),
			32 if opening.len() <= MAX_OPENING_BYTES => {
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

/// Steps, untouched.
fn steps() -> Vec<Vec<u8>> {
	let honest = CASES.iter().filter(|case| case.verdict == Verdict::Holds);
	honest
		.step_by(6)
		.map(|case| (index_of_job(case), index_of(case.job, case.place), case.step).encode())
		.collect()
}

/// Every kind of answer about a middle and the last cell, unedited.
fn answers() -> Vec<Vec<u8>> {
	let mut seeds = Vec::new();
	for (index, job) in (0u16..).zip(JOBS.iter()) {
		seeds.push((0u8, index, 0u16).encode());
		for cell in [job.cells.len() / 2, job.cells.len() - 1] {
			let place = (index, cell as u16);
			seeds.push((1u8, place).encode());
			seeds.push((2u8, place).encode());
			seeds.push((3u8, place).encode());
			let targets = [Target::Cache, Target::Work, Target::Pooled, Target::Vector(0)];
			for (kind, target) in (0u8..).zip(targets) {
				if has_target(&job.statement(), job.cells[cell].place, target) {
					seeds.push((4u8, place, kind, 0u8).encode());
				}
			}
		}
	}
	seeds
}
