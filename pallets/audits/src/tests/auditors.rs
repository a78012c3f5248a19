//! Who audits a version, and who is drawn.

use crate::{mock::*, Auditors, Error};
use assay_protocol::{audit::AuditorState, ModelVersion, VersionNumber};
use frame_support::{assert_noop, assert_ok};
use std::collections::BTreeMap;

fn origin(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

#[test]
fn only_an_active_operator_should_audit_a_known_version_once() {
	run(|| {
		assert_noop!(AuditsPallet::offer(origin(CONSUMER), DECODER), Error::<Test>::NotActive);
		let unknown = ModelVersion {
			version: VersionNumber(1),
			..DECODER
		};
		assert_noop!(AuditsPallet::offer(origin(BOB), unknown), Error::<Test>::UnknownVersion);
		offer(&[BOB]);
		assert_noop!(AuditsPallet::offer(origin(BOB), DECODER), Error::<Test>::AlreadyAuditor);
		assert_eq!(AuditsPallet::auditors(DECODER), vec![BOB]);
		assert_ok!(AuditsPallet::withdraw(origin(BOB), DECODER));
		assert_noop!(AuditsPallet::withdraw(origin(BOB), DECODER), Error::<Test>::NotAuditor);
		assert!(!Auditors::<Test>::contains_key(DECODER));
	});
}

#[test]
fn auditor_that_is_no_longer_active_should_make_room() {
	run(|| {
		offer(&[ALICE, BOB, CHARLIE]);
		assert_noop!(
			AuditsPallet::offer(origin(DAVE), DECODER),
			Error::<Test>::TooManyAuditors
		);
		assert_ok!(StakingPallet::chill(origin(BOB)));
		offer(&[DAVE]);
		assert_eq!(AuditsPallet::auditors(DECODER), vec![ALICE, CHARLIE, DAVE]);
	});
}

#[test]
fn p18_seats_should_go_to_those_with_the_most_stake() {
	run(|| {
		offer(&[ALICE, BOB, CHARLIE]);
		give(DAVE, 1);
		offer(&[DAVE]);
		let auditors = AuditsPallet::auditors(DECODER);
		assert_eq!(auditors.len(), 3);
		assert!(auditors.contains(&DAVE) && !auditors.contains(&ALICE), "{auditors:?}");
		// Who has as much as the least does not drive it out.
		assert_noop!(
			AuditsPallet::offer(origin(ALICE), DECODER),
			Error::<Test>::TooManyAuditors
		);
	});
}

/// Bonds so much more for an operator.
fn give(operator: AccountId, more: Balance) {
	use frame_support::traits::{fungible::Mutate, tokens::Preservation};
	assert_ok!(Balances::transfer(&CONSUMER, &operator, more, Preservation::Preserve));
	assert_ok!(StakingPallet::bond_extra(origin(operator), operator, more));
}

#[test]
fn worker_should_never_audit_itself() {
	run(|| {
		offer(&[ALICE]);
		let job = Worker::honest().claim();
		blocks(2);
		assert_eq!(drawn(job), Vec::<AccountId>::new());
	});
}

#[test]
fn auditors_should_be_drawn_by_stake_without_repetition() {
	run(|| {
		offer(&[BOB, CHARLIE, DAVE]);
		give(DAVE, 4 * STAKE);
		let mut first = BTreeMap::<AccountId, u32>::new();
		for seed in 0..600u64 {
			let random = sp_io::hashing::blake2_256(&seed.to_le_bytes());
			let drawn = AuditsPallet::draw_auditors(vec![BOB, CHARLIE, DAVE], 2, &random);
			assert_eq!(drawn.len(), 2);
			assert_ne!(drawn[0], drawn[1]);
			*first.entry(drawn[0]).or_default() += 1;
		}
		// Five parts of seven, give or take six standard deviations of eleven.
		assert!(first[&DAVE].abs_diff(600 * 5 / 7) < 66, "{first:?}");
	});
}

#[test]
fn f02_auditors_listed_after_the_claim_should_not_be_drawn_for_it() {
	run(|| {
		offer(&[BOB]);
		let first = Worker::honest().claim();
		next_block();
		offer(&[CHARLIE]);
		blocks(1);
		assert_eq!(drawn(first), vec![BOB]);
		// For what is claimed from now on they are candidates.
		let second = Worker::honest().claim();
		blocks(2);
		let mut both = drawn(second);
		both.sort_unstable();
		assert_eq!(both, vec![BOB, CHARLIE]);
	});
}

#[test]
fn auditor_that_withdraws_should_still_owe_what_it_was_drawn_for() {
	run(|| {
		offer(&[BOB]);
		let job = Worker::honest().claim();
		blocks(2);
		assert_eq!(drawn(job), vec![BOB]);
		assert_ok!(AuditsPallet::withdraw(origin(BOB), DECODER));
		Worker::honest().answer(ALICE, job).unwrap();
		blocks(PERIOD + 1);
		assert_eq!(state_of(BOB, job), AuditorState::Failed);
		assert_eq!(stake(BOB), STAKE - MISSED);
	});
}

/// Draws are served with the state of a block in which their numbers may have been known for a while.
#[test]
fn g02_stake_that_is_brought_after_a_claim_should_neither_choose_its_auditors_nor_spare_it() {
	let brings = |who: Option<AccountId>, seed| {
		run(|| {
			Seed::set(Some(seed));
			offer(&[BOB, CHARLIE, DAVE]);
			let job = Worker::honest().claim();
			if let Some(who) = who {
				let amount = 5 * STAKE;
				assert_ok!(Balances::transfer_allow_death(origin(CONSUMER), who, amount));
				assert_ok!(StakingPallet::bond_extra(origin(who), who, amount));
			}
			let rates = AuditsPallet::rates_of_claim(&ALICE, STAKE / 1_000);
			blocks(2);
			(drawn(job), rates.spot_check)
		})
	};
	assay_testing::SettlingPeriod::set(100);
	for seed in 0..10 {
		let without = brings(None, seed);
		assert_eq!(brings(Some(DAVE), seed), without);
		assert_eq!(brings(Some(ALICE), seed), without);
	}
	assay_testing::SettlingPeriod::set(0);
}

#[test]
fn g02_draw_that_is_served_too_late_should_get_another_number() {
	DrawDelay::set(5);
	run(|| {
		offer(&[BOB]);
		Seed::set(None);
		let job = Worker::honest().claim();
		let made_at = || crate::Audits::<Test>::get(job).unwrap().made_at;
		let claimed_at = made_at();
		blocks(5);
		assert_eq!(made_at(), claimed_at);
		next_block();
		assert_eq!(made_at(), System::block_number());
		Seed::set(Some(0));
		blocks(2);
		assert_eq!(drawn(job), vec![BOB]);
	});
	DrawDelay::set(0);
}
