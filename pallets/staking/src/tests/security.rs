//! What the security review of the chain found, by its numbers.

use super::*;
use crate::{Error, Event, Operators, Positions, MAX_CUTS};
use assay_protocol::operator::Fault;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{Pays, PostDispatchInfo},
};

/// Takes an amount for something that was done by a block.
fn penalise_done_by(block: u64, amount: Balance) -> Balance {
	let done = u32::try_from(System::block_number() - block).unwrap();
	Staking::penalise_done(&ALICE, amount, Fault::Equivocation, u32::MAX, done, None)
}

/// C6: a slot is no operator's for a unit of money.
#[test]
fn c6_an_operator_that_stays_on_less_than_the_minimum_makes_room() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 100));
		go_to(FREE_FROM);
		// The scenario of the review.
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 1));
		assert_ok!(withdraw(ALICE, ALICE));
		assert!(Operators::<Test>::contains_key(ALICE));
		let before = free(ALICE);
		assert_ok!(Staking::reap(signed(EVE), ALICE));
		last_event(Event::Reaped {
			operator: ALICE,
			amount: 1,
		});
		assert_eq!((free(ALICE), held(ALICE)), (before + 1, 0));
		assert!(!Operators::<Test>::contains_key(ALICE));
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotOperator);
		// The key is free, and whoever stays behind can leave.
		assert_ok!(unbond(BOB, ALICE, 100));
		assert_ok!(register(ALICE, MIN_BOND));
	});
}

/// C6: who is slashed below the minimum has as long to bond anew as stake waits; who has its bond, or work, or stake that answers, stays.
#[test]
fn c6_nobody_is_sent_away_early() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotIdle);
		assert_ok!(Staking::commit(&ALICE, 5));
		assert_eq!(Staking::penalise(&ALICE, 1, Fault::WrongResult, None), 1);
		go_to(FREE_FROM - 1);
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotIdle);
		go_to(FREE_FROM);
		// Work is in flight.
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotIdle);
		Staking::release(&ALICE, 5);
		// Back in time, and the wait begins anew.
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 1));
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotIdle);
		assert_eq!(Staking::penalise(&ALICE, 1, Fault::WrongResult, None), 1);
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotIdle);
		// What asks to leave last answers as long as any.
		go_to(2 * FREE_FROM - 2);
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 99));
		go_to(2 * FREE_FROM + PERIOD);
		assert_noop!(Staking::reap(signed(EVE), ALICE), Error::<Test>::NotIdle);
		go_to(4 * FREE_FROM);
		assert_ok!(Staking::reap(signed(EVE), ALICE));
		assert_eq!((free(ALICE), held(ALICE)), (FUNDS - 2, 0));
	});
}

/// C9: who delegates after an offence pays nothing for it, whoever settles first.
#[test]
fn c9_who_came_after_the_fault_pays_nothing() {
	for first in [BOB, CAROL] {
		ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
			assert_ok!(delegate(BOB, ALICE, 100));
			// It offends by block 1, and that is known later.
			go_to(2);
			assert_ok!(delegate(CAROL, ALICE, 200));
			assert_eq!(penalise_done_by(1, 200), 200);
			settle(first, ALICE);
			settle(BOB + CAROL - first, ALICE);
			assert_eq!((bonded(ALICE, ALICE), bonded(BOB, ALICE)), (50, 50));
			assert!((199..=200).contains(&bonded(CAROL, ALICE)), "{}", bonded(CAROL, ALICE));
			assert_eq!((held(ALICE), held(BOB)), (50, 50));
			assert_eq!(held(CAROL), bonded(CAROL, ALICE));
		});
	}
}

/// C9: only what came after is spared: earlier parts of the same position, what was there and leaves, and the operator itself pay.
#[test]
fn c9_what_was_there_pays_for_its_part() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_ok!(delegate(CAROL, ALICE, 100));
		go_to(2);
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 100));
		assert_ok!(Staking::bond_extra(signed(BOB), ALICE, 100));
		assert_ok!(unbond(CAROL, ALICE, 100));
		assert_ok!(Staking::rebond(signed(CAROL), ALICE, 50));
		// Half of all.
		assert_eq!(penalise_done_by(1, 250), 250);
		settle(BOB, ALICE);
		assert!((149..=150).contains(&bonded(BOB, ALICE)), "{}", bonded(BOB, ALICE));
		assert_eq!(bonded(ALICE, ALICE), 100);
		assert_eq!((bonded(CAROL, ALICE), unbonding(CAROL, ALICE)), (25, 25));
	});
}

