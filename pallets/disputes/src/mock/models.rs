//! Three small models, their artifacts and their executions.

use super::*;
use assay_exact::{evaluate::evaluate, Generation, Input, Output, Program, Sampler};
use assay_protocol::{
	dispute::OwnedStatement,
	job::JobError,
	model::{Models, Offer, Terms},
	ModelId, ModelVersion, VersionNumber,
};
use assay_samples::{
	programs::{decoder, encoder, perceptron, VOCABULARY},
	MadeUpArtifact,
};
use assay_trace::{
	execution::{replay, Record},
	prover::OpenArtifact,
	Hash32, TraceRoot,
};
use std::sync::OnceLock;

const fn version(model: u32) -> ModelVersion {
	ModelVersion {
		model: ModelId(model),
		version: VersionNumber(0),
	}
}

pub(crate) const DECODER: ModelVersion = version(0);
pub(crate) const ENCODER: ModelVersion = version(1);
pub(crate) const PERCEPTRON: ModelVersion = version(2);
/// A perceptron that writes more than fits into an answer.
pub(crate) const HUGE: ModelVersion = version(3);

/// The artifact of a version, made once.
pub(crate) fn artifact(version: ModelVersion) -> &'static MadeUpArtifact {
	static ARTIFACTS: [OnceLock<MadeUpArtifact>; 4] = [const { OnceLock::new() }; 4];
	ARTIFACTS[version.model.0 as usize].get_or_init(|| MadeUpArtifact::new(&program(version).unwrap(), 11))
}

pub(crate) fn program(version: ModelVersion) -> Option<Program> {
	match version {
		DECODER => Some(decoder()),
		ENCODER => Some(encoder()),
		PERCEPTRON => Some(perceptron()),
		HUGE => {
			let mut program = perceptron();
			program.registers[0] = 1 << 19;
			for tensor in &mut program.tensors {
				if let assay_exact::program::Shape::Matrix { rows: 64, columns } = tensor.shape {
					tensor.shape = assay_exact::program::Shape::Matrix { rows: 1 << 19, columns };
				}
			}
			Some(program)
		}
		_ => None,
	}
}

/// Something to run a version on.
pub(crate) fn an_input(version: ModelVersion) -> Input {
	match version {
		DECODER => Input::Tokens((0..9).map(|i| (i * 7 + 3) % VOCABULARY).collect()),
		ENCODER => Input::Tokens((0..11).map(|i| (i * 5 + 2) % VOCABULARY).collect()),
		_ => Input::Vector((0..32).map(|i| i * 9_000 - 70_000).collect()),
	}
}

/// Five tokens, whatever they are.
pub(crate) const GENERATION: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 5,
	ignore_stop: true,
};

/// What a version returns on [`an_input`].
pub(crate) fn right_output(version: ModelVersion) -> Output {
	static OUTPUTS: [OnceLock<Output>; 3] = [const { OnceLock::new() }; 3];
	let output = || {
		evaluate(
			&program(version).unwrap(),
			artifact(version),
			&an_input(version),
			&GENERATION,
		)
	};
	OUTPUTS[version.model.0 as usize]
		.get_or_init(|| output().unwrap())
		.clone()
}

/// A statement about a version that commits to nothing yet.
pub(crate) fn a_statement(version: ModelVersion, output: Output) -> OwnedStatement {
	OwnedStatement {
		artifact: artifact(version).tree().root(),
		..a_statement_without_artifact(version, output)
	}
}

/// The same for a version whose artifact is never opened.
pub(crate) fn a_statement_without_artifact(version: ModelVersion, output: Output) -> OwnedStatement {
	OwnedStatement {
		program: program(version).unwrap(),
		artifact: Hash32::default(),
		input: an_input(version),
		generation: GENERATION,
		output,
		trace: TraceRoot::default(),
	}
}

/// What executing a statement leaves, fed the tokens it states.
pub(crate) fn execute(version: ModelVersion, statement: &OwnedStatement) -> Record {
	replay(&statement.as_statement(), artifact(version)).unwrap()
}

/// The registry: Alice and Bob serve everything.
pub struct SmallModels;

impl Models<AccountId, Balance> for SmallModels {
	fn terms(version: ModelVersion) -> Option<Terms<AccountId>> {
		program(version)?;
		Some(Terms {
			publisher: PUBLISHER,
			royalty: Permill::from_percent(5),
			retired: false,
			artifact: if version == HUGE {
				Hash32::default()
			} else {
				artifact(version).tree().root()
			},
		})
	}

	fn program(version: ModelVersion) -> Result<Program, JobError> {
		#[cfg(feature = "runtime-benchmarks")]
		if version == MADE_UP {
			return MadeUpProgram::get().ok_or(JobError::UnknownVersion);
		}
		program(version).ok_or(JobError::UnknownVersion)
	}

	fn listed_offers(version: ModelVersion) -> Vec<Offer<AccountId, Balance>> {
		[ALICE, BOB]
			.iter()
			.filter_map(|operator| Self::listed_offer(version, operator))
			.collect()
	}

	fn listed_offer(_: ModelVersion, operator: &AccountId) -> Option<Offer<AccountId, Balance>> {
		use assay_protocol::operator::Operators;
		StakingPallet::is_active(operator).then_some(Offer {
			operator: *operator,
			price: 1,
			capacity: 64,
		})
	}

	fn job_started(_: ModelVersion) {}

	fn job_ended(_: ModelVersion) {}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(_: &AccountId, _: &[AccountId]) -> ModelVersion {
		DECODER
	}
}
