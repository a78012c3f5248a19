//! A worker, honest or not, and auditors.

use super::*;
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditReply, AuditorState, Question, Reply, SignedReply},
	job::JobState,
	operator::Operators,
	Attempt, JobId,
};
pub(crate) use assay_testing::worker_key;
use assay_testing::{atomic, signed_result, submit_to, Cheat, Claimed};
use assay_trace::{claim::ClaimRoot, digest::DigestKey, Hash32};
use codec::Encode;
use frame_support::dispatch::DispatchResult;
use sp_core::Pair;
use sp_runtime::transaction_validity::TransactionValidityError;

/// The worker of a claim.
#[derive(Clone)]
pub(crate) struct Worker(Claimed);

impl Worker {
	/// Who runs the model as it is.
	pub(crate) fn honest() -> Self {
		Self(Claimed::new(DECODER, Cheat::Honest))
	}

	/// Who skips the first layer.
	pub(crate) fn skipping_a_layer() -> Self {
		Self(Claimed::new(DECODER, Cheat::SkippedLayer))
	}

	/// Submits a job and claims its result for [`ALICE`].
	pub(crate) fn claim(&self) -> JobId {
		let job = submit();
		self.deliver(job);
		job
	}

	/// Claims the result of a job for [`ALICE`].
	pub(crate) fn deliver(&self, job: JobId) {
		self.deliver_as(ALICE, job);
	}

	/// Claims the result of a job for an operator.
	pub(crate) fn deliver_as(&self, operator: AccountId, job: JobId) {
		let result = signed_result::<Test>(operator, self.0.statement(), job);
		apply(&JobsPallet::result_transaction(result)).unwrap();
	}

	/// What somebody with this execution replies.
	pub(crate) fn reply(&self, who: AccountId, job: JobId, question: Question) -> Reply {
		self.reply_to(who, job, Attempt(0), question)
	}

	fn reply_to(&self, who: AccountId, job: JobId, attempt: Attempt, question: Question) -> Reply {
		let key = DigestKey::new(&who.encode(), job.0, attempt.0);
		self.0.reply(question, &key).expect("everything can be shown")
	}

	/// Replies to what is asked of an operator.
	pub(crate) fn answer(&self, who: AccountId, job: JobId) -> Result<(), TransactionValidityError> {
		self.answer_as(who, job, Attempt(0))
	}

	/// Replies to what is asked of an operator about an attempt.
	pub(crate) fn answer_as(
		&self,
		who: AccountId,
		job: JobId,
		attempt: Attempt,
	) -> Result<(), TransactionValidityError> {
		let question = asked(who, job).expect("something is asked");
		let reply = self.reply_to(who, job, attempt, question);
		deliver(signed_for(who, job, attempt, question, reply))
	}
}

/// Submits a job that [`ALICE`] gets.
pub(crate) fn submit() -> JobId {
	submit_to::<Test>(ALICE, DECODER)
}

/// What is asked of an operator.
pub(crate) fn asked(who: AccountId, job: JobId) -> Option<Question> {
	let audit = crate::Audits::<Test>::get(job)?;
	crate::Pallet::<Test>::question(job, &audit, &who)
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
	let origin = RuntimeOrigin::signed(CONSUMER);
	atomic(|| {
		AuditsPallet::advance(origin, job)
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

/// Root of a job's claim; of nothing if there is none.
pub(crate) fn claim_of(job: JobId) -> ClaimRoot {
	let claim = JobsPallet::disputed_claim(job);
	claim.map_or(ClaimRoot(NOTHING), |claim| claim.root())
}

/// A reply signed for this chain.
pub(crate) fn signed(from: AccountId, job: JobId, question: Question, reply: Reply) -> SignedReply<AccountId> {
	signed_for(from, job, Attempt(0), question, reply)
}

fn signed_for(
	from: AccountId,
	job: JobId,
	attempt: Attempt,
	question: Question,
	reply: Reply,
) -> SignedReply<AccountId> {
	let reply = AuditReply {
		job,
		attempt,
		from,
		question,
		reply,
	};
	let signature = worker_key(from).sign(&reply.signing_payload(&claim_of(job), &genesis()));
	SignedReply { reply, signature }
}

/// Puts a reply into the present block, through the pool's checks.
pub(crate) fn deliver(reply: SignedReply<AccountId>) -> Result<(), TransactionValidityError> {
	apply(&AuditsPallet::reply_transaction(reply))
}

/// A root of nothing.
pub(crate) const NOTHING: Hash32 = Hash32([7; 32]);
