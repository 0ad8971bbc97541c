//! Certificate authorities: a CA's certificate, and what it issues.

use alloc::vec::Vec;
use core::fmt;

use der::Decode;
use der::asn1::{Ia5String, OctetString};
use rustls_pki_types::SignatureVerificationAlgorithm;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::error::IssueError;
use super::extensions::{CLIENT_AUTH, SERVER_AUTH, Template, key_identifier};
use super::fleet_writer::FleetWriter;
use super::issuer_key::{IssuerKey, WithoutPrivateKey};
use super::key_strength::SubjectKey;
use super::leaf::{DeviceCertificate, ServerCertificate};
use super::names;
use super::serial::SerialNumber;
use super::unsigned::Unsigned;
use crate::certificate::{Certificate, Validity};
use crate::path::signature::check_signature;
use crate::path::validate::may_issue;
use crate::possession::VerificationCode;

/// A CA that issues certificates and revocation lists: its certificate and the public half of its key.
///
/// The private key is not part of it. See the [module](super) for an example.
#[derive(Clone)]
pub struct CertificateAuthority {
    der: Vec<u8>,
    pub(super) name: Name,
    pub(super) key: IssuerKey,
    pub(super) key_identifier: OctetString,
    validity: Validity,
    path_length: Option<u32>,
    pub(super) signs_crls: bool,
    pub(super) crl_url: Option<Ia5String>,
    devices: FleetWriter,
}

