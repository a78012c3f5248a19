//! Whatever happens, the money adds up.

use super::*;
use crate::Fees;
use frame_support::traits::{
	fungible::Balanced,
	tokens::{Fortitude, Precision, Preservation},
	Imbalance, OnUnbalanced,
};
use proptest::prelude::*;
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

#[derive(Clone, Debug)]
enum Action {
	Block(AccountId),
	Fee(Balance, Balance),
	Join(AccountId, Balance),
	Stop(AccountId),
	Offence(AccountId, u32, u32),
	Delegate(AccountId, Balance),
}

fn action() -> impl Strategy<Value = Action> {
	let who = ALICE..=EVE;
	prop_oneof![
		8 => who.clone().prop_map(Action::Block),
		4 => (0..5_000u64, 0..500u64).prop_map(|(fee, tip)| Action::Fee(fee, tip)),
		2 => (who.clone(), 100..5_000u64).prop_map(|(who, bond)| Action::Join(who, bond)),
		1 => who.clone().prop_map(Action::Stop),
		1 => (who.clone(), 0..=100u32, 0..3u32).prop_map(|(who, share, age)| Action::Offence(who, share, age)),
		2 => (who, 10..500u64).prop_map(|(who, amount)| Action::Delegate(who, amount)),
	]
}

fn act(action: Action) {
	match action {
		Action::Block(author) => block(author),
		Action::Fee(fee, tip) => {
			let before = Balances::total_issuance();
			let taken = <Balances as Balanced<AccountId>>::withdraw(
				&TREASURY,
				fee + tip,
				Precision::Exact,
				Preservation::Preserve,
				Fortitude::Polite,
			)
			.unwrap();
			let (fee, tip) = taken.split(fee);
			let most_burned = fee.peek() + tip.peek();
			Fees::<Test>::on_unbalanceds([fee, tip].into_iter());
			assert!(Balances::total_issuance() + most_burned >= before);
		}
		Action::Join(who, bond) => {
			if Staking::stake_operator(&who).is_none() {
				operator(who, bond);
			}
			let _ = Validators::validate(signed(who));
		}
		Action::Stop(who) => {
			let _ = Validators::stop_validating(signed(who));
		}
		Action::Offence(who, share, age) => {
			let details = OffenceDetails {
				offender: (who, ()),
				reporters: vec![TREASURY],
			};
			let session = Session::current_index().saturating_sub(age);
			// It takes nothing out of the issuance and adds nothing.
			let before = Balances::total_issuance();
			Validators::on_offence(&[details], &[Perbill::from_percent(share)], session);
			assert_eq!(Balances::total_issuance(), before);
		}
		Action::Delegate(who, amount) => {
			let _ = Staking::delegate(signed(EVE), who, amount);
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn issued_and_paid_add_up(actions in prop::collection::vec(action(), 1..120)) {
		ExtBuilder::default().validators(&[ALICE, BOB]).build().execute_with(|| {
			let mut expected = Balances::total_issuance();
			for action in actions {
				let before = Balances::total_issuance();
				let events_before = events().len();
				let burning = matches!(action, Action::Fee(..));
				act(action);
				check();
				let issued: Balance = events()[events_before..]
					.iter()
					.map(|event| match event {
						Event::Paid { issued, .. } => *issued,
						_ => 0,
					})
					.sum();
				let now = Balances::total_issuance();
				if burning {
					prop_assert!(now <= before);
				} else {
					// Fees of authors that are no operators are burned with what was issued for them.
					prop_assert!(now <= before + issued);
				}
				expected = now;
				prop_assert!(!Session::validators().is_empty());
				prop_assert!(Session::validators().len() <= 4);
			}
			prop_assert_eq!(expected, Balances::total_issuance());
			Ok(())
		})?;
	}
}
