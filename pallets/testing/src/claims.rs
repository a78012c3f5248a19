//! Results with an execution behind them.

use crate::{
	a_statement, an_input, artifact, right_output, worker_key, AccountId, Balance, Stakes, CONSUMER, GENERATION,
	MAX_FEE,
};
use assay_dispute::Execution;
use assay_protocol::{
	dispute::OwnedStatement,
	job::{JobInput, JobOutput, JobResult, JobState, SignedResult},
	JobId, ModelVersion,
};
use assay_samples::MadeUpArtifact;
use assay_trace::{
	claim::claim_root,
	execution::{replay, CellValues, Record},
	fault::{Exhibit, Target},
	prover::Prover,
	Place,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_core::Pair;
use sp_runtime::traits::Zero;
use std::sync::OnceLock;

/// A statement about a version and the execution behind it.
#[derive(Clone)]
pub struct Executed {
	/// Which version.
	pub version: ModelVersion,
	/// What is claimed.
	pub statement: OwnedStatement,
	/// What is behind it.
	pub record: Record,
}

impl Executed {
	/// Runs the job of a statement, fed the tokens it states.
	pub fn of(version: ModelVersion, statement: OwnedStatement) -> Self {
		Self {
			version,
			record: replay(&statement.as_statement(), artifact(version)).unwrap(),
			statement,
		}
	}

	/// The execution, as both sides of a dispute and an auditor use it.
	pub fn execution(&self) -> Execution<'_, MadeUpArtifact> {
		Execution::new(artifact(self.version), &self.statement, &self.record)
	}

	/// Changes what is behind the statement, and has it commit to that.
	pub fn changed(mut self, change: impl FnOnce(&mut Record)) -> Self {
		change(&mut self.record);
		self.statement.trace = self.record.boundaries().root();
		self
	}

	/// Opens what is committed to.
	pub fn prover(&self) -> Prover<'_, MadeUpArtifact> {
		Prover::new(self.statement.as_statement(), artifact(self.version), &self.record)
	}

	/// A cell as it is said to be: what it hands on is what the record says.
	pub fn cell(&self, place: Place) -> CellValues {
		let values = self.prover().cell(place).unwrap();
		let Place::Cell { row, position } = place else {
			return values;
		};
		let last = Target::Vector(values.vectors.len() as u8 - 1);
		let values = values.with(last, &Exhibit::Values(self.record.residual(row, position).to_vec()));
		if !self.record.layout().has_caches(row) {
			return values;
		}
		let cache = Exhibit::Cache(self.record.cache(row, position).to_vec());
		values.with(Target::Cache, &cache)
	}
}

/// The execution of a version on [`an_input`], made once.
pub fn right_execution(version: ModelVersion) -> &'static Executed {
	static EXECUTIONS: [OnceLock<Executed>; 3] = [const { OnceLock::new() }; 3];
	let execution = || Executed::of(version, a_statement(version, right_output(version))).changed(|_| ());
	EXECUTIONS[version.model.0 as usize].get_or_init(execution)
}

/// The result of a job that claims a statement, signed for this chain.
pub fn signed_result<T: Stakes>(operator: AccountId, statement: &OwnedStatement, job: JobId) -> SignedResult {
	let summary = pallet_assay_jobs::Pallet::<T>::job_summary(job).expect("the job is stored");
	let claim = claim_root(
		job.0,
		summary.attempt.0,
		&statement.artifact,
		&statement.input,
		&statement.generation,
		&statement.output,
		&statement.trace,
	);
	let result = JobResult {
		job,
		attempt: summary.attempt,
		output: JobOutput::try_from(statement.output.clone()).unwrap(),
		trace: statement.trace,
		claim,
	};
	let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
	let signature = worker_key(operator).sign(&result.signing_payload(&genesis.0));
	SignedResult { result, signature }
}

/// Submits a job on [`an_input`] that an operator gets.
pub fn submit_to<T: Stakes>(operator: AccountId, version: ModelVersion) -> JobId {
	let job = pallet_assay_jobs::NextJobId::<T>::get();
	let input = JobInput::try_from(an_input(version)).unwrap();
	let origin = RawOrigin::Signed(CONSUMER).into();
	pallet_assay_jobs::Pallet::<T>::submit(
		origin,
		version,
		input,
		GENERATION,
		MAX_FEE,
		Balance::MAX,
		Some(operator),
	)
	.map_err(|refused| refused.error)
	.unwrap();
	let job_state = pallet_assay_jobs::Pallet::<T>::job_summary(job)
		.expect("the job is stored")
		.state;
	assert!(
		matches!(job_state, JobState::Assigned { operator: who, .. } if who == operator),
		"the operator has capacity"
	);
	// It might have been drawn: the next attempt is anybody else's.
	pallet_assay_jobs::Jobs::<T>::mutate(job, |job| {
		job.as_mut().expect("the job is stored").named_operator = None;
	});
	job
}

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarks::*;

/// Claims of made-up models for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
#[allow(missing_docs, reason = "a storage alias makes a type that cannot be documented")]
mod benchmarks {
	use super::*;
	use crate::{version, ALICE, PERCEPTRON};
	use assay_exact::Program;
	use assay_protocol::{benchmarks::ClaimsForBenchmarks, operator::WorkerKey};
	use assay_trace::{claim::ClaimRoot, Hash32};
	use core::marker::PhantomData;
	use frame_support::{storage_alias, traits::Get};
	use sp_application_crypto::RuntimeAppPublic;

	/// The version of the statement that a benchmark claims.
	pub const MADE_UP: ModelVersion = version(9);

	/// Where the program of the statement is kept.
	pub struct Prefix;

	/// Its program.
	#[storage_alias]
	pub type MadeUpProgram = StorageValue<Prefix, Program>;

	/// Turns a job of the perceptron into one of the made-up model.
	pub struct MadeUpClaims<T>(PhantomData<T>);

	impl<T: Stakes> ClaimsForBenchmarks for MadeUpClaims<T> {
		fn claim(statement: OwnedStatement) -> (JobId, WorkerKey) {
			let id = submit_to::<T>(ALICE, PERCEPTRON);
			let key = WorkerKey::generate_pair(None);
			pallet_assay_staking::Operators::<T>::mutate(ALICE, |operator| {
				pallet_assay_staking::WorkerKeys::<T>::insert(&key, ALICE);
				operator.as_mut().unwrap().worker_key = key.clone();
			});
			MadeUpProgram::put(statement.program);
			pallet_assay_jobs::InFlight::<T>::remove(ALICE);
			pallet_assay_jobs::Jobs::<T>::mutate(id, |job| {
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
					final_at: frame_system::Pallet::<T>::block_number() + T::Window::get(),
				};
			});
			let input = JobInput::try_from(statement.input).unwrap();
			pallet_assay_jobs::Inputs::<T>::insert(id, input);
			let claim = pallet_assay_jobs::Claim {
				output: JobOutput::try_from(statement.output).unwrap(),
				trace: statement.trace,
				root: ClaimRoot(Hash32::default()),
			};
			pallet_assay_jobs::Claims::<T>::insert(id, claim);
			(id, key)
		}
	}
}
