//! Calls: their pallet and name, and their arguments in SCALE as the pallets declare them.

use crate::{AccountId, Balance, BlockNumber, Error, Result};
use assay_exact::Generation;
use assay_protocol::{
	channel::{ChannelKey, Contradiction, Endpoint, Revealed},
	dispute::{Accusation, Proof},
	governance::{Conviction, Track},
	job::JobInput,
	model::{ModelMetadata, VersionSubmission},
	operator::{WorkerKey, WorkerSignature},
	ChannelId, DisputeId, JobId, ModelId, ModelVersion,
};
use assay_trace::{claim::ClaimRoot, fault::Target, Group, Place, Step};
use codec::{Compact, Encode};
use sp_core::H256;
use sp_runtime::Permill;
use std::fmt;
use subxt::{
	dynamic::Value,
	error::ExtrinsicError,
	metadata::Metadata,
	tx::{DynamicPayload, TransactionsClient},
	utils::MultiAddress,
};

/// A call to a pallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	/// The pallet's name in the runtime.
	pub pallet: &'static str,
	/// The call's name.
	pub name: &'static str,
	arguments: Vec<u8>,
}

impl Call {
	fn new(pallet: &'static str, name: &'static str, arguments: impl Encode) -> Self {
		Self {
			pallet,
			name,
			arguments: arguments.encode(),
		}
	}

	/// Does nothing, for its fee.
	pub(crate) fn nothing() -> Self {
		Self::new("System", "remark", Vec::<u8>::new())
	}

	/// Registers a model with its first version.
	pub fn register_model(metadata: &ModelMetadata, version: &VersionSubmission) -> Self {
		Self::new("Models", "register", (metadata, version))
	}

	/// Adds a version to a model.
	pub fn add_version(model: ModelId, version: &VersionSubmission) -> Self {
		Self::new("Models", "add_version", (model, version))
	}

	/// Refuses new jobs for a version.
	pub fn retire(version: ModelVersion) -> Self {
		Self::new("Models", "retire", version)
	}

	/// Forgets a retired version and frees its deposit.
	pub fn remove(version: ModelVersion) -> Self {
		Self::new("Models", "remove", version)
	}

	/// Offers to run a version.
	pub fn serve(version: ModelVersion, price: Balance, capacity: u16, speed: u64, largest: u64) -> Self {
		let terms = (Compact(price), capacity, Compact(speed), Compact(largest));
		Self::new("Models", "serve", (version, terms))
	}

	/// Withdraws an offer.
	pub fn unserve(version: ModelVersion) -> Self {
		Self::new("Models", "unserve", version)
	}

	/// Submits a job.
	pub fn submit(
		version: ModelVersion,
		input: &JobInput,
		generation: &Generation,
		max_fee: Balance,
		max_price: Balance,
		operator: Option<AccountId>,
	) -> Self {
		let terms = (max_fee, max_price, operator);
		Self::new("Jobs", "submit", (version, input, generation, terms))
	}

	/// Cancels a job that waits for an operator.
	pub fn cancel(job: JobId) -> Self {
		Self::new("Jobs", "cancel", job)
	}

	/// Moves a job on whose time has come.
	pub fn advance(job: JobId) -> Self {
		Self::new("Jobs", "advance", job)
	}

	/// Challenges the claim of a job.
	pub fn challenge(job: JobId, claim: ClaimRoot, accusation: Accusation) -> Self {
		Self::new("Disputes", "challenge", (job, claim, accusation))
	}

	/// Points at a group of the listed ones.
	pub fn point_at_group(dispute: DisputeId, record: H256, group: Group) -> Self {
		Self::new("Disputes", "point_at_group", (dispute, record, group))
	}

	/// Points at something in an opened cell.
	pub fn point_at_target(dispute: DisputeId, record: H256, place: Place, target: Target) -> Self {
		Self::new("Disputes", "point_at_target", (dispute, record, place, target))
	}

	/// Points at a step of an opened cell.
	pub fn point_at_step(dispute: DisputeId, record: H256, place: Place, step: Step) -> Self {
		Self::new("Disputes", "point_at_step", (dispute, record, place, step))
	}

	/// Has a step judged.
	pub fn prove(dispute: DisputeId, record: H256, proof: &Proof) -> Self {
		Self::new("Disputes", "prove", (dispute, record, proof))
	}

