//! One rule each.

use super::world::{pair, World, ASY, CREDIT, GENESIS, PARAMETERS, PRICE};
use crate::chain::Channels;
use crate::desk::{Asked, Desk, Goodbye, RecordKey, Refusal, Taken, Unrecorded, Vouched};
use assay_exact::{program::Head, ComputeUnits, Output};
use assay_protocol::{
	channel::{Batch, Content, SumRoot, Voucher},
	job::JobInput,
	ChannelId,
};
use assay_trace::{merkle::Hash32, TraceRoot};
use sp_core::Pair;

fn a_world() -> (World, ChannelId) {
	let world = World::new(&[10 * ASY]);
	let id = world.ids()[0];
	(world, id)
}

fn unpaid(refusal: Refusal) -> (u128, u128) {
	match refusal {
		Refusal::Unpaid { unpaid, credit, .. } => (unpaid, credit),
		other => panic!("{other:?}"),
	}
}

/// A channel that has vouched for so much that as much is lent as ever is.
fn a_trusted_channel() -> (World, ChannelId) {
	let (mut world, id) = a_world();
	while world.desk.account(&id).unwrap().credit < ASY {
		world.serve(id, 15).unwrap();
		world.vouch_for_all(id, 15);
	}
	(world, id)
}

#[test]
fn a_request_that_nobody_signed_is_not_taken() {
	let (mut world, id) = a_world();
	let (mut signed, input) = world.a_request(id, 0, 0);
	signed.request.sequence = 1;
	assert_eq!(world.check(signed, input), Err(Refusal::BadSignature));
	let (mut signed, input) = world.a_request(id, 0, 0);
	signed.signature = pair(77).sign(&signed.request.signing_payload(&GENESIS));
	assert_eq!(world.check(signed, input), Err(Refusal::BadSignature));
	// Of another chain.
	let (mut signed, input) = world.a_request(id, 0, 0);
	signed.signature = world.pair(&id).sign(&signed.request.signing_payload(&[1; 32]));
	assert_eq!(world.check(signed, input), Err(Refusal::BadSignature));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
	let (mut world, id) = a_world();
	let (signed, _) = world.a_request(id, 0, 0);
	let other = JobInput::Tokens(vec![1, 2].try_into().unwrap());
	assert!(matches!(world.check(signed, other), Err(Refusal::Malformed(_))));
	let (signed, input) = world.a_request(id, 16, 0);
	assert!(matches!(world.check(signed, input), Err(Refusal::Malformed(_))));
}

#[test]
fn what_the_program_or_the_operator_does_not_take_is_refused() {
	let (mut world, id) = a_world();
	let pair = world.pair(&id);
	let mut with = |change: &dyn Fn(&mut assay_protocol::channel::Request)| {
		let (mut signed, input) = world.a_request(id, 0, 0);
		change(&mut signed.request);
		signed.signature = pair.sign(&signed.request.signing_payload(&GENESIS));
		(signed, input)
	};
	let (program, key) = (super::world::program(), pair.public());
	let check = |(signed, input), largest| Asked::check(signed, input, &key, &program, ComputeUnits(largest), &GENESIS);
	for max_tokens in [0, 22, 2_000] {
		let asked = check(with(&|request| request.generation.max_tokens = max_tokens), u64::MAX);
		assert!(matches!(asked, Err(Refusal::Refused(_))), "{max_tokens}: {asked:?}");
	}
	let vector = JobInput::Vector(vec![1, 2].try_into().unwrap());
	let (signed, _) = with(&|request| request.input = Content::vector(&[1, 2]));
	assert!(matches!(check((signed, vector), u64::MAX), Err(Refusal::Refused(_))));
	let asked = check(with(&|_| ()), u64::MAX).unwrap();
	assert_eq!(asked.most(), program.units(3, 6));
	assert!(check(with(&|_| ()), asked.most().0).is_ok());
	let refused = check(with(&|_| ()), asked.most().0 - 1).unwrap_err().to_string();
	assert!(refused.contains("this operator takes at most"), "{refused}");
}

