//! What is settled, and what is shown of it.

use super::{
	channel::Channel,
	lane::{Cut, Lane},
	Desk, RecordKey,
};
use crate::chain::{Balance, BlockNumber, ChannelParameters};
use assay_protocol::{
	channel::{Batch, Settlement, SumPath},
	ChannelId,
};
use assay_trace::merkle::Hash32;

impl Desk {
	/// Cuts off what is to be settled: what is vouched for in a lane as soon as its fees are worth it, and what is left when the channel
	/// ends. Vouchers that come later are for what comes after.
	pub fn cut(&mut self, now: BlockNumber) {
		let parameters = self.parameters.clone();
		for (id, channel) in &mut self.channels {
			for number in 0..channel.lanes.len() {
				let Some(due) = is_due(channel, &channel.lanes[number], &parameters, now) else {
					continue;
				};
				let lane = &mut channel.lanes[number];
				lane.is_swept |= due == Due::Sweep;
				if let (Some(cut), Ok(number)) = (lane.cut(), u8::try_from(number)) {
					self.changed.insert(RecordKey::Cut(*id, number, cut.base));
					self.changed.insert(RecordKey::Lane(*id, number));
				}
			}
		}
	}

	/// What is to be settled now: of each lane what was cut off first. They may be sent any number of times, of which one counts.
	///
	/// - `last_block`: in which they count.
	pub fn settlements(&self, last_block: BlockNumber) -> Vec<Settlement> {
		let least = self.parameters.min_batch_fee;
		let channels = self.channels.iter();
		channels
			.filter_map(|(id, channel)| settlement(*id, channel, least, last_block))
			.collect()
	}

	/// The receipt of a batch that did a unit of computation, counted from 0: the root of its request, and that it is in the batch.
	pub fn reveal(&self, batch: &Batch, unit: u64) -> Option<(Hash32, SumPath)> {
		let lanes = &self.channels.get(&batch.channel)?.lanes;
		lanes.get(usize::from(batch.lane))?.reveal(batch, unit)
	}
}

/// Why something is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Due {
	/// It is worth it.
	Worth,
	/// It is the last, and worth less than vouchers are settled for otherwise.
	Sweep,
}

fn is_due(channel: &Channel, lane: &Lane, parameters: &ChannelParameters, now: BlockNumber) -> Option<Due> {
	let open = channel.open?;
	let fee = channel.fee(lane.voucher()?.voucher.tree.units)?;
	let is_last = match open.closes_at {
		// Whoever asks for the end has paid what it wants to pay.
		_ if channel.is_closing => lane.running.is_none(),
		// Time is left for more vouchers, and for the settlement itself.
		Some(end) if open.is_noticed => lane.is_paid() || now.saturating_add(parameters.notice_period / 2) >= end,
		_ => false,
	};
	if fee < parameters.min_batch_fee {
		let is_little = |cut: &Cut| channel.fee(cut.units).is_some_and(|fee| fee < parameters.min_batch_fee);
		let is_swept = lane.is_swept || lane.to_settle().any(is_little);
		return (is_last && !is_swept).then_some(Due::Sweep);
	}
	// What stays in the lane is a batch of its own then, and its price has to be there too.
	let is_safe = is_last || lane.is_paid() || channel.has_room_for_a_batch(parameters);
	is_safe.then_some(Due::Worth)
}

fn settlement(id: ChannelId, channel: &Channel, least: Balance, last_block: BlockNumber) -> Option<Settlement> {
	let open = channel.open?;
	let is_over = |lane: &Lane| {
		lane.running.is_none() && lane.to_settle().count() <= 1 && (lane.voucher().is_none() || lane.is_swept)
	};
	let close = channel.is_closing && channel.lanes.iter().all(is_over);
	// Less is settled only when the channel ends.
	let is_due = |cut: &&Cut| {
		let is_worth = || channel.fee(cut.units).is_some_and(|fee| fee >= least);
		close || open.is_noticed || is_worth()
	};
	let first = |lane: &Lane| lane.next_cut().filter(is_due)?.voucher.clone();
	let vouchers: Vec<_> = channel.lanes.iter().filter_map(first).collect();
	if vouchers.is_empty() && !close {
		return None;
	}
	Some(Settlement {
		channel: id,
		// There are no more than lanes.
		vouchers: vouchers.try_into().ok()?,
		close,
		last_block,
	})
}
