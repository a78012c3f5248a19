//! Channels: answers in real time, paid and audited in batches.
//!
//! A consumer puts money into a channel to one operator. What they say to each other then needs no block: a [`Request`] that
//! the consumer signs, the answer as it is generated with a signed [`Progress`] every few tokens, the [`Receipt`] that the
//! operator's worker signs, and the [`Voucher`] with which the consumer pays for all receipts of a lane since it was last
//! settled. The worker turns vouchers into jobs on the chain, one for a whole [`Batch`]: one draw says whether it is looked at,
//! one unit of computation that is drawn names the receipt that is, and that becomes a claim like any other.

mod content;
mod tree;

pub use content::{Content, Kind};
pub use tree::{SumPath, SumRoot, SumTree};

use crate::{
	ids::*,
	job::{JobInput, JobOutput},
	operator::{Reporter, WorkerKey, WorkerSignature},
};
use alloc::vec::Vec;
use assay_exact::Generation;
use assay_trace::{Hash32, TraceRoot};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, sr25519, ConstU32};
use sp_runtime::{DispatchError, DispatchResult};

/// Lanes of a channel: in each, requests follow one another, so that as many run side by side.
pub const LANES: u8 = 16;

/// Tokens after which a worker signs how far an answer has come.
pub const PROGRESS_TOKENS: u32 = 16;

/// Bytes of an endpoint's address at most.
pub const MAX_ADDRESS: u32 = 256;

/// Signs requests and vouchers of a channel.
pub type ChannelKey = sr25519::Public;
/// A signature by a [`ChannelKey`].
pub type ChannelSignature = sr25519::Signature;

/// What a channel is about; it never changes.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Terms<AccountId, Balance> {
	/// Who pays.
	pub consumer: AccountId,
	/// Who works.
	pub operator: AccountId,
	/// What runs.
	pub version: ModelVersion,
	/// The operator's price of one unit of computation.
	pub price: Balance,
	/// Signs requests and vouchers for the consumer.
	pub key: ChannelKey,
	/// Signs receipts for the operator.
	pub worker_key: WorkerKey,
	/// Distinguishes channels with the same terms: how many were opened before on this chain.
	pub number: u64,
}

impl<AccountId: Encode, Balance: Encode> Terms<AccountId, Balance> {
	/// The channel with these terms.
	pub fn id(&self) -> ChannelId {
		ChannelId(Hash32::of(&[b"assay/channel", &self.encode()]))
	}
}

/// What a consumer asks for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Request {
	/// The channel that pays.
	pub channel: ChannelId,
	/// The lane, below [`LANES`].
	pub lane: u8,
	/// How many requests of the lane were answered before.
	pub sequence: u64,
	/// On what to run.
	pub input: Content,
	/// How far and how to generate; ignored by models with a vector output.
	pub generation: Generation,
}

impl Request {
	/// What receipts name it by.
	pub fn root(&self) -> Hash32 {
		Hash32::of(&[b"assay/request", &self.encode()])
	}

	/// The bytes a channel key signs: a domain, the chain's genesis hash, the request.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/request", genesis, self).encode()
	}
}

/// How far an answer has come.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Progress {
	/// The channel.
	pub channel: ChannelId,
	/// [Root](Request::root) of the request.
	pub request: Hash32,
	/// Tokens so far.
	pub tokens: u32,
	/// Their [`Content`]'s root.
	pub root: Hash32,
	/// A recent block of the chain, as in a [`Receipt`].
	pub block: u32,
}

impl Progress {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the progress.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/progress", genesis, self).encode()
	}
}

/// What an operator has answered, and answers for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Receipt {
	/// The channel.
	pub channel: ChannelId,
	/// [Root](Request::root) of the request.
	pub request: Hash32,
	/// Tokens after which the answer ends, which takes the place of the request's
	/// [`max_tokens`](Generation::max_tokens): fewer where the consumer has stopped it.
	pub max_tokens: u32,
	/// What the program returned.
	pub output: Content,
	/// Commitment to the execution.
	pub trace: TraceRoot,
	/// Computation: what the fee follows from.
	pub units: u64,
	/// A recent block of the chain: stake that left before it does not answer.
	pub block: u32,
}

