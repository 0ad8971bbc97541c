//! The server's certificates. A client that names a host in its handshake (SNI) gets the first certificate for that host,
//! any other client the first of all. They are replaced while connections live.

use core::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::ServerName;
use webpki::EndEntityCert;

use crate::tls::{TlsError, certified};

/// The certificates, each with its key.
pub(crate) struct ServerCertificates(RwLock<Arc<[Arc<CertifiedKey>]>>);

/// Certificates that were read, and not applied yet.
pub(crate) struct ReadCertificates(Arc<[Arc<CertifiedKey>]>);

impl ServerCertificates {
    pub(crate) fn new(read: ReadCertificates) -> Self {
        Self(RwLock::new(read.0))
    }

    /// Replaces the certificates. Connections stay; later handshakes get the new ones.
    pub(crate) fn set(&self, read: ReadCertificates) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read.0;
    }

    /// Returns the certificate for a host that a client names.
    fn of(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let current = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let name = name.and_then(|name| ServerName::try_from(name).ok());
        // a single certificate is not parsed for every handshake
        let named = name.filter(|_| current.len() > 1);
        let named = named.and_then(|name| current.iter().find(|certified| is_for(certified, &name)));
        named.or_else(|| current.first()).cloned()
    }
}

/// Reads the files of certificates and keys, those for a client that names no host first.
pub(crate) fn read(files: &[(PathBuf, PathBuf)]) -> Result<ReadCertificates, TlsError> {
    let read = files.iter().map(|(cert, key)| certified(cert, key).map(Arc::new));
    read.collect::<Result<Vec<_>, _>>().map(|read| ReadCertificates(read.into()))
}

/// Returns whether a certificate is for a host (RFC 6125).
fn is_for(certified: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let leaf = certified.cert.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
    leaf.is_some_and(|leaf| leaf.verify_is_valid_for_subject_name(name).is_ok())
}

impl ResolvesServerCert for ServerCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.of(hello.server_name())
    }
}

impl fmt::Debug for ServerCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerCertificates").finish_non_exhaustive()
    }
}
