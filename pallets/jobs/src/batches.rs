//! Batches of receipts, and single ones, as jobs: what a channel brings to the chain is claimed from the start.
//!
//! A batch is a job without an input whose trace is [that of the batch](Batch::root). If its audit draws a unit of computation, the
//! worker reveals the receipt that did it, and the job becomes the claim of that receipt: from then on it is looked at, challenged
//! and struck down as any other, and pays what the whole batch costs.

use crate::{
	escrow::Given,
	fee,
	life::measure,
	output::check_output,
	types::{AccountIdOf, BalanceOf, Silence, Source, Unveiled},
	Brought, Claim, Claims, Config, Deposits, Error, Event, Inputs, Job, Jobs, JobsOf, LastSilence, LateAnswers,
	NextJobId, OpenClaims, Pallet, Receipts, Seen, SeenBefore, Struck,
};
use assay_exact::{ComputeUnits, Generation, Input, Output, Sampler};
use assay_protocol::{
	audit::Audits,
	channel::{Batch, Batches, Revealed, RevealedUnit, Terms},
	dispute::OpenBatch,
	job::{JobError, JobInput, JobOutput, JobState},
	model::Models,
	operator::{Fault, Operators, Reporter},
	JobId, ModelVersion,
};
use assay_trace::{
	claim::{claim_root, ClaimRoot},
	merkle::Hash32,
	TraceRoot,
};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision},
		Get,
	},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{CheckedAdd, CheckedDiv, CheckedSub, One, UniqueSaturatedInto, Zero},
	ArithmeticError, DispatchError, DispatchResult, Saturating,
};

/// Stretches of time into which that is divided in which a worker may be away.
const STRETCHES: u32 = 8;

/// What a batch says of generating: nothing.
const NOTHING: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 0,
	ignore_stop: false,
};

/// What is stored with a job that was not submitted.
struct Origin<T: Config> {
	consumer: T::AccountId,
	price: BalanceOf<T>,
	fee: BalanceOf<T>,
	units: ComputeUnits,
	since: BlockNumberFor<T>,
}

/// What a receipt says, if it says something that its program can say.
struct Said {
	input: JobInput,
	generation: Generation,
	input_positions: u32,
	output: JobOutput,
	trace: TraceRoot,
	units: ComputeUnits,
}

impl<T: Config> Batches<T::AccountId, BalanceOf<T>, BlockNumberFor<T>> for Pallet<T> {
	fn hold(consumer: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		Self::hold_escrow(consumer, amount)?;
		Self::change_deposits(consumer, |held| held.checked_add(&amount))
	}

	fn give_back(consumer: &T::AccountId, amount: BalanceOf<T>) -> Result<BalanceOf<T>, DispatchError> {
		Self::change_deposits(consumer, |held| held.checked_sub(&amount))?;
		let given = Self::release(consumer, amount)?;
		Ok(if given == Given::Back { amount } else { Zero::zero() })
	}

	fn burn(consumer: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		Self::change_deposits(consumer, |held| held.checked_sub(&amount))?;
		let reason = crate::HoldReason::Escrow.into();
		T::Currency::burn_held(&reason, consumer, amount, Precision::Exact, Fortitude::Force).map(|_| ())
	}

	fn deposits(consumer: &T::AccountId) -> BalanceOf<T> {
		Deposits::<T>::get(consumer)
	}

	fn settle(
		terms: &Terms<T::AccountId, BalanceOf<T>>,
		batch: Batch,
		since: BlockNumberFor<T>,
		opened_at: BlockNumberFor<T>,
	) -> Result<JobId, DispatchError> {
		let units = ComputeUnits(batch.tree.units);
		let fee = fee(terms.price, units).ok_or(ArithmeticError::Overflow)?;
		with_storage_layer(|| {
			let open = OpenClaims::<T>::get(&terms.operator);
			let most = T::MaxInFlight::get().saturating_add(T::Audits::clean_jobs(&terms.operator));
			ensure!(open < most, Error::<T>::TooManyClaims);
			T::Operators::commit_done(&terms.operator, fee)?;
			OpenClaims::<T>::insert(&terms.operator, open.saturating_add(1));
			Self::change_deposits(&terms.consumer, |held| held.checked_sub(&fee))?;
			let origin = Origin {
				consumer: terms.consumer.clone(),
				price: terms.price,
				fee,
				units,
				since,
			};
			let said = Said {
				input: JobInput::Tokens(BoundedVec::new()),
				generation: NOTHING,
				input_positions: 0,
				output: JobOutput::Tokens(BoundedVec::new()),
				trace: batch.root(),
				units,
			};
			let source = Source::Batch {
				batch,
				opened_at: opened_at.unique_saturated_into(),
				revealed: None,
			};
			Self::claim_at_once(terms, origin, said, source)
		})
	}

