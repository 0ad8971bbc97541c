//! Writes the certificates of a fleet: what all of them have in common is encoded once.
//!
//! The builder of `x509-cert` takes about half of the time of a P-256 signature for a certificate, this a fraction of it. A
//! test below compares both byte for byte.

use alloc::vec::Vec;

use der::asn1::{
    Any, AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef, UintRef, Utf8StringRef,
};
use der::{Decode, Encode, Sequence, Tag, TagMode, TagNumber};
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

use super::error::IssueError;
use super::issuer_key::IssuerKey;
use super::key_strength::SubjectKey;
use super::names;
use super::serial::SerialNumber;

/// The bytes of a key's identifier, a SHA-1 digest (RFC 5280 4.2.1.2, method 1).
const IDENTIFIER: usize = 20;
/// Room for a common name of 64 characters of four bytes with its headers, and for two dates.
const NAME: usize = 288;
const DATES: usize = 40;
const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");

/// The parts that the certificates of a CA's devices have in common, as DER.
#[derive(Clone)]
pub(super) struct FleetWriter {
    version: Any,
    issuer: Any,
    /// One extension after the other. The last bytes are those of the identifier of the subject's key, still zero.
    extensions: Vec<u8>,
}

/// The `TBSCertificate` of RFC 5280 4.1, from parts that are encoded already.
#[derive(Sequence)]
struct Tbs<'a> {
    version: AnyRef<'a>,
    serial: UintRef<'a>,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: AnyRef<'a>,
    subject: AnyRef<'a>,
    key: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: AnyRef<'a>,
}

#[derive(Sequence)]
struct Attribute<'a> {
    kind: ObjectIdentifier,
    value: Utf8StringRef<'a>,
}

#[derive(Sequence)]
struct Extension<'a> {
    kind: ObjectIdentifier,
    value: AnyRef<'a>,
}

impl FleetWriter {
    /// Encodes the issuer and the extensions. The identifier of the subject's key comes last.
    pub(super) fn new(issuer: &Name, extensions: &[Any]) -> Result<Self, IssueError> {
        let write = || {
            let mut all = extensions.iter().map(Any::to_der).collect::<der::Result<Vec<_>>>()?.concat();
            let identifier = OctetStringRef::new(&[0; IDENTIFIER])?.to_der()?;
            let value = AnyRef::new(Tag::OctetString, &identifier)?;
            all.extend(Extension { kind: SUBJECT_KEY_IDENTIFIER, value }.to_der()?);
            let version =
                ContextSpecific { tag_number: TagNumber(0), tag_mode: TagMode::Explicit, value: 2_u8 };
            let version = Any::encode_from(&version)?;
            Ok(Self { version, issuer: Any::encode_from(issuer)?, extensions: all })
        };
        write().map_err(|_: der::Error| IssueError::Encoding)
    }

    /// Returns the bytes to sign for a subject with this common name and key.
    pub(super) fn write(
        &self,
        common_name: &str,
        key: &SubjectKey<'_>,
        issuer: &IssuerKey,
        serial: SerialNumber,
        validity: Validity,
    ) -> Result<Vec<u8>, IssueError> {
        names::check(common_name)?;
        let write = || {
            // on the stack: each part would be an allocation
            let (mut one, mut other, mut dates) = ([0; NAME], [0; NAME], [0; DATES]);
            let value = Utf8StringRef::new(common_name)?;
            let attribute = Attribute { kind: names::COMMON_NAME, value }.encode_to_slice(&mut one)?;
            let subject = AnyRef::new(Tag::Set, attribute)?.encode_to_slice(&mut other)?;
            // `Validity` converts both times again for each length that is computed
            let validity = [validity.not_before, validity.not_after].encode_to_slice(&mut dates)?;
            let mut message = Tbs {
                version: AnyRef::from(&self.version),
                serial: UintRef::new(serial.as_bytes())?,
                signature: issuer.signature_algorithm(),
                issuer: AnyRef::from(&self.issuer),
                validity: AnyRef::from_der(validity)?,
                subject: AnyRef::new(Tag::Sequence, subject)?,
                key: AnyRef::from_der(key.as_der())?,
                extensions: AnyRef::new(Tag::Sequence, &self.extensions)?,
            }
            .to_der()?;
            let identifier = SubjectKeyIdentifier::try_from(bits(key)?)?;
            match (message.last_chunk_mut::<IDENTIFIER>(), identifier.0.as_bytes().first_chunk()) {
                (Some(end), Some(identifier)) => *end = *identifier,
                _ => return Err(Tag::OctetString.length_error().into()),
            }
            Ok(message)
        };
        write().map_err(|_: der::Error| IssueError::Encoding)
    }
}

/// Returns a key for its identifier, which is the digest of the key's bits: decoding the algorithm again would take longer
/// than the digest.
fn bits<'a>(key: &SubjectKey<'a>) -> der::Result<SubjectPublicKeyInfoRef<'a>> {
    let algorithm = AlgorithmIdentifierRef { oid: names::COMMON_NAME, parameters: None };
    Ok(SubjectPublicKeyInfoRef { algorithm, subject_public_key: BitStringRef::from_bytes(key.bits())? })
}
