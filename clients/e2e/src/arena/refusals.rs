//! Attacks that the chain does not let happen.

use super::{
	attack::{Loss, Played},
	fee, Arena, CHALLENGERS, CHEAT, CONSUMER, GENERATED, PRICE, PROMPT, WORKER,
};
use anyhow::{ensure, Context, Result};
use assay_protocol::model::{ModelMetadata, VersionSubmission};
use assay_runtime::Runtime;
use codec::Encode;
use serde_json::json;

/// Values of a vector that no answer has room for.
const UNANSWERABLE: u32 = 1 << 18;
/// How much dearer the cheat is when a job comes.
const RAISE: u128 = 100;
/// What a consumer pays more so that its job comes first.
const TIP: u128 = 1_000;

impl Arena {
	/// A publisher registers a program of which one vector is longer than any answer.
	pub(super) fn unanswerable_program(&self) -> Result<Played> {
		let program = assay_samples::programs::product(UNANSWERABLE);
		let register = pallet_assay_models::Call::<Runtime>::register {
			metadata: ModelMetadata {
				name: b"unanswerable".to_vec().try_into().ok().context("a short name")?,
				description: Default::default(),
				licence: b"CC0-1.0".to_vec().try_into().ok().context("a short licence")?,
				tags: Default::default(),
			},
			version: VersionSubmission {
				program: program.encode().try_into().ok().context("a program that fits")?,
				artifact: Default::default(),
				artifact_bytes: 1,
				tokenizer: None,
				royalty: Default::default(),
			},
		};
		let reason = pallet_assay_models::Error::<Runtime>::TooLargeToJudge;
		self.party(CHEAT)?.is_refused(register, reason)?;
		Ok(refused("registration", "TooLargeToJudge", "the publisher", CHEAT))
	}

	/// A consumer gives an honest operator a job that is larger than it takes.
	pub(super) fn oversized_job(&self) -> Result<Played> {
		let program = self.artifact.program();
		let usual = program.units(PROMPT, GENERATED).0;
		let tokens = (GENERATED..=program.positions - PROMPT).find(|tokens| program.units(PROMPT, *tokens).0 > usual);
		let tokens = tokens.context("a job of the model that is larger than the usual one")?;
		self.serve(WORKER, &format!("--largest {usual}"))?;
		let attacker = CHALLENGERS[1];
		let submit = self.job(tokens, 3, PRICE, Some(crate::party::account(WORKER)?))?;
		let reason = pallet_assay_jobs::Error::<Runtime>::OperatorTooSmall;
		self.party(attacker)?.is_refused(submit, reason)?;
		self.serve(WORKER, "")?;
		Ok(refused("submission", "OperatorTooSmall", "the consumer", attacker))
	}

	/// An operator asks for a hundred times its price as soon as a job comes that could pay that: before the job is in a block,
	/// and between that and its assignment.
	pub(super) fn raised_price(&self) -> Result<Played> {
		let version = self.version()?;
		let serve = |price| pallet_assay_models::Call::<Runtime>::serve {
			version,
			price,
			capacity: 4,
			speed: 4_000,
			largest: 1_000_000,
		};
		let (cheat, consumer) = (self.party(CHEAT)?, self.party(CONSUMER)?);
		cheat.act(serve(PRICE * RAISE))?;
		let named = self.job(GENERATED, 3, PRICE, Some(cheat.account()))?;
		consumer.is_refused(named, pallet_assay_jobs::Error::<Runtime>::OperatorTooDear)?;

		// Nobody else is there, so that a job that names nobody would be the cheat's.
		self.as_account(WORKER, &format!("model unserve {}", self.served.id))?;
		cheat.act(serve(PRICE))?;
		let submitted = consumer.send_with_tip(self.job(GENERATED, 3, PRICE, None)?, TIP)?;
		let raised = cheat.send(serve(PRICE * RAISE))?;
		let (submitted, raised) = (consumer.included(&submitted)?, cheat.included(&raised)?);
		let job = super::submitted(&submitted)?;
		self.serve(WORKER, "")?;
		let ended = self.wait_for_state(job, &["Final"])?;
		// Had the cheat been too late it would have had the job at the price that it asked before.
		ensure!(
			raised.height < submitted.height + assay_runtime::time::ASSIGNMENT_DELAY,
			"the price was raised in block {}, the job submitted in block {}",
			raised.height,
			submitted.height
		);
		let worker = crate::party::account(WORKER)?.to_string();
		ensure!(ended["operator"] == json!(worker), "{ended}");
		let most = u128::from(self.artifact.program().units(PROMPT, GENERATED).0) * PRICE;
		ensure!(fee(&ended)? <= most, "{ended}");
		Ok(Played {
			jobs: vec![job],
			stated: vec![(CONSUMER, fee(&ended)?)],
			..refused("assignment", "OperatorTooDear", "the operator", CHEAT)
		})
	}
}

/// An attack that came to nothing but the fees of its transactions.
fn refused(by: &'static str, reason: &str, loser: &'static str, attacker: &'static str) -> Played {
	Played {
		auditor: false,
		caught_by: by,
		ruling: reason.into(),
		jobs: vec![],
		disputes: vec![],
		loser,
		attackers: vec![attacker],
		loss: Loss::FeesAlone,
		catcher: None,
		stated: vec![],
	}
}
