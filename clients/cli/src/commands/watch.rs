//! `assay watch`.

use super::{parse_version, Context};
use crate::{
	blocks::Blocks,
	case::Case,
	challenger::{Challenger, Ended},
	execute::{check_program, Loaded},
	output::Output,
	Outcome,
};
use anyhow::{Context as _, Result};
use assay_protocol::{
	dispute::{Accusation, DisputedClaim},
	job::JobState,
	JobId, ModelVersion,
};
use assay_sdk::{jobs::Job, keys::account, AccountId, Assay, Block, BlockNumber, Heads, Sending, Signer};
use assay_trace::{claim::ClaimRoot, Hash32};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};
use tokio::{
	sync::{Mutex, Semaphore},
	task::{spawn_blocking, JoinSet},
};

/// Jobs that are asked for at once when the command begins.
const PAGE: u32 = 100;
/// Blocks that a reorganisation may take back: those before them are not looked at again.
const REORGANISED: BlockNumber = 256;
/// Claims that are remembered as looked at.
const REMEMBERED: usize = 100_000;

/// Whose claims to look at.
#[derive(Debug, clap::Args)]
#[command(
	after_help = "Each claim that can be challenged, those from before the command began included, is run on this machine, the \
	one that becomes final first before all others. A wrong one is challenged under a bond, and its dispute led to the end beside \
	the next claims; a dispute that an earlier run of this command has left open goes on. Claims of models whose artifact is not \
	in the folder of artifacts are passed over, and said to be. With --json there is a line with a document for each claim that was \
	looked at and for each dispute that ended; with --once as well there is one document with all of them."
)]
pub(crate) struct Watch {
	/// Only claims of this model version; it may be given more than once.
	#[arg(long = "model", value_name = "MODEL.VERSION", value_parser = parse_version)]
	models: Vec<ModelVersion>,
	/// Only claims of jobs that this account pays for.
	#[arg(long, value_name = "ACCOUNT", value_parser = account)]
	consumer: Option<AccountId>,
	/// Disputes at once at most: each holds a bond until it is over.
	#[arg(long, default_value_t = 4, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
	bonds: u16,
	/// Look at the claims that there are now, lead their disputes to the end, and stop: 0 if each is right or was struck down, 2 if a
	/// challenge was lost or a claim could not be looked at.
	#[arg(long)]
	once: bool,
}

/// How a dispute that was to be opened ended; none if the claim was gone before it could be.
type Pursued = (JobId, Result<Option<Ended>>);

impl Watch {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let chain = context.chain().await?;
		let mut heads = chain.heads(false).await?;
		let best = chain.best().await?;
		let mut watcher = Watcher {
			bonds: Arc::new(Semaphore::new(self.bonds.into())),
			challenging: Arc::default(),
			signer: Arc::new(context.key.signer()?),
			watch: self,
			context,
			chain,
			blocks: Blocks::since(best.number),
			queue: BTreeSet::new(),
			looked_at: BTreeSet::new(),
			models: BTreeMap::new(),
			disputes: JoinSet::new(),
			claims: vec![],
			ended: vec![],
			all_well: true,
		};
		watcher.list(best).await?;
		watcher.watch(&mut heads).await
	}

	/// Whether the claim of a job is to be looked at.
	fn asks_for(&self, job: &Job) -> bool {
		(self.models.is_empty() || self.models.contains(&job.version))
			&& self.consumer.is_none_or(|consumer| consumer == job.consumer)
	}
}

/// Looks at claims.
struct Watcher<'a> {
	watch: Watch,
	context: &'a Context,
	chain: Assay,
	signer: Arc<Signer>,
	blocks: Blocks,
	/// Claims to look at, by the block in which they may become final.
	queue: BTreeSet<(BlockNumber, JobId)>,
	/// The claims that were looked at last.
	looked_at: BTreeSet<(JobId, ClaimRoot)>,
	/// Models by the roots of their artifacts; none for an artifact that is not here.
	models: BTreeMap<Hash32, Option<Arc<Loaded>>>,
	disputes: JoinSet<Pursued>,
	bonds: Arc<Semaphore>,
	/// Held by whoever challenges: pools hold one challenge of an account at a time.
	challenging: Arc<Mutex<()>>,
	/// What was found of claims and how disputes ended, for the one document that there is at the end.
	claims: Vec<Value>,
	ended: Vec<Value>,
	all_well: bool,
}

