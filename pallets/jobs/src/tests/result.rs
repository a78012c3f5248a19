//! Results and the attacks on them.

use crate::{mock::*, Claims, Error, Event, InFlight};
use assay_exact::{Generation, Input};
use assay_protocol::{
	job::{JobResult, JobState, SignedResult},
	Attempt, JobId,
};
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchError,
};

fn refusal(error: Error<Test>) -> TransactionValidityError {
	InvalidTransaction::Custom(error.encode()[0]).into()
}

fn stale() -> TransactionValidityError {
	InvalidTransaction::Stale.into()
}

#[test]
fn result_should_open_the_window() {
	run(|| {
		let id = a_submitted_job();
		run_to(4);
		let result = result(id, tokens(&[9, STOP]));
		assert_ok!(deliver(signed(ALICE, result.clone())));
		let final_at = 4 + WINDOW;
		assert_eq!(
			state(id),
			JobState::Claimed {
				operator: ALICE,
				price: 2,
				final_at
			}
		);
		// Two tokens take nine units.
		assert_eq!(
			last_event(),
			Event::ResultClaimed {
				job: id,
				attempt: Attempt(0),
				operator: ALICE,
				claim: result.claim,
				fee: 18,
				final_at
			}
		);
		assert_eq!(claimed_output(id), Some(result.output));
		assert!(InFlight::<Test>::get(ALICE).is_empty());
		assert_eq!(held(CONSUMER), 1_000, "nothing is paid before the window is over");
		assert_eq!(committed(ALICE), 18, "it answers for what it claims");
	});
}

#[test]
fn window_should_be_as_long_as_running_takes_what_was_claimed() {
	ReferenceSpeed::set(1);
	run(|| {
		let id = a_submitted_job();
		assert_eq!(crate::Jobs::<Test>::get(id).unwrap().max_units.0, 17);
		// Two tokens take nine units: nine blocks.
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[8, STOP])))));
		let final_at = 1 + WINDOW + 9;
		assert!(matches!(state(id), JobState::Claimed { final_at: at, .. } if at == final_at));
		let open = <JobsPallet as assay_protocol::dispute::Claims<_, _, _>>::claim(id).unwrap();
		assert_eq!((open.run, open.units.0, open.closes_at), (9, 9, final_at));
	});
	ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn result_should_be_taken_though_the_stake_that_backs_it_has_gone() {
	run(|| {
		let id = a_submitted_job();
		bond(ALICE, 1);
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[8, STOP])))));
		assert_eq!(committed(ALICE), 18);
		run_to(2 + WINDOW);
		assert!(matches!(state(id), JobState::Final { .. }));
		assert_eq!(committed(ALICE), 0);
	});
}

#[test]
fn result_should_be_accepted_until_the_deadline() {
	run(|| {
		let (first, second) = (a_submitted_job(), a_submitted_job());
		System::set_block_number(1 + RESULT_PERIOD);
		assert_ok!(deliver(signed(ALICE, result(first, tokens(&[STOP])))));
		System::set_block_number(2 + RESULT_PERIOD);
		assert_eq!(deliver(signed(ALICE, result(second, tokens(&[STOP])))), Err(stale()));
	});
}

#[test]
fn result_should_be_refused_when_another_operator_signs() {
	run(|| {
		offer(DECODER, BOB, 2, 8);
		let id = a_job().named(ALICE).submit(CONSUMER).unwrap();
		let outcome = deliver(signed(BOB, result(id, tokens(&[STOP]))));
		assert_eq!(outcome, Err(InvalidTransaction::BadProof.into()));
		assert_eq!(assigned_to(id), ALICE);
	});
}

#[test]
fn result_should_be_refused_when_it_was_signed_for_another_chain() {
	run(|| {
		let id = a_submitted_job();
		let outcome = deliver(signed_for([7; 32], ALICE, result(id, tokens(&[STOP]))));
		assert_eq!(outcome, Err(InvalidTransaction::BadProof.into()));
	});
}

#[test]
fn result_should_be_refused_when_it_was_changed_after_signing() {
	run(|| {
		let id = a_submitted_job();
		let honest = signed(ALICE, result(id, tokens(&[STOP])));
		let forged = SignedResult {
			result: result(id, tokens(&[9, STOP])),
			..honest
		};
		assert_eq!(deliver(forged), Err(InvalidTransaction::BadProof.into()));
	});
}

#[test]
fn result_should_be_refused_when_the_operator_has_no_worker_key() {
	run(|| {
		let id = a_submitted_job();
		forget_key(ALICE);
		let outcome = deliver(signed(ALICE, result(id, tokens(&[STOP]))));
		assert_eq!(outcome, Err(refusal(Error::NoWorkerKey)));
	});
}

