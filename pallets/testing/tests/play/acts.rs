//! What people do about claims: they deliver, reply in audits, answer in disputes, challenge and move. Each sees the state after
//! a block, as nodes do, and what it then does is in the next.

use crate::{chain::*, people::*, play::*};
use assay_dispute::{DisputeError, Move};
use assay_protocol::{
	audit::{AuditDuty, AuditPhase, AuditReply, Question, Reply, SignedReply},
	dispute::{
		Accusation, Answer, AnswerDuty, Claims, DisputeAnswer, DisputedClaim, Move as Act, MoveDuty, OpenedCells,
		SignedAnswer, SignedMove, Stage,
	},
	job::{Duty, JobState},
	DisputeId, JobId,
};
use assay_samples::Noise;
use assay_testing::{atomic, right_step, signed_result, worker_key, Cheat, Claimed};
use assay_trace::{claim::ClaimRoot, digest::DigestKey, fault::Target, Group, Opening, Place};
use codec::Encode;
use frame_support::dispatch::DispatchResult;
use sp_core::{Pair, H256};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

/// Something that somebody does in the next block.
pub(crate) enum Deed {
	Deliver(AccountId, Duty<u64>),
	Reply(AccountId, AuditDuty<AccountId, u64>),
	Answer(AccountId, AnswerDuty<u64>),
	/// Of an operator whose worker key moves for it.
	MoveAsOperator(Box<MoveDuty<AccountId, u64>>),
	Challenge(AccountId, JobId),
	Move(AccountId, DisputeId),
}

impl Play {
	/// What may be done in the next block.
	pub(crate) fn plan(&self) -> Vec<Deed> {
		let mut deeds = Vec::new();
		for who in OPERATORS {
			let key = worker_key(who).public();
			deeds.extend(JobsPallet::due(&key).into_iter().map(|duty| Deed::Deliver(who, duty)));
			deeds.extend(AuditsPallet::due(&key).into_iter().map(|duty| Deed::Reply(who, duty)));
			deeds.extend(
				DisputesPallet::due(&key)
					.into_iter()
					.map(|duty| Deed::Answer(who, duty)),
			);
			let moves = DisputesPallet::moves_due(&key).into_iter();
			deeds.extend(moves.map(|duty| Deed::MoveAsOperator(duty.into())));
		}
		let claimed = pallet_assay_jobs::Jobs::<Test>::iter()
			.filter(|(_, job)| matches!(job.state, JobState::Claimed { .. }))
			.map(|(id, _)| id);
		deeds.extend(claimed.flat_map(|job| [WATCHER, QUARRELLER].map(|who| Deed::Challenge(who, job))));
		let moves = pallet_assay_disputes::Disputes::<Test>::iter()
			.filter(|(_, dispute)| {
				let open = matches!(dispute.status, pallet_assay_disputes::Status::Open(stage) if !stage.is_workers());
				open && [WATCHER, QUARRELLER].contains(&dispute.challenger)
			})
			.map(|(id, dispute)| Deed::Move(dispute.challenger, id));
		deeds.extend(moves);
		deeds
	}

	pub(crate) fn perform(&mut self, deed: Deed) -> Result<(), String> {
		match deed {
			Deed::Deliver(who, duty) => self.deliver(who, &duty),
			Deed::Reply(who, duty) => self.reply(who, duty),
			Deed::Answer(who, duty) => self.answer(who, duty),
			Deed::MoveAsOperator(duty) => self.move_as_operator(*duty),
			Deed::Challenge(WATCHER, job) if self.script.watched => self.watch(job),
			Deed::Challenge(QUARRELLER, job) => self.quarrel(job),
			Deed::Move(WATCHER, dispute) => self.move_on(dispute),
			Deed::Move(QUARRELLER, dispute) => self.move_at_random(dispute),
			Deed::Challenge(..) | Deed::Move(..) => Ok(()),
		}
	}