/// C9: a slash that leaves nothing leaves what came after; where it cannot be bonded it is given back.
#[test]
fn c9_what_came_after_survives_a_slash_of_everything() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		go_to(2);
		assert_ok!(delegate(CAROL, ALICE, 200));
		assert_eq!(penalise_done_by(1, Balance::MAX), 400);
		// Bob is not settled, so that the pool takes nothing.
		settle(CAROL, ALICE);
		assert_eq!((free(CAROL), held(CAROL)), (FUNDS, 0));
		settle(BOB, ALICE);
		assert_eq!(held(BOB), 0);
	});
}

/// C9: faults before and after the stake came, in either order of being known; a fault that is not known to be old spares nobody.
#[test]
fn c9_each_slash_spares_whom_it_must() {
	for old_first in [true, false] {
		ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
			go_to(2);
			assert_ok!(delegate(CAROL, ALICE, 100));
			go_to(3);
			let old = || assert!(penalise_done_by(1, Staking::stake(&ALICE) / 2) > 0);
			let new = || assert!(Staking::penalise(&ALICE, Staking::stake(&ALICE) / 2, Fault::WrongResult, None) > 0);
			let [first, second]: [&dyn Fn(); 2] = if old_first { [&old, &new] } else { [&new, &old] };
			first();
			second();
			settle(CAROL, ALICE);
			assert!((49..=50).contains(&bonded(CAROL, ALICE)), "{}", bonded(CAROL, ALICE));
			assert_eq!(bonded(ALICE, ALICE), 25);
		});
	}
}

/// C9: what is remembered of slashes is bounded, however many there are.
#[test]
fn c9_slashes_that_are_remembered_are_bounded() {
	ExtBuilder::default().operator(ALICE, 1_00).build_and_execute(|| {
		go_to(2);
		assert_ok!(delegate(CAROL, ALICE, 500));
		for _ in 0..2 * MAX_CUTS {
			assert_eq!(penalise_done_by(1, 1), 1);
		}
		settle(CAROL, ALICE);
		let pool = crate::Pools::<Test>::get(ALICE).unwrap();
		assert_eq!(pool.cuts.len(), MAX_CUTS as usize);
		assert!(held(CAROL) < 500);
	});
}

/// C9, D10: an operator answers for at most nine times its bond beside it, whatever becomes of the bond.
#[test]
fn c9_d10_no_more_is_delegated_than_the_bond_carries() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.build_and_execute(|| {
			assert_ok!(delegate(CAROL, ALICE, 890));
			assert_eq!(Staking::stake_operator(&ALICE).unwrap().room, 10);
			assert_noop!(delegate(DAVE, ALICE, 11), Error::<Test>::TooMuchDelegated);
			assert_ok!(delegate(DAVE, BOB, 100));
			assert_noop!(
				Staking::redelegate(signed(DAVE), BOB, ALICE, 11),
				Error::<Test>::TooMuchDelegated
			);
			assert_ok!(Staking::redelegate(signed(DAVE), BOB, ALICE, 10));
			assert_noop!(
				Staking::bond_extra(signed(DAVE), ALICE, 1),
				Error::<Test>::TooMuchDelegated
			);
			assert_eq!(Staking::stake(&ALICE), 1_000);
			// Rewards that do not fit are paid out.
			assert_ok!(Staking::set_compound(signed(CAROL), ALICE, true));
			reward(ALICE, 1_000);
			let before = free(CAROL);
			assert_ok!(Staking::claim(signed(CAROL), ALICE));
			assert!(free(CAROL) > before + 800);
			// More of one's own carries more.
			assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 10));
			assert_ok!(Staking::bond_extra(signed(DAVE), ALICE, 90));
			// What leaves of the bond does not count any more, nor what it carried; nobody is sent away.
			assert_ok!(unbond(ALICE, ALICE, 10));
			assert_eq!((bonded(DAVE, ALICE), bonded(CAROL, ALICE)), (100, 890));
			assert_eq!(Staking::stake(&ALICE), 1_000);
			assert_eq!(Staking::stake_operator(&ALICE).unwrap().room, 0);
			assert_noop!(
				Staking::bond_extra(signed(DAVE), ALICE, 1),
				Error::<Test>::TooMuchDelegated
			);
		});
}

