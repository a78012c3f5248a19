//! A program with its weights, ready to run.

use crate::{
	kernel::{Kernels, Tier},
	session::{Session, Source},
	tensors::Tensors,
	witness::Followers,
	LoadError, RunError,
};
use assay_artifact::Artifact;
use assay_exact::{
	evaluate::Weights,
	number::divr,
	program::{Head, Mask, Op, Pooling, Program, Register},
	sample::choose,
	Generation, Input, Instance, JobError, Output, Sampler,
};
use std::num::NonZeroUsize;

/// How to run a model. None of it changes an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
	/// The kernel tier, or none for [`Tier::detect`].
	pub tier: Option<Tier>,
	/// Threads of the model's own pool: the most cores a run occupies.
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

/// Follows a run and may end it.
pub trait Observer: Send {
	/// A token was generated.
	fn on_token(&mut self, _token: u32) {}

	/// Asked before every layer of every chunk of positions; the run ends with [`RunError::Cancelled`].
	fn should_cancel(&mut self) -> bool {
		false
	}
}

/// Neither watches nor ends.
impl Observer for () {}

/// A loaded model. Runs may share it from several threads; they then share its thread pool.
pub struct Model {
	pub(crate) program: Program,
	pub(crate) tensors: Tensors,
	pub(crate) kernels: Kernels,
	pool: rayon::ThreadPool,
	chunk: usize,
}

impl Model {
	/// Loads a model from an artifact, which is not needed afterwards. Its pages leave memory on the way, so that loading
	/// takes little more than the loaded model.
	pub fn load(artifact: &Artifact, options: Options) -> Result<Self, LoadError> {
		let release = |instance: Instance| artifact.release(instance.tensor, instance.layer);
		Self::new(artifact.program(), artifact, options, release)
	}

	/// Loads a program with the rows of any source.
	pub fn from_weights(
		program: &Program,
		weights: &(dyn Weights + Sync),
		options: Options,
	) -> Result<Self, LoadError> {
		Self::new(program, weights, options, |_| ())
	}

