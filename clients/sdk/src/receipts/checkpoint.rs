//! Checkpoints in files.

use super::{AuthoritySet, Checkpoint};
use crate::{BlockNumber, H256};
use serde::{Deserialize, Serialize};
use sp_core::ed25519;

/// A checkpoint as a JSON document, which people can compare.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointFile {
	/// The hash of the chain's first block.
	pub genesis: H256,
	/// The set signs the block after this one.
	pub after: BlockNumber,
	/// The number of the set.
	pub set: u64,
	/// Who is in it.
	pub authorities: Vec<Authority>,
}

/// Who votes on finality.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
	/// The key `gran` of its session keys.
	pub key: H256,
	/// What its vote weighs.
	pub weight: u64,
}

impl From<&Checkpoint> for CheckpointFile {
	fn from(checkpoint: &Checkpoint) -> Self {
		let authorities = checkpoint.set.authorities.iter();
		Self {
			genesis: H256(checkpoint.genesis.0),
			after: checkpoint.after,
			set: checkpoint.set.id,
			authorities: authorities
				.map(|(key, weight)| Authority {
					key: H256(ed25519::Public::from(key.clone()).0),
					weight: *weight,
				})
				.collect(),
		}
	}
}

impl From<CheckpointFile> for Checkpoint {
	fn from(file: CheckpointFile) -> Self {
		let authorities = file.authorities.iter();
		Self {
			genesis: file.genesis.0.into(),
			after: file.after,
			set: AuthoritySet {
				id: file.set,
				authorities: authorities
					.map(|authority| (ed25519::Public::from_raw(authority.key.0).into(), authority.weight))
					.collect(),
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_checkpoint_is_read_as_it_was_written() {
		let file = CheckpointFile {
			genesis: H256([7; 32]),
			after: 40,
			set: 3,
			authorities: vec![Authority {
				key: H256([8; 32]),
				weight: 1,
			}],
		};
		let checkpoint = Checkpoint::from(file.clone());
		assert_eq!(CheckpointFile::from(&checkpoint), file);
		let text = serde_json::to_string(&file).unwrap();
		assert!(text.contains(&format!("\"key\":\"0x{}\"", "08".repeat(32))), "{text}");
		assert_eq!(serde_json::from_str::<CheckpointFile>(&text).unwrap(), file);
		let wrong = text.replace("\"set\"", "\"sets\"");
		assert!(serde_json::from_str::<CheckpointFile>(&wrong).is_err());
	}
}
