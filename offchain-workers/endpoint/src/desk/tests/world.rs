//! A chain that has nothing but channels, and consumers that sign what a test says.

use crate::{
	chain::{Balance, BlockNumber, ChannelParameters, ChannelSummary, Channels, Terms},
	desk::{Asked, Credit, Desk, Goodbye, RecordKey, Refusal, Taken, Vouched},
};
use assay_exact::{program::Program, ComputeUnits, Generation, Output, Sampler};
use assay_protocol::{
	channel::{
		Batch, Content, Request, Revealed, RevealedUnit, Settlement, SignedRequest, SignedVoucher, SumTree, Voucher,
		LANES,
	},
	job::JobInput,
	operator::WorkerKey,
	ChannelId, ModelId, ModelVersion, VersionNumber,
};
use assay_samples::programs::decoder;
use assay_trace::{merkle::Hash32, TraceRoot};
use sp_core::{crypto::AccountId32, sr25519, Pair};
use std::collections::{BTreeMap, HashMap};

pub(super) const GENESIS: [u8; 32] = [9; 32];
pub(super) const ASY: Balance = 1_000_000_000_000;
/// What a request of three tokens and two more costs is 0.02 ASY, about.
pub(super) const PRICE: Balance = 250_000_000;
const MAX_TOKENS: u32 = 6;

/// Little is lent, so that a few requests show how much.
pub(super) const CREDIT: Credit = Credit {
	answers: 16,
	first: ASY / 20,
	most: ASY,
};

pub(super) const PARAMETERS: ChannelParameters = ChannelParameters {
	min_deposit: ASY,
	min_batch_fee: ASY / 5,
	batch_price: ASY / 1_000,
	notice_period: 20,
	answerable: 40,
};

/// A program with as many layers as it takes for its computation to count.
pub(super) fn program() -> Program {
	Program {
		layers: 200,
		..decoder()
	}
}

pub(super) fn pair(number: u8) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[number; 32])
}

/// A channel of the consumer with this number.
pub(super) fn a_channel(number: u8, deposit: Balance) -> ChannelSummary {
	let terms = Terms {
		consumer: AccountId32::from([number; 32]),
		operator: AccountId32::from([200; 32]),
		version: ModelVersion {
			model: ModelId(0),
			version: VersionNumber(0),
		},
		price: PRICE,
		key: pair(number).public(),
		worker_key: WorkerKey::from(pair(201).public()),
		number: 7,
	};
	ChannelSummary {
		id: terms.id(),
		terms,
		deposit,
		opened_at: 1,
		closes_at: None,
		closed_at: None,
		settled: vec![0; LANES.into()],
	}
}

/// What a consumer knows of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
	pub(super) leaf: Hash32,
	pub(super) units: u64,
}

/// What happens on the chain.
#[derive(Clone, Debug)]
pub(super) struct OnChain {
	pub(super) summary: ChannelSummary,
	/// Lanes in which something small was settled since the notice.
	swept: Vec<bool>,
	pub(super) paid: Balance,
	/// Batches that were settled, with the block in which.
	pub(super) batches: Vec<(BlockNumber, Batch)>,
}

/// Everything.
pub(super) struct World {
	pub(super) desk: Desk,
	pub(super) program: Program,
	pub(super) now: BlockNumber,
	/// Channels that are there.
	pub(super) chain: BTreeMap<ChannelId, OnChain>,
	/// The same in the last block that is final.
	pub(super) finalized: BTreeMap<ChannelId, OnChain>,
	/// Height of that block.
	pub(super) finalized_at: BlockNumber,
	/// Channels that were.
	pub(super) closed: BTreeMap<ChannelId, OnChain>,
	/// What consumers know of their answers, by lane and sequence.
	pub(super) known: HashMap<(ChannelId, u8), Vec<Known>>,
	/// Vouchers that consumers have signed.
	pub(super) signed: Vec<SignedVoucher>,
	/// Content of all answers, by the root of the request.
	pub(super) contents: HashMap<Hash32, Revealed>,
	/// What is kept of the desk's records.
	pub(super) disk: BTreeMap<RecordKey, Vec<u8>>,
	/// Requests being answered.
	pub(super) running: Vec<Asked>,
	nonce: u32,
}

