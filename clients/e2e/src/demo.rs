//! The demo: a chain, two models, two jobs, an answer in real time, and where the money went. `scripts/demo` builds and calls it.

use anyhow::{ensure, Context, Result};
use assay_e2e::{amount, Assay, Document, Node, Scene, Served};
use clap::Parser;
use serde_json::{json, Value};
use std::{
	env,
	path::{Path, PathBuf},
	process::{Command, ExitCode, Stdio},
	time::Instant,
};

/// A sentence to embed.
const SENTENCE: &str = "An assay tells how much gold is in the ore.";
/// The beginning of a text in the form the demo model was trained on.
const PROMPT: &str = "lighthouse (noun):";
/// How tokens are drawn: the seed decides the text.
const DRAW: &str = "--temperature 0.6 --seed 2";
/// The beginning of a text that is answered through a channel.
const ASKED: &str = "harbour (noun):";
/// What Bob puts into the channel.
const DEPOSIT: &str = "2";
/// What Bob would pay at most: more than the jobs cost, so that some of it comes back.
const FEE: &str = "--max-fee 0.25";
/// Tokens to generate.
const TOKENS: u64 = 64;
/// Cosine to float that the verified embedding must reach.
const LEAST_COSINE: f64 = 0.999;

/// Runs two models on a development chain and shows the life of their jobs.
#[derive(Debug, Parser)]
struct Demo {
	/// Folder of all-MiniLM-L6-v2.
	#[arg(long)]
	embedder: PathBuf,
	/// Folder of the demo model.
	#[arg(long)]
	generator: PathBuf,
	/// End with the summary as one JSON document; everything else goes to standard error.
	#[arg(long)]
	json: bool,
	/// Write what the demo prints into this page, between `<!-- demo -->` and `<!-- /demo -->`.
	#[arg(long, value_name = "PAGE", conflicts_with = "json")]
	readme: Option<PathBuf>,
}

