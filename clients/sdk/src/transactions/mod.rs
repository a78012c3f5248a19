//! Signing, sending and watching transactions.

mod fate;
mod nonces;
mod receipt;
mod trial;
mod watch;

pub use fate::{Fate, Note, Noted, Signed};
pub(crate) use nonces::Desks;
pub use receipt::Receipt;

use crate::{
	connection::Config, error::refused_result, keys::account_of, AccountId, Amount, Assay, Block, BlockNumber, Call,
	Error, Heads, Missing, PoolRefusal, Result, Signer,
};
use nonces::{Desk, Reserved};
use std::{sync::Arc, time::Duration};
use subxt::{
	client::OnlineClientAtBlockT,
	config::DefaultExtrinsicParamsBuilder,
	error::{BackendError, ExtrinsicError, RpcError},
	tx::{SubmittableTransaction, TransactionProgress, TransactionStatus},
	utils::H256,
};
use watch::{search, Ledger, Life};

/// Blocks a signed transaction stays valid.
const LIFE: BlockNumber = 64;
/// How often a call is signed anew because others of the same account were faster, or the node had no room for it.
const TRIES: u32 = 40;
/// Blocks that pass before a transaction of which the node tells nothing is looked for: it may wait for another that the node
/// has lost.
const SILENCE: u32 = 8;
/// The code with which a pool answers that it has the transaction already.
const ALREADY_THERE: i32 = 1013;
/// The code with which a pool refuses a transaction while it holds another with the same index.
const PRIORITY_TOO_LOW: i32 = 1014;
/// The code with which a pool that is full refuses a transaction.
const NO_ROOM: i32 = 1016;
/// The code with which a pool refuses a transaction that is invalid.
const INVALID: i32 = 1010;
/// The code with which a pool refuses a transaction that it found invalid, or dropped, some time ago.
const BANNED: i32 = 1012;
/// What a pool says of a transaction whose index was used up between signing and sending.
const OUTDATED: &str = "outdated";

/// How long to wait before a call is signed anew: programs that collided get out of step.
fn pause(tries: u32, salt: u64) -> Duration {
	let spread = salt.wrapping_mul(u64::from(tries)) % 16 * 20;
	Duration::from_millis(50 + spread)
}

/// How a transaction is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sending {
	/// Whether it is awaited until it is final.
	pub finalized: bool,
	/// Whether it is tried out first, so that one that the chain would refuse is not sent.
	pub tried: bool,
}

impl Default for Sending {
	/// Tried out, and awaited until a block holds it.
	fn default() -> Self {
		Self {
			finalized: false,
			tried: true,
		}
	}
}

/// How one try to have a call included ended.
#[derive(Debug)]
enum Setback {
	/// Nothing was done: another transaction of the account was faster. The next try takes another nonce.
	Raced(String),
	/// Nothing was done: the pool is full. The next try may find room.
	NoRoom(PoolRefusal),
	/// There is no point in another try.
	Error(Error),
}

impl<E: Into<Error>> From<E> for Setback {
	fn from(error: E) -> Self {
		Self::Error(error.into())
	}
}

/// A transaction that may be in the pool.
struct Sent<C> {
	bytes: Vec<u8>,
	hash: H256,
	life: Life,
	/// The nonce of a signed one, and whose it is.
	reserved: Option<(AccountId, Reserved)>,
	/// What the node tells of it, if it does.
	progress: Result<TransactionProgress<Config, C>, String>,
}

impl Assay {
	/// Signs and sends a call and waits until it is in a block and has succeeded.
	///
	/// Calls of one account may be submitted at the same time: each gets a nonce of its own. Other programs that sign with the
	/// account may be given the same one by the node. All but one of them are refused or displaced; this one then takes
	/// another, a bounded number of times. A call is never signed anew while what was signed before can still be included.
	pub async fn submit(&self, call: &Call, signer: &Signer, sending: Sending) -> Result<Receipt> {
		self.submit_noted(call, signer, sending, &|_| Box::pin(async { Ok(()) }))
			.await
	}

