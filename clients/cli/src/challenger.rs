//! A challenger at work: it opens its dispute, follows it block by block, makes each of its moves, and calls time.

use crate::{
	blocks::Blocks,
	case::Case,
	output::Output,
	views::{is_struck_down, DisputeView, EndingView, MoveView},
};
use anyhow::{ensure, Context, Result};
use assay_dispute::{DisputeError, Move as Answered};
use assay_protocol::{
	dispute::{Accusation, DisputeRecord, Stage},
	DisputeId,
};
use assay_sdk::{
	disputes::Dispute, disputes::Ending, events::DisputeOpened, keys::account_of, moves::Action, moves::Move,
	moves::Subject, AccountId, Assay, Block, BlockNumber, Call, Sending, Signer,
};
use serde_json::{json, Value};

/// Blocks for which a dispute may be missing before it counts as gone.
const REORGANISED: u32 = 16;

/// Who challenges a claim.
pub(crate) struct Challenger<'a> {
	/// The chain.
	pub(crate) chain: &'a Assay,
	/// Whose dispute it is.
	pub(crate) signer: &'a Signer,
	/// The claim, and what its job gives on this machine.
	pub(crate) case: &'a Case,
	/// Whether lines of the log say which job they are about.
	pub(crate) among_others: bool,
	/// Where the log goes.
	pub(crate) output: Output,
}

/// What became of a dispute.
pub(crate) struct Ended {
	/// The moves that were seen.
	pub(crate) moves: Vec<MoveView>,
	/// The dispute at its end.
	pub(crate) dispute: Dispute,
	/// Height of the block it ended in.
	pub(crate) block: BlockNumber,
	/// Who lost what.
	pub(crate) ending: Ending,
}

impl Ended {
	/// Whether the claim was struck down.
	pub(crate) fn is_won(&self) -> bool {
		is_struck_down(self.ending.ruling)
	}

	/// All there is to know, for programs.
	pub(crate) fn document(&self) -> Value {
		json!({
			"job": self.dispute.job,
			"dispute": DisputeView::new(&self.dispute),
			"moves": self.moves,
			"ending": self.view(),
		})
	}

	/// The ruling, and who lost what.
	pub(crate) fn text(&self) -> String {
		self.view().text()
	}

	fn view(&self) -> EndingView {
		EndingView::new(&self.dispute, &self.ending, self.block)
	}
}

/// What the challenger does at a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
	/// The dispute is over.
	Over,
	/// The worker has to move.
	Wait,
	/// The challenger has to move.
	Own(Stage),
	/// A clock has run out.
	CallTime,
}

fn turn(dispute: &Dispute, now: BlockNumber) -> Turn {
	match dispute.stage {
		None => Turn::Over,
		Some(_) if now > dispute.deadline => Turn::CallTime,
		Some(stage) if stage.is_workers() => Turn::Wait,
		Some(stage) => Turn::Own(stage),
	}
}

