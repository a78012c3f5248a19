//! What is refused, why, and that no money moves.

use anyhow::Result;
use assay_e2e::{amount, Scene};
use serde_json::json;

/// Fails unless `error` contains all of `words`.
fn assert_says(error: &str, words: &[&str]) {
	for word in words {
		assert!(error.contains(word), "`{error}` does not say `{word}`");
	}
}

#[test]
fn jobs_that_cannot_be_run_or_paid_are_refused_with_the_reason() -> Result<()> {
	let scene = Scene::new()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	let model = served.id.as_str();
	let bob = scene.assay(&node).signing_as("//Bob");
	let submit = |arguments: &[&str]| bob.error(&[&["job", "submit"], arguments].concat());
	let before = scene.money(&node)?;

	// Refused before anything is signed: nothing is paid.
	assert_says(
		&submit(&["--model", "99.0", "--tokens", "1"])?,
		&["there is no model 99"],
	);
	assert_says(
		&submit(&["--model", "0.7", "--tokens", "1"])?,
		&["model 0 has no version 7"],
	);
	let prompt = vec!["1"; 64].join(",");
	assert_says(
		&submit(&["--model", model, "--tokens", &prompt])?,
		&["exceed its positions"],
	);
	assert_says(&submit(&["--model", model, "--vector", "0.5"])?, &[]);
	assert_says(&submit(&["--model", model, "--text", "hello"])?, &["has no tokenizer"]);
	assert_eq!(scene.money(&node)?, before);

	// Refused by the chain itself, whatever client sends it: only the transaction is paid.
	let error = submit(&[
		"--model",
		model,
		"--tokens",
		&prompt,
		"--max-tokens",
		"9",
		"--max-fee",
		"1",
	])?;
	assert_says(&error, &["Jobs.submit", "Jobs."]);
	let error = submit(&[
		"--model",
		model,
		"--tokens",
		"1,500",
		"--max-tokens",
		"9",
		"--max-fee",
		"1",
	])?;
	assert_says(&error, &["Jobs.submit", "Jobs."]);
	let error = submit(&[
		"--model",
		model,
		"--tokens",
		"1",
		"--max-tokens",
		"9",
		"--max-fee",
		"2000000",
	])?;
	assert_says(&error, &["Jobs.submit"]);
	let after = scene.money(&node)?;
	assert_eq!(after.held("//Bob"), 0);
	assert_eq!(
		before.free("//Bob") - after.free("//Bob"),
		before.issuance - after.issuance
	);

	// Nobody without money can even send a transaction.
	let pauper = scene.assay(&node).signing_as("//Nobody");
	let error = pauper.error(&["job", "submit", "--model", model, "--tokens", "1", "--max-fee", "1"])?;
	assert_says(&error, &["refused", "balance too low"]);
	assert_eq!(bob.ok(&["job", "list"])?, json!([]));
	Ok(())
}

#[test]
fn garbage_is_no_model() -> Result<()> {
	let scene = Scene::new()?;
	let node = scene.development()?;
	let alice = scene.assay(&node).signing_as("//Alice");
	let garbage = scene.folder().join("garbage.assay");
	std::fs::write(&garbage, vec![0x5a; 4096])?;
	let garbage = garbage.to_str().unwrap_or_default();
	let before = scene.money(&node)?;
	assert_says(&alice.error(&["model", "import", garbage])?, &["garbage.assay"]);
	let register = |file: &str| alice.error(&["model", "register", file, "--name", "x", "--licence", "MIT"]);
	assert_says(&register(garbage)?, &["garbage.assay"]);

	// A true artifact with one weight changed.
	std::fs::create_dir_all(scene.models())?;
	let artifact = assay_e2e::generator(&scene.models())?;
	let mut bytes = std::fs::read(artifact.path())?;
	let middle = bytes.len() / 2;
	bytes[middle] ^= 1;
	let altered = scene.folder().join("altered.assay");
	std::fs::write(&altered, &bytes)?;
	let altered = altered.to_str().unwrap_or_default();
	assert_says(&register(altered)?, &["root"]);
	// And one cut short.
	std::fs::write(altered, &bytes[..middle])?;
	register(altered)?;
	assert_eq!(scene.money(&node)?, before);
	assert_eq!(alice.ok(&["model", "list"])?, json!([]));
	Ok(())
}

