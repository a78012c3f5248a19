//! The life of an audit: from a claim over two draws to its end.

use crate::{
	Agenda, AgendaCursor, Audit, Auditor, Audits, CleanJobs, Config, Due, Error, Event, Insides, Pallet, WeightInfo,
};
use alloc::vec::Vec;
use assay_agenda::Costs;
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState, Question},
	dispute::Claims,
	operator::{Fault, Operators},
	Attempt, JobId, ModelVersion,
};
use core::marker::PhantomData;
use frame_support::{
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{One, Zero},
	DispatchError, DispatchResult, Saturating,
};

/// Blocks from what is drawn about to the draw. The randomness of a block is known to the author of the block before it,
/// who may have chosen what to include; so one block lies between.
const BEACON: u32 = 2;

const LOG_TARGET: &str = "runtime::audits";

/// What time has made due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
	/// The first draw.
	Ask,
	/// The end of the time to commit.
	CloseCommitments,
	/// The second draw.
	AskToShow,
	/// The end of the time to show.
	Finish,
}

impl Step {
	/// What it takes at most.
	pub(crate) fn weight<T: Config>(self) -> Weight {
		match self {
			Self::Ask => T::WeightInfo::advance_ask(T::MaxAuditors::get()),
			Self::CloseCommitments => T::WeightInfo::advance_close(T::MaxDrawn::get()),
			Self::AskToShow => T::WeightInfo::advance_ask_to_show(T::MaxDrawn::get()),
			Self::Finish => T::WeightInfo::advance_finish(T::MaxDrawn::get()),
		}
	}
}

/// The agenda of audits.
pub(crate) struct Booking<T>(PhantomData<T>);

impl<T: Config> assay_agenda::Agenda for Booking<T> {
	type BlockNumber = BlockNumberFor<T>;
	type Id = JobId;
	type Size = T::AgendaSize;
	type Slots = Agenda<T>;
	type Cursor = AgendaCursor<T>;
}

impl<T: Config> assay_protocol::audit::Audits<T::AccountId> for Pallet<T> {
	fn claimed(job: JobId, attempt: Attempt, version: ModelVersion, operator: &T::AccountId) -> bool {
		let mut audit = Audit {
			attempt,
			version,
			operator: operator.clone(),
			phase: AuditPhase::Claimed,
			spot_check: None,
			auditors: BoundedVec::new(),
			values_of: None,
			booked_at: None,
		};
		Self::book(job, &mut audit, Self::now().saturating_add(BEACON.into()));
		Audits::<T>::insert(job, audit);
		true
	}

	fn is_open(job: JobId, attempt: Attempt) -> bool {
		Self::open_audit(job).is_some_and(|audit| audit.attempt == attempt)
	}

	fn is_drawn(job: JobId, attempt: Attempt, who: &T::AccountId) -> bool {
		let audit = Self::open_audit(job).filter(|audit| audit.attempt == attempt);
		audit.is_some_and(|audit| {
			let drawn = |auditor: &Auditor<T>| auditor.account == *who && auditor.state == AuditorState::Drawn;
			audit.auditors.iter().any(drawn)
		})
	}

	fn challenged(job: JobId, attempt: Attempt, challenger: &T::AccountId) {
		let Some(mut audit) = Self::open_audit(job).filter(|audit| audit.attempt == attempt) else {
			return;
		};
		let drawn = audit
			.auditors
			.iter_mut()
			.find(|auditor| auditor.account == *challenger && auditor.state == AuditorState::Drawn);
		if let Some(auditor) = drawn {
			auditor.state = AuditorState::Challenged;
			Due::<T>::remove(challenger, job);
			Self::go_on(job, audit);
		}
	}

