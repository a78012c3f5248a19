//! Reading disputes, and the moves that blocks hold.

use super::{query::MAX_PAGE, AccountId, Block, BlockNumber, Chain};
use crate::amount::Balance;
use anyhow::{Context, Result};
use assay_protocol::{
	dispute::{Accusation, DisputeAnswer, DisputeRecord, DisputeSummary, DisputedClaim, Proof, Ruling, SignedAnswer},
	Attempt, DisputeId, JobId,
};
use assay_trace::{fault::Target, Group, Place};
use codec::{Decode, DecodeAll};
use subxt::{events::Phase, utils::MultiAddress};

/// A dispute as the runtime describes it.
pub(crate) type Dispute = DisputeSummary<AccountId, Balance, BlockNumber>;

/// What a side does in a dispute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Action {
	/// The challenger opens the dispute.
	Challenge(Accusation),
	/// The challenger points at a group.
	PointAtGroup(Group),
	/// The challenger points at something in a cell.
	PointAtTarget(Place, Target),
	/// The challenger has a step judged.
	Prove(Proof),
	/// The worker answers.
	Answer(DisputeAnswer),
	/// Somebody ends a dispute whose clock has run out.
	Expire,
}

/// What an action is about: what a call names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
	/// A job whose claim is challenged.
	Job(JobId),
	/// A dispute that is under way.
	Dispute(DisputeId),
}

/// A successful call to the disputes pallet in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Move {
	/// Height of its block.
	pub(crate) block: BlockNumber,
	/// What it is about.
	pub(crate) subject: Subject,
	/// What it does.
	pub(crate) action: Action,
	/// Who signed it; nobody where the call authorises itself.
	pub(crate) signer: Option<AccountId>,
	/// Length of its transaction.
	pub(crate) bytes: u32,
}

/// How a dispute ended, and who lost what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ending {
	/// Why.
	pub(crate) ruling: Ruling,
	/// What the operator lost of its stake.
	pub(crate) penalty: Balance,
	/// What the challenger was paid of it.
	pub(crate) reward: Balance,
	/// The challenger's bond, if it lost it.
	pub(crate) forfeited: Option<Forfeit>,
}

/// A bond that was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Forfeit {
	/// How much.
	pub(crate) amount: Balance,
	/// Who has it now; nobody if it was burned.
	pub(crate) to: Option<AccountId>,
}

impl Action {
	/// Reads a call of the disputes pallet; `None` if it is no move.
	fn read(name: &str, arguments: &[u8]) -> Option<(Subject, Self)> {
		fn read<T: Decode>(mut arguments: &[u8]) -> Option<T> {
			T::decode_all(&mut arguments).ok()
		}
		let (dispute, action) = match name {
			"challenge" => {
				let (job, accusation) = read(arguments)?;
				return Some((Subject::Job(job), Self::Challenge(accusation)));
			}
			"point_at_group" => {
				let (dispute, group) = read(arguments)?;
				(dispute, Self::PointAtGroup(group))
			}
			"point_at_target" => {
				let (dispute, place, target) = read(arguments)?;
				(dispute, Self::PointAtTarget(place, target))
			}
			"prove" => {
				let (dispute, proof) = read(arguments)?;
				(dispute, Self::Prove(proof))
			}
			"answer" => {
				let SignedAnswer { answer, .. } = read(arguments)?;
				(answer.dispute, Self::Answer(answer))
			}
			"expire" => (read(arguments)?, Self::Expire),
			_ => return None,
		};
		Some((Subject::Dispute(dispute), action))
	}
}

impl Chain {
	/// The claim of a job, if there is one.
	pub(crate) async fn claim(&self, job: JobId, at: Block) -> Result<Option<DisputedClaim>> {
		self.ask("JobsApi_claim", (job,), at).await
	}

	/// A dispute; an error if there is none.
	pub(crate) async fn dispute(&self, id: DisputeId, at: Block) -> Result<Dispute> {
		self.find_dispute(id, at)
			.await?
			.with_context(|| format!("there is no dispute {id}: there never was, or it ended long ago and was removed"))
	}

	/// A dispute, if there is one.
	pub(crate) async fn find_dispute(&self, id: DisputeId, at: Block) -> Result<Option<Dispute>> {
		self.ask("DisputesApi_dispute", (id,), at).await
	}

