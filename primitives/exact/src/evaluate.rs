//! The reference evaluator: a program run plainly, one operation and one position after the other.

use crate::{
	activation::{activate, add, mul},
	attention::attend,
	blocks::{Activation, CacheRow, WeightRow},
	error::{JobError, ProgramError},
	job::{Generation, Input, Output},
	linear::{embed, linear},
	normalise::{l2_normalise, layer_norm, rms_norm},
	number::values,
	pool::pool,
	program::{Head, Mask, Op, Pooling, Program, Register, RowIndex, TensorIndex},
	rotate::{couples, rotate},
	sample::choose,
};
use alloc::{vec, vec::Vec};
use thiserror::Error;

/// Access to the rows of an artifact.
pub trait Weights {
	/// The bytes of a row, as [`Shape`](crate::program::Shape) lays them out; `layer` is given for per-layer tensors.
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]>;
}

/// Why an evaluation stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EvaluateError {
	/// The program is not valid.
	#[error("invalid program: {0}")]
	Program(#[from] ProgramError),
	/// The program does not accept the job.
	#[error("invalid job: {0}")]
	Job(#[from] JobError),
	/// A row is not in the artifact.
	#[error("row {row} of tensor {} at layer {layer:?} is missing", tensor.0)]
	MissingRow {
		/// Its tensor.
		tensor: TensorIndex,
		/// Its layer.
		layer: Option<u16>,
		/// Its row.
		row: u32,
	},
	/// A row has the wrong length or an invalid scale, weight or rotation.
	#[error("row {row} of tensor {} at layer {layer:?} is malformed", tensor.0)]
	MalformedRow {
		/// Its tensor.
		tensor: TensorIndex,
		/// Its layer.
		layer: Option<u16>,
		/// Its row.
		row: u32,
	},
}

/// Runs a job.
pub fn evaluate<W: Weights + ?Sized>(
	program: &Program,
	weights: &W,
	input: &Input,
	generation: &Generation,
) -> Result<Output, EvaluateError> {
	program.validate()?;
	program.check_job(input, generation)?;
	let mut session = Session::new(program, weights);
	match (&program.head, input) {
		(Head::Tokens { logits, stop, .. }, Input::Tokens(prompt)) => {
			session.generate(prompt, *logits, stop, generation).map(Output::Tokens)
		}
		(Head::Vector { pooling, output, .. }, _) => {
			let residuals = match input {
				Input::Tokens(tokens) => {
					session.advance(&tokens.iter().copied().map(Fed::Token).collect::<Vec<_>>())?
				}
				Input::Vector(values) => session.advance(&[Fed::Vector(values)])?,
			};
			session.pooled(&residuals, *pooling, *output).map(Output::Vector)
		}
		(Head::Tokens { .. }, Input::Vector(_)) => Err(JobError::TokensExpected.into()),
	}
}

/// What a position is given.
#[derive(Clone, Copy, Debug)]
pub enum Fed<'a> {
	/// A token.
	Token(u32),
	/// The job's input vector.
	Vector(&'a [i32]),
	/// Nothing: the pooled position of a vector head.
	Nothing,
}

/// Where an operation runs.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
	/// The position.
	pub position: u32,
	/// What the position is given.
	pub fed: Fed<'a>,
	/// The layer, in the layer template.
	pub layer: Option<u16>,
}

/// The registers of one position.
type Registers = Vec<Vec<i32>>;

/// Cache of one layer: for each key/value head, the rows of all positions so far.
#[derive(Default)]
struct Cache {
	keys: Vec<Vec<CacheRow>>,
	values: Vec<Vec<CacheRow>>,
}

/// A job under way: the program, and what earlier positions left behind.
pub struct Session<'a, W: ?Sized> {
	program: &'a Program,
	weights: &'a W,
	caches: Vec<Cache>,
	positions: u32,
}

impl<'a, W: Weights + ?Sized> Session<'a, W> {
	/// Of a valid program.
	pub fn new(program: &'a Program, weights: &'a W) -> Self {
		let caches = (0..program.layers).map(|_| Cache::default()).collect();
		Self {
			program,
			weights,
			caches,
			positions: 0,
		}
	}

