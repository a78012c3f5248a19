//! Receipts of jobs: made by a node, verified where there is none.

use anyhow::{ensure, Context, Result};
use assay_e2e::{until, Assay, Node, Scene};
use assay_sdk::{
	jobs::State,
	protocol::JobId,
	receipts::{Checkpoint, CheckpointFile, Receipt},
	H256,
};
use serde_json::{json, Value};
use std::{fs, path::PathBuf, time::Duration};
use tokio::runtime::Runtime;

/// More than a job and some sessions take.
const LIMIT: Duration = Duration::from_secs(180);
/// Slots of a session: authorities hand over while the test runs.
const SESSION_SLOTS: u64 = 20;
/// Blocks within which there is a receipt, counted from the first final one in which the job is over.
const SOON: u32 = 2;
/// Bob's key for finality, which is in no set of this chain.
const STRANGER: &str = "0xd17c2d7823ebf260fd138f2d7e27d114c0145d968b5ff5006125f2414fadae69";

/// The files and the command line of a verifier.
struct Verifier<'s> {
	scene: &'s Scene,
	assay: Assay,
}

impl Verifier<'_> {
	fn file(&self, name: &str) -> PathBuf {
		self.scene.folder().join(name)
	}

	/// Asks the node for a checkpoint, and keeps it as a file.
	fn checkpoint(&self, name: &str) -> Result<CheckpointFile> {
		let checkpoint = self.assay.ok("receipt checkpoint")?;
		fs::write(self.file(name), checkpoint.to_string())?;
		Ok(serde_json::from_value(checkpoint)?)
	}

	/// Has the node make a receipt; what the command line tells of it.
	fn get(&self, job: JobId, file: &str, from: &str) -> Result<Value> {
		let out = self.file(file);
		self.assay
			.ok(&format!("receipt get {job} --out {} {from}", out.display()))
	}

	/// What a receipt proves to whoever trusts this.
	fn verify(&self, file: &str, trusted: &str) -> Result<Value> {
		let file = self.file(file);
		self.assay.ok(&format!("receipt verify {} {trusted}", file.display()))
	}

	/// Why a receipt proves nothing to whoever trusts this.
	fn refuse(&self, file: &str, trusted: &str) -> Result<String> {
		let file = self.file(file);
		self.assay
			.error(&format!("receipt verify {} {trusted}", file.display()))
	}

	/// The argument of a file.
	fn from(&self, option: &str, name: &str) -> String {
		format!("--{option} {}", self.file(name).display())
	}
}

/// The first final block in which a job is over, and the block of the receipt that there is then.
fn receipt_as_soon_as_it_is_final(node: &Node, job: JobId, from: &Checkpoint) -> Result<(u32, u32)> {
	Runtime::new()?.block_on(async {
		let chain = assay_sdk::Assay::connect(&node.url()).await?;
		let mut heads = chain.heads(true).await?;
		loop {
			let number = heads.next().await?;
			let at = chain.block_at(number).await?.context("a final block is not there")?;
			let found = chain.jobs().at(at).find(job).await?;
			if found.is_some_and(|job| matches!(job.state, State::Final { .. })) {
				let receipt = chain.receipts().get(job, Some(from)).await?;
				return Ok((number, receipt.block.header.number));
			}
		}
	})
}

/// Every part of a receipt is changed in turn, and the command line says what does not hold.
fn tells_every_change(verifier: &Verifier<'_>, receipt: &Receipt, trusted: &str) -> Result<()> {
	type Change = fn(&mut Receipt);
	let changes: [(Change, &str); 12] = [
		(|receipt| receipt.job.0 += 1, "prove nothing"),
		(|receipt| receipt.set += 1, "are of set"),
		(|receipt| drop(receipt.handovers.remove(0)), "are of set"),
		(
			|receipt| receipt.handovers[0].header.number += 1,
			"the signatures are for block",
		),
		(|receipt| receipt.handovers[0] = receipt.block.clone(), "does not hold"),
		(
			|receipt| receipt.block.header.state_root.0[0] ^= 1,
			"the signatures are for block",
		),
		(
			|receipt| receipt.block.header.parent_hash.0[0] ^= 1,
			"the signatures are for block",
		),
		(|receipt| receipt.block.justification.round += 1, "does not hold"),
		(
			|receipt| receipt.block.justification.commit.precommits.clear(),
			"more than two thirds are needed",
		),
		(|receipt| drop(receipt.proof.remove(0)), "does not lead"),
		(|receipt| receipt.proof[0][0] ^= 1, "does not lead"),
		(|receipt| receipt.proof.push(vec![0]), "prove nothing"),
	];
	for (index, (change, words)) in changes.into_iter().enumerate() {
		let mut changed = receipt.clone();
		change(&mut changed);
		fs::write(verifier.file("changed.receipt"), changed.to_bytes())?;
		let error = verifier.refuse("changed.receipt", trusted)?;
		ensure!(
			error.contains(words) && error.contains("changed.receipt proves nothing"),
			"change {index}: `{error}` does not say `{words}`"
		);
	}
	Ok(())
}

