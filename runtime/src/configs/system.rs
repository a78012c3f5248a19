//! Accounts, blocks and their limits.

use crate::{
	currency::SS58_PREFIX,
	time::{BLOCK_HASH_COUNT, MAXIMUM_BLOCK_MILLISECONDS},
	Balance, Block, PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, RuntimeTask, TxPause, VERSION,
};
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstU16, ConstU32, Contains, InsideBoth},
	weights::{
		constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MILLIS},
		Weight,
	},
};
use sp_runtime::Perbill;
use sp_version::RuntimeVersion;

/// What ordinary transactions may take of a block; the rest is for operational ones.
const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
/// The longest block in bytes.
const MAXIMUM_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// What may be called: everything but what would let validators forget their keys while they are needed. `validators.purge_keys` asks
/// whether they are.
pub struct Calls;

impl Contains<RuntimeCall> for Calls {
	fn contains(call: &RuntimeCall) -> bool {
		!matches!(call, RuntimeCall::Session(pallet_session::Call::purge_keys {}))
	}
}

parameter_types! {
	/// The runtime's version.
	pub const Version: RuntimeVersion = VERSION;
	/// How much computation a block and a transaction may hold. Only time is bounded: a solo chain
	/// has no proof whose size would matter.
	pub BlockWeights: frame_system::limits::BlockWeights =
		frame_system::limits::BlockWeights::with_sensible_defaults(
			Weight::from_parts(MAXIMUM_BLOCK_MILLISECONDS * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX),
			NORMAL_RATIO,
		);
	/// How many bytes a block may hold.
	pub BlockLength: frame_system::limits::BlockLength =
		frame_system::limits::BlockLength::builder()
			.max_length(MAXIMUM_BLOCK_LENGTH)
			.modify_max_length_for_class(DispatchClass::Normal, |length| {
				*length = NORMAL_RATIO * MAXIMUM_BLOCK_LENGTH
			})
			.build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type BaseCallFilter = InsideBoth<Calls, TxPause>;
	type Version = Version;
	type BlockWeights = BlockWeights;
	type BlockLength = BlockLength;
	type BlockHashCount = ConstU32<BLOCK_HASH_COUNT>;
	type DbWeight = ParityDbWeight;
	type AccountData = pallet_balances::AccountData<Balance>;
	type SS58Prefix = ConstU16<{ SS58_PREFIX as u16 }>;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
}
