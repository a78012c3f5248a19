//! A gateway in this process, in front of a chain that does what a test says.

use anyhow::Result;
use assay_gateway::{
	keys::{self, Terms},
	ledger::{self, Account, KeyNumber, Most, OnChain},
	metrics_router, router, Asked, Chain, Fate, Gateway, Language, Languages, Limits, Lines, Options, Page, Template,
};
use assay_library::Text;
use assay_protocol::{
	job::{JobOutput, JobState, JobSummary},
	model::{ModelMetadata, ModelSummary, VersionSummary},
	Attempt, JobId, ModelId, VersionNumber,
};
use assay_sdk::{
	jobs::{Job, Submission},
	models::Model,
	AccountId, Amount, Error, Failure, Missing, Note, Signed, H256,
};
use assay_trace::{claim::ClaimRoot, Hash32};
use async_trait::async_trait;
use axum::{
	body::{to_bytes, Body},
	http::{header, HeaderMap, Request, StatusCode},
	response::Response,
	Router,
};
use serde_json::Value;
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Arc, Mutex,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

/// What every job can cost at most: escrow and beside.
pub(crate) const MOST: Most = Most { escrow: 50, beside: 10 };
/// That in all.
pub(crate) const COST: u128 = 60;
/// What a final job has cost of its escrow.
pub(crate) const FEE: u128 = 33;
/// What its transaction and its room did cost.
pub(crate) const BESIDE: u128 = 4;
/// What a transaction costs that fails.
pub(crate) const FAILURE: u128 = 3;
/// A small tokenizer: three words, and a token for all others.
const WORDS: &str = r#"{
	"version": "1.0", "added_tokens": [], "truncation": null, "padding": null, "normalizer": null,
	"pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
	"model": {"type": "WordLevel", "vocab": {"?": 0, "a": 1, "b": 2, "c": 3}, "unk_token": "?"}
}"#;

/// What the chain does with jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
	/// Each has a result at once.
	Claims,
	/// None has one until the mood changes.
	Waits,
	/// Each is refunded.
	Refunds,
	/// Each is final, and cost so much of its escrow as [`FEE`] says.
	IsFinal,
	/// The account has no money.
	IsPoor,
	/// The connection is lost before anything is signed.
	IsAway,
	/// The connection is lost while a job is submitted; no block takes it.
	GoesAway,
	/// The same; a block takes it.
	GoesAwayWithIt,
	/// The call fails in a block.
	Fails,
	/// Nobody serves anything.
	HasNoOperator,
}

/// A chain that is made up.
pub(crate) struct Fake {
	mood: watch::Sender<Mood>,
	/// Everything that was submitted, by the numbers of the jobs.
	pub(crate) submitted: Mutex<Vec<Submission>>,
	/// What the final blocks tell of each transaction.
	fates: Mutex<Vec<Fate>>,
	/// Whether the final blocks are so far that they tell of them at all.
	pub(crate) tells: AtomicBool,
}

impl Fake {
	pub(crate) fn set(&self, mood: Mood) {
		self.mood.send_replace(mood);
	}

	pub(crate) fn count(&self) -> usize {
		self.submitted.lock().unwrap().len()
	}

	fn mood(&self) -> Mood {
		*self.mood.borrow()
	}

	/// A transaction, of which nothing becomes unless somebody says so.
	fn sign(&self) -> Signed {
		let mut fates = self.fates.lock().unwrap();
		fates.push(Fate::Never);
		let number = u8::try_from(fates.len() - 1).unwrap();
		Signed {
			transaction: H256([number; 32]),
			first: 1,
			last: 64,
		}
	}

	fn becomes(&self, signed: Signed, fate: Fate) {
		self.fates.lock().unwrap()[usize::from(signed.transaction.0[0])] = fate;
	}

	/// The node forgets what transactions did.
	pub(crate) fn discards(&self, block: H256) {
		self.fates.lock().unwrap().fill(Fate::Discarded(block));
	}

	fn summary(&self, id: JobId) -> Option<Job> {
		let submitted = self.submitted.lock().unwrap();
		let submission = submitted.get(usize::try_from(id.0).ok()?)?.clone();
		let output = match submission.version.model {
			ModelId(0) => JobOutput::Tokens(vec![1, 2, 3].try_into().ok()?),
			_ => JobOutput::Vector(vec![65_536, -32_768].try_into().ok()?),
		};
		Some(JobSummary {
			id,
			consumer: AccountId::from([1; 32]),
			version: submission.version,
			artifact: Hash32([3; 32]),
			input: submission.input,
			generation: submission.generation,
			max_fee: submission.max_fee,
			named_operator: None,
			submitted_at: 1,
			attempt: Attempt(0),
			state: match self.mood() {
				Mood::IsFinal => JobState::Final {
					operator: AccountId::from([7; 32]),
					paid: FEE,
					royalty: 0,
					treasury: 0,
					audits: 0,
					refunded: MOST.escrow - FEE,
				},
				_ => JobState::Claimed {
					operator: AccountId::from([7; 32]),
					price: 1,
					final_at: 9,
				},
			},
			output: Some(output),
			trace: None,
			claim: Some(ClaimRoot(Hash32([5; 32]))),
		})
	}
}