	/// The newest disputes, at most `limit`, of one job or of all.
	pub(crate) async fn disputes(&self, job: Option<JobId>, limit: u32, at: Block) -> Result<Vec<Dispute>> {
		let mut disputes: Vec<Dispute> = vec![];
		while let Some(left) = limit
			.checked_sub(u32::try_from(disputes.len())?)
			.filter(|left| *left > 0)
		{
			let before = disputes.last().map(|dispute| dispute.id);
			let page: Vec<Dispute> = self
				.ask("DisputesApi_disputes", (job, before, left.min(MAX_PAGE)), at)
				.await?;
			if page.is_empty() {
				break;
			}
			disputes.extend(page);
		}
		Ok(disputes)
	}

	/// What the worker has shown in a dispute so far.
	pub(crate) async fn dispute_record(&self, id: DisputeId, at: Block) -> Result<DisputeRecord> {
		let record: Option<DisputeRecord> = self.ask("DisputesApi_record", (id,), at).await?;
		Ok(record.unwrap_or_default())
	}

	/// How a dispute ended, if it did in this block.
	pub(crate) async fn ending(&self, dispute: &Dispute, block: Block) -> Result<Option<Ending>> {
		let client = self.client.at_block(block.hash).await?;
		let events = client.events().fetch().await?;
		let events: Vec<_> = events.iter().collect::<Result<_, _>>()?;
		let fields = events
			.iter()
			.map(|event| (event.pallet_name(), event.event_name(), event.field_bytes()));
		Ok(Ending::read(fields, dispute.id, dispute.challenger))
	}

	/// The moves in a block that succeeded, of whatever dispute.
	pub(crate) async fn moves(&self, block: Block) -> Result<Vec<Move>> {
		let client = self.client.at_block(block.hash).await?;
		let transactions = client.extrinsics().fetch().await?;
		let mut moves = vec![];
		for (index, transaction) in transactions.iter().enumerate() {
			// What this program cannot read is no move that it made.
			let Ok(transaction) = transaction else {
				continue;
			};
			if transaction.pallet_name() != "Disputes" {
				continue;
			}
			let arguments = transaction.call_data_field_bytes();
			if let Some((subject, action)) = Action::read(transaction.call_name(), arguments) {
				let found = Move {
					block: block.number,
					subject,
					action,
					signer: transaction.address_bytes().and_then(signer),
					bytes: u32::try_from(transaction.bytes().len())?,
				};
				moves.push((u32::try_from(index)?, found));
			}
		}
		if moves.is_empty() {
			return Ok(vec![]);
		}
		let events = client.events().fetch().await?;
		let succeeded = |index: u32| {
			let mut of_it = events
				.iter()
				.filter_map(Result::ok)
				.filter(|event| event.phase() == Phase::ApplyExtrinsic(index) && event.pallet_name() == "System");
			of_it.any(|event| event.event_name() == "ExtrinsicSuccess")
		};
		moves.retain(|(index, _)| succeeded(*index));
		Ok(moves.into_iter().map(|(_, found)| found).collect())
	}
}

impl Ending {
	/// Reads it from the events of the block in which a dispute ended: pallet, name and fields of each, in order. What the
	/// end of a dispute emits is together and closes with `DisputeEnded`.
	fn read<'e>(
		events: impl Iterator<Item = (&'e str, &'e str, &'e [u8])>,
		id: DisputeId,
		challenger: AccountId,
	) -> Option<Self> {
		let (mut reward, mut forfeited) = (0, None);
		for (pallet, name, mut fields) in events {
			match (pallet, name) {
				("Balances", "Deposit") => {
					let (who, amount) = <(AccountId, Balance)>::decode_all(&mut fields).ok()?;
					if who == challenger {
						reward = amount;
					}
				}
				("Disputes", "BondForfeited") => {
					let (_, to, amount) = <(DisputeId, AccountId, Balance)>::decode_all(&mut fields).ok()?;
					forfeited = Some(Forfeit { amount, to: Some(to) });
				}
				("Disputes", "BondBurned") => {
					let (_, amount) = <(DisputeId, Balance)>::decode_all(&mut fields).ok()?;
					forfeited = Some(Forfeit { amount, to: None });
				}
				("Disputes", "DisputeEnded") => {
					type Ended = (DisputeId, JobId, Attempt, Ruling, Balance);
					let (dispute, _, _, ruling, penalty) = Ended::decode_all(&mut fields).ok()?;
					if dispute == id {
						return Some(Self {
							ruling,
							penalty,
							reward: if penalty > 0 { reward } else { 0 },
							forfeited,
						});
					}
					(reward, forfeited) = (0, None);
				}
				// Money that moved before a transaction began, or in another one, is none of a dispute's.
				("System", "ExtrinsicSuccess" | "ExtrinsicFailed") => (reward, forfeited) = (0, None),
				_ => {}
			}
		}
		None
	}
}