	/// Whether an operator that speaks the truth does now what is taken in time until `deadline`.
	fn acts_now(&mut self, who: AccountId, deadline: u64) -> bool {
		match Manner::of(who) {
			Manner::Prompt | Manner::Lying => true,
			Manner::Slow => System::block_number() >= deadline,
			Manner::Away => !self.is_absent(),
			Manner::Sulking => self.happens(25),
		}
	}

	fn deliver(&mut self, who: AccountId, duty: &Duty<u64>) -> Result<(), String> {
		if !self.acts_now(who, duty.deadline) || Manner::of(who) == Manner::Lying && !self.happens(60) {
			return Ok(());
		}
		let (cheat, defence) = match Manner::of(who) {
			Manner::Lying => (any_cheat(duty.version, &mut self.noise), Defence::any(&mut self.noise)),
			_ => (Cheat::Honest, Defence::Best),
		};
		let claimed = Claimed::new(duty.version, cheat);
		if let Some(JobState::Assigned { operator, .. }) = JobsPallet::job_summary(duty.job).map(|job| job.state) {
			if operator != who {
				return Ok(());
			}
			let result = signed_result::<Test>(who, claimed.statement(), duty.job);
			apply(&JobsPallet::result_transaction(result))
				.map_err(|refused| format!("the result of {who} for job {} is refused: {refused:?}", duty.job))?;
			self.seen.note(if claimed.is_lie() { "lie" } else { "truth" });
			let made = Made {
				claimed,
				defence,
				answered: 0,
			};
			self.made.insert((duty.job, duty.attempt), made);
		}
		Ok(())
	}

	/// Whether the worker of a claim shows something of it now: in time until `deadline`, late until `closes_at`. Junk is not
	/// something.
	fn defends_now(&mut self, who: AccountId, claim: &DisputedClaim, deadline: u64, closes_at: u64) -> bool {
		let now = System::block_number();
		let made = self
			.made
			.get_mut(&(claim.job, claim.attempt))
			.expect("somebody made the claim");
		match made.defence {
			Defence::Late if now < closes_at => return false,
			Defence::Silent { after } if made.answered >= after => return false,
			Defence::Junk => return false,
			_ => made.answered += 1,
		}
		self.acts_now(who, deadline)
	}

	fn answer(&mut self, who: AccountId, duty: AnswerDuty<u64>) -> Result<(), String> {
		let AnswerDuty {
			dispute,
			stage,
			deadline: closes_at,
			claim,
		} = duty;
		let stored = pallet_assay_disputes::Disputes::<Test>::get(dispute);
		let deadline = stored.map_or(closes_at, |dispute| dispute.deadline);
		let key = (claim.job, claim.attempt);
		if !self.defends_now(who, &claim, deadline, closes_at) {
			if self.made[&key].defence == Defence::Junk {
				let refused = send_answer(who, dispute, stage, &claim, junk(stage));
				self.seen.note("junk is refused");
				return is_refused(refused, "junk was taken for an answer");
			}
			return Ok(());
		}
		let claimed = &self.made[&key].claimed;
		let (honest, answer) = (claimed.cheat == Cheat::Honest, claimed.answer(stage));
		let Some(answer) = answer else { return Ok(()) };
		let sent = send_answer(who, dispute, stage, &claim, answer);
		is_taken(sent, honest, || {
			format!("the answer of {who} in dispute {dispute} at {stage:?}")
		})
	}

