//! Reader of safetensors files: one, or the shards that an index lists.
//!
//! The header is checked here rather than by a library so that each flaw has its own message and nothing is mapped.

use std::{
	collections::BTreeMap,
	path::{Component, Path},
	sync::Arc,
};

use serde::Deserialize;

use crate::{
	error::{ArtifactError, Result},
	import::{folder::read_json, names::aliases},
	lower::Checkpoint,
	source::{Encoding, ModelFile, Source, Stored},
};

/// Largest header. The largest models have a few thousand tensors to a file and need under 1 MiB.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// All tensors of a model folder.
#[derive(Debug)]
pub(crate) struct SafeTensors {
	tensors: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
	file: Arc<ModelFile>,
	info: Info,
	/// Of the first byte, in the file.
	offset: u64,
}

#[derive(Debug, Deserialize)]
struct Info {
	dtype: String,
	shape: Vec<u64>,
	data_offsets: (u64, u64),
}

#[derive(Debug, Deserialize)]
struct Index {
	weight_map: BTreeMap<String, String>,
}

impl SafeTensors {
	/// Opens `model.safetensors`, or the shards of `model.safetensors.index.json`.
	pub(crate) fn open(folder: &Path) -> Result<Self> {
		let index_path = folder.join("model.safetensors.index.json");
		let single = folder.join("model.safetensors");
		let mut tensors = BTreeMap::new();
		if single.exists() || !index_path.exists() {
			read_file(&single, &mut tensors)?;
			return Ok(Self { tensors });
		}
		let index: Index = read_json(&index_path)?;
		let mut shards: Vec<&String> = index.weight_map.values().collect();
		shards.sort();
		shards.dedup();
		for shard in shards {
			let mut components = Path::new(shard).components();
			if !matches!(
				(components.next(), components.next()),
				(Some(Component::Normal(_)), None)
			) {
				let reason = format!("shard `{shard}` is not the name of a file in the folder");
				return Err(ArtifactError::malformed(index_path, reason));
			}
			read_file(&folder.join(shard), &mut tensors)?;
		}
		for (name, shard) in &index.weight_map {
			let entry = tensors
				.get(name)
				.ok_or_else(|| ArtifactError::MissingTensor { name: name.clone() })?;
			if entry.file.path.file_name().is_none_or(|file| file != shard.as_str()) {
				let reason = format!("tensor `{name}` is not in shard `{shard}`");
				return Err(ArtifactError::malformed(index_path, reason));
			}
		}
		Ok(Self { tensors })
	}
}

fn read_file(path: &Path, tensors: &mut BTreeMap<String, Entry>) -> Result<()> {
	let file = Arc::new(ModelFile::open(path.to_path_buf())?);
	let truncated = |what: String, expected: u64| ArtifactError::Truncated {
		path: path.into(),
		what,
		expected,
		found: file.length,
	};
	if file.length < 8 {
		return Err(truncated("the header's length".into(), 8));
	}
	let mut length = [0; 8];
	file.read(0, &mut length)?;
	let header_bytes = u64::from_le_bytes(length);
	if header_bytes > MAX_HEADER_BYTES {
		let reason = format!("its header says to have {header_bytes} bytes, the limit is {MAX_HEADER_BYTES}");
		return Err(ArtifactError::malformed(path, reason));
	}
	let data = 8 + header_bytes;
	if data > file.length {
		return Err(truncated("the header".into(), data));
	}
	let mut header = vec![0; header_bytes as usize];
	file.read(8, &mut header)?;
	let entries: BTreeMap<String, serde_json::Value> =
		serde_json::from_slice(&header).map_err(|source| ArtifactError::Json {
			path: path.into(),
			source,
		})?;

	let mut spans = Vec::with_capacity(entries.len());
	for (name, entry) in entries.into_iter().filter(|(name, _)| name != "__metadata__") {
		let info: Info = serde_json::from_value(entry).map_err(|source| ArtifactError::Json {
			path: path.into(),
			source,
		})?;
		let (start, end) = info.data_offsets;
		if start > end {
			let reason = format!("tensor `{name}` ends at {end}, before it begins at {start}");
			return Err(ArtifactError::malformed(path, reason));
		}
		let expected = data.saturating_add(end);
		if expected > file.length {
			return Err(truncated(format!("tensor `{name}`"), expected));
		}
		spans.push((start, end, name.clone()));
		let entry = Entry {
			file: file.clone(),
			offset: data + start,
			info,
		};
		if tensors.insert(name.clone(), entry).is_some() {
			return Err(ArtifactError::malformed(
				path,
				format!("tensor `{name}` is in two shards"),
			));
		}
	}
	spans.sort();
	for pair in spans.windows(2) {
		if pair[1].0 < pair[0].1 {
			let (first, second) = (pair[0].2.clone(), pair[1].2.clone());
			return Err(ArtifactError::Overlap {
				path: path.into(),
				first,
				second,
			});
		}
	}
	Ok(())
}

impl SafeTensors {
	/// The tensor that families call `name`, with the name it has here.
	fn find(&self, name: &str) -> Result<(String, &Entry)> {
		let mut found: Vec<(String, &Entry)> = aliases(name)
			.into_iter()
			.filter_map(|alias| self.tensors.get(&alias).map(|entry| (alias, entry)))
			.collect();
		match (found.pop(), found.pop()) {
			(Some(only), None) => Ok(only),
			(Some((second, _)), Some((first, _))) => Err(ArtifactError::Contradiction {
				what: "names of one tensor",
				first: format!("`{first}`"),
				second: format!("`{second}`"),
			}),
			(None, _) => Err(ArtifactError::MissingTensor { name: name.into() }),
		}
	}
}

impl Checkpoint for SafeTensors {
	fn take(&self, name: &str, dims: &[u64]) -> Result<Source> {
		let (name, entry) = self.find(name)?;
		if entry.info.shape != dims {
			let (expected, found) = (dims.to_vec(), entry.info.shape.clone());
			return Err(ArtifactError::MisshapenTensor { name, expected, found });
		}
		let encoding = match entry.info.dtype.as_str() {
			"F32" => Encoding::F32,
			"F16" => Encoding::F16,
			"BF16" => Encoding::Bf16,
			_ => {
				return Err(ArtifactError::UnsupportedDtype {
					name,
					found: entry.info.dtype.clone(),
					supported: "F32, F16, BF16",
				})
			}
		};
		let elements = dims.iter().try_fold(1u64, |product, &dim| product.checked_mul(dim));
		let expected = elements.and_then(|elements| encoding.bytes(elements));
		let found = entry.info.data_offsets.1 - entry.info.data_offsets.0;
		if expected != Some(found) {
			let reason = format!(
				"tensor `{name}` of shape {dims:?} has {found} bytes of {}",
				entry.info.dtype
			);
			return Err(ArtifactError::malformed(&entry.file.path, reason));
		}
		Ok(Source::Stored(Stored {
			name,
			file: entry.file.clone(),
			offset: entry.offset,
			dims: dims.to_vec(),
			encoding,
		}))
	}
}
