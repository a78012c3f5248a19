//! Replies: what makes one right, in the transaction pool and in the block.

use crate::{bytes, Audit, Config, Error, Event, Insides, Pallet, ReceiptChecks, WeightInfo};
use alloc::boxed::Box;
use assay_protocol::{
	audit::{AuditOutcome, AuditReply, AuditorState, Question, Reply, SignedReply},
	channel::Revealed,
	dispute::{Claims, OwnedStatement},
	operator::Operators,
};
use assay_trace::{
	cell::{check_cell, CellRoots},
	check_step,
	claim::ClaimRoot,
	digest::DigestKey,
	Verdict,
};
use codec::{DecodeAll, Encode};
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	traits::Get,
	weights::Weight,
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	DispatchResult, Saturating,
};

/// Replies come before what pays, for an operator that is crowded out would be punished, but for moves in disputes, which have room of
/// their own in blocks; there is at most one for each question that was drawn.
const REPLY_PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

/// A reply to a question that is open.
struct Asked<T: Config> {
	audit: Audit<T>,
	deadline: BlockNumberFor<T>,
	claim: ClaimRoot,
	/// What the claim says; none of a batch, which says nothing as long as nothing of it is revealed.
	statement: Option<OwnedStatement>,
}

/// What a right reply changes.
enum Change<T: Config> {
	Inside(BoundedVec<u8, T::MaxReplyBytes>),
	Shown(Verdict),
	Auditor(AuditorState),
	Revealed(Box<Revealed>),
}

impl<T: Config> Pallet<T> {
	/// What a reply takes after its authorisation, by its kind and length.
	pub(crate) fn reply_weight(reply: &SignedReply<T::AccountId>) -> Weight {
		let length = bytes(reply);
		match reply.reply.reply {
			Reply::Cell { .. } => T::WeightInfo::reply_cell(),
			Reply::Step(_) => T::WeightInfo::reply_step(length),
			Reply::Digest(_) => T::WeightInfo::reply_digest(),
			Reply::Values(_) => T::WeightInfo::reply_values(length),
			Reply::Receipt(_) => T::WeightInfo::reply_receipt(length),
		}
	}

