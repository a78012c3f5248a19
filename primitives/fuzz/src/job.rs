//! The honest jobs that the targets are about.

use crate::common::{Artifact, Honest, GREEDY, SAMPLED};
use assay_exact::{
	models::{decoder, encoder, perceptron, MadeUp, VOCABULARY},
	Input,
};
use assay_trace::{
	cell::CellRoots,
	execution::CellValues,
	prover::{OpenArtifact, Prover},
	Place, Statement,
};
use std::sync::LazyLock;

/// Of the weights that [`Honest`] makes up.
const SEED: u64 = 11;

/// An honest job, laid open.
pub(crate) struct Job {
	pub(crate) honest: &'static Honest,
	pub(crate) weights: MadeUp,
	pub(crate) prover: Prover<'static, Artifact>,
	pub(crate) cells: Vec<Inside>,
}

/// A cell with everything in it.
pub(crate) struct Inside {
	pub(crate) place: Place,
	pub(crate) values: CellValues,
	pub(crate) roots: CellRoots,
}

/// A decoder, an encoder and a perceptron.
pub(crate) static JOBS: LazyLock<Vec<Job>> = LazyLock::new(|| {
	let prompt = |length: u32| Input::Tokens((0..length).map(|i| (i * 7 + 3) % VOCABULARY).collect());
	let values = (0..32).map(|i| i * 9_000 - 70_000);
	vec![
		Job::new(Honest::new(decoder(), prompt(9), SAMPLED)),
		Job::new(Honest::new(encoder(), prompt(11), GREEDY)),
		Job::new(Honest::new(perceptron(), Input::Vector(values.collect()), GREEDY)),
	]
});

impl Job {
	fn new(honest: Honest) -> Self {
		// Lives as long as the process.
		let honest: &'static Honest = Box::leak(Box::new(honest));
		let prover = honest.prover();
		let layout = honest.statement().layout();
		let cells = (0..layout.places())
			.filter_map(|index| layout.place(index))
			.map(|place| {
				let values = prover.cell(place).expect("an honest cell opens");
				let roots = values.roots();
				Inside { place, values, roots }
			});
		let weights = MadeUp::new(&honest.program, SEED);
		let artifact = Artifact::new(&honest.program, weights.clone());
		assert_eq!(artifact.tree().root(), honest.statement().artifact, "another seed");
		Self {
			honest,
			weights,
			cells: cells.collect(),
			prover,
		}
	}

	pub(crate) fn statement(&self) -> Statement<'static> {
		*self.prover.statement()
	}

	/// The inside of a cell of the trace.
	pub(crate) fn cell(&self, place: Place) -> Option<&Inside> {
		self.cells.iter().find(|cell| cell.place == place)
	}
}
