//! The proof that a program keeps every bound of the page: shapes agree, registers are written before they are read,
//! tensors are what operations take them for.

use crate::{
	error::{Phase, Place, ProgramError as Error},
	limits::*,
	program::{Head, Mask, Op, Program, Register, RowIndex, Shape, TensorIndex},
};
use codec::{DecodeAll, Encode};

impl Program {
	/// Decodes a program from untrusted bytes and validates it.
	pub fn decode_checked(bytes: &[u8]) -> Result<Self, Error> {
		// Decoding allocates in proportion to the bytes, so bounding them bounds it.
		if bytes.len() > MAX_ENCODED_BYTES as usize {
			return Err(Error::TooLong {
				bytes: bytes.len() as u64,
			});
		}
		let program = Self::decode_all(&mut &bytes[..]).map_err(|_| Error::Undecodable)?;
		program.validate()?;
		Ok(program)
	}

	/// Checks every rule of sections 3 and 6 of the page.
	pub fn validate(&self) -> Result<(), Error> {
		self.check_sizes()?;
		self.check_tensors()?;
		let mut entry = Checker::new(self, Phase::Entry);
		entry.check_all(&self.entry)?;
		if !entry.is_written(Register(0)) {
			return Err(Error::NoResidual);
		}
		Checker::new(self, Phase::Layer).check_all(&self.layer)?;
		let mut head = Checker::new(self, Phase::Head);
		head.check_all(self.head.ops())?;
		self.check_inputs()?;
		self.check_head(&head)
	}

	fn check_sizes(&self) -> Result<(), Error> {
		if self.positions == 0 || self.positions > MAX_POSITIONS {
			return Err(Error::Positions {
				positions: self.positions,
			});
		}
		let count = self.registers.len() as u64;
		if count == 0 || count > MAX_REGISTERS.into() {
			return Err(Error::RegisterCount { count });
		}
		let mut elements = 0;
		for (i, &width) in self.registers.iter().enumerate() {
			if width == 0 || width > MAX_ROWS {
				return Err(Error::RegisterWidth {
					register: Register(i as u8),
					width,
				});
			}
			elements += u64::from(width);
		}
		if elements > MAX_REGISTER_ELEMENTS {
			return Err(Error::RegisterElements { elements });
		}
		if self.tensors.len() > MAX_TENSORS as usize {
			return Err(Error::TensorCount {
				count: self.tensors.len() as u64,
			});
		}
		if self.layers > MAX_LAYERS {
			return Err(Error::LayerCount { layers: self.layers });
		}
		for (phase, ops) in [
			(Phase::Entry, &self.entry[..]),
			(Phase::Layer, &self.layer),
			(Phase::Head, self.head.ops()),
		] {
			if ops.len() > MAX_OPERATIONS as usize {
				return Err(Error::OperationCount {
					phase,
					count: ops.len() as u64,
				});
			}
		}
		if (self.layers == 0) != self.layer.is_empty() {
			return Err(Error::LayerTemplate {
				layers: self.layers,
				operations: self.layer.len() as u32,
			});
		}
		if let Head::Tokens { stop, .. } = &self.head {
			if stop.len() > MAX_STOP_TOKENS as usize {
				return Err(Error::StopCount {
					count: stop.len() as u64,
				});
			}
		}
		let bytes = self.encoded_size() as u64;
		if bytes > MAX_ENCODED_BYTES.into() {
			return Err(Error::TooLong { bytes });
		}
		Ok(())
	}

	fn check_tensors(&self) -> Result<(), Error> {
		let mut weights = 0;
		for (i, tensor) in self.tensors.iter().enumerate() {
			let index = TensorIndex(i as u16);
			check_shape(index, tensor.shape)?;
			if tensor.per_layer && self.layers == 0 {
				return Err(Error::PerLayerWithoutLayers { tensor: index });
			}
			let copies = if tensor.per_layer { self.layers.into() } else { 1 };
			// At most 256 tensors of 2³⁵ weights in 256 layers: below 2⁵¹.
			weights += tensor.shape.weights() * copies;
		}
		if weights > MAX_WEIGHTS {
			return Err(Error::Weights { weights });
		}
		Ok(())
	}

