//! The life of a job through the real Executive: signed calls by people, fee-free authorised ones by a worker.

mod common;

use assay_exact::{
	program::{Head, Op, Pooling, Profile, Program, Register, Shape, Tensor, TensorIndex},
	Generation, Sampler,
};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase},
	dispute::{Accusation, Claims as _},
	job::{Duty, JobInput, JobOutput, JobState, SignedResult},
	model::{ModelMetadata, VersionSubmission},
	operator::{Fault, Heartbeat, Operators as _, WorkerKey, WorkerSignature},
	Attempt, DisputeId, JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{
	currency::{CHALLENGE_BOND, EXISTENTIAL_DEPOSIT, FALSE_AUDIT_PENALTY, MISSED_AUDIT_PENALTY, UNIT},
	time::{AUDIT_PERIOD, DEVELOPMENT_GUILT_PERIOD, HEARTBEAT_PERIOD, JOB_WINDOW},
	Audits, Balances, Executive, Jobs, Models, Runtime, RuntimeCall, Staking, System, UncheckedExtrinsic,
};
use assay_trace::{claim::ClaimRoot, merkle::Hash32, Group, TraceRoot};
use codec::Encode;
use common::{account, chain, delivery, genesis_hash, next_block, signed, signed_result, travels};
use frame_support::traits::fungible::{Inspect, InspectHold, Mutate as _};
use frame_system::offchain::CreateAuthorizedTransaction;
use sp_core::H256;
use sp_genesis_builder::DEV_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Ferdie};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction},
	Permill,
};
use std::collections::BTreeSet;

const VERSION: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(0),
};
const PRICE: u128 = 1_000_000;
const MAX_FEE: u128 = 10 * UNIT;

/// A model with one matrix, from 32 values to 7.
fn a_model() -> RuntimeCall {
	let program = Program {
		profile: Profile::Q8A16V1,
		positions: 1,
		registers: vec![32, 7],
		tensors: vec![Tensor {
			shape: Shape::Matrix { rows: 7, columns: 32 },
			per_layer: false,
		}],
		layers: 0,
		entry: vec![Op::Input { dst: Register(0) }],
		layer: vec![],
		head: Head::Vector {
			pooling: Pooling::First,
			ops: vec![Op::Linear {
				dst: Register(1),
				src: Register(0),
				weight: TensorIndex(0),
				bias: None,
			}],
			output: Register(1),
		},
	};
	let version = VersionSubmission {
		program: program.encode().try_into().expect("the program is small"),
		artifact: Hash32([7; 32]),
		artifact_bytes: 1_024,
		tokenizer: None,
		royalty: Permill::from_percent(10),
	};
	let metadata = ModelMetadata {
		name: b"matrix".to_vec().try_into().expect("short"),
		description: Default::default(),
		licence: b"Apache-2.0".to_vec().try_into().expect("short"),
		tags: Default::default(),
	};
	pallet_assay_models::Call::register { metadata, version }.into()
}

/// A job for Alice.
fn a_job() -> RuntimeCall {
	pallet_assay_jobs::Call::submit {
		version: VERSION,
		input: JobInput::Vector(vec![1 << 16; 32].try_into().expect("32 values fit")),
		generation: Generation {
			sampler: Sampler::Greedy,
			max_tokens: 0,
			ignore_stop: false,
		},
		max_fee: MAX_FEE,
		max_price: PRICE,
		operator: Some(account(Alice)),
	}
	.into()
}

/// What the operator's node would send in the present heartbeat period of the next block.
fn heartbeat(operator: Sr25519Keyring) -> UncheckedExtrinsic {
	let heartbeat = Heartbeat {
		operator: account(operator),
		period: (System::block_number() + 1) / HEARTBEAT_PERIOD,
	};
	let signature = WorkerSignature::from(operator.sign(&heartbeat.signing_payload(&genesis_hash())));
	let call: RuntimeCall = pallet_assay_models::Call::heartbeat { heartbeat, signature }.into();
	<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call)
}

