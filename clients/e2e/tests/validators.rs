//! Four validators: what they survive, and who may join late.

use anyhow::{bail, Context, Result};
use assay_e2e::{amount, finalised, stalled, until, Assay, Network, Node, Rpc};
use assay_runtime::AccountId;
use codec::Decode;
use frame_support::storage::storage_prefix;
use serde_json::{json, Value};
use std::time::Duration;

/// More blocks than lie between the best and the last final one while finality works.
const MANY: u32 = 10;
/// Nodes that try to warp before that is a failure.
const WARPS: u32 = 8;
/// How long an election may take to have its effect: two sessions, on a busy machine.
const ELECTION: Duration = Duration::from_secs(240);

/// What the session pallet stores at a block, or nothing.
fn session<T: Decode + Default>(rpc: Rpc, entry: &str, block: &Value) -> Result<T> {
	let key = storage_prefix(b"Session", entry.as_bytes());
	let stored = rpc.storage(&key, block)?.map(|stored| T::decode(&mut &stored[..]));
	Ok(stored.transpose()?.unwrap_or_default())
}

/// The validators at a block, in the order of their places.
fn validators(rpc: Rpc, block: &Value) -> Result<Vec<AccountId>> {
	session(rpc, "Validators", block)
}

/// Whether an account is a validator whom the chain does not let make blocks.
fn is_disabled(rpc: Rpc, account: &AccountId) -> Result<bool> {
	let best = rpc.call("chain_getBlockHash", json!([]))?;
	// With each place comes how bad the offence was.
	let disabled: Vec<(u32, u32)> = session(rpc, "DisabledValidators", &best)?;
	let validators = validators(rpc, &best)?;
	let mut accounts = disabled.iter().filter_map(|(place, _)| validators.get(*place as usize));
	Ok(accounts.any(|disabled| disabled == account))
}

/// Who made a block.
fn author(rpc: Rpc, number: u32) -> Result<AccountId> {
	let block = rpc.block_hash(number)?;
	let header = rpc.call("chain_getHeader", json!([block]))?;
	let logs = header["digest"]["logs"].as_array().into_iter().flatten();
	// What comes before execution, from the engine `BABE`: the claim to the slot.
	let claim = logs
		.filter_map(Value::as_str)
		.find_map(|log| log.strip_prefix("0x0642414245"))
		.with_context(|| format!("block {number} has no claim to its slot"))?;
	let claim = Vec::<u8>::decode(&mut &hex::decode(claim)?[..])?;
	// First the kind of the claim, then the author's place.
	let (_, place) = <(u8, u32)>::decode(&mut &claim[..])?;
	let author = validators(rpc, &block)?.into_iter().nth(place as usize);
	author.with_context(|| format!("block {number} is by nobody"))
}

/// The account of a development name.
fn account(assay: &Assay, name: &str) -> Result<AccountId> {
	let shown = assay.ok(&format!("account show {name}"))?;
	Ok(serde_json::from_value(shown["account"].clone())?)
}

/// Waits until an account is a validator, or is none.
fn wait_for_membership(rpc: Rpc, account: &AccountId, member: bool) -> Result<()> {
	let what = format!("{account} to be {} validator", if member { "a" } else { "no" });
	until(&what, ELECTION, || {
		let best = rpc.call("chain_getBlockHash", json!([]))?;
		Ok((validators(rpc, &best)?.contains(account) == member).then_some(()))
	})
}

/// Waits until somebody has made a block.
fn wait_for_a_block_by(rpc: Rpc, account: &AccountId) -> Result<()> {
	let mut seen = rpc.best()?;
	until(&format!("a block by {account}"), ELECTION, || {
		while seen < rpc.best()? {
			seen += 1;
			if author(rpc, seen)? == *account {
				return Ok(Some(()));
			}
		}
		Ok(None)
	})
}

/// One of four may fail: with three finality goes on, with two it stops, and it goes on when the third is back.
fn finality_needs_three(validators: &mut [Node]) -> Result<()> {
	let [alice, bob, charlie, dave] = validators else {
		unreachable!("the network has four validators");
	};
	dave.kill()?;
	let killed = alice.rpc().best()?;
	finalised([&*alice, &*bob, &*charlie], killed + 5)?;

	charlie.kill()?;
	let last = stalled(alice.rpc(), MANY)?;
	let best = alice.rpc().best()?;
	assert!(best >= last + MANY, "{best} is too near {last}");
	assert_eq!(stalled(bob.rpc(), 1)?, last);

	charlie.restart()?;
	finalised([&*alice, &*bob, &*charlie], best + 1)?;
	dave.restart()?;
	finalised([&*dave], best + 1)
}

