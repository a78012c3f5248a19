//! The model card: what the model is, how it was made, how well it does.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
	corpus::{Corpus, COMMON_WORDS, HELD_OUT_EVERY},
	evaluation::{score, Score},
	model::Llama,
	sampling::{write as continue_text, Choice},
	tokenizer::encode,
	training::Recipe,
};

/// Prompts whose continuations the card shows.
const PROMPTS: [&str; 6] = [
	"ocean (noun):",
	"teacher (noun):",
	"run (verb):",
	"happy (adjective):",
	"slowly (adverb):",
	"violin (noun):",
];

/// How a model came about: `training.json` in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
	/// The recipe followed.
	pub recipe: Recipe,
	/// The text's package and version.
	pub source: String,
	/// Documents trained on.
	pub documents: usize,
	/// Tokens of those documents.
	pub tokens: usize,
}

impl Run {
	const FILE: &'static str = "training.json";

	/// Writes the run beside the model.
	pub fn write(&self, folder: &Path) -> Result<()> {
		put(folder, Self::FILE, &(serde_json::to_string_pretty(self)? + "\n"))
	}

	fn read(folder: &Path) -> Result<Self> {
		let path = folder.join(Self::FILE);
		let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
		serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
	}
}

/// Measures the model written in `folder` and writes `heldout.txt`, the card and the licence
/// beside it.
pub fn write(folder: &Path, corpus: &Corpus) -> Result<Score> {
	let run = Run::read(folder)?;
	let (model, tokenizer) = crate::folder::read(folder)?;
	let score = score(&model, &encode(&tokenizer, &corpus.held_out)?)?;
	let mut samples = String::new();
	for temperature in [0.0, 0.7] {
		samples += &format!("Temperature {temperature}:\n\n```text\n");
		for prompt in PROMPTS {
			let choice = Choice {
				temperature,
				seed: 1,
				tokens: 64,
			};
			samples += &format!("{}\n", continue_text(&model, &tokenizer, prompt, choice)?);
		}
		samples += "```\n\n";
	}
	put(folder, "heldout.txt", &(corpus.held_out.join("\n") + "\n"))?;
	put(folder, "LICENSE.wordnet", &corpus.licence)?;
	put(
		folder,
		"README.md",
		&text(&model, &run, corpus.held_out.len(), score, &samples)?,
	)?;
	Ok(score)
}

fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
	let path = folder.join(name);
	fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

fn text(model: &Llama, run: &Run, held_out: usize, score: Score, samples: &str) -> Result<String> {
	let c = model.config();
	let seen = run.recipe.steps * run.recipe.batch * run.recipe.window;
	Ok(format!(
        "---
license: other
license_name: wordnet
license_link: LICENSE.wordnet
language: en
pipeline_tag: text-generation
tags: [llama, dictionary]
---

# Glossary, {millions:.1} million weights

A Llama that writes dictionary entries. Prompt it with a word and a part of speech, as in
`ocean (noun):`; a text opens with the token `<|end|>`, which the tokenizer adds, and ends when the
model writes `<|end|>`. What it says of a word is fluent rather than true.

| | |
|---|---|
| architecture | `LlamaForCausalLM`: {layers} layers, width {hidden}, feed-forward {inner}, {heads} query and {kv} key heads of {head}, tied embeddings |
| vocabulary | {vocab} tokens, byte-level BPE |
| positions | {positions} |
| weights | {size}, bfloat16 |

## Quality
Measured on the bfloat16 weights, in float32 arithmetic. Each document is scored by itself, from its
opening `<|end|>` to its closing one, on every {every}th synonym set, none of which it was trained on:
`heldout.txt`, one document per line.

| documents | tokens | loss (nats per token) | perplexity |
|---|---|---|---|
| {held_out} | {scored} | {loss:.4} | {perplexity:.2} |

## What it writes
{samples}## How it was made
`scripts/train-demo-model` repeats every step: it reads the glosses of WordNet 3.0 ({source}), keeps
of each the parts written in the {common} commonest words, makes one document per word sense that is
not a name ({documents} documents, {tokens} tokens), learns the vocabulary and trains from random
weights with candle on the CPU. It saw {seen} tokens. All that is random comes from one ChaCha
generator; on another kind of processor float sums round differently and the weights differ in their
last bits.

```json
{recipe}
```

## Licence
The text is WordNet's, used under the WordNet licence; the weights derived from it and `heldout.txt`,
a copy of a part of it, are distributed under the same licence, whose text is in `LICENSE.wordnet`:
WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved.
",
        millions = model.size() as f64 / 1e6,
        layers = c.num_hidden_layers,
        hidden = c.hidden_size,
        inner = c.intermediate_size,
        heads = c.num_attention_heads,
        kv = c.num_key_value_heads,
        head = c.head_dim,
        vocab = c.vocab_size,
        positions = c.max_position_embeddings,
        size = model.size(),
        every = HELD_OUT_EVERY,
        common = COMMON_WORDS,
        scored = score.tokens,
        loss = score.loss,
        perplexity = score.perplexity(),
        source = run.source,
        documents = run.documents,
        tokens = run.tokens,
        recipe = serde_json::to_string_pretty(&run.recipe)?,
    ))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		model::tests::{tiny, tiny_model},
		tokenizer::learn,
	};

	fn a_corpus() -> Corpus {
		let document = |i: usize| format!("word{i} (noun): the {} of the word", ["sea", "land", "sky"][i % 3]);
		Corpus {
			training: (0..200).map(document).collect(),
			held_out: (200..210).map(document).collect(),
			licence: "Licence of the text.\n".into(),
		}
	}

	#[test]
	fn the_card_states_what_was_measured() {
		let corpus = a_corpus();
		let tokenizer = learn(&corpus.training, tiny().vocab_size).unwrap();
		let folder = tempfile::tempdir().unwrap();
		crate::folder::write(folder.path(), &tiny_model(7), &tokenizer).unwrap();
		let run = Run {
			recipe: Recipe::default(),
			source: "a package".into(),
			documents: 200,
			tokens: 1234,
		};
		run.write(folder.path()).unwrap();
		let score = write(folder.path(), &corpus).unwrap();

		let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
		assert_eq!(read("LICENSE.wordnet"), corpus.licence);
		assert_eq!(read("heldout.txt").lines().collect::<Vec<_>>(), corpus.held_out);
		let card = read("README.md");
		let row = format!(
			"| 10 | {} | {:.4} | {:.2} |",
			score.tokens,
			score.loss,
			score.perplexity()
		);
		assert!(card.contains(&row), "{row} is not in {card}");
		assert!(card.contains("200 documents, 1234 tokens"), "{card}");
	}

	#[test]
	fn a_folder_without_its_run_is_an_error() {
		let folder = tempfile::tempdir().unwrap();
		let error = format!("{:#}", write(folder.path(), &a_corpus()).unwrap_err());
		assert!(error.contains("training.json"), "{error}");
	}
}
