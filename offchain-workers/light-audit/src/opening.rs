//! What a worker shows of some positions of an execution.
//!
//! - the leaves of the trace, which give its root;
//! - for every layer with a cache and every group of positions up to the last that is seen: the cache rows, and the root of the
//!   group's residuals; the two give the group's leaf;
//! - for each position: that the residual vector of each row is in its group, and the accumulators of every product;
//! - the leaves of the artifact that hold the rows of its tables that these positions read;
//! - of a model that returns a vector: the residual vectors that its head pools, and the accumulators of the head.
//!
//! Residual vectors and cache rows of the positions themselves are not shown: whoever checks computes them.

use assay_exact::{
	evaluate::{EvaluateError, Fed, Operations, Site, Weights},
	program::{Head, Op, Pooling, TensorIndex},
	Instance, Program,
};
use assay_trace::{
	artifact::{Leaves, LEAF_BYTES},
	boundary::ResidualOpening,
	cache::leaf_bytes,
	merkle::InclusionProof,
	Hash32, Layout, Statement,
};
use codec::{Decode, DecodeAll, Encode};
use std::collections::BTreeSet;
use thiserror::Error;

/// What an opening begins with.
const MARK: &[u8] = b"assay/light-opening/v1";
/// Bytes of a hash.
const HASH: u64 = 32;
/// Longest path in a tree of at most 2³² leaves, with its length before it.
const PATH: u64 = 32 * HASH + 1;
/// Bytes of a number that says how many follow.
const COUNT: u64 = 5;

/// Why bytes are not an opening.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OpeningError {
	/// They do not begin like one.
	#[error(
		"this is no opening of version 1: it does not begin with {:?}",
		String::from_utf8_lossy(MARK)
	)]
	Mark,
	/// They are more than an opening of these positions can be.
	#[error("the opening has {bytes} bytes; one of these positions has at most {limit}")]
	TooLong {
		/// How many there are.
		bytes: u64,
		/// How many there may be.
		limit: u64,
	},
	/// They do not decode.
	#[error("the opening is malformed or cut off")]
	Malformed,
}

/// What a worker shows of some positions.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Opening {
	/// The positions, in rising order.
	pub(crate) positions: Vec<u32>,
	/// The leaves of the trace.
	pub(crate) groups: Vec<Hash32>,
	/// Row after row from the first layer on, the groups up to the last that is seen; none without caches.
	pub(crate) caches: Vec<OpenedCaches>,
	/// For each position.
	pub(crate) cells: Vec<OpenedPosition>,
	/// The [`table_leaves`] that the positions read, in that order.
	pub(crate) leaves: Vec<OpenedLeaf>,
	/// The head of a model that returns a vector.
	pub(crate) head: Option<OpenedHead>,
}

/// The cache rows of a group.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct OpenedCaches {
	/// The root of the group's residuals.
	pub(crate) residuals: Hash32,
	/// The leaves of all heads, position after position.
	pub(crate) leaves: Vec<u8>,
	/// The cache roots of positions that nobody sees.
	pub(crate) rest: Vec<Hash32>,
}

/// One position through all rows.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct OpenedPosition {
	/// For each row: that its residual vector is in its group.
	pub(crate) residuals: Vec<InclusionProof>,
	/// The accumulators of its products in the order of the program: entry, every layer, and the head if it ran here.
	pub(crate) products: Vec<Accumulators>,
}

/// A leaf of the artifact.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct OpenedLeaf {
	/// Its bytes.
	pub(crate) bytes: Vec<u8>,
	/// That it is in its tensor.
	pub(crate) path: InclusionProof,
}

/// The head of a model that returns a vector.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct OpenedHead {
	/// What it pools.
	pub(crate) pooled: Pooled,
	/// The accumulators of its products.
	pub(crate) products: Vec<Accumulators>,
}

/// Residual vectors of the last row.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) enum Pooled {
	/// Of all positions, with the cache root of each group.
	#[codec(index = 0)]
	All {
		/// One vector after the other.
		residuals: Vec<i32>,
		/// None without caches.
		caches: Vec<Hash32>,
	},
	/// Of one position.
	#[codec(index = 1)]
	One {
		/// The vector.
		residual: Vec<i32>,
		/// That it is in the trace.
		opening: ResidualOpening,
	},
}

/// Accumulators in as few bytes as the largest of a product needs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct Accumulators {
	/// Bytes of each: 1 to 8.
	width: u8,
	/// Little-endian two's complement.
	bytes: Vec<u8>,
}

