//! A network on which somebody cheats.

use crate::{
	evidence::Evidence,
	models::stopping_generator,
	money::{amount, Money, ASY, TREASURY},
	node::Node,
	scene::{Scene, Served},
	wait::until,
};
use anyhow::{ensure, Context, Result};
use assay_adversary::{Cheat, Fraud, Worker};
use assay_artifact::Artifact;
use assay_protocol::{
	audit::{Question, Reply},
	DisputeId, JobId,
};
use assay_trace::Hash32;
use serde::Serialize;
use serde_json::{json, Value};
use std::{
	fmt,
	sync::atomic::{AtomicBool, Ordering},
	thread,
	time::Duration,
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How often a cheat looks whether it is asked something.
const PAUSE: Duration = Duration::from_millis(200);
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

/// An attack, and whether the honest auditor is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attack {
	/// A worker cheats. With the auditor switched on nobody else looks; with it switched off a third party does.
	Work {
		/// How.
		cheat: Cheat,
		/// Whether the auditor is on.
		auditor: bool,
	},
	/// An auditor sends another's digest.
	CopiedDigest,
	/// An auditor vouches without having run anything.
	BlindVote,
	/// So many challengers are wrong about an honest claim.
	WrongChallengers(usize),
}

impl Attack {
	/// All of them; each second worker cheats where the auditor is.
	pub fn all() -> Vec<Self> {
		let works = Cheat::ALL.into_iter().enumerate().map(|(index, cheat)| Self::Work {
			cheat,
			auditor: index % 2 == 0,
		});
		// The attacks of auditors come first: an honest worker without a record is audited for certain.
		[Self::CopiedDigest, Self::BlindVote]
			.into_iter()
			.chain(works)
			.chain([Self::WrongChallengers(1), Self::WrongChallengers(3)])
			.collect()
	}

	/// Those with this name.
	pub fn named(name: &str) -> Vec<Self> {
		let of_cheat = |auditor| name.parse().map(|cheat| Self::Work { cheat, auditor });
		let known = Self::all().into_iter().filter(|attack| attack.name() == name);
		match (of_cheat(true), of_cheat(false)) {
			(Ok(on), Ok(off)) => vec![on, off],
			_ => known.collect(),
		}
	}

	/// Its name.
	pub fn name(&self) -> String {
		match self {
			Self::Work { cheat, .. } => cheat.to_string(),
			Self::CopiedDigest => "copied-digest".into(),
			Self::BlindVote => "blind-vote".into(),
			Self::WrongChallengers(1) => "wrong-challenger".into(),
			Self::WrongChallengers(_) => "stalling-challengers".into(),
		}
	}
}

impl fmt::Display for Attack {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}", self.name())?;
		match self {
			Self::Work { auditor: true, .. } => write!(f, ", auditor on"),
			Self::Work { auditor: false, .. } => write!(f, ", auditor off"),
			_ => Ok(()),
		}
	}
}

/// What became of an attack.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
	/// The attack.
	pub attack: String,
	/// Whether the honest auditor was on.
	pub auditor: bool,
	/// What caught it: the claim was refused, the draw, the audit, a challenge, or the referee in favour of the worker.
	pub caught_by: &'static str,
	/// How it ended.
	pub ruling: String,
	/// Transactions of disputes about the claim.
	pub extrinsics: usize,
	/// Transactions of its audit: replies to the spot-check and of auditors.
	pub replies: usize,
	/// Bytes of both.
	pub bytes: u64,
	/// Those of both in which the worker showed something.
	pub answers: usize,
	/// From the first of them to the last.
	pub blocks: u32,
	/// Weight of the step that was judged, in microseconds; 0 if none was.
	pub referee_microseconds: u64,
	/// Who lost.
	pub loser: &'static str,
	/// How much, in smallest units.
	pub lost: String,
	/// What whoever caught it got of that.
	pub rewarded: String,
}