impl Receipt {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the receipt.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/receipt", genesis, self).encode()
	}

	/// What it asserts, whatever block it names: a worker that says the same twice has said one thing.
	pub fn statement(&self) -> Hash32 {
		let said = (
			self.channel,
			self.request,
			self.max_tokens,
			&self.output,
			self.trace,
			self.units,
		);
		Hash32::of(&[b"assay/statement", &said.encode()])
	}

	/// Its leaf in the tree of a [`Voucher`].
	pub fn leaf(&self) -> Hash32 {
		assay_trace::merkle::leaf_hash(&self.encode())
	}

	/// Whether both say what the same request has as its answer, and not the same.
	pub fn contradicts(&self, other: &Self) -> bool {
		let same =
			self.channel == other.channel && self.request == other.request && self.max_tokens == other.max_tokens;
		same && (&self.output, self.trace, self.units) != (&other.output, other.trace, other.units)
	}

	/// Whether its answer, written out, has come past a place as it was said to. One that ended by itself before that place never came
	/// there; one that was stopped may have been on its way.
	fn begins(&self, output: &JobOutput, progress: &Progress) -> bool {
		let JobOutput::Tokens(tokens) = output else {
			return false;
		};
		let begun = usize::try_from(progress.tokens)
			.ok()
			.and_then(|length| tokens.get(..length));
		match begun {
			Some(begun) => Content::tokens(begun).root == progress.root,
			None => self.output.length == self.max_tokens,
		}
	}
}

/// A receipt with its worker's signature over [`Receipt::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedReceipt {
	/// The receipt.
	pub receipt: Receipt,
	/// By the channel's worker key.
	pub signature: WorkerSignature,
}

/// A progress with its worker's signature over [`Progress::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedProgress {
	/// The progress.
	pub progress: Progress,
	/// By the channel's worker key.
	pub signature: WorkerSignature,
}

/// A request with its consumer's signature over [`Request::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedRequest {
	/// The request.
	pub request: Request,
	/// By the channel's key.
	pub signature: ChannelSignature,
}

/// What a consumer accepts to pay for: the receipts of a lane since it was last settled. A later voucher with the same `base`
/// takes the place of an earlier one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Voucher {
	/// The channel.
	pub channel: ChannelId,
	/// The lane.
	pub lane: u8,
	/// Receipts of the lane that are settled: what this voucher comes after.
	pub base: u64,
	/// Receipts that this voucher is for, in the order of their requests' sequence, which begins at `base`.
	pub count: u32,
	/// The [tree](SumTree) of these receipts, with their units.
	pub tree: SumRoot,
}

impl Voucher {
	/// The bytes a channel key signs: a domain, the chain's genesis hash, the voucher.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/voucher", genesis, self).encode()
	}
}

/// A voucher with its consumer's signature over [`Voucher::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SignedVoucher {
	/// The voucher.
	pub voucher: Voucher,
	/// By the channel's key.
	pub signature: ChannelSignature,
}

/// Vouchers of a channel that its worker turns into jobs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Settlement {
	/// The channel.
	pub channel: ChannelId,
	/// At most one of each lane.
	pub vouchers: BoundedVec<SignedVoucher, ConstU32<{ LANES as u32 }>>,
	/// Whether the worker wants nothing more of the channel: it is closed, and the rest of the deposit free.
	pub close: bool,
	/// Last block in which it counts, so that nobody keeps it until it suits.
	pub last_block: u32,
}

impl Settlement {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the settlement.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/settlement", genesis, self).encode()
	}
}

/// The bytes a channel key signs to have its channel closed by the worker: a domain, the chain's genesis hash, the channel.
pub fn closing_payload(channel: &ChannelId, genesis: &[u8; 32]) -> Vec<u8> {
	(b"assay/close", genesis, channel).encode()
}

/// A settlement with its worker's signature over [`Settlement::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedSettlement {
	/// The settlement.
	pub settlement: Settlement,
	/// By the channel's worker key.
	pub signature: WorkerSignature,
}

/// What a settled voucher is for: the job of its batch is audited at a receipt in it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Batch {
	/// The channel.
	pub channel: ChannelId,
	/// The lane.
	pub lane: u8,
	/// Receipts of the lane that were settled before.
	pub base: u64,
	/// Receipts of this batch.
	pub count: u32,
	/// Their tree.
	pub tree: SumRoot,
}

impl Batch {
	/// What stands for the batch where a claim has the root of its trace.
	pub fn root(&self) -> TraceRoot {
		TraceRoot(Hash32::of(&[b"assay/batch", &self.encode()]))
	}
}

/// A receipt with all that its root stands for: as much as a claim on the chain says.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Revealed {
	/// What was asked for.
	pub request: Request,
	/// What was answered.
	pub receipt: Receipt,
	/// What the request's input stands for.
	pub input: JobInput,
	/// What the receipt's output stands for.
	pub output: JobOutput,
}

