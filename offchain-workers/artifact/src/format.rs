//! The artifact file: header, manifest, and where everything lies. The crate's page has the table.

use std::path::Path;

use assay_exact::program::{Program, Shape, TensorIndex};
use codec::{Decode, DecodeAll, Encode};
use sha2::{Digest, Sha256};

use crate::{
	error::{ArtifactError, Result},
	lowered::Metadata,
};

/// First bytes of every artifact.
pub(crate) const MAGIC: [u8; 8] = *b"ASSAY\x1a\r\n";
/// Version of the file format.
pub const FORMAT_VERSION: u32 = 1;
/// Bytes of the header; the manifest follows.
pub(crate) const HEADER_BYTES: usize = 88;
/// Tensors and files begin at multiples of this.
pub(crate) const ALIGNMENT: u64 = 64;
/// Largest manifest.
pub(crate) const MAX_MANIFEST_BYTES: u64 = 16 << 20;
/// Largest embedded file.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// The fixed part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
	pub(crate) manifest_bytes: u64,
	pub(crate) root: [u8; 32],
	pub(crate) manifest_hash: [u8; 32],
}

impl Header {
	pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
		let mut bytes = [0; HEADER_BYTES];
		bytes[..8].copy_from_slice(&MAGIC);
		bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
		bytes[16..24].copy_from_slice(&self.manifest_bytes.to_le_bytes());
		bytes[24..56].copy_from_slice(&self.root);
		bytes[56..88].copy_from_slice(&self.manifest_hash);
		bytes
	}

	pub(crate) fn decode(path: &Path, file: &[u8]) -> Result<Self> {
		if !file.starts_with(&MAGIC) {
			return Err(ArtifactError::NotAnArtifact { path: path.into() });
		}
		let bytes = file.get(..HEADER_BYTES).ok_or_else(|| ArtifactError::Truncated {
			path: path.into(),
			what: "the header".into(),
			expected: HEADER_BYTES as u64,
			found: file.len() as u64,
		})?;
		let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes; qed"));
		let hash = |at: usize| -> [u8; 32] { bytes[at..at + 32].try_into().expect("32 bytes; qed") };
		if word(8) != FORMAT_VERSION {
			return Err(ArtifactError::Version {
				path: path.into(),
				found: word(8),
				expected: FORMAT_VERSION,
			});
		}
		if word(12) != 0 {
			return Err(ArtifactError::malformed(
				path,
				"reserved bytes of the header are not zero",
			));
		}
		let manifest_bytes = u64::from(word(16)) | u64::from(word(20)) << 32;
		if manifest_bytes > MAX_MANIFEST_BYTES {
			let reason = format!("the manifest has {manifest_bytes} bytes, the limit is {MAX_MANIFEST_BYTES}");
			return Err(ArtifactError::malformed(path, reason));
		}
		Ok(Self {
			manifest_bytes,
			root: hash(24),
			manifest_hash: hash(56),
		})
	}
}

/// A file inside the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct FileEntry {
	pub(crate) name: String,
	pub(crate) bytes: u64,
	pub(crate) sha256: [u8; 32],
}

/// The variable part: SCALE-encoded after the header.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Manifest {
	/// The encoded program, which says the shape of every tensor.
	pub(crate) program: Vec<u8>,
	/// Names of the tensors in artifact order.
	pub(crate) names: Vec<String>,
	pub(crate) files: Vec<FileEntry>,
	pub(crate) metadata: Metadata,
}

impl Manifest {
	/// Decodes and checks everything that needs no other bytes than the manifest's.
	pub(crate) fn decode_checked(path: &Path, header: &Header, mut bytes: &[u8]) -> Result<(Self, Program)> {
		if <[u8; 32]>::from(Sha256::digest(bytes)) != header.manifest_hash {
			return Err(ArtifactError::malformed(path, "the manifest does not match its hash"));
		}
		let manifest = Self::decode_all(&mut bytes)
			.map_err(|error| ArtifactError::malformed(path, format!("the manifest does not decode: {error}")))?;
		let program = Program::decode_checked(&manifest.program)?;
		let instances = program.instances().count();
		if manifest.names.len() != instances {
			let reason = format!(
				"the manifest names {} tensors, the program has {instances}",
				manifest.names.len()
			);
			return Err(ArtifactError::malformed(path, reason));
		}
		for (i, file) in manifest.files.iter().enumerate() {
			if file.bytes > MAX_FILE_BYTES {
				let reason = format!(
					"file `{}` has {} bytes, the limit is {MAX_FILE_BYTES}",
					file.name, file.bytes
				);
				return Err(ArtifactError::malformed(path, reason));
			}
			if manifest.files[..i].iter().any(|earlier| earlier.name == file.name) {
				return Err(ArtifactError::malformed(
					path,
					format!("file `{}` is there twice", file.name),
				));
			}
		}
		Ok((manifest, program))
	}
}

/// Where the bytes of one tensor or file lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
	pub(crate) offset: u64,
	pub(crate) bytes: u64,
}

/// Offsets of every tensor and file. They follow from the manifest, so they are not stored and cannot overlap.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
	/// In artifact order.
	pub(crate) tensors: Vec<Span>,
	pub(crate) files: Vec<Span>,
	/// Length of the file.
	pub(crate) end: u64,
	/// For each tensor of the program, its shape, whether it is per-layer, and its place among those of its kind.
	declared: Vec<(Shape, bool, usize)>,
	whole: usize,
	per_layer: usize,
}

impl Layout {
	pub(crate) fn new(program: &Program, manifest_bytes: u64, files: &[FileEntry]) -> Self {
		let (mut whole, mut per_layer) = (0, 0);
		let mut declared = Vec::with_capacity(program.tensors.len());
		for tensor in &program.tensors {
			let rank = if tensor.per_layer { &mut per_layer } else { &mut whole };
			declared.push((tensor.shape, tensor.per_layer, *rank));
			*rank += 1;
		}
		// A valid program has at most 2^40 weights and 2^24 tensors, and files are bounded: sums stay below 2^63.
		let mut end = HEADER_BYTES as u64 + manifest_bytes;
		let mut place = |bytes: u64| {
			let offset = end.next_multiple_of(ALIGNMENT);
			end = offset + bytes;
			Span { offset, bytes }
		};
		let shape = |tensor: TensorIndex| declared[usize::from(tensor.0)].0;
		let tensors = program
			.instances()
			.map(|instance| place(shape(instance.tensor).bytes()))
			.collect();
		let files = files.iter().map(|file| place(file.bytes)).collect();
		Self {
			tensors,
			files,
			end,
			declared,
			whole,
			per_layer,
		}
	}

	/// Place of a tensor in artifact order, and its shape.
	pub(crate) fn index(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<(usize, Shape)> {
		let &(shape, per_layer, rank) = self.declared.get(usize::from(tensor.0))?;
		let index = match (per_layer, layer) {
			(false, None) => rank,
			(true, Some(layer)) => self.whole + usize::from(layer) * self.per_layer + rank,
			_ => return None,
		};
		(index < self.tensors.len()).then_some((index, shape))
	}
}
