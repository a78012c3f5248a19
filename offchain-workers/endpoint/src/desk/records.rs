//! What the desk must not forget, as records under keys.

use super::{
	channel::Channel,
	lane::{Answer, Cut, Lane},
	At, Credit, Desk,
};
use crate::chain::{BlockNumber, ChannelParameters, Terms};
use assay_protocol::{
	channel::{SignedVoucher, LANES},
	ChannelId,
};
use assay_trace::merkle::Hash32;
use codec::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// The key of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
pub enum RecordKey {
	/// A channel.
	#[codec(index = 0)]
	Channel(ChannelId),
	/// A lane of it, once there is something to say of it.
	#[codec(index = 1)]
	Lane(ChannelId, u8),
	/// What was cut off a lane for a settlement, by what comes before it.
	#[codec(index = 2)]
	Cut(ChannelId, u8, u64),
	/// The answer to a request, by the request's root. With the content of request and receipt for its body.
	#[codec(index = 3)]
	Answer(Hash32),
}

/// A record: its key, and what is to be kept under it; none if nothing is any more.
pub type Record = (RecordKey, Option<Vec<u8>>);

#[derive(Encode, Decode)]
struct ChannelHead {
	terms: Terms,
	opened_at: BlockNumber,
	gone_at: Option<BlockNumber>,
	is_closing: bool,
	forgotten: u64,
}

#[derive(Encode, Decode, Default)]
struct LaneHead {
	base: u64,
	voucher: Option<SignedVoucher>,
	is_swept: bool,
}

#[derive(Encode, Decode)]
struct CutHead {
	count: u32,
	voucher: Option<SignedVoucher>,
	settled_at: Option<BlockNumber>,
}

#[derive(Encode, Decode)]
struct AnswerHead {
	channel: ChannelId,
	lane: u8,
	sequence: u64,
	answer: Answer,
}

/// Records that do not make a desk.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unrecorded {
	/// One does not decode.
	#[error("the record {0:?} does not decode")]
	Undecodable(RecordKey),
	/// One is about a channel or a lane of which there is none.
	#[error("the record {0:?} is about no channel, or no lane, that is recorded")]
	Orphan(RecordKey),
	/// A receipt is missing.
	#[error("channel {channel}, lane {lane}: the answer to request {sequence} is not there")]
	Missing {
		/// The channel.
		channel: ChannelId,
		/// The lane.
		lane: u8,
		/// The place.
		sequence: u64,
	},
}

impl Desk {
	/// The records that are not as they were when they were last taken.
	pub fn take_records(&mut self) -> Vec<Record> {
		let changed = std::mem::take(&mut self.changed);
		changed.into_iter().map(|key| (key, self.record(&key))).collect()
	}

	/// All records: the desk as it is, without what is being answered and what the chain says of it.
	pub fn records(&self) -> Vec<Record> {
		let mut keys = BTreeSet::new();
		for (id, channel) in &self.channels {
			keys.insert(RecordKey::Channel(*id));
			for (number, lane) in (0..).zip(&channel.lanes) {
				keys.insert(RecordKey::Lane(*id, number));
				keys.extend(lane.cuts.iter().map(|cut| RecordKey::Cut(*id, number, cut.base)));
				keys.extend(lane.answers().map(|answer| RecordKey::Answer(answer.request)));
			}
		}
		keys.into_iter().map(|key| (key, self.record(&key))).collect()
	}

	fn record(&self, key: &RecordKey) -> Option<Vec<u8>> {
		let lane = |id, number: u8| -> Option<&Lane> {
			let channel: &Channel = self.channels.get(id)?;
			channel.lanes.get(usize::from(number))
		};
		match key {
			RecordKey::Channel(id) => {
				let channel = self.channels.get(id)?;
				let head = ChannelHead {
					terms: channel.terms.clone(),
					opened_at: channel.opened_at,
					gone_at: channel.gone_at,
					is_closing: channel.is_closing,
					forgotten: channel.forgotten,
				};
				Some(head.encode())
			}
			RecordKey::Lane(id, number) => {
				let lane = lane(id, *number)?;
				let head = LaneHead {
					base: lane.base(),
					voucher: lane.voucher().cloned(),
					is_swept: lane.is_swept,
				};
				Some(head.encode())
			}
			RecordKey::Cut(id, number, base) => {
				let cut = lane(id, *number)?.cuts.iter().find(|cut| cut.base == *base)?;
				let head = CutHead {
					count: u32::try_from(cut.answers.len()).ok()?,
					voucher: cut.voucher.clone(),
					settled_at: cut.settled_at,
				};
				Some(head.encode())
			}
			RecordKey::Answer(request) => {
				let at = self.requests.get(request)?;
				let answer = lane(&at.channel, at.lane)?.answer(at.sequence)?;
				let head = AnswerHead {
					channel: at.channel,
					lane: at.lane,
					sequence: at.sequence,
					answer: *answer,
				};
				(answer.request == *request).then(|| head.encode())
			}
		}
	}

