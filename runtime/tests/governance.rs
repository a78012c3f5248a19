//! Holders decide: on code, constants, money and people, each by the track of what it may do, and nobody gets around it.

mod common;

use assay_protocol::operator::{Fault, Operators};
use assay_runtime::{
	currency::{CHALLENGE_BOND, MINIMUM_BOND, UNIT},
	governance::{
		origins::{Origin, SMALL_SPEND},
		parameters::{dynamic, MinBond, RuntimeParameters},
		queries,
		tracks::Tracks,
	},
	treasury::TreasuryAccount,
	AccountId, Address, Balance, Balances, ConvictionVoting, OriginCaller, Parameters, Referenda, Runtime, RuntimeCall,
	RuntimeOrigin, Staking, System, Treasury, UncheckedExtrinsic,
};
use codec::{Decode, Encode};
use common::{
	account, chain, next_block,
	referenda::{by, carry, passes, propose, root, vote},
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{
		fungible::{Inspect, InspectHold},
		Get,
	},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_referenda::{ReferendumInfo, TracksInfo};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash},
	transaction_validity::InvalidTransaction,
	Perbill,
};

#[test]
fn tracks_should_be_in_order_and_lead_from_every_origin() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		assert_ok!(Tracks::check_integrity());
		let mut origins = vec![root()];
		origins.extend(
			[
				Origin::WhitelistedCaller,
				Origin::GeneralAdmin,
				Origin::Treasurer,
				Origin::SmallSpender,
				Origin::SlashCanceller,
				Origin::ReferendumCanceller,
				Origin::ReferendumKiller,
			]
			.map(OriginCaller::from),
		);
		let ids: Vec<u16> = origins
			.iter()
			.map(|origin| Tracks::track_for(origin).expect("every origin has a track"))
			.collect();
		assert_eq!(ids, Tracks::track_ids().collect::<Vec<_>>());
		let signed: OriginCaller = frame_system::RawOrigin::Signed(account(Bob)).into();
		assert_eq!(Tracks::track_for(&signed), Err(()));
		for track in Tracks::tracks() {
			let info = &track.info;
			let name = String::from_utf8_lossy(&info.name).into_owned();
			let all = |curve: &pallet_referenda::Curve| {
				(0..=100)
					.map(|percent| curve.threshold(Perbill::from_percent(percent)))
					.collect::<Vec<_>>()
			};
			for thresholds in [all(&info.min_approval), all(&info.min_support)] {
				assert!(thresholds.is_sorted_by(|a, b| a >= b), "{name}: {thresholds:?}");
			}
			// The curves are rounded.
			let half = Perbill::from_percent(50) - Perbill::from_parts(10);
			let least = all(&info.min_approval).into_iter().min().expect("it has points");
			assert!(least >= half, "{name}: {least:?} decide");
			// What can do everything is never decided by a few.
			if ["root", "treasurer"].iter().any(|of| name.starts_with(of)) {
				assert!(
					all(&info.min_support)
						.iter()
						.all(|support| *support >= Perbill::from_percent(4)),
					"{name}"
				);
			}
		}
	});
}

/// What clients send is what the chain reads.
#[test]
fn tracks_and_convictions_should_be_encoded_as_the_chain_does() {
	use assay_protocol::governance as protocol;
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		for track in protocol::Track::ALL {
			let origin = OriginCaller::decode(&mut &track.encode()[..]).expect("it is an origin");
			assert_eq!(Tracks::track_for(&origin), Ok(track.number()));
			let info = Tracks::info(track.number()).expect("it exists");
			assert_eq!(String::from_utf8_lossy(&info.name).trim_end_matches('\0'), track.name());
		}
		let convictions = [
			(protocol::Conviction::None, Conviction::None),
			(protocol::Conviction::Locked1x, Conviction::Locked1x),
			(protocol::Conviction::Locked6x, Conviction::Locked6x),
		];
		for (ours, chains) in convictions {
			assert_eq!(ours.encode(), chains.encode());
		}
		// Every parameter is found by its numbers.
		for parameter in queries::parameters() {
			let [pallet, key] = parameter.key;
			let value: Vec<u8> = match parameter.value {
				protocol::ParameterValue::Amount { most, .. } => Some(most).encode(),
				protocol::ParameterValue::Share { most, .. } => Some(most).encode(),
			};
			let set = RuntimeParameters::decode(&mut &[vec![pallet, key], value].concat()[..]).expect("it is one");
			assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), set));
			let after = queries::parameters();
			let after = after
				.iter()
				.find(|other| other.name == parameter.name)
				.expect("it is still there");
			match after.value {
				protocol::ParameterValue::Amount { now, most, .. } => assert_eq!(now, most, "{}", parameter.name),
				protocol::ParameterValue::Share { now, most } => assert_eq!(now, most, "{}", parameter.name),
			}
		}
	});
}

