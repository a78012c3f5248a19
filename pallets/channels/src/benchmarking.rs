//! Benchmarks of every call and of the agenda, each at its worst: all lanes settled at once, the longest receipts.

use super::*;
use alloc::{boxed::Box, vec, vec::Vec};
use assay_exact::{Generation, Program, Sampler};
use assay_protocol::{
	channel::{
		Batches, ChannelKey, Content, Contradiction, Endpoint, Progress, Receipt, Request, Revealed, Settlement,
		SignedProgress, SignedReceipt, SignedSettlement, SignedVoucher, SumRoot, Voucher, LANES, MAX_ADDRESS,
	},
	job::{JobInput, JobOutput, MAX_INLINE_ELEMENTS},
	model::Models,
	operator::{Operators, WorkerKey},
	ChannelId, ModelVersion,
};
use assay_trace::{Hash32, TraceRoot};
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{Authorize, Get},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::crypto::KeyTypeId;
use sp_runtime::{
	traits::{One, UniqueSaturatedInto, Zero},
	Saturating,
};

const CHANNEL_KEYS: KeyTypeId = KeyTypeId(*b"assc");

/// An open channel.
struct Scene<T: Config> {
	consumer: T::AccountId,
	operator: T::AccountId,
	worker_key: WorkerKey,
	key: ChannelKey,
	version: ModelVersion,
	channel: ChannelId,
}

impl<T: Config> Scene<T> {
	fn new() -> Self {
		frame_system::Pallet::<T>::set_block_number(One::one());
		let (publisher, operator): (T::AccountId, T::AccountId) =
			(account("publisher", 0, 0), account("operator", 0, 0));
		let consumer: T::AccountId = whitelisted_caller();
		for who in [&publisher, &operator, &consumer] {
			T::Batches::fund_for_benchmark(who, Self::deposit().saturating_mul(4u32.into()));
		}
		let worker_key = WorkerKey::generate_pair(None);
		T::Operators::bond_for_benchmark(&operator, worker_key.clone());
		let version = T::Models::register_for_benchmark(&publisher, core::slice::from_ref(&operator));
		let key = sp_io::crypto::sr25519_generate(CHANNEL_KEYS, None);
		Self {
			consumer,
			operator,
			worker_key,
			key,
			version,
			channel: ChannelId::default(),
		}
	}

	/// As much as all lanes can be settled with.
	fn deposit() -> T::Balance {
		let batch = T::MinBatchFee::get().saturating_add(T::BatchPrice::get());
		batch
			.saturating_mul(u32::from(LANES).saturating_add(1).into())
			.saturating_add(T::MinDeposit::get())
	}

	fn opened() -> Self {
		let mut scene = Self::new();
		scene.open().expect("the operator serves");
		scene.channel = ChannelsOf::<T>::iter_key_prefix(&scene.consumer)
			.next()
			.expect("it is stored");
		scene
	}

	fn open(&self) -> frame_support::dispatch::DispatchResult {
		let most = T::Balance::from(u32::MAX);
		let (consumer, operator) = (self.consumer.clone(), self.operator.clone());
		Pallet::<T>::do_open(consumer, operator, self.version, most, self.key, Self::deposit())
	}

	fn genesis() -> [u8; 32] {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0
	}

	/// Vouchers of so many lanes, each for the least fee, and the end of the channel.
	fn settlement(&self, vouchers: u32) -> SignedSettlement {
		let channel = Channels::<T>::get(self.channel).expect("it is stored");
		let price: u128 = channel.terms.price.unique_saturated_into();
		let fee: u128 = T::MinBatchFee::get().unique_saturated_into();
		let units = u64::try_from(fee.div_ceil(price)).expect("the price is not that low");
		let vouchers: Vec<_> = (0..LANES)
			.take(vouchers as usize)
			.map(|lane| {
				let voucher = Voucher {
					channel: self.channel,
					lane,
					base: 0,
					count: 1,
					tree: SumRoot {
						hash: Hash32([lane; 32]),
						units,
					},
				};
				let payload = voucher.signing_payload(&Self::genesis());
				let signature = sp_io::crypto::sr25519_sign(CHANNEL_KEYS, &self.key, &payload);
				SignedVoucher {
					voucher,
					signature: signature.expect("the keystore has the key"),
				}
			})
			.collect();
		let settlement = Settlement {
			channel: self.channel,
			vouchers: BoundedVec::truncate_from(vouchers),
			close: true,
			last_block: LONGEVITY,
		};
		let payload = settlement.signing_payload(&Self::genesis());
		SignedSettlement {
			signature: self.worker_key.sign(&payload).expect("the keystore has the key"),
			settlement,
		}
	}

