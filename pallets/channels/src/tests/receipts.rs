//! What can be done with a receipt that one holds.

use crate::{mock::*, Error, Event};
use assay_exact::Output;
use assay_protocol::{
	channel::{Content, Contradiction, Progress, Revealed, SignedProgress, SignedReceipt},
	dispute::Claims,
	job::{JobOutput, JobState},
	operator::{Operators, Reporter},
	ChannelId, JobId,
};
use assay_testing::Cheat;
use assay_trace::{Hash32, TraceRoot};
use frame_support::{assert_noop, assert_ok};
use sp_core::Pair;
use sp_runtime::Permill;

pub(super) fn presented() -> JobId {
	match events().pop() {
		Some(Event::ReceiptPresented { job, .. }) => job,
		other => panic!("{other:?}"),
	}
}

fn accuse(contradiction: Contradiction) -> sp_runtime::DispatchResult {
	ChannelsPallet::accuse(RuntimeOrigin::signed(BOB), Box::new(contradiction))
}

fn progress(channel: ChannelId, request: Hash32, tokens: &[u32]) -> SignedProgress {
	let progress = Progress {
		channel,
		request,
		tokens: tokens.len() as u32,
		root: Content::tokens(tokens).root,
		block: System::block_number() as u32,
	};
	SignedProgress {
		signature: worker_key(ALICE).sign(&progress.signing_payload(&genesis())),
		progress,
	}
}

#[test]
fn a_receipt_that_is_presented_can_be_challenged_at_once() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		assert_ok!(present(&talk.answers[0]));
		let job = presented();
		let claim = JobsPallet::claim(job).expect("it is open");
		assert_eq!((claim.operator, claim.fee), (ALICE, 0));
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(stake(ALICE), STAKE - STAKE / 5);
	});
}

/// One wrong answer is punished once, however often it is presented.
#[test]
fn a_receipt_is_struck_down_once() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		assert_ok!(present(&talk.answers[0]));
		let twice = pallet_assay_jobs::Error::<Test>::AlreadyPresented;
		assert_noop!(present(&talk.answers[0]), twice);
		JobsPallet::strike_down(presented(), None).unwrap();
		assert_noop!(
			present(&talk.answers[0]),
			pallet_assay_jobs::Error::<Test>::AlreadyPresented
		);
		blocks(ANSWERABLE - 1);
		assert_noop!(
			present(&talk.answers[0]),
			pallet_assay_jobs::Error::<Test>::AlreadyPresented
		);
	});
}

/// Presenting one's own lie while nobody looks does not make it unassailable, nor a record.
#[test]
fn a_receipt_that_stood_can_be_presented_again_and_makes_no_record() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		assert_ok!(present(&talk.answers[0]));
		let first = presented();
		blocks(12);
		assert!(matches!(state(first), JobState::Final { .. }));
		assert_eq!(AuditsPallet::rates(&ALICE).clean_jobs, 0);
		assert_ok!(present(&talk.answers[0]));
		JobsPallet::strike_down(presented(), None).unwrap();
	});
}

/// Whoever holds receipts cannot fill an operator's capacity with them.
#[test]
fn presented_receipts_take_no_capacity() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		(0..5).for_each(|_| talk.answer(Cheat::Honest));
		for answer in &talk.answers {
			assert_ok!(present(answer));
		}
		assert_eq!(pallet_assay_jobs::OpenClaims::<Test>::get(ALICE), 0);
		check();
		blocks(12);
	});
}

#[test]
fn only_what_the_worker_signed_while_stake_answers_is_presented() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let answer = talk.answers[0].clone();
		let signature = worker_key(BOB).sign(&answer.receipt.signing_payload(&genesis()));
		let origin = RuntimeOrigin::signed(CONSUMER);
		assert_noop!(
			ChannelsPallet::present(origin, Box::new(answer.clone()), signature),
			Error::<Test>::BadReceipt
		);
		let mut early = answer.clone();
		early.receipt.block = 0;
		assert_noop!(present(&early), Error::<Test>::BadBlock);
		let mut other = answer.clone();
		other.receipt.units += 1;
		assert_noop!(present(&other), pallet_assay_jobs::Error::<Test>::WrongUnits);
		let mut torn = answer.clone();
		torn.request.sequence += 1;
		assert_noop!(present(&torn), pallet_assay_jobs::Error::<Test>::ClaimMismatch);
		blocks(ANSWERABLE + 1);
		assert_noop!(present(&answer), Error::<Test>::TooOld);
	});
}