#[test]
fn result_should_be_refused_when_it_answers_another_attempt() {
	run(|| {
		let id = a_submitted_job();
		let outcome = deliver(signed(ALICE, result_of(id, Attempt(1), tokens(&[STOP]))));
		assert_eq!(outcome, Err(stale()));
		let old = signed(ALICE, result(id, tokens(&[STOP])));
		offer(DECODER, BOB, 2, 8);
		run_to(2 + RESULT_PERIOD);
		assert_eq!(assigned_to(id), BOB);
		assert_eq!(deliver(old), Err(stale()));
		assert_ok!(deliver(signed(BOB, result(id, tokens(&[STOP])))));
	});
}

#[test]
fn result_should_be_refused_when_it_comes_twice() {
	run(|| {
		let id = a_submitted_job();
		let result = signed(ALICE, result(id, tokens(&[STOP])));
		assert_ok!(deliver(result.clone()));
		assert_eq!(deliver(result), Err(stale()));
	});
}

#[test]
fn result_should_be_refused_when_the_job_is_unknown_open_or_over() {
	run(|| {
		let id = a_submitted_job();
		let honest = result(id, tokens(&[STOP]));
		let unknown = JobResult {
			job: JobId(99),
			..honest.clone()
		};
		assert_eq!(deliver(signed(ALICE, unknown)), Err(stale()));
		offer(DECODER, ALICE, 0, 0);
		let open = a_submitted_job();
		assert_eq!(deliver(signed(ALICE, result(open, tokens(&[STOP])))), Err(stale()));
		assert_ok!(JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), open));
		assert_eq!(deliver(signed(ALICE, result(open, tokens(&[STOP])))), Err(stale()));
	});
}

#[test]
fn result_should_be_refused_when_the_program_cannot_have_returned_it() {
	run(|| {
		let id = a_submitted_job();
		let refused = |output, error| {
			assert_eq!(deliver(signed(ALICE, result(id, output))), Err(refusal(error)));
			assert_eq!(Claims::<Test>::iter().count(), 0);
		};
		refused(tokens(&[]), Error::EmptyOutput);
		refused(tokens(&[9, 9, 9, 9, 9]), Error::TooManyTokens);
		refused(tokens(&[9, VOCABULARY, 9, 9]), Error::OutputTokenOutOfVocabulary);
		refused(tokens(&[9, 9]), Error::OutputTooShort);
		refused(tokens(&[STOP, 9, 9, 9]), Error::TokensAfterStop);
		refused(tokens(&[9, STOP, STOP]), Error::TokensAfterStop);
		refused(vector(&[0; 8]), Error::WrongOutputKind);
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[9, 9, 9, STOP])))));
	});
}

#[test]
fn result_should_have_every_token_when_stop_tokens_are_ignored() {
	run(|| {
		let generation = Generation {
			ignore_stop: true,
			..a_job().generation
		};
		let id = AJob { generation, ..a_job() }.submit(CONSUMER).unwrap();
		let outcome = deliver(signed(ALICE, result(id, tokens(&[9, STOP]))));
		assert_eq!(outcome, Err(refusal(Error::OutputTooShort)));
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[9, STOP, 9, 9])))));
	});
}

#[test]
fn result_should_have_the_length_of_the_vector() {
	run(|| {
		offer(PERCEPTRON, ALICE, 7, 1);
		let id = a_job()
			.on(PERCEPTRON, Input::Vector(vec![1; 32]))
			.submit(CONSUMER)
			.unwrap();
		for output in [vector(&[1; 7]), vector(&[1; 9]), vector(&[])] {
			assert_eq!(
				deliver(signed(ALICE, result(id, output))),
				Err(refusal(Error::WrongOutputLength))
			);
		}
		assert_eq!(
			deliver(signed(ALICE, result(id, tokens(&[1])))),
			Err(refusal(Error::WrongOutputKind))
		);
		assert_ok!(deliver(signed(ALICE, result(id, vector(&[i32::MIN; 8])))));
		assert_eq!(crate::Jobs::<Test>::get(id).unwrap().fee, Some(7));
	});
}

#[test]
fn result_should_be_refused_when_the_claim_is_for_something_else() {
	run(|| {
		let (first, second) = (a_submitted_job(), a_submitted_job());
		let honest = result(first, tokens(&[9, STOP]));
		let others = [
			result(first, tokens(&[8, STOP])).claim,
			result(second, tokens(&[9, STOP])).claim,
			result_of(first, Attempt(1), tokens(&[9, STOP])).claim,
		];
		for claim in others {
			let forged = JobResult {
				claim,
				..honest.clone()
			};
			assert_eq!(deliver(signed(ALICE, forged)), Err(refusal(Error::ClaimMismatch)));
		}
	});
}

#[test]
fn result_should_be_refused_when_it_comes_from_an_account() {
	run(|| {
		let id = a_submitted_job();
		let result = signed(ALICE, result(id, tokens(&[STOP])));
		for origin in [
			RuntimeOrigin::signed(ALICE),
			RuntimeOrigin::none(),
			RuntimeOrigin::root(),
		] {
			assert_noop!(
				JobsPallet::submit_result(origin, result.clone()),
				DispatchError::BadOrigin
			);
		}
	});
}