impl Watcher<'_> {
	/// Looks at claims and tells how disputes end, as long as there are any to come.
	async fn watch(mut self, heads: &mut Heads) -> Result<Outcome> {
		loop {
			while let Some(pursued) = self.disputes.try_join_next() {
				self.tell(pursued?);
			}
			if !self.watch.once {
				self.gather().await?;
			}
			if let Some((_, job)) = self.queue.pop_first() {
				if let Err(error) = self.look_at(job).await {
					self.all_well = false;
					let error = error.context(format!("the claim of job {job} was not looked at"));
					self.context.output.notice(&crate::output::causes(&error));
				}
				continue;
			}
			if self.watch.once && self.disputes.is_empty() {
				return Ok(self.conclude());
			}
			tokio::select! {
				head = heads.next() => drop(head?),
				Some(pursued) = self.disputes.join_next() => self.tell(pursued?),
			}
		}
	}

	/// Takes the claims from before the command began.
	async fn list(&mut self, at: Block) -> Result<()> {
		let chain = self.chain.clone();
		let jobs = chain.jobs().at(at);
		let mut before = None;
		loop {
			let page = jobs.page(self.watch.consumer, before, PAGE).await?;
			let Some(last) = page.last() else { return Ok(()) };
			before = Some(last.id);
			page.iter().for_each(|job| self.take(job));
		}
	}

	/// Takes the claims of the blocks that have come since.
	async fn gather(&mut self) -> Result<()> {
		let best = self.chain.best().await?;
		for block in self.blocks.fresh(&self.chain, best).await? {
			for job in self.chain.jobs().claimed_in(block).await? {
				// It may be gone already, or was never in this branch.
				if let Some(job) = self.chain.jobs().at(best).find(job).await? {
					self.take(&job);
				}
			}
		}
		self.blocks.forget_below(best.number.saturating_sub(REORGANISED));
		Ok(())
	}

	/// Takes the claim of a job, if it has one that is asked for.
	fn take(&mut self, job: &Job) {
		if let (JobState::Claimed { final_at, .. }, true) = (&job.state, self.watch.asks_for(job)) {
			self.queue.insert((*final_at, job.id));
		}
	}

	/// Runs the job of a claim and challenges it if it is wrong.
	async fn look_at(&mut self, job: JobId) -> Result<()> {
		let best = self.chain.best().await?;
		let claim = self.chain.jobs().at(best).claim(job).await?;
		let stands = standing(&self.chain, job, best).await?;
		let Some(claim) = claim.filter(|claim| stands == Some(claim.root())) else {
			self.context
				.output
				.notice(&format!("job {job} was over before its claim was looked at"));
			return Ok(());
		};
		let root = claim.root();
		if !self.looked_at.insert((job, root)) {
			return Ok(());
		}
		if self.looked_at.len() > REMEMBERED {
			self.looked_at.pop_first();
		}
		let Some(loaded) = self.model(&claim, best).await? else {
			self.all_well = false;
			return Ok(());
		};
		let output = self.context.output;
		// The engine keeps this thread busy; disputes go on beside it.
		let ran = spawn_blocking(move || {
			let case = Case::run(loaded, claim, output)?;
			let accusation = case.accuse()?;
			anyhow::Ok((case, accusation))
		});
		let (case, accusation) = ran.await??;
		self.say_found(&case, accusation);
		if let Some(accusation) = accusation {
			let pursuit = Pursuit {
				chain: self.chain.clone(),
				signer: self.signer.clone(),
				case,
				accusation,
				sending: self.context.sending(),
				challenging: self.challenging.clone(),
				output,
			};
			let bonds = self.bonds.clone();
			self.disputes.spawn(async move {
				let _bond = bonds.acquire_owned().await;
				(job, pursuit.lead().await)
			});
		}
		Ok(())
	}

	/// The model that a claim is about, if its artifact is here. That it is not is said once.
	async fn model(&mut self, claim: &DisputedClaim, at: Block) -> Result<Option<Arc<Loaded>>> {
		if let Some(known) = self.models.get(&claim.artifact) {
			return Ok(known.clone());
		}
		let (library, root) = (self.context.library.clone(), claim.artifact);
		let program = self.chain.models().at(at).program(claim.version).await?;
		let loaded = match self.context.library.find(root)? {
			None => {
				let folder = library.folder()?;
				self.context.output.notice(&format!(
					"claims of model {} are passed over: no artifact with root {root} is in {}",
					claim.version,
					folder.display()
				));
				None
			}
			Some(_) => {
				let verified = spawn_blocking(move || {
					let artifact = library.verified(root, None)?;
					check_program(&artifact, &program)?;
					Loaded::new(artifact)
				});
				Some(Arc::new(verified.await??))
			}
		};
		self.models.insert(root, loaded.clone());
		Ok(loaded)
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
		match self.watch.once {
			true => {
				self.context.output.progress(&text);
				self.claims.push(document);
			}
			false => self.context.output.answer(&document, || text),
		}
	}

	/// Answers what was found of all claims.
	fn conclude(&self) -> Outcome {
		let wrong = self
			.claims
			.iter()
			.filter(|claim| claim["right"] == json!(false))
			.count();
		let document = json!({ "claims": self.claims, "disputes": self.ended });
		self.context.output.answer(&document, || {
			format!("{} claims looked at, {wrong} of them wrong", self.claims.len())
		});
		match self.all_well {
			true => Outcome::Done,
			false => Outcome::Unfavourable,
		}
	}

	/// Tells how a dispute ended.
	fn tell(&mut self, (job, pursued): Pursued) {
		let output = self.context.output;
		match pursued {
			Ok(Some(ended)) => {
				self.all_well &= ended.is_won();
				match self.watch.once {
					true => {
						output.progress(&ended.text());
						self.ended.push(ended.document());
					}
					false => output.answer(&ended.document(), || ended.text()),
				}
			}
			Ok(None) => output.notice(&format!(
				"the claim of job {job} was gone before it could be challenged"
			)),
			Err(error) => {
				self.all_well = false;
				let error = error.context(format!("the dispute about job {job} is not led to its end"));
				output.notice(&crate::output::causes(&error));
			}
		}
	}
}