/// S1: a true receipt beside a lie for the same request does not keep the lie from being presented.
#[test]
fn s01_another_statement_about_the_same_request_blocks_nothing() {
	run(|| {
		let channel = open();
		let answer = |trace| answered(channel, 0, 0, right_output(DECODER), TraceRoot(Hash32([trace; 32])));
		assert_ok!(present(&answer(1)));
		let first = presented();
		assert_ok!(present(&answer(2)));
		JobsPallet::strike_down(first, None).unwrap();
		JobsPallet::strike_down(presented(), None).unwrap();
		assert_eq!(stake(ALICE), STAKE - STAKE / 5 - (STAKE - STAKE / 5) / 5, "two lies");
	});
}

/// C1: a worker that has its own lie struck down by a receipt that reaches no stake any more does not shield the lie.
#[test]
fn c01_a_later_receipt_for_the_same_lie_shields_no_earlier_one() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		let early = talk.answers[0].clone();
		blocks(5);
		let mut late = early.clone();
		late.receipt.block += 5;
		assert_ok!(present(&late));
		let job = presented();
		assert_ok!(present(&early));
		let again = pallet_assay_jobs::Error::<Test>::AlreadyPresented;
		assert_noop!(present(&late), again);
		JobsPallet::strike_down(job, None).unwrap();
		check();
		blocks(12);
		// The earlier one has stood meanwhile, and reaches further than what was struck down.
		assert_ok!(present(&early));
		JobsPallet::strike_down(presented(), None).unwrap();
		assert_noop!(present(&early), pallet_assay_jobs::Error::<Test>::AlreadyPresented);
	});
}

/// C1: the same of contradictions.
#[test]
fn c01_a_later_contradiction_shields_no_earlier_one() {
	run(|| {
		let channel = open();
		let said = |trace| {
			let answer = answered(channel, 0, 0, right_output(DECODER), TraceRoot(Hash32([trace; 32])));
			signed(&answer.receipt)
		};
		blocks(96 - System::block_number());
		let early = Contradiction::Receipts(said(1), said(2));
		let rest = assay_testing::MinBond::get();
		assert_ok!(StakingPallet::unbond(RuntimeOrigin::signed(ALICE), ALICE, STAKE - rest));
		blocks(6);
		assert_ok!(accuse(Contradiction::Receipts(said(1), said(2))));
		assert_eq!(
			stake(ALICE),
			STAKE - rest,
			"the least that a wrong result costs is all of it"
		);
		// What it has spared cannot hide among what it has reached.
		assert!(StakingPallet::rebond(RuntimeOrigin::signed(ALICE), ALICE, STAKE).is_err());
		assert_ok!(accuse(early.clone()));
		assert_eq!(stake(ALICE), STAKE - rest - (STAKE - rest) / 5);
		assert_noop!(accuse(early), Error::<Test>::AlreadyConvicted);
		blocks(2);
		// What names a block after the end counts as said at the end, which was punished.
		assert_noop!(
			accuse(Contradiction::Receipts(said(3), said(4))),
			Error::<Test>::AlreadyConvicted
		);
	});
}

/// C2: receipts are presented when it suits whoever holds them. Of those that fall by one absence one is punished, and nobody is paid
/// for it.
#[test]
fn c02_one_absence_is_one_fault_however_many_receipts_are_presented() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		(0..10).for_each(|_| talk.answer(Cheat::Honest));
		let jobs: Vec<_> = talk
			.answers
			.iter()
			.map(|answer| {
				assert_ok!(present(answer));
				presented()
			})
			.collect();
		let (before, reporter) = (free(BOB), BOB);
		let share = Permill::from_percent(25);
		for job in jobs {
			let reporter = Reporter {
				account: &reporter,
				share,
			};
			JobsPallet::strike_down_silent(job, Some(reporter)).unwrap();
		}
		assert_eq!(stake(ALICE), STAKE - STAKE / 5);
		assert_eq!(free(BOB), before);
		// What was not punished can be presented again: it is no shield either.
		blocks(1);
		assert_ok!(present(&talk.answers[9]));
		JobsPallet::strike_down(presented(), None).unwrap();
		assert!(stake(ALICE) < STAKE - STAKE / 5);
	});
}

