//! The arena: three nodes, an operator that cheats, a consumer, and challengers who only have what anybody has.

use crate::{
	models::generator,
	money::{amount, Money, TREASURY},
	node::Node,
	scene::{Scene, Served},
	wait::until,
};
use anyhow::{ensure, Context, Result};
use assay_adversary::{Cheat, Worker};
use assay_artifact::Artifact;
use assay_protocol::JobId;
use serde::Serialize;
use serde_json::{json, Value};
use std::{
	sync::atomic::{AtomicBool, Ordering},
	thread,
	time::Duration,
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How often the cheating worker looks whether it is asked something.
const PAUSE: Duration = Duration::from_millis(200);
/// The cheating operator.
const CHEAT: &str = "//Dave";
/// The consumer.
const CONSUMER: &str = "//Bob";
/// Challengers.
const CHALLENGERS: [&str; 3] = ["//Eve", "//Ferdie", "//Charlie"];
/// All whose money moves.
const EVERYBODY: [&str; 7] = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie", TREASURY];
/// A job whose tokens are drawn.
const JOB: &str = "--tokens 1,2,3,4,5,6 --max-tokens 10 --temperature 1 --seed 3 --ignore-stop --max-fee 1";

/// Three nodes and an operator that cheats.
pub struct Arena {
	scene: Scene,
	/// Authors blocks and runs the honest operator's worker.
	alice: Node,
	/// Follows; the consumer and the cheat speak to it.
	bob: Node,
	/// Follows; challengers speak to it.
	eve: Node,
	served: Served,
	artifact: Artifact,
}

/// What became of an attack.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
	/// The attack.
	pub attack: String,
	/// What caught it.
	pub caught_by: &'static str,
	/// How the dispute ended.
	pub ruling: String,
	/// Extrinsics of the dispute.
	pub extrinsics: usize,
	/// Bytes of them.
	pub bytes: u64,
	/// Answers of the worker among them.
	pub answers: usize,
	/// From the challenge to the ruling.
	pub blocks: u64,
	/// Who lost.
	pub loser: &'static str,
	/// How much, in smallest units.
	pub lost: String,
	/// What the challenger got of that.
	pub rewarded: String,
}

impl Arena {
	/// Starts the nodes, and registers the model and the cheat.
	pub fn new() -> Result<Self> {
		let scene = Scene::new()?;
		// One author makes no forks, in which transactions would be left behind.
		let author = "--chain dev --alice --force-authoring --unsafe-force-node-key-generation";
		let alice = Node::start(&scene.binaries, scene.options("alice", author))?;
		let follower = format!("--chain dev --worker off --bootnodes {}", alice.bootnode()?);
		let bob = Node::start(&scene.binaries, scene.options("bob", &follower))?;
		let eve = Node::start(&scene.binaries, scene.options("eve", &follower))?;
		std::fs::create_dir_all(scene.models())?;
		let artifact = generator(&scene.models())?;
		let served = scene.register(&alice, &artifact)?;
		scene.serve(&alice, &served, 4)?;
		let cheat = scene.assay(&bob).signing_as(CHEAT);
		cheat.ok(&format!("operator register --worker-suri {CHEAT} --bond 200000"))?;
		Ok(Self {
			scene,
			alice,
			bob,
			eve,
			served,
			artifact,
		})
	}

	/// All went well.
	pub fn end(self) -> Result<()> {
		self.scene.end()
	}

	fn money(&self, node: &Node) -> Result<Money> {
		Money::count(&self.scene.assay(node), node.rpc(), &EVERYBODY)
	}

	/// Has the cheat take a job and cheat, and an honest challenger look at it.
	pub fn attack(&self, cheat: Cheat) -> Result<Row> {
		self.try_attack(cheat).with_context(|| format!("attack {cheat}"))
	}

