use super::*;
use crate::{Error, Event, Identities, IdentityText, Operators};
use frame_support::{assert_noop, assert_ok};

fn rate() -> Permill {
	Operators::<Test>::get(ALICE)
		.unwrap()
		.commission
		.at(System::block_number())
}

fn set(percent: u32) -> DispatchResult {
	Staking::set_commission(signed(ALICE), Permill::from_percent(percent))
}

#[test]
fn a_commission_rises_after_a_notice_and_falls_at_once() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_ok!(delegate(BOB, ALICE, 10));
		assert_ok!(set(20));
		last_event(Event::CommissionSet {
			operator: ALICE,
			rate: Permill::from_percent(20),
			from: 1 + COMMISSION_NOTICE,
		});
		go_to(COMMISSION_NOTICE);
		assert_eq!(rate(), Permill::zero());
		go_to(1 + COMMISSION_NOTICE);
		assert_eq!(rate(), Permill::from_percent(20));

		assert_ok!(set(5));
		assert_eq!(rate(), Permill::from_percent(5));
		// Announcing again starts the notice again; falling back withdraws it.
		assert_ok!(set(30));
		go_to(2 * COMMISSION_NOTICE);
		assert_ok!(set(40));
		go_to(3 * COMMISSION_NOTICE - 1);
		assert_eq!(rate(), Permill::from_percent(5));
		assert_ok!(set(5));
		go_to(10 * COMMISSION_NOTICE);
		assert_eq!(rate(), Permill::from_percent(5));
	});
}

#[test]
fn a_commission_has_a_maximum() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		assert_noop!(set(51), Error::<Test>::CommissionTooHigh);
		assert_ok!(set(50));
		assert_noop!(
			Staking::set_commission(signed(BOB), Permill::zero()),
			Error::<Test>::NotOperator
		);
	});
}

#[test]
fn an_operator_says_who_it_is() {
	ExtBuilder::default().operator(ALICE, 100).build_and_execute(|| {
		let text = |text: &str| IdentityText::try_from(text.as_bytes().to_vec()).unwrap();
		assert_ok!(Staking::set_identity(signed(ALICE), text("Alice, Zürich")));
		last_event(Event::IdentitySet {
			operator: ALICE,
			identity: text("Alice, Zürich"),
		});
		assert_eq!(Identities::<Test>::get(ALICE), Some(text("Alice, Zürich")));
		let noise = IdentityText::try_from(vec![0xff, 0xfe]).unwrap();
		assert_noop!(
			Staking::set_identity(signed(ALICE), noise),
			Error::<Test>::IdentityNotText
		);
		assert_noop!(
			Staking::set_identity(signed(BOB), text("Bob")),
			Error::<Test>::NotOperator
		);
		assert_ok!(Staking::set_identity(signed(ALICE), text("")));
		assert_eq!(Identities::<Test>::get(ALICE), None);
	});
}