#[async_trait]
impl Chain for Fake {
	async fn models(&self) -> Result<Vec<Model>, Error> {
		Ok(vec![model(0, "writer", None), model(1, "embedder", Some(2))])
	}

	async fn price(&self, asked: Asked) -> Result<(Submission, Most), Error> {
		if self.mood() == Mood::HasNoOperator {
			return Err(Error::Missing(Missing::Offer(asked.version)));
		}
		let submission = Submission {
			version: asked.version,
			input: asked.input,
			generation: asked.generation,
			max_fee: MOST.escrow,
			max_price: 1,
			operator: None,
		};
		Ok((submission, MOST))
	}

	async fn submit(&self, submission: &Submission, note: &Note<'_>) -> Result<OnChain, Error> {
		match self.mood() {
			Mood::IsPoor => {
				return Err(Error::Unpayable {
					account: AccountId::from([1; 32]),
					fee: Default::default(),
					free: Default::default(),
				})
			}
			Mood::IsAway => return Err(Error::Closed),
			_ => {}
		}
		let signed = self.sign();
		note(signed).await.unwrap();
		match self.mood() {
			Mood::GoesAway => return Err(Error::Closed),
			Mood::Fails => {
				self.becomes(signed, Fate::Failed(FAILURE));
				let failure = Failure {
					pallet: None,
					error: "BadOrigin".into(),
					explanation: String::new(),
					is_money: false,
				};
				return Err(Error::Failed {
					failure,
					block: 2,
					fee: Amount(FAILURE),
				});
			}
			_ => {}
		}
		// As long as others need to do the same.
		tokio::task::yield_now().await;
		let job = {
			let mut submitted = self.submitted.lock().unwrap();
			submitted.push(submission.clone());
			JobId(submitted.len() as u64 - 1)
		};
		let on_chain = OnChain {
			job,
			beside: BESIDE,
			block: H256([8; 32]),
		};
		self.becomes(signed, Fate::Placed(on_chain));
		match self.mood() {
			Mood::GoesAwayWithIt => Err(Error::Closed),
			_ => Ok(on_chain),
		}
	}

	async fn fates(&self, signed: &[Signed]) -> Result<Vec<Fate>, Error> {
		let fates = self.fates.lock().unwrap();
		let fate = |signed: &Signed| match self.tells.load(Ordering::Relaxed) {
			true => fates[usize::from(signed.transaction.0[0])],
			false => Fate::Open,
		};
		Ok(signed.iter().map(fate).collect())
	}

	async fn claimed(&self, job: JobId) -> Result<Job, Error> {
		let mut mood = self.mood.subscribe();
		let now = *mood.wait_for(|mood| *mood != Mood::Waits).await.unwrap();
		match now {
			Mood::Refunds => Err(Error::Missing(Missing::Result(job))),
			_ => Ok(self.summary(job).unwrap()),
		}
	}

	async fn job(&self, job: JobId) -> Result<Option<Job>, Error> {
		Ok(self.summary(job))
	}

	async fn final_job(&self, job: JobId) -> Result<Option<Job>, Error> {
		Ok(self.summary(job))
	}
}

fn model(id: u32, name: &str, output_length: Option<u32>) -> Model {
	let version = VersionSummary {
		version: VersionNumber(0),
		artifact: Hash32([3; 32]),
		artifact_bytes: 1,
		tokenizer: Some(Hash32([4; 32])),
		program_bytes: 1,
		positions: 16,
		vocabulary: Some(4),
		output_length,
		royalty: Default::default(),
		retired: false,
		offers: 1,
	};
	ModelSummary {
		id: ModelId(id),
		publisher: AccountId::from([2; 32]),
		metadata: ModelMetadata {
			name: name.as_bytes().to_vec().try_into().unwrap(),
			description: Default::default(),
			licence: Default::default(),
			tags: Default::default(),
		},
		deposit: 0,
		versions: vec![version],
	}
}

/// Every model has the small tokenizer.
struct Words;

impl Languages for Words {
	fn of(&self, _: &VersionSummary) -> Result<Language> {
		Ok(Language {
			text: Text::from_bytes(WORDS.as_bytes())?,
			template: Template::default(),
		})
	}
}

/// A key that may spend so much.
pub(crate) fn up_to(limit: u128) -> Terms {
	Terms {
		limit: Some(limit),
		..Terms::default()
	}
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
	pub(crate) status: StatusCode,
	pub(crate) headers: HeaderMap,
	pub(crate) text: String,
}

impl Answer {
	pub(crate) fn document(&self) -> Value {
		serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
	}

	/// The code and the parameter of an error.
	pub(crate) fn error(&self) -> (u16, Value, Value) {
		let error = &self.document()["error"];
		assert!(error["message"].is_string() && error["type"].is_string(), "{self:?}");
		(self.status.as_u16(), error["code"].clone(), error["param"].clone())
	}
}