	/// Ends a dispute whose clock has run out.
	pub fn expire(dispute: DisputeId) -> Self {
		Self::new("Disputes", "expire", dispute)
	}

	/// Becomes an auditor of a version.
	pub fn offer_audits(version: ModelVersion) -> Self {
		Self::new("Audits", "offer", version)
	}

	/// Stops being an auditor of a version.
	pub fn withdraw_audits(version: ModelVersion) -> Self {
		Self::new("Audits", "withdraw", version)
	}

	/// Opens a channel.
	pub fn open_channel(
		operator: AccountId,
		version: ModelVersion,
		max_price: Balance,
		key: &ChannelKey,
		deposit: Balance,
	) -> Self {
		Self::new("Channels", "open", (operator, version, max_price, key, deposit))
	}

	/// Puts more into a channel.
	pub fn top_up(channel: ChannelId, amount: Balance) -> Self {
		Self::new("Channels", "top_up", (channel, amount))
	}

	/// Says that a channel is to end.
	pub fn give_notice(channel: ChannelId) -> Self {
		Self::new("Channels", "give_notice", channel)
	}

	/// Makes a job of a receipt, so that it can be challenged.
	pub fn present(revealed: &Revealed, signature: &WorkerSignature) -> Self {
		Self::new("Channels", "present", (revealed, signature))
	}

	/// Shows that a worker contradicted itself.
	pub fn accuse(contradiction: &Contradiction) -> Self {
		Self::new("Channels", "accuse", contradiction)
	}

	/// Says where the signing operator answers requests, or that it does not.
	pub fn announce(endpoint: Option<&Endpoint>) -> Self {
		Self::new("Channels", "announce", endpoint)
	}

	/// Closes or forgets a channel whose time is over.
	pub fn advance_channel(channel: ChannelId) -> Self {
		Self::new("Channels", "advance", channel)
	}

	/// Becomes an operator.
	pub fn register_operator(key: &WorkerKey, proof: &WorkerSignature, bond: Balance) -> Self {
		Self::new("Staking", "register_operator", (key, proof, Compact(bond)))
	}

	/// Adds to the stake behind an operator.
	pub fn bond_extra(operator: AccountId, amount: Balance) -> Self {
		Self::new("Staking", "bond_extra", (operator, Compact(amount)))
	}

	/// Starts to unbond up to so much of the stake behind an operator.
	pub fn unbond(operator: AccountId, amount: Balance) -> Self {
		Self::new("Staking", "unbond", (operator, Compact(amount)))
	}

	/// Bonds again up to so much of what is unbonding.
	pub fn rebond(operator: AccountId, amount: Balance) -> Self {
		Self::new("Staking", "rebond", (operator, Compact(amount)))
	}

	/// Takes back what is free.
	pub fn withdraw_unbonded(operator: AccountId) -> Self {
		Self::new("Staking", "withdraw_unbonded", operator)
	}

	/// Puts stake behind somebody else's work.
	pub fn delegate(operator: AccountId, amount: Balance) -> Self {
		Self::new("Staking", "delegate", (operator, Compact(amount)))
	}

	/// Moves up to so much of a delegation to another operator.
	pub fn redelegate(from: AccountId, to: AccountId, amount: Balance) -> Self {
		Self::new("Staking", "redelegate", (from, to, Compact(amount)))
	}

	/// Takes what stake has earned.
	pub fn claim(operator: AccountId) -> Self {
		Self::new("Staking", "claim", operator)
	}

	/// Chooses whether rewards are added to the stake.
	pub fn set_compound(operator: AccountId, compound: bool) -> Self {
		Self::new("Staking", "set_compound", (operator, compound))
	}

	/// Brings somebody's position up to date.
	pub fn settle(operator: AccountId, member: AccountId) -> Self {
		Self::new("Staking", "settle", (operator, member))
	}

	/// Chooses what an operator keeps of rewards.
	pub fn set_commission(rate: Permill) -> Self {
		Self::new("Staking", "set_commission", rate)
	}

	/// Says who an operator is.
	pub fn set_identity(identity: &str) -> Self {
		Self::new("Staking", "set_identity", identity)
	}

	/// Sends a delegator away.
	pub fn kick(member: AccountId) -> Self {
		Self::new("Staking", "kick", member)
	}

	/// Takes stake again of somebody who was sent away.
	pub fn readmit(member: AccountId) -> Self {
		Self::new("Staking", "readmit", member)
	}

