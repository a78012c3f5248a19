//! Random sequences of everything that can happen: no money is made or lost, every hold is accounted for, every job ends.

use crate::{mock::*, Event, Jobs, NextJobId};
use assay_exact::Input;
use assay_protocol::{
	job::{JobOutput, JobState},
	JobId, ModelVersion,
};
use proptest::prelude::*;
use sp_runtime::Permill;
use std::collections::BTreeMap;

/// The last has money for one or two jobs only.
const CONSUMERS: [AccountId; 3] = [CONSUMER, OTHER_CONSUMER, 3];
const OPERATORS: [AccountId; 3] = [ALICE, BOB, CHARLIE];
const VERSIONS: [ModelVersion; 4] = [DECODER, PERCEPTRON, ENCODER, UNKNOWN];

#[derive(Clone, Debug)]
enum Action {
	Submit {
		consumer: usize,
		version: usize,
		max_tokens: u32,
		max_fee: Balance,
		max_price: Balance,
		operator: Option<usize>,
	},
	Cancel {
		consumer: usize,
		job: u64,
	},
	Deliver {
		operator: usize,
		job: u64,
		output: OutputKind,
	},
	DeliverByAssigned {
		job: u64,
		generated: u32,
	},
	Advance {
		job: u64,
	},
	Blocks(u64),
	SkipTo(u64),
	Offer {
		version: usize,
		operator: usize,
		price: Balance,
		capacity: u16,
	},
	Withdraw {
		version: usize,
		operator: usize,
	},
	Bond {
		operator: usize,
		stake: Balance,
	},
	Royalty {
		version: usize,
		parts: u32,
	},
	Randomness(Option<u64>),
}

#[derive(Clone, Debug)]
enum OutputKind {
	Stop,
	Long,
	OutOfVocabulary,
	Vector,
}

fn action() -> impl Strategy<Value = Action> {
	let (consumer, operator, version) = (0..CONSUMERS.len(), 0..OPERATORS.len(), 0..VERSIONS.len());
	let job = 0u64..16;
	prop_oneof![
		8 => (
			consumer.clone(),
			version.clone(),
			0u32..8,
			0u128..400,
			0u128..30,
			prop::option::weighted(0.3, operator.clone()),
		).prop_map(|(consumer, version, max_tokens, max_fee, max_price, operator)| Action::Submit {
			consumer,
			version,
			max_tokens,
			max_fee,
			max_price,
			operator,
		}),
		2 => (consumer, job.clone()).prop_map(|(consumer, job)| Action::Cancel { consumer, job }),
		2 => (
			operator.clone(),
			job.clone(),
			prop_oneof![
				Just(OutputKind::Stop),
				Just(OutputKind::Long),
				Just(OutputKind::OutOfVocabulary),
				Just(OutputKind::Vector),
			]
		).prop_map(|(operator, job, output)| Action::Deliver { operator, job, output }),
		10 => (job.clone(), 1u32..8).prop_map(|(job, generated)| Action::DeliverByAssigned { job, generated }),
		4 => job.prop_map(|job| Action::Advance { job }),
		5 => (1u64..5).prop_map(Action::Blocks),
		1 => (1u64..20).prop_map(Action::SkipTo),
		6 => (version.clone(), operator.clone(), 0u128..12, 0u16..4)
			.prop_map(|(version, operator, price, capacity)| Action::Offer { version, operator, price, capacity }),
		1 => (version.clone(), operator.clone()).prop_map(|(version, operator)| Action::Withdraw { version, operator }),
		1 => (operator, 0u128..300).prop_map(|(operator, stake)| Action::Bond { operator, stake }),
		1 => (version, 0u32..=1_000_000).prop_map(|(version, parts)| Action::Royalty { version, parts }),
		1 => prop::option::of(any::<u64>()).prop_map(Action::Randomness),
	]
}

fn input(version: ModelVersion) -> Input {
	if version == PERCEPTRON {
		Input::Vector(vec![1; 32])
	} else {
		Input::Tokens(vec![1, 2, 3])
	}
}

