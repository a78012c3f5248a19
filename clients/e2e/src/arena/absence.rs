//! An honest worker that is not there for a while.

use super::{
	attack::{Loss, Played},
	fee, Arena, AUDITOR, CONSUMER, GENERATED, PRICE, PROMPT,
};
use crate::wait::until;
use anyhow::{ensure, Result};
use serde_json::json;

impl Arena {
	/// A worker's node dies after a claim and comes back when the clock of another job has run out, and that of what was asked
	/// about the claim. It loses what the other job was worth at most; its claim is paid.
	pub(super) fn offline(&mut self) -> Result<Played> {
		self.switch_auditor(AUDITOR, false)?;
		let claimed = self.take_job(AUDITOR, "--ignore-stop")?;
		self.wait_for_state(claimed, &["Claimed"])?;
		self.bob.kill()?;
		let begun = self.eve.rpc().best()?;
		let missed = self.submit(AUDITOR, "--ignore-stop")?;
		self.wait_for_state(missed, &["Assigned"])?;

		until("the worker to be late with a reply", super::LIMIT, || {
			Ok(self.was_late(AUDITOR, begun)?.then_some(()))
		})?;
		// It gets nothing new, and whoever waits for it may go.
		let waiting = self.submit(AUDITOR, "--ignore-stop")?;
		let state = self.wait_for_state(waiting, &["Open", "Assigned"])?;
		ensure!(state["state"] == json!("Open"), "a late worker was given {state}");
		self.as_account(CONSUMER, &format!("job cancel {waiting}"))?;

		self.wait_for_state(missed, &["Refunded"])?;
		self.bob.restart()?;
		let ended = self.wait_for_state(claimed, &["Final"])?;
		self.as_account(AUDITOR, &format!("model unserve {}", self.served.id))?;
		let worth = u128::from(self.artifact.program().units(PROMPT, GENERATED).0) * PRICE;
		Ok(Played {
			auditor: false,
			caught_by: "-",
			ruling: "Final".into(),
			jobs: vec![claimed, missed, waiting],
			disputes: vec![],
			loser: "nobody",
			attackers: vec![],
			loss: Loss::Nothing,
			catcher: None,
			stated: vec![(CONSUMER, fee(&ended)?), (AUDITOR, worth)],
		})
	}
}
