//! The consumer's end of a channel: requests, answers as they come, receipts that are checked, vouchers.
//!
//! # An answer
//!
//! [`Consumer::ask`] takes the next place of a lane that is free, writes the signed request into its journal, and sends it. What comes is
//! passed on at once: tokens, and after each sixteenth the worker's signature under what has come so far is checked before more is passed on
//! ([`Breach::NoProgress`]). The receipt at the end is checked against the request, the tokens and the program, written down, and told as the last [`Event`].
//! The voucher for it is sent in the background, together with those of other lanes.
//!
//! If the connection breaks, the very same request is sent again; an answer that was given or is being given is told again from its beginning, and
//! only what is new is passed on. Whoever drops an [`Answer`] stops it; what it costs until then is learnt and vouched for in the background.
//!
//! # What can be relied on
//!
//! 1. One place in a lane has one request: another one takes its place only if it is certain that the first was not taken.
//! 2. Nothing is vouched for but receipts that were checked here. A voucher is in the journal before it is sent, a receipt before it is told.
//! 3. Each receipt is paid for once, whatever the endpoint says of its lane.
//! 4. What the worker has signed and is not so is kept, and told as [`Evidence`]. Its lane is not used any more.
//! 5. Nobody is spoken to but whoever has the key in the operator's record.
//! 6. What an endpoint can make this end hold or wait for is bounded: the head of a response, an event, an answer, the time in which nothing
//!    comes, the time in which an answer gets no further, and how long it is tried. What became of a request is asked for as long as the
//!    channel is not closed and there is hope; then this end takes no receipt for it any more, for good, and leaves its lane.
//! 7. A crash loses the stream in progress and nothing else: its receipt is asked for when the journal is opened again.

mod account;
mod answer;
mod client;
mod error;
mod events;
mod evidence;
mod following;
mod heard;
mod lane;
mod ledger;
mod places;
mod prepared;
mod pursuit;
mod settings;
pub mod tls;
mod vouching;

pub use account::{Account, LaneAccount, Said};
pub use answer::{Answer, Event};
pub use error::{Breach, ConsumerError, Falsehood};
pub use evidence::{Answered, Evidence};
pub use heard::RECENT;
pub use prepared::Prepared;
pub use settings::Settings;

use crate::{channels::Channel, AccountId, Amount, Balance, BlockNumber};
use assay_exact::{Generation, Input, Program};
use assay_journal::Journal;
use assay_protocol::{
	channel::{Content, Endpoint, Request, SignedRequest, Terms},
	job::{JobInput, MAX_INLINE_ELEMENTS},
	operator::WorkerKey,
	ChannelId,
};
use assay_trace::Hash32;
use client::Client;
use codec::DecodeAll;
use events::Complaint;
use heard::{positions, Asked, Heard};
use hyper::StatusCode;
use lane::Lane;
use ledger::{Keeping, Ledger};
use parking_lot::Mutex;
use places::{Place, Places};
use pursuit::Pursuit;
use sp_core::{sr25519, Pair};
use std::{
	collections::HashSet,
	future::Future,
	path::Path,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
};
use tokio::{
	sync::{watch, Notify},
	task::JoinSet,
	time::timeout,
};

/// What a consumer has to know of its channel.
#[derive(Clone, Debug)]
pub struct Facts {
	/// Hash of the genesis block: everything is signed for one chain only.
	pub genesis: [u8; 32],
	/// The program of the channel's version.
	pub program: Program,
	/// Blocks for which a receipt can be challenged.
	pub answerable: BlockNumber,
	/// What changes.
	pub now: watch::Receiver<Now>,
}

/// What the chain says at the moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Now {
	/// Height of the best block.
	pub height: BlockNumber,
	/// The channel in the last final block.
	pub channel: Channel,
	/// Where its operator answers.
	pub endpoint: Endpoint,
}

/// What does not change about a channel, and what answers are judged by.
struct Subject {
	genesis: [u8; 32],
	channel: ChannelId,
	program: Program,
	worker: WorkerKey,
	price: Balance,
	opened_at: BlockNumber,
	/// Answers that may be cut short yet.
	forgiven: AtomicU32,
}

impl Subject {
	fn forgives(&self) -> bool {
		self.forgiven.load(Ordering::SeqCst) > 0
	}

	fn forgive(&self) {
		let less = |left: u32| left.checked_sub(1);
		// Where none is left, another one was faster.
		let _ = self.forgiven.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
	}

	fn fee(&self, units: u64) -> Amount {
		Amount(self.price.checked_mul(units.into()).unwrap_or(Balance::MAX))
	}
}

struct Inner {
	subject: Subject,
	now: watch::Receiver<Now>,
	key: sr25519::Pair,
	settings: Settings,
	keeping: Keeping,
	journal: Journal,
	client: Client,
	ledger: Mutex<Ledger>,
	/// Requests without receipt of which one may come.
	pending: Mutex<HashSet<Hash32>>,
	places: Arc<Places>,
	/// There is something to vouch for.
	due: Notify,
	/// One sends vouchers at a time.
	vouching: tokio::sync::Mutex<()>,
}

