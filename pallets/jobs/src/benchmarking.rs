//! Benchmarks of every call and of the agenda, each at its worst: the largest program, the longest input and output, as
//! many offers as there can be.

use super::*;
use alloc::{vec, vec::Vec};
use assay_exact::{Generation, Input, Output, Program, Sampler};
use assay_protocol::{
	job::{JobInput, JobOutput, JobResult, JobState, SignedResult, MAX_INLINE_ELEMENTS},
	model::{Models, MAX_OFFERS},
	operator::{Operators, WorkerKey},
	Attempt, JobId, ModelVersion,
};
use assay_trace::claim::claim_root;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{
		fungible::{Inspect, Mutate},
		Authorize, Get,
	},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{One, Zero},
	Saturating,
};

/// A version with `offers` operators, and a consumer who pays any of them.
struct Scene<T: Config> {
	version: ModelVersion,
	program: Program,
	operators: Vec<(T::AccountId, WorkerKey)>,
	consumer: T::AccountId,
}

impl<T: Config> Scene<T>
where
	T::Currency: Mutate<T::AccountId>,
{
	fn new(offers: u32) -> Self {
		frame_system::Pallet::<T>::set_block_number(One::one());
		let publisher = funded::<T>("publisher", 0);
		funded_account::<T>(&T::Treasury::get());
		let operators: Vec<_> = (0..offers)
			.map(|index| {
				let operator = funded::<T>("operator", index);
				let key = WorkerKey::generate_pair(None);
				T::Operators::bond_for_benchmark(&operator, key.clone());
				(operator, key)
			})
			.collect();
		let accounts: Vec<_> = operators.iter().map(|(account, _)| account.clone()).collect();
		let version = T::Models::register_for_benchmark(&publisher, &accounts);
		let program = T::Models::program(version).expect("the program was registered");
		Self {
			version,
			program,
			operators,
			consumer: funded::<T>("consumer", 0),
		}
	}

	/// Takes the capacity of all operators but the last, so that a draw goes through as many as possible.
	fn keep_busy(&self) {
		for (operator, _) in self.operators.iter().rev().skip(1) {
			let full: Vec<_> = (0..T::MaxInFlight::get())
				.map(|n| (JobId(u64::MAX - u64::from(n)), self.version))
				.collect();
			InFlight::<T>::insert(operator, BoundedVec::truncate_from(full));
		}
	}

	/// Positions that are left for tokens after `input`, as far as they fit inline.
	fn max_tokens(&self, input: u32) -> u32 {
		self.program
			.positions
			.saturating_sub(input)
			.clamp(1, MAX_INLINE_ELEMENTS)
	}

	/// The longest input that leaves as many positions for the output.
	fn longest(&self) -> u32 {
		(self.program.positions / 2).clamp(1, MAX_INLINE_ELEMENTS)
	}

	fn generation(&self, input: u32) -> Generation {
		let sampler = Sampler::Gumbel {
			inverse_temperature: 1 << 16,
			seed: [1; 32],
		};
		Generation {
			sampler,
			max_tokens: self.max_tokens(input),
			ignore_stop: true,
		}
	}

	fn input(&self, elements: u32) -> JobInput {
		Input::Tokens(vec![0; elements as usize])
			.try_into()
			.expect("it fits inline")
	}

	/// What the job costs at price 1, and as much again.
	fn max_fee(&self, input: u32) -> BalanceOf<T> {
		let units = self.program.units(input, self.max_tokens(input));
		fee::<BalanceOf<T>>(2u32.into(), units).expect("the fee is representable")
	}

	/// Submits a job with the longest input, assigned to the last operator.
	fn assigned(&self) -> JobId {
		let id = self.submitted(self.longest());
		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Assigned { .. }
		));
		id
	}

	/// Submits a job that nobody may take, for it offers nothing.
	fn open(&self) -> JobId {
		let id = NextJobId::<T>::get();
		let input = self.longest();
		self.submit(input, Zero::zero());
		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Open { .. }
		));
		id
	}

	fn submitted(&self, input: u32) -> JobId {
		let id = NextJobId::<T>::get();
		self.submit(input, self.max_fee(input));
		id
	}

	fn submit(&self, input: u32, max_fee: BalanceOf<T>) {
		Pallet::<T>::submit(
			RawOrigin::Signed(self.consumer.clone()).into(),
			self.version,
			self.input(input),
			self.generation(input),
			max_fee,
			None,
		)
		.map_err(|refused| refused.error)
		.expect("the job is accepted");
	}

	/// The longest result of an assigned job.
	fn result(&self, id: JobId) -> SignedResult {
		let job = Jobs::<T>::get(id).expect("the job is stored");
		let JobState::Assigned { operator, .. } = &job.state else {
			panic!("the job is assigned")
		};
		let output: JobOutput = Output::Tokens(vec![0; job.generation.max_tokens as usize])
			.try_into()
			.expect("it fits inline");
		let input = Input::from(Inputs::<T>::get(id).expect("the input is stored"));
		let answer = Output::from(output.clone());
		let claim = claim_root(id.0, job.attempt.0, &job.artifact, &input, &job.generation, &answer);
		let result = JobResult {
			job: id,
			attempt: job.attempt,
			output,
			claim,
		};
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let (_, key) = self
			.operators
			.iter()
			.find(|(account, _)| account == operator)
			.expect("it is one of them");
		let signature = key
			.sign(&result.signing_payload(&genesis.0))
			.expect("the key is in the keystore");
		SignedResult { result, signature }
	}

	/// A job whose longest result was claimed.
	fn claimed(&self) -> JobId {
		let id = self.assigned();
		let result = self.result(id).result;
		Pallet::<T>::do_claim(result).expect("the result is accepted");
		id
	}
}

fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who: T::AccountId = account(name, index, 0);
	funded_account::<T>(&who);
	who
}

fn funded_account<T: Config>(who: &T::AccountId)
where
	T::Currency: Mutate<T::AccountId>,
{
	let amount = T::Currency::minimum_balance()
		.saturating_mul(1_000_000u32.into())
		.max(u32::MAX.into());
	T::Currency::mint_into(who, amount).expect("money is made");
}

/// Fills the agenda of a block up to the last place, so that booking there is at its most expensive.
fn crowd<T: Config>(block: BlockNumberFor<T>) {
	let jobs: Vec<_> = (1..T::AgendaSize::get())
		.map(|n| JobId(u64::MAX - u64::from(n)))
		.collect();
	Agenda::<T>::insert(block, BoundedVec::truncate_from(jobs));
}

fn go_to<T: Config>(block: BlockNumberFor<T>) {
	frame_system::Pallet::<T>::set_block_number(block);
}

fn due_at<T: Config>(id: JobId) -> BlockNumberFor<T> {
	Jobs::<T>::get(id).expect("the job is stored").due_at
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>, <T as frame_system::Config>::RuntimeCall: From<Call<T>>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn submit(o: Linear<1, MAX_OFFERS>, i: Linear<1, MAX_INLINE_ELEMENTS>) {
		let scene = Scene::<T>::new(o);
		scene.keep_busy();
		let input = i.min(scene.longest());
		let (version, generation, max_fee) = (scene.version, scene.generation(input), scene.max_fee(input));
		let id = NextJobId::<T>::get();
		let origin = RawOrigin::Signed(scene.consumer.clone());
		let elements = scene.input(input);

		#[extrinsic_call]
		_(origin, version, elements, generation, max_fee, None);

		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Assigned { .. }
		));
	}

	#[benchmark]
	fn cancel() {
		let scene = Scene::<T>::new(1);
		let id = scene.open();
		let origin = RawOrigin::Signed(scene.consumer.clone());
		crowd::<T>(T::Retention::get().saturating_add(One::one()));

		#[extrinsic_call]
		_(origin, id);

		assert!(!Jobs::<T>::get(id).expect("it is stored").is_unfinished());
	}

	#[benchmark]
	fn submit_result() {
		let scene = Scene::<T>::new(1);
		let id = scene.assigned();
		let result = scene.result(id);
		crowd::<T>(T::Window::get().saturating_add(One::one()));

		#[extrinsic_call]
		_(RawOrigin::Authorized, result);

		assert!(Claims::<T>::contains_key(id));
	}

	#[benchmark]
	fn authorize_submit_result() -> Result<(), BenchmarkError> {
		let scene = Scene::<T>::new(1);
		let id = scene.assigned();
		let call: <T as frame_system::Config>::RuntimeCall = Call::submit_result {
			result: scene.result(id),
		}
		.into();

		#[block]
		{
			call.authorize(TransactionSource::InBlock)
				.expect("a result is authorised by its signature")
				.map_err(|_| "the result is valid")?;
		}

		Ok(())
	}

	#[benchmark]
	fn advance_assign(o: Linear<1, MAX_OFFERS>) {
		let scene = Scene::<T>::new(o);
		let id = scene.open();
		// What the job is worth from now on.
		Jobs::<T>::mutate(id, |job| {
			if let Some(job) = job {
				job.max_fee = scene.max_fee(scene.longest());
			}
		});
		scene.keep_busy();
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Assigned { .. }
		));
	}

	#[benchmark]
	fn advance_refund() {
		let scene = Scene::<T>::new(1);
		let id = scene.open();
		go_to::<T>(T::OpenPeriod::get().saturating_add(One::one()));
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		assert!(!Jobs::<T>::get(id).expect("it is stored").is_unfinished());
	}

	#[benchmark]
	fn advance_missed(o: Linear<2, MAX_OFFERS>) {
		let scene = Scene::<T>::new(o);
		let id = scene.assigned();
		scene.keep_busy();
		// The list of the operator at fault was overwritten by the work that keeps it busy.
		let job = Jobs::<T>::get(id).expect("it is stored");
		if let JobState::Assigned { operator, .. } = &job.state {
			InFlight::<T>::mutate(operator, |jobs| {
				jobs.pop();
				let _ = jobs.try_push((id, scene.version));
			});
		}
		go_to::<T>(due_at::<T>(id));
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		assert_eq!(Jobs::<T>::get(id).expect("it is stored").attempt, Attempt(1));
	}

	#[benchmark]
	fn advance_finalise() {
		let scene = Scene::<T>::new(1);
		let id = scene.claimed();
		go_to::<T>(due_at::<T>(id));
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Final { .. }
		));
	}

	#[benchmark]
	fn advance_prune() -> Result<(), BenchmarkError> {
		let scene = Scene::<T>::new(1);
		let id = scene.claimed();
		go_to::<T>(due_at::<T>(id));
		Pallet::<T>::do_advance(id)?;
		go_to::<T>(due_at::<T>(id));
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		assert!(!Jobs::<T>::contains_key(id));
		Ok(())
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
		let jobs: Vec<_> = (0..n).map(|n| JobId(n.into())).collect();
		Agenda::<T>::insert(now, BoundedVec::truncate_from(jobs));
		// No room for a job: the agenda is read and written back.
		let mut meter = WeightMeter::with_limit(frame_support::weights::Weight::zero());
		let left;

		#[block]
		{
			left = Pallet::<T>::serve_slot(now, now, &mut meter);
		}

		assert!(left);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_benchmark_ext(), crate::mock::Test);
}
