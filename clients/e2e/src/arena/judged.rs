//! Claims that fall by their worker's silence, and auditors who vouched for them: these are judged by what the job ends with.

use super::{
	attack::{Loss, Played},
	caller, fee, Arena, ACCOMPLICES, AUDITOR, CHALLENGERS, CHEAT, CONSUMER, JOB, LIMIT, WORKER,
};
use crate::wait::until;
use anyhow::{anyhow, ensure, Context, Result};
use assay_adversary::{Cheat, Fraud, Worker};
use assay_protocol::{dispute::Accusation, JobId};
use assay_runtime::Runtime;
use codec::Encode;
use serde_json::{json, Value};
use std::thread;

impl Arena {
	/// A worker claims what is right, has a friend challenge it, and is silent, so that the honest auditor has vouched for a claim
	/// that fell.
	pub(super) fn self_refutation(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, true)?;
		let friend = CHALLENGERS[1];
		let (job, ended) = self.fall_by_silence(Cheat::SelfRefutation, |_, job| {
			self.party(friend)?
				.act(pallet_assay_disputes::Call::<Runtime>::challenge {
					job,
					claim: self.claim_root(job)?,
					accusation: Accusation::Trace,
				})?;
			self.wait_for_vouchers(job, 1)
		})?;
		Ok(Played {
			auditor: true,
			attackers: vec![CHEAT, friend],
			catcher: None,
			..self.fallen(job, &ended)?
		})
	}

	/// A worker lies, two auditors of its own vouch for it, and it is silent when it is challenged, so that nothing is proved.
	pub(super) fn collusion(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, false)?;
		for accomplice in ACCOMPLICES {
			self.enlist(accomplice)?;
			self.switch_auditor(accomplice, true)?;
		}
		let before = self.false_audits()?;
		let (job, ended) = thread::scope(|scope| {
			self.fall_by_silence(Cheat::SilentUnderChallenge, |fraud, job| {
				let challenging = scope.spawn(move || self.challenge(CHALLENGERS[0], job));
				self.vouch(fraud, job)?;
				// Nobody but an honest auditor is left for the next claim.
				for accomplice in ACCOMPLICES {
					self.switch_auditor(accomplice, false)?;
				}
				self.switch_auditor(AUDITOR, true)?;
				challenging.join().map_err(|_| anyhow!("the challenger panicked"))?
			})
		})?;
		let after = self.false_audits()?;
		for ((accomplice, before), after) in ACCOMPLICES.iter().zip(before).zip(after) {
			ensure!(after == before + 1, "{accomplice} vouched for a lie and lost nothing");
		}
		Ok(Played {
			attackers: vec![CHEAT, ACCOMPLICES[0], ACCOMPLICES[1]],
			loser: "operator and auditors",
			..self.fallen(job, &ended)?
		})
	}

	/// Has the cheat claim a job that names nobody and defend it by silence; the honest worker gets it then. `meanwhile` happens
	/// while the claim stands. Returns the job and how it ended.
	fn fall_by_silence(
		&self,
		cheat: Cheat,
		meanwhile: impl FnOnce(&Fraud<'_>, JobId) -> Result<()>,
	) -> Result<(JobId, Value)> {
		self.as_account(WORKER, &format!("model unserve {}", self.served.id))?;
		self.serve(CHEAT, "")?;
		let job = self.submit_job(&format!("{JOB} --ignore-stop"))?;
		self.wait_for_state(job, &["Assigned"])?;
		self.serve(WORKER, "")?;
		let mut ended = Value::Null;
		self.claim(CHEAT, job, cheat, |fraud| {
			meanwhile(fraud, job)?;
			ended = self.wait_for_state(job, &["Final"])?;
			Ok(())
		})?;
		let worker = crate::party::account(WORKER)?.to_string();
		ensure!(
			ended["operator"] == json!(worker),
			"the honest worker did not get the job: {ended}"
		);
		Ok((job, ended))
	}

	/// Has both accomplices vouch for a claim, with the values that its worker pretends to have.
	fn vouch(&self, fraud: &Fraud<'_>, job: JobId) -> Result<()> {
		let call = caller(self.eve.rpc());
		let workers = ACCOMPLICES
			.iter()
			.map(|accomplice| Worker::new(&call, accomplice))
			.collect::<Result<Vec<_>>>()?;
		let mut sent = vec![];
		until("the accomplices to have vouched", LIMIT, || {
			for worker in &workers {
				for duty in worker.replies_due()? {
					if duty.claim.job != job || sent.contains(&(duty.from.clone(), duty.question)) {
						continue;
					}
					let from = duty.from.encode();
					let reply = fraud.vouch(duty.question, &from, duty.claim.job, duty.claim.attempt);
					worker.send_reply(&duty, reply.context("an auditor is asked for values")?)?;
					sent.push((duty.from.clone(), duty.question));
				}
			}
			let audit = self.audit(job)?;
			Ok((audit["phase"]["Over"] == json!("Passed")).then_some(()))
		})?;
		self.wait_for_vouchers(job, ACCOMPLICES.len())
	}

	/// Waits until so many auditors of the first claim of a job have shown that they looked at it.
	fn wait_for_vouchers(&self, job: JobId, count: usize) -> Result<()> {
		self.wait_for_audit("passed by its auditors", job, |audit| {
			let auditors = audit["auditors"].as_array();
			let done = auditors
				.into_iter()
				.flatten()
				.filter(|auditor| auditor["state"] == json!("Done"));
			audit["attempt"] == json!(0) && audit["phase"]["Over"] == json!("Passed") && done.count() == count
		})
		.map(|_| ())
	}

	/// How often each accomplice was found to have vouched for what was wrong.
	fn false_audits(&self) -> Result<Vec<u64>> {
		let count = |accomplice: &&str| {
			let shown = self.as_account(accomplice, &format!("operator show {accomplice}"))?;
			shown["faults"]["false_audits"].as_u64().context("a number of faults")
		};
		ACCOMPLICES.iter().map(count).collect()
	}

	/// A claim that fell by silence, after which the job went to the honest worker.
	fn fallen(&self, job: JobId, ended: &Value) -> Result<Played> {
		let disputes = self.disputes(job)?;
		let fell = disputes
			.iter()
			.any(|dispute| dispute["ruling"] == json!("WorkerSilent"));
		ensure!(fell, "the claim did not fall by silence: {disputes:?}");
		Ok(Played {
			auditor: false,
			caught_by: "challenge",
			ruling: "WorkerSilent".into(),
			jobs: vec![job],
			disputes: super::ids(&disputes),
			loser: "the operator",
			attackers: vec![],
			loss: Loss::Stake,
			catcher: Some(CHALLENGERS[0]),
			stated: vec![(CONSUMER, fee(ended)?)],
		})
	}
}
