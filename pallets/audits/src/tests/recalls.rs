//! Whoever vouched for a claim that fell is asked about the next one.

use crate::mock::*;
use assay_protocol::{
	audit::{AuditOutcome, AuditorState, Audits, Question},
	dispute::Claims,
	job::JobState,
	Attempt, JobId,
};

const SECOND: Attempt = Attempt(1);

/// Bob has vouched for a right claim of Alice's that fell though, and audits no more. Dave claims what `worker` does, and
/// Charlie is there to audit it.
fn second_claim(worker: &Worker, test: impl Fn(JobId)) {
	let mut played = false;
	for seed in 0..100 {
		run(|| {
			offer(&[BOB]);
			let job = Worker::honest().claim();
			blocks(2);
			Worker::honest().answer(BOB, job).unwrap();
			AuditsPallet::withdraw(RuntimeOrigin::signed(BOB), DECODER).unwrap();
			offer(&[CHARLIE]);
			Seed::set(Some(seed));
			JobsPallet::strike_down(job, None).unwrap();
			if !matches!(job_state(job), JobState::Assigned { operator: DAVE, .. }) {
				return;
			}
			Ceiling::set(sp_runtime::Permill::zero());
			Floor::set(sp_runtime::Permill::zero());
			worker.deliver_as(DAVE, job);
			blocks(2);
			assert_eq!(drawn(job), vec![CHARLIE, BOB]);
			assert_eq!(asked(BOB, job), Some(Question::Digest));
			test(job);
			Floor::set(sp_runtime::Permill::from_percent(5));
			played = true;
		});
		if played {
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
fn who_vouched_need_not_look_again_and_is_not_paid_for_it() {
	for looks in [false, true] {
		let worker = Worker::honest();
		second_claim(&worker, |job| {
			for _ in 0..2 {
				for who in drawn(job) {
					if asked(who, job).is_some() && (looks || who != BOB) {
						worker.answer_as(who, job, SECOND).unwrap();
					}
				}
				blocks(if looks { 2 } else { PERIOD + 3 });
			}
			let expected = if looks {
				AuditorState::Done
			} else {
				AuditorState::Failed
			};
			assert_eq!(state_of(BOB, job), expected);
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