#[test]
fn most_votes_should_decide_on_code_and_no_other_code_be_applied() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let code = vec![1, 2, 3];
		let apply = |code: Vec<u8>| {
			let call = frame_system::Call::<Runtime>::apply_authorized_upgrade { code };
			next_block(vec![UncheckedExtrinsic::new_bare(call.into())])
		};
		assert_eq!(
			apply(code.clone()),
			[Err(InvalidTransaction::Call.into())],
			"nobody decided on it"
		);
		let authorize = || frame_system::Call::<Runtime>::authorize_upgrade {
			code_hash: BlakeTwo256::hash(&code),
		};
		let refused = propose(root(), authorize());
		vote(Bob, refused, true, 100_000 * UNIT, Conviction::Locked1x);
		vote(Charlie, refused, false, 900_000 * UNIT, Conviction::Locked1x);
		assert!(!passes(refused));
		assert!(System::authorized_upgrade().is_none());

		let carried = propose(root(), authorize());
		carry(carried);
		assert!(passes(carried));
		assert!(System::authorized_upgrade().is_some());
		assert_eq!(
			apply(vec![4]),
			[Err(InvalidTransaction::Call.into())],
			"not the code that was decided on"
		);
	});
}

#[test]
fn stake_should_vote_like_what_is_free() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		assert_ok!(by(
			Bob,
			pallet_assay_staking::Call::<Runtime>::delegate {
				operator: account(Alice),
				// Her bond carries nine times as much.
				amount: 90_000 * UNIT,
			}
		));
		let index = propose(root(), frame_system::Call::<Runtime>::remark { remark: vec![] });
		let total = Balances::total_balance(&account(Bob));
		vote(Bob, index, true, total, Conviction::None);
		let ReferendumInfo::Ongoing(status) =
			pallet_referenda::ReferendumInfoFor::<Runtime>::get(index).expect("it is there")
		else {
			panic!("it is open")
		};
		assert_eq!(status.tally.ayes, total / 10);
		assert_eq!(status.tally.support, total);
		// Not more than there is.
		assert_noop!(
			ConvictionVoting::vote(
				RuntimeOrigin::signed(account(Bob)),
				index,
				AccountVote::Standard {
					vote: Vote {
						aye: true,
						conviction: Conviction::None
					},
					balance: total + 1,
				}
			),
			pallet_conviction_voting::Error::<Runtime>::InsufficientFunds
		);
	});
}

/// A vote locks an account for months: it must not keep its stake from penalties.
#[test]
fn votes_should_protect_no_stake_from_penalties() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let index = propose(root(), frame_system::Call::<Runtime>::remark { remark: vec![] });
		let total = Balances::total_balance(&account(Alice));
		vote(Alice, index, true, total, Conviction::Locked6x);
		let held = Balances::total_balance_on_hold(&account(Alice));
		let penalty = MINIMUM_BOND;
		<Staking as Operators<AccountId, Balance>>::penalise(&account(Alice), penalty, Fault::MissedDeadline, None);
		assert_ok!(Staking::settle(
			RuntimeOrigin::signed(account(Bob)),
			account(Alice),
			account(Alice)
		));
		assert_eq!(Balances::total_balance_on_hold(&account(Alice)), held - penalty);
		assert_eq!(Balances::total_balance(&account(Alice)), total - penalty);
		assert_ok!(Staking::do_try_state());
	});
}

