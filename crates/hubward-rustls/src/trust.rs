//! What a hub knows of certificates, answered from memory while a handshake waits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use hubward_core::Thumbprint;
use hubward_x509::{Certificate, CertificateError, CrlError, Crls, Name};
use rustls::pki_types::CertificateDer;

/// What is known of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a certificate is taken, refused or for a CA to vouch for")]
pub enum Standing {
    /// Registered by its thumbprint: nobody needs to vouch for it.
    Pinned,
    /// Not registered: a registered CA must vouch for it.
    Unknown,
    /// Withdrawn, or its device is disabled: refused, whoever vouches for it.
    Withdrawn,
}

/// A synchronous lookup. It is asked by what a certificate is (its digest) and by who must have signed it (its
/// issuer's name, which the signature then proves); never by the name that it claims for itself.
///
/// It must answer from memory: the handshake, and what else its thread does, waits.
pub trait Lookup: fmt::Debug + Send + Sync {
    /// What is known of the certificate with this thumbprint. Each is asked about by both of its thumbprints, and where
    /// ECDSA has signed it by both of its twin's ([`Certificate::twin`]).
    fn standing(&self, thumbprint: &Thumbprint) -> Standing;

    /// The registered CAs of this name.
    fn issuers(&self, name: &Name<'_>) -> Vec<CertificateDer<'static>>;

    /// The revocation lists, in DER, that may be about what the CA of this name has issued, indirect ones too. Asked
    /// for only by [`Full::with_revocation`](crate::Full::with_revocation).
    fn crls(&self, issuer: &Name<'_>) -> Vec<Arc<[u8]>>;
}

/// A [`Lookup`] that holds everything.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    authorities: Vec<CertificateDer<'static>>,
    crls: Vec<Arc<[u8]>>,
    standings: BTreeMap<Vec<u8>, Standing>,
}

impl Trust {
    /// Trusts nobody yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { authorities: Vec::new(), crls: Vec::new(), standings: BTreeMap::new() }
    }

    /// Registers a CA.
    ///
    /// # Errors
    /// [`CertificateError`] where it cannot be read; it is not registered then.
    pub fn add_authority(&mut self, der: CertificateDer<'static>) -> Result<(), CertificateError> {
        Certificate::parse(&der)?;
        self.authorities.push(der);
        Ok(())
    }

    /// Takes these revocation lists, and none of those before.
    ///
    /// # Errors
    /// [`CrlError`] with the number of the first that cannot be read; those before stay then.
    pub fn set_crls(&mut self, ders: Vec<Arc<[u8]>>) -> Result<(), CrlError> {
        Crls::parse(&ders)?;
        self.crls = ders;
        Ok(())
    }

    /// Registers a certificate by its thumbprint.
    pub fn pin(&mut self, thumbprint: &Thumbprint) {
        self.set(thumbprint, Standing::Pinned);
    }

    /// Refuses a certificate from now on, a device's or a CA's, whoever vouches for it; a registered CA vouches for
    /// nobody then.
    pub fn withdraw(&mut self, thumbprint: &Thumbprint) {
        self.set(thumbprint, Standing::Withdrawn);
    }

    /// Forgets what was said of a certificate.
    pub fn forget(&mut self, thumbprint: &Thumbprint) {
        self.standings.remove(thumbprint.as_bytes());
    }

    fn set(&mut self, thumbprint: &Thumbprint, standing: Standing) {
        self.standings.insert(thumbprint.as_bytes().to_vec(), standing);
    }
}

impl Lookup for Trust {
    fn standing(&self, thumbprint: &Thumbprint) -> Standing {
        self.standings.get(thumbprint.as_bytes()).copied().unwrap_or(Standing::Unknown)
    }

    fn issuers(&self, name: &Name<'_>) -> Vec<CertificateDer<'static>> {
        let named = |der: &&CertificateDer<'static>| {
            Certificate::parse(der).is_ok_and(|authority| authority.subject().same(name))
        };
        self.authorities.iter().filter(named).cloned().collect()
    }

    /// All of them: which of them count is for the search for a path to say.
    fn crls(&self, _: &Name<'_>) -> Vec<Arc<[u8]>> {
        self.crls.clone()
    }
}

/// One that changes while connections come in. What a writer left half done in a panic is not read: everybody is
/// refused.
impl<L: Lookup> Lookup for RwLock<L> {
    fn standing(&self, thumbprint: &Thumbprint) -> Standing {
        self.read().map_or(Standing::Withdrawn, |lookup| lookup.standing(thumbprint))
    }

    fn issuers(&self, name: &Name<'_>) -> Vec<CertificateDer<'static>> {
        self.read().map_or_else(|_| Vec::new(), |lookup| lookup.issuers(name))
    }

    fn crls(&self, issuer: &Name<'_>) -> Vec<Arc<[u8]>> {
        self.read().map_or_else(|_| Vec::new(), |lookup| lookup.crls(issuer))
    }
}

impl<L: Lookup + ?Sized> Lookup for Arc<L> {
    fn standing(&self, thumbprint: &Thumbprint) -> Standing {
        (**self).standing(thumbprint)
    }

    fn issuers(&self, name: &Name<'_>) -> Vec<CertificateDer<'static>> {
        (**self).issuers(name)
    }

    fn crls(&self, issuer: &Name<'_>) -> Vec<Arc<[u8]>> {
        (**self).crls(issuer)
    }
}