/// A chain on which Charlie published the model, Alice serves it and Bob has submitted a job.
fn chain_with_a_job(test: impl FnOnce(Duty<u32>)) {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let serve = pallet_assay_models::Call::serve {
			version: VERSION,
			price: PRICE,
			capacity: 1,
			speed: 4_000,
			largest: 1_000_000,
		};
		assert_eq!(next_block(vec![signed(Charlie, 0, a_model())]), [Ok(Ok(()))]);
		assert_eq!(next_block(vec![signed(Alice, 0, serve)]), [Ok(Ok(()))]);
		// An offer counts as a heartbeat; the next is due in the next period.
		while !(System::block_number() + 1).is_multiple_of(HEARTBEAT_PERIOD) {
			next_block(vec![]);
		}
		let heartbeat = heartbeat(Alice);
		assert!(travels(&heartbeat));
		assert_eq!(next_block(vec![heartbeat]), [Ok(Ok(()))]);
		assert!(Models::offer_summaries(VERSION)[0].listed);
		assert_eq!(next_block(vec![signed(Bob, 0, a_job())]), [Ok(Ok(()))]);
		let duties = Jobs::due(&WorkerKey::from(Alice.public()));
		assert_eq!(duties.len(), 1);
		test(duties[0].clone());
	});
}

/// A result for the duty, signed by `signer`.
fn a_result(duty: &Duty<u32>, signer: Sr25519Keyring) -> SignedResult {
	let output = JobOutput::Vector(vec![5; 7].try_into().expect("7 values fit"));
	signed_result(duty, output, TraceRoot::default(), signer)
}

/// The transaction that delivers it.
fn result(duty: &Duty<u32>, signer: Sr25519Keyring) -> UncheckedExtrinsic {
	delivery(a_result(duty, signer))
}

fn held(who: Sr25519Keyring) -> u128 {
	Balances::balance_on_hold(&pallet_assay_jobs::HoldReason::Escrow.into(), &account(who))
}

#[test]
fn job_should_be_paid_from_escrow_when_its_window_is_over() {
	chain_with_a_job(|duty| {
		assert_eq!((duty.job, duty.attempt), (JobId(0), Attempt(0)));
		assert_eq!(held(Bob), MAX_FEE);
		let before = [Alice, Bob, Charlie].map(|who| Balances::total_balance(&account(who)));

		// So many that the claim is as good as never drawn; it is the same for every run.
		pallet_assay_audits::CleanJobs::<Runtime>::insert(account(Alice), 1_000_000);
		assert_eq!(next_block(vec![result(&duty, Alice)]), [Ok(Ok(()))]);
		for _ in 0..=JOB_WINDOW {
			next_block(vec![]);
		}

		let audit = Audits::audit_summary(duty.job).expect("the draw is kept with its job");
		assert_eq!(audit.phase, AuditPhase::Over(AuditOutcome::NotDrawn));
		let job = Jobs::job_summary(duty.job).expect("the job is kept");
		let JobState::Final {
			operator,
			paid,
			royalty,
			treasury,
			audits,
			refunded,
		} = job.state
		else {
			panic!("the job is {:?}", job.state)
		};
		assert_eq!(operator, account(Alice));
		assert!(paid > 0 && royalty > 0 && treasury > 0);
		assert_eq!(paid + royalty + treasury + audits + refunded, MAX_FEE);
		assert_eq!(held(Bob), 0);
		let after = [Alice, Bob, Charlie].map(|who| Balances::total_balance(&account(who)));
		// The worker's transactions cost its operator nothing. A fifth of its share is shared out by stake, of which all is
		// its own.
		let position = Staking::stake_position(&operator, &operator).expect("it has a bond");
		assert!(position.pending_rewards.abs_diff(paid / 5) <= 1);
		assert_eq!(after[0], before[0] + paid - paid * 20 / 100);
		assert_eq!(after[1], before[1] + refunded - MAX_FEE);
		assert_eq!(after[2], before[2] + royalty);
	});
}

#[test]
fn result_should_be_refused_when_another_key_signed_it() {
	chain_with_a_job(|duty| {
		assert_eq!(
			next_block(vec![result(&duty, Bob)]),
			[Err(TransactionValidityError::Invalid(InvalidTransaction::BadProof))]
		);
		assert_eq!(Jobs::due(&WorkerKey::from(Alice.public())), [duty]);
	});
}

#[test]
fn result_should_be_the_same_transaction_when_it_is_delivered_again() {
	chain_with_a_job(|duty| {
		let result = a_result(&duty, Alice);
		let delivered = Jobs::result_transaction(result.clone());
		next_block(vec![]);
		// So the pool knows it again.
		assert_eq!(Jobs::result_transaction(result), delivered);
	});
}

