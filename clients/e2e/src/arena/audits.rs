//! Auditors that vouch for what they have not run.

use super::{Arena, Attack, Row, AUDITOR, CHEAT, LIMIT, WORKER};
use crate::{
	evidence::Evidence,
	money::{amount, ASY},
	wait::until,
};
use anyhow::{bail, ensure, Result};
use assay_adversary::Worker;
use assay_protocol::audit::{Question, Reply};
use assay_trace::Hash32;
use serde_json::{json, Value};

impl Arena {
	/// An honest worker's claim is audited by an honest auditor and by one that cheats, which loses stake.
	pub(super) fn wrong_audit(&self, attack: Attack) -> Result<Row> {
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
			ensure!(lost > ASY, "the cheating auditor lost {lost}");
			let evidence = Evidence::collect(rpc, id, &[], (begun, rpc.best()?))?;
			return Ok(Row {
				attack: attack.name(),
				auditor: true,
				caught_by: "audit",
				ruling: "MissedAudit".into(),
				evidence,
				loser: "the auditor",
				lost: lost.to_string(),
				rewarded: "0".into(),
			});
		}
		bail!("twenty jobs were not audited")
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
}
