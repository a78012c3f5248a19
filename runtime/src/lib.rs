//! The Assay runtime: which pallets make up the chain and how they are configured.
//!
//! Nothing is decided here that a pallet could decide. [`configs`] holds one file per pallet,
//! [`apis`] what the node may ask, [`genesis`] how a chain starts, [`time`] and [`currency`] every
//! constant that has a unit.

#![cfg_attr(not(feature = "std"), no_std)]
// The depth of the types that `impl_runtime_apis!` and the metadata build.
#![recursion_limit = "256"]
// `#[frame_support::runtime]` and `impl_runtime_apis!` document nothing of what they generate.
#![allow(missing_docs)]

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod currency;
pub mod genesis;
pub mod governance;
pub mod time;
pub mod transactions;
pub mod treasury;
mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

pub use apis::RUNTIME_API_VERSIONS;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

/// A block's height.
pub type BlockNumber = u32;
/// A signature by any of the supported schemes.
pub type Signature = MultiSignature;
/// The public key behind an account, as its 32-byte identifier.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An amount of ASY in its smallest unit.
pub type Balance = u128;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// The chain's hash.
pub type Hash = sp_core::H256;
/// What a transaction names as its sender or target.
pub type Address = MultiAddress<AccountId, ()>;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block with decoded transactions.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// What a transaction carries besides its call. All of it is stock but `CheckMove`, which is encoded and named as what it wraps, so every
/// wallet can sign.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_assay_disputes::CheckMove<Runtime, pallet_transaction_payment::ChargeTransactionPayment<Runtime>>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// A transaction as it travels, its signature unchecked.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;

/// What a signer signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Executes blocks.
pub type Executive =
	frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// Types for the node, which moves transactions without decoding them.
pub mod opaque {
	use super::*;

	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// A block with encoded transactions.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
}

impl_opaque_keys! {
	/// The keys with which a validator authors, finalises and is found.
	pub struct SessionKeys {
		/// Signs blocks.
		pub babe: Babe,
		/// Signs finality votes.
		pub grandpa: Grandpa,
		/// Signs where the validator is found.
		pub authority_discovery: AuthorityDiscovery,
	}
}

/// The attribute reads the number from the source.
macro_rules! version {
	($spec_version:tt) => {
		/// Identifies the runtime. `spec_version` rises with every change of behaviour,
		/// `transaction_version` when a call's index or encoding, or the extension, changes.
		#[sp_version::runtime_version]
		pub const VERSION: RuntimeVersion = RuntimeVersion {
			spec_name: Cow::Borrowed("assay"),
			impl_name: Cow::Borrowed("assay"),
			authoring_version: 1,
			spec_version: $spec_version,
			impl_version: 1,
			apis: RUNTIME_API_VERSIONS,
			transaction_version: 1,
			// State version 1: large values are stored by hash, so proofs about small ones stay small.
			system_version: 1,
		};
	};
}
#[cfg(not(feature = "next-version"))]
version!(1);
#[cfg(feature = "next-version")]
version!(2);

/// The pallets. An index never changes and is never given to another pallet: calls, events, errors
/// and hold reasons are encoded with it. Room: 0–19 the chain itself, 20–29 Assay, 30–49 governance,
/// 50–59 accounts, 255 sudo.
///
/// Genesis is built, and hooks run, in this order: balances exist before session keys are
/// registered, and BABE knows the slot before anything asks for the author.
#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;

	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;

	#[runtime::pallet_index(2)]
	pub type Timing = pallet_assay_timing;

	#[runtime::pallet_index(3)]
	pub type Babe = pallet_babe;

	#[runtime::pallet_index(4)]
	pub type Authorship = pallet_authorship;

	#[runtime::pallet_index(5)]
	pub type Balances = pallet_balances;

	#[runtime::pallet_index(6)]
	pub type TransactionPayment = pallet_transaction_payment;

	#[runtime::pallet_index(7)]
	pub type Session = pallet_session;

	#[runtime::pallet_index(8)]
	pub type Grandpa = pallet_grandpa;

	#[runtime::pallet_index(9)]
	pub type Historical = pallet_session::historical;

	#[runtime::pallet_index(10)]
	pub type Offences = pallet_offences;

	#[runtime::pallet_index(12)]
	pub type AuthorityDiscovery = pallet_authority_discovery;

	#[runtime::pallet_index(20)]
	pub type Staking = pallet_assay_staking;

	#[runtime::pallet_index(21)]
	pub type Models = pallet_assay_models;

	#[runtime::pallet_index(22)]
	pub type Jobs = pallet_assay_jobs;

	#[runtime::pallet_index(23)]
	pub type Disputes = pallet_assay_disputes;

	#[runtime::pallet_index(24)]
	pub type Audits = pallet_assay_audits;

	#[runtime::pallet_index(25)]
	pub type Validators = pallet_assay_validators;

	#[runtime::pallet_index(26)]
	pub type Beacon = pallet_assay_beacon;

	#[runtime::pallet_index(27)]
	pub type Channels = pallet_assay_channels;

	#[runtime::pallet_index(30)]
	pub type Preimage = pallet_preimage;

	#[runtime::pallet_index(31)]
	pub type Scheduler = pallet_scheduler;

	#[runtime::pallet_index(32)]
	pub type ConvictionVoting = pallet_conviction_voting;

	#[runtime::pallet_index(33)]
	pub type Referenda = pallet_referenda;

	#[runtime::pallet_index(34)]
	pub type Origins = governance::origins;

	#[runtime::pallet_index(35)]
	pub type Whitelist = pallet_whitelist;

	#[runtime::pallet_index(36)]
	pub type TechnicalCommittee = pallet_collective::Pallet<Runtime, Instance1>;

	#[runtime::pallet_index(37)]
	pub type Treasury = pallet_treasury;

	#[runtime::pallet_index(38)]
	pub type Parameters = pallet_parameters;

	#[runtime::pallet_index(39)]
	pub type TxPause = pallet_tx_pause;

	#[runtime::pallet_index(50)]
	pub type Utility = pallet_utility;

	#[runtime::pallet_index(51)]
	pub type Multisig = pallet_multisig;

	#[runtime::pallet_index(52)]
	pub type Proxy = pallet_proxy;

	#[runtime::pallet_index(53)]
	pub type Identity = pallet_identity;

	#[runtime::pallet_index(255)]
	pub type Sudo = pallet_sudo;
}
