//! The same program in 32-bit float through candle, on the weights as the model file has them: the baseline that the
//! exact profile's quality is measured against. Its results differ between machines, so nothing is ever decided by them.

use crate::model::log_probability;
use assay_artifact::{Artifact, ArtifactError, Lowered};
use assay_exact::{
	program::{Function, Head, Mask, Op, Pooling, Program, Register, RotaryStyle, RowIndex, Shape, TensorIndex},
	Input, Instance, JobError,
};
use candle_core::{Device, Tensor, D};
use candle_nn::{ops, rotary_emb};
use std::{collections::HashMap, f64::consts::LN_2};

/// Why the float baseline gives no result.
#[derive(Debug, thiserror::Error)]
pub enum FloatError {
	/// A tensor cannot be read.
	#[error(transparent)]
	Artifact(#[from] ArtifactError),
	/// candle refused an operation.
	#[error("float baseline: {0}")]
	Candle(#[from] candle_core::Error),
	/// The model does not accept the input.
	#[error(transparent)]
	Job(#[from] JobError),
	/// The program's head returns something else.
	#[error("the model returns {returns}, not {asked}")]
	Head {
		/// What it returns.
		returns: &'static str,
		/// What was asked of it.
		asked: &'static str,
	},
}

type Result<T> = std::result::Result<T, FloatError>;

/// A program with float weights.
pub struct FloatModel {
	program: Program,
	tensors: HashMap<Instance, Tensor>,
}

/// The registers, each `[positions, width]` once written.
type Registers = Vec<Option<Tensor>>;

/// Where a list of operations runs.
#[derive(Clone, Copy)]
struct Site<'a> {
	input: &'a Input,
	positions: usize,
	layer: Option<u16>,
}

impl FloatModel {
	/// With the weights of the model file, before quantisation.
	pub fn load(lowered: &Lowered) -> Result<Self> {
		Self::from_tensors(lowered.program(), |tensor, layer| lowered.tensor_f32(tensor, layer))
	}

	/// With the quantised weights of an artifact: what remains of the difference to the exact profile is its arithmetic.
	pub fn load_quantised(artifact: &Artifact) -> Result<Self> {
		Self::from_tensors(artifact.program(), |tensor, layer| artifact.tensor_f32(tensor, layer))
	}

	fn from_tensors(
		program: &Program,
		read: impl Fn(TensorIndex, Option<u16>) -> assay_artifact::Result<Vec<f32>>,
	) -> Result<Self> {
		let tensors = program.instances().map(|instance| {
			let dimensions = match program.tensors[usize::from(instance.tensor.0)].shape {
				Shape::Matrix { rows, columns } => vec![rows as usize, columns as usize],
				Shape::Vector { length } => vec![length as usize],
				Shape::Rotation { positions, pairs } => vec![positions as usize, pairs as usize, 2],
			};
			let values = read(instance.tensor, instance.layer)?;
			Ok((instance, Tensor::from_vec(values, dimensions, &Device::Cpu)?))
		});
		Ok(Self {
			program: program.clone(),
			tensors: tensors.collect::<Result<_>>()?,
		})
	}

	/// The program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// The output of a vector head.
	pub fn vector(&self, input: &Input) -> Result<Vec<f32>> {
		let Head::Vector { pooling, ops, output } = &self.program.head else {
			return Err(FloatError::Head {
				returns: "tokens",
				asked: "a vector",
			});
		};
		self.program.check_job(input, &any_generation())?;
		let (residual, site) = self.residual(input)?;
		let pooled = match pooling {
			Pooling::Mean => residual.mean_keepdim(0)?,
			Pooling::First => residual.narrow(0, 0, 1)?,
			Pooling::Last => residual.narrow(0, site.positions - 1, 1)?,
		};
		let row = self.head(ops, pooled, *output, Site { positions: 1, ..site })?;
		Ok(row.flatten_all()?.to_vec1()?)
	}

	/// The logits that follow each of the tokens.
	pub fn logits(&self, tokens: &[u32]) -> Result<Vec<Vec<f32>>> {
		let Head::Tokens { ops, logits, .. } = &self.program.head else {
			return Err(FloatError::Head {
				returns: "a vector",
				asked: "tokens",
			});
		};
		let input = Input::Tokens(tokens.to_vec());
		self.program.check_job(&input, &any_generation())?;
		let (residual, site) = self.residual(&input)?;
		Ok(self.head(ops, residual, *logits, site)?.to_vec2()?)
	}

	/// The natural logarithm of the probability of each token but the first, given those before it.
	pub fn score(&self, tokens: &[u32]) -> Result<Vec<f64>> {
		let Some((&last, fed)) = tokens.split_last() else {
			return Err(JobError::EmptyPrompt.into());
		};
		let vocabulary = self.program.vocabulary().unwrap_or(0);
		if last >= vocabulary {
			return Err(JobError::Token {
				index: fed.len() as u32,
				token: last,
				vocabulary,
			}
			.into());
		}
		if fed.is_empty() {
			return Ok(Vec::new());
		}
		let logits = self.logits(fed)?;
		Ok(logits
			.iter()
			.zip(&tokens[1..])
			.map(|(row, next)| log_probability(row, *next, f64::from))
			.collect())
	}

	/// Register 0 of all positions after the layers.
	fn residual<'a>(&self, input: &'a Input) -> Result<(Tensor, Site<'a>)> {
		let positions = match input {
			Input::Tokens(tokens) => tokens.len(),
			Input::Vector(_) => 1,
		};
		let site = Site {
			input,
			positions,
			layer: None,
		};
		let mut registers: Registers = vec![None; self.program.registers.len()];
		self.execute(&self.program.entry, &mut registers, site)?;
		for layer in 0..self.program.layers {
			self.execute(
				&self.program.layer,
				&mut registers,
				Site {
					layer: Some(layer),
					..site
				},
			)?;
		}
		Ok((read(&registers, Register(0))?.clone(), site))
	}

	fn head(&self, ops: &[Op], residual: Tensor, output: Register, site: Site<'_>) -> Result<Tensor> {
		let mut registers: Registers = vec![None; self.program.registers.len()];
		registers[0] = Some(residual);
		self.execute(ops, &mut registers, site)?;
		Ok(read(&registers, output)?.clone())
	}

	fn execute(&self, ops: &[Op], registers: &mut Registers, site: Site<'_>) -> Result<()> {
		for op in ops {
			let result = self.apply(op, registers, site)?;
			registers[usize::from(op.dst().0)] = Some(result);
		}
		Ok(())
	}

	fn apply(&self, op: &Op, registers: &Registers, site: Site<'_>) -> Result<Tensor> {
		let get = |register| read(registers, register);
		let tensor = |index| self.tensor(index, site.layer);
		Ok(match *op {
			Op::Input { dst } => {
				let width = self.program.registers[usize::from(dst.0)] as usize;
				let values = match site.input {
					Input::Vector(values) => values.iter().map(|x| *x as f32 / 65536.0).collect(),
					Input::Tokens(_) => Vec::new(),
				};
				Tensor::from_vec(values, (1, width), &Device::Cpu)?
			}
			Op::Embed { table, row, .. } => {
				let rows = match (row, site.input) {
					(RowIndex::Token, Input::Tokens(tokens)) => tokens.clone(),
					(RowIndex::Token, Input::Vector(_)) => Vec::new(),
					(RowIndex::Position, _) => (0..site.positions as u32).collect(),
					(RowIndex::Constant(row), _) => vec![row; site.positions],
				};
				tensor(table)?.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?
			}
			Op::RmsNorm { src, gain, epsilon, .. } => {
				let (x, gain) = (get(src)?, tensor(gain)?);
				let groups = x.elem_count() / gain.elem_count();
				let grouped = x.reshape((groups, gain.elem_count()))?;
				ops::rms_norm(&grouped, gain, real_epsilon(epsilon))?.reshape(x.shape())?
			}
			Op::LayerNorm {
				src,
				gain,
				bias,
				epsilon,
				..
			} => ops::layer_norm(get(src)?, tensor(gain)?, tensor(bias)?, real_epsilon(epsilon))?,
			Op::L2Normalize { src, .. } => {
				let x = get(src)?;
				x.broadcast_div(&x.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?)?
			}
			Op::Linear { src, weight, bias, .. } => {
				let y = get(src)?.matmul(&tensor(weight)?.t()?)?;
				match bias {
					Some(bias) => y.broadcast_add(tensor(bias)?)?,
					None => y,
				}
			}
			Op::Rotate {
				dst,
				table,
				head_dim,
				style,
			} => rotate(get(dst)?, tensor(table)?, head_dim as usize, style)?,
			Op::Attention {
				query,
				key,
				value,
				heads,
				kv_heads,
				scale,
				mask,
				..
			} => {
				let (heads, kv_heads) = (usize::from(heads), usize::from(kv_heads));
				let shared = |x: &Tensor| repeat(&by_head(x, kv_heads)?, heads / kv_heads);
				let (q, k, v) = (by_head(get(query)?, heads)?, shared(get(key)?)?, shared(get(value)?)?);
				// The program's scale is for powers of two.
				attend(&q, &k, &v, f64::from(scale) / f64::from(1 << 30) * LN_2, mask)?
			}
			Op::Activate { src, function, .. } => activate(get(src)?, function)?,
			Op::Add { a, b, .. } => (get(a)? + get(b)?)?,
			Op::Mul { a, b, .. } => (get(a)? * get(b)?)?,
		})
	}

	fn tensor(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<&Tensor> {
		let layer = layer.filter(|_| self.program.tensors[usize::from(tensor.0)].per_layer);
		self.tensors
			.get(&Instance { tensor, layer })
			.ok_or(FloatError::Artifact(ArtifactError::NoSuchTensor {
				tensor: tensor.0,
				layer,
			}))
	}
}

/// One step of greedy generation: what checking an input needs.
fn any_generation() -> assay_exact::Generation {
	assay_exact::Generation {
		sampler: assay_exact::Sampler::Greedy,
		max_tokens: 1,
		ignore_stop: true,
	}
}

fn read(registers: &Registers, register: Register) -> Result<&Tensor> {
	let unwritten = || candle_core::Error::Msg(format!("register {} is read before it is written", register.0));
	Ok(registers[usize::from(register.0)].as_ref().ok_or_else(unwritten)?)
}

fn real_epsilon(epsilon: u64) -> f32 {
	(epsilon as f64 / 2f64.powi(32)) as f32
}

/// `[positions, heads · d]` as `[heads, positions, d]`.
fn by_head(x: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
	let (positions, width) = x.dims2()?;
	x.reshape((positions, heads, width / heads))?
		.transpose(0, 1)?
		.contiguous()
}

/// Each of the heads `times` times, one after the other.
fn repeat(x: &Tensor, times: usize) -> candle_core::Result<Tensor> {
	let (heads, positions, d) = x.dims3()?;
	x.unsqueeze(1)?
		.broadcast_as((heads, times, positions, d))?
		.reshape((heads * times, positions, d))
}

fn rotate(x: &Tensor, table: &Tensor, head_dim: usize, style: RotaryStyle) -> candle_core::Result<Tensor> {
	let (positions, width) = x.dims2()?;
	let rotated = 2 * table.dim(1)?;
	let table = table.narrow(0, 0, positions)?;
	let [cosine, sine] = [0, 1].map(|i| {
		table
			.narrow(2, i, 1)
			.and_then(|t| t.squeeze(2))
			.and_then(|t| t.contiguous())
	});
	let (cosine, sine) = (cosine?, sine?);
	let heads = by_head(x, width / head_dim)?.unsqueeze(0)?;
	let turned = heads.narrow(3, 0, rotated)?.contiguous()?;
	let turned = match style {
		RotaryStyle::Half => rotary_emb::rope(&turned, &cosine, &sine)?,
		RotaryStyle::Interleaved => rotary_emb::rope_i(&turned, &cosine, &sine)?,
	};
	let rest = heads.narrow(3, rotated, head_dim - rotated)?;
	let heads = if rotated == head_dim {
		turned
	} else {
		Tensor::cat(&[&turned, &rest.contiguous()?], 3)?
	};
	heads.squeeze(0)?.transpose(0, 1)?.reshape((positions, width))
}

/// `[heads, positions, d]` each; gives `[positions, heads · d]`.
fn attend(q: &Tensor, k: &Tensor, v: &Tensor, scale: f64, mask: Mask) -> candle_core::Result<Tensor> {
	let (heads, positions, d) = q.dims3()?;
	let mut scores = (q.matmul(&k.t()?)? * scale)?;
	if mask == Mask::Causal {
		let hidden =
			(0..positions).flat_map(|i| (0..positions).map(move |j| if j > i { f32::NEG_INFINITY } else { 0.0 }));
		let hidden = Tensor::from_iter(hidden, q.device())?.reshape((1, positions, positions))?;
		scores = scores.broadcast_add(&hidden)?;
	}
	let mixed = ops::softmax_last_dim(&scores)?.matmul(v)?;
	mixed.transpose(0, 1)?.reshape((positions, heads * d))
}

fn activate(x: &Tensor, function: Function) -> candle_core::Result<Tensor> {
	match function {
		Function::Silu => ops::silu(x),
		Function::GeluErf => x.gelu_erf(),
		Function::GeluTanh => x.gelu(),
		Function::Relu => x.relu(),
		Function::Sigmoid => ops::sigmoid(x),
		Function::Tanh => x.tanh(),
	}
}