impl Challenger<'_> {
	/// The dispute that the challenger has open about the claim.
	pub(crate) async fn open_dispute(&self, at: Block) -> Result<Option<Dispute>> {
		let disputes = self.chain.disputes().at(at).list(Some(self.case.job), u32::MAX).await?;
		let mut own = disputes
			.into_iter()
			.filter(|dispute| self.is_own(dispute) && dispute.stage.is_some());
		Ok(own.next())
	}

	/// Whether a dispute is the challenger's, about this claim.
	fn is_own(&self, dispute: &Dispute) -> bool {
		dispute.challenger == account_of(self.signer)
			&& (dispute.job, dispute.attempt) == (self.case.job, self.case.attempt)
	}

	/// Opens a dispute; returns it and the block of the challenge.
	pub(crate) async fn open(&self, accusation: Accusation, sending: Sending) -> Result<(DisputeId, BlockNumber)> {
		let Case { job, claim, places, .. } = self.case;
		let call = Call::challenge(*job, *claim, accusation);
		let sending = Sending {
			finalized: false,
			..sending
		};
		let receipt = self.chain.submit(&call, self.signer, sending).await;
		let receipt = receipt.with_context(|| call.to_string())?;
		let DisputeOpened { dispute } = receipt.event()?;
		self.output.progress(&format!(
			"dispute {dispute} about job {job}: {} is challenged",
			places.accusation(accusation)
		));
		Ok((dispute, receipt.block))
	}

	/// A line of the log.
	fn say(&self, line: &str) {
		match self.among_others {
			true => self.output.progress(&format!("job {}  {line}", self.case.job)),
			false => self.output.progress(line),
		}
	}

	/// Disputes to the end, telling of the moves since block `first`. Moves are made from the best block, for clocks run
	/// there; with `finalized` the end is awaited until it is final.
	pub(crate) async fn dispute(&self, id: DisputeId, first: BlockNumber, finalized: bool) -> Result<Ended> {
		let mut heads = self.chain.heads(false).await?;
		let mut log = Log::new(first);
		let (mut id, mut conceded, mut missed) = (id, false, 0u32);
		loop {
			let best = self.chain.best().await?;
			// A reorganisation can take a dispute away for some blocks, and give its number to another.
			let known = self
				.chain
				.disputes()
				.at(best)
				.find(id)
				.await?
				.filter(|known| self.is_own(known));
			let dispute = match known {
				Some(dispute) => Some(dispute),
				None => self.open_dispute(best).await?,
			};
			match dispute {
				Some(_) => missed = 0,
				None => missed += 1,
			}
			ensure!(
				missed < REORGANISED,
				"dispute {id} about job {} was taken away by a reorganisation",
				self.case.job
			);
			if let Some(dispute) = dispute {
				id = dispute.id;
				log.follow(self, &dispute, best).await?;
				match turn(&dispute, best.number) {
					Turn::Over => {
						if let Some(ended) = self.ended(dispute, &log, finalized).await? {
							return Ok(ended);
						}
					}
					Turn::Wait => {}
					Turn::CallTime => self.send(id, dispute.stage, Call::expire(id)).await?,
					Turn::Own(stage) if !conceded => {
						let shown = self.chain.disputes().at(best).record(id).await?;
						match self.call(id, stage, &shown)? {
							Some(call) => self.send(id, dispute.stage, call).await?,
							None => {
								conceded = true;
								self.say(&format!(
									"block {:>5}  what the worker shows is what this machine computes: you have no move, and \
									your bond is lost after block {}",
									best.number, dispute.deadline
								));
							}
						}
					}
					Turn::Own(_) => {}
				}
			}
			heads.next().await?;
		}
	}

	/// The next move as a call; `None` if there is nothing to point at.
	fn call(&self, id: DisputeId, stage: Stage, shown: &DisputeRecord) -> Result<Option<Call>> {
		Ok(Some(match self.case.execution().next_move(stage, shown) {
			Ok(Answered::PointAtGroup(group)) => Call::point_at_group(id, shown.hash, group),
			Ok(Answered::PointAtTarget(place, target)) => Call::point_at_target(id, shown.hash, place, target),
			Ok(Answered::PointAtStep(place, step)) => Call::point_at_step(id, shown.hash, place, step),
			Ok(Answered::Prove(proof)) => Call::prove(id, shown.hash, &proof),
			Err(DisputeError::Agrees) => return Ok(None),
			Err(error) => return Err(error).context("the next move cannot be prepared"),
		}))
	}

	/// Sends a call that is due at a stage. That it fails does not matter when the dispute has gone on without it, and while its
	/// clock runs the next block brings another try.
	async fn send(&self, id: DisputeId, stage: Option<Stage>, call: Call) -> Result<()> {
		// Clocks run, and a move that is refused is no loss: it is not tried out first.
		let sending = Sending {
			finalized: false,
			tried: false,
		};
		let Err(error) = self.chain.submit(&call, self.signer, sending).await else {
			return Ok(());
		};
		let error = anyhow::anyhow!(error).context(call.to_string());
		let best = self.chain.best().await?;
		match self.chain.disputes().at(best).find(id).await? {
			Some(dispute) if dispute.stage == stage && best.number < dispute.deadline => {
				self.say(&format!(
					"block {:>5}  the move was not taken: {error:#}; it is sent again",
					best.number
				));
				Ok(())
			}
			Some(dispute) if dispute.stage == stage => Err(error),
			_ => Ok(()),
		}
	}

	/// The end of a dispute that is over in the best block, once it is as final as was asked for.
	async fn ended(&self, dispute: Dispute, log: &Log, finalized: bool) -> Result<Option<Ended>> {
		let last = if finalized {
			self.chain.finalized().await?
		} else {
			self.chain.best().await?
		};
		let settled = self.chain.disputes().at(last).find(dispute.id).await?;
		let Some(dispute) = settled.filter(|dispute| dispute.stage.is_none()) else {
			return Ok(None);
		};
		// Most often the last block that was seen.
		for block in log.blocks.up_to(last.number) {
			if let Some(ending) = self.chain.disputes().ending(&dispute, block).await? {
				return Ok(Some(Ended {
					moves: log.moves.clone(),
					dispute,
					block: block.number,
					ending,
				}));
			}
		}
		anyhow::bail!(
			"dispute {} ended before block {}, where this program came to it",
			dispute.id,
			log.blocks.first()
		)
	}
}

