//! Settling charges: whether there is a job, and what it did cost, is read from final blocks only.
//!
//! The transaction of a charge is on the disk before it is sent. So whatever happens after that, to the gateway, to its node or
//! to the block that first held the job, the transaction is found in a final block, or none can hold it any more. When its job
//! is over in a final block, the key pays what the job did cost.

use crate::{
	chain::{refunded, Fate},
	desk::{blocking, now},
	gateway::Gateway,
	ledger::{Charge, ChargeNumber, OnChain, OnLine, Stage},
	lines,
	metrics::Outcome,
};
use anyhow::{Context, Result};
use assay_protocol::job::JobState;
use assay_sdk::{Balance, Signed};
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

/// Looks once at every charge whose job nobody submits at the moment.
pub(crate) async fn round(gateway: &Arc<Gateway>) {
	let mut signed = vec![];
	for (number, charge) in gateway.ledger.unattended() {
		match charge.stage {
			// The gateway was stopped before anything was signed.
			Stage::Reserved => report(number, finish(gateway, number, Some(0), Outcome::Released).await),
			Stage::Signed {
				signed: transaction,
				seen,
			} => signed.push((number, charge, transaction, seen)),
			Stage::Asked(on_line) => report(number, answered(gateway, number, on_line).await),
			Stage::Placed(_) => {}
		}
	}
	if let Err(error) = place(gateway, signed).await {
		log::warn!("the transactions of charges cannot be looked for: {error:#}");
	}
	for (number, charge) in gateway.ledger.unattended() {
		if let Stage::Placed(on_chain) = charge.stage {
			report(number, settle_one(gateway, number, charge, on_chain).await);
		}
	}
}

/// Finds out what became of transactions.
async fn place(gateway: &Arc<Gateway>, charges: Vec<(ChargeNumber, Charge, Signed, Option<OnChain>)>) -> Result<()> {
	if charges.is_empty() {
		return Ok(());
	}
	let signed: Vec<_> = charges.iter().map(|(_, _, signed, _)| *signed).collect();
	let fates = gateway.chain.fates(&signed).await?;
	for ((number, charge, _, seen), fate) in charges.into_iter().zip(fates) {
		let done = match fate {
			Fate::Open => Ok(()),
			Fate::Never => finish(gateway, number, Some(0), Outcome::Released).await,
			Fate::Failed(fee) => finish(gateway, number, Some(fee), Outcome::Failed).await,
			Fate::Placed(on_chain) => placed(gateway, number, on_chain).await,
			Fate::Discarded(block) => match seen.filter(|seen| seen.block == block) {
				Some(on_chain) => placed(gateway, number, on_chain).await,
				None => {
					log::warn!(
						"charge {}: the node has discarded the state of block {block:?}, which holds its transaction: its key pays \
						 all that was reserved",
						number.0
					);
					finish(gateway, number, charge.most.total(), Outcome::Unknown).await
				}
			},
		};
		report(number, done);
	}
	Ok(())
}

/// Settles a charge for a request in a channel, if it is known what became of it.
async fn answered(gateway: &Arc<Gateway>, number: ChargeNumber, on_line: OnLine) -> Result<()> {
	let lines = gateway.lines.as_ref();
	let lines = lines.context("it is for a request in a channel, and the gateway was started without channels")?;
	match lines.outcome(&on_line).await.map_err(anyhow::Error::msg)? {
		lines::Outcome::Open => Ok(()),
		lines::Outcome::Never => finish(gateway, number, Some(0), Outcome::Released).await,
		lines::Outcome::Answered(fee) => finish(gateway, number, Some(fee), Outcome::Answered).await,
	}
}

async fn placed(gateway: &Arc<Gateway>, number: ChargeNumber, on_chain: OnChain) -> Result<()> {
	let ledger = gateway.ledger.clone();
	let noted = blocking(move || ledger.advance(number, Stage::Placed(on_chain))).await;
	noted.ok().context("the ledger failed")?
}

/// Settles a charge whose job is over.
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
		// Another node may be behind.
		None => return Ok(()),
	};
	finish(gateway, number, cost, outcome).await
}

/// Has the key pay, if the cost is no more than there is money.
async fn finish(gateway: &Arc<Gateway>, number: ChargeNumber, cost: Option<Balance>, outcome: Outcome) -> Result<()> {
	let cost = cost.context("the job did cost more than there is money")?;
	let ledger = gateway.ledger.clone();
	let settled = blocking(move || ledger.settle(number, cost)).await;
	let paid = settled.ok().context("the ledger failed")??;
	gateway.metrics.spent(paid);
	gateway.metrics.job(outcome);
	Ok(())
}

fn report(number: ChargeNumber, done: Result<()>) {
	if let Err(error) = done {
		log::warn!("charge {}: {error:#}", number.0);
	}
}
