//! What the pallet stores of a channel.

use crate::Config;
use assay_protocol::channel::{ChannelSummary, Terms, LANES};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;

/// The runtime's account identifier.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// What a channel is about.
pub type TermsOf<T> = Terms<AccountIdOf<T>, <T as Config>::Balance>;
/// A channel as clients see it.
pub type ChannelSummaryOf<T> = ChannelSummary<AccountIdOf<T>, <T as Config>::Balance, BlockNumberFor<T>>;

/// A channel.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo, CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound(T: Config))]
pub struct Channel<T: Config> {
	/// What it is about.
	pub terms: TermsOf<T>,
	/// What is left in it.
	pub deposit: T::Balance,
	/// Block in which it was opened.
	pub opened_at: BlockNumberFor<T>,
	/// Block in which it is closed, if its consumer gave notice.
	pub closes_at: Option<BlockNumberFor<T>>,
	/// Block in which it was closed.
	pub closed_at: Option<BlockNumberFor<T>>,
	/// If its worker was shown to have contradicted itself, the earliest block that its statements named.
	pub convicted: Option<BlockNumberFor<T>>,
	/// Its lanes.
	pub lanes: [Lane<BlockNumberFor<T>>; LANES as usize],
	/// Block whose agenda holds it; none if nothing is to come, or if all that were tried were full.
	pub booked_at: Option<BlockNumberFor<T>>,
}

/// A lane of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Lane<BlockNumber> {
	/// Receipts that were settled.
	pub settled: u64,
	/// Block in which it was settled last, or the channel was opened: from then on the operator has worked for what comes next.
	pub since: BlockNumber,
	/// Whether a batch with less than the least fee was settled.
	pub had_small: bool,
}
