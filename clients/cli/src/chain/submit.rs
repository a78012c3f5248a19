//! Signing, sending and watching transactions.

use super::{
	calls::number,
	watch::{search, Ledger, Life},
	AccountId, Block, BlockNumber, Call, Chain, Config, Heads,
};
use crate::amount::Amount;
use anyhow::{anyhow, Context, Result};
use serde::Serialize;
use std::{fmt, time::Duration};
use subxt::{
	config::DefaultExtrinsicParamsBuilder,
	dynamic::{At, Value},
	error::{BackendError, DispatchError, ExtrinsicError, RpcError},
	ext::scale_value::Composite,
	extrinsics::ExtrinsicEvents,
	metadata::Metadata,
	tx::{SubmittableTransaction, TransactionStatus},
	utils::H256,
};
use subxt_signer::sr25519::Keypair;

/// Blocks a signed transaction stays valid.
const LIFE: BlockNumber = 64;
/// How often a call is signed anew because others of the same account were faster.
const TRIES: u32 = 40;
/// The code with which a pool refuses a transaction while it holds another with the same index.
const PRIORITY_TOO_LOW: i32 = 1014;
/// What a pool says of a transaction whose index was used up between signing and sending.
const OUTDATED: &str = "outdated";

/// How long to wait before a call is signed anew: processes that collided get out of step.
fn pause(tries: u32, process: u32) -> Duration {
	let spread = u64::from(process.wrapping_mul(tries) % 16) * 20;
	Duration::from_millis(50 + spread)
}

/// A transaction that succeeded.
#[derive(Serialize)]
pub(crate) struct Receipt {
	/// Height of its block.
	pub(crate) block: BlockNumber,
	/// Hash of its block.
	pub(crate) block_hash: String,
	/// Its own hash.
	pub(crate) transaction: String,
	/// What the signer paid for it.
	pub(crate) fee: Amount,
	#[serde(skip)]
	events: ExtrinsicEvents<Config>,
}

/// How a transaction is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sending {
	/// Whether it is awaited until it is final.
	pub(crate) finalized: bool,
	/// Whether it is tried out first, so that one that the chain would refuse is not sent.
	pub(crate) tried: bool,
}

/// Another transaction of the same account took the place of one that was sent, which no block can hold any more.
#[derive(Debug)]
pub(super) struct Displaced(pub(super) String);

impl fmt::Display for Displaced {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl std::error::Error for Displaced {}

impl Chain {
	/// Signs and sends a call and waits until it is in a block and has succeeded.
	///
	/// Programs that sign with the same account at the same time may be given the same index by the node. All but one of
	/// them are refused or displaced; this one then takes another index, a bounded number of times.
	pub(crate) async fn submit(&self, call: Call, signer: &Keypair, sending: Sending) -> Result<Receipt> {
		let mut tries = 1;
		loop {
			let sent = self.sign_and_send(&call, signer, sending).await;
			let Err(error) = sent else {
				return sent;
			};
			let displaced = error.chain().find_map(|cause| cause.downcast_ref::<Displaced>());
			if displaced.is_none() {
				return Err(error).with_context(|| format!("{}.{}", call.pallet, call.name));
			}
			if tries == TRIES {
				let advice = format!("{tries} times another transaction of the account was faster: send it again");
				return Err(error.context(advice)).with_context(|| format!("{}.{}", call.pallet, call.name));
			}
			tokio::time::sleep(pause(tries, std::process::id())).await;
			tries += 1;
		}
	}

	async fn sign_and_send(&self, call: &Call, signer: &Keypair, sending: Sending) -> Result<Receipt> {
		let best = self.best().await?;
		let client = self.client.at_block(best.hash).await?;
		let mut transactions = client.transactions();
		let payload = call.payload(&transactions, client.metadata_ref())?;
		let account = signer.public_key().to_account_id();
		// The pool's next nonce, so that transactions sent one after the other do not collide.
		let nonce = self.methods.system_account_next_index(&account).await?;
		let birth = self.birth(best).await?;
		let parameters = DefaultExtrinsicParamsBuilder::new()
			.nonce(nonce)
			.mortal_from_unchecked(LIFE.into(), birth.number.into(), birth.hash)
			.build();
		let transaction = transactions.create_signed(&payload, signer, parameters).await?;
		if sending.tried {
			self.try_out(&transaction, account, best, client.metadata()).await?;
		}
		let life = Life {
			first: birth.number.saturating_add(1),
			last: birth.number.saturating_add(LIFE - 1),
			nonce: Some(nonce),
		};
		self.watch(&transaction, life, Some(account), sending.finalized).await
	}

