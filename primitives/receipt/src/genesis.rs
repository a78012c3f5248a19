//! The first block of a chain, by its specification.

use crate::{AuthoritySet, Checkpoint, Error, Header};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::DecodeAll;
use sp_consensus_grandpa::AuthorityList;
use sp_crypto_hashing::twox_128;
use sp_runtime::{traits::BlakeTwo256, Digest};
use sp_trie::{LayoutV1, TrieConfiguration};

impl Checkpoint {
	/// Who signs first on the chain whose state at genesis this is: what `genesis.raw.top` of its specification has.
	pub fn of_genesis(state: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Self, Error> {
		let key = [twox_128(b"Grandpa"), twox_128(b"Authorities")].concat();
		let stored = state.get(&key).ok_or(Error::NoGenesis)?;
		let authorities = AuthorityList::decode_all(&mut &stored[..]).map_err(|_| Error::NoGenesis)?;
		let header = Header {
			parent_hash: Default::default(),
			number: 0,
			state_root: LayoutV1::<BlakeTwo256>::trie_root(state),
			extrinsics_root: LayoutV1::<BlakeTwo256>::trie_root(BTreeMap::<Vec<u8>, Vec<u8>>::new()),
			digest: Digest::default(),
		};
		Ok(Self {
			genesis: header.hash(),
			after: 0,
			set: AuthoritySet { id: 0, authorities },
		})
	}
}
