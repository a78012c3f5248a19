//! Benchmarks of every call and of the agenda, each at its worst: the longest lists, groups with as many cells as there
//! can be, products over the longest rows, agendas so full that a dispute is booked in the last one that is tried.

use super::*;
use alloc::{vec, vec::Vec};
use assay_agenda::SPILL;
use assay_protocol::{
	benchmarks::*,
	dispute::{Accusation, Answer, Claims, DisputeAnswer, OpenedCells, OwnedStatement, Ruling, SignedAnswer, Stage},
	operator::WorkerKey,
	DisputeId, JobId,
};
use assay_trace::{cell::CellRoots, claim::ClaimRoot, fault::Target, Group, Place};
use codec::Encode;
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
use sp_core::H256;
use sp_runtime::{
	traits::{One, Zero},
	Saturating,
};

/// The root of a job's claim.
fn claim_of<T: Config>(job: JobId) -> ClaimRoot {
	T::Claims::claim(job).expect("the job has a claim").claim.root()
}

/// A challenger with money.
fn challenger<T: Config>() -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	frame_system::Pallet::<T>::set_block_number(One::one());
	let account = whitelisted_caller();
	let least = T::Currency::minimum_balance();
	let amount = T::Bond::get().saturating_add(least).saturating_mul(1_000u32.into());
	T::Currency::mint_into(&account, amount).expect("benchmark accounts can be funded");
	account
}

/// An open dispute about a statement.
struct Scene<T: Config> {
	challenger: T::AccountId,
	job: JobId,
	key: WorkerKey,
	dispute: DisputeId,
}

impl<T: Config> Scene<T>
where
	T::Currency: Mutate<T::AccountId>,
{
	fn new(statement: OwnedStatement) -> Self {
		let challenger = challenger::<T>();
		let (job, key) = T::BenchmarkHelper::claim(statement);
		let dispute = NextDisputeId::<T>::get();
		Pallet::<T>::do_challenge(challenger.clone(), job, claim_of::<T>(job), Accusation::Trace)
			.expect("the claim is open");
		Self {
			challenger,
			job,
			key,
			dispute,
		}
	}

	fn of_long_claim() -> Self {
		Self::new(longest_statement())
	}

	/// Goes to a stage at which these cells are open.
	fn at(&self, stage: Stage, cells: Option<OpenedCells>) {
		Disputes::<T>::mutate(self.dispute, |dispute| {
			if let Some(dispute) = dispute {
				dispute.status = Status::Open(stage);
				let (due, done) = if stage.is_workers() {
					(&dispute.operator, &dispute.challenger)
				} else {
					(&dispute.challenger, &dispute.operator)
				};
				Due::<T>::remove(done, self.dispute);
				Due::<T>::insert(due, self.dispute, ());
			}
		});
		if let Some(cells) = cells {
			let longest = || BoundedVec::truncate_from(vec![0; LONGEST_LIST as usize]);
			Record::<T>::insert(self.dispute, Part::Groups, longest());
			Record::<T>::insert(self.dispute, Part::Shown, longest());
			Record::<T>::insert(self.dispute, Part::Cells, BoundedVec::truncate_from(cells.encode()));
		}
	}

	/// Until the clock has run out.
	fn wait(&self) {
		let dispute = Disputes::<T>::get(self.dispute).expect("it is stored");
		frame_system::Pallet::<T>::set_block_number(dispute.closes_at().saturating_add(One::one()));
	}

	fn signed(&self, answer: Answer) -> SignedAnswer {
		let answer = DisputeAnswer {
			dispute: self.dispute,
			stage: Stage::ListGroups,
			answer,
		};
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let dispute = Disputes::<T>::get(self.dispute).expect("it is stored");
		let claim = Pallet::<T>::claim_of(&dispute).expect("it stands").claim.root();
		let signature = self
			.key
			.sign(&answer.signing_payload(&claim, &genesis.0))
			.expect("the keystore has the key");
		SignedAnswer { answer, signature }
	}

	fn ruling(&self) -> Option<Ruling> {
		match Disputes::<T>::get(self.dispute).expect("it is stored").status {
			Status::Open(_) => None,
			Status::Over { ruling, .. } => Some(ruling),
		}
	}

	fn origin(&self) -> RawOrigin<T::AccountId> {
		RawOrigin::Signed(self.challenger.clone())
	}
}

