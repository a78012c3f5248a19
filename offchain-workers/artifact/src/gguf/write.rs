//! Writer of GGUF files (version 3). Benchmarks use it to give other engines identical weights, tests to make input.

use std::{
	fs::File,
	io::{BufWriter, Write},
	path::Path,
};

use assay_exact::program::{Function, Head, Op, RotaryStyle, Shape};

use super::{tensor_name, tensor_type, value_type, DEFAULT_ALIGNMENT, MAGIC};
use crate::{
	error::{ArtifactError, Result},
	import::rotary,
	lowered::Lowered,
	quantise::gguf_row,
	rotary::{frequencies, Scaling},
	source::floats,
};

/// `general.file_type` of files whose matrices are in Q8_0.
const MOSTLY_Q8_0: u32 = 7;
/// `general.quantization_version`: of the layout of quantised blocks.
const QUANTISATION_VERSION: u32 = 2;

/// A metadata value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
	/// An unsigned number of up to 64 bits.
	U64(u64),
	/// An unsigned number of 32 bits.
	U32(u32),
	/// A signed number of up to 64 bits.
	I64(i64),
	/// A number of single precision.
	F32(f32),
	/// A number of double precision.
	F64(f64),
	/// A truth value.
	Bool(bool),
	/// Text.
	String(String),
	/// Several values.
	Array(Array),
}

/// An array of metadata.
#[derive(Debug, Clone, PartialEq)]
pub enum Array {
	/// Texts.
	Strings(Vec<String>),
	/// Numbers of single precision.
	Floats(Vec<f32>),
	/// Numbers of 32 bits.
	Integers(Vec<i32>),
	/// Of a type that nothing here reads.
	Other,
}

impl Value {
	pub(crate) fn as_u64(&self) -> Option<u64> {
		match self {
			Self::U64(value) => Some(*value),
			Self::U32(value) => Some((*value).into()),
			Self::I64(value) => u64::try_from(*value).ok(),
			_ => None,
		}
	}

	pub(crate) fn as_f64(&self) -> Option<f64> {
		match self {
			Self::F32(value) => Some((*value).into()),
			Self::F64(value) => Some(*value),
			_ => None,
		}
	}

	pub(crate) fn as_str(&self) -> Option<&str> {
		match self {
			Self::String(value) => Some(value),
			_ => None,
		}
	}

	pub(crate) fn as_bool(&self) -> Option<bool> {
		match self {
			Self::Bool(value) => Some(*value),
			_ => None,
		}
	}

	fn encode(&self, out: &mut Vec<u8>) {
		match self {
			Self::U64(value) => tagged(out, value_type::U64, &value.to_le_bytes()),
			Self::U32(value) => tagged(out, value_type::U32, &value.to_le_bytes()),
			Self::I64(value) => tagged(out, value_type::I64, &value.to_le_bytes()),
			Self::F32(value) => tagged(out, value_type::F32, &value.to_le_bytes()),
			Self::F64(value) => tagged(out, value_type::F64, &value.to_le_bytes()),
			Self::Bool(value) => tagged(out, value_type::BOOL, &[u8::from(*value)]),
			Self::String(value) => {
				tagged(out, value_type::STRING, &[]);
				string(out, value);
			}
			Self::Array(array) => {
				tagged(out, value_type::ARRAY, &[]);
				let (kind, count) = match array {
					Array::Strings(values) => (value_type::STRING, values.len()),
					Array::Floats(values) => (value_type::F32, values.len()),
					Array::Integers(values) => (value_type::I32, values.len()),
					Array::Other => (value_type::U8, 0),
				};
				tagged(out, kind, &(count as u64).to_le_bytes());
				match array {
					Array::Strings(values) => values.iter().for_each(|value| string(out, value)),
					Array::Floats(values) => values.iter().for_each(|value| out.extend(value.to_le_bytes())),
					Array::Integers(values) => values.iter().for_each(|value| out.extend(value.to_le_bytes())),
					Array::Other => {}
				}
			}
		}
	}
}

