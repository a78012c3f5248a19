//! A lane as the consumer knows it: the receipts that it has checked, and what it has vouched for.
//!
//! Receipts are kept until the chain says for good that they are settled. A voucher is made over receipts that are here and over nothing
//! else, from any of them on: which one is the endpoint's to choose, for whatever it chooses, each receipt is paid for once.

use assay_protocol::{
	channel::{ChannelKey, SignedVoucher, SumRoot, SumTree, Voucher},
	ChannelId,
};
use assay_trace::Hash32;
use codec::{Decode, Encode};
use sp_core::{sr25519, Pair};
use std::collections::VecDeque;

/// A receipt, as much as a voucher needs of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Known {
	/// Its leaf.
	pub(super) leaf: Hash32,
	/// Its computation.
	pub(super) units: u64,
}

/// Which lane, and who signs for it.
#[derive(Clone, Copy)]
pub(super) struct Signing<'a> {
	pub(super) genesis: &'a [u8; 32],
	pub(super) channel: ChannelId,
	pub(super) lane: u8,
	pub(super) key: &'a sr25519::Pair,
}

impl Signing<'_> {
	fn sign(&self, base: u64, count: u32, tree: SumRoot) -> SignedVoucher {
		let voucher = Voucher {
			channel: self.channel,
			lane: self.lane,
			base,
			count,
			tree,
		};
		let signature = self.key.sign(&voucher.signing_payload(self.genesis));
		SignedVoucher { voucher, signature }
	}

	fn is_own(&self, signed: &SignedVoucher) -> bool {
		let (voucher, key): (_, ChannelKey) = (&signed.voucher, self.key.public());
		(voucher.channel, voucher.lane) == (self.channel, self.lane)
			&& sr25519::Pair::verify(&signed.signature, voucher.signing_payload(self.genesis), &key)
	}
}

/// What the journal keeps of a lane beside its receipts.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) struct Head {
	/// Receipts that are settled for good.
	pub(super) first: u64,
	/// What the next voucher comes after.
	pub(super) base: u64,
	/// The last voucher that comes after it.
	pub(super) voucher: Option<SignedVoucher>,
}

/// What an endpoint says of a lane when a voucher is for other receipts than it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Standing {
	/// What the next voucher is to come after.
	pub(super) base: u64,
	/// The last voucher that it has, which begins or ends there; none if the chain has settled one that it did not know.
	pub(super) voucher: Option<SignedVoucher>,
}

/// A lane.
pub(super) struct Lane {
	/// Receipts that are settled for good.
	first: u64,
	/// Those after them.
	receipts: VecDeque<Known>,
	base: u64,
	/// Over the receipts after `base`.
	tree: SumTree,
	/// The last voucher that comes after `base`.
	voucher: Option<SignedVoucher>,
	/// Up to which receipt the endpoint has said that it has a voucher.
	taken: u64,
	/// Why it is not used any more.
	pub(super) trouble: Option<String>,
	/// Why nothing more is asked in it; what was answered before is vouched for all the same.
	pub(super) over: Option<String>,
}

impl Lane {
	/// A lane as it was; an error if that makes no sense.
	pub(super) fn restored(head: Head, receipts: VecDeque<Known>) -> Result<Self, String> {
		let mut lane = Self {
			first: head.first,
			receipts,
			base: head.first,
			tree: SumTree::default(),
			voucher: None,
			taken: head.first,
			trouble: None,
			over: None,
		};
		lane.go_on_from(head.base, head.voucher)?;
		// What was sent last may not have arrived.
		lane.taken = lane.base;
		Ok(lane)
	}

	pub(super) fn head(&self) -> Head {
		Head {
			first: self.first,
			base: self.base,
			voucher: self.voucher.clone(),
		}
	}

	/// Receipts so far: the sequence of the next request.
	pub(super) fn end(&self) -> u64 {
		self.first + self.receipts.len() as u64
	}

	/// Receipts that are vouched for, whether the endpoint knows or not.
	pub(super) fn vouched(&self) -> u64 {
		self.base + u64::from(self.voucher.as_ref().map_or(0, |signed| signed.voucher.count))
	}

	pub(super) fn base(&self) -> u64 {
		self.base
	}

	/// Units of the receipts after the first `settled` of its life.
	pub(super) fn units_after(&self, settled: u64) -> u64 {
		let skipped = usize::try_from(settled.saturating_sub(self.first)).unwrap_or(usize::MAX);
		let receipts = self.receipts.iter().skip(skipped);
		receipts.fold(0, |sum, known| sum.saturating_add(known.units))
	}

	/// Units of receipts that are not vouched for.
	pub(super) fn unpaid_units(&self) -> u64 {
		let vouched = self.voucher.as_ref().map_or(0, |signed| signed.voucher.tree.units);
		self.tree.total().saturating_sub(vouched)
	}

