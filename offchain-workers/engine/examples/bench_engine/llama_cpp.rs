//! llama.cpp, by its own measuring program.

use crate::{
	common::machine::peak_bytes,
	common::Result,
	side::{Measured, Phase, DECODE_PROMPT},
	task::Job,
};
use serde::Deserialize;
use std::{
	collections::BTreeMap,
	path::Path,
	process::{Command, Stdio},
	thread,
	time::Duration,
};

/// How often the memory of the program is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The program.
pub(crate) struct LlamaBench {
	/// What it was built from, and for which instructions.
	pub(crate) version: String,
}

/// What it prints of one test.
#[derive(Deserialize)]
struct Test {
	samples_ns: Vec<u64>,
}

impl LlamaBench {
	/// Finds out whether the program runs here, and what it is.
	pub(crate) fn open(path: &Path) -> Result<Self> {
		let output = Command::new(path)
			.arg("--help")
			.stderr(Stdio::null())
			.output()
			.map_err(|error| format!("cannot start {}: {error}", path.display()))?;
		if !output.status.success() {
			return Err(format!("{} does not run here: {}", path.display(), output.status).into());
		}
		// scripts/fetch-llama-cpp writes it beside the program.
		let version = std::fs::read_to_string(path.with_file_name("version")).unwrap_or_default();
		let version = match version.trim() {
			"" => path.display().to_string(),
			version => version.into(),
		};
		Ok(Self { version })
	}
}

/// Runs the phases of a job.
pub(crate) fn measure(path: &Path, job: &Job) -> Result<Measured> {
	let (mut seconds, mut peak) = (BTreeMap::new(), 0);
	for phase in &job.phases {
		let (output, bytes) = run(path, job, *phase)?;
		let tests: Vec<Test> = serde_json::from_str(&output)?;
		let [test] = tests.as_slice() else {
			return Err(format!("llama-bench reports {} tests of {phase}, not one", tests.len()).into());
		};
		let runs = test
			.samples_ns
			.iter()
			.map(|nanoseconds| *nanoseconds as f64 / 1e9)
			.collect();
		seconds.insert(phase.to_string(), runs);
		peak = peak.max(bytes);
	}
	Ok(Measured {
		loading: None,
		seconds,
		peak,
		first_token: None,
	})
}

/// What it prints of one phase, and its largest number of bytes in memory.
fn run(path: &Path, job: &Job, phase: Phase) -> Result<(String, u64)> {
	let (prompt, generated, depth) = match phase {
		Phase::Prefill(length) => (length.get(), 0, 0),
		Phase::Decode => (0, job.tokens.get(), DECODE_PROMPT),
	};
	let mut child = Command::new(path)
		.arg("--model")
		.arg(&job.model.gguf)
		.args(["--threads", &job.threads.to_string()])
		.args(["--n-prompt", &prompt.to_string()])
		.args(["--n-gen", &generated.to_string()])
		.args(["--n-depth", &depth.to_string()])
		.args(["--repetitions", &job.runs.to_string()])
		.args(["--output", "json"])
		.stdout(Stdio::piped())
		.spawn()?;
	let (process, mut peak) = (child.id().to_string(), 0);
	// It prints little, which the pipe holds until it has ended.
	while child.try_wait()?.is_none() {
		peak = peak_bytes(&process).unwrap_or(0).max(peak);
		thread::sleep(LOOK);
	}
	let output = child.wait_with_output()?;
	if !output.status.success() {
		return Err(format!("{} ended with {}", path.display(), output.status).into());
	}
	Ok((String::from_utf8(output.stdout)?, peak))
}
