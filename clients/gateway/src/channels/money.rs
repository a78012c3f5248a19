//! What the gateway has in its channels: more is put in when what is left does not cover a request, and comes back when a channel ends.

use super::Shared;
use anyhow::Result;
use assay_sdk::{consumer::Consumer, Amount, Balance};
use std::sync::Arc;

impl Shared {
	/// What has to be left in a channel for a request that may cost so much; nothing if that is more than all money.
	pub(super) fn needed(&self, most: Balance) -> Option<Balance> {
		most.checked_add(self.batches)
	}

	/// Puts as much into a channel as it began with, if what is left does not cover a request that may cost `most`, no other top-up is on its
	/// way, and the channel does not hold twice as much then.
	pub(super) fn fill(self: Arc<Self>, consumer: Arc<Consumer>, most: Balance) {
		let id = consumer.channel();
		if self.is_covered(&consumer, most) || !self.filling.lock().insert(id) {
			return;
		}
		tokio::spawn(async move {
			match self.try_fill(&consumer, most).await {
				Ok(true) => log::info!("{} were put into channel {id}", self.dealing.deposit),
				Ok(false) => {}
				Err(error) => log::warn!("channel {id} cannot be filled: {error:#}"),
			}
			self.filling.lock().remove(&id);
		});
	}

	/// Whether what is left in a channel covers a request, by the last final block that is known.
	pub(super) fn is_covered(&self, consumer: &Consumer, most: Balance) -> bool {
		self.needed(most).is_some_and(|needed| consumer.left().0 >= needed)
	}

	async fn try_fill(&self, consumer: &Consumer, most: Balance) -> Result<bool> {
		let channel = self.exchange.channel(consumer.channel()).await?;
		let is_open = channel.closes_at.is_none() && channel.closed_at.is_none();
		let needed = self.needed(most);
		let is_covered = needed.is_some_and(|needed| consumer.left_in(&channel).0 >= needed);
		let deposit = self.dealing.deposit.0;
		let bound = deposit.checked_mul(2);
		let then = channel.deposit.checked_add(deposit);
		let is_bounded = then.zip(bound).is_some_and(|(then, bound)| then <= bound);
		if !is_open || is_covered || !is_bounded {
			return Ok(false);
		}
		self.exchange.top_up(consumer.channel(), deposit).await?;
		Ok(true)
	}

	/// Brings a channel to its end: a notice is given, and when nothing is being answered any more its operator is asked to settle and to close
	/// at once. If it does not, the chain closes the channel when the notice period is over.
	pub(super) async fn end(self: Arc<Self>, consumer: Arc<Consumer>) {
		let id = consumer.channel();
		while consumer.is_open() {
			match self.exchange.give_notice(id).await {
				Ok(()) => log::info!(
					"notice was given of channel {id}, with {} in it",
					Amount(consumer.deposit().0)
				),
				Err(error) => log::warn!("no notice could be given of channel {id}: {error}"),
			}
			tokio::time::sleep(self.dealing.rest).await;
		}
		while !consumer.is_idle() {
			tokio::time::sleep(self.dealing.rest).await;
		}
		if let Err(error) = consumer.close().await {
			log::info!("channel {id} ends with its notice period: {error}");
		}
	}
}