	fn program(&self) -> Program {
		T::Models::program(self.version).expect("it was registered")
	}

	/// The receipt of a request with the longest input and output.
	fn revealed(&self) -> Revealed {
		let program = self.program();
		let length = (program.positions / 2).clamp(1, MAX_INLINE_ELEMENTS);
		let tokens = vec![0u32; length as usize];
		let input = JobInput::Tokens(BoundedVec::truncate_from(tokens.clone()));
		let output = JobOutput::Tokens(BoundedVec::truncate_from(tokens));
		let request = Request {
			channel: self.channel,
			lane: 0,
			sequence: 0,
			input: Content::of_input(&input),
			generation: Generation {
				sampler: Sampler::Greedy,
				max_tokens: length,
				ignore_stop: true,
			},
		};
		let receipt = Receipt {
			channel: self.channel,
			request: request.root(),
			max_tokens: length,
			output: Content::of_output(&output),
			trace: TraceRoot::default(),
			units: program.units(length, length).0,
			block: 1,
		};
		Revealed {
			request,
			receipt,
			input,
			output,
		}
	}

	fn signed(&self, receipt: Receipt) -> SignedReceipt {
		let payload = receipt.signing_payload(&Self::genesis());
		SignedReceipt {
			signature: self.worker_key.sign(&payload).expect("the keystore has the key"),
			receipt,
		}
	}

	/// Until something is due for the channel.
	fn wait(&self, blocks: BlockNumberFor<T>) {
		let now = frame_system::Pallet::<T>::block_number();
		frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks).saturating_add(One::one()));
	}
}

