//! Every economic constant with its value and what it is for.

use crate::{
	constants::{asy, ratio, Constants},
	issuance::equivocation_slash,
	table::{Cell, Table},
};
use assay_runtime::{configs::validators::INFLATION, currency, time, Balance, Runtime};
use sp_runtime::{PerThing, Permill};

fn money(amount: Balance) -> String {
	format!("{} ASY", asy(amount))
}

fn blocks(blocks: u32) -> String {
	format!("{blocks} blocks")
}

fn share<P: PerThing>(share: P) -> String
where
	P::Inner: Into<u64>,
{
	// Shares are whole hundredths of a percent: more digits would be those of the division.
	let percent = (ratio(share) * 10_000.0).round() / 100.0;
	format!("{percent} %")
}

/// All of them as a table.
pub fn table(constants: &Constants) -> Table {
	let max_commission: Permill = <Runtime as pallet_assay_staking::Config>::MaxCommission::get();
	let inflation = INFLATION.points.iter();
	let inflation = inflation.map(|(staked, inflation)| format!("{} at {}", share(*inflation), share(*staked)));
	let rates = |ceiling, floor| format!("{} to {}", share(ceiling), share(floor));
	let rows = [
		(
			"MinBond",
			money(constants.min_bond),
			"an operator's own bond, to be given work",
		),
		("MinDelegation", money(currency::MINIMUM_DELEGATION), "a delegation"),
		(
			"CommitmentLimit",
			share(constants.commitment_limit),
			"fees in flight, of the stake",
		),
		(
			"OwnCommitmentLimit",
			share(constants.own_commitment_limit),
			"fees in flight, of the operator's own bond",
		),
		(
			"WrongResultPenalty",
			share(constants.wrong_result_penalty),
			"of all stake at risk, for a wrong result",
		),
		(
			"MinWrongResultPenalty",
			money(constants.min_wrong_result_penalty),
			"at least, for a wrong result",
		),
		(
			"ReporterShare",
			share(constants.reporter_share),
			"of what the operator itself loses by it, to the challenger",
		),
		(
			"ChallengeBond",
			money(constants.challenge_bond),
			"lost by a challenger that is wrong",
		),
		(
			"SpotCheckCeiling, Floor",
			rates(constants.spot_check_ceiling, constants.spot_check_floor),
			"how likely a claim is to be spot-checked",
		),
		(
			"AuditCeiling, Floor",
			rates(constants.audit_ceiling, constants.audit_floor),
			"how likely a claim is to be audited",
		),
		(
			"Halving",
			format!("{} jobs", constants.halving),
			"clean jobs after which both are half as likely",
		),
		(
			"SpotCheckSizeFactor",
			format!("{} times", constants.spot_check_size_factor),
			"the part that a fee is of the operator's own bond: how likely a spot-check is at least",
		),
		(
			"AuditSizeFactor",
			format!("{} times", constants.audit_size_factor),
			"the same of an audit",
		),
		(
			"MaxDrawn",
			format!("{} auditors", constants.drawn),
			"drawn for an audit",
		),
		(
			"MaxAuditors",
			format!("{} auditors", constants.max_auditors),
			"of a version",
		),
		(
			"AuditorShare",
			share(constants.auditor_share),
			"of a job's fee, to each auditor",
		),
		(
			"MissedAuditShare",
			share(constants.missed_audit_share),
			"of an auditor's stake, if it does not answer",
		),
		(
			"MissedAuditPenalty",
			money(constants.missed_audit_penalty),
			"at least, if it does not answer",
		),
		(
			"FalseAuditShare",
			share(constants.false_audit_share),
			"of an auditor's stake, for vouching for a wrong claim",
		),
		(
			"FalseAuditPenalty",
			money(constants.false_audit_penalty),
			"at least, for vouching for a wrong claim",
		),
		(
			"MissedDeadlinePenalty",
			money(constants.missed_deadline_penalty),
			"for a result that does not come",
		),
		(
			"MinPrice",
			money(constants.min_price),
			"of a unit of computation, in an offer",
		),
		("TreasuryShare", share(constants.treasury_share), "of a job's fee"),
		(
			"MaxRoyalty",
			share(constants.max_royalty),
			"of a job's fee, to the publisher at most",
		),
		(
			"StakersShare",
			share(constants.stakers_share),
			"of the operator's part, to all behind it by stake",
		),
		(
			"MaxCommission",
			share(max_commission),
			"of rewards, kept by the operator at most",
		),
		(
			"CommissionNotice",
			blocks(constants.commission_notice),
			"before a higher commission counts",
		),
		(
			"UnbondingPeriod",
			blocks(constants.unbonding_period),
			"in which stake that leaves still answers",
		),
		(
			"StakingPeriod",
			blocks(constants.staking_period),
			"whose end stake that leaves waits for first",
		),
		(
			"SettlingPeriod",
			blocks(time::STAKE_SETTLING_PERIOD),
			"of a window, in the next but one of which new stake weighs",
		),
		(
			"MaxAttempts",
			format!("{} attempts", constants.max_attempts),
			"at a job",
		),
		(
			"OpenPeriod",
			blocks(constants.open_period),
			"in which an operator must be found",
		),
		("ResultPeriod", blocks(constants.result_period), "for a result"),
		("Window", blocks(constants.window), "in which anybody may challenge"),
		(
			"AuditPeriod",
			blocks(constants.audit_period),
			"for each reply in an audit",
		),
		(
			"MovePeriod",
			blocks(time::DISPUTE_MOVE_PERIOD),
			"for each move in a dispute, and what the job takes",
		),
		(
			"GuiltPeriod",
			blocks(constants.guilt_period),
			"in which a worker may answer late",
		),
		(
			"LongestRun",
			blocks(constants.longest_run),
			"that a job takes at most at the reference speed",
		),
		(
			"MaxLoad",
			blocks(constants.max_load),
			"at most, for everything that somebody is asked about claims",
		),
		(
			"Inflation",
			inflation.collect::<Vec<_>>().join(", "),
			"issued in a year, by what is staked",
		),
		(
			"AuthorFeeShare",
			share(constants.author_fee_share),
			"of a transaction's fee, to the author's pool; the rest is burned",
		),
		(
			"equivocation_slash",
			format!("{} of 1 in 10", share(equivocation_slash(1, 10))),
			"min(1, (3k/n)²) of everything behind each",
		),
		(
			"ReporterShare of validators",
			share(constants.equivocation_reporter_share),
			"of what the validator itself loses by it, to the reporter",
		),
		(
			"ExistentialDeposit",
			money(currency::EXISTENTIAL_DEPOSIT),
			"for an account to exist",
		),
		(
			"TransactionByteFee",
			money(currency::TRANSACTION_BYTE_FEE),
			"for a byte of a transaction",
		),
		(
			"SessionKeyDeposit",
			money(currency::SESSION_KEY_DEPOSIT),
			"held for a validator's keys",
		),
		(
			"ModelDepositBase",
			money(currency::MODEL_DEPOSIT_BASE),
			"held for a model or version",
		),
		(
			"ModelDepositPerByte",
			money(currency::MODEL_DEPOSIT_PER_BYTE),
			"held for a byte that it stores",
		),
	];
	let mut table = Table::new("constants", "The constants", &["constant", "value", "for"]);
	table.rows = rows
		.into_iter()
		.map(|(constant, value, role)| vec![Cell::Text(constant.into()), Cell::Text(value), Cell::Text(role.into())])
		.collect();
	table
}