	fn reply(&mut self, who: AccountId, duty: AuditDuty<AccountId, u64>) -> Result<(), String> {
		let AuditDuty {
			question,
			deadline: closes_at,
			claim,
			..
		} = duty;
		match question {
			Question::Cell { .. } | Question::Step { .. } => {
				let phase = AuditsPallet::audit_summary(claim.job).map(|audit| audit.phase);
				let deadline = match phase {
					Some(AuditPhase::Commit { deadline } | AuditPhase::Show { deadline }) => deadline,
					_ => closes_at,
				};
				let key = (claim.job, claim.attempt);
				if !self.defends_now(who, &claim, deadline, closes_at) {
					return Ok(());
				}
				let claimed = &self.made[&key].claimed;
				let honest = claimed.cheat == Cheat::Honest;
				let Some(reply) = claimed.reply(question, &key_of(who, &claim)) else {
					return Ok(());
				};
				let sent = send_reply(who, question, &claim, reply);
				is_taken(sent, honest, || {
					format!("the reply of {who} about job {} to {question:?}", claim.job)
				})
			}
			// There are no batches here.
			Question::Receipt { .. } => Ok(()),
			Question::Digest | Question::Values { .. } => self.audit(who, question, closes_at, &claim),
		}
	}

	/// Does what an auditor is asked: it vouches for what is right, and challenges what is wrong.
	fn audit(
		&mut self,
		who: AccountId,
		question: Question,
		deadline: u64,
		claim: &DisputedClaim,
	) -> Result<(), String> {
		if !self.acts_now(who, deadline) {
			return Ok(());
		}
		let key = key_of(who, claim);
		if !Manner::of(who).is_truthful() {
			if question == Question::Digest && self.happens(15) {
				let accusation = any_accusation(&mut self.noise);
				let _ = challenge_as_operator(who, claim, accusation);
				return Ok(());
			}
			// It has what the worker has, of its own kind or not.
			if let Some(reply) = self.made[&(claim.job, claim.attempt)].claimed.reply(question, &key) {
				let _ = send_reply(who, question, claim, reply);
			}
			return Ok(());
		}
		let executed = self.look(claim);
		let accusation = executed.execution().accuse().map_err(|error| error.to_string())?;
		match accusation {
			Some(accusation) => {
				let sent = challenge_as_operator(who, claim, accusation);
				if sent.is_ok() {
					self.seen.note("an auditor challenges");
				}
				is_taken(sent, true, || format!("the challenge of {who} about job {}", claim.job))
			}
			None => {
				let reply = executed
					.execution()
					.reply(question, &key)
					.map_err(|error| error.to_string())?;
				let sent = send_reply(who, question, claim, reply);
				is_taken(sent, true, || {
					format!("the reply of {who} about job {} to {question:?}", claim.job)
				})
			}
		}
	}

	fn move_as_operator(&mut self, duty: MoveDuty<AccountId, u64>) -> Result<(), String> {
		let MoveDuty {
			challenger,
			dispute,
			stage,
			deadline,
			record,
			claim,
		} = duty;
		if !self.acts_now(challenger, deadline) || Manner::of(challenger) == Manner::Lying && !self.happens(40) {
			return Ok(());
		}
		let points = self.happens(50);
		match self.look(&claim).execution().next_move(stage, &record) {
			Ok(next) => {
				let act = pointing(next, points).in_dispute(dispute, record.hash);
				let sent = send_move(challenger, act, &claim);
				is_taken(sent, true, || {
					format!("the move of {challenger} in dispute {dispute} at {stage:?}")
				})
			}
			Err(_) if Manner::of(challenger) == Manner::Lying => Ok(()),
			Err(error) => Err(format!("{challenger} has no move in dispute {dispute}: {error}")),
		}
	}

	/// The watcher looks at a claim, at the latest in the last block of its window, and challenges it if it is wrong.
	fn watch(&mut self, job: JobId) -> Result<(), String> {
		let Some(open) = JobsPallet::claim(job) else {
			return Ok(());
		};
		let key = (job, open.claim.attempt);
		let last = System::block_number() + 1 >= open.closes_at;
		if self.watched.contains(&key) || !last && !self.happens(20) {
			return Ok(());
		}
		self.watched.insert(key);
		let accusation = self.look(&open.claim).execution().accuse();
		match accusation.map_err(|error| error.to_string())? {
			Some(accusation) => challenge(WATCHER, job, accusation)
				.map_err(|refused| format!("the watcher's challenge of job {job} is refused: {refused:?}")),
			None if self.made[&key].claimed.is_lie() => {
				Err(format!("the watcher finds nothing wrong with the lie in job {job}"))
			}
			None => Ok(()),
		}
	}

