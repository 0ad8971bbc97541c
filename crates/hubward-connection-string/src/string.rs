//! [`ConnectionString`]: a connection string of any kind.

use core::fmt;

#[cfg(feature = "url")]
use crate::cosmos::Cosmos;
use crate::device::{Device, Module};
use crate::error::{ConnectionStringError, ParseProblem};
use crate::grammar::{Extras, Fields};
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
use crate::read::Reader;
use crate::service::Service;
#[cfg(feature = "url")]
use crate::service_bus::ServiceBus;
#[cfg(feature = "url")]
use crate::storage::Storage;
use crate::text::Span;
use crate::write::{KindParts, WithSecrets, write_redacted};

/// A connection string of any kind. If one kind is expected, parse with that kind's type: its errors are more exact.
///
/// ```
/// use hubward_connection_string::{ConnectionString, ConnectionStringKind, ParseOptions};
///
/// let text = "HostName=hub.example;DeviceId=dev1;x509=true";
/// assert_eq!(ConnectionString::parse(text, &ParseOptions::STRICT)?.kind(), ConnectionStringKind::Device);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
#[cfg_attr(
    feature = "url",
    expect(clippy::large_enum_variant, reason = "borrowed and on the stack: boxing would allocate")
)]
pub enum ConnectionString<'a> {
    /// The string of a service.
    Service(Service<'a>),
    /// The string of a device.
    Device(Device<'a>),
    /// The string of a module.
    Module(Module<'a>),
    /// The string of Event Hubs or Service Bus.
    #[cfg(feature = "url")]
    ServiceBus(ServiceBus<'a>),
    /// The string of a storage account.
    #[cfg(feature = "url")]
    Storage(Storage<'a>),
    /// The string of a Cosmos DB account.
    #[cfg(feature = "url")]
    Cosmos(Cosmos<'a>),
}

impl<'a> ConnectionString<'a> {
    /// Parses a string. Its fields determine its kind.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not a complete string of any kind.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Self::read(&Fields::scan(text, rules), rules)
    }

    pub(crate) fn read(fields: &Fields<'a>, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        let Some(kind) = fields.kind() else {
            let span = Span { start: 0, end: fields.text().len() };
            let unknown =
                ConnectionStringError { kind: None, field: None, span, problem: ParseProblem::UnknownKind };
            return Err(fields.first_problem().unwrap_or(unknown));
        };
        let reader = Reader::new(fields, rules, kind)?;
        match kind {
            ConnectionStringKind::Service => Service::read(&reader).map(Self::Service),
            ConnectionStringKind::Device => Device::read(&reader).map(Self::Device),
            ConnectionStringKind::Module => Module::read(&reader).map(Self::Module),
            #[cfg(feature = "url")]
            ConnectionStringKind::ServiceBus => ServiceBus::read(&reader).map(Self::ServiceBus),
            #[cfg(feature = "url")]
            ConnectionStringKind::Storage => Storage::read(&reader).map(Self::Storage),
            #[cfg(feature = "url")]
            ConnectionStringKind::Cosmos => Cosmos::read(&reader).map(Self::Cosmos),
            #[cfg(not(feature = "url"))]
            kind => Err(reader.needs_url(kind)),
        }
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> ConnectionStringKind {
        match self {
            Self::Service(_) => ConnectionStringKind::Service,
            Self::Device(_) => ConnectionStringKind::Device,
            Self::Module(_) => ConnectionStringKind::Module,
            #[cfg(feature = "url")]
            Self::ServiceBus(_) => ConnectionStringKind::ServiceBus,
            #[cfg(feature = "url")]
            Self::Storage(_) => ConnectionStringKind::Storage,
            #[cfg(feature = "url")]
            Self::Cosmos(_) => ConnectionStringKind::Cosmos,
        }
    }

    /// Returns the fields with unknown names.
    #[must_use]
    pub const fn extras(&self) -> Extras<'a> {
        match self {
            Self::Service(string) => string.extras(),
            Self::Device(string) => string.extras(),
            Self::Module(string) => string.extras(),
            #[cfg(feature = "url")]
            Self::ServiceBus(string) => string.extras(),
            #[cfg(feature = "url")]
            Self::Storage(string) => string.extras(),
            #[cfg(feature = "url")]
            Self::Cosmos(string) => string.extras(),
        }
    }

    /// Returns the text with its secrets, to be written with `Display`.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'_> {
        WithSecrets::new(self.parts(), self.extras())
    }

    /// Returns the parts of the string's kind.
    fn parts(&self) -> &dyn KindParts {
        match self {
            Self::Service(string) => string,
            Self::Device(string) => string,
            Self::Module(string) => string,
            #[cfg(feature = "url")]
            Self::ServiceBus(string) => string,
            #[cfg(feature = "url")]
            Self::Storage(string) => string,
            #[cfg(feature = "url")]
            Self::Cosmos(string) => string,
        }
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for ConnectionString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self.parts(), self.extras(), f)
    }
}

impl<'a> From<Service<'a>> for ConnectionString<'a> {
    fn from(string: Service<'a>) -> Self {
        Self::Service(string)
    }
}

impl<'a> From<Device<'a>> for ConnectionString<'a> {
    fn from(string: Device<'a>) -> Self {
        Self::Device(string)
    }
}

impl<'a> From<Module<'a>> for ConnectionString<'a> {
    fn from(string: Module<'a>) -> Self {
        Self::Module(string)
    }
}

#[cfg(feature = "url")]
impl<'a> From<ServiceBus<'a>> for ConnectionString<'a> {
    fn from(string: ServiceBus<'a>) -> Self {
        Self::ServiceBus(string)
    }
}

#[cfg(feature = "url")]
impl<'a> From<Storage<'a>> for ConnectionString<'a> {
    fn from(string: Storage<'a>) -> Self {
        Self::Storage(string)
    }
}

#[cfg(feature = "url")]
impl<'a> From<Cosmos<'a>> for ConnectionString<'a> {
    fn from(string: Cosmos<'a>) -> Self {
        Self::Cosmos(string)
    }
}
