//! Wallets that know nothing of this chain but its metadata.

use anyhow::Result;
use assay_e2e::{short_stake, Scene, Wallet};

#[test]
fn polkadot_js_stakes_with_no_types_and_no_extensions_of_ours() -> Result<()> {
	let wallet = Wallet::new()?;
	let scene = Scene::with_chain("dev", short_stake)?;
	let node = scene.development()?;
	wallet.run("stake.mjs", &[&node.url()])?;
	node.rpc().check_issuance()?;
	scene.end()
}

#[test]
fn a_runtime_without_the_hash_of_its_metadata_refuses_a_ledger() -> Result<()> {
	let wallet = Wallet::new()?;
	let scene = Scene::quick()?;
	let node = scene.development()?;
	wallet.run("ledger.mjs", &[&node.url(), "--expect", "refused"])?;
	// The script does look: what the chain refuses does not pass for accepted.
	let error = wallet
		.run("ledger.mjs", &[&node.url(), "--expect", "accepted"])
		.unwrap_err()
		.to_string();
	assert!(error.contains("CannotLookup"), "{error}");
	scene.end()
}