	/// Makes room where an operator has stayed on too little.
	pub fn reap(operator: AccountId) -> Self {
		Self::new("Staking", "reap", operator)
	}

	/// Chooses who is paid what stake earns.
	pub fn set_payee(operator: AccountId, payee: Option<AccountId>) -> Self {
		Self::new("Staking", "set_payee", (operator, payee))
	}

	/// Gives session keys back.
	pub fn purge_session_keys() -> Self {
		Self::new("Validators", "purge_keys", ())
	}

	/// Stops taking new work.
	pub fn chill() -> Self {
		Self::new("Staking", "chill", ())
	}

	/// Takes work again.
	pub fn unchill() -> Self {
		Self::new("Staking", "unchill", ())
	}

	/// Replaces the worker key.
	pub fn set_worker_key(key: &WorkerKey, proof: &WorkerSignature) -> Self {
		Self::new("Staking", "set_worker_key", (key, proof))
	}

	/// Registers session keys for the signing account.
	pub fn set_session_keys(keys: &[u8], proof: &[u8]) -> Self {
		Self {
			pallet: "Session",
			name: "set_keys",
			// The keys are in SCALE already.
			arguments: [keys, &proof.encode()].concat(),
		}
	}

	/// Offers to make blocks.
	pub fn validate() -> Self {
		Self::new("Validators", "validate", ())
	}

	/// Takes that offer back.
	pub fn stop_validating() -> Self {
		Self::new("Validators", "stop_validating", ())
	}

	/// Sends money and keeps the sender's account.
	pub fn transfer(to: AccountId, amount: Balance) -> Self {
		Self::new(
			"Balances",
			"transfer_keep_alive",
			(MultiAddress::<AccountId, ()>::Id(to), Compact(amount)),
		)
	}

	/// Bytes that a call has at most to travel with the referendum on it; a longer one is noted before, by [`Call::note_preimage`].
	pub const MAX_INLINE: usize = 128;

	/// Has the chain keep the bytes of a call whose hash is put to the vote.
	pub fn note_preimage(call: &[u8]) -> Self {
		Self::new("Preimage", "note_preimage", call)
	}

	/// Puts an encoded call to the vote.
	pub fn submit_referendum(track: Track, call: &[u8]) -> Self {
		let hash = H256(sp_crypto_hashing::blake2_256(call));
		// `Bounded::Inline` and `Bounded::Lookup`.
		let proposal = match u32::try_from(call.len()) {
			Ok(length) if call.len() > Self::MAX_INLINE => (2u8, hash, length).encode(),
			_ => (1u8, call).encode(),
		};
		// As soon as the track allows: `DispatchTime::After(0)`.
		let enactment = (1u8, 0u32);
		Self {
			pallet: "Referenda",
			name: "submit",
			arguments: [track.encode(), proposal, enactment.encode()].concat(),
		}
	}

	/// Puts up what has to be deposited before a referendum is decided.
	pub fn place_decision_deposit(index: u32) -> Self {
		Self::new("Referenda", "place_decision_deposit", index)
	}

	/// Returns the decision deposit of a referendum that is over.
	pub fn refund_decision_deposit(index: u32) -> Self {
		Self::new("Referenda", "refund_decision_deposit", index)
	}

	/// Returns the submission deposit of a referendum that is over.
	pub fn refund_submission_deposit(index: u32) -> Self {
		Self::new("Referenda", "refund_submission_deposit", index)
	}

	/// Votes in a referendum.
	pub fn vote(index: u32, aye: bool, amount: Balance, conviction: Conviction) -> Self {
		// `AccountVote::Standard`; the vote is a byte, its highest bit for aye.
		let vote = conviction as u8 | if aye { 0x80 } else { 0 };
		Self::new("ConvictionVoting", "vote", (Compact(index), 0u8, vote, amount))
	}

	/// Takes back a vote.
	pub fn remove_vote(track: Track, index: u32) -> Self {
		Self::new("ConvictionVoting", "remove_vote", (Some(track.number()), index))
	}

	/// Lends votes on a track to somebody.
	pub fn lend_votes(track: Track, to: AccountId, conviction: Conviction, amount: Balance) -> Self {
		let to = MultiAddress::<AccountId, ()>::Id(to);
		Self::new("ConvictionVoting", "delegate", (track.number(), to, conviction, amount))
	}

