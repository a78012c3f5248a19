//! Some positions through the whole program, one layer after the other.
//!
//! Both sides walk the same way: a worker to note the accumulators, a checker to hold what was opened against them. What
//! they do differently is [`Side`].

use crate::needs::{head_at, vector_head, POOLED};
use assay_exact::{
	attention::attend,
	blocks::{Activation, CacheRow},
	evaluate::{EvaluateError, Operations, Site, Weights},
	number::values,
	program::{Head, Op, Register, Shape},
	sample::choose,
	Instance, Program,
};
use assay_trace::{cache::CachePair, Statement};

/// A product of one position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a> {
	/// Which of the positions, in order; as many as there are for the head of a model that returns a vector.
	pub(crate) at: usize,
	/// The matrix.
	pub(crate) instance: Instance,
	/// Rows of the matrix.
	pub(crate) rows: u32,
	/// What it is multiplied with.
	pub(crate) x: &'a Activation,
	/// What is added.
	pub(crate) bias: Option<&'a [i32]>,
}

/// The cache rows of one layer that are seen: `[head][position]`.
#[derive(Default)]
pub(crate) struct LayerCaches {
	pub(crate) keys: Vec<Vec<CacheRow>>,
	pub(crate) values: Vec<Vec<CacheRow>>,
}

/// Who walks.
pub(crate) trait Side {
	type Error: From<EvaluateError>;
	/// The values of a product.
	fn product(&mut self, product: Product<'_>) -> Result<Vec<i32>, Self::Error>;
	/// The cache rows of a layer that the positions see.
	fn caches(&mut self, layer: u16) -> Result<LayerCaches, Self::Error>;
	/// A position writes these leaves to the cache of a layer.
	fn writes(&mut self, at: usize, layer: u16, leaves: &[u8]) -> Result<(), Self::Error>;
	/// A position hands this residual vector on from a row.
	fn hands_on(&mut self, at: usize, row: u16, residual: &[i32]) -> Result<(), Self::Error>;
	/// This token follows from the logits of a position.
	fn chooses(&mut self, at: usize, token: u32) -> Result<(), Self::Error>;
	/// Register 0 of a head that returns a vector.
	fn pooled(&mut self) -> Result<Vec<i32>, Self::Error>;
	/// The vector that it returns.
	fn returns(&mut self, values: &[i32]) -> Result<(), Self::Error>;
}

/// Walks some positions of a statement whose program and job are valid.
pub(crate) fn walk<W: Weights + ?Sized, S: Side>(
	statement: &Statement<'_>,
	positions: &[u32],
	weights: &W,
	side: &mut S,
) -> Result<(), S::Error> {
	let program = statement.program;
	let mut walk = Walk {
		program,
		weights,
		operations: Operations::new(program, weights),
		side,
	};
	let site = |position, layer| Site {
		position,
		fed: statement.fed(position),
		layer,
	};
	let mut states: Vec<Registers> = positions.iter().map(|_| registers(program)).collect();
	for (at, (position, state)) in positions.iter().zip(&mut states).enumerate() {
		walk.run(&program.entry, at, state, site(*position, None))?;
		walk.side.hands_on(at, 0, &state[0])?;
	}
	let layout = statement.layout();
	for layer in 0..program.layers {
		let caches = match layout.caches {
			true => walk.side.caches(layer)?,
			false => LayerCaches::default(),
		};
		for (at, (position, state)) in positions.iter().zip(&mut states).enumerate() {
			let site = site(*position, Some(layer));
			for op in &program.layer {
				if let Op::Attention { .. } = op {
					let visible = layout.visible(*position) as usize;
					walk.attend(op, at, layer, state, &caches, visible)?;
				} else {
					walk.step(op, at, state, site)?;
				}
			}
			walk.side.hands_on(at, layer + 1, &state[0])?;
		}
	}
	for (at, (position, state)) in positions.iter().zip(&mut states).enumerate() {
		let ops = head_at(statement, *position);
		if ops.is_empty() {
			continue;
		}
		walk.run(ops, at, state, site(*position, None))?;
		if let Head::Tokens { logits, .. } = program.head {
			let logits = &state[usize::from(logits.0)];
			walk.side
				.chooses(at, choose(&statement.generation.sampler, logits, *position))?;
		}
	}
	if let (Some((ops, _)), Head::Vector { output, .. }) = (vector_head(program), &program.head) {
		let mut state = registers(program);
		state[0] = walk.side.pooled()?;
		walk.run(ops, positions.len(), &mut state, POOLED)?;
		walk.side.returns(&state[usize::from(output.0)])?;
	}
	Ok(())
}

type Registers = Vec<Vec<i32>>;

fn registers(program: &Program) -> Registers {
	program.registers.iter().map(|&width| vec![0; width as usize]).collect()
}

struct Walk<'a, 's, W: ?Sized, S> {
	program: &'a Program,
	weights: &'a W,
	operations: Operations<'a, W>,
	side: &'s mut S,
}

impl<W: Weights + ?Sized, S: Side> Walk<'_, '_, W, S> {
	fn run(&mut self, ops: &[Op], at: usize, state: &mut Registers, site: Site<'_>) -> Result<(), S::Error> {
		ops.iter().try_for_each(|op| self.step(op, at, state, site))
	}

