//! Benchmarks of every call, behind an operator with a second delegator, for the fullest position there can be.

use crate::{
	AccountIdOf, BalanceOf, Call, Config, HoldReason, IdentityText, Kicked, Operators, Pallet, Period, Pools,
	Positions, WorkerKeys, MAX_CHUNKS, MAX_EXPOSURES, MAX_IDENTITY,
};
use assay_protocol::operator::{possession_payload, Fault, Operators as _, Rewards as _, WorkerKey, WorkerSignature};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Balanced, Inspect, InspectHold, Mutate},
	Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{Bounded, Saturating, Zero},
	Permill,
};

fn fund<T: Config>(account: &AccountIdOf<T>) {
	let funds = T::MinBond::get()
		.saturating_add(T::MinDelegation::get())
		.saturating_add(T::Currency::minimum_balance())
		.saturating_mul(1_000u32.into());
	T::Currency::mint_into(account, funds).expect("benchmark accounts can be funded");
}

fn caller<T: Config>() -> AccountIdOf<T> {
	let account = whitelisted_caller();
	fund::<T>(&account);
	account
}

/// A key of the keystore with its proof of possession.
fn worker_key<T: Config>(account: &AccountIdOf<T>, seed: &str) -> (WorkerKey, WorkerSignature) {
	let key = WorkerKey::generate_pair(Some(seed.as_bytes().to_vec()));
	let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
	let proof = key
		.sign(&possession_payload(account, &genesis.0))
		.expect("the keystore has the key it just made");
	(key, proof)
}

fn register<T: Config>(account: &AccountIdOf<T>, seed: &str) {
	let (key, _) = worker_key::<T>(account, seed);
	let bond = T::MinBond::get().saturating_mul(4u32.into());
	Pallet::<T>::do_register(account, key, bond).expect("a funded account with a fresh key can register");
}

/// The caller is an operator.
fn operator<T: Config>() -> AccountIdOf<T> {
	let account = caller::<T>();
	register::<T>(&account, "//bench");
	account
}

/// Somebody else is an operator.
fn other_operator<T: Config>(index: u32) -> AccountIdOf<T> {
	let account = account("operator", index, 0);
	fund::<T>(&account);
	register::<T>(&account, &alloc::format!("//bench//{index}"));
	account
}

fn delegation<T: Config>() -> BalanceOf<T> {
	T::MinDelegation::get().saturating_mul(100u32.into())
}

fn go_to<T: Config>(period: Period) {
	let block = T::Period::get().saturating_mul(period.0.into());
	frame_system::Pallet::<T>::set_block_number(block);
}

/// The member has put stake behind the operator, some of which moved there from others and some of which asked to leave in
/// each of as many periods as there may be; then everybody was slashed, so that all of it is to be settled; and there are
/// rewards to claim. One period more is free to be used. Returns the operator.
fn full_position<T: Config>(member: &AccountIdOf<T>) -> AccountIdOf<T> {
	let (operator, old) = (other_operator::<T>(0), other_operator::<T>(1));
	let origin = || RawOrigin::Signed(member.clone()).into();
	let part = T::MinDelegation::get();
	Pallet::<T>::delegate(origin(), operator.clone(), delegation::<T>()).expect("a funded account can delegate");
	Pallet::<T>::delegate(origin(), old.clone(), delegation::<T>()).expect("a funded account can delegate");
	for period in 0..MAX_CHUNKS - 1 {
		go_to::<T>(Period(period));
		Pallet::<T>::unbond(origin(), operator.clone(), part).expect("a part may leave in every period");
		if period >= MAX_CHUNKS - 1 - MAX_EXPOSURES {
			Pallet::<T>::redelegate(origin(), old.clone(), operator.clone(), part)
				.expect("a part may move in every period");
		}
	}
	for operator in [&operator, &old] {
		let share = T::MinDelegation::get();
		Pallet::<T>::penalise(operator, share, Fault::WrongResult, None);
	}
	let reward = T::Currency::minimum_balance()
		.saturating_add(delegation::<T>())
		.saturating_mul(10u32.into());
	assert!(
		Pallet::<T>::reward(&operator, T::Currency::issue(reward)).is_ok(),
		"there is stake to reward"
	);
	operator
}

