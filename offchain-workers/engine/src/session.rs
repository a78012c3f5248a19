//! One run of a program: its registers, its caches, and the operations over a chunk of positions at a time.

use crate::{
	activations::{Activations, PARALLEL_ELEMENTS},
	attention::Attention,
	cache::Cache,
	kernel::Kernels,
	linear::{self, Product},
	normalise,
	tensors::View,
	witness::{Crossing, Followers},
	Model, RunError,
};
use assay_exact::{
	program::{Op, Register, RowIndex},
	rotate::rotate,
};
use rayon::prelude::*;
use std::mem;

/// A register at the positions of the current chunk.
#[derive(Default)]
struct Values {
	width: usize,
	/// One vector for each position.
	values: Vec<i32>,
	/// The same quantised, once a product has asked for it and until the register is written again.
	quantised: Option<Activations>,
	/// Storage of a stale `quantised`.
	spare: Activations,
}

/// An elementwise kernel of two vectors.
type Pairwise = fn(&Kernels, &mut [i32], &[i32]);

/// What a chunk is read from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
	Tokens(&'a [u32]),
	Vector(&'a [i32]),
}

impl Source<'_> {
	pub(crate) fn positions(&self) -> usize {
		match self {
			Source::Tokens(tokens) => tokens.len(),
			Source::Vector(_) => 1,
		}
	}
}

/// The state of a run.
pub(crate) struct Session<'m> {
	model: &'m Model,
	registers: Vec<Values>,
	/// One for each layer with attention.
	caches: Vec<Cache>,
	scratch: Vec<i32>,
	/// Positions that the registers hold now.
	positions: usize,
}

impl<'m> Session<'m> {
	pub(crate) fn new(model: &'m Model) -> Self {
		let program = &model.program;
		let registers = program.registers.iter().map(|width| Values {
			width: *width as usize,
			..Values::default()
		});
		let attention = program.layer.iter().find_map(|op| match op {
			Op::Attention { kv_heads, head_dim, .. } => Some((usize::from(*kv_heads), *head_dim as usize)),
			_ => None,
		});
		let caches = attention.map_or_else(Vec::new, |(kv_heads, head_dim)| {
			(0..program.layers).map(|_| Cache::new(kv_heads, head_dim)).collect()
		});
		Self {
			model,
			registers: registers.collect(),
			caches,
			scratch: Vec::new(),
			positions: 0,
		}
	}

	/// Runs entry and layers over the next positions, the first of which is `first`.
	pub(crate) fn feed(
		&mut self,
		source: Source<'_>,
		first: usize,
		followers: &mut Followers<'_>,
	) -> Result<(), RunError> {
		let program = &self.model.program;
		self.positions = source.positions();
		self.execute(&program.entry, 0, source, first);
		followers.witness.see(self.crossing(0, first));
		for layer in 0..usize::from(program.layers) {
			if followers.observer.should_cancel() {
				return Err(RunError::Cancelled);
			}
			self.execute(&program.layer, layer, source, first);
			followers.witness.see(self.crossing(layer + 1, first));
		}
		Ok(())
	}

