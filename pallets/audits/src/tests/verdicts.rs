//! Who loses what: silent workers, wrong steps, auditors that miss their duty or vouch for what is wrong.

use crate::{mock::*, CleanJobs, Event};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState, Question},
	dispute::Claims,
	job::JobState,
	operator::Fault,
	Attempt,
};

const PENALTY: Balance = STAKE / 5;

fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::AuditsPallet(event) => Some(event),
			_ => None,
		})
		.collect()
}

#[test]
fn worker_that_does_not_commit_should_lose_its_claim() {
	run(|| {
		Floor::set(sp_runtime::Permill::one());
		CleanJobs::<Test>::insert(ALICE, 7);
		let job = Worker::honest().claim();
		blocks(2 + PERIOD);
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
		next_block();
		assert_eq!(outcome(job), Some(AuditOutcome::WorkerSilent));
		assert!(!CleanJobs::<Test>::contains_key(ALICE));
		assert_eq!(JobsPallet::job_summary(job).unwrap().attempt, Attempt(1));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
		assert!(events().contains(&Event::AuditEnded {
			job,
			attempt: Attempt(0),
			outcome: AuditOutcome::WorkerSilent,
			penalty: PENALTY,
		}));
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
}

#[test]
fn worker_that_does_not_show_should_lose_its_claim() {
	run(|| {
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		blocks(2 + PERIOD + 1);
		assert_eq!(outcome(job), Some(AuditOutcome::WorkerSilent));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
	});
}

#[test]
fn skipped_layer_should_be_refuted_by_some_draws_and_honest_work_by_none() {
	let mut refuted = 0;
	for seed in 0..60 {
		run(|| {
			Seed::set(Some(seed));
			let worker = Worker::skipping_a_layer();
			let job = worker.claim();
			for _ in 0..2 {
				blocks(2);
				if asked(ALICE, job).is_some() {
					worker.answer(ALICE, job).unwrap();
				}
			}
			match outcome(job) {
				Some(AuditOutcome::Refuted) => {
					refuted += 1;
					assert_eq!(stake(ALICE), STAKE - PENALTY);
					assert_eq!(JobsPallet::job_summary(job).unwrap().attempt, Attempt(1));
				}
				Some(AuditOutcome::Passed) => assert_eq!(stake(ALICE), STAKE),
				other => panic!("{other:?}"),
			}
		});
	}
	// One row of three is wrong, in one of its rules.
	assert!(refuted > 0, "sixty spot-checks found nothing");
}

#[test]
fn auditor_that_does_not_commit_should_lose_stake_and_its_place() {
	run(|| {
		offer(&[BOB, CHARLIE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		worker.answer(BOB, job).unwrap();
		blocks(PERIOD + 1);
		assert_eq!(state_of(CHARLIE, job), AuditorState::Failed);
		assert_eq!(stake(CHARLIE), STAKE - MISSED);
		assert_eq!(AuditsPallet::auditors(DECODER), vec![BOB]);
		assert!(events().contains(&Event::AuditorPenalised {
			job,
			auditor: CHARLIE,
			fault: Fault::MissedAudit,
			penalty: MISSED,
		}));
		// The others go on.
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		worker.answer(BOB, job).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		blocks(WINDOW);
		assert!(matches!(job_state(job), JobState::Final { audits, .. } if audits > 0));
	});
}

#[test]
fn auditor_that_votes_blindly_should_lose_stake() {
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		let blind = assay_protocol::audit::Reply::Digest(NOTHING);
		deliver(signed(BOB, job, Question::Digest, blind)).unwrap();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		blocks(PERIOD + 1);
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		assert_eq!(state_of(BOB, job), AuditorState::Failed);
		assert_eq!(stake(BOB), STAKE - MISSED);
		blocks(WINDOW);
		assert!(matches!(job_state(job), JobState::Final { audits: 0, .. }));
	});
}

/// A claim that Bob has vouched for and Charlie has not, of a worker of whom more is seen.
fn vouched_for(worker: &Worker) -> assay_protocol::JobId {
	offer(&[BOB, CHARLIE]);
	let job = worker.claim();
	blocks(2);
	worker.answer(BOB, job).unwrap();
	// The next operator may be one of them, which does not audit itself.
	offer(&[DAVE]);
	job
}

/// Has whoever is assigned to a job now claim it, and lets it become final.
fn finish(job: assay_protocol::JobId, worker: &Worker) {
	AuditCeiling::set(sp_runtime::Permill::zero());
	Ceiling::set(sp_runtime::Permill::zero());
	let JobState::Assigned { operator, .. } = job_state(job) else {
		panic!("{:?}", job_state(job))
	};
	assert_ne!(operator, ALICE);
	worker.deliver_as(operator, job);
	// It is audited whatever the rates say, for it judges.
	for _ in 0..2 {
		blocks(2);
		for who in [operator].into_iter().chain(drawn(job)) {
			if asked(who, job).is_some() {
				worker.answer_as(who, job, Attempt(1)).unwrap();
			}
		}
	}
	assert!(!drawn(job).is_empty());
	blocks(2 + WINDOW);
	assert!(matches!(job_state(job), JobState::Final { .. }), "{:?}", job_state(job));
}

#[test]
fn p13_d01_auditor_that_vouched_should_lose_when_the_job_ends_with_another_result() {
	for silent in [false, true] {
		run(|| {
			Floor::set(sp_runtime::Permill::zero());
			let job = vouched_for(&Worker::skipping_a_layer());
			if silent {
				// The cheat does not answer, so that nothing is proved.
				blocks(PERIOD + 1);
				assert_eq!(outcome(job), Some(AuditOutcome::WorkerSilent));
			} else {
				JobsPallet::strike_down(job, None).unwrap();
				assert_eq!(outcome(job), Some(AuditOutcome::StruckDown));
			}
			assert_eq!(stake(BOB), STAKE, "nothing is known yet");
			finish(job, &Worker::honest());
			assert_eq!(stake(BOB), STAKE - FALSE);
			assert!(events().contains(&Event::AuditorPenalised {
				job,
				auditor: BOB,
				fault: Fault::FalseAudit,
				penalty: FALSE,
			}));
			assert_eq!(crate::Vouched::<Test>::iter().count(), 0);
			Floor::set(sp_runtime::Permill::from_percent(5));
		});
	}
}

/// The clock to show ends after the window: who could take its word back would see first whether anybody challenges the lie.
#[test]
fn g07_auditor_that_vouched_and_shows_nothing_should_still_lose_by_what_the_job_ends_with() {
	run(|| {
		Floor::set(sp_runtime::Permill::zero());
		Ceiling::set(sp_runtime::Permill::zero());
		let job = vouched_for(&Worker::skipping_a_layer());
		JobsPallet::hold(job).unwrap();
		Worker::skipping_a_layer().answer(CHARLIE, job).unwrap();
		blocks(2);
		assert!(matches!(phase(job), AuditPhase::Show { .. }));
		blocks(PERIOD + 1);
		assert_eq!(state_of(BOB, job), AuditorState::Failed);
		assert_eq!(stake(BOB), STAKE - MISSED);
		// Somebody has to look at the next claim.
		offer(&[BOB, CHARLIE]);
		JobsPallet::strike_down(job, None).unwrap();
		finish(job, &Worker::honest());
		assert_eq!(stake(BOB), STAKE - MISSED - FALSE);
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
}

#[test]
fn p04_worker_that_refutes_its_own_right_claim_should_harm_nobody_else() {
	for silent in [false, true] {
		run(|| {
			Floor::set(sp_runtime::Permill::zero());
			let job = vouched_for(&Worker::honest());
			if silent {
				blocks(PERIOD + 1);
			} else {
				JobsPallet::strike_down(job, None).unwrap();
			}
			assert_eq!(stake(ALICE), STAKE - PENALTY);
			finish(job, &Worker::honest());
			assert_eq!(stake(BOB), STAKE);
			Floor::set(sp_runtime::Permill::from_percent(5));
		});
	}
}

#[test]
fn auditor_that_is_done_should_still_answer_for_the_claim_inside_the_window() {
	run(|| {
		Floor::set(sp_runtime::Permill::zero());
		offer(&[BOB]);
		let worker = Worker::skipping_a_layer();
		let job = worker.claim();
		for _ in 0..2 {
			blocks(2);
			worker.answer(BOB, job).unwrap();
			if asked(ALICE, job).is_some() {
				let _ = Worker::honest()
					.answer(ALICE, job)
					.or_else(|_| worker.answer(ALICE, job));
			}
		}
		if matches!(job_state(job), JobState::Claimed { .. }) {
			JobsPallet::strike_down(job, None).unwrap();
		}
		finish(job, &Worker::honest());
		assert_eq!(stake(BOB), STAKE - FALSE);
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
}

#[test]
fn p04_nobody_should_be_judged_by_a_claim_that_nobody_looked_at() {
	use assay_protocol::audit::Audits as _;
	run(|| {
		let job = vouched_for(&Worker::honest());
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(crate::Vouched::<Test>::get(job).len(), 1);
		// A lie becomes final with which nobody has dealt.
		assert!(AuditsPallet::finalised(job, &DAVE, NOTHING).is_empty());
		assert_eq!(stake(BOB), STAKE);
		assert_eq!(crate::Vouched::<Test>::iter().count(), 0);
	});
}

#[test]
fn p08_lost_challenge_of_the_only_auditor_should_leave_the_claim_open_to_others() {
	use assay_protocol::audit::Audits as _;
	const GUILT: u64 = 60;
	assay_testing::GuiltPeriod::set(GUILT);
	run(|| {
		offer(&[BOB]);
		let worker = Worker::skipping_a_layer();
		Ceiling::set(sp_runtime::Permill::zero());
		Floor::set(sp_runtime::Permill::zero());
		let job = worker.claim();
		blocks(2);
		assert_eq!(drawn(job), vec![BOB]);
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, Attempt(0), &BOB);
		AuditsPallet::challenge_lost(job, Attempt(0), &BOB);
		JobsPallet::let_go(job, Attempt(0));
		assert!(AuditsPallet::is_open(job, Attempt(0)));
		assert_eq!(phase(job), AuditPhase::Unaudited { until: 3 + GUILT });
		blocks(GUILT + 1);
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		next_block();
		assert!(matches!(job_state(job), JobState::Final { .. }));
		Floor::set(sp_runtime::Permill::from_percent(5));
	});
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn nobody_should_be_judged_when_a_job_ends_without_a_result() {
	run(|| {
		let job = vouched_for(&Worker::skipping_a_layer());
		JobsPallet::strike_down(job, None).unwrap();
		// The second operator does not deliver, and there are no more attempts.
		blocks(assay_testing::RESULT_PERIOD + 2);
		let mut waited = 0;
		while crate::Audits::<Test>::contains_key(job) {
			next_block();
			waited += 1;
			assert!(waited < 500, "{:?}", job_state(job));
		}
		assert_eq!(stake(BOB), STAKE);
		assert_eq!(crate::Vouched::<Test>::iter().count(), 0);
	});
}

#[test]
fn p13_auditor_that_loses_its_challenge_should_have_audited_nothing() {
	use assay_protocol::audit::Audits as _;
	run(|| {
		offer(&[BOB, CHARLIE, DAVE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		let drawn_first = drawn(job);
		let (lost, other) = (drawn_first[0], drawn_first[1]);
		worker.answer(other, job).unwrap();
		JobsPallet::hold(job).unwrap();
		AuditsPallet::challenged(job, Attempt(0), &lost);
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		worker.answer(other, job).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		// The dispute ends: the challenge was wrong.
		AuditsPallet::challenge_lost(job, Attempt(0), &lost);
		JobsPallet::let_go(job, Attempt(0));
		assert_eq!(
			(stake(lost), state_of(lost, job)),
			(STAKE - MISSED, AuditorState::Failed)
		);
		assert_eq!(phase(job), AuditPhase::Claimed, "somebody else is drawn");
		blocks(2);
		let third = drawn(job)[2];
		worker.answer(third, job).unwrap();
		blocks(2);
		worker.answer(third, job).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		blocks(WINDOW + 1);
		assert!(matches!(job_state(job), JobState::Final { .. }));
		// Whoever challenged without being an auditor loses its bond and nothing here.
		AuditsPallet::challenge_lost(job, Attempt(0), &CONSUMER);
	});
}

#[test]
fn p08_d09_silent_auditor_should_be_replaced() {
	run(|| {
		offer(&[BOB, CHARLIE, DAVE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		let (silent, other) = (drawn(job)[0], drawn(job)[1]);
		worker.answer(other, job).unwrap();
		blocks(PERIOD + 1);
		assert_eq!(state_of(silent, job), AuditorState::Failed);
		assert_eq!(phase(job), AuditPhase::Claimed);
		blocks(2);
		assert_eq!(drawn(job).len(), 3);
		let third = drawn(job)[2];
		assert_eq!(asked(third, job), Some(Question::Digest));
		assert_eq!(asked(other, job), None, "it is bound");
		worker.answer(third, job).unwrap();
		blocks(2);
		for who in [ALICE, other, third] {
			worker.answer(who, job).unwrap();
		}
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		assert_eq!([silent, other, third].map(stake), [STAKE - MISSED, STAKE, STAKE]);
	});
}

#[test]
fn p08_audit_should_be_over_within_the_longest_delay_however_silent_everybody_is() {
	const GUILT: u64 = 40;
	assay_testing::GuiltPeriod::set(GUILT);
	run(|| {
		offer(&[BOB, CHARLIE, DAVE]);
		let worker = Worker::honest();
		let job = worker.claim();
		let now = frame_system::Pallet::<Test>::block_number;
		let longest = now() + AuditsPallet::longest_delay();
		blocks(2);
		// Auditors vouch and then cannot show what they vouched for; the worker is as late as it can be.
		let (deadline, closes_at) = (now() + PERIOD, now() + PERIOD + GUILT);
		while outcome(job).is_none() {
			for auditor in [BOB, CHARLIE, DAVE] {
				if asked(auditor, job) == Some(Question::Digest) {
					worker.answer(auditor, job).unwrap();
				}
			}
			if asked(ALICE, job).is_some() && now() >= closes_at {
				worker.answer(ALICE, job).unwrap();
			}
			next_block();
			assert!(now() <= longest, "the audit goes on in block {} of {longest}", now());
		}
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		assert!(now() > deadline + 2 * GUILT, "late once, and unaudited for as long");
		assert_eq!(stake(ALICE), STAKE);
	});
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn p08_claim_that_nobody_looked_at_should_stay_open_to_challenges_and_be_marked() {
	use assay_protocol::audit::Audits as _;
	const GUILT: u64 = 60;
	assay_testing::GuiltPeriod::set(GUILT);
	run(|| {
		offer(&[BOB, CHARLIE, DAVE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		// Two of three are silent, then the third.
		blocks(PERIOD + 1 + 2 + PERIOD + 1);
		assert_eq!(drawn(job).len(), 3);
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		let until = frame_system::Pallet::<Test>::block_number() + GUILT;
		assert_eq!(phase(job), AuditPhase::Unaudited { until });
		assert!(AuditsPallet::is_open(job, Attempt(0)));
		blocks(until - frame_system::Pallet::<Test>::block_number());
		assert_eq!(phase(job), AuditPhase::Unaudited { until });
		next_block();
		assert_eq!(outcome(job), Some(AuditOutcome::NotAudited));
		next_block();
		assert!(matches!(job_state(job), JobState::Final { audits: 0, .. }));
		assert!(frame_system::Pallet::<Test>::block_number() <= 1 + AuditsPallet::longest_delay());
	});
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn p06_worker_that_was_away_should_reply_late_and_lose_nothing() {
	const GUILT: u64 = 60;
	assay_testing::GuiltPeriod::set(GUILT);
	run(|| {
		let late = || pallet_assay_jobs::LateAnswers::<Test>::contains_key(ALICE);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2 + PERIOD);
		assert!(!late());
		next_block();
		assert_eq!((outcome(job), late(), stake(ALICE)), (None, true, STAKE));
		assert!(events().contains(&Event::WorkerLate {
			job,
			operator: ALICE,
			until: 3 + PERIOD + GUILT
		}));
		assert_eq!(AuditsPallet::due(&sp_core::Pair::public(&worker_key(ALICE))).len(), 1);
		blocks(GUILT - PERIOD - 2);
		worker.answer(ALICE, job).unwrap();
		assert!(!late());
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		assert_eq!((outcome(job), stake(ALICE)), (Some(AuditOutcome::Passed), STAKE));

		// Silence to the end is fraud.
		let silent = worker.claim();
		blocks(2 + PERIOD + GUILT);
		assert_eq!((outcome(silent), late()), (None, true));
		next_block();
		assert_eq!((outcome(silent), late()), (Some(AuditOutcome::WorkerSilent), false));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
	});
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn next_attempt_should_be_audited_anew() {
	run(|| {
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::StruckDown));
		let JobState::Assigned { operator, .. } = job_state(job) else {
			panic!("{:?}", job_state(job))
		};
		worker.deliver_as(operator, job);
		assert_eq!(phase(job), AuditPhase::Claimed);
		blocks(2);
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
		assert!(matches!(asked(operator, job), Some(Question::Cell { .. })));
	});
}