#[benchmarks(where <T as frame_system::Config>::RuntimeCall: From<Call<T>>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open() {
		let scene = Scene::<T>::new();
		let most = T::Balance::from(u32::MAX);

		#[extrinsic_call]
		open(
			RawOrigin::Signed(scene.consumer.clone()),
			scene.operator.clone(),
			scene.version,
			most,
			scene.key,
			Scene::<T>::deposit(),
		);

		assert_eq!(ChannelsOf::<T>::iter_key_prefix(&scene.consumer).count(), 1);
	}

	#[benchmark]
	fn top_up() {
		let scene = Scene::<T>::opened();
		Pallet::<T>::do_give_notice(&scene.consumer, scene.channel).expect("it is open");

		#[extrinsic_call]
		top_up(
			RawOrigin::Signed(scene.consumer.clone()),
			scene.channel,
			T::MinDeposit::get(),
		);

		assert_eq!(
			Channels::<T>::get(scene.channel).and_then(|channel| channel.closes_at),
			None
		);
	}

	#[benchmark]
	fn give_notice() {
		let scene = Scene::<T>::opened();

		#[extrinsic_call]
		give_notice(RawOrigin::Signed(scene.consumer.clone()), scene.channel);

		assert!(Channels::<T>::get(scene.channel).is_some_and(|channel| channel.closes_at.is_some()));
	}

	/// It does all that `settle` does, and undoes it.
	#[benchmark]
	fn authorize_settle(n: Linear<1, { LANES as u32 }>) {
		let scene = Scene::<T>::opened();
		let settlement = Box::new(scene.settlement(n));
		let call = Call::<T>::settle { settlement };

		#[block]
		{
			call.authorize(TransactionSource::External)
				.expect("it has an authorisation")
				.expect("it is valid");
		}
	}

	#[benchmark]
	fn settle(n: Linear<1, { LANES as u32 }>) {
		let scene = Scene::<T>::opened();
		let settlement = Box::new(scene.settlement(n));

		#[extrinsic_call]
		settle(RawOrigin::Authorized, settlement);

		assert!(Channels::<T>::get(scene.channel).is_some_and(|channel| channel.closed_at.is_some()));
	}

	#[benchmark]
	fn present() {
		let scene = Scene::<T>::opened();
		let revealed = scene.revealed();
		let signature = scene.signed(revealed.receipt.clone()).signature;

		#[extrinsic_call]
		present(RawOrigin::Signed(scene.consumer.clone()), Box::new(revealed), signature);
	}

	#[benchmark]
	fn accuse() {
		let scene = Scene::<T>::opened();
		let revealed = scene.revealed();
		let progress = Progress {
			channel: scene.channel,
			request: revealed.receipt.request,
			tokens: revealed.receipt.output.length,
			root: Hash32::default(),
			block: 1,
		};
		let payload = progress.signing_payload(&Scene::<T>::genesis());
		let progress = SignedProgress {
			progress,
			signature: scene.worker_key.sign(&payload).expect("the keystore has the key"),
		};
		let contradiction = Contradiction::Answer {
			progress,
			receipt: scene.signed(revealed.receipt),
			output: revealed.output,
		};

		#[extrinsic_call]
		accuse(RawOrigin::Signed(scene.consumer.clone()), Box::new(contradiction));

		assert!(Channels::<T>::get(scene.channel).is_some_and(|channel| channel.convicted.is_some()));
	}

	#[benchmark]
	fn announce() {
		let scene = Scene::<T>::new();
		let mut address = b"https://".to_vec();
		address.resize(MAX_ADDRESS as usize, b'a');
		let endpoint = Endpoint {
			address: BoundedVec::truncate_from(address),
			key_hash: Hash32::default(),
		};

		#[extrinsic_call]
		announce(RawOrigin::Signed(scene.operator.clone()), Some(endpoint));

		assert!(Endpoints::<T>::contains_key(&scene.operator));
	}

	#[benchmark]
	fn advance_close() {
		let scene = Scene::<T>::opened();
		Pallet::<T>::do_give_notice(&scene.consumer, scene.channel).expect("it is open");
		scene.wait(T::NoticePeriod::get());

		#[extrinsic_call]
		advance(RawOrigin::Signed(scene.consumer.clone()), scene.channel);

		assert!(Channels::<T>::get(scene.channel).is_some_and(|channel| channel.closed_at.is_some()));
	}

	#[benchmark]
	fn advance_forget() {
		let scene = Scene::<T>::opened();
		let settlement = scene.settlement(0);
		Pallet::<T>::do_settle(&settlement.settlement).expect("it is open");
		scene.wait(T::Answerable::get());

		#[extrinsic_call]
		advance(RawOrigin::Signed(scene.consumer.clone()), scene.channel);

		assert!(!Channels::<T>::contains_key(scene.channel));
	}

	#[benchmark]
	fn serve_agenda_base() {
		let now = BlockNumberFor::<T>::one();
		AgendaCursor::<T>::put(now.saturating_add(One::one()));
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::serve_agenda(now, &mut meter);
		}

		assert_eq!(meter.consumed(), T::WeightInfo::serve_agenda_base());
	}

	#[benchmark]
	fn serve_slot(n: Linear<1, { T::AgendaSize::get() }>) {
		let now = BlockNumberFor::<T>::one();
		AgendaCursor::<T>::put(now);
		let channels: Vec<_> = (0..n).map(|n| ChannelId(Hash32::of(&[&n.to_le_bytes()]))).collect();
		Agenda::<T>::insert(now, BoundedVec::truncate_from(channels));
		// Room for the agenda but for no channel: it is read and written back.
		let costs = Pallet::<T>::agenda_costs();
		let mut meter = WeightMeter::with_limit(costs.base.saturating_add(costs.slot));

		#[block]
		{
			Pallet::<T>::serve_agenda(now, &mut meter);
		}

		assert!(Agenda::<T>::contains_key(now));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
