//! The walk over one list of operations: registers are written before they are read, shapes agree, tensors are what
//! operations take them for.

use crate::{
	error::{Phase, Place, ProgramError as Error},
	limits::*,
	program::{Head, Mask, Op, Program, Register, RowIndex, Shape, TensorIndex},
};

/// Walks one list of operations, knowing which registers are written.
pub(crate) struct Checker<'a> {
	program: &'a Program,
	place: Place,
	/// Bit r: register r is written. There are at most 64.
	written: u64,
	attention_seen: bool,
}

impl<'a> Checker<'a> {
	/// At the start of a list: only register 0 is written, and in the entry not even that.
	pub(crate) fn new(program: &'a Program, phase: Phase) -> Self {
		let written = if phase == Phase::Entry { 0 } else { 1 };
		Self {
			program,
			place: Place { phase, index: 0 },
			written,
			attention_seen: false,
		}
	}

	pub(crate) fn is_written(&self, register: Register) -> bool {
		u32::from(register.0) < MAX_REGISTERS && self.written >> register.0 & 1 == 1
	}

	pub(crate) fn check_all(&mut self, ops: &[Op]) -> Result<(), Error> {
		for (i, op) in ops.iter().enumerate() {
			self.place.index = i as u32;
			self.check(op)?;
		}
		Ok(())
	}

	fn check(&mut self, op: &Op) -> Result<(), Error> {
		let place = self.place;
		match *op {
			Op::Input { dst } => {
				if place.phase != Phase::Entry {
					return Err(Error::InputOutsideEntry { place });
				}
				let width = self.width(dst)?;
				self.write(dst, width)
			}
			Op::Embed { dst, table, row } => {
				let (rows, columns) = self.matrix(table)?;
				self.check_row(table, row, rows)?;
				self.write(dst, columns)
			}
			Op::RmsNorm {
				dst,
				src,
				gain,
				epsilon,
			} => {
				let width = self.read(src)?;
				let group = self.vector(gain)?;
				if group > MAX_NORMALISED {
					return Err(Error::Normalised { place, elements: group });
				}
				if width % group != 0 {
					return Err(Error::Group { place, group, width });
				}
				self.check_epsilon(epsilon)?;
				self.write(dst, width)
			}
			Op::LayerNorm {
				dst,
				src,
				gain,
				bias,
				epsilon,
			} => {
				let width = self.read_normalised(src)?;
				self.vector_of(gain, width)?;
				self.vector_of(bias, width)?;
				self.check_epsilon(epsilon)?;
				self.write(dst, width)
			}
			Op::L2Normalize { dst, src } => {
				let width = self.read_normalised(src)?;
				self.write(dst, width)
			}
			Op::Linear { dst, src, weight, bias } => {
				let (rows, columns) = self.matrix(weight)?;
				self.read_width(src, columns)?;
				if let Some(bias) = bias {
					self.vector_of(bias, rows)?;
				}
				self.check_distinct(dst, &[src])?;
				self.write(dst, rows)
			}
			Op::Rotate {
				dst, table, head_dim, ..
			} => {
				let width = self.read(dst)?;
				if self.in_vector_head() {
					return Err(Error::NoPosition { place });
				}
				let (rows, pairs) = self.rotation(table)?;
				self.check_position_rows(table, rows)?;
				self.check_head_dim(head_dim)?;
				if 2 * pairs > head_dim {
					return Err(Error::Pairs { place, pairs, head_dim });
				}
				if width % head_dim != 0 {
					return Err(Error::Group {
						place,
						group: head_dim,
						width,
					});
				}
				Ok(())
			}
			Op::Attention {
				dst,
				query,
				key,
				value,
				heads,
				kv_heads,
				head_dim,
				scale,
				mask,
			} => {
				self.check_attention(scale, mask)?;
				self.check_head_dim(head_dim)?;
				if kv_heads == 0 || heads % kv_heads != 0 || heads == 0 {
					return Err(Error::Heads { place, heads, kv_heads });
				}
				// At most 2¹⁶ heads of 2¹⁰ elements.
				let (query_width, kv_width) = (u32::from(heads) * head_dim, u32::from(kv_heads) * head_dim);
				self.read_width(query, query_width)?;
				self.read_width(key, kv_width)?;
				self.read_width(value, kv_width)?;
				self.check_distinct(dst, &[query, key, value])?;
				self.write(dst, query_width)
			}
			Op::Activate { dst, src, .. } => {
				let width = self.read(src)?;
				self.write(dst, width)
			}
			Op::Add { dst, a, b } | Op::Mul { dst, a, b } => {
				let width = self.read(a)?;
				self.read_width(b, width)?;
				self.write(dst, width)
			}
		}
	}

	fn in_vector_head(&self) -> bool {
		self.place.phase == Phase::Head && matches!(self.program.head, Head::Vector { .. })
	}

	fn width(&self, register: Register) -> Result<u32, Error> {
		self.program.width(register).ok_or(Error::UnknownRegister {
			place: self.place,
			register,
		})
	}