	fn present(
		presenter: &T::AccountId,
		terms: &Terms<T::AccountId, BalanceOf<T>>,
		revealed: Revealed,
		since: BlockNumberFor<T>,
	) -> Result<JobId, DispatchError> {
		let statement = revealed.receipt.statement();
		// A receipt for the same that names an earlier block reaches stake that a later one does not.
		let mut known = Struck::<T>::get(statement)
			.into_iter()
			.chain(Self::open_to_challenges(statement));
		ensure!(!known.any(|known| known <= since), Error::<T>::AlreadyPresented);
		let said = Self::said_by(terms.version, revealed)?;
		let origin = Origin {
			consumer: presenter.clone(),
			price: Zero::zero(),
			fee: Zero::zero(),
			units: said.units,
			since,
		};
		with_storage_layer(|| {
			let id = Self::claim_at_once(terms, origin, said, Source::Receipt { statement })?;
			Receipts::<T>::insert(statement, id);
			SeenBefore::<T>::insert(id, Seen::<T>::get(&terms.operator).times);
			Ok(id)
		})
	}

	fn penalise(
		operator: &T::AccountId,
		since: BlockNumberFor<T>,
		reached: Option<BlockNumberFor<T>>,
		reporter: Reporter<'_, T::AccountId>,
	) -> BalanceOf<T> {
		T::Audits::record_ends(operator);
		Self::penalise_wrong(operator, since, reached, Some(reporter))
	}

	fn seen(operator: &T::AccountId) {
		Self::note_seen(operator);
	}

	fn is_late(operator: &T::AccountId) -> bool {
		LateAnswers::<T>::contains_key(operator)
	}

	fn opened(version: ModelVersion) {
		T::Models::job_started(version);
	}

	fn closed(version: ModelVersion) {
		T::Models::job_ended(version);
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &T::AccountId, amount: BalanceOf<T>) {
		use frame_support::traits::fungible::{Inspect, Mutate};
		let amount = amount.saturating_add(T::Currency::minimum_balance().saturating_mul(1_000u32.into()));
		T::Currency::mint_into(who, amount).expect("benchmark accounts can be funded");
	}
}

impl<T: Config> Pallet<T> {
	/// Takes from an operator what a wrong result costs. Stake that asked to leave since `since` is reached too, so that nobody gets
	/// away by leaving; what had left before stood behind none of its work.
	///
	/// A punishment covers only what it reached. If there was one for the same already, which reached back to `reached`, what asked to leave
	/// between the two blocks is punished, and all else left alone: nothing unless this one reaches further.
	pub(crate) fn penalise_wrong(
		operator: &T::AccountId,
		since: BlockNumberFor<T>,
		reached: Option<BlockNumberFor<T>>,
		reporter: Option<Reporter<'_, T::AccountId>>,
	) -> BalanceOf<T> {
		let ago = |block| Self::now().saturating_sub(block).unique_saturated_into();
		let age = ago(since);
		if let Some(reached) = reached {
			let share = T::WrongResultPenalty::get();
			return T::Operators::penalise_spared(operator, share, Fault::WrongResult, age, ago(reached), reporter);
		}
		let penalty = T::WrongResultPenalty::get()
			.mul_ceil(T::Operators::at_risk(operator, age))
			.max(T::MinWrongResultPenalty::get());
		T::Operators::penalise_recent(operator, penalty, Fault::WrongResult, age, reporter)
	}

	/// The batch that a job is, as long as nothing of it was revealed.
	pub(crate) fn unrevealed(id: JobId) -> Option<Batch> {
		Self::unrevealed_since(id).map(|(batch, _)| batch)
	}

