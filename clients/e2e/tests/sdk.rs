//! Applications that stand on the SDK: many transactions of one key at the same time, and what may happen to them.

use anyhow::{ensure, Context, Result};
use assay_e2e::{until, Node, Scene, Served};
use assay_sdk::{
	events::JobSubmitted,
	jobs::{self, Generation, Input, Sampler, Submission},
	keys,
	protocol::{job::JobInput, refusal::Part, JobId, ModelVersion},
	AccountId, Assay, Call, Error, Fate, Missing, Noted, Patience, Sending, Signed, Signer,
};
use serde_json::json;
use std::{
	collections::{BTreeMap, BTreeSet},
	net::TcpListener,
	ops::Range,
	process::Command,
	sync::{Arc, Mutex},
	thread,
	time::Duration,
};
use tokio::{runtime::Runtime, task::JoinHandle};

/// How long all transactions may take together.
const LIMIT: Duration = Duration::from_secs(180);
/// A vector has no tokens to generate.
const NOTHING: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 0,
	ignore_stop: false,
};

/// Bob with a connection, who buys embeddings. Each job is of another token, by which it is known.
struct Buyer {
	runtime: Arc<Runtime>,
	assay: Assay,
	bob: Signer,
	/// What he submits, but for the token.
	usual: Submission,
}

/// A job that is on its way.
type Bought = JoinHandle<Result<JobId, Error>>;

impl Buyer {
	fn new(node: &Node, served: &Served) -> Result<Self> {
		let (model, version) = served.id.split_once('.').context("a version without a point")?;
		let version = ModelVersion {
			model: model.parse()?,
			version: version.parse()?,
		};
		let runtime = Runtime::new()?;
		let assay = runtime.block_on(Assay::connect(&node.url()))?;
		let usual = runtime.block_on(assay.jobs().prepare(version, of_token(0)?, NOTHING))?;
		Ok(Self {
			runtime: Arc::new(runtime),
			assay,
			bob: keys::signer("//Bob")?,
			usual,
		})
	}

	/// The same over a connection of its own, as another program has.
	fn another(&self, node: &Node) -> Result<Self> {
		Ok(Self {
			runtime: self.runtime.clone(),
			assay: self.runtime.block_on(Assay::connect(&node.url()))?,
			bob: self.bob.clone(),
			usual: self.usual.clone(),
		})
	}

	fn account(&self) -> AccountId {
		keys::account_of(&self.bob)
	}

	/// Starts to buy a job of each token, all at the same time.
	fn start(&self, tokens: Range<u32>) -> Result<BTreeMap<u32, Bought>> {
		tokens.map(|token| Ok((token, self.start_one(token)?))).collect()
	}

	fn start_one(&self, token: u32) -> Result<Bought> {
		self.start_with(Submission {
			input: of_token(token)?,
			..self.usual.clone()
		})
	}

	fn start_with(&self, submission: Submission) -> Result<Bought> {
		let (assay, bob) = (self.assay.clone(), self.bob.clone());
		Ok(self
			.runtime
			.spawn(async move { assay.jobs().submit(&bob, submission).await }))
	}

	/// Waits until all are bought; the jobs by token.
	fn finish(&self, bought: BTreeMap<u32, Bought>) -> Result<BTreeMap<u32, JobId>> {
		let all = async {
			let mut jobs = BTreeMap::new();
			for (token, job) in bought {
				jobs.insert(token, job.await?.with_context(|| format!("the job of token {token}"))?);
			}
			anyhow::Ok(jobs)
		};
		self.runtime
			.block_on(async { tokio::time::timeout(LIMIT, all).await })
			.context("not all jobs were submitted in time")?
	}

	/// Checks that Bob has exactly the jobs of these tokens on the chain, one each, and sent no other transaction.
	fn check(&self, node: &Node, jobs: &BTreeMap<u32, JobId>) -> Result<()> {
		let distinct: BTreeSet<_> = jobs.values().map(|job| job.0).collect();
		assert_eq!(distinct.len(), jobs.len(), "{jobs:?}");
		let listed = self
			.runtime
			.block_on(self.assay.jobs().list(Some(self.account()), 100))?;
		let on_chain: BTreeMap<_, _> = listed.into_iter().map(|job| (job.id.0, job.input)).collect();
		let mut expected = BTreeMap::new();
		for (token, job) in jobs {
			expected.insert(job.0, of_token(*token)?);
		}
		assert_eq!(on_chain, expected);
		assert_eq!(self.nonce(node)?, jobs.len() as u64);
		Ok(())
	}

