//! The chains that are built into the node, each with the genesis that a test wants.

use crate::{binaries::Binaries, cache};
use anyhow::{ensure, Context, Result};
use frame_support::Hashable;
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
};

/// Slots of a chain on which a test does little but wait for blocks: half as long as those of the development chain, and
/// long enough for its nearly empty blocks on a busy machine.
const SHORT_SLOTS: u64 = 500;
/// Slots of a session where sessions are waited for.
const SHORT_SESSION: u64 = 20;
/// Blocks of a staking period where stake is waited for: what asks to leave is free after seven of them at the latest.
const SHORT_STAKING_PERIOD: u32 = 5;

/// Has blocks come sooner.
pub fn short_slots(genesis: &mut Value) {
	genesis["timing"]["slotDurationMs"] = SHORT_SLOTS.into();
}

/// Has blocks come sooner, and stake earn and leave after fewer of them.
pub fn short_stake(genesis: &mut Value) {
	short_slots(genesis);
	genesis["timing"]["epochSlots"] = SHORT_SESSION.into();
	genesis["timing"]["stakingPeriod"] = SHORT_STAKING_PERIOD.into();
}

/// The specification of a chain that is built into the node, its genesis changed by `edit`, as a file.
///
/// It holds the state at genesis ready-made: a node that must compute it compiles the runtime for that alone, at every start.
pub fn chain(binaries: &Binaries, name: &str, edit: impl FnOnce(&mut Value)) -> Result<PathBuf> {
	let node = &binaries.node;
	let folder = cache::folder_of(binaries, "chains")?;
	let built_in = cache::once(&folder, name, |file| export(node, &["--chain", name], file))?;
	let mut specification: Value = serde_json::from_slice(&fs::read(&built_in)?)?;
	let genesis = specification
		.pointer_mut("/genesis/runtimeGenesis/patch")
		.context("the chain's genesis is no preset")?;
	edit(genesis);
	let edited = format!("{name}-{}.json", hex::encode(genesis.to_string().blake2_128()));
	cache::once(&folder, &edited, |file| {
		let source = file.with_extension("source");
		fs::write(&source, specification.to_string())?;
		let source = source.to_str().context("a cache with a strange name")?;
		export(node, &["--raw", "--chain", source], file)
	})
}

/// Writes a specification as the node prints it to a file.
fn export(node: &Path, arguments: &[&str], file: &Path) -> Result<()> {
	let exported = Command::new(node)
		.arg("export-chain-spec")
		.args(arguments)
		.output()
		.with_context(|| node.display().to_string())?;
	ensure!(
		exported.status.success(),
		"export-chain-spec: {}",
		String::from_utf8_lossy(&exported.stderr)
	);
	fs::write(file, exported.stdout).with_context(|| file.display().to_string())
}
