//! A cell opened up: the root of what each of its operations writes.

use crate::{
	boundary::{in_group, Boundary, GroupRoots},
	merkle::{InclusionProof, ProofError},
	statement::{Group, Layout, Place, Statement, TraceRoot},
	vector::chunk_count,
	Hash32,
};
use alloc::vec::Vec;
use assay_exact::{
	evaluate::Site,
	program::{Head, Op, Pooling, Program, Register},
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use thiserror::Error;

/// Roots of everything a cell produces, in the order of its operations.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CellRoots {
	/// What each operation writes. The product that makes the logits is not among them: a wrong token is refuted by two of
	/// its rows.
	pub vectors: Vec<Hash32>,
	/// The cell's cache rows, in a layer with attention.
	pub cache: Option<Hash32>,
	/// The [work](crate::work) of attention or of mean pooling.
	pub work: Option<Hash32>,
	/// The mean over positions, in a head that pools so.
	pub pooled: Option<Hash32>,
}

/// Why the roots of a cell are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CellError {
	/// There is no such cell or group.
	#[error("the trace has no such place")]
	NoSuchPlace,
	/// Roots are missing or there are too many.
	#[error("{given} roots of operations where the program has {expected}, or others are missing")]
	Shape {
		/// Roots given.
		given: u32,
		/// Operations of the cell.
		expected: u32,
	},
	/// The roots of another number of cells than the group has.
	#[error("roots of {given} cells for a group of {expected}")]
	Cells {
		/// Cells given.
		given: u32,
		/// Cells of the group.
		expected: u32,
	},
	/// They do not lead to the trace's root.
	#[error("not what the trace commits to: {0}")]
	Trace(#[from] ProofError),
}

/// What an operation reads, or a rule compares: a vector of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
	/// Register 0 as the cell receives it.
	Residual,
	/// What an operation of the cell writes.
	Vector(u8),
}

/// A cell of a statement: its place and its operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
	pub(crate) statement: &'a Statement<'a>,
	pub(crate) layout: Layout,
	pub(crate) place: Place,
	pub(crate) ops: &'a [Op],
}

impl<'a> Cell<'a> {
	/// `None` if the trace has no such cell.
	pub(crate) fn new(statement: &'a Statement<'a>, place: Place) -> Option<Self> {
		let layout = statement.layout();
		layout.has(place).then(|| Self {
			statement,
			layout,
			place,
			ops: operations(statement.program, place),
		})
	}

