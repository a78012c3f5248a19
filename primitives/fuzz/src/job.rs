//! The honest jobs that the targets are about.

use crate::common::{prompt, Artifact, Honest, GREEDY, SAMPLED};
use assay_exact::Input;
use assay_samples::{
	programs::{bag_of_words, decoder, encoder, perceptron},
	MadeUp,
};
use assay_trace::{
	cell::CellRoots,
	digest::{digest, DigestKey},
	execution::CellValues,
	prover::{OpenArtifact, Prover},
	Hash32, Place, Statement,
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
	/// An auditor's key and its digest.
	pub(crate) key: DigestKey,
	pub(crate) digest: Hash32,
}

/// A cell with everything in it.
pub(crate) struct Inside {
	pub(crate) place: Place,
	pub(crate) values: CellValues,
	pub(crate) roots: CellRoots,
}

/// A decoder, an encoder, a perceptron and a model whose vectors have several chunks.
pub(crate) static JOBS: LazyLock<Vec<Job>> = LazyLock::new(|| {
	let values = (0..32).map(|i| i * 9_000 - 70_000);
	vec![
		Job::new(Honest::new(decoder(), prompt(9), SAMPLED)),
		Job::new(Honest::new(encoder(), prompt(11), GREEDY)),
		Job::new(Honest::new(perceptron(), Input::Vector(values.collect()), GREEDY)),
		Job::new(Honest::new(bag_of_words(), prompt(10), GREEDY)),
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
		let artifact = Artifact::with(&honest.program, weights.clone());
		assert_eq!(artifact.tree().root(), honest.statement().artifact, "another seed");
		let key = DigestKey::new(b"auditor", 7, 1);
		Self {
			key,
			digest: digest(&key.leaves(&honest.record)),
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
