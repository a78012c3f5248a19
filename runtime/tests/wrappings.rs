//! What a batch, a proxy or an account of several keys can do with a call, and which calls can be paused.

mod common;

use assay_runtime::{
	configs::proxy::ProxyType,
	currency::UNIT,
	governance::{origins::Origin, pauses::PAUSABLE},
	Address, Balances, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System, TechnicalCommittee, TxPause,
};
use codec::Encode;
use common::{
	account, chain, next_block,
	referenda::{by, carry, passes, propose, root},
	signed,
};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::GetDispatchInfo,
	traits::{fungible::Inspect, GetCallMetadata},
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Ferdie};
use sp_runtime::{
	traits::{BlakeTwo256, Hash},
	transaction_validity::InvalidTransaction,
};

#[test]
fn g01_no_wrapping_should_take_the_room_of_moves_for_a_fee() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let kill = || -> RuntimeCall {
			frame_system::Call::<Runtime>::kill_prefix {
				prefix: b"nothing".to_vec(),
				subkeys: 1_000,
			}
			.into()
		};
		let challenge = || -> RuntimeCall {
			pallet_assay_disputes::Call::<Runtime>::expire {
				dispute: Default::default(),
			}
			.into()
		};
		assert_ok!(by(
			Charlie,
			pallet_proxy::Call::<Runtime>::add_proxy {
				delegate: Address::Id(account(Bob)),
				proxy_type: ProxyType::Any,
				delay: 0,
			}
		));
		for call in [kill, challenge] {
			let wrapped: Vec<RuntimeCall> = vec![
				pallet_utility::Call::<Runtime>::batch { calls: vec![call()] }.into(),
				pallet_utility::Call::<Runtime>::batch_all { calls: vec![call()] }.into(),
				pallet_utility::Call::<Runtime>::force_batch { calls: vec![call()] }.into(),
				pallet_utility::Call::<Runtime>::as_derivative {
					index: 0,
					call: Box::new(call()),
				}
				.into(),
				pallet_proxy::Call::<Runtime>::proxy {
					real: Address::Id(account(Charlie)),
					force_proxy_type: None,
					call: Box::new(call()),
				}
				.into(),
				pallet_multisig::Call::<Runtime>::as_multi_threshold_1 {
					other_signatories: vec![account(Charlie)],
					call: Box::new(call()),
				}
				.into(),
			];
			for wrapped in wrapped {
				let name = format!("{wrapped:?}");
				let class = wrapped.get_dispatch_info().class;
				let nonce = System::account_nonce(account(Bob));
				let [result] = next_block(vec![signed(Bob, nonce, wrapped)])[..] else {
					panic!("one transaction")
				};
				match class {
					frame_support::dispatch::DispatchClass::Operational => {
						assert_eq!(result, Err(InvalidTransaction::Call.into()), "{name}")
					}
					_ => assert!(result.is_ok(), "{name}: {result:?}"),
				}
			}
		}
	});
}

#[test]
fn every_pausable_call_should_exist_and_begin_something() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		for (pallet, calls) in PAUSABLE {
			let names = RuntimeCall::get_call_names(pallet);
			for call in calls {
				assert!(names.contains(call), "{pallet}.{call}");
			}
		}
	});
}

fn pause(pallet: &str, call: &str) -> sp_runtime::DispatchResult {
	let name = |of: &str| of.as_bytes().to_vec().try_into().expect("names are short");
	TxPause::pause(RuntimeOrigin::root(), (name(pallet), name(call)))
}

#[test]
fn nothing_that_answers_proves_ends_or_leaves_should_be_paused() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		for pallet in RuntimeCall::get_module_names() {
			for call in RuntimeCall::get_call_names(pallet) {
				let pausable = PAUSABLE.iter().any(|(of, calls)| of == pallet && calls.contains(call));
				assert_eq!(pause(pallet, call).is_ok(), pausable, "{pallet}.{call}");
			}
		}
		for call in ["unbond", "withdraw_unbonded", "claim", "settle", "rebond"] {
			assert!(pause("Staking", call).is_err());
		}
	});
}

#[test]
fn paused_calls_should_not_come_through_in_a_wrapping() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		assert_ok!(pause("Balances", "transfer_keep_alive"));
		let transfer = || -> RuntimeCall {
			pallet_balances::Call::<Runtime>::transfer_keep_alive {
				dest: Address::Id(account(Ferdie)),
				value: UNIT,
			}
			.into()
		};
		let before = Balances::total_balance(&account(Ferdie));
		assert_noop!(by(Bob, transfer()), frame_system::Error::<Runtime>::CallFiltered);
		assert!(by(
			Bob,
			pallet_utility::Call::<Runtime>::batch_all {
				calls: vec![transfer()]
			}
		)
		.is_err());
		assert_eq!(Balances::total_balance(&account(Ferdie)), before);
	});
}

