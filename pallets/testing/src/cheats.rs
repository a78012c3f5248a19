//! Claims that are right or wrong in one way or another, and what their workers show of them.

use crate::{a_statement, right_execution, right_output, Executed};
use assay_exact::Output;
use assay_protocol::{
	audit::{Question, Reply},
	dispute::{Answer, OwnedStatement, Proof, Stage},
	ModelVersion,
};
use assay_samples::{programs::VOCABULARY, MadeUpArtifact, Noise};
use assay_trace::{
	digest::{digest, DigestKey},
	execution::{CellValues, Record},
	fault::{list_groups, Exhibit, Target},
	prover::Prover,
	Hash32, Place, Step, TraceRoot,
};

/// What is wrong with a claim.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cheat {
	/// Nothing.
	Honest,
	/// A token or a value of the output, with the trace of the true model on it.
	Output(usize),
	/// The residual vector of a cell.
	Residual {
		/// Its row.
		row: u16,
		/// Its position.
		position: u32,
	},
	/// The cache of a cell.
	Cache {
		/// Its row.
		row: u16,
		/// Its position.
		position: u32,
	},
	/// The inside of every head, with a right trace.
	Head,
	/// The trace's root: there is nothing behind it.
	Root,
	/// The residual vectors of the first cells of two groups of a row, with the blame put on the sums of attention at the
	/// first over the positions of the second.
	Sums {
		/// The row.
		row: u16,
	},
	/// A cache leaf of a cell is junk of a megabyte.
	JunkCache {
		/// Its row.
		row: u16,
		/// Its position.
		position: u32,
	},
	/// The first layer is skipped: what every cell of it hands on is what it was given.
	SkippedLayer,
	/// Every value that the cells of a row hand on.
	Row {
		/// The row.
		row: u16,
	},
	/// Some values that cross between cells, anywhere.
	Scattered {
		/// Of the choice of places.
		seed: u64,
	},
}

/// A claim, and what its worker shows of it.
#[derive(Clone)]
pub struct Claimed {
	/// What is wrong with it.
	pub cheat: Cheat,
	/// What it commits to.
	pub executed: Executed,
}

impl Claimed {
	/// A claim about a version that is wrong in this way.
	pub fn new(version: ModelVersion, cheat: Cheat) -> Self {
		let executed = match cheat {
			Cheat::Output(index) => {
				let mut output = right_output(version);
				match &mut output {
					Output::Tokens(tokens) => tokens[index] = (tokens[index] + 1) % VOCABULARY,
					Output::Vector(values) => values[index] += 1,
				}
				Executed::of(version, a_statement(version, output))
			}
			_ => right_execution(version).clone(),
		};
		let mut executed = executed.changed(|record| cheat.change(record));
		if cheat == Cheat::Root {
			executed.statement.trace = TraceRoot(Hash32([9; 32]));
		}
		Self { cheat, executed }
	}

	/// What it states.
	pub fn statement(&self) -> &OwnedStatement {
		&self.executed.statement
	}

	/// Whether anything of what it states is wrong.
	pub fn is_lie(&self) -> bool {
		let right = &right_execution(self.executed.version).statement;
		self.statement().output != right.output || self.statement().trace != right.trace
	}

	/// A cell as it is said to be.
	pub fn cell(&self, place: Place) -> CellValues {
		if let Cheat::JunkCache { row, position } = self.cheat {
			// No execution reads junk: inside its cells the worker has what the honest have.
			let honest = right_execution(self.executed.version).cell(place);
			if place != (Place::Cell { row, position }) {
				return honest;
			}
			let mut leaves = honest.cache.clone();
			leaves[0] = junk();
			return honest.with(Target::Cache, &Exhibit::Cache(leaves));
		}
		let values = self.executed.cell(place);
		if let (Cheat::Sums { row }, Place::Cell { row: at, position: 0 }) = (self.cheat, place) {
			if row == at {
				let mut heads: Vec<_> = values.heads.iter().map(|(work, _)| work.clone()).collect();
				heads[1].states[1] = Hash32::default();
				return values.with(Target::Work, &Exhibit::Heads(heads));
			}
		}
		if self.cheat == Cheat::Head && matches!(place, Place::Head { .. }) {
			let mut shown = values.vectors[0].clone();
			shown[1] ^= 64;
			return values.with(Target::Vector(0), &Exhibit::Values(shown));
		}
		values
	}

