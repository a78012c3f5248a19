//! What an audit found.

use super::receipts::*;
use crate::mock::*;
use assay_protocol::{
	channel::{Contradiction, Revealed},
	dispute::Claims,
	job::JobState,
	JobId,
};
use assay_testing::Cheat;
use assay_trace::{Hash32, TraceRoot};
use frame_support::assert_ok;

fn lie(channel: assay_protocol::ChannelId, lane: u8, sequence: u64, trace: u8) -> Revealed {
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

/// H1: stake that has left is all that a decoy reaches, and by it every lie that stake stands behind falls for nothing.
#[test]
fn h1_a_decoy_of_a_later_block_should_shield_no_earlier_lie() {
	let reach = || {
		use assay_protocol::operator::Operators;
		StakingPallet::at_risk(&ALICE, 60)
	};
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
		assert_eq!(reach(), STAKE);
		let paid = JobsPallet::strike_down_silent(decoy, None).unwrap();
		let taken = JobsPallet::strike_down_silent(job, None).unwrap();
		println!("decoy {paid}, lie {taken}, of {STAKE}");
		assert!(taken >= STAKE / 6, "the lie cost {taken}, the decoy {paid}, of {STAKE}");
	});
}

/// H1: whoever leaves altogether pays nothing for the decoy either.
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
		assert!(taken >= STAKE / 6, "the lie cost {taken}, the decoy {paid}, of {STAKE}");
	});
}

/// H2: an accomplice's dispute holds a lie that its own worker presents; nobody else may challenge it, or present it, until it is too old.
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
		let now = System::block_number();
		let closed = JobsPallet::claim(job).expect("it is held").closes_at <= now;
		assert!(!closed || present(&mine).is_ok(), "nobody but the accomplice can go on");
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
		let left = stake(ALICE);
		assert!(left >= STAKE - STAKE / 5, "{left} is left of {STAKE}");
	});
}

/// H4: who settles is there.
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
		let left = stake(ALICE);
		assert!(
			left < STAKE - STAKE / 5 - 1,
			"ten lies cost one penalty: {left} of {STAKE}"
		);
	});
}

/// H5: a lie that falls with a batch of a lane that was settled since is shielded by stake that had left before it was settled.
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
		let again = present(&lie).is_ok();
		let more = if again {
			JobsPallet::strike_down(presented(), None).unwrap()
		} else {
			0
		};
		println!("batch {fallen}, presented {again} {more}");
		assert!(fallen + more >= STAKE / 6, "{fallen} and {more} of {STAKE}");
	});
}

/// H7: who vouches for a receipt of a batch that is refuted loses something.
#[test]
fn h7_who_vouches_for_a_lie_of_a_batch_should_lose() {
	use assay_protocol::audit::{AuditReply, Reply, SignedReply};
	use frame_support::traits::{Authorize, UnfilteredDispatchable};
	use sp_core::Pair;
	run(|| {
		AuditRate::set(sp_runtime::Permill::one());
		assert_ok!(AuditsPallet::offer(RuntimeOrigin::signed(BOB), DECODER));
		blocks(1);
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Root);
		let job = talk.settle();
		talk.base = 0;
		blocks(4);
		let unit = asked(job).unwrap();
		reply(job, unit, talk.reveal(unit)).unwrap();
		blocks(3);
		let due = AuditsPallet::due(&worker_key(BOB).public()).pop().expect("it is drawn");
		let vouch = AuditReply {
			job,
			attempt: due.claim.attempt,
			from: BOB,
			question: due.question,
			reply: Reply::Digest(Default::default()),
		};
		let signature = worker_key(BOB).sign(&vouch.signing_payload(&due.claim.root(), &genesis()));
		let call = pallet_assay_audits::Call::<Test>::reply {
			reply: SignedReply {
				reply: vouch,
				signature,
			}
			.into(),
		};
		call.authorize(sp_runtime::transaction_validity::TransactionSource::External)
			.unwrap()
			.unwrap();
		call.dispatch_bypass_filter(frame_system::RawOrigin::Authorized.into())
			.unwrap();
		let before = stake(BOB);
		// A step is refuted.
		JobsPallet::strike_down(job, None).unwrap();
		blocks(200);
		assert!(stake(BOB) < before, "it vouched for a lie and has lost nothing");
	});
}