#[test]
fn a_channel_nobody_has_opened_has_no_credit() {
	let (mut world, id) = a_world();
	let (signed, input) = world.a_request(id, 0, 0);
	let asked = world.check(signed, input).unwrap();
	let mut desk = Desk::new(CREDIT, PARAMETERS);
	assert_eq!(desk.ask(&asked), Err(Refusal::UnknownChannel));
	// One that is closed is none either.
	world.end(id);
	world.finalize();
	assert_eq!(world.desk.ask(&asked), Err(Refusal::UnknownChannel));
	assert_eq!(world.desk.terms(&id), Err(Refusal::UnknownChannel));
}

#[test]
fn requests_of_a_lane_follow_one_another_and_lanes_run_side_by_side() {
	let (mut world, id) = a_trusted_channel();
	let first = world.ask(id, 0).unwrap();
	// The next has to wait, and whoever takes its place is told what is next.
	let (signed, input) = world.a_request(id, 0, 1);
	let next = world.check(signed, input).unwrap();
	assert_eq!(world.desk.ask(&next), Err(Refusal::LaneBusy));
	let (signed, input) = world.a_request(id, 0, 0);
	let rival = world.check(signed, input).unwrap();
	assert_eq!(world.desk.ask(&rival), Err(Refusal::WrongSequence { expected: 1 }));
	let second_lane = world.ask(id, 1).unwrap();
	world.answer(first, 6);
	world.answer(second_lane, 6);
	assert_eq!(world.desk.ask(&next), Ok(Taken::New));
	for sequence in [0, 2, u64::MAX] {
		let (signed, input) = world.a_request(id, 1, sequence);
		let wrong = world.check(signed, input).unwrap();
		assert_eq!(world.desk.ask(&wrong), Err(Refusal::WrongSequence { expected: 1 }));
	}
}

#[test]
fn a_request_is_answered_and_paid_once_however_often_it_is_sent() {
	let (mut world, id) = a_world();
	let asked = world.ask(id, 0).unwrap();
	assert_eq!(world.desk.ask(&asked), Ok(Taken::Running));
	world.answer(asked.clone(), 6);
	let before = world.desk.account(&id).unwrap();
	assert_eq!(world.desk.ask(&asked), Ok(Taken::Answered));
	assert_eq!(world.desk.account(&id).unwrap(), before);
	world.vouch_for_all(id, 0);
	world.restart();
	assert_eq!(world.desk.ask(&asked), Ok(Taken::Answered));
	// While the channel ends, too.
	world.notice(id);
	world.finalize();
	assert_eq!(world.desk.ask(&asked), Ok(Taken::Answered));
	assert_eq!(world.ask(id, 0), Err(Refusal::Closing));
}

#[test]
fn what_has_no_answer_is_as_if_it_had_not_been_asked() {
	let (mut world, id) = a_world();
	let before = world.desk.account(&id).unwrap();
	let asked = world.ask(id, 0).unwrap();
	assert!(world.desk.account(&id).unwrap().unpaid > 0);
	world.desk.fail(&asked.root());
	assert_eq!(world.desk.account(&id).unwrap(), before);
	assert_eq!(world.desk.find(&asked.root()), None);
	assert_eq!(world.desk.ask(&asked), Ok(Taken::New));
	world.answer(asked.clone(), 6);
	// An answer is there for good.
	world.desk.fail(&asked.root());
	assert_eq!(world.desk.find(&asked.root()), Some(Taken::Answered));
}

