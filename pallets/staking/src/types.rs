//! What is stored of operators, pools and positions.

use crate::{shares::proportion, Config, Earned, Earnings, Points, Settled, Shares};
use assay_protocol::operator::{FaultCounts, WorkerKey};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{
		fungible::{Credit, Inspect},
		ConstU32,
	},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_runtime::{traits::AtLeast32BitUnsigned, Permill, Rounding};

/// Parts of a position that are unbonding at most. No fewer than there are periods in which stake may have asked to
/// leave and is not free yet, so that nobody is kept from leaving.
pub const MAX_CHUNKS: u32 = 8;
/// Redelegations into a position of which the old operators' faults are still charged, at most.
pub const MAX_EXPOSURES: u32 = 4;
/// Periods of which it is remembered what a pool shared out, at most: of two months at two days each.
pub const MAX_RETURNS: u32 = 32;
/// Slashes of a pool that are remembered, so that who came after a fault pays nothing for it, at most.
pub const MAX_CUTS: u32 = 16;
/// Parts of a position that came at different times and may be spared by a slash, at most.
pub const MAX_FRESH: u32 = 8;
/// Bytes of an operator's identity at most.
pub const MAX_IDENTITY: u32 = 128;

/// An account of this chain.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// An amount of the currency.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// Money that belongs to nobody yet.
pub type CreditOf<T> = Credit<AccountIdOf<T>, <T as Config>::Currency>;
/// An operator of this chain.
pub type OperatorOf<T> = Operator<BalanceOf<T>, BlockNumberFor<T>>;
/// A pool of this chain.
pub type PoolOf<T> = Pool<BalanceOf<T>, BlockNumberFor<T>>;
/// What a pool of this chain shared out.
pub type ReturnsOf<T> = BoundedVec<Return<BalanceOf<T>>, ConstU32<MAX_RETURNS>>;
/// A position of this chain.
pub type PositionOf<T> = Position<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// What an operator says of itself.
pub type IdentityText = BoundedVec<u8, ConstU32<MAX_IDENTITY>>;

/// A stretch of [`Config::Period`] blocks, counted from genesis. Stake that asks to leave in the same one is slashed and
/// set free together.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Default,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Period(pub u32);

/// An operator.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Operator<Balance, BlockNumber> {
	/// Signs its heartbeats and results.
	pub worker_key: WorkerKey,
	/// Value of its work in flight.
	pub committed: Balance,
	/// Taken from the stake behind it so far, for its faults and for those of operators that stake had come from.
	pub penalised: Balance,
	/// Its faults so far.
	pub faults: FaultCounts,
	/// What it keeps of its pool's rewards.
	pub commission: Commission<BlockNumber>,
	/// When it registered.
	pub registered_at: BlockNumber,
}

/// What an operator keeps of the rewards of its pool before they are shared out.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Commission<BlockNumber> {
	/// The rate until `next` takes effect.
	pub rate: Permill,
	/// A higher rate and the block from which it holds.
	pub next: Option<(Permill, BlockNumber)>,
}

impl<BlockNumber: PartialOrd + Copy> Commission<BlockNumber> {
	/// The rate that holds at `now`.
	pub fn at(&self, now: BlockNumber) -> Permill {
		match self.next {
			Some((rate, from)) if now >= from => rate,
			_ => self.rate,
		}
	}
}

/// The stake behind an operator that is bonded, and what it earns. It outlives an operator that leaves until its last
/// member has left too.
#[derive(Clone, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Pool<Balance, BlockNumber> {
	/// Whether the operator takes no new work.
	pub chilled: bool,
	/// The operator's own bond.
	pub own: Balance,
	/// The bonded stake of all its members.
	pub stake: Shares<Balance>,
	/// What of that has been there for a while.
	pub settled: Settled<Balance>,
	/// The same of the operator's own bond.
	pub settled_own: Settled<Balance>,
	/// What its points have earned.
	pub earnings: Earnings,
	/// Since when the operator's own bond has been below the least of an operator.
	pub below_since: Option<BlockNumber>,
	/// The last slashes, oldest first.
	pub cuts: BoundedVec<Cut<Balance, BlockNumber>, ConstU32<MAX_CUTS>>,
	/// Slashes so far.
	pub cut_count: u32,
}

