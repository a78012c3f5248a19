//! How many bytes the right answer to any question about a claim takes.
//!
//! Whoever is asked for more than one answer can hold would lose by being right. So the chain registers a program only if
//! all answers about the largest job it admits fit, by [`longest_answer`], and nothing is asked later whether it fits.

use crate::{
	artifact::{Leaves, LEAF_BYTES},
	cache::leaf_bytes,
	cell::{operations, AttentionShape},
	fault::{lists_trees, Target},
	rules::Step,
	statement::{group_sizes, Layout, Place},
	vector::{chunk_count, chunk_length},
};
use assay_exact::{
	blocks::BLOCK,
	program::{Head, Op, Pooling, Program, Register, TensorIndex},
};

/// Bytes of a hash.
const HASH: u64 = 32;
/// Bytes of a length, or of the kind of something with its optional parts, at most.
const LENGTH: u64 = 5;
/// Bytes around the longest thing that is shown, at most: what it answers, who shows it, a signature.
pub const FRAME: u64 = 512;
/// Levels of an artifact's tree at most: tensors for each layer, and files, fewer than 2³² in all.
const ARTIFACT_LEVELS: u64 = 32;

/// Bytes of the longest right answer about any job of a program with at most so many tokens of prompt and of output.
pub fn longest_answer(program: &Program, prompt: u32, generated: u32) -> u64 {
	longest_answers(program, prompt, generated)
		.longest()
		.saturating_add(FRAME)
}

/// The longest of each kind of answer about any job of a program with at most so many tokens of prompt and of output.
pub fn longest_answers(program: &Program, prompt: u32, generated: u32) -> Answers {
	let prompt = prompt.min(program.positions).max(1);
	let generated = generated.min(program.positions);
	// A longer job may list fewer groups, if they are larger: the longest of each size counts.
	let largest = Layout::new(program, prompt, generated);
	let positions = largest.positions.min(program.positions);
	group_sizes()
		.filter_map(|size| largest.longest_with_groups(positions, size))
		.map(|layout| Sizes { program, layout }.answers())
		.fold(Answers::default(), Answers::or_longer)
}

/// Bytes of the longest right answer of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answers {
	/// The list of all groups.
	pub groups: u64,
	/// The roots of all cells of a group.
	pub cells: u64,
	/// The roots of one cell, with its path.
	pub cell: u64,
	/// What is shown of a cell in full: a vector, its caches, its work.
	pub exhibit: u64,
	/// What a step reads.
	pub opening: u64,
	/// What an auditor shows of a cell.
	pub values: u64,
}

impl Answers {
	/// The longest of all.
	pub fn longest(&self) -> u64 {
		let Self {
			groups,
			cells,
			cell,
			exhibit,
			opening,
			values,
		} = *self;
		[groups, cells, cell, exhibit, opening, values]
			.into_iter()
			.fold(0, u64::max)
	}

	fn or_longer(self, other: Self) -> Self {
		Self {
			groups: self.groups.max(other.groups),
			cells: self.cells.max(other.cells),
			cell: self.cell.max(other.cell),
			exhibit: self.exhibit.max(other.exhibit),
			opening: self.opening.max(other.opening),
			values: self.values.max(other.values),
		}
	}
}

/// Bytes of right answers about jobs of a program with this layout, at most.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a> {
	program: &'a Program,
	layout: Layout,
}

impl<'a> Sizes<'a> {
	/// Of a program's jobs with this layout.
	pub const fn new(program: &'a Program, layout: Layout) -> Self {
		Self { program, layout }
	}

	/// The list of all groups.
	pub fn groups(&self) -> u64 {
		let trees = if self.layout.caches && lists_trees(&self.layout, 1) {
			2
		} else {
			1
		};
		LENGTH.saturating_add(self.layout.groups().saturating_mul(trees * HASH))
	}

