//! Random sequences of what honest and dishonest ends do: money is neither made nor lost, an honest worker is never punished and gets
//! what was vouched for, and no channel keeps what is in it. A lie costs its share of all that stood behind it, whatever else is done.

use super::receipts::{lie, presented};
use crate::mock::*;
use assay_protocol::{channel::Contradiction, dispute::Claims, JobId};
use assay_testing::{Cheat, MinBond, MinWrongResultPenalty};
use proptest::prelude::*;
use sp_runtime::Permill;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Act {
	Open,
	Answer { channel: usize, lane: u8 },
	Settle { channel: usize, lane: u8 },
	SettleAgain { channel: usize, lane: u8 },
	Notice { channel: usize },
	TopUp { channel: usize, amount: u32 },
	Close { channel: usize },
	Reveal,
	Present { channel: usize, lane: u8 },
	Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
	let channel = 0usize..3;
	let lane = 0u8..3;
	let place = (channel.clone(), lane);
	prop_oneof![
		2 => Just(Act::Open),
		8 => place.clone().prop_map(|(channel, lane)| Act::Answer { channel, lane }),
		5 => place.clone().prop_map(|(channel, lane)| Act::Settle { channel, lane }),
		1 => place.clone().prop_map(|(channel, lane)| Act::SettleAgain { channel, lane }),
		1 => channel.clone().prop_map(|channel| Act::Notice { channel }),
		1 => (channel.clone(), 0u32..5_000).prop_map(|(channel, amount)| Act::TopUp { channel, amount }),
		1 => channel.prop_map(|channel| Act::Close { channel }),
		4 => Just(Act::Reveal),
		1 => place.prop_map(|(channel, lane)| Act::Present { channel, lane }),
		6 => (1u64..4).prop_map(Act::Wait),
	]
}

/// An honest worker and what it has been told.
#[derive(Default)]
struct World {
	channels: Vec<[Talk; 3]>,
	/// Settled batches that may be asked about.
	batches: BTreeMap<JobId, Talk>,
}

impl World {
	fn play(&mut self, act: Act) {
		let consumer = RuntimeOrigin::signed(CONSUMER);
		match act {
			Act::Open if self.channels.len() < 3 => {
				let channel = open();
				self.channels.push([0, 1, 2].map(|lane| Talk::new(channel, lane)));
			}
			Act::Open => {}
			Act::Answer { channel, lane } => {
				if let Some(talk) = self.talk(channel, lane) {
					talk.answer(Cheat::Honest);
				}
			}
			Act::Settle { channel, lane } => self.settle(channel, lane),
			Act::SettleAgain { channel, lane } => {
				let settled = self.talk(channel, lane).map(|talk| (talk.channel, talk.lane));
				let old = self
					.batches
					.values()
					.find(|talk| Some((talk.channel, talk.lane)) == settled);
				if let Some(old) = old {
					assert!(settle(old.channel, &[old.voucher()], false).is_err());
				}
			}
			Act::Notice { channel } => {
				if let Some(talk) = self.talk(channel, 0) {
					let _ = ChannelsPallet::give_notice(consumer, talk.channel);
				}
			}
			Act::TopUp { channel, amount } => {
				if let Some(talk) = self.talk(channel, 0) {
					let _ = ChannelsPallet::top_up(consumer, talk.channel, amount.into());
				}
			}
			Act::Close { channel } => {
				if let Some(talk) = self.talk(channel, 0) {
					let _ = settle(talk.channel, &[], true);
				}
			}
			Act::Reveal => self.reveal(),
			Act::Present { channel, lane } => {
				if let Some(answer) = self.talk(channel, lane).and_then(|talk| talk.answers.first()) {
					let _ = present(answer);
				}
			}
			Act::Wait(count) => (0..count).for_each(|_| {
				self.reveal();
				next_block();
			}),
		}
	}

	fn talk(&mut self, channel: usize, lane: u8) -> Option<&mut Talk> {
		self.channels.get_mut(channel)?.get_mut(usize::from(lane))
	}

	fn settle(&mut self, channel: usize, lane: u8) {
		let Some(talk) = self.talk(channel, lane).filter(|talk| !talk.tree.is_empty()) else {
			return;
		};
		let before = events().len();
		if settle(talk.channel, &[talk.voucher()], false).is_err() {
			assert_eq!(events().len(), before);
			return;
		}
		let Some(crate::Event::BatchSettled { job, .. }) = events().pop() else {
			panic!("it was settled");
		};
		let mut next = Talk::new(talk.channel, talk.lane);
		next.base = talk.base + u64::from(talk.tree.len());
		let settled = std::mem::replace(talk, next);
		self.batches.insert(job, settled);
	}

