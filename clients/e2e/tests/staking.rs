//! A holder's way through stake: in, out, back again, and what a command refuses.

use anyhow::{Context, Result};
use assay_e2e::{amount, short_stake, until, Assay, Scene, ASY};
use serde_json::{json, Value};
use std::time::Duration;

/// More than a session takes.
const LIMIT: Duration = Duration::from_secs(300);

/// What is held from an account.
fn held(assay: &Assay) -> Result<Value> {
	Ok(assay.ok("account show")?["held"].clone())
}

/// The number in a field.
fn number(document: &Value, field: &str) -> Result<u64> {
	document[field]
		.as_u64()
		.with_context(|| format!("no {field} in {document}"))
}

#[test]
fn a_holder_delegates_unbonds_and_bonds_again() -> Result<()> {
	let scene = Scene::with_chain("dev", short_stake)?;
	let node = scene.development()?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let alice = scene.assay(&node).signing_as("//Alice");
	let before = scene.money(&node)?;
	let pay = |receipt: Value| -> Result<()> {
		assert!(amount(&receipt["fee"])? > 0, "{receipt}");
		Ok(())
	};
	let own = || anyhow::Ok(bob.ok("stake operators")?[0].clone());
	let bond = amount(&own()?["own"])?;
	assert_eq!(own()?["delegated"], json!("0"));
	assert_eq!(bob.ok("stake positions")?, json!([]));

	// In.
	let error = bob.error("stake delegate //Alice 9")?;
	assert!(error.contains("Staking.DelegationBelowMinimum"), "{error}");
	let error = bob.error("stake delegate //Eve 20")?;
	assert!(error.contains("Staking.NotOperator"), "{error}");
	let error = alice.error("stake delegate //Alice 20")?;
	assert!(error.contains("Staking.OwnBond"), "{error}");
	pay(bob.ok("stake delegate //Alice 200")?)?;
	pay(bob.ok("stake extra //Alice 50")?)?;
	let position = || anyhow::Ok(bob.ok("stake positions")?[0].clone());
	assert_eq!(amount(&position()?["stake"])?, 250 * ASY);
	let operator = own()?;
	assert_eq!(amount(&operator["own"])?, bond);
	assert_eq!(amount(&operator["delegated"])?, 250 * ASY);
	assert_eq!(amount(&bob.ok("stake election")?[0]["stake"])?, bond + 250 * ASY);

	// Out, in part.
	let error = bob.error("stake unbond //Alice 245")?;
	assert!(error.contains("Staking.RemainderBelowMinimum"), "{error}");
	pay(bob.ok("stake unbond //Alice 60")?)?;
	let shown = position()?;
	let rules = bob.ok("stake parameters")?;
	assert_eq!(amount(&shown["stake"])?, 190 * ASY);
	assert_eq!(amount(&shown["unbonding"][0]["amount"])?, 60 * ASY);
	let free_from = number(&shown["unbonding"][0], "free_from")?;
	let best = u64::from(node.rpc().best()?);
	let longest = number(&rules, "unbonding_period")? + number(&rules, "period")?;
	assert!(free_from > best && free_from <= best + longest, "{free_from} at {best}");
	let sums = bob.ok("stake balance")?;
	assert_eq!(amount(&sums["unbonding"])?, 60 * ASY);
	assert_eq!(sums["withdrawable"], json!("0"));
	assert_eq!(number(&sums, "next_unlock")?, free_from);
	// Held as long as it waits.
	assert_eq!(scene.money(&node)?.held("//Bob"), 250 * ASY);
	let withdrawn = bob.error("stake withdraw //Alice")?;
	assert!(
		withdrawn.contains("Staking.StillUnbonding: The unbonding period is not over."),
		"{withdrawn}"
	);

	// Back.
	pay(bob.ok("stake rebond //Alice 20")?)?;
	let shown = position()?;
	assert_eq!(amount(&shown["stake"])?, 210 * ASY);
	assert_eq!(amount(&shown["unbonding"][0]["amount"])?, 40 * ASY);
	pay(bob.ok("stake rebond //Alice")?)?;
	let shown = position()?;
	assert_eq!((amount(&shown["stake"])?, &shown["unbonding"]), (250 * ASY, &json!([])));
	let error = bob.error("stake rebond //Alice")?;
	assert!(error.contains("Staking.NothingUnbonding"), "{error}");

	// What blocks earn, after the session.
	let earned = until("blocks to have earned something", LIMIT, || {
		let earned = amount(&position()?["pending_rewards"])?;
		Ok((earned > 0).then_some(earned))
	})?;
	let free = scene.money(&node)?.free("//Bob");
	let receipt = bob.ok("stake claim //Alice")?;
	let fee = amount(&receipt["fee"])?;
	pay(receipt)?;
	let claimed = scene.money(&node)?.free("//Bob") + fee - free;
	assert!(claimed >= earned, "{claimed} of {earned}");
	assert!(!own()?["returns"].as_array().context("returns are listed")?.is_empty());

	// What an operator says of itself, and what it keeps.
	alice.ok("operator identity Alice")?;
	alice.ok("operator commission 7.5%")?;
	let shown = own()?;
	assert_eq!(shown["identity"], json!("Alice"));
	assert_eq!(shown["commission_rise"]["rate"], json!("7.5%"));

	// To another operator at once, and rewards into the stake.
	let charlie = scene.assay(&node).signing_as("//Charlie");
	charlie.ok("operator register --worker-suri //Charlie --bond 1000")?;
	pay(bob.ok("stake redelegate //Alice //Charlie 50")?)?;
	let moved = |operator: &Assay| anyhow::Ok(operator.ok("stake operator //Charlie")?["delegated"].clone());
	assert_eq!(amount(&moved(&bob)?)?, 50 * ASY);
	let error = bob.error("stake unbond //Charlie")?;
	assert!(error.contains("Staking.StillExposed"), "{error}");
	pay(bob.ok("stake compound //Alice on")?)?;
	until("rewards to be compounded", LIMIT, || {
		charlie.ok("stake settle //Alice //Bob")?;
		Ok((amount(&held(&bob)?)? > 250 * ASY).then_some(()))
	})?;
	pay(bob.ok("stake compound //Alice off")?)?;

	// What an application reads is the same.
	let bobs = bob.ok("account show")?["account"].clone();
	let rpc = node.rpc().call("staking_positions", json!([bobs]))?;
	let stakes = |positions: &Value| -> Vec<_> {
		let positions = positions.as_array().into_iter().flatten();
		positions
			.map(|of| (of["operator"].clone(), of["unbonding"].clone()))
			.collect()
	};
	assert_eq!(stakes(&rpc), stakes(&bob.ok("stake positions")?));
	assert_eq!(stakes(&rpc).len(), 2);
	let rpc = node.rpc().call("staking_operators", json!([]))?;
	assert_eq!(rpc[0]["delegated"], own()?["delegated"]);

	// Sent away by the operator, and out for good.
	alice.ok("operator kick //Bob")?;
	until("what left to be free", LIMIT, || {
		let sums = bob.ok("stake balance")?;
		Ok((amount(&sums["withdrawable"])? > 0).then_some(()))
	})?;
	let held_before = amount(&held(&bob)?)?;
	let free_before = scene.money(&node)?.free("//Bob");
	let receipt = bob.ok("stake withdraw //Alice")?;
	let fee = amount(&receipt["fee"])?;
	pay(receipt)?;
	let after = scene.money(&node)?;
	assert_eq!(after.held("//Bob"), 50 * ASY);
	assert_eq!(after.free("//Bob"), free_before + held_before - 50 * ASY - fee);
	assert_eq!(after.held("//Alice"), before.held("//Alice"));
	scene.end()
}
