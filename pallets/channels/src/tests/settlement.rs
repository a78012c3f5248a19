//! What becomes a job, and what the pool refuses.

use crate::{mock::*, Error, Event};
use assay_protocol::channel::{SumRoot, Voucher};
use assay_testing::Cheat;
use frame_support::assert_ok;
use sp_core::Pair;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn refused(error: Error<Test>) -> Result<(), TransactionValidityError> {
	use codec::Encode;
	match error {
		Error::WrongBase | Error::Closed => Err(InvalidTransaction::Stale.into()),
		error => Err(InvalidTransaction::Custom(error.encode()[0]).into()),
	}
}

fn voucher(talk: &Talk, change: impl FnOnce(&mut Voucher)) -> assay_protocol::channel::SignedVoucher {
	let mut voucher = talk.voucher().voucher;
	change(&mut voucher);
	talk.signed(voucher)
}

#[test]
fn a_voucher_becomes_one_job_that_pays_for_all_its_receipts() {
	run(|| {
		let mut talk = Talk::new(open(), 3);
		(0..7).for_each(|_| talk.answer(Cheat::Honest));
		let (fee, before) = (talk.fee(), free(ALICE));
		let job = talk.settle();
		assert_eq!(deposit(talk.channel), DEPOSIT - fee - BATCH_PRICE);
		check();
		blocks(12);
		let treasury = fee / 10;
		assert_eq!(free(ALICE), before + fee - treasury - (fee - treasury) / 10);
		assert!(matches!(state(job), assay_protocol::job::JobState::Final { .. }));
	});
}

#[test]
fn a_lane_goes_on_where_it_was_settled_and_no_voucher_is_settled_twice() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let first = talk.voucher();
		talk.settle();
		let again = settle(talk.channel, std::slice::from_ref(&first), false);
		assert_eq!(again, refused(Error::WrongBase));
		let mut next = Talk::new(talk.channel, 0);
		next.base = 1;
		next.answer(Cheat::Honest);
		next.settle();
		let settled = ChannelsPallet::channel_summary(talk.channel).unwrap().settled;
		assert_eq!(settled[0], 2);
	});
}

#[test]
fn lanes_are_settled_together_and_each_once() {
	run(|| {
		let channel = open();
		let mut talks: Vec<_> = (0..16).map(|lane| Talk::new(channel, lane)).collect();
		talks.iter_mut().for_each(|talk| talk.answer(Cheat::Honest));
		let vouchers: Vec<_> = talks.iter().map(Talk::voucher).collect();
		let twice = [vouchers[2].clone(), vouchers[2].clone()];
		assert_eq!(settle(channel, &twice, false), refused(Error::BadLane));
		let no_lane = voucher(&talks[0], |voucher| voucher.lane = 16);
		assert_eq!(settle(channel, &[no_lane], false), refused(Error::BadLane));
		assert_ok!(settle(channel, &vouchers, false));
		let settled = ChannelsPallet::channel_summary(channel).unwrap().settled;
		assert_eq!(settled, vec![1; 16]);
	});
}

#[test]
fn only_what_both_keys_signed_is_settled() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let good = talk.voucher();
		let by_another = settlement(&worker_key(BOB), talk.channel, std::slice::from_ref(&good), false);
		assert_eq!(deliver(by_another), Err(InvalidTransaction::BadProof.into()));
		let mut forged = good.clone();
		forged.voucher.tree.units += 1;
		assert_eq!(settle(talk.channel, &[forged], false), refused(Error::BadVoucher));
		let other = open();
		assert_eq!(settle(other, &[good], false), refused(Error::OtherChannel));
		assert_eq!(settle(talk.channel, &[], false), refused(Error::NothingToSettle));
	});
}

/// D6: units are never zero, nor fewer than receipts.
#[test]
fn d06_a_voucher_for_nothing_is_refused() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let root = talk.voucher().voucher.tree;
		for (count, units) in [(0, 5), (1, 0), (3, 2)] {
			let empty = voucher(&talk, |voucher| {
				voucher.count = count;
				voucher.tree = SumRoot { units, ..root };
			});
			assert_eq!(settle(talk.channel, &[empty], false), refused(Error::EmptyVoucher));
		}
	});
}

#[test]
fn nobody_settles_more_than_there_is() {
	run(|| {
		let talk = {
			let mut talk = Talk::new(open(), 0);
			talk.answer(Cheat::Honest);
			talk
		};
		let root = talk.voucher().voucher.tree;
		let most = (DEPOSIT / PRICE) as u64;
		for units in [most, u64::MAX] {
			let dear = voucher(&talk, |voucher| voucher.tree = SumRoot { units, ..root });
			assert_eq!(settle(talk.channel, &[dear], false), refused(Error::DepositExceeded));
		}
	});
}

