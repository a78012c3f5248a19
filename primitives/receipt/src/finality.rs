//! Blocks that authorities have signed.

use crate::{authorities::AuthoritySet, error::Unfinal, BlockNumber, Error, Header};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::{Decode, DecodeAll, Encode};
use finality_grandpa::{validate_commit, voter_set::VoterSet, Chain, Error as GrandpaError, Message};
use sp_consensus_grandpa::{
	check_message_signature_with_buffer, AuthorityId, ConsensusLog, GrandpaJustification, SignatureResult,
	GRANDPA_ENGINE_ID,
};
use sp_core::H256;
use sp_runtime::DigestItem;

/// Headers between a block and the votes for it at most. Authorities vote for what they have seen last, which is a few blocks
/// further, unless finality lags.
const MAX_HEADERS: usize = 4_096;
/// Votes of an authority at most: whoever votes twice is an equivocator, and both votes may be shown.
const MAX_VOTES: usize = 2;

/// A block with the votes that made it final.
// A justification has no `Debug` without `std`.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(Debug))]
pub struct Finalised {
	/// The block.
	pub header: Header,
	/// The votes.
	pub justification: GrandpaJustification<Header>,
}

impl Finalised {
	/// Checks that more than two thirds of a set have signed the block.
	pub(crate) fn check(&self, set: &AuthoritySet) -> Result<(), Error> {
		let voters = set.voters()?;
		self.check_votes(set, &voters).map_err(|reason| Error::Unfinal {
			block: self.header.number,
			set: set.id,
			reason,
		})
	}

	/// The set after this one, whose last block this is.
	pub(crate) fn hand_over(&self, set: &AuthoritySet) -> Result<AuthoritySet, Error> {
		self.check(set)?;
		let next = self.next_authorities().zip(set.id.checked_add(1));
		let (authorities, id) = next.ok_or(Error::NoHandover {
			block: self.header.number,
			set: set.id,
		})?;
		Ok(AuthoritySet { id, authorities })
	}

	/// The authorities that vote from the next block on: the first change that the block announces, unless it begins later or
	/// was forced, which this chain never does.
	fn next_authorities(&self) -> Option<Vec<(AuthorityId, u64)>> {
		let mut next = None;
		for log in self.header.digest.logs() {
			let DigestItem::Consensus(GRANDPA_ENGINE_ID, bytes) = log else {
				continue;
			};
			match ConsensusLog::<BlockNumber>::decode_all(&mut &bytes[..]).ok()? {
				ConsensusLog::ScheduledChange(change) if next.is_none() => next = Some(change),
				ConsensusLog::ForcedChange(..) => return None,
				_ => (),
			}
		}
		next.filter(|change| change.delay == 0)
			.map(|change| change.next_authorities)
	}

	/// Signatures first: whatever is not signed is looked at no further.
	fn check_votes(&self, set: &AuthoritySet, voters: &VoterSet<AuthorityId>) -> Result<(), Unfinal> {
		let GrandpaJustification {
			round,
			commit,
			votes_ancestries,
		} = &self.justification;
		if (commit.target_hash, commit.target_number) != (self.header.hash(), self.header.number) {
			return Err(Unfinal::OtherBlock {
				number: commit.target_number,
				hash: commit.target_hash,
			});
		}
		let (votes, voting) = (commit.precommits.len(), voters.len().get());
		if votes > voting.saturating_mul(MAX_VOTES) {
			return Err(Unfinal::TooManyVotes { votes, voters: voting });
		}
		if votes_ancestries.len() > MAX_HEADERS {
			return Err(Unfinal::TooManyHeaders {
				headers: votes_ancestries.len(),
				limit: MAX_HEADERS,
			});
		}
		let mut buffer = Vec::new();
		for vote in &commit.precommits {
			if !voters.contains(&vote.id) {
				return Err(Unfinal::Stranger(key(&vote.id)));
			}
			let message = Message::Precommit(vote.precommit.clone());
			match check_message_signature_with_buffer(&message, &vote.id, &vote.signature, *round, set.id, &mut buffer)
			{
				SignatureResult::Valid => (),
				SignatureResult::Invalid => return Err(Unfinal::Signature(key(&vote.id))),
				SignatureResult::OutdatedSet => return Err(Unfinal::OlderSet(key(&vote.id))),
			}
		}
		let ancestry = Ancestry::new(votes_ancestries);
		self.check_headers(&ancestry)?;
		match validate_commit(commit, voters, &ancestry) {
			Ok(result) if result.is_valid() => Ok(()),
			_ => Err(self.too_few(voters)),
		}
	}

	/// Every vote is for this block or one that follows it by the headers shown, and every header leads to a vote.
	fn check_headers(&self, ancestry: &Ancestry<'_>) -> Result<(), Unfinal> {
		let block = self.header.hash();
		let mut used = BTreeSet::new();
		for vote in &self.justification.commit.precommits {
			let (mut hash, mut number) = (vote.precommit.target_hash, vote.precommit.target_number);
			while hash != block {
				let header = ancestry.0.get(&hash).filter(|header| header.number == number);
				let header = header.ok_or(Unfinal::Ancestry)?;
				if !used.insert(hash) {
					// From here on it is known.
					break;
				}
				hash = header.parent_hash;
				number = number.checked_sub(1).ok_or(Unfinal::Ancestry)?;
			}
			if hash == block && number != self.header.number {
				return Err(Unfinal::Ancestry);
			}
		}
		match used.len() == self.justification.votes_ancestries.len() {
			true => Ok(()),
			false => Err(Unfinal::Ancestry),
		}
	}

	fn too_few(&self, voters: &VoterSet<AuthorityId>) -> Unfinal {
		let votes = self.justification.commit.precommits.iter();
		let voted: BTreeSet<_> = votes.map(|vote| &vote.id).collect();
		let weights = voted.into_iter().filter_map(|voter| voters.get(voter));
		Unfinal::TooFew {
			// The sum of all weights is no more than 2^64, or there would be no such set.
			signed: weights.fold(0, |sum: u64, voter| sum.saturating_add(voter.weight().get())),
			total: voters.total_weight().get(),
		}
	}
}

/// The bytes of an authority's key, by which session keys are shown.
fn key(authority: &AuthorityId) -> H256 {
	H256(sp_core::ed25519::Public::from(authority.clone()).0)
}

/// The headers between a block and the votes for it.
struct Ancestry<'h>(BTreeMap<H256, &'h Header>);

impl<'h> Ancestry<'h> {
	fn new(headers: &'h [Header]) -> Self {
		Self(headers.iter().map(|header| (header.hash(), header)).collect())
	}
}

impl Chain<H256, BlockNumber> for Ancestry<'_> {
	fn ancestry(&self, base: H256, block: H256) -> Result<Vec<H256>, GrandpaError> {
		let mut route = Vec::new();
		let mut current = block;
		while current != base {
			let header = self.0.get(&current).ok_or(GrandpaError::NotDescendent)?;
			current = header.parent_hash;
			route.push(current);
		}
		// Without the base.
		route.pop();
		Ok(route)
	}
}
