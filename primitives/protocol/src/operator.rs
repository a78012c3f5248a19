//! Operators: the worker key, and bonded stake as the other pallets see it.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::crypto::KeyTypeId;
use sp_runtime::{DispatchResult, Perbill, Permill};

/// Key type of worker keys in a node's keystore.
pub const WORKER_KEY_TYPE: KeyTypeId = KeyTypeId(*b"assa");

mod worker {
	use sp_application_crypto::{app_crypto, sr25519};
	app_crypto!(sr25519, super::WORKER_KEY_TYPE);
}

/// Signs heartbeats and results for one operator; lives in the keystore of the node that works for it.
pub type WorkerKey = worker::Public;
/// A signature by a [`WorkerKey`].
pub type WorkerSignature = worker::Signature;
/// The keypair behind a [`WorkerKey`].
#[cfg(feature = "std")]
pub type WorkerPair = worker::Pair;

/// The bytes a worker key signs to show that whoever registers it for `account` holds it: a domain, the chain's genesis
/// hash, the account.
pub fn possession_payload<AccountId: Encode>(account: &AccountId, genesis: &[u8; 32]) -> Vec<u8> {
	(b"assay/worker-key", genesis, account).encode()
}

/// Key in the node's persistent off-chain storage under which its provider service writes its [`ProviderReadiness`].
pub const PROVIDER_READINESS: &[u8] = b"assay/provider/readiness";

/// For which operators a node's provider service can work. The models pallet's off-chain worker sends heartbeats only for
/// these, so that no jobs are assigned to an operator whose node has no working provider or lacks a model that is offered.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ProviderReadiness {
	/// How long this holds, in milliseconds since 1970.
	pub until: u64,
	/// The worker keys of the operators whose offers can all be kept.
	pub keys: Vec<WorkerKey>,
}

/// Bytes of each part but the last, at least, in which a node sends what its worker opens for a light audit. Who asks need not take less at a
/// time, and so is never kept asking.
pub const LEAST_PART: usize = 256 << 10;

/// An operator's statement that it is alive.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Heartbeat<AccountId, BlockNumber> {
	/// Who is alive.
	pub operator: AccountId,
	/// The heartbeat period this is for, counted from genesis.
	pub period: BlockNumber,
}

impl<AccountId: Encode, BlockNumber: Encode> Heartbeat<AccountId, BlockNumber> {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the heartbeat.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/heartbeat", genesis, self).encode()
	}
}

/// Why stake is taken from an operator.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Fault {
	/// An assigned job had no result at its deadline.
	#[codec(index = 0)]
	MissedDeadline,
	/// A claimed result was proved wrong, or not defended.
	#[codec(index = 1)]
	WrongResult,
	/// An auditor that was drawn did not audit in time, or could not show that it had.
	#[codec(index = 2)]
	MissedAudit,
	/// An auditor vouched for a claim that was proved wrong.
	#[codec(index = 3)]
	FalseAudit,
	/// A validator signed two blocks or votes of which it may sign one.
	#[codec(index = 4)]
	Equivocation,
	/// An auditor that was drawn challenged a claim and lost.
	#[codec(index = 5)]
	LostChallenge,
}

/// How often an operator was at fault.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Default,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct FaultCounts {
	/// Deadlines of jobs missed.
	pub missed_deadlines: u32,
	/// Claims struck down.
	pub wrong_results: u32,
	/// Audits missed or not shown.
	pub missed_audits: u32,
	/// Wrong claims vouched for.
	pub false_audits: u32,
	/// Blocks or votes signed twice.
	pub equivocations: u32,
	/// Challenges lost as an auditor.
	pub lost_challenges: u32,
}

impl FaultCounts {
	/// Counts one more, up to the largest number there is.
	pub fn record(&mut self, fault: Fault) {
		let count = match fault {
			Fault::MissedDeadline => &mut self.missed_deadlines,
			Fault::WrongResult => &mut self.wrong_results,
			Fault::MissedAudit => &mut self.missed_audits,
			Fault::FalseAudit => &mut self.false_audits,
			Fault::Equivocation => &mut self.equivocations,
			Fault::LostChallenge => &mut self.lost_challenges,
		};
		*count = count.saturating_add(1);
	}
}

/// Who is paid from a penalty for having reported the fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reporter<'a, AccountId> {
	/// Whom to pay.
	pub account: &'a AccountId,
	/// Its share of what is taken.
	pub share: Permill,
}

