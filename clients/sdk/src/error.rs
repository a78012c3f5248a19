//! What can go wrong, told apart by what a caller can do about it.

use crate::{accounts::Funds, AccountId, Amount, BlockNumber};
use assay_protocol::{refusal, ChannelId, DisputeId, JobId, ModelId, ModelVersion};
use std::{fmt, time::Duration};
use subxt::{error::DispatchError, metadata::Metadata, rpcs};

/// What a function of this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
///
/// A caller that has to decide what to do next asks in this order: is [no node there](Error::is_disconnected); was the
/// transaction [refused before it cost anything](Error::Refused) or would it have been ([`Error::WouldFail`],
/// [`Error::Unpayable`]); did its call [fail in a block](Error::Failed); did [no block take it](Error::NotIncluded)?
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// Nobody answers at the address.
	#[error(
		"no node answers at {url}{}: is it running, and is the address right? ({reason})",
		within(waited)
	)]
	NotConnected {
		/// The address.
		url: String,
		/// For how long a node was waited for, if it was.
		waited: Option<Duration>,
		/// What the system says.
		reason: String,
	},
	/// Somebody answers, but no node, or one of another chain.
	#[error("what answers at {url} is no node of this chain, or ends: {reason}")]
	OtherChain {
		/// The address.
		url: String,
		/// Why it is none.
		reason: String,
	},
	/// A worker sends more than what was asked can be.
	#[error("the opening has {bytes} bytes; one of these positions has at most {limit}")]
	OpeningTooLong {
		/// How many it has.
		bytes: u64,
		/// How many it may have.
		limit: u64,
	},
	/// A worker sends so little at a time that nobody would see the end of it.
	#[error("the worker sends {bytes} bytes of the opening at once, and more is to come: a part that is not the last has at least {least}")]
	PartTooShort {
		/// How many it sends.
		bytes: usize,
		/// How many it must send.
		least: usize,
	},
	/// The node ended a subscription.
	#[error("the node closed the connection")]
	Closed,
	/// The node did not answer a question, or answered with an error.
	#[error("{what}")]
	Unanswered {
		/// What it was asked.
		what: String,
		/// Its error.
		source: rpcs::Error,
	},
	/// A method of JSON-RPC failed.
	#[error(transparent)]
	Rpc(#[from] rpcs::Error),
	/// subxt, on which this crate stands, failed.
	#[error(transparent)]
	Subxt(Box<subxt::Error>),
	/// The state of a block is no longer kept by the node.
	#[error(
		"{what}: the node has discarded the state of block {block} (pruning): it keeps those of the last blocks only; ask a node that \
		 runs with --state-pruning archive"
	)]
	Discarded {
		/// What the node was asked.
		what: String,
		/// The block.
		block: BlockNumber,
	},
	/// The node makes session keys for whoever is on its own machine only.
	#[error("the node makes keys only for whoever speaks to it from its own machine")]
	UnsafeMethod,
	/// There is no such thing on the chain.
	#[error("{0}")]
	Missing(Missing),
	/// A job has no receipt yet.
	#[error("job {0} is not over: there is a receipt of it when it is")]
	NotOver(JobId),
	/// The node does not prove that a block is final.
	#[error("the node has no proof that block {block} is final")]
	NoFinality {
		/// The block.
		block: BlockNumber,
	},
	/// A receipt does not hold.
	#[error("what the node answers is no receipt: {0}")]
	NoReceipt(#[from] assay_receipt::Error),
	/// An input has more elements than a transaction may have.
	#[error("the input has {elements} elements, at most {most} fit into a transaction")]
	InputTooLong {
		/// Its elements.
		elements: usize,
		/// How many fit.
		most: u32,
	},
	/// A version cannot run what is asked of it; says which parameter is wrong and what its limit is.
	#[error("{0}")]
	CannotRun(refusal::Refusal),
	/// An answer is in a form that this crate does not know.
	#[error("{what} in a form this program does not know: they are of different versions")]
	BadAnswer {
		/// What answers, or what was read.
		what: String,
		/// Where it stops making sense.
		source: Option<codec::Error>,
	},
	/// The chain lacks a call.
	#[error("this chain has no call {pallet}.{call}")]
	NoSuchCall {
		/// The pallet.
		pallet: &'static str,
		/// The call.
		call: &'static str,
	},
	/// The chain reads the arguments of a call differently.
	#[error("{pallet}.{call} takes other arguments on this chain: use its version of this program")]
	OtherArguments {
		/// The pallet.
		pallet: &'static str,
		/// The call.
		call: &'static str,
		/// Where they differ, if the chain cannot read them at all.
		source: Option<Box<subxt::Error>>,
	},
	/// The node did not take a transaction into its pool. Nothing was done and nothing is paid.
	#[error("{0}")]
	Refused(PoolRefusal),
	/// The account cannot pay for a transaction. Nothing was sent.
	#[error("refused: balance too low: the transaction costs {fee}, {account} has {free} free")]
	Unpayable {
		/// Whose transaction.
		account: AccountId,
		/// What it costs.
		fee: Amount,
		/// What the account has.
		free: Amount,
	},
	/// The call of a transaction would fail. It was tried out: nothing was sent and nothing is paid.
	#[error(
		"{} (tried out on block {block}: nothing was sent and nothing is paid)",
		with_funds(failure, funds)
	)]
	WouldFail {
		/// Why.
		failure: Failure,
		/// What the account has and the transaction costs, if it is a question of money.
		funds: Option<Box<Funds>>,
		/// The block on which it was tried out.
		block: BlockNumber,
	},
	/// The call of a transaction failed in a block. Its fee is paid.
	#[error("{failure}")]
	Failed {
		/// Why.
		failure: Failure,
		/// The block.
		block: BlockNumber,
		/// What the signer paid for it.
		fee: Amount,
	},
	/// Whoever was to note the transaction could not. Nothing was sent.
	#[error("the transaction was not sent, for it could not be noted: {reason}")]
	NotNoted {
		/// Why.
		reason: String,
	},
	/// Other programs that sign with the account were faster, again and again. Nothing was done.
	#[error("{tries} times another transaction of the account was faster: send it again: {reason}")]
	Displaced {
		/// How often it was tried.
		tries: u32,
		/// How the last try ended.
		reason: String,
	},
	/// The life of a transaction ended before a block took it. Nothing was done.
	#[error("no block up to {last}, the last that could, holds the transaction ({reason})")]
	NotIncluded {
		/// The last block that could have.
		last: BlockNumber,
		/// What the node said of it last.
		reason: String,
	},
	/// A transaction succeeded, and its block tells of no such event.
	#[error("{pallet} told of no {event}")]
	NoEvent {
		/// The pallet.
		pallet: &'static str,
		/// The event.
		event: &'static str,
	},
}