	fn new(
		program: &Program,
		weights: &(dyn Weights + Sync),
		options: Options,
		done: impl Fn(Instance) + Send,
	) -> Result<Self, LoadError> {
		program.validate()?;
		let kernels = Kernels::of(options.tier.map_or_else(Tier::detect, Ok)?)?;
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(options.threads.get())
			.thread_name(|index| format!("assay-engine-{index}"))
			.build()?;
		let tensors = pool.install(|| Tensors::load(program, weights, done))?;
		let sees_all = program
			.ops()
			.any(|op| matches!(op, Op::Attention { mask: Mask::Full, .. }));
		let chunk = if sees_all {
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

	/// Threads of the pool.
	pub fn threads(&self) -> usize {
		self.pool.current_num_threads()
	}

	/// Runs a job: the same output, to the bit, as [`assay_exact::evaluate::evaluate`].
	pub fn run(&self, input: &Input, generation: &Generation, observer: &mut dyn Observer) -> Result<Output, RunError> {
		let witness = &mut ();
		self.execute(input, generation, &mut Followers { observer, witness })
	}

	/// Runs a job before followers.
	pub(crate) fn execute(
		&self,
		input: &Input,
		generation: &Generation,
		followers: &mut Followers<'_>,
	) -> Result<Output, RunError> {
		self.program.check_job(input, generation)?;
		self.pool.install(|| match (&self.program.head, input) {
			(Head::Tokens { logits, stop, .. }, Input::Tokens(prompt)) => self
				.generate(prompt, *logits, stop, generation, followers)
				.map(Output::Tokens),
			(Head::Vector { pooling, output, .. }, _) => {
				self.pool(input, *pooling, *output, followers).map(Output::Vector)
			}
			(Head::Tokens { .. }, Input::Vector(_)) => Err(JobError::TokensExpected.into()),
		})
	}

	/// Feeds an input and the tokens after it, which are those of a checked job; `each` gets the session after each chunk.
	pub(crate) fn feed(
		&self,
		input: &Input,
		after: &[u32],
		followers: &mut Followers<'_>,
		each: impl FnMut(&mut Session<'_>, Source<'_>, usize) + Send,
	) -> Result<(), RunError> {
		self.pool.install(|| match input {
			Input::Tokens(prompt) => self.prefill(&[prompt, after].concat(), followers, each).map(drop),
			Input::Vector(values) => Session::new(self).feed(Source::Vector(values), 0, followers),
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
			let visit_chunk = |session: &mut Session<'_>, source: Source<'_>, first: usize| {
				session.head(source, first);
				for (offset, logits) in session.values(*logits).chunks_exact(width).enumerate() {
					visit(first + offset, logits);
				}
			};
			self.prefill(tokens, &mut followers, visit_chunk).map(drop)
		})
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

	/// Feeds the prompt; `each` gets the session after each chunk, the chunk and its first position. Returns the session
	/// with the last chunk and its first position.
	fn prefill<'a>(
		&self,
		prompt: &'a [u32],
		followers: &mut Followers<'_>,
		mut each: impl FnMut(&mut Session<'_>, Source<'_>, usize),
	) -> Result<(Session<'_>, &'a [u32], usize), RunError> {
		let mut session = Session::new(self);
		let (mut last, mut first) = (prompt, 0);
		for (index, chunk) in prompt.chunks(self.chunk).enumerate() {
			(last, first) = (chunk, index * self.chunk);
			let source = Source::Tokens(chunk);
			session.feed(source, first, followers)?;
			each(&mut session, source, first);
		}
		Ok((session, last, first))
	}

	fn generate(
		&self,
		prompt: &[u32],
		logits: Register,
		stop: &[u32],
		generation: &Generation,
		followers: &mut Followers<'_>,
	) -> Result<Vec<u32>, RunError> {
		let (mut session, chunk, first) = self.prefill(prompt, followers, |_, _, _| ())?;
		let (source, mut position) = session.keep_from(chunk.len() - 1, Source::Tokens(chunk), first);
		session.head(source, position);
		let mut tokens = Vec::with_capacity(generation.max_tokens as usize);
		loop {
			let token = choose(&generation.sampler, session.values(logits), position as u32);
			tokens.push(token);
			followers.observer.on_token(token);
			let stopped = stop.contains(&token) && !generation.ignore_stop;
			if stopped || tokens.len() == generation.max_tokens as usize {
				log::debug!(
					"generated {} tokens, cache of {} bytes",
					tokens.len(),
					session.cache_bytes()
				);
				return Ok(tokens);
			}
			position += 1;
			let source = Source::Tokens(std::slice::from_ref(&token));
			session.feed(source, position, followers)?;
			session.head(source, position);
		}
	}

	fn pool(
		&self,
		input: &Input,
		pooling: Pooling,
		output: Register,
		followers: &mut Followers<'_>,
	) -> Result<Vec<i32>, RunError> {
		let width = self.program.registers[0] as usize;
		let mut pooled = Pooled::new(pooling, width);
		let mut session = match input {
			Input::Tokens(tokens) => {
				self.prefill(tokens, followers, |session, _, _| {
					pooled.add(session.values(Register(0)))
				})?
				.0
			}
			Input::Vector(values) => {
				let mut session = Session::new(self);
				session.feed(Source::Vector(values), 0, followers)?;
				pooled.add(session.values(Register(0)));
				session
			}
		};
		session.set_residual(&pooled.finish());
		// A vector head reads neither tokens nor positions.
		session.head(Source::Vector(&[]), 0);
		Ok(session.values(output).to_vec())
	}
}

/// Pooling (3.8) as chunks come.
struct Pooled {
	pooling: Pooling,
	/// The sum of the rows, or the row chosen so far.
	sums: Vec<i64>,
	rows: i64,
}

impl Pooled {
	fn new(pooling: Pooling, width: usize) -> Self {
		Self {
			pooling,
			sums: vec![0; width],
			rows: 0,
		}
	}

	fn add(&mut self, rows: &[i32]) {
		for row in rows.chunks_exact(self.sums.len()) {
			let replaces = match self.pooling {
				Pooling::Mean => false,
				Pooling::First => self.rows == 0,
				Pooling::Last => true,
			};
			for (sum, x) in self.sums.iter_mut().zip(row) {
				match (self.pooling, replaces) {
					(Pooling::Mean, _) => *sum += i64::from(*x),
					(_, true) => *sum = i64::from(*x),
					(_, false) => {}
				}
			}
			self.rows += 1;
		}
	}

	fn finish(&self) -> Vec<i32> {
		let divisor = if self.pooling == Pooling::Mean { self.rows } else { 1 };
		// A mean of 32-bit values is one.
		self.sums.iter().map(|sum| divr(*sum, divisor) as i32).collect()
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
