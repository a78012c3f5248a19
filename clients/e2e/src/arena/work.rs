//! Workers that claim wrong results.

use super::{
	attack::{Loss, Played},
	caller, fee, Arena, AUDITOR, CHALLENGERS, CHEAT, CONSUMER, LIMIT, PAUSE, PROMPT, WORKER,
};
use crate::{
	money::{amount, ASY},
	rpc::Rpc,
	wait::until,
};
use anyhow::{bail, ensure, Context, Result};
use assay_adversary::{Cheat, Fraud, Worker};
use assay_exact::Input;
use assay_protocol::{dispute::DisputedClaim, DisputeId, JobId};
use codec::Encode;
use serde_json::{json, Value};
use std::{
	sync::atomic::{AtomicBool, Ordering},
	thread,
	time::{Duration, Instant},
};

/// After so long a reply that is still due is sent again.
const AGAIN: Duration = Duration::from_secs(5);

/// The job whose trace is copied: what [`Cheat::OtherPrompt`] runs in place of the scene's.
const OTHER_JOB: &str = "--tokens 0,3,2,5,4,7 --max-tokens 10 --temperature 1 --seed 3 --max-fee 1 --ignore-stop";

impl Arena {
	/// Has an operator cheat behind whom others stand, and tells what each part of that stake was worth before and after:
	/// its own bond, a delegation, one of which a part left once the job was there, and that part.
	pub fn fraud_of_a_delegate(&self) -> Result<Vec<(&'static str, u128, u128)>> {
		let whole = self.scene.assay(&self.eve).signing_as("//Ferdie");
		let leaving = self.scene.assay(&self.eve).signing_as("//One");
		for member in [&whole, &leaving] {
			member.ok(&format!("stake delegate {CHEAT} 400"))?;
		}
		let worth = |member: &str| -> Result<(u128, u128)> {
			let position = self
				.scene
				.assay(&self.eve)
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
	) -> Result<Played> {
		self.switch_auditor(AUDITOR, auditor)?;
		let stop = if cheat == Cheat::IgnoredStop {
			""
		} else {
			"--ignore-stop"
		};
		let id = self.take_job(CHEAT, stop)?;
		meanwhile()?;
		if cheat.is_refused_at_once() {
			return self.refused_claim(cheat, auditor, id);
		}
		self.claim(CHEAT, id, cheat, |_| {
			if !auditor {
				self.watch(CHALLENGERS[0])?;
			}
			// The consumer named the cheat, so nobody else may try.
			self.wait_for_state(id, &["Refunded"]).map(|_| ())
		})?;
		self.struck_down(id, auditor)
	}

	/// Has the cheat claim the trace of another job, which the honest auditor has run.
	pub(super) fn copied_trace(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, true)?;
		let (claim, stated) = self.audited_claim()?;
		let played = self.wrong_work(Cheat::OtherPrompt, true, || {
			let input = Input::Tokens((1..=PROMPT).collect());
			let fraud = Fraud::new(Cheat::OtherPrompt, &self.artifact, input, claim.generation)?;
			ensure!(
				fraud.statement.trace == claim.trace,
				"the trace is not that of the other job"
			);
			Ok(())
		})?;
		Ok(Played { stated, ..played })
	}