impl Error {
	/// Whether there is no node to speak to: trying again later may help.
	pub fn is_disconnected(&self) -> bool {
		match self {
			Self::NotConnected { .. } | Self::Closed => true,
			Self::Rpc(error) | Self::Unanswered { source: error, .. } => matches!(error, rpcs::Error::Client(_)),
			// subxt keeps this cause in words only.
			Self::Subxt(error) => error.to_string().contains("RPC error: client error"),
			_ => false,
		}
	}

	/// The error of a pallet, whether the call failed or only would have.
	pub fn failure(&self) -> Option<&Failure> {
		match self {
			Self::WouldFail { failure, .. } | Self::Failed { failure, .. } => Some(failure),
			_ => None,
		}
	}

	pub(crate) fn missing(what: impl Into<Missing>) -> Self {
		Self::Missing(what.into())
	}

	pub(crate) fn unreadable(what: impl Into<String>, source: impl Into<Option<codec::Error>>) -> Self {
		Self::BadAnswer {
			what: what.into(),
			source: source.into(),
		}
	}
}

/// subxt has one error for each of its parts.
macro_rules! from_subxt {
	($($part:ident),*) => {
		$(
			impl From<subxt::error::$part> for Error {
				fn from(error: subxt::error::$part) -> Self {
					Self::Subxt(Box::new(error.into()))
				}
			}
		)*
	};
}

from_subxt!(
	ConstantError,
	DispatchErrorDecodeError,
	EventsError,
	ExtrinsicDecodeErrorAt,
	ExtrinsicError,
	OnlineClientAtBlockError,
	StorageError,
	StorageValueError
);