/// Fills the agendas that are tried when a dispute is booked for `blocks` from now, except for one place in the last.
fn crowd<T: Config>(blocks: BlockNumberFor<T>) {
	let mut slot = frame_system::Pallet::<T>::block_number().saturating_add(blocks);
	for tried in 0..=SPILL {
		Agenda::<T>::mutate(slot, |disputes| {
			while disputes.try_push(DisputeId(u64::MAX)).is_ok() {}
			if tried == SPILL {
				disputes.pop();
			}
		});
		slot.saturating_inc();
	}
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>, <T as frame_system::Config>::RuntimeCall: From<Call<T>>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn challenge() {
		let challenger = challenger::<T>();
		let (job, _) = T::BenchmarkHelper::claim(longest_statement());
		crowd::<T>(T::MovePeriod::get().saturating_add(One::one()));

		#[extrinsic_call]
		_(
			RawOrigin::Signed(challenger),
			job,
			claim_of::<T>(job),
			Accusation::Trace,
		);

		assert_eq!(NextDisputeId::<T>::get(), DisputeId(1));
	}

	#[benchmark]
	fn answer(b: Linear<1_024, LONGEST_LIST>) {
		let (statement, list) = listed(b);
		let scene = Scene::<T>::new(statement);
		let signed = scene.signed(Answer::Groups(list));

		#[extrinsic_call]
		_(RawOrigin::Authorized, signed);

		assert!(Record::<T>::contains_key(scene.dispute, Part::Groups));
	}

	#[benchmark]
	fn authorize_answer(b: Linear<1_024, LONGEST_LIST>) -> Result<(), BenchmarkError> {
		let (statement, list) = listed(b);
		let scene = Scene::<T>::new(statement);
		let call: <T as frame_system::Config>::RuntimeCall = Call::answer {
			answer: scene.signed(Answer::Groups(list)),
		}
		.into();

		#[block]
		{
			call.authorize(TransactionSource::InBlock)
				.expect("an answer is authorised by its signature")
				.map_err(|_| "the answer is right")?;
		}

		Ok(())
	}

	#[benchmark]
	fn point_at_group() {
		let scene = Scene::<T>::of_long_claim();
		scene.at(Stage::PointAtGroup, None);
		let group = Group { row: 1, index: 1 };

		#[extrinsic_call]
		_(scene.origin(), scene.dispute, H256::zero(), group);

		assert!(Due::<T>::iter_keys().any(|(_, dispute)| dispute == scene.dispute));
	}

	#[benchmark]
	fn point_at_target() {
		let scene = Scene::<T>::of_long_claim();
		scene.at(Stage::PointAtTarget, Some(opened(CellRoots::default())));
		let place = Place::Cell { row: 0, position: 0 };

		#[extrinsic_call]
		_(scene.origin(), scene.dispute, H256::zero(), place, Target::Vector(0));

		assert!(Due::<T>::iter_keys().any(|(_, dispute)| dispute == scene.dispute));
	}

	#[benchmark]
	fn prove(b: Linear<1_024, { COLUMNS * COLUMN_BYTES }>) {
		let columns = (b / COLUMN_BYTES).next_multiple_of(32).clamp(32, COLUMNS);
		let (statement, roots, proof) = wrong_product(columns);
		let scene = Scene::<T>::new(statement);
		scene.at(Stage::PointAtStep, Some(opened(roots)));

		#[extrinsic_call]
		_(scene.origin(), scene.dispute, H256::zero(), proof);

		assert_eq!(scene.ruling(), Some(Ruling::Refuted));
	}

	#[benchmark]
	fn expire_worker_silent() {
		let scene = Scene::<T>::of_long_claim();
		let place = Place::Cell { row: 0, position: 0 };
		let target = Target::Vector(0);
		scene.at(Stage::Show { place, target }, Some(opened(CellRoots::default())));
		scene.wait();

		#[extrinsic_call]
		expire(scene.origin(), scene.dispute);

		assert_eq!(scene.ruling(), Some(Ruling::WorkerSilent));
	}

	#[benchmark]
	fn expire_challenger_silent() {
		let scene = Scene::<T>::of_long_claim();
		scene.at(Stage::PointAtStep, Some(opened(CellRoots::default())));
		scene.wait();

		#[extrinsic_call]
		expire(scene.origin(), scene.dispute);

		assert_eq!(scene.ruling(), Some(Ruling::ChallengerSilent));
	}

	#[benchmark]
	fn expire_moot() -> Result<(), BenchmarkError> {
		use assay_protocol::dispute::Claims;
		let scene = Scene::<T>::of_long_claim();
		scene.at(Stage::PointAtStep, Some(opened(CellRoots::default())));
		T::Claims::strike_down(scene.job, None)?;

		#[extrinsic_call]
		expire(scene.origin(), scene.dispute);

		assert_eq!(scene.ruling(), Some(Ruling::Moot));
		Ok(())
	}

	#[benchmark]
	fn expire_prune() -> Result<(), BenchmarkError> {
		let scene = Scene::<T>::of_long_claim();
		scene.at(Stage::PointAtStep, None);
		scene.wait();
		Pallet::<T>::do_expire(scene.dispute)?;
		let now = frame_system::Pallet::<T>::block_number();
		frame_system::Pallet::<T>::set_block_number(now.saturating_add(T::Retention::get()));
		// The identifiers after it are a gap, a part of which is passed over too.
		NextDisputeId::<T>::put(DisputeId(100));

		#[extrinsic_call]
		expire(scene.origin(), scene.dispute);

		assert!(!Disputes::<T>::contains_key(scene.dispute));
		Ok(())
	}

	#[benchmark]
	fn rebook() {
		let scene = Scene::<T>::of_long_claim();
		let now = frame_system::Pallet::<T>::block_number();
		let mut dispute = Disputes::<T>::get(scene.dispute).expect("it is stored");
		crowd::<T>(One::one());

		#[block]
		{
			Pallet::<T>::book(scene.dispute, &mut dispute, now, now);
			Disputes::<T>::insert(scene.dispute, dispute);
		}

		let booked = Disputes::<T>::get(scene.dispute).and_then(|dispute| dispute.booked_at);
		assert_eq!(
			booked,
			Some(now.saturating_add(SPILL.into()).saturating_add(One::one()))
		);
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
		let disputes: Vec<_> = (0..n).map(|n| DisputeId(n.into())).collect();
		Agenda::<T>::insert(now, BoundedVec::truncate_from(disputes));
		// Room for the agenda but for no dispute: it is read and written back.
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
