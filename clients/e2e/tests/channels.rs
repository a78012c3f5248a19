//! Answers in real time: OpenAI's client, a gateway with channels, and a node that answers through them, settles, and reveals what is drawn.

use anyhow::{ensure, Context, Result};
use assay_e2e::{until, Gateway, Node, Python, Scene, Served};
use assay_sdk::Amount;
use serde_json::{json, Value};
use std::{path::PathBuf, time::Duration};

/// How long a channel may take to be opened, a batch to be settled, and a draw to be answered.
const LIMIT: Duration = Duration::from_secs(180);

/// A node that answers through channels, and a gateway that uses them.
struct Stand {
	scene: Scene,
	node: Node,
	served: Served,
	gateway: Gateway,
	key: String,
	python: Python,
	/// Chats so far: each is about something else, so that none is shared.
	asked: u32,
}

impl Stand {
	fn new() -> Result<Self> {
		let python = Python::new()?;
		let scene = Scene::quick()?;
		let node = Node::start(
			&scene.binaries,
			scene.options("alice", "--dev --endpoint-addr 127.0.0.1:0"),
		)?;
		let served = scene.glossary(&node)?;
		let alice = scene.assay(&node).signing_as("//Alice");
		let error = alice.error("operator endpoint http://127.0.0.1:1")?;
		ensure!(error.contains("https"), "{error}");
		announce(&scene, &node)?;
		std::fs::create_dir(books(&scene))?;
		let key = Gateway::key(&scene.binaries, &books(&scene), "tester", "50")?;
		let gateway = gateway(&scene, &node)?;
		Ok(Self {
			scene,
			node,
			served,
			gateway,
			key,
			python,
			asked: 0,
		})
	}

	/// Two streamed answers, as the client has them.
	fn ask(&mut self) -> Result<Vec<Value>> {
		self.asked += 1;
		let topic = format!("word {}", self.asked);
		let printed = self
			.python
			.run("stream.py", &[&self.served.id, &topic], self.gateway.url(), &self.key)?;
		Ok(serde_json::from_str(&printed)?)
	}

	/// Asks until answers come through the channel, and returns those.
	fn ask_on_line(&mut self) -> Result<Vec<Value>> {
		until("answers to come through a channel", LIMIT, || {
			let answers = self.ask()?;
			let on_line = answers
				.iter()
				.all(|answer| answer["verification"]["channel"].is_string());
			Ok(on_line.then_some(answers))
		})
	}

	/// What the gateway has of its key: `spent` or `reserved`.
	fn amount(&self, name: &str) -> Result<u128> {
		let keys = self.gateway.keys()?;
		let (_, rest) = keys.split_once(name).with_context(|| format!("no {name} in {keys}"))?;
		let (amount, _) = rest.trim_start().split_once(" ASY").context("no amount")?;
		Ok(amount.parse::<Amount>()?.0)
	}

	/// The only channel.
	fn channel(&self) -> Result<Value> {
		let listed = self.scene.assay(&self.node).ok("channel list //Bob")?;
		let [channel] = &listed.as_array().context("no channels")?[..] else {
			anyhow::bail!("not one channel: {listed}");
		};
		Ok(channel.clone())
	}
}

fn books(scene: &Scene) -> PathBuf {
	scene.folder().join("gateway")
}

fn gateway(scene: &Scene, node: &Node) -> Result<Gateway> {
	let arguments = ["--channels", "20"];
	Gateway::start_with(&scene.binaries, &books(scene), &node.url(), &scene.models(), &arguments)
}

/// Says on the chain where the node answers.
fn announce(scene: &Scene, node: &Node) -> Result<()> {
	let status = node.rpc().call("provider_status", json!([]))?;
	let address = status["endpoint"]["address"].as_str().context("no endpoint")?;
	let alice = scene.assay(node).signing_as("//Alice");
	alice.ok(&format!("operator endpoint https://{address}"))?;
	let shown = alice.ok("operator node")?;
	ensure!(shown["endpoint"] == status["endpoint"], "{shown}");
	Ok(())
}

fn fee(answer: &Value) -> Result<u128> {
	let fee = answer["verification"]["fee"]
		.as_str()
		.context("an answer without a fee")?;
	Ok(fee.parse()?)
}

#[test]
fn answers_stream_through_a_channel_and_are_settled_and_revealed_as_one_job() -> Result<()> {
	let mut stand = Stand::new()?;
	let first = stand.ask()?;
	ensure!(first.iter().all(|answer| answer["parts"] != json!(0)), "{first:?}");
	// The first answers are jobs, until the channel is open.
	until("the jobs to be settled", LIMIT, || {
		Ok((stand.amount("reserved")? == 0).then_some(()))
	})?;
	let mut fees = 0;
	let mut answers = stand.ask_on_line()?;
	let known = stand.channel()?["id"].clone();
	let job = until("a batch to be settled", LIMIT, || {
		for answer in &answers {
			ensure!(answer["verification"]["channel"] == known, "{answer}");
			ensure!(answer["parts"].as_u64() > Some(1), "{answer}");
			fees += fee(answer)?;
		}
		answers = stand.ask()?;
		let jobs = stand.scene.assay(&stand.node).ok("job list --limit 100")?;
		let jobs = jobs.as_array().context("no jobs")?;
		let is_batch = |job: &&Value| job["named_operator"].is_string();
		Ok(jobs.iter().find(is_batch).map(|job| job["id"].clone()))
	})?;
	// An operator without a record is looked at each time: the node reveals the receipt that was drawn, by itself.
	let settled = stand
		.scene
		.wait_for_state(&stand.node, &job.to_string(), &["Final", "Refunded"], LIMIT)?;
	ensure!(settled["state"] == json!("Final"), "{settled}");
	let audit = stand.scene.assay(&stand.node).ok(&format!("audit show {job}"))?;
	ensure!(!audit.to_string().contains("absent"), "{audit}");
	ensure!(stand.amount("spent")? >= fees, "{}", stand.gateway.keys()?);
	// What is told of an answer is what the chain takes if it is wrong.
	let verification = &answers[0]["verification"];
	let url = format!(
		"{}{}",
		stand.gateway.url(),
		verification["url"].as_str().context("no address")?
	);
	let told = stand
		.python
		.run_source(VERIFICATION, &[&url], stand.gateway.url(), &stand.key)?;
	let told: Value = serde_json::from_str(&told)?;
	ensure!(told["request"] == verification["request"], "{told}");
	ensure!(told["revealed"].as_str().is_some_and(|text| text.len() > 200), "{told}");
	stand.scene.end()
}

const VERIFICATION: &str = r#"
import os, sys, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})
print(urllib.request.urlopen(asked).read().decode())
"#;

#[test]
fn channels_survive_that_node_and_gateway_are_killed() -> Result<()> {
	let mut stand = Stand::new()?;
	stand.ask_on_line()?;
	let channel = stand.channel()?["id"].clone();
	stand.gateway.restart()?;
	let answers = stand.ask_on_line()?;
	ensure!(answers[0]["verification"]["channel"] == channel, "{answers:?}");
	stand.node.kill()?;
	stand.node.restart()?;
	// It listens elsewhere now, with the same key.
	announce(&stand.scene, &stand.node)?;
	drop(stand.gateway);
	stand.gateway = gateway(&stand.scene, &stand.node)?;
	let answers = stand.ask_on_line()?;
	ensure!(answers[0]["verification"]["channel"] == channel, "{answers:?}");
	until("all charges to be settled", LIMIT, || {
		Ok((stand.amount("reserved")? == 0).then_some(()))
	})?;
	stand.scene.end()
}
