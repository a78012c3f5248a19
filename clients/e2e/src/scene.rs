//! The usual scene: a development chain with models that Alice serves.

use crate::{
	assay::Assay,
	binaries::Binaries,
	chain::{chain, short_slots},
	models,
	money::{Money, TREASURY},
	node::{tail, Node, NodeOptions, Ports, LOG_FILE},
	wait::until,
};
use anyhow::{Context, Result};
use assay_artifact::{import_folder, Artifact, ImportOptions};
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// How long an offer may take to be listed: the worker must be ready and a heartbeat must be in a block.
const LISTING_LIMIT: Duration = Duration::from_secs(120);
/// Lines of a node's log that a failed test shows.
const SHOWN_LINES: usize = 60;
/// Price of a unit of computation in the scene, in smallest units: a thousandth of an ASY.
pub const PRICE: u128 = 1_000_000_000;
/// The publisher's share in the scene, in millionths: 1.5 %.
pub const ROYALTY: u128 = 15_000;

/// A folder for everything a test makes. Unless the test [ends](Scene::end) it, it stays, and the ends of the nodes' logs
/// are printed.
pub struct Scene {
	/// The programs.
	pub binaries: Binaries,
	/// The specification of its chain.
	chain: PathBuf,
	folder: Option<tempfile::TempDir>,
	ended: bool,
}

/// A model version that is registered.
#[derive(Clone, Debug)]
pub struct Served {
	/// `model.version`.
	pub id: String,
	/// Its artifact.
	pub artifact: PathBuf,
}

impl Scene {
	/// An empty scene on the development chain.
	pub fn new() -> Result<Self> {
		Self::with_chain("dev", |_| ())
	}

	/// An empty scene on the development chain with [short slots](short_slots).
	pub fn quick() -> Result<Self> {
		Self::with_chain("dev", short_slots)
	}

	/// An empty scene on a chain that is built into the node, its genesis changed by `edit`.
	pub fn with_chain(name: &str, edit: impl FnOnce(&mut Value)) -> Result<Self> {
		let folder = tempfile::Builder::new().prefix("assay-e2e-").tempdir()?;
		let binaries = Binaries::find()?;
		Ok(Self {
			chain: chain(&binaries, name, edit)?,
			binaries,
			folder: Some(folder),
			ended: false,
		})
	}

	/// All went well: the folder goes.
	pub fn end(mut self) -> Result<()> {
		self.ended = true;
		Ok(())
	}

	/// The folder.
	pub fn folder(&self) -> &Path {
		self.folder.as_ref().map_or(Path::new("."), tempfile::TempDir::path)
	}

	/// Folder of the artifacts.
	pub fn models(&self) -> PathBuf {
		self.folder().join("models")
	}

	/// The specification of its chain.
	pub fn specification(&self) -> &Path {
		&self.chain
	}

	/// Options of a node of the scene's chain called `name`, with arguments split at spaces.
	pub fn options(&self, name: &str, arguments: &str) -> NodeOptions {
		let base = self.folder().join(name);
		let chain = ["--chain".into(), self.chain.display().to_string()];
		NodeOptions {
			name: name.into(),
			log: base.join(LOG_FILE),
			base,
			models: self.models(),
			ports: Ports::default(),
			detached: false,
			arguments: chain
				.into_iter()
				.chain(arguments.split_whitespace().map(String::from))
				.collect(),
			environment: vec![],
		}
	}

	/// A development chain with its worker.
	pub fn development(&self) -> Result<Node> {
		Node::start(&self.binaries, self.options("alice", "--dev"))
	}

	/// The command line for a node.
	pub fn assay(&self, node: &Node) -> Assay {
		Assay::new(&self.binaries, node.url(), self.models())
	}

	/// Registers an artifact as Charlie, with a [royalty](ROYALTY) for him.
	pub fn register(&self, node: &Node, artifact: &Artifact) -> Result<Served> {
		let path = artifact.path().to_path_buf();
		let charlie = self.assay(node).signing_as("//Charlie");
		let registered = charlie.ok(&format!(
			"model register {} --name test --licence CC0-1.0 --royalty 1.5%",
			path.display()
		))?;
		Ok(Served {
			id: registered["id"]
				.as_str()
				.context("a registration without an id")?
				.into(),
			artifact: path,
		})
	}

