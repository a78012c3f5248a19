//! Disputes, and what was shown in them.

use super::{places::Places, short};
use crate::output::fields;
use assay_protocol::dispute::{DisputeRecord, OpenedCells, Ruling, Stage};
use assay_sdk::{disputes::Dispute, AccountId, Amount, BlockNumber};
use assay_trace::{
	cell::CellRoots,
	fault::{Exhibit, Target},
	Group, Hash32, Place,
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
	/// Whether the worker is late: it has no new work until it answers.
	late: bool,
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
			late: dispute.late,
			ruling: dispute.ruling,
		}
	}

	/// All there is to know, with what was shown.
	pub(crate) fn text(&self, record: &RecordView, places: &Places) -> String {
		let [listed, opened, shown] = record.summary(places);
		fields([
			("dispute", Some(self.id.to_string())),
			("job", Some(format!("{}, attempt {}", self.job, self.attempt))),
			("challenger", Some(self.challenger.to_string())),
			("operator", Some(self.operator.to_string())),
			("bond", Some(self.bond.to_string())),
			(
				"due",
				self.stage.map(|stage| {
					let late = if self.late { "; it is late" } else { "" };
					format!("{}, by block {}{late}", places.stage(stage), self.deadline)
				}),
			),
			("listed", listed),
			("opened", opened),
			("shown", shown),
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
pub(super) fn ruled(ruling: Ruling) -> &'static str {
	match ruling {
		Ruling::Refuted => "a step is refuted: the claim is wrong",
		Ruling::WorkerSilent => "the worker did not answer in time: the claim is struck down",
		Ruling::Upheld => "the step holds: the challenge was wrong",
		Ruling::ChallengerSilent => "the challenger did not move in time: the challenge is lost",
		Ruling::Moot => "another dispute or an audit struck the claim down first",
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

	/// What was listed, opened and shown, without the hashes.
	fn summary(&self, places: &Places) -> [Option<String>; 3] {
		let listed = self.groups.as_ref().map(|groups| counted(groups.len(), "group"));
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
			format!("{target} in {} ({extent})", places.place(shown.place))
		});
		[listed, opened, shown]
	}
}

/// A number of things.
pub(super) fn counted(count: usize, what: &str) -> String {
	match count {
		1 => format!("1 {what}"),
		_ => format!("{count} {what}s"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::views::places::tests::claim;

	#[test]
	fn what_was_shown_is_counted() {
		let place = Place::Cell { row: 1, position: 9 };
		let record = DisputeRecord {
			hash: Default::default(),
			groups: Some(vec![Hash32([1; 32]); 6]),
			cells: Some(OpenedCells::Group {
				group: Group { row: 1, index: 1 },
				cells: vec![CellRoots::default(); 3],
			}),
			shown: Some((place, Target::Cache, Exhibit::Cache(vec![vec![1, 2]]))),
		};
		let view = RecordView::new(&record);
		let expected = [
			"6 groups",
			"row 1, positions 8-10 (3 cells)",
			"the cache rows in row 1, position 9 (1 part)",
		];
		assert_eq!(
			view.summary(&Places::of(Some(&claim()))),
			expected.map(|part| Some(part.to_owned()))
		);
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["shown"]["exhibit"]["cache"][0], "0x0102");
		assert_eq!(document["cells"]["group"]["row"], 1);
		let nothing = RecordView::new(&DisputeRecord::default());
		assert_eq!(nothing.summary(&Places::of(None)), [None, None, None]);
	}
}
