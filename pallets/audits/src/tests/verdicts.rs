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
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		assert_eq!(state_of(BOB, job), AuditorState::Failed);
		assert_eq!(stake(BOB), STAKE - MISSED);
		blocks(WINDOW);
		assert!(matches!(job_state(job), JobState::Final { audits: 0, .. }));
	});
}

#[test]
fn auditor_that_vouched_for_a_claim_that_is_proved_wrong_should_lose_stake() {
	run(|| {
		offer(&[BOB, CHARLIE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(BOB, job).unwrap();
		JobsPallet::strike_down(job, true, None).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::StruckDown));
		assert_eq!([BOB, CHARLIE].map(stake), [STAKE - FALSE, STAKE]);
		assert_eq!(asked(CHARLIE, job), None);
	});
}

#[test]
fn auditor_should_lose_nothing_when_the_worker_merely_fell_silent() {
	run(|| {
		offer(&[BOB, CHARLIE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(BOB, job).unwrap();
		worker.answer(CHARLIE, job).unwrap();
		blocks(PERIOD + 1);
		assert_eq!(outcome(job), Some(AuditOutcome::WorkerSilent));
		assert_eq!([BOB, CHARLIE].map(stake), [STAKE; 2]);
	});
}

#[test]
fn auditor_that_is_done_should_still_answer_for_the_claim_inside_the_window() {
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let job = worker.claim();
		for _ in 0..2 {
			blocks(2);
			worker.answer(ALICE, job).unwrap();
			worker.answer(BOB, job).unwrap();
		}
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		JobsPallet::strike_down(job, true, None).unwrap();
		assert_eq!(stake(BOB), STAKE - FALSE);
	});
}

#[test]
fn next_attempt_should_be_audited_anew() {
	run(|| {
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		JobsPallet::strike_down(job, false, None).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::StruckDown));
		worker.deliver(job);
		assert_eq!(phase(job), AuditPhase::Claimed);
		blocks(2);
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
		assert!(matches!(asked(ALICE, job), Some(Question::Cell { .. })));
	});
}
