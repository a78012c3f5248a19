//! A network on which somebody cheats: here who is there, and one file for each kind of attack.

mod attack;
mod audits;
mod challenges;
mod work;

pub use attack::{Attack, Row};

use crate::{
	models::stopping_generator,
	money::{Money, TREASURY},
	node::Node,
	scene::{Scene, Served},
};
use anyhow::{Context, Result};
use assay_artifact::Artifact;
use assay_protocol::JobId;
use std::time::Duration;

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(300);
/// The honest worker.
const WORKER: &str = "//Alice";
/// The honest auditor.
const AUDITOR: &str = "//Charlie";
/// The cheating operator, as worker and as auditor.
const CHEAT: &str = "//Dave";
/// The consumer.
const CONSUMER: &str = "//Bob";
/// Challengers who are no operators.
const CHALLENGERS: [&str; 3] = ["//Eve", "//Ferdie", "//One"];
/// All whose money moves.
const EVERYBODY: [&str; 8] = [WORKER, CONSUMER, AUDITOR, CHEAT, "//Eve", "//Ferdie", "//One", TREASURY];
/// A job whose tokens are drawn.
const JOB: &str = "--tokens 1,2,3,4,5,6 --max-tokens 10 --temperature 1 --seed 3 --max-fee 1";

/// Three nodes: one authors blocks and works, one audits, one is a third party's.
pub struct Arena {
	scene: Scene,
	/// Authors blocks and runs the honest operator's worker; the consumer speaks to it.
	alice: Node,
	/// Follows; the honest auditor's worker runs here, and the cheat speaks to it.
	bob: Node,
	/// Follows; challengers speak to it.
	eve: Node,
	served: Served,
	artifact: Artifact,
}

impl Arena {
	/// Starts the nodes, and registers the model, the auditor and the cheat.
	pub fn new() -> Result<Self> {
		let scene = Scene::new()?;
		// One author makes no forks, in which transactions would be left behind.
		let author = "--alice --force-authoring --unsafe-force-node-key-generation";
		let alice = Node::start(&scene.binaries, scene.options("alice", author))?;
		let bootnode = alice.bootnode()?;
		let auditing = format!("--charlie --unsafe-force-node-key-generation --bootnodes {bootnode}");
		let bob = Node::start(&scene.binaries, scene.options("bob", &auditing))?;
		let follower = format!("--worker off --bootnodes {bootnode}");
		let eve = Node::start(&scene.binaries, scene.options("eve", &follower))?;
		std::fs::create_dir_all(scene.models())?;
		let artifact = stopping_generator(&scene.models())?;
		let served = scene.register(&alice, &artifact)?;
		scene.serve(&alice, &served, 4)?;
		for operator in [AUDITOR, CHEAT] {
			let operator = (operator, scene.assay(&bob).signing_as(operator));
			operator
				.1
				.ok(&format!("operator register --worker-suri {} --bond 200000", operator.0))?;
		}
		let consumer = scene.assay(&bob).signing_as(CONSUMER);
		consumer.ok(&format!("account transfer {} 1000", CHALLENGERS[2]))?;
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

	/// Has somebody attack, and tells what became of it. An attack that is not caught, or whose money is not where it must
	/// be, is an error.
	pub fn attack(&self, attack: Attack) -> Result<Row> {
		match attack {
			Attack::Work { cheat, auditor } => self.wrong_work(cheat, auditor, || Ok(())),
			Attack::CopiedDigest | Attack::BlindVote => self.wrong_audit(attack),
			Attack::WrongChallengers(count) => self.wrong_challengers(count),
		}
		.with_context(|| format!("attack {attack}"))
	}

	fn money(&self) -> Result<Money> {
		Money::count(&self.scene.assay(&self.bob), self.bob.rpc(), &EVERYBODY)
	}

	/// Lists or unlists an auditor of the model.
	fn switch_auditor(&self, auditor: &str, on: bool) -> Result<()> {
		let assay = self.scene.assay(&self.bob).signing_as(auditor);
		let listed = assay.ok(&format!("audit auditors {}", self.served.id))?;
		let account = assay.ok(&format!("account show {auditor}"))?["account"].clone();
		let is_on = listed.to_string().contains(&account.to_string());
		match (on, is_on) {
			(true, false) => assay.ok(&format!("audit offer {}", self.served.id)).map(|_| ()),
			(false, true) => assay.ok(&format!("audit withdraw {}", self.served.id)).map(|_| ()),
			_ => Ok(()),
		}
	}

	/// Submits a job for an operator.
	fn submit(&self, operator: &str, more: &str) -> Result<JobId> {
		let consumer = self.scene.assay(&self.alice).signing_as(CONSUMER);
		let submitted = consumer.ok(&format!(
			"job submit --model {} {JOB} {more} --operator {operator}",
			self.served.id
		))?;
		Ok(JobId(submitted["job"].to_string().parse()?))
	}
}
