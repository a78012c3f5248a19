//! Random sequences of everything that can happen: no money is made or lost, no hold is left, nobody who is right and
//! awake loses, and no job waits longer than the bound.

use crate::{mock::*, Disputes, Event};
use assay_dispute::Move;
use assay_protocol::{
	dispute::{Accusation, Answer, Ruling, Stage},
	job::JobState,
	DisputeId, JobId,
};
use assay_trace::{fault::Target, Group, Opening, Place, Step};
use proptest::prelude::*;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::OnceLock,
};

const OPERATORS: [AccountId; 2] = [ALICE, BOB];
const CHALLENGERS: [AccountId; 3] = [CHARLIE, DAVE, POOR];

/// Every kind of worker, made once.
fn workers() -> &'static [Worker] {
	static WORKERS: OnceLock<Vec<Worker>> = OnceLock::new();
	WORKERS.get_or_init(|| {
		[
			(DECODER, Cheat::Honest),
			(PERCEPTRON, Cheat::Honest),
			(DECODER, Cheat::Output(2)),
			(DECODER, Cheat::Residual { row: 1, position: 3 }),
			(ENCODER, Cheat::Cache { row: 2, position: 4 }),
			(PERCEPTRON, Cheat::Output(1)),
			(PERCEPTRON, Cheat::Root),
		]
		.map(|(version, cheat)| Worker::new(ALICE, version, cheat))
		.to_vec()
	})
}

#[derive(Clone, Debug)]
enum Action {
	Claim {
		operator: usize,
		worker: usize,
	},
	Challenge {
		who: usize,
		job: usize,
		accusation: u8,
	},
	/// The side whose turn it is does what it should.
	Act {
		dispute: usize,
	},
	/// Somebody does something else.
	Meddle {
		who: usize,
		dispute: usize,
		kind: u8,
	},
	Expire {
		dispute: usize,
	},
	Blocks(u64),
	SkipTo(u64),
}

fn action() -> impl Strategy<Value = Action> {
	let index = 0usize..64;
	prop_oneof![
		3 => (0..OPERATORS.len(), index.clone()).prop_map(|(operator, worker)| Action::Claim { operator, worker }),
		5 => (0..CHALLENGERS.len(), index.clone(), 0u8..4)
			.prop_map(|(who, job, accusation)| Action::Challenge { who, job, accusation }),
		20 => index.clone().prop_map(|dispute| Action::Act { dispute }),
		4 => (0..CHALLENGERS.len(), index.clone(), any::<u8>())
			.prop_map(|(who, dispute, kind)| Action::Meddle { who, dispute, kind }),
		2 => index.prop_map(|dispute| Action::Expire { dispute }),
		4 => (1u64..4).prop_map(Action::Blocks),
		1 => (1u64..12).prop_map(Action::SkipTo),
	]
}

/// What happens in one case.
#[derive(Default)]
struct World {
	/// Who stands behind the claim of an attempt.
	claims: BTreeMap<(JobId, u8), Worker>,
	/// Executions are made once for each claim.
	runs: BTreeMap<(JobId, u8), Challenger>,
	/// Disputes whose challenger once pointed where chance would have it.
	misled: BTreeSet<DisputeId>,
	/// Whether the agenda is so small that jobs may wait for somebody's call.
	crowded: bool,
}

