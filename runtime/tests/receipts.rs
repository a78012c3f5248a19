//! Receipts read what the pallets store: the crate that verifies them knows no pallet.

mod common;

use assay_exact::{ComputeUnits, Generation, Input, Output, Sampler};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState, SpotCheck},
	job::{JobInput, JobOutput, JobState},
	Attempt, JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_receipt::{keys, AuthoritySet, Finalised, Receipt, Settlement, LAYOUTS};
use assay_runtime::{AccountId, Runtime};
use assay_trace::{claim::claim_root, merkle::Hash32, Place, Step, TraceRoot};
use codec::Encode;
use common::{account, chain, genesis_hash, next_block};
use finality_grandpa::{Commit, Message, Precommit, SignedPrecommit};
use frame_support::traits::{GetStorageVersion, StorageVersion};
use pallet_assay_audits::{Audit, Auditor};
use pallet_assay_jobs::{Claim, Job};
use sp_consensus_grandpa::{localized_payload, GrandpaJustification};
use sp_core::H256;
use sp_genesis_builder::DEV_RUNTIME_PRESET;
use sp_io::TestExternalities;
use sp_keyring::{
	Ed25519Keyring,
	Sr25519Keyring::{Alice, Bob, Charlie, Dave},
};
use sp_state_machine::{prove_read, Backend};

const JOB: JobId = JobId(3);
const VERSION: ModelVersion = ModelVersion {
	model: ModelId(4),
	version: VersionNumber(5),
};
const GENERATION: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 70_000,
		seed: [6; 32],
	},
	max_tokens: 7,
	ignore_stop: true,
};
const ARTIFACT: Hash32 = Hash32([8; 32]);
const TRACE: TraceRoot = TraceRoot(Hash32([9; 32]));

fn an_input() -> JobInput {
	JobInput::Tokens(vec![10, 11].try_into().expect("two tokens fit"))
}

/// A claim as the pallet stores it.
fn a_claim() -> Claim {
	let output = JobOutput::Tokens(vec![12, 13, 14].try_into().expect("three tokens fit"));
	let root = claim_root(
		JOB.0,
		1,
		&ARTIFACT,
		&Input::from(an_input()),
		&GENERATION,
		&Output::from(output.clone()),
		&TRACE,
	);
	Claim {
		output,
		trace: TRACE,
		root,
	}
}

/// A job that is over, no two fields of which are the same.
fn a_job() -> Job<Runtime> {
	let mut job = Job::<Runtime> {
		consumer: account(Bob),
		version: VERSION,
		artifact: ARTIFACT,
		generation: GENERATION,
		input_positions: 15,
		max_units: ComputeUnits(16),
		max_fee: 17,
		max_price: 18,
		fee: Some(19),
		claimed_units: Some(ComputeUnits(20)),
		named_operator: Some(account(Alice)),
		submitted_at: 21,
		assigned_at: 47,
		attempt: Attempt(1),
		failed: vec![account(Dave)].try_into().expect("one failure fits"),
		holds: 22,
		lateness: Default::default(),
		state: JobState::Final {
			operator: account(Alice),
			paid: 23,
			royalty: 24,
			treasury: 25,
			audits: 26,
			refunded: 27,
		},
		due_at: 28,
		booked_at: Some(29),
	};
	job.lateness.used = 30;
	job.lateness.since = Some(31);
	job.lateness.overdue = 32;
	job
}

/// Its audit, likewise.
fn an_audit() -> Audit<Runtime> {
	Audit {
		attempt: Attempt(1),
		version: VERSION,
		operator: account(Alice),
		made_at: 33,
		phase: AuditPhase::Over(AuditOutcome::Passed),
		spot_check: Some(SpotCheck {
			place: Place::Cell { row: 34, position: 35 },
			committed: true,
			step: Some(Step::Element { op: 36, index: 37 }),
			shown: false,
		}),
		auditors: vec![Auditor {
			account: account(Charlie),
			state: AuditorState::Bound {
				digest: Hash32([38; 32]),
			},
			deadline: 39,
			excused: true,
			contradicted: false,
			vouched: false,
			drawn_at: 40,
			recalled: false,
		}]
		.try_into()
		.expect("one auditor fits"),
		draws: 41,
		waits_until: Some(46),
		units: ComputeUnits(42),
		late: true,
		values_of: Some(Place::Head { position: 43 }),
		booked_at: Some(44),
	}
}

