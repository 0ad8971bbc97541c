//! TLS 1.2 and 1.3. A client certificate is asked for and not required.

use std::path::Path;
use std::sync::Arc;

use hubward::x509::pem::{self, PemError};
use hubward::x509::{Anchors, ParseError};
use hubward_rustls::ProofOfPossessionVerifier;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use zeroize::Zeroizing;

use crate::files::shown;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read.
    #[error("{}: {error}", shown(file))]
    Read {
        /// Which.
        file: Box<Path>,
        /// Why.
        error: std::io::Error,
    },
    /// A file has not the certificates or the key that it must have.
    #[error("{}: {error}", shown(file))]
    Pem {
        /// Which.
        file: Box<Path>,
        /// Why.
        error: PemError,
    },
    /// A device authority cannot be read.
    #[error("{}: {error}", shown(file))]
    Authority {
        /// In which file.
        file: Box<Path>,
        /// Which, and why.
        error: ParseError,
    },
    /// The key's algorithm or form is not supported.
    #[error("{}: not a private key of RSA, P-256, P-384 or Ed25519", shown(file))]
    Key {
        /// The key's file.
        file: Box<Path>,
    },
    /// The key is not that of the first certificate.
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
    /// The certificate and the key cannot be used.
    #[error("the server's certificate or key: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The configuration for a listener that speaks `protocol` (ALPN), where clients name one.
pub(crate) fn config(
    cert: &Path,
    key: &Path,
    protocol: Option<&[u8]>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = read(cert, pem::certificates)?;
    let private = read(key, pem::private_key)?;
    let private = ring::sign::any_supported_type(&private).map_err(|_| TlsError::Key { file: key.into() })?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        // ring knows the public half of every key that it signs with
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(TlsError::Mismatch { cert: cert.into(), key: key.into() });
        }
        Err(error) => return Err(error.into()),
    }
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        // it shows possession and nothing else: admissions judge the chain, on every connection
        .with_client_cert_verifier(Arc::new(ProofOfPossessionVerifier::new()))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = protocol.into_iter().map(<[u8]>::to_vec).collect();
    Ok(Arc::new(config))
}

/// The authorities of devices. They live as long as the process: they are read at the start, once.
pub(crate) fn authorities(file: Option<&Path>) -> Result<&'static Anchors<'static>, TlsError> {
    let anchors = match file {
        None => Anchors::new(),
        Some(file) => Anchors::parse(&*read(file, pem::certificates)?.leak())
            .map_err(|error| TlsError::Authority { file: file.into(), error })?,
    };
    Ok(Box::leak(Box::new(anchors)))
}

/// What `read` finds in a file, which may have a key in it.
fn read<T>(file: &Path, read: fn(&[u8]) -> Result<T, PemError>) -> Result<T, TlsError> {
    let bytes = std::fs::read(file).map_err(|error| TlsError::Read { file: file.into(), error })?;
    read(&Zeroizing::new(bytes)).map_err(|error| TlsError::Pem { file: file.into(), error })
}
