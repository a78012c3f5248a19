//! Reports authors that make two blocks for a slot.
//!
//! sc-consensus-babe looks for them as well, but at import, when it has taken the seals off: the runtime cannot verify what
//! it then reports. So this looks first, with the seals, and the pool takes one report of an author and a slot.

use super::{Block, FullClient};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use sc_consensus_babe::find_pre_digest;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;
use sp_consensus_babe::{AuthorityId, BabeApi, EquivocationProof, Slot};
use sp_core::{crypto::key_types::BABE, ByteArray};
use sp_keystore::KeystorePtr;
use sp_runtime::traits::{Block as BlockT, Header as HeaderT};
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, PoisonError},
};

type Header = <Block as BlockT>::Header;
type Hash = <Block as BlockT>::Hash;

/// Slots of which headers are remembered: most of an hour of three seconds.
const SLOTS: usize = 1_000;
/// Headers that are remembered of a slot: more than there are validators.
const HEADERS: usize = 200;

/// Looks at blocks before they are imported.
#[derive(Clone)]
pub(crate) struct ReportEquivocations<Inner> {
	inner: Inner,
	client: Arc<FullClient>,
	pool: OffchainTransactionPoolFactory<Block>,
	/// Tells which keys are the node's own.
	keystore: KeystorePtr,
	seen: Arc<Mutex<SeenHeaders>>,
}

impl<Inner> ReportEquivocations<Inner> {
	/// Looks at blocks before `inner` imports them, and reports to the pool.
	pub(crate) fn new(
		inner: Inner,
		client: Arc<FullClient>,
		pool: OffchainTransactionPoolFactory<Block>,
		keystore: KeystorePtr,
	) -> Self {
		Self {
			inner,
			client,
			pool,
			keystore,
			seen: Arc::default(),
		}
	}

	fn look(&self, block: &BlockImportParams<Block>) {
		// Of blocks that come in bulk nothing is to be reported any more.
		if !matches!(
			block.origin,
			BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast | BlockOrigin::Own
		) {
			return;
		}
		let header = block.post_header();
		let Ok(digest) = find_pre_digest::<Block>(&header) else {
			return;
		};
		let others = self.seen.lock().unwrap_or_else(PoisonError::into_inner).note(
			digest.slot(),
			digest.authority_index(),
			&header,
		);
		for other in others {
			if let Err(error) = self.report(digest.slot(), digest.authority_index(), other, header.clone()) {
				log::warn!(target: "babe", "An equivocation cannot be reported: {error}");
			}
		}
	}

	/// Reports two headers for a slot, if the same validator has sealed both.
	fn report(&self, slot: Slot, index: u32, first: Header, second: Header) -> Result<(), ApiError> {
		let offender = self.author(&second, slot, index)?;
		if offender.is_none() || offender != self.author(&first, slot, index)? {
			return Ok(());
		}
		let Some(offender) = offender else {
			return Ok(());
		};
		let (one, other) = (first.hash(), second.hash());
		if self.keystore.has_keys(&[(offender.to_raw_vec(), BABE)]) {
			log::error!(
				target: "babe",
				"{offender}, A SESSION KEY OF THIS NODE, has made blocks {one} and {other} for slot {slot}: another node \
				 makes blocks with the same key. Its operator loses stake by that; stop one of the two nodes now"
			);
		} else {
			log::info!(target: "babe", "{offender} has made blocks {one} and {other} for slot {slot}");
		}
		let best = self.client.info().best_hash;
		let prove = |at: Hash| {
			self.client
				.runtime_api()
				.generate_key_ownership_proof(at, slot, offender.clone())
		};
		// The parent knows the keys of its session; the first block of a session has its parent in the one before.
		let proof = match prove(*second.parent_hash())? {
			Some(proof) => Some(proof),
			None => prove(best)?,
		};
		let Some(proof) = proof else {
			return Ok(());
		};
		let equivocation = EquivocationProof {
			offender: offender.clone(),
			slot,
			first_header: first,
			second_header: second,
		};
		let mut api = self.client.runtime_api();
		api.register_extension(self.pool.offchain_transaction_pool(best));
		api.submit_report_equivocation_unsigned_extrinsic(best, equivocation, proof)?;
		Ok(())
	}

