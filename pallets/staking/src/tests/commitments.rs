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
		System::assert_last_event(
			Event::Penalised {
				operator: ALICE,
				fault: Fault::MissedDeadline,
				amount: 20,
				bond: 130,
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

		assert_ok!(Staking::bond_extra(RuntimeOrigin::signed(ALICE), 29));
		assert!(!Staking::is_active(&ALICE));
		assert_ok!(Staking::bond_extra(RuntimeOrigin::signed(ALICE), 1));
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
		assert_ok!(Staking::unbond(RuntimeOrigin::signed(ALICE)));
		System::set_block_number(1 + UNBONDING_PERIOD);
		assert_ok!(Staking::withdraw_unbonded(RuntimeOrigin::signed(ALICE)));
		assert_eq!(free(ALICE), FUNDS - 100);
	});
}

#[test]
fn a_leaving_operator_can_be_penalised() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::unbond(RuntimeOrigin::signed(ALICE)));
		assert_eq!(Staking::penalise(&ALICE, 30, Fault::MissedDeadline, None), 30);
		System::set_block_number(1 + UNBONDING_PERIOD);
		assert_ok!(Staking::withdraw_unbonded(RuntimeOrigin::signed(ALICE)));
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