impl Revealed {
	/// Whether the parts belong together: receipt to request, and what is written out to its commitments.
	pub fn is_whole(&self) -> bool {
		self.receipt.request == self.request.root()
			&& self.receipt.channel == self.request.channel
			&& self.receipt.max_tokens <= self.request.generation.max_tokens
			&& self.request.input == Content::of_input(&self.input)
			&& self.receipt.output == Content::of_output(&self.output)
	}

	/// How far and how the receipt says was generated.
	pub fn generation(&self) -> Generation {
		Generation {
			max_tokens: self.receipt.max_tokens,
			..self.request.generation
		}
	}
}

/// The receipt of a batch that does a unit of computation that was drawn.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RevealedUnit {
	/// The receipt.
	pub revealed: Revealed,
	/// That it is in the batch.
	pub path: SumPath,
}

impl RevealedUnit {
	/// Whether this is what the unit, counted from 0, belongs to.
	pub fn is_of(&self, batch: &Batch, unit: u64) -> bool {
		let request = &self.revealed.request;
		let index = request.sequence.checked_sub(batch.base);
		let place = || {
			let index = u32::try_from(index?).ok()?;
			let receipt = &self.revealed.receipt;
			self.path
				.verify((index, batch.count), (receipt.leaf(), receipt.units), &batch.tree)
		};
		request.channel == batch.channel
			&& request.lane == batch.lane
			&& self.revealed.is_whole()
			&& place().is_some_and(|units| units.contains(&unit))
	}
}

/// Two statements of one worker of which at most one is true.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Contradiction {
	/// Two receipts for one request.
	#[codec(index = 0)]
	Receipts(SignedReceipt, SignedReceipt),
	/// Two ways to one place of an answer.
	#[codec(index = 1)]
	Progress(SignedProgress, SignedProgress),
	/// A receipt for an answer that begins otherwise than it had come.
	#[codec(index = 2)]
	Answer {
		/// How far it had come.
		progress: SignedProgress,
		/// The receipt.
		receipt: SignedReceipt,
		/// The tokens of the receipt.
		output: JobOutput,
	},
}

impl Contradiction {
	/// Whether the statements are about one answer and cannot both be true.
	pub fn holds(&self) -> bool {
		match self {
			Self::Receipts(a, b) => a.receipt.contradicts(&b.receipt),
			Self::Progress(a, b) => {
				let (a, b) = (&a.progress, &b.progress);
				(a.channel, a.request, a.tokens) == (b.channel, b.request, b.tokens) && a.root != b.root
			}
			Self::Answer {
				progress: SignedProgress { progress, .. },
				receipt: SignedReceipt { receipt, .. },
				output,
			} => {
				let same = progress.channel == receipt.channel && progress.request == receipt.request;
				same && receipt.output == Content::of_output(output) && !receipt.begins(output, progress)
			}
		}
	}

	/// The earlier of the blocks that the statements name.
	pub fn since(&self) -> u32 {
		match self {
			Self::Receipts(a, b) => a.receipt.block.min(b.receipt.block),
			Self::Progress(a, b) => a.progress.block.min(b.progress.block),
			Self::Answer { progress, receipt, .. } => progress.progress.block.min(receipt.receipt.block),
		}
	}

	/// The later of them.
	pub fn until(&self) -> u32 {
		match self {
			Self::Receipts(a, b) => a.receipt.block.max(b.receipt.block),
			Self::Progress(a, b) => a.progress.block.max(b.progress.block),
			Self::Answer { progress, receipt, .. } => progress.progress.block.max(receipt.receipt.block),
		}
	}

	/// The channel, and what was signed by whom: payloads and signatures, all by the worker key of the channel.
	pub fn signed(&self, genesis: &[u8; 32]) -> (ChannelId, [(Vec<u8>, WorkerSignature); 2]) {
		let receipt = |signed: &SignedReceipt| (signed.receipt.signing_payload(genesis), signed.signature.clone());
		let progress = |signed: &SignedProgress| (signed.progress.signing_payload(genesis), signed.signature.clone());
		match self {
			Self::Receipts(a, b) => (a.receipt.channel, [receipt(a), receipt(b)]),
			Self::Progress(a, b) => (a.progress.channel, [progress(a), progress(b)]),
			Self::Answer {
				progress: come,
				receipt: end,
				..
			} => (come.progress.channel, [progress(come), receipt(end)]),
		}
	}
}

/// Where an operator answers requests.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
pub struct Endpoint {
	/// An `https` URL in UTF-8, without a path.
	#[serde(with = "address")]
	pub address: BoundedVec<u8, ConstU32<MAX_ADDRESS>>,
	/// SHA-256 of the `SubjectPublicKeyInfo` of its certificate (RFC 7469, section 2.4).
	pub key_hash: Hash32,
}