	/// The same; `note` is told of each transaction that is signed for it before that is sent. When this function ends with an
	/// error, or does not end at all, the [fate](Self::fates) of the one it was told of last is that of the call.
	pub async fn submit_noted(
		&self,
		call: &Call,
		signer: &Signer,
		sending: Sending,
		note: &Note<'_>,
	) -> Result<Receipt> {
		let desk = self.desks().of(&account_of(signer));
		let mut tries = 1;
		loop {
			let failed = match self.try_to_submit(&desk, call, signer, sending, note).await {
				Ok(receipt) => return Ok(receipt),
				Err(Setback::Error(error)) => return Err(error),
				Err(Setback::Raced(reason)) => Error::Displaced { tries, reason },
				Err(Setback::NoRoom(refusal)) => Error::Refused(refusal),
			};
			if tries == TRIES {
				return Err(failed);
			}
			tokio::time::sleep(pause(tries, self.desks().salt)).await;
			tries += 1;
		}
	}

	/// What sending a call costs at most in the next block, beside the money that the call itself moves.
	pub async fn fee(&self, call: &Call, signer: &Signer) -> Result<Amount> {
		let nonce = self.methods().system_account_next_index(&account_of(signer)).await?;
		let transaction = self.signed(call, signer, nonce).await?;
		Ok(Amount(transaction.partial_fee_estimate().await?))
	}

	async fn try_to_submit(
		&self,
		desk: &Arc<Desk>,
		call: &Call,
		signer: &Signer,
		sending: Sending,
		note: &Note<'_>,
	) -> Result<Receipt, Setback> {
		let turn = desk.turn.lock().await;
		let best = self.best().await?;
		let client = self.client().at_block(best.hash).await?;
		let mut transactions = client.transactions();
		let payload = call.payload(&transactions, client.metadata_ref())?;
		let account = account_of(signer);
		let birth = self.birth(best).await?;
		let last = birth.number.saturating_add(LIFE - 1);
		// With what waits in the node's pool counted.
		let expected = self.methods().system_account_next_index(&account).await?;
		let mut reserved = desk.reserve(expected, best.number, last);
		let parameters = DefaultExtrinsicParamsBuilder::new()
			.nonce(reserved.nonce)
			.mortal_from_unchecked(LIFE.into(), birth.number.into(), birth.hash)
			.build();
		let transaction = transactions.create_signed(&payload, signer, parameters).await?;
		if sending.tried {
			self.try_out(&transaction, call.pallet, account, best, client.metadata())
				.await?;
		}
		let life = Life {
			first: birth.number.saturating_add(1),
			last,
			nonce: Some(reserved.nonce),
		};
		let signed = Signed {
			transaction: transaction.hash(),
			first: life.first,
			last: life.last,
		};
		note(signed).await.map_err(|reason| Error::NotNoted { reason })?;
		// From here on it may be in the pool, even if nobody waits for this function any more.
		reserved.sent(transaction.encoded());
		let sent = self.send(transaction, life, Some((account, reserved))).await?;
		drop(turn);
		self.watch(sent, Some(signer), sending.finalized).await
	}

	/// Sends a transaction that needs no signature and is of use up to block `last`: one that delivers a result, or a runtime that was
	/// decided on.
	pub async fn submit_unsigned(&self, bytes: Vec<u8>, last: BlockNumber, finalized: bool) -> Result<Receipt> {
		let best = self.best().await?;
		let client = self.client().at_block(best.hash).await?;
		let transaction = client.transactions().from_bytes(bytes);
		let life = Life {
			first: self.birth(best).await?.number.saturating_add(1),
			last,
			nonce: None,
		};
		let sent = match self.send(transaction, life, None).await {
			Ok(sent) => self.watch(sent, None, finalized).await,
			Err(setback) => Err(setback),
		};
		let error = match sent {
			Ok(receipt) => return Ok(receipt),
			Err(Setback::Error(Error::Refused(refusal)) | Setback::NoRoom(refusal)) => refusal,
			Err(Setback::Error(error)) => return Err(error),
			// What the pool says of a signed transaction means something else of a result.
			Err(Setback::Raced(reason)) => PoolRefusal { code: INVALID, reason },
		};
		let meaning = refused_result(&error.reason, client.metadata_ref());
		Err(Error::Refused(PoolRefusal {
			code: error.code,
			reason: meaning.unwrap_or(error.reason),
		}))
	}

