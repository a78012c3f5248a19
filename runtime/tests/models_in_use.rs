//! Models in use on the real runtime: their programs are registered, and claims about jobs of them are drawn, spot-checked and
//! audited, whatever their size. Their weights need not exist: nobody gets as far as to open one.

mod common;

use assay_artifact::synthetic::{InUse, IN_USE};
use assay_exact::{Generation, Sampler};
use assay_protocol::{
	audit::{AuditPhase, AuditorState},
	job::{Duty, JobInput, JobOutput},
	operator::WorkerKey,
	ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{
	currency::{MIN_UNIT_PRICE, UNIT},
	time::{REFERENCE_SPEED, TESTNET_DRAW_WINDOW},
	Audits, Jobs, RuntimeCall, System, UncheckedExtrinsic,
};
use assay_trace::{merkle::Hash32, TraceRoot};
use common::{account, chain, delivery, next_block, registration, signed, signed_result};
use sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};

const VERSION: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(0),
};
const PRICE: u128 = MIN_UNIT_PRICE;
/// Tokens that the job generates.
const GENERATED: u32 = 2;

/// A job of a prompt of eight tokens, for Alice.
fn a_job() -> RuntimeCall {
	pallet_assay_jobs::Call::submit {
		version: VERSION,
		input: JobInput::Tokens((1..9).collect::<Vec<_>>().try_into().expect("eight tokens fit")),
		generation: Generation {
			sampler: Sampler::Greedy,
			max_tokens: GENERATED,
			ignore_stop: true,
		},
		max_fee: 10 * UNIT,
		max_price: PRICE,
		operator: Some(account(Alice)),
	}
	.into()
}

/// A claim that says something, with nothing behind it.
fn a_claim(duty: &Duty<u32>) -> UncheckedExtrinsic {
	let output = JobOutput::Tokens(vec![2; GENERATED as usize].try_into().expect("two tokens fit"));
	let trace = TraceRoot(Hash32([9; 32]));
	delivery(signed_result(duty, output, trace, Alice))
}

fn is_registered_and_drawn(model: &InUse) {
	chain(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
		let name = model.name;
		assert_eq!(
			next_block(vec![signed(Bob, 0, registration(model))]),
			[Ok(Ok(()))],
			"{name}"
		);
		let serve = pallet_assay_models::Call::serve {
			version: VERSION,
			price: PRICE,
			capacity: 1,
			speed: REFERENCE_SPEED,
			largest: u64::MAX,
		};
		let audit = pallet_assay_audits::Call::offer { version: VERSION };
		let offers = vec![signed(Alice, 0, serve), signed(Charlie, 0, audit)];
		assert_eq!(next_block(offers), [Ok(Ok(())), Ok(Ok(()))], "{name}");
		assert_eq!(next_block(vec![signed(Bob, 1, a_job())]), [Ok(Ok(()))], "{name}");
		let duties = Jobs::due(&WorkerKey::from(Alice.public()));
		assert_eq!(next_block(vec![a_claim(&duties[0])]), [Ok(Ok(()))], "{name}");

		// Every claim of an operator without a record is drawn, as soon as the next window is over.
		let job = duties[0].job;
		let drawn_by = System::block_number() + 2 * TESTNET_DRAW_WINDOW + 1;
		while System::block_number() < drawn_by {
			next_block(vec![]);
		}
		let audit = Audits::audit_summary(job).expect("every claim has an audit");
		assert!(
			matches!(audit.phase, AuditPhase::Commit { .. }),
			"{name}: {:?}",
			audit.phase
		);
		assert!(audit.spot_check.is_some(), "{name}");
		assert_eq!(audit.auditors, [(account(Charlie), AuditorState::Drawn)], "{name}");
		for who in [Alice, Charlie] {
			let due = Audits::due(&WorkerKey::from(who.public()));
			assert_eq!(due.len(), 1, "{name}: {who:?} is asked");
		}
	});
}

#[test]
fn models_in_use_should_be_registered_and_drawn_whatever_their_size() {
	IN_USE.iter().for_each(is_registered_and_drawn);
}
