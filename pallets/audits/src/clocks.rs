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
	/// Gives everybody that is asked something the time to run the job, after everything else that it is asked about.
	pub(crate) fn set_clocks(audit: &mut Audit<T>) {
		let worker = Self::question(audit, &audit.operator).map(|_| T::Claims::asked(&audit.operator, audit.units));
		if let (Some(allowance), AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) =
			(worker, &mut audit.phase)
		{
			*deadline = Self::ends(allowance.run);
		}
		for index in 0..audit.auditors.len() {
			Self::set_clock(audit, index);
		}
	}

	/// Sets the clock of an auditor that is asked something. Whoever is asked more than it can do delays nobody: it has as long as for
	/// as much as anybody can, and need not reply. Whoever vouched for something else has all the time in which the claim waits to say
	/// so: somebody is wrong, and nobody else may be there to say who. If it was drawn it has to, or who vouched for a lie would be
	/// silent until nobody is judged.
	fn set_clock(audit: &mut Audit<T>, index: usize) {
		let Some(account) = audit.auditors.get(index).map(|auditor| auditor.account.clone()) else {
			return;
		};
		if Self::question(audit, &account).is_none() {
			return;
		}
		let allowance = T::Claims::asked(&account, audit.units);
		let (phase, waits_until) = (audit.phase, audit.waits_until);
		if let Some(auditor) = audit.auditors.get_mut(index) {
			auditor.deadline = Self::ends(allowance.run);
			auditor.excused = auditor.recalled || !allowance.enough;
			if (auditor.recalled || auditor.contradicted) && matches!(phase, AuditPhase::Commit { .. }) {
				auditor.deadline = auditor.deadline.max(waits_until.unwrap_or_default());
			}
		}
	}

	/// Last block for a reply that takes so long.
	fn ends(run: BlockNumberFor<T>) -> BlockNumberFor<T> {
		Self::now().saturating_add(T::Period::get()).saturating_add(run)
	}

	/// Last block before a busy auditor is looked at again: after a period, or an eighth of what it has waited if that is more. The looks are
	/// known, so they must be too many for somebody to have it busy at each and idle between.
	pub(crate) fn looked_at_again(auditor: &Auditor<T>) -> BlockNumberFor<T> {
		let waited = Self::now().saturating_sub(auditor.drawn_at);
		Self::now()
			.saturating_add(T::Period::get().max(waited / 8u32.into()))
			.min(Self::busy_until(auditor))
	}

	/// Last block in which a claim waits for a busy auditor: by then it has done all that it was asked before, if it works. Each has
	/// this time, whatever was waited for before it was drawn.
	pub(crate) fn busy_until(auditor: &Auditor<T>) -> BlockNumberFor<T> {
		auditor
			.drawn_at
			.saturating_add(T::Period::get())
			.saturating_add(T::Claims::longest_load())
	}

	/// Whoever was asked something about a claim need not reply any more.
	pub(crate) fn asked_no_more(job: JobId, who: &T::AccountId, units: ComputeUnits) {
		if Due::<T>::take(who, job).is_some() {
			T::Claims::asked_no_more(who, units);
		}
	}

	/// Rules on whose time is over. Auditors fail unless they were busy; a worker is late, and loses when its silence is guilt.
	pub(crate) fn look_at_clocks(job: JobId, mut audit: Audit<T>, step: Step) -> Result<Option<Step>, DispatchError> {
		let now = Self::now();
		let looked = Self::look_at_auditors(job, &mut audit);
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
		if !looked && !late {
			return Ok(None);
		}
		Self::go_on(job, audit);
		Ok(Some(step))
	}

	/// Last block in which the reply of an operator is in time, and last in which it is taken; none if nothing is asked of it. That of
	/// a busy auditor is its next look's.
	pub(crate) fn clock(
		job: JobId,
		audit: &Audit<T>,
		who: &T::AccountId,
	) -> Option<(BlockNumberFor<T>, BlockNumberFor<T>)> {
		let (AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) = audit.phase else {
			return None;
		};
		if audit.operator == *who {
			Self::question(audit, who)?;
			return Some((deadline, T::Claims::answers_until(job, deadline)));
		}
		let auditor = audit.auditors.iter().find(|auditor| auditor.account == *who)?;
		if auditor.state != AuditorState::Busy {
			Self::question(audit, who)?;
		}
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

	/// Looks at the auditors whose time is over, and says whether there were any. Who was busy is asked if it has time now, and is
	/// waited for if it has not, as long as the claim waits. Who had to reply is punished, and unlisted: whoever misses a duty may not be
	/// there for the next. Whoever was asked more than it can do is only replaced, and so is whoever has been punished since it was
	/// drawn: one absence is one fault, however often it was drawn before that was noticed.
	pub(crate) fn look_at_auditors(job: JobId, audit: &mut Audit<T>) -> bool {
		let now = Self::now();
		let is_over = |account| Self::clock(job, audit, account).is_some_and(|(_, closes_at)| now > closes_at);
		let auditors = audit.auditors.iter().enumerate();
		let over: Vec<_> = auditors
			.filter(|(_, auditor)| is_over(&auditor.account))
			.map(|(index, auditor)| (index, auditor.state))
			.collect();
		for (index, state) in &over {
			match state {
				AuditorState::Busy => Self::look_for_time(job, audit, *index),
				_ => Self::fail_auditor(job, audit, *index),
			}
		}
		!over.is_empty()
	}

	/// Asks a busy auditor if it has time now. If it has had none for as long as its work takes, it loses its seat and its place on the
	/// list: it takes no part, whether somebody else keeps it busy or it does so itself.
	fn look_for_time(job: JobId, audit: &mut Audit<T>, index: usize) {
		let Some(auditor) = audit.auditors.get_mut(index) else {
			return;
		};
		let account = auditor.account.clone();
		if T::Claims::has_room(&account, audit.units) {
			auditor.state = AuditorState::Drawn;
			Self::set_clock(audit, index);
			Self::ask(job, audit, &account);
		} else if Self::now() > Self::busy_until(auditor) {
			auditor.state = AuditorState::Failed;
			Self::unlist(&account, audit.version);
		} else {
			auditor.deadline = Self::looked_at_again(auditor);
		}
	}

	/// An auditor has not replied in time.
	fn fail_auditor(job: JobId, audit: &mut Audit<T>, index: usize) {
		let Some(auditor) = audit.auditors.get_mut(index) else {
			return;
		};
		auditor.state = AuditorState::Failed;
		Self::asked_no_more(job, &auditor.account, audit.units);
		if !auditor.excused {
			Self::missed(job, auditor);
			Self::unlist(&auditor.account, audit.version);
		}
	}
}