	/// Checks a reply that asks to be included: the cheap checks first, then who signed it, and only then what it shows.
	pub(crate) fn authorize_reply(
		_: TransactionSource,
		signed: &SignedReply<T::AccountId>,
	) -> TransactionValidityWithRefund {
		let SignedReply { reply, signature } = signed;
		let asked = Self::check_asked(reply).map_err(invalid)?;
		let key = T::Operators::worker_key(&reply.from).ok_or_else(|| invalid(Error::<T>::NoWorkerKey))?;
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		if !key.verify(&reply.signing_payload(&asked.claim, &genesis.0), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		Self::check_reply(&asked, reply).map_err(invalid)?;
		let blocks_left = asked.deadline.saturating_sub(Self::now());
		ValidTransaction::with_tag_prefix("AssayAudit")
			.priority(REPLY_PRIORITY.saturating_sub(bytes(signed).into()))
			.and_provides((reply.job, reply.attempt, &reply.from, reply.question))
			.longevity(UniqueSaturatedInto::<u64>::unique_saturated_into(blocks_left).max(1))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Stores what a reply changes, and ends the audit if it proves the claim wrong.
	pub(crate) fn do_reply(reply: AuditReply<T::AccountId>) -> DispatchResult {
		let asked = Self::check_asked(&reply)?;
		let change = Self::check_reply(&asked, &reply)?;
		let AuditReply {
			job, from, question, ..
		} = reply;
		let mut audit = asked.audit;
		T::Claims::seen(&from);
		let clock = Self::clock(job, &audit, &from);
		Self::asked_no_more(job, &from, audit.units);
		if let Some((deadline, _)) = clock.filter(|(deadline, _)| from == audit.operator && Self::now() > *deadline) {
			// The agenda may not have noticed it.
			Self::now_late(job, &mut audit, deadline);
		}
		Self::deposit_event(Event::Replied {
			job,
			attempt: audit.attempt,
			who: from.clone(),
			question,
		});
		match (change, &mut audit.spot_check) {
			(Change::Inside(inside), Some(check)) => {
				Insides::<T>::insert(job, inside);
				check.committed = true;
			}
			(Change::Shown(Verdict::Holds), Some(check)) => {
				check.shown = true;
				Insides::<T>::remove(job);
			}
			(Change::Shown(Verdict::Refuted), Some(_)) => {
				return Self::strike_down(job, audit, AuditOutcome::Refuted);
			}
			(Change::Auditor(state), _) => {
				if let Some(auditor) = audit.auditors.iter_mut().find(|auditor| auditor.account == from) {
					auditor.state = state;
					auditor.vouched = true;
				}
			}
			(Change::Revealed(revealed), _) => {
				ReceiptChecks::<T>::mutate(job, |check| {
					if let Some(check) = check {
						check.revealed = true;
					}
				});
				T::Claims::reveal(job, *revealed)?;
			}
			(Change::Inside(_) | Change::Shown(_), None) => return Err(Error::<T>::NotDue.into()),
		}
		Self::go_on(job, audit);
		Ok(())
	}

	/// Checks that this is asked of the operator now.
	fn check_asked(reply: &AuditReply<T::AccountId>) -> Result<Asked<T>, Error<T>> {
		ensure!(bytes(reply) <= T::MaxReplyBytes::get(), Error::<T>::ReplyTooLong);
		let audit = Self::open_audit(reply.job).ok_or(Error::<T>::UnknownAudit)?;
		ensure!(audit.attempt == reply.attempt, Error::<T>::WrongAttempt);
		let (question, deadline) = Self::due_from(reply.job, &audit, &reply.from).ok_or(Error::<T>::NotDue)?;
		ensure!(question == reply.question, Error::<T>::NotDue);
		ensure!(Self::now() <= deadline, Error::<T>::DeadlinePassed);
		let (claim, statement) = match T::Claims::batch(reply.job) {
			Some(batch) => (batch.root, None),
			None => {
				let claimed = Self::open_claim(reply.job, audit.attempt).ok_or(Error::<T>::NoOpenClaim)?;
				let root = claimed.claim.root();
				(root, Some(Self::statement(claimed).ok_or(Error::<T>::NoOpenClaim)?))
			}
		};
		Ok(Asked {
			audit,
			deadline,
			claim,
			statement,
		})
	}

	/// Checks what a reply shows.
	fn check_reply(asked: &Asked<T>, reply: &AuditReply<T::AccountId>) -> Result<Change<T>, Error<T>> {
		let statement = match (&asked.statement, reply.question, &reply.reply) {
			(Some(statement), ..) => statement.as_statement(),
			(None, Question::Receipt { unit }, Reply::Receipt(opened)) => {
				ensure!(
					T::Claims::is_of_batch(reply.job, unit, opened),
					Error::<T>::WrongReceipt
				);
				return Ok(Change::Revealed(Box::new(opened.revealed.clone())));
			}
			(None, ..) => return Err(Error::WrongReplyKind),
		};
		match (reply.question, &reply.reply) {
			(Question::Cell { place }, Reply::Cell { roots, path }) => {
				check_cell(&statement, place, roots, path.as_ref()).map_err(|_| Error::<T>::WrongCell)?;
				// What is stored is not longer than the reply.
				let inside = BoundedVec::try_from(roots.encode()).map_err(|_| Error::<T>::ReplyTooLong)?;
				Ok(Change::Inside(inside))
			}
			(Question::Step { place, step }, Reply::Step(opening)) => {
				let inside = Insides::<T>::get(reply.job).ok_or(Error::<T>::CorruptRecord)?;
				let roots = CellRoots::decode_all(&mut &inside[..]).map_err(|_| Error::<T>::CorruptRecord)?;
				let verdict = check_step(&statement, place, &roots, step, opening.clone());
				verdict.map(Change::Shown).map_err(|_| Error::BadOpening)
			}
			(Question::Digest, Reply::Digest(digest)) => Ok(Change::Auditor(AuditorState::Bound { digest: *digest })),
			(Question::Values { place }, Reply::Values(opening)) => {
				let auditor = asked
					.audit
					.auditors
					.iter()
					.find(|auditor| auditor.account == reply.from);
				let Some(AuditorState::Bound { digest }) = auditor.map(|auditor| auditor.state) else {
					return Err(Error::NotDue);
				};
				let key = DigestKey::new(&reply.from.encode(), reply.job.0, reply.attempt.0);
				let right = opening.verify(&statement, place, &key, &digest);
				ensure!(right, Error::<T>::WrongValues);
				Ok(Change::Auditor(AuditorState::Done))
			}
			_ => Err(Error::WrongReplyKind),
		}
	}
}

/// How an error appears in the transaction pool. Causes that time may have brought about are `Stale`, so that a
/// transaction that was good when it was sent is dropped quietly.
fn invalid<T>(error: Error<T>) -> InvalidTransaction {
	match error {
		Error::UnknownAudit | Error::WrongAttempt | Error::NoOpenClaim | Error::NotDue | Error::DeadlinePassed => {
			InvalidTransaction::Stale
		}
		other => InvalidTransaction::Custom(other.encode().first().copied().unwrap_or(u8::MAX)),
	}
}
