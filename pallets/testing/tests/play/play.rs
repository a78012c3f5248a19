//! The play: block after block everybody does something, and after each block it is looked at whether all is as it must be.

use crate::{chain::*, people::*, stage::*};
use assay_protocol::{
	audit::AuditOutcome,
	dispute::{DisputedClaim, OwnedStatement, Ruling},
	job::{JobInput, JobState},
	operator::Fault,
	Attempt, JobId,
};
use assay_samples::Noise;
use assay_testing::{an_input, atomic, program, right_execution, Claimed, Executed, GENERATION};
use codec::Encode;
use frame_support::traits::fungible::{Inspect, InspectHold};
use sp_runtime::Permill;
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt::Debug,
	ops::Range,
};

/// How a play goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
	/// What is left to chance follows from it.
	pub(crate) seed: u64,
	/// Blocks in which jobs come.
	pub(crate) blocks: u64,
	/// Whether there is somebody who looks at every claim.
	pub(crate) watched: bool,
}

/// How often what was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen(pub(crate) BTreeMap<String, u32>);

impl Seen {
	pub(crate) fn note(&mut self, what: impl Debug) {
		*self.0.entry(format!("{what:?}")).or_default() += 1;
	}
}

/// A claim as its worker made it.
pub(crate) struct Made {
	pub(crate) claimed: Claimed,
	pub(crate) defence: Defence,
	/// How often it was defended.
	pub(crate) answered: u32,
}

/// What happens in one play.
pub(crate) struct Play {
	pub(crate) script: Script,
	pub(crate) noise: Noise,
	/// Blocks in which one operator is away.
	pub(crate) absence: Range<u64>,
	pub(crate) made: BTreeMap<(JobId, Attempt), Made>,
	/// Runs of the jobs of claims, by what the claims say.
	looked: BTreeMap<Vec<u8>, Executed>,
	/// Claims that the watcher has looked at.
	pub(crate) watched: BTreeSet<(JobId, Attempt)>,
	/// Jobs that are not over, with the blocks they came in.
	running: BTreeMap<JobId, u64>,
	issuance: Balance,
	pub(crate) seen: Seen,
}

/// Plays to the end. Says what was seen, or what went wrong.
pub(crate) fn play(script: Script) -> Result<Seen, String> {
	Seed::set(script.seed);
	let mut noise = Noise::new(script.seed);
	// In two plays of three hardly anything is drawn, so that lies are the watcher's to find.
	let drawn = [5, 20, 100][noise.below(3) as usize];
	Ceiling::set(Permill::from_percent(if script.watched { drawn } else { 2 }));
	// In one of four the agendas are so small that most things come late.
	AgendaSize::set(if noise.below(4) == 0 { 2 } else { 64 });
	stage().execute_with(|| {
		let begins = 1 + noise.below(script.blocks);
		let mut play = Play {
			absence: begins..begins + 1 + noise.below(GUILT_PERIOD - 1),
			script,
			noise,
			made: BTreeMap::new(),
			looked: BTreeMap::new(),
			watched: BTreeSet::new(),
			running: BTreeMap::new(),
			issuance: Balances::total_issuance(),
			seen: Seen::default(),
		};
		let outcome = play.run();
		outcome.map_err(|wrong| format!("in block {}: {wrong}", System::block_number()))?;
		Ok(play.seen)
	})
}

impl Play {
	fn run(&mut self) -> Result<(), String> {
		for _ in 0..self.script.blocks {
			self.block(true)?;
		}
		while !self.running.is_empty() {
			self.block(false)?;
		}
		// Disputes that are moot are noticed when their clocks run out; all is forgotten a retention after its end.
		for _ in 0..2 * (RETENTION + GUILT_PERIOD) {
			self.block(false)?;
		}
		self.check_nothing_is_left()
	}

