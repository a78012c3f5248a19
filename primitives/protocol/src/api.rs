//! Runtime APIs: what the node's RPC, the workers and the command line read.

use crate::{
	audit::{AuditDuty, AuditParameters, AuditRates, AuditSummary, RevealDuty, SignedReply},
	channel::{ChannelParameters, ChannelSummary, Endpoint, SignedSettlement},
	dispute::{
		AnswerDuty, DisputeParameters, DisputeRecord, DisputeSummary, DisputedClaim, MoveDuty, SignedAnswer, SignedMove,
	},
	governance::{ParameterSummary, Referendum, TrackTerms, VotingSummary},
	ids::*,
	job::{Duty, JobError, JobParameters, JobSummary, Quote, SignedResult},
	model::{ModelSummary, OfferSummary, Serving},
	operator::{OperatorSummary, WorkerKey},
	stake::{
		PendingSlash, StakeBalance, StakeOperator, StakeParameters, StakePosition, ValidationParameters,
		ValidatorSummary,
	},
};
use alloc::vec::Vec;
use codec::Codec;

sp_api::decl_runtime_apis! {
	/// The model registry and the operators that serve from it.
	#[api_version(1)]
	pub trait ModelsApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// One model.
		fn model(id: ModelId) -> Option<ModelSummary<AccountId, Balance>>;
		/// At most `limit` (capped at 100) models with identifiers from `start` upwards.
		fn models(start: ModelId, limit: u32) -> Vec<ModelSummary<AccountId, Balance>>;
		/// The encoded program of a version.
		fn program(version: ModelVersion) -> Option<Vec<u8>>;
		/// All offers for a version, listed or not.
		fn offers(version: ModelVersion) -> Vec<OfferSummary<AccountId, Balance, BlockNumber>>;
		/// One operator.
		fn operator(account: AccountId) -> Option<OperatorSummary<AccountId, Balance, BlockNumber>>;
		/// The operator a worker key belongs to, if any.
		fn operator_of_worker(key: WorkerKey) -> Option<AccountId>;
		/// What an operator offers.
		fn serving(operator: AccountId) -> Serving<Balance, BlockNumber>;
	}

	/// Jobs: their life, their cost, and the work that is due.
	#[api_version(1)]
	pub trait JobsApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// One job.
		fn job(id: JobId) -> Option<JobSummary<AccountId, Balance, BlockNumber>>;
		/// At most `limit` (capped at 100) jobs, newest first, with identifiers below `before`, of one consumer or of all.
		fn jobs(
			consumer: Option<AccountId>,
			before: Option<JobId>,
			limit: u32,
		) -> Vec<JobSummary<AccountId, Balance, BlockNumber>>;
		/// What a job of `input` elements and at most `max_tokens` generated tokens costs.
		fn quote(version: ModelVersion, input: u32, max_tokens: u32) -> Result<Quote<Balance>, JobError>;
		/// Constants.
		fn parameters() -> JobParameters<Balance, BlockNumber>;
		/// Work that is due from the operator of this worker key.
		fn due(worker: WorkerKey) -> Vec<Duty<BlockNumber>>;
		/// The fee-free transaction that delivers a result, encoded for the pool.
		fn result_transaction(result: SignedResult) -> Vec<u8>;
		/// The claim of a job, until the job is pruned.
		fn claim(id: JobId) -> Option<DisputedClaim>;
	}

	/// Disputes: where they stand, what was shown, and the answers that are due.
	#[api_version(1)]
	pub trait DisputesApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// One dispute.
		fn dispute(id: DisputeId) -> Option<DisputeSummary<AccountId, Balance, BlockNumber>>;
		/// At most `limit` (capped at 100) disputes, newest first, with identifiers below `before`, of one job or of all.
		fn disputes(
			job: Option<JobId>,
			before: Option<DisputeId>,
			limit: u32,
		) -> Vec<DisputeSummary<AccountId, Balance, BlockNumber>>;
		/// What the worker has shown so far.
		fn record(id: DisputeId) -> Option<DisputeRecord>;
		/// Constants.
		fn parameters() -> DisputeParameters<Balance, BlockNumber>;
		/// Answers that are due from the operator of this worker key.
		fn due(worker: WorkerKey) -> Vec<AnswerDuty<BlockNumber>>;
		/// The fee-free transaction that delivers an answer, encoded for the pool.
		fn answer_transaction(answer: SignedAnswer) -> Vec<u8>;
		/// Moves that are due from the operator of this worker key in the challenges that it made.
		fn moves_due(worker: WorkerKey) -> Vec<MoveDuty<AccountId, BlockNumber>>;
		/// The fee-free transaction that makes a move of an operator that challenges, encoded for the pool.
		fn move_transaction(signed: SignedMove<AccountId>) -> Vec<u8>;
	}

	/// Audits: where they stand, who audits, and the replies that are due.
	#[api_version(1)]
	pub trait AuditsApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// The audit of a job's last claim, until the job is pruned.
		fn audit(job: JobId) -> Option<AuditSummary<AccountId, BlockNumber>>;
		/// The auditors of a version.
		fn auditors(version: ModelVersion) -> Vec<AccountId>;
		/// How likely the claims of an operator are to be audited.
		fn rates(operator: AccountId) -> AuditRates;
		/// Constants.
		fn parameters() -> AuditParameters<Balance, BlockNumber>;
		/// Replies that are due from the operator of this worker key.
		fn due(worker: WorkerKey) -> Vec<AuditDuty<AccountId, BlockNumber>>;
		/// Receipts that the operator of this worker key has to reveal.
		fn reveals_due(worker: WorkerKey) -> Vec<RevealDuty<AccountId, BlockNumber>>;
		/// The fee-free transaction that delivers a reply, encoded for the pool.
		fn reply_transaction(reply: SignedReply<AccountId>) -> Vec<u8>;
	}

	/// Channels: what is in them, and where they are answered.
	#[api_version(1)]
	pub trait ChannelsApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// One channel, until it is closed.
		fn channel(id: ChannelId) -> Option<ChannelSummary<AccountId, Balance, BlockNumber>>;
		/// At most `limit` (capped at 100) channels whose answers this worker key signs, by identifier, after one of them.
		fn channels_of_worker(
			worker: WorkerKey,
			after: Option<ChannelId>,
			limit: u32,
		) -> Vec<ChannelSummary<AccountId, Balance, BlockNumber>>;
		/// The same of a consumer.
		fn channels_of_consumer(
			consumer: AccountId,
			after: Option<ChannelId>,
			limit: u32,
		) -> Vec<ChannelSummary<AccountId, Balance, BlockNumber>>;
		/// Where an operator answers requests.
		fn endpoint(operator: AccountId) -> Option<Endpoint>;
		/// Constants.
		fn parameters() -> ChannelParameters<Balance, BlockNumber>;
		/// The fee-free transaction that settles vouchers, encoded for the pool.
		fn settlement_transaction(settlement: SignedSettlement) -> Vec<u8>;
	}

	/// Stake: who has put how much behind whom, what it earns and what it waits for.
	#[api_version(1)]
	pub trait StakingApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// All positions of an account.
		fn positions(account: AccountId) -> Vec<StakePosition<AccountId, Balance, BlockNumber>>;
		/// The position of an account behind an operator.
		fn position(account: AccountId, operator: AccountId) -> Option<StakePosition<AccountId, Balance, BlockNumber>>;
		/// What an account has in stake and can spend.
		fn balance(account: AccountId) -> StakeBalance<Balance, BlockNumber>;
		/// At most `limit` (capped at 100) operators by the stake behind them, active or not, leaving out the first `start`.
		fn operators(start: u32, limit: u32) -> Vec<StakeOperator<AccountId, Balance, BlockNumber>>;
		/// One operator.
		fn operator(account: AccountId) -> Option<StakeOperator<AccountId, Balance, BlockNumber>>;
		/// Constants.
		fn parameters() -> StakeParameters<Balance, BlockNumber>;
		/// Validators of the present session and candidates, by the stake behind them.
		fn validators() -> Vec<ValidatorSummary<AccountId, Balance>>;
		/// Whom an election would choose now, with the stake behind each.
		fn election() -> Vec<(AccountId, Balance)>;
		/// What offences of validators are to cost that are not paid for, the next due first.
		fn pending_slashes() -> Vec<PendingSlash<AccountId, Balance>>;
		/// What rules validators, and what blocks earn at present.
		fn validation() -> ValidationParameters<Balance>;
	}

	/// What holders decide.
	#[api_version(1)]
	pub trait GovernanceApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// One referendum.
		fn referendum(index: u32) -> Option<Referendum<AccountId, Balance, BlockNumber>>;
		/// At most `limit` (capped at 100) referenda, newest first, with numbers below `before`.
		fn referenda(before: Option<u32>, limit: u32) -> Vec<Referendum<AccountId, Balance, BlockNumber>>;
		/// What it takes to decide.
		fn tracks() -> Vec<TrackTerms<Balance, BlockNumber>>;
		/// How an account votes.
		fn voting(account: AccountId) -> VotingSummary<AccountId, Balance>;
		/// The constants that are open to referenda.
		fn open_parameters() -> Vec<ParameterSummary<Balance>>;
	}
}
