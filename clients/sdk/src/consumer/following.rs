//! What a consumer has to know, from a node.

use super::{Consumer, ConsumerError, Facts, Now, Settings};
use crate::{channels::Channels, Assay, Error, Missing, Result};
use assay_exact::Program;
use assay_protocol::ChannelId;
use codec::DecodeAll;
use sp_core::sr25519;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

/// How long it rests when the node does not answer.
const REST: Duration = Duration::from_secs(3);

impl Channels<'_> {
	/// The consumer's end of a channel. It waits until the block that opened the channel is final, for the endpoint does too, and follows the chain
	/// as long as the consumer is held.
	///
	/// - `key`: that of the channel.
	/// - `folder`: where it keeps what it must not forget.
	pub async fn consumer(
		&self,
		id: ChannelId,
		key: sr25519::Pair,
		folder: &Path,
		settings: Settings,
	) -> Result<Arc<Consumer>, ConsumerError> {
		let assay = self.0.assay;
		let mut heads = assay.heads(true).await?;
		let now = loop {
			match now(assay, id).await {
				Err(Error::Missing(Missing::Channel(_))) => heads.next().await?,
				now => break now?,
			};
		};
		let version = now.channel.terms.version;
		let program = assay.models().program(version).await?;
		let program = Program::decode_all(&mut &program[..])
			.map_err(|error| Error::unreadable("the program of a version is", error))?;
		let answerable = assay.channels().parameters().await?.answerable;
		let (sender, now) = watch::channel(now);
		tokio::spawn(follow(assay.clone(), id, sender));
		let facts = Facts {
			genesis: assay.genesis(),
			program,
			answerable,
			now,
		};
		Consumer::open(facts, key, folder, settings).await
	}
}

/// What the chain says at the moment.
async fn now(assay: &Assay, id: ChannelId) -> Result<Now> {
	let (best, last) = (assay.best().await?, assay.finalized().await?);
	let channel = assay.channels().at(last).get(id).await?;
	let operator = channel.terms.operator;
	// A new key counts at once: who has the old one may be somebody else.
	let endpoint = assay.channels().at(best).endpoint(operator).await?;
	Ok(Now {
		height: best.number,
		endpoint: endpoint.ok_or(Error::missing(Missing::Endpoint(operator)))?,
		channel,
	})
}

/// Tells what changes until nobody listens. Where the chain forgets the channel, or the operator its endpoint, what was known last is left.
async fn follow(assay: Assay, id: ChannelId, sender: watch::Sender<Now>) {
	let following = async {
		loop {
			if let Ok(mut heads) = assay.heads(false).await {
				while heads.next().await.is_ok() {
					if let Ok(now) = now(&assay, id).await {
						sender.send_if_modified(|known| std::mem::replace(known, now.clone()) != now);
					}
				}
			}
			sleep(REST).await;
		}
	};
	tokio::select! {
		() = following => {}
		() = sender.closed() => {}
	}
}
