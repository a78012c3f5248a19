//! The money: held at submission, divided at finality, given back at any other end.
//!
//! Nothing here can fail for a reason that lies with a recipient. A share that its recipient cannot take, for it would
//! stay below the existential deposit, goes to the next in line: publisher and auditors, treasury, operator, consumer.

use crate::{
	fees::{split, Rates},
	types::{len, BalanceOf, JobStateOf},
	Claims, Config, Error, Event, HoldReason, Job, Pallet,
};
use alloc::vec::Vec;
use assay_protocol::{
	audit::Audits,
	dispute::said,
	job::{JobState, RefundReason},
	model::Models,
	operator::Rewards,
	JobId,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::{BalancedHold, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
		DefensiveOption, Get,
	},
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedSub, Zero},
	ArithmeticError, DispatchError, DispatchResult, Permill, TokenError,
};

/// Where a released part of an escrow went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Given {
	/// To whom it was held from.
	Back,
	/// To the treasury.
	ToTreasury,
	/// Nowhere.
	Burned,
}

impl<T: Config> Pallet<T> {
	/// Holds the largest fee of a job.
	pub(crate) fn hold_escrow(consumer: &T::AccountId, max_fee: BalanceOf<T>) -> DispatchResult {
		T::Currency::hold(&HoldReason::Escrow.into(), consumer, max_fee)
	}

	/// Divides the escrow of a claimed job between all who are due a share, and returns its last state and whether auditors
	/// were.
	pub(crate) fn pay_out(
		id: JobId,
		job: &Job<T>,
		operator: &T::AccountId,
	) -> Result<(JobStateOf<T>, bool), DispatchError> {
		let fee = job.fee.defensive_ok_or(Error::<T>::NotAssigned)?;
		let terms = T::Models::terms(job.version);
		let claim = Claims::<T>::get(id).defensive_ok_or(Error::<T>::NotClaimed)?;
		// A receipt that was presented is no work that was done: it makes no record.
		let auditors = match Self::is_presented(id) {
			true => Vec::new(),
			false => T::Audits::finalised(id, operator, said(&claim.output, &claim.trace)),
		};
		let rates = Rates {
			treasury: T::TreasuryShare::get(),
			royalty: terms.as_ref().map_or(Permill::zero(), |terms| terms.royalty),
			auditor: T::AuditorShare::get(),
			auditors: len(&auditors),
		};
		// Who audits a batch runs one receipt of it.
		let audited = crate::fee(job.max_price, Self::units_to_run(id, job)).filter(|_| Self::is_batch(id));
		let shares = split(fee, job.max_fee, audited.unwrap_or(fee), rates).ok_or(Error::<T>::FeeExceedsEscrow)?;
		let consumer = &job.consumer;

		let royalty = terms.map_or(Zero::zero(), |terms| {
			Self::pay(consumer, &terms.publisher, shares.royalty)
		});
		let mut due = add(shares.treasury, sub(shares.royalty, royalty)?)?;
		let mut audits = Zero::zero();
		for auditor in &auditors {
			let paid = Self::pay(consumer, auditor, shares.auditor);
			audits = add(audits, paid)?;
			due = add(due, sub(shares.auditor, paid)?)?;
		}
		let treasury = Self::pay(consumer, &T::Treasury::get(), due);
		let due = add(shares.operator, sub(due, treasury)?)?;
		let paid = Self::pay_operator(consumer, operator, due)?;
		let due = add(shares.refund, sub(due, paid)?)?;
		let refunded = Self::give_back(id, consumer, due)?;

		Self::deposit_event(Event::JobFinalised {
			job: id,
			operator: operator.clone(),
			paid,
			royalty,
			treasury,
			audits,
			refunded,
		});
		let state = JobState::Final {
			operator: operator.clone(),
			paid,
			royalty,
			treasury,
			audits,
			refunded,
		};
		Ok((state, !auditors.is_empty()))
	}