	/// The block from which a transaction's life is counted.
	async fn birth(&self, best: Block) -> Result<Block> {
		let finalized = self.finalized().await?;
		let height = birth_height(best.number, finalized.number);
		if height == finalized.number {
			return Ok(finalized);
		}
		let block = self.block_at(height).await?;
		block.ok_or(Error::missing(Missing::Block(height)))
	}

	/// A call, signed with this nonce on the best block.
	async fn signed(
		&self,
		call: &Call,
		signer: &Signer,
		nonce: u64,
	) -> Result<SubmittableTransaction<Config, impl OnlineClientAtBlockT<Config>>> {
		let best = self.best().await?;
		let client = self.client().at_block(best.hash).await?;
		let mut transactions = client.transactions();
		let payload = call.payload(&transactions, client.metadata_ref())?;
		let birth = self.birth(best).await?;
		let parameters = DefaultExtrinsicParamsBuilder::new()
			.nonce(nonce)
			.mortal_from_unchecked(LIFE.into(), birth.number.into(), birth.hash)
			.build();
		Ok(transactions.create_signed(&payload, signer, parameters).await?)
	}

	/// Puts a transaction into the pool. If it does not get there for sure, its nonce is given back.
	async fn send<C: OnlineClientAtBlockT<Config>>(
		&self,
		transaction: SubmittableTransaction<Config, C>,
		life: Life,
		reserved: Option<(AccountId, Reserved)>,
	) -> Result<Sent<C>, Setback> {
		let progress = match transaction.submit_and_watch().await {
			Ok(progress) => Ok(progress),
			Err(error) => match Answer::read(error) {
				Answer::There(words) => Err(words),
				Answer::No(setback) => {
					if let Some((_, reserved)) = &reserved {
						reserved.give_back();
					}
					return Err(setback);
				}
			},
		};
		Ok(Sent {
			hash: transaction.hash(),
			bytes: transaction.encoded().to_vec(),
			life,
			reserved,
			progress,
		})
	}

	/// Waits until a block, best or `finalized`, holds a transaction.
	async fn watch<C: OnlineClientAtBlockT<Config>>(
		&self,
		mut sent: Sent<C>,
		signer: Option<&Signer>,
		finalized: bool,
	) -> Result<Receipt, Setback> {
		let included = self.wait_for_block(&mut sent, signer, finalized).await;
		if let Some((_, reserved)) = &sent.reserved {
			match &included {
				Ok(_) | Err(Setback::Error(Error::Failed { .. })) => reserved.included(),
				Err(Setback::Raced(_) | Setback::NoRoom(_) | Setback::Error(Error::NotIncluded { .. })) => {
					reserved.give_back();
				}
				// It may still be included.
				Err(Setback::Error(_)) => {}
			}
		}
		included
	}

	async fn wait_for_block<C: OnlineClientAtBlockT<Config>>(
		&self,
		sent: &mut Sent<C>,
		signer: Option<&Signer>,
		finalized: bool,
	) -> Result<Receipt, Setback> {
		let given_up = match &mut sent.progress {
			Ok(progress) => match self.listen(progress, finalized).await? {
				Heard::Block(hash) => {
					let block = self.block(hash).await?;
					let receipt = self.receipt(block, sent.hash).await?;
					return Ok(receipt.ok_or(Error::missing(Missing::Transaction(block.number)))?);
				}
				Heard::Nothing(reason) => reason,
			},
			Err(reason) => reason.clone(),
		};
		let mut ledger = Search {
			assay: self,
			heads: self.heads(finalized).await?,
			hash: sent.hash,
			bytes: &sent.bytes,
			reserved: sent.reserved.as_ref(),
			signer,
			finalized,
		};
		search(&mut ledger, sent.life, &given_up).await
	}

