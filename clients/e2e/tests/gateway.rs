//! The gateway, asked by the clients that its users have: what it answers, what that costs, and where it can be verified.

use anyhow::{ensure, Context, Result};
use assay_e2e::{minilm, until, Document, Gateway, JavaScript, Node, Python, Rust, Scene, Served, GLOSSARY};
use assay_sdk::Amount;
use serde_json::Value;
use std::{path::Path, time::Duration};

/// How long jobs may take to be final.
const LIMIT: Duration = Duration::from_secs(180);
const GENERATOR: &str = "glossary-2m";
const EMBEDDER: &str = "all-MiniLM-L6-v2";

/// A chain with two models of the demo, served by Alice, and a gateway with one key.
struct Stand {
	scene: Scene,
	node: Node,
	gateway: Gateway,
	key: String,
	/// What Bob had before anybody asked, in smallest units.
	before: u128,
}

impl Stand {
	fn new() -> Result<Self> {
		let scene = Scene::quick()?;
		let node = scene.development()?;
		serve(&scene, &node, Path::new(GLOSSARY), GENERATOR)?;
		serve(&scene, &node, &minilm()?, EMBEDDER)?;
		let books = scene.folder().join("gateway");
		std::fs::create_dir(&books)?;
		let start = || Gateway::start(&scene.binaries, &books, &node.url(), &scene.models());
		let error = start().err().context("a gateway without a key starts")?.to_string();
		ensure!(error.contains("there is no API key"), "{error}");
		let key = Gateway::key(&scene.binaries, &books, "tester", "20")?;
		Ok(Self {
			gateway: start()?,
			before: money(&scene, &node)?,
			scene,
			node,
			key,
		})
	}

	/// Checks jobs that a client has printed: running them again gives the same bits.
	fn verify(&self, printed: &str, count: usize) -> Result<()> {
		let printed: Value = serde_json::from_str(printed)?;
		let jobs = printed["jobs"].as_array().context("no jobs")?;
		ensure!(jobs.len() == count, "{printed}");
		let bob = self.scene.assay(&self.node).signing_as("//Bob");
		for job in jobs {
			bob.ok(&format!("verify {job}"))?;
		}
		Ok(())
	}

	/// Waits until the key has paid for all it bought: as much as Bob has, to the smallest unit.
	fn end(self) -> Result<()> {
		let keys = until("all charges to be settled", LIMIT, || {
			let keys = self.gateway.keys()?;
			Ok((amount(&keys, "reserved")? == 0).then_some(keys))
		})?;
		let metrics = self.gateway.metrics()?;
		ensure!(metrics.contains("\nassay_gateway_charges_open 0\n"), "{metrics}");
		let spent = self.before - money(&self.scene, &self.node)?;
		ensure!(
			spent > 0 && amount(&keys, "spent")? == spent,
			"Bob has spent {spent}: {keys}"
		);
		self.scene.end()
	}
}

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
	let mut stand = Stand::new()?;
	let (url, key) = (stand.gateway.url(), &stand.key);
	let printed = python.run("gateway.py", &[GENERATOR, EMBEDDER], url, key)?;
	stand.verify(&printed, 6)?;
	// The program that the page shows.
	let page = Document::of_the_repository("docs/dapps.md")?;
	let printed = python.run_source(page.block("gateway-example", "python")?, &[], url, key)?;
	assert!(printed.contains("'state': 'claimed'"), "{printed}");
	// Killed while charges are open, it settles them when it is back.
	stand.gateway.restart()?;
	stand.end()
}

#[test]
fn openais_client_for_node_js_gets_the_same_as_every_other() -> Result<()> {
	let javascript = JavaScript::new()?;
	let stand = Stand::new()?;
	let printed = javascript.run("client.mjs", &[GENERATOR, EMBEDDER], stand.gateway.url(), &stand.key)?;
	stand.verify(&printed, 4)?;
	stand.end()
}

#[test]
fn langchain_chats_and_embeds_with_the_classes_it_has_for_openai() -> Result<()> {
	let python = Python::new()?;
	let stand = Stand::new()?;
	let printed = python.run("langchain.py", &[GENERATOR, EMBEDDER], stand.gateway.url(), &stand.key)?;
	stand.verify(&printed, 2)?;
	stand.end()
}

#[test]
fn async_openai_which_reads_answers_most_strictly_reads_them_all() -> Result<()> {
	let rust = Rust::new()?;
	let stand = Stand::new()?;
	let printed = rust.run(&[GENERATOR, EMBEDDER], stand.gateway.url(), &stand.key)?;
	stand.verify(&printed, 2)?;
	stand.end()
}

#[test]
fn a_gateway_that_is_killed_while_it_buys_charges_what_is_bought_and_nothing_else() -> Result<()> {
	let python = Python::new()?;
	let mut stand = Stand::new()?;
	// Before anything is signed for its charges, before it hears of their transactions, and before it settles them.
	let moments = [("reserved", ""), ("stage", "\"seen\":null"), ("stage", "\"seen\":{")];
	for (moment, (kind, mark)) in moments.into_iter().enumerate() {
		let kind = format!("{{\"line\":\"{kind}\"");
		let round = moment.to_string();
		let asked = python.start("burst.py", &[GENERATOR, &round], stand.gateway.url(), &stand.key)?;
		until("the gateway to be in the middle of it", LIMIT, || {
			let ledger = stand.gateway.ledger()?;
			let reached = ledger
				.lines()
				.any(|line| line.starts_with(&kind) && line.contains(mark));
			Ok(reached.then_some(()))
		})?;
		stand.gateway.restart()?;
		// Its clients lose their connections, and that is all they are to lose.
		drop(asked);
	}
	stand.end()
}
