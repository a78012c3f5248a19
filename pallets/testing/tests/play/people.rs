//! Who is on the stage, and how they do what they should.

use crate::chain::*;
use assay_exact::Output;
use assay_protocol::ModelVersion;
use assay_samples::Noise;
use assay_testing::{right_execution, Cheat};

/// Operators, each a worker of every model and an auditor when there is a seat.
pub(crate) const OPERATORS: [AccountId; 7] = [11, 12, 13, 14, 15, 16, 17];
/// Those of them that lie.
pub(crate) const LIARS: [AccountId; 2] = [15, 16];
/// Challenges what its own run of a job says is wrong, in time.
pub(crate) const WATCHER: AccountId = 21;
/// Challenges whatever it likes, moves as it likes, or not at all.
pub(crate) const QUARRELLER: AccountId = 22;
pub(crate) const CONSUMERS: [AccountId; 2] = [CONSUMER, 2];
pub(crate) const DELEGATORS: [AccountId; 2] = [51, 52];
/// What operators have beside their bonds.
pub(crate) const PURSE: Balance = 100 * STAKE;

/// How an operator does what it is asked, as worker, as auditor, and as an auditor that challenges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
	/// At once.
	Prompt,
	/// In the last block there is.
	Slow,
	/// At once, but for one absence that is shorter than the clock of guilt.
	Away,
	/// Wrong most of the time. It vouches for whatever it is asked about, or challenges it.
	Lying,
	/// Right, when it likes.
	Sulking,
}

impl Manner {
	pub(crate) const fn of(operator: AccountId) -> Self {
		match operator {
			13 => Self::Slow,
			14 => Self::Away,
			15 | 16 => Self::Lying,
			17 => Self::Sulking,
			_ => Self::Prompt,
		}
	}

	/// Whether nobody may ever take anything from it.
	pub(crate) const fn is_faultless(self) -> bool {
		matches!(self, Self::Prompt | Self::Slow)
	}

	/// Whether it says only what is right.
	pub(crate) const fn is_truthful(self) -> bool {
		!matches!(self, Self::Lying)
	}
}

/// How a liar defends a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Defence {
	/// As well as it can.
	Best,
	/// The same, in the last block in which it is taken.
	Late,
	/// The same, until it has answered so often.
	Silent { after: u32 },
	/// With what proves nothing.
	Junk,
}

impl Defence {
	pub(crate) fn any(noise: &mut Noise) -> Self {
		match noise.below(6) {
			0 => Self::Late,
			1 | 2 => Self::Silent {
				after: noise.below(4) as u32,
			},
			3 => Self::Junk,
			_ => Self::Best,
		}
	}
}

/// Some claim of a liar, right once in a while.
pub(crate) fn any_cheat(version: ModelVersion, noise: &mut Noise) -> Cheat {
	let right = right_execution(version);
	let layout = *right.record.layout();
	let row = noise.below(layout.rows.into()) as u16;
	let position = noise.below(layout.positions.into()) as u32;
	let elements = match &right.statement.output {
		Output::Tokens(tokens) => tokens.len(),
		Output::Vector(values) => values.len(),
	};
	match noise.below(12) {
		0 | 1 => Cheat::Honest,
		2 => Cheat::Output(noise.below(elements as u64) as usize),
		3 => Cheat::Residual { row, position },
		4 if layout.has_caches(row) => Cheat::Cache { row, position },
		5 => Cheat::Head,
		6 => Cheat::Root,
		7 if layout.has_caches(row) => Cheat::JunkCache { row, position },
		8 if version == ENCODER => Cheat::Sums {
			row: 1 + noise.below(2) as u16,
		},
		8 if layout.caches => Cheat::SkippedLayer,
		9 | 10 => Cheat::Row { row },
		_ => Cheat::Scattered { seed: noise.next() },
	}
}
