use super::*;
use crate::{BarredValidators, Candidates, Error, LeaveReason, Offences, PlannedAt};
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
			due: 0
		}));
		assert!(events().contains(&Event::Slashed {
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
fn stake_that_asked_to_leave_since_the_set_was_planned_is_reached() {
	// Every set is announced.
	SetSessions::set(1);
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
		sessions(2, &ALL);
		report(&[BOB], 20, 2);
		sessions(REPORTABLE - 1, &[ALICE, CAROL, DAVE]);
		assert_eq!(PlannedAt::<Test>::get(2), Some(SESSION));
		assert!(Offences::<Test>::contains_key(2, BOB));
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!(PlannedAt::<Test>::get(2), None);
		assert!(!Offences::<Test>::contains_key(2, BOB));
		let (first, _) = pallet_session_historical::StoredRange::<Test>::get().unwrap();
		assert_eq!(first, 3);
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

/// C1: the scenario of the review. Session 2 is elected when session 1 starts; what leaves in between stood behind the validator when it was.
#[test]
fn c1_stake_that_elected_a_validator_answers_though_it_leaves_before_the_session() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		Staking::delegate(signed(EVE), BOB, 100).unwrap();
		sessions(1, &ALL);
		assert_ok!(Staking::unbond(signed(EVE), BOB, 100));
		// Its period, of two sessions, is over when session 2 starts.
		sessions(1, &ALL);
		assert_eq!((Session::current_index(), System::block_number()), (2, 10));
		report(&[BOB], 50, 2);
		assert_eq!(Staking::stake_position(&BOB, &EVE).unwrap().unbonding[0].amount, 50);
	});
}

/// C1: what leaves right after the election waits until no offence that it answers for can be reported, however old the set is.
#[test]
fn c1_what_elected_a_set_is_not_free_while_its_last_offence_can_be_reported() {
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		Staking::delegate(signed(EVE), BOB, 100).unwrap();
		sessions(1, &ALL);
		assert_ok!(Staking::unbond(signed(EVE), BOB, 100));
		// The set was planned for sessions 2, 3 and 4.
		sessions(3, &ALL);
		assert_eq!(PlannedAt::<Test>::get(4), Some(SESSION));
		// The last block in which session 4 can be reported: stake waits for 40 blocks.
		sessions(REPORTABLE - 1, &ALL);
		System::set_block_number(System::block_number() + SESSION - 1);
		let waiting = || Staking::stake_position(&BOB, &EVE).unwrap().unbonding[0];
		assert!(waiting().free_from > System::block_number());
		report(&[BOB], 50, 4);
		assert_eq!(waiting().amount, 50);
	});
}

fn pending() -> Vec<(AccountId, SessionIndex, SessionIndex, Balance)> {
	let pending = Validators::pending_slashes().into_iter();
	pending
		.map(|of| (of.validator, of.session, of.due, of.amount))
		.collect()
}

/// C8: an offence is known at once and paid for later; what leaves meanwhile pays as well.
#[test]
fn c8_an_offence_is_paid_for_after_the_deferral_also_by_what_leaves_meanwhile() {
	SlashDeferral::set(2);
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		Staking::delegate(signed(EVE), BOB, 100).unwrap();
		sessions(1, &ALL);
		let (issuance, reporter) = (Balances::total_issuance(), free(EVE));
		report(&[BOB], 50, 1);
		assert_eq!(Session::disabled_validators(), [1]);
		assert!(!Candidates::<Test>::contains_key(BOB));
		assert_eq!((stake(BOB), pending()), (200, vec![(BOB, 1, 3, 100)]));
		// Everybody runs.
		assert_ok!(Staking::unbond(signed(EVE), BOB, 100));
		assert_ok!(Staking::chill(signed(BOB)));
		assert_ok!(Staking::unbond(signed(BOB), BOB, 100));
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!(pending(), [(BOB, 1, 3, 100)]);
		// Session 3 starts.
		let paid = || {
			events()
				.into_iter()
				.filter(|event| matches!(event, Event::Slashed { .. }))
				.count()
		};
		assert_eq!(paid(), 0);
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!((pending(), paid()), (vec![], 1));
		let left = |member| Staking::stake_position(&BOB, &member).unwrap().unbonding[0].amount;
		assert_eq!((left(BOB), left(EVE)), (50, 50));
		assert_eq!(free(EVE), reporter + 5, "the reporter is paid when it is");
		// And no second time.
		sessions(1, &[ALICE, CAROL, DAVE]);
		assert_eq!((paid(), left(BOB)), (1, 50));
		// What was issued for blocks aside.
		let issued: Balance = events()
			.iter()
			.map(|event| {
				if let Event::Paid { issued, .. } = event {
					*issued
				} else {
					0
				}
			})
			.sum();
		assert!(Balances::total_issuance() <= issuance + issued);
	});
}