	/// What the row just run hands on.
	fn crossing(&self, row: usize, first: usize) -> Crossing<'_> {
		let residual = &self.registers[0];
		Crossing {
			row,
			first,
			width: residual.width,
			residuals: &residual.values,
			cache: row.checked_sub(1).and_then(|layer| self.caches.get(layer)),
		}
	}

	/// Runs the head at every position of the chunk just fed.
	pub(crate) fn head(&mut self, source: Source<'_>, first: usize) {
		let program = &self.model.program;
		self.execute(program.head.ops(), 0, source, first);
	}

	/// Drops the chunk's positions before `kept` from the residual stream; returns what the head then needs.
	pub(crate) fn keep_from<'a>(&mut self, kept: usize, source: Source<'a>, first: usize) -> (Source<'a>, usize) {
		self.positions -= kept;
		let residual = &mut self.registers[0];
		residual.values.drain(..kept * residual.width);
		residual.forget();
		match source {
			Source::Tokens(tokens) => (Source::Tokens(&tokens[kept..]), first + kept),
			Source::Vector(_) => (source, first),
		}
	}

	/// The vectors of a register at the current positions, one after the other.
	pub(crate) fn values(&self, register: Register) -> &[i32] {
		&self.registers[usize::from(register.0)].values
	}

	/// Replaces the residual stream by a single vector.
	pub(crate) fn set_residual(&mut self, values: &[i32]) {
		self.positions = 1;
		let residual = &mut self.registers[0];
		residual.values.clear();
		residual.values.extend_from_slice(values);
		residual.forget();
	}

	/// Bytes of the key and value caches.
	pub(crate) fn cache_bytes(&self) -> usize {
		self.caches.iter().map(Cache::bytes).sum()
	}

	fn execute(&mut self, mut ops: &[Op], layer: usize, source: Source<'_>, first: usize) {
		let model = self.model;
		let view = View {
			tensors: &model.tensors,
			program: &model.program,
			layer,
		};
		while let Some(op) = ops.first() {
			let together = shared_products(ops);
			if together > 0 {
				self.products(&ops[..together], view);
				ops = &ops[together..];
			} else {
				self.operation(op, view, source, first);
				ops = &ops[1..];
			}
		}
	}

	/// Linear operations with the same source: quantised once, one parallel region.
	fn products(&mut self, ops: &[Op], view: View<'_>) {
		let kernels = &self.model.kernels;
		let linear = |op: &Op| match *op {
			Op::Linear { dst, src, weight, bias } => Some((dst, src, weight, bias)),
			_ => None,
		};
		let Some(src) = ops.iter().find_map(linear).map(|(_, src, ..)| usize::from(src.0)) else {
			return;
		};
		let source = &mut self.registers[src];
		let activations = source.quantised(kernels);

		let mut outputs: Vec<_> = ops.iter().filter_map(linear).map(|(dst, ..)| self.take(dst)).collect();
		let mut products: Vec<_> = ops
			.iter()
			.filter_map(linear)
			.zip(&mut outputs)
			.map(|((_, _, weight, bias), outputs)| Product {
				matrix: view.matrix(weight),
				bias: bias.map(|bias| view.vector(bias)),
				outputs,
			})
			.collect();
		linear::multiply(kernels, &activations, &mut products, &mut self.scratch);
		drop(products);

		self.registers[src].quantised = Some(activations);
		for ((dst, ..), values) in ops.iter().filter_map(linear).zip(outputs) {
			self.put(dst, values);
		}
	}

	fn operation(&mut self, op: &Op, view: View<'_>, source: Source<'_>, first: usize) {
		let kernels = &self.model.kernels;
		let mut values = self.take(op.dst());
		let width = self.width(op.dst());
		match *op {
			Op::Input { .. } => {
				if let Source::Vector(input) = source {
					values.copy_from_slice(input);
				}
			}
			Op::Embed { table, row, .. } => for_each_position(&mut values, width, |index, values| {
				let row = match (row, source) {
					(RowIndex::Token, Source::Tokens(tokens)) => tokens[index] as usize,
					(RowIndex::Position, _) => first + index,
					(RowIndex::Constant(row), _) => row as usize,
					(RowIndex::Token, Source::Vector(_)) => unreachable!("the job was checked to give tokens"),
				};
				view.embed(table, row, values);
			}),
			Op::RmsNorm {
				dst,
				src,
				gain,
				epsilon,
			} => {
				self.copy(dst, src, &mut values);
				let gain = view.vector(gain);
				for_each_position(&mut values, width, |_, values| {
					normalise::rms_norm(kernels, values, gain, epsilon);
				});
			}
			Op::LayerNorm {
				dst,
				src,
				gain,
				bias,
				epsilon,
			} => {
				self.copy(dst, src, &mut values);
				let (gain, bias) = (view.vector(gain), view.vector(bias));
				for_each_position(&mut values, width, |_, values| {
					normalise::layer_norm(kernels, values, gain, bias, epsilon);
				});
			}
			Op::L2Normalize { dst, src } => {
				self.copy(dst, src, &mut values);
				for_each_position(&mut values, width, |_, values| normalise::l2_normalise(kernels, values));
			}
			Op::Rotate {
				table, head_dim, style, ..
			} => {
				for_each_position(&mut values, width, |index, values| {
					rotate(values, view.couples(table, first + index), head_dim as usize, style);
				});
			}
			Op::Attention {
				query,
				key,
				value,
				heads,
				head_dim,
				scale,
				mask,
				..
			} => {
				let attention = Attention {
					heads: heads.into(),
					head_dim: head_dim as usize,
					scale,
					mask,
				};
				let register = |register: Register| &self.registers[usize::from(register.0)].values;
				let cache = &mut self.caches[view.layer];
				cache.append(register(key), register(value));
				attention.attend(kernels, cache, first, register(query), &mut values);
			}
			Op::Activate { dst, src, function } => {
				self.copy(dst, src, &mut values);
				for_each_position(&mut values, width, |_, values| kernels.activate(function, values));
			}
			Op::Add { dst, a, b } => self.combine(dst, a, b, &mut values, Kernels::add),
			Op::Mul { dst, a, b } => self.combine(dst, a, b, &mut values, Kernels::mul),
			Op::Linear { .. } => unreachable!("linear operations run as products"),
		}
		self.put(op.dst(), values);
	}

	fn width(&self, register: Register) -> usize {
		self.registers[usize::from(register.0)].width
	}

	/// Takes a register to write it.
	fn take(&mut self, register: Register) -> Vec<i32> {
		let positions = self.positions;
		let register = &mut self.registers[usize::from(register.0)];
		let mut values = mem::take(&mut register.values);
		values.resize(positions * register.width, 0);
		values
	}

	fn put(&mut self, register: Register, values: Vec<i32>) {
		let register = &mut self.registers[usize::from(register.0)];
		register.values = values;
		register.forget();
	}

	/// Copies a source to the destination taken, unless they are the same register.
	fn copy(&self, dst: Register, src: Register, values: &mut [i32]) {
		if dst != src {
			values.copy_from_slice(&self.registers[usize::from(src.0)].values);
		}
	}

	/// A commutative elementwise function of two registers, either of which may be the destination.
	fn combine(&self, dst: Register, a: Register, b: Register, values: &mut [i32], function: Pairwise) {
		let (a, b) = if dst == b { (b, a) } else { (a, b) };
		self.copy(dst, a, values);
		let (width, kernels) = (self.width(dst), &self.model.kernels);
		if dst == b {
			for_each_position(values, width, |_, values| {
				let others = values.to_vec();
				function(kernels, values, &others);
			});
		} else {
			let others = &self.registers[usize::from(b.0)].values;
			for_each_position(values, width, |index, values| {
				function(kernels, values, &others[index * width..][..width]);
			});
		}
	}
}

