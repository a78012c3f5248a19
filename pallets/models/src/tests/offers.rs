use super::*;
use crate::{Error, Event, LastHeartbeat, Offers, Served};
use assay_protocol::{
	model::{Models as _, Offer, MAX_OFFERS},
	operator::{Fault, Operators as _},
};
use frame_support::{assert_noop, assert_ok};

fn operators(count: u32) -> impl Iterator<Item = AccountId> {
	(0..count).map(|index| OLGA + u64::from(index))
}

fn offers() -> Vec<AccountId> {
	Offers::<Test>::get(FIRST).iter().map(|offer| offer.operator).collect()
}

#[test]
fn an_offer_is_listed_at_once() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			System::assert_last_event(
				Event::OfferMade {
					version: FIRST,
					operator: OLGA,
					price: 5,
					capacity: 2,
					speed: SPEED,
					largest: LARGEST,
				}
				.into(),
			);
			let offer = Offer {
				operator: OLGA,
				price: 5,
				capacity: 2,
				speed: SPEED,
				largest: LARGEST,
			};
			assert_eq!(ModelRegistry::listed_offers(FIRST), [offer]);
			assert_eq!(ModelRegistry::listed_offer(FIRST, &OLGA), Some(offer));
			assert_eq!(ModelRegistry::listed_offer(FIRST, &OTTO), None);
			assert_eq!(Served::<Test>::get(OLGA).into_inner(), [FIRST]);
		});
}

#[test]
fn an_offer_can_be_changed() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			assert_ok!(ModelRegistry::serve(signed(OLGA), FIRST, MIN_PRICE, 9, SPEED, LARGEST));
			assert_eq!(
				ModelRegistry::listed_offers(FIRST),
				[Offer {
					operator: OLGA,
					price: MIN_PRICE,
					capacity: 9,
					speed: SPEED,
					largest: LARGEST,
				}]
			);
			assert_eq!(Served::<Test>::get(OLGA).len(), 1);
		});
}

#[test]
fn serving_needs_an_active_operator() {
	ExtBuilder::default()
		.published()
		.operators([OLGA, OTTO])
		.build_and_execute(|| {
			assert_noop!(serve(STRANGER), Error::<Test>::NotActiveOperator);
			assert_ok!(Staking::chill(signed(OLGA)));
			assert_noop!(serve(OLGA), Error::<Test>::NotActiveOperator);
			Staking::penalise(&OTTO, 1, Fault::MissedDeadline, None);
			assert_noop!(serve(OTTO), Error::<Test>::NotActiveOperator);
		});
}

#[test]
fn an_offer_is_for_a_version_that_takes_jobs() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_noop!(
				ModelRegistry::serve(signed(OLGA), SECOND, 5, 1, SPEED, LARGEST),
				Error::<Test>::UnknownVersion
			);
			assert_noop!(
				ModelRegistry::serve(signed(OLGA), FIRST, 5, 0, SPEED, LARGEST),
				Error::<Test>::CapacityIsZero
			);
			for (speed, largest) in [(0, LARGEST), (SPEED, 0)] {
				assert_noop!(
					ModelRegistry::serve(signed(OLGA), FIRST, 5, 1, speed, largest),
					Error::<Test>::SpeedIsZero
				);
			}
			assert_ok!(ModelRegistry::retire(signed(PETRA), FIRST));
			assert_noop!(serve(OLGA), Error::<Test>::Retired);
		});
}

#[test]
fn d08_price_that_pays_no_auditor_should_be_refused() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			for price in [0, MIN_PRICE - 1] {
				assert_noop!(
					ModelRegistry::serve(signed(OLGA), FIRST, price, 1, SPEED, LARGEST),
					Error::<Test>::PriceTooLow
				);
			}
			assert_ok!(ModelRegistry::serve(signed(OLGA), FIRST, MIN_PRICE, 1, SPEED, LARGEST));
			// Nor can an offer that stands be lowered to it.
			assert_noop!(
				ModelRegistry::serve(signed(OLGA), FIRST, MIN_PRICE - 1, 1, SPEED, LARGEST),
				Error::<Test>::PriceTooLow
			);
		});
}

