//! A fleet's own certificates and revocation lists (feature `issue`), written with `x509-cert` and `der`.
//!
//! A [`CertificateAuthority`] issues certificates of intermediate CAs, devices ([`DeviceCertificate`]) and servers
//! ([`ServerCertificate`]), proofs that it holds its key, and revocation lists ([`CrlDraft`]). Each comes first as
//! [`Unsigned`]: the bytes to sign go out, for example to an HSM, and the signature comes in; or a [`Signer`] of
//! `hubward-core` signs in one step. Entropy and time are the caller's: [`SerialNumber::from_entropy`] and
//! [`Validity::between`].
//!
//! ```
//! use hubward_core::DeviceId;
//! use hubward_ring::{KeyType, SigningKey, signature};
//! use hubward_x509::issue::{CertificateAuthority, DeviceCertificate, IssuerKey, SerialNumber, request};
//! use hubward_x509::{CertificateRequest, UnixTime, Validity};
//!
//! # let day = |day: u64| UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600 + day * 86_400));
//! # let serial = |byte| SerialNumber::from_entropy([byte; 16]); // an example; use the system's random generator
//! // a root, whose key signs in this process
//! let ca_key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?;
//! let issuer_key = IssuerKey::of(&ca_key)?;
//! let ten_years = Validity::between(day(0), day(3650))?;
//! let root = CertificateAuthority::root("Plant root", &issuer_key, Some(1), serial(1)?, ten_years)?.sign(&ca_key)?;
//! let ca = CertificateAuthority::new(&root, issuer_key)?;
//!
//! // a device makes its key and a request, and the CA answers with a certificate for the id that it expects
//! let device_key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?;
//! let request = request("pump-17", &IssuerKey::of(&device_key)?)?.sign(&device_key)?;
//! let request = CertificateRequest::parse(&request)?.verify(signature::ALL)?;
//! let device = DeviceCertificate::from_request(&request, DeviceId::parse("pump-17")?)?;
//! let issued = ca.device(&device, serial(2)?, Validity::between(day(0), day(365))?)?.sign(&ca_key)?;
//! # use hubward_x509::{Anchors, Chain, ExpectedSubject, Profile};
//! # let anchors = Anchors::parse([&root])?;
//! # let profile = Profile::device(ExpectedSubject::Device(DeviceId::parse("pump-17")?));
//! # assert!(Chain::parse(&issued, &[] as &[&[u8]])?.verify(&anchors, &profile, signature::ALL, day(1)).is_ok());
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod authority;
mod crl_draft;
mod error;
mod extensions;
mod fleet_writer;
mod issuer_key;
mod key_strength;
mod leaf;
mod names;
mod request;
mod serial;
mod unsigned;
mod validity;

pub use authority::CertificateAuthority;
pub use crl_draft::CrlDraft;
pub use error::{CrlDraftError, IssueError, KeyProblem, ValidityProblem};
pub use hubward_core::Signer;
pub use issuer_key::IssuerKey;
pub use key_strength::SubjectKey;
pub use leaf::{DeviceCertificate, ServerCertificate};
pub use request::request;
pub use serial::SerialNumber;
pub use unsigned::Unsigned;

#[cfg(doc)]
use crate::Validity;