/// The consumer's end of a channel. It works as long as it, or an [`Answer`] of it, is held.
pub struct Consumer {
	inner: Arc<Inner>,
	tasks: Mutex<JoinSet<()>>,
}

impl Consumer {
	/// Opens the journal of a channel and takes up what it holds: requests without a receipt are seen to in the background.
	///
	/// - `key`: of the channel.
	/// - `folder`: the channel has one of its own in it. One process works with it at a time.
	pub async fn open(
		facts: Facts,
		key: sr25519::Pair,
		folder: &Path,
		settings: Settings,
	) -> Result<Arc<Self>, ConsumerError> {
		let Facts {
			genesis,
			program,
			answerable,
			now,
		} = facts;
		let Channel {
			id,
			terms,
			opened_at,
			settled,
			..
		} = now.borrow().channel.clone();
		let other = |reason| ConsumerError::OtherChannel { channel: id, reason };
		if terms.id() != id {
			return Err(other("its terms are those of another"));
		}
		if terms.key != key.public() {
			return Err(other("its key is another"));
		}
		let folder = folder.join(hex::encode(id.0 .0));
		let opened = tokio::task::spawn_blocking(move || Journal::open(&folder)).await;
		let (journal, known) = opened.map_err(|error| ConsumerError::Records(error.to_string()))??;
		let (ledger, asked) = Ledger::restore(&settled, known).map_err(ConsumerError::Records)?;
		let inner = Arc::new(Inner {
			subject: Subject {
				genesis,
				channel: id,
				program,
				worker: terms.worker_key,
				price: terms.price,
				opened_at,
				forgiven: AtomicU32::new(settings.cut_short),
			},
			client: Client::new(now.clone(), &settings),
			keeping: Keeping {
				blocks: settings.keep.unwrap_or(answerable),
				bytes: settings.keep_bytes,
			},
			now,
			key,
			settings,
			journal,
			ledger: Mutex::new(ledger),
			pending: Mutex::default(),
			places: Places::new(),
			due: Notify::new(),
			vouching: tokio::sync::Mutex::default(),
		});
		let consumer = Arc::new(Self {
			inner: inner.clone(),
			tasks: Mutex::default(),
		});
		consumer.spawn(inner.clone().follow());
		consumer.spawn(inner.clone().vouch_when_due());
		for (lane, asked) in asked {
			consumer.take_up(lane, asked);
		}
		Ok(consumer)
	}

	/// Goes on with a request that the journal has without a receipt.
	fn take_up(&self, lane: u8, asked: Asked) {
		let inner = &self.inner;
		let Some(place) = inner.places.of(lane) else {
			return;
		};
		let heard = Heard::new(asked);
		let mut ledger = inner.ledger.lock();
		let trouble = match ledger.evidence_of(&heard.root) {
			Some(evidence) if !matches!(evidence, Evidence::Progress { .. }) => Some(evidence.to_string()),
			_ if heard.asked.signed.request.sequence != ledger.end(lane) => {
				Some("a request without receipt is not the next in its lane".into())
			}
			_ => None,
		};
		match (trouble, ledger.lanes.get_mut(usize::from(lane))) {
			(None, _) => {
				inner.pending.lock().insert(heard.root);
				self.spawn(Pursuit::again(inner.clone(), place, heard).run());
			}
			(Some(trouble), Some(lane)) => lane.trouble = Some(trouble),
			(Some(_), None) => {}
		}
	}

	fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
		let mut tasks = self.tasks.lock();
		while tasks.try_join_next().is_some() {}
		tasks.spawn(task);
	}

	/// The channel.
	pub fn channel(&self) -> ChannelId {
		self.inner.subject.channel
	}

	/// Asks for an answer. It returns when there is a lane for it: sixteen requests run side by side, others wait, as long as there is patience.
	/// Everything else is told by the answer, also why there is none.
	pub async fn ask(self: &Arc<Self>, input: JobInput, generation: Generation) -> Result<Answer, ConsumerError> {
		Ok(self.prepare(input, generation).await?.send())
	}

	/// The same for whoever has to write down what is going to be sent: it is sent by [`Prepared::send`]. It has a lane as long as it is held.
	pub async fn prepare(self: &Arc<Self>, input: JobInput, generation: Generation) -> Result<Prepared, ConsumerError> {
		let inner = &self.inner;
		let program = &inner.subject.program;
		let checked = program.check_job(&Input::from(input.clone()), &generation);
		checked.map_err(|error| ConsumerError::Refused(error.to_string()))?;
		let most = program.output_length().unwrap_or(generation.max_tokens);
		if most > MAX_INLINE_ELEMENTS {
			return Err(ConsumerError::Refused(format!(
				"the answer may have {most} elements, a receipt has at most {MAX_INLINE_ELEMENTS}"
			)));
		}
		let patience = inner.settings.patience;
		let place = timeout(patience, self.take_place()).await;
		let place = place.map_err(|_| ConsumerError::Impatient {
			waited: patience,
			last: "all lanes are in use".into(),
		})??;
		let request = Request {
			channel: inner.subject.channel,
			lane: place.lane,
			sequence: inner.ledger.lock().end(place.lane),
			input: Content::of_input(&input),
			generation,
		};
		let signature = inner.key.sign(&request.signing_payload(&inner.subject.genesis));
		let asked = Asked {
			signed: SignedRequest { request, signature },
			input,
			at: inner.now.borrow().height,
		};
		Ok(Prepared::new(self.clone(), place, Heard::new(asked)))
	}

	/// The next place in a lane that is of use.
	async fn take_place(&self) -> Result<Place, ConsumerError> {
		let inner = &self.inner;
		loop {
			let place = inner.places.take().await?;
			let lane = usize::from(place.lane);
			if inner.ledger.lock().lanes.get(lane).is_some_and(Lane::is_of_use) {
				return Ok(place);
			}
			// The lane is left out from now on.
			drop(place);
		}
	}

	/// What the worker has signed and is not so, as far as this end has seen.
	pub fn evidence(&self) -> Vec<Evidence> {
		self.inner.ledger.lock().evidence().cloned().collect()
	}

	/// What the channel is about.
	pub fn terms(&self) -> Terms<AccountId, Balance> {
		self.inner.now.borrow().channel.terms.clone()
	}

	/// What the last final block says is left in the channel.
	pub fn deposit(&self) -> Amount {
		Amount(self.inner.now.borrow().channel.deposit)
	}

	/// Whether the channel takes requests: no notice was given and it is not closed, as the last final block has it.
	pub fn is_open(&self) -> bool {
		let channel = &self.inner.now.borrow().channel;
		channel.closes_at.is_none() && channel.closed_at.is_none()
	}

	/// What is left in the channel, in the last final block, of what is not owed for answers that came here.
	pub fn left(&self) -> Amount {
		self.left_in(&self.inner.now.borrow().channel)
	}

	/// The same as a block has it.
	///
	/// - `channel`: this one, in that block.
	pub fn left_in(&self, channel: &Channel) -> Amount {
		let ledger = self.inner.ledger.lock();
		let lanes = ledger.lanes.iter().zip(&channel.settled);
		let units = lanes.fold(0u64, |sum, (lane, settled)| {
			sum.saturating_add(lane.units_after(*settled))
		});
		let owed = self.inner.subject.fee(units);
		Amount(channel.deposit.saturating_sub(owed.0))
	}

	/// Whether no request waits for its receipt.
	pub fn is_idle(&self) -> bool {
		self.inner.pending.lock().is_empty()
	}

	/// The most that an answer costs; nothing if that is more than all money.
	pub fn most(&self, input: &JobInput, max_tokens: u32) -> Option<Balance> {
		let subject = &self.inner.subject;
		let generated = match subject.program.output_length() {
			Some(_) => 0,
			None => max_tokens,
		};
		let units = subject.program.units(positions(input), generated);
		subject.price.checked_mul(units.0.into())
	}

	/// Whether a request has no receipt, and one may come yet.
	pub fn is_pending(&self, request: &Hash32) -> bool {
		self.inner.pending.lock().contains(request)
	}

	/// An answer that is kept, by the root of its request.
	pub fn kept(&self, request: &Hash32) -> Result<Option<Answered>, ConsumerError> {
		let key = codec::Encode::encode(&ledger::Key::Answered(*request));
		let Some(body) = self.inner.journal.body(&key)? else {
			return Ok(None);
		};
		let kept = Answered::decode_all(&mut &body[..]);
		kept.map(Some)
			.map_err(|error| ConsumerError::Records(error.to_string()))
	}
}

/// What an endpoint says no with.
fn refusal(status: StatusCode, complaint: Complaint) -> ConsumerError {
	let amount = |field: &str| {
		let amount = complaint
			.fields
			.get(field)
			.and_then(|amount| amount.as_str()?.parse().ok());
		Amount(amount.unwrap_or(0))
	};
	match complaint.code.as_str() {
		"unpaid" => ConsumerError::Unpaid {
			unpaid: amount("unpaid"),
			credit: amount("credit"),
		},
		"closing" => ConsumerError::Closing,
		"unknown_channel" => ConsumerError::UnknownChannel,
		"refused" => ConsumerError::Refused(complaint.message),
		"absent" => ConsumerError::Absent(complaint.message),
		_ => ConsumerError::Rejected {
			status: status.as_u16(),
			code: complaint.code,
			message: complaint.message,
		},
	}
}