/// C16: who is sent away stays away until it is taken back.
#[test]
fn c16_a_kick_lasts() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.build_and_execute(|| {
			assert_ok!(delegate(CAROL, ALICE, 50));
			assert_ok!(Staking::kick(signed(ALICE), CAROL));
			for refused in [
				Staking::rebond(signed(CAROL), ALICE, 50),
				Staking::bond_extra(signed(CAROL), ALICE, 50),
				delegate(CAROL, ALICE, 50),
			] {
				assert_eq!(refused, Err(Error::<Test>::SentAway.into()));
			}
			assert_ok!(delegate(CAROL, BOB, 50));
			assert_noop!(
				Staking::redelegate(signed(CAROL), BOB, ALICE, 50),
				Error::<Test>::SentAway
			);
			go_to(FREE_FROM);
			assert_ok!(withdraw(CAROL, ALICE));
			assert_noop!(delegate(CAROL, ALICE, 50), Error::<Test>::SentAway);
			assert_noop!(Staking::readmit(signed(BOB), CAROL), Error::<Test>::NotSentAway);
			assert_ok!(Staking::readmit(signed(ALICE), CAROL));
			last_event(Event::Readmitted {
				operator: ALICE,
				member: CAROL,
			});
			assert_ok!(delegate(CAROL, ALICE, 50));
		});
}

/// C16: before anybody delegates, a commission is the operator's own matter.
#[test]
fn c16_commission_is_free_before_the_first_delegator() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		let set = |percent| Staking::set_commission(signed(ALICE), Permill::from_percent(percent));
		let commission = || Staking::stake_operator(&ALICE).unwrap().commission;
		assert_ok!(set(40));
		assert_eq!(commission(), Permill::from_percent(40));
		assert_ok!(set(10));
		assert_ok!(delegate(BOB, ALICE, 10));
		assert_ok!(set(40));
		assert_eq!(commission(), Permill::from_percent(10));
		go_to(1 + COMMISSION_NOTICE);
		assert_eq!(commission(), Permill::from_percent(40));
	});
}

/// C16: what is earned goes where its owner says, and nowhere else.
#[test]
fn c16_rewards_are_paid_to_the_payee() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_noop!(
			Staking::set_payee(signed(CAROL), ALICE, Some(CAROL)),
			Error::<Test>::NoPosition
		);
		assert_ok!(Staking::set_commission(signed(ALICE), Permill::from_percent(50)));
		go_to(1 + COMMISSION_NOTICE);
		assert_ok!(Staking::set_payee(signed(BOB), ALICE, Some(DAVE)));
		last_event(Event::PayeeSet {
			operator: ALICE,
			member: BOB,
			payee: Some(DAVE),
		});
		assert_ok!(Staking::set_payee(signed(ALICE), ALICE, Some(EVE)));
		reward(ALICE, 400);
		assert_eq!((free(ALICE), free(EVE)), (FUNDS - 100, FUNDS + 200));
		assert_ok!(Staking::claim(signed(BOB), ALICE));
		let paid = free(DAVE) - FUNDS;
		assert!((99..=100).contains(&paid), "{paid}");
		assert_eq!(free(BOB), FUNDS - 100);
		// What is added to the stake is the owner's.
		assert_ok!(Staking::set_compound(signed(BOB), ALICE, true));
		reward(ALICE, 400);
		assert_ok!(Staking::claim(signed(BOB), ALICE));
		assert!(bonded(BOB, ALICE) > 190);
		assert_ok!(Staking::set_compound(signed(BOB), ALICE, false));
		assert_ok!(Staking::set_payee(signed(BOB), ALICE, None));
		reward(ALICE, 400);
		assert_ok!(Staking::claim(signed(BOB), ALICE));
		assert!(free(BOB) > FUNDS - 100);
		assert_eq!(Positions::<Test>::get(BOB, ALICE).unwrap().payee, None);
	});
}

/// C16: who takes what is lost, behind whomever it stands by now, pays no fee; where there is nothing to take it does.
#[test]
fn c16_settling_a_loss_is_free() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.build_and_execute(|| {
			assert_ok!(delegate(CAROL, ALICE, 100));
			assert_ok!(Staking::redelegate(signed(CAROL), ALICE, BOB, 100));
			let pays = || {
				let info: PostDispatchInfo = Staking::settle(signed(EVE), BOB, CAROL).unwrap();
				info.pays_fee
			};
			assert_eq!(pays(), Pays::Yes);
			assert_eq!(Staking::penalise(&ALICE, 100, Fault::WrongResult, None), 100);
			assert_eq!(Staking::stake(&BOB), 200);
			assert_eq!(pays(), Pays::No);
			assert_eq!((Staking::stake(&BOB), held(CAROL)), (150, 50));
			assert_eq!(pays(), Pays::Yes);
		});
}

/// Who stands behind an operator sees what it gave in two months, and storage holds no more.
#[test]
fn returns_of_thirty_periods_are_remembered() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		for period in 0..50 {
			go_to(1 + period * PERIOD);
			reward(ALICE, 10 + period);
		}
		let returns = Staking::stake_operator(&ALICE).unwrap().returns;
		assert_eq!(returns.len(), 32);
		assert_eq!((returns[0].shared, returns[31].shared), (28, 59));
		assert_eq!(returns[31].from, 49 * PERIOD);
	});
}
