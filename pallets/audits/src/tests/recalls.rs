//! Whoever vouched for a claim that fell is asked about the next one.

use crate::mock::*;
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::{AuditOutcome, AuditorState, Audits, Question},
	dispute::Claims,
	job::JobState,
	Attempt, JobId,
};
use sp_core::Pair;

const SECOND: Attempt = Attempt(1);

/// Bob has vouched for a right claim of Alice's that fell though, and audits no more. Dave claims what `worker` does, and
/// Charlie is there to audit it; Bob is asked as well if Dave says something else.
fn second_claim(worker: &Worker, test: impl Fn(JobId)) {
	second_claim_with_guilt(worker, 0, test);
}

fn second_claim_with_guilt(worker: &Worker, guilt: u64, test: impl Fn(JobId)) {
	let first = || {
		let job = vouched_by_bob();
		AuditsPallet::withdraw(RuntimeOrigin::signed(BOB), DECODER).unwrap();
		offer(&[CHARLIE]);
		job
	};
	dave_is_next(guilt, first, |job| {
		claimed_by_dave(worker, job);
		let recalled = AuditsPallet::is_drawn(job, SECOND, &BOB);
		assert_eq!(asked(BOB, job), recalled.then_some(Question::Digest));
		assert_eq!(drawn(job)[0], CHARLIE);
		test(job);
	});
}

/// A right claim of Alice's for which Bob has vouched.
fn vouched_by_bob() -> JobId {
	offer(&[BOB]);
	let job = Worker::honest().claim();
	blocks(2);
	Worker::honest().answer(BOB, job).unwrap();
	job
}

/// Has Dave claim what `worker` does, which is drawn for no spot-check.
fn claimed_by_dave(worker: &Worker, job: JobId) {
	Ceiling::set(sp_runtime::Permill::zero());
	Floor::set(sp_runtime::Permill::zero());
	worker.deliver_as(DAVE, job);
	blocks(2);
}

/// Has the claim of the job that `first` returns struck down until Dave is given it, and then plays the test.
fn dave_is_next(guilt: u64, first: impl Fn() -> JobId, test: impl Fn(JobId)) {
	let mut played = false;
	assay_testing::GuiltPeriod::set(guilt);
	for seed in 0..100 {
		run(|| {
			let job = first();
			Seed::set(Some(seed));
			JobsPallet::strike_down(job, None).unwrap();
			if matches!(job_state(job), JobState::Assigned { operator: DAVE, .. }) {
				test(job);
				played = true;
			}
		});
		Floor::set(sp_runtime::Permill::from_percent(5));
		if played {
			assay_testing::GuiltPeriod::set(0);
			return;
		}
	}
	panic!("Dave is never drawn");
}

#[test]
fn who_vouched_should_be_told_of_the_next_claim_and_may_challenge_it() {
	second_claim(&Worker::skipping_a_layer(), |job| {
		assert!(AuditsPallet::is_drawn(job, SECOND, &BOB));
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, SECOND, &BOB);
		assert_eq!(state_of(BOB, job), AuditorState::Challenged);
		assert_eq!(asked(BOB, job), None);
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(stake(BOB), STAKE);
	});
}

#[test]
fn who_vouched_for_the_same_should_not_be_asked_again() {
	let worker = Worker::honest();
	second_claim(&worker, |job| {
		assert_eq!(drawn(job), vec![CHARLIE]);
		for _ in 0..2 {
			worker.answer_as(CHARLIE, job, SECOND).unwrap();
			blocks(2);
		}
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		blocks(WINDOW + 2);
		let JobState::Final {
			audits, paid, treasury, ..
		} = job_state(job)
		else {
			panic!("{:?}", job_state(job))
		};
		// Charlie alone: a tenth of the fee, as the treasury has; the operator has the rest.
		assert_eq!((treasury, paid), (audits, 8 * audits));
		assert_eq!(stake(BOB), STAKE);
		assert_eq!(crate::Vouched::<Test>::iter().count(), 0);
	});
}

/// Dave lies, and Charlie with him. Bob, who vouched for what is right, is busy or away, for less than silence would be guilt.
#[test]
fn f05_claim_that_contradicts_a_vouch_should_wait_for_who_vouched() {
	const GUILT: u64 = 40;
	let liar = Worker::skipping_a_layer();
	second_claim_with_guilt(&liar, GUILT, |job| {
		liar.answer_as(CHARLIE, job, SECOND).unwrap();
		blocks(GUILT - 1);
		assert!(AuditsPallet::is_open(job, SECOND), "the claim can be challenged");
		assert!(AuditsPallet::is_drawn(job, SECOND, &BOB), "by Bob with his stake");
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, SECOND, &BOB);
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(stake(BOB), STAKE);
	});
	// The audit goes on without whoever does not come in all that time, and it is judged by what nobody challenged.
	second_claim_with_guilt(&liar, GUILT, |job| {
		liar.answer_as(CHARLIE, job, SECOND).unwrap();
		blocks(GUILT + 2);
		assert_eq!(state_of(BOB, job), AuditorState::Failed);
		let waits = (0..PERIOD).take_while(|_| asked(CHARLIE, job).is_none());
		waits.for_each(|_| next_block());
		liar.answer_as(CHARLIE, job, SECOND).unwrap();
		blocks(2);
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		blocks(WINDOW + 2);
		assert_eq!(stake(BOB), STAKE - FALSE);
	});
}

