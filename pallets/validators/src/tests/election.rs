use super::*;
use crate::{Candidates, ElectedStake, LeaveReason};
use frame_support::assert_ok;

fn elected() -> Vec<(AccountId, Balance)> {
	Validators::election()
}

#[test]
fn candidates_are_ranked_by_stake_then_age_then_account() {
	ExtBuilder::default().build_and_execute(|| {
		candidate(BOB, 100);
		candidate(ALICE, 100);
		System::set_block_number(2);
		candidate(CAROL, 100);
		assert_eq!(elected(), [(ALICE, 100), (BOB, 100), (CAROL, 100)]);
		assert_ok!(Staking::delegate(signed(DAVE), CAROL, 10));
		assert_eq!(elected(), [(CAROL, 110), (ALICE, 100), (BOB, 100)]);
		MaxValidators::set(2);
		assert_eq!(elected(), [(CAROL, 110), (ALICE, 100)]);
		MaxValidators::set(4);
	});
}

#[test]
fn candidates_without_stake_or_keys_are_passed_over() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [ALICE, BOB, CAROL] {
			candidate(who, 100);
		}
		assert_ok!(Staking::chill(signed(ALICE)));
		assert_ok!(<Session as pallet_session::SessionInterface>::purge_keys(&BOB));
		assert_eq!(elected(), [(CAROL, 100)]);
		// They are elected again as soon as they can be.
		assert_ok!(Staking::unchill(signed(ALICE)));
		assert_eq!(elected(), [(ALICE, 100), (CAROL, 100)]);
	});
}

#[test]
fn the_elected_make_blocks_in_the_session_after_next() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		assert_eq!(Session::validators(), [ALICE, BOB]);
		candidate(CAROL, 500);
		sessions(1, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [ALICE, BOB]);
		assert!(events().contains(&Event::Elected {
			session: 2,
			validators: 3,
			stake: 700
		}));
		sessions(1, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [CAROL, ALICE, BOB]);
		assert_eq!(ElectedStake::<Test>::get(), 700);
	});
}

#[test]
fn the_set_never_becomes_empty() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		assert_ok!(Validators::stop_validating(signed(ALICE)));
		assert_ok!(Validators::stop_validating(signed(BOB)));
		sessions(3, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [ALICE, BOB]);
		assert_ok!(Validators::validate(signed(BOB)));
		sessions(2, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [BOB]);
	});
}

#[test]
fn a_validator_leaves_by_unbonding() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		assert_ok!(Staking::chill(signed(BOB)));
		assert_ok!(Staking::unbond(signed(BOB), BOB, MIN_BOND));
		sessions(2, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [ALICE]);
		// Still listed, in case it bonds again, until it is no operator any more.
		assert!(Candidates::<Test>::contains_key(BOB));
		sessions(10, &[ALICE]);
		assert_ok!(Staking::withdraw_unbonded(signed(BOB), BOB));
		sessions(1, &[ALICE]);
		assert!(!Candidates::<Test>::contains_key(BOB));
		assert!(events().contains(&Event::CandidateLeft {
			operator: BOB,
			reason: LeaveReason::NoOperator
		}));
	});
}

#[test]
fn new_session_keys_are_part_of_the_next_sessions_root() {
	use frame_support::traits::KeyOwnerProofSystem;

	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		sessions(2, &[ALICE, BOB]);
		// The same validators with other keys.
		let rotated = UintAuthorityId(77);
		<Session as pallet_session::SessionInterface>::set_keys(&ALICE, TestKeys { dummy: rotated.clone() }).unwrap();
		sessions(2, &[ALICE, BOB]);
		let session = Session::current_index();
		let key = (DUMMY, codec::Encode::encode(&rotated));
		let proof = Historical::prove(key.clone()).unwrap();
		assert_eq!(proof.session, session);
		sessions(1, &[ALICE, BOB]);
		assert_eq!(Historical::check_proof(key, proof), Some((ALICE, ())));
	});
}
