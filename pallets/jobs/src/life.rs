//! The steps of a job's life. Each reads the job, changes it, and stores it once.

use crate::{
	assignment::Assignment,
	types::{len, BalanceOf, JobStateOf, Submission},
	Brought, Claims, Config, Error, Event, Inputs, Job, Jobs, JobsOf, NextJobId, OldestJobId, OpenClaims, Pallet,
	WeightInfo,
};
use assay_exact::{ComputeUnits, Input, Program};
use assay_protocol::{
	audit::Audits,
	blocks_to_run,
	job::{JobError, JobState, RefundReason, MAX_INLINE_ELEMENTS},
	model::{Models, MAX_OFFERS},
	operator::{Fault, Operators},
	JobId,
};
use assay_trace::{size::Sizes, Layout};
use frame_support::{
	ensure,
	traits::{
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
	weights::Weight,
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{CheckedMul, One, Zero},
	DispatchError, DispatchResult, Saturating,
};

/// How often an operator is looked for on average, at most.
const TRIES: u64 = 2;
/// Steps over the identifiers of pruned jobs with each pruned job: two, so that a gap shrinks.
const OLDEST_STEPS: u32 = 2;

/// A step that was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
	/// An open job was assigned after so many offers were considered.
	Assigned(u32),
	/// An open job was refunded after so many offers were considered a last time.
	Refunded(u32),
	/// An open job found no operator after so many offers were considered.
	Waited(u32),
	/// A missed deadline was dealt with, and so many offers were considered for the next attempt.
	Missed(u32),
	/// The job became final, with auditors that are paid or not.
	Finalised {
		/// Whether there were any.
		audited: bool,
	},
	/// The job is no longer stored.
	Pruned,
}

impl Step {
	/// What it took.
	pub(crate) fn weight<T: Config>(self) -> Weight {
		match self {
			Self::Assigned(offers) | Self::Waited(offers) => T::WeightInfo::advance_assign(offers),
			Self::Refunded(offers) => {
				T::WeightInfo::advance_refund().saturating_add(T::WeightInfo::advance_assign(offers))
			}
			Self::Missed(offers) => T::WeightInfo::advance_missed(offers),
			Self::Finalised { audited: false } => T::WeightInfo::advance_finalise(),
			// With auditors that are paid and others that are judged, which the benchmark does not have.
			Self::Finalised { audited: true } => {
				T::WeightInfo::advance_finalise().saturating_add(T::DbWeight::get().reads_writes(64, 64))
			}
			Self::Pruned => T::WeightInfo::advance_prune(),
		}
	}
}

/// Positions an input takes, and computation of a job at most.
pub(crate) fn measure(program: &Program, elements: u32, max_tokens: u32) -> Result<(u32, ComputeUnits), JobError> {
	ensure!(elements > 0, JobError::EmptyInput);
	ensure!(elements <= MAX_INLINE_ELEMENTS, JobError::InputTooLong);
	let positions = match program.input_length() {
		Some(length) if length != elements => return Err(JobError::WrongInputKind),
		Some(_) => 1,
		None => elements,
	};
	ensure!(positions <= program.positions, JobError::TooManyPositions);
	let generated = match program.output_length() {
		Some(length) => {
			ensure!(length <= MAX_INLINE_ELEMENTS, JobError::OutputTooLong);
			0
		}
		None => {
			ensure!(max_tokens > 0, JobError::BadGeneration);
			ensure!(max_tokens <= MAX_INLINE_ELEMENTS, JobError::OutputTooLong);
			// Both are at most `MAX_INLINE_ELEMENTS` or `MAX_POSITIONS`.
			ensure!(
				positions.saturating_add(max_tokens) <= program.positions,
				JobError::TooManyPositions
			);
			max_tokens
		}
	};
	Ok((positions, program.units(positions, generated)))
}

impl<T: Config> Pallet<T> {
	/// The most one step takes.
	pub(crate) fn step_weight() -> Weight {
		[
			Step::Assigned(MAX_OFFERS),
			Step::Refunded(MAX_OFFERS),
			Step::Missed(MAX_OFFERS),
			Step::Finalised { audited: true },
			Step::Pruned,
		]
		.into_iter()
		.fold(Weight::zero(), |most, step| most.max(step.weight::<T>()))
	}

