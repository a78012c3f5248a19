//! Benchmarks of every call and of the agenda, each at its worst: the largest program, the longest input and output, as
//! many offers as there can be and only the operator that is drawn last free, agendas so full that a job is booked in the
//! last one that is tried.

use super::*;
use crate::assignment::draw_subject;
use alloc::{vec, vec::Vec};
use assay_agenda::SPILL;
use assay_exact::{Generation, Input, Output, Program, Sampler};
use assay_protocol::{
	job::{JobInput, JobOutput, JobResult, JobState, SignedResult, MAX_INLINE_ELEMENTS},
	model::{Models, MAX_OFFERS},
	operator::{Operators, WorkerKey},
	race, Attempt, JobId, ModelVersion,
};
use assay_trace::{claim::claim_root, TraceRoot};
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{
		fungible::{Inspect, Mutate},
		Authorize, Get, Randomness,
	},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{One, UniqueSaturatedInto, Zero},
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

	/// Takes the capacity of all operators but the one that is drawn last for this attempt, leaving out one `at_fault`.
	fn keep_busy(&self, id: JobId, attempt: Attempt, at_fault: Option<&T::AccountId>) {
		let mut left: Vec<_> = self.operators.iter().map(|(account, _)| account).collect();
		left.retain(|account| Some(*account) != at_fault);
		left.sort();
		let (seed, _) = T::Randomness::random(&draw_subject(id, attempt));
		let seed = seed.expect("there is randomness");
		let entrants: Vec<(&T::AccountId, u128)> = left
			.iter()
			.map(|account| (*account, T::Operators::stake(account).unique_saturated_into()))
			.collect();
		let order = race(&entrants, &seed.0);
		let (_, busy) = order.split_last().expect("all have stake");
		busy.iter().for_each(|index| self.fill(left[*index], 0));
	}

	/// Takes the capacity of an operator, less `room` jobs.
	fn fill(&self, operator: &T::AccountId, room: u32) {
		let jobs: Vec<_> = (room..T::MaxInFlight::get())
			.map(|n| (JobId(u64::MAX - u64::from(n)), self.version))
			.collect();
		InFlight::<T>::insert(operator, BoundedVec::truncate_from(jobs));
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
			ignore_stop: false,
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
		let fee = fee::<BalanceOf<T>>(One::one(), units).expect("the fee is representable");
		fee.saturating_add(fee)
	}

	/// Submits a job with the longest input to operators that are all free.
	fn assigned(&self) -> JobId {
		let input = self.longest();
		let id = self.submit(input, self.max_fee(input));
		if Jobs::<T>::get(id).is_some_and(|job| matches!(job.state, JobState::Open { .. })) {
			go_to::<T>(Pallet::<T>::now().saturating_add(T::AssignmentDelay::get()));
			leave_agenda::<T>(id);
			Pallet::<T>::do_advance(id).expect("it is assigned");
		}
		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Assigned { .. }
		));
		id
	}

	/// Submits a job while nobody has room for it; then all are free again.
	fn open(&self) -> JobId {
		let input = self.longest();
		for (operator, _) in &self.operators {
			self.fill(operator, 0);
		}
		let id = self.submit(input, self.max_fee(input));
		go_to::<T>(Pallet::<T>::now().saturating_add(T::AssignmentDelay::get()));
		for (operator, _) in &self.operators {
			InFlight::<T>::remove(operator);
		}
		assert!(matches!(
			Jobs::<T>::get(id).expect("it is stored").state,
			JobState::Open { .. }
		));
		id
	}

	fn submit(&self, input: u32, max_fee: BalanceOf<T>) -> JobId {
		let id = NextJobId::<T>::get();
		crowd::<T>(T::RetryPeriod::get());
		crowd::<T>(T::AssignmentDelay::get());
		crowd::<T>(after_deadline::<T>());
		Pallet::<T>::submit(
			RawOrigin::Signed(self.consumer.clone()).into(),
			self.version,
			self.input(input),
			self.generation(input),
			max_fee,
			One::one(),
			None,
		)
		.map_err(|refused| refused.error)
		.expect("the job is accepted");
		id
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
		let trace = TraceRoot::default();
		let claim = claim_root(
			id.0,
			job.attempt.0,
			&job.artifact,
			&input,
			&job.generation,
			&answer,
			&trace,
		);
		let result = JobResult {
			job: id,
			attempt: job.attempt,
			output,
			trace,
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
		let run = Pallet::<T>::run(Jobs::<T>::get(id).expect("it is stored").max_units);
		crowd::<T>(T::Window::get().saturating_add(run));
		Pallet::<T>::do_claim(result).expect("the result is accepted");
		id
	}
}

