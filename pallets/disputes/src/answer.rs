//! Answers: what makes one right, in the transaction pool and in the block.

use crate::{bytes, challenge::Case, Config, Error, Pallet, Part, Record, WeightInfo};
use assay_protocol::{
	dispute::{Answer, Claims, DisputeAnswer, OpenedCells, OwnedStatement, Ruling, SignedAnswer, Stage},
	operator::Operators,
};
use assay_trace::{
	cell::{check_cell, check_group},
	fault::listed_leaves,
	merkle, Place,
};
use codec::Encode;
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	weights::Weight,
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	DispatchResult, Saturating,
};

/// Answers come before what pays, for an operator that is crowded out would be punished; there is at most one for each
/// question that a bond stands behind. Of two answers the shorter comes first: nobody fills blocks with long ones before it.
const ANSWER_PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

/// What follows from an answer that leads to the claimed trace.
enum Right<T: Config> {
	/// It is stored, and it is the challenger's turn.
	Shown {
		part: Part,
		shown: BoundedVec<u8, T::MaxAnswerBytes>,
		next: Stage,
	},
	/// The step it opens was judged.
	Judged(Ruling),
}

impl<T: Config> Pallet<T> {
	/// Checks an answer that asks to be included: the cheap checks first, then who signed it, and only then what it shows.
	pub(crate) fn authorize_answer(_: TransactionSource, signed: &SignedAnswer) -> TransactionValidityWithRefund {
		let SignedAnswer { answer, signature } = signed;
		let case = Self::check_due(answer).map_err(invalid)?;
		let key = T::Operators::worker_key(&case.dispute.operator).ok_or_else(|| invalid(Error::<T>::NoWorkerKey))?;
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		if !key.verify(&answer.signing_payload(&case.claim, &genesis.0), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::check_shown(&case, answer).map_err(invalid)?;
		let blocks_left = case.dispute.closes_at().saturating_sub(Self::now());
		ValidTransaction::with_tag_prefix("AssayAnswer")
			.priority(ANSWER_PRIORITY.saturating_sub(bytes(signed).into()))
			.and_provides((answer.dispute, answer.stage))
			.longevity(UniqueSaturatedInto::<u64>::unique_saturated_into(blocks_left).max(1))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Stores what is shown, so that it is the challenger's turn, or rules by the step that is opened.
	pub(crate) fn do_answer(answer: DisputeAnswer) -> DispatchResult {
		let case = Self::check_due(&answer)?;
		T::Claims::seen(&case.dispute.operator);
		match Self::check_shown(&case, &answer)? {
			Right::Shown { part, shown, next } => {
				let mut case = case;
				let record = (case.dispute.record, part, &shown).using_encoded(blake2_256);
				case.dispute.record = H256(record);
				Record::<T>::insert(case.id, part, shown);
				Self::go_to(case, next);
				Ok(())
			}
			Right::Judged(ruling) => Self::rule(case.id, case.dispute, ruling, Self::now()),
		}
	}

	/// What an answer takes: a step is judged, all else compared with roots.
	pub(crate) fn answer_weight(signed: &SignedAnswer) -> Weight {
		match signed.answer.answer {
			Answer::Step(_) => Self::judge_weight(bytes(signed)),
			_ => T::WeightInfo::answer(bytes(signed)),
		}
	}

	/// What its authorisation takes: the signature, and the answer itself but for what it stores.
	pub(crate) fn authorize_answer_weight(signed: &SignedAnswer) -> Weight {
		let checked = T::WeightInfo::authorize_answer(bytes(signed));
		match signed.answer.answer {
			Answer::Step(_) => checked.saturating_add(T::WeightInfo::prove(bytes(signed))),
			_ => checked,
		}
	}

	/// Checks that this is what is asked of the worker now.
	fn check_due(answer: &DisputeAnswer) -> Result<Case<T>, Error<T>> {
		ensure!(Self::fits(answer.encoded_size()), Error::<T>::AnswerTooLong);
		let (dispute, stage) = Self::open_dispute(answer.dispute)?;
		ensure!(stage.is_workers() && stage == answer.stage, Error::<T>::NotDue);
		ensure!(Self::now() <= dispute.closes_at(), Error::<T>::DeadlinePassed);
		let claimed = Self::claim_of(&dispute).ok_or(Error::<T>::NoOpenClaim)?;
		Case::new(answer.dispute, dispute, claimed)
	}

	/// Checks that what is shown is what the claim commits to.
	fn check_shown(case: &Case<T>, answer: &DisputeAnswer) -> Result<Right<T>, Error<T>> {
		let (part, shown, next) = match (answer.stage, &answer.answer) {
			(Stage::ListGroups, Answer::Groups(list)) => {
				ensure!(lists_trace(&case.statement, list), Error::<T>::WrongGroups);
				(Part::Groups, list.encode(), Stage::PointAtGroup)
			}
			(Stage::OpenGroup { group }, Answer::Cells { cells, path }) => {
				check_group(&case.statement.as_statement(), group, cells, path).map_err(|_| Error::<T>::WrongCells)?;
				let cells = cells.clone();
				let opened = OpenedCells::Group { group, cells };
				(Part::Cells, opened.encode(), Stage::PointAtTarget)
			}
			(Stage::OpenHead { position }, Answer::Head(cell)) => {
				let place = Place::Head { position };
				check_cell(&case.statement.as_statement(), place, cell, None).map_err(|_| Error::<T>::WrongHead)?;
				let cell = cell.clone();
				let opened = OpenedCells::Head { position, cell };
				(Part::Cells, opened.encode(), Stage::PointAtTarget)
			}
			(Stage::Show { place, target }, Answer::Shown(exhibit)) => {
				let statement = case.statement.as_statement();
				let roots = Self::opened_cell(case.id, &statement.layout(), place)?;
				let right = exhibit.verify(&statement, place, &roots, target);
				ensure!(right, Error::<T>::WrongExhibit);
				(Part::Shown, (place, target, exhibit).encode(), Stage::PointAtStep)
			}
			// An opening that proves nothing is no answer: the worker's clock runs on.
			(Stage::OpenStep { place, step }, Answer::Step(opening)) => {
				return Self::judge(case, place, step, opening.clone()).map(Right::Judged);
			}
			_ => return Err(Error::WrongAnswerKind),
		};
		// What is stored is not longer than the answer.
		let shown = BoundedVec::try_from(shown).map_err(|_| Error::<T>::AnswerTooLong)?;
		Ok(Right::Shown { part, shown, next })
	}
}

/// Whether a list of groups leads to the claimed trace.
fn lists_trace(statement: &OwnedStatement, list: &[merkle::Hash32]) -> bool {
	listed_leaves(&statement.as_statement().layout(), list)
		.is_some_and(|leaves| merkle::root(&leaves) == statement.trace.0)
}

/// How an error appears in the transaction pool. Causes that time may have brought about are `Stale`, so that a
/// transaction that was good when it was sent is dropped quietly.
fn invalid<T>(error: Error<T>) -> InvalidTransaction {
	match error {
		Error::UnknownDispute | Error::DisputeOver | Error::NoOpenClaim | Error::NotDue | Error::DeadlinePassed => {
			InvalidTransaction::Stale
		}
		other => InvalidTransaction::Custom(other.encode().first().copied().unwrap_or(u8::MAX)),
	}
}
