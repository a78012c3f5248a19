//! Operations with gradients that candle lacks.
//!
//! candle's fused softmax, RMSNorm and rotary embedding have no backward pass and silently cut
//! the gradient; its unfused twins cost several single-threaded passes over memory each. These
//! run on all threads. Sums over rows are taken in a fixed order, so the number of threads
//! changes no bit.

mod heads;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Device, Layout, Result, Shape, Storage, Tensor};
use rayon::prelude::*;

pub use heads::{merge_heads, split_heads, Heads, Rotary};

/// Rows given to a thread at a time; also the unit in which sums over rows are grouped.
const ROWS: usize = 64;

/// The target that [`cross_entropy`] leaves out of the mean.
pub const IGNORED: u32 = u32::MAX;

/// `gain * x / sqrt(mean(x^2) + epsilon)` over the last dimension.
///
/// # Shapes
/// `x`: (rows, width), `gain`: (width), result: (rows, width).
pub fn rms_norm(x: &Tensor, gain: &Tensor, epsilon: f32) -> Result<Tensor> {
	x.contiguous()?.apply_op2(gain, RmsNorm { epsilon })
}

/// `softmax(scale * scores)` in which row `i` of a query sees the keys `0..=i`.
///
/// # Shapes
/// `scores`: (…, n * keys, keys): `n` query heads of `keys` rows each share the keys.
pub fn causal_softmax(scores: &Tensor, scale: f32) -> Result<Tensor> {
	scores.contiguous()?.apply_op1(CausalSoftmax { scale })
}

/// `silu(gate) * up`, element by element.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
	gate.contiguous()?.apply_op2(&up.contiguous()?, SwiGlu)
}

/// The mean of `-ln softmax(logits)[target]` over the rows whose target is not [`IGNORED`].
///
/// # Shapes
/// `logits`: (rows, vocabulary), `targets`: one per row, result: scalar.
pub fn cross_entropy(logits: &Tensor, targets: Vec<u32>) -> Result<Tensor> {
	let (rows, vocabulary) = logits.dims2()?;
	if targets.len() != rows {
		candle_core::bail!("{} targets for {rows} rows of logits", targets.len());
	}
	if let Some(target) = targets.iter().find(|t| **t != IGNORED && **t as usize >= vocabulary) {
		candle_core::bail!("target {target} is outside the vocabulary of {vocabulary}");
	}
	logits.contiguous()?.apply_op1(CrossEntropy { targets })
}

struct RmsNorm {
	epsilon: f32,
}

impl RmsNorm {
	fn inverse_rms(&self, row: &[f32]) -> f32 {
		let squares: f32 = row.iter().map(|v| v * v).sum();
		(squares / row.len() as f32 + self.epsilon).sqrt().recip()
	}
}

impl CustomOp2 for RmsNorm {
	fn name(&self) -> &'static str {
		"rms-norm"
	}

	fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, gain: &CpuStorage, lg: &Layout) -> Result<(CpuStorage, Shape)> {
		let (x, gain) = (dense(x, lx)?, dense(gain, lg)?);
		let width = gain.len();
		let mut y = vec![0f32; x.len()];
		y.par_chunks_mut(width * ROWS)
			.zip(x.par_chunks(width * ROWS))
			.for_each(|(y, x)| {
				for (y, x) in y.chunks_mut(width).zip(x.chunks(width)) {
					let r = self.inverse_rms(x);
					for ((y, x), gain) in y.iter_mut().zip(x).zip(gain) {
						*y = x * r * gain;
					}
				}
			});
		Ok((CpuStorage::F32(y), lx.shape().clone()))
	}

	fn bwd(&self, x: &Tensor, gain: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
		let (dx, dgain) = values(x, |x| values(gain, |gain| values(dy, |dy| self.gradients(x, gain, dy))))???;
		let dx = Tensor::from_vec(dx, x.shape(), &Device::Cpu)?;
		let dgain = Tensor::from_vec(dgain, gain.shape(), &Device::Cpu)?;
		Ok((Some(dx), Some(dgain)))
	}
}

