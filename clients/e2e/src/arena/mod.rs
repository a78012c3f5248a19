//! A network on which somebody cheats: here who is there, and one file for each kind of attack.

mod absence;
mod attack;
mod audits;
mod challenges;
mod channels;
mod election;
mod floods;
mod judged;
mod light;
mod refusals;
mod settle;
mod walk;
mod weights;
mod work;

pub use attack::{Attack, Honest, Row};
pub use election::Election;

use crate::{
	models::stopping_generator,
	money::{amount, Books, ASY},
	node::Node,
	party::{self, Included, Party},
	rpc::Rpc,
	scene::{Scene, Served, PRICE},
	wait::until,
};
use anyhow::{bail, Context, Result};
use assay_artifact::Artifact;
use assay_exact::{Generation, Sampler};
use assay_protocol::{job::JobInput, DisputeId, JobId, ModelVersion};
use assay_runtime::{AccountId, Runtime, RuntimeEvent};
use pallet_assay_jobs::Call;
use serde_json::{json, Value};
use settle::{settle, Member};
use std::time::Duration;

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How often somebody looks whether it is asked something.
const PAUSE: Duration = Duration::from_millis(200);
/// Blocks in which a worker may answer late: enough for a node to start again on a busy machine.
const GUILT: u32 = 50;
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
/// Operators who do as the cheat likes.
const ACCOMPLICES: [&str; 2] = ["//Two", "//Three"];
/// What an accomplice bonds, in ASY, and what the cheat gives it before.
const ACCOMPLICE_BOND: (u32, u32) = (5_000, 6_000);
/// All whose money is counted.
const EVERYBODY: [Member; 9] = [
	member(WORKER, "operator"),
	member(CONSUMER, "consumer"),
	member(AUDITOR, "auditor"),
	member(CHEAT, "operator"),
	member(CHALLENGERS[0], "challenger"),
	member(CHALLENGERS[1], "challenger"),
	member(CHALLENGERS[2], "challenger"),
	member(ACCOMPLICES[0], "auditor"),
	member(ACCOMPLICES[1], "auditor"),
];
/// A job whose tokens are drawn.
const JOB: &str = "--tokens 1,2,3,4,5,6 --max-tokens 10 --temperature 1 --seed 3 --max-fee 1";
/// Tokens of its prompt, and those that it asks for.
const PROMPT: u32 = 6;
const GENERATED: u32 = 10;

