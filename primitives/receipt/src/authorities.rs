//! Who signs finality.

use crate::{BlockNumber, Error};
use finality_grandpa::voter_set::VoterSet;
use sp_consensus_grandpa::{AuthorityId, AuthorityList, SetId};
use sp_core::H256;

/// The authorities that vote on the finality of some blocks, and the number of their set: both are signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthoritySet {
	/// How many sets there were before.
	pub id: SetId,
	/// The authorities with their weights.
	pub authorities: AuthorityList,
}

impl AuthoritySet {
	pub(crate) fn voters(&self) -> Result<VoterSet<AuthorityId>, Error> {
		VoterSet::new(self.authorities.iter().cloned()).ok_or(Error::Authorities { set: self.id })
	}
}

/// What a verifier trusts: which chain, and who signs finality there from some block on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
	/// The hash of the chain's first block.
	pub genesis: H256,
	/// The set signs the block after this one.
	pub after: BlockNumber,
	/// Who signs.
	pub set: AuthoritySet,
}
