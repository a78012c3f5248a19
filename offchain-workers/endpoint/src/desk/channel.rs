//! A channel: its terms, what is in it, and how much may be unpaid.

use super::{lane::Lane, Credit};
use crate::chain::{Balance, BlockNumber, ChannelParameters, ChannelSummary, Terms};
use assay_protocol::channel::LANES;
use assay_trace::merkle::Hash32;

/// A channel to this operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Channel {
	/// What it is about.
	pub(super) terms: Terms,
	/// What the chain says of it now; none when it is not open any more, or not known to be.
	pub(super) open: Option<Open>,
	/// Block in which it was opened.
	pub(super) opened_at: BlockNumber,
	/// Block in which it was first seen to be closed for good: that the chain does not show it is not enough.
	pub(super) gone_at: Option<BlockNumber>,
	/// Whether the consumer has asked this desk to close it.
	pub(super) is_closing: bool,
	/// Units that were vouched for and of which nothing is kept here any more.
	pub(super) forgotten: u64,
	/// Its lanes.
	pub(super) lanes: Vec<Lane>,
}

/// What changes about a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Open {
	/// What is left in it for good: beside what is not settled for good.
	pub(super) deposit: Balance,
	/// Block from which on the consumer may close it, if it gave notice, be it in a block that may be left behind, or in one after which
	/// it may have taken it back.
	pub(super) closes_at: Option<BlockNumber>,
	/// Whether there is no doubt about the notice.
	pub(super) is_noticed: bool,
}

impl Channel {
	/// A channel that was just seen.
	pub(super) fn new(summary: &ChannelSummary) -> Self {
		Self {
			terms: summary.terms.clone(),
			opened_at: summary.opened_at,
			open: None,
			gone_at: None,
			is_closing: false,
			forgotten: 0,
			lanes: (0..LANES).map(|_| Lane::default()).collect(),
		}
	}

	/// It is closed for good. Returns requests that were being answered, for which nobody would pay.
	pub(super) fn end(&mut self, now: BlockNumber) -> Vec<Hash32> {
		self.open = None;
		self.gone_at.get_or_insert(now);
		let running = self.lanes.iter_mut().filter_map(|lane| lane.running.take());
		running.map(|running| running.request).collect()
	}

	/// What computation costs; none if that is more money than there is.
	pub(super) fn fee(&self, units: u64) -> Option<Balance> {
		self.terms.price.checked_mul(units.into())
	}

	/// Whether it takes no new requests.
	pub(super) fn is_ending(&self) -> bool {
		self.is_closing || self.open.is_none_or(|open| open.closes_at.is_some())
	}

	/// Receipts that nobody has vouched for, and requests being answered.
	pub(super) fn unpaid_count(&self) -> u64 {
		self.lanes.iter().map(Lane::unpaid_count).sum()
	}

	/// Their units, at most.
	pub(super) fn unpaid_units(&self) -> u64 {
		sum(self.lanes.iter().map(Lane::unpaid_units))
	}

	/// Units that were vouched for, ever.
	fn vouched_units(&self) -> u64 {
		let lanes = self.lanes.iter();
		let cut = lanes
			.clone()
			.flat_map(|lane| &lane.cuts)
			.filter(|cut| cut.voucher.is_some() || cut.settled_at.is_some())
			.map(|cut| cut.units);
		sum(cut.chain(lanes.map(Lane::vouched_units))).saturating_add(self.forgotten)
	}

	/// What of the deposit is spoken for by what was vouched for, and by the prices of settling that and what may follow in lanes that
	/// are in use, of which `more` is one.
	fn reserved(&self, parameters: &ChannelParameters, more: Option<u8>) -> Option<Balance> {
		let mut units = 0u64;
		let mut batches = 0u32;
		for (number, lane) in (0..).zip(&self.lanes) {
			for cut in lane.unsettled() {
				units = units.checked_add(cut.units)?;
				batches = batches.checked_add(1)?;
			}
			units = units.checked_add(lane.vouched_units())?;
			if lane.is_open() || more == Some(number) {
				batches = batches.checked_add(1)?;
			}
		}
		let prices = parameters.batch_price.checked_mul(batches.into())?;
		self.fee(units)?.checked_add(prices)
	}

	/// What may be unpaid at once, with `more` in use beside the lanes that are.
	pub(super) fn credit(&self, rules: &Credit, parameters: &ChannelParameters, more: Option<u8>) -> Balance {
		// More than there is money was never vouched for.
		let vouched = self.fee(self.vouched_units()).unwrap_or(0);
		let lent = vouched.max(rules.first).min(rules.most);
		let deposit = self.open.map_or(0, |open| open.deposit);
		let left = self
			.reserved(parameters, more)
			.and_then(|reserved| deposit.checked_sub(reserved));
		lent.min(left.unwrap_or(0))
	}

	/// Whether the deposit has room for the price of one batch more, whatever becomes of what is unpaid.
	pub(super) fn has_room_for_a_batch(&self, parameters: &ChannelParameters) -> bool {
		let needed = || {
			let unpaid = self.fee(self.unpaid_units())?;
			let reserved = self.reserved(parameters, None)?;
			unpaid.checked_add(reserved)?.checked_add(parameters.batch_price)
		};
		let deposit = self.open.map_or(0, |open| open.deposit);
		needed().is_some_and(|needed| needed <= deposit)
	}
}

/// The sum, or the most that can be counted: more is never lent.
fn sum(units: impl Iterator<Item = u64>) -> u64 {
	units.fold(0, u64::saturating_add)
}
