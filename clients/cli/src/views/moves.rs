//! The moves of a dispute, and its end.

use super::{
	dispute::{counted, ruled},
	places::Places,
	short,
};
use assay_protocol::dispute::{Accusation, Answer, Ruling, Stage};
use assay_sdk::{disputes::Dispute, disputes::Ending, moves::Action, moves::Move, AccountId, Amount, BlockNumber};
use assay_trace::{fault::Target, Group, Place, Step};
use serde::Serialize;

/// A move.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct MoveView {
	/// Height of its block.
	pub(crate) block: BlockNumber,
	/// Whose it is.
	by: Side,
	#[serde(flatten)]
	kind: MoveKind,
	/// Length of its transaction.
	bytes: u32,
	#[serde(skip)]
	text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Side {
	Challenger,
	Worker,
	/// Whoever called time.
	Anyone,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "move")]
enum MoveKind {
	Challenge { accusation: Accusation },
	PointAtGroup { group: Group },
	PointAtTarget { place: Place, target: Target },
	PointAtStep { place: Place, step: Step },
	Prove { place: Place, step: Step },
	Answer { stage: Stage },
	Expire,
}

impl MoveView {
	/// Describes a move of a dispute whose challenger reads this.
	pub(crate) fn new(found: &Move, places: &Places) -> Self {
		let (by, kind, text) = match &found.action {
			Action::Challenge(accusation) => (
				Side::Challenger,
				MoveKind::Challenge {
					accusation: *accusation,
				},
				format!("you challenge {}", places.accusation(*accusation)),
			),
			Action::PointAtGroup(group) => (
				Side::Challenger,
				MoveKind::PointAtGroup { group: *group },
				format!("you point at {}", places.group(*group)),
			),
			Action::PointAtTarget(place, target) => (
				Side::Challenger,
				MoveKind::PointAtTarget {
					place: *place,
					target: *target,
				},
				format!(
					"you ask for {} in {}",
					places.target(*place, *target),
					places.place(*place)
				),
			),
			Action::PointAtStep(place, step) => (
				Side::Challenger,
				MoveKind::PointAtStep {
					place: *place,
					step: *step,
				},
				format!(
					"you have the worker open {} in {}",
					places.step(*place, *step),
					places.place(*place)
				),
			),
			Action::Prove(proof) => (
				Side::Challenger,
				MoveKind::Prove {
					place: proof.place,
					step: proof.step,
				},
				format!(
					"you have the referee judge {} in {}",
					places.step(proof.place, proof.step),
					places.place(proof.place)
				),
			),
			Action::Answer(answer) => {
				let text = match &answer.answer {
					Answer::Groups(groups) => format!("the worker lists {}", counted(groups.len(), "group")),
					_ => places.stage(answer.stage),
				};
				(Side::Worker, MoveKind::Answer { stage: answer.stage }, text)
			}
			Action::Expire => (Side::Anyone, MoveKind::Expire, "time is called".into()),
		};
		Self {
			block: found.block,
			by,
			kind,
			bytes: found.bytes,
			text,
		}
	}

	/// One line.
	pub(crate) fn text(&self) -> String {
		format!("block {:>5}  {} ({} bytes)", self.block, self.text, self.bytes)
	}
}

/// How a dispute ended and who lost what.
#[derive(Serialize)]
pub(crate) struct EndingView {
	pub(crate) ruling: Ruling,
	/// Height of the block.
	block: BlockNumber,
	operator: AccountId,
	/// Of its stake.
	operator_lost: Amount,
	/// The challenger's share of that.
	challenger_gained: Amount,
	/// Its bond.
	challenger_lost: Amount,
	/// How much of that the operator has.
	bond_to_operator: Amount,
	#[serde(skip)]
	bond: Amount,
}

impl EndingView {
	/// Describes an ending.
	pub(crate) fn new(dispute: &Dispute, ending: &Ending, block: BlockNumber) -> Self {
		let Ending {
			ruling,
			penalty,
			reward,
			forfeited,
		} = *ending;
		Self {
			ruling,
			block,
			operator: dispute.operator,
			operator_lost: Amount(penalty),
			challenger_gained: Amount(reward),
			challenger_lost: Amount(forfeited.amount),
			bond_to_operator: Amount(forfeited.to_operator),
			bond: Amount(dispute.bond),
		}
	}

