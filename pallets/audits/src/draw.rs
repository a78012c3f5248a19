//! The draws: what is asked after a claim, and what has to be shown after the commitments.

use crate::{
	chance::{by_size, falling, happens},
	types::OpenClaimOf,
	Audit, Auditor, CleanJobs, Config, Pallet, ReceiptChecks, Vouched,
};
use alloc::vec::Vec;
use assay_protocol::{
	audit::{AuditRates, AuditorState, ReceiptCheck, SpotCheck},
	dispute::{Claims, OwnedStatement},
	model::Models,
	operator::Operators,
	Attempt, Beacon, JobId,
};
use assay_trace::{
	draw::{draw_boundary, draw_place, draw_step},
	Hash32,
};
use codec::Encode;
use frame_support::traits::Get;
use sp_core::H256;
use sp_runtime::traits::UniqueSaturatedInto;

/// What a random number is for. Each use has its own, so that one draw says nothing about another.
#[derive(Clone, Copy, Encode)]
enum Use {
	#[codec(index = 0)]
	WhetherSpotCheck,
	#[codec(index = 1)]
	WhetherAudit,
	#[codec(index = 2)]
	Cell,
	#[codec(index = 3)]
	Auditors(u32),
	#[codec(index = 4)]
	Step,
	#[codec(index = 5)]
	Values,
	#[codec(index = 6)]
	Receipt,
}

/// Random numbers of one draw.
pub(crate) struct Numbers(H256);

impl Numbers {
	fn of(&self, purpose: Use) -> Hash32 {
		Hash32::of(&[b"assay/draw", self.0.as_bytes(), &purpose.encode()])
	}
}

impl<T: Config> Pallet<T> {
	/// The numbers of the draw that an audit waits for; none as long as they are not known.
	pub(crate) fn numbers(job: JobId, audit: &Audit<T>) -> Option<Numbers> {
		let subject = (b"assay/audit", job, audit.attempt).encode();
		T::Beacon::number(audit.made_at, &audit.operator, &subject).map(Numbers)
	}

	/// The claim that is audited, if it stands.
	pub(crate) fn open_claim(job: JobId, attempt: Attempt) -> Option<OpenClaimOf<T>> {
		T::Claims::claim(job).filter(|claimed| claimed.claim.attempt == attempt)
	}

	/// What it says.
	pub(crate) fn statement(claimed: OpenClaimOf<T>) -> Option<OwnedStatement> {
		let program = T::Models::program(claimed.claim.version).ok()?;
		Some(OwnedStatement::new(program, claimed.claim))
	}

	/// How likely the next claim of an operator is to be audited, however small its fee.
	pub fn rates(operator: &T::AccountId) -> AuditRates {
		let clean_jobs = CleanJobs::<T>::get(operator);
		let halving = T::Halving::get();
		AuditRates {
			clean_jobs,
			spot_check: falling(
				T::SpotCheckCeiling::get(),
				T::SpotCheckFloor::get(),
				halving,
				clean_jobs,
			),
			audit: falling(T::AuditCeiling::get(), T::AuditFloor::get(), halving, clean_jobs),
		}
	}

	/// How likely a claim of an operator with this fee is to be audited: what a wrong one brings grows with its fee, what the
	/// operator itself loses by it with its own bond. Of that counts what is settled: a draw may be served when its number has been
	/// known for some blocks.
	pub(crate) fn rates_of_claim(operator: &T::AccountId, fee: T::Balance) -> AuditRates {
		let rates = Self::rates(operator);
		let (fee, own) = (
			fee.unique_saturated_into(),
			T::Operators::settled_own_stake(operator).unique_saturated_into(),
		);
		AuditRates {
			spot_check: rates.spot_check.max(by_size(T::SpotCheckSizeFactor::get(), fee, own)),
			audit: rates.audit.max(by_size(T::AuditSizeFactor::get(), fee, own)),
			..rates
		}
	}

	/// Draws whether a batch with this fee is looked at and how, and the unit of computation, of so many, that says at which of its
	/// receipts; none if it is not.
	pub(crate) fn draw_receipt(
		operator: &T::AccountId,
		(fee, units): (T::Balance, u64),
		numbers: &Numbers,
	) -> Option<ReceiptCheck> {
		let (spot_check, audit) = Self::draw_kinds(operator, fee, numbers);
		let Hash32([a, b, c, d, e, f, g, h, rest @ ..]) = numbers.of(Use::Receipt);
		let [i, j, k, l, m, n, o, p, ..] = rest;
		// 2¹²⁸ numbers favour none of 2⁶⁴ by more than one part in 2⁶⁴.
		let number = u128::from_be_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
		let unit = number
			.checked_rem(units.into())
			.and_then(|unit| u64::try_from(unit).ok());
		unit.filter(|_| spot_check || audit).map(|unit| ReceiptCheck {
			unit,
			spot_check,
			audit,
			revealed: false,
		})
	}

