//! Jobs and results, as consumers and operators make them.

use super::*;
use crate::{AccountIdOf, Claims, Inputs, Jobs};
use assay_exact::{Generation, Input, Output, Sampler};
use assay_protocol::{
	job::{JobInput, JobOutput, JobResult, JobState, SignedResult},
	Attempt, JobId, ModelVersion,
};
use assay_trace::{claim::claim_root, Hash32, TraceRoot};
use sp_core::Pair;
use sp_runtime::{
	transaction_validity::{TransactionValidity, TransactionValidityError},
	DispatchError,
};

/// A job before it is submitted.
#[derive(Clone)]
pub(crate) struct AJob {
	pub(crate) version: ModelVersion,
	pub(crate) input: Input,
	pub(crate) generation: Generation,
	pub(crate) max_fee: Balance,
	pub(crate) max_price: Balance,
	pub(crate) operator: Option<AccountId>,
}

/// Three tokens to the decoder, four to come; 17 units, so a fee of up to 34 at Alice's price.
pub(crate) fn a_job() -> AJob {
	AJob {
		version: DECODER,
		input: Input::Tokens(vec![5, 6, 7]),
		generation: Generation {
			sampler: Sampler::Greedy,
			max_tokens: 4,
			ignore_stop: false,
		},
		max_fee: 1_000,
		max_price: Balance::MAX,
		operator: None,
	}
}

impl AJob {
	pub(crate) fn on(self, version: ModelVersion, input: Input) -> Self {
		Self { version, input, ..self }
	}

	pub(crate) fn named(self, operator: AccountId) -> Self {
		Self {
			operator: Some(operator),
			..self
		}
	}

	pub(crate) fn with_fee(self, max_fee: Balance) -> Self {
		Self { max_fee, ..self }
	}

	pub(crate) fn with_price(self, max_price: Balance) -> Self {
		Self { max_price, ..self }
	}

	pub(crate) fn with_tokens(mut self, max_tokens: u32) -> Self {
		self.generation.max_tokens = max_tokens;
		self
	}

	/// Submits it and returns its identifier.
	pub(crate) fn submit(self, consumer: AccountId) -> Result<JobId, DispatchError> {
		let id = crate::NextJobId::<Test>::get();
		let Self {
			version,
			input,
			generation,
			max_fee,
			max_price,
			operator,
		} = self;
		let input = JobInput::try_from(input).expect("the input fits inline");
		assay_testing::atomic(|| {
			JobsPallet::submit(
				RuntimeOrigin::signed(consumer),
				version,
				input,
				generation,
				max_fee,
				max_price,
				operator,
			)
			.map_err(|refused| refused.error)
		})?;
		Ok(id)
	}
}

/// Submits [`a_job`].
pub(crate) fn a_submitted_job() -> JobId {
	a_job().submit(CONSUMER).unwrap()
}

/// Submits [`a_job`] and delivers a good result by Alice.
pub(crate) fn a_claimed_job() -> JobId {
	let id = a_submitted_job();
	deliver(signed(ALICE, result(id, tokens(&[9, 9, 9, 9])))).unwrap();
	id
}

pub(crate) fn tokens(tokens: &[u32]) -> JobOutput {
	JobOutput::Tokens(tokens.to_vec().try_into().unwrap())
}

pub(crate) fn vector(values: &[i32]) -> JobOutput {
	JobOutput::Vector(values.to_vec().try_into().unwrap())
}

pub(crate) fn state(id: JobId) -> crate::JobStateOf<Test> {
	Jobs::<Test>::get(id).expect("the job is stored").state
}

/// The operator a job is assigned to.
pub(crate) fn assigned_to(id: JobId) -> AccountIdOf<Test> {
	match state(id) {
		JobState::Assigned { operator, .. } => operator,
		other => panic!("job {id} is not assigned but {other:?}"),
	}
}

/// An honest result of a job's present attempt with some output.
pub(crate) fn result(id: JobId, output: JobOutput) -> JobResult {
	let attempt = Jobs::<Test>::get(id).map_or(Attempt(0), |job| job.attempt);
	result_of(id, attempt, output)
}

/// A result of some attempt, its claim computed as an operator would.
pub(crate) fn result_of(id: JobId, attempt: Attempt, output: JobOutput) -> JobResult {
	let job = Jobs::<Test>::get(id).expect("the job is stored");
	let input = Inputs::<Test>::get(id).expect("the input is stored");
	let claim = claim_root(
		id.0,
		attempt.0,
		&artifact(job.version),
		&Input::from(input),
		&job.generation,
		&Output::from(output.clone()),
		&TRACE,
	);
	JobResult {
		job: id,
		attempt,
		output,
		trace: TRACE,
		claim,
	}
}

/// What workers here commit to: nothing looks behind it.
pub(crate) const TRACE: TraceRoot = TraceRoot(Hash32([7; 32]));

/// A result signed for this chain.
pub(crate) fn signed(operator: AccountId, result: JobResult) -> SignedResult {
	signed_for(System::block_hash(0).0, operator, result)
}

/// A result signed for some chain.
pub(crate) fn signed_for(genesis: [u8; 32], operator: AccountId, result: JobResult) -> SignedResult {
	let signature = worker(operator).sign(&result.signing_payload(&genesis));
	SignedResult { result, signature }
}

/// What the pool says of a result in the present block.
pub(crate) fn validate(result: SignedResult) -> TransactionValidity {
	pool_says(&JobsPallet::result_transaction(result))
}

/// Puts a result into the present block, through the pool's checks.
pub(crate) fn deliver(result: SignedResult) -> Result<(), TransactionValidityError> {
	apply(&JobsPallet::result_transaction(result))
}

/// The output of a claimed job.
pub(crate) fn claimed_output(id: JobId) -> Option<JobOutput> {
	Claims::<Test>::get(id).map(|claim| claim.output)
}
