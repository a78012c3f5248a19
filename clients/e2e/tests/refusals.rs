//! What is refused, why, and that no money moves.

use anyhow::Result;
use assay_e2e::{amount, Scene, ASY};
use serde_json::json;
use std::time::Duration;

/// How long an assignment may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Fails unless `error` contains all of `words`.
fn assert_says(error: &str, words: &[&str]) {
	for word in words {
		assert!(error.contains(word), "`{error}` does not say `{word}`");
	}
}

#[test]
fn jobs_that_cannot_be_run_or_paid_are_refused_with_the_reason() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let submit = |model: &str, job: &str| bob.error(&format!("job submit --model {model} {job}"));
	let before = scene.money(&node)?;

	// Refused before anything is signed: nothing is paid.
	let model = served.id.as_str();
	let prompt = vec!["1"; 64].join(",");
	assert_says(&submit("99.0", "--tokens 1")?, &["there is no model 99"]);
	assert_says(&submit("0.7", "--tokens 1")?, &["model 0 has no version 7"]);
	assert_says(&submit(model, &format!("--tokens {prompt}"))?, &["positions of", model]);
	assert_says(
		&submit(model, "--tokens 1 --max-tokens 5000")?,
		&["5000 tokens are asked for, at most 1024"],
	);
	let longest = vec!["1"; 1_025].join(",");
	assert_says(
		&submit(model, &format!("--tokens {longest}"))?,
		&["the input has 1025 elements, at most 1024 fit"],
	);
	assert_says(&submit(model, "--tokens 1,500")?, &["token 500", "vocabulary of 128"]);
	assert_says(&submit(model, "--vector 0.5")?, &["takes tokens"]);
	assert_says(&submit(model, "--text hello")?, &["has no tokenizer"]);
	assert_says(&submit(model, "--text ''")?, &["the text is empty"]);
	assert_says(
		&submit(model, "--tokens 1 --max-tokens 9 --max-fee 2000000")?,
		&["the highest fee is 2000000 ASY", "can pay", "0.001 ASY of it must stay"],
	);
	assert_says(
		&submit(model, "--tokens 1 --max-tokens 9 --max-fee 0.000000000001")?,
		&["every listed operator may charge", "--max-fee is"],
	);
	let (closed, longer) = ("--max-fee -1", "--max-fee 1 --max-tokens 64");
	assert_says(
		&submit(model, &format!("--tokens 1 {closed}"))?,
		&["`-1`", "it is negative"],
	);
	assert_says(&submit(model, &format!("--tokens 1,2 {longer}"))?, &["positions of"]);
	// What no check here knows is tried out on the node.
	assert_says(
		&bob.error("model unserve 0.0")?,
		&["Models.unserve: ", "nothing was sent and nothing is paid"],
	);
	assert_eq!(scene.money(&node)?, before);

	// Refused by the chain itself, whatever client sends it: only the transaction is paid.
	assert_says(
		&submit(model, &format!("--tokens {prompt} --max-tokens 9 --max-fee 1 --force"))?,
		&["Jobs.submit: Jobs."],
	);
	assert_says(
		&submit(model, "--tokens 1 --max-tokens 9 --max-fee 2000000 --force")?,
		&["Jobs.submit: "],
	);
	let after = scene.money(&node)?;
	assert_eq!(after.held("//Bob"), 0);
	let fees = before.free("//Bob") - after.free("//Bob");
	assert!(fees > 0 && fees < ASY / 10, "{fees}");

	// Nobody without money can even send a transaction.
	let pauper = scene.assay(&node).signing_as("//Nobody");
	let job = format!("job submit --model {model} --tokens 1 --max-fee 1");
	assert_says(&pauper.error(&job)?, &["can pay 0 ASY at most"]);
	assert_says(
		&pauper.error("model unserve 0.0")?,
		&["refused: balance too low", "the transaction costs", "has 0 ASY free"],
	);
	assert_says(
		&pauper.error(&format!("{job} --force"))?,
		&["refused", "balance too low"],
	);

	// The fee and what an account has to keep count too: what is left over must not be less.
	let poor = scene.assay(&node).signing_as("//Poor");
	bob.ok("account transfer //Poor 1")?;
	let error = poor.error(&format!("job submit --model {model} --tokens 1 --max-fee 0.998"))?;
	assert_says(
		&error,
		&[
			"Funds are unavailable",
			"has 1 ASY free, of which it can spend 0.999 ASY",
		],
	);
	assert_says(&error, &["the transaction itself costs", "nothing was sent"]);
	assert_eq!(poor.ok("account show")?["free"], json!(ASY.to_string()));
	assert_eq!(bob.ok("job list")?, json!([]));
	scene.end()
}

