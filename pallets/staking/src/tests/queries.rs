use super::*;
use assay_protocol::operator::{Fault, Operators as _};
use frame_support::assert_ok;

#[test]
fn operators_are_ranked_by_stake_then_age_then_account() {
	ExtBuilder::default()
		.operator(BOB, 100)
		.operator(ALICE, 100)
		.build_and_execute(|| {
			go_to(5);
			assert_ok!(register(CAROL, 100));
			let ranked = |limit| -> Vec<_> {
				let page = Staking::operators_page(0, limit);
				page.iter()
					.map(|of| (of.account, of.own + of.delegated, of.active))
					.collect()
			};
			// Alice and Bob are from genesis.
			assert_eq!(ranked(9), [(ALICE, 100, true), (BOB, 100, true), (CAROL, 100, true)]);
			assert_ok!(delegate(DAVE, CAROL, 10));
			assert_eq!(ranked(2), [(CAROL, 110, true), (ALICE, 100, true)]);
			assert_ok!(Staking::chill(signed(ALICE)));
			Staking::penalise(&BOB, 1, Fault::MissedDeadline, None);
			assert_eq!(ranked(9), [(CAROL, 110, true), (ALICE, 100, false), (BOB, 99, false)]);
		});
}

#[test]
fn a_position_is_shown_as_it_would_be_settled() {
	ExtBuilder::default()
		.operator(ALICE, 100)
		.operator(BOB, 100)
		.build_and_execute(|| {
			assert_ok!(delegate(CAROL, ALICE, 100));
			assert_ok!(delegate(CAROL, BOB, 20));
			Staking::penalise(&ALICE, 50, Fault::WrongResult, None);
			let (position, pending) = Staking::position(&ALICE, &CAROL).unwrap();
			assert_eq!((position.amount, pending), (75, 25));
			// Nothing was changed by looking.
			assert_eq!(held(CAROL), 120);
			assert_eq!(crate::Positions::<Test>::get(CAROL, ALICE).unwrap().amount, 100);
			assert_eq!(Staking::position(&ALICE, &DAVE), None);

			let mut all = Staking::positions(&CAROL, 10);
			all.sort_by_key(|(operator, ..)| *operator);
			let seen: Vec<_> = all
				.iter()
				.map(|(o, position, lost)| (*o, position.amount, *lost))
				.collect();
			assert_eq!(seen, [(ALICE, 75, 25), (BOB, 20, 0)]);
			assert_eq!(Staking::positions(&CAROL, 1).len(), 1);
		});
}
