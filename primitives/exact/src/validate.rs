//! The proof that a program keeps every bound of the page: sizes, tensors, operations, input and output.

use crate::{
	check::Checker,
	error::{Phase, Place, ProgramError as Error},
	limits::*,
	program::{Head, Op, Program, Register, RowIndex, Shape, TensorIndex},
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
			return Err(Error::NoResidual { phase: Phase::Entry });
		}
		Checker::new(self, Phase::Layer).check_all(&self.layer)?;
		if self.layers > 0 && !self.layer.iter().any(|op| op.dst() == Register(0)) {
			return Err(Error::NoResidual { phase: Phase::Layer });
		}
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
			Head::Tokens { ops, logits, stop } => {
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
				if let Some(&token) = stop.iter().find(|&&token| token >= vocabulary) {
					return Err(Error::StopToken { token, vocabulary });
				}
				// A wrong token is then refuted by two rows of one product.
				match ops.last() {
					Some(Op::Linear { dst, .. }) if dst == logits => Ok(()),
					_ => Err(Error::LogitsNotLinear { logits: *logits }),
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
		Shape::Matrix { columns, .. } if columns == 0 || columns > MAX_COLUMNS || !columns.is_multiple_of(32) => {
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
