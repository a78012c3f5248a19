//! The moves of disputes that blocks hold.

use crate::{AccountId, Assay, Block, BlockNumber, Error, Result};
use assay_protocol::{
	dispute::{Accusation, DisputeAnswer, Move as Act, Proof, SignedAnswer, SignedMove},
	DisputeId, JobId,
};
use assay_trace::{claim::ClaimRoot, fault::Target, Group, Place, Step};
use codec::{Decode, DecodeAll};
use sp_core::H256;
use subxt::{events::Phase, utils::MultiAddress};

/// What a side does in a dispute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
	/// The challenger opens the dispute.
	Challenge(Accusation),
	/// The challenger points at a group.
	PointAtGroup(Group),
	/// The challenger points at something in a cell.
	PointAtTarget(Place, Target),
	/// The challenger points at a step, which the worker has to open.
	PointAtStep(Place, Step),
	/// The challenger has a step judged.
	Prove(Proof),
	/// The worker answers.
	Answer(DisputeAnswer),
	/// Somebody ends a dispute whose clock has run out.
	Expire,
}

/// What an action is about: what a call names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
	/// A job whose claim is challenged.
	Job(JobId),
	/// A dispute that is under way.
	Dispute(DisputeId),
}

/// A successful call to the disputes pallet in a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
	/// Height of its block.
	pub block: BlockNumber,
	/// What it is about.
	pub subject: Subject,
	/// What it does.
	pub action: Action,
	/// Whose move it is; nobody's where a call authorises itself and names nobody.
	pub signer: Option<AccountId>,
	/// Length of its transaction.
	pub bytes: u32,
}

impl Action {
	/// Reads a call of the disputes pallet, with whose move it is if the call names that; `None` if it is no move.
	fn read(name: &str, arguments: &[u8]) -> Option<(Subject, Self, Option<AccountId>)> {
		fn read<T: Decode>(mut arguments: &[u8]) -> Option<T> {
			T::decode_all(&mut arguments).ok()
		}
		let (dispute, action) = match name {
			"challenge" => {
				let (job, _, accusation): (_, ClaimRoot, _) = read(arguments)?;
				return Some((Subject::Job(job), Self::Challenge(accusation), None));
			}
			"move_as_operator" => {
				let SignedMove { challenger, act, .. } = read(arguments)?;
				let (subject, action) = Self::of_operator(act);
				return Some((subject, action, Some(challenger)));
			}
			"point_at_group" => {
				let (dispute, _, group): (_, H256, _) = read(arguments)?;
				(dispute, Self::PointAtGroup(group))
			}
			"point_at_target" => {
				let (dispute, _, place, target): (_, H256, _, _) = read(arguments)?;
				(dispute, Self::PointAtTarget(place, target))
			}
			"point_at_step" => {
				let (dispute, _, place, step): (_, H256, _, _) = read(arguments)?;
				(dispute, Self::PointAtStep(place, step))
			}
			"prove" => {
				let (dispute, _, proof): (_, H256, _) = read(arguments)?;
				(dispute, Self::Prove(proof))
			}
			"answer" => {
				let SignedAnswer { answer, .. } = read(arguments)?;
				(answer.dispute, Self::Answer(answer))
			}
			"expire" => (read(arguments)?, Self::Expire),
			_ => return None,
		};
		Some((Subject::Dispute(dispute), action, None))
	}

	/// What an operator does whose node challenges.
	fn of_operator(act: Act) -> (Subject, Self) {
		match act {
			Act::Challenge { job, accusation, .. } => (Subject::Job(job), Self::Challenge(accusation)),
			Act::PointAtGroup { dispute, group, .. } => (Subject::Dispute(dispute), Self::PointAtGroup(group)),
			Act::PointAtTarget {
				dispute, place, target, ..
			} => (Subject::Dispute(dispute), Self::PointAtTarget(place, target)),
			Act::PointAtStep {
				dispute, place, step, ..
			} => (Subject::Dispute(dispute), Self::PointAtStep(place, step)),
			Act::Prove { dispute, proof, .. } => (Subject::Dispute(dispute), Self::Prove(proof)),
		}
	}
}

