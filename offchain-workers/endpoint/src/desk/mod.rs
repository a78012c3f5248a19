//! The desk: who has asked for what, what was answered, what is vouched for, and what is to be settled. It decides, and does nothing:
//! what it must not forget are [records](Record) that somebody keeps, and from which it [is made again](Desk::restore).

mod asked;
mod channel;
mod lane;
mod records;
mod refusal;
mod settlement;
#[cfg(test)]
mod tests;

pub use asked::{Asked, Goodbye, Vouched};
pub use records::{Record, RecordKey, Unrecorded};
pub use refusal::{Refusal, Standing};

use crate::chain::{Balance, BlockNumber, ChannelParameters, ChannelSummary, Channels, Terms};
use assay_protocol::{channel::Receipt, ChannelId};
use assay_trace::merkle::Hash32;
use channel::{Channel, Open};
use lane::{Answer, Running};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How much is lent to a channel: what a consumer may owe that has not vouched yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Credit {
	/// Answers at once.
	pub answers: u32,
	/// Fees at the beginning, in smallest units.
	pub first: Balance,
	/// Fees at most: they grow with what was vouched for.
	pub most: Balance,
}

impl Default for Credit {
	/// 16 answers; 1 ASY at the beginning, which is the least deposit, and 4 ASY at most.
	fn default() -> Self {
		const ASY: Balance = 1_000_000_000_000;
		Self {
			answers: 16,
			first: ASY,
			most: 4 * ASY,
		}
	}
}

/// Where a request is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct At {
	channel: ChannelId,
	lane: u8,
	sequence: u64,
}

/// What becomes of a request that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
	/// It is to be answered: the desk waits for [`Desk::answer`] or [`Desk::fail`].
	New,
	/// It is being answered.
	Running,
	/// It was answered.
	Answered,
}

/// Where a channel stands, for its consumer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
	/// Its lanes.
	pub lanes: Vec<(Standing, Balance)>,
	/// What is left in it.
	pub deposit: Balance,
	/// Fees of receipts without voucher, and the most that requests cost which are being answered.
	pub unpaid: Balance,
	/// What may be unpaid at once.
	pub credit: Balance,
}

/// The desk.
#[derive(Clone, Debug)]
pub struct Desk {
	credit: Credit,
	parameters: ChannelParameters,
	channels: BTreeMap<ChannelId, Channel>,
	/// Requests that are answered or being answered.
	requests: HashMap<Hash32, At>,
	/// Records that are not as they were when they were last [taken](Self::take_records).
	changed: BTreeSet<RecordKey>,
}

impl Desk {
	/// An empty one.
	pub fn new(credit: Credit, parameters: ChannelParameters) -> Self {
		Self {
			credit,
			parameters,
			channels: BTreeMap::new(),
			requests: HashMap::new(),
			changed: BTreeSet::new(),
		}
	}

	/// Constants of the chain.
	pub fn set_parameters(&mut self, parameters: ChannelParameters) {
		self.parameters = parameters;
	}

	/// Receipts that are kept.
	pub fn answers(&self) -> usize {
		self.requests.len()
	}

	/// Whether nothing is kept.
	pub fn is_empty(&self) -> bool {
		self.channels.is_empty()
	}

