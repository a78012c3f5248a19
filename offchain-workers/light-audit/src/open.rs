//! The worker's side: what it shows of an execution that it has.

use crate::{
	check::{check_positions, Refused},
	needs::{cache_shape, opened_groups, reach, table_leaves, table_rows, vector_head},
	opening::{Accumulators, OpenedCaches, OpenedHead, OpenedLeaf, OpenedPosition, Opening, Pooled},
	walk::{walk, LayerCaches, Product, Side},
};
use assay_engine::{check_statement, Model, Retained, RunError};
use assay_exact::{
	blocks::{Factors, WeightRow},
	evaluate::{EvaluateError, Weights},
	linear::{accumulate, finish},
	pool::pool,
	program::Pooling,
	Instance, Program,
};
use assay_trace::{
	artifact::Leaves, boundary::Boundaries, cache::CachePair, execution::Record, merkle, merkle::InclusionProof,
	prover::OpenArtifact, Group, Layout, Statement,
};
use thiserror::Error;

/// Why nothing is opened.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OpenError {
	/// What was asked cannot be.
	#[error(transparent)]
	Refused(#[from] Refused),
	/// The model cannot run the positions.
	#[error(transparent)]
	Run(#[from] RunError),
	/// The artifact cannot run them.
	#[error(transparent)]
	Evaluate(#[from] EvaluateError),
	/// The artifact lacks a leaf, or the execution is another's.
	#[error("the artifact or the execution lacks what is to be opened")]
	Missing,
	/// Of a model that returns a vector only records are opened.
	#[error("a model that returns a vector is opened from its record")]
	RecordWanted,
}

/// Opens positions of an execution that the engine kept: they run once more, through all layers together.
pub fn open(
	model: &Model,
	artifact: &impl OpenArtifact,
	statement: &Statement<'_>,
	execution: &Retained,
	positions: &[u32],
) -> Result<Opening, OpenError> {
	check_statement(model.program(), statement).map_err(Refused::from)?;
	let layout = statement.layout();
	check_positions(&layout, positions)?;
	if vector_head(statement.program).is_some() {
		return Err(OpenError::RecordWanted);
	}
	let products = model.accumulators(statement, execution, positions)?;
	let shown = Shown {
		products: products
			.iter()
			.map(|products| products.iter().map(|product| Accumulators::new(product)).collect())
			.collect(),
		head: None,
	};
	let leaves = |row, position, bytes: &mut Vec<u8>| execution.write_cache(row, position, bytes);
	assemble(artifact, statement, execution.boundaries(), positions, leaves, shown)
}

/// Opens positions of an execution that nothing is kept of: the job runs again, as one prompt.
pub fn open_again(
	model: &Model,
	artifact: &impl OpenArtifact,
	statement: &Statement<'_>,
	positions: &[u32],
) -> Result<Opening, OpenError> {
	check_positions(&statement.layout(), positions)?;
	match vector_head(model.program()) {
		None => open(
			model,
			artifact,
			statement,
			&model.retained(statement, &mut ())?,
			positions,
		),
		Some(_) => {
			let record = model.record(statement, &mut ())?;
			open_record(artifact, statement, &record, &record.boundaries(), positions)
		}
	}
}

/// Opens positions of an execution whose values are at hand, plainly: what [`open`] does fast.
pub fn open_record(
	artifact: &impl OpenArtifact,
	statement: &Statement<'_>,
	record: &Record,
	boundaries: &Boundaries,
	positions: &[u32],
) -> Result<Opening, OpenError> {
	check_statement(statement.program, statement).map_err(Refused::from)?;
	let layout = statement.layout();
	check_positions(&layout, positions)?;
	if *record.layout() != layout || *boundaries.layout() != layout {
		return Err(OpenError::Missing);
	}
	let mut noting = Noting {
		artifact,
		program: statement.program,
		record,
		reach: reach(&layout, positions),
		products: vec![Vec::new(); positions.len() + 1],
	};
	walk(statement, positions, artifact, &mut noting)?;
	let mut products = noting.products;
	let head_products = products.pop().unwrap_or_default();
	let head = match vector_head(statement.program) {
		Some((_, pooling)) => Some(OpenedHead {
			pooled: pooled(record, boundaries, pooling).ok_or(OpenError::Missing)?,
			products: head_products,
		}),
		None => None,
	};
	let leaves = |row, position, bytes: &mut Vec<u8>| {
		record
			.cache(row, position)
			.iter()
			.for_each(|leaf| bytes.extend_from_slice(leaf));
	};
	assemble(
		artifact,
		statement,
		boundaries,
		positions,
		leaves,
		Shown { products, head },
	)
}

/// What was computed of the positions.
struct Shown {
	products: Vec<Vec<Accumulators>>,
	head: Option<OpenedHead>,
}

fn assemble(
	artifact: &impl OpenArtifact,
	statement: &Statement<'_>,
	boundaries: &Boundaries,
	positions: &[u32],
	write_leaves: impl Fn(u16, u32, &mut Vec<u8>),
	shown: Shown,
) -> Result<Opening, OpenError> {
	let layout = statement.layout();
	let seen = reach(&layout, positions);
	let mut caches = Vec::new();
	for row in 1..layout.rows {
		for index in 0..opened_groups(&layout, positions) {
			let (start, length) = layout.span(index);
			let until = seen.min(start + length);
			let (residuals, _) = boundaries.cells(Group { row, index }).ok_or(OpenError::Missing)?;
			let mut leaves = Vec::new();
			(start..until).for_each(|position| write_leaves(row, position, &mut leaves));
			let rest = (until..start + length).map(|position| boundaries.cache(row, position));
			caches.push(OpenedCaches {
				residuals: merkle::root(residuals),
				leaves,
				rest: rest.collect::<Option<_>>().ok_or(OpenError::Missing)?,
			});
		}
	}
	let cells = positions.iter().zip(shown.products).map(|(&position, products)| {
		let path = |row| residual_path(&layout, boundaries, row, position);
		let residuals = (0..layout.rows)
			.map(path)
			.collect::<Option<_>>()
			.ok_or(OpenError::Missing)?;
		Ok(OpenedPosition { residuals, products })
	});
	Ok(Opening {
		positions: positions.to_vec(),
		groups: boundaries.hashes(),
		caches,
		cells: cells.collect::<Result<_, OpenError>>()?,
		leaves: artifact_leaves(artifact, statement, positions)?,
		head: shown.head,
	})
}

fn residual_path(layout: &Layout, boundaries: &Boundaries, row: u16, position: u32) -> Option<InclusionProof> {
	let group = layout.group_of(row, position);
	let (residuals, _) = boundaries.cells(group)?;
	InclusionProof::new(residuals, (position - layout.span(group.index).0).into())
}

/// The leaves of the artifact that hold the rows of tables which the positions read.
fn artifact_leaves(
	artifact: &impl OpenArtifact,
	statement: &Statement<'_>,
	positions: &[u32],
) -> Result<Vec<OpenedLeaf>, OpenError> {
	let program = statement.program;
	let mut hashes = (None, Vec::new());
	let mut opened = Vec::new();
	for (instance, leaf) in table_leaves(program, &table_rows(statement, positions)) {
		if hashes.0 != Some(instance) {
			let held = artifact.leaf_hashes(instance.tensor, instance.layer);
			hashes = (Some(instance), held.ok_or(OpenError::Missing)?);
		}
		opened.push(OpenedLeaf {
			bytes: leaf_of(artifact, program, instance, leaf).ok_or(OpenError::Missing)?,
			path: InclusionProof::new(&hashes.1, leaf).ok_or(OpenError::Missing)?,
		});
	}
	Ok(opened)
}

/// The bytes of a leaf, from the rows that it holds.
fn leaf_of(artifact: &impl OpenArtifact, program: &Program, instance: Instance, leaf: u64) -> Option<Vec<u8>> {
	let shape = program.tensors.get(usize::from(instance.tensor.0))?.shape;
	let range = Leaves::new(shape).bytes_of(leaf)?;
	let row_bytes = shape.row_bytes().max(1);
	let first = range.start / row_bytes;
	let rows =
		(first..range.end.div_ceil(row_bytes)).map(|row| artifact.row(instance.tensor, instance.layer, row as u32));
	let bytes = rows.collect::<Option<Vec<_>>>()?.concat();
	let from = (range.start - first * row_bytes) as usize;
	let length = (range.end - range.start) as usize;
	Some(bytes.get(from..from + length)?.to_vec())
}

/// The residual vectors that a head pools.
fn pooled(record: &Record, boundaries: &Boundaries, pooling: Pooling) -> Option<Pooled> {
	let layout = record.layout();
	let last = layout.rows - 1;
	let one = |position| {
		Some(Pooled::One {
			residual: record.residual(last, position).to_vec(),
			opening: boundaries.open_residual(last, position)?,
		})
	};
	match pooling {
		Pooling::First => one(0),
		Pooling::Last => one(layout.positions - 1),
		Pooling::Mean => {
			let groups = (0..layout.groups_per_row()).filter(|_| layout.has_caches(last));
			let caches = groups.map(|index| boundaries.group(Group { row: last, index })?.caches);
			Some(Pooled::All {
				residuals: (0..layout.positions)
					.flat_map(|position| record.residual(last, position).iter().copied())
					.collect(),
				caches: caches.collect::<Option<_>>()?,
			})
		}
	}
}

/// Walks over a record and notes the accumulators.
struct Noting<'a, A: ?Sized> {
	artifact: &'a A,
	program: &'a Program,
	record: &'a Record,
	reach: u32,
	/// Of each position, and of the head of a model that returns a vector.
	products: Vec<Vec<Accumulators>>,
}

impl<A: Weights + ?Sized> Side for Noting<'_, A> {
	type Error = OpenError;

	fn product(&mut self, product: Product<'_>) -> Result<Vec<i32>, OpenError> {
		let Product {
			at,
			instance: Instance { tensor, layer },
			rows,
			x,
			bias,
		} = product;
		let row = |row: u32| {
			let bytes = self.artifact.row(tensor, layer, row);
			let bytes = bytes.ok_or(EvaluateError::MissingRow { tensor, layer, row })?;
			let weights = WeightRow::parse(bytes).ok_or(EvaluateError::MalformedRow { tensor, layer, row })?;
			let factors = Factors::new(&weights.scales);
			let accumulator = accumulate(&weights, &factors, x);
			let bias = bias.map(|bias| bias[row as usize]);
			Ok((accumulator, finish(accumulator, factors.floor, x, bias)))
		};
		let (accumulators, values): (Vec<i64>, Vec<i32>) = (0..rows)
			.map(row)
			.collect::<Result<Vec<_>, EvaluateError>>()?
			.into_iter()
			.unzip();
		self.products[at].push(Accumulators::new(&accumulators));
		Ok(values)
	}

	fn caches(&mut self, layer: u16) -> Result<LayerCaches, OpenError> {
		let Some((heads, head_dim)) = cache_shape(self.program) else {
			return Ok(LayerCaches::default());
		};
		let mut caches = LayerCaches {
			keys: vec![Vec::new(); heads.into()],
			values: vec![Vec::new(); heads.into()],
		};
		for position in 0..self.reach {
			for (head, leaf) in self.record.cache(layer + 1, position).iter().enumerate() {
				let pair = CachePair::from_bytes(leaf, head_dim).ok_or(OpenError::Missing)?;
				caches.keys[head].push(pair.key);
				caches.values[head].push(pair.value);
			}
		}
		Ok(caches)
	}

	fn writes(&mut self, _: usize, _: u16, _: &[u8]) -> Result<(), OpenError> {
		Ok(())
	}

	fn hands_on(&mut self, _: usize, _: u16, _: &[i32]) -> Result<(), OpenError> {
		Ok(())
	}

	fn chooses(&mut self, _: usize, _: u32) -> Result<(), OpenError> {
		Ok(())
	}

	fn pooled(&mut self) -> Result<Vec<i32>, OpenError> {
		let Some((_, pooling)) = vector_head(self.program) else {
			return Ok(Vec::new());
		};
		let layout = self.record.layout();
		let rows = (0..layout.positions).map(|position| self.record.residual(layout.rows - 1, position));
		Ok(pool(pooling, &rows.collect::<Vec<_>>()))
	}

	fn returns(&mut self, _: &[i32]) -> Result<(), OpenError> {
		Ok(())
	}
}
