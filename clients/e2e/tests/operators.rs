//! What an operator's own node tells before anything is lost: artifacts that are absent or broken, keys that cannot be used,
//! ports that are taken, money that would be locked up.

use anyhow::{Context, Result};
use assay_e2e::{amount, until, Binaries, Node, Scene, ASY};
use serde_json::{json, Value};
use std::{
	collections::BTreeSet,
	fs,
	net::TcpListener,
	path::Path,
	process::{Command, Output},
	time::Duration,
};

/// Blocks for a survey of the folder or a result, and then some.
const LIMIT: Duration = Duration::from_secs(180);

/// What the node's worker has.
fn status(node: &Node) -> Result<Value> {
	node.rpc().call("provider_status", json!([]))
}

fn wait_for_log(node: &Node, words: &str) -> Result<()> {
	until(&format!("the node's log to say `{words}`"), LIMIT, || {
		let log = String::from_utf8_lossy(&fs::read(node.log())?).into_owned();
		Ok(log.contains(words).then_some(()))
	})
}

/// Puts bytes in the place of a file, as somebody who copies and renames does.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
	let part = path.with_extension("part");
	fs::write(&part, bytes)?;
	Ok(fs::rename(part, path)?)
}

#[test]
fn p24_a_job_runs_as_soon_as_a_good_file_is_in_the_place_of_a_broken_one() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	let alice = scene.assay(&node).signing_as("//Alice");
	let bob = scene.assay(&node).signing_as("//Bob");
	let good = fs::read(&served.artifact)?;
	let mut broken = good.clone();
	let middle = broken.len() / 2;
	broken[middle..middle + 4_096].fill(0);
	assert_ne!(broken, good);

	let shown = status(&node)?;
	assert_eq!(shown["running"], json!(true));
	assert_eq!(shown["worker_keys"][0]["signs"], json!(true));
	assert_eq!(shown["worker_keys"][0]["offers"][0]["present"], json!(true));
	let operator = alice.ok("operator show")?;
	assert_eq!(operator["account"], shown["worker_keys"][0]["operator"]);
	assert_eq!(operator["worker_key"], shown["worker_keys"][0]["worker_key"]);
	assert_eq!(operator["state"], json!("active"));
	assert_eq!(operator["offers"][0]["version"], json!(served.id));

	replace(&served.artifact, &broken)?;
	until("the node to notice", LIMIT, || {
		Ok((status(&node)?["artifacts"][0]["state"] == json!("refused")).then_some(()))
	})?;
	wait_for_log(&node, "which this node cannot run: ")?;
	assert_eq!(status(&node)?["worker_keys"][0]["offers"][0]["present"], json!(false));
	let serve = format!("model serve {} --price 0.001 --capacity 4", served.id);
	let error = alice.error(&serve)?;
	assert!(error.contains("refused the file generator.assay"), "{error}");

	// Jobs come all the same, until the last heartbeat is old.
	let bond = amount(&operator["bond"])?;
	alice.ok(&format!("{serve} --anyway"))?;
	let submitted = bob.ok(&format!(
		"job submit --model {} --tokens 1,2 --max-tokens 4 --max-fee 1",
		served.id
	))?;
	let job = submitted["job"].to_string();
	wait_for_log(&node, &format!("job {job} attempt 0 cannot be run: "))?;
	replace(&served.artifact, &good)?;
	let done = bob.ok(&format!("job watch {job}"))?;
	assert_eq!(done["job"]["state"], json!("Final"));
	let operator = alice.ok("operator show")?;
	assert_eq!(operator["faults"]["missed_deadlines"], json!(0));
	assert_eq!(amount(&operator["bond"])?, bond);
	assert_eq!(status(&node)?["worker_keys"][0]["offers"][0]["present"], json!(true));
	assert_eq!(status(&node)?["artifacts"][0]["state"], json!("verified"));
	scene.end()
}