	fn step(&mut self, op: &Op, at: usize, state: &mut Registers, site: Site<'_>) -> Result<(), S::Error> {
		let written = match *op {
			Op::Linear { dst, src, weight, bias } => {
				let instance = self.instance(weight, site.layer);
				let bias = bias
					.map(|bias| self.vector(self.instance(bias, site.layer)))
					.transpose()?;
				self.side.product(Product {
					at,
					instance,
					rows: self.program.width(dst).unwrap_or(0),
					x: &Activation::new(&state[usize::from(src.0)]),
					bias: bias.as_deref(),
				})?
			}
			_ => self.operations.apply(op, state, site)?,
		};
		state[usize::from(op.dst().0)] = written;
		Ok(())
	}

	fn attend(
		&mut self,
		op: &Op,
		at: usize,
		layer: u16,
		state: &mut Registers,
		caches: &LayerCaches,
		visible: usize,
	) -> Result<(), S::Error> {
		let Op::Attention {
			dst,
			query,
			key,
			value,
			heads,
			kv_heads,
			head_dim,
			scale,
			..
		} = *op
		else {
			return Ok(());
		};
		let rows = |register: Register| state[usize::from(register.0)].chunks(head_dim as usize);
		let pairs = rows(key).zip(rows(value));
		let leaves: Vec<u8> = pairs
			.flat_map(|(key, value)| CachePair::new(key, value).to_bytes())
			.collect();
		self.side.writes(at, layer, &leaves)?;
		let mixed = rows(query).enumerate().flat_map(|(head, query)| {
			let group = head * usize::from(kv_heads) / usize::from(heads);
			attend(
				query,
				&caches.keys[group][..visible],
				&caches.values[group][..visible],
				scale,
			)
		});
		state[usize::from(dst.0)] = mixed.collect();
		Ok(())
	}

	fn instance(&self, tensor: assay_exact::program::TensorIndex, layer: Option<u16>) -> Instance {
		let per_layer = self.program.tensors[usize::from(tensor.0)].per_layer;
		Instance {
			tensor,
			layer: layer.filter(|_| per_layer),
		}
	}

	fn vector(&self, instance: Instance) -> Result<Vec<i32>, EvaluateError> {
		let Instance { tensor, layer } = instance;
		let shape: Shape = self.program.tensors[usize::from(tensor.0)].shape;
		let bytes = self.weights.row(tensor, layer, 0);
		let bytes = bytes.ok_or(EvaluateError::MissingRow { tensor, layer, row: 0 })?;
		match bytes.len() as u64 == shape.row_bytes() {
			true => Ok(values(bytes).collect()),
			false => Err(EvaluateError::MalformedRow { tensor, layer, row: 0 }),
		}
	}
}
