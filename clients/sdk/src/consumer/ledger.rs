//! All that a consumer must not forget of its channel, and how the journal has it.

use super::{
	evidence::{Answered, Evidence},
	heard::Asked,
	lane::{Head, Known, Lane, Signing, Standing},
};
use crate::BlockNumber;
use assay_journal::Change;
use assay_protocol::channel::{SignedVoucher, LANES};
use assay_trace::Hash32;
use codec::{Decode, DecodeAll, Encode};
use std::collections::{BTreeMap, VecDeque};

/// What a record is about.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(super) enum Key {
	/// A [`Head`].
	#[codec(index = 0)]
	Lane(u8),
	/// A [`Known`], by lane and sequence, until it is settled.
	#[codec(index = 1)]
	Receipt(u8, u64),
	/// [`Asked`]: the request of a lane that has no receipt yet.
	#[codec(index = 2)]
	Asked(u8),
	/// A [`Kept`], with an [`Answered`] as its body, by the root of the request.
	#[codec(index = 3)]
	Answered(Hash32),
	/// An [`Evidence`], by the root of the request.
	#[codec(index = 4)]
	Evidence(Hash32),
	/// Why nothing more is asked in a lane: nobody will know what is at its next place, and no receipt for it is taken any more.
	#[codec(index = 5)]
	Over(u8),
}

impl Key {
	fn put(&self, head: &impl Encode) -> Change {
		Change::put(self.encode(), head.encode(), Vec::new())
	}

	fn remove(&self) -> Change {
		Change::remove(self.encode())
	}
}

/// How much is kept of an answer, and how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
struct Kept {
	/// The block that its receipt names.
	block: BlockNumber,
	bytes: u64,
}

/// What is kept of answers for challenges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Keeping {
	/// Blocks after the one that a receipt names.
	pub(super) blocks: BlockNumber,
	/// Bytes of all.
	pub(super) bytes: u64,
}

/// The ledger.
pub(super) struct Ledger {
	pub(super) lanes: Vec<Lane>,
	answers: BTreeMap<(BlockNumber, Hash32), u64>,
	/// Bytes of all of them.
	bytes: u64,
	evidence: BTreeMap<Hash32, Evidence>,
}

impl Ledger {
	/// The ledger as it was, with the requests that have no receipt yet; an error if it makes no sense.
	///
	/// - `settled`: receipts that the chain has settled, by lane.
	pub(super) fn restore(
		settled: &[u64],
		known: Vec<(Vec<u8>, Vec<u8>)>,
	) -> Result<(Self, BTreeMap<u8, Asked>), String> {
		let (mut heads, mut receipts) = (BTreeMap::new(), BTreeMap::<_, BTreeMap<u64, Known>>::new());
		let (mut asked, mut answers, mut evidence) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
		let mut over = BTreeMap::new();
		for (key, head) in known {
			match read(&key)? {
				Key::Lane(lane) => drop(heads.insert(lane, read::<Head>(&head)?)),
				Key::Receipt(lane, sequence) => {
					receipts.entry(lane).or_default().insert(sequence, read(&head)?);
				}
				Key::Asked(lane) => drop(asked.insert(lane, read::<Asked>(&head)?)),
				Key::Answered(root) => {
					let Kept { block, bytes } = read(&head)?;
					answers.insert((block, root), bytes);
				}
				Key::Evidence(root) => drop(evidence.insert(root, read(&head)?)),
				Key::Over(lane) => drop(over.insert(lane, read::<String>(&head)?)),
			}
		}
		let lanes = (0..LANES).map(|number| {
			let settled = settled.get(usize::from(number)).copied().unwrap_or(0);
			let head = heads.remove(&number).unwrap_or(Head {
				first: settled,
				base: settled,
				voucher: None,
			});
			let own = receipts.remove(&number).unwrap_or_default();
			let is_row = (head.first..)
				.zip(own.keys())
				.all(|(expected, sequence)| expected == *sequence);
			let lane = match is_row {
				true => Lane::restored(head, own.into_values().collect::<VecDeque<_>>()),
				false => Err("receipts are missing".into()),
			};
			let mut lane = lane.map_err(|reason| format!("lane {number}: {reason}"))?;
			lane.over = over.remove(&number);
			Ok(lane)
		});
		let ledger = Self {
			lanes: lanes.collect::<Result<_, String>>()?,
			bytes: answers.values().fold(0, |sum: u64, bytes| sum.saturating_add(*bytes)),
			answers,
			evidence,
		};
		Ok((ledger, asked))
	}

	fn lane(&mut self, number: u8) -> Result<&mut Lane, String> {
		let lane = self.lanes.get_mut(usize::from(number));
		lane.ok_or_else(|| format!("there is no lane {number}"))
	}

	/// How many requests of a lane were answered.
	pub(super) fn end(&self, number: u8) -> u64 {
		self.lanes.get(usize::from(number)).map_or(0, Lane::end)
	}

	/// A request is about to be sent. The first of a lane fixes where it begins, whatever the chain settles.
	pub(super) fn ask(&self, number: u8, asked: &Asked) -> Vec<Change> {
		let head = self.lanes.get(usize::from(number)).map(Lane::head);
		let head = head.map(|head| Key::Lane(number).put(&head));
		head.into_iter().chain([Key::Asked(number).put(asked)]).collect()
	}

