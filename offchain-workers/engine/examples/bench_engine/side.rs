//! The sides, what is measured of each, and how ours and candle's run.

use crate::{
	common::machine::{memory_bytes, peak_bytes},
	common::{prompt, Result},
	task::Job,
};
use assay_artifact::Artifact;
use assay_engine::{Model, Observer, Options, Tier};
use assay_exact::{Generation, Input, Sampler};
use candle_core::{quantized::gguf_file, Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, fs, num::NonZeroUsize, str::FromStr, time::Instant};

/// Tokens before those that are decoded.
pub(crate) const DECODE_PROMPT: usize = 128;
/// Makes candle unpack all matrices into f32 when it loads them.
pub(crate) const CANDLE_F32: &str = "CANDLE_DEQUANTIZE_ALL";

/// What a job does.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Phase {
	/// From a prompt of so many tokens to the first one generated.
	Prefill(NonZeroUsize),
	/// From there to the last.
	Decode,
}

impl Phase {
	/// Lengths of prompt and output.
	fn extent(self, tokens: NonZeroUsize) -> (usize, usize) {
		match self {
			Self::Prefill(length) => (length.get(), 1),
			Self::Decode => (DECODE_PROMPT, tokens.get() + 1),
		}
	}

	/// Tokens whose time is measured.
	pub(crate) fn tokens(self, decoded: NonZeroUsize) -> usize {
		match self {
			Self::Prefill(length) => length.get(),
			Self::Decode => decoded.get(),
		}
	}
}

impl fmt::Display for Phase {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Prefill(length) => write!(f, "prefill-{length}"),
			Self::Decode => f.write_str("decode"),
		}
	}
}

impl FromStr for Phase {
	type Err = String;

	fn from_str(name: &str) -> std::result::Result<Self, String> {
		let length = name.strip_prefix("prefill-").and_then(|length| length.parse().ok());
		match (name, length) {
			("decode", _) => Ok(Self::Decode),
			(_, Some(length)) => Ok(Self::Prefill(length)),
			_ => Err("the phases are prefill-N and decode".into()),
		}
	}
}

/// Whose program runs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Side {
	/// Ours, with the kernels of a tier.
	Assay(Tier),
	/// candle, with the weights unpacked to f32.
	CandleF32,
	/// candle, with the weights as they are.
	CandleQ8_0,
	/// llama.cpp, with the weights as they are.
	LlamaCppQ8_0,
}

impl Side {
	/// Everybody but us.
	const OTHERS: [Self; 3] = [Self::CandleF32, Self::CandleQ8_0, Self::LlamaCppQ8_0];

	/// An opponent by name.
	pub(crate) fn opponent(name: &str) -> std::result::Result<Self, String> {
		let named = Self::OTHERS.into_iter().find(|side| side.to_string() == name);
		named.ok_or_else(|| {
			format!(
				"the others are {}",
				Self::OTHERS.map(|side| side.to_string()).join(", ")
			)
		})
	}

	/// Bytes that decoding reads for a weight: Q8_0 has a scale of two bytes for 32 weights.
	pub(crate) fn bytes_per_weight(self) -> f64 {
		match self {
			Self::CandleF32 => 4.0,
			Self::Assay(_) | Self::CandleQ8_0 | Self::LlamaCppQ8_0 => 34.0 / 32.0,
		}
	}

	/// Bytes that it takes for a weight at most, while it loads: candle holds its own form of Q8_0 beside the file's.
	fn memory_per_weight(self) -> f64 {
		match self {
			Self::CandleF32 => 4.5,
			Self::CandleQ8_0 => 2.5,
			Self::Assay(_) | Self::LlamaCppQ8_0 => 1.3,
		}
	}

	/// Why this machine has too little memory, if it has.
	pub(crate) fn does_not_fit(self, weights: u64) -> Option<String> {
		let needed = weights as f64 * self.memory_per_weight();
		let free = memory_bytes("MemAvailable") as f64;
		(needed > free).then(|| format!("takes {:.1} GB of memory, {:.1} are free", needed / 1e9, free / 1e9))
	}
}

impl fmt::Display for Side {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Assay(tier) => write!(f, "assay-{tier}"),
			Self::CandleF32 => f.write_str("candle-f32"),
			Self::CandleQ8_0 => f.write_str("candle-q8_0"),
			Self::LlamaCppQ8_0 => f.write_str("llama.cpp-q8_0"),
		}
	}
}

impl FromStr for Side {
	type Err = String;

	fn from_str(name: &str) -> std::result::Result<Self, String> {
		match name.strip_prefix("assay-") {
			Some(tier) => Ok(Self::Assay(tier.parse().map_err(|error| format!("{error}"))?)),
			None => Self::opponent(name),
		}
	}
}

