//! Two validators.

use anyhow::Result;
use assay_e2e::{until, Node, Scene};
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn two_validators_finalise_and_both_see_a_job() -> Result<()> {
	let scene = Scene::new()?;
	let chain = scene.two_validators()?;
	let arguments = format!(
		"--chain {} --force-authoring --unsafe-force-node-key-generation",
		chain.display()
	);
	let alice = Node::start(&scene.binaries, scene.options("alice", &format!("{arguments} --alice")))?;
	let others = format!("{arguments} --bob --worker off --bootnodes {}", alice.bootnode()?);
	let bob = Node::start(&scene.binaries, scene.options("bob", &others))?;
	let finalise = |node: &Node, number: u32| {
		until(&format!("block {number} to be final"), LIMIT, || {
			Ok((node.rpc().finalized()? >= number).then_some(()))
		})
	};
	finalise(&alice, 2)?;
	finalise(&bob, 2)?;
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
	finalise(&alice, height)?;
	finalise(&bob, height)?;
	assert_eq!(alice.rpc().block_hash(height)?, bob.rpc().block_hash(height)?);
	scene.end()
}
