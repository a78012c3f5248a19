//! The gateway, asked by OpenAI's own client: what it answers, what that costs, and where it can be verified.

use anyhow::{Context, Result};
use assay_e2e::{minilm, until, Document, Gateway, Node, Python, Scene, Served, GLOSSARY};
use assay_sdk::Amount;
use serde_json::Value;
use std::{path::Path, time::Duration};

/// How long jobs may take to be final.
const LIMIT: Duration = Duration::from_secs(180);
const GENERATOR: &str = "glossary-2m";
const EMBEDDER: &str = "all-MiniLM-L6-v2";

/// A model of the demo under its name, served by Alice.
fn serve(scene: &Scene, node: &Node, folder: &Path, name: &str) -> Result<()> {
	let alice = scene.assay(node).signing_as("//Alice");
	let imported = alice.ok(&format!("model import {} --as {name}", folder.display()))?;
	let artifact = imported["artifact"].as_str().context("an import without an artifact")?;
	let registered = alice.ok(&format!("model register {artifact} --name {name} --licence CC0-1.0"))?;
	let served = Served {
		id: registered["id"]
			.as_str()
			.context("a registration without an id")?
			.into(),
		artifact: artifact.into(),
	};
	scene.serve(node, &served, 8)
}

/// All that Bob has, in smallest units.
fn money(scene: &Scene, node: &Node) -> Result<u128> {
	let shown = scene.assay(node).ok("account show //Bob")?;
	let amount = |name: &str| -> Result<u128> { Ok(shown[name].as_str().context("no amount")?.parse()?) };
	Ok(amount("free")? + amount("held")?)
}

/// An amount as `key list` shows it, in smallest units.
fn amount(keys: &str, name: &str) -> Result<u128> {
	let (_, rest) = keys.split_once(name).with_context(|| format!("no {name} in {keys}"))?;
	let (amount, _) = rest.trim_start().split_once(" ASY").context("no amount")?;
	Ok(amount.parse::<Amount>()?.0)
}

#[test]
fn openais_client_gets_answers_that_are_jobs() -> Result<()> {
	let python = Python::new()?;
	let scene = Scene::quick()?;
	let node = scene.development()?;
	serve(&scene, &node, Path::new(GLOSSARY), GENERATOR)?;
	serve(&scene, &node, &minilm()?, EMBEDDER)?;
	let books = scene.folder().join("gateway");
	std::fs::create_dir(&books)?;
	let start = || Gateway::start(&scene.binaries, &books, &node.url(), &scene.models());
	let error = start().err().context("a gateway without a key starts")?.to_string();
	assert!(error.contains("there is no API key"), "{error}");
	let key = Gateway::key(&scene.binaries, &books, "tester", "20")?;
	let mut gateway = start()?;
	let before = money(&scene, &node)?;

	let printed = python.run("gateway.py", &[GENERATOR, EMBEDDER], gateway.url(), &key)?;
	let printed: Value = serde_json::from_str(&printed)?;
	let jobs = printed["jobs"].as_array().context("no jobs")?;
	assert_eq!(jobs.len(), 6, "{printed}");
	let bob = scene.assay(&node).signing_as("//Bob");
	for job in jobs {
		bob.ok(&format!("verify {job}"))?;
	}
	// The program that the page shows.
	let page = Document::of_the_repository("docs/dapps.md")?;
	let printed = python.run_source(page.block("gateway-example", "python")?, &[], gateway.url(), &key)?;
	assert!(printed.contains("'state': 'claimed'"), "{printed}");

	// Killed while charges are open, it settles them when it is back; the key pays what Bob has paid, to the smallest unit.
	gateway.kill()?;
	let gateway = start()?;
	let keys = until("all charges to be settled", LIMIT, || {
		let keys = gateway.keys()?;
		Ok((amount(&keys, "reserved")? == 0).then_some(keys))
	})?;
	assert_eq!(amount(&keys, "spent")?, before - money(&scene, &node)?, "{keys}");
	scene.end()
}
