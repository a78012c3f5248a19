//! What the node may ask of the runtime.

use crate::governance::queries;
use crate::{
	genesis, AccountId, Audits, AuthorityDiscovery, Babe, Balance, Block, BlockNumber, Channels, Disputes, Executive,
	Grandpa, Historical, InherentDataExt, Jobs, Models, Nonce, Runtime, RuntimeCall, RuntimeGenesisConfig, SessionKeys,
	Staking, System, TransactionPayment, Validators, VERSION,
};
use alloc::vec::Vec;
use assay_protocol::{
	api as assay_api,
	audit::{AuditDuty, AuditParameters, AuditRates, AuditSummary, RevealDuty, SignedReply},
	channel::{ChannelParameters, ChannelSummary, Endpoint, SignedSettlement},
	dispute::{
		AnswerDuty, DisputeParameters, DisputeRecord, DisputeSummary, DisputedClaim, MoveDuty, SignedAnswer, SignedMove,
	},
	governance::{ParameterSummary, Referendum, TrackTerms, VotingSummary},
	job::{Duty, JobError, JobParameters, JobSummary, Quote, SignedResult},
	model::{ModelSummary, OfferSummary, Serving},
	operator::{OperatorSummary, Operators, WorkerKey},
	stake::{
		PendingSlash, StakeBalance, StakeOperator, StakeParameters, StakePosition, ValidationParameters,
		ValidatorSummary,
	},
	ChannelId, DisputeId, JobId, ModelId, ModelVersion,
};
use codec::Encode;
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	traits::KeyOwnerProofSystem,
	view_functions::{runtime_api as view_functions, ViewFunctionDispatchError, ViewFunctionId},
	weights::Weight,
};
use pallet_transaction_payment_rpc_runtime_api::{FeeDetails, RuntimeDispatchInfo};
use sp_consensus_grandpa::{AuthorityId as GrandpaId, AuthorityList as GrandpaAuthorities};
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, ExtrinsicInclusionMode,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