	/// A request was not taken, and never will be.
	pub(super) fn give_up(number: u8) -> Vec<Change> {
		vec![Key::Asked(number).remove()]
	}

	/// Nobody will know what became of a request: no receipt for it is taken any more, and nothing more is asked in its lane.
	pub(super) fn leave(&mut self, number: u8, reason: &str) -> Vec<Change> {
		if let Some(lane) = self.lanes.get_mut(usize::from(number)) {
			lane.over.get_or_insert_with(|| reason.into());
		}
		vec![Key::Asked(number).remove(), Key::Over(number).put(&reason)]
	}

	/// A request was answered, and the receipt is good.
	pub(super) fn answered(&mut self, number: u8, answered: &Answered) -> Result<Vec<Change>, String> {
		let receipt = &answered.revealed.receipt;
		let sequence = answered.revealed.request.sequence;
		let known = Known {
			leaf: receipt.leaf(),
			units: receipt.units,
		};
		let lane = self.lane(number)?;
		if lane.end() != sequence {
			return Err(format!("a receipt for {sequence} comes where {} is next", lane.end()));
		}
		if !lane.push(known) {
			return Err("more units than can be counted".into());
		}
		let body = answered.encode();
		let kept = Kept {
			block: receipt.block,
			bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
		};
		self.answers.insert((kept.block, receipt.request), kept.bytes);
		self.bytes = self.bytes.saturating_add(kept.bytes);
		Ok(vec![
			Key::Asked(number).remove(),
			Key::Receipt(number, sequence).put(&known),
			Change::put(Key::Answered(receipt.request).encode(), kept.encode(), body),
		])
	}

	/// The worker has signed something about a request that is not so.
	pub(super) fn convict(&mut self, request: Hash32, evidence: &Evidence) -> Vec<Change> {
		self.evidence.insert(request, evidence.clone());
		vec![Key::Evidence(request).put(evidence)]
	}

	/// What the worker has signed about a request and is not so.
	pub(super) fn evidence_of(&self, request: &Hash32) -> Option<&Evidence> {
		self.evidence.get(request)
	}

	/// All of it.
	pub(super) fn evidence(&self) -> impl Iterator<Item = &Evidence> {
		self.evidence.values()
	}

	/// Whether something is not vouched for, as far as the endpoint knows.
	pub(super) fn is_due(&self) -> bool {
		self.lanes.iter().any(Lane::is_due)
	}

	/// Vouchers for all that is not vouched for.
	pub(super) fn vouch<'a>(&mut self, signing: impl Fn(u8) -> Signing<'a>) -> (Vec<SignedVoucher>, Vec<Change>) {
		let (mut vouchers, mut changes) = (Vec::new(), Vec::new());
		for (number, lane) in (0..).zip(&mut self.lanes) {
			if let Some((signed, is_new)) = lane.vouch(signing(number)) {
				vouchers.push(signed);
				changes.extend(is_new.then(|| Key::Lane(number).put(&lane.head())));
			}
		}
		(vouchers, changes)
	}

	/// The endpoint has these.
	pub(super) fn taken(&mut self, vouchers: &[SignedVoucher]) {
		for SignedVoucher { voucher, .. } in vouchers {
			if let Ok(lane) = self.lane(voucher.lane) {
				lane.taken(voucher);
			}
		}
	}

	/// The endpoint wants the next voucher of a lane to come after something else.
	pub(super) fn resync(&mut self, standing: &Standing, signing: Signing<'_>) -> Result<Vec<Change>, String> {
		let number = signing.lane;
		let lane = self.lane(number)?;
		let resynced = lane.resync(standing, signing);
		// Where the endpoint shows no voucher the chain may tell later that it is right.
		if let (Err(reason), Some(_)) = (&resynced, &standing.voucher) {
			lane.trouble.get_or_insert(reason.clone());
		}
		resynced.map(|()| vec![Key::Lane(number).put(&lane.head())])
	}

	/// What the chain says for good, and its height.
	pub(super) fn observe(&mut self, settled: &[u64], now: BlockNumber, keeping: Keeping) -> Vec<Change> {
		let mut changes = Vec::new();
		for ((number, lane), settled) in (0..).zip(&mut self.lanes).zip(settled) {
			match lane.observe(*settled) {
				Ok(dropped) if dropped.is_empty() => {}
				Ok(dropped) => {
					changes.extend(dropped.map(|sequence| Key::Receipt(number, sequence).remove()));
					changes.push(Key::Lane(number).put(&lane.head()));
				}
				Err(reason) => drop(lane.trouble.get_or_insert(reason)),
			}
		}
		while let Some(((block, root), bytes)) = self.answers.first_key_value().map(|(key, bytes)| (*key, *bytes)) {
			if block.saturating_add(keeping.blocks) >= now && self.bytes <= keeping.bytes {
				break;
			}
			self.answers.remove(&(block, root));
			self.bytes = self.bytes.saturating_sub(bytes);
			changes.push(Key::Answered(root).remove());
		}
		changes
	}
}

fn read<T: DecodeAll>(mut bytes: &[u8]) -> Result<T, String> {
	T::decode_all(&mut bytes).map_err(|error| error.to_string())
}