	/// What its worker answers at a stage; the best it can, and nothing if it has nothing to show.
	pub fn answer(&self, stage: Stage) -> Option<Answer> {
		let prover = self.executed.prover();
		Some(match stage {
			Stage::ListGroups => Answer::Groups(list_groups(prover.boundaries())),
			Stage::OpenGroup { group } => {
				let (start, length) = self.executed.record.layout().span(group.index);
				let row = group.row;
				let cells = (start..start + length).map(|position| self.cell(Place::Cell { row, position }).roots());
				Answer::Cells {
					cells: cells.collect(),
					path: prover.boundaries().group_path(group)?,
				}
			}
			Stage::OpenHead { position } => Answer::Head(self.cell(Place::Head { position }).roots()),
			Stage::Show { place, target } => Answer::Shown(Exhibit::of(&self.cell(place), target)?),
			Stage::OpenStep { place, step } => Answer::Step(prover.open(place, step, &self.cell(place)).ok()?.0),
			Stage::PointAtGroup | Stage::PointAtTarget | Stage::PointAtStep => return None,
		})
	}

	/// What its worker, or an auditor with this key that has the same execution, replies in an audit; the best it can.
	pub fn reply(&self, question: Question, key: &DigestKey) -> Option<Reply> {
		let prover = self.executed.prover();
		Some(match question {
			Question::Cell { place } => Reply::Cell {
				roots: self.cell(place).roots(),
				path: prover.path(place),
			},
			Question::Step { place, step } => Reply::Step(prover.open(place, step, &self.cell(place)).ok()?.0),
			Question::Digest => Reply::Digest(digest(&key.leaves(&self.executed.record))),
			Question::Values { place } => Reply::Values(prover.open_digest(place, key)?),
			Question::Receipt { .. } => return None,
		})
	}

	/// A step that holds, shown as the claim commits to it.
	pub fn right_step(&self, place: Place) -> Proof {
		right_step(&self.executed.prover(), place, &self.cell(place))
	}
}

impl Cheat {
	/// Changes what is committed to.
	fn change(self, record: &mut Record) {
		match self {
			Self::Residual { row, position } => record.residual_mut(row, position).unwrap()[3] ^= 1,
			Self::Cache { row, position } => record.cache_mut(row, position).unwrap()[1][5] ^= 1,
			Self::Sums { row } => {
				for position in [0, 8] {
					record.residual_mut(row, position).unwrap()[3] ^= 1;
				}
			}
			Self::JunkCache { row, position } => record.cache_mut(row, position).unwrap()[0] = junk(),
			Self::SkippedLayer => {
				for position in 0..record.layout().positions {
					let given = record.residual(0, position).to_vec();
					*record.residual_mut(1, position).unwrap() = given;
				}
			}
			Self::Row { row } => {
				for position in 0..record.layout().positions {
					let values = record.residual_mut(row, position).unwrap();
					values.iter_mut().for_each(|value| *value ^= 1 << 8);
				}
			}
			Self::Scattered { seed } => scatter(record, &mut Noise::new(seed)),
			Self::Honest | Self::Output(_) | Self::Head | Self::Root => {}
		}
	}
}

/// Changes one to five values that cross between cells.
fn scatter(record: &mut Record, noise: &mut Noise) {
	let layout = *record.layout();
	for _ in 0..=noise.below(5) {
		let row = noise.below(layout.rows.into()) as u16;
		let position = noise.below(layout.positions.into()) as u32;
		if layout.has_caches(row) && noise.below(2) == 0 {
			let leaves = record.cache_mut(row, position).unwrap();
			let leaf = noise.below(leaves.len() as u64) as usize;
			let byte = noise.below(leaves[leaf].len() as u64) as usize;
			leaves[leaf][byte] ^= 1 << noise.below(8);
		} else {
			let values = record.residual_mut(row, position).unwrap();
			let index = noise.below(values.len() as u64) as usize;
			// What is added is never zero, so that one change does not undo another.
			values[index] = values[index].wrapping_add(1 + noise.below(1 << 16) as i32);
		}
	}
}

/// As long as an answer may be, but for what stands around it.
fn junk() -> Vec<u8> {
	vec![7; 1_048_150]
}

/// A step that holds, with its opening.
pub fn right_step(prover: &Prover<'_, MadeUpArtifact>, place: Place, cell: &CellValues) -> Proof {
	let step = Step::Element { op: 0, index: 0 };
	let (opening, _) = prover.open(place, step, cell).unwrap();
	Proof { place, step, opening }
}