impl Values {
	/// The register quantised; give it back through `quantised` afterwards.
	fn quantised(&mut self, kernels: &Kernels) -> Activations {
		self.quantised.take().unwrap_or_else(|| {
			let mut activations = mem::take(&mut self.spare);
			activations.quantise(kernels, &self.values, self.width);
			activations
		})
	}

	/// Notes that the register was written.
	fn forget(&mut self) {
		if let Some(stale) = self.quantised.take() {
			self.spare = stale;
		}
	}
}

/// How many of the first operations are linear, read the same register and write different ones.
fn shared_products(ops: &[Op]) -> usize {
	let mut written = Vec::new();
	let mut shared = None;
	ops.iter()
		.take_while(|op| match op {
			Op::Linear { dst, src, .. } => {
				let fits = *shared.get_or_insert(*src) == *src && !written.contains(dst) && dst != src;
				written.push(*dst);
				fits
			}
			_ => false,
		})
		.count()
}

/// Runs `function` on the vector of each position, in parallel where there is enough to do.
fn for_each_position(values: &mut [i32], width: usize, function: impl Fn(usize, &mut [i32]) + Sync) {
	values
		.par_chunks_exact_mut(width)
		.enumerate()
		.with_min_len((PARALLEL_ELEMENTS / width).max(1))
		.for_each(|(index, values)| function(index, values));
}
