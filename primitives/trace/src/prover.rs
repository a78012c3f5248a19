//! Whoever has an execution shows what a step reads.

use crate::{
	artifact::{ArtifactTree, Leaves},
	boundary::Boundaries,
	cache::CachePair,
	cell::{Cell, CellPath, CellRoots, Source},
	digest::{in_digest, DigestKey, DigestOpening},
	execution::{open_cell, CellValues, Record},
	merkle::{leaf_hash, InclusionProof},
	opening::{Item, Opening},
	rules::{Malformed, Operands, Step, Verdict},
	statement::{Group, Place, Statement},
	vector::{ChunkOpening, CHUNK},
	work::{work_hashes, ChunkWork, HeadWork},
	Hash32,
};
use alloc::vec::Vec;
use assay_exact::{
	evaluate::{EvaluateError, Weights},
	program::{Shape, TensorIndex},
	Instance,
};
use thiserror::Error;

/// An artifact that can be opened.
pub trait OpenArtifact: Weights {
	/// Its tree.
	fn tree(&self) -> &ArtifactTree;
	/// The leaf hashes of a tensor.
	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>>;
}

/// Why a step cannot be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ProveError {
	/// The execution has no such step.
	#[error("the trace has no such step")]
	NoSuchStep,
	/// The cell cannot be run.
	#[error("the cell cannot be run: {0}")]
	Evaluate(#[from] EvaluateError),
	/// The artifact lacks something, or the record is not of this statement.
	#[error("the artifact or the record lacks what the step reads")]
	Missing,
}

impl From<Malformed> for ProveError {
	fn from(_: Malformed) -> Self {
		Self::Missing
	}
}

/// An execution with all that is needed to show any of its steps.
pub struct Prover<'a, A: ?Sized> {
	statement: Statement<'a>,
	artifact: &'a A,
	record: &'a Record,
	boundaries: Boundaries,
}

impl<'a, A: OpenArtifact + ?Sized> Prover<'a, A> {
	/// Of a statement, its artifact and what its execution left.
	pub fn new(statement: Statement<'a>, artifact: &'a A, record: &'a Record) -> Self {
		Self::with_boundaries(statement, artifact, record, record.boundaries())
	}

	/// With these commitments: the record's own, or another's claims in their place, to whose trace proofs then lead.
	pub fn with_boundaries(
		statement: Statement<'a>,
		artifact: &'a A,
		record: &'a Record,
		boundaries: Boundaries,
	) -> Self {
		Self {
			statement,
			artifact,
			record,
			boundaries,
		}
	}

	/// The commitments.
	pub fn boundaries(&self) -> &Boundaries {
		&self.boundaries
	}

	/// The artifact.
	pub fn artifact(&self) -> &'a A {
		self.artifact
	}

	/// What the execution left.
	pub fn record(&self) -> &'a Record {
		self.record
	}

	/// The statement.
	pub fn statement(&self) -> &Statement<'a> {
		&self.statement
	}

	/// Everything inside a cell.
	pub fn cell(&self, place: Place) -> Result<CellValues, ProveError> {
		open_cell(&self.statement, self.artifact, self.record, place)?.ok_or(ProveError::NoSuchStep)
	}

	/// The roots of all cells of a group, and that the group is in the trace.
	pub fn group(&self, group: Group) -> Result<(Vec<CellRoots>, InclusionProof), ProveError> {
		let path = self.boundaries.group_path(group).ok_or(ProveError::NoSuchStep)?;
		let (start, length) = self.record.layout().span(group.index);
		let cells = (start..start + length).map(|position| {
			let row = group.row;
			Ok(self.cell(Place::Cell { row, position })?.roots())
		});
		Ok((cells.collect::<Result<_, ProveError>>()?, path))
	}

	/// That a cell is in the trace; nothing for a head.
	pub fn path(&self, place: Place) -> Option<CellPath> {
		let Place::Cell { row, position } = place else {
			return None;
		};
		let group = self.record.layout().group_of(row, position);
		let (residuals, caches) = self.boundaries.cells(group)?;
		let index = crate::boundary::in_group(self.record.layout(), position).index;
		Some(CellPath {
			residual: InclusionProof::new(residuals, index)?,
			cache: match caches {
				Some(caches) => Some(InclusionProof::new(caches, index)?),
				None => None,
			},
			group: self.boundaries.group_path(group)?,
		})
	}

	/// What an auditor with this key shows of a cell; `None` for heads and for cells that the trace does not have.
	pub fn open_digest(&self, place: Place, key: &DigestKey) -> Option<DigestOpening> {
		let Place::Cell { row, position } = place else {
			return None;
		};
		let at = in_digest(self.record.layout(), place)?;
		Some(DigestOpening {
			residual: self.record.residual(row, position).to_vec(),
			cache: self.record.cache(row, position).to_vec(),
			in_digest: InclusionProof::new(&key.leaves(self.record), at.index)?,
			in_trace: self.path(place)?,
		})
	}

	/// What a step reads, with `claimed` as the inside of its cell: one's own, or that of another where it is known.
	/// Returns the verdict that the opening leads to.
	pub fn open(&self, place: Place, step: Step, claimed: &CellValues) -> Result<(Opening, Verdict), ProveError> {
		let cell = Cell::new(&self.statement, place).ok_or(ProveError::NoSuchStep)?;
		if !cell.has(step) {
			return Err(ProveError::NoSuchStep);
		}
		let mut showing = Showing {
			cell,
			prover: self,
			claimed,
			items: Vec::new(),
			residual: false,
			artifact: false,
			tensors: Vec::new(),
		};
		let verdict = cell.judge(step, &mut showing)?;
		Ok((Opening { items: showing.items }, verdict))
	}
}

