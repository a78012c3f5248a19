//! Benchmarks of every call and of the agenda, each at its worst: cells of as many operations as there can be, products over
//! the longest rows, vectors as wide as fit, lists of auditors that are full.

use super::*;
use crate::life::Booking;
use alloc::{boxed::Box, vec::Vec};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditReply, AuditorState, Audits as _, Question, Reply, SignedReply, SpotCheck},
	benchmarks::*,
	dispute::{Claims, OwnedStatement},
	operator::{Operators, WorkerKey},
	Attempt, JobId, ModelVersion,
};
use assay_trace::{digest::DigestKey, Hash32};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{Authorize, Get},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{One, Zero},
	Saturating,
};

/// Values of the widest vector whose reply fits.
const WIDEST: u32 = 250_000;
/// Bytes of a value.
const VALUE: u32 = 4;

/// A claim that is audited.
struct Scene<T: Config> {
	job: JobId,
	version: ModelVersion,
	operator: T::AccountId,
	key: WorkerKey,
}

impl<T: Config> Scene<T> {
	fn new(statement: OwnedStatement) -> Self {
		frame_system::Pallet::<T>::set_block_number(One::one());
		let (job, key) = T::BenchmarkHelper::claim(statement);
		let claimed = T::Claims::claim(job).expect("the job has a claim");
		let (operator, version) = (claimed.operator, claimed.claim.version);
		Pallet::<T>::claimed(job, Attempt(0), version, &operator);
		T::Claims::hold(job).expect("the claim stands");
		Self {
			job,
			version,
			operator,
			key,
		}
	}

	/// An auditor with its worker key.
	fn auditor(index: u32) -> (T::AccountId, WorkerKey) {
		let auditor = account("auditor", index, 0);
		let key = WorkerKey::generate_pair(None);
		T::Operators::bond_for_benchmark(&auditor, key.clone());
		(auditor, key)
	}

	/// Lists so many auditors of the version.
	fn list(&self, count: u32) {
		for index in 0..count {
			let (auditor, _) = Self::auditor(index);
			Pallet::<T>::do_offer(auditor, self.version).expect("there is room");
		}
	}

	/// Changes the audit as it is stored.
	fn change(&self, change: impl FnOnce(&mut Audit<T>)) {
		Audits::<T>::mutate(self.job, |audit| {
			let audit = audit.as_mut().expect("it is stored");
			change(audit);
			if let Some(slot) = audit.booked_at.take() {
				assay_agenda::unbook::<Booking<T>>(self.job, slot);
			}
		});
	}

	/// Has somebody asked about the claim, beside another one.
	fn ask(&self, who: &T::AccountId) {
		let units = T::Claims::claim(self.job).expect("the job has a claim").units;
		for _ in 0..2 {
			T::Claims::asked(who, units);
		}
		Due::<T>::insert(who, self.job, ());
	}

	/// With so many auditors drawn, in this state.
	fn with_auditors(&self, count: u32, state: AuditorState) {
		let auditors: Vec<_> = (0..count)
			.map(|index| {
				let (account, _) = Self::auditor(index);
				self.ask(&account);
				let deadline = self.deadline();
				Auditor {
					state,
					deadline,
					..Auditor::new(account, Pallet::<T>::now(), false)
				}
			})
			.collect();
		self.ask(&self.operator);
		let units = T::Claims::claim(self.job).expect("the job has a claim").units;
		self.change(|audit| {
			audit.auditors = BoundedVec::truncate_from(auditors);
			audit.units = units;
		});
	}

	/// As many as can be have vouched for earlier claims of the job.
	fn vouched(&self) {
		let vouched = (0..Recalled::<T>::get()).map(|index| {
			let (account, _) = Self::auditor(T::MaxAuditors::get().saturating_add(index));
			(account, Hash32([2; 32]), BlockNumberFor::<T>::one())
		});
		Vouched::<T>::insert(self.job, BoundedVec::truncate_from(vouched.collect()));
	}

	fn signed(
		&self,
		from: &T::AccountId,
		key: &WorkerKey,
		question: Question,
		reply: Reply,
	) -> Box<SignedReply<T::AccountId>> {
		let reply = AuditReply {
			job: self.job,
			attempt: Attempt(0),
			from: from.clone(),
			question,
			reply,
		};
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let claimed = Pallet::<T>::open_claim(self.job, Attempt(0)).expect("it stands");
		let claim = claimed.claim.root();
		let signature = key
			.sign(&reply.signing_payload(&claim, &genesis.0))
			.expect("the keystore has the key");
		Box::new(SignedReply { reply, signature })
	}

