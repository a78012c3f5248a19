use super::*;
use crate::{Error, Event, Offers};
use assay_protocol::{
	model::Models as _,
	operator::{Fault, Operators as _},
};
use frame_support::{assert_noop, assert_ok};

fn prune(operator: AccountId) -> DispatchResult {
	ModelRegistry::prune_offer(signed(STRANGER), FIRST, operator)
}

#[test]
fn anyone_prunes_the_offer_of_an_operator_that_left() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			assert_ok!(Staking::chill(signed(OLGA)));
			assert_ok!(Staking::unbond(signed(OLGA), OLGA, u64::MAX));
			System::set_block_number(100);
			assert_ok!(Staking::withdraw_unbonded(signed(OLGA), OLGA));
			assert_ok!(prune(OLGA));
			System::assert_last_event(
				Event::OfferPruned {
					version: FIRST,
					operator: OLGA,
				}
				.into(),
			);
			assert!(!Offers::<Test>::contains_key(FIRST));
		});
}

#[test]
fn anyone_prunes_the_offer_of_an_operator_that_is_not_active() {
	ExtBuilder::default()
		.published()
		.operators([OLGA, OTTO])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			assert_ok!(serve(OTTO));
			assert_ok!(Staking::chill(signed(OLGA)));
			assert_ok!(prune(OLGA));
			Staking::penalise(&OTTO, 1, Fault::MissedDeadline, None);
			assert_ok!(prune(OTTO));
		});
}

#[test]
fn the_offer_of_an_active_operator_stays() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			assert_noop!(prune(OLGA), Error::<Test>::OfferInUse);
			// Silence alone is no reason: its node may come back.
			System::set_block_number(1_000);
			assert_noop!(prune(OLGA), Error::<Test>::OfferInUse);
			assert_noop!(prune(OTTO), Error::<Test>::NoSuchOffer);
			assert_noop!(
				ModelRegistry::prune_offer(signed(STRANGER), SECOND, OLGA),
				Error::<Test>::UnknownVersion
			);
		});
}

#[test]
fn an_offer_cannot_hold_a_publishers_deposit_hostage() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			ModelRegistry::job_started(FIRST);
			assert_ok!(ModelRegistry::retire(signed(PETRA), FIRST));
			// A running job may have to be assigned again.
			assert_noop!(prune(OLGA), Error::<Test>::OfferInUse);
			ModelRegistry::job_ended(FIRST);
			assert_ok!(prune(OLGA));
			assert_ok!(ModelRegistry::remove(signed(PETRA), FIRST));
			assert_eq!(free(PETRA), FUNDS);
		});
}
