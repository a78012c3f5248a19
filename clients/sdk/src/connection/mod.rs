//! The connection to a node, over JSON-RPC. Nothing is compiled in but the protocol's types: calls are found by name in the
//! node's metadata, and everything is read through the runtime's own API.

mod blocks;
mod connect;
mod transport;

pub use blocks::{Block, Heads};

use crate::{
	accounts::Accounts, audits::Audits, channels::Channels, disputes::Disputes, governance::Governance, jobs::Jobs,
	models::Models, operators::Operators, reading::Reading, receipts::Receipts, staking::Staking, transactions::Desks,
	validators::Validators, Result,
};
use codec::Decode;
use std::{fmt, sync::Arc, time::Duration};
use subxt::{
	config::RpcConfigFor,
	rpcs::{methods::legacy::LegacyRpcMethods, RpcClient},
	OnlineClient, PolkadotConfig,
};

/// The stock configuration: Assay adds nothing a client would have to know.
pub(crate) type Config = PolkadotConfig;
type Methods = LegacyRpcMethods<RpcConfigFor<Config>>;

/// How long a node that does not answer is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
	/// Before it has answered for the first time: a node that is starting refuses connections.
	pub start: Duration,
	/// When it is gone: a node that restarts comes back.
	pub restart: Duration,
}

impl Default for Patience {
	fn default() -> Self {
		Self {
			start: Duration::ZERO,
			restart: Duration::from_secs(60),
		}
	}
}

/// A connection to a node of an Assay chain. Copies share it, and with it the [nonces](crate#parallel-submits) of the
/// accounts that sign.
#[derive(Clone)]
pub struct Assay(Arc<Inner>);

struct Inner {
	url: String,
	rpc: RpcClient,
	methods: Methods,
	client: OnlineClient<Config>,
	desks: Desks,
}

impl fmt::Debug for Assay {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_tuple("Assay").field(&self.0.url).finish()
	}
}

impl Assay {
	pub(crate) fn rpc(&self) -> &RpcClient {
		&self.0.rpc
	}

	pub(crate) fn methods(&self) -> &Methods {
		&self.0.methods
	}

	pub(crate) fn client(&self) -> &OnlineClient<Config> {
		&self.0.client
	}

	pub(crate) fn desks(&self) -> &Desks {
		&self.0.desks
	}

	/// The hash of the first block, which tells chains apart.
	pub fn genesis(&self) -> [u8; 32] {
		self.client().genesis_hash().0
	}

	/// Models, their versions, and who serves them.
	pub fn models(&self) -> Models<'_> {
		Models(Reading::new(self))
	}

	/// Jobs: quotes, submission, results.
	pub fn jobs(&self) -> Jobs<'_> {
		Jobs(Reading::new(self))
	}

	/// Disputes about claims.
	pub fn disputes(&self) -> Disputes<'_> {
		Disputes(Reading::new(self))
	}

	/// Channels to operators.
	pub fn channels(&self) -> Channels<'_> {
		Channels(Reading::new(self))
	}

	/// Audits of claims.
	pub fn audits(&self) -> Audits<'_> {
		Audits(Reading::new(self))
	}

	/// Proofs of how jobs ended, for whoever has no node.
	pub fn receipts(&self) -> Receipts<'_> {
		Receipts(self)
	}

	/// Operators as those whom jobs are assigned to.
	pub fn operators(&self) -> Operators<'_> {
		Operators(Reading::new(self))
	}

	/// Stake behind operators.
	pub fn staking(&self) -> Staking<'_> {
		Staking(Reading::new(self))
	}

	/// Who makes blocks.
	pub fn validators(&self) -> Validators<'_> {
		Validators(Reading::new(self))
	}

	/// What holders decide.
	pub fn governance(&self) -> Governance<'_> {
		Governance(Reading::new(self))
	}

	/// What accounts have.
	pub fn accounts(&self) -> Accounts<'_> {
		Accounts(Reading::new(self))
	}

	/// A constant of a pallet.
	pub async fn constant<R: Decode>(&self, pallet: &str, name: &str, at: Block) -> Result<R> {
		let client = self.client().at_block(at.hash).await?;
		let address = subxt::dynamic::constant::<subxt::dynamic::Value>(pallet, name);
		let bytes = client.constants().entry_bytes(address)?;
		R::decode(&mut &bytes[..])
			.map_err(|error| crate::Error::unreadable(format!("this chain's {pallet}.{name} is"), error))
	}
}
