//! Who an account says it is, and who vouches for that.

use crate::{
	currency::{MILLIUNIT, UNIT},
	governance::{Days, RootOrAdmin},
	treasury::FromDeposits,
	Balances, Runtime, RuntimeEvent, Signature,
};
use frame_support::traits::{ConstU128, ConstU32};
use pallet_identity::legacy::IdentityInfo;
use sp_runtime::traits::Verify;

impl pallet_identity::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type BasicDeposit = ConstU128<{ 10 * UNIT }>;
	type ByteDeposit = ConstU128<{ 10 * MILLIUNIT }>;
	type UsernameDeposit = ConstU128<{ 10 * UNIT }>;
	type SubAccountDeposit = ConstU128<{ 2 * UNIT }>;
	type MaxSubAccounts = ConstU32<100>;
	type IdentityInformation = IdentityInfo<ConstU32<16>>;
	type MaxRegistrars = ConstU32<20>;
	type Slashed = FromDeposits;
	type ForceOrigin = RootOrAdmin;
	type RegistrarOrigin = RootOrAdmin;
	type OffchainSignature = Signature;
	type SigningPublicKey = <Signature as Verify>::Signer;
	type UsernameAuthorityOrigin = RootOrAdmin;
	type PendingUsernameExpiration = Days<7, 1>;
	type UsernameGracePeriod = Days<30, 1>;
	type MaxSuffixLength = ConstU32<7>;
	type MaxUsernameLength = ConstU32<32>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
	type WeightInfo = pallet_identity::weights::SubstrateWeight<Runtime>;
}