	/// The same with the block in which its channel was opened.
	fn unrevealed_since(id: JobId) -> Option<(Batch, u32)> {
		match Brought::<T>::get(id)? {
			Source::Batch {
				batch,
				opened_at,
				revealed: None,
			} => Some((batch, opened_at)),
			Source::Batch { .. } | Source::Receipt { .. } => None,
		}
	}

	/// Computation of what a job claims: of the receipt that it stands for, if it is a batch.
	pub(crate) fn units_to_run(id: JobId, job: &Job<T>) -> ComputeUnits {
		match Brought::<T>::get(id) {
			Some(Source::Batch { revealed, .. }) => revealed.map(|receipt| receipt.units).unwrap_or_default(),
			Some(Source::Receipt { .. }) | None => job.units(),
		}
	}

	/// Whether a job is a batch.
	pub(crate) fn is_batch(id: JobId) -> bool {
		matches!(Brought::<T>::get(id), Some(Source::Batch { .. }))
	}

	/// Whether a job is a receipt that was presented.
	pub(crate) fn is_presented(id: JobId) -> bool {
		matches!(Brought::<T>::get(id), Some(Source::Receipt { .. }))
	}

	/// If a receipt for this was presented and its claim can be challenged, the block that it names. Once its window is over it is presented
	/// again, whoever holds the first one open: its worker would choose who does.
	fn open_to_challenges(statement: Hash32) -> Option<BlockNumberFor<T>> {
		let job = Jobs::<T>::get(Receipts::<T>::get(statement)?)?;
		match job.state {
			JobState::Claimed { final_at, .. } if Self::now() < final_at => Some(job.assigned_at),
			_ => None,
		}
	}

	/// A receipt that was presented is not open to challenges any more: it may be presented again, unless it was struck down.
	pub(crate) fn no_longer_presented(id: JobId) {
		if let Some(Source::Receipt { statement }) = Brought::<T>::get(id) {
			SeenBefore::<T>::remove(id);
			Receipts::<T>::mutate_exists(statement, |presented| {
				*presented = presented.filter(|presented| *presented != id);
			});
		}
	}

	/// What the operator of a claim that falls loses: one wrong answer is punished once, however often and in whatever way it is brought,
	/// but for stake that an earlier receipt for it reaches and a later one did not.
	///
	/// A receipt is presented when it suits whoever holds it, be it that the worker is away: those that fall by silence in one absence are
	/// one fault. Who was [there](Self::was_there) does not answer because it has no answer, and each is a fault. Nobody is paid for silence.
	pub(crate) fn punish(
		id: JobId,
		job: &Job<T>,
		operator: &T::AccountId,
		silent: bool,
		reporter: Option<Reporter<'_, T::AccountId>>,
	) -> BalanceOf<T> {
		let (statement, since) = match Brought::<T>::get(id) {
			Some(Source::Receipt { statement }) => (statement, job.assigned_at),
			// The lane may have been settled since the receipt was signed.
			Some(Source::Batch {
				revealed: Some(receipt),
				..
			}) => (receipt.statement, job.assigned_at.min(receipt.block.into())),
			Some(Source::Batch { revealed: None, .. }) | None => {
				return Self::penalise_wrong(operator, job.assigned_at, None, reporter)
			}
		};
		let struck = Struck::<T>::get(statement);
		if struck.is_some_and(|struck| struck <= since) {
			return Zero::zero();
		}
		if !silent || !Self::is_presented(id) {
			Struck::<T>::insert(statement, since);
			return Self::penalise_wrong(operator, since, struck, reporter);
		}
		if Self::was_there(id, operator) {
			Struck::<T>::insert(statement, since);
			return Self::penalise_wrong(operator, since, struck, None);
		}
		let Some(mut absence) = LastSilence::<T>::get(operator).filter(|last| last.at >= job.submitted_at) else {
			LastSilence::<T>::insert(operator, Silence { at: Self::now(), since });
			Struck::<T>::insert(statement, since);
			return Self::penalise_wrong(operator, since, struck, None);
		};
		if absence.since <= since {
			return Zero::zero();
		}
		let reached = struck.map_or(absence.since, |struck| struck.min(absence.since));
		absence.since = since;
		LastSilence::<T>::insert(operator, absence);
		Self::penalise_wrong(operator, since, Some(reached), None)
	}

