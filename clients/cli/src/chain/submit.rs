//! Signing, sending and watching transactions.

use super::{calls::number, Block, BlockNumber, Call, Chain, Config};
use crate::amount::{Amount, Balance};
use anyhow::{anyhow, bail, Context, Result};
use serde::Serialize;
use subxt::{
	config::DefaultExtrinsicParamsBuilder,
	dynamic::{At, Value},
	error::{BackendError, DispatchError, ExtrinsicError, RpcError, TransactionEventsError},
	ext::scale_value::Composite,
	extrinsics::ExtrinsicEvents,
	metadata::Metadata,
	tx::{SubmittableTransaction, TransactionStatus},
};
use subxt_signer::sr25519::Keypair;

/// Blocks a signed transaction stays valid.
const LIFE: u64 = 64;

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

impl Chain {
	/// Signs and sends a call and waits until it is in a block, best or `finalized`, and has succeeded.
	pub(crate) async fn submit(&self, call: Call, signer: &Keypair, finalized: bool) -> Result<Receipt> {
		let best = self.best().await?;
		let client = self.client.at_block(best.hash).await?;
		let mut transactions = client.transactions();
		let payload = call.payload(&transactions, client.metadata_ref())?;
		// The pool's next nonce, so that transactions sent one after the other do not collide.
		let nonce = self
			.methods
			.system_account_next_index(&signer.public_key().to_account_id())
			.await?;
		let parameters = DefaultExtrinsicParamsBuilder::new()
			.nonce(nonce)
			.mortal_from_unchecked(LIFE, best.number.into(), best.hash)
			.build();
		let transaction = transactions.create_signed(&payload, signer, parameters).await?;
		let sent = self.watch(&transaction, finalized).await;
		sent.with_context(|| format!("{}.{}", call.pallet, call.name))
	}

	/// Sends the transaction that delivers a result, which needs no signature.
	pub(crate) async fn submit_result(&self, bytes: Vec<u8>, finalized: bool) -> Result<Receipt> {
		let best = self.best().await?;
		let client = self.client.at_block(best.hash).await?;
		let transaction = client.transactions().from_bytes(bytes);
		let sent = self.watch(&transaction, finalized).await;
		sent.map_err(
			|error| match refused_result(&error.to_string(), client.metadata_ref()) {
				Some(reason) => anyhow!("refused: {reason}"),
				None => error,
			},
		)
	}

	async fn watch<C>(&self, transaction: &SubmittableTransaction<Config, C>, finalized: bool) -> Result<Receipt>
	where
		C: subxt::client::OnlineClientAtBlockT<Config>,
	{
		let mut progress = transaction.submit_and_watch().await.map_err(refusal)?;
		while let Some(status) = progress.next().await {
			let included = match status? {
				TransactionStatus::InFinalizedBlock(included) => included,
				TransactionStatus::InBestBlock(included) if !finalized => included,
				TransactionStatus::Error { message } => bail!("the node failed: {message}"),
				TransactionStatus::Invalid { message } => bail!("the transaction became invalid: {message}"),
				TransactionStatus::Dropped { message } => bail!("the node dropped the transaction: {message}"),
				_ => continue,
			};
			let events = included.wait_for_success().await.map_err(failure)?;
			let Block { number, hash } = self.block(included.block_hash()).await?;
			let fee = find(&events, "TransactionPayment", "actual_fee").unwrap_or(0);
			let transaction = format!("{:?}", included.extrinsic_hash());
			return Ok(Receipt {
				block: number,
				block_hash: format!("{hash:?}"),
				transaction,
				fee: Amount(fee),
				events,
			});
		}
		bail!("the node closed the connection before the transaction was in a block")
	}
}

impl Receipt {
	/// A number in the first event of `pallet` that has `field`: the identifier of what the call made.
	pub(crate) fn number(&self, pallet: &str, field: &str) -> Result<Balance> {
		find(&self.events, pallet, field).with_context(|| format!("{pallet} told of no {field}"))
	}
}

fn find(events: &ExtrinsicEvents<Config>, pallet: &str, field: &str) -> Option<u128> {
	events
		.iter()
		.filter_map(Result::ok)
		.filter(|event| event.pallet_name() == pallet)
		.find_map(|event| {
			let fields: Composite<()> = event.decode_fields_unchecked_as().ok()?;
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
		return match details {
			Some(details) => anyhow!("refused: {}: {details}", user.message),
			None => anyhow!("refused: {}", user.message),
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
fn failure(error: TransactionEventsError) -> anyhow::Error {
	let TransactionEventsError::ExtrinsicFailed(dispatch) = error else {
		return anyhow!(error);
	};
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