	/// How many transactions of Bob's are included or wait.
	fn nonce(&self, node: &Node) -> Result<u64> {
		let nonce = node.rpc().call("system_accountNextIndex", json!([self.account()]))?;
		nonce.as_u64().context("a nonce is a number")
	}
}

fn of_token(token: u32) -> Result<JobInput> {
	Ok(jobs::input(Input::Tokens(vec![token]))?)
}

/// How many transactions wait in a node's pool.
fn pending(node: &Node) -> Result<usize> {
	let pending = node.rpc().call("author_pendingExtrinsics", json!([]))?;
	Ok(pending.as_array().context("the pool is a list")?.len())
}

fn wait_for_pending(node: &Node, count: usize) -> Result<()> {
	until(&format!("{count} transactions to wait"), LIMIT, || {
		Ok((pending(node)? == count).then_some(()))
	})
}

/// A node that makes no blocks, beside the one that does; it listens for clients on the same port after a restart.
fn entrance(scene: &Scene, author: &Node) -> Result<Node> {
	let mut options = scene.options("entrance", &format!("--worker off --bootnodes {}", author.bootnode()?));
	options.ports.rpc = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
	let entrance = Node::start(&scene.binaries, options)?;
	until("the entrance to have the blocks of the author", LIMIT, || {
		Ok((entrance.rpc().best()? >= author.rpc().best()?).then_some(()))
	})?;
	Ok(entrance)
}

/// Has the entrance lose what waits in its pool, and then the author make blocks again.
fn forget(entrance: &mut Node, author: &mut Node) -> Result<()> {
	entrance.terminate()?;
	entrance.restart()?;
	author.restart()
}

#[test]
fn twenty_parallel_submits_with_one_key_are_twenty_distinct_jobs() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let buyer = Buyer::new(&node, &scene.embedder(&node)?)?;
	let jobs = buyer.finish(buyer.start(0..20)?)?;
	assert_eq!(jobs.len(), 20);
	buyer.check(&node, &jobs)?;
	scene.end()
}

#[test]
fn programs_that_sign_with_one_key_at_once_get_all_of_theirs_in() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let served = scene.embedder(&node)?;
	let one = Buyer::new(&node, &served)?;
	let another = one.another(&node)?;
	let bought = (one.start(0..10)?, another.start(10..20)?);
	let command_line = scene.assay(&node).signing_as("//Bob");
	let mut jobs = thread::scope(|scope| {
		let started: Vec<_> = (20..24)
			.map(|token| {
				let (command_line, model) = (&command_line, &served.id);
				let submit = move || command_line.ok(&format!("job submit --model {model} --tokens {token}"));
				(token, scope.spawn(submit))
			})
			.collect();
		let mut jobs = BTreeMap::new();
		for (token, started) in started {
			let submitted = started.join().expect("a command returns its errors")?;
			jobs.insert(token, JobId(submitted["job"].as_u64().context("a job has a number")?));
		}
		anyhow::Ok(jobs)
	})?;
	jobs.extend(one.finish(bought.0)?);
	jobs.extend(another.finish(bought.1)?);
	assert_eq!(jobs.len(), 24);
	one.check(&node, &jobs)?;
	scene.end()
}

#[test]
fn what_a_restarting_node_forgot_is_included_all_the_same_and_once() -> Result<()> {
	let scene = Scene::quick()?;
	let mut author = scene.development()?;
	let served = scene.embedder(&author)?;
	let mut entrance = entrance(&scene, &author)?;
	let buyer = Buyer::new(&entrance, &served)?;
	// Without an author all of them wait in the pool, and nowhere else.
	author.terminate()?;
	let bought = buyer.start(0..10)?;
	wait_for_pending(&entrance, 10)?;
	forget(&mut entrance, &mut author)?;
	let jobs = buyer.finish(bought)?;
	buyer.check(&entrance, &jobs)?;
	scene.end()
}

