//! Reading stake.

use super::{query::MAX_PAGE, AccountId, Block, BlockNumber, Chain};
use crate::amount::Balance;
use anyhow::{Context, Result};
use assay_protocol::stake::{
	StakeBalance, StakeOperator, StakeParameters, StakePosition, ValidationParameters, ValidatorSummary,
};
use subxt::dynamic::{self, Value};

/// A position as the runtime describes it.
pub(crate) type Staked = StakePosition<AccountId, Balance, BlockNumber>;
/// The sums of an account's positions.
pub(crate) type StakeSums = StakeBalance<Balance, BlockNumber>;
/// An operator as the runtime describes it to delegators.
pub(crate) type StakedOperator = StakeOperator<AccountId, Balance, BlockNumber>;
/// The constants that rule stake.
pub(crate) type StakingRules = StakeParameters<Balance, BlockNumber>;

/// A validator or candidate as the runtime describes it.
pub(crate) type Validator = ValidatorSummary<AccountId, Balance>;
/// What rules validators.
pub(crate) type Validation = ValidationParameters<Balance>;

/// The member in the key of a position, if that is behind `operator`. Each half is a hash of 16 bytes and the account.
fn member_of(key: &[u8], operator: &AccountId) -> Option<AccountId> {
	let halves = key.get(32..)?;
	let (member, behind) = (halves.get(16..48)?, halves.get(64..96)?);
	(behind == operator.0).then_some(())?;
	Some(AccountId::from(<[u8; 32]>::try_from(member).ok()?))
}

impl Chain {
	/// All positions of an account.
	pub(crate) async fn positions(&self, account: AccountId, at: Block) -> Result<Vec<Staked>> {
		self.ask("StakingApi_positions", (account,), at).await
	}

	/// The position of an account behind an operator, if there is one.
	pub(crate) async fn position(&self, account: AccountId, operator: AccountId, at: Block) -> Result<Option<Staked>> {
		self.ask("StakingApi_position", (account, operator), at).await
	}

	/// The accounts with a position behind an operator. The chain keeps positions by member, so all of them are listed.
	pub(crate) async fn members(&self, operator: AccountId, at: Block) -> Result<Vec<AccountId>> {
		let client = self.client.at_block(at.hash).await?;
		let positions = dynamic::storage::<(AccountId, AccountId), Value>("Staking", "Positions");
		let prefix = client.storage().entry(positions)?.iter_key(())?;
		let mut members = vec![];
		let mut last: Option<Vec<u8>> = None;
		loop {
			let keys = self
				.methods
				.state_get_keys_paged(&prefix, MAX_PAGE, last.as_deref(), Some(at.hash))
				.await?;
			let Some(end) = keys.last() else {
				return Ok(members);
			};
			last = Some(end.clone());
			members.extend(keys.iter().filter_map(|key| member_of(key, &operator)));
		}
	}

	/// What an account has in stake and can spend.
	pub(crate) async fn stake_sums(&self, account: AccountId, at: Block) -> Result<StakeSums> {
		self.ask("StakingApi_balance", (account,), at).await
	}

	/// All operators by the stake behind them.
	pub(crate) async fn staked_operators(&self, at: Block) -> Result<Vec<StakedOperator>> {
		let mut operators: Vec<StakedOperator> = vec![];
		loop {
			let start = u32::try_from(operators.len())?;
			let page: Vec<StakedOperator> = self.ask("StakingApi_operators", (start, MAX_PAGE), at).await?;
			if page.is_empty() {
				return Ok(operators);
			}
			operators.extend(page);
		}
	}

	/// An operator; an error if the account is none.
	pub(crate) async fn staked_operator(&self, account: AccountId, at: Block) -> Result<StakedOperator> {
		let operator: Option<StakedOperator> = self.ask("StakingApi_operator", (account,), at).await?;
		operator.with_context(|| format!("{account} is not an operator: `assay stake operators` lists them"))
	}

	/// Whom an election would choose, with the stake behind each.
	pub(crate) async fn election(&self, at: Block) -> Result<Vec<(AccountId, Balance)>> {
		self.ask("StakingApi_election", (), at).await
	}

	/// The validators of the session and the candidates, by the stake behind them.
	pub(crate) async fn validators(&self, at: Block) -> Result<Vec<Validator>> {
		self.ask("StakingApi_validators", (), at).await
	}

	/// What rules validators, and what blocks earn.
	pub(crate) async fn validation(&self, at: Block) -> Result<Validation> {
		self.ask("StakingApi_validation", (), at).await
	}

	/// Minimums, periods and limits.
	pub(crate) async fn staking_rules(&self, at: Block) -> Result<StakingRules> {
		self.ask("StakingApi_parameters", (), at).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn members_are_read_from_the_keys_of_their_positions() {
		let (member, operator) = (AccountId::from([7; 32]), AccountId::from([8; 32]));
		let key = |member: &AccountId, operator: &AccountId| {
			[&[1; 32][..], &[2; 16], &member.0, &[3; 16], &operator.0].concat()
		};
		assert_eq!(member_of(&key(&member, &operator), &operator), Some(member));
		assert_eq!(member_of(&key(&member, &member), &operator), None);
		assert_eq!(member_of(&key(&member, &operator)[..95], &operator), None);
	}
}