#[test]
fn what_only_a_recalled_auditor_has_looked_at_should_judge_nobody() {
	let liar = Worker::skipping_a_layer();
	second_claim(&liar, |job| {
		// Charlie is away, and Bob vouches for the lie too: nobody that was drawn has looked at it.
		for _ in 0..2 {
			if asked(BOB, job).is_some() {
				liar.answer_as(BOB, job, SECOND).unwrap();
			}
			blocks(PERIOD + 3);
		}
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		blocks(WINDOW + 2);
		assert!(matches!(job_state(job), JobState::Final { audits: 0, .. }));
		assert_eq!(stake(BOB), STAKE);
	});
}

#[test]
fn g04_recalled_auditor_should_have_one_day_in_all() {
	const GUILT: u64 = 40;
	let liar = Worker::skipping_a_layer();
	second_claim_with_guilt(&liar, GUILT, |job| {
		liar.answer_as(CHARLIE, job, SECOND).unwrap();
		blocks(GUILT - 1);
		// Bob replies at the last moment, and not again.
		liar.answer_as(BOB, job, SECOND).unwrap();
		let waits = (0..PERIOD).take_while(|_| asked(CHARLIE, job).is_none());
		waits.for_each(|_| next_block());
		liar.answer_as(CHARLIE, job, SECOND).unwrap();
		assert!(asked(BOB, job).is_some());
		blocks(PERIOD + 2);
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
	});
}

#[test]
fn claim_that_a_lost_challenge_leaves_to_nobody_should_wait_once() {
	const GUILT: u64 = 40;
	second_claim_with_guilt(&Worker::skipping_a_layer(), GUILT, |job| {
		// Charlie challenges, and Bob is away: the claim waits for him, and while it is disputed for nobody else.
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, SECOND, &CHARLIE);
		blocks(GUILT + 2);
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		AuditsPallet::challenge_lost(job, SECOND, &CHARLIE);
		assert!(!AuditsPallet::is_open(job, SECOND));
		JobsPallet::let_go(job, SECOND);
		blocks(WINDOW + 2);
		assert!(matches!(job_state(job), JobState::Final { audits: 0, .. }));
	});
}

/// Carla stood behind Dave and asked to leave before he was given the job that he lies about.
#[test]
fn g03_stake_that_left_before_the_attempt_was_assigned_should_not_answer_for_it() {
	let origin = RuntimeOrigin::signed;
	let first = || {
		Ceiling::set(sp_runtime::Permill::zero());
		AuditCeiling::set(sp_runtime::Permill::zero());
		Floor::set(sp_runtime::Permill::zero());
		StakingPallet::delegate(origin(CONSUMER), DAVE, STAKE).unwrap();
		let job = Worker::honest().claim();
		JobsPallet::hold(job).unwrap();
		StakingPallet::unbond(origin(CONSUMER), DAVE, STAKE / 2).unwrap();
		let period = <<Test as pallet_assay_staking::Config>::Period as frame_support::traits::Get<u64>>::get();
		blocks(period);
		StakingPallet::unbond(origin(CONSUMER), DAVE, STAKE / 4).unwrap();
		job
	};
	dave_is_next(0, first, |job| {
		Worker::skipping_a_layer().deliver_as(DAVE, job);
		JobsPallet::strike_down(job, None).unwrap();
		let unbonding = || {
			let [position] = &StakingPallet::positions_of(CONSUMER)[..] else {
				panic!("one position")
			};
			position.unbonding.iter().map(|chunk| chunk.amount).collect::<Vec<_>>()
		};
		let [before, since] = unbonding()[..] else {
			panic!("{:?}", unbonding())
		};
		assert_eq!(before, STAKE / 2);
		assert!(
			since < STAKE / 4,
			"what asked to leave in the period of the assignment answers"
		);
	});
}

