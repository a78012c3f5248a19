//! Attacks on the draw by who makes blocks: four validators, of which one works and lies.

use super::{
	attack::{Attack, Loss, Played, Row},
	settle::{settle, Member},
	submitted,
	work::defend,
	GENERATED, LIMIT, PAUSE,
};
use crate::{
	models::generator,
	money::Books,
	network::{finalised, Network},
	node::Node,
	party::{account, Party},
	rpc::Rpc,
	scene::{Served, PRICE},
	wait::until,
};
use anyhow::{bail, ensure, Context, Result};
use assay_adversary::{Cheat, Fraud, Worker};
use assay_artifact::Artifact;
use assay_protocol::{Attempt, DisputeId, JobId};
use assay_runtime::{time::TESTNET_DRAW_WINDOW, AccountId, Hash, Runtime, RuntimeEvent};
use assay_trace::{draw::draw_place, Hash32};
use codec::Encode;
use pallet_assay_audits::{Audit, Audits};
use pallet_assay_beacon::{Window, Windows};
use serde_json::{json, Value};
use sp_io::hashing::blake2_256;
use std::thread;

/// The validator that works and lies.
const CHEAT: &str = "//Alice";
const CONSUMER: &str = "//Ferdie";
const CHALLENGER: &str = "//Eve";
const EVERYBODY: [Member; 6] = [
	Member {
		name: CHEAT,
		role: "validator",
	},
	Member {
		name: "//Bob",
		role: "validator",
	},
	Member {
		name: "//Charlie",
		role: "validator",
	},
	Member {
		name: "//Dave",
		role: "validator",
	},
	Member {
		name: CONSUMER,
		role: "consumer",
	},
	Member {
		name: CHALLENGER,
		role: "challenger",
	},
];
/// Claims of one attack, the last of which is a lie: so few that all are made before the clocks of the first run out.
const CLAIMS: u8 = 3;
/// What the number is for that chooses a cell.
const CELL: u8 = 2;

/// Four validators with a model that one of them serves, and lies about.
pub struct Election {
	network: Network,
	served: Served,
	artifact: Artifact,
}

impl Election {
	/// Starts them.
	pub fn new() -> Result<Self> {
		let network = Network::start()?;
		finalised(&network.validators, 1)?;
		let scene = &network.scene;
		std::fs::create_dir_all(scene.models())?;
		let artifact = generator(&scene.models())?;
		let served = scene.register(&network.validators[0], &artifact)?;
		Ok(Self {
			network,
			served,
			artifact,
		})
	}

	/// All went well.
	pub fn end(self) -> Result<()> {
		self.network.scene.end()
	}

	/// Has the validator attack the draw, and tells what became of it.
	pub fn attack(&self, attack: Attack) -> Result<Row> {
		self.play(attack).with_context(|| format!("attack {attack}"))
	}

	fn play(&self, attack: Attack) -> Result<Row> {
		let before = self.books()?;
		let jobs = self.submit()?;
		let lie = *jobs.last().context("a job")?;
		let rpc = self.cheats().rpc();
		let call = super::caller(rpc);
		let worker = Worker::new(&call, CHEAT)?;
		let mut claims = vec![];
		for job in &jobs {
			self.wait_for_the_moment(attack)?;
			let cheat = if *job == lie {
				Cheat::EmbeddingRow
			} else {
				Cheat::RightClaim
			};
			let duty = until("the cheat to be given the job", LIMIT, || worker.duty(*job))?;
			claims.push((*job, worker.deliver(&duty, cheat, &self.artifact)?));
		}
		defend(rpc, &worker, &claims, || {
			thread::scope(|scope| {
				let serving = scope.spawn(|| match attack {
					Attack::GroundDraw => self.serve_at_will(lie),
					_ => Ok(()),
				});
				let challenger = self.network.scene.assay(self.others()).signing_as(CHALLENGER);
				self.wait_for(lie, &["Claimed"])?;
				challenger.run(&format!("challenge {lie}"))?;
				self.wait_for(lie, &["Refunded"])?;
				for job in jobs.iter().filter(|job| **job != lie) {
					self.wait_for(*job, &["Final"])?;
				}
				match serving.join() {
					Ok(served) => served,
					Err(_) => bail!("the cheat panicked"),
				}
			})
		})?;
		let after = self.books()?;
		self.check_draws(&claims, before.height, after.height)?;
		let (caught_by, ruling, disputes) = self.caught(lie)?;
		let played = Played {
			auditor: false,
			caught_by,
			ruling,
			stated: vec![(CONSUMER, self.bought(&jobs)?)],
			jobs,
			disputes,
			loser: "the operator",
			attackers: vec![CHEAT],
			loss: Loss::Stake,
			catcher: (caught_by == "challenge").then_some(CHALLENGER),
		};
		settle(self.others().rpc(), &EVERYBODY, attack, &before, &after, played)
	}