	/// The validator with this index in the epoch of a block.
	fn author(&self, header: &Header, slot: Slot, index: u32) -> Result<Option<AuthorityId>, ApiError> {
		let api = self.client.runtime_api();
		let parent = *header.parent_hash();
		let current = api.current_epoch(parent)?;
		let epoch = if slot < current.start_slot + current.duration {
			current
		} else {
			api.next_epoch(parent)?
		};
		let index = usize::try_from(index).unwrap_or(usize::MAX);
		Ok(epoch.authorities.get(index).map(|(author, _)| author.clone()))
	}
}

#[async_trait::async_trait]
impl<Inner> BlockImport<Block> for ReportEquivocations<Inner>
where
	Inner: BlockImport<Block> + Send + Sync,
{
	type Error = Inner::Error;

	async fn check_block(&self, block: BlockCheckParams<Block>) -> Result<ImportResult, Self::Error> {
		self.inner.check_block(block).await
	}

	async fn import_block(&self, block: BlockImportParams<Block>) -> Result<ImportResult, Self::Error> {
		self.look(&block);
		self.inner.import_block(block).await
	}
}

/// Sealed headers of the last slots, with the indices of their authors.
#[derive(Default)]
struct SeenHeaders(BTreeMap<Slot, Vec<(u32, Header)>>);

impl SeenHeaders {
	/// Notes a header and returns the others for its slot by an author of the same index.
	fn note(&mut self, slot: Slot, index: u32, header: &Header) -> Vec<Header> {
		let oldest = self.0.keys().next().copied();
		if self.0.len() >= SLOTS && oldest.is_some_and(|oldest| slot < oldest) {
			return vec![];
		}
		let seen = self.0.entry(slot).or_default();
		if seen.iter().any(|(_, other)| other == header) {
			return vec![];
		}
		let same = seen.iter().filter(|(other, _)| *other == index);
		let others = same.map(|(_, other)| other.clone()).collect();
		if seen.len() < HEADERS {
			seen.push((index, header.clone()));
		}
		while self.0.len() > SLOTS {
			self.0.pop_first();
		}
		others
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn header(number: u32) -> Header {
		Header::new(
			number,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		)
	}

	#[test]
	fn two_headers_of_an_author_for_a_slot_should_be_noticed_once() {
		let mut seen = SeenHeaders::default();
		assert_eq!(seen.note(7.into(), 0, &header(1)), []);
		assert_eq!(seen.note(7.into(), 1, &header(2)), []);
		assert_eq!(seen.note(8.into(), 0, &header(2)), []);
		assert_eq!(seen.note(7.into(), 0, &header(1)), []);
		assert_eq!(seen.note(7.into(), 0, &header(3)), [header(1)]);
		assert_eq!(seen.note(7.into(), 0, &header(3)), []);
	}

	#[test]
	fn old_slots_should_be_forgotten() {
		let mut seen = SeenHeaders::default();
		for slot in 0..SLOTS as u64 + 5 {
			seen.note((slot + 1).into(), 0, &header(1));
		}
		assert_eq!(seen.0.len(), SLOTS);
		assert_eq!(seen.note(1.into(), 0, &header(2)), []);
		assert_eq!(seen.0.len(), SLOTS);
	}

	#[test]
	fn headers_of_a_slot_should_be_bounded() {
		let mut seen = SeenHeaders::default();
		for number in 0..2 * HEADERS as u32 {
			seen.note(1.into(), number, &header(number));
		}
		assert_eq!(seen.0[&Slot::from(1)].len(), HEADERS);
	}
}
