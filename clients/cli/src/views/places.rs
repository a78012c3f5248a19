//! Places of a trace in words.

use assay_exact::Program;
use assay_protocol::dispute::{Accusation, OwnedStatement, Stage};
use assay_trace::{fault::Target, Group, Layout, Place, Step};

/// Puts places into words: with positions and the names of operations where the claim that they are in is known.
pub(crate) struct Places(Option<(Layout, Program)>);

impl Places {
	/// Of the trace of a claim, if it is known.
	pub(crate) fn of(statement: Option<&OwnedStatement>) -> Self {
		Self(statement.map(|statement| (statement.as_statement().layout(), statement.program.clone())))
	}

	/// Where a challenge begins.
	pub(crate) fn accusation(&self, accusation: Accusation) -> String {
		match accusation {
			Accusation::Trace => "the trace".into(),
			Accusation::Head { position } => format!("the head at position {position}"),
		}
	}

	/// A group of cells.
	pub(crate) fn group(&self, group: Group) -> String {
		match self.span(group.index) {
			Some(positions) => format!("row {}, {positions}", group.row),
			None => format!("row {}, group {}", group.row, group.index),
		}
	}

	/// A cell.
	pub(crate) fn place(&self, place: Place) -> String {
		match place {
			Place::Cell { row, position } => format!("row {row}, position {position}"),
			Place::Head { position } => format!("the head at position {position}"),
		}
	}

	/// What is shown of a cell.
	pub(crate) fn target(&self, place: Place, target: Target) -> String {
		match target {
			Target::Vector(op) => format!("what {} writes", self.operation(place, op)),
			Target::Cache => "the cache rows".into(),
			Target::Work => match place {
				Place::Cell { .. } => "the work of attention".into(),
				Place::Head { .. } => "the work of pooling".into(),
			},
			Target::Pooled => "the mean over positions".into(),
		}
	}

	/// A step of a cell.
	pub(crate) fn step(&self, place: Place, step: Step) -> String {
		let over = |group| self.span(group).unwrap_or_else(|| format!("group {group}"));
		match step {
			Step::Element { op, index } => format!("element {index} of {}", self.operation(place, op)),
			Step::Cache { head } => format!("the cache rows of head {head}"),
			Step::Attend { head, group } => format!("attention of head {head} to {}", over(group)),
			Step::Pool { chunk, group } => format!("the sum of chunk {chunk} over {}", over(group)),
			Step::Mean { index } => format!("element {index} of the mean over positions"),
			Step::Choice { rival } => format!("the chosen token against token {rival}"),
			Step::Output { index } => format!("element {index} of the output"),
		}
	}

	/// Who has to do what.
	pub(crate) fn stage(&self, stage: Stage) -> String {
		match stage {
			Stage::ListGroups => "the worker lists its groups".into(),
			Stage::PointAtGroup => "the challenger points at a group".into(),
			Stage::OpenGroup { group } => format!("the worker opens {}", self.group(group)),
			Stage::OpenHead { position } => format!("the worker opens the head at position {position}"),
			Stage::PointAtTarget => "the challenger points into an opened cell".into(),
			Stage::Show { place, target } => {
				format!(
					"the worker shows {} in {}",
					self.target(place, target),
					self.place(place)
				)
			}
			Stage::PointAtStep => "the challenger points at a step, or proves one".into(),
			Stage::OpenStep { place, step } => {
				format!("the worker opens {} in {}", self.step(place, step), self.place(place))
			}
		}
	}

	/// The positions of a group.
	fn span(&self, index: u32) -> Option<String> {
		let (layout, _) = self.0.as_ref()?;
		let (first, length) = layout.span(index);
		Some(match length {
			0 | 1 => format!("position {first}"),
			_ => format!("positions {first}-{}", first + length - 1),
		})
	}

	fn operation(&self, place: Place, op: u8) -> String {
		let name = self.0.as_ref().and_then(|(_, program)| {
			let ops = match place {
				Place::Cell { row: 0, .. } => &program.entry[..],
				Place::Cell { .. } => &program.layer,
				Place::Head { .. } => program.head.ops(),
			};
			let shown = format!("{:?}", ops.get(usize::from(op))?);
			Some(shown.split(' ').next()?.to_owned())
		});
		match name {
			Some(name) => format!("operation {op} ({name})"),
			None => format!("operation {op}"),
		}
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use assay_exact::{Generation, Input, Output, Sampler};
	use assay_samples::programs::decoder;
	use assay_trace::{Hash32, TraceRoot};

	/// A claim of a small model with a prompt of nine tokens and three generated ones.
	pub(crate) fn claim() -> OwnedStatement {
		OwnedStatement {
			program: decoder(),
			artifact: Hash32([1; 32]),
			input: Input::Tokens((0..9).collect()),
			generation: Generation {
				sampler: Sampler::Greedy,
				max_tokens: 3,
				ignore_stop: true,
			},
			output: Output::Tokens(vec![1, 2, 3]),
			trace: TraceRoot::default(),
		}
	}

	#[test]
	fn groups_are_named_by_their_positions_where_the_claim_is_known() {
		let claim = claim();
		let (known, unknown) = (Places::of(Some(&claim)), Places::of(None));
		let group = Group { row: 1, index: 1 };
		// Eleven positions are fed, in groups of eight.
		assert_eq!(known.group(group), "row 1, positions 8-10");
		assert_eq!(unknown.group(group), "row 1, group 1");
	}

	#[test]
	fn operations_are_named_as_the_program_names_them() {
		let claim = claim();
		let (known, unknown) = (Places::of(Some(&claim)), Places::of(None));
		let place = Place::Cell { row: 0, position: 3 };
		assert_eq!(
			known.target(place, Target::Vector(0)),
			"what operation 0 (Embed) writes"
		);
		assert_eq!(unknown.target(place, Target::Vector(0)), "what operation 0 writes");
		let step = Step::Element { op: 0, index: 7 };
		assert_eq!(known.step(place, step), "element 7 of operation 0 (Embed)");
		let step = Step::Attend { head: 2, group: 0 };
		assert_eq!(known.step(place, step), "attention of head 2 to positions 0-7");
	}
}
