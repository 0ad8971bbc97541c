//! Connection strings that own their text, to be kept in a struct. A copied secret is erased when it is dropped.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{Authority, DeviceId, HostName, ModuleId, PolicyName};
use zeroize::Zeroizing;

use crate::device::{Device, DeviceCredential, Module};
use crate::secret::{KeyText, SasText};
use crate::service::{Service, ServiceCredential};

type Secret = Zeroizing<Box<str>>;

/// A [`Device`] that owns its text.
///
/// ```
/// use hubward_connection_string::{Device, OwnedDevice, ParseOptions};
///
/// struct Client {
///     device: OwnedDevice,
/// }
///
/// let text = String::from("HostName=hub.example;DeviceId=dev1;x509=true");
/// let client = Client { device: Device::parse(&text, &ParseOptions::STRICT)?.into_owned() };
/// drop(text);
/// assert_eq!(client.device.get().id().as_str(), "dev1");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct OwnedDevice {
    host: Box<str>,
    id: Box<str>,
    credential: OwnedCredential,
    gateway: Option<Box<str>>,
}

/// A [`Module`] that owns its text.
///
/// ```
/// use hubward_connection_string::{Module, ParseOptions};
///
/// let text = "HostName=hub.example;DeviceId=dev1;ModuleId=m1;x509=true";
/// let module = Module::parse(text, &ParseOptions::STRICT)?.into_owned();
/// assert_eq!(module.get().id().as_str(), "m1");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct OwnedModule {
    device: OwnedDevice,
    id: Box<str>,
}

/// A [`Service`] that owns its text.
///
/// ```
/// use hubward_connection_string::{ParseOptions, Service};
///
/// let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// let text = format!("HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey={key}");
/// let service = Service::parse(&text, &ParseOptions::STRICT)?.into_owned();
/// drop(text);
/// assert_eq!(service.get().policy().as_str(), "service");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct OwnedService {
    authority: Box<str>,
    policy: Box<str>,
    credential: OwnedServiceCredential,
    gateway: Option<Box<str>>,
}

enum OwnedServiceCredential {
    Key(Secret),
    Signature(Secret),
}

enum OwnedCredential {
    Key(Secret),
    PolicyKey(Box<str>, Secret),
    Signature(Secret),
    Certificate,
}

fn secret(text: &str) -> Secret {
    Zeroizing::new(text.into())
}

impl Device<'_> {
    /// Copies the text of the fields, without those of unknown names.
    #[must_use]
    pub fn into_owned(self) -> OwnedDevice {
        let credential = match self.credential() {
            DeviceCredential::Key(key) => OwnedCredential::Key(secret(key.expose())),
            DeviceCredential::PolicyKey(policy, key) => {
                OwnedCredential::PolicyKey(policy.as_str().into(), secret(key.expose()))
            }
            DeviceCredential::Signature(token) => OwnedCredential::Signature(secret(token.expose())),
            DeviceCredential::Certificate => OwnedCredential::Certificate,
        };
        OwnedDevice {
            host: self.host().as_str().into(),
            id: self.id().as_str().into(),
            credential,
            gateway: self.gateway().map(|gateway| gateway.as_str().into()),
        }
    }
}

impl Module<'_> {
    /// Copies the text of the fields, without those of unknown names.
    #[must_use]
    pub fn into_owned(self) -> OwnedModule {
        OwnedModule { device: self.device().into_owned(), id: self.id().as_str().into() }
    }
}

impl Service<'_> {
    /// Copies the text of the fields, without those of unknown names.
    #[must_use]
    pub fn into_owned(self) -> OwnedService {
        let credential = match self.credential() {
            ServiceCredential::Key(key) => OwnedServiceCredential::Key(secret(key.expose())),
            ServiceCredential::Signature(token) => OwnedServiceCredential::Signature(secret(token.expose())),
        };
        OwnedService {
            authority: self.authority().as_str().into(),
            policy: self.policy().as_str().into(),
            credential,
            gateway: self.gateway().map(|gateway| gateway.as_str().into()),
        }
    }
}

impl OwnedDevice {
    /// Returns the string, which borrows from this one.
    #[must_use]
    pub fn get(&self) -> Device<'_> {
        let credential = match &self.credential {
            OwnedCredential::Key(key) => DeviceCredential::Key(KeyText::assertion(key)),
            OwnedCredential::PolicyKey(policy, key) => {
                DeviceCredential::PolicyKey(PolicyName::assertion(policy), KeyText::assertion(key))
            }
            OwnedCredential::Signature(token) => DeviceCredential::Signature(SasText::assertion(token)),
            OwnedCredential::Certificate => DeviceCredential::Certificate,
        };
        let device = Device::of(HostName::assertion(&self.host), DeviceId::assertion(&self.id), credential);
        match &self.gateway {
            Some(gateway) => device.with_gateway(HostName::assertion(gateway)),
            None => device,
        }
    }
}

impl OwnedModule {
    /// Returns the string, which borrows from this one.
    #[must_use]
    pub fn get(&self) -> Module<'_> {
        Module::of(self.device.get(), ModuleId::assertion(&self.id))
    }
}

impl OwnedService {
    /// Returns the string, which borrows from this one.
    #[must_use]
    pub fn get(&self) -> Service<'_> {
        let credential = match &self.credential {
            OwnedServiceCredential::Key(key) => ServiceCredential::Key(KeyText::assertion(key)),
            OwnedServiceCredential::Signature(token) => {
                ServiceCredential::Signature(SasText::assertion(token))
            }
        };
        let service = Service::of(
            Authority::assertion(&self.authority),
            PolicyName::assertion(&self.policy),
            credential,
        );
        match &self.gateway {
            Some(gateway) => service.with_gateway(HostName::assertion(gateway)),
            None => service,
        }
    }
}

/// Writes the secret as `****`.
impl fmt::Debug for OwnedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Writes the secret as `****`.
impl fmt::Debug for OwnedModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Writes the secret as `****`.
impl fmt::Debug for OwnedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