	/// What everybody saw after the last block is done in the next, in any order.
	fn block(&mut self, busy: bool) -> Result<(), String> {
		let mut acts = self.plan();
		assay_testing::next_block::<Test, AllPalletsWithSystem>();
		while !acts.is_empty() {
			let next = self.noise.below(acts.len() as u64) as usize;
			let act = acts.swap_remove(next);
			self.seen.note("deed");
			self.perform(act)?;
		}
		tend();
		self.keep_house();
		if busy {
			self.submit();
		}
		self.look_at_events()?;
		self.check()
	}

	/// Whether something happens that does so many times of a hundred.
	pub(crate) fn happens(&mut self, percent: u64) -> bool {
		self.noise.below(100) < percent
	}

	/// A consumer submits a job that may or may not find somebody.
	fn submit(&mut self) {
		if !self.happens(45) {
			return;
		}
		let version = self.noise.one_of(&VERSIONS);
		let consumer = self.noise.one_of(&CONSUMERS);
		let named = match self.noise.below(10) {
			0..3 => Some(self.noise.one_of(&LIARS)),
			3 | 4 => Some(self.noise.one_of(&OPERATORS)),
			_ => None,
		};
		let max_price = if self.happens(90) { Balance::MAX } else { PRICE / 2 };
		let job = pallet_assay_jobs::NextJobId::<Test>::get();
		let submitted = atomic(|| {
			let input = JobInput::try_from(an_input(version)).expect("inputs are short");
			JobsPallet::submit(
				RuntimeOrigin::signed(consumer),
				version,
				input,
				GENERATION,
				MAX_FEE,
				max_price,
				named,
			)
			.map(|_| ())
			.map_err(|refused| refused.error)
		});
		if submitted.is_ok() {
			self.running.insert(job, System::block_number());
		}
	}

	/// Heartbeats, offers, seats, bonds, delegations, and calls that do what is due.
	fn keep_house(&mut self) {
		for operator in OPERATORS {
			if Manner::of(operator) == Manner::Away && self.is_absent() {
				continue;
			}
			beat(operator);
			for version in VERSIONS {
				if self.happens(10) {
					let _ = atomic(|| AuditsPallet::offer(RuntimeOrigin::signed(operator), version));
				}
			}
			if !Manner::of(operator).is_truthful() {
				self.keep_house_of_a_liar(operator);
			}
		}
		for delegator in DELEGATORS {
			self.delegate(delegator);
		}
		self.meddle();
	}

	/// Stays in business, whatever it has lost, and changes its mind.
	fn keep_house_of_a_liar(&mut self, operator: AccountId) {
		let lost = STAKE.saturating_sub(own_bond(operator));
		let (version, price) = (
			self.noise.one_of(&VERSIONS),
			self.noise.one_of(&[1, PRICE / 2, 2 * PRICE]),
		);
		let origin = RuntimeOrigin::signed(operator);
		let kind = self.noise.below(50);
		if kind == 0 {
			serve(operator, version, price);
		}
		let _ = atomic(|| match kind {
			1 => StakingPallet::chill(origin),
			2..7 => StakingPallet::unchill(origin),
			7 => AuditsPallet::withdraw(origin, version),
			8..18 => StakingPallet::bond_extra(origin, operator, lost),
			_ => Ok(()),
		});
	}

	/// Puts stake somewhere, or takes it away.
	fn delegate(&mut self, member: AccountId) {
		let (operator, other) = (self.noise.one_of(&OPERATORS), self.noise.one_of(&OPERATORS));
		let origin = RuntimeOrigin::signed(member);
		let amount = Balance::from(self.noise.below(STAKE as u64 / 10));
		let kind = self.noise.below(40);
		let _ = atomic(|| match kind {
			0..3 => StakingPallet::delegate(origin, operator, amount),
			3 => StakingPallet::unbond(origin, operator, amount),
			4 => StakingPallet::redelegate(origin, operator, other, amount),
			5 => StakingPallet::withdraw_unbonded(origin, operator),
			6 => StakingPallet::claim(origin, operator),
			_ => Ok(()),
		});
	}