impl CertificateAuthority {
    /// Prepares the certificate of a root CA with this common name. `path_length` is the largest number of CAs between
    /// it and a device, with no limit if it is absent.
    ///
    /// # Errors
    /// [`IssueError::NameLength`] if the name is empty or too long.
    pub fn root(
        common_name: &str,
        key: &IssuerKey,
        path_length: Option<u8>,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Unsigned, IssueError> {
        let name = names::common_name(common_name)?;
        let public_key = key.subject_public_key_info()?;
        let template = Template::new(name.clone(), name).ca(path_length)?.subject_key(&public_key)?;
        build(template, public_key, key, serial, validity)
    }

    /// Creates it from the DER of the CA's certificate and its key. The certificate can be of another program, for
    /// example of a root that is kept elsewhere.
    ///
    /// # Errors
    /// [`IssueError::NotCa`] if the certificate may not sign others, [`IssueError::KeyMismatch`] if it has another key,
    /// [`IssueError::Certificate`] if it cannot be parsed.
    pub fn new(certificate: &[u8], key: IssuerKey) -> Result<Self, IssueError> {
        let parsed = Certificate::parse(certificate)?;
        may_issue(&parsed).map_err(IssueError::NotCa)?;
        if parsed.public_key().as_der() != key.public_key() {
            return Err(IssueError::KeyMismatch);
        }
        let owned = x509_cert::Certificate::from_der(certificate).map_err(|_| IssueError::Encoding)?;
        // other programs derive the identifier in other ways
        let key_identifier = match parsed.extensions().subject_key_identifier {
            Some(extension) => OctetString::from_der(extension.value).map_err(|_| IssueError::Encoding)?,
            None => key_identifier(owned.tbs_certificate().subject_public_key_info())?,
        };
        let usage = parsed.key_usage().map_err(|malformed| IssueError::Certificate(malformed.into()))?;
        let basic =
            parsed.basic_constraints().map_err(|malformed| IssueError::Certificate(malformed.into()))?;
        let name = owned.tbs_certificate().subject().clone();
        Ok(Self {
            devices: devices(&name, &key_identifier, None)?,
            der: certificate.to_vec(),
            name,
            key,
            key_identifier,
            validity: parsed.validity(),
            path_length: basic.and_then(|basic| basic.path_len),
            signs_crls: usage.is_none_or(|usage| usage.crl_sign()),
            crl_url: None,
        })
    }

    /// Adds the address of the CA's revocation list to what it issues: as a distribution point to certificates, and as
    /// the issuing distribution point to the lists.
    ///
    /// # Errors
    /// [`IssueError::Url`] if it is not in ASCII.
    pub fn with_crl_url(self, url: &str) -> Result<Self, IssueError> {
        let url = Ia5String::new(url).map_err(|_| IssueError::Url)?;
        let devices = devices(&self.name, &self.key_identifier, Some(&url))?;
        Ok(Self { crl_url: Some(url), devices, ..self })
    }

    /// Returns the DER of the CA's certificate.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the validity period of the CA's certificate, within which everything that it issues must be.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// Checks that this CA issued a certificate: by its name, and by its signature, since CAs can have the same name. The
    /// CA's certificate has the key of its [`IssuerKey`].
    ///
    /// # Errors
    /// [`IssueError::NotIssued`] if the issuer has another name, [`IssueError::Signature`] if the signature does not verify
    /// with the CA's key by one of `algorithms`.
    pub fn check_issued(
        &self,
        certificate: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), IssueError> {
        let issuer = Certificate::parse(&self.der)?;
        if !certificate.issuer().same(&issuer.subject()) {
            return Err(IssueError::NotIssued);
        }
        check_signature(&certificate.signed, &issuer.public_key(), algorithms).map_err(IssueError::Signature)
    }

    /// Prepares the certificate of a CA below this one. `path_length` is the largest number of CAs between it and a
    /// device; without it, the largest that this CA allows.
    ///
    /// # Errors
    /// [`IssueError::PathLength`] if this CA does not allow it, [`IssueError::Validity`] if `validity` is not within that
    /// of this CA, [`IssueError::IssuerKey`] for this CA's own key, [`IssueError::NameLength`].
    pub fn intermediate(
        &self,
        common_name: &str,
        key: SubjectKey<'_>,
        path_length: Option<u8>,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Unsigned, IssueError> {
        let allowed = match self.path_length {
            None => None,
            Some(most) => Some(most.checked_sub(1).ok_or(IssueError::PathLength)?),
        };
        let path_length = match (allowed, path_length) {
            (Some(most), Some(wanted)) if u32::from(wanted) > most => return Err(IssueError::PathLength),
            (Some(most), None) => u8::try_from(most).ok(),
            (_, wanted) => wanted,
        };
        let template = self.template(names::common_name(common_name)?).ca(path_length)?;
        self.issue(template, key, serial, validity)
    }

    /// Prepares a device's certificate, for the profile [`device`](crate::Profile::device).
    ///
    /// # Errors
    /// [`IssueError::Validity`] if `validity` is not within that of the CA, [`IssueError::IssuerKey`] for the CA's own
    /// key, [`IssueError::NameLength`] if the id has more than 64 characters.
    pub fn device(
        &self,
        device: &DeviceCertificate<'_>,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Unsigned, IssueError> {
        self.check(device.key, validity)?;
        let message = self.devices.write(&device.name, &device.key, &self.key, serial, validity.encode()?)?;
        Ok(Unsigned::new(message, self.key.clone()))
    }

    /// Prepares a server's certificate, for the profile [`server`](crate::Profile::server). It has no subject: the names
    /// are alternative names, and the extension is critical (RFC 5280 4.2.1.6).
    ///
    /// # Errors
    /// [`IssueError::Validity`] if `validity` is not within that of the CA, [`IssueError::IssuerKey`] for the CA's own
    /// key.
    pub fn server(
        &self,
        server: &ServerCertificate<'_>,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Unsigned, IssueError> {
        let template = self.template(Name::default()).leaf(Some(SERVER_AUTH))?;
        self.issue(template.alternative_names(server.names.clone())?, server.key, serial, validity)
    }

    /// Prepares the proof that the CA's key is in the hands of its owner: a certificate whose common name is the code of
    /// the hub, for [`CaVerification`](crate::CaVerification). It certifies the CA's own key, so that no other is needed,
    /// and has no purpose.
    ///
    /// # Errors
    /// [`IssueError::Validity`] if `validity` is not within that of the CA.
    pub fn proof(
        &self,
        code: &VerificationCode,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Unsigned, IssueError> {
        validity.check_within(&self.validity)?;
        let public_key = self.key.subject_public_key_info()?;
        let template = self.template(names::common_name(code.expose())?).leaf(None)?;
        let template = template.authority(&self.key_identifier)?.subject_key(&public_key)?;
        build(template, public_key, &self.key, serial, validity)
    }

    fn template(&self, subject: Name) -> Template {
        Template::new(self.name.clone(), subject)
    }

    fn issue(
        &self,
        template: Template,
        key: SubjectKey<'_>,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Unsigned, IssueError> {
        self.check(key, validity)?;
        let public_key =
            SubjectPublicKeyInfoOwned::from_der(key.as_der()).map_err(|_| IssueError::Encoding)?;
        let template = template
            .revocation_list(self.crl_url.as_ref())?
            .authority(&self.key_identifier)?
            .subject_key(&public_key)?;
        build(template, public_key, &self.key, serial, validity)
    }

    fn check(&self, key: SubjectKey<'_>, validity: Validity) -> Result<(), IssueError> {
        key.check_differs_from(self.key.public_key())?;
        Ok(validity.check_within(&self.validity)?)
    }
}

/// Returns the writer of a CA's device certificates.
fn devices(ca: &Name, key: &OctetString, url: Option<&Ia5String>) -> Result<FleetWriter, IssueError> {
    let template = Template::new(ca.clone(), Name::default()).leaf(Some(CLIENT_AUTH))?;
    FleetWriter::new(ca, &template.revocation_list(url)?.authority(key)?.encoded()?)
}

fn build(
    template: Template,
    public_key: SubjectPublicKeyInfoOwned,
    issuer: &IssuerKey,
    serial: SerialNumber,
    validity: Validity,
) -> Result<Unsigned, IssueError> {
    let message = CertificateBuilder::new(template, serial.encode()?, validity.encode()?, public_key)
        .and_then(|mut builder| builder.finalize(&WithoutPrivateKey(issuer)))
        .map_err(|_| IssueError::Encoding)?;
    Ok(Unsigned::new(message, issuer.clone()))
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority")
            .field("certificate", &Certificate::parse(&self.der).ok())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use rustls_pki_types::{UnixTime, alg_id};

    use super::*;

    const HEAD: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
        6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
    ];

    fn key(byte: u8) -> Vec<u8> {
        [&HEAD[..], &[4], &[byte; 64]].concat()
    }

    fn validity(from: u64, until: u64) -> Validity {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        Validity::between(at(from), at(until)).unwrap()
    }

    #[test]
    fn the_writer_of_a_fleet_writes_what_the_builder_writes() -> Result<(), IssueError> {
        let issuer = IssuerKey::new(&key(7), alg_id::ECDSA_SHA256)?;
        let name = names::common_name("Plant CA")?;
        let url = Ia5String::new("http://ca.example/plant.crl").unwrap();
        let (id, public_key) = (OctetString::new([9; 20]).unwrap(), key(8));
        let longest = "\u{1d11e}".repeat(64);
        for url in [None, Some(&url)] {
            for (common_name, first, until) in [
                ("pump", 1, 60),
                ("pümpe/7", 0xff, 4_000_000_000),
                ("x", 0, 253_402_300_799),
                (&longest, 7, 253_402_300_799),
            ] {
                let mut entropy = [first; 16];
                entropy[15] = 1;
                let (serial, validity) = (SerialNumber::from_entropy(entropy)?, validity(5, until));
                let subject = SubjectKey::from_public_key(&public_key)?;
                let fast = devices(&name, &id, url)?;
                let fast = fast.write(common_name, &subject, &issuer, serial, validity.encode()?)?;
                let owned = SubjectPublicKeyInfoOwned::from_der(&public_key).unwrap();
                let template = Template::new(name.clone(), names::common_name(common_name)?);
                let template = template.leaf(Some(CLIENT_AUTH))?.revocation_list(url)?;
                let template = template.authority(&id)?.subject_key(&owned)?;
                assert_eq!(fast, build(template, owned, &issuer, serial, validity)?.message());
            }
        }
        Ok(())
    }
}