#[test]
fn p23_a_model_that_the_node_lacks_is_not_served_by_mistake_nor_kept_listed() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	let alice = scene.assay(&node).signing_as("//Alice");
	let bob = scene.assay(&node).signing_as("//Bob");
	let bond = amount(&alice.ok("operator show")?["bond"])?;
	let away = scene.folder().join("away.assay");
	fs::rename(&served.artifact, &away)?;
	let error = alice.error(&format!("model serve {} --price 0.001", served.id))?;
	assert!(error.contains("lacks the artifact") && error.contains("0x"), "{error}");
	wait_for_log(&node, "which this node cannot run: no file in ")?;

	let offer = || -> Result<Value> {
		let shown = bob.ok(&format!("model show {}", served.id))?;
		Ok(shown["versions"][0]["offers"][0].clone())
	};
	until("the offer to be listed no more", LIMIT, || {
		Ok((offer()?["state"] == json!("silent")).then_some(()))
	})?;
	// Nothing was lost, and it is listed again without a restart.
	let operator = alice.ok("operator show")?;
	assert_eq!(operator["listed"], json!(false));
	assert_eq!(
		(amount(&operator["bond"])?, &operator["faults"]["missed_deadlines"]),
		(bond, &json!(0))
	);
	fs::rename(&away, &served.artifact)?;
	until("the offer to be listed", LIMIT, || {
		Ok((offer()?["state"] == json!("listed")).then_some(()))
	})?;
	alice.ok("operator chill")?;
	assert_eq!(offer()?["state"], json!("chilled"));
	assert_eq!(alice.ok("operator show")?["state"], json!("chilled"));

	// Whoever locks up everything could not even ask for it back.
	let error = bob.error("stake delegate //Charlie 999999.95")?;
	assert!(error.contains("0.1 ASY are kept back"), "{error}");
	alice.ok("operator unchill")?;
	// So little that her bond carries it.
	bob.ok("account transfer //Charlie 920000")?;
	bob.ok("stake delegate //Alice --all")?;
	let left = amount(&bob.ok("account show")?["transferable"])?;
	assert!(left > ASY / 20 && left < ASY, "{left}");
	let error = bob.error("stake delegate //Alice 0.01")?;
	assert!(error.contains("kept back"), "{error}");
	bob.ok("stake unbond //Alice 60")?;

	// Errors come with the numbers.
	let free_from = bob.ok("stake positions")?[0]["unbonding"][0]["free_from"].to_string();
	let error = bob.error("stake withdraw //Alice")?;
	assert!(error.contains("Staking.StillUnbonding"), "{error}");
	assert!(
		error.contains(&format!("60 ASY are free from block {free_from}")),
		"{error}"
	);
	let eve = scene.assay(&node).signing_as("//Eve");
	let error = eve.error("operator register --worker-suri //Eve --bond 1")?;
	assert!(error.contains("at least 1000 ASY"), "{error}");
	let error = eve.error("stake delegate //Alice 1")?;
	assert!(error.contains("at least 10 ASY"), "{error}");

	// Keys of another operator's node are not registered by mistake.
	let error = eve.error("validator keys")?;
	assert!(error.contains("the node works for"), "{error}");
	scene.end()
}

/// Runs `assay-node key …`, with arguments split at spaces.
fn key(binaries: &Binaries, line: &str, further: &[&Path]) -> Result<Output> {
	let mut command = Command::new(&binaries.node);
	command.arg("key").args(line.split(' ')).args(further);
	command.output().context("assay-node key")
}

fn text(output: &Output) -> String {
	format!(
		"{}{}",
		String::from_utf8_lossy(&output.stdout),
		String::from_utf8_lossy(&output.stderr)
	)
}