impl RmsNorm {
	/// With `r` the inverse root mean square: `dx = r (g dy) - x r^3 mean(g dy x)` and
	/// `dg = sum over rows of dy x r`.
	fn gradients(&self, x: &[f32], gain: &[f32], dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
		let width = gain.len();
		let mut dx = vec![0f32; x.len()];
		let groups: Vec<Vec<f32>> = dx
			.par_chunks_mut(width * ROWS)
			.zip(x.par_chunks(width * ROWS).zip(dy.par_chunks(width * ROWS)))
			.map(|(dx, (x, dy))| {
				let mut dgain = vec![0f32; width];
				for (dx, (x, dy)) in dx.chunks_mut(width).zip(x.chunks(width).zip(dy.chunks(width))) {
					let r = self.inverse_rms(x);
					let along: f32 = x.iter().zip(dy).zip(gain).map(|((x, dy), g)| x * dy * g).sum();
					let pull = r * r * r * along / width as f32;
					for i in 0..width {
						dx[i] = r * gain[i] * dy[i] - x[i] * pull;
						dgain[i] += dy[i] * x[i] * r;
					}
				}
				dgain
			})
			.collect();
		let mut dgain = vec![0f32; width];
		for group in groups {
			dgain.iter_mut().zip(group).for_each(|(sum, part)| *sum += part);
		}
		(dx, dgain)
	}
}

struct CausalSoftmax {
	scale: f32,
}

impl CustomOp1 for CausalSoftmax {
	fn name(&self) -> &'static str {
		"causal-softmax"
	}

	fn cpu_fwd(&self, scores: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
		let scores = dense(scores, layout)?;
		let keys = layout.dims().last().copied().unwrap_or(1);
		let mut p = vec![0f32; scores.len()];
		// Every chunk of `keys` rows is one query head.
		p.par_chunks_mut(keys * keys)
			.zip(scores.par_chunks(keys * keys))
			.for_each(|(p, scores)| {
				for (i, (p, scores)) in p.chunks_mut(keys).zip(scores.chunks(keys)).enumerate() {
					let seen = &scores[..=i];
					let top = seen.iter().copied().fold(f32::NEG_INFINITY, f32::max);
					let mut sum = 0f32;
					for (p, s) in p.iter_mut().zip(seen) {
						*p = ((s - top) * self.scale).exp();
						sum += *p;
					}
					let share = sum.recip();
					p[..=i].iter_mut().for_each(|p| *p *= share);
				}
			});
		Ok((CpuStorage::F32(p), layout.shape().clone()))
	}

	/// `ds = scale p (dp - sum(p dp))`.
	fn bwd(&self, scores: &Tensor, p: &Tensor, dp: &Tensor) -> Result<Option<Tensor>> {
		let keys = scores.dims().last().copied().unwrap_or(1);
		let gradient = |p: &[f32], dp: &[f32]| {
			let mut ds = vec![0f32; p.len()];
			ds.par_chunks_mut(keys * keys)
				.zip(p.par_chunks(keys * keys).zip(dp.par_chunks(keys * keys)))
				.for_each(|(ds, (p, dp))| {
					for i in 0..keys {
						let row = i * keys..i * keys + i + 1;
						let (p, dp) = (&p[row.clone()], &dp[row.clone()]);
						let mean: f32 = p.iter().zip(dp).map(|(p, dp)| p * dp).sum();
						for (ds, (p, dp)) in ds[row].iter_mut().zip(p.iter().zip(dp)) {
							*ds = self.scale * p * (dp - mean);
						}
					}
				});
			ds
		};
		let ds = values(p, |p| values(dp, |dp| gradient(p, dp)))??;
		Ok(Some(Tensor::from_vec(ds, scores.shape(), &Device::Cpu)?))
	}
}

struct SwiGlu;

/// Elements of an element-wise operation given to a thread at a time.
const ELEMENTS: usize = 16 * 1024;

fn sigmoid(v: f32) -> f32 {
	(1.0 + (-v).exp()).recip()
}

