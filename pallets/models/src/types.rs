//! What is stored of a model and of a version.

use crate::Config;
use assay_exact::Program;
use assay_protocol::{
	model::{ModelMetadata, Offer, VersionSubmission, VersionSummary, MAX_OFFERS},
	operator::Heartbeat,
	ModelVersion, VersionNumber,
};
use assay_trace::merkle::Hash32;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::fungible::Inspect, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::Permill;

/// An amount of the currency.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// A model of this chain.
pub type ModelOf<T> = Model<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
/// An offer on this chain.
pub type OfferOf<T> = Offer<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
/// The offers for one version.
pub type OffersOf<T> = BoundedVec<OfferOf<T>, ConstU32<MAX_OFFERS>>;
/// The versions one operator serves.
pub type ServedBy<T> = BoundedVec<ModelVersion, <T as Config>::MaxServed>;
/// A heartbeat on this chain.
pub type HeartbeatOf<T> = Heartbeat<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

/// A model.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Model<AccountId, Balance> {
	/// Account that registered it.
	pub publisher: AccountId,
	/// What the publisher says of it.
	pub metadata: ModelMetadata,
	/// Held for the model itself, without its versions.
	pub deposit: Balance,
	/// The number of its versions.
	pub versions: u32,
	/// The number the next version gets.
	pub next_version: VersionNumber,
}

/// A version.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Version<Balance> {
	/// Root of the artifact.
	pub artifact: Hash32,
	/// Bytes of the artifact.
	pub artifact_bytes: u64,
	/// SHA-256 of the tokenizer file.
	pub tokenizer: Option<Hash32>,
	/// Bytes of the program.
	pub program_bytes: u32,
	/// Largest number of positions of a job.
	pub positions: u32,
	/// Number of tokens it knows; `None` for models on vectors.
	pub vocabulary: Option<u32>,
	/// Elements of its output vector; `None` for models that generate tokens.
	pub output_length: Option<u32>,
	/// Share of every fee that goes to the publisher.
	pub royalty: Permill,
	/// Whether new jobs and offers are refused.
	pub retired: bool,
	/// Held for it.
	pub deposit: Balance,
}

impl<Balance> Version<Balance> {
	/// The record of a submission whose program is `program`.
	pub(crate) fn new(submission: &VersionSubmission, program: &Program, deposit: Balance) -> Self {
		Self {
			artifact: submission.artifact,
			artifact_bytes: submission.artifact_bytes,
			tokenizer: submission.tokenizer,
			// Bounded by `MAX_PROGRAM_BYTES`.
			program_bytes: u32::try_from(submission.program.len()).unwrap_or(u32::MAX),
			positions: program.positions,
			vocabulary: program.vocabulary(),
			output_length: program.output_length(),
			royalty: submission.royalty,
			retired: false,
			deposit,
		}
	}

	/// The version as clients see it.
	pub(crate) fn summary(self, version: VersionNumber, offers: u32) -> VersionSummary {
		VersionSummary {
			version,
			artifact: self.artifact,
			artifact_bytes: self.artifact_bytes,
			tokenizer: self.tokenizer,
			program_bytes: self.program_bytes,
			positions: self.positions,
			vocabulary: self.vocabulary,
			output_length: self.output_length,
			royalty: self.royalty,
			retired: self.retired,
			offers,
		}
	}
}
