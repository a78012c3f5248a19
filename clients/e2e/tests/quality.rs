//! What exact arithmetic costs in quality, on the models of the demo, by the command that users have for it.

use anyhow::{Context, Result};
use assay_e2e::{minilm, Assay, Binaries, GLOSSARY};
use serde_json::Value;

/// The texts to embed: a hundred, of one word to three hundred.
const TEXTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/texts/varied.txt");
/// Text the demo model was not trained on.
const HELD_OUT: &str = concat!(
	env!("CARGO_MANIFEST_DIR"),
	"/../../scripts/models/glossary-2m/heldout.txt"
);

/// Runs `assay model eval`, which needs no chain.
fn eval(model: &str, texts: &str, options: &str) -> Result<Value> {
	let folder = tempfile::tempdir()?;
	let assay = Assay::new(&Binaries::find()?, "ws://127.0.0.1:9", folder.path());
	assay.ok(&format!("model eval '{model}' --texts '{texts}' {options}"))
}

fn number(document: &Value, name: &str) -> Result<f64> {
	document[name]
		.as_f64()
		.with_context(|| format!("no {name} in {document}"))
}

#[test]
fn every_embedding_is_close_to_its_float() -> Result<()> {
	// All that its table of positions has: sentence-transformers cuts texts to 256, and an import accepts no more by itself.
	let found = eval(&minilm()?.display().to_string(), TEXTS, "--positions 512")?;
	assert_eq!(found["texts"], 100, "{found}");
	assert!(number(&found, "longest")? > 256.0, "{found}");
	assert!(number(&found, "worst")? >= 0.999, "{found}");
	assert!(number(&found, "mean")? >= 0.9997, "{found}");
	Ok(())
}

#[test]
fn perplexity_is_that_of_float() -> Result<()> {
	let found = eval(GLOSSARY, HELD_OUT, "")?;
	assert!(number(&found, "tokens")? > 5_000.0, "{found}");
	assert!(number(&found, "increase")?.abs() < 0.005, "{found}");
	// A model that had learnt nothing would be as perplexed as its vocabulary is large.
	assert!(number(&found, "perplexity_float")? < 200.0, "{found}");
	Ok(())
}
