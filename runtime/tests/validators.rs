//! Who makes blocks, with every pallet in place.

mod common;

use assay_runtime::{RuntimeCall, Session, Validators};
use common::{account, chain, next_block, signed};
use frame_support::traits::Get;
use pallet_assay_timing as timing;
use sp_genesis_builder::DEV_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::DispatchError;

type Runtime = assay_runtime::Runtime;

/// Makes blocks until so many sessions have started.
fn sessions(count: u32) {
	let last = Session::current_index() + count;
	while Session::current_index() < last {
		next_block(vec![]);
	}
}

fn done(call: RuntimeCall, nonce: u32) -> Result<(), DispatchError> {
	let mut results = next_block(vec![signed(Alice, nonce, call)]);
	results.remove(0).expect("the transaction is valid")
}

/// C1, C8: what stood behind a set when it was planned waits until none of its offences can be reported, and all are paid for.
#[test]
fn c1_stake_should_wait_longer_than_offences_can_be_reported_and_are_deferred() {
	sp_io::TestExternalities::default().execute_with(|| {
		let waits: u32 = timing::UnbondingPeriod::<Runtime>::get();
		let session = u32::try_from(<timing::EpochDuration<Runtime> as Get<u64>>::get()).expect("it is short");
		let reportable: u32 = timing::ReportableSessions::<Runtime>::get();
		let [announced, deferral]: [u32; 2] = [
			<Runtime as pallet_assay_validators::Config>::SetSessions::get(),
			<Runtime as pallet_assay_validators::Config>::SlashDeferral::get(),
		];
		// Planned a session before the first, it lasts as long as it may; its last session is reported to the end.
		let reported = (announced + reportable) * session;
		assert!(reported <= waits, "{reported} blocks, stake waits {waits}");
		let paid = (announced + deferral) * session;
		assert!(paid < waits, "{paid} blocks, stake waits {waits}");
		assert!(
			10 * deferral * session > 9 * waits,
			"a slash can be cancelled for {deferral} sessions of {session}, stake waits {waits}"
		);
	});
}

/// C10: a chain of one validator is not ended by one call, in whatever it is wrapped.
#[test]
fn c10_the_only_validator_should_not_be_able_to_purge_its_keys() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let filtered = Err(frame_system::Error::<Runtime>::CallFiltered.into());
		let purge = || RuntimeCall::from(pallet_session::Call::purge_keys {});
		assert_eq!(done(purge(), 0), filtered);
		let wrapped = pallet_utility::Call::batch_all { calls: vec![purge()] };
		assert_eq!(done(wrapped.into(), 1), filtered);
		assert!(Session::load_keys(&account(Alice)).is_some());

		let own = || RuntimeCall::from(pallet_assay_validators::Call::purge_keys {});
		let refused = |error: pallet_assay_validators::Error<Runtime>| Err(error.into());
		assert_eq!(done(own(), 2), refused(pallet_assay_validators::Error::StillCandidate));
		assert_eq!(
			done(pallet_assay_validators::Call::stop_validating {}.into(), 3),
			Ok(())
		);
		sessions(3);
		assert_eq!(done(own(), 4), refused(pallet_assay_validators::Error::StillValidator));
		sessions(2);
		assert_eq!(Session::validators(), [account(Alice)]);
		assert!(Validators::election().is_empty());
	});
}

/// C11: who finalises is announced when it changes.
#[test]
fn c11_voters_that_stay_should_be_one_set() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		sessions(2);
		let set = pallet_grandpa::CurrentSetId::<Runtime>::get();
		sessions(5);
		assert_eq!(pallet_grandpa::CurrentSetId::<Runtime>::get(), set);
		// Its equivocations can be reported with the proofs of any of its sessions.
		assert_eq!(
			pallet_grandpa::SetIdSession::<Runtime>::get(set),
			Some(Session::current_index())
		);
	});
}