	fn deadline(&self) -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number().saturating_add(T::Period::get())
	}

	/// The last block in which the worker's answer is taken if it was due in this one: after it silence is guilt.
	fn closes_at(&self, deadline: BlockNumberFor<T>) -> BlockNumberFor<T> {
		T::Claims::answers_until(self.job, deadline)
	}

	fn after(&self, deadline: BlockNumberFor<T>) {
		frame_system::Pallet::<T>::set_block_number(deadline.saturating_add(One::one()));
	}

	fn phase(&self) -> AuditPhase<BlockNumberFor<T>> {
		Audits::<T>::get(self.job).expect("it is stored").phase
	}

	/// Asked for a step that is a product over so many columns, and wrong; the reply that shows it.
	fn of_wrong_product(columns: u32) -> (Self, Box<SignedReply<T::AccountId>>) {
		let (statement, roots, proof) = wrong_product(columns);
		let scene = Self::new(statement);
		let (place, step) = (proof.place, proof.step);
		let deadline = scene.deadline();
		scene.change(|audit| {
			audit.phase = AuditPhase::Show { deadline };
			audit.spot_check = Some(SpotCheck {
				place,
				committed: true,
				step: Some(step),
				shown: false,
			});
		});
		Insides::<T>::insert(scene.job, BoundedVec::truncate_from(roots.encode()));
		let reply = Reply::Step(proof.opening);
		let signed = scene.signed(&scene.operator, &scene.key, Question::Step { place, step }, reply);
		(scene, signed)
	}

	fn caller() -> RawOrigin<T::AccountId> {
		RawOrigin::Signed(whitelisted_caller())
	}
}

/// Columns of a product whose proof has about so many bytes.
fn columns(bytes: u32) -> u32 {
	(bytes / COLUMN_BYTES).next_multiple_of(32).clamp(32, COLUMNS)
}

