//! The extensions of issued certificates, as the profiles of this crate ask for them.

use alloc::vec;
use alloc::vec::Vec;

use der::asn1::{Any, Ia5String, ObjectIdentifier, OctetString};
use der::flagset::FlagSet;
use x509_cert::builder::Result as BuilderResult;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use super::error::IssueError;

pub(super) const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
pub(super) const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");

/// The names and extensions of one certificate, from which `x509-cert` builds it.
pub(super) struct Template {
    issuer: Name,
    subject: Name,
    extensions: Vec<Extension>,
}

impl Template {
    pub(super) const fn new(issuer: Name, subject: Name) -> Self {
        Self { issuer, subject, extensions: Vec::new() }
    }

    /// Returns each extension as DER.
    pub(super) fn encoded(&self) -> Result<Vec<Any>, IssueError> {
        self.extensions
            .iter()
            .map(Any::encode_from)
            .collect::<Result<_, _>>()
            .map_err(|_| IssueError::Encoding)
    }

    fn add(mut self, extension: impl ToExtension<Error = der::Error>) -> Result<Self, IssueError> {
        let extension = extension.to_extension(&self.subject, &self.extensions);
        self.extensions.push(extension.map_err(|_| IssueError::Encoding)?);
        Ok(self)
    }

    /// Adds the identifier of the issuer's key.
    pub(super) fn authority(self, issuer: &OctetString) -> Result<Self, IssueError> {
        self.add(&authority_key_identifier(issuer))
    }

    /// Adds the identifier of the subject's key, the last extension.
    pub(super) fn subject_key(self, key: &SubjectPublicKeyInfoOwned) -> Result<Self, IssueError> {
        self.add(&SubjectKeyIdentifier(key_identifier(key)?))
    }

    /// Adds the extensions of a CA (RFC 5280 4.2.1.3, 4.2.1.9).
    pub(super) fn ca(self, path_length: Option<u8>) -> Result<Self, IssueError> {
        self.add(&BasicConstraints { ca: true, path_len_constraint: path_length })?
            .add(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))
    }

    /// Adds the extensions of a certificate that is not a CA's.
    pub(super) fn leaf(self, purpose: Option<ObjectIdentifier>) -> Result<Self, IssueError> {
        let template = self
            .add(&BasicConstraints { ca: false, path_len_constraint: None })?
            .add(&KeyUsage(FlagSet::from(KeyUsages::DigitalSignature)))?;
        match purpose {
            None => Ok(template),
            Some(purpose) => template.add(&ExtendedKeyUsage(vec![purpose])),
        }
    }

    /// Adds alternative names (RFC 5280 4.2.1.6); critical if there is no subject.
    pub(super) fn alternative_names(self, names: Vec<GeneralName>) -> Result<Self, IssueError> {
        self.add(&x509_cert::ext::pkix::SubjectAltName(names))
    }

    /// Adds the address of the issuer's revocation list (RFC 5280 4.2.1.13).
    pub(super) fn revocation_list(self, url: Option<&Ia5String>) -> Result<Self, IssueError> {
        let Some(url) = url else { return Ok(self) };
        let point =
            DistributionPoint { distribution_point: Some(full_name(url)), reasons: None, crl_issuer: None };
        self.add(&CrlDistributionPoints(vec![point]))
    }
}

impl BuilderProfile for Template {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> BuilderResult<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

/// Returns the identifier of a key: SHA-1 of the key's bits (RFC 5280 4.2.1.2, method 1).
pub(super) fn key_identifier(key: &SubjectPublicKeyInfoOwned) -> Result<OctetString, IssueError> {
    use der::referenced::OwnedToRef;
    SubjectKeyIdentifier::try_from(key.owned_to_ref()).map(|id| id.0).map_err(|_| IssueError::Encoding)
}

pub(super) fn authority_key_identifier(issuer: &OctetString) -> AuthorityKeyIdentifier {
    AuthorityKeyIdentifier { key_identifier: Some(issuer.clone()), ..AuthorityKeyIdentifier::default() }
}

pub(super) fn full_name(url: &Ia5String) -> DistributionPointName {
    DistributionPointName::FullName(vec![GeneralName::UniformResourceIdentifier(url.clone())])
}
