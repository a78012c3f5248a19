//! Writing an artifact: tensor by tensor, a few megabytes at a time, hashed on the way.

use std::{
	fs::File,
	io::{BufWriter, Seek, SeekFrom, Write},
	path::Path,
};

use codec::Encode;
use sha2::{Digest, Sha256};

use crate::{
	artifact::Artifact,
	error::{ArtifactError, Result},
	format::{FileEntry, Header, Layout, Manifest, HEADER_BYTES, MAX_FILE_BYTES},
	lowered::Lowered,
	root::{rows_per_leaf, RootBuilder},
};

/// Bytes quantised and hashed at a time.
const CHUNK_BYTES: u64 = 16 << 20;

/// Told how far a long piece of work has come.
pub trait Progress {
	/// `done` of `total` bytes are written; `tensor` is being worked on.
	fn advance(&mut self, done: u64, total: u64, tensor: &str);
}

/// For those who do not want to know.
impl Progress for () {
	fn advance(&mut self, _: u64, _: u64, _: &str) {}
}

impl<F: FnMut(u64, u64, &str)> Progress for F {
	fn advance(&mut self, done: u64, total: u64, tensor: &str) {
		self(done, total, tensor)
	}
}

impl Lowered {
	/// Quantises and writes the artifact, and opens it. The file appears under its name only when it is complete.
	pub fn pack(&self, path: impl AsRef<Path>, progress: &mut dyn Progress) -> Result<Artifact> {
		let path = path.as_ref();
		let folder = match path.parent() {
			Some(parent) if !parent.as_os_str().is_empty() => parent,
			_ => Path::new("."),
		};
		let mut builder = tempfile::Builder::new();
		builder.prefix(".assay-").suffix(".partial");
		#[cfg(unix)]
		builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
		let mut temporary = builder.tempfile_in(folder).map_err(ArtifactError::io(folder))?;
		self.write(path, temporary.as_file_mut(), progress)?;
		temporary.as_file().sync_all().map_err(ArtifactError::io(path))?;
		temporary.persist(path).map_err(|error| ArtifactError::Io {
			path: path.into(),
			source: error.error,
		})?;
		Artifact::open(path)
	}

	fn manifest(&self) -> Result<Manifest> {
		let mut names = Vec::new();
		for instance in self.program.instances() {
			names.push(self.source(instance.tensor, instance.layer)?.1.name.clone());
		}
		let mut files = Vec::new();
		for file in &self.files {
			crate::lower::at_most("bytes of an embedded file", file.content.len() as u64, MAX_FILE_BYTES)?;
			let sha256 = Sha256::digest(&file.content).into();
			files.push(FileEntry {
				name: file.name.clone(),
				bytes: file.content.len() as u64,
				sha256,
			});
		}
		Ok(Manifest {
			program: self.program.encode(),
			names,
			files,
			metadata: self.metadata.clone(),
		})
	}

	fn write(&self, path: &Path, file: &mut File, progress: &mut dyn Progress) -> Result<()> {
		let io = || ArtifactError::io(path);
		let manifest = self.manifest()?;
		let encoded = manifest.encode();
		let layout = Layout::new(&self.program, encoded.len() as u64, &manifest.files);
		let mut root = RootBuilder::new(&self.program);
		let mut out = Padded {
			writer: BufWriter::with_capacity(1 << 20, file),
			position: 0,
		};
		out.write(&[0; HEADER_BYTES]).map_err(io())?;
		out.write(&encoded).map_err(io())?;

		let mut buffer = Vec::new();
		for (instance, span) in self.program.instances().zip(&layout.tensors) {
			let (shape, named) = self.source(instance.tensor, instance.layer)?;
			out.pad_to(span.offset).map_err(io())?;
			let row_bytes = shape.row_bytes();
			let leaf = rows_per_leaf(shape);
			let chunk = ((CHUNK_BYTES / row_bytes / leaf).max(1) * leaf).min(u64::from(u32::MAX)) as u32;
			let mut first = 0;
			while first < shape.rows() {
				progress.advance(out.position, layout.end, &named.name);
				let last = shape.rows().min(first.saturating_add(chunk));
				buffer.resize((u64::from(last - first) * row_bytes) as usize, 0);
				named.source.fill(shape, first..last, &mut buffer)?;
				root.rows(shape, &buffer);
				out.write(&buffer).map_err(io())?;
				first = last;
			}
		}
		for ((file, entry), span) in self.files.iter().zip(&manifest.files).zip(&layout.files) {
			progress.advance(out.position, layout.end, &file.name);
			out.pad_to(span.offset).map_err(io())?;
			out.write(&file.content).map_err(io())?;
			root.file(&entry.name, entry.sha256);
		}
		let header = Header {
			manifest_bytes: encoded.len() as u64,
			root: root.finish().root().0,
			manifest_hash: Sha256::digest(&encoded).into(),
		};
		out.writer.seek(SeekFrom::Start(0)).map_err(io())?;
		out.writer.write_all(&header.encode()).map_err(io())?;
		out.writer.flush().map_err(io())?;
		progress.advance(layout.end, layout.end, "");
		Ok(())
	}
}

/// A writer that knows its position.
struct Padded<'a> {
	writer: BufWriter<&'a mut File>,
	position: u64,
}

impl Padded<'_> {
	fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
		self.position += bytes.len() as u64;
		self.writer.write_all(bytes)
	}

	fn pad_to(&mut self, offset: u64) -> std::io::Result<()> {
		let missing = (offset - self.position) as usize;
		self.write(&[0; crate::format::ALIGNMENT as usize][..missing])
	}
}
