//! `assay account`.

use super::Context;
use crate::{views::AccountView, Outcome};
use anyhow::Result;
use assay_sdk::{keys::account as parse_account, AccountId, Amount, Call};
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
	/// Show what an account has.
	Show {
		/// Its address, or a development name such as //Bob; the signing account if absent.
		#[arg(value_parser = parse_account)]
		account: Option<AccountId>,
	},
	/// Send money from the signing account, which must keep the existential deposit.
	Transfer {
		/// To whom.
		#[arg(value_parser = parse_account)]
		to: AccountId,
		/// How much.
		amount: Amount,
	},
}

impl AccountCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Show { account } => {
				let account = match account {
					Some(account) => account,
					None => context.account()?,
				};
				let chain = context.chain().await?;
				let at = if context.finalized {
					chain.finalized().await?
				} else {
					chain.best().await?
				};
				let view = AccountView {
					account,
					balances: chain.accounts().at(at).balances(account).await?,
				};
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::Transfer { to, amount } => {
				context
					.submit_and_tell(Call::transfer(to, amount.0), &format!("{amount} sent to {to}"))
					.await
			}
		}
	}
}
