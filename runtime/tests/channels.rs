//! Channels beside models: none keeps a version, and its publisher's deposit, for ever.

mod common;

use assay_artifact::synthetic::IN_USE;
use assay_protocol::{ModelId, ModelVersion, VersionNumber};
use assay_runtime::{
	currency::{MIN_CHANNEL_DEPOSIT, MIN_UNIT_PRICE},
	time::REFERENCE_SPEED,
	Runtime, RuntimeOrigin, System,
};
use common::{account, chain, next_block, registration, signed};
use frame_support::{assert_ok, traits::Get};
use sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};

type Answerable = <Runtime as pallet_assay_channels::Config>::Answerable;

const VERSION: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(0),
};

#[test]
fn h6_a_retired_version_should_be_removed_whoever_has_channels_for_it() {
	chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
		assert_eq!(
			next_block(vec![signed(Charlie, 0, registration(&IN_USE[0]))]),
			[Ok(Ok(()))]
		);
		let serve = pallet_assay_models::Call::serve {
			version: VERSION,
			price: MIN_UNIT_PRICE,
			capacity: 1,
			speed: REFERENCE_SPEED,
			largest: u64::MAX,
		};
		assert_eq!(next_block(vec![signed(Alice, 0, serve)]), [Ok(Ok(()))]);
		let open = pallet_assay_channels::Call::open {
			operator: account(Alice),
			version: VERSION,
			max_price: MIN_UNIT_PRICE,
			key: Bob.public(),
			deposit: MIN_CHANNEL_DEPOSIT,
		};
		assert_eq!(next_block(vec![signed(Bob, 0, open)]), [Ok(Ok(()))]);
		let unserve = pallet_assay_models::Call::unserve { version: VERSION };
		let retire = pallet_assay_models::Call::retire { version: VERSION };
		let done = next_block(vec![signed(Alice, 1, unserve), signed(Charlie, 1, retire)]);
		assert_eq!(done, [Ok(Ok(())), Ok(Ok(()))]);
		let channel = pallet_assay_channels::Channels::<Runtime>::iter_keys().next();
		let channel = channel.expect("it was opened");
		let give_notice = pallet_assay_channels::Call::give_notice { channel };
		assert_eq!(next_block(vec![signed(Charlie, 2, give_notice)]), [Ok(Ok(()))]);
		// Its consumer does not take that back.
		let top_up = pallet_assay_channels::Call::top_up {
			channel,
			amount: MIN_CHANNEL_DEPOSIT,
		};
		assert_eq!(next_block(vec![signed(Bob, 1, top_up)]), [Ok(Ok(()))]);
		let step =
			|| pallet_assay_channels::Pallet::<Runtime>::advance(RuntimeOrigin::signed(account(Charlie)), channel);
		let closes_at = pallet_assay_channels::Channels::<Runtime>::get(channel).and_then(|channel| channel.closes_at);
		let now = System::block_number();
		System::set_block_number(closes_at.expect("notice was given"));
		assert_ok!(step());
		System::set_block_number(System::block_number() + Answerable::get() + 1);
		assert_ok!(step());
		System::set_block_number(now);
		let remove = pallet_assay_models::Call::remove { version: VERSION };
		assert_eq!(next_block(vec![signed(Charlie, 3, remove)]), [Ok(Ok(()))]);
	});
}