	/// In words.
	pub(crate) fn text(&self) -> String {
		let operator = (self.operator_lost.0 > 0).then(|| {
			format!(
				"operator {} loses {} of its stake, {} of it to you",
				short(&self.operator),
				self.operator_lost,
				self.challenger_gained
			)
		});
		let bond = if self.challenger_lost.0 == 0 {
			format!("your bond of {} is back", self.bond)
		} else {
			format!(
				"you lose your bond of {}, {} of it to the operator",
				self.challenger_lost, self.bond_to_operator
			)
		};
		let parts: Vec<_> = operator.into_iter().chain([bond]).collect();
		format!(
			"block {:>5}  {}\n             {}",
			self.block,
			ruled(self.ruling),
			parts.join("; ")
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::views::{is_struck_down, places::tests::claim};
	use assay_protocol::{dispute::DisputeAnswer, Attempt, DisputeId, JobId};
	use assay_sdk::{disputes::Forfeit, moves::Subject};
	use assay_trace::Hash32;

	fn dispute() -> Dispute {
		Dispute {
			id: DisputeId(3),
			job: JobId(27),
			attempt: Attempt(0),
			challenger: AccountId::from([7; 32]),
			operator: AccountId::from([8; 32]),
			bond: 10_000_000_000_000,
			stage: Some(Stage::PointAtGroup),
			deadline: 60,
			late: false,
			ruling: None,
		}
	}

	fn moved(action: Action) -> Move {
		Move {
			block: 41,
			subject: Subject::Dispute(DisputeId(3)),
			action,
			signer: None,
			bytes: 138,
		}
	}

	#[test]
	fn moves_are_told_by_block_and_bytes() {
		let places = Places::of(Some(&claim()));
		let group = Group { row: 1, index: 0 };
		let view = MoveView::new(&moved(Action::PointAtGroup(group)), &places);
		assert_eq!(
			view.text(),
			"block    41  you point at row 1, positions 0-7 (138 bytes)"
		);
		let document = serde_json::to_value(&view).unwrap();
		let expected = serde_json::json!({
			"block": 41,
			"by": "challenger",
			"move": "PointAtGroup",
			"group": { "row": 1, "index": 0 },
			"bytes": 138,
		});
		assert_eq!(document, expected);
	}

	#[test]
	fn answers_are_the_workers() {
		let places = Places::of(None);
		let answer = DisputeAnswer {
			dispute: DisputeId(3),
			stage: Stage::ListGroups,
			answer: Answer::Groups(vec![Hash32([1; 32]); 6]),
		};
		let view = MoveView::new(&moved(Action::Answer(answer)), &places);
		assert!(view.text().contains("the worker lists 6 groups"), "{}", view.text());
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["by"], "worker");
		assert_eq!(document["stage"], "ListGroups");
	}

	#[test]
	fn endings_name_the_loser() {
		let won = Ending {
			ruling: Ruling::Refuted,
			penalty: 200_000_000_000_000,
			reward: 100_000_000_000_000,
			forfeited: Forfeit::default(),
		};
		let text = EndingView::new(&dispute(), &won, 44).text();
		assert!(
			text.contains("the claim is wrong") && text.contains("loses 200 ASY of its stake, 100 ASY of it to you")
		);
		assert!(text.contains("your bond of 10 ASY is back"));

		let lost = Ending {
			ruling: Ruling::Upheld,
			penalty: 0,
			reward: 0,
			forfeited: Forfeit {
				amount: 10_000_000_000_000,
				to_operator: 5_000_000_000_000,
			},
		};
		let view = EndingView::new(&dispute(), &lost, 44);
		assert!(view
			.text()
			.contains("you lose your bond of 10 ASY, 5 ASY of it to the operator"));
		assert_eq!(
			serde_json::to_value(&view).unwrap()["challenger_lost"],
			"10000000000000"
		);
		assert!(!is_struck_down(Ruling::Upheld) && is_struck_down(Ruling::Moot));
	}
}
