//! `assay stake`.

use super::Context;
use crate::{
	output::table,
	views::{PositionsView, RankView, RulesView, StakeOperatorView, SumsView},
	Outcome,
};
use anyhow::Result;
use assay_sdk::{
	events::{Claimed, Rebonded, Redelegated, UnbondingStarted, Withdrawn},
	keys::account as parse_account,
	AccountId, Amount, Balance, Call, Receipt,
};
use clap::{Subcommand, ValueEnum};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum StakeCommand {
	/// Put stake behind an operator. It earns a part of what the operator earns, and a fault of the operator costs a part
	/// of it.
	Delegate {
		/// The operator's address, or a development name.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// How much.
		#[arg(required_unless_present = "all")]
		amount: Option<Amount>,
		/// All that the account can spare: a little is kept back, for the fees of getting it out again.
		#[arg(long, conflicts_with = "amount")]
		all: bool,
	},
	/// Add to the stake behind an operator.
	Extra {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// How much.
		#[arg(required_unless_present = "all")]
		amount: Option<Amount>,
		/// All that the account can spare: a little is kept back, for the fees of getting it out again.
		#[arg(long, conflicts_with = "amount")]
		all: bool,
	},
	/// Ask stake to leave. It waits, still answers for faults, and earns nothing meanwhile.
	Unbond {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// How much at most; everything if absent.
		amount: Option<Amount>,
	},
	/// Bond again what is unbonding, last asked first.
	Rebond {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// How much at most; everything if absent.
		amount: Option<Amount>,
	},
	/// Take what has unbonded and is free.
	Withdraw {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
	},
	/// Move stake to another operator at once. It answers for faults of the old one too for as long as unbonding would
	/// have taken.
	Redelegate {
		/// The old operator.
		#[arg(value_parser = parse_account)]
		from: AccountId,
		/// The new operator.
		#[arg(value_parser = parse_account)]
		to: AccountId,
		/// How much at most; everything if absent.
		amount: Option<Amount>,
	},
	/// Take what stake has earned.
	Claim {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
	},
	/// Choose whether rewards are added to the stake.
	Compound {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// Whether they are.
		choice: Switch,
	},
	/// Choose who is paid what stake earns, unless it is added to the stake.
	Payee {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// Who is paid; the signing account if absent.
		#[arg(value_parser = parse_account)]
		payee: Option<AccountId>,
	},
	/// Make room for another operator where one has stayed on less than the least bond for as long as unbonding takes. Anybody may.
	Reap {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
	},
	/// Bring somebody's position up to date: take what slashes are due, compound what is to be. Anybody may.
	Settle {
		/// The operator.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
		/// Whose position.
		#[arg(value_parser = parse_account)]
		account: AccountId,
	},
	/// Show the stake of an account behind each operator, what it earned and when it is free.
	Positions {
		/// Its address, or a development name; the signing account if absent.
		#[arg(value_parser = parse_account)]
		account: Option<AccountId>,
	},
	/// Show what an account has in stake in all, and what it can spend.
	Balance {
		/// Its address, or a development name; the signing account if absent.
		#[arg(value_parser = parse_account)]
		account: Option<AccountId>,
	},
	/// List the operators by the stake behind them.
	Operators,
	/// Show an operator: its stake, commission and faults.
	Operator {
		/// Its address, or a development name.
		#[arg(value_parser = parse_account)]
		operator: AccountId,
	},
	/// List whom an election of validators would choose now.
	Election,
	/// Show minimums, periods and limits.
	Parameters,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Switch {
	/// Rewards are added to the stake.
	On,
	/// Rewards are paid out.
	Off,
}

impl StakeCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Delegate { operator, amount, .. } => {
				put(context, amount, |amount| {
					let done = format!("{amount} delegated to {operator}");
					(Call::delegate(operator, amount.0), done)
				})
				.await
			}
			Self::Extra { operator, amount, .. } => {
				put(context, amount, |amount| {
					let done = format!("{amount} added to the stake behind {operator}");
					(Call::bond_extra(operator, amount.0), done)
				})
				.await
			}
			Self::Unbond { operator, amount } => {
				submit(context, Call::unbond(operator, up_to(amount)), |receipt| {
					let UnbondingStarted { amount, free_from } = receipt.event()?;
					Ok(format!("{amount} unbonding, free from block {free_from}; asked"))
				})
				.await
			}
			Self::Rebond { operator, amount } => {
				submit(context, Call::rebond(operator, up_to(amount)), |receipt| {
					Ok(format!("{} bonded again", receipt.event::<Rebonded>()?.amount))
				})
				.await
			}
			Self::Withdraw { operator } => {
				submit(context, Call::withdraw_unbonded(operator), |receipt| {
					Ok(format!("{} withdrawn", receipt.event::<Withdrawn>()?.amount))
				})
				.await
			}
			Self::Redelegate { from, to, amount } => {
				submit(context, Call::redelegate(from, to, up_to(amount)), |receipt| {
					let Redelegated {
						amount,
						exposed_until: until,
					} = receipt.event()?;
					Ok(format!(
						"{amount} moved to {to}, answering for {from} too until block {until}; asked"
					))
				})
				.await
			}
			Self::Claim { operator } => {
				submit(context, Call::claim(operator), |receipt| {
					let Claimed { amount, compounded } = receipt.event()?;
					Ok(match compounded {
						false => format!("{amount} claimed"),
						true => format!("{amount} compounded: added to the stake behind {operator}"),
					})
				})
				.await
			}
			Self::Compound { operator, choice } => {
				let compound = choice == Switch::On;
				let done = match choice {
					Switch::On => "rewards are added to the stake",
					Switch::Off => "rewards are paid out",
				};
				context
					.submit_and_tell(Call::set_compound(operator, compound), done)
					.await
			}
			Self::Payee { operator, payee } => {
				let done = match payee {
					Some(payee) => format!("{payee} is paid what is earned"),
					None => "what is earned is paid to its owner".into(),
				};
				context.submit_and_tell(Call::set_payee(operator, payee), &done).await
			}
			Self::Reap { operator } => {
				let done = format!("{operator} is no operator any more");
				context.submit_and_tell(Call::reap(operator), &done).await
			}
			Self::Settle { operator, account } => {
				let done = format!("{account}'s position is up to date");
				context.submit_and_tell(Call::settle(operator, account), &done).await
			}
			Self::Positions { account } => {
				let account = account.map_or_else(|| context.account(), Ok)?;
				let (chain, at) = context.reading().await?;
				let view = PositionsView::new(chain.staking().at(at).positions(account).await?, at.number);
				context.output.answer(&view, || match view.is_empty() {
					true => format!("{account} has no stake"),
					false => view.text(),
				});
				Ok(Outcome::Done)
			}
			Self::Balance { account } => {
				let account = account.map_or_else(|| context.account(), Ok)?;
				let (chain, at) = context.reading().await?;
				let view = SumsView::new(account, chain.staking().at(at).sums(account).await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::Operators => {
				let (chain, at) = context.reading().await?;
				let operators = chain.staking().at(at).operators().await?;
				let views: Vec<_> = operators.into_iter().map(StakeOperatorView::new).collect();
				context.output.answer(&views, || match views.is_empty() {
					true => "there are no operators".into(),
					false => table(
						StakeOperatorView::HEADER,
						3,
						views.iter().map(StakeOperatorView::row).collect(),
					),
				});
				Ok(Outcome::Done)
			}
			Self::Operator { operator } => {
				let (chain, at) = context.reading().await?;
				let view = StakeOperatorView::new(chain.staking().at(at).operator(operator).await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::Election => {
				let (chain, at) = context.reading().await?;
				let elected = chain.validators().at(at).election().await?;
				let views: Vec<_> = elected.into_iter().map(RankView::new).collect();
				context.output.answer(&views, || match views.is_empty() {
					true => "no candidate is active: the present validators stay".into(),
					false => table(RankView::HEADER, 1, views.iter().map(RankView::row).collect()),
				});
				Ok(Outcome::Done)
			}
			Self::Parameters => {
				let (chain, at) = context.reading().await?;
				let view = RulesView::new(chain.staking().at(at).rules().await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
		}
	}
}

/// Signs and sends a call, and tells what its events say was done.
async fn submit(context: &Context, call: Call, done: impl Fn(&Receipt) -> Result<String>) -> Result<Outcome> {
	let chain = context.chain().await?;
	let receipt = context.submit(&chain, call).await?;
	let done = done(&receipt)?;
	context.tell(&receipt, &done);
	Ok(Outcome::Done)
}

/// Locks up so much, or all that can be spared.
async fn put(
	context: &Context,
	amount: Option<Amount>,
	call: impl FnOnce(Amount) -> (Call, String),
) -> Result<Outcome> {
	let chain = context.chain().await?;
	let amount = match amount {
		Some(amount) => {
			context.keep_fees(&chain, amount).await?;
			amount
		}
		None => context.lockable(&chain, context.account()?).await?,
	};
	let (call, done) = call(amount);
	let receipt = context.submit(&chain, call).await?;
	context.tell(&receipt, &done);
	Ok(Outcome::Done)
}

/// So much, or everything.
fn up_to(amount: Option<Amount>) -> Balance {
	amount.map_or(Balance::MAX, |amount| amount.0)
}
