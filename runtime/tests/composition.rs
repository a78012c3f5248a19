//! What clients rely on and what must not change by accident: indices, metadata, weights.

mod common;

use assay_runtime::{configs::BlockWeights, AllPalletsWithSystem, Block, Runtime, RuntimeCall, TxExtension};
use codec::Decode;
use common::chain;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use frame_support::{
	dispatch::GetDispatchInfo,
	traits::{Get, GetCallMetadata, PalletsInfoAccess},
};
use sp_api::runtime_decl_for_metadata::MetadataV2 as Metadata;
use sp_genesis_builder::DEV_RUNTIME_PRESET;
use sp_runtime::traits::TransactionExtension;
use std::collections::BTreeSet;

/// Calls that zeros do not make: a descriptor of zeros is none.
const NOT_DECODED_FROM_ZEROS: &[&str] = &["Babe.plan_config_change"];

#[test]
fn pallet_indices_should_stay_as_they_are() {
	let indices: Vec<_> = AllPalletsWithSystem::infos()
		.into_iter()
		.map(|pallet| (pallet.index, pallet.name))
		.collect();
	assert_eq!(
		indices,
		[
			(0, "System"),
			(1, "Timestamp"),
			(2, "Timing"),
			(3, "Babe"),
			(4, "Authorship"),
			(5, "Balances"),
			(6, "TransactionPayment"),
			(7, "Session"),
			(8, "Grandpa"),
			(9, "Historical"),
			(10, "Offences"),
			(12, "AuthorityDiscovery"),
			(20, "Staking"),
			(21, "Models"),
			(22, "Jobs"),
			(23, "Disputes"),
			(24, "Audits"),
			(25, "Validators"),
			(26, "Beacon"),
			(27, "Channels"),
			(30, "Preimage"),
			(31, "Scheduler"),
			(32, "ConvictionVoting"),
			(33, "Referenda"),
			(34, "Origins"),
			(35, "Whitelist"),
			(36, "TechnicalCommittee"),
			(37, "Treasury"),
			(38, "Parameters"),
			(39, "TxPause"),
			(50, "Utility"),
			(51, "Multisig"),
			(52, "Proxy"),
			(53, "Identity"),
			(255, "Sudo"),
		]
	);
}

#[test]
fn metadata_should_build_in_every_version() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let versions = <Runtime as Metadata<Block>>::metadata_versions();
		assert!(
			versions.contains(&14) && versions.contains(&15) && versions.contains(&16),
			"versions are {versions:?}"
		);
		for version in versions {
			let metadata = <Runtime as Metadata<Block>>::metadata_at_version(version).expect("a listed version builds");
			assert_eq!(&metadata[..4], b"meta");
		}
	});
}

#[test]
fn transaction_extensions_should_look_like_the_stock_ones() {
	let names: Vec<_> = <TxExtension as TransactionExtension<RuntimeCall>>::metadata()
		.into_iter()
		.map(|extension| extension.identifier)
		.collect();
	assert_eq!(
		names,
		[
			"AuthorizeCall",
			"CheckNonZeroSender",
			"CheckSpecVersion",
			"CheckTxVersion",
			"CheckGenesis",
			"CheckMortality",
			"CheckNonce",
			"CheckWeight",
			"ChargeTransactionPayment",
			"CheckMetadataHash",
			"WeightReclaim",
		]
	);
}

#[test]
fn every_call_should_fit_into_a_block() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		let mut unseen: BTreeSet<String> = RuntimeCall::get_module_names()
			.iter()
			.flat_map(|pallet| {
				RuntimeCall::get_call_names(pallet)
					.iter()
					.map(move |call| format!("{pallet}.{call}"))
			})
			.collect();
		for pallet in AllPalletsWithSystem::infos() {
			for call_index in 0..=u8::MAX {
				let mut bytes = vec![0; 4_096];
				bytes[0] = u8::try_from(pallet.index).expect("indices are bytes");
				bytes[1] = call_index;
				if let Ok(call) = RuntimeCall::decode(&mut &bytes[..]) {
					let metadata = call.get_call_metadata();
					let name = format!("{}.{}", metadata.pallet_name, metadata.function_name);
					assert_fits(&call, &name);
					unseen.remove(&name);
				}
			}
		}
		assert_eq!(
			unseen.iter().map(String::as_str).collect::<Vec<_>>(),
			NOT_DECODED_FROM_ZEROS
		);
	});
}

fn assert_fits(call: &RuntimeCall, name: &str) {
	let info = call.get_dispatch_info();
	let limits = BlockWeights::get();
	let limit = limits.get(info.class).max_extrinsic.unwrap_or(limits.max_block);
	assert!(
		info.call_weight.all_lt(limit),
		"{name} weighs {:?}, a transaction may weigh {limit:?}",
		info.call_weight
	);
}

/// A receipt that is presented at the last moment is disputed to the end while the stake of its block still answers.
#[test]
fn stake_should_wait_longer_than_receipts_can_be_disputed() {
	sp_io::TestExternalities::default().execute_with(|| {
		let judged = <Runtime as pallet_assay_timing::Config>::LongestJudgement::get();
		let waits: u32 = pallet_assay_timing::UnbondingPeriod::<Runtime>::get();
		assert!(judged < waits, "{judged} blocks, stake waits {waits}");
	});
}

/// Whose capacity audits keep can settle before a notice is over.
#[test]
fn notices_should_be_longer_than_audits() {
	sp_io::TestExternalities::default().execute_with(|| {
		let notice: u32 = <Runtime as pallet_assay_channels::Config>::NoticePeriod::get();
		let audit = pallet_assay_audits::Pallet::<Runtime>::longest_delay();
		let window: u32 = <Runtime as pallet_assay_jobs::Config>::Window::get();
		assert!(audit + window < notice, "{audit} blocks, a notice has {notice}");
	});
}

#[test]
fn wallets_should_find_stake_in_the_metadata() {
	let encoded = chain(DEV_RUNTIME_PRESET)
		.execute_with(|| <Runtime as Metadata<Block>>::metadata_at_version(16).expect("it builds"));
	let prefixed = RuntimeMetadataPrefixed::decode(&mut &encoded[..]).expect("it is metadata");
	let RuntimeMetadata::V16(metadata) = prefixed.1 else {
		panic!("it has the version that was asked for")
	};
	let views = |pallet: &str| -> Vec<_> {
		let mut pallets = metadata.pallets.iter();
		let found = pallets.find(|of| of.name == pallet).expect("the pallet is there");
		let functions = found.view_functions.iter();
		functions.map(|function| function.name.as_str()).collect()
	};
	assert_eq!(
		views("Staking"),
		["positions_of", "balance_of", "operator_of", "operators_by_stake"]
	);
	assert_eq!(
		views("Validators"),
		["validators", "elected_now", "slashes", "parameters"]
	);
}
