//! A challenger that looks at all claims by itself: it takes them as they come, runs them, and leads a dispute about each that is wrong.

mod models;
mod pursuit;

use crate::{blocks::Blocks, case::Case, commands::Context, output::causes};
use anyhow::{anyhow, Context as _, Result};
use assay_protocol::{dispute::Accusation, job::JobState, JobId, ModelVersion};
use assay_sdk::{jobs::Job, AccountId, Assay, Block, BlockNumber, Error, Heads, Signer};
use assay_trace::claim::ClaimRoot;
use models::Models;
use pursuit::{Pursued, Pursuit};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{
	sync::Semaphore,
	task::{spawn_blocking, JoinSet},
};

/// Jobs that are asked for at once when the command begins.
const PAGE: u32 = 100;
/// Blocks that a reorganisation may take back: those before them are not looked at again.
const REORGANISED: BlockNumber = 256;
/// Claims that are remembered as looked at.
const REMEMBERED: usize = 100_000;
/// Claims that run at the same time at most.
const LANES: usize = 8;
/// A claim that has run for so long has another run beside it: a large right job must not hide small lies behind it.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whose claims to look at, and for how long.
pub(crate) struct Choice {
	/// Of which versions; of all if there are none.
	pub(crate) models: Vec<ModelVersion>,
	/// Of whose jobs.
	pub(crate) consumer: Option<AccountId>,
	/// Only those that there are now.
	pub(crate) once: bool,
}

impl Choice {
	fn asks_for(&self, job: &Job) -> bool {
		(self.models.is_empty() || self.models.contains(&job.version))
			&& self.consumer.is_none_or(|consumer| consumer == job.consumer)
	}
}

/// A claim that was run, and what is wrong with it.
struct Looked {
	job: JobId,
	ran: Result<(Case, Option<Accusation>)>,
}

/// Looks at claims.
pub(crate) struct Watcher<'a> {
	context: &'a Context,
	choice: Choice,
	chain: Assay,
	signer: Arc<Signer>,
	heads: Heads,
	blocks: Blocks,
	/// Claims to look at, by the block in which they may become final.
	queue: BTreeSet<(BlockNumber, JobId)>,
	/// Those that could not be looked at: they are tried again with the next block.
	failed: BTreeSet<JobId>,
	/// The claims that were looked at last.
	looked_at: BTreeSet<(JobId, ClaimRoot)>,
	models: Models,
	/// Claims that run, and since when.
	running: BTreeMap<JobId, Instant>,
	looks: JoinSet<Looked>,
	disputes: JoinSet<Pursued>,
	bonds: Arc<Semaphore>,
	/// What was found of claims and how disputes ended, for the one document that there is at the end.
	claims: Vec<Value>,
	ended: Vec<Value>,
	all_well: bool,
}

impl<'a> Watcher<'a> {
	/// A watcher that has taken the claims there are, with so many bonds at once.
	pub(crate) async fn new(context: &'a Context, choice: Choice, bonds: u16) -> Result<Self> {
		let chain = context.chain().await?;
		let heads = chain.heads(false).await?;
		let best = chain.best().await?;
		let mut watcher = Self {
			signer: Arc::new(context.key.signer()?),
			context,
			choice,
			heads,
			blocks: Blocks::since(best.number),
			chain,
			queue: BTreeSet::new(),
			failed: BTreeSet::new(),
			looked_at: BTreeSet::new(),
			models: Models::new(context.library.clone(), context.output),
			running: BTreeMap::new(),
			looks: JoinSet::new(),
			disputes: JoinSet::new(),
			bonds: Arc::new(Semaphore::new(bonds.into())),
			claims: vec![],
			ended: vec![],
			all_well: true,
		};
		watcher.list(best).await?;
		Ok(watcher)
	}

	/// Looks at claims and tells how disputes end, as long as there are any to come; says whether all went well.
	pub(crate) async fn watch(mut self) -> Result<bool> {
		loop {
			while let Some(job) = self.next() {
				if let Err(error) = self.look_at(job).await {
					self.fail(job, error);
				}
			}
			let idle = self.looks.is_empty() && self.disputes.is_empty();
			if self.choice.once && idle && self.queue.is_empty() {
				self.conclude();
				return Ok(self.all_well);
			}
			tokio::select! {
				head = self.heads.next() => {
					head?;
					self.gather().await?;
				}
				Some(looked) = self.looks.join_next() => match looked {
					Ok(looked) => self.judge(looked),
					Err(error) => self.complain(&anyhow!(error).context("a claim was not looked at")),
				},
				Some(pursued) = self.disputes.join_next() => match pursued {
					Ok(pursued) => self.tell(pursued),
					Err(error) => self.complain(&anyhow!(error).context("a dispute was not led to its end")),
				},
			}
		}
	}

	/// The most urgent claim, off the queue, if there is room for it.
	fn next(&mut self) -> Option<JobId> {
		let fresh = self.running.values().any(|since| since.elapsed() < PATIENCE);
		if fresh || self.running.len() >= LANES {
			return None;
		}
		self.queue.pop_first().map(|(_, job)| job)
	}

	/// Takes the claims from before the command began.
	async fn list(&mut self, at: Block) -> Result<()> {
		let chain = self.chain.clone();
		let jobs = chain.jobs().at(at);
		let mut before = None;
		loop {
			let page = jobs.page(self.choice.consumer, before, PAGE).await?;
			let Some(last) = page.last() else { return Ok(()) };
			before = Some(last.id);
			page.iter().for_each(|job| self.take(job));
		}
	}

