//! What a transaction brought about, as the pallets tell it.
//!
//! ```no_run
//! # async fn example(assay: &assay_sdk::Assay, alice: &assay_sdk::Signer) -> assay_sdk::Result<()> {
//! use assay_sdk::{events::UnbondingStarted, keys};
//!
//! let receipt = assay.staking().unbond(alice, keys::account_of(alice), 5_000_000_000_000).await?;
//! let UnbondingStarted { amount, free_from } = receipt.event()?;
//! println!("{amount} are free from block {free_from}");
//! # Ok(())
//! # }
//! ```

use crate::{calls::number, Amount, BlockNumber};
use assay_protocol::{ChannelId, DisputeId, JobId, ModelId};
use assay_trace::Hash32;
use subxt::{
	dynamic::{At, Value},
	ext::scale_value::{Composite, ValueDef},
};

/// An event that a call gives and nothing else in its transaction does. What agendas do in `on_poll` counts as of the first
/// transaction after the inherents, so the events of a transaction may begin with those of other jobs, disputes and accounts.
pub trait Event: Sized {
	/// The pallet that tells of it.
	const PALLET: &'static str;
	/// Its name.
	const NAME: &'static str;

	/// Reads its fields.
	fn read(fields: &Fields) -> Option<Self>;
}

/// The fields of an event.
pub struct Fields(pub(crate) Composite<()>);

impl Fields {
	/// The number in a field; 1 and 0 for yes and no.
	pub fn number(&self, field: &str) -> Option<u128> {
		let value: &Value<()> = self.0.at(field)?;
		number(value)
	}

	/// The 32 bytes in a field.
	pub fn bytes(&self, field: &str) -> Option<[u8; 32]> {
		let mut value: &Value<()> = self.0.at(field)?;
		loop {
			let ValueDef::Composite(Composite::Unnamed(inner)) = &value.value else {
				return None;
			};
			match &inner[..] {
				[wrapped] => value = wrapped,
				bytes => {
					let bytes = bytes.iter().map(|byte| u8::try_from(byte.as_u128()?).ok());
					return bytes.collect::<Option<Vec<u8>>>()?.try_into().ok();
				}
			}
		}
	}
}