/// What a slash, or several in a row, left of a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Cut<Balance, BlockNumber> {
	/// How many there had been with the last of it.
	pub number: u32,
	/// Block by which the fault was done: who came later is spared. Nobody is if it is not known.
	pub done: Option<BlockNumber>,
	/// The pool before.
	pub before: Shares<Balance>,
	/// Its money afterwards.
	pub after: Balance,
}

impl<Balance: AtLeast32BitUnsigned + Copy, BlockNumber: Copy> Pool<Balance, BlockNumber> {
	/// Takes `amount` from everybody, in proportion, for a fault that was done by a block. Who came later is given its part back when it is
	/// settled; the oldest slashes that are remembered give way, and spare nobody any more.
	pub(crate) fn cut(&mut self, amount: Balance, done: Option<BlockNumber>) {
		let before = self.stake;
		self.stake.cut(amount);
		self.cut_count = self.cut_count.saturating_add(1);
		let number = self.cut_count;
		let after = self.stake.balance;
		match self.cuts.last_mut() {
			// Nobody is spared by either: they take as one.
			Some(last) if last.done.is_none() && done.is_none() => {
				let left = proportion(
					last.after.unique_saturated_into(),
					after.unique_saturated_into(),
					before.balance.unique_saturated_into(),
					Rounding::Down,
				);
				last.after = Balance::unique_saturated_from(left);
				last.number = number;
			}
			_ => {
				if self.cuts.is_full() {
					self.cuts.remove(0);
				}
				// There is room.
				let _ = self.cuts.try_push(Cut {
					number,
					done,
					before,
					after,
				});
			}
		}
	}
}

/// Notes that `shared` was shared out in `period` among `stake`; the oldest note gives way.
pub(crate) fn note_return<Balance: AtLeast32BitUnsigned + Copy>(
	returns: &mut BoundedVec<Return<Balance>, ConstU32<MAX_RETURNS>>,
	period: Period,
	shared: Balance,
	stake: Balance,
) {
	if let Some(last) = returns.last_mut().filter(|last| last.period == period) {
		// All of it was issued.
		last.shared = last.shared.saturating_add(shared);
		last.stake = stake;
		return;
	}
	if returns.is_full() {
		returns.remove(0);
	}
	// There is room.
	let _ = returns.try_push(Return { period, shared, stake });
}

/// What a pool shared out among its members in a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Return<Balance> {
	/// The period.
	pub period: Period,
	/// What was shared out.
	pub shared: Balance,
	/// The bonded stake among which it was, when it last was.
	pub stake: Balance,
}

/// Somebody's stake behind an operator. The money lies under hold in the member's account.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Position<AccountId, Balance, BlockNumber> {
	/// Its part of the pool.
	pub points: Points,
	/// What is held for the points: their worth when last settled.
	pub amount: Balance,
	/// Parts that asked to leave, oldest first.
	pub chunks: BoundedVec<Chunk<Balance>, ConstU32<MAX_CHUNKS>>,
	/// Parts that came from other operators and still answer for their faults.
	pub exposures: BoundedVec<Exposure<AccountId, Balance>, ConstU32<MAX_EXPOSURES>>,
	/// What it earned and did not claim.
	pub earned: Earned<Balance>,
	/// Whether rewards are added to the stake.
	pub compound: bool,
	/// Whom rewards are paid to that are not; the member if nobody.
	pub payee: Option<AccountId>,
	/// Parts of its points that came lately, oldest first: a slash for what was done before spares them.
	pub fresh: BoundedVec<Fresh<BlockNumber>, ConstU32<MAX_FRESH>>,
	/// Slashes of the pool that are settled.
	pub cuts_seen: u32,
}

impl<AccountId, Balance: Default, BlockNumber> Default for Position<AccountId, Balance, BlockNumber> {
	fn default() -> Self {
		Self {
			points: 0,
			amount: Balance::default(),
			chunks: BoundedVec::new(),
			exposures: BoundedVec::new(),
			earned: Earned {
				seen: 0,
				fraction: 0,
				amount: Balance::default(),
			},
			compound: false,
			payee: None,
			fresh: BoundedVec::new(),
			cuts_seen: 0,
		}
	}
}

