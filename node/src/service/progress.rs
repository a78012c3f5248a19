//! How far the node is behind the present.

use super::Block;
use assay_provider::node;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_consensus_babe::SlotDuration;
use std::{
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What tells how far the node is behind the present.
pub(super) struct Progress<Client, Oracle> {
	/// The chain.
	pub(super) client: Arc<Client>,
	/// Knows what peers say.
	pub(super) oracle: Oracle,
	/// How long a slot is.
	pub(super) slot_duration: SlotDuration,
}

impl<Client, Oracle> node::Progress for Progress<Client, Oracle>
where
	Client: HeaderBackend<Block> + 'static,
	Oracle: SyncOracle + Send + Sync + 'static,
{
	fn is_syncing(&self) -> bool {
		self.oracle.is_major_syncing()
	}

	fn age(&self) -> Option<Duration> {
		let header = self.client.header(self.client.info().best_hash).ok()??;
		let slot = sc_consensus_babe::find_pre_digest::<Block>(&header).ok()?.slot();
		let made_at = Duration::from_millis(slot.timestamp(self.slot_duration)?.as_millis());
		let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
		// Of the slot that begins right now, where clocks differ.
		Some(now.saturating_sub(made_at))
	}
}
