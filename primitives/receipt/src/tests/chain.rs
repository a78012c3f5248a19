//! A chain for tests.

use crate::{
	record::{AuditRecord, AuditorRecord, ClaimRecord, JobRecord, LAYOUTS},
	state::{keys, Item},
	AuthoritySet, BlockNumber, Error, Finalised, Header, Receipt, Settlement,
};
use assay_exact::{ComputeUnits, Generation, Input, Output, Sampler};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditorState},
	job::{JobInput, JobOutput, JobState, RefundReason},
	Attempt, JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_trace::{claim::claim_root, Hash32, TraceRoot};
use codec::Encode;
use finality_grandpa::{Commit, Message, Precommit, SignedPrecommit};
use sp_consensus_grandpa::{
	localized_payload, AuthorityList, ConsensusLog, GrandpaJustification, ScheduledChange, GRANDPA_ENGINE_ID,
};
use sp_core::{Pair, H256};
use sp_keyring::Ed25519Keyring;
use sp_runtime::{traits::BlakeTwo256, AccountId32, DigestItem, StateVersion};
use sp_state_machine::{prove_read, Backend, InMemoryBackend};
use std::collections::BTreeMap;

pub(super) use sp_keyring::Ed25519Keyring::{Alice, Bob, Charlie, Dave, Eve, Ferdie};

/// The job of these receipts.
pub(super) const JOB: JobId = JobId(7);
/// The block that they are of.
pub(super) const BLOCK: BlockNumber = 40;
/// The round in which it was voted on.
const ROUND: u64 = 3;
/// The first block of the chain.
pub(super) const GENESIS: H256 = H256([0xce; 32]);

/// A set of authorities with the same weight each.
pub(super) fn set(id: u64, of: &[Ed25519Keyring]) -> AuthoritySet {
	AuthoritySet {
		id,
		authorities: list(of),
	}
}

pub(super) fn list(of: &[Ed25519Keyring]) -> AuthorityList {
	of.iter().map(|key| (key.public().into(), 1)).collect()
}

pub(super) fn account(byte: u8) -> AccountId32 {
	AccountId32::new([byte; 32])
}

/// What is stored, by key.
#[derive(Clone)]
pub(super) struct Stored(pub(super) BTreeMap<Vec<u8>, Vec<u8>>);

impl Stored {
	pub(super) fn put(&mut self, item: Item, value: impl Encode) {
		self.0.insert(item.key, value.encode());
	}

	pub(super) fn take(&mut self, item: Item) {
		self.0.remove(&item.key);
	}
}

/// The input of the job.
pub(super) fn an_input() -> JobInput {
	JobInput::Tokens(vec![0, 79, 3353].try_into().unwrap())
}

/// The record of a job that is final.
pub(super) fn a_record() -> JobRecord {
	JobRecord {
		consumer: account(1),
		version: ModelVersion {
			model: ModelId(2),
			version: VersionNumber(1),
		},
		artifact: Hash32([9; 32]),
		generation: Generation {
			sampler: Sampler::Greedy,
			max_tokens: 4,
			ignore_stop: false,
		},
		input_positions: 3,
		max_units: ComputeUnits(50),
		max_fee: 500,
		max_price: 10,
		fee: Some(430),
		claimed_units: Some(ComputeUnits(43)),
		named_operator: None,
		submitted_at: 5,
		assigned_at: 12,
		attempt: Attempt(1),
		failed: vec![account(4)],
		holds: 0,
		lateness: Default::default(),
		state: JobState::Final {
			operator: account(2),
			paid: 400,
			royalty: 8,
			treasury: 22,
			audits: 0,
			refunded: 70,
		},
		due_at: 14_430,
		booked_at: Some(14_430),
	}
}

/// The claim of that job with this output.
pub(super) fn a_claim(output: &[u32]) -> ClaimRecord {
	let (record, trace) = (a_record(), TraceRoot(Hash32([5; 32])));
	let output = output.to_vec();
	ClaimRecord {
		output: JobOutput::Tokens(output.clone().try_into().unwrap()),
		trace,
		root: claim_root(
			JOB.0,
			record.attempt.0,
			&record.artifact,
			&Input::from(an_input()),
			&record.generation,
			&Output::Tokens(output),
			&trace,
		),
	}
}

/// The audit of that claim.
pub(super) fn an_audit() -> AuditRecord {
	AuditRecord {
		attempt: Attempt(1),
		version: a_record().version,
		operator: account(2),
		made_at: 20,
		phase: AuditPhase::Over(AuditOutcome::Passed),
		spot_check: None,
		auditors: vec![AuditorRecord {
			account: account(3),
			state: AuditorState::Done,
			deadline: 30,
			excused: false,
			contradicted: false,
			vouched: true,
			drawn_at: 21,
			recalled: false,
		}],
		draws: 1,
		waits_until: None,
		units: ComputeUnits(43),
		late: false,
		values_of: None,
		booked_at: None,
	}
}

