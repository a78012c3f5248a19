//! Channels on the chain: opened, topped up and ended; what is in them; and what can be done with a receipt that one holds.

use crate::{
	events::{ChannelOpened, Contradicted, ReceiptPresented},
	reading::{room, Reading},
	AccountId, Amount, Balance, BlockNumber, Call, Error, Missing, Result, Sending, Signer,
};
use assay_protocol::{
	channel::{ChannelKey, ChannelParameters, ChannelSummary, Contradiction, Endpoint, Revealed},
	operator::{WorkerKey, WorkerSignature},
	ChannelId, JobId, ModelVersion,
};

/// A channel as the runtime describes it.
pub type Channel = ChannelSummary<AccountId, Balance, BlockNumber>;
/// Constants of channels.
pub type Parameters = ChannelParameters<Balance, BlockNumber>;

room! {
	/// Channels to operators.
	Channels
}

impl Channels<'_> {
	/// A channel; an error if there is none.
	pub async fn get(&self, id: ChannelId) -> Result<Channel> {
		self.find(id).await?.ok_or(Error::missing(Missing::Channel(id)))
	}

	/// A channel, if there is one.
	pub async fn find(&self, id: ChannelId) -> Result<Option<Channel>> {
		self.0.ask("ChannelsApi_channel", (id,)).await
	}

	/// The channels of a consumer by identifier, at most `limit`.
	pub async fn of_consumer(&self, consumer: AccountId, limit: u32) -> Result<Vec<Channel>> {
		let reading = self.0.fixed().await?;
		Reading::all(limit as usize, |known: &[Channel], left| {
			let after = known.last().map(|channel| channel.id);
			async move {
				reading
					.ask("ChannelsApi_channels_of_consumer", (consumer, after, left))
					.await
			}
		})
		.await
	}

	/// The channels whose answers this worker key signs, by identifier, at most `limit`.
	pub async fn of_worker(&self, worker: &WorkerKey, limit: u32) -> Result<Vec<Channel>> {
		let reading = self.0.fixed().await?;
		Reading::all(limit as usize, |known: &[Channel], left| {
			let after = known.last().map(|channel| channel.id);
			async move {
				reading
					.ask("ChannelsApi_channels_of_worker", (worker, after, left))
					.await
			}
		})
		.await
	}

	/// Where an operator answers requests, if it does.
	pub async fn endpoint(&self, operator: AccountId) -> Result<Option<Endpoint>> {
		self.0.ask("ChannelsApi_endpoint", (operator,)).await
	}

	/// Constants.
	pub async fn parameters(&self) -> Result<Parameters> {
		self.0.ask("ChannelsApi_parameters", ()).await
	}

	/// Opens a channel to an operator at its present price, which is at most `max_price`, and puts `deposit` into it.
	///
	/// - `key`: signs requests and vouchers: a fresh one, that whoever sends requests has.
	pub async fn open(
		&self,
		signer: &Signer,
		operator: AccountId,
		version: ModelVersion,
		max_price: Amount,
		key: &ChannelKey,
		deposit: Amount,
	) -> Result<ChannelId> {
		let call = Call::open_channel(operator, version, max_price.0, key, deposit.0);
		let receipt = self.0.assay.submit(&call, signer, Sending::default()).await?;
		Ok(receipt.event::<ChannelOpened>()?.channel)
	}

	/// Has a receipt judged: the job that is returned can be [challenged](crate::disputes::Disputes::challenge).
	pub async fn present(&self, signer: &Signer, revealed: &Revealed, signature: &WorkerSignature) -> Result<JobId> {
		let call = Call::present(revealed, signature);
		let receipt = self.0.assay.submit(&call, signer, Sending::default()).await?;
		Ok(receipt.event::<ReceiptPresented>()?.job)
	}

	/// Shows that a worker contradicted itself; returns what its operator lost.
	pub async fn accuse(&self, signer: &Signer, contradiction: &Contradiction) -> Result<Amount> {
		let receipt = self
			.0
			.assay
			.submit(&Call::accuse(contradiction), signer, Sending::default())
			.await?;
		Ok(receipt.event::<Contradicted>()?.penalty)
	}
}
