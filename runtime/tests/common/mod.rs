//! A chain in memory for a test: genesis from a preset, and blocks through the real Executive.

// Each test file uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod referenda;

use assay_artifact::synthetic::InUse;
use assay_protocol::{
	job::{Duty, JobOutput, JobResult, SignedResult},
	model::{ModelMetadata, VersionSubmission},
	operator::WorkerSignature,
};
use assay_runtime::{
	genesis, transactions, AccountId, Address, Babe, Block, Executive, Header, Jobs, Nonce, Runtime, RuntimeCall,
	RuntimeGenesisConfig, Signature, SignedPayload, System, Timestamp, UncheckedExtrinsic,
};
use assay_trace::{claim::claim_root, merkle::Hash32, TraceRoot};
use codec::{Decode, Encode};
use frame_support::{
	genesis_builder_helper::build_state,
	storage::{with_transaction_unchecked, TransactionOutcome},
};
use serde_json::Value;
use sp_consensus_babe::digests::{PreDigest, SecondaryVRFPreDigest};
use sp_core::crypto::VrfSecret;
use sp_genesis_builder::PresetId;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{generic::Era, traits::Header as _, ApplyExtrinsicResult, Digest, DigestItem, Permill};

/// Where a chain of a test starts. Any slot but 0 will do.
const FIRST_SLOT: u64 = 1_000;

/// A preset as the complete configuration that the chain is built from.
pub fn configuration(preset: &str) -> Value {
	let mut configuration = serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default is JSON");
	let patch = genesis::get_preset(&PresetId::from(preset)).expect("the preset exists");
	merge(
		&mut configuration,
		serde_json::from_slice(&patch).expect("a preset is JSON"),
	);
	configuration
}

fn merge(into: &mut Value, patch: Value) {
	match (into, patch) {
		(Value::Object(into), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(Value::Null), value);
			}
		}
		(into, patch) => *into = patch,
	}
}

/// A chain at its genesis block.
pub fn chain(preset: &str) -> TestExternalities {
	let mut chain = TestExternalities::new_empty();
	chain.execute_with(|| {
		build_state::<RuntimeGenesisConfig>(configuration(preset).to_string().into_bytes()).expect("genesis is valid")
	});
	chain
}

/// Builds the next block from `transactions` and returns their results.
pub fn next_block(transactions: Vec<UncheckedExtrinsic>) -> Vec<ApplyExtrinsicResult> {
	let number = System::block_number() + 1;
	let slot = FIRST_SLOT + u64::from(number);
	let pre_digest = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
		authority_index: 0,
		slot: slot.into(),
		// Alice authors every block of these chains.
		vrf_signature: Sr25519Keyring::Alice
			.pair()
			.vrf_sign(&sp_consensus_babe::make_vrf_sign_data(
				&pallet_babe::Randomness::<Runtime>::get(),
				slot.into(),
				pallet_babe::EpochIndex::<Runtime>::get(),
			)),
	});
	let header = Header::new(
		number,
		Default::default(),
		Default::default(),
		System::parent_hash(),
		Digest {
			logs: vec![DigestItem::PreRuntime(
				sp_consensus_babe::BABE_ENGINE_ID,
				pre_digest.encode(),
			)],
		},
	);
	Executive::initialize_block(&header);

	let moment = slot * pallet_assay_timing::SlotDuration::<Runtime>::get();
	let inherent = UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now: moment }.into());
	Executive::apply_extrinsic(inherent)
		.expect("the inherent is valid")
		.expect("the inherent succeeds");
	let results = transactions.into_iter().map(apply).collect();
	let built = Executive::finalize_block();

	assert_eq!(Timestamp::get(), moment);
	assert_eq!(u64::from(Babe::current_slot()), slot);
	// Without this the next block would not find its parent.
	frame_system::BlockHash::<Runtime>::insert(number, built.hash());
	results
}

/// Applies a transaction as whoever builds a block does: one that is invalid is left out, and changes nothing.
fn apply(transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
	with_transaction_unchecked(|| match Executive::apply_extrinsic(transaction) {
		Ok(outcome) => TransactionOutcome::Commit(Ok(outcome)),
		Err(invalid) => TransactionOutcome::Rollback(Err(invalid)),
	})
}

/// `call`, signed by `signer`.
pub fn signed(signer: Sr25519Keyring, nonce: Nonce, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	let extension = transactions::extension(nonce, 0, Era::Immortal);
	let payload = SignedPayload::new(call.into(), extension).expect("the extension knows the chain");
	let signature = payload.using_encoded(|payload| signer.sign(payload));
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(
		call,
		Address::Id(signer.to_account_id()),
		Signature::Sr25519(signature),
		extension,
	)
}

/// The account that everyone knows by this name.
pub fn account(name: Sr25519Keyring) -> AccountId {
	name.to_account_id()
}

/// Whether the extrinsic survives its way through the network.
pub fn travels(extrinsic: &UncheckedExtrinsic) -> bool {
	use codec::Decode;
	let bytes = extrinsic.encode();
	<Block as sp_runtime::traits::Block>::Extrinsic::decode(&mut &bytes[..]).is_ok_and(|back| back.encode() == bytes)
}

/// The genesis hash, which worker keys sign with everything.
pub fn genesis_hash() -> [u8; 32] {
	System::block_hash(0).0
}

/// A result for the duty that says this, signed by `signer`.
pub fn signed_result(duty: &Duty<u32>, output: JobOutput, trace: TraceRoot, signer: Sr25519Keyring) -> SignedResult {
	let claim = claim_root(
		duty.job.0,
		duty.attempt.0,
		&duty.artifact,
		&duty.input.clone().into(),
		&duty.generation,
		&output.clone().into(),
		&trace,
	);
	let result = JobResult {
		job: duty.job,
		attempt: duty.attempt,
		output,
		trace,
		claim,
	};
	let signature = WorkerSignature::from(signer.sign(&result.signing_payload(&genesis_hash())));
	SignedResult { result, signature }
}

/// The transaction that delivers a result.
pub fn delivery(result: SignedResult) -> UncheckedExtrinsic {
	let encoded = Jobs::result_transaction(result);
	UncheckedExtrinsic::decode(&mut &encoded[..]).expect("the runtime builds transactions that decode")
}

/// The registration of a model in use.
pub fn registration(model: &InUse) -> RuntimeCall {
	let lowered = model.lowered(None).expect("models in use are imported");
	let version = VersionSubmission {
		program: lowered
			.program()
			.encode()
			.try_into()
			.expect("the program is short enough"),
		artifact: Hash32([7; 32]),
		artifact_bytes: lowered.metadata().parameters,
		tokenizer: Some(Hash32([8; 32])),
		royalty: Permill::from_percent(5),
	};
	let metadata = ModelMetadata {
		name: model.name.as_bytes().to_vec().try_into().expect("short"),
		description: Default::default(),
		licence: Default::default(),
		tags: Default::default(),
	};
	pallet_assay_models::Call::register { metadata, version }.into()
}
