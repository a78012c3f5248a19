//! Moves of operators that challenge, signed by their worker keys.

use crate::{bytes, Config, Error, Pallet, WeightInfo};
use assay_protocol::{
	audit::Audits,
	dispute::{Claims, DisputedClaim, Move, SignedMove},
	operator::Operators,
};
use codec::Encode;
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	storage::{with_transaction, TransactionOutcome},
	traits::Get,
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_core::H256;
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	DispatchError, DispatchResult,
};

/// Moves come before what pays: a challenger that is crowded out would lose its bond.
const MOVE_PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

impl<T: Config> Pallet<T> {
	/// What a move takes after its authorisation.
	pub(crate) fn move_weight(signed: &SignedMove<T::AccountId>) -> Weight {
		let benchmarked = match signed.act {
			// It may end the audit, which lets go of everybody and books the job.
			Move::Challenge { .. } => {
				T::WeightInfo::challenge().saturating_add(T::DbWeight::get().reads_writes(96, 32))
			}
			Move::PointAtGroup { .. } => T::WeightInfo::point_at_group(),
			Move::PointAtTarget { .. } | Move::PointAtStep { .. } => T::WeightInfo::point_at_target(),
			Move::Prove { .. } => return Self::judge_weight(bytes(signed)),
		};
		// Its turn counts in its load too, as that of no other challenger does.
		benchmarked.saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}

	/// What its authorisation takes: the signature, and the move itself, which is tried.
	pub(crate) fn authorize_move_weight(signed: &SignedMove<T::AccountId>) -> Weight {
		T::WeightInfo::authorize_answer(bytes(signed)).saturating_add(Self::move_weight(signed))
	}

	/// Checks a move that asks to be included: who signed it, then by trying it, for a move that fails would cost nobody
	/// anything.
	pub(crate) fn authorize_move(
		_: TransactionSource,
		signed: &SignedMove<T::AccountId>,
	) -> TransactionValidityWithRefund {
		let SignedMove {
			challenger,
			act,
			signature,
		} = signed;
		// Nothing else that a move says is long.
		if let Move::Prove { proof, .. } = act {
			ensure!(Self::fits(proof.encoded_size()), InvalidTransaction::ExhaustsResources);
		}
		let claim = Self::claim_of_move(act).ok_or(InvalidTransaction::Stale)?;
		let key = T::Operators::worker_key(challenger).ok_or(InvalidTransaction::BadSigner)?;
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let payload = SignedMove::signing_payload(challenger, act, &claim.root(), &genesis.0);
		if !key.verify(&payload, signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		let tried = with_transaction(|| {
			TransactionOutcome::Rollback(Ok::<_, DispatchError>(Self::do_move(challenger, act.clone())))
		});
		// Time may bring about whatever a move fails for: somebody else may have been faster.
		tried
			.and_then(|outcome| outcome)
			.map_err(|_| InvalidTransaction::Stale)?;
		ValidTransaction::with_tag_prefix("AssayMove")
			.priority(MOVE_PRIORITY.saturating_sub(bytes(signed).into()))
			.and_provides((challenger, tag(act)))
			.longevity(UniqueSaturatedInto::<u64>::unique_saturated_into(T::MovePeriod::get()).max(1))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Makes a move of an operator.
	pub(crate) fn do_move(challenger: &T::AccountId, act: Move) -> DispatchResult {
		T::Claims::seen(challenger);
		match act {
			Move::Challenge {
				job,
				attempt,
				accusation,
			} => {
				let drawn = T::Audits::is_drawn(job, attempt, challenger);
				ensure!(drawn, Error::<T>::NotDrawn);
				let claimed = T::Claims::claim(job).filter(|claimed| claimed.claim.attempt == attempt);
				let claimed = claimed.ok_or(Error::<T>::NoOpenClaim)?;
				// Its audit holds the job back and has a clock of its own, so the window does not matter.
				Self::open(challenger.clone(), claimed, accusation, true)
			}
			Move::PointAtGroup { dispute, record, group } => {
				Self::do_point_at_group(challenger, dispute, record, group)
			}
			Move::PointAtTarget {
				dispute,
				record,
				place,
				target,
			} => Self::do_point_at_target(challenger, dispute, record, place, target),
			Move::Prove { dispute, record, proof } => Self::do_prove(challenger, dispute, record, proof),
			Move::PointAtStep {
				dispute,
				record,
				place,
				step,
			} => Self::do_point_at_step(challenger, dispute, record, place, step),
		}
	}

	/// The claim that a move is about.
	fn claim_of_move(act: &Move) -> Option<DisputedClaim> {
		match act {
			Move::Challenge { job, .. } => Some(T::Claims::claim(*job)?.claim),
			Move::PointAtGroup { dispute, .. }
			| Move::PointAtTarget { dispute, .. }
			| Move::Prove { dispute, .. }
			| Move::PointAtStep { dispute, .. } => {
				let (dispute, _) = Self::open_dispute(*dispute).ok()?;
				Some(Self::claim_of(&dispute)?.claim)
			}
		}
	}
}

/// What a move provides: one challenge of a claim, and one move at a time in a dispute.
fn tag(act: &Move) -> (u8, u64, u8, H256) {
	match act {
		Move::Challenge { job, attempt, .. } => (0, job.0, attempt.0, H256::zero()),
		Move::PointAtGroup { dispute, record, .. } => (1, dispute.0, 0, *record),
		Move::PointAtTarget { dispute, record, .. } => (2, dispute.0, 0, *record),
		// One or the other, at the same stage.
		Move::Prove { dispute, record, .. } | Move::PointAtStep { dispute, record, .. } => (3, dispute.0, 0, *record),
	}
}
