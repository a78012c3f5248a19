//! Opening, topping up, closing.

use crate::{mock::*, Error, Event};
use assay_protocol::{channel::Endpoint, ChannelId};
use assay_trace::Hash32;
use frame_support::{assert_noop, assert_ok};
use sp_core::Pair;

fn consumer() -> RuntimeOrigin {
	RuntimeOrigin::signed(CONSUMER)
}

#[test]
fn a_channel_holds_its_deposit_and_names_its_terms() {
	run(|| {
		let before = free(CONSUMER);
		let channel = open();
		let summary = ChannelsPallet::channel_summary(channel).unwrap();
		assert_eq!(free(CONSUMER), before - DEPOSIT);
		assert_eq!(
			(summary.deposit, summary.closes_at, summary.closed_at),
			(DEPOSIT, None, None)
		);
		assert_eq!(summary.terms.id(), channel);
		assert_eq!(
			(summary.terms.price, summary.terms.worker_key),
			(PRICE, worker_key(ALICE).public())
		);
		assert_eq!(summary.settled, vec![0; 16]);
	});
}

#[test]
fn the_same_terms_twice_are_two_channels() {
	run(|| assert_ne!(open(), open()));
}

#[test]
fn channels_are_opened_to_who_serves_at_a_price_that_is_allowed() {
	run(|| {
		let key = channel_key().public();
		let open = |operator, price, deposit| ChannelsPallet::open(consumer(), operator, DECODER, price, key, deposit);
		assert_noop!(open(CONSUMER, PRICE, DEPOSIT), Error::<Test>::OperatorNotListed);
		assert_noop!(open(ALICE, PRICE - 1, DEPOSIT), Error::<Test>::OperatorTooDear);
		assert_noop!(open(ALICE, PRICE, 999), Error::<Test>::DepositTooSmall);
		assert!(open(ALICE, PRICE, FUNDS * 2).is_err());
	});
}

#[test]
fn a_notice_ends_a_channel_and_a_top_up_takes_it_back() {
	run(|| {
		let before = free(CONSUMER);
		let channel = open();
		let other = RuntimeOrigin::signed(BOB);
		assert_noop!(
			ChannelsPallet::give_notice(other.clone(), channel),
			Error::<Test>::NotConsumer
		);
		assert_noop!(
			ChannelsPallet::top_up(other, channel, 5_000),
			Error::<Test>::NotConsumer
		);
		assert_ok!(ChannelsPallet::give_notice(consumer(), channel));
		assert_noop!(
			ChannelsPallet::give_notice(consumer(), channel),
			Error::<Test>::NoticeGiven
		);
		blocks(NOTICE - 1);
		assert_noop!(ChannelsPallet::advance(consumer(), channel), Error::<Test>::NothingDue);
		assert_noop!(
			ChannelsPallet::top_up(consumer(), channel, 999),
			Error::<Test>::DepositTooSmall
		);
		assert_ok!(ChannelsPallet::top_up(consumer(), channel, 5_000));
		blocks(NOTICE * 2);
		assert_eq!(deposit(channel), DEPOSIT + 5_000);
		check();
		assert_ok!(ChannelsPallet::give_notice(consumer(), channel));
		blocks(NOTICE);
		assert_eq!(free(CONSUMER), before);
		assert_noop!(
			ChannelsPallet::top_up(consumer(), channel, 5_000),
			Error::<Test>::Closed
		);
		assert_noop!(ChannelsPallet::give_notice(consumer(), channel), Error::<Test>::Closed);
	});
}

/// H6: whoever forgets a channel keeps no version for ever: anybody ends it once its operator is none any more.
#[test]
fn h6_anybody_ends_the_channel_of_an_operator_that_left() {
	run(|| {
		let channel = open();
		let (alice, bob) = (RuntimeOrigin::signed(ALICE), RuntimeOrigin::signed(BOB));
		assert_ok!(StakingPallet::chill(alice.clone()));
		assert_ok!(StakingPallet::unbond(alice.clone(), ALICE, STAKE));
		assert_noop!(
			ChannelsPallet::give_notice(bob.clone(), channel),
			Error::<Test>::NotConsumer
		);
		blocks(2 * assay_testing::UnbondingPeriod::get() + 1);
		assert_ok!(StakingPallet::withdraw_unbonded(alice, ALICE));
		assert_ok!(ChannelsPallet::give_notice(bob, channel));
		blocks(NOTICE - 1);
		// Its consumer does not take that back.
		assert_ok!(ChannelsPallet::top_up(consumer(), channel, 5_000));
		blocks(1);
		assert_noop!(
			ChannelsPallet::top_up(consumer(), channel, 5_000),
			Error::<Test>::Closed
		);
	});
}

#[test]
fn a_closed_channel_is_kept_while_something_in_it_can_be_challenged() {
	run(|| {
		let channel = open();
		settle(channel, &[], true).unwrap();
		blocks(ANSWERABLE);
		assert!(ChannelsPallet::channel_summary(channel).is_some());
		check();
		blocks(1);
		assert_eq!(ChannelsPallet::channel_summary(channel), None);
		assert_eq!(events().pop(), Some(Event::ChannelForgotten { channel }));
	});
}

#[test]
fn nothing_is_done_with_a_channel_that_is_not_there() {
	run(|| {
		let none = ChannelId::default();
		assert_noop!(
			ChannelsPallet::top_up(consumer(), none, 5),
			Error::<Test>::UnknownChannel
		);
		assert_noop!(
			ChannelsPallet::give_notice(consumer(), none),
			Error::<Test>::UnknownChannel
		);
		assert_noop!(ChannelsPallet::advance(consumer(), none), Error::<Test>::UnknownChannel);
	});
}

#[test]
fn channels_are_listed_page_by_page_for_both_ends() {
	run(|| {
		let mut opened: Vec<_> = (0..5).map(|_| open()).collect();
		opened.sort();
		let key = worker_key(ALICE).public();
		let ids =
			|page: Vec<crate::ChannelSummaryOf<Test>>| page.into_iter().map(|channel| channel.id).collect::<Vec<_>>();
		let first = ids(ChannelsPallet::channels_of_consumer(CONSUMER, None, 2));
		let rest = ids(ChannelsPallet::channels_of_consumer(
			CONSUMER,
			first.last().copied(),
			100,
		));
		assert_eq!([first, rest].concat(), opened);
		let first = ids(ChannelsPallet::channels_of_worker(key.clone(), None, 4));
		let rest = ids(ChannelsPallet::channels_of_worker(key, first.last().copied(), 100));
		assert_eq!([first, rest].concat(), opened);
	});
}

#[test]
fn operators_announce_where_they_answer() {
	run(|| {
		let endpoint = |address: &[u8]| Endpoint {
			address: address.to_vec().try_into().unwrap(),
			key_hash: Hash32([1; 32]),
		};
		let good = endpoint(b"https://answers.example:8443");
		let announce = |who, endpoint| ChannelsPallet::announce(RuntimeOrigin::signed(who), endpoint);
		assert_noop!(announce(CONSUMER, Some(good.clone())), Error::<Test>::NotOperator);
		for bad in [
			&b"http://a"[..],
			b"https://",
			b"https://a/b",
			b"https://a b",
			b"https://\xff",
			b"",
		] {
			assert_noop!(announce(ALICE, Some(endpoint(bad))), Error::<Test>::BadAddress);
		}
		assert_ok!(announce(ALICE, Some(good.clone())));
		assert_eq!(ChannelsPallet::endpoint(ALICE), Some(good));
		assert_ok!(announce(ALICE, None));
		assert_eq!(ChannelsPallet::endpoint(ALICE), None);
	});
}
