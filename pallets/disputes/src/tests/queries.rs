//! What clients and workers read.

use crate::{mock::*, Due};
use assay_protocol::{
	dispute::{Accusation, DisputeParameters, DisputeRecord, Stage},
	DisputeId, JobId,
};
use sp_core::Pair;

fn ids(job: Option<JobId>, before: Option<u64>, limit: u32) -> Vec<u64> {
	let page = DisputesPallet::disputes_page(job, before.map(DisputeId), limit);
	page.into_iter().map(|dispute| dispute.id.0).collect()
}

#[test]
fn pages_should_be_newest_first_and_bounded() {
	run(|| {
		let jobs = [DECODER, ENCODER].map(|version| claimed(&Worker::new(ALICE, version, Cheat::Honest)));
		for (who, job) in [(CHARLIE, 0), (CHARLIE, 1), (DAVE, 0), (DAVE, 1)] {
			challenge(who, jobs[job], Accusation::Trace).unwrap();
		}
		assert_eq!(ids(None, None, 10), [3, 2, 1, 0]);
		assert_eq!(ids(None, Some(3), 2), [2, 1]);
		assert_eq!(ids(Some(jobs[0]), None, 10), [2, 0]);
		assert_eq!(ids(Some(jobs[1]), Some(3), 10), [1]);
		assert_eq!(ids(Some(JobId(9)), None, 10), [] as [u64; 0]);
		assert_eq!(ids(None, None, 0), [] as [u64; 0]);
		assert_eq!(ids(None, Some(u64::MAX), u32::MAX), [3, 2, 1, 0]);
	});
}

#[test]
fn summary_should_say_where_a_dispute_stands() {
	run(|| {
		let job = claimed(&Worker::new(ALICE, DECODER, Cheat::Honest));
		let dispute = challenge(CHARLIE, job, Accusation::Head { position: 9 }).unwrap();
		let summary = DisputesPallet::dispute_summary(dispute).unwrap();
		assert_eq!(
			(summary.job, summary.challenger, summary.operator),
			(job, CHARLIE, ALICE)
		);
		assert_eq!((summary.bond, summary.deadline), (BOND, 1 + MOVE_PERIOD));
		assert_eq!(
			(summary.stage, summary.ruling),
			(Some(Stage::OpenHead { position: 9 }), None)
		);
		run_to(2 + MOVE_PERIOD);
		let summary = DisputesPallet::dispute_summary(dispute).unwrap();
		assert!(summary.stage.is_none() && summary.ruling.is_some());
		assert_eq!(DisputesPallet::dispute_summary(DisputeId(7)), None);
		assert_eq!(DisputesPallet::dispute_record(DisputeId(7)), None);
		assert_eq!(DisputesPallet::dispute_record(dispute), Some(DisputeRecord::default()));
	});
}

#[test]
fn due_should_be_what_the_worker_has_to_answer_most_urgent_first() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		let key = |who| worker_key(who).public();
		assert_eq!(DisputesPallet::due(&key(ALICE)), []);
		let first = challenge(CHARLIE, job, Accusation::Trace).unwrap();
		run_to(2);
		let second = challenge(DAVE, job, Accusation::Head { position: 8 }).unwrap();
		let due = DisputesPallet::due(&key(ALICE));
		let brief: Vec<_> = due
			.iter()
			.map(|duty| (duty.dispute, duty.stage, duty.deadline))
			.collect();
		assert_eq!(
			brief,
			[
				(first, Stage::ListGroups, 1 + MOVE_PERIOD),
				(second, Stage::OpenHead { position: 8 }, 2 + MOVE_PERIOD)
			]
		);
		assert_eq!(Some(due[0].claim.clone()), JobsPallet::disputed_claim(job));
		assert_eq!(DisputesPallet::due(&key(BOB)), []);
		assert_eq!(DisputesPallet::due(&key(99)), []);
		worker.act(first).unwrap();
		assert_eq!(DisputesPallet::due(&key(ALICE)).len(), 1, "it is the challenger's turn");
		// The last block is the deadline's own, so nothing is due in it that the next would take.
		run_to(2 + MOVE_PERIOD);
		assert_eq!(DisputesPallet::due(&key(ALICE)), []);
		next_block();
		assert_eq!(Due::<Test>::iter().count(), 0);
	});
}

#[test]
fn due_should_leave_out_what_became_moot() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Output(3));
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let accusation = challenger.accusation().unwrap();
		let first = challenger.challenge(job, accusation);
		challenge(DAVE, job, accusation).unwrap();
		play(first, &worker, &challenger);
		assert_eq!(Due::<Test>::iter().count(), 1);
		assert_eq!(DisputesPallet::due(&worker_key(ALICE).public()), []);
	});
}

#[test]
fn parameters_should_be_those_of_the_configuration() {
	run(|| {
		let expected = DisputeParameters {
			bond: BOND,
			move_period: MOVE_PERIOD,
			longest_delay: 7 * MOVE_PERIOD + 1,
		};
		assert_eq!(DisputesPallet::parameters(), expected);
	});
}
