//! Stake as its holders see it: positions, the operators they stand behind, and what their money waits for.

use crate::operator::FaultCounts;
use alloc::{string::String, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{Perbill, Permill};

/// Somebody's stake behind an operator, with every slash and reward so far counted in.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct StakePosition<AccountId, Balance, BlockNumber> {
	/// The operator.
	pub operator: AccountId,
	/// What is bonded.
	pub stake: Balance,
	/// What slashes have taken that is still under hold: gone, but not yet paid.
	pub pending_slash: Balance,
	/// What was earned and not claimed.
	pub pending_rewards: Balance,
	/// Whether rewards are added to the stake.
	pub compound: bool,
	/// Whom rewards are paid to that are not, if not its holder.
	pub payee: Option<AccountId>,
	/// Parts that asked to leave, oldest first.
	pub unbonding: Vec<UnbondingStake<Balance, BlockNumber>>,
	/// Parts that came from other operators and still answer for their faults.
	pub exposures: Vec<ExposedStake<AccountId, Balance, BlockNumber>>,
}

/// Stake that asked to leave.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct UnbondingStake<Balance, BlockNumber> {
	/// How much.
	pub amount: Balance,
	/// Block from which it may be withdrawn.
	pub free_from: BlockNumber,
}

/// Bonded stake that came from another operator and still answers for that one's faults.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ExposedStake<AccountId, Balance, BlockNumber> {
	/// The operator it came from.
	pub operator: AccountId,
	/// How much of the bonded stake it is.
	pub amount: Balance,
	/// Block from which it does not answer any more.
	pub until: BlockNumber,
}

/// All that an account has in stake, and what it can spend.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct StakeBalance<Balance, BlockNumber> {
	/// Not held for anything.
	pub free: Balance,
	/// What a transfer that keeps the account can move.
	pub transferable: Balance,
	/// Bonded, behind all operators.
	pub staked: Balance,
	/// Asked to leave and not free yet.
	pub unbonding: Balance,
	/// Asked to leave and free: it can be withdrawn.
	pub withdrawable: Balance,
	/// Earned and not claimed.
	pub pending_rewards: Balance,
	/// Taken by slashes and still under hold.
	pub pending_slashes: Balance,
	/// The next block from which something more may be withdrawn.
	pub next_unlock: Option<BlockNumber>,
}

/// An operator as those see it who put stake behind it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct StakeOperator<AccountId, Balance, BlockNumber> {
	/// Its account.
	pub account: AccountId,
	/// What it says of itself.
	pub identity: String,
	/// Its own bond.
	pub own: Balance,
	/// The bonded stake of everybody else behind it.
	pub delegated: Balance,
	/// Whether it may be given work: its own bond is at least the minimum and it is not chilled.
	pub active: bool,
	/// Whether it takes no new work and no new delegations.
	pub chilled: bool,
	/// What it keeps of rewards before they are shared out.
	pub commission: Permill,
	/// A higher commission that it has announced.
	pub commission_rise: Option<CommissionRise<BlockNumber>>,
	/// What may still be delegated to it.
	pub room: Balance,
	/// Value of its work in flight.
	pub committed: Balance,
	/// The value of work in flight that the stake behind it covers.
	pub commitment_limit: Balance,
	/// Taken from the stake behind it so far.
	pub penalised: Balance,
	/// Its faults so far.
	pub faults: FaultCounts,
	/// Block in which it registered.
	pub registered_at: BlockNumber,
	/// What its members were given in the last periods that brought something, oldest first.
	pub returns: Vec<StakeReturn<Balance, BlockNumber>>,
}

/// What the members of an operator's pool were given in a period, after its commission.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct StakeReturn<Balance, BlockNumber> {
	/// First block of the period.
	pub from: BlockNumber,
	/// What was shared out among them.
	pub shared: Balance,
	/// The bonded stake among which it was.
	pub stake: Balance,
}

