//! The life of an audit: from a claim over two draws to its end.

use crate::{
	draw::Numbers, types::Seats, Agenda, AgendaCursor, Audit, Auditor, Audits, CleanJobs, Config, Due, Error, Event,
	Insides, Pallet, ReceiptChecks, Vouched, WeightInfo,
};
use alloc::vec::Vec;
use assay_agenda::Costs;
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState, Question},
	dispute::{Claims, OpenBatch},
	job::MAX_INLINE_ELEMENTS,
	operator::{Fault, Operators},
	Attempt, Beacon, JobId, ModelVersion,
};
use assay_trace::{
	size::{Answers, FRAME},
	Hash32,
};
use core::marker::PhantomData;
use frame_support::{
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{One, UniqueSaturatedInto, Zero},
	DispatchError, DispatchResult, Permill, Saturating,
};

const LOG_TARGET: &str = "runtime::audits";

/// Bytes of a reply as which it is expected to count: an opening of a model with four thousand numbers in a vector.
const EXPECTED_REPLY: u32 = 32_768;

/// Bytes of a receipt that is revealed at most: an input and an output of inline jobs, and what leads to it in its batch.
const LONGEST_RECEIPT: u32 = 2 * 4 * MAX_INLINE_ELEMENTS + 2_048;

/// As much of a weight as so often takes.
fn part(rate: Permill, of: Weight) -> Weight {
	Weight::from_parts(rate.mul_ceil(of.ref_time()), rate.mul_ceil(of.proof_size()))
}

/// What time has made due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
	/// The first draw, which asks for nothing.
	Pass,
	/// A draw of what is asked first.
	Ask,
	/// The end of the time to commit.
	CloseCommitments,
	/// The second draw.
	AskToShow,
	/// The end of the time to show.
	Finish,
}

impl Step {
	/// What it takes at most.
	pub(crate) fn weight<T: Config>(self) -> Weight {
		match self {
			Self::Pass => T::WeightInfo::advance_pass(),
			Self::Ask => T::WeightInfo::advance_ask(T::MaxAuditors::get()),
			Self::CloseCommitments => T::WeightInfo::advance_close(Seats::<T>::get()),
			Self::AskToShow => T::WeightInfo::advance_ask_to_show(Seats::<T>::get()),
			Self::Finish => T::WeightInfo::advance_finish(Seats::<T>::get()),
		}
	}
}

/// The agenda of audits.
pub(crate) struct Booking<T>(PhantomData<T>);

impl<T: Config> assay_agenda::Agenda for Booking<T> {
	type BlockNumber = BlockNumberFor<T>;
	type Id = JobId;
	type Size = T::AgendaSize;
	type Slots = Agenda<T>;
	type Cursor = AgendaCursor<T>;
}

impl<T: Config> assay_protocol::audit::Audits<T::AccountId> for Pallet<T> {
	fn claimed(job: JobId, attempt: Attempt, version: ModelVersion, operator: &T::AccountId) -> bool {
		let audit = Audit {
			attempt,
			version,
			operator: operator.clone(),
			made_at: Self::now(),
			phase: AuditPhase::Claimed,
			spot_check: None,
			auditors: BoundedVec::new(),
			draws: 0,
			waits_until: None,
			units: ComputeUnits(0),
			late: false,
			values_of: None,
			booked_at: None,
		};
		Self::await_draw(job, audit, AuditPhase::Claimed);
		true
	}

	fn is_open(job: JobId, attempt: Attempt) -> bool {
		Self::open_audit(job).is_some_and(|audit| audit.attempt == attempt)
	}

	fn is_drawn(job: JobId, attempt: Attempt, who: &T::AccountId) -> bool {
		let audit = Self::open_audit(job).filter(|audit| audit.attempt == attempt);
		audit.is_some_and(|audit| {
			let drawn = |auditor: &Auditor<T>| auditor.account == *who && auditor.is_to_look();
			audit.auditors.iter().any(drawn)
		})
	}

	fn clean_jobs(operator: &T::AccountId) -> u32 {
		CleanJobs::<T>::get(operator)
	}

