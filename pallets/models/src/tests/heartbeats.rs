use super::*;
use crate::{Call, Event, HeartbeatOf, LastHeartbeat};
use assay_protocol::{
	model::Models as _,
	operator::{Fault, Heartbeat, Operators as _, WorkerSignature},
};
use codec::Encode;
use frame_support::{
	assert_ok,
	pallet_prelude::{InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction},
	traits::Authorize,
};

/// The heartbeat of `operator` for the current period, signed by `signer`.
fn signed_by(signer: AccountId, operator: AccountId) -> (HeartbeatOf<Test>, WorkerSignature) {
	let period = ModelRegistry::heartbeat_period(System::block_number());
	signed_for(period, signer, operator)
}

fn signed_for(period: u64, signer: AccountId, operator: AccountId) -> (HeartbeatOf<Test>, WorkerSignature) {
	let heartbeat = Heartbeat { operator, period };
	let signature = pair_of(signer).sign(&ModelRegistry::signing_payload(&heartbeat));
	(heartbeat, signature)
}

/// What the pool and the block author do with an unsigned heartbeat transaction.
fn submit(
	(heartbeat, signature): (HeartbeatOf<Test>, WorkerSignature),
) -> Result<ValidTransaction, TransactionValidityError> {
	let call = RuntimeCall::from(Call::heartbeat {
		heartbeat: heartbeat.clone(),
		signature: signature.clone(),
	});
	let (valid, _) = call
		.authorize(TransactionSource::External)
		.expect("a heartbeat authorises itself")?;
	assert_ok!(ModelRegistry::heartbeat(
		frame_system::RawOrigin::Authorized.into(),
		heartbeat,
		signature
	));
	Ok(valid)
}

fn refused(heartbeat: (HeartbeatOf<Test>, WorkerSignature), reason: InvalidTransaction) {
	let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
	assert_eq!(submit(heartbeat), Err(reason.into()));
	assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
}

/// Olga serves since block 1; it is the first block of the second period.
fn in_second_period(test: impl FnOnce()) {
	ExtBuilder::default()
		.published()
		.operators([OLGA, OTTO])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			System::set_block_number(PERIOD);
			test();
		});
}

#[test]
fn a_heartbeat_keeps_offers_listed() {
	in_second_period(|| {
		let valid = submit(signed_by(OLGA, OLGA)).unwrap();
		assert_eq!(valid.priority, 1_000);
		assert_eq!(valid.longevity, PERIOD);
		assert_eq!(valid.provides, [("AssayHeartbeat", OLGA, 1u64).encode()]);
		assert!(valid.requires.is_empty() && valid.propagate);
		System::assert_last_event(Event::HeartbeatReceived { operator: OLGA }.into());
		assert_eq!(LastHeartbeat::<Test>::get(OLGA), Some(PERIOD));

		System::set_block_number(PERIOD + GRACE);
		assert_eq!(ModelRegistry::listed_offers(FIRST).len(), 1);
		System::set_block_number(PERIOD + GRACE + 1);
		assert_eq!(ModelRegistry::listed_offers(FIRST), []);
	});
}

#[test]
fn a_silent_operator_is_listed_again_after_a_heartbeat() {
	in_second_period(|| {
		System::set_block_number(10 * PERIOD);
		assert_eq!(ModelRegistry::listed_offers(FIRST), []);
		assert_ok!(submit(signed_by(OLGA, OLGA)));
		assert_eq!(ModelRegistry::listed_offers(FIRST).len(), 1);
	});
}

#[test]
fn one_heartbeat_in_each_period_keeps_an_offer_listed_for_ever() {
	in_second_period(|| {
		for period in 1..20 {
			// As far apart as heartbeats of two periods can be, then as close.
			let block = period * PERIOD + if period % 2 == 0 { PERIOD - 1 } else { 0 };
			System::set_block_number(block);
			assert_eq!(
				ModelRegistry::listed_offers(FIRST).len(),
				1,
				"not listed in period {period}"
			);
			assert_ok!(submit(signed_by(OLGA, OLGA)));
		}
	});
}

#[test]
fn a_strangers_key_is_refused() {
	in_second_period(|| {
		refused(signed_by(OTTO, OLGA), InvalidTransaction::BadProof);
		// Nor does a key speak for an account that is no operator.
		refused(signed_by(STRANGER, STRANGER), InvalidTransaction::BadSigner);
	});
}

