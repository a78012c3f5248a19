//! Runs that leave a trace: commitments made on the way, and the execution of a statement laid open again.

use crate::{
	session::{Session, Source},
	statement,
	witness::{Followers, Hashes, Values, Witness},
	Model, Observer, RunError,
};
use assay_exact::{program::Head, sample::choose, Generation, Input, Output};
use assay_trace::{boundary::Boundaries, execution::Record, Layout, Statement};
use rayon::prelude::*;

impl Model {
	/// Runs a job as [`run`](Self::run) does and commits to its execution: the root of the boundaries is the trace that a
	/// worker claims.
	pub fn run_committed(
		&self,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, Boundaries), RunError> {
		let mut hashes = Hashes::new(&self.program);
		let witness = &mut hashes;
		let output = self.execute(input, generation, &mut Followers { observer, witness })?;
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
		Ok((output, hashes.finish(layout)))
	}

	/// What an honest execution of a statement commits to, for its own tokens: they are fed as one prompt, which is as much
	/// faster than generating them as prefill is than decoding. Whether the tokens are the ones that follow from the logits is
	/// not looked at, and neither are the statement's trace and artifact.
	pub fn boundaries(&self, statement: &Statement<'_>, observer: &mut dyn Observer) -> Result<Boundaries, RunError> {
		let mut hashes = Hashes::new(&self.program);
		self.retrace(statement, observer, &mut hashes, |_, _, _| ())?;
		Ok(hashes.finish(statement.layout()))
	}

	/// What an honest execution of a statement commits to and returns, likewise in one prefill. Of a model that generates,
	/// each token is the one that follows from the statement's tokens before it: an output that differs is refuted at the
	/// first difference, by the token found here.
	pub fn audit(
		&self,
		statement: &Statement<'_>,
		observer: &mut dyn Observer,
	) -> Result<(Output, Boundaries), RunError> {
		let (Head::Tokens { logits, .. }, Input::Tokens(prompt)) = (&self.program.head, statement.input) else {
			statement::check(&self.program, statement)?;
			return self.run_committed(statement.input, statement.generation, observer);
		};
		let vocabulary = self.program.registers[usize::from(logits.0)] as usize;
		let sampler = &statement.generation.sampler;
		let mut tokens = Vec::new();
		let choose_each = |session: &mut Session<'_>, chunk: Source<'_>, first: usize| {
			let before = (prompt.len() - 1).saturating_sub(first);
			if before >= chunk.positions() {
				return;
			}
			let (chunk, first) = session.keep_from(before, chunk, first);
			session.head(chunk, first);
			let rows = session.values(*logits).par_chunks_exact(vocabulary).enumerate();
			tokens.par_extend(rows.map(|(index, logits)| choose(sampler, logits, (first + index) as u32)));
		};
		let mut hashes = Hashes::new(&self.program);
		self.retrace(statement, observer, &mut hashes, choose_each)?;
		Ok((Output::Tokens(tokens), hashes.finish(statement.layout())))
	}

	/// The values behind [`boundaries`](Self::boundaries), with which any step can be shown. They take four bytes for each
	/// element of the residual stream at each row and position, beside the caches.
	pub fn record(&self, statement: &Statement<'_>, observer: &mut dyn Observer) -> Result<Record, RunError> {
		let mut values = Values::new(&self.program);
		self.retrace(statement, observer, &mut values, |_, _, _| ())?;
		Ok(values.finish(statement.layout()))
	}

	/// Shows the cells of a statement to a witness, and the session after each chunk to `each`.
	fn retrace(
		&self,
		statement: &Statement<'_>,
		observer: &mut dyn Observer,
		witness: &mut dyn Witness,
		each: impl FnMut(&mut Session<'_>, Source<'_>, usize) + Send,
	) -> Result<(), RunError> {
		statement::check(&self.program, statement)?;
		// The last token is chosen, not fed.
		let generated = match statement.output {
			Output::Tokens(tokens) => tokens.split_last().map_or(&[][..], |(_, fed)| fed),
			Output::Vector(_) => &[],
		};
		self.feed(statement.input, generated, &mut Followers { observer, witness }, each)
	}
}
