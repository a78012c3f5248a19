//! A lane: its receipts, and which of them are vouched for, being settled, or settled.

use super::{refusal::Standing, Refusal};
use crate::chain::BlockNumber;
use assay_protocol::channel::{Batch, SignedVoucher, SumPath, SumRoot, SumTree};
use assay_trace::merkle::Hash32;
use codec::{Decode, Encode};
use std::collections::{BTreeSet, VecDeque};

/// A receipt as the desk knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Answer {
	/// Root of its request.
	pub(super) request: Hash32,
	/// Its leaf in the trees of vouchers.
	pub(super) leaf: Hash32,
	/// Its computation.
	pub(super) units: u64,
}

/// A request that is being answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Running {
	/// Its root.
	pub(super) request: Hash32,
	/// The most computation that it takes.
	pub(super) most: u64,
}

/// Receipts that were cut off a lane, to be settled by one voucher.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cut {
	/// Receipts of the lane before.
	pub(super) base: u64,
	/// Its receipts.
	pub(super) answers: Vec<Answer>,
	/// Units of all of them.
	pub(super) units: u64,
	/// The voucher for exactly these; none of what was settled by a voucher that is not known here.
	pub(super) voucher: Option<SignedVoucher>,
	/// Block in which it was first seen to be settled for good.
	pub(super) settled_at: Option<BlockNumber>,
}

impl Cut {
	/// Receipts of the lane up to its end.
	pub(super) fn end(&self) -> u64 {
		self.base + self.answers.len() as u64
	}
}

/// A lane of a channel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Lane {
	/// What was cut off, in the order of its receipts.
	pub(super) cuts: VecDeque<Cut>,
	/// Receipts that are cut off, or older: what the next voucher comes after.
	base: u64,
	/// Receipts after that.
	answers: Vec<Answer>,
	tree: SumTree,
	/// Roots of the trees of the first one, the first two, and so on.
	roots: Vec<SumRoot>,
	/// The last voucher that comes after `base`.
	voucher: Option<SignedVoucher>,
	/// The request that is being answered.
	pub(super) running: Option<Running>,
	/// Receipts that are settled, in a block that may be left behind.
	settled: u64,
	/// Whether something was cut off for less than vouchers are settled for otherwise, as it may be once when the channel ends.
	pub(super) is_swept: bool,
}

impl Lane {
	/// A lane as it was before a restart.
	pub(super) fn restored(
		cuts: VecDeque<Cut>,
		base: u64,
		answers: Vec<Answer>,
		voucher: Option<SignedVoucher>,
		is_swept: bool,
	) -> Self {
		let mut lane = Self {
			cuts,
			base,
			voucher,
			is_swept,
			..Self::default()
		};
		lane.refill(answers);
		lane
	}

	/// Replaces the receipts after `base`.
	fn refill(&mut self, answers: Vec<Answer>) {
		self.answers.clear();
		self.tree = SumTree::default();
		self.roots.clear();
		answers.into_iter().for_each(|answer| self.push(answer));
	}

	/// Appends a receipt.
	pub(super) fn push(&mut self, answer: Answer) {
		// More units than can be counted are more money than there is: the credit is used up long before.
		let fits = self.tree.push(answer.leaf, answer.units);
		debug_assert!(fits);
		self.answers.push(answer);
		self.roots.extend(self.tree.root());
	}

	/// What the next voucher comes after.
	pub(super) fn base(&self) -> u64 {
		self.base
	}

	/// How many requests were answered.
	pub(super) fn end(&self) -> u64 {
		self.base + self.answers.len() as u64
	}

	/// The sequence of a request that is neither answered nor being answered.
	pub(super) fn next(&self) -> u64 {
		self.end() + u64::from(self.running.is_some())
	}

	/// The last voucher that comes after `base`.
	pub(super) fn voucher(&self) -> Option<&SignedVoucher> {
		self.voucher.as_ref()
	}

	/// Receipts after `base` that are vouched for.
	fn vouched_count(&self) -> u32 {
		self.voucher.as_ref().map_or(0, |signed| signed.voucher.count)
	}

	/// Units of the receipts after `base` that are vouched for.
	pub(super) fn vouched_units(&self) -> u64 {
		self.voucher.as_ref().map_or(0, |signed| signed.voucher.tree.units)
	}

	/// Receipts that nobody has vouched for, and requests being answered.
	pub(super) fn unpaid_count(&self) -> u64 {
		self.next() - self.base - u64::from(self.vouched_count())
	}

