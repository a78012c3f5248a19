//! No call costs more behind an operator with a thousand delegators than behind one with ten.

use super::*;
use assay_protocol::operator::{Fault, Operators as _};
use frame_support::{
	__private::sp_tracing::tracing::{
		span::{Attributes, Id, Record},
		subscriber::with_default,
		Event, Metadata, Subscriber,
	},
	traits::fungible::Mutate,
};
use std::sync::{
	atomic::{AtomicU32, Ordering},
	Arc,
};

/// Counts what the state machine traces: each read and each write.
#[derive(Clone, Default)]
struct Accesses(Arc<AtomicU32>);

impl Subscriber for Accesses {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		metadata.target() == "state"
	}
	fn new_span(&self, _: &Attributes<'_>) -> Id {
		Id::from_u64(1)
	}
	fn record(&self, _: &Id, _: &Record<'_>) {}
	fn record_follows_from(&self, _: &Id, _: &Id) {}
	fn event(&self, _: &Event<'_>) {
		self.0.fetch_add(1, Ordering::Relaxed);
	}
	fn enter(&self, _: &Id) {}
	fn exit(&self, _: &Id) {}
}

fn accesses(act: impl FnOnce()) -> u32 {
	let counter = Accesses::default();
	with_default(counter.clone(), act);
	counter.0.load(Ordering::Relaxed)
}

fn call(name: &'static str, act: impl FnOnce() -> DispatchResult) -> (&'static str, u32) {
	(
		name,
		accesses(|| act().unwrap_or_else(|error| panic!("{name}: {error:?}"))),
	)
}

/// What everything costs behind Alice with so many delegators, all of whom lost something and some of whom are leaving.
fn costs(delegators: u64) -> Vec<(&'static str, u32)> {
	let mut costs = Vec::new();
	ExtBuilder::default()
		.operator(ALICE, 400)
		.operator(BOB, 200)
		.build_and_execute(|| {
			// A bond that carries them all.
			Balances::mint_into(&ALICE, 100_000).unwrap();
			Staking::bond_extra(signed(ALICE), ALICE, 100_000).unwrap();
			for delegator in 0..delegators {
				let delegator = 1_000 + delegator;
				Balances::mint_into(&delegator, FUNDS).unwrap();
				delegate(delegator, ALICE, 100).unwrap();
				if delegator % 3 == 0 {
					unbond(delegator, ALICE, 50).unwrap();
				}
			}
			delegate(CAROL, ALICE, 100).unwrap();
			// Half, so that no rounding makes a difference.
			let half = at_risk(ALICE) / 2;
			costs.push((
				"penalise",
				accesses(|| {
					Staking::penalise(&ALICE, half, Fault::WrongResult, None);
				}),
			));
			costs.push(("reward", accesses(|| reward(ALICE, 100_000))));
			costs.push(call("settle", || {
				let settled = Staking::settle(signed(EVE), ALICE, CAROL);
				settled.map(|_| ()).map_err(|error| error.error)
			}));
			costs.push(call("delegate", || delegate(DAVE, ALICE, 50)));
			costs.push(call("bond_extra", || Staking::bond_extra(signed(CAROL), ALICE, 50)));
			costs.push(call("unbond", || unbond(CAROL, ALICE, 50)));
			costs.push(call("rebond", || Staking::rebond(signed(CAROL), ALICE, 10)));
			costs.push(call("claim", || Staking::claim(signed(CAROL), ALICE)));
			costs.push(call("set_compound", || {
				Staking::set_compound(signed(CAROL), ALICE, true)
			}));
			costs.push(call("redelegate", || {
				Staking::redelegate(signed(CAROL), ALICE, BOB, 20)
			}));
			costs.push(call("kick", || Staking::kick(signed(ALICE), DAVE)));
			costs.push(call("set_commission", || {
				Staking::set_commission(signed(ALICE), Permill::from_percent(1))
			}));
			costs.push(call("chill", || Staking::chill(signed(ALICE))));
			costs.push(call("unchill", || Staking::unchill(signed(ALICE))));
			go_to(FREE_FROM);
			costs.push(call("withdraw_unbonded", || withdraw(CAROL, ALICE)));
		});
	costs
}

#[test]
fn no_call_costs_more_with_more_delegators() {
	let few = costs(10);
	assert!(few.iter().all(|(_, accesses)| *accesses > 0), "{few:?}");
	assert_eq!(few, costs(1_000));
}