#[test]
fn a_receipt_is_for_what_was_run() {
	let (mut world, id) = a_world();
	let (signed, input) = world.a_request(id, 0, 0);
	let asked = world.check(signed, input).unwrap();
	let trace = TraceRoot(Hash32([3; 32]));
	let receipt = |program: &assay_exact::Program, tokens: &[u32]| {
		let output = Output::Tokens(tokens.to_vec());
		asked.clone().answered(program, output, trace, 5).unwrap()
	};
	let whole = receipt(&world.program, &[1, 2, 3, 4, 5, 6]);
	assert!(whole.is_whole());
	assert_eq!((whole.receipt.max_tokens, whole.receipt.units), (6, asked.most().0));
	// Stopped by its consumer: the execution is that of a request for so many.
	let stopped = receipt(&world.program, &[1, 2]);
	assert!(stopped.is_whole());
	assert_eq!(
		(stopped.receipt.max_tokens, stopped.receipt.units),
		(2, world.program.units(3, 2).0)
	);
	assert_eq!(stopped.generation().max_tokens, 2);
	// Ended by the program, which is no stop if stop tokens are passed over.
	let mut program = world.program.clone();
	if let Head::Tokens { stop, .. } = &mut program.head {
		*stop = vec![2];
	}
	assert_eq!(receipt(&program, &[1, 2]).receipt.max_tokens, 2);
	let (mut signed, input) = world.a_request(id, 0, 0);
	signed.request.generation.ignore_stop = false;
	signed.signature = world.pair(&id).sign(&signed.request.signing_payload(&GENESIS));
	let asked = world.check(signed, input).unwrap();
	let ended = asked.answered(&program, Output::Tokens(vec![1, 2]), trace, 5).unwrap();
	assert_eq!(ended.receipt.max_tokens, 6);
}

#[test]
fn d13_little_is_lent_to_whoever_has_not_vouched() {
	let (mut world, id) = a_world();
	let mut fees = 0;
	let refusal = loop {
		match world.serve(id, 0) {
			Ok(()) => fees = world.desk.account(&id).unwrap().unpaid,
			Err(refusal) => break refusal,
		}
	};
	assert_eq!(unpaid(refusal), (fees, ASY / 20));
	assert!(fees > 0 && fees <= ASY / 20);
	// What is vouched for is lent once more.
	world.vouch_for_all(id, 0);
	assert_eq!(world.desk.account(&id).unwrap().unpaid, 0);
	assert_eq!(world.desk.account(&id).unwrap().credit, ASY / 20);
	while world.desk.account(&id).unwrap().credit == ASY / 20 {
		world.serve(id, 0).unwrap();
		world.vouch_for_all(id, 0);
	}
	let paid = world.fee_of(id, 0, 0, world.answered(id, 0));
	assert!(paid > ASY / 20);
	assert_eq!(world.desk.account(&id).unwrap().credit, paid);
	let (world, id) = a_trusted_channel();
	assert_eq!(world.desk.account(&id).unwrap().credit, ASY);
}

#[test]
fn no_more_than_sixteen_answers_are_lent() {
	let (mut world, id) = a_trusted_channel();
	for lane in 0..8 {
		world.serve(id, lane).unwrap();
	}
	for lane in 0..8 {
		world.ask(id, lane).unwrap();
	}
	let refused = world.ask(id, 8).unwrap_err();
	let (unpaid, credit) = unpaid(refused);
	assert!(unpaid < credit, "money is not what is short: {unpaid} of {credit}");
	world.vouch_for_all(id, 0);
	world.ask(id, 8).unwrap();
}

#[test]
fn no_more_is_lent_than_the_deposit_has_beside_what_settling_costs() {
	let mut world = World::new(&[0]);
	let id = world.ids()[0];
	let most = {
		let (signed, input) = world.a_request(id, 0, 0);
		PRICE * u128::from(world.check(signed, input).unwrap().most().0)
	};
	assert_eq!(unpaid(world.ask(id, 0).unwrap_err()), (0, 0));
	world.top_up(id, most + PARAMETERS.batch_price - 1);
	world.finalize();
	assert_eq!(unpaid(world.ask(id, 0).unwrap_err()), (0, most - 1));
	world.top_up(id, 1);
	world.finalize();
	let asked = world.ask(id, 0).unwrap();
	world.answer(asked, 1);
	let one = world.fee_of(id, 0, 0, 1);
	// Another lane would need a batch of its own.
	world.top_up(id, one);
	world.finalize();
	assert_eq!(
		unpaid(world.ask(id, 1).unwrap_err()),
		(one, one + most - PARAMETERS.batch_price)
	);
	world.ask(id, 0).unwrap();
}

