//! Certificates of clients and impostors. `examples/mint_demo.rs` made them. Their keys were not stored and are not needed: the
//! TLS handshake is what checks the possession of a key.

use core::error::Error;

use hubward::registry::{Authentication, Registry, Thumbprints};
use hubward::types::{DeviceId, Digest, Thumbprint};
use hubward::x509::{Anchors, pem};
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;
use rustls_pki_types::CertificateDer;

use super::client::Attempt;
use super::fixtures::Hub;
use super::scenarios::{Row, of, row};

const PEM: &[u8] = include_bytes!("certificates.pem");

/// The certificates, each under its role.
pub(crate) struct Certificates {
    root: CertificateDer<'static>,
    fleet: CertificateDer<'static>,
    x1: CertificateDer<'static>,
    expired: CertificateDer<'static>,
    early: CertificateDer<'static>,
    authority: CertificateDer<'static>,
    dev1: CertificateDer<'static>,
    by_x1: CertificateDer<'static>,
    forged: CertificateDer<'static>,
    stranger: CertificateDer<'static>,
    strange: CertificateDer<'static>,
    self_signed: CertificateDer<'static>,
    other_self_signed: CertificateDer<'static>,
}

impl Certificates {
    /// Parses the certificates.
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let mut all = pem::certificates(PEM)?.into_iter();
        let mut next = || all.next().ok_or("a certificate is missing");
        Ok(Self {
            root: next()?,
            fleet: next()?,
            x1: next()?,
            expired: next()?,
            early: next()?,
            authority: next()?,
            dev1: next()?,
            by_x1: next()?,
            forged: next()?,
            stranger: next()?,
            strange: next()?,
            self_signed: next()?,
            other_self_signed: next()?,
        })
    }

    /// Returns the root CA that the hub trusts.
    pub(crate) fn anchors(&self) -> Result<Anchors, Box<dyn Error>> {
        Ok(Anchors::parse([&self.root])?)
    }

    /// Returns the certificate of `x1` and the intermediate above it.
    pub(crate) const fn chain(&self) -> [&CertificateDer<'static>; 2] {
        [&self.x1, &self.fleet]
    }

    /// Registers two devices with a CA, and one with a thumbprint.
    pub(crate) fn register(&self, registry: &mut Registry<HmacKey>) -> Result<(), Box<dyn Error>> {
        let thumbprint = Thumbprint::Sha256(Digests.sha256(&self.self_signed));
        for (id, authentication) in [
            ("x1", Authentication::CertificateAuthority),
            ("x10", Authentication::CertificateAuthority),
            ("pinned", Authentication::SelfSigned(Thumbprints::new(Some(thumbprint), None)?)),
        ] {
            registry.create_device(DeviceId::parse(id)?, authentication)?;
        }
        Ok(())
    }
}

/// Returns the attempts with certificates. Each leaf is sent with the intermediate, which not all of them need.
pub(crate) fn certificate_rows(hub: &Hub<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let certificates = hub.certificates;
    let with_chain = |id, leaf: &CertificateDer<'static>, above: &CertificateDer<'static>| {
        Attempt::MqttWithCertificates { id, password: None, certificates: vec![leaf.clone(), above.clone()] }
    };
    let with_token = |id, leaf: &CertificateDer<'static>, password| Attempt::MqttWithCertificates {
        id,
        password: Some(password),
        certificates: vec![leaf.clone(), certificates.fleet.clone()],
    };
    let fleet = &certificates.fleet;
    let dev1_token = hub.token(&of("dev1"), &hub.dev1, None)?;
    let x1_token = hub.token(&of("x1"), &hub.dev1, None)?;
    Ok(vec![
        row("x1 by a chain to a trusted CA", "allow", with_chain("x1", &certificates.x1, fleet)),
        row(
            "a self-signed certificate with a registered thumbprint",
            "allow",
            with_chain("pinned", &certificates.self_signed, fleet),
        ),
        row(
            "x1's certificate under the name of x10",
            "certificate-identity-mismatch",
            with_chain("x10", &certificates.x1, fleet),
        ),
        row(
            "an expired certificate of x1",
            "certificate-expired",
            with_chain("x1", &certificates.expired, fleet),
        ),
        row(
            "a certificate of x1 that is not yet valid",
            "certificate-not-yet-valid",
            with_chain("x1", &certificates.early, fleet),
        ),
        row(
            "a CA certificate with the name x1",
            "certificate-of-an-authority",
            with_chain("x1", &certificates.authority, fleet),
        ),
        row(
            "x10, issued by x1",
            "certificate-by-no-authority",
            with_chain("x10", &certificates.by_x1, &certificates.x1),
        ),
        row(
            "x1, issued below an unknown CA",
            "certificate-unknown-issuer",
            with_chain("x1", &certificates.strange, &certificates.stranger),
        ),
        row(
            "x1, signed in the name of the CA with another key",
            "certificate-wrong-signature",
            with_chain("x1", &certificates.forged, fleet),
        ),
        row(
            "another self-signed certificate with that name",
            "certificate-not-pinned",
            with_chain("pinned", &certificates.other_self_signed, fleet),
        ),
        row(
            "dev1, registered with keys, by a certificate",
            "not-by-certificate",
            with_chain("dev1", &certificates.dev1, fleet),
        ),
        row(
            "dev1's token together with a certificate",
            "both-credentials",
            with_token("dev1", &certificates.dev1, dev1_token),
        ),
        row("x1, registered with a CA, by a token", "not-by-token", token_alone(x1_token)),
    ])
}

fn token_alone(password: String) -> Attempt {
    Attempt::MqttWithCertificates { id: "x1", password: Some(password), certificates: Vec::new() }
}
