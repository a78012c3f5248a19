//! Reading disputes, and how they ended.

use super::{query::MAX_PAGE, AccountId, Block, BlockNumber, Chain};
use crate::amount::Balance;
use anyhow::{Context, Result};
use assay_exact::Program;
use assay_protocol::{
	dispute::{DisputeRecord, DisputeSummary, DisputedClaim, OwnedStatement, Ruling},
	Attempt, DisputeId, JobId,
};
use codec::DecodeAll;

/// A dispute as the runtime describes it.
pub(crate) type Dispute = DisputeSummary<AccountId, Balance, BlockNumber>;

/// How a dispute ended, and who lost what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ending {
	/// Why.
	pub(crate) ruling: Ruling,
	/// What the operator lost of its stake.
	pub(crate) penalty: Balance,
	/// What the challenger was paid of it.
	pub(crate) reward: Balance,
	/// The challenger's bond, or as much of its stake, as far as it lost it.
	pub(crate) forfeited: Forfeit,
}

/// A bond that was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Forfeit {
	/// How much.
	pub(crate) amount: Balance,
	/// How much of it the operator has now.
	pub(crate) to_operator: Balance,
}

impl Chain {
	/// The claim of a job, if there is one.
	pub(crate) async fn claim(&self, job: JobId, at: Block) -> Result<Option<DisputedClaim>> {
		self.ask("JobsApi_claim", (job,), at).await
	}

	/// The claim of an attempt at a job with all it is about, unless it was struck down or pruned meanwhile, or its program
	/// is of a kind that this program does not know.
	pub(crate) async fn statement(&self, job: JobId, attempt: Attempt, at: Block) -> Result<Option<OwnedStatement>> {
		let claim = self.claim(job, at).await?;
		let Some(claim) = claim.filter(|claim| claim.attempt == attempt) else {
			return Ok(None);
		};
		let program = self.program(claim.version, at).await?;
		let program = Program::decode_all(&mut &program[..]).ok();
		Ok(program.map(|program| OwnedStatement::new(program, claim)))
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
		Ok(Ending::read(fields, dispute))
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
