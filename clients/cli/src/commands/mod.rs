//! The commands.

mod account;
mod asked;
mod audit;
mod challenge;
mod channel;
mod dispute;
mod governance;
mod job;
mod light;
mod model;
mod operator;
mod receipt;
mod stake;
mod validators;
mod verify;
mod watch;

use crate::{explain::explain, keys::KeySource, output::Output, Outcome};
use anyhow::{anyhow, ensure, Result};
use assay_library::Library;
use assay_protocol::ModelVersion;
use assay_sdk::{keys::account_of, AccountId, Amount, Assay, Block, Call, Error, Patience, Receipt, Sending};
use clap::Subcommand;
use std::time::Duration;

/// What is not locked up, so that fees can be paid: enough for some fifty calls.
const FEES_KEPT: Amount = Amount(100_000_000_000);

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
	/// The node's address.
	pub(crate) url: String,
	/// How long to wait for a node that does not answer yet.
	pub(crate) patience: Duration,
	/// Whether transactions are sent without being tried out.
	pub(crate) force: bool,
	/// Who signs.
	pub(crate) key: KeySource,
	/// The artifacts.
	pub(crate) library: Library,
	/// Whether to wait for finality.
	pub(crate) finalized: bool,
	/// Where answers go.
	pub(crate) output: Output,
}

impl Context {
	/// A connection to the node.
	pub(crate) async fn chain(&self) -> Result<Assay> {
		let waiting = || {
			self.output.notice(&format!(
				"no node answers at {} yet: waiting for one, {} s at most (--wait)",
				self.url,
				self.patience.as_secs()
			));
		};
		let patience = Patience {
			start: self.patience,
			..Patience::default()
		};
		let connected = Assay::connect_patiently(&self.url, patience, waiting).await;
		connected.map_err(|error| match error {
			Error::NotConnected { url, waited, reason } => {
				let waited = waited.map_or(String::new(), |waited| format!(" within {} s", waited.as_secs()));
				anyhow!("no node answers at {url}{waited}: is it running, and is --url right? ({reason})")
			}
			error => error.into(),
		})
	}

	/// A connection to the node, and the block to read at.
	async fn reading(&self) -> Result<(Assay, Block)> {
		let chain = self.chain().await?;
		let at = if self.finalized {
			chain.finalized().await?
		} else {
			chain.best().await?
		};
		Ok((chain, at))
	}

	/// Signs and sends a call.
	async fn submit(&self, chain: &Assay, call: Call) -> Result<Receipt> {
		let signer = self.key.signer()?;
		match chain.submit(&call, &signer, self.sending()).await {
			Ok(receipt) => Ok(receipt),
			Err(error) => Err(explain(chain, &call, account_of(&signer), error).await),
		}
	}

	/// The signing account.
	fn account(&self) -> Result<AccountId> {
		Ok(self.key.signer()?.public_key().to_account_id())
	}

	/// How transactions are sent.
	pub(crate) fn sending(&self) -> Sending {
		Sending {
			finalized: self.finalized,
			tried: !self.force,
		}
	}

	/// Refuses to lock up so much that the signing account could not pay the fees of getting it back.
	async fn keep_fees(&self, chain: &Assay, amount: Amount) -> Result<()> {
		let account = self.account()?;
		let most = self.lockable(chain, account).await?;
		ensure!(
			amount <= most,
			"{amount} would leave {account} too little for the fees of claiming, unbonding and withdrawing: {FEES_KEPT} are \
			 kept back for them, so {most} at most can be locked up"
		);
		Ok(())
	}

	/// What an account can lock up and still pay fees.
	async fn lockable(&self, chain: &Assay, account: AccountId) -> Result<Amount> {
		let balances = chain.accounts().at(chain.best().await?).balances(account).await?;
		Ok(Amount(balances.transferable.0.saturating_sub(FEES_KEPT.0)))
	}

	/// Signs and sends a call whose success is all there is to tell.
	async fn submit_and_tell(&self, call: Call, done: &str) -> Result<Outcome> {
		let chain = self.chain().await?;
		let receipt = self.submit(&chain, call).await?;
		self.tell(&receipt, done);
		Ok(Outcome::Done)
	}

	/// Tells of a transaction that succeeded.
	fn tell(&self, receipt: &Receipt, done: &str) {
		self.output.answer(receipt, || {
			format!("{done} in block {}; fee {}", receipt.block, receipt.fee)
		});
	}
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
	/// Import, register, serve and look at models.
	#[command(subcommand)]
	Model(model::ModelCommand),
	/// Submit, follow and look at jobs.
	#[command(subcommand)]
	Job(job::JobCommand),
	/// Run a finished job again on this machine and compare, or look at single positions of it without its weights.
	Verify(verify::Verify),
	/// Prove to whoever has no node how a job ended.
	#[command(subcommand)]
	Receipt(receipt::ReceiptCommand),
	/// Run a claimed job again on this machine and, if the claim is wrong, prove it wrong on chain.
	Challenge(challenge::Challenge),
	/// Run every job that is claimed again on this machine, and challenge each claim that is wrong.
	Watch(watch::Watch),
	/// Look at disputes.
	#[command(subcommand)]
	Dispute(dispute::DisputeCommand),
	/// Channels to operators, for answers in real time: open, top up, end, look at them.
	#[command(subcommand)]
	Channel(channel::ChannelCommand),
	/// Audit claims of others, look at audits.
	#[command(subcommand)]
	Audit(audit::AuditCommand),
	/// Look at an account, send money.
	#[command(subcommand)]
	Account(account::AccountCommand),
	/// Become and be an operator.
	#[command(subcommand)]
	Operator(operator::OperatorCommand),
	/// Put stake behind operators, take it back, see what it earns.
	#[command(subcommand)]
	Stake(stake::StakeCommand),
	/// Make blocks as an operator, see who does.
	#[command(subcommand)]
	Validator(validators::ValidatorCommand),
	/// Vote with all you have, stake included; put things to the vote.
	#[command(subcommand)]
	Governance(governance::GovernanceCommand),
}

impl Command {
	/// Does it.
	pub(crate) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Model(command) => command.run(context).await,
			Self::Job(command) => command.run(context).await,
			Self::Verify(command) => command.run(context).await,
			Self::Receipt(command) => command.run(context).await,
			Self::Challenge(command) => command.run(context).await,
			Self::Watch(command) => command.run(context).await,
			Self::Dispute(command) => command.run(context).await,
			Self::Channel(command) => command.run(context).await,
			Self::Audit(command) => command.run(context).await,
			Self::Account(command) => command.run(context).await,
			Self::Operator(command) => command.run(context).await,
			Self::Stake(command) => command.run(context).await,
			Self::Validator(command) => command.run(context).await,
			Self::Governance(command) => command.run(context).await,
		}
	}
}

/// Reads `model.version`.
fn parse_version(text: &str) -> Result<ModelVersion> {
	let parsed = text.split_once('.').and_then(|(model, version)| {
		Some(ModelVersion {
			model: model.parse().ok()?,
			version: version.parse().ok()?,
		})
	});
	parsed.ok_or_else(|| anyhow::anyhow!("`{text}` is not a model version: write it as 3.0"))
}