/// The state of a chain on which the job is final, among others of which nothing is known but that they are.
pub(super) fn a_state() -> Stored {
	let mut stored = Stored(BTreeMap::new());
	for other in (0..40).map(JobId).filter(|job| *job != JOB) {
		stored.put(Item::job(other), [0xee; 200]);
		stored.put(Item::input(other), [0xee; 60]);
	}
	stored.put(Item::genesis(), GENESIS);
	for (pallet, form) in LAYOUTS {
		stored.put(Item::layout(pallet), form);
	}
	stored.put(Item::job(JOB), a_record());
	stored.put(Item::input(JOB), an_input());
	stored.put(Item::claim(JOB), a_claim(&[258, 467]));
	stored.put(Item::audit(JOB), an_audit());
	stored
}

/// The same with the job refunded.
pub(super) fn a_refunded_state() -> Stored {
	let mut stored = a_state();
	stored.put(
		Item::job(JOB),
		JobRecord {
			fee: None,
			claimed_units: None,
			state: JobState::Refunded {
				reason: RefundReason::AttemptsExhausted,
				refunded: 500,
			},
			..a_record()
		},
	);
	stored.take(Item::claim(JOB));
	stored
}

/// A header over a state, and what proves of it what a receipt shows.
pub(super) fn proved(stored: &Stored, number: BlockNumber, job: JobId) -> (Header, Vec<Vec<u8>>) {
	let backend: InMemoryBackend<BlakeTwo256> = (stored.0.clone(), StateVersion::V1).into();
	let root = *Backend::<BlakeTwo256>::storage_root(&backend, std::iter::empty(), StateVersion::V1)
		.0
		.as_fixed_bytes();
	let header = Header {
		parent_hash: H256([0xab; 32]),
		number,
		state_root: H256(root),
		extrinsics_root: H256([0xcd; 32]),
		digest: Default::default(),
	};
	let proof = prove_read(backend, keys(job)).unwrap();
	(header, proof.into_iter_nodes().collect())
}

/// A vote for a block.
pub(super) fn vote(
	by: Ed25519Keyring,
	set: u64,
	hash: H256,
	number: BlockNumber,
) -> SignedPrecommit<H256, BlockNumber, sp_consensus_grandpa::AuthoritySignature, sp_consensus_grandpa::AuthorityId> {
	let precommit = Precommit {
		target_hash: hash,
		target_number: number,
	};
	let payload = localized_payload(ROUND, set, &Message::Precommit(precommit.clone()));
	SignedPrecommit {
		precommit,
		signature: by.pair().sign(&payload).into(),
		id: by.public().into(),
	}
}

/// A block with the votes of some for it.
pub(super) fn finalised(header: Header, set: u64, by: &[Ed25519Keyring]) -> Finalised {
	let (hash, number) = (header.hash(), header.number);
	let precommits = by.iter().map(|key| vote(*key, set, hash, number)).collect();
	Finalised {
		header,
		justification: GrandpaJustification {
			round: ROUND,
			commit: Commit {
				target_hash: hash,
				target_number: number,
				precommits,
			},
			votes_ancestries: vec![],
		},
	}
}

/// The last block of a set, which announces the next.
pub(super) fn last_block(number: BlockNumber, set: u64, by: &[Ed25519Keyring], next: &[Ed25519Keyring]) -> Finalised {
	let change = ConsensusLog::ScheduledChange(ScheduledChange {
		next_authorities: list(next),
		delay: 0,
	});
	finalised(announcing(number, change), set, by)
}

/// A header that announces something to those who vote.
pub(super) fn announcing(number: BlockNumber, log: ConsensusLog<BlockNumber>) -> Header {
	let (mut header, _) = proved(&a_state(), number, JOB);
	header
		.digest
		.push(DigestItem::Consensus(GRANDPA_ENGINE_ID, log.encode()));
	header
}

/// The receipt of a job in a state, signed by set 5: Alice, Bob and Charlie.
pub(super) fn receipt_of(stored: &Stored, job: JobId) -> Receipt {
	let (header, proof) = proved(stored, BLOCK, job);
	Receipt {
		job,
		set: 5,
		handovers: vec![],
		block: finalised(header, 5, &[Alice, Bob, Charlie]),
		proof,
	}
}

pub(super) fn a_receipt() -> Receipt {
	receipt_of(&a_state(), JOB)
}

/// Those who sign these receipts.
pub(super) fn trusted() -> AuthoritySet {
	set(5, &[Alice, Bob, Charlie])
}

pub(super) fn verify(receipt: &Receipt) -> Result<Settlement, Error> {
	receipt.verify(&trusted(), Some(GENESIS))
}
