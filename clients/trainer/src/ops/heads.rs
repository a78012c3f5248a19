//! Attention heads: splitting, turning by position, merging.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{dense, ROWS};

/// Splits rows into heads, turning every head by its position when `rotary` is given.
///
/// # Shapes
/// `x`: (batch * length, heads * width), result: (batch, heads, length, width).
pub fn split_heads(x: &Tensor, shape: Heads, rotary: Option<Arc<Rotary>>) -> Result<Tensor> {
	x.contiguous()?.apply_op1(SplitHeads { shape, rotary })
}

/// The inverse of [`split_heads`] without rotation.
pub fn merge_heads(x: &Tensor, shape: Heads) -> Result<Tensor> {
	x.contiguous()?.apply_op1(MergeHeads { shape, rotary: None })
}

/// The shape of a tensor of heads.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
	/// Sequences.
	pub batch: usize,
	/// Positions of each.
	pub length: usize,
	/// Heads at each position.
	pub heads: usize,
	/// Values of each head.
	pub width: usize,
}

impl Heads {
	fn len(self) -> usize {
		self.batch * self.length * self.heads * self.width
	}

	/// Where head `h` of position `t` of sequence `b` begins in rows of positions.
	fn in_rows(self, b: usize, h: usize, t: usize) -> usize {
		((b * self.length + t) * self.heads + h) * self.width
	}

	/// The same by the index of the head's vector in (batch, heads, length).
	fn in_rows_of(self, vector: usize) -> (usize, usize) {
		let t = vector % self.length;
		let h = vector / self.length % self.heads;
		(self.in_rows(vector / self.length / self.heads, h, t), t)
	}
}

/// Cosines and sines of the rotary position embedding, in the rotate-half convention: value `i`
/// turns with value `i + width / 2` by `position * theta^(-2 i / width)`.
#[derive(Debug)]
pub struct Rotary {
	half: usize,
	cos: Vec<f32>,
	sin: Vec<f32>,
}

impl Rotary {
	/// Tables for `positions` positions and heads of `width` values.
	pub fn new(positions: usize, width: usize, theta: f64) -> Self {
		let half = width / 2;
		let angles: Vec<f64> = (0..positions * half)
			.map(|k| (k / half) as f64 * theta.powf(-2.0 * (k % half) as f64 / width as f64))
			.collect();
		Self {
			half,
			cos: angles.iter().map(|angle| angle.cos() as f32).collect(),
			sin: angles.iter().map(|angle| angle.sin() as f32).collect(),
		}
	}

	/// Turns one head, forwards (`direction` 1) or back (-1).
	fn turn(&self, position: usize, direction: f32, head: &mut [f32]) {
		let at = position * self.half..(position + 1) * self.half;
		let (low, high) = head.split_at_mut(self.half);
		for ((a, b), (cos, sin)) in low
			.iter_mut()
			.zip(high)
			.zip(self.cos[at.clone()].iter().zip(&self.sin[at]))
		{
			let sin = sin * direction;
			(*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
		}
	}
}

struct SplitHeads {
	shape: Heads,
	rotary: Option<Arc<Rotary>>,
}

impl CustomOp1 for SplitHeads {
	fn name(&self) -> &'static str {
		"split-heads"
	}

	fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
		let (x, s) = (dense(x, layout)?, self.shape);
		check_len(x.len(), s)?;
		let mut y = vec![0f32; x.len()];
		y.par_chunks_mut(s.width)
			.with_min_len(ROWS)
			.enumerate()
			.for_each(|(vector, head)| {
				let (from, position) = s.in_rows_of(vector);
				head.copy_from_slice(&x[from..from + s.width]);
				if let Some(rotary) = &self.rotary {
					rotary.turn(position, 1.0, head);
				}
			});
		Ok((CpuStorage::F32(y), Shape::from((s.batch, s.heads, s.length, s.width))))
	}

	/// The rotation is orthogonal: its transpose turns back.
	fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
		let merge = MergeHeads {
			shape: self.shape,
			rotary: self.rotary.clone(),
		};
		Ok(Some(dy.contiguous()?.apply_op1_no_bwd(&merge)?.reshape(x.shape())?))
	}
}

struct MergeHeads {
	shape: Heads,
	rotary: Option<Arc<Rotary>>,
}

impl CustomOp1 for MergeHeads {
	fn name(&self) -> &'static str {
		"merge-heads"
	}

	fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
		let (x, s) = (dense(x, layout)?, self.shape);
		check_len(x.len(), s)?;
		let mut y = vec![0f32; x.len()];
		let row = s.heads * s.width;
		y.par_chunks_mut(row)
			.with_min_len(ROWS)
			.enumerate()
			.for_each(|(position, row)| {
				let (b, t) = (position / s.length, position % s.length);
				for (h, head) in row.chunks_mut(s.width).enumerate() {
					let from = ((b * s.heads + h) * s.length + t) * s.width;
					head.copy_from_slice(&x[from..from + s.width]);
					if let Some(rotary) = &self.rotary {
						rotary.turn(t, -1.0, head);
					}
				}
			});
		Ok((CpuStorage::F32(y), Shape::from((s.batch * s.length, row))))
	}

	fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
		let split = SplitHeads {
			shape: self.shape,
			rotary: None,
		};
		Ok(Some(dy.contiguous()?.apply_op1_no_bwd(&split)?.reshape(x.shape())?))
	}
}

fn check_len(values: usize, shape: Heads) -> Result<()> {
	if values != shape.len() {
		candle_core::bail!("{values} values do not make {shape:?}");
	}
	Ok(())
}
