//! Shares that their recipients cannot take, and other edges of the currency.

use crate::{mock::*, Event};
use assay_protocol::job::{JobState, RefundReason};
use frame_support::{
	assert_ok,
	traits::{
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
	},
};
use sp_runtime::Permill;

fn empty(who: AccountId) {
	let amount = Balances::free_balance(who);
	let amount = Balances::burn_from(
		&who,
		amount,
		Preservation::Expendable,
		Precision::Exact,
		Fortitude::Force,
	)
	.unwrap();
	// So that the test's sum of all money stays the same.
	Balances::mint_into(&OTHER_CONSUMER, amount).unwrap();
	assert!(!frame_system::Account::<Test>::contains_key(who));
}

#[test]
fn royalty_should_go_to_the_treasury_when_the_publisher_has_no_account() {
	run(|| {
		empty(PUBLISHER);
		let id = a_claimed_job();
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 30,
				royalty: 0,
				treasury: 4,
				refunded: 966,
				..
			}
		));
		assert_eq!(free(TREASURY), EXISTENTIAL_DEPOSIT + 4);
	});
}

#[test]
fn royalty_should_make_the_publishers_account_when_it_is_large_enough() {
	run(|| {
		empty(PUBLISHER);
		set_royalty(DECODER, Permill::from_percent(50));
		let id = a_claimed_job();
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 14,
				royalty: 17,
				treasury: 3,
				..
			}
		));
		assert_eq!(free(PUBLISHER), 17);
	});
}

#[test]
fn treasurys_share_should_go_to_the_operator_when_the_treasury_has_no_account() {
	run(|| {
		empty(TREASURY);
		empty(PUBLISHER);
		let id = a_claimed_job();
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 34,
				royalty: 0,
				treasury: 0,
				refunded: 966,
				..
			}
		));
		assert_eq!(free(ALICE), EXISTENTIAL_DEPOSIT + 34);
	});
}

#[test]
fn operators_share_should_return_when_the_operator_has_no_account() {
	run(|| {
		offer(DECODER, ALICE, 1, 8);
		let id = a_submitted_job();
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[STOP])))));
		empty(ALICE);
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 0,
				royalty: 0,
				treasury: 0,
				refunded: 1_000,
				..
			}
		));
		assert_eq!(free(CONSUMER), FUNDS);
	});
}

#[test]
fn publishers_share_should_give_way_when_shares_exceed_the_fee() {
	run(|| {
		set_royalty(DECODER, Permill::one());
		let id = a_claimed_job();
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 0,
				royalty: 31,
				treasury: 3,
				refunded: 966,
				..
			}
		));
	});
}

#[test]
fn consumer_may_be_everybody_at_once() {
	run(|| {
		bond(CONSUMER, 1_000);
		offer(DECODER, CONSUMER, 2, 1);
		let id = a_job().named(CONSUMER).submit(CONSUMER).unwrap();
		assert_ok!(deliver(signed(CONSUMER, result(id, tokens(&[9, 9, 9, 9])))));
		run_to(1 + WINDOW);
		assert!(matches!(state(id), JobState::Final { paid: 30, .. }));
		assert_eq!(free(CONSUMER), FUNDS - 4);
	});
}

#[test]
fn free_jobs_should_hold_and_pay_nothing() {
	run(|| {
		offer(DECODER, ALICE, 0, 8);
		let id = a_job().with_fee(0).submit(CONSUMER).unwrap();
		assert_eq!(held(CONSUMER), 0);
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[STOP])))));
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 0,
				royalty: 0,
				treasury: 0,
				refunded: 0,
				..
			}
		));
	});
}

#[test]
fn consumer_should_be_able_to_spend_what_comes_back_even_when_all_was_held() {
	run(|| {
		offer(DECODER, ALICE, 0, 0);
		let most = FUNDS - EXISTENTIAL_DEPOSIT;
		let id = a_job().with_fee(most).submit(CONSUMER).unwrap();
		assert_ok!(JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id));
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS, 0));
	});
}

/// Leaves the consumer's account alive by something else than its balance, with nothing free.
fn consumer_without_free_balance() {
	System::inc_providers(&CONSUMER);
	let amount = Balances::free_balance(CONSUMER);
	Balances::burn_from(
		&CONSUMER,
		amount,
		Preservation::Expendable,
		Precision::Exact,
		Fortitude::Force,
	)
	.unwrap();
	Balances::mint_into(&OTHER_CONSUMER, amount).unwrap();
}

