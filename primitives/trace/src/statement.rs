//! What a worker states when it claims a result, and the shape of the trace behind it.

use crate::Hash32;
use assay_exact::{
	evaluate::Fed,
	number::isqrt,
	program::{Head, Mask, Op},
	Generation, Input, Output, Program,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The root of a trace: a [tree](crate::merkle) over its groups, row after row.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Default,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct TraceRoot(pub Hash32);

impl core::fmt::Display for TraceRoot {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		self.0.fmt(f)
	}
}

/// A claim with all it is about. The program is valid, and input, generation and output are ones it accepts and returns.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
	/// What ran.
	pub program: &'a Program,
	/// Root of the artifact with its weights.
	pub artifact: Hash32,
	/// On what.
	pub input: &'a Input,
	/// How far and how to generate.
	pub generation: &'a Generation,
	/// What it returned.
	pub output: &'a Output,
	/// What the worker committed to.
	pub trace: TraceRoot,
}

impl Statement<'_> {
	/// The shape of the trace.
	pub fn layout(&self) -> Layout {
		let (prompt, generated) = (self.prompt(), self.generated());
		Layout::new(self.program, prompt, generated)
	}

	fn prompt(&self) -> u32 {
		match self.input {
			Input::Tokens(tokens) => tokens.len() as u32,
			Input::Vector(_) => 1,
		}
	}

	fn generated(&self) -> u32 {
		match self.output {
			Output::Tokens(tokens) => tokens.len() as u32,
			Output::Vector(_) => 0,
		}
	}

	/// What a position is given.
	pub fn fed(&self, position: u32) -> Fed<'_> {
		match self.input {
			Input::Vector(values) => Fed::Vector(values),
			Input::Tokens(prompt) => {
				let generated = match self.output {
					Output::Tokens(tokens) => &tokens[..],
					Output::Vector(_) => &[],
				};
				let token = prompt.iter().chain(generated).nth(position as usize);
				token.map_or(Fed::Nothing, |token| Fed::Token(*token))
			}
		}
	}

	/// The token chosen from a position's logits.
	pub fn chosen(&self, position: u32) -> Option<u32> {
		let index = (position + 1).checked_sub(self.prompt())?;
		match self.output {
			Output::Tokens(tokens) => tokens.get(index as usize).copied(),
			Output::Vector(_) => None,
		}
	}
}

/// A cell of a trace: what one list of operations does at one position.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Place {
	/// The entry (row 0) or layer `row - 1` at a position.
	#[codec(index = 0)]
	Cell {
		/// Row of the trace.
		row: u16,
		/// Position.
		position: u32,
	},
	/// The head at a position whose next token was chosen; position 0 for a vector head.
	#[codec(index = 1)]
	Head {
		/// Position.
		position: u32,
	},
}

/// A group of cells of one row at consecutive positions.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Group {
	/// Row of the trace.
	pub row: u16,
	/// Index within the row.
	pub index: u32,
}

/// The shape of a trace: rows (the entry, then each layer) of positions, cut into groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
	/// The entry and the layers.
	pub rows: u16,
	/// Positions fed to the layers.
	pub positions: u32,
	/// Positions of a group; the last group of a row may have fewer.
	pub group_size: u32,
	/// Whether layers have caches.
	pub caches: bool,
	/// What attention sees.
	pub mask: Mask,
	/// First position whose next token was chosen; 0 for a vector head.
	pub first_head: u32,
	/// Runs of the head.
	pub heads: u32,
}

impl Layout {
	/// Of a job with this many positions of input and generated tokens.
	pub fn new(program: &Program, prompt: u32, generated: u32) -> Self {
		let (positions, first_head, heads) = match program.head {
			Head::Tokens { .. } => {
				let positions = prompt.saturating_add(generated).saturating_sub(1).max(1);
				(positions, prompt.max(1) - 1, generated)
			}
			Head::Vector { .. } => (prompt.max(1), 0, 1),
		};
		let mask = program.layer.iter().find_map(|op| match op {
			Op::Attention { mask, .. } => Some(*mask),
			_ => None,
		});
		let rows = program.layers + 1;
		Self {
			rows,
			positions,
			group_size: group_size(rows, positions),
			caches: mask.is_some(),
			mask: mask.unwrap_or(Mask::Causal),
			first_head,
			heads,
		}
	}

