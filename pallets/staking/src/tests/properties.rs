//! Whatever is called in whatever order, money is neither made nor lost, and rounding favours nobody who calls.

use super::*;
use crate::Operators;
use assay_protocol::operator::{Fault, Operators as _, Reporter};
use frame_support::traits::Imbalance;
use proptest::prelude::*;
use sp_io::storage::root as storage_root;
use sp_runtime::StateVersion;
use std::collections::BTreeMap;

const ACCOUNTS: [AccountId; 5] = [ALICE, BOB, CAROL, DAVE, EVE];
/// Units that the rounding of one call may move from the caller to others.
const DUST: Balance = 2;

#[derive(Clone, Debug)]
enum Action {
	Register {
		who: AccountId,
		key: u8,
		proof_for: AccountId,
		bond: Balance,
	},
	SetWorkerKey {
		who: AccountId,
		key: u8,
	},
	Delegate {
		who: AccountId,
		operator: AccountId,
		amount: Balance,
	},
	BondExtra {
		who: AccountId,
		operator: AccountId,
		amount: Balance,
	},
	Unbond {
		who: AccountId,
		operator: AccountId,
		amount: Balance,
	},
	Rebond {
		who: AccountId,
		operator: AccountId,
		amount: Balance,
	},
	Withdraw {
		who: AccountId,
		operator: AccountId,
	},
	Redelegate {
		who: AccountId,
		from: AccountId,
		to: AccountId,
		amount: Balance,
	},
	Kick {
		who: AccountId,
		member: AccountId,
	},
	Readmit {
		who: AccountId,
		member: AccountId,
	},
	Reap {
		operator: AccountId,
	},
	SetPayee {
		who: AccountId,
		operator: AccountId,
		chosen: bool,
	},
	PenaliseDone {
		who: AccountId,
		amount: Balance,
		age: u32,
		done: u32,
	},
	Chill {
		who: AccountId,
	},
	Unchill {
		who: AccountId,
	},
	Claim {
		who: AccountId,
		operator: AccountId,
	},
	SetCompound {
		who: AccountId,
		operator: AccountId,
		compound: bool,
	},
	SetCommission {
		who: AccountId,
		percent: u32,
	},
	Settle {
		who: AccountId,
		operator: AccountId,
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
		age: Option<u32>,
		reporter: Option<AccountId>,
	},
	Reward {
		operator: AccountId,
		amount: Balance,
	},
	Wait {
		blocks: u64,
	},
}

impl Action {
	/// Whose call it is, if it brings the caller nothing from elsewhere.
	fn caller(&self) -> Option<AccountId> {
		match *self {
			Self::Register { who, .. }
			| Self::SetWorkerKey { who, .. }
			| Self::Delegate { who, .. }
			| Self::BondExtra { who, .. }
			| Self::Unbond { who, .. }
			| Self::Rebond { who, .. }
			| Self::Withdraw { who, .. }
			| Self::Redelegate { who, .. }
			| Self::Chill { who }
			| Self::Unchill { who }
			| Self::Claim { who, .. }
			| Self::SetCompound { who, .. }
			| Self::SetCommission { who, .. }
			| Self::Settle { who, .. } => Some(who),
			_ => None,
		}
	}
}

fn an_action() -> impl Strategy<Value = Action> {
	let who = || prop::sample::select(ACCOUNTS.as_slice());
	// Mostly those that are operators from genesis.
	let operator = || prop::sample::select([ALICE, BOB, ALICE, BOB, CAROL].as_slice());
	let amount = || prop_oneof![0..300u64, Just(Balance::MAX)];
	prop_oneof![
		2 => (who(), 1..6u8, who(), any::<bool>(), 50..FUNDS + 100).prop_map(
			|(who, key, other, own, bond)| Action::Register { who, key, proof_for: if own { who } else { other }, bond }
		),
		1 => (who(), 1..6u8).prop_map(|(who, key)| Action::SetWorkerKey { who, key }),
		6 => (who(), operator(), 0..300u64).prop_map(|(who, operator, amount)| Action::Delegate { who, operator, amount }),
		2 => (who(), operator(), 0..300u64).prop_map(|(who, operator, amount)| Action::BondExtra { who, operator, amount }),
		5 => (who(), operator(), amount()).prop_map(|(who, operator, amount)| Action::Unbond { who, operator, amount }),
		2 => (who(), operator(), amount()).prop_map(|(who, operator, amount)| Action::Rebond { who, operator, amount }),
		3 => (who(), operator()).prop_map(|(who, operator)| Action::Withdraw { who, operator }),
		4 => (who(), operator(), operator(), amount()).prop_map(
			|(who, from, to, amount)| Action::Redelegate { who, from, to, amount }
		),
		1 => (operator(), who()).prop_map(|(who, member)| Action::Kick { who, member }),
		1 => (operator(), who()).prop_map(|(who, member)| Action::Readmit { who, member }),
		1 => operator().prop_map(|operator| Action::Reap { operator }),
		1 => (who(), operator(), any::<bool>()).prop_map(
			|(who, operator, chosen)| Action::SetPayee { who, operator, chosen }
		),
		3 => (operator(), prop_oneof![0..200u64, Just(Balance::MAX)], 0..20u32, 0..20u32).prop_map(
			|(who, amount, age, done)| Action::PenaliseDone { who, amount, age, done }
		),
		1 => operator().prop_map(|who| Action::Chill { who }),
		2 => operator().prop_map(|who| Action::Unchill { who }),
		2 => (who(), operator()).prop_map(|(who, operator)| Action::Claim { who, operator }),
		1 => (who(), operator(), any::<bool>()).prop_map(
			|(who, operator, compound)| Action::SetCompound { who, operator, compound }
		),
		1 => (operator(), 0..60u32).prop_map(|(who, percent)| Action::SetCommission { who, percent }),
		3 => (who(), operator()).prop_map(|(who, operator)| Action::Settle { who, operator }),
		3 => (operator(), 0..60u64).prop_map(|(who, value)| Action::Commit { who, value }),
		2 => operator().prop_map(|who| Action::ReleaseOne { who }),
		4 => (operator(), 0..200u64, prop::option::of(0..20u32), prop::option::of(who())).prop_map(
			|(who, amount, age, reporter)| Action::Penalise { who, amount, age, reporter }
		),
		3 => (operator(), 0..100u64).prop_map(|(operator, amount)| Action::Reward { operator, amount }),
		5 => (1..12u64).prop_map(|blocks| Action::Wait { blocks }),
	]
}

