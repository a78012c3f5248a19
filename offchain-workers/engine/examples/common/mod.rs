//! What the benchmarks share: shapes, prompts, clocks, and the name of the machine.
#![allow(dead_code, unreachable_pub, reason = "each benchmark uses its part")]

pub(crate) mod idle;
pub(crate) mod machine;

use assay_artifact::synthetic::{self, LlamaShape};
use std::{
	error::Error,
	fs,
	num::NonZeroUsize,
	path::{Path, PathBuf},
	time::Instant,
};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is measured if no shape is named.
pub const SHAPE: LlamaShape = LlamaShape::TINYLLAMA_1_1B;

/// The shapes by name: a small one, those of the stories15M and stories110M models, with heads of a multiple of 32, TinyLlama's,
/// and Llama-2-7B's.
pub const SHAPES: [(&str, LlamaShape); 5] = [
	(
		"1M",
		LlamaShape {
			hidden: 96,
			layers: 6,
			heads: 3,
			kv_heads: 3,
			head_dim: 32,
			intermediate: 256,
			vocabulary: 4_096,
			tied: true,
			..SHAPE
		},
	),
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
	(
		"7B",
		LlamaShape {
			hidden: 4096,
			layers: 32,
			heads: 32,
			kv_heads: 32,
			head_dim: 128,
			intermediate: 11_008,
			positions: 4096,
			..SHAPE
		},
	),
];

/// The name of a shape, for arguments.
pub fn known_shape(name: &str) -> std::result::Result<String, String> {
	let known: Vec<&str> = SHAPES.iter().map(|(name, _)| *name).collect();
	known
		.contains(&name)
		.then(|| name.to_owned())
		.ok_or_else(|| format!("the shapes are {}", known.join(", ")))
}

/// The shape of a name.
pub fn shape(name: &str) -> Result<LlamaShape> {
	let known = SHAPES.into_iter().find(|(known, _)| *known == name);
	let (_, shape) = known.ok_or_else(|| format!("no shape is called {name}"))?;
	Ok(shape)
}

/// The artifact of a shape, which is made if it does not lie in the folder. It gets its name when it is whole.
pub fn artifact(name: &str, folder: &Path) -> Result<PathBuf> {
	let path = folder.join(format!("{name}.assay"));
	if !path.exists() {
		let shape = shape(name)?;
		fs::create_dir_all(folder)?;
		eprintln!("making the weights of {name}");
		let unfinished = path.with_extension("unfinished");
		synthetic::llama(shape, 1)?.pack(&unfinished, &mut ())?;
		settle(&unfinished, &path)?;
	}
	Ok(path)
}

/// Renames a file that is on the disk: what is still to be written would disturb what is measured next.
pub fn settle(unfinished: &Path, path: &Path) -> Result<()> {
	fs::File::open(unfinished)?.sync_all()?;
	Ok(fs::rename(unfinished, path)?)
}

/// Made-up tokens, which every shape knows.
pub fn prompt(length: usize) -> Vec<u32> {
	(0..length as u32).map(|i| (i * 7919 + 13) % 4_096).collect()
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
		let [user, system, ..] = processor_seconds();
		Self {
			wall: Instant::now(),
			cpu: user + system,
		}
	}

	/// Wall-clock and processor seconds since an earlier moment.
	pub fn since(&self, earlier: Self) -> (f64, f64) {
		((self.wall - earlier.wall).as_secs_f64(), self.cpu - earlier.cpu)
	}
}

/// Processor time of this process and of its children that have ended: user, system, user, system.
pub fn processor_seconds() -> [f64; 4] {
	let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
	// Fields 14 to 17, counted from behind the name in parentheses, in hundredths of a second.
	let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
	[(); 4].map(|()| {
		let ticks: Option<f64> = fields.next().and_then(|ticks| ticks.parse().ok());
		ticks.unwrap_or(0.0) / 100.0
	})
}

/// The processor and how many cores of it there are.
pub fn processor() -> String {
	let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let name = cpus
		.lines()
		.find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
		.unwrap_or(" unknown");
	let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
	format!("{}, {cores} cores", name.trim())
}

/// The load of the last minute.
pub fn load() -> String {
	let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
	load.split_whitespace().next().unwrap_or("unknown").to_owned()
}