/// Bonded operators as the models and jobs pallets see them.
pub trait Operators<AccountId, Balance> {
	/// Whether `who` may take new duties: its own bond is at least the minimum and it is not chilled.
	fn is_active(who: &AccountId) -> bool;

	/// The operator's worker key, also while it is leaving.
	fn worker_key(who: &AccountId) -> Option<WorkerKey>;

	/// The operator a worker key belongs to.
	fn of_worker_key(key: &WorkerKey) -> Option<AccountId>;

	/// Stake behind `who`: its weight in draws.
	fn stake(who: &AccountId) -> Balance;

	/// The part of it that is the operator's own bond: all that a fault can take from the operator itself.
	fn own_stake(who: &AccountId) -> Balance;

	/// What of [`stake`](Self::stake) has been there for so long that it was not brought for a draw whose number is known: its weight where
	/// a draw may be served some time after that.
	fn settled_stake(who: &AccountId) -> Balance {
		Self::stake(who)
	}

	/// The same of [`own_stake`](Self::own_stake).
	fn settled_own_stake(who: &AccountId) -> Balance {
		Self::own_stake(who)
	}

	/// Puts `value` of work in flight against the stake of `who`; fails when the cap that follows from it is reached.
	/// Stake that backs work in flight cannot leave before that work is over.
	fn commit(who: &AccountId, value: Balance) -> DispatchResult;

	/// The same for work that is done already: whether `who` takes new work does not matter.
	fn commit_done(who: &AccountId, value: Balance) -> DispatchResult {
		Self::commit(who, value)
	}

	/// Takes back exactly what [`commit`](Self::commit) put in flight.
	fn release(who: &AccountId, value: Balance);

	/// Takes up to `amount` of stake for a fault, pays the reporter's share of it, and returns what was taken.
	fn penalise(who: &AccountId, amount: Balance, fault: Fault, reporter: Option<Reporter<'_, AccountId>>) -> Balance;

	/// All that [`penalise_recent`](Self::penalise_recent) can reach for a fault that became possible `age` blocks ago: the
	/// stake of `who` and what asked to leave since and has not left yet.
	fn at_risk(who: &AccountId, age: u32) -> Balance {
		let _ = age;
		Self::stake(who)
	}

	/// Like [`penalise`](Self::penalise), for a fault that became possible `age` blocks ago: stake that had asked to leave
	/// before is spared as far as it can be told apart.
	fn penalise_recent(
		who: &AccountId,
		amount: Balance,
		fault: Fault,
		age: u32,
		reporter: Option<Reporter<'_, AccountId>>,
	) -> Balance {
		let _ = age;
		Self::penalise(who, amount, fault, reporter)
	}

	/// Like [`penalise_recent`](Self::penalise_recent), for a fault that was done `done` blocks ago at the latest: stake that others have
	/// brought since pays nothing, as far as it can be told apart.
	fn penalise_done(
		who: &AccountId,
		amount: Balance,
		fault: Fault,
		age: u32,
		done: u32,
		reporter: Option<Reporter<'_, AccountId>>,
	) -> Balance {
		let _ = done;
		Self::penalise_recent(who, amount, fault, age, reporter)
	}

	/// Takes `share` of what a fault that became possible `age` blocks ago reaches and a punishment for the same fault, which took it to
	/// have become possible later, `reached` blocks ago, has spared: of the stake that asked to leave between the two. Nothing more is taken
	/// of any other.
	fn penalise_spared(
		who: &AccountId,
		share: Perbill,
		fault: Fault,
		age: u32,
		reached: u32,
		reporter: Option<Reporter<'_, AccountId>>,
	) -> Balance;

	/// Makes `who` an active operator with this worker key and far more than the minimum bond; nothing if it is one.
	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, key: WorkerKey);
}

/// Pays operators together with all who stand behind them.
pub trait Rewards<AccountId, Credit> {
	/// Gives `credit` to an operator and the stake behind it: the commission to the operator, the rest by stake. Returns what
	/// cannot be given: there is no such operator, or nothing stands behind it.
	fn reward(operator: &AccountId, credit: Credit) -> Result<(), Credit>;
}

/// An operator as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct OperatorSummary<AccountId, Balance, BlockNumber> {
	/// Its account.
	pub account: AccountId,
	/// Signs its heartbeats and results.
	pub worker_key: WorkerKey,
	/// Bonded stake.
	pub bond: Balance,
	/// Part of the bond that backs work in flight.
	pub committed: Balance,
	/// Block from which a leaving operator may withdraw.
	pub leaves_at: Option<BlockNumber>,
	/// Its faults so far.
	pub faults: FaultCounts,
}
