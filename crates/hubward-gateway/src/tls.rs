//! TLS 1.2 and 1.3. A client certificate is asked for and not required.

use std::path::Path;
use std::sync::Arc;

use hubward::x509::{Anchors, ParseError};
use hubward_rustls::PossessionOnly;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::files::shown;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read as PEM.
    #[error("{}: {error}", shown(file))]
    Pem {
        /// Which.
        file: Box<Path>,
        /// Why.
        error: rustls_pki_types::pem::Error,
    },
    /// A file has no certificate in it.
    #[error("{}: no certificate in it", shown(.0))]
    NoCertificate(Box<Path>),
    /// A device authority cannot be read.
    #[error("{}: {error}", shown(file))]
    Authority {
        /// In which file.
        file: Box<Path>,
        /// Which, and why.
        error: ParseError,
    },
    /// The certificate and the key do not serve.
    #[error("the server's certificate or key: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The configuration for a listener that speaks `protocol` (ALPN), where clients name one.
pub(crate) fn config(
    cert: &Path,
    key: &Path,
    protocol: Option<&[u8]>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(cert)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Pem { file: key.into(), error })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        // it shows possession and nothing else: admissions judge the chain, on every connection
        .with_client_cert_verifier(Arc::new(PossessionOnly::new()))
        .with_single_cert(chain, key)?;
    config.alpn_protocols = protocol.into_iter().map(<[u8]>::to_vec).collect();
    Ok(Arc::new(config))
}

/// The authorities of devices. They live as long as the process: they are read at the start, once.
pub(crate) fn authorities(file: Option<&Path>) -> Result<&'static Anchors<'static>, TlsError> {
    let anchors = match file {
        None => Anchors::new(),
        Some(file) => Anchors::parse(&*certificates(file)?.leak())
            .map_err(|error| TlsError::Authority { file: file.into(), error })?,
    };
    Ok(Box::leak(Box::new(anchors)))
}

/// The certificates of a PEM file: at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = |error| TlsError::Pem { file: file.into(), error };
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(file).map_err(pem)?.collect::<Result<_, _>>().map_err(pem)?;
    if chain.is_empty() { Err(TlsError::NoCertificate(file.into())) } else { Ok(chain) }
}
