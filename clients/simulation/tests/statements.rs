//! What documents say in words of shares and penalties, held against the runtime.

use assay_runtime::{currency::UNIT, Balance, Runtime};
use assay_simulation::constants::Constants;
use sp_runtime::{Perbill, Permill};
use std::{fs, path::Path};

/// A page of the repository, with its line breaks taken for spaces.
fn page(name: &str) -> String {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
	let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
	text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A share as documents write it in words.
fn words(share: Permill) -> &'static str {
	match share.deconstruct() {
		50_000 => "a twentieth",
		100_000 => "a tenth",
		200_000 => "a fifth",
		250_000 => "a quarter",
		500_000 => "half",
		_ => panic!("no word for {share:?}"),
	}
}

/// A share as documents write it in numbers.
fn percent(share: Permill) -> String {
	format!("{} %", f64::from(share.deconstruct()) / 10_000.0)
}

/// A share of a stake in the parts that shares of fees have.
fn parts(share: Perbill) -> Permill {
	Permill::from_parts(share.deconstruct() / 1_000)
}

/// An amount as documents write it.
fn asy(amount: Balance) -> String {
	assert_eq!(amount % UNIT, 0, "{amount} is no whole number of ASY");
	format!("{} ASY", amount / UNIT)
}

/// A number of blocks as documents write it.
fn blocks(count: u32) -> String {
	format!("{},{:03} blocks", count / 1_000, count % 1_000)
}

#[test]
fn documents_should_state_the_shares_and_penalties_of_the_runtime() {
	let constants = Constants::of_the_runtime();
	let max_commission = <Runtime as pallet_assay_staking::Config>::MaxCommission::get();
	let (treasury, auditor) = (percent(constants.treasury_share), percent(constants.auditor_share));
	let stakers = words(constants.stakers_share);
	let drawn = match constants.drawn {
		1 => "one",
		2 => "two",
		more => panic!("no word for {more}"),
	};
	let wrong_result = format!(
		"{} of its stake, at least {}",
		percent(parts(constants.wrong_result_penalty)),
		asy(constants.min_wrong_result_penalty)
	);
	let statements = [
		(
			"README.md",
			format!("Of a fee, {treasury} go to the treasury, {auditor} to each auditor"),
		),
		("README.md", format!("({drawn} at most)")),
		(
			"README.md",
			format!("{stakers} of it to all who stand behind it by stake"),
		),
		(
			"docs/architecture.md",
			format!("{auditor} for each auditor come out of it"),
		),
		(
			"docs/architecture.md",
			format!("Of the operator's share {stakers} goes to all who stand behind it"),
		),
		(
			"docs/dapps.md",
			format!("{treasury} to the treasury, {auditor} to each auditor"),
		),
		("docs/operators.md", format!("paid {auditor} of the job's fee")),
		(
			"docs/operators.md",
			format!("stands for the bond of {}", asy(constants.challenge_bond)),
		),
		(
			"docs/operators.md",
			format!(
				"lose {} of your stake, at least {} and your place among the auditors",
				percent(parts(constants.missed_audit_share)),
				asy(constants.missed_audit_penalty)
			),
		),
		(
			"docs/operators.md",
			format!(
				"with another result that was audited | lose {} of your stake, at least {} |",
				percent(parts(constants.false_audit_share)),
				asy(constants.false_audit_penalty)
			),
		),
		(
			"docs/operators.md",
			format!(
				"get {} of what the operator itself loses: of its own part of {wrong_result}",
				words(constants.reporter_share)
			),
		),
		(
			"docs/operators.md",
			format!(
				"at most {} of all stake behind an operator, and {} of its own bond",
				words(constants.commitment_limit),
				words(constants.own_commitment_limit)
			),
		),
		(
			"docs/staking.md",
			format!("{stakers} of what the operator is paid for jobs"),
		),
		(
			"docs/staking.md",
			format!("{} of their fees", words(constants.author_fee_share)),
		),
		("docs/staking.md", format!("A wrong result costs {wrong_result}")),
		(
			"docs/staking.md",
			format!(
				"the period in which it asks ({}) and then for the unbonding period ({},",
				blocks(constants.staking_period),
				blocks(constants.unbonding_period)
			),
		),
		(
			"docs/staking.md",
			format!("to {} of the rewards at most", words(max_commission)),
		),
	];
	for (name, statement) in statements {
		assert!(page(name).contains(&statement), "{name} does not say `{statement}`");
	}
}