#[test]
fn h10_who_vouched_and_is_drawn_again_should_have_the_time_of_who_is_recalled() {
	const GUILT: u64 = 40;
	let liar = Worker::skipping_a_layer();
	let first = || {
		let job = vouched_by_bob();
		offer(&[CHARLIE]);
		job
	};
	dave_is_next(GUILT, first, |job| {
		claimed_by_dave(&liar, job);
		let mut both = drawn(job);
		both.sort_unstable();
		assert_eq!(both, [BOB, CHARLIE]);
		liar.answer_as(CHARLIE, job, SECOND).unwrap();
		blocks(GUILT - 1);
		assert_eq!(asked(BOB, job), Some(Question::Digest));
		assert!(
			AuditsPallet::is_drawn(job, SECOND, &BOB),
			"it may challenge with its stake"
		);
	});
}

#[test]
fn l01_who_vouched_and_is_drawn_again_should_have_its_time_however_busy_it_is() {
	const GUILT: u64 = 40;
	const MUCH: ComputeUnits = ComputeUnits(100_000);
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::MaxLoad::set(PERIOD);
	dave_is_next(GUILT, vouched_by_bob, |job| {
		JobsPallet::asked(&BOB, MUCH);
		claimed_by_dave(&Worker::skipping_a_layer(), job);
		blocks(GUILT - 1);
		assert_eq!(state_of(BOB, job), AuditorState::Drawn);
		assert!(AuditsPallet::is_drawn(job, SECOND, &BOB));
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, SECOND, &BOB);
		assert_eq!((state_of(BOB, job), stake(BOB)), (AuditorState::Challenged, STAKE));
		JobsPallet::asked_no_more(&BOB, MUCH);
	});
	assay_testing::MaxLoad::set(1_000);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

/// Bob vouched for a lie, and nobody else is listed: as long as nobody looks at what is right, nobody is judged.
#[test]
fn l03_m04_who_vouched_and_is_drawn_again_should_not_be_silent_for_nothing() {
	const GUILT: u64 = 40;
	const MUCH: ComputeUnits = ComputeUnits(100_000);
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::MaxLoad::set(PERIOD);
	for load in [ComputeUnits(0), MUCH] {
		dave_is_next(GUILT, vouched_by_bob, |job| {
			JobsPallet::asked(&BOB, load);
			claimed_by_dave(&Worker::skipping_a_layer(), job);
			assert_eq!(drawn(job), [BOB]);
			blocks(GUILT - 1);
			assert_eq!((state_of(BOB, job), stake(BOB)), (AuditorState::Drawn, STAKE));
			blocks(3);
			assert_eq!((state_of(BOB, job), stake(BOB)), (AuditorState::Failed, STAKE - MISSED));
			assert!(!AuditsPallet::auditors(DECODER).contains(&BOB));
			JobsPallet::asked_no_more(&BOB, load);
		});
	}
	assay_testing::MaxLoad::set(1_000);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}

/// A right claim of an operator's.
fn claimed_by(operator: AccountId) -> JobId {
	let job = assay_testing::submit_to::<Test>(operator, DECODER);
	Worker::honest().deliver_as(operator, job);
	job
}

/// Bob has more to do than he can, and is drawn for more claims still, each due before the one that contradicts what he vouched for. He is
/// drawn for that one too, or recalled.
#[test]
fn n01_what_an_auditor_is_excused_from_should_be_due_behind_what_it_would_be_judged_by() {
	const MUCH: ComputeUnits = ComputeUnits(100_000);
	const OTHERS: usize = 65;
	assay_testing::ReferenceSpeed::set(2);
	assay_testing::MaxLoad::set(PERIOD);
	for withdraws in [false, true] {
		dave_is_next(100, vouched_by_bob, |job| {
			JobsPallet::asked(&BOB, MUCH);
			// More than one operator may have open at once.
			let workers = [ALICE, CHARLIE].into_iter().cycle();
			let others: Vec<_> = workers.take(OTHERS).map(claimed_by).collect();
			// The agenda of a block has room for all but one.
			blocks(3);
			assert!(others.iter().all(|other| drawn(*other) == [BOB]));
			if withdraws {
				AuditsPallet::withdraw(RuntimeOrigin::signed(BOB), DECODER).unwrap();
			}
			claimed_by_dave(&Worker::skipping_a_layer(), job);
			let due = AuditsPallet::due(&worker_key(BOB).public());
			let [first, rest @ ..] = &due[..] else {
				panic!("nothing is due")
			};
			assert_eq!((first.claim.job, first.excused), (job, false));
			// There is no room for two of them.
			assert_eq!(rest.len(), OTHERS - 2);
			for (duty, other) in rest.iter().zip(&others) {
				assert_eq!((duty.claim.job, duty.excused), (*other, true));
				assert!(duty.deadline < first.deadline, "it is due first");
			}
			JobsPallet::asked_no_more(&BOB, MUCH);
		});
	}
	assay_testing::MaxLoad::set(1_000);
	assay_testing::ReferenceSpeed::set(assay_testing::FAST);
}
