//! [`Service`] and [`ProvisioningService`]: connection strings with the key of a shared access policy.

use core::fmt;

use hubward_core::{Authority, HostName, PolicyName};

use crate::error::{ConnectionStringError, ParseProblem};
use crate::field::FieldName;
use crate::grammar::Extras;
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
use crate::read::Reader;
use crate::secret::{KeyText, SasText};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// The connection string of a service: `HostName`, `SharedAccessKeyName`, a key or a token, and `GatewayHostName` if
/// the service connects through a gateway. The host may have a port, as a hub on this machine has.
///
/// The strings of a hub and of a provisioning service have the same fields and differ in the host alone. The caller
/// decides which hosts are which; see [`host_is_under`](crate::host_is_under).
///
/// ```
/// use hubward_connection_string::{KeyText, Service, ServiceCredential};
/// use hubward_core::{Authority, HostName, PolicyName};
///
/// let (hub, policy) = (HostName::parse("hub.example")?, PolicyName::parse("service")?);
/// let key = KeyText::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let service = Service::new(hub, policy, ServiceCredential::Key(key));
/// assert_eq!(service.to_string(), "HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey=****");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    authority: Authority<'a>,
    policy: PolicyName<'a>,
    credential: ServiceCredential<'a>,
    gateway: Option<HostName<'a>>,
    extras: Extras<'a>,
}

/// The credential of a service.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ServiceCredential<'a> {
    /// The key of the policy.
    Key(KeyText<'a>),
    /// A SAS token.
    Signature(SasText<'a>),
}

impl<'a> Service<'a> {
    /// Builds a string from its parts.
    #[must_use]
    pub fn new(host: HostName<'a>, policy: PolicyName<'a>, credential: ServiceCredential<'a>) -> Self {
        Self::of(host.into(), policy, credential)
    }

    pub(crate) fn of(
        authority: Authority<'a>,
        policy: PolicyName<'a>,
        credential: ServiceCredential<'a>,
    ) -> Self {
        Self { authority, policy, credential, gateway: None, extras: Extras::default() }
    }

    /// Sets the gateway to connect through.
    #[must_use]
    pub const fn with_gateway(self, gateway: HostName<'a>) -> Self {
        Self { gateway: Some(gateway), ..self }
    }

    /// Parses the connection string of a service.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not the connection string of a service.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::Service, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        let authority = reader.required(FieldName::HostName, Authority::parse)?;
        let policy = reader.required(FieldName::SharedAccessKeyName, PolicyName::parse)?;
        let credential = if let Some(key) = reader.optional(FieldName::SharedAccessKey, KeyText::parse)? {
            reader.refuse_second(FieldName::SharedAccessKey, &[FieldName::SharedAccessSignature])?;
            ServiceCredential::Key(key)
        } else if let Some(token) = reader.optional(FieldName::SharedAccessSignature, SasText::parse)? {
            ServiceCredential::Signature(token)
        } else {
            return Err(reader.missing_credential());
        };
        let gateway = reader.optional(FieldName::GatewayHostName, HostName::parse)?;
        Ok(Self { authority, policy, credential, gateway, extras: reader.extras() })
    }

    /// Returns the host of the hub or provisioning service, without its port.
    #[must_use]
    pub fn host(&self) -> HostName<'a> {
        let text = self.authority.as_str();
        HostName::assertion(text.split_once(':').map_or(text, |(host, _)| host))
    }

    /// Returns the host with its port, if it has one.
    #[must_use]
    pub const fn authority(&self) -> Authority<'a> {
        self.authority
    }

    /// Returns the name of the policy.
    #[must_use]
    pub const fn policy(&self) -> PolicyName<'a> {
        self.policy
    }

    /// Returns the key or the token.
    #[must_use]
    pub const fn credential(&self) -> &ServiceCredential<'a> {
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
}

impl KindParts for Service<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        visit(FieldName::HostName, self.authority.as_str())?;
        visit(FieldName::SharedAccessKeyName, self.policy.as_str())?;
        match self.credential {
            ServiceCredential::Key(key) => visit(FieldName::SharedAccessKey, key.expose())?,
            ServiceCredential::Signature(token) => visit(FieldName::SharedAccessSignature, token.expose())?,
        }
        self.gateway.map_or(Ok(()), |gateway| visit(FieldName::GatewayHostName, gateway.as_str()))
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}

/// The connection string of a provisioning service (DPS). It is a type of its own, so that it is not passed to a
/// function that needs a hub's [`Service`].
///
/// ```
/// use hubward_connection_string::{ProvisioningService, ParseOptions};
///
/// let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// let text = format!("HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey={key}");
/// let dps = ProvisioningService::parse(&text, &ParseOptions::STRICT)?;
/// assert_eq!(dps.service().host().as_str(), "dps.example");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningService<'a>(Service<'a>);

impl<'a> ProvisioningService<'a> {
    /// Builds a string from its parts.
    #[must_use]
    pub fn new(host: HostName<'a>, policy: PolicyName<'a>, credential: ServiceCredential<'a>) -> Self {
        Self(Service::new(host, policy, credential))
    }

    /// Parses the connection string of a provisioning service. It differs from a hub's in the host alone, which is not
    /// checked here.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not the connection string of a service, or has a gateway, as only a hub's may.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::Service, |reader| {
            let service = Service::read(reader)?;
            match service.gateway {
                Some(_) => Err(reader.refuse(FieldName::GatewayHostName, ParseProblem::NotOfKind)),
                None => Ok(Self(service)),
            }
        })
    }

    /// Returns the host, the policy and the credential.
    #[must_use]
    pub const fn service(&self) -> &Service<'a> {
        &self.0
    }

    /// Returns the text with its secrets, to be written with `Display`.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'_> {
        self.0.with_secrets()
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for ProvisioningService<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
