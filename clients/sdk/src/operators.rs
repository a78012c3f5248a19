//! Operators as those whom jobs are assigned to. What stands behind them is [stake](crate::staking).

use crate::{reading::room, AccountId, Balance, BlockNumber, Error, Missing, Result};
use assay_protocol::{model::Serving, operator::OperatorSummary};

/// An operator as the runtime describes it.
pub type Operator = OperatorSummary<AccountId, Balance, BlockNumber>;
/// What an operator offers, as the runtime describes it.
pub type Served = Serving<Balance, BlockNumber>;

room! {
	/// Operators as those whom jobs are assigned to.
	Operators
}

impl Operators<'_> {
	/// An operator; an error if the account is none.
	pub async fn get(&self, account: AccountId) -> Result<Operator> {
		let operator = self.find(account).await?;
		operator.ok_or(Error::missing(Missing::Operator(account)))
	}

	/// An operator, if the account is one.
	pub async fn find(&self, account: AccountId) -> Result<Option<Operator>> {
		self.0.ask("ModelsApi_operator", (account,)).await
	}

	/// What an operator offers.
	pub async fn serving(&self, operator: AccountId) -> Result<Served> {
		self.0.ask("ModelsApi_serving", (operator,)).await
	}
}