#[benchmarks(where <T as frame_system::Config>::RuntimeCall: From<Call<T>>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn offer() {
		let scene = Scene::<T>::new(longest_statement());
		scene.list(T::MaxAuditors::get() - 1);
		let (auditor, _) = Scene::<T>::auditor(T::MaxAuditors::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(auditor.clone()), scene.version);

		assert!(Pallet::<T>::auditors(scene.version).contains(&auditor));
	}

	#[benchmark]
	fn withdraw() {
		let scene = Scene::<T>::new(longest_statement());
		scene.list(T::MaxAuditors::get());
		let (auditor, _) = Scene::<T>::auditor(T::MaxAuditors::get() - 1);

		#[extrinsic_call]
		_(RawOrigin::Signed(auditor.clone()), scene.version);

		assert!(!Pallet::<T>::auditors(scene.version).contains(&auditor));
	}

	#[benchmark]
	fn authorize_reply(b: Linear<1_024, { COLUMNS * COLUMN_BYTES }>) -> Result<(), BenchmarkError> {
		let (_, reply) = Scene::<T>::of_wrong_product(columns(b));
		let call: <T as frame_system::Config>::RuntimeCall = Call::reply { reply }.into();

		#[block]
		{
			call.authorize(TransactionSource::InBlock)
				.expect("a reply is authorised by its signature")
				.map_err(|_| "the reply is right")?;
		}

		Ok(())
	}

	#[benchmark]
	fn reply_cell() {
		let (statement, place, roots, path) = inside_of_a_cell();
		let scene = Scene::<T>::new(statement);
		let deadline = scene.deadline();
		scene.change(|audit| {
			audit.phase = AuditPhase::Commit { deadline };
			audit.spot_check = Some(SpotCheck {
				place,
				committed: false,
				step: None,
				shown: false,
			});
		});
		let reply = Reply::Cell {
			roots,
			path: Some(path),
		};
		let reply = scene.signed(&scene.operator, &scene.key, Question::Cell { place }, reply);

		#[extrinsic_call]
		reply(RawOrigin::Authorized, reply);

		assert_eq!(scene.phase(), AuditPhase::Committed);
	}

	#[benchmark]
	fn reply_step(b: Linear<1_024, { COLUMNS * COLUMN_BYTES }>) {
		let (scene, reply) = Scene::<T>::of_wrong_product(columns(b));

		#[extrinsic_call]
		reply(RawOrigin::Authorized, reply);

		assert_eq!(scene.phase(), AuditPhase::Over(AuditOutcome::Refuted));
	}

	#[benchmark]
	fn reply_digest() {
		let scene = Scene::<T>::new(longest_statement());
		let deadline = scene.deadline();
		scene.with_auditors(1, AuditorState::Drawn);
		scene.change(|audit| audit.phase = AuditPhase::Commit { deadline });
		let (auditor, _) = Scene::<T>::auditor(0);
		let key = T::Operators::worker_key(&auditor).expect("it is an operator");
		let reply = scene.signed(&auditor, &key, Question::Digest, Reply::Digest(Hash32([1; 32])));

		#[extrinsic_call]
		reply(RawOrigin::Authorized, reply);

		assert_eq!(scene.phase(), AuditPhase::Committed);
	}

	#[benchmark]
	fn reply_values(b: Linear<1_024, { WIDEST * VALUE }>) {
		let (auditor, _) = Scene::<T>::auditor(0);
		// The first job there is, at the first attempt.
		let key = |_: &OwnedStatement| DigestKey::new(&auditor.encode(), 0, 0);
		let (statement, place, opening, digest) = values_of_a_cell(b / VALUE, key);
		let scene = Scene::<T>::new(statement);
		assert_eq!(scene.job, JobId(0));
		let deadline = scene.deadline();
		scene.with_auditors(1, AuditorState::Bound { digest });
		scene.change(|audit| {
			audit.phase = AuditPhase::Show { deadline };
			audit.values_of = Some(place);
		});
		let key = T::Operators::worker_key(&auditor).expect("it is an operator");
		let reply = scene.signed(&auditor, &key, Question::Values { place }, Reply::Values(opening));

		#[extrinsic_call]
		reply(RawOrigin::Authorized, reply);

		assert_eq!(scene.phase(), AuditPhase::Over(AuditOutcome::Passed));
	}

	#[benchmark]
	fn advance_pass() {
		let scene = Scene::<T>::new(longest_statement());
		CleanJobs::<T>::insert(&scene.operator, u32::MAX);
		scene.change(|_| ());

		#[extrinsic_call]
		advance(Scene::<T>::caller(), scene.job);

		assert_eq!(scene.phase(), AuditPhase::Over(AuditOutcome::NotDrawn));
	}

	#[benchmark]
	fn advance_ask(n: Linear<1, { T::MaxAuditors::get() }>) {
		let scene = Scene::<T>::new(longest_statement());
		scene.list(n);
		scene.vouched();
		scene.change(|_| ());

		#[extrinsic_call]
		advance(Scene::<T>::caller(), scene.job);

		assert!(matches!(scene.phase(), AuditPhase::Commit { .. }));
		let asked = Audits::<T>::get(scene.job).expect("it is stored").auditors;
		assert!(asked.iter().filter(|auditor| auditor.recalled).count() == Recalled::<T>::get() as usize);
	}

	#[benchmark]
	fn advance_close(n: Linear<1, { Seats::<T>::get() }>) {
		let (statement, place, ..) = inside_of_a_cell();
		let scene = Scene::<T>::new(statement);
		scene.list(T::MaxAuditors::get());
		scene.with_auditors(n, AuditorState::Drawn);
		let deadline = scene.deadline();
		scene.change(|audit| {
			audit.phase = AuditPhase::Commit { deadline };
			audit.spot_check = Some(SpotCheck {
				place,
				committed: false,
				step: None,
				shown: false,
			});
		});
		scene.after(scene.closes_at(deadline));

		#[extrinsic_call]
		advance(Scene::<T>::caller(), scene.job);

		assert_eq!(scene.phase(), AuditPhase::Over(AuditOutcome::WorkerSilent));
	}

	#[benchmark]
	fn advance_ask_to_show(n: Linear<1, { Seats::<T>::get() }>) {
		let (statement, place, roots, _) = inside_of_a_cell();
		let scene = Scene::<T>::new(statement);
		let digest = Hash32([1; 32]);
		scene.with_auditors(n, AuditorState::Bound { digest });
		scene.change(|audit| {
			audit.phase = AuditPhase::Committed;
			audit.spot_check = Some(SpotCheck {
				place,
				committed: true,
				step: None,
				shown: false,
			});
		});
		Insides::<T>::insert(scene.job, BoundedVec::truncate_from(roots.encode()));

		#[extrinsic_call]
		advance(Scene::<T>::caller(), scene.job);

		assert!(matches!(scene.phase(), AuditPhase::Show { .. }));
	}

	#[benchmark]
	fn advance_finish(n: Linear<1, { Seats::<T>::get() }>) {
		let (statement, roots, proof) = wrong_product(COLUMNS);
		let scene = Scene::<T>::new(statement);
		scene.list(T::MaxAuditors::get());
		let digest = Hash32([1; 32]);
		scene.with_auditors(n, AuditorState::Bound { digest });
		let deadline = scene.deadline();
		scene.change(|audit| {
			audit.phase = AuditPhase::Show { deadline };
			audit.values_of = Some(proof.place);
			audit.spot_check = Some(SpotCheck {
				place: proof.place,
				committed: true,
				step: Some(proof.step),
				shown: false,
			});
		});
		Insides::<T>::insert(scene.job, BoundedVec::truncate_from(roots.encode()));
		scene.after(scene.closes_at(deadline));

		#[extrinsic_call]
		advance(Scene::<T>::caller(), scene.job);

		assert_eq!(scene.phase(), AuditPhase::Over(AuditOutcome::WorkerSilent));
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
		let audits: Vec<_> = (0..n).map(|n| JobId(n.into())).collect();
		Agenda::<T>::insert(now, BoundedVec::truncate_from(audits));
		// Room for the agenda but for no audit: it is read and written back.
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