/// A gateway with one key.
#[derive(Clone)]
pub(crate) struct Bench {
	pub(crate) chain: Arc<Fake>,
	key: String,
	router: Router,
	gateway: Arc<Gateway>,
	folder: Arc<TempDir>,
}

impl Bench {
	/// With a key that may spend so much.
	pub(crate) fn new(limit: u128) -> Self {
		Self::with(limit, Limits::default())
	}

	/// The same with lines.
	pub(crate) fn with_lines(limit: u128, lines: impl Lines) -> Self {
		Self::made(limit, Options::default(), Some(Arc::new(lines)))
	}

	pub(crate) fn with(limit: u128, limits: Limits) -> Self {
		let options = Options {
			limits,
			..Options::default()
		};
		Self::made(limit, options, None)
	}

	/// With a page beside it.
	pub(crate) fn with_page(page: Page) -> Self {
		let options = Options {
			page: Some(page),
			..Options::default()
		};
		Self::made(0, options, None)
	}

	fn made(limit: u128, options: Options, lines: Option<Arc<dyn Lines>>) -> Self {
		let folder = Arc::new(tempfile::tempdir().unwrap());
		let (_, key) = keys::create(folder.path(), "tester", up_to(limit), 0).unwrap();
		let chain = Arc::new(Fake {
			mood: watch::channel(Mood::Claims).0,
			submitted: Mutex::default(),
			fates: Mutex::default(),
			tells: AtomicBool::new(true),
		});
		Self::open(chain, lines, key, folder, options)
	}

	fn open(
		chain: Arc<Fake>,
		lines: Option<Arc<dyn Lines>>,
		key: String,
		folder: Arc<TempDir>,
		options: Options,
	) -> Self {
		let gateway = Arc::new(Gateway::new(chain.clone(), lines, Words, folder.path(), options).unwrap());
		Self {
			chain,
			key,
			router: router(gateway.clone()),
			gateway,
			folder,
		}
	}

	/// Another gateway after this one, which is gone without a warning.
	pub(crate) fn killed(self) -> Self {
		self.killed_before(None)
	}

	/// The same, with lines.
	pub(crate) fn killed_with(self, lines: impl Lines) -> Self {
		self.killed_before(Some(Arc::new(lines)))
	}

	fn killed_before(self, lines: Option<Arc<dyn Lines>>) -> Self {
		let Self {
			chain,
			key,
			router,
			gateway,
			folder,
		} = self;
		drop((router, gateway));
		Self::open(chain, lines, key, folder, Options::default())
	}

	/// Looks at the open charges once.
	pub(crate) async fn settle(&self) {
		self.gateway.settle().await;
	}

	/// Its key has other terms.
	pub(crate) fn change(&self, terms: Terms) {
		keys::change(self.folder.path(), "tester", terms).unwrap();
	}

	/// What Prometheus is told.
	pub(crate) async fn metrics(&self) -> String {
		let request = Request::get("/metrics").body(Body::empty()).unwrap();
		answer(metrics_router(self.gateway.clone()), request).await.text
	}

	/// Another key that may spend so much, in the place of this one.
	pub(crate) fn with_key(&self, name: &str, limit: u128) -> Self {
		let (_, key) = keys::create(self.folder.path(), name, up_to(limit), 0).unwrap();
		self.with_secret(&key)
	}

	/// Another secret in the place of the key's.
	pub(crate) fn with_secret(&self, secret: &str) -> Self {
		Self {
			key: secret.into(),
			..self.clone()
		}
	}

	/// What the books have of the key with a number.
	pub(crate) fn account(&self, key: u32) -> Account {
		let accounts = ledger::accounts(self.folder.path()).unwrap();
		accounts.get(&KeyNumber(key)).copied().unwrap_or_default()
	}

	pub(crate) async fn post(&self, path: &str, document: &Value) -> Answer {
		self.send(self.request(path, document)).await
	}

	pub(crate) fn request(&self, path: &str, document: &Value) -> Request<Body> {
		Request::post(path)
			.header(header::AUTHORIZATION, format!("Bearer {}", self.key))
			.header(header::CONTENT_TYPE, "application/json")
			.body(Body::from(document.to_string()))
			.unwrap()
	}

	pub(crate) async fn get(&self, path: &str) -> Answer {
		let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", self.key));
		self.send(request.body(Body::empty()).unwrap()).await
	}

	pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
		answer(self.router.clone(), request).await
	}

	/// An answer of which the body may still be on its way.
	pub(crate) async fn begin(&self, path: &str, document: &Value) -> Response {
		self.router.clone().oneshot(self.request(path, document)).await.unwrap()
	}
}

async fn answer(router: Router, request: Request<Body>) -> Answer {
	Answer::of(router.oneshot(request).await.unwrap()).await
}

impl Answer {
	/// Waits for the end of a body.
	pub(crate) async fn of(response: Response) -> Self {
		let (parts, body) = response.into_parts();
		let bytes = to_bytes(body, usize::MAX).await.unwrap();
		Self {
			status: parts.status,
			headers: parts.headers,
			text: String::from_utf8(bytes.to_vec()).unwrap(),
		}
	}
}
