//! The chain over JSON-RPC. Nothing is compiled in but the protocol's types: calls are found by name in the node's
//! metadata, and everything is read through the runtime's own API.

mod accounts;
mod audits;
mod calls;
mod connect;
mod disputes;
mod moves;
mod provider;
mod query;
mod stake;
mod submit;
mod trial;
mod validators;
mod watch;

pub(crate) use accounts::Balances;
pub(crate) use audits::Audit;
pub(crate) use calls::Call;
#[cfg(test)]
pub(crate) use disputes::Forfeit;
pub(crate) use disputes::{Dispute, Ending};
pub(crate) use moves::{Action, Move, Subject};
pub(crate) use provider::ProviderStatus;
#[cfg(test)]
pub(crate) use provider::{ArtifactFile, HeldKey, HeldOffer};
pub(crate) use query::{Job, Model, Offers, Operator, Served, State};
pub(crate) use stake::{StakeSums, Staked, StakedOperator, StakingRules, Validation, Validator};
pub(crate) use submit::{Receipt, Sending};

use anyhow::{anyhow, Context, Result};
use codec::{Decode, Encode};
use subxt::{
	config::{Header, RpcConfigFor},
	rpcs::{
		self,
		client::RpcSubscription,
		methods::{legacy::NumberOrHex, LegacyRpcMethods},
		RpcClient,
	},
	utils::H256,
	OnlineClient, PolkadotConfig,
};

/// An account's identifier.
pub(crate) type AccountId = subxt::utils::AccountId32;
/// A block's height.
pub(crate) type BlockNumber = u32;
/// The stock configuration: Assay adds nothing a client would have to know.
type Config = PolkadotConfig;
type Methods = LegacyRpcMethods<RpcConfigFor<Config>>;
type BlockHeader = <Config as subxt::Config>::Header;

/// A block on the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Block {
	/// Its height.
	pub(crate) number: BlockNumber,
	/// Its hash.
	pub(crate) hash: H256,
}

/// A connection to a node.
pub(crate) struct Chain {
	rpc: RpcClient,
	methods: Methods,
	client: OnlineClient<Config>,
}

impl Chain {
	/// The hash of the first block, which tells chains apart.
	pub(crate) fn genesis(&self) -> [u8; 32] {
		self.client.genesis_hash().0
	}

	/// The best block.
	pub(crate) async fn best(&self) -> Result<Block> {
		// By hash, so that height and hash belong together whatever is imported meanwhile.
		let hash = self
			.methods
			.chain_get_block_hash(None)
			.await?
			.context("the node has no blocks")?;
		self.block(hash).await
	}

	/// The last finalised block.
	pub(crate) async fn finalized(&self) -> Result<Block> {
		let hash = self.methods.chain_get_finalized_head().await?;
		self.block(hash).await
	}

	/// The block at a height of the best chain, if it is that high.
	pub(crate) async fn block_at(&self, number: BlockNumber) -> Result<Option<Block>> {
		let hash = self
			.methods
			.chain_get_block_hash(Some(NumberOrHex::Number(number.into())))
			.await?;
		Ok(hash.map(|hash| Block { number, hash }))
	}

	async fn block(&self, hash: H256) -> Result<Block> {
		let header = self.methods.chain_get_header(Some(hash)).await?;
		let header = header.with_context(|| format!("the node does not have block {hash:?}"))?;
		Ok(Block {
			number: height(&header)?,
			hash,
		})
	}

	/// Heights of new blocks: best ones, or finalised ones.
	pub(crate) async fn heads(&self, finalized: bool) -> Result<Heads> {
		let subscription = if finalized {
			self.methods.chain_subscribe_finalized_heads().await?
		} else {
			self.methods.chain_subscribe_new_heads().await?
		};
		Ok(Heads(subscription))
	}

	/// A constant of a pallet.
	pub(crate) async fn constant<R: Decode>(&self, pallet: &str, name: &str, at: Block) -> Result<R> {
		let client = self.client.at_block(at.hash).await?;
		let address = subxt::dynamic::constant::<subxt::dynamic::Value>(pallet, name);
		let bytes = client.constants().entry_bytes(address)?;
		R::decode(&mut &bytes[..]).with_context(|| format!("this chain's {pallet}.{name} is of another kind"))
	}

	/// Calls a function of the runtime's API.
	async fn ask<R: Decode>(&self, function: &str, arguments: impl Encode, at: Block) -> Result<R> {
		let answer = self
			.methods
			.state_call(function, Some(&arguments.encode()), Some(at.hash))
			.await
			.map_err(|error| unreadable(error, at))
			.with_context(|| format!("{function} at block {}", at.number))?;
		R::decode(&mut &answer[..]).with_context(|| {
			format!("{function} answers in a form this program does not know: they are of different versions")
		})
	}
}

/// Why the state of a block cannot be read, and what to do where the node no longer has it.
fn unreadable(error: rpcs::Error, at: Block) -> anyhow::Error {
	let text = error.to_string();
	if ["State already discarded", "UnknownBlock", "unknown Block"]
		.iter()
		.any(|words| text.contains(words))
	{
		return anyhow!(
			"the node has discarded the state of block {} (pruning): it keeps those of the last blocks only; ask a node that \
			 runs with --state-pruning archive",
			at.number
		);
	}
	error.into()
}

/// A subscription to blocks.
pub(crate) struct Heads(RpcSubscription<BlockHeader>);

impl Heads {
	/// The height of the next block.
	pub(crate) async fn next(&mut self) -> Result<BlockNumber> {
		let header = self.0.next().await.context("the node closed the connection")??;
		height(&header)
	}
}

fn height(header: &BlockHeader) -> Result<BlockNumber> {
	BlockNumber::try_from(header.number()).context("the node's block numbers are not this chain's")
}