	/// Pays an operator its share of a fee: a part of that to all who stand behind it, the rest to itself. Returns what was
	/// paid.
	fn pay_operator(
		consumer: &T::AccountId,
		operator: &T::AccountId,
		due: BalanceOf<T>,
	) -> Result<BalanceOf<T>, DispatchError> {
		let shared = Self::share_out(consumer, operator, T::StakersShare::get().mul_floor(due));
		let paid = Self::pay(consumer, operator, sub(due, shared)?);
		add(shared, paid)
	}

	/// Shares out a part of the escrow of `consumer` by the stake behind `operator` and returns what was: all, or nothing if
	/// nobody can take it.
	fn share_out(consumer: &T::AccountId, operator: &T::AccountId, amount: BalanceOf<T>) -> BalanceOf<T> {
		if amount.is_zero() {
			return amount;
		}
		with_storage_layer(|| {
			let (credit, missing) = T::Currency::slash(&HoldReason::Escrow.into(), consumer, amount);
			ensure!(missing.is_zero(), TokenError::FundsUnavailable);
			T::Operators::reward(operator, credit).map_err(|_| TokenError::CannotCreate)?;
			Ok::<_, DispatchError>(amount)
		})
		.unwrap_or_else(|_| Zero::zero())
	}

	/// Gives the whole escrow of a job back, and returns its last state.
	pub(crate) fn refund(id: JobId, job: &Job<T>, reason: RefundReason) -> Result<JobStateOf<T>, DispatchError> {
		let refunded = Self::give_back(id, &job.consumer, job.max_fee)?;
		Self::deposit_event(Event::JobRefunded {
			job: id,
			reason,
			refunded,
		});
		Ok(JobState::Refunded { reason, refunded })
	}

	/// Pays from the escrow of `consumer` and returns what was paid: all, or nothing if the recipient cannot take it.
	fn pay(consumer: &T::AccountId, to: &T::AccountId, amount: BalanceOf<T>) -> BalanceOf<T> {
		if amount.is_zero() {
			return amount;
		}
		with_storage_layer(|| {
			T::Currency::transfer_on_hold(
				&HoldReason::Escrow.into(),
				consumer,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)
		})
		.unwrap_or_else(|_| Zero::zero())
	}

	/// Gives a part of the escrow of a job back and returns what the consumer has got.
	fn give_back(id: JobId, consumer: &T::AccountId, amount: BalanceOf<T>) -> Result<BalanceOf<T>, DispatchError> {
		match Self::release(consumer, amount)? {
			Given::Back => return Ok(amount),
			Given::ToTreasury => Self::deposit_event(Event::DustToTreasury { job: id, amount }),
			Given::Burned => Self::deposit_event(Event::DustBurned { job: id, amount }),
		}
		Ok(Zero::zero())
	}

	/// Releases what is held of a consumer: to it, except for an account kept alive by something else than its balance that a part
	/// below the existential deposit cannot be released to. That part goes to the treasury; if even that cannot take it, it is burned.
	pub(crate) fn release(consumer: &T::AccountId, amount: BalanceOf<T>) -> Result<Given, DispatchError> {
		let reason = HoldReason::Escrow.into();
		let released = || with_storage_layer(|| T::Currency::release(&reason, consumer, amount, Precision::Exact));
		if amount.is_zero() || released().is_ok() {
			return Ok(Given::Back);
		}
		if !Self::pay(consumer, &T::Treasury::get(), amount).is_zero() {
			return Ok(Given::ToTreasury);
		}
		T::Currency::burn_held(&reason, consumer, amount, Precision::Exact, Fortitude::Force)?;
		Ok(Given::Burned)
	}
}

fn add<B: CheckedAdd>(a: B, b: B) -> Result<B, DispatchError> {
	a.checked_add(&b).ok_or(ArithmeticError::Overflow.into())
}

fn sub<B: CheckedSub>(a: B, b: B) -> Result<B, DispatchError> {
	a.checked_sub(&b).ok_or(ArithmeticError::Underflow.into())
}
