//! Whatever is called in whatever order, money is neither made nor lost.

use super::*;
use crate::Operators;
use assay_protocol::operator::{Fault, Operators as _};
use proptest::prelude::*;
use sp_io::storage::root as storage_root;
use sp_runtime::StateVersion;
use std::collections::BTreeMap;

const ACCOUNTS: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];

#[derive(Clone, Debug)]
enum Action {
	Register {
		who: AccountId,
		key: u8,
		proof_for: AccountId,
		bond: Balance,
	},
	BondExtra {
		who: AccountId,
		amount: Balance,
	},
	Unbond {
		who: AccountId,
	},
	Rebond {
		who: AccountId,
	},
	Withdraw {
		who: AccountId,
	},
	SetWorkerKey {
		who: AccountId,
		key: u8,
	},
	Commit {
		who: AccountId,
		value: Balance,
	},
	ReleaseOne {
		who: AccountId,
	},
	Penalise {
		who: AccountId,
		amount: Balance,
	},
	Wait {
		blocks: u64,
	},
}

fn an_action() -> impl Strategy<Value = Action> {
	let who = || prop::sample::select(ACCOUNTS.as_slice());
	prop_oneof![
		3 => (who(), 1..6u8, who(), any::<bool>(), 50..FUNDS + 100).prop_map(
			|(who, key, other, own, bond)| Action::Register {
				who,
				key,
				proof_for: if own { who } else { other },
				bond
			}
		),
		2 => (who(), 0..300u64).prop_map(|(who, amount)| Action::BondExtra { who, amount }),
		2 => who().prop_map(|who| Action::Unbond { who }),
		1 => who().prop_map(|who| Action::Rebond { who }),
		2 => who().prop_map(|who| Action::Withdraw { who }),
		1 => (who(), 1..6u8).prop_map(|(who, key)| Action::SetWorkerKey { who, key }),
		4 => (who(), 0..60u64).prop_map(|(who, value)| Action::Commit { who, value }),
		4 => who().prop_map(|who| Action::ReleaseOne { who }),
		2 => (who(), 0..200u64).prop_map(|(who, amount)| Action::Penalise { who, amount }),
		3 => (1..15u64).prop_map(|blocks| Action::Wait { blocks }),
	]
}

/// What the jobs pallet would remember: the values it committed and has not released.
type InFlight = BTreeMap<AccountId, Vec<Balance>>;

fn act(action: Action, in_flight: &mut InFlight) -> sp_runtime::DispatchResult {
	let signed = RuntimeOrigin::signed;
	match action {
		Action::Register {
			who,
			key,
			proof_for,
			bond,
		} => {
			let key = numbered_key(key);
			let proof = proof(&key, proof_for);
			Staking::register_operator(signed(who), key.public(), proof, bond)
		}
		Action::BondExtra { who, amount } => Staking::bond_extra(signed(who), amount),
		Action::Unbond { who } => Staking::unbond(signed(who)),
		Action::Rebond { who } => Staking::rebond(signed(who)),
		Action::Withdraw { who } => Staking::withdraw_unbonded(signed(who)),
		Action::SetWorkerKey { who, key } => {
			let key = numbered_key(key);
			let proof = proof(&key, who);
			Staking::set_worker_key(signed(who), key.public(), proof)
		}
		Action::Commit { who, value } => {
			let covered = Staking::stake(&who) / 10;
			let already = Staking::operator_summary(&who).map_or(0, |summary| summary.committed);
			Staking::commit(&who, value)?;
			assert!(already + value <= covered, "more was committed than the bond covers");
			in_flight.entry(who).or_default().push(value);
			Ok(())
		}
		Action::ReleaseOne { who } => {
			if let Some(value) = in_flight.entry(who).or_default().pop() {
				Staking::release(&who, value);
			}
			Ok(())
		}
		Action::Penalise { who, amount } => {
			let before = (Staking::stake(&who), free(TREASURY));
			let taken = Staking::penalise(&who, amount, Fault::MissedDeadline, None);
			assert_eq!(taken, amount.min(before.0));
			assert_eq!(
				(Staking::stake(&who), free(TREASURY)),
				(before.0 - taken, before.1 + taken)
			);
			Ok(())
		}
		Action::Wait { blocks } => {
			System::set_block_number(System::block_number() + blocks);
			Ok(())
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

	#[test]
	fn money_and_bonds_add_up_after_any_sequence_of_calls(
		actions in prop::collection::vec(an_action(), 1..80)
	) {
		ExtBuilder::default().build_and_execute(|| {
			let issuance = Balances::total_issuance();
			let mut in_flight = InFlight::new();
			for action in actions {
				let before = storage_root(StateVersion::V1);
				let described = format!("{action:?}");
				if act(action, &mut in_flight).is_err() {
					assert_eq!(storage_root(StateVersion::V1), before, "{described} left traces");
				}

				assert_eq!(Balances::total_issuance(), issuance, "{described} changed the issuance");
				let owned: Balance =
					ACCOUNTS.iter().map(|who| free(*who) + held(*who)).sum::<Balance>()
						+ free(TREASURY);
				assert_eq!(owned, issuance, "{described} lost money");
				for who in ACCOUNTS {
					let committed: Balance = in_flight.get(&who).into_iter().flatten().sum();
					let recorded = Operators::<Test>::get(who).map_or(0, |o| o.committed);
					assert_eq!(recorded, committed, "{described} lost count of work in flight");
				}
				Pallet::<Test>::do_try_state().expect("the invariants hold after every call");
			}
		});
	}
}
