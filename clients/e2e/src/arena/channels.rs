//! Workers that cheat in channels, where no block sees what they say.

use super::{
	attack::{Loss, Played},
	caller, Arena, AUDITOR, CHALLENGERS, CHEAT, CONSUMER, GENERATED, LIMIT, PAUSE, PRICE, PROMPT,
};
use crate::{
	money::ASY,
	party::{self, Included},
	wait::until,
};
use anyhow::{ensure, Context, Result};
use assay_adversary::{Cheat, Fraud, Worker};
use assay_exact::{Generation, Input};
use assay_protocol::{
	channel::{
		Content, Contradiction, Progress, Receipt, Request, Revealed, RevealedUnit, Settlement, SignedVoucher, SumTree,
		Voucher,
	},
	job::{JobInput, JobOutput},
	ChannelId, JobId,
};
use assay_runtime::{currency::BATCH_PRICE, Runtime, RuntimeEvent};
use pallet_assay_channels::{Call, Event, LONGEVITY};
use pallet_assay_jobs::Call as Jobs;
use serde_json::json;
use sp_core::{sr25519, Pair};
use sp_runtime::BoundedVec;
use std::thread;

/// What the consumer puts into a channel.
const DEPOSIT: u128 = 1_000 * ASY;
/// How many times as many units as its answer took a receipt states so that the draw hits it.
const INFLATION: u64 = 1_000;

/// A channel of the consumer to the cheat.
struct Line {
	channel: ChannelId,
	/// The consumer's.
	key: sr25519::Pair,
	input: JobInput,
	generation: Generation,
	/// Height of a block since it was opened.
	block: u32,
}

impl Line {
	/// The next answer of the only lane, with as many units as it took.
	fn answered(&self, sequence: u64, fraud: &Fraud<'_>, units: u64) -> Result<Revealed> {
		let (output, trace) = fraud.says();
		let output = JobOutput::try_from(output.clone())
			.ok()
			.context("an output that fits")?;
		let request = Request {
			channel: self.channel,
			lane: 0,
			sequence,
			input: Content::of_input(&self.input),
			generation: self.generation,
		};
		Ok(Revealed {
			receipt: Receipt {
				channel: self.channel,
				request: request.root(),
				max_tokens: self.generation.max_tokens,
				output: Content::of_output(&output),
				trace,
				units,
				block: self.block,
			},
			request,
			input: self.input.clone(),
			output,
		})
	}

	/// What the consumer signs for a batch.
	fn voucher(&self, tree: &SumTree, genesis: &[u8; 32]) -> Result<SignedVoucher> {
		let voucher = Voucher {
			channel: self.channel,
			lane: 0,
			base: 0,
			count: tree.len(),
			tree: tree.root().context("a batch of something")?,
		};
		Ok(SignedVoucher {
			signature: self.key.sign(&voucher.signing_payload(genesis)),
			voucher,
		})
	}
}

impl Arena {
	/// The consumer has a receipt for a wrong answer, which it has not paid for; it presents it, and a third party challenges it.
	pub(super) fn wrong_receipt(&self) -> Result<Played> {
		let line = self.open_channel()?;
		let fraud = self.fraud(&line, Cheat::ChangedToken)?;
		let call = caller(self.bob.rpc());
		let worker = Worker::new(&call, CHEAT)?;
		let revealed = line.answered(0, &fraud, self.units())?;
		let signature = worker.receipt(revealed.receipt.clone()).signature;
		let presented = self.party(CONSUMER)?.act(Call::<Runtime>::present {
			revealed: Box::new(revealed),
			signature,
		})?;
		let job = self.brought(&presented, |event| match event {
			Event::ReceiptPresented { job, .. } => Some(*job),
			_ => None,
		})?;
		self.wait_for_state(job, &["Claimed"])?;
		let claims = [(job, fraud)];
		self.defend(&worker, &claims, || {
			self.challenge(CHALLENGERS[0], job)?;
			self.wait_for_state(job, &["Refunded"]).map(|_| ())
		})?;
		self.hang_up(&worker, &line)?;
		self.struck_down(job, false)
	}