#[test]
fn garbage_is_no_model() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let alice = scene.assay(&node).signing_as("//Alice");
	let before = scene.money(&node)?;
	let garbage = scene.folder().join("garbage.assay");
	std::fs::write(&garbage, vec![0x5a; 4096])?;
	let register = || alice.error(&format!("model register {} --name x --licence MIT", garbage.display()));
	assert_says(
		&alice.error(&format!("model import {}", garbage.display()))?,
		&["garbage.assay"],
	);
	assert_says(&register()?, &["garbage.assay"]);

	// A true artifact with one weight changed.
	std::fs::create_dir_all(scene.models())?;
	let mut bytes = std::fs::read(assay_e2e::generator(&scene.models())?.path())?;
	let middle = bytes.len() / 2;
	bytes[middle] ^= 1;
	std::fs::write(&garbage, &bytes)?;
	assert_says(&register()?, &["hash to", "header says"]);
	// And one cut short.
	std::fs::write(&garbage, &bytes[..middle])?;
	assert_says(&register()?, &["garbage.assay"]);
	assert_eq!(scene.money(&node)?, before);
	assert_eq!(alice.ok("model list")?, json!([]));
	scene.end()
}

#[test]
fn an_open_job_can_be_cancelled_by_its_consumer_only() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	std::fs::create_dir_all(scene.models())?;
	// First nobody serves it; then Alice does, at a price that her stake does not cover, so its jobs stay open.
	let served = scene.register(&node, &assay_e2e::generator(&scene.models())?)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let submit = format!("job submit --model {} --tokens 1 --max-tokens 4", served.id);
	assert_says(&bob.error(&submit)?, &["no operator serves"]);
	scene.serve_too_dear(&node, &served)?;
	let before = scene.money(&node)?;
	let submitted = bob.ok(&submit)?;
	let job = submitted["job"].to_string();
	assert_eq!(bob.ok("account show")?["held"], submitted["max_fee"]);
	assert_eq!(bob.ok(&format!("job show {job}"))?["state"], json!("Open"));

	let cancel = format!("job cancel {job}");
	let eve = scene.assay(&node).signing_as("//Eve");
	assert_says(&eve.error(&cancel)?, &["Jobs.cancel: Jobs.NotConsumer"]);
	assert_says(
		&bob.error(&format!("verify {job}"))?,
		&["waits for an operator until block"],
	);
	let cancelled = bob.ok(&cancel)?;
	let shown = bob.ok(&format!("job show {job}"))?;
	assert_eq!(
		(&shown["state"], &shown["reason"]),
		(&json!("Refunded"), &json!("Cancelled"))
	);
	assert_eq!(shown["refunded"], submitted["max_fee"]);
	let after = scene.money(&node)?;
	assert_eq!(after.held("//Bob"), 0);
	let fees = [&submitted["receipt"]["fee"], &submitted["room"], &cancelled["fee"]];
	let fees = fees.into_iter().map(amount).sum::<Result<u128>>()?;
	assert_eq!(after.free("//Bob"), before.free("//Bob") - fees);
	assert_says(
		&bob.error(&format!("verify {job}"))?,
		&["will have none: it was cancelled"],
	);
	// Nothing is refunded twice, and only who insists pays for hearing that from the chain.
	assert_says(&bob.error(&cancel)?, &["Jobs.cancel: Jobs.NotOpen"]);
	assert_eq!(scene.money(&node)?, after);
	assert_says(
		&bob.error(&format!("{cancel} --force"))?,
		&["Jobs.cancel: Jobs.NotOpen"],
	);
	assert!(scene.money(&node)?.free("//Bob") < after.free("//Bob"));
	scene.end()
}

#[test]
fn only_the_assigned_operator_delivers_and_only_once() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	// The node's worker loses the artifact, so that the job is delivered by hand.
	let elsewhere = scene.folder().join("elsewhere.assay");
	std::fs::rename(&served.artifact, &elsewhere)?;
	let elsewhere = elsewhere.display();
	let bob = scene.assay(&node).signing_as("//Bob");
	let submitted = bob.ok(&format!("job submit --model {} --tokens 1,2 --max-tokens 4", served.id))?;
	let job = submitted["job"].to_string();
	let deliver = |worker: &str| format!("job deliver {job} --worker-suri {worker} --artifact {elsewhere}");
	let state = || anyhow::Ok(bob.ok(&format!("job show {job}"))?["state"].clone());
	scene.wait_for_state(&node, &job, &["Assigned"], LIMIT)?;

	assert_says(
		&bob.error(&deliver("//Charlie"))?,
		&["the result of job", "refused", "not the assigned operator's"],
	);
	assert_eq!(state()?, json!("Assigned"));
	bob.ok(&deliver("//Alice"))?;
	assert_eq!(state()?, json!("Claimed"));
	assert_says(&bob.error(&deliver("//Alice"))?, &["does not wait for this result"]);
	// The node's worker has to defend the claim.
	std::fs::copy(elsewhere.to_string(), &served.artifact)?;

	let done = bob.ok(&format!("job watch {job}"))?;
	assert_eq!(done["job"]["state"], json!("Final"));
	assert_eq!(
		bob.ok(&format!("verify {job} --artifact {elsewhere}"))?["agrees"],
		json!(true)
	);
	scene.end()
}