#[test]
fn a_changed_heartbeat_is_refused() {
	in_second_period(|| {
		assert_ok!(serve(OTTO));
		System::set_block_number(2 * PERIOD);
		let (mut heartbeat, signature) = signed_by(OLGA, OLGA);
		heartbeat.operator = OTTO;
		refused((heartbeat, signature), InvalidTransaction::BadProof);
	});
}

#[test]
fn a_heartbeat_of_another_chain_is_refused() {
	in_second_period(|| {
		let heartbeat = Heartbeat {
			operator: OLGA,
			period: 1,
		};
		let signature = pair_of(OLGA).sign(&heartbeat.signing_payload(&[3; 32]));
		refused((heartbeat, signature), InvalidTransaction::BadProof);
	});
}

#[test]
fn a_heartbeat_cannot_be_replayed() {
	in_second_period(|| {
		let heartbeat = signed_by(OLGA, OLGA);
		assert_ok!(submit(heartbeat.clone()));
		refused(heartbeat.clone(), InvalidTransaction::Stale);
		System::set_block_number(2 * PERIOD - 1);
		refused(heartbeat.clone(), InvalidTransaction::Stale);
		System::set_block_number(2 * PERIOD);
		refused(heartbeat, InvalidTransaction::Stale);
	});
}

#[test]
fn a_heartbeat_cannot_be_replayed_after_the_offer_was_renewed() {
	in_second_period(|| {
		let heartbeat = signed_by(OLGA, OLGA);
		assert_ok!(submit(heartbeat.clone()));
		assert_ok!(ModelRegistry::unserve(signed(OLGA), FIRST));
		refused(heartbeat.clone(), InvalidTransaction::BadSigner);
		assert_ok!(serve(OLGA));
		refused(heartbeat, InvalidTransaction::Stale);
	});
}

#[test]
fn a_heartbeat_counts_only_in_its_period() {
	in_second_period(|| {
		refused(signed_for(0, OLGA, OLGA), InvalidTransaction::Stale);
		refused(signed_for(2, OLGA, OLGA), InvalidTransaction::Future);
		refused(signed_for(u64::MAX, OLGA, OLGA), InvalidTransaction::Future);
	});
}

#[test]
fn the_offer_itself_is_the_heartbeat_of_its_period() {
	ExtBuilder::default()
		.published()
		.operators([OLGA])
		.build_and_execute(|| {
			assert_ok!(serve(OLGA));
			refused(signed_by(OLGA, OLGA), InvalidTransaction::Stale);
		});
}

#[test]
fn an_operator_without_offers_has_no_heartbeat() {
	in_second_period(|| {
		refused(signed_by(OTTO, OTTO), InvalidTransaction::BadSigner);
	});
}

#[test]
fn an_operator_that_is_not_active_has_no_heartbeat() {
	in_second_period(|| {
		assert_ok!(serve(OTTO));
		System::set_block_number(2 * PERIOD);
		assert_ok!(Staking::chill(signed(OLGA)));
		refused(signed_by(OLGA, OLGA), InvalidTransaction::BadSigner);
		Staking::penalise(&OTTO, 1, Fault::MissedDeadline, None);
		refused(signed_by(OTTO, OTTO), InvalidTransaction::BadSigner);
	});
}

#[test]
fn a_replaced_worker_key_is_not_heard_any_more() {
	in_second_period(|| {
		let new = pair_of(77);
		let payload = assay_protocol::operator::possession_payload(&OLGA, &System::block_hash(0).0);
		assert_ok!(Staking::set_worker_key(signed(OLGA), new.public(), new.sign(&payload)));
		refused(signed_by(OLGA, OLGA), InvalidTransaction::BadProof);
		assert_ok!(submit(signed_by(77, OLGA)));
	});
}

#[test]
fn a_heartbeat_is_not_dispatched_without_its_authorisation() {
	in_second_period(|| {
		let (heartbeat, signature) = signed_by(OLGA, OLGA);
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root(), signed(OLGA)] {
			frame_support::assert_noop!(
				ModelRegistry::heartbeat(origin, heartbeat.clone(), signature.clone()),
				sp_runtime::DispatchError::BadOrigin
			);
		}
	});
}
