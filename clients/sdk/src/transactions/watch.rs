//! Looking for a transaction in the blocks themselves once the node's pool has given it up.
//!
//! A pool gives a transaction up when the fork that held it is left behind, or when a block of another fork took it over.
//! Neither means that it is lost: it counts as lost when no block can hold it any more. One that the chain would refuse by now
//! gives way to those of its account that wait for its nonce.

use super::Setback;
use crate::{Block, BlockNumber, Error, Result};
use std::collections::BTreeMap;
use subxt::utils::H256;

/// How long a transaction can still be included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Life {
	/// First block that can hold it.
	pub(super) first: BlockNumber,
	/// Last block that can hold it.
	pub(super) last: BlockNumber,
	/// The nonce that it uses up, if it is signed.
	pub(super) nonce: Option<u64>,
}

/// The chain as a search for one transaction sees it.
pub(super) trait Ledger {
	/// What is found.
	type Receipt;

	/// The next nonce of the transaction's signer in the last final block; none if nobody signed it.
	async fn settled_nonce(&mut self) -> Result<Option<u64>>;
	/// The newest block to search.
	async fn tip(&mut self) -> Result<Block>;
	/// The block at a height.
	async fn at(&mut self, number: BlockNumber) -> Result<Option<Block>>;
	/// What the transaction did, if this block holds it.
	async fn receipt(&mut self, block: Block) -> Result<Option<Self::Receipt>>;
	/// Hands the transaction to the node once more, and what has to be included before it; whether the node refuses it, because
	/// the chain would.
	async fn send_again(&mut self) -> bool;
	/// Has another transaction, that does nothing, use up the nonce.
	async fn give_way(&mut self);
	/// Waits for another block.
	async fn wait(&mut self) -> Result<()>;
}

/// Blocks in a row in which a node refuses a transaction before that gives way: in a fork that is left it may be wrong, and right
/// in the next.
const REFUSALS: u32 = 2;

