use super::*;
use crate::{Candidates, LeaveReason};

#[test]
fn a_validator_that_makes_no_block_is_sent_away_and_loses_nothing() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		let before = Staking::stake_operator(&BOB).unwrap().own;
		// Of two validators, each is expected to make half of the blocks: three of six.
		sessions(1, &[ALICE]);
		assert!(Candidates::<Test>::contains_key(BOB));
		sessions(1, &[ALICE]);
		assert!(!Candidates::<Test>::contains_key(BOB));
		assert!(events().contains(&Event::CandidateLeft {
			operator: BOB,
			reason: LeaveReason::Silent
		}));
		assert_eq!(Staking::stake_operator(&BOB).unwrap().own, before);
		sessions(2, &[ALICE]);
		assert_eq!(Session::validators(), [ALICE]);
		Validators::validate(signed(BOB)).unwrap();
		sessions(2, &[ALICE]);
		assert_eq!(Session::validators(), [ALICE, BOB]);
	});
}

#[test]
fn one_block_ends_a_silence() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		for _ in 0..4 {
			sessions(1, &[ALICE]);
			sessions(1, &[ALICE, BOB]);
		}
		assert!(Candidates::<Test>::contains_key(BOB));
		assert_eq!(Candidates::<Test>::get(BOB).unwrap().silence, 0);
	});
}

#[test]
fn a_chain_that_stands_still_sends_nobody_away() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		for _ in 0..20 {
			// A session of a single block.
			System::set_block_number(System::block_number() + SESSION - 1 - System::block_number() % SESSION);
			let author = [ALICE, BOB][(System::block_number() / SESSION % 2) as usize];
			block(author);
		}
		assert_eq!(Candidates::<Test>::count(), 2);
	});
}
