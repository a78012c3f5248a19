use super::*;
use assay_protocol::operator::Operators as _;

#[test]
fn operators_at_genesis_are_bonded_and_active() {
	ExtBuilder::default()
		.operator(ALICE, 150)
		.operator(BOB, MIN_BOND)
		.build_and_execute(|| {
			assert_eq!((free(ALICE), held(ALICE)), (FUNDS - 150, 150));
			assert!(Staking::is_active(&ALICE));
			assert!(Staking::is_active(&BOB));
			assert_eq!(Staking::of_worker_key(&key_of(BOB).public()), Some(BOB));
		});
}

#[test]
#[should_panic(expected = "operator 1 cannot be registered at genesis")]
fn genesis_refuses_a_bond_below_the_minimum() {
	ExtBuilder::default().operator(ALICE, MIN_BOND - 1).build();
}

#[test]
#[should_panic(expected = "operator 2 cannot be registered at genesis")]
fn genesis_refuses_a_shared_worker_key() {
	let key = numbered_key(50).public();
	ExtBuilder::default()
		.operator_with_key(ALICE, key.clone(), MIN_BOND)
		.operator_with_key(BOB, key, MIN_BOND)
		.build();
}
