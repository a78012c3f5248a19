//! Results: what makes one valid, in the transaction pool and in the block.

use crate::{
	fee, output::check_output, types::BalanceOf, Claim, Claims, Config, Error, Event, Inputs, Job, Jobs, OpenClaims,
	Pallet,
};
use assay_exact::{ComputeUnits, Input, Output};
use assay_protocol::{
	audit::Audits,
	job::{JobResult, JobState, SignedResult},
	model::Models,
	operator::Operators,
};
use assay_trace::claim::claim_root;
use codec::Encode;
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	DispatchResult, Saturating,
};

/// Results come before what pays, for an operator that is crowded out would be punished; there is at most one for each
/// job that was paid for.
const RESULT_PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

/// A result that may be claimed, apart from its signature.
struct Valid<T: Config> {
	job: Job<T>,
	operator: T::AccountId,
	price: BalanceOf<T>,
	deadline: BlockNumberFor<T>,
	units: ComputeUnits,
	fee: BalanceOf<T>,
}

impl<T: Config> Pallet<T> {
	/// Checks a result that asks to be included: the cheap checks first, the signature last.
	pub(crate) fn authorize_result(_: TransactionSource, signed: &SignedResult) -> TransactionValidityWithRefund {
		let SignedResult { result, signature } = signed;
		let Valid { operator, deadline, .. } = Self::check_result(result).map_err(invalid)?;
		let key = T::Operators::worker_key(&operator).ok_or_else(|| invalid(Error::<T>::NoWorkerKey))?;
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		if !key.verify(&result.signing_payload(&genesis.0), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		let blocks_left = deadline.saturating_sub(Self::now());
		ValidTransaction::with_tag_prefix("AssayResult")
			.priority(RESULT_PRIORITY)
			.and_provides((result.job, result.attempt))
			.longevity(UniqueSaturatedInto::<u64>::unique_saturated_into(blocks_left).max(1))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Stores a result and opens the window.
	pub(crate) fn do_claim(result: JobResult) -> DispatchResult {
		let Valid {
			mut job,
			operator,
			price,
			units,
			fee,
			..
		} = Self::check_result(&result)?;
		let JobResult {
			job: id,
			attempt,
			output,
			trace,
			claim,
		} = result;
		let now = Self::now();
		let final_at = Self::window(units);
		// From now on it answers for what it claims, not for the most that it could have been.
		let most = crate::fee(price, job.max_units).ok_or(Error::<T>::FeeExceedsEscrow)?;
		T::Operators::release(&operator, most.saturating_sub(fee));
		Self::no_longer_in_flight(&operator, id);
		Self::note_seen(&operator);
		OpenClaims::<T>::mutate(&operator, |claims| *claims = claims.saturating_add(1));
		Claims::<T>::insert(
			id,
			Claim {
				output,
				trace,
				root: claim,
			},
		);
		job.fee = Some(fee);
		job.claimed_units = Some(units);
		job.state = JobState::Claimed {
			operator: operator.clone(),
			price,
			final_at,
		};
		if T::Audits::claimed(id, attempt, job.version, &operator) {
			job.holds = 1;
			Self::unbook(id, &mut job);
		} else {
			Self::book(id, &mut job, final_at, now);
		}
		Jobs::<T>::insert(id, job);
		Self::deposit_event(Event::ResultClaimed {
			job: id,
			attempt,
			operator,
			claim,
			fee,
			final_at,
		});
		Ok(())
	}

	/// Checks everything but the signature.
	fn check_result(result: &JobResult) -> Result<Valid<T>, Error<T>> {
		let job = Jobs::<T>::get(result.job).ok_or(Error::<T>::UnknownJob)?;
		let JobState::Assigned {
			operator,
			price,
			deadline,
		} = job.state.clone()
		else {
			return Err(Error::NotAssigned);
		};
		ensure!(job.attempt == result.attempt, Error::<T>::WrongAttempt);
		ensure!(Self::now() <= deadline, Error::<T>::DeadlinePassed);

		let program = T::Models::program(job.version).map_err(Error::<T>::from)?;
		let generated = check_output::<T>(&program, &job.generation, &result.output)?;
		let units = program.units(job.input_positions, generated);
		let fee = fee(price, units)
			.filter(|fee| *fee <= job.max_fee)
			.ok_or(Error::<T>::FeeExceedsEscrow)?;

		let input = Inputs::<T>::get(result.job).ok_or(Error::<T>::UnknownJob)?;
		let root = claim_root(
			result.job.0,
			result.attempt.0,
			&job.artifact,
			&Input::from(input),
			&job.generation,
			&Output::from(result.output.clone()),
			&result.trace,
		);
		ensure!(root == result.claim, Error::<T>::ClaimMismatch);
		Ok(Valid {
			job,
			operator,
			price,
			deadline,
			units,
			fee,
		})
	}
}

/// How an error appears in the transaction pool. Causes that time may have brought about are `Stale`, so that a
/// transaction that was good when it was sent is dropped quietly.
fn invalid<T>(error: Error<T>) -> InvalidTransaction {
	match error {
		Error::UnknownJob | Error::NotAssigned | Error::WrongAttempt | Error::DeadlinePassed => {
			InvalidTransaction::Stale
		}
		other => InvalidTransaction::Custom(other.encode().first().copied().unwrap_or(u8::MAX)),
	}
}
