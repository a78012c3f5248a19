//! The running node.
//!
//! [`parts`] builds what every command needs (client, database, import queue), [`full`] starts the
//! network, consensus and RPC on top of it.

mod discovery;
mod endpoint;
mod equivocation;
mod full;
mod parts;
mod pool;
mod progress;
mod worker;

use std::sync::Arc;

pub(crate) use assay_runtime::opaque::Block;
pub(crate) use endpoint::Sign as EndpointSign;
pub(crate) use full::new_full;
pub(crate) use parts::new_chain_ops;

use equivocation::ReportEquivocations;
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle};
use sp_consensus_babe::inherents::BabeCreateInherentDataProviders;

/// What the runtime may ask of the node: the stock functions only, so that any node and any light
/// client can execute any version of the runtime.
type HostFunctions = sp_io::SubstrateHostFunctions;

type WasmExecutor = sc_executor::WasmExecutor<HostFunctions>;
/// The client: blocks, state and the runtime's API.
pub(crate) type FullClient = sc_service::TFullClient<Block, assay_runtime::apis::RuntimeApi, WasmExecutor>;
/// The database.
pub(crate) type FullBackend = sc_service::TFullBackend<Block>;
/// The rule by which the best block is chosen.
pub(crate) type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
/// Transactions waiting for a block.
pub(crate) type TransactionPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;

type GrandpaBlockImport = sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;
type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, SelectChain>;
type BlockImport = ReportEquivocations<
	BabeBlockImport<Block, FullClient, GrandpaBlockImport, BabeCreateInherentDataProviders<Block>, SelectChain>,
>;

/// What consensus needs besides the parts that every chain has.
pub(crate) struct Consensus {
	block_import: BlockImport,
	babe_link: BabeLink<Block>,
	babe_worker: BabeWorkerHandle<Block>,
	grandpa_link: GrandpaLink,
	telemetry: Option<sc_telemetry::Telemetry>,
}

/// The parts from which a node is built.
pub(crate) type Parts = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	TransactionPool,
	Consensus,
>;

/// Forgets what BABE and GRANDPA know of the last `blocks` blocks.
pub(crate) fn revert_consensus(
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	blocks: assay_runtime::BlockNumber,
) -> sp_blockchain::Result<()> {
	sc_consensus_babe::revert(client.clone(), backend, blocks)?;
	sc_consensus_grandpa::revert(client, blocks)
}
