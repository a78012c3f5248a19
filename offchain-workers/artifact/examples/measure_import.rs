//! Measures an import: `measure_import FOLDER|FILE.gguf|tinyllama [OUT]`.
//!
//! Prints how long lowering, packing, opening and verifying took and the largest memory the process held. With an OUT
//! that ends in `.gguf` it writes a GGUF file instead, for other engines to run the same weights.

use std::{env, error::Error, fs, path::PathBuf, time::Instant};

use assay_artifact::{
	gguf, import_folder, import_gguf,
	synthetic::{llama, LlamaShape},
	Artifact, ImportOptions,
};

fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments = env::args().skip(1);
	let model = arguments.next().ok_or("name a folder, a GGUF file, or tinyllama")?;
	let out = arguments
		.next()
		.map_or_else(|| env::temp_dir().join("measured.assay"), PathBuf::from);
	let options = ImportOptions::default();

	let start = Instant::now();
	let lowered = match model.as_str() {
		"tinyllama" => llama(LlamaShape::TINYLLAMA_1_1B, 1)?,
		file if file.ends_with(".gguf") => import_gguf(file, &options)?,
		folder => import_folder(folder, &options)?,
	};
	let lower = start.elapsed();
	if out.extension().is_some_and(|extension| extension == "gguf") {
		gguf::write(&lowered, &out)?;
		println!("{} holds {}", out.display(), lowered.metadata().name);
		return Ok(());
	}
	let start = Instant::now();
	let artifact = lowered.pack(&out, &mut ())?;
	let pack = start.elapsed();
	drop(artifact);
	let packed = peak_memory();
	let start = Instant::now();
	let artifact = Artifact::open(&out)?;
	let open = start.elapsed();
	let start = Instant::now();
	artifact.verify()?;
	let verify = start.elapsed();

	println!(
		"model       {} ({} parameters)",
		artifact.metadata().name,
		artifact.metadata().parameters
	);
	println!("root        {}", artifact.root());
	println!("artifact    {} bytes", artifact.file_bytes());
	println!("lower       {lower:?}");
	println!("pack        {pack:?}");
	println!("open        {open:?}");
	println!("verify      {verify:?}");
	println!("peak memory {packed} when packed");
	Ok(())
}

/// VmHWM of the process.
fn peak_memory() -> String {
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
	line.map_or_else(|| "unknown".into(), |line| line.trim().to_string())
}