/// A settlement is free of fees: batches that are not worth one are settled at the end of a channel only, once in each lane.
#[test]
fn small_batches_wait_for_the_end() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		MinBatchFee::set(talk.fee() + 1);
		assert_eq!(
			settle(talk.channel, &[talk.voucher()], false),
			refused(Error::BatchTooSmall)
		);
		assert_ok!(ChannelsPallet::give_notice(
			RuntimeOrigin::signed(CONSUMER),
			talk.channel
		));
		talk.settle();
		let mut next = Talk::new(talk.channel, 0);
		next.base = 1;
		next.answer(Cheat::Honest);
		assert_eq!(
			settle(next.channel, &[next.voucher()], false),
			refused(Error::BatchTooSmall)
		);
		let mut other = Talk::new(talk.channel, 1);
		other.answer(Cheat::Honest);
		assert_ok!(settle(other.channel, &[other.voucher()], true));
		assert!(ChannelsPallet::channel_summary(talk.channel)
			.unwrap()
			.closed_at
			.is_some());
	});
}

/// S3: a notice that is taken back and given again does not leave small batches unpaid.
#[test]
fn s03_small_batches_are_settled_at_each_notice() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		MinBatchFee::set(talk.fee() + 1);
		let consumer = || RuntimeOrigin::signed(CONSUMER);
		assert_ok!(ChannelsPallet::give_notice(consumer(), talk.channel));
		talk.settle();
		assert_ok!(ChannelsPallet::top_up(consumer(), talk.channel, 1_000));
		assert_ok!(ChannelsPallet::give_notice(consumer(), talk.channel));
		let mut next = Talk::new(talk.channel, 0);
		next.base = 1;
		next.answer(Cheat::Honest);
		next.settle();
	});
}

/// S4: who takes no new work is paid for what it has done.
#[test]
fn s04_a_chilled_operator_settles() {
	run(|| {
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		assert_ok!(StakingPallet::chill(RuntimeOrigin::signed(ALICE)));
		talk.settle();
	});
}

/// M8: nobody keeps a settlement until it suits.
#[test]
fn m08_a_settlement_counts_until_its_last_block() {
	run(|| {
		let channel = open();
		let mut old = settlement(&worker_key(ALICE), channel, &[], true);
		old.settlement.last_block = System::block_number() as u32;
		old.signature = worker_key(ALICE).sign(&old.settlement.signing_payload(&genesis()));
		blocks(1);
		assert_eq!(deliver(old), Err(InvalidTransaction::Stale.into()));
	});
}

/// H11: the pool checks settlements for nothing; how many differ in nothing but their last block is bounded.
#[test]
fn h11_a_settlement_counts_for_so_long_at_most() {
	run(|| {
		let channel = open();
		let mut settlement = settlement(&worker_key(ALICE), channel, &[], true);
		let mut until = |ahead: u32| {
			settlement.settlement.last_block = System::block_number() as u32 + ahead;
			settlement.signature = worker_key(ALICE).sign(&settlement.settlement.signing_payload(&genesis()));
			deliver(settlement.clone())
		};
		assert!(until(crate::LONGEVITY + 1).is_err());
		assert_eq!(until(crate::LONGEVITY), Ok(()));
	});
}

/// An operator puts no more at stake by batches than by jobs.
#[test]
fn batches_count_as_work_in_flight() {
	run(|| {
		let channel = open();
		let mut settled = 0;
		for lane in 0..16u64 {
			let mut talk = Talk::new(channel, lane as u8);
			talk.answer(Cheat::Honest);
			settled += u32::from(settle(channel, &[talk.voucher()], false).is_ok());
		}
		assert_eq!(pallet_assay_jobs::OpenClaims::<Test>::get(ALICE), settled);
		blocks(12);
		assert_eq!(pallet_assay_jobs::OpenClaims::<Test>::get(ALICE), 0);
	});
}

#[test]
fn closing_gives_the_rest_back_at_once_and_nothing_is_settled_after_it() {
	run(|| {
		let before = free(CONSUMER);
		let mut talk = Talk::new(open(), 0);
		talk.answer(Cheat::Honest);
		let spent = talk.fee() + BATCH_PRICE;
		assert_ok!(settle(talk.channel, &[talk.voucher()], true));
		assert_eq!(free(CONSUMER), before - spent);
		let refunded = DEPOSIT - spent;
		assert_eq!(
			events().pop(),
			Some(Event::ChannelClosed {
				channel: talk.channel,
				refunded
			})
		);
		assert_eq!(settle(talk.channel, &[talk.voucher()], false), refused(Error::Closed));
	});
}
