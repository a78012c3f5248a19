//! The agenda: bounded, spilling, and never the only way.

use crate::{mock::*, Agenda, Disputes, Error, Event, OldestDisputeId};
use assay_agenda::SPILL;
use assay_protocol::{
	dispute::{Accusation, Ruling},
	DisputeId, JobId,
};
use frame_support::{assert_noop, assert_ok, weights::Weight};

/// So many disputes about one honest claim, all of whose first clocks run out together.
fn crowd(count: u32) -> JobId {
	let job = claimed(&Worker::new(ALICE, DECODER, Cheat::Honest));
	for index in 0..count {
		let who = [CHARLIE, DAVE][index as usize % 2];
		let accusation = match index / 2 {
			0 => Accusation::Trace,
			head => Accusation::Head { position: 7 + head },
		};
		challenge(who, job, accusation).unwrap();
	}
	job
}

#[test]
fn ended_dispute_should_be_kept_for_its_retention() {
	run(|| {
		crowd(1);
		let dispute = DisputeId(0);
		let ended = 2 + MOVE_PERIOD;
		run_to(ended);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
		run_to(ended + RETENTION - 1);
		assert_noop!(expire(dispute), Error::<Test>::NothingDue);
		next_block();
		assert!(!Disputes::<Test>::contains_key(dispute));
		assert_eq!(events().last(), Some(&Event::DisputePruned { dispute }));
		assert_eq!(OldestDisputeId::<Test>::get(), DisputeId(1));
		assert_noop!(expire(dispute), Error::<Test>::UnknownDispute);
	});
}

#[test]
fn ended_dispute_should_be_pruned_by_anybody() {
	run(|| {
		crowd(1);
		run_to(2 + MOVE_PERIOD);
		System::set_block_number(2 + MOVE_PERIOD + RETENTION);
		assert_ok!(expire(DisputeId(0)));
		assert_eq!(Disputes::<Test>::iter().count(), 0);
		assert_eq!(Agenda::<Test>::iter().count(), 0);
	});
}

#[test]
fn full_agenda_should_spill_to_the_next_blocks() {
	AgendaSize::set(2);
	run(|| {
		crowd(5);
		let first = 2 + MOVE_PERIOD;
		let lengths = (first..first + 3).map(|block| Agenda::<Test>::get(block).len());
		assert_eq!(lengths.collect::<Vec<_>>(), [2, 2, 1]);
		run_to(first + 2);
		// The first struck the claim down, so the others are moot.
		let rulings: Vec<_> = (0..5).map(|id| ruling(DisputeId(id)).unwrap()).collect();
		assert_eq!(rulings[0], Ruling::WorkerSilent);
		assert!(rulings[1..].iter().all(|ruling| *ruling == Ruling::Moot));
	});
	AgendaSize::set(64);
}

#[test]
fn dispute_that_finds_all_agendas_full_should_wait_for_anybody() {
	AgendaSize::set(1);
	run(|| {
		let job = claimed(&Worker::new(ALICE, DECODER, Cheat::Honest));
		for block in 0..=u64::from(SPILL) {
			// Disputes of another life hold the slots.
			Agenda::<Test>::try_append(2 + MOVE_PERIOD + block, DisputeId(1_000)).unwrap();
		}
		let dispute = challenge(CHARLIE, job, Accusation::Trace).unwrap();
		assert_eq!(Disputes::<Test>::get(dispute).unwrap().booked_at, None);
		for block in 0..=u64::from(SPILL) {
			Agenda::<Test>::remove(2 + MOVE_PERIOD + block);
		}
		run_to(10 + MOVE_PERIOD);
		assert_eq!(ruling(dispute), None);
		assert_ok!(expire(dispute));
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
		run_to(10 + MOVE_PERIOD + RETENTION);
		assert_ok!(expire(dispute));
		assert_eq!(Disputes::<Test>::iter().count(), 0);
	});
	AgendaSize::set(64);
}

#[test]
fn agenda_should_do_no_more_than_its_weight_allows() {
	run(|| {
		crowd(6);
		// Two slots read, and room for one look.
		AgendaWeight::set(DisputesPallet::agenda_costs().minimum() + Weight::from_parts(80, 0));
		let ended = || (0..6).filter(|id| ruling(DisputeId(*id)).is_some()).count();
		run_to(2 + MOVE_PERIOD);
		assert!((1..6).contains(&ended()), "{}", ended());
		let before = ended();
		next_block();
		assert!(ended() > before, "what is left is first in the next block");
		run_to(12 + MOVE_PERIOD);
		assert_eq!(ended(), 6);
	});
	AgendaWeight::set(Weight::from_parts(1_000_000_000, 0));
}