	/// What a submission takes, and what it makes the chain do later: to look for an operator, twice where the first is busy, to take
	/// its result, which is free of fees, to end the job and to audit it. So no more is submitted than can be followed up.
	pub(crate) fn submit_weight(offers: u32, elements: u32) -> Weight {
		[
			T::WeightInfo::submit(offers, elements),
			T::WeightInfo::advance_assign(offers).saturating_mul(TRIES),
			T::WeightInfo::authorize_submit_result(),
			T::WeightInfo::submit_result(),
			Self::end_weight(),
			T::AuditWeight::get(),
		]
		.into_iter()
		.fold(Weight::zero(), |all, part| all.saturating_add(part))
	}

	/// What ending a job takes, and forgetting it.
	pub fn end_weight() -> Weight {
		let finalised = Step::Finalised { audited: false }.weight::<T>();
		finalised.saturating_add(Step::Pruned.weight::<T>())
	}

	/// What the room in blocks costs that the audit of a job may take.
	pub(crate) fn room(program: &Program, positions: u32, max_tokens: u32) -> Option<BalanceOf<T>> {
		let generated = if program.output_length().is_some() {
			0
		} else {
			max_tokens
		};
		let answers = Sizes::new(program, Layout::new(program, positions, generated)).answers();
		let bytes = BalanceOf::<T>::try_from(T::Audits::expected_bytes(&answers)).ok()?;
		bytes.checked_mul(&T::BytePrice::get())
	}

	/// Stores a new job, assigned if possible, and returns the number of offers considered.
	pub(crate) fn do_submit(consumer: T::AccountId, submission: Submission<T>) -> Result<u32, DispatchError> {
		let Submission {
			version,
			input,
			generation,
			max_fee,
			max_price,
			operator,
		} = submission;
		let terms = T::Models::terms(version).ok_or(Error::<T>::UnknownVersion)?;
		ensure!(!terms.retired, Error::<T>::VersionRetired);
		let program = T::Models::program(version).map_err(Error::<T>::from)?;
		let (input_positions, max_units) =
			measure(&program, input.len(), generation.max_tokens).map_err(Error::<T>::from)?;
		program
			.check_job(&Input::from(input.clone()), &generation)
			.map_err(|error| Error::<T>::from(JobError::from(error)))?;
		ensure!(Self::run(max_units) <= T::LongestRun::get(), Error::<T>::JobTooLarge);
		let now = Self::now();
		let mut job = Job {
			consumer: consumer.clone(),
			version,
			artifact: terms.artifact,
			generation,
			input_positions,
			max_units,
			max_fee,
			max_price,
			fee: None,
			claimed_units: None,
			named_operator: operator,
			submitted_at: now,
			assigned_at: now,
			attempt: Default::default(),
			failed: BoundedVec::new(),
			holds: 0,
			lateness: Default::default(),
			state: JobState::Open {
				expires: now.saturating_add(T::OpenPeriod::get()),
			},
			due_at: now,
			booked_at: None,
		};
		let listed = Self::ensure_takers(&job)?;
		let room = Self::room(&program, input_positions, generation.max_tokens).ok_or(Error::<T>::JobTooLarge)?;

		let id = NextJobId::<T>::get();
		NextJobId::<T>::put(id.next().ok_or(Error::<T>::JobIdsExhausted)?);
		Self::hold_escrow(&consumer, max_fee)?;
		T::Currency::burn_from(
			&consumer,
			room,
			Preservation::Preserve,
			Precision::Exact,
			Fortitude::Polite,
		)?;
		T::Models::job_started(version);
		Inputs::<T>::insert(id, input);
		JobsOf::<T>::insert(&consumer, id, ());
		Self::deposit_event(Event::JobSubmitted {
			job: id,
			consumer,
			version,
			max_fee,
			room,
		});
		let assigned = Self::assign_or_wait(id, &mut job, now);
		Jobs::<T>::insert(id, job);
		Ok(listed.max(assigned))
	}

	/// Ends an open job at its consumer's wish.
	pub(crate) fn do_cancel(consumer: &T::AccountId, id: JobId) -> DispatchResult {
		let job = Jobs::<T>::get(id).ok_or(Error::<T>::UnknownJob)?;
		ensure!(job.consumer == *consumer, Error::<T>::NotConsumer);
		ensure!(matches!(job.state, JobState::Open { .. }), Error::<T>::NotOpen);
		let state = Self::refund(id, &job, RefundReason::Cancelled)?;
		Self::end(id, job, state, Self::now());
		Ok(())
	}

