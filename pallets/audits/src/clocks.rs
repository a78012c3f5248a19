//! Clocks: how long whoever is asked has, and what follows when time is over.

use crate::{life::Step, Audit, Auditor, Config, Due, Event, LastMiss, Pallet};
use alloc::vec::Vec;
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState},
	dispute::Claims,
	operator::Fault,
	JobId,
};
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{DispatchError, Saturating};

impl<T: Config> Pallet<T> {
	/// Gives everybody that is asked something the time to run the job, after everything else that it is asked about. Whoever is asked
	/// more than it can do delays nobody: it has as long as for this job alone. Whoever vouched for something else has as long as
	/// silence about a claim is not guilt: somebody is wrong, and nobody else may be there to say who.
	pub(crate) fn set_clocks(audit: &mut Audit<T>, run: BlockNumberFor<T>) {
		let until = |run| Self::now().saturating_add(T::Period::get()).saturating_add(run);
		let clock = |who: &T::AccountId| {
			let allowance = T::Claims::asked(who, audit.units);
			(until(allowance.run), !allowance.enough)
		};
		let worker = Self::question(audit, &audit.operator).map(|_| clock(&audit.operator));
		let auditors: Vec<_> = audit
			.auditors
			.iter()
			.map(|auditor| Self::question(audit, &auditor.account).map(|_| clock(&auditor.account)))
			.collect();
		if let (Some((asked_until, _)), AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) =
			(worker, &mut audit.phase)
		{
			*deadline = asked_until;
		}
		for (auditor, asked) in audit.auditors.iter_mut().zip(auditors) {
			if let Some((deadline, excused)) = asked {
				auditor.excused = excused || auditor.recalled;
				auditor.deadline = match (auditor.recalled, auditor.excused) {
					(true, _) => deadline.max(Self::now().saturating_add(T::Claims::guilt_period())),
					(false, true) => until(run),
					(false, false) => deadline,
				};
			}
		}
	}

	/// Whoever was asked something about a claim need not reply any more.
	pub(crate) fn asked_no_more(job: JobId, who: &T::AccountId, units: ComputeUnits) {
		if Due::<T>::take(who, job).is_some() {
			T::Claims::asked_no_more(who, units);
		}
	}

	/// Rules on whose time is over. Auditors fail; a worker is late, and loses when its silence is guilt.
	pub(crate) fn look_at_clocks(job: JobId, mut audit: Audit<T>, step: Step) -> Result<Option<Step>, DispatchError> {
		let now = Self::now();
		let failed = Self::fail_auditors(job, &mut audit);
		let worker = audit.operator.clone();
		let clock = Self::clock(job, &audit, &worker);
		if clock.is_some_and(|(_, closes_at)| now > closes_at) {
			Self::strike_down(job, audit, AuditOutcome::WorkerSilent)?;
			return Ok(Some(step));
		}
		let missed = clock.filter(|(deadline, _)| now > *deadline && !audit.late);
		let late = missed.is_some();
		if let Some((deadline, until)) = missed {
			Self::now_late(job, &mut audit, deadline);
			Self::deposit_event(Event::WorkerLate {
				job,
				operator: worker,
				until,
			});
		}
		if !failed && !late {
			return Ok(None);
		}
		Self::go_on(job, audit);
		Ok(Some(step))
	}

	/// Last block in which the reply of an operator is in time, and last in which it is taken; none if nothing is asked of it.
	pub(crate) fn clock(
		job: JobId,
		audit: &Audit<T>,
		who: &T::AccountId,
	) -> Option<(BlockNumberFor<T>, BlockNumberFor<T>)> {
		let (AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) = audit.phase else {
			return None;
		};
		Self::question(audit, who)?;
		if audit.operator == *who {
			return Some((deadline, T::Claims::answers_until(job, deadline)));
		}
		let auditor = audit.auditors.iter().find(|auditor| auditor.account == *who)?;
		Some((auditor.deadline, auditor.deadline))
	}

	/// Punishes an auditor for a missed audit, unless it was since it was drawn.
	pub(crate) fn missed(job: JobId, auditor: &Auditor<T>) {
		let last = LastMiss::<T>::get(&auditor.account);
		if last.is_none_or(|last| last < auditor.drawn_at) {
			LastMiss::<T>::insert(&auditor.account, Self::now());
			Self::penalise(job, &auditor.account, Fault::MissedAudit, auditor.drawn_at);
		}
	}

	/// The worker is late, if that is not known yet. Changes `audit` but does not store it.
	pub(crate) fn now_late(job: JobId, audit: &mut Audit<T>, deadline: BlockNumberFor<T>) {
		if !core::mem::replace(&mut audit.late, true) {
			T::Claims::late(job, audit.attempt, &audit.operator, deadline);
		}
	}

	/// Takes back that the worker is late. Changes `audit` but does not store it.
	pub(crate) fn no_longer_late(job: JobId, audit: &mut Audit<T>) {
		if core::mem::take(&mut audit.late) {
			T::Claims::caught_up(job, audit.attempt, &audit.operator);
		}
	}

	/// The first of the clocks that run and have not been noticed to have run out.
	pub(crate) fn next_clock(job: JobId, audit: &Audit<T>) -> Option<BlockNumberFor<T>> {
		Self::everybody(audit)
			.filter_map(|who| {
				let (deadline, closes_at) = Self::clock(job, audit, who)?;
				let noticed = audit.late && audit.operator == *who;
				Some(if noticed { closes_at } else { deadline })
			})
			.min()
	}

	/// Punishes the auditors whose time is over, and unlists them: whoever misses a duty may not be there for the next. Whoever was
	/// asked more than it can do is only replaced, and so is whoever has been punished since it was drawn: one absence is one
	/// fault, however often it was drawn before that was noticed. Says whether there were any.
	pub(crate) fn fail_auditors(job: JobId, audit: &mut Audit<T>) -> bool {
		let now = Self::now();
		let owing: Vec<T::AccountId> = audit
			.auditors
			.iter()
			.map(|auditor| auditor.account.clone())
			.filter(|account| Self::clock(job, audit, account).is_some_and(|(_, closes_at)| now > closes_at))
			.collect();
		for auditor in audit.auditors.iter_mut() {
			if owing.contains(&auditor.account) {
				auditor.state = AuditorState::Failed;
				Self::asked_no_more(job, &auditor.account, audit.units);
				if !auditor.excused {
					Self::missed(job, auditor);
					Self::unlist(&auditor.account, audit.version);
				}
			}
		}
		!owing.is_empty()
	}
}
