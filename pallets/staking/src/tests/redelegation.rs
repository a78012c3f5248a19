use super::*;
use crate::{Error, Event, Leaving, Positions, MAX_EXPOSURES};
use assay_protocol::operator::{Fault, Operators as _};
use frame_support::{assert_noop, assert_ok};

fn redelegate(member: AccountId, from: AccountId, to: AccountId, amount: Balance) -> DispatchResult {
	Staking::redelegate(signed(member), from, to, amount)
}

fn slash(operator: AccountId, amount: Balance) -> Balance {
	Staking::penalise(&operator, amount, Fault::WrongResult, None)
}

/// Alice and Bob are operators with 100 each; Carol has put 100 behind Alice.
fn chain() -> ExtBuilder {
	ExtBuilder::default().operator(ALICE, 100).operator(BOB, 100)
}

fn carol_delegates() {
	assert_ok!(delegate(CAROL, ALICE, 100));
}

#[test]
fn a_delegation_moves_at_once() {
	chain().build_and_execute(|| {
		carol_delegates();
		assert_ok!(redelegate(CAROL, ALICE, BOB, 60));
		last_event(Event::Redelegated {
			member: CAROL,
			from: ALICE,
			to: BOB,
			amount: 60,
			exposed_until: FREE_FROM,
		});
		assert_eq!((bonded(CAROL, ALICE), bonded(CAROL, BOB), held(CAROL)), (40, 60, 100));
		assert_eq!((Staking::stake(&ALICE), Staking::stake(&BOB)), (140, 160));
		// Alice's faults still reach all of it.
		assert_eq!(at_risk(ALICE), 200);
	});
}

#[test]
fn moved_stake_answers_for_both_operators() {
	chain().build_and_execute(|| {
		carol_delegates();
		assert_ok!(redelegate(CAROL, ALICE, BOB, 100));
		// Half of everything behind Alice, and of everything behind Bob.
		assert_eq!(slash(ALICE, 100), 100);
		assert_eq!(bonded(CAROL, BOB), 50);
		assert_eq!(slash(BOB, 100), 100);
		assert_eq!(bonded(CAROL, BOB), 25);
		settle(CAROL, BOB);
		assert_eq!((held(ALICE), held(BOB), held(CAROL)), (50, 50, 25));
		assert_eq!(free(TREASURY), FUNDS + 175);
	});
}

#[test]
fn the_order_in_which_slashes_are_settled_does_not_matter() {
	let carol_keeps = |settled_between: bool| {
		let mut kept = 0;
		chain().build_and_execute(|| {
			carol_delegates();
			assert_ok!(redelegate(CAROL, ALICE, BOB, 100));
			slash(ALICE, 60);
			if settled_between {
				settle(CAROL, BOB);
			}
			let half = Staking::stake(&BOB) / 2;
			slash(BOB, half);
			settle(CAROL, BOB);
			kept = held(CAROL);
		});
		kept
	};
	assert_eq!((carol_keeps(true), carol_keeps(false)), (35, 35));
}

#[test]
fn exposure_ends_when_unbonding_would_have() {
	chain().build_and_execute(|| {
		carol_delegates();
		assert_ok!(redelegate(CAROL, ALICE, BOB, 100));
		go_to(FREE_FROM - 1);
		assert_noop!(unbond(CAROL, BOB, 50), Error::<Test>::StillExposed);
		assert_noop!(redelegate(CAROL, BOB, ALICE, 50), Error::<Test>::StillExposed);
		assert_noop!(Staking::kick(signed(BOB), CAROL), Error::<Test>::StillExposed);
		// What did not come from Alice may leave.
		assert_ok!(Staking::bond_extra(signed(CAROL), BOB, 30));
		assert_ok!(unbond(CAROL, BOB, 30));

		go_to(FREE_FROM);
		assert_eq!(slash(ALICE, 50), 50);
		assert_eq!((held(ALICE), bonded(CAROL, BOB)), (50, 100));
		assert_ok!(unbond(CAROL, BOB, 100));
		assert_eq!(Positions::<Test>::get(CAROL, BOB).unwrap().exposures.len(), 0);
		assert!(Leaving::<Test>::iter_prefix(ALICE).next().is_none());
	});
}

#[test]
fn a_slash_before_the_end_of_exposure_is_taken_after_it() {
	chain().build_and_execute(|| {
		carol_delegates();
		assert_ok!(redelegate(CAROL, ALICE, BOB, 100));
		slash(ALICE, 100);
		go_to(10 * FREE_FROM);
		assert_ok!(unbond(CAROL, BOB, Balance::MAX));
		assert_eq!((unbonding(CAROL, BOB), held(CAROL)), (50, 50));
	});
}

#[test]
fn own_bonds_do_not_move() {
	chain().build_and_execute(|| {
		carol_delegates();
		assert_noop!(redelegate(ALICE, ALICE, BOB, 50), Error::<Test>::OwnBond);
		assert_ok!(delegate(ALICE, BOB, 50));
		assert_noop!(redelegate(ALICE, BOB, ALICE, 50), Error::<Test>::OwnBond);
		assert_noop!(redelegate(CAROL, ALICE, ALICE, 50), Error::<Test>::SameOperator);
		assert_noop!(redelegate(CAROL, ALICE, DAVE, 50), Error::<Test>::NotOperator);
		assert_noop!(redelegate(CAROL, BOB, ALICE, 50), Error::<Test>::NoPosition);
		assert_noop!(redelegate(CAROL, ALICE, BOB, 95), Error::<Test>::RemainderBelowMinimum);
		assert_noop!(redelegate(CAROL, ALICE, BOB, 5), Error::<Test>::DelegationBelowMinimum);
		assert_ok!(Staking::chill(signed(BOB)));
		assert_noop!(redelegate(CAROL, ALICE, BOB, 50), Error::<Test>::Chilled);
	});
}

#[test]
fn so_many_redelegations_are_exposed_and_no_more() {
	chain().build_and_execute(|| {
		carol_delegates();
		for period in 0..u64::from(MAX_EXPOSURES) {
			go_to(1 + period * PERIOD);
			assert_ok!(redelegate(CAROL, ALICE, BOB, 10));
			assert_ok!(redelegate(CAROL, ALICE, BOB, 10));
		}
		go_to(1 + u64::from(MAX_EXPOSURES) * PERIOD);
		assert_noop!(redelegate(CAROL, ALICE, BOB, 10), Error::<Test>::TooManyRedelegations);
		go_to(FREE_FROM);
		assert_ok!(redelegate(CAROL, ALICE, BOB, 10));
	});
}

#[test]
fn losing_everything_here_is_remembered_there_until_it_would_have_been_free() {
	chain().build_and_execute(|| {
		carol_delegates();
		assert_ok!(redelegate(CAROL, ALICE, BOB, 100));
		assert_eq!(slash(BOB, Balance::MAX), 200);
		settle(CAROL, BOB);
		assert_eq!((held(CAROL), bonded(CAROL, BOB)), (0, 0));
		assert_eq!(at_risk(ALICE), 200);
		assert_eq!(slash(ALICE, 100), 100);
		assert_eq!(held(ALICE), 50);
		go_to(FREE_FROM);
		settle(CAROL, BOB);
		assert!(!Positions::<Test>::contains_key(CAROL, BOB));
		assert_eq!(at_risk(ALICE), 50);
	});
}