/// S5: a receipt that fell with its batch is not punished once more when it is presented.
#[test]
fn s05_one_wrong_answer_is_punished_once() {
	run(|| {
		SpotChecks::set(Permill::one());
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		let job = talk.settle();
		talk.base = 0;
		blocks(4);
		let unit = asked(job).unwrap();
		reply(job, unit, talk.reveal(unit)).unwrap();
		JobsPallet::strike_down(job, None).unwrap();
		assert_noop!(
			present(&talk.answers[0]),
			pallet_assay_jobs::Error::<Test>::AlreadyPresented
		);
	});
	run(|| {
		SpotChecks::set(Permill::one());
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		assert_ok!(present(&talk.answers[0]));
		JobsPallet::strike_down(presented(), None).unwrap();
		let left = stake(ALICE);
		let job = talk.settle();
		talk.base = 0;
		blocks(4);
		let unit = asked(job).unwrap();
		reply(job, unit, talk.reveal(unit)).unwrap();
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(stake(ALICE), left);
		assert!(matches!(state(job), JobState::Refunded { refunded, .. } if refunded == talk.fee()));
	});
}

/// D11: receipts of a channel that is closed are answered for as long.
#[test]
fn d11_receipts_of_a_closed_channel_can_be_challenged() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		settle(talk.channel, &[], true).unwrap();
		blocks(ANSWERABLE - 1);
		assert_ok!(present(&talk.answers[0]));
	});
}

/// Q1: a receipt that names a block to come is presented all the same, whenever its worker closes the channel, and for no longer than one
/// that names the last moment.
#[test]
fn q01_a_block_that_is_named_too_late_is_held_against_the_worker() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		let mut ahead = talk.answers[0].clone();
		ahead.receipt.block += 50;
		settle(talk.channel, &[], true).unwrap();
		let closed_at = System::block_number();
		blocks(3);
		assert_ok!(present(&ahead));
		// It counts as made when the channel ended: what asked to leave since then answers for it.
		let job = presented();
		assert_eq!(
			pallet_assay_jobs::Jobs::<Test>::get(job).unwrap().assigned_at,
			closed_at
		);
		JobsPallet::strike_down(job, None).unwrap();
		// For no longer than what was said at the last moment: the channel is forgotten.
		blocks(ANSWERABLE);
		assert_noop!(present(&ahead), Error::<Test>::UnknownChannel);
	});
}

/// Q1: a contradiction does not escape by naming a block to come.
#[test]
fn q01_contradictions_that_name_a_block_to_come_are_punished() {
	run(|| {
		let channel = open();
		let output = right_output(DECODER);
		let said = |trace, ahead| {
			let mut answer = answered(channel, 0, 0, output.clone(), TraceRoot(Hash32([trace; 32])));
			answer.receipt.block += ahead;
			signed(&answer.receipt)
		};
		let (now, to_come) = (said(1, 0), said(2, 50));
		settle(channel, &[], true).unwrap();
		blocks(3);
		assert_ok!(accuse(Contradiction::Receipts(now, to_come)));
		assert_eq!(stake(ALICE), STAKE - STAKE / 5);
	});
}

/// D12: two answers to one request are a fault by themselves, two requests at one place are none.
#[test]
fn d12_two_receipts_for_one_request_are_a_fault() {
	run(|| {
		let before = (free(BOB), free(CONSUMER));
		let channel = open();
		let output = right_output(DECODER);
		let said = |sequence, trace| {
			let answer = answered(channel, 0, sequence, output.clone(), TraceRoot(Hash32([trace; 32])));
			signed(&answer.receipt)
		};
		let contradiction = |a: SignedReceipt, b: SignedReceipt| Contradiction::Receipts(a, b);
		assert_noop!(
			accuse(contradiction(said(0, 1), said(0, 1))),
			Error::<Test>::NoContradiction
		);
		assert_noop!(
			accuse(contradiction(said(0, 1), said(1, 2))),
			Error::<Test>::NoContradiction
		);
		let mut forged = said(0, 2);
		forged.signature = said(0, 3).signature;
		assert_noop!(accuse(contradiction(said(0, 1), forged)), Error::<Test>::BadReceipt);
		assert_ok!(accuse(contradiction(said(0, 1), said(0, 2))));
		let penalty = STAKE / 5;
		assert_eq!(stake(ALICE), STAKE - penalty);
		assert_eq!(free(BOB), before.0 + penalty / 4);
		assert_eq!(free(CONSUMER), before.1, "the channel is closed");
		assert_noop!(
			accuse(contradiction(said(0, 1), said(0, 2))),
			Error::<Test>::AlreadyConvicted
		);
	});
}

