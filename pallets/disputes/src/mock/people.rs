//! Workers, honest and not, and challengers, right and not.

use super::*;
use assay_dispute::{DisputeError, Move};
use assay_protocol::{
	dispute::{Accusation, Answer, DisputeAnswer, OpenedCells, OwnedStatement, Proof, SignedAnswer, Stage},
	job::SignedResult,
	DisputeId, JobId, ModelVersion,
};
use assay_testing::{atomic, program, right_step, signed_result, submit_to, Claimed, Executed};
pub(crate) use assay_testing::{worker_key, Cheat};
use assay_trace::{claim::ClaimRoot, fault::Target, Group, Place};
use codec::Encode;
use frame_support::dispatch::DispatchResult;
use sp_core::{Pair, H256};
use sp_runtime::transaction_validity::TransactionValidityError;

/// The worker of a claim.
#[derive(Clone)]
pub(crate) struct Worker {
	pub(crate) operator: AccountId,
	pub(crate) version: ModelVersion,
	claimed: Claimed,
}

impl Worker {
	/// Who cheats so when it works for `operator`.
	pub(crate) fn new(operator: AccountId, version: ModelVersion, cheat: Cheat) -> Self {
		Self {
			operator,
			version,
			claimed: Claimed::new(version, cheat),
		}
	}

	/// What is wrong with its claim.
	pub(crate) fn cheat(&self) -> Cheat {
		self.claimed.cheat
	}

	/// What it claims.
	pub(crate) fn statement(&self) -> &OwnedStatement {
		self.claimed.statement()
	}

	/// What it answers at a stage; the best it can.
	pub(crate) fn answer(&self, stage: Stage) -> Answer {
		self.claimed.answer(stage).expect("it is the worker's turn")
	}

	/// A step that holds, shown as the claim commits to it.
	pub(crate) fn right_step(&self, place: Place) -> Proof {
		self.claimed.right_step(place)
	}

	/// Answers what is due in a dispute.
	pub(crate) fn act(&self, dispute: DisputeId) -> Result<(), TransactionValidityError> {
		deliver(signed(
			self.operator,
			dispute,
			stage(dispute),
			self.answer(stage(dispute)),
		))
	}
}

/// Submits a job that is the worker's and delivers its result.
pub(crate) fn claimed(worker: &Worker) -> JobId {
	let job = submit(worker.operator, worker.version);
	deliver_result(result(worker.operator, worker.statement(), job)).unwrap();
	job
}

/// The result that claims a statement.
pub(crate) fn result(operator: AccountId, statement: &OwnedStatement, job: JobId) -> SignedResult {
	signed_result::<Test>(operator, statement, job)
}

/// Submits a job that an operator gets.
pub(crate) fn submit(operator: AccountId, version: ModelVersion) -> JobId {
	submit_to::<Test>(operator, version)
}

/// A challenger with its own execution of what a claim states.
pub(crate) struct Challenger {
	who: AccountId,
	executed: Executed,
	/// Whether it has the worker open the last step, and does not prove it itself.
	points: bool,
}

impl Challenger {
	/// Runs the job.
	pub(crate) fn new(who: AccountId, job: JobId) -> Self {
		let claim = JobsPallet::disputed_claim(job).expect("there is a claim");
		let version = claim.version;
		let statement = OwnedStatement::new(program(version).unwrap(), claim);
		Self {
			who,
			executed: Executed::of(version, statement),
			points: false,
		}
	}

	/// It proves nothing itself.
	pub(crate) fn pointing(self) -> Self {
		Self { points: true, ..self }
	}

	/// What it finds wrong.
	pub(crate) fn accusation(&self) -> Option<Accusation> {
		self.executed.execution().accuse().unwrap()
	}

	/// Its next move; where it finds nothing wrong, it points at the first thing there is.
	pub(crate) fn next_move(&self, dispute: DisputeId) -> Move {
		let record = DisputesPallet::dispute_record(dispute).expect("the dispute is stored");
		let next = match self.executed.execution().next_move(stage(dispute), &record) {
			Ok(found) => found,
			Err(DisputeError::Agrees) => match stage(dispute) {
				Stage::PointAtGroup => Move::PointAtGroup(Group { row: 0, index: 0 }),
				Stage::PointAtTarget => Move::PointAtTarget(opened_place(&record.cells.unwrap()), Target::Vector(0)),
				_ => Move::Prove(self.right_step(opened_place(&record.cells.unwrap()))),
			},
			Err(error) => panic!("{error}"),
		};
		match next {
			Move::Prove(Proof { place, step, .. }) if self.points => Move::PointAtStep(place, step),
			next => next,
		}
	}

	/// A step that holds.
	pub(crate) fn right_step(&self, place: Place) -> Proof {
		let prover = self.executed.prover();
		right_step(&prover, place, &prover.cell(place).unwrap())
	}

	/// Challenges.
	pub(crate) fn challenge(&self, job: JobId, accusation: Accusation) -> DisputeId {
		challenge(self.who, job, accusation).unwrap()
	}

	/// Makes its next move.
	pub(crate) fn act(&self, dispute: DisputeId) -> DispatchResult {
		make(self.who, dispute, self.next_move(dispute))
	}
}

