//! Where the bytes of a tensor come from: a model file, a table computed at import, or, in tests and benchmarks, a seeded generator.

use std::{fs::File, ops::Range, os::unix::fs::FileExt, path::PathBuf, sync::Arc};

use assay_exact::program::Shape;
use half::{bf16, f16};
use rayon::prelude::*;

#[cfg(feature = "synthetic")]
use crate::synthetic::Random;
use crate::{
	error::{ArtifactError, Result},
	quantise::{dequantise_row, fix_vector, quantise_row, relayout_row, unfix_vector, Flaw, BLOCK, GGUF_BLOCK_BYTES},
};

/// How a model file stores the elements of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
	F32,
	F16,
	Bf16,
	/// Blocks of a scale and 32 weights.
	Q8_0,
}

impl Encoding {
	/// Bytes of `elements` elements; for Q8_0 a multiple of 32.
	pub(crate) fn bytes(self, elements: u64) -> Option<u64> {
		match self {
			Self::F32 => elements.checked_mul(4),
			Self::F16 | Self::Bf16 => elements.checked_mul(2),
			Self::Q8_0 => (elements / BLOCK as u64).checked_mul(GGUF_BLOCK_BYTES as u64),
		}
	}

	fn decode(self, bytes: &[u8], out: &mut [f32]) {
		match self {
			Self::F32 => {
				for (bytes, out) in bytes.chunks_exact(4).zip(out) {
					*out = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
				}
			}
			Self::F16 => {
				for (bytes, out) in bytes.chunks_exact(2).zip(out) {
					*out = f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
				}
			}
			Self::Bf16 => {
				for (bytes, out) in bytes.chunks_exact(2).zip(out) {
					*out = bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
				}
			}
			Self::Q8_0 => {
				for (block, out) in bytes.chunks_exact(GGUF_BLOCK_BYTES).zip(out.chunks_exact_mut(BLOCK)) {
					let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
					for (out, &weight) in out.iter_mut().zip(&block[2..]) {
						*out = f32::from(weight as i8) * scale;
					}
				}
			}
		}
	}
}

/// An open model file. It is read with positioned reads, never mapped: a file that shrinks while it is imported is an
/// error, not a signal.
#[derive(Debug)]
pub(crate) struct ModelFile {
	pub(crate) path: PathBuf,
	pub(crate) file: File,
	pub(crate) length: u64,
}

impl ModelFile {
	pub(crate) fn open(path: PathBuf) -> Result<Self> {
		let file = File::open(&path).map_err(ArtifactError::io(&path))?;
		let length = file.metadata().map_err(ArtifactError::io(&path))?.len();
		Ok(Self { path, file, length })
	}

	pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
		self.file
			.read_exact_at(buffer, offset)
			.map_err(ArtifactError::io(&self.path))
	}
}

/// A tensor in a model file, one- or two-dimensional. Its data was checked to lie inside the file.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
	pub(crate) name: String,
	pub(crate) file: Arc<ModelFile>,
	pub(crate) offset: u64,
	pub(crate) dims: Vec<u64>,
	pub(crate) encoding: Encoding,
}

impl Stored {
	/// Rows and columns; a vector is one row.
	fn extent(&self) -> (u64, u64) {
		match self.dims[..] {
			[columns] => (1, columns),
			[rows, columns] => (rows, columns),
			_ => unreachable!("checkpoints hand out tensors of one or two dimensions"),
		}
	}

	/// Reads the given rows. Rows beyond the stored ones come back empty: they are the padding of the program's shape.
	fn read_rows(&self, rows: Range<u32>) -> Result<(Vec<u8>, usize)> {
		let (stored, columns) = self.extent();
		let first = u64::from(rows.start).min(stored);
		let count = u64::from(rows.end).min(stored) - first;
		let row_bytes = self
			.encoding
			.bytes(columns)
			.expect("checked against the file's length; qed");
		let mut buffer = vec![0; (count * row_bytes) as usize];
		self.file.read(self.offset + first * row_bytes, &mut buffer)?;
		Ok((buffer, row_bytes as usize))
	}

