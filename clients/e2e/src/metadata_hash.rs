//! Prints the digest of the runtime's metadata, as RFC-78 of the Polkadot Fellowship defines it, for the next version of the
//! runtime: hardware wallets sign it, and a runtime that is compiled with it can tell that they saw the right metadata.

use anyhow::{anyhow, bail, Context, Result};
use assay_runtime::{
	currency::{DECIMALS, SS58_PREFIX, SYMBOL},
	Block, Runtime, VERSION,
};
use codec::Decode;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use merkleized_metadata::{generate_metadata_digest, ExtraInfo};
use sp_api::runtime_decl_for_metadata::MetadataV2 as Metadata;
use sp_io::TestExternalities;

/// The version of metadata that the digest is made of.
const METADATA: u32 = 15;

fn main() -> Result<()> {
	// Some constants are genesis data; the digest leaves constants out.
	let encoded = TestExternalities::default()
		.execute_with(|| <Runtime as Metadata<Block>>::metadata_at_version(METADATA))
		.context("the runtime has no metadata of that version")?;
	let metadata = RuntimeMetadataPrefixed::decode(&mut &encoded[..])?.1;
	if !matches!(metadata, RuntimeMetadata::V15(_)) {
		bail!("the runtime's metadata is of another version");
	}
	let about = ExtraInfo {
		spec_version: VERSION.spec_version + 1,
		spec_name: VERSION.spec_name.to_string(),
		base58_prefix: SS58_PREFIX.into(),
		decimals: DECIMALS,
		token_symbol: SYMBOL.into(),
	};
	let digest = generate_metadata_digest(&metadata, about).map_err(|error| anyhow!(error))?;
	println!("0x{}", hex::encode(digest.hash()));
	Ok(())
}
