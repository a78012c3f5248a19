//! The agenda under load.

use crate::{mock::*, Agenda, AgendaCursor, Jobs};
use assay_protocol::job::{JobState, RefundReason};
use frame_support::{
	assert_ok,
	traits::OnPoll,
	weights::{Weight, WeightMeter},
};

fn serve(block: u64, limit: Weight) -> Weight {
	System::set_block_number(block);
	let mut meter = WeightMeter::with_limit(limit);
	<AllPalletsWithSystem as OnPoll<u64>>::on_poll(block, &mut meter);
	meter.consumed()
}

fn unfinished() -> usize {
	Jobs::<Test>::iter_values().filter(|job| job.is_unfinished()).count()
}

#[test]
fn full_agenda_should_spill_to_the_next_block() {
	AgendaSize::set(2);
	run(|| {
		for _ in 0..5 {
			a_submitted_job();
		}
		let slot = 2 + RESULT_PERIOD;
		let booked = |slot| Agenda::<Test>::get(slot).len();
		assert_eq!((booked(slot), booked(slot + 1), booked(slot + 2)), (2, 2, 1));
		check();
		run_to(slot + 2);
		assert_eq!(stake(ALICE), 100_000 - 5 * PENALTY);
	});
	AgendaSize::set(64);
}

#[test]
fn job_should_wait_for_advance_when_all_agendas_are_full() {
	AgendaSize::set(1);
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		for _ in 0..33 {
			a_submitted_job();
		}
		let unbooked = a_submitted_job();
		assert_eq!(Jobs::<Test>::get(unbooked).unwrap().booked_at, None);
		check();
		run_to(1 + OPEN_PERIOD);
		assert!(matches!(state(unbooked), JobState::Open { .. }));
		assert_ok!(JobsPallet::advance(RuntimeOrigin::signed(OTHER_CONSUMER), unbooked));
		assert!(matches!(
			state(unbooked),
			JobState::Refunded {
				reason: RefundReason::Unassigned,
				..
			}
		));
	});
	AgendaSize::set(64);
}

#[test]
fn agenda_should_hold_each_job_once_when_it_moves_on() {
	run(|| {
		let id = a_claimed_job();
		let slots: Vec<_> = Agenda::<Test>::iter().collect();
		assert_eq!(slots.len(), 1);
		assert_eq!((slots[0].0, slots[0].1.to_vec()), (1 + WINDOW, vec![id]));
	});
}

#[test]
fn agenda_should_carry_over_what_a_block_has_no_room_for() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		for _ in 0..6 {
			a_submitted_job();
		}
		let due = 1 + OPEN_PERIOD;
		run_to(due - 1);
		assert_eq!(unfinished(), 6);
		// Room for one step of the dearest kind: a second refund would not be certain to fit.
		let minimum = JobsPallet::agenda_costs().minimum();
		let spent = serve(due, minimum);
		assert!(spent.all_lte(minimum));
		let after_one = unfinished();
		assert!((1..6).contains(&after_one), "{after_one} of 6 are left");
		assert_eq!(AgendaCursor::<Test>::get(), Some(due));
		check();
		let mut block = due;
		while unfinished() > 0 {
			block += 1;
			let before = unfinished();
			serve(block, minimum);
			assert!(unfinished() < before, "every block must make progress");
			check();
		}
		assert!(AgendaCursor::<Test>::get().unwrap() > due);
	});
}

#[test]
fn agenda_should_do_nothing_when_a_block_has_no_room_at_all() {
	run(|| {
		let id = a_claimed_job();
		run_to(WINDOW);
		assert_eq!(serve(1 + WINDOW, Weight::zero()), Weight::zero());
		assert!(matches!(state(id), JobState::Claimed { .. }));
		serve(2 + WINDOW, Weight::MAX);
		assert!(matches!(state(id), JobState::Final { .. }));
	});
}

#[test]
fn agenda_should_keep_within_its_own_limit() {
	run(|| {
		for _ in 0..8 {
			a_claimed_job();
		}
		run_to(WINDOW);
		AgendaWeight::set(JobsPallet::agenda_costs().minimum());
		let spent = serve(1 + WINDOW, Weight::MAX);
		assert!(spent.all_lte(AgendaWeight::get()));
		assert!(unfinished() > 0);
		AgendaWeight::set(Weight::from_parts(1_000_000_000, 0));
		serve(2 + WINDOW, Weight::MAX);
		assert_eq!(unfinished(), 0);
	});
}

#[test]
fn agenda_should_catch_up_when_blocks_were_not_served() {
	run(|| {
		let id = a_claimed_job();
		run_to(3);
		// A migration over several blocks suspends the hook.
		serve(100, Weight::MAX);
		assert!(matches!(state(id), JobState::Final { .. }));
		assert_eq!(AgendaCursor::<Test>::get(), Some(101));
	});
}
