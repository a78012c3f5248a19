//! A program with its weights, ready to run.

use crate::{
	batch::{Ended, Job},
	cache::Cache,
	kernel::{Kernels, Tier},
	queue::Queue,
	session::{caches, Part, Session, Source},
	tensors::Tensors,
	witness::{Followers, Kept},
	LoadError, RunError,
};
use assay_artifact::Artifact;
use assay_exact::{
	evaluate::Weights,
	program::{Head, Mask, Op, Program},
	Generation, Input, Instance, JobError, Output, Sampler,
};
use std::{num::NonZeroUsize, ops::Range, sync::Arc};

/// How to run a model. None of it changes an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
	/// The kernel tier, or none for [`Tier::detect`].
	pub tier: Option<Tier>,
	/// Threads of the model: the most cores that its runs occupy.
	pub threads: NonZeroUsize,
	/// Prompt positions that go through the layers together.
	pub chunk: NonZeroUsize,
}

impl Default for Options {
	/// The fastest tier, all cores, 64 positions.
	fn default() -> Self {
		let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
		Self {
			tier: None,
			threads,
			chunk: const { NonZeroUsize::new(64).unwrap() },
		}
	}
}

/// Threads that models share: together they occupy no more cores than there are threads.
#[derive(Clone)]
pub struct Threads(Arc<rayon::ThreadPool>);

impl Threads {
	/// Starts so many.
	pub fn start(count: NonZeroUsize) -> Result<Self, LoadError> {
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(count.get())
			.thread_name(|index| format!("assay-engine-{index}"))
			.build()?;
		Ok(Self(Arc::new(pool)))
	}

	pub(crate) fn install<R: Send>(&self, run: impl FnOnce() -> R + Send) -> R {
		self.0.install(run)
	}

	/// How many there are.
	pub fn count(&self) -> usize {
		self.0.current_num_threads()
	}
}

/// Follows a run and may end it.
pub trait Observer: Send {
	/// A token was generated.
	fn on_token(&mut self, _token: u32) {}

	/// Asked before every layer of every chunk of positions; the run ends with [`RunError::Cancelled`].
	fn should_cancel(&mut self) -> bool {
		false
	}

	/// Asked as often; a run that generates then ends with the tokens that it has, or with its first, as if it had been asked for no
	/// more. Any other goes on.
	fn should_stop(&mut self) -> bool {
		false
	}
}

/// Neither watches nor ends.
impl Observer for () {}

/// A loaded model. Runs may share it from several threads: they then share its thread pool, and the passes over its weights.
pub struct Model {
	pub(crate) program: Program,
	pub(crate) tensors: Tensors,
	pub(crate) kernels: Kernels,
	pub(crate) pool: Threads,
	pub(crate) chunk: usize,
	/// Whether an input has to go through as one chunk.
	pub(crate) whole: bool,
	queue: Queue,
}

impl Model {
	/// Loads a model from an artifact, which is not needed afterwards. Its pages leave memory on the way, so that loading
	/// takes little more than the loaded model.
	pub fn load(artifact: &Artifact, options: Options) -> Result<Self, LoadError> {
		Self::load_on(artifact, options, &Threads::start(options.threads)?)
	}

	/// The same on threads that it shares with other models; the number in the options does not count.
	pub fn load_on(artifact: &Artifact, options: Options, threads: &Threads) -> Result<Self, LoadError> {
		let release = |instance: Instance| artifact.release(instance.tensor, instance.layer);
		Self::new(artifact.program(), artifact, options, threads, release)
	}

	/// Loads a program with the rows of any source.
	pub fn from_weights(
		program: &Program,
		weights: &(dyn Weights + Sync),
		options: Options,
	) -> Result<Self, LoadError> {
		Self::new(program, weights, options, &Threads::start(options.threads)?, |_| ())
	}

	fn new(
		program: &Program,
		weights: &(dyn Weights + Sync),
		options: Options,
		threads: &Threads,
		done: impl Fn(Instance) + Send,
	) -> Result<Self, LoadError> {
		program.validate()?;
		let kernels = Kernels::of(options.tier.map_or_else(Tier::detect, Ok)?)?;
		let pool = threads.clone();
		let tensors = pool.install(|| Tensors::load(program, weights, done))?;
		let whole = program
			.ops()
			.any(|op| matches!(op, Op::Attention { mask: Mask::Full, .. }));
		let chunk = if whole {
			program.positions as usize
		} else {
			options.chunk.get()
		};
		Ok(Self {
			program: program.clone(),
			tensors,
			kernels,
			pool,
			chunk,
			whole,
			queue: Queue::default(),
		})
	}

	/// The program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// The kernels in use.
	pub fn tier(&self) -> Tier {
		self.kernels.tier()
	}

	/// Threads that it runs on.
	pub fn threads(&self) -> usize {
		self.pool.count()
	}

