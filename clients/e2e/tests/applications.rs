//! What an application needs: reading over JSON-RPC, errors that say what is wrong, jobs sent at once, a JavaScript client.

use anyhow::{Context, Result};
use assay_e2e::{until, Node, Scene, Served, Wallet, GLOSSARY};
use serde_json::{json, Value};
use std::{collections::BTreeSet, path::Path, thread, time::Duration};

const LIMIT: Duration = Duration::from_secs(300);
/// Jobs that one account sends at the same time.
const AT_ONCE: usize = 20;

#[test]
fn an_application_reads_what_the_command_line_shows() -> Result<()> {
	let scene = Scene::quick()?;
	let mut node = scene.development()?;
	let served = scene.glossary(&node)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let rpc = node.rpc();

	// A quote is what the job may cost.
	let quoted = bob.ok(&format!(
		"job quote --model {} --tokens 1,2,3 --max-tokens 8",
		served.id
	))?;
	let quote = rpc.call("jobs_quote", json!([0, 0, 3, 8]))?;
	for field in ["units", "lowest_price", "highest_price", "room"] {
		assert_eq!(quoted[field], quote[field], "{field}");
	}
	let job = format!(
		"job submit --model {} --tokens 1,2,3 --max-tokens 8 --temperature 1 --seed 5",
		served.id
	);
	let submitted = bob.ok(&job)?;
	assert_eq!(submitted["max_fee"], quoted["highest_fee"]);

	// The same documents from both.
	let id = submitted["job"].to_string();
	let done = bob.ok(&format!("job watch {id}"))?;
	assert_eq!(done["job"]["state"], json!("Final"));
	let mut shown = bob.ok(&format!("job show {id}"))?;
	let text = shown.as_object_mut().and_then(|job| job.remove("text"));
	assert!(text.is_some_and(|text| text.is_string()), "{shown}");
	assert_eq!(rpc.call("jobs_get", json!([submitted["job"]]))?, shown);
	assert_eq!(rpc.call("jobs_list", json!([]))?, json!([shown]));
	assert_eq!(rpc.call("jobs_get", json!({ "job": submitted["job"] }))?, shown);
	let audit = bob.ok(&format!("audit show {id}"))?;
	assert_eq!(rpc.call("audits_get", json!([submitted["job"]]))?, audit);
	let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
	let rates = bob.ok(&format!("audit rates {alice}"))?;
	assert_eq!(rpc.call("audits_rates", json!([alice]))?, rates);
	assert_eq!(rpc.call("models_list", json!([]))?, bob.ok("model list")?);
	// A heartbeat may come between the two.
	until("the same offers from both", LIMIT, || {
		let mut shown = bob.ok(&format!("model show {}", served.id))?;
		let offers = &mut shown["versions"][0]["offers"];
		// The command line adds why an offer is listed or not, which takes more than one question.
		for offer in offers.as_array_mut().into_iter().flatten() {
			let state = offer.as_object_mut().and_then(|offer| offer.remove("state"));
			assert!(state.is_some_and(|state| state.is_string()));
		}
		Ok((rpc.call("models_offers", json!([0, 0]))? == *offers).then_some(()))
	})?;

	// Bob is no operator: nothing is said of his claims.
	let bobs = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
	assert_eq!(rpc.call("audits_rates", json!([bobs]))?, Value::Null);
	assert!(bob.error("audit rates //Bob")?.contains("is not an operator"));

	tells_what_is_wrong(&node, &submitted["job"])?;
	answers_wrong_calls_with_one_document(&scene, &node)?;
	tokenises_by_itself(&scene, &node, &served)?;
	refuses_outputs_of_another_kind(&scene, &node, &id)?;
	keeps_every_job_that_is_sent_at_once(&scene, &node, &served)?;

	// A node that is asked to end ends well, and its pool does not pass for failed. On a busy machine Substrate's network and GRANDPA
	// may see the end of each other before they are told of the node's, and say so.
	let last = node.terminate()?;
	let failed = |line: &str| line.contains("Essential task") && line.contains("pool");
	assert!(!last.lines().any(failed), "{last}");
	let error = bob.error("model list --wait 1")?;
	assert!(
		error.contains("no node answers at") && error.contains("within 1 s"),
		"{error}"
	);
	assert_eq!(error.matches("refused").count(), 1, "{error}");
	scene.end()
}

