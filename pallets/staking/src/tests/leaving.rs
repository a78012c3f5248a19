use super::*;
use crate::{Error, Event, Operators, Pools, WorkerKeys};
use assay_protocol::operator::Operators as _;
use frame_support::{assert_noop, assert_ok};

#[test]
fn an_operator_leaves_after_the_unbonding_period() {
	ExtBuilder::default().operator(ALICE, 150).build_and_execute(|| {
		assert_ok!(Staking::chill(signed(ALICE)));
		last_event(Event::Chilled { operator: ALICE });
		assert_ok!(unbond(ALICE, ALICE, 150));
		last_event(Event::UnbondingStarted {
			operator: ALICE,
			member: ALICE,
			amount: 150,
			free_from: FREE_FROM,
		});
		assert!(!Staking::is_active(&ALICE));
		assert_eq!(held(ALICE), 150);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().leaves_at, Some(FREE_FROM));

		go_to(FREE_FROM - 1);
		assert_noop!(withdraw(ALICE, ALICE), Error::<Test>::StillUnbonding);
		go_to(FREE_FROM);
		assert_ok!(withdraw(ALICE, ALICE));
		System::assert_has_event(Event::OperatorLeft { operator: ALICE }.into());
		last_event(Event::Withdrawn {
			operator: ALICE,
			member: ALICE,
			amount: 150,
		});
		assert_eq!((free(ALICE), held(ALICE)), (FUNDS, 0));
		assert_eq!(Operators::<Test>::count(), 0);
		assert_eq!(WorkerKeys::<Test>::iter().count(), 0);
		assert_eq!(Pools::<Test>::iter().count(), 0);

		assert_ok!(register(ALICE, MIN_BOND));
	});
}

#[test]
fn the_wait_is_never_shorter_than_the_unbonding_period() {
	for asked_at in 1..2 * PERIOD {
		ExtBuilder::default().operator(ALICE, 150).build_and_execute(|| {
			go_to(asked_at);
			assert_ok!(unbond(ALICE, ALICE, 50));
			go_to(asked_at + UNBONDING_PERIOD);
			assert_noop!(withdraw(ALICE, ALICE), Error::<Test>::StillUnbonding);
			go_to(asked_at + UNBONDING_PERIOD + PERIOD);
			assert_ok!(withdraw(ALICE, ALICE));
			assert_eq!(held(ALICE), 100);
		});
	}
}

#[test]
fn part_of_a_bond_above_the_minimum_may_leave_while_the_operator_works() {
	ExtBuilder::default().operator(ALICE, 150).build_and_execute(|| {
		assert_noop!(unbond(ALICE, ALICE, 51), Error::<Test>::RemainderBelowMinimum);
		assert_noop!(unbond(ALICE, ALICE, 150), Error::<Test>::NotChilled);
		assert_noop!(unbond(ALICE, ALICE, 0), Error::<Test>::AmountIsZero);
		assert_ok!(unbond(ALICE, ALICE, 50));
		assert!(Staking::is_active(&ALICE));
		assert_eq!(Staking::stake(&ALICE), 100);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().leaves_at, None);
	});
}

#[test]
fn a_bond_stays_while_work_is_in_flight() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::commit(&ALICE, 10));
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_noop!(unbond(ALICE, ALICE, 100), Error::<Test>::WorkInFlight);
		Staking::release(&ALICE, 9);
		assert_noop!(unbond(ALICE, ALICE, 100), Error::<Test>::WorkInFlight);
		Staking::release(&ALICE, 1);
		assert_ok!(unbond(ALICE, ALICE, 100));
	});
}

#[test]
fn a_chilled_operator_gets_nothing_new() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 10));
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_noop!(Staking::commit(&ALICE, 1), Error::<Test>::NotActive);
		assert_noop!(Staking::chill(signed(ALICE)), Error::<Test>::Chilled);
		assert_noop!(delegate(CAROL, ALICE, 10), Error::<Test>::Chilled);
		assert_noop!(Staking::bond_extra(signed(BOB), ALICE, 10), Error::<Test>::Chilled);
		// It still answers for what it has done, and may prepare to come back.
		assert_eq!(Staking::worker_key(&ALICE), Some(key_of(ALICE).public()));
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 1));
		assert_ok!(unbond(BOB, ALICE, 10));
	});
}

#[test]
fn a_leaving_operator_can_stay() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_noop!(Staking::unchill(signed(ALICE)), Error::<Test>::NotChilled);
		assert_noop!(
			Staking::rebond(signed(ALICE), ALICE, 1),
			Error::<Test>::NothingUnbonding
		);
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 100));
		assert_noop!(Staking::unchill(signed(ALICE)), Error::<Test>::BondBelowMinimum);
		assert_ok!(Staking::rebond(signed(ALICE), ALICE, 100));
		last_event(Event::Rebonded {
			operator: ALICE,
			member: ALICE,
			amount: 100,
		});
		assert_ok!(Staking::unchill(signed(ALICE)));
		last_event(Event::Unchilled { operator: ALICE });
		assert!(Staking::is_active(&ALICE));
		assert_ok!(Staking::commit(&ALICE, 10));
		Staking::release(&ALICE, 10);
	});
}

#[test]
fn leaving_starts_anew_after_a_change_of_mind() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 100));
		go_to(UNBONDING_PERIOD);
		assert_ok!(Staking::rebond(signed(ALICE), ALICE, 100));
		assert_ok!(unbond(ALICE, ALICE, 100));
		go_to(FREE_FROM);
		assert_noop!(withdraw(ALICE, ALICE), Error::<Test>::StillUnbonding);
	});
}

#[test]
fn a_bond_cannot_be_withdrawn_without_unbonding() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		go_to(10 * UNBONDING_PERIOD);
		assert_noop!(withdraw(ALICE, ALICE), Error::<Test>::NothingUnbonding);
		assert_noop!(withdraw(BOB, BOB), Error::<Test>::NoPosition);
		assert_noop!(unbond(BOB, BOB, 1), Error::<Test>::NoPosition);
		assert_noop!(Staking::rebond(signed(BOB), BOB, 1), Error::<Test>::NoPosition);
		assert_noop!(Staking::chill(signed(BOB)), Error::<Test>::NotOperator);
	});
}

#[test]
fn delegators_stay_behind_an_operator_that_left_and_can_leave_too() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 40));
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 100));
		go_to(FREE_FROM);
		assert_ok!(withdraw(ALICE, ALICE));
		assert!(!Staking::is_active(&ALICE));
		assert_eq!(bonded(BOB, ALICE), 40);
		assert_noop!(Staking::bond_extra(signed(BOB), ALICE, 10), Error::<Test>::NotOperator);

		assert_ok!(unbond(BOB, ALICE, 40));
		assert_noop!(Staking::rebond(signed(BOB), ALICE, 40), Error::<Test>::NotOperator);
		go_to(3 * FREE_FROM);
		assert_ok!(withdraw(BOB, ALICE));
		assert_eq!((free(BOB), held(BOB)), (FUNDS, 0));
		assert_eq!(Pools::<Test>::iter().count(), 0);
	});
}

#[test]
fn an_operator_that_comes_back_finds_its_delegators() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 40));
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 100));
		go_to(FREE_FROM);
		assert_ok!(withdraw(ALICE, ALICE));
		assert_ok!(register(ALICE, 100));
		assert!(Staking::is_active(&ALICE));
		assert_eq!(Staking::stake(&ALICE), 140);
	});
}