	/// Takes back votes that were lent on a track.
	pub fn reclaim_votes(track: Track) -> Self {
		Self::new("ConvictionVoting", "undelegate", track.number())
	}

	/// Frees what votes on a track have locked and need not lock any more.
	pub fn unlock_votes(track: Track, account: AccountId) -> Self {
		let account = MultiAddress::<AccountId, ()>::Id(account);
		Self::new("ConvictionVoting", "unlock", (track.number(), account))
	}

	/// For root: lets the code with this hash become the runtime.
	pub fn authorize_upgrade(code: H256) -> Self {
		Self::new("System", "authorize_upgrade", code)
	}

	/// Makes the code that was authorised the runtime. Nobody signs it and nobody pays for it.
	pub fn apply_authorized_upgrade(code: &[u8]) -> Self {
		Self::new("System", "apply_authorized_upgrade", code)
	}

	/// For those who may: pays so much of the treasury to somebody, who then has to ask for it.
	pub fn spend(amount: Balance, to: AccountId) -> Self {
		Self::new("Treasury", "spend", (Compact(amount), to, None::<BlockNumber>))
	}

	/// Pays a spend that was approved.
	pub fn pay_out(spend: u32) -> Self {
		Self::new("Treasury", "payout", spend)
	}

	/// For the general admin: sets a parameter, an amount or a share in parts in a million, by its numbers.
	pub fn set_parameter(key: [u8; 2], value: impl Encode) -> Self {
		// Pallet, parameter, its key, which is empty, and its new value.
		Self::new("Parameters", "set_parameter", (key, Some(value)))
	}

	/// Whose stake it is about, of a call to the staking pallet that says so first.
	pub fn operator(&self) -> Option<AccountId> {
		let first = matches!(
			self.name,
			"bond_extra"
				| "unbond" | "rebond"
				| "withdraw_unbonded"
				| "delegate" | "redelegate"
				| "claim" | "settle"
				| "reap" | "set_payee"
		);
		let account = self.arguments.get(..32).filter(|_| first && self.pallet == "Staking")?;
		Some(AccountId::from(<[u8; 32]>::try_from(account).ok()?))
	}

	/// Its arguments in SCALE.
	#[cfg(test)]
	pub(crate) fn arguments(&self) -> &[u8] {
		&self.arguments
	}

	/// The call's bytes on a chain with this metadata.
	pub fn encode(&self, metadata: &Metadata) -> Result<Vec<u8>> {
		let found = metadata.pallet_by_name(self.pallet).and_then(|pallet| {
			let call = pallet.call_variant_by_name(self.name)?;
			Some([pallet.call_index(), call.index])
		});
		let index = found.ok_or(Error::NoSuchCall {
			pallet: self.pallet,
			call: self.name,
		})?;
		Ok([&index, &self.arguments[..]].concat())
	}

	/// The call as subxt signs it. It is decoded and encoded again with the chain's own types, so a call that the chain
	/// would read differently is refused here.
	pub(crate) fn payload<T, C>(&self, transactions: &TransactionsClient<T, C>, metadata: &Metadata) -> Result<Payload>
	where
		T: subxt::Config,
		C: subxt::client::OfflineClientAtBlockT<T>,
	{
		let other = |source: Option<ExtrinsicError>| Error::OtherArguments {
			pallet: self.pallet,
			call: self.name,
			source: source.map(|error| Box::new(error.into())),
		};
		let bytes = self.encode(metadata)?;
		let payload = transactions
			.from_call_data_bytes(&bytes)
			.map_err(|error| other(Some(error)))?;
		match transactions.call_data(&payload) {
			Ok(read) if read == bytes => Ok(payload),
			Ok(_) => Err(other(None)),
			Err(error) => Err(other(Some(error))),
		}
	}
}

impl fmt::Display for Call {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}.{}", self.pallet, self.name)
	}
}

/// A call with decoded arguments.
pub(crate) type Payload = DynamicPayload<subxt::ext::scale_value::Composite<()>>;

