//! An auditor's judgement of a claim.

use assay_exact::Output;
use assay_protocol::dispute::Accusation;
use assay_trace::{boundary::Boundaries, Hash32, Statement};

/// What an auditor makes of a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
	/// It is right; the digest shows that the auditor has all its values.
	Vouch(Hash32),
	/// It is wrong.
	Accuse(Accusation),
}

impl Judgement {
	/// Of a claim, given what running its job again gave, fed the tokens it states: the output, what the execution commits to,
	/// and the auditor's digest of its values.
	pub fn of(statement: &Statement<'_>, output: &Output, boundaries: &Boundaries, digest: Hash32) -> Self {
		if boundaries.root() != statement.trace {
			return Self::Accuse(Accusation::Trace);
		}
		let index = match (output, statement.output) {
			(right, claimed) if right == claimed => return Self::Vouch(digest),
			(Output::Tokens(right), Output::Tokens(claimed)) => {
				right.iter().zip(claimed).position(|(right, claimed)| right != claimed)
			}
			_ => None,
		};
		// Of a vector there is one head.
		let index = u32::try_from(index.unwrap_or(0)).unwrap_or(0);
		let position = statement.layout().first_head.saturating_add(index);
		Self::Accuse(Accusation::Head { position })
	}
}
