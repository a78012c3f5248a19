//! Attacks by numbers: more claims, challenges or answers than an honest party could deal with in time.

use super::{
	attack::{Loss, Played},
	caller, fee, submitted,
	walk::accusations,
	Arena, ACCOMPLICES, AUDITOR, CHALLENGERS, CHEAT, CONSUMER, GENERATED, LIMIT, PRICE, PROMPT, WORKER,
};
use crate::{evidence::Evidence, party::account, wait::until};
use anyhow::{ensure, Context, Result};
use assay_adversary::{Cheat, Worker};
use assay_protocol::{
	dispute::{Accusation, Ruling, Stage},
	DisputeId, JobId,
};
use assay_runtime::{
	currency::{CHALLENGE_BOND, TRANSACTION_BYTE_FEE},
	Runtime,
};
use assay_trace::{fault::Target, Group, Place};
use pallet_assay_disputes::{Call, Dispute, Status};

/// Claims of a swarm.
const SWARM: usize = 24;

impl Arena {
	/// An operator claims many jobs that it gave itself, worth next to nothing, and between them a lie: its auditor has to run all
	/// of them, loses nothing, and finds the lie.
	pub(super) fn dust_swarm(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, true)?;
		let [operator, consumer] = ACCOMPLICES;
		for accomplice in ACCOMPLICES {
			self.enlist(accomplice)?;
			self.switch_auditor(accomplice, false)?;
		}
		let offer = format!("model serve {} --price 0.000001 --capacity 64 --anyway", self.served.id);
		self.as_account(operator, &offer)?;
		let victim = self.submit(operator, "--ignore-stop")?;
		let dust = self.submit_many(consumer, operator, SWARM)?;

