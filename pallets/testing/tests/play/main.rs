//! Everybody at random over all of our pallets together: consumers, honest, slow, absent and lying workers and auditors, one
//! challenger that looks at every claim and one that quarrels, and delegators. No honest party pays, no lie becomes final, every
//! job ends within its bound, no money is made or lost, and the invariants of every pallet hold after each block.
//!
//! Disputes are walked and spot-checks opened with real executions of small models, right and wrong ones. A play that fails
//! prints its script; `play(Script { .. })` plays it again.

#![allow(unexpected_cfgs, reason = "FRAME's macros ask for a feature of pallets")]

mod acts;
mod chain;
mod people;
mod play;
mod stage;

use play::{everything, play, Script, Seen};
use proptest::prelude::*;

/// Blocks in which jobs come.
const BLOCKS: u64 = 60;

/// A play that everything is well in.
fn well_played(script: Script) -> Seen {
	play(script).unwrap_or_else(|wrong| panic!("{script:?}: {wrong}"))
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 24, ..ProptestConfig::default() })]

	#[test]
	fn no_honest_party_should_pay_and_no_lie_become_final(seed: u64, blocks in 10..=BLOCKS) {
		well_played(Script { seed, blocks, watched: true });
	}
}

#[test]
fn lies_should_become_final_when_the_watcher_is_taken_away() {
	let unwatched = |seed| Script {
		seed,
		blocks: BLOCKS,
		watched: false,
	};
	let survives = |seed| play(unwatched(seed)).is_err_and(|wrong| wrong.contains("a lie became final"));
	assert!((0..6).any(survives), "the plays would not notice a lie");
}

#[test]
fn plays_should_show_all_that_they_are_about() {
	let mut seen = Seen::default();
	for seed in 0..20 {
		let script = Script {
			seed,
			blocks: BLOCKS,
			watched: true,
		};
		for (what, count) in well_played(script).0 {
			*seen.0.entry(what).or_default() += count;
		}
	}
	assert!(seen.0["\"deed\""] > 10_000, "too little happened: {seen:?}");
	for what in everything() {
		assert!(seen.0.contains_key(&what), "{what} was not seen: {seen:?}");
	}
}