/// The root of the claim of a job, if it can still fall.
async fn standing(chain: &Assay, job: JobId, at: Block) -> Result<Option<ClaimRoot>> {
	let job = chain.jobs().at(at).find(job).await?;
	let claimed = job.filter(|job| matches!(job.state, JobState::Claimed { .. }));
	Ok(claimed.and_then(|job| job.claim))
}

/// A wrong claim that is to be struck down.
struct Pursuit {
	chain: Assay,
	signer: Arc<Signer>,
	case: Case,
	accusation: Accusation,
	sending: Sending,
	challenging: Arc<Mutex<()>>,
	output: Output,
}

impl Pursuit {
	/// Opens a dispute, or takes up the one that is open, and leads it to its end. A challenge that is refused, for want of money or of
	/// room, is tried again with each block as long as the claim stands.
	async fn lead(&self) -> Result<Option<Ended>> {
		let challenger = Challenger {
			chain: &self.chain,
			signer: &self.signer,
			case: &self.case,
			among_others: true,
			output: self.output,
		};
		let mut heads = self.chain.heads(false).await?;
		let mut said = String::new();
		loop {
			let best = self.chain.best().await?;
			if let Some(open) = challenger.open_dispute(best).await? {
				return Ok(Some(
					challenger.dispute(open.id, best.number, self.sending.finalized).await?,
				));
			}
			if standing(&self.chain, self.case.job, best).await? != Some(self.case.claim) {
				return Ok(None);
			}
			let challenging = self.challenging.lock().await;
			let opened = challenger.open(self.accusation, self.sending).await;
			drop(challenging);
			match opened {
				Ok((id, first)) => return Ok(Some(challenger.dispute(id, first, self.sending.finalized).await?)),
				Err(error) => {
					let error = error.context(format!("job {} is not challenged yet", self.case.job));
					let text = crate::output::causes(&error);
					if text != said {
						self.output.notice(&text);
						said = text;
					}
				}
			}
			heads.next().await.context("waiting for the next block")?;
		}
	}
}
