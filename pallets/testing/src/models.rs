//! A registry of small models that every operator serves.

use crate::{AccountId, Balance, Stakes, FAST};
use assay_exact::{evaluate::evaluate, Generation, Input, Output, Program, Sampler};
use assay_protocol::{
	dispute::OwnedStatement,
	job::JobError,
	model::{Models, Offer, Terms},
	operator::Operators,
	ModelId, ModelVersion, VersionNumber,
};
use assay_samples::{
	programs::{decoder, encoder, perceptron, VOCABULARY},
	MadeUpArtifact,
};
use assay_trace::{prover::OpenArtifact, Hash32, TraceRoot};
use core::marker::PhantomData;
use sp_runtime::Permill;
use std::sync::OnceLock;

/// The first version of a model.
pub const fn version(model: u32) -> ModelVersion {
	ModelVersion {
		model: ModelId(model),
		version: VersionNumber(0),
	}
}

/// Generates tokens.
pub const DECODER: ModelVersion = version(0);
/// Tokens to a vector.
pub const ENCODER: ModelVersion = version(1);
/// A vector to a vector.
pub const PERCEPTRON: ModelVersion = version(2);

/// The program of a version.
pub fn program(version: ModelVersion) -> Option<Program> {
	match version {
		DECODER => Some(decoder()),
		ENCODER => Some(encoder()),
		PERCEPTRON => Some(perceptron()),
		_ => None,
	}
}

/// The artifact of a version, made once.
pub fn artifact(version: ModelVersion) -> &'static MadeUpArtifact {
	static ARTIFACTS: [OnceLock<MadeUpArtifact>; 3] = [const { OnceLock::new() }; 3];
	ARTIFACTS[version.model.0 as usize].get_or_init(|| MadeUpArtifact::new(&program(version).unwrap(), 11))
}

/// Its root, as the registry knows it.
fn artifact_root(version: ModelVersion) -> Hash32 {
	artifact(version).tree().root()
}

/// Something to run a version on.
pub fn an_input(version: ModelVersion) -> Input {
	match version {
		DECODER => Input::Tokens((0..9).map(|i| (i * 7 + 3) % VOCABULARY).collect()),
		ENCODER => Input::Tokens((0..11).map(|i| (i * 5 + 2) % VOCABULARY).collect()),
		_ => Input::Vector((0..32).map(|i| i * 9_000 - 70_000).collect()),
	}
}

/// Five tokens, whatever they are.
pub const GENERATION: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 5,
	ignore_stop: true,
};

/// What a version returns on [`an_input`].
pub fn right_output(version: ModelVersion) -> Output {
	static OUTPUTS: [OnceLock<Output>; 3] = [const { OnceLock::new() }; 3];
	let output = || {
		let program = program(version).unwrap();
		evaluate(&program, artifact(version), &an_input(version), &GENERATION).unwrap()
	};
	OUTPUTS[version.model.0 as usize].get_or_init(output).clone()
}

/// A statement about a version on [`an_input`] that commits to nothing yet.
pub fn a_statement(version: ModelVersion, output: Output) -> OwnedStatement {
	OwnedStatement {
		program: program(version).unwrap(),
		artifact: artifact_root(version),
		input: an_input(version),
		generation: GENERATION,
		output,
		trace: TraceRoot::default(),
	}
}

/// On which terms operators serve the small models.
pub trait ServesSmallModels: Stakes {
	/// Who serves, while active.
	const OPERATORS: &'static [AccountId];
	/// What a unit costs.
	const PRICE: Balance;
	/// The publisher's share.
	const ROYALTY: Permill;
}

/// The registry.
pub struct SmallModels<T>(PhantomData<T>);

impl<T: ServesSmallModels> Models<AccountId, Balance> for SmallModels<T> {
	fn terms(version: ModelVersion) -> Option<Terms<AccountId>> {
		#[cfg(feature = "runtime-benchmarks")]
		let version = if version == crate::MADE_UP { PERCEPTRON } else { version };
		program(version)?;
		Some(Terms {
			publisher: crate::PUBLISHER,
			royalty: T::ROYALTY,
			retired: false,
			artifact: artifact_root(version),
		})
	}

	fn program(version: ModelVersion) -> Result<Program, JobError> {
		#[cfg(feature = "runtime-benchmarks")]
		if version == crate::MADE_UP {
			return crate::MadeUpProgram::get().ok_or(JobError::UnknownVersion);
		}
		program(version).ok_or(JobError::UnknownVersion)
	}

	fn listed_offers(version: ModelVersion) -> Vec<Offer<AccountId, Balance>> {
		T::OPERATORS
			.iter()
			.filter_map(|operator| Self::listed_offer(version, operator))
			.collect()
	}

	fn listed_offer(_: ModelVersion, operator: &AccountId) -> Option<Offer<AccountId, Balance>> {
		pallet_assay_staking::Pallet::<T>::is_active(operator).then_some(Offer {
			operator: *operator,
			price: T::PRICE,
			capacity: 64,
			speed: FAST,
			largest: u64::MAX,
		})
	}

	fn job_started(_: ModelVersion) {}

	fn job_ended(_: ModelVersion) {}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(_: &AccountId, _: &[AccountId]) -> ModelVersion {
		DECODER
	}
}
