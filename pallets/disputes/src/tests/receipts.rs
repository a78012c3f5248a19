//! Receipts that are presented, with real disputes.

use crate::{mock::*, Error};
use assay_protocol::{
	channel::{Batches, Content, Receipt, Request, Revealed, Terms},
	dispute::{Accusation, Ruling},
	job::{JobInput, JobOutput},
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
	<JobsPallet as Batches<_, _, _>>::present(&who, &terms, revealed, block.into())
}

/// H2: an accomplice's dispute holds a lie that its own worker presents. Once its window is over anybody presents it again, and the
/// accomplice's slow dispute shields nothing.
#[test]
fn h2_a_lie_that_an_accomplice_disputes_should_be_open_to_others() {
	const GUILT: u64 = 40;
	GuiltPeriod::set(GUILT);
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 1, position: 4 });
		let job = present(CHARLIE, &worker, 1).unwrap();
		let accomplice = Challenger::new(CHARLIE, job).pointing();
		let slow = accomplice.challenge(job, Accusation::Trace);
		let again = pallet_assay_jobs::Error::<Test>::AlreadyPresented;
		assert_noop!(present(DAVE, &worker, 1), again);
		run_to(2 + WINDOW);
		assert_noop!(challenge(DAVE, job, Accusation::Trace), Error::<Test>::WindowClosed);
		let mine = present(DAVE, &worker, 1).unwrap();
		let honest = Challenger::new(DAVE, mine).pointing();
		let dispute = honest.challenge(mine, Accusation::Trace);
		// At the last moment; the accomplice then has as long, and lets it run out.
		run_to(MOVE_PERIOD + GUILT);
		worker.act(slow).unwrap();
		assert_eq!((ruling(slow), stake(ALICE)), (None, STAKE));
		run_to(2 * (WINDOW + MOVE_PERIOD) + GUILT);
		assert_eq!((ruling(slow), ruling(dispute)), (None, Some(Ruling::WorkerSilent)));
		assert!(stake(ALICE) < STAKE);
	});
	GuiltPeriod::set(0);
}
