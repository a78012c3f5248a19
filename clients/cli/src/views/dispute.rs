//! Disputes, what was shown in them, and their moves.

use super::{places::Places, short};
use crate::{
	amount::Amount,
	chain::{AccountId, Action, BlockNumber, Dispute, Ending, Forfeit, Move},
	output::fields,
};
use assay_protocol::dispute::{Accusation, Answer, DisputeRecord, OpenedCells, Ruling, Stage};
use assay_trace::{
	cell::CellRoots,
	fault::{Exhibit, Target},
	Group, Hash32, Place, Step,
};
use codec::Encode;
use serde::Serialize;

/// A dispute.
#[derive(Serialize)]
pub(crate) struct DisputeView {
	id: u64,
	job: u64,
	attempt: u8,
	challenger: AccountId,
	operator: AccountId,
	bond: Amount,
	/// What is due; absent when it is over.
	stage: Option<Stage>,
	/// Last block for it.
	deadline: BlockNumber,
	/// How it ended; absent while it is open.
	ruling: Option<Ruling>,
}

impl DisputeView {
	/// Describes a dispute.
	pub(crate) fn new(dispute: &Dispute) -> Self {
		Self {
			id: dispute.id.0,
			job: dispute.job.0,
			attempt: dispute.attempt.0,
			challenger: dispute.challenger,
			operator: dispute.operator,
			bond: Amount(dispute.bond),
			stage: dispute.stage,
			deadline: dispute.deadline,
			ruling: dispute.ruling,
		}
	}

	/// All there is to know, but for what was shown.
	pub(crate) fn text(&self, places: &Places) -> String {
		fields([
			("dispute", Some(self.id.to_string())),
			("job", Some(format!("{}, attempt {}", self.job, self.attempt))),
			("challenger", Some(self.challenger.to_string())),
			("operator", Some(self.operator.to_string())),
			("bond", Some(self.bond.to_string())),
			(
				"due",
				self.stage
					.map(|stage| format!("{}, by block {}", places.stage(stage), self.deadline)),
			),
			("ruling", self.ruling.map(|ruling| ruled(ruling).into())),
		])
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 7] {
		let state = match (self.stage, self.ruling) {
			(Some(stage), _) if stage.is_workers() => "the worker moves".into(),
			(Some(_), _) => "the challenger moves".into(),
			(None, Some(ruling)) => format!("{ruling:?}"),
			(None, None) => "over".into(),
		};
		[
			self.id.to_string(),
			self.job.to_string(),
			state,
			short(&self.challenger),
			short(&self.operator),
			self.stage.map_or(String::new(), |_| self.deadline.to_string()),
			self.bond.to_string(),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 7] =
		["dispute", "job", "state", "challenger", "operator", "due by", "bond"];
}

/// How a dispute ended, in words.
pub(crate) fn ruled(ruling: Ruling) -> &'static str {
	match ruling {
		Ruling::Refuted => "a step is refuted: the claim is wrong",
		Ruling::WorkerSilent => "the worker did not answer in time: the claim is struck down",
		Ruling::Upheld => "the step holds: the challenge was wrong",
		Ruling::ChallengerSilent => "the challenger did not move in time: the challenge is lost",
		Ruling::Moot => "another dispute struck the claim down first",
	}
}

/// Whether the claim is gone.
pub(crate) fn is_struck_down(ruling: Ruling) -> bool {
	match ruling {
		Ruling::Refuted | Ruling::WorkerSilent | Ruling::Moot => true,
		Ruling::Upheld | Ruling::ChallengerSilent => false,
	}
}

/// What a worker has shown so far.
#[derive(Serialize)]
pub(crate) struct RecordView {
	groups: Option<Vec<Hash32>>,
	cells: Option<CellsView>,
	shown: Option<ShownView>,
}

#[derive(Serialize)]
struct CellsView {
	/// The group, or the head, that was opened.
	#[serde(skip_serializing_if = "Option::is_none")]
	group: Option<Group>,
	#[serde(skip_serializing_if = "Option::is_none")]
	head: Option<u32>,
	roots: Vec<RootsView>,
}

#[derive(Serialize)]
struct RootsView {
	vectors: Vec<Hash32>,
	cache: Option<Hash32>,
	work: Option<Hash32>,
	pooled: Option<Hash32>,
}

#[derive(Serialize)]
struct ShownView {
	place: Place,
	target: Target,
	exhibit: ExhibitView,
}

/// An exhibit. Parts that are no numbers are as the chain encodes them, in hexadecimal.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ExhibitView {
	Values(Vec<i32>),
	Cache(Vec<String>),
	Work(Vec<String>),
}

impl From<&CellRoots> for RootsView {
	fn from(roots: &CellRoots) -> Self {
		Self {
			vectors: roots.vectors.clone(),
			cache: roots.cache,
			work: roots.work,
			pooled: roots.pooled,
		}
	}
}