fn act(action: Action) {
	match action {
		Action::Submit {
			consumer,
			version,
			max_tokens,
			max_fee,
			max_price,
			operator,
		} => {
			let version = VERSIONS[version];
			let job = a_job()
				.on(version, input(version))
				.with_tokens(max_tokens)
				.with_fee(max_fee)
				.with_price(max_price);
			let _ = AJob {
				operator: operator.map(|index| OPERATORS[index]),
				..job
			}
			.submit(CONSUMERS[consumer]);
		}
		Action::Cancel { consumer, job } => {
			let origin = RuntimeOrigin::signed(CONSUMERS[consumer]);
			let allowed = Jobs::<Test>::get(JobId(job)).is_some_and(|stored| {
				stored.consumer == CONSUMERS[consumer] && matches!(stored.state, JobState::Open { .. })
			});
			let outcome = frame_support::storage::with_storage_layer(|| JobsPallet::cancel(origin, JobId(job)));
			assert_eq!(outcome.is_ok(), allowed);
		}
		Action::Deliver { operator, job, output } => {
			let job = JobId(job);
			if Jobs::<Test>::contains_key(job) {
				let output = match output {
					OutputKind::Stop => tokens(&[STOP]),
					OutputKind::Long => tokens(&[9; 9]),
					OutputKind::OutOfVocabulary => tokens(&[VOCABULARY]),
					OutputKind::Vector => vector(&[1; 8]),
				};
				let assigned =
					matches!(state(job), JobState::Assigned { operator: who, .. } if who == OPERATORS[operator]);
				let outcome = deliver(signed(OPERATORS[operator], result(job, output)));
				assert!(assigned || outcome.is_err(), "only the assigned operator may deliver");
			}
		}
		Action::DeliverByAssigned { job, generated } => {
			let assigned: Vec<_> = Jobs::<Test>::iter()
				.filter(|(_, job)| matches!(job.state, JobState::Assigned { .. }))
				.collect();
			if assigned.is_empty() {
				return;
			}
			let (id, job) = &assigned[job as usize % assigned.len()];
			if let JobState::Assigned { operator, deadline, .. } = job.state {
				let output = output(job.version, job.generation.max_tokens, generated);
				let outcome = deliver(signed(operator, result(*id, output)));
				assert_eq!(outcome.is_ok(), System::block_number() <= deadline);
			}
		}
		Action::Advance { job } => {
			let origin = RuntimeOrigin::signed(OTHER_CONSUMER);
			let _ = frame_support::storage::with_storage_layer(|| {
				JobsPallet::advance(origin, JobId(job)).map_err(|refused| refused.error)
			});
		}
		Action::Blocks(count) => run_to(System::block_number() + count),
		Action::SkipTo(count) => {
			System::set_block_number(System::block_number() + count);
			next_block();
		}
		Action::Offer {
			version,
			operator,
			price,
			capacity,
		} => offer(VERSIONS[version], OPERATORS[operator], price, capacity),
		Action::Withdraw { version, operator } => withdraw_offer(VERSIONS[version], OPERATORS[operator]),
		// Stake that backs work in flight cannot leave.
		Action::Bond { operator, stake } => {
			let operator = OPERATORS[operator];
			bond(operator, stake.max(committed(operator)));
		}
		Action::Royalty { version, parts } => set_royalty(VERSIONS[version], Permill::from_parts(parts)),
		Action::Randomness(seed) => RandomSeed::set(seed),
	}
}

/// An output the program may have returned, of about so many tokens.
fn output(version: ModelVersion, max_tokens: u32, generated: u32) -> JobOutput {
	match version {
		PERCEPTRON => vector(&[1; 8]),
		ENCODER => vector(&[1; 32]),
		_ => {
			let mut generated: Vec<_> = (0..generated.min(max_tokens)).map(|_| 9).collect();
			if generated.len() < max_tokens as usize {
				generated.push(STOP);
			}
			tokens(&generated)
		}
	}
}

fn pay(balances: &mut BTreeMap<AccountId, (Balance, Balance)>, who: AccountId, amount: Balance) {
	balances.get_mut(&who).unwrap().0 += amount;
}