/// Reads operands from an execution and notes what proves them.
struct Showing<'a, A: ?Sized> {
	cell: Cell<'a>,
	prover: &'a Prover<'a, A>,
	claimed: &'a CellValues,
	items: Vec<Item>,
	/// Shown so far.
	residual: bool,
	artifact: bool,
	tensors: Vec<Instance>,
}

impl<A: OpenArtifact + ?Sized> Showing<'_, A> {
	/// Shows the root of what register 0 starts as, once.
	fn show_root(&mut self, source: Source) -> Result<(), ProveError> {
		if source != Source::Residual || self.cell.pools() || self.residual {
			return Ok(());
		}
		let (row, position) = self.cell.predecessor().ok_or(ProveError::NoSuchStep)?;
		let opening = self.prover.boundaries.open_residual(row, position);
		self.items.push(Item::Residual(opening.ok_or(ProveError::Missing)?));
		self.residual = true;
		Ok(())
	}

	/// Shows the root of a tensor, once, and returns it with its layer.
	fn show_tensor(&mut self, tensor: TensorIndex) -> Result<(Shape, Instance), ProveError> {
		let program = self.cell.program();
		let declared = program.tensors.get(usize::from(tensor.0)).ok_or(ProveError::Missing)?;
		let layer = self.cell.site().layer.filter(|_| declared.per_layer);
		let instance = Instance { tensor, layer };
		if self.tensors.contains(&instance) {
			return Ok((declared.shape, instance));
		}
		let tree = self.prover.artifact.tree();
		if !self.artifact {
			let (header, path) = tree.open_header().ok_or(ProveError::Missing)?;
			self.items.push(Item::Artifact { header, path });
			self.artifact = true;
		}
		let index = program.instances().position(|other| other == instance);
		let (root, path) = index
			.and_then(|index| tree.open_tensor(index as u32))
			.ok_or(ProveError::Missing)?;
		self.items.push(Item::Tensor { root, path });
		self.tensors.push(instance);
		Ok((declared.shape, instance))
	}

	fn show_leaf(&mut self, shape: Shape, instance: Instance, leaf: u64) -> Result<Vec<u8>, ProveError> {
		let artifact = self.prover.artifact;
		let leaves = Leaves::new(shape);
		let range = leaves.bytes_of(leaf).ok_or(ProveError::Missing)?;
		let row_bytes = shape.row_bytes().max(1);
		let mut bytes = Vec::new();
		for row in range.start / row_bytes..range.end.div_ceil(row_bytes) {
			let row_start = row * row_bytes;
			let held = artifact
				.row(instance.tensor, instance.layer, row as u32)
				.ok_or(ProveError::Missing)?;
			let from = range.start.saturating_sub(row_start) as usize;
			let to = (range.end - row_start).min(row_bytes) as usize;
			bytes.extend_from_slice(held.get(from..to).ok_or(ProveError::Missing)?);
		}
		let hashes = artifact.leaf_hashes(instance.tensor, instance.layer);
		let path = hashes.and_then(|hashes| InclusionProof::new(&hashes, leaf));
		self.items.push(Item::Leaf {
			bytes: bytes.clone(),
			path: path.ok_or(ProveError::Missing)?,
		});
		Ok(bytes)
	}

	/// That one head's leaf is in a cell's cache.
	fn cache_path(leaves: &[Vec<u8>], head: u16) -> Result<(Vec<u8>, InclusionProof), ProveError> {
		let hashes: Vec<Hash32> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
		let leaf = leaves.get(usize::from(head)).ok_or(ProveError::Missing)?;
		let path = InclusionProof::new(&hashes, head.into()).ok_or(ProveError::Missing)?;
		Ok((leaf.clone(), path))
	}
}

