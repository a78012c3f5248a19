//! Models: metadata, versions, and the offers of the operators that serve them.

use crate::{ids::*, job::JobError};
use alloc::vec::Vec;
use assay_exact::Program;
use assay_trace::merkle::Hash32;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_runtime::Permill;

/// Bytes of an encoded program at most.
pub const MAX_PROGRAM_BYTES: u32 = 16 * 1024;
/// Offers for one model version at most.
pub const MAX_OFFERS: u32 = 64;

/// An encoded [`Program`].
pub type ProgramBytes = BoundedVec<u8, ConstU32<MAX_PROGRAM_BYTES>>;

/// What a publisher says of a model. All texts are UTF-8.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct ModelMetadata {
	/// Short name, not empty and not unique.
	pub name: BoundedVec<u8, ConstU32<64>>,
	/// What it is for.
	pub description: BoundedVec<u8, ConstU32<512>>,
	/// SPDX expression.
	pub licence: BoundedVec<u8, ConstU32<64>>,
	/// Search words.
	pub tags: BoundedVec<BoundedVec<u8, ConstU32<32>>, ConstU32<8>>,
}

/// What is registered for one version.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct VersionSubmission {
	/// The program, SCALE-encoded; validated on chain.
	pub program: ProgramBytes,
	/// Root of the artifact: weights, tables and files.
	pub artifact: Hash32,
	/// Bytes of the artifact.
	pub artifact_bytes: u64,
	/// SHA-256 of the tokenizer file inside the artifact; `None` for models on vectors.
	pub tokenizer: Option<Hash32>,
	/// Share of every fee that goes to the publisher.
	pub royalty: Permill,
}

/// A model as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ModelSummary<AccountId, Balance> {
	/// Identifier.
	pub id: ModelId,
	/// Account that registered it.
	pub publisher: AccountId,
	/// What the publisher says of it.
	pub metadata: ModelMetadata,
	/// Deposit held for the model and its versions.
	pub deposit: Balance,
	/// Its versions.
	pub versions: Vec<VersionSummary>,
}

/// A version as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct VersionSummary {
	/// Version number.
	pub version: VersionNumber,
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
	/// Whether new jobs are refused.
	pub retired: bool,
	/// Operators that serve it and are alive.
	pub offers: u32,
}

/// An operator's standing offer to run a model version.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Offer<AccountId, Balance> {
	/// Who serves.
	pub operator: AccountId,
	/// Price of one unit of computation.
	pub price: Balance,
	/// Jobs of this model version it runs at the same time.
	pub capacity: u16,
	/// Units of computation a second with which it runs each of as many: the clock for a result follows from it.
	pub speed: u64,
	/// The largest job it takes, in units of computation.
	pub largest: u64,
}

/// An offer as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct OfferSummary<AccountId, Balance, BlockNumber> {
	/// The offer.
	pub offer: Offer<AccountId, Balance>,
	/// Block of the operator's last heartbeat.
	pub last_heartbeat: Option<BlockNumber>,
	/// Whether jobs are assigned to it.
	pub listed: bool,
}

/// What an operator offers, and whether it counts.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct Serving<Balance, BlockNumber> {
	/// Whether the operator may take new work: its own bond is at least the minimum and it is not chilled.
	pub active: bool,
	/// Block of its last heartbeat.
	pub last_heartbeat: Option<BlockNumber>,
	/// Whether jobs are assigned to its offers.
	pub listed: bool,
	/// The versions it serves.
	pub offers: Vec<ServedVersion<Balance>>,
}

/// An offer as its operator sees it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ServedVersion<Balance> {
	/// What is served.
	pub version: ModelVersion,
	/// The model's name as its publisher wrote it, not necessarily UTF-8.
	pub name: Vec<u8>,
	/// Root of the artifact that is needed for it.
	pub artifact: Hash32,
	/// Price of one unit of computation.
	pub price: Balance,
	/// Jobs of this version it runs at the same time.
	pub capacity: u16,
	/// Units of computation a second with which it runs each of as many.
	pub speed: u64,
	/// The largest job it takes, in units of computation.
	pub largest: u64,
	/// Whether the version takes no new jobs.
	pub retired: bool,
}

/// What the jobs pallet needs to know of a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms<AccountId> {
	/// Receives the royalty.
	pub publisher: AccountId,
	/// Share of every fee that goes to the publisher.
	pub royalty: Permill,
	/// Whether new jobs are refused.
	pub retired: bool,
	/// Root of the artifact.
	pub artifact: Hash32,
}

/// The registry as the jobs pallet sees it.
pub trait Models<AccountId, Balance> {
	/// Terms of a version; `None` if there is no such version.
	fn terms(version: ModelVersion) -> Option<Terms<AccountId>>;

	/// The validated program of a version.
	fn program(version: ModelVersion) -> Result<Program, JobError>;

	/// Offers of active operators that are alive; at most [`MAX_OFFERS`].
	fn listed_offers(version: ModelVersion) -> Vec<Offer<AccountId, Balance>>;

	/// The offer of one operator, if it is active and alive.
	fn listed_offer(version: ModelVersion, operator: &AccountId) -> Option<Offer<AccountId, Balance>>;

	/// Counts jobs that are not over, so that a version is not removed under them.
	fn job_started(version: ModelVersion);

	/// The counterpart of [`job_started`](Self::job_started).
	fn job_ended(version: ModelVersion);

	/// Registers a decoder version of the largest program and has `operators` serve it, alive, at price 1.
	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(publisher: &AccountId, operators: &[AccountId]) -> ModelVersion;
}