#[test]
fn f03_stake_that_asks_to_leave_should_count_in_the_penalty_of_an_earlier_fault() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let alice = account(Alice);
		let penalty = |age| Audits::penalty(&alice, Fault::FalseAudit, age);
		let (stake, before) = (Staking::own_stake(&alice), penalty(0));
		assert_eq!(before, stake / 4);
		for _ in 0..2 {
			next_block(vec![]);
		}
		let call = pallet_assay_staking::Call::<Runtime>::unbond {
			operator: alice.clone(),
			amount: stake / 2,
		};
		assert_eq!(next_block(vec![signed(Alice, 0, call)]), [Ok(Ok(()))]);
		assert_eq!(Staking::own_stake(&alice), stake / 2);
		// The development chain's staking period is a few blocks: what is older than any of it reaches all.
		assert_eq!(penalty(u32::MAX), before);
		for _ in 0..100 {
			next_block(vec![]);
		}
		assert_eq!(
			penalty(0),
			before / 2,
			"what had asked to leave before the fault is spared"
		);
	});
}

/// What a pool says of a transaction.
fn valid(transaction: UncheckedExtrinsic) -> Result<ValidTransaction, TransactionValidityError> {
	let block = System::block_hash(System::block_number());
	Executive::validate_transaction(TransactionSource::External, transaction, block)
}

#[test]
fn f01_h01_moves_that_would_fail_should_not_take_the_room_of_those_that_would_not() {
	chain_with_a_job(|duty| {
		assert_eq!(next_block(vec![result(&duty, Alice)]), [Ok(Ok(()))]);
		let refused = |error: pallet_assay_disputes::Error<Runtime>| {
			let index = error.encode()[0];
			Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(index)))
		};
		let claim = Jobs::claim(duty.job).expect("there is a claim").claim.root();
		let challenge = |claim| pallet_assay_disputes::Call::<Runtime>::challenge {
			job: duty.job,
			claim,
			accusation: Accusation::Trace,
		};
		let nowhere = pallet_assay_disputes::Call::<Runtime>::point_at_group {
			dispute: DisputeId(7),
			record: H256::zero(),
			group: Group { row: 0, index: 0 },
		};
		let nonce = System::account_nonce(account(Bob));
		let before = Balances::free_balance(account(Bob));
		let other = ClaimRoot(Hash32([7; 32]));
		assert_eq!(
			next_block(vec![signed(Bob, nonce, nowhere), signed(Bob, nonce, challenge(other))]),
			[
				refused(pallet_assay_disputes::Error::UnknownDispute),
				refused(pallet_assay_disputes::Error::OtherClaim)
			]
		);
		assert_eq!(Balances::free_balance(account(Bob)), before, "nothing was included");

		// Whoever could pay the bond if it were not for the fee is no challenger either, and pays nothing.
		let poor = account(Ferdie);
		let least = CHALLENGE_BOND + EXISTENTIAL_DEPOSIT;
		for funds in [least / 2, least + 1, least + UNIT / 10_000] {
			Balances::set_balance(&poor, funds);
			let payment = Err(TransactionValidityError::Invalid(InvalidTransaction::Payment));
			assert_eq!(
				valid(signed(Ferdie, 0, challenge(claim))).err(),
				payment.err(),
				"in a pool"
			);
			assert_eq!(
				next_block(vec![signed(Ferdie, 0, challenge(claim))]),
				[payment],
				"{funds}"
			);
			assert_eq!(Balances::free_balance(&poor), funds);
		}
		assert_eq!(
			next_block(vec![
				signed(Bob, nonce, challenge(claim)),
				signed(Bob, nonce + 1, challenge(claim))
			]),
			[Ok(Ok(())), refused(pallet_assay_disputes::Error::AlreadyChallenged)]
		);
	});
}

#[test]
fn g05_g11_l04_moves_should_stay_in_pools_before_what_is_free_one_for_each_bond() {
	chain_with_a_job(|duty| {
		let valid = |transaction| valid(transaction).expect("it is valid");
		let priority = |transaction| valid(transaction).priority;
		let free = priority(result(&duty, Alice));
		assert_eq!(next_block(vec![result(&duty, Alice)]), [Ok(Ok(()))]);
		let accused = |accusation| pallet_assay_disputes::Call::<Runtime>::challenge {
			job: duty.job,
			claim: Jobs::claim(duty.job).expect("there is a claim").claim.root(),
			accusation,
		};
		let nonce = System::account_nonce(account(Bob));
		let paid = priority(signed(Bob, nonce, accused(Accusation::Trace)));
		// One of each bond: others of an account would drive out what is free and fail one after the other.
		let provides = |transaction| valid(transaction).provides;
		let accusations = [Accusation::Trace, Accusation::Head { position: 0 }];
		let tags = |who: Sr25519Keyring| -> Vec<BTreeSet<Vec<u8>>> {
			let nonce = System::account_nonce(account(who));
			(nonce..)
				.zip(accusations)
				.map(|(nonce, accusation)| provides(signed(who, nonce, accused(accusation))).into_iter().collect())
				.collect()
		};
		let [trace, head] = &tags(Bob)[..] else {
			panic!("two challenges")
		};
		assert!(trace.is_disjoint(head), "its money covers many bonds");
		Balances::set_balance(&account(Bob), 2 * CHALLENGE_BOND - UNIT);
		let [trace, head] = &tags(Bob)[..] else {
			panic!("two challenges")
		};
		assert!(!trace.is_disjoint(head), "its money covers one bond");
		let [others, _] = &tags(Charlie)[..] else {
			panic!("two challenges")
		};
		assert!(trace.is_disjoint(others));
		// Answers, replies and moves of operators have the highest of what is free.
		let highest = u64::MAX / 2;
		assert!(free <= highest && highest < paid, "{free} {paid}");
	});
}

