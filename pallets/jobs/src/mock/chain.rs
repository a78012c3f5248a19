//! The chain a test runs on: genesis, blocks, events, balances, invariants.

use super::*;

/// Three consumers with funds, three operators with stake 100,000; Alice serves the decoder at price 2.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let accounts = [CONSUMER, OTHER_CONSUMER].map(|who| (who, FUNDS)).into_iter();
	let others = [ALICE, BOB, CHARLIE, PUBLISHER, TREASURY, STAKERS].map(|who| (who, EXISTENTIAL_DEPOSIT));
	let mut ext = assay_testing::started::<Test>(assay_testing::genesis::<Test>(accounts.chain(others)));
	ext.execute_with(|| {
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

/// [`new_test_ext`] without the offer.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_benchmark_ext() -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.execute_with(|| withdraw_offer(DECODER, ALICE));
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
			.map(|event| match event {
				crate::Event::DustBurned { amount, .. } => amount,
				crate::Event::JobSubmitted { room, .. } => room,
				_ => 0,
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
	let taken = assay_testing::next_block::<Test, AllPalletsWithSystem>();
	assert!(taken.all_lte(AgendaWeight::get()), "the agenda took more than it may");
}

/// Goes on to a block.
pub(crate) fn run_to(block: u64) {
	while System::block_number() < block {
		next_block();
	}
}

/// The pallet's events so far.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
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
