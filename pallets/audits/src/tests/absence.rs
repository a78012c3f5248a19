//! Auditors that are away for a while.

use crate::{mock::*, Auditors};

#[test]
fn one_absence_should_be_one_fault_however_often_an_auditor_was_drawn_before() {
	run(|| {
		offer(&[BOB]);
		let worker = Worker::honest();
		let jobs: Vec<_> = (0..5).map(|_| worker.claim()).collect();
		blocks(2);
		assert!(jobs.iter().all(|job| drawn(*job) == vec![BOB]));
		for job in &jobs {
			worker.answer(ALICE, *job).unwrap();
		}
		blocks(PERIOD + 1);
		assert!(jobs
			.iter()
			.all(|job| outcome(*job).is_some() || asked(BOB, *job).is_none()));
		assert_eq!(stake(BOB), STAKE - MISSED);
		assert!(!Auditors::<Test>::contains_key(DECODER));
		// Whoever comes back and is away again is at fault again.
		offer(&[BOB]);
		let job = worker.claim();
		blocks(2);
		assert_eq!(drawn(job), vec![BOB]);
		worker.answer(ALICE, job).unwrap();
		blocks(PERIOD + 1);
		assert_eq!(stake(BOB), STAKE - 2 * MISSED);
	});
}