/// What the jobs pallet would remember: the values it committed and has not released, and since when.
type InFlight = BTreeMap<AccountId, Vec<(Balance, u64)>>;

/// Work ends before stake that left when it began is free.
fn end_old_work(in_flight: &mut InFlight, now: u64) {
	for (who, work) in in_flight {
		work.retain(|(value, since)| {
			let young = now - since < UNBONDING_PERIOD;
			if !young {
				Staking::release(who, *value);
			}
			young
		});
	}
}

fn act(action: Action, in_flight: &mut InFlight) -> DispatchResult {
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
		Action::SetWorkerKey { who, key } => {
			let key = numbered_key(key);
			let proof = proof(&key, who);
			Staking::set_worker_key(signed(who), key.public(), proof)
		}
		Action::Delegate { who, operator, amount } => delegate(who, operator, amount),
		Action::BondExtra { who, operator, amount } => Staking::bond_extra(signed(who), operator, amount),
		Action::Unbond { who, operator, amount } => unbond(who, operator, amount),
		Action::Rebond { who, operator, amount } => Staking::rebond(signed(who), operator, amount),
		Action::Withdraw { who, operator } => withdraw(who, operator),
		Action::Redelegate { who, from, to, amount } => Staking::redelegate(signed(who), from, to, amount),
		Action::Kick { who, member } => Staking::kick(signed(who), member),
		Action::Readmit { who, member } => Staking::readmit(signed(who), member),
		Action::Reap { operator } => Staking::reap(signed(EVE), operator),
		// Nobody else, who would gain by it.
		Action::SetPayee { who, operator, chosen } => Staking::set_payee(signed(who), operator, chosen.then_some(who)),
		Action::PenaliseDone { who, amount, age, done } => {
			Staking::penalise_done(&who, amount, Fault::Equivocation, age, done, None);
			Ok(())
		}
		Action::Chill { who } => Staking::chill(signed(who)),
		Action::Unchill { who } => Staking::unchill(signed(who)),
		Action::Claim { who, operator } => Staking::claim(signed(who), operator),
		Action::SetCompound {
			who,
			operator,
			compound,
		} => Staking::set_compound(signed(who), operator, compound),
		Action::SetCommission { who, percent } => Staking::set_commission(signed(who), Permill::from_percent(percent)),
		Action::Settle { who, operator } => {
			let settled = Staking::settle(signed(who), operator, who);
			settled.map(|_| ()).map_err(|error| error.error)
		}
		Action::Commit { who, value } => {
			let covered = Staking::stake(&who) / 10;
			let already = Staking::operator_summary(&who).map_or(0, |summary| summary.committed);
			Staking::commit(&who, value)?;
			assert!(already + value <= covered, "more was committed than the stake covers");
			in_flight.entry(who).or_default().push((value, System::block_number()));
			Ok(())
		}
		Action::ReleaseOne { who } => {
			if let Some((value, _)) = in_flight.entry(who).or_default().pop() {
				Staking::release(&who, value);
			}
			Ok(())
		}
		Action::Penalise {
			who,
			amount,
			age,
			reporter,
		} => {
			let reporter = reporter.as_ref().map(|account| Reporter {
				account,
				share: Permill::from_percent(50),
			});
			let (stake, reachable) = (Staking::stake(&who), at_risk(who));
			let taken = match age {
				None => Staking::penalise(&who, amount, Fault::WrongResult, reporter),
				Some(age) => Staking::penalise_recent(&who, amount, Fault::WrongResult, age, reporter),
			};
			if Operators::<Test>::contains_key(who) {
				assert!(
					taken <= amount && taken >= amount.min(stake),
					"{taken} of {amount} and {stake}"
				);
				if age.is_none() {
					assert!(taken + DUST + 5 >= amount.min(reachable));
				}
				// What the operator's own position takes with it when it becomes worthless is dust.
				assert!(at_risk(who) + taken <= reachable);
				assert!(at_risk(who) + taken + DUST + 5 >= reachable);
			} else {
				assert_eq!((taken, at_risk(who)), (0, reachable));
			}
			Ok(())
		}
		Action::Reward { operator, amount } => {
			if let Err(rest) = Staking::reward(&operator, Balances::issue(amount)) {
				assert!(rest.peek() <= amount);
			}
			Ok(())
		}
		Action::Wait { blocks } => {
			let now = System::block_number() + blocks;
			end_old_work(in_flight, now);
			System::set_block_number(now);
			Ok(())
		}
	}
}

