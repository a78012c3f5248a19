//! Referenda as those see them who vote.

use alloc::{string::String, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_runtime::{Perbill, Permill};

/// The pallet of the runtime whose origins referenda act as, beside root.
const ORIGINS: u8 = 34;

/// As whom a referendum acts, and so the track on which it is decided. In SCALE it is what a call to submit a referendum takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
	/// May call anything.
	Root,
	/// Dispatches, as root, a call that the technical committee has whitelisted.
	WhitelistedCaller,
	/// Sets parameters, the members of the technical committee and registrars.
	GeneralAdmin,
	/// Spends any amount of the treasury.
	Treasurer,
	/// Spends a little of the treasury.
	SmallSpender,
	/// Cancels slashes of validators that are not yet applied.
	SlashCanceller,
	/// Cancels a referendum and returns its deposits.
	ReferendumCanceller,
	/// Cancels a referendum and takes its deposits.
	ReferendumKiller,
}

impl Track {
	/// All tracks, in the order of their numbers.
	pub const ALL: [Self; 8] = [
		Self::Root,
		Self::WhitelistedCaller,
		Self::GeneralAdmin,
		Self::Treasurer,
		Self::SmallSpender,
		Self::SlashCanceller,
		Self::ReferendumCanceller,
		Self::ReferendumKiller,
	];

	/// Its number.
	pub fn number(self) -> u16 {
		self as u16
	}

	/// What the chain calls it.
	pub fn name(self) -> &'static str {
		match self {
			Self::Root => "root",
			Self::WhitelistedCaller => "whitelisted_caller",
			Self::GeneralAdmin => "general_admin",
			Self::Treasurer => "treasurer",
			Self::SmallSpender => "small_spender",
			Self::SlashCanceller => "slash_canceller",
			Self::ReferendumCanceller => "referendum_canceller",
			Self::ReferendumKiller => "referendum_killer",
		}
	}
}

impl Encode for Track {
	fn encode(&self) -> Vec<u8> {
		match self {
			// The origin `Root` of the pallet `System`.
			Self::Root => [0u8, 0].to_vec(),
			// The numbers of the others begin at one, their variants at zero.
			other => [ORIGINS, (*other as u8).saturating_sub(1)].to_vec(),
		}
	}
}

/// What it takes to decide on a track.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct TrackTerms<Balance, BlockNumber> {
	/// Its number.
	pub number: u16,
	/// Its name.
	pub name: String,
	/// How many of its referenda are decided at once.
	pub max_deciding: u32,
	/// What has to be deposited before one is decided.
	pub decision_deposit: Balance,
	/// Blocks before one is decided.
	pub prepare_period: BlockNumber,
	/// Blocks in which it has to pass.
	pub decision_period: BlockNumber,
	/// Blocks for which it then has to stay above its thresholds.
	pub confirm_period: BlockNumber,
	/// Blocks at least between its approval and what it does.
	pub min_enactment_period: BlockNumber,
}

/// What a referendum would do.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct Proposal {
	/// The hash of its call.
	pub hash: H256,
	/// The call, where it is known and is one.
	pub call: Option<ProposedCall>,
}

/// A call that a referendum would make.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ProposedCall {
	/// Its pallet.
	pub pallet: String,
	/// Its name.
	pub name: String,
	/// The whole call in SCALE, as far as it is not longer than [`MAX_SHOWN_CALL`].
	pub encoded: Vec<u8>,
}

/// Bytes of a call that are shown at most.
pub const MAX_SHOWN_CALL: usize = 1_024;

/// How far a referendum is.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub enum Stage<BlockNumber> {
	/// It may be decided from this block on, if its decision deposit is there.
	Preparing {
		/// The block.
		until: BlockNumber,
	},
	/// Nobody has put up its decision deposit.
	WithoutDeposit {
		/// The block after which anybody may end it.
		until: BlockNumber,
	},
	/// Others of its track are decided first.
	Queued,
	/// It fails unless it is above its thresholds by this block.
	Deciding {
		/// The block.
		until: BlockNumber,
	},
	/// It passes if it stays above its thresholds up to this block.
	Confirming {
		/// The block.
		until: BlockNumber,
	},
}

