//! Openings: what is shown of a trace and an artifact so that one step can be judged by whoever has only the roots.

use crate::{
	artifact::{Header, Leaves},
	boundary::{GroupRoots, ResidualOpening},
	cache::CachePair,
	cell::{AttentionShape, Cell, CellRoots, Source},
	merkle::{leaf_hash, InclusionProof, LeafPosition},
	rules::{Malformed, Operands, Step, Verdict},
	statement::{Group, Place, Statement},
	vector::{chunk_count, chunk_length, vector_root, ChunkOpening, CHUNK},
	work::{state_hash, ChunkWork, HeadWork},
	Hash32,
};
use alloc::vec::{self, Vec};
use assay_exact::{
	program::{Shape, TensorIndex},
	Instance,
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use thiserror::Error;

/// One thing shown.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Item {
	/// All values of a vector.
	#[codec(index = 0)]
	Vector(Vec<i32>),
	/// One chunk of a vector.
	#[codec(index = 1)]
	Chunk(ChunkOpening),
	/// The residual root that the cell receives.
	#[codec(index = 2)]
	Residual(ResidualOpening),
	/// How many leaves the artifact has.
	#[codec(index = 3)]
	Artifact {
		/// Its header.
		header: Header,
		/// That this is its first leaf.
		path: InclusionProof,
	},
	/// The root of a tensor.
	#[codec(index = 4)]
	Tensor {
		/// Its root.
		root: Hash32,
		/// That it is in the artifact.
		path: InclusionProof,
	},
	/// A leaf of a tensor, or the leaf of a cache.
	#[codec(index = 5)]
	Leaf {
		/// Its bytes.
		bytes: Vec<u8>,
		/// That it is in the tensor, or the cache.
		path: InclusionProof,
	},
	/// The cache rows of one head at the visible positions of a group.
	#[codec(index = 6)]
	Caches {
		/// For each visible position, the leaf and that it is in the cell's cache.
		leaves: Vec<(Vec<u8>, InclusionProof)>,
		/// Cache roots of the other cells of the group.
		rest: Vec<Hash32>,
		/// The residual tree of the group.
		residuals: Hash32,
		/// That the group is in the trace.
		path: InclusionProof,
	},
	/// A chunk of the residual vector of every cell of a group.
	#[codec(index = 7)]
	Residuals {
		/// For each position of the group.
		chunks: Vec<ChunkOpening>,
		/// The cache tree of the group.
		caches: Option<Hash32>,
		/// That the group is in the trace.
		path: InclusionProof,
	},
	/// The work of a query head.
	#[codec(index = 8)]
	HeadWork {
		/// The work.
		work: HeadWork,
		/// That it is in the cell's work.
		path: InclusionProof,
	},
	/// The work of a chunk of the mean.
	#[codec(index = 9)]
	ChunkWork {
		/// The work.
		work: ChunkWork,
		/// That it is in the cell's work.
		path: InclusionProof,
	},
	/// The sums of a state.
	#[codec(index = 10)]
	State(Vec<i64>),
}

/// Everything that judging one step reads, in the order in which its rule reads it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Opening {
	/// What is shown.
	pub items: Vec<Item>,
}

/// Why an opening proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum OpeningError {
	/// The trace has no such cell, or the cell no such step.
	#[error("the trace has no such step")]
	NoSuchStep,
	/// The roots given for the cell are not as many as it has.
	#[error("the cell's roots are incomplete")]
	Roots,
	/// An item is missing, or another was needed.
	#[error("item {index} is missing or of the wrong kind")]
	Item {
		/// Its index.
		index: u32,
	},
	/// An item does not lead to the root it must lead to.
	#[error("item {index} is not what was committed to")]
	Unproved {
		/// Its index.
		index: u32,
	},
	/// There are more items than the step reads.
	#[error("there are items after the last that is read")]
	Unread,
	/// What was proved cannot be read: a weight row or a cache row that no execution accepts.
	#[error("the step reads malformed data")]
	Malformed,
}

impl From<Malformed> for OpeningError {
	fn from(_: Malformed) -> Self {
		Self::Malformed
	}
}

