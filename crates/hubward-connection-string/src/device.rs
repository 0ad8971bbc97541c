//! The strings of devices and modules, and of a service that stands in for one.

use core::fmt;

use hubward_core::{DeviceId, HostName, ModuleId, PolicyName};

use crate::error::{ParseError, Problem};
use crate::field::Field;
use crate::grammar::Extras;
use crate::kind::Kind;
use crate::options::Rules;
use crate::read::Reader;
use crate::secret::{KeyText, SasText};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// How a device or a module proves itself.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DeviceCredential<'a> {
    /// By a key of its own.
    Key(KeyText<'a>),
    /// By the key of a policy that may connect devices.
    PolicyKey(PolicyName<'a>, KeyText<'a>),
    /// By a token that was made before.
    Signature(SasText<'a>),
    /// By an X.509 certificate, which is not in the string: `x509=true`.
    Certificate,
}

/// An id holds a `;`, as old ids may: it ends the value of a connection string, which so cannot carry the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} holds a `;`, which a connection string cannot carry")]
#[non_exhaustive]
pub struct Unwritable {
    /// Which id.
    pub field: Field,
}

fn check_writable(field: Field, id: &str) -> Result<(), Unwritable> {
    if id.contains(';') { Err(Unwritable { field }) } else { Ok(()) }
}

impl<'a> DeviceCredential<'a> {
    fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        let policy = reader.optional(Field::SharedAccessKeyName, PolicyName::parse)?;
        let key = reader.optional(Field::SharedAccessKey, KeyText::parse)?;
        let token = reader.optional(Field::SharedAccessSignature, SasText::parse)?;
        let certificate = reader.flag(Field::X509)?;
        match (key, token, certificate) {
            (Some(_), Some(_), _) => {
                let problem = Problem::SecondCredential(Field::SharedAccessKey);
                Err(reader.refuse(Field::SharedAccessSignature, problem))
            }
            (Some(_), None, true) => {
                Err(reader.refuse(Field::X509, Problem::SecondCredential(Field::SharedAccessKey)))
            }
            (None, Some(_), true) => {
                Err(reader.refuse(Field::X509, Problem::SecondCredential(Field::SharedAccessSignature)))
            }
            (Some(key), None, false) => {
                Ok(policy.map_or(Self::Key(key), |policy| Self::PolicyKey(policy, key)))
            }
            (None, None, false) => Err(reader.missing_credential()),
            _ if policy.is_some() => {
                Err(reader.refuse(Field::SharedAccessKeyName, Problem::PolicyWithoutKey))
            }
            (None, Some(token), false) => Ok(Self::Signature(token)),
            (None, None, true) => Ok(Self::Certificate),
        }
    }

    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => visit(Field::SharedAccessKey, key.expose()),
            Self::PolicyKey(policy, key) => {
                visit(Field::SharedAccessKeyName, policy.as_str())?;
                visit(Field::SharedAccessKey, key.expose())
            }
            Self::Signature(token) => visit(Field::SharedAccessSignature, token.expose()),
            Self::Certificate => visit(Field::X509, "true"),
        }
    }
}

/// `HostName`, `DeviceId`, one credential, and the gateway that it connects through where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    host: HostName<'a>,
    id: DeviceId<'a>,
    credential: DeviceCredential<'a>,
    gateway: Option<HostName<'a>>,
    extras: Extras<'a>,
}

impl<'a> Device<'a> {
    /// Makes a string from its parts.
    ///
    /// # Errors
    /// [`Unwritable`] where the id holds a `;`.
    pub fn new(
        host: HostName<'a>,
        id: DeviceId<'a>,
        credential: DeviceCredential<'a>,
    ) -> Result<Self, Unwritable> {
        check_writable(Field::DeviceId, id.as_str())?;
        Ok(Self { host, id, credential, gateway: None, extras: Extras::default() })
    }