	/// Channels that the desk knows, open or not.
	pub fn channels(&self) -> impl Iterator<Item = ChannelId> + '_ {
		self.channels.keys().copied()
	}

	/// Channels that are not known to be closed for good: what has to be looked for where the chain does not show them.
	pub fn expected(&self) -> Vec<ChannelId> {
		let expected = self.channels.iter().filter(|(_, channel)| channel.gone_at.is_none());
		expected.map(|(id, _)| *id).collect()
	}

	/// The terms of a channel that is open.
	pub fn terms(&self, id: &ChannelId) -> Result<&Terms, Refusal> {
		self.open(id).map(|channel| &channel.terms)
	}

	/// The terms of a channel, open or not.
	pub fn terms_of(&self, id: &ChannelId) -> Option<&Terms> {
		self.channels.get(id).map(|channel| &channel.terms)
	}

	fn open(&self, id: &ChannelId) -> Result<&Channel, Refusal> {
		let channel = self.channels.get(id).filter(|channel| channel.open.is_some());
		channel.ok_or(Refusal::UnknownChannel)
	}

	/// What became of a request, if it was taken and is not forgotten.
	pub fn find(&self, request: &Hash32) -> Option<Taken> {
		let at = self.requests.get(request)?;
		let lane = self.channels.get(&at.channel)?.lanes.get(usize::from(at.lane))?;
		let is_running = lane.running.is_some_and(|running| running.request == *request);
		Some(if is_running { Taken::Running } else { Taken::Answered })
	}

	/// Takes a request, if it is the next in its lane and no more would be unpaid than is lent.
	pub fn ask(&mut self, asked: &Asked) -> Result<Taken, Refusal> {
		let request = &asked.signed().request;
		let channel = self.open(&request.channel)?;
		if let Some(taken) = self.find(&asked.root()) {
			return Ok(taken);
		}
		if channel.is_ending() {
			return Err(Refusal::Closing);
		}
		let lane = lane_of(channel, request.lane)?;
		let expected = lane.next();
		if request.sequence != expected {
			return Err(Refusal::WrongSequence { expected });
		}
		if lane.running.is_some() {
			return Err(Refusal::LaneBusy);
		}
		let most = asked.most().0;
		let credit = channel.credit(&self.credit, &self.parameters, Some(request.lane));
		let after = channel.unpaid_units().checked_add(most);
		let is_lent = after
			.and_then(|units| channel.fee(units))
			.is_some_and(|unpaid| unpaid <= credit);
		if !is_lent || channel.unpaid_count() >= self.credit.answers.into() {
			// More than there is money is too much in any case.
			let fee = |units| channel.fee(units).unwrap_or(Balance::MAX);
			return Err(Refusal::Unpaid {
				unpaid: fee(channel.unpaid_units()),
				most: fee(most),
				credit,
				answers: self.credit.answers,
			});
		}
		let at = At {
			channel: request.channel,
			lane: request.lane,
			sequence: expected,
		};
		self.requests.insert(asked.root(), at);
		if let Some(lane) = self.lane_mut(&at) {
			lane.running = Some(Running {
				request: asked.root(),
				most,
			});
		}
		Ok(Taken::New)
	}

	fn lane_mut(&mut self, at: &At) -> Option<&mut lane::Lane> {
		self.channels.get_mut(&at.channel)?.lanes.get_mut(usize::from(at.lane))
	}

	/// Takes the receipt of a request that was being answered; says whether it was.
	#[must_use]
	pub fn answer(&mut self, receipt: &Receipt) -> bool {
		let Some(at) = self.requests.get(&receipt.request).copied() else {
			return false;
		};
		let Some(lane) = self.lane_mut(&at) else {
			return false;
		};
		if lane.running.is_none_or(|running| running.request != receipt.request) {
			return false;
		}
		lane.running = None;
		lane.push(Answer {
			request: receipt.request,
			leaf: receipt.leaf(),
			units: receipt.units,
		});
		self.changed.insert(RecordKey::Answer(receipt.request));
		true
	}

	/// A request that was being answered has no answer: as if it had not been taken.
	pub fn fail(&mut self, request: &Hash32) {
		if self.find(request) != Some(Taken::Running) {
			return;
		}
		if let Some(at) = self.requests.remove(request) {
			if let Some(lane) = self.lane_mut(&at) {
				lane.running = None;
			}
		}
	}

	/// Takes a voucher. One that covers no more than another is good and changes nothing.
	pub fn vouch(&mut self, vouched: &Vouched) -> Result<(), Refusal> {
		let voucher = vouched.voucher();
		self.open(&voucher.channel)?;
		let at = At {
			channel: voucher.channel,
			lane: voucher.lane,
			sequence: voucher.base,
		};
		let lane = self.lane_mut(&at).ok_or(Refusal::UnknownChannel)?;
		if lane.vouch(vouched.signed())? {
			self.changed.insert(RecordKey::Lane(at.channel, at.lane));
		}
		Ok(())
	}

	/// The consumer wants the channel to be closed: no more requests are taken, and what was vouched for is settled.
	pub fn close(&mut self, id: &ChannelId, _: Goodbye) -> Result<(), Refusal> {
		self.open(id)?;
		if let Some(channel) = self.channels.get_mut(id) {
			channel.is_closing = true;
			self.changed.insert(RecordKey::Channel(*id));
		}
		Ok(())
	}

	/// Where a channel that is open stands.
	pub fn account(&self, id: &ChannelId) -> Result<Account, Refusal> {
		let channel = self.open(id)?;
		let fee = |units| channel.fee(units).unwrap_or(Balance::MAX);
		Ok(Account {
			lanes: channel
				.lanes
				.iter()
				.map(|lane| (lane.standing(), fee(lane.unpaid_units())))
				.collect(),
			deposit: channel.open.map_or(0, |open| open.deposit),
			unpaid: fee(channel.unpaid_units()),
			credit: channel.credit(&self.credit, &self.parameters, None),
		})
	}

	/// What the chain says of channels to this operator: in the last block, and in the last that is final, which has all that are
	/// [expected](Self::expected) and are there. Nothing is lent against what may be left behind, and nothing is asked for that is due
	/// already. A channel is closed for good where its summary in the final block says so, or where that block comes after its opening and
	/// has it no more; what a final block from before the opening does not have means nothing. Returns requests that were being answered
	/// and have no place any more.
	///
	/// - `now`: height of the last block.
	pub fn observe(&mut self, best: &[ChannelSummary], finalized: &Channels, now: BlockNumber) -> Vec<Hash32> {
		let last: HashMap<_, _> = best.iter().map(|summary| (summary.id, summary)).collect();
		let mut lost = Vec::new();
		for summary in &finalized.channels {
			// Of one that was closed before it was seen nothing is here.
			if summary.closed_at.is_none() || self.channels.contains_key(&summary.id) {
				lost.extend(self.observe_one(last.get(&summary.id).copied(), summary, now));
			}
		}
		let seen: BTreeSet<_> = finalized.channels.iter().map(|summary| summary.id).collect();
		for (id, channel) in &mut self.channels {
			if seen.contains(id) {
				continue;
			}
			channel.open = None;
			if channel.opened_at <= finalized.height {
				if channel.gone_at.is_none() {
					self.changed.insert(RecordKey::Channel(*id));
				}
				lost.extend(channel.end(now));
			}
		}
		for request in &lost {
			self.requests.remove(request);
		}
		lost
	}

	fn observe_one(
		&mut self,
		last: Option<&ChannelSummary>,
		for_good: &ChannelSummary,
		now: BlockNumber,
	) -> Vec<Hash32> {
		let id = for_good.id;
		let changed = &mut self.changed;
		let channel = self.channels.entry(id).or_insert_with(|| {
			changed.insert(RecordKey::Channel(id));
			Channel::new(for_good)
		});
		let was_gone = channel.gone_at.is_some();
		let mut lost = Vec::new();
		match for_good.closed_at {
			Some(_) => lost.extend(channel.end(now)),
			None => channel.gone_at = None,
		}
		if was_gone != channel.gone_at.is_some() {
			changed.insert(RecordKey::Channel(id));
		}
		let open = last.filter(|last| last.closed_at.is_none() && for_good.closed_at.is_none());
		channel.open = open.map(|last| Open {
			deposit: for_good.deposit,
			closes_at: last.closes_at.or(for_good.closes_at),
			is_noticed: last.closes_at.is_some() && for_good.closes_at.is_some(),
		});
		let last = last.unwrap_or(for_good);
		let goes_on = !channel.is_ending();
		let (price, least) = (channel.terms.price, self.parameters.min_batch_fee);
		let is_little = |units: u64| price.checked_mul(units.into()).is_some_and(|fee| fee < least);
		let settled = last.settled.iter().zip(&for_good.settled);
		for ((number, lane), (settled, for_good)) in (0u8..).zip(&mut channel.lanes).zip(settled) {
			let observed = lane.observe(*settled, *for_good, now);
			if goes_on && (lane.is_swept || lane.to_settle().any(|cut| is_little(cut.units))) {
				let back = lane.unsweep(is_little);
				changed.extend(back.into_iter().map(|base| RecordKey::Cut(id, number, base)));
				changed.insert(RecordKey::Lane(id, number));
			}
			changed.extend(observed.changed.iter().map(|base| RecordKey::Cut(id, number, *base)));
			if observed.is_recut {
				log::warn!("channel {id}, lane {number}: the chain has settled up to {for_good}, where no voucher that is known here ends");
				changed.insert(RecordKey::Lane(id, number));
			}
			for request in observed.dropped {
				self.requests.remove(&request);
				changed.insert(RecordKey::Answer(request));
			}
			lost.extend(observed.lost);
		}
		lost
	}

	/// Forgets what was settled, and channels that were closed, so long ago that nobody can ask about them any more.
	pub fn forget(&mut self, now: BlockNumber) {
		let answerable = self.parameters.answerable;
		let is_over = |since: BlockNumber| since.saturating_add(answerable) < now;
		let Self {
			channels,
			requests,
			changed,
			..
		} = self;
		channels.retain(|id, channel| {
			let is_gone = channel.gone_at.is_some_and(is_over);
			for (number, lane) in (0u8..).zip(&mut channel.lanes) {
				while lane
					.cuts
					.front()
					.is_some_and(|cut| is_gone || cut.settled_at.is_some_and(is_over))
				{
					if let Some(cut) = lane.cuts.pop_front() {
						channel.forgotten = channel.forgotten.saturating_add(cut.units);
						changed.insert(RecordKey::Cut(*id, number, cut.base));
						changed.insert(RecordKey::Channel(*id));
						for answer in cut.answers {
							requests.remove(&answer.request);
							changed.insert(RecordKey::Answer(answer.request));
						}
					}
				}
				if is_gone {
					for answer in lane.answers() {
						requests.remove(&answer.request);
						changed.insert(RecordKey::Answer(answer.request));
					}
					changed.insert(RecordKey::Lane(*id, number));
				}
			}
			if is_gone {
				changed.insert(RecordKey::Channel(*id));
			}
			!is_gone
		});
	}
}

fn lane_of(channel: &Channel, number: u8) -> Result<&lane::Lane, Refusal> {
	let lane = channel.lanes.get(usize::from(number));
	lane.ok_or(Refusal::Malformed("a channel has 16 lanes"))
}
