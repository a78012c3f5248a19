//! What became of a transaction long after it was signed, perhaps by a program that was stopped meanwhile.

use super::Receipt;
use crate::{error::is_discarded, Amount, Assay, Block, BlockNumber, Error, Failure, Missing, Result};
use serde::{Deserialize, Serialize};
use sp_runtime::traits::{BlakeTwo256, Hash};
use std::{
	collections::{HashMap, HashSet},
	future::Future,
	pin::Pin,
};
use subxt::utils::H256;

/// A signed transaction, as it is found in blocks: by its hash, in one of those that can hold it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signed {
	/// Its hash.
	pub transaction: H256,
	/// The first block that can hold it.
	pub first: BlockNumber,
	/// The last block that can hold it.
	pub last: BlockNumber,
}

/// Is told of each transaction before it is sent. What it cannot note, for the reason it gives, is not sent.
pub type Note<'a> = dyn Fn(Signed) -> Noted<'a> + Send + Sync + 'a;
/// What comes of [`Note`].
pub type Noted<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// What became of a transaction by the last final block. All but [`Fate::Open`] is for good.
#[derive(Debug)]
pub enum Fate {
	/// No final block holds it, and a later one may.
	Open,
	/// No block holds it, and none can any more.
	Never,
	/// It succeeded.
	Included(Receipt),
	/// Its call failed.
	Failed {
		/// Why.
		failure: Failure,
		/// What the signer paid for it.
		fee: Amount,
	},
	/// This block holds it, and the node no longer has the block's state: what it did there is not known.
	Discarded(Block),
}

impl Assay {
	/// What became of transactions, in their order. They are looked for in the final blocks that can hold them.
	pub async fn fates(&self, signed: &[Signed]) -> Result<Vec<Fate>> {
		let tip = self.finalized().await?;
		let places = places(signed, tip.number, |number| self.hashes(number)).await?;
		let mut fates = vec![];
		for signed in signed {
			fates.push(match places.get(&signed.transaction) {
				Some(block) => self.fate_in(*block, signed.transaction).await?,
				None if tip.number >= signed.last => Fate::Never,
				None => Fate::Open,
			});
		}
		Ok(fates)
	}

	async fn fate_in(&self, block: Block, transaction: H256) -> Result<Fate> {
		match self.receipt(block, transaction).await {
			Ok(Some(receipt)) => Ok(Fate::Included(receipt)),
			Ok(None) => Err(Error::missing(Missing::Transaction(block.number))),
			Err(Error::Failed { failure, fee, .. }) => Ok(Fate::Failed { failure, fee }),
			Err(error) if is_discarded(&error) => Ok(Fate::Discarded(block)),
			Err(error) => Err(error),
		}
	}

	/// A final block and the hashes of its transactions.
	async fn hashes(&self, number: BlockNumber) -> Result<(Block, Vec<H256>)> {
		let block = self.block_at(number).await?;
		let block = block.ok_or(Error::missing(Missing::Block(number)))?;
		let details = self.methods().chain_get_block(Some(block.hash)).await?;
		let details = details.ok_or(Error::missing(Missing::BlockHash(block.hash)))?;
		let transactions = details.block.extrinsics.iter();
		let hashes = transactions.map(|bytes| H256(BlakeTwo256::hash(&bytes.0).0));
		Ok((block, hashes.collect()))
	}
}

/// The blocks up to `tip` that hold transactions; each block that can hold one which is not found yet is asked for its `hashes`
/// once.
async fn places<F: Future<Output = Result<(Block, Vec<H256>)>>>(
	signed: &[Signed],
	tip: BlockNumber,
	mut hashes: impl FnMut(BlockNumber) -> F,
) -> Result<HashMap<H256, Block>> {
	let mut found = HashMap::new();
	let mut missing: Vec<Signed> = signed.to_vec();
	let mut next = missing.iter().map(|signed| signed.first).min();
	while let Some(number) = next.filter(|number| *number <= tip) {
		let (block, held) = hashes(number).await?;
		let held: HashSet<H256> = held.into_iter().collect();
		for signed in missing.extract_if(.., |signed| held.contains(&signed.transaction)) {
			found.insert(signed.transaction, block);
		}
		let Some(after) = number.checked_add(1) else {
			break;
		};
		let left = missing.iter().filter(|signed| signed.last >= after);
		next = left.map(|signed| signed.first.max(after)).min();
	}
	Ok(found)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::cell::RefCell;

	fn signed(name: u8, first: BlockNumber, last: BlockNumber) -> Signed {
		Signed {
			transaction: H256([name; 32]),
			first,
			last,
		}
	}

	/// The heights at which transactions are found, and the blocks that were read for it. Block 5 holds transaction 1, block 9
	/// transaction 2.
	async fn search(sought: &[Signed], tip: BlockNumber) -> (Vec<Option<BlockNumber>>, Vec<BlockNumber>) {
		let read = RefCell::new(vec![]);
		let hashes = |number: BlockNumber| {
			read.borrow_mut().push(number);
			let held = match number {
				5 => vec![H256([9; 32]), H256([1; 32])],
				9 => vec![H256([2; 32])],
				_ => vec![],
			};
			let block = Block {
				number,
				hash: H256([0; 32]),
			};
			async move { Ok((block, held)) }
		};
		let found = places(sought, tip, hashes).await.unwrap();
		let heights = sought
			.iter()
			.map(|signed| found.get(&signed.transaction).map(|block| block.number));
		(heights.collect(), read.into_inner())
	}

	#[tokio::test]
	async fn a_transaction_is_looked_for_where_it_can_be_and_no_further() {
		assert_eq!(search(&[signed(1, 3, 66)], 100).await, (vec![Some(5)], vec![3, 4, 5]));
		assert_eq!(search(&[signed(3, 3, 6)], 100).await, (vec![None], vec![3, 4, 5, 6]));
		assert_eq!(search(&[signed(1, 6, 8)], 100).await, (vec![None], vec![6, 7, 8]));
		assert_eq!(search(&[], 100).await, (vec![], vec![]));
	}

	#[tokio::test]
	async fn blocks_that_are_not_final_do_not_count() {
		assert_eq!(search(&[signed(2, 7, 70)], 8).await, (vec![None], vec![7, 8]));
	}

	#[tokio::test]
	async fn many_are_looked_for_in_one_walk_over_the_blocks() {
		let sought = [signed(2, 8, 10), signed(1, 4, 6), signed(3, 4, 5)];
		let (heights, read) = search(&sought, 100).await;
		assert_eq!(heights, [Some(9), Some(5), None]);
		assert_eq!(read, [4, 5, 8, 9]);
	}
}
