//! The invariants of the README.

use crate::{
	BalanceOf, Config, HoldReason, LastHeartbeat, Models, NextModel, Offers, Pallet, Programs, RunningJobs, Served,
	Versions,
};
use alloc::collections::BTreeMap;
use assay_exact::Program;
use assay_protocol::ModelVersion;
use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use sp_runtime::{traits::CheckedAdd, TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// Checks the invariants of the README.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_models()?;
		Self::check_versions()?;
		Self::check_offers()
	}

	fn check_models() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		for (id, model) in Models::<T>::iter() {
			ensure!(
				id < NextModel::<T>::get(),
				"a model has a number that was not given yet"
			);
			let mut versions = 0u32;
			let deposit = deposits.entry(model.publisher).or_default();
			*deposit = deposit.checked_add(&model.deposit).ok_or("deposits overflow")?;
			for (number, version) in Versions::<T>::iter_prefix(id) {
				ensure!(
					number < model.next_version,
					"a version has a number that was not given yet"
				);
				*deposit = deposit.checked_add(&version.deposit).ok_or("deposits overflow")?;
				versions = versions.saturating_add(1);
			}
			ensure!(versions == model.versions, "the count of a model's versions is wrong");
			ensure!(versions > 0, "a model has no version");
			ensure!(versions <= T::MaxVersions::get(), "a model has too many versions");
		}
		for (publisher, deposit) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::ModelDeposit.into(), &publisher);
			ensure!(held == deposit, "a publisher's deposits are not what is held for them");
		}
		Ok(())
	}

	fn check_versions() -> Result<(), TryRuntimeError> {
		let mut versions = 0usize;
		for (model, number, version) in Versions::<T>::iter() {
			let id = ModelVersion { model, version: number };
			ensure!(Models::<T>::contains_key(model), "a version has no model");
			let bytes = Programs::<T>::get(id).ok_or("a version has no program")?;
			let program = Program::decode_checked(&bytes).map_err(|_| "a stored program is not valid")?;
			ensure!(
				u32::try_from(bytes.len()) == Ok(version.program_bytes)
					&& program.positions == version.positions
					&& program.vocabulary() == version.vocabulary
					&& program.output_length() == version.output_length,
				"a version does not agree with its program"
			);
			versions = versions.saturating_add(1);
		}
		ensure!(
			Programs::<T>::iter_keys().count() == versions,
			"there are programs without a version"
		);
		for (version, jobs) in RunningJobs::<T>::iter() {
			ensure!(jobs > 0, "a count of no jobs is stored");
			ensure!(
				Versions::<T>::contains_key(version.model, version.version),
				"jobs of an unknown version are running"
			);
		}
		Ok(())
	}

	fn check_offers() -> Result<(), TryRuntimeError> {
		let mut offers_made = 0usize;
		for (version, offers) in Offers::<T>::iter() {
			ensure!(!offers.is_empty(), "an empty list of offers is stored");
			ensure!(
				Versions::<T>::contains_key(version.model, version.version),
				"there are offers for an unknown version"
			);
			for offer in &offers {
				ensure!(offer.capacity > 0, "an offer has no capacity");
				let served = Served::<T>::get(&offer.operator);
				let entries = served.iter().filter(|other| **other == version).count();
				ensure!(entries == 1, "an offer is not among what its operator serves");
			}
			offers_made = offers_made.saturating_add(offers.len());
		}
		let mut served_versions = 0usize;
		for (operator, served) in Served::<T>::iter() {
			ensure!(!served.is_empty(), "an empty list of served versions is stored");
			ensure!(
				LastHeartbeat::<T>::contains_key(&operator),
				"an operator with offers has no heartbeat"
			);
			served_versions = served_versions.saturating_add(served.len());
		}
		ensure!(
			offers_made == served_versions,
			"operators serve versions without an offer"
		);
		ensure!(
			LastHeartbeat::<T>::iter_keys().count() == Served::<T>::iter_keys().count(),
			"there are heartbeats of operators without offers"
		);
		Ok(())
	}
}
