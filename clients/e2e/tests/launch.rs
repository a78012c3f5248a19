//! A chain that strangers start from a file they agree on.

use anyhow::{Context, Result};
use assay_e2e::{bootnodes, finalised, Node, Scene};
use serde_json::{json, Value};
use sp_core::{crypto::Ss58Codec, ed25519, sr25519, Pair};
use std::{
	fs,
	path::Path,
	process::{Command, Output},
};

/// The keys of a node, by type, scheme and what is derived for them.
const KEYS: [(&str, &str); 4] = [
	("assa", "sr25519"),
	("babe", "sr25519"),
	("gran", "ed25519"),
	("audi", "sr25519"),
];

/// The secret of a founder's key of a type.
fn secret(founder: usize, kind: &str) -> String {
	format!("//Founder//{founder}//{kind}")
}

fn sr25519(uri: &str) -> Result<sr25519::Public> {
	Ok(sr25519::Pair::from_string(uri, None).context("a derivation")?.public())
}

fn address(founder: usize) -> Result<String> {
	Ok(sr25519(&secret(founder, "account"))?.to_ss58check())
}

fn validator(founder: usize) -> Result<Value> {
	let public =
		|kind: &str| -> Result<String> { Ok(format!("0x{}", hex::encode(sr25519(&secret(founder, kind))?.0))) };
	let votes = ed25519::Pair::from_string(&secret(founder, "gran"), None).context("a derivation")?;
	Ok(json!({
		"account": address(founder)?,
		"worker_key": public("assa")?,
		"babe": public("babe")?,
		"grandpa": hex::encode(votes.public().0),
		"authority_discovery": public("audi")?,
		"bond": 10_000,
		"free": 100,
	}))
}

fn founders() -> Result<Value> {
	Ok(json!({
		"name": "Assay of strangers",
		"id": "assay_strangers",
		"bootnodes": [],
		"validators": (0..4).map(validator).collect::<Result<Vec<_>>>()?,
		"accounts": [{ "account": address(9)?, "balance": 1_000_000 }],
		"technical_committee": [address(0)?],
	}))
}

fn launch(node: &Path, folder: &Path, founders: &Value) -> Result<Output> {
	let file = folder.join("founders.json");
	fs::write(&file, founders.to_string())?;
	Ok(Command::new(node).arg("launch").arg(&file).output()?)
}

#[test]
fn c12_strangers_make_the_same_chain_and_run_it() -> Result<()> {
	let scene = Scene::new()?;
	let (program, folder) = (&scene.binaries.node, scene.folder());

	// A network is not joined by mistake.
	let without = Command::new(program)
		.arg("--base-path")
		.arg(folder.join("nobody"))
		.output()?;
	assert!(!without.status.success());
	assert!(String::from_utf8_lossy(&without.stderr).contains("which chain?"));

	// What cannot be agreed on is refused with the reason.
	let refused = |edit: &dyn Fn(&mut Value), reason: &str| -> Result<()> {
		let mut founders = founders()?;
		edit(&mut founders);
		let output = launch(program, folder, &founders)?;
		let error = String::from_utf8_lossy(&output.stderr).into_owned();
		assert!(!output.status.success() && error.contains(reason), "{reason}: {error}");
		assert!(output.stdout.is_empty());
		Ok(())
	};
	refused(&|it| it["id"] = json!("no spaces"), "id is")?;
	refused(&|it| it["sudo"] = json!(1), "unknown field `sudo`")?;
	refused(&|it| it["validators"][0]["bond"] = json!(999), "1000 is the least")?;
	refused(
		&|it| it["validators"][0]["babe"] = json!("0x00"),
		"1 bytes instead of 32",
	)?;
	refused(
		&|it| it["validators"][1] = it["validators"][0].clone(),
		"is there twice",
	)?;
	refused(&|it| it["accounts"][0]["account"] = json!("5abc"), "is no address")?;
	refused(
		&|it| drop(it["validators"].as_array_mut().map(Vec::pop)),
		"4 are needed",
	)?;

	// Two founders with the same file get the same bytes.
	let first = launch(program, folder, &founders()?)?;
	let second = launch(program, folder, &founders()?)?;
	assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
	assert_eq!((first.stdout.clone(), first.stderr), (second.stdout, second.stderr));
	let specification = folder.join("strangers.json");
	fs::write(&specification, &first.stdout)?;
	let chain = specification.display().to_string();

	// Four of them make a chain whose blocks become final.
	let mut nodes: Vec<Node> = vec![];
	for founder in 0..4 {
		let name = format!("founder-{founder}");
		let base = folder.join(&name);
		for key in KEYS {
			Node::insert_key(&scene.binaries, &base, &chain, key, &secret(founder, key.0))?;
		}
		let arguments = format!("--validator --unsafe-force-node-key-generation {}", bootnodes(&nodes)?);
		let mut options = scene.options(&name, &arguments);
		options.arguments.splice(..2, ["--chain".into(), chain.clone()]);
		nodes.push(Node::start(&scene.binaries, options)?);
	}
	finalised(&nodes, 3)?;
	let assay = scene.assay(&nodes[3]);
	let validators = assay.ok("validator list")?;
	assert_eq!(validators.as_array().map(Vec::len), Some(4));
	// Whom light clients trust first.
	let synced = nodes[0].rpc().call_for_much("sync_state_genSyncSpec", &json!([true]))?;
	assert!(synced.contains("\"lightSyncState\":{"), "{synced:.300}");
	scene.end()
}
