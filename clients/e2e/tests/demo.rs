//! The demo as `scripts/demo --json` runs it, and as README.md shows it.

use anyhow::{ensure, Context, Result};
use assay_e2e::{minilm, same_but_for_time, Document, GLOSSARY};
use serde_json::Value;
use std::process::Command;

#[test]
fn the_demo_ends_with_its_summary_and_prints_what_the_readme_shows() -> Result<()> {
	let output = Command::new(env!("CARGO_BIN_EXE_assay-demo"))
		.arg("--embedder")
		.arg(minilm()?)
		.args(["--generator", GLOSSARY, "--json"])
		.output()?;
	let (text, log) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
	ensure!(output.status.success(), "{text}{log}");
	let summary: Value = serde_json::from_str(&text).with_context(|| format!("not one document: {text}"))?;
	assert_eq!(summary["embedding"]["state"], "Final");
	assert_eq!(summary["generation"]["state"], "Final");
	assert_eq!(summary["generation"]["tokens"], 64);
	assert!(
		summary["embedding"]["cosine"]
			.as_f64()
			.is_some_and(|cosine| cosine >= 0.999),
		"{summary}"
	);
	let escrow = |name: &str| summary["escrow"][name].as_u64().context(format!("no {name}"));
	assert_eq!(escrow("held")?, escrow("paid")? + escrow("refunded")?);

	let readme = Document::of_the_repository("README.md")?;
	ensure!(
		same_but_for_time(readme.shown("demo")?, &log),
		"README.md does not show what the demo prints; `scripts/demo --readme` writes it there:\n{}",
		log.trim()
	);
	Ok(())
}