/// The moves in a block that succeeded, of whatever dispute.
pub(crate) async fn in_block(assay: &Assay, block: Block) -> Result<Vec<Move>> {
	let client = assay.client().at_block(block.hash).await?;
	let transactions = client.extrinsics().fetch().await?;
	let mut moves = vec![];
	for (index, transaction) in transactions.iter().enumerate() {
		// What this program cannot read is no move that it made.
		let Ok(transaction) = transaction else {
			continue;
		};
		if transaction.pallet_name() != "Disputes" {
			continue;
		}
		let arguments = transaction.call_data_field_bytes();
		if let Some((subject, action, named)) = Action::read(transaction.call_name(), arguments) {
			let found = Move {
				block: block.number,
				subject,
				action,
				signer: named.or_else(|| transaction.address_bytes().and_then(signer)),
				bytes: counted(transaction.bytes().len())?,
			};
			moves.push((counted(index)?, found));
		}
	}
	if moves.is_empty() {
		return Ok(vec![]);
	}
	let events = client.events().fetch().await?;
	let succeeded = |index: u32| {
		let mut of_it = events
			.iter()
			.filter_map(Result::ok)
			.filter(|event| event.phase() == Phase::ApplyExtrinsic(index) && event.pallet_name() == "System");
		of_it.any(|event| event.event_name() == "ExtrinsicSuccess")
	};
	moves.retain(|(index, _)| succeeded(*index));
	Ok(moves.into_iter().map(|(_, found)| found).collect())
}

/// A count of what is in one block.
fn counted(count: usize) -> Result<u32> {
	u32::try_from(count).map_err(|_| Error::unreadable("a block counts its transactions", None))
}

/// The account in a transaction's address.
fn signer(address: &[u8]) -> Option<AccountId> {
	match MultiAddress::<AccountId, ()>::decode(&mut &address[..]).ok()? {
		MultiAddress::Id(account) => Some(account),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Call;
	use assay_protocol::{operator::WorkerSignature, Attempt};
	use assay_trace::Hash32;
	use codec::Encode;

	fn read_back(call: &Call) -> Option<(Subject, Action)> {
		Action::read(call.name, call.arguments()).map(|(subject, action, _)| (subject, action))
	}

	#[test]
	fn moves_are_read_as_they_are_written() {
		let (dispute, place) = (DisputeId(3), Place::Head { position: 11 });
		let group = Group { row: 2, index: 1 };
		let proof = Proof {
			place,
			step: assay_trace::Step::Choice { rival: 5 },
			opening: assay_trace::Opening { items: vec![] },
		};
		let (about, record) = (Subject::Dispute(dispute), H256::repeat_byte(5));
		for (call, expected) in [
			(
				Call::challenge(JobId(9), ClaimRoot(Hash32([2; 32])), Accusation::Trace),
				(Subject::Job(JobId(9)), Action::Challenge(Accusation::Trace)),
			),
			(
				Call::point_at_group(dispute, record, group),
				(about, Action::PointAtGroup(group)),
			),
			(
				Call::point_at_target(dispute, record, place, Target::Cache),
				(about, Action::PointAtTarget(place, Target::Cache)),
			),
			(
				Call::point_at_step(dispute, record, place, proof.step),
				(about, Action::PointAtStep(place, proof.step)),
			),
			(
				Call::prove(dispute, record, &proof),
				(about, Action::Prove(proof.clone())),
			),
			(Call::expire(dispute), (about, Action::Expire)),
		] {
			assert_eq!(read_back(&call), Some(expected));
		}
	}

	#[test]
	fn moves_of_an_operators_node_are_the_operators() {
		let operator = AccountId::from([7; 32]);
		let read = |act| {
			let signed = SignedMove {
				challenger: operator,
				act,
				signature: WorkerSignature::from(sp_core::sr25519::Signature::from_raw([1; 64])),
			};
			Action::read("move_as_operator", &signed.encode())
		};
		let challenge = Act::Challenge {
			job: JobId(9),
			attempt: Attempt(1),
			accusation: Accusation::Trace,
		};
		assert_eq!(
			read(challenge),
			Some((
				Subject::Job(JobId(9)),
				Action::Challenge(Accusation::Trace),
				Some(operator)
			))
		);
		let group = Group { row: 2, index: 1 };
		let point = Act::PointAtGroup {
			dispute: DisputeId(3),
			record: H256::repeat_byte(5),
			group,
		};
		assert_eq!(
			read(point),
			Some((
				Subject::Dispute(DisputeId(3)),
				Action::PointAtGroup(group),
				Some(operator)
			))
		);
	}

	#[test]
	fn other_calls_and_other_arguments_are_no_moves() {
		assert_eq!(read_back(&Call::cancel(JobId(1))), None);
		let short = DisputeId(3).encode();
		assert_eq!(Action::read("point_at_group", &short), None);
		assert_eq!(Action::read("expire", &[&short[..], &[0]].concat()), None);
	}

	#[test]
	fn only_plain_accounts_sign() {
		let account = AccountId::from([7; 32]);
		assert_eq!(
			signer(&MultiAddress::<AccountId, ()>::Id(account).encode()),
			Some(account)
		);
		assert_eq!(
			signer(&MultiAddress::<AccountId, ()>::Address32([7; 32]).encode()),
			None
		);
	}
}