#[test]
fn a_later_voucher_takes_the_place_of_an_earlier_one_and_never_the_other_way_round() {
	let (mut world, id) = a_trusted_channel();
	for _ in 0..4 {
		world.serve(id, 0).unwrap();
	}
	let (two, three) = (world.a_voucher(id, 0, 0, 2), world.a_voucher(id, 0, 0, 3));
	world.hand_in(two.clone()).unwrap();
	world.hand_in(three.clone()).unwrap();
	world.hand_in(two).unwrap();
	world.hand_in(three.clone()).unwrap();
	assert_eq!(world.voucher(&id, 0), Some(&three));
	let left = world.fee_of(id, 0, 3, 4);
	assert_eq!(world.desk.account(&id).unwrap().unpaid, left);
}

#[test]
fn a_voucher_for_anything_else_is_answered_with_what_the_desk_has() {
	let (mut world, id) = a_trusted_channel();
	for _ in 0..3 {
		world.serve(id, 0).unwrap();
	}
	let two = world.a_voucher(id, 0, 0, 2);
	world.hand_in(two.clone()).unwrap();
	let right = world.a_voucher(id, 0, 0, 3).voucher;
	let tree = SumRoot {
		units: right.tree.units - 1,
		..right.tree
	};
	for wrong in [
		Voucher {
			count: 4,
			..right.clone()
		},
		Voucher {
			base: 1,
			..right.clone()
		},
		Voucher { tree, ..right.clone() },
		Voucher {
			count: u32::MAX,
			..right.clone()
		},
	] {
		let wrong = world.sign(wrong);
		let Err(Refusal::Resync(standing)) = world.hand_in(wrong.clone()) else {
			panic!("it was taken: {wrong:?}");
		};
		assert_eq!((standing.base, standing.count), (0, 3));
		assert_eq!(standing.voucher, Some(two.clone()));
	}
	let key = pair(77).public();
	let signed = world.sign(right.clone());
	assert_eq!(Vouched::check(signed, &key, &GENESIS), Err(Refusal::BadSignature));
	let signed = world.sign(Voucher { lane: 16, ..right });
	assert!(matches!(
		Vouched::check(signed, &world.pair(&id).public(), &GENESIS),
		Err(Refusal::Malformed(_))
	));
}

#[test]
fn what_is_worth_it_is_settled_and_the_next_voucher_comes_after_it() {
	let (mut world, id) = a_world();
	while world.settle() == 0 {
		world.serve(id, 0).unwrap();
		world.vouch_for_all(id, 0);
	}
	let count = world.answered(id, 0);
	let paid = world.fee_of(id, 0, 0, count);
	assert!(paid >= PARAMETERS.min_batch_fee && world.fee_of(id, 0, 0, count - 1) < PARAMETERS.min_batch_fee);
	assert_eq!(world.chain[&id].paid, paid);
	assert_eq!(
		world.chain[&id].summary.deposit,
		10 * ASY - paid - PARAMETERS.batch_price
	);
	// The desk goes on at once, before it has seen the block.
	assert_eq!(world.base(id, 0), count);
	world.serve(id, 0).unwrap();
	let late = world.a_voucher(id, 0, 0, count + 1);
	let Err(Refusal::Resync(standing)) = world.hand_in(late) else {
		panic!("a voucher for what is being settled is taken");
	};
	assert_eq!((standing.base, standing.count), (count, 1));
	// By the last voucher its consumer sees that it has signed up to there itself.
	let last = standing.voucher.expect("there was one").voucher;
	assert_eq!(last.base + u64::from(last.count), count);
	// One for less is good, and changes nothing.
	let old = world.a_voucher(id, 0, 0, count - 1);
	world.hand_in(old).unwrap();
	world.vouch_for_all(id, 0);
	world.finalize();
	assert_eq!(world.settle(), 0);
	assert_eq!(world.base(id, 0), count);
	let batch = world.chain[&id].batches[0].1.clone();
	for unit in [0, 1, batch.tree.units / 2, batch.tree.units - 1] {
		world.assert_reveals(&batch, unit);
	}
	assert_eq!(world.desk.reveal(&batch, batch.tree.units), None);
	assert_eq!(
		world.desk.reveal(
			&Batch {
				count: batch.count - 1,
				..batch
			},
			0
		),
		None
	);
}