impl CustomOp2 for SwiGlu {
	fn name(&self) -> &'static str {
		"swiglu"
	}

	fn cpu_fwd(&self, gate: &CpuStorage, lg: &Layout, up: &CpuStorage, lu: &Layout) -> Result<(CpuStorage, Shape)> {
		let (gate, up) = (dense(gate, lg)?, dense(up, lu)?);
		let mut y = vec![0f32; gate.len()];
		y.par_chunks_mut(ELEMENTS)
			.zip(gate.par_chunks(ELEMENTS).zip(up.par_chunks(ELEMENTS)))
			.for_each(|(y, (gate, up))| {
				for (y, (gate, up)) in y.iter_mut().zip(gate.iter().zip(up)) {
					*y = gate * sigmoid(*gate) * up;
				}
			});
		Ok((CpuStorage::F32(y), lg.shape().clone()))
	}

	fn bwd(&self, gate: &Tensor, up: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
		let gradients = |gate: &[f32], up: &[f32], dy: &[f32]| {
			let (mut dgate, mut dup) = (vec![0f32; gate.len()], vec![0f32; gate.len()]);
			dgate
				.par_chunks_mut(ELEMENTS)
				.zip(dup.par_chunks_mut(ELEMENTS))
				.zip(
					gate.par_chunks(ELEMENTS)
						.zip(up.par_chunks(ELEMENTS))
						.zip(dy.par_chunks(ELEMENTS)),
				)
				.for_each(|((dgate, dup), ((gate, up), dy))| {
					for i in 0..gate.len() {
						let s = sigmoid(gate[i]);
						dgate[i] = dy[i] * up[i] * s * (1.0 + gate[i] * (1.0 - s));
						dup[i] = dy[i] * gate[i] * s;
					}
				});
			(dgate, dup)
		};
		let (dgate, dup) = values(gate, |gate| values(up, |up| values(dy, |dy| gradients(gate, up, dy))))???;
		let tensor = |values| Tensor::from_vec(values, gate.shape(), &Device::Cpu);
		Ok((Some(tensor(dgate)?), Some(tensor(dup)?)))
	}
}

struct CrossEntropy {
	targets: Vec<u32>,
}

impl CrossEntropy {
	fn counted(&self) -> f32 {
		self.targets.iter().filter(|target| **target != IGNORED).count().max(1) as f32
	}
}

impl CustomOp1 for CrossEntropy {
	fn name(&self) -> &'static str {
		"cross-entropy"
	}

	fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
		let logits = dense(logits, layout)?;
		let vocabulary = layout.dims()[1];
		let losses: Vec<f64> = logits
			.par_chunks(vocabulary)
			.zip(&self.targets)
			.map(|(row, target)| match *target {
				IGNORED => 0.0,
				target => {
					let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
					let sum: f32 = row.iter().map(|v| (v - top).exp()).sum();
					f64::from(sum.ln() + top - row[target as usize])
				}
			})
			.collect();
		let mean = losses.iter().sum::<f64>() / f64::from(self.counted());
		Ok((CpuStorage::F32(vec![mean as f32]), Shape::from(())))
	}

	/// `(softmax(logits) - one at the target) / rows`.
	fn bwd(&self, logits: &Tensor, _loss: &Tensor, dloss: &Tensor) -> Result<Option<Tensor>> {
		let vocabulary = logits.dim(1)?;
		let weight = dloss.to_scalar::<f32>()? / self.counted();
		let gradient = |logits: &[f32]| {
			let mut d = vec![0f32; logits.len()];
			d.par_chunks_mut(vocabulary)
				.zip(logits.par_chunks(vocabulary))
				.zip(&self.targets)
				.for_each(|((d, row), target)| {
					if *target == IGNORED {
						return;
					}
					let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
					let mut sum = 0f32;
					for (d, v) in d.iter_mut().zip(row) {
						*d = (v - top).exp();
						sum += *d;
					}
					let share = weight / sum;
					d.iter_mut().for_each(|d| *d *= share);
					d[*target as usize] -= weight;
				});
			d
		};
		let d = values(logits, gradient)?;
		Ok(Some(Tensor::from_vec(d, logits.shape(), &Device::Cpu)?))
	}
}

/// The values of a contiguous operand.
fn dense<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
	match layout.contiguous_offsets() {
		Some((from, to)) => Ok(&storage.as_slice::<f32>()?[from..to]),
		None => candle_core::bail!("operand of shape {:?} is not contiguous", layout.shape()),
	}
}

/// Lends the values of `tensor` in row-major order.
fn values<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
	let tensor = tensor.contiguous()?;
	let (storage, layout) = tensor.storage_and_layout();
	match &*storage {
		Storage::Cpu(storage) => Ok(f(dense(storage, layout)?)),
		_ => candle_core::bail!("training runs on the CPU only"),
	}
}

#[cfg(test)]
mod tests;