	/// Units of receipts that nobody has vouched for, and the most that requests take which are being answered.
	pub(super) fn unpaid_units(&self) -> u64 {
		let running = self.running.map_or(0, |running| running.most);
		(self.tree.total() - self.vouched_units()).saturating_add(running)
	}

	/// What was cut off and is not settled for good.
	pub(super) fn unsettled(&self) -> impl Iterator<Item = &Cut> {
		self.cuts.iter().filter(|cut| cut.settled_at.is_none())
	}

	/// What was cut off and is not settled, not even in a block that may be left behind.
	pub(super) fn to_settle(&self) -> impl Iterator<Item = &Cut> {
		self.cuts.iter().filter(|cut| cut.base >= self.settled)
	}

	/// What can be settled now.
	pub(super) fn next_cut(&self) -> Option<&Cut> {
		self.cuts.iter().find(|cut| cut.base == self.settled)
	}

	/// Whether something may still have to be settled of what was not cut off.
	pub(super) fn is_open(&self) -> bool {
		self.next() > self.base
	}

	/// Whether everything that was asked for is answered and vouched for.
	pub(super) fn is_paid(&self) -> bool {
		self.unpaid_count() == 0
	}

	/// All receipts, the oldest first.
	pub(super) fn answers(&self) -> impl Iterator<Item = &Answer> {
		let cut = self.cuts.iter().flat_map(|cut| &cut.answers);
		cut.chain(&self.answers)
	}

	/// All receipts with their sequences.
	pub(super) fn numbered(&self) -> impl Iterator<Item = (u64, &Answer)> {
		let cut = self.cuts.iter().flat_map(|cut| (cut.base..).zip(&cut.answers));
		cut.chain((self.base..).zip(&self.answers))
	}

	/// The receipt of a sequence.
	pub(super) fn answer(&self, sequence: u64) -> Option<&Answer> {
		let (base, answers) = match self.cuts.iter().find(|cut| (cut.base..cut.end()).contains(&sequence)) {
			Some(cut) => (cut.base, &cut.answers),
			None => (self.base, &self.answers),
		};
		let index = usize::try_from(sequence.checked_sub(base)?).ok()?;
		answers.get(index)
	}

	/// What the other side goes on from.
	pub(super) fn standing(&self) -> Standing {
		let last = || self.cuts.back().and_then(|cut| cut.voucher.clone());
		Standing {
			base: self.base,
			count: u32::try_from(self.answers.len()).unwrap_or(u32::MAX),
			voucher: self.voucher.clone().or_else(last),
		}
	}

	/// Takes a voucher; says whether it takes the place of one that covered less.
	pub(super) fn vouch(&mut self, signed: &SignedVoucher) -> Result<bool, Refusal> {
		let voucher = &signed.voucher;
		let resync = || Err(Refusal::Resync(Box::new(self.standing())));
		if voucher.base > self.base {
			return resync();
		}
		if voucher.base < self.base {
			// All of it is being settled, if it is for nothing beyond.
			let end = voucher.base.checked_add(voucher.count.into());
			return if end.is_some_and(|end| end <= self.base) {
				Ok(false)
			} else {
				resync()
			};
		}
		if voucher.count <= self.vouched_count() {
			return Ok(false);
		}
		let last = usize::try_from(voucher.count - 1).ok();
		match last.and_then(|last| self.roots.get(last)) {
			Some(root) if *root == voucher.tree => {
				self.voucher = Some(signed.clone());
				Ok(true)
			}
			_ => resync(),
		}
	}

	/// Cuts off what the last voucher is for.
	pub(super) fn cut(&mut self) -> Option<&Cut> {
		let signed = self.voucher.take()?;
		let count = usize::try_from(signed.voucher.count).ok()?;
		let rest = self.answers.split_off(count.min(self.answers.len()));
		let answers = std::mem::take(&mut self.answers);
		let cut = Cut {
			base: self.base,
			units: signed.voucher.tree.units,
			voucher: Some(signed),
			settled_at: None,
			answers,
		};
		self.base = cut.end();
		self.refill(rest);
		self.cuts.push_back(cut);
		self.cuts.back()
	}

