//! The certificate authorities that enrollments refer to by name: those of `--client-ca`, by their common names.

use std::collections::BTreeMap;

use hubward::registry::Thumbprints;
use hubward::types::{Digest, Thumbprint};
use hubward::x509::Anchors;
use hubward::x509::certificate::common_name;
use hubward_ring::Digests;
use hubward_store::EnrollmentAttestation;

/// The authorities by name. A name of several is of none.
#[derive(Debug, Default)]
pub(crate) struct Authorities(BTreeMap<Box<str>, Option<Thumbprint>>);

/// The reason why the names of authorities are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotNamed {
    #[error("name one or two certificate authorities")]
    Count,
    #[error("no certificate authority of --client-ca has this common name")]
    Unknown,
    #[error("several certificate authorities of --client-ca have this common name: give signingCertificates")]
    Several,
}

impl Authorities {
    /// Returns the authorities of devices.
    pub(crate) fn of(anchors: &Anchors) -> Self {
        let mut all = BTreeMap::new();
        for certificate in anchors.iter() {
            let Ok(name) = common_name(&certificate.subject()) else { continue };
            let print = Thumbprint::Sha256(Digests.sha256(certificate.as_der()));
            all.entry(Box::from(&*name)).and_modify(|other| *other = None).or_insert(Some(print));
        }
        Self(all)
    }

    /// Returns the attestation by the authorities with these names.
    pub(super) fn named(&self, names: &[Box<str>]) -> Result<EnrollmentAttestation, NotNamed> {
        let found = |name: &str| self.0.get(name).ok_or(NotNamed::Unknown)?.ok_or(NotNamed::Several);
        let (primary, secondary) = match names {
            [primary] => (found(primary)?, None),
            [primary, secondary] => (found(primary)?, Some(found(secondary)?)),
            _ => return Err(NotNamed::Count),
        };
        let both = Thumbprints::new(Some(primary), secondary).map_err(|_| NotNamed::Count)?;
        Ok(EnrollmentAttestation::X509(both))
    }
}