	/// Does what is due for a job.
	pub(crate) fn do_advance(id: JobId) -> Result<Step, DispatchError> {
		let job = Jobs::<T>::get(id).ok_or(Error::<T>::UnknownJob)?;
		// Whoever makes a block knows what it draws: the agenda alone says when an operator is drawn.
		let to_be_drawn = matches!(job.state, JobState::Open { .. }) && job.named_operator.is_none();
		ensure!(!to_be_drawn || job.booked_at.is_none(), Error::<T>::NothingDue);
		match Self::step(id, job, Self::now())? {
			None | Some(Step::Waited(_)) => Err(Error::<T>::NothingDue.into()),
			Some(step) => Ok(step),
		}
	}

	/// Takes the step that is due; `None`, and nothing is stored, if there is none. Nothing is stored either if an open job
	/// has to wait on.
	pub(crate) fn step(id: JobId, mut job: Job<T>, now: BlockNumberFor<T>) -> Result<Option<Step>, DispatchError> {
		match job.state.clone() {
			JobState::Open { expires } => {
				let opened = expires.saturating_sub(T::OpenPeriod::get());
				let first = opened.saturating_add(T::AssignmentDelay::get());
				if job.named_operator.is_none() && now < first {
					return Ok(None);
				}
				let Assignment { found, offers } = Self::assign(id, &mut job, now);
				if found {
					Self::book_deadline(id, &mut job, now);
					Jobs::<T>::insert(id, job);
					return Ok(Some(Step::Assigned(offers)));
				}
				if now < expires {
					return Ok(Some(Step::Waited(offers)));
				}
				let state = Self::refund(id, &job, RefundReason::Unassigned)?;
				Self::end(id, job, state, now);
				Ok(Some(Step::Refunded(offers)))
			}
			JobState::Assigned {
				operator,
				price,
				deadline,
			} if now > deadline => Self::missed(id, job, operator, price, now).map(Some),
			JobState::Claimed {
				operator,
				price,
				final_at,
			} if now >= final_at && job.holds == 0 => {
				Self::uncommit(&operator, price, &job)?;
				Self::no_longer_claimed(id, &operator);
				let (state, audited) = Self::pay_out(id, &job, &operator)?;
				Self::no_longer_presented(id);
				Self::end(id, job, state, now);
				Ok(Some(Step::Finalised { audited }))
			}
			JobState::Final { .. } | JobState::Refunded { .. } if now >= job.due_at => {
				Self::prune(id, job);
				Ok(Some(Step::Pruned))
			}
			_ => Ok(None),
		}
	}

	/// Punishes the operator that missed the deadline, and begins the next attempt or ends the job.
	fn missed(
		id: JobId,
		job: Job<T>,
		operator: T::AccountId,
		price: BalanceOf<T>,
		now: BlockNumberFor<T>,
	) -> Result<Step, DispatchError> {
		Self::uncommit(&operator, price, &job)?;
		Self::no_longer_in_flight(&operator, id);
		// What the delay cost is at most what the consumer would have paid: who is away loses no more by a job than it is
		// worth.
		let worth = crate::fee(price, job.max_units).ok_or(Error::<T>::FeeExceedsEscrow)?;
		let penalty = worth.min(T::MissedDeadlinePenalty::get());
		let penalty = T::Operators::penalise(&operator, penalty, Fault::MissedDeadline, None);
		Self::deposit_event(Event::DeadlineMissed {
			job: id,
			attempt: job.attempt,
			operator: operator.clone(),
			penalty,
		});
		Self::begin_next_attempt(id, job, operator, now).map(Step::Missed)
	}

