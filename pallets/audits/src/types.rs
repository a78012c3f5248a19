//! What the pallet stores of an audit.

use crate::Config;
use assay_protocol::{
	audit::{AuditPhase, AuditSummary, AuditorState, SpotCheck},
	dispute::OpenClaim,
	Attempt, ModelVersion,
};
use assay_trace::Place;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;

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
	/// Where it stands.
	pub phase: AuditPhase<BlockNumberFor<T>>,
	/// What the worker is asked, if it is.
	pub spot_check: Option<SpotCheck>,
	/// The auditors that were drawn.
	pub auditors: BoundedVec<Auditor<T>, T::MaxDrawn>,
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
}

impl<T: Config> Audit<T> {
	/// Whether nothing more is asked.
	pub fn is_over(&self) -> bool {
		matches!(self.phase, AuditPhase::Over(_))
	}
}