impl Accumulators {
	/// Packs accumulators.
	pub(crate) fn new(values: &[i64]) -> Self {
		// A number in two's complement has a sign beside its bits.
		let bits = |value: &i64| 65 - (value ^ (value >> 63)).leading_zeros();
		let width = values.iter().map(bits).max().unwrap_or(1).div_ceil(8) as usize;
		let bytes = values
			.iter()
			.flat_map(|value| value.to_le_bytes().into_iter().take(width));
		Self {
			width: width as u8,
			bytes: bytes.collect(),
		}
	}

	/// The accumulators; `None` if there are not so many.
	pub(crate) fn values(&self, count: usize) -> Option<Vec<i64>> {
		let width = usize::from(self.width);
		if !(1..=8).contains(&width) || Some(self.bytes.len()) != count.checked_mul(width) {
			return None;
		}
		let unused = 64 - 8 * u32::from(self.width);
		let value = |bytes: &[u8]| {
			let mut whole = [0; 8];
			whole[..width].copy_from_slice(bytes);
			i64::from_le_bytes(whole) << unused >> unused
		};
		Some(self.bytes.chunks_exact(width).map(value).collect())
	}
}

impl Opening {
	/// The positions that are opened.
	pub fn positions(&self) -> &[u32] {
		&self.positions
	}

	/// The bytes that a worker sends.
	pub fn to_bytes(&self) -> Vec<u8> {
		let mut bytes = MARK.to_vec();
		self.encode_to(&mut bytes);
		bytes
	}

	/// Reads what a worker sent of at most so many bytes, which are [`largest_opening`] of what was asked.
	pub fn from_bytes(bytes: &[u8], limit: u64) -> Result<Self, OpeningError> {
		if bytes.len() as u64 > limit {
			return Err(OpeningError::TooLong {
				bytes: bytes.len() as u64,
				limit,
			});
		}
		let content = bytes.strip_prefix(MARK).ok_or(OpeningError::Mark)?;
		Self::decode_all(&mut &content[..]).map_err(|_| OpeningError::Malformed)
	}

	/// Bytes of its parts: hashes and paths, cache rows, accumulators, leaves of the artifact.
	pub fn sizes(&self) -> [(&'static str, usize); 4] {
		let products = |products: &[Accumulators]| products.iter().map(|product| product.bytes.len()).sum::<usize>();
		let caches: usize = self.caches.iter().map(|caches| caches.leaves.len()).sum();
		let accumulators: usize = self.cells.iter().map(|cell| products(&cell.products)).sum();
		let accumulators = accumulators + self.head.as_ref().map_or(0, |head| products(&head.products));
		let leaves: usize = self.leaves.iter().map(|leaf| leaf.bytes.len()).sum();
		let rest = self.encoded_size() - caches - accumulators - leaves;
		[
			("cache rows", caches),
			("accumulators", accumulators),
			("artifact", leaves),
			("hashes and the rest", rest),
		]
	}
}

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

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn accumulators_take_the_bytes_of_the_largest() {
		for (values, width) in [
			(vec![], 1),
			(vec![0, -1, 127, -128], 1),
			(vec![128], 2),
			(vec![-129], 2),
			(vec![0, (1 << 39) - 1], 5),
			(vec![1 << 39], 6),
			(vec![i64::MAX, i64::MIN], 8),
		] {
			let packed = Accumulators::new(&values);
			assert_eq!(packed.bytes.len(), width * values.len());
			assert_eq!(usize::from(packed.width), width);
			assert_eq!(packed.values(values.len()), Some(values.clone()));
			assert_eq!(packed.values(values.len() + 1), None);
		}
	}

	#[test]
	fn accumulators_of_no_width_or_too_much_are_none() {
		for width in [0, 9, 255] {
			let packed = Accumulators { width, bytes: vec![] };
			assert_eq!(packed.values(0), None);
		}
	}

	proptest! {
		#[test]
		fn packed_accumulators_come_back(values in prop::collection::vec(any::<i64>(), 0..40), shift in 0u32..64) {
			let values: Vec<i64> = values.into_iter().map(|value| value >> shift).collect();
			prop_assert_eq!(Accumulators::new(&values).values(values.len()), Some(values));
		}

		#[test]
		fn bytes_that_are_no_opening_are_an_error(bytes: Vec<u8>) {
			let marked = [MARK, &bytes].concat();
			prop_assert!(Opening::from_bytes(&bytes, 1 << 20).is_err());
			// Whatever it gives, it does not panic.
			let _ = Opening::from_bytes(&marked, 1 << 20);
		}
	}
}