	/// The watcher's move, at the latest in the last block for it.
	fn move_on(&mut self, dispute: DisputeId) -> Result<(), String> {
		let Some((stage, deadline, claim)) = at_stage(dispute) else {
			return Ok(());
		};
		if System::block_number() < deadline && !self.happens(40) {
			return Ok(());
		}
		let points = self.happens(50);
		let record = DisputesPallet::dispute_record(dispute).expect("the dispute is open");
		let next = self.look(&claim).execution().next_move(stage, &record);
		let next =
			next.map_err(|error| format!("the watcher has no move in dispute {dispute} at {stage:?}: {error}"))?;
		make(WATCHER, dispute, record.hash, pointing(next, points))
			.map_err(|refused| format!("the watcher's move in dispute {dispute} at {stage:?} is refused: {refused:?}"))
	}

	/// Challenges whatever there is, and once more.
	fn quarrel(&mut self, job: JobId) -> Result<(), String> {
		if self.happens(6) {
			let accusation = any_accusation(&mut self.noise);
			let _ = challenge(QUARRELLER, job, accusation);
		}
		Ok(())
	}

	/// Moves as it should, or somewhere, or not at all.
	fn move_at_random(&mut self, dispute: DisputeId) -> Result<(), String> {
		let Some((stage, _, claim)) = at_stage(dispute) else {
			return Ok(());
		};
		let record = DisputesPallet::dispute_record(dispute).expect("the dispute is open");
		let (row, position) = (self.noise.below(3) as u16, self.noise.below(13) as u32);
		let place = match &record.cells {
			Some(OpenedCells::Head { position, .. }) => Place::Head { position: *position },
			Some(OpenedCells::Group { group, .. }) => Place::Cell {
				row: group.row,
				position,
			},
			None => Place::Cell { row, position },
		};
		let kind = self.noise.below(6);
		let executed = self.look(&claim);
		let own = executed.prover().cell(place);
		let next = match (kind, own) {
			(0, _) => executed.execution().next_move(stage, &record).map_err(Some),
			(1, Ok(cell)) => Ok(Move::Prove(right_step(&executed.prover(), place, &cell))),
			(2, Ok(cell)) => {
				let step = right_step(&executed.prover(), place, &cell).step;
				Ok(Move::PointAtStep(place, step))
			}
			(3, _) if stage == Stage::PointAtGroup => Ok(Move::PointAtGroup(Group { row, index: 0 })),
			(3, _) => Ok(Move::PointAtTarget(place, Target::Vector(0))),
			_ => Err(None::<DisputeError>),
		};
		if let Ok(next) = next {
			let _ = make(QUARRELLER, dispute, record.hash, next);
		}
		Ok(())
	}
}

/// A move that has the worker open the step, or that proves it.
fn pointing(next: Move, points: bool) -> Move {
	match next {
		Move::Prove(proof) if points => Move::PointAtStep(proof.place, proof.step),
		next => next,
	}
}

fn any_accusation(noise: &mut Noise) -> Accusation {
	match noise.below(3) {
		0 => Accusation::Head {
			position: noise.one_of(&[0, 8, 10, 12]),
		},
		_ => Accusation::Trace,
	}
}

/// Where a dispute stands about a claim that stands, until when it is the challenger's turn, and about which claim.
fn at_stage(dispute: DisputeId) -> Option<(Stage, u64, DisputedClaim)> {
	let summary = DisputesPallet::dispute_summary(dispute)?;
	let stage = summary.stage.filter(|stage| !stage.is_workers())?;
	let open = JobsPallet::claim(summary.job).filter(|open| open.claim.attempt == summary.attempt)?;
	Some((stage, summary.deadline, open.claim))
}

