//! Reader of GGUF headers. Every count and length is checked against what is left of the file before anything is
//! allocated, and a header is at most [`MAX_HEADER_BYTES`] long.

use std::{
	collections::BTreeMap,
	fs::File,
	io::{BufReader, Read},
	path::PathBuf,
	sync::Arc,
};

use super::{tensor_type, value_type, Array, Value, DEFAULT_ALIGNMENT, MAGIC};
use crate::{
	error::{ArtifactError, Result},
	source::{Encoding, ModelFile},
};

/// Largest header: vocabularies of a million tokens fit.
const MAX_HEADER_BYTES: u64 = 256 << 20;
/// Largest number of metadata values and of tensors.
const MAX_ENTRIES: u64 = 1 << 16;
/// Largest number of elements of an array.
const MAX_ARRAY: u64 = 1 << 22;
/// Largest string.
const MAX_STRING_BYTES: u64 = 8 << 20;
/// Dimensions of a tensor; the format's own limit.
const MAX_DIMENSIONS: u32 = 4;
/// Largest alignment.
const MAX_ALIGNMENT: u64 = 1 << 20;

/// A tensor as the header describes it; its data was checked to lie inside the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TensorInfo {
	/// Slowest dimension first: `[rows, columns]`.
	pub(crate) dims: Vec<u64>,
	/// GGUF's number of the data type.
	pub(crate) dtype: u32,
	/// Of the first byte, in the file.
	pub(crate) offset: u64,
}

impl TensorInfo {
	/// How the elements are stored, if this crate can read it.
	pub(crate) fn encoding(&self) -> Option<Encoding> {
		match self.dtype {
			tensor_type::F32 => Some(Encoding::F32),
			tensor_type::F16 => Some(Encoding::F16),
			tensor_type::BF16 => Some(Encoding::Bf16),
			tensor_type::Q8_0 => Some(Encoding::Q8_0),
			_ => None,
		}
	}
}

/// The header of a GGUF file.
#[derive(Debug)]
pub(crate) struct Content {
	pub(crate) file: Arc<ModelFile>,
	pub(crate) metadata: BTreeMap<String, Value>,
	pub(crate) tensors: BTreeMap<String, TensorInfo>,
}

impl Content {
	pub(crate) fn read(path: PathBuf) -> Result<Self> {
		let file = ModelFile::open(path.clone())?;
		let limit = file.length.min(MAX_HEADER_BYTES);
		let reader = BufReader::with_capacity(1 << 16, file.file.try_clone().map_err(ArtifactError::io(&path))?);
		let mut header = Header {
			reader,
			path,
			position: 0,
			limit,
			file_bytes: file.length,
		};
		let mut magic = [0; 4];
		header.bytes(&mut magic, "the magic bytes")?;
		if magic != MAGIC {
			return Err(header.malformed("it does not begin with GGUF"));
		}
		let version = header.u32("the version")?;
		if version != 2 && version != 3 {
			return Err(ArtifactError::Unsupported {
				what: "GGUF version",
				found: version.to_string(),
				supported: "2 and 3, little-endian",
			});
		}
		let tensor_count = header.count("tensors", MAX_ENTRIES)?;
		let value_count = header.count("metadata values", MAX_ENTRIES)?;
		let mut metadata = BTreeMap::new();
		for _ in 0..value_count {
			let key = header.string()?;
			let kind = header.u32("the type of a value")?;
			let value = header.value(kind)?;
			if metadata.contains_key(&key) {
				return Err(header.malformed(format!("metadata key `{key}` is there twice")));
			}
			metadata.insert(key, value);
		}
		let alignment = match metadata.get("general.alignment") {
			None => DEFAULT_ALIGNMENT,
			Some(value) => value.as_u64().unwrap_or(0),
		};
		if !alignment.is_power_of_two() || alignment > MAX_ALIGNMENT {
			return Err(header.malformed(format!(
				"alignment {alignment} is not a power of two up to {MAX_ALIGNMENT}"
			)));
		}
		let mut tensors = BTreeMap::new();
		for _ in 0..tensor_count {
			let (name, info) = header.tensor()?;
			if tensors.contains_key(&name) {
				return Err(header.malformed(format!("tensor `{name}` is there twice")));
			}
			tensors.insert(name, info);
		}
		let data = header.position.next_multiple_of(alignment);
		place(&header, &mut tensors, data, alignment)?;
		Ok(Self {
			file: Arc::new(file),
			metadata,
			tensors,
		})
	}
}

