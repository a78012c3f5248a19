//! No right answer is longer than its program says, and nothing of another length is one.

mod common;

use assay_trace::{
	fault::{list_groups, Exhibit, Target},
	size::{longest_answer, Sizes},
	Layout, Place,
};
use codec::Encode;
use common::*;

fn length(shown: &impl Encode) -> u64 {
	shown.encoded_size() as u64
}

/// Everything that a cell could be asked to show.
fn targets(operations: usize) -> impl Iterator<Item = Target> {
	let vectors = (0..operations as u8).map(Target::Vector);
	vectors.chain([Target::Cache, Target::Work, Target::Pooled])
}

#[test]
fn no_right_answer_is_longer_than_its_program_says() {
	for job in jobs() {
		let (statement, prover) = (job.statement(), job.prover());
		let layout = statement.layout();
		let sizes = Sizes::new(&job.program, layout);
		let longest = longest_answer(&job.program, job.program.positions, job.program.positions);
		let mut seen = 0;
		let mut check = |shown: u64, allowed: u64, what: &dyn std::fmt::Debug| {
			assert!(shown <= allowed, "{what:?} takes {shown} bytes of {allowed}");
			assert!(allowed <= longest, "{what:?} may take {allowed} bytes of {longest}");
			seen = seen.max(shown);
		};
		check(
			length(&list_groups(prover.boundaries())),
			sizes.groups(),
			&"the list of groups",
		);
		for group in groups(&job) {
			check(length(&prover.group(group).unwrap()), sizes.cells(group.row), &group);
		}
		for index in 0..layout.places() {
			let place = layout.place(index).unwrap();
			let values = prover.cell(place).unwrap();
			check(length(&values.roots()), sizes.roots(place), &place);
			for target in targets(values.vectors.len()) {
				if let Some(shown) = Exhibit::of(&values, target).filter(|_| has(&job, place, target)) {
					check(length(&shown), sizes.exhibit(place, target), &(place, target));
				}
			}
			for step in steps(&job, place) {
				if let Ok((opening, _)) = prover.open(place, step, &values) {
					check(length(&opening), sizes.opening(place, step), &(place, step));
				}
			}
		}
		// The bound says something: what programs may do beyond these jobs is a matter of their positions.
		let of_this = Sizes::new(&job.program, layout).longest();
		assert!(
			of_this <= 4 * seen + 4_096,
			"{of_this} bytes are allowed, {seen} were seen"
		);
	}
}

fn has(job: &Honest, place: Place, target: Target) -> bool {
	assay_trace::fault::has_target(&job.statement(), place, target)
}

#[test]
fn the_longest_answer_is_that_of_the_worst_job_and_not_of_the_longest() {
	let program = assay_samples::programs::decoder();
	for positions in 1..=program.positions.min(400) {
		let layout = Layout::new(&program, positions, 1);
		let of_job = Sizes::new(&program, layout).longest();
		let longest = longest_answer(&program, positions, 1);
		assert!(of_job <= longest, "{positions} positions: {of_job} > {longest}");
		for fewer in (1..positions).step_by(7) {
			let of_shorter = Sizes::new(&program, Layout::new(&program, fewer, 1)).longest();
			assert!(
				of_shorter <= longest,
				"{fewer} of {positions} positions: {of_shorter} > {longest}"
			);
		}
	}
}

/// The exhibit of the first cell of a layer, changed, with whether it is taken for what the changed cell commits to.
fn is_taken(change: impl FnOnce(&mut assay_trace::execution::CellValues), target: Target) -> bool {
	let job = jobs().swap_remove(0);
	let place = Place::Cell { row: 1, position: 9 };
	let mut values = job.prover().cell(place).unwrap();
	change(&mut values);
	let roots = values.roots();
	let shown = Exhibit::of(&values, target).unwrap();
	shown.verify(&job.statement(), place, &roots, target)
}

#[test]
fn p01_what_a_cell_commits_to_has_the_length_that_its_program_gives_it() {
	for target in [Target::Cache, Target::Work, Target::Vector(0)] {
		assert!(is_taken(|_| {}, target), "{target:?}");
	}
	// As long as an answer can be, or a byte longer than it is, or nothing.
	assert!(!is_taken(|cell| cell.cache[0] = vec![7; 1_048_150], Target::Cache));
	assert!(!is_taken(|cell| cell.cache[0].push(0), Target::Cache));
	assert!(!is_taken(|cell| cell.cache[0].clear(), Target::Cache));
	assert!(!is_taken(
		|cell| cell.heads[0].0.states.push(Default::default()),
		Target::Work
	));
	assert!(!is_taken(|cell| cell.heads[0].0.states.clear(), Target::Work));
	assert!(!is_taken(|cell| cell.heads[0].0.tops.clear(), Target::Work));
	assert!(!is_taken(|cell| cell.vectors[0].push(0), Target::Vector(0)));
}

#[test]
fn p01_the_work_of_a_mean_has_the_length_that_its_program_gives_it() {
	let job = jobs().swap_remove(2);
	let place = Place::Head { position: 0 };
	let (statement, values) = (job.statement(), job.prover().cell(place).unwrap());
	let taken = |values: &assay_trace::execution::CellValues| {
		let shown = Exhibit::of(values, Target::Work).unwrap();
		shown.verify(&statement, place, &values.roots(), Target::Work)
	};
	assert!(taken(&values));
	let mut longer = values.clone();
	longer.chunks[0].0.states.push(Default::default());
	assert!(!taken(&longer));
}
