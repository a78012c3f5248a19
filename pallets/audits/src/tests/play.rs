//! Everybody at random: honest, slow, lying and silent operators, as workers and as auditors, and one honest challenger.

use crate::{mock::*, Audits, Vouched};
use assay_protocol::{audit::Question, dispute::Claims, job::JobState, Attempt, JobId};
use proptest::prelude::*;
use sp_runtime::Permill;
use std::collections::BTreeMap;

/// Replies at once, and challenges what is wrong.
const HONEST: AccountId = ALICE;
/// Delivers, and replies in the last block there is.
const SLOW: AccountId = BOB;
/// Skips a layer, and vouches for whoever does.
const LYING: AccountId = CHARLIE;
/// Does what it should or nothing.
const SILENT: AccountId = DAVE;
/// Blocks in which a worker may be late.
const GUILT: u64 = 12;

/// A source of chances.
struct Dice<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Dice<'_> {
	/// Whether something happens that does so many times of a hundred.
	fn happens(&mut self, percent: u8) -> bool {
		self.0.next().copied().unwrap_or_default() % 100 < percent
	}
}

/// The play.
struct Play<'a> {
	dice: Dice<'a>,
	honest: Worker,
	lying: Worker,
	/// The claims that are lies.
	lies: BTreeMap<(JobId, Attempt), bool>,
	jobs: Vec<JobId>,
}

impl Play<'_> {
	fn attempt(job: JobId) -> Attempt {
		JobsPallet::job_summary(job).expect("the job is stored").attempt
	}

	fn is_lie(&self, job: JobId) -> bool {
		self.lies.get(&(job, Self::attempt(job))).copied().unwrap_or_default()
	}

	/// One block of everything.
	fn block(&mut self, submit: bool) {
		if submit && self.dice.happens(40) {
			let job = submit_unnamed();
			self.jobs.push(job);
		}
		for job in self.jobs.clone() {
			if let Some(JobState::Assigned { operator, .. }) = JobsPallet::job_summary(job).map(|job| job.state) {
				self.deliver(operator, job);
			}
		}
		for job in self.jobs.clone() {
			for who in OPERATORS {
				self.reply(who, job);
			}
			self.challenge(job);
		}
		next_block();
		self.check();
	}

	fn deliver(&mut self, operator: AccountId, job: JobId) {
		let lie = operator == LYING;
		let chance = match operator {
			HONEST | LYING => 100,
			SLOW => 60,
			_ => 30,
		};
		// A slow worker is in time all the same.
		let JobState::Assigned { deadline, .. } = job_state(job) else {
			return;
		};
		let last = operator == SLOW && System::block_number() == deadline;
		if last || self.dice.happens(chance) {
			let worker = if lie { &self.lying } else { &self.honest };
			worker.deliver_as(operator, job);
			self.lies.insert((job, Self::attempt(job)), lie);
		}
	}

	fn reply(&mut self, who: AccountId, job: JobId) {
		let Some(question) = asked(who, job) else { return };
		let audit = Audits::<Test>::get(job).expect("it is asked about");
		let (_, last) = AuditsPallet::due_from(job, &audit, &who).expect("it is asked");
		let attempt = Self::attempt(job);
		if who == SLOW && System::block_number() < last || who == SILENT && !self.dice.happens(15) {
			return;
		}
		let as_auditor = matches!(question, Question::Digest | Question::Values { .. });
		let honest = who != LYING && !(who == SILENT && self.is_lie(job) && as_auditor);
		if honest && as_auditor && self.is_lie(job) {
			// It does not vouch; the walk of a dispute is played elsewhere.
			JobsPallet::strike_down(job, None).expect("the claim stands");
			return;
		}
		let worker = if honest { &self.honest } else { &self.lying };
		let answered = worker.answer_as(who, job, attempt);
		assert!(answered.is_ok() || !honest, "{who} cannot reply to {question:?}");
	}

	/// One honest challenger looks at every claim, not always at once.
	fn challenge(&mut self, job: JobId) {
		use assay_protocol::audit::Audits as _;
		let Some(open) = JobsPallet::claim(job) else { return };
		let now = System::block_number();
		let taken = now < open.closes_at || AuditsPallet::is_open(job, open.claim.attempt);
		if self.is_lie(job) && taken && (now + 1 >= open.closes_at || self.dice.happens(10)) {
			JobsPallet::strike_down(job, None).expect("the claim stands");
		}
	}

	fn check(&self) {
		for who in [HONEST, SLOW] {
			assert_eq!(stake(who), STAKE, "{who} was honest");
		}
		for job in &self.jobs {
			let summary = JobsPallet::job_summary(*job);
			if summary.is_some_and(|summary| matches!(summary.state, JobState::Final { .. })) {
				assert!(!self.is_lie(*job), "a lie became final");
			}
		}
	}
}

/// Submits a job that anybody may get.
fn submit_unnamed() -> JobId {
	let job = pallet_assay_jobs::NextJobId::<Test>::get();
	let input = assay_protocol::job::JobInput::try_from(assay_testing::an_input(DECODER)).unwrap();
	JobsPallet::submit(
		RuntimeOrigin::signed(CONSUMER),
		DECODER,
		input,
		assay_testing::GENERATION,
		assay_testing::MAX_FEE,
		Balance::MAX,
		None,
	)
	.unwrap();
	job
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn no_honest_party_should_be_slashed_and_no_lie_become_final(dice in proptest::collection::vec(any::<u8>(), 200..400), seed: u64) {
		assay_testing::GuiltPeriod::set(GUILT);
		run(|| {
			Seed::set(Some(seed));
			// On every second stage hardly anything is drawn, so that lies are the challenger's to find.
			let rate = Permill::from_percent(if seed.is_multiple_of(2) { 5 } else { 100 });
			AuditCeiling::set(rate);
			Ceiling::set(rate);
			Floor::set(Permill::from_percent(5));
			AuditSizeFactor::set(0);
			offer(&[HONEST, SLOW, LYING]);
			let mut play = Play {
				dice: Dice(dice.iter().cycle()),
				honest: Worker::honest(),
				lying: Worker::skipping_a_layer(),
				lies: BTreeMap::new(),
				jobs: vec![],
			};
			for block in 0..60u64 {
				// Whoever was unlisted offers again.
				if block % 20 == 0 {
					for who in [LYING, SILENT] {
						let _ = AuditsPallet::offer(RuntimeOrigin::signed(who), DECODER);
					}
				}
				play.block(block < 40 && play.jobs.len() < 12);
			}
			// Every job ends in its time: three attempts, each with its clocks.
			let attempt = assay_testing::OPEN_PERIOD + assay_testing::RESULT_PERIOD + WINDOW + AuditsPallet::longest_delay();
			let mut left = 3 * attempt;
			while play.jobs.iter().any(|job| {
				let summary = JobsPallet::job_summary(*job);
				summary.is_some_and(|job| !matches!(job.state, JobState::Final { .. } | JobState::Refunded { .. }))
			}) {
				play.block(false);
				left = left.checked_sub(1).expect("every job ends");
			}
			// And leaves nothing behind.
			blocks(assay_testing::RETENTION + 2);
			prop_assert_eq!(pallet_assay_jobs::Load::<Test>::iter().count(), 0);
			prop_assert_eq!(Audits::<Test>::iter().count(), 0);
			prop_assert_eq!(Vouched::<Test>::iter().count(), 0);
			prop_assert_eq!(pallet_assay_jobs::LateAnswers::<Test>::iter().count(), 0);
			Ok(())
		})?;
		assay_testing::GuiltPeriod::set(0);
		AuditSizeFactor::set(10);
	}
}
