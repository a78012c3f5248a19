use super::*;
use crate::{election::seats, Candidates, ElectedStake, Error, LeaveReason, PlannedSet};
use assay_protocol::operator::{Fault, Operators as _};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;

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
		candidate(CAROL, 150);
		sessions(1, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [ALICE, BOB]);
		assert!(events().contains(&Event::Elected {
			session: 2,
			validators: 3,
			stake: 350
		}));
		sessions(1, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [CAROL, ALICE, BOB]);
		assert_eq!(ElectedStake::<Test>::get(), 350);
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

const HALF: Permill = Permill::from_percent(50);

/// C3: the scenario of the review, with a seat for everybody who has the least bond.
#[test]
fn c3_nine_small_operators_beside_four_large_ones_have_no_third_of_the_votes() {
	MaxValidators::set(20);
	MinValidators::set(3);
	ExtBuilder::default().build_and_execute(|| {
		let large = [ALICE, BOB, CAROL, DAVE];
		for who in large {
			candidate(who, 1_000);
		}
		for sybil in 10..19 {
			use frame_support::traits::fungible::Mutate;
			Balances::mint_into(&sybil, 1_000).unwrap();
			candidate(sybil, 100);
		}
		let elected = elected();
		println!("seats and stakes: {elected:?}");
		assert_eq!(elected, large.map(|who| (who, 1_000)));
	});
}

/// C3: whoever cannot bond what a validator needs has no seat, however much others put behind it.
#[test]
fn c3_a_validator_has_a_bond_of_its_own() {
	MinValidatorBond::set(500);
	ExtBuilder::default().build_and_execute(|| {
		operator(ALICE, 499);
		assert_ok!(Staking::delegate(signed(EVE), ALICE, 1_000));
		assert_noop!(Validators::validate(signed(ALICE)), Error::<Test>::BondBelowValidators);
		assert_ok!(Staking::bond_extra(signed(ALICE), ALICE, 1));
		assert_ok!(Validators::validate(signed(ALICE)));
		assert_eq!(elected(), [(ALICE, 1_500)]);
		assert_eq!(Staking::penalise(&ALICE, 15, Fault::MissedDeadline, None), 15);
		assert_eq!(elected(), []);
	});
}

#[test]
fn a_seat_takes_half_of_the_median_stake() {
	// Most of the stake is behind those with 100.
	assert_eq!(seats(&[100u64, 100, 100, 50, 49, 49], 1, HALF), 4);
	// One with much is not most of it, and sends nobody away.
	assert_eq!(seats(&[250u64, 100, 100, 100], 1, HALF), 4);
	// Most of it is behind one: as many as there must be stay.
	assert_eq!(seats(&[1_000u64, 100, 100, 100], 3, HALF), 3);
	assert_eq!(seats::<u64>(&[], 3, HALF), 0);
	assert_eq!(seats(&[0u64], 1, HALF), 1);
	assert_eq!(seats(&[u64::MAX, u64::MAX, 1], 1, HALF), 2);
}

proptest! {
	/// C3: beside `honest` validators with the same stake, a third of the votes costs a quarter of theirs, in whatever parts it comes,
	/// and no minority sends any of them away.
	#[test]
	fn c3_a_third_of_the_votes_costs_a_fifth_of_all_stake(
		honest in 3usize..40,
		stake in 1_000u64..1_000_000,
		parts in prop::collection::vec(1u64..1_000_000, 1..60),
		largest in 1u64..1_000_000,
	) {
		let own = stake * honest as u64;
		// The attacker's stake, a little less than a half of the honest, in parts of any proportion.
		let sum: u64 = parts.iter().sum();
		let all = (own - 1).min(largest * stake / 1_000);
		let attacker: Vec<_> = parts.iter().map(|part| part * all / sum).collect();
		let mut stakes: Vec<_> = attacker.iter().copied().chain(vec![stake; honest]).collect();
		stakes.sort_by_key(|stake| std::cmp::Reverse(*stake));
		let elected = seats(&stakes, 3, HALF);
		let least = stakes[elected - 1];
		prop_assert!(least <= stake, "an honest validator has no seat");
		let bad = elected - honest;
		prop_assert!(bad as u64 * stake / 2 <= all + bad as u64);
		if 4 * all < own {
			prop_assert!(3 * bad < elected, "{bad} of {elected} for {all} beside {own}");
		}
	}
}

