use super::*;
use crate::{BarredValidators, Candidates, Error, LeaveReason, Offences, SessionStarts};
use frame_support::{assert_noop, assert_ok};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

const ALL: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];

/// Reports that these have offended in a session, each with this share.
fn report(offenders: &[AccountId], percent: u32, session: SessionIndex) {
	let offenders: Vec<_> = offenders
		.iter()
		.map(|offender| OffenceDetails {
			offender: (*offender, ()),
			reporters: vec![EVE],
		})
		.collect();
	let shares = vec![Perbill::from_percent(percent); offenders.len()];
	Validators::on_offence(&offenders, &shares, session);
}

fn stake(who: AccountId) -> Balance {
	let operator = Staking::stake_operator(&who).unwrap();
	operator.own + operator.delegated
}

#[test]
fn an_offender_loses_its_share_and_is_disabled() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		Staking::delegate(signed(EVE), BOB, 100).unwrap();
		let before = free(EVE);
		report(&[BOB], 50, 0);
		assert_eq!(stake(BOB), 100);
		let operator = Staking::stake_operator(&BOB).unwrap();
		assert_eq!((operator.own, operator.faults.equivocations), (50, 1));
		// A tenth of what the validator lost itself.
		assert_eq!(free(EVE), before + 5);
		assert_eq!(Session::disabled_validators(), [1]);
		assert!(events().contains(&Event::Offended {
			validator: BOB,
			session: 0,
			share: Perbill::from_percent(50),
			amount: 100
		}));
		assert!(events().contains(&Event::CandidateLeft {
			operator: BOB,
			reason: LeaveReason::Equivocated
		}));
	});
}

#[test]
fn an_offender_stays_disabled_as_long_as_it_is_in_the_set() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		sessions(1, &ALL);
		report(&[BOB], 20, 1);
		assert_eq!(Session::disabled_validators(), [1]);
		assert_noop!(Validators::validate(signed(BOB)), Error::<Test>::NotActive);
		// Half a bond is not enough to be active.
		assert_ok!(Staking::bond_extra(signed(BOB), BOB, 50));
		assert_noop!(Validators::validate(signed(BOB)), Error::<Test>::StillBarred);
		// Session 2 was planned with it.
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!(Session::validators(), ALL);
		assert_eq!(Session::disabled_validators(), [1]);
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!(Session::validators(), [ALICE, CAROL, DAVE]);
		assert_eq!(Session::disabled_validators(), Vec::<u32>::new());
		assert!(!BarredValidators::<Test>::contains_key(BOB));
		assert_ok!(Validators::validate(signed(BOB)));
	});
}

#[test]
fn the_largest_share_of_a_session_is_taken_once() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		report(&[BOB], 20, 0);
		assert_eq!(stake(BOB), 80);
		report(&[BOB], 20, 0);
		report(&[BOB], 10, 0);
		assert_eq!(stake(BOB), 80);
		// Another is found: both owe half of what they had.
		report(&[BOB, CAROL], 50, 0);
		assert_eq!((stake(BOB), stake(CAROL)), (50, 50));
		// Another session counts anew.
		sessions(1, &ALL);
		report(&[BOB], 50, 1);
		assert_eq!(stake(BOB), 25);
	});
}

#[test]
fn stake_that_asked_to_leave_since_the_session_is_reached() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		Staking::delegate(signed(EVE), BOB, 100).unwrap();
		// Periods of staking have ten blocks: this one leaves in the first, and is free at 50.
		assert_ok!(Staking::unbond(signed(EVE), BOB, 60));
		sessions(3, &ALL);
		let session = Session::current_index();
		assert_ok!(Staking::unbond(signed(EVE), BOB, 20));
		report(&[BOB], 50, session);
		let position = Staking::stake_position(&BOB, &EVE).unwrap();
		assert_eq!(position.stake, 10);
		let unbonding: Vec<_> = position.unbonding.iter().map(|chunk| chunk.amount).collect();
		assert_eq!(unbonding, [60, 10]);
	});
}

#[test]
fn nothing_is_remembered_of_sessions_that_are_too_old() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		report(&[BOB], 20, 0);
		sessions(REPORTABLE - 1, &[ALICE, CAROL, DAVE]);
		assert_eq!(SessionStarts::<Test>::get(0), Some(0));
		assert!(Offences::<Test>::contains_key(0, BOB));
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!(SessionStarts::<Test>::get(0), None);
		assert!(!Offences::<Test>::contains_key(0, BOB));
		let (first, _) = pallet_session_historical::StoredRange::<Test>::get().unwrap();
		assert_eq!(first, 1);
	});
}

#[test]
fn an_offender_without_stake_is_still_disabled() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		report(&[DAVE], 100, 0);
		assert_eq!(stake(DAVE), 0);
		sessions(1, &ALL);
		report(&[DAVE], 30, 1);
		assert_eq!(Session::disabled_validators(), [3]);
		assert!(!Candidates::<Test>::contains_key(DAVE));
	});
}