/// Starts a node that jumps to a final block at this height or above.
///
/// Where that block comes right after one that changed the validators, the import of its state fails: the block before it is
/// known from the proof, those before that are not. The node then syncs as others do, and another one tries another block.
fn warp(network: &Network, head: u32) -> Result<Node> {
	for attempt in 0..WARPS {
		let node = network.join(&format!("fresh-{attempt}"), "--sync warp")?;
		let arrived = until("a new node to warp", ELECTION, || {
			if std::fs::read_to_string(node.log())?.contains("State sync failed") {
				return Ok(Some(false));
			}
			Ok((node.rpc().finalized()? >= head).then_some(true))
		})?;
		if arrived {
			return Ok(node);
		}
		eprintln!("node {attempt} fell back to importing every block");
	}
	bail!("none of {WARPS} nodes warped")
}

/// A new node has the finalised state without the blocks that led to it.
fn warp_syncs(network: &Network) -> Result<()> {
	let alice = network.validators[0].rpc();
	// Finality has caught up with the restarts.
	let head = alice.best()?;
	finalised(&network.validators[..1], head)?;
	let fresh = warp(network, head)?;
	let block = fresh.rpc().call("chain_getFinalizedHead", json!([]))?;
	let copy = fresh.rpc().state("0x", &block)?;
	assert!(copy.len() > 50, "only {} values are stored", copy.len());
	assert_eq!(copy, alice.state("0x", &block)?);

	// Whoever executed the first block has its state, for no node of this network forgets so soon.
	let first = alice.block_hash(1)?;
	alice.state("0x", &first)?;
	let error = format!("{:#}", fresh.rpc().state("0x", &first).unwrap_err());
	assert!(error.contains("4003"), "{error}");
	let log = std::fs::read_to_string(fresh.log())?;
	assert!(log.contains("State sync is complete"));
	Ok(())
}

/// An operator joins with stake and with keys that its own node made, makes a block, and leaves with its stake.
fn joins_and_leaves(network: &Network) -> Result<()> {
	let rpc = network.validators[0].rpc();
	let node = network.join("eve", "--validator --unsafe-force-node-key-generation")?;
	finalised([&node], rpc.finalized()?)?;
	let assay = network.scene.assay(&node).signing_as("//Eve");
	let eve = account(&assay, "//Eve")?;
	let error = assay.error("validator join")?;
	assert!(error.contains("is not an operator"), "{error}");
	assay.ok("operator register --worker-suri //Eve --bond 5000")?;
	let error = assay.error("validator join")?;
	assert!(error.contains("has no session keys"), "{error}");
	assay.ok("validator keys")?;
	assay.ok("validator join")?;
	wait_for_membership(rpc, &eve, true)?;
	wait_for_a_block_by(rpc, &eve)?;

	assay.ok("operator chill")?;
	assay.ok("operator unbond")?;
	wait_for_membership(rpc, &eve, false)?;
	finalised([&node], node.rpc().best()? + 1)
}

/// A second node with Dave's keys makes other blocks in his slots: he loses stake, his say, and his place.
fn equivocator_is_slashed(network: &Network) -> Result<()> {
	let others = &network.validators[..3];
	let rpc = others[0].rpc();
	let assay = network.scene.assay(&others[0]);
	let dave = account(&assay, "//Dave")?;
	let before = assay.ok("stake operator //Dave")?;
	assert_eq!(before["faults"]["equivocations"], json!(0));
	assert!(!is_disabled(rpc, &dave)?);

	let _twin = network.join("twin", "--dave --unsafe-force-node-key-generation")?;
	let after = until("an equivocation to be proved", ELECTION, || {
		let shown = assay.ok("stake operator //Dave")?;
		Ok((shown["faults"]["equivocations"] != json!(0)).then_some(shown))
	})?;
	assert!(amount(&after["own"])? < amount(&before["own"])?, "{after}");
	assert!(is_disabled(rpc, &dave)?);
	let listed = assay.ok("validator list")?;
	let barred = listed
		.as_array()
		.into_iter()
		.flatten()
		.filter(|validator| validator["barred"] == json!(true));
	let barred: Vec<_> = barred.map(|validator| validator["account"].clone()).collect();
	assert_eq!(barred, [json!(dave)]);

	wait_for_membership(rpc, &dave, false)?;
	finalised(others, rpc.best()? + 1)
}

#[test]
fn finality_survives_one_validator_and_a_new_node_warps_to_it() -> Result<()> {
	let mut network = Network::start()?;
	finalised(&network.validators, 3)?;
	let third = network.validators[0].rpc().block_hash(3)?;
	for node in &network.validators {
		assert_eq!(node.rpc().block_hash(3)?, third, "{}", node.options().name);
	}
	finality_needs_three(&mut network.validators)?;
	warp_syncs(&network)?;
	network.scene.end()
}

#[test]
fn validators_join_by_stake_leave_with_it_and_lose_it_when_they_equivocate() -> Result<()> {
	let network = Network::start()?;
	finalised(&network.validators, 1)?;
	joins_and_leaves(&network)?;
	equivocator_is_slashed(&network)?;
	network.scene.end()
}
