//! What it takes to decide, for each origin: deposits, times and the shares that have to be for it.
//!
//! Approval is the share of the votes, weighted by conviction, that are aye; support the share of all ASY that is, unweighted. Both
//! thresholds fall while a referendum is decided, so what nearly everybody wants is quick and what few want never passes.

use super::origins::Origin;
use crate::{currency::UNIT, Balance, BlockNumber, OriginCaller, Runtime};
use alloc::borrow::Cow;
use assay_protocol::governance::Track as Named;
use frame_support::sp_runtime::{str_array, FixedI64};
use pallet_assay_timing::GovernanceDay;
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};

/// Days in which a referendum has to pass.
const DECISION_DAYS: u32 = 14;

const fn percent(of: u128) -> FixedI64 {
	FixedI64::from_rational(of, 100)
}

/// Falls straight from all to a half: more than half of the votes always has to be aye.
const fn majority(days: u128) -> Curve {
	Curve::make_linear(days, DECISION_DAYS as u128, percent(50), percent(100))
}

/// Falls to four fifths within two days, and to a half at the end.
const SUPERMAJORITY: Curve = Curve::make_reciprocal(2, DECISION_DAYS as u128, percent(80), percent(50), percent(100));

/// Falls straight from half of all ASY to a twentieth: whatever may change everything is never decided by a few while others sleep.
const MANY: Curve = Curve::make_linear(DECISION_DAYS as u128, DECISION_DAYS as u128, percent(5), percent(50));

/// Falls to a tenth of all ASY within half of the time, and to a hundredth at the end.
const SOME: Curve = Curve::make_reciprocal(7, DECISION_DAYS as u128, percent(10), percent(1), percent(50));

/// Falls to a hundredth of all ASY within two days.
const FEW: Curve = Curve::make_reciprocal(2, DECISION_DAYS as u128, percent(1), percent(0), percent(50));

/// A track, its times in quarters of an hour of a day of governance.
struct Terms {
	track: Named,
	origin: Option<Origin>,
	max_deciding: u32,
	decision_deposit: Balance,
	prepare: u32,
	confirm: u32,
	enact: u32,
	approval: Curve,
	support: Curve,
}

/// Quarters of an hour in an hour.
const HOUR: u32 = 4;
/// Quarters of an hour in a day.
const DAY: u32 = 24 * HOUR;

/// All tracks, by their ids, which never change.
const TRACKS: [Terms; 8] = [
	Terms {
		track: Named::Root,
		origin: None,
		max_deciding: 2,
		decision_deposit: 10_000 * UNIT,
		prepare: 2 * HOUR,
		confirm: DAY,
		enact: DAY,
		approval: SUPERMAJORITY,
		support: MANY,
	},
	Terms {
		track: Named::WhitelistedCaller,
		origin: Some(Origin::WhitelistedCaller),
		max_deciding: 20,
		decision_deposit: 1_000 * UNIT,
		prepare: 2,
		confirm: 1,
		enact: 1,
		approval: SUPERMAJORITY,
		support: SOME,
	},
	Terms {
		track: Named::GeneralAdmin,
		origin: Some(Origin::GeneralAdmin),
		max_deciding: 10,
		decision_deposit: 2_000 * UNIT,
		prepare: HOUR,
		confirm: 3 * HOUR,
		enact: 3 * HOUR,
		approval: SUPERMAJORITY,
		support: SOME,
	},
	Terms {
		track: Named::Treasurer,
		origin: Some(Origin::Treasurer),
		max_deciding: 10,
		decision_deposit: 2_000 * UNIT,
		prepare: 2 * HOUR,
		confirm: DAY,
		enact: DAY,
		approval: SUPERMAJORITY,
		support: MANY,
	},
	Terms {
		track: Named::SmallSpender,
		origin: Some(Origin::SmallSpender),
		max_deciding: 50,
		decision_deposit: 200 * UNIT,
		prepare: 2 * HOUR,
		confirm: 12 * HOUR,
		enact: DAY,
		approval: majority(8),
		support: FEW,
	},
	Terms {
		track: Named::SlashCanceller,
		origin: Some(Origin::SlashCanceller),
		max_deciding: 20,
		decision_deposit: 1_000 * UNIT,
		prepare: HOUR,
		confirm: 3 * HOUR,
		enact: 1,
		approval: SUPERMAJORITY,
		support: SOME,
	},
	Terms {
		track: Named::ReferendumCanceller,
		origin: Some(Origin::ReferendumCanceller),
		max_deciding: 50,
		decision_deposit: 1_000 * UNIT,
		prepare: 2 * HOUR,
		confirm: 3 * HOUR,
		enact: 1,
		approval: majority(8),
		support: FEW,
	},
	Terms {
		track: Named::ReferendumKiller,
		origin: Some(Origin::ReferendumKiller),
		max_deciding: 50,
		decision_deposit: 2_000 * UNIT,
		prepare: 2 * HOUR,
		confirm: 3 * HOUR,
		enact: 1,
		approval: majority(8),
		support: FEW,
	},
];

/// So many quarters of an hour of a day of governance in blocks, one at least.
fn blocks(quarters: u32) -> BlockNumber {
	let parts = GovernanceDay::<Runtime>::get().saturating_mul(quarters);
	parts.checked_div(DAY).unwrap_or(parts).max(1)
}

/// The tracks with their times on this chain.
pub struct Tracks;

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = u16;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<Self::Id, Balance, BlockNumber>>> {
		TRACKS.iter().map(|terms| {
			Cow::Owned(Track {
				id: terms.track.number(),
				info: TrackInfo {
					name: str_array(terms.track.name()),
					max_deciding: terms.max_deciding,
					decision_deposit: terms.decision_deposit,
					prepare_period: blocks(terms.prepare),
					decision_period: blocks(DECISION_DAYS * DAY),
					confirm_period: blocks(terms.confirm),
					min_enactment_period: blocks(terms.enact),
					min_approval: terms.approval.clone(),
					min_support: terms.support.clone(),
				},
			})
		})
	}

	fn track_for(origin: &Self::RuntimeOrigin) -> Result<Self::Id, ()> {
		let of = match origin {
			OriginCaller::system(frame_system::RawOrigin::Root) => None,
			OriginCaller::Origins(origin) => Some(*origin),
			_ => return Err(()),
		};
		TRACKS
			.iter()
			.find(|terms| terms.origin == of)
			.map(|terms| terms.track.number())
			.ok_or(())
	}
}