	/// The node of the validator that cheats.
	fn cheats(&self) -> &Node {
		&self.network.validators[0]
	}

	/// A node of another.
	fn others(&self) -> &Node {
		&self.network.validators[3]
	}

	/// What everybody has after a block that is final for all.
	fn books(&self) -> Result<Books> {
		let height = self.cheats().rpc().best()?;
		finalised(&self.network.validators, height)?;
		Books::at(self.others().rpc(), height, &EVERYBODY.map(|member| member.name))
	}

	/// Has the cheat offer the model, and the consumer give it some jobs.
	fn submit(&self) -> Result<Vec<JobId>> {
		let serve = format!("model serve {} --price 0.001 --capacity 64 --anyway", self.served.id);
		let scene = &self.network.scene;
		scene.assay(self.cheats()).signing_as(CHEAT).ok(&serve)?;
		let consumer = Party::new(self.cheats().rpc(), CONSUMER)?;
		let sent = (0..CLAIMS).map(|seed| consumer.send(self.job(seed)?));
		let sent = sent.collect::<Result<Vec<_>>>()?;
		sent.iter().map(|sent| submitted(&consumer.included(sent)?)).collect()
	}

	fn job(&self, seed: u8) -> Result<pallet_assay_jobs::Call<Runtime>> {
		super::submit(&self.served, GENERATED, seed, PRICE, Some(account(CHEAT)?))
	}

	/// Waits for the block after which the cheat likes to claim: one that leaves no time before the window of the draw begins, or the
	/// next one.
	fn wait_for_the_moment(&self, attack: Attack) -> Result<()> {
		let rpc = self.cheats().rpc();
		let seen = rpc.best()?;
		until("a block that the cheat likes", LIMIT, || {
			let best = rpc.best()?;
			let likes = attack == Attack::GroundDraw || best % TESTNET_DRAW_WINDOW == TESTNET_DRAW_WINDOW - 2;
			Ok((best > seen && likes).then_some(()))
		})
	}

	/// Asks in every block to have a draw served, until it is.
	fn serve_at_will(&self, job: JobId) -> Result<()> {
		let rpc = self.cheats().rpc();
		let cheat = Party::new(rpc, CHEAT)?;
		let mut asked = 0;
		until("the draw to be served", LIMIT, || {
			let best = rpc.best()?;
			if best > asked {
				asked = best;
				cheat.send(pallet_assay_audits::Call::<Runtime>::advance { job })?;
			}
			let audit: Option<Audit<Runtime>> = rpc.stored(&Audits::<Runtime>::hashed_key_for(job))?;
			let drawn = audit.is_some_and(|audit| audit.draws > 0 || audit.spot_check.is_some() || audit.is_over());
			thread::sleep(PAUSE);
			Ok(drawn.then_some(()))
		})
	}