/// A validator, or an operator that wants to be one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ValidatorSummary<AccountId, Balance> {
	/// Its account.
	pub account: AccountId,
	/// All bonded stake behind it.
	pub stake: Balance,
	/// Whether it is one of the validators of the present session.
	pub validates: bool,
	/// Whether an election would choose it now.
	pub elected: bool,
	/// Whether it offers to make blocks.
	pub candidate: bool,
	/// Whether it has offended and may not make blocks.
	pub barred: bool,
	/// Blocks that it made in this session.
	pub blocks: u32,
	/// Its part of the fees in them.
	pub fees: Balance,
	/// Blocks that others made in its sessions up to the last since it last made one itself.
	pub silence: u32,
}

/// What a validator is to lose for what it signed, unless that is cancelled before.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct PendingSlash<AccountId, Balance> {
	/// The validator.
	pub validator: AccountId,
	/// The session in which it offended.
	pub session: u32,
	/// The session with whose start it pays.
	pub due: u32,
	/// The share that it is to lose for all it did in that session.
	pub share: Perbill,
	/// What that is of all stake that answers for it, as much as there is at present.
	pub amount: Balance,
	/// Who reported it.
	pub reporter: Option<AccountId>,
}

/// What rules validators, and what blocks earn at present.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ValidationParameters<Balance> {
	/// The present session.
	pub session: u32,
	/// Validators at most.
	pub max_validators: u32,
	/// Validators at least: an election that would leave fewer, and fewer than there are, is not held.
	pub min_validators: u32,
	/// The least bond of its own with which an operator can be a validator.
	pub min_validator_bond: Balance,
	/// The share of the median stake behind a seat, each counted by its stake, that another seat takes.
	pub seat_share: Permill,
	/// The stake behind the validators that were elected last.
	pub elected_stake: Balance,
	/// What is issued in a year at that stake.
	pub yearly_issuance: Balance,
	/// What is issued for a block.
	pub block_reward: Balance,
	/// The part of a fee that a block's author is given. The rest is burned.
	pub author_fee_share: Permill,
	/// The share of what an offence costs that goes to whoever reports it.
	pub reporter_share: Permill,
	/// Blocks that a validator may be expected to have made, by its part of the set, before it is taken for absent without
	/// any.
	pub silence_limit: u32,
	/// Sessions in which an offence can still be reported.
	pub reportable_sessions: u32,
	/// Sessions after which an offence is paid for.
	pub slash_deferral: u32,
}

/// A higher commission under notice.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize,
)]
pub struct CommissionRise<BlockNumber> {
	/// The rate.
	pub rate: Permill,
	/// Block from which it holds.
	pub from: BlockNumber,
}

/// Constants of the staking pallet.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct StakeParameters<Balance, BlockNumber> {
	/// The least bond of its own with which an operator is given work.
	pub min_bond: Balance,
	/// The least that somebody else puts behind an operator, and that may remain of it.
	pub min_delegation: Balance,
	/// Blocks of a period. Stake waits for the end of the one in which it asks to leave, and then for the unbonding period.
	pub period: BlockNumber,
	/// Blocks of the unbonding period.
	pub unbonding_period: BlockNumber,
	/// Parts of a position that are unbonding, at most.
	pub max_chunks: u32,
	/// Redelegations into a position that still answer for faults of old operators, at most.
	pub max_exposures: u32,
	/// Times the own bond of an operator that may be delegated to it, and that counts of what is.
	pub max_leverage: u32,
	/// Operators at most.
	pub max_operators: u32,
	/// The share of the stake behind it that an operator's work in flight may be worth.
	pub commitment_limit: Permill,
	/// The share of its own bond that an operator's work in flight may be worth.
	pub own_commitment_limit: Permill,
	/// The most an operator may keep of rewards.
	pub max_commission: Permill,
	/// Blocks between the announcement of a higher commission and its effect.
	pub commission_notice: BlockNumber,
}

impl<AccountId, Balance, BlockNumber> StakePosition<AccountId, Balance, BlockNumber> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(
		self,
		form: impl Fn(Balance) -> Amount,
	) -> StakePosition<AccountId, Amount, BlockNumber> {
		StakePosition {
			operator: self.operator,
			stake: form(self.stake),
			pending_slash: form(self.pending_slash),
			pending_rewards: form(self.pending_rewards),
			compound: self.compound,
			payee: self.payee,
			unbonding: self
				.unbonding
				.into_iter()
				.map(|UnbondingStake { amount, free_from }| UnbondingStake {
					amount: form(amount),
					free_from,
				})
				.collect(),
			exposures: self
				.exposures
				.into_iter()
				.map(|exposure| ExposedStake {
					operator: exposure.operator,
					amount: form(exposure.amount),
					until: exposure.until,
				})
				.collect(),
		}
	}
}

