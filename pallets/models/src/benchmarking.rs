//! Benchmarks of every call.

use crate::{sample, BalanceOf, Call, Config, Error, LastHeartbeat, Models, Pallet, Programs, Served, Versions};
use alloc::vec;
use assay_exact::{
	limits::{MAX_OPERATIONS, MAX_REGISTERS, MAX_STOP_TOKENS, MAX_TENSORS},
	program::{Head, Op, Program, Register, Shape, Tensor, TensorIndex},
};
use assay_protocol::{
	model::{ModelMetadata, Offer, ProgramBytes, VersionSubmission, MAX_OFFERS, MAX_PROGRAM_BYTES},
	operator::{Fault, Heartbeat, Operators, WorkerKey, WorkerSignature},
	ModelId, ModelVersion, VersionNumber,
};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::TransactionSource,
	traits::{
		fungible::{Inspect, Mutate},
		Authorize, Get,
	},
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::crypto::UncheckedFrom;
use sp_runtime::traits::{Bounded, One, Saturating, Zero};

/// Bytes of the shortest benchmarked program: the sample decoder has fewer.
const SHORTEST: u32 = 300;
/// Bytes of the longest: each of the limits on what a program holds is reached long before the limit on its bytes.
const LONGEST: u32 = 5_727;

/// The sample decoder, made about `bytes` long.
fn program_of_about(bytes: u32) -> Program {
	let program = grown(bytes);
	let off_by = program.encoded_size().abs_diff(bytes as usize);
	assert!(off_by < 32, "the program is {off_by} bytes off");
	program
}

/// The sample decoder with registers, tensors, stop tokens and operations that change nothing, in the proportions in
/// which the longest program has them, as far as they fit into `bytes`.
fn grown(bytes: u32) -> Program {
	const TENSORS: usize = MAX_TENSORS as usize;
	const OPERATIONS: usize = MAX_OPERATIONS as usize;
	const REGISTERS: usize = MAX_REGISTERS as usize;
	const STOP_TOKENS: usize = MAX_STOP_TOKENS as usize;

	let tensor = Tensor {
		shape: Shape::Matrix { rows: 32, columns: 32 },
		per_layer: true,
	};
	let (register, gain) = (Register(0), TensorIndex(1));
	// The longest operation that may stand anywhere.
	let normalise = Op::LayerNorm {
		dst: register,
		src: register,
		gain,
		bias: gain,
		epsilon: 1,
	};

	let mut program = sample::decoder();
	let width = program.registers[0];
	loop {
		let mut spare = (bytes as usize).saturating_sub(program.encoded_size());
		let mut fits = |size: usize| {
			let left = spare.checked_sub(size);
			spare = left.unwrap_or(spare);
			left.is_some()
		};
		let before = program.encoded_size();
		for _ in 0..TENSORS / OPERATIONS {
			if program.tensors.len() < TENSORS && fits(tensor.encoded_size()) {
				program.tensors.push(tensor);
			}
		}
		if program.registers.len() < REGISTERS && fits(width.encoded_size()) {
			program.registers.push(width);
		}
		let Head::Tokens { ops, stop, .. } = &mut program.head else {
			unreachable!("the sample generates tokens")
		};
		// The head ends with the product that makes the logits.
		let (entry, layer) = (program.entry.len(), program.layer.len());
		for (ops, place) in [(&mut program.entry, entry), (&mut program.layer, layer), (ops, 0)] {
			if ops.len() < OPERATIONS && fits(normalise.encoded_size()) {
				ops.insert(place, normalise);
			}
		}
		if stop.len() < STOP_TOKENS && fits(stop[0].encoded_size()) {
			stop.push(stop[0]);
		}
		if program.encoded_size() == before {
			return program;
		}
	}
}

#[cfg(test)]
#[test]
fn longest_program_should_reach_every_limit() {
	assert_eq!(grown(MAX_PROGRAM_BYTES).encoded_size(), LONGEST as usize);
	assert_eq!(program_of_about(LONGEST).validate(), Ok(()));
}

/// `bytes` that decode to far more operations than a program may have, the shortest there are.
fn refused_program(bytes: u32) -> ProgramBytes {
	let mut program = sample::vector_model();
	let register = Register(0);
	let shortest = Op::L2Normalize {
		dst: register,
		src: register,
	};
	let spare = (bytes as usize).saturating_sub(program.encoded_size());
	// The length of a longer list takes more bytes.
	program.layer = vec![shortest; spare.saturating_sub(4) / shortest.encoded_size()];
	sample::encoded(&program)
}

