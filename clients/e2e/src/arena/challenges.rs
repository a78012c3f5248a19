//! Challengers that are wrong.

use super::{Arena, Attack, Row, CHALLENGERS, LIMIT, WORKER};
use crate::{
	evidence::Evidence,
	money::{amount, ASY},
};
use anyhow::{anyhow, ensure, Context, Result};
use assay_protocol::DisputeId;
use std::thread;

impl Arena {
	/// An honest operator is challenged by some who are wrong: they lose their bonds and it is paid.
	pub(super) fn wrong_challengers(&self, count: usize) -> Result<Row> {
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
				.map(|ended| ended.map_err(|_| anyhow!("a challenger panicked"))?)
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
		ensure!(lost > ASY, "the wrong challengers lost {lost}");
		Ok(Row {
			attack: Attack::WrongChallengers(count).name(),
			auditor: true,
			caught_by: "referee",
			ruling: document["ending"]["ruling"].as_str().unwrap_or_default().into(),
			evidence,
			loser: "the challenger",
			lost: lost.to_string(),
			rewarded: (after.total(WORKER) - before.total(WORKER)).to_string(),
		})
	}
}