	/// The roots of all cells of a group, with its path.
	pub fn cells(&self, row: u16) -> u64 {
		self.roots(Place::Cell { row, position: 0 })
			.saturating_mul(self.layout.group_size.into())
			.saturating_add(LENGTH)
			.saturating_add(path(self.layout.groups()))
	}

	/// The roots of one cell.
	pub fn roots(&self, place: Place) -> u64 {
		let vectors = operations(self.program, place).len() as u64;
		LENGTH + vectors * HASH + 3 * (1 + HASH)
	}

	/// What a cell hands on in full, with a path in a digest and one in the trace.
	pub fn values(&self) -> u64 {
		let cells = u64::from(self.layout.rows).saturating_mul(self.layout.positions.into());
		self.vector(Register(0))
			.saturating_add(self.cache())
			.saturating_add(path(cells))
			.saturating_add(2 * (1 + path(self.layout.group_size.into())))
			.saturating_add(path(self.layout.groups()))
	}

	/// What is shown of a cell in full.
	pub fn exhibit(&self, place: Place, target: Target) -> u64 {
		let ops = operations(self.program, place);
		let shown = match target {
			Target::Vector(op) => ops.get(usize::from(op)).map_or(0, |op| self.vector(op.dst())),
			Target::Pooled => self.vector(Register(0)),
			Target::Cache => self.cache(),
			Target::Work => match attention(ops) {
				Some(shape) => u64::from(shape.heads).saturating_mul(self.head_work(shape.head_dim)),
				None => u64::from(chunk_count(self.width(Register(0)))).saturating_mul(self.states()),
			},
		};
		LENGTH.saturating_add(shown)
	}

	/// What a step reads, with all that proves it.
	pub fn opening(&self, place: Place, step: Step) -> u64 {
		let ops = operations(self.program, place);
		let read = match step {
			Step::Element { op, .. } => match ops.get(usize::from(op)) {
				Some(op) => self.range(op.dst(), 1).saturating_add(self.element(op)),
				None => 0,
			},
			Step::Cache { .. } => attention(ops).map_or(0, |shape| {
				let rows = self.range(shape.key, shape.head_dim) + self.range(shape.value, shape.head_dim);
				rows + cache_leaf(shape)
			}),
			Step::Attend { .. } => attention(ops).map_or(0, |shape| {
				let caches = cache_leaf(shape).saturating_mul(self.layout.group_size.into());
				self.work(self.head_work(shape.head_dim), shape.heads.into())
					.saturating_add(self.range(shape.query, shape.head_dim))
					.saturating_add(LENGTH + caches)
					.saturating_add(LENGTH + HASH + path(self.layout.groups()))
					.saturating_add(state(1 + u64::from(shape.head_dim)))
			}),
			Step::Pool { .. } => {
				let chunk = self.range(Register(0), 1).saturating_mul(self.layout.group_size.into());
				self.chunk_work()
					.saturating_add(LENGTH + chunk)
					.saturating_add(1 + HASH + path(self.layout.groups()))
					.saturating_add(state(u64::from(chunk_length(self.width(Register(0)), 0))))
			}
			Step::Mean { .. } => self
				.range(Register(0), 1)
				.saturating_add(self.chunk_work())
				.saturating_add(state(u64::from(chunk_length(self.width(Register(0)), 0)))),
			Step::Choice { .. } => match self.program.head.ops().last() {
				Some(&Op::Linear { src, weight, bias, .. }) => self
					.vector(src)
					.saturating_add(self.product(weight, bias).saturating_mul(2)),
				_ => 0,
			},
			Step::Output { .. } => match self.program.head {
				Head::Vector { output, .. } => self.range(output, 1),
				Head::Tokens { .. } => 0,
			},
		};
		read.saturating_add(LENGTH).saturating_add(self.residual())
	}

	/// The longest of all, of every kind of cell.
	pub fn longest(&self) -> u64 {
		self.answers().longest()
	}