	/// The desk that has left these records. What the chain says of its channels is to be [observed](Self::observe) next.
	pub fn restore(
		credit: Credit,
		parameters: ChannelParameters,
		records: impl IntoIterator<Item = (RecordKey, Vec<u8>)>,
	) -> Result<Self, Unrecorded> {
		let mut desk = Self::new(credit, parameters);
		let mut parts = Parts::default();
		for (key, head) in records {
			parts.take(key, &head).ok_or(Unrecorded::Undecodable(key))?;
		}
		for (id, head) in std::mem::take(&mut parts.channels) {
			let lanes = (0..LANES).map(|number| parts.lane(id, number));
			let channel = Channel {
				terms: head.terms,
				opened_at: head.opened_at,
				open: None,
				gone_at: head.gone_at,
				is_closing: head.is_closing,
				forgotten: head.forgotten,
				lanes: lanes.collect::<Result<_, _>>()?,
			};
			for (lane, lane_parts) in (0..).zip(&channel.lanes) {
				desk.requests.extend(lane_parts.numbered().map(|(sequence, answer)| {
					let at = At {
						channel: id,
						lane,
						sequence,
					};
					(answer.request, at)
				}));
			}
			desk.channels.insert(id, channel);
		}
		match parts.left() {
			Some(key) => Err(Unrecorded::Orphan(key)),
			None => Ok(desk),
		}
	}
}

/// Records, sorted.
#[derive(Default)]
struct Parts {
	channels: BTreeMap<ChannelId, ChannelHead>,
	lanes: BTreeMap<(ChannelId, u8), LaneHead>,
	cuts: BTreeMap<(ChannelId, u8, u64), CutHead>,
	answers: HashMap<(ChannelId, u8), BTreeMap<u64, Answer>>,
}

impl Parts {
	fn take(&mut self, key: RecordKey, mut head: &[u8]) -> Option<()> {
		let head = &mut head;
		match key {
			RecordKey::Channel(id) => {
				self.channels.insert(id, Decode::decode(head).ok()?);
			}
			RecordKey::Lane(id, lane) => {
				self.lanes.insert((id, lane), Decode::decode(head).ok()?);
			}
			RecordKey::Cut(id, lane, base) => {
				self.cuts.insert((id, lane, base), Decode::decode(head).ok()?);
			}
			RecordKey::Answer(_) => {
				let head = AnswerHead::decode(head).ok()?;
				let lane = self.answers.entry((head.channel, head.lane)).or_default();
				lane.insert(head.sequence, head.answer);
			}
		}
		head.is_empty().then_some(())
	}

	/// A lane out of what is known of it.
	fn lane(&mut self, channel: ChannelId, lane: u8) -> Result<Lane, Unrecorded> {
		let head = self.lanes.remove(&(channel, lane)).unwrap_or_default();
		let mut answers = self.answers.remove(&(channel, lane)).unwrap_or_default();
		let mut take = |sequence: u64| {
			answers.remove(&sequence).ok_or(Unrecorded::Missing {
				channel,
				lane,
				sequence,
			})
		};
		let of_lane = (channel, lane, 0)..=(channel, lane, u64::MAX);
		let keys: Vec<_> = self.cuts.range(of_lane).map(|(key, _)| *key).collect();
		let mut cuts = VecDeque::new();
		for key @ (_, _, base) in keys {
			let Some(cut) = self.cuts.remove(&key) else { continue };
			let own: Vec<Answer> = (base..)
				.take(cut.count as usize)
				.map(&mut take)
				.collect::<Result<_, _>>()?;
			cuts.push_back(Cut {
				base,
				units: own.iter().fold(0, |sum, answer| sum.saturating_add(answer.units)),
				answers: own,
				voucher: cut.voucher,
				settled_at: cut.settled_at,
			});
		}
		if let Some(last) = cuts.back().filter(|last: &&Cut| last.end() > head.base) {
			return Err(Unrecorded::Orphan(RecordKey::Cut(channel, lane, last.base)));
		}
		let count = answers.len();
		let mut open = Vec::with_capacity(count);
		for (expected, (sequence, answer)) in (head.base..).zip(answers) {
			if sequence != expected {
				return Err(Unrecorded::Missing {
					channel,
					lane,
					sequence: expected,
				});
			}
			open.push(answer);
		}
		let vouched = head.voucher.as_ref().map_or(0, |signed| signed.voucher.count);
		if vouched as usize > open.len() {
			return Err(Unrecorded::Missing {
				channel,
				lane,
				sequence: head.base + open.len() as u64,
			});
		}
		Ok(Lane::restored(cuts, head.base, open, head.voucher, head.is_swept))
	}

	/// A record that is about no channel.
	fn left(&self) -> Option<RecordKey> {
		let lane = self.lanes.keys().next().map(|(id, lane)| RecordKey::Lane(*id, *lane));
		let cut = || {
			let key = self.cuts.keys().next();
			key.map(|(id, lane, base)| RecordKey::Cut(*id, *lane, *base))
		};
		let answer = || {
			let mut answers = self.answers.values().flat_map(BTreeMap::values);
			answers.next().map(|answer| RecordKey::Answer(answer.request))
		};
		lane.or_else(cut).or_else(answer)
	}
}
