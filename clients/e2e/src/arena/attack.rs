//! The attacks there are, and what becomes of them.

use crate::evidence::Evidence;
use assay_adversary::Cheat;
use assay_protocol::{DisputeId, JobId};
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
	/// A worker claims the trace of another job, which the auditor has looked at.
	CopiedTrace,
	/// An auditor sends another's digest.
	CopiedDigest,
	/// An auditor vouches without having run anything.
	BlindVote,
	/// So many challengers are wrong about an honest claim.
	WrongChallengers(usize),
	/// A worker has its own right claim struck down, for which an honest auditor has vouched.
	SelfRefutation,
	/// A worker claims many jobs of its own that are worth nothing, and hides a lie among them.
	DustSwarm,
	/// Challengers challenge everything that an honest worker has claimed, while it is slow.
	ChallengeFlood,
	/// A worker has itself challenged, so that its free answers fill blocks.
	AnswerFlood,
	/// All auditors of a lie are silent.
	SilentAuditors,
	/// A worker and its auditors vouch for a lie, and the worker is silent so that nothing is proved.
	Collusion,
	/// A model is registered whose artifact holds no weights.
	MalformedWeights,
	/// A program is registered about which no worker could answer.
	UnanswerableProgram,
	/// An honest operator is given a job that is larger than it can run.
	OversizedJob,
	/// An operator raises its price when a job comes that could pay it.
	RaisedPrice,
	/// An honest worker is away for longer than the clocks of a result and of an answer, and comes back.
	Offline,
	/// A worker's receipt for an answer is a lie; its consumer has it judged.
	WrongReceipt,
	/// A worker says two things of one place of an answer.
	EquivocatingStream,
	/// A worker does not reveal the receipt that is drawn of a thousand.
	WithheldReceipt,
	/// A worker states a thousand times as many units for a receipt that nobody asked for, so that the draw hits that.
	InflatedUnits,
	/// A validator that works claims when its own block would draw what suits it.
	PickedSlot,
	/// A validator that works spreads its claims over a window, and has their draws served when it likes.
	GroundDraw,
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
			.chain([
				Self::CopiedTrace,
				Self::MalformedWeights,
				Self::WrongChallengers(1),
				Self::WrongChallengers(3),
				Self::ChallengeFlood,
				Self::AnswerFlood,
				Self::DustSwarm,
				Self::SilentAuditors,
				Self::SelfRefutation,
				Self::Collusion,
				Self::Offline,
				Self::UnanswerableProgram,
				Self::OversizedJob,
				Self::RaisedPrice,
				Self::WrongReceipt,
				Self::EquivocatingStream,
				Self::WithheldReceipt,
				Self::InflatedUnits,
				Self::PickedSlot,
				Self::GroundDraw,
			])
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

	/// Whether it takes validators that work, and so a network of them.
	pub const fn is_a_validators(self) -> bool {
		matches!(self, Self::PickedSlot | Self::GroundDraw)
	}

	/// Its name.
	pub fn name(&self) -> String {
		match self {
			Self::Work { cheat, .. } => cheat.to_string(),
			Self::CopiedTrace => "copied-trace-root".into(),
			Self::CopiedDigest => "copied-digest".into(),
			Self::BlindVote => "blind-vote".into(),
			Self::WrongChallengers(1) => "wrong-challenger".into(),
			Self::WrongChallengers(_) => "stalling-challengers".into(),
			Self::SelfRefutation => "self-refutation".into(),
			Self::DustSwarm => "dust-swarm".into(),
			Self::ChallengeFlood => "challenge-flood".into(),
			Self::AnswerFlood => "answer-flood".into(),
			Self::SilentAuditors => "silent-auditors".into(),
			Self::Collusion => "collusion".into(),
			Self::MalformedWeights => "malformed-weights".into(),
			Self::UnanswerableProgram => "unanswerable-program".into(),
			Self::OversizedJob => "oversized-job".into(),
			Self::RaisedPrice => "raised-price".into(),
			Self::Offline => "offline-worker".into(),
			Self::WrongReceipt => "wrong-receipt".into(),
			Self::EquivocatingStream => "equivocating-stream".into(),
			Self::WithheldReceipt => "withheld-receipt".into(),
			Self::InflatedUnits => "inflated-units".into(),
			Self::PickedSlot => "picked-slot".into(),
			Self::GroundDraw => "ground-draw".into(),
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

/// What whoever attacks must have lost in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Loss {
	/// More than an ASY, beside the fees of transactions.
	Stake,
	/// Something, beside the fees of transactions.
	Something,
	/// The fees of its transactions and nothing else.
	FeesAlone,
	/// Nobody attacks.
	Nothing,
}

/// An attack that was played, before its money is counted.
#[derive(Clone, Debug)]
pub(super) struct Played {
	/// Whether the honest auditor was on.
	pub(super) auditor: bool,
	/// What caught it.
	pub(super) caught_by: &'static str,
	/// How it ended.
	pub(super) ruling: String,
	/// The jobs it is about.
	pub(super) jobs: Vec<JobId>,
	/// The disputes about their claims.
	pub(super) disputes: Vec<DisputeId>,
	/// Who loses.
	pub(super) loser: &'static str,
	/// All who attack together; everybody else is honest.
	pub(super) attackers: Vec<&'static str>,
	/// What they must have lost.
	pub(super) loss: Loss,
	/// Who is paid for having caught it.
	pub(super) catcher: Option<&'static str>,
	/// What honest parties may have paid beside the fees of their transactions: what they bought, or a penalty that is stated.
	pub(super) stated: Vec<(&'static str, u128)>,
}

/// What became of an attack.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
	/// The attack.
	pub attack: String,
	/// Whether the honest auditor was on.
	pub auditor: bool,
	/// What caught it: the claim was refused, the draw, the audit, a challenge, or the referee in favour of the worker; what
	/// refused it, if the chain did not let it happen.
	pub caught_by: &'static str,
	/// How it ended.
	pub ruling: String,
	/// What the chain holds of it.
	#[serde(flatten)]
	pub evidence: Evidence,
	/// Who lost.
	pub loser: &'static str,
	/// How much, in smallest units, the fees of transactions with it.
	pub lost: String,
	/// What whoever caught it got of that.
	pub rewarded: String,
	/// What everybody else lost.
	pub honest: Vec<Honest>,
	/// What was issued meanwhile for blocks, as the runtime says.
	pub minted: String,
	/// What was burned meanwhile, as the runtime says; the issuance changed by both and by nothing else.
	pub burned: String,
}

/// What somebody lost who attacked nobody, beside the fees of transactions.
#[derive(Clone, Debug, Serialize)]
pub struct Honest {
	/// The account.
	pub account: &'static str,
	/// What it was in all this.
	pub role: &'static str,
	/// What it lost, in smallest units.
	pub lost: String,
	/// What it may lose at most: what it bought, or what is stated for being away.
	pub stated: String,
}
