//! Referenda for a test: putting calls to the vote, voting, and waiting for what comes of it.

use super::{account, next_block};
use assay_runtime::{currency::UNIT, Balance, BlockNumber, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin};
use codec::Encode;
use frame_support::{
	assert_ok,
	traits::{schedule::DispatchTime, Bounded},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_referenda::ReferendumInfo;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::traits::Dispatchable;

/// More blocks than any referendum of these chains takes.
const LONGEST: BlockNumber = 200;

/// Does what a transaction of `who` would.
pub fn by(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> sp_runtime::DispatchResult {
	call.into()
		.dispatch(RuntimeOrigin::signed(account(who)))
		.map(|_| ())
		.map_err(|failed| failed.error)
}

/// Votes with `balance`, for as long as `conviction` says.
pub fn vote(who: Sr25519Keyring, index: u32, aye: bool, balance: Balance, conviction: Conviction) {
	assert_ok!(by(
		who,
		pallet_conviction_voting::Call::<Runtime>::vote {
			poll_index: index,
			vote: AccountVote::Standard {
				vote: Vote { aye, conviction },
				balance,
			},
		}
	));
}

/// Puts `call` to the vote as `origin`, with its decision deposit.
pub fn propose(origin: impl Into<OriginCaller>, call: impl Into<RuntimeCall>) -> u32 {
	let call: RuntimeCall = call.into();
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let proposal = Bounded::Inline(call.encode().try_into().expect("the call is short"));
	assert_ok!(by(
		Eve,
		pallet_referenda::Call::<Runtime>::submit {
			proposal_origin: Box::new(origin.into()),
			proposal,
			enactment_moment: DispatchTime::After(0),
		}
	));
	assert_ok!(by(
		Eve,
		pallet_referenda::Call::<Runtime>::place_decision_deposit { index }
	));
	index
}

/// Makes blocks until the referendum is over, and then until what it decided is done; whether it passed.
pub fn passes(index: u32) -> bool {
	for _ in 0..LONGEST {
		next_block(vec![]);
		match pallet_referenda::ReferendumInfoFor::<Runtime>::get(index).expect("it is there") {
			ReferendumInfo::Ongoing(_) => {}
			ReferendumInfo::Approved(..) => {
				for _ in 0..10 {
					next_block(vec![]);
				}
				return true;
			}
			_ => return false,
		}
	}
	panic!("a referendum that never ends")
}

/// Most holders are for it.
pub fn carry(index: u32) {
	for who in [Alice, Bob, Charlie, Dave] {
		vote(who, index, true, 900_000 * UNIT, Conviction::Locked1x);
	}
}

/// As what root acts.
pub fn root() -> OriginCaller {
	frame_system::RawOrigin::Root.into()
}
