//! Consumers of a house.

use crate::client::Consumer;
use assay_endpoint::chain::Balance;

pub(crate) use assay_endpoint_testing::*;

/// Consumers of a house.
pub(crate) trait Consumers {
	/// One with a channel, which the endpoint has seen.
	async fn a_consumer(&self, number: u64) -> Consumer;

	/// The same with a channel for this model, with so much in it.
	async fn a_consumer_of(&self, number: u64, model: u32, deposit: Balance) -> Consumer;

	/// One that has just opened a channel.
	fn open(&self, number: u64, model: u32, deposit: Balance) -> Consumer;
}

impl Consumers for House {
	async fn a_consumer(&self, number: u64) -> Consumer {
		self.a_consumer_of(number, WRITER, 100 * ASY).await
	}

	async fn a_consumer_of(&self, number: u64, model: u32, deposit: Balance) -> Consumer {
		let consumer = self.open(number, model, deposit);
		self.endpoint().look().await;
		consumer
	}

	fn open(&self, number: u64, model: u32, deposit: Balance) -> Consumer {
		let Opened { channel, pair } = self.chain.open(number, model, deposit);
		Consumer {
			channel,
			pair,
			place: self.place(),
		}
	}
}
