//! Random sequences of what honest and dishonest ends do: money is neither made nor lost, an honest worker is never punished and gets
//! what was vouched for, and no channel keeps what is in it.

use crate::mock::*;
use assay_protocol::JobId;
use assay_testing::Cheat;
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
