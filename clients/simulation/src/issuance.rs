//! What blocks are paid from, and what an attack on the chain costs.

use crate::{
	constants::ratio,
	table::{Cell, Table},
};
use assay_runtime::configs::validators::INFLATION;
use pallet_babe::EquivocationOffence;
use sp_runtime::Perbill;
use sp_staking::offence::Offence;

/// Inflation in a year where so large a share of all ASY stands behind elected validators.
pub fn inflation(staked: Perbill) -> f64 {
	let inflation = INFLATION.calculate_for_fraction_times_denominator(
		u64::from(staked.deconstruct()),
		u64::from(Perbill::from_percent(100).deconstruct()),
	);
	inflation as f64 / ratio_parts()
}

/// What a year brings to whoever stakes, before commission.
pub fn return_to_stake(staked: Perbill) -> f64 {
	inflation(staked) / ratio(staked)
}

/// What a year brings beyond keeping one's share of all ASY.
pub fn real_return(staked: Perbill) -> f64 {
	(1.0 + return_to_stake(staked)) / (1.0 + inflation(staked)) - 1.0
}

/// What each of `offenders` of `validators` that equivocated at once loses of everything behind it.
pub fn equivocation_slash(offenders: u32, validators: u32) -> Perbill {
	// GRANDPA's offence has the same fraction; it does not depend on when and who.
	let offence = EquivocationOffence {
		slot: 0.into(),
		session_index: 0,
		validator_set_count: validators,
		offender: (),
	};
	offence.slash_fraction(offenders)
}

/// The part of all stake that is lost when so many of the validators, all of equal stake, equivocate at once.
pub fn equivocation_cost(offenders: u32, validators: u32) -> f64 {
	ratio(equivocation_slash(offenders, validators)) * f64::from(offenders) / f64::from(validators)
}

fn ratio_parts() -> f64 {
	f64::from(Perbill::one().deconstruct())
}

/// Inflation and what it is worth, as a table.
pub fn inflation_table() -> Table {
	let columns = [
		"staked",
		"issued in a year",
		"return to stake",
		"beyond inflation",
		"a third of the stake, of all ASY",
	];
	let mut table = Table::new(
		"inflation",
		"What blocks pay, by the part of all ASY that is staked",
		&columns,
	);
	for staked in [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map(Perbill::from_percent) {
		table.rows.push(vec![
			Cell::Share(ratio(staked), 0),
			Cell::Share(inflation(staked), 2),
			Cell::Share(return_to_stake(staked), 2),
			Cell::Share(real_return(staked), 2),
			Cell::Share(ratio(staked) / 3.0, 1),
		]);
	}
	table
}

/// What equivocating costs, as a table.
pub fn equivocation_table() -> Table {
	let columns = ["validators", "equivocate at once", "each loses", "lost, of all stake"];
	let mut table = Table::new(
		"equivocations",
		"What equivocating costs validators of equal stake",
		&columns,
	);
	for (validators, offenders) in [(4, 1), (4, 2), (10, 1), (10, 3), (100, 1), (100, 10), (100, 34)] {
		table.rows.push(vec![
			Cell::Number(f64::from(validators), 0),
			Cell::Number(f64::from(offenders), 0),
			Cell::Share(ratio(equivocation_slash(offenders, validators)), 2),
			Cell::Share(equivocation_cost(offenders, validators), 3),
		]);
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn inflation_should_be_highest_where_half_is_staked() {
		let at = |percent| inflation(Perbill::from_percent(percent));
		assert!((at(0) - 0.025).abs() < 1e-9);
		assert!((at(25) - 0.0625).abs() < 1e-9);
		assert!((at(50) - 0.1).abs() < 1e-9);
		assert!((at(100) - 0.025).abs() < 1e-9);
	}

	#[test]
	fn return_should_fall_with_what_is_staked() {
		let returns: Vec<f64> = (1..=100)
			.map(|percent| return_to_stake(Perbill::from_percent(percent)))
			.collect();
		assert!(returns.windows(2).all(|pair| pair[0] > pair[1]));
	}

	#[test]
	fn a_third_that_equivocates_should_lose_everything() {
		assert_eq!(equivocation_slash(1, 3), Perbill::one());
		assert_eq!(equivocation_slash(34, 100), Perbill::one());
		assert_eq!(equivocation_slash(1, 100), Perbill::from_parts(900_000));
		assert!((equivocation_cost(1, 3) - 1.0 / 3.0).abs() < 1e-9);
	}
}