/// No byte of a receipt can be another.
fn every_byte_counts(receipt: &Receipt, trusted: &Checkpoint) {
	let bytes = receipt.to_bytes();
	for (index, byte) in bytes.iter().enumerate() {
		let mut changed = bytes.clone();
		changed[index] = byte ^ 1 << (index % 8);
		let proved =
			Receipt::from_bytes(&changed).and_then(|receipt| receipt.verify(&trusted.set, Some(trusted.genesis)));
		assert!(proved.is_err(), "byte {index} of {} counts for nothing", bytes.len());
	}
}

#[test]
fn a_receipt_proves_a_job_without_a_node_two_blocks_after_it_is_final() -> Result<()> {
	let scene = Scene::with_chain("dev", |genesis| genesis["timing"]["epochSlots"] = SESSION_SLOTS.into())?;
	let mut node = scene.development()?;
	let served = scene.generator(&node)?;
	let verifier = Verifier {
		scene: &scene,
		assay: scene.assay(&node),
	};
	let first = verifier.checkpoint("first.json")?;
	let trusted = Checkpoint::from(first.clone());
	let bob = scene.assay(&node).signing_as("//Bob");
	let line = format!("job submit --model {} --tokens 1,2,3 --max-tokens 8", served.id);
	let submitted = bob.ok(&line)?;
	let job = JobId(submitted["job"].as_u64().context("no job")?);

	let out = verifier.file("early.receipt");
	let early = verifier
		.assay
		.error(&format!("receipt get {job} --out {}", out.display()))?;
	assert!(
		early.contains(&format!("job {job} is not over")) && !out.exists(),
		"{early}"
	);
	let (end, proved) = receipt_as_soon_as_it_is_final(&node, job, &trusted)?;
	assert!(
		end <= proved && proved <= end + SOON,
		"final in block {end}, proved by block {proved}"
	);

	// The authorities have handed over since the checkpoint.
	until("another set of authorities", LIMIT, || {
		Ok((verifier.checkpoint("last.json")?.set > first.set).then_some(()))
	})?;
	let genesis = format!("--genesis {}", scene.specification().display());
	let from_first = verifier.from("checkpoint", "first.json");
	let plain = verifier.get(job, "plain.receipt", "")?;
	verifier.get(job, "first.receipt", &from_first)?;
	verifier.get(job, "genesis.receipt", &genesis)?;
	let again = verifier.assay.error(&format!(
		"receipt get {job} --out {}",
		verifier.file("plain.receipt").display()
	))?;
	assert!(again.contains("plain.receipt"), "{again}");
	let mut shown = bob.ok(&format!("job show {job}"))?;
	shown["text"] = Value::Null;
	let audit = bob.ok(&format!("audit show {job}"))?;
	node.kill()?;

	// From here on nobody answers.
	let key = format!("{:?}", first.authorities[0].key);
	let by_hand = format!("--authorities {key} --set {}", plain["set"]);
	for (file, trusted) in [
		("plain.receipt", &by_hand),
		("first.receipt", &from_first),
		("genesis.receipt", &genesis),
		("genesis.receipt", &from_first),
	] {
		let proved = verifier.verify(file, trusted)?;
		assert_eq!(proved["job"], shown, "{file} {trusted}");
		assert_eq!(proved["audit"], audit, "{file} {trusted}");
		assert_eq!(proved["genesis"], json!(first.genesis), "{file} {trusted}");
		let amount = |part: &Value| part.as_str().and_then(|amount| amount.parse::<u128>().ok());
		let shares = ["paid", "royalty", "treasury", "audits"];
		let sum: Option<u128> = shares.iter().map(|share| amount(&shown[*share])).sum();
		assert_eq!(amount(&proved["fee"]), sum, "{proved}");
	}

	// Whom one must not trust, and what is of others.
	for (file, trusted, words) in [
		("plain.receipt", &from_first, "assay receipt get JOB --checkpoint FILE"),
		(
			"plain.receipt",
			&format!("--authorities {STRANGER} --set {}", plain["set"]),
			"is none of them",
		),
		(
			"first.receipt",
			&format!("--authorities {STRANGER} --set {}", first.set),
			"is none of them",
		),
		(
			"plain.receipt",
			&format!("--authorities {key} --set 999"),
			"older than the receipt",
		),
		("first.json", &from_first, "does not begin as receipts do"),
	] {
		let error = verifier.refuse(file, trusted)?;
		assert!(error.contains(words), "{file} {trusted}: {error}");
	}
	let other_chain = CheckpointFile {
		genesis: H256([7; 32]),
		..first
	};
	fs::write(verifier.file("other.json"), serde_json::to_string(&other_chain)?)?;
	let error = verifier.refuse("first.receipt", &verifier.from("checkpoint", "other.json"))?;
	assert!(error.contains("it is of the chain whose first block is"), "{error}");

	let receipt = Receipt::from_bytes(&fs::read(verifier.file("first.receipt"))?)?;
	tells_every_change(&verifier, &receipt, &from_first)?;
	every_byte_counts(&receipt, &trusted);
	scene.end()
}