/// The receipt of the job in the state of a chain, signed by the validator of the development chain.
fn receipt(chain: &mut TestExternalities) -> Receipt {
	let state = chain.as_backend();
	let (root, _) = Backend::storage_root(&state, std::iter::empty(), sp_core::storage::StateVersion::V1);
	let header = assay_receipt::Header {
		parent_hash: H256([1; 32]),
		number: 45,
		state_root: root,
		extrinsics_root: H256([2; 32]),
		digest: Default::default(),
	};
	let (target_hash, target_number) = (header.hash(), header.number);
	let precommit = Precommit {
		target_hash,
		target_number,
	};
	let payload = localized_payload(1, 0, &Message::Precommit(precommit.clone()));
	let vote = SignedPrecommit {
		precommit,
		signature: Ed25519Keyring::Alice.sign(&payload).into(),
		id: Ed25519Keyring::Alice.public().into(),
	};
	Receipt {
		job: JOB,
		set: 0,
		handovers: vec![],
		block: Finalised {
			header,
			justification: GrandpaJustification {
				round: 1,
				commit: Commit {
					target_hash,
					target_number,
					precommits: vec![vote],
				},
				votes_ancestries: vec![],
			},
		},
		proof: prove_read(state, keys(JOB))
			.expect("the state is complete")
			.into_iter_nodes()
			.collect(),
	}
}

/// What the receipt of a job proves after something was stored.
fn settlement(store: impl FnOnce()) -> Settlement {
	let mut chain = chain(DEV_RUNTIME_PRESET);
	let (trusted, genesis) = chain.execute_with(|| {
		next_block(vec![]);
		store();
		let trusted = AuthoritySet {
			id: pallet_grandpa::CurrentSetId::<Runtime>::get(),
			authorities: pallet_grandpa::Pallet::<Runtime>::grandpa_authorities(),
		};
		(trusted, H256(genesis_hash()))
	});
	chain.commit_all().expect("nothing is open");
	let bytes = receipt(&mut chain).to_bytes();
	let receipt = Receipt::from_bytes(&bytes).expect("it was just written");
	receipt.verify(&trusted, Some(genesis)).expect("it holds")
}

/// Stores the job as its pallets do.
fn store() {
	pallet_assay_jobs::Jobs::<Runtime>::insert(JOB, a_job());
	pallet_assay_jobs::Inputs::<Runtime>::insert(JOB, an_input());
	pallet_assay_jobs::Claims::<Runtime>::insert(JOB, a_claim());
	pallet_assay_audits::Audits::<Runtime>::insert(JOB, an_audit());
}

#[test]
fn receipt_should_read_what_the_pallets_store() {
	let settlement = settlement(store);
	assert_eq!(settlement.record.encode(), a_job().encode());
	assert_eq!(settlement.input, an_input());
	assert_eq!(settlement.claim.as_ref().map(Encode::encode), Some(a_claim().encode()));
	assert_eq!(settlement.audit.as_ref().map(Encode::encode), Some(an_audit().encode()));

	// And means the same by it.
	let (read, stored) = (settlement.record, a_job());
	assert_eq!(
		(
			read.consumer,
			read.version,
			read.artifact,
			read.generation,
			read.attempt
		),
		(stored.consumer, VERSION, ARTIFACT, GENERATION, stored.attempt)
	);
	assert_eq!((read.max_fee, read.max_price, read.fee), (17, 18, Some(19)));
	assert_eq!((read.submitted_at, read.assigned_at), (21, 47));
	assert_eq!((read.due_at, read.booked_at), (28, Some(29)));
	assert_eq!(read.named_operator, Some(account(Alice)));
	assert_eq!(read.failed, [account(Dave)]);
	assert_eq!(
		(read.lateness.used, read.lateness.since, read.lateness.overdue),
		(30, Some(31), 32)
	);
	assert_eq!(read.state, stored.state);
	let audit = settlement.audit.expect("there is one");
	assert_eq!(
		(audit.phase, audit.spot_check),
		(an_audit().phase, an_audit().spot_check)
	);
	let auditors: Vec<(AccountId, AuditorState)> = audit
		.auditors
		.into_iter()
		.map(|auditor| (auditor.account, auditor.state))
		.collect();
	assert_eq!(
		auditors,
		[(
			account(Charlie),
			AuditorState::Bound {
				digest: Hash32([38; 32])
			}
		)]
	);
}

#[test]
fn receipt_should_prove_that_there_was_no_claim_and_no_audit() {
	let refunded = JobState::Refunded {
		reason: assay_protocol::job::RefundReason::Unassigned,
		refunded: 17,
	};
	let settlement = settlement(|| {
		store();
		pallet_assay_jobs::Jobs::<Runtime>::mutate(JOB, |job| {
			job.as_mut().expect("it was stored").state = refunded.clone();
		});
		pallet_assay_jobs::Claims::<Runtime>::remove(JOB);
		pallet_assay_audits::Audits::<Runtime>::remove(JOB);
	});
	assert_eq!(settlement.record.state, refunded);
	assert_eq!((settlement.claim, settlement.audit), (None, None));
}

/// A pallet whose records change counts its storage version up: receipts have to know both forms then.
#[test]
fn receipt_should_know_the_forms_of_the_records() {
	let forms = [
		pallet_assay_jobs::Pallet::<Runtime>::in_code_storage_version(),
		pallet_assay_audits::Pallet::<Runtime>::in_code_storage_version(),
	];
	assert_eq!(forms, LAYOUTS.map(|(_, form)| StorageVersion::new(form)));
}
