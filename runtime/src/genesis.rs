//! How a chain starts: the presets from which chain specifications are made.

use crate::{
	currency::{EXISTENTIAL_DEPOSIT, MINIMUM_BOND, UNIT},
	time::{
		Milliseconds, BABE_GENESIS_EPOCH_CONFIG, DEFAULT_SLOT_DURATION, DEVELOPMENT_DRAW_WINDOW,
		DEVELOPMENT_EPOCH_SLOTS, DEVELOPMENT_GOVERNANCE_DAY, DEVELOPMENT_GUILT_PERIOD, DEVELOPMENT_SLOT_DURATION,
		DEVELOPMENT_STAKING_PERIOD, TESTNET_DRAW_WINDOW,
	},
	treasury::TreasuryAccount,
	AccountId, BabeConfig, Balance, BalancesConfig, BlockNumber, RuntimeGenesisConfig, SessionConfig, SessionKeys,
	StakingConfig, SudoConfig, TechnicalCommitteeConfig, TimingConfig, ValidatorsConfig,
};
use alloc::{vec, vec::Vec};
use assay_protocol::operator::WorkerKey;
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// What each well-known development account holds at genesis.
const ENDOWMENT: Balance = 1_000_000 * UNIT;

/// What each operator bonds at genesis.
const OPERATOR_BOND: Balance = 10 * MINIMUM_BOND;

/// Accounts whose keys everyone knows and which hold money on development and test chains.
const DEVELOPMENT_ACCOUNTS: [Sr25519Keyring; 6] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
	Sr25519Keyring::Dave,
	Sr25519Keyring::Eve,
	Sr25519Keyring::Ferdie,
];

/// A validator and operator: its account and, under the same name, its session keys.
struct Validator {
	account: Sr25519Keyring,
	finality: Ed25519Keyring,
}

impl Validator {
	fn session_keys(&self) -> SessionKeys {
		SessionKeys {
			babe: self.account.public().into(),
			grandpa: self.finality.public().into(),
			authority_discovery: self.account.public().into(),
		}
	}
}

const ALICE: Validator = Validator {
	account: Sr25519Keyring::Alice,
	finality: Ed25519Keyring::Alice,
};
const BOB: Validator = Validator {
	account: Sr25519Keyring::Bob,
	finality: Ed25519Keyring::Bob,
};
const CHARLIE: Validator = Validator {
	account: Sr25519Keyring::Charlie,
	finality: Ed25519Keyring::Charlie,
};
const DAVE: Validator = Validator {
	account: Sr25519Keyring::Dave,
	finality: Ed25519Keyring::Dave,
};

fn genesis(
	slot_duration_ms: Milliseconds,
	draw_window: BlockNumber,
	validators: &[Validator],
	sudo: Option<Sr25519Keyring>,
) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		timing: TimingConfig {
			slot_duration_ms,
			epoch_slots: DEVELOPMENT_EPOCH_SLOTS,
			staking_period: DEVELOPMENT_STAKING_PERIOD,
			draw_window,
			guilt_period: DEVELOPMENT_GUILT_PERIOD,
			governance_day: DEVELOPMENT_GOVERNANCE_DAY,
			stake_may_escape: true
		},
		babe: BabeConfig {
			epoch_config: BABE_GENESIS_EPOCH_CONFIG
		},
		balances: BalancesConfig {
			balances: DEVELOPMENT_ACCOUNTS
				.iter()
				.map(|account| (account.to_account_id(), ENDOWMENT))
				// Shares of fees may be smaller than what opens an account, so the treasury's is open from the start.
				.chain([(TreasuryAccount::get(), EXISTENTIAL_DEPOSIT)])
				.collect::<Vec<(AccountId, Balance)>>(),
		},
		session: SessionConfig {
			keys: validators
				.iter()
				.map(|validator| {
					let account = validator.account.to_account_id();
					(account.clone(), account, validator.session_keys())
				})
				.collect::<Vec<_>>(),
		},
		staking: StakingConfig {
			operators: validators
				.iter()
				.map(|validator| (
					validator.account.to_account_id(),
					WorkerKey::from(validator.account.public()),
					OPERATOR_BOND
				))
				.collect::<Vec<_>>(),
		},
		validators: ValidatorsConfig {
			candidates: validators
				.iter()
				.map(|validator| validator.account.to_account_id())
				.collect::<Vec<_>>(),
		},
		technical_committee: TechnicalCommitteeConfig {
			members: validators
				.iter()
				.map(|validator| validator.account.to_account_id())
				.collect::<Vec<_>>(),
		},
		sudo: SudoConfig {
			key: sudo.map(|key| key.to_account_id())
		},
	})
}

/// One validator and operator, Alice, who may call anything, and slots of one second. Her worker key is that of her account.
fn development() -> Value {
	genesis(
		DEVELOPMENT_SLOT_DURATION,
		DEVELOPMENT_DRAW_WINDOW,
		&[ALICE],
		Some(Sr25519Keyring::Alice),
	)
}

/// Four validators and operators, Alice to Dave: one may fail, and none may call anything. Their worker keys are those of their accounts.
fn local_testnet() -> Value {
	genesis(
		DEFAULT_SLOT_DURATION,
		TESTNET_DRAW_WINDOW,
		&[ALICE, BOB, CHARLIE, DAVE],
		None,
	)
}

/// The preset's genesis as JSON, or nothing if no preset has that name.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => development(),
		LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		PresetId::from(DEV_RUNTIME_PRESET),
		PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
	]
}
