//! The registers of runs that go through a program together, and the operations over a chunk of their positions at a time.

mod single;

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
	program::{Op, Program, Register, RowIndex},
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

/// What a run reads at the positions that it feeds.
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

/// What one run adds to a chunk. Runs share nothing but the passes over the weights.
pub(crate) struct Part<'a> {
	pub(crate) source: Source<'a>,
	/// The first of its positions.
	pub(crate) first: usize,
	/// Its caches, one for each layer with attention.
	pub(crate) caches: &'a mut [Cache],
	pub(crate) followers: Followers<'a>,
}

/// The caches of a run that has not begun.
pub(crate) fn caches(program: &Program) -> Vec<Cache> {
	let attention = program.layer.iter().find_map(|op| match op {
		Op::Attention { kv_heads, head_dim, .. } => Some((usize::from(*kv_heads), *head_dim as usize)),
		_ => None,
	});
	attention.map_or_else(Vec::new, |(kv_heads, head_dim)| {
		(0..program.layers).map(|_| Cache::new(kv_heads, head_dim)).collect()
	})
}

/// What a position of the chunk is.
#[derive(Clone, Copy, Default)]
struct Place {
	/// The token that it reads; none of a run on a vector.
	token: u32,
	/// Its position in its own run.
	position: usize,
}

/// The registers of the current chunk.
pub(crate) struct Session {
	registers: Vec<Values>,
	scratch: Vec<i32>,
	/// The positions that the registers hold now, part after part.
	places: Vec<Place>,
}

impl Session {
	pub(crate) fn new(program: &Program) -> Self {
		let registers = program.registers.iter().map(|width| Values {
			width: *width as usize,
			..Values::default()
		});
		Self {
			registers: registers.collect(),
			scratch: Vec::new(),
			places: Vec::new(),
		}
	}

