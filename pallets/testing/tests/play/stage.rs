//! The stage: everybody has what they begin with, the models are registered and offered.

use crate::{chain::*, people::*};
use assay_protocol::{
	model::{ModelMetadata, VersionSubmission},
	operator::Heartbeat,
	ModelVersion,
};
use assay_testing::{artifact, atomic, program, worker_key};
use assay_trace::{prover::OpenArtifact, Hash32};
use codec::Encode;
use frame_system::offchain::CreateAuthorizedTransaction;
use sp_core::Pair;
use sp_io::TestExternalities;
use sp_runtime::Permill;

pub(crate) const VERSIONS: [ModelVersion; 3] = [DECODER, ENCODER, PERCEPTRON];
/// Units a second that offers state: as many as everybody has to manage.
const SPEED: u64 = 1;
/// What a unit costs at first.
pub(crate) const PRICE: Balance = 100_000_000;

/// A chain at its first block, on which every operator serves every model.
pub(crate) fn stage() -> TestExternalities {
	let operators = OPERATORS.map(|who| (who, STAKE + PURSE));
	let rich = [CONSUMERS, DELEGATORS, [WATCHER, QUARRELLER]].concat();
	let others = [PUBLISHER, TREASURY].map(|who| (who, FUNDS));
	let rich = rich.into_iter().map(|who| (who, FUNDS));
	let genesis = assay_testing::genesis::<Test>(operators.into_iter().chain(others).chain(rich));
	let mut chain = assay_testing::staked::<Test>(genesis, &OPERATORS);
	chain.execute_with(|| {
		for version in VERSIONS {
			register(version);
			for operator in OPERATORS {
				serve(operator, version, PRICE);
			}
		}
	});
	chain
}

fn register(version: ModelVersion) {
	let program = program(version).unwrap();
	let submission = VersionSubmission {
		program: program.encode().try_into().unwrap(),
		artifact: artifact(version).tree().root(),
		artifact_bytes: 1,
		tokenizer: program.vocabulary().map(|_| Hash32::default()),
		royalty: Permill::from_percent(5),
	};
	let metadata = ModelMetadata {
		name: b"small".to_vec().try_into().unwrap(),
		description: Default::default(),
		licence: Default::default(),
		tags: Default::default(),
	};
	ModelsPallet::register(RuntimeOrigin::signed(PUBLISHER), metadata, submission).unwrap();
}

/// Offers to run a version at a price.
pub(crate) fn serve(operator: AccountId, version: ModelVersion, price: Balance) {
	// Refused while the operator is chilled or has lost its bond.
	let origin = RuntimeOrigin::signed(operator);
	let _ = atomic(|| ModelsPallet::serve(origin, version, price, 3, SPEED, u64::MAX));
}

/// Sends the heartbeat of an operator, if it is due.
pub(crate) fn beat(operator: AccountId) {
	let period = ModelsPallet::heartbeat_period(System::block_number());
	let heartbeat = Heartbeat { operator, period };
	let payload = heartbeat.signing_payload(&System::block_hash(0).0);
	let signature = worker_key(operator).sign(&payload);
	let call = pallet_assay_models::Call::<Test>::heartbeat { heartbeat, signature };
	let transaction = <Test as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call.into());
	let transaction = transaction.encode();
	if pool_says(&transaction).is_ok() {
		apply(&transaction).unwrap();
	}
}
