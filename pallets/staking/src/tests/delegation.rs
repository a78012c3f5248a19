use super::*;
use crate::{Error, Event};
use assay_protocol::operator::Operators as _;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

#[test]
fn a_delegation_stands_behind_the_operator_and_stays_in_the_account() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 40));
		last_event(Event::Bonded {
			operator: ALICE,
			member: BOB,
			amount: 40,
			stake: 40,
		});
		assert_eq!((free(BOB), held(BOB)), (FUNDS - 40, 40));
		assert_eq!(Staking::stake(&ALICE), 140);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().bond, 100);

		assert_ok!(Staking::bond_extra(signed(BOB), ALICE, 1));
		assert_ok!(delegate(BOB, ALICE, 10));
		assert_eq!((bonded(BOB, ALICE), held(BOB)), (51, 51));
	});
}

#[test]
fn a_delegation_is_refused_below_the_minimum_or_without_the_money() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_noop!(
			delegate(BOB, ALICE, MIN_DELEGATION - 1),
			Error::<Test>::DelegationBelowMinimum
		);
		assert_noop!(delegate(BOB, ALICE, FUNDS + 1), TokenError::FundsUnavailable);
		assert_noop!(delegate(BOB, ALICE, 0), Error::<Test>::AmountIsZero);
		assert_noop!(delegate(BOB, CAROL, 50), Error::<Test>::NotOperator);
		assert_noop!(delegate(ALICE, ALICE, 50), Error::<Test>::OwnBond);
		assert_noop!(Staking::bond_extra(signed(BOB), ALICE, 50), Error::<Test>::NoPosition);
	});
}

#[test]
fn operators_delegate_to_each_other_without_mixing_bonds() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 200)
		.build_and_execute(|| {
			assert_ok!(delegate(ALICE, BOB, 30));
			assert_eq!(held(ALICE), 130);
			assert_eq!((Staking::stake(&ALICE), Staking::stake(&BOB)), (100, 230));
			assert_eq!(Staking::positions(&ALICE, 10).len(), 2);
		});
}

#[test]
fn an_operator_sends_a_delegator_away() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 40));
		assert_noop!(Staking::kick(signed(CAROL), BOB), Error::<Test>::NotOperator);
		assert_noop!(Staking::kick(signed(ALICE), ALICE), Error::<Test>::OwnBond);
		assert_noop!(Staking::kick(signed(ALICE), CAROL), Error::<Test>::NoPosition);
		assert_ok!(Staking::kick(signed(ALICE), BOB));
		last_event(Event::Kicked {
			operator: ALICE,
			member: BOB,
		});
		assert_eq!((bonded(BOB, ALICE), unbonding(BOB, ALICE)), (0, 40));
		assert_noop!(Staking::kick(signed(ALICE), BOB), Error::<Test>::NothingBonded);
		go_to(FREE_FROM);
		assert_ok!(withdraw(BOB, ALICE));
		assert_eq!(free(BOB), FUNDS);
	});
}