#[test]
fn an_offer_can_be_withdrawn() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_noop!(ModelRegistry::unserve(signed(OLGA), FIRST), Error::<Test>::NoSuchOffer);
			assert_ok!(serve(OLGA));
			assert_noop!(
				ModelRegistry::unserve(signed(STRANGER), FIRST),
				Error::<Test>::NoSuchOffer
			);
			assert_ok!(ModelRegistry::unserve(signed(OLGA), FIRST));
			System::assert_last_event(
				Event::OfferWithdrawn {
					version: FIRST,
					operator: OLGA,
				}
				.into(),
			);
			assert_eq!(ModelRegistry::listed_offers(FIRST), []);
			assert!(!LastHeartbeat::<Test>::contains_key(OLGA));
		});
}

#[test]
fn the_heartbeat_of_an_operator_outlives_all_but_its_last_offer() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(add_version(PETRA));
			assert_ok!(serve(OLGA));
			assert_ok!(ModelRegistry::serve(signed(OLGA), SECOND, 5, 1, SPEED, LARGEST));
			assert_ok!(ModelRegistry::unserve(signed(OLGA), FIRST));
			assert!(LastHeartbeat::<Test>::contains_key(OLGA));
			assert_eq!(ModelRegistry::listed_offers(SECOND).len(), 1);
			assert_ok!(ModelRegistry::unserve(signed(OLGA), SECOND));
			assert!(!LastHeartbeat::<Test>::contains_key(OLGA));
		});
}

#[test]
fn an_operator_serves_so_many_versions_and_no_more() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			for model in 1..4 {
				assert_ok!(register(PETRA));
				let version = ModelVersion {
					model: ModelId(model),
					version: VersionNumber(0),
				};
				let served = ModelRegistry::serve(signed(OLGA), version, 5, 1, SPEED, LARGEST);
				if model < 3 {
					assert_ok!(served);
				} else {
					assert_eq!(served, Err(Error::<Test>::ServesTooMany.into()));
				}
			}
			// To change an offer is always possible.
			assert_ok!(serve(OLGA));
		});
}

#[test]
fn serving_too_many_leaves_no_trace() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			for model in 1..4 {
				assert_ok!(register(PETRA));
				if model < 3 {
					let version = ModelVersion {
						model: ModelId(model),
						version: VersionNumber(0),
					};
					assert_ok!(ModelRegistry::serve(signed(OLGA), version, 5, 1, SPEED, LARGEST));
				}
			}
			let fourth = ModelVersion {
				model: ModelId(3),
				version: VersionNumber(0),
			};
			assert_noop!(
				ModelRegistry::serve(signed(OLGA), fourth, 5, 1, SPEED, LARGEST),
				Error::<Test>::ServesTooMany
			);
		});
}

#[test]
fn offers_of_operators_that_are_not_active_are_not_listed() {
	ExtBuilder::default()
		.published()
		.operators([OLGA, OTTO])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			assert_ok!(serve(OTTO));
			assert_ok!(Staking::chill(signed(OLGA)));
			assert_eq!(ModelRegistry::listed_offer(FIRST, &OLGA), None);
			Staking::penalise(&OTTO, 1, Fault::MissedDeadline, None);
			assert_eq!(ModelRegistry::listed_offers(FIRST), []);

			assert_ok!(Staking::unchill(signed(OLGA)));
			assert_ok!(Staking::bond_extra(signed(OTTO), OTTO, 1));
			assert_eq!(ModelRegistry::listed_offers(FIRST).len(), 2);
		});
}

#[test]
fn offers_of_operators_that_are_silent_are_not_listed() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			System::set_block_number(1 + GRACE);
			assert_eq!(ModelRegistry::listed_offers(FIRST).len(), 1);
			System::set_block_number(2 + GRACE);
			assert_eq!(ModelRegistry::listed_offers(FIRST), []);
			assert_eq!(ModelRegistry::listed_offer(FIRST, &OLGA), None);
			assert_eq!(offers(), [OLGA]);
			assert_ok!(serve(OLGA));
			assert_eq!(ModelRegistry::listed_offers(FIRST).len(), 1);
		});
}

