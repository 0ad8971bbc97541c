//! What a device's or a server's certificate is to contain.

use alloc::string::String;
use alloc::vec::Vec;

use der::asn1::{Ia5String, OctetString};
use hubward_core::{DeviceId, ModuleId};
use rustls_pki_types::{IpAddr, ServerName};
use x509_cert::ext::pkix::name::GeneralName;

use super::error::IssueError;
use super::key_strength::SubjectKey;
use crate::certificate::VerifiedRequest;
use crate::identity::common_name;

/// A device's or a module's certificate before it is issued: the id, and a key that was judged.
///
/// The id is the common name, and the only name. Nothing else that a request asks for is copied: the CA decides.
///
/// ```
/// use hubward_core::DeviceId;
/// use hubward_x509::issue::{DeviceCertificate, IssueError};
/// # use hubward_ring::{KeyType, SigningKey};
/// # let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?.public_key_der();
///
/// // the factory read the key from the device itself, so that no request is needed
/// let device = DeviceCertificate::from_public_key(&key, DeviceId::parse("pump-17")?)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DeviceCertificate<'a> {
    pub(super) name: String,
    pub(super) key: SubjectKey<'a>,
}

impl<'a> DeviceCertificate<'a> {
    /// Prepares a device's certificate from its request. The proof of possession is the type of the request; the common
    /// name of the request must be `device`, the id that the caller expects.
    ///
    /// # Errors
    /// [`IssueError::NameMismatch`] if the request is for another name, [`IssueError::CommonName`] if it has not exactly
    /// one common name, [`IssueError::Key`] if the key is weak.
    pub fn from_request(request: &VerifiedRequest<'a>, device: DeviceId<'_>) -> Result<Self, IssueError> {
        Self::requested(request, device.as_str().into())
    }

    /// The same for a module, whose common name is `device/module`.
    ///
    /// # Errors
    /// As [`from_request`](Self::from_request).
    pub fn module_from_request(
        request: &VerifiedRequest<'a>,
        device: DeviceId<'_>,
        module: ModuleId<'_>,
    ) -> Result<Self, IssueError> {
        Self::requested(request, module_name(device, module))
    }

    /// Prepares a device's certificate for a public key, given as the DER of its SubjectPublicKeyInfo. The caller knows
    /// in another way that the device holds the private key.
    ///
    /// # Errors
    /// [`IssueError::Key`] if the key is weak, malformed or not supported.
    pub fn from_public_key(public_key: &'a [u8], device: DeviceId<'_>) -> Result<Self, IssueError> {
        Ok(Self { name: device.as_str().into(), key: SubjectKey::from_public_key(public_key)? })
    }

    /// The same for a module, whose common name is `device/module`.
    ///
    /// # Errors
    /// As [`from_public_key`](Self::from_public_key).
    pub fn module_from_public_key(
        public_key: &'a [u8],
        device: DeviceId<'_>,
        module: ModuleId<'_>,
    ) -> Result<Self, IssueError> {
        Ok(Self { name: module_name(device, module), key: SubjectKey::from_public_key(public_key)? })
    }

    /// Returns the DER of the SubjectPublicKeyInfo to certify.
    #[must_use]
    pub const fn public_key(&self) -> &'a [u8] {
        self.key.as_der()
    }

    fn requested(request: &VerifiedRequest<'a>, name: String) -> Result<Self, IssueError> {
        if common_name(&request.subject())? != name {
            return Err(IssueError::NameMismatch);
        }
        Ok(Self { name, key: SubjectKey::from_request(request)? })
    }
}

fn module_name(device: DeviceId<'_>, module: ModuleId<'_>) -> String {
    [device.as_str(), "/", module.as_str()].concat()
}

/// A server's certificate before it is issued: its DNS names and IP addresses, and a key that was judged.
///
/// ```
/// use hubward_x509::issue::ServerCertificate;
/// # use hubward_ring::{KeyType, SigningKey};
/// # let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?.public_key_der();
///
/// let name = rustls_pki_types::ServerName::try_from("hub.example").map_err(|error| error.to_string())?;
/// let server = ServerCertificate::from_public_key(&key, &[name])?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ServerCertificate<'a> {
    pub(super) names: Vec<GeneralName>,
    pub(super) key: SubjectKey<'a>,
}

impl<'a> ServerCertificate<'a> {
    /// Prepares a server's certificate for a public key, given as the DER of its SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`IssueError::Key`] if the key is weak, malformed or not supported; [`IssueError::NameLength`] without a name.
    pub fn from_public_key(public_key: &'a [u8], names: &[ServerName<'_>]) -> Result<Self, IssueError> {
        Self::new(SubjectKey::from_public_key(public_key)?, names)
    }

    /// Prepares a server's certificate for the key of its request. The names are the caller's; those of the request are
    /// ignored.
    ///
    /// # Errors
    /// As [`from_public_key`](Self::from_public_key).
    pub fn from_request(request: &VerifiedRequest<'a>, names: &[ServerName<'_>]) -> Result<Self, IssueError> {
        Self::new(SubjectKey::from_request(request)?, names)
    }

    fn new(key: SubjectKey<'a>, names: &[ServerName<'_>]) -> Result<Self, IssueError> {
        if names.is_empty() {
            return Err(IssueError::NameLength { most: 64 });
        }
        let names = names.iter().map(general_name).collect::<Result<_, _>>()?;
        Ok(Self { names, key })
    }
}

fn general_name(name: &ServerName<'_>) -> Result<GeneralName, IssueError> {
    let address = |bytes: &[u8]| OctetString::new(bytes).map(GeneralName::IpAddress);
    match name {
        ServerName::DnsName(name) => Ia5String::new(name.as_ref()).map(GeneralName::DnsName),
        ServerName::IpAddress(IpAddr::V4(v4)) => address(v4.as_ref()),
        ServerName::IpAddress(IpAddr::V6(v6)) => address(v6.as_ref()),
        _ => return Err(IssueError::Encoding),
    }
    .map_err(|_| IssueError::Encoding)
}