	/// Sends the transaction that delivers a result, which needs no signature and is of use up to block `last`.
	pub(crate) async fn submit_result(&self, bytes: Vec<u8>, last: BlockNumber, finalized: bool) -> Result<Receipt> {
		let best = self.best().await?;
		let client = self.client.at_block(best.hash).await?;
		let transaction = client.transactions().from_bytes(bytes);
		let life = Life {
			first: self.birth(best).await?.number.saturating_add(1),
			last,
			nonce: None,
		};
		let sent = self.watch(&transaction, life, None, finalized).await;
		sent.map_err(
			|error| match refused_result(&error.to_string(), client.metadata_ref()) {
				Some(reason) => anyhow!("refused: {reason}"),
				None => error,
			},
		)
	}

	/// The block from which a transaction's life is counted.
	async fn birth(&self, best: Block) -> Result<Block> {
		let finalized = self.finalized().await?;
		let height = birth_height(best.number, finalized.number);
		if height == finalized.number {
			return Ok(finalized);
		}
		let block = self.block_at(height).await?;
		block.with_context(|| format!("the node does not have block {height}"))
	}

	/// Sends a transaction and waits until a block, best or `finalized`, holds it.
	async fn watch<C>(
		&self,
		transaction: &SubmittableTransaction<Config, C>,
		life: Life,
		signer: Option<AccountId>,
		finalized: bool,
	) -> Result<Receipt>
	where
		C: subxt::client::OnlineClientAtBlockT<Config>,
	{
		let mut progress = transaction.submit_and_watch().await.map_err(refusal)?;
		let hash = transaction.hash();
		let given_up: String = loop {
			let Some(status) = progress.next().await else {
				break "the node tells nothing more of it".into();
			};
			let block = match status? {
				TransactionStatus::InFinalizedBlock(included) => included.block_hash(),
				TransactionStatus::InBestBlock(included) if !finalized => included.block_hash(),
				TransactionStatus::Error { message }
				| TransactionStatus::Invalid { message }
				| TransactionStatus::Dropped { message } => break format!("the node said of it: {message}"),
				_ => continue,
			};
			let block = self.block(block).await?;
			let receipt = self.receipt(block, hash).await?;
			return receipt.with_context(|| format!("block {} does not hold the transaction", block.number));
		};
		let mut ledger = Missing {
			chain: self,
			heads: self.heads(finalized).await?,
			hash,
			bytes: transaction.encoded(),
			signer,
			finalized,
		};
		search(&mut ledger, life, &given_up).await
	}

	/// What a transaction did in a block, if that block holds it; an error if it failed there.
	async fn receipt(&self, block: Block, hash: H256) -> Result<Option<Receipt>> {
		let client = self.client.at_block(block.hash).await?;
		let transactions = client.extrinsics().fetch().await?;
		// What this program cannot read is no transaction that it sent.
		let mut found = transactions.iter().filter_map(Result::ok);
		let Some(found) = found.find(|found| found.hash() == hash) else {
			return Ok(None);
		};
		let events = found.events().await?;
		for event in events.iter() {
			let event = event?;
			if event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed" {
				return Err(failure(DispatchError::decode_from(
					event.field_bytes(),
					client.metadata(),
				)?));
			}
		}
		let fee = find(&events, "TransactionPayment", "TransactionFeePaid", "actual_fee").unwrap_or(0);
		Ok(Some(Receipt {
			block: block.number,
			block_hash: format!("{:?}", block.hash),
			transaction: format!("{hash:?}"),
			fee: Amount(fee),
			events,
		}))
	}
}

/// The height from which a transaction's life is counted. A transaction names the block there, and is invalid in every fork
/// that lacks it; so it is a final one, unless finality is so far behind that too little of the life would be left.
fn birth_height(best: BlockNumber, finalized: BlockNumber) -> BlockNumber {
	finalized.min(best).max(best.saturating_sub(LIFE / 2))
}

/// A transaction that the pool has given up.
struct Missing<'a> {
	chain: &'a Chain,
	heads: Heads,
	hash: H256,
	bytes: &'a [u8],
	signer: Option<AccountId>,
	finalized: bool,
}

impl Ledger for Missing<'_> {
	type Receipt = Receipt;

	async fn settled_nonce(&self) -> Result<Option<u64>> {
		let Some(signer) = &self.signer else {
			return Ok(None);
		};
		let settled = self.chain.finalized().await?;
		let client = self.chain.client.at_block(settled.hash).await?;
		Ok(Some(client.transactions().account_nonce(signer).await?))
	}

	async fn tip(&self) -> Result<Block> {
		if self.finalized {
			self.chain.finalized().await
		} else {
			self.chain.best().await
		}
	}

	async fn at(&self, number: BlockNumber) -> Result<Option<Block>> {
		self.chain.block_at(number).await
	}

	async fn receipt(&self, block: Block) -> Result<Option<Receipt>> {
		self.chain.receipt(block, self.hash).await
	}

	async fn send_again(&self) {
		// A pool that has it, or will not have it, says so. Neither tells whether another node's block will hold it.
		let _ = self.chain.methods.author_submit_extrinsic(self.bytes).await;
	}

	async fn wait(&mut self) -> Result<()> {
		self.heads.next().await.map(|_| ())
	}
}