	pub(crate) fn program(&self) -> &'a Program {
		self.statement.program
	}

	/// Where its operations run.
	pub(crate) fn site(&self) -> Site<'a> {
		match self.place {
			Place::Cell { row, position } => Site {
				position,
				fed: self.statement.fed(position),
				layer: row.checked_sub(1),
			},
			Place::Head { position } => Site {
				position,
				fed: match self.program().head {
					Head::Tokens { .. } => self.statement.fed(position),
					Head::Vector { .. } => assay_exact::evaluate::Fed::Nothing,
				},
				layer: None,
			},
		}
	}

	/// Where a register's content comes from when operation `index` reads it.
	pub(crate) fn source(&self, index: usize, register: Register) -> Source {
		let before = self.ops.get(..index).unwrap_or(self.ops);
		match before.iter().rposition(|op| op.dst() == register) {
			Some(writer) => Source::Vector(writer as u8),
			None => Source::Residual,
		}
	}

	/// Width of a source.
	pub(crate) fn width(&self, source: Source) -> u32 {
		let register = match source {
			Source::Residual => Register(0),
			Source::Vector(index) => self.ops.get(usize::from(index)).map_or(Register(0), Op::dst),
		};
		self.program().width(register).unwrap_or(0)
	}

	/// Index of the cell's attention.
	pub(crate) fn attention(&self) -> Option<(usize, AttentionShape)> {
		self.ops
			.iter()
			.enumerate()
			.find_map(|(index, op)| Some((index, AttentionShape::of(op)?)))
	}

	/// Whether register 0 is the mean over positions.
	pub(crate) fn pools(&self) -> bool {
		matches!(self.place, Place::Head { .. })
			&& matches!(
				self.program().head,
				Head::Vector {
					pooling: Pooling::Mean,
					..
				}
			)
	}

	/// The cell whose residual vector register 0 starts as; `None` for the entry and for a mean.
	pub(crate) fn predecessor(&self) -> Option<(u16, u32)> {
		let last = self.layout.rows - 1;
		match self.place {
			Place::Cell { row, position } => Some((row.checked_sub(1)?, position)),
			Place::Head { position } => match self.program().head {
				Head::Tokens { .. } => Some((last, position)),
				Head::Vector { pooling, .. } => match pooling {
					Pooling::First => Some((last, 0)),
					Pooling::Last => Some((last, self.layout.positions - 1)),
					Pooling::Mean => None,
				},
			},
		}
	}

	/// Groups whose positions the cell's attention sees, or its pooling.
	pub(crate) fn visible_groups(&self) -> u32 {
		self.visible().div_ceil(self.layout.group_size)
	}

	/// Positions that the cell's attention sees, or its pooling.
	pub(crate) fn visible(&self) -> u32 {
		match self.place {
			Place::Cell { position, .. } => self.layout.visible(position),
			Place::Head { .. } => self.layout.positions,
		}
	}

	/// The product that makes the logits: source, matrix and bias.
	pub(crate) fn logits(&self) -> Option<&'a Op> {
		match (&self.program().head, self.place) {
			(Head::Tokens { ops, .. }, Place::Head { .. }) => ops.last(),
			_ => None,
		}
	}

	/// The register of a vector head's output.
	pub(crate) fn output(&self) -> Option<Register> {
		match (&self.program().head, self.place) {
			(Head::Vector { output, .. }, Place::Head { .. }) => Some(*output),
			_ => None,
		}
	}

	/// Leaves of the cell's work: heads of attention, or chunks of a mean.
	pub(crate) fn work_leaves(&self) -> u32 {
		match self.attention() {
			Some((_, shape)) => shape.heads.into(),
			None => chunk_count(self.width(Source::Residual)),
		}
	}

	fn check_shape(&self, roots: &CellRoots) -> Result<(), CellError> {
		let attends = self.attention().is_some();
		let fits = roots.vectors.len() == self.ops.len()
			&& roots.cache.is_some() == attends
			&& roots.work.is_some() == (attends || self.pools())
			&& roots.pooled.is_some() == self.pools();
		fits.then_some(()).ok_or(CellError::Shape {
			given: roots.vectors.len() as u32,
			expected: self.ops.len() as u32,
		})
	}

	/// The residual root that a cell of a row hands on.
	fn residual_root(&self, roots: &CellRoots) -> Option<Hash32> {
		match self.source(self.ops.len(), Register(0)) {
			Source::Vector(index) => roots.vectors.get(usize::from(index)).copied(),
			Source::Residual => None,
		}
	}
}

/// An attention operation's shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttentionShape {
	pub(crate) query: Register,
	pub(crate) key: Register,
	pub(crate) value: Register,
	pub(crate) heads: u16,
	pub(crate) kv_heads: u16,
	pub(crate) head_dim: u32,
	pub(crate) scale: u32,
}

impl AttentionShape {
	/// Of an operation, if it is attention.
	pub(crate) fn of(op: &Op) -> Option<Self> {
		match *op {
			Op::Attention {
				query,
				key,
				value,
				heads,
				kv_heads,
				head_dim,
				scale,
				..
			} => Some(Self {
				query,
				key,
				value,
				heads,
				kv_heads,
				head_dim,
				scale,
			}),
			_ => None,
		}
	}

	/// The key/value head of a query head.
	pub(crate) fn kv_head(&self, head: u16) -> u16 {
		// Validation: heads is a positive multiple of kv_heads.
		(u32::from(head) * u32::from(self.kv_heads) / u32::from(self.heads).max(1)) as u16
	}
}

