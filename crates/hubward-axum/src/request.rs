//! The credentials of an HTTP request.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, request::Parts};
use hubward::{AuthError, Credentials};
use rustls_pki_types::CertificateDer;

/// The certificates that the client presented in the TLS handshake, the client's own certificate first.
///
/// The acceptor of TLS connections adds them to the extensions of each request. It must require the proof of possession,
/// as `hubward_rustls::ProofOfPossessionVerifier` does. Never fill it from a header, which any client can send.
///
/// ```
/// use hubward_axum::PeerCertificates;
/// use rustls_pki_types::CertificateDer;
///
/// let mut request = http::Request::new(());
/// let from_tls = vec![CertificateDer::from(vec![0x30, 0x00])];
/// request.extensions_mut().insert(PeerCertificates::new(from_tls));
/// ```
#[derive(Debug, Clone)]
pub struct PeerCertificates(Arc<[CertificateDer<'static>]>);

impl PeerCertificates {
    /// Takes the certificates of a connection. A clone shares them.
    #[must_use]
    pub fn new(certificates: Vec<CertificateDer<'static>>) -> Self {
        Self(certificates.into())
    }
}

/// Returns the credentials of a request. They borrow from it.
pub(crate) fn credentials(parts: &Parts) -> Result<Credentials<'_>, AuthError> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let authorization = one(&parts.headers, &AUTHORIZATION)?;
    let credentials = Credentials::http(parts.method.as_str(), path, host(parts)?, authorization)?;
    Ok(match parts.extensions.get::<PeerCertificates>() {
        Some(certificates) => credentials.with_certificates(&certificates.0),
        None => credentials,
    })
}

/// Returns the host of the request: the `Host` header of HTTP/1.1, or the authority of HTTP/2. They must agree if a request
/// has both.
fn host(parts: &Parts) -> Result<&str, AuthError> {
    let header = one(&parts.headers, &HOST).map_err(|_| AuthError::HubMismatch)?;
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    match (header, authority) {
        (Some(header), Some(authority)) if !header.eq_ignore_ascii_case(authority) => {
            Err(AuthError::HubMismatch)
        }
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Ok(""),
    }
}

/// Returns the value of a header. A repeated header is refused, because it could be read in two ways.
fn one<'p>(headers: &'p HeaderMap, name: &HeaderName) -> Result<Option<&'p str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| AuthError::Scheme),
        _ => Err(AuthError::Scheme),
    }
}
