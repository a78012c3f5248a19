//! Chains start as their presets say.

mod common;

use assay_runtime::{currency::UNIT, genesis, Balances, Block, Runtime, RuntimeGenesisConfig, Session};
use common::{account, chain, configuration};
use frame_support::{genesis_builder_helper::build_state, traits::fungible::Inspect};
use sp_consensus_babe::runtime_decl_for_babe_api::BabeApiV2 as BabeApi;
use sp_consensus_grandpa::runtime_decl_for_grandpa_api::GrandpaApiV3 as GrandpaApi;
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};

#[test]
fn every_preset_should_build() {
	for preset in genesis::preset_names() {
		chain(preset.as_ref());
	}
}

#[test]
fn unknown_preset_should_be_refused() {
	assert_eq!(genesis::get_preset(&"staging".into()), None);
}

#[test]
fn development_chain_should_have_one_validator_and_slots_of_one_second() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let babe = <Runtime as BabeApi<Block>>::configuration();
		assert_eq!(babe.slot_duration, 1_000);
		assert_eq!(babe.epoch_length, 60);
		assert_eq!(babe.authorities.len(), 1);
		assert_eq!(<Runtime as BabeApi<Block>>::current_epoch().duration, 60);
		assert_eq!(<Runtime as GrandpaApi<Block>>::grandpa_authorities().len(), 1);
		assert_eq!(Session::validators(), vec![account(Alice)]);
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), Some(account(Alice)));
	});
}

#[test]
fn local_testnet_should_have_four_validators_and_slots_of_three_seconds() {
	chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
		let babe = <Runtime as BabeApi<Block>>::configuration();
		assert_eq!(babe.slot_duration, 3_000);
		assert_eq!(babe.authorities.len(), 4);
		assert_eq!(<Runtime as GrandpaApi<Block>>::grandpa_authorities().len(), 4);
		assert_eq!(Session::validators(), [Alice, Bob, Charlie, Dave].map(account));
	});
}

#[test]
fn well_known_accounts_should_hold_money() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		assert_eq!(Balances::total_balance(&account(Bob)), 1_000_000 * UNIT);
	});
}

#[test]
#[should_panic(expected = "slot_duration_ms is 1001")]
fn odd_slot_duration_should_be_refused() {
	let mut configuration = configuration(DEV_RUNTIME_PRESET);
	configuration["timing"]["slotDurationMs"] = 1_001.into();
	TestExternalities::new_empty().execute_with(|| {
		let _ = build_state::<RuntimeGenesisConfig>(configuration.to_string().into_bytes());
	});
}

#[test]
fn chain_without_sudo_key_should_build() {
	let mut configuration = configuration(DEV_RUNTIME_PRESET);
	configuration["sudo"]["key"] = serde_json::Value::Null;
	TestExternalities::new_empty().execute_with(|| {
		build_state::<RuntimeGenesisConfig>(configuration.to_string().into_bytes()).expect("genesis is valid");
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
	});
}
