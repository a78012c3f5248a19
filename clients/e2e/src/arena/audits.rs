//! Auditors that vouch for what they have not run, and such that look at nothing.

use super::{
	attack::{Attack, Loss, Played},
	caller, fee, Arena, ACCOMPLICES, AUDITOR, CHALLENGERS, CHEAT, WORKER,
};
use crate::{money::amount, wait::until};
use anyhow::{bail, ensure, Result};
use assay_adversary::{Cheat, Worker};
use assay_protocol::{
	audit::{Question, Reply},
	JobId,
};
use assay_trace::Hash32;
use serde_json::{json, Value};

impl Arena {
	/// An honest worker's claim is audited by an honest auditor and by one that cheats, which loses stake.
	pub(super) fn wrong_audit(&self, attack: Attack) -> Result<Played> {
		self.switch_auditor(AUDITOR, true)?;
		let call = caller(self.bob.rpc());
		let cheat = Worker::new(&call, CHEAT)?;
		let mut stated = vec![];
		// A worker with a record is not audited each time.
		for _ in 0..20 {
			self.switch_auditor(CHEAT, true)?;
			let id = self.submit(WORKER, "--ignore-stop")?;
			self.wait_for_state(id, &["Claimed", "Final"])?;
			let mut sent = vec![];
			let finished = until("the audit to be over", super::LIMIT, || {
				for duty in cheat.replies_due()? {
					if duty.claim.job != id || sent.contains(&duty.question) {
						continue;
					}
					let reply = match (attack, duty.question) {
						(Attack::CopiedDigest, Question::Digest) => match self.others_digest(id)? {
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
				let audit = self.audit(id)?;
				Ok(audit["phase"]["Over"].is_string().then_some(audit))
			})?;
			let job = self.wait_for_state(id, &["Final"])?;
			stated.push((super::CONSUMER, fee(&job)?));
			if sent.is_empty() {
				continue;
			}
			ensure!(finished["phase"]["Over"] == json!("Passed"), "{finished}");
			ensure!(amount(&job["paid"])? > 0, "the honest worker is not paid");
			ensure!(amount(&job["audits"])? > 0, "the honest auditor is not paid");
			return Ok(Played {
				auditor: true,
				caught_by: "audit",
				ruling: "MissedAudit".into(),
				jobs: vec![id],
				disputes: vec![],
				loser: "the auditor",
				attackers: vec![CHEAT],
				loss: Loss::Stake,
				catcher: None,
				stated,
			});
		}
		bail!("twenty jobs were not audited")
	}

	/// A worker lies and both auditors that are drawn are silent: they lose stake and their places, and the claim waits for
	/// whoever wants to challenge it.
	pub(super) fn silent_auditors(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, false)?;
		for accomplice in ACCOMPLICES {
			self.enlist(accomplice)?;
			self.switch_auditor(accomplice, true)?;
		}
		let id = self.take_job(CHEAT, "--ignore-stop")?;
		// One wrong element among thousands: a spot-check does not find it.
		self.claim(CHEAT, id, Cheat::EmbeddingRow, |_| {
			let audit = self.wait_for_audit("waiting for challenges", id, |audit| {
				!audit["phase"]["Unaudited"].is_null()
			})?;
			let states = audit["auditors"].as_array().cloned().unwrap_or_default();
			ensure!(
				states.len() == 2 && states.iter().all(|auditor| auditor["state"] == json!("Failed")),
				"{audit}"
			);
			self.challenge(CHALLENGERS[0], id)?;
			self.wait_for_state(id, &["Refunded"]).map(|_| ())
		})?;
		let mut played = self.struck_down(id, false)?;
		for accomplice in ACCOMPLICES {
			ensure!(!self.is_listed_auditor(accomplice)?, "{accomplice} kept its place");
			played.attackers.push(accomplice);
		}
		played.loser = "operator and auditors";
		Ok(played)
	}

	/// The audit of a job's claim.
	pub(super) fn audit(&self, job: JobId) -> Result<Value> {
		self.eve.rpc().call("audits_get", json!([job.0]))
	}

	/// The digest that another auditor of a claim is bound to.
	fn others_digest(&self, job: JobId) -> Result<Option<Hash32>> {
		let audit = self.audit(job)?;
		let auditors = audit["auditors"].as_array().cloned().unwrap_or_default();
		let digest = auditors
			.iter()
			.find_map(|auditor| auditor["state"]["Bound"]["digest"].as_str().map(String::from));
		Ok(digest.map(|digest| digest.parse()).transpose()?)
	}
}