	/// The longest of each kind of answer, of every kind of cell.
	pub fn answers(&self) -> Answers {
		let last = self.layout.positions.saturating_sub(1);
		let rows = [0, self.layout.rows.min(2) - 1];
		let head = Place::Head {
			position: self.layout.first_head,
		};
		let of_cells = rows
			.map(|row| Place::Cell { row, position: last })
			.into_iter()
			.chain([head])
			.map(|place| self.answers_about(place));
		let lists = Answers {
			groups: self.groups(),
			cells: rows.map(|row| self.cells(row)).into_iter().fold(0, u64::max),
			values: self.values(),
			..Answers::default()
		};
		of_cells.fold(lists, Answers::or_longer)
	}

	/// The longest of each kind of answer about a cell.
	fn answers_about(&self, place: Place) -> Answers {
		let head = matches!(place, Place::Head { .. });
		let vectors = (0..operations(self.program, place).len()).map(|op| op as u8);
		let pools = head && self.pools();
		let attends = attention(operations(self.program, place)).is_some();
		let exhibits = vectors
			.clone()
			.map(Target::Vector)
			.chain(attends.then_some(Target::Cache))
			.chain((attends || pools).then_some(Target::Work))
			.chain(pools.then_some(Target::Pooled))
			.map(|target| self.exhibit(place, target));
		let steps = vectors
			.map(|op| Step::Element { op, index: 0 })
			.chain(attends.then_some(Step::Cache { head: 0 }))
			.chain(attends.then_some(Step::Attend { head: 0, group: 0 }))
			.chain(pools.then_some(Step::Pool { chunk: 0, group: 0 }))
			.chain(pools.then_some(Step::Mean { index: 0 }))
			.chain(head.then_some(Step::Choice { rival: 0 }))
			.chain(head.then_some(Step::Output { index: 0 }))
			.map(|step| self.opening(place, step));
		Answers {
			cells: self.roots(place),
			cell: self.roots(place).saturating_add(self.residual()),
			exhibit: exhibits.fold(0, u64::max),
			opening: steps.fold(0, u64::max),
			..Answers::default()
		}
	}

	fn width(&self, register: Register) -> u32 {
		self.program.width(register).unwrap_or(0)
	}

	fn pools(&self) -> bool {
		matches!(
			self.program.head,
			Head::Vector {
				pooling: Pooling::Mean,
				..
			}
		)
	}

	/// All values of a register.
	fn vector(&self, register: Register) -> u64 {
		2 * LENGTH + 4 * u64::from(self.width(register))
	}

	/// The chunks that hold `length` values of a register in a row, wherever they begin.
	fn range(&self, register: Register, length: u32) -> u64 {
		let width = self.width(register);
		let chunks = u64::from(chunk_count(width));
		let touched = u64::from(chunk_count(length)).saturating_add(1).min(chunks);
		let chunk = 2 * LENGTH + 4 * u64::from(chunk_length(width, 0)) + path(chunks);
		match length {
			1 => chunk,
			_ => touched.saturating_mul(chunk),
		}
	}

	/// The residual root that a cell receives.
	fn residual(&self) -> u64 {
		LENGTH + HASH + path(self.layout.group_size.into()) + 1 + HASH + path(self.layout.groups())
	}

	/// A leaf of a tensor with its path, and the leaves that hold one row.
	fn leaf(&self, tensor: TensorIndex) -> (u64, u64) {
		let Some(tensor) = self.program.tensors.get(usize::from(tensor.0)) else {
			return (0, 0);
		};
		let (shape, leaves) = (tensor.shape, Leaves::new(tensor.shape));
		let bytes = u64::from(shape.rows())
			.saturating_mul(shape.row_bytes())
			.min(LEAF_BYTES);
		(2 * LENGTH + bytes + path(leaves.count()), leaves.leaves_per_row())
	}

