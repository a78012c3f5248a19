//! The worker's node dies at the worst moment.

use anyhow::Result;
use assay_e2e::{amount, at_once, shares, slow_generator, until, Node, Scene, PRICE, ROYALTY};
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(180);

/// Waits until a node's log has a line that contains all of some words.
fn wait_for_log(node: &Node, words: &[&str]) -> Result<()> {
	until(
		&format!("the log of {} to say {words:?}", node.options().name),
		LIMIT,
		|| {
			let log = std::fs::read(node.log())?;
			let log = String::from_utf8_lossy(&log);
			Ok(log
				.lines()
				.any(|line| words.iter().all(|word| line.contains(word)))
				.then_some(()))
		},
	)
}

#[test]
fn a_killed_worker_neither_loses_nor_repeats_a_job() -> Result<()> {
	let scene = Scene::new()?;
	std::fs::create_dir_all(scene.models())?;
	// The validator goes on while the worker, another node with Alice's worker key, is dead.
	let validator = Node::start(&scene.binaries, scene.options("validator", "--dev --worker off"))?;
	let arguments = "--worker on --worker-cores 1 --offchain-worker always --bootnodes";
	let options = scene.options("worker", &format!("{arguments} {}", validator.bootnode()?));
	Node::insert_worker_key(&scene.binaries, &options.base, "dev", "//Alice")?;
	let mut worker = Node::start(&scene.binaries, options)?;
	let artifact = slow_generator(&scene.models())?;
	let served = scene.register(&validator, &artifact)?;
	scene.serve(&validator, &served, 1)?;

	let before = scene.money(&validator)?;
	let bob = scene.assay(&validator).signing_as("//Bob");
	let submitted = bob.ok(&format!(
		"job submit --model {} --tokens 1,2,3 --max-tokens 160 --ignore-stop",
		served.id
	))?;
	let job = submitted["job"].to_string();
	wait_for_log(&worker, &[&format!("job {job} attempt 0: started")])?;
	worker.kill()?;
	let dead_at = validator.rpc().best()?;
	let shown = bob.ok(&format!("job show {job}"))?;
	assert_eq!(
		shown["state"],
		json!("Assigned"),
		"the job was over before the worker could be killed"
	);
	until("blocks without the worker", LIMIT, || {
		Ok((validator.rpc().best()? >= dead_at + 2).then_some(()))
	})?;
	worker.restart()?;

	let done = bob.ok(&format!("job watch {job}"))?;
	assert_eq!(done["job"]["state"], json!("Final"));
	assert_eq!(done["job"]["attempt"], json!(0));
	let states: Vec<_> = done["changes"]
		.as_array()
		.into_iter()
		.flatten()
		.map(|change| change["state"].clone())
		.collect();
	assert_eq!(
		states,
		["Open", "Assigned", "Claimed", "Final"].map(|state| json!(state))
	);
	assert_eq!(bob.ok(&format!("verify {job}"))?["agrees"], json!(true));

	let fee = u128::from(artifact.program().units(3, 160).0) * PRICE;
	let (operator, royalty, _) = shares(fee, ROYALTY);
	let after = scene.money(&validator)?;
	assert_eq!(after.free("//Alice"), before.free("//Alice") + at_once(operator));
	assert_eq!(after.held("//Alice"), before.held("//Alice"));
	assert_eq!(after.free("//Charlie"), before.free("//Charlie") + royalty);
	let transaction = amount(&submitted["receipt"]["fee"])? + amount(&submitted["room"])?;
	assert_eq!(after.total("//Bob"), before.total("//Bob") - fee - transaction);
	assert_eq!(bob.ok("job list --mine")?.as_array().map(Vec::len), Some(1));
	scene.end()
}
