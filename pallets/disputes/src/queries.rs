//! What the runtime API `DisputesApi` returns.

use crate::{
	types::{BalanceOf, DisputeSummaryOf, Status},
	Call, Config, Dispute, Disputes, DisputesOf, Due, NextDisputeId, OldestDisputeId, Pallet, Part, Record, MOVES,
};
use alloc::vec::Vec;
use assay_protocol::{
	dispute::{AnswerDuty, Claims, DisputeParameters, DisputeRecord, MoveDuty, SignedAnswer, SignedMove, Stage},
	operator::{Operators, WorkerKey},
	DisputeId, JobId,
};
use codec::{DecodeAll, Encode};
use frame_support::traits::Get;
use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::BlockNumberFor};
use sp_runtime::{traits::One, Saturating};

/// Disputes in one answer at most.
const PAGE: u32 = 100;
/// Due answers returned at most; what is answered makes room for the next.
const DUTIES: usize = 64;
/// Due moves returned at most: each comes with all that was shown.
const MOVES_SHOWN: usize = 8;
/// Due answers looked at at most to find the most urgent: behind each stands a bond.
const DUTIES_READ: usize = 4_096;

impl<T: Config> Pallet<T> {
	/// One dispute.
	pub fn dispute_summary(id: DisputeId) -> Option<DisputeSummaryOf<T>> {
		let dispute = Disputes::<T>::get(id)?;
		let (stage, ruling) = match dispute.status {
			Status::Open(stage) => (Some(stage), None),
			Status::Over { ruling, .. } => (None, Some(ruling)),
		};
		let closes_at = dispute.closes_at();
		let late = stage.is_some() && dispute.deadline < Self::now() && Self::now() <= closes_at;
		Some(DisputeSummaryOf::<T> {
			id,
			job: dispute.job,
			attempt: dispute.attempt,
			challenger: dispute.challenger,
			operator: dispute.operator,
			bond: dispute.bond,
			stage,
			deadline: if late { closes_at } else { dispute.deadline },
			late,
			ruling,
		})
	}

	/// At most `limit`, and at most 100, disputes, newest first, with identifiers below `before`, of one job or of all.
	pub fn disputes_page(job: Option<JobId>, before: Option<DisputeId>, limit: u32) -> Vec<DisputeSummaryOf<T>> {
		let next = NextDisputeId::<T>::get();
		let before = before.map_or(next, |before| before.min(next));
		// At most 100.
		let limit = usize::try_from(limit.min(PAGE)).unwrap_or_default();
		match job {
			Some(job) => {
				let mut ids: Vec<_> = DisputesOf::<T>::iter_key_prefix(job)
					.filter(|id| *id < before)
					.collect();
				ids.sort_unstable_by(|a, b| b.cmp(a));
				ids.into_iter().filter_map(Self::dispute_summary).take(limit).collect()
			}
			None => (OldestDisputeId::<T>::get().0..before.0)
				.rev()
				.filter_map(|id| Self::dispute_summary(DisputeId(id)))
				.take(limit)
				.collect(),
		}
	}

	/// What the worker has shown so far in a dispute; nothing is left of it when the dispute is over.
	pub fn dispute_record(id: DisputeId) -> Option<DisputeRecord> {
		let dispute = Disputes::<T>::get(id)?;
		Some(DisputeRecord {
			hash: dispute.record,
			groups: Self::shown(id, Part::Groups),
			cells: Self::shown(id, Part::Cells),
			shown: Self::shown(id, Part::Shown),
		})
	}

	fn shown<V: DecodeAll>(id: DisputeId, part: Part) -> Option<V> {
		let bytes = Record::<T>::get(id, part)?;
		V::decode_all(&mut &bytes[..]).ok()
	}

	/// Constants.
	pub fn parameters() -> DisputeParameters<BalanceOf<T>, BlockNumberFor<T>> {
		DisputeParameters {
			bond: T::Bond::get(),
			move_period: T::MovePeriod::get(),
			longest_delay: Self::longest_delay(),
		}
	}

	/// Blocks after the end of its window by which a job that takes no time to run can become final at the latest, however many
	/// disputes there are: every move takes a whole period, the worker is as late as it can be and its challenger then has as
	/// long, and the clock of the last runs out in the next block. A longer job adds what running it takes for each move.
	pub fn longest_delay() -> BlockNumberFor<T> {
		let late = T::Claims::guilt_period().saturating_mul(2u32.into());
		T::MovePeriod::get()
			.saturating_mul(MOVES.into())
			.saturating_add(late)
			.saturating_add(One::one())
	}

	/// Answers that are due from the operator of this worker key and that the next block still takes, the most urgent
	/// first.
	pub fn due(worker: &WorkerKey) -> Vec<AnswerDuty<BlockNumberFor<T>>> {
		let Some(operator) = T::Operators::of_worker_key(worker) else {
			return Vec::new();
		};
		let now = Self::now();
		Self::disputes_due(&operator)
			.into_iter()
			.filter(|(_, stage, dispute)| stage.is_workers() && dispute.operator == operator)
			.filter_map(|(id, stage, dispute)| {
				Some(AnswerDuty {
					dispute: id,
					stage,
					// It is late after the first clock: the second is no time to plan with.
					deadline: if now <= dispute.deadline {
						dispute.deadline
					} else {
						dispute.closes_at()
					},
					claim: Self::claim_of(&dispute)?.claim,
				})
			})
			.take(DUTIES)
			.collect()
	}

	/// Moves that are due from the operator of this worker key in the challenges that it made, the most urgent first.
	pub fn moves_due(worker: &WorkerKey) -> Vec<MoveDuty<T::AccountId, BlockNumberFor<T>>> {
		let Some(operator) = T::Operators::of_worker_key(worker) else {
			return Vec::new();
		};
		Self::disputes_due(&operator)
			.into_iter()
			.filter(|(_, stage, dispute)| !stage.is_workers() && dispute.challenger == operator)
			.filter_map(|(id, stage, dispute)| {
				Some(MoveDuty {
					challenger: operator.clone(),
					dispute: id,
					stage,
					deadline: dispute.deadline,
					record: Self::dispute_record(id)?,
					claim: Self::claim_of(&dispute)?.claim,
				})
			})
			.take(MOVES_SHOWN)
			.collect()
	}

	/// Open disputes in which an account has to move, the most urgent first.
	fn disputes_due(who: &T::AccountId) -> Vec<(DisputeId, Stage, Dispute<T>)> {
		let now = Self::now();
		let mut due: Vec<_> = Due::<T>::iter_key_prefix(who)
			.take(DUTIES_READ)
			.filter_map(|id| {
				let (dispute, stage) = Self::open_dispute(id).ok()?;
				(now < dispute.closes_at()).then_some((id, stage, dispute))
			})
			.collect();
		due.sort_unstable_by(|(a, _, first), (b, _, second)| (first.deadline, a).cmp(&(second.deadline, b)));
		due
	}
}

impl<T: Config + CreateAuthorizedTransaction<Call<T>>> Pallet<T> {
	/// The fee-free transaction that delivers an answer, encoded for the pool.
	pub fn answer_transaction(answer: SignedAnswer) -> Vec<u8> {
		let call = Call::<T>::answer { answer };
		<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into()).encode()
	}

	/// The fee-free transaction that makes a move of an operator that challenges, encoded for the pool.
	pub fn move_transaction(signed: SignedMove<T::AccountId>) -> Vec<u8> {
		let call = Call::<T>::move_as_operator { signed };
		<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into()).encode()
	}
}
