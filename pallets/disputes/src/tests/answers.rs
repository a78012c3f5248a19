//! Answers and the attacks on them.

use crate::{mock::*, Error, Record};
use assay_protocol::{
	dispute::{Accusation, Answer, DisputeAnswer, Ruling, SignedAnswer, Stage},
	DisputeId, JobId,
};
use assay_trace::{
	cell::CellRoots,
	fault::{Exhibit, Target},
	merkle::InclusionProof,
	Group, Hash32,
};
use codec::Encode;
use frame_support::assert_noop;
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError,
};

pub(super) fn refusal(error: Error<Test>) -> Result<(), TransactionValidityError> {
	Err(InvalidTransaction::Custom(error.encode()[0]).into())
}

fn stale() -> Result<(), TransactionValidityError> {
	Err(InvalidTransaction::Stale.into())
}

/// A dispute about an honest decoder's trace.
fn a_dispute() -> (JobId, DisputeId, Worker, Challenger) {
	let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
	let job = claimed(&worker);
	let challenger = Challenger::new(CHARLIE, job);
	let dispute = challenger.challenge(job, Accusation::Trace);
	(job, dispute, worker, challenger)
}

/// Delivers an answer of Alice's to what is asked.
fn try_answer(dispute: DisputeId, answer: Answer) -> Result<(), TransactionValidityError> {
	deliver(signed(ALICE, dispute, stage(dispute), answer))
}

#[test]
fn answer_should_be_stored_as_it_was_shown() {
	run(|| {
		let (_, dispute, worker, challenger) = a_dispute();
		while stage(dispute) != Stage::PointAtStep {
			if stage(dispute).is_workers() {
				worker.act(dispute).unwrap();
			} else {
				challenger.act(dispute).unwrap();
			}
			check();
		}
		let record = DisputesPallet::dispute_record(dispute).unwrap();
		assert_eq!(
			record.groups.map(Answer::Groups),
			Some(worker.answer(Stage::ListGroups))
		);
		let group = Group { row: 0, index: 0 };
		let Answer::Cells { cells, .. } = worker.answer(Stage::OpenGroup { group }) else {
			panic!("a group has cells")
		};
		let opened = assay_protocol::dispute::OpenedCells::Group { group, cells };
		assert_eq!(record.cells, Some(opened));
		let (place, target, exhibit) = record.shown.unwrap();
		assert_eq!(Answer::Shown(exhibit), worker.answer(Stage::Show { place, target }));
	});
}

#[test]
fn garbage_should_be_refused_at_every_stage() {
	run(|| {
		let (_, dispute, worker, _) = a_dispute();
		let hash = Hash32([3; 32]);
		let groups = match worker.answer(Stage::ListGroups) {
			Answer::Groups(groups) => groups,
			other => panic!("{other:?}"),
		};
		assert_eq!(try_answer(dispute, Answer::Groups(vec![])), refusal(Error::WrongGroups));
		assert_eq!(
			try_answer(dispute, Answer::Groups(groups[1..].to_vec())),
			refusal(Error::WrongGroups)
		);
		let mut wrong = groups.clone();
		wrong[2] = hash;
		assert_eq!(try_answer(dispute, Answer::Groups(wrong)), refusal(Error::WrongGroups));
		assert_eq!(
			try_answer(dispute, Answer::Head(CellRoots::default())),
			refusal(Error::WrongAnswerKind)
		);
		worker.act(dispute).unwrap();

		let group = Group { row: 1, index: 1 };
		make(CHARLIE, dispute, assay_dispute::Move::PointAtGroup(group)).unwrap();
		let Answer::Cells { cells, path } = worker.answer(stage(dispute)) else {
			panic!("a group has cells")
		};
		let mut unchained = cells.clone();
		*unchained[0].vectors.last_mut().unwrap() = hash;
		let empty = InclusionProof { path: vec![] };
		for (cells, path) in [
			(unchained, path.clone()),
			(cells[1..].to_vec(), path.clone()),
			(cells.clone(), empty),
			(vec![], path.clone()),
			(vec![CellRoots::default(); cells.len()], path.clone()),
		] {
			assert_eq!(
				try_answer(dispute, Answer::Cells { cells, path }),
				refusal(Error::WrongCells)
			);
		}
		worker.act(dispute).unwrap();

		let place = assay_trace::Place::Cell { row: 1, position: 9 };
		make(
			CHARLIE,
			dispute,
			assay_dispute::Move::PointAtTarget(place, Target::Work),
		)
		.unwrap();
		for exhibit in [
			Exhibit::Values(vec![]),
			Exhibit::Heads(vec![]),
			Exhibit::Chunks(vec![]),
			Exhibit::Cache(vec![vec![1; 40]; 2]),
		] {
			assert_eq!(
				try_answer(dispute, Answer::Shown(exhibit)),
				refusal(Error::WrongExhibit)
			);
		}
		worker.act(dispute).unwrap();
		assert_eq!(stage(dispute), Stage::PointAtStep);
	});
}

#[test]
fn worker_with_nothing_behind_its_trace_should_lose() {
	run(|| {
		let worker = Worker::new(ALICE, ENCODER, Cheat::Root);
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, challenger.accusation().unwrap());
		assert_eq!(worker.act(dispute), refusal(Error::WrongGroups));
		run_to(2 + MOVE_PERIOD);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
	});
}

#[test]
fn head_of_another_shape_should_be_refused() {
	run(|| {
		let worker = Worker::new(ALICE, ENCODER, Cheat::Honest);
		let job = claimed(&worker);
		let dispute = challenge(CHARLIE, job, Accusation::Head { position: 0 }).unwrap();
		assert_eq!(
			try_answer(dispute, Answer::Head(CellRoots::default())),
			refusal(Error::WrongHead)
		);
		worker.act(dispute).unwrap();
	});
}

