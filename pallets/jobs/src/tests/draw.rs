//! The draw and the division of fees as pure functions.

use crate::{fee, split, Rates};
use assay_exact::ComputeUnits;
use assay_protocol::race;
use proptest::prelude::*;
use sp_runtime::Permill;

fn hash(number: u64) -> [u8; 32] {
	sp_io::hashing::blake2_256(&number.to_le_bytes())
}

/// The order of candidates that are called by their index.
fn order(weights: &[u128], random: &[u8; 32]) -> Vec<usize> {
	let candidates: Vec<(u64, u128)> = (0..).zip(weights.iter().copied()).collect();
	race(&candidates, random)
}

#[test]
fn race_should_have_no_runners_when_nobody_has_stake() {
	assert!(order(&[], &hash(1)).is_empty());
	assert!(order(&[0, 0], &hash(1)).is_empty());
}

#[test]
fn race_should_be_a_function_of_number_identifiers_and_weights() {
	let found: Vec<_> = (0..4).map(|n| order(&[3, 0, 2, 1], &hash(n))).collect();
	assert_eq!(found, [[2, 0, 3], [0, 2, 3], [2, 0, 3], [0, 3, 2]]);
}

#[test]
fn race_should_not_overflow_when_weights_are_extreme() {
	for n in 0..100 {
		assert_eq!(order(&[u128::MAX; 64], &hash(n)).len(), 64);
	}
}

proptest! {
	#[test]
	fn race_should_order_everybody_who_has_a_weight(weights in prop::collection::vec(0u128..5, 1..64), number: [u8; 32]) {
		let mut found = order(&weights, &number);
		found.sort_unstable();
		let expected: Vec<usize> = (0..weights.len()).filter(|index| weights[*index] > 0).collect();
		prop_assert_eq!(found, expected);
	}

	/// Whoever changes its own stake, by a single unit or by all, moves itself alone: the order of the others is what it was.
	#[test]
	fn f02_stake_should_move_nobody_but_its_owner(
		weights in prop::collection::vec(1u128..1_000_000, 2..64),
		who: prop::sample::Index,
		weight in 0u128..2_000_000,
		number: [u8; 32],
	) {
		let who = who.index(weights.len());
		let others = |weights: &[u128]| {
			let mut order = order(weights, &number);
			order.retain(|index| *index != who);
			order
		};
		let mut changed = weights.clone();
		changed[who] = weight;
		prop_assert_eq!(others(&weights), others(&changed));
		// More of it never moves its owner back.
		let place = |weights: &[u128]| order(weights, &number).iter().position(|index| *index == who);
		if weight >= weights[who] {
			prop_assert!(place(&changed) <= place(&weights));
		}
	}

	#[test]
	fn race_should_be_won_by_weight(weights in prop::collection::vec(0u128..1_000, 1..8), seed: u32) {
		let total: u128 = weights.iter().sum();
		prop_assume!(total > 0);
		let mut counts = vec![0u64; weights.len()];
		let rounds = 4_000u64;
		for round in 0..rounds {
			let found = order(&weights, &hash(u64::from(seed) << 16 | round));
			counts[found[0]] += 1;
		}
		for (count, weight) in counts.iter().zip(&weights) {
			let p = *weight as f64 / total as f64;
			let (mean, deviation) = (rounds as f64 * p, (rounds as f64 * p * (1.0 - p)).sqrt());
			// Six standard deviations, and three for the rare.
			prop_assert!((*count as f64 - mean).abs() <= 6.0 * deviation + 3.0, "{counts:?} of {weights:?}");
		}
	}

	#[test]
	fn shares_should_add_up_to_the_escrow(
		fee: u128,
		rest: u128,
		(royalty, treasury, auditor) in (0u32..=1_000_000, 0u32..=1_000_000, 0u32..=1_000_000),
		auditors in 0u32..5,
	) {
		prop_assume!(fee.checked_add(rest).is_some());
		let [royalty, treasury, auditor] = [royalty, treasury, auditor].map(Permill::from_parts);
		let shares = split(fee, fee + rest, fee, Rates { treasury, royalty, auditor, auditors }).unwrap();
		let audits = shares.auditor * u128::from(auditors);
		prop_assert_eq!(shares.operator + shares.royalty + shares.treasury + audits, fee);
		prop_assert_eq!(shares.refund, rest);
		prop_assert_eq!(shares.treasury, treasury.mul_floor(fee));
		if auditors > 0 {
			let left = fee - shares.treasury;
			prop_assert_eq!(shares.auditor, auditor.mul_floor(fee).min(left / u128::from(auditors)));
		}
		prop_assert_eq!(shares.royalty, royalty.mul_floor(fee).min(fee - shares.treasury - audits));
	}

	#[test]
	fn shares_should_be_refused_when_the_fee_exceeds_the_escrow(max_fee in 0u128..u128::MAX, over in 1u128..1_000) {
		prop_assume!(max_fee.checked_add(over).is_some());
		let rates = Rates {
			treasury: Permill::zero(),
			royalty: Permill::one(),
			auditor: Permill::zero(),
			auditors: 0,
		};
		prop_assert_eq!(split(max_fee + over, max_fee, max_fee, rates), None);
	}

	#[test]
	fn fee_should_be_exact_or_nothing(price: u128, units: u64) {
		prop_assert_eq!(fee(price, ComputeUnits(units)), price.checked_mul(units.into()));
	}
}
