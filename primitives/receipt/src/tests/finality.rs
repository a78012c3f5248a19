//! Who has to sign.

use super::chain::*;
use crate::{error::Unfinal, AuthoritySet, Error, Finalised, Header, Receipt};
use sp_core::H256;
use sp_keyring::Ed25519Keyring;

/// A block for which `by` voted, while `further` voted for the block after it.
pub(super) fn ahead(header: &Header, set: u64, by: &[Ed25519Keyring], further: Ed25519Keyring) -> Finalised {
	let next = Header {
		parent_hash: header.hash(),
		number: header.number + 1,
		..header.clone()
	};
	let mut block = finalised(header.clone(), set, by);
	let commit = &mut block.justification.commit;
	commit.precommits.push(vote(further, set, next.hash(), next.number));
	block.justification.votes_ancestries.push(next);
	block
}

/// Why the block of a receipt is not final.
fn unfinal(receipt: &Receipt, trusted: &AuthoritySet) -> Unfinal {
	match receipt.verify(trusted, None) {
		Err(Error::Unfinal {
			block: BLOCK,
			set: 5,
			reason,
		}) => reason,
		other => panic!("{other:?}"),
	}
}

fn signed_by(by: &[Ed25519Keyring]) -> Receipt {
	let mut receipt = a_receipt();
	receipt.block = finalised(receipt.block.header, 5, by);
	receipt
}

#[test]
fn three_of_four_are_enough() {
	let four = set(5, &[Alice, Bob, Charlie, Dave]);
	assert!(a_receipt().verify(&four, None).is_ok());
}

#[test]
fn two_thirds_are_too_few() {
	let reason = unfinal(&signed_by(&[Alice, Bob]), &trusted());
	assert_eq!(reason, Unfinal::TooFew { signed: 2, total: 3 });
	let six = set(5, &[Alice, Bob, Charlie, Dave, Eve, Ferdie]);
	assert_eq!(
		unfinal(&signed_by(&[Alice, Bob, Charlie, Dave]), &six),
		Unfinal::TooFew { signed: 4, total: 6 }
	);
	assert_eq!(
		unfinal(&signed_by(&[]), &trusted()),
		Unfinal::TooFew { signed: 0, total: 3 }
	);
}

#[test]
fn weight_counts_and_not_heads() {
	let mut heavy = trusted();
	heavy.authorities[0].1 = 10;
	assert!(signed_by(&[Alice]).verify(&heavy, None).is_ok());
	assert_eq!(
		unfinal(&signed_by(&[Bob, Charlie]), &heavy),
		Unfinal::TooFew { signed: 2, total: 12 }
	);
}

#[test]
fn a_vote_that_comes_twice_counts_once() {
	let reason = unfinal(&signed_by(&[Alice, Bob, Bob]), &trusted());
	assert_eq!(reason, Unfinal::TooFew { signed: 2, total: 3 });
	let many = signed_by(&[Bob; 7]);
	assert_eq!(
		unfinal(&many, &trusted()),
		Unfinal::TooManyVotes { votes: 7, voters: 3 }
	);
}

#[test]
fn authorities_of_another_chain_are_strangers() {
	let others = set(5, &[Dave, Eve, Ferdie]);
	assert!(matches!(unfinal(&a_receipt(), &others), Unfinal::Stranger(key) if key == H256(Alice.public().0)));
	// Also beside enough that are none.
	let receipt = signed_by(&[Alice, Bob, Charlie, Eve]);
	assert!(matches!(unfinal(&receipt, &trusted()), Unfinal::Stranger(key) if key == H256(Eve.public().0)));
}

#[test]
fn signatures_are_for_one_set_only() {
	let mut receipt = a_receipt();
	receipt.block = finalised(receipt.block.header, 4, &[Alice, Bob, Charlie]);
	assert!(matches!(unfinal(&receipt, &trusted()), Unfinal::OlderSet(_)));
	receipt.block = finalised(receipt.block.header, 6, &[Alice, Bob, Charlie]);
	assert!(matches!(unfinal(&receipt, &trusted()), Unfinal::Signature(_)));
}

#[test]
fn votes_for_another_block_are_none_for_this() {
	let mut receipt = a_receipt();
	receipt.block.header.extrinsics_root = H256([1; 32]);
	assert!(matches!(
		unfinal(&receipt, &trusted()),
		Unfinal::OtherBlock { number: BLOCK, .. }
	));
	// Whoever moves the target with the header lacks the signatures.
	let commit = &mut receipt.block.justification.commit;
	commit.target_hash = receipt.block.header.hash();
	assert_eq!(unfinal(&receipt, &trusted()), Unfinal::Ancestry);
	commit_to_target(&mut receipt);
	assert!(matches!(unfinal(&receipt, &trusted()), Unfinal::Signature(_)));
}

fn commit_to_target(receipt: &mut Receipt) {
	let commit = &mut receipt.block.justification.commit;
	for vote in &mut commit.precommits {
		vote.precommit.target_hash = commit.target_hash;
	}
}

#[test]
fn a_vote_for_what_follows_counts_if_it_is_shown_to_follow() {
	let mut receipt = a_receipt();
	receipt.block = ahead(&receipt.block.header, 5, &[Alice, Bob], Charlie);
	assert!(verify(&receipt).is_ok());
	let headers = &mut receipt.block.justification.votes_ancestries;
	let shown = headers.clone();
	headers.clear();
	assert_eq!(unfinal(&receipt, &trusted()), Unfinal::Ancestry);
	// Headers that lead nowhere are refused, and so is one that is shown twice.
	let elsewhere = Header {
		number: 99,
		..shown[0].clone()
	};
	for too_many in [
		vec![shown[0].clone(), elsewhere],
		vec![shown[0].clone(), shown[0].clone()],
	] {
		receipt.block.justification.votes_ancestries = too_many;
		assert_eq!(unfinal(&receipt, &trusted()), Unfinal::Ancestry);
	}
}

#[test]
fn more_headers_than_are_looked_at_are_refused() {
	let mut receipt = a_receipt();
	let header = receipt.block.header.clone();
	receipt.block.justification.votes_ancestries = vec![header; 4_097];
	assert_eq!(
		unfinal(&receipt, &trusted()),
		Unfinal::TooManyHeaders {
			headers: 4_097,
			limit: 4_096
		}
	);
}

#[test]
fn an_empty_set_signs_nothing() {
	for none in [set(5, &[]), {
		let mut weightless = trusted();
		weightless.authorities.iter_mut().for_each(|(_, weight)| *weight = 0);
		weightless
	}] {
		assert_eq!(a_receipt().verify(&none, None), Err(Error::Authorities { set: 5 }));
	}
	let mut heavy = trusted();
	heavy.authorities.iter_mut().for_each(|(_, weight)| *weight = u64::MAX);
	assert_eq!(a_receipt().verify(&heavy, None), Err(Error::Authorities { set: 5 }));
}