#[test]
fn answer_should_be_refused_when_another_operator_signs_it() {
	run(|| {
		let (_, dispute, worker, _) = a_dispute();
		let forged = signed(BOB, dispute, stage(dispute), worker.answer(stage(dispute)));
		assert_eq!(deliver(forged), Err(InvalidTransaction::BadProof.into()));
	});
}

#[test]
fn answer_should_be_refused_when_it_was_signed_for_another_chain_or_changed() {
	run(|| {
		let (_, dispute, worker, _) = a_dispute();
		let answer = DisputeAnswer {
			dispute,
			stage: stage(dispute),
			answer: worker.answer(stage(dispute)),
		};
		let elsewhere = signed_for([7; 32], ALICE, answer.clone());
		assert_eq!(deliver(elsewhere), Err(InvalidTransaction::BadProof.into()));
		let SignedAnswer { signature, .. } = signed_for(genesis(), ALICE, answer.clone());
		let changed = DisputeAnswer {
			answer: Answer::Groups(vec![]),
			..answer
		};
		let forged = SignedAnswer {
			answer: changed,
			signature,
		};
		assert_eq!(deliver(forged), Err(InvalidTransaction::BadProof.into()));
	});
}

#[test]
fn answer_should_be_refused_when_it_is_not_due() {
	run(|| {
		let (_, dispute, worker, challenger) = a_dispute();
		let first = signed(ALICE, dispute, Stage::ListGroups, worker.answer(Stage::ListGroups));
		let unknown = signed(ALICE, DisputeId(9), Stage::ListGroups, worker.answer(Stage::ListGroups));
		assert_eq!(deliver(unknown), stale());
		let group = Group { row: 0, index: 0 };
		let early = signed(
			ALICE,
			dispute,
			Stage::OpenGroup { group },
			worker.answer(Stage::OpenGroup { group }),
		);
		assert_eq!(deliver(early.clone()), stale());
		deliver(first.clone()).unwrap();
		assert_eq!(deliver(first), stale(), "it comes twice");
		assert_eq!(deliver(early.clone()), stale(), "the challenger has not pointed");
		let turned = signed(ALICE, dispute, Stage::PointAtGroup, worker.answer(Stage::ListGroups));
		assert_eq!(deliver(turned), stale(), "it is not the worker's turn");
		challenger.act(dispute).unwrap();
		deliver(early).unwrap();
	});
}

#[test]
fn answer_should_be_refused_when_it_is_too_long() {
	run(|| {
		let (_, dispute, worker, _) = a_dispute();
		let answer = signed(ALICE, dispute, stage(dispute), worker.answer(stage(dispute)));
		let length = answer.answer.encoded_size() as u32;
		MaxAnswerBytes::set(length - 1);
		assert_eq!(deliver(answer.clone()), refusal(Error::AnswerTooLong));
		MaxAnswerBytes::set(length);
		deliver(answer).unwrap();
		MaxAnswerBytes::set(1024 * 1024);
	});
}

#[test]
fn answer_should_be_refused_when_the_claim_was_struck_down() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Output(1));
		let job = claimed(&worker);
		let challengers = [CHARLIE, DAVE].map(|who| Challenger::new(who, job));
		let accusation = challengers[0].accusation().unwrap();
		let [first, second] = challengers
			.each_ref()
			.map(|challenger| challenger.challenge(job, accusation));
		play(first, &worker, &challengers[0]);
		let answer = worker.answer(Stage::OpenHead { position: 9 });
		let late = signed(ALICE, second, Stage::OpenHead { position: 9 }, answer);
		assert_eq!(deliver(late), stale());
	});
}

#[test]
fn answer_should_be_refused_when_it_comes_from_an_account() {
	run(|| {
		let (_, dispute, worker, _) = a_dispute();
		let answer = signed(ALICE, dispute, stage(dispute), worker.answer(stage(dispute)));
		for origin in [
			RuntimeOrigin::signed(ALICE),
			RuntimeOrigin::none(),
			RuntimeOrigin::root(),
		] {
			assert_noop!(DisputesPallet::answer(origin, answer.clone()), DispatchError::BadOrigin);
		}
		assert_eq!(Record::<Test>::iter().count(), 0);
	});
}

#[test]
fn what_pays_should_have_room_that_what_is_free_cannot_take() {
	use frame_support::dispatch::{DispatchClass, GetDispatchInfo};
	run(|| {
		let (job, dispute, worker, challenger) = a_dispute();
		let answer = signed(ALICE, dispute, stage(dispute), worker.answer(stage(dispute)));
		let place = assay_trace::Place::Cell { row: 0, position: 0 };
		let calls = [
			crate::Call::<Test>::challenge {
				job,
				claim: claim_of(job),
				accusation: Accusation::Trace,
			},
			crate::Call::point_at_group {
				dispute,
				record: shown(dispute),
				group: Group { row: 0, index: 0 },
			},
			crate::Call::point_at_target {
				dispute,
				record: shown(dispute),
				place,
				target: Target::Cache,
			},
			crate::Call::prove {
				dispute,
				record: shown(dispute),
				proof: challenger.right_step(place),
			},
		];
		for call in calls {
			assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
		}
		for other in [crate::Call::<Test>::answer { answer }, crate::Call::expire { dispute }] {
			assert_eq!(other.get_dispatch_info().class, DispatchClass::Normal);
		}
	});
}
