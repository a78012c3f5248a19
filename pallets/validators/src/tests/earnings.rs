use super::*;
use crate::{Fees, Works};
use frame_support::traits::{
	fungible::Balanced,
	tokens::{Fortitude, Precision, Preservation},
	Imbalance, OnUnbalanced,
};

/// Takes a fee and a tip from an account, as a transaction does.
fn pay_fee(who: AccountId, fee: Balance, tip: Balance) {
	let taken = <Balances as Balanced<AccountId>>::withdraw(
		&who,
		fee + tip,
		Precision::Exact,
		Preservation::Preserve,
		Fortitude::Polite,
	)
	.unwrap();
	let (fee, tip) = taken.split(fee);
	Fees::<Test>::on_unbalanceds([fee, tip].into_iter());
}

fn pending(who: AccountId) -> Balance {
	Staking::stake_position(&who, &who).unwrap().pending_rewards
}

#[test]
fn blocks_earn_by_their_number() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		let issuance = Balances::total_issuance();
		// Block 1 has passed.
		for author in [ALICE, ALICE, ALICE, BOB] {
			block(author);
		}
		let per_block = issuance / 10 / 10;
		assert_eq!(Balances::total_issuance(), issuance + 4 * per_block);
		assert!(events().contains(&Event::Paid {
			validator: ALICE,
			blocks: 3,
			issued: 3 * per_block,
			fees: 0
		}));
		// The first reward of all has opened the pot.
		assert!(pending(ALICE).abs_diff(3 * per_block) <= 2);
		assert!(pending(BOB).abs_diff(per_block) <= 2);
		assert_eq!(Works::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_fee_is_half_the_authors_and_half_burned_and_a_tip_is_the_authors() {
	ExtBuilder::default().validators(&[ALICE, BOB]).build_and_execute(|| {
		block(BOB);
		let issuance = Balances::total_issuance();
		pay_fee(EVE, 101, 7);
		assert_eq!(Balances::total_issuance(), issuance - 51);
		assert_eq!(Works::<Test>::get(BOB).fees, 57);
		assert_eq!(Works::<Test>::get(ALICE).fees, 0);
		check();
		let before = pending(BOB);
		let per_block = Validators::block_reward();
		sessions(1, &[ALICE]);
		let got = pending(BOB) - before;
		assert!(got.abs_diff(per_block + 57) <= 2, "{got}");
		assert_eq!(free(Validators::pot()), 1);
	});
}

#[test]
fn fees_without_an_author_are_burned() {
	ExtBuilder::default().validators(&[ALICE]).build_and_execute(|| {
		Author::set(None);
		let issuance = Balances::total_issuance();
		pay_fee(EVE, 100, 5);
		assert_eq!(Balances::total_issuance(), issuance - 105);
	});
}

#[test]
fn delegators_have_their_part_after_commission() {
	ExtBuilder::default().validators(&[ALICE]).build_and_execute(|| {
		Staking::delegate(signed(CAROL), ALICE, 300).unwrap();
		sessions(1, &[ALICE]);
		let carol = Staking::stake_position(&ALICE, &CAROL).unwrap().pending_rewards;
		assert!(carol > 0);
		assert!(carol.abs_diff(3 * pending(ALICE)) <= 3);
		let operator = Staking::stake_operator(&ALICE).unwrap();
		let returned = operator.returns.last().unwrap();
		assert_eq!(returned.stake, 400);
		assert!(returned.shared.abs_diff(carol + pending(ALICE)) <= 2);
	});
}

#[test]
fn an_author_that_is_no_operator_any_more_is_not_paid() {
	ExtBuilder::default().validators(&[ALICE]).build_and_execute(|| {
		let issuance = Balances::total_issuance();
		sessions(1, &[EVE]);
		assert_eq!(Balances::total_issuance(), issuance);
		assert!(!events().iter().any(|event| matches!(event, Event::Paid { .. })));
	});
}