	/// Runs entry and layers over the next positions of some runs, and `before_layer` before each layer. An error, and an end, only
	/// if all of them are cancelled.
	pub(crate) fn feed(
		&mut self,
		model: &Model,
		parts: &mut [Part<'_>],
		before_layer: &mut (dyn FnMut() + Send),
	) -> Result<(), RunError> {
		let program = &model.program;
		self.places.clear();
		for part in parts.iter() {
			self.places.extend((0..part.source.positions()).map(|index| Place {
				token: match part.source {
					Source::Tokens(tokens) => tokens[index],
					Source::Vector(_) => 0,
				},
				position: part.first + index,
			}));
		}
		self.execute(model, &program.entry, 0, parts);
		self.show(0, parts);
		for layer in 0..usize::from(program.layers) {
			before_layer();
			if parts.iter_mut().all(|part| part.followers.observer.should_cancel()) {
				return Err(RunError::Cancelled);
			}
			self.execute(model, &program.layer, layer, parts);
			self.show(layer + 1, parts);
		}
		Ok(())
	}

	/// Shows what the row just run hands on to the witness of each run.
	fn show(&self, row: usize, parts: &mut [Part<'_>]) {
		let residual = &self.registers[0];
		let mut rest = &residual.values[..];
		for part in parts {
			let (residuals, after) = rest.split_at(part.source.positions() * residual.width);
			rest = after;
			part.followers.witness.see(Crossing {
				row,
				first: part.first,
				width: residual.width,
				residuals,
				cache: row.checked_sub(1).and_then(|layer| part.caches.get(layer)),
			});
		}
	}

	/// Runs the head at every position that the registers hold.
	pub(crate) fn head(&mut self, model: &Model) {
		self.execute(model, model.program.head.ops(), 0, &mut []);
	}

	/// Drops all positions from the residual stream but those with these indices, which rise.
	pub(crate) fn keep(&mut self, kept: &[usize]) {
		self.places = kept.iter().map(|index| self.places[*index]).collect();
		let residual = &mut self.registers[0];
		for (to, from) in kept.iter().enumerate() {
			residual
				.values
				.copy_within(from * residual.width..(from + 1) * residual.width, to * residual.width);
		}
		residual.values.truncate(kept.len() * residual.width);
		residual.forget();
	}

	/// The vectors of a register at the current positions, one after the other.
	pub(crate) fn values(&self, register: Register) -> &[i32] {
		&self.registers[usize::from(register.0)].values
	}

	/// Replaces the residual stream by a single vector.
	pub(crate) fn set_residual(&mut self, values: &[i32]) {
		self.places = vec![Place::default()];
		let residual = &mut self.registers[0];
		residual.values.clear();
		residual.values.extend_from_slice(values);
		residual.forget();
	}

	fn execute(&mut self, model: &Model, mut ops: &[Op], layer: usize, parts: &mut [Part<'_>]) {
		let view = View {
			tensors: &model.tensors,
			program: &model.program,
			layer,
		};
		while let Some(op) = ops.first() {
			let together = shared_products(ops);
			if together > 0 {
				self.products(&model.kernels, &ops[..together], view);
				ops = &ops[together..];
			} else {
				self.operation(&model.kernels, op, view, parts);
				ops = &ops[1..];
			}
		}
	}

	/// Linear operations with the same source: quantised once, one parallel region.
	fn products(&mut self, kernels: &Kernels, ops: &[Op], view: View<'_>) {
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

	fn operation(&mut self, kernels: &Kernels, op: &Op, view: View<'_>, parts: &mut [Part<'_>]) {
		let mut values = self.take(op.dst());
		let width = self.width(op.dst());
		match *op {
			Op::Input { .. } => {
				for (values, part) in values.chunks_exact_mut(width).zip(parts) {
					if let Source::Vector(input) = part.source {
						values.copy_from_slice(input);
					}
				}
			}
			Op::Embed { table, row, .. } => for_each_position(&mut values, width, |index, values| {
				let row = match row {
					RowIndex::Token => self.places[index].token as usize,
					RowIndex::Position => self.places[index].position,
					RowIndex::Constant(row) => row as usize,
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
					rotate(
						values,
						view.couples(table, self.places[index].position),
						head_dim as usize,
						style,
					);
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
				let register =
					|register: Register| (&self.registers[usize::from(register.0)].values, self.width(register));
				let (queries, keys, vectors) = (register(query), register(key), register(value));
				let mut at = 0;
				for part in parts {
					let positions = at..at + part.source.positions();
					let of = |(_, width): (&Vec<i32>, usize)| positions.start * width..positions.end * width;
					let cache = &mut part.caches[view.layer];
					cache.append(&keys.0[of(keys)], &vectors.0[of(vectors)]);
					let mixed = &mut values[positions.start * width..positions.end * width];
					attention.attend(kernels, cache, part.first, &queries.0[of(queries)], mixed);
					at = positions.end;
				}
			}
			Op::Activate { dst, src, function } => {
				self.copy(dst, src, &mut values);
				for_each_position(&mut values, width, |_, values| kernels.activate(function, values));
			}
			Op::Add { dst, a, b } => self.combine(kernels, (dst, a, b), &mut values, Kernels::add),
			Op::Mul { dst, a, b } => self.combine(kernels, (dst, a, b), &mut values, Kernels::mul),
			Op::Linear { .. } => unreachable!("linear operations run as products"),
		}
		self.put(op.dst(), values);
	}

	fn width(&self, register: Register) -> usize {
		self.registers[usize::from(register.0)].width
	}

	/// Takes a register to write it.
	fn take(&mut self, register: Register) -> Vec<i32> {
		let positions = self.places.len();
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
	fn combine(
		&self,
		kernels: &Kernels,
		(dst, a, b): (Register, Register, Register),
		values: &mut [i32],
		function: Pairwise,
	) {
		let (a, b) = if dst == b { (b, a) } else { (a, b) };
		self.copy(dst, a, values);
		let width = self.width(dst);
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