impl Endpoint {
	/// Whether the address has the form of an `https` URL with a host, and a port if it has one, and nothing else.
	pub fn is_well_formed(&self) -> bool {
		let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(byte);
		let host = self.address.strip_prefix(b"https://");
		host.is_some_and(|host| !host.is_empty() && host.iter().all(is_plain))
	}
}

/// A channel as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ChannelSummary<AccountId, Balance, BlockNumber> {
	/// Identifier.
	pub id: ChannelId,
	/// What it is about.
	pub terms: Terms<AccountId, Balance>,
	/// What is left in it.
	pub deposit: Balance,
	/// Block in which it was opened.
	pub opened_at: BlockNumber,
	/// Block in which it closes, if the consumer gave notice.
	pub closes_at: Option<BlockNumber>,
	/// Block in which it was closed, if it was.
	pub closed_at: Option<BlockNumber>,
	/// Receipts that are settled, by lane.
	pub settled: Vec<u64>,
}

/// Constants of the channels pallet.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct ChannelParameters<Balance, BlockNumber> {
	/// The least that a channel is opened or topped up with.
	pub min_deposit: Balance,
	/// The least fee that a voucher is settled for, but for once in each lane after a notice.
	pub min_batch_fee: Balance,
	/// What each settled voucher costs the channel beside its fee, and is burned.
	pub batch_price: Balance,
	/// Blocks between a consumer's notice and the end.
	pub notice_period: BlockNumber,
	/// Blocks for which a receipt can be challenged.
	pub answerable: BlockNumber,
}

/// Batches and receipts as the channels pallet sees them; the jobs pallet implements it.
pub trait Batches<AccountId, Balance, BlockNumber> {
	/// Holds what a consumer puts into a channel.
	fn hold(consumer: &AccountId, amount: Balance) -> DispatchResult;

	/// Gives back what is left in a channel; returns what the consumer has got, all but dust.
	fn give_back(consumer: &AccountId, amount: Balance) -> Result<Balance, DispatchError>;

	/// Burns what room in blocks costs a channel.
	fn burn(consumer: &AccountId, amount: Balance) -> DispatchResult;

	/// What is held of a consumer for all its channels.
	fn deposits(consumer: &AccountId) -> Balance;

	/// Makes a job of a batch, whose fee leaves the channel: it is [held](Self::hold) on.
	///
	/// - `since`: block from which on the operator has worked for it: stake that left before does not answer.
	/// - `opened_at`: block in which the channel was opened, before which no receipt can reach whatever block it names.
	fn settle(
		terms: &Terms<AccountId, Balance>,
		batch: Batch,
		since: BlockNumber,
		opened_at: BlockNumber,
	) -> Result<JobId, DispatchError>;

	/// Makes a job of a receipt that `presenter` holds and that counts as made in block `since`, so that it can be challenged. Nobody is
	/// paid for it.
	fn present(
		presenter: &AccountId,
		terms: &Terms<AccountId, Balance>,
		revealed: Revealed,
		since: BlockNumber,
	) -> Result<JobId, DispatchError>;

	/// Takes from an operator what a wrong result costs, for a fault that became possible in block `since`; returns what was taken. If
	/// it was punished for the same already, as if that had become possible in block `reached`, only what was spared then is reached.
	fn penalise(
		operator: &AccountId,
		since: BlockNumber,
		reached: Option<BlockNumber>,
		reporter: Reporter<'_, AccountId>,
	) -> Balance;

	/// The worker of an operator has signed something that the chain takes: it is there.
	fn seen(operator: &AccountId);

	/// Whether an operator is late with answers about claims, so that it is given no new work.
	fn is_late(operator: &AccountId) -> bool;

	/// A version is used by a channel.
	fn opened(version: ModelVersion);

	/// Nothing in that channel can be challenged any more.
	fn closed(version: ModelVersion);

	/// Gives somebody money.
	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId, amount: Balance);
}

/// Addresses in JSON are text.
mod address {
	use super::{BoundedVec, ConstU32, MAX_ADDRESS};
	use alloc::string::String;
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub(super) fn serialize<S: Serializer>(
		bytes: &BoundedVec<u8, ConstU32<MAX_ADDRESS>>,
		to: S,
	) -> Result<S::Ok, S::Error> {
		to.serialize_str(&String::from_utf8_lossy(bytes))
	}

	pub(super) fn deserialize<'de, D: Deserializer<'de>>(
		from: D,
	) -> Result<BoundedVec<u8, ConstU32<MAX_ADDRESS>>, D::Error> {
		let text = String::deserialize(from)?;
		BoundedVec::try_from(text.into_bytes()).map_err(|_| D::Error::custom("the address is too long"))
	}
}
