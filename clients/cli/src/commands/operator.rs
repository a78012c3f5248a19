//! `assay operator`.

use super::Context;
use crate::{
	amount::Amount,
	chain::{AccountId, Call},
	keys::{parse_account, WorkerSource},
	views::OperatorView,
	Outcome,
};
use anyhow::{Context as _, Result};
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
	/// Bond and become an operator. The worker key must also be in the keystore of the node that works.
	Register {
		#[command(flatten)]
		worker: WorkerSource,
		/// How much to bond.
		#[arg(long)]
		bond: Amount,
	},
	/// Show an operator.
	Show {
		/// Its address, or a development name; the signing account if absent.
		#[arg(value_parser = parse_account)]
		account: Option<AccountId>,
	},
	/// Add to the bond.
	BondExtra {
		/// How much.
		amount: Amount,
	},
	/// Start to leave: no new work, and the bond can be withdrawn later.
	Unbond,
	/// Stop leaving.
	Rebond,
	/// Take the bond after leaving.
	Withdraw,
	/// Replace the worker key.
	SetWorkerKey {
		#[command(flatten)]
		worker: WorkerSource,
	},
}

impl OperatorCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Register { worker, bond } => {
				let chain = context.chain().await?;
				let account = context.key.signer()?.public_key().to_account_id();
				let (key, proof) = worker.registration(&account, &chain.genesis())?;
				let receipt = context
					.submit(&chain, Call::register_operator(&key, &proof, bond.0))
					.await?;
				context.tell(&receipt, &format!("{account} is an operator with a bond of {bond}"));
				Ok(Outcome::Done)
			}
			Self::SetWorkerKey { worker } => {
				let chain = context.chain().await?;
				let account = context.key.signer()?.public_key().to_account_id();
				let (key, proof) = worker.registration(&account, &chain.genesis())?;
				let receipt = context.submit(&chain, Call::set_worker_key(&key, &proof)).await?;
				context.tell(&receipt, "worker key replaced");
				Ok(Outcome::Done)
			}
			Self::Show { account } => {
				let account = match account {
					Some(account) => account,
					None => context.key.signer()?.public_key().to_account_id(),
				};
				let chain = context.chain().await?;
				let operator = chain.operator(account, chain.best().await?).await?;
				let view = OperatorView::new(&operator.with_context(|| format!("{account} is not an operator"))?)?;
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::BondExtra { amount } => {
				context
					.submit_and_tell(Call::bond_extra(amount.0), &format!("{amount} added to the bond"))
					.await
			}
			Self::Unbond => context.submit_and_tell(Call::unbond(), "leaving").await,
			Self::Rebond => context.submit_and_tell(Call::rebond(), "staying").await,
			Self::Withdraw => {
				context
					.submit_and_tell(Call::withdraw_unbonded(), "bond withdrawn")
					.await
			}
		}
	}
}
