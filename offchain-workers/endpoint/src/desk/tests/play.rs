//! Consumers, honest and dishonest, at a desk that is restarted and a chain that goes back.

use super::world::{OnChain, World, ASY, CREDIT, PARAMETERS};
use crate::{
	chain::Balance,
	desk::{Asked, Desk, RecordKey, Refusal},
};
use assay_protocol::{
	channel::{SumRoot, Voucher},
	ChannelId,
};
use proptest::prelude::*;
use std::collections::HashSet;

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
	/// Asks for what is next in a lane.
	Ask(u8),
	/// Sends a request again that was sent before.
	Repeat(prop::sample::Index),
	/// Asks for something out of turn.
	OutOfTurn(u8, u64),
	/// A request is answered, with so many tokens.
	Answer(prop::sample::Index, u32),
	/// A request cannot be answered.
	Fail(prop::sample::Index),
	/// Vouches for everything in a lane.
	VouchForAll(u8),
	/// Vouches for a part of it.
	VouchForSome(u8, prop::sample::Index),
	/// Hands in a voucher once more.
	VouchAgain(prop::sample::Index),
	/// Vouches for what never was.
	VouchForNothing(u8, u32, u64),
	/// The desk looks at the chain, and settles.
	Block,
	/// The desk sends what is to be settled, and the chain does not take it.
	Lose,
	/// All blocks are final.
	Finalize,
	/// Those that are not are left behind.
	GoBack,
	/// The desk is made again from its records.
	Restart,
	TopUp(u8),
	Notice,
	Close,
	/// A long time passes.
	Wait,
}

fn an_act() -> impl Strategy<Value = Act> {
	// Few lanes, so that there is much in them.
	let lane = || 0u8..3;
	let any = any::<prop::sample::Index>;
	prop_oneof![
		20 => lane().prop_map(Act::Ask),
		3 => any().prop_map(Act::Repeat),
		2 => (lane(), 0u64..40).prop_map(|(lane, sequence)| Act::OutOfTurn(lane, sequence)),
		20 => (any(), 1u32..7).prop_map(|(which, tokens)| Act::Answer(which, tokens)),
		2 => any().prop_map(Act::Fail),
		12 => lane().prop_map(Act::VouchForAll),
		4 => (lane(), any()).prop_map(|(lane, end)| Act::VouchForSome(lane, end)),
		2 => any().prop_map(Act::VouchAgain),
		2 => (lane(), 1u32..30, 0u64..3000).prop_map(|(lane, count, units)| Act::VouchForNothing(lane, count, units)),
		10 => Just(Act::Block),
		2 => Just(Act::Lose),
		6 => Just(Act::Finalize),
		2 => Just(Act::GoBack),
		2 => Just(Act::Restart),
		1 => (0u8..5).prop_map(Act::TopUp),
		1 => Just(Act::Notice),
		1 => Just(Act::Close),
		1 => Just(Act::Wait),
	]
}

struct Play {
	world: World,
	/// Everything that was taken.
	sent: Vec<Asked>,
}

impl Play {
	fn act(&mut self, id: ChannelId, act: &Act) {
		let world = &mut self.world;
		match act {
			Act::Ask(lane) => match world.ask(id, *lane) {
				Ok(asked) => self.sent.push(asked),
				Err(Refusal::Unpaid { .. } | Refusal::Closing | Refusal::UnknownChannel) => {}
				// The one before it is being answered.
				Err(Refusal::WrongSequence { .. }) => {
					assert!(world.running.iter().any(|asked| asked.signed().request.lane == *lane));
				}
				Err(other) => panic!("{other:?}"),
			},
			Act::Repeat(which) if !self.sent.is_empty() => {
				let asked = which.get(&self.sent).clone();
				let before = world.desk.records();
				let was_running = world.running.iter().any(|running| running.root() == asked.root());
				// What was lost with a restart, or failed, may be asked for again; nothing else begins twice.
				if let Ok(crate::desk::Taken::New) = world.desk.ask(&asked) {
					assert!(!was_running && !world.contents.contains_key(&asked.root()));
					world.running.push(asked);
				}
				assert_eq!(world.desk.records(), before);
			}
			Act::OutOfTurn(lane, sequence) => {
				let (signed, input) = world.a_request(id, *lane, *sequence);
				let asked = world.check(signed, input).expect("it is signed");
				if *sequence != world.answered(id, *lane) {
					assert!(world.desk.ask(&asked).is_err());
				}
			}
			Act::Answer(which, tokens) if !world.running.is_empty() => {
				let asked = which.get(&world.running).clone();
				world.answer(asked, *tokens);
			}
			Act::Fail(which) if !world.running.is_empty() => {
				let asked = world.running.swap_remove(which.index(world.running.len()));
				world.desk.fail(&asked.root());
			}
			Act::VouchForAll(lane) if world.desk.terms(&id).is_ok() => world.vouch_for_all(id, *lane),
			Act::VouchForSome(lane, end) if world.desk.terms(&id).is_ok() => {
				let (base, all) = (world.base(id, *lane), world.answered(id, *lane));
				if base < all {
					let end = base + 1 + end.index((all - base) as usize) as u64;
					let voucher = world.a_voucher(id, *lane, base, end);
					world.hand_in(voucher).expect("it is right");
				}
			}
			Act::VouchAgain(which) if !world.signed.is_empty() => {
				let voucher = which.get(&world.signed).clone();
				let before = world.desk.records();
				let _ = world.hand_in(voucher.clone());
				// At most it is what it was before the desk was told that something else is settled.
				if world.voucher(&voucher.voucher.channel, voucher.voucher.lane) != Some(&voucher) {
					assert_eq!(world.desk.records(), before);
				}
			}
			Act::VouchForNothing(lane, count, units) => {
				let voucher = world.sign(Voucher {
					channel: id,
					lane: *lane,
					base: world.answered(id, *lane) / 2,
					count: *count,
					tree: SumRoot {
						hash: Default::default(),
						units: *units,
					},
				});
				let before = world.desk.records();
				let _ = world.hand_in(voucher.clone());
				world.signed.retain(|signed| *signed != voucher);
				assert_eq!(world.desk.records(), before);
			}
			Act::Block => {
				world.now += 1;
				world.observe();
				world.settle();
				world.desk.forget(world.now);
				world.write();
			}
			Act::Lose => {
				world.now += 1;
				world.observe();
				world.desk.cut(world.now);
				world.write();
			}
			Act::Finalize => world.finalize(),
			Act::GoBack => world.go_back(),
			Act::Restart => world.restart(),
			Act::TopUp(tenths) => world.top_up(id, ASY / 10 * Balance::from(*tenths)),
			Act::Notice => world.notice(id),
			Act::Close => {
				let _ = world.close(id);
			}
			Act::Wait => {
				world.now += PARAMETERS.answerable + 1;
				let due = |on_chain: &OnChain| on_chain.summary.closes_at.is_some_and(|at| at <= world.now);
				let over: Vec<_> = world
					.chain
					.iter()
					.filter(|(_, on_chain)| due(on_chain))
					.map(|(id, _)| *id)
					.collect();
				// The desk had half of the notice for it.
				world.finalize();
				world.settle();
				world.finalize();
				world.settle();
				over.into_iter().for_each(|id| world.end(id));
				world.finalize();
			}
			_ => {}
		}
	}