	/// The worker answers all that it is asked.
	fn reveal(&mut self) {
		for (job, talk) in &self.batches {
			if let Some(unit) = asked(*job) {
				reply(*job, unit, talk.reveal(unit)).expect("an honest worker can reveal");
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn honest_workers_are_paid_and_nothing_is_lost(acts in prop::collection::vec(act(), 1..60), seed: u64, audited: bool) {
		run(|| {
			Seed::set(Some(seed));
			// With nobody to audit a drawn claim waits for challenges, then stands.
			AuditRate::set(if audited { Permill::from_percent(50) } else { Permill::zero() });
			let mut world = World::default();
			for act in acts {
				world.play(act);
				check();
			}
			for index in 0..world.channels.len() {
				let _ = settle(world.channels[index][0].channel, &[], true);
			}
			for _ in 0..ANSWERABLE + 60 {
				world.reveal();
				next_block();
			}
			assert_eq!(stake(ALICE), STAKE, "an honest worker was punished");
			assert_eq!(crate::Channels::<Test>::iter().count(), 0);
			assert_eq!(pallet_assay_jobs::Deposits::<Test>::iter().count(), 0);
			for job in world.batches.keys() {
				if let Some(job) = JobsPallet::job_summary(*job) {
					let paid = matches!(job.state, assay_protocol::job::JobState::Final { .. });
					assert!(paid, "{:?}", job.state);
				}
			}
		});
	}
}

/// What an operator and its accomplices do between a lie and its end.
#[derive(Clone, Debug)]
enum Scheme {
	Wait(u64),
	/// So many hundredths of what may leave.
	Unbond(Balance),
	Rebond,
	/// Another lie falls by silence.
	Decoy,
	/// The same lie falls, by a receipt that names the present block.
	Late {
		silent: bool,
	},
	/// The worker contradicts itself.
	Contradict,
	/// The same lie is presented, and held.
	Hold,
}

fn scheme() -> impl Strategy<Value = Scheme> {
	prop_oneof![
		6 => (1u64..20).prop_map(Scheme::Wait),
		3 => (1u128..=100).prop_map(Scheme::Unbond),
		2 => Just(Scheme::Rebond),
		2 => Just(Scheme::Decoy),
		2 => any::<bool>().prop_map(|silent| Scheme::Late { silent }),
		1 => Just(Scheme::Contradict),
		1 => Just(Scheme::Hold),
	]
}

/// Plays a scheme; returns how many other faults there were.
fn play(scheme: Scheme, lie: &assay_protocol::channel::Revealed, others: u32) -> u32 {
	let (channel, alice) = (lie.receipt.channel, RuntimeOrigin::signed(ALICE));
	let end = u64::from(lie.receipt.block) + ANSWERABLE - 1;
	let other = |lane, trace| super::receipts::lie(channel, lane, others.into(), trace);
	match scheme {
		Scheme::Wait(count) => blocks(count.min(end.saturating_sub(System::block_number()))),
		Scheme::Unbond(hundredths) => {
			let bonded = pallet_assay_staking::Pools::<Test>::get(ALICE).map_or(0, |pool| pool.own);
			let amount = bonded.saturating_sub(MinBond::get()) * hundredths / 100;
			let _ = StakingPallet::unbond(alice, ALICE, amount);
		}
		Scheme::Rebond => {
			let _ = StakingPallet::rebond(alice, ALICE, STAKE);
		}
		Scheme::Decoy => {
			if present(&other(1, 1)).is_ok() {
				JobsPallet::strike_down_silent(presented(), None).unwrap();
				return 1;
			}
		}
		Scheme::Late { silent } => {
			let mut late = lie.clone();
			late.receipt.block = System::block_number() as u32;
			if present(&late).is_ok() {
				let struck = match silent {
					true => JobsPallet::strike_down_silent(presented(), None),
					false => JobsPallet::strike_down(presented(), None),
				};
				struck.unwrap();
			}
		}
		Scheme::Contradict => {
			let said = |trace| signed(&other(2, trace).receipt);
			let both = Contradiction::Receipts(said(1), said(2));
			let accused = ChannelsPallet::accuse(RuntimeOrigin::signed(BOB), Box::new(both));
			return u32::from(accused.is_ok());
		}
		Scheme::Hold => {
			if present(lie).is_ok() {
				JobsPallet::hold(presented()).unwrap();
			}
		}
	}
	0
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(400))]

	#[test]
	fn a_lie_costs_its_share_of_all_that_stood_behind_it(
		schemes in prop::collection::vec(scheme(), 0..14),
		start in 56u64..100,
	) {
		run(|| {
			let channel = open();
			blocks(start - System::block_number());
			let lie = lie(channel, 0, 0, 1);
			let mut others = 0;
			for scheme in schemes {
				others += play(scheme, &lie, others);
				check();
			}
			// Whoever holds it open has a window at most.
			let fallen = pallet_assay_jobs::Receipts::<Test>::get(lie.receipt.statement());
			let job = fallen.or_else(|| present(&lie).is_ok().then(presented));
			if let Some(job) = job {
				JobsPallet::strike_down(job, None).unwrap();
			}
			check();
			let left = stake(ALICE);
			let dust = 100;
			prop_assert!(left <= STAKE - STAKE / 5 + dust, "{left}, shielded by {others} other faults");
			let least = (0..=others).fold(STAKE, |left, _| left - left / 5);
			let slack = MinWrongResultPenalty::get() * Balance::from(others + 1) + dust;
			prop_assert!(left + slack >= least, "{left} after {others} other faults, more than {least} should be left");
			Ok(())
		})?;
	}
}