macro_rules! events {
	($($(#[$docs:meta])* $pallet:literal $name:ident { $($(#[$field_docs:meta])* $field:ident: $kind:ty,)* })*) => {
		$(
			$(#[$docs])*
			#[derive(Clone, Copy, PartialEq, Eq, Debug)]
			pub struct $name {
				$($(#[$field_docs])* pub $field: $kind,)*
			}

			impl Event for $name {
				const PALLET: &'static str = $pallet;
				const NAME: &'static str = stringify!($name);

				fn read(fields: &Fields) -> Option<Self> {
					Some(Self { $($field: <$kind>::in_field(fields, stringify!($field))?,)* })
				}
			}
		)*
	};
}

events! {
	/// A job was submitted.
	"Jobs" JobSubmitted {
		/// The job.
		job: JobId,
		/// What the room in blocks that its audit may take has cost, beside the fee.
		room: Amount,
	}
	/// A model was registered.
	"Models" ModelRegistered {
		/// The model.
		model: ModelId,
	}
	/// A claim was challenged.
	"Disputes" DisputeOpened {
		/// The dispute about it.
		dispute: DisputeId,
	}
	/// A channel was opened.
	"Channels" ChannelOpened {
		/// The channel.
		channel: ChannelId,
	}
	/// A receipt was presented.
	"Channels" ReceiptPresented {
		/// The job whose claim it is.
		job: JobId,
	}
	/// An operator was shown to have contradicted itself.
	"Channels" Contradicted {
		/// What it lost of its stake.
		penalty: Amount,
	}
	/// Stake asked to leave.
	"Staking" UnbondingStarted {
		/// How much.
		amount: Amount,
		/// From when it can be withdrawn.
		free_from: BlockNumber,
	}
	/// Unbonding stake was bonded again.
	"Staking" Rebonded {
		/// How much.
		amount: Amount,
	}
	/// Stake that was free left.
	"Staking" Withdrawn {
		/// How much.
		amount: Amount,
	}
	/// Stake moved to another operator.
	"Staking" Redelegated {
		/// How much.
		amount: Amount,
		/// Until when it answers for faults of the old one too.
		exposed_until: BlockNumber,
	}
	/// Rewards were taken.
	"Staking" Claimed {
		/// How much.
		amount: Amount,
		/// Whether they were added to the stake.
		compounded: bool,
	}
	/// A call was put to the vote.
	"Referenda" Submitted {
		/// The referendum.
		index: u32,
	}
	/// An operator chose what it keeps of rewards.
	"Staking" CommissionSet {
		/// From when that holds.
		from: BlockNumber,
	}
}

/// What a field of an event means.
trait Read: Sized {
	/// A number.
	fn of(_: u128) -> Option<Self> {
		None
	}

	/// Whatever is in the field: a number, unless it says otherwise.
	fn in_field(fields: &Fields, field: &str) -> Option<Self> {
		Self::of(fields.number(field)?)
	}
}

impl Read for ChannelId {
	fn in_field(fields: &Fields, field: &str) -> Option<Self> {
		fields.bytes(field).map(|bytes| Self(Hash32(bytes)))
	}
}

impl Read for Amount {
	fn of(number: u128) -> Option<Self> {
		Some(Self(number))
	}
}

impl Read for bool {
	fn of(number: u128) -> Option<Self> {
		Some(number != 0)
	}
}

impl Read for BlockNumber {
	fn of(number: u128) -> Option<Self> {
		number.try_into().ok()
	}
}

impl Read for ModelId {
	fn of(number: u128) -> Option<Self> {
		number.try_into().ok().map(Self)
	}
}

impl Read for JobId {
	fn of(number: u128) -> Option<Self> {
		number.try_into().ok().map(Self)
	}
}

impl Read for DisputeId {
	fn of(number: u128) -> Option<Self> {
		number.try_into().ok().map(Self)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn fields(named: &[(&str, Value<()>)]) -> Fields {
		let named = named.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
		Fields(Composite::Named(named.collect()))
	}

	#[test]
	fn events_are_read_by_the_names_of_their_fields() {
		let event = fields(&[
			("operator", Value::u128(1).map_context(|_| ())),
			("amount", Value::unnamed_composite([Value::u128(7)])),
			("compounded", Value::bool(true)),
		]);
		let expected = Claimed {
			amount: Amount(7),
			compounded: true,
		};
		assert_eq!(Claimed::read(&event), Some(expected));
		assert_eq!((Claimed::PALLET, Claimed::NAME), ("Staking", "Claimed"));
		assert_eq!(UnbondingStarted::read(&event), None);
	}

	#[test]
	fn channels_are_read_as_the_hashes_that_they_are() {
		let bytes = Value::unnamed_composite((0..32).map(Value::u128));
		let wrapped = Value::unnamed_composite([Value::unnamed_composite([bytes])]);
		let expected = ChannelOpened {
			channel: ChannelId(Hash32(std::array::from_fn(|index| index as u8))),
		};
		assert_eq!(ChannelOpened::read(&fields(&[("channel", wrapped)])), Some(expected));
		let short = Value::unnamed_composite((0..31).map(Value::u128));
		assert_eq!(ChannelOpened::read(&fields(&[("channel", short)])), None);
	}

	#[test]
	fn a_number_that_is_too_large_for_its_field_is_no_event() {
		let event = |block: u128| fields(&[("from", Value::u128(block))]);
		assert_eq!(CommissionSet::read(&event(9)), Some(CommissionSet { from: 9 }));
		assert_eq!(CommissionSet::read(&event(1 << 32)), None);
	}
}
