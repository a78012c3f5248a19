//! The chains that are built into the node. Their genesis is the runtime's: a specification only
//! names one of its presets.

use assay_runtime::{
	currency::{DECIMALS, SS58_PREFIX, SYMBOL},
	WASM_BINARY,
};
use sc_service::{ChainType, Properties};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// A chain's specification.
pub(crate) type ChainSpec = sc_service::GenericChainSpec;

/// What wallets need to know to show amounts and addresses.
fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), SYMBOL.into());
	properties.insert("tokenDecimals".into(), DECIMALS.into());
	properties.insert("ss58Format".into(), SS58_PREFIX.into());
	properties
}

fn chain_spec(name: &str, id: &str, chain_type: ChainType, preset: &str) -> Result<ChainSpec, String> {
	let runtime = WASM_BINARY.ok_or("this node was built with SKIP_WASM_BUILD and holds no runtime")?;
	Ok(ChainSpec::builder(runtime, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id("assay")
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// One validator on this machine: `--dev`.
pub(crate) fn development() -> Result<ChainSpec, String> {
	chain_spec(
		"Assay Development",
		"assay_dev",
		ChainType::Development,
		DEV_RUNTIME_PRESET,
	)
}

/// Four validators with well-known keys: `--chain local`.
pub(crate) fn local_testnet() -> Result<ChainSpec, String> {
	chain_spec(
		"Assay Local Testnet",
		"assay_local",
		ChainType::Local,
		LOCAL_TESTNET_RUNTIME_PRESET,
	)
}
