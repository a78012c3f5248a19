//! `staking_*`: who has put how much behind whom, what it earns and what it waits for.

use super::{
	amount::Amount,
	block::block,
	error::Error,
	parameters::{Parameter, Taken, BLOCK},
};
use crate::service::FullClient;
use assay_protocol::{
	api::StakingApi as _,
	stake::{
		PendingSlash, StakeBalance, StakeOperator, StakeParameters, StakePosition, ValidationParameters,
		ValidatorSummary,
	},
};
use assay_runtime::{AccountId, BlockNumber, Hash};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use std::sync::Arc;

/// Operators in an answer unless the caller wants fewer or more.
const PAGE: u32 = 20;

/// What the methods take.
pub(super) const TAKEN: &[Taken] = &[
	("staking_positions", &[ACCOUNT, BLOCK]),
	(
		"staking_position",
		&[ACCOUNT, Parameter::new::<AccountId>("operator"), BLOCK],
	),
	("staking_balance", &[ACCOUNT, BLOCK]),
	(
		"staking_operators",
		&[
			Parameter::new::<Option<u32>>("start"),
			Parameter::new::<Option<u32>>("limit"),
			BLOCK,
		],
	),
	("staking_operator", &[ACCOUNT, BLOCK]),
	("staking_parameters", &[BLOCK]),
	("staking_validators", &[BLOCK]),
	("staking_election", &[BLOCK]),
	("staking_pendingSlashes", &[BLOCK]),
	("staking_validation", &[BLOCK]),
];

const ACCOUNT: Parameter = Parameter::new::<AccountId>("account");

/// Stake. Every method reads at the best block unless `at` names another. Shares are in parts of a million.
#[rpc(server, namespace = "staking")]
pub(crate) trait StakingApi {
	/// All positions of an account.
	#[method(name = "positions")]
	fn positions(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Vec<StakePosition<AccountId, Amount, BlockNumber>>>;

	/// The position of an account behind an operator, or nothing.
	#[method(name = "position")]
	fn position(
		&self,
		account: AccountId,
		operator: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<StakePosition<AccountId, Amount, BlockNumber>>>;

	/// What an account has in stake and can spend.
	#[method(name = "balance")]
	fn balance(&self, account: AccountId, at: Option<Hash>) -> RpcResult<StakeBalance<Amount, BlockNumber>>;

	/// At most `limit` operators, capped by the runtime, by the stake behind them, leaving out the first `start`.
	#[method(name = "operators")]
	fn operators(
		&self,
		start: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Vec<StakeOperator<AccountId, Amount, BlockNumber>>>;

	/// One operator, or nothing.
	#[method(name = "operator")]
	fn operator(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<StakeOperator<AccountId, Amount, BlockNumber>>>;

	/// Minimums, periods and limits.
	#[method(name = "parameters")]
	fn parameters(&self, at: Option<Hash>) -> RpcResult<StakeParameters<Amount, BlockNumber>>;

	/// The validators of the present session and the candidates, by the stake behind them.
	#[method(name = "validators")]
	fn validators(&self, at: Option<Hash>) -> RpcResult<Vec<ValidatorSummary<AccountId, Amount>>>;

	/// Whom an election would choose now.
	#[method(name = "election")]
	fn election(&self, at: Option<Hash>) -> RpcResult<Vec<Ranked>>;

	/// What offences of validators are to cost that are not paid for, the next due first.
	#[method(name = "pendingSlashes")]
	fn pending_slashes(&self, at: Option<Hash>) -> RpcResult<Vec<PendingSlash<AccountId, Amount>>>;

	/// What rules validators, and what blocks earn at present.
	#[method(name = "validation")]
	fn validation(&self, at: Option<Hash>) -> RpcResult<ValidationParameters<Amount>>;
}

/// An operator with all the stake behind it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ranked {
	account: AccountId,
	stake: Amount,
}

/// Answers `staking_*` from the runtime.
pub(crate) struct Staking {
	client: Arc<FullClient>,
}

impl Staking {
	/// Answers from this chain.
	pub(crate) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn at(&self, at: Option<Hash>) -> RpcResult<Hash> {
		block(&self.client, at)
	}
}

impl StakingApiServer for Staking {
	fn positions(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Vec<StakePosition<AccountId, Amount, BlockNumber>>> {
		let positions = self
			.client
			.runtime_api()
			.positions(self.at(at)?, account)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(positions
			.into_iter()
			.map(|position| position.map_amounts(Amount))
			.collect())
	}

	fn position(
		&self,
		account: AccountId,
		operator: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<StakePosition<AccountId, Amount, BlockNumber>>> {
		let position = self
			.client
			.runtime_api()
			.position(self.at(at)?, account, operator)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(position.map(|position| position.map_amounts(Amount)))
	}

	fn balance(&self, account: AccountId, at: Option<Hash>) -> RpcResult<StakeBalance<Amount, BlockNumber>> {
		let balance = self
			.client
			.runtime_api()
			.balance(self.at(at)?, account)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(balance.map_amounts(Amount))
	}

	fn operators(
		&self,
		start: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Vec<StakeOperator<AccountId, Amount, BlockNumber>>> {
		let operators = self
			.client
			.runtime_api()
			.operators(self.at(at)?, start.unwrap_or(0), limit.unwrap_or(PAGE))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(operators
			.into_iter()
			.map(|operator| operator.map_amounts(Amount))
			.collect())
	}

	fn operator(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<StakeOperator<AccountId, Amount, BlockNumber>>> {
		let operator = self
			.client
			.runtime_api()
			.operator(self.at(at)?, account)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(operator.map(|operator| operator.map_amounts(Amount)))
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<StakeParameters<Amount, BlockNumber>> {
		let parameters = self
			.client
			.runtime_api()
			.parameters(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(parameters.map_amounts(Amount))
	}

	fn validators(&self, at: Option<Hash>) -> RpcResult<Vec<ValidatorSummary<AccountId, Amount>>> {
		let validators = self
			.client
			.runtime_api()
			.validators(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(validators
			.into_iter()
			.map(|validator| validator.map_amounts(Amount))
			.collect())
	}

	fn election(&self, at: Option<Hash>) -> RpcResult<Vec<Ranked>> {
		let election = self
			.client
			.runtime_api()
			.election(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(election
			.into_iter()
			.map(|(account, stake)| Ranked {
				account,
				stake: Amount(stake),
			})
			.collect())
	}

	fn pending_slashes(&self, at: Option<Hash>) -> RpcResult<Vec<PendingSlash<AccountId, Amount>>> {
		let slashes = self
			.client
			.runtime_api()
			.pending_slashes(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(slashes.into_iter().map(|slash| slash.map_amounts(Amount)).collect())
	}

	fn validation(&self, at: Option<Hash>) -> RpcResult<ValidationParameters<Amount>> {
		let validation = self
			.client
			.runtime_api()
			.validation(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(validation.map_amounts(Amount))
	}
}