	fn try_attack(&self, cheat: Cheat) -> Result<Row> {
		let operator = self.scene.assay(&self.bob).signing_as(CHEAT);
		// An offer counts as a heartbeat.
		operator.ok(&format!("model serve {} --price 0.001 --capacity 4", self.served.id))?;
		let consumer = self.scene.assay(&self.bob).signing_as(CONSUMER);
		let before = self.money(&self.bob)?;
		let submitted = consumer.ok(&format!(
			"job submit --model {} {JOB} --operator {CHEAT}",
			self.served.id
		))?;
		let job = submitted["job"].to_string();
		let id = JobId(job.parse()?);

		let rpc = self.bob.rpc();
		let call = move |method: &str, parameters: Value| rpc.call(method, parameters);
		let worker = Worker::new(&call, CHEAT)?;
		let duty = until("the cheat to be given the job", LIMIT, || worker.duty(id))?;
		let delivered = worker.deliver(&duty, cheat, &self.artifact);
		if cheat.is_refused_at_once() {
			let Err(refused) = delivered else {
				anyhow::bail!("the chain took the claim");
			};
			ensure!(refused.to_string().contains("author_submitExtrinsic"), "{refused:#}");
			return self.after_a_refused_claim(cheat, &job, &before);
		}
		let (fraud, _) = delivered?;
		self.scene.wait_for_state(&self.eve, &job, &["Claimed"], LIMIT)?;

		let over = AtomicBool::new(false);
		let document = thread::scope(|scope| {
			let answering = scope.spawn(|| -> Result<()> {
				let mut answered = vec![];
				while !over.load(Ordering::Relaxed) {
					for duty in worker.answers_due(id)? {
						let late = cheat == Cheat::LateAnswer && rpc.best()? <= duty.deadline;
						if late || answered.contains(&(duty.dispute, duty.stage)) {
							continue;
						}
						// Whether the chain takes it is for the dispute to tell.
						let _ = worker.answer(&fraud, &duty);
						answered.push((duty.dispute, duty.stage));
					}
					thread::sleep(PAUSE);
				}
				Ok(())
			});
			let challenger = self.scene.assay(&self.eve).signing_as(CHALLENGERS[0]);
			let document = challenger.ok(&format!("challenge {job}"));
			over.store(true, Ordering::Relaxed);
			match answering.join() {
				Ok(outcome) => outcome?,
				Err(_) => anyhow::bail!("the cheat panicked"),
			}
			document
		})?;

		// The consumer named the cheat, so nobody else may try; it takes its money back.
		self.scene.wait_for_state(&self.bob, &job, &["Open"], LIMIT)?;
		consumer.ok(&format!("job cancel {job}"))?;
		let after = self.money(&self.bob)?;
		let row = row(cheat.to_string(), "challenge", "the operator", &document)?;
		ensure!(
			amount(&document["ending"]["operator_lost"])? > 0,
			"the cheat lost nothing"
		);
		ensure!(after.total(CHEAT) < before.total(CHEAT), "the cheat is not poorer");
		ensure!(
			after.total(CHALLENGERS[0]) > before.total(CHALLENGERS[0]),
			"the challenger is not richer"
		);
		ensure!(after.held(CHALLENGERS[0]) == 0, "the challenger's bond is still held");
		self.check_money(&before, &after)?;
		Ok(row)
	}

	/// A claim that the chain refused at once: the cheat misses its deadline.
	fn after_a_refused_claim(&self, cheat: Cheat, job: &str, before: &Money) -> Result<Row> {
		let consumer = self.scene.assay(&self.bob).signing_as(CONSUMER);
		self.scene.wait_for_state(&self.bob, job, &["Open"], LIMIT)?;
		consumer.ok(&format!("job cancel {job}"))?;
		let after = self.money(&self.bob)?;
		let lost = before.total(CHEAT) - after.total(CHEAT);
		ensure!(lost > 0, "the cheat lost nothing");
		self.check_money(before, &after)?;
		Ok(Row {
			attack: cheat.to_string(),
			caught_by: "claim",
			ruling: "Refused".into(),
			extrinsics: 0,
			bytes: 0,
			answers: 0,
			blocks: 0,
			loser: "the operator",
			lost: lost.to_string(),
			rewarded: "0".into(),
		})
	}

