//! The chain as channels see it. Tests put another behind the same trait.

use crate::chain::{costs_nothing, Node, PAUSE};
use assay_protocol::{ChannelId, ModelVersion};
use assay_sdk::{
	channels::Channel,
	consumer::{Consumer, ConsumerError, Settings},
	events::ChannelOpened,
	AccountId, Balance, Call, Error, Fate, Noted, Receipt, Sending, Signed,
};
use async_trait::async_trait;
use parking_lot::Mutex;
use sp_core::sr25519;
use std::{path::Path, sync::Arc};

/// Channels of the account that are looked at.
const MOST: u32 = 1_000;

/// An operator that answers for a version through channels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seller {
	/// Who it is.
	pub operator: AccountId,
	/// Its price of one unit of computation.
	pub price: Balance,
}

/// What channels ask of the chain. Whatever moves money returns when a final block says what became of it, or that nothing can: what was
/// once sent is never in doubt afterwards.
#[async_trait]
pub trait Exchange: Send + Sync + 'static {
	/// The channels of the gateway's account.
	async fn channels(&self) -> Result<Vec<Channel>, Error>;

	/// A channel in the last final block.
	async fn channel(&self, id: ChannelId) -> Result<Channel, Error>;

	/// What a settled batch costs a channel beside its fee.
	async fn batch_price(&self) -> Result<Balance, Error>;

	/// Who answers for a version through channels.
	async fn sellers(&self, version: ModelVersion) -> Result<Vec<Seller>, Error>;

	/// Opens a channel at the seller's price.
	///
	/// - `key`: of the channel.
	async fn open(
		&self,
		seller: &Seller,
		version: ModelVersion,
		key: &sr25519::Public,
		deposit: Balance,
	) -> Result<ChannelId, Error>;

	/// Puts more into a channel.
	async fn top_up(&self, id: ChannelId, amount: Balance) -> Result<(), Error>;

	/// Gives notice: the channel closes when the notice period is over.
	async fn give_notice(&self, id: ChannelId) -> Result<(), Error>;

	/// The gateway's end of a channel.
	async fn consumer(
		&self,
		id: ChannelId,
		key: sr25519::Pair,
		folder: &Path,
		settings: Settings,
	) -> Result<Arc<Consumer>, ConsumerError>;
}

#[async_trait]
impl Exchange for Node {
	async fn channels(&self) -> Result<Vec<Channel>, Error> {
		self.assay.channels().of_consumer(self.account(), MOST).await
	}

	async fn channel(&self, id: ChannelId) -> Result<Channel, Error> {
		let at = self.assay.finalized().await?;
		self.assay.channels().at(at).get(id).await
	}

	async fn batch_price(&self) -> Result<Balance, Error> {
		Ok(self.assay.channels().parameters().await?.batch_price)
	}

	async fn sellers(&self, version: ModelVersion) -> Result<Vec<Seller>, Error> {
		let mut sellers = vec![];
		for offer in self.assay.models().offers(version).await? {
			let operator = offer.offer.operator;
			if offer.listed && self.assay.channels().endpoint(operator).await?.is_some() {
				sellers.push(Seller {
					operator,
					price: offer.offer.price,
				});
			}
		}
		Ok(sellers)
	}

	async fn open(
		&self,
		seller: &Seller,
		version: ModelVersion,
		key: &sr25519::Public,
		deposit: Balance,
	) -> Result<ChannelId, Error> {
		let call = Call::open_channel(seller.operator, version, seller.price, key, deposit);
		Ok(self.settled(&call).await?.event::<ChannelOpened>()?.channel)
	}

	async fn top_up(&self, id: ChannelId, amount: Balance) -> Result<(), Error> {
		self.settled(&Call::top_up(id, amount)).await.map(drop)
	}

	async fn give_notice(&self, id: ChannelId) -> Result<(), Error> {
		self.settled(&Call::give_notice(id)).await.map(drop)
	}

	async fn consumer(
		&self,
		id: ChannelId,
		key: sr25519::Pair,
		folder: &Path,
		settings: Settings,
	) -> Result<Arc<Consumer>, ConsumerError> {
		self.assay.channels().consumer(id, key, folder, settings).await
	}
}

impl Node {
	/// Sends a call, and returns when what became of it is final, however often the node goes away meanwhile.
	async fn settled(&self, call: &Call) -> Result<Receipt, Error> {
		let last = Mutex::new(None::<Signed>);
		let note = |signed| -> Noted<'_> {
			*last.lock() = Some(signed);
			Box::pin(async { Ok(()) })
		};
		let sending = Sending {
			finalized: true,
			..Sending::default()
		};
		let error = match self.assay.submit_noted(call, &self.signer, sending, &note).await {
			Ok(receipt) => return Ok(receipt),
			Err(error) => error,
		};
		let signed = *last.lock();
		let Some(signed) = signed.filter(|_| !costs_nothing(&error)) else {
			return Err(error);
		};
		loop {
			match self.assay.fates(&[signed]).await.map(|mut fates| fates.pop()) {
				Ok(Some(Fate::Included(receipt))) => return Ok(receipt),
				Ok(Some(Fate::Open)) | Err(_) => tokio::time::sleep(PAUSE).await,
				Ok(_) => return Err(error),
			}
		}
	}
}