    /// The same device behind `gateway`.
    #[must_use]
    pub const fn with_gateway(self, gateway: HostName<'a>) -> Self {
        Self { gateway: Some(gateway), ..self }
    }

    /// Reads a device's string.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::Device, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        Ok(Self {
            host: reader.required(Field::HostName, HostName::parse)?,
            id: reader.required(Field::DeviceId, DeviceId::parse)?,
            credential: DeviceCredential::read(reader)?,
            gateway: reader.optional(Field::GatewayHostName, HostName::parse)?,
            extras: reader.extras(),
        })
    }

    /// The hub.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.host
    }

    /// The device.
    #[must_use]
    pub const fn id(&self) -> DeviceId<'a> {
        self.id
    }

    /// How it proves itself.
    #[must_use]
    pub const fn credential(&self) -> &DeviceCredential<'a> {
        &self.credential
    }

    /// The host to connect to in place of the hub. The audience of a token remains the hub.
    #[must_use]
    pub const fn gateway(&self) -> Option<HostName<'a>> {
        self.gateway
    }

    /// The fields that no kind knows.
    #[must_use]
    pub const fn extras(&self) -> Extras<'a> {
        self.extras
    }

    /// The string with its secrets.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'_> {
        WithSecrets::new(self, self.extras)
    }

    fn visit_parts_with(&self, module: Option<&str>, visit: &mut Visit<'_>) -> fmt::Result {
        visit(Field::HostName, self.host.as_str())?;
        visit(Field::DeviceId, self.id.as_str())?;
        module.map_or(Ok(()), |id| visit(Field::ModuleId, id))?;
        self.credential.visit_parts(visit)?;
        self.gateway.map_or(Ok(()), |gateway| visit(Field::GatewayHostName, gateway.as_str()))
    }
}

impl KindParts for Device<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        self.visit_parts_with(None, visit)
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}

/// A device's fields and `ModuleId`; the credential is the module's.
#[derive(Debug, Clone, Copy)]
pub struct Module<'a> {
    device: Device<'a>,
    id: ModuleId<'a>,
}

impl<'a> Module<'a> {
    /// Makes a string from its parts.
    ///
    /// # Errors
    /// [`Unwritable`] where an id holds a `;`.
    pub fn new(
        host: HostName<'a>,
        device: DeviceId<'a>,
        id: ModuleId<'a>,
        credential: DeviceCredential<'a>,
    ) -> Result<Self, Unwritable> {
        check_writable(Field::ModuleId, id.as_str())?;
        Ok(Self { device: Device::new(host, device, credential)?, id })
    }

    /// The same module behind `gateway`.
    #[must_use]
    pub const fn with_gateway(self, gateway: HostName<'a>) -> Self {
        Self { device: self.device.with_gateway(gateway), id: self.id }
    }

    /// Reads a module's string.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::Module, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        let device = Device::read(reader)?;
        Ok(Self { device, id: reader.required(Field::ModuleId, ModuleId::parse)? })
    }

    /// The hub.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.device.host
    }

    /// The device that the module is of.
    #[must_use]
    pub const fn device_id(&self) -> DeviceId<'a> {
        self.device.id
    }

    /// The module.
    #[must_use]
    pub const fn id(&self) -> ModuleId<'a> {
        self.id
    }

    /// How it proves itself.
    #[must_use]
    pub const fn credential(&self) -> &DeviceCredential<'a> {
        &self.device.credential
    }

    /// The host to connect to in place of the hub. The audience of a token remains the hub.
    #[must_use]
    pub const fn gateway(&self) -> Option<HostName<'a>> {
        self.device.gateway
    }

    /// The fields that no kind knows.
    #[must_use]
    pub const fn extras(&self) -> Extras<'a> {
        self.device.extras
    }

    /// The string with its secrets.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'_> {
        WithSecrets::new(self, self.device.extras)
    }
}

impl KindParts for Module<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        self.device.visit_parts_with(Some(self.id.as_str()), visit)
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.device.extras, f)
    }
}