/// Turns offsets into the data section into offsets into the file and checks that no two tensors overlap.
fn place(header: &Header, tensors: &mut BTreeMap<String, TensorInfo>, data: u64, alignment: u64) -> Result<()> {
	let mut spans = Vec::with_capacity(tensors.len());
	for (name, info) in tensors.iter_mut() {
		if info.offset % alignment != 0 {
			let reason = format!(
				"tensor `{name}` begins at {}, not a multiple of {alignment}",
				info.offset
			);
			return Err(header.malformed(reason));
		}
		info.offset = data.saturating_add(info.offset);
		let elements = info
			.dims
			.iter()
			.try_fold(1u64, |product, &dim| product.checked_mul(dim));
		let Some(elements) = elements else {
			return Err(header.malformed(format!("tensor `{name}` has 2^64 elements or more: {:?}", info.dims)));
		};
		// A tensor of another encoding matters only once it is used.
		let Some(encoding) = info.encoding() else { continue };
		let columns = info.dims.last().copied().unwrap_or(1);
		if encoding == Encoding::Q8_0 && columns % 32 != 0 {
			return Err(header.malformed(format!(
				"tensor `{name}` in Q8_0 has rows of {columns}, not of blocks of 32"
			)));
		}
		let end = encoding
			.bytes(elements)
			.and_then(|bytes| info.offset.checked_add(bytes))
			.unwrap_or(u64::MAX);
		if end > header.file_bytes {
			return Err(ArtifactError::Truncated {
				path: header.path.clone(),
				what: format!("tensor `{name}`"),
				expected: end,
				found: header.file_bytes,
			});
		}
		spans.push((info.offset, end, name.clone()));
	}
	spans.sort();
	match spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
		None => Ok(()),
		Some(pair) => {
			let (first, second) = (pair[0].2.clone(), pair[1].2.clone());
			Err(ArtifactError::Overlap {
				path: header.path.clone(),
				first,
				second,
			})
		}
	}
}

/// The header while it is read.
struct Header {
	reader: BufReader<File>,
	path: PathBuf,
	position: u64,
	/// Neither the file nor a header is longer.
	limit: u64,
	file_bytes: u64,
}

impl Header {
	fn malformed(&self, reason: impl Into<String>) -> ArtifactError {
		ArtifactError::malformed(&self.path, reason)
	}

	/// Makes sure that `bytes` more bytes are there.
	fn need(&self, bytes: u64, what: &str) -> Result<()> {
		let expected = self.position.saturating_add(bytes);
		if expected > self.file_bytes {
			let (path, what) = (self.path.clone(), what.to_string());
			return Err(ArtifactError::Truncated {
				path,
				what,
				expected,
				found: self.file_bytes,
			});
		}
		if expected > self.limit {
			return Err(self.malformed(format!("its header is longer than {MAX_HEADER_BYTES} bytes")));
		}
		Ok(())
	}

	fn bytes(&mut self, buffer: &mut [u8], what: &str) -> Result<()> {
		self.need(buffer.len() as u64, what)?;
		self.reader.read_exact(buffer).map_err(ArtifactError::io(&self.path))?;
		self.position += buffer.len() as u64;
		Ok(())
	}

	fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
		let mut buffer = [0; N];
		self.bytes(&mut buffer, what)?;
		Ok(buffer)
	}

	fn u32(&mut self, what: &str) -> Result<u32> {
		Ok(u32::from_le_bytes(self.array(what)?))
	}

	fn u64(&mut self, what: &str) -> Result<u64> {
		Ok(u64::from_le_bytes(self.array(what)?))
	}

	fn count(&mut self, what: &'static str, limit: u64) -> Result<u64> {
		let count = self.u64(what)?;
		if count > limit {
			return Err(ArtifactError::TooLarge {
				what,
				value: count,
				limit,
			});
		}
		Ok(count)
	}

	fn string(&mut self) -> Result<String> {
		let length = self.count("bytes of a string", MAX_STRING_BYTES)?;
		self.need(length, "a string")?;
		let mut buffer = vec![0; length as usize];
		self.bytes(&mut buffer, "a string")?;
		String::from_utf8(buffer)
			.map_err(|_| self.malformed(format!("a string before byte {} is not UTF-8", self.position)))
	}

	fn value(&mut self, kind: u32) -> Result<Value> {
		const WHAT: &str = "a metadata value";
		Ok(match kind {
			value_type::U8 => Value::U64(u8::from_le_bytes(self.array(WHAT)?).into()),
			value_type::U16 => Value::U64(u16::from_le_bytes(self.array(WHAT)?).into()),
			value_type::U32 => Value::U32(self.u32(WHAT)?),
			value_type::U64 => Value::U64(self.u64(WHAT)?),
			value_type::I8 => Value::I64(i8::from_le_bytes(self.array(WHAT)?).into()),
			value_type::I16 => Value::I64(i16::from_le_bytes(self.array(WHAT)?).into()),
			value_type::I32 => Value::I64(i32::from_le_bytes(self.array(WHAT)?).into()),
			value_type::I64 => Value::I64(i64::from_le_bytes(self.array(WHAT)?)),
			value_type::F32 => Value::F32(f32::from_le_bytes(self.array(WHAT)?)),
			value_type::F64 => Value::F64(f64::from_le_bytes(self.array(WHAT)?)),
			value_type::BOOL => Value::Bool(self.array::<1>(WHAT)?[0] != 0),
			value_type::STRING => Value::String(self.string()?),
			value_type::ARRAY => {
				let kind = self.u32("the type of an array")?;
				let count = self.count("elements of an array", MAX_ARRAY)?;
				Value::Array(self.array_value(kind, count)?)
			}
			other => return Err(self.malformed(format!("metadata value type {other} does not exist"))),
		})
	}

	fn array_value(&mut self, kind: u32, count: u64) -> Result<Array> {
		let width = match kind {
			value_type::U8 | value_type::I8 | value_type::BOOL => 1,
			value_type::U16 | value_type::I16 => 2,
			value_type::U32 | value_type::I32 | value_type::F32 => 4,
			value_type::U64 | value_type::I64 | value_type::F64 | value_type::STRING => 8,
			other => return Err(self.malformed(format!("arrays of value type {other} are not supported"))),
		};
		self.need(count * width, "an array")?;
		match kind {
			value_type::STRING => Ok(Array::Strings(
				(0..count).map(|_| self.string()).collect::<Result<_>>()?,
			)),
			value_type::F32 => {
				let mut values = Vec::with_capacity(count as usize);
				for _ in 0..count {
					values.push(f32::from_le_bytes(self.array("an array")?));
				}
				Ok(Array::Floats(values))
			}
			value_type::I32 | value_type::U32 => {
				let mut values = Vec::with_capacity(count as usize);
				for _ in 0..count {
					values.push(i32::from_le_bytes(self.array("an array")?));
				}
				Ok(Array::Integers(values))
			}
			// Nothing this crate uses is stored in the other types.
			_ => {
				let mut byte = [0; 8];
				for _ in 0..count {
					self.bytes(&mut byte[..width as usize], "an array")?;
				}
				Ok(Array::Other)
			}
		}
	}

	fn tensor(&mut self) -> Result<(String, TensorInfo)> {
		let name = self.string()?;
		let count = self.u32("a tensor's dimensions")?;
		if count == 0 || count > MAX_DIMENSIONS {
			return Err(self.malformed(format!(
				"tensor `{name}` has {count} dimensions, 1 to {MAX_DIMENSIONS} are allowed"
			)));
		}
		let mut dims = Vec::with_capacity(count as usize);
		for _ in 0..count {
			dims.push(self.u64("a tensor's dimensions")?);
		}
		dims.reverse();
		let dtype = self.u32("a tensor's type")?;
		let offset = self.u64("a tensor's offset")?;
		Ok((name, TensorInfo { dims, dtype, offset }))
	}
}