	/// The same program's longest job of at most so many positions whose groups have this size, if there is one.
	pub(crate) fn longest_with_groups(self, positions: u32, group_size: u32) -> Option<Self> {
		// Group sizes grow with positions.
		let (mut fits, mut beyond) = (0, positions.saturating_add(1));
		while beyond - fits > 1 {
			let middle = fits + (beyond - fits) / 2;
			if self::group_size(self.rows, middle) <= group_size {
				fits = middle;
			} else {
				beyond = middle;
			}
		}
		let found = fits > 0 && self::group_size(self.rows, fits) == group_size;
		found.then_some(Self {
			positions: fits,
			group_size,
			..self
		})
	}

	/// Groups of a row.
	pub const fn groups_per_row(&self) -> u32 {
		self.positions.div_ceil(self.group_size)
	}

	/// Groups of the trace.
	pub const fn groups(&self) -> u64 {
		self.rows as u64 * self.groups_per_row() as u64
	}

	/// Where a group stands among the leaves of the trace.
	pub fn group_index(&self, group: Group) -> u64 {
		u64::from(group.row) * u64::from(self.groups_per_row()) + u64::from(group.index)
	}

	/// The group of a cell.
	pub const fn group_of(&self, row: u16, position: u32) -> Group {
		Group {
			row,
			index: position / self.group_size,
		}
	}

	/// First position and number of positions of a group.
	pub fn span(&self, index: u32) -> (u32, u32) {
		let start = index.saturating_mul(self.group_size);
		(start, self.positions.saturating_sub(start).min(self.group_size))
	}

	/// Whether there is such a group.
	pub const fn has_group(&self, group: Group) -> bool {
		group.row < self.rows && group.index < self.groups_per_row()
	}

	/// Whether the cells of a row have caches.
	pub const fn has_caches(&self, row: u16) -> bool {
		self.caches && row > 0
	}

	/// Whether there is such a cell.
	pub const fn has(&self, place: Place) -> bool {
		match place {
			Place::Cell { row, position } => row < self.rows && position < self.positions,
			Place::Head { position } => position >= self.first_head && position - self.first_head < self.heads,
		}
	}

	/// Cells of the trace, heads included.
	pub const fn places(&self) -> u64 {
		self.rows as u64 * self.positions as u64 + self.heads as u64
	}

	/// The cell with this index below [`places`](Self::places): rows one after the other, then the heads.
	pub fn place(&self, index: u64) -> Option<Place> {
		let cells = u64::from(self.rows) * u64::from(self.positions);
		let place = match index.checked_sub(cells) {
			None => Place::Cell {
				row: (index / u64::from(self.positions)) as u16,
				position: (index % u64::from(self.positions)) as u32,
			},
			Some(head) => Place::Head {
				position: self.first_head.checked_add(u32::try_from(head).ok()?)?,
			},
		};
		self.has(place).then_some(place)
	}

	/// Positions that attention sees from a position.
	pub const fn visible(&self, position: u32) -> u32 {
		match self.mask {
			Mask::Causal => position + 1,
			Mask::Full => self.positions,
		}
	}
}

/// Operations of a usual layer: what balances the list of all groups against the roots of one group's operations.
const USUAL_OPERATIONS: u64 = 16;

/// Every size that a group can have.
pub(crate) fn group_sizes() -> impl Iterator<Item = u32> {
	(8..=128).step_by(8)
}

/// Positions of a group: as many as make the list of a trace's groups about as long as the list of one group's operation
/// roots, a multiple of 8 from 8 to 128.
fn group_size(rows: u16, positions: u32) -> u32 {
	let balanced = isqrt(u64::from(rows) * u64::from(positions) / USUAL_OPERATIONS);
	// At most √(257 · 2¹⁷ / 16).
	(balanced as u32).next_multiple_of(8).clamp(8, 128)
}
