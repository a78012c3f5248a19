//! Many honest jobs: nobody who is honest ever loses anything, whatever is drawn.

use crate::{mock::*, CleanJobs};
use assay_protocol::{audit::AuditOutcome, job::JobState, JobId};
use sp_runtime::Permill;
use std::collections::VecDeque;

const JOBS: u64 = 1_000;
/// Claims in a block.
const AT_ONCE: u64 = 8;

#[test]
fn a_thousand_honest_jobs_should_cost_nobody_anything() {
	for certain in [true, false] {
		run(|| {
			if certain {
				Floor::set(Permill::one());
			}
			offer(&[BOB, CHARLIE, DAVE]);
			let worker = Worker::honest();
			let mut running = VecDeque::<JobId>::new();
			let (mut begun, mut passed, mut not_drawn) = (0, 0, 0);
			while begun < JOBS || !running.is_empty() {
				Seed::set(Some(begun));
				for _ in 0..AT_ONCE.min(JOBS - begun) {
					running.push_back(worker.claim());
					begun += 1;
				}
				next_block();
				// Some reply late, but everybody in time.
				for &job in running.iter().filter(|job| job.0 % 3 != System::block_number() % 3) {
					for who in OPERATORS {
						if asked(who, job).is_some() {
							worker.answer(who, job).unwrap();
						}
					}
				}
				running.retain(|job| {
					let is_final = matches!(job_state(*job), JobState::Final { .. });
					match outcome(*job) {
						Some(AuditOutcome::Passed) if is_final => passed += 1,
						Some(AuditOutcome::NotDrawn) if is_final => not_drawn += 1,
						Some(AuditOutcome::Passed | AuditOutcome::NotDrawn) | None => {}
						other => panic!("job {job}: {other:?}"),
					}
					!is_final
				});
			}
			assert_eq!(OPERATORS.map(stake), [STAKE; 4]);
			for operator in OPERATORS {
				let summary = StakingPallet::operator_summary(&operator).unwrap();
				assert_eq!(summary.faults, Default::default());
			}
			assert_eq!(passed + not_drawn, JOBS);
			assert_eq!(CleanJobs::<Test>::get(ALICE), JOBS as u32);
			// With a record, most are not drawn; some always are.
			assert_eq!(not_drawn == 0, certain);
			assert!(passed > JOBS / 50, "{passed} of {JOBS} were drawn");
			Floor::set(Permill::from_percent(5));
		});
	}
}
