//! What the challenger does: it challenges and points, and may prove the last step itself.

use crate::{
	ruling::lost_by_an_auditor,
	types::{AccountIdOf, BalanceOf, Status},
	AtStake, Challenges, Config, Dispute, Disputes, DisputesOf, Due, Error, Event, HoldReason, NextDisputeId, Pallet,
	Part, Record, WeightInfo,
};
use assay_protocol::{
	audit::Audits,
	dispute::{Accusation, Claims, DisputedClaim, OpenClaim, OpenedCells, OwnedStatement, Proof, Ruling, Stage},
	model::Models,
	operator::Operators,
	DisputeId, JobId,
};
use assay_trace::{
	cell::CellRoots,
	check_step,
	claim::ClaimRoot,
	fault::{has_step, has_target, Target},
	Group, Layout, Opening, OpeningError, Place, Step, Verdict,
};
use codec::{DecodeAll, Encode};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{
	traits::{CheckedMul, One, Zero},
	DispatchError, DispatchResult, Saturating,
};

/// The claim that a dispute is about.
pub(crate) type OpenClaimOf<T> = OpenClaim<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// An open dispute about a claim that stands.
pub(crate) struct Case<T: Config> {
	pub(crate) id: DisputeId,
	pub(crate) dispute: Dispute<T>,
	pub(crate) statement: OwnedStatement,
	/// Root of the claim.
	pub(crate) claim: ClaimRoot,
}

impl<T: Config> Case<T> {
	/// A dispute about a claim.
	pub(crate) fn new(id: DisputeId, dispute: Dispute<T>, claimed: OpenClaimOf<T>) -> Result<Self, Error<T>> {
		Ok(Self {
			id,
			dispute,
			claim: claimed.claim.root(),
			statement: Pallet::<T>::statement(claimed.claim)?,
		})
	}
}

impl<T: Config> Pallet<T> {
	/// Opens a dispute inside the window, or as long as the claim's audit holds the job back: whoever needs longer than the
	/// window to find a lie must not watch it being paid.
	pub(crate) fn do_challenge(
		challenger: T::AccountId,
		job: JobId,
		claim: ClaimRoot,
		accusation: Accusation,
	) -> DispatchResult {
		let claimed = T::Claims::claim(job).ok_or(Error::<T>::NoOpenClaim)?;
		ensure!(claimed.claim.root() == claim, Error::<T>::OtherClaim);
		let taken = Self::now() < claimed.closes_at || T::Audits::is_open(job, claimed.claim.attempt);
		ensure!(taken, Error::<T>::WindowClosed);
		Self::open(challenger, claimed, accusation, false)
	}

	/// Opens a dispute, also after the window; `drawn` is whether the challenger is an auditor that was drawn for the claim, whose
	/// stake stands for its bond.
	pub(crate) fn open(
		challenger: T::AccountId,
		claimed: OpenClaimOf<T>,
		accusation: Accusation,
		drawn: bool,
	) -> DispatchResult {
		let job = claimed.claim.job;
		let now = Self::now();
		let attempt = claimed.claim.attempt;
		let key = (attempt, challenger.clone(), accusation);
		if Challenges::<T>::contains_key(job, &key) {
			// An auditor that had challenged the claim before it was drawn has said what it would say now.
			ensure!(drawn, Error::<T>::AlreadyChallenged);
			T::Audits::challenged(job, attempt, &challenger);
			return Ok(());
		}
		let statement = Self::statement(claimed.claim)?;
		let stage = match accusation {
			Accusation::Trace => Stage::ListGroups,
			Accusation::Head { position } => {
				let head = Place::Head { position };
				ensure!(statement.as_statement().layout().has(head), Error::<T>::NoSuchPlace);
				Stage::OpenHead { position }
			}
		};

		let id = NextDisputeId::<T>::get();
		NextDisputeId::<T>::put(id.next().ok_or(Error::<T>::DisputeIdsExhausted)?);
		let bond = T::Bond::get();
		if drawn {
			Self::put_at_stake(&challenger, bond)?;
		} else {
			T::Currency::hold(&HoldReason::Bond.into(), &challenger, bond)?;
		}
		T::Claims::hold(job)?;
		T::Audits::challenged(job, attempt, &challenger);
		Challenges::<T>::insert(job, key, id);
		DisputesOf::<T>::insert(job, id, ());
		Due::<T>::insert(&claimed.operator, id, ());
		let mut dispute = Dispute {
			job,
			attempt,
			challenger: challenger.clone(),
			operator: claimed.operator.clone(),
			accusation,
			drawn,
			run: claimed.run,
			units: claimed.units,
			bond,
			opened_at: now,
			moved_at: now,
			deadline: now,
			late: false,
			record: H256::zero(),
			status: Status::Open(stage),
			booked_at: None,
		};
		let deadline = Self::start_clock(&mut dispute, Zero::zero());
		Self::book(id, &mut dispute, deadline.saturating_add(One::one()), now);
		Disputes::<T>::insert(id, dispute);
		Self::deposit_event(Event::DisputeOpened {
			dispute: id,
			job,
			attempt,
			challenger,
			operator: claimed.operator,
			accusation,
			deadline,
		});
		Ok(())
	}

