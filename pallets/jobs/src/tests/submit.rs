//! Submitting a job.

use crate::{mock::*, Error, Event, JobsOf, NextJobId};
use assay_exact::{Generation, Input, Sampler};
use assay_protocol::{job::JobState, Attempt, JobId};
use frame_support::{assert_noop, dispatch::GetDispatchInfo};
use sp_runtime::TokenError;

#[test]
fn submit_should_hold_the_escrow_and_assign_when_an_operator_is_free() {
	run(|| {
		let id = a_submitted_job();
		assert_eq!(id, JobId(0));
		assert_eq!(held(CONSUMER), 1_000);
		assert_eq!(free(CONSUMER), FUNDS - 1_000);
		let deadline = 1 + RESULT_PERIOD;
		assert_eq!(
			state(id),
			JobState::Assigned {
				operator: ALICE,
				price: 2,
				deadline
			}
		);
		assert_eq!(committed(ALICE), 34);
		assert_eq!(
			events(),
			vec![
				Event::JobSubmitted {
					job: id,
					consumer: CONSUMER,
					version: DECODER,
					max_fee: 1_000,
					room: 0,
				},
				Event::JobAssigned {
					job: id,
					attempt: Attempt(0),
					operator: ALICE,
					price: 2,
					deadline
				},
			]
		);
		assert!(JobsOf::<Test>::contains_key(CONSUMER, id));
		assert_eq!(a_submitted_job(), JobId(1));
	});
}

#[test]
fn submit_should_wait_open_when_nobody_is_free() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		let id = a_submitted_job();
		assert_eq!(
			state(id),
			JobState::Open {
				expires: 1 + OPEN_PERIOD
			}
		);
		assert_eq!(held(CONSUMER), 1_000);
		assert_eq!(events().len(), 1);
	});
}

#[test]
fn p16_job_that_nobody_takes_should_be_refused_at_once() {
	run(|| {
		assert_eq!(assigned_to(a_job().with_fee(34).submit(CONSUMER).unwrap()), ALICE);
		assert_noop!(a_job().with_fee(33).submit(CONSUMER), Error::<Test>::NoOffer);
		assert_noop!(a_job().with_price(1).submit(CONSUMER), Error::<Test>::NoOffer);
		state_terms(DECODER, ALICE, FAST, 16);
		assert_noop!(a_job().submit(CONSUMER), Error::<Test>::NoOffer);
		withdraw_offer(DECODER, ALICE);
		assert_noop!(a_job().submit(CONSUMER), Error::<Test>::NoOffer);
	});
}

#[test]
fn p11_job_that_takes_too_long_to_look_at_should_be_refused() {
	run(|| {
		// 17 units at one a second and slots of a second.
		ReferenceSpeed::set(1);
		assert_eq!(assigned_to(a_submitted_job()), ALICE);
		let long = a_job().on(DECODER, Input::Tokens(vec![1; 100])).with_fee(100_000);
		assert_noop!(long.with_tokens(1_000).submit(CONSUMER), Error::<Test>::JobTooLarge);
		ReferenceSpeed::set(FAST);
	});
}

#[test]
fn p20_unnamed_job_should_be_assigned_by_what_is_not_known_when_it_is_submitted() {
	run(|| {
		AssignmentDelay::set(2);
		let id = a_submitted_job();
		assert_eq!(events().len(), 1);
		next_block();
		let anybody = RuntimeOrigin::signed(OTHER_CONSUMER);
		assert_noop!(
			JobsPallet::advance(anybody, id).map_err(|e| e.error),
			Error::<Test>::NothingDue
		);
		assert!(matches!(state(id), JobState::Open { .. }));
		next_block();
		assert_eq!(assigned_to(id), ALICE);
		// Whoever names its operator draws nobody.
		let named = a_job().named(ALICE).submit(CONSUMER).unwrap();
		assert_eq!(assigned_to(named), ALICE);
		AssignmentDelay::set(0);
	});
}

#[test]
fn submit_should_not_overflow_when_a_price_is_absurd() {
	run(|| {
		offer(DECODER, ALICE, Balance::MAX, 8);
		assert_noop!(a_job().submit(CONSUMER), Error::<Test>::NoOffer);
		assert_noop!(a_job().named(ALICE).submit(CONSUMER), Error::<Test>::OperatorTooDear);
	});
}

#[test]
fn submit_should_fail_when_the_version_is_unknown() {
	run(|| {
		let job = a_job().on(UNKNOWN, Input::Tokens(vec![1]));
		assert_noop!(job.submit(CONSUMER), Error::<Test>::UnknownVersion);
	});
}

#[test]
fn submit_should_fail_when_the_version_is_retired() {
	run(|| {
		retire(DECODER);
		assert_noop!(a_job().submit(CONSUMER), Error::<Test>::VersionRetired);
	});
}

#[test]
fn submit_should_fail_when_the_consumer_has_too_little_money() {
	run(|| {
		let most = FUNDS - EXISTENTIAL_DEPOSIT;
		assert_noop!(
			a_job().with_fee(most + 1).submit(CONSUMER),
			TokenError::FundsUnavailable
		);
		assert_noop!(a_job().submit(999), TokenError::FundsUnavailable);
		a_job().with_fee(most).submit(CONSUMER).unwrap();
		assert_eq!(held(CONSUMER), most);
	});
}

