//! How a consumer works.

use crate::BlockNumber;
use assay_protocol::channel::LANES;
use std::time::Duration;

/// How a consumer works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
	/// How long it is tried to get further with a request while the endpoint is busy, ends, or cannot be reached; how long a request waits for a
	/// lane; and how long the receipt of an answer that was stopped is waited for.
	pub patience: Duration,
	/// How long an answer that has begun may get no further. Comments do not count as something.
	pub stall: Duration,
	/// How long it is tried to learn what became of a request that may have been taken and that nobody waits for any more. After that no receipt
	/// for it is taken, it is never vouched for, and its lane is not used any more.
	pub learning: Duration,
	/// How long a connection may take to be made.
	pub connect: Duration,
	/// How long nothing may come; comments count as something.
	pub silence: Duration,
	/// How long receipts are gathered before they are vouched for, unless the endpoint wants it at once.
	pub gather: Duration,
	/// How long a block that is far beyond the best one may take to become known here.
	pub lag: Duration,
	/// Answers that may end early although this end has not stopped them, as they do where an endpoint is restarted. Those that do beyond
	/// that are not paid for. As many as there are lanes unless it is said otherwise.
	pub cut_short: u32,
	/// Blocks for which answers are kept after the one that their receipt names; as long as they can be challenged unless it is said otherwise.
	pub keep: Option<BlockNumber>,
	/// Bytes of answers that are kept at most; the oldest are dropped first.
	pub keep_bytes: u64,
}

impl Default for Settings {
	fn default() -> Self {
		Self {
			patience: Duration::from_secs(60),
			stall: Duration::from_secs(300),
			learning: Duration::from_secs(3_600),
			connect: Duration::from_secs(10),
			silence: Duration::from_secs(30),
			gather: Duration::from_millis(50),
			lag: Duration::from_secs(30),
			cut_short: LANES.into(),
			keep: None,
			keep_bytes: 256 << 20,
		}
	}
}