impl World {
	fn act(&mut self, action: Action) {
		match action {
			Action::Claim { operator, worker } => {
				let operator = OPERATORS[operator];
				let worker = &workers()[worker % workers().len()];
				// The job gets a second claim if its first was struck down and nobody else takes it.
				let job = pallet_assay_jobs::Jobs::<Test>::iter()
					.find(|(_, job)| {
						matches!(job.state, JobState::Assigned { operator: who, .. } if who == operator)
							&& job.version == worker.version
					})
					.map_or_else(|| try_submit(operator, worker), |(id, _)| Some(id));
				let Some(job) = job else { return };
				let attempt = JobsPallet::job_summary(job).unwrap().attempt;
				if deliver_result(result(operator, worker.statement(), job)).is_ok() {
					let mut worker = worker.clone();
					worker.operator = operator;
					self.claims.insert((job, attempt.0), worker);
				}
			}
			Action::Challenge { who, job, accusation } => {
				let claimed: Vec<_> = pallet_assay_jobs::Jobs::<Test>::iter()
					.filter(|(_, job)| matches!(job.state, JobState::Claimed { .. }))
					.map(|(id, _)| id)
					.collect();
				let Some(job) = claimed.get(job % claimed.len().max(1)) else {
					return;
				};
				let accusation = match accusation {
					0 => Accusation::Trace,
					1 => Accusation::Head { position: 0 },
					_ => match self.challenger(*job).accusation() {
						Some(found) => found,
						None => return,
					},
				};
				let _ = challenge(CHALLENGERS[who], *job, accusation);
			}
			Action::Act { dispute } => {
				if let Some(dispute) = pick(dispute) {
					self.move_on(dispute);
				}
			}
			Action::Meddle { who, dispute, kind } => {
				let Some(dispute) = pick(dispute) else { return };
				let place = Place::Cell {
					row: u16::from(kind % 3),
					position: u32::from(kind % 5),
				};
				let proof = assay_protocol::dispute::Proof {
					place,
					step: Step::Element { op: 0, index: 0 },
					opening: Opening::default(),
				};
				match kind % 5 {
					0 => {
						let refused = make(CHALLENGERS[who], dispute, Move::Prove(proof));
						assert!(refused.is_err() || ruling(dispute) == Some(Ruling::Moot));
					}
					1 => self.point(who, dispute, Move::PointAtTarget(place, Target::Vector(0))),
					2 => {
						let group = Group {
							row: u16::from(kind % 4),
							index: 0,
						};
						self.point(who, dispute, Move::PointAtGroup(group));
					}
					_ => {
						let stage = stage(dispute);
						let refused = deliver(signed(ALICE, dispute, stage, Answer::Groups(vec![])));
						assert!(refused.is_err());
						assert!(deliver(signed(99, dispute, Stage::ListGroups, Answer::Groups(vec![]))).is_err());
					}
				}
			}
			Action::Expire { dispute } => {
				let all: Vec<DisputeId> = Disputes::<Test>::iter_keys().collect();
				if let Some(dispute) = all.get(dispute % all.len().max(1)) {
					let _ = expire(*dispute);
				}
			}
			Action::Blocks(count) => {
				for _ in 0..count {
					self.next_block();
				}
			}
			Action::SkipTo(count) => {
				// A chain that stood still: what was due comes late.
				System::set_block_number(System::block_number() + count);
				self.next_block();
			}
		}
	}

	fn challenger(&mut self, job: JobId) -> &Challenger {
		let attempt = JobsPallet::job_summary(job).unwrap().attempt;
		self.runs
			.entry((job, attempt.0))
			.or_insert_with(|| Challenger::new(CHARLIE, job))
	}

	/// Points anywhere. Only the challenger can, and may then find nothing wrong where it pointed.
	fn point(&mut self, who: usize, dispute: DisputeId, at: Move) {
		if make(CHALLENGERS[who], dispute, at).is_ok() {
			self.misled.insert(dispute);
		}
	}

	/// Whoever's turn it is moves as well as it can, unless the time is over or the claim is gone.
	fn move_on(&mut self, dispute: DisputeId) {
		let summary = DisputesPallet::dispute_summary(dispute).unwrap();
		let worker = self.claims[&(summary.job, summary.attempt.0)].clone();
		let stands = Disputes::<Test>::get(dispute).is_some_and(|dispute| DisputesPallet::claim_of(&dispute).is_some());
		let in_time = System::block_number() <= summary.deadline;
		let stage = summary.stage.unwrap();
		// Behind a root that is made up there are no groups. A right head proves nothing against a wrong trace.
		let (rootless, of_head) = (worker.cheat() == Cheat::Root, self.is_of_head(dispute));
		if stage.is_workers() {
			let outcome = worker.act(dispute);
			let able = of_head || !rootless;
			assert_eq!(outcome.is_ok(), stands && in_time && able, "{outcome:?}");
		} else if stands {
			let next = self.challenger(summary.job).next_move(dispute);
			let outcome = make(summary.challenger, dispute, next);
			let able = outcome.is_ok() || (of_head && rootless) || self.misled.contains(&dispute);
			assert!(if in_time { able } else { outcome.is_err() }, "{outcome:?}");
		}
	}