#[test]
fn committee_should_stop_a_call_and_a_referendum_let_it_go_on() {
	chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let name = |of: &str| of.as_bytes().to_vec().try_into().expect("names are short");
		let submit = || (name("Jobs"), name("submit"));
		let call: Box<RuntimeCall> = Box::new(pallet_tx_pause::Call::<Runtime>::pause { full_name: submit() }.into());
		let hash = BlakeTwo256::hash_of(&call);
		let length = u32::try_from(call.encoded_size()).expect("it is short");
		assert_ok!(TechnicalCommittee::propose(
			RuntimeOrigin::signed(account(Alice)),
			3,
			call.clone(),
			length
		));
		for who in [Alice, Bob, Charlie] {
			assert_ok!(TechnicalCommittee::vote(
				RuntimeOrigin::signed(account(who)),
				hash,
				0,
				true
			));
		}
		let weight = call.get_dispatch_info().call_weight;
		assert_ok!(TechnicalCommittee::close(
			RuntimeOrigin::signed(account(Dave)),
			hash,
			0,
			weight,
			length
		));
		assert!(pallet_tx_pause::PausedCalls::<Runtime>::contains_key(submit()));
		// Nothing but that: what root does it does not.
		let call: Box<RuntimeCall> = Box::new(frame_system::Call::<Runtime>::set_heap_pages { pages: 1 }.into());
		assert_ok!(TechnicalCommittee::propose(
			RuntimeOrigin::signed(account(Alice)),
			1,
			call,
			100
		));
		let executed = System::events()
			.into_iter()
			.rev()
			.find_map(|record| match record.event {
				RuntimeEvent::TechnicalCommittee(pallet_collective::Event::Executed { result, .. }) => Some(result),
				_ => None,
			});
		assert!(executed.expect("it was executed").is_err());

		let index = propose(
			Origin::GeneralAdmin,
			pallet_tx_pause::Call::<Runtime>::unpause { ident: submit() },
		);
		carry(index);
		assert!(passes(index));
		assert!(!pallet_tx_pause::PausedCalls::<Runtime>::contains_key(submit()));
	});
}

#[test]
fn proxies_for_stake_should_neither_pay_nor_vote() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		next_block(vec![]);
		let proxied = |proxy_type, call: RuntimeCall| {
			assert_ok!(by(
				Bob,
				pallet_proxy::Call::<Runtime>::add_proxy {
					delegate: Address::Id(account(Ferdie)),
					proxy_type,
					delay: 0,
				}
			));
			let outcome = by(
				Ferdie,
				pallet_proxy::Call::<Runtime>::proxy {
					real: Address::Id(account(Bob)),
					force_proxy_type: None,
					call: Box::new(call),
				},
			);
			assert_ok!(outcome);
			assert_ok!(by(Bob, pallet_proxy::Call::<Runtime>::remove_proxies {}));
			System::events()
				.into_iter()
				.rev()
				.find_map(|record| match record.event {
					RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
					_ => None,
				})
				.expect("it was executed")
		};
		let delegate: RuntimeCall = pallet_assay_staking::Call::<Runtime>::delegate {
			operator: account(Alice),
			amount: 100 * UNIT,
		}
		.into();
		let transfer: RuntimeCall = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: Address::Id(account(Ferdie)),
			value: UNIT,
		}
		.into();
		let index = propose(root(), frame_system::Call::<Runtime>::remark { remark: vec![] });
		let vote: RuntimeCall = pallet_conviction_voting::Call::<Runtime>::vote {
			poll_index: index,
			vote: AccountVote::Standard {
				vote: Vote {
					aye: true,
					conviction: Conviction::None,
				},
				balance: UNIT,
			},
		}
		.into();
		// Whoever sets the keys that stake answers for can have it slashed, and be paid for the report.
		let key: RuntimeCall = pallet_assay_staking::Call::<Runtime>::set_worker_key {
			worker_key: Ferdie.public().into(),
			proof: Ferdie.sign(b"whatever").into(),
		}
		.into();
		let purge: RuntimeCall = pallet_session::Call::<Runtime>::purge_keys {}.into();
		let batch = |calls| -> RuntimeCall { pallet_utility::Call::<Runtime>::batch_all { calls }.into() };
		assert_ok!(proxied(ProxyType::Staking, delegate.clone()));
		assert_ok!(proxied(ProxyType::Staking, batch(vec![delegate.clone()])));
		assert_ok!(proxied(ProxyType::Governance, vote.clone()));
		for refused in [
			(ProxyType::Staking, transfer.clone()),
			(ProxyType::Staking, key.clone()),
			(ProxyType::Staking, batch(vec![key.clone()])),
			(ProxyType::Staking, purge.clone()),
			(ProxyType::Staking, vote.clone()),
			(ProxyType::Staking, batch(vec![delegate.clone(), transfer.clone()])),
			(ProxyType::Governance, transfer.clone()),
			(ProxyType::Governance, delegate.clone()),
			(ProxyType::Governance, batch(vec![transfer.clone()])),
			(ProxyType::CancelProxy, transfer.clone()),
		] {
			assert!(proxied(refused.0, refused.1.clone()).is_err(), "{refused:?}");
		}
	});
}