#[test]
fn an_open_job_can_be_cancelled_by_its_consumer_only() -> Result<()> {
	let scene = Scene::new()?;
	let node = scene.development()?;
	std::fs::create_dir_all(scene.models())?;
	// Nobody serves it, so its jobs stay open.
	let served = scene.register(&node, &assay_e2e::generator(&scene.models())?)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let submit = [
		"job",
		"submit",
		"--model",
		&served.id,
		"--tokens",
		"1",
		"--max-tokens",
		"4",
	];
	assert_says(&bob.error(&submit)?, &["no operator serves"]);
	let before = scene.money(&node)?;
	let submitted = bob.ok(&[&submit[..], &["--max-fee", "2.5"]].concat())?;
	let job = submitted["job"].to_string();
	let held = bob.ok(&["account", "show"])?;
	assert_eq!(held["held"], json!("2500000000000"));
	assert_eq!(bob.ok(&["job", "show", &job])?["state"], json!("Open"));

	let eve = scene.assay(&node).signing_as("//Eve");
	assert_says(&eve.error(&["job", "cancel", &job])?, &["Jobs.cancel", "Jobs."]);
	let cancelled = bob.ok(&["job", "cancel", &job])?;
	let shown = bob.ok(&["job", "show", &job])?;
	assert_eq!(
		(&shown["state"], &shown["reason"]),
		(&json!("Refunded"), &json!("Cancelled"))
	);
	assert_eq!(shown["refunded"], json!("2500000000000"));
	assert_says(&bob.error(&["job", "cancel", &job])?, &["Jobs.cancel", "Jobs."]);
	let after = scene.money(&node)?;
	assert_eq!(after.held("//Bob"), 0);
	let fees = amount(&submitted["receipt"]["fee"])? + amount(&cancelled["fee"])?;
	// The second cancellation failed and paid a fee that no receipt tells.
	let lost = before.free("//Bob") - after.free("//Bob");
	assert!(lost > fees, "{lost} {fees}");
	assert!(lost <= before.issuance - after.issuance);
	Ok(())
}

#[test]
fn only_the_assigned_operator_delivers_and_only_once() -> Result<()> {
	let scene = Scene::new()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	// The node's worker loses the artifact, so that the job is delivered by hand.
	let elsewhere = scene.folder().join("elsewhere.assay");
	std::fs::rename(&served.artifact, &elsewhere)?;
	let elsewhere = elsewhere.to_str().unwrap_or_default();
	let bob = scene.assay(&node).signing_as("//Bob");
	let submitted = bob.ok(&[
		"job",
		"submit",
		"--model",
		&served.id,
		"--tokens",
		"1,2",
		"--max-tokens",
		"4",
	])?;
	let job = submitted["job"].to_string();
	let deliver = |worker: &str| bob.run(&["job", "deliver", &job, "--worker-suri", worker, "--artifact", elsewhere]);

	let stranger = deliver("//Charlie")?;
	assert_eq!(stranger.code, 1, "{}", stranger.document);
	assert_says(
		stranger.document["error"].as_str().unwrap_or_default(),
		&["the result of job", "refused"],
	);
	assert_eq!(bob.ok(&["job", "show", &job])?["state"], json!("Assigned"));

	let operator = deliver("//Alice")?;
	assert_eq!(operator.code, 0, "{}", operator.document);
	assert_eq!(bob.ok(&["job", "show", &job])?["state"], json!("Claimed"));
	let again = deliver("//Alice")?;
	assert_eq!(again.code, 1, "{}", again.document);

	let done = bob.ok(&["job", "watch", &job])?;
	assert_eq!(done["job"]["state"], json!("Final"));
	assert_eq!(
		bob.ok(&["verify", &job, "--artifact", elsewhere])?["agrees"],
		json!(true)
	);
	Ok(())
}
