#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod heartbeat;
mod offers;
mod queries;
mod registry;
#[cfg(any(test, feature = "runtime-benchmarks"))]
mod sample;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{BalanceOf, HeartbeatOf, Model, ModelOf, OfferOf, OffersOf, ServedBy, Version};
pub use weights::WeightInfo;

use assay_protocol::{
	model::{ModelMetadata, Offer, ProgramBytes, VersionSubmission},
	operator::{Operators, WorkerSignature},
	ModelId, ModelVersion, VersionNumber,
};
use assay_trace::merkle::Hash32;
use frame_support::{
	pallet_prelude::*,
	traits::fungible::{Mutate, MutateHold},
};
use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
use sp_core::H256;
use sp_runtime::{
	traits::{Saturating, Zero},
	transaction_validity::TransactionPriority,
	Permill,
};

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;

	/// The storage version this code reads and writes.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	/// Keeps models, versions and offers.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime chooses. Its transaction extensions must contain [`frame_system::AuthorizeCall`], by which a
	/// heartbeat is accepted.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>> + frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>>
	{
		/// The money of deposits and prices.
		type Currency: Mutate<Self::AccountId> + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The runtime's hold reasons.
		type RuntimeHoldReason: From<HoldReason>;

		/// Who may serve.
		type Operators: Operators<Self::AccountId, BalanceOf<Self>>;

		/// Held for each model and for each version, beside what their bytes cost.
		#[pallet::constant]
		type DepositBase: Get<BalanceOf<Self>>;

		/// Held for each byte that is stored.
		#[pallet::constant]
		type DepositPerByte: Get<BalanceOf<Self>>;

		/// Bytes that an answer about a claim may take, in disputes and in audits: no more than either allows.
		#[pallet::constant]
		type MaxAnswerBytes: Get<u32>;

		/// The largest share of the fees that a publisher may take.
		#[pallet::constant]
		type MaxRoyalty: Get<Permill>;

		/// The least price of a unit: an auditor's share of it pays for running a job again.
		#[pallet::constant]
		type MinPrice: Get<BalanceOf<Self>>;

		/// Versions of a model at most.
		#[pallet::constant]
		type MaxVersions: Get<u32>;

		/// Versions one operator serves at most.
		#[pallet::constant]
		type MaxServed: Get<u32>;

		/// Blocks in which an operator sends one heartbeat.
		#[pallet::constant]
		type HeartbeatPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks an operator's offers stay listed after its last heartbeat: a little over two periods, since between
		/// two heartbeats can be almost two.
		#[pallet::constant]
		type HeartbeatGrace: Get<BlockNumberFor<Self>>;

		/// Where heartbeats stand in the pool.
		#[pallet::constant]
		type HeartbeatPriority: Get<TransactionPriority>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a model and its versions.
		#[codec(index = 0)]
		ModelDeposit,
	}

	/// The number the next model gets.
	#[pallet::storage]
	pub type NextModel<T: Config> = StorageValue<_, ModelId, ValueQuery>;

	/// The models.
	#[pallet::storage]
	pub type Models<T: Config> = StorageMap<_, Blake2_128Concat, ModelId, ModelOf<T>>;

	/// The versions of each model.
	#[pallet::storage]
	pub type Versions<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, ModelId, Twox64Concat, VersionNumber, Version<BalanceOf<T>>>;

	/// The program of each version, encoded and validated.
	#[pallet::storage]
	pub type Programs<T: Config> = StorageMap<_, Blake2_128Concat, ModelVersion, ProgramBytes>;

	/// The jobs of each version that are not over.
	#[pallet::storage]
	pub type RunningJobs<T: Config> = StorageMap<_, Blake2_128Concat, ModelVersion, u32, ValueQuery>;

	/// The offers for each version.
	#[pallet::storage]
	pub type Offers<T: Config> = StorageMap<_, Blake2_128Concat, ModelVersion, OffersOf<T>, ValueQuery>;

	/// The versions each operator has an offer for.
	#[pallet::storage]
	pub type Served<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ServedBy<T>, ValueQuery>;

	/// The block of the last heartbeat of each operator that has an offer.
	#[pallet::storage]
	pub type LastHeartbeat<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, BlockNumberFor<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A model was registered.
		ModelRegistered {
			/// The model.
			model: ModelId,
			/// Who registered it.
			publisher: T::AccountId,
		},
		/// A version was added to a model.
		VersionAdded {
			/// The version.
			version: ModelVersion,
			/// Root of its artifact.
			artifact: Hash32,
		},
		/// A model got other metadata.
		MetadataChanged {
			/// The model.
			model: ModelId,
		},
		/// A version takes no new jobs and offers.
		VersionRetired {
			/// The version.
			version: ModelVersion,
		},
		/// A version is forgotten.
		VersionRemoved {
			/// The version.
			version: ModelVersion,
		},
		/// A model is forgotten, with its last version.
		ModelRemoved {
			/// The model.
			model: ModelId,
		},
		/// An operator serves a version, from now on or at another price or capacity.
		OfferMade {
			/// The version.
			version: ModelVersion,
			/// The operator.
			operator: T::AccountId,
			/// Price of one unit of computation.
			price: BalanceOf<T>,
			/// Jobs it runs at the same time.
			capacity: u16,
			/// Units of computation a second of each.
			speed: u64,
			/// Units of computation of the largest job it takes.
			largest: u64,
		},
		/// An operator does not serve a version any more.
		OfferWithdrawn {
			/// The version.
			version: ModelVersion,
			/// The operator.
			operator: T::AccountId,
		},
		/// An offer was removed that was of no use any more, or that made room for one with more stake behind it.
		OfferPruned {
			/// The version.
			version: ModelVersion,
			/// The operator.
			operator: T::AccountId,
		},
		/// An operator is alive.
		HeartbeatReceived {
			/// The operator.
			operator: T::AccountId,
		},
	}

	/// Why a call fails.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such model.
		UnknownModel,
		/// There is no such version.
		UnknownVersion,
		/// Only the account that registered the model may do this.
		NotPublisher,
		/// The name is empty.
		NameIsEmpty,
		/// A text of the metadata is not UTF-8.
		NotUtf8,
		/// The program does not decode or is not valid.
		InvalidProgram,
		/// The artifact has no bytes.
		ArtifactIsEmpty,
		/// A model on vectors has no tokenizer.
		TokenizerWithoutTokens,
		/// The royalty is above the largest allowed.
		RoyaltyTooHigh,
		/// The model has as many versions as it may have.
		TooManyVersions,
		/// All model numbers are used up.
		ModelNumbersUsedUp,
		/// All version numbers of the model are used up.
		VersionNumbersUsedUp,
		/// The version is retired.
		Retired,
		/// The version is not retired.
		NotRetired,
		/// Jobs of the version are running.
		JobsRunning,
		/// Operators still have offers for the version.
		OffersStanding,
		/// The account is not an active operator.
		NotActiveOperator,
		/// An offer must allow at least one job.
		CapacityIsZero,
		/// An offer must state a speed above zero, and a largest job of at least one unit.
		SpeedIsZero,
		/// The version has as many listed offers as it may have, each with at least as much stake behind its operator.
		TooManyOffers,
		/// The operator serves as many versions as it may.
		ServesTooMany,
		/// There is no such offer.
		NoSuchOffer,
		/// The offer is of use: its operator is active and its version takes jobs or runs some.
		OfferInUse,
		/// A right answer about a claim of this program could be longer than an answer may be: its registers, heads or
		/// layers are too many or too wide for anybody to judge.
		TooLargeToJudge,
		/// The price of a unit is below the least: whoever audits such a job would not be paid for it.
		PriceTooLow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let (period, grace) = (T::HeartbeatPeriod::get(), T::HeartbeatGrace::get());
			assert!(!period.is_zero(), "HeartbeatPeriod is zero");
			assert!(
				grace > period.saturating_mul(2u32.into()),
				"HeartbeatGrace must be more than two of HeartbeatPeriod, or operators that are alive are not listed"
			);
			assert!(
				!T::MaxVersions::get().is_zero(),
				"MaxVersions is zero: no model could be registered"
			);
			assert!(
				!T::MaxServed::get().is_zero(),
				"MaxServed is zero: no offer could be made"
			);
		}

		fn offchain_worker(now: BlockNumberFor<T>) {
			Self::send_heartbeats(now);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a model with its first version and holds the deposit.
		#[pallet::call_index(0)]
		#[pallet::weight(charged::<T>(&version.program, T::WeightInfo::register))]
		pub fn register(origin: OriginFor<T>, metadata: ModelMetadata, version: VersionSubmission) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_register(who, metadata, version)?;
			Ok(())
		}

		/// Adds a version to a model and holds its deposit.
		#[pallet::call_index(1)]
		#[pallet::weight(charged::<T>(&version.program, T::WeightInfo::add_version))]
		pub fn add_version(origin: OriginFor<T>, model: ModelId, version: VersionSubmission) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_add_version(&who, model, version)
		}

		/// Replaces a model's metadata and adjusts its deposit.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_metadata())]
		pub fn set_metadata(origin: OriginFor<T>, model: ModelId, metadata: ModelMetadata) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_metadata(&who, model, metadata)
		}

		/// Refuses new jobs and offers for a version, for ever.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, version: ModelVersion) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire(&who, version)
		}

		/// Forgets a retired version that has no running jobs and no offers, and the model with its last version; frees
		/// the deposit.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, version: ModelVersion) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_remove(&who, version)
		}

		/// Offers to run jobs of a version, or changes the offer: `price` for a unit of computation, `capacity` jobs at
		/// a time, each at `speed` units a second, none of more than `largest` units. The price is [`Config::MinPrice`] at least. A job's deadline follows from the
		/// speed. Counts as a heartbeat, so that the offer is listed at once.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::serve())]
		pub fn serve(
			origin: OriginFor<T>,
			version: ModelVersion,
			#[pallet::compact] price: BalanceOf<T>,
			capacity: u16,
			#[pallet::compact] speed: u64,
			#[pallet::compact] largest: u64,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			let offer = Offer {
				operator,
				price,
				capacity,
				speed,
				largest,
			};
			Self::do_serve(version, offer)
		}

		/// Withdraws the caller's offer for a version. Jobs it has been assigned to remain its own.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::unserve())]
		pub fn unserve(origin: OriginFor<T>, version: ModelVersion) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::drop_offer(version, &who)?;
			Self::deposit_event(Event::OfferWithdrawn { version, operator: who });
			Ok(())
		}

		/// Removes an offer whose operator is not active, or whose version is retired and runs no jobs.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::prune_offer())]
		pub fn prune_offer(origin: OriginFor<T>, version: ModelVersion, operator: T::AccountId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_prune_offer(version, operator)
		}

		/// Keeps an operator's offers listed.
		///
		/// Authorised by the worker key's signature over
		/// [`Heartbeat::signing_payload`](assay_protocol::operator::Heartbeat::signing_payload), once in a period, and
		/// free of fees.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::heartbeat())]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_heartbeat())]
		#[pallet::authorize(Self::authorize_heartbeat)]
		pub fn heartbeat(
			origin: OriginFor<T>,
			heartbeat: HeartbeatOf<T>,
			// Checked by the authorisation.
			_signature: WorkerSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			LastHeartbeat::<T>::insert(&heartbeat.operator, frame_system::Pallet::<T>::block_number());
			Self::deposit_event(Event::HeartbeatReceived {
				operator: heartbeat.operator,
			});
			Ok(())
		}
	}

	/// What a call that carries a program is charged, for whoever submits it does not say whether it will be `accepted`.
	fn charged<T: Config>(program: &ProgramBytes, accepted: fn(u32) -> Weight) -> Weight {
		let bytes = u32::try_from(program.len()).unwrap_or(u32::MAX);
		accepted(bytes).max(T::WeightInfo::refuse_program(bytes))
	}
}