	/// Somebody calls for what may be due, or cancels.
	fn meddle(&mut self) {
		let jobs: Vec<JobId> = self.running.keys().copied().collect();
		let Some(job) = jobs.get(self.noise.below(jobs.len().max(1) as u64) as usize).copied() else {
			return;
		};
		let consumer = JobsPallet::job_summary(job).map(|job| job.consumer);
		let origin = RuntimeOrigin::signed(QUARRELLER);
		let dispute = assay_protocol::DisputeId(
			self.noise
				.below(1 + pallet_assay_disputes::NextDisputeId::<Test>::get().0),
		);
		let kind = self.noise.below(20);
		let _ = atomic(|| match kind {
			0 => JobsPallet::advance(origin, job)
				.map(|_| ())
				.map_err(|refused| refused.error),
			1 => AuditsPallet::advance(origin, job)
				.map(|_| ())
				.map_err(|refused| refused.error),
			2 => DisputesPallet::expire(origin, dispute)
				.map(|_| ())
				.map_err(|refused| refused.error),
			3 => JobsPallet::cancel(RuntimeOrigin::signed(consumer.unwrap_or(CONSUMER)), job),
			_ => Ok(()),
		});
	}

	/// Whether the one who goes away once is away.
	pub(crate) fn is_absent(&self) -> bool {
		self.absence.contains(&System::block_number())
	}

	/// Whether a claim says anything wrong.
	fn is_lie(&self, job: JobId, attempt: Attempt) -> bool {
		self.made.get(&(job, attempt)).is_some_and(|made| made.claimed.is_lie())
	}

	/// A run of the job that a claim is about, fed the tokens that it states.
	pub(crate) fn look(&mut self, claim: &DisputedClaim) -> &Executed {
		let said = (claim.version, &claim.output, claim.trace).encode();
		self.looked.entry(said).or_insert_with(|| {
			let program = program(claim.version).expect("it is registered");
			let statement = OwnedStatement::new(program, claim.clone());
			if statement.output == right_execution(claim.version).statement.output {
				// It commits to something else, or not; what running the job gives is known.
				let record = right_execution(claim.version).record.clone();
				let version = claim.version;
				return Executed {
					version,
					statement,
					record,
				};
			}
			Executed::of(claim.version, statement)
		})
	}

	/// The right ones lose.
	fn look_at_events(&mut self) -> Result<(), String> {
		for record in System::events() {
			match record.event {
				RuntimeEvent::DisputesPallet(pallet_assay_disputes::Event::DisputeEnded {
					job,
					dispute,
					ruling,
					..
				}) => {
					self.seen.note(("dispute", ruling));
					let summary = DisputesPallet::dispute_summary(dispute).ok_or("a dispute that ended is not kept")?;
					let loser = match ruling {
						Ruling::Refuted | Ruling::WorkerSilent => summary.operator,
						Ruling::Upheld | Ruling::ChallengerSilent => summary.challenger,
						Ruling::Moot => continue,
					};
					if loser == WATCHER || OPERATORS.contains(&loser) && Manner::of(loser).is_faultless() {
						return Err(format!("{loser} lost dispute {dispute} about job {job}: {ruling:?}"));
					}
				}
				RuntimeEvent::JobsPallet(pallet_assay_jobs::Event::JobSubmitted { room, .. }) => self.issuance -= room,
				RuntimeEvent::AuditsPallet(pallet_assay_audits::Event::AuditEnded { outcome, .. }) => {
					self.seen.note(("audit", outcome));
				}
				RuntimeEvent::AuditsPallet(pallet_assay_audits::Event::WorkerLate { .. })
				| RuntimeEvent::DisputesPallet(pallet_assay_disputes::Event::WorkerLate { .. }) => {
					self.seen.note("late");
				}
				RuntimeEvent::StakingPallet(pallet_assay_staking::Event::Penalised { operator, fault, .. }) => {
					self.seen.note(fault);
					self.check_penalty(operator, fault)?;
				}
				_ => {}
			}
		}
		System::reset_events();
		Ok(())
	}

