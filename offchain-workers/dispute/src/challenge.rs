//! The challenger's side.

use crate::{DisputeError, Execution};
use assay_protocol::{
	dispute::{Accusation, DisputeRecord, Move as Act, OpenedCells, Proof, Stage},
	DisputeId,
};
use assay_trace::{
	boundary::{Boundaries, Boundary},
	cell::{boundary, CellRoots},
	check_step,
	fault::{first_group, first_output_fault, first_step, first_target, listed_leaves, output_fault, Target},
	prover::{OpenArtifact, ProveError},
	Group, Opening, Place, Step, Verdict,
};
use sp_core::H256;

/// What a challenger does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Move {
	/// Points at a group.
	PointAtGroup(Group),
	/// Points at something in an opened cell.
	PointAtTarget(Place, Target),
	/// Points at a step, which the worker has to open.
	PointAtStep(Place, Step),
	/// Proves a step.
	Prove(Proof),
}

impl Move {
	/// The move as a worker key signs it, on the record with this hash.
	pub fn in_dispute(self, dispute: DisputeId, record: H256) -> Act {
		match self {
			Self::PointAtGroup(group) => Act::PointAtGroup { dispute, record, group },
			Self::PointAtTarget(place, target) => Act::PointAtTarget {
				dispute,
				record,
				place,
				target,
			},
			Self::PointAtStep(place, step) => Act::PointAtStep {
				dispute,
				record,
				place,
				step,
			},
			Self::Prove(proof) => Act::Prove { dispute, record, proof },
		}
	}
}

impl<A: OpenArtifact + ?Sized> Execution<'_, A> {
	/// What is wrong with the statement; nothing if it is what this execution gives.
	pub fn accuse(&self) -> Result<Option<Accusation>, DisputeError> {
		if self.boundaries.root() != self.statement.trace {
			return Ok(Some(Accusation::Trace));
		}
		let prover = self.prover();
		let fault = first_output_fault(&self.statement.as_statement(), self.artifact, |place| {
			prover.cell(place)
		})?;
		Ok(fault.and_then(|(place, _)| match place {
			Place::Head { position } => Some(Accusation::Head { position }),
			Place::Cell { .. } => None,
		}))
	}

	/// What to do at a stage, given what the worker has shown.
	pub fn next_move(&self, stage: Stage, shown: &DisputeRecord) -> Result<Move, DisputeError> {
		match stage {
			Stage::PointAtGroup => {
				let groups = shown.groups.as_ref().ok_or(DisputeError::NoMove)?;
				let group = first_group(&self.boundaries, groups).ok_or(DisputeError::Agrees)?;
				Ok(Move::PointAtGroup(group))
			}
			Stage::PointAtTarget => self.point_at_target(shown.cells.as_ref().ok_or(DisputeError::NoMove)?, shown),
			Stage::PointAtStep => {
				let cells = shown.cells.as_ref().ok_or(DisputeError::NoMove)?;
				let (place, target, exhibit) = shown.shown.as_ref().ok_or(DisputeError::NoMove)?;
				let statement = self.statement.as_statement();
				let own = self.prover().cell(*place)?;
				let step = first_step(&statement, *place, &own, *target, exhibit).ok_or(DisputeError::Agrees)?;
				let prover = self.prover_of(self.claimed(cells, shown)?);
				let opened = prover.open(*place, step, &own.with(*target, exhibit));
				Ok(self.have_judged(cells, opened, *place, step))
			}
			Stage::ListGroups
			| Stage::OpenGroup { .. }
			| Stage::OpenHead { .. }
			| Stage::Show { .. }
			| Stage::OpenStep { .. } => Err(DisputeError::NoMove),
		}
	}

	fn point_at_target(&self, opened: &OpenedCells, shown: &DisputeRecord) -> Result<Move, DisputeError> {
		let statement = self.statement.as_statement();
		let prover = self.prover();
		let (places, cells) = self.opened(opened);
		let own: Vec<CellRoots> = places
			.iter()
			.map(|place| Ok(prover.cell(*place)?.roots()))
			.collect::<Result<_, DisputeError>>()?;
		let first = *places.first().ok_or(DisputeError::NoMove)?;
		if let Some((index, target)) = first_target(&statement, first, &own, cells) {
			let place = *places.get(index as usize).ok_or(DisputeError::NoMove)?;
			return Ok(Move::PointAtTarget(place, target));
		}
		// The cell is right: what is wrong is what the statement says comes out of it.
		let own = prover.cell(first)?;
		let step = output_fault(&statement, self.artifact, first, &own).ok_or(DisputeError::Agrees)?;
		let prover = self.prover_of(self.claimed(opened, shown)?);
		Ok(self.have_judged(opened, prover.open(first, step, &own), first, step))
	}

	/// Has a step judged: by this execution's own opening if that refutes it under the worker's roots, as the referee will
	/// see them; else by the worker's. The worker may have committed to what no execution can read, or to what only it
	/// knows beside what the step is about, and then only the worker can open it.
	fn have_judged(
		&self,
		cells: &OpenedCells,
		opened: Result<(Opening, Verdict), ProveError>,
		place: Place,
		step: Step,
	) -> Move {
		let (places, roots) = self.opened(cells);
		let at = places.iter().position(|other| *other == place);
		let roots = at.and_then(|at| roots.get(at));
		if let (Ok((opening, Verdict::Refuted)), Some(roots)) = (opened, roots) {
			let statement = self.statement.as_statement();
			let seen = check_step(&statement, place, roots, step, opening.clone());
			if seen == Ok(Verdict::Refuted) {
				return Move::Prove(Proof { place, step, opening });
			}
		}
		Move::PointAtStep(place, step)
	}

	/// Places and roots of opened cells.
	fn opened<'c>(&self, opened: &'c OpenedCells) -> (Vec<Place>, &'c [CellRoots]) {
		match opened {
			OpenedCells::Group { group, cells } => {
				let (start, length) = self.record.layout().span(group.index);
				let row = group.row;
				let places = (start..start + length).map(|position| Place::Cell { row, position });
				(places.collect(), cells)
			}
			OpenedCells::Head { position, cell } => {
				(vec![Place::Head { position: *position }], std::slice::from_ref(cell))
			}
		}
	}

	/// The boundaries as the worker claims them: proofs must lead to its trace.
	fn claimed(&self, opened: &OpenedCells, shown: &DisputeRecord) -> Result<Boundaries, DisputeError> {
		let own = self.boundaries.clone();
		let Some(groups) = &shown.groups else {
			// The trace was not disputed, so it is this execution's.
			return Ok(own);
		};
		let leaves = listed_leaves(self.record.layout(), groups).ok_or(DisputeError::NoMove)?;
		let statement = self.statement.as_statement();
		let (places, cells) = self.opened(opened);
		let handed_on: Option<Vec<Boundary>> = places
			.iter()
			.zip(cells)
			.map(|(place, roots)| boundary(&statement, *place, roots))
			.collect();
		let cells = match (opened, &handed_on) {
			(OpenedCells::Group { group, .. }, Some(cells)) => Some((*group, &cells[..])),
			_ => None,
		};
		own.claimed(leaves, cells).ok_or(DisputeError::NoMove)
	}
}
