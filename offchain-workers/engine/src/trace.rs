//! Runs that leave a trace: commitments made on the way, and the execution of a statement laid open again.

use crate::{
	statement,
	witness::{Followers, Hashes, Values, Witness},
	Model, Observer, RunError,
};
use assay_exact::{Generation, Input, Output};
use assay_trace::{boundary::Boundaries, execution::Record, Layout, Statement};

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
		self.retrace(statement, observer, &mut hashes)?;
		Ok(hashes.finish(statement.layout()))
	}

	/// The values behind [`boundaries`](Self::boundaries), with which any step can be shown. They take four bytes for each
	/// element of the residual stream at each row and position, beside the caches.
	pub fn record(&self, statement: &Statement<'_>, observer: &mut dyn Observer) -> Result<Record, RunError> {
		let mut values = Values::new(&self.program);
		self.retrace(statement, observer, &mut values)?;
		Ok(values.finish(statement.layout()))
	}

	/// Shows the cells of a statement to a witness.
	fn retrace(
		&self,
		statement: &Statement<'_>,
		observer: &mut dyn Observer,
		witness: &mut dyn Witness,
	) -> Result<(), RunError> {
		statement::check(&self.program, statement)?;
		// The last token is chosen, not fed.
		let generated = match statement.output {
			Output::Tokens(tokens) => tokens.split_last().map_or(&[][..], |(_, fed)| fed),
			Output::Vector(_) => &[],
		};
		self.feed(statement.input, generated, &mut Followers { observer, witness })
	}
}