#[test]
fn submit_should_fail_when_the_input_does_not_fit_the_model() {
	run(|| {
		let refused = |version, input, error: Error<Test>| {
			assert_noop!(a_job().on(version, input).submit(CONSUMER), error);
		};
		refused(DECODER, Input::Tokens(vec![]), Error::EmptyInput);
		refused(DECODER, Input::Tokens(vec![VOCABULARY]), Error::TokenOutOfVocabulary);
		refused(DECODER, Input::Vector(vec![0; 32]), Error::WrongInputKind);
		refused(PERCEPTRON, Input::Tokens(vec![0; 32]), Error::WrongInputKind);
		refused(PERCEPTRON, Input::Vector(vec![0; 31]), Error::WrongInputKind);
		refused(ENCODER, Input::Tokens(vec![1; 17]), Error::TooManyPositions);
		refused(WIDE, Input::Vector(vec![0; 32]), Error::OutputTooLong);
	});
}

#[test]
fn submit_should_fail_when_the_generation_does_not_fit_the_model() {
	run(|| {
		assert_noop!(a_job().with_tokens(0).submit(CONSUMER), Error::<Test>::BadGeneration);
		assert_noop!(
			a_job().with_tokens(1_025).submit(CONSUMER),
			Error::<Test>::OutputTooLong
		);
		let long = a_job().on(DECODER, Input::Tokens(vec![1; 100])).with_fee(100_000);
		assert_noop!(
			long.clone().with_tokens(1_001).submit(CONSUMER),
			Error::<Test>::TooManyPositions
		);
		long.with_tokens(1_000).submit(CONSUMER).unwrap();
		let cold = Sampler::Gumbel {
			inverse_temperature: 0,
			seed: [0; 32],
		};
		let job = AJob {
			generation: Generation {
				sampler: cold,
				max_tokens: 4,
				ignore_stop: false,
			},
			..a_job()
		};
		assert_noop!(job.submit(CONSUMER), Error::<Test>::BadGeneration);
	});
}

#[test]
fn submit_should_ignore_the_generation_when_the_model_returns_a_vector() {
	run(|| {
		offer(ENCODER, ALICE, 1, 8);
		let id = a_job()
			.on(ENCODER, Input::Tokens(vec![1; 16]))
			.with_tokens(u32::MAX)
			.submit(CONSUMER)
			.unwrap();
		assert_eq!(assigned_to(id), ALICE);
	});
}

#[test]
fn submit_should_fail_when_identifiers_are_used_up() {
	run(|| {
		NextJobId::<Test>::put(JobId(u64::MAX));
		assert_noop!(a_job().submit(CONSUMER), Error::<Test>::JobIdsExhausted);
		NextJobId::<Test>::put(JobId(0));
	});
}

#[test]
fn submit_should_cost_by_the_offers_it_considered() {
	run(|| {
		use crate::WeightInfo;
		let call = crate::Call::<Test>::submit {
			version: DECODER,
			input: assay_protocol::job::JobInput::try_from(a_job().input).unwrap(),
			generation: a_job().generation,
			max_fee: 1_000,
			max_price: 2,
			operator: None,
		};
		assert_eq!(call.get_dispatch_info().call_weight, JobsPallet::submit_weight(64, 3));
		let post =
			sp_runtime::traits::Dispatchable::dispatch(RuntimeCall::JobsPallet(call), RuntimeOrigin::signed(CONSUMER));
		assert_eq!(post.unwrap().actual_weight, Some(JobsPallet::submit_weight(1, 3)));
		// What it makes the chain do later is paid for too.
		let life = [
			<()>::submit(1, 3),
			<()>::advance_assign(1),
			<()>::authorize_submit_result(),
			<()>::submit_result(),
			<()>::advance_finalise(),
			<()>::advance_prune(),
		];
		let life = life
			.into_iter()
			.fold(frame_support::weights::Weight::zero(), |all, part| {
				all.saturating_add(part)
			});
		assert!(JobsPallet::submit_weight(1, 3).all_gte(life));
	});
}

#[test]
fn what_is_free_should_leave_the_room_that_is_kept_for_challenges() {
	use frame_support::dispatch::DispatchClass;
	run(|| {
		let id = a_submitted_job();
		let result = signed(ALICE, result(id, tokens(&[8, STOP])));
		let call = crate::Call::<Test>::submit_result { result };
		assert_eq!(call.get_dispatch_info().class, DispatchClass::Normal);
	});
}

#[test]
fn submission_should_pay_for_the_room_that_replies_to_its_audit_may_take() {
	run(|| {
		let (issued, before) = (Balances::total_issuance(), free(CONSUMER));
		BytePrice::set(3);
		let quoted = JobsPallet::quote(DECODER, 3, 4).unwrap().room;
		assert!(quoted > 0 && quoted % 3 == 0);
		let id = a_submitted_job();
		assert_eq!(free(CONSUMER), before - 1_000 - quoted);
		assert_eq!(Balances::total_issuance(), issued - quoted);
		assert!(events()
			.iter()
			.any(|event| matches!(event, Event::JobSubmitted { job, room, .. } if *job == id && *room == quoted)));
		// A longer job takes as much or more; who cannot pay submits nothing.
		assert!(JobsPallet::quote(DECODER, 3, 5).unwrap().room >= quoted);
		BytePrice::set(FUNDS);
		assert_noop!(a_job().submit(CONSUMER), sp_runtime::TokenError::FundsUnavailable);
		BytePrice::set(Balance::MAX);
		assert_noop!(a_job().submit(CONSUMER), Error::<Test>::JobTooLarge);
		BytePrice::set(0);
	});
}