		let call = caller(self.bob.rpc());
		let worker = Worker::new(&call, operator)?;
		let (before, after) = dust.split_at(SWARM / 2);
		let claims = before.iter().chain([&victim]).chain(after).map(|job| {
			let cheat = if *job == victim {
				Cheat::ChangedToken
			} else {
				Cheat::RightClaim
			};
			self.deliver(&worker, *job, cheat).map(|fraud| (*job, fraud))
		});
		let claims = claims.collect::<Result<Vec<_>>>()?;
		self.defend(&worker, &claims, || {
			self.wait_for_state(victim, &["Refunded"])?;
			for job in &dust {
				let ended = self.wait_for_state(*job, &["Final"])?;
				ensure!(fee(&ended)? > 0, "{ended}");
			}
			Ok(())
		})?;
		self.as_account(operator, &format!("model unserve {}", self.served.id))?;
		let mut played = self.struck_down(victim, true)?;
		// The accomplices' money is the cheat's.
		played.attackers = vec![CHEAT, operator, consumer];
		played.jobs.extend(dust);
		Ok(played)
	}

	/// Everything about an honest claim is challenged by several while its worker's machine stands still. It answers when its
	/// clocks have run out, and loses nothing.
	pub(super) fn challenge_flood(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, false)?;
		let job = self.take_job(AUDITOR, "--ignore-stop")?;
		self.wait_for_state(job, &["Claimed"])?;
		self.bob.pause()?;
		let challenged = (|| {
			let mut disputes = vec![];
			for challenger in CHALLENGERS {
				let accusations = accusations(PROMPT, GENERATED);
				disputes.extend(self.challenge_all(&self.party(challenger)?, job, &accusations)?);
			}
			until("the worker to be late in every dispute", LIMIT, || {
				let late = disputes.iter().map(|id| Ok(self.dispute(*id)?.late));
				Ok(late.collect::<Result<Vec<_>>>()?.iter().all(|late| *late).then_some(()))
			})?;
			Ok::<_, anyhow::Error>(disputes)
		})();
		self.bob.resume()?;
		let disputes = challenged?;
		let ended = self.wait_for_state(job, &["Final"])?;
		self.wait_for_vain_challenges(&disputes)?;
		self.as_account(AUDITOR, &format!("model unserve {}", self.served.id))?;
		Ok(Played {
			auditor: false,
			caught_by: "referee",
			ruling: "ChallengerSilent".into(),
			jobs: vec![job],
			disputes,
			loser: "the challengers",
			attackers: CHALLENGERS.to_vec(),
			loss: Loss::Stake,
			catcher: Some(AUDITOR),
			stated: vec![(CONSUMER, fee(&ended)?)],
		})
	}

	/// A worker claims what is right and has friends challenge all of it, so that its answers, which are free, take the room of
	/// others. Half of each bond pays for it, and an honest worker that is challenged at the same time answers in time.
	pub(super) fn answer_flood(&self) -> Result<Played> {
		self.switch_auditor(AUDITOR, true)?;
		let [operator, friend] = ACCOMPLICES;
		for accomplice in ACCOMPLICES {
			self.enlist(accomplice)?;
			self.switch_auditor(accomplice, false)?;
		}
		self.serve(operator, "")?;
		let begun = self.eve.rpc().best()?;
		let jobs = self.submit_many(friend, operator, 1)?;
		let flooding = *jobs.first().context("a job")?;
		let (mut disputes, stalling) = (vec![], CHALLENGERS[2]);
		let mut honest = None;
		self.claim(operator, flooding, Cheat::RightClaim, |_| {
			for challenger in [CHEAT, friend] {
				let accusations = accusations(PROMPT, GENERATED);
				disputes.extend(self.challenge_all(&self.party(challenger)?, flooding, &accusations)?);
			}
			let job = self.submit(WORKER, "--ignore-stop")?;
			self.wait_for_state(job, &["Claimed"])?;
			let wrong = self.challenge_all(&self.party(stalling)?, job, &[Accusation::Trace])?;
			self.ask_for_all(&disputes)?;
			self.wait_for_vain_challenges(&[&disputes[..], &wrong].concat())?;
			honest = Some((job, self.wait_for_state(job, &["Final"])?));
			Ok(())
		})?;
		self.as_account(operator, &format!("model unserve {}", self.served.id))?;
		let (job, ended) = honest.context("the honest worker's job")?;
		ensure!(!self.was_late(WORKER, begun)?, "the flood made the honest worker late");
		let flood = Evidence::collect(self.eve.rpc(), &jobs, &disputes, begun..=self.eve.rpc().best()?)?;
		// The other half is the worker's, a friend's.
		let paid = CHALLENGE_BOND / 2 * u128::try_from(disputes.len())?;
		ensure!(
			u128::from(flood.bytes) * TRANSACTION_BYTE_FEE <= paid,
			"{} bytes for {paid}",
			flood.bytes
		);
		Ok(Played {
			auditor: true,
			caught_by: "referee",
			ruling: "ChallengerSilent".into(),
			jobs: vec![flooding, job],
			disputes,
			loser: "worker and challengers",
			attackers: vec![operator, friend, CHEAT, stalling],
			loss: Loss::Stake,
			catcher: Some(WORKER),
			stated: vec![(CONSUMER, fee(&ended)?)],
		})
	}

	/// Gives an operator so many jobs of a consumer's own, each with its seed.
	fn submit_many(&self, consumer: &str, operator: &str, count: usize) -> Result<Vec<JobId>> {
		let (consumer, operator) = (self.party(consumer)?, account(operator)?);
		let sent = (0..count).map(|seed| {
			let seed = u8::try_from(seed)?;
			consumer.send(self.job(GENERATED, seed, PRICE, Some(operator.clone()))?)
		});
		let sent = sent.collect::<Result<Vec<_>>>()?;
		sent.iter().map(|sent| submitted(&consumer.included(sent)?)).collect()
	}

	/// Has the challengers of some disputes ask the worker for everything that it can be asked for without being judged.
	fn ask_for_all(&self, disputes: &[DisputeId]) -> Result<()> {
		let mut asked = vec![];
		until("the worker to have shown all", LIMIT, || {
			let mut left = 0;
			for id in disputes {
				let Dispute {
					status,
					record,
					accusation,
					challenger,
					..
				} = self.dispute(*id)?;
				let Status::Open(stage) = status else {
					continue;
				};
				left += usize::from(stage != Stage::PointAtStep);
				if asked.contains(&(*id, stage)) {
					continue;
				}
				let place = match accusation {
					Accusation::Trace => Place::Cell { row: 1, position: 0 },
					Accusation::Head { position } => Place::Head { position },
				};
				let (dispute, target) = (*id, Target::Vector(0));
				let call = match stage {
					Stage::PointAtGroup => Call::<Runtime>::point_at_group {
						dispute,
						record,
						group: Group { row: 1, index: 0 },
					},
					Stage::PointAtTarget => Call::<Runtime>::point_at_target {
						dispute,
						record,
						place,
						target,
					},
					_ => continue,
				};
				let name = match challenger == account(CHEAT)? {
					true => CHEAT,
					false => ACCOMPLICES[1],
				};
				self.party(name)?.send(call)?;
				asked.push((*id, stage));
			}
			Ok((left == 0).then_some(()))
		})
	}

	/// Waits until all of some disputes are lost by challengers who make no move.
	fn wait_for_vain_challenges(&self, disputes: &[DisputeId]) -> Result<()> {
		until("the challenges to be lost", LIMIT, || {
			for id in disputes {
				match self.dispute(*id)?.status {
					Status::Open(_) => return Ok(None),
					Status::Over { ruling, .. } => {
						ensure!(ruling == Ruling::ChallengerSilent, "dispute {id} ended with {ruling:?}");
					}
				}
			}
			Ok(Some(()))
		})
	}
}