/// What is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Missing {
	/// A model.
	Model(ModelId),
	/// A version of a model that has others.
	Version {
		/// Which.
		version: ModelVersion,
		/// How many versions the model has.
		count: usize,
	},
	/// The program of a version.
	Program(ModelVersion),
	/// A listed offer for a version.
	Offer(ModelVersion),
	/// A job.
	Job(JobId),
	/// The result of a job.
	Result(JobId),
	/// The audit of a job, which has no claim.
	Audit(JobId),
	/// A dispute.
	Dispute(DisputeId),
	/// A channel.
	Channel(ChannelId),
	/// A referendum.
	Referendum(u32),
	/// An operator.
	Operator(AccountId),
	/// Where an operator answers requests.
	Endpoint(AccountId),
	/// A block, by its height.
	Block(BlockNumber),
	/// A block, by its hash.
	BlockHash(subxt::utils::H256),
	/// A transaction in the block that was said to hold it.
	Transaction(BlockNumber),
	/// The proof for session keys, without which no chain of Assay registers them.
	KeyProof,
}

impl fmt::Display for Missing {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Model(id) => write!(f, "there is no model {id}"),
			Self::Version { version, count } => {
				let (model, version) = (version.model, version.version);
				write!(f, "model {model} has no version {version}: it has {count}")
			}
			Self::Program(version) => write!(f, "there is no model version {version}"),
			Self::Offer(version) => write!(f, "no operator serves {version} at the moment: wait for one"),
			Self::Job(id) => write!(
				f,
				"there is no job {id}: it was never submitted, or it ended long ago and was removed"
			),
			Self::Result(id) => write!(f, "job {id} has no result"),
			Self::Audit(id) => write!(f, "job {id} has no claim yet that could be audited"),
			Self::Dispute(id) => write!(
				f,
				"there is no dispute {id}: there never was, or it ended long ago and was removed"
			),
			Self::Channel(id) => write!(f, "there is no channel {id}"),
			Self::Referendum(index) => write!(f, "there is no referendum {index}"),
			Self::Endpoint(account) => write!(f, "{account} does not say where it answers requests"),
			Self::Operator(account) => write!(f, "{account} is not an operator"),
			Self::Block(number) => write!(f, "the node does not have block {number}"),
			Self::BlockHash(hash) => write!(f, "the node does not have block {hash:?}"),
			Self::Transaction(number) => write!(f, "block {number} does not hold the transaction"),
			Self::KeyProof => f.write_str("the node made keys without a proof, and no chain of Assay registers those"),
		}
	}
}

/// Why a node did not take a transaction into its pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PoolRefusal {
	/// The code of the node's error.
	pub code: i32,
	/// The pool's reason.
	pub reason: String,
}

impl fmt::Display for PoolRefusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "refused: {}", self.reason)
	}
}

/// Why the call of a transaction failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
	/// The pallet whose error it is; none where the runtime itself says no.
	pub pallet: Option<String>,
	/// The error's name, or the runtime's words.
	pub error: String,
	/// The pallet's own explanation.
	pub explanation: String,
	/// Whether it is a question of money.
	pub is_money: bool,
}

impl Failure {
	/// Reads an error as it is in an event or in the answer of a trial.
	pub(crate) fn new(dispatch: &DispatchError) -> Self {
		let is_money = matches!(dispatch, DispatchError::Token(_));
		let DispatchError::Module(module) = dispatch else {
			return Self::plain(dispatch, is_money);
		};
		match module.details() {
			Ok(details) => Self::of_pallet(details.pallet.name(), &details.variant.name, &details.variant.docs),
			Err(_) => Self::plain(dispatch, is_money),
		}
	}

	/// The error of a pallet with this number.
	pub(crate) fn of(pallet: &str, index: u8, metadata: &Metadata) -> Option<Self> {
		let variant = metadata.pallet_by_name(pallet)?.error_variant_by_index(index)?;
		Some(Self::of_pallet(pallet, &variant.name, &variant.docs))
	}

	fn of_pallet(pallet: &str, name: &str, docs: &[String]) -> Self {
		Self {
			pallet: Some(pallet.to_owned()),
			error: name.to_owned(),
			explanation: docs.join(" ").trim().to_owned(),
			is_money: false,
		}
	}

	fn plain(dispatch: &DispatchError, is_money: bool) -> Self {
		Self {
			pallet: None,
			error: dispatch.to_string(),
			explanation: String::new(),
			is_money,
		}
	}

