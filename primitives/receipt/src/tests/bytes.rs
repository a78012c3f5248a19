//! The form of a receipt, and bytes of strangers.

use super::chain::*;
use crate::{AuthoritySet, Error, Finalised, Receipt, Settlement, MAGIC, MAX_BYTES};
use codec::Encode;
use proptest::prelude::*;

/// What bytes prove.
fn proves(bytes: &[u8], trusted: &AuthoritySet) -> Result<Settlement, Error> {
	Receipt::from_bytes(bytes)?.verify(trusted, Some(GENESIS))
}

/// A receipt of set 6 with the handover from set 5 and a vote for a block further on: all that a receipt can have.
fn a_full_receipt() -> Receipt {
	let mut receipt = super::handovers::a_later_receipt();
	receipt.block = super::finality::ahead(&receipt.block.header, 6, &[Bob, Charlie], Dave);
	receipt
}

#[test]
fn a_receipt_is_read_as_it_was_written() {
	for receipt in [a_receipt(), a_full_receipt()] {
		let bytes = receipt.to_bytes();
		assert!(bytes.starts_with(&MAGIC));
		assert_eq!(Receipt::from_bytes(&bytes), Ok(receipt));
	}
}

#[test]
fn no_changed_byte_is_missed() {
	let bytes = a_full_receipt().to_bytes();
	assert!(bytes.len() < 6_000, "{} bytes take too long", bytes.len());
	assert!(proves(&bytes, &trusted()).is_ok());
	for place in 0..bytes.len() {
		for change in [1 << (place % 8), 0xff] {
			let mut changed = bytes.clone();
			changed[place] ^= change;
			let proved = proves(&changed, &trusted());
			assert!(proved.is_err(), "byte {place} of {} counts for nothing", bytes.len());
		}
	}
}

#[test]
fn what_is_cut_off_or_goes_on_is_no_receipt() {
	let bytes = a_receipt().to_bytes();
	for length in 0..bytes.len() {
		let error = Receipt::from_bytes(&bytes[..length]).unwrap_err();
		let expected = if length < MAGIC.len() {
			Error::NotAReceipt
		} else {
			Error::Malformed
		};
		assert_eq!(error, expected, "{length} bytes");
	}
	let longer = [&bytes[..], &[0]].concat();
	assert_eq!(Receipt::from_bytes(&longer), Err(Error::Malformed));
}

#[test]
fn what_is_too_long_is_not_looked_at() {
	let bytes = vec![0; MAX_BYTES + 1];
	assert_eq!(Receipt::from_bytes(&bytes), Err(Error::TooLong { bytes: bytes.len() }));
	assert_eq!(Receipt::from_bytes(&bytes[1..]), Err(Error::NotAReceipt));
}

#[test]
fn what_promises_more_than_it_has_takes_no_memory() {
	// So many handovers, nodes, or bytes of a node as a compact number can say.
	let most = [0xfe, 0xff, 0xff, 0xff];
	let until = |end: usize| a_receipt().to_bytes()[..end].to_vec();
	let receipt = a_receipt();
	let before_handovers = MAGIC.len() + (receipt.job, receipt.set).encoded_size();
	let before_nodes = before_handovers + (receipt.handovers, receipt.block).encoded_size();
	for start in [before_handovers, before_nodes, before_nodes + 1] {
		let bytes = [&until(start)[..], &most].concat();
		assert_eq!(
			Receipt::from_bytes(&bytes),
			Err(Error::Malformed),
			"after {start} bytes"
		);
	}
}

/// Changes one part of a receipt.
fn changed(receipt: &mut Receipt, part: usize, by: u8) {
	let by = by.max(1);
	let Receipt {
		job,
		set,
		handovers,
		block: Finalised { header, justification },
		proof,
	} = receipt;
	match part {
		0 => job.0 ^= u64::from(by),
		1 => *set ^= u64::from(by),
		2 => handovers.clear(),
		3 => {
			handovers[0] = Finalised {
				header: header.clone(),
				justification: justification.clone(),
			}
		}
		4 => header.number ^= u32::from(by),
		5 => header.parent_hash.0[0] ^= by,
		6 => header.state_root.0[0] ^= by,
		7 => header.extrinsics_root.0[0] ^= by,
		8 => header.digest.push(sp_runtime::DigestItem::Other(vec![by])),
		9 => justification.round ^= u64::from(by),
		10 => justification.commit.target_hash.0[0] ^= by,
		11 => justification.commit.target_number ^= u32::from(by),
		12 => drop(justification.commit.precommits.pop()),
		13 => justification.commit.precommits[0].precommit.target_number ^= u32::from(by),
		14 => justification.votes_ancestries.clear(),
		15 => drop(proof.pop()),
		16 => proof.push(vec![by]),
		_ => proof[0].push(by),
	}
}

proptest! {
	#[test]
	fn every_part_of_a_receipt_counts(part in 0usize..18, by: u8) {
		let mut receipt = a_full_receipt();
		changed(&mut receipt, part, by);
		prop_assert!(receipt.verify(&trusted(), Some(GENESIS)).is_err());
	}

	#[test]
	fn bytes_of_strangers_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
		prop_assert!(proves(&bytes, &trusted()).is_err());
		let begun = [&MAGIC[..], &bytes].concat();
		prop_assert!(proves(&begun, &trusted()).is_err());
	}

	#[test]
	fn changed_stretches_are_refused(from in 0usize..4_000, stretch in prop::collection::vec(any::<u8>(), 1..40)) {
		let bytes = a_full_receipt().to_bytes();
		let mut changed = bytes.clone();
		for (place, byte) in stretch.iter().enumerate() {
			if let Some(place) = changed.get_mut(from % bytes.len() + place) {
				*place = *byte;
			}
		}
		prop_assert_eq!(proves(&changed, &trusted()).is_ok(), changed == bytes);
	}
}