sp_api::impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}

		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block);
		}

		fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}

		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}

		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl view_functions::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}

		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}

		fn inherent_extrinsics(data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}

		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: InherentData,
		) -> CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			transaction: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, transaction, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(
			owner: Vec<u8>,
			seed: Option<Vec<u8>>,
		) -> OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}

		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch = Babe::epoch_config().unwrap_or(crate::time::BABE_GENESIS_EPOCH_CONFIG);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: pallet_assay_timing::EpochSlots::<Runtime>::get(),
				c: epoch.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch.allowed_slots,
			}
		}

		fn current_epoch_start() -> sp_consensus_babe::Slot {
			Babe::current_epoch_start()
		}

		fn current_epoch() -> sp_consensus_babe::Epoch {
			Babe::current_epoch()
		}

		fn next_epoch() -> sp_consensus_babe::Epoch {
			Babe::next_epoch()
		}

		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			let proof = Historical::prove((sp_consensus_babe::KEY_TYPE, authority))?;
			Some(sp_consensus_babe::OpaqueKeyOwnershipProof::new(proof.encode()))
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
			owner: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Babe::submit_unsigned_equivocation_report(equivocation, owner.decode()?)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> GrandpaAuthorities {
			Grandpa::grandpa_authorities()
		}

		fn current_set_id() -> sp_consensus_grandpa::SetId {
			pallet_grandpa::CurrentSetId::<Runtime>::get()
		}

		fn generate_key_ownership_proof(
			_set: sp_consensus_grandpa::SetId,
			authority: GrandpaId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			let proof = Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority))?;
			Some(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation: sp_consensus_grandpa::EquivocationProof<
				<Block as BlockT>::Hash,
				NumberFor<Block>,
			>,
			owner: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Grandpa::submit_unsigned_equivocation_report(equivocation, owner.decode()?)
		}
	}

	impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
		fn authorities() -> Vec<sp_authority_discovery::AuthorityId> {
			AuthorityDiscovery::authorities()
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
		for Runtime
	{
		fn query_info(
			extrinsic: <Block as BlockT>::Extrinsic,
			length: u32,
		) -> RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(extrinsic, length)
		}

		fn query_fee_details(
			extrinsic: <Block as BlockT>::Extrinsic,
			length: u32,
		) -> FeeDetails<Balance> {
			TransactionPayment::query_fee_details(extrinsic, length)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<
		Block,
		Balance,
		RuntimeCall,
	> for Runtime {
		fn query_call_info(call: RuntimeCall, length: u32) -> RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_call_info(call, length)
		}

		fn query_call_fee_details(call: RuntimeCall, length: u32) -> FeeDetails<Balance> {
			TransactionPayment::query_call_fee_details(call, length)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl assay_api::ModelsApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn model(id: ModelId) -> Option<ModelSummary<AccountId, Balance>> {
			Models::model_summary(id)
		}

		fn models(start: ModelId, limit: u32) -> Vec<ModelSummary<AccountId, Balance>> {
			Models::models_page(start, limit)
		}

		fn program(version: ModelVersion) -> Option<Vec<u8>> {
			Models::program_bytes(version)
		}

		fn offers(version: ModelVersion) -> Vec<OfferSummary<AccountId, Balance, BlockNumber>> {
			Models::offer_summaries(version)
		}

		fn operator(account: AccountId) -> Option<OperatorSummary<AccountId, Balance, BlockNumber>> {
			Staking::operator_summary(&account)
		}

		fn operator_of_worker(key: WorkerKey) -> Option<AccountId> {
			<Staking as Operators<AccountId, Balance>>::of_worker_key(&key)
		}

		fn serving(operator: AccountId) -> Serving<Balance, BlockNumber> {
			Models::serving(&operator)
		}
	}

	impl assay_api::JobsApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn job(id: JobId) -> Option<JobSummary<AccountId, Balance, BlockNumber>> {
			Jobs::job_summary(id)
		}

		fn jobs(
			consumer: Option<AccountId>,
			before: Option<JobId>,
			limit: u32,
		) -> Vec<JobSummary<AccountId, Balance, BlockNumber>> {
			Jobs::jobs_page(consumer, before, limit)
		}

		fn quote(version: ModelVersion, input: u32, max_tokens: u32) -> Result<Quote<Balance>, JobError> {
			Jobs::quote(version, input, max_tokens)
		}

		fn parameters() -> JobParameters<Balance, BlockNumber> {
			Jobs::parameters()
		}

		fn due(worker: WorkerKey) -> Vec<Duty<BlockNumber>> {
			Jobs::due(&worker)
		}

		fn result_transaction(result: SignedResult) -> Vec<u8> {
			Jobs::result_transaction(result)
		}

		fn claim(id: JobId) -> Option<DisputedClaim> {
			Jobs::disputed_claim(id)
		}
	}

	impl assay_api::AuditsApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn audit(job: JobId) -> Option<AuditSummary<AccountId, BlockNumber>> {
			Audits::audit_summary(job)
		}

		fn auditors(version: ModelVersion) -> Vec<AccountId> {
			Audits::auditors(version)
		}

		fn rates(operator: AccountId) -> AuditRates {
			Audits::rates(&operator)
		}

		fn parameters() -> AuditParameters<Balance, BlockNumber> {
			Audits::parameters()
		}

		fn due(worker: WorkerKey) -> Vec<AuditDuty<AccountId, BlockNumber>> {
			Audits::due(&worker)
		}

		fn reveals_due(worker: WorkerKey) -> Vec<RevealDuty<AccountId, BlockNumber>> {
			Audits::reveals_due(&worker)
		}

		fn reply_transaction(reply: SignedReply<AccountId>) -> Vec<u8> {
			Audits::reply_transaction(reply)
		}
	}

	impl assay_api::StakingApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn positions(account: AccountId) -> Vec<StakePosition<AccountId, Balance, BlockNumber>> {
			Staking::stake_positions(&account)
		}

		fn position(
			account: AccountId,
			operator: AccountId,
		) -> Option<StakePosition<AccountId, Balance, BlockNumber>> {
			Staking::stake_position(&operator, &account)
		}

		fn balance(account: AccountId) -> StakeBalance<Balance, BlockNumber> {
			Staking::stake_balance(&account)
		}

		fn operators(start: u32, limit: u32) -> Vec<StakeOperator<AccountId, Balance, BlockNumber>> {
			Staking::operators_page(start, limit)
		}

		fn operator(account: AccountId) -> Option<StakeOperator<AccountId, Balance, BlockNumber>> {
			Staking::stake_operator(&account)
		}

		fn parameters() -> StakeParameters<Balance, BlockNumber> {
			Staking::parameters()
		}

		fn validators() -> Vec<ValidatorSummary<AccountId, Balance>> {
			Validators::validator_summaries()
		}

		fn election() -> Vec<(AccountId, Balance)> {
			Validators::election()
		}

		fn pending_slashes() -> Vec<PendingSlash<AccountId, Balance>> {
			Validators::pending_slashes()
		}

		fn validation() -> ValidationParameters<Balance> {
			Validators::validation_parameters()
		}
	}

	impl assay_api::GovernanceApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn referendum(index: u32) -> Option<Referendum<AccountId, Balance, BlockNumber>> {
			queries::referendum(index)
		}

		fn referenda(before: Option<u32>, limit: u32) -> Vec<Referendum<AccountId, Balance, BlockNumber>> {
			queries::referenda(before, limit)
		}

		fn tracks() -> Vec<TrackTerms<Balance, BlockNumber>> {
			queries::tracks()
		}

		fn voting(account: AccountId) -> VotingSummary<AccountId, Balance> {
			queries::voting(&account)
		}

		fn open_parameters() -> Vec<ParameterSummary<Balance>> {
			queries::parameters()
		}
	}

	impl assay_api::DisputesApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn dispute(id: DisputeId) -> Option<DisputeSummary<AccountId, Balance, BlockNumber>> {
			Disputes::dispute_summary(id)
		}

		fn disputes(
			job: Option<JobId>,
			before: Option<DisputeId>,
			limit: u32,
		) -> Vec<DisputeSummary<AccountId, Balance, BlockNumber>> {
			Disputes::disputes_page(job, before, limit)
		}

		fn record(id: DisputeId) -> Option<DisputeRecord> {
			Disputes::dispute_record(id)
		}

		fn parameters() -> DisputeParameters<Balance, BlockNumber> {
			Disputes::parameters()
		}

		fn due(worker: WorkerKey) -> Vec<AnswerDuty<BlockNumber>> {
			Disputes::due(&worker)
		}

		fn answer_transaction(answer: SignedAnswer) -> Vec<u8> {
			Disputes::answer_transaction(answer)
		}

		fn moves_due(worker: WorkerKey) -> Vec<MoveDuty<AccountId, BlockNumber>> {
			Disputes::moves_due(&worker)
		}

		fn move_transaction(signed: SignedMove<AccountId>) -> Vec<u8> {
			Disputes::move_transaction(signed)
		}
	}

	impl assay_api::ChannelsApi<Block, AccountId, Balance, BlockNumber> for Runtime {
		fn channel(id: ChannelId) -> Option<ChannelSummary<AccountId, Balance, BlockNumber>> {
			Channels::channel_summary(id)
		}

		fn channels_of_worker(
			worker: WorkerKey,
			after: Option<ChannelId>,
			limit: u32,
		) -> Vec<ChannelSummary<AccountId, Balance, BlockNumber>> {
			Channels::channels_of_worker(worker, after, limit)
		}

		fn channels_of_consumer(
			consumer: AccountId,
			after: Option<ChannelId>,
			limit: u32,
		) -> Vec<ChannelSummary<AccountId, Balance, BlockNumber>> {
			Channels::channels_of_consumer(consumer, after, limit)
		}

		fn endpoint(operator: AccountId) -> Option<Endpoint> {
			Channels::endpoint(operator)
		}

		fn parameters() -> ChannelParameters<Balance, BlockNumber> {
			Channels::parameters()
		}

		fn settlement_transaction(settlement: SignedSettlement) -> Vec<u8> {
			Channels::settlement_transaction(settlement)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			build_state::<RuntimeGenesisConfig>(config)
		}

		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis::get_preset)
		}

		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			genesis::preset_names()
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(extra: bool) -> (
			Vec<frame_benchmarking::BenchmarkList>,
			Vec<frame_support::traits::StorageInfo>,
		) {
			crate::benchmarks::list(extra)
		}

		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			crate::benchmarks::dispatch(config)
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(
			checks: frame_try_runtime::UpgradeCheckSelect,
		) -> (Weight, Weight) {
			// The caller is a tool that reports the failure it is given.
			let weight = Executive::try_runtime_upgrade(checks).unwrap();
			(weight, <Runtime as frame_system::Config>::BlockWeights::get().max_block)
		}

		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> Weight {
			Executive::try_execute_block(block, state_root_check, signature_check, select).unwrap()
		}
	}
}