	fn expected_bytes(answers: &Answers) -> u64 {
		// Each replies twice.
		let frames = FRAME.saturating_mul(2);
		let worker = answers.cell.saturating_add(answers.opening).saturating_add(frames);
		let auditor = answers.values.saturating_add(frames);
		let auditors = auditor.saturating_mul(T::MaxDrawn::get().into());
		T::SpotCheckFloor::get()
			.mul_ceil(worker)
			.saturating_add(T::AuditFloor::get().mul_ceil(auditors))
	}

	fn challenged(job: JobId, attempt: Attempt, challenger: &T::AccountId) {
		let Some(mut audit) = Self::open_audit(job).filter(|audit| audit.attempt == attempt) else {
			return;
		};
		let drawn = audit
			.auditors
			.iter_mut()
			.find(|auditor| auditor.account == *challenger && auditor.is_to_look());
		if let Some(auditor) = drawn {
			auditor.state = AuditorState::Challenged;
			Self::asked_no_more(job, challenger, audit.units);
			Self::go_on(job, audit);
		}
	}

	fn challenge_lost(job: JobId, attempt: Attempt, challenger: &T::AccountId) {
		let Some(mut audit) = Audits::<T>::get(job).filter(|audit| audit.attempt == attempt) else {
			return;
		};
		let lost = audit
			.auditors
			.iter_mut()
			.find(|auditor| auditor.account == *challenger && auditor.state == AuditorState::Challenged);
		let Some(auditor) = lost else { return };
		auditor.state = AuditorState::Failed;
		// Who need not reply may be silent, and so may try.
		if !auditor.excused {
			Self::missed(job, auditor);
			Self::unlist(challenger, audit.version);
		}
		// The dispute still holds the job: somebody else looks at the claim, or it waits for whoever wants to.
		let stands = audit.is_over() && Self::open_claim(job, attempt).is_some();
		let draws = audit.wants_others() && Self::has_others(&audit);
		let waits = audit.is_unaudited() && Self::now() < audit.would_wait_until(Self::now());
		let goes_on = stands && (draws || waits) && T::Claims::hold(job).is_ok();
		match (goes_on, draws) {
			(true, true) => Self::await_draw(job, audit, AuditPhase::Claimed),
			(true, false) => Self::await_challenges(job, audit),
			(false, _) => Audits::<T>::insert(job, audit),
		}
	}

	fn struck_down(job: JobId, attempt: Attempt, operator: &T::AccountId, said: Hash32) {
		CleanJobs::<T>::remove(operator);
		let Some(audit) = Audits::<T>::get(job).filter(|audit| audit.attempt == attempt) else {
			return;
		};
		let vouched = audit.auditors.iter().filter(|auditor| auditor.vouched);
		for auditor in vouched {
			// Where there is no room nobody is judged, which harms nobody.
			Vouched::<T>::mutate(job, |vouched| {
				let _ = vouched.try_push((auditor.account.clone(), said, auditor.drawn_at));
			});
		}
		if audit.is_over() {
			Audits::<T>::insert(job, audit);
		} else {
			Self::end(job, audit, AuditOutcome::StruckDown);
		}
	}

	fn record_ends(operator: &T::AccountId) {
		CleanJobs::<T>::remove(operator);
	}

	fn finalised(job: JobId, operator: &T::AccountId, said: Hash32) -> Vec<T::AccountId> {
		let audit = Audits::<T>::get(job);
		let auditors: Vec<_> = audit.iter().flat_map(Audit::have_audited).cloned().collect();
		// Nobody is judged by what nobody has looked at.
		let vouched = Vouched::<T>::take(job);
		for (auditor, vouched_for, drawn_at) in vouched.into_iter().filter(|_| !auditors.is_empty()) {
			// A job has one right result. Who vouched for what was struck down is wrong if it was another; if it was this one, the
			// worker alone was at fault, which refuted itself or was silent.
			if vouched_for != said {
				Self::penalise(job, &auditor, Fault::FalseAudit, drawn_at);
			}
		}
		CleanJobs::<T>::mutate(operator, |jobs| *jobs = jobs.saturating_add(1));
		auditors
	}