/// Errors of methods name the parameter, what it was and what it may be.
fn tells_what_is_wrong(node: &Node, job: &Value) -> Result<()> {
	let rpc = node.rpc();
	let wrong = |method: &str, parameters: Value, code: i32, words: &[&str], data: Value| -> Result<()> {
		let error = rpc.error(method, parameters)?;
		assert_eq!(error["code"], json!(code), "{error}");
		let message = error["message"].as_str().context("an error without words")?;
		for word in words {
			assert!(message.contains(word), "`{message}` does not say `{word}`");
		}
		assert_eq!(error["data"], data, "{error}");
		Ok(())
	};
	let invalid = -32602;
	wrong(
		"jobs_get",
		json!(["seven"]),
		invalid,
		&["`job`", "\"seven\"", "whole number"],
		json!({ "parameter": "job", "value": "seven", "limit": u64::MAX }),
	)?;
	wrong(
		"jobs_quote",
		json!([0, 70_000, 3, 8]),
		invalid,
		&["`version`", "70000", "from 0 to 65535"],
		json!({ "parameter": "version", "value": 70_000, "limit": 65_535 }),
	)?;
	wrong(
		"jobs_quote",
		json!([0, 0, 3]),
		invalid,
		&["`max_tokens`", "missing", "model, version, input, max_tokens, at"],
		json!({ "parameter": "max_tokens", "value": null, "limit": 4_294_967_295_u32 }),
	)?;
	wrong(
		"jobs_get",
		json!([0, null, 1]),
		invalid,
		&["at most 2", "job, at", "3"],
		Value::Null,
	)?;
	wrong(
		"jobs_get",
		json!({ "job": 0, "block": 1 }),
		invalid,
		&["`block`", "job, at"],
		Value::Null,
	)?;
	wrong(
		"staking_balance",
		json!(["nobody"]),
		invalid,
		&["`account`", "nobody"],
		json!({ "parameter": "account", "value": "nobody" }),
	)?;
	wrong(
		"jobs_quote",
		json!([0, 0, 3, 5_000]),
		9_003,
		&["5000", "1024"],
		json!({ "parameter": "max_tokens", "value": 5_000, "limit": 1_024 }),
	)?;
	wrong(
		"jobs_quote",
		json!([0, 0, 2_000, 8]),
		9_003,
		&["2000", "1024"],
		json!({ "parameter": "input", "value": 2_000, "limit": 1_024 }),
	)?;
	wrong(
		"jobs_quote",
		json!([9, 0, 3, 8]),
		9_003,
		&["no model version 9.0"],
		json!({ "parameter": "version", "value": "9.0" }),
	)?;
	let unknown = format!("0x{}", "12".repeat(32));
	wrong(
		"jobs_get",
		json!([job, unknown]),
		9_005,
		&["knows no block", &unknown],
		json!({ "parameter": "at", "value": unknown }),
	)
}

/// With `--json`, what the command line cannot even read is told in one document too.
fn answers_wrong_calls_with_one_document(scene: &Scene, node: &Node) -> Result<()> {
	let assay = scene.assay(node);
	for (line, words) in [
		("job show", "<JOB>"),
		("job show seven", "invalid value 'seven'"),
		("job submit --model 0.0", "--text"),
		("job sell", "unrecognized subcommand 'sell'"),
		("account transfer //Bob -1", "it is negative"),
	] {
		let error = assay.error(line)?;
		assert!(error.contains(words), "`{line}` is told: {error}");
	}
	Ok(())
}