#[test]
fn d03_after_a_notice_everything_that_was_vouched_for_is_settled_in_time() {
	let (mut world, id) = a_trusted_channel();
	let settled = world.settle();
	assert_eq!(settled, 1);
	world.serve(id, 0).unwrap();
	let running = world.ask(id, 1).unwrap();
	world.vouch_for_all(id, 0);
	world.finalize();
	assert_eq!(world.settle(), 0, "little is not settled while the channel goes on");
	world.notice(id);
	world.finalize();
	assert_eq!(world.settle(), 1, "what is complete is not waited for");
	assert_eq!(world.chain[&id].summary.settled[..2], [1, 0]);
	world.answer(running, 6);
	world.serve(id, 2).unwrap_err();
	world.vouch_for_all(id, 1);
	world.finalize();
	assert_eq!(world.settle(), 1);
	assert_eq!(world.chain[&id].summary.settled[..2], [1, 1]);
	assert_eq!(world.desk.account(&id).unwrap().unpaid, 0);
}

#[test]
fn d03_whoever_gives_notice_and_vouches_for_half_pays_that_half() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	for _ in 0..4 {
		world.serve(id, 0).unwrap();
	}
	let half = world.a_voucher(id, 0, 0, 2);
	world.hand_in(half).unwrap();
	world.notice(id);
	world.finalize();
	assert_eq!(world.settle(), 0, "there is time for a better voucher");
	world.now += PARAMETERS.notice_period / 2;
	assert_eq!(world.settle(), 1);
	assert_eq!(world.chain[&id].summary.settled[0], 2);
	// It may do so once: the rest is too little to be settled.
	world.finalize();
	world.vouch_for_all(id, 0);
	assert_eq!(world.settle(), 0);
}

#[test]
fn a_notice_that_is_taken_back_leaves_the_lane_as_it_was() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	world.finalize();
	world.serve(id, 0).unwrap();
	world.vouch_for_all(id, 0);
	let voucher = world.voucher(&id, 0).cloned();
	world.notice(id);
	world.finalize();
	// Cut off, and not settled before the notice is taken back.
	world.desk.cut(world.now);
	assert_eq!((world.base(id, 0), world.desk.settlements(world.now).len()), (1, 1));
	world.top_up(id, 1);
	world.finalize();
	assert_eq!((world.base(id, 0), world.desk.settlements(world.now).len()), (0, 0));
	assert_eq!(world.voucher(&id, 0).cloned(), voucher);
	world.serve(id, 0).unwrap();
	world.vouch_for_all(id, 0);
	world.restart();
	assert_eq!((world.base(id, 0), world.answered(id, 0)), (0, 2));
}

