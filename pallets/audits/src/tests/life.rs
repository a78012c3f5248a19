//! The way of an audit from claim to payment.

use crate::{mock::*, Audits, Error, Insides};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState, Question},
	job::JobState,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::Permill;

#[test]
fn honest_job_should_be_checked_and_its_auditors_paid() {
	run(|| {
		offer(&[BOB, CHARLIE]);
		let worker = Worker::honest();
		let job = worker.claim();
		assert_eq!(phase(job), AuditPhase::Claimed);
		next_block();
		assert_eq!(phase(job), AuditPhase::Claimed, "the draw waits for a block in between");
		next_block();
		assert_eq!(phase(job), AuditPhase::Commit { deadline: 3 + PERIOD });
		assert!(matches!(asked(ALICE, job), Some(Question::Cell { .. })));
		for auditor in [BOB, CHARLIE] {
			assert_eq!(asked(auditor, job), Some(Question::Digest));
		}
		for who in [CHARLIE, ALICE, BOB] {
			assert_eq!(phase(job), AuditPhase::Commit { deadline: 3 + PERIOD });
			worker.answer(who, job).unwrap();
			assert_eq!(asked(who, job), None);
		}
		assert_eq!(phase(job), AuditPhase::Committed);
		assert!(Insides::<Test>::contains_key(job));
		blocks(2);
		assert_eq!(phase(job), AuditPhase::Show { deadline: 5 + PERIOD });
		for who in [ALICE, BOB, CHARLIE] {
			worker.answer(who, job).unwrap();
		}
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		assert!(!Insides::<Test>::contains_key(job));
		let before = [BOB, CHARLIE].map(Balances::free_balance);
		blocks(WINDOW);
		let JobState::Final {
			paid, audits, treasury, ..
		} = job_state(job)
		else {
			panic!("{:?}", job_state(job))
		};
		let fee = paid + audits + treasury;
		let share = Permill::from_percent(10).mul_floor(fee);
		assert!(share > 0);
		assert_eq!(audits, 2 * share);
		assert_eq!(
			[BOB, CHARLIE].map(Balances::free_balance),
			before.map(|free| free + share)
		);
		assert_eq!(OPERATORS.map(stake), [STAKE; 4]);
	});
}

#[test]
fn job_should_not_become_final_before_its_audit_is_over() {
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2 + PERIOD);
		worker.answer(ALICE, job).unwrap();
		worker.answer(BOB, job).unwrap();
		blocks(2 + PERIOD);
		assert!(System::block_number() > 1 + WINDOW);
		assert!(matches!(job_state(job), JobState::Claimed { .. }));
		worker.answer(ALICE, job).unwrap();
		worker.answer(BOB, job).unwrap();
		next_block();
		assert!(matches!(job_state(job), JobState::Final { .. }));
		assert!(System::block_number() <= 1 + AuditsPallet::longest_delay());
	});
}

#[test]
fn draw_should_wait_for_randomness() {
	run(|| {
		let job = Worker::honest().claim();
		Seed::set(None);
		blocks(5);
		assert_eq!(phase(job), AuditPhase::Claimed);
		Seed::set(Some(1));
		next_block();
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
	});
}

#[test]
fn p09_draw_whose_number_is_gone_should_wait_for_one_that_nobody_knows() {
	run(|| {
		let job = Worker::honest().claim();
		assert_eq!(Audits::<Test>::get(job).unwrap().made_at, 1);
		// Nobody served it for a day; then somebody does when it suits.
		assay_testing::LostBefore::set(2);
		blocks(2);
		assert_eq!(phase(job), AuditPhase::Claimed);
		assert_eq!(Audits::<Test>::get(job).unwrap().made_at, 3);
		assert_noop!(advance(job), Error::<Test>::NothingDue);
		blocks(2);
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
		assay_testing::LostBefore::set(0);
	});
}

#[test]
fn nobody_should_bring_a_draw_forward() {
	run(|| {
		let job = Worker::honest().claim();
		assert_noop!(advance(job), Error::<Test>::NothingDue);
		next_block();
		assert_noop!(advance(job), Error::<Test>::NothingDue);
		next_block();
		assert_noop!(advance(job), Error::<Test>::NothingDue);
	});
}

#[test]
fn full_agendas_should_leave_the_draw_to_whoever_cares() {
	run(|| {
		AgendaSize::set(0);
		let job = Worker::honest().claim();
		assert_eq!(Audits::<Test>::get(job).unwrap().booked_at, None);
		AgendaSize::set(64);
		blocks(2);
		assert_ok!(advance(job));
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
	});
}

#[test]
fn p02_every_claim_should_be_drawn_however_wide_its_model_is() {
	run(|| {
		// What cannot be judged is not registered; nobody asks again when a claim is drawn.
		MaxReplyBytes::set(60_000);
		offer(&[BOB]);
		let job = Worker::honest().claim();
		blocks(2);
		assert_eq!(outcome(job), None);
		assert!(matches!(phase(job), AuditPhase::Commit { .. }));
		MaxReplyBytes::set(1024 * 1024);
	});
}

#[test]
fn audit_should_go_with_its_job() {
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let job = worker.claim();
		for _ in 0..2 {
			blocks(2);
			worker.answer(ALICE, job).unwrap();
			worker.answer(BOB, job).unwrap();
		}
		blocks(WINDOW + 40);
		assert_eq!(JobsPallet::job_summary(job), None);
		assert_eq!(Audits::<Test>::iter().count(), 0);
		assert_eq!(state_count(), 0);
	});
}

fn state_count() -> usize {
	crate::Due::<Test>::iter_keys().count() + Insides::<Test>::iter_keys().count()
}

#[test]
fn auditor_that_challenges_should_owe_nothing_more() {
	use assay_protocol::{audit::Audits as _, Attempt};
	run(|| {
		offer(&[BOB, CHARLIE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		worker.answer(CHARLIE, job).unwrap();
		AuditsPallet::challenged(job, Attempt(0), &BOB);
		assert_eq!(phase(job), AuditPhase::Committed);
		AuditsPallet::challenged(job, Attempt(0), &CHARLIE);
		assert!(
			matches!(state_of(CHARLIE, job), AuditorState::Bound { .. }),
			"it vouched before"
		);
		blocks(2);
		worker.answer(ALICE, job).unwrap();
		worker.answer(CHARLIE, job).unwrap();
		assert_eq!(outcome(job), Some(AuditOutcome::Passed));
		assert_eq!(state_of(BOB, job), AuditorState::Challenged);
		assert_eq!([BOB, CHARLIE].map(stake), [STAKE; 2]);
	});
}