	/// Recomputes each draw from the outputs of authors in a window that began after the claim, without those of the cheat: that is
	/// what must have been asked, wherever in the window before the claim was made, and whoever had its draw served when.
	fn check_draws(&self, claims: &[(JobId, Fraud<'_>)], after: u32, until: u32) -> Result<()> {
		let rpc = self.others().rpc();
		let cheat = account(CHEAT)?;
		let (mut checked, mut left_out) = (0, 0);
		for (job, fraud) in claims {
			let made_at = claimed_at(rpc, *job, after, until)?;
			let start = made_at - made_at % TESTNET_DRAW_WINDOW + TESTNET_DRAW_WINDOW;
			let key = Windows::<Runtime>::hashed_key_for(start);
			let known = rpc.storage(&key, &rpc.block_hash(made_at)?)?;
			ensure!(
				known.is_none(),
				"an output of window {start} was known in block {made_at}"
			);
			let window: Option<Window<AccountId>> = rpc.stored(&key)?;
			let window = window.with_context(|| format!("window {start} is not kept"))?;
			let others = window.outputs.iter().filter(|(author, _)| *author != cheat);
			let outputs: Vec<Hash> = others.map(|(_, output)| *output).collect();
			left_out += window.outputs.len() - outputs.len();
			let audit: Option<Audit<Runtime>> = rpc.stored(&Audits::<Runtime>::hashed_key_for(*job))?;
			let audit = audit.with_context(|| format!("there is no audit of job {job}"))?;
			// An operator with a record is not asked each time.
			let Some(spot_check) = audit.spot_check else { continue };
			let number = number(*job, &outputs);
			let number = Hash32::of(&[b"assay/draw", number.as_bytes(), &[CELL]]);
			let place = draw_place(&fraud.statement.as_statement().layout(), &number);
			ensure!(
				place == Some(spot_check.place),
				"job {job}: {:?} was asked, others have drawn {place:?}",
				spot_check.place
			);
			checked += 1;
		}
		ensure!(checked > 0, "no claim was drawn");
		ensure!(left_out > 0, "the cheat made no block that could have counted");
		Ok(())
	}

	fn wait_for(&self, job: JobId, states: &[&str]) -> Result<Value> {
		let scene = &self.network.scene;
		scene.wait_for_state(self.others(), &job.to_string(), states, LIMIT)
	}

	/// What the jobs that ended well have cost.
	fn bought(&self, jobs: &[JobId]) -> Result<u128> {
		let mut sum = 0;
		for job in jobs {
			let ended = self.wait_for(*job, &["Final", "Refunded"])?;
			if ended["state"] == json!("Final") {
				sum += super::fee(&ended)?;
			}
		}
		Ok(sum)
	}

	/// What struck a lie down.
	fn caught(&self, job: JobId) -> Result<(&'static str, String, Vec<DisputeId>)> {
		let assay = self.network.scene.assay(self.others());
		let disputes = assay.ok(&format!("dispute list --job {job}"))?;
		let disputes = disputes.as_array().cloned().unwrap_or_default();
		let won = disputes.iter().find(|dispute| dispute["ruling"] == json!("Refuted"));
		Ok((
			if won.is_some() { "challenge" } else { "draw" },
			"Refuted".into(),
			super::ids(&disputes),
		))
	}
}

/// The block in which a job was claimed.
fn claimed_at(rpc: Rpc, of: JobId, after: u32, until: u32) -> Result<u32> {
	for height in after + 1..=until {
		let claimed = rpc.events(height)?.into_iter().any(|record| {
			matches!(
				record.event,
				RuntimeEvent::Jobs(pallet_assay_jobs::Event::ResultClaimed { job, .. }) if job == of
			)
		});
		if claimed {
			return Ok(height);
		}
	}
	bail!("job {of} was not claimed")
}

/// The number of the draw about the first claim of a job, from the outputs of authors.
fn number(job: JobId, outputs: &[Hash]) -> Hash {
	let subject = (b"assay/audit", job, Attempt(0)).encode();
	Hash::from(blake2_256(&(b"assay/beacon", subject, outputs).encode()))
}
