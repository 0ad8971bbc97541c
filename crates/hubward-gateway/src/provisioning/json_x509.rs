//! Certificates in the JSON of the provisioning service: of a device, of its issuers, or the names of issuers.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use hubward::registry::Thumbprints;
use hubward::types::{Digest, Thumbprint};
use hubward::x509::{Certificate, pem};
use hubward_ring::Digests;
use hubward_store::EnrollmentAttestation;
use serde::Deserialize;

use super::authorities::Authorities;
use super::json::{Problem, problem};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct X509<'t> {
    #[serde(borrow)]
    client_certificates: Option<Pair<'t>>,
    #[serde(borrow)]
    signing_certificates: Option<Pair<'t>>,
    #[serde(borrow)]
    ca_references: Option<References<'t>>,
}

/// The names of certificate authorities.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct References<'t> {
    #[serde(borrow)]
    primary: Option<Cow<'t, str>>,
    #[serde(borrow)]
    secondary: Option<Cow<'t, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair<'t> {
    #[serde(borrow)]
    primary: Option<WrittenCertificate<'t>>,
    #[serde(borrow)]
    secondary: Option<WrittenCertificate<'t>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCertificate<'t> {
    #[serde(borrow)]
    certificate: Option<Cow<'t, str>>,
    #[serde(borrow)]
    info: Option<Info<'t>>,
}

/// The service's description of a certificate; its thumbprint alone counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info<'t> {
    #[serde(borrow)]
    sha256_thumbprint: Option<Cow<'t, str>>,
}

impl X509<'_> {
    /// Returns the names of the authorities that the enrollment refers to, the primary one first.
    pub(super) fn references(&self) -> Vec<Box<str>> {
        let Some(References { primary, secondary }) = &self.ca_references else { return Vec::new() };
        [primary, secondary]
            .into_iter()
            .flatten()
            .filter(|name| !name.is_empty())
            .map(|name| (**name).into())
            .collect()
    }

    pub(super) fn read(
        &self,
        group: bool,
        authorities: &Authorities,
    ) -> Result<EnrollmentAttestation, Problem> {
        if self.ca_references.is_some() {
            let place = "attestation.x509.caReferences";
            if self.client_certificates.is_some() || self.signing_certificates.is_some() {
                return Err(problem(place, "with names, no certificates are allowed"));
            }
            return authorities.named(&self.references()).map_err(|error| problem(place, error));
        }
        let (pair, other, place) = if group {
            (&self.signing_certificates, &self.client_certificates, "signingCertificates")
        } else {
            (&self.client_certificates, &self.signing_certificates, "clientCertificates")
        };
        let place = format!("attestation.x509.{place}");
        let pair = pair.as_ref().filter(|_| other.is_none());
        let pair = pair.ok_or_else(|| problem(&place, "it is required, and no other certificates"))?;
        let read = |one: &Option<WrittenCertificate<'_>>| {
            one.as_ref().map(|one| one.read().map_err(|error| problem(&place, error))).transpose()
        };
        let thumbprints = Thumbprints::new(read(&pair.primary)?.flatten(), read(&pair.secondary)?.flatten());
        Ok(EnrollmentAttestation::X509(thumbprints.map_err(|error| problem(&place, error))?))
    }
}

impl WrittenCertificate<'_> {
    /// Returns the SHA-256 thumbprint of the certificate, or the one that is given.
    fn read(&self) -> Result<Option<Thumbprint>, Problem> {
        if let Some(text) = self.certificate.as_deref().filter(|text| !text.is_empty()) {
            let der = der(text).ok_or_else(|| Problem("it is neither PEM nor base64 of DER".into()))?;
            Certificate::parse(&der).map_err(|error| Problem(error.to_string()))?;
            return Ok(Some(Thumbprint::Sha256(Digests.sha256(&der))));
        }
        let Some(text) = self.info.as_ref().and_then(|info| info.sha256_thumbprint.as_deref()) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(print @ Thumbprint::Sha256(_)) => Ok(Some(print)),
            _ => Err(Problem("sha256Thumbprint: it must have 64 hexadecimal digits".into())),
        }
    }
}

/// Decodes a certificate: PEM, or base64 of PEM or of DER.
fn der(text: &str) -> Option<Vec<u8>> {
    let of_pem =
        |pem: &[u8]| pem::certificates(pem).ok().and_then(|all| all.first().map(|der| der.as_ref().to_vec()));
    if text.contains("-----BEGIN") {
        return of_pem(text.as_bytes());
    }
    let bare: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = Base64::decode_vec(&bare).ok()?;
    if bytes.starts_with(b"-----BEGIN") { of_pem(&bytes) } else { Some(bytes) }
}