const fn member(name: &'static str, role: &'static str) -> Member {
	Member { name, role }
}

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
		let scene = Scene::with_chain("dev", |genesis| genesis["timing"]["guiltPeriod"] = GUILT.into())?;
		// One author makes no forks, in which transactions would be left behind.
		let author = "--alice --force-authoring --unsafe-force-node-key-generation";
		let alice = Node::start(&scene.binaries, scene.options("alice", author))?;
		let bootnode = alice.bootnode()?;
		let auditing = format!("--charlie --unsafe-force-node-key-generation --bootnodes {bootnode}");
		let bob = Node::start(&scene.binaries, scene.options("bob", &auditing))?;
		// What blocks did is read here when an attack is over.
		let follower = format!("--worker off --state-pruning archive --bootnodes {bootnode}");
		let eve = Node::start(&scene.binaries, scene.options("eve", &follower))?;
		alice.rpc().meets("alice", 2)?;
		std::fs::create_dir_all(scene.models())?;
		let artifact = stopping_generator(&scene.models())?;
		let served = scene.register(&alice, &artifact)?;
		scene.serve(&alice, &served, 4)?;
		let arena = Self {
			scene,
			alice,
			bob,
			eve,
			served,
			artifact,
		};
		for operator in [AUDITOR, CHEAT] {
			arena.as_account(
				operator,
				&format!("operator register --worker-suri {operator} --bond 200000"),
			)?;
		}
		arena.as_account(CONSUMER, &format!("account transfer {} 1000", CHALLENGERS[2]))?;
		Ok(arena)
	}

	/// All went well.
	pub fn end(self) -> Result<()> {
		self.scene.end()
	}

	/// Has somebody attack, and tells what became of it. An attack that is not caught, or whose money is not where it must
	/// be, is an error.
	pub fn attack(&mut self, attack: Attack) -> Result<Row> {
		self.play(attack).with_context(|| format!("attack {attack}"))
	}

	fn play(&mut self, attack: Attack) -> Result<Row> {
		let before = self.books()?;
		let played = match attack {
			Attack::Work { cheat, auditor } => self.wrong_work(cheat, auditor, || Ok(())),
			Attack::CopiedTrace => self.copied_trace(),
			Attack::CopiedDigest | Attack::BlindVote => self.wrong_audit(attack),
			Attack::WrongChallengers(count) => self.wrong_challengers(count),
			Attack::SelfRefutation => self.self_refutation(),
			Attack::Collusion => self.collusion(),
			Attack::SilentAuditors => self.silent_auditors(),
			Attack::DustSwarm => self.dust_swarm(),
			Attack::ChallengeFlood => self.challenge_flood(),
			Attack::AnswerFlood => self.answer_flood(),
			Attack::MalformedWeights => self.malformed_weights(),
			Attack::UnanswerableProgram => self.unanswerable_program(),
			Attack::OversizedJob => self.oversized_job(),
			Attack::RaisedPrice => self.raised_price(),
			Attack::Offline => self.offline(),
			Attack::WrongReceipt => self.wrong_receipt(),
			Attack::EquivocatingStream => self.equivocating_stream(),
			Attack::WithheldReceipt => self.withheld_receipt(),
			Attack::InflatedUnits => self.inflated_units(),
			Attack::PickedSlot | Attack::GroundDraw => bail!("it takes a network of validators"),
		}?;
		settle(self.eve.rpc(), &EVERYBODY, attack, &before, &self.books()?, played)
	}

	/// What everybody has now.
	fn books(&self) -> Result<Books> {
		let height = self.alice.rpc().best()?;
		self.wait_for_height(height)?;
		let names = EVERYBODY.map(|member| member.name);
		Books::at(self.eve.rpc(), height, &names)
	}

	/// Waits until the third party's node knows the block at a height.
	fn wait_for_height(&self, height: u32) -> Result<()> {
		until(&format!("block {height}"), LIMIT, || {
			Ok((self.eve.rpc().best()? >= height).then_some(()))
		})
	}

	/// Does something as an account, by the third party's node.
	fn as_account(&self, account: &str, line: &str) -> Result<Value> {
		self.scene.assay(&self.eve).signing_as(account).ok(line)
	}

	/// An account that sends its own transactions, by the third party's node.
	fn party(&self, name: &str) -> Result<Party> {
		Party::new(self.eve.rpc(), name)
	}

	/// Lists or unlists an auditor of the model.
	fn switch_auditor(&self, auditor: &str, on: bool) -> Result<()> {
		let line = match (on, self.is_listed_auditor(auditor)?) {
			(true, false) => format!("audit offer {}", self.served.id),
			(false, true) => format!("audit withdraw {}", self.served.id),
			_ => return Ok(()),
		};
		self.as_account(auditor, &line).map(|_| ())
	}

	/// Whether somebody is an auditor of the model.
	fn is_listed_auditor(&self, auditor: &str) -> Result<bool> {
		let listed = self.as_account(auditor, &format!("audit auditors {}", self.served.id))?;
		let account = party::account(auditor)?.to_string();
		Ok(listed.to_string().contains(&account))
	}

	/// Makes an operator of an accomplice, with money of the cheat's, unless it is one.
	fn enlist(&self, accomplice: &str) -> Result<()> {
		if self
			.scene
			.assay(&self.eve)
			.run(&format!("operator show {accomplice}"))?
			.code == 0
		{
			return Ok(());
		}
		let (bond, money) = ACCOMPLICE_BOND;
		self.as_account(CHEAT, &format!("account transfer {accomplice} {money}"))?;
		self.as_account(
			accomplice,
			&format!("operator register --worker-suri {accomplice} --bond {bond}"),
		)
		.map(|_| ())
	}

	/// Has an operator offer the model at the scene's price. An offer counts as a heartbeat.
	fn serve(&self, operator: &str, more: &str) -> Result<()> {
		let line = format!(
			"model serve {} --price 0.001 --capacity 64 --anyway {more}",
			self.served.id
		);
		self.as_account(operator, &line).map(|_| ())
	}

	/// Submits a job for an operator.
	fn submit(&self, operator: &str, more: &str) -> Result<JobId> {
		self.submit_job(&format!("{JOB} {more} --operator {operator}"))
	}

	/// Submits a job of the consumer's.
	fn submit_job(&self, job: &str) -> Result<JobId> {
		let submitted = self.as_account(CONSUMER, &format!("job submit --model {} {job}", self.served.id))?;
		job_id(&submitted)
	}

	/// The scene's job with another seed and so many tokens, as a call.
	fn job(&self, max_tokens: u32, seed: u8, max_price: u128, operator: Option<AccountId>) -> Result<Call<Runtime>> {
		submit(&self.served, max_tokens, seed, max_price, operator)
	}

	/// The model's version.
	fn version(&self) -> Result<ModelVersion> {
		version(&self.served)
	}

	/// Whether an operator was late with an answer or a reply since a block.
	fn was_late(&self, name: &str, since: u32) -> Result<bool> {
		let (rpc, account) = (self.eve.rpc(), party::account(name)?);
		for height in since..=rpc.best()? {
			let late = rpc.events(height)?.into_iter().any(|record| match record.event {
				RuntimeEvent::Disputes(pallet_assay_disputes::Event::WorkerLate { operator, .. })
				| RuntimeEvent::Audits(pallet_assay_audits::Event::WorkerLate { operator, .. }) => operator == account,
				_ => false,
			});
			if late {
				return Ok(true);
			}
		}
		Ok(false)
	}

	/// Waits until a job is in one of some states, by the third party's node.
	fn wait_for_state(&self, job: JobId, states: &[&str]) -> Result<Value> {
		self.scene.wait_for_state(&self.eve, &job.to_string(), states, LIMIT)
	}

	/// Waits until something is true of the audit of a job's claim.
	fn wait_for_audit(&self, what: &str, job: JobId, is: impl Fn(&Value) -> bool) -> Result<Value> {
		until(&format!("the audit of job {job} to be {what}"), LIMIT, || {
			let audit = self.eve.rpc().call("audits_get", json!([job.0]))?;
			Ok(is(&audit).then_some(audit))
		})
	}
}

