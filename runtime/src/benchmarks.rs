//! The pallets whose calls can be benchmarked, and how a benchmark runs.

use crate::*;
use alloc::{string::String, vec};
use assay_exact::{Generation, Input};
use assay_protocol::{
	dispute::OwnedStatement,
	job::{JobInput, JobOutput, JobState},
	model::{Models as ModelsOf, ProgramBytes, MAX_OFFERS},
	operator::{Operators, WorkerKey},
	JobId,
};
use codec::{Decode, Encode};
use frame_benchmarking::{account, define_benchmarks, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{fungible::Mutate, Randomness, StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use frame_system_benchmarking::{extensions::Pallet as SystemExtensionsBench, Pallet as SystemBench};
use sp_runtime::{
	traits::{Hash as _, TrailingZeroInput},
	RuntimeAppPublic,
};

impl frame_system_benchmarking::Config for Runtime {}
impl pallet_transaction_payment::BenchmarkConfig for Runtime {}

define_benchmarks!(
	[frame_system, SystemBench::<Runtime>]
	[frame_system_extensions, SystemExtensionsBench::<Runtime>]
	[pallet_assay_audits, Audits]
	[pallet_assay_disputes, Disputes]
	[pallet_assay_jobs, Jobs]
	[pallet_assay_models, Models]
	[pallet_assay_staking, Staking]
	[pallet_assay_validators, Validators]
	[pallet_balances, Balances]
	[pallet_sudo, Sudo]
	[pallet_timestamp, Timestamp]
	[pallet_transaction_payment, TransactionPayment]
);

/// Whom the treasury pays.
pub struct Beneficiaries;

impl pallet_treasury::ArgumentsFactory<(), AccountId> for Beneficiaries {
	fn create_asset_kind(_: u32) {}

	fn create_beneficiary(seed: [u8; 32]) -> AccountId {
		AccountId::from(seed)
	}
}

/// Randomness where no block has an author: BABE has none while a benchmark runs.
pub struct FixedRandomness;

impl Randomness<Option<Hash>, BlockNumber> for FixedRandomness {
	fn random(subject: &[u8]) -> (Option<Hash>, BlockNumber) {
		(Some(BlakeTwo256::hash(subject)), 0)
	}
}

impl assay_protocol::Beacon<AccountId, BlockNumber> for FixedRandomness {
	fn known_from(made_at: BlockNumber) -> BlockNumber {
		made_at
	}

	fn longest_wait() -> BlockNumber {
		0
	}

	fn is_lost(_: BlockNumber) -> bool {
		false
	}

	fn number(_: BlockNumber, _: &AccountId, subject: &[u8]) -> Option<Hash> {
		Some(BlakeTwo256::hash(subject))
	}
}

/// Claims for disputes and audits: a job of the largest benchmark model, with as many operators as can serve it, whose program,
/// input and claim are replaced by those of a statement.
pub struct StatedClaims;

impl assay_protocol::benchmarks::ClaimsForBenchmarks for StatedClaims {
	fn claim(statement: OwnedStatement) -> (JobId, WorkerKey) {
		let operators: Vec<(AccountId, WorkerKey)> = (0..MAX_OFFERS)
			.map(|index| {
				let operator = account("operator", index, 0);
				let key = WorkerKey::generate_pair(None);
				<Staking as Operators<AccountId, Balance>>::bond_for_benchmark(&operator, key.clone());
				(operator, key)
			})
			.collect();
		let accounts: Vec<_> = operators.iter().map(|(account, _)| account.clone()).collect();
		let version = <Models as ModelsOf<AccountId, Balance>>::register_for_benchmark(&funded("publisher"), &accounts);
		let id = pallet_assay_jobs::NextJobId::<Runtime>::get();
		let generation = Generation {
			max_tokens: 1,
			..statement.generation
		};
		let input = JobInput::try_from(Input::Tokens(vec![0])).expect("one token fits");
		// At price 1.
		let quote = Jobs::quote(version, input.len(), generation.max_tokens).expect("the version takes a token");
		let max_fee = Balance::from(quote.units);
		let origin = RuntimeOrigin::signed(funded("consumer"));
		// Whoever is named is assigned at once.
		let named = accounts.first().cloned();
		Jobs::submit(origin, version, input, generation, max_fee, 1, named).expect("the job is accepted");

		let mut claimant = None;
		pallet_assay_jobs::Jobs::<Runtime>::mutate(id, |job| {
			let job = job.as_mut().expect("the job is stored");
			let JobState::Assigned { operator, price, .. } = job.state.clone() else {
				panic!("one of the operators has capacity")
			};
			pallet_assay_jobs::InFlight::<Runtime>::remove(&operator);
			claimant = Some(operator.clone());
			job.artifact = statement.artifact;
			job.generation = statement.generation;
			job.fee = Some(0);
			job.state = JobState::Claimed {
				operator,
				price,
				final_at: System::block_number() + time::JOB_WINDOW,
			};
		});
		let program = ProgramBytes::try_from(statement.program.encode()).expect("the program fits");
		pallet_assay_models::Programs::<Runtime>::insert(version, program);
		let input = JobInput::try_from(statement.input).expect("the input fits");
		pallet_assay_jobs::Inputs::<Runtime>::insert(id, input);
		let claim = pallet_assay_jobs::Claim {
			output: JobOutput::try_from(statement.output).expect("the output fits"),
			trace: statement.trace,
			// Nothing looks at it any more.
			root: Decode::decode(&mut TrailingZeroInput::zeroes()).expect("a root is any 32 bytes"),
		};
		pallet_assay_jobs::Claims::<Runtime>::insert(id, claim);
		let mut keys = operators.into_iter();
		let (_, key) = keys
			.find(|(operator, _)| Some(operator) == claimant.as_ref())
			.expect("it is one of them");
		(id, key)
	}
}

fn funded(name: &'static str) -> AccountId {
	let account = account(name, 0, 0);
	let _ = Balances::mint_into(&account, 1_000_000 * currency::UNIT);
	account
}

/// Every benchmark, and the storage the pallets declare.
pub(crate) fn list(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::<BenchmarkList>::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs one benchmark.
pub(crate) fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}