	/// Begins the next attempt after an operator failed, or ends the job; returns the number of offers considered.
	pub(crate) fn begin_next_attempt(
		id: JobId,
		mut job: Job<T>,
		failed: T::AccountId,
		now: BlockNumberFor<T>,
	) -> Result<u32, DispatchError> {
		// There is room for every attempt.
		job.failed.try_push(failed).map_err(|_| DispatchError::Exhausted)?;
		job.lateness = Default::default();
		job.fee = None;
		job.claimed_units = None;
		if job.named_operator.is_some() {
			let state = Self::refund(id, &job, RefundReason::OperatorFailed)?;
			Self::end(id, job, state, now);
			return Ok(0);
		}
		match job.attempt.next().filter(|_| len(&job.failed) < T::MaxAttempts::get()) {
			Some(attempt) => {
				job.attempt = attempt;
				job.state = JobState::Open {
					expires: now.saturating_add(T::OpenPeriod::get()),
				};
				let offers = Self::assign_or_wait(id, &mut job, now);
				Jobs::<T>::insert(id, job);
				Ok(offers)
			}
			None => {
				let state = Self::refund(id, &job, RefundReason::AttemptsExhausted)?;
				Self::end(id, job, state, now);
				Ok(0)
			}
		}
	}

	/// Assigns an open job or books the next attempt to; returns the number of offers considered. An unnamed job waits for a
	/// number that nobody knows yet.
	fn assign_or_wait(id: JobId, job: &mut Job<T>, now: BlockNumberFor<T>) -> u32 {
		let delay = T::AssignmentDelay::get();
		if job.named_operator.is_none() && !delay.is_zero() {
			Self::book(id, job, now.saturating_add(delay), now);
			return 0;
		}
		let assignment = Self::assign(id, job, now);
		if assignment.found {
			Self::book_deadline(id, job, now);
		} else {
			// Never after the expiry: `RetryPeriod` is not longer than `OpenPeriod`.
			Self::book(id, job, now.saturating_add(T::RetryPeriod::get()), now);
		}
		assignment.offers
	}

	/// Books the block after the deadline of an assigned job.
	fn book_deadline(id: JobId, job: &mut Job<T>, now: BlockNumberFor<T>) {
		let deadline = match job.state {
			JobState::Assigned { deadline, .. } => deadline,
			_ => now,
		};
		Self::book(id, job, deadline.saturating_add(One::one()), now);
	}

	/// Blocks that so much computation takes whoever looks at a claim.
	pub(crate) fn run(units: ComputeUnits) -> BlockNumberFor<T> {
		blocks_to_run(units, T::ReferenceSpeed::get(), T::SlotDuration::get()).into()
	}

	/// What a question about a job of so much computation counts as: short ones take their time too.
	pub(crate) fn load(units: ComputeUnits) -> u64 {
		units.0.saturating_add(T::QuestionUnits::get())
	}

	/// Takes back what the operator put in flight for the job.
	pub(crate) fn uncommit(operator: &T::AccountId, price: BalanceOf<T>, job: &Job<T>) -> DispatchResult {
		let value = crate::fee(price, job.units()).ok_or(Error::<T>::FeeExceedsEscrow)?;
		T::Operators::release(operator, value);
		Ok(())
	}

	/// A claim of an operator is over. One that was presented did not count, or whoever holds receipts could keep it from working.
	pub(crate) fn no_longer_claimed(id: JobId, operator: &T::AccountId) {
		if Self::is_presented(id) {
			return;
		}
		OpenClaims::<T>::mutate_exists(operator, |claims| {
			*claims = claims.and_then(|claims| claims.checked_sub(1)).filter(|left| *left > 0);
		});
	}

	/// Stores the last state of a job that is over and books its pruning.
	fn end(id: JobId, mut job: Job<T>, state: JobStateOf<T>, now: BlockNumberFor<T>) {
		job.state = state;
		T::Models::job_ended(job.version);
		Self::book(id, &mut job, now.saturating_add(T::Retention::get()), now);
		Jobs::<T>::insert(id, job);
	}

	/// Removes everything stored of a job.
	fn prune(id: JobId, mut job: Job<T>) {
		Self::unbook(id, &mut job);
		Jobs::<T>::remove(id);
		Inputs::<T>::remove(id);
		Claims::<T>::remove(id);
		Brought::<T>::remove(id);
		T::Audits::forget(id);
		JobsOf::<T>::remove(&job.consumer, id);
		OldestJobId::<T>::mutate(|oldest| {
			for _ in 0..OLDEST_STEPS {
				match oldest.next() {
					Some(next) if *oldest < NextJobId::<T>::get() && !Jobs::<T>::contains_key(*oldest) => {
						*oldest = next
					}
					_ => break,
				}
			}
		});
		Self::deposit_event(Event::JobPruned { job: id });
	}

	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}
}
