//! Certificates that clients and impostors show. They were minted once (`examples/mint_demo.rs`); nobody kept their keys, and
//! none is needed: that the peer holds one is for the TLS handshake to ask.

use core::error::Error;

use hubward::registry::{Authentication, Registry, Thumbprints};
use hubward::types::{DeviceId, Digest, Thumbprint};
use hubward::x509::{Anchors, pem};
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;
use rustls_pki_types::CertificateDer;

use super::attempt::Attempt;
use super::cast::Hub;
use super::script::{Row, of, row};

const MINTED: &[u8] = include_bytes!("certificates.pem");

/// By who they are, each by itself.
pub(crate) struct Minted {
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
    pinned: CertificateDer<'static>,
    unpinned: CertificateDer<'static>,
}

impl Minted {
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let mut all = pem::certificates(MINTED)?.into_iter();
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
            pinned: next()?,
            unpinned: next()?,
        })
    }

    /// The one authority that the hub has registered.
    pub(crate) fn anchors(&self) -> Result<Anchors<'_>, Box<dyn Error>> {
        Ok(Anchors::parse([&self.root])?)
    }

    /// Two devices below the authority, and one with a thumbprint.
    pub(crate) fn register(&self, registry: &mut Registry<HmacKey>) -> Result<(), Box<dyn Error>> {
        let print = Thumbprint::Sha256(Digests.sha256(&self.pinned));
        for (id, authentication) in [
            ("x1", Authentication::CertificateAuthority),
            ("x10", Authentication::CertificateAuthority),
            ("pinned", Authentication::SelfSigned(Thumbprints::new(Some(print), None)?)),
        ] {
            registry.create_device(DeviceId::parse(id)?, authentication)?;
        }
        Ok(())
    }
}

/// Who shows what. Each leaf comes with the intermediate, which not all of them need.
pub(crate) fn showing(hub: &Hub<'_>) -> Result<Vec<Row>, Box<dyn Error>> {
    let minted = hub.minted;
    let show = |id, leaf: &CertificateDer<'static>, above: &CertificateDer<'static>| Attempt::MqttShowing {
        id,
        password: None,
        certificates: vec![leaf.clone(), above.clone()],
    };
    let with_token = |id, leaf: &CertificateDer<'static>, password| Attempt::MqttShowing {
        id,
        password: Some(password),
        certificates: vec![leaf.clone(), minted.fleet.clone()],
    };
    let fleet = &minted.fleet;
    let of_dev1 = hub.token(&of("dev1"), &hub.dev1, None)?;
    let of_x1 = hub.token(&of("x1"), &hub.dev1, None)?;
    Ok(vec![
        row("x1 by a chain to a registered authority", "allow", show("x1", &minted.x1, fleet)),
        row(
            "a self-signed certificate, registered by its thumbprint",
            "allow",
            show("pinned", &minted.pinned, fleet),
        ),
        row(
            "x1's certificate under the name of x10",
            "certificate-identity-mismatch",
            show("x10", &minted.x1, fleet),
        ),
        row("x1's certificate, which is over", "certificate-expired", show("x1", &minted.expired, fleet)),
        row(
            "x1's certificate, which has not begun",
            "certificate-not-yet-valid",
            show("x1", &minted.early, fleet),
        ),
        row(
            "an authority that is called x1",
            "certificate-of-an-authority",
            show("x1", &minted.authority, fleet),
        ),
        row("x10, issued by x1", "certificate-by-no-authority", show("x10", &minted.by_x1, &minted.x1)),
        row(
            "x1, below an authority that nobody registered",
            "certificate-unknown-issuer",
            show("x1", &minted.strange, &minted.stranger),
        ),
        row(
            "x1, signed in the name of the authority by another",
            "certificate-wrong-signature",
            show("x1", &minted.forged, fleet),
        ),
        row(
            "another self-signed certificate of that name",
            "certificate-not-pinned",
            show("pinned", &minted.unpinned, fleet),
        ),
        row(
            "dev1, which has keys, by a certificate",
            "not-by-certificate",
            show("dev1", &minted.dev1, fleet),
        ),
        row(
            "dev1's token beside a certificate",
            "both-credentials",
            with_token("dev1", &minted.dev1, of_dev1),
        ),
        row("x1, which has a certificate, by a token", "not-by-token", token_alone(of_x1)),
    ])
}

fn token_alone(password: String) -> Attempt {
    Attempt::MqttShowing { id: "x1", password: Some(password), certificates: Vec::new() }
}
