//! By what the server is known: a key of its own, whose hash stands in the operator's record on the chain.

use assay_trace::merkle::Hash32;
use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData};
use std::{
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
	sync::Arc,
};
use tokio_rustls::rustls::{
	crypto::ring,
	pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
	version::TLS13,
	ServerConfig,
};

/// The file of the key in the folder of an endpoint.
const FILE: &str = "key.pem";

/// The key of a server, with a certificate that it has made itself.
#[derive(Clone)]
pub struct Identity {
	/// SHA-256 of the `SubjectPublicKeyInfo` (RFC 7469, section 2.4): what clients compare.
	pub key_hash: Hash32,
	/// What connections are accepted with: TLS 1.3.
	pub config: Arc<ServerConfig>,
}

/// Why a server has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
	/// The file of the key cannot be read or written.
	#[error("the endpoint's key {path}: {source}")]
	Io {
		/// The file.
		path: PathBuf,
		/// What the system said.
		source: io::Error,
	},
	/// What is in the file is no key, or no certificate can be made with it.
	#[error("the endpoint's key {path}: {source}")]
	Key {
		/// The file.
		path: PathBuf,
		/// What is wrong.
		source: rcgen::Error,
	},
	/// TLS cannot be set up.
	#[error("TLS: {0}")]
	Tls(#[from] tokio_rustls::rustls::Error),
}

impl Identity {
	/// The identity that is kept in a folder; a new one if there is none.
	pub fn open(folder: &Path) -> Result<Self, IdentityError> {
		let path = folder.join(FILE);
		let io = |source| IdentityError::Io {
			path: path.clone(),
			source,
		};
		let key = |source| IdentityError::Key {
			path: path.clone(),
			source,
		};
		let pair = match fs::read_to_string(&path) {
			Ok(text) => KeyPair::from_pem(&text).map_err(key)?,
			Err(error) if error.kind() == io::ErrorKind::NotFound => {
				let pair = KeyPair::generate().map_err(key)?;
				write(folder, &path, &pair.serialize_pem()).map_err(io)?;
				pair
			}
			Err(error) => return Err(io(error)),
		};
		// Nobody reads the name: whoever connects knows the key.
		let mut params = CertificateParams::new(vec!["assay-endpoint".to_owned()]).map_err(key)?;
		params.distinguished_name.push(DnType::CommonName, "assay-endpoint");
		let certificate = params.self_signed(&pair).map_err(key)?;
		let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
		let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
			.with_protocol_versions(&[&TLS13])?
			.with_no_client_auth()
			.with_single_cert(vec![certificate.der().clone()], private)?;
		config.alpn_protocols = vec![b"http/1.1".to_vec()];
		Ok(Self {
			key_hash: Hash32::of(&[&pair.subject_public_key_info()]),
			config: Arc::new(config),
		})
	}
}

/// Writes a file that only its owner reads.
fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
	fs::create_dir_all(folder)?;
	let new = path.with_extension("new");
	let mut options = File::options();
	options.write(true).create(true).truncate(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	let mut file = options.open(&new)?;
	file.write_all(text.as_bytes())?;
	file.sync_all()?;
	fs::rename(&new, path)?;
	File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_identity_is_the_same_after_a_restart_and_another_in_another_folder() {
		let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let folder = one.path().join("endpoint");
		let first = Identity::open(&folder).unwrap().key_hash;
		assert_eq!(Identity::open(&folder).unwrap().key_hash, first);
		assert_ne!(Identity::open(other.path()).unwrap().key_hash, first);
		#[cfg(unix)]
		{
			let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(folder.join(FILE)).unwrap().permissions());
			assert_eq!(mode & 0o777, 0o600);
		}
	}

	#[test]
	fn a_file_that_is_no_key_is_an_error_with_its_name() {
		let folder = tempfile::tempdir().unwrap();
		fs::write(folder.path().join(FILE), "nothing").unwrap();
		let error = Identity::open(folder.path()).err().unwrap().to_string();
		assert!(error.contains("key.pem"), "{error}");
	}
}