fn compounds<T: Config>(member: &AccountIdOf<T>, operator: &AccountIdOf<T>) {
	Positions::<T>::mutate(member, operator, |position| {
		position.as_mut().expect("the position is there").compound = true;
	});
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register_operator() {
		let account = caller::<T>();
		let (key, proof) = worker_key::<T>(&account, "//bench");
		let bond = T::MinBond::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()), key.clone(), proof, bond);

		assert_eq!(WorkerKeys::<T>::get(&key), Some(account.clone()));
		assert_eq!(T::Currency::balance_on_hold(&HoldReason::Bond.into(), &account), bond);
	}

	#[benchmark]
	fn bond_extra() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		let amount = delegation::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(member.clone()), operator.clone(), amount);

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.amount > amount));
	}

	#[benchmark]
	fn unbond() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		go_to::<T>(Period(MAX_CHUNKS - 1));

		#[extrinsic_call]
		_(
			RawOrigin::Signed(member.clone()),
			operator.clone(),
			T::MinDelegation::get(),
		);

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| !position.chunks.is_empty()));
	}

	#[benchmark]
	fn rebond() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);

		#[extrinsic_call]
		_(
			RawOrigin::Signed(member.clone()),
			operator.clone(),
			BalanceOf::<T>::max_value(),
		);

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.chunks.is_empty()));
	}

	#[benchmark]
	fn withdraw_unbonded() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		frame_system::Pallet::<T>::set_block_number(Pallet::<T>::free_from(Period(MAX_CHUNKS)));

		#[extrinsic_call]
		_(RawOrigin::Signed(member.clone()), operator.clone());

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.chunks.is_empty()));
	}

	#[benchmark]
	fn set_worker_key() {
		let account = operator::<T>();
		let (key, proof) = worker_key::<T>(&account, "//bench//next");

		#[extrinsic_call]
		_(RawOrigin::Signed(account.clone()), key.clone(), proof);

		assert_eq!(WorkerKeys::<T>::get(&key), Some(account));
	}

	#[benchmark]
	fn delegate() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		let amount = delegation::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(member.clone()), operator.clone(), amount);

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.amount > amount));
	}

	#[benchmark]
	fn redelegate() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		let to = other_operator::<T>(2);

		#[extrinsic_call]
		_(
			RawOrigin::Signed(member.clone()),
			operator,
			to.clone(),
			T::MinDelegation::get(),
		);

		assert!(Positions::<T>::get(&member, &to).is_some_and(|position| !position.exposures.is_empty()));
	}

	#[benchmark]
	fn claim() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		compounds::<T>(&member, &operator);

		#[extrinsic_call]
		_(RawOrigin::Signed(member.clone()), operator.clone());

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.earned.amount.is_zero()));
	}

	#[benchmark]
	fn set_compound() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);

		#[extrinsic_call]
		_(RawOrigin::Signed(member.clone()), operator.clone(), true);

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.compound));
	}

	#[benchmark]
	fn settle() {
		let member = account("member", 0, 0);
		fund::<T>(&member);
		let operator = full_position::<T>(&member);
		compounds::<T>(&member, &operator);

		#[extrinsic_call]
		_(
			RawOrigin::Signed(whitelisted_caller()),
			operator.clone(),
			member.clone(),
		);

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.earned.amount.is_zero()));
	}

	#[benchmark]
	fn set_commission() {
		let operator = operator::<T>();
		let rate = T::MaxCommission::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), rate);

		assert!(Operators::<T>::get(&operator)
			.is_some_and(|operator| operator.commission.next.is_some() || rate == Permill::zero()));
	}

	#[benchmark]
	fn set_identity() {
		let operator = operator::<T>();
		let text: IdentityText = alloc::vec![b'a'; MAX_IDENTITY as usize]
			.try_into()
			.expect("it is as long as it may be");

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), text.clone());

		assert_eq!(crate::Identities::<T>::get(&operator), Some(text));
	}

	#[benchmark]
	fn chill() {
		let operator = operator::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()));

		assert!(!Pallet::<T>::is_active(&operator));
	}

	#[benchmark]
	fn unchill() {
		let operator = operator::<T>();
		Pools::<T>::mutate(&operator, |pool| {
			pool.as_mut().expect("an operator has a pool").chilled = true
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()));

		assert!(Pallet::<T>::is_active(&operator));
	}

	#[benchmark]
	fn kick() {
		let member = account("member", 0, 0);
		fund::<T>(&member);
		let operator = full_position::<T>(&member);
		// What moved there can be sent away when its old operator's faults do not reach it any more.
		frame_system::Pallet::<T>::set_block_number(Pallet::<T>::free_from(Period(MAX_CHUNKS)));

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), member.clone());

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.amount.is_zero()));
	}

	#[benchmark]
	fn readmit() {
		let operator = operator::<T>();
		let member: AccountIdOf<T> = account("member", 0, 0);
		Kicked::<T>::insert(&operator, &member, ());

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), member.clone());

		assert!(!Kicked::<T>::contains_key(&operator, &member));
	}

	#[benchmark]
	fn reap() {
		let operator = other_operator::<T>(0);
		let origin = || RawOrigin::Signed(operator.clone()).into();
		Pallet::<T>::chill(origin()).expect("it takes work");
		// In as many parts as there may be, and some of it bonded again.
		let part = T::MinBond::get();
		for period in 0..3 {
			go_to::<T>(Period(period));
			Pallet::<T>::unbond(origin(), operator.clone(), part).expect("a part may leave in every period");
		}
		go_to::<T>(Period(3));
		Pallet::<T>::unbond(origin(), operator.clone(), part).expect("the last may leave");
		let free_from = Pallet::<T>::free_from(Period(3));
		frame_system::Pallet::<T>::set_block_number(free_from);
		Pallet::<T>::bond_extra(origin(), operator.clone(), 1u32.into()).expect("a funded account can bond");

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), operator.clone());

		assert!(!Operators::<T>::contains_key(&operator));
	}

	#[benchmark]
	fn set_payee() {
		let member = caller::<T>();
		let operator = full_position::<T>(&member);
		let payee: AccountIdOf<T> = account("payee", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(member.clone()), operator.clone(), Some(payee.clone()));

		assert!(Positions::<T>::get(&member, &operator).is_some_and(|position| position.payee == Some(payee)));
	}

	impl_benchmark_test_suite!(Pallet, crate::tests::ExtBuilder::default().build(), crate::tests::Test);
}
