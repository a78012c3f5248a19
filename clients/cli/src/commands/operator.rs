//! `assay operator`.

use super::Context;
use crate::{
	keys::WorkerSource,
	views::{Facts, NodeView, OperatorView},
	Outcome,
};
use anyhow::{anyhow, ensure, Context as _, Result};
use assay_protocol::channel::{Endpoint, MAX_ADDRESS};
use assay_sdk::{
	amount::parse_share,
	amount::show_share,
	events::{CommissionSet, Rebonded, UnbondingStarted, Withdrawn},
	keys::account as parse_account,
	AccountId, Amount, Balance, Call,
};
use assay_trace::Hash32;
use clap::Subcommand;
use sp_runtime::Permill;

/// Bytes of an identity that the chain keeps, at most.
const MAX_IDENTITY: usize = 128;

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
	/// Show what the worker of the node at --url has: worker keys and for which operators, and which artifacts.
	Node,
	/// Show an operator: its state, what it offers, its last heartbeat, what is unbonding, how it is audited.
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
	/// Stop taking new work and delegations.
	Chill,
	/// Take work again.
	Unchill,
	/// Start to unbond: what unbonds can be withdrawn later. To leave, chill first and then unbond everything.
	Unbond {
		/// How much; everything if absent.
		amount: Option<Amount>,
	},
	/// Bond again what is unbonding.
	Rebond {
		/// How much; everything if absent.
		amount: Option<Amount>,
	},
	/// Take what has unbonded. After the last of the bond, a chilled operator is no operator any more.
	Withdraw,
	/// Replace the worker key.
	SetWorkerKey {
		#[command(flatten)]
		worker: WorkerSource,
	},
	/// Choose what to keep of rewards before they are shared with delegators. Less holds at once, more after a notice.
	Commission {
		/// The share, such as 7.5%.
		#[arg(value_parser = parse_share)]
		rate: Permill,
	},
	/// Say who this operator is, in a line of text.
	Identity {
		/// At most 128 bytes; an empty text takes back what was said.
		#[arg(allow_hyphen_values = true)]
		text: String,
	},
	/// Say where this operator answers requests in real time, or that it does not.
	Endpoint {
		/// An https URL without a path.
		#[arg(required_unless_present = "none", value_name = "URL")]
		address: Option<String>,
		/// SHA-256 of the public key of its certificate [default: what the node that is asked, the operator's own, has].
		#[arg(long, requires = "address")]
		key_hash: Option<Hash32>,
		/// It answers nowhere.
		#[arg(long, conflicts_with = "address")]
		none: bool,
	},
	/// Send a delegator away: all of its stake behind this operator starts to unbond, and none comes back until it is readmitted.
	Kick {
		/// Its address, or a development name.
		#[arg(value_parser = parse_account)]
		member: AccountId,
	},
	/// Take stake again of somebody who was sent away.
	Readmit {
		/// Its address, or a development name.
		#[arg(value_parser = parse_account)]
		member: AccountId,
	},
}

