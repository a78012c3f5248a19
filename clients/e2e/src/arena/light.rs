//! Somebody who looks at claims lightly.

use super::{Arena, AUDITOR, CHALLENGERS, CHEAT};
use anyhow::{Context, Result};
use assay_adversary::Cheat;
use serde_json::Value;

impl Arena {
	/// Has the cheat claim something and open these positions of it, and a third party without the weights at hand look at them,
	/// who challenges what does not hold. Returns what that found.
	pub fn looked_at_lightly(&self, cheat: Cheat, positions: &[u32]) -> Result<Value> {
		self.switch_auditor(AUDITOR, false)?;
		let id = self.take_job(CHEAT, "--ignore-stop")?;
		let mut found = Value::Null;
		self.claim(CHEAT, id, cheat, |fraud| {
			let path = self.scene.folder().join("cheat.opening");
			std::fs::write(&path, fraud.opening(positions)?)?;
			let path = path.to_str().context("a folder with a strange name")?;
			let challenger = self.scene.assay(&self.eve).signing_as(CHALLENGERS[0]);
			challenger.ok(&format!("audit key {}", self.served.id))?;
			found = challenger.ok(&format!("verify {id} --light --opening {path}"))?;
			self.wait_for_state(id, &["Refunded"]).map(|_| ())
		})?;
		Ok(found)
	}
}
