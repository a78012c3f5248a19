//! Referenda, votes and parameters for those who vote.

use super::{parameters, tracks::Tracks};
use crate::{AccountId, Balance, Balances, BlockNumber, Preimage, Runtime, RuntimeCall, System};
use alloc::{
	string::{String, ToString},
	vec,
	vec::Vec,
};
use assay_protocol::governance::{
	CastVote, Conviction, LentVotes, OngoingReferendum, ParameterSummary, ParameterValue, Proposal, ProposedCall,
	Referendum, ReferendumState, Stage, TrackTerms, VotingSummary, MAX_SHOWN_CALL,
};
use codec::DecodeLimit;
use frame_support::traits::{fungible::Inspect, Bounded, Get, GetCallMetadata, QueryPreimage, VoteTally};
use pallet_conviction_voting::{AccountVote, Voting, VotingFor};
use pallet_referenda::{ReferendumCount, ReferendumInfo, ReferendumInfoFor, TracksInfo};
use sp_runtime::{Perbill, Permill};

/// Referenda of a page at most.
const MAX_PAGE: u32 = 100;

/// How deeply calls are nested that are shown.
const MAX_DEPTH: u32 = 16;

/// The proposal of a referendum in storage.
type Proposed = Bounded<RuntimeCall, <Runtime as frame_system::Config>::Hashing>;

/// One referendum.
pub(crate) fn referendum(index: u32) -> Option<Referendum<AccountId, Balance, BlockNumber>> {
	let state = match ReferendumInfoFor::<Runtime>::get(index)? {
		ReferendumInfo::Ongoing(status) => {
			let info = Tracks::info(status.track)?;
			let now = System::block_number();
			let passed = |since: BlockNumber| Perbill::from_rational(now.saturating_sub(since), info.decision_period);
			let elapsed = status
				.deciding
				.as_ref()
				.map_or(Perbill::zero(), |deciding| passed(deciding.since));
			let stage = match &status.deciding {
				Some(deciding) => match deciding.confirming {
					Some(until) => Stage::Confirming { until },
					None => Stage::Deciding {
						until: deciding.since.saturating_add(info.decision_period),
					},
				},
				None if status.decision_deposit.is_none() => Stage::WithoutDeposit {
					until: status
						.submitted
						.saturating_add(<Runtime as pallet_referenda::Config>::UndecidingTimeout::get()),
				},
				None if status.in_queue => Stage::Queued,
				None => Stage::Preparing {
					until: status.submitted.saturating_add(info.prepare_period),
				},
			};
			ReferendumState::Ongoing(OngoingReferendum {
				track: status.track,
				proposer: status.submission_deposit.who.clone(),
				proposal: proposal(&status.proposal),
				stage,
				ayes: status.tally.ayes,
				nays: status.tally.nays,
				support: status.tally.support,
				approval: status.tally.approval(status.track),
				approval_needed: info.min_approval.threshold(elapsed),
				supported: status.tally.support(status.track),
				support_needed: info.min_support.threshold(elapsed),
			})
		}
		ReferendumInfo::Approved(at, ..) => ReferendumState::Approved(at),
		ReferendumInfo::Rejected(at, ..) => ReferendumState::Rejected(at),
		ReferendumInfo::Cancelled(at, ..) => ReferendumState::Cancelled(at),
		ReferendumInfo::TimedOut(at, ..) => ReferendumState::TimedOut(at),
		ReferendumInfo::Killed(at) => ReferendumState::Killed(at),
	};
	Some(Referendum { index, state })
}

/// What would be done, as far as it is known.
fn proposal(proposed: &Proposed) -> Proposal {
	let bytes = match proposed {
		Bounded::Inline(bytes) => Some(bytes.to_vec()),
		Bounded::Lookup { hash, len } => Preimage::fetch(hash, Some(*len)).ok().map(|bytes| bytes.into_owned()),
		Bounded::Legacy { .. } => None,
	};
	let call = bytes.and_then(|bytes| {
		let call = RuntimeCall::decode_with_depth_limit(MAX_DEPTH, &mut &bytes[..]).ok()?;
		let names = call.get_call_metadata();
		Some(ProposedCall {
			pallet: names.pallet_name.to_string(),
			name: names.function_name.to_string(),
			encoded: bytes.into_iter().take(MAX_SHOWN_CALL).collect(),
		})
	});
	Proposal {
		hash: proposed.hash(),
		call,
	}
}