impl Receipt {
	/// A number in the first `event` of `pallet`, such as the identifier of what the call made.
	pub(crate) fn number(&self, pallet: &str, event: &str, field: &str) -> Result<u128> {
		find(&self.events, pallet, event, field).with_context(|| format!("{pallet} told of no {event}"))
	}

	/// The amount in the first `event` of `pallet`.
	pub(crate) fn amount(&self, pallet: &str, event: &str) -> Result<Amount> {
		self.number(pallet, event, "amount").map(Amount)
	}
}

/// A number in the first `event` of a pallet. What agendas do in `on_poll` counts as of the first transaction after the inherents,
/// so the events of a transaction may begin with those of other jobs, disputes and accounts: the name must be one that only the
/// call gives.
fn find(events: &ExtrinsicEvents<Config>, pallet: &str, event: &str, field: &str) -> Option<u128> {
	events
		.iter()
		.filter_map(Result::ok)
		.filter(|found| found.pallet_name() == pallet && found.event_name() == event)
		.find_map(|found| {
			let fields: Composite<()> = found.decode_fields_unchecked_as().ok()?;
			let value: &Value<()> = fields.at(field)?;
			number(value)
		})
}

/// Why a node did not take a transaction into its pool.
fn refusal(error: ExtrinsicError) -> anyhow::Error {
	if let ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(
		subxt::rpcs::Error::User(user),
	))) = &error
	{
		let details = user
			.data
			.as_ref()
			.and_then(|data| serde_json::from_str::<String>(data.get()).ok());
		let words = match details {
			Some(details) => format!("refused: {}: {details}", user.message),
			None => format!("refused: {}", user.message),
		};
		return match user.code == PRIORITY_TOO_LOW || words.contains(OUTDATED) {
			true => anyhow!(Displaced(words)),
			false => anyhow!(words),
		};
	}
	anyhow!(error)
}

/// What the pool's words about a result mean: the jobs pallet puts its errors into them.
fn refused_result(words: &str, metadata: &Metadata) -> Option<String> {
	if words.contains("outdated") {
		return Some(
			"the job does not wait for this result: its deadline has passed, it was assigned anew, or it is over"
				.into(),
		);
	}
	if words.contains("bad signature") {
		return Some("the worker key is not the assigned operator's".into());
	}
	let (_, index) = words.split_once("Custom error: ")?;
	let index = index
		.chars()
		.take_while(char::is_ascii_digit)
		.collect::<String>()
		.parse()
		.ok()?;
	let error = metadata.pallet_by_name("Jobs")?.error_variant_by_index(index)?;
	Some(format!("Jobs.{}: {}", error.name, error.docs.join(" ").trim()))
}

/// Why a transaction in a block failed, with the pallet's own explanation.
pub(super) fn failure(dispatch: DispatchError) -> anyhow::Error {
	let DispatchError::Module(module) = &dispatch else {
		return anyhow!("{dispatch}");
	};
	match module.details() {
		Ok(details) => {
			let explanation = details.variant.docs.join(" ");
			anyhow!(
				"{}.{}: {}",
				details.pallet.name(),
				details.variant.name,
				explanation.trim()
			)
		}
		Err(_) => anyhow!("{dispatch}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn lives_begin_at_a_final_block_unless_finality_is_far_behind() {
		assert_eq!(birth_height(100, 98), 98);
		assert_eq!(birth_height(1, 0), 0);
		assert_eq!(birth_height(100, 10), 68);
		assert_eq!(birth_height(0, 0), 0);
		// Finality may be read a moment after the best block.
		assert_eq!(birth_height(100, 101), 100);
	}

	fn refused(code: i32, message: &str, data: &str) -> anyhow::Error {
		let user = subxt::rpcs::UserError {
			code,
			message: message.into(),
			data: serde_json::value::to_raw_value(data).ok(),
		};
		refusal(ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(
			RpcError::ClientError(subxt::rpcs::Error::User(user)),
		)))
	}

	#[test]
	fn only_a_race_for_the_index_is_run_again() {
		let raced = [
			refused(
				1014,
				"Priority is too low: (7 vs 7)",
				"The transaction has too low priority",
			),
			refused(1010, "Invalid Transaction", "Transaction is outdated"),
		];
		for error in raced {
			assert!(error.downcast_ref::<Displaced>().is_some(), "{error}");
		}
		let other = refused(1010, "Invalid Transaction", "Transaction has a bad signature");
		assert!(other.downcast_ref::<Displaced>().is_none());
		assert_eq!(
			other.to_string(),
			"refused: Invalid Transaction: Transaction has a bad signature"
		);
	}

	#[test]
	fn processes_that_collide_wait_differently() {
		let pauses: std::collections::BTreeSet<_> = (1_000..1_016).map(|process| pause(1, process)).collect();
		assert_eq!(pauses.len(), 16);
		assert!(pauses.iter().all(|pause| *pause < Duration::from_millis(400)));
	}
}