/// Free and held money of everybody, as the events say it must be.
fn balances_by_events(start: &BTreeMap<AccountId, Balance>) -> BTreeMap<AccountId, (Balance, Balance)> {
	let mut balances: BTreeMap<_, _> = start.iter().map(|(who, free)| (*who, (*free, 0))).collect();
	let mut jobs = BTreeMap::new();
	let mut dust = BTreeMap::new();
	for event in events() {
		match event {
			Event::JobSubmitted {
				job, consumer, max_fee, ..
			} => {
				jobs.insert(job, (consumer, max_fee));
				let (free, held) = balances.get_mut(&consumer).unwrap();
				*free -= max_fee;
				*held += max_fee;
			}
			Event::DustToTreasury { job, amount } => {
				dust.insert(job, amount);
				pay(&mut balances, TREASURY, amount);
			}
			Event::JobFinalised {
				job,
				operator,
				paid,
				royalty,
				treasury,
				audits,
				refunded,
			} => {
				let (consumer, max_fee) = jobs[&job];
				assert_eq!(
					paid + royalty + treasury + audits + refunded + dust.get(&job).unwrap_or(&0),
					max_fee
				);
				balances.get_mut(&consumer).unwrap().1 -= max_fee;
				for (who, amount) in [
					(operator, paid),
					(PUBLISHER, royalty),
					(TREASURY, treasury),
					(consumer, refunded),
				] {
					pay(&mut balances, who, amount);
				}
			}
			Event::JobRefunded { job, refunded, .. } => {
				let (consumer, max_fee) = jobs[&job];
				assert_eq!(refunded + dust.get(&job).unwrap_or(&0), max_fee);
				balances.get_mut(&consumer).unwrap().1 -= max_fee;
				pay(&mut balances, consumer, refunded);
			}
			Event::DustBurned { .. } => panic!("the treasury has an account"),
			_ => {}
		}
	}
	balances
}

fn everybody() -> impl Iterator<Item = AccountId> {
	CONSUMERS.into_iter().chain(OPERATORS).chain([PUBLISHER, TREASURY])
}

fn scenario(actions: Vec<Action>, agenda: u32, in_flight: u32, attempts: u32) {
	AgendaSize::set(agenda);
	MaxInFlight::set(in_flight);
	MaxAttempts::set(attempts);
	RandomSeed::set(Some(1));
	run(|| {
		use frame_support::traits::fungible::Mutate;
		<Balances as Mutate<_>>::transfer(
			&OTHER_CONSUMER,
			&CONSUMERS[2],
			500,
			frame_support::traits::tokens::Preservation::Preserve,
		)
		.unwrap();
		for operator in OPERATORS {
			bond(operator, 250);
		}
		let start: BTreeMap<_, _> = everybody().map(|who| (who, free(who))).collect();
		for action in actions {
			act(action);
			check();
			for (who, balances) in balances_by_events(&start) {
				assert_eq!((free(who), held(who)), balances, "balances of {who}");
			}
		}
		// Whatever happened, time ends every job; only jobs that found all agendas full need to be advanced.
		let longest = u64::from(attempts) * (OPEN_PERIOD + RESULT_PERIOD + 2) + WINDOW + 64;
		for _ in 0..longest {
			next_block();
			advance_unbooked();
		}
		check();
		assert!(
			Jobs::<Test>::iter_values().all(|job| !job.is_unfinished()),
			"a job did not end"
		);
		assert!(everybody().all(|who| held(who) == 0), "an escrow is left");
		assert!(
			OPERATORS.into_iter().all(|operator| committed(operator) == 0),
			"a commitment is left"
		);
		for _ in 0..RETENTION + 64 {
			next_block();
			advance_unbooked();
		}
		assert_eq!(Jobs::<Test>::iter().count(), 0, "a job was not pruned");
		for (who, balances) in balances_by_events(&start) {
			assert_eq!((free(who), held(who)), balances, "balances of {who} at the end");
		}
		assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
		assert_eq!(crate::InFlight::<Test>::iter().count(), 0);
		assert!(crate::OldestJobId::<Test>::get() <= NextJobId::<Test>::get());
	});
	AgendaSize::set(64);
	MaxInFlight::set(64);
	MaxAttempts::set(2);
	RandomSeed::set(Some(0));
}

fn advance_unbooked() {
	let unbooked: Vec<_> = Jobs::<Test>::iter()
		.filter(|(_, job)| job.booked_at.is_none())
		.map(|(id, _)| id)
		.collect();
	for id in unbooked {
		act(Action::Advance { job: id.0 });
	}
}

proptest! {
	#[test]
	fn whatever_happens_should_keep_the_books(
		actions in prop::collection::vec(action(), 1..80),
		agenda in prop_oneof![Just(1u32), Just(3), Just(64)],
		in_flight in 1u32..6,
		attempts in 1u32..4,
	) {
		scenario(actions, agenda, in_flight, attempts);
	}
}
