//! Models and versions: registration, deposits, removal.

use crate::{
	BalanceOf, Config, Error, Event, HoldReason, Model, Models, NextModel, Offers, Pallet, Programs, RunningJobs,
	Version, Versions,
};
use assay_exact::Program;
use assay_protocol::{
	job::MAX_INLINE_ELEMENTS,
	model::{ModelMetadata, VersionSubmission},
	ModelId, ModelVersion, VersionNumber,
};
use assay_trace::size::longest_answer;
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul, CheckedSub, Zero},
	ArithmeticError, DispatchError, DispatchResult, SaturatedConversion,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		publisher: T::AccountId,
		metadata: ModelMetadata,
		submission: VersionSubmission,
	) -> Result<ModelVersion, DispatchError> {
		Self::ensure_well_formed(&metadata)?;
		let model = NextModel::<T>::get();
		NextModel::<T>::put(model.next().ok_or(Error::<T>::ModelNumbersUsedUp)?);

		let deposit = Self::deposit_for(metadata.encoded_size())?;
		T::Currency::hold(&HoldReason::ModelDeposit.into(), &publisher, deposit)?;
		let mut record = Model {
			publisher: publisher.clone(),
			metadata,
			deposit,
			versions: 0,
			next_version: VersionNumber::default(),
		};
		Self::deposit_event(Event::ModelRegistered { model, publisher });
		let version = Self::store_version(model, &mut record, submission)?;
		Models::<T>::insert(model, record);
		Ok(version)
	}

	pub(crate) fn do_add_version(who: &T::AccountId, model: ModelId, submission: VersionSubmission) -> DispatchResult {
		let mut record = Self::model_of(who, model)?;
		Self::store_version(model, &mut record, submission)?;
		Models::<T>::insert(model, record);
		Ok(())
	}

	pub(crate) fn do_set_metadata(who: &T::AccountId, model: ModelId, metadata: ModelMetadata) -> DispatchResult {
		Self::ensure_well_formed(&metadata)?;
		let mut record = Self::model_of(who, model)?;
		let deposit = Self::deposit_for(metadata.encoded_size())?;
		if let Some(more) = deposit.checked_sub(&record.deposit) {
			T::Currency::hold(&HoldReason::ModelDeposit.into(), who, more)?;
		} else if let Some(less) = record.deposit.checked_sub(&deposit) {
			Self::release_deposit(who, less)?;
		}
		record.deposit = deposit;
		record.metadata = metadata;
		Models::<T>::insert(model, record);
		Self::deposit_event(Event::MetadataChanged { model });
		Ok(())
	}

	pub(crate) fn do_retire(who: &T::AccountId, version: ModelVersion) -> DispatchResult {
		Self::model_of(who, version.model)?;
		Versions::<T>::try_mutate_exists(version.model, version.version, |record| -> DispatchResult {
			let record = record.as_mut().ok_or(Error::<T>::UnknownVersion)?;
			ensure!(!record.retired, Error::<T>::Retired);
			record.retired = true;
			Ok(())
		})?;
		Self::deposit_event(Event::VersionRetired { version });
		Ok(())
	}

	pub(crate) fn do_remove(who: &T::AccountId, version: ModelVersion) -> DispatchResult {
		let mut model = Self::model_of(who, version.model)?;
		let record = Versions::<T>::get(version.model, version.version).ok_or(Error::<T>::UnknownVersion)?;
		ensure!(record.retired, Error::<T>::NotRetired);
		ensure!(RunningJobs::<T>::get(version).is_zero(), Error::<T>::JobsRunning);
		ensure!(!Offers::<T>::contains_key(version), Error::<T>::OffersStanding);

		Versions::<T>::remove(version.model, version.version);
		Programs::<T>::remove(version);
		Self::release_deposit(who, record.deposit)?;
		Self::deposit_event(Event::VersionRemoved { version });

		model.versions = model.versions.checked_sub(1).ok_or(ArithmeticError::Underflow)?;
		if model.versions.is_zero() {
			Self::release_deposit(who, model.deposit)?;
			Models::<T>::remove(version.model);
			Self::deposit_event(Event::ModelRemoved { model: version.model });
		} else {
			Models::<T>::insert(version.model, model);
		}
		Ok(())
	}

	/// Validates a submission, holds its deposit and stores it as the next version of `model`, which the caller stores.
	fn store_version(
		id: ModelId,
		model: &mut Model<T::AccountId, BalanceOf<T>>,
		submission: VersionSubmission,
	) -> Result<ModelVersion, DispatchError> {
		let program = Self::ensure_valid(&submission)?;
		ensure!(model.versions < T::MaxVersions::get(), Error::<T>::TooManyVersions);
		let version = ModelVersion {
			model: id,
			version: model.next_version,
		};
		model.next_version = model.next_version.next().ok_or(Error::<T>::VersionNumbersUsedUp)?;
		model.versions = model.versions.checked_add(1).ok_or(ArithmeticError::Overflow)?;

		let bytes = submission
			.program
			.len()
			.saturating_add(Version::<BalanceOf<T>>::max_encoded_len());
		let deposit = Self::deposit_for(bytes)?;
		T::Currency::hold(&HoldReason::ModelDeposit.into(), &model.publisher, deposit)?;

		Versions::<T>::insert(id, version.version, Version::new(&submission, &program, deposit));
		Self::deposit_event(Event::VersionAdded {
			version,
			artifact: submission.artifact,
		});
		Programs::<T>::insert(version, submission.program);
		Ok(version)
	}

	/// Checks everything the chain can know of a submission and returns its program.
	fn ensure_valid(submission: &VersionSubmission) -> Result<Program, DispatchError> {
		ensure!(submission.royalty <= T::MaxRoyalty::get(), Error::<T>::RoyaltyTooHigh);
		ensure!(!submission.artifact_bytes.is_zero(), Error::<T>::ArtifactIsEmpty);
		let program = Program::decode_checked(&submission.program).map_err(|error| {
			log::debug!(target: "runtime::models", "refused a program: {error}");
			Error::<T>::InvalidProgram
		})?;
		// Whoever is asked for more than an answer can hold would lose by being right.
		let longest = longest_answer(&program, MAX_INLINE_ELEMENTS, MAX_INLINE_ELEMENTS);
		ensure!(longest <= T::MaxAnswerBytes::get().into(), Error::<T>::TooLargeToJudge);
		ensure!(
			submission.tokenizer.is_none() || program.vocabulary().is_some(),
			Error::<T>::TokenizerWithoutTokens
		);
		Ok(program)
	}

	fn ensure_well_formed(metadata: &ModelMetadata) -> DispatchResult {
		ensure!(!metadata.name.is_empty(), Error::<T>::NameIsEmpty);
		let texts = [&metadata.name[..], &metadata.description, &metadata.licence];
		let tags = metadata.tags.iter().map(|tag| &tag[..]);
		let all_utf8 = texts
			.into_iter()
			.chain(tags)
			.all(|text| core::str::from_utf8(text).is_ok());
		ensure!(all_utf8, Error::<T>::NotUtf8);
		Ok(())
	}

	/// What is held for something that takes `bytes` bytes in the state.
	fn deposit_for(bytes: usize) -> Result<BalanceOf<T>, DispatchError> {
		// What is stored is bounded far below the narrowest balance.
		let bytes: BalanceOf<T> = bytes.saturated_into();
		T::DepositPerByte::get()
			.checked_mul(&bytes)
			.and_then(|for_bytes| for_bytes.checked_add(&T::DepositBase::get()))
			.ok_or(ArithmeticError::Overflow.into())
	}

	fn release_deposit(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		T::Currency::release(&HoldReason::ModelDeposit.into(), who, amount, Precision::Exact)?;
		Ok(())
	}

	/// The model, if `who` is its publisher.
	fn model_of(who: &T::AccountId, model: ModelId) -> Result<Model<T::AccountId, BalanceOf<T>>, DispatchError> {
		let record = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		ensure!(record.publisher == *who, Error::<T>::NotPublisher);
		Ok(record)
	}
}