	/// Who may be punished for what.
	fn check_penalty(&self, operator: AccountId, fault: Fault) -> Result<(), String> {
		let deserved = match Manner::of(operator) {
			Manner::Prompt | Manner::Slow => false,
			// Who is away delivers nothing and audits nothing meanwhile, and loses no more by it.
			Manner::Away => matches!(fault, Fault::MissedDeadline | Fault::MissedAudit | Fault::LostChallenge),
			Manner::Sulking => fault != Fault::FalseAudit,
			Manner::Lying => true,
		};
		match deserved {
			true => Ok(()),
			false => Err(format!("{operator} lost stake for {fault:?}")),
		}
	}

	fn check(&mut self) -> Result<(), String> {
		try_state()?;
		if Balances::total_issuance() != self.issuance {
			return Err("money was made or lost".into());
		}
		for operator in OPERATORS.into_iter().filter(|who| Manner::of(*who).is_faultless()) {
			if total_balance(operator) < STAKE + PURSE {
				return Err(format!("{operator} paid for something"));
			}
		}
		if total_balance(WATCHER) < FUNDS {
			return Err("the watcher paid for something".into());
		}
		self.check_holds()?;
		self.check_jobs()
	}

	/// A job counts the open disputes about its claim, and its audit.
	fn check_holds(&self) -> Result<(), String> {
		let mut holds = BTreeMap::<JobId, u32>::new();
		for (job, attempt) in held_by() {
			let stands = JobsPallet::job_summary(job)
				.is_some_and(|job| matches!(job.state, JobState::Claimed { .. }) && job.attempt == attempt);
			if stands {
				*holds.entry(job).or_default() += 1;
			}
		}
		for (id, job) in pallet_assay_jobs::Jobs::<Test>::iter() {
			let held = holds.get(&id).copied().unwrap_or_default();
			if job.holds != held {
				return Err(format!("job {id} is held by {held} and counts {}", job.holds));
			}
		}
		Ok(())
	}

	fn check_jobs(&mut self) -> Result<(), String> {
		let now = System::block_number();
		for (job, since) in self.running.clone() {
			let summary = JobsPallet::job_summary(job).ok_or("a job that runs is not stored")?;
			let divided = match summary.state {
				JobState::Final {
					paid,
					royalty,
					treasury,
					audits,
					refunded,
					..
				} => {
					if self.is_lie(job, summary.attempt) {
						return Err(format!("a lie became final in job {job}"));
					}
					self.seen.note("final");
					paid + royalty + treasury + audits + refunded
				}
				JobState::Refunded { reason, refunded } => {
					self.seen.note(("job", reason));
					refunded
				}
				_ if now > since + longest_life() => return Err(format!("job {job} takes too long")),
				_ => continue,
			};
			if divided != summary.max_fee {
				return Err(format!("{divided} of {} were divided in job {job}", summary.max_fee));
			}
			self.running.remove(&job);
		}
		Ok(())
	}

	/// All is paid, all is forgotten.
	fn check_nothing_is_left(&self) -> Result<(), String> {
		let left = [
			("jobs", pallet_assay_jobs::Jobs::<Test>::iter().count()),
			("late answers", pallet_assay_jobs::LateAnswers::<Test>::iter().count()),
			("disputes", pallet_assay_disputes::Disputes::<Test>::iter().count()),
			("records", pallet_assay_disputes::Record::<Test>::iter().count()),
			("audits", pallet_assay_audits::Audits::<Test>::iter().count()),
			("load", pallet_assay_jobs::Load::<Test>::iter().count()),
			("vouched", pallet_assay_audits::Vouched::<Test>::iter().count()),
			("running", pallet_assay_models::RunningJobs::<Test>::iter().count()),
		];
		for (what, count) in left {
			if count > 0 {
				return Err(format!("{count} {what} are left"));
			}
		}
		for operator in OPERATORS {
			let committed = pallet_assay_staking::Operators::<Test>::get(operator).map(|operator| operator.committed);
			if committed != Some(0) {
				return Err(format!("{operator} has {committed:?} in flight"));
			}
		}
		let held = |who: &AccountId| {
			let bonds = Balances::balance_on_hold(&pallet_assay_disputes::HoldReason::Bond.into(), who);
			bonds + Balances::balance_on_hold(&pallet_assay_jobs::HoldReason::Escrow.into(), who)
		};
		match frame_system::Account::<Test>::iter_keys().find(|who| held(who) > 0) {
			Some(who) => Err(format!("{who} has money on hold")),
			None => Ok(()),
		}
	}
}