/// A name in JSON.
macro_rules! named {
	($type:ty) => {
		impl From<$type> for String {
			fn from(value: $type) -> Self {
				value.to_string()
			}
		}

		impl TryFrom<String> for $type {
			type Error = String;

			fn try_from(name: String) -> std::result::Result<Self, String> {
				name.parse()
			}
		}
	};
}
named!(Phase);
named!(Side);

/// What a side achieved.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
	/// Seconds from nothing to ready; unknown of llama.cpp.
	pub(crate) loading: Option<f64>,
	/// Seconds that each run of each phase took.
	pub(crate) seconds: BTreeMap<String, Vec<f64>>,
	/// Largest number of bytes in memory.
	pub(crate) peak: u64,
	/// What came first after the prompt of decoding: the same on all sides unless two tokens are nearly as likely.
	pub(crate) first_token: Option<u32>,
}

impl Measured {
	/// The shortest run of a phase.
	pub(crate) fn shortest(&self, phase: Phase) -> f64 {
		let runs = self.seconds.get(&phase.to_string()).into_iter().flatten();
		runs.copied().fold(f64::INFINITY, f64::min)
	}
}

/// One run of a job.
struct Run {
	start: Instant,
	first: Instant,
	last: Instant,
	first_token: u32,
}

/// Runs the phases of a job, each as often as it says.
fn measure(job: &Job, loading: Instant, mut run: impl FnMut(&[u32], usize) -> Result<Run>) -> Result<Measured> {
	let loading = Some(loading.elapsed().as_secs_f64());
	let (mut seconds, mut first_token) = (BTreeMap::new(), None);
	for phase in &job.phases {
		let (length, tokens) = phase.extent(job.tokens);
		let prompt = prompt(length);
		let mut all = Vec::new();
		for _ in 0..job.runs.get() {
			let run = run(&prompt, tokens)?;
			all.push(match phase {
				Phase::Prefill(_) => (run.first - run.start).as_secs_f64(),
				Phase::Decode => {
					first_token = Some(run.first_token);
					(run.last - run.first).as_secs_f64()
				}
			});
		}
		seconds.insert(phase.to_string(), all);
	}
	Ok(Measured {
		loading,
		seconds,
		peak: peak_bytes("self").ok_or("the system does not say how much memory this took")?,
		first_token,
	})
}

/// Notes when tokens came.
#[derive(Default)]
struct Clock {
	first: Option<(u32, Instant)>,
	last: Option<Instant>,
}

impl Observer for Clock {
	fn on_token(&mut self, token: u32) {
		let now = Instant::now();
		self.first.get_or_insert((token, now));
		self.last = Some(now);
	}
}

/// Ours.
pub(crate) fn run_assay(job: &Job, tier: Tier) -> Result<Measured> {
	let loading = Instant::now();
	let options = Options {
		tier: Some(tier),
		threads: job.threads,
		..Options::default()
	};
	let model = Model::load(&Artifact::open(&job.model.artifact)?, options)?;
	measure(job, loading, |prompt, tokens| {
		let input = Input::Tokens(prompt.to_vec());
		let generation = Generation {
			sampler: Sampler::Greedy,
			max_tokens: tokens as u32,
			ignore_stop: true,
		};
		let (start, mut clock) = (Instant::now(), Clock::default());
		model.run(&input, &generation, &mut clock)?;
		let (first_token, first) = clock.first.ok_or("no token came")?;
		let last = clock.last.ok_or("no token came")?;
		Ok(Run {
			start,
			first,
			last,
			first_token,
		})
	})
}

/// candle's own Llama for GGUF files, in the form that the environment names.
pub(crate) fn run_candle(job: &Job) -> Result<Measured> {
	let loading = Instant::now();
	let device = Device::Cpu;
	let mut file = fs::File::open(&job.model.gguf)?;
	let content = gguf_file::Content::read(&mut file)?;
	let mut model = ModelWeights::from_gguf(content, &mut file, &device)?;
	measure(job, loading, |prompt, tokens| {
		let start = Instant::now();
		let mut next = |tokens: &[u32], position: usize| -> Result<u32> {
			let logits = model.forward(&Tensor::new(tokens, &device)?.unsqueeze(0)?, position)?;
			Ok(logits.flatten_all()?.argmax(0)?.to_scalar()?)
		};
		let first_token = next(prompt, 0)?;
		let first = Instant::now();
		let mut token = first_token;
		for position in prompt.len()..prompt.len() + tokens - 1 {
			token = next(&[token], position)?;
		}
		Ok(Run {
			start,
			first,
			last: Instant::now(),
			first_token,
		})
	})
}
