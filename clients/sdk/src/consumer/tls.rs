//! By what an endpoint is known: TLS 1.3 with one key, whose hash stands in the operator's record on the chain. The name in its
//! certificate says nothing, and nobody vouches for it.

use assay_trace::Hash32;
use std::sync::Arc;
use tokio_rustls::{
	rustls::{
		client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
		crypto::{ring, verify_tls13_signature, CryptoProvider},
		pki_types::{CertificateDer, ServerName, UnixTime},
		server::ParsedCertificate,
		version::TLS13,
		CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
	},
	TlsConnector,
};

/// Connects to whoever has the key with this hash: SHA-256 of the `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
pub fn connector(key_hash: Hash32) -> Result<TlsConnector, Error> {
	let provider = Arc::new(ring::default_provider());
	let pinned = Pinned {
		key_hash,
		provider: provider.clone(),
	};
	let mut config = ClientConfig::builder_with_provider(provider)
		.with_protocol_versions(&[&TLS13])?
		.dangerous()
		.with_custom_certificate_verifier(Arc::new(pinned))
		.with_no_client_auth();
	config.alpn_protocols = vec![b"http/1.1".to_vec()];
	Ok(TlsConnector::from(Arc::new(config)))
}

/// Takes one key and no other.
#[derive(Debug)]
struct Pinned {
	key_hash: Hash32,
	provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
	fn verify_server_cert(
		&self,
		certificate: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		_: &ServerName<'_>,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		let parsed = ParsedCertificate::try_from(certificate)?;
		match Hash32::of(&[&parsed.subject_public_key_info()]) == self.key_hash {
			true => Ok(ServerCertVerified::assertion()),
			false => Err(CertificateError::ApplicationVerificationFailure.into()),
		}
	}

	fn verify_tls12_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		Err(Error::General("TLS 1.3 is wanted".into()))
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signed: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		let algorithms = &self.provider.signature_verification_algorithms;
		verify_tls13_signature(message, certificate, signed, algorithms)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.provider.signature_verification_algorithms.supported_schemes()
	}
}
