//! How much the server takes from whoever connects.

use assay_protocol::job::MAX_INLINE_ELEMENTS;
use std::time::Duration;

/// How much the server takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
	/// Connections at a time.
	pub connections: usize,
	/// Of which from one address, or one IPv6 network of 64 bits.
	pub of_one_address: usize,
	/// Bytes of a request of a channel.
	pub request: usize,
	/// Vouchers at a time.
	pub vouchers: usize,
	/// How long a handshake, the head of a request, or its body may take to arrive.
	pub arrival: Duration,
	/// How long whoever is answered may read nothing.
	pub stall: Duration,
	/// How often whoever waits for an answer is shown that somebody is there.
	pub alive: Duration,
	/// How long a server that ends lets requests be answered.
	pub patience: Duration,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			connections: 1024,
			of_one_address: 512,
			// The longest input, and what is signed of it.
			request: MAX_INLINE_ELEMENTS as usize * 4 + 1024,
			vouchers: 64,
			arrival: Duration::from_secs(10),
			stall: Duration::from_secs(30),
			alive: Duration::from_secs(5),
			patience: Duration::from_secs(20),
		}
	}
}
