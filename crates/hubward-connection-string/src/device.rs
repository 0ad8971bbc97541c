//! [`Device`] and [`Module`]: the connection strings of devices and modules.

use core::fmt;

use hubward_core::{DeviceId, HostName, ModuleId, PolicyName};

use crate::error::{ConnectionStringError, ParseProblem};
use crate::field::FieldName;
use crate::grammar::Extras;
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
use crate::read::Reader;
use crate::secret::{KeyText, SasText};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// The credential of a device or a module.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DeviceCredential<'a> {
    /// A symmetric key of the device or module.
    Key(KeyText<'a>),
    /// The key of a shared access policy with DeviceConnect.
    PolicyKey(PolicyName<'a>, KeyText<'a>),
    /// A SAS token.
    Signature(SasText<'a>),
    /// An X.509 certificate, which is not in the string: `x509=true`.
    Certificate,
}

/// The error of an id with a `;`, as old ids may have. A `;` ends a value, so a connection string cannot have the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} has a `;`, which ends a value of a connection string")]
#[non_exhaustive]
pub struct UnwritableId {
    /// The field of the id.
    pub field: FieldName,
}

fn check_writable(field: FieldName, id: &str) -> Result<(), UnwritableId> {
    if id.contains(';') { Err(UnwritableId { field }) } else { Ok(()) }
}

impl<'a> DeviceCredential<'a> {
    fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        let policy = reader.optional(FieldName::SharedAccessKeyName, PolicyName::parse)?;
        let key = reader.optional(FieldName::SharedAccessKey, KeyText::parse)?;
        let token = reader.optional(FieldName::SharedAccessSignature, SasText::parse)?;
        let certificate = reader.flag(FieldName::X509)?;
        match (key, token, certificate) {
            (Some(_), Some(_), _) => {
                let problem = ParseProblem::SecondCredential(FieldName::SharedAccessKey);
                Err(reader.refuse(FieldName::SharedAccessSignature, problem))
            }
            (Some(_), None, true) => {
                Err(reader
                    .refuse(FieldName::X509, ParseProblem::SecondCredential(FieldName::SharedAccessKey)))
            }
            (None, Some(_), true) => Err(reader
                .refuse(FieldName::X509, ParseProblem::SecondCredential(FieldName::SharedAccessSignature))),
            (Some(key), None, false) => {
                Ok(policy.map_or(Self::Key(key), |policy| Self::PolicyKey(policy, key)))
            }
            (None, None, false) => Err(reader.missing_credential()),
            _ if policy.is_some() => {
                Err(reader.refuse(FieldName::SharedAccessKeyName, ParseProblem::PolicyWithoutKey))
            }
            (None, Some(token), false) => Ok(Self::Signature(token)),
            (None, None, true) => Ok(Self::Certificate),
        }
    }

    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => visit(FieldName::SharedAccessKey, key.expose()),
            Self::PolicyKey(policy, key) => {
                visit(FieldName::SharedAccessKeyName, policy.as_str())?;
                visit(FieldName::SharedAccessKey, key.expose())
            }
            Self::Signature(token) => visit(FieldName::SharedAccessSignature, token.expose()),
            Self::Certificate => visit(FieldName::X509, "true"),
        }
    }
}

/// The connection string of a device: `HostName`, `DeviceId`, one credential, and `GatewayHostName` if the device
/// connects through a gateway.
///
/// ```
/// use hubward_connection_string::{Device, DeviceCredential};
/// use hubward_core::{DeviceId, HostName};
///
/// let (hub, id) = (HostName::parse("hub.example")?, DeviceId::parse("dev1")?);
/// let device = Device::new(hub, id, DeviceCredential::Certificate)?;
/// assert_eq!(device.with_secrets().to_string(), "HostName=hub.example;DeviceId=dev1;x509=true");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    host: HostName<'a>,
    id: DeviceId<'a>,
    credential: DeviceCredential<'a>,
    gateway: Option<HostName<'a>>,
    extras: Extras<'a>,
}

impl<'a> Device<'a> {
    /// Builds a string from its parts.
    ///
    /// # Errors
    /// [`UnwritableId`] if the id has a `;`.
    pub fn new(
        host: HostName<'a>,
        id: DeviceId<'a>,
        credential: DeviceCredential<'a>,
    ) -> Result<Self, UnwritableId> {
        check_writable(FieldName::DeviceId, id.as_str())?;
        Ok(Self::of(host, id, credential))
    }

    /// Puts the parts of a string together whose id has no `;`.
    pub(crate) fn of(host: HostName<'a>, id: DeviceId<'a>, credential: DeviceCredential<'a>) -> Self {
        Self { host, id, credential, gateway: None, extras: Extras::default() }
    }