fn tagged(out: &mut Vec<u8>, tag: u32, bytes: &[u8]) {
	out.extend(tag.to_le_bytes());
	out.extend(bytes);
}

fn string(out: &mut Vec<u8>, value: &str) {
	out.extend((value.len() as u64).to_le_bytes());
	out.extend(value.as_bytes());
}

/// A GGUF file to be: metadata, and tensors whose data is produced when it is written.
#[derive(Default)]
pub struct Writer<'a> {
	metadata: Vec<(String, Value)>,
	tensors: Vec<Pending<'a>>,
}

struct Pending<'a> {
	name: String,
	dims: Vec<u64>,
	dtype: u32,
	bytes: u64,
	data: Box<dyn Fn() -> Result<Vec<u8>> + 'a>,
}

impl std::fmt::Debug for Writer<'_> {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_struct("Writer")
			.field("metadata", &self.metadata)
			.field("tensors", &self.tensors.len())
			.finish()
	}
}

impl<'a> Writer<'a> {
	/// Adds or replaces a metadata value.
	pub fn set(&mut self, key: impl Into<String>, value: Value) -> &mut Self {
		let key = key.into();
		self.metadata.retain(|(existing, _)| *existing != key);
		self.metadata.push((key, value));
		self
	}

	/// Adds a tensor in F32; `dims` has the slowest dimension first.
	pub fn tensor_f32(&mut self, name: &str, dims: &[u64], values: Vec<f32>) -> &mut Self {
		let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
		self.tensor(name, dims, tensor_type::F32, bytes.len() as u64, move || {
			Ok(bytes.clone())
		})
	}

	/// Adds a tensor in Q8_0 whose blocks are `blocks`.
	pub fn tensor_q8_0(&mut self, name: &str, dims: &[u64], blocks: Vec<u8>) -> &mut Self {
		self.tensor(name, dims, tensor_type::Q8_0, blocks.len() as u64, move || {
			Ok(blocks.clone())
		})
	}

	fn tensor(
		&mut self,
		name: &str,
		dims: &[u64],
		dtype: u32,
		bytes: u64,
		data: impl Fn() -> Result<Vec<u8>> + 'a,
	) -> &mut Self {
		self.tensors.push(Pending {
			name: name.into(),
			dims: dims.to_vec(),
			dtype,
			bytes,
			data: Box::new(data),
		});
		self
	}

	/// Writes the file.
	pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
		let path = path.as_ref();
		let mut header = Vec::new();
		header.extend(MAGIC);
		header.extend(3u32.to_le_bytes());
		header.extend((self.tensors.len() as u64).to_le_bytes());
		header.extend((self.metadata.len() as u64).to_le_bytes());
		for (key, value) in &self.metadata {
			string(&mut header, key);
			value.encode(&mut header);
		}
		let mut offset = 0u64;
		for tensor in &self.tensors {
			string(&mut header, &tensor.name);
			header.extend((tensor.dims.len() as u32).to_le_bytes());
			tensor
				.dims
				.iter()
				.rev()
				.for_each(|dim| header.extend(dim.to_le_bytes()));
			header.extend(tensor.dtype.to_le_bytes());
			header.extend(offset.to_le_bytes());
			offset = (offset + tensor.bytes).next_multiple_of(DEFAULT_ALIGNMENT);
		}
		pad(&mut header);
		let file = File::create(path).map_err(ArtifactError::io(path))?;
		let mut out = BufWriter::with_capacity(1 << 20, file);
		out.write_all(&header).map_err(ArtifactError::io(path))?;
		for tensor in &self.tensors {
			let mut data = (tensor.data)()?;
			pad(&mut data);
			out.write_all(&data).map_err(ArtifactError::io(path))?;
		}
		out.flush().map_err(ArtifactError::io(path))
	}
}

