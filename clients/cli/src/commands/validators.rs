//! `assay validator`.

use super::Context;
use crate::{
	output::table,
	views::{KeysView, SlashView, ValidationView, ValidatorView},
	Outcome,
};
use anyhow::{bail, ensure, Context as _, Result};
use assay_sdk::{provider::ProviderStatus, AccountId, Assay, Block, Call};
use clap::Subcommand;

/// Sessions from the one in which keys are registered to the first in which they hold.
const SESSIONS_TO_WAIT: u32 = 2;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum ValidatorCommand {
	/// Have the node at --url make session keys for the signing account, and register them. Run it on the node's own
	/// machine; the secrets stay in the node's keystore.
	Keys {
		/// Although the node works for another operator.
		#[arg(long)]
		anyway: bool,
	},
	/// Offer to make blocks: those operators do that have the most stake behind them.
	Join,
	/// Take that offer back. A validator goes on until the session after the next, and must stay online until then.
	Leave,
	/// List the validators of this session and the candidates, by the stake behind them.
	List,
	/// List what offences are to cost validators that are not paid for yet.
	Slashes,
	/// Give the signing account's session keys back, and their deposit: when it neither makes blocks nor offers to.
	PurgeKeys,
	/// Show the session, the limits, and what blocks earn.
	Parameters,
}

impl ValidatorCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Keys { anyway } => keys(context, anyway).await,
			Self::Join => {
				let (chain, at) = context.reading().await?;
				check_candidate(&chain, context.account()?, at).await?;
				let receipt = context.submit(&chain, Call::validate()).await?;
				context.tell(&receipt, "offered to make blocks");
				Ok(Outcome::Done)
			}
			Self::Leave => {
				let done = "the offer to make blocks is taken back";
				context.submit_and_tell(Call::stop_validating(), done).await
			}
			Self::List => list(context).await,
			Self::Slashes => {
				let (chain, at) = context.reading().await?;
				let slashes = chain.validators().at(at).pending_slashes().await?;
				let views: Vec<_> = slashes.into_iter().map(SlashView::new).collect();
				context.output.answer(&views, || match views.is_empty() {
					true => "no offence is to be paid for".into(),
					false => table(SlashView::HEADER, 1, views.iter().map(SlashView::row).collect()),
				});
				Ok(Outcome::Done)
			}
			Self::PurgeKeys => {
				let done = "the session keys are given back";
				context.submit_and_tell(Call::purge_session_keys(), done).await
			}
			Self::Parameters => {
				let (chain, at) = context.reading().await?;
				let view = ValidationView::new(chain.validators().at(at).rules().await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
		}
	}
}

async fn keys(context: &Context, anyway: bool) -> Result<Outcome> {
	let account = context.account()?;
	let chain = context.chain().await?;
	if !anyway {
		if let Some(status) = chain.provider_status().await? {
			if let Some(doubt) = check_node(&status, &account)? {
				context.output.progress(&format!("the node at {} {doubt}", context.url));
			}
		}
	}
	let made = chain.validators().make_session_keys(account).await?;
	let call = Call::set_session_keys(made.keys(), made.proof()?);
	let receipt = context.submit(&chain, call).await?;
	let block = chain.block_at(receipt.block).await?;
	let block = block.with_context(|| format!("the node does not have block {}", receipt.block))?;
	let from = chain
		.validators()
		.at(block)
		.rules()
		.await?
		.session
		.saturating_add(SESSIONS_TO_WAIT);
	let view = KeysView::new(account, made.keys(), from, &receipt);
	context.output.answer(&view, || view.text());
	Ok(Outcome::Done)
}

/// Fails if the node works for another operator: whoever holds session keys makes the blocks of whoever registered them, and
/// keys in a stranger's node are of no use to the one and a temptation to the other. Returns why it cannot be told.
fn check_node(status: &ProviderStatus, account: &AccountId) -> Result<Option<String>> {
	let operators = || status.worker_keys.iter().filter_map(|held| held.operator.as_ref());
	if operators().any(|operator| operator == account) {
		return Ok(None);
	}
	match operators().next() {
		Some(other) => bail!(
			"the node works for {other}, not for {account}: is --url right? Session keys belong into the node that makes the \
			 blocks of whoever registers them; --anyway makes them there all the same"
		),
		None => Ok(Some(format!(
			"holds no worker key of {account}: see to it that it is the node that shall make its blocks"
		))),
	}
}

/// Says what is missing before a transaction is paid for.
async fn check_candidate(chain: &Assay, account: AccountId, at: Block) -> Result<()> {
	ensure!(
		chain.operators().at(at).find(account).await?.is_some(),
		"{account} is not an operator: `assay operator register` makes it one"
	);
	ensure!(
		chain.validators().at(at).session_keys(account).await?.is_some(),
		"{account} has no session keys: `assay validator keys`, run at its own node, registers some"
	);
	Ok(())
}

async fn list(context: &Context) -> Result<Outcome> {
	let (chain, at) = context.reading().await?;
	let mut views = vec![];
	for validator in chain.validators().at(at).list().await? {
		let keys = chain.validators().at(at).session_keys(validator.account).await?;
		views.push(ValidatorView::new(validator, keys));
	}
	context.output.answer(&views, || {
		table(ValidatorView::HEADER, 2, views.iter().map(ValidatorView::row).collect())
	});
	Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_sdk::provider::HeldKey;

	fn status(operators: &[Option<[u8; 32]>]) -> ProviderStatus {
		let held = operators.iter().map(|operator| HeldKey {
			worker_key: "5Key".into(),
			signs: true,
			operator: operator.map(AccountId::from),
			offers: vec![],
		});
		ProviderStatus {
			running: true,
			worker_keys: held.collect(),
			artifacts: vec![],
			endpoint: None,
		}
	}

	#[test]
	fn session_keys_are_not_made_in_the_node_of_another_operator() {
		let account = AccountId::from([5; 32]);
		let check = |operators: &[Option<[u8; 32]>]| check_node(&status(operators), &account);
		assert_eq!(check(&[Some([5; 32])]).unwrap(), None);
		assert_eq!(check(&[Some([6; 32]), Some([5; 32])]).unwrap(), None);
		let error = check(&[None, Some([6; 32])]).unwrap_err().to_string();
		assert!(error.contains(&AccountId::from([6; 32]).to_string()), "{error}");
		for nobody in [&[][..], &[None]] {
			assert!(check(nobody).unwrap().unwrap().contains("holds no worker key"));
		}
	}
}