	/// Takes the claims of the blocks that have come since, and those again that could not be looked at.
	async fn gather(&mut self) -> Result<()> {
		if self.choice.once {
			return Ok(());
		}
		let best = self.chain.best().await?;
		let mut jobs = std::mem::take(&mut self.failed);
		for block in self.blocks.fresh(&self.chain, best).await? {
			match self.chain.jobs().claimed_in(block).await {
				Ok(claimed) => jobs.extend(claimed),
				// It is too old for the node: whatever was claimed since is listed.
				Err(Error::Discarded { .. }) => self.list(best).await?,
				Err(error) => return Err(error.into()),
			}
		}
		for job in jobs {
			// It may be gone already, or was never in this branch.
			if let Some(job) = self.chain.jobs().at(best).find(job).await? {
				self.take(&job);
			}
		}
		self.blocks.forget_below(best.number.saturating_sub(REORGANISED));
		Ok(())
	}

	/// Takes the claim of a job, if it has one that is asked for and that was not looked at.
	fn take(&mut self, job: &Job) {
		let (JobState::Claimed { final_at, .. }, Some(claim)) = (&job.state, job.claim) else {
			return;
		};
		let known = self.looked_at.contains(&(job.id, claim)) || self.running.contains_key(&job.id);
		if self.choice.asks_for(job) && !known {
			self.queue.insert((*final_at, job.id));
		}
	}

	/// Has the job of a claim run, unless it is over or its model is not here.
	async fn look_at(&mut self, job: JobId) -> Result<()> {
		let best = self.chain.best().await?;
		let found = self.chain.jobs().at(best).find(job).await?;
		let standing = found.filter(|job| matches!(job.state, JobState::Claimed { .. }));
		let claim = self.chain.jobs().at(best).claim(job).await?;
		let Some((_, claim)) = standing.zip(claim) else {
			self.all_well = false;
			self.context
				.output
				.notice(&format!("job {job} was over before its claim was looked at"));
			return Ok(());
		};
		let Some(loaded) = self.models.get(&self.chain, &claim, best).await? else {
			self.all_well = false;
			return Ok(());
		};
		self.running.insert(job, Instant::now());
		let output = self.context.output;
		// The engine keeps its thread busy; all else goes on beside it.
		self.looks.spawn(async move {
			let ran = spawn_blocking(move || {
				let case = Case::run(loaded, claim, output)?;
				let accusation = case.accuse()?;
				Ok((case, accusation))
			});
			let ran = ran.await.context("the engine failed").and_then(|ran| ran);
			Looked { job, ran }
		});
		Ok(())
	}

	/// Challenges a claim that is wrong.
	fn judge(&mut self, looked: Looked) {
		let Looked { job, ran } = looked;
		self.running.remove(&job);
		let (case, accusation) = match ran {
			Ok(ran) => ran,
			Err(error) => return self.fail(job, error),
		};
		self.looked_at.insert((job, case.claim));
		if self.looked_at.len() > REMEMBERED {
			self.looked_at.pop_first();
		}
		self.say_found(&case, accusation);
		if let Some(accusation) = accusation {
			let pursuit = Pursuit {
				chain: self.chain.clone(),
				signer: self.signer.clone(),
				case,
				accusation,
				sending: self.context.sending(),
				bonds: self.bonds.clone(),
				output: self.context.output,
			};
			self.disputes.spawn(pursuit.lead());
		}
	}

	/// A claim could not be looked at: it is tried again with the next block, as long as it stands.
	fn fail(&mut self, job: JobId, error: anyhow::Error) {
		self.failed.insert(job);
		self.complain(&error.context(format!("the claim of job {job} was not looked at")));
	}

	fn complain(&mut self, error: &anyhow::Error) {
		self.all_well = false;
		self.context.output.notice(&causes(error));
	}

	/// Tells what was found of a claim.
	fn say_found(&mut self, case: &Case, accusation: Option<Accusation>) {
		let (job, claim) = (case.job, case.claim.to_string());
		let wrong = accusation.map(|accusation| case.places.accusation(accusation));
		let text = match &wrong {
			None => format!("job {job}  claim {claim}: what this machine computes"),
			Some(what) => format!("job {job}  claim {claim}: WRONG, {what}"),
		};
		let document = json!({ "job": job, "claim": claim, "right": wrong.is_none(), "accusation": wrong });
		match self.choice.once {
			true => {
				self.context.output.progress(&text);
				self.claims.push(document);
			}
			false => self.context.output.answer(&document, || text),
		}
	}

	/// Tells how a dispute ended. A claim that was gone may come back with a reorganisation.
	fn tell(&mut self, pursued: Pursued) {
		let Pursued { job, claim, ended } = pursued;
		let output = self.context.output;
		match ended {
			Ok(Some(ended)) => {
				self.all_well &= ended.is_won();
				match self.choice.once {
					true => {
						output.progress(&ended.text());
						self.ended.push(ended.document());
					}
					false => output.answer(&ended.document(), || ended.text()),
				}
			}
			Ok(None) => {
				self.all_well = false;
				self.looked_at.remove(&(job, claim));
				output.notice(&format!(
					"the claim of job {job} was gone before it could be challenged"
				));
			}
			Err(error) => {
				self.looked_at.remove(&(job, claim));
				self.fail(job, error.context("its dispute is not led to the end"));
			}
		}
	}

	/// Answers what was found of all claims.
	fn conclude(&self) {
		let wrong = self
			.claims
			.iter()
			.filter(|claim| claim["right"] == json!(false))
			.count();
		let document = json!({ "claims": self.claims, "disputes": self.ended });
		self.context.output.answer(&document, || {
			format!("{} claims looked at, {wrong} of them wrong", self.claims.len())
		});
	}
}
