//! Models, versions, offers.

use super::{bytes, short};
use crate::output::{fields, table};
use assay_protocol::model::VersionSummary;
use assay_sdk::{amount::show_share, models::Model, models::Offers, AccountId, Amount, BlockNumber};
use serde::Serialize;
use sp_runtime::Permill;

/// A model with its versions.
#[derive(Serialize)]
pub(crate) struct ModelView {
	id: u32,
	name: String,
	description: String,
	licence: String,
	tags: Vec<String>,
	publisher: AccountId,
	deposit: Amount,
	versions: Vec<VersionView>,
}

/// A version with, where they were asked for, its offers.
#[derive(Serialize)]
pub(crate) struct VersionView {
	/// `model.version`.
	pub(crate) id: String,
	artifact: String,
	artifact_bytes: u64,
	program_bytes: u32,
	tokenizer: Option<String>,
	positions: u32,
	vocabulary: Option<u32>,
	output_length: Option<u32>,
	/// In JSON in parts of a million, as over JSON-RPC.
	royalty: Permill,
	retired: bool,
	listed_offers: u32,
	#[serde(skip_serializing_if = "Option::is_none")]
	offers: Option<Vec<OfferView>>,
}

/// An offer.
#[derive(Serialize)]
pub(crate) struct OfferView {
	operator: AccountId,
	price: Amount,
	capacity: u16,
	speed: u64,
	largest: u64,
	last_heartbeat: Option<BlockNumber>,
	listed: bool,
	/// Whether jobs are assigned to it, or why none are.
	state: &'static str,
}

/// An offer as the runtime describes it.
type OfferOf = <Offers as IntoIterator>::Item;

fn words(text: &[u8]) -> String {
	String::from_utf8_lossy(text).into_owned()
}

impl ModelView {
	/// Describes a model; offers are added by [`ModelView::with_offers`].
	pub(crate) fn new(model: &Model) -> Self {
		Self {
			id: model.id.0,
			name: words(&model.metadata.name),
			description: words(&model.metadata.description),
			licence: words(&model.metadata.licence),
			tags: model.metadata.tags.iter().map(|tag| words(tag)).collect(),
			publisher: model.publisher,
			deposit: Amount(model.deposit),
			versions: model
				.versions
				.iter()
				.map(|version| VersionView::new(model.id.0, version))
				.collect(),
		}
	}

	/// Adds the offers for the version at an index, with their states.
	pub(crate) fn with_offers(&mut self, index: usize, offers: &[(OfferOf, &'static str)]) {
		if let Some(version) = self.versions.get_mut(index) {
			version.offers = Some(offers.iter().map(OfferView::new).collect());
		}
	}

	/// Keeps only one version.
	pub(crate) fn keep_version(&mut self, number: u16) {
		let id = format!("{}.{number}", self.id);
		self.versions.retain(|version| version.id == id);
	}

	/// Lines of a list: one for each version.
	pub(crate) fn rows(&self) -> Vec<[String; 7]> {
		let row = |version: &VersionView| {
			[
				version.id.clone(),
				self.name.clone(),
				version.kind(),
				short(&self.publisher),
				bytes(version.artifact_bytes),
				version.positions.to_string(),
				version.availability(),
			]
		};
		self.versions.iter().map(row).collect()
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 7] = [
		"model",
		"name",
		"kind",
		"publisher",
		"artifact",
		"positions",
		"served by",
	];

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let head = fields([
			("model", Some(format!("{} {}", self.id, self.name))),
			(
				"description",
				Some(self.description.clone()).filter(|text| !text.is_empty()),
			),
			("licence", Some(self.licence.clone())),
			("tags", Some(self.tags.join(", ")).filter(|text| !text.is_empty())),
			("publisher", Some(self.publisher.to_string())),
			("deposit", Some(self.deposit.to_string())),
		]);
		let versions: Vec<_> = self.versions.iter().map(VersionView::text).collect();
		format!("{head}\n\n{}", versions.join("\n\n"))
	}
}

impl VersionView {
	fn new(model: u32, version: &VersionSummary) -> Self {
		Self {
			id: format!("{model}.{}", version.version),
			artifact: version.artifact.to_string(),
			artifact_bytes: version.artifact_bytes,
			program_bytes: version.program_bytes,
			tokenizer: version.tokenizer.map(|hash| hash.to_string()),
			positions: version.positions,
			vocabulary: version.vocabulary,
			output_length: version.output_length,
			royalty: version.royalty,
			retired: version.retired,
			listed_offers: version.offers,
			offers: None,
		}
	}

	fn kind(&self) -> String {
		match self.output_length {
			Some(length) => format!("vector of {length}"),
			None => "text".into(),
		}
	}

	fn availability(&self) -> String {
		match (self.retired, self.listed_offers) {
			(true, _) => "retired".into(),
			(false, 0) => "nobody".into(),
			(false, count) => count.to_string(),
		}
	}

	fn text(&self) -> String {
		let head = fields([
			(
				"version",
				Some(format!("{}{}", self.id, if self.retired { " (retired)" } else { "" })),
			),
			("output", Some(self.kind())),
			("positions", Some(self.positions.to_string())),
			("vocabulary", self.vocabulary.map(|count| count.to_string())),
			(
				"artifact",
				Some(format!("{} {}", bytes(self.artifact_bytes), self.artifact)),
			),
			("program", Some(bytes(self.program_bytes.into()))),
			("tokenizer", self.tokenizer.clone()),
			("royalty", Some(show_share(self.royalty))),
		]);
		match &self.offers {
			Some(offers) if offers.is_empty() => format!("{head}\nno operator serves it"),
			Some(offers) => {
				let rows = offers.iter().map(OfferView::row).collect();
				format!(
					"{head}\n{}",
					table(
						[
							"operator",
							"state",
							"last heartbeat",
							"price of a unit",
							"capacity",
							"units a second",
							"largest job",
						],
						2,
						rows
					)
				)
			}
			None => head,
		}
	}
}

impl OfferView {
	fn new((offer, state): &(OfferOf, &'static str)) -> Self {
		Self {
			operator: offer.offer.operator,
			price: Amount(offer.offer.price),
			capacity: offer.offer.capacity,
			speed: offer.offer.speed,
			largest: offer.offer.largest,
			last_heartbeat: offer.last_heartbeat,
			listed: offer.listed,
			state,
		}
	}

	fn row(&self) -> [String; 7] {
		[
			self.operator.to_string(),
			self.state.into(),
			self.last_heartbeat
				.map_or("never".into(), |block| format!("block {block}")),
			self.price.to_string(),
			self.capacity.to_string(),
			self.speed.to_string(),
			format!("{} units", self.largest),
		]
	}
}