#[test]
fn a_stream_that_contradicts_itself_or_its_receipt_is_a_fault() {
	let Output::Tokens(tokens) = right_output(DECODER) else {
		panic!("a decoder returns tokens");
	};
	let other: Vec<u32> = tokens.iter().map(|token| token ^ 1).collect();
	run(|| {
		let channel = open();
		let answer = answered(channel, 0, 0, right_output(DECODER), TraceRoot::default());
		let request = answer.receipt.request;
		let both = |a: &[u32], b: &[u32]| {
			Contradiction::Progress(progress(channel, request, a), progress(channel, request, b))
		};
		assert_noop!(accuse(both(&tokens[..3], &tokens[..3])), Error::<Test>::NoContradiction);
		assert_noop!(accuse(both(&tokens[..3], &other[..2])), Error::<Test>::NoContradiction);
		assert_ok!(accuse(both(&tokens[..3], &other[..3])));
	});
	run(|| {
		let channel = open();
		let answer = answered(channel, 0, 0, right_output(DECODER), TraceRoot::default());
		let against = |come: &[u32], output: &JobOutput| Contradiction::Answer {
			progress: progress(channel, answer.receipt.request, come),
			receipt: signed(&answer.receipt),
			output: output.clone(),
		};
		assert_noop!(
			accuse(against(&tokens[..3], &answer.output)),
			Error::<Test>::NoContradiction
		);
		// It was stopped at five tokens: what would have come after them says nothing.
		let further = [&tokens[..], &[1]].concat();
		assert_noop!(
			accuse(against(&further, &answer.output)),
			Error::<Test>::NoContradiction
		);
		let not_its = JobOutput::Tokens(other.clone().try_into().unwrap());
		assert_noop!(accuse(against(&other[..3], &not_its)), Error::<Test>::NoContradiction);
		assert_ok!(accuse(against(&other[..3], &answer.output)));
	});
}

pub(super) fn lie(channel: ChannelId, lane: u8, sequence: u64, trace: u8) -> Revealed {
	answered(
		channel,
		lane,
		sequence,
		right_output(DECODER),
		TraceRoot(Hash32([trace; 32])),
	)
}

fn shown(answer: &Revealed) -> JobId {
	assert_ok!(present(answer));
	presented()
}

/// H1: a decoy that falls first, by the same absence, reaches only what has stayed; the lie reaches the rest.
#[test]
fn h1_a_decoy_of_a_later_block_should_shield_no_earlier_lie() {
	run(|| {
		let channel = open();
		blocks(96 - System::block_number());
		let lie = lie(channel, 0, 0, 1);
		blocks(2);
		let left = STAKE - assay_testing::MinBond::get();
		assert_ok!(StakingPallet::unbond(RuntimeOrigin::signed(ALICE), ALICE, left));
		blocks(3);
		assert!(System::block_number() > 100, "another period");
		let decoy = self::lie(channel, 1, 0, 2);
		let (decoy, job) = (shown(&decoy), shown(&lie));
		assert_eq!(StakingPallet::at_risk(&ALICE, 60), STAKE);
		let paid = JobsPallet::strike_down_silent(decoy, None).unwrap();
		let taken = JobsPallet::strike_down_silent(job, None).unwrap();
		assert_eq!((paid, taken), (STAKE - left, left / 5), "of {STAKE}");
	});
}

/// H1: the decoy of who has left altogether costs nothing.
#[test]
fn h1_a_decoy_of_who_has_left_should_shield_nothing() {
	run(|| {
		let channel = open();
		blocks(96 - System::block_number());
		let lie = lie(channel, 0, 0, 1);
		blocks(2);
		assert_ok!(StakingPallet::chill(RuntimeOrigin::signed(ALICE)));
		assert_ok!(StakingPallet::unbond(RuntimeOrigin::signed(ALICE), ALICE, STAKE));
		blocks(3);
		let decoy = self::lie(channel, 1, 0, 2);
		let (decoy, job) = (shown(&decoy), shown(&lie));
		let paid = JobsPallet::strike_down_silent(decoy, None).unwrap();
		let taken = JobsPallet::strike_down_silent(job, None).unwrap();
		assert_eq!((paid, taken), (0, STAKE / 5));
	});
}

/// H2: a receipt that its own worker presents and an accomplice's dispute holds is presented again once its window is over.
#[test]
fn h2_a_lie_that_is_held_by_an_accomplice_should_still_be_open_to_others() {
	run(|| {
		let channel = open();
		blocks(1);
		let mut early = lie(channel, 0, 0, 1);
		early.receipt.block -= 1;
		let mine = lie(channel, 0, 0, 1);
		let job = shown(&early);
		// As `challenge` does, by an accomplice.
		assert_ok!(JobsPallet::hold(job));
		blocks(12);
		assert!(JobsPallet::claim(job).expect("it is held").closes_at <= System::block_number());
		let mine = shown(&mine);
		JobsPallet::strike_down(mine, None).unwrap();
		let left = stake(ALICE);
		assert_eq!(left, STAKE - STAKE / 5);
		// What the accomplice holds asserts the same.
		JobsPallet::strike_down(job, None).unwrap();
		assert_eq!(stake(ALICE), left);
	});
}

