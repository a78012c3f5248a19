//! What a storage proof proves.

use crate::{BlockNumber, Error, Header};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use assay_protocol::JobId;
use codec::Encode;
use core::cell::RefCell;
use hash_db::{HashDBRef, Prefix};
use sp_core::H256;
use sp_crypto_hashing::{twox_128, twox_64};
use sp_runtime::traits::{BlakeTwo256, Hash};
use sp_trie::{LayoutV1, Trie};

/// Where FRAME stores the form of a pallet's records.
const STORAGE_VERSION: &[u8] = b":__STORAGE_VERSION__:";

/// Something that a receipt proves: its name in errors, and where it is stored.
pub(crate) struct Item {
	pub(crate) name: &'static str,
	pub(crate) key: Vec<u8>,
}

impl Item {
	/// The hash of the chain's first block, which is kept when those of other blocks go.
	pub(crate) fn genesis() -> Self {
		Self::of_map("the hash of the first block", "System", "BlockHash", &BlockNumber::MIN)
	}

	/// The form of a pallet's records.
	pub(crate) fn layout(pallet: &'static str) -> Self {
		Self {
			name: "the form of its records",
			key: prefix(pallet.as_bytes(), STORAGE_VERSION),
		}
	}

	pub(crate) fn job(job: JobId) -> Self {
		Self::of_map("the job", "Jobs", "Jobs", &job)
	}

	pub(crate) fn input(job: JobId) -> Self {
		Self::of_map("the input", "Jobs", "Inputs", &job)
	}

	pub(crate) fn claim(job: JobId) -> Self {
		Self::of_map("the claim", "Jobs", "Claims", &job)
	}

	pub(crate) fn audit(job: JobId) -> Self {
		Self::of_map("the audit", "Audits", "Audits", &job)
	}

	/// An entry of a map whose keys are hashed by `Twox64Concat`.
	fn of_map(name: &'static str, pallet: &str, map: &str, key: &impl Encode) -> Self {
		let encoded = key.encode();
		let mut key = prefix(pallet.as_bytes(), map.as_bytes());
		key.extend(twox_64(&encoded));
		key.extend(encoded);
		Self { name, key }
	}
}

fn prefix(pallet: &[u8], item: &[u8]) -> Vec<u8> {
	[twox_128(pallet), twox_128(item)].concat()
}

/// What a node has to prove for the receipt of a job: the storage keys.
pub fn keys(job: JobId) -> Vec<Vec<u8>> {
	let items = [
		Item::genesis(),
		Item::layout("Jobs"),
		Item::layout("Audits"),
		Item::job(job),
		Item::input(job),
		Item::claim(job),
		Item::audit(job),
	];
	items.into_iter().map(|item| item.key).collect()
}

/// The part of a block's state that a proof shows.
pub(crate) struct State<'p> {
	root: H256,
	block: BlockNumber,
	nodes: Nodes<'p>,
	/// Nodes that the proof has, more than once or not.
	count: usize,
}

impl<'p> State<'p> {
	pub(crate) fn new(header: &Header, proof: &'p [Vec<u8>]) -> Self {
		let nodes = proof.iter().map(|node| (BlakeTwo256::hash(node), &node[..])).collect();
		Self {
			root: header.state_root,
			block: header.number,
			nodes: Nodes {
				nodes,
				used: RefCell::default(),
			},
			count: proof.len(),
		}
	}

	/// What is stored; none if it is proved that there is nothing.
	pub(crate) fn read(&self, item: &Item) -> Result<Option<Vec<u8>>, Error> {
		let trie = sp_trie::TrieDBBuilder::<LayoutV1<BlakeTwo256>>::new(&self.nodes, &self.root).build();
		trie.get(&item.key).map_err(|_| Error::Unproven {
			block: self.block,
			what: item.name,
		})
	}

	/// Everything that was to be read was read: what is left proves nothing.
	pub(crate) fn finish(self) -> Result<(), Error> {
		let used = self.nodes.used.into_inner().len();
		match self.count.saturating_sub(used) {
			0 => Ok(()),
			nodes => Err(Error::Superfluous { nodes }),
		}
	}
}

/// The nodes of a proof by their hashes, and those that were asked for.
struct Nodes<'p> {
	nodes: BTreeMap<H256, &'p [u8]>,
	used: RefCell<BTreeSet<H256>>,
}

impl HashDBRef<BlakeTwo256, Vec<u8>> for Nodes<'_> {
	fn get(&self, key: &H256, _: Prefix<'_>) -> Option<Vec<u8>> {
		let node = self.nodes.get(key)?;
		self.used.borrow_mut().insert(*key);
		Some(node.to_vec())
	}

	fn contains(&self, key: &H256, _: Prefix<'_>) -> bool {
		self.nodes.contains_key(key)
	}
}
