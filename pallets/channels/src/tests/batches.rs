//! What the draw asks of a batch, and what becomes of it.

use crate::mock::*;
use assay_protocol::{
	audit::AuditOutcome,
	channel::RevealedUnit,
	dispute::Claims,
	job::{JobState, RefundReason},
	JobId,
};
use assay_testing::Cheat;
use assay_trace::TraceRoot;
use frame_support::assert_ok;
use sp_runtime::Permill;

/// A batch of answers, settled, at which the draw has arrived.
fn drawn(cheats: &[Cheat]) -> (Talk, JobId) {
	let mut talk = Talk::new(open(), 0);
	cheats.iter().for_each(|cheat| talk.answer(*cheat));
	let job = talk.settle();
	talk.base = 0;
	blocks(4);
	(talk, job)
}

fn looked_at(spot_check: Permill, audit: Permill) {
	SpotChecks::set(spot_check);
	AuditRate::set(audit);
}

#[test]
fn a_batch_that_is_not_drawn_reveals_nothing() {
	run(|| {
		let (_, job) = drawn(&[Cheat::Honest; 5]);
		assert_eq!(outcome(job), Some(AuditOutcome::NotDrawn));
		let summary = JobsPallet::job_summary(job).unwrap();
		assert!(summary.input.is_empty());
		assert_eq!(JobsPallet::disputed_claim(job), None, "there is nothing to challenge");
		blocks(8);
		assert!(matches!(state(job), JobState::Final { .. }));
	});
}

#[test]
fn a_drawn_unit_names_a_receipt_that_becomes_the_claim() {
	run(|| {
		looked_at(Permill::one(), Permill::zero());
		let (talk, job) = drawn(&[Cheat::Honest; 5]);
		let unit = asked(job).expect("it is drawn");
		reply(job, unit, talk.reveal(unit)).unwrap();
		let claim = JobsPallet::disputed_claim(job).expect("it can be challenged");
		let index = talk.tree.leaf_of(unit).unwrap();
		let answered = &talk.answers[index as usize];
		assert_eq!(
			(claim.input, claim.output),
			(answered.input.clone(), answered.output.clone())
		);
		assert_eq!(claim.trace, answered.receipt.trace);
		blocks(3);
		let phase = AuditsPallet::audit_summary(job).unwrap();
		assert!(
			phase.spot_check.is_some(),
			"what was drawn of the batch is asked of the receipt"
		);
		assert!(phase.receipt.unwrap().revealed);
	});
}

/// A worker that does not reveal what is drawn loses as for a wrong result, and its consumer has the fees of the whole batch back.
#[test]
fn a_withheld_receipt_loses_the_batch() {
	run(|| {
		looked_at(Permill::zero(), Permill::one());
		let before = free(CONSUMER);
		let (talk, job) = drawn(&[Cheat::Honest; 5]);
		assert!(asked(job).is_some());
		blocks(12);
		assert_eq!(outcome(job), Some(AuditOutcome::WorkerSilent));
		let JobState::Refunded { reason, refunded } = state(job) else {
			panic!("{:?}", state(job));
		};
		assert_eq!((reason, refunded), (RefundReason::OperatorFailed, talk.fee()));
		assert_eq!(stake(ALICE), STAKE - STAKE / 5);
		settle(talk.channel, &[], true).unwrap();
		assert_eq!(free(CONSUMER), before - BATCH_PRICE);
	});
}

#[test]
fn nothing_but_the_receipt_of_the_unit_is_revealed() {
	run(|| {
		looked_at(Permill::one(), Permill::one());
		let (talk, job) = drawn(&[Cheat::Honest; 5]);
		let unit = asked(job).unwrap();
		let right = talk.reveal(unit);
		let per_answer = talk.tree.total() / 5;
		let neighbour = talk.reveal((unit + per_answer) % talk.tree.total());
		let changed = |change: fn(&mut RevealedUnit)| {
			let mut opened = right.clone();
			change(&mut opened);
			opened
		};
		let wrong = [
			neighbour,
			changed(|opened| opened.revealed.request.sequence += 1),
			changed(|opened| opened.revealed.request.lane = 1),
			changed(|opened| opened.revealed.receipt.units += 1),
			changed(|opened| opened.revealed.receipt.trace = TraceRoot::default()),
			changed(|opened| {
				opened.path.0.pop();
			}),
			changed(|opened| opened.revealed.output = opened.revealed.output.clone().tap()),
		];
		for opened in wrong {
			assert!(reply(job, unit, opened).is_err());
		}
		assert!(asked(job).is_some());
		reply(job, unit, right).unwrap();
		assert_eq!(asked(job), None);
	});
}

trait Tap {
	fn tap(self) -> Self;
}
impl Tap for assay_protocol::job::JobOutput {
	/// With another last token.
	fn tap(self) -> Self {
		match self {
			Self::Tokens(mut tokens) => {
				if let Some(last) = tokens.last_mut() {
					*last ^= 1;
				}
				Self::Tokens(tokens)
			}
			vector => vector,
		}
	}
}

/// D6: an operator that states more units than an answer took cannot reveal the receipt that it is then paid for.
#[test]
fn d06_inflated_units_cannot_be_revealed() {
	run(|| {
		looked_at(Permill::zero(), Permill::one());
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let mut inflated = talk.answers[0].clone();
		inflated.request.sequence = 1;
		inflated.receipt.request = inflated.request.root();
		inflated.receipt.units *= 1_000;
		assert!(talk.tree.push(inflated.receipt.leaf(), inflated.receipt.units));
		talk.answers.push(inflated);
		let job = talk.settle();
		talk.base = 0;
		blocks(4);
		let unit = asked(job).unwrap();
		assert_eq!(talk.tree.leaf_of(unit), Some(1), "it is nearly all of the batch");
		assert!(reply(job, unit, talk.reveal(unit)).is_err());
		blocks(12);
		assert_eq!(outcome(job), Some(AuditOutcome::WorkerSilent));
	});
}

