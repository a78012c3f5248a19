//! A chain whose runtime is replaced while it runs.

use anyhow::{Context, Result};
use assay_e2e::{until, Party, Rpc, Scene, Wallet};
use assay_runtime::{RuntimeCall, VERSION};
use serde_json::{json, Value};
use std::time::Duration;

/// More than a few blocks take.
const LIMIT: Duration = Duration::from_secs(180);
/// More bytes than a runtime has.
const BOMB_LIMIT: usize = 50 * 1024 * 1024;

/// Sends a call as the account that may call anything.
fn call_as_root(rpc: Rpc, call: RuntimeCall) -> Result<()> {
	let call = RuntimeCall::Sudo(pallet_sudo::Call::sudo { call: Box::new(call) });
	Party::new(rpc, "//Alice")?.send(call).map(|_| ())
}

fn spec_version(rpc: Rpc) -> Result<Value> {
	Ok(rpc.call("state_getRuntimeVersion", json!([]))?["specVersion"].clone())
}

#[test]
fn an_upgrade_keeps_everything_and_lets_hardware_wallets_sign() -> Result<()> {
	let wallet = Wallet::new()?;
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let rpc = node.rpc();
	let served = scene.generator(&node)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let job = format!("job submit --model {} --tokens 1,2,3 --max-tokens 4 --watch", served.id);
	let first = bob.ok(&job)?["job"].clone();
	assert_eq!(first["state"], json!("Final"));
	bob.ok("stake delegate //Alice 300")?;
	bob.ok("stake unbond //Alice 100")?;

	// All that an upgrade must not touch, whatever blocks earn meanwhile.
	let everything = || -> Result<Vec<Value>> {
		let position = bob.ok("stake positions")?[0].clone();
		let operator = bob.ok("stake operator //Alice")?;
		Ok(vec![
			bob.ok(&format!("job show {}", first["id"]))?,
			bob.ok("model list")?,
			bob.ok("account show")?,
			position["stake"].clone(),
			position["unbonding"].clone(),
			operator["own"].clone(),
			operator["faults"].clone(),
		])
	};
	let before = everything()?;
	assert_eq!(spec_version(rpc)?, json!(VERSION.spec_version));

	let code = scene.binaries.next_runtime()?;
	let code = sp_maybe_compressed_blob::compress_weakly(&code, BOMB_LIMIT).context("the runtime is too large")?;
	call_as_root(rpc, frame_system::Call::set_code { code }.into())?;
	until("the next version to rule", LIMIT, || {
		// While it compiles the new runtime a busy node may not answer.
		let version = spec_version(rpc).ok();
		Ok((version == Some(json!(VERSION.spec_version + 1))).then_some(()))
	})?;
	let upgraded = rpc.best()?;
	assert_eq!(everything()?, before);
	rpc.check_issuance()?;

	// The chain, its worker and its clients go on.
	let second = bob.ok(&job)?["job"].clone();
	assert_eq!(second["state"], json!("Final"));
	assert_eq!(second["output"], first["output"]);
	until("a block of the next version to be final", LIMIT, || {
		Ok((rpc.finalized()? > upgraded).then_some(()))
	})?;

	// This version was built with the hash of its metadata.
	wallet.run("ledger.mjs", &[&node.url(), "--expect", "accepted"])?;
	scene.end()
}