#[test]
fn g01_calls_of_root_should_not_take_the_room_of_moves_for_a_fee() {
	chain_with_a_job(|_| {
		let kill = || frame_system::Call::<Runtime>::kill_prefix {
			prefix: b"nothing".to_vec(),
			subkeys: 1_000,
		};
		let sudo = || pallet_sudo::Call::<Runtime>::sudo {
			call: Box::new(kill().into()),
		};
		let nonce = System::account_nonce(account(Bob));
		let before = Balances::free_balance(account(Bob));
		let refused = Err(TransactionValidityError::Invalid(InvalidTransaction::Call));
		assert_eq!(
			next_block(vec![signed(Bob, nonce, kill()), signed(Bob, nonce, sudo())]),
			[refused, refused]
		);
		assert_eq!(Balances::free_balance(account(Bob)), before, "nothing was included");
		// Whoever has the key can do what root does.
		let nonce = System::account_nonce(account(Alice));
		let small = frame_system::Call::<Runtime>::kill_prefix {
			prefix: b"nothing".to_vec(),
			subkeys: 1,
		};
		let sudo = pallet_sudo::Call::<Runtime>::sudo {
			call: Box::new(small.into()),
		};
		assert_eq!(next_block(vec![signed(Alice, nonce, sudo)]), [Ok(Ok(()))]);
	});
}

#[test]
fn claim_should_be_struck_down_when_its_spot_check_is_not_answered() {
	chain_with_a_job(|duty| {
		assert_eq!(next_block(vec![result(&duty, Alice)]), [Ok(Ok(()))]);
		let stake = || {
			Staking::operator_summary(&account(Alice))
				.expect("she is an operator")
				.bond
		};
		let before = stake();
		for _ in 0..2 {
			next_block(vec![]);
		}
		let audit = Audits::audit_summary(duty.job).expect("every claim of a new operator is drawn");
		assert!(matches!(audit.phase, AuditPhase::Commit { .. }) && audit.spot_check.is_some());
		for _ in 0..=AUDIT_PERIOD {
			next_block(vec![]);
		}
		// She is late: no new work. Then her silence is guilt.
		let late = || pallet_assay_jobs::LateAnswers::<Runtime>::get(account(Alice));
		assert_eq!((stake(), late()), (before, 1));
		for _ in 0..DEVELOPMENT_GUILT_PERIOD {
			next_block(vec![]);
		}
		let audit = Audits::audit_summary(duty.job).expect("the draw is kept with its job");
		assert_eq!(audit.phase, AuditPhase::Over(AuditOutcome::WorkerSilent));
		assert_eq!(late(), 0);
		assert_eq!(stake(), before - before * 35 / 100);
	});
}

#[test]
fn p15_auditor_should_lose_a_share_of_its_stake_for_its_faults_and_no_less_than_an_amount() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let alice = account(Alice);
		let penalised = |fault| {
			let before = Staking::own_stake(&alice);
			let lost = Staking::penalise(&alice, Audits::penalty(&alice, fault, 0), fault, None);
			assert_eq!(Staking::own_stake(&alice), before - lost);
			(before, lost)
		};
		let (stake, lost) = penalised(Fault::FalseAudit);
		assert_eq!(lost, stake / 4);
		let (stake, lost) = penalised(Fault::MissedAudit);
		assert_eq!(lost, stake / 100);
		// What is asked for is the least, and nothing for other faults.
		Staking::penalise(
			&alice,
			Staking::own_stake(&alice) - 500 * UNIT,
			Fault::MissedDeadline,
			None,
		);
		let (_, lost) = penalised(Fault::FalseAudit);
		assert_eq!(lost, FALSE_AUDIT_PENALTY);
		let (_, lost) = penalised(Fault::MissedAudit);
		assert_eq!(lost, MISSED_AUDIT_PENALTY);
		assert_eq!(penalised(Fault::MissedDeadline).1, 0);
	});
}
