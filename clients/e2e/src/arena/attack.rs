//! The attacks there are, and what becomes of them.

use crate::evidence::Evidence;
use assay_adversary::Cheat;
use serde::Serialize;
use std::fmt;

/// An attack, and whether the honest auditor is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attack {
	/// A worker cheats. With the auditor switched on nobody else looks; with it switched off a third party does.
	Work {
		/// How.
		cheat: Cheat,
		/// Whether the auditor is on.
		auditor: bool,
	},
	/// An auditor sends another's digest.
	CopiedDigest,
	/// An auditor vouches without having run anything.
	BlindVote,
	/// So many challengers are wrong about an honest claim.
	WrongChallengers(usize),
}

impl Attack {
	/// All of them; each second worker cheats where the auditor is.
	pub fn all() -> Vec<Self> {
		let works = Cheat::ALL.into_iter().enumerate().map(|(index, cheat)| Self::Work {
			cheat,
			auditor: index % 2 == 0,
		});
		// The attacks of auditors come first: an honest worker without a record is audited for certain.
		[Self::CopiedDigest, Self::BlindVote]
			.into_iter()
			.chain(works)
			.chain([Self::WrongChallengers(1), Self::WrongChallengers(3)])
			.collect()
	}

	/// Those with this name.
	pub fn named(name: &str) -> Vec<Self> {
		let of_cheat = |auditor| name.parse().map(|cheat| Self::Work { cheat, auditor });
		let known = Self::all().into_iter().filter(|attack| attack.name() == name);
		match (of_cheat(true), of_cheat(false)) {
			(Ok(on), Ok(off)) => vec![on, off],
			_ => known.collect(),
		}
	}

	/// Its name.
	pub fn name(&self) -> String {
		match self {
			Self::Work { cheat, .. } => cheat.to_string(),
			Self::CopiedDigest => "copied-digest".into(),
			Self::BlindVote => "blind-vote".into(),
			Self::WrongChallengers(1) => "wrong-challenger".into(),
			Self::WrongChallengers(_) => "stalling-challengers".into(),
		}
	}
}

impl fmt::Display for Attack {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}", self.name())?;
		match self {
			Self::Work { auditor: true, .. } => write!(f, ", auditor on"),
			Self::Work { auditor: false, .. } => write!(f, ", auditor off"),
			_ => Ok(()),
		}
	}
}

/// What became of an attack.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
	/// The attack.
	pub attack: String,
	/// Whether the honest auditor was on.
	pub auditor: bool,
	/// What caught it: the claim was refused, the draw, the audit, a challenge, or the referee in favour of the worker.
	pub caught_by: &'static str,
	/// How it ended.
	pub ruling: String,
	/// What the chain holds of it.
	#[serde(flatten)]
	pub evidence: Evidence,
	/// Who lost.
	pub loser: &'static str,
	/// How much, in smallest units.
	pub lost: String,
	/// What whoever caught it got of that.
	pub rewarded: String,
}
