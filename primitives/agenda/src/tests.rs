//! An agenda of numbers.

use super::*;
use frame_support::{pallet_prelude::ValueQuery, parameter_types, storage_alias, traits::ConstU32};

#[storage_alias]
type Slots = StorageMap<Prefix, frame_support::Twox64Concat, u64, BoundedVec<u32, ConstU32<3>>, ValueQuery>;
#[storage_alias]
type Cursor = StorageValue<Prefix, u64>;

struct Numbers;

impl Agenda for Numbers {
	type BlockNumber = u64;
	type Id = u32;
	type Size = ConstU32<3>;
	type Slots = Slots;
	type Cursor = Cursor;
}

parameter_types! {
	static Seen: Vec<u32> = vec![];
}

const COSTS: Costs = Costs {
	base: Weight::from_parts(1, 0),
	slot: Weight::from_parts(10, 0),
	item: Weight::from_parts(100, 0),
};

fn serve_with(now: u64, limit: u64) -> Vec<u32> {
	Seen::set(vec![]);
	let mut meter = WeightMeter::with_limit(Weight::from_parts(limit, 0));
	serve::<Numbers>(now, &mut meter, COSTS, |id| {
		Seen::mutate(|seen| seen.push(id));
		COSTS.item
	});
	assert!(meter.consumed().ref_time() <= limit);
	Seen::get()
}

fn run(test: impl FnOnce()) {
	sp_io::TestExternalities::default().execute_with(test)
}

#[test]
fn items_come_in_the_order_of_their_blocks_and_once() {
	run(|| {
		assert_eq!(book::<Numbers>(1, 7, 0), Some(7));
		assert_eq!(book::<Numbers>(2, 5, 0), Some(5));
		assert_eq!(serve_with(4, 10_000), Vec::<u32>::new());
		assert_eq!(serve_with(6, 10_000), vec![2]);
		assert_eq!(serve_with(9, 10_000), vec![1]);
		assert_eq!(serve_with(20, 10_000), Vec::<u32>::new());
		assert_eq!(Slots::iter().count(), 0);
	});
}

#[test]
fn the_present_block_takes_nothing_more() {
	run(|| {
		assert_eq!(book::<Numbers>(1, 2, 5), Some(6));
	});
}

#[test]
fn full_blocks_spill_into_the_next_and_in_the_end_nowhere() {
	run(|| {
		for id in 0..3 * (SPILL + 1) {
			assert_eq!(book::<Numbers>(id, 5, 0), Some(5 + u64::from(id / 3)));
		}
		assert_eq!(book::<Numbers>(999, 5, 0), None);
	});
}

#[test]
fn an_item_that_is_taken_out_is_not_looked_at() {
	run(|| {
		for id in 0..3 {
			book::<Numbers>(id, 5, 0);
		}
		unbook::<Numbers>(1, 5);
		assert_eq!(serve_with(5, 10_000), vec![0, 2]);
		book::<Numbers>(3, 9, 5);
		unbook::<Numbers>(3, 9);
		assert!(!Slots::contains_key(9));
	});
}

#[test]
fn what_the_weight_does_not_allow_comes_first_in_the_next_block() {
	run(|| {
		for id in 0..4 {
			book::<Numbers>(id, 5, 0);
		}
		// The base, the blocks from 1 to 5, and two items.
		assert_eq!(serve_with(6, 1 + 5 * 10 + 200), vec![0, 1]);
		assert_eq!(serve_with(7, 1 + 2 * 10 + 200), vec![2, 3]);
		assert_eq!(serve_with(8, 0), Vec::<u32>::new());
	});
}
