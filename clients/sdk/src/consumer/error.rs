//! What can go wrong between a consumer and an endpoint, told apart by what a caller can do about it.

use super::evidence::Evidence;
use crate::{Amount, BlockNumber};
use assay_journal::JournalError;
use assay_protocol::ChannelId;
use std::time::Duration;

/// Why a consumer has no answer, or could not vouch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumerError {
	/// The chain could not be asked.
	#[error(transparent)]
	Chain(#[from] crate::Error),
	/// The journal cannot be used. Nothing more is signed.
	#[error(transparent)]
	Journal(#[from] JournalError),
	/// What the journal holds makes no sense.
	#[error("the journal of the channel: {0}")]
	Records(String),
	/// The key is not that of the channel, or the channel is not what its identifier says.
	#[error("channel {channel}: {reason}")]
	OtherChannel {
		/// The channel.
		channel: ChannelId,
		/// What does not fit.
		reason: &'static str,
	},
	/// Nobody can connect to what the operator's record says.
	#[error("the operator's record has `{address}` as its address: {reason}")]
	Address {
		/// The address.
		address: String,
		/// What is wrong with it.
		reason: String,
	},
	/// The program does not take the request, or the operator none so large.
	#[error("{0}")]
	Refused(String),
	/// Everything that is owed is vouched for, and the request may still cost more than the operator lends: put more into the channel, or
	/// ask for less.
	#[error("{unpaid} are unpaid, {credit} are lent, and the request may cost more")]
	Unpaid {
		/// What the endpoint says is unpaid.
		unpaid: Amount,
		/// What it says it lends.
		credit: Amount,
	},
	/// The channel takes no more requests: a notice was given, or it was asked to be closed.
	#[error("the channel ends: it takes no more requests")]
	Closing,
	/// The endpoint does not know the channel: it is closed, to another operator, or was opened in a block that is not final yet.
	#[error("the endpoint does not know the channel: it is closed, or the block that opened it is not final yet")]
	UnknownChannel,
	/// The operator does not have the model.
	#[error("the operator does not have the model: {0}")]
	Absent(String),
	/// The endpoint says no in a way that nothing can be done about.
	#[error("the endpoint says {status} {code}: {message}")]
	Rejected {
		/// The status of HTTP.
		status: u16,
		/// The code of the error.
		code: String,
		/// Its words.
		message: String,
	},
	/// The endpoint could not be reached, or cannot do it at the moment.
	#[error("{0}")]
	Unreached(String),
	/// There was no answer, or no lane, in time. If the request was sent it may be answered yet: what comes of it is learnt in the background.
	#[error("no answer within {} s, last because {last}", waited.as_secs())]
	Impatient {
		/// For how long it was tried without getting any further.
		waited: Duration,
		/// What stood in the way last.
		last: String,
	},
	/// The endpoint does not keep to the protocol. That proves nothing to anybody else.
	#[error(transparent)]
	Breach(#[from] Breach),
	/// The worker has signed what is not so.
	#[error("{0}")]
	Wrong(Box<Evidence>),
	/// What this end and the endpoint know of a lane does not fit together. The lane is not used any more.
	#[error("lane {lane}: {reason}")]
	OutOfStep {
		/// The lane.
		lane: u8,
		/// What does not fit.
		reason: String,
	},
	/// No lane is of use any more: close the channel.
	#[error("none of the lanes is of use any more: close the channel, and open another")]
	NoLane,
}

/// How an endpoint does not keep to the protocol.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
	/// Something that it sends cannot be read.
	#[error("the endpoint sends what cannot be read: {0}")]
	Garbage(String),
	/// Something that it sends is too long.
	#[error("the endpoint sends more than {most} bytes where no more can be of use")]
	TooLong {
		/// How many could be.
		most: usize,
	},
	/// More tokens came than were asked for.
	#[error("more than {most} tokens come, which were asked for")]
	TooManyTokens {
		/// How many were asked for.
		most: u32,
	},
	/// A token is not in the vocabulary.
	#[error("token {0} is not in the vocabulary")]
	NoToken(u32),
	/// What had come already comes differently.
	#[error("token {at} comes again, and is another")]
	Changed {
		/// Which, counted from 0.
		at: usize,
	},
	/// More tokens come, and the worker has not signed those before.
	#[error("more comes after {after} tokens, and the worker has not signed those")]
	NoProgress {
		/// How many have come.
		after: usize,
	},
	/// A signature is not by the channel's worker key.
	#[error("the {0} is not signed by the worker of the channel")]
	BadSignature(&'static str),
	/// Something is about another request.
	#[error("the {0} is about another request")]
	OtherRequest(&'static str),
	/// A receipt is for another output than what came.
	#[error("the receipt is for another output than what came")]
	OtherOutput,
	/// A progress is not for as many tokens as have come.
	#[error("the worker signs {stated} tokens, {come} have come")]
	Place {
		/// How many it signs.
		stated: u32,
		/// How many have come.
		come: usize,
	},
	/// The answer is of another kind, or length, than the program's output.
	#[error("the answer is not what the program returns: {0}")]
	NoOutput(&'static str),
}

/// What is not so about something that the worker has signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error, codec::Encode, codec::Decode)]
pub enum Falsehood {
	/// Other units of computation than the answer takes.
	#[codec(index = 0)]
	#[error("{stated} units of computation are stated, the answer takes {counted}")]
	Units {
		/// How many are stated.
		stated: u64,
		/// How many the program takes for it.
		counted: u64,
	},
	/// A block that is not a recent one.
	#[codec(index = 1)]
	#[error("block {stated} is stated, a recent one is from {earliest} to {latest}")]
	Block {
		/// What is stated.
		stated: BlockNumber,
		/// The first that could be.
		earliest: BlockNumber,
		/// The last that could be.
		latest: BlockNumber,
	},
	/// More tokens than were asked for, or an end where the program does not end.
	#[codec(index = 2)]
	#[error("an end after at most {stated} tokens is stated of {asked} that were asked for, and {come} have come")]
	End {
		/// After how many at most.
		stated: u32,
		/// How many were asked for.
		asked: u32,
		/// How many came.
		come: u32,
	},
	/// Other tokens than came.
	#[codec(index = 3)]
	#[error("the first {0} tokens that are stated are not those that came")]
	Tokens(u32),
	/// It ends early, and nobody has stopped it.
	#[codec(index = 4)]
	#[error("the answer ends after {come} of {asked} tokens, and this end has not stopped it")]
	CutShort {
		/// How many were asked for.
		asked: u32,
		/// How many came.
		come: u32,
	},
}
