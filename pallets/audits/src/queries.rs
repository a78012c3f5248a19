//! What the runtime API `AuditsApi` returns.

use crate::{types::DRAWS, AuditSummaryOf, Auditors, Audits, Call, Config, Due, Pallet, ReceiptChecks};
use alloc::vec::Vec;
use assay_protocol::{
	audit::{AuditDuty, AuditParameters, Question, RevealDuty, SignedReply},
	dispute::Claims,
	operator::{Operators, WorkerKey},
	Beacon, JobId, ModelVersion,
};
use codec::Encode;
use frame_support::traits::Get;
use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::BlockNumberFor};
use sp_runtime::Saturating;

/// Due replies returned at most; what is replied makes room for the next.
const DUTIES: usize = 64;
/// Due replies looked at at most to find the most urgent: behind each stands a job that was paid for.
const DUTIES_READ: usize = 4_096;
/// Phases for each draw of auditors, in each of which they reply to what a number drew, and may be busy.
const PHASES: u32 = 2;

impl<T: Config> Pallet<T> {
	/// The audit of a job's last claim, until the job is pruned.
	pub fn audit_summary(job: JobId) -> Option<AuditSummaryOf<T>> {
		let audit = Audits::<T>::get(job)?;
		Some(AuditSummaryOf::<T> {
			job,
			attempt: audit.attempt,
			operator: audit.operator,
			phase: audit.phase,
			spot_check: audit.spot_check,
			auditors: audit
				.auditors
				.into_iter()
				.map(|auditor| (auditor.account, auditor.state))
				.collect(),
			values_of: audit.values_of,
			receipt: ReceiptChecks::<T>::get(job),
		})
	}

	/// The auditors of a version.
	pub fn auditors(version: ModelVersion) -> Vec<T::AccountId> {
		Auditors::<T>::get(version)
			.into_iter()
			.map(|listed| listed.account)
			.collect()
	}

	/// Constants.
	pub fn parameters() -> AuditParameters<T::Balance, BlockNumberFor<T>> {
		AuditParameters {
			period: T::Period::get(),
			auditors: T::MaxDrawn::get(),
			spot_check_size_factor: T::SpotCheckSizeFactor::get(),
			audit_size_factor: T::AuditSizeFactor::get(),
			auditor_share: T::AuditorShare::get(),
			missed_audit_penalty: T::MissedAuditPenalty::get(),
			longest_delay: Self::longest_delay(),
		}
	}

	/// Blocks after a claim by which its audit is over, if running the job takes no time, agendas are not full and no auditor challenges:
	/// auditors are busy as long as can be, silent, and replaced as often as can be, the worker is as late as can be, and the claim
	/// waits for those who vouched for something else or for challenges. Before all that a receipt of a batch is drawn and revealed.
	pub fn longest_delay() -> BlockNumberFor<T> {
		// Each clock runs out in the block after it, and a draw is served a block after its number is known.
		let ends: BlockNumberFor<T> = 2u32.into();
		let phase = T::Period::get()
			.saturating_add(T::Claims::longest_load())
			.saturating_add(T::Beacon::longest_wait())
			.saturating_add(ends);
		phase
			.saturating_mul(PHASES.into())
			.saturating_mul(DRAWS.into())
			.saturating_add(phase)
			.saturating_add(T::Claims::guilt_period().saturating_mul(2u32.into()))
	}

	/// Replies that are due from the operator of this worker key and that the next block still takes, the most urgent first; behind them those
	/// by whose silence it loses nothing but its place on the list.
	pub fn due(worker: &WorkerKey) -> Vec<AuditDuty<T::AccountId, BlockNumberFor<T>>> {
		let Some(operator) = T::Operators::of_worker_key(worker) else {
			return Vec::new();
		};
		let now = Self::now();
		let mut due: Vec<_> = Due::<T>::iter_key_prefix(&operator)
			.take(DUTIES_READ)
			.filter_map(|job| {
				let audit = Self::open_audit(job)?;
				let question = Self::question(job, &audit, &operator)?;
				let (deadline, closes_at) = Self::clock(job, &audit, &operator)?;
				// It is late after the first clock: the second is no time to plan with.
				let deadline = if now <= deadline { deadline } else { closes_at };
				let mut auditors = audit.auditors.iter();
				let excused = auditors.any(|auditor| auditor.account == operator && auditor.loses_only_its_place());
				(now < closes_at).then_some((excused, deadline, job, audit.attempt, question))
			})
			.collect();
		due.sort_unstable_by_key(|(excused, deadline, job, ..)| (*excused, *deadline, *job));
		due.into_iter()
			.filter_map(|(excused, deadline, job, attempt, question)| {
				let claimed = Self::open_claim(job, attempt)?;
				Some(AuditDuty {
					from: operator.clone(),
					question,
					deadline,
					excused,
					claim: claimed.claim,
				})
			})
			.take(DUTIES)
			.collect()
	}

	/// Receipts that the operator of this worker key has to reveal, and that the next block still takes, the most urgent first.
	pub fn reveals_due(worker: &WorkerKey) -> Vec<RevealDuty<T::AccountId, BlockNumberFor<T>>> {
		let Some(operator) = T::Operators::of_worker_key(worker) else {
			return Vec::new();
		};
		let now = Self::now();
		let mut due: Vec<_> = Due::<T>::iter_key_prefix(&operator)
			.take(DUTIES_READ)
			.filter_map(|job| {
				let audit = Self::open_audit(job)?;
				let Question::Receipt { unit } = Self::question(job, &audit, &operator)? else {
					return None;
				};
				let (deadline, closes_at) = Self::clock(job, &audit, &operator)?;
				let open = T::Claims::batch(job)?;
				(now < closes_at).then_some(RevealDuty {
					job,
					attempt: audit.attempt,
					from: operator.clone(),
					root: open.root,
					batch: open.batch,
					unit,
					deadline: if now <= deadline { deadline } else { closes_at },
				})
			})
			.collect();
		due.sort_unstable_by_key(|duty| (duty.deadline, duty.job));
		due.truncate(DUTIES);
		due
	}
}

impl<T: Config + CreateAuthorizedTransaction<Call<T>>> Pallet<T> {
	/// The fee-free transaction that delivers a reply, encoded for the pool.
	pub fn reply_transaction(reply: SignedReply<T::AccountId>) -> Vec<u8> {
		let call = Call::<T>::reply { reply: reply.into() };
		<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into()).encode()
	}
}
