//! Every step of an honest execution holds; every cheat is refuted by somebody who only ran the job too.

mod common;

use assay_exact::{Input, Output};
use assay_samples::programs::{decoder, encoder, VOCABULARY};
use assay_trace::{
	cell::{check_cell, check_group},
	check_step,
	execution::{replay, Record},
	fault::{Exhibit, Target},
	prover::Prover,
	Hash32, OpeningError, Place, Statement, Step, TraceRoot, Verdict,
};
use common::*;

#[test]
fn every_step_of_an_honest_execution_holds() {
	for job in jobs() {
		let (statement, prover) = (job.statement(), job.prover());
		let layout = statement.layout();
		for group in groups(&job) {
			let (cells, path) = prover.group(group).unwrap();
			check_group(&statement, group, &cells, &path).unwrap();
		}
		// The first, the last and some cells between.
		let stride = (layout.places() / 24).max(1) as usize;
		let last = layout.places() - 1;
		for index in (0..layout.places()).step_by(stride).chain([last]) {
			let place = layout.place(index).unwrap();
			let values = prover.cell(place).unwrap();
			let roots = values.roots();
			check_cell(&statement, place, &roots, prover.path(place).as_ref()).unwrap();
			for step in steps(&job, place) {
				let (opening, _) = match prover.open(place, step, &values) {
					Ok(opened) => opened,
					// Groups beyond a causal mask, and the chosen token as its own rival.
					Err(_) => {
						assert!(
							matches!(step, Step::Attend { .. } | Step::Choice { .. }),
							"{place:?} {step:?}"
						);
						continue;
					}
				};
				let verdict = check_step(&statement, place, &roots, step, opening);
				assert_eq!(verdict, Ok(Verdict::Holds), "{place:?} {step:?}");
			}
		}
	}
}

/// A worker whose record was changed and who commits to what is in it.
fn cheat_by_record(job: &Honest, change: impl FnOnce(&mut Record)) -> Option<(Place, Step, Cost)> {
	let mut record = job.record.clone();
	change(&mut record);
	let trace = record.boundaries().root();
	let statement = Statement {
		trace,
		..job.statement()
	};
	let (claimed, layout) = (record.clone(), statement.layout());
	let worker = Worker {
		prover: Prover::new(statement, &job.artifact, &record),
		// The last operation that writes the residual is said to have given what the record says, and so is the cache.
		distort: Box::new(move |place, values| match place {
			Place::Cell { row, position } => {
				let residual = Exhibit::Values(claimed.residual(row, position).to_vec());
				let last = Target::Vector(values.vectors.len() as u8 - 1);
				let values = values.with(last, &residual);
				if layout.has_caches(row) {
					values.with(Target::Cache, &Exhibit::Cache(claimed.cache(row, position).to_vec()))
				} else {
					values
				}
			}
			Place::Head { .. } => values,
		}),
	};
	dispute(&statement, &worker, &job.prover())
}

#[test]
fn a_changed_residual_is_refuted_wherever_it_is() {
	for job in jobs() {
		let layout = job.statement().layout();
		for row in 0..layout.rows {
			for position in [0, layout.positions / 2, layout.positions - 1] {
				let found = cheat_by_record(&job, |record| record.residual_mut(row, position).unwrap()[3] ^= 1);
				let (place, _, cost) = found.unwrap();
				assert_eq!(place, Place::Cell { row, position });
				assert!(cost.extrinsics <= 8 && cost.responses <= 5, "{cost:?}");
			}
		}
	}
}

#[test]
fn a_changed_cache_is_refuted_wherever_it_is() {
	for job in jobs().into_iter().filter(|job| job.statement().layout().caches) {
		let layout = job.statement().layout();
		for row in 1..layout.rows {
			for position in [0, layout.positions - 1] {
				let found = cheat_by_record(&job, |record| record.cache_mut(row, position).unwrap()[1][5] ^= 1);
				let (place, step, _) = found.unwrap();
				assert_eq!((place, step), (Place::Cell { row, position }, Step::Cache { head: 1 }));
			}
		}
	}
}