fn pad(bytes: &mut Vec<u8>) {
	bytes.resize(bytes.len().next_multiple_of(DEFAULT_ALIGNMENT as usize), 0);
}

/// Writes a model of the Llama family as a GGUF file in Q8_0 with the very blocks that [`Lowered::pack`] would write
/// (vectors in F32). Query and key rows of models in the rotary style *half* are reordered for `general.architecture`
/// llama, as llama.cpp's converter does. The tokenizer is not written, and the file says so.
pub fn write(lowered: &Lowered, path: impl AsRef<Path>) -> Result<()> {
	writer(lowered)?.write(path)
}

/// The writer behind [`write`](fn@write), for callers that add metadata.
pub fn writer(lowered: &Lowered) -> Result<Writer<'_>> {
	let path = Path::new("config.json");
	let json = lowered.file("config.json").unwrap_or_default();
	let config: serde_json::Value = serde_json::from_slice(json).map_err(|source| ArtifactError::Json {
		path: path.into(),
		source,
	})?;
	let program = lowered.program();
	let attention = program.layer.iter().find_map(|op| match *op {
		Op::Attention {
			heads,
			kv_heads,
			head_dim,
			..
		} => Some((heads, kv_heads, head_dim)),
		_ => None,
	});
	let style = program.layer.iter().find_map(|op| match *op {
		Op::Rotate { style, .. } => Some(style),
		_ => None,
	});
	let epsilon = program.layer.iter().find_map(|op| match *op {
		Op::RmsNorm { epsilon, .. } => Some(epsilon),
		_ => None,
	});
	let (Some((heads, kv_heads, head_dim)), Some(style), Some(epsilon), Head::Tokens { stop, .. }) =
		(attention, style, epsilon, &program.head)
	else {
		return Err(unsupported(&lowered.metadata.architecture));
	};
	let architecture = match lowered.metadata.architecture.as_str() {
		"LlamaForCausalLM" | "MistralForCausalLM" => "llama",
		"Qwen2ForCausalLM" => "qwen2",
		"Qwen3ForCausalLM" => "qwen3",
		other => return Err(unsupported(other)),
	};
	let (base, scaling) = rotary(path, json)?;
	// llama.cpp takes none of these from the file.
	let mut activations = program.layer.iter().filter_map(|op| match *op {
		Op::Activate { function, .. } => Some(function),
		_ => None,
	});
	if let Some(function) = activations.find(|function| *function != Function::Silu) {
		return Err(unsupported(&format!("{architecture} with {function:?}")));
	}
	let (hidden, width) = (program.registers[0], u32::from(heads) * head_dim);
	if architecture != "llama" && matches!(scaling, Scaling::Llama3 { .. }) {
		return Err(unsupported(&format!("{architecture} with rope scaling `llama3`")));
	}
	if architecture == "qwen2" && hidden != width {
		return Err(unsupported(&format!(
			"qwen2 with heads of {width} over a width of {hidden}"
		)));
	}
	let permuted = architecture == "llama" && style == RotaryStyle::Half;

	let mut writer = Writer::default();
	let number = |key: &str| config.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0) as u32;
	let vocabulary = program.vocabulary().unwrap_or(0);
	writer.set("general.architecture", Value::String(architecture.into()));
	writer.set("general.name", Value::String(lowered.metadata.name.clone()));
	writer.set("general.file_type", Value::U32(MOSTLY_Q8_0));
	writer.set("general.quantization_version", Value::U32(QUANTISATION_VERSION));
	// llama.cpp insists on a model of tokenizer, and on the size of the vocabulary where it is none.
	writer.set("tokenizer.ggml.model", Value::String("no_vocab".into()));
	writer.set(format!("{architecture}.vocab_size"), Value::U32(vocabulary));
	let mut set = |key: &str, value: Value| {
		writer.set(format!("{architecture}.{key}"), value);
	};
	set("block_count", Value::U32(program.layers.into()));
	set("context_length", Value::U32(program.positions));
	set("embedding_length", Value::U32(number("hidden_size")));
	set("feed_forward_length", Value::U32(number("intermediate_size")));
	set("attention.head_count", Value::U32(heads.into()));
	set("attention.head_count_kv", Value::U32(kv_heads.into()));
	set("attention.key_length", Value::U32(head_dim));
	set("attention.value_length", Value::U32(head_dim));
	set(
		"attention.layer_norm_rms_epsilon",
		Value::F32((epsilon as f64 / 2f64.powi(32)) as f32),
	);
	set("rope.dimension_count", Value::U32(head_dim));
	set("rope.freq_base", Value::F32(base as f32));
	if let Scaling::Linear { factor } = scaling {
		set("rope.scaling.type", Value::String("linear".into()));
		set("rope.scaling.factor", Value::F32(factor as f32));
	}
	if let Some(&token) = stop.first() {
		writer.set("tokenizer.ggml.eos_token_id", Value::U32(token));
	}

	for instance in program.instances() {
		let (shape, named) = lowered.source(instance.tensor, instance.layer)?;
		if matches!(shape, Shape::Rotation { .. }) {
			continue;
		}
		let name = tensor_name(&named.name).ok_or_else(|| unsupported(&named.name))?;
		let projected = name.contains("attn_output.") || name.contains("ffn_");
		if architecture != "llama" && projected && name.ends_with(".bias") {
			return Err(unsupported(&format!("{architecture} with `{name}`")));
		}
		let permute = permuted && (name.contains("attn_q.") || name.contains("attn_k."));
		let head_rows = if permute { head_dim as usize } else { 0 };
		let read = move || -> Result<Vec<u8>> {
			let mut bytes = vec![0; shape.bytes() as usize];
			named.source.fill(shape, 0..shape.rows(), &mut bytes)?;
			Ok(bytes)
		};
		match shape {
			Shape::Matrix { rows, columns } => {
				writer.tensor(
					&name,
					&[rows.into(), columns.into()],
					tensor_type::Q8_0,
					shape.bytes(),
					move || {
						let canonical = read()?;
						let row = |i: usize| &canonical[i * shape.row_bytes() as usize..][..shape.row_bytes() as usize];
						let mut blocks = Vec::with_capacity(canonical.len());
						(0..rows as usize).for_each(|i| gguf_row(row(interleaved(i, head_rows)), &mut blocks));
						Ok(blocks)
					},
				);
			}
			_ => {
				let values = floats(shape, &read()?);
				let values = (0..values.len()).map(|i| values[interleaved(i, head_rows)]).collect();
				writer.tensor_f32(&name, &[shape.row_bytes() / 4], values);
			}
		}
	}
	if matches!(scaling, Scaling::Llama3 { .. }) {
		let plain = frequencies(base, head_dim, &Scaling::None);
		let scaled = frequencies(base, head_dim, &scaling);
		let divisors: Vec<f32> = plain
			.iter()
			.zip(scaled)
			.map(|(plain, scaled)| (plain / scaled) as f32)
			.collect();
		writer.tensor_f32("rope_freqs.weight", &[divisors.len() as u64], divisors);
	}
	Ok(writer)
}

/// Where row `i` of the interleaved order lies in the order of halves, for heads of `head_rows` rows (0: not reordered).
fn interleaved(i: usize, head_rows: usize) -> usize {
	if head_rows == 0 {
		return i;
	}
	let (head, within) = (i / head_rows, i % head_rows);
	head * head_rows + within % 2 * (head_rows / 2) + within / 2
}

fn unsupported(found: &str) -> ArtifactError {
	ArtifactError::Unsupported {
		what: "model for GGUF export",
		found: found.into(),
		supported: "the Llama family, with its config.json",
	}
}
