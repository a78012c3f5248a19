//! Claims of made-up models for benchmarks.

use super::*;
use assay_protocol::{
	benchmarks::ClaimsForBenchmarks,
	dispute::OwnedStatement,
	job::{JobInput, JobOutput, JobState},
	operator::WorkerKey,
	JobId,
};
use assay_trace::{claim::ClaimRoot, Hash32};
use frame_support::storage_alias;
use sp_application_crypto::RuntimeAppPublic;

/// The version of the statement that a benchmark claims.
pub(crate) const MADE_UP: ModelVersion = ModelVersion {
	model: ModelId(9),
	version: VersionNumber(0),
};

#[storage_alias]
pub(crate) type MadeUpProgram = StorageValue<OneModel, Program>;

/// Turns a job of the decoder into one of the made-up model.
pub struct MadeUpClaims;

impl ClaimsForBenchmarks for MadeUpClaims {
	fn claim(statement: OwnedStatement) -> (JobId, WorkerKey) {
		let id = submit();
		let key = WorkerKey::generate_pair(None);
		pallet_assay_staking::Operators::<Test>::mutate(ALICE, |operator| {
			pallet_assay_staking::WorkerKeys::<Test>::insert(&key, ALICE);
			operator.as_mut().unwrap().worker_key = key.clone();
		});
		MadeUpProgram::put(statement.program);
		pallet_assay_jobs::InFlight::<Test>::remove(ALICE);
		pallet_assay_jobs::Jobs::<Test>::mutate(id, |job| {
			let job = job.as_mut().unwrap();
			let JobState::Assigned { operator, price, .. } = job.state else {
				panic!("the job is assigned")
			};
			job.version = MADE_UP;
			job.artifact = statement.artifact;
			job.generation = statement.generation;
			job.fee = Some(0);
			job.state = JobState::Claimed {
				operator,
				price,
				final_at: System::block_number() + WINDOW,
			};
		});
		let input = JobInput::try_from(statement.input).unwrap();
		pallet_assay_jobs::Inputs::<Test>::insert(id, input);
		let claim = pallet_assay_jobs::Claim {
			output: JobOutput::try_from(statement.output).unwrap(),
			trace: statement.trace,
			root: ClaimRoot(Hash32::default()),
		};
		pallet_assay_jobs::Claims::<Test>::insert(id, claim);
		(id, key)
	}
}

/// [`new_test_ext`] with a keystore, for benchmarks make keys.
pub(crate) fn new_benchmark_ext() -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.register_extension(sp_keystore::KeystoreExt::new(
		sp_keystore::testing::MemoryKeystore::new(),
	));
	ext
}