	/// An honest claim of the other job that the auditor has run, and what the consumer paid for that. A worker with a record is
	/// not audited each time.
	fn audited_claim(&self) -> Result<(DisputedClaim, Vec<(&'static str, u128)>)> {
		let mut stated = vec![];
		for _ in 0..20 {
			let job = self.submit_job(&format!("{OTHER_JOB} --operator {WORKER}"))?;
			stated.push((CONSUMER, fee(&self.wait_for_state(job, &["Final"])?)?));
			if self.audit(job)?["auditors"][0]["state"] == json!("Done") {
				let claim: Option<DisputedClaim> = self.eve.rpc().api("JobsApi_claim", &job.encode())?;
				return Ok((claim.context("a job that is final has a claim")?, stated));
			}
		}
		bail!("twenty jobs were not audited")
	}

	/// Has an operator offer the model, and the consumer give it a job.
	pub(super) fn take_job(&self, operator: &str, more: &str) -> Result<JobId> {
		self.serve(operator, "")?;
		self.submit(operator, more)
	}

	/// Has an operator that was given a job claim something, and defends the claim as `cheat` does, until `meanwhile` is over.
	pub(super) fn claim(
		&self,
		operator: &str,
		job: JobId,
		cheat: Cheat,
		meanwhile: impl FnOnce(&Fraud<'_>) -> Result<()>,
	) -> Result<()> {
		let call = caller(self.bob.rpc());
		let worker = Worker::new(&call, operator)?;
		let claims = [(job, self.deliver(&worker, job, cheat)?)];
		self.wait_for_state(job, &["Claimed"])?;
		let [(_, fraud)] = &claims;
		self.defend(&worker, &claims, || meanwhile(fraud))
	}

	/// Has a worker claim something for a job that it was given.
	pub(super) fn deliver(&self, worker: &Worker<'_>, job: JobId, cheat: Cheat) -> Result<Fraud<'_>> {
		let duty = until("the cheat to be given the job", LIMIT, || worker.duty(job))?;
		worker.deliver(&duty, cheat, &self.artifact)
	}

	/// Answers and replies about some claims, as their worker does, until `meanwhile` is over.
	pub(super) fn defend(
		&self,
		worker: &Worker<'_>,
		claims: &[(JobId, Fraud<'_>)],
		meanwhile: impl FnOnce() -> Result<()>,
	) -> Result<()> {
		defend(self.bob.rpc(), worker, claims, meanwhile)
	}

	/// Has somebody look at all claims and challenge those that are wrong.
	fn watch(&self, challenger: &str) -> Result<()> {
		let challenger = self.scene.assay(&self.eve).signing_as(challenger);
		// The draw may be faster.
		challenger.run("watch --once").map(|_| ())
	}

	/// Has somebody who ran the job too challenge its claim to the end.
	pub(super) fn challenge(&self, challenger: &str, job: JobId) -> Result<()> {
		let challenger = self.scene.assay(&self.eve).signing_as(challenger);
		// The draw may be faster than the challenger.
		challenger.run(&format!("challenge {job}")).map(|_| ())
	}

	/// The cheat's claim was struck down, by an auditor or a challenger, if not by the draw.
	pub(super) fn struck_down(&self, id: JobId, auditor: bool) -> Result<Played> {
		let (caught_by, ruling, disputes) = self.caught(id)?;
		Ok(Played {
			auditor,
			caught_by,
			ruling,
			jobs: vec![id],
			disputes,
			loser: "the operator",
			attackers: vec![CHEAT],
			loss: Loss::Stake,
			catcher: match caught_by {
				"audit" => Some(AUDITOR),
				"challenge" => Some(CHALLENGERS[0]),
				_ => None,
			},
			stated: vec![],
		})
	}

	/// What struck a claim down: who, how, and the disputes about it.
	fn caught(&self, job: JobId) -> Result<(&'static str, String, Vec<DisputeId>)> {
		let assay = self.scene.assay(&self.eve);
		let auditor = assay.ok(&format!("account show {AUDITOR}"))?["account"].clone();
		let disputes = self.disputes(job)?;
		let ids = super::ids(&disputes);
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
		let audit = self.audit(job)?;
		let outcome = audit["phase"]["Over"]
			.as_str()
			.with_context(|| format!("an audit that is over: {audit}"))?;
		ensure!(
			["Refuted", "WorkerSilent"].contains(&outcome),
			"nothing struck the claim down: {audit}"
		);
		Ok(("draw", outcome.into(), ids))
	}

	/// The disputes about a job.
	pub(super) fn disputes(&self, job: JobId) -> Result<Vec<Value>> {
		let assay = self.scene.assay(&self.eve);
		let disputes = assay.ok(&format!("dispute list --job {job} --limit 1000"))?;
		disputes.as_array().cloned().context("a list of disputes")
	}

	/// A claim that the chain refuses at once: the cheat misses its deadline.
	fn refused_claim(&self, cheat: Cheat, auditor: bool, id: JobId) -> Result<Played> {
		let call = caller(self.bob.rpc());
		let worker = Worker::new(&call, CHEAT)?;
		let Err(refused) = self.deliver(&worker, id, cheat) else {
			bail!("the chain took the claim");
		};
		ensure!(refused.to_string().contains("author_submitExtrinsic"), "{refused:#}");
		self.wait_for_state(id, &["Refunded"])?;
		Ok(Played {
			auditor,
			caught_by: "claim",
			ruling: "Refused".into(),
			jobs: vec![id],
			disputes: vec![],
			loser: "the operator",
			attackers: vec![CHEAT],
			loss: Loss::Something,
			catcher: None,
			stated: vec![],
		})
	}
}

/// Answers and replies about some claims, as their worker does, until `meanwhile` is over; `rpc` tells it the time.
pub(super) fn defend(
	rpc: Rpc,
	worker: &Worker<'_>,
	claims: &[(JobId, Fraud<'_>)],
	meanwhile: impl FnOnce() -> Result<()>,
) -> Result<()> {
	let over = AtomicBool::new(false);
	thread::scope(|scope| {
		let defending = scope.spawn(|| answer_until(rpc, worker, claims, &over));
		let outcome = meanwhile();
		over.store(true, Ordering::Relaxed);
		match defending.join() {
			Ok(ended) => ended?,
			Err(_) => bail!("the cheat panicked"),
		}
		outcome
	})
}

fn answer_until(rpc: Rpc, worker: &Worker<'_>, claims: &[(JobId, Fraud<'_>)], over: &AtomicBool) -> Result<()> {
	let fraud_of = |job| claims.iter().find(|(of, _)| *of == job).map(|(_, fraud)| fraud);
	let (mut answered, mut replied) = (vec![], vec![]);
	while !over.load(Ordering::Relaxed) {
		for duty in worker.answers_due()? {
			let Some(fraud) = fraud_of(duty.claim.job) else {
				continue;
			};
			let late = fraud.cheat() == Cheat::LateAnswer && rpc.best()? <= duty.deadline;
			if late || answered.contains(&(duty.dispute, duty.stage)) {
				continue;
			}
			// Whether the chain takes it is for the dispute to tell.
			let _ = worker.answer(fraud, &duty);
			answered.push((duty.dispute, duty.stage));
		}
		for duty in worker.replies_due()? {
			let Some(fraud) = fraud_of(duty.claim.job) else {
				continue;
			};
			// Sent once, it may be refused or dropped: it is sent again as long as it is due, as a worker's node does.
			replied.retain(|(_, _, sent): &(_, _, Instant)| sent.elapsed() < AGAIN);
			if !replied
				.iter()
				.any(|(job, question, _)| (*job, *question) == (duty.claim.job, duty.question))
			{
				let _ = worker.reply(fraud, &duty);
				replied.push((duty.claim.job, duty.question, Instant::now()));
			}
		}
		thread::sleep(PAUSE);
	}
	Ok(())
}
