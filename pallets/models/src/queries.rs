//! What the jobs pallet and the runtime API read.

use crate::{
	BalanceOf, Config, LastHeartbeat, Models, NextModel, Offers, Pallet, Programs, RunningJobs, Served, Versions,
};
use alloc::{collections::BTreeMap, vec::Vec};
use assay_exact::Program;
use assay_protocol::{
	job::JobError,
	model::{ModelSummary, Offer, OfferSummary, ServedVersion, Serving, Terms, VersionSummary},
	operator::Operators,
	ModelId, ModelVersion,
};
use codec::Decode;
use frame_support::traits::DefensiveSaturating;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Saturating;

/// Models in one answer at most.
const MAX_PAGE: u32 = 100;

impl<T: Config> Pallet<T> {
	/// A model as clients see it.
	pub fn model_summary(id: ModelId) -> Option<ModelSummary<T::AccountId, BalanceOf<T>>> {
		Self::summarise(id, &mut Listing::default())
	}

	/// At most `limit` models, and never more than a hundred, with numbers from `start` upwards.
	pub fn models_page(start: ModelId, limit: u32) -> Vec<ModelSummary<T::AccountId, BalanceOf<T>>> {
		let mut listing = Listing::default();
		let limit = usize::try_from(limit.min(MAX_PAGE)).unwrap_or_default();
		(start.0..NextModel::<T>::get().0)
			.filter_map(|id| Self::summarise(ModelId(id), &mut listing))
			.take(limit)
			.collect()
	}

	/// The encoded program of a version.
	pub fn program_bytes(version: ModelVersion) -> Option<Vec<u8>> {
		Programs::<T>::get(version).map(|program| program.into_inner())
	}

	/// All offers for a version, listed or not.
	pub fn offer_summaries(version: ModelVersion) -> Vec<OfferSummary<T::AccountId, BalanceOf<T>, BlockNumberFor<T>>> {
		Offers::<T>::get(version)
			.into_iter()
			.map(|offer| OfferSummary {
				last_heartbeat: LastHeartbeat::<T>::get(&offer.operator),
				listed: Self::is_listed(&offer.operator),
				offer,
			})
			.collect()
	}

	/// What an operator offers, and whether it counts.
	pub fn serving(operator: &T::AccountId) -> Serving<BalanceOf<T>, BlockNumberFor<T>> {
		let offers = Served::<T>::get(operator).into_iter().filter_map(|version| {
			let offers = Offers::<T>::get(version);
			let offer = offers.into_iter().find(|offer| offer.operator == *operator)?;
			let record = Versions::<T>::get(version.model, version.version)?;
			Some(ServedVersion {
				version,
				name: Models::<T>::get(version.model)?.metadata.name.into_inner(),
				artifact: record.artifact,
				price: offer.price,
				capacity: offer.capacity,
				speed: offer.speed,
				largest: offer.largest,
				retired: record.retired,
			})
		});
		Serving {
			active: T::Operators::is_active(operator),
			last_heartbeat: LastHeartbeat::<T>::get(operator),
			listed: Self::is_listed(operator),
			offers: offers.collect(),
		}
	}

	fn summarise(id: ModelId, listing: &mut Listing<T>) -> Option<ModelSummary<T::AccountId, BalanceOf<T>>> {
		let model = Models::<T>::get(id)?;
		let mut deposit = model.deposit;
		let mut versions: Vec<VersionSummary> = Versions::<T>::iter_prefix(id)
			.map(|(number, version)| {
				deposit = deposit.saturating_add(version.deposit);
				let offers = listing.count(ModelVersion {
					model: id,
					version: number,
				});
				version.summary(number, offers)
			})
			.collect();
		versions.sort_by_key(|version| version.version);
		Some(ModelSummary {
			id,
			publisher: model.publisher,
			metadata: model.metadata,
			deposit,
			versions,
		})
	}
}

/// Which operators are listed, asked once for each in an answer about many versions.
struct Listing<T: Config>(BTreeMap<T::AccountId, bool>);

impl<T: Config> Default for Listing<T> {
	fn default() -> Self {
		Self(BTreeMap::new())
	}
}

impl<T: Config> Listing<T> {
	/// The number of listed offers for a version.
	fn count(&mut self, version: ModelVersion) -> u32 {
		let offers = Offers::<T>::get(version);
		let listed = offers
			.into_iter()
			.filter(|offer| self.is_listed(&offer.operator))
			.count();
		u32::try_from(listed).unwrap_or(u32::MAX)
	}

	fn is_listed(&mut self, operator: &T::AccountId) -> bool {
		*self
			.0
			.entry(operator.clone())
			.or_insert_with(|| Pallet::<T>::is_listed(operator))
	}
}

impl<T: Config> assay_protocol::model::Models<T::AccountId, BalanceOf<T>> for Pallet<T> {
	fn terms(version: ModelVersion) -> Option<Terms<T::AccountId>> {
		let model = Models::<T>::get(version.model)?;
		let record = Versions::<T>::get(version.model, version.version)?;
		Some(Terms {
			publisher: model.publisher,
			royalty: record.royalty,
			retired: record.retired,
			artifact: record.artifact,
		})
	}

	fn program(version: ModelVersion) -> Result<Program, JobError> {
		let bytes = Programs::<T>::get(version).ok_or(JobError::UnknownVersion)?;
		Program::decode(&mut &bytes[..]).map_err(|_| JobError::CorruptProgram)
	}

	fn listed_offers(version: ModelVersion) -> Vec<Offer<T::AccountId, BalanceOf<T>>> {
		Offers::<T>::get(version)
			.into_iter()
			.filter(|offer| Self::is_listed(&offer.operator))
			.collect()
	}

	fn listed_offer(version: ModelVersion, operator: &T::AccountId) -> Option<Offer<T::AccountId, BalanceOf<T>>> {
		let offer = Offers::<T>::get(version)
			.into_iter()
			.find(|offer| offer.operator == *operator)?;
		Self::is_listed(operator).then_some(offer)
	}

	fn job_started(version: ModelVersion) {
		RunningJobs::<T>::mutate(version, |jobs| jobs.defensive_saturating_inc());
	}

	fn job_ended(version: ModelVersion) {
		RunningJobs::<T>::mutate_exists(version, |jobs| {
			let left = jobs.unwrap_or_default().defensive_saturating_sub(1);
			*jobs = (left > 0).then_some(left);
		});
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(publisher: &T::AccountId, operators: &[T::AccountId]) -> ModelVersion {
		crate::benchmarking::register_and_serve::<T>(publisher, operators)
	}
}
