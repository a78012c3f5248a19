//! What blocks did with money, as the runtime tells it in events.

use crate::rpc::Rpc;
use anyhow::Result;
use assay_runtime::{currency::AUTHOR_FEE_SHARE, AccountId, RuntimeEvent};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// What the runtime said of money in a stretch of blocks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ledger {
	/// Fees of transactions, tips and the room of audits with them, by who paid.
	fees: BTreeMap<AccountId, u128>,
	/// What was taken from the stake behind an operator.
	penalties: BTreeMap<AccountId, u128>,
	/// What was issued: what blocks earn.
	pub(crate) minted: u128,
	/// What no longer exists: parts of the fees of transactions, the room of audits, the prices of batches, bonds and dust that nobody could
	/// take.
	pub(crate) burned: u128,
}

impl Ledger {
	/// Of the blocks at these heights.
	pub(crate) fn read(rpc: Rpc, heights: RangeInclusive<u32>) -> Result<Self> {
		let mut ledger = Self::default();
		for height in heights {
			for record in rpc.events(height)? {
				ledger.note(record.event);
			}
		}
		Ok(ledger)
	}

	fn note(&mut self, event: RuntimeEvent) {
		use pallet_events::{Channels, Disputes, Jobs, Staking, TransactionPayment, Validators};
		match event {
			RuntimeEvent::TransactionPayment(TransactionPayment::TransactionFeePaid { who, actual_fee, tip }) => {
				let fee = actual_fee.saturating_sub(tip);
				self.burned += fee - AUTHOR_FEE_SHARE.mul_floor(fee);
				*self.fees.entry(who).or_default() += actual_fee;
			}
			RuntimeEvent::Validators(Validators::Paid { issued, .. }) => self.minted += issued,
			RuntimeEvent::Disputes(Disputes::BondBurned { amount, .. }) => self.burned += amount,
			RuntimeEvent::Jobs(Jobs::DustBurned { amount, .. }) => self.burned += amount,
			RuntimeEvent::Jobs(Jobs::JobSubmitted { consumer, room, .. }) => {
				self.burned += room;
				*self.fees.entry(consumer).or_default() += room;
			}
			RuntimeEvent::Channels(Channels::BatchSettled { burned, .. }) => self.burned += burned,
			RuntimeEvent::Staking(Staking::Penalised { operator, amount, .. }) => {
				*self.penalties.entry(operator).or_default() += amount;
			}
			_ => {}
		}
	}

	/// What an account paid for its transactions.
	pub(crate) fn fees(&self, account: &AccountId) -> u128 {
		self.fees.get(account).copied().unwrap_or_default()
	}

	/// What was taken from the stake behind an operator.
	pub(crate) fn penalties(&self, account: &AccountId) -> u128 {
		self.penalties.get(account).copied().unwrap_or_default()
	}
}

/// The events that move money, as the runtime has them.
mod pallet_events {
	use assay_runtime::Runtime;

	pub(super) type Channels = pallet_assay_channels::Event<Runtime>;
	pub(super) type Disputes = pallet_assay_disputes::Event<Runtime>;
	pub(super) type Jobs = pallet_assay_jobs::Event<Runtime>;
	pub(super) type Staking = pallet_assay_staking::Event<Runtime>;
	pub(super) type TransactionPayment = pallet_transaction_payment::Event<Runtime>;
	pub(super) type Validators = pallet_assay_validators::Event<Runtime>;
}

#[cfg(test)]
mod tests {
	use super::{pallet_events::*, *};
	use assay_protocol::{operator::Fault, DisputeId, JobId};
	use sp_keyring::Sr25519Keyring::{Alice, Bob};

	#[test]
	fn fees_are_half_burned_and_tips_are_not() {
		let mut ledger = Ledger::default();
		for (fee, tip) in [(101, 0), (60, 10)] {
			ledger.note(RuntimeEvent::TransactionPayment(
				TransactionPayment::TransactionFeePaid {
					who: Bob.to_account_id(),
					actual_fee: fee,
					tip,
				},
			));
		}
		assert_eq!(ledger.fees(&Bob.to_account_id()), 161);
		assert_eq!(ledger.fees(&Alice.to_account_id()), 0);
		assert_eq!((ledger.minted, ledger.burned), (0, 51 + 25));
	}

	#[test]
	fn what_is_issued_burned_and_taken_is_added_up() {
		let mut ledger = Ledger::default();
		for event in [
			RuntimeEvent::Validators(Validators::Paid {
				validator: Alice.to_account_id(),
				blocks: 2,
				issued: 7,
				fees: 3,
			}),
			RuntimeEvent::Disputes(Disputes::BondBurned {
				dispute: DisputeId(0),
				amount: 5,
			}),
			RuntimeEvent::Jobs(Jobs::DustBurned {
				job: JobId(0),
				amount: 1,
			}),
			RuntimeEvent::Staking(Staking::Penalised {
				operator: Alice.to_account_id(),
				fault: Fault::MissedAudit,
				amount: 10,
				stake: 90,
			}),
		] {
			ledger.note(event);
		}
		assert_eq!((ledger.minted, ledger.burned), (7, 6));
		assert_eq!(ledger.penalties(&Alice.to_account_id()), 10);
	}
}
