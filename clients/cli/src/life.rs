//! The life of a job, block by block.

use crate::views::{Change, StateView};
use anyhow::{Context, Result};
use assay_protocol::JobId;
use assay_sdk::{jobs::Job, AccountId, Assay, Block, BlockNumber};

/// What became of a job.
pub(crate) struct Life {
	/// Its changes of state, in order.
	pub(crate) changes: Vec<Change>,
	/// The job at the end.
	pub(crate) job: Job,
}

/// Follows a job from the block of its submission until it is over, and tells each change of state as it comes.
/// With `finalized` it follows finalised blocks, which cannot be taken back.
pub(crate) async fn follow(chain: &Assay, id: JobId, finalized: bool, mut tell: impl FnMut(&Change)) -> Result<Life> {
	let mut heads = chain.heads(finalized).await?;
	let mut last = if finalized {
		chain.finalized().await?
	} else {
		chain.best().await?
	};
	// With `finalized`, a job may be in the best block only: then its submission is still to come.
	let known = chain.jobs().at(last).find(id).await?;
	let known = match known {
		Some(job) => job,
		None => chain.jobs().at(chain.best().await?).get(id).await?,
	};
	let mut walk = Walk {
		chain,
		id,
		known: None,
		changes: vec![],
	};
	// Earlier states may have been pruned; then the walk begins where they are kept.
	let mut next = known.submitted_at;
	while next < last.number {
		if let Some(block) = chain.block_at(next).await? {
			if walk.visit(block, &mut tell).await.is_ok() && walk.is_over() {
				break;
			}
		}
		next += 1;
	}
	loop {
		if !walk.is_over() {
			walk.visit(last, &mut tell).await?;
		}
		if walk.is_over() {
			let job = walk.known.context("a job that is over is known")?;
			return Ok(Life {
				changes: walk.changes,
				job,
			});
		}
		let from = last.number;
		let head = heads.next().await?;
		// Blocks that came together are announced by the last of them.
		for number in from.saturating_add(1)..head {
			if let Some(block) = chain.block_at(number).await? {
				walk.visit(block, &mut tell).await?;
			}
		}
		if let Some(block) = chain.block_at(head).await? {
			last = block;
		}
	}
}

struct Walk<'a> {
	chain: &'a Assay,
	id: JobId,
	known: Option<Job>,
	changes: Vec<Change>,
}

impl Walk<'_> {
	async fn visit(&mut self, block: Block, tell: &mut impl FnMut(&Change)) -> Result<()> {
		// A reorganisation can take a job away for some blocks.
		let Some(job) = self.chain.jobs().at(block).find(self.id).await? else {
			return Ok(());
		};
		let attempt = self.known.as_ref().map(|known| known.attempt);
		let state = StateView::from(&job.state);
		if self.is_over()
			|| (attempt == Some(job.attempt) && self.changes.last().is_some_and(|last| last.state == state))
		{
			return Ok(());
		}
		let change = change(self.chain, &job, state, self.operator(&job), block).await?;
		tell(&change);
		self.changes.push(change);
		self.known = Some(job);
		Ok(())
	}

	fn is_over(&self) -> bool {
		self.known
			.as_ref()
			.is_some_and(|job| StateView::from(&job.state).is_over())
	}

	/// The operator now, or the last one, so that what a failed attempt cost it is seen.
	fn operator(&self, job: &Job) -> Option<AccountId> {
		let before = || self.changes.iter().rev().find_map(|change| change.state.operator());
		StateView::from(&job.state).operator().or_else(before)
	}
}

async fn change(
	chain: &Assay,
	job: &Job,
	state: StateView,
	operator: Option<AccountId>,
	block: Block,
) -> Result<Change> {
	let consumer = chain.accounts().at(block).balances(job.consumer).await?;
	let operator_balances = match operator {
		Some(operator) => Some(chain.accounts().at(block).balances(operator).await?),
		None => None,
	};
	let number: BlockNumber = block.number;
	Ok(Change {
		block: number,
		state,
		consumer,
		operator_balances,
	})
}