#[test]
fn a_channel_is_closed_when_its_consumer_says_so_and_everything_is_settled() {
	let (mut world, id) = a_world();
	world.serve(id, 0).unwrap();
	world.vouch_for_all(id, 0);
	let running = world.ask(id, 1).unwrap();
	let signature = world.pair(&id).sign(b"something else");
	let key = world.pair(&id).public();
	assert_eq!(
		Goodbye::check(&id, &signature, &key, &GENESIS),
		Err(Refusal::BadSignature)
	);
	world.close(id).unwrap();
	assert_eq!(world.ask(id, 2), Err(Refusal::Closing));
	// What is being answered is waited for.
	assert_eq!(world.settle(), 0);
	world.answer(running, 6);
	world.finalize();
	world.settle();
	assert!(!world.chain.contains_key(&id), "it is closed");
	let closed = &world.closed[&id];
	assert_eq!(closed.paid, world.fee_of(id, 0, 0, 1));
	world.finalize();
	assert_eq!(world.desk.settlements(world.now), []);
}

#[test]
fn what_was_settled_long_ago_is_forgotten_and_nothing_else() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	world.finalize();
	let asked = world.ask(id, 15).unwrap();
	world.answer(asked.clone(), 6);
	world.vouch_for_all(id, 15);
	let batch = world.chain[&id].batches[0].1.clone();
	let credit = world.desk.account(&id).unwrap().credit;
	world.now += PARAMETERS.answerable;
	world.desk.forget(world.now);
	world.assert_reveals(&batch, 0);
	world.now += 1;
	world.desk.forget(world.now);
	world.write();
	assert_eq!(world.desk.reveal(&batch, 0), None);
	assert_eq!(world.desk.answers(), 1);
	assert_eq!(world.desk.ask(&asked), Ok(Taken::Answered));
	assert_eq!(
		world.desk.account(&id).unwrap().credit,
		credit,
		"who has paid is trusted still"
	);
	let kept = world
		.disk
		.keys()
		.filter(|key| matches!(key, RecordKey::Answer(_)))
		.count();
	assert_eq!(kept, 1);
	world.restart();
	assert_eq!(world.desk.account(&id).unwrap().credit, credit);
	// A channel that was closed is forgotten as a whole, and what was being answered has nobody who pays.
	world.ask(id, 3).unwrap();
	world.end(id);
	world.observe();
	assert_eq!(world.running.len(), 1);
	world.finalize();
	assert!(world.running.is_empty());
	world.now += PARAMETERS.answerable + 1;
	world.finalize();
	world.desk.forget(world.now);
	world.write();
	assert!(world.desk.is_empty() && world.desk.answers() == 0);
	assert!(world.disk.is_empty(), "{:?}", world.disk.keys());
}

#[test]
fn what_follows_a_notice_that_is_taken_back_is_vouched_for_again() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	for _ in 0..12 {
		world.serve(id, 0).unwrap();
	}
	let some = world.a_voucher(id, 0, 0, 2);
	world.hand_in(some.clone()).unwrap();
	world.notice(id);
	world.now += PARAMETERS.notice_period / 2;
	world.finalize();
	world.desk.cut(world.now);
	world.vouch_for_all(id, 0);
	world.desk.cut(world.now);
	assert_eq!(world.base(id, 0), 12);
	world.top_up(id, 1);
	world.finalize();
	assert_eq!((world.base(id, 0), world.voucher(&id, 0)), (0, Some(&some)));
	assert_eq!(world.desk.account(&id).unwrap().unpaid, world.fee_of(id, 0, 2, 12));
	world.vouch_for_all(id, 0);
	assert_eq!(world.settle(), 1);
	world.write();
	world.restart();
	assert_eq!(world.base(id, 0), 12);
}

#[test]
fn a_block_that_is_left_behind_takes_its_settlement_with_it() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	world.observe();
	assert_eq!(world.desk.settlements(world.now), []);
	let lent = world.desk.account(&id).unwrap().credit;
	world.go_back();
	let again = world.desk.settlements(world.now);
	assert_eq!(again.len(), 1);
	assert_eq!(world.desk.account(&id).unwrap().credit, lent);
	world.settle_one(&again[0]).unwrap();
	// As long as it is not final it is not old.
	world.now += PARAMETERS.answerable + 1;
	world.observe();
	world.desk.forget(world.now);
	assert_eq!(world.desk.answers() as u64, world.answered(id, 15));
	world.finalize();
	world.desk.forget(world.now);
	assert_eq!(world.desk.answers() as u64, world.answered(id, 15));
	world.now += PARAMETERS.answerable + 1;
	world.desk.forget(world.now);
	assert!(world.desk.answers() == 0);
}