impl World {
	pub(super) fn new(deposits: &[Balance]) -> Self {
		let chain = (1u8..).zip(deposits).map(|(number, deposit)| {
			let summary = a_channel(number, *deposit);
			let on_chain = OnChain {
				swept: vec![false; LANES.into()],
				summary,
				paid: 0,
				batches: vec![],
			};
			(on_chain.summary.id, on_chain)
		});
		let mut world = Self {
			desk: Desk::new(CREDIT, PARAMETERS),
			program: program(),
			now: 10,
			chain: chain.collect(),
			finalized: BTreeMap::new(),
			finalized_at: 0,
			closed: BTreeMap::new(),
			known: HashMap::new(),
			signed: vec![],
			contents: HashMap::new(),
			disk: BTreeMap::new(),
			running: vec![],
			nonce: 0,
		};
		world.finalize();
		world
	}

	pub(super) fn ids(&self) -> Vec<ChannelId> {
		self.chain.keys().copied().collect()
	}

	pub(super) fn pair(&self, id: &ChannelId) -> sr25519::Pair {
		let on_chain = self
			.chain
			.get(id)
			.or_else(|| self.closed.get(id))
			.expect("there is such a channel");
		let consumer: &[u8; 32] = on_chain.summary.terms.consumer.as_ref();
		pair(consumer[0])
	}

	/// A request that its consumer signs: no two are the same.
	pub(super) fn a_request(&mut self, id: ChannelId, lane: u8, sequence: u64) -> (SignedRequest, JobInput) {
		self.nonce += 1;
		let input = JobInput::Tokens(vec![1, 2, 3].try_into().expect("it is short"));
		let request = Request {
			channel: id,
			lane,
			sequence,
			input: Content::of_input(&input),
			generation: Generation {
				sampler: Sampler::Gumbel {
					inverse_temperature: self.nonce,
					seed: [0; 32],
				},
				max_tokens: MAX_TOKENS,
				ignore_stop: true,
			},
		};
		let signature = self.pair(&id).sign(&request.signing_payload(&GENESIS));
		(SignedRequest { request, signature }, input)
	}

	pub(super) fn check(&self, signed: SignedRequest, input: JobInput) -> Result<Asked, Refusal> {
		let key = self.pair(&signed.request.channel).public();
		Asked::check(signed, input, &key, &self.program, ComputeUnits(u64::MAX), &GENESIS)
	}

	/// Asks for what is next in a lane.
	pub(super) fn ask(&mut self, id: ChannelId, lane: u8) -> Result<Asked, Refusal> {
		let sequence = self.answered(id, lane);
		let (signed, input) = self.a_request(id, lane, sequence);
		let asked = self.check(signed, input)?;
		match self.desk.ask(&asked)? {
			Taken::New => self.running.push(asked.clone()),
			taken => panic!("a new request is {taken:?}"),
		}
		Ok(asked)
	}

	/// How many answers the consumer has.
	pub(super) fn answered(&self, id: ChannelId, lane: u8) -> u64 {
		self.known.get(&(id, lane)).map_or(0, |known| known.len() as u64)
	}

	/// A request is answered with so many tokens.
	pub(super) fn answer(&mut self, asked: Asked, tokens: u32) {
		self.running.retain(|other| other.root() != asked.root());
		let (id, lane) = (asked.signed().request.channel, asked.signed().request.lane);
		self.nonce += 1;
		let trace = TraceRoot(Hash32::of(&[&self.nonce.to_le_bytes()]));
		let output = Output::Tokens((0..tokens).collect());
		let revealed = asked.answered(&self.program, output, trace, self.now).expect("it fits");
		assert!(revealed.is_whole());
		assert!(self.desk.answer(&revealed.receipt));
		let known = Known {
			leaf: revealed.receipt.leaf(),
			units: revealed.receipt.units,
		};
		self.known.entry((id, lane)).or_default().push(known);
		self.contents.insert(revealed.receipt.request, revealed);
		self.write();
	}

