//! What keys pay: whatever happens between reserving money and the end of a job, in the end
//! a key has paid what the final blocks say, and nothing stays reserved.

use crate::support::{up_to, Bench, Mood, BESIDE, COST, FAILURE, FEE};
use assay_gateway::ledger::Account;
use assay_sdk::H256;
use serde_json::{json, Value};
use std::sync::atomic::Ordering;

const COMPLETIONS: &str = "/v1/completions";
/// More than any test spends.
const PLENTY: u128 = 1_000_000;

fn prompt(prompt: &str) -> Value {
	json!({ "model": "writer", "prompt": prompt, "max_tokens": 3 })
}

fn account(spent: u128, reserved: u128) -> Account {
	Account { spent, reserved }
}

#[tokio::test]
async fn a_key_pays_what_its_job_did_cost_when_it_is_final() {
	let bench = Bench::new(PLENTY);
	bench.post(COMPLETIONS, &prompt("a")).await;
	bench.settle().await;
	assert_eq!(bench.account(1), account(0, COST));
	bench.chain.set(Mood::IsFinal);
	bench.settle().await;
	assert_eq!(bench.account(1), account(FEE + BESIDE, 0));
}

#[tokio::test]
async fn what_was_not_submitted_costs_nothing_and_may_be_tried_again() {
	for (mood, error) in [
		(Mood::IsPoor, (402, json!("account_out_of_money"), Value::Null)),
		(Mood::IsAway, (503, json!("no_node"), Value::Null)),
	] {
		let bench = Bench::new(COST);
		bench.chain.set(mood);
		let refused = bench.post(COMPLETIONS, &prompt("a")).await;
		assert_eq!(refused.error(), error);
		assert!(!refused.headers.contains_key("x-should-retry"));
		assert_eq!(bench.account(1), Account::default());
		bench.chain.set(Mood::Claims);
		assert_eq!(bench.post(COMPLETIONS, &prompt("a")).await.status, 200);
	}
}

#[tokio::test]
async fn what_may_have_been_submitted_is_reserved_until_no_block_can_hold_it() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::GoesAway);
	bench.chain.tells.store(false, Ordering::Relaxed);
	let lost = bench.post(COMPLETIONS, &prompt("a")).await;
	assert_eq!(lost.error(), (503, json!("no_node"), Value::Null));
	assert_eq!(lost.headers["x-should-retry"], "false");
	bench.chain.set(Mood::Claims);
	// Not bought again meanwhile.
	assert_eq!(bench.post(COMPLETIONS, &prompt("a")).await.status, 503);
	bench.settle().await;
	assert_eq!((bench.account(1), bench.chain.count()), (account(0, COST), 0));
	bench.chain.tells.store(true, Ordering::Relaxed);
	bench.settle().await;
	assert_eq!(bench.account(1), Account::default());
}

#[tokio::test]
async fn a_job_that_nobody_heard_of_is_found_in_its_block_and_paid() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::GoesAwayWithIt);
	assert_eq!(bench.post(COMPLETIONS, &prompt("a")).await.status, 503);
	assert_eq!((bench.account(1), bench.chain.count()), (account(0, COST), 1));
	bench.chain.set(Mood::IsFinal);
	bench.settle().await;
	assert_eq!(bench.account(1), account(FEE + BESIDE, 0));
}

#[tokio::test]
async fn a_gateway_that_was_killed_settles_what_it_left() {
	for (mood, expected) in [
		(Mood::GoesAway, Account::default()),
		(Mood::GoesAwayWithIt, account(FEE + BESIDE, 0)),
		(Mood::Claims, account(FEE + BESIDE, 0)),
	] {
		let bench = Bench::new(PLENTY);
		bench.chain.set(mood);
		bench.post(COMPLETIONS, &prompt("a")).await;
		let bench = bench.killed();
		assert_eq!(bench.account(1), account(0, COST), "{mood:?}");
		bench.chain.set(Mood::IsFinal);
		bench.settle().await;
		assert_eq!(bench.account(1), expected, "{mood:?}");
	}
}

#[tokio::test]
async fn a_transaction_that_fails_costs_its_fee() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::Fails);
	let failed = bench.post(COMPLETIONS, &prompt("a")).await;
	assert_eq!(failed.error(), (503, json!("not_submitted"), Value::Null));
	bench.settle().await;
	assert_eq!(bench.account(1), account(FAILURE, 0));
	let metrics = bench.metrics().await;
	assert!(
		metrics.contains(&format!("assay_gateway_spent_units_total {FAILURE}\n")),
		"{metrics}"
	);
}

#[tokio::test]
async fn where_the_node_has_forgotten_a_block_what_was_seen_of_it_counts() {
	for (block, expected) in [(H256([8; 32]), FEE + BESIDE), (H256([9; 32]), COST)] {
		let bench = Bench::new(PLENTY);
		bench.post(COMPLETIONS, &prompt("a")).await;
		bench.chain.discards(block);
		bench.chain.set(Mood::IsFinal);
		bench.settle().await;
		assert_eq!(bench.account(1), account(expected, 0));
	}
}

#[tokio::test]
async fn a_limit_that_is_raised_or_lowered_counts_from_the_next_request_on() {
	let bench = Bench::new(COST);
	let ask = async |text| bench.post(COMPLETIONS, &prompt(text)).await.status.as_u16();
	assert_eq!((ask("a").await, ask("b").await), (200, 402));
	bench.change(up_to(2 * COST));
	assert_eq!((ask("b").await, ask("c").await), (200, 402));
	bench.change(up_to(COST));
	assert_eq!(ask("c").await, 402);
	assert_eq!(bench.account(1), account(0, 2 * COST));
}