#[test]
fn nothing_is_lent_against_a_deposit_that_may_be_left_behind() {
	let mut world = World::new(&[0]);
	let id = world.ids()[0];
	world.top_up(id, ASY);
	world.observe();
	assert_eq!(unpaid(world.ask(id, 0).unwrap_err()), (0, 0));
	world.finalize();
	world.serve(id, 0).unwrap();
	// What is asked for at once is an end.
	world.notice(id);
	world.observe();
	assert_eq!(world.ask(id, 0), Err(Refusal::Closing));
}

#[test]
fn a_lane_goes_on_where_the_chain_has_settled_another_voucher() {
	let (mut world, id) = a_trusted_channel();
	for _ in 0..5 {
		world.serve(id, 0).unwrap();
	}
	// The consumer has signed for three, and then for four: somebody with an old copy of this desk settles the three.
	let four = world.a_voucher(id, 0, 0, 4);
	world.hand_in(four).unwrap();
	let running = world.ask(id, 0).unwrap();
	world.chain.get_mut(&id).unwrap().summary.settled[0] = 3;
	world.finalize();
	assert_eq!(world.base(id, 0), 3);
	assert_eq!(world.voucher(&id, 0), None, "it was for the four");
	world.answer(running, 6);
	world.vouch_for_all(id, 0);
	assert_eq!(world.voucher(&id, 0).unwrap().voucher.count, 3);
	world.restart();
	assert_eq!(world.voucher(&id, 0).unwrap().voucher.count, 3);

	// Beyond all that this desk knows: its records are old.
	let running = world.ask(id, 0).unwrap();
	world.chain.get_mut(&id).unwrap().summary.settled[0] = 9;
	world.finalize();
	assert!(world.running.is_empty(), "what was being answered has no place");
	assert_eq!(world.desk.find(&running.root()), None);
	assert_eq!(world.base(id, 0), 9);
	let (signed, input) = world.a_request(id, 0, 9);
	let asked = world.check(signed, input).unwrap();
	assert_eq!(world.desk.ask(&asked), Ok(Taken::New));
}

#[test]
fn records_that_make_no_desk_are_an_error() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	world.serve(id, 0).unwrap();
	world.write();
	let restore = |disk: &std::collections::BTreeMap<RecordKey, Vec<u8>>| {
		Desk::restore(CREDIT, PARAMETERS, disk.clone()).map(|_| ())
	};
	assert_eq!(restore(&world.disk), Ok(()));
	for key in world.disk.keys() {
		let mut without = world.disk.clone();
		without.remove(key);
		let error = restore(&without);
		match key {
			RecordKey::Channel(_) => assert!(matches!(error, Err(Unrecorded::Orphan(_)))),
			RecordKey::Lane(..) | RecordKey::Cut(..) => assert!(error.is_err(), "{key:?}"),
			// The last of a lane is like one that never was.
			RecordKey::Answer(request) => {
				let is_last = world.contents[request].request.lane == 0;
				assert_eq!(error.is_ok(), is_last, "{key:?}: {error:?}");
			}
		}
		let mut damaged = world.disk.clone();
		damaged.get_mut(key).unwrap().push(0);
		assert_eq!(restore(&damaged), Err(Unrecorded::Undecodable(*key)));
	}
}

/// What a node shows that knows no channels: its final block is that of this height.
fn nothing(height: u32) -> Channels {
	Channels {
		height,
		channels: vec![],
	}
}

