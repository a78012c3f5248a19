//! What the pallet stores of a dispute.

use crate::Config;
use assay_exact::ComputeUnits;
use assay_protocol::{
	dispute::{Accusation, Claims, DisputeSummary, Ruling, Stage},
	Attempt, JobId,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::fungible::Inspect, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_core::H256;

/// The runtime's account identifier.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// An amount of money.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// A dispute as clients see it.
pub type DisputeSummaryOf<T> = DisputeSummary<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// A dispute; what was shown in it is stored apart.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo, CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound(T: Config))]
pub struct Dispute<T: Config> {
	/// The job whose claim is disputed.
	pub job: JobId,
	/// The attempt that made the claim.
	pub attempt: Attempt,
	/// Who challenges.
	pub challenger: T::AccountId,
	/// Whose claim it is.
	pub operator: T::AccountId,
	/// Where the challenge began.
	pub accusation: Accusation,
	/// Whether the challenger is an auditor that was drawn for the claim.
	pub drawn: bool,
	/// Blocks that running the job again takes.
	pub run: BlockNumberFor<T>,
	/// Units of computation that it takes.
	pub units: ComputeUnits,
	/// Held from the challenger while it is open, or what of its stake it stands for if it was drawn.
	pub bond: BalanceOf<T>,
	/// Block in which it was opened.
	pub opened_at: BlockNumberFor<T>,
	/// Block of the last move.
	pub moved_at: BlockNumberFor<T>,
	/// Last block in which the move that is due is in time; of the last one when it is over.
	pub deadline: BlockNumberFor<T>,
	/// Whether the worker is known to be late.
	pub late: bool,
	/// Hash of all that the worker has shown, one part after the other: a move names what it answers.
	pub record: H256,
	/// Where it stands.
	pub status: Status<BlockNumberFor<T>>,
	/// Block whose agenda holds it, from its opening to its pruning; none if all that were tried were full.
	pub booked_at: Option<BlockNumberFor<T>>,
}

impl<T: Config> Dispute<T> {
	/// In whose load the move that is due counts: that of an operator that has to make it. Whoever challenges of its own accord has
	/// chosen to.
	pub(crate) fn laden(&self) -> Option<&T::AccountId> {
		match self.status {
			Status::Open(stage) if stage.is_workers() => Some(&self.operator),
			Status::Open(_) if self.drawn => Some(&self.challenger),
			_ => None,
		}
	}

	/// Last block in which the move that is due is taken: a worker may be late.
	pub fn closes_at(&self) -> BlockNumberFor<T> {
		match self.status {
			Status::Open(stage) if stage.is_workers() => T::Claims::answers_until(self.job, self.deadline),
			_ => self.deadline,
		}
	}
}

/// Where a dispute stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Status<BlockNumber> {
	/// Somebody has to move.
	#[codec(index = 0)]
	Open(Stage),
	/// It was ruled on.
	#[codec(index = 1)]
	Over {
		/// How it ended.
		ruling: Ruling,
		/// Block from which it is forgotten.
		kept_until: BlockNumber,
	},
}

/// A part of what a worker has shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Part {
	/// The listed groups: a vector of hashes.
	#[codec(index = 0)]
	Groups,
	/// The opened cells: [`OpenedCells`](assay_protocol::dispute::OpenedCells).
	#[codec(index = 1)]
	Cells,
	/// What was shown last: a place, a target and an exhibit.
	#[codec(index = 2)]
	Shown,
}

impl Part {
	/// All parts.
	pub const ALL: [Self; 3] = [Self::Groups, Self::Cells, Self::Shown];
}