/// The tokenizer is at hand for programs, as the chain knows it.
fn tokenises_by_itself(scene: &Scene, node: &Node, served: &Served) -> Result<()> {
	let assay = scene.assay(node);
	let file = scene.folder().join("tokenizer.json");
	let line = format!("model tokenizer {} --out {}", served.id, file.display());
	let written = assay.ok(&line)?;
	let shown = assay.ok(&format!("model show {}", served.id))?;
	assert_eq!(written["sha256"], shown["versions"][0]["tokenizer"]);
	assert_eq!(
		std::fs::read(&file)?,
		std::fs::read(Path::new(GLOSSARY).join("tokenizer.json"))?
	);
	assert!(
		assay.error(&line)?.contains("tokenizer.json"),
		"what is there is overwritten"
	);
	Ok(())
}

/// An output of another kind is not one that differs.
fn refuses_outputs_of_another_kind(scene: &Scene, node: &Node, job: &str) -> Result<()> {
	let vector = scene.output_file(&json!({ "vector": [0.5] }))?;
	let error = scene.assay(node).error(&format!("verify {job} --output {vector}"))?;
	assert!(error.contains("it holds a vector, the model returns tokens"), "{error}");
	Ok(())
}

/// Commands that sign with one account at the same time do not take each other's place.
fn keeps_every_job_that_is_sent_at_once(scene: &Scene, node: &Node, served: &Served) -> Result<()> {
	let eve = scene.assay(node).signing_as("//Eve");
	let line = format!("job submit --model {} --tokens 1,2 --max-tokens 4", served.id);
	let submitted = thread::scope(|scope| {
		let running: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| eve.ok(&line))).collect();
		let ended = running.into_iter().map(|command| command.join());
		ended
			.map(|answer| answer.map_err(|_| anyhow::anyhow!("a command panicked"))?)
			.collect::<Result<Vec<_>>>()
	})?;
	let jobs: BTreeSet<_> = submitted.iter().filter_map(|answer| answer["job"].as_u64()).collect();
	assert_eq!(jobs.len(), AT_ONCE, "{submitted:?}");
	let transactions: BTreeSet<_> = submitted
		.iter()
		.filter_map(|answer| answer["receipt"]["transaction"].as_str())
		.collect();
	assert_eq!(transactions.len(), AT_ONCE, "{submitted:?}");
	let mine = || eve.ok("job list --mine --limit 50");
	let listed: BTreeSet<_> = mine()?
		.as_array()
		.into_iter()
		.flatten()
		.filter_map(|job| job["id"].as_u64())
		.collect();
	assert_eq!(listed, jobs);
	until("all jobs to be final", LIMIT, || {
		let all = mine()?;
		let all = all.as_array().context("no list")?;
		Ok(all.iter().all(|job| job["state"] == json!("Final")).then_some(()))
	})?;
	assert_eq!(eve.ok("account show")?["held"], json!("0"));
	Ok(())
}

#[test]
fn a_javascript_application_buys_a_job_and_follows_it() -> Result<()> {
	let wallet = Wallet::new()?;
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	// Nobody has the stake for a job of this one, so it stays open.
	let dear = scene.register(&node, &assay_e2e::embedder(&scene.models())?)?;
	scene.serve_too_dear(&node, &dear)?;
	let eve = scene.assay(&node).signing_as("//Eve");
	let open = eve.ok(&format!("job submit --model {} --tokens 1,2,3", dear.id))?;
	let printed = wallet.run("jobs.mjs", &[&node.url(), &served.id, &open["job"].to_string()])?;
	let bought = printed
		.lines()
		.find_map(|line| line.strip_prefix("job ")?.split(' ').next())
		.with_context(|| format!("the script does not name its job: {printed}"))?;
	assert_eq!(
		scene.assay(&node).ok(&format!("verify {bought}"))?["agrees"],
		json!(true)
	);
	node.rpc().check_issuance()?;
	scene.end()
}
