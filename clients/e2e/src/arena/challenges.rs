//! Challengers that are wrong.

use super::{
	attack::{Loss, Played},
	fee, Arena, CHALLENGERS, CONSUMER, WORKER,
};
use crate::money::amount;
use anyhow::{anyhow, ensure, Context, Result};
use assay_protocol::DisputeId;
use std::thread;

impl Arena {
	/// An honest operator is challenged by some who are wrong: they lose their bonds and it is paid.
	pub(super) fn wrong_challengers(&self, count: usize) -> Result<Played> {
		let challengers = CHALLENGERS.iter().take(count).copied();
		let job = self.submit(WORKER, "--ignore-stop")?;
		self.wait_for_state(job, &["Claimed"])?;
		let documents = thread::scope(|scope| {
			let challenges: Vec<_> = challengers
				.clone()
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
		let state = self.wait_for_state(job, &["Final"])?;
		ensure!(amount(&state["paid"])? > 0, "the honest operator is not paid");
		let disputes = documents
			.iter()
			.filter_map(|answer| answer.document["dispute"]["id"].as_u64().map(DisputeId));
		let document = &documents.first().context("at least one challenger")?.document;
		Ok(Played {
			auditor: true,
			caught_by: "referee",
			ruling: document["ending"]["ruling"].as_str().unwrap_or_default().into(),
			jobs: vec![job],
			disputes: disputes.collect(),
			loser: "the challenger",
			attackers: challengers.collect(),
			loss: Loss::Stake,
			catcher: Some(WORKER),
			stated: vec![(CONSUMER, fee(&state)?)],
		})
	}
}