	/// A row of a tensor, with the header of its artifact and its root.
	fn row(&self, tensor: TensorIndex) -> u64 {
		let (leaf, of_row) = self.leaf(tensor);
		let header = 2 * (HASH + LENGTH) + 8 + 2 * (LENGTH + ARTIFACT_LEVELS * HASH);
		of_row.saturating_mul(leaf).saturating_add(header)
	}

	/// A row of a matrix and one value of its bias.
	fn product(&self, weight: TensorIndex, bias: Option<TensorIndex>) -> u64 {
		let bias = bias.map_or(0, |bias| self.leaf(bias).0 + 2 * LENGTH + HASH + ARTIFACT_LEVELS * HASH);
		self.row(weight).saturating_add(bias)
	}

	/// What one element of an operation's output is computed from.
	fn element(&self, op: &Op) -> u64 {
		match *op {
			Op::Input { .. } => 0,
			Op::Embed { table, .. } => self.row(table),
			Op::RmsNorm { src, gain, .. } => {
				let group = self.program.tensors.get(usize::from(gain.0));
				let group = group.map_or(0, |tensor| tensor.shape.row_bytes() / 4);
				self.row(gain)
					.saturating_add(self.range(src, u32::try_from(group).unwrap_or(u32::MAX)))
			}
			Op::LayerNorm { src, gain, bias, .. } => {
				let parameters = self.row(gain).saturating_add(self.row(bias));
				parameters.saturating_add(self.vector(src))
			}
			Op::L2Normalize { src, .. } => self.vector(src),
			Op::Linear { src, weight, bias, .. } => self.vector(src).saturating_add(self.product(weight, bias)),
			Op::Rotate {
				dst, table, head_dim, ..
			} => self.range(dst, head_dim).saturating_add(self.row(table)),
			Op::Activate { src, .. } => self.range(src, 1),
			Op::Add { a, b, .. } | Op::Mul { a, b, .. } => self.range(a, 1).saturating_add(self.range(b, 1)),
			Op::Attention { heads, head_dim, .. } => self
				.work(self.head_work(head_dim), heads.into())
				.saturating_add(state(1 + u64::from(head_dim))),
		}
	}

	/// The leaves of a cell's cache.
	fn cache(&self) -> u64 {
		attention(&self.program.layer).map_or(LENGTH, |shape| {
			let leaf = LENGTH + leaf_bytes(shape.head_dim) as u64;
			LENGTH.saturating_add(u64::from(shape.kv_heads).saturating_mul(leaf))
		})
	}

	/// Hashes of the states after each group.
	fn states(&self) -> u64 {
		LENGTH + u64::from(self.layout.groups_per_row()) * HASH
	}

	/// A peak, a largest shift for each block, and the states.
	fn head_work(&self, head_dim: u32) -> u64 {
		8 + LENGTH + u64::from(head_dim) / BLOCK as u64 * 8 + self.states()
	}

	/// One head's or chunk's work with its path.
	fn work(&self, work: u64, leaves: u64) -> u64 {
		LENGTH.saturating_add(work).saturating_add(path(leaves))
	}

	fn chunk_work(&self) -> u64 {
		self.work(self.states(), chunk_count(self.width(Register(0))).into())
	}
}

fn attention(ops: &[Op]) -> Option<AttentionShape> {
	ops.iter().find_map(AttentionShape::of)
}

/// One head's leaf of a cache with its path.
fn cache_leaf(shape: AttentionShape) -> u64 {
	2 * LENGTH + leaf_bytes(shape.head_dim) as u64 + path(shape.kv_heads.into())
}

/// The sums of a state.
fn state(sums: u64) -> u64 {
	2 * LENGTH + 8 * sums
}

/// A path in a tree of so many leaves.
const fn path(leaves: u64) -> u64 {
	let levels = 64 - leaves.saturating_sub(1).leading_zeros() as u64;
	LENGTH + levels * HASH
}