#[test]
fn q02_what_a_block_from_before_the_opening_does_not_show_is_not_closed() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	let batch = world.chain[&id].batches[0].1.clone();
	world.serve(id, 0).unwrap();
	world.vouch_for_all(id, 0);
	let running = world.ask(id, 1).unwrap();
	// The node has an empty database: it goes on from genesis.
	assert_eq!(world.desk.observe(&[], &nothing(0), 0), []);
	world.write();
	assert_eq!(world.desk.terms(&id), Err(Refusal::UnknownChannel));
	world.desk.forget(200_000);
	world.write();
	world.assert_reveals(&batch, 0);
	// And with it the journal was opened again.
	world.answer(running, 6);
	let records = world.disk.clone();
	world.desk = Desk::restore(CREDIT, PARAMETERS, records).unwrap();
	assert_eq!(world.desk.observe(&[], &nothing(0), 0), []);
	world.desk.forget(0);
	world.write();
	// It has caught up.
	world.now = PARAMETERS.answerable + 5;
	world.finalize();
	world.desk.forget(world.now);
	world.write();
	world.assert_reveals(&batch, 0);
	assert!(world.voucher(&id, 0).is_some(), "what was vouched for can be settled");
	world.restart();
	world.assert_reveals(&batch, 0);
	assert_eq!(world.desk.account(&id).unwrap().lanes[1].0.count, 1);
}

#[test]
fn q02_a_channel_that_is_seen_to_be_open_is_not_gone() {
	let (mut world, id) = a_trusted_channel();
	world.settle();
	world.finalize();
	// As journals say that were written when nothing was known to be closed.
	world.desk.observe(&[], &nothing(world.now), world.now);
	world.write();
	world.now += PARAMETERS.answerable;
	world.restart();
	world.now += 1;
	world.serve(id, 0).unwrap();
	world.vouch_for_all(id, 0);
	world.desk.forget(world.now);
	world.write();
	world.restart();
	assert!(world.voucher(&id, 0).is_some());
	assert_eq!(world.desk.expected(), [id]);
}

#[test]
fn q02_a_channel_is_gone_when_a_final_block_says_that_it_is_closed() {
	let (mut world, id) = a_world();
	world.serve(id, 0).unwrap();
	world.vouch_for_all(id, 0);
	let running = world.ask(id, 1).unwrap();
	// The consumer has closed it, with a settlement that another desk with this key has sent.
	let mut closed = world.chain[&id].summary.clone();
	closed.settled[0] = 1;
	closed.closed_at = Some(world.now);
	let open = Channels {
		height: world.now - 1,
		channels: vec![world.chain[&id].summary.clone()],
	};
	let shut = Channels {
		height: world.now,
		channels: vec![closed.clone()],
	};
	assert_eq!(world.desk.observe(&[closed.clone()], &open, world.now), []);
	assert_eq!(world.desk.expected(), [id], "that block may be left behind");
	let lost = world.desk.observe(&[closed.clone()], &shut, world.now);
	assert_eq!(lost, [running.root()], "nobody would pay for it");
	assert_eq!(world.desk.expected(), []);
	world.write();
	assert_eq!(world.desk.settlements(world.now), []);
	// What was settled can be drawn, and what was answered can be asked about, for as long as the chain says.
	let batch = Batch {
		channel: id,
		lane: 0,
		base: 0,
		count: 1,
		tree: world.signed[0].voucher.tree,
	};
	world.assert_reveals(&batch, 0);
	world.desk.forget(world.now + PARAMETERS.answerable);
	world.assert_reveals(&batch, 0);
	world.desk.forget(world.now + PARAMETERS.answerable + 1);
	world.write();
	assert!(world.desk.is_empty() && world.disk.is_empty());
	// It does not come back, and neither does one that was closed before it was seen.
	assert_eq!(world.desk.observe(&[closed], &shut, world.now), []);
	assert!(world.desk.is_empty());
}
