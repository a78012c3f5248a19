//! Challenges made by hand: by who has run nothing and only points.

use super::{Arena, LIMIT};
use crate::{party::Party, wait::until};
use anyhow::{bail, Context, Result};
use assay_protocol::{
	dispute::{Accusation, Stage},
	DisputeId, JobId,
};
use assay_runtime::{Runtime, RuntimeEvent};
use assay_trace::{claim::ClaimRoot, Group, Place, Step};
use pallet_assay_disputes::{Call, Dispute, Disputes, Event, Status};
use pallet_assay_jobs::{Claim, Claims};

/// What the scene's program computes first: an element of the first embedding.
pub(super) const FIRST: (Place, Step) = (Place::Cell { row: 0, position: 0 }, Step::Element { op: 0, index: 0 });

/// The trace, and the head at each position that chose a token: all that can be accused in a claim.
pub(super) fn accusations(prompt: u32, generated: u32) -> Vec<Accusation> {
	let heads = (prompt - 1..prompt - 1 + generated).map(|position| Accusation::Head { position });
	[Accusation::Trace].into_iter().chain(heads).collect()
}

impl Arena {
	/// Has somebody challenge all of this: pools hold one challenge of an account at a time.
	pub(super) fn challenge_all(
		&self,
		challenger: &Party,
		job: JobId,
		accusations: &[Accusation],
	) -> Result<Vec<DisputeId>> {
		let claim = self.claim_root(job)?;
		let opened = accusations.iter().map(|accusation| {
			let sent = challenger.send(Call::<Runtime>::challenge {
				job,
				claim,
				accusation: *accusation,
			})?;
			let included = challenger.included(&sent)?;
			let opened = included.events.iter().find_map(|event| match event {
				RuntimeEvent::Disputes(Event::DisputeOpened { dispute, .. }) => Some(*dispute),
				_ => None,
			});
			opened.with_context(|| format!("a challenge was refused: {included:?}"))
		});
		opened.collect()
	}

	/// The root of a job's claim.
	pub(super) fn claim_root(&self, job: JobId) -> Result<ClaimRoot> {
		let key = Claims::<Runtime>::hashed_key_for(job);
		until(&format!("a claim of job {job}"), LIMIT, || {
			Ok(self.eve.rpc().stored::<Claim>(&key)?.map(|claim| claim.root))
		})
	}

	/// A dispute as the chain stores it.
	pub(super) fn dispute(&self, id: DisputeId) -> Result<Dispute<Runtime>> {
		let stored = self.eve.rpc().stored(&Disputes::<Runtime>::hashed_key_for(id))?;
		stored.with_context(|| format!("there is no dispute {id}"))
	}

	/// Waits until it is the challenger's turn in a dispute, at a stage like this one; fails if it ends before.
	fn challengers_turn(&self, id: DisputeId, is: impl Fn(&Stage) -> bool) -> Result<Dispute<Runtime>> {
		until(&format!("an answer in dispute {id}"), LIMIT, || {
			let dispute = self.dispute(id)?;
			match dispute.status {
				Status::Open(stage) => Ok(is(&stage).then_some(dispute)),
				Status::Over { ruling, .. } => bail!("dispute {id} ended with {ruling:?}"),
			}
		})
	}

	/// Points at the first group of a row, when the groups were listed.
	pub(super) fn point_at_group(&self, challenger: &Party, id: DisputeId, row: u16) -> Result<()> {
		let record = self
			.challengers_turn(id, |stage| matches!(stage, Stage::PointAtGroup))?
			.record;
		let group = Group { row, index: 0 };
		challenger
			.act(Call::<Runtime>::point_at_group {
				dispute: id,
				record,
				group,
			})
			.map(|_| ())
	}

	/// Points at a step of a cell that was opened.
	pub(super) fn point_at_step(&self, challenger: &Party, id: DisputeId, place: Place, step: Step) -> Result<()> {
		let record = self
			.challengers_turn(id, |stage| matches!(stage, Stage::PointAtTarget))?
			.record;
		challenger
			.act(Call::<Runtime>::point_at_step {
				dispute: id,
				record,
				place,
				step,
			})
			.map(|_| ())
	}
}