	/// Whether it is this error of this pallet.
	pub fn is(&self, pallet: &str, error: &str) -> bool {
		self.pallet.as_deref() == Some(pallet) && self.error == error
	}
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match &self.pallet {
			Some(pallet) => write!(f, "{pallet}.{}: {}", self.error, self.explanation),
			None => f.write_str(&self.error),
		}
	}
}

/// Whether a node says, in these words, that it no longer has the state of a block.
pub(crate) fn says_discarded(words: &str) -> bool {
	let gone = ["State already discarded", "UnknownBlock", "unknown Block"];
	gone.iter().any(|gone| words.contains(gone))
}

/// Whether an error says that the node no longer has the state of a block. subxt keeps this cause in words only, and deep inside.
pub(crate) fn is_discarded(error: &Error) -> bool {
	matches!(error, Error::Discarded { .. }) || says_discarded(&format!("{error:?}"))
}

/// What the pool's words about a result mean: the jobs pallet puts its errors into them.
pub(crate) fn refused_result(words: &str, metadata: &Metadata) -> Option<String> {
	if words.contains("outdated") {
		return Some(
			"the job does not wait for this result: its deadline has passed, it was assigned anew, or it is over"
				.into(),
		);
	}
	if words.contains("bad signature") {
		return Some("the worker key is not the assigned operator's".into());
	}
	let (_, index) = words.split_once("Custom error: ")?;
	let index = index
		.chars()
		.take_while(char::is_ascii_digit)
		.collect::<String>()
		.parse()
		.ok()?;
	Failure::of("Jobs", index, metadata).map(|failure| failure.to_string())
}

fn within(waited: &Option<Duration>) -> String {
	match waited {
		Some(waited) => format!(" within {} s", waited.as_secs()),
		None => String::new(),
	}
}

fn with_funds(failure: &Failure, funds: &Option<Box<Funds>>) -> String {
	let words = failure.to_string();
	match funds {
		Some(funds) => format!("{}: {funds}", words.trim_end_matches('.')),
		None => words,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn failure(is_money: bool) -> Failure {
		Failure {
			pallet: Some("Staking".into()),
			error: "StillUnbonding".into(),
			explanation: "The unbonding period is not over.".into(),
			is_money,
		}
	}

	#[test]
	fn a_trial_says_that_nothing_was_paid_and_keeps_the_pallets_error() {
		let error = Error::WouldFail {
			failure: failure(false),
			funds: None,
			block: 7,
		};
		assert_eq!(
			error.to_string(),
			"Staking.StillUnbonding: The unbonding period is not over. (tried out on block 7: nothing was sent and nothing is \
			 paid)"
		);
		assert!(error
			.failure()
			.is_some_and(|failure| failure.is("Staking", "StillUnbonding")));
		assert!(!error
			.failure()
			.is_some_and(|failure| failure.is("Jobs", "StillUnbonding")));
		let refused = Error::Refused(PoolRefusal {
			code: 1010,
			reason: "Staking.StillUnbonding".into(),
		});
		assert_eq!(refused.failure(), None);
	}

	#[test]
	fn a_question_of_money_is_answered_with_amounts() {
		let account = AccountId::from([7; 32]);
		let funds = Funds {
			account,
			free: Amount(3_000_000_000_000),
			transferable: Amount(2_000_000_000_000),
			fee: Amount(1_000_000_000),
		};
		let error = Error::WouldFail {
			failure: failure(true),
			funds: Some(Box::new(funds)),
			block: 7,
		};
		let words = format!(
			"is not over: {account} has 3 ASY free, of which it can spend 2 ASY, and the transaction itself costs 0.001 ASY ("
		);
		assert!(error.to_string().contains(&words), "{error}");
	}

	#[test]
	fn an_absent_node_is_told_apart_from_one_that_says_no() {
		let lost = || rpcs::Error::Client("the connection is lost".into());
		let nested: Error =
			subxt::error::OnlineClientAtBlockError::CannotGetCurrentBlock { reason: lost().into() }.into();
		assert!(Error::Rpc(lost()).is_disconnected() && nested.is_disconnected() && Error::Closed.is_disconnected());
		let no = rpcs::Error::User(rpcs::UserError {
			code: -32_601,
			message: "Method not found".into(),
			data: None,
		});
		let unanswered = Error::Unanswered {
			what: "JobsApi_job at block 7".into(),
			source: no,
		};
		assert!(!unanswered.is_disconnected());
		assert!(!Error::Missing(Missing::Job(JobId(7))).is_disconnected());
	}
}