/// A cheat on a share of the work is drawn as often as that share.
#[test]
fn a_lie_is_drawn_as_often_as_its_share_of_the_work() {
	let draws = 200;
	let hits = (0..draws)
		.filter(|seed| {
			run(|| {
				looked_at(Permill::one(), Permill::zero());
				let mut talk = Talk::new(open(), 0);
				(0..10).for_each(|index| {
					talk.answer(if index < 3 { Cheat::Root } else { Cheat::Honest });
				});
				Seed::set(Some(*seed));
				let job = talk.settle();
				talk.base = 0;
				blocks(4);
				talk.tree.leaf_of(asked(job).unwrap()).unwrap() < 3
			})
		})
		.count();
	// 3 in 10, ± 3 σ.
	assert!((41..=79).contains(&hits), "{hits} of {draws}");
}

/// A receipt that is a lie is struck down as any other claim, with the whole batch.
#[test]
fn a_wrong_receipt_that_is_drawn_forfeits_the_fees_of_the_batch() {
	run(|| {
		use assay_protocol::dispute::Claims;
		looked_at(Permill::one(), Permill::zero());
		let (talk, job) = drawn(&[Cheat::Root; 4]);
		let unit = asked(job).unwrap();
		reply(job, unit, talk.reveal(unit)).unwrap();
		// As a dispute or the spot-check ends it.
		JobsPallet::strike_down(job, None).unwrap();
		assert!(matches!(state(job), JobState::Refunded { refunded, .. } if refunded == talk.fee()));
		assert_eq!(stake(ALICE), STAKE - STAKE / 5);
	});
}

/// The window of challenges begins when there is something to challenge.
#[test]
fn a_revealed_receipt_is_open_to_challenges_for_the_whole_window() {
	run(|| {
		looked_at(Permill::one(), Permill::zero());
		let (talk, job) = drawn(&[Cheat::Honest; 4]);
		let unit = asked(job).unwrap();
		blocks(1);
		reply(job, unit, talk.reveal(unit)).unwrap();
		let now = System::block_number();
		assert!(matches!(state(job), JobState::Claimed { final_at, .. } if final_at >= now + 6));
	});
}

/// M2: whoever contradicted itself has no record any more. M3 stands with the money of jobs.
#[test]
fn m02_a_contradiction_ends_the_record() {
	run(|| {
		let (talk, job) = drawn(&[Cheat::Honest; 2]);
		blocks(12);
		assert!(matches!(state(job), JobState::Final { .. }));
		assert_eq!(AuditsPallet::rates(&ALICE).clean_jobs, 1);
		let said = |trace| {
			let trace = TraceRoot(assay_trace::Hash32([trace; 32]));
			signed(&answered(talk.channel, 0, 9, right_output(DECODER), trace).receipt)
		};
		let contradiction = assay_protocol::channel::Contradiction::Receipts(said(1), said(2));
		ChannelsPallet::accuse(RuntimeOrigin::signed(BOB), Box::new(contradiction)).unwrap();
		assert_eq!(AuditsPallet::rates(&ALICE).clean_jobs, 0);
	});
}

/// H5: a lie that falls with a batch reaches the stake of the block that its receipt names, though its lane was settled since.
#[test]
fn h5_a_lie_that_fell_with_a_later_batch_should_still_reach_the_stake_of_its_block() {
	run(|| {
		SpotChecks::set(sp_runtime::Permill::one());
		let mut talk = Talk::new(open(), 0);
		blocks(96 - System::block_number());
		talk.answer(Cheat::Honest);
		let first = talk.voucher();
		talk.answer(Cheat::Root);
		let lie = talk.answers.pop().unwrap();
		blocks(2);
		let left = STAKE - STAKE / 1_000;
		assert_ok!(StakingPallet::unbond(RuntimeOrigin::signed(ALICE), ALICE, left));
		blocks(3);
		assert!(System::block_number() > 100, "another period");
		MinBatchFee::set(1);
		// What is settled first moves what the next batch of the lane reaches.
		settle(talk.channel, &[first], false).unwrap();
		let mut next = Talk::new(talk.channel, 0);
		next.base = 1;
		assert!(next.tree.push(lie.receipt.leaf(), lie.receipt.units));
		next.answers.push(lie.clone());
		let job = next.settle();
		next.base = 1;
		blocks(4);
		let unit = asked(job).unwrap();
		reply(job, unit, next.reveal(unit)).unwrap();
		let fallen = JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(fallen, STAKE / 5);
		assert!(
			present(&lie).is_err(),
			"it was struck down, and all that answers was reached"
		);
	});
}

/// A receipt in a batch that names a block from before its channel reaches no stake that had left by then.
#[test]
fn h5_a_receipt_of_a_batch_reaches_back_to_the_opening_of_its_channel() {
	run(|| {
		SpotChecks::set(Permill::one());
		let left = STAKE / 2;
		assert_ok!(StakingPallet::unbond(RuntimeOrigin::signed(ALICE), ALICE, left));
		blocks(101 - System::block_number());
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		let mut early = talk.answers.pop().unwrap();
		early.receipt.block = 1;
		talk.tree = Default::default();
		assert!(talk.tree.push(early.receipt.leaf(), early.receipt.units));
		talk.answers.push(early);
		let job = talk.settle();
		talk.base = 0;
		blocks(4);
		let unit = asked(job).unwrap();
		reply(job, unit, talk.reveal(unit)).unwrap();
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(stake(ALICE), STAKE - (STAKE - left) / 5);
	});
}