impl<A: OpenArtifact + ?Sized> Operands for Showing<'_, A> {
	type Error = ProveError;

	fn whole(&mut self, source: Source) -> Result<Vec<i32>, ProveError> {
		self.show_root(source)?;
		let values = self.claimed.vector(source).to_vec();
		self.items.push(Item::Vector(values.clone()));
		Ok(values)
	}

	fn range(&mut self, source: Source, start: u32, length: u32) -> Result<Vec<i32>, ProveError> {
		self.show_root(source)?;
		let values = self.claimed.vector(source);
		let end = start.checked_add(length).ok_or(ProveError::Missing)?;
		for chunk in start / CHUNK as u32..end.div_ceil(CHUNK as u32) {
			let opening = ChunkOpening::new(values, chunk).ok_or(ProveError::Missing)?;
			self.items.push(Item::Chunk(opening));
		}
		let range = values.get(start as usize..end as usize);
		Ok(range.ok_or(ProveError::Missing)?.to_vec())
	}

	fn row(&mut self, tensor: TensorIndex, row: u32) -> Result<Vec<u8>, ProveError> {
		let (shape, instance) = self.show_tensor(tensor)?;
		let held = Leaves::new(shape).of_row(row).ok_or(ProveError::Missing)?;
		for leaf in held {
			self.show_leaf(shape, instance, leaf)?;
		}
		let bytes = self.prover.artifact.row(instance.tensor, instance.layer, row);
		Ok(bytes.ok_or(ProveError::Missing)?.to_vec())
	}

	fn parameter(&mut self, tensor: TensorIndex, index: u32) -> Result<i32, ProveError> {
		let (shape, instance) = self.show_tensor(tensor)?;
		let (leaf, offset) = Leaves::new(shape).of_value(index).ok_or(ProveError::Missing)?;
		let bytes = self.show_leaf(shape, instance, leaf)?;
		let value = bytes.get(offset as usize..).and_then(|bytes| bytes.first_chunk::<4>());
		Ok(i32::from_le_bytes(*value.ok_or(ProveError::Missing)?))
	}

	fn cache_leaf(&mut self, head: u16) -> Result<Vec<u8>, ProveError> {
		let (bytes, path) = Self::cache_path(&self.claimed.cache, head)?;
		self.items.push(Item::Leaf {
			bytes: bytes.clone(),
			path,
		});
		Ok(bytes)
	}

	fn caches(&mut self, head: u16, group: u32) -> Result<Vec<CachePair>, ProveError> {
		let Place::Cell { row, .. } = self.cell.place else {
			return Err(ProveError::NoSuchStep);
		};
		let (_, shape) = self.cell.attention().ok_or(ProveError::NoSuchStep)?;
		let (record, boundaries) = (self.prover.record, &self.prover.boundaries);
		let (start, length) = record.layout().span(group);
		let visible = self.cell.visible().saturating_sub(start).min(length);
		let leaves = (start..start + visible).map(|position| Self::cache_path(record.cache(row, position), head));
		let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
		let rest = (start + visible..start + length).map(|position| boundaries.cache(row, position));
		let group = Group { row, index: group };
		let pairs = leaves
			.iter()
			.map(|(leaf, _)| CachePair::from_bytes(leaf, shape.head_dim));
		let pairs = pairs.collect::<Option<Vec<_>>>().ok_or(ProveError::Missing)?;
		self.items.push(Item::Caches {
			leaves,
			rest: rest.collect::<Option<_>>().ok_or(ProveError::Missing)?,
			residuals: boundaries.group(group).ok_or(ProveError::Missing)?.residuals,
			path: boundaries.group_path(group).ok_or(ProveError::Missing)?,
		});
		Ok(pairs)
	}

	fn residuals(&mut self, chunk: u32, group: u32) -> Result<Vec<Vec<i32>>, ProveError> {
		let (record, boundaries) = (self.prover.record, &self.prover.boundaries);
		let layout = record.layout();
		let row = layout.rows - 1;
		let (start, length) = layout.span(group);
		let chunks = (start..start + length).map(|position| ChunkOpening::new(record.residual(row, position), chunk));
		let chunks = chunks.collect::<Option<Vec<_>>>().ok_or(ProveError::Missing)?;
		let group = Group { row, index: group };
		let values = chunks.iter().map(|opened| opened.values.clone()).collect();
		self.items.push(Item::Residuals {
			chunks,
			caches: boundaries.group(group).ok_or(ProveError::Missing)?.caches,
			path: boundaries.group_path(group).ok_or(ProveError::Missing)?,
		});
		Ok(values)
	}

	fn head_work(&mut self, head: u16) -> Result<HeadWork, ProveError> {
		let works: Vec<&HeadWork> = self.claimed.heads.iter().map(|(work, _)| work).collect();
		let path = InclusionProof::new(&work_hashes(&works), head.into()).ok_or(ProveError::Missing)?;
		let work = (*works.get(usize::from(head)).ok_or(ProveError::Missing)?).clone();
		self.items.push(Item::HeadWork {
			work: work.clone(),
			path,
		});
		Ok(work)
	}

	fn chunk_work(&mut self, chunk: u32) -> Result<ChunkWork, ProveError> {
		let works: Vec<&ChunkWork> = self.claimed.chunks.iter().map(|(work, _)| work).collect();
		let path = InclusionProof::new(&work_hashes(&works), chunk.into()).ok_or(ProveError::Missing)?;
		let work = (*works.get(chunk as usize).ok_or(ProveError::Missing)?).clone();
		self.items.push(Item::ChunkWork {
			work: work.clone(),
			path,
		});
		Ok(work)
	}

	fn state(&mut self, hash: Hash32) -> Result<Vec<i64>, ProveError> {
		let sums = self.claimed.state(&hash).ok_or(ProveError::Missing)?.to_vec();
		self.items.push(Item::State(sums.clone()));
		Ok(sums)
	}
}
