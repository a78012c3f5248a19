//! An account that sends its own transactions, as fast as it likes: what the command line does not do.

use crate::{rpc::Rpc, wait::until};
use anyhow::{bail, Context, Result};
use assay_runtime::{
	transactions::extension, AccountId, Address, Hash, RuntimeCall, RuntimeEvent, Signature, SignedPayload,
	UncheckedExtrinsic, VERSION,
};
use codec::Encode;
use frame_system::{EventRecord, Phase};
use serde_json::json;
use sp_core::{sr25519, Pair};
use sp_runtime::{generic::Era, DispatchError};
use std::time::Duration;

/// How long a transaction may take into a block.
const INCLUSION: Duration = Duration::from_secs(120);

/// The account of a development name, such as `//Bob`, or of a hexadecimal identifier.
pub fn account(name: &str) -> Result<AccountId> {
	match name.strip_prefix("0x") {
		Some(digits) => {
			let bytes: [u8; 32] = hex::decode(digits)?.try_into().ok().context("an account of 32 bytes")?;
			Ok(bytes.into())
		}
		None => Ok(pair(name)?.public().into()),
	}
}

fn pair(name: &str) -> Result<sr25519::Pair> {
	sr25519::Pair::from_string(name, None).map_err(|error| anyhow::anyhow!("{name}: {error:?}"))
}

/// An account with its key and a node to speak to.
pub struct Party {
	rpc: Rpc,
	pair: sr25519::Pair,
}

/// A transaction that was sent.
pub struct Sent {
	bytes: Vec<u8>,
	/// Height of the best block when it was.
	after: u32,
}

/// What became of a transaction.
#[derive(Debug)]
pub struct Included {
	/// In which block.
	pub height: u32,
	/// Why the call was refused, if it was.
	pub refused: Option<DispatchError>,
	/// What it brought about.
	pub events: Vec<RuntimeEvent>,
}

impl Party {
	/// With the secret of its account, such as `//Bob`.
	pub fn new(rpc: Rpc, secret: &str) -> Result<Self> {
		Ok(Self {
			rpc,
			pair: pair(secret)?,
		})
	}

	/// Its account.
	pub fn account(&self) -> AccountId {
		self.pair.public().into()
	}

	/// Signs a call and sends it, after all that this account has in the node's pool.
	pub fn send(&self, call: impl Into<RuntimeCall>) -> Result<Sent> {
		self.send_with_tip(call, 0)
	}

	/// The same with a tip: of what is sent at once, what pays more comes first.
	pub fn send_with_tip(&self, call: impl Into<RuntimeCall>, tip: u128) -> Result<Sent> {
		let nonce = self.rpc.call("system_accountNextIndex", json!([self.account()]))?;
		let nonce = u32::try_from(nonce.as_u64().context("a nonce is a number")?)?;
		let genesis: Hash = serde_json::from_value(self.rpc.block_hash(0)?)?;
		// What is signed besides: the versions, and the first block twice, for a transaction without an end.
		let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
		let implicit = ((), (), spec, transaction, genesis, genesis, (), (), (), None, ());
		let payload = SignedPayload::from_raw(call.into(), extension(nonce, tip, Era::Immortal), implicit);
		let signature = payload.using_encoded(|payload| self.pair.sign(payload));
		let (call, extension, _) = payload.deconstruct();
		let sender = Address::Id(self.account());
		let signed = UncheckedExtrinsic::new_signed(call, sender, Signature::Sr25519(signature), extension);
		let sent = Sent {
			bytes: signed.encode(),
			after: self.rpc.best()?,
		};
		let transaction = format!("0x{}", hex::encode(&sent.bytes));
		self.rpc.call("author_submitExtrinsic", json!([transaction]))?;
		Ok(sent)
	}

	/// Waits until a transaction is in a block.
	pub fn included(&self, sent: &Sent) -> Result<Included> {
		let mut height = sent.after;
		until("a transaction to be in a block", INCLUSION, || {
			while height < self.rpc.best()? {
				height += 1;
				let extrinsics = self.rpc.extrinsics(height)?;
				if let Some(index) = extrinsics.iter().position(|bytes| *bytes == sent.bytes) {
					return self.outcome(height, u32::try_from(index)?).map(Some);
				}
			}
			Ok(None)
		})
	}

	fn outcome(&self, height: u32, index: u32) -> Result<Included> {
		let of_it = |record: &EventRecord<RuntimeEvent, Hash>| record.phase == Phase::ApplyExtrinsic(index);
		let records = self.rpc.events(height)?.into_iter().filter(of_it);
		let events: Vec<_> = records.map(|record| record.event).collect();
		let refused = events.iter().find_map(|event| match event {
			RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { dispatch_error, .. }) => Some(*dispatch_error),
			_ => None,
		});
		Ok(Included {
			height,
			refused,
			events,
		})
	}

	/// Sends a call that must succeed and waits for its block.
	pub fn act(&self, call: impl Into<RuntimeCall>) -> Result<Included> {
		let included = self.included(&self.send(call)?)?;
		match included.refused {
			None => Ok(included),
			Some(error) => bail!("a call of {} was refused: {error:?}", self.account()),
		}
	}

	/// Sends a call that the chain must refuse for this reason.
	pub fn is_refused(&self, call: impl Into<RuntimeCall>, reason: impl Into<DispatchError>) -> Result<()> {
		let (included, reason) = (self.included(&self.send(call)?)?, reason.into());
		match included.refused {
			Some(error) if error == reason => Ok(()),
			other => bail!(
				"a call of {} ended with {other:?} instead of {reason:?}",
				self.account()
			),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::money::TREASURY;
	use sp_keyring::Sr25519Keyring;

	#[test]
	fn accounts_are_known_by_name_and_by_identifier() {
		assert_eq!(account("//Bob").unwrap(), Sr25519Keyring::Bob.to_account_id());
		let treasury = assay_runtime::treasury::TreasuryAccount::get();
		assert_eq!(account(TREASURY).unwrap(), treasury);
		for none in ["0x00", "0xzz", "no such thing"] {
			assert!(account(none).is_err(), "{none}");
		}
	}
}
