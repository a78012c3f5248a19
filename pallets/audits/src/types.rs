//! What the pallet stores of an audit.

use crate::Config;
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::{AuditPhase, AuditSummary, AuditorState, SpotCheck},
	dispute::{Claims, OpenClaim},
	Attempt, ModelVersion,
};
use assay_trace::Place;
use codec::{Decode, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::{traits::Get, BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_runtime::Saturating;

/// The runtime's account identifier.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// An amount of money.
pub type BalanceOf<T> = <T as Config>::Balance;
/// The claim that an audit is about.
pub(crate) type OpenClaimOf<T> = OpenClaim<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// An audit as clients see it.
pub type AuditSummaryOf<T> = AuditSummary<AccountIdOf<T>, BlockNumberFor<T>>;

/// The audit of a job's last claim.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo, CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound(T: Config))]
pub struct Audit<T: Config> {
	/// The attempt that made the claim.
	pub attempt: Attempt,
	/// What ran.
	pub version: ModelVersion,
	/// Whose claim it is.
	pub operator: T::AccountId,
	/// Block of what the last or the next draw is about: the claim, then the last commitment.
	pub made_at: BlockNumberFor<T>,
	/// Where it stands.
	pub phase: AuditPhase<BlockNumberFor<T>>,
	/// What the worker is asked, if it is.
	pub spot_check: Option<SpotCheck>,
	/// The auditors that were drawn, those that failed and those in their place.
	pub auditors: BoundedVec<Auditor<T>, Seats<T>>,
	/// Draws of auditors so far.
	pub draws: u32,
	/// Last block in which the claim waits for whoever is not there to say what is wrong: one that vouched for something else, or a
	/// challenger where nobody has looked. It is counted from the first time the claim waits for anybody, a busy auditor too, who has a
	/// time of its own. It has not waited yet if there is none.
	pub waits_until: Option<BlockNumberFor<T>>,
	/// Units of computation that running the job again takes.
	pub units: ComputeUnits,
	/// Whether the worker is known to be late.
	pub late: bool,
	/// The cell whose values auditors have to show, once it is drawn.
	pub values_of: Option<Place>,
	/// Block whose agenda holds it; none when it is over, or if all that were tried were full.
	pub booked_at: Option<BlockNumberFor<T>>,
}

/// An auditor that was drawn.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo, CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound(T: Config))]
pub struct Auditor<T: Config> {
	/// Its account.
	pub account: T::AccountId,
	/// How far it is.
	pub state: AuditorState,
	/// Last block for what it is asked, if it is.
	pub deadline: BlockNumberFor<T>,
	/// Whether it need not reply: by what else it is asked meanwhile it has more to do than it can, or it was recalled.
	pub excused: bool,
	/// Whether it was drawn, and has vouched for an earlier claim of the job that said otherwise: it has as long as the claim waits, as if
	/// it had been recalled.
	pub contradicted: bool,
	/// Whether it has committed to a digest and so said that the claim is right, whatever has become of it since.
	pub vouched: bool,
	/// Block in which it was drawn.
	pub drawn_at: BlockNumberFor<T>,
	/// Whether it was not drawn, but vouched for an earlier claim of the job: it may reply or challenge, for it is judged by what
	/// the job ends with, and need not.
	pub recalled: bool,
}

impl<T: Config> Auditor<T> {
	/// Somebody who is asked to audit a claim.
	pub(crate) fn new(account: T::AccountId, drawn_at: BlockNumberFor<T>, recalled: bool) -> Self {
		Self {
			account,
			state: AuditorState::Drawn,
			deadline: drawn_at,
			excused: recalled,
			contradicted: false,
			vouched: false,
			drawn_at,
			recalled,
		}
	}

	/// Whether nothing but its place is lost by its silence. Who was recalled need not reply, but is judged by what the job ends with.
	pub(crate) fn loses_only_its_place(&self) -> bool {
		self.excused && !self.recalled
	}

	/// Whether it is to look at the claim, and has not said anything yet.
	pub(crate) fn is_to_look(&self) -> bool {
		self.state == AuditorState::Drawn
	}
}

/// An auditor on the list of a version.
#[derive(CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct Listed<T: Config> {
	/// Who.
	pub account: T::AccountId,
	/// Block from which on it has been listed: it is drawn for what was claimed later.
	pub since: BlockNumberFor<T>,
}

/// Draws of auditors for a claim at most: who is silent is replaced twice.
pub(crate) const DRAWS: u32 = 3;

/// Claims of a job, all but the last, whose auditors are recalled.
pub(crate) const RECALLS: u32 = 2;

/// Those who vouched for claims of a job that were struck down, at most.
pub struct Recalled<T>(PhantomData<T>);
impl<T: Config> Get<u32> for Recalled<T> {
	fn get() -> u32 {
		T::MaxDrawn::get().saturating_mul(DRAWS).saturating_mul(RECALLS)
	}
}

/// Auditors of a claim at most, replaced and recalled ones included.
pub struct Seats<T>(PhantomData<T>);
impl<T: Config> Get<u32> for Seats<T> {
	fn get() -> u32 {
		T::MaxDrawn::get()
			.saturating_mul(DRAWS)
			.saturating_add(Recalled::<T>::get())
	}
}

impl<T: Config> Audit<T> {
	/// Auditors that were drawn.
	fn drawn(&self) -> impl Iterator<Item = &Auditor<T>> {
		self.auditors.iter().filter(|auditor| !auditor.recalled)
	}

	/// Last block in which the claim waits for somebody, if it does from now on: for as long as one waits for challenges.
	pub(crate) fn would_wait_until(&self, now: BlockNumberFor<T>) -> BlockNumberFor<T> {
		self.waits_until
			.unwrap_or_else(|| now.saturating_add(T::Claims::guilt_period()))
	}

	/// Lets the claim wait for somebody from now on, and says until when.
	pub(crate) fn wait(&mut self, now: BlockNumberFor<T>) -> BlockNumberFor<T> {
		let until = self.would_wait_until(now);
		self.waits_until = Some(until);
		until
	}

	/// Auditors that were drawn and have not failed.
	pub fn filled_seats(&self) -> u32 {
		let filled = self.drawn().filter(|auditor| auditor.state != AuditorState::Failed);
		u32::try_from(filled.count()).unwrap_or(u32::MAX)
	}

	/// Whether auditors that failed are to be replaced.
	pub fn wants_others(&self) -> bool {
		let failed = self.drawn().any(|auditor| auditor.state == AuditorState::Failed);
		failed && self.draws < DRAWS && self.filled_seats() < T::MaxDrawn::get()
	}

	/// Whether auditors were to look at the claim and not one has.
	pub fn is_unaudited(&self) -> bool {
		self.drawn().next().is_some() && self.filled_seats() == 0
	}

	/// The auditors that were drawn and have audited the claim.
	pub fn have_audited(&self) -> impl Iterator<Item = &T::AccountId> {
		let done = self.drawn().filter(|auditor| auditor.state == AuditorState::Done);
		done.map(|auditor| &auditor.account)
	}

	/// Whether nothing more is asked.
	pub fn is_over(&self) -> bool {
		matches!(self.phase, AuditPhase::Over(_))
	}
}
