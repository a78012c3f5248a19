#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod life;
#[cfg(test)]
mod mock;
mod queries;
mod receipts;
mod settlement;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use settlement::LONGEVITY;
pub use types::{AccountIdOf, Channel, ChannelSummaryOf, Lane, TermsOf};
pub use weights::WeightInfo;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use assay_protocol::{
		channel::{Batches, ChannelKey, Contradiction, Endpoint, Revealed, SignedSettlement},
		model::Models,
		operator::{Operators, WorkerKey, WorkerSignature},
		ChannelId, JobId, ModelVersion,
	};
	use frame_support::{pallet_prelude::*, traits::tokens::Balance, weights::WeightMeter};
	use frame_system::{ensure_authorized, pallet_prelude::*};
	use sp_core::H256;
	use sp_runtime::{
		traits::{One, Zero},
		Permill,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Holds the channels.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = H256, Nonce: Into<u64>> {
		/// An amount of money.
		type Balance: Balance;

		/// Operators and their stake.
		type Operators: Operators<Self::AccountId, Self::Balance>;

		/// Model versions and the offers for them.
		type Models: Models<Self::AccountId, Self::Balance>;

		/// Makes jobs of batches and receipts, and holds what is in channels.
		type Batches: Batches<Self::AccountId, Self::Balance, BlockNumberFor<Self>>;

		/// The least that a channel is opened with.
		#[pallet::constant]
		type MinDeposit: Get<Self::Balance>;

		/// The least fee that a voucher is settled for. What is less is settled once in each lane, when the channel is about to end.
		#[pallet::constant]
		type MinBatchFee: Get<Self::Balance>;

		/// What each settled voucher costs the channel beside its fee, for settling it, looking at it and what is replied then comes
		/// into blocks free of fees. It is burned.
		#[pallet::constant]
		type BatchPrice: Get<Self::Balance>;

		/// Blocks between a consumer's notice and the end of a channel: no shorter than a worker may be away.
		#[pallet::constant]
		type NoticePeriod: Get<BlockNumberFor<Self>>;

		/// Blocks after a receipt in which it can be challenged: shorter than stake waits that asks to leave, by as much as a dispute
		/// takes.
		#[pallet::constant]
		type Answerable: Get<BlockNumberFor<Self>>;

		/// The share of what is taken from an operator that contradicted itself, to who shows it.
		#[pallet::constant]
		type ReporterShare: Get<Permill>;

		/// What the job of a batch makes the chain do later.
		type BatchWeight: Get<Weight>;

		/// What the job of a receipt makes the chain do later.
		type ReceiptWeight: Get<Weight>;

		/// Channels booked for one block at most; more spill to the blocks after it.
		#[pallet::constant]
		type AgendaSize: Get<u32>;

		/// What the agenda may take of a block.
		#[pallet::constant]
		type AgendaWeight: Get<Weight>;

		/// Costs of the calls.
		type WeightInfo: WeightInfo;
	}

	/// How many channels were opened.
	#[pallet::storage]
	pub type Opened<T> = StorageValue<_, u64, ValueQuery>;

	/// Channels, until nothing in them can be challenged any more.
	#[pallet::storage]
	pub type Channels<T: Config> = StorageMap<_, Identity, ChannelId, Channel<T>>;

	/// The channels of a consumer.
	#[pallet::storage]
	pub type ChannelsOf<T: Config> = StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, ChannelId, ()>;

	/// The channels whose answers a worker key signs.
	#[pallet::storage]
	pub type ChannelsOfWorker<T> = StorageDoubleMap<_, Blake2_128Concat, WorkerKey, Identity, ChannelId, ()>;

	/// Where operators answer requests.
	#[pallet::storage]
	pub type Endpoints<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Endpoint>;

	/// The channels for which something is due at a block.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageMap<_, Twox64Concat, BlockNumberFor<T>, BoundedVec<ChannelId, T::AgendaSize>, ValueQuery>;

	/// The first block whose agenda may not be done; none before the first channel that ends.
	#[pallet::storage]
	pub type AgendaCursor<T: Config> = StorageValue<_, BlockNumberFor<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A channel was opened.
		ChannelOpened {
			/// The channel.
			channel: ChannelId,
			/// What it is about.
			terms: TermsOf<T>,
			/// What was put into it.
			deposit: T::Balance,
		},
		/// More was put into a channel. A notice is void, unless anybody may give it.
		ToppedUp {
			/// The channel.
			channel: ChannelId,
			/// How much.
			amount: T::Balance,
			/// What is in it.
			deposit: T::Balance,
		},
		/// A channel is to end: its consumer wants it, or its version is retired, or its operator is none any more.
		NoticeGiven {
			/// The channel.
			channel: ChannelId,
			/// Block in which it is closed.
			closes_at: BlockNumberFor<T>,
		},
		/// A voucher was settled: the job of its batch pays its fee.
		BatchSettled {
			/// The channel.
			channel: ChannelId,
			/// The lane.
			lane: u8,
			/// Receipts of the batch.
			count: u32,
			/// The job.
			job: JobId,
			/// What left the channel for it.
			fee: T::Balance,
			/// What was burned.
			burned: T::Balance,
		},
		/// A channel was closed.
		ChannelClosed {
			/// The channel.
			channel: ChannelId,
			/// Back to the consumer.
			refunded: T::Balance,
		},
		/// Nothing in a closed channel can be challenged any more: it is no longer stored.
		ChannelForgotten {
			/// The channel.
			channel: ChannelId,
		},
		/// Somebody brought a receipt: the job's claim is what it says.
		ReceiptPresented {
			/// The channel.
			channel: ChannelId,
			/// The root of its request.
			request: assay_trace::Hash32,
			/// The job.
			job: JobId,
		},
		/// An operator was shown to have contradicted itself. The channel is closed.
		Contradicted {
			/// The channel.
			channel: ChannelId,
			/// Whose worker signed both.
			operator: T::AccountId,
			/// Who showed it.
			reporter: T::AccountId,
			/// What was taken of the operator's stake.
			penalty: T::Balance,
		},
		/// An operator says where it answers requests, or that it does not.
		EndpointAnnounced {
			/// The operator.
			operator: T::AccountId,
			/// Where.
			endpoint: Option<Endpoint>,
		},
	}

	/// Why a call is refused. A settlement is refused in the transaction pool already: there, causes that time may have brought about
	/// appear as `Stale`, a wrong signature as `BadProof`, any other as `Custom(index of the error)`.
	#[pallet::error]
	pub enum Error<T> {
		/// The operator does not serve this version, or is not active and alive.
		OperatorNotListed,
		/// The operator's price of a unit is above the highest that the consumer allows.
		OperatorTooDear,
		/// The operator has no worker key.
		NoWorkerKey,
		/// The deposit is less than the least.
		DepositTooSmall,
		/// There is no such channel; it never was, or nothing in it can be challenged any more.
		UnknownChannel,
		/// Only the consumer of a channel may do this, as long as its version is not retired and its operator is one.
		NotConsumer,
		/// The channel is closed.
		Closed,
		/// The consumer has given notice already.
		NoticeGiven,
		/// A settlement without vouchers that does not close the channel.
		NothingToSettle,
		/// A voucher of another channel.
		OtherChannel,
		/// The vouchers are not in the order of their lanes, or there is no such lane.
		BadLane,
		/// The voucher does not begin where the lane was settled last.
		WrongBase,
		/// The voucher is for no receipts, or for fewer units of computation than receipts.
		EmptyVoucher,
		/// The voucher is not signed by the channel's key.
		BadVoucher,
		/// The voucher's fee is less than the least, and the channel is not about to end or the lane had one then.
		BatchTooSmall,
		/// There is less in the channel than the vouchers cost.
		DepositExceeded,
		/// A number is out of range.
		Overflow,
		/// The receipt is not signed by the channel's worker key.
		BadReceipt,
		/// The receipt names a block that is not there yet, or from before the channel.
		BadBlock,
		/// The receipt is so old that stake which stood behind it may have left.
		TooOld,
		/// The statements do not contradict each other.
		NoContradiction,
		/// The operator was punished for a contradiction in this channel already.
		AlreadyConvicted,
		/// The account has no worker key: it is no operator.
		NotOperator,
		/// The address is not an `https` URL with a host and without a path.
		BadAddress,
		/// Nothing is due for the channel now.
		NothingDue,
		/// The last block in which the settlement counts is over.
		TooLate,
		/// The last block in which the settlement counts is further ahead than [`LONGEVITY`].
		TooEarly,
		/// The operator is late with answers about claims, and is given no new work.
		OperatorLate,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Closes and forgets channels whose time is over, as far as [`Config::AgendaWeight`] and the block allow.
		fn on_poll(now: BlockNumberFor<T>, block: &mut WeightMeter) {
			let mut meter = WeightMeter::with_limit(block.remaining().min(T::AgendaWeight::get()));
			Self::serve_agenda(now, &mut meter);
			block.consume(meter.consumed());
		}

		fn integrity_test() {
			assert!(
				T::MinDeposit::get() >= T::BatchPrice::get(),
				"MinDeposit must pay for a batch"
			);
			assert!(!T::MinBatchFee::get().is_zero(), "MinBatchFee must not be zero");
			assert!(
				T::NoticePeriod::get() >= BlockNumberFor::<T>::one(),
				"NoticePeriod must be at least one block"
			);
			assert!(!T::AgendaSize::get().is_zero(), "AgendaSize must not be zero");
			assert!(
				T::AgendaWeight::get().all_gte(Self::agenda_costs().minimum()),
				"AgendaWeight {:?} must allow one step, which takes up to {:?}",
				T::AgendaWeight::get(),
				Self::agenda_costs().minimum()
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Opens a channel to an operator, at its present price, and holds `deposit` from the caller until the channel is closed.
		///
		/// - `operator`, `version`: who works, and what runs.
		/// - `max_price`: the highest price of a unit of computation.
		/// - `key`: signs requests and vouchers; a fresh one, and not the caller's.
		/// - `deposit`: how much can be spent.
		///
		/// Emits [`Event::ChannelOpened`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open())]
		pub fn open(
			origin: OriginFor<T>,
			operator: T::AccountId,
			version: ModelVersion,
			max_price: T::Balance,
			key: ChannelKey,
			deposit: T::Balance,
		) -> DispatchResult {
			let consumer = ensure_signed(origin)?;
			Self::do_open(consumer, operator, version, max_price, key, deposit)
		}

		/// Puts more into a channel of the caller. A notice that was given is void, unless anybody may give it.
		///
		/// Emits [`Event::ToppedUp`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(origin: OriginFor<T>, channel: ChannelId, amount: T::Balance) -> DispatchResult {
			let consumer = ensure_signed(origin)?;
			Self::do_top_up(&consumer, channel, amount)
		}

		/// Says that a channel of the caller is to end, which it does after [`Config::NoticePeriod`]: so long its worker may still
		/// settle what was vouched for. A worker that agrees [closes](Call::settle) it at once. Anybody may say so of a channel whose
		/// version is retired, or whose operator is none any more: nobody has to keep a version for who forgot a channel.
		///
		/// Emits [`Event::NoticeGiven`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::give_notice())]
		pub fn give_notice(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			let consumer = ensure_signed(origin)?;
			Self::do_give_notice(&consumer, channel)
		}

		/// Makes a job of each voucher's batch, and closes the channel if the worker wants nothing more of it. Free of fees: the
		/// transaction pool accepts it only with a valid signature by the channel's worker key, and only what succeeds.
		///
		/// Emits [`Event::BatchSettled`] for each voucher, and [`Event::ChannelClosed`].
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::settle_weight(settlement))]
		#[pallet::authorize(|source, settlement| Self::authorize_settlement(source, settlement))]
		#[pallet::weight_of_authorize(Pallet::<T>::authorize_weight(settlement))]
		pub fn settle(origin: OriginFor<T>, settlement: Box<SignedSettlement>) -> DispatchResult {
			ensure_authorized(origin)?;
			// The signatures were verified when the transaction was authorised.
			let SignedSettlement { settlement, .. } = *settlement;
			Self::do_settle(&settlement)
		}

		/// Makes a job of a receipt that the caller holds, so that anybody can challenge it: whoever has been given a wrong answer and
		/// a receipt for it need not wait for a draw, nor must it have paid. It publishes what was asked and answered.
		///
		/// - `revealed`: the receipt with its request, input and output.
		/// - `signature`: the worker's over the receipt.
		///
		/// Emits [`Event::ReceiptPresented`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::present().saturating_add(T::ReceiptWeight::get()))]
		pub fn present(origin: OriginFor<T>, revealed: Box<Revealed>, signature: WorkerSignature) -> DispatchResult {
			let presenter = ensure_signed(origin)?;
			Self::do_present(&presenter, *revealed, &signature)
		}

		/// Shows two statements of one worker of which at most one is true: its operator loses what a wrong result costs, of which the
		/// caller is paid a share, and the channel is closed. Once for each channel, but for stake that only
		/// statements reach which name earlier blocks.
		///
		/// Emits [`Event::Contradicted`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::accuse())]
		pub fn accuse(origin: OriginFor<T>, contradiction: Box<Contradiction>) -> DispatchResult {
			let reporter = ensure_signed(origin)?;
			Self::do_accuse(&reporter, &contradiction)
		}

		/// Says where the calling operator answers requests, or that it does not.
		///
		/// Emits [`Event::EndpointAnnounced`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::announce())]
		pub fn announce(origin: OriginFor<T>, endpoint: Option<Endpoint>) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_announce(operator, endpoint)
		}

		/// Does what is due for a channel: closes it when its notice is over, forgets it when nothing in it can be challenged any more.
		/// The agenda does the same by itself; this call is for whoever does not want to wait for it.
		///
		/// Emits [`Event::ChannelClosed`] or [`Event::ChannelForgotten`].
		#[pallet::call_index(7)]
		#[pallet::weight(Pallet::<T>::step_weight())]
		pub fn advance(origin: OriginFor<T>, channel: ChannelId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_advance(channel)
		}
	}
}
