//! Blocks, and their coming.

use super::{Assay, Config};
use crate::{BlockNumber, Error, Missing, Result};
use subxt::{
	config::Header,
	rpcs::{client::RpcSubscription, methods::legacy::NumberOrHex},
	utils::H256,
};

type BlockHeader = <Config as subxt::Config>::Header;

/// A block on the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
	/// Its height.
	pub number: BlockNumber,
	/// Its hash.
	pub hash: H256,
}

impl Assay {
	/// The best block.
	pub async fn best(&self) -> Result<Block> {
		// By hash, so that height and hash belong together whatever is imported meanwhile.
		let hash = self.methods().chain_get_block_hash(None).await?;
		self.block(hash.ok_or(Error::missing(Missing::Block(0)))?).await
	}

	/// The last finalised block.
	pub async fn finalized(&self) -> Result<Block> {
		let hash = self.methods().chain_get_finalized_head().await?;
		self.block(hash).await
	}

	/// The block at a height of the best chain, if it is that high.
	pub async fn block_at(&self, number: BlockNumber) -> Result<Option<Block>> {
		let hash = self
			.methods()
			.chain_get_block_hash(Some(NumberOrHex::Number(number.into())))
			.await?;
		Ok(hash.map(|hash| Block { number, hash }))
	}

	pub(crate) async fn block(&self, hash: H256) -> Result<Block> {
		let header = self.methods().chain_get_header(Some(hash)).await?;
		let header = header.ok_or(Error::missing(Missing::BlockHash(hash)))?;
		Ok(Block {
			number: height(&header)?,
			hash,
		})
	}

	/// Heights of new blocks: best ones, or finalised ones.
	pub async fn heads(&self, finalized: bool) -> Result<Heads> {
		Ok(Heads {
			assay: self.clone(),
			finalized,
			subscription: self.subscribe(finalized).await?,
		})
	}

	async fn subscribe(&self, finalized: bool) -> Result<RpcSubscription<BlockHeader>> {
		Ok(match finalized {
			true => self.methods().chain_subscribe_finalized_heads().await?,
			false => self.methods().chain_subscribe_new_heads().await?,
		})
	}
}

/// A subscription to blocks.
pub struct Heads {
	assay: Assay,
	finalized: bool,
	subscription: RpcSubscription<BlockHeader>,
}

impl Heads {
	/// The height of the next block. A subscription that ended with its connection is begun anew once, so blocks may be left
	/// out.
	pub async fn next(&mut self) -> Result<BlockNumber> {
		if let Some(Ok(header)) = self.subscription.next().await {
			return height(&header);
		}
		self.subscription = self.assay.subscribe(self.finalized).await?;
		match self.subscription.next().await {
			Some(header) => height(&header?),
			None => Err(Error::Closed),
		}
	}
}

fn height(header: &BlockHeader) -> Result<BlockNumber> {
	BlockNumber::try_from(header.number()).map_err(|_| Error::unreadable("the node numbers its blocks", None))
}
