//! What does not hold of a receipt.

use crate::{BlockNumber, MAX_BYTES};
use assay_protocol::JobId;
use sp_consensus_grandpa::SetId;
use sp_core::H256;

/// Why a receipt proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// More bytes than are read.
	#[error("it has {bytes} bytes, and a receipt has {MAX_BYTES} at most")]
	TooLong {
		/// How many.
		bytes: usize,
	},
	/// Another beginning.
	#[error("it does not begin as receipts do: it is none, or of a form that this program does not know")]
	NotAReceipt,
	/// Bytes that no receipt has.
	#[error("it begins as a receipt and does not go on as one: it is cut off, or was changed")]
	Malformed,
	/// The authorities are none.
	#[error("set {set} has no authorities, or their weights exceed 2^64")]
	Authorities {
		/// Which set.
		set: SetId,
	},
	/// There is no way from the set that is trusted to the set that signed.
	#[error(
		"it is signed by the authorities of set {signed} and has the handovers from set {first} on, but those that you trust are \
		 of set {trusted}"
	)]
	OtherSet {
		/// Whom the verifier trusts.
		trusted: SetId,
		/// Where the handovers begin.
		first: SetId,
		/// Where they end.
		signed: SetId,
	},
	/// A block is not final.
	#[error("block {block} is not signed by the authorities of set {set}: {reason}")]
	Unfinal {
		/// Which block.
		block: BlockNumber,
		/// The set that was to sign it.
		set: SetId,
		/// Why it is not.
		reason: Unfinal,
	},
	/// A block is final and does not name the authorities of the next set.
	#[error("block {block} is not the last of set {set}: it does not name the authorities that follow at once")]
	NoHandover {
		/// Which block.
		block: BlockNumber,
		/// The set that it was to end.
		set: SetId,
	},
	/// A node of the storage proof is missing.
	#[error("the storage proof does not lead from the state of block {block} to {what}")]
	Unproven {
		/// Whose state.
		block: BlockNumber,
		/// What was to be proved.
		what: &'static str,
	},
	/// The storage proof holds what leads nowhere.
	#[error("{nodes} of the storage proof's nodes prove nothing")]
	Superfluous {
		/// How many.
		nodes: usize,
	},
	/// The proof is of another chain.
	#[error("it is of the chain whose first block is {found:?}, not of {trusted:?}")]
	OtherChain {
		/// The chain that the verifier means.
		trusted: H256,
		/// The chain of the receipt.
		found: H256,
	},
	/// The chain stored its records in a form that is not known here.
	#[error("its records of {pallet} have form {found:?}, and this program reads form {known}")]
	Layout {
		/// Whose records.
		pallet: &'static str,
		/// Their form.
		found: Option<u16>,
		/// The form that is read here.
		known: u16,
	},
	/// What is stored cannot be read.
	#[error("{what} of job {job} cannot be read")]
	Unreadable {
		/// What.
		what: &'static str,
		/// Of which job.
		job: JobId,
	},
	/// There is no such job in that state.
	#[error("job {job} is not stored in the state of block {block}")]
	NoJob {
		/// Which job.
		job: JobId,
		/// Whose state.
		block: BlockNumber,
	},
	/// The job goes on.
	#[error("job {job} was not over at block {block}")]
	NotOver {
		/// Which job.
		job: JobId,
		/// Whose state.
		block: BlockNumber,
	},
	/// The state of the chain contradicts itself.
	#[error("the claim of job {job} does not commit to its input and output")]
	OtherClaim {
		/// Which job.
		job: JobId,
	},
	/// The specification of a chain lacks its authorities.
	#[error("the state at genesis names no authorities")]
	NoGenesis,
}

/// Why a block is not final.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfinal {
	/// The votes are for another block.
	#[error("the signatures are for block {number}, {hash:?}")]
	OtherBlock {
		/// Its height.
		number: BlockNumber,
		/// Its hash.
		hash: H256,
	},
	/// Somebody else voted.
	#[error("{0:?} is none of them")]
	Stranger(H256),
	/// A signature does not hold.
	#[error("the signature of {0:?} does not hold")]
	Signature(H256),
	/// A signature holds for the set before.
	#[error("{0:?} signed for the set before")]
	OlderSet(H256),
	/// More votes than authorities have.
	#[error("it has {votes} votes, and {voters} authorities have two each at most")]
	TooManyVotes {
		/// How many.
		votes: usize,
		/// Of how many authorities.
		voters: usize,
	},
	/// More headers between votes and block than are looked at.
	#[error("{headers} headers lead to its votes, {limit} at most are looked at")]
	TooManyHeaders {
		/// How many.
		headers: usize,
		/// How many are looked at.
		limit: usize,
	},
	/// The headers do not lead from the block to the votes, or some lead elsewhere.
	#[error("the headers between it and its votes do not fit together")]
	Ancestry,
	/// Two thirds of the weight are not reached.
	#[error("{signed} of the weight of {total} signed it, or what follows it: more than two thirds are needed")]
	TooFew {
		/// How much voted.
		signed: u64,
		/// How much there is.
		total: u64,
	},
}