impl From<&Exhibit> for ExhibitView {
	fn from(exhibit: &Exhibit) -> Self {
		fn digits(bytes: impl AsRef<[u8]>) -> String {
			format!("0x{}", hex::encode(bytes))
		}
		match exhibit {
			Exhibit::Values(values) => Self::Values(values.clone()),
			Exhibit::Cache(leaves) => Self::Cache(leaves.iter().map(digits).collect()),
			Exhibit::Heads(heads) => Self::Work(heads.iter().map(|work| digits(work.encode())).collect()),
			Exhibit::Chunks(chunks) => Self::Work(chunks.iter().map(|work| digits(work.encode())).collect()),
		}
	}
}

impl RecordView {
	/// Describes what was shown.
	pub(crate) fn new(record: &DisputeRecord) -> Self {
		Self {
			groups: record.groups.clone(),
			cells: record.cells.as_ref().map(|opened| match opened {
				OpenedCells::Group { group, cells } => CellsView {
					group: Some(*group),
					head: None,
					roots: cells.iter().map(Into::into).collect(),
				},
				OpenedCells::Head { position, cell } => CellsView {
					group: None,
					head: Some(*position),
					roots: vec![cell.into()],
				},
			}),
			shown: record.shown.as_ref().map(|(place, target, exhibit)| ShownView {
				place: *place,
				target: *target,
				exhibit: exhibit.into(),
			}),
		}
	}

	/// What there is of it, without the hashes.
	pub(crate) fn text(&self, places: &Places) -> String {
		let opened = self.cells.as_ref().map(|cells| {
			let count = cells.roots.len();
			match (cells.group, cells.head) {
				(Some(group), _) => format!("{} ({})", places.group(group), counted(count, "cell")),
				(None, head) => places.place(Place::Head {
					position: head.unwrap_or_default(),
				}),
			}
		});
		let shown = self.shown.as_ref().map(|shown| {
			let extent = match &shown.exhibit {
				ExhibitView::Values(values) => counted(values.len(), "value"),
				ExhibitView::Cache(parts) | ExhibitView::Work(parts) => counted(parts.len(), "part"),
			};
			let target = places.target(shown.place, shown.target);
			format!("{target} at {} ({extent})", places.place(shown.place))
		});
		fields([
			(
				"listed",
				self.groups.as_ref().map(|groups| counted(groups.len(), "group")),
			),
			("opened", opened),
			("shown", shown),
		])
	}
}

fn counted(count: usize, what: &str) -> String {
	match count {
		1 => format!("1 {what}"),
		_ => format!("{count} {what}s"),
	}
}

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
					"you ask for {} at {}",
					places.target(*place, *target),
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
					"you have {} at {} judged",
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
	/// Who has that bond now.
	bond_to: Option<AccountId>,
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
			challenger_lost: Amount(forfeited.map_or(0, |Forfeit { amount, .. }| amount)),
			bond_to: forfeited.and_then(|Forfeit { to, .. }| to),
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
			match self.bond_to {
				Some(to) if to == self.operator => {
					format!("you lose your bond of {} to the operator", self.challenger_lost)
				}
				Some(to) => format!("you lose your bond of {} to {}", self.challenger_lost, short(&to)),
				None => format!("you lose your bond of {}", self.challenger_lost),
			}
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
	use crate::{chain::Subject, views::places::tests::claim};
	use assay_protocol::{dispute::DisputeAnswer, Attempt, DisputeId, JobId};

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
			forfeited: None,
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
			forfeited: Some(Forfeit {
				amount: 10_000_000_000_000,
				to: Some(dispute().operator),
			}),
		};
		let view = EndingView::new(&dispute(), &lost, 44);
		assert!(view.text().contains("you lose your bond of 10 ASY to the operator"));
		assert_eq!(
			serde_json::to_value(&view).unwrap()["challenger_lost"],
			"10000000000000"
		);
		assert!(!is_struck_down(Ruling::Upheld) && is_struck_down(Ruling::Moot));
	}

	#[test]
	fn what_was_shown_is_counted() {
		let place = Place::Cell { row: 1, position: 9 };
		let record = DisputeRecord {
			groups: Some(vec![Hash32([1; 32]); 6]),
			cells: Some(OpenedCells::Group {
				group: Group { row: 1, index: 1 },
				cells: vec![CellRoots::default(); 3],
			}),
			shown: Some((place, Target::Cache, Exhibit::Cache(vec![vec![1, 2]]))),
		};
		let view = RecordView::new(&record);
		assert_eq!(
			view.text(&Places::of(Some(&claim()))),
			"listed  6 groups\nopened  row 1, positions 8-10 (3 cells)\nshown   the cache rows at row 1, position 9 (1 part)"
		);
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["shown"]["exhibit"]["cache"][0], "0x0102");
		assert_eq!(document["cells"]["group"]["row"], 1);
		assert_eq!(RecordView::new(&DisputeRecord::default()).text(&Places::of(None)), "");
	}
}
