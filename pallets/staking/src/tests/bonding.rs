use super::*;
use crate::{Error, Event, Operators};
use assay_protocol::operator::Operators as _;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

#[test]
fn an_operator_registers_with_a_bond_and_a_worker_key() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, 150));

		let worker_key = key_of(ALICE).public();
		System::assert_last_event(
			Event::OperatorRegistered {
				operator: ALICE,
				worker_key: worker_key.clone(),
				bond: 150,
			}
			.into(),
		);
		assert_eq!((free(ALICE), held(ALICE)), (FUNDS - 150, 150));
		assert!(Staking::is_active(&ALICE));
		assert_eq!(Staking::stake(&ALICE), 150);
		assert_eq!(Staking::worker_key(&ALICE), Some(worker_key.clone()));
		assert_eq!(Staking::of_worker_key(&worker_key), Some(ALICE));

		let summary = Staking::operator_summary(&ALICE).unwrap();
		assert_eq!(summary.account, ALICE);
		assert_eq!(summary.worker_key, worker_key);
		assert_eq!(
			(summary.bond, summary.committed, summary.faults.missed_deadlines),
			(150, 0, 0)
		);
		assert_eq!(summary.leaves_at, None);
	});
}

#[test]
fn registration_fails_below_the_minimum_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register(ALICE, MIN_BOND - 1), Error::<Test>::BondBelowMinimum);
		assert_ok!(register(ALICE, MIN_BOND));
	});
}

#[test]
fn registration_fails_without_the_money() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register(ALICE, FUNDS + 1), TokenError::FundsUnavailable);
	});
}

#[test]
fn an_operator_cannot_register_twice() {
	ExtBuilder::default().operator(ALICE, MIN_BOND).build_and_execute(|| {
		let key = numbered_key(50);
		let proof = proof(&key, ALICE);
		assert_noop!(
			Staking::register_operator(RuntimeOrigin::signed(ALICE), key.public(), proof, MIN_BOND),
			Error::<Test>::AlreadyOperator
		);
	});
}

#[test]
fn there_is_room_for_so_many_operators_and_no_more() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(ALICE, MIN_BOND));
		assert_ok!(register(BOB, MIN_BOND));
		assert_ok!(register(CAROL, MIN_BOND));
		assert_noop!(register(DAVE, MIN_BOND), Error::<Test>::TooManyOperators);
	});
}

#[test]
fn a_bond_can_be_increased() {
	ExtBuilder::default().operator(ALICE, MIN_BOND).build_and_execute(|| {
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 40));
		last_event(Event::Bonded {
			operator: ALICE,
			member: ALICE,
			amount: 40,
			stake: MIN_BOND + 40,
		});
		assert_eq!(held(ALICE), MIN_BOND + 40);
		assert_eq!(Staking::stake(&ALICE), MIN_BOND + 40);

		assert_noop!(
			Staking::bond_extra(signed(ALICE), ALICE, 0),
			Error::<Test>::AmountIsZero
		);
		assert_noop!(
			Staking::bond_extra(signed(ALICE), ALICE, FUNDS),
			TokenError::FundsUnavailable
		);
		assert_noop!(Staking::bond_extra(signed(BOB), BOB, 1), Error::<Test>::NotOperator);
	});
}

#[test]
fn somebody_who_is_no_operator_has_no_stake() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(!Staking::is_active(&BOB));
		assert_eq!(Staking::stake(&BOB), 0);
		assert_eq!(Staking::worker_key(&BOB), None);
		assert_eq!(Staking::operator_summary(&BOB), None);
		assert_eq!(Operators::<Test>::count(), 0);
	});
}