	/// Has an auditor's own stake stand for one more bond: as many as it covers, so that each that is lost is paid.
	fn put_at_stake(challenger: &T::AccountId, bond: BalanceOf<T>) -> DispatchResult {
		AtStake::<T>::try_mutate(challenger, |disputes| {
			*disputes = disputes.checked_add(1).ok_or(Error::<T>::StakeSpent)?;
			let needed = bond.checked_mul(&(*disputes).into()).ok_or(Error::<T>::StakeSpent)?;
			ensure!(T::Operators::own_stake(challenger) >= needed, Error::<T>::StakeSpent);
			Ok(())
		})
	}

	/// Asks for the cells of a group.
	pub(crate) fn do_point_at_group(who: &T::AccountId, id: DisputeId, record: H256, group: Group) -> DispatchResult {
		let Some(case) = Self::challengers_turn(who, id, record, |stage| matches!(stage, Stage::PointAtGroup))? else {
			return Ok(());
		};
		let layout = case.statement.as_statement().layout();
		ensure!(layout.has_group(group), Error::<T>::NoSuchPlace);
		Self::go_to(case, Stage::OpenGroup { group });
		Ok(())
	}

	/// Asks for something inside an opened cell.
	pub(crate) fn do_point_at_target(
		who: &T::AccountId,
		id: DisputeId,
		record: H256,
		place: Place,
		target: Target,
	) -> DispatchResult {
		let Some(case) = Self::challengers_turn(who, id, record, |stage| matches!(stage, Stage::PointAtTarget))? else {
			return Ok(());
		};
		let statement = case.statement.as_statement();
		Self::opened_cell(id, &statement.layout(), place)?;
		let exists = has_target(&statement, place, target);
		ensure!(exists, Error::<T>::NoSuchTarget);
		Self::go_to(case, Stage::Show { place, target });
		Ok(())
	}

	/// Asks for a step of an opened cell, which the worker's answer has judged.
	pub(crate) fn do_point_at_step(
		who: &T::AccountId,
		id: DisputeId,
		record: H256,
		place: Place,
		step: Step,
	) -> DispatchResult {
		let Some(case) = Self::challengers_turn(who, id, record, Self::may_judge)? else {
			return Ok(());
		};
		let statement = case.statement.as_statement();
		Self::opened_cell(id, &statement.layout(), place)?;
		ensure!(has_step(&statement, place, step), Error::<T>::NoSuchStep);
		Self::go_to(case, Stage::OpenStep { place, step });
		Ok(())
	}

	/// Stages at which a challenger may have a step judged.
	fn may_judge(stage: &Stage) -> bool {
		matches!(stage, Stage::PointAtTarget | Stage::PointAtStep)
	}

