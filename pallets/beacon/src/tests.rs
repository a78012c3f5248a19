//! Blocks by named authors, and what is drawn with them.

use super::*;
use crate as pallet_assay_beacon;
use frame_support::{derive_impl, parameter_types, traits::OnInitialize};
use proptest::prelude::*;
use sp_io::TestExternalities;

type AccountId = u64;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Randomness: pallet_assay_beacon,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

const WINDOW: u64 = 16;
const KEPT_WINDOWS: u32 = 4;

parameter_types! {
	pub static Author: Option<AccountId> = None;
	pub static ParentOutput: Option<[u8; 32]> = None;
	pub static Validators: u32 = 100;
	pub static Period: u64 = WINDOW;
	pub const Kept: u32 = KEPT_WINDOWS;
}

impl Config for Test {
	type Author = Author;
	type ParentOutput = ParentOutput;
	type Validators = Validators;
	type Period = Period;
	type Kept = Kept;
}

/// What an author's block proves in the window of a height.
fn output(author: AccountId, block: u64) -> [u8; 32] {
	sp_io::hashing::blake2_256(&(author, block / WINDOW).encode())
}

/// Runs a test on an empty chain of so many validators.
fn run(validators: u32, test: impl FnOnce()) {
	Validators::set(validators);
	Author::set(None);
	ParentOutput::set(None);
	TestExternalities::new_empty().execute_with(test);
}

/// Makes the next block.
fn block(author: AccountId) {
	let now = System::block_number() + 1;
	System::set_block_number(now);
	ParentOutput::set(Author::get().map(|last| output(last, now - 1)));
	Author::set(Some(author));
	Randomness::on_initialize(now);
	Randomness::do_try_state().unwrap();
}

/// Makes blocks up to a height, authors taking turns.
fn blocks_to(height: u64, authors: u64) {
	while System::block_number() < height {
		let next = System::block_number() + 1;
		block(next % authors);
	}
}

fn number(made_at: u64, maker: AccountId) -> Option<H256> {
	Randomness::number(made_at, &maker, b"test")
}

const OUTSIDER: AccountId = 1_000;

#[test]
fn f02_number_should_be_known_in_the_block_after_the_last_output_that_makes_it() {
	run(100, || {
		blocks_to(WINDOW + 8 - 1, 50);
		assert_eq!(number(3, OUTSIDER), None, "seven authors are there");
		blocks_to(WINDOW + 8, 50);
		assert!(number(3, OUTSIDER).is_some());
		assert_eq!(number(3, (WINDOW + 2) % 50), None, "it made one of the eight blocks");
		assert_eq!(Randomness::known_from(3), WINDOW + 8);
		assert_eq!(Randomness::known_from(WINDOW), 2 * WINDOW + 8);
	});
}

/// The numbers of two makers when one of them, a validator, makes a block before so many others of the window, or none.
fn numbers_with_a_block_of_the_maker(before: Option<u64>) -> [Option<H256>; 2] {
	let mut found = [None; 2];
	run(100, || {
		blocks_to(WINDOW - 1, 50);
		for other in 0..12 {
			if before == Some(other) {
				block(MAKER);
			}
			block(100 + other);
		}
		found = [number(3, MAKER), number(3, OUTSIDER)];
	});
	found
}

const MAKER: AccountId = 7;

#[test]
fn p07_numbers_should_not_depend_on_the_blocks_of_the_maker() {
	let [without, of_another] = numbers_with_a_block_of_the_maker(None);
	assert!(without.is_some());
	for before in 0..12 {
		let [with, _] = numbers_with_a_block_of_the_maker(Some(before));
		assert_eq!(with, without, "before {before} others");
	}
	let [_, with] = numbers_with_a_block_of_the_maker(Some(2));
	assert_ne!(with, of_another, "somebody else's number has its output in it");
}

#[test]
fn p09_number_should_be_the_same_whenever_its_draw_is_served() {
	run(100, || {
		blocks_to(2 * WINDOW, 50);
		let first = number(3, OUTSIDER).unwrap();
		let last = WINDOW * u64::from(KEPT_WINDOWS);
		for height in 2 * WINDOW + 1..=last {
			blocks_to(height, 50);
			assert_eq!(number(3, OUTSIDER), Some(first), "in block {height}");
		}
	});
}

#[test]
fn d04_made_anywhere_in_a_window_the_number_should_be_of_the_next() {
	run(100, || {
		blocks_to(4 * WINDOW, 50);
		let all: Vec<_> = (0..WINDOW).map(|at| number(at, OUTSIDER)).collect();
		assert!(all.iter().all(|number| *number == all[0] && number.is_some()));
		assert_ne!(number(WINDOW, OUTSIDER), all[0], "timing buys one draw a window");
	});
}

#[test]
fn f02_number_of_few_validators_should_be_known_when_all_but_one_are_in_its_window() {
	run(3, || {
		blocks_to(WINDOW + 1, 3);
		assert_eq!(number(0, OUTSIDER), None);
		blocks_to(WINDOW + 2, 3);
		let found = number(0, OUTSIDER);
		assert!(found.is_some());
		blocks_to(3 * WINDOW, 3);
		assert_eq!(number(0, OUTSIDER), found);
	});
}

#[test]
fn window_that_lacks_a_validator_should_count_when_it_is_over() {
	run(3, || {
		blocks_to(2 * WINDOW - 1, 2);
		assert_eq!(number(0, 1), None, "one of the other two makes no blocks");
		blocks_to(2 * WINDOW, 2);
		assert!(number(0, 1).is_some());
		assert!(2 * WINDOW <= Randomness::longest_wait());
	});
}

#[test]
fn lone_validator_should_draw_for_itself() {
	run(1, || {
		Period::set(1);
		blocks_to(9, 1);
		assert_eq!(Randomness::known_from(6), 8);
		assert!(number(6, 0).is_some());
		assert_eq!(number(8, 0), None);
		Period::set(WINDOW);
	});
}

#[test]
fn subjects_should_have_different_numbers() {
	run(100, || {
		blocks_to(3 * WINDOW, 50);
		let of = |subject: &[u8]| Randomness::number(0, &OUTSIDER, subject);
		assert_ne!(of(b"a"), of(b"b"));
	});
}

#[test]
fn number_that_nobody_asked_for_in_time_should_be_lost() {
	run(100, || {
		let now = 20 * WINDOW;
		blocks_to(now, 50);
		assert!(Randomness::is_lost(3));
		assert_eq!(number(3, OUTSIDER), None);
		let oldest = now - 1 - (now - 1) % WINDOW - WINDOW * u64::from(KEPT_WINDOWS - 1);
		assert!(!Randomness::is_lost(oldest - 1));
		assert!(number(oldest - 1, OUTSIDER).is_some());
	});
}

proptest! {
	/// Whoever makes the blocks: a number, once known, never changes, and it is known by the stated time.
	#[test]
	fn numbers_should_be_known_in_time_and_never_change(authors in proptest::collection::vec(0u64..12, 80), validators in 1u32..14) {
		run(validators, || {
			let mut known = std::collections::BTreeMap::new();
			for author in authors {
				block(author);
				let now = System::block_number();
				for made_at in now.saturating_sub(WINDOW * u64::from(KEPT_WINDOWS - 2))..now {
					match number(made_at, 5) {
						Some(found) => {
							let first = *known.entry(made_at).or_insert(found);
							assert_eq!(first, found);
						}
						None => assert!(now < made_at + Randomness::longest_wait()),
					}
				}
			}
		});
	}
}
