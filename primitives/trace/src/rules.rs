//! The local rules: what makes one step of a cell right. `docs/protocol.md` argues that if every rule holds, the output
//! is right.
//!
//! The rules read through [`Operands`], so that whoever prepares an opening and whoever checks it read the same things in
//! the same order.

use crate::{
	cache::CachePair,
	cell::{AttentionShape, Cell, Source},
	statement::Place,
	vector::{chunk_count, chunk_length, CHUNK},
	work::{add_position, state_hash, ChunkWork, HeadWork},
	Hash32,
};
use alloc::vec::Vec;
use assay_exact::{
	activation::{activate, add, mul},
	attention::{exp2_below, score, weighted_mean},
	blocks::{Activation, WeightRow, BLOCK},
	evaluate::Fed,
	linear::{embed, linear},
	normalise::{l2_normalise, layer_norm, rms_norm},
	number::{divr, values},
	program::{Op, RowIndex, TensorIndex},
	rotate::{couples, rotate},
	sample::key,
	Output,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One step of a cell: the smallest thing that is right or wrong by itself.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Step {
	/// One element of what an operation writes.
	#[codec(index = 0)]
	Element {
		/// Index of the operation.
		op: u8,
		/// Index of the element.
		index: u32,
	},
	/// The cache rows of one key/value head.
	#[codec(index = 1)]
	Cache {
		/// The key/value head.
		head: u16,
	},
	/// The state of one query head of attention after one group of positions.
	#[codec(index = 2)]
	Attend {
		/// The query head.
		head: u16,
		/// The group within the row.
		group: u32,
	},
	/// The state of mean pooling of one chunk after one group of positions.
	#[codec(index = 3)]
	Pool {
		/// The chunk.
		chunk: u32,
		/// The group within the last row.
		group: u32,
	},
	/// One element of the mean.
	#[codec(index = 4)]
	Mean {
		/// Index of the element.
		index: u32,
	},
	/// The chosen token against another.
	#[codec(index = 5)]
	Choice {
		/// The other token.
		rival: u32,
	},
	/// One element of the output vector.
	#[codec(index = 6)]
	Output {
		/// Index of the element.
		index: u32,
	},
}

/// What a step turns out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Verdict {
	/// The rule holds.
	#[codec(index = 0)]
	Holds,
	/// The rule is broken: the claim is wrong.
	#[codec(index = 1)]
	Refuted,
}

impl Verdict {
	fn holds_if(holds: bool) -> Self {
		if holds {
			Self::Holds
		} else {
			Self::Refuted
		}
	}
}

/// Bytes that are none of what the rules read. An honest execution has none: the engine refuses such artifacts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// What the rules read.
pub(crate) trait Operands {
	type Error: From<Malformed>;

	/// All values of a vector.
	fn whole(&mut self, source: Source) -> Result<Vec<i32>, Self::Error>;
	/// `length` values of a vector from `start`.
	fn range(&mut self, source: Source, start: u32, length: u32) -> Result<Vec<i32>, Self::Error>;
	/// A row of a tensor.
	fn row(&mut self, tensor: TensorIndex, row: u32) -> Result<Vec<u8>, Self::Error>;
	/// One value of a vector tensor.
	fn parameter(&mut self, tensor: TensorIndex, index: u32) -> Result<i32, Self::Error>;
	/// The leaf that the cell commits to for a key/value head.
	fn cache_leaf(&mut self, head: u16) -> Result<Vec<u8>, Self::Error>;
	/// The cache rows of a key/value head at the visible positions of a group of the cell's row.
	fn caches(&mut self, head: u16, group: u32) -> Result<Vec<CachePair>, Self::Error>;
	/// A chunk of the residual vector at the positions of a group of the last row.
	fn residuals(&mut self, chunk: u32, group: u32) -> Result<Vec<Vec<i32>>, Self::Error>;
	/// The work of a query head.
	fn head_work(&mut self, head: u16) -> Result<HeadWork, Self::Error>;
	/// The work of a chunk of the mean.
	fn chunk_work(&mut self, chunk: u32) -> Result<ChunkWork, Self::Error>;
	/// The sums behind a hash of a state.
	fn state(&mut self, hash: Hash32) -> Result<Vec<i64>, Self::Error>;
}

