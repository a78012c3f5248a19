//! A worker, honest or not, and auditors.

use super::*;
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditReply, AuditorState, Question, Reply, SignedReply},
	dispute::OwnedStatement,
	job::{JobInput, JobOutput, JobResult, JobState, SignedResult},
	operator::WorkerPair,
	Attempt, JobId,
};
use assay_trace::{
	claim::claim_root,
	digest::{digest, DigestKey},
	execution::{replay, CellValues, Record},
	fault::{Exhibit, Target},
	prover::Prover,
	Hash32, Place, TraceRoot,
};
use codec::{DecodeAll, Encode};
use frame_support::{
	dispatch::{DispatchResult, GetDispatchInfo},
	pallet_prelude::TransactionSource,
};
use sp_runtime::{
	traits::{Applyable, Checkable},
	transaction_validity::TransactionValidityError,
};

/// The keypair of an operator's worker.
pub(crate) fn worker_key(operator: AccountId) -> WorkerPair {
	WorkerPair::from_string(&format!("//{operator}"), None).unwrap()
}

/// A claim and the execution behind it.
#[derive(Clone)]
pub(crate) struct Worker {
	pub(crate) statement: OwnedStatement,
	pub(crate) record: Record,
}

impl Worker {
	/// Who runs the model as it is.
	pub(crate) fn honest() -> Self {
		Self::claiming(right_output(), |_| ())
	}

	/// Who skips the first layer: what every cell of it hands on is what it was given.
	pub(crate) fn skipping_a_layer() -> Self {
		Self::claiming(right_output(), |record| {
			for position in 0..record.layout().positions {
				let given = record.residual(0, position).to_vec();
				*record.residual_mut(1, position).unwrap() = given;
			}
		})
	}

	fn claiming(output: Output, change: impl FnOnce(&mut Record)) -> Self {
		let mut statement = OwnedStatement {
			program: decoder(),
			artifact: artifact().tree().root(),
			input: an_input(),
			generation: GENERATION,
			output,
			trace: TraceRoot::default(),
		};
		let mut record = replay(&statement.as_statement(), artifact()).unwrap();
		change(&mut record);
		statement.trace = record.boundaries().root();
		Self { statement, record }
	}

	pub(crate) fn prover(&self) -> Prover<'_, MadeUpArtifact> {
		Prover::new(self.statement.as_statement(), artifact(), &self.record)
	}

	/// A cell as it is said to be: what it hands on is what the record says.
	fn cell(&self, place: Place) -> CellValues {
		let values = self.prover().cell(place).unwrap();
		let Place::Cell { row, position } = place else {
			return values;
		};
		let last = Target::Vector(values.vectors.len() as u8 - 1);
		let values = values.with(last, &Exhibit::Values(self.record.residual(row, position).to_vec()));
		if !self.record.layout().has_caches(row) {
			return values;
		}
		values.with(
			Target::Cache,
			&Exhibit::Cache(self.record.cache(row, position).to_vec()),
		)
	}

	/// Submits a job and claims its result for [`ALICE`].
	pub(crate) fn claim(&self) -> JobId {
		let job = submit();
		self.deliver(job);
		job
	}

	/// Claims the result of a job for [`ALICE`].
	pub(crate) fn deliver(&self, job: JobId) {
		deliver_result(self.result(job)).unwrap();
	}

	fn result(&self, job: JobId) -> SignedResult {
		let attempt = JobsPallet::job_summary(job).unwrap().attempt;
		let statement = &self.statement;
		let claim = claim_root(
			job.0,
			attempt.0,
			&statement.artifact,
			&statement.input,
			&statement.generation,
			&statement.output,
			&statement.trace,
		);
		let result = JobResult {
			job,
			attempt,
			output: JobOutput::try_from(statement.output.clone()).unwrap(),
			trace: statement.trace,
			claim,
		};
		let signature = worker_key(ALICE).sign(&result.signing_payload(&genesis()));
		SignedResult { result, signature }
	}

	/// What somebody with this execution replies.
	pub(crate) fn reply(&self, who: AccountId, job: JobId, question: Question) -> Reply {
		let key = DigestKey::new(&who.encode(), job.0, 0);
		match question {
			Question::Cell { place } => Reply::Cell {
				roots: self.cell(place).roots(),
				path: self.prover().path(place),
			},
			Question::Step { place, step } => {
				Reply::Step(self.prover().open(place, step, &self.cell(place)).unwrap().0)
			}
			Question::Digest => Reply::Digest(digest(&key.leaves(&self.record))),
			Question::Values { place } => Reply::Values(self.prover().open_digest(place, &key).unwrap()),
		}
	}

	/// Replies to what is asked of an operator.
	pub(crate) fn answer(&self, who: AccountId, job: JobId) -> Result<(), TransactionValidityError> {
		let question = asked(who, job).expect("something is asked");
		deliver(signed(who, job, question, self.reply(who, job, question)))
	}
}

