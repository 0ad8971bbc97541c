//! Certificates that are made once: two intermediates below a registered root, a root that is not registered, and leaves of
//! each with the names of the worlds.

use std::sync::OnceLock;

use hubward_core::{Digest as _, Thumbprint};
use hubward_ring::Digests;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls_pki_types::CertificateDer;

/// 2026-01-01, within the validity period of every certificate.
pub const TODAY: u64 = 1_767_225_600;
/// The last second of the second intermediate: 2026-07-01.
pub const BRIEF_END: u64 = 1_782_864_000;
/// The last second of every leaf: 2027-01-01.
pub const LEAF_END: u64 = 1_798_761_600;

/// The common names of the leaves.
pub(crate) const NAMES: &[&str] = &["dev1", "dev10", "DEV1", "dev1/mod1", "a+b", "reg1"];

/// The authority of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// The intermediate that lasts, below the registered root.
    Lasting,
    /// The intermediate that expires first, below the registered root.
    Brief,
    /// A root that is not registered.
    Stranger,
    /// The certificate itself.
    Itself,
}

const ABOVE: [Above; 4] = [Above::Lasting, Above::Brief, Above::Stranger, Above::Itself];

/// A certificate as a client shows it, with the facts that it was made of.
#[derive(Debug)]
pub struct Shown {
    /// The leaf and the certificates that are sent with it.
    pub chain: Vec<CertificateDer<'static>>,
    pub(crate) name: &'static str,
    pub(crate) above: Above,
}

impl Shown {
    /// Returns the thumbprint of the leaf.
    #[must_use]
    pub fn thumbprint(&self, sha1: bool) -> Thumbprint {
        if sha1 {
            Thumbprint::Sha1(Digests.sha1_for_legacy_thumbprints(&self.chain[0]))
        } else {
            sha256(&self.chain[0])
        }
    }

    /// Returns the numbers of the registered authorities above the leaf, the nearest first.
    pub(crate) fn issuers(&self) -> &'static [usize] {
        match self.above {
            Above::Lasting => &[1, 0],
            Above::Brief => &[2, 0],
            Above::Stranger | Above::Itself => &[],
        }
    }

    /// Returns whether the registered root is above it and everything on the path is valid.
    pub(crate) fn is_by_authority(&self, now: u64) -> bool {
        self.is_current(now)
            && match self.above {
                Above::Lasting => true,
                Above::Brief => now <= BRIEF_END,
                Above::Stranger | Above::Itself => false,
            }
    }

    /// Returns whether the leaf is within its validity period.
    pub(crate) const fn is_current(&self, now: u64) -> bool {
        now <= LEAF_END
    }
}

#[derive(Debug)]
struct All {
    leaves: Vec<Shown>,
    issuers: [CertificateDer<'static>; 3],
}

fn all() -> &'static All {
    static ALL: OnceLock<All> = OnceLock::new();
    ALL.get_or_init(make)
}

/// Returns the certificates of the clients.
#[must_use]
pub fn certificates() -> &'static [Shown] {
    &all().leaves
}

/// Returns the registered root and its two intermediates.
#[must_use]
pub fn issuers() -> &'static [CertificateDer<'static>] {
    &all().issuers
}

/// Returns the SHA-256 thumbprint of a certificate.
pub(crate) fn sha256(der: &[u8]) -> Thumbprint {
    Thumbprint::Sha256(Digests.sha256(der))
}

struct Authority {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
}

fn params(name: &str, end: (i32, u8)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(end.0, end.1, 1));
    params
}

fn authority(name: &str, end: (i32, u8), above: Option<&Authority>) -> Authority {
    let mut params = params(name, end);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let der = match above {
        Some(above) => signed(&params, &key, above),
        None => params.self_signed(&key).unwrap().der().clone(),
    };
    Authority { params, key, der }
}

fn signed(params: &CertificateParams, key: &KeyPair, above: &Authority) -> CertificateDer<'static> {
    params.signed_by(key, &Issuer::from_params(&above.params, &above.key)).unwrap().der().clone()
}

fn make() -> All {
    let root = authority("Worlds Root", (2030, 1), None);
    let lasting = authority("Lasting", (2029, 1), Some(&root));
    let brief = authority("Brief", (2026, 7), Some(&root));
    let stranger = authority("Stranger", (2030, 1), None);
    let mut leaves = Vec::new();
    for name in NAMES {
        for above in ABOVE {
            let (params, key) = (params(name, (2027, 1)), KeyPair::generate().unwrap());
            let by = |authority: &Authority| vec![signed(&params, &key, authority), authority.der.clone()];
            let chain = match above {
                Above::Lasting => by(&lasting),
                Above::Brief => by(&brief),
                Above::Stranger => by(&stranger),
                Above::Itself => vec![params.self_signed(&key).unwrap().der().clone()],
            };
            leaves.push(Shown { chain, name, above });
        }
    }
    All { leaves, issuers: [root.der, lasting.der, brief.der] }
}