fn main() -> ExitCode {
	let demo = Demo::parse();
	let ended = match &demo.readme {
		Some(page) => demo.write(page),
		None => demo.run(),
	};
	match ended {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

impl Demo {
	fn run(&self) -> Result<()> {
		let start = Instant::now();
		let scene = Scene::new()?;
		self.step("starting assay-node --dev: one validator, Alice, with its worker inside");
		let options = scene.options("alice", "--dev --endpoint-addr 127.0.0.1:0");
		let node = Node::start(&scene.binaries, options)?;
		let embedder = self.prepare(&scene, &node, &self.embedder, "all-MiniLM-L6-v2", "Apache-2.0")?;
		let generator = self.prepare(&scene, &node, &self.generator, "glossary-2m", "LicenseRef-WordNet-3.0")?;
		self.step("Alice offers to run both");
		for served in [&embedder, &generator] {
			scene.serve(&node, served, 1)?;
		}
		let bob = scene.assay(&node).signing_as("//Bob");
		self.step(&format!("Bob has {SENTENCE:?} embedded"));
		let embedded = self.submit(&bob, &format!("--model {} --text '{SENTENCE}' {FEE}", embedder.id))?;
		self.step(&format!("Bob has {PROMPT:?} continued by {TOKENS} tokens"));
		let job = format!(
			"--model {} --text '{PROMPT}' --max-tokens {TOKENS} --ignore-stop {DRAW} {FEE}",
			generator.id
		);
		let generated = self.submit(&bob, &job)?;
		self.step("Alice says where she answers in real time, and Bob opens a channel to her");
		let channel = open_channel(&scene, &node, &bob, &generator)?;
		self.step(&format!("Bob has {ASKED:?} continued through it"));
		let key = key_file(&scene);
		let answered = bob.ok(&format!(
			"channel ask {channel} --channel-key {} --text '{ASKED}' --max-tokens {TOKENS} --ignore-stop {DRAW}",
			key.display()
		))?;
		self.step("comparing the embedding on chain with candle's in float, and running both jobs again");
		let command = format!("model eval {} --job {}", self.embedder.display(), embedded["job"]["id"]);
		let cosine = bob.ok(&command)?["cosine"].as_f64().context("no cosine")?;
		for document in [&embedded, &generated] {
			bob.ok(&format!("verify {}", document["job"]["id"]))?;
		}
		let summary = summary(
			&embedded["job"],
			&generated["job"],
			&answered,
			cosine,
			start.elapsed().as_secs_f64(),
		)?;
		self.show(&summary);
		check(&summary)?;
		scene.end()
	}

	/// Shows the demo in a page instead of on the terminal.
	fn write(&self, page: &Path) -> Result<()> {
		println!("running the demo, to be shown in {}", page.display());
		let mut page = Document::read(page)?;
		// What a terminal shows comes from this program and from those that it runs.
		let output = Command::new(env::current_exe().context("this program's own path")?)
			.arg("--embedder")
			.arg(&self.embedder)
			.arg("--generator")
			.arg(&self.generator)
			.arg("--json")
			.output()?;
		let printed = String::from_utf8(output.stderr)?;
		ensure!(output.status.success(), "{printed}");
		println!("{printed}");
		page.show("demo", &printed)
	}

	/// Imports and registers a model.
	fn prepare(&self, scene: &Scene, node: &Node, folder: &Path, name: &str, licence: &str) -> Result<Served> {
		self.step(&format!("importing and registering {name}"));
		let alice = scene.assay(node).signing_as("//Alice");
		let imported = alice.ok(&format!("model import {} --as {name}", folder.display()))?;
		let file = imported["artifact"].as_str().context("an import without an artifact")?;
		let command = format!("model register {file} --name {name} --licence {licence} --royalty 1.5%");
		let registered = alice.ok(&command)?;
		let id = registered["id"].as_str().context("a registration without an id")?;
		self.say(&format!(
			"model {id}: {} parameters, {} bytes, root {}",
			imported["parameters"],
			imported["artifact_bytes"],
			imported["root"].as_str().unwrap_or_default()
		));
		Ok(Served {
			id: id.into(),
			artifact: file.into(),
		})
	}

	/// Submits a job and lets the command line print its life.
	fn submit(&self, consumer: &Assay, job: &str) -> Result<Value> {
		let mut command = consumer.command(&format!("job submit --watch {job}"));
		let output = command.stderr(Stdio::inherit()).output()?;
		let document: Value = serde_json::from_slice(&output.stdout).context("job submit answered no document")?;
		ensure!(output.status.success(), "the job came to no good end: {document}");
		Ok(document)
	}

	fn step(&self, text: &str) {
		self.say(&format!("\n==> {text}"));
	}

	fn say(&self, text: &str) {
		if self.json {
			eprintln!("{text}");
		} else {
			println!("{text}");
		}
	}

	fn show(&self, summary: &Value) {
		let asy = |value: &Value| format!("{} ASY", value.as_f64().unwrap_or_default() / 1e12);
		let (embedding, generation, escrow) = (&summary["embedding"], &summary["generation"], &summary["escrow"]);
		self.step("summary");
		self.say(&format!(
			"embedding   {}, cosine to float {:.4}",
			word(&embedding["state"]),
			embedding["cosine"].as_f64().unwrap_or_default()
		));
		self.say(&format!(
			"generation  {}, {} tokens",
			word(&generation["state"]),
			generation["tokens"]
		));
		for line in format!("{PROMPT}{}", word(&generation["text"])).lines() {
			self.say(&format!("            {line}"));
		}
		let channel = &summary["channel"];
		self.say(&format!(
			"channel     {} tokens, the first after {:.2} s, all after {:.2} s, fee {}",
			channel["tokens"],
			channel["first_seconds"].as_f64().unwrap_or_default(),
			channel["seconds"].as_f64().unwrap_or_default(),
			asy(&channel["fee"])
		));
		for line in format!("{ASKED}{}", word(&channel["text"])).lines() {
			self.say(&format!("            {line}"));
		}
		self.say(&format!("escrow      held {}", asy(&escrow["held"])));
		self.say(&format!(
			"            paid {}, refunded {}",
			asy(&escrow["paid"]),
			asy(&escrow["refunded"])
		));
		self.say("verified    both jobs: recomputed bit for bit");
		self.say(&format!(
			"seconds     {:.0}",
			summary["seconds"].as_f64().unwrap_or_default()
		));
		if self.json {
			println!("{summary}");
		}
	}
}

/// Where the key of the channel is.
fn key_file(scene: &Scene) -> PathBuf {
	scene.folder().join("channel.key")
}

/// A channel of Bob's to Alice, whose node tells where it answers.
fn open_channel(scene: &Scene, node: &Node, bob: &Assay, generator: &Served) -> Result<String> {
	let alice = scene.assay(node).signing_as("//Alice");
	let endpoint = alice.ok("operator node")?["endpoint"].clone();
	let address = endpoint["address"].as_str().context("the node answers nowhere")?;
	alice.ok(&format!("operator endpoint https://{address}"))?;
	let opened = bob.ok(&format!(
		"channel open //Alice {} --deposit {DEPOSIT} --channel-key {}",
		generator.id,
		key_file(scene).display()
	))?;
	Ok(opened["id"].as_str().context("a channel without an id")?.into())
}

fn word(value: &Value) -> &str {
	value.as_str().unwrap_or_default()
}

/// What became of two jobs. Amounts are in the currency's smallest unit.
fn summary(embedded: &Value, generated: &Value, answered: &Value, cosine: f64, seconds: f64) -> Result<Value> {
	let (mut held, mut paid, mut refunded) = (0u128, 0u128, 0u128);
	for job in [embedded, generated] {
		held += amount(&job["max_fee"])?;
		for share in ["paid", "royalty", "treasury", "audits"] {
			paid += amount(&job[share])?;
		}
		refunded += amount(&job["refunded"])?;
	}
	let tokens = generated["output"]["tokens"].as_array().map_or(0, Vec::len);
	Ok(json!({
		"embedding": { "state": embedded["state"], "cosine": cosine },
		"generation": { "state": generated["state"], "text": generated["text"], "tokens": tokens },
		"channel": {
			"text": answered["text"],
			"tokens": answered["tokens"].as_array().map_or(0, Vec::len),
			"fee": u64::try_from(amount(&answered["fee"])?)?,
			"first_seconds": answered["first_seconds"],
			"seconds": answered["seconds"],
		},
		"escrow": { "held": u64::try_from(held)?, "paid": u64::try_from(paid)?, "refunded": u64::try_from(refunded)? },
		"seconds": seconds,
	}))
}

/// Fails unless the demo showed what it is there to show.
fn check(summary: &Value) -> Result<()> {
	for job in ["embedding", "generation"] {
		ensure!(
			summary[job]["state"] == "Final",
			"the {job} job is {}",
			summary[job]["state"]
		);
	}
	let cosine = summary["embedding"]["cosine"].as_f64().unwrap_or_default();
	ensure!(
		cosine >= LEAST_COSINE,
		"the embedding has a cosine of {cosine} to float, less than {LEAST_COSINE}"
	);
	ensure!(
		summary["generation"]["tokens"] == TOKENS,
		"{} tokens were generated",
		summary["generation"]["tokens"]
	);
	ensure!(
		summary["generation"]["text"]
			.as_str()
			.is_some_and(|text| !text.is_empty()),
		"no text was generated"
	);
	ensure!(
		summary["channel"]["tokens"] == TOKENS && summary["channel"]["fee"] != 0,
		"the answer through the channel is {}",
		summary["channel"]
	);
	let escrow = |name: &str| summary["escrow"][name].as_u64().unwrap_or_default();
	ensure!(
		escrow("held") == escrow("paid") + escrow("refunded"),
		"the escrow does not add up: {}",
		summary["escrow"]
	);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn job(state: &str, max_fee: &str, refunded: &str) -> Value {
		json!({
			"state": state, "max_fee": max_fee, "paid": "90", "royalty": "4", "treasury": "1", "audits": "0", "refunded": refunded,
			"text": "a river of ice", "output": { "tokens": vec![1; 64] },
		})
	}

	fn answer(tokens: usize) -> Value {
		json!({ "text": "a sea", "tokens": vec![1; tokens], "fee": "7", "first_seconds": 0.1, "seconds": 0.2 })
	}

	#[test]
	fn the_summary_counts_every_unit() {
		let summary = summary(
			&job("Final", "100", "5"),
			&job("Final", "95", "0"),
			&answer(64),
			0.9999,
			1.0,
		)
		.unwrap();
		assert_eq!(summary["escrow"], json!({ "held": 195, "paid": 190, "refunded": 5 }));
		assert!(check(&summary).is_ok());
	}

	#[test]
	fn a_demo_that_shows_less_fails() {
		let good = |embedded: &str, fee: &str, tokens, cosine| {
			let jobs = (job(embedded, fee, "5"), job("Final", "95", "0"));
			check(&summary(&jobs.0, &jobs.1, &answer(tokens), cosine, 1.0).unwrap())
		};
		assert!(good("Final", "100", 64, 0.9999).is_ok());
		assert!(good("Refunded", "100", 64, 0.9999).is_err());
		assert!(good("Final", "101", 64, 0.9999).is_err());
		assert!(good("Final", "100", 63, 0.9999).is_err());
		assert!(good("Final", "100", 64, 0.99).is_err());
	}
}
