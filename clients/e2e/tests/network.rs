//! Two validators.

use anyhow::{Context, Result};
use assay_e2e::{export_chain, finalised, Binaries, Node, Scene};
use serde_json::json;
use std::{path::PathBuf, time::Duration};

const LIMIT: Duration = Duration::from_secs(180);

/// The development chain with Bob as a second validator, so that finality needs both.
fn two_validators(scene: &Scene, binaries: &Binaries) -> Result<PathBuf> {
	let bob = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
	let finality = "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E";
	let path = scene.folder().join("two-validators.json");
	export_chain(binaries, "dev", &path, |genesis| {
		let keys = genesis["session"]["keys"].as_array_mut();
		keys.context("the chain has no validators")?
			.push(json!([bob, bob, { "babe": bob, "grandpa": finality }]));
		Ok(())
	})?;
	Ok(path)
}

#[test]
fn two_validators_finalise_and_both_see_a_job() -> Result<()> {
	let scene = Scene::new()?;
	let chain = two_validators(&scene, &scene.binaries)?;
	let arguments = format!(
		"--chain {} --force-authoring --unsafe-force-node-key-generation",
		chain.display()
	);
	let alice = Node::start(&scene.binaries, scene.options("alice", &format!("{arguments} --alice")))?;
	let others = format!("{arguments} --bob --worker off --bootnodes {}", alice.bootnode()?);
	let bob = Node::start(&scene.binaries, scene.options("bob", &others))?;
	finalised([&alice, &bob], 2)?;
	assert_eq!(alice.rpc().block_hash(2)?, bob.rpc().block_hash(2)?);

	let served = scene.generator(&alice)?;
	// Bob's node takes the job, Alice's runs it, and both tell of its end from final blocks.
	let through_bob = scene.assay(&bob).signing_as("//Eve");
	let job = format!(
		"job submit --model {} --tokens 1,2,3 --max-tokens 8 --watch --finalized",
		served.id
	);
	let done = through_bob.ok(&job)?;
	assert_eq!(done["job"]["state"], json!("Final"));
	let job = done["job"]["id"].to_string();
	let at_alice = scene.wait_for_state(&alice, &job, &["Final"], LIMIT)?;
	let at_bob = scene.wait_for_state(&bob, &job, &["Final"], LIMIT)?;
	assert_eq!(at_alice, at_bob);
	let height = alice.rpc().best()?;
	finalised([&alice, &bob], height)?;
	assert_eq!(alice.rpc().block_hash(height)?, bob.rpc().block_hash(height)?);
	scene.end()
}