/// C8: a fault of the software of a third of all takes nothing if it is seen in time; the rest of what is reported is still due.
#[test]
fn c8_a_slash_can_be_cancelled_until_it_is_due() {
	SlashDeferral::set(2);
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		report(&[BOB, CAROL], 50, 0);
		assert_noop!(
			Validators::cancel_slash(signed(BOB), 0, BOB),
			sp_runtime::DispatchError::BadOrigin
		);
		assert_ok!(Validators::cancel_slash(RuntimeOrigin::root(), 0, BOB));
		assert_eq!(pending(), [(CAROL, 0, 2, 50)]);
		assert_noop!(
			Validators::cancel_slash(RuntimeOrigin::root(), 0, BOB),
			Error::<Test>::NoPendingSlash
		);
		// The same report again changes nothing, and a smaller one neither.
		report(&[BOB], 50, 0);
		report(&[BOB], 20, 0);
		assert_eq!(pending(), [(CAROL, 0, 2, 50)]);
		sessions(2, &[ALICE, DAVE]);
		assert_eq!((stake(BOB), stake(CAROL)), (100, 50));
		assert_noop!(
			Validators::cancel_slash(RuntimeOrigin::root(), 0, CAROL),
			Error::<Test>::NoPendingSlash
		);
		// A larger share than was cancelled: half of what half would have left.
		report(&[BOB], 75, 0);
		assert_eq!(stake(BOB), 50);
	});
}

/// C8: who reports late, or in another order, changes nothing of what is owed.
#[test]
fn c8_late_reports_and_their_order_cost_the_same() {
	let left = |reports: &[(u32, u32)]| {
		let mut left = 0;
		SlashDeferral::set(2);
		ExtBuilder::default().validators(&ALL).build_and_execute(|| {
			let mut at = 0;
			for (session, percent) in reports {
				sessions(session - at, &[ALICE, CAROL, DAVE]);
				at = *session;
				report(&[BOB], *percent, 0);
			}
			sessions(3 - at, &[ALICE, CAROL, DAVE]);
			left = stake(BOB);
		});
		left
	};
	for reports in [
		[(0, 20), (1, 60)],
		[(0, 60), (1, 20)],
		[(1, 20), (3, 60)],
		[(3, 20), (3, 60)],
		[(0, 60), (3, 60)],
	] {
		assert_eq!(left(&reports), 40, "{reports:?}");
	}
}

/// C10: an offender without whom there would be too few stays in the set, and disabled.
#[test]
fn c10_an_offender_that_stays_in_the_set_stays_disabled() {
	MinValidators::set(4);
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		report(&[BOB], 20, 0);
		sessions(6, &[ALICE, CAROL, DAVE]);
		assert_eq!(Session::validators(), ALL);
		assert_eq!(Session::disabled_validators(), [1]);
		assert_noop!(Validators::validate(signed(BOB)), Error::<Test>::NotActive);
		// Another takes its place.
		candidate(EVE, 100);
		sessions(2, &[ALICE, CAROL, DAVE]);
		assert_eq!(Session::validators(), [ALICE, CAROL, DAVE, EVE]);
		assert_eq!(Session::disabled_validators(), Vec::<u32>::new());
		assert!(!BarredValidators::<Test>::contains_key(BOB));
	});
}

/// C9: who delegates to an offender before that is known or paid for, and after the session in which it offended, loses nothing.
#[test]
fn c9_who_delegates_after_the_offence_pays_nothing() {
	SlashDeferral::set(3);
	ExtBuilder::default().validators(&ALL).build_and_execute(|| {
		Staking::delegate(signed(EVE), BOB, 100).unwrap();
		sessions(2, &ALL);
		block(ALICE);
		// It offended in session 1, and that is reported late.
		assert_ok!(Staking::delegate(signed(TREASURY), BOB, 300));
		report(&[BOB], 50, 1);
		sessions(2, &[ALICE, CAROL, DAVE]);
		assert_eq!(pending(), []);
		for member in [EVE, TREASURY] {
			assert_ok!(Staking::settle(signed(ALICE), BOB, member));
		}
		let left = |member| Staking::stake_position(&BOB, &member).unwrap().stake;
		assert_eq!((left(BOB), left(EVE)), (50, 50));
		assert!((299..=300).contains(&left(TREASURY)), "{}", left(TREASURY));
	});
}