/// What an account would have if everything were settled, claimed and withdrawn.
fn wealth(who: AccountId) -> Balance {
	let positions = Staking::positions(&who, 100).into_iter();
	positions.fold(free(who) + held(who), |sum, (_, position, lost)| {
		sum + position.earned.amount - lost
	})
}

fn all_wealth() -> BTreeMap<AccountId, Balance> {
	ACCOUNTS.map(|who| (who, wealth(who))).into()
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

	#[test]
	fn money_and_stake_add_up_after_any_sequence_of_calls(
		actions in prop::collection::vec(an_action(), 1..100)
	) {
		ExtBuilder::default().operator(ALICE, 300).operator(BOB, 300).build_and_execute(|| {
			let mut in_flight = InFlight::new();
			for action in actions {
				let root = storage_root(StateVersion::V1);
				let issuance = Balances::total_issuance();
				let before = all_wealth();
				let described = format!("{action:?}");
				let caller = action.caller();
				let rewards = matches!(action, Action::Reward { .. });
				let pays = match action {
					Action::Penalise { reporter, .. } => reporter,
					_ => None,
				};
				if frame_support::storage::with_storage_layer(|| act(action, &mut in_flight)).is_err() {
					assert_eq!(storage_root(StateVersion::V1), root, "{described} left traces");
				}

				if !rewards {
					assert_eq!(Balances::total_issuance(), issuance, "{described} changed the issuance");
				}
				let owned: Balance = ACCOUNTS.iter().map(|who| free(*who) + held(*who)).sum::<Balance>()
					+ free(TREASURY) + free(Staking::pot());
				assert_eq!(owned, Balances::total_issuance(), "{described} lost money");

				for (who, after) in all_wealth() {
					let before = before[&who];
					if caller == Some(who) {
						assert!(after <= before, "{described} gained {who} {before} -> {after}");
					}
					if !rewards && pays != Some(who) {
						assert!(after <= before + DUST, "{described} gave {who} {before} -> {after}");
					}
				}
				for who in ACCOUNTS {
					let committed: Balance = in_flight.get(&who).into_iter().flatten().map(|(value, _)| value).sum();
					let recorded = Operators::<Test>::get(who).map_or(0, |o| o.committed);
					assert_eq!(recorded, committed, "{described} lost count of work in flight");
				}
				if let Err(error) = Pallet::<Test>::do_try_state() {
					panic!("{described}: {error:?}");
				}
			}
		});
	}

	#[test]
	fn everybody_can_leave_with_what_is_theirs(
		actions in prop::collection::vec(an_action(), 1..80)
	) {
		ExtBuilder::default().operator(ALICE, 300).operator(BOB, 300).build_and_execute(|| {
			let mut in_flight = InFlight::new();
			for action in actions {
				let _ = frame_support::storage::with_storage_layer(|| act(action, &mut in_flight));
			}
			end_old_work(&mut in_flight, Balance::MAX);
			// What moved may unbond when it is not exposed any more.
			go_to(System::block_number() + 2 * UNBONDING_PERIOD);
			// Who lost all but a fraction of a unit has nothing that can unbond.
			for who in ACCOUNTS {
				for operator in ACCOUNTS {
					let _ = Staking::settle(signed(who), operator, who);
				}
			}
			for who in ACCOUNTS {
				let _ = Staking::chill(signed(who));
				for operator in ACCOUNTS {
					let _ = unbond(who, operator, Balance::MAX);
				}
			}
			go_to(System::block_number() + 2 * UNBONDING_PERIOD);
			for who in ACCOUNTS {
				let due = wealth(who);
				for operator in ACCOUNTS {
					let _ = withdraw(who, operator);
					let _ = Staking::set_compound(signed(who), operator, false);
					let _ = Staking::claim(signed(who), operator);
				}
				assert_eq!((free(who), held(who)), (due, 0), "{who} could not take all");
			}
			assert_eq!(crate::Positions::<Test>::iter().count(), 0);
			assert_eq!(crate::Pools::<Test>::iter().count(), 0);
			assert_eq!(crate::Leaving::<Test>::iter().count(), 0);
			assert_eq!(Operators::<Test>::count(), 0);
		});
	}
}
