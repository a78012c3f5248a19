//! What a draw asks of an honest worker it can answer, and what an auditor shows proves that it had the values.

mod common;

use assay_trace::{
	check_step,
	digest::{digest, DigestKey, DigestOpening},
	draw::{draw_boundary, draw_place, draw_step, rules},
	Hash32, Place, Statement, Step, TraceRoot, Verdict,
};
use common::{jobs, steps};
use std::collections::BTreeSet;

/// The random number whose halves are these.
fn random(first: u64, second: u64) -> Hash32 {
	let mut bytes = [0; 32];
	bytes[8..16].copy_from_slice(&first.to_be_bytes());
	bytes[24..].copy_from_slice(&second.to_be_bytes());
	Hash32(bytes)
}

fn places(statement: &Statement<'_>) -> Vec<Place> {
	let layout = statement.layout();
	(0..layout.places())
		.map(|index| draw_place(&layout, &random(index, 0)).unwrap())
		.collect()
}

#[test]
fn every_cell_and_every_step_can_be_drawn_and_nothing_else() {
	for job in jobs() {
		let statement = job.statement();
		let places = places(&statement);
		assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), places.len());
		// One cell of each kind: the first of each row, and a head.
		for place in places
			.into_iter()
			.filter(|place| matches!(place, Place::Cell { position: 4 | 0, .. } | Place::Head { .. }))
		{
			let values = job.prover().cell(place).unwrap();
			let drawn = |rule, index| draw_step(&statement, place, &random(rule, index));
			// More rules and indices than any of these cells has.
			let drawn: Vec<Step> = (0..40)
				.flat_map(|rule| (0..300).filter_map(move |index| drawn(rule, index)))
				.collect();
			let expected: Vec<Step> = steps(&job, place)
				.into_iter()
				.filter(|step| job.prover().open(place, *step, &values).is_ok())
				.collect();
			for step in &expected {
				assert!(drawn.contains(step), "{place:?} {step:?} is never drawn");
			}
			assert!(drawn.iter().all(|step| expected.contains(step)));
			// One rule after the other, and then the first again.
			let rules = rules(&statement, place) as u64;
			let first = |rule| draw_step(&statement, place, &random(rule, 0)).unwrap();
			let of_rules: Vec<Step> = (0..rules).map(first).collect();
			for (index, step) in of_rules.iter().enumerate() {
				assert!(!of_rules[..index].contains(step), "{place:?} {step:?} is of two rules");
			}
			assert_eq!(first(rules), first(0));
		}
	}
}

#[test]
fn an_honest_worker_passes_every_spot_check() {
	for job in jobs() {
		let statement = job.statement();
		let prover = job.prover();
		for seed in 0..200u64 {
			let place = draw_place(&statement.layout(), &random(seed.wrapping_mul(7_919), 0)).unwrap();
			let values = prover.cell(place).unwrap();
			let roots = values.roots();
			assay_trace::cell::check_cell(&statement, place, &roots, prover.path(place).as_ref()).unwrap();
			let step = draw_step(&statement, place, &random(seed, seed.wrapping_mul(104_729))).unwrap();
			let (opening, _) = prover.open(place, step, &values).unwrap();
			assert_eq!(check_step(&statement, place, &roots, step, opening), Ok(Verdict::Holds));
		}
	}
}

fn key(auditor: u8) -> DigestKey {
	DigestKey::new(&[auditor; 32], 7, 1)
}

#[test]
fn an_auditor_with_the_values_can_show_any_cell_of_its_digest() {
	for job in jobs() {
		let statement = job.statement();
		let own = digest(&key(1).leaves(&job.record));
		for seed in 0..20 {
			let place = draw_boundary(&statement.layout(), &random(seed * 31, 0)).unwrap();
			let opening = job.prover().open_digest(place, &key(1)).unwrap();
			assert!(opening.verify(&statement, place, &key(1), &own));
		}
	}
}

#[test]
fn a_digest_is_worth_nothing_to_another() {
	let job = &jobs()[0];
	let statement = job.statement();
	let place = Place::Cell { row: 1, position: 3 };
	let copied = digest(&key(1).leaves(&job.record));
	let owners = job.prover().open_digest(place, &key(1)).unwrap();
	let opening = job.prover().open_digest(place, &key(2)).unwrap();
	assert!(owners.verify(&statement, place, &key(1), &copied));
	assert!(!owners.verify(&statement, place, &key(2), &copied));
	assert!(!opening.verify(&statement, place, &key(2), &copied));
	for key in [DigestKey::new(&[1; 32], 8, 1), DigestKey::new(&[1; 32], 7, 2)] {
		assert!(!owners.verify(&statement, place, &key, &copied), "of another claim");
	}
}

#[test]
fn a_digest_made_blindly_cannot_be_opened() {
	let job = &jobs()[0];
	let statement = job.statement();
	let place = Place::Cell { row: 1, position: 3 };
	// Whoever learns the values after it is bound can show them, but not in its digest.
	let blind = digest(&vec![Hash32([9; 32]); key(1).leaves(&job.record).len()]);
	let opening = job.prover().open_digest(place, &key(1)).unwrap();
	assert!(!opening.verify(&statement, place, &key(1), &blind));
}

#[test]
fn a_digest_of_other_values_or_cells_is_refused() {
	for job in jobs() {
		let statement = job.statement();
		let own = digest(&key(1).leaves(&job.record));
		let place = Place::Cell {
			row: statement.layout().rows - 1,
			position: 0,
		};
		let honest = job.prover().open_digest(place, &key(1)).unwrap();
		let refused = |opening: DigestOpening| assert!(!opening.verify(&statement, place, &key(1), &own));
		let mut other = honest.clone();
		other.residual[0] ^= 1;
		refused(other);
		let mut other = honest.clone();
		other.residual.pop();
		refused(other);
		let mut other = honest.clone();
		match other.cache.first_mut() {
			Some(leaf) => leaf[0] ^= 1,
			None => other.cache.push(vec![]),
		}
		refused(other);
		let mut other = honest.clone();
		other.in_trace.group.path.push(Hash32::default());
		refused(other);
		assert!(!honest.verify(&statement, Place::Head { position: 0 }, &key(1), &own));
		let elsewhere = Place::Cell { row: 0, position: 0 };
		assert_eq!(honest.verify(&statement, elsewhere, &key(1), &own), place == elsewhere);

		// Values that are not those of the claim: the auditor should have challenged.
		let claimed = Statement {
			trace: TraceRoot(Hash32([1; 32])),
			..statement
		};
		assert!(!honest.verify(&claimed, place, &key(1), &own));
	}
}
