//! Two validators.

use anyhow::Result;
use assay_e2e::{finalised, Node, Scene};
use serde_json::{json, Value};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(180);

/// Makes Bob a second validator, so that finality needs both.
fn two_validators(genesis: &mut Value) {
	let bob = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
	let finality = "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E";
	let keys = genesis["session"]["keys"].as_array_mut();
	let keys = keys.expect("the chain has validators");
	keys.push(json!([bob, bob, { "babe": bob, "grandpa": finality, "authority_discovery": bob }]));
}

#[test]
fn two_validators_finalise_and_both_see_a_job() -> Result<()> {
	let scene = Scene::with_chain("dev", two_validators)?;
	let arguments = "--force-authoring --unsafe-force-node-key-generation";
	let alice = Node::start(&scene.binaries, scene.options("alice", &format!("{arguments} --alice")))?;
	let others = format!("{arguments} --bob --worker off --bootnodes {}", alice.bootnode()?);
	let bob = Node::start(&scene.binaries, scene.options("bob", &others))?;
	finalised([&alice, &bob], 2)?;
	assert_eq!(alice.rpc().block_hash(2)?, bob.rpc().block_hash(2)?);
	let checkpoint = scene.folder().join("checkpoint.json");
	let authorities = scene.assay(&bob).ok("receipt checkpoint")?;
	assert_eq!(authorities["authorities"].as_array().map(Vec::len), Some(2));
	std::fs::write(&checkpoint, authorities.to_string())?;

	let served = scene.generator(&alice)?;
	// Bob's node may be a block behind.
	scene.wait_until_listed(&bob, &served)?;
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

	// Either node proves it to whoever has trusted the other.
	for node in [&alice, &bob] {
		let file = scene.folder().join(format!("{}.receipt", node.options().name));
		let trusted = format!("--checkpoint {}", checkpoint.display());
		let assay = scene.assay(node);
		assay.ok(&format!("receipt get {job} --out {} {trusted}", file.display()))?;
		let proved = assay.ok(&format!("receipt verify {} {trusted}", file.display()))?;
		assert_eq!(proved["job"]["claim"], done["job"]["claim"]);
	}
	scene.end()
}