/// C10: what leaves fewer than the least set does not happen.
#[test]
fn c10_the_set_does_not_fall_below_the_least() {
	MinValidators::set(3);
	ExtBuilder::default()
		.validators(&[ALICE, BOB, CAROL, DAVE])
		.build_and_execute(|| {
			let all = [ALICE, BOB, CAROL, DAVE];
			assert_ok!(Validators::stop_validating(signed(DAVE)));
			sessions(2, &all);
			assert_eq!(Session::validators(), [ALICE, BOB, CAROL]);
			assert_ok!(Validators::stop_validating(signed(BOB)));
			assert_ok!(Validators::stop_validating(signed(CAROL)));
			sessions(3, &all);
			assert_eq!(Session::validators(), [ALICE, BOB, CAROL]);
			assert!(events().contains(&Event::ElectionNotHeld {
				session: Session::current_index() + 1,
				validators: 1
			}));
			assert_ok!(Validators::validate(signed(DAVE)));
			assert_ok!(Validators::validate(signed(CAROL)));
			sessions(2, &all);
			assert_eq!(Session::validators(), [ALICE, CAROL, DAVE]);
		});
}

/// C10: a chain that has fewer than the least grows.
#[test]
fn c10_a_small_set_grows() {
	MinValidators::set(3);
	ExtBuilder::default().validators(&[ALICE]).build_and_execute(|| {
		candidate(BOB, 100);
		sessions(2, &[ALICE]);
		assert_eq!(Session::validators(), [ALICE, BOB]);
		assert_ok!(Validators::stop_validating(signed(ALICE)));
		sessions(2, &[ALICE, BOB]);
		assert_eq!(Session::validators(), [ALICE, BOB]);
	});
}

/// C10: keys stay as long as they may be needed, and are free again afterwards.
#[test]
fn c10_validators_and_candidates_cannot_purge_their_keys() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		assert_noop!(Validators::purge_keys(signed(BOB)), Error::<Test>::StillCandidate);
		assert_ok!(Validators::stop_validating(signed(BOB)));
		assert_noop!(Validators::purge_keys(signed(BOB)), Error::<Test>::StillValidator);
		sessions(1, &[ALICE, BOB]);
		// It makes blocks in this session, and in none that is planned.
		assert_eq!(PlannedSet::<Test>::get().len(), 1);
		assert_noop!(Validators::purge_keys(signed(BOB)), Error::<Test>::StillValidator);
		sessions(1, &[ALICE, BOB]);
		assert_ok!(Validators::purge_keys(signed(BOB)));
		assert_eq!(events().last(), Some(&Event::KeysPurged { operator: BOB }));
		assert_noop!(Validators::validate(signed(BOB)), Error::<Test>::NoSessionKeys);
		// The last of all stays, whatever it asks for.
		assert_ok!(Validators::stop_validating(signed(ALICE)));
		sessions(3, &[ALICE]);
		assert_noop!(Validators::purge_keys(signed(ALICE)), Error::<Test>::StillValidator);
		assert_eq!(Session::validators(), [ALICE]);
	});
}

/// C11: consensus is told of a set when it changes, and now and then so that offences reach no further back.
#[test]
fn c11_a_set_that_stays_is_announced_once_in_its_time() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		let changes_in = |count| {
			let before = SetChanges::get();
			sessions(count, &[ALICE, BOB]);
			SetChanges::get() - before
		};
		// The first election is announced with session 2, and every third after it.
		assert_eq!([1, 1, 1, 1, 1, 1, 1].map(changes_in), [0, 1, 0, 0, 1, 0, 0]);
		// Stake that changes the order of the elected does not change the set.
		assert_ok!(Staking::delegate(signed(EVE), BOB, 10));
		assert_eq!([1, 1, 1].map(changes_in), [1, 0, 0]);
		candidate(CAROL, 100);
		assert_eq!([1, 1].map(changes_in), [1, 1]);
		// New keys are a change.
		let keys = TestKeys {
			dummy: UintAuthorityId(77),
		};
		<Session as pallet_session::SessionInterface>::set_keys(&ALICE, keys).unwrap();
		assert_eq!([1, 1].map(changes_in), [0, 1]);
	});
}
