use super::*;
use crate::{Error, Event, Extent, Reach};
use assay_protocol::operator::{Fault, Operators as _, Reporter};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::Perbill;

fn slash(operator: AccountId, amount: Balance) -> Balance {
	Staking::penalise(&operator, amount, Fault::WrongResult, None)
}

/// The scenario of the README.
#[test]
fn a_fault_takes_the_same_share_of_bonded_delegated_and_unbonding_stake() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 200));
		assert_ok!(delegate(CAROL, ALICE, 100));
		assert_ok!(unbond(CAROL, ALICE, 100));
		let issuance = Balances::total_issuance();

		assert_eq!(slash(ALICE, 80), 80);
		System::assert_has_event(
			Event::Penalised {
				operator: ALICE,
				fault: Fault::WrongResult,
				amount: 80,
				stake: 240,
			}
			.into(),
		);
		// The operator has paid; the delegators will when they are touched.
		assert_eq!((held(ALICE), held(BOB), held(CAROL)), (80, 200, 100));
		assert_eq!(free(TREASURY), FUNDS + 20);
		assert_eq!((bonded(BOB, ALICE), unbonding(CAROL, ALICE)), (160, 80));
		assert_eq!((Staking::stake(&ALICE), at_risk(ALICE)), (240, 320));

		settle(BOB, ALICE);
		System::assert_has_event(
			Event::LossSettled {
				operator: ALICE,
				member: BOB,
				amount: 40,
			}
			.into(),
		);
		settle(CAROL, ALICE);
		assert_eq!((held(ALICE), held(BOB), held(CAROL)), (80, 160, 80));
		assert_eq!(free(TREASURY), FUNDS + 80);
		assert_eq!(Balances::total_issuance(), issuance);
	});
}

#[test]
fn d10_the_reporter_is_paid_a_share_of_what_the_operator_itself_pays() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 300));
		let reporter = |share| {
			Some(Reporter {
				account: &DAVE,
				share: Permill::from_percent(share),
			})
		};
		// Of 80, the operator pays 20.
		assert_eq!(Staking::penalise(&ALICE, 80, Fault::WrongResult, reporter(10)), 80);
		assert_eq!((free(DAVE), free(TREASURY)), (FUNDS + 2, FUNDS + 18));
		assert_eq!(Staking::penalise(&ALICE, 80, Fault::WrongResult, reporter(50)), 80);
		assert_eq!((free(DAVE), free(TREASURY)), (FUNDS + 12, FUNDS + 28));
	});
}

#[test]
fn what_is_free_is_not_slashed_any_more() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_ok!(unbond(BOB, ALICE, 100));
		go_to(FREE_FROM - 1);
		assert_eq!(slash(ALICE, 40), 40);
		assert_eq!(unbonding(BOB, ALICE), 80);
		go_to(FREE_FROM);
		assert_eq!(slash(ALICE, 40), 40);
		assert_eq!(unbonding(BOB, ALICE), 80);
		assert_ok!(withdraw(BOB, ALICE));
		assert_eq!((free(BOB), held(BOB)), (FUNDS - 20, 0));
		assert_eq!(held(ALICE), 40);
	});
}

#[test]
fn what_asked_to_leave_before_the_fault_was_possible_is_spared() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_ok!(delegate(CAROL, ALICE, 100));
		assert_ok!(unbond(BOB, ALICE, 100));
		go_to(PERIOD);
		assert_ok!(unbond(CAROL, ALICE, 100));
		go_to(2 * PERIOD);
		// The work began in the second period, in which Carol left.
		let since = PERIOD + 1;
		let taken = Staking::slash(
			&ALICE,
			Extent::Share(Perbill::from_percent(50)),
			Fault::Equivocation,
			Reach::since(since),
			None,
		);
		assert_eq!(taken, 100);
		assert_eq!(
			(unbonding(BOB, ALICE), unbonding(CAROL, ALICE), held(ALICE)),
			(100, 50, 50)
		);
		let age = u32::try_from(System::block_number() - since).unwrap();
		assert_eq!(Staking::penalise_recent(&ALICE, 10, Fault::WrongResult, age, None), 10);
		assert_eq!(
			(unbonding(BOB, ALICE), unbonding(CAROL, ALICE), held(ALICE)),
			(100, 45, 45)
		);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().faults.equivocations, 1);
	});
}