	fn forget(job: JobId) {
		ReceiptChecks::<T>::remove(job);
		Vouched::<T>::remove(job);
		if let Some(mut audit) = Audits::<T>::take(job) {
			Self::clear(job, &audit);
			Self::no_longer_late(job, &mut audit);
			if let Some(slot) = audit.booked_at {
				assay_agenda::unbook::<Booking<T>>(job, slot);
			}
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	/// An audit that is not over.
	pub(crate) fn open_audit(job: JobId) -> Option<Audit<T>> {
		Audits::<T>::get(job).filter(|audit| !audit.is_over())
	}

	/// Has an audit looked at from `due_at` and at no other time. Changes `audit` but does not store it.
	fn book(job: JobId, audit: &mut Audit<T>, due_at: BlockNumberFor<T>) {
		if let Some(slot) = audit.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(job, slot);
		}
		audit.booked_at = assay_agenda::book::<Booking<T>>(job, due_at, Self::now());
		if audit.booked_at.is_none() {
			log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: the audit of job {job} waits for a call of advance");
		}
	}

	/// What the agenda takes.
	pub(crate) fn agenda_costs() -> Costs {
		Costs {
			base: T::WeightInfo::serve_agenda_base(),
			slot: T::WeightInfo::serve_slot(T::AgendaSize::get()),
			item: Self::step_weight(),
		}
	}

	/// What auditing a claim is expected to take of blocks at the lowest rates, if all reply in time: the first draw always, the rest
	/// as often as it is drawn. Replies are free of fees, so they count here.
	pub fn expected_weight() -> Weight {
		let (spot_check, audit) = (T::SpotCheckFloor::get(), T::AuditFloor::get());
		let authorized = T::WeightInfo::authorize_reply(EXPECTED_REPLY).saturating_mul(2);
		let worker = authorized
			.saturating_add(T::WeightInfo::reply_cell())
			.saturating_add(T::WeightInfo::reply_step(EXPECTED_REPLY));
		let auditors = authorized
			.saturating_add(T::WeightInfo::reply_digest())
			.saturating_add(T::WeightInfo::reply_values(EXPECTED_REPLY))
			.saturating_mul(T::MaxDrawn::get().into());
		let draws = T::WeightInfo::advance_ask(T::MaxAuditors::get())
			.saturating_add(T::WeightInfo::advance_ask_to_show(T::MaxDrawn::get()));
		[
			Step::Pass.weight::<T>(),
			part(spot_check, worker.saturating_add(draws)),
			part(audit, auditors.saturating_add(draws)),
		]
		.into_iter()
		.fold(Weight::zero(), |all, part| all.saturating_add(part))
	}

	/// The same of a batch: what is drawn is revealed, and drawn again as a claim.
	pub fn expected_batch_weight() -> Weight {
		let drawn = T::SpotCheckFloor::get().saturating_add(T::AuditFloor::get());
		let revealed = T::WeightInfo::authorize_reply(LONGEST_RECEIPT)
			.saturating_add(T::WeightInfo::reply_receipt(LONGEST_RECEIPT))
			.saturating_add(T::WeightInfo::advance_ask(T::MaxAuditors::get()));
		Self::expected_weight().saturating_add(part(drawn, revealed))
	}

	/// The most that one step takes.
	pub(crate) fn step_weight() -> Weight {
		[Step::Ask, Step::CloseCommitments, Step::AskToShow, Step::Finish]
			.into_iter()
			.fold(Weight::zero(), |most, step| most.max(step.weight::<T>()))
	}

	/// Looks at the audits that are due.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		assay_agenda::serve::<Booking<T>>(now, meter, Self::agenda_costs(), |job| {
			let Some(mut audit) = Audits::<T>::get(job) else {
				return Self::step_weight();
			};
			audit.booked_at = None;
			let looked = match with_storage_layer(|| Self::step(job, audit.clone())) {
				Ok(Some(step)) => return step.weight::<T>(),
				// Its number is not known yet: the audit and the number were read, the audit and an agenda, that of the last block which
				// is tried, are written.
				Ok(None) => T::DbWeight::get().reads_writes(4 + u64::from(assay_agenda::SPILL), 2),
				Err(error) => {
					log::error!(target: LOG_TARGET, "the audit of job {job} cannot go on: {error:?}");
					Self::step_weight()
				}
			};
			Self::book(job, &mut audit, now.saturating_add(One::one()));
			Audits::<T>::insert(job, audit);
			looked
		});
	}

	/// Does what is due for an audit.
	pub(crate) fn do_advance(job: JobId) -> Result<Step, DispatchError> {
		let audit = Audits::<T>::get(job).ok_or(Error::<T>::UnknownAudit)?;
		Self::step(job, audit)?.ok_or(Error::<T>::NothingDue.into())
	}

	/// Takes the step that is due; `None`, and nothing is stored, if there is none.
	fn step(job: JobId, audit: Audit<T>) -> Result<Option<Step>, DispatchError> {
		match audit.phase {
			AuditPhase::Claimed => Self::draw(job, audit, Step::Ask),
			AuditPhase::Committed => Self::draw(job, audit, Step::AskToShow),
			AuditPhase::Commit { .. } => Self::look_at_clocks(job, audit, Step::CloseCommitments),
			AuditPhase::Show { .. } => Self::look_at_clocks(job, audit, Step::Finish),
			AuditPhase::Unaudited { until } if Self::now() > until => {
				T::Claims::let_go(job, audit.attempt);
				Self::end(job, audit, AuditOutcome::NotAudited);
				Ok(Some(Step::Finish))
			}
			AuditPhase::Unaudited { .. } | AuditPhase::Over(_) => Ok(None),
		}
	}

	/// Whether a draw is served too late.
	fn is_stale(audit: &Audit<T>) -> bool {
		let delay = T::DrawDelay::get();
		!delay.is_zero() && Self::now() > audit.made_at.saturating_add(delay)
	}

	/// Draws whom to ask, or what to show, and asks.
	fn draw(job: JobId, mut audit: Audit<T>, step: Step) -> Result<Option<Step>, DispatchError> {
		if T::Beacon::is_lost(audit.made_at) || Self::is_stale(&audit) {
			// Nobody served it for so long that its number is gone, or that stake brought since it was known would weigh: another is
			// drawn, that nobody knows yet.
			let phase = audit.phase;
			Self::await_draw(job, audit, phase);
			return Ok(Some(step));
		}
		let Some(numbers) = Self::numbers(job, &audit) else {
			return Ok(None);
		};
		if let Some(batch) = T::Claims::batch(job) {
			return Ok(Some(Self::ask_for_receipt(job, audit, &batch, &numbers)));
		}
		let claimed = Self::open_claim(job, audit.attempt).ok_or(Error::<T>::NoOpenClaim)?;
		let (fee, run, units) = (claimed.fee, claimed.run, claimed.units);
		let said = claimed.claim.said();
		let statement = Self::statement(claimed).ok_or(Error::<T>::NoOpenClaim)?;
		audit.units = units;
		if step == Step::AskToShow {
			Self::draw_shown(&mut audit, &statement, &numbers);
		} else if audit.draws == 0 {
			Self::draw_questions(job, &mut audit, &statement, (fee, said), &numbers);
			if audit.spot_check.is_none() && audit.auditors.is_empty() {
				T::Claims::let_go(job, audit.attempt);
				Self::end(job, audit, AuditOutcome::NotDrawn);
				return Ok(Some(Step::Pass));
			}
		} else {
			Self::seat_auditors(job, &mut audit, said, &numbers);
		}
		let deadline = Self::now().saturating_add(T::Period::get()).saturating_add(run);
		audit.phase = match step {
			Step::AskToShow => AuditPhase::Show { deadline },
			_ => AuditPhase::Commit { deadline },
		};
		Self::set_clocks(job, &mut audit, run);
		Self::everybody(&audit).for_each(|who| Self::ask(job, &audit, who));
		Self::go_on(job, audit);
		Ok(Some(step))
	}

	/// Draws whether a batch is looked at. If so the worker is asked for the receipt that a unit leads to; what is asked about that is
	/// drawn once it is there.
	fn ask_for_receipt(
		job: JobId,
		mut audit: Audit<T>,
		batch: &OpenBatch<T::AccountId, T::Balance>,
		numbers: &Numbers,
	) -> Step {
		let drawn = Self::draw_receipt(&audit.operator, (batch.fee, batch.batch.tree.units), numbers);
		let Some(check) = drawn else {
			T::Claims::let_go(job, audit.attempt);
			Self::end(job, audit, AuditOutcome::NotDrawn);
			return Step::Pass;
		};
		ReceiptChecks::<T>::insert(job, check);
		audit.phase = AuditPhase::Commit { deadline: Self::now() };
		Self::set_clocks(job, &mut audit, Zero::zero());
		let worker = audit.operator.clone();
		Self::ask(job, &audit, &worker);
		Self::go_on(job, audit);
		Step::Ask
	}

	/// What is asked of an operator.
	pub(crate) fn question(job: JobId, audit: &Audit<T>, who: &T::AccountId) -> Option<Question> {
		let auditor = || audit.auditors.iter().find(|auditor| auditor.account == *who);
		match audit.phase {
			AuditPhase::Commit { .. } if audit.operator == *who => {
				let receipt = ReceiptChecks::<T>::get(job).filter(|check| !check.revealed);
				let cell = || audit.spot_check.filter(|check| !check.committed);
				receipt
					.map(|check| Question::Receipt { unit: check.unit })
					.or_else(|| cell().map(|check| Question::Cell { place: check.place }))
			}
			AuditPhase::Commit { .. } => {
				auditor().filter(|auditor| auditor.state == AuditorState::Drawn)?;
				Some(Question::Digest)
			}
			AuditPhase::Show { .. } if audit.operator == *who => {
				let check = audit.spot_check.filter(|check| !check.shown)?;
				Some(Question::Step {
					place: check.place,
					step: check.step?,
				})
			}
			AuditPhase::Show { .. } => {
				auditor().filter(|auditor| matches!(auditor.state, AuditorState::Bound { .. }))?;
				Some(Question::Values {
					place: audit.values_of?,
				})
			}
			AuditPhase::Claimed | AuditPhase::Committed | AuditPhase::Unaudited { .. } | AuditPhase::Over(_) => None,
		}
	}

	/// What is asked of an operator, and the last block for it.
	pub(crate) fn due_from(job: JobId, audit: &Audit<T>, who: &T::AccountId) -> Option<(Question, BlockNumberFor<T>)> {
		let (_, closes_at) = Self::clock(job, audit, who)?;
		Some((Self::question(job, audit, who)?, closes_at))
	}

	/// The worker and the auditors.
	pub(crate) fn everybody(audit: &Audit<T>) -> impl Iterator<Item = &T::AccountId> {
		let auditors = audit.auditors.iter().map(|auditor| &auditor.account);
		core::iter::once(&audit.operator).chain(auditors)
	}

	/// Tells an operator that it is asked something, if it is.
	pub(crate) fn ask(job: JobId, audit: &Audit<T>, who: &T::AccountId) {
		if let (Some(question), Some((deadline, _))) = (Self::question(job, audit, who), Self::clock(job, audit, who)) {
			Due::<T>::insert(who, job, ());
			Self::deposit_event(Event::Asked {
				job,
				attempt: audit.attempt,
				who: who.clone(),
				question,
				deadline,
			});
		}
	}

	/// Stores an audit, in its next phase if nobody is asked anything any more.
	pub(crate) fn go_on(job: JobId, mut audit: Audit<T>) {
		let worker = audit.operator.clone();
		if Self::question(job, &audit, &worker).is_none() {
			Self::no_longer_late(job, &mut audit);
		}
		if !matches!(audit.phase, AuditPhase::Commit { .. } | AuditPhase::Show { .. }) {
			Audits::<T>::insert(job, audit);
			return;
		}
		if let Some(next) = Self::next_clock(job, &audit) {
			let due_at = next.saturating_add(One::one());
			if audit.booked_at != Some(due_at) {
				Self::book(job, &mut audit, due_at);
			}
			Audits::<T>::insert(job, audit);
			return;
		}
		let revealed = ReceiptChecks::<T>::get(job).is_some() && audit.units == ComputeUnits(0);
		let committed = matches!(audit.phase, AuditPhase::Commit { .. }) && Self::somebody_is_to_show(&audit);
		if revealed || audit.wants_others() && Self::has_others(&audit) {
			Self::await_draw(job, audit, AuditPhase::Claimed);
		} else if committed {
			Self::await_draw(job, audit, AuditPhase::Committed);
		} else {
			Self::close_or_wait(job, audit);
		}
	}

	/// Stores an audit that waits in this phase for a number about what was made by now.
	fn await_draw(job: JobId, mut audit: Audit<T>, phase: AuditPhase<BlockNumberFor<T>>) {
		audit.phase = phase;
		audit.made_at = Self::now();
		Self::book(job, &mut audit, T::Beacon::known_from(Self::now()));
		Audits::<T>::insert(job, audit);
	}

	/// Ends an audit of which nothing more is asked, unless nobody has looked at the claim: then it waits for challenges.
	fn close_or_wait(job: JobId, audit: Audit<T>) {
		let waits = Self::now() < audit.would_wait_until(Self::now());
		let outcome = match audit.is_unaudited() {
			true if waits => return Self::await_challenges(job, audit),
			true => AuditOutcome::NotAudited,
			false => AuditOutcome::Passed,
		};
		T::Claims::let_go(job, audit.attempt);
		Self::end(job, audit, outcome);
	}

	/// Stores an audit that waits for whoever wants to challenge the claim.
	fn await_challenges(job: JobId, mut audit: Audit<T>) {
		let until = audit.wait(Self::now());
		audit.phase = AuditPhase::Unaudited { until };
		Self::book(job, &mut audit, until.saturating_add(One::one()));
		Self::deposit_event(Event::Unaudited {
			job,
			attempt: audit.attempt,
			until,
		});
		Audits::<T>::insert(job, audit);
	}

	/// Whether there is something that is to be shown after a commitment.
	fn somebody_is_to_show(audit: &Audit<T>) -> bool {
		let bound = |auditor: &Auditor<T>| matches!(auditor.state, AuditorState::Bound { .. });
		audit.spot_check.is_some_and(|check| !check.shown) || audit.auditors.iter().any(bound)
	}

	/// What a fault of an auditor that became possible so many blocks ago costs: a share of all the stake that answers for it, what has
	/// asked to leave since included, and no less than an amount; nothing if it is none of an audit's.
	pub fn penalty(auditor: &T::AccountId, fault: Fault, age: u32) -> T::Balance {
		let (share, least) = match fault {
			Fault::MissedAudit => (T::MissedAuditShare::get(), T::MissedAuditPenalty::get()),
			Fault::FalseAudit => (T::FalseAuditShare::get(), T::FalseAuditPenalty::get()),
			Fault::MissedDeadline | Fault::WrongResult | Fault::Equivocation | Fault::LostChallenge => {
				return Zero::zero()
			}
		};
		share.mul_ceil(T::Operators::at_risk(auditor, age)).max(least)
	}

	/// Punishes an auditor for a fault that became possible when it was drawn: stake that had asked to leave before is spared.
	pub(crate) fn penalise(job: JobId, auditor: &T::AccountId, fault: Fault, drawn_at: BlockNumberFor<T>) {
		let age = Self::now().saturating_sub(drawn_at).unique_saturated_into();
		let penalty = Self::penalty(auditor, fault, age);
		let penalty = T::Operators::penalise_recent(auditor, penalty, fault, age, None);
		Self::deposit_event(Event::AuditorPenalised {
			job,
			auditor: auditor.clone(),
			fault,
			penalty,
		});
	}

	/// Ends an audit against the worker.
	pub(crate) fn strike_down(job: JobId, mut audit: Audit<T>, outcome: AuditOutcome) -> DispatchResult {
		let attempt = audit.attempt;
		Self::close(job, &mut audit, outcome);
		Audits::<T>::insert(job, audit);
		let penalty = T::Claims::strike_down(job, None)?;
		Self::deposit_event(Event::AuditEnded {
			job,
			attempt,
			outcome,
			penalty,
		});
		Ok(())
	}

	/// Ends an audit.
	fn end(job: JobId, mut audit: Audit<T>, outcome: AuditOutcome) {
		Self::close(job, &mut audit, outcome);
		Self::deposit_event(Event::AuditEnded {
			job,
			attempt: audit.attempt,
			outcome,
			penalty: Zero::zero(),
		});
		Audits::<T>::insert(job, audit);
	}

	/// Nothing more is asked. Changes `audit` but does not store it.
	fn close(job: JobId, audit: &mut Audit<T>, outcome: AuditOutcome) {
		if let Some(slot) = audit.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(job, slot);
		}
		Self::clear(job, audit);
		Self::no_longer_late(job, audit);
		audit.phase = AuditPhase::Over(outcome);
	}

	/// Forgets what is stored apart of an audit.
	fn clear(job: JobId, audit: &Audit<T>) {
		Insides::<T>::remove(job);
		for who in Self::everybody(audit) {
			Self::asked_no_more(job, who, audit.units);
		}
	}
}
