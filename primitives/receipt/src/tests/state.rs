//! What is read out of the state of a block.

use super::chain::*;
use crate::{record::JobRecord, state::Item, Checkpoint, Error, Receipt};
use assay_protocol::{
	job::{JobInput, JobOutput, JobState},
	JobId,
};
use codec::Encode;
use sp_core::H256;
use sp_crypto_hashing::twox_128;
use std::collections::BTreeMap;

#[test]
fn a_receipt_tells_all_that_the_chain_keeps_of_a_job() {
	let receipt = a_receipt();
	let settlement = verify(&receipt).unwrap();
	assert_eq!(
		(settlement.genesis, settlement.block, settlement.job),
		(GENESIS, BLOCK, JOB)
	);
	assert_eq!(settlement.hash, receipt.block.header.hash());
	assert_eq!(settlement.set, trusted());
	assert_eq!(settlement.record, a_record());
	assert_eq!(settlement.input, an_input());
	assert_eq!(settlement.claim, Some(a_claim(&[258, 467])));
	assert_eq!(settlement.audit, Some(an_audit()));
}

#[test]
fn a_refund_is_proved_and_that_there_is_no_claim() {
	let settlement = verify(&receipt_of(&a_refunded_state(), JOB)).unwrap();
	assert!(matches!(
		settlement.record.state,
		JobState::Refunded { refunded: 500, .. }
	));
	assert_eq!(settlement.claim, None);
	let mut never_claimed = a_refunded_state();
	never_claimed.take(Item::audit(JOB));
	assert_eq!(verify(&receipt_of(&never_claimed, JOB)).unwrap().audit, None);
}

#[test]
fn a_chain_that_is_not_named_is_told() {
	assert_eq!(a_receipt().verify(&trusted(), None).unwrap().genesis, GENESIS);
	let trusted_genesis = H256([0xaa; 32]);
	assert_eq!(
		a_receipt().verify(&trusted(), Some(trusted_genesis)),
		Err(Error::OtherChain {
			trusted: trusted_genesis,
			found: GENESIS
		})
	);
}

/// The claim with another output, and with another root that commits to it.
#[test]
fn an_output_that_was_edited_is_not_in_the_state() {
	let (honest, edited) = (a_claim(&[258, 467]), a_claim(&[258, 468]));
	assert_ne!(honest.root, edited.root);
	for claim in [
		edited.clone(),
		crate::ClaimRecord {
			output: edited.output,
			..honest.clone()
		},
	] {
		// What is longer than a hash is a node of its own.
		let mut receipt = a_receipt();
		let node = receipt.proof.iter_mut().find(|node| **node == honest.encode());
		*node.expect("a claim is a node") = claim.encode();
		assert_eq!(
			verify(&receipt),
			Err(Error::Unproven {
				block: BLOCK,
				what: "the claim"
			})
		);
	}
}

#[test]
fn a_proof_of_another_block_leads_nowhere() {
	let mut other = a_state();
	other.put(Item::claim(JOB), a_claim(&[1]));
	let mut receipt = a_receipt();
	receipt.proof = receipt_of(&other, JOB).proof;
	assert_eq!(
		verify(&receipt),
		Err(Error::Unproven {
			block: BLOCK,
			what: "the hash of the first block"
		})
	);
}

#[test]
fn a_receipt_does_not_serve_for_another_job() {
	let mut receipt = a_receipt();
	receipt.job = JobId(8);
	assert!(matches!(verify(&receipt), Err(Error::Unproven { what: "the job", .. })));
	// Nor does a claim for another job, whatever block it is in.
	let mut stored = a_state();
	stored.put(Item::job(JobId(8)), a_record());
	stored.put(Item::input(JobId(8)), an_input());
	stored.put(Item::claim(JobId(8)), a_claim(&[258, 467]));
	assert_eq!(
		verify(&receipt_of(&stored, JobId(8))),
		Err(Error::OtherClaim { job: JobId(8) })
	);
}

#[test]
fn a_job_that_never_was_or_was_forgotten_has_no_receipt() {
	assert_eq!(
		verify(&receipt_of(&a_state(), JobId(99))),
		Err(Error::NoJob {
			job: JobId(99),
			block: BLOCK
		})
	);
}