#[test]
fn a_retired_version_keeps_the_offers_its_running_jobs_may_need() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			assert_ok!(ModelRegistry::retire(signed(PETRA), FIRST));
			assert_eq!(ModelRegistry::listed_offers(FIRST).len(), 1);
		});
}

#[test]
fn a_new_offer_takes_the_place_of_one_that_is_not_listed() {
	ExtBuilder::default()
		.published()
		.operators(operators(MAX_OFFERS + 1))
		.build_and_execute(|| {
			let newcomer = OLGA + u64::from(MAX_OFFERS);
			let silent = OLGA + 7;
			assert_ok!(serve(silent));
			System::set_block_number(2 + GRACE);
			for operator in operators(MAX_OFFERS).filter(|operator| *operator != silent) {
				assert_ok!(serve(operator));
			}
			assert_eq!(offers().len(), MAX_OFFERS as usize);

			assert_ok!(serve(newcomer));
			System::assert_has_event(
				Event::OfferPruned {
					version: FIRST,
					operator: silent,
				}
				.into(),
			);
			assert_eq!(offers().len(), MAX_OFFERS as usize);
			assert!(offers().contains(&newcomer) && !offers().contains(&silent));
			assert!(!Served::<Test>::contains_key(silent));

			assert_noop!(serve(silent), Error::<Test>::TooManyOffers);
			assert_ok!(serve(newcomer));
		});
}

#[test]
fn a_new_offer_takes_the_place_of_the_one_with_the_least_stake() {
	ExtBuilder::default()
		.published()
		.operators(operators(MAX_OFFERS + 1))
		.build_and_execute(|| {
			let newcomer = OLGA + u64::from(MAX_OFFERS);
			let least = OLGA + 7;
			for operator in operators(MAX_OFFERS) {
				assert_ok!(serve(operator));
				let more = if operator == least { 10 } else { 20 };
				assert_ok!(Staking::bond_extra(signed(operator), operator, more));
			}
			assert_noop!(serve(newcomer), Error::<Test>::TooManyOffers);
			// As much is not more: whoever is there stays.
			assert_ok!(Staking::bond_extra(signed(newcomer), newcomer, 10));
			assert_noop!(serve(newcomer), Error::<Test>::TooManyOffers);
			// Stake of others counts.
			assert_ok!(Staking::delegate(signed(STRANGER), newcomer, 1));
			assert_ok!(serve(newcomer));
			System::assert_has_event(
				Event::OfferPruned {
					version: FIRST,
					operator: least,
				}
				.into(),
			);
			assert_eq!(offers().len(), MAX_OFFERS as usize);
			assert!(offers().contains(&newcomer) && !offers().contains(&least));
			assert!(!Served::<Test>::contains_key(least) && !LastHeartbeat::<Test>::contains_key(least));

			// It does not come back with less, and does with more.
			assert_noop!(serve(least), Error::<Test>::TooManyOffers);
			assert_ok!(Staking::bond_extra(signed(least), least, 10));
			assert_ok!(serve(least));
			assert!(!offers().contains(&newcomer));
		});
}

#[test]
fn an_offer_that_is_not_listed_makes_room_before_one_with_less_stake() {
	ExtBuilder::default()
		.published()
		.operators(operators(MAX_OFFERS + 1))
		.build_and_execute(|| {
			let (newcomer, chilled) = (OLGA + u64::from(MAX_OFFERS), OLGA + 60);
			for operator in operators(MAX_OFFERS) {
				assert_ok!(serve(operator));
			}
			for operator in [newcomer, chilled] {
				assert_ok!(Staking::bond_extra(signed(operator), operator, 50));
			}
			assert_ok!(Staking::chill(signed(chilled)));
			assert_ok!(serve(newcomer));
			assert!(!offers().contains(&chilled));
			assert_eq!(offers().len(), MAX_OFFERS as usize);
		});
}
