//! Stake behind operators: reading positions, and moving stake.

use crate::{
	reading::{room, Reading, MAX_PAGE},
	AccountId, Balance, BlockNumber, Call, Error, Missing, Receipt, Result, Sending, Signer,
};
use assay_protocol::stake::{StakeBalance, StakeOperator, StakeParameters, StakePosition};
use subxt::dynamic::{self, Value};

/// A position as the runtime describes it.
pub type Staked = StakePosition<AccountId, Balance, BlockNumber>;
/// The sums of an account's positions.
pub type StakeSums = StakeBalance<Balance, BlockNumber>;
/// An operator as the runtime describes it to delegators.
pub type StakedOperator = StakeOperator<AccountId, Balance, BlockNumber>;
/// The constants that rule stake.
pub type StakingRules = StakeParameters<Balance, BlockNumber>;

room! {
	/// Stake behind operators.
	Staking
}

impl Staking<'_> {
	/// All positions of an account.
	pub async fn positions(&self, account: AccountId) -> Result<Vec<Staked>> {
		self.0.ask("StakingApi_positions", (account,)).await
	}

	/// The position of an account behind an operator, if there is one.
	pub async fn position(&self, account: AccountId, operator: AccountId) -> Result<Option<Staked>> {
		self.0.ask("StakingApi_position", (account, operator)).await
	}

	/// The accounts with a position behind an operator. The chain keeps positions by member, so all of them are listed.
	pub async fn members(&self, operator: AccountId) -> Result<Vec<AccountId>> {
		let at = self.0.block().await?;
		let client = self.0.assay.client().at_block(at.hash).await?;
		let positions = dynamic::storage::<(AccountId, AccountId), Value>("Staking", "Positions");
		let prefix = client.storage().entry(positions)?.iter_key(())?;
		let mut members = vec![];
		let mut last: Option<Vec<u8>> = None;
		loop {
			let keys = self
				.0
				.assay
				.methods()
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
	pub async fn sums(&self, account: AccountId) -> Result<StakeSums> {
		self.0.ask("StakingApi_balance", (account,)).await
	}

	/// All operators by the stake behind them.
	pub async fn operators(&self) -> Result<Vec<StakedOperator>> {
		let reading = self.0.fixed().await?;
		Reading::all(usize::MAX, |known: &[StakedOperator], limit| {
			// There are fewer of them than a number of this size counts.
			let start = u32::try_from(known.len()).unwrap_or(u32::MAX);
			async move { reading.ask("StakingApi_operators", (start, limit)).await }
		})
		.await
	}

	/// An operator; an error if the account is none.
	pub async fn operator(&self, account: AccountId) -> Result<StakedOperator> {
		let operator: Option<StakedOperator> = self.0.ask("StakingApi_operator", (account,)).await?;
		operator.ok_or(Error::missing(Missing::Operator(account)))
	}

	/// Minimums, periods and limits.
	pub async fn rules(&self) -> Result<StakingRules> {
		self.0.ask("StakingApi_parameters", ()).await
	}

	/// Puts stake behind an operator.
	pub async fn delegate(&self, signer: &Signer, operator: AccountId, amount: Balance) -> Result<Receipt> {
		self.submit(Call::delegate(operator, amount), signer).await
	}

	/// Adds to the stake behind an operator.
	pub async fn bond_extra(&self, signer: &Signer, operator: AccountId, amount: Balance) -> Result<Receipt> {
		self.submit(Call::bond_extra(operator, amount), signer).await
	}

	/// Asks up to so much stake to leave; [`UnbondingStarted`](crate::events::UnbondingStarted) says from when it is free.
	pub async fn unbond(&self, signer: &Signer, operator: AccountId, amount: Balance) -> Result<Receipt> {
		self.submit(Call::unbond(operator, amount), signer).await
	}

	/// Bonds again up to so much of what is unbonding.
	pub async fn rebond(&self, signer: &Signer, operator: AccountId, amount: Balance) -> Result<Receipt> {
		self.submit(Call::rebond(operator, amount), signer).await
	}

	/// Takes back what is free.
	pub async fn withdraw(&self, signer: &Signer, operator: AccountId) -> Result<Receipt> {
		self.submit(Call::withdraw_unbonded(operator), signer).await
	}

	/// Moves up to so much stake to another operator.
	pub async fn redelegate(
		&self,
		signer: &Signer,
		from: AccountId,
		to: AccountId,
		amount: Balance,
	) -> Result<Receipt> {
		self.submit(Call::redelegate(from, to, amount), signer).await
	}

	/// Takes what stake has earned.
	pub async fn claim(&self, signer: &Signer, operator: AccountId) -> Result<Receipt> {
		self.submit(Call::claim(operator), signer).await
	}

	async fn submit(&self, call: Call, signer: &Signer) -> Result<Receipt> {
		self.0.assay.submit(&call, signer, Sending::default()).await
	}
}

/// The member in the key of a position, if that is behind `operator`. Each half is a hash of 16 bytes and the account.
fn member_of(key: &[u8], operator: &AccountId) -> Option<AccountId> {
	let halves = key.get(32..)?;
	let (member, behind) = (halves.get(16..48)?, halves.get(64..96)?);
	(behind == operator.0).then_some(())?;
	Some(AccountId::from(<[u8; 32]>::try_from(member).ok()?))
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
