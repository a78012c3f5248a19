//! Small models, honest executions of them, and the walk of a dispute.
#![allow(dead_code, reason = "each test file uses its part")]

use assay_exact::{
	evaluate::evaluate,
	program::{Head, Pooling},
	Generation, Input, Output, Program, Sampler,
};
use assay_samples::programs::{decoder, encoder, perceptron, VOCABULARY};
use assay_trace::{
	boundary::Boundary,
	cell::{boundary, check_cell, check_group},
	check_step,
	execution::{replay, CellValues, Record},
	fault::{first_group, first_output_fault, first_step, first_target, list_groups, listed_leaves, Exhibit},
	merkle,
	prover::{OpenArtifact, Prover},
	Group, Hash32, Opening, Place, Statement, Step, TraceRoot, Verdict,
};

pub(crate) use assay_samples::MadeUpArtifact as Artifact;

/// A job with its honest execution.
pub(crate) struct Honest {
	pub program: Program,
	pub artifact: Artifact,
	pub input: Input,
	pub generation: Generation,
	pub output: Output,
	pub record: Record,
	pub trace: TraceRoot,
}

pub(crate) const GREEDY: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 5,
	ignore_stop: true,
};

pub(crate) const SAMPLED: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 1 << 16,
		seed: [7; 32],
	},
	..GREEDY
};

/// A prompt of this many tokens.
pub(crate) fn prompt(length: u32) -> Input {
	Input::Tokens((0..length).map(|i| (i * 7 + 3) % VOCABULARY).collect())
}

/// The encoder with another pooling.
pub(crate) fn pooled(pooling: Pooling) -> Program {
	let mut program = encoder();
	if let Head::Vector { pooling: own, .. } = &mut program.head {
		*own = pooling;
	}
	program
}

/// One honest job of each kind.
pub(crate) fn jobs() -> Vec<Honest> {
	let values = (0..perceptron().input_length().unwrap()).map(|i| i as i32 * 9_000 - 70_000);
	vec![
		Honest::new(decoder(), prompt(15), GREEDY),
		Honest::new(decoder(), prompt(6), SAMPLED),
		Honest::new(encoder(), prompt(19), GREEDY),
		Honest::new(pooled(Pooling::First), prompt(9), GREEDY),
		Honest::new(pooled(Pooling::Last), prompt(9), GREEDY),
		Honest::new(perceptron(), Input::Vector(values.collect()), GREEDY),
	]
}

impl Honest {
	pub(crate) fn new(program: Program, input: Input, generation: Generation) -> Self {
		let artifact = Artifact::new(&program, 11);
		let output = evaluate(&program, &artifact, &input, &generation).unwrap();
		let unclaimed = Statement {
			program: &program,
			artifact: artifact.tree().root(),
			input: &input,
			generation: &generation,
			output: &output,
			trace: TraceRoot(Hash32::default()),
		};
		let record = replay(&unclaimed, &artifact).unwrap();
		Self {
			trace: record.boundaries().root(),
			record,
			program,
			artifact,
			input,
			generation,
			output,
		}
	}

	pub(crate) fn statement(&self) -> Statement<'_> {
		Statement {
			program: &self.program,
			artifact: self.artifact.tree().root(),
			input: &self.input,
			generation: &self.generation,
			output: &self.output,
			trace: self.trace,
		}
	}

	pub(crate) fn prover(&self) -> Prover<'_, Artifact> {
		Prover::new(self.statement(), &self.artifact, &self.record)
	}
}

/// A worker that answers a dispute about its claim: what it recorded, and how it distorts the inside of its cells.
pub(crate) struct Worker<'a> {
	pub prover: Prover<'a, Artifact>,
	pub distort: Box<dyn Fn(Place, CellValues) -> CellValues + 'a>,
}

impl Worker<'_> {
	fn cell(&self, place: Place) -> CellValues {
		(self.distort)(place, self.prover.cell(place).unwrap())
	}
}

/// What a dispute cost.
#[derive(Debug, Default)]
pub(crate) struct Cost {
	pub extrinsics: u32,
	pub responses: u32,
	pub largest: usize,
}

