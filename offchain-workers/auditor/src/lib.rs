#![doc = include_str!("../README.md")]

#[cfg(test)]
mod tests;

use assay_engine::{Model, Observer, RunError};
use assay_exact::Output;
use assay_protocol::dispute::Accusation;
use assay_trace::{digest::DigestKey, Hash32, Statement};

/// What an auditor makes of a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
	/// It is right; the digest shows that the auditor has all its values.
	Vouch(Hash32),
	/// It is wrong.
	Accuse(Accusation),
}

/// Runs the job of a claim again. The model is that of the claimed version, and the statement fits it.
pub fn examine(
	model: &Model,
	statement: &Statement<'_>,
	key: DigestKey,
	observer: &mut dyn Observer,
) -> Result<Judgement, RunError> {
	let audited = model.audit(statement, key, observer)?;
	if audited.boundaries.root() != statement.trace {
		return Ok(Judgement::Accuse(Accusation::Trace));
	}
	let index = match (&audited.output, statement.output) {
		(right, claimed) if right == claimed => return Ok(Judgement::Vouch(audited.digest)),
		(Output::Tokens(right), Output::Tokens(claimed)) => {
			right.iter().zip(claimed).position(|(right, claimed)| right != claimed)
		}
		_ => None,
	};
	// Of a vector there is one head.
	let index = u32::try_from(index.unwrap_or(0)).unwrap_or(0);
	let position = statement.layout().first_head.saturating_add(index);
	Ok(Judgement::Accuse(Accusation::Head { position }))
}
