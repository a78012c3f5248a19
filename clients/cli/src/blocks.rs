//! The blocks of the best chain, as a command comes to know them.

use anyhow::Result;
use assay_sdk::{Assay, Block, BlockNumber, H256};
use std::collections::BTreeMap;

/// The blocks from a height on that were looked at.
pub(crate) struct Blocks {
	first: BlockNumber,
	known: BTreeMap<BlockNumber, H256>,
}

impl Blocks {
	/// None yet of those from this height on.
	pub(crate) fn since(first: BlockNumber) -> Self {
		Self {
			first,
			known: BTreeMap::new(),
		}
	}

	/// The height from which on blocks are looked at.
	pub(crate) fn first(&self) -> BlockNumber {
		self.first
	}

	/// Blocks up to `best` that are new, the oldest first: they count as known from now on. After a reorganisation these are the
	/// blocks of the new branch, and what was known at their heights and above is forgotten.
	pub(crate) async fn fresh(&mut self, chain: &Assay, best: Block) -> Result<Vec<Block>> {
		let mut fresh = vec![];
		let mut next = Some(best.number);
		while let Some(number) = next.filter(|number| *number >= self.first) {
			let block = match number == best.number {
				true => Some(best),
				false => chain.block_at(number).await?,
			};
			let Some(block) = block else { break };
			if self.known.get(&number) == Some(&block.hash) {
				break;
			}
			fresh.push(block);
			next = number.checked_sub(1);
		}
		if let Some(oldest) = fresh.last() {
			self.known.retain(|number, _| *number < oldest.number);
		}
		fresh.reverse();
		self.known.extend(fresh.iter().map(|block| (block.number, block.hash)));
		Ok(fresh)
	}

	/// Known blocks up to a height, the newest first.
	pub(crate) fn up_to(&self, height: BlockNumber) -> impl Iterator<Item = Block> + '_ {
		let known = self.known.range(..=height).rev();
		known.map(|(&number, &hash)| Block { number, hash })
	}

	/// Looks at nothing below a height any more.
	pub(crate) fn forget_below(&mut self, height: BlockNumber) {
		self.first = self.first.max(height);
		self.known.retain(|number, _| *number >= height);
	}
}