	/// What having a step judged takes, whoever is wrong.
	pub(crate) fn judge_weight(bytes: u32) -> Weight {
		T::WeightInfo::prove(bytes).saturating_add(lost_by_an_auditor::<T>())
	}

	/// Judges a step of an opened cell by what it reads.
	pub(crate) fn judge(case: &Case<T>, place: Place, step: Step, opening: Opening) -> Result<Ruling, Error<T>> {
		let statement = case.statement.as_statement();
		let roots = Self::opened_cell(case.id, &statement.layout(), place)?;
		Ok(match check_step(&statement, place, &roots, step, opening)? {
			Verdict::Refuted => Ruling::Refuted,
			Verdict::Holds => Ruling::Upheld,
		})
	}

	/// Has a step judged.
	pub(crate) fn do_prove(who: &T::AccountId, id: DisputeId, record: H256, proof: Proof) -> DispatchResult {
		ensure!(Self::fits(proof.encoded_size()), Error::<T>::ProofTooLong);
		let Some(case) = Self::challengers_turn(who, id, record, Self::may_judge)? else {
			return Ok(());
		};
		let Proof { place, step, opening } = proof;
		let ruling = Self::judge(&case, place, step, opening)?;
		Self::rule(id, case.dispute, ruling, Self::now())
	}

	/// A dispute in which `who` has to move at such a stage, on what the worker has shown; `None` if its claim was struck
	/// down, which ends it.
	fn challengers_turn(
		who: &T::AccountId,
		id: DisputeId,
		record: H256,
		due: impl FnOnce(&Stage) -> bool,
	) -> Result<Option<Case<T>>, DispatchError> {
		let (dispute, stage) = Self::open_dispute(id)?;
		ensure!(dispute.challenger == *who, Error::<T>::NotChallenger);
		let Some(claimed) = Self::claim_of(&dispute) else {
			Self::rule(id, dispute, Ruling::Moot, Self::now())?;
			return Ok(None);
		};
		ensure!(due(&stage), Error::<T>::NotDue);
		ensure!(dispute.record == record, Error::<T>::OtherRecord);
		ensure!(Self::now() <= dispute.deadline, Error::<T>::DeadlinePassed);
		Ok(Some(Case::new(id, dispute, claimed)?))
	}

	/// A dispute that is not over.
	pub(crate) fn open_dispute(id: DisputeId) -> Result<(Dispute<T>, Stage), Error<T>> {
		let dispute = Disputes::<T>::get(id).ok_or(Error::<T>::UnknownDispute)?;
		match dispute.status {
			Status::Open(stage) => Ok((dispute, stage)),
			Status::Over { .. } => Err(Error::DisputeOver),
		}
	}

	/// The claim in dispute, unless it was struck down.
	pub(crate) fn claim_of(dispute: &Dispute<T>) -> Option<OpenClaimOf<T>> {
		T::Claims::claim(dispute.job).filter(|claimed| claimed.claim.attempt == dispute.attempt)
	}

	/// A claim with its program.
	pub(crate) fn statement(claim: DisputedClaim) -> Result<OwnedStatement, Error<T>> {
		let program = T::Models::program(claim.version)?;
		Ok(OwnedStatement::new(program, claim))
	}

	/// Whether an encoding of this length can be stored, or judged.
	pub(crate) fn fits(length: usize) -> bool {
		u32::try_from(length).is_ok_and(|length| length <= T::MaxAnswerBytes::get())
	}