	/// Runs a job: the same output, to the bit, as [`assay_exact::evaluate::evaluate`].
	pub fn run(&self, input: &Input, generation: &Generation, observer: &mut dyn Observer) -> Result<Output, RunError> {
		self.execute(input, generation, Kept::default(), observer)
			.map(|ended| ended.output)
	}

	/// Runs a job, beside others that come at the same time, and keeps what is wanted of it.
	pub(crate) fn execute(
		&self,
		input: &Input,
		generation: &Generation,
		kept: Kept,
		observer: &mut dyn Observer,
	) -> Result<Ended, RunError> {
		self.program.check_job(input, generation)?;
		self.queue.run(self, Job::new(self, input, generation, kept), observer)
	}

	/// Feeds an input and the tokens after it, which are those of a checked job, and returns what was cached; `each` gets the
	/// session after each chunk.
	pub(crate) fn feed(
		&self,
		input: &Input,
		after: &[u32],
		followers: &mut Followers<'_>,
		each: impl FnMut(&mut Session, Range<usize>) + Send,
	) -> Result<Vec<Cache>, RunError> {
		self.pool.install(|| match input {
			Input::Tokens(prompt) => self.prefill(&[prompt, after].concat(), followers, each),
			Input::Vector(values) => {
				let mut caches = caches(&self.program);
				let part = Part {
					source: Source::Vector(values),
					first: 0,
					caches: &mut caches,
					followers: followers.again(),
				};
				Session::new(&self.program).feed(self, &mut [part], &mut || ())?;
				Ok(caches)
			}
		})
	}

	/// The logits that follow each of the tokens, given those before it: `visit` gets each position and its vector of
	/// 16.16 values, in order. As in a job, a position must be left for the next token.
	pub fn logits(
		&self,
		tokens: &[u32],
		observer: &mut dyn Observer,
		mut visit: impl FnMut(usize, &[i32]) + Send,
	) -> Result<(), RunError> {
		let Head::Tokens { logits, .. } = &self.program.head else {
			return Err(RunError::NoTokens);
		};
		let next = Generation {
			sampler: Sampler::Greedy,
			max_tokens: 1,
			ignore_stop: true,
		};
		self.program.check_job(&Input::Tokens(tokens.to_vec()), &next)?;
		let width = self.program.registers[usize::from(logits.0)] as usize;
		let witness = &mut ();
		let mut followers = Followers { observer, witness };
		self.pool.install(|| {
			self.prefill(tokens, &mut followers, |session, positions| {
				session.head(self);
				for (position, logits) in positions.zip(session.values(*logits).chunks_exact(width)) {
					visit(position, logits);
				}
			})
		})?;
		Ok(())
	}

	/// The natural logarithm of the probability of each token but the first, given those before it.
	pub fn score(&self, tokens: &[u32], observer: &mut dyn Observer) -> Result<Vec<f64>, RunError> {
		if matches!(self.program.head, Head::Vector { .. }) {
			return Err(RunError::NoTokens);
		}
		let Some((&last, fed)) = tokens.split_last() else {
			return Err(JobError::EmptyPrompt.into());
		};
		let vocabulary = self.program.vocabulary().unwrap_or(0);
		if last >= vocabulary {
			return Err(JobError::Token {
				index: fed.len() as u32,
				token: last,
				vocabulary,
			}
			.into());
		}
		let mut scores = Vec::with_capacity(fed.len());
		if !fed.is_empty() {
			let real = |logit| f64::from(logit) / 65536.0;
			self.logits(fed, observer, |position, logits| {
				scores.push(log_probability(logits, tokens[position + 1], real));
			})?;
		}
		Ok(scores)
	}

	/// Feeds the tokens of one run and returns what was cached; `each` gets the session after each chunk and the positions of
	/// the chunk.
	fn prefill(
		&self,
		tokens: &[u32],
		followers: &mut Followers<'_>,
		mut each: impl FnMut(&mut Session, Range<usize>),
	) -> Result<Vec<Cache>, RunError> {
		let (mut session, mut caches) = (Session::new(&self.program), caches(&self.program));
		for (index, chunk) in tokens.chunks(self.chunk).enumerate() {
			let first = index * self.chunk;
			let part = Part {
				source: Source::Tokens(chunk),
				first,
				caches: &mut caches,
				followers: followers.again(),
			};
			session.feed(self, &mut [part], &mut || ())?;
			each(&mut session, first..first + chunk.len());
		}
		Ok(caches)
	}
}

/// ln softmax(logits)[token], in float: scores leave the profile.
pub(crate) fn log_probability<T: Copy>(logits: &[T], token: u32, real: impl Fn(T) -> f64) -> f64 {
	let largest = logits
		.iter()
		.map(|logit| real(*logit))
		.fold(f64::NEG_INFINITY, f64::max);
	let total: f64 = logits.iter().map(|logit| (real(*logit) - largest).exp()).sum();
	real(logits[token as usize]) - largest - total.ln()
}