#[test]
fn a_job_that_goes_on_has_no_receipt() {
	for state in [
		JobState::Open { expires: 90 },
		JobState::Assigned {
			operator: account(2),
			price: 10,
			deadline: 80,
		},
		JobState::Claimed {
			operator: account(2),
			price: 10,
			final_at: 60,
		},
	] {
		let mut stored = a_state();
		stored.put(Item::job(JOB), JobRecord { state, ..a_record() });
		let error = verify(&receipt_of(&stored, JOB)).unwrap_err();
		assert_eq!(error, Error::NotOver { job: JOB, block: BLOCK });
	}
}

#[test]
fn a_claim_commits_to_all_that_is_beside_it() {
	let record = a_record();
	let other_input = JobInput::Tokens(vec![0, 79].try_into().unwrap());
	let mut claim = a_claim(&[258, 467]);
	claim.output = JobOutput::Tokens(vec![258].try_into().unwrap());
	let mut generation = record.generation;
	generation.max_tokens += 1;
	let records = [
		JobRecord {
			generation,
			..record.clone()
		},
		JobRecord {
			attempt: assay_protocol::Attempt(0),
			..record.clone()
		},
		JobRecord {
			artifact: assay_trace::Hash32([8; 32]),
			..record
		},
	];
	let changed = |change: &dyn Fn(&mut Stored)| {
		let mut stored = a_state();
		change(&mut stored);
		verify(&receipt_of(&stored, JOB))
	};
	let other_claim = Err(Error::OtherClaim { job: JOB });
	assert_eq!(
		changed(&|stored| stored.put(Item::input(JOB), &other_input)),
		other_claim
	);
	assert_eq!(changed(&|stored| stored.put(Item::claim(JOB), &claim)), other_claim);
	assert_eq!(changed(&|stored| stored.take(Item::claim(JOB))), other_claim);
	for record in &records {
		assert_eq!(changed(&|stored| stored.put(Item::job(JOB), record)), other_claim);
	}
	let mut refunded = a_refunded_state();
	refunded.put(Item::claim(JOB), a_claim(&[258, 467]));
	assert_eq!(verify(&receipt_of(&refunded, JOB)), other_claim);
}

#[test]
fn records_of_another_form_are_not_guessed_at() {
	let mut stored = a_state();
	stored.put(Item::layout("Audits"), 99u16);
	assert_eq!(
		verify(&receipt_of(&stored, JOB)),
		Err(Error::Layout {
			pallet: "Audits",
			found: Some(99),
			known: crate::LAYOUTS[1].1
		})
	);
	stored.take(Item::layout("Jobs"));
	assert!(matches!(
		verify(&receipt_of(&stored, JOB)),
		Err(Error::Layout {
			pallet: "Jobs",
			found: None,
			..
		})
	));
	for item in [Item::job, Item::input, Item::claim, Item::audit] {
		let (mut stored, name) = (a_state(), item(JOB).name);
		let longer = [stored.0[&item(JOB).key].clone(), vec![0]].concat();
		stored.0.insert(item(JOB).key, longer);
		let error = verify(&receipt_of(&stored, JOB)).unwrap_err();
		assert_eq!(error, Error::Unreadable { what: name, job: JOB });
	}
}

#[test]
fn nodes_that_prove_nothing_are_refused() {
	let receipt = a_receipt();
	for node in [vec![1, 2, 3], vec![], receipt.proof[0].clone()] {
		let mut longer = receipt.clone();
		longer.proof.push(node);
		assert_eq!(verify(&longer), Err(Error::Superfluous { nodes: 1 }));
	}
}

#[test]
fn every_node_is_needed() {
	let receipt = a_receipt();
	for place in 0..receipt.proof.len() {
		let mut shorter: Receipt = receipt.clone();
		shorter.proof.remove(place);
		assert!(matches!(verify(&shorter), Err(Error::Unproven { .. })), "node {place}");
	}
}

#[test]
fn genesis_says_who_signs_first() {
	let key = [twox_128(b"Grandpa"), twox_128(b"Authorities")].concat();
	let mut stored = a_state();
	stored.0.insert(key.clone(), list(&[Alice, Bob]).encode());
	let checkpoint = Checkpoint::of_genesis(&stored.0).unwrap();
	assert_eq!((checkpoint.after, checkpoint.set), (0, set(0, &[Alice, Bob])));
	// The first block is that of this state.
	stored.put(Item::job(JobId(99)), 1);
	assert_ne!(Checkpoint::of_genesis(&stored.0).unwrap().genesis, checkpoint.genesis);
	stored.0.insert(key, vec![1, 2]);
	assert_eq!(Checkpoint::of_genesis(&stored.0), Err(Error::NoGenesis));
	assert_eq!(Checkpoint::of_genesis(&BTreeMap::new()), Err(Error::NoGenesis));
}