#[test]
fn a_lost_transaction_that_nobody_waits_for_does_not_hold_up_the_next() -> Result<()> {
	let scene = Scene::quick()?;
	let mut author = scene.development()?;
	let served = scene.embedder(&author)?;
	let mut entrance = entrance(&scene, &author)?;
	let buyer = Buyer::new(&entrance, &served)?;
	author.terminate()?;
	let abandoned = buyer.start_one(0)?;
	wait_for_pending(&entrance, 1)?;
	abandoned.abort();
	let next = buyer.start(1..2)?;
	wait_for_pending(&entrance, 2)?;
	forget(&mut entrance, &mut author)?;
	let mut jobs = buyer.finish(next)?;
	// Whoever has to wait for it hands it over again.
	let second = jobs[&1];
	let first = JobId(second.0.checked_sub(1).context("no job comes before it")?);
	jobs.insert(0, first);
	buyer.check(&entrance, &jobs)?;
	scene.end()
}

#[test]
fn calls_that_fail_say_why_and_do_not_hold_up_those_beside_them() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	let buyer = Buyer::new(&node, &scene.embedder(&node)?)?;
	let mut good = BTreeMap::new();
	let mut bad = vec![];
	for token in 0..8 {
		good.insert(token, buyer.start_one(token)?);
		// More than there is.
		bad.push(buyer.start_with(Submission {
			max_fee: u128::MAX / 2,
			..buyer.usual.clone()
		})?);
	}
	let jobs = buyer.finish(good)?;
	assert_eq!(jobs.len(), 8);
	// Those that could not be tried out, for others waited before them, failed in a block.
	let mut included = 0;
	for job in bad {
		let error = buyer.runtime.block_on(job)?.err().context("nobody has so much")?;
		assert!(error.failure().is_some(), "{error}");
		included += u64::from(matches!(error, Error::Failed { .. }));
	}
	assert_eq!(buyer.nonce(&node)?, 8 + included);
	scene.end()
}

#[test]
fn errors_are_told_apart() -> Result<()> {
	let scene = Scene::quick()?;
	let mut node = scene.development()?;
	let served = scene.embedder(&node)?;
	let buyer = Buyer::new(&node, &served)?;
	let (assay, bob, version) = (&buyer.assay, &buyer.bob, buyer.usual.version);
	let alice = keys::account("//Alice")?;
	let impatient = Patience {
		start: Duration::ZERO,
		restart: Duration::ZERO,
	};
	let leaving = buyer
		.runtime
		.block_on(Assay::connect_patiently(&node.url(), impatient, || ()))?;
	buyer.runtime.block_on(async {
		let missing = assay.jobs().get(JobId(99)).await.err().context("job 99")?;
		assert!(matches!(missing, Error::Missing(Missing::Job(JobId(99)))), "{missing}");
		let too_long = assay.jobs().quote(version, 9_999, 0).await.err().context("a quote")?;
		let Error::CannotRun(refusal) = &too_long else {
			panic!("{too_long}");
		};
		assert!(refusal.part == Part::Input && refusal.limit.is_some(), "{too_long}");
		let little = assay.staking().delegate(bob, alice, 1).await.err().context("a stake")?;
		assert!(matches!(little, Error::WouldFail { .. }), "{little}");
		assert!(
			little
				.failure()
				.is_some_and(|failure| failure.is("Staking", "DelegationBelowMinimum")),
			"{little}"
		);
		let poor = keys::signer("//Nobody")?;
		let unpayable = assay
			.accounts()
			.transfer(&poor, alice, 1)
			.await
			.err()
			.context("money")?;
		assert!(matches!(unpayable, Error::Unpayable { .. }), "{unpayable}");
		let untried = Sending {
			tried: false,
			..Sending::default()
		};
		let call = assay_sdk::Call::transfer(alice, 1);
		let refused = assay.submit(&call, &poor, untried).await.err().context("money")?;
		assert!(
			matches!(&refused, Error::Refused(refusal) if refusal.code == 1010),
			"{refused}"
		);
		let call = assay_sdk::Call::cancel(JobId(99));
		let failed = assay.submit(&call, bob, untried).await.err().context("job 99")?;
		assert!(matches!(failed, Error::Failed { .. }), "{failed}");
		anyhow::Ok(())
	})?;
	node.terminate()?;
	let lost = buyer
		.runtime
		.block_on(leaving.best())
		.err()
		.context("a node that is gone")?;
	assert!(lost.is_disconnected(), "{lost}");
	scene.end()
}

