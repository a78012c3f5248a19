use super::*;
use crate::MAX_CHUNKS;
use assay_protocol::{
	operator::{Fault, Operators as _},
	stake::{CommissionRise, ExposedStake, StakeBalance, StakePosition, UnbondingStake},
};
use frame_support::assert_ok;

fn position(member: AccountId, operator: AccountId) -> StakePosition<AccountId, Balance, u64> {
	Staking::stake_position(&operator, &member).expect("there is a position")
}

#[test]
fn a_position_tells_what_is_bonded_unbonding_earned_and_lost() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 300));
		assert_ok!(Staking::set_compound(signed(BOB), ALICE, true));
		reward(ALICE, 101); // One of them is the pot's.
		assert_ok!(unbond(BOB, ALICE, 100));
		go_to(PERIOD);
		assert_ok!(unbond(BOB, ALICE, 40));
		Staking::penalise(&ALICE, 40, Fault::WrongResult, None);
		let seen = position(BOB, ALICE);
		// A tenth of the 160, the 100 and the 40.
		let expected = StakePosition {
			operator: ALICE,
			stake: 144,
			pending_slash: 30,
			pending_rewards: 75,
			compound: true,
			payee: None,
			unbonding: vec![
				UnbondingStake {
					amount: 90,
					free_from: FREE_FROM,
				},
				UnbondingStake {
					amount: 36,
					free_from: FREE_FROM + PERIOD,
				},
			],
			exposures: vec![],
		};
		assert_eq!(seen, expected);
		// Nothing was changed by looking, and settling changes nothing that is seen but what is due.
		assert_eq!(held(BOB), 300);
		assert_ok!(Staking::set_compound(signed(BOB), ALICE, false));
		settle(BOB, ALICE);
		assert_eq!(held(BOB), 270);
		let settled = StakePosition {
			pending_slash: 0,
			compound: false,
			payee: None,
			..expected
		};
		assert_eq!(position(BOB, ALICE), settled);
		assert_eq!(Staking::stake_position(&ALICE, &CAROL), None);
	});
}

#[test]
fn what_moved_is_shown_as_exposed_until_it_is_not() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.build_and_execute(|| {
			assert_ok!(delegate(CAROL, ALICE, 100));
			assert_ok!(delegate(CAROL, BOB, 20));
			assert_ok!(Staking::redelegate(signed(CAROL), ALICE, BOB, 100));
			let seen = position(CAROL, BOB);
			assert_eq!(seen.stake, 120);
			let exposed = ExposedStake {
				operator: ALICE,
				amount: 100,
				until: FREE_FROM,
			};
			assert_eq!(seen.exposures, [exposed]);
			// Half of what stands behind Alice, of which the 100 that moved are half.
			Staking::penalise(&ALICE, 100, Fault::WrongResult, None);
			let seen = position(CAROL, BOB);
			assert_eq!((seen.stake, seen.exposures[0].amount, seen.pending_slash), (70, 50, 50));
			settle(CAROL, BOB);
			go_to(FREE_FROM);
			assert!(position(CAROL, BOB).exposures.is_empty());
		});
}

#[test]
fn a_balance_adds_up_what_stands_behind_all_operators() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.build_and_execute(|| {
			let nothing = Staking::stake_balance(&CAROL);
			assert_eq!((nothing.free, nothing.staked, nothing.next_unlock), (FUNDS, 0, None));
			assert_ok!(delegate(CAROL, BOB, 200));
			assert_ok!(delegate(CAROL, ALICE, 100));
			let operators: Vec<_> = Staking::stake_positions(&CAROL)
				.iter()
				.map(|position| position.operator)
				.collect();
			assert_eq!(operators, [ALICE, BOB]);
			assert_ok!(unbond(CAROL, ALICE, 50));
			go_to(PERIOD);
			assert_ok!(unbond(CAROL, BOB, 60));
			let balance = StakeBalance {
				free: FUNDS - 300,
				transferable: FUNDS - 300 - Balances::minimum_balance(),
				staked: 190,
				unbonding: 110,
				withdrawable: 0,
				pending_rewards: 0,
				pending_slashes: 0,
				next_unlock: Some(FREE_FROM),
			};
			assert_eq!(Staking::stake_balance(&CAROL), balance);

			go_to(FREE_FROM);
			let seen = Staking::stake_balance(&CAROL);
			assert_eq!((seen.withdrawable, seen.unbonding), (50, 60));
			assert_eq!(seen.next_unlock, Some(FREE_FROM + PERIOD));
			assert_ok!(withdraw(CAROL, ALICE));
			let seen = Staking::stake_balance(&CAROL);
			assert_eq!((seen.free, seen.withdrawable), (FUNDS - 250, 0));
		});
}

#[test]
fn an_operator_is_described_with_what_its_delegators_want_to_know() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 300));
		let text = "Alice, of Bern".as_bytes().to_vec();
		assert_ok!(Staking::set_identity(signed(ALICE), text.try_into().unwrap()));
		let rate = Permill::from_percent(7);
		assert_ok!(Staking::set_commission(signed(ALICE), rate));
		assert_ok!(Staking::commit(&ALICE, 30));
		let from = 1 + COMMISSION_NOTICE;
		let seen = Staking::stake_operator(&ALICE).unwrap();
		assert_eq!(seen.identity, "Alice, of Bern");
		assert_eq!((seen.own, seen.delegated), (100, 300));
		assert_eq!((seen.committed, seen.commitment_limit), (30, 40));
		assert_eq!((seen.active, seen.chilled), (true, false));
		assert_eq!(seen.commission, Permill::zero());
		assert_eq!(seen.commission_rise, Some(CommissionRise { rate, from }));

		go_to(from);
		let seen = Staking::stake_operator(&ALICE).unwrap();
		assert_eq!((seen.commission, seen.commission_rise), (rate, None));
		Staking::release(&ALICE, 30);
		Staking::penalise(&ALICE, 40, Fault::WrongResult, None);
		let seen = Staking::stake_operator(&ALICE).unwrap();
		assert_eq!((seen.own, seen.delegated, seen.penalised), (90, 270, 40));
		assert_eq!((seen.active, seen.faults.wrong_results), (false, 1));
		assert_eq!(Staking::stake_operator(&BOB), None);
	});
}

#[test]
fn pages_of_operators_are_by_stake_whether_they_work_or_not() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.operator(CAROL, 100)
		.build_and_execute(|| {
			assert_ok!(delegate(DAVE, BOB, 50));
			assert_ok!(Staking::chill(signed(BOB)));
			let page = |start, limit| {
				let page = Staking::operators_page(start, limit);
				page.iter().map(|operator| operator.account).collect::<Vec<_>>()
			};
			assert_eq!(page(0, u32::MAX), [BOB, ALICE, CAROL]);
			assert_eq!(page(1, 1), [ALICE]);
			assert!(page(3, 5).is_empty());
			assert!(page(0, 0).is_empty());
		});
}

#[test]
fn parameters_are_those_of_the_chain() {
	ExtBuilder::default().build_and_execute(|| {
		let parameters = Staking::parameters();
		assert_eq!(
			(parameters.min_bond, parameters.min_delegation),
			(MIN_BOND, MIN_DELEGATION)
		);
		assert_eq!(
			(parameters.period, parameters.unbonding_period),
			(PERIOD, UNBONDING_PERIOD)
		);
		assert_eq!(
			(parameters.max_chunks, parameters.commission_notice),
			(MAX_CHUNKS, COMMISSION_NOTICE)
		);
	});
}