/// Referenda with numbers below `before`, newest first.
pub(crate) fn referenda(before: Option<u32>, limit: u32) -> Vec<Referendum<AccountId, Balance, BlockNumber>> {
	let end = ReferendumCount::<Runtime>::get();
	let end = before.map_or(end, |before| before.min(end));
	let limit = usize::try_from(limit.min(MAX_PAGE)).unwrap_or(usize::MAX);
	(0..end).rev().take(limit).filter_map(referendum).collect()
}

/// What it takes to decide.
pub(crate) fn tracks() -> Vec<TrackTerms<Balance, BlockNumber>> {
	Tracks::tracks()
		.map(|track| {
			let info = &track.info;
			TrackTerms {
				number: track.id,
				name: String::from_utf8_lossy(&info.name).trim_end_matches('\0').to_string(),
				max_deciding: info.max_deciding,
				decision_deposit: info.decision_deposit,
				prepare_period: info.prepare_period,
				decision_period: info.decision_period,
				confirm_period: info.confirm_period,
				min_enactment_period: info.min_enactment_period,
			}
		})
		.collect()
}

/// The same conviction.
fn conviction(of: pallet_conviction_voting::Conviction) -> Conviction {
	use pallet_conviction_voting::Conviction as Chain;
	match of {
		Chain::None => Conviction::None,
		Chain::Locked1x => Conviction::Locked1x,
		Chain::Locked2x => Conviction::Locked2x,
		Chain::Locked3x => Conviction::Locked3x,
		Chain::Locked4x => Conviction::Locked4x,
		Chain::Locked5x => Conviction::Locked5x,
		Chain::Locked6x => Conviction::Locked6x,
	}
}

fn cast(index: u32, vote: &AccountVote<Balance>) -> CastVote<Balance> {
	let (aye, nay, abstain, conviction) = match vote {
		AccountVote::Standard { vote, balance } => {
			let (aye, nay) = if vote.aye { (*balance, 0) } else { (0, *balance) };
			(aye, nay, 0, Some(conviction(vote.conviction)))
		}
		AccountVote::Split { aye, nay } => (*aye, *nay, 0, None),
		AccountVote::SplitAbstain { aye, nay, abstain } => (*aye, *nay, *abstain, None),
	};
	CastVote {
		index,
		aye,
		nay,
		abstain,
		conviction,
	}
}

/// How an account votes.
pub(crate) fn voting(account: &AccountId) -> VotingSummary<AccountId, Balance> {
	let mut of = VotingSummary {
		votes_with: Balances::total_balance(account),
		locked: pallet_conviction_voting::ClassLocksFor::<Runtime>::get(account)
			.iter()
			.map(|(_, locked)| *locked)
			.max()
			.unwrap_or_default(),
		cast: vec![],
		lent: vec![],
	};
	for track in Tracks::track_ids() {
		match VotingFor::<Runtime>::get(account, track) {
			Voting::Casting(casting) => of
				.cast
				.extend(casting.votes.iter().map(|(index, vote)| cast(*index, vote))),
			Voting::Delegating(delegating) => of.lent.push(LentVotes {
				track,
				to: delegating.target,
				amount: delegating.balance,
				conviction: conviction(delegating.conviction),
			}),
		}
	}
	of
}

/// The constants that are open to referenda.
pub fn parameters() -> Vec<ParameterSummary<Balance>> {
	fn amount<P: parameters::Bounds>(name: &str, key: [u8; 2]) -> ParameterSummary<Balance> {
		ParameterSummary {
			name: name.into(),
			key,
			value: ParameterValue::Amount {
				now: P::get(),
				least: P::LEAST,
				most: P::MOST,
			},
		}
	}
	fn share<P: Get<Permill>>(name: &str, key: [u8; 2], most: u32) -> ParameterSummary<Balance> {
		ParameterSummary {
			name: name.into(),
			key,
			value: ParameterValue::Share {
				now: P::get(),
				most: Permill::from_parts(most),
			},
		}
	}
	vec![
		amount::<parameters::MinBond>("staking.min_bond", [0, 0]),
		amount::<parameters::MinDelegation>("staking.min_delegation", [0, 1]),
		amount::<parameters::MinUnitPrice>("prices.min_unit_price", [1, 0]),
		amount::<parameters::BytePrice>("prices.byte_price", [1, 1]),
		share::<parameters::AuthorFeeShare>("prices.author_fee_share", [1, 2], parameters::MOST_AUTHOR_FEE_SHARE),
		share::<parameters::TreasuryShare>("prices.treasury_share", [1, 3], parameters::MOST_TREASURY_SHARE),
		amount::<parameters::ChallengeBond>("duties.challenge_bond", [2, 0]),
		amount::<parameters::MissedDeadlinePenalty>("duties.missed_deadline_penalty", [2, 1]),
	]
}