	/// What holds whatever was done.
	fn check(&self) {
		let world = &self.world;
		let credit = CREDIT;
		for (id, on_chain) in &world.chain {
			let Ok(account) = world.desk.account(id) else { continue };
			// What is lent is bounded, by what was vouched for and by what the channel has.
			let signed: Balance = (0..16).map(|lane| self.best_signed(*id, lane)).sum();
			assert!(account.unpaid <= signed.clamp(credit.first, credit.most), "{account:?}");
			let count: u64 = account
				.lanes
				.iter()
				.map(|(standing, _)| {
					let vouched = standing
						.voucher
						.as_ref()
						.filter(|signed| signed.voucher.base == standing.base);
					u64::from(standing.count) - vouched.map_or(0, |signed| signed.voucher.count.into())
				})
				.sum();
			let running = world
				.running
				.iter()
				.filter(|asked| asked.signed().request.channel == *id)
				.count();
			assert!(count + running as u64 <= credit.answers.into());
			// Nobody pays for anything twice, or for what it has not signed.
			let settled: Balance = (0u8..)
				.zip(&on_chain.summary.settled)
				.map(|(lane, settled)| world.fee_of(*id, lane, 0, *settled))
				.sum();
			assert_eq!(on_chain.paid, settled);
			assert!(settled <= signed);
		}
		// The records are the desk.
		let restored = Desk::restore(credit, PARAMETERS, world.disk.clone()).expect("it is a desk");
		assert_eq!(restored.records(), world.desk.records());
		// Each answer is there once.
		let answers: Vec<_> = world
			.desk
			.records()
			.into_iter()
			.filter(|(key, _)| matches!(key, RecordKey::Answer(_)))
			.collect();
		let distinct: HashSet<_> = answers.iter().map(|(key, _)| format!("{key:?}")).collect();
		assert_eq!(distinct.len(), answers.len());
		assert_eq!(world.desk.answers(), answers.len() + world.running.len());
	}

	/// What a consumer has signed for in a lane: fees of all receipts that some voucher is for.
	fn best_signed(&self, id: ChannelId, lane: u8) -> Balance {
		let of_lane = self
			.world
			.signed
			.iter()
			.map(|signed| &signed.voucher)
			.filter(|voucher| voucher.channel == id && voucher.lane == lane);
		let end = of_lane.map(|voucher| voucher.base + u64::from(voucher.count)).max();
		self.world.fee_of(id, lane, 0, end.unwrap_or(0))
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn whatever_consumers_do_the_desk_lends_no_more_than_it_says_and_charges_once(
		deposits in prop::collection::vec(0u8..40, 2),
		acts in prop::collection::vec((0usize..2, an_act()), 1..250),
	) {
		let deposits: Vec<_> = deposits.into_iter().map(|tenths| ASY / 10 * Balance::from(tenths)).collect();
		let world = World::new(&deposits);
		let ids = world.ids();
		let mut play = Play { world, sent: vec![] };
		for (consumer, act) in acts {
			play.act(ids[consumer], &act);
			play.check();
		}
		// In the end everybody vouches for everything, and gives notice: all of it is paid.
		let mut world = play.world;
		world.finalize();
		for asked in world.running.clone() {
			world.answer(asked, 6);
		}
		for id in world.ids() {
			(0..3).for_each(|lane| world.vouch_for_all(id, lane));
			world.notice(id);
		}
		for _ in 0..PARAMETERS.notice_period {
			world.now += 1;
			world.finalize();
			world.settle();
		}
		for (id, on_chain) in &world.chain {
			for lane in 0..3 {
				let (settled, all) = (on_chain.summary.settled[usize::from(lane)], world.answered(*id, lane));
				let left = world.fee_of(*id, lane, settled, all);
				// After a notice was given before, something small may be left that comes too late to be settled.
				prop_assert!(left < PARAMETERS.min_batch_fee, "{left} of lane {lane} is left");
			}
			for (at, batch) in &on_chain.batches {
				if world.now <= at + PARAMETERS.answerable {
					world.assert_reveals(batch, batch.tree.units / 2);
				}
			}
		}
	}
}
