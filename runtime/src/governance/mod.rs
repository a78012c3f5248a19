//! How holders of ASY decide: by referenda, each on the track of what it may do.
//!
//! [`origins`] says who may do what, [`tracks`] what it takes, [`parameters`] which constants are open to it, [`pauses`] what can be
//! stopped in an emergency. Stake votes: what is held counts like what is free. `docs/governance.md` is for those who vote.

pub mod origins;
pub mod parameters;
pub mod pauses;
pub mod queries;
pub mod tracks;

use crate::{AccountId, BlockNumber, Runtime};
use core::marker::PhantomData;
use frame_support::traits::{EitherOfDiverse, Get};
use frame_system::EnsureRoot;
use pallet_assay_timing::GovernanceDay;
use pallet_collective::EnsureProportionAtLeast;

/// The instance of the collective that is the technical committee.
pub type TechnicalCommitteeInstance = pallet_collective::Instance1;

/// Two thirds of the technical committee.
pub type TwoThirdsOfCommittee = EnsureProportionAtLeast<AccountId, TechnicalCommitteeInstance, 2, 3>;
/// Half of the technical committee.
pub type HalfOfCommittee = EnsureProportionAtLeast<AccountId, TechnicalCommitteeInstance, 1, 2>;

/// A referendum on the track of root.
pub type Root = EnsureRoot<AccountId>;
/// A referendum on the track of root, or on that of the general admin.
pub type RootOrAdmin = EitherOfDiverse<Root, origins::GeneralAdmin>;

/// `NUMERATOR / DENOMINATOR` days of governance in blocks, one block at least.
pub struct Days<const NUMERATOR: BlockNumber, const DENOMINATOR: BlockNumber>(PhantomData<()>);

impl<const NUMERATOR: BlockNumber, const DENOMINATOR: BlockNumber> Get<BlockNumber> for Days<NUMERATOR, DENOMINATOR> {
	fn get() -> BlockNumber {
		let parts = GovernanceDay::<Runtime>::get().saturating_mul(NUMERATOR);
		parts.checked_div(DENOMINATOR).unwrap_or(parts).max(1)
	}
}
