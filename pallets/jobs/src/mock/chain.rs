//! The chain a test runs on: genesis, blocks, events, balances, invariants.

use super::*;
use frame_support::{
	traits::{OnInitialize, OnPoll},
	weights::WeightMeter,
};
use sp_runtime::BuildStorage;

/// Three consumers with funds, three operators with stake 100,000; Alice serves the decoder at price 2.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let accounts = [CONSUMER, OTHER_CONSUMER].map(|who| (who, FUNDS)).into_iter();
	let others = [ALICE, BOB, CHARLIE, PUBLISHER, TREASURY, STAKERS].map(|who| (who, EXISTENTIAL_DEPOSIT));
	pallet_balances::GenesisConfig::<Test> {
		balances: accounts.chain(others).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		for operator in [ALICE, BOB, CHARLIE] {
			bond(operator, 100_000);
		}
		offer(DECODER, ALICE, 2, 8);
		for version in [DECODER, PERCEPTRON, ENCODER, WIDE] {
			set_royalty(version, Permill::from_percent(5));
		}
	});
	ext
}

/// [`new_test_ext`] with a keystore, for benchmarks make keys.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_benchmark_ext() -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.execute_with(|| withdraw_offer(DECODER, ALICE));
	ext.register_extension(sp_keystore::KeystoreExt::new(
		sp_keystore::testing::MemoryKeystore::new(),
	));
	ext
}

/// Runs a test and checks every invariant after it.
pub(crate) fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		test();
		check();
		let burned: Balance = events()
			.into_iter()
			.map(|event| {
				if let crate::Event::DustBurned { amount, .. } = event {
					amount
				} else {
					0
				}
			})
			.sum();
		assert_eq!(Balances::total_issuance() + burned, issuance, "money was made or lost");
	});
}

/// The invariants of the pallet, and those that hold between it and its registry.
pub(crate) fn check() {
	JobsPallet::do_try_state().unwrap();
	check_registry();
}

/// Goes to the next block and serves the agenda there.
pub(crate) fn next_block() {
	let next = System::block_number() + 1;
	System::set_block_number(next);
	AllPalletsWithSystem::on_initialize(next);
	let mut meter = WeightMeter::new();
	<AllPalletsWithSystem as OnPoll<u64>>::on_poll(next, &mut meter);
	assert!(
		meter.consumed().all_lte(AgendaWeight::get()),
		"the agenda took more than it may"
	);
}

/// Goes on to a block.
pub(crate) fn run_to(block: u64) {
	while System::block_number() < block {
		next_block();
	}
}

/// The pallet's events so far.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::JobsPallet(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// The pallet's last event.
pub(crate) fn last_event() -> crate::Event<Test> {
	events().pop().expect("there is an event")
}

pub(crate) fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

pub(crate) fn held(who: AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&crate::HoldReason::Escrow.into(), &who)
}
