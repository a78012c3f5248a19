//! Who pays whom, to the last unit.

use crate::{mock::*, types::Status, Dispute, Event, HoldReason};
use assay_exact::ComputeUnits;
use assay_protocol::{
	dispute::{Accusation, Ruling, Stage},
	job::{JobState, RefundReason},
	operator::Operators,
	DisputeId, JobId,
};
use frame_support::traits::{
	fungible::{Mutate, MutateHold},
	tokens::Preservation,
};

fn give(from: AccountId, to: AccountId, amount: Balance) {
	<Balances as Mutate<_>>::transfer(&from, &to, amount, Preservation::Expendable).unwrap();
}

/// Plays a dispute about a wrong token of Alice's by `who`.
fn win(who: AccountId) -> JobId {
	let worker = Worker::new(ALICE, DECODER, Cheat::Output(0));
	let job = claimed(&worker);
	let challenger = Challenger::new(who, job);
	let dispute = challenger.challenge(job, challenger.accusation().unwrap());
	play(dispute, &worker, &challenger);
	assert_eq!(ruling(dispute), Some(Ruling::Refuted));
	job
}

#[test]
fn winner_should_have_its_share_and_the_treasury_the_rest() {
	run(|| {
		let treasury = free(TREASURY);
		win(CHARLIE);
		assert_eq!(stake(ALICE), STAKE - PENALTY);
		assert_eq!(free(CHARLIE), FUNDS + PENALTY / 2);
		assert_eq!(free(TREASURY), treasury + PENALTY - PENALTY / 2);
		let operator = StakingPallet::operator_summary(&ALICE).unwrap();
		assert_eq!(operator.faults.wrong_results, 1);
		assert!(
			events().iter().any(|event| matches!(
				event,
				Event::DisputeEnded {
					ruling: Ruling::Refuted,
					penalty: PENALTY,
					..
				}
			)),
			"{:?}",
			events()
		);
	});
}

#[test]
fn penalty_should_have_a_floor_and_not_exceed_the_stake() {
	for (minimum, expected) in [(PENALTY + 7, PENALTY + 7), (STAKE + 1, STAKE)] {
		MinWrongResultPenalty::set(minimum);
		run(|| {
			win(CHARLIE);
			assert_eq!(stake(ALICE), STAKE - expected);
			assert_eq!(free(CHARLIE), FUNDS + expected / 2);
		});
	}
	MinWrongResultPenalty::set(1_000);
}

#[test]
fn consumer_should_have_its_escrow_back_when_attempts_end() {
	run(|| {
		let job = win(CHARLIE);
		assert!(matches!(job_state(job), JobState::Assigned { operator: BOB, .. }));
		let worker = Worker::new(BOB, DECODER, Cheat::Output(4));
		deliver_result(result(BOB, worker.statement(), job)).unwrap();
		let challenger = Challenger::new(DAVE, job);
		let dispute = challenger.challenge(job, challenger.accusation().unwrap());
		play(dispute, &worker, &challenger);
		assert_eq!(
			job_state(job),
			JobState::Refunded {
				reason: RefundReason::AttemptsExhausted,
				refunded: MAX_FEE
			}
		);
		assert_eq!(free(CONSUMER), FUNDS);
		assert_eq!([ALICE, BOB].map(stake), [STAKE - PENALTY; 2]);
		assert_eq!(free(DAVE), FUNDS + PENALTY / 2);
		let committed = |who| pallet_assay_staking::Operators::<Test>::get(who).unwrap().committed;
		assert_eq!([ALICE, BOB].map(committed), [0; 2]);
	});
}

#[test]
fn loser_should_pay_the_operator_and_the_treasury() {
	run(|| {
		let worker = Worker::new(ALICE, PERCEPTRON, Cheat::Honest);
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, Accusation::Trace);
		let before = free(ALICE);
		play(dispute, &worker, &challenger);
		// Half of it; the rest pays for the room that the answers took.
		assert_eq!(free(ALICE), before + BOND / 2);
		for to in [ALICE, TREASURY] {
			let amount = BOND / 2;
			assert!(events().contains(&Event::BondForfeited { dispute, to, amount }));
		}
	});
}

