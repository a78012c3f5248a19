//! What the benchmarks share: the model, the arguments, and clocks.
#![allow(dead_code, unreachable_pub, reason = "each benchmark uses its part")]

use assay_artifact::synthetic::LlamaShape;
use std::{
	env,
	error::Error,
	fs,
	num::NonZeroUsize,
	path::{Path, PathBuf},
	time::Instant,
};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is measured if no shape is named.
pub const SHAPE: LlamaShape = LlamaShape::TINYLLAMA_1_1B;

/// The shapes by name: those of the stories15M and stories110M models, with heads of a multiple of 32, and TinyLlama's.
pub const SHAPES: [(&str, LlamaShape); 3] = [
	(
		"15M",
		LlamaShape {
			hidden: 288,
			layers: 6,
			heads: 9,
			kv_heads: 9,
			head_dim: 32,
			intermediate: 768,
			tied: true,
			..SHAPE
		},
	),
	(
		"110M",
		LlamaShape {
			hidden: 768,
			layers: 12,
			heads: 12,
			kv_heads: 12,
			head_dim: 64,
			intermediate: 2048,
			tied: true,
			..SHAPE
		},
	),
	("1.1B", SHAPE),
];

/// The arguments of the command.
pub struct Arguments(Vec<String>);

impl Arguments {
	pub fn read() -> Self {
		Self(env::args().skip(1).collect())
	}

	pub fn has(&self, name: &str) -> bool {
		self.0.iter().any(|argument| argument == name)
	}

	/// What follows a name.
	pub fn value(&self, name: &str) -> Option<&str> {
		let index = self.0.iter().position(|argument| argument == name)?;
		self.0.get(index + 1).map(String::as_str)
	}

	pub fn number(&self, name: &str, default: usize) -> Result<usize> {
		Ok(self.value(name).map_or(Ok(default), str::parse)?)
	}

	/// Where the models lie.
	pub fn folder(&self) -> PathBuf {
		self.value("--folder")
			.map_or_else(|| env::temp_dir().join("assay-bench"), PathBuf::from)
	}
}

pub fn artifact_path(folder: &Path) -> PathBuf {
	folder.join("tinyllama.assay")
}

/// Made-up tokens.
pub fn prompt(length: usize) -> Vec<u32> {
	(0..length as u32).map(|i| (i * 7919 + 13) % SHAPE.vocabulary).collect()
}

/// A moment in wall-clock time and in processor time of this process.
#[derive(Clone, Copy)]
pub struct Moment {
	pub wall: Instant,
	/// Seconds, in steps of 10 ms.
	cpu: f64,
}

impl Moment {
	pub fn now() -> Self {
		let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
		// Fields 14 and 15, counted from behind the name in parentheses, in hundredths of a second.
		let fields = stat
			.rsplit(')')
			.next()
			.unwrap_or_default()
			.split_whitespace()
			.skip(11)
			.take(2);
		Self {
			wall: Instant::now(),
			cpu: fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0,
		}
	}

	/// Wall-clock and processor seconds since an earlier moment.
	pub fn since(&self, earlier: Self) -> (f64, f64) {
		((self.wall - earlier.wall).as_secs_f64(), self.cpu - earlier.cpu)
	}
}

pub fn machine() -> String {
	let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let name = cpus
		.lines()
		.find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
		.unwrap_or(" unknown");
	let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
	let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
	format!(
		"{}, {cores} cores, load {}",
		name.trim(),
		load.split_whitespace().next().unwrap_or("unknown")
	)
}
