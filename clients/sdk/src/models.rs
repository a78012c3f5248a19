//! Models, their versions, and who serves them.

use crate::{
	events::ModelRegistered,
	reading::{room, Reading},
	AccountId, Balance, BlockNumber, Call, Error, Missing, Receipt, Result, Sending, Signer,
};
use assay_protocol::{
	model::{ModelMetadata, ModelSummary, OfferSummary, VersionSubmission, VersionSummary},
	ModelId, ModelVersion,
};

/// A model as the runtime describes it.
pub type Model = ModelSummary<AccountId, Balance>;
/// The offers for a model version.
pub type Offers = Vec<OfferSummary<AccountId, Balance, BlockNumber>>;

room! {
	/// Models, their versions, and who serves them.
	Models
}

impl Models<'_> {
	/// A model; an error if there is none.
	pub async fn get(&self, id: ModelId) -> Result<Model> {
		let model: Option<Model> = self.0.ask("ModelsApi_model", (id,)).await?;
		model.ok_or(Error::missing(Missing::Model(id)))
	}

	/// A version; an error if there is none.
	pub async fn version(&self, id: ModelVersion) -> Result<VersionSummary> {
		let versions = self.get(id.model).await?.versions;
		let count = versions.len();
		let version = versions.into_iter().find(|version| version.version == id.version);
		version.ok_or(Error::missing(Missing::Version { version: id, count }))
	}

	/// All models.
	pub async fn list(&self) -> Result<Vec<Model>> {
		let reading = self.0.fixed().await?;
		Reading::all(usize::MAX, |known: &[Model], limit| {
			let start = match known.last() {
				// After the last identifier that there can be comes nothing.
				Some(last) => last.id.next(),
				None => Some(ModelId(0)),
			};
			async move {
				match start {
					Some(start) => reading.ask("ModelsApi_models", (start, limit)).await,
					None => Ok(vec![]),
				}
			}
		})
		.await
	}

	/// The encoded program of a version.
	pub async fn program(&self, version: ModelVersion) -> Result<Vec<u8>> {
		let program: Option<Vec<u8>> = self.0.ask("ModelsApi_program", (version,)).await?;
		program.ok_or(Error::missing(Missing::Program(version)))
	}

	/// The offers for a version, listed or not.
	pub async fn offers(&self, version: ModelVersion) -> Result<Offers> {
		self.0.ask("ModelsApi_offers", (version,)).await
	}

	/// Registers a model with its first version, and returns its identifier.
	pub async fn register(
		&self,
		signer: &Signer,
		metadata: &ModelMetadata,
		version: &VersionSubmission,
	) -> Result<ModelId> {
		let receipt = self.submit(Call::register_model(metadata, version), signer).await?;
		Ok(receipt.event::<ModelRegistered>()?.model)
	}

	/// Offers to run a version; for operators.
	pub async fn serve(&self, signer: &Signer, version: ModelVersion, terms: Terms) -> Result<Receipt> {
		let Terms {
			price,
			capacity,
			speed,
			largest,
		} = terms;
		let call = Call::serve(version, price, capacity, speed, largest);
		self.submit(call, signer).await
	}

	/// Withdraws an offer.
	pub async fn unserve(&self, signer: &Signer, version: ModelVersion) -> Result<Receipt> {
		self.submit(Call::unserve(version), signer).await
	}

	async fn submit(&self, call: Call, signer: &Signer) -> Result<Receipt> {
		self.0.assay.submit(&call, signer, Sending::default()).await
	}
}

/// What an operator offers to do for a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
	/// Price of a unit of computation.
	pub price: Balance,
	/// Jobs at the same time.
	pub capacity: u16,
	/// Units a second with which each runs; the clock of a job follows from it.
	pub speed: u64,
	/// The largest job to take, in units.
	pub largest: u64,
}