	/// The stream of an answer says one thing, and then another.
	pub(super) fn equivocating_stream(&self) -> Result<Played> {
		let line = self.open_channel()?;
		let call = caller(self.bob.rpc());
		let worker = Worker::new(&call, CHEAT)?;
		let fraud = self.fraud(&line, Cheat::ChangedToken)?;
		let request = line.answered(0, &fraud, self.units())?.request.root();
		let come = |tokens: &[u32]| {
			worker.progress(Progress {
				channel: line.channel,
				request,
				tokens: tokens.len() as u32,
				root: Content::tokens(tokens).root,
				block: line.block,
			})
		};
		let contradiction = Contradiction::Progress(come(&[1, 2, 3]), come(&[1, 2, 4]));
		let accused = self.party(CONSUMER)?.act(Call::<Runtime>::accuse {
			contradiction: Box::new(contradiction),
		})?;
		let penalty = self.brought(&accused, |event| match event {
			Event::Contradicted { penalty, .. } => Some(*penalty),
			_ => None,
		})?;
		ensure!(penalty > ASY, "the cheat lost {penalty}");
		self.as_account(CHEAT, &format!("model unserve {}", self.served.id))?;
		Ok(Played {
			auditor: false,
			caught_by: "two signatures",
			ruling: "Contradicted".into(),
			jobs: vec![],
			disputes: vec![],
			loser: "the operator",
			attackers: vec![CHEAT],
			loss: Loss::Stake,
			catcher: Some(CONSUMER),
			stated: vec![],
		})
	}

	/// A thousand answers are settled as one batch, and the worker keeps the one that is drawn to itself.
	pub(super) fn withheld_receipt(&self) -> Result<Played> {
		self.batch_that_falls(1_000, 1, |_, _, _| Ok(()))
	}

	/// The last receipt of a batch states a thousand times what its answer took. The draw hits it, and it cannot be revealed.
	pub(super) fn inflated_units(&self) -> Result<Played> {
		self.batch_that_falls(10, INFLATION, |worker, answers, tree| {
			let duty = until("a receipt to be drawn", LIMIT, || {
				Ok(worker.reveals_due()?.into_iter().next())
			})?;
			let index = tree.leaf_of(duty.unit).context("a unit of the batch")?;
			let opened = RevealedUnit {
				revealed: answers[index as usize].clone(),
				path: tree.path(index).context("a receipt of the batch")?,
			};
			let refused = worker.reveal(&duty, opened);
			ensure!(
				index + 1 < tree.len() || refused.is_err(),
				"a receipt with other units than its answer took was revealed"
			);
			Ok(())
		})
	}

