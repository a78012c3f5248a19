//! Who is elected to make blocks, what that earns, and what breaking its rules costs.

use super::{session::MaxAuthorities, staking::MaxOperators};
use crate::{
	currency::MINIMUM_VALIDATOR_BOND,
	governance::{origins::SlashCanceller, parameters::AuthorFeeShare, Root},
	time::{SESSIONS_OF_SET, SILENCE_LIMIT},
	AccountId, Authorship, Balances, Runtime, Session, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, EitherOfDiverse, Get},
	PalletId,
};
use pallet_assay_timing as timing;
use sp_runtime::{curve::PiecewiseLinear, Perbill, Permill};

/// What is issued in a year, as a share of the issuance, by the share of it that stands behind validators: most at a half,
/// so that stake is drawn there from both sides.
pub const INFLATION: PiecewiseLinear<'static> = PiecewiseLinear {
	points: &[
		(Perbill::zero(), Perbill::from_perthousand(25)),
		(Perbill::from_percent(50), Perbill::from_percent(10)),
		(Perbill::one(), Perbill::from_perthousand(25)),
	],
	maximum: Perbill::from_percent(10),
};

/// The least validators there are once there are as many: of four, of which one may fail, one that offends can be sent away.
const MIN_VALIDATORS: u32 = 3;

parameter_types! {
	/// The curve.
	pub const Inflation: &'static PiecewiseLinear<'static> = &INFLATION;
	/// A half: a third of the votes costs a quarter of the stake of all others, and who has half of the usual stake has a seat.
	pub const SeatShare: Permill = Permill::from_percent(50);
	/// A tenth, as much as whoever watches needs, and less than the offender could gain by reporting itself.
	pub const ReporterShare: Permill = Permill::from_percent(10);
	/// An account that nobody has the key of: authors' parts of fees until the session ends.
	pub const FeePot: PalletId = PalletId(*b"assayfee");
}

/// Who makes the present block.
pub struct Author;

impl Get<Option<AccountId>> for Author {
	fn get() -> Option<AccountId> {
		Authorship::author()
	}
}

impl pallet_assay_validators::Config for Runtime {
	type Currency = Balances;
	type Operators = Staking;
	type Session = Session;
	type Author = Author;
	type PotId = FeePot;
	type MaxValidators = MaxAuthorities;
	type MinValidators = ConstU32<MIN_VALIDATORS>;
	type MinValidatorBond = ConstU128<MINIMUM_VALIDATOR_BOND>;
	type SeatShare = SeatShare;
	type SetSessions = ConstU32<SESSIONS_OF_SET>;
	type MaxCandidates = MaxOperators;
	type Inflation = Inflation;
	type BlockTime = timing::ExpectedBlockTime<Runtime>;
	type AuthorFeeShare = AuthorFeeShare;
	type ReporterShare = ReporterShare;
	type SilenceLimit = ConstU32<SILENCE_LIMIT>;
	type ReportableSessions = timing::ReportableSessions<Runtime>;
	type SlashDeferral = timing::SlashDeferral<Runtime>;
	type SlashCancelOrigin = EitherOfDiverse<Root, SlashCanceller>;
	type WeightInfo = crate::weights::pallet_assay_validators::WeightInfo<Runtime>;
}
