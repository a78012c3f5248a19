#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod authorities;
mod error;
mod finality;
mod genesis;
mod record;
mod settlement;
mod state;
#[cfg(test)]
mod tests;

pub use authorities::{AuthoritySet, Checkpoint};
pub use error::{Error, Unfinal};
pub use finality::Finalised;
pub use record::{AuditRecord, AuditorRecord, Balance, ClaimRecord, JobRecord, Lateness, LAYOUTS};
pub use settlement::Settlement;
pub use sp_consensus_grandpa::GrandpaJustification;
pub use state::keys;

use alloc::vec::Vec;
use assay_protocol::JobId;
use codec::{Decode, DecodeAll, Encode};
use sp_consensus_grandpa::SetId;
use sp_core::H256;
use sp_runtime::traits::BlakeTwo256;

/// A block's height.
pub type BlockNumber = u32;
/// A block's header.
pub type Header = sp_runtime::generic::Header<BlockNumber, BlakeTwo256>;

/// What a receipt begins with: that it is one, and in which form.
pub const MAGIC: [u8; 8] = *b"assayrc1";
/// Bytes of a receipt at most: the handovers of a year of hourly sessions with three votes each.
pub const MAX_BYTES: usize = 16 << 20;

/// What proves how a job ended. Nothing is stated twice: what it says of the job is read out of the storage proof.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(Debug))]
pub struct Receipt {
	/// The job.
	pub job: JobId,
	/// The set of authorities that signed `block`.
	pub set: SetId,
	/// The last blocks of the sets before it, oldest first; each names the authorities of the next.
	pub handovers: Vec<Finalised>,
	/// The block whose state is proved.
	pub block: Finalised,
	/// Nodes of that state's trie, as many as lead from its root to the [`keys`].
	pub proof: Vec<Vec<u8>>,
}

impl Receipt {
	/// As it is kept in a file.
	pub fn to_bytes(&self) -> Vec<u8> {
		(MAGIC, self).encode()
	}

	/// Reads one. There is one way to write a receipt, and nothing may follow it.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
		if bytes.len() > MAX_BYTES {
			return Err(Error::TooLong { bytes: bytes.len() });
		}
		let body = bytes.strip_prefix(&MAGIC).ok_or(Error::NotAReceipt)?;
		Self::decode_all(&mut &body[..]).map_err(|_| Error::Malformed)
	}

	/// What it proves to whoever trusts a set of authorities and, if it is known, the hash of the chain's first block.
	pub fn verify(&self, trusted: &AuthoritySet, genesis: Option<H256>) -> Result<Settlement, Error> {
		let set = self.authorities(trusted)?;
		self.block.check(&set)?;
		settlement::read(self, set, genesis)
	}

	/// The first set from which handovers lead to the set that signed.
	pub fn first_set(&self) -> Option<SetId> {
		self.set.checked_sub(SetId::try_from(self.handovers.len()).ok()?)
	}

	/// The set that signed, by the handovers that lead to it from one that is trusted.
	fn authorities(&self, trusted: &AuthoritySet) -> Result<AuthoritySet, Error> {
		let first = self.first_set().ok_or(Error::Malformed)?;
		// Those of earlier sets prove nothing that is not known.
		let known = trusted
			.id
			.checked_sub(first)
			.and_then(|known| usize::try_from(known).ok());
		let handovers = known.and_then(|known| self.handovers.get(known..));
		let handovers = handovers.ok_or(Error::OtherSet {
			trusted: trusted.id,
			first,
			signed: self.set,
		})?;
		let first = AuthoritySet::clone(trusted);
		handovers.iter().try_fold(first, |set, last| last.hand_over(&set))
	}
}