	/// Asks and gets an answer in full.
	pub(super) fn serve(&mut self, id: ChannelId, lane: u8) -> Result<(), Refusal> {
		let asked = self.ask(id, lane)?;
		self.answer(asked, MAX_TOKENS);
		Ok(())
	}

	/// The voucher for answers of a lane from one to before another.
	pub(super) fn a_voucher(&self, id: ChannelId, lane: u8, base: u64, end: u64) -> SignedVoucher {
		let known = self.known.get(&(id, lane)).map_or(&[][..], |known| &known[..]);
		let mut tree = SumTree::default();
		for known in &known[base as usize..end as usize] {
			assert!(tree.push(known.leaf, known.units));
		}
		self.sign(Voucher {
			channel: id,
			lane,
			base,
			count: tree.len(),
			tree: tree.root().expect("it is for something"),
		})
	}

	pub(super) fn sign(&self, voucher: Voucher) -> SignedVoucher {
		let signature = self.pair(&voucher.channel).sign(&voucher.signing_payload(&GENESIS));
		SignedVoucher { voucher, signature }
	}

	/// Hands a voucher in.
	pub(super) fn hand_in(&mut self, signed: SignedVoucher) -> Result<(), Refusal> {
		let key = self.pair(&signed.voucher.channel).public();
		self.signed.push(signed.clone());
		let vouched = Vouched::check(signed, &key, &GENESIS)?;
		let taken = self.desk.vouch(&vouched);
		self.write();
		taken
	}

	/// Vouches for all answers of a lane that are not settled or being settled.
	pub(super) fn vouch_for_all(&mut self, id: ChannelId, lane: u8) {
		let base = self.base(id, lane);
		let end = self.answered(id, lane);
		if base < end {
			let voucher = self.a_voucher(id, lane, base, end);
			self.hand_in(voucher).expect("it is right");
		}
	}

	/// What the desk says that the next voucher comes after.
	pub(super) fn base(&self, id: ChannelId, lane: u8) -> u64 {
		let account = self.desk.account(&id).expect("it is open");
		account.lanes[usize::from(lane)].0.base
	}

	/// The last voucher of a lane that is not for what is being settled.
	pub(super) fn voucher(&self, id: &ChannelId, lane: u8) -> Option<&SignedVoucher> {
		self.desk.channels.get(id)?.lanes[usize::from(lane)].voucher()
	}

	/// Keeps what the desk must not forget.
	pub(super) fn write(&mut self) {
		for (key, head) in self.desk.take_records() {
			match head {
				Some(head) => self.disk.insert(key, head),
				None => self.disk.remove(&key),
			};
		}
	}

	/// The desk looks at the chain.
	pub(super) fn observe(&mut self) {
		let summaries = |chain: &BTreeMap<ChannelId, OnChain>| -> Vec<_> {
			chain.values().map(|on_chain| on_chain.summary.clone()).collect()
		};
		let finalized = Channels {
			height: self.finalized_at,
			channels: summaries(&self.finalized),
		};
		let lost = self.desk.observe(&summaries(&self.chain), &finalized, self.now);
		self.running.retain(|asked| !lost.contains(&asked.root()));
		self.write();
	}

	/// All that has happened is final, and the desk sees it.
	pub(super) fn finalize(&mut self) {
		self.finalized = self.chain.clone();
		self.finalized_at = self.now;
		self.observe();
	}

	/// All blocks that are not final are left behind.
	pub(super) fn go_back(&mut self) {
		self.chain = self.finalized.clone();
		self.closed.retain(|id, _| !self.chain.contains_key(id));
		self.observe();
	}

	/// The desk is made again from what was kept. What was being answered is not.
	pub(super) fn restart(&mut self) {
		let records = self.disk.clone();
		self.desk = Desk::restore(CREDIT, PARAMETERS, records).expect("it was a desk");
		self.running.clear();
		self.observe();
	}

