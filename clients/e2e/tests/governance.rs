//! Holders decide on the chain's code, money and constants, on four validators and with no key that may call anything.

use anyhow::{ensure, Context, Result};
use assay_e2e::{amount, finalised, until, Network, Wallet};
use assay_runtime::{currency::UNIT, treasury::TreasuryAccount};
use serde_json::{json, Value};
use std::{fs, time::Duration};

/// More bytes than a runtime has.
const BOMB_LIMIT: usize = 50 * 1024 * 1024;
/// More than any referendum of this network takes.
const LIMIT: Duration = Duration::from_secs(300);

#[test]
fn holders_decide_on_code_spend_the_chains_money_and_change_its_constants() -> Result<()> {
	let network = Network::start()?;
	let node = &network.validators[0];
	let rpc = node.rpc();
	let by = |name: &str| network.scene.assay(node).signing_as(name);
	let bob = by("//Bob");
	let state =
		|referendum: u64| -> Result<Value> { Ok(bob.ok(&format!("governance show {referendum}"))?["state"].clone()) };
	let carry = |referendum: u64| -> Result<()> {
		// All they have: most of it is free, the stake of validators is not.
		for name in ["//Bob", "//Alice", "//Charlie", "//Dave"] {
			let voted = by(name).run(&format!("governance vote {referendum} aye --all"))?;
			// It may have passed before all have voted.
			let over = voted.document["error"]
				.as_str()
				.is_some_and(|error| error.contains("NotOngoing"));
			ensure!(voted.code == 0 || over, "{name}: {}", voted.document);
		}
		Ok(())
	};
	let passed = |referendum: u64| {
		until("the referendum to pass", LIMIT, || {
			let state = state(referendum)?;
			ensure!(state != json!("rejected"), "it was rejected");
			Ok((state == json!("approved")).then_some(()))
		})
	};

	// What one asks for alone is not done, whatever conviction it has.
	let code = network.scene.folder().join("next.wasm");
	let plain = network.scene.binaries.next_runtime()?;
	let large = network.scene.folder().join("plain.wasm");
	fs::write(&large, &plain)?;
	let error = bob.error(&format!("governance propose upgrade {}", large.display()))?;
	ensure!(error.contains("compressed"), "{error}");
	let next = sp_maybe_compressed_blob::compress_weakly(&plain, BOMB_LIMIT).context("the runtime is too large")?;
	fs::write(&code, next)?;
	let upgrade = format!("governance propose upgrade {}", code.display());
	let error = by("//Ferdie").error(&format!("governance upgrade {}", code.display()))?;
	ensure!(
		error.contains("1010") || error.to_lowercase().contains("invalid"),
		"{error}"
	);

	by("//Eve").ok(&upgrade)?;
	by("//Eve").ok("governance propose set prices.min_unit_price 0.0000005")?;
	by("//Eve").ok("governance propose spend 5 //Ferdie")?;
	let error = by("//Eve").error("governance propose set prices.min_unit_price 5")?;
	ensure!(error.contains("prices.min_unit_price is"), "{error}");
	let listed = bob.ok("governance list")?;
	let calls: Vec<_> = listed
		.as_array()
		.context("a list")?
		.iter()
		.map(|referendum| referendum["call"].clone())
		.collect();
	assert_eq!(
		calls,
		[
			json!("Treasury.spend"),
			json!("Parameters.set_parameter"),
			json!("System.authorize_upgrade")
		]
	);
	for referendum in 0..3 {
		carry(referendum)?;
	}
	let votes = bob.ok("governance votes")?;
	assert_eq!(votes["cast"].as_array().map(Vec::len), Some(3));
	assert_eq!(votes["cast"][0]["aye"], votes["locked"]);
	for referendum in 0..3 {
		passed(referendum)?;
	}

	// The constant is another, and offers may ask that little.
	until("the parameter to change", LIMIT, || {
		let parameters = bob.ok("governance parameters")?;
		let mut parameters = parameters.as_array().context("a list")?.iter();
		Ok(parameters
			.any(|known| known["parameter"] == "prices.min_unit_price" && known["value"] == "500000")
			.then_some(()))
	})?;
	// Anybody has the spend paid, once. What voters have is locked by their votes.
	by("//Eve").ok(&format!("account transfer {} 10", TreasuryAccount::get()))?;
	let ferdie = || amount(&by("//Ferdie").ok("account show")?["free"]);
	let before = ferdie()?;
	until("the spend to be approved and paid", LIMIT, || {
		Ok(by("//Eve").run("governance payout 0")?.code.eq(&0).then_some(()))
	})?;
	assert_eq!(ferdie()?, before + 5 * UNIT);
	let error = by("//Eve").error("governance payout 0")?;
	ensure!(error.contains("AlreadyAttempted"), "{error}");

	let height = rpc.best()?;
	finalised(&network.validators, height)?;
	rpc.check_issuance()?;
	network.scene.end()
}

#[test]
fn polkadot_js_batches_proxies_signs_with_several_keys_and_votes() -> Result<()> {
	let wallet = Wallet::new()?;
	let network = Network::start()?;
	wallet.run("govern.mjs", &[&network.validators[0].url()])?;
	network.scene.end()
}
