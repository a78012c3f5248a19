//! Whoever is asked much: its clocks, and what it is not asked.

use crate::mock::*;
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState, Audits, Question},
	dispute::Claims,
	Attempt,
};

/// Who audits the model.
fn listed() -> Vec<AccountId> {
	AuditsPallet::auditors(DECODER)
}

/// More to do than anybody can in time.
const MUCH: ComputeUnits = ComputeUnits(100_000);
const FIRST: Attempt = Attempt(0);

#[test]
fn d07_clock_of_a_spot_check_should_count_all_that_its_worker_is_asked() {
	assay_testing::ReferenceSpeed::set(2);
	run(|| {
		let worker = Worker::honest();
		let jobs: Vec<_> = (0..3).map(|_| worker.claim()).collect();
		blocks(2);
		let now = frame_system::Pallet::<Test>::block_number();
		let run = JobsPallet::claim(jobs[0]).unwrap().run;
		let mut deadlines: Vec<_> = jobs
			.iter()
			.map(|job| match phase(*job) {
				AuditPhase::Commit { deadline } => deadline - now - PERIOD,
				other => panic!("{other:?}"),
			})
			.collect();
		deadlines.sort();
		assert_eq!(deadlines, [run, 2 * run, 3 * run]);
		for job in jobs {
			worker.answer(ALICE, job).unwrap();
		}
		assert_eq!(pallet_assay_jobs::Load::<Test>::iter().count(), 0);
	});
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn p05_f06_m05_busy_auditor_should_keep_its_seat_and_reply_whenever_it_can() {
	const LOAD: u64 = 20;
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::GuiltPeriod::set(1_000);
	assay_testing::MaxLoad::set(LOAD);
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let job = worker.claim();
		let run = JobsPallet::claim(job).unwrap().run;
		let before = ComputeUnits(2 * LOAD);
		JobsPallet::asked(&BOB, before);
		blocks(2);
		assert_eq!(drawn(job), vec![BOB]);
		assert_eq!(asked(BOB, job), Some(Question::Digest));
		worker.answer(ALICE, job).unwrap();
		// It has the time of all that it is asked before, and then of this.
		let auditor = crate::Audits::<Test>::get(job).unwrap().auditors[0].clone();
		assert_eq!(auditor.deadline, System::block_number() + PERIOD + LOAD + run);
		blocks(PERIOD + LOAD + run);
		worker.answer(BOB, job).unwrap();
		JobsPallet::asked_no_more(&BOB, before);
		blocks(2);
		for who in [ALICE, BOB] {
			worker.answer(who, job).unwrap();
		}
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		assert_eq!(stake(BOB), STAKE);
		assert_eq!(pallet_assay_jobs::Load::<Test>::iter().count(), 0);
	});
	assay_testing::MaxLoad::set(1_000);
	assay_testing::GuiltPeriod::set(0);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn d05_f06_keeping_auditors_busy_should_not_choose_who_looks() {
	let seats_of = |busy: &[AccountId], seed| {
		run(|| {
			offer(&[BOB, CHARLIE, DAVE]);
			Seed::set(Some(seed));
			let job = Worker::honest().claim();
			for who in busy {
				JobsPallet::asked(who, MUCH);
			}
			blocks(2);
			drawn(job)
		})
	};
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::GuiltPeriod::set(20);
	let mut draws = std::collections::BTreeSet::new();
	for seed in 0..10 {
		let free = seats_of(&[], seed);
		assert_eq!(free.len(), 2);
		assert_eq!(seats_of(&[BOB], seed), free);
		assert_eq!(seats_of(&[BOB, CHARLIE, DAVE], seed), free);
		draws.insert(free);
	}
	assert!(draws.len() > 1, "the seeds draw the same auditors");
	assay_testing::GuiltPeriod::set(0);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn busy_auditor_that_finds_a_claim_wrong_should_challenge_it_with_its_stake() {
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::GuiltPeriod::set(20);
	run(|| {
		offer(&[BOB]);
		let job = Worker::honest().claim();
		JobsPallet::asked(&BOB, MUCH);
		blocks(2);
		assert!(AuditsPallet::is_drawn(job, FIRST, &BOB));
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, FIRST, &BOB);
		assert_eq!(state_of(BOB, job), AuditorState::Challenged);
		JobsPallet::asked_no_more(&BOB, MUCH);
		blocks(20);
		assert_eq!(asked(BOB, job), None);
		assert_eq!(stake(BOB), STAKE);
	});
	assay_testing::GuiltPeriod::set(0);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn g12_m04_claim_should_wait_for_a_busy_auditor_no_longer_than_its_work_takes() {
	const GUILT: u64 = 60;
	const LOAD: u64 = 15;
	assay_testing::GuiltPeriod::set(GUILT);
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::MaxLoad::set(LOAD);
	run(|| {
		Ceiling::set(sp_runtime::Permill::zero());
		Floor::set(sp_runtime::Permill::zero());
		offer(&[BOB]);
		let job = Worker::honest().claim();
		let run = JobsPallet::claim(job).unwrap().run;
		// What a friend of a liar has Bob do, or Bob himself.
		JobsPallet::asked(&BOB, MUCH);
		blocks(2);
		let drawn_at = System::block_number();
		blocks(PERIOD + LOAD + run);
		assert_eq!(state_of(BOB, job), AuditorState::Drawn);
		next_block();
		assert_eq!(state_of(BOB, job), AuditorState::Failed);
		// It did nothing wrong, and takes no part. All that the claim waits for takes one stretch of time.
		assert_eq!((stake(BOB), listed()), (STAKE, vec![]));
		let until = drawn_at + GUILT;
		assert_eq!(phase(job), AuditPhase::Unaudited { until });
		// It is not there for the next draw either, as long as it has too much to do.
		let back = || AuditsPallet::offer(RuntimeOrigin::signed(BOB), DECODER);
		assert_eq!(back(), Err(crate::Error::<Test>::TooMuchToDo.into()));
		JobsPallet::asked_no_more(&BOB, MUCH);
		back().unwrap();
		blocks(until - System::block_number());
		assert!(AuditsPallet::is_open(job, FIRST), "the claim can be challenged");
		next_block();
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
	assay_testing::MaxLoad::set(1_000);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn nobody_should_be_waited_for_where_nobody_audits() {
	run(|| {
		Ceiling::set(sp_runtime::Permill::zero());
		Floor::set(sp_runtime::Permill::zero());
		let job = Worker::honest().claim();
		blocks(2);
		assert_eq!(outcome(job), Some(AuditOutcome::NotDrawn));
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
}

/// The worker is late, or another auditor busy, for longer than a claim waits for challenges; then a friend of a liar keeps busy who is
/// drawn in the place of another.
#[test]
fn l02_busy_auditor_that_is_drawn_late_should_have_its_time() {
	const GUILT: u64 = 2;
	const LOAD: u64 = 15;
	assay_testing::GuiltPeriod::set(GUILT);
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::MaxLoad::set(LOAD);
	run(|| {
		Ceiling::set(sp_runtime::Permill::zero());
		Floor::set(sp_runtime::Permill::zero());
		offer(&[BOB, CHARLIE, DAVE]);
		let worker = Worker::honest();
		let job = worker.claim();
		let run = JobsPallet::claim(job).unwrap().run;
		for who in [BOB, CHARLIE, DAVE] {
			JobsPallet::asked(&who, MUCH);
		}
		blocks(2);
		let first = drawn(job);
		blocks(PERIOD + LOAD + run + 1);
		assert!(first.iter().all(|who| state_of(*who, job) == AuditorState::Failed));
		let waits = (0..PERIOD).take_while(|_| drawn(job).len() < 3);
		waits.for_each(|_| next_block());
		let last = drawn(job)[2];
		blocks(PERIOD + LOAD + run);
		worker.answer(last, job).unwrap();
		assert!(listed().contains(&last));
		for who in [BOB, CHARLIE, DAVE] {
			JobsPallet::asked_no_more(&who, MUCH);
		}
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
	assay_testing::MaxLoad::set(1_000);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn p05_what_an_auditor_has_replied_to_should_not_lengthen_its_clock() {
	assay_testing::ReferenceSpeed::set(2);
	Floor::set(sp_runtime::Permill::one());
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let jobs: Vec<_> = (0..10).map(|_| worker.claim()).collect();
		for _ in 0..2 {
			blocks(2);
			for job in &jobs {
				for who in [ALICE, BOB] {
					worker.answer(who, *job).unwrap();
				}
			}
		}
		assert_eq!(pallet_assay_jobs::Load::<Test>::iter().count(), 0);
		let job = worker.claim();
		blocks(2);
		let now = frame_system::Pallet::<Test>::block_number();
		let run = JobsPallet::claim(job).unwrap().run;
		let deadline = || crate::Audits::<Test>::get(job).unwrap().auditors[0].deadline;
		assert_eq!(deadline(), now + run + PERIOD);
		// Nor does it make any clock endless.
		assay_testing::MaxLoad::set(3 * run);
		let many: Vec<_> = (0..9).map(|_| worker.claim()).collect();
		blocks(2);
		let clocks = many.iter().filter_map(|job| {
			let audit = crate::Audits::<Test>::get(job).unwrap();
			let auditor = &audit.auditors[0];
			(!auditor.excused).then_some(auditor.deadline)
		});
		let clocks: Vec<_> = clocks.collect();
		assert_eq!(clocks.len(), 2, "it is asked about as many as it can do");
		assert_eq!(clocks.into_iter().max(), Some(now + 2 + 3 * run + PERIOD));
		assay_testing::MaxLoad::set(1_000);
	});
	Floor::set(sp_runtime::Permill::from_percent(5));
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn p05_clock_of_an_auditor_should_be_longer_by_what_it_was_given_before() {
	// 17 units at two a second and slots of a second.
	assay_testing::ReferenceSpeed::set(2);
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let jobs: Vec<_> = (0..5).map(|_| worker.claim()).collect();
		blocks(2);
		let run = JobsPallet::claim(jobs[0]).unwrap().run;
		assert!(run > 0);
		let mut deadlines: Vec<_> = jobs
			.iter()
			.map(|job| crate::Audits::<Test>::get(job).unwrap().auditors[0].deadline)
			.collect();
		deadlines.sort_unstable();
		let expected: Vec<_> = (1..=5).map(|given| 3 + given * run + PERIOD).collect();
		assert_eq!(deadlines, expected);
		// It runs one after the other and replies to each in its last block.
		let mut due: Vec<_> = jobs.clone();
		due.sort_by_key(|job| crate::Audits::<Test>::get(job).unwrap().auditors[0].deadline);
		for job in &jobs {
			worker.answer(ALICE, *job).unwrap();
		}
		for (job, deadline) in due.iter().zip(deadlines) {
			blocks(deadline - frame_system::Pallet::<Test>::block_number());
			worker.answer(BOB, *job).unwrap();
		}
		assert_eq!(stake(BOB), STAKE);
	});
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

/// Whoever is drawn has no time before its last block, vouches in that, and shows nothing.
#[test]
fn n05_audit_should_be_over_within_the_longest_delay_however_busy_everybody_is() {
	const LOAD: u64 = 100;
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::MaxLoad::set(LOAD);
	run(|| {
		Ceiling::set(sp_runtime::Permill::zero());
		Floor::set(sp_runtime::Permill::zero());
		let auditors = [BOB, CHARLIE, DAVE];
		offer(&auditors);
		let worker = Worker::honest();
		let job = worker.claim();
		let claimed_at = System::block_number();
		let run = JobsPallet::claim(job).unwrap().run;
		for who in auditors {
			JobsPallet::asked(&who, MUCH);
		}
		let is_last = |who| {
			let audit = crate::Audits::<Test>::get(job).unwrap();
			let mut seats = audit.auditors.iter();
			seats.any(|auditor| auditor.account == who && auditor.deadline == System::block_number())
		};
		// Six replies at most, each of which takes as long as running the job beside what everything else takes.
		let longest = claimed_at + AuditsPallet::longest_delay() + 6 * run;
		while outcome(job).is_none() {
			for who in auditors {
				if asked(who, job) == Some(Question::Digest) && is_last(who) {
					worker.answer(who, job).unwrap();
				}
			}
			next_block();
			assert!(
				System::block_number() <= longest,
				"the audit goes on after block {longest}"
			);
		}
		// Two are drawn, and then the third: four clocks.
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		assert_eq!(drawn(job).len(), 3);
		assert!(System::block_number() > claimed_at + 4 * (PERIOD + LOAD + run));
		for who in auditors {
			JobsPallet::asked_no_more(&who, MUCH);
		}
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
	assay_testing::MaxLoad::set(1_000);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}