/// The referee: judges one step of a claim from an opening.
///
/// `roots` are the roots of the step's cell, which [`check_group`](crate::cell::check_group) or
/// [`check_cell`](crate::cell::check_cell) tied to the claim. Time and memory are bounded by the opening's size and by one
/// matrix row, normalisation or group of positions.
pub fn check_step(
	statement: &Statement<'_>,
	place: Place,
	roots: &CellRoots,
	step: Step,
	opening: Opening,
) -> Result<Verdict, OpeningError> {
	let cell = Cell::new(statement, place).ok_or(OpeningError::NoSuchStep)?;
	if !cell.has(step) {
		return Err(OpeningError::NoSuchStep);
	}
	let mut shown = Shown {
		cell,
		roots,
		items: opening.items.into_iter(),
		read: 0,
		residual: None,
		artifact: None,
		tensors: Vec::new(),
	};
	let verdict = cell.judge(step, &mut shown)?;
	match shown.items.next() {
		None => Ok(verdict),
		Some(_) => Err(OpeningError::Unread),
	}
}

/// Reads operands from an opening and checks each against its root.
struct Shown<'a> {
	cell: Cell<'a>,
	roots: &'a CellRoots,
	items: vec::IntoIter<Item>,
	/// Items read so far.
	read: u32,
	/// Proved so far.
	residual: Option<Hash32>,
	artifact: Option<Header>,
	tensors: Vec<(Instance, Hash32)>,
}

/// Takes the next item if it is of this kind.
macro_rules! take {
	($self:ident, $pattern:pat => $value:expr) => {
		match $self.next()? {
			$pattern => $value,
			_ => return Err(OpeningError::Item { index: $self.read - 1 }),
		}
	};
}

impl Shown<'_> {
	fn next(&mut self) -> Result<Item, OpeningError> {
		let item = self.items.next().ok_or(OpeningError::Item { index: self.read })?;
		self.read = self.read.saturating_add(1);
		Ok(item)
	}

	/// Fails on the item read last unless it was proved.
	fn proved(&self, proved: bool) -> Result<(), OpeningError> {
		let index = self.read.saturating_sub(1);
		proved.then_some(()).ok_or(OpeningError::Unproved { index })
	}

	fn root(&mut self, source: Source) -> Result<Hash32, OpeningError> {
		match source {
			Source::Vector(index) => {
				let root = self.roots.vectors.get(usize::from(index));
				root.copied().ok_or(OpeningError::Roots)
			}
			Source::Residual if self.cell.pools() => self.roots.pooled.ok_or(OpeningError::Roots),
			Source::Residual => self.residual(),
		}
	}

	fn residual(&mut self) -> Result<Hash32, OpeningError> {
		if let Some(root) = self.residual {
			return Ok(root);
		}
		let (row, position) = self.cell.predecessor().ok_or(OpeningError::NoSuchStep)?;
		let opening = take!(self, Item::Residual(opening) => opening);
		let trace = &self.cell.statement.trace;
		let root = opening.verify(&self.cell.layout, row, position, trace);
		self.proved(root.is_some())?;
		self.residual = root;
		root.ok_or(OpeningError::Roots)
	}

	fn chunk(&mut self, root: &Hash32, width: u32, chunk: u32) -> Result<Vec<i32>, OpeningError> {
		let opening = take!(self, Item::Chunk(opening) => opening);
		self.proved(opening.verify(width, chunk, root).is_ok())?;
		Ok(opening.values)
	}

	/// The tensor as the cell's layer has it.
	fn tensor(&mut self, tensor: TensorIndex) -> Result<(Shape, Hash32), OpeningError> {
		let program = self.cell.program();
		let declared = program.tensors.get(usize::from(tensor.0)).ok_or(Malformed)?;
		let layer = self.cell.site().layer.filter(|_| declared.per_layer);
		let instance = Instance { tensor, layer };
		if let Some((_, root)) = self.tensors.iter().find(|(proved, _)| *proved == instance) {
			return Ok((declared.shape, *root));
		}
		let header = match self.artifact {
			Some(header) => header,
			None => {
				let (header, path) = take!(self, Item::Artifact { header, path } => (header, path));
				let proved = header.is_of(program) && header.verify(&path, &self.cell.statement.artifact);
				self.proved(proved)?;
				*self.artifact.insert(header)
			}
		};
		let index = program
			.instances()
			.position(|other| other == instance)
			.ok_or(Malformed)?;
		let (root, path) = take!(self, Item::Tensor { root, path } => (root, path));
		let artifact = &self.cell.statement.artifact;
		self.proved(header.verify_tensor(index as u32, &root, &path, artifact))?;
		self.tensors.push((instance, root));
		Ok((declared.shape, root))
	}

	/// The bytes of a leaf of a tensor.
	fn tensor_leaf(&mut self, leaves: &Leaves, leaf: u64, root: &Hash32) -> Result<Vec<u8>, OpeningError> {
		let (bytes, path) = take!(self, Item::Leaf { bytes, path } => (bytes, path));
		let position = LeafPosition {
			index: leaf,
			size: leaves.count(),
		};
		let whole = leaves.bytes_of(leaf).map(|range| range.end - range.start) == Some(bytes.len() as u64);
		self.proved(whole && path.verify(position, &leaf_hash(&bytes), root).is_ok())?;
		Ok(bytes)
	}

	fn attention(&self) -> Result<AttentionShape, OpeningError> {
		self.cell
			.attention()
			.map(|(_, shape)| shape)
			.ok_or(OpeningError::NoSuchStep)
	}

	/// Fails unless the work read last is leaf `index` of the cell's work.
	fn proved_work(&mut self, index: u32, work: &impl Encode, path: &InclusionProof) -> Result<(), OpeningError> {
		let root = self.roots.work.ok_or(OpeningError::Roots)?;
		let position = LeafPosition {
			index: index.into(),
			size: self.cell.work_leaves().into(),
		};
		self.proved(path.verify(position, &leaf_hash(&work.encode()), &root).is_ok())
	}
}

