//! Who a referendum may act as, beside root: for each a track, so that what can do little needs little.

use crate::{currency::UNIT, AccountId, Balance, RuntimeOrigin};
use frame_support::traits::{EitherOf, EnsureOrigin, MapSuccess, OriginTrait};
use frame_system::EnsureRootWithSuccess;
use sp_core::ConstU128;
use sp_runtime::traits::Replace;

pub use pallet::*;

/// Has origins and nothing else.
#[frame_support::pallet]
pub mod pallet {
	use frame_support::pallet_prelude::*;

	/// Nothing to configure.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Has no storage.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// What referenda act as.
	#[pallet::origin]
	#[derive(PartialEq, Eq, Clone, Copy, MaxEncodedLen, Encode, Decode, DecodeWithMemTracking, TypeInfo, Debug)]
	pub enum Origin {
		/// Dispatches, as root, a call that the technical committee has whitelisted.
		WhitelistedCaller,
		/// Sets parameters, the members of the technical committee and registrars.
		GeneralAdmin,
		/// Spends any amount of the treasury.
		Treasurer,
		/// Spends up to [`super::SMALL_SPEND`] of the treasury.
		SmallSpender,
		/// Cancels slashes of validators that are not yet applied.
		SlashCanceller,
		/// Cancels a referendum and returns its deposits.
		ReferendumCanceller,
		/// Cancels a referendum and takes its deposits.
		ReferendumKiller,
	}
}

/// The most that one small spend takes.
pub const SMALL_SPEND: Balance = 10_000 * UNIT;

/// Declares what lets one of the origins pass and nobody else.
macro_rules! only {
	($($(#[$attribute:meta])* $name:ident),+ $(,)?) => { $(
		$(#[$attribute])*
		pub struct $name;

		impl EnsureOrigin<RuntimeOrigin> for $name {
			type Success = ();

			fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
				match origin.caller() {
					crate::OriginCaller::Origins(Origin::$name) => Ok(()),
					_ => Err(origin),
				}
			}

			#[cfg(feature = "runtime-benchmarks")]
			fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
				Ok(Origin::$name.into())
			}
		}
	)+ };
}

only!(
	/// Referenda on whitelisted calls.
	WhitelistedCaller,
	/// Referenda on parameters and people.
	GeneralAdmin,
	/// Referenda on any spend.
	Treasurer,
	/// Referenda on small spends.
	SmallSpender,
	/// Referenda on slashes.
	SlashCanceller,
	/// Referenda that cancel another.
	ReferendumCanceller,
	/// Referenda that kill another.
	ReferendumKiller,
);

/// Who may spend of the treasury, and how much at once.
pub type Spender = EitherOf<
	EnsureRootWithSuccess<AccountId, ConstU128<{ Balance::MAX }>>,
	EitherOf<
		MapSuccess<Treasurer, Replace<ConstU128<{ Balance::MAX }>>>,
		MapSuccess<SmallSpender, Replace<ConstU128<SMALL_SPEND>>>,
	>,
>;