impl OperatorCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Register { worker, bond } => {
				let chain = context.chain().await?;
				context.keep_fees(&chain, bond).await?;
				let account = context.account()?;
				let (key, proof) = worker.registration(&account, &chain.genesis())?;
				let receipt = context
					.submit(&chain, Call::register_operator(&key, &proof, bond.0))
					.await?;
				context.tell(&receipt, &format!("{account} is an operator with a bond of {bond}"));
				Ok(Outcome::Done)
			}
			Self::SetWorkerKey { worker } => {
				let chain = context.chain().await?;
				let account = context.account()?;
				let (key, proof) = worker.registration(&account, &chain.genesis())?;
				let receipt = context.submit(&chain, Call::set_worker_key(&key, &proof)).await?;
				context.tell(&receipt, "worker key replaced");
				Ok(Outcome::Done)
			}
			Self::Show { account } => {
				let account = match account {
					Some(account) => account,
					None => context.account()?,
				};
				let (chain, at) = context.reading().await?;
				let operator = chain.operators().at(at).find(account).await?;
				let view = OperatorView::new(Facts {
					operator: operator.with_context(|| format!("{account} is not an operator"))?,
					staked: chain.staking().at(at).operator(account).await?,
					serving: chain.operators().at(at).serving(account).await?,
					own: chain.staking().at(at).position(account, account).await?,
					rates: chain.audits().at(at).rates(account).await?,
					now: at.number,
				})?;
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
			Self::Node => {
				let status = context.chain().await?.provider_status().await?;
				let status = status.with_context(|| format!("the node at {} does not tell", context.url))?;
				context.output.answer(&status, || NodeView(&status).text());
				Ok(Outcome::Done)
			}
			Self::BondExtra { amount } => {
				let chain = context.chain().await?;
				context.keep_fees(&chain, amount).await?;
				let receipt = context
					.submit(&chain, Call::bond_extra(context.account()?, amount.0))
					.await?;
				context.tell(&receipt, &format!("{amount} added to the bond"));
				Ok(Outcome::Done)
			}
			Self::Endpoint { address, key_hash, .. } => {
				let endpoint = match address {
					None => None,
					Some(url) => {
						let key_hash = match key_hash {
							Some(key_hash) => key_hash,
							None => key_hash_of_node(context).await?,
						};
						let length = url.len();
						let address = url.clone().into_bytes().try_into();
						let address = address.map_err(|_| {
							anyhow!("the URL has {length} bytes: the chain keeps {MAX_ADDRESS} at most")
						})?;
						let endpoint = Endpoint { address, key_hash };
						ensure!(
							endpoint.is_well_formed(),
							"`{url}` is not an https URL with a host and nothing after it, such as https://answers.example:8443"
						);
						Some(endpoint)
					}
				};
				let done = match endpoint {
					Some(_) => "consumers find the endpoint",
					None => "no endpoint is announced any more",
				};
				context.submit_and_tell(Call::announce(endpoint.as_ref()), done).await
			}
			Self::Chill => context.submit_and_tell(Call::chill(), "no new work").await,
			Self::Unchill => context.submit_and_tell(Call::unchill(), "working again").await,
			Self::Unbond { amount } => {
				let call = Call::unbond(context.account()?, amount.map_or(Balance::MAX, |amount| amount.0));
				let chain = context.chain().await?;
				let receipt = context.submit(&chain, call).await?;
				let UnbondingStarted { amount, free_from } = receipt.event()?;
				let done = format!("{amount} unbonding, free from block {free_from}; asked");
				context.tell(&receipt, &done);
				Ok(Outcome::Done)
			}
			Self::Rebond { amount } => {
				let call = Call::rebond(context.account()?, amount.map_or(Balance::MAX, |amount| amount.0));
				let chain = context.chain().await?;
				let receipt = context.submit(&chain, call).await?;
				let done = format!("{} bonded again", receipt.event::<Rebonded>()?.amount);
				context.tell(&receipt, &done);
				Ok(Outcome::Done)
			}
			Self::Withdraw => {
				let chain = context.chain().await?;
				let receipt = context
					.submit(&chain, Call::withdraw_unbonded(context.account()?))
					.await?;
				let done = format!("{} of the bond withdrawn", receipt.event::<Withdrawn>()?.amount);
				context.tell(&receipt, &done);
				Ok(Outcome::Done)
			}
			Self::Commission { rate } => {
				let chain = context.chain().await?;
				let receipt = context.submit(&chain, Call::set_commission(rate)).await?;
				let CommissionSet { from } = receipt.event()?;
				let rate = show_share(rate);
				context.tell(
					&receipt,
					&format!("commission {rate}, which holds from block {from}, set"),
				);
				Ok(Outcome::Done)
			}
			Self::Identity { text } => {
				ensure!(
					text.len() <= MAX_IDENTITY,
					"the identity has {} bytes, at most {MAX_IDENTITY} are kept",
					text.len()
				);
				context.submit_and_tell(Call::set_identity(&text), "identity set").await
			}
			Self::Kick { member } => {
				let done = format!("all of {member}'s stake started to unbond");
				context.submit_and_tell(Call::kick(member), &done).await
			}
			Self::Readmit { member } => {
				let done = format!("{member} may delegate again");
				context.submit_and_tell(Call::readmit(member), &done).await
			}
		}
	}
}

/// The signing account, whose own bond it is.
/// The key hash of the endpoint of the node that is asked.
async fn key_hash_of_node(context: &Context) -> Result<Hash32> {
	let chain = context.chain().await?;
	let endpoint = chain.provider_status().await?.and_then(|status| status.endpoint);
	let endpoint = endpoint.ok_or_else(|| {
		anyhow!("this node answers no requests: start it with --endpoint-addr, or say --key-hash of another's endpoint")
	})?;
	Ok(endpoint.key_hash)
}
