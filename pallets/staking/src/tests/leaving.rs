use super::*;
use crate::{Error, Event, Operators, WorkerKeys};
use assay_protocol::operator::Operators as _;
use frame_support::{assert_noop, assert_ok};

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

#[test]
fn a_bond_returns_after_the_unbonding_period() {
	ExtBuilder::default().operator(ALICE, 150).build_and_execute(|| {
		assert_ok!(Staking::unbond(signed(ALICE)));
		let leaves_at = 1 + UNBONDING_PERIOD;
		System::assert_last_event(
			Event::UnbondingStarted {
				operator: ALICE,
				leaves_at,
			}
			.into(),
		);
		assert!(!Staking::is_active(&ALICE));
		assert_eq!(held(ALICE), 150);
		assert_eq!(Staking::operator_summary(&ALICE).unwrap().leaves_at, Some(leaves_at));

		System::set_block_number(leaves_at - 1);
		assert_noop!(Staking::withdraw_unbonded(signed(ALICE)), Error::<Test>::StillUnbonding);

		System::set_block_number(leaves_at);
		assert_ok!(Staking::withdraw_unbonded(signed(ALICE)));
		System::assert_last_event(
			Event::BondWithdrawn {
				operator: ALICE,
				amount: 150,
			}
			.into(),
		);
		assert_eq!((free(ALICE), held(ALICE)), (FUNDS, 0));
		assert_eq!(Operators::<Test>::count(), 0);
		assert_eq!(WorkerKeys::<Test>::iter().count(), 0);

		assert_ok!(register(ALICE, MIN_BOND));
	});
}

#[test]
fn a_bond_stays_while_work_is_in_flight() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::commit(&ALICE, 10));
		assert_ok!(Staking::unbond(signed(ALICE)));
		System::set_block_number(1 + UNBONDING_PERIOD);

		assert_noop!(Staking::withdraw_unbonded(signed(ALICE)), Error::<Test>::WorkInFlight);
		Staking::release(&ALICE, 9);
		assert_noop!(Staking::withdraw_unbonded(signed(ALICE)), Error::<Test>::WorkInFlight);
		Staking::release(&ALICE, 1);
		assert_ok!(Staking::withdraw_unbonded(signed(ALICE)));
		assert_eq!(free(ALICE), FUNDS);
	});
}

#[test]
fn a_leaving_operator_gets_nothing_new() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::unbond(signed(ALICE)));
		assert_noop!(Staking::commit(&ALICE, 1), Error::<Test>::NotActive);
		assert_noop!(Staking::bond_extra(signed(ALICE), 1), Error::<Test>::Leaving);
		assert_noop!(Staking::unbond(signed(ALICE)), Error::<Test>::Leaving);
		// It still answers for what it has done.
		assert_eq!(Staking::worker_key(&ALICE), Some(key_of(ALICE).public()));
	});
}

#[test]
fn a_leaving_operator_can_stay() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_noop!(Staking::rebond(signed(ALICE)), Error::<Test>::NotLeaving);
		assert_ok!(Staking::unbond(signed(ALICE)));
		assert_ok!(Staking::rebond(signed(ALICE)));
		System::assert_last_event(Event::Rebonded { operator: ALICE }.into());
		assert!(Staking::is_active(&ALICE));
		assert_ok!(Staking::commit(&ALICE, 10));
	});
}

#[test]
fn leaving_starts_anew_after_a_change_of_mind() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(Staking::unbond(signed(ALICE)));
		System::set_block_number(UNBONDING_PERIOD);
		assert_ok!(Staking::rebond(signed(ALICE)));
		assert_ok!(Staking::unbond(signed(ALICE)));
		System::set_block_number(1 + UNBONDING_PERIOD);
		assert_noop!(Staking::withdraw_unbonded(signed(ALICE)), Error::<Test>::StillUnbonding);
	});
}

#[test]
fn a_bond_cannot_be_withdrawn_without_leaving() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		System::set_block_number(10 * UNBONDING_PERIOD);
		assert_noop!(Staking::withdraw_unbonded(signed(ALICE)), Error::<Test>::NotLeaving);
		assert_noop!(Staking::withdraw_unbonded(signed(BOB)), Error::<Test>::NotOperator);
		assert_noop!(Staking::unbond(signed(BOB)), Error::<Test>::NotOperator);
		assert_noop!(Staking::rebond(signed(BOB)), Error::<Test>::NotOperator);
	});
}
