//! An artifact on disk, opened read-only.

use std::{
	fs::File,
	path::{Path, PathBuf},
	sync::OnceLock,
};

use assay_exact::{
	evaluate::Weights,
	program::{Program, Shape, TensorIndex},
};
use assay_trace::{
	artifact::{ArtifactTree, Leaves},
	merkle::leaf_hash,
	prover::OpenArtifact,
	Hash32,
};
use memmap2::Mmap;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
	error::{ArtifactError, Result},
	format::{Header, Layout, Manifest, Span, HEADER_BYTES},
	lowered::Metadata,
	quantise::{check_rotation, check_row, weights_start},
	root::RootBuilder,
	source::{floats, locate},
};

/// A program with its weights and files.
///
/// The file is memory-mapped: it must not be changed or truncated while it is open. Artifacts are written under a
/// temporary name and renamed, so replacing one leaves those who have it open with the old bytes.
#[derive(Debug)]
pub struct Artifact {
	path: PathBuf,
	map: Mmap,
	header: Header,
	manifest: Manifest,
	program: Program,
	layout: Layout,
	/// Of the bytes as they are, once somebody has read all of them.
	tree: OnceLock<ArtifactTree>,
}

impl Artifact {
	/// Opens an artifact and checks everything except the weights: header, manifest, program, and that the file holds
	/// every tensor and file. [`Artifact::root`] is what the header *says* until [`Artifact::verify`] has run.
	pub fn open(path: impl AsRef<Path>) -> Result<Self> {
		let path = path.as_ref().to_path_buf();
		let file = File::open(&path).map_err(ArtifactError::io(&path))?;
		// SAFETY: the mapping is read-only. Its documented contract is that nobody changes the file while it is open; all
		// reads go through bounds-checked slices, so a change in place gives wrong numbers, never undefined lengths.
		let map = unsafe { Mmap::map(&file) }.map_err(ArtifactError::io(&path))?;
		let header = Header::decode(&path, &map)?;
		let truncated = |what: &str, expected: u64| ArtifactError::Truncated {
			path: path.clone(),
			what: what.into(),
			expected,
			found: map.len() as u64,
		};
		let end = HEADER_BYTES as u64 + header.manifest_bytes;
		let bytes = map
			.get(HEADER_BYTES..end as usize)
			.ok_or_else(|| truncated("the manifest", end))?;
		let (manifest, program) = Manifest::decode_checked(&path, &header, bytes)?;
		let layout = Layout::new(&program, header.manifest_bytes, &manifest.files);
		if (map.len() as u64) < layout.end {
			let missing = layout
				.tensors
				.iter()
				.position(|span| span.offset + span.bytes > map.len() as u64);
			let what = missing.map_or("an embedded file", |i| &manifest.names[i]);
			return Err(truncated(what, layout.end));
		}
		if map.len() as u64 > layout.end {
			let reason = format!("{} bytes follow its end", map.len() as u64 - layout.end);
			return Err(ArtifactError::malformed(path, reason));
		}
		Ok(Self {
			path,
			map,
			header,
			manifest,
			program,
			layout,
			tree: OnceLock::new(),
		})
	}

	/// Opens an artifact and verifies it.
	pub fn open_verified(path: impl AsRef<Path>) -> Result<Self> {
		let artifact = Self::open(path)?;
		artifact.verify()?;
		Ok(artifact)
	}

	/// Reads every byte: the root is the root of the tensors and files, embedded files match their hashes, and all weights
	/// keep the rules of the profile (no weight of -128, scales finite and not negative, rotations within ±1). What the
	/// engine loads after this cannot break its bounds.
	pub fn verify(&self) -> Result<()> {
		let mut root = RootBuilder::new(&self.program);
		for (index, (shape, bytes)) in self.tensors().enumerate() {
			self.check_weights(index, shape, bytes)?;
			root.rows(shape, bytes);
		}
		for (entry, &span) in self.manifest.files.iter().zip(&self.layout.files) {
			if <[u8; 32]>::from(Sha256::digest(self.bytes(span))) != entry.sha256 {
				return Err(ArtifactError::FileMismatch {
					name: entry.name.clone(),
				});
			}
			root.file(&entry.name, entry.sha256);
		}
		let tree = root.finish();
		let computed = tree.root();
		if computed != self.root() {
			return Err(ArtifactError::RootMismatch {
				stated: self.root(),
				computed,
			});
		}
		self.check_padding()?;
		self.tree.get_or_init(|| tree);
		Ok(())
	}

	/// Shape and bytes of every tensor in artifact order.
	fn tensors(&self) -> impl Iterator<Item = (Shape, &[u8])> {
		self.program
			.instances()
			.zip(&self.layout.tensors)
			.map(|(instance, &span)| {
				let shape = self.program.tensors[usize::from(instance.tensor.0)].shape;
				(shape, self.bytes(span))
			})
	}

	fn check_weights(&self, index: usize, shape: Shape, bytes: &[u8]) -> Result<()> {
		let row_bytes = shape.row_bytes() as usize;
		let check: fn(&[u8]) -> _ = match shape {
			Shape::Vector { .. } => return Ok(()),
			Shape::Matrix { .. } => |row| check_row(row, weights_start(row.len())),
			Shape::Rotation { .. } => check_rotation,
		};
		bytes
			.par_chunks_exact(row_bytes)
			.with_min_len(64)
			.enumerate()
			.try_for_each(|(row, bytes)| {
				check(bytes).map_err(|flaw| locate(flaw, &self.manifest.names[index], row as u64))
			})
	}