/// H3: one contradiction is one fault.
#[test]
fn h3_one_contradiction_should_be_punished_once() {
	run(|| {
		let channel = open();
		let pairs: Vec<_> = (0..10)
			.map(|_| {
				let pair = Contradiction::Receipts(
					signed(&lie(channel, 0, 0, 1).receipt),
					signed(&lie(channel, 0, 0, 2).receipt),
				);
				blocks(1);
				pair
			})
			.collect();
		for pair in pairs.into_iter().rev() {
			let _ = ChannelsPallet::accuse(RuntimeOrigin::signed(BOB), Box::new(pair));
		}
		assert_eq!(stake(ALICE), STAKE - STAKE / 5);
	});
}

/// H4: who settles is there, and is silent because it has no answer.
#[test]
fn h4_who_settles_meanwhile_should_not_pass_for_absent() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let lies: Vec<_> = (0..10).map(|at| shown(&lie(talk.channel, 1, at, 1))).collect();
		blocks(2);
		let paid = talk.settle();
		blocks(2);
		for lie in lies {
			JobsPallet::strike_down_silent(lie, None).unwrap();
		}
		blocks(12);
		assert!(matches!(state(paid), JobState::Final { .. }));
		let left = (0..10).fold(STAKE, |left, _| left - left.div_ceil(5));
		assert_eq!(stake(ALICE), left, "each lie is punished");
	});
}

/// H4: who comes back late has as long for its answers as it may be away, and is punished once.
#[test]
fn h4_who_comes_back_has_the_time_to_answer() {
	assay_testing::GuiltPeriod::set(16);
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let lies: Vec<_> = (0..3).map(|at| shown(&lie(talk.channel, 1, at, 1))).collect();
		// As their challengers do.
		for lie in &lies {
			assert_ok!(JobsPallet::hold(*lie));
		}
		for _ in 0..7 {
			settle_one(&mut talk);
			blocks(2);
		}
		JobsPallet::strike_down_silent(lies[0], None).unwrap();
		JobsPallet::strike_down_silent(lies[1], None).unwrap();
		assert_eq!(stake(ALICE), STAKE - STAKE / 5, "it was away");
		settle_one(&mut talk);
		JobsPallet::strike_down_silent(lies[2], None).unwrap();
		let left = STAKE - STAKE / 5;
		assert_eq!(stake(ALICE), left - left / 5, "it was there as long as it may be away");
		blocks(12);
	});
	assay_testing::GuiltPeriod::set(0);
}

fn settle_one(talk: &mut Talk) {
	talk.settle();
	talk.tree = Default::default();
	talk.answers.clear();
	talk.answer(Cheat::Honest);
}

/// H4: who is late with answers about claims is given no channels, as it is given no jobs.
#[test]
fn h4_who_is_late_is_given_no_channels() {
	run(|| {
		let job = shown(&lie(open(), 0, 0, 1));
		let claim = JobsPallet::claim(job).expect("it is open").claim;
		JobsPallet::late(job, claim.attempt, &ALICE, System::block_number());
		let origin = RuntimeOrigin::signed(CONSUMER);
		assert_noop!(
			ChannelsPallet::open(origin, ALICE, DECODER, PRICE, channel_key().public(), DEPOSIT),
			Error::<Test>::OperatorLate
		);
		JobsPallet::caught_up(job, claim.attempt, &ALICE);
		open();
		blocks(12);
	});
}

/// H13: a contradiction is as old as its later half, and reaches back to its earlier one.
#[test]
fn h13_a_contradiction_is_as_old_as_its_later_half() {
	run(|| {
		let channel = open();
		let early = signed(&lie(channel, 0, 0, 1).receipt);
		blocks(ANSWERABLE + 1);
		let old = Contradiction::Receipts(early.clone(), early.clone());
		assert_noop!(accuse(old), Error::<Test>::TooOld);
		let late = signed(&lie(channel, 0, 0, 2).receipt);
		let since = early.receipt.block;
		assert_ok!(accuse(Contradiction::Receipts(late, early)));
		assert_eq!(
			crate::Channels::<Test>::get(channel).unwrap().convicted,
			Some(since.into())
		);
	});
}