/// A referendum that is voted on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct OngoingReferendum<AccountId, Balance, BlockNumber> {
	/// The number of its track.
	pub track: u16,
	/// Who submitted it.
	pub proposer: AccountId,
	/// What it would do.
	pub proposal: Proposal,
	/// How far it is.
	pub stage: Stage<BlockNumber>,
	/// Votes for it, weighted by conviction.
	pub ayes: Balance,
	/// Votes against it, weighted by conviction.
	pub nays: Balance,
	/// ASY that votes for it or abstains, unweighted.
	pub support: Balance,
	/// The share of the votes that is aye.
	pub approval: Perbill,
	/// The share that has to be at this block.
	pub approval_needed: Perbill,
	/// The share of all ASY that supports it.
	pub supported: Perbill,
	/// The share that has to at this block.
	pub support_needed: Perbill,
}

/// What became of a referendum.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub enum ReferendumState<AccountId, Balance, BlockNumber> {
	/// It is voted on.
	Ongoing(OngoingReferendum<AccountId, Balance, BlockNumber>),
	/// It passed at this block.
	Approved(BlockNumber),
	/// It failed at this block.
	Rejected(BlockNumber),
	/// It was cancelled at this block.
	Cancelled(BlockNumber),
	/// It was never decided, and ended at this block.
	TimedOut(BlockNumber),
	/// It was cancelled at this block and its deposits taken.
	Killed(BlockNumber),
}

/// A referendum.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct Referendum<AccountId, Balance, BlockNumber> {
	/// Its number.
	pub index: u32,
	/// What became of it.
	pub state: ReferendumState<AccountId, Balance, BlockNumber>,
}

/// For how long a vote locks what it is cast with, if its side wins, and how much more it weighs for that. In SCALE it is the chain's.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Conviction {
	/// Not at all, for a tenth of a vote.
	None,
	/// One period, for one vote.
	Locked1x,
	/// Two periods, for two.
	Locked2x,
	/// Four periods, for three.
	Locked3x,
	/// Eight periods, for four.
	Locked4x,
	/// Sixteen periods, for five.
	Locked5x,
	/// Thirty-two periods, for six.
	Locked6x,
}

/// A vote that an account has cast.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct CastVote<Balance> {
	/// The referendum.
	pub index: u32,
	/// What votes aye.
	pub aye: Balance,
	/// What votes nay.
	pub nay: Balance,
	/// What abstains.
	pub abstain: Balance,
	/// Its conviction, where it has one.
	pub conviction: Option<Conviction>,
}

/// Votes that an account has lent to another on a track.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct LentVotes<AccountId, Balance> {
	/// The number of the track.
	pub track: u16,
	/// To whom.
	pub to: AccountId,
	/// How much.
	pub amount: Balance,
	/// With which conviction.
	pub conviction: Conviction,
}

/// How an account votes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct VotingSummary<AccountId, Balance> {
	/// What it can vote with: all it has, stake included.
	pub votes_with: Balance,
	/// What its votes lock of that: it can be held and slashed, but not spent.
	pub locked: Balance,
	/// What it has cast.
	pub cast: Vec<CastVote<Balance>>,
	/// What it has lent.
	pub lent: Vec<LentVotes<AccountId, Balance>>,
}

/// A constant that referenda of the general admin may change.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ParameterSummary<Balance> {
	/// Its name, as `staking.min_bond`.
	pub name: String,
	/// What it is.
	pub value: ParameterValue<Balance>,
	/// Its numbers in the call that sets it.
	pub key: [u8; 2],
}

/// What a parameter is, and the bounds within which it takes effect.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub enum ParameterValue<Balance> {
	/// An amount of money.
	Amount {
		/// At present.
		now: Balance,
		/// At least.
		least: Balance,
		/// At most.
		most: Balance,
	},
	/// A share.
	Share {
		/// At present.
		now: Permill,
		/// At most.
		most: Permill,
	},
}