/// An answer of the right kind with nothing right in it.
fn junk(stage: Stage) -> Answer {
	match stage {
		Stage::OpenStep { .. } => Answer::Step(Opening::default()),
		Stage::OpenHead { .. } => Answer::Head(Default::default()),
		Stage::Show { .. } => Answer::Shown(assay_trace::fault::Exhibit::Values(vec![-1; 7])),
		_ => Answer::Groups(vec![Default::default(); 5]),
	}
}

fn key_of(auditor: AccountId, claim: &DisputedClaim) -> DigestKey {
	DigestKey::new(&auditor.encode(), claim.job.0, claim.attempt.0)
}

fn genesis() -> [u8; 32] {
	System::block_hash(0).0
}

fn challenge(who: AccountId, job: JobId, accusation: Accusation) -> DispatchResult {
	let claim = JobsPallet::claim(job).ok_or("no claim")?.claim.root();
	atomic(|| DisputesPallet::challenge(RuntimeOrigin::signed(who), job, claim, accusation))
}

fn challenge_as_operator(
	who: AccountId,
	claim: &DisputedClaim,
	accusation: Accusation,
) -> Result<(), TransactionValidityError> {
	let act = Act::Challenge {
		job: claim.job,
		attempt: claim.attempt,
		accusation,
	};
	send_move(who, act, claim)
}

fn make(who: AccountId, dispute: DisputeId, record: H256, next: Move) -> DispatchResult {
	let origin = RuntimeOrigin::signed(who);
	atomic(|| match next {
		Move::PointAtGroup(group) => DisputesPallet::point_at_group(origin, dispute, record, group),
		Move::PointAtTarget(place, target) => DisputesPallet::point_at_target(origin, dispute, record, place, target),
		Move::PointAtStep(place, step) => DisputesPallet::point_at_step(origin, dispute, record, place, step),
		Move::Prove(proof) => DisputesPallet::prove(origin, dispute, record, proof),
	})
}

fn send_answer(
	who: AccountId,
	dispute: DisputeId,
	stage: Stage,
	claim: &DisputedClaim,
	answer: Answer,
) -> Result<(), TransactionValidityError> {
	let answer = DisputeAnswer { dispute, stage, answer };
	let signature = worker_key(who).sign(&answer.signing_payload(&claim.root(), &genesis()));
	apply(&DisputesPallet::answer_transaction(SignedAnswer { answer, signature }))
}

fn send_reply(
	who: AccountId,
	question: Question,
	claim: &DisputedClaim,
	reply: Reply,
) -> Result<(), TransactionValidityError> {
	let reply = AuditReply {
		job: claim.job,
		attempt: claim.attempt,
		from: who,
		question,
		reply,
	};
	let signature = worker_key(who).sign(&reply.signing_payload(&claim.root(), &genesis()));
	apply(&AuditsPallet::reply_transaction(SignedReply { reply, signature }))
}

fn send_move(challenger: AccountId, act: Act, claim: &DisputedClaim) -> Result<(), TransactionValidityError> {
	let root: ClaimRoot = claim.root();
	let payload = SignedMove::signing_payload(&challenger, &act, &root, &genesis());
	let signature = worker_key(challenger).sign(&payload);
	apply(&DisputesPallet::move_transaction(SignedMove {
		challenger,
		act,
		signature,
	}))
}

/// What is right is taken, unless it was overtaken by what somebody else did in the same block.
fn is_taken(
	sent: Result<(), TransactionValidityError>,
	right: bool,
	what: impl FnOnce() -> String,
) -> Result<(), String> {
	match sent {
		Err(refused) if right && refused != InvalidTransaction::Stale.into() => {
			Err(format!("{} is refused: {refused:?}", what()))
		}
		_ => Ok(()),
	}
}

fn is_refused(sent: Result<(), TransactionValidityError>, otherwise: &str) -> Result<(), String> {
	match sent {
		Ok(()) => Err(otherwise.into()),
		Err(_) => Ok(()),
	}
}