impl Arena {
	/// Starts the nodes, and registers the model, the auditor and the cheat.
	pub fn new() -> Result<Self> {
		let scene = Scene::new()?;
		// One author makes no forks, in which transactions would be left behind.
		let author = "--chain dev --alice --force-authoring --unsafe-force-node-key-generation";
		let alice = Node::start(&scene.binaries, scene.options("alice", author))?;
		let bootnode = alice.bootnode()?;
		let auditing = format!("--chain dev --charlie --unsafe-force-node-key-generation --bootnodes {bootnode}");
		let bob = Node::start(&scene.binaries, scene.options("bob", &auditing))?;
		let follower = format!("--chain dev --worker off --bootnodes {bootnode}");
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

	/// Has an operator cheat behind whom others stand, and tells what each part of that stake was worth before and after:
	/// its own bond, a delegation, one of which a part left once the job was there, and that part.
	pub fn fraud_of_a_delegate(&self) -> Result<Vec<(&'static str, u128, u128)>> {
		let whole = self.scene.assay(&self.bob).signing_as("//Ferdie");
		let leaving = self.scene.assay(&self.bob).signing_as("//One");
		for member in [&whole, &leaving] {
			member.ok(&format!("stake delegate {CHEAT} 400"))?;
		}
		let worth = |member: &str| -> Result<(u128, u128)> {
			let position = self
				.scene
				.assay(&self.bob)
				.ok(&format!("stake positions {member}"))?
				.as_array()
				.and_then(|positions| positions.first().cloned())
				.with_context(|| format!("{member} has no stake"))?;
			let unbonding = match &position["unbonding"][0]["amount"] {
				Value::Null => 0,
				unbonding => amount(unbonding)?,
			};
			Ok((amount(&position["stake"])?, unbonding))
		};
		let (own, _) = worth(CHEAT)?;
		let (ferdies, _) = worth("//Ferdie")?;
		self.wrong_work(Cheat::PrefillSpoof, false, || {
			leaving.ok(&format!("stake unbond {CHEAT} 150"))?;
			Ok(())
		})?;
		let (ones, left) = (250 * ASY, 150 * ASY);
		let (ones_after, left_after) = worth("//One")?;
		Ok(vec![
			("own bond", own, worth(CHEAT)?.0),
			("delegation", ferdies, worth("//Ferdie")?.0),
			("rest of a delegation", ones, ones_after),
			("what was leaving", left, left_after),
		])
	}

	/// Has the cheat take a job and cheat, and an honest auditor or challenger look at it; `meanwhile` happens before the
	/// claim.
	fn wrong_work(&self, cheat: Cheat, auditor: bool, meanwhile: impl FnOnce() -> Result<()>) -> Result<Row> {
		self.switch_auditor(AUDITOR, auditor)?;
		let operator = self.scene.assay(&self.bob).signing_as(CHEAT);
		// An offer counts as a heartbeat.
		operator.ok(&format!("model serve {} --price 0.001 --capacity 4", self.served.id))?;
		let before = self.money()?;
		let stop = if cheat == Cheat::IgnoredStop {
			""
		} else {
			"--ignore-stop"
		};
		let id = self.submit(CHEAT, stop)?;
		let job = id.to_string();
		meanwhile()?;

		let rpc = self.bob.rpc();
		let begun = rpc.best()?;
		let call = move |method: &str, parameters: Value| rpc.call(method, parameters);
		let worker = Worker::new(&call, CHEAT)?;
		let duty = until("the cheat to be given the job", LIMIT, || worker.duty(id))?;
		let delivered = worker.deliver(&duty, cheat, &self.artifact);
		if cheat.is_refused_at_once() {
			let Err(refused) = delivered else {
				anyhow::bail!("the chain took the claim");
			};
			ensure!(refused.to_string().contains("author_submitExtrinsic"), "{refused:#}");
			return self.after_a_refused_claim(cheat, auditor, &job, &before);
		}
		let fraud = delivered?;
		self.scene.wait_for_state(&self.eve, &job, &["Claimed"], LIMIT)?;

		let over = AtomicBool::new(false);
		thread::scope(|scope| -> Result<()> {
			let cheating = scope.spawn(|| self.defend(&worker, cheat, &fraud, id, &over));
			let outcome = (|| {
				if !auditor {
					let challenger = self.scene.assay(&self.eve).signing_as(CHALLENGERS[0]);
					// The draw may be faster than the challenger.
					challenger.run(&format!("challenge {job}"))?;
				}
				// The consumer named the cheat, so nobody else may try.
				self.scene.wait_for_state(&self.bob, &job, &["Open"], LIMIT)
			})();
			over.store(true, Ordering::Relaxed);
			match cheating.join() {
				Ok(ended) => ended?,
				Err(_) => anyhow::bail!("the cheat panicked"),
			}
			outcome.map(|_| ())
		})?;
		let ended = rpc.best()?;
		let consumer = self.scene.assay(&self.bob).signing_as(CONSUMER);
		consumer.ok(&format!("job cancel {job}"))?;

		let after = self.money()?;
		let lost = before.total(CHEAT).saturating_sub(after.total(CHEAT));
		ensure!(lost > 1_000_000_000_000, "the cheat lost {lost}");
		let (caught_by, ruling, disputes) = self.caught(&job)?;
		let catcher = if caught_by == "audit" { AUDITOR } else { CHALLENGERS[0] };
		let rewarded = after.total(catcher).saturating_sub(before.total(catcher));
		ensure!(
			caught_by == "draw" || rewarded > 1_000_000_000_000,
			"whoever caught the cheat got {rewarded}"
		);
		ensure!(after.held(CHALLENGERS[0]) == 0, "the challenger's bond is still held");
		self.check_money(&before, &after)?;
		let evidence = Evidence::collect(rpc, id, &disputes, (begun, ended))?;
		Ok(Row {
			attack: cheat.to_string(),
			auditor,
			caught_by,
			ruling,
			extrinsics: evidence.extrinsics,
			replies: evidence.replies,
			bytes: evidence.bytes,
			answers: evidence.answers,
			blocks: evidence.blocks,
			referee_microseconds: evidence.referee_microseconds,
			loser: "the operator",
			lost: lost.to_string(),
			rewarded: rewarded.to_string(),
		})
	}

	/// Answers what the cheat is asked, as it does, until all is over.
	fn defend(
		&self,
		worker: &Worker<'_>,
		cheat: Cheat,
		fraud: &Fraud<'_>,
		job: JobId,
		over: &AtomicBool,
	) -> Result<()> {
		let rpc = self.bob.rpc();
		let (mut answered, mut replied) = (vec![], vec![]);
		while !over.load(Ordering::Relaxed) {
			for duty in worker.answers_due(job)? {
				let late = cheat == Cheat::LateAnswer && rpc.best()? <= duty.deadline;
				if late || answered.contains(&(duty.dispute, duty.stage)) {
					continue;
				}
				// Whether the chain takes it is for the dispute to tell.
				let _ = worker.answer(fraud, &duty);
				answered.push((duty.dispute, duty.stage));
			}
			for duty in worker.replies_due(job)? {
				if !replied.contains(&duty.question) {
					let _ = worker.reply(fraud, &duty);
					replied.push(duty.question);
				}
			}
			thread::sleep(PAUSE);
		}
		Ok(())
	}

	/// What struck a claim down: who, how, and the disputes about it.
	fn caught(&self, job: &str) -> Result<(&'static str, String, Vec<DisputeId>)> {
		let assay = self.scene.assay(&self.bob);
		let auditor = assay.ok(&format!("account show {AUDITOR}"))?["account"].clone();
		let disputes = assay.ok(&format!("dispute list --job {job}"))?;
		let disputes = disputes.as_array().context("a list of disputes")?;
		let ids = disputes
			.iter()
			.filter_map(|dispute| dispute["id"].as_u64().map(DisputeId))
			.collect();
		let won = disputes
			.iter()
			.find(|dispute| [json!("Refuted"), json!("WorkerSilent")].contains(&dispute["ruling"]));
		if let Some(won) = won {
			let by = if won["challenger"] == auditor {
				"audit"
			} else {
				"challenge"
			};
			return Ok((by, won["ruling"].as_str().unwrap_or_default().into(), ids));
		}
		let audit = self.bob.rpc().call("audits_get", json!([job.parse::<u64>()?]))?;
		let outcome = audit["phase"]["Over"]
			.as_str()
			.with_context(|| format!("an audit that is over: {audit}"))?;
		ensure!(
			["Refuted", "WorkerSilent"].contains(&outcome),
			"nothing struck the claim down: {audit}"
		);
		Ok(("draw", outcome.into(), ids))
	}

	/// A claim that the chain refused at once: the cheat misses its deadline.
	fn after_a_refused_claim(&self, cheat: Cheat, auditor: bool, job: &str, before: &Money) -> Result<Row> {
		let consumer = self.scene.assay(&self.bob).signing_as(CONSUMER);
		self.scene.wait_for_state(&self.bob, job, &["Open"], LIMIT)?;
		consumer.ok(&format!("job cancel {job}"))?;
		let after = self.money()?;
		let lost = before.total(CHEAT) - after.total(CHEAT);
		ensure!(lost > 0, "the cheat lost nothing");
		self.check_money(before, &after)?;
		Ok(Row {
			attack: cheat.to_string(),
			auditor,
			caught_by: "claim",
			ruling: "Refused".into(),
			extrinsics: 0,
			replies: 0,
			bytes: 0,
			answers: 0,
			blocks: 0,
			referee_microseconds: 0,
			loser: "the operator",
			lost: lost.to_string(),
			rewarded: "0".into(),
		})
	}

	/// The consumer has lost fees of transactions alone.
	fn check_money(&self, before: &Money, after: &Money) -> Result<()> {
		ensure!(after.held(CONSUMER) == 0, "the consumer's escrow is still held");
		let spent = before.total(CONSUMER) - after.total(CONSUMER);
		ensure!(
			spent < 1_000_000_000_000 / 10,
			"the consumer lost {spent}, more than fees of transactions"
		);
		Ok(())
	}

	/// An honest worker's claim is audited by an honest auditor and by one that cheats, which loses stake.
	fn wrong_audit(&self, attack: Attack) -> Result<Row> {
		self.switch_auditor(AUDITOR, true)?;
		let before = self.money()?;
		let rpc = self.bob.rpc();
		let begun = rpc.best()?;
		let call = move |method: &str, parameters: Value| rpc.call(method, parameters);
		let cheat = Worker::new(&call, CHEAT)?;
		// A worker with a record is not audited each time.
		for _ in 0..20 {
			self.switch_auditor(CHEAT, true)?;
			let id = self.submit(WORKER, "--ignore-stop")?;
			let job = id.to_string();
			self.scene
				.wait_for_state(&self.bob, &job, &["Claimed", "Final"], LIMIT)?;
			let mut sent = vec![];
			let finished = until("the audit to be over", LIMIT, || {
				for duty in cheat.replies_due(id)? {
					if sent.contains(&duty.question) {
						continue;
					}
					let reply = match (attack, duty.question) {
						(Attack::CopiedDigest, Question::Digest) => match self.others_digest(&job)? {
							Some(digest) => Reply::Digest(digest),
							None => continue,
						},
						(_, Question::Digest) => Reply::Digest(Hash32([7; 32])),
						// It has nothing to show: its digest is not one of values.
						_ => continue,
					};
					cheat.send_reply(&duty, reply)?;
					sent.push(duty.question);
				}
				let audit = rpc.call("audits_get", json!([id.0]))?;
				Ok(audit["phase"]["Over"].is_string().then_some(audit))
			})?;
			let job = self.scene.wait_for_state(&self.bob, &job, &["Final"], LIMIT)?;
			if sent.is_empty() {
				continue;
			}
			ensure!(finished["phase"]["Over"] == json!("Passed"), "{finished}");
			ensure!(amount(&job["paid"])? > 0, "the honest worker is not paid");
			ensure!(amount(&job["audits"])? > 0, "the honest auditor is not paid");
			let after = self.money()?;
			let lost = before.total(CHEAT).saturating_sub(after.total(CHEAT));
			ensure!(lost > 1_000_000_000_000, "the cheating auditor lost {lost}");
			let evidence = Evidence::collect(rpc, id, &[], (begun, rpc.best()?))?;
			return Ok(Row {
				attack: attack.name(),
				auditor: true,
				caught_by: "audit",
				ruling: "MissedAudit".into(),
				extrinsics: evidence.extrinsics,
				replies: evidence.replies,
				bytes: evidence.bytes,
				answers: evidence.answers,
				blocks: evidence.blocks,
				referee_microseconds: evidence.referee_microseconds,
				loser: "the auditor",
				lost: lost.to_string(),
				rewarded: "0".into(),
			});
		}
		anyhow::bail!("twenty jobs were not audited")
	}

	/// The digest that another auditor of a claim is bound to.
	fn others_digest(&self, job: &str) -> Result<Option<Hash32>> {
		let audit = self.bob.rpc().call("audits_get", json!([job.parse::<u64>()?]))?;
		let auditors = audit["auditors"].as_array().cloned().unwrap_or_default();
		let digest = auditors
			.iter()
			.find_map(|auditor| auditor["state"]["Bound"]["digest"].as_str().map(String::from));
		Ok(digest.map(|digest| digest.parse()).transpose()?)
	}

	/// An honest operator is challenged by some who are wrong: they lose their bonds and it is paid.
	fn wrong_challengers(&self, count: usize) -> Result<Row> {
		let before = self.money()?;
		let rpc = self.bob.rpc();
		let begun = rpc.best()?;
		let id = self.submit(WORKER, "--ignore-stop")?;
		let job = id.to_string();
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
		let state = self.scene.wait_for_state(&self.bob, &job, &["Final"], LIMIT)?;
		ensure!(amount(&state["paid"])? > 0, "the honest operator is not paid");
		let after = self.money()?;
		ensure!(
			after.total(WORKER) > before.total(WORKER),
			"the honest operator is not richer"
		);
		let disputes: Vec<DisputeId> = documents
			.iter()
			.filter_map(|answer| answer.document["dispute"]["id"].as_u64().map(DisputeId))
			.collect();
		let evidence = Evidence::collect(rpc, id, &disputes, (begun, rpc.best()?))?;
		let document = &documents.first().context("at least one challenger")?.document;
		let lost: u128 = CHALLENGERS[..count]
			.iter()
			.map(|challenger| before.total(challenger) - after.total(challenger))
			.sum();
		ensure!(lost > 1_000_000_000_000, "the wrong challengers lost {lost}");
		Ok(Row {
			attack: Attack::WrongChallengers(count).name(),
			auditor: true,
			caught_by: "referee",
			ruling: document["ending"]["ruling"].as_str().unwrap_or_default().into(),
			extrinsics: evidence.extrinsics,
			replies: evidence.replies,
			bytes: evidence.bytes,
			answers: evidence.answers,
			blocks: evidence.blocks,
			referee_microseconds: evidence.referee_microseconds,
			loser: "the challenger",
			lost: lost.to_string(),
			rewarded: (after.total(WORKER) - before.total(WORKER)).to_string(),
		})
	}
}
