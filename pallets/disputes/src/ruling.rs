//! The end of a dispute: who loses what.

use crate::{
	types::Status, Challenges, Config, Dispute, Disputes, DisputesOf, Due, Error, Event, HoldReason, NextDisputeId,
	OldestDisputeId, Pallet, Part, Record, WeightInfo,
};
use assay_protocol::{
	dispute::{Claims, Ruling},
	operator::Reporter,
	DisputeId,
};
use frame_support::{
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::Zero, DispatchError, DispatchResult, Saturating};

/// Steps over the identifiers of pruned disputes with each pruned dispute: two, so that a gap shrinks.
const OLDEST_STEPS: u32 = 2;

/// What time has made due for a dispute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
	/// It ends.
	End(Ruling),
	/// It is forgotten.
	Prune,
}

impl Step {
	/// What it takes.
	pub(crate) fn weight<T: Config>(self) -> Weight {
		match self {
			Self::End(Ruling::Refuted | Ruling::WorkerSilent) => T::WeightInfo::expire_worker_silent(),
			Self::End(Ruling::Upheld | Ruling::ChallengerSilent) => T::WeightInfo::expire_challenger_silent(),
			Self::End(Ruling::Moot) => T::WeightInfo::expire_moot(),
			Self::Prune => T::WeightInfo::expire_prune(),
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The most that one step takes.
	pub(crate) fn step_weight() -> Weight {
		[
			Step::End(Ruling::WorkerSilent),
			Step::End(Ruling::ChallengerSilent),
			Step::End(Ruling::Moot),
			Step::Prune,
		]
		.into_iter()
		.fold(Weight::zero(), |most, step| most.max(step.weight::<T>()))
	}

	/// Does what is due for a dispute.
	pub(crate) fn do_expire(id: DisputeId) -> Result<Step, DispatchError> {
		let dispute = Disputes::<T>::get(id).ok_or(Error::<T>::UnknownDispute)?;
		Self::step(id, dispute, Self::now())?.ok_or(Error::<T>::NothingDue.into())
	}

	/// Takes the step that is due; `None`, and nothing is stored, if there is none.
	pub(crate) fn step(
		id: DisputeId,
		dispute: Dispute<T>,
		now: BlockNumberFor<T>,
	) -> Result<Option<Step>, DispatchError> {
		let Some(step) = Self::due_step(&dispute, now) else {
			return Ok(None);
		};
		match step {
			Step::End(ruling) => Self::rule(id, dispute, ruling, now)?,
			Step::Prune => Self::prune(id, dispute),
		}
		Ok(Some(step))
	}

	fn due_step(dispute: &Dispute<T>, now: BlockNumberFor<T>) -> Option<Step> {
		match dispute.status {
			Status::Over { kept_until, .. } => (now >= kept_until).then_some(Step::Prune),
			Status::Open(_) if Self::claim_of(dispute).is_none() => Some(Step::End(Ruling::Moot)),
			Status::Open(_) if now <= dispute.deadline => None,
			Status::Open(stage) if stage.is_workers() => Some(Step::End(Ruling::WorkerSilent)),
			Status::Open(_) => Some(Step::End(Ruling::ChallengerSilent)),
		}
	}

	/// Ends an open dispute.
	pub(crate) fn rule(
		id: DisputeId,
		mut dispute: Dispute<T>,
		ruling: Ruling,
		now: BlockNumberFor<T>,
	) -> DispatchResult {
		let (job, attempt) = (dispute.job, dispute.attempt);
		let mut penalty = Zero::zero();
		match ruling {
			Ruling::Refuted | Ruling::WorkerSilent => {
				Self::release_bond(&dispute)?;
				let reporter = Reporter {
					account: &dispute.challenger,
					share: T::ReporterShare::get(),
				};
				penalty = T::Claims::strike_down(job, ruling == Ruling::Refuted, Some(reporter))?;
			}
			Ruling::Upheld | Ruling::ChallengerSilent => {
				Self::forfeit_bond(id, &dispute)?;
				T::Claims::let_go(job, attempt);
			}
			Ruling::Moot => Self::release_bond(&dispute)?,
		}

		Challenges::<T>::remove(job, (attempt, dispute.challenger.clone(), dispute.accusation));
		Due::<T>::remove(&dispute.operator, id);
		Due::<T>::remove(&dispute.challenger, id);
		for part in Part::ALL {
			Record::<T>::remove(id, part);
		}
		let kept_until = now.saturating_add(T::Retention::get());
		dispute.status = Status::Over { ruling, kept_until };
		Disputes::<T>::insert(id, dispute);
		Self::deposit_event(Event::DisputeEnded {
			dispute: id,
			job,
			attempt,
			ruling,
			penalty,
		});
		Ok(())
	}

	fn release_bond(dispute: &Dispute<T>) -> DispatchResult {
		let reason = HoldReason::Bond.into();
		T::Currency::release(&reason, &dispute.challenger, dispute.bond, Precision::Exact)?;
		Ok(())
	}

	/// Gives the bond to the operator; if its account cannot take it, to the treasury; if even that cannot, it is burned.
	pub(crate) fn forfeit_bond(id: DisputeId, dispute: &Dispute<T>) -> DispatchResult {
		let (challenger, amount) = (&dispute.challenger, dispute.bond);
		for to in [dispute.operator.clone(), T::Treasury::get()] {
			let paid = with_storage_layer(|| {
				T::Currency::transfer_on_hold(
					&HoldReason::Bond.into(),
					challenger,
					&to,
					amount,
					Precision::Exact,
					Restriction::Free,
					Fortitude::Force,
				)
			});
			if paid.is_ok() {
				Self::deposit_event(Event::BondForfeited {
					dispute: id,
					to,
					amount,
				});
				return Ok(());
			}
		}
		T::Currency::burn_held(
			&HoldReason::Bond.into(),
			challenger,
			amount,
			Precision::Exact,
			Fortitude::Force,
		)?;
		Self::deposit_event(Event::BondBurned { dispute: id, amount });
		Ok(())
	}

	/// Removes everything stored of a dispute that is over.
	fn prune(id: DisputeId, mut dispute: Dispute<T>) {
		Self::unbook(id, &mut dispute);
		Disputes::<T>::remove(id);
		DisputesOf::<T>::remove(dispute.job, id);
		OldestDisputeId::<T>::mutate(|oldest| {
			for _ in 0..OLDEST_STEPS {
				match oldest.next() {
					Some(next) if *oldest < NextDisputeId::<T>::get() && !Disputes::<T>::contains_key(*oldest) => {
						*oldest = next
					}
					_ => break,
				}
			}
		});
		Self::deposit_event(Event::DisputePruned { dispute: id });
	}
}
