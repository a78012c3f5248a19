//! What can be wrong with a model file or an artifact: one variant for each cause.

use std::{io, path::PathBuf};

use assay_trace::Hash32;

/// Result of every fallible function of this crate.
pub type Result<T, E = ArtifactError> = std::result::Result<T, E>;

/// Why a model could not be imported or an artifact not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
	/// The operating system refused.
	#[error("{path}: {source}")]
	Io {
		/// File or folder.
		path: PathBuf,
		/// Its reason.
		source: io::Error,
	},
	/// A JSON file that does not parse, or lacks a field, or holds one of the wrong type.
	#[error("{path}: {source}")]
	Json {
		/// The file.
		path: PathBuf,
		/// Where and why.
		source: serde_json::Error,
	},
	/// An architecture no importer exists for.
	#[error("architecture `{found}` is not supported; supported: {supported}")]
	UnknownArchitecture {
		/// As the file names it.
		found: String,
		/// What would work.
		supported: &'static str,
	},
	/// A known architecture with a feature that has no exact lowering.
	#[error("{what} `{found}` is not supported; supported: {supported}")]
	Unsupported {
		/// The feature.
		what: &'static str,
		/// As the file has it.
		found: String,
		/// What would work.
		supported: &'static str,
	},
	/// A tensor the architecture needs.
	#[error("tensor `{name}` is missing")]
	MissingTensor {
		/// Its name in the file.
		name: String,
	},
	/// A tensor of another shape than the configuration says.
	#[error("tensor `{name}` has shape {found:?}, expected {expected:?}")]
	MisshapenTensor {
		/// Its name in the file.
		name: String,
		/// What the configuration says.
		expected: Vec<u64>,
		/// What the file says.
		found: Vec<u64>,
	},
	/// A tensor stored in a way that has no import.
	#[error("tensor `{name}` is stored as {found}; supported: {supported}")]
	UnsupportedDtype {
		/// Its name in the file.
		name: String,
		/// Its data type.
		found: String,
		/// What would work.
		supported: &'static str,
	},
	/// A weight that is NaN or infinite.
	#[error("tensor `{name}` holds {value} at row {row}, column {column}")]
	NotFinite {
		/// The tensor.
		name: String,
		/// NaN or an infinity.
		value: f32,
		/// Row.
		row: u64,
		/// Column.
		column: u64,
	},
	/// A weight beyond the range of the storage: ±32,768 in vectors, 127 times the largest f16 in matrices.
	#[error("tensor `{name}` holds {value} at row {row}, column {column}, beyond ±{limit}")]
	OutOfRange {
		/// The tensor.
		name: String,
		/// The weight.
		value: f32,
		/// Row.
		row: u64,
		/// Column.
		column: u64,
		/// Largest magnitude.
		limit: f32,
	},
	/// A Q8_0 block with the weight -128, which the profile excludes.
	#[error("tensor `{name}` holds the weight -128 at row {row}, column {column}; the smallest is -127")]
	InvalidWeight {
		/// The tensor.
		name: String,
		/// Row.
		row: u64,
		/// Column.
		column: u64,
	},
	/// A Q8_0 block whose scale is negative, infinite or NaN.
	#[error("tensor `{name}` has the scale {value} at row {row}, block {block}; scales are finite and not negative")]
	InvalidScale {
		/// The tensor.
		name: String,
		/// The scale.
		value: f32,
		/// Row.
		row: u64,
		/// Block in the row.
		block: u64,
	},
	/// A cosine or sine beyond ±1.
	#[error("rotation table `{name}` holds {value} at row {row}, element {column}, beyond ±2^30")]
	InvalidRotation {
		/// The table.
		name: String,
		/// The entry.
		value: i32,
		/// Row.
		row: u64,
		/// Element of the row.
		column: u64,
	},
	/// A dimension the blocks of 32 do not divide.
	#[error("{what} is {value}, not a multiple of 32")]
	NotMultipleOf32 {
		/// The dimension.
		what: &'static str,
		/// Its value.
		value: u64,
	},
	/// A number above its limit.
	#[error("{what} is {value}, the limit is {limit}")]
	TooLarge {
		/// What is too large.
		what: &'static str,
		/// Its value.
		value: u64,
		/// Largest value.
		limit: u64,
	},
	/// A number of the configuration that makes no sense (zero heads, a negative epsilon).
	#[error("{what} is {value}: {reason}")]
	InvalidParameter {
		/// The parameter.
		what: &'static str,
		/// Its value.
		value: String,
		/// Why not.
		reason: &'static str,
	},
	/// Something that a model says in two places, which do not agree.
	#[error("{what}: {first} and {second} exclude each other")]
	Contradiction {
		/// What it says.
		what: &'static str,
		/// In one place.
		first: String,
		/// In the other.
		second: String,
	},
	/// A file that ends too early.
	#[error("{path} is truncated: {what} needs {expected} bytes, the file has {found}")]
	Truncated {
		/// The file.
		path: PathBuf,
		/// What did not fit.
		what: String,
		/// Bytes needed.
		expected: u64,
		/// Bytes there.
		found: u64,
	},
	/// Two tensors that share bytes of the file.
	#[error("{path}: tensors `{first}` and `{second}` overlap")]
	Overlap {
		/// The file.
		path: PathBuf,
		/// The earlier tensor.
		first: String,
		/// The later tensor.
		second: String,
	},
	/// A file that breaks its format in another way.
	#[error("{path} is malformed: {reason}")]
	Malformed {
		/// The file.
		path: PathBuf,
		/// How.
		reason: String,
	},
	/// A tokenizer that cannot be converted, or does not have what its configuration asks for.
	#[error("the tokenizer of the model cannot be used ({reason}); name a tokenizer.json in the import options")]
	Tokenizer {
		/// Why not.
		reason: String,
	},
	/// The lowered or stored program breaks a rule of the profile.
	#[error("invalid program: {0}")]
	Program(#[from] assay_exact::ProgramError),
	/// A file that is no artifact.
	#[error("{path} is not an artifact: it does not begin with the magic bytes")]
	NotAnArtifact {
		/// The file.
		path: PathBuf,
	},
	/// An artifact of another format version.
	#[error("{path} has format version {found}, this program reads {expected}")]
	Version {
		/// The file.
		path: PathBuf,
		/// Version of the file.
		found: u32,
		/// Version of this program.
		expected: u32,
	},
	/// An artifact whose tensors do not hash to its root.
	#[error("the artifact's tensors hash to {computed}, its header says {stated}")]
	RootMismatch {
		/// Root in the header.
		stated: Hash32,
		/// Root of the bytes.
		computed: Hash32,
	},
	/// An embedded file that does not hash to what the manifest says.
	#[error("embedded file `{name}` does not match its hash")]
	FileMismatch {
		/// The file's name.
		name: String,
	},
	/// A tensor the program does not have.
	#[error("the program has no tensor {tensor} for layer {layer:?}")]
	NoSuchTensor {
		/// Index of the tensor.
		tensor: u16,
		/// Layer asked for.
		layer: Option<u16>,
	},
}

impl ArtifactError {
	pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
		let path = path.into();
		move |source| Self::Io { path, source }
	}

	pub(crate) fn malformed(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
		Self::Malformed {
			path: path.into(),
			reason: reason.into(),
		}
	}
}
