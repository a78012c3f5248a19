#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{BalanceOf, CreditOf, Operator, OperatorOf};
pub use weights::WeightInfo;

use alloc::vec::Vec;
use assay_protocol::operator::{Fault, WorkerKey, WorkerSignature};
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{Balanced, BalancedHold, Mutate, MutateHold},
		tokens::Precision,
		OnUnbalanced,
	},
};
use frame_system::pallet_prelude::*;
use sp_core::H256;
use sp_runtime::{
	traits::{CheckedAdd, Zero},
	ArithmeticError, Permill,
};

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	/// The storage version this code reads and writes.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	/// Keeps the bonds of operators.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime chooses.
	#[pallet::config]
	pub trait Config: frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>> {
		/// The money bonds are made of.
		type Currency: Mutate<Self::AccountId>
			+ Balanced<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>;

		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;

		/// Receives what penalties take.
		type Slashed: OnUnbalanced<CreditOf<Self>>;

		/// The least bond with which an operator is given work.
		#[pallet::constant]
		type MinBond: Get<BalanceOf<Self>>;

		/// Blocks between the wish to leave and the withdrawal: longer than the life of a job and
		/// of any dispute about it.
		#[pallet::constant]
		type UnbondingPeriod: Get<BlockNumberFor<Self>>;

		/// Operators at most.
		#[pallet::constant]
		type MaxOperators: Get<u32>;

		/// The share of its bond that an operator's work in flight may be worth.
		#[pallet::constant]
		type CommitmentLimit: Get<Permill>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// An operator's bond.
		#[codec(index = 0)]
		Bond,
	}

	/// The operators.
	#[pallet::storage]
	pub type Operators<T: Config> = CountedStorageMap<_, Blake2_128Concat, T::AccountId, OperatorOf<T>>;

	/// The operator each worker key belongs to.
	#[pallet::storage]
	pub type WorkerKeys<T: Config> = StorageMap<_, Blake2_128Concat, WorkerKey, T::AccountId>;

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
		/// An operator added to its bond.
		BondIncreased {
			/// The operator.
			operator: T::AccountId,
			/// What was added.
			amount: BalanceOf<T>,
			/// The bond now.
			bond: BalanceOf<T>,
		},
		/// An operator started to leave.
		UnbondingStarted {
			/// The operator.
			operator: T::AccountId,
			/// Block from which it may withdraw.
			leaves_at: BlockNumberFor<T>,
		},
		/// A leaving operator stays.
		Rebonded {
			/// The operator.
			operator: T::AccountId,
		},
		/// A leaving operator took its bond and is no operator any more.
		BondWithdrawn {
			/// The former operator.
			operator: T::AccountId,
			/// What it took.
			amount: BalanceOf<T>,
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
		/// Stake was taken for a fault.
		Penalised {
			/// The operator.
			operator: T::AccountId,
			/// What for.
			fault: Fault,
			/// What was taken.
			amount: BalanceOf<T>,
			/// What is left of the bond.
			bond: BalanceOf<T>,
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
		/// The amount is zero.
		AmountIsZero,
		/// The worker key belongs to an operator already.
		WorkerKeyInUse,
		/// The proof is not the worker key's signature over this account and this chain.
		BadProofOfPossession,
		/// There are as many operators as there may be.
		TooManyOperators,
		/// The operator is leaving.
		Leaving,
		/// The operator is not leaving.
		NotLeaving,
		/// The unbonding period is not over.
		StillUnbonding,
		/// Part of the bond backs work in flight.
		WorkInFlight,
		/// The operator takes no new work: its bond is below the minimum or it is leaving.
		NotActive,
		/// The bond does not cover more work in flight.
		CommitmentLimitReached,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				!T::MinBond::get().is_zero(),
				"MinBond is zero: operators would risk nothing"
			);
			assert!(
				!T::UnbondingPeriod::get().is_zero(),
				"UnbondingPeriod is zero: bonds would leave before faults are known"
			);
			assert!(
				!T::CommitmentLimit::get().is_zero(),
				"CommitmentLimit is zero: no operator could be given work"
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

		/// Adds `amount` to the operator's bond.
		#[pallet::call_index(1)]
		pub fn bond_extra(origin: OriginFor<T>, #[pallet::compact] amount: BalanceOf<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
			let bond = Self::try_mutate_operator(&who, |operator| {
				ensure!(operator.leaves_at.is_none(), Error::<T>::Leaving);
				T::Currency::hold(&HoldReason::Bond.into(), &who, amount)?;
				operator.bond = operator.bond.checked_add(&amount).ok_or(ArithmeticError::Overflow)?;
				Ok(operator.bond)
			})?;
			Self::deposit_event(Event::BondIncreased {
				operator: who,
				amount,
				bond,
			});
			Ok(())
		}

		/// Starts to leave: no new work, and the bond can be withdrawn after the unbonding period.
		#[pallet::call_index(2)]
		pub fn unbond(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let leaves_at = Self::try_mutate_operator(&who, |operator| {
				ensure!(operator.leaves_at.is_none(), Error::<T>::Leaving);
				let leaves_at = frame_system::Pallet::<T>::block_number()
					.checked_add(&T::UnbondingPeriod::get())
					.ok_or(ArithmeticError::Overflow)?;
				operator.leaves_at = Some(leaves_at);
				Ok(leaves_at)
			})?;
			Self::deposit_event(Event::UnbondingStarted {
				operator: who,
				leaves_at,
			});
			Ok(())
		}

		/// Stops leaving.
		#[pallet::call_index(3)]
		pub fn rebond(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::try_mutate_operator(&who, |operator| {
				ensure!(operator.leaves_at.take().is_some(), Error::<T>::NotLeaving);
				Ok(())
			})?;
			Self::deposit_event(Event::Rebonded { operator: who });
			Ok(())
		}

		/// Gives a leaving operator its bond back and forgets it.
		#[pallet::call_index(4)]
		pub fn withdraw_unbonded(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let operator = Operators::<T>::get(&who).ok_or(Error::<T>::NotOperator)?;
			let leaves_at = operator.leaves_at.ok_or(Error::<T>::NotLeaving)?;
			let now = frame_system::Pallet::<T>::block_number();
			ensure!(now >= leaves_at, Error::<T>::StillUnbonding);
			ensure!(operator.committed.is_zero(), Error::<T>::WorkInFlight);

			let reason = HoldReason::Bond.into();
			let amount = T::Currency::release(&reason, &who, operator.bond, Precision::Exact)?;
			WorkerKeys::<T>::remove(&operator.worker_key);
			Operators::<T>::remove(&who);
			Self::deposit_event(Event::BondWithdrawn { operator: who, amount });
			Ok(())
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
	}
}