#[test]
fn the_execution_of_another_prompt_is_refuted() {
	let job = Honest::new(decoder(), prompt(9), GREEDY);
	let other_input = Input::Tokens((0..9).map(|i| (i * 5 + 1) % VOCABULARY).collect());
	let other = Statement {
		input: &other_input,
		..job.statement()
	};
	let record = replay(&other, &job.artifact).unwrap();
	let statement = Statement {
		trace: record.boundaries().root(),
		..job.statement()
	};
	let prover = Prover::new(other, &job.artifact, &record);
	let worker = Worker {
		prover,
		distort: Box::new(|_, values| values),
	};
	let (place, step, _) = dispute(&statement, &worker, &job.prover()).unwrap();
	assert!(matches!(place, Place::Cell { row: 0, .. }), "{place:?}");
	assert!(matches!(step, Step::Element { op: 0, .. }), "{step:?}");
}

#[test]
fn a_wrong_token_is_refuted_by_a_better_one_even_with_a_right_trace() {
	for generation in [GREEDY, SAMPLED] {
		for index in 0..5 {
			let mut job = Honest::new(decoder(), prompt(6), generation);
			let Output::Tokens(tokens) = &mut job.output else {
				panic!("a decoder returns tokens");
			};
			tokens[index] = (tokens[index] + 1) % VOCABULARY;
			// The worker runs the model on the tokens it claims: a prefill spoof.
			job.record = replay(&job.statement(), &job.artifact).unwrap();
			job.trace = job.record.boundaries().root();
			let worker = Worker {
				prover: job.prover(),
				distort: Box::new(|_, values| values),
			};
			let (place, step, cost) = dispute(&job.statement(), &worker, &job.prover()).unwrap();
			let position = 5 + index as u32;
			assert_eq!(place, Place::Head { position });
			assert!(matches!(step, Step::Choice { .. }), "{step:?}");
			assert!(cost.extrinsics <= 8, "{cost:?}");
		}
	}
}

#[test]
fn a_wrong_output_vector_is_refuted() {
	for mut job in jobs().into_iter().filter(|job| matches!(job.output, Output::Vector(_))) {
		let Output::Vector(values) = &mut job.output else {
			panic!("only vectors");
		};
		values[2] += 1;
		let worker = Worker {
			prover: job.prover(),
			distort: Box::new(|_, values| values),
		};
		let (_, step, _) = dispute(&job.statement(), &worker, &job.prover()).unwrap();
		assert_eq!(step, Step::Output { index: 2 });
	}
}

#[test]
fn every_distortion_of_the_inside_of_a_cell_is_refuted() {
	// The boundary of the last row is wrong at one position, and the worker puts the blame on each inner value in turn.
	for job in jobs().into_iter().filter(|job| job.statement().layout().rows > 1) {
		let layout = job.statement().layout();
		let (row, position) = (layout.rows - 1, layout.positions - 1);
		let place = Place::Cell { row, position };
		let honest_values = job.prover().cell(place).unwrap();
		let mut record = job.record.clone();
		record.residual_mut(row, position).unwrap()[0] ^= 4;
		let statement = Statement {
			trace: record.boundaries().root(),
			..job.statement()
		};
		let residual = Exhibit::Values(record.residual(row, position).to_vec());
		let last = Target::Vector(honest_values.vectors.len() as u8 - 1);
		let inner = (0..honest_values.vectors.len() as u8 - 1)
			.map(Target::Vector)
			.chain([Target::Work]);
		for target in inner {
			let exhibit = match Exhibit::of(&honest_values, target).unwrap() {
				Exhibit::Values(mut values) => {
					values[1] = values[1].wrapping_add(1 << 20);
					vec![Exhibit::Values(values)]
				}
				Exhibit::Heads(heads) => {
					let mut changed = Vec::new();
					let mut change = |change: &dyn Fn(&mut assay_trace::work::HeadWork)| {
						let mut heads = heads.clone();
						change(&mut heads[1]);
						changed.push(Exhibit::Heads(heads));
					};
					change(&|head| head.peak.value += 1);
					change(&|head| head.peak.value -= 1);
					change(&|head| head.peak.position = (head.peak.position + 1) % 9);
					change(&|head| head.peak.position = u32::MAX);
					change(&|head| head.tops[0].value += 1);
					change(&|head| head.tops[0].value = i32::MAX);
					change(&|head| head.tops[0].value -= 1);
					change(&|head| head.states[0] = Hash32::default());
					change(&|head| *head.states.last_mut().unwrap() = Hash32::default());
					changed
				}
				other => panic!("{other:?}"),
			};
			for exhibit in exhibit {
				let worker = Worker {
					prover: Prover::new(statement, &job.artifact, &record),
					distort: Box::new(|at, values| {
						if at == place {
							values.with(target, &exhibit).with(last, &residual)
						} else {
							values
						}
					}),
				};
				let (found, step, _) = dispute(&statement, &worker, &job.prover()).unwrap();
				assert_eq!(found, place);
				match (target, step) {
					(Target::Vector(op), Step::Element { op: found, .. }) => assert_eq!(op, found),
					(Target::Work, Step::Attend { head: 1, .. }) => {}
					other => panic!("{other:?}"),
				}
			}
		}
	}
}

