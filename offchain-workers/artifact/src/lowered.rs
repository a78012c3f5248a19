//! A model after import: its program, and for each tensor where the bytes come from. Nothing is quantised yet.

use assay_exact::program::{Head, Program, Shape, TensorIndex};
use codec::{Decode, Encode};

use crate::{
	error::{ArtifactError, Result},
	source::Source,
};

/// What is known about a model beside its program. Kept in the artifact's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Metadata {
	/// Name of the model: of its folder, or as its GGUF file says.
	pub name: String,
	/// Architecture as the model file names it, for instance `LlamaForCausalLM`.
	pub architecture: String,
	/// Parameters of the source: elements of all its tensors that the program uses, shared ones once.
	pub parameters: u64,
	/// Licence, where the model file states one.
	pub licence: Option<String>,
	/// Longest input in tokens the model was trained for, where it is shorter than the program's positions
	/// (sentence-transformers).
	pub max_sequence_length: Option<u32>,
	/// Program that wrote the artifact.
	pub created_by: String,
}

/// A small file that travels inside the artifact: tokenizer, configuration, chat template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
	/// Relative path, `/` between its parts.
	pub name: String,
	/// Content.
	pub content: Vec<u8>,
}

/// A model lowered to a program.
#[derive(Debug)]
pub struct Lowered {
	pub(crate) program: Program,
	/// For each tensor of the program, its sources: one, or one for each layer.
	pub(crate) sources: Vec<Vec<NamedSource>>,
	pub(crate) files: Vec<NamedFile>,
	pub(crate) metadata: Metadata,
}

/// A source and the name its tensor has in the model.
#[derive(Debug, Clone)]
pub(crate) struct NamedSource {
	pub(crate) name: String,
	pub(crate) source: Source,
}

impl Lowered {
	/// The same model, but one that stops at these tokens if it generates any.
	pub fn stopping_at(mut self, tokens: Vec<u32>) -> Self {
		if let Head::Tokens { stop, .. } = &mut self.program.head {
			*stop = tokens;
		}
		self
	}

	/// The program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// What is known about the model.
	pub fn metadata(&self) -> &Metadata {
		&self.metadata
	}

	/// Replaces the model's name.
	pub fn set_name(&mut self, name: impl Into<String>) {
		self.metadata.name = name.into();
	}

	/// Files that will travel inside the artifact.
	pub fn files(&self) -> &[NamedFile] {
		&self.files
	}

	/// A file by name.
	pub fn file(&self, name: &str) -> Option<&[u8]> {
		self.files
			.iter()
			.find(|file| file.name == name)
			.map(|file| file.content.as_slice())
	}

	/// Name of a tensor in the model.
	pub fn tensor_name(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<&str> {
		Ok(&self.source(tensor, layer)?.1.name)
	}

	/// A tensor in floats, as the model file has it: before quantisation, row by row, padding included as zeros. Rotation
	/// tables come as (cosine, sine) couples. This is what the float baseline runs on.
	pub fn tensor_f32(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<Vec<f32>> {
		let (shape, named) = self.source(tensor, layer)?;
		named.source.floats(shape)
	}

	pub(crate) fn source(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<(Shape, &NamedSource)> {
		let missing = || ArtifactError::NoSuchTensor {
			tensor: tensor.0,
			layer,
		};
		let declared = self.program.tensors.get(usize::from(tensor.0)).ok_or_else(missing)?;
		if declared.per_layer != layer.is_some() {
			return Err(missing());
		}
		let source = self.sources[usize::from(tensor.0)]
			.get(usize::from(layer.unwrap_or(0)))
			.ok_or_else(missing)?;
		Ok((declared.shape, source))
	}
}
