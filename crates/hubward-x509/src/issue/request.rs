//! Certification requests (PKCS#10, RFC 2986).

use der::Encode;
use der::asn1::SetOfVec;
use x509_cert::request::{CertReqInfo, Version};

use super::error::IssueError;
use super::issuer_key::IssuerKey;
use super::names;
use super::unsigned::Unsigned;

/// Prepares a request for a certificate: a common name and a key, which signs the request as proof of possession. The
/// common name is the id of a device, `device/module`, or the name of a CA.
///
/// ```
/// use hubward_ring::{KeyType, SigningKey, signature};
/// use hubward_x509::{CertificateRequest, issue};
///
/// let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?;
/// let request: Vec<u8> = issue::request("pump-17", &issue::IssuerKey::of(&key)?)?.sign(&key)?;
/// assert!(CertificateRequest::parse(&request)?.verify(signature::ALL).is_ok());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`IssueError::NameLength`] if the name is empty or too long.
pub fn request(common_name: &str, key: &IssuerKey) -> Result<Unsigned, IssueError> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: names::common_name(common_name)?,
        public_key: key.subject_public_key_info()?,
        attributes: SetOfVec::default(),
    };
    Ok(Unsigned::new(info.to_der().map_err(|_| IssueError::Encoding)?, key.clone()))
}
