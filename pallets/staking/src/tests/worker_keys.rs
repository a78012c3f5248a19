use super::*;
use crate::{Error, Event};
use assay_protocol::operator::Operators as _;
use frame_support::{assert_noop, assert_ok};

fn register_with(account: AccountId, key: WorkerKey, proof: WorkerSignature) -> sp_runtime::DispatchResult {
	Staking::register_operator(RuntimeOrigin::signed(account), key, proof, MIN_BOND)
}

fn set_key(account: AccountId, key: WorkerKey, proof: WorkerSignature) -> sp_runtime::DispatchResult {
	Staking::set_worker_key(RuntimeOrigin::signed(account), key, proof)
}

#[test]
fn a_strangers_key_cannot_be_registered() {
	ExtBuilder::default().build_and_execute(|| {
		let strangers = numbered_key(50);
		let own = key_of(ALICE);
		assert_noop!(
			register_with(ALICE, strangers.public(), proof(&own, ALICE)),
			Error::<Test>::BadProofOfPossession
		);
		// Nor with the proof its owner made for another account.
		assert_noop!(
			register_with(ALICE, strangers.public(), proof(&strangers, BOB)),
			Error::<Test>::BadProofOfPossession
		);
	});
}

#[test]
fn a_proof_is_for_one_chain() {
	ExtBuilder::default().build_and_execute(|| {
		let key = key_of(ALICE);
		let elsewhere = key.sign(&possession_payload(&ALICE, &[7; 32]));
		assert_noop!(
			register_with(ALICE, key.public(), elsewhere),
			Error::<Test>::BadProofOfPossession
		);
	});
}

#[test]
fn two_operators_cannot_share_a_key() {
	let shared = numbered_key(50);
	ExtBuilder::default()
		.operator_with_key(ALICE, shared.public(), MIN_BOND)
		.operator(CAROL, MIN_BOND)
		.build_and_execute(|| {
			assert_noop!(
				register_with(BOB, shared.public(), proof(&shared, BOB)),
				Error::<Test>::WorkerKeyInUse
			);
			assert_noop!(
				set_key(CAROL, shared.public(), proof(&shared, CAROL)),
				Error::<Test>::WorkerKeyInUse
			);
			assert_noop!(
				set_key(ALICE, shared.public(), proof(&shared, ALICE)),
				Error::<Test>::WorkerKeyInUse
			);
		});
}

#[test]
fn a_replaced_key_is_free_again() {
	ExtBuilder::default().operator(ALICE, MIN_BOND).build_and_execute(|| {
		let old = key_of(ALICE);
		let new = numbered_key(50);
		assert_ok!(set_key(ALICE, new.public(), proof(&new, ALICE)));
		System::assert_last_event(
			Event::WorkerKeyChanged {
				operator: ALICE,
				old: old.public(),
				new: new.public(),
			}
			.into(),
		);
		assert_eq!(Staking::worker_key(&ALICE), Some(new.public()));
		assert_eq!(Staking::of_worker_key(&new.public()), Some(ALICE));
		assert_eq!(Staking::of_worker_key(&old.public()), None);

		assert_ok!(register_with(BOB, old.public(), proof(&old, BOB)));
	});
}

#[test]
fn a_key_is_replaced_only_with_a_proof_and_by_an_operator() {
	ExtBuilder::default().operator(ALICE, MIN_BOND).build_and_execute(|| {
		let new = numbered_key(50);
		assert_noop!(
			set_key(ALICE, new.public(), proof(&new, BOB)),
			Error::<Test>::BadProofOfPossession
		);
		assert_noop!(set_key(BOB, new.public(), proof(&new, BOB)), Error::<Test>::NotOperator);
	});
}
