//! What is done in a process of its own, so that memory and thread pools are its own.

use crate::{
	common::{settle, shape, Result},
	memory,
	side::{run_assay, run_candle, Phase, Side, CANDLE_F32},
};
use assay_artifact::{gguf, synthetic};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
	env,
	num::NonZeroUsize,
	path::{Path, PathBuf},
	process::{Command, Stdio},
};

/// The first argument of such a process; its task is the second.
const CHILD: &str = "as-child";

/// A model of a shape with random weights.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Model {
	pub(crate) shape: String,
	pub(crate) artifact: PathBuf,
	pub(crate) gguf: PathBuf,
}

impl Model {
	pub(crate) fn of(shape: &str, folder: &Path) -> Self {
		Self {
			shape: shape.into(),
			artifact: folder.join(format!("{shape}.assay")),
			gguf: folder.join(format!("{shape}.gguf")),
		}
	}

	pub(crate) fn exists(&self) -> bool {
		self.artifact.exists() && self.gguf.exists()
	}

	/// How often a phase is run: the shorter, the more often.
	pub(crate) fn runs(&self) -> NonZeroUsize {
		let runs = match self.shape.as_str() {
			"1M" | "15M" => 20,
			"110M" => 10,
			"1.1B" => 3,
			_ => 2,
		};
		NonZeroUsize::new(runs).unwrap_or(NonZeroUsize::MIN)
	}

	/// Writes both files with the same weights. They get their names when they are whole.
	fn make(&self) -> Result<()> {
		let model = synthetic::llama(shape(&self.shape)?, 1)?;
		let unfinished = self.artifact.with_extension("unfinished");
		model.pack(&unfinished, &mut ())?;
		settle(&unfinished, &self.artifact)?;
		gguf::write(&model, &unfinished)?;
		settle(&unfinished, &self.gguf)
	}
}

/// What one side is to run.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Job {
	pub(crate) model: Model,
	pub(crate) side: Side,
	pub(crate) threads: NonZeroUsize,
	pub(crate) phases: Vec<Phase>,
	pub(crate) tokens: NonZeroUsize,
	pub(crate) runs: NonZeroUsize,
}

/// What a process of its own does.
#[derive(Serialize, Deserialize)]
pub(crate) enum Task {
	/// Makes a model.
	Prepare(Model),
	/// Reads memory.
	Read { threads: NonZeroUsize },
	/// Runs a side.
	Side(Job),
}

impl Task {
	/// Does it and prints the result.
	pub(crate) fn perform(self) -> Result<()> {
		let result = match &self {
			Self::Prepare(model) => return model.make(),
			Self::Read { threads } => serde_json::to_string(&memory::read(*threads)?)?,
			Self::Side(job) => serde_json::to_string(&match job.side {
				Side::Assay(tier) => run_assay(job, tier)?,
				Side::CandleF32 | Side::CandleQ8_0 => run_candle(job)?,
				Side::LlamaCppQ8_0 => return Err("llama.cpp has a program of its own".into()),
			})?,
		};
		println!("{result}");
		Ok(())
	}

	fn command(&self) -> Result<Command> {
		let mut command = Command::new(env::current_exe()?);
		command.args([CHILD, &serde_json::to_string(self)?]);
		command.stderr(Stdio::inherit()).env_remove(CANDLE_F32);
		if let Self::Side(job) = self {
			let threads = job.threads.to_string();
			command.env("RAYON_NUM_THREADS", &threads);
			command.env("CANDLE_NUM_THREADS", &threads);
			if job.side == Side::CandleF32 {
				command.env(CANDLE_F32, "1");
			}
		}
		Ok(command)
	}
}

/// The task of this process, if another one gave it one.
pub(crate) fn from_parent() -> Option<Result<Task>> {
	let mut arguments = env::args().skip(1);
	(arguments.next()? == CHILD).then(|| {
		let task = arguments.next().ok_or("no task")?;
		Ok(serde_json::from_str(&task)?)
	})
}

/// Has a process do a task; returns what it printed.
pub(crate) fn start(task: &Task) -> Result<String> {
	let output = task.command()?.output()?;
	if !output.status.success() {
		return Err(format!("the process for it ended with {}", output.status).into());
	}
	Ok(String::from_utf8(output.stdout)?)
}

/// Has a process do a task; reads its result.
pub(crate) fn result<T: DeserializeOwned>(task: &Task) -> Result<T> {
	Ok(serde_json::from_str(&start(task)?)?)
}
