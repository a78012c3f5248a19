//! What the runtime API `JobsApi` returns.

use crate::{
	life::measure,
	types::{BalanceOf, JobSummaryOf},
	Call, Claims, Config, InFlight, Inputs, Job, Jobs, JobsOf, NextJobId, OldestJobId, Pallet,
};
use alloc::vec::Vec;
use assay_protocol::{
	dispute::DisputedClaim,
	job::{Duty, JobError, JobParameters, JobState, Quote, SignedResult},
	model::Models,
	operator::{Operators, WorkerKey},
	JobId, ModelVersion,
};
use codec::Encode;
use frame_support::traits::Get;
use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::BlockNumberFor};
use sp_runtime::traits::Bounded;

/// Jobs in one answer at most.
const PAGE: u32 = 100;

impl<T: Config> Pallet<T> {
	/// One job.
	pub fn job_summary(id: JobId) -> Option<JobSummaryOf<T>> {
		Self::summary(id, Jobs::<T>::get(id)?)
	}

	/// At most `limit`, and at most 100, jobs, newest first, with identifiers below `before`, of one consumer or of all.
	pub fn jobs_page(consumer: Option<T::AccountId>, before: Option<JobId>, limit: u32) -> Vec<JobSummaryOf<T>> {
		let next = NextJobId::<T>::get();
		let before = before.map_or(next, |before| before.min(next));
		// At most 100.
		let limit = usize::try_from(limit.min(PAGE)).unwrap_or_default();
		match consumer {
			Some(consumer) => {
				let mut ids: Vec<_> = JobsOf::<T>::iter_key_prefix(consumer)
					.filter(|id| *id < before)
					.collect();
				ids.sort_unstable_by(|a, b| b.cmp(a));
				ids.into_iter().filter_map(Self::job_summary).take(limit).collect()
			}
			None => (OldestJobId::<T>::get().0..before.0)
				.rev()
				.filter_map(|id| Self::job_summary(JobId(id)))
				.take(limit)
				.collect(),
		}
	}

	/// What a job of `input` elements and at most `max_tokens` generated tokens costs.
	pub fn quote(version: ModelVersion, input: u32, max_tokens: u32) -> Result<Quote<BalanceOf<T>>, JobError> {
		let program = T::Models::program(version)?;
		let (positions, units) = measure(&program, input, max_tokens)?;
		let prices = || T::Models::listed_offers(version).into_iter().map(|offer| offer.price);
		Ok(Quote {
			units: units.0,
			lowest_price: prices().min(),
			highest_price: prices().max(),
			// A job whose replies nobody could pay for is not taken.
			room: Self::room(&program, positions, max_tokens).unwrap_or_else(Bounded::max_value),
		})
	}

	/// Constants.
	pub fn parameters() -> JobParameters<BalanceOf<T>, BlockNumberFor<T>> {
		JobParameters {
			result_period: T::ResultPeriod::get(),
			open_period: T::OpenPeriod::get(),
			window: T::Window::get(),
			retention: T::Retention::get(),
			// `integrity_test` keeps it within one byte.
			max_attempts: u8::try_from(T::MaxAttempts::get()).unwrap_or(u8::MAX),
			missed_deadline_penalty: T::MissedDeadlinePenalty::get(),
			wrong_result_penalty: T::WrongResultPenalty::get(),
			min_wrong_result_penalty: T::MinWrongResultPenalty::get(),
		}
	}

	/// The claim of a job, until the job is pruned; none of a batch of which nothing was revealed.
	pub fn disputed_claim(id: JobId) -> Option<DisputedClaim> {
		if Self::unrevealed(id).is_some() {
			return None;
		}
		let (job, claim) = (Jobs::<T>::get(id)?, Claims::<T>::get(id)?);
		Some(DisputedClaim {
			job: id,
			attempt: job.attempt,
			version: job.version,
			artifact: job.artifact,
			input: Inputs::<T>::get(id)?,
			generation: job.generation,
			output: claim.output,
			trace: claim.trace,
		})
	}

	/// Results that the operator of this worker key owes and that the next block still takes.
	pub fn due(worker: &WorkerKey) -> Vec<Duty<BlockNumberFor<T>>> {
		let Some(operator) = T::Operators::of_worker_key(worker) else {
			return Vec::new();
		};
		let now = Self::now();
		InFlight::<T>::get(operator)
			.into_iter()
			.filter_map(|(id, version)| {
				let job = Jobs::<T>::get(id)?;
				match job.state {
					JobState::Assigned { deadline, .. } if now < deadline => Some(Duty {
						job: id,
						attempt: job.attempt,
						version,
						artifact: job.artifact,
						input: Inputs::<T>::get(id)?,
						generation: job.generation,
						deadline,
					}),
					_ => None,
				}
			})
			.collect()
	}

	fn summary(id: JobId, job: Job<T>) -> Option<JobSummaryOf<T>> {
		let claim = Claims::<T>::get(id);
		Some(JobSummaryOf::<T> {
			id,
			consumer: job.consumer,
			version: job.version,
			artifact: job.artifact,
			input: Inputs::<T>::get(id)?,
			generation: job.generation,
			max_fee: job.max_fee,
			named_operator: job.named_operator,
			submitted_at: job.submitted_at,
			attempt: job.attempt,
			state: job.state,
			trace: claim.as_ref().map(|claim| claim.trace),
			claim: claim.as_ref().map(|claim| claim.root),
			output: claim.map(|claim| claim.output),
		})
	}
}

impl<T: Config + CreateAuthorizedTransaction<Call<T>>> Pallet<T> {
	/// The fee-free transaction that delivers a result, encoded for the pool.
	pub fn result_transaction(result: SignedResult) -> Vec<u8> {
		let call = Call::<T>::submit_result { result };
		<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into()).encode()
	}
}