	/// Hears what the node tells of a transaction until a block holds it, or there is no use in hearing on.
	async fn listen<C: OnlineClientAtBlockT<Config>>(
		&self,
		progress: &mut TransactionProgress<Config, C>,
		finalized: bool,
	) -> Result<Heard> {
		let mut heads = self.heads(false).await?;
		let mut silence = 0;
		let mut is_in_block = false;
		loop {
			let status = tokio::select! {
				status = progress.next() => status,
				_ = heads.next(), if !is_in_block => {
					silence += 1;
					if silence < SILENCE {
						continue;
					}
					return Ok(Heard::Nothing(format!("the node told nothing of it for {SILENCE} blocks")));
				}
			};
			match status {
				Some(Ok(TransactionStatus::InFinalizedBlock(block))) => return Ok(Heard::Block(block.block_hash())),
				Some(Ok(TransactionStatus::InBestBlock(block))) if !finalized => {
					return Ok(Heard::Block(block.block_hash()));
				}
				Some(Ok(TransactionStatus::InBestBlock(_))) => is_in_block = true,
				Some(Ok(
					TransactionStatus::Error { message }
					| TransactionStatus::Invalid { message }
					| TransactionStatus::Dropped { message },
				)) => return Ok(Heard::Nothing(format!("the node said of it: {message}"))),
				Some(Ok(_)) => {}
				Some(Err(error)) => return Ok(Heard::Nothing(format!("the connection was lost: {error}"))),
				None => return Ok(Heard::Nothing("the node tells nothing more of it".into())),
			}
		}
	}
}

/// What was heard of a transaction.
enum Heard {
	/// A block holds it.
	Block(H256),
	/// Nothing more is to be heard, and why.
	Nothing(String),
}

/// What it means that a transaction could not be sent.
enum Answer {
	/// It is in the pool, or may be.
	There(String),
	/// It is not, and will not be.
	No(Setback),
}

impl Answer {
	fn read(error: ExtrinsicError) -> Self {
		let user = match &error {
			ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(
				subxt::rpcs::Error::User(user),
			))) => user,
			// Whether it arrived is not known.
			ExtrinsicError::ErrorSubmittingTransaction(_) => return Self::There(error.to_string()),
			_ => return Self::No(Setback::Error(error.into())),
		};
		let details = user
			.data
			.as_ref()
			.and_then(|data| serde_json::from_str::<String>(data.get()).ok());
		let reason = match details {
			Some(details) => format!("{}: {details}", user.message),
			None => user.message.clone(),
		};
		let refusal = PoolRefusal {
			code: user.code,
			reason,
		};
		match user.code {
			ALREADY_THERE => Self::There(refusal.reason),
			PRIORITY_TOO_LOW => Self::No(Setback::Raced(refusal.to_string())),
			NO_ROOM => Self::No(Setback::NoRoom(refusal)),
			_ if refusal.reason.contains(OUTDATED) => Self::No(Setback::Raced(refusal.to_string())),
			_ => Self::No(Setback::Error(Error::Refused(refusal))),
		}
	}
}

/// The height from which a transaction's life is counted. A transaction names the block there, and is invalid in every fork
/// that lacks it; so it is a final one, unless finality is so far behind that too little of the life would be left.
fn birth_height(best: BlockNumber, finalized: BlockNumber) -> BlockNumber {
	finalized.min(best).max(best.saturating_sub(LIFE / 2))
}

/// Whether a node will not have a transaction, and not only because its nonce is used up: the chain would refuse it, or the pool has banned
/// it, as it does for half an hour whatever it found invalid or dropped for want of room. Then nobody will have it in time.
fn is_refused(error: &subxt::rpcs::Error) -> bool {
	let subxt::rpcs::Error::User(user) = error else {
		return false;
	};
	let details = user.data.as_ref().map_or("", |data| data.get());
	matches!(user.code, INVALID | BANNED) && !details.contains(OUTDATED)
}

/// A transaction that is looked for in the blocks.
struct Search<'a> {
	assay: &'a Assay,
	heads: Heads,
	hash: H256,
	bytes: &'a [u8],
	reserved: Option<&'a (AccountId, Reserved)>,
	signer: Option<&'a Signer>,
	finalized: bool,
}