/// The number in a value that is one, or that wraps one; 1 and 0 for yes and no.
pub(crate) fn number(value: &Value<impl Clone>) -> Option<u128> {
	use subxt::ext::scale_value::{Composite, ValueDef};
	match &value.value {
		ValueDef::Composite(Composite::Unnamed(inner)) if inner.len() == 1 => number(&inner[0]),
		ValueDef::Composite(Composite::Named(inner)) if inner.len() == 1 => number(&inner[0].1),
		_ => value.as_u128().or_else(|| value.as_bool().map(u128::from)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_exact::Sampler;
	use assay_protocol::VersionNumber;
	use assay_trace::Hash32;

	#[test]
	fn arguments_are_encoded_in_the_pallets_order() {
		let version = ModelVersion {
			model: ModelId(3),
			version: VersionNumber(1),
		};
		let generation = Generation {
			sampler: Sampler::Greedy,
			max_tokens: 64,
			ignore_stop: true,
		};
		let input = JobInput::Tokens(vec![1, 2].try_into().unwrap());
		let call = Call::submit(version, &input, &generation, 5, 6, None);
		assert_eq!((call.pallet, call.name), ("Jobs", "submit"));
		let expected = "03000000 0100 00 08 01000000 02000000 00 40000000 01 05000000000000000000000000000000 06000000000000000000000000000000 00";
		assert_eq!(hex::encode(&call.arguments), expected.replace(' ', ""));
	}

	#[test]
	fn moves_of_a_dispute_name_it_and_its_place() {
		let place = Place::Cell { row: 3, position: 18 };
		let call = Call::point_at_target(DisputeId(7), H256::repeat_byte(1), place, Target::Vector(5));
		let expected = format!("0700000000000000 {} 00 0300 12000000 00 05", "01".repeat(32));
		assert_eq!(hex::encode(&call.arguments), expected.replace(' ', ""));
		let claim = ClaimRoot(Hash32([3; 32]));
		let call = Call::challenge(JobId(2), claim, Accusation::Head { position: 9 });
		let expected = format!("0200000000000000 {} 01 09000000", "03".repeat(32));
		assert_eq!(hex::encode(&call.arguments), expected.replace(' ', ""));
	}

	#[test]
	fn auditors_name_the_version() {
		let version = ModelVersion {
			model: ModelId(3),
			version: VersionNumber(1),
		};
		for (call, name) in [
			(Call::offer_audits(version), "offer"),
			(Call::withdraw_audits(version), "withdraw"),
		] {
			assert_eq!((call.pallet, call.name), ("Audits", name));
			assert_eq!(hex::encode(call.arguments), "030000000100");
		}
	}

	#[test]
	fn transfers_name_the_account_by_its_key_and_the_amount_compactly() {
		let call = Call::transfer(AccountId::from([9; 32]), 64);
		assert_eq!(hex::encode(call.arguments), format!("00{}{}", "09".repeat(32), "0101"));
	}

	#[test]
	fn stake_names_the_operators_and_the_amount_compactly() {
		let (from, to) = (AccountId::from([9; 32]), AccountId::from([8; 32]));
		let call = Call::redelegate(from, to, 64);
		assert_eq!((call.pallet, call.name), ("Staking", "redelegate"));
		assert_eq!(
			hex::encode(call.arguments),
			format!("{}{}0101", "09".repeat(32), "08".repeat(32))
		);
		let call = Call::set_compound(from, true);
		assert_eq!(hex::encode(call.arguments), format!("{}01", "09".repeat(32)));
		let call = Call::set_commission(Permill::from_percent(5));
		assert_eq!(hex::encode(call.arguments), "50c30000");
		assert_eq!(hex::encode(Call::set_identity("Bob").arguments), "0c426f62");
	}

	#[test]
	fn calls_about_stake_name_whose_it_is() {
		let operator = AccountId::from([8; 32]);
		assert_eq!(Call::delegate(operator, 64).operator(), Some(operator));
		assert_eq!(Call::withdraw_unbonded(operator).operator(), Some(operator));
		assert_eq!(Call::chill().operator(), None);
		assert_eq!(Call::kick(operator).operator(), None);
		assert_eq!(Call::transfer(operator, 64).operator(), None);
	}

	#[test]
	fn session_keys_are_not_encoded_twice() {
		let call = Call::set_session_keys(&[7; 4], &[9; 2]);
		assert_eq!((call.pallet, call.name), ("Session", "set_keys"));
		assert_eq!(hex::encode(call.arguments), "07070707080909");
	}

	#[test]
	fn calls_without_arguments_are_empty() {
		for call in [Call::chill(), Call::validate(), Call::stop_validating()] {
			assert!(call.arguments.is_empty());
		}
	}
}