	/// The worker of an operator is there: counted once in each eighth of the time in which it may be away.
	pub(crate) fn note_seen(operator: &T::AccountId) {
		let now = Self::now();
		let (stretch, _) = Self::presence();
		Seen::<T>::mutate(operator, |seen| {
			if seen.times == 0 || now.saturating_sub(seen.at) >= stretch {
				seen.times = seen.times.saturating_add(1);
				seen.at = now;
			}
		});
	}

	/// Whether the worker of an operator was there, since a receipt was presented, for as long as it may be away: in as many stretches as
	/// make up that time it has signed what the chain took.
	fn was_there(id: JobId, operator: &T::AccountId) -> bool {
		let times = Seen::<T>::get(operator).times.saturating_sub(SeenBefore::<T>::get(id));
		let (_, needed) = Self::presence();
		BlockNumberFor::<T>::from(times) >= needed
	}

	/// The length of a stretch in blocks, and how many make up the time in which a worker may be away.
	fn presence() -> (BlockNumberFor<T>, BlockNumberFor<T>) {
		let (away, one) = (T::GuiltPeriod::get(), BlockNumberFor::<T>::one());
		let parts = BlockNumberFor::<T>::from(STRETCHES);
		let stretch = away.checked_div(&parts).unwrap_or_default().max(one);
		(stretch, away.min(parts).max(one))
	}

	/// The batch that a job is, with whose it is and what it costs.
	pub(crate) fn open_batch(id: JobId) -> Option<OpenBatch<AccountIdOf<T>, BalanceOf<T>>> {
		let batch = Self::unrevealed(id)?;
		let job = Jobs::<T>::get(id)?;
		let JobState::Claimed { operator, .. } = job.state else {
			return None;
		};
		Some(OpenBatch {
			operator,
			fee: job.fee?,
			root: Claims::<T>::get(id)?.root,
			batch,
		})
	}

	/// Whether a claim can be made of this receipt of a batch.
	pub(crate) fn is_of_open_batch(id: JobId, unit: u64, opened: &RevealedUnit) -> bool {
		let version = || Jobs::<T>::get(id).map(|job| job.version);
		let says = |version| Self::said_by(version, opened.revealed.clone()).is_ok();
		let found = Self::unrevealed(id).is_some_and(|batch| opened.is_of(&batch, unit));
		found && version().is_some_and(says)
	}