#[test]
fn small_spends_should_take_the_treasury_that_far_and_no_further() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		assert_eq!(Treasury::account_id(), TreasuryAccount::get());
		assert_ok!(by(
			Bob,
			pallet_balances::Call::<Runtime>::transfer_keep_alive {
				dest: Address::Id(TreasuryAccount::get()),
				value: 2 * SMALL_SPEND,
			}
		));
		let spend = |amount| pallet_treasury::Call::<Runtime>::spend {
			asset_kind: Box::new(()),
			amount,
			beneficiary: Box::new(account(Ferdie)),
			valid_from: None,
		};
		assert_noop!(by(Bob, spend(UNIT)), sp_runtime::DispatchError::BadOrigin);
		let before = Balances::total_balance(&account(Ferdie));
		let too_much = propose(Origin::SmallSpender, spend(SMALL_SPEND + 1));
		carry(too_much);
		assert!(passes(too_much));
		assert_eq!(pallet_treasury::SpendCount::<Runtime>::get(), 0, "it failed");
		let small = propose(Origin::SmallSpender, spend(SMALL_SPEND));
		carry(small);
		assert!(passes(small));
		// Anybody sets off the payment, once.
		assert_ok!(by(Dave, pallet_treasury::Call::<Runtime>::payout { index: 0 }));
		assert_noop!(
			by(Dave, pallet_treasury::Call::<Runtime>::payout { index: 0 }),
			pallet_treasury::Error::<Runtime>::AlreadyAttempted
		);
		assert_eq!(Balances::total_balance(&account(Ferdie)), before + SMALL_SPEND);
	});
}

#[test]
fn parameters_should_change_by_referendum_within_their_bounds() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let set = |bond: Balance| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::Staking(dynamic::staking::Parameters::MinBond(
				dynamic::staking::MinBond,
				Some(bond),
			)),
		};
		assert_noop!(by(Alice, set(1)), sp_runtime::DispatchError::BadOrigin);
		let index = propose(Origin::GeneralAdmin, set(2 * MINIMUM_BOND));
		carry(index);
		assert!(passes(index));
		assert_eq!(MinBond::get(), 2 * MINIMUM_BOND);
		assert_eq!(
			<Runtime as pallet_assay_staking::Config>::MinBond::get(),
			2 * MINIMUM_BOND
		);
		for (asked, given) in [(0, MINIMUM_BOND / 10), (Balance::MAX, MINIMUM_BOND * 2)] {
			assert_ok!(Parameters::set_parameter(
				RuntimeOrigin::root(),
				RuntimeParameters::Staking(dynamic::staking::Parameters::MinBond(
					dynamic::staking::MinBond,
					Some(asked)
				))
			));
			assert_eq!(MinBond::get(), given);
		}
		// Who answers for bonds put up before is not touched.
		assert_ok!(Parameters::set_parameter(
			RuntimeOrigin::root(),
			RuntimeParameters::Duties(dynamic::duties::Parameters::ChallengeBond(
				dynamic::duties::ChallengeBond,
				Some(0)
			))
		));
		assert_eq!(<Runtime as pallet_assay_disputes::Config>::Bond::get(), CHALLENGE_BOND);
		assert_ok!(Staking::do_try_state());
	});
}

#[test]
fn origins_should_do_nothing_of_each_other() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let victim = propose(root(), frame_system::Call::<Runtime>::remark { remark: vec![] });
		let kill = || pallet_referenda::Call::<Runtime>::kill { index: victim };
		for origin in [Origin::SmallSpender, Origin::GeneralAdmin, Origin::ReferendumCanceller] {
			let call: RuntimeCall = kill().into();
			assert!(call.dispatch(origin.into()).is_err(), "{origin:?}");
		}
		let before = Balances::total_balance(&TreasuryAccount::get());
		assert_ok!(Referenda::kill(Origin::ReferendumKiller.into(), victim));
		assert!(
			Balances::total_balance(&TreasuryAccount::get()) > before,
			"forfeited deposits are the treasury's"
		);
	});
}

#[test]
fn test_networks_should_have_no_key_that_may_call_anything() {
	chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
		for who in [Alice, Bob, Charlie, Dave, Eve, Ferdie] {
			let call = frame_system::Call::<Runtime>::remark { remark: vec![] };
			assert!(by(
				who,
				pallet_sudo::Call::<Runtime>::sudo {
					call: Box::new(call.into())
				}
			)
			.is_err());
			let new = Address::Id(account(who));
			assert!(by(who, pallet_sudo::Call::<Runtime>::set_key { new }).is_err());
		}
	});
}