impl Operands for Shown<'_> {
	type Error = OpeningError;

	fn whole(&mut self, source: Source) -> Result<Vec<i32>, OpeningError> {
		let root = self.root(source)?;
		let values = take!(self, Item::Vector(values) => values);
		let whole = values.len() as u64 == u64::from(self.cell.width(source));
		self.proved(whole && vector_root(&values) == root)?;
		Ok(values)
	}

	fn range(&mut self, source: Source, start: u32, length: u32) -> Result<Vec<i32>, OpeningError> {
		let root = self.root(source)?;
		let width = self.cell.width(source);
		let end = start
			.checked_add(length)
			.filter(|end| *end <= width && *end > start)
			.ok_or(Malformed)?;
		let first = start / CHUNK as u32;
		let mut values = Vec::new();
		for chunk in first..end.div_ceil(CHUNK as u32) {
			values.extend(self.chunk(&root, width, chunk)?);
		}
		let skip = (start - first * CHUNK as u32) as usize;
		values.drain(..skip);
		values.truncate(length as usize);
		Ok(values)
	}

	fn row(&mut self, tensor: TensorIndex, row: u32) -> Result<Vec<u8>, OpeningError> {
		let (shape, root) = self.tensor(tensor)?;
		let leaves = Leaves::new(shape);
		let held = leaves.of_row(row).ok_or(Malformed)?;
		let start = leaves.bytes_of(held.start).ok_or(Malformed)?.start;
		let mut bytes = Vec::new();
		for leaf in held {
			bytes.extend(self.tensor_leaf(&leaves, leaf, &root)?);
		}
		let skip = u64::from(row) * shape.row_bytes() - start;
		bytes.drain(..(skip as usize).min(bytes.len()));
		bytes.truncate(shape.row_bytes() as usize);
		Ok(bytes)
	}

	fn parameter(&mut self, tensor: TensorIndex, index: u32) -> Result<i32, OpeningError> {
		let (shape, root) = self.tensor(tensor)?;
		let leaves = Leaves::new(shape);
		let (leaf, offset) = leaves.of_value(index).ok_or(Malformed)?;
		let bytes = self.tensor_leaf(&leaves, leaf, &root)?;
		let value = bytes.get(offset as usize..).and_then(|bytes| bytes.first_chunk::<4>());
		Ok(i32::from_le_bytes(*value.ok_or(Malformed)?))
	}

	fn cache_leaf(&mut self, head: u16) -> Result<Vec<u8>, OpeningError> {
		let root = self.roots.cache.ok_or(OpeningError::Roots)?;
		let position = LeafPosition {
			index: head.into(),
			size: self.attention()?.kv_heads.into(),
		};
		let (bytes, path) = take!(self, Item::Leaf { bytes, path } => (bytes, path));
		self.proved(path.verify(position, &leaf_hash(&bytes), &root).is_ok())?;
		Ok(bytes)
	}

	fn caches(&mut self, head: u16, group: u32) -> Result<Vec<CachePair>, OpeningError> {
		let (layout, shape) = (self.cell.layout, self.attention()?);
		let Place::Cell { row, .. } = self.cell.place else {
			return Err(OpeningError::NoSuchStep);
		};
		let group = Group { row, index: group };
		let (start, length) = layout.span(group.index);
		let visible = self.cell.visible().saturating_sub(start).min(length);
		let (leaves, rest, residuals, path) = take!(
			self,
			Item::Caches { leaves, rest, residuals, path } => (leaves, rest, residuals, path)
		);
		let counted = leaves.len() as u64 == u64::from(visible) && rest.len() as u64 == u64::from(length - visible);
		self.proved(counted)?;
		let position = LeafPosition {
			index: head.into(),
			size: shape.kv_heads.into(),
		};
		let roots = leaves
			.iter()
			.map(|(bytes, path)| path.root_from(position, &leaf_hash(bytes)))
			.chain(rest.into_iter().map(Some));
		let roots: Option<Vec<Hash32>> = roots.collect();
		let roots = roots.map(|caches| GroupRoots {
			residuals,
			caches: Some(crate::merkle::root(&caches)),
		});
		let trace = &self.cell.statement.trace;
		self.proved(roots.is_some_and(|roots| roots.verify(&layout, group, &path, trace).is_ok()))?;
		let pairs = leaves
			.iter()
			.map(|(bytes, _)| CachePair::from_bytes(bytes, shape.head_dim));
		Ok(pairs.collect::<Option<_>>().ok_or(Malformed)?)
	}

	fn residuals(&mut self, chunk: u32, group: u32) -> Result<Vec<Vec<i32>>, OpeningError> {
		let layout = self.cell.layout;
		let group = Group {
			row: layout.rows - 1,
			index: group,
		};
		let (_, length) = layout.span(group.index);
		let (chunks, caches, path) = take!(
			self,
			Item::Residuals { chunks, caches, path } => (chunks, caches, path)
		);
		let width = self.cell.width(Source::Residual);
		let position = LeafPosition {
			index: chunk.into(),
			size: chunk_count(width).into(),
		};
		let values = chunk_length(width, chunk) as usize;
		let shaped = chunks.len() as u64 == u64::from(length)
			&& chunks.iter().all(|opened| opened.values.len() == values)
			&& caches.is_some() == layout.has_caches(group.row);
		self.proved(shaped)?;
		let roots = chunks.iter().map(|opened| {
			opened
				.path
				.root_from(position, &crate::vector::chunk_hash(&opened.values))
		});
		let roots: Option<Vec<Hash32>> = roots.collect();
		let roots = roots.map(|residuals| GroupRoots {
			residuals: crate::merkle::root(&residuals),
			caches,
		});
		let trace = &self.cell.statement.trace;
		self.proved(roots.is_some_and(|roots| roots.verify(&layout, group, &path, trace).is_ok()))?;
		Ok(chunks.into_iter().map(|opened| opened.values).collect())
	}

	fn head_work(&mut self, head: u16) -> Result<HeadWork, OpeningError> {
		let (work, path) = take!(self, Item::HeadWork { work, path } => (work, path));
		self.proved_work(head.into(), &work, &path)?;
		Ok(work)
	}

	fn chunk_work(&mut self, chunk: u32) -> Result<ChunkWork, OpeningError> {
		let (work, path) = take!(self, Item::ChunkWork { work, path } => (work, path));
		self.proved_work(chunk, &work, &path)?;
		Ok(work)
	}

	fn state(&mut self, hash: Hash32) -> Result<Vec<i64>, OpeningError> {
		let sums = take!(self, Item::State(sums) => sums);
		self.proved(state_hash(&sums) == hash)?;
		Ok(sums)
	}
}