impl Ledger for Search<'_> {
	type Receipt = Receipt;

	async fn settled_nonce(&mut self) -> Result<Option<u64>> {
		let Some((signer, _)) = self.reserved else {
			return Ok(None);
		};
		let settled = self.assay.finalized().await?;
		let client = self.assay.client().at_block(settled.hash).await?;
		Ok(Some(client.transactions().account_nonce(signer).await?))
	}

	async fn tip(&mut self) -> Result<Block> {
		if self.finalized {
			self.assay.finalized().await
		} else {
			self.assay.best().await
		}
	}

	async fn at(&mut self, number: BlockNumber) -> Result<Option<Block>> {
		self.assay.block_at(number).await
	}

	async fn receipt(&mut self, block: Block) -> Result<Option<Receipt>> {
		self.assay.receipt(block, self.hash).await
	}

	async fn send_again(&mut self) -> bool {
		let before = self.reserved.map(|(_, reserved)| reserved.before());
		// A pool that has it, or will not have it, says so. Neither tells whether another node's block will hold it.
		for bytes in before.unwrap_or_default() {
			let _ = self.assay.methods().author_submit_extrinsic(&bytes).await;
		}
		let sent = self.assay.methods().author_submit_extrinsic(self.bytes).await;
		sent.is_err_and(|error| is_refused(&error))
	}

	async fn give_way(&mut self) {
		let (Some((_, reserved)), Some(signer)) = (self.reserved, self.signer) else {
			return;
		};
		// If it does not arrive it is sent again with the next block.
		if let Ok(nothing) = self.assay.signed(&Call::nothing(), signer, reserved.nonce).await {
			let _ = self.assay.methods().author_submit_extrinsic(nothing.encoded()).await;
		}
	}

	async fn wait(&mut self) -> Result<()> {
		self.heads.next().await.map(|_| ())
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

	fn answer(error: subxt::rpcs::Error) -> Answer {
		Answer::read(ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(
			RpcError::ClientError(error),
		)))
	}

	fn refused(code: i32, message: &str, data: &str) -> Answer {
		answer(subxt::rpcs::Error::User(subxt::rpcs::UserError {
			code,
			message: message.into(),
			data: serde_json::value::to_raw_value(data).ok(),
		}))
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
		for answer in raced {
			assert!(matches!(answer, Answer::No(Setback::Raced(_))));
		}
		let full = refused(1016, "Immediately Dropped", "The pool is full");
		assert!(matches!(full, Answer::No(Setback::NoRoom(_))));
		let other = refused(1010, "Invalid Transaction", "Transaction has a bad signature");
		let Answer::No(Setback::Error(Error::Refused(refusal))) = other else {
			panic!("a transaction that is wrong is not signed again");
		};
		assert_eq!(refusal.code, 1010);
		assert_eq!(
			refusal.to_string(),
			"refused: Invalid Transaction: Transaction has a bad signature"
		);
	}

	#[test]
	fn a_nonce_that_is_used_up_is_no_refusal() {
		let user = |code, data: &str| {
			subxt::rpcs::Error::User(subxt::rpcs::UserError {
				code,
				message: "Invalid Transaction".into(),
				data: serde_json::value::to_raw_value(data).ok(),
			})
		};
		assert!(is_refused(&user(1010, "Custom error: 7")));
		// M1: what a pool has found invalid it says no more about for half an hour.
		assert!(is_refused(&user(1012, "Temporarily Banned")));
		for other in [
			user(1010, "Transaction is outdated"),
			user(1013, "0x00"),
			subxt::rpcs::Error::Client("the connection is lost".into()),
		] {
			assert!(!is_refused(&other), "{other}");
		}
	}

	#[test]
	fn what_may_have_arrived_is_looked_for_and_not_signed_again() {
		let lost = answer(subxt::rpcs::Error::Client("the connection is lost".into()));
		assert!(matches!(lost, Answer::There(_)));
		let known = refused(1013, "Transaction Already Imported", "0x00");
		assert!(matches!(known, Answer::There(_)));
	}

	#[test]
	fn programs_that_collide_wait_differently() {
		let pauses: std::collections::BTreeSet<_> = (1_000..1_016).map(|salt| pause(1, salt)).collect();
		assert_eq!(pauses.len(), 16);
		assert!(pauses.iter().all(|pause| *pause < Duration::from_millis(400)));
	}
}