#[test]
fn keys_are_confirmed_or_diagnosed_and_secrets_never_shown() -> Result<()> {
	// The words of a development phrase, the last but one exchanged where it shall be wrong.
	const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
	let scene = Scene::quick()?;
	let folder = scene.folder();
	let file = folder.join("worker.key");
	let base = format!("--chain dev --base-path {}", folder.join("node").display());
	let keystore = folder.join("node/chains/assay_dev/keystore");
	let insert = |scheme: &str, kind: &str, secret: &Path| {
		let line = format!("insert {base} --scheme {scheme} --key-type {kind} --suri");
		key(&scene.binaries, &line, &[secret])
	};
	let fails = |output: Output, expected: &[&str]| {
		let text = text(&output);
		assert!(!output.status.success(), "{text}");
		for part in expected {
			assert!(text.contains(part), "`{part}` is missing: {text}");
		}
		assert!(!text.contains("obey") && !text.contains("lonely"), "{text}");
		assert!(!keystore.exists() || fs::read_dir(&keystore).is_ok_and(|mut files| files.next().is_none()));
	};

	fs::write(&file, format!("{PHRASE}\n"))?;
	fails(insert("ed25519", "assa", &file)?, &["--scheme ed25519", "sr25519"]);
	fails(insert("sr25519", "gran", &file)?, &["--scheme sr25519", "ed25519"]);
	fails(insert("sr25519", "asas", &file)?, &["--key-type asas", "assa"]);
	fails(insert("sr25519", "assa", &folder.join("work.key"))?, &["single slash"]);
	fails(insert("sr25519", "assa", Path::new("work.key"))?, &["name of no file"]);
	for wrong in [
		PHRASE.replace(" walk", ""),
		PHRASE.replace("walk", "wallk"),
		"0xobey".into(),
	] {
		fs::write(&file, wrong)?;
		fails(insert("sr25519", "assa", &file)?, &["the first line of", "worker.key"]);
		fails(key(&scene.binaries, "inspect", &[&file])?, &["the first line of"]);
	}
	fs::write(&file, "\nobey\n")?;
	fails(insert("sr25519", "assa", &file)?, &["is empty"]);
	fs::write(&file, format!("{{\n\"secretPhrase\": \"{PHRASE}\"\n}}"))?;
	fails(insert("sr25519", "assa", &file)?, &["secretPhrase"]);
	fails(
		key(&scene.binaries, "inspect", &[&folder.join("work.key")])?,
		&["single slash"],
	);
	fails(key(&scene.binaries, "inspect --public 0x12", &[])?, &[]);

	// A second line is told of and left alone, as `assay` does.
	let address = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
	for (content, more) in [(format!("{PHRASE}\n"), false), (format!("{PHRASE}\nmine\n"), true)] {
		fs::write(&file, content)?;
		let output = insert("sr25519", "assa", &file)?;
		let said = text(&output);
		assert!(output.status.success(), "{said}");
		assert!(
			said.contains("sr25519 key") && said.contains(address) && said.contains("assa"),
			"{said}"
		);
		assert_eq!(said.contains("it has 1 more"), more, "{said}");
		assert!(!said.contains("obey") && !said.contains("mine"), "{said}");
		let names = fs::read_dir(&keystore)?.filter_map(|file| file.ok()?.file_name().into_string().ok());
		let names: Vec<_> = names.collect();
		assert_eq!(names.len(), 1, "{names:?}");
		assert!(names[0].starts_with("61737361"), "{names:?}");
		fs::remove_file(keystore.join(&names[0]))?;
		let output = key(&scene.binaries, "inspect --scheme sr25519", &[&file])?;
		assert!(
			output.status.success() && text(&output).contains(address),
			"{}",
			text(&output)
		);
	}
	let output = key(&scene.binaries, &format!("inspect {address}"), &[])?;
	assert!(output.status.success(), "{}", text(&output));
	scene.end()
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_an_error() -> Result<()> {
	let scene = Scene::quick()?;
	let taken = TcpListener::bind("127.0.0.1:0")?;
	let port = taken.local_addr()?.port().to_string();
	const OPTIONS: [&str; 3] = ["--port", "--rpc-port", "--prometheus-port"];
	for option in OPTIONS {
		let mut command = Command::new(&scene.binaries.node);
		command.args(["--dev", "--tmp", "--no-mdns", option, &port]);
		command.args(
			OPTIONS
				.iter()
				.filter(|other| **other != option)
				.flat_map(|other| [other, "0"]),
		);
		let output = command.output()?;
		let text = text(&output);
		assert!(!output.status.success(), "{text}");
		assert!(
			text.contains(&format!(":{port}, where")) && text.contains(option),
			"{text}"
		);
	}
	scene.end()
}

/// The series that a text names.
fn series(text: &str) -> BTreeSet<&str> {
	text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
		.filter(|word| word.starts_with("assay_provider_") || word.starts_with("substrate_"))
		.map(|word| word.strip_suffix("_bucket").unwrap_or(word))
		.collect()
}

#[test]
fn alerts_and_the_dashboard_name_what_a_node_tells() -> Result<()> {
	let scene = Scene::quick()?;
	let arguments = "--dev --prometheus-port 0";
	let node = Node::start(&scene.binaries, scene.options("alice", arguments))?;
	scene.generator(&node)?;
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring");
	let files = [
		fs::read_to_string(folder.join("alerts.yaml"))?,
		fs::read_to_string(folder.join("dashboard.json"))?,
	];
	serde_json::from_str::<Value>(&files[1])?;
	for file in &files {
		let named = series(file);
		assert!(named.len() > 5, "{named:?}");
		until("the node to tell all that is named", LIMIT, || {
			let told = node.metrics()?;
			let told: BTreeSet<_> = series(&told);
			let missing: Vec<_> = named.difference(&told).collect();
			Ok(missing.is_empty().then_some(()))
		})
		.with_context(|| format!("{named:?}"))?;
	}
	scene.end()
}