	/// The roots of a cell that was opened in a dispute.
	pub(crate) fn opened_cell(id: DisputeId, layout: &Layout, place: Place) -> Result<CellRoots, Error<T>> {
		let bytes = Record::<T>::get(id, Part::Cells).ok_or(Error::<T>::NoSuchPlace)?;
		let opened = OpenedCells::decode_all(&mut &bytes[..]).map_err(|_| Error::<T>::CorruptRecord)?;
		let roots = match (opened, place) {
			(OpenedCells::Group { group, cells }, Place::Cell { row, position }) if row == group.row => {
				let (start, _) = layout.span(group.index);
				let index = position
					.checked_sub(start)
					.and_then(|index| usize::try_from(index).ok());
				index.and_then(|index| cells.into_iter().nth(index))
			}
			(OpenedCells::Head { position, cell }, Place::Head { position: asked }) if position == asked => Some(cell),
			_ => None,
		};
		roots.ok_or(Error::NoSuchPlace)
	}

	/// Stores that `stage` is due from now on.
	pub(crate) fn go_to(case: Case<T>, stage: Stage) {
		let Case { id, mut dispute, .. } = case;
		let now = Self::now();
		Self::stop_clock(&dispute);
		if now > dispute.deadline {
			// The agenda may not have noticed it.
			Self::now_late(&mut dispute);
		}
		Self::no_longer_late(&mut dispute);
		// Whoever waited need not be there at once: it has as long as the worker took.
		let waited = now.saturating_sub(dispute.moved_at);
		dispute.status = Status::Open(stage);
		dispute.moved_at = now;
		let least = if stage.is_workers() { Zero::zero() } else { waited };
		Self::start_clock(&mut dispute, least);
		let (due, done) = if stage.is_workers() {
			(&dispute.operator, &dispute.challenger)
		} else {
			(&dispute.challenger, &dispute.operator)
		};
		Due::<T>::remove(done, id);
		Due::<T>::insert(due, id, ());
		Self::deposit_event(Event::DisputeMoved {
			dispute: id,
			stage,
			deadline: dispute.deadline,
		});
		// It was to be looked at when the silence of a late worker would have been guilt.
		let due_at = dispute.deadline.saturating_add(One::one());
		if dispute.booked_at.is_none_or(|slot| due_at < slot) {
			Self::unbook(id, &mut dispute);
			Self::book(id, &mut dispute, due_at, now);
		}
		Disputes::<T>::insert(id, dispute);
	}

	/// Gives whoever's turn it is the time to run the job, after everything else that an operator is asked about, and `least` blocks at
	/// least; returns the last block in which its move is in time. Changes `dispute` but does not store it.
	fn start_clock(dispute: &mut Dispute<T>, least: BlockNumberFor<T>) -> BlockNumberFor<T> {
		let run = dispute
			.laden()
			.map_or(dispute.run, |who| T::Claims::asked(who, dispute.units).run);
		let period = T::MovePeriod::get().saturating_add(run).max(least);
		dispute.deadline = dispute.moved_at.saturating_add(period);
		dispute.deadline
	}

	/// The move that was due was made, or need not be made any more.
	pub(crate) fn stop_clock(dispute: &Dispute<T>) {
		if let Some(who) = dispute.laden() {
			T::Claims::asked_no_more(who, dispute.units);
		}
	}

	/// The worker is late, if that is not known yet. Changes `dispute` but does not store it.
	pub(crate) fn now_late(dispute: &mut Dispute<T>) {
		if !core::mem::replace(&mut dispute.late, true) {
			T::Claims::late(dispute.job, dispute.attempt, &dispute.operator, dispute.deadline);
		}
	}

	/// Takes back that the worker is late. Changes `dispute` but does not store it.
	pub(crate) fn no_longer_late(dispute: &mut Dispute<T>) {
		if core::mem::take(&mut dispute.late) {
			T::Claims::caught_up(dispute.job, dispute.attempt, &dispute.operator);
		}
	}

	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}
}

impl<T> From<OpeningError> for Error<T> {
	fn from(error: OpeningError) -> Self {
		match error {
			OpeningError::NoSuchStep => Self::NoSuchStep,
			OpeningError::Roots
			| OpeningError::Item { .. }
			| OpeningError::Unproved { .. }
			| OpeningError::Unread
			| OpeningError::Malformed => Self::BadOpening,
		}
	}
}