#[test]
fn bond_that_the_operator_cannot_take_should_go_to_the_treasury_or_be_burned() {
	let ghost = 77;
	let small = EXISTENTIAL_DEPOSIT / 2;
	let dispute = Dispute::<Test> {
		job: JobId(0),
		attempt: Default::default(),
		challenger: CHARLIE,
		operator: ghost,
		accusation: Accusation::Trace,
		drawn: false,
		run: 0,
		units: ComputeUnits(0),
		opened_at: 1,
		moved_at: 0,
		bond: small,
		deadline: 1,
		late: false,
		record: Default::default(),
		status: Status::Open(Stage::ListGroups),
		booked_at: None,
	};
	new_test_ext().execute_with(|| {
		let (id, issuance) = (DisputeId(0), Balances::total_issuance());
		let treasury = free(TREASURY);
		Balances::hold(&HoldReason::Bond.into(), &CHARLIE, small).unwrap();
		DisputesPallet::forfeit_bond(id, &dispute).unwrap();
		assert_eq!(free(TREASURY), treasury + small);
		assert_eq!(Balances::total_issuance(), issuance);

		give(TREASURY, CONSUMER, free(TREASURY));
		Balances::hold(&HoldReason::Bond.into(), &CHARLIE, small).unwrap();
		DisputesPallet::forfeit_bond(id, &dispute).unwrap();
		assert_eq!(
			events().pop(),
			Some(Event::BondBurned {
				dispute: id,
				amount: small - small / 2
			})
		);
		assert_eq!(Balances::total_issuance(), issuance - small);
		assert_eq!(held(CHARLIE), 0);
	});
}

#[test]
fn who_cheats_and_challenges_itself_should_get_back_its_share_at_most() {
	run(|| {
		// The operator's own account challenges: it answers itself, or stays silent.
		give(CONSUMER, ALICE, BOND);
		let wealth = |who| free(who) + held(who) + stake(who);
		let before = wealth(ALICE);
		win(ALICE);
		assert_eq!(wealth(ALICE), before - PENALTY + PENALTY / 2);

		let worker = Worker::new(BOB, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		give(CONSUMER, BOB, BOND);
		let before = wealth(BOB);
		challenge(BOB, job, Accusation::Trace).unwrap();
		run_to(2 + MOVE_PERIOD);
		assert_eq!(wealth(BOB), before - PENALTY + PENALTY / 2);
	});
}

#[test]
fn p10_who_challenges_itself_in_vain_should_pay_for_its_answers() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		give(CONSUMER, ALICE, BOND);
		let before = free(ALICE);
		let challenger = Challenger::new(ALICE, job);
		let dispute = challenger.challenge(job, Accusation::Trace);
		play(dispute, &worker, &challenger);
		assert_eq!(ruling(dispute), Some(Ruling::Upheld));
		assert_eq!((free(ALICE), held(ALICE)), (before - BOND / 2, 0));
	});
}

#[test]
fn challenger_who_opens_many_disputes_should_pay_for_each_and_delay_no_longer() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		run_to(WINDOW);
		let accusations = (8..13)
			.map(|position| Accusation::Head { position })
			.chain([Accusation::Trace]);
		let disputes: Vec<_> = accusations
			.map(|accusation| challenge(CHARLIE, job, accusation).unwrap())
			.collect();
		assert_eq!(held(CHARLIE), 6 * BOND);
		let before = free(ALICE);
		for dispute in &disputes {
			worker.act(*dispute).unwrap();
		}
		// It never points.
		run_to(WINDOW + MOVE_PERIOD + 1);
		assert!(disputes
			.iter()
			.all(|dispute| ruling(*dispute) == Some(Ruling::ChallengerSilent)));
		assert_eq!(free(ALICE), before + 3 * BOND);
		next_block();
		assert!(matches!(job_state(job), JobState::Final { operator: ALICE, .. }));
	});
}

#[test]
fn stake_should_not_leave_while_a_claim_is_disputed() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Output(2));
		let job = claimed(&worker);
		StakingPallet::chill(RuntimeOrigin::signed(ALICE)).unwrap();
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, challenger.accusation().unwrap());
		System::set_block_number(500);
		assert!(StakingPallet::unbond(RuntimeOrigin::signed(ALICE), ALICE, STAKE).is_err());
		System::set_block_number(2);
		play(dispute, &worker, &challenger);
		assert_eq!(<StakingPallet as Operators<_, _>>::stake(&ALICE), STAKE - PENALTY);
	});
}