/// The operations of a cell whose outputs have roots.
pub fn operations(program: &Program, place: Place) -> &[Op] {
	match place {
		Place::Cell { row: 0, .. } => &program.entry,
		Place::Cell { .. } => &program.layer,
		Place::Head { .. } => match &program.head {
			Head::Tokens { ops, .. } => ops.split_last().map_or(&[], |(_, ops)| ops),
			Head::Vector { ops, .. } => ops,
		},
	}
}

/// What the cells of a row hand on, by their roots; `None` for heads and for roots of another number of operations.
pub fn boundary(statement: &Statement<'_>, place: Place, roots: &CellRoots) -> Option<Boundary> {
	let cell = Cell::new(statement, place)?;
	cell.check_shape(roots).ok()?;
	matches!(place, Place::Cell { .. }).then_some(())?;
	Some(Boundary {
		residual: cell.residual_root(roots)?,
		cache: roots.cache,
	})
}

/// That a single cell is in the trace.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CellPath {
	/// In the residual tree of its group.
	pub residual: InclusionProof,
	/// In the cache tree of its group, in rows with caches.
	pub cache: Option<InclusionProof>,
	/// The group in the trace.
	pub group: InclusionProof,
}

/// A path that a cell needs is not there, or one that it cannot have is.
const NO_PATH: ProofError = ProofError::Length { length: 0 };

impl CellPath {
	/// Checks that the cell at this row and position hands on these roots.
	pub fn verify(
		&self,
		layout: &Layout,
		(row, position): (u16, u32),
		residual: &Hash32,
		cache: Option<&Hash32>,
		trace: &TraceRoot,
	) -> Result<(), ProofError> {
		let at = in_group(layout, position);
		let caches = match (cache, &self.cache) {
			(Some(cache), Some(path)) => Some(path.root_from(at, cache).ok_or(NO_PATH)?),
			(None, None) => None,
			_ => return Err(NO_PATH),
		};
		let group = GroupRoots {
			residuals: self.residual.root_from(at, residual).ok_or(NO_PATH)?,
			caches,
		};
		group.verify(layout, layout.group_of(row, position), &self.group, trace)
	}
}

/// Checks that the roots of all cells of a group are those of the trace.
pub fn check_group(
	statement: &Statement<'_>,
	group: Group,
	cells: &[CellRoots],
	path: &InclusionProof,
) -> Result<(), CellError> {
	let layout = statement.layout();
	if !layout.has_group(group) {
		return Err(CellError::NoSuchPlace);
	}
	let (start, length) = layout.span(group.index);
	if cells.len() as u64 != u64::from(length) {
		return Err(CellError::Cells {
			given: cells.len() as u32,
			expected: length,
		});
	}
	let (mut residuals, mut caches) = (Vec::new(), Vec::new());
	for (position, roots) in (start..).zip(cells) {
		let place = Place::Cell {
			row: group.row,
			position,
		};
		let cell = Cell::new(statement, place).ok_or(CellError::NoSuchPlace)?;
		cell.check_shape(roots)?;
		residuals.push(cell.residual_root(roots).ok_or(CellError::NoSuchPlace)?);
		caches.extend(roots.cache);
	}
	let caches = layout.has_caches(group.row).then_some(&caches[..]);
	GroupRoots::new(&residuals, caches).verify(&layout, group, path, &statement.trace)?;
	Ok(())
}

/// Checks that the roots of one cell are those of the trace. Those of a head have nothing in the trace to agree with:
/// only their number is checked, and its rules tie them to the trace and to the output.
pub fn check_cell(
	statement: &Statement<'_>,
	place: Place,
	roots: &CellRoots,
	path: Option<&CellPath>,
) -> Result<(), CellError> {
	let cell = Cell::new(statement, place).ok_or(CellError::NoSuchPlace)?;
	cell.check_shape(roots)?;
	let Place::Cell { row, position } = place else {
		return Ok(());
	};
	let path = path.ok_or(NO_PATH)?;
	let residual = cell.residual_root(roots).ok_or(CellError::NoSuchPlace)?;
	path.verify(
		&cell.layout,
		(row, position),
		&residual,
		roots.cache.as_ref(),
		&statement.trace,
	)?;
	Ok(())
}