#[test]
fn dust_of_a_refund_should_go_to_the_treasury_when_the_consumer_cannot_take_it() {
	run(|| {
		offer(DECODER, ALICE, 0, 0);
		let id = a_job().with_fee(EXISTENTIAL_DEPOSIT - 1).submit(CONSUMER).unwrap();
		consumer_without_free_balance();
		run_to(1 + OPEN_PERIOD);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::Unassigned,
				refunded: 0
			}
		);
		assert!(events().contains(&Event::DustToTreasury {
			job: id,
			amount: EXISTENTIAL_DEPOSIT - 1
		}));
		assert_eq!(free(TREASURY), 2 * EXISTENTIAL_DEPOSIT - 1);
		assert_eq!(held(CONSUMER), 0);
	});
}

#[test]
fn dust_of_a_refund_should_be_burned_when_nobody_can_take_it() {
	run(|| {
		offer(DECODER, ALICE, 0, 0);
		let id = a_job().with_fee(EXISTENTIAL_DEPOSIT - 1).submit(CONSUMER).unwrap();
		consumer_without_free_balance();
		empty(TREASURY);
		run_to(1 + OPEN_PERIOD);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::Unassigned,
				refunded: 0
			}
		);
		assert!(events().contains(&Event::DustBurned {
			job: id,
			amount: EXISTENTIAL_DEPOSIT - 1
		}));
		assert_eq!(held(CONSUMER), 0);
	});
}

#[test]
fn final_job_should_lose_nothing_when_its_refund_is_dust() {
	run(|| {
		let id = a_job().with_fee(36).submit(CONSUMER).unwrap();
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[9, 9, 9, 9])))));
		consumer_without_free_balance();
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 30,
				royalty: 1,
				treasury: 3,
				refunded: 0,
				..
			}
		));
		assert!(events().contains(&Event::DustToTreasury { job: id, amount: 2 }));
		assert_eq!(free(TREASURY), EXISTENTIAL_DEPOSIT + 5);
	});
}

#[test]
fn auditors_should_be_paid_out_of_the_operators_share() {
	run(|| {
		Auditors::set(vec![BOB, CHARLIE]);
		let id = a_claimed_job();
		let before = [BOB, CHARLIE].map(free);
		run_to(1 + WINDOW);
		// 34: a tenth for the treasury and for each auditor, a twentieth for the publisher.
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 24,
				royalty: 1,
				treasury: 3,
				audits: 6,
				refunded: 966,
				..
			}
		));
		assert_eq!([BOB, CHARLIE].map(free), before.map(|free| free + 3));
		Auditors::set(vec![]);
	});
}

#[test]
fn auditors_share_should_go_to_the_treasury_when_its_account_cannot_take_it() {
	run(|| {
		empty(CHARLIE);
		Auditors::set(vec![CHARLIE]);
		let id = a_claimed_job();
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 27,
				treasury: 6,
				audits: 0,
				..
			}
		));
		Auditors::set(vec![]);
	});
}

#[test]
fn stakers_should_be_paid_out_of_the_operators_share() {
	run(|| {
		StakersShare::set(Permill::from_percent(20));
		let id = a_claimed_job();
		let before = [ALICE, STAKERS].map(free);
		run_to(1 + WINDOW);
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 30,
				royalty: 1,
				treasury: 3,
				refunded: 966,
				..
			}
		));
		assert_eq!([ALICE, STAKERS].map(free), [before[0] + 24, before[1] + 6]);
		StakersShare::set(Permill::zero());
	});
}

#[test]
fn operator_should_have_its_whole_share_when_nothing_stands_behind_it() {
	run(|| {
		StakersShare::set(Permill::from_percent(20));
		let id = a_claimed_job();
		set_stake(ALICE, 0);
		let before = [ALICE, STAKERS].map(free);
		run_to(1 + WINDOW);
		assert!(matches!(state(id), JobState::Final { paid: 30, .. }));
		assert_eq!([ALICE, STAKERS].map(free), [before[0] + 30, before[1]]);
		StakersShare::set(Permill::zero());
	});
}