/// Metadata that fills its bounds.
fn longest_metadata() -> ModelMetadata {
	ModelMetadata {
		name: [b'n'; 64].to_vec().try_into().expect("the bound"),
		description: [b'd'; 512].to_vec().try_into().expect("the bound"),
		licence: [b'l'; 64].to_vec().try_into().expect("the bound"),
		tags: vec![[b't'; 32].to_vec().try_into().expect("the bound"); 8]
			.try_into()
			.expect("the bound"),
	}
}

fn longest_submission() -> VersionSubmission {
	sample::submission(&program_of_about(LONGEST))
}

fn fund<T: Config>(account: &T::AccountId) {
	let funds: BalanceOf<T> = T::DepositBase::get()
		.saturating_add(T::DepositPerByte::get().saturating_mul(100_000u32.into()))
		.saturating_add(T::Currency::minimum_balance())
		.saturating_mul(10u32.into());
	T::Currency::mint_into(account, funds).expect("benchmark accounts can be funded");
}

fn publisher<T: Config>() -> T::AccountId {
	let account = whitelisted_caller();
	fund::<T>(&account);
	account
}

/// A version of the longest program.
fn registered<T: Config>(publisher: &T::AccountId) -> ModelVersion {
	Pallet::<T>::do_register(publisher.clone(), longest_metadata(), longest_submission())
		.expect("the sample is valid and its publisher has the deposit")
}

/// An operator whose key nobody holds.
fn bonded<T: Config>(index: u32) -> T::AccountId {
	let account: T::AccountId = account("operator", index, 0);
	let key = sp_io::hashing::blake2_256(&(b"worker", index).encode());
	T::Operators::bond_for_benchmark(&account, sp_core::sr25519::Public::unchecked_from(key).into());
	account
}

/// An offer of so fast an operator that no clock is longer for it.
fn an_offer<AccountId, Balance>(operator: AccountId, price: Balance, capacity: u16) -> Offer<AccountId, Balance> {
	Offer {
		operator,
		price,
		capacity,
		speed: u64::MAX,
		largest: u64::MAX,
	}
}

/// Fills the offers for `version`; the last offer is that of the operator returned.
fn serve_full<T: Config>(version: ModelVersion) -> T::AccountId {
	for index in 1..MAX_OFFERS {
		Pallet::<T>::do_serve(version, an_offer(bonded::<T>(index), Zero::zero(), 1))
			.expect("there is room for the offer");
	}
	let last = bonded::<T>(0);
	Pallet::<T>::do_serve(version, an_offer(last.clone(), Zero::zero(), 1)).expect("there is room for the offer");
	last
}

/// What [`assay_protocol::model::Models::register_for_benchmark`] promises.
pub(crate) fn register_and_serve<T: Config>(publisher: &T::AccountId, operators: &[T::AccountId]) -> ModelVersion {
	fund::<T>(publisher);
	let version = registered::<T>(publisher);
	for operator in operators {
		Pallet::<T>::do_serve(version, an_offer(operator.clone(), 1u32.into(), u16::MAX))
			.expect("the operators are active and few enough");
	}
	version
}

/// An operator with a key of the keystore and an offer, in a period in which it was not heard yet, and its heartbeat.
fn due_heartbeat<T: Config>() -> (Heartbeat<T::AccountId, BlockNumberFor<T>>, WorkerSignature) {
	let version = registered::<T>(&publisher::<T>());
	let operator: T::AccountId = account("operator", 0, 0);
	let key = WorkerKey::generate_pair(None);
	T::Operators::bond_for_benchmark(&operator, key.clone());
	Pallet::<T>::do_serve(version, an_offer(operator.clone(), Zero::zero(), 1)).expect("the operator is active");

	let now = frame_system::Pallet::<T>::block_number().saturating_add(T::HeartbeatPeriod::get());
	frame_system::Pallet::<T>::set_block_number(now);
	let heartbeat = Heartbeat {
		operator,
		period: Pallet::<T>::heartbeat_period(now),
	};
	let signature = key
		.sign(&Pallet::<T>::signing_payload(&heartbeat))
		.expect("the keystore has the key it just made");
	(heartbeat, signature)
}