	fn is_of_head(&self, dispute: DisputeId) -> bool {
		Disputes::<Test>::get(dispute).is_some_and(|dispute| dispute.accusation != Accusation::Trace)
	}

	fn next_block(&self) {
		next_block();
		if self.crowded {
			tend();
			return;
		}
		let now = System::block_number();
		for job in pallet_assay_jobs::Jobs::<Test>::iter_values() {
			if let JobState::Claimed { final_at, .. } = job.state {
				assert!(
					now <= final_at + DisputesPallet::longest_delay() + 12,
					"a job waits too long"
				);
			}
		}
	}

	/// Whoever was refuted was wrong.
	fn check_rulings(&self) {
		for event in events() {
			if let Event::DisputeEnded {
				job,
				attempt,
				ruling: Ruling::Refuted,
				..
			} = event
			{
				let worker = &self.claims[&(job, attempt.0)];
				assert_ne!(worker.cheat(), Cheat::Honest, "an honest claim was refuted");
			}
		}
	}
}

/// Ends what found no room in the agenda.
fn tend() {
	let unbooked: Vec<_> = Disputes::<Test>::iter()
		.filter(|(_, dispute)| dispute.booked_at.is_none())
		.map(|(id, _)| id)
		.collect();
	for dispute in unbooked {
		let _ = expire(dispute);
	}
}

/// An open dispute.
fn pick(index: usize) -> Option<DisputeId> {
	let mut open: Vec<_> = Disputes::<Test>::iter_keys()
		.filter(|id| ruling(*id).is_none())
		.collect();
	open.sort_unstable();
	open.get(index % open.len().max(1)).copied()
}

fn try_submit(operator: AccountId, worker: &Worker) -> Option<JobId> {
	use assay_protocol::operator::Operators;
	StakingPallet::is_active(&operator).then(|| submit(operator, worker.version))
}

fn everybody() -> impl Iterator<Item = AccountId> {
	CHALLENGERS
		.into_iter()
		.chain(OPERATORS)
		.chain([CONSUMER, PUBLISHER, TREASURY])
}

fn scenario(actions: Vec<Action>, agenda: u32) {
	AgendaSize::set(agenda);
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		let mut world = World {
			misled: BTreeSet::new(),
			crowded: agenda < 64,
			..World::default()
		};
		for action in actions {
			world.act(action);
			check();
			assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
		}
		world.check_rulings();
		// Whatever happened, time ends every dispute and every job.
		for _ in 0..150 {
			world.next_block();
		}
		check();
		assert!(everybody().all(|who| held(who) == 0), "a bond is left");
		let unfinished = pallet_assay_jobs::Jobs::<Test>::iter_values().any(|job| job.is_unfinished());
		assert!(!unfinished, "a job did not end");
		for operator in OPERATORS {
			let committed = pallet_assay_staking::Operators::<Test>::get(operator)
				.unwrap()
				.committed;
			assert_eq!(committed, 0, "a commitment is left");
		}
		assert_eq!(Disputes::<Test>::iter().count(), 0, "a dispute was not pruned");
		assert_eq!(crate::Agenda::<Test>::iter().count(), 0);
		assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
	});
	AgendaSize::set(64);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]
	#[test]
	fn whatever_happens_should_keep_the_books(
		actions in prop::collection::vec(action(), 1..120),
		agenda in prop_oneof![Just(1u32), Just(3), Just(64)],
	) {
		scenario(actions, agenda);
	}
}