	/// Takes back that something was cut off for less than vouchers are settled for, and all that was cut off after it, if it is not
	/// settled: the channel goes on. What follows has to be vouched for again: it was lent when the channel was about to end, and no
	/// more was lent since. Returns the bases of what was taken back.
	pub(super) fn unsweep(&mut self, is_little: impl Fn(u64) -> bool) -> Vec<u64> {
		self.is_swept = false;
		let settled = self.settled;
		let is_swept = |cut: &Cut| cut.base >= settled && cut.voucher.is_some() && is_little(cut.units);
		let Some(first) = self.cuts.iter().position(is_swept) else {
			return Vec::new();
		};
		let back: Vec<_> = self.cuts.drain(first..).collect();
		let bases = back.iter().map(|cut| cut.base).collect();
		let open = std::mem::take(&mut self.answers);
		self.base = back[0].base;
		self.voucher = back[0].voucher.clone();
		self.refill(back.into_iter().flat_map(|cut| cut.answers).chain(open).collect());
		bases
	}

	/// Takes note of how many receipts the chain says are settled: in the last block, and for good. Where the latter ends inside of what
	/// was cut off, or beyond all receipts, the chain has settled another voucher than this desk has chosen, and everything after it
	/// has to be vouched for again.
	pub(super) fn observe(&mut self, settled: u64, for_good: u64, now: BlockNumber) -> Observed {
		self.settled = settled;
		let mut observed = Observed::default();
		let is_inside = |cut: &Cut| cut.base < for_good && for_good < cut.end();
		if for_good > self.base || self.cuts.iter().any(is_inside) {
			self.recut(for_good, &mut observed);
		}
		for cut in &mut self.cuts {
			if cut.end() <= for_good && cut.settled_at.is_none() {
				cut.settled_at = Some(now);
				observed.changed.insert(cut.base);
			}
		}
		observed
	}

	/// Cuts the lane where the chain has cut it.
	fn recut(&mut self, settled: u64, observed: &mut Observed) {
		observed.is_recut = true;
		observed.changed.extend(self.cuts.iter().map(|cut| cut.base));
		if settled > self.end() {
			observed.lost = self.running.take().map(|running| running.request);
		}
		let (before, after): (Vec<_>, Vec<_>) = self
			.numbered()
			.map(|(sequence, answer)| (sequence, *answer))
			.partition(|(sequence, _)| *sequence < settled);
		self.cuts.retain(|cut| cut.end() <= settled);
		let kept = self.cuts.back().map_or(0, Cut::end);
		let mut between = before.into_iter().filter(|(sequence, _)| *sequence >= kept).peekable();
		if let Some((base, _)) = between.peek().copied() {
			let answers: Vec<_> = between.map(|(_, answer)| answer).collect();
			self.cuts.push_back(Cut {
				base,
				units: answers.iter().fold(0, |sum, answer| sum.saturating_add(answer.units)),
				answers,
				voucher: None,
				settled_at: None,
			});
		}
		self.base = settled;
		self.voucher = None;
		// Where receipts are missing, those after them have no place.
		let (follow, dropped): (Vec<_>, Vec<_>) = (settled..)
			.zip(after)
			.map(|(expected, (sequence, answer))| (expected == sequence, answer))
			.partition(|(follows, _)| *follows);
		self.refill(follow.into_iter().map(|(_, answer)| answer).collect());
		observed
			.dropped
			.extend(dropped.into_iter().map(|(_, answer)| answer.request));
		observed.changed.extend(self.cuts.iter().map(|cut| cut.base));
	}

	/// Where in a batch a unit of computation was done.
	pub(super) fn reveal(&self, batch: &Batch, unit: u64) -> Option<(Hash32, SumPath)> {
		let cut = self.cuts.iter().find(|cut| cut.base == batch.base)?;
		let mut tree = SumTree::default();
		let fits = cut.answers.iter().all(|answer| tree.push(answer.leaf, answer.units));
		if !fits || tree.root() != Some(batch.tree) || tree.len() != batch.count {
			return None;
		}
		let index = tree.leaf_of(unit)?;
		let answer = cut.answers.get(usize::try_from(index).ok()?)?;
		Some((answer.request, tree.path(index)?))
	}
}

/// What became of a lane when the chain was looked at.
#[derive(Debug, Default)]
pub(super) struct Observed {
	/// Whether it was cut where the desk had not cut it.
	pub(super) is_recut: bool,
	/// The request that was being answered, if the chain has another at its place.
	pub(super) lost: Option<Hash32>,
	/// Requests whose receipts have no place any more.
	pub(super) dropped: Vec<Hash32>,
	/// Bases of cuts that are not as they were.
	pub(super) changed: BTreeSet<u64>,
}