/// The first place of opened cells.
pub(crate) fn opened_place(cells: &OpenedCells) -> Place {
	match cells {
		OpenedCells::Group { group, .. } => Place::Cell {
			row: group.row,
			position: 0,
		},
		OpenedCells::Head { position, .. } => Place::Head { position: *position },
	}
}

/// Challenges and returns the dispute.
pub(crate) fn challenge(
	who: AccountId,
	job: JobId,
	accusation: Accusation,
) -> Result<DisputeId, sp_runtime::DispatchError> {
	let id = crate::NextDisputeId::<Test>::get();
	let claim = claim_of(job);
	atomic(|| DisputesPallet::challenge(RuntimeOrigin::signed(who), job, claim, accusation))?;
	Ok(id)
}

/// Makes a challenger's move.
pub(crate) fn make(who: AccountId, dispute: DisputeId, next: Move) -> DispatchResult {
	make_on(who, dispute, shown(dispute), next)
}

/// Makes a challenger's move on what it takes for the record.
pub(crate) fn make_on(who: AccountId, dispute: DisputeId, record: H256, next: Move) -> DispatchResult {
	let origin = RuntimeOrigin::signed(who);
	atomic(|| match next {
		Move::PointAtGroup(group) => DisputesPallet::point_at_group(origin, dispute, record, group),
		Move::PointAtTarget(place, target) => DisputesPallet::point_at_target(origin, dispute, record, place, target),
		Move::PointAtStep(place, step) => DisputesPallet::point_at_step(origin, dispute, record, place, step),
		Move::Prove(proof) => DisputesPallet::prove(origin, dispute, record, proof),
	})
}

/// Hash of what the worker has shown in a dispute.
pub(crate) fn shown(dispute: DisputeId) -> H256 {
	DisputesPallet::dispute_record(dispute).map_or(H256::zero(), |record| record.hash)
}

/// Root of the claim that a dispute is about; of nothing if there is none.
pub(crate) fn claim_in(dispute: DisputeId) -> ClaimRoot {
	let dispute = crate::Disputes::<Test>::get(dispute);
	dispute.map_or(ClaimRoot(Hash32::default()), |dispute| claim_of(dispute.job))
}

/// Root of a job's claim; of nothing if there is none.
pub(crate) fn claim_of(job: JobId) -> ClaimRoot {
	let claim = JobsPallet::disputed_claim(job);
	claim.map_or(ClaimRoot(Hash32::default()), |claim| claim.root())
}

/// Has anybody end what is due.
pub(crate) fn expire(dispute: DisputeId) -> DispatchResult {
	let origin = RuntimeOrigin::signed(POOR);
	atomic(|| match DisputesPallet::expire(origin, dispute) {
		Ok(_) => Ok(()),
		Err(refused) => Err(refused.error),
	})
}

/// Where an open dispute stands.
pub(crate) fn stage(dispute: DisputeId) -> Stage {
	let summary = DisputesPallet::dispute_summary(dispute).expect("the dispute is stored");
	summary.stage.expect("the dispute is open")
}

/// Plays a dispute to its end, each side as soon as it can.
pub(crate) fn play(dispute: DisputeId, worker: &Worker, challenger: &Challenger) -> Played {
	let mut played = Played::default();
	while ruling(dispute).is_none() {
		if stage(dispute).is_workers() {
			let answer = worker.answer(stage(dispute));
			played.largest = played.largest.max(answer.encoded_size());
			played.answers += 1;
			worker.act(dispute).unwrap();
		} else {
			let next = challenger.next_move(dispute);
			if let Move::Prove(proof) = &next {
				played.largest = played.largest.max(proof.encoded_size());
			}
			make(challenger.who, dispute, next).unwrap();
		}
		played.moves += 1;
	}
	played
}

/// What a dispute took after the challenge.
#[derive(Debug, Default)]
pub(crate) struct Played {
	pub(crate) moves: u32,
	pub(crate) answers: u32,
	pub(crate) largest: usize,
}

pub(crate) fn genesis() -> [u8; 32] {
	System::block_hash(0).0
}

/// An answer signed for this chain.
pub(crate) fn signed(operator: AccountId, dispute: DisputeId, stage: Stage, answer: Answer) -> SignedAnswer {
	signed_for(genesis(), operator, DisputeAnswer { dispute, stage, answer })
}

/// An answer signed for some chain.
pub(crate) fn signed_for(genesis: [u8; 32], operator: AccountId, answer: DisputeAnswer) -> SignedAnswer {
	let signature = worker_key(operator).sign(&answer.signing_payload(&claim_in(answer.dispute), &genesis));
	SignedAnswer { answer, signature }
}

/// Puts an answer into the present block, through the pool's checks.
pub(crate) fn deliver(answer: SignedAnswer) -> Result<(), TransactionValidityError> {
	apply(&DisputesPallet::answer_transaction(answer))
}

/// Puts a result into the present block, through the pool's checks.
pub(crate) fn deliver_result(result: SignedResult) -> Result<(), TransactionValidityError> {
	apply(&JobsPallet::result_transaction(result))
}
