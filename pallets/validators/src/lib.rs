#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod earnings;
mod election;
mod fees;
mod offences;
mod queries;
mod sessions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

pub use election::Unidentified;
pub use fees::Fees;
pub use pallet::*;
pub use sessions::SessionKeys;
pub use types::{
	AccountIdOf, BalanceOf, Barred, Candidate, CandidateOf, CreditOf, LeaveReason, Offence, OffenceOf, SetStart, Work,
};
pub use weights::WeightInfo;

use alloc::vec::Vec;
use assay_protocol::{
	operator::{Operators, Rewards},
	stake::{PendingSlash, ValidationParameters, ValidatorSummary},
};
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{Balanced, Inspect, Mutate},
		ValidatorRegistration, ValidatorSet,
	},
	PalletId,
};
use frame_system::pallet_prelude::*;
use pallet_session::SessionInterface;
use sp_core::H256;
use sp_runtime::{curve::PiecewiseLinear, traits::Zero, Perbill, Permill};
use sp_staking::SessionIndex;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	/// The storage version this code reads and writes.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	/// Elects, pays and bars validators.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime chooses.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The money that blocks earn.
		type Currency: Mutate<Self::AccountId> + Balanced<Self::AccountId>;

		/// Operators and their stake.
		type Operators: Operators<Self::AccountId, BalanceOf<Self>> + Rewards<Self::AccountId, CreditOf<Self>>;

		/// The validators of the present session, and their session keys.
		type Session: SessionInterface<ValidatorId = Self::AccountId, AccountId = Self::AccountId>
			+ SessionKeys<Self::AccountId>
			+ ValidatorRegistration<Self::AccountId>
			+ ValidatorSet<Self::AccountId>;

		/// Who makes the present block.
		type Author: Get<Option<Self::AccountId>>;

		/// The account of this pallet, which keeps fees until the end of the session, is made of it.
		#[pallet::constant]
		type PotId: Get<PalletId>;

		/// Validators at most.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// An election that would leave the set with fewer than so many, and fewer than it has, is not held. As many have seats whatever
		/// [`SeatShare`](Config::SeatShare) says.
		#[pallet::constant]
		type MinValidators: Get<u32>;

		/// The least bond of its own with which an operator can be a validator.
		#[pallet::constant]
		type MinValidatorBond: Get<BalanceOf<Self>>;

		/// The share of the median stake behind a seat, each seat counted by its stake, that another seat takes.
		#[pallet::constant]
		type SeatShare: Get<Permill>;

		/// Sessions after which a set is announced anew though nothing in it has changed. An offence reaches the stake behind the set as
		/// it was announced.
		#[pallet::constant]
		type SetSessions: Get<SessionIndex>;

		/// Candidates at most: as many as there may be operators.
		#[pallet::constant]
		type MaxCandidates: Get<u32>;

		/// What is issued in a year, as a share of the issuance, by the share of it that stands behind validators.
		type Inflation: Get<&'static PiecewiseLinear<'static>>;

		/// Milliseconds between two blocks.
		type BlockTime: Get<u64>;

		/// The part of a fee that the block's author is given. The rest is burned; tips are the author's.
		#[pallet::constant]
		type AuthorFeeShare: Get<Permill>;

		/// The share of what an offence costs that goes to whoever reports it.
		#[pallet::constant]
		type ReporterShare: Get<Permill>;

		/// Blocks that a validator may be expected to have made, by its part of the set, before it is taken for absent
		/// without any.
		#[pallet::constant]
		type SilenceLimit: Get<u32>;

		/// Sessions in which an offence can still be reported: as long as stake answers for it.
		type ReportableSessions: Get<SessionIndex>;

		/// Sessions, from the one of an offence on, after which it is paid for. Until then it can be cancelled. None if it is paid for when it
		/// is reported.
		type SlashDeferral: Get<SessionIndex>;

		/// Who may cancel what an offence is to cost.
		type SlashCancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// The operators that offer to make blocks.
	#[pallet::storage]
	pub type Candidates<T: Config> = CountedStorageMap<_, Blake2_128Concat, T::AccountId, CandidateOf<T>>;

	/// What validators have done in the present session.
	#[pallet::storage]
	pub type Works<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Work<BalanceOf<T>>, ValueQuery>;

	/// The stake behind the validators that were elected last.
	#[pallet::storage]
	pub type ElectedStake<T: Config> = StorageValue<_, BalanceOf<T>, ValueQuery>;

	/// The validators that were planned last, by account, and a hash of the session keys of each.
	#[pallet::storage]
	pub type PlannedSet<T: Config> = StorageValue<_, BoundedVec<(T::AccountId, H256), T::MaxValidators>, ValueQuery>;

	/// Since when they are.
	#[pallet::storage]
	pub type PlannedSince<T: Config> = StorageValue<_, SetStart<BlockNumberFor<T>>>;

	/// Blocks in which the sets were planned of the sessions in which offences can be reported: what stood behind a validator then answers
	/// for the session.
	#[pallet::storage]
	pub type PlannedAt<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, BlockNumberFor<T>>;

	/// Blocks with which those of them ended that have: what is brought after that does not answer for the session.
	#[pallet::storage]
	pub type EndedAt<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, BlockNumberFor<T>>;

	/// What each offender did in a session, and what of it is paid for.
	#[pallet::storage]
	pub type Offences<T: Config> =
		StorageDoubleMap<_, Twox64Concat, SessionIndex, Blake2_128Concat, T::AccountId, OffenceOf<T>>;

	/// Offenders that may still be in the set.
	#[pallet::storage]
	pub type BarredValidators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Barred>;

	/// Candidates at genesis.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Active operators whose session keys the session's genesis has.
		pub candidates: Vec<T::AccountId>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			// Fees of a block may be smaller than what opens an account.
			let pot = Pallet::<T>::pot();
			if T::Currency::total_balance(&pot).is_zero() {
				if let Err(error) = T::Currency::mint_into(&pot, T::Currency::minimum_balance()) {
					panic!("the pot for fees cannot be opened at genesis: {error:?}");
				}
			}
			for account in &self.candidates {
				if let Err(error) = Pallet::<T>::do_validate(account) {
					panic!("operator {account:?} cannot be a validator at genesis: {error:?}");
				}
			}
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An operator offers to make blocks.
		CandidateJoined {
			/// The operator.
			operator: T::AccountId,
		},
		/// An operator is not elected any more. It may still be in sets that were elected before.
		CandidateLeft {
			/// The operator.
			operator: T::AccountId,
			/// Why.
			reason: LeaveReason,
		},
		/// The validators of a coming session were elected.
		Elected {
			/// The session.
			session: SessionIndex,
			/// How many.
			validators: u32,
			/// The stake behind them.
			stake: BalanceOf<T>,
		},
		/// An election was not held, for too few would have been elected. The validators stay.
		ElectionNotHeld {
			/// The session.
			session: SessionIndex,
			/// How many would have been elected.
			validators: u32,
		},
		/// A validator and those behind it were paid for a session.
		Paid {
			/// The validator.
			validator: T::AccountId,
			/// Blocks it made.
			blocks: u32,
			/// What was issued for them.
			issued: BalanceOf<T>,
			/// Its part of their fees.
			fees: BalanceOf<T>,
		},
		/// A validator signed what it must not.
		Offended {
			/// The validator.
			validator: T::AccountId,
			/// The session in which it did.
			session: SessionIndex,
			/// The share that it is to lose for all it did in that session.
			share: Perbill,
			/// The session with whose start that is taken.
			due: SessionIndex,
		},
		/// An offence was paid for.
		Slashed {
			/// The validator.
			validator: T::AccountId,
			/// The session in which it had offended.
			session: SessionIndex,
			/// The share that was taken by now.
			share: Perbill,
			/// What was taken of all stake behind it this time.
			amount: BalanceOf<T>,
		},
		/// What an offence was to cost was cancelled.
		SlashCancelled {
			/// The validator.
			validator: T::AccountId,
			/// The session in which it had offended.
			session: SessionIndex,
			/// The share that it is not to lose.
			share: Perbill,
		},
		/// An operator gave its session keys back.
		KeysPurged {
			/// The operator.
			operator: T::AccountId,
		},
	}

	/// Why a call fails.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is no operator, its own bond is below the minimum, or it is chilled.
		NotActive,
		/// The account has registered no session keys: call `session.set_keys` first.
		NoSessionKeys,
		/// The operator is a candidate already.
		AlreadyCandidate,
		/// The operator is no candidate.
		NotCandidate,
		/// There are as many candidates as there may be.
		TooManyCandidates,
		/// The operator has offended and is still in a set that was elected before.
		StillBarred,
		/// The operator's own bond is below the least of a validator.
		BondBelowValidators,
		/// The keys are those of a candidate: call `stop_validating` first.
		StillCandidate,
		/// The keys are those of a validator of this session or of one that is planned.
		StillValidator,
		/// There is nothing to cancel.
		NoPendingSlash,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				!T::MaxValidators::get().is_zero(),
				"MaxValidators is zero: nobody could make blocks"
			);
			assert!(
				T::MaxCandidates::get() >= T::MaxValidators::get(),
				"MaxCandidates is below MaxValidators: places would stay empty"
			);
			assert!(
				(1..=T::MaxValidators::get()).contains(&T::MinValidators::get()),
				"MinValidators is zero or above MaxValidators: the set could become empty, or never change"
			);
			assert!(
				!T::SetSessions::get().is_zero(),
				"SetSessions is zero: no set would last a session"
			);
			assert!(
				T::SlashDeferral::get() < T::ReportableSessions::get(),
				"SlashDeferral is not below ReportableSessions: offences would be forgotten before they are paid for"
			);
			assert!(
				!T::SilenceLimit::get().is_zero(),
				"SilenceLimit is zero: validators would be sent away before their first block"
			);
			assert!(
				!T::BlockTime::get().is_zero(),
				"BlockTime is zero: blocks would earn nothing"
			);
			assert!(
				T::ReportableSessions::get() > 1,
				"ReportableSessions is below two: an offence could not be reported in the session after it"
			);
			let ends = <T as Config>::WeightInfo::end_session(T::MaxValidators::get());
			let plans = <T as Config>::WeightInfo::plan_session(T::MaxCandidates::get());
			let slashes = <T as Config>::WeightInfo::apply_slashes(T::MaxValidators::get());
			let block = T::BlockWeights::get().max_block;
			assert!(
				ends.saturating_add(plans).saturating_add(slashes).all_lte(block),
				"the end of a session does not fit into a block: {ends:?}, {plans:?} and {slashes:?} of {block:?}"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Offers to make blocks: from the session after next, if enough stake stands behind the calling operator.
		#[pallet::call_index(0)]
		pub fn validate(origin: OriginFor<T>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_validate(&operator)?;
			Self::deposit_event(Event::CandidateJoined { operator });
			Ok(())
		}

		/// Offers that no more. The operator still makes blocks in the sessions that it was elected for.
		#[pallet::call_index(1)]
		pub fn stop_validating(origin: OriginFor<T>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			ensure!(Candidates::<T>::contains_key(&operator), Error::<T>::NotCandidate);
			Self::remove_candidate(&operator, LeaveReason::Asked);
			Ok(())
		}

		/// Gives the calling operator's session keys back, and their deposit, unless it makes blocks or offers to. The runtime lets nobody
		/// call `session.purge_keys`, which asks no such thing.
		#[pallet::call_index(2)]
		pub fn purge_keys(origin: OriginFor<T>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_purge_keys(&operator)?;
			Self::deposit_event(Event::KeysPurged { operator });
			Ok(())
		}

		/// Cancels what an offence of `session` is to cost. What it has cost already stays taken, and if more is reported of the same
		/// session, the difference is due.
		#[pallet::call_index(3)]
		pub fn cancel_slash(origin: OriginFor<T>, session: SessionIndex, validator: T::AccountId) -> DispatchResult {
			T::SlashCancelOrigin::ensure_origin(origin)?;
			let share = Self::cancel(session, &validator)?;
			Self::deposit_event(Event::SlashCancelled {
				validator,
				session,
				share,
			});
			Ok(())
		}
	}

	/// What wallets read without knowing the runtime API `StakingApi`.
	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The validators of the present session and the candidates, by the stake behind them.
		pub fn validators() -> Vec<ValidatorSummary<T::AccountId, BalanceOf<T>>> {
			Self::validator_summaries()
		}

		/// Whom an election would choose now, with the stake behind each.
		pub fn elected_now() -> Vec<(T::AccountId, BalanceOf<T>)> {
			Self::election()
		}

		/// What offences are to cost that are not paid for, the next due first.
		pub fn slashes() -> Vec<PendingSlash<T::AccountId, BalanceOf<T>>> {
			Self::pending_slashes()
		}

		/// What rules validators, and what blocks earn at present.
		pub fn parameters() -> ValidationParameters<BalanceOf<T>> {
			Self::validation_parameters()
		}
	}
}
