//! A model without weights: nobody can run it, so nobody can show what is wrong.

use super::{attack::Played, walk::FIRST, Arena, CHALLENGERS, CHEAT, JOB, PRICE};
use anyhow::{Context, Result};
use assay_adversary::{malformed_artifact, Cheat};
use assay_protocol::{
	dispute::Accusation,
	model::{ModelMetadata, VersionSubmission},
	ModelVersion,
};
use assay_runtime::{Runtime, RuntimeEvent};
use pallet_assay_models::{Call, Event};

impl Arena {
	/// The cheat registers a program with an artifact that holds no weights, serves it, and claims what it likes. A challenger who
	/// can run nothing points at the first step that reads a weight.
	pub(super) fn malformed_weights(&self) -> Result<Played> {
		let version = self.register_malformed()?;
		self.party(CHEAT)?.act(Call::<Runtime>::serve {
			version,
			price: PRICE,
			capacity: 1,
			speed: 4_000,
			largest: 1_000_000,
		})?;
		let job = format!("job submit --model {version} {JOB} --ignore-stop --operator {CHEAT}");
		let job = super::job_id(&self.as_account(super::CONSUMER, &job)?)?;
		self.claim(CHEAT, job, Cheat::MalformedWeights, |_| {
			let challenger = self.party(CHALLENGERS[0])?;
			let opened = self.challenge_all(&challenger, job, &[Accusation::Trace])?;
			let dispute = *opened.first().context("a dispute")?;
			let (place, step) = FIRST;
			self.point_at_group(&challenger, dispute, 0)?;
			self.point_at_step(&challenger, dispute, place, step)?;
			self.wait_for_state(job, &["Refunded"]).map(|_| ())
		})?;
		let played = self.struck_down(job, false)?;
		self.party(CHEAT)?.act(Call::<Runtime>::unserve { version })?;
		Ok(played)
	}

	fn register_malformed(&self) -> Result<ModelVersion> {
		let metadata = ModelMetadata {
			name: b"hollow".to_vec().try_into().ok().context("a short name")?,
			description: Default::default(),
			licence: b"CC0-1.0".to_vec().try_into().ok().context("a short name")?,
			tags: Default::default(),
		};
		let program = self.artifact.program_bytes().to_vec();
		let version = VersionSubmission {
			program: program.try_into().ok().context("a program that fits")?,
			artifact: malformed_artifact(self.artifact.program())?,
			artifact_bytes: self.artifact.file_bytes(),
			tokenizer: None,
			royalty: Default::default(),
		};
		let included = self
			.party(CHEAT)?
			.act(Call::<Runtime>::register { metadata, version })?;
		let added = included.events.into_iter().find_map(|event| match event {
			RuntimeEvent::Models(Event::VersionAdded { version, .. }) => Some(version),
			_ => None,
		});
		added.context("a registration without a version")
	}
}