	/// Settles a batch of so many lies, the last of which states so many times too many units, and has its worker do something and then
	/// nothing, until it has lost.
	fn batch_that_falls(
		&self,
		size: u64,
		inflation: u64,
		meanwhile: impl FnOnce(&Worker<'_>, &[Revealed], &SumTree) -> Result<()>,
	) -> Result<Played> {
		let line = self.open_channel()?;
		let call = caller(self.bob.rpc());
		let worker = Worker::new(&call, CHEAT)?;
		let fraud = self.fraud(&line, Cheat::EmbeddingRow)?;
		let (mut answers, mut tree) = (vec![], SumTree::default());
		for sequence in 0..size {
			let units = self.units() * if sequence + 1 == size { inflation } else { 1 };
			let revealed = line.answered(sequence, &fraud, units)?;
			ensure!(tree.push(revealed.receipt.leaf(), units), "units that can be counted");
			answers.push(revealed);
		}
		let fee = u128::from(tree.total()) * PRICE;
		ensure!((ASY..DEPOSIT).contains(&fee), "a batch for {fee}");
		let since = self.eve.rpc().best()?;
		let vouchers = vec![line.voucher(&tree, &worker.genesis())?];
		worker.settle(Settlement {
			channel: line.channel,
			vouchers: BoundedVec::truncate_from(vouchers),
			close: true,
			last_block: since + LONGEVITY,
		})?;
		let job = self.settled(&line, since)?;
		meanwhile(&worker, &answers, &tree)?;
		let refunded = self.wait_for_state(job, &["Refunded"])?;
		ensure!(refunded["refunded"] == json!(fee.to_string()), "{refunded}");
		self.as_account(CHEAT, &format!("model unserve {}", self.served.id))?;
		Ok(Played {
			// The price of the batch is burned whatever becomes of it.
			stated: vec![(CONSUMER, BATCH_PRICE)],
			..self.struck_down(job, false)?
		})
	}

	/// Has the cheat serve, and the consumer open a channel to it.
	fn open_channel(&self) -> Result<Line> {
		self.switch_auditor(AUDITOR, false)?;
		self.serve(CHEAT, "")?;
		let Jobs::submit { input, generation, .. } = self.job(GENERATED, 3, PRICE, None)? else {
			unreachable!("it is a submission");
		};
		let key = sr25519::Pair::generate().0;
		let opened = self.party(CONSUMER)?.act(Call::<Runtime>::open {
			operator: party::account(CHEAT)?,
			version: self.version()?,
			max_price: PRICE,
			key: key.public(),
			deposit: DEPOSIT,
		})?;
		let channel = self.brought(&opened, |event| match event {
			Event::ChannelOpened { channel, .. } => Some(*channel),
			_ => None,
		})?;
		Ok(Line {
			channel,
			key,
			input,
			generation,
			block: opened.height,
		})
	}

	/// Closes a channel as its worker does.
	fn hang_up(&self, worker: &Worker<'_>, line: &Line) -> Result<()> {
		worker.settle(Settlement {
			channel: line.channel,
			vouchers: BoundedVec::default(),
			close: true,
			last_block: self.eve.rpc().best()? + LONGEVITY,
		})?;
		let since = line.block;
		self.channel_event("the channel to be closed", since, |event| match event {
			Event::ChannelClosed { channel, .. } if *channel == line.channel => Some(()),
			_ => None,
		})?;
		self.as_account(CHEAT, &format!("model unserve {}", self.served.id))?;
		Ok(())
	}

	/// The job of the only batch of a channel that was settled since a block.
	fn settled(&self, line: &Line, since: u32) -> Result<JobId> {
		self.channel_event("the batch to be settled", since, |event| match event {
			Event::BatchSettled { channel, job, .. } if *channel == line.channel => Some(*job),
			_ => None,
		})
	}

	/// Waits for an event of channels since a block.
	fn channel_event<R>(&self, what: &str, since: u32, read: impl Fn(&Event<Runtime>) -> Option<R>) -> Result<R> {
		let (rpc, mut height) = (self.eve.rpc(), since);
		until(what, LIMIT, || {
			while height <= rpc.best()? {
				let found = rpc.events(height)?.into_iter().find_map(|record| match record.event {
					RuntimeEvent::Channels(event) => read(&event),
					_ => None,
				});
				if found.is_some() {
					return Ok(found);
				}
				height += 1;
			}
			thread::sleep(PAUSE);
			Ok(None)
		})
	}

	/// What a transaction brought about in a channel.
	fn brought<R>(&self, included: &Included, read: impl Fn(&Event<Runtime>) -> Option<R>) -> Result<R> {
		let found = included.events.iter().find_map(|event| match event {
			RuntimeEvent::Channels(event) => read(event),
			_ => None,
		});
		found.with_context(|| format!("a call was refused: {included:?}"))
	}

	/// What a cheat makes of a request.
	fn fraud(&self, line: &Line, cheat: Cheat) -> Result<Fraud<'_>> {
		Fraud::new(cheat, &self.artifact, Input::from(line.input.clone()), line.generation)
	}

	/// Units of an answer.
	fn units(&self) -> u64 {
		self.artifact.program().units(PROMPT, GENERATED).0
	}
}
