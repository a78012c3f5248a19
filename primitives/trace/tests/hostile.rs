//! Hostile bytes: no opening, however it was made, refutes an honest claim or upsets the referee.

mod common;

use assay_exact::Input;
use assay_samples::{
	programs::{decoder, encoder, perceptron, VOCABULARY},
	Noise,
};
use assay_trace::{
	cell::{check_cell, check_group, CellPath, CellRoots},
	check_step,
	fault::{Exhibit, Target},
	merkle::InclusionProof,
	Group, Opening, Place, Step, Verdict,
};
use codec::{DecodeAll, Encode};
use common::*;

/// Changed openings for each job.
const ROUNDS: usize = 20_000;

fn jobs() -> Vec<Honest> {
	let prompt = |length: u32| Input::Tokens((0..length).map(|i| (i * 7 + 3) % VOCABULARY).collect());
	let values = (0..perceptron().input_length().unwrap()).map(|i| i as i32 * 9_000 - 70_000);
	vec![
		Honest::new(decoder(), prompt(9), SAMPLED),
		Honest::new(encoder(), prompt(11), GREEDY),
		Honest::new(perceptron(), Input::Vector(values.collect()), GREEDY),
	]
}

/// One of everything that can be shown of a job: openings with their places, steps and roots.
fn openings(job: &Honest) -> Vec<(Place, Step, CellRoots, Vec<u8>)> {
	let (prover, layout) = (job.prover(), job.statement().layout());
	let mut all = Vec::new();
	for index in [0, layout.places() / 2, layout.places() - 1] {
		let place = layout.place(index).unwrap();
		let values = prover.cell(place).unwrap();
		let mut last = None;
		for step in steps(job, place) {
			// The first step of each kind and operation.
			let kind = match step {
				Step::Element { op, .. } => (0, op),
				Step::Cache { .. } => (1, 0),
				Step::Attend { .. } => (2, 0),
				Step::Pool { .. } => (3, 0),
				Step::Mean { .. } => (4, 0),
				Step::Choice { .. } => (5, 0),
				Step::Output { .. } => (6, 0),
			};
			if last == Some(kind) {
				continue;
			}
			if let Ok((opening, verdict)) = prover.open(place, step, &values) {
				assert_eq!(verdict, Verdict::Holds);
				all.push((place, step, values.roots(), opening.encode()));
				last = Some(kind);
			}
		}
	}
	all
}

/// Changes some bytes: flips, cuts, repeats, or puts in a piece of another.
fn change(bytes: &mut Vec<u8>, other: &[u8], noise: &mut Noise) {
	for _ in 0..1 + noise.next() % 4 {
		let at = |length: usize, noise: &mut Noise| noise.next() as usize % length.max(1);
		match noise.next() % 5 {
			0 if !bytes.is_empty() => {
				let at = at(bytes.len(), noise);
				bytes[at] ^= 1 << (noise.next() % 8);
			}
			1 if !bytes.is_empty() => {
				let at = at(bytes.len(), noise);
				bytes[at] = [0, 1, 4, 0x7f, 0x80, 0xff][noise.next() as usize % 6];
			}
			2 => bytes.truncate(at(bytes.len(), noise)),
			3 => {
				let (from, to) = (at(other.len(), noise), at(bytes.len(), noise));
				let piece = &other[from..(from + at(64, noise)).min(other.len())];
				bytes.splice(to..to, piece.iter().copied());
			}
			_ => {
				let (from, length) = (at(bytes.len(), noise), at(64, noise));
				let end = (from + length).min(bytes.len());
				bytes.drain(from.min(end)..end);
			}
		}
	}
}

#[test]
fn no_changed_opening_refutes_an_honest_claim() {
	let mut noise = Noise::new(2026);
	for job in jobs() {
		let (statement, all) = (job.statement(), openings(&job));
		let mut judged = 0;
		for _ in 0..ROUNDS {
			let pick = |noise: &mut Noise| &all[noise.next() as usize % all.len()];
			let (place, step, roots, bytes) = pick(&mut noise);
			let mut bytes = bytes.clone();
			change(&mut bytes, &pick(&mut noise).3, &mut noise);
			let Ok(opening) = Opening::decode_all(&mut &bytes[..]) else {
				continue;
			};
			judged += 1;
			let verdict = check_step(&statement, *place, roots, *step, opening);
			assert_ne!(verdict, Ok(Verdict::Refuted), "{place:?} {step:?}");
		}
		assert!(judged > ROUNDS / 100, "hardly anything decoded: {judged}");
	}
}

