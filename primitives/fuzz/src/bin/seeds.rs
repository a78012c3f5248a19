//! Writes the seeds of the corpus in place of those that are there, or says with `--check` whether they are the same.

use assay_trace::merkle::leaf_hash;
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	process::ExitCode,
};

// Every binary of this workspace has coverage counters, and these are libFuzzer's.
use libfuzzer_sys as _;

fn main() -> ExitCode {
	let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
	let (made, found) = (made(&corpus), found(&corpus));
	if std::env::args().any(|argument| argument == "--check") {
		return ExitCode::from(u8::from(made != found));
	}
	for path in found.keys() {
		fs::remove_file(path).expect("an old seed can be removed");
	}
	for (path, bytes) in &made {
		fs::create_dir_all(path.parent().expect("a seed is in a folder")).expect("the folder can be made");
		fs::write(path, bytes).expect("a seed can be written");
	}
	ExitCode::SUCCESS
}

/// What today's code encodes, by path.
fn made(corpus: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
	let seeds = assay_fuzz::seeds::all().into_iter().map(|seed| {
		let [a, b, c, d, ..] = leaf_hash(&seed.bytes).0;
		let name = format!("seed-{:08x}", u32::from_be_bytes([a, b, c, d]));
		(corpus.join(seed.target).join(name), seed.bytes)
	});
	seeds.collect()
}

/// The seeds that are there.
fn found(corpus: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
	let entries = |folder: &Path| {
		fs::read_dir(folder)
			.into_iter()
			.flatten()
			.flatten()
			.map(|entry| entry.path())
	};
	let files = entries(corpus)
		.collect::<Vec<_>>()
		.into_iter()
		.flat_map(|target| entries(&target).collect::<Vec<_>>());
	let is_seed = |path: &PathBuf| {
		path.file_name()
			.is_some_and(|name| name.to_string_lossy().starts_with("seed-"))
	};
	let seeds = files.filter(is_seed).map(|path| {
		let bytes = fs::read(&path).expect("a seed can be read");
		(path, bytes)
	});
	seeds.collect()
}
