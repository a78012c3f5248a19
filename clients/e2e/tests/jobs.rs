//! Jobs that go well, and their verification.

use anyhow::{Context, Result};
use assay_artifact::{import_folder, Artifact, ImportOptions};
use assay_e2e::{amount, at_once, shares, Assay, Money, Node, Scene, GLOSSARY, PRICE, ROYALTY, TREASURY};
use serde_json::{json, Value};
use std::{path::Path, thread};

/// Checks what a finished job did to everybody's money, with the fee recomputed from the program.
fn check_money(
	before: &Money,
	after: &Money,
	done: &Value,
	artifact: &Artifact,
	prompt: u32,
	generated: u32,
) -> Result<()> {
	let job = &done["job"];
	let fee = u128::from(artifact.program().units(prompt, generated).0) * PRICE;
	let (operator, royalty, treasury) = shares(fee, ROYALTY);
	assert_eq!(amount(&job["paid"])?, operator);
	assert_eq!(amount(&job["royalty"])?, royalty);
	assert_eq!(amount(&job["treasury"])?, treasury);
	assert_eq!(amount(&job["refunded"])?, amount(&job["max_fee"])? - fee);
	let transaction = amount(&done["receipt"]["fee"])? + amount(&done["room"])?;
	assert_eq!(after.free("//Alice"), before.free("//Alice") + at_once(operator));
	assert_eq!(after.free("//Charlie"), before.free("//Charlie") + royalty);
	assert_eq!(after.free(TREASURY), before.free(TREASURY) + treasury);
	assert_eq!(after.free("//Bob"), before.free("//Bob") - fee - transaction);
	for account in ["//Alice", "//Bob", "//Charlie"] {
		assert_eq!(after.held(account), before.held(account), "held from {account}");
	}
	Ok(())
}

/// The states a job went through.
fn states(done: &Value) -> Vec<&str> {
	done["changes"]
		.as_array()
		.into_iter()
		.flatten()
		.filter_map(|change| change["state"].as_str())
		.collect()
}

fn submit(bob: &Assay, job: &str) -> Result<Value> {
	bob.ok(&format!("job submit --watch {job}"))
}

#[test]
fn an_embedding_is_paid_exactly_and_verifies() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.embedder(&node)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let before = scene.money(&node)?;
	let done = submit(&bob, &format!("--model {} --tokens 1,2,3,4,5", served.id))?;
	assert_eq!(states(&done), ["Open", "Assigned", "Claimed", "Final"]);
	assert_eq!(done["job"]["output"]["vector"].as_array().map(Vec::len), Some(64));
	check_money(
		&before,
		&scene.money(&node)?,
		&done,
		&Artifact::open(&served.artifact)?,
		5,
		0,
	)?;
	verify(&scene, &node, &done)?;
	scene.end()
}

#[test]
fn a_text_is_continued_paid_exactly_and_verifies() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	std::fs::create_dir_all(scene.models())?;
	let lowered = import_folder(Path::new(GLOSSARY), &ImportOptions::default())?;
	let served = scene.register(&node, &lowered.pack(scene.models().join("glossary.assay"), &mut ())?)?;
	scene.serve(&node, &served, 1)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let before = scene.money(&node)?;
	let job = format!(
		"--model {} --text 'glacier (noun):' --max-tokens 24 --ignore-stop",
		served.id
	);
	let done = submit(&bob, &job)?;
	let count = |part: &str| done["job"][part]["tokens"].as_array().map_or(0, Vec::len) as u32;
	assert_eq!(count("output"), 24);
	assert!(
		done["job"]["text"].as_str().is_some_and(|text| text.len() > 24),
		"{}",
		done["job"]["text"]
	);
	check_money(
		&before,
		&scene.money(&node)?,
		&done,
		&Artifact::open(&served.artifact)?,
		count("input"),
		24,
	)?;
	verify(&scene, &node, &done)?;
	scene.end()
}

#[test]
fn a_seed_decides_what_is_drawn() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.generator(&node)?;
	let bob = scene.assay(&node).signing_as("//Bob");
	let draw = &|seed: u64| {
		let job = format!(
			"--model {} --tokens 1,2 --max-tokens 16 --temperature 1 --seed {seed}",
			served.id
		);
		anyhow::Ok(submit(&bob, &job)?["job"]["output"].clone())
	};
	let [first, same, other] = thread::scope(|scope| {
		[1, 1, 2]
			.map(|seed| scope.spawn(move || draw(seed)))
			.map(|drawing| drawing.join().expect("a draw returns its errors"))
	});
	let first = first?;
	assert_eq!(first, same?);
	assert_ne!(first, other?);
	scene.end()
}

/// Verifies a finished job as it is, and with one element altered.
fn verify(scene: &Scene, node: &Node, done: &Value) -> Result<()> {
	let assay = scene.assay(node);
	let job = done["job"]["id"].to_string();
	let verdict = assay.ok(&format!("verify {job}"))?;
	assert_eq!(verdict["agrees"], json!(true));
	assert_eq!(verdict["claim_agrees"], json!(true));

	let mut altered = done["job"]["output"].clone();
	let elements = altered
		.as_object_mut()
		.and_then(|output| output.values_mut().next())
		.context("no output")?;
	let elements = elements.as_array_mut().context("no elements")?;
	let place = elements.len() / 2;
	let computed = elements[place].clone();
	// Another token of the vocabulary, or another number.
	elements[place] = match computed.as_u64() {
		Some(token) => json!(if token == 0 { 1 } else { token - 1 }),
		None => json!(computed.as_f64().context("not a number")? + 1.0),
	};
	let claimed = elements[place].clone();
	let answer = assay.run(&format!("verify {job} --output {}", scene.output_file(&altered)?))?;
	assert_eq!(answer.code, 2, "{}", answer.document);
	assert_eq!(answer.document["agrees"], json!(false));
	assert_eq!(answer.document["difference"]["index"], json!(place));
	let difference = &answer.document["difference"];
	for (name, expected) in [("claimed", &claimed), ("computed", &computed)] {
		let found: f64 = difference[name]
			.as_str()
			.context("a difference without elements")?
			.parse()?;
		let expected = expected.as_f64().context("not a number")?;
		assert!((found - expected).abs() < 1e-9, "{name} {found}, expected {expected}");
	}
	Ok(())
}
