//! Reading stake.

use super::{query::MAX_PAGE, AccountId, Block, BlockNumber, Chain};
use crate::amount::Balance;
use anyhow::{Context, Result};
use assay_protocol::stake::{
	StakeBalance, StakeOperator, StakeParameters, StakePosition, ValidationParameters, ValidatorSummary,
};

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

impl Chain {
	/// All positions of an account.
	pub(crate) async fn positions(&self, account: AccountId, at: Block) -> Result<Vec<Staked>> {
		self.ask("StakingApi_positions", (account,), at).await
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
