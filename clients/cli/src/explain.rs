//! What a pallet's error means in numbers: the chain's limits, and what stands in the way. One place for all commands.

use crate::output::causes;
use anyhow::{anyhow, Result};
use assay_sdk::{
	amount::show_share, staking::Staked, staking::StakingRules, AccountId, Amount, Assay, Balance, Block, Call, Error,
	Failure,
};
use sp_runtime::Permill;

/// Members that are named, at most.
const MAX_NAMED: usize = 20;

/// An error of a call with its name and, if a pallet gave it, with the numbers that it is about.
pub(crate) async fn explain(chain: &Assay, call: &Call, signer: AccountId, error: Error) -> anyhow::Error {
	let known = match error.failure() {
		// An explanation that cannot be had must not hide the error.
		Some(failure) => numbers(chain, call, signer, failure).await.ok().flatten(),
		None => None,
	};
	let error = anyhow!(error).context(call.to_string());
	match known {
		Some(numbers) => anyhow!("{}; {numbers}", causes(&error).trim_end_matches('.')),
		None => error,
	}
}

async fn numbers(chain: &Assay, call: &Call, signer: AccountId, failure: &Failure) -> Result<Option<String>> {
	let at = chain.best().await?;
	let Some(pallet) = &failure.pallet else {
		return Ok(None);
	};
	let error = failure.error.as_str();
	if pallet == "Models" {
		return registry(chain, error, at).await;
	}
	if pallet != "Staking" {
		return Ok(None);
	}
	let operator = call.operator().unwrap_or(signer);
	match error {
		"PoolIsEmpty" => {
			let members = chain.staking().at(at).members(operator).await?;
			Ok(Some(settlements(&operator, &members)))
		}
		"WorkInFlight" => {
			let record = chain.staking().at(at).operator(operator).await?;
			Ok(Some(format!(
				"{} of it is, with {} of its own and {} delegated",
				Amount(record.committed),
				Amount(record.own),
				Amount(record.delegated)
			)))
		}
		_ => {
			let rules = chain.staking().at(at).rules().await?;
			let positions = chain.staking().at(at).positions(signer).await?;
			let position = positions.iter().find(|position| position.operator == operator);
			Ok(limit(error, &rules).or_else(|| position.and_then(|position| waits(error, position, at, &rules))))
		}
	}
}

/// The limit that an error of the staking pallet is about.
fn limit(error: &str, rules: &StakingRules) -> Option<String> {
	let (bond, delegation) = (Amount(rules.min_bond), Amount(rules.min_delegation));
	Some(match error {
		"BondBelowMinimum" | "NotActive" => format!("the own bond of an operator that works is at least {bond}"),
		"DelegationBelowMinimum" => format!("a delegation is at least {delegation}"),
		"RemainderBelowMinimum" => {
			format!("what remains is nothing, or at least {delegation} of a delegation and {bond} of an operator's own bond")
		}
		"TooMuchDelegated" => format!(
			"at most {} times the own bond of an operator may be delegated to it",
			rules.max_leverage
		),
		"SentAway" => "the operator sent this account away: `assay operator readmit` takes it back".into(),
		"NotIdle" => format!(
			"an operator makes room when its bond has been below {bond}, and it without work, for {} blocks",
			rules.unbonding_period
		),
		"TooManyOperators" => format!("there may be {}", rules.max_operators),
		"CommissionTooHigh" => format!("it is {} at most", show_share(rules.max_commission)),
		"TooManyRedelegations" => format!("a position has room for {} at a time", rules.max_exposures),
		_ => return None,
	})
}

/// What stake waits for.
fn waits(error: &str, position: &Staked, at: Block, rules: &StakingRules) -> Option<String> {
	let now = at.number;
	match error {
		"StillUnbonding" | "TooManyChunks" => {
			let next = position.unbonding.iter().min_by_key(|chunk| chunk.free_from)?;
			let most = match error {
				"TooManyChunks" => format!("at most {} parts can wait; ", rules.max_chunks),
				_ => String::new(),
			};
			let (amount, from) = (Amount(next.amount), next.free_from);
			Some(format!(
				"{most}{amount} are free from block {from}, and this is block {now}"
			))
		}
		"StillExposed" => {
			let last = position.exposures.iter().max_by_key(|exposure| exposure.until)?;
			let (amount, from, until) = (Amount(last.amount), last.operator, last.until);
			Some(format!(
				"{amount} answer for faults of {from} until block {until}, and this is block {now}"
			))
		}
		_ => None,
	}
}

