//! `assay validator`.

use super::Context;
use crate::{
	chain::{AccountId, Block, Call, Chain},
	output::table,
	views::{KeysView, ValidationView, ValidatorView},
	Outcome,
};
use anyhow::{ensure, Context as _, Result};
use clap::Subcommand;

/// Sessions from the one in which keys are registered to the first in which they hold.
const SESSIONS_TO_WAIT: u32 = 2;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum ValidatorCommand {
	/// Have the node at --url make session keys for the signing account, and register them. Run it on the node's own
	/// machine; the secrets stay in the node's keystore.
	Keys,
	/// Offer to make blocks: those operators do that have the most stake behind them.
	Join,
	/// Take that offer back. A validator goes on until the session after the next, and must stay online until then.
	Leave,
	/// List the validators of this session and the candidates, by the stake behind them.
	List,
	/// Show the session, the limits, and what blocks earn.
	Parameters,
}

impl ValidatorCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Keys => keys(context).await,
			Self::Join => {
				let (chain, at) = context.reading().await?;
				check_candidate(&chain, signing(context)?, at).await?;
				let receipt = context.submit(&chain, Call::validate()).await?;
				context.tell(&receipt, "offered to make blocks");
				Ok(Outcome::Done)
			}
			Self::Leave => {
				let done = "the offer to make blocks is taken back";
				context.submit_and_tell(Call::stop_validating(), done).await
			}
			Self::List => list(context).await,
			Self::Parameters => {
				let (chain, at) = context.reading().await?;
				let view = ValidationView::new(chain.validation(at).await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
		}
	}
}

async fn keys(context: &Context) -> Result<Outcome> {
	let account = signing(context)?;
	let chain = context.chain().await?;
	let made = chain.make_session_keys(account).await?;
	let call = Call::set_session_keys(made.keys(), made.proof()?);
	let receipt = context.submit(&chain, call).await?;
	let block = chain.block_at(receipt.block).await?;
	let block = block.with_context(|| format!("the node does not have block {}", receipt.block))?;
	let from = chain.validation(block).await?.session.saturating_add(SESSIONS_TO_WAIT);
	let view = KeysView::new(account, made.keys(), from, &receipt);
	context.output.answer(&view, || view.text());
	Ok(Outcome::Done)
}

/// Says what is missing before a transaction is paid for.
async fn check_candidate(chain: &Chain, account: AccountId, at: Block) -> Result<()> {
	ensure!(
		chain.operator(account, at).await?.is_some(),
		"{account} is not an operator: `assay operator register` makes it one"
	);
	ensure!(
		chain.session_keys(account, at).await?.is_some(),
		"{account} has no session keys: `assay validator keys`, run at its own node, registers some"
	);
	Ok(())
}

async fn list(context: &Context) -> Result<Outcome> {
	let (chain, at) = context.reading().await?;
	let mut views = vec![];
	for validator in chain.validators(at).await? {
		let keys = chain.session_keys(validator.account, at).await?;
		views.push(ValidatorView::new(validator, keys));
	}
	context.output.answer(&views, || {
		table(ValidatorView::HEADER, 2, views.iter().map(ValidatorView::row).collect())
	});
	Ok(Outcome::Done)
}

/// The signing account.
fn signing(context: &Context) -> Result<AccountId> {
	Ok(context.key.signer()?.public_key().to_account_id())
}