#[test]
fn distortions_of_a_mean_are_refuted() {
	let job = Honest::new(encoder(), prompt(19), GREEDY);
	let place = Place::Head { position: 0 };
	let values = job.prover().cell(place).unwrap();
	let mut mean = values.residual.clone();
	mean[9] += 1;
	let mut work = match Exhibit::of(&values, Target::Work).unwrap() {
		Exhibit::Chunks(chunks) => chunks,
		other => panic!("{other:?}"),
	};
	work[0].states[1] = Hash32::default();
	for (target, exhibit, expected) in [
		(Target::Pooled, Exhibit::Values(mean), Step::Mean { index: 9 }),
		(Target::Work, Exhibit::Chunks(work), Step::Pool { chunk: 0, group: 1 }),
	] {
		let worker = Worker {
			prover: job.prover(),
			distort: Box::new(|_, values| values.with(target, &exhibit)),
		};
		let (_, step, _) = dispute(&job.statement(), &worker, &job.prover()).unwrap();
		assert_eq!(step, expected);
	}
}

#[test]
fn roots_that_do_not_chain_are_refused() {
	let job = Honest::new(decoder(), prompt(9), GREEDY);
	let (statement, prover) = (job.statement(), job.prover());
	for group in groups(&job) {
		let (cells, path) = prover.group(group).unwrap();
		let mut wrong = cells.clone();
		*wrong[0].vectors.last_mut().unwrap() = Hash32::default();
		assert!(check_group(&statement, group, &wrong, &path).is_err());
		assert!(check_group(&statement, group, &cells[1..], &path).is_err());
		let mut short = cells.clone();
		short[0].vectors.pop();
		assert!(check_group(&statement, group, &short, &path).is_err());
		if group.row > 0 {
			let mut wrong = cells.clone();
			wrong[0].cache = Some(Hash32::default());
			assert!(check_group(&statement, group, &wrong, &path).is_err());
		}
		let elsewhere = Statement {
			trace: TraceRoot(Hash32::default()),
			..statement
		};
		assert!(check_group(&elsewhere, group, &cells, &path).is_err());
	}
}

#[test]
fn an_opening_proves_its_own_step_alone() {
	let job = Honest::new(decoder(), prompt(9), GREEDY);
	let (statement, prover) = (job.statement(), job.prover());
	let place = Place::Cell { row: 1, position: 8 };
	let values = prover.cell(place).unwrap();
	let roots = values.roots();
	let step = Step::Element { op: 1, index: 3 };
	let (opening, _) = prover.open(place, step, &values).unwrap();
	let check = |place, step, opening| check_step(&statement, place, &roots, step, opening);
	assert_eq!(check(place, step, opening.clone()), Ok(Verdict::Holds));
	let mut longer = opening.clone();
	longer.items.push(longer.items[0].clone());
	assert_eq!(check(place, step, longer), Err(OpeningError::Unread));
	let mut shorter = opening.clone();
	shorter.items.pop();
	assert!(matches!(check(place, step, shorter), Err(OpeningError::Item { .. })));
	let other = Step::Element { op: 2, index: 3 };
	assert!(check(place, other, opening.clone()).is_err());
	let elsewhere = Place::Cell { row: 2, position: 8 };
	assert!(check(elsewhere, step, opening.clone()).is_err());
	for absent in [
		Step::Element { op: 99, index: 0 },
		Step::Element { op: 1, index: u32::MAX },
		Step::Choice { rival: 0 },
		Step::Mean { index: 0 },
		Step::Output { index: 0 },
		Step::Cache { head: 2 },
		Step::Attend { head: 0, group: 9 },
	] {
		assert_eq!(check(place, absent, opening.clone()), Err(OpeningError::NoSuchStep));
	}
}
