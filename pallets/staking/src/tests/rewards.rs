use super::*;
use crate::{Error, Event, Positions};
use assay_protocol::operator::Operators as _;
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use frame_support::{assert_noop, assert_ok, traits::fungible::Unbalanced};

fn claim(member: AccountId, operator: AccountId) -> DispatchResult {
	Staking::claim(signed(member), operator)
}

fn pot() -> Balance {
	free(Staking::pot())
}

/// The scenario of the README.
#[test]
fn rewards_pay_commission_first_and_then_every_point_alike() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::set_commission(signed(ALICE), Permill::from_percent(10)));
		assert_ok!(delegate(BOB, ALICE, 300));
		go_to(1 + COMMISSION_NOTICE);
		reward(ALICE, 100);
		last_event(Event::Rewarded {
			operator: ALICE,
			commission: 10,
			shared: 90,
		});
		assert_eq!(free(ALICE), FUNDS - 100 + 10);
		assert_eq!(pot(), 91);
		assert_eq!((earned(ALICE, ALICE), earned(BOB, ALICE)), (22, 67));

		// Who joins later has no part in it.
		assert_ok!(delegate(CAROL, ALICE, 400));
		assert_eq!(earned(CAROL, ALICE), 0);
		assert_ok!(claim(BOB, ALICE));
		last_event(Event::Claimed {
			operator: ALICE,
			member: BOB,
			amount: 67,
			compounded: false,
		});
		assert_eq!(free(BOB), FUNDS - 300 + 67);
		assert_noop!(claim(BOB, ALICE), Error::<Test>::NothingToClaim);
		assert_noop!(claim(DAVE, ALICE), Error::<Test>::NoPosition);

		// Half units are not lost: 67½ + 33¾ were earned in all.
		reward(ALICE, 100);
		assert_eq!(earned(BOB, ALICE), 34);
	});
}

#[test]
fn rewards_do_not_expire_and_outlive_the_stake() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		reward(ALICE, 50);
		assert_ok!(unbond(BOB, ALICE, 100));
		// What is unbonding earns nothing.
		reward(ALICE, 50);
		go_to(1_000_000);
		assert_ok!(withdraw(BOB, ALICE));
		assert!(Positions::<Test>::contains_key(BOB, ALICE));
		assert_eq!((earned(ALICE, ALICE), earned(BOB, ALICE)), (75, 25));
		assert_ok!(claim(BOB, ALICE));
		assert!(!Positions::<Test>::contains_key(BOB, ALICE));
		assert_eq!(free(BOB), FUNDS + 25);
	});
}

#[test]
fn rewards_compound_if_the_member_asked_for_it() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		reward(ALICE, 50);
		assert_noop!(
			Staking::set_compound(signed(CAROL), ALICE, true),
			Error::<Test>::NoPosition
		);
		assert_ok!(Staking::set_compound(signed(BOB), ALICE, true));
		last_event(Event::CompoundSet {
			operator: ALICE,
			member: BOB,
			compound: true,
		});
		// Anybody can have it done.
		settle(BOB, ALICE);
		last_event(Event::Claimed {
			operator: ALICE,
			member: BOB,
			amount: 25,
			compounded: true,
		});
		assert_eq!((free(BOB), held(BOB), bonded(BOB, ALICE)), (FUNDS - 100, 125, 125));
		assert_eq!(Staking::stake(&ALICE), 225);
		assert_eq!(earned(BOB, ALICE), 0);

		// Behind a chilled operator it is paid out.
		reward(ALICE, 225);
		assert_ok!(Staking::chill(signed(ALICE)));
		settle(BOB, ALICE);
		assert_eq!(earned(BOB, ALICE), 125);
		assert_ok!(claim(BOB, ALICE));
		assert_eq!((free(BOB), held(BOB)), (FUNDS + 25, 125));
	});
}

#[test]
fn an_operator_compounds_its_own_bond() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::set_compound(signed(ALICE), ALICE, true));
		reward(ALICE, 50);
		assert_ok!(claim(ALICE, ALICE));
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().bond, 150);
	});
}

#[test]
fn a_slash_touches_no_reward() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 100));
		reward(ALICE, 50);
		Staking::penalise(&ALICE, 200, assay_protocol::operator::Fault::WrongResult, None);
		settle(BOB, ALICE);
		assert_eq!((earned(ALICE, ALICE), earned(BOB, ALICE)), (25, 25));
		assert_ok!(claim(BOB, ALICE));
	});
}

#[test]
fn a_reward_that_nobody_can_have_is_handed_back() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		let refused = |operator, amount| {
			let credit = Staking::reward(&operator, Balances::issue(amount)).expect_err("it is refused");
			assert_eq!(frame_support::traits::Imbalance::peek(&credit), amount);
		};
		refused(BOB, 10);
		Staking::penalise(&ALICE, 100, assay_protocol::operator::Fault::WrongResult, None);
		refused(ALICE, 10);
		assert_eq!(pot(), 1);
	});
}

#[test]
fn an_operator_whose_account_cannot_be_paid_shares_its_commission() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::set_commission(signed(ALICE), Permill::from_percent(50)));
		go_to(1 + COMMISSION_NOTICE);
		// The last units before the account overflows.
		let room = Balance::MAX - Balances::total_balance(&ALICE);
		Balances::set_total_issuance(0);
		assert_ok!(Balances::increase_balance(&ALICE, room, Precision::Exact));
		reward(ALICE, 50);
		assert_eq!((pot(), earned(ALICE, ALICE)), (51, 50));
		assert_ok!(Balances::decrease_balance(
			&ALICE,
			room,
			Precision::Exact,
			Preservation::Expendable,
			Fortitude::Force
		));
	});
}