impl<AccountId, Balance: AtLeast32BitUnsigned + Copy, BlockNumber> Position<AccountId, Balance, BlockNumber> {
	/// What is held for it.
	pub fn held(&self) -> Balance {
		let chunks = self.chunks.iter().map(|chunk| chunk.amount);
		// All of it lies in one account.
		chunks.fold(self.amount, |sum, amount| sum.saturating_add(amount))
	}

	/// Points that other operators' faults can still reach.
	pub fn exposed(&self) -> Points {
		let exposed = self.exposures.iter().map(|exposure| exposure.here);
		exposed.fold(0, |sum: Points, here| sum.saturating_add(here))
	}

	/// Points that are fresh.
	pub fn fresh_points(&self) -> Points {
		let fresh = self.fresh.iter().map(|fresh| fresh.points);
		fresh.fold(0, |sum: Points, points| sum.saturating_add(points))
	}

	/// Notes that points came at a block: with those of the same block, or with the last if no more parts can be told apart.
	pub(crate) fn note_fresh(&mut self, since: BlockNumber, points: Points)
	where
		BlockNumber: PartialEq,
	{
		let part = match self.fresh.iter().position(|part| part.since == since) {
			None if self.fresh.is_full() => self.fresh.last_mut(),
			None => None,
			Some(place) => self.fresh.get_mut(place),
		};
		match part {
			Some(part) => part.points = part.points.saturating_add(points),
			// There is room.
			None => {
				let _ = self.fresh.try_push(Fresh { since, points });
			}
		}
	}

	/// Forgets fresh points of which there are more than points at all, the newest first.
	pub(crate) fn trim_fresh(&mut self) {
		let mut excess = self.fresh_points().saturating_sub(self.points);
		for fresh in self.fresh.iter_mut().rev() {
			let part = fresh.points.min(excess);
			fresh.points = fresh.points.saturating_sub(part);
			excess = excess.saturating_sub(part);
		}
		self.fresh.retain(|fresh| fresh.points > 0);
	}

	/// Whether nothing is bonded or unbonding.
	pub fn is_without_stake(&self) -> bool {
		self.points == 0 && self.amount.is_zero() && self.chunks.is_empty()
	}

	/// Whether there is nothing to remember.
	pub fn is_empty(&self) -> bool {
		self.is_without_stake() && self.exposures.is_empty() && self.earned.amount.is_zero()
	}
}

/// Points of a position that came at a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Fresh<BlockNumber> {
	/// The block; the first if there were several.
	pub since: BlockNumber,
	/// How many.
	pub points: Points,
}

/// Part of a position that asked to leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Chunk<Balance> {
	/// When it asked.
	pub period: Period,
	/// Its part of what asked in the same period.
	pub points: Points,
	/// What is held for it: its worth when last settled.
	pub amount: Balance,
}

/// Part of a position that came from another operator and still answers for that operator's faults.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Exposure<AccountId, Balance> {
	/// The operator it came from.
	pub operator: AccountId,
	/// When it left there.
	pub period: Period,
	/// Its part of what left there in the same period.
	pub points: Points,
	/// The worth of those points when last settled.
	pub amount: Balance,
	/// The points it became here.
	pub here: Points,
}

/// Which stake a punishment reaches of what asked to leave. By default all that is not free.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Reach<BlockNumber> {
	/// Block in which the fault became possible: what asked to leave in a period that had ended before is spared.
	pub since: BlockNumber,
	/// Where another punishment for the same fault began to reach: what it reached, and all that is bonded, is left alone.
	pub reached: Option<BlockNumber>,
	/// Block by which the fault was done: stake that came later is spared. None if that is not known.
	pub done: Option<BlockNumber>,
}

impl<BlockNumber: AtLeast32BitUnsigned + Copy> Reach<BlockNumber> {
	/// All that can be reached from a block on.
	pub fn since(since: BlockNumber) -> Self {
		Self {
			since,
			reached: None,
			done: None,
		}
	}

	/// Whether what asked to leave in a period that ended at this block is reached.
	pub(crate) fn has(&self, end: BlockNumber) -> bool {
		let from = |since: BlockNumber| since.is_zero() || end > since;
		from(self.since) && !self.reached.is_some_and(from)
	}
}

/// How much a slash takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent<Balance> {
	/// So much, or all there is.
	Amount(Balance),
	/// A share of all that can be reached.
	Share(sp_runtime::Perbill),
}