#[benchmarks(where <T as frame_system::Config>::RuntimeCall: From<Call<T>>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register(b: Linear<SHORTEST, LONGEST>) {
		let publisher = publisher::<T>();
		let submission = sample::submission(&program_of_about(b));

		#[extrinsic_call]
		_(RawOrigin::Signed(publisher.clone()), longest_metadata(), submission);

		assert_eq!(
			Models::<T>::get(ModelId(0)).map(|model| model.publisher),
			Some(publisher)
		);
	}

	#[benchmark]
	fn add_version(b: Linear<SHORTEST, LONGEST>) {
		let publisher = publisher::<T>();
		let first = registered::<T>(&publisher);
		let submission = sample::submission(&program_of_about(b));

		#[extrinsic_call]
		_(RawOrigin::Signed(publisher), first.model, submission);

		assert!(Programs::<T>::contains_key(ModelVersion {
			version: VersionNumber(1),
			..first
		}));
	}

	#[benchmark]
	fn refuse_program(b: Linear<SHORTEST, MAX_PROGRAM_BYTES>) {
		let publisher = publisher::<T>();
		let submission = VersionSubmission {
			program: refused_program(b),
			..sample::submission(&sample::decoder())
		};
		let metadata = longest_metadata();
		let outcome;

		#[block]
		{
			outcome = Pallet::<T>::register(RawOrigin::Signed(publisher).into(), metadata, submission);
		}

		assert_eq!(outcome, Err(Error::<T>::InvalidProgram.into()));
	}

	#[benchmark]
	fn set_metadata() {
		let publisher = publisher::<T>();
		let submission = longest_submission();
		let version = Pallet::<T>::do_register(publisher.clone(), sample::metadata("short"), submission)
			.expect("the sample is valid and its publisher has the deposit");
		let longest = longest_metadata();

		#[extrinsic_call]
		_(RawOrigin::Signed(publisher), version.model, longest.clone());

		assert_eq!(
			Models::<T>::get(version.model).map(|model| model.metadata),
			Some(longest)
		);
	}

	#[benchmark]
	fn retire() {
		let publisher = publisher::<T>();
		let version = registered::<T>(&publisher);

		#[extrinsic_call]
		_(RawOrigin::Signed(publisher), version);

		assert!(Versions::<T>::get(version.model, version.version).is_some_and(|record| record.retired));
	}

	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		let publisher = publisher::<T>();
		let version = registered::<T>(&publisher);
		Pallet::<T>::do_retire(&publisher, version)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(publisher), version);

		assert!(!Models::<T>::contains_key(version.model));
		Ok(())
	}

	#[benchmark]
	fn serve() {
		let version = registered::<T>(&publisher::<T>());
		// All are listed, so that every stake is compared; the last has the least, and this was all it served.
		let last = serve_full::<T>(version);
		T::Operators::penalise(&last, One::one(), Fault::MissedDeadline, None);
		let operator = bonded::<T>(MAX_OFFERS);

		#[extrinsic_call]
		_(
			RawOrigin::Signed(operator.clone()),
			version,
			BalanceOf::<T>::max_value(),
			u16::MAX,
			u64::MAX,
			u64::MAX,
		);

		assert_eq!(Served::<T>::get(&operator).into_inner(), [version]);
		assert!(!Served::<T>::contains_key(&last));
	}

	#[benchmark]
	fn unserve() {
		let version = registered::<T>(&publisher::<T>());
		let last = serve_full::<T>(version);

		#[extrinsic_call]
		_(RawOrigin::Signed(last.clone()), version);

		assert!(!Served::<T>::contains_key(&last));
	}

	#[benchmark]
	fn prune_offer() -> Result<(), BenchmarkError> {
		let publisher = publisher::<T>();
		let version = registered::<T>(&publisher);
		let last = serve_full::<T>(version);
		Pallet::<T>::do_retire(&publisher, version)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(publisher), version, last.clone());

		assert!(!Served::<T>::contains_key(&last));
		Ok(())
	}

	#[benchmark]
	fn heartbeat() {
		let (due, signature) = due_heartbeat::<T>();
		let operator = due.operator.clone();

		#[extrinsic_call]
		_(RawOrigin::Authorized, due, signature);

		assert_eq!(
			LastHeartbeat::<T>::get(operator),
			Some(frame_system::Pallet::<T>::block_number())
		);
	}

	#[benchmark]
	fn authorize_heartbeat() -> Result<(), BenchmarkError> {
		let (due, signature) = due_heartbeat::<T>();
		let call: <T as frame_system::Config>::RuntimeCall = Call::heartbeat {
			heartbeat: due,
			signature,
		}
		.into();

		#[block]
		{
			call.authorize(TransactionSource::InBlock)
				.ok_or("a heartbeat authorises itself")?
				.map_err(|_| "the heartbeat is valid")?;
		}
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::tests::ExtBuilder::default().build(), crate::tests::Test);
}