impl Cell<'_> {
	/// Whether the cell has such a step.
	pub(crate) fn has(&self, step: Step) -> bool {
		match step {
			Step::Element { op, index } => usize::from(op) < self.ops.len() && index < self.width(Source::Vector(op)),
			Step::Cache { head } => self.attention().is_some_and(|(_, shape)| head < shape.kv_heads),
			Step::Attend { head, group } => {
				let attention = self.attention();
				attention.is_some_and(|(_, shape)| head < shape.heads) && group < self.visible_groups()
			}
			Step::Pool { chunk, group } => {
				self.pools() && chunk < chunk_count(self.width(Source::Residual)) && group < self.visible_groups()
			}
			Step::Mean { index } => self.pools() && index < self.width(Source::Residual),
			Step::Choice { rival } => {
				let token = self.statement.chosen(self.site().position);
				let vocabulary = self.program().vocabulary();
				self.logits().is_some()
					&& token.is_some_and(|token| token != rival)
					&& vocabulary.is_some_and(|vocabulary| rival < vocabulary)
			}
			Step::Output { index } => {
				let width = self.output().and_then(|register| self.program().width(register));
				width.is_some_and(|width| index < width)
			}
		}
	}

	/// Judges one step that the cell has.
	pub(crate) fn judge<O: Operands>(&self, step: Step, operands: &mut O) -> Result<Verdict, O::Error> {
		match step {
			Step::Element { op, index } => {
				let claimed = one(operands, Source::Vector(op), index)?;
				match self.element(op, index, operands)? {
					Some(right) => Ok(Verdict::holds_if(claimed == right)),
					None => Ok(Verdict::Refuted),
				}
			}
			Step::Cache { head } => self.judge_cache(head, operands),
			Step::Attend { head, group } => self.judge_attend(head, group, operands),
			Step::Pool { chunk, group } => self.judge_pool(chunk, group, operands),
			Step::Mean { index } => self.judge_mean(index, operands),
			Step::Choice { rival } => self.judge_choice(rival, operands),
			Step::Output { index } => {
				let register = self.output().ok_or(Malformed)?;
				let right = one(operands, self.source(self.ops.len(), register), index)?;
				let claimed = match self.statement.output {
					Output::Vector(values) => values.get(index as usize).copied(),
					Output::Tokens(_) => None,
				};
				Ok(Verdict::holds_if(claimed == Some(right)))
			}
		}
	}

	/// What an operation writes at one index; `None` if what it is computed from cannot be what an execution leaves.
	fn element<O: Operands>(&self, op: u8, index: u32, operands: &mut O) -> Result<Option<i32>, O::Error> {
		let site = self.site();
		let at = usize::from(op);
		let source = |register| self.source(at, register);
		let malformed = || O::Error::from(Malformed);
		let right = match *self.ops.get(at).ok_or(Malformed)? {
			Op::Input { .. } => match site.fed {
				Fed::Vector(values) => *values.get(index as usize).ok_or(Malformed)?,
				Fed::Token(_) | Fed::Nothing => return Err(malformed()),
			},
			Op::Embed { table, row, .. } => {
				let row = match (row, site.fed) {
					(RowIndex::Constant(row), _) => row,
					(RowIndex::Position, _) => site.position,
					(RowIndex::Token, Fed::Token(token)) => token,
					(RowIndex::Token, Fed::Vector(_) | Fed::Nothing) => return Err(malformed()),
				};
				let bytes = operands.row(table, row)?;
				let row = WeightRow::parse(&bytes).ok_or(Malformed)?;
				let value = embed(&row).nth(index as usize);
				value.ok_or(Malformed)?
			}
			Op::RmsNorm { src, gain, epsilon, .. } => {
				let gain = values(&operands.row(gain, 0)?).collect::<Vec<_>>();
				let group = (gain.len() as u32).max(1);
				let x = operands.range(source(src), index / group * group, group)?;
				let normalised = rms_norm(&x, &gain, epsilon);
				*normalised.get((index % group) as usize).ok_or(Malformed)?
			}
			Op::LayerNorm {
				src,
				gain,
				bias,
				epsilon,
				..
			} => {
				let (gain, bias) = (
					values(&operands.row(gain, 0)?).collect::<Vec<_>>(),
					values(&operands.row(bias, 0)?).collect::<Vec<_>>(),
				);
				let normalised = layer_norm(&operands.whole(source(src))?, &gain, &bias, epsilon);
				*normalised.get(index as usize).ok_or(Malformed)?
			}
			Op::L2Normalize { src, .. } => {
				let normalised = l2_normalise(&operands.whole(source(src))?);
				*normalised.get(index as usize).ok_or(Malformed)?
			}
			Op::Linear { src, weight, bias, .. } => {
				let x = Activation::new(&operands.whole(source(src))?);
				self.product(&x, weight, bias, index, operands)?
			}
			Op::Rotate {
				dst,
				table,
				head_dim,
				style,
			} => {
				let head_dim = head_dim.max(1);
				let mut head = operands.range(source(dst), index / head_dim * head_dim, head_dim)?;
				let couples = couples(&operands.row(table, site.position)?).ok_or(Malformed)?;
				rotate(&mut head, &couples, head_dim as usize, style);
				*head.get((index % head_dim) as usize).ok_or(Malformed)?
			}
			Op::Activate { src, function, .. } => activate(function, one(operands, source(src), index)?),
			Op::Add { a, b, .. } => add(one(operands, source(a), index)?, one(operands, source(b), index)?),
			Op::Mul { a, b, .. } => mul(one(operands, source(a), index)?, one(operands, source(b), index)?),
			Op::Attention { .. } => return self.mixed(index, operands),
		};
		Ok(Some(right))
	}

	/// One element of a product.
	fn product<O: Operands>(
		&self,
		x: &Activation,
		weight: TensorIndex,
		bias: Option<TensorIndex>,
		index: u32,
		operands: &mut O,
	) -> Result<i32, O::Error> {
		let bytes = operands.row(weight, index)?;
		let row = WeightRow::parse(&bytes).ok_or(Malformed)?;
		let bias = bias.map(|bias| operands.parameter(bias, index)).transpose()?;
		Ok(linear(&row, x, bias))
	}

	fn attention_shape(&self) -> Result<(usize, AttentionShape), Malformed> {
		self.attention().ok_or(Malformed)
	}

	fn judge_cache<O: Operands>(&self, head: u16, operands: &mut O) -> Result<Verdict, O::Error> {
		let (at, shape) = self.attention_shape()?;
		let mut rows = |register| {
			let start = u32::from(head) * shape.head_dim;
			operands.range(self.source(at, register), start, shape.head_dim)
		};
		let right = CachePair::new(&rows(shape.key)?, &rows(shape.value)?);
		Ok(Verdict::holds_if(operands.cache_leaf(head)? == right.to_bytes()))
	}

	/// One more group of positions under one query head: the stated largest score and shifts are not exceeded and are first
	/// found where they are said to be, and the sums grow by what the group adds.
	fn judge_attend<O: Operands>(&self, head: u16, group: u32, operands: &mut O) -> Result<Verdict, O::Error> {
		let (at, shape) = self.attention_shape()?;
		let work = operands.head_work(head)?;
		if !self.is_head_work(&work, &shape) {
			return Ok(Verdict::Refuted);
		}
		let (start, _) = self.layout.span(group);
		let query = operands.range(
			self.source(at, shape.query),
			u32::from(head) * shape.head_dim,
			shape.head_dim,
		)?;
		let pairs = operands.caches(shape.kv_head(head), group)?;
		let query = Activation::new(&query);
		let mut weights = Vec::with_capacity(pairs.len());
		for (position, pair) in (start..).zip(&pairs) {
			let score = score(&query, &pair.key, shape.scale);
			let shifts = pair.value.shifts.iter().zip(&work.tops);
			let stated = work.peak.admits(score, position)
				&& shifts.clone().all(|(&shift, top)| top.admits(shift.into(), position));
			if !stated {
				return Ok(Verdict::Refuted);
			}
			// Both are i32 and the difference is not negative.
			weights.push(exp2_below((i64::from(work.peak.value) - i64::from(score)) as u32));
		}
		// Read only now: under a wrong peak or top, nobody but the worker knows its sums.
		let mut sums = self.state_before(&work.states, group, 1 + shape.head_dim as usize, operands)?;
		for (&e, pair) in weights.iter().zip(&pairs) {
			add_position(&mut sums, e, &pair.value, &work.tops);
		}
		let claimed = work.states.get(group as usize).ok_or(Malformed)?;
		Ok(Verdict::holds_if(*claimed == state_hash(&sums)))
	}

	/// Whether work has the shape of this cell's and names positions that are visible.
	fn is_head_work(&self, work: &HeadWork, shape: &AttentionShape) -> bool {
		let visible = self.visible();
		work.states.len() as u64 == u64::from(self.visible_groups())
			&& work.tops.len() == shape.head_dim as usize / BLOCK
			&& work.peak.position < visible
			&& work.tops.iter().all(|top| top.position < visible)
	}

	/// The sums before a group is added.
	fn state_before<O: Operands>(
		&self,
		states: &[Hash32],
		group: u32,
		length: usize,
		operands: &mut O,
	) -> Result<Vec<i64>, O::Error> {
		let Some(previous) = group.checked_sub(1) else {
			return Ok(alloc::vec![0; length]);
		};
		let sums = operands.state(*states.get(previous as usize).ok_or(Malformed)?)?;
		if sums.len() != length {
			return Err(Malformed.into());
		}
		Ok(sums)
	}

	/// One element of attention's output from the last state of its head.
	fn mixed<O: Operands>(&self, index: u32, operands: &mut O) -> Result<Option<i32>, O::Error> {
		let (_, shape) = self.attention_shape()?;
		let (head, element) = ((index / shape.head_dim) as u16, (index % shape.head_dim) as usize);
		let work = operands.head_work(head)?;
		if !self.is_head_work(&work, &shape) {
			return Ok(None);
		}
		let sums = operands.state(*work.states.last().ok_or(Malformed)?)?;
		let top = work.tops.get(element / BLOCK).ok_or(Malformed)?.value;
		let (Some(&total), Some(&sum)) = (sums.first(), sums.get(1 + element)) else {
			return Err(Malformed.into());
		};
		// The bounds of the page, which every execution keeps.
		if !(32_767..1 << 32).contains(&total) || sum.unsigned_abs() >= 1 << 39 || !(0..=25).contains(&top) {
			return Ok(None);
		}
		Ok(Some(weighted_mean(sum, total, top)))
	}

	fn judge_pool<O: Operands>(&self, chunk: u32, group: u32, operands: &mut O) -> Result<Verdict, O::Error> {
		let work = operands.chunk_work(chunk)?;
		if work.states.len() as u64 != u64::from(self.visible_groups()) {
			return Ok(Verdict::Refuted);
		}
		let residuals = operands.residuals(chunk, group)?;
		let length = chunk_length(self.width(Source::Residual), chunk) as usize;
		let mut sums = self.state_before(&work.states, group, length, operands)?;
		for values in &residuals {
			for (sum, &value) in sums.iter_mut().zip(values) {
				*sum = sum.wrapping_add(value.into());
			}
		}
		let claimed = work.states.get(group as usize).ok_or(Malformed)?;
		Ok(Verdict::holds_if(*claimed == state_hash(&sums)))
	}

	fn judge_mean<O: Operands>(&self, index: u32, operands: &mut O) -> Result<Verdict, O::Error> {
		let (chunk, element) = (index / CHUNK as u32, index as usize % CHUNK);
		let claimed = one(operands, Source::Residual, index)?;
		let work = operands.chunk_work(chunk)?;
		if work.states.len() as u64 != u64::from(self.visible_groups()) {
			return Ok(Verdict::Refuted);
		}
		let sums = operands.state(*work.states.last().ok_or(Malformed)?)?;
		let sum = *sums.get(element).ok_or(Malformed)?;
		// Positions times values of 32 bits.
		if sum.unsigned_abs() > 1 << 48 {
			return Ok(Verdict::Refuted);
		}
		let right = divr(sum, self.layout.positions.into());
		Ok(Verdict::holds_if(i64::from(claimed) == right))
	}

	fn judge_choice<O: Operands>(&self, rival: u32, operands: &mut O) -> Result<Verdict, O::Error> {
		let Some(&Op::Linear { src, weight, bias, .. }) = self.logits() else {
			return Err(Malformed.into());
		};
		let position = match self.place {
			Place::Cell { position, .. } | Place::Head { position } => position,
		};
		let token = self.statement.chosen(position).ok_or(Malformed)?;
		let x = Activation::new(&operands.whole(self.source(self.ops.len(), src))?);
		let sampler = &self.statement.generation.sampler;
		let mut key_of = |token| -> Result<i64, O::Error> {
			let logit = self.product(&x, weight, bias, token, operands)?;
			Ok(key(sampler, logit, token, position))
		};
		let (chosen, other) = (key_of(token)?, key_of(rival)?);
		Ok(Verdict::holds_if(chosen > other || (chosen == other && token < rival)))
	}
}

/// One value of a vector.
fn one<O: Operands>(operands: &mut O, source: Source, index: u32) -> Result<i32, O::Error> {
	let values = operands.range(source, index, 1)?;
	Ok(*values.first().ok_or(Malformed)?)
}
