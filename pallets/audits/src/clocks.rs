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
	/// Gives everybody that is asked something the time to run the job, which takes so long, after everything else that it is asked about.
	pub(crate) fn set_clocks(job: JobId, audit: &mut Audit<T>, run: BlockNumberFor<T>) {
		let worker =
			Self::question(job, audit, &audit.operator).map(|_| T::Claims::asked(&audit.operator, audit.units));
		if let (Some(allowance), AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) =
			(worker, &mut audit.phase)
		{
			*deadline = Self::ends(allowance.run);
		}
		for index in 0..audit.auditors.len() {
			Self::set_clock(job, audit, index, run);
		}
	}

	/// Sets the clock of an auditor that is asked something. Whoever is asked more than it can do keeps its seat, for if another were drawn
	/// in its place, keeping auditors busy would choose who looks; it has as long as for as much as anybody can, and then for this, and
	/// need not reply. Whoever vouched for something else has all the time in which the claim waits to say so: somebody is wrong, and
	/// nobody else may be there to say who. If it was drawn it has to, however much else it is asked, or who vouched for a lie would be
	/// silent until nobody is judged.
	fn set_clock(job: JobId, audit: &mut Audit<T>, index: usize, run: BlockNumberFor<T>) {
		let Some(account) = audit.auditors.get(index).map(|auditor| auditor.account.clone()) else {
			return;
		};
		if Self::question(job, audit, &account).is_none() {
			return;
		}
		let (now, phase) = (Self::now(), audit.phase);
		let allowance = T::Claims::asked(&account, audit.units);
		let Some(auditor) = audit.auditors.get_mut(index) else {
			return;
		};
		let otherwise = auditor.recalled || auditor.contradicted;
		auditor.excused = auditor.recalled || !auditor.contradicted && !allowance.enough;
		auditor.deadline = Self::ends(match allowance.enough {
			true => allowance.run,
			false => T::Claims::longest_load().saturating_add(run),
		});
		if matches!(phase, AuditPhase::Commit { .. }) && (otherwise || !allowance.enough) {
			let until = audit.wait(now);
			if let Some(auditor) = audit.auditors.get_mut(index).filter(|_| otherwise) {
				auditor.deadline = auditor.deadline.max(until);
			}
		}
	}

	/// Last block for a reply that takes so long.
	fn ends(run: BlockNumberFor<T>) -> BlockNumberFor<T> {
		Self::now().saturating_add(T::Period::get()).saturating_add(run)
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

	/// Last block in which the reply of an operator is in time, and last in which it is taken; none if nothing is asked of it.
	pub(crate) fn clock(
		job: JobId,
		audit: &Audit<T>,
		who: &T::AccountId,
	) -> Option<(BlockNumberFor<T>, BlockNumberFor<T>)> {
		let (AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) = audit.phase else {
			return None;
		};
		Self::question(job, audit, who)?;
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

	/// Looks at the auditors whose time is over, and says whether there were any.
	pub(crate) fn look_at_auditors(job: JobId, audit: &mut Audit<T>) -> bool {
		let now = Self::now();
		let is_over = |account| Self::clock(job, audit, account).is_some_and(|(_, closes_at)| now > closes_at);
		let auditors = audit.auditors.iter().enumerate();
		let over: Vec<_> = auditors
			.filter(|(_, auditor)| is_over(&auditor.account))
			.map(|(index, _)| index)
			.collect();
		for index in &over {
			Self::fail_auditor(job, audit, *index);
		}
		!over.is_empty()
	}

	/// An auditor has not replied in time. It is unlisted: whoever misses a duty may not be there for the next, whether somebody else keeps
	/// it busy or it does so itself. Who had to reply is punished, unless it has been since it was drawn: one absence is one fault,
	/// however often it was drawn before that was noticed.
	fn fail_auditor(job: JobId, audit: &mut Audit<T>, index: usize) {
		let Some(auditor) = audit.auditors.get_mut(index) else {
			return;
		};
		auditor.state = AuditorState::Failed;
		Self::asked_no_more(job, &auditor.account, audit.units);
		if !auditor.excused {
			Self::missed(job, auditor);
		}
		if !auditor.recalled {
			Self::unlist(&auditor.account, audit.version);
		}
	}
}
