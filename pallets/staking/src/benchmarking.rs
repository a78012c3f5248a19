//! Benchmarks of every call.

use crate::{BalanceOf, Call, Config, HoldReason, Operators, Pallet, WorkerKeys};
use assay_protocol::operator::{possession_payload, Operators as _, WorkerKey, WorkerSignature};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, InspectHold, Mutate},
	Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::traits::{Saturating, Zero};

fn funded<T: Config>() -> T::AccountId {
	let account = whitelisted_caller();
	let funds = T::MinBond::get()
		.saturating_add(T::Currency::minimum_balance())
		.saturating_mul(1_000u32.into());
	T::Currency::mint_into(&account, funds).expect("benchmark accounts can be funded");
	account
}

/// A key of the keystore with its proof of possession.
fn worker_key<T: Config>(account: &T::AccountId, seed: &str) -> (WorkerKey, WorkerSignature) {
	let key = WorkerKey::generate_pair(Some(seed.as_bytes().to_vec()));
	let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
	let proof = key
		.sign(&possession_payload(account, &genesis.0))
		.expect("the keystore has the key it just made");
	(key, proof)
}

fn operator<T: Config>() -> T::AccountId {
	let account = funded::<T>();
	let (key, _) = worker_key::<T>(&account, "//bench");
	Pallet::<T>::do_register(&account, key, T::MinBond::get()).expect("a funded account with a fresh key can register");
	account
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register_operator() {
		let account = funded::<T>();
		let (key, proof) = worker_key::<T>(&account, "//bench");
		let bond = T::MinBond::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()), key.clone(), proof, bond);

		assert_eq!(WorkerKeys::<T>::get(&key), Some(account.clone()));
		assert_eq!(T::Currency::balance_on_hold(&HoldReason::Bond.into(), &account), bond);
	}

	#[benchmark]
	fn bond_extra() {
		let account = operator::<T>();
		let amount: BalanceOf<T> = T::MinBond::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()), amount);

		assert_eq!(Pallet::<T>::stake(&account), amount.saturating_add(T::MinBond::get()));
	}

	#[benchmark]
	fn unbond() {
		let account = operator::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()));

		assert!(!Pallet::<T>::is_active(&account));
	}

	#[benchmark]
	fn rebond() -> Result<(), BenchmarkError> {
		let account = operator::<T>();
		Pallet::<T>::unbond(RawOrigin::Signed(account.clone()).into())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()));

		assert!(Pallet::<T>::is_active(&account));
		Ok(())
	}

	#[benchmark]
	fn withdraw_unbonded() -> Result<(), BenchmarkError> {
		let account = operator::<T>();
		Pallet::<T>::unbond(RawOrigin::Signed(account.clone()).into())?;
		let now = frame_system::Pallet::<T>::block_number();
		frame_system::Pallet::<T>::set_block_number(now.saturating_add(T::UnbondingPeriod::get()));

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()));

		assert!(!Operators::<T>::contains_key(&account));
		Ok(())
	}

	#[benchmark]
	fn set_worker_key() {
		let account = operator::<T>();
		let (key, proof) = worker_key::<T>(&account, "//bench//next");

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()), key.clone(), proof);

		assert_eq!(WorkerKeys::<T>::get(&key), Some(account));
	}

	impl_benchmark_test_suite!(Pallet, crate::tests::ExtBuilder::default().build(), crate::tests::Test);
}
