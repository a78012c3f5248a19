//! The chains that are built into the node. Their genesis is the runtime's: a specification only
//! names one of its presets.

use crate::service::Block;
use assay_runtime::{
	currency::{DECIMALS, SS58_PREFIX, SYMBOL},
	WASM_BINARY,
};
use sc_chain_spec::{ChainSpecBuilder, ChainSpecExtension};
use sc_client_api::client::{BadBlocks, ForkBlocks};
use sc_service::{config::MultiaddrWithPeerId, ChainType, Properties};
use sc_sync_state_rpc::LightSyncStateExtension;
use serde::{Deserialize, Serialize};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// What a specification says beside genesis.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extensions {
	/// Blocks that the chain has at these heights, whatever else a node hears.
	pub(crate) fork_blocks: ForkBlocks<Block>,
	/// Blocks that are never imported.
	pub(crate) bad_blocks: BadBlocks<Block>,
	/// From where light clients begin.
	pub(crate) light_sync_state: LightSyncStateExtension,
}

/// A chain's specification.
pub(crate) type ChainSpec = sc_service::GenericChainSpec<Extensions>;

/// What wallets need to know to show amounts and addresses.
fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), SYMBOL.into());
	properties.insert("tokenDecimals".into(), DECIMALS.into());
	properties.insert("ss58Format".into(), SS58_PREFIX.into());
	properties
}

/// A chain with this node's runtime, whose genesis is left to say.
fn chain(name: &str, id: &str, chain_type: ChainType) -> Result<ChainSpecBuilder<Extensions>, String> {
	let runtime = WASM_BINARY.ok_or("this node was built with SKIP_WASM_BUILD and holds no runtime")?;
	Ok(ChainSpec::builder(runtime, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_properties(properties()))
}

fn built_in(name: &str, id: &str, chain_type: ChainType, preset: &str) -> Result<ChainSpec, String> {
	Ok(chain(name, id, chain_type)?
		.with_protocol_id("assay")
		.with_genesis_config_preset_name(preset)
		.build())
}

/// A chain that strangers run, with the durations that the runtime has by default and this genesis.
pub(crate) fn live(
	name: &str,
	id: &str,
	bootnodes: Vec<MultiaddrWithPeerId>,
	genesis: serde_json::Value,
) -> Result<ChainSpec, String> {
	Ok(chain(name, id, ChainType::Live)?
		.with_protocol_id(id)
		.with_boot_nodes(bootnodes)
		.with_genesis_config_patch(genesis)
		.build())
}

/// One validator on this machine: `--dev`.
pub(crate) fn development() -> Result<ChainSpec, String> {
	built_in(
		"Assay Development",
		"assay_dev",
		ChainType::Development,
		DEV_RUNTIME_PRESET,
	)
}

/// Four validators with well-known keys: `--chain local`.
pub(crate) fn local_testnet() -> Result<ChainSpec, String> {
	built_in(
		"Assay Local Testnet",
		"assay_local",
		ChainType::Local,
		LOCAL_TESTNET_RUNTIME_PRESET,
	)
}