/// Somebody calls for what found no room in an agenda.
fn tend() {
	let caller = || RuntimeOrigin::signed(QUARRELLER);
	for (id, job) in pallet_assay_jobs::Jobs::<Test>::iter().collect::<Vec<_>>() {
		if job.booked_at.is_none() && job.holds == 0 {
			let _ = atomic(|| JobsPallet::advance(caller(), id).map_err(|refused| refused.error));
		}
	}
	for (id, audit) in pallet_assay_audits::Audits::<Test>::iter().collect::<Vec<_>>() {
		if audit.booked_at.is_none() && !audit.is_over() {
			let _ = atomic(|| AuditsPallet::advance(caller(), id).map_err(|refused| refused.error));
		}
	}
	for (id, dispute) in pallet_assay_disputes::Disputes::<Test>::iter().collect::<Vec<_>>() {
		if dispute.booked_at.is_none() {
			let _ = atomic(|| DisputesPallet::expire(caller(), id).map_err(|refused| refused.error));
		}
	}
}

/// What holds jobs back: open disputes, and audits that are not over.
fn held_by() -> Vec<(JobId, Attempt)> {
	let disputes = pallet_assay_disputes::Disputes::<Test>::iter_values()
		.filter(|dispute| matches!(dispute.status, pallet_assay_disputes::Status::Open(_)))
		.map(|dispute| (dispute.job, dispute.attempt));
	let audits = pallet_assay_audits::Audits::<Test>::iter()
		.filter(|(_, audit)| !audit.is_over())
		.map(|(job, audit)| (job, audit.attempt));
	disputes.chain(audits).collect()
}

/// Blocks after which a job is over, whatever happens: in each attempt it waits for an operator, for a result, for its audit and
/// for the disputes about it.
fn longest_life() -> u64 {
	let run = 1;
	let audit = WINDOW + run + AuditsPallet::longest_delay();
	let dispute = DisputesPallet::longest_delay() + u64::from(pallet_assay_disputes::MOVES) * run;
	u64::from(ATTEMPTS) * (OPEN_PERIOD + RESULT_PERIOD + run + audit + dispute)
}

pub(crate) fn own_bond(operator: AccountId) -> Balance {
	use assay_protocol::operator::Operators;
	StakingPallet::own_stake(&operator)
}

/// Everything that an account has, on hold or not.
fn total_balance(who: AccountId) -> Balance {
	<Balances as Inspect<AccountId>>::total_balance(&who)
}

/// What some plays together have to show, so that their silence means something.
pub(crate) fn everything() -> Vec<String> {
	let rulings = [
		Ruling::Refuted,
		Ruling::WorkerSilent,
		Ruling::Upheld,
		Ruling::ChallengerSilent,
		Ruling::Moot,
	]
	.map(|ruling| format!("{:?}", ("dispute", ruling)));
	let outcomes = [AuditOutcome::NotDrawn, AuditOutcome::Passed, AuditOutcome::StruckDown]
		.map(|outcome| format!("{:?}", ("audit", outcome)));
	let faults = [
		Fault::MissedDeadline,
		Fault::WrongResult,
		Fault::MissedAudit,
		Fault::FalseAudit,
	]
	.map(|fault| format!("{fault:?}"));
	let ends = [
		"lie",
		"truth",
		"late",
		"final",
		"an auditor challenges",
		"junk is refused",
	]
	.map(|end| format!("{end:?}"));
	[&rulings[..], &outcomes, &faults, &ends].concat()
}
