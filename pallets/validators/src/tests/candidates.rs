use super::*;
use crate::{Candidates, Error, LeaveReason};
use frame_support::{assert_noop, assert_ok};

#[test]
fn an_operator_with_session_keys_becomes_a_candidate() {
	ExtBuilder::default().build_and_execute(|| {
		operator(ALICE, MIN_BOND);
		assert_ok!(Validators::validate(signed(ALICE)));
		assert_eq!(events(), [Event::CandidateJoined { operator: ALICE }]);
		assert_eq!(Candidates::<Test>::get(ALICE).unwrap().since, 1);
		assert_noop!(Validators::validate(signed(ALICE)), Error::<Test>::AlreadyCandidate);
	});
}

#[test]
fn only_active_operators_with_keys_can_be_candidates() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Validators::validate(signed(ALICE)), Error::<Test>::NotActive);
		operator(ALICE, MIN_BOND);
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_noop!(Validators::validate(signed(ALICE)), Error::<Test>::NotActive);
		assert_ok!(Staking::unchill(signed(ALICE)));
		assert_ok!(<Session as pallet_session::SessionInterface>::purge_keys(&ALICE));
		assert_noop!(Validators::validate(signed(ALICE)), Error::<Test>::NoSessionKeys);
		assert_noop!(
			Validators::validate(RuntimeOrigin::root()),
			sp_runtime::DispatchError::BadOrigin
		);
	});
}

#[test]
fn there_are_no_more_candidates_than_may_be() {
	ExtBuilder::default().build_and_execute(|| {
		MaxCandidates::set(2);
		candidate(ALICE, MIN_BOND);
		candidate(BOB, MIN_BOND);
		operator(CAROL, MIN_BOND);
		assert_noop!(Validators::validate(signed(CAROL)), Error::<Test>::TooManyCandidates);
		assert_ok!(Validators::stop_validating(signed(ALICE)));
		assert_ok!(Validators::validate(signed(CAROL)));
		MaxCandidates::set(20);
	});
}

#[test]
fn a_candidate_can_stop() {
	ExtBuilder::default().build_and_execute(|| {
		candidate(ALICE, MIN_BOND);
		assert_ok!(Validators::stop_validating(signed(ALICE)));
		assert_eq!(
			events().last().unwrap(),
			&Event::CandidateLeft {
				operator: ALICE,
				reason: LeaveReason::Asked
			}
		);
		assert_noop!(Validators::stop_validating(signed(ALICE)), Error::<Test>::NotCandidate);
	});
}