	/// A program reads tokens or one vector, never both; all tables of tokens, and all reads of the vector, agree.
	fn check_inputs(&self) -> Result<(), Error> {
		let (vocabulary, input_length) = (self.vocabulary(), self.input_length());
		if vocabulary.is_none() && input_length.is_none() {
			return Err(Error::NoInput);
		}
		let phases = [
			(Phase::Entry, &self.entry[..]),
			(Phase::Layer, &self.layer),
			(Phase::Head, self.head.ops()),
		];
		for (phase, ops) in phases {
			for (i, op) in ops.iter().enumerate() {
				let place = Place { phase, index: i as u32 };
				match *op {
					Op::Input { .. } if vocabulary.is_some() => return Err(Error::InputAndTokens { place }),
					Op::Input { dst } => {
						let (width, expected) = (self.width(dst).unwrap_or(0), input_length.unwrap_or(0));
						if width != expected {
							return Err(Error::InputWidth { place, width, expected });
						}
					}
					Op::Embed {
						table,
						row: RowIndex::Token,
						..
					} => {
						let rows = self
							.tensors
							.get(usize::from(table.0))
							.map_or(0, |tensor| tensor.shape.rows());
						let expected = vocabulary.unwrap_or(0);
						if rows != expected {
							return Err(Error::TokenRows { place, rows, expected });
						}
					}
					_ => {}
				}
			}
		}
		Ok(())
	}

	fn check_head(&self, head: &Checker<'_>) -> Result<(), Error> {
		match &self.head {
			Head::Tokens { logits, stop, .. } => {
				if !head.is_written(*logits) {
					return Err(Error::OutputUnwritten { register: *logits });
				}
				let vocabulary = self.vocabulary().ok_or(Error::NoTokenTable)?;
				let width = self.width(*logits).unwrap_or(0);
				if width != vocabulary {
					return Err(Error::Vocabulary {
						logits: width,
						vocabulary,
					});
				}
				match stop.iter().find(|&&token| token >= vocabulary) {
					Some(&token) => Err(Error::StopToken { token, vocabulary }),
					None => Ok(()),
				}
			}
			Head::Vector { output, .. } if !head.is_written(*output) => {
				Err(Error::OutputUnwritten { register: *output })
			}
			Head::Vector { .. } => Ok(()),
		}
	}
}

fn check_shape(tensor: TensorIndex, shape: Shape) -> Result<(), Error> {
	match shape {
		Shape::Matrix { rows, .. } if rows == 0 || rows > MAX_ROWS => Err(Error::MatrixRows { tensor, rows }),
		Shape::Matrix { columns, .. } if columns == 0 || columns > MAX_COLUMNS || columns % 32 != 0 => {
			Err(Error::MatrixColumns { tensor, columns })
		}
		Shape::Vector { length } if length == 0 || length > MAX_ROWS => Err(Error::VectorLength { tensor, length }),
		Shape::Rotation { positions, .. } if positions == 0 || positions > MAX_POSITIONS => {
			Err(Error::RotationPositions { tensor, positions })
		}
		Shape::Rotation { pairs, .. } if pairs == 0 || pairs > MAX_HEAD_DIM / 2 => {
			Err(Error::RotationPairs { tensor, pairs })
		}
		_ => Ok(()),
	}
}

/// Walks one list of operations, knowing which registers are written.
struct Checker<'a> {
	program: &'a Program,
	place: Place,
	/// Bit r: register r is written. There are at most 64.
	written: u64,
	attention_seen: bool,
}

impl<'a> Checker<'a> {
	fn new(program: &'a Program, phase: Phase) -> Self {
		let written = if phase == Phase::Entry { 0 } else { 1 };
		Self {
			program,
			place: Place { phase, index: 0 },
			written,
			attention_seen: false,
		}
	}

	fn is_written(&self, register: Register) -> bool {
		u32::from(register.0) < MAX_REGISTERS && self.written >> register.0 & 1 == 1
	}

	fn check_all(&mut self, ops: &[Op]) -> Result<(), Error> {
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
		if head_dim == 0 || head_dim > MAX_HEAD_DIM || head_dim % 32 != 0 {
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
