//! What the endpoint needs of a chain.

use assay_exact::Program;
use assay_protocol::{
	audit::SignedReply,
	channel::SignedSettlement,
	operator::{WorkerKey, WorkerSignature},
	ChannelId, ModelVersion,
};
use assay_trace::merkle::Hash32;
use futures::future::BoxFuture;
use sp_core::crypto::AccountId32;
use std::time::Duration;

pub use assay_provider::chain::{BlockNumber, ChainError, ChainEvent, ServedOperator, Worker};

/// An amount of money, in smallest units.
pub type Balance = u128;
/// What a channel is about.
pub type Terms = assay_protocol::channel::Terms<AccountId32, Balance>;
/// A channel as the chain tells it.
pub type ChannelSummary = assay_protocol::channel::ChannelSummary<AccountId32, Balance, BlockNumber>;
/// Constants of channels.
pub type ChannelParameters = assay_protocol::channel::ChannelParameters<Balance, BlockNumber>;

/// The receipt of a batch that has to be revealed.
pub type RevealDuty = assay_protocol::audit::RevealDuty<AccountId32, BlockNumber>;

/// Which state of the chain is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
	/// That of the best block.
	Best,
	/// That of the last final block.
	Finalized,
}

/// What runs in a channel. It never changes for a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
	/// Its program.
	pub program: Program,
	/// Root of its artifact.
	pub artifact: Hash32,
}

/// The channels of a state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channels {
	/// Height of the block whose state it is.
	pub height: BlockNumber,
	/// The channels.
	pub channels: Vec<ChannelSummary>,
}

/// A chain as the endpoint sees it.
pub trait Chain: Send + Sync + 'static {
	/// Hash of the genesis block: everything is signed for one chain only.
	fn genesis(&self) -> [u8; 32];

	/// Height of a block.
	fn height(&self, of: State) -> BlockNumber;

	/// Whether the node is still far behind its peers, so that its best state is history. One that has no peers does not know.
	fn is_syncing(&self) -> bool;

	/// Constants, in the state of the best block.
	fn parameters(&self) -> Result<ChannelParameters, ChainError>;

	/// How long ago the best block was made, by what that block says itself; none if it cannot be read.
	fn age(&self) -> Option<Duration>;

	/// All channels whose answers worker keys at hand sign; and of these, whoever signs, all that there are in the state. One of these
	/// that is missing is none in this state.
	fn channels(&self, at: State, these: &[ChannelId]) -> Result<Channels, ChainError>;

	/// The worker keys at hand and what is expected of them, in the state of the best block.
	fn workers(&self) -> Result<Vec<Worker>, ChainError>;

	/// A version, in the state of the best block.
	fn version(&self, version: ModelVersion) -> Result<Version, ChainError>;

	/// Signs with a worker key.
	fn sign(&self, worker: &WorkerKey, payload: &[u8]) -> Result<WorkerSignature, ChainError>;

	/// Hands a settlement to the transaction pool. A pool that holds it already has accepted it.
	fn settle(&self, settlement: SignedSettlement) -> BoxFuture<'_, Result<(), ChainError>>;

	/// What worker keys at hand have to reveal, in the state of the best block, the most urgent first for each.
	fn reveals_due(&self) -> Result<Vec<(WorkerKey, RevealDuty)>, ChainError>;

	/// Hands what is revealed to the transaction pool. A pool that holds it already has accepted it.
	fn reveal(&self, reply: SignedReply<AccountId32>) -> BoxFuture<'_, Result<(), ChainError>>;
}