/// What became of transactions, once that is known of all of them.
async fn told(assay: &Assay, signed: &[Signed]) -> Result<Vec<Fate>> {
	let mut heads = assay.heads(true).await?;
	let told = tokio::time::timeout(LIMIT, async {
		loop {
			let fates = assay.fates(signed).await?;
			if !fates.iter().any(|fate| matches!(fate, Fate::Open)) {
				return anyhow::Ok(fates);
			}
			heads.next().await?;
		}
	});
	told.await?
}

#[test]
fn final_blocks_tell_what_became_of_a_transaction() -> Result<()> {
	let scene = Scene::quick()?;
	// States go sooner than the life of a transaction ends.
	let node = Node::start(&scene.binaries, scene.options("alice", "--dev --state-pruning 32"))?;
	let buyer = Buyer::new(&node, &scene.embedder(&node)?)?;
	let (assay, bob) = (&buyer.assay, &buyer.bob);
	let noted = Mutex::new(vec![]);
	let hear = |signed: Signed| noted.lock().expect("nobody panicked").push(signed);
	let note = |signed| -> Noted<'_> {
		hear(signed);
		Box::pin(async { Ok(()) })
	};
	let refuse = |signed| -> Noted<'_> {
		hear(signed);
		Box::pin(async { Err("the disk is full".into()) })
	};
	let untried = Sending {
		tried: false,
		..Sending::default()
	};
	buyer.runtime.block_on(async {
		let sent = assay
			.jobs()
			.submit_noted(bob, &buyer.usual, Sending::default(), &note)
			.await?;
		let cancel = Call::cancel(JobId(99));
		let failed = assay.submit_noted(&cancel, bob, untried, &note).await.err();
		let Some(Error::Failed { fee: paid, .. }) = failed else {
			panic!("{failed:?}");
		};
		let unsent = assay.submit_noted(&cancel, bob, untried, &refuse).await.err();
		assert!(
			matches!(&unsent, Some(Error::NotNoted { reason }) if reason == "the disk is full"),
			"{unsent:?}"
		);
		let signed = noted.lock().expect("nobody panicked").clone();
		let fates = told(assay, &signed[..2]).await?;
		let [Fate::Included(receipt), Fate::Failed { failure, fee }] = &fates[..] else {
			panic!("{fates:?}");
		};
		let JobSubmitted { job, room } = receipt.event()?;
		assert_eq!((job, room, receipt.fee), (sent.job, sent.room, sent.receipt.fee));
		assert!(
			failure.pallet.as_deref() == Some("Jobs") && *fee == paid && paid.0 > 0,
			"{failure}"
		);
		let open = assay.fates(&signed[2..]).await?;
		assert!(matches!(open[..], [Fate::Open]), "{open:?}");
		let late = told(assay, &signed[2..]).await?;
		assert!(matches!(late[..], [Fate::Never]), "{late:?}");
		let late = assay.fates(&signed[..1]).await?;
		assert!(
			matches!(late[..], [Fate::Discarded(block)] if block.hash == receipt.block_hash),
			"{late:?}"
		);
		anyhow::Ok(())
	})?;
	assert_eq!(buyer.nonce(&node)?, 2);
	scene.end()
}

#[test]
fn the_example_of_the_sdk_buys_several_jobs_at_once() -> Result<()> {
	let scene = Scene::quick()?;
	let node = scene.development()?;
	scene.embedder(&node)?;
	let output = Command::new(scene.binaries.example("embed")?)
		.args([&node.url(), "//Bob", "1,2,3", "1,2,3,4", "7,8,9"])
		.output()?;
	let (said, complained) = (
		String::from_utf8(output.stdout)?,
		String::from_utf8_lossy(&output.stderr).into_owned(),
	);
	ensure!(output.status.success(), "{said}{complained}");
	let lines: Vec<_> = said.lines().collect();
	let vectors: BTreeSet<_> = lines
		.iter()
		.filter(|line| line.ends_with("is a vector of 64"))
		.filter_map(|line| line.split(':').next())
		.collect();
	assert_eq!(vectors.len(), 3, "{said}");
	assert!(
		lines.last().is_some_and(|line| line.contains("are most alike: ")),
		"{said}"
	);
	scene.end()
}
