//! Four validators: what they survive, and who may join late.

use anyhow::{Context, Result};
use assay_e2e::{finalised, stalled, Network, Node, Rpc};
use serde_json::{json, Value};

/// More blocks than lie between the best and the last final one while finality works.
const MANY: u32 = 10;

/// Everything that is stored at a block.
fn state(rpc: Rpc, block: &Value) -> Result<Value> {
	let keys = rpc.call("state_getKeysPaged", json!(["0x", 1_000, null, block]))?;
	rpc.call("state_queryStorageAt", json!([keys, block]))
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

/// A new node has the finalised state without the blocks that led to it.
fn warp_syncs(network: &Network) -> Result<()> {
	let alice = network.validators[0].rpc();
	let head = alice.finalized()?;
	let fresh = network.join("fresh", "--sync warp")?;
	finalised([&fresh], head)?;
	let block = fresh.rpc().call("chain_getFinalizedHead", json!([]))?;
	let copy = state(fresh.rpc(), &block)?;
	let stored = copy[0]["changes"].as_array().context("no state")?.len();
	assert!(stored > 50, "only {stored} values are stored");
	assert_eq!(copy, state(alice, &block)?);

	// Whoever executed the first block has its state, for no node of this network forgets so soon.
	let first = alice.block_hash(1)?;
	state(alice, &first)?;
	let error = format!("{:#}", state(fresh.rpc(), &first).unwrap_err());
	assert!(error.contains("4003"), "{error}");
	let log = std::fs::read_to_string(fresh.log())?;
	assert!(log.contains("State sync is complete"));
	Ok(())
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
