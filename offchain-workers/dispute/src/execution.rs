//! An execution that can be shown, and the worker's side.

use assay_protocol::{
	audit::{Question, Reply},
	dispute::{Answer, OwnedStatement, Stage},
};
use assay_trace::{
	boundary::Boundaries,
	digest::{digest, DigestKey},
	execution::Record,
	fault::{list_groups, Exhibit},
	prover::{OpenArtifact, ProveError, Prover},
	Place,
};

/// Why a side cannot move.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DisputeError {
	/// The cell cannot be run or shown.
	#[error(transparent)]
	Prove(#[from] ProveError),
	/// It is not this side's move, or what the move needs was not shown.
	#[error("there is no move to make")]
	NoMove,
	/// What the other side showed does not differ from this execution.
	#[error("what was shown agrees with this execution")]
	Agrees,
}

/// The execution of the job that a statement is about.
pub struct Execution<'a, A: ?Sized> {
	pub(crate) artifact: &'a A,
	pub(crate) statement: &'a OwnedStatement,
	pub(crate) record: &'a Record,
	/// Of the record: it takes long to hash.
	pub(crate) boundaries: Boundaries,
}

impl<'a, A: OpenArtifact + ?Sized> Execution<'a, A> {
	/// From the artifact and what running the statement's job, fed the tokens it states, left behind.
	pub fn new(artifact: &'a A, statement: &'a OwnedStatement, record: &'a Record) -> Self {
		Self {
			artifact,
			statement,
			record,
			boundaries: record.boundaries(),
		}
	}

	pub(crate) fn prover(&self) -> Prover<'a, A> {
		self.prover_of(self.boundaries.clone())
	}

	/// With another's claims in place of the execution's own.
	pub(crate) fn prover_of(&self, boundaries: Boundaries) -> Prover<'a, A> {
		Prover::with_boundaries(self.statement.as_statement(), self.artifact, self.record, boundaries)
	}

	/// What an honest worker or auditor shows in an audit.
	pub fn reply(&self, question: Question, key: &DigestKey) -> Result<Reply, DisputeError> {
		let prover = self.prover();
		Ok(match question {
			Question::Cell { place } => Reply::Cell {
				roots: prover.cell(place)?.roots(),
				path: prover.path(place),
			},
			Question::Step { place, step } => {
				let (opening, _) = prover.open(place, step, &prover.cell(place)?)?;
				Reply::Step(opening)
			}
			Question::Values { place } => Reply::Values(prover.open_digest(place, key).ok_or(DisputeError::NoMove)?),
			Question::Digest => Reply::Digest(digest(&key.leaves(self.record))),
			// It is about a batch, of which there is no execution.
			Question::Receipt { .. } => return Err(DisputeError::NoMove),
		})
	}

	/// What an honest worker answers at a stage.
	pub fn answer(&self, stage: Stage) -> Result<Answer, DisputeError> {
		let prover = self.prover();
		Ok(match stage {
			Stage::ListGroups => Answer::Groups(list_groups(&self.boundaries)),
			Stage::OpenGroup { group } => {
				let (cells, path) = prover.group(group)?;
				Answer::Cells { cells, path }
			}
			Stage::OpenHead { position } => Answer::Head(prover.cell(Place::Head { position })?.roots()),
			Stage::Show { place, target } => {
				let shown = Exhibit::of(&prover.cell(place)?, target).ok_or(DisputeError::NoMove)?;
				Answer::Shown(shown)
			}
			Stage::OpenStep { place, step } => {
				let (opening, _) = prover.open(place, step, &prover.cell(place)?)?;
				Answer::Step(opening)
			}
			Stage::PointAtGroup | Stage::PointAtTarget | Stage::PointAtStep => return Err(DisputeError::NoMove),
		})
	}
}
