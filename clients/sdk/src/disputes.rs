//! Disputes: where one stands, its moves, and how it ended.

use crate::{
	events::DisputeOpened,
	moves::{self, Move},
	reading::{room, Reading},
	AccountId, Balance, Block, BlockNumber, Call, Error, Missing, Result, Sending, Signer,
};
use assay_protocol::{
	dispute::{Accusation, DisputeRecord, DisputeSummary, Ruling},
	Attempt, DisputeId, JobId,
};
use assay_trace::claim::ClaimRoot;
use codec::DecodeAll;

/// A dispute as the runtime describes it.
pub type Dispute = DisputeSummary<AccountId, Balance, BlockNumber>;

/// How a dispute ended, and who lost what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
	/// Why.
	pub ruling: Ruling,
	/// What the operator lost of its stake.
	pub penalty: Balance,
	/// What the challenger was paid of it.
	pub reward: Balance,
	/// The challenger's bond, or as much of its stake, as far as it lost it.
	pub forfeited: Forfeit,
}

/// A bond that was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Forfeit {
	/// How much.
	pub amount: Balance,
	/// How much of it the operator has now.
	pub to_operator: Balance,
}

room! {
	/// Disputes about claims.
	Disputes
}

impl Disputes<'_> {
	/// A dispute; an error if there is none.
	pub async fn get(&self, id: DisputeId) -> Result<Dispute> {
		self.find(id).await?.ok_or(Error::missing(Missing::Dispute(id)))
	}

	/// A dispute, if there is one.
	pub async fn find(&self, id: DisputeId) -> Result<Option<Dispute>> {
		self.0.ask("DisputesApi_dispute", (id,)).await
	}

	/// The newest disputes, at most `limit`, of one job or of all.
	pub async fn list(&self, job: Option<JobId>, limit: u32) -> Result<Vec<Dispute>> {
		let reading = self.0.fixed().await?;
		Reading::all(limit as usize, |known: &[Dispute], left| {
			let before = known.last().map(|dispute| dispute.id);
			async move { reading.ask("DisputesApi_disputes", (job, before, left)).await }
		})
		.await
	}

	/// What the worker has shown in a dispute so far.
	pub async fn record(&self, id: DisputeId) -> Result<DisputeRecord> {
		let record: Option<DisputeRecord> = self.0.ask("DisputesApi_record", (id,)).await?;
		Ok(record.unwrap_or_default())
	}

	/// How a dispute ended, if it did in this block.
	pub async fn ending(&self, dispute: &Dispute, block: Block) -> Result<Option<Ending>> {
		let client = self.0.assay.client().at_block(block.hash).await?;
		let events = client.events().fetch().await?;
		let events: Vec<_> = events.iter().collect::<Result<_, _>>()?;
		let fields = events
			.iter()
			.map(|event| (event.pallet_name(), event.event_name(), event.field_bytes()));
		Ok(Ending::read(fields, dispute))
	}

	/// The moves in a block that succeeded, of whatever dispute.
	pub async fn moves(&self, block: Block) -> Result<Vec<Move>> {
		moves::in_block(self.0.assay, block).await
	}

	/// Challenges this claim of a job under a bond, and returns the dispute. Its moves, [calls](Call) whose names begin with
	/// `point_at`, and [`Call::prove`], are then due in time: the crate `assay-dispute` finds them.
	pub async fn challenge(
		&self,
		signer: &Signer,
		job: JobId,
		claim: ClaimRoot,
		accusation: Accusation,
	) -> Result<DisputeId> {
		let call = Call::challenge(job, claim, accusation);
		let receipt = self.0.assay.submit(&call, signer, Sending::default()).await?;
		Ok(receipt.event::<DisputeOpened>()?.dispute)
	}
}

impl Ending {
	/// Reads it from the events of the block in which a dispute ended: pallet, name and fields of each, in order. What the
	/// end of a dispute emits is together and closes with `DisputeEnded`.
	fn read<'e>(events: impl Iterator<Item = (&'e str, &'e str, &'e [u8])>, of: &Dispute) -> Option<Self> {
		let (mut reward, mut to_operator, mut forfeited) = (0, 0, Forfeit::default());
		for (pallet, name, mut fields) in events {
			match (pallet, name) {
				("Balances", "Deposit") => {
					let (who, amount) = <(AccountId, Balance)>::decode_all(&mut fields).ok()?;
					if who == of.challenger {
						reward = amount;
					} else if who == of.operator {
						to_operator = amount;
					}
				}
				("Disputes", "BondForfeited") => {
					let (_, to, amount) = <(DisputeId, AccountId, Balance)>::decode_all(&mut fields).ok()?;
					forfeited.amount = forfeited.amount.checked_add(amount)?;
					if to == of.operator {
						forfeited.to_operator = forfeited.to_operator.checked_add(amount)?;
					}
				}
				("Disputes", "BondBurned") => {
					let (_, amount) = <(DisputeId, Balance)>::decode_all(&mut fields).ok()?;
					forfeited.amount = forfeited.amount.checked_add(amount)?;
				}
				("Disputes", "StakeForfeited") => {
					let (_, amount) = <(DisputeId, Balance)>::decode_all(&mut fields).ok()?;
					forfeited = Forfeit { amount, to_operator };
				}
				("Disputes", "DisputeEnded") => {
					type Ended = (DisputeId, JobId, Attempt, Ruling, Balance);
					let (dispute, _, _, ruling, penalty) = Ended::decode_all(&mut fields).ok()?;
					if dispute == of.id {
						return Some(Self {
							ruling,
							penalty,
							reward: if penalty > 0 { reward } else { 0 },
							forfeited,
						});
					}
					(reward, to_operator, forfeited) = (0, 0, Forfeit::default());
				}
				// Money that moved before a transaction began, or in another one, is none of a dispute's.
				("System", "ExtrinsicSuccess" | "ExtrinsicFailed") => (reward, forfeited) = (0, Forfeit::default()),
				_ => {}
			}
		}
		None
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	#[test]
	fn an_ending_tells_who_lost_what() {
		let [me, other, treasury] = [7, 8, 9].map(|byte| AccountId::from([byte; 32]));
		let deposit = |who: AccountId, amount: Balance| ("Balances", "Deposit", (who, amount).encode());
		let ended = |id: u64, ruling: Ruling, penalty: Balance| {
			let fields = (DisputeId(id), JobId(1), Attempt(0), ruling, penalty);
			("Disputes", "DisputeEnded", fields.encode())
		};
		let events = [
			// The refund of a fee.
			deposit(me, 3),
			("System", "ExtrinsicSuccess", vec![]),
			("Disputes", "BondForfeited", (DisputeId(4), other, 5u128).encode()),
			("Disputes", "BondForfeited", (DisputeId(4), treasury, 4u128).encode()),
			("Disputes", "BondBurned", (DisputeId(4), 1u128).encode()),
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
			let dispute = Dispute {
				id: DisputeId(id),
				job: JobId(1),
				attempt: Attempt(0),
				challenger: me,
				operator: other,
				bond: 10,
				stage: None,
				deadline: 0,
				late: false,
				ruling: None,
			};
			Ending::read(events, &dispute)
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
			to_operator: 5,
		};
		assert_eq!(read(4), ending(Ruling::Upheld, 0, 0, forfeited));
		assert_eq!(read(5), ending(Ruling::Refuted, 101, 50, Forfeit::default()));
		assert_eq!(read(6), ending(Ruling::Moot, 0, 0, Forfeit::default()));
		assert_eq!(read(7), None);
	}
}