/// H1: a fault that turns out to be older takes what asked to leave in between, and nothing more of what it has taken from.
#[test]
fn h1_an_older_fault_takes_only_what_was_spared() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_ok!(delegate(CAROL, ALICE, 100));
		assert_ok!(unbond(BOB, ALICE, 100));
		go_to(PERIOD);
		assert_ok!(unbond(CAROL, ALICE, 100));
		go_to(2 * PERIOD);
		let half = Perbill::from_percent(50);
		let spared = |age, reached| Staking::penalise_spared(&ALICE, half, Fault::WrongResult, age, reached, None);
		let age = u32::try_from(PERIOD - 1).unwrap();
		assert_eq!(
			Staking::penalise_recent(&ALICE, 100, Fault::WrongResult, age, None),
			100
		);
		// Whoever was reached may stay; whoever was spared goes on answering by itself.
		assert_ok!(Staking::rebond(signed(CAROL), ALICE, 50));
		assert_noop!(
			Staking::rebond(signed(BOB), ALICE, 100),
			Error::<Test>::NothingUnbonding
		);
		assert_eq!(spared(age, age), 0);
		assert_eq!(spared(age - 1, age), 0, "it reaches less");
		let faults = || Staking::operator_summary(&ALICE).unwrap().faults.wrong_results;
		assert_eq!(faults(), 1);
		assert_eq!(spared(u32::MAX, age), 50);
		assert_eq!(faults(), 2);
		assert_eq!((unbonding(BOB, ALICE), bonded(CAROL, ALICE), held(ALICE)), (50, 50, 50));
		assert_eq!(spared(u32::MAX, u32::MAX), 0);
	});
}

#[test]
fn a_slash_leaves_later_delegators_alone() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_eq!(slash(ALICE, 100), 100);
		assert_ok!(delegate(CAROL, ALICE, 90));
		assert_eq!((bonded(BOB, ALICE), bonded(CAROL, ALICE)), (50, 90));
		// Bob adds, and pays for nothing but the first slash.
		assert_ok!(Staking::bond_extra(signed(BOB), ALICE, 60));
		assert_eq!((held(BOB), free(TREASURY)), (110, FUNDS + 100));
		assert_eq!(slash(ALICE, 50), 50);
		assert_eq!((bonded(BOB, ALICE), bonded(CAROL, ALICE)), (88, 72));
	});
}

#[test]
fn a_pool_that_lost_everything_takes_stake_when_its_members_are_settled() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		assert_eq!(slash(ALICE, Balance::MAX), 200);
		assert_eq!(Staking::stake(&ALICE), 0);
		assert_noop!(
			Staking::bond_extra(signed(ALICE), ALICE, 100),
			Error::<Test>::PoolIsEmpty
		);
		settle(BOB, ALICE);
		assert_eq!((held(ALICE), held(BOB), free(TREASURY)), (0, 0, FUNDS + 200));
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 100));
		assert_ok!(delegate(BOB, ALICE, 100));
		assert!(Staking::is_active(&ALICE));
		assert_eq!(Staking::stake(&ALICE), 200);
	});
}

#[test]
fn settling_is_for_anybody_and_changes_nothing_twice() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		slash(ALICE, 50);
		settle(BOB, ALICE);
		settle(BOB, ALICE);
		assert_eq!(held(BOB), 75);
		assert_noop!(Staking::settle(signed(EVE), ALICE, CAROL), Error::<Test>::NoPosition);
	});
}
