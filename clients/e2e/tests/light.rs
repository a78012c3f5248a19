//! Claims that are looked at without their weights: the worker opens positions, and what does not hold is challenged.

use anyhow::{Context, Result};
use assay_adversary::Cheat;
use assay_e2e::{Arena, Node, Scene};
use serde_json::{json, Value};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(120);

/// Submits a job and waits until it is claimed.
fn claimed(scene: &Scene, node: &Node, job: &str) -> Result<String> {
	let bob = scene.assay(node).signing_as("//Bob");
	let submitted = bob.ok(&format!("job submit {job}"))?;
	let id = submitted["job"].to_string();
	scene.wait_for_state(node, &id, &["Claimed"], LIMIT)?;
	Ok(id)
}

/// All parts of an opening, as somebody fetches them who is content with little at a time.
fn parts(node: &Node, job: u64, positions: &[u32]) -> Result<(u64, Vec<u8>)> {
	let mut bytes = Vec::new();
	loop {
		let part = node.rpc().call("provider_open", json!([job, positions, bytes.len()]))?;
		let content = part["content"].as_str().context("a part without content")?;
		let content = hex(content.strip_prefix("0x").context("content in hexadecimal")?)?;
		let all = part["bytes"].as_u64().context("a part that says how many there are")?;
		bytes.extend(content);
		if bytes.len() as u64 >= all {
			return Ok((all, bytes));
		}
	}
}

fn hex(text: &str) -> Result<Vec<u8>> {
	let pairs = (0..text.len())
		.step_by(2)
		.map(|at| Ok(u8::from_str_radix(&text[at..at + 2], 16)?));
	pairs.collect()
}

#[test]
fn what_a_worker_opens_of_its_claims_holds() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let (generator, embedder) = (scene.generator(&node)?, scene.embedder(&node)?);
	let assay = scene.assay(&node);

	// Without a key nothing can be looked at, and nothing is asked of the worker.
	let job = claimed(
		&scene,
		&node,
		&format!("--model {} --tokens 1,2,3 --max-tokens 9 --ignore-stop", generator.id),
	)?;
	let error = assay.error(&format!("verify {job} --light --tell-only"))?;
	assert!(error.contains("make one with `assay audit key`"), "{error}");
	let error = assay.error(&format!("verify {job} --light"))?;
	assert!(error.contains("who signs?") && error.contains("--tell-only"), "{error}");

	for (served, more) in [
		(&generator, "--max-tokens 9 --temperature 1 --seed 5 --ignore-stop"),
		(&embedder, ""),
	] {
		let key = assay.ok(&format!("audit key {}", served.id))?;
		assert!(key["bytes"].as_u64().is_some_and(|bytes| bytes > 1_000), "{key}");
		let job = claimed(&scene, &node, &format!("--model {} --tokens 1,2,3,4 {more}", served.id))?;
		let found = assay.ok(&format!("verify {job} --light --positions 3 --tell-only"))?;
		assert_eq!(found["holds"], json!(true), "{found}");
		assert_eq!(found["positions"].as_array().map(Vec::len), Some(3), "{found}");

		// The same for whoever fetches it by hand, and for whoever opens it on this machine.
		let number: u64 = job.parse()?;
		let (all, bytes) = parts(&node, number, &[0, 2])?;
		assert_eq!(all, bytes.len() as u64);
		let path = scene.folder().join("opening");
		let name = path.to_str().context("a folder with a strange name")?;
		assay.ok(&format!("audit open {job} --positions 2,0 --out {name}"))?;
		assert_eq!(std::fs::read(&path)?, bytes);
		let found = assay.ok(&format!("verify {job} --light --opening {name} --tell-only"))?;
		assert_eq!(
			(&found["holds"], &found["positions"]),
			(&json!(true), &json!([0, 2])),
			"{found}"
		);

		// One bit of it is another: the claim is not challenged for that, for this machine computes it too.
		let mut changed = bytes.clone();
		let middle = changed.len() / 2;
		changed[middle] ^= 1;
		std::fs::write(&path, &changed)?;
		let answer = assay
			.signing_as("//Eve")
			.run(&format!("verify {job} --light --opening {name}"))?;
		assert_eq!(answer.code, 2, "{}", answer.document);
		assert_eq!(answer.document["holds"], json!(false), "{}", answer.document);
		assert_eq!(answer.document["claim_agrees"], json!(true), "{}", answer.document);
	}
	scene.end()
}

#[test]
fn what_a_worker_does_not_open_is_said() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let generator = scene.generator(&node)?;
	let model = format!("--model {} --tokens 1,2,3 --max-tokens 4 --ignore-stop", generator.id);
	let job: u64 = claimed(&scene, &node, &model)?.parse()?;
	let refused = |parameters: Value| node.rpc().error("provider_open", parameters);
	for (parameters, code, words) in [
		(
			json!([job, [], 0]),
			-32602,
			"1 to 16 positions are opened at once, 0 are asked for",
		),
		(
			json!([job, vec![0; 17], 0]),
			-32602,
			"1 to 16 positions are opened at once, 17 are asked for",
		),
		(json!([job, "all", 0]), -32602, "parameter `positions` is \"all\""),
		(json!([job, [6], 0]), 9007, "positions must rise below 6"),
		(json!([job, [2, 1], 0]), 9007, "positions must rise below 6"),
		(json!([job + 100, [0], 0]), 9002, "there is no job"),
		(json!([job, [0], 1_u64 << 40]), -32602, "none at 1099511627776"),
	] {
		let error = refused(parameters.clone())?;
		assert_eq!(error["code"], json!(code), "{parameters}: {error}");
		assert!(
			error["message"].as_str().is_some_and(|text| text.contains(words)),
			"{parameters}: {error}"
		);
	}
	scene.wait_for_state(&node, &job.to_string(), &["Final"], LIMIT)?;
	let error = refused(json!([job, [0], 0]))?;
	assert_eq!(error["code"], json!(9006), "{error}");
	scene.end()
}

#[test]
fn a_claim_that_does_not_hold_is_challenged_and_struck_down() -> Result<()> {
	let arena = Arena::new()?;
	let found = arena.looked_at_lightly(Cheat::SkippedLayer, &[2, 7])?;
	assert_eq!(found["holds"], json!(false), "{found}");
	assert!(
		found["fault"]
			.as_str()
			.is_some_and(|fault| fault.contains("position 2: the residual vector")),
		"{found}"
	);
	assert_eq!(found["claim_agrees"], json!(false), "{found}");
	let ending = &found["challenge"]["ending"];
	assert!(!ending.is_null(), "{found}");
	arena.end()
}