	fn struck_down(job: JobId, attempt: Attempt, operator: &T::AccountId, proven: bool) {
		CleanJobs::<T>::remove(operator);
		let Some(mut audit) = Audits::<T>::get(job).filter(|audit| audit.attempt == attempt) else {
			return;
		};
		if proven {
			for auditor in audit.auditors.iter_mut() {
				if matches!(auditor.state, AuditorState::Bound { .. } | AuditorState::Done) {
					auditor.state = AuditorState::Failed;
					Self::penalise(job, &auditor.account, T::FalseAuditPenalty::get(), Fault::FalseAudit);
				}
			}
		}
		if audit.is_over() {
			Audits::<T>::insert(job, audit);
		} else {
			Self::end(job, audit, AuditOutcome::StruckDown);
		}
	}

	fn finalised(job: JobId, operator: &T::AccountId) -> Vec<T::AccountId> {
		CleanJobs::<T>::mutate(operator, |jobs| *jobs = jobs.saturating_add(1));
		let audit = Audits::<T>::get(job);
		let auditors = audit.into_iter().flat_map(|audit| audit.auditors);
		auditors
			.filter(|auditor| auditor.state == AuditorState::Done)
			.map(|auditor| auditor.account)
			.collect()
	}

	fn forget(job: JobId) {
		if let Some(audit) = Audits::<T>::take(job) {
			Self::clear(job, &audit);
			if let Some(slot) = audit.booked_at {
				assay_agenda::unbook::<Booking<T>>(job, slot);
			}
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	/// An audit that is not over.
	pub(crate) fn open_audit(job: JobId) -> Option<Audit<T>> {
		Audits::<T>::get(job).filter(|audit| !audit.is_over())
	}

	/// Has an audit looked at from `due_at` and at no other time. Changes `audit` but does not store it.
	fn book(job: JobId, audit: &mut Audit<T>, due_at: BlockNumberFor<T>) {
		if let Some(slot) = audit.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(job, slot);
		}
		audit.booked_at = assay_agenda::book::<Booking<T>>(job, due_at, Self::now());
		if audit.booked_at.is_none() {
			log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: the audit of job {job} waits for a call of advance");
		}
	}

	/// What the agenda takes.
	pub(crate) fn agenda_costs() -> Costs {
		Costs {
			base: T::WeightInfo::serve_agenda_base(),
			slot: T::WeightInfo::serve_slot(T::AgendaSize::get()),
			item: Self::step_weight(),
		}
	}

	/// The most that one step takes.
	pub(crate) fn step_weight() -> Weight {
		[Step::Ask, Step::CloseCommitments, Step::AskToShow, Step::Finish]
			.into_iter()
			.fold(Weight::zero(), |most, step| most.max(step.weight::<T>()))
	}

	/// Looks at the audits that are due.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		assay_agenda::serve::<Booking<T>>(now, meter, Self::agenda_costs(), |job| {
			let Some(mut audit) = Audits::<T>::get(job) else {
				return Self::step_weight();
			};
			audit.booked_at = None;
			match with_storage_layer(|| Self::step(job, audit.clone())) {
				Ok(Some(step)) => return step.weight::<T>(),
				Ok(None) => {}
				Err(error) => log::error!(target: LOG_TARGET, "the audit of job {job} cannot go on: {error:?}"),
			}
			// There is no randomness yet, or something is wrong that may not last.
			Self::book(job, &mut audit, now.saturating_add(One::one()));
			Audits::<T>::insert(job, audit);
			Self::step_weight()
		});
	}

	/// Does what is due for an audit.
	pub(crate) fn do_advance(job: JobId) -> Result<Step, DispatchError> {
		let audit = Audits::<T>::get(job).ok_or(Error::<T>::UnknownAudit)?;
		// The two draws are due at a block and not before: an earlier one would be known to whoever chose what to include.
		let waits = audit.booked_at.is_some_and(|slot| Self::now() < slot);
		let step = if waits { None } else { Self::step(job, audit)? };
		step.ok_or(Error::<T>::NothingDue.into())
	}

	/// Takes the step that is due; `None`, and nothing is stored, if there is none.
	fn step(job: JobId, mut audit: Audit<T>) -> Result<Option<Step>, DispatchError> {
		let now = Self::now();
		let step = match audit.phase {
			AuditPhase::Claimed => Step::Ask,
			AuditPhase::Commit { deadline } if now > deadline => Step::CloseCommitments,
			AuditPhase::Committed => Step::AskToShow,
			AuditPhase::Show { deadline } if now > deadline => Step::Finish,
			AuditPhase::Commit { .. } | AuditPhase::Show { .. } | AuditPhase::Over(_) => return Ok(None),
		};
		match step {
			Step::Ask | Step::AskToShow => {
				let Some(numbers) = Self::numbers(job, audit.attempt) else {
					return Ok(None);
				};
				let claimed = Self::open_claim(job, audit.attempt).ok_or(Error::<T>::NoOpenClaim)?;
				let fee = claimed.fee;
				let statement = Self::statement(claimed).ok_or(Error::<T>::NoOpenClaim)?;
				let deadline = now.saturating_add(T::Period::get());
				if step == Step::Ask {
					Self::draw_questions(&mut audit, &statement, fee, &numbers);
					if audit.spot_check.is_none() && audit.auditors.is_empty() {
						T::Claims::let_go(job, audit.attempt);
						Self::end(job, audit, AuditOutcome::NotDrawn);
						return Ok(Some(step));
					}
					audit.phase = AuditPhase::Commit { deadline };
				} else {
					Self::draw_shown(job, &mut audit, &statement, &numbers);
					audit.phase = AuditPhase::Show { deadline };
				}
				Self::ask(job, &audit, deadline);
				Self::go_on(job, audit);
			}
			Step::CloseCommitments | Step::Finish => {
				Self::fail_auditors(job, &mut audit);
				if Self::question(&audit, &audit.operator).is_some() {
					Self::strike_down(job, audit, AuditOutcome::WorkerSilent)?;
				} else {
					Self::go_on(job, audit);
				}
			}
		}
		Ok(Some(step))
	}

	/// What is asked of an operator, and until when.
	pub(crate) fn question(audit: &Audit<T>, who: &T::AccountId) -> Option<(Question, BlockNumberFor<T>)> {
		let auditor = || audit.auditors.iter().find(|auditor| auditor.account == *who);
		match audit.phase {
			AuditPhase::Commit { deadline } => {
				let question = if audit.operator == *who {
					let check = audit.spot_check.filter(|check| !check.committed)?;
					Question::Cell { place: check.place }
				} else {
					auditor().filter(|auditor| auditor.state == AuditorState::Drawn)?;
					Question::Digest
				};
				Some((question, deadline))
			}
			AuditPhase::Show { deadline } => {
				let question = if audit.operator == *who {
					let check = audit.spot_check.filter(|check| !check.shown)?;
					Question::Step {
						place: check.place,
						step: check.step?,
					}
				} else {
					auditor().filter(|auditor| matches!(auditor.state, AuditorState::Bound { .. }))?;
					Question::Values {
						place: audit.values_of?,
					}
				};
				Some((question, deadline))
			}
			AuditPhase::Claimed | AuditPhase::Committed | AuditPhase::Over(_) => None,
		}
	}

	/// The worker and the auditors.
	fn everybody(audit: &Audit<T>) -> impl Iterator<Item = &T::AccountId> {
		let auditors = audit.auditors.iter().map(|auditor| &auditor.account);
		core::iter::once(&audit.operator).chain(auditors)
	}

	/// Asks everybody who has something to reply.
	fn ask(job: JobId, audit: &Audit<T>, deadline: BlockNumberFor<T>) {
		for who in Self::everybody(audit) {
			if let Some((question, _)) = Self::question(audit, who) {
				Due::<T>::insert(who, job, ());
				Self::deposit_event(Event::Asked {
					job,
					attempt: audit.attempt,
					who: who.clone(),
					question,
					deadline,
				});
			}
		}
	}

	/// Stores an audit, in its next phase if nobody is asked anything any more.
	pub(crate) fn go_on(job: JobId, mut audit: Audit<T>) {
		let asked = Self::everybody(&audit).any(|who| Self::question(&audit, who).is_some());
		let now = Self::now();
		match audit.phase {
			AuditPhase::Commit { deadline } | AuditPhase::Show { deadline } if asked => {
				let due_at = deadline.saturating_add(One::one());
				if audit.booked_at.is_none_or(|slot| slot < due_at) {
					Self::book(job, &mut audit, due_at);
				}
				Audits::<T>::insert(job, audit);
			}
			AuditPhase::Commit { .. } if Self::somebody_is_bound(&audit) => {
				audit.phase = AuditPhase::Committed;
				Self::book(job, &mut audit, now.saturating_add(BEACON.into()));
				Audits::<T>::insert(job, audit);
			}
			AuditPhase::Commit { .. } | AuditPhase::Show { .. } => {
				T::Claims::let_go(job, audit.attempt);
				Self::end(job, audit, AuditOutcome::Passed);
			}
			AuditPhase::Claimed | AuditPhase::Committed | AuditPhase::Over(_) => Audits::<T>::insert(job, audit),
		}
	}

	fn somebody_is_bound(audit: &Audit<T>) -> bool {
		let bound = |auditor: &Auditor<T>| matches!(auditor.state, AuditorState::Bound { .. });
		audit.spot_check.is_some() || audit.auditors.iter().any(bound)
	}

	/// Punishes the auditors that owe a reply, and unlists them: whoever misses a duty may not be there for the next.
	fn fail_auditors(job: JobId, audit: &mut Audit<T>) {
		let owing: Vec<T::AccountId> = audit
			.auditors
			.iter()
			.map(|auditor| auditor.account.clone())
			.filter(|account| Self::question(audit, account).is_some())
			.collect();
		for auditor in audit.auditors.iter_mut() {
			if owing.contains(&auditor.account) {
				auditor.state = AuditorState::Failed;
				Due::<T>::remove(&auditor.account, job);
				Self::penalise(job, &auditor.account, T::MissedAuditPenalty::get(), Fault::MissedAudit);
				Self::unlist(&auditor.account, audit.version);
			}
		}
	}

	fn penalise(job: JobId, auditor: &T::AccountId, amount: T::Balance, fault: Fault) {
		let penalty = T::Operators::penalise(auditor, amount, fault, None);
		Self::deposit_event(Event::AuditorPenalised {
			job,
			auditor: auditor.clone(),
			fault,
			penalty,
		});
	}

	/// Ends an audit against the worker.
	pub(crate) fn strike_down(job: JobId, mut audit: Audit<T>, outcome: AuditOutcome) -> DispatchResult {
		let attempt = audit.attempt;
		Self::close(job, &mut audit, outcome);
		Audits::<T>::insert(job, audit);
		let penalty = T::Claims::strike_down(job, outcome == AuditOutcome::Refuted, None)?;
		Self::deposit_event(Event::AuditEnded {
			job,
			attempt,
			outcome,
			penalty,
		});
		Ok(())
	}

	/// Ends an audit.
	fn end(job: JobId, mut audit: Audit<T>, outcome: AuditOutcome) {
		Self::close(job, &mut audit, outcome);
		Self::deposit_event(Event::AuditEnded {
			job,
			attempt: audit.attempt,
			outcome,
			penalty: Zero::zero(),
		});
		Audits::<T>::insert(job, audit);
	}

	/// Nothing more is asked. Changes `audit` but does not store it.
	fn close(job: JobId, audit: &mut Audit<T>, outcome: AuditOutcome) {
		if let Some(slot) = audit.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(job, slot);
		}
		Self::clear(job, audit);
		audit.phase = AuditPhase::Over(outcome);
	}

	/// Forgets what is stored apart of an audit.
	fn clear(job: JobId, audit: &Audit<T>) {
		Insides::<T>::remove(job);
		for who in Self::everybody(audit) {
			Due::<T>::remove(who, job);
		}
	}
}