/// The moves of a dispute as they come.
struct Log {
	blocks: Blocks,
	moves: Vec<MoveView>,
}

impl Log {
	fn new(first: BlockNumber) -> Self {
		Self {
			blocks: Blocks::since(first),
			moves: vec![],
		}
	}

	/// Looks at the blocks up to `best` that are new and tells their moves. After a reorganisation moves are told again.
	async fn follow(&mut self, challenger: &Challenger<'_>, dispute: &Dispute, best: Block) -> Result<()> {
		let fresh = self.blocks.fresh(challenger.chain, best).await?;
		if let Some(oldest) = fresh.first() {
			self.moves.retain(|known| known.block < oldest.number);
		}
		for block in fresh {
			for found in challenger.chain.disputes().moves(block).await? {
				if is_of(&found, dispute) {
					let view = MoveView::new(&found, &challenger.case.places);
					challenger.say(&view.text());
					self.moves.push(view);
				}
			}
		}
		Ok(())
	}
}

/// Whether a move is one of a dispute: a challenge names its job only.
fn is_of(found: &Move, dispute: &Dispute) -> bool {
	let challenger: AccountId = dispute.challenger;
	match (found.subject, &found.action) {
		(Subject::Dispute(id), _) => id == dispute.id,
		(Subject::Job(job), Action::Challenge(_)) => job == dispute.job && found.signer == Some(challenger),
		(Subject::Job(_), _) => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_protocol::{
		dispute::{Accusation, Ruling},
		Attempt, JobId,
	};

	fn dispute(stage: Option<Stage>) -> Dispute {
		Dispute {
			id: DisputeId(3),
			job: JobId(27),
			attempt: Attempt(0),
			challenger: AccountId::from([7; 32]),
			operator: AccountId::from([8; 32]),
			bond: 10,
			stage,
			deadline: 60,
			late: false,
			ruling: stage.is_none().then_some(Ruling::Refuted),
		}
	}

	#[test]
	fn each_side_has_until_its_deadline() {
		let workers = dispute(Some(Stage::ListGroups));
		assert_eq!(turn(&workers, 60), Turn::Wait);
		assert_eq!(turn(&workers, 61), Turn::CallTime);
		let own = dispute(Some(Stage::PointAtStep));
		assert_eq!(turn(&own, 60), Turn::Own(Stage::PointAtStep));
		assert_eq!(turn(&own, 61), Turn::CallTime);
		assert_eq!(turn(&dispute(None), 99), Turn::Over);
	}

	#[test]
	fn others_moves_are_not_this_disputes() {
		let dispute = dispute(Some(Stage::PointAtStep));
		let found = |subject, action, signer| Move {
			block: 1,
			subject,
			action,
			signer,
			bytes: 1,
		};
		let challenge = |job, signer: [u8; 32]| {
			let action = Action::Challenge(Accusation::Trace);
			found(Subject::Job(JobId(job)), action, Some(AccountId::from(signer)))
		};
		assert!(is_of(&challenge(27, [7; 32]), &dispute));
		assert!(!is_of(&challenge(28, [7; 32]), &dispute));
		assert!(!is_of(&challenge(27, [9; 32]), &dispute));
		assert!(is_of(
			&found(Subject::Dispute(DisputeId(3)), Action::Expire, None),
			&dispute
		));
		assert!(!is_of(
			&found(Subject::Dispute(DisputeId(4)), Action::Expire, None),
			&dispute
		));
	}
}