/// What has to be done before an operator whose stake was slashed to nothing takes stake again.
fn settlements(operator: &AccountId, members: &[AccountId]) -> String {
	let named = members.iter().take(MAX_NAMED);
	let commands: Vec<_> = named
		.map(|member| format!("`assay stake settle {operator} {member}`"))
		.collect();
	let rest = match members.len().saturating_sub(MAX_NAMED) {
		0 => String::new(),
		rest => format!(", and {rest} more"),
	};
	match commands.is_empty() {
		true => format!("`assay stake settle {operator} MEMBER` settles one, and there are none left"),
		false => format!("anybody may settle them: {}{rest}", commands.join(", ")),
	}
}

/// The limits of the registry of models.
async fn registry(chain: &Assay, error: &str, at: Block) -> Result<Option<String>> {
	Ok(Some(match error {
		"TooManyVersions" => {
			let most: u32 = chain.constant("Models", "MaxVersions", at).await?;
			format!("it may have {most}")
		}
		"ServesTooMany" => {
			let most: u32 = chain.constant("Models", "MaxServed", at).await?;
			format!("it may serve {most}; `assay model unserve` makes room")
		}
		"RoyaltyTooHigh" => {
			let most: Permill = chain.constant("Models", "MaxRoyalty", at).await?;
			format!("it is {} at most", show_share(most))
		}
		"PriceTooLow" => {
			let least: Balance = chain.constant("Models", "MinPrice", at).await?;
			format!("it is {} at least", Amount(least))
		}
		_ => return Ok(None),
	}))
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_protocol::stake::{ExposedStake, StakeParameters, StakePosition, UnbondingStake};
	use assay_sdk::H256;

	const ASY: Balance = 1_000_000_000_000;

	fn rules() -> StakingRules {
		StakeParameters {
			min_bond: 1_000 * ASY,
			min_delegation: 10 * ASY,
			period: 4_800,
			unbonding_period: 28_800,
			max_chunks: 8,
			max_exposures: 4,
			max_leverage: 9,
			max_operators: 900,
			commitment_limit: Permill::from_percent(10),
			own_commitment_limit: Permill::from_percent(40),
			max_commission: Permill::from_percent(50),
			commission_notice: 38_400,
		}
	}

	#[test]
	fn errors_about_limits_name_them() {
		for (error, number) in [
			("BondBelowMinimum", "1000 ASY"),
			("NotActive", "1000 ASY"),
			("DelegationBelowMinimum", "10 ASY"),
			("RemainderBelowMinimum", "10 ASY"),
			("TooMuchDelegated", "9 times"),
			("TooManyOperators", "900"),
			("CommissionTooHigh", "50%"),
			("TooManyRedelegations", "4"),
		] {
			let text = limit(error, &rules()).unwrap();
			assert!(text.contains(number), "{error}: {text}");
		}
		assert_eq!(limit("NoPosition", &rules()), None);
	}

	#[test]
	fn errors_about_time_name_the_block_and_the_amount() {
		let at = Block {
			number: 40,
			hash: H256::zero(),
		};
		let chunk = |amount, free_from| UnbondingStake { amount, free_from };
		let position = StakePosition {
			operator: AccountId::from([8; 32]),
			stake: 70 * ASY,
			pending_slash: 0,
			pending_rewards: 0,
			compound: false,
			payee: None,
			unbonding: vec![chunk(3 * ASY, 60), chunk(4 * ASY, 50)],
			exposures: vec![ExposedStake {
				operator: AccountId::from([9; 32]),
				amount: 20 * ASY,
				until: 66,
			}],
		};
		let still = waits("StillUnbonding", &position, at, &rules()).unwrap();
		assert_eq!(still, "4 ASY are free from block 50, and this is block 40");
		let full = waits("TooManyChunks", &position, at, &rules()).unwrap();
		assert!(
			full.starts_with("at most 8 parts") && full.contains("block 50"),
			"{full}"
		);
		let exposed = waits("StillExposed", &position, at, &rules()).unwrap();
		assert!(
			exposed.contains("20 ASY")
				&& exposed.contains("66")
				&& exposed.contains(&AccountId::from([9; 32]).to_string()),
			"{exposed}"
		);
		assert_eq!(waits("NothingBonded", &position, at, &rules()), None);
	}

	#[test]
	fn an_empty_pool_names_how_each_member_is_settled() {
		let operator = AccountId::from([8; 32]);
		let members: Vec<_> = (0..25).map(|byte| AccountId::from([byte; 32])).collect();
		let text = settlements(&operator, &members[..2]);
		for member in &members[..2] {
			assert!(
				text.contains(&format!("`assay stake settle {operator} {member}`")),
				"{text}"
			);
		}
		assert!(settlements(&operator, &members).ends_with(", and 5 more"));
		assert!(settlements(&operator, &[]).contains("MEMBER"));
	}
}
