//! What was measured on.

use crate::common::{load, processor};
use serde::Serialize;
use std::{fmt, fs};

/// Instructions that decide how fast a side can be, as /proc/cpuinfo calls them.
const FEATURES: [&str; 6] = ["avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp"];

/// The machine.
#[derive(Serialize)]
pub(crate) struct Machine {
	processor: String,
	features: Vec<&'static str>,
	/// Bytes of the last cache.
	cache: u64,
	/// Bytes.
	memory: u64,
	kernel: String,
	load_before: String,
	pub(crate) load_after: String,
}

impl Machine {
	pub(crate) fn describe() -> Self {
		let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
		let flags = cpus
			.lines()
			.find(|line| line.starts_with("flags") || line.starts_with("Features"))
			.unwrap_or_default();
		let has = |feature: &&str| flags.split_whitespace().any(|flag| flag == *feature);
		let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
		Self {
			processor: processor(),
			features: FEATURES.into_iter().filter(has).collect(),
			cache: last_cache(),
			memory: memory_bytes("MemTotal"),
			kernel: kernel.trim().into(),
			load_before: load(),
			load_after: String::new(),
		}
	}
}

impl fmt::Display for Machine {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"{} ({}), last cache {} MiB, memory {} GiB, Linux {}",
			self.processor,
			self.features.join(" "),
			self.cache >> 20,
			self.memory >> 30,
			self.kernel
		)
	}
}

/// Bytes of the largest cache of the first processor; 0 if the system does not say.
pub(crate) fn last_cache() -> u64 {
	let sizes = (0..8).filter_map(|index| {
		let size = fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size")).ok()?;
		size.trim().strip_suffix('K')?.parse::<u64>().ok()
	});
	sizes.max().unwrap_or(0) * 1024
}

/// A line of /proc/meminfo in bytes; 0 if there is none.
pub(crate) fn memory_bytes(key: &str) -> u64 {
	kilobytes("/proc/meminfo", key).unwrap_or(0) * 1024
}

/// Largest number of bytes that a process had in memory; nothing if it is gone.
pub(crate) fn peak_bytes(process: &str) -> Option<u64> {
	kilobytes(&format!("/proc/{process}/status"), "VmHWM").map(|kilobytes| kilobytes * 1024)
}

fn kilobytes(path: &str, key: &str) -> Option<u64> {
	let text = fs::read_to_string(path).ok()?;
	let line = text
		.lines()
		.find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
	line.split_whitespace().next()?.parse().ok()
}
