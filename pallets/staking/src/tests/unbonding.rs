use super::*;
use crate::{Error, Event, Leaving, Positions, MAX_CHUNKS};
use assay_protocol::operator::Fault;
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_delegator_takes_its_stake_back_in_parts() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 60));
		assert_noop!(unbond(BOB, ALICE, 55), Error::<Test>::RemainderBelowMinimum);
		assert_ok!(unbond(BOB, ALICE, 20));
		assert_eq!((bonded(BOB, ALICE), unbonding(BOB, ALICE), held(BOB)), (40, 20, 60));
		go_to(PERIOD);
		// More than there is means all.
		assert_ok!(unbond(BOB, ALICE, Balance::MAX));
		assert_noop!(unbond(BOB, ALICE, 1), Error::<Test>::NothingBonded);

		go_to(FREE_FROM);
		assert_ok!(withdraw(BOB, ALICE));
		last_event(Event::Withdrawn {
			operator: ALICE,
			member: BOB,
			amount: 20,
		});
		assert_eq!((free(BOB), held(BOB)), (FUNDS - 40, 40));
		assert_noop!(withdraw(BOB, ALICE), Error::<Test>::StillUnbonding);
		go_to(FREE_FROM + PERIOD);
		assert_ok!(withdraw(BOB, ALICE));
		assert_eq!((free(BOB), held(BOB)), (FUNDS, 0));
		assert!(!Positions::<Test>::contains_key(BOB, ALICE));
		assert_eq!(Leaving::<Test>::iter().count(), 0);
	});
}

#[test]
fn unbonding_twice_in_a_period_makes_one_chunk() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 60));
		assert_ok!(unbond(BOB, ALICE, 10));
		go_to(PERIOD - 1);
		assert_ok!(unbond(BOB, ALICE, 10));
		let position = Positions::<Test>::get(BOB, ALICE).unwrap();
		assert_eq!(position.chunks.len(), 1);
		assert_eq!(position.chunks[0].amount, 20);
	});
}

#[test]
fn what_is_unbonding_can_be_bonded_again_last_first() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 60));
		assert_ok!(unbond(BOB, ALICE, 20));
		go_to(PERIOD);
		assert_ok!(unbond(BOB, ALICE, 20));
		assert_ok!(Staking::rebond(signed(BOB), ALICE, 25));
		last_event(Event::Rebonded {
			operator: ALICE,
			member: BOB,
			amount: 25,
		});
		let position = Positions::<Test>::get(BOB, ALICE).unwrap();
		assert_eq!((position.amount, position.chunks.len()), (45, 1));
		assert_eq!(position.chunks[0].amount, 15);
		go_to(FREE_FROM);
		assert_ok!(withdraw(BOB, ALICE));
		assert_eq!(held(BOB), 45);
	});
}

#[test]
fn a_delegator_can_always_ask_to_leave() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 500));
		for period in 0..3 * u64::from(MAX_CHUNKS) {
			go_to(1 + period * PERIOD);
			assert_ok!(unbond(BOB, ALICE, 10));
		}
		// What was free has been given back on the way.
		assert_eq!(bonded(BOB, ALICE), 500 - 30 * Balance::from(MAX_CHUNKS));
		assert!(held(BOB) < 500);
		assert_eq!(free(BOB) + held(BOB), FUNDS);
	});
}

#[test]
fn what_is_bonded_again_is_no_less_than_the_minimum() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 20));
		assert_ok!(unbond(BOB, ALICE, 20));
		assert_noop!(
			Staking::rebond(signed(BOB), ALICE, 9),
			Error::<Test>::DelegationBelowMinimum
		);
		assert_noop!(Staking::rebond(signed(BOB), ALICE, 0), Error::<Test>::AmountIsZero);
		assert_ok!(Staking::rebond(signed(BOB), ALICE, 10));
	});
}

#[test]
fn a_delegation_slashed_below_the_minimum_can_leave_entirely() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, MIN_DELEGATION));
		assert_ok!(delegate(CAROL, ALICE, MIN_DELEGATION));
		// A tenth of everything.
		assert_eq!(Staking::penalise(&ALICE, 12, Fault::WrongResult, None), 12);
		assert_eq!((bonded(BOB, ALICE), bonded(CAROL, ALICE)), (9, 9));

		// A part may not leave, for less than the minimum would remain; all of it may, however it is said.
		assert_noop!(unbond(BOB, ALICE, 1), Error::<Test>::RemainderBelowMinimum);
		assert_ok!(unbond(BOB, ALICE, 9));
		last_event(Event::UnbondingStarted {
			operator: ALICE,
			member: BOB,
			amount: 9,
			free_from: FREE_FROM,
		});
		assert_ok!(unbond(CAROL, ALICE, Balance::MAX));
		assert_eq!((bonded(CAROL, ALICE), unbonding(CAROL, ALICE)), (0, 9));

		go_to(FREE_FROM);
		for member in [BOB, CAROL] {
			assert_ok!(withdraw(member, ALICE));
			last_event(Event::Withdrawn {
				operator: ALICE,
				member,
				amount: 9,
			});
			assert_eq!((free(member), held(member)), (FUNDS - 1, 0));
			assert!(!Positions::<Test>::contains_key(member, ALICE));
		}
		assert_eq!(free(TREASURY), FUNDS + 12);
	});
}

#[test]
fn a_delegation_that_a_slash_made_worthless_leaves_no_position() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, MIN_DELEGATION));
		assert_eq!(Staking::penalise(&ALICE, 110, Fault::WrongResult, None), 110);
		assert_noop!(unbond(BOB, ALICE, Balance::MAX), Error::<Test>::NothingBonded);
		settle(BOB, ALICE);
		assert_eq!((free(BOB), held(BOB)), (FUNDS - MIN_DELEGATION, 0));
		assert!(!Positions::<Test>::contains_key(BOB, ALICE));
	});
}
