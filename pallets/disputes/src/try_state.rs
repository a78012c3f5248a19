//! The invariants of the README, checked over the whole state.

use crate::{
	types::{BalanceOf, Status},
	Agenda, AgendaCursor, AtStake, Challenges, Config, Disputes, DisputesOf, Due, HoldReason, NextDisputeId,
	OldestDisputeId, Pallet, Part, Record,
};
use alloc::collections::BTreeMap;
use assay_protocol::dispute::{Accusation, Stage};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::{
	traits::{CheckedAdd, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_disputes()?;
		Self::check_indices()?;
		Self::check_bonds()
	}

	fn check_disputes() -> Result<(), TryRuntimeError> {
		let cursor = AgendaCursor::<T>::get();
		for (id, dispute) in Disputes::<T>::iter() {
			ensure!(
				OldestDisputeId::<T>::get() <= id && id < NextDisputeId::<T>::get(),
				"a dispute is outside the range of identifiers"
			);
			ensure!(
				DisputesOf::<T>::contains_key(dispute.job, id),
				"a dispute is not listed for its job"
			);
			let stage = match dispute.status {
				Status::Open(stage) => Some(stage),
				Status::Over { .. } => None,
			};
			let key = (dispute.attempt, dispute.challenger.clone(), dispute.accusation);
			ensure!(
				(Challenges::<T>::get(dispute.job, key) == Some(id)) == stage.is_some(),
				"an open dispute is not the only one of its challenger and accusation, or an ended one is listed"
			);
			let due = stage.map(|stage| {
				if stage.is_workers() {
					&dispute.operator
				} else {
					&dispute.challenger
				}
			});
			for who in [&dispute.operator, &dispute.challenger] {
				ensure!(
					Due::<T>::contains_key(who, id) == (due == Some(who)),
					"a dispute is listed for who need not move, or not for who must"
				);
			}
			let shown = Part::ALL.map(|part| Record::<T>::contains_key(id, part));
			let expected = stage.map_or([false; 3], |stage| shown_before(&stage, &dispute.accusation, shown));
			ensure!(
				shown == expected,
				"what was shown is not what the stage of a dispute says"
			);
			if let Some(slot) = dispute.booked_at {
				ensure!(
					cursor.is_some_and(|cursor| cursor <= slot),
					"a dispute is booked for an agenda that is done"
				);
				let booked = Agenda::<T>::get(slot).iter().filter(|booked| **booked == id).count();
				ensure!(booked == 1, "a booked dispute is not in its agenda exactly once");
			}
		}
		Ok(())
	}

	fn check_indices() -> Result<(), TryRuntimeError> {
		let (mut disputes, mut open, mut booked) = (0usize, 0usize, 0usize);
		for dispute in Disputes::<T>::iter_values() {
			disputes = disputes.saturating_add(1);
			booked = booked.saturating_add(usize::from(dispute.booked_at.is_some()));
			if let Status::Open(_) = dispute.status {
				open = open.saturating_add(1);
			}
		}
		ensure!(
			DisputesOf::<T>::iter_keys().count() == disputes,
			"jobs have disputes that are not stored"
		);
		ensure!(
			Challenges::<T>::iter_keys().count() == open,
			"there are challenges without an open dispute"
		);
		ensure!(
			Due::<T>::iter_keys().count() == open,
			"somebody owes a move in no dispute"
		);
		ensure!(
			Record::<T>::iter_keys().all(|(id, _)| Disputes::<T>::contains_key(id)),
			"something was shown in no dispute"
		);
		let in_agenda: usize = Agenda::<T>::iter_values().map(|disputes| disputes.len()).sum();
		ensure!(in_agenda == booked, "agendas hold disputes that are not booked");
		Ok(())
	}

	fn check_bonds() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		let mut at_stake = BTreeMap::<T::AccountId, u32>::new();
		for dispute in Disputes::<T>::iter_values() {
			if !matches!(dispute.status, Status::Open(_)) {
				continue;
			}
			if dispute.drawn {
				let count = at_stake.entry(dispute.challenger).or_default();
				*count = count.saturating_add(1);
			} else {
				let sum = owed.entry(dispute.challenger).or_insert_with(Zero::zero);
				*sum = sum.checked_add(&dispute.bond).ok_or("bonds overflow")?;
			}
		}
		ensure!(
			at_stake == AtStake::<T>::iter().collect(),
			"stake stands for other disputes than there are"
		);
		let reason = HoldReason::Bond.into();
		for account in frame_system::Account::<T>::iter_keys() {
			let held = T::Currency::balance_on_hold(&reason, &account);
			ensure!(
				owed.remove(&account).unwrap_or_else(Zero::zero) == held,
				"a hold differs from the sum of bonds"
			);
		}
		ensure!(
			owed.values().all(Zero::is_zero),
			"a challenger of an open dispute has no account"
		);
		Ok(())
	}
}

/// Which parts were shown when a stage is reached: groups, cells, exhibit; `found` are those that are stored.
fn shown_before(stage: &Stage, accusation: &Accusation, found: [bool; 3]) -> [bool; 3] {
	let of_trace = *accusation == Accusation::Trace;
	match stage {
		Stage::ListGroups | Stage::OpenHead { .. } => [false, false, false],
		Stage::PointAtGroup | Stage::OpenGroup { .. } => [true, false, false],
		Stage::PointAtTarget | Stage::Show { .. } => [of_trace, true, false],
		Stage::PointAtStep => [of_trace, true, true],
		// A step of an opened cell is also asked for before anything of it was shown.
		Stage::OpenStep { .. } => [of_trace, true, found[2]],
	}
}
