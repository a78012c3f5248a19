//! The invariants of the README, checked over the whole state.

use crate::{Agenda, AgendaCursor, Auditor, Auditors, Audits, Config, Due, Insides, Pallet, ReceiptChecks, Vouched};
use alloc::collections::BTreeSet;
use assay_protocol::audit::{AuditPhase, AuditorState};
use codec::Encode;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let cursor = AgendaCursor::<T>::get();
		let (mut booked, mut due) = (0usize, 0usize);
		for (job, audit) in Audits::<T>::iter() {
			ensure!(
				audit.auditors.iter().all(|auditor| auditor.account != audit.operator),
				"an operator audits itself"
			);
			let bound_to_reply = audit
				.auditors
				.iter()
				.any(|auditor| auditor.recalled && !auditor.excused);
			ensure!(!bound_to_reply, "a recalled auditor is punished for silence");
			let accounts: BTreeSet<_> = audit.auditors.iter().map(|auditor| auditor.account.encode()).collect();
			ensure!(accounts.len() == audit.auditors.len(), "an auditor was drawn twice");
			let committed = audit.spot_check.is_some_and(|check| check.committed && !check.shown);
			ensure!(
				Insides::<T>::contains_key(job) == (committed && !audit.is_over()),
				"what a worker committed to is not stored, or still is"
			);
			let everybody = audit.auditors.iter().map(|auditor| &auditor.account);
			let mut asked = 0usize;
			for who in everybody.chain([&audit.operator]) {
				let asks = Self::question(job, &audit, who).is_some();
				ensure!(
					Due::<T>::contains_key(who, job) == asks,
					"an audit is listed for an operator that is asked nothing, or not for one that is"
				);
				asked = asked.saturating_add(usize::from(asks));
			}
			due = due.saturating_add(asked);
			let vouched =
				|auditor: &Auditor<T>| matches!(auditor.state, AuditorState::Bound { .. } | AuditorState::Done);
			ensure!(
				audit
					.auditors
					.iter()
					.all(|auditor| auditor.vouched || !vouched(auditor)),
				"an auditor is bound and has not vouched"
			);
			ensure!(
				asked > 0 || !matches!(audit.phase, AuditPhase::Commit { .. } | AuditPhase::Show { .. }),
				"an audit waits for nobody"
			);
			if let Some(slot) = audit.booked_at {
				ensure!(!audit.is_over(), "an audit that is over is booked");
				ensure!(
					cursor.is_some_and(|cursor| cursor <= slot),
					"an audit is booked for an agenda that is done"
				);
				let here = Agenda::<T>::get(slot).iter().filter(|booked| **booked == job).count();
				ensure!(here == 1, "a booked audit is not in its agenda exactly once");
				booked = booked.saturating_add(1);
			}
		}
		ensure!(
			Due::<T>::iter_keys().count() == due,
			"operators owe replies in no audit"
		);
		ensure!(
			ReceiptChecks::<T>::iter_keys().all(Audits::<T>::contains_key),
			"a draw of a batch is stored without an audit"
		);
		ensure!(
			Insides::<T>::iter_keys().all(Audits::<T>::contains_key),
			"something is committed to in no audit"
		);
		ensure!(
			Vouched::<T>::iter().all(|(job, vouched)| Audits::<T>::contains_key(job) && !vouched.is_empty()),
			"somebody vouched in no audit"
		);
		let in_agenda: usize = Agenda::<T>::iter_values().map(|audits| audits.len()).sum();
		ensure!(in_agenda == booked, "agendas hold audits that are not booked");
		for auditors in Auditors::<T>::iter_values() {
			let accounts: BTreeSet<_> = auditors.iter().map(|auditor| auditor.account.encode()).collect();
			ensure!(
				!auditors.is_empty() && accounts.len() == auditors.len(),
				"a list of auditors is empty or names one twice"
			);
		}
		Ok(())
	}
}