	/// Whether the endpoint has no voucher, as far as is known, for something.
	pub(super) fn is_due(&self) -> bool {
		self.trouble.is_none() && self.taken < self.end() && self.base < self.end()
	}

	/// Whether it can be asked in.
	pub(super) fn is_of_use(&self) -> bool {
		self.trouble.is_none() && self.over.is_none()
	}

	/// Takes a receipt that was checked; says whether there was room.
	#[must_use]
	pub(super) fn push(&mut self, known: Known) -> bool {
		let fits = self.tree.push(known.leaf, known.units);
		if fits {
			self.receipts.push_back(known);
		}
		fits
	}

	/// The voucher for all receipts after `base`, and whether it is new and must be written down before it is sent.
	pub(super) fn vouch(&mut self, signing: Signing<'_>) -> Option<(SignedVoucher, bool)> {
		if !self.is_due() {
			return None;
		}
		let count = self.tree.len();
		if let Some(signed) = self.voucher.as_ref().filter(|signed| signed.voucher.count == count) {
			return Some((signed.clone(), false));
		}
		let signed = signing.sign(self.base, count, self.tree.root()?);
		self.voucher = Some(signed.clone());
		Some((signed, true))
	}

	/// The endpoint has this voucher.
	pub(super) fn taken(&mut self, voucher: &Voucher) {
		let end = voucher.base.saturating_add(voucher.count.into());
		self.taken = self.taken.max(end);
	}

	/// The endpoint wants the next voucher to come after something else. It may where a voucher begins or ends that this end has signed over
	/// receipts that it has, or where the chain has settled the lane.
	pub(super) fn resync(&mut self, standing: &Standing, signing: Signing<'_>) -> Result<(), String> {
		let Standing { base, voucher } = standing;
		let base = *base;
		match voucher {
			None if base != self.first => {
				return Err(format!(
					"the endpoint goes on after {base} receipts and shows no voucher for them, the chain has settled {}",
					self.first
				));
			}
			None => {}
			Some(signed) => {
				if !signing.is_own(signed) {
					return Err("the endpoint shows a voucher that this end has not signed".into());
				}
				let Voucher {
					base: begin,
					count,
					tree,
					..
				} = signed.voucher;
				let end = begin.saturating_add(count.into());
				if base != begin && base != end {
					return Err(format!(
						"the endpoint goes on after {base} receipts and shows a voucher for those from {begin} to {end}"
					));
				}
				// What is settled is not here any more, and was checked when it was signed.
				if begin >= self.first && self.root(begin, end) != Some(tree) {
					return Err(format!(
						"the endpoint shows a voucher for receipts from {begin} to {end} that are not here"
					));
				}
			}
		}
		let begins = voucher.clone().filter(|signed| signed.voucher.base == base);
		if base == self.base {
			return Err(format!(
				"the endpoint has other receipts than those after {base} that came here"
			));
		}
		self.taken = base;
		self.go_on_from(base, begins)
	}

	/// The chain has settled so many for good; returns the sequences that need not be kept.
	pub(super) fn observe(&mut self, settled: u64) -> Result<std::ops::Range<u64>, String> {
		if settled > self.end() {
			return Err(format!(
				"the chain has settled {settled} receipts, of which only {} came here: another program has used the channel's key, or a journal was \
				 lost",
				self.end()
			));
		}
		let dropped = self.first..settled.max(self.first);
		for _ in dropped.clone() {
			self.receipts.pop_front();
		}
		self.first = dropped.end;
		self.taken = self.taken.max(self.first);
		if self.base < self.first {
			self.go_on_from(self.first, None)?;
		}
		Ok(dropped)
	}

	/// The root over receipts from one on to another.
	fn root(&self, begin: u64, end: u64) -> Option<SumRoot> {
		let mut tree = SumTree::default();
		for sequence in begin..end {
			let known = self.known(sequence)?;
			if !tree.push(known.leaf, known.units) {
				return None;
			}
		}
		tree.root()
	}

	fn known(&self, sequence: u64) -> Option<&Known> {
		let index = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
		self.receipts.get(index)
	}

	/// The next voucher comes after so many receipts.
	fn go_on_from(&mut self, base: u64, voucher: Option<SignedVoucher>) -> Result<(), String> {
		if !(self.first..=self.end()).contains(&base) {
			return Err(format!(
				"receipts after {base} are to be vouched for, those from {} to {} are here",
				self.first,
				self.end()
			));
		}
		let mut tree = SumTree::default();
		for sequence in base..self.end() {
			let fits = self
				.known(sequence)
				.is_some_and(|known| tree.push(known.leaf, known.units));
			if !fits {
				return Err("more units than can be counted".into());
			}
		}
		if voucher.as_ref().is_some_and(|signed| signed.voucher.count > tree.len()) {
			return Err("a voucher is for receipts that are not here".into());
		}
		(self.base, self.tree, self.voucher) = (base, tree, voucher);
		Ok(())
	}
}

#[cfg(test)]
mod tests;