	/// The bytes between tensors are zero, so that one root has one file.
	fn check_padding(&self) -> Result<()> {
		let mut end = HEADER_BYTES as u64 + self.header.manifest_bytes;
		for span in self.layout.tensors.iter().chain(&self.layout.files) {
			if self.map[end as usize..span.offset as usize]
				.iter()
				.any(|&byte| byte != 0)
			{
				return Err(ArtifactError::malformed(
					&self.path,
					format!("padding at byte {end} is not zero"),
				));
			}
			end = span.offset + span.bytes;
		}
		Ok(())
	}

	fn bytes(&self, span: Span) -> &[u8] {
		&self.map[span.offset as usize..(span.offset + span.bytes) as usize]
	}

	/// Where the artifact lies.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Length of the file.
	pub fn file_bytes(&self) -> u64 {
		self.layout.end
	}

	/// The program.
	pub fn program(&self) -> &Program {
		&self.program
	}

	/// The encoded program, as it is registered on chain.
	pub fn program_bytes(&self) -> &[u8] {
		&self.manifest.program
	}

	/// The Merkle root that the chain knows this artifact by: stated by the header, proven by [`Artifact::verify`].
	pub fn root(&self) -> Hash32 {
		Hash32(self.header.root)
	}

	/// What is known about the model.
	pub fn metadata(&self) -> &Metadata {
		&self.manifest.metadata
	}

	/// Canonical bytes of a tensor: its rows, one after the other.
	pub fn tensor(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<&[u8]> {
		let (index, _) = self.layout.index(tensor, layer).ok_or(ArtifactError::NoSuchTensor {
			tensor: tensor.0,
			layer,
		})?;
		Ok(self.bytes(self.layout.tensors[index]))
	}

	/// Lets the pages of a tensor leave memory, for callers that have copied it; they come back when it is read again.
	pub fn release(&self, tensor: TensorIndex, layer: Option<u16>) {
		#[cfg(unix)]
		if let Some((index, _)) = self.layout.index(tensor, layer) {
			let span = self.layout.tensors[index];
			let (offset, bytes) = (span.offset as usize, span.bytes as usize);
			// Only advice: where the system does not take it, the pages stay until the artifact is dropped.
			// SAFETY: the mapping is of a file and never written, so pages dropped are read again as they were.
			let _ = unsafe {
				self.map
					.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, offset, bytes)
			};
		}
	}

	/// Name a tensor had in the model file.
	pub fn tensor_name(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<&str> {
		let (index, _) = self.layout.index(tensor, layer).ok_or(ArtifactError::NoSuchTensor {
			tensor: tensor.0,
			layer,
		})?;
		Ok(&self.manifest.names[index])
	}

	/// A tensor in floats, after quantisation. Rotation tables come as (cosine, sine) couples.
	pub fn tensor_f32(&self, tensor: TensorIndex, layer: Option<u16>) -> Result<Vec<f32>> {
		let bytes = self.tensor(tensor, layer)?;
		Ok(floats(self.program.tensors[usize::from(tensor.0)].shape, bytes))
	}

	/// An embedded file.
	pub fn file(&self, name: &str) -> Option<&[u8]> {
		let index = self.manifest.files.iter().position(|file| file.name == name)?;
		Some(self.bytes(self.layout.files[index]))
	}

	/// SHA-256 of an embedded file, as the manifest states it.
	pub fn file_hash(&self, name: &str) -> Option<[u8; 32]> {
		self.manifest
			.files
			.iter()
			.find(|file| file.name == name)
			.map(|file| file.sha256)
	}

	/// Names of all embedded files.
	pub fn file_names(&self) -> impl Iterator<Item = &str> {
		self.manifest.files.iter().map(|file| file.name.as_str())
	}
}

impl Weights for Artifact {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		let (index, shape) = self.layout.index(tensor, layer)?;
		let start = usize::try_from(shape.row_bytes().checked_mul(row.into())?).ok()?;
		self.bytes(self.layout.tensors[index])
			.get(start..start + shape.row_bytes() as usize)
	}
}

impl OpenArtifact for Artifact {
	/// Computed from the bytes on the first call, unless [`Artifact::verify`] has done it. Its root is
	/// [`Artifact::root`] if the artifact verifies.
	fn tree(&self) -> &ArtifactTree {
		self.tree.get_or_init(|| {
			let mut root = RootBuilder::new(&self.program);
			for (shape, bytes) in self.tensors() {
				root.rows(shape, bytes);
			}
			for entry in &self.manifest.files {
				root.file(&entry.name, entry.sha256);
			}
			root.finish()
		})
	}

	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>> {
		let (index, shape) = self.layout.index(tensor, layer)?;
		let bytes = self.bytes(self.layout.tensors[index]);
		let leaves: Vec<&[u8]> = Leaves::new(shape).cut(bytes)?.collect();
		Some(leaves.into_par_iter().map(leaf_hash).collect())
	}
}
