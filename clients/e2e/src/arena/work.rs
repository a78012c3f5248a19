//! Workers that claim wrong results.

use super::{Arena, Row, AUDITOR, CHALLENGERS, CHEAT, CONSUMER, LIMIT};
use crate::{
	evidence::Evidence,
	money::{amount, Money, ASY},
	wait::until,
};
use anyhow::{bail, ensure, Context, Result};
use assay_adversary::{Cheat, Fraud, Worker};
use assay_protocol::{DisputeId, JobId};
use serde_json::{json, Value};
use std::{
	sync::atomic::{AtomicBool, Ordering},
	thread,
	time::Duration,
};

/// How often a cheat looks whether it is asked something.
const PAUSE: Duration = Duration::from_millis(200);

impl Arena {
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
	pub(super) fn wrong_work(
		&self,
		cheat: Cheat,
		auditor: bool,
		meanwhile: impl FnOnce() -> Result<()>,
	) -> Result<Row> {
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
				bail!("the chain took the claim");
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
				self.scene.wait_for_state(&self.bob, &job, &["Refunded"], LIMIT)
			})();
			over.store(true, Ordering::Relaxed);
			match cheating.join() {
				Ok(ended) => ended?,
				Err(_) => bail!("the cheat panicked"),
			}
			outcome.map(|_| ())
		})?;
		let ended = rpc.best()?;
		let after = self.money()?;
		let lost = before.total(CHEAT).saturating_sub(after.total(CHEAT));
		ensure!(lost > ASY, "the cheat lost {lost}");
		let (caught_by, ruling, disputes) = self.caught(&job)?;
		let catcher = if caught_by == "audit" { AUDITOR } else { CHALLENGERS[0] };
		let rewarded = after.total(catcher).saturating_sub(before.total(catcher));
		ensure!(
			caught_by == "draw" || rewarded > ASY,
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
			evidence,
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
		self.scene.wait_for_state(&self.bob, job, &["Refunded"], LIMIT)?;
		let after = self.money()?;
		let lost = before.total(CHEAT) - after.total(CHEAT);
		ensure!(lost > 0, "the cheat lost nothing");
		self.check_money(before, &after)?;
		Ok(Row {
			attack: cheat.to_string(),
			auditor,
			caught_by: "claim",
			ruling: "Refused".into(),
			evidence: Evidence::default(),
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
			spent < ASY / 10,
			"the consumer lost {spent}, more than fees of transactions"
		);
		Ok(())
	}
}
