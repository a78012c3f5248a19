//! A program's tensors in the form its operations read them.

use crate::{
	matrix::{Matrix, Table},
	LoadError, RowError,
};
use assay_exact::{
	evaluate::Weights,
	program::{Op, Program, Shape, TensorIndex},
	rotate::ROTATION_BITS,
	Instance,
};

/// One tensor instance.
enum Loaded {
	Matrix(Matrix),
	Table(Table),
	Vector(Vec<i32>),
	Rotation {
		couples: Vec<(i32, i32)>,
		pairs: usize,
	},
	/// A matrix that no operation reads.
	Unused,
}

/// All tensor instances of a program.
pub(crate) struct Tensors {
	loaded: Vec<Loaded>,
	/// For each tensor of the program: the index of its first instance.
	first: Vec<usize>,
	/// Instances from one layer to the next.
	stride: usize,
}

/// What the operations of a program do with a tensor.
#[derive(Clone, Copy, Default)]
struct Uses {
	linear: bool,
	embed: bool,
}

impl Tensors {
	/// Loads all instances; `done` is told after each, when its rows are no longer needed.
	pub(crate) fn load(
		program: &Program,
		weights: &(dyn Weights + Sync),
		done: impl Fn(Instance),
	) -> Result<Self, LoadError> {
		let mut uses = vec![Uses::default(); program.tensors.len()];
		for op in program.ops() {
			match op {
				Op::Linear { weight, .. } => uses[usize::from(weight.0)].linear = true,
				Op::Embed { table, .. } => uses[usize::from(table.0)].embed = true,
				_ => {}
			}
		}
		let (mut whole, mut per_layer) = (0, 0);
		let mut first = Vec::with_capacity(program.tensors.len());
		for tensor in &program.tensors {
			let next = if tensor.per_layer { &mut per_layer } else { &mut whole };
			first.push(*next);
			*next += 1;
		}
		for (first, tensor) in first.iter_mut().zip(&program.tensors) {
			*first += if tensor.per_layer { whole } else { 0 };
		}
		let loaded = program
			.instances()
			.map(|instance| {
				let index = usize::from(instance.tensor.0);
				let loaded = Rows::new(weights, instance, program.tensors[index].shape).load(uses[index]);
				done(instance);
				loaded
			})
			.collect::<Result<_, _>>()?;
		Ok(Self {
			loaded,
			first,
			stride: per_layer,
		})
	}

	fn get(&self, tensor: TensorIndex, layer: usize, per_layer: bool) -> &Loaded {
		let first = self.first[usize::from(tensor.0)];
		&self.loaded[if per_layer { first + layer * self.stride } else { first }]
	}
}

/// The tensors as the operations of one phase see them.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
	pub(crate) tensors: &'a Tensors,
	pub(crate) program: &'a Program,
	/// The layer, in the layer template; per-layer tensors occur nowhere else.
	pub(crate) layer: usize,
}

impl<'a> View<'a> {
	fn get(&self, tensor: TensorIndex) -> &'a Loaded {
		self.tensors.get(
			tensor,
			self.layer,
			self.program.tensors[usize::from(tensor.0)].per_layer,
		)
	}

	/// The matrix of a linear operation.
	pub(crate) fn matrix(&self, tensor: TensorIndex) -> &'a Matrix {
		match self.get(tensor) {
			Loaded::Matrix(matrix) => matrix,
			_ => unreachable!("a validated program multiplies by matrices only, and those are loaded for it"),
		}
	}

	/// The elements of a vector.
	pub(crate) fn vector(&self, tensor: TensorIndex) -> &'a [i32] {
		match self.get(tensor) {
			Loaded::Vector(values) => values,
			_ => unreachable!("a validated program takes only vectors for vectors"),
		}
	}

	/// The (cosine, sine) couples of a position.
	pub(crate) fn couples(&self, tensor: TensorIndex, position: usize) -> &'a [(i32, i32)] {
		match self.get(tensor) {
			Loaded::Rotation { couples, pairs } => &couples[position * pairs..][..*pairs],
			_ => unreachable!("a validated program rotates by rotation tables only"),
		}
	}

	/// Looks up a row.
	pub(crate) fn embed(&self, tensor: TensorIndex, row: usize, values: &mut [i32]) {
		match self.get(tensor) {
			Loaded::Matrix(matrix) => matrix.embed(row, values),
			Loaded::Table(table) => table.embed(row, values),
			_ => unreachable!("a validated program embeds with matrices only"),
		}
	}
}

/// The rows of one instance where it is stored.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
	weights: &'a (dyn Weights + Sync),
	instance: Instance,
	shape: Shape,
}

impl<'a> Rows<'a> {
	pub(crate) fn new(weights: &'a (dyn Weights + Sync), instance: Instance, shape: Shape) -> Self {
		Self {
			weights,
			instance,
			shape,
		}
	}

	/// The bytes of a row, as many as the shape demands.
	pub(crate) fn row(&self, row: usize) -> Result<&'a [u8], LoadError> {
		let Instance { tensor, layer } = self.instance;
		let bytes = self
			.weights
			.row(tensor, layer, row as u32)
			.ok_or_else(|| self.error(row, RowError::Missing))?;
		let expected = self.shape.row_bytes();
		if bytes.len() as u64 != expected {
			return Err(self.error(
				row,
				RowError::Length {
					actual: bytes.len(),
					expected,
				},
			));
		}
		Ok(bytes)
	}

	pub(crate) fn error(&self, row: usize, cause: RowError) -> LoadError {
		LoadError::Row {
			tensor: self.instance.tensor.0,
			layer: self.instance.layer,
			row: row as u32,
			cause,
		}
	}

	fn load(&self, uses: Uses) -> Result<Loaded, LoadError> {
		match self.shape {
			Shape::Matrix { rows, columns } if uses.linear => Ok(Loaded::Matrix(Matrix::pack(
				self,
				rows as usize,
				columns as usize,
				uses.embed,
			)?)),
			Shape::Matrix { rows, columns } if uses.embed => {
				Ok(Loaded::Table(Table::copy(self, rows as usize, columns as usize)?))
			}
			Shape::Matrix { .. } => Ok(Loaded::Unused),
			Shape::Vector { .. } => Ok(Loaded::Vector(little_endian(self.row(0)?).collect())),
			Shape::Rotation { positions, pairs } => self.load_rotation(positions as usize, pairs as usize),
		}
	}

	fn load_rotation(&self, positions: usize, pairs: usize) -> Result<Loaded, LoadError> {
		let mut couples = Vec::with_capacity(positions * pairs);
		for position in 0..positions {
			let row: Vec<i32> = little_endian(self.row(position)?).collect();
			if let Some(&value) = row.iter().find(|value| value.unsigned_abs() > 1 << ROTATION_BITS) {
				return Err(self.error(position, RowError::Rotation { value }));
			}
			couples.extend(row.chunks_exact(2).map(|couple| (couple[0], couple[1])));
		}
		Ok(Loaded::Rotation { couples, pairs })
	}
}

fn little_endian(bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
	bytes
		.chunks_exact(4)
		.map(|value| i32::from_le_bytes([value[0], value[1], value[2], value[3]]))
}
