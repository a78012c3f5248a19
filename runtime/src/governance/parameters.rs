//! The constants that people argue about: set by referenda of the general admin, within bounds that no referendum of its own can leave.
//!
//! What depends on a constant over time, a bond that is held, say, is stored where it is held, so a change never touches what has begun.

use super::RootOrAdmin;
use crate::{
	currency::{
		AUTHOR_FEE_SHARE, CHALLENGE_BOND, MINIMUM_BOND, MINIMUM_DELEGATION, MIN_UNIT_PRICE, MISSED_DEADLINE_PENALTY,
		TRANSACTION_BYTE_FEE, TREASURY_SHARE,
	},
	Balance, Runtime, RuntimeOrigin,
};
use core::marker::PhantomData;
use frame_support::{
	dynamic_params::{dynamic_pallet_params, dynamic_params},
	traits::{EnsureOrigin, EnsureOriginWithArg, Get},
};
use sp_runtime::Permill;

/// The parameters, by the pallet that reads them.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic {
	use super::*;

	/// Of stake.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod staking {
		/// The least an operator bonds.
		#[codec(index = 0)]
		pub static MinBond: Balance = MINIMUM_BOND;
		/// The least that is put behind somebody else.
		#[codec(index = 1)]
		pub static MinDelegation: Balance = MINIMUM_DELEGATION;
	}

	/// Of prices and fees.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod prices {
		/// The least that an offer asks for a unit of computation.
		#[codec(index = 0)]
		pub static MinUnitPrice: Balance = MIN_UNIT_PRICE;
		/// What a byte of a transaction, and of a job, costs.
		#[codec(index = 1)]
		pub static BytePrice: Balance = TRANSACTION_BYTE_FEE;
		/// The author's share of the fees in its block; the rest is burned.
		#[codec(index = 2)]
		pub static AuthorFeeShare: Permill = AUTHOR_FEE_SHARE;
		/// The treasury's share of what jobs cost.
		#[codec(index = 3)]
		pub static TreasuryShare: Permill = TREASURY_SHARE;
	}

	/// Of disputes and deadlines.
	#[dynamic_pallet_params]
	#[codec(index = 2)]
	pub mod duties {
		/// Held from a challenger until its dispute is over.
		#[codec(index = 0)]
		pub static ChallengeBond: Balance = CHALLENGE_BOND;
		/// What an operator loses for a missed deadline.
		#[codec(index = 1)]
		pub static MissedDeadlinePenalty: Balance = MISSED_DEADLINE_PENALTY;
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		RuntimeParameters::Staking(dynamic::staking::Parameters::MinBond(
			dynamic::staking::MinBond,
			Some(MINIMUM_BOND),
		))
	}
}

/// An amount, the nearest of `LEAST` to `MOST` if it is none of them.
pub struct Within<P, const LEAST: Balance, const MOST: Balance>(PhantomData<P>);

impl<P: Get<Balance>, const LEAST: Balance, const MOST: Balance> Get<Balance> for Within<P, LEAST, MOST> {
	fn get() -> Balance {
		P::get().clamp(LEAST, MOST)
	}
}

/// An amount that has bounds.
pub trait Bounds: Get<Balance> {
	/// At least.
	const LEAST: Balance;
	/// At most.
	const MOST: Balance;
}

impl<P: Get<Balance>, const LEAST: Balance, const MOST: Balance> Bounds for Within<P, LEAST, MOST> {
	const LEAST: Balance = LEAST;
	const MOST: Balance = MOST;
}

/// A share, `MOST` parts in a million if it is larger.
pub struct AtMost<P, const MOST: u32>(PhantomData<P>);

impl<P: Get<Permill>, const MOST: u32> Get<Permill> for AtMost<P, MOST> {
	fn get() -> Permill {
		P::get().min(Permill::from_parts(MOST))
	}
}

/// The least an operator bonds: a tenth of what it is at genesis to twice as much, which the least penalty for a
/// wrong result still covers.
pub type MinBond = Within<dynamic::staking::MinBond, { MINIMUM_BOND / 10 }, { MINIMUM_BOND * 2 }>;
/// The least that is put behind somebody else.
pub type MinDelegation =
	Within<dynamic::staking::MinDelegation, { MINIMUM_DELEGATION / 10 }, { MINIMUM_DELEGATION * 100 }>;
/// The least that an offer asks for a unit.
pub type MinUnitPrice = Within<dynamic::prices::MinUnitPrice, { MIN_UNIT_PRICE / 1_000 }, { MIN_UNIT_PRICE * 1_000 }>;
/// What a byte costs.
pub type BytePrice = Within<dynamic::prices::BytePrice, { TRANSACTION_BYTE_FEE / 100 }, { TRANSACTION_BYTE_FEE * 2 }>;
/// Parts in a million of fees that an author gets at most: or it fills its blocks for nothing.
pub const MOST_AUTHOR_FEE_SHARE: u32 = 500_000;
/// Parts in a million of what jobs cost that the treasury gets at most: a publisher's quarter and two auditors' thirds leave no more.
pub const MOST_TREASURY_SHARE: u32 = 50_000;
/// The author's share of fees.
pub type AuthorFeeShare = AtMost<dynamic::prices::AuthorFeeShare, MOST_AUTHOR_FEE_SHARE>;
/// The treasury's share of what jobs cost.
pub type TreasuryShare = AtMost<dynamic::prices::TreasuryShare, MOST_TREASURY_SHARE>;
/// What a challenger puts up: never so much that one honest party cannot.
pub type ChallengeBond = Within<dynamic::duties::ChallengeBond, CHALLENGE_BOND, { CHALLENGE_BOND * 2 }>;
/// What a missed deadline costs: never so much that it is taken for fraud.
pub type MissedDeadlinePenalty =
	Within<dynamic::duties::MissedDeadlinePenalty, { MISSED_DEADLINE_PENALTY / 10 }, MISSED_DEADLINE_PENALTY>;

/// Who sets parameters.
pub struct Administrator;

impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for Administrator {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin, _: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
		RootOrAdmin::try_origin(origin).map(|_| ())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
		RootOrAdmin::try_successful_origin()
	}
}
