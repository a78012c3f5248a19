//! The SDK in TypeScript: by itself, and on a real node.

use anyhow::{ensure, Context, Result};
use assay_e2e::{short_stake, Document, Scene, TypeScript, GLOSSARY};
use serde_json::json;
use std::{fs, path::Path};

/// Texts that the example has continued.
const PROMPTS: [&str; 2] = ["lighthouse (noun):", "ocean (noun):"];

#[test]
fn the_package_passes_its_own_tests_and_needs_nothing_that_browsers_lack() -> Result<()> {
	let package = TypeScript::new()?;
	package.npm("test", &[])?;
	let printed = package.npm("bundle", &[])?;
	ensure!(printed.contains("bundled for browsers"), "{printed}");
	Ok(())
}

#[test]
fn a_typescript_application_buys_jobs_stakes_and_verifies_receipts() -> Result<()> {
	let package = TypeScript::new()?;
	let scene = Scene::with_chain("dev", short_stake)?;
	let node = scene.development()?;
	let served = scene.glossary(&node)?;
	let assay = scene.assay(&node);
	let (checkpoint, receipt) = (
		scene.folder().join("checkpoint.json"),
		scene.folder().join("ts.receipt"),
	);
	fs::write(&checkpoint, assay.ok("receipt checkpoint")?.to_string())?;
	let tokenizer = Path::new(GLOSSARY).join("tokenizer.json");
	let text =
		|path: &Path| -> Result<String> { Ok(path.to_str().context("a folder with a strange name")?.to_owned()) };
	let (url, tokenizer) = (node.url(), text(&tokenizer)?);
	package.npm(
		"e2e",
		&[
			("ASSAY_URL", &url),
			("ASSAY_MODEL", &served.id),
			("ASSAY_TOKENIZER", &tokenizer),
			("ASSAY_CHECKPOINT", &text(&checkpoint)?),
			("ASSAY_RECEIPT", &text(&receipt)?),
			("ASSAY_SPECIFICATION", &text(scene.specification())?),
		],
	)?;

	// What the package collects the command line verifies; of the other way round its own tests have a sample.
	let verified = assay.ok(&format!(
		"receipt verify {} --checkpoint {}",
		receipt.display(),
		checkpoint.display()
	))?;
	assert_eq!(verified["job"]["state"], json!("Final"));
	assert_eq!(
		assay.ok(&format!("verify {}", verified["job"]["id"]))?["agrees"],
		json!(true)
	);

	let mut arguments = vec![url.as_str(), "//Bob", &served.id, &tokenizer];
	arguments.extend(PROMPTS);
	let printed = package.example("define", &arguments, scene.folder())?;
	for prompt in PROMPTS {
		let claimed = printed.lines().find(|line| line.contains(prompt));
		let job = claimed.and_then(|line| line.strip_prefix("job ")?.split(':').next());
		let job = job.with_context(|| format!("no job has continued `{prompt}`: {printed}"))?;
		ensure!(printed.contains(&format!("job {job}: Final, claim 0x")), "{printed}");
		ensure!(
			scene.folder().join(format!("job-{job}.receipt")).is_file(),
			"no receipt of job {job}"
		);
		// The text is the one that the command line reads.
		let shown = assay.ok(&format!("job show {job}"))?;
		let text = shown["text"].as_str().context("a job without a text")?;
		ensure!(
			printed.contains(&format!("{prompt}{text}")),
			"`{text}` is not in {printed}"
		);
	}
	node.rpc().check_issuance()?;
	scene.end()
}

#[test]
fn the_typescript_program_in_the_documents_is_the_example_that_runs() -> Result<()> {
	let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../typescript/examples/define.ts");
	let page = Document::of_the_repository("docs/dapps.md")?;
	assert_eq!(
		page.block("typescript-example", "ts")?,
		fs::read_to_string(example)?.trim_end()
	);
	Ok(())
}