	/// Feeds the next positions through entry and layers; returns register 0 of each.
	pub fn advance(&mut self, fed: &[Fed<'_>]) -> Result<Vec<Vec<i32>>, EvaluateError> {
		let program = self.program;
		let first = self.positions;
		self.positions += fed.len() as u32;
		let site = |k: usize, layer| Site {
			position: first + k as u32,
			fed: fed[k],
			layer,
		};
		let mut states: Vec<Registers> = fed.iter().map(|_| self.registers()).collect();
		for op in &program.entry {
			for (k, registers) in states.iter_mut().enumerate() {
				self.write(op, registers, site(k, None))?;
			}
		}
		for layer in 0..program.layers {
			for op in &program.layer {
				if matches!(op, Op::Attention { .. }) {
					self.attend(op, layer, first, &mut states);
					continue;
				}
				for (k, registers) in states.iter_mut().enumerate() {
					self.write(op, registers, site(k, Some(layer)))?;
				}
			}
		}
		Ok(states
			.into_iter()
			.map(|mut registers| registers.swap_remove(0))
			.collect())
	}

	fn generate(
		&mut self,
		prompt: &[u32],
		logits: Register,
		stop: &[u32],
		generation: &Generation,
	) -> Result<Vec<u32>, EvaluateError> {
		let mut fed: Vec<Fed<'_>> = prompt.iter().copied().map(Fed::Token).collect();
		let mut tokens = Vec::new();
		loop {
			let residual = self.advance(&fed)?.pop().unwrap_or_default();
			let position = self.positions - 1;
			let site = Site {
				position,
				fed: *fed.last().unwrap_or(&Fed::Nothing),
				layer: None,
			};
			let token = choose(&generation.sampler, &self.head(residual, site, logits)?, position);
			tokens.push(token);
			let stopped = stop.contains(&token) && !generation.ignore_stop;
			if stopped || tokens.len() as u64 == u64::from(generation.max_tokens) {
				return Ok(tokens);
			}
			fed = vec![Fed::Token(token)];
		}
	}

	fn pooled(&self, residuals: &[Vec<i32>], pooling: Pooling, output: Register) -> Result<Vec<i32>, EvaluateError> {
		let rows: Vec<&[i32]> = residuals.iter().map(Vec::as_slice).collect();
		self.head(
			pool(pooling, &rows),
			Site {
				position: 0,
				fed: Fed::Nothing,
				layer: None,
			},
			output,
		)
	}

	/// Runs the head on a residual vector; returns one of its registers.
	fn head(&self, residual: Vec<i32>, site: Site<'_>, output: Register) -> Result<Vec<i32>, EvaluateError> {
		let mut registers = self.registers();
		registers[0] = residual;
		for op in self.program.head.ops() {
			self.write(op, &mut registers, site)?;
		}
		Ok(registers.swap_remove(output.0.into()))
	}

	/// One operation at one position. Attention, which sees other positions, is [`Self::attend`].
	fn write(&self, op: &Op, registers: &mut Registers, site: Site<'_>) -> Result<(), EvaluateError> {
		registers[usize::from(op.dst().0)] = Operations::new(self.program, self.weights).apply(op, registers, site)?;
		Ok(())
	}

	/// Attention at positions `first..`: all write their cache rows, then each reads those it sees.
	fn attend(&mut self, op: &Op, layer: u16, first: u32, states: &mut [Registers]) {
		let Op::Attention {
			dst,
			query,
			key,
			value,
			heads,
			kv_heads,
			head_dim,
			scale,
			mask,
		} = *op
		else {
			return;
		};
		let (heads, kv_heads, head_dim) = (usize::from(heads), usize::from(kv_heads), head_dim as usize);
		let cache = &mut self.caches[usize::from(layer)];
		cache.keys.resize_with(kv_heads, Vec::new);
		cache.values.resize_with(kv_heads, Vec::new);
		for registers in states.iter() {
			let rows = |register: Register| registers[usize::from(register.0)].chunks(head_dim).map(CacheRow::new);
			for (g, (key, value)) in rows(key).zip(rows(value)).enumerate() {
				cache.keys[g].push(key);
				cache.values[g].push(value);
			}
		}
		for (k, registers) in states.iter_mut().enumerate() {
			let visible = match mask {
				Mask::Causal => first as usize + k + 1,
				Mask::Full => cache.keys[0].len(),
			};
			let queries = registers[usize::from(query.0)].chunks(head_dim).enumerate();
			let attended = queries.flat_map(|(h, query)| {
				let g = h * kv_heads / heads;
				attend(query, &cache.keys[g][..visible], &cache.values[g][..visible], scale)
			});
			registers[usize::from(dst.0)] = attended.collect();
		}
	}

	/// Registers as wide as declared; what an operation has not written is not read.
	fn registers(&self) -> Registers {
		self.program
			.registers
			.iter()
			.map(|&width| vec![0; width as usize])
			.collect()
	}
}

/// The operations of a valid program on its weights, one at a time.
pub struct Operations<'a, W: ?Sized> {
	program: &'a Program,
	weights: &'a W,
}

