use super::*;
use crate::{Error, Event};
use assay_protocol::operator::{Fault, Operators as _};
use frame_support::{assert_noop, assert_ok};

fn committed(who: AccountId) -> Balance {
	Staking::operator_summary(&who).unwrap().committed
}

#[test]
fn work_in_flight_is_worth_at_most_its_share_of_the_bond() {
	ExtBuilder::default().operator(ALICE, 159).build_and_execute(|| {
		// A tenth of 159, rounded down.
		assert_ok!(Staking::commit(&ALICE, 10));
		assert_noop!(Staking::commit(&ALICE, 6), Error::<Test>::CommitmentLimitReached);
		assert_ok!(Staking::commit(&ALICE, 5));
		assert_noop!(Staking::commit(&ALICE, 1), Error::<Test>::CommitmentLimitReached);
		assert_noop!(
			Staking::commit(&ALICE, Balance::MAX),
			Error::<Test>::CommitmentLimitReached
		);
		assert_eq!(committed(ALICE), 15);

		Staking::release(&ALICE, 10);
		assert_eq!(committed(ALICE), 5);
		assert_ok!(Staking::commit(&ALICE, 10));
	});
}

#[test]
fn nothing_is_committed_without_a_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Staking::commit(&ALICE, 1), Error::<Test>::NotOperator);
	});
}

#[test]
fn a_penalty_goes_to_the_treasury() {
	ExtBuilder::default().operator(ALICE, 150).build_and_execute(|| {
		let issuance = Balances::total_issuance();
		assert_eq!(Staking::penalise(&ALICE, 20, Fault::MissedDeadline, None), 20);
		System::assert_has_event(
			Event::Penalised {
				operator: ALICE,
				fault: Fault::MissedDeadline,
				amount: 20,
				stake: 130,
			}
			.into(),
		);
		assert_eq!((free(ALICE), held(ALICE)), (FUNDS - 150, 130));
		assert_eq!(free(TREASURY), FUNDS + 20);
		assert_eq!(Balances::total_issuance(), issuance);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().faults.missed_deadlines, 1);
		assert!(Staking::is_active(&ALICE));
	});
}

#[test]
fn a_penalty_below_the_minimum_bond_suspends_until_more_is_bonded() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::commit(&ALICE, 10));
		assert_eq!(Staking::penalise(&ALICE, 30, Fault::MissedDeadline, None), 30);
		assert!(!Staking::is_active(&ALICE));
		assert_noop!(Staking::commit(&ALICE, 1), Error::<Test>::NotActive);
		// Work that was in flight goes on, above what the smaller bond would cover.
		assert_eq!(committed(ALICE), 10);

		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 29));
		assert!(!Staking::is_active(&ALICE));
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 1));
		assert!(Staking::is_active(&ALICE));
		Staking::release(&ALICE, 10);
	});
}

#[test]
fn a_penalty_takes_no_more_than_there_is() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_eq!(Staking::penalise(&ALICE, 1_000, Fault::MissedDeadline, None), 100);
		assert_eq!(Staking::penalise(&ALICE, 1_000, Fault::MissedDeadline, None), 0);
		assert_eq!((free(ALICE), held(ALICE)), (FUNDS - 100, 0));
		assert_eq!(free(TREASURY), FUNDS + 100);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().faults.missed_deadlines, 2);

		// It can still leave, with nothing.
		assert_noop!(unbond(ALICE, ALICE, 1), Error::<Test>::NoPosition);
		assert_noop!(withdraw(ALICE, ALICE), Error::<Test>::NothingUnbonding);
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(withdraw(ALICE, ALICE));
		assert_eq!(free(ALICE), FUNDS - 100);
		assert_eq!(Staking::operator_summary(&ALICE), None);
	});
}

#[test]
fn an_operator_that_lost_everything_can_bond_again() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_eq!(Staking::penalise(&ALICE, 100, Fault::WrongResult, None), 100);
		assert!(!Staking::is_active(&ALICE));
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 100));
		assert!(Staking::is_active(&ALICE));
	});
}

#[test]
fn a_leaving_operator_can_be_penalised() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(unbond(ALICE, ALICE, 100));
		assert_eq!(Staking::penalise(&ALICE, 30, Fault::MissedDeadline, None), 30);
		go_to(FREE_FROM);
		assert_ok!(withdraw(ALICE, ALICE));
		assert_eq!(free(ALICE), FUNDS - 30);
		assert_eq!(free(TREASURY), FUNDS + 30);
	});
}

#[test]
fn nothing_is_taken_from_somebody_without_a_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Staking::penalise(&BOB, 10, Fault::MissedDeadline, None), 0);
		assert_eq!(free(BOB), FUNDS);
	});
}

#[test]
fn delegations_cover_work_too() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_noop!(Staking::commit(&ALICE, 15), Error::<Test>::CommitmentLimitReached);
		assert_ok!(delegate(BOB, ALICE, 50));
		assert_ok!(Staking::commit(&ALICE, 15));
		// A delegator may go at any time: it answers for the work until long after it is over.
		assert_ok!(unbond(BOB, ALICE, 50));
		assert_eq!(at_risk(ALICE), 150);
		assert_noop!(Staking::commit(&ALICE, 1), Error::<Test>::CommitmentLimitReached);
		// The operator itself may not.
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 100));
		assert_noop!(unbond(ALICE, ALICE, 60), Error::<Test>::WorkInFlight);
		assert_ok!(unbond(ALICE, ALICE, 50));
		Staking::release(&ALICE, 15);
		assert_ok!(unbond(ALICE, ALICE, 50));
	});
}

#[test]
fn delegations_cover_no_more_than_the_own_bond_answers_for() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 900));
		// A tenth of a thousand, but two fifths of a hundred.
		assert_noop!(Staking::commit(&ALICE, 41), Error::<Test>::CommitmentLimitReached);
		assert_ok!(Staking::commit(&ALICE, 40));
		assert_eq!(Staking::stake_operator(&ALICE).unwrap().commitment_limit, 40);
	});
}
