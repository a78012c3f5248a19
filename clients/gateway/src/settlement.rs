//! Settling charges: when the job of a charge is over in a final block, its key pays what the job did cost.

use crate::{
	chain::refunded,
	desk::{blocking, now},
	gateway::Gateway,
	ledger::{Charge, ChargeNumber, OnChain},
	metrics::Outcome,
};
use anyhow::{Context, Result};
use assay_protocol::job::JobState;
use std::{sync::Arc, time::Duration};

/// How often open charges are looked at: about two blocks.
const INTERVAL: Duration = Duration::from_secs(6);
/// Seconds after which a job that is not on the chain is not going to come back: it was removed long after its end, and what it
/// did cost cannot be read any more.
const GONE_SECONDS: u64 = 6 * 3_600;

/// Settles charges as long as the gateway runs.
pub(crate) async fn settle(gateway: Arc<Gateway>) {
	loop {
		tokio::time::sleep(INTERVAL).await;
		round(&gateway).await;
	}
}

/// Looks at every open charge once.
pub(crate) async fn round(gateway: &Arc<Gateway>) {
	for (number, charge) in gateway.ledger.open_charges() {
		// One whose job is unknown stays reserved: it may have been submitted.
		let Some(on_chain) = charge.on_chain else {
			continue;
		};
		if let Err(error) = settle_one(gateway, number, charge, on_chain).await {
			log::warn!("charge {} of job {}: {error:#}", number.0, on_chain.job);
		}
	}
}

async fn settle_one(gateway: &Arc<Gateway>, number: ChargeNumber, charge: Charge, on_chain: OnChain) -> Result<()> {
	let job = gateway.chain.final_job(on_chain.job).await?;
	let (cost, outcome) = match job {
		Some(job) => {
			let Some(back) = refunded(&job.state) else {
				return Ok(());
			};
			let fee = charge.most.escrow.checked_sub(back);
			let fee = fee.context("more came back than was held")?;
			let outcome = match job.state {
				JobState::Refunded { .. } => Outcome::Refunded,
				_ => Outcome::Final,
			};
			(fee.checked_add(on_chain.beside), outcome)
		}
		None if now().saturating_sub(charge.since) > GONE_SECONDS => {
			log::warn!(
				"job {} is gone from the chain: its key pays all that was reserved",
				on_chain.job
			);
			(charge.most.total(), Outcome::Unknown)
		}
		None => return Ok(()),
	};
	let cost = cost.context("the job did cost more than there is money")?;
	let ledger = gateway.ledger.clone();
	let settled = blocking(move || ledger.settle(number, cost)).await;
	let paid = settled.ok().context("the ledger failed")??;
	gateway.metrics.spent(paid);
	gateway.metrics.job(outcome);
	Ok(())
}
