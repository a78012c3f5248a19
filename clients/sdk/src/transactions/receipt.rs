//! Transactions that are in a block.

use crate::{
	connection::Config,
	events::{Event, Fields},
	Amount, Assay, Block, BlockNumber, Error, Failure, Result,
};
use serde::Serialize;
use subxt::{error::DispatchError, extrinsics::ExtrinsicEvents, utils::H256};

/// A transaction that succeeded.
#[derive(Debug, Serialize)]
pub struct Receipt {
	/// Height of its block.
	pub block: BlockNumber,
	/// Hash of its block.
	pub block_hash: H256,
	/// Its own hash.
	pub transaction: H256,
	/// What the signer paid for it.
	pub fee: Amount,
	#[serde(skip)]
	events: ExtrinsicEvents<Config>,
}

impl Receipt {
	/// The first event of a kind.
	pub fn event<E: Event>(&self) -> Result<E> {
		find(&self.events, E::PALLET, E::NAME, E::read).ok_or(Error::NoEvent {
			pallet: E::PALLET,
			event: E::NAME,
		})
	}
}

impl Assay {
	/// What a transaction did in a block, if that block holds it; an error if it failed there.
	pub(super) async fn receipt(&self, block: Block, hash: H256) -> Result<Option<Receipt>> {
		let client = self.client().at_block(block.hash).await?;
		let transactions = client.extrinsics().fetch().await?;
		// What this program cannot read is no transaction that it sent.
		let mut found = transactions.iter().filter_map(Result::ok);
		let Some(found) = found.find(|found| found.hash() == hash) else {
			return Ok(None);
		};
		let events = found.events().await?;
		let paid = |fields: &Fields| fields.number("actual_fee");
		let fee = Amount(find(&events, "TransactionPayment", "TransactionFeePaid", paid).unwrap_or(0));
		for event in events.iter() {
			let event = event?;
			if event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed" {
				let dispatch = DispatchError::decode_from(event.field_bytes(), client.metadata())?;
				return Err(Error::Failed {
					failure: Failure::new(&dispatch),
					block: block.number,
					fee,
				});
			}
		}
		Ok(Some(Receipt {
			block: block.number,
			block_hash: block.hash,
			transaction: hash,
			fee,
			events,
		}))
	}
}

/// What can be read of the first event of a name.
fn find<E>(
	events: &ExtrinsicEvents<Config>,
	pallet: &str,
	event: &str,
	read: impl Fn(&Fields) -> Option<E>,
) -> Option<E> {
	events
		.iter()
		.filter_map(Result::ok)
		.filter(|found| found.pallet_name() == pallet && found.event_name() == event)
		.find_map(|found| read(&Fields(found.decode_fields_unchecked_as().ok()?)))
}