/// A node's JSON-RPC as a worker that cheats calls it.
fn caller(rpc: Rpc) -> impl Fn(&str, Value) -> Result<Value> {
	move |method, parameters| rpc.call(method, parameters)
}

/// The scene's job with another seed and so many tokens, as a call.
fn submit(
	served: &Served,
	max_tokens: u32,
	seed: u8,
	max_price: u128,
	operator: Option<AccountId>,
) -> Result<Call<Runtime>> {
	let tokens: Vec<u32> = (1..=PROMPT).collect();
	let mut bytes = [0; 32];
	bytes[0] = seed;
	Ok(Call::submit {
		version: version(served)?,
		input: JobInput::Tokens(tokens.try_into().ok().context("a prompt that fits")?),
		generation: Generation {
			sampler: Sampler::Gumbel {
				inverse_temperature: 1 << 16,
				seed: bytes,
			},
			max_tokens,
			ignore_stop: true,
		},
		max_fee: ASY,
		max_price,
		operator,
	})
}

/// The version of a model that is served.
fn version(served: &Served) -> Result<ModelVersion> {
	let (model, version) = served.id.split_once('.').context("a version")?;
	Ok(ModelVersion {
		model: model.parse()?,
		version: version.parse()?,
	})
}

/// The job that a command submitted.
fn job_id(submitted: &Value) -> Result<JobId> {
	Ok(submitted["job"].to_string().parse()?)
}

/// The job that a transaction submitted.
fn submitted(included: &Included) -> Result<JobId> {
	let job = included.events.iter().find_map(|event| match event {
		RuntimeEvent::Jobs(pallet_assay_jobs::Event::JobSubmitted { job, .. }) => Some(*job),
		_ => None,
	});
	job.with_context(|| format!("a job was refused: {included:?}"))
}

/// The identifiers of disputes.
fn ids(disputes: &[Value]) -> Vec<DisputeId> {
	let ids = disputes.iter().filter_map(|dispute| dispute["id"].as_u64());
	ids.map(DisputeId).collect()
}

/// What a job that is final has cost its consumer.
fn fee(job: &Value) -> Result<u128> {
	let parts = ["paid", "royalty", "treasury", "audits"];
	parts.iter().map(|part| amount(&job[part])).sum()
}
