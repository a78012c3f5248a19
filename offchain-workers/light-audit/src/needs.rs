//! What an opening of some positions has to show: what they read, and how many bytes that can be.

use crate::opening::MARK;
use assay_exact::{
	evaluate::{EvaluateError, Fed, Operations, Site, Weights},
	program::{Head, Op, Pooling, TensorIndex},
	Instance, Program,
};
use assay_trace::{
	artifact::{Leaves, LEAF_BYTES},
	cache::leaf_bytes,
	Layout, Statement,
};
use std::collections::BTreeSet;

/// Bytes of a hash.
const HASH: u64 = 32;
/// Longest path in a tree of at most 2³² leaves, with its length before it.
const PATH: u64 = 32 * HASH + 1;
/// Bytes of a number that says how many follow.
const COUNT: u64 = 5;

/// Positions whose cache rows the attention of some positions sees: all below this.
pub(crate) fn reach(layout: &Layout, positions: &[u32]) -> u32 {
	let reach = positions.iter().map(|position| layout.visible(*position)).max();
	reach.unwrap_or(0).min(layout.positions)
}

/// Groups of a row whose caches are opened.
pub(crate) fn opened_groups(layout: &Layout, positions: &[u32]) -> u32 {
	match layout.caches {
		true => reach(layout, positions).div_ceil(layout.group_size),
		false => 0,
	}
}

/// Key/value heads and bytes of a leaf, of a program with attention.
pub(crate) fn cache_shape(program: &Program) -> Option<(u16, u32)> {
	program.layer.iter().find_map(|op| match *op {
		Op::Attention { kv_heads, head_dim, .. } => Some((kv_heads, head_dim)),
		_ => None,
	})
}

/// The operations of the head if it runs at a position.
pub(crate) fn head_at<'a>(statement: &Statement<'a>, position: u32) -> &'a [Op] {
	match &statement.program.head {
		Head::Tokens { ops, .. } if statement.chosen(position).is_some() => ops,
		_ => &[],
	}
}

/// All operations of a position, each with its site.
pub(crate) fn operations<'a>(
	statement: &'a Statement<'a>,
	position: u32,
) -> impl Iterator<Item = (&'a Op, Site<'a>)> + 'a {
	let program = statement.program;
	let site = move |layer| Site {
		position,
		fed: statement.fed(position),
		layer,
	};
	let entry = program.entry.iter().map(move |op| (op, site(None)));
	let layers = (0..program.layers).flat_map(move |layer| program.layer.iter().map(move |op| (op, site(Some(layer)))));
	entry
		.chain(layers)
		.chain(head_at(statement, position).iter().map(move |op| (op, site(None))))
}

/// The operations of the head of a model that returns a vector.
pub(crate) fn vector_head(program: &Program) -> Option<(&[Op], Pooling)> {
	match &program.head {
		Head::Vector { ops, pooling, .. } => Some((ops, *pooling)),
		Head::Tokens { .. } => None,
	}
}

/// An artifact without anything in it.
struct Nothing;

impl Weights for Nothing {
	fn row(&self, _: TensorIndex, _: Option<u16>, _: u32) -> Option<&[u8]> {
		None
	}
}

/// The rows of tables that some positions read, and the head of a model that returns a vector.
pub(crate) fn table_rows(statement: &Statement<'_>, positions: &[u32]) -> BTreeSet<(Instance, u32)> {
	let program = statement.program;
	let empty: Vec<Vec<i32>> = program.registers.iter().map(|&width| vec![0; width as usize]).collect();
	let reader = Operations::new(program, &Nothing);
	let mut rows = BTreeSet::new();
	let mut read = |op: &Op, site| {
		if !matches!(op, Op::Embed { .. } | Op::Rotate { .. }) {
			return;
		}
		// What the operation asks of an artifact that has nothing is what it reads.
		if let Err(EvaluateError::MissingRow { tensor, layer, row }) = reader.apply(op, &empty, site) {
			rows.insert((Instance { tensor, layer }, row));
		}
	};
	for position in positions {
		operations(statement, *position).for_each(|(op, site)| read(op, site));
	}
	for op in vector_head(program).map_or(&[][..], |(ops, _)| ops) {
		read(op, POOLED);
	}
	rows
}

/// Where the head of a model that returns a vector runs.
pub(crate) const POOLED: Site<'_> = Site {
	position: 0,
	fed: Fed::Nothing,
	layer: None,
};

/// The leaves of the artifact that hold those rows.
pub(crate) fn table_leaves(program: &Program, rows: &BTreeSet<(Instance, u32)>) -> BTreeSet<(Instance, u64)> {
	let leaves = |(instance, row): &(Instance, u32)| {
		let shape = program.tensors[usize::from(instance.tensor.0)].shape;
		let held = Leaves::new(shape).of_row(*row).unwrap_or(0..0);
		let instance = *instance;
		held.map(move |leaf| (instance, leaf))
	};
	rows.iter().flat_map(leaves).collect()
}

/// Rows of the products of some operations, in order.
pub(crate) fn product_rows<'a>(
	program: &'a Program,
	ops: impl Iterator<Item = &'a Op> + 'a,
) -> impl Iterator<Item = u32> + 'a {
	ops.filter_map(move |op| match op {
		Op::Linear { dst, .. } => program.width(*dst),
		_ => None,
	})
}

/// Most bytes that an honest opening of these positions has.
pub fn largest_opening(statement: &Statement<'_>, positions: &[u32]) -> u64 {
	let (program, layout) = (statement.program, statement.layout());
	let products = |rows: u32| 8 * u64::from(rows) + COUNT + 1;
	let groups = u64::from(opened_groups(&layout, positions)) * u64::from(layout.rows - 1);
	let seen = u64::from(opened_groups(&layout, positions)) * u64::from(layout.group_size) * u64::from(layout.rows - 1);
	let leaf = cache_shape(program).map_or(0, |(heads, head_dim)| u64::from(heads) * leaf_bytes(head_dim) as u64);
	// A cache root in place of the leaves, if those are shorter.
	let caches = groups * (HASH + 2 * COUNT) + seen * leaf.max(HASH);
	let width = u64::from(program.registers.first().copied().unwrap_or(0));
	let cells = positions.iter().map(|position| {
		let rows = product_rows(program, operations(statement, *position).map(|(op, _)| op));
		COUNT * 2 + u64::from(layout.rows) * (PATH + COUNT) + rows.map(products).sum::<u64>()
	});
	let head = vector_head(program).map_or(0, |(ops, _)| {
		let pooled = u64::from(layout.positions) * 4 * width + layout.groups() * HASH + 4 * PATH;
		pooled + product_rows(program, ops.iter()).map(products).sum::<u64>() + 8 * COUNT
	});
	let leaves = table_leaves(program, &table_rows(statement, positions)).len() as u64;
	MARK.len() as u64
		+ 8 * COUNT
		+ 4 * positions.len() as u64
		+ layout.groups() * HASH
		+ caches
		+ cells.sum::<u64>()
		+ leaves * (LEAF_BYTES + PATH + COUNT)
		+ head
}
