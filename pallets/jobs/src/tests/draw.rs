//! The draw and the division of fees as pure functions.

use crate::{fee, split, Rates};
use assay_exact::ComputeUnits;
use assay_protocol::draw;
use proptest::prelude::*;
use sp_runtime::Permill;

fn hash(number: u64) -> [u8; 32] {
	sp_io::hashing::blake2_256(&number.to_le_bytes())
}

#[test]
fn draw_should_return_nothing_when_nobody_has_stake() {
	assert_eq!(draw(&[], &hash(1)), None);
	assert_eq!(draw(&[0, 0], &hash(1)), None);
}

#[test]
fn draw_should_be_a_function_of_number_and_weights() {
	let mut number = [0; 32];
	let expected = [0, 0, 0, 2, 2, 3, 0];
	for (n, index) in expected.into_iter().enumerate() {
		number[31] = n as u8;
		assert_eq!(draw(&[3, 0, 2, 1], &number), Some(index), "number {n}");
	}
}

#[test]
fn draw_should_not_overflow_when_weights_are_extreme() {
	for n in 0..100 {
		assert!(draw(&[u128::MAX; 64], &hash(n)).is_some());
	}
	assert!(draw(&[u128::MAX; 64], &[255; 32]).is_some());
}

proptest! {
	#[test]
	fn draw_should_never_pick_a_zero_weight(weights in prop::collection::vec(0u128..5, 1..64), number: [u8; 32]) {
		match draw(&weights, &number) {
			Some(index) => prop_assert!(weights[index] > 0),
			None => prop_assert!(weights.iter().all(|weight| *weight == 0)),
		}
	}

	#[test]
	fn draw_should_follow_the_weights(weights in prop::collection::vec(0u128..1_000, 1..8), seed: u32) {
		let total: u128 = weights.iter().sum();
		prop_assume!(total > 0);
		let mut counts = vec![0u64; weights.len()];
		let rounds = 4_000u64;
		for round in 0..rounds {
			let index = draw(&weights, &hash(u64::from(seed) << 16 | round)).unwrap();
			counts[index] += 1;
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
		let shares = split(fee, fee + rest, Rates { treasury, royalty, auditor, auditors }).unwrap();
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
		prop_assert_eq!(split(max_fee + over, max_fee, rates), None);
	}

	#[test]
	fn fee_should_be_exact_or_nothing(price: u128, units: u64) {
		prop_assert_eq!(fee(price, ComputeUnits(units)), price.checked_mul(units.into()));
	}
}