/// Submits a job that [`ALICE`] gets.
pub(crate) fn submit() -> JobId {
	let job = pallet_assay_jobs::NextJobId::<Test>::get();
	let input = JobInput::try_from(an_input()).unwrap();
	let origin = RuntimeOrigin::signed(CONSUMER);
	JobsPallet::submit(origin, DECODER, input, GENERATION, MAX_FEE, Some(ALICE)).unwrap();
	job
}

/// What is asked of an operator.
pub(crate) fn asked(who: AccountId, job: JobId) -> Option<Question> {
	let audit = crate::Audits::<Test>::get(job)?;
	crate::Pallet::<Test>::question(&audit, &who).map(|(question, _)| question)
}

pub(crate) fn phase(job: JobId) -> AuditPhase<u64> {
	AuditsPallet::audit_summary(job).expect("the audit is stored").phase
}

pub(crate) fn outcome(job: JobId) -> Option<AuditOutcome> {
	match phase(job) {
		AuditPhase::Over(outcome) => Some(outcome),
		_ => None,
	}
}

/// The auditors that were drawn.
pub(crate) fn drawn(job: JobId) -> Vec<AccountId> {
	let auditors = AuditsPallet::audit_summary(job).unwrap().auditors;
	auditors.into_iter().map(|(account, _)| account).collect()
}

pub(crate) fn state_of(auditor: AccountId, job: JobId) -> AuditorState {
	let auditors = AuditsPallet::audit_summary(job).unwrap().auditors;
	auditors.into_iter().find(|(account, _)| *account == auditor).unwrap().1
}

pub(crate) fn offer(auditors: &[AccountId]) {
	for auditor in auditors {
		AuditsPallet::offer(RuntimeOrigin::signed(*auditor), DECODER).unwrap();
	}
}

pub(crate) fn advance(job: JobId) -> DispatchResult {
	frame_support::storage::with_storage_layer(|| {
		AuditsPallet::advance(RuntimeOrigin::signed(CONSUMER), job)
			.map(|_| ())
			.map_err(|refused| refused.error)
	})
}

pub(crate) fn job_state(job: JobId) -> JobState<AccountId, Balance, u64> {
	JobsPallet::job_summary(job).expect("the job is stored").state
}

pub(crate) fn stake(operator: AccountId) -> Balance {
	StakingPallet::stake(&operator)
}

pub(crate) fn genesis() -> [u8; 32] {
	System::block_hash(0).0
}

/// A reply signed for this chain.
pub(crate) fn signed(from: AccountId, job: JobId, question: Question, reply: Reply) -> SignedReply<AccountId> {
	let reply = AuditReply {
		job,
		attempt: Attempt(0),
		from,
		question,
		reply,
	};
	let signature = worker_key(from).sign(&reply.signing_payload(&genesis()));
	SignedReply { reply, signature }
}

/// Puts a reply into the present block, through the pool's checks.
pub(crate) fn deliver(reply: SignedReply<AccountId>) -> Result<(), TransactionValidityError> {
	apply(AuditsPallet::reply_transaction(reply))
}

fn deliver_result(result: SignedResult) -> Result<(), TransactionValidityError> {
	apply(JobsPallet::result_transaction(result))
}

fn apply(transaction: Vec<u8>) -> Result<(), TransactionValidityError> {
	let length = transaction.len();
	let transaction = Extrinsic::decode_all(&mut &transaction[..]).expect("the transaction decodes");
	let info = transaction.get_dispatch_info();
	let checked = transaction.check(&frame_system::ChainContext::<Test>::default())?;
	checked.validate::<Test>(TransactionSource::External, &info, length)?;
	let outcome = checked.apply::<Test>(&info, length)?;
	outcome.expect("what was authorised is accepted");
	Ok(())
}

/// A root of nothing.
pub(crate) const NOTHING: Hash32 = Hash32([7; 32]);