	/// The consumer has lost fees of transactions alone, and money is conserved.
	fn check_money(&self, before: &Money, after: &Money) -> Result<()> {
		ensure!(after.held(CONSUMER) == 0, "the consumer's escrow is still held");
		let spent = before.total(CONSUMER) - after.total(CONSUMER);
		ensure!(
			spent < 1_000_000_000_000 / 10,
			"the consumer lost {spent}, more than fees of transactions"
		);
		let sum = |money: &Money| EVERYBODY.iter().map(|account| money.total(account)).sum::<u128>();
		// What is gone is fees, which are burned.
		ensure!(
			sum(before) - sum(after) == before.issuance - after.issuance,
			"money appeared or disappeared"
		);
		Ok(())
	}

	/// An honest operator is challenged by some who are wrong: they lose their bonds and it is paid.
	pub fn wrong_challengers(&self, count: usize) -> Result<Row> {
		let consumer = self.scene.assay(&self.alice).signing_as(CONSUMER);
		let before = self.money(&self.alice)?;
		let submitted = consumer.ok(&format!(
			"job submit --model {} {JOB} --operator //Alice",
			self.served.id
		))?;
		let job = submitted["job"].to_string();
		self.scene.wait_for_state(&self.eve, &job, &["Claimed"], LIMIT)?;
		let documents = thread::scope(|scope| {
			let challenges: Vec<_> = CHALLENGERS[..count]
				.iter()
				.map(|challenger| {
					let challenger = self.scene.assay(&self.eve).signing_as(challenger);
					let line = format!("challenge {job} --accuse trace");
					scope.spawn(move || challenger.run(&line))
				})
				.collect();
			let ended = challenges.into_iter().map(|challenge| challenge.join());
			ended
				.map(|ended| ended.map_err(|_| anyhow::anyhow!("a challenger panicked"))?)
				.collect::<Result<Vec<_>>>()
		})?;
		for answer in &documents {
			ensure!(
				answer.code == 2,
				"a wrong challenge ended with {}: {}",
				answer.code,
				answer.document
			);
		}
		let job = self.scene.wait_for_state(&self.alice, &job, &["Final"], LIMIT)?;
		ensure!(amount(&job["paid"])? > 0, "the honest operator is not paid");
		let after = self.money(&self.alice)?;
		ensure!(
			after.total("//Alice") > before.total("//Alice"),
			"the honest operator is not richer"
		);
		let attack = match count {
			1 => "wrong-challenger",
			_ => "stalling-challengers",
		};
		let document = &documents.first().context("at least one challenger")?.document;
		let mut row = row(attack.into(), "referee", "the challenger", document)?;
		row.lost = document["ending"]["challenger_lost"].as_str().unwrap_or("0").into();
		ensure!(row.lost != "0", "the wrong challenger lost nothing");
		Ok(row)
	}
}

fn row(attack: String, caught_by: &'static str, loser: &'static str, document: &Value) -> Result<Row> {
	let moves = document["moves"].as_array().context("a dispute without moves")?;
	let block = |index: Option<&Value>| index.and_then(|seen| seen["block"].as_u64());
	let first = block(moves.first()).context("a move without a block")?;
	let last = document["ending"]["block"]
		.as_u64()
		.context("an ending without a block")?;
	let text = |value: &Value| value.as_str().unwrap_or("0").to_owned();
	Ok(Row {
		attack,
		caught_by,
		ruling: text(&document["ending"]["ruling"]),
		extrinsics: moves.len(),
		bytes: moves.iter().filter_map(|seen| seen["bytes"].as_u64()).sum(),
		answers: moves.iter().filter(|seen| seen["by"] == json!("worker")).count(),
		blocks: last - first,
		loser,
		lost: text(&document["ending"]["operator_lost"]),
		rewarded: text(&document["ending"]["challenger_gained"]),
	})
}