    /// Sets the gateway to connect through.
    #[must_use]
    pub const fn with_gateway(self, gateway: HostName<'a>) -> Self {
        Self { gateway: Some(gateway), ..self }
    }

    /// Parses the connection string of a device.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not the connection string of a device.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::Device, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        Ok(Self {
            host: reader.required(FieldName::HostName, HostName::parse)?,
            id: reader.required(FieldName::DeviceId, DeviceId::parse)?,
            credential: DeviceCredential::read(reader)?,
            gateway: reader.optional(FieldName::GatewayHostName, HostName::parse)?,
            extras: reader.extras(),
        })
    }

    /// Returns the host of the hub.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.host
    }

    /// Returns the device's id.
    #[must_use]
    pub const fn id(&self) -> DeviceId<'a> {
        self.id
    }

    /// Returns the credential.
    #[must_use]
    pub const fn credential(&self) -> &DeviceCredential<'a> {
        &self.credential
    }

    /// Returns the host to connect to in place of the hub. The audience of a token remains the hub.
    #[must_use]
    pub const fn gateway(&self) -> Option<HostName<'a>> {
        self.gateway
    }

    /// Returns the fields with unknown names.
    #[must_use]
    pub const fn extras(&self) -> Extras<'a> {
        self.extras
    }

    /// Returns the text with its secrets, to be written with `Display`.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'_> {
        WithSecrets::new(self, self.extras)
    }

    fn visit_parts_with(&self, module: Option<&str>, visit: &mut Visit<'_>) -> fmt::Result {
        visit(FieldName::HostName, self.host.as_str())?;
        visit(FieldName::DeviceId, self.id.as_str())?;
        module.map_or(Ok(()), |id| visit(FieldName::ModuleId, id))?;
        self.credential.visit_parts(visit)?;
        self.gateway.map_or(Ok(()), |gateway| visit(FieldName::GatewayHostName, gateway.as_str()))
    }
}

impl KindParts for Device<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        self.visit_parts_with(None, visit)
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}

/// The connection string of a module: the fields of a [`Device`] with the module's credential, and `ModuleId`.
///
/// ```
/// use hubward_connection_string::{Module, ParseOptions};
///
/// let text = "HostName=hub.example;DeviceId=dev1;ModuleId=m1;x509=true";
/// assert_eq!(Module::parse(text, &ParseOptions::STRICT)?.id().as_str(), "m1");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Module<'a> {
    device: Device<'a>,
    id: ModuleId<'a>,
}

impl<'a> Module<'a> {
    /// Builds a string from its parts.
    ///
    /// # Errors
    /// [`UnwritableId`] if an id has a `;`.
    pub fn new(
        host: HostName<'a>,
        device: DeviceId<'a>,
        id: ModuleId<'a>,
        credential: DeviceCredential<'a>,
    ) -> Result<Self, UnwritableId> {
        check_writable(FieldName::ModuleId, id.as_str())?;
        Ok(Self { device: Device::new(host, device, credential)?, id })
    }

    #[cfg(feature = "alloc")]
    pub(crate) const fn of(device: Device<'a>, id: ModuleId<'a>) -> Self {
        Self { device, id }
    }

    #[cfg(feature = "alloc")]
    pub(crate) const fn device(self) -> Device<'a> {
        self.device
    }

    /// Sets the gateway to connect through.
    #[must_use]
    pub const fn with_gateway(self, gateway: HostName<'a>) -> Self {
        Self { device: self.device.with_gateway(gateway), id: self.id }
    }

    /// Parses the connection string of a module.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not the connection string of a module.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::Module, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        let device = Device::read(reader)?;
        Ok(Self { device, id: reader.required(FieldName::ModuleId, ModuleId::parse)? })
    }

    /// Returns the host of the hub.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.device.host
    }

    /// Returns the id of the module's device.
    #[must_use]
    pub const fn device_id(&self) -> DeviceId<'a> {
        self.device.id
    }

    /// Returns the module's id.
    #[must_use]
    pub const fn id(&self) -> ModuleId<'a> {
        self.id
    }

    /// Returns the credential.
    #[must_use]
    pub const fn credential(&self) -> &DeviceCredential<'a> {
        &self.device.credential
    }

    /// Returns the host to connect to in place of the hub. The audience of a token remains the hub.
    #[must_use]
    pub const fn gateway(&self) -> Option<HostName<'a>> {
        self.device.gateway
    }

    /// Returns the fields with unknown names.
    #[must_use]
    pub const fn extras(&self) -> Extras<'a> {
        self.device.extras
    }

    /// Returns the text with its secrets, to be written with `Display`.
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

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.device.extras, f)
    }
}