/// Searches every new block until one holds the transaction or none can any more; `reason` is why the pool gave it up.
pub(super) async fn search<L: Ledger>(ledger: &mut L, life: Life, reason: &str) -> Result<L::Receipt, Setback> {
	let mut searched = BTreeMap::<BlockNumber, H256>::new();
	let mut refusals: u32 = 0;
	loop {
		// Before the search: a block that used up the nonce is then among those that are searched.
		let settled = ledger.settled_nonce().await?;
		let tip = ledger.tip().await?;
		let mut fresh = vec![];
		for number in (life.first..=life.last.min(tip.number)).rev() {
			let Some(block) = ledger.at(number).await? else {
				continue;
			};
			// What is below was searched in the same fork.
			if searched.get(&number) == Some(&block.hash) {
				break;
			}
			if let Some(receipt) = ledger.receipt(block).await? {
				return Ok(receipt);
			}
			fresh.push((number, block.hash));
		}
		searched.extend(fresh);
		if let (Some(used), Some(settled)) = (life.nonce, settled) {
			if settled > used {
				return Err(Setback::Raced(format!(
					"another transaction of the same account took its place, with nonce {used} ({reason})"
				)));
			}
		}
		if tip.number >= life.last {
			return Err(Setback::Error(Error::NotIncluded {
				last: life.last,
				reason: reason.to_owned(),
			}));
		}
		refusals = match ledger.send_again().await {
			true => refusals.saturating_add(1),
			false => 0,
		};
		if refusals >= REFUSALS {
			ledger.give_way().await;
		}
		ledger.wait().await?;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::cell::Cell;

	/// A chain that changes while it is watched: of each moment, the blocks from height 1 up and the settled nonce.
	struct Scripted {
		moments: Vec<(Vec<&'static str>, u64)>,
		now: usize,
		sent: Cell<usize>,
		read: Cell<usize>,
		/// The moments in which the node refuses the transaction, and those in which it gives way.
		refused: &'static [usize],
		gave_way: Vec<usize>,
	}

	impl Scripted {
		fn new(moments: &[(&[&'static str], u64)]) -> Self {
			Self {
				moments: moments
					.iter()
					.map(|(blocks, nonce)| (blocks.to_vec(), *nonce))
					.collect(),
				now: 0,
				sent: Cell::new(0),
				read: Cell::new(0),
				refused: &[],
				gave_way: vec![],
			}
		}

		fn blocks(&self) -> &[&'static str] {
			&self.moments[self.now].0
		}

		fn block(&self, number: usize) -> Option<Block> {
			let name = self.blocks().get(number.checked_sub(1)?)?;
			let mut hash = [0; 32];
			hash[..name.len()].copy_from_slice(name.as_bytes());
			Some(Block {
				number: BlockNumber::try_from(number).unwrap(),
				hash: H256(hash),
			})
		}
	}

	impl Ledger for Scripted {
		type Receipt = BlockNumber;

		async fn settled_nonce(&mut self) -> Result<Option<u64>> {
			Ok(Some(self.moments[self.now].1))
		}
		async fn tip(&mut self) -> Result<Block> {
			Ok(self.block(self.blocks().len()).unwrap())
		}
		async fn at(&mut self, number: BlockNumber) -> Result<Option<Block>> {
			Ok(self.block(usize::try_from(number).unwrap()))
		}
		/// Blocks whose name ends with a star hold the transaction.
		async fn receipt(&mut self, block: Block) -> Result<Option<BlockNumber>> {
			self.read.set(self.read.get() + 1);
			Ok(block.hash.0.contains(&b'*').then_some(block.number))
		}
		async fn send_again(&mut self) -> bool {
			self.sent.set(self.sent.get() + 1);
			self.refused.contains(&self.now)
		}
		async fn give_way(&mut self) {
			self.gave_way.push(self.now);
		}
		async fn wait(&mut self) -> Result<()> {
			self.now += 1;
			assert!(self.now < self.moments.len(), "the search should have ended");
			Ok(())
		}
	}

	const LIFE: Life = Life {
		first: 2,
		last: 5,
		nonce: Some(7),
	};

	#[tokio::test]
	async fn a_transaction_that_another_fork_holds_too_is_found_at_once() {
		let mut chain = Scripted::new(&[(&["1", "2b*", "3b"], 7)]);
		assert_eq!(search(&mut chain, LIFE, "invalid").await.unwrap(), 2);
		assert_eq!(chain.sent.get(), 0);
	}

	#[tokio::test]
	async fn a_transaction_that_is_included_again_is_found_where_it_is() {
		let mut chain = Scripted::new(&[
			(&["1", "2", "3"], 7),
			(&["1", "2b", "3b", "4b"], 7),
			(&["1", "2b", "3b", "4b", "5b*"], 7),
		]);
		assert_eq!(search(&mut chain, LIFE, "invalid").await.unwrap(), 5);
		assert_eq!(
			chain.sent.get(),
			2,
			"the node is handed the transaction while it is missing"
		);
		// Two, then three of another fork, then the one that is new.
		assert_eq!(chain.read.get(), 6);
	}

	#[tokio::test]
	async fn a_fork_as_high_as_the_last_is_searched() {
		let mut chain = Scripted::new(&[(&["1", "2", "3"], 7), (&["1", "2", "3b*"], 7)]);
		assert_eq!(search(&mut chain, LIFE, "invalid").await.unwrap(), 3);
	}

	#[tokio::test]
	async fn a_transaction_that_no_block_can_hold_any_more_is_lost() {
		let mut chain = Scripted::new(&[(&["1", "2", "3", "4"], 7), (&["1", "2", "3", "4", "5", "6*"], 7)]);
		let Err(Setback::Error(Error::NotIncluded { last, reason })) = search(&mut chain, LIFE, "it was dropped").await
		else {
			panic!("it is in no block");
		};
		assert_eq!((last, &reason[..]), (5, "it was dropped"));
	}

	#[tokio::test]
	async fn a_transaction_whose_nonce_is_used_up_is_lost_before_its_life_ends() {
		let mut chain = Scripted::new(&[(&["1", "2"], 7), (&["1", "2", "3"], 8)]);
		let Err(Setback::Raced(reason)) = search(&mut chain, LIFE, "usurped").await else {
			panic!("another transaction has its nonce");
		};
		assert!(reason.contains("nonce 7") && reason.contains("usurped"), "{reason}");
	}

	#[tokio::test]
	async fn h03_a_transaction_that_the_node_refuses_gives_way_to_those_behind_it() {
		let blocks: [&[&str]; 6] = [&["1"], &["1", "2"], &["1", "2"], &["1", "2"], &["1", "2"], &["1", "2"]];
		let mut moments = blocks.map(|blocks| (blocks, 7));
		moments[4].1 = 8;
		let mut chain = Scripted::new(&moments);
		// Once in a fork that is left, and then for good.
		chain.refused = &[0, 2, 3];
		let lost = search(&mut chain, LIFE, "invalid").await;
		assert!(matches!(lost, Err(Setback::Raced(_))), "{lost:?}");
		assert_eq!(chain.gave_way, [3]);
	}

	#[tokio::test]
	async fn its_own_nonce_does_not_speak_against_a_transaction() {
		let mut chain = Scripted::new(&[(&["1", "2*", "3"], 8)]);
		assert_eq!(search(&mut chain, LIFE, "invalid").await.unwrap(), 2);
	}
}
