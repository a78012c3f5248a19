//! From one set of authorities to the next.

use super::chain::*;
use crate::{AuthoritySet, BlockNumber, Error, Finalised, Receipt};
use sp_consensus_grandpa::{ConsensusLog, ScheduledChange};

/// Set 5 hands over to set 6, which is others and signs the receipt.
pub(super) fn a_later_receipt() -> Receipt {
	let (header, proof) = proved(&a_state(), BLOCK, JOB);
	Receipt {
		job: JOB,
		set: 6,
		handovers: vec![last_block(30, 5, &[Alice, Bob, Charlie], &[Bob, Charlie, Dave])],
		block: finalised(header, 6, &[Bob, Charlie, Dave]),
		proof,
	}
}

#[test]
fn a_receipt_of_a_later_set_is_verified_by_handovers() {
	let settlement = verify(&a_later_receipt()).unwrap();
	assert_eq!(settlement.set, set(6, &[Bob, Charlie, Dave]));
	// Through two as well, and whoever trusts a later set needs only the rest.
	let mut receipt = a_later_receipt();
	receipt
		.handovers
		.insert(0, last_block(20, 4, &[Eve], &[Alice, Bob, Charlie]));
	for trusted in [set(4, &[Eve]), trusted(), set(6, &[Bob, Charlie, Dave])] {
		assert_eq!(receipt.verify(&trusted, Some(GENESIS)), Ok(settlement.clone()));
	}
}

#[test]
fn a_receipt_of_another_set_names_both() {
	for (trusted, first, receipt) in [
		(4, 5, a_later_receipt()),
		(7, 5, a_later_receipt()),
		(4, 5, a_receipt()),
	] {
		let signed = receipt.set;
		let error = receipt.verify(&set(trusted, &[Alice, Bob, Charlie]), None).unwrap_err();
		assert_eq!(error, Error::OtherSet { trusted, first, signed });
		let words = error.to_string();
		for word in [
			format!("set {trusted}"),
			format!("set {first}"),
			format!("set {signed}"),
		] {
			assert!(words.contains(&word), "{words}");
		}
	}
}

#[test]
fn a_set_number_that_is_too_small_for_the_handovers_is_refused() {
	let mut receipt = a_later_receipt();
	receipt.set = 0;
	assert_eq!(verify(&receipt), Err(Error::Malformed));
}

/// What a verifier of set 5 says of a receipt with another handover.
fn with(handover: Finalised) -> Error {
	let mut receipt = a_later_receipt();
	receipt.handovers = vec![handover];
	verify(&receipt).unwrap_err()
}

#[test]
fn a_set_is_named_by_those_before_it_alone() {
	let by_themselves = last_block(30, 5, &[Bob, Charlie, Dave], &[Bob, Charlie, Dave]);
	assert!(matches!(with(by_themselves), Error::Unfinal { block: 30, set: 5, .. }));
	let by_too_few = last_block(30, 5, &[Alice, Bob], &[Bob, Charlie, Dave]);
	assert!(matches!(with(by_too_few), Error::Unfinal { block: 30, set: 5, .. }));
	// Others that are named did not sign the receipt.
	let to_others = last_block(30, 5, &[Alice, Bob, Charlie], &[Eve]);
	assert!(matches!(
		with(to_others),
		Error::Unfinal {
			block: BLOCK,
			set: 6,
			..
		}
	));
}

#[test]
fn what_is_no_change_at_once_hands_nothing_over() {
	let change = |delay| ScheduledChange {
		next_authorities: list(&[Bob, Charlie, Dave]),
		delay,
	};
	let signed = |number: BlockNumber, log| finalised(announcing(number, log), 5, &[Alice, Bob, Charlie]);
	for log in [
		ConsensusLog::ScheduledChange(change(1)),
		ConsensusLog::ForcedChange(20, change(0)),
		ConsensusLog::OnDisabled(1),
		ConsensusLog::Pause(0),
	] {
		assert_eq!(with(signed(30, log)), Error::NoHandover { block: 30, set: 5 });
	}
	let (plain, _) = proved(&a_state(), 30, JOB);
	let plain = finalised(plain, 5, &[Alice, Bob, Charlie]);
	assert_eq!(with(plain), Error::NoHandover { block: 30, set: 5 });
}

#[test]
fn the_first_of_two_changes_counts() {
	let change = |of: &[_]| {
		ConsensusLog::ScheduledChange(ScheduledChange {
			next_authorities: list(of),
			delay: 0,
		})
	};
	let mut header = announcing(30, change(&[Bob, Charlie, Dave]));
	let second = announcing(30, change(&[Eve])).digest.logs.remove(0);
	header.digest.push(second);
	let handover = finalised(header, 5, &[Alice, Bob, Charlie]);
	let next = handover.hand_over(&trusted()).unwrap();
	assert_eq!(next, set(6, &[Bob, Charlie, Dave]));
}

#[test]
fn after_the_last_set_there_is_none() {
	let last = AuthoritySet {
		id: u64::MAX,
		..trusted()
	};
	let handover = last_block(30, u64::MAX, &[Alice, Bob, Charlie], &[Bob]);
	assert!(matches!(handover.hand_over(&last), Err(Error::NoHandover { .. })));
}