/// The account in a transaction's address.
fn signer(address: &[u8]) -> Option<AccountId> {
	match MultiAddress::<AccountId, ()>::decode(&mut &address[..]).ok()? {
		MultiAddress::Id(account) => Some(account),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::Call;
	use codec::Encode;

	fn read_back(call: &Call) -> Option<(Subject, Action)> {
		Action::read(call.name, call.arguments())
	}

	#[test]
	fn moves_are_read_as_they_are_written() {
		let (dispute, place) = (DisputeId(3), Place::Head { position: 11 });
		let group = Group { row: 2, index: 1 };
		let proof = Proof {
			place,
			step: assay_trace::Step::Choice { rival: 5 },
			opening: assay_trace::Opening { items: vec![] },
		};
		let about = Subject::Dispute(dispute);
		for (call, expected) in [
			(
				Call::challenge(JobId(9), Accusation::Trace),
				(Subject::Job(JobId(9)), Action::Challenge(Accusation::Trace)),
			),
			(
				Call::point_at_group(dispute, group),
				(about, Action::PointAtGroup(group)),
			),
			(
				Call::point_at_target(dispute, place, Target::Cache),
				(about, Action::PointAtTarget(place, Target::Cache)),
			),
			(Call::prove(dispute, &proof), (about, Action::Prove(proof.clone()))),
			(Call::expire(dispute), (about, Action::Expire)),
		] {
			assert_eq!(read_back(&call), Some(expected));
		}
	}

	#[test]
	fn other_calls_and_other_arguments_are_no_moves() {
		assert_eq!(read_back(&Call::cancel(JobId(1))), None);
		let short = DisputeId(3).encode();
		assert_eq!(Action::read("point_at_group", &short), None);
		assert_eq!(Action::read("expire", &[&short[..], &[0]].concat()), None);
	}

	#[test]
	fn an_ending_tells_who_lost_what() {
		let (me, other) = (AccountId::from([7; 32]), AccountId::from([8; 32]));
		let deposit = |who: AccountId, amount: Balance| ("Balances", "Deposit", (who, amount).encode());
		let ended = |id: u64, ruling: Ruling, penalty: Balance| {
			let fields = (DisputeId(id), JobId(1), Attempt(0), ruling, penalty);
			("Disputes", "DisputeEnded", fields.encode())
		};
		let events = [
			// The refund of a fee.
			deposit(me, 3),
			("System", "ExtrinsicSuccess", vec![]),
			("Disputes", "BondForfeited", (DisputeId(4), other, 10u128).encode()),
			ended(4, Ruling::Upheld, 0),
			deposit(me, 50),
			deposit(other, 51),
			ended(5, Ruling::Refuted, 101),
			deposit(me, 2),
			ended(6, Ruling::Moot, 0),
		];
		let read = |id| {
			let events = events
				.iter()
				.map(|(pallet, name, fields)| (*pallet, *name, &fields[..]));
			Ending::read(events, DisputeId(id), me)
		};
		let ending = |ruling, penalty, reward, forfeited| {
			Some(Ending {
				ruling,
				penalty,
				reward,
				forfeited,
			})
		};
		let forfeited = Forfeit {
			amount: 10,
			to: Some(other),
		};
		assert_eq!(read(4), ending(Ruling::Upheld, 0, 0, Some(forfeited)));
		assert_eq!(read(5), ending(Ruling::Refuted, 101, 50, None));
		assert_eq!(read(6), ending(Ruling::Moot, 0, 0, None));
		assert_eq!(read(7), None);
	}

	#[test]
	fn only_plain_accounts_sign() {
		let account = AccountId::from([7; 32]);
		assert_eq!(
			signer(&MultiAddress::<AccountId, ()>::Id(account).encode()),
			Some(account)
		);
		assert_eq!(
			signer(&MultiAddress::<AccountId, ()>::Address32([7; 32]).encode()),
			None
		);
	}
}