/// Walks a dispute as the chain would: every answer of the worker is checked against its claim, and the challenger holds
/// only its own execution. Returns the step that was proved, if the challenger finds one.
pub(crate) fn dispute(
	statement: &Statement<'_>,
	worker: &Worker<'_>,
	honest: &Prover<'_, Artifact>,
) -> Option<(Place, Step, Cost)> {
	let mut cost = Cost {
		extrinsics: 1,
		..Cost::default()
	};
	let mut answer = |bytes: usize| {
		cost.responses += 1;
		cost.extrinsics += 2;
		cost.largest = cost.largest.max(bytes);
	};
	let own = honest.boundaries();
	let (place, target, roots, boundaries) = if own.root() == statement.trace {
		let place = match first_output_fault(statement, honest_artifact(honest), |place| honest.cell(place)).unwrap() {
			Some((place, _)) => place,
			None => find_wrong_head(statement, worker, honest)?,
		};
		let roots = worker.cell(place).roots();
		check_cell(statement, place, &roots, None).unwrap();
		answer(codec::Encode::encoded_size(&roots));
		let found = first_target(
			statement,
			place,
			&[honest.cell(place).unwrap().roots()],
			std::slice::from_ref(&roots),
		);
		(place, found.map(|(_, target)| target), roots, own.clone())
	} else {
		let list = list_groups(worker.prover.boundaries());
		let leaves = listed_leaves(worker.prover.boundaries().layout(), &list).unwrap();
		assert_eq!(
			merkle::root(&leaves),
			statement.trace.0,
			"a list must lead to the claim"
		);
		answer(32 * list.len());
		let group = first_group(own, &list)?;
		let (start, length) = own.layout().span(group.index);
		let places = (start..start + length).map(|position| Place::Cell {
			row: group.row,
			position,
		});
		let cells: Vec<_> = places.clone().map(|place| worker.cell(place).roots()).collect();
		let path = worker.prover.boundaries().group_path(group).unwrap();
		check_group(statement, group, &cells, &path).expect("the worker's roots chain to its claim");
		answer(codec::Encode::encoded_size(&cells));
		let own_cells: Vec<_> = places
			.clone()
			.map(|place| honest.cell(place).unwrap().roots())
			.collect();
		let first = places.clone().next()?;
		let (index, target) = first_target(statement, first, &own_cells, &cells)?;
		let handed_on: Vec<Boundary> = places
			.clone()
			.zip(&cells)
			.map(|(place, roots)| boundary(statement, place, roots).unwrap())
			.collect();
		let claimed = own.clone().claimed(leaves, Some((group, &handed_on))).unwrap();
		let place = places.clone().nth(index as usize)?;
		(place, Some(target), cells[index as usize].clone(), claimed)
	};
	let own_cell = honest.cell(place).unwrap();
	let (step, claimed_cell) = match target {
		Some(target) => {
			let shown = Exhibit::of(&worker.cell(place), target)?;
			assert!(
				shown.verify(statement, place, &roots, target),
				"an exhibit must be what was committed to"
			);
			answer(codec::Encode::encoded_size(&shown));
			let step = first_step(statement, place, &own_cell, target, &shown)?;
			(step, own_cell.with(target, &shown))
		}
		None => {
			let found = first_output_fault(statement, honest_artifact(honest), |place| honest.cell(place)).unwrap()?;
			(found.1, own_cell)
		}
	};
	let prover = Prover::with_boundaries(*statement, honest_artifact(honest), honest.record(), boundaries);
	let (opening, _) = prover.open(place, step, &claimed_cell).unwrap();
	let bytes = codec::Encode::encode(&opening);
	cost.extrinsics += 1;
	cost.largest = cost.largest.max(bytes.len());
	let opening: Opening = codec::DecodeAll::decode_all(&mut &bytes[..]).unwrap();
	let verdict = check_step(statement, place, &roots, step, opening).unwrap();
	assert_eq!(verdict, Verdict::Refuted, "{place:?} {step:?}");
	Some((place, step, cost))
}

fn honest_artifact<'a>(honest: &Prover<'a, Artifact>) -> &'a Artifact {
	honest.artifact()
}

/// A head whose inside departs from one's own.
fn find_wrong_head(statement: &Statement<'_>, worker: &Worker<'_>, honest: &Prover<'_, Artifact>) -> Option<Place> {
	let layout = statement.layout();
	(layout.first_head..layout.first_head + layout.heads)
		.map(|position| Place::Head { position })
		.find(|place| worker.cell(*place).roots() != honest.cell(*place).unwrap().roots())
}

/// Every step of a cell.
pub(crate) fn steps(honest: &Honest, place: Place) -> Vec<Step> {
	let values = honest.prover().cell(place).unwrap();
	let layout = honest.statement().layout();
	let mut steps = Vec::new();
	for (op, vector) in (0u8..).zip(&values.vectors) {
		steps.extend((0..vector.len() as u32).map(|index| Step::Element { op, index }));
	}
	steps.extend((0..values.cache.len() as u16).map(|head| Step::Cache { head }));
	let groups = layout.groups_per_row();
	for head in 0..values.heads.len() as u16 {
		steps.extend((0..groups).map(|group| Step::Attend { head, group }));
	}
	for chunk in 0..values.chunks.len() as u32 {
		steps.extend((0..groups).map(|group| Step::Pool { chunk, group }));
	}
	if !values.chunks.is_empty() {
		steps.extend((0..values.residual.len() as u32).map(|index| Step::Mean { index }));
	}
	if let Place::Head { .. } = place {
		match &honest.output {
			Output::Tokens(_) => {
				let vocabulary = honest.program.vocabulary().unwrap();
				steps.extend((0..vocabulary).map(|rival| Step::Choice { rival }));
			}
			Output::Vector(values) => steps.extend((0..values.len() as u32).map(|index| Step::Output { index })),
		}
	}
	steps
}

/// All groups of a layout.
pub(crate) fn groups(honest: &Honest) -> Vec<Group> {
	let layout = honest.statement().layout();
	(0..layout.rows)
		.flat_map(|row| (0..layout.groups_per_row()).map(move |index| Group { row, index }))
		.collect()
}
