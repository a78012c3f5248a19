//! Benchmarks of the calls and of what the end of a session does.

use super::*;
use assay_protocol::operator::WorkerKey;
use codec::{Decode, Encode};
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use pallet_session::SessionManager;
use sp_runtime::{
	traits::{Hash, TrailingZeroInput},
	RuntimeAppPublic,
};

/// An active operator with session keys.
fn operator<T: Config>(index: u32) -> T::AccountId {
	let operator = account("operator", index, 0);
	T::Operators::bond_for_benchmark(&operator, WorkerKey::generate_pair(None));
	// As many bytes as keys of two schemes have, and all different.
	let bytes: Vec<u8> = (0..2u8)
		.flat_map(|half| T::Hashing::hash_of(&(&operator, half)).encode())
		.collect();
	let keys = Decode::decode(&mut TrailingZeroInput::new(&bytes)).expect("keys are any bytes");
	T::Session::set_keys(&operator, keys).expect("the keys are nobody's");
	operator
}

fn candidates<T: Config>(count: u32) -> Vec<T::AccountId> {
	(0..count)
		.map(|index| {
			let operator = operator::<T>(index);
			Pallet::<T>::do_validate(&operator).expect("it may be a candidate");
			operator
		})
		.collect()
}

/// Each has made blocks in which fees were paid.
fn work<T: Config>(validators: &[T::AccountId]) {
	let fees = T::Currency::minimum_balance();
	// And one that opens the pot.
	for _ in 0..=validators.len() {
		T::Currency::mint_into(&Pallet::<T>::pot(), fees).expect("money can be made for a benchmark");
	}
	for validator in validators {
		Works::<T>::insert(validator, Work { blocks: 10, fees });
	}
}

/// Each has offended in a session, and has not paid.
fn offend<T: Config>(validators: &[T::AccountId]) {
	for validator in validators {
		let offence = Offence {
			share: Perbill::from_percent(50),
			settled: Perbill::zero(),
			reporter: Some(validator.clone()),
		};
		Offences::<T>::insert(9, validator, offence);
	}
}

#[benchmarks(where T: pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn validate() {
		let operator = operator::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()));

		assert!(Candidates::<T>::contains_key(&operator));
	}

	#[benchmark]
	fn stop_validating() {
		let operator = candidates::<T>(1).remove(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()));

		assert!(!Candidates::<T>::contains_key(&operator));
	}

	#[benchmark]
	fn purge_keys() {
		let operator = operator::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()));

		assert!(!T::Session::is_registered(&operator));
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let operator = candidates::<T>(1).remove(0);
		offend::<T>(core::slice::from_ref(&operator));
		let origin = T::SlashCancelOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 9, operator.clone());

		assert!(Offences::<T>::get(9, operator).is_some_and(|offence| offence.settled == offence.share));
		Ok(())
	}

	// Half of all there may be, for genesis may have some; more cost in proportion.
	#[benchmark]
	fn plan_session(c: Linear<1, { T::MaxCandidates::get() / 2 }>) -> Result<(), BenchmarkError> {
		candidates::<T>(c);
		let planned;

		#[block]
		{
			planned = <Pallet<T> as SessionManager<T::AccountId>>::new_session(9);
		}

		let planned = planned.ok_or("somebody is elected")?;
		// And those of genesis, where there are any.
		assert!(planned.len() >= c.min(T::MaxValidators::get()) as usize);
		Ok(())
	}

	#[benchmark]
	fn end_session(v: Linear<1, { T::MaxValidators::get() }>) {
		let validators = candidates::<T>(v);
		work::<T>(&validators);
		pallet_session::Validators::<T>::put(validators);

		#[block]
		{
			<Pallet<T> as SessionManager<T::AccountId>>::end_session(9);
		}

		assert_eq!(Works::<T>::iter_keys().count(), 0);
	}

	#[benchmark]
	fn apply_slashes(v: Linear<1, { T::MaxValidators::get() }>) {
		let validators = candidates::<T>(v);
		offend::<T>(&validators);

		#[block]
		{
			Pallet::<T>::apply_slashes(Pallet::<T>::due(9));
		}

		assert!(Pallet::<T>::pending_slashes().is_empty());
	}

	impl_benchmark_test_suite!(Pallet, crate::tests::ExtBuilder::default().build(), crate::tests::Test);
}
