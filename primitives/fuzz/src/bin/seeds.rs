//! Writes the seeds of the corpus, or says with `--check` whether they are there.

use assay_trace::merkle::leaf_hash;
use std::{fs, path::Path, process::ExitCode};

// Every binary of this workspace has coverage counters, and these are libFuzzer's.
use libfuzzer_sys as _;

fn main() -> ExitCode {
	let check = std::env::args().any(|argument| argument == "--check");
	let mut missing = false;
	for seed in assay_fuzz::seeds::all() {
		let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(seed.target);
		let [a, b, c, d, ..] = leaf_hash(&seed.bytes).0;
		let path = folder.join(format!("seed-{:08x}", u32::from_be_bytes([a, b, c, d])));
		if !check {
			fs::create_dir_all(&folder).expect("the folder can be made");
			fs::write(&path, &seed.bytes).expect("the seed can be written");
		} else if fs::read(&path).ok().as_ref() != Some(&seed.bytes) {
			eprintln!("error: {} is not what this code encodes", path.display());
			missing = true;
		}
	}
	ExitCode::from(u8::from(missing))
}
