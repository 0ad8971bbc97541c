//! TLS 1.2 and 1.3. A client certificate is requested, but not required.

use std::path::Path;
use std::sync::Arc;

use hubward::x509::pem::{self, PemError};
use hubward::x509::{Anchors, error::ParseError};
use hubward_rustls::ProofOfPossessionVerifier;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::files::shown;
use crate::server_certificates::ServerCertificates;

/// The reason why TLS could not be configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read.
    #[error("{}: {error}", shown(file))]
    Read {
        /// The file.
        file: Box<Path>,
        /// The cause.
        error: std::io::Error,
    },
    /// A file lacks the certificates or the key that it must contain.
    #[error("{}: {error}", shown(file))]
    Pem {
        /// The file.
        file: Box<Path>,
        /// The cause.
        error: PemError,
    },
    /// A certificate authority of devices could not be parsed.
    #[error("{}: {error}", shown(file))]
    Authority {
        /// The file.
        file: Box<Path>,
        /// The certificate, and the cause.
        error: ParseError,
    },
    /// The key's algorithm or encoding is not supported.
    #[error("{}: not a private key of RSA, P-256, P-384 or Ed25519", shown(file))]
    Key {
        /// The key's file.
        file: Box<Path>,
    },
    /// The key does not belong to the first certificate.
    #[error(
        "{}: its first certificate, which must be the server's own, does not have the key of {}",
        shown(cert),
        shown(key)
    )]
    Mismatch {
        /// The certificates' file.
        cert: Box<Path>,
        /// The key's file.
        key: Box<Path>,
    },
    /// There is not one key for each certificate.
    #[error(
        "{certs} of --sni-cert and {keys} of --sni-key: give one key for each certificate, in the same order"
    )]
    Pairs {
        /// The number of certificates.
        certs: usize,
        /// The number of keys.
        keys: usize,
    },
    /// The server's certificate or key could not be used.
    #[error("the server's certificate or key cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
}

impl TlsError {
    /// Returns whether the error is about this file.
    pub(crate) fn is_about(&self, path: &Path) -> bool {
        match self {
            Self::Read { file, .. } | Self::Pem { file, .. } | Self::Authority { file, .. } => {
                &**file == path
            }
            Self::Key { file } => &**file == path,
            Self::Mismatch { .. } | Self::Pairs { .. } | Self::Rustls(_) => false,
        }
    }
}

/// Reads a certificate with its chain, and its key.
pub(crate) fn certified(cert: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain = read(cert, pem::certificates)?;
    let private = read(key, pem::private_key)?;
    let private = ring::sign::any_supported_type(&private).map_err(|_| TlsError::Key { file: key.into() })?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        // ring returns the public key of every private key that it supports
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(TlsError::Mismatch { cert: cert.into(), key: key.into() });
        }
        Err(error) => return Err(error.into()),
    }
    Ok(certified)
}

/// Returns the configuration of a listener for the ALPN protocol `protocol`, if it has one.
pub(crate) fn config(
    certificates: Arc<ServerCertificates>,
    protocol: Option<&[u8]>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        // verifies possession only: authentication verifies the chain, on every connection
        .with_client_cert_verifier(Arc::new(ProofOfPossessionVerifier::new()))
        .with_cert_resolver(certificates);
    config.alpn_protocols = protocol.into_iter().map(<[u8]>::to_vec).collect();
    Ok(Arc::new(config))
}

/// Reads the certificate authorities of devices. One that cannot be parsed is reported, and an error if `strict`, or if
/// there is no other.
pub(crate) fn authorities(file: Option<&Path>, strict: bool) -> Result<Anchors, TlsError> {
    let Some(file) = file else { return Ok(Anchors::new()) };
    let store = read(file, pem::each_certificate)?;
    let (anchors, unreadable) = Anchors::parse_readable(store.iter().flatten());
    let of_blocks = store.iter().filter_map(|one| one.as_ref().err()).copied();
    let of_blocks = of_blocks.map(|error| TlsError::Pem { file: file.into(), error });
    let of_der = unreadable.into_iter().map(|error| TlsError::Authority { file: file.into(), error });
    for error in of_blocks.chain(of_der) {
        if strict || anchors.iter().next().is_none() {
            return Err(error);
        }
        eprintln!("hubward-gateway: passed over {error}");
    }
    Ok(anchors)
}

/// Parses a file by `read`; its bytes, which may include a key, are erased.
fn read<T>(file: &Path, read: fn(&[u8]) -> Result<T, PemError>) -> Result<T, TlsError> {
    let bytes = std::fs::read(file).map_err(|error| TlsError::Read { file: file.into(), error })?;
    read(&Zeroizing::new(bytes)).map_err(|error| TlsError::Pem { file: file.into(), error })
}
