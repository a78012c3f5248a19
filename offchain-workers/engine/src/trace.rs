//! Runs that leave a trace: commitments made on the way, and the execution of a statement laid open again.

use crate::{
	batch::Ended,
	cache::Cache,
	opening::Retained,
	session::Session,
	statement,
	witness::{Followers, Hashes, Leaves, Values, Witness},
	Model, Observer, RunError,
};
use assay_exact::{program::Head, sample::choose, Generation, Input, Output};
use assay_trace::{boundary::Boundaries, digest::DigestKey, execution::Record, Hash32, Layout, Statement};
use rayon::prelude::*;
use std::ops::Range;

/// What an honest execution of a statement gives.
#[derive(Clone, Debug)]
pub struct Audited {
	/// The output.
	pub output: Output,
	/// What it commits to.
	pub boundaries: Boundaries,
	/// The auditor's digest of its values.
	pub digest: Hash32,
}

impl Model {
	/// Runs a job as [`run`](Self::run) does and commits to its execution: the root of the boundaries is the trace that a
	/// worker claims.
	pub fn run_committed(
		&self,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, Boundaries), RunError> {
		let (output, retained) = self.run_retained(input, generation, observer)?;
		Ok((output, retained.boundaries))
	}

	/// The same, and what was cached on the way is kept, so that positions of the execution can be opened.
	pub fn run_retained(
		&self,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, Retained), RunError> {
		let kept = (Some(Hashes::new(&self.program)), None);
		let Ended { output, kept, caches } = self.execute(input, generation, kept, observer)?;
		let length = |tokens: &[u32]| tokens.len() as u32;
		let prompt = match input {
			Input::Tokens(tokens) => length(tokens),
			Input::Vector(_) => 1,
		};
		let generated = match &output {
			Output::Tokens(tokens) => length(tokens),
			Output::Vector(_) => 0,
		};
		let layout = Layout::new(&self.program, prompt, generated);
		let boundaries = hashes(kept.0).finish(layout);
		Ok((output, Retained { boundaries, caches }))
	}

	/// What an honest execution of a statement commits to, for its own tokens: they are fed as one prompt, which is as much
	/// faster than generating them as prefill is than decoding. Whether the tokens are the ones that follow from the logits is
	/// not looked at, and neither are the statement's trace and artifact.
	pub fn boundaries(&self, statement: &Statement<'_>, observer: &mut dyn Observer) -> Result<Boundaries, RunError> {
		let mut hashes = Hashes::new(&self.program);
		self.retrace(statement, observer, &mut hashes, |_, _| ())?;
		Ok(hashes.finish(statement.layout()))
	}

	/// What an honest execution of a statement commits to and returns, and an auditor's digest of its values, likewise in one
	/// prefill. Of a model that generates, each token is the one that follows from the statement's tokens before it: an output
	/// that differs is refuted at the first difference, by the token found here.
	pub fn audit(
		&self,
		statement: &Statement<'_>,
		key: DigestKey,
		observer: &mut dyn Observer,
	) -> Result<Audited, RunError> {
		let mut kept = (Some(Hashes::new(&self.program)), Some(Leaves::new(&self.program, key)));
		let output = match (&self.program.head, statement.input) {
			(Head::Tokens { logits, .. }, Input::Tokens(prompt)) => {
				let vocabulary = self.program.registers[usize::from(logits.0)] as usize;
				let sampler = &statement.generation.sampler;
				let mut tokens = Vec::new();
				let choose_each = |session: &mut Session, positions: Range<usize>| {
					let chosen = positions.start.max(prompt.len() - 1)..positions.end;
					if chosen.is_empty() {
						return;
					}
					let kept: Vec<_> = chosen.clone().map(|position| position - positions.start).collect();
					session.keep(&kept);
					session.head(self);
					let rows = session.values(*logits).par_chunks_exact(vocabulary).zip(chosen);
					tokens.par_extend(rows.map(|(logits, position)| choose(sampler, logits, position as u32)));
				};
				self.retrace(statement, observer, &mut kept, choose_each)?;
				Output::Tokens(tokens)
			}
			_ => {
				statement::check(&self.program, statement)?;
				let ended = self.execute(statement.input, statement.generation, kept, observer)?;
				kept = ended.kept;
				ended.output
			}
		};
		let (hashed, leaves) = kept;
		Ok(Audited {
			output,
			boundaries: hashes(hashed).finish(statement.layout()),
			digest: leaves.map(Leaves::finish).unwrap_or_default(),
		})
	}

	/// What [`run_retained`](Self::run_retained) keeps, of an execution that is fed the tokens of a statement.
	pub fn retained(&self, statement: &Statement<'_>, observer: &mut dyn Observer) -> Result<Retained, RunError> {
		let mut hashes = Hashes::new(&self.program);
		let caches = self.retrace(statement, observer, &mut hashes, |_, _| ())?;
		Ok(Retained {
			boundaries: hashes.finish(statement.layout()),
			caches,
		})
	}

	/// The values behind [`boundaries`](Self::boundaries), with which any step can be shown. They take four bytes for each
	/// element of the residual stream at each row and position, beside the caches.
	pub fn record(&self, statement: &Statement<'_>, observer: &mut dyn Observer) -> Result<Record, RunError> {
		let mut values = Values::new(&self.program);
		self.retrace(statement, observer, &mut values, |_, _| ())?;
		Ok(values.finish(statement.layout()))
	}

	/// Shows the cells of a statement to a witness, and the session after each chunk to `each`; returns what was cached.
	fn retrace(
		&self,
		statement: &Statement<'_>,
		observer: &mut dyn Observer,
		witness: &mut dyn Witness,
		each: impl FnMut(&mut Session, Range<usize>) + Send,
	) -> Result<Vec<Cache>, RunError> {
		statement::check(&self.program, statement)?;
		// The last token is chosen, not fed.
		let generated = match statement.output {
			Output::Tokens(tokens) => tokens.split_last().map_or(&[][..], |(_, fed)| fed),
			Output::Vector(_) => &[],
		};
		self.feed(statement.input, generated, &mut Followers { observer, witness }, each)
	}
}

/// What a run that was to commit to its execution has hashed.
fn hashes(kept: Option<Hashes>) -> Hashes {
	kept.unwrap_or_else(|| unreachable!("what is kept of a run is given back"))
}