	/// Makes a batch the claim of a receipt.
	pub(crate) fn reveal_receipt(id: JobId, revealed: Revealed) -> DispatchResult {
		let (batch, opened_at) = Self::unrevealed_since(id).ok_or(Error::<T>::NotClaimed)?;
		let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::UnknownJob)?;
		let JobState::Claimed { final_at, .. } = &mut job.state else {
			return Err(Error::<T>::NotClaimed.into());
		};
		let (statement, block) = (revealed.receipt.statement(), revealed.receipt.block);
		let said = Self::said_by(job.version, revealed)?;
		let receipt = Unveiled {
			units: said.units,
			statement,
			block: block.max(opened_at),
		};
		// It is open to challenges for as long as if it had been claimed now.
		*final_at = (*final_at).max(Self::window(said.units));
		job.generation = said.generation;
		job.input_positions = said.input_positions;
		let revealed = Some(receipt);
		let source = Source::Batch {
			batch,
			opened_at,
			revealed,
		};
		Brought::<T>::insert(id, source);
		Self::write_out(id, &job, said);
		Jobs::<T>::insert(id, job);
		Ok(())
	}

	/// What a receipt says.
	fn said_by(version: ModelVersion, revealed: Revealed) -> Result<Said, Error<T>> {
		ensure!(revealed.is_whole(), Error::<T>::ClaimMismatch);
		let generation = revealed.generation();
		let program = T::Models::program(version).map_err(Error::<T>::from)?;
		let Revealed {
			receipt, input, output, ..
		} = revealed;
		let (input_positions, most) =
			measure(&program, input.len(), generation.max_tokens).map_err(Error::<T>::from)?;
		program
			.check_job(&Input::from(input.clone()), &generation)
			.map_err(|error| Error::<T>::from(JobError::from(error)))?;
		ensure!(Self::run(most) <= T::LongestRun::get(), Error::<T>::JobTooLarge);
		let generated = check_output::<T>(&program, &generation, &output)?;
		let units = program.units(input_positions, generated);
		ensure!(units.0 == receipt.units, Error::<T>::WrongUnits);
		Ok(Said {
			input,
			generation,
			input_positions,
			output,
			trace: receipt.trace,
			units,
		})
	}

	/// Stores a job that is claimed from the start.
	fn claim_at_once(
		terms: &Terms<T::AccountId, BalanceOf<T>>,
		origin: Origin<T>,
		said: Said,
		source: Source,
	) -> Result<JobId, DispatchError> {
		let artifact = T::Models::terms(terms.version)
			.ok_or(Error::<T>::UnknownVersion)?
			.artifact;
		let id = NextJobId::<T>::get();
		NextJobId::<T>::put(id.next().ok_or(Error::<T>::JobIdsExhausted)?);
		let now = Self::now();
		let audited = matches!(source, Source::Batch { .. });
		// Nothing of a batch can be challenged as long as nothing is revealed.
		let final_at = Self::window(if audited { ComputeUnits(0) } else { said.units });
		Brought::<T>::insert(id, source);
		let mut job = Job {
			consumer: origin.consumer.clone(),
			version: terms.version,
			artifact,
			generation: said.generation,
			input_positions: said.input_positions,
			max_units: origin.units,
			max_fee: origin.fee,
			max_price: origin.price,
			fee: Some(origin.fee),
			claimed_units: Some(origin.units),
			named_operator: Some(terms.operator.clone()),
			submitted_at: now,
			assigned_at: origin.since,
			attempt: Default::default(),
			failed: BoundedVec::new(),
			holds: 0,
			lateness: Default::default(),
			state: JobState::Claimed {
				operator: terms.operator.clone(),
				price: origin.price,
				final_at,
			},
			due_at: now,
			booked_at: None,
		};
		T::Models::job_started(terms.version);
		JobsOf::<T>::insert(&origin.consumer, id, ());
		let root = Self::write_out(id, &job, said);
		if audited && T::Audits::claimed(id, job.attempt, job.version, &terms.operator) {
			job.holds = 1;
		} else {
			Self::book(id, &mut job, final_at, now);
		}
		Self::deposit_event(Event::ResultClaimed {
			job: id,
			attempt: job.attempt,
			operator: terms.operator.clone(),
			claim: root,
			fee: origin.fee,
			final_at,
		});
		Jobs::<T>::insert(id, job);
		Ok(id)
	}

	/// Stores what a job ran on and what it claims.
	fn write_out(id: JobId, job: &Job<T>, said: Said) -> ClaimRoot {
		let root = claim_root(
			id.0,
			job.attempt.0,
			&job.artifact,
			&Input::from(said.input.clone()),
			&said.generation,
			&Output::from(said.output.clone()),
			&said.trace,
		);
		Inputs::<T>::insert(id, said.input);
		Claims::<T>::insert(
			id,
			Claim {
				output: said.output,
				trace: said.trace,
				root,
			},
		);
		root
	}

	/// First block at which a claim of so much computation can become final that is made now.
	pub(crate) fn window(units: ComputeUnits) -> BlockNumberFor<T> {
		Self::now()
			.saturating_add(T::Window::get())
			.saturating_add(Self::run(units))
	}

	/// Changes what is held of a consumer for its channels; fails if that cannot be.
	fn change_deposits(
		consumer: &T::AccountId,
		change: impl FnOnce(BalanceOf<T>) -> Option<BalanceOf<T>>,
	) -> DispatchResult {
		Deposits::<T>::try_mutate_exists(consumer, |deposits| {
			let held = change(deposits.unwrap_or_else(Zero::zero)).ok_or(ArithmeticError::Underflow)?;
			*deposits = Some(held).filter(|held| !held.is_zero());
			Ok(())
		})
	}
}