	/// The width of a source, which must have been written.
	fn read(&self, register: Register) -> Result<u32, Error> {
		let width = self.width(register)?;
		if !self.is_written(register) {
			return Err(Error::ReadBeforeWritten {
				place: self.place,
				register,
			});
		}
		Ok(width)
	}

	fn read_width(&self, register: Register, expected: u32) -> Result<(), Error> {
		let width = self.read(register)?;
		if width != expected {
			return Err(Error::Width {
				place: self.place,
				register,
				width,
				expected,
			});
		}
		Ok(())
	}

	fn read_normalised(&self, register: Register) -> Result<u32, Error> {
		let width = self.read(register)?;
		if width > MAX_NORMALISED {
			return Err(Error::Normalised {
				place: self.place,
				elements: width,
			});
		}
		Ok(width)
	}

	fn write(&mut self, register: Register, expected: u32) -> Result<(), Error> {
		let width = self.width(register)?;
		if width != expected {
			return Err(Error::Width {
				place: self.place,
				register,
				width,
				expected,
			});
		}
		self.written |= 1 << register.0;
		Ok(())
	}

	fn check_distinct(&self, dst: Register, sources: &[Register]) -> Result<(), Error> {
		if sources.contains(&dst) {
			return Err(Error::Overlap {
				place: self.place,
				register: dst,
			});
		}
		Ok(())
	}

	fn tensor(&self, tensor: TensorIndex) -> Result<Shape, Error> {
		let place = self.place;
		let declared = self
			.program
			.tensors
			.get(usize::from(tensor.0))
			.ok_or(Error::UnknownTensor { place, tensor })?;
		if declared.per_layer && place.phase != Phase::Layer {
			return Err(Error::PerLayerOutsideLayer { place, tensor });
		}
		Ok(declared.shape)
	}

	fn matrix(&self, tensor: TensorIndex) -> Result<(u32, u32), Error> {
		match self.tensor(tensor)? {
			Shape::Matrix { rows, columns } => Ok((rows, columns)),
			_ => Err(Error::TensorKind {
				place: self.place,
				tensor,
				expected: "matrix",
			}),
		}
	}

	fn vector(&self, tensor: TensorIndex) -> Result<u32, Error> {
		match self.tensor(tensor)? {
			Shape::Vector { length } => Ok(length),
			_ => Err(Error::TensorKind {
				place: self.place,
				tensor,
				expected: "vector",
			}),
		}
	}

	fn vector_of(&self, tensor: TensorIndex, expected: u32) -> Result<(), Error> {
		let length = self.vector(tensor)?;
		if length != expected {
			return Err(Error::Length {
				place: self.place,
				tensor,
				length,
				expected,
			});
		}
		Ok(())
	}

	fn rotation(&self, tensor: TensorIndex) -> Result<(u32, u32), Error> {
		match self.tensor(tensor)? {
			Shape::Rotation { positions, pairs } => Ok((positions, pairs)),
			_ => Err(Error::TensorKind {
				place: self.place,
				tensor,
				expected: "rotation table",
			}),
		}
	}

	fn check_row(&self, tensor: TensorIndex, row: RowIndex, rows: u32) -> Result<(), Error> {
		let place = self.place;
		match row {
			RowIndex::Token | RowIndex::Position if self.in_vector_head() => Err(Error::NoPosition { place }),
			RowIndex::Token => Ok(()),
			RowIndex::Position => self.check_position_rows(tensor, rows),
			RowIndex::Constant(row) if row >= rows => Err(Error::Row {
				place,
				tensor,
				row,
				rows,
			}),
			RowIndex::Constant(_) => Ok(()),
		}
	}

	fn check_position_rows(&self, tensor: TensorIndex, rows: u32) -> Result<(), Error> {
		let positions = self.program.positions;
		if rows < positions {
			return Err(Error::PositionRows {
				place: self.place,
				tensor,
				rows,
				positions,
			});
		}
		Ok(())
	}

	fn check_epsilon(&self, epsilon: u64) -> Result<(), Error> {
		if epsilon > MAX_EPSILON {
			return Err(Error::Epsilon {
				place: self.place,
				epsilon,
			});
		}
		Ok(())
	}

	fn check_head_dim(&self, head_dim: u32) -> Result<(), Error> {
		if head_dim == 0 || head_dim > MAX_HEAD_DIM || !head_dim.is_multiple_of(32) {
			return Err(Error::HeadDim {
				place: self.place,
				head_dim,
			});
		}
		Ok(())
	}

	fn check_attention(&mut self, scale: u32, mask: Mask) -> Result<(), Error> {
		let place = self.place;
		if place.phase != Phase::Layer {
			return Err(Error::AttentionOutsideLayer { place });
		}
		if self.attention_seen {
			return Err(Error::SecondAttention { place });
		}
		self.attention_seen = true;
		if mask != Mask::Causal && matches!(self.program.head, Head::Tokens { .. }) {
			return Err(Error::NotCausal { place });
		}
		if scale == 0 || scale > MAX_ATTENTION_SCALE {
			return Err(Error::Scale { place, scale });
		}
		Ok(())
	}
}
