//! What an audit found: receipts, with real disputes.

use crate::{mock::*, Error};
use assay_protocol::{
	channel::{Batches, Content, Receipt, Request, Revealed, Terms},
	dispute::{Accusation, Ruling},
	job::{JobInput, JobOutput, JobState},
	operator::WorkerKey,
	ChannelId, JobId,
};
use assay_testing::{an_input, GENERATION};
use frame_support::assert_noop;

/// What Alice's worker has signed about a block.
fn lie(worker: &Worker, block: u32) -> (Terms<AccountId, Balance>, Revealed) {
	let terms = Terms {
		consumer: DAVE,
		operator: ALICE,
		version: DECODER,
		price: 1,
		key: Default::default(),
		worker_key: WorkerKey::from(sp_core::Pair::public(&worker_key(ALICE))),
		number: 0,
	};
	let input = JobInput::try_from(an_input(DECODER)).unwrap();
	let output = JobOutput::try_from(worker.statement().output.clone()).unwrap();
	let request = Request {
		channel: ChannelId::default(),
		lane: 0,
		sequence: 0,
		input: Content::of_input(&input),
		generation: GENERATION,
	};
	let receipt = Receipt {
		channel: request.channel,
		request: request.root(),
		max_tokens: GENERATION.max_tokens,
		output: Content::of_output(&output),
		trace: worker.statement().trace,
		units: assay_testing::program(DECODER)
			.unwrap()
			.units(input.len(), GENERATION.max_tokens)
			.0,
		block,
	};
	(
		terms,
		Revealed {
			request,
			receipt,
			input,
			output,
		},
	)
}

fn present(who: AccountId, worker: &Worker, block: u32) -> Result<JobId, sp_runtime::DispatchError> {
	let (terms, revealed) = lie(worker, block);
	<JobsPallet as Batches<_, _, _>>::present(&who, &terms, revealed)
}

/// H2: an accomplice's dispute holds a lie that its own worker presents. Until it is over, twice the time of guilt later, nobody else may
/// challenge or present it, and the accomplice loses it.
#[test]
fn h2_a_lie_that_an_accomplice_disputes_should_be_open_to_others() {
	const GUILT: u64 = 40;
	GuiltPeriod::set(GUILT);
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 1, position: 4 });
		let job = present(CHARLIE, &worker, 1).unwrap();
		let accomplice = Challenger::new(CHARLIE, job).pointing();
		let dispute = accomplice.challenge(job, Accusation::Trace);
		let mut open_to_others = 0;
		let mut now = 1 + WINDOW;
		// An answer at the last moment, and as long for what follows.
		for last in [MOVE_PERIOD + GUILT, 2 * (MOVE_PERIOD + GUILT) - 2] {
			while now < last {
				run_to(now);
				let taken = challenge(DAVE, job, Accusation::Trace).is_ok() || present(DAVE, &worker, 1).is_ok();
				open_to_others += u64::from(taken);
				now += 1;
			}
			if last < 2 * GUILT {
				worker.act(dispute).unwrap();
			}
		}
		println!("until {now} open in {open_to_others} blocks, {:?}", ruling(dispute));
		assert_noop!(challenge(DAVE, job, Accusation::Trace), Error::<Test>::WindowClosed);
		run_to(now + 10);
		println!(
			"{:?} {:?} stake {} of {STAKE}",
			ruling(dispute),
			job_state(job),
			stake(ALICE)
		);
		assert_eq!(ruling(dispute), Some(Ruling::ChallengerSilent));
		assert!(matches!(job_state(job), JobState::Final { .. }));
		assert!(
			open_to_others > 0,
			"nobody could do anything until {now}, more than {} blocks",
			2 * GUILT
		);
	});
	GuiltPeriod::set(0);
}