impl<'a, W: Weights + ?Sized> Operations<'a, W> {
	/// Of a valid program.
	pub fn new(program: &'a Program, weights: &'a W) -> Self {
		Self { program, weights }
	}

	/// What an operation writes at one position, given all registers as wide as declared. Attention sees other positions
	/// and is [`attend`]: here it writes nothing.
	pub fn apply(&self, op: &Op, registers: &[Vec<i32>], site: Site<'_>) -> Result<Vec<i32>, EvaluateError> {
		let layer = site.layer;
		let source = |register: Register| registers[usize::from(register.0)].as_slice();
		let result = match *op {
			Op::Input { .. } => match site.fed {
				Fed::Vector(values) => values.to_vec(),
				Fed::Token(_) | Fed::Nothing => Vec::new(),
			},
			Op::Embed { table, row, .. } => {
				let row = match (row, site.fed) {
					(RowIndex::Constant(row), _) => row,
					(RowIndex::Position, _) => site.position,
					(RowIndex::Token, Fed::Token(token)) => token,
					(RowIndex::Token, Fed::Vector(_) | Fed::Nothing) => 0,
				};
				embed(&self.weight_row(table, layer, row)?).collect()
			}
			Op::RmsNorm { src, gain, epsilon, .. } => rms_norm(source(src), &self.vector(gain, layer)?, epsilon),
			Op::LayerNorm {
				src,
				gain,
				bias,
				epsilon,
				..
			} => layer_norm(
				source(src),
				&self.vector(gain, layer)?,
				&self.vector(bias, layer)?,
				epsilon,
			),
			Op::L2Normalize { src, .. } => l2_normalise(source(src)),
			Op::Linear { dst, src, weight, bias } => {
				let x = Activation::new(source(src));
				let bias = bias.map(|bias| self.vector(bias, layer)).transpose()?;
				let rows = self.program.width(dst).unwrap_or(0);
				(0..rows)
					.map(|row| {
						let bias = bias.as_ref().map(|bias| bias[row as usize]);
						Ok(linear(&self.weight_row(weight, layer, row)?, &x, bias))
					})
					.collect::<Result<_, EvaluateError>>()?
			}
			Op::Rotate {
				dst,
				table,
				head_dim,
				style,
			} => {
				let mut heads = source(dst).to_vec();
				rotate(
					&mut heads,
					&self.couples(table, layer, site.position)?,
					head_dim as usize,
					style,
				);
				heads
			}
			Op::Activate { src, function, .. } => source(src).iter().map(|&x| activate(function, x)).collect(),
			Op::Add { a, b, .. } => source(a).iter().zip(source(b)).map(|(&a, &b)| add(a, b)).collect(),
			Op::Mul { a, b, .. } => source(a).iter().zip(source(b)).map(|(&a, &b)| mul(a, b)).collect(),
			Op::Attention { .. } => Vec::new(),
		};
		Ok(result)
	}

	/// The row, and the error for finding fault with it.
	fn bytes(
		&self,
		tensor: TensorIndex,
		layer: Option<u16>,
		row: u32,
	) -> Result<(&'a [u8], EvaluateError), EvaluateError> {
		let declared = &self.program.tensors[usize::from(tensor.0)];
		let layer = layer.filter(|_| declared.per_layer);
		let weights = self.weights;
		let bytes = weights
			.row(tensor, layer, row)
			.ok_or(EvaluateError::MissingRow { tensor, layer, row })?;
		let malformed = EvaluateError::MalformedRow { tensor, layer, row };
		if bytes.len() as u64 != declared.shape.row_bytes() {
			return Err(malformed);
		}
		Ok((bytes, malformed))
	}

	fn weight_row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Result<WeightRow<'a>, EvaluateError> {
		let (bytes, malformed) = self.bytes(tensor, layer, row)?;
		WeightRow::parse(bytes).ok_or(malformed)
	}

	fn vector(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<Vec<i32>, EvaluateError> {
		Ok(values(self.bytes(tensor, layer, 0)?.0).collect())
	}

	/// The (cosine, sine) couples of a position.
	fn couples(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Result<Vec<(i32, i32)>, EvaluateError> {
		let (bytes, malformed) = self.bytes(tensor, layer, row)?;
		couples(bytes).ok_or(malformed)
	}
}