impl<Balance, BlockNumber> StakeBalance<Balance, BlockNumber> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(self, form: impl Fn(Balance) -> Amount) -> StakeBalance<Amount, BlockNumber> {
		StakeBalance {
			free: form(self.free),
			transferable: form(self.transferable),
			staked: form(self.staked),
			unbonding: form(self.unbonding),
			withdrawable: form(self.withdrawable),
			pending_rewards: form(self.pending_rewards),
			pending_slashes: form(self.pending_slashes),
			next_unlock: self.next_unlock,
		}
	}
}

impl<AccountId, Balance, BlockNumber> StakeOperator<AccountId, Balance, BlockNumber> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(
		self,
		form: impl Fn(Balance) -> Amount,
	) -> StakeOperator<AccountId, Amount, BlockNumber> {
		StakeOperator {
			account: self.account,
			identity: self.identity,
			own: form(self.own),
			delegated: form(self.delegated),
			active: self.active,
			chilled: self.chilled,
			commission: self.commission,
			commission_rise: self.commission_rise,
			room: form(self.room),
			committed: form(self.committed),
			commitment_limit: form(self.commitment_limit),
			penalised: form(self.penalised),
			faults: self.faults,
			registered_at: self.registered_at,
			returns: self
				.returns
				.into_iter()
				.map(|of| StakeReturn {
					from: of.from,
					shared: form(of.shared),
					stake: form(of.stake),
				})
				.collect(),
		}
	}
}

impl<AccountId, Balance> ValidatorSummary<AccountId, Balance> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(self, form: impl Fn(Balance) -> Amount) -> ValidatorSummary<AccountId, Amount> {
		ValidatorSummary {
			account: self.account,
			stake: form(self.stake),
			validates: self.validates,
			elected: self.elected,
			candidate: self.candidate,
			barred: self.barred,
			blocks: self.blocks,
			fees: form(self.fees),
			silence: self.silence,
		}
	}
}

impl<AccountId, Balance> PendingSlash<AccountId, Balance> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(self, form: impl Fn(Balance) -> Amount) -> PendingSlash<AccountId, Amount> {
		PendingSlash {
			validator: self.validator,
			session: self.session,
			due: self.due,
			share: self.share,
			amount: form(self.amount),
			reporter: self.reporter,
		}
	}
}

impl<Balance> ValidationParameters<Balance> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(self, form: impl Fn(Balance) -> Amount) -> ValidationParameters<Amount> {
		ValidationParameters {
			session: self.session,
			max_validators: self.max_validators,
			min_validators: self.min_validators,
			min_validator_bond: form(self.min_validator_bond),
			seat_share: self.seat_share,
			elected_stake: form(self.elected_stake),
			yearly_issuance: form(self.yearly_issuance),
			block_reward: form(self.block_reward),
			author_fee_share: self.author_fee_share,
			reporter_share: self.reporter_share,
			silence_limit: self.silence_limit,
			reportable_sessions: self.reportable_sessions,
			slash_deferral: self.slash_deferral,
		}
	}
}

impl<Balance, BlockNumber> StakeParameters<Balance, BlockNumber> {
	/// The same with amounts in another form.
	pub fn map_amounts<Amount>(self, form: impl Fn(Balance) -> Amount) -> StakeParameters<Amount, BlockNumber> {
		StakeParameters {
			min_bond: form(self.min_bond),
			min_delegation: form(self.min_delegation),
			period: self.period,
			unbonding_period: self.unbonding_period,
			max_chunks: self.max_chunks,
			max_exposures: self.max_exposures,
			max_leverage: self.max_leverage,
			max_operators: self.max_operators,
			commitment_limit: self.commitment_limit,
			own_commitment_limit: self.own_commitment_limit,
			max_commission: self.max_commission,
			commission_notice: self.commission_notice,
		}
	}
}