/// Takes a job out of the agenda, which alone draws an operator of a job that it holds.
fn leave_agenda<T: Config>(id: JobId) {
	Jobs::<T>::mutate(id, |job| Pallet::<T>::unbook(id, job.as_mut().expect("it is stored")));
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

/// Fills the agendas that are tried when a job is booked for `blocks` from now, except for one place in the last.
fn crowd<T: Config>(blocks: BlockNumberFor<T>) {
	let mut slot = Pallet::<T>::now().saturating_add(blocks);
	for tried in 0..=SPILL {
		Agenda::<T>::mutate(slot, |jobs| {
			while jobs.try_push(JobId(u64::MAX)).is_ok() {}
			if tried == SPILL {
				jobs.pop();
			}
		});
		slot.saturating_inc();
	}
}

/// Blocks until a deadline is missed.
fn after_deadline<T: Config>() -> BlockNumberFor<T> {
	T::ResultPeriod::get().saturating_add(One::one())
}

fn go_to<T: Config>(block: BlockNumberFor<T>) {
	frame_system::Pallet::<T>::set_block_number(block);
}

/// Lets go of a claim whatever holds it, audits for one.
fn let_go<T: Config>(id: JobId) {
	while let Some(job) = Jobs::<T>::get(id).filter(|job| job.holds > 0) {
		<Pallet<T> as assay_protocol::dispute::Claims<_, _, _>>::let_go(id, job.attempt);
	}
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
		let input = i.min(scene.longest());
		let (version, generation, max_fee) = (scene.version, scene.generation(input), scene.max_fee(input));
		let id = NextJobId::<T>::get();
		scene.keep_busy(id, Attempt(0), None);
		crowd::<T>(T::AssignmentDelay::get());
		crowd::<T>(after_deadline::<T>());
		let origin = RawOrigin::Signed(scene.consumer.clone());
		let elements = scene.input(input);

		#[extrinsic_call]
		_(origin, version, elements, generation, max_fee, One::one(), None);

		let state = Jobs::<T>::get(id).expect("it is stored").state;
		// It is drawn when nobody can know it.
		let drawn = matches!(state, JobState::Assigned { .. });
		assert_eq!(drawn, T::AssignmentDelay::get().is_zero());
	}

	#[benchmark]
	fn cancel() {
		let scene = Scene::<T>::new(1);
		let id = scene.open();
		let origin = RawOrigin::Signed(scene.consumer.clone());
		crowd::<T>(T::Retention::get());

		#[extrinsic_call]
		_(origin, id);

		let JobState::Refunded { refunded, .. } = Jobs::<T>::get(id).expect("it is stored").state else {
			panic!("the job is refunded")
		};
		assert!(!refunded.is_zero());
	}

	#[benchmark]
	fn submit_result() {
		let scene = Scene::<T>::new(1);
		let id = scene.assigned();
		let result = scene.result(id);
		let run = Pallet::<T>::run(Jobs::<T>::get(id).expect("it is stored").max_units);
		crowd::<T>(T::Window::get().saturating_add(run));

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
		scene.keep_busy(id, Attempt(0), None);
		leave_agenda::<T>(id);
		crowd::<T>(after_deadline::<T>());
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
		for (operator, _) in &scene.operators {
			scene.fill(operator, 0);
		}
		leave_agenda::<T>(id);
		crowd::<T>(T::Retention::get());
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		let JobState::Refunded { refunded, .. } = Jobs::<T>::get(id).expect("it is stored").state else {
			panic!("the job is refunded")
		};
		assert!(!refunded.is_zero());
	}

	#[benchmark]
	fn advance_missed(o: Linear<2, MAX_OFFERS>) {
		let scene = Scene::<T>::new(o);
		let id = scene.assigned();
		let job = Jobs::<T>::get(id).expect("it is stored");
		let JobState::Assigned { operator, .. } = &job.state else {
			panic!("the job is assigned")
		};
		go_to::<T>(due_at::<T>(id));
		scene.fill(operator, 1);
		InFlight::<T>::mutate(operator, |jobs| jobs.try_push((id, scene.version))).expect("there is room for one");
		scene.keep_busy(id, Attempt(1), Some(operator));
		crowd::<T>(after_deadline::<T>());
		let origin = RawOrigin::Signed(scene.consumer.clone());

		#[extrinsic_call]
		advance(origin, id);

		let job = Jobs::<T>::get(id).expect("it is stored");
		assert_eq!(job.attempt, Attempt(1));
		// It is drawn when nobody can know it.
		let drawn = matches!(job.state, JobState::Assigned { .. });
		assert_eq!(drawn, T::AssignmentDelay::get().is_zero());
	}

	#[benchmark]
	fn advance_finalise() {
		let scene = Scene::<T>::new(1);
		let id = scene.claimed();
		let_go::<T>(id);
		go_to::<T>(due_at::<T>(id));
		crowd::<T>(T::Retention::get());
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
		let_go::<T>(id);
		go_to::<T>(due_at::<T>(id));
		crowd::<T>(T::Retention::get());
		Pallet::<T>::do_advance(id)?;
		go_to::<T>(due_at::<T>(id));
		// The identifiers after it are a gap, a part of which is passed over too.
		NextJobId::<T>::put(JobId(id.0.saturating_add(100)));
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
		AgendaCursor::<T>::put(now);
		let jobs: Vec<_> = (0..n).map(|n| JobId(n.into())).collect();
		Agenda::<T>::insert(now, BoundedVec::truncate_from(jobs));
		// Room for the agenda but for no job: it is read and written back.
		let costs = Pallet::<T>::agenda_costs();
		let mut meter = WeightMeter::with_limit(costs.base.saturating_add(costs.slot));

		#[block]
		{
			Pallet::<T>::serve_agenda(now, &mut meter);
		}

		assert!(Agenda::<T>::contains_key(now));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_benchmark_ext(), crate::mock::Test);
}
