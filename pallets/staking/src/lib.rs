#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonding;
mod earnings;
mod holders;
mod operators;
mod periods;
mod queries;
mod rewards;
mod settled;
mod shares;
mod slashing;
#[cfg(test)]
mod tests;
mod touched;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
mod unbonding;
pub mod weights;

pub use earnings::{Earned, Earnings};
pub use holders::{OperatorFor, PositionFor};
pub use pallet::*;
pub use settled::Settled;
pub use shares::{Points, Shares};
pub use types::{
	AccountIdOf, BalanceOf, Chunk, Commission, CreditOf, Cut, Exposure, Extent, Fresh, IdentityText, Operator,
	OperatorOf, Period, Pool, PoolOf, Position, PositionOf, Reach, Return, ReturnsOf, MAX_CHUNKS, MAX_CUTS,
	MAX_EXPOSURES, MAX_FRESH, MAX_IDENTITY, MAX_RETURNS,
};
pub use weights::WeightInfo;

use alloc::vec::Vec;
use assay_protocol::{
	operator::{Fault, WorkerKey, WorkerSignature},
	stake::StakeBalance,
};
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{Balanced, BalancedHold, Inspect, Mutate, MutateHold},
		OnUnbalanced,
	},
	PalletId,
};
use frame_system::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::{
	traits::{Bounded, UniqueSaturatedInto, Zero},
	Permill,
};
use touched::Touched;
use unbonding::Redelegation;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	/// The storage version this code reads and writes.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	/// Keeps the stake behind operators.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime chooses.
	#[pallet::config]
	pub trait Config: frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>> {
		/// The money stake is made of.
		type Currency: Mutate<Self::AccountId>
			+ Balanced<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>;

		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;

		/// Receives what penalties take.
		type Slashed: OnUnbalanced<CreditOf<Self>>;

		/// The account of this pallet, which keeps rewards until they are claimed, is made of it.
		#[pallet::constant]
		type PotId: Get<PalletId>;

		/// The least bond of its own with which an operator is given work.
		#[pallet::constant]
		type MinBond: Get<BalanceOf<Self>>;

		/// The least that somebody else puts behind an operator, and that may remain of it.
		#[pallet::constant]
		type MinDelegation: Get<BalanceOf<Self>>;

		/// Blocks of a [`Period`]. Stake waits for its end and then for the unbonding period.
		#[pallet::constant]
		type Period: Get<BlockNumberFor<Self>>;

		/// Blocks between the end of the period in which stake asked to leave and the withdrawal: longer than the life of a
		/// job and of any dispute about it.
		#[pallet::constant]
		type UnbondingPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks of a window for which stake has to have been there before it weighs in draws of auditors; none if it weighs
		/// at once.
		#[pallet::constant]
		type SettlingPeriod: Get<BlockNumberFor<Self>>;

		/// Times the own bond of an operator that may be delegated to it, and that counts of what is.
		#[pallet::constant]
		type MaxLeverage: Get<u32>;

		/// Operators at most.
		#[pallet::constant]
		type MaxOperators: Get<u32>;

		/// The share of the stake behind it that an operator's work in flight may be worth.
		#[pallet::constant]
		type CommitmentLimit: Get<Permill>;

		/// The share of its own bond that an operator's work in flight may be worth.
		#[pallet::constant]
		type OwnCommitmentLimit: Get<Permill>;

		/// The most an operator may keep of its pool's rewards.
		#[pallet::constant]
		type MaxCommission: Get<Permill>;

		/// Blocks between the announcement of a higher commission and its effect: long enough to leave.
		#[pallet::constant]
		type CommissionNotice: Get<BlockNumberFor<Self>>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// An operator's bond, or a delegation.
		#[codec(index = 0)]
		Bond,
	}

	/// The operators.
	#[pallet::storage]
	pub type Operators<T: Config> = CountedStorageMap<_, Blake2_128Concat, T::AccountId, OperatorOf<T>>;

	/// The operator each worker key belongs to.
	#[pallet::storage]
	pub type WorkerKeys<T: Config> = StorageMap<_, Blake2_128Concat, WorkerKey, T::AccountId>;

	/// What operators say of themselves.
	#[pallet::storage]
	pub type Identities<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, IdentityText>;

	/// The bonded stake behind each operator.
	#[pallet::storage]
	pub type Pools<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, PoolOf<T>>;

	/// The stake that asked to leave each operator, by period, until the last of it was taken.
	#[pallet::storage]
	pub type Leaving<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, Period, Shares<BalanceOf<T>>, ValueQuery>;

	/// Where the last that a punishment reached back to lies that spared stake of an operator: what asked to leave in periods that had
	/// ended by then is not bonded again.
	#[pallet::storage]
	pub type Spared<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, BlockNumberFor<T>, ValueQuery>;

	/// What each pool shared out in the last periods that brought something, oldest first.
	#[pallet::storage]
	pub type Returns<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ReturnsOf<T>, ValueQuery>;

	/// Whom each operator has sent away and not taken back: first the operator, then the member.
	#[pallet::storage]
	pub type Kicked<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, T::AccountId, ()>;

	/// Each member's stake behind each operator: first the member, then the operator.
	#[pallet::storage]
	pub type Positions<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, T::AccountId, PositionOf<T>>;

	/// Operators at genesis.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Account, worker key and bond of each. The account must own more than the bond.
		pub operators: Vec<(T::AccountId, WorkerKey, BalanceOf<T>)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			// A reward may be smaller than what opens an account.
			let pot = Pallet::<T>::pot();
			if T::Currency::total_balance(&pot).is_zero() {
				if let Err(error) = T::Currency::mint_into(&pot, T::Currency::minimum_balance()) {
					panic!("the pot for rewards cannot be opened at genesis: {error:?}");
				}
			}
			for (account, worker_key, bond) in &self.operators {
				if let Err(error) = Pallet::<T>::do_register(account, worker_key.clone(), *bond) {
					panic!("operator {account:?} cannot be registered at genesis: {error:?}");
				}
			}
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account became an operator.
		OperatorRegistered {
			/// The operator.
			operator: T::AccountId,
			/// Its worker key.
			worker_key: WorkerKey,
			/// Its bond.
			bond: BalanceOf<T>,
		},
		/// An operator took the last of its bond and is no operator any more.
		OperatorLeft {
			/// The former operator.
			operator: T::AccountId,
		},
		/// Stake was added.
		Bonded {
			/// The operator.
			operator: T::AccountId,
			/// Whose stake.
			member: T::AccountId,
			/// What was added.
			amount: BalanceOf<T>,
			/// What the member has bonded behind the operator now.
			stake: BalanceOf<T>,
		},
		/// Stake asked to leave.
		UnbondingStarted {
			/// The operator.
			operator: T::AccountId,
			/// Whose stake.
			member: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
			/// Block from which it may be withdrawn.
			free_from: BlockNumberFor<T>,
		},
		/// Stake that had asked to leave stays.
		Rebonded {
			/// The operator.
			operator: T::AccountId,
			/// Whose stake.
			member: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// Stake that had asked to leave was given back.
		Withdrawn {
			/// The operator.
			operator: T::AccountId,
			/// Whose stake.
			member: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// Stake went to another operator.
		Redelegated {
			/// Whose stake.
			member: T::AccountId,
			/// The old operator.
			from: T::AccountId,
			/// The new operator.
			to: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
			/// Block from which it does not answer for faults of the old operator any more.
			exposed_until: BlockNumberFor<T>,
		},
		/// An operator sent a delegator away.
		Kicked {
			/// The operator.
			operator: T::AccountId,
			/// Whose stake asked to leave by that.
			member: T::AccountId,
		},
		/// An operator takes stake again of somebody it had sent away.
		Readmitted {
			/// The operator.
			operator: T::AccountId,
			/// Who may delegate again.
			member: T::AccountId,
		},
		/// An operator is none any more whose bond had been below the minimum for too long.
		Reaped {
			/// The former operator.
			operator: T::AccountId,
			/// What was left of its bond, and given back.
			amount: BalanceOf<T>,
		},
		/// A member chose who is paid what it earns.
		PayeeSet {
			/// The operator.
			operator: T::AccountId,
			/// The member.
			member: T::AccountId,
			/// Who is paid; the member if nobody.
			payee: Option<T::AccountId>,
		},
		/// An operator takes no new work.
		Chilled {
			/// The operator.
			operator: T::AccountId,
		},
		/// An operator takes work again.
		Unchilled {
			/// The operator.
			operator: T::AccountId,
		},
		/// An operator replaced its worker key.
		WorkerKeyChanged {
			/// The operator.
			operator: T::AccountId,
			/// The key that is free again.
			old: WorkerKey,
			/// The key from now on.
			new: WorkerKey,
		},
		/// An operator chose what it keeps of rewards.
		CommissionSet {
			/// The operator.
			operator: T::AccountId,
			/// The rate.
			rate: Permill,
			/// Block from which it holds.
			from: BlockNumberFor<T>,
		},
		/// An operator said who it is.
		IdentitySet {
			/// The operator.
			operator: T::AccountId,
			/// What it said.
			identity: IdentityText,
		},
		/// Stake was taken for a fault.
		Penalised {
			/// The operator.
			operator: T::AccountId,
			/// What for.
			fault: Fault,
			/// What was taken from all stake behind the operator.
			amount: BalanceOf<T>,
			/// What is left of the bonded stake.
			stake: BalanceOf<T>,
		},
		/// A member paid its part of what slashes have taken from a pool.
		LossSettled {
			/// The operator.
			operator: T::AccountId,
			/// Who paid.
			member: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// An operator and its members earned something.
		Rewarded {
			/// The operator.
			operator: T::AccountId,
			/// What the operator was paid as its commission.
			commission: BalanceOf<T>,
			/// What was shared out among all members, the operator among them.
			shared: BalanceOf<T>,
		},
		/// A member took what it had earned.
		Claimed {
			/// The operator.
			operator: T::AccountId,
			/// Who earned it.
			member: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
			/// Whether it was added to the stake.
			compounded: bool,
		},
		/// A member chose whether rewards are added to its stake.
		CompoundSet {
			/// The operator.
			operator: T::AccountId,
			/// The member.
			member: T::AccountId,
			/// Whether they are.
			compound: bool,
		},
	}

	/// Why a call fails.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is an operator already.
		AlreadyOperator,
		/// The account is not an operator.
		NotOperator,
		/// The bond is below the minimum.
		BondBelowMinimum,
		/// The delegation is below the minimum.
		DelegationBelowMinimum,
		/// What would remain is below the minimum: take less, or all.
		RemainderBelowMinimum,
		/// The amount is zero.
		AmountIsZero,
		/// The worker key belongs to an operator already.
		WorkerKeyInUse,
		/// The proof is not the worker key's signature over this account and this chain.
		BadProofOfPossession,
		/// There are as many operators as there may be.
		TooManyOperators,
		/// The account has no stake behind this operator.
		NoPosition,
		/// Nothing is bonded.
		NothingBonded,
		/// Nothing is unbonding.
		NothingUnbonding,
		/// The unbonding period is not over.
		StillUnbonding,
		/// The stake backs work in flight.
		WorkInFlight,
		/// The operator takes no new work: its own bond is below the minimum or it is chilled.
		NotActive,
		/// The stake behind the operator does not cover more work in flight.
		CommitmentLimitReached,
		/// The operator is chilled.
		Chilled,
		/// The operator is not chilled.
		NotChilled,
		/// An operator's own bond is no delegation.
		OwnBond,
		/// Old and new operator are the same.
		SameOperator,
		/// The stake came from another operator and still answers for that one's faults.
		StillExposed,
		/// Too many redelegations still answer for the faults of old operators.
		TooManyRedelegations,
		/// Too many parts are unbonding.
		TooManyChunks,
		/// Slashes took all of it: members must be settled before anything is added.
		PoolIsEmpty,
		/// Nothing was earned.
		NothingToClaim,
		/// The commission is above the maximum.
		CommissionTooHigh,
		/// The identity is not UTF-8 text.
		IdentityNotText,
		/// As much is delegated to the operator as its own bond carries.
		TooMuchDelegated,
		/// The operator has sent the account away.
		SentAway,
		/// The operator has not sent the account away.
		NotSentAway,
		/// The operator has its bond, or work, or has been without for less than an unbonding period.
		NotIdle,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				!T::MinBond::get().is_zero(),
				"MinBond is zero: operators would risk nothing"
			);
			assert!(
				!T::MinDelegation::get().is_zero(),
				"MinDelegation is zero: positions would cost nothing"
			);
			assert!(
				!T::UnbondingPeriod::get().is_zero(),
				"UnbondingPeriod is zero: stake would leave before faults are known"
			);
			assert!(!T::Period::get().is_zero(), "Period is zero: time would stand still");
			// Stake may be waiting that left in this period and in all that began up to an unbonding period ago.
			let period: u64 = T::Period::get().unique_saturated_into();
			let unbonding: u64 = T::UnbondingPeriod::get().unique_saturated_into();
			assert!(
				unbonding.div_ceil(period) < u64::from(MAX_CHUNKS),
				"Period is too short: stake could be unbonding in more than {MAX_CHUNKS} of them"
			);
			assert!(
				!T::CommitmentLimit::get().is_zero() && !T::OwnCommitmentLimit::get().is_zero(),
				"CommitmentLimit or OwnCommitmentLimit is zero: no operator could be given work"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Bonds `bond` and becomes an operator.
		///
		/// `proof` is the signature of `worker_key` over
		/// [`possession_payload`](assay_protocol::operator::possession_payload).
		#[pallet::call_index(0)]
		pub fn register_operator(
			origin: OriginFor<T>,
			worker_key: WorkerKey,
			proof: WorkerSignature,
			#[pallet::compact] bond: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::ensure_possession(&who, &worker_key, &proof)?;
			Self::do_register(&who, worker_key.clone(), bond)?;
			Self::deposit_event(Event::OperatorRegistered {
				operator: who,
				worker_key,
				bond,
			});
			Ok(())
		}

		/// Adds `amount` to a bond or a delegation.
		#[pallet::call_index(1)]
		pub fn bond_extra(
			origin: OriginFor<T>,
			operator: T::AccountId,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			// An operator that lost its whole bond may bond anew.
			let position = match who == operator {
				true => Touched::<T>::load_or_new(&operator, &who),
				false => Touched::<T>::load(&operator, &who)?,
			};
			Self::do_bond(&operator, position, &who, amount)
		}

		/// Starts to unbond up to `amount` of what is bonded behind `operator`. Of an operator's own bond, less than the
		/// minimum remains only if it is chilled and nothing is in flight.
		#[pallet::call_index(2)]
		pub fn unbond(
			origin: OriginFor<T>,
			operator: T::AccountId,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unbond(&operator, &who, amount)
		}

		/// Bonds again up to `amount` of what is unbonding, last asked first, without what a punishment has spared since it asked to leave.
		#[pallet::call_index(3)]
		pub fn rebond(
			origin: OriginFor<T>,
			operator: T::AccountId,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_rebond(&operator, &who, amount)
		}

		/// Gives back what is free. A chilled operator with nothing left bonded or unbonding is forgotten.
		#[pallet::call_index(4)]
		pub fn withdraw_unbonded(origin: OriginFor<T>, operator: T::AccountId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(&operator, &who)
		}

		/// Replaces the operator's worker key; the old one is free again.
		///
		/// `proof` is as in [`register_operator`](Self::register_operator).
		#[pallet::call_index(5)]
		pub fn set_worker_key(origin: OriginFor<T>, worker_key: WorkerKey, proof: WorkerSignature) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(!WorkerKeys::<T>::contains_key(&worker_key), Error::<T>::WorkerKeyInUse);
			let old = Self::try_mutate_operator(&who, |operator| {
				Self::ensure_possession(&who, &worker_key, &proof)?;
				Ok(core::mem::replace(&mut operator.worker_key, worker_key.clone()))
			})?;
			WorkerKeys::<T>::remove(&old);
			WorkerKeys::<T>::insert(&worker_key, &who);
			Self::deposit_event(Event::WorkerKeyChanged {
				operator: who,
				old,
				new: worker_key,
			});
			Ok(())
		}

		/// Puts `amount` behind an operator that takes work.
		#[pallet::call_index(6)]
		pub fn delegate(
			origin: OriginFor<T>,
			operator: T::AccountId,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(who != operator, Error::<T>::OwnBond);
			let position = Touched::<T>::load_or_new(&operator, &who);
			Self::do_bond(&operator, position, &who, amount)
		}

		/// Moves up to `amount` of a delegation to another operator. Until stake that asks to leave now is free, it answers
		/// for the faults of the old one too, and can neither unbond nor move on.
		#[pallet::call_index(7)]
		pub fn redelegate(
			origin: OriginFor<T>,
			from: T::AccountId,
			to: T::AccountId,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let member = ensure_signed(origin)?;
			Self::do_redelegate(Redelegation {
				member,
				from,
				to,
				amount,
			})
		}

		/// Takes what the stake behind `operator` has earned: into the account, or, after
		/// [`set_compound`](Self::set_compound), into the stake.
		#[pallet::call_index(8)]
		pub fn claim(origin: OriginFor<T>, operator: T::AccountId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(&operator, &who)
		}

		/// Chooses whether rewards are added to the stake behind `operator` whenever they are claimed or settled.
		#[pallet::call_index(9)]
		pub fn set_compound(origin: OriginFor<T>, operator: T::AccountId, compound: bool) -> DispatchResult {
			let member = ensure_signed(origin)?;
			Positions::<T>::try_mutate(&member, &operator, |position| {
				position.as_mut().ok_or(Error::<T>::NoPosition)?.compound = compound;
				Ok::<_, DispatchError>(())
			})?;
			Self::deposit_event(Event::CompoundSet {
				operator,
				member,
				compound,
			});
			Ok(())
		}

		/// Takes what slashes have left to be taken from a member, and compounds its rewards if it chose that. Anybody may
		/// call it for anybody, and pays nothing where there was anything to be taken.
		#[pallet::call_index(10)]
		pub fn settle(
			origin: OriginFor<T>,
			operator: T::AccountId,
			member: T::AccountId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let took = Self::do_settle(&operator, &member)?;
			Ok(if took { Pays::No } else { Pays::Yes }.into())
		}

		/// Chooses what the operator keeps of rewards: less at once, more after a notice if anybody has delegated to it.
		#[pallet::call_index(11)]
		pub fn set_commission(origin: OriginFor<T>, rate: Permill) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			let from = Self::do_set_commission(&operator, rate)?;
			Self::deposit_event(Event::CommissionSet { operator, rate, from });
			Ok(())
		}

		/// Says who the operator is, in a line of text; nothing if it is empty.
		#[pallet::call_index(12)]
		pub fn set_identity(origin: OriginFor<T>, identity: IdentityText) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(Operators::<T>::contains_key(&operator), Error::<T>::NotOperator);
			ensure!(core::str::from_utf8(&identity).is_ok(), Error::<T>::IdentityNotText);
			if identity.is_empty() {
				Identities::<T>::remove(&operator);
			} else {
				Identities::<T>::insert(&operator, &identity);
			}
			Self::deposit_event(Event::IdentitySet { operator, identity });
			Ok(())
		}

		/// Takes no new work and no new delegations.
		#[pallet::call_index(13)]
		pub fn chill(origin: OriginFor<T>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::set_chilled(&operator, true)?;
			Self::deposit_event(Event::Chilled { operator });
			Ok(())
		}

		/// Takes work again.
		#[pallet::call_index(14)]
		pub fn unchill(origin: OriginFor<T>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::set_chilled(&operator, false)?;
			Self::deposit_event(Event::Unchilled { operator });
			Ok(())
		}

		/// Sends a delegator away: all of its stake behind the calling operator starts to unbond, and none comes back before
		/// [`readmit`](Self::readmit).
		#[pallet::call_index(15)]
		pub fn kick(origin: OriginFor<T>, member: T::AccountId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(Operators::<T>::contains_key(&operator), Error::<T>::NotOperator);
			ensure!(member != operator, Error::<T>::OwnBond);
			Self::do_unbond(&operator, &member, Bounded::max_value())?;
			Kicked::<T>::insert(&operator, &member, ());
			Self::deposit_event(Event::Kicked { operator, member });
			Ok(())
		}

		/// Takes stake again of somebody whom the calling operator has sent away.
		#[pallet::call_index(16)]
		pub fn readmit(origin: OriginFor<T>, member: T::AccountId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Kicked::<T>::take(&operator, &member).ok_or(Error::<T>::NotSentAway)?;
			Self::deposit_event(Event::Readmitted { operator, member });
			Ok(())
		}

		/// Makes room for another operator where one has stayed on less than the minimum bond, without work, for an unbonding period. It is
		/// given back what is left. Anybody may call it.
		#[pallet::call_index(17)]
		pub fn reap(origin: OriginFor<T>, operator: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			let amount = Self::do_reap(&operator)?;
			Self::deposit_event(Event::Reaped { operator, amount });
			Ok(())
		}

		/// Chooses who is paid what the stake behind `operator` earns, an operator's commission included: the member itself if nobody. What is
		/// added to the stake is added to the member's.
		#[pallet::call_index(18)]
		pub fn set_payee(origin: OriginFor<T>, operator: T::AccountId, payee: Option<T::AccountId>) -> DispatchResult {
			let member = ensure_signed(origin)?;
			Positions::<T>::try_mutate(&member, &operator, |position| {
				position.as_mut().ok_or(Error::<T>::NoPosition)?.payee = payee.clone();
				Ok::<_, DispatchError>(())
			})?;
			Self::deposit_event(Event::PayeeSet {
				operator,
				member,
				payee,
			});
			Ok(())
		}
	}

	/// What wallets read without knowing the runtime API `StakingApi`.
	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// All positions of an account.
		pub fn positions_of(account: T::AccountId) -> Vec<PositionFor<T>> {
			Self::stake_positions(&account)
		}

		/// What an account has in stake and can spend.
		pub fn balance_of(account: T::AccountId) -> StakeBalance<BalanceOf<T>, BlockNumberFor<T>> {
			Self::stake_balance(&account)
		}

		/// An operator.
		pub fn operator_of(account: T::AccountId) -> Option<OperatorFor<T>> {
			Self::stake_operator(&account)
		}

		/// At most `limit` (capped at 100) operators by the stake behind them, leaving out the first `start`.
		pub fn operators_by_stake(start: u32, limit: u32) -> Vec<OperatorFor<T>> {
			Self::operators_page(start, limit)
		}
	}
}