	/// Serves a model version as Alice at the scene's [price](PRICE) and waits until jobs are assigned to her.
	pub fn serve(&self, node: &Node, served: &Served, capacity: u16) -> Result<()> {
		let alice = self.assay(node).signing_as("//Alice");
		alice.ok(&format!(
			"model serve {} --price 0.001 --capacity {capacity}",
			served.id
		))?;
		self.wait_until_listed(node, served)
	}

	/// Serves a model version as Alice at a price that her stake does not cover: jobs for it are taken and stay open.
	pub fn serve_too_dear(&self, node: &Node, served: &Served) -> Result<()> {
		let alice = self.assay(node).signing_as("//Alice");
		alice.ok(&format!("model serve {} --price 2000 --capacity 4", served.id))?;
		self.wait_until_listed(node, served)
	}

	/// Waits until somebody serves a model version and is alive.
	pub fn wait_until_listed(&self, node: &Node, served: &Served) -> Result<()> {
		let assay = self.assay(node);
		until(
			&format!("an operator of {} to be alive", served.id),
			LISTING_LIMIT,
			|| {
				let shown = assay.ok(&format!("model show {}", served.id))?;
				let offers = shown["versions"][0]["offers"].as_array().cloned().unwrap_or_default();
				Ok(offers.iter().any(|offer| offer["listed"] == json!(true)).then_some(()))
			},
		)
	}

	/// The small vector model, registered and served.
	pub fn embedder(&self, node: &Node) -> Result<Served> {
		std::fs::create_dir_all(self.models())?;
		let served = self.register(node, &models::embedder(&self.models())?)?;
		self.serve(node, &served, 4)?;
		Ok(served)
	}

	/// The small model that generates, registered and served.
	pub fn generator(&self, node: &Node) -> Result<Served> {
		std::fs::create_dir_all(self.models())?;
		let served = self.register(node, &models::generator(&self.models())?)?;
		self.serve(node, &served, 4)?;
		Ok(served)
	}

	/// The demo model, which has a tokenizer, registered and served.
	pub fn glossary(&self, node: &Node) -> Result<Served> {
		std::fs::create_dir_all(self.models())?;
		let lowered = import_folder(Path::new(models::GLOSSARY), &ImportOptions::default())?;
		let served = self.register(node, &lowered.pack(self.models().join("glossary.assay"), &mut ())?)?;
		self.serve(node, &served, 8)?;
		Ok(served)
	}

	/// The money of Alice the operator, Bob the consumer, Charlie the publisher, and the treasury.
	pub fn money(&self, node: &Node) -> Result<Money> {
		Money::count(
			&self.assay(node),
			node.rpc(),
			&["//Alice", "//Bob", "//Charlie", TREASURY],
		)
	}

	/// Writes an output to a file that `--output` takes.
	pub fn output_file(&self, output: &Value) -> Result<String> {
		let path = self.folder().join("output.json");
		std::fs::write(&path, output.to_string())?;
		Ok(path.to_str().context("a folder with a strange name")?.into())
	}

	/// Waits until a job is in one of some states.
	pub fn wait_for_state(&self, node: &Node, job: &str, states: &[&str], limit: Duration) -> Result<Value> {
		let assay = self.assay(node);
		until(&format!("job {job} to be {}", states.join(" or ")), limit, || {
			let shown = assay.ok(&format!("job show {job}"))?;
			Ok(shown["state"]
				.as_str()
				.is_some_and(|state| states.contains(&state))
				.then_some(shown))
		})
	}
}

impl Drop for Scene {
	fn drop(&mut self) {
		if self.ended {
			return;
		}
		if let Some(folder) = self.folder.take().map(tempfile::TempDir::keep) {
			for node in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
				let log = node.path().join(LOG_FILE);
				if log.exists() {
					eprintln!("--- end of {}:\n{}", log.display(), tail(&log, SHOWN_LINES));
				}
			}
			eprintln!("the scene is kept in {}", folder.display());
		}
	}
}
