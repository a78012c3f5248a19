//! The ways to cheat.

use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A way to cheat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cheat {
	/// One token of the output is another; the trace is the model's on those tokens.
	ChangedToken,
	/// Another model's weights.
	OtherWeights,
	/// Weights of four bits.
	FourBits,
	/// The last layer is skipped.
	SkippedLayer,
	/// Attention sees the last positions only.
	TruncatedCache,
	/// A cheap model generates, and the true model is run once over what it wrote.
	PrefillSpoof,
	/// The right output with a root of nothing.
	WrongRoot,
	/// One element of one embedding is another.
	EmbeddingRow,
	/// Tokens are drawn with another seed than the job's.
	OtherSeed,
	/// A right trace, of another prompt.
	OtherPrompt,
	/// In the dispute, operation roots that do not lead to the claim.
	UnchainedRoots,
	/// In the dispute, nothing is shown.
	Withheld,
	/// In the dispute, garbage is shown.
	Garbage,
	/// In the dispute, the last answer comes too late.
	LateAnswer,
	/// More tokens than the job asked for.
	TooLong,
	/// Fewer tokens than the job asked for, without a stop token.
	TooShort,
	/// More tokens after a stop token.
	IgnoredStop,
	/// A token is changed, behind a cache leaf of a megabyte that no opening has room for.
	JunkCacheLeaf,
	/// One element of one embedding is another; spot-checks are replied to, challenges are not answered.
	SilentUnderChallenge,
	/// The artifact that was registered holds no weights, so that no challenger can run or open anything.
	MalformedWeights,
	/// A right claim that is not defended when it is challenged.
	SelfRefutation,
	/// A right claim, defended: its worker cheats by other means.
	RightClaim,
}

impl Cheat {
	/// Those that whoever runs the job again sees, with nobody else's help.
	pub const ALL: [Self; 18] = [
		Self::ChangedToken,
		Self::OtherWeights,
		Self::FourBits,
		Self::SkippedLayer,
		Self::TruncatedCache,
		Self::PrefillSpoof,
		Self::WrongRoot,
		Self::EmbeddingRow,
		Self::OtherSeed,
		Self::OtherPrompt,
		Self::UnchainedRoots,
		Self::Withheld,
		Self::Garbage,
		Self::LateAnswer,
		Self::TooLong,
		Self::TooShort,
		Self::IgnoredStop,
		Self::JunkCacheLeaf,
	];

	/// Whether the chain refuses the claim itself, so that there is nothing to dispute.
	pub const fn is_refused_at_once(self) -> bool {
		matches!(self, Self::TooLong | Self::TooShort | Self::IgnoredStop)
	}
}

impl fmt::Display for Cheat {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::ChangedToken => "changed-token",
			Self::OtherWeights => "other-weights",
			Self::FourBits => "four-bits",
			Self::SkippedLayer => "skipped-layer",
			Self::TruncatedCache => "truncated-cache",
			Self::PrefillSpoof => "prefill-spoof",
			Self::WrongRoot => "wrong-root",
			Self::EmbeddingRow => "embedding-row",
			Self::OtherSeed => "other-seed",
			Self::OtherPrompt => "other-prompt",
			Self::UnchainedRoots => "unchained-roots",
			Self::Withheld => "withheld",
			Self::Garbage => "garbage",
			Self::LateAnswer => "late-answer",
			Self::TooLong => "too-long",
			Self::TooShort => "too-short",
			Self::IgnoredStop => "ignored-stop",
			Self::JunkCacheLeaf => "junk-cache-leaf",
			Self::SilentUnderChallenge => "silent-under-challenge",
			Self::MalformedWeights => "malformed-weights",
			Self::SelfRefutation => "self-refutation",
			Self::RightClaim => "right-claim",
		})
	}
}

impl Serialize for Cheat {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl FromStr for Cheat {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let known = || Self::ALL.map(|cheat| cheat.to_string()).join(", ");
		let found = Self::ALL.into_iter().find(|cheat| cheat.to_string() == text);
		found.ok_or_else(|| format!("there is no cheat {text}; there are {}", known()))
	}
}
