//! The end of a dispute: who loses what.

use crate::{
	types::{BalanceOf, Status},
	AtStake, Challenges, Config, Dispute, Disputes, DisputesOf, Due, Error, Event, HoldReason, NextDisputeId,
	OldestDisputeId, Pallet, Part, Record, WeightInfo,
};
use assay_protocol::{
	audit::Audits,
	dispute::{Claims, Ruling},
	operator::{Fault, Operators, Reporter},
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
use sp_runtime::{
	traits::{CheckedDiv, CheckedSub, UniqueSaturatedInto, Zero},
	DispatchError, DispatchResult, Permill, Saturating,
};

/// Steps over the identifiers of pruned disputes with each pruned dispute: two, so that a gap shrinks.
const OLDEST_STEPS: u32 = 2;

/// What time has made due for a dispute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
	/// The worker is late.
	Late,
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
			Self::End(Ruling::Upheld | Ruling::ChallengerSilent) => {
				T::WeightInfo::expire_challenger_silent().saturating_add(lost_by_an_auditor::<T>())
			}
			// It writes what the end of a moot dispute writes and less.
			Self::Late | Self::End(Ruling::Moot) => T::WeightInfo::expire_moot(),
			Self::Prune => T::WeightInfo::expire_prune(),
		}
	}
}

/// What a lost challenge takes more if it was an auditor's, which the benchmarks do not have: its two penalties, its load, the list of
/// auditors, a hold, and a booking that finds all agendas but the last full.
pub(crate) fn lost_by_an_auditor<T: Config>() -> Weight {
	T::DbWeight::get().reads_writes(65, 57)
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
			Step::Late => Self::note_late(id, dispute),
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
			Status::Open(_) if now <= dispute.closes_at() => (!dispute.late).then_some(Step::Late),
			Status::Open(stage) if stage.is_workers() => Some(Step::End(Ruling::WorkerSilent)),
			Status::Open(_) => Some(Step::End(Ruling::ChallengerSilent)),
		}
	}

	/// Notes that the worker has not answered in time.
	fn note_late(id: DisputeId, mut dispute: Dispute<T>) {
		Self::now_late(&mut dispute);
		Self::deposit_event(Event::WorkerLate {
			dispute: id,
			operator: dispute.operator.clone(),
			until: dispute.closes_at(),
		});
		Disputes::<T>::insert(id, dispute);
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
		Self::stop_clock(&dispute);
		Self::no_longer_late(&mut dispute);
		match ruling {
			Ruling::Refuted | Ruling::WorkerSilent => {
				Self::release_bond(&dispute)?;
				let reporter = Reporter {
					account: &dispute.challenger,
					share: T::ReporterShare::get(),
				};
				penalty = match ruling {
					Ruling::WorkerSilent => T::Claims::strike_down_silent(job, Some(reporter))?,
					_ => T::Claims::strike_down(job, Some(reporter))?,
				};
			}
			Ruling::Upheld | Ruling::ChallengerSilent => {
				Self::forfeit_bond(id, &dispute)?;
				T::Audits::challenge_lost(job, attempt, &dispute.challenger);
				T::Claims::let_go(job, attempt);
			}
			Ruling::Moot => Self::release_bond(&dispute)?,
		}

		if dispute.drawn {
			AtStake::<T>::mutate_exists(&dispute.challenger, |disputes| {
				*disputes = disputes
					.and_then(|disputes| disputes.checked_sub(1))
					.filter(|left| *left > 0);
			});
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
		if dispute.drawn {
			return Ok(());
		}
		let reason = HoldReason::Bond.into();
		T::Currency::release(&reason, &dispute.challenger, dispute.bond, Precision::Exact)?;
		Ok(())
	}

	/// Gives half of the bond to the operator, or to the treasury if its account cannot take it, and the rest to the
	/// treasury: who challenges itself pays for the block space of its own answers.
	pub(crate) fn forfeit_bond(id: DisputeId, dispute: &Dispute<T>) -> DispatchResult {
		if dispute.drawn {
			Self::forfeit_stake(id, dispute);
			return Ok(());
		}
		let half = dispute.bond.checked_div(&2u32.into()).unwrap_or_else(Zero::zero);
		let rest = dispute.bond.checked_sub(&half).unwrap_or_else(Zero::zero);
		Self::forfeit(
			id,
			&dispute.challenger,
			half,
			&[dispute.operator.clone(), T::Treasury::get()],
		)?;
		Self::forfeit(id, &dispute.challenger, rest, &[T::Treasury::get()])
	}

	/// Takes as much as a bond from the stake behind an auditor that challenged: half of what the auditor itself loses of it goes
	/// to the operator, the rest to the treasury.
	fn forfeit_stake(id: DisputeId, dispute: &Dispute<T>) {
		let operator = Reporter {
			account: &dispute.operator,
			share: Permill::from_percent(50),
		};
		// Stake that had asked to leave before has nothing to do with it.
		let age = Self::now().saturating_sub(dispute.opened_at).unique_saturated_into();
		let amount = T::Operators::penalise_recent(
			&dispute.challenger,
			dispute.bond,
			Fault::LostChallenge,
			age,
			Some(operator),
		);
		Self::deposit_event(Event::StakeForfeited { dispute: id, amount });
	}

	/// Gives a part of a bond to the first that can take it; if nobody can, it is burned.
	fn forfeit(
		id: DisputeId,
		challenger: &T::AccountId,
		amount: BalanceOf<T>,
		receivers: &[T::AccountId],
	) -> DispatchResult {
		for to in receivers {
			let paid = with_storage_layer(|| {
				T::Currency::transfer_on_hold(
					&HoldReason::Bond.into(),
					challenger,
					to,
					amount,
					Precision::Exact,
					Restriction::Free,
					Fortitude::Force,
				)
			});
			if paid.is_ok() {
				Self::deposit_event(Event::BondForfeited {
					dispute: id,
					to: to.clone(),
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