	/// The desk cuts, and the chain settles what it says, or nothing of it.
	pub(super) fn settle(&mut self) -> usize {
		self.desk.cut(self.now);
		self.write();
		let settlements = self.desk.settlements(self.now);
		for settlement in &settlements {
			self.settle_one(settlement).expect("the chain takes it");
		}
		settlements.len()
	}

	/// Settles as the chain does.
	pub(super) fn settle_one(&mut self, settlement: &Settlement) -> Result<(), &'static str> {
		let on_chain = self.chain.get_mut(&settlement.channel).ok_or("no channel")?;
		if settlement.last_block < self.now {
			return Err("too late");
		}
		for signed in &settlement.vouchers {
			let voucher = &signed.voucher;
			let summary = &mut on_chain.summary;
			let lane = usize::from(voucher.lane);
			let key = &summary.terms.key;
			let is_signed = sr25519::Pair::verify(&signed.signature, voucher.signing_payload(&GENESIS), key);
			if !is_signed || voucher.channel != settlement.channel {
				return Err("not signed");
			}
			if voucher.base != summary.settled[lane] {
				return Err("another base");
			}
			if voucher.count == 0 || voucher.tree.units == 0 {
				return Err("nothing to settle");
			}
			let fee = PRICE * Balance::from(voucher.tree.units);
			if fee < PARAMETERS.min_batch_fee {
				let is_ending = settlement.close || summary.closes_at.is_some();
				if !is_ending || on_chain.swept[lane] {
					return Err("too little");
				}
				on_chain.swept[lane] = true;
			}
			summary.deposit = summary
				.deposit
				.checked_sub(fee + PARAMETERS.batch_price)
				.ok_or("too little in the channel")?;
			summary.settled[lane] += u64::from(voucher.count);
			on_chain.paid += fee;
			let batch = Batch {
				channel: voucher.channel,
				lane: voucher.lane,
				base: voucher.base,
				count: voucher.count,
				tree: voucher.tree,
			};
			on_chain.batches.push((self.now, batch));
		}
		if settlement.close {
			self.end(settlement.channel);
		}
		Ok(())
	}

	/// A channel is there no more.
	pub(super) fn end(&mut self, id: ChannelId) {
		if let Some(on_chain) = self.chain.remove(&id) {
			self.closed.insert(id, on_chain);
		}
	}

	/// The consumer gives notice.
	pub(super) fn notice(&mut self, id: ChannelId) {
		let now = self.now;
		if let Some(on_chain) = self.chain.get_mut(&id) {
			on_chain.summary.closes_at.get_or_insert(now + PARAMETERS.notice_period);
		}
	}

	/// The consumer puts more into a channel, which takes back a notice.
	pub(super) fn top_up(&mut self, id: ChannelId, amount: Balance) {
		if let Some(on_chain) = self.chain.get_mut(&id) {
			on_chain.summary.deposit += amount;
			on_chain.summary.closes_at = None;
			on_chain.swept.fill(false);
		}
	}

	/// The consumer asks the desk to close a channel.
	pub(super) fn close(&mut self, id: ChannelId) -> Result<(), Refusal> {
		let pair = self.pair(&id);
		let signature = pair.sign(&assay_protocol::channel::closing_payload(&id, &GENESIS));
		let goodbye = Goodbye::check(&id, &signature, &pair.public(), &GENESIS)?;
		let closed = self.desk.close(&id, goodbye);
		self.write();
		closed
	}

	/// What is shown of a unit of a batch is what was done.
	pub(super) fn assert_reveals(&self, batch: &Batch, unit: u64) {
		let (request, path) = self.desk.reveal(batch, unit).expect("it is known");
		let revealed = self.contents[&request].clone();
		let shown = RevealedUnit { revealed, path };
		assert!(shown.is_of(batch, unit));
	}

	/// What everything costs that a consumer has got of a lane.
	pub(super) fn fee_of(&self, id: ChannelId, lane: u8, from: u64, to: u64) -> Balance {
		let known = self.known.get(&(id, lane)).map_or(&[][..], |known| &known[..]);
		let units: u64 = known[from as usize..to as usize].iter().map(|known| known.units).sum();
		PRICE * Balance::from(units)
	}
}