	fn fill(&self, shape: Shape, rows: Range<u32>, out: &mut [u8]) -> Result<()> {
		let (buffer, stored_bytes) = self.read_rows(rows.clone())?;
		let columns = self.extent().1 as usize;
		let row_bytes = shape.row_bytes() as usize;
		out.par_chunks_exact_mut(row_bytes).enumerate().try_for_each_init(
			|| vec![0f32; columns],
			|scratch, (i, out)| {
				let stored = buffer.get(i * stored_bytes..(i + 1) * stored_bytes).unwrap_or(&[]);
				let result = match shape {
					Shape::Matrix { .. } if self.encoding == Encoding::Q8_0 => relayout_row(stored, out),
					Shape::Matrix { columns, .. } => {
						let row = if stored.is_empty() {
							&mut [][..]
						} else {
							&mut scratch[..]
						};
						self.encoding.decode(stored, row);
						quantise_row(row, columns as usize, out)
					}
					Shape::Vector { .. } | Shape::Rotation { .. } => {
						self.encoding.decode(stored, scratch);
						fix_vector(scratch, out)
					}
				};
				result.map_err(|flaw| locate(flaw, &self.name, u64::from(rows.start) + i as u64))
			},
		)
	}

	fn floats(&self, shape: Shape) -> Result<Vec<f32>> {
		let (buffer, stored_bytes) = self.read_rows(0..shape.rows())?;
		let columns = self.extent().1 as usize;
		let padded = row_elements(shape);
		let mut out = vec![0f32; shape.rows() as usize * padded];
		for (stored, out) in buffer.chunks_exact(stored_bytes).zip(out.chunks_exact_mut(padded)) {
			self.encoding.decode(stored, &mut out[..columns]);
		}
		Ok(out)
	}
}

/// The origin of one tensor's bytes.
#[derive(Debug, Clone)]
pub(crate) enum Source {
	/// A tensor of a model file.
	Stored(Stored),
	/// A rotation table: (cosine, sine) pairs with 30 fraction bits, row by row.
	Rotation(Arc<Vec<i32>>),
	/// Seeded random weights.
	#[cfg(feature = "synthetic")]
	Random(Random),
}

impl Source {
	/// Writes the canonical bytes of some rows.
	pub(crate) fn fill(&self, shape: Shape, rows: Range<u32>, out: &mut [u8]) -> Result<()> {
		match self {
			Self::Stored(stored) => stored.fill(shape, rows, out),
			#[cfg(feature = "synthetic")]
			Self::Random(random) => {
				random.fill(shape, rows, out);
				Ok(())
			}
			Self::Rotation(table) => {
				let entries = table[rows.start as usize * row_elements(shape)..].iter();
				for (out, entry) in out.chunks_exact_mut(4).zip(entries) {
					out.copy_from_slice(&entry.to_le_bytes());
				}
				Ok(())
			}
		}
	}

	/// The tensor in floats: as the model file has it, before any quantisation of ours.
	pub(crate) fn floats(&self, shape: Shape) -> Result<Vec<f32>> {
		if let Self::Stored(stored) = self {
			return stored.floats(shape);
		}
		let mut bytes = vec![0; shape.bytes() as usize];
		self.fill(shape, 0..shape.rows(), &mut bytes)?;
		Ok(floats(shape, &bytes))
	}
}

/// Elements of one row.
pub(crate) fn row_elements(shape: Shape) -> usize {
	match shape {
		Shape::Matrix { columns, .. } => columns as usize,
		Shape::Vector { length } => length as usize,
		Shape::Rotation { pairs, .. } => 2 * pairs as usize,
	}
}

/// The floats that canonical bytes stand for.
pub(crate) fn floats(shape: Shape, bytes: &[u8]) -> Vec<f32> {
	let mut out = vec![0f32; shape.rows() as usize * row_elements(shape)];
	match shape {
		Shape::Matrix { .. } => {
			let rows = bytes.chunks_exact(shape.row_bytes() as usize);
			rows.zip(out.chunks_exact_mut(row_elements(shape)))
				.for_each(|(row, out)| dequantise_row(row, out));
		}
		Shape::Vector { .. } => unfix_vector(bytes, 16, &mut out),
		Shape::Rotation { .. } => unfix_vector(bytes, 30, &mut out),
	}
	out
}

/// Puts a flaw in its tensor and row.
pub(crate) fn locate(flaw: Flaw, name: &str, row: u64) -> ArtifactError {
	let name = name.to_string();
	match flaw {
		Flaw::NotFinite { column, value } => ArtifactError::NotFinite {
			name,
			value,
			row,
			column: column as u64,
		},
		Flaw::OutOfRange { column, value, limit } => ArtifactError::OutOfRange {
			name,
			value,
			row,
			column: column as u64,
			limit,
		},
		Flaw::Weight { column } => ArtifactError::InvalidWeight {
			name,
			row,
			column: column as u64,
		},
		Flaw::Scale { block, value } => ArtifactError::InvalidScale {
			name,
			value,
			row,
			block: block as u64,
		},
		Flaw::Rotation { column, value } => ArtifactError::InvalidRotation {
			name,
			value,
			row,
			column: column as u64,
		},
	}
}