	/// Draws whether a claim with this fee is spot-checked, and whether auditors look at it.
	fn draw_kinds(operator: &T::AccountId, fee: T::Balance, numbers: &Numbers) -> (bool, bool) {
		let rates = Self::rates_of_claim(operator, fee);
		(
			happens(rates.spot_check, numbers.of(Use::WhetherSpotCheck).0),
			happens(rates.audit, numbers.of(Use::WhetherAudit).0),
		)
	}

	/// Draws what is asked after a claim with this fee, which says what has this hash. How the receipt of a batch is looked at was drawn
	/// before it was revealed.
	pub(crate) fn draw_questions(
		job: JobId,
		audit: &mut Audit<T>,
		statement: &OwnedStatement,
		(fee, said): (T::Balance, Hash32),
		numbers: &Numbers,
	) {
		let drawn = ReceiptChecks::<T>::get(job).map(|check| (check.spot_check, check.audit));
		let (spot_check, looked_at) = drawn.unwrap_or_else(|| Self::draw_kinds(&audit.operator, fee, numbers));
		if spot_check {
			let layout = statement.as_statement().layout();
			audit.spot_check = draw_place(&layout, &numbers.of(Use::Cell)).map(|place| SpotCheck {
				place,
				committed: false,
				step: None,
				shown: false,
			});
		}
		// Whoever vouched for an earlier claim is judged by this one.
		let judges = Vouched::<T>::contains_key(job);
		if judges || looked_at {
			Self::seat_auditors(job, audit, said, numbers);
			Self::recall(job, audit, said);
		}
	}

	/// Those who vouched for a claim of the job that said something else.
	fn contradicted(job: JobId, said: Hash32) -> impl Iterator<Item = T::AccountId> {
		let vouched = Vouched::<T>::get(job).into_iter();
		vouched
			.filter(move |(_, vouched_for, _)| *vouched_for != said)
			.map(|(account, ..)| account)
	}

	/// Asks those too, and lets the claim wait for them, who vouched for an earlier claim of the job that said otherwise: somebody is
	/// wrong, and they are judged by what this one says.
	fn recall(job: JobId, audit: &mut Audit<T>, said: Hash32) {
		for account in Self::contradicted(job, said) {
			let is_drawn = audit.auditors.iter().any(|auditor| auditor.account == account);
			if !is_drawn && account != audit.operator && T::Operators::worker_key(&account).is_some() {
				// There are seats for them.
				let _ = audit.auditors.try_push(Auditor::new(account, Self::now(), true));
			}
		}
	}

	/// Draws auditors for the seats that are empty: all at first, then those of auditors that failed.
	pub(crate) fn seat_auditors(job: JobId, audit: &mut Audit<T>, said: Hash32, numbers: &Numbers) {
		let seats = T::MaxDrawn::get().saturating_sub(audit.filled_seats());
		let others = Self::others(audit, audit.made_at);
		let drawn = Self::draw_auditors(others, seats, &numbers.of(Use::Auditors(audit.draws)).0);
		audit.draws = audit.draws.saturating_add(1);
		let contradicted: Vec<_> = Self::contradicted(job, said).collect();
		for account in drawn {
			let mut auditor = Auditor::new(account, Self::now(), false);
			auditor.contradicted = contradicted.contains(&auditor.account);
			// There are seats for as many draws as there can be.
			let _ = audit.auditors.try_push(auditor);
		}
	}

	/// Draws what has to be shown after the commitments.
	pub(crate) fn draw_shown(audit: &mut Audit<T>, statement: &OwnedStatement, numbers: &Numbers) {
		let statement = statement.as_statement();
		if let Some(check) = audit
			.spot_check
			.as_mut()
			.filter(|check| check.committed && !check.shown)
		{
			check.step = draw_step(&statement, check.place, &numbers.of(Use::Step));
			// Every cell has a step; if one had none, there would be nothing to show.
			check.shown = check.step.is_none();
		}
		let bound = audit
			.auditors
			.iter()
			.any(|auditor| matches!(auditor.state, AuditorState::Bound { .. }));
		if bound {
			audit.values_of = draw_boundary(&statement.layout(), &numbers.of(Use::Values));
		}
	}
}