#[test]
fn steps_places_and_roots_of_others_prove_nothing() {
	let mut noise = Noise::new(7);
	for job in jobs() {
		let (statement, all) = (job.statement(), openings(&job));
		for (place, step, roots, bytes) in &all {
			let opening = Opening::decode_all(&mut &bytes[..]).unwrap();
			for _ in 0..200 {
				let number = |noise: &mut Noise| (noise.next() >> (noise.next() % 64)) as u32;
				let (a, b) = (number(&mut noise), number(&mut noise));
				let other = [
					Step::Element { op: a as u8, index: b },
					Step::Cache { head: a as u16 },
					Step::Attend {
						head: a as u16,
						group: b,
					},
					Step::Pool { chunk: a, group: b },
					Step::Mean { index: a },
					Step::Choice { rival: a },
					Step::Output { index: a },
				][noise.next() as usize % 7];
				let elsewhere = match noise.next() % 2 {
					0 => Place::Cell {
						row: a as u16,
						position: b,
					},
					_ => Place::Head { position: b },
				};
				let verdict = check_step(&statement, *place, roots, other, opening.clone());
				assert_ne!(verdict, Ok(Verdict::Refuted), "{place:?} {other:?}");
				// Another cell is judged by its own roots: those of a cell are tied to its place when it is opened.
				if let Ok(values) = job.prover().cell(elsewhere) {
					let verdict = check_step(&statement, elsewhere, &values.roots(), *step, opening.clone());
					assert_ne!(verdict, Ok(Verdict::Refuted), "{elsewhere:?} {step:?}");
				}
				let mut fewer = roots.clone();
				fewer.vectors.truncate(a as usize % (roots.vectors.len() + 1));
				fewer.work = None;
				let _ = check_step(&statement, *place, &fewer, *step, opening.clone());
				let _ = check_cell(&statement, elsewhere, &fewer, None);
			}
		}
	}
}

#[test]
fn hostile_answers_are_refused() {
	let mut noise = Noise::new(99);
	for job in jobs() {
		let (statement, prover) = (job.statement(), job.prover());
		let layout = statement.layout();
		let place = layout.place(layout.places() / 2).unwrap();
		let values = prover.cell(place).unwrap();
		let roots = values.roots();
		let group = Group { row: 0, index: 0 };
		let (cells, path) = prover.group(group).unwrap();
		let answers: Vec<Vec<u8>> = (0..values.vectors.len() as u8)
			.map(Target::Vector)
			.chain([Target::Cache, Target::Work, Target::Pooled])
			.filter_map(|target| Some((target, Exhibit::of(&values, target)?).encode()))
			.chain([(cells, path).encode(), prover.path(place).encode()])
			.collect();
		for _ in 0..ROUNDS / 4 {
			let pick = noise.next() as usize % answers.len();
			let mut bytes = answers[pick].clone();
			change(&mut bytes, &answers[noise.next() as usize % answers.len()], &mut noise);
			let is_changed = !answers.contains(&bytes);
			if let Ok((target, exhibit)) = <(Target, Exhibit)>::decode_all(&mut &bytes[..]) {
				let taken = exhibit.verify(&statement, place, &roots, target);
				assert!(!taken || !is_changed || Exhibit::of(&values, target) == Some(exhibit));
			}
			if let Ok((cells, path)) = <(Vec<CellRoots>, InclusionProof)>::decode_all(&mut &bytes[..]) {
				let _ = check_group(&statement, group, &cells, &path);
			}
			if let Ok(path) = <Option<CellPath>>::decode_all(&mut &bytes[..]) {
				let _ = check_cell(&statement, place, &roots, path.as_ref());
			}
		}
	}
}
