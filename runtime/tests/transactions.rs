//! Transactions through the real Executive with the real extension.

mod common;

use assay_runtime::{currency::UNIT, Balances, Runtime, RuntimeCall, System};
use common::{account, chain, next_block, signed, travels};
use frame_support::traits::fungible::Inspect;
use sp_genesis_builder::DEV_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Eve};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn transfer(value: u128) -> RuntimeCall {
	pallet_balances::Call::transfer_keep_alive {
		dest: account(Eve).into(),
		value,
	}
	.into()
}

#[test]
fn signed_transfer_should_move_exactly_the_value_and_the_fee() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let (bob, eve) = (Balances::balance(&account(Bob)), Balances::balance(&account(Eve)));
		let issuance = Balances::total_issuance();
		let transaction = signed(Bob, 0, transfer(5 * UNIT));
		assert!(travels(&transaction));

		let results = next_block(vec![transaction]);

		assert_eq!(results, vec![Ok(Ok(()))]);
		let fee = System::events()
			.into_iter()
			.find_map(|record| match record.event {
				assay_runtime::RuntimeEvent::TransactionPayment(
					pallet_transaction_payment::Event::TransactionFeePaid {
						who,
						actual_fee,
						tip: 0,
					},
				) => Some((who, actual_fee)),
				_ => None,
			})
			.expect("a fee was paid");
		assert_eq!(fee.0, account(Bob));
		assert!(fee.1 > 0 && fee.1 < UNIT / 100, "the fee of a transfer is {}", fee.1);
		assert_eq!(Balances::balance(&account(Eve)), eve + 5 * UNIT);
		assert_eq!(Balances::balance(&account(Bob)), bob - 5 * UNIT - fee.1);
		// Half of a fee is the author's, half is burned.
		let earned = pallet_assay_validators::Works::<Runtime>::get(account(Alice)).fees;
		assert_eq!(earned, fee.1 / 2);
		assert_eq!(Balances::total_issuance(), issuance - (fee.1 - earned));
	});
}

#[test]
fn transaction_should_be_refused_when_its_nonce_was_used() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let results = next_block(vec![signed(Bob, 0, transfer(UNIT)), signed(Bob, 0, transfer(UNIT))]);
		assert_eq!(results[0], Ok(Ok(())));
		assert_eq!(
			results[1],
			Err(TransactionValidityError::Invalid(InvalidTransaction::Stale))
		);
	});
}

#[test]
fn transaction_should_be_refused_when_it_is_for_another_chain() {
	let foreign = chain(DEV_RUNTIME_PRESET).execute_with(|| {
		frame_system::BlockHash::<Runtime>::insert(0, sp_core::H256::repeat_byte(7));
		signed(Alice, 0, transfer(UNIT))
	});
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let results = next_block(vec![foreign]);
		assert_eq!(
			results,
			vec![Err(TransactionValidityError::Invalid(InvalidTransaction::BadProof))]
		);
	});
}

#[test]
fn blocks_should_follow_each_other_over_an_epoch() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		for _ in 0..130 {
			next_block(vec![]);
		}
		assert_eq!(System::block_number(), 130);
		assert_eq!(assay_runtime::Babe::epoch_index(), 2);
		assert_eq!(assay_runtime::Session::current_index(), 2);
	});
}
