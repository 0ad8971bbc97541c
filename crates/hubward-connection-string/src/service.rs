//! The strings of services, which hold the key of a policy: of a hub, or of a provisioning service.

use core::fmt;

use hubward_core::{HostName, PolicyName};

use crate::error::{ParseError, Problem};
use crate::field::Field;
use crate::grammar::Extras;
use crate::kind::Kind;
use crate::options::Rules;
use crate::read::Reader;
use crate::secret::{KeyText, SasText};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// `HostName`, `SharedAccessKeyName`, a key or a token, and the gateway to connect through where there is one.
///
/// A hub's and a provisioning service's string have the same fields: only the host tells them apart, and which
/// hosts are which is the caller's policy (see [`host_is_under`](crate::host_is_under)).
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    host: HostName<'a>,
    policy: PolicyName<'a>,
    credential: ServiceCredential<'a>,
    gateway: Option<HostName<'a>>,
    extras: Extras<'a>,
}

/// How a service proves itself.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ServiceCredential<'a> {
    /// By the policy's key.
    Key(KeyText<'a>),
    /// By a token that was made before.
    Signature(SasText<'a>),
}

impl<'a> Service<'a> {
    /// Makes a string from its parts.
    #[must_use]
    pub fn new(host: HostName<'a>, policy: PolicyName<'a>, credential: ServiceCredential<'a>) -> Self {
        Self { host, policy, credential, gateway: None, extras: Extras::default() }
    }

    /// The same service behind `gateway`.
    #[must_use]
    pub const fn with_gateway(self, gateway: HostName<'a>) -> Self {
        Self { gateway: Some(gateway), ..self }
    }

    /// Reads a service's string.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::Service, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        let host = reader.required(Field::HostName, HostName::parse)?;
        let policy = reader.required(Field::SharedAccessKeyName, PolicyName::parse)?;
        let credential = if let Some(key) = reader.optional(Field::SharedAccessKey, KeyText::parse)? {
            reader.refuse_second(Field::SharedAccessKey, &[Field::SharedAccessSignature])?;
            ServiceCredential::Key(key)
        } else if let Some(token) = reader.optional(Field::SharedAccessSignature, SasText::parse)? {
            ServiceCredential::Signature(token)
        } else {
            return Err(reader.missing_credential());
        };
        let gateway = reader.optional(Field::GatewayHostName, HostName::parse)?;
        Ok(Self { host, policy, credential, gateway, extras: reader.extras() })
    }

    /// The hub or provisioning service.
    #[must_use]
    pub const fn host(&self) -> HostName<'a> {
        self.host
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> PolicyName<'a> {
        self.policy
    }

    /// The key or token.
    #[must_use]
    pub const fn credential(&self) -> &ServiceCredential<'a> {
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
}

impl KindParts for Service<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        visit(Field::HostName, self.host.as_str())?;
        visit(Field::SharedAccessKeyName, self.policy.as_str())?;
        match self.credential {
            ServiceCredential::Key(key) => visit(Field::SharedAccessKey, key.expose())?,
            ServiceCredential::Signature(token) => visit(Field::SharedAccessSignature, token.expose())?,
        }
        self.gateway.map_or(Ok(()), |gateway| visit(Field::GatewayHostName, gateway.as_str()))
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}

/// The string of a provisioning service: a [`Service`] of which the caller says what it is for, so that it is not
/// handed to what wants a hub's.
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningService<'a>(Service<'a>);

impl<'a> ProvisioningService<'a> {
    /// Makes a string from its parts.
    #[must_use]
    pub fn new(host: HostName<'a>, policy: PolicyName<'a>, credential: ServiceCredential<'a>) -> Self {
        Self(Service::new(host, policy, credential))
    }

    /// Reads the string of a provisioning service. Nothing in it tells it from a hub's but the host, which is not
    /// judged here.
    ///
    /// # Errors
    /// [`ParseError`] where it is no service's string, or names a gateway, which are a hub's.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::Service, |reader| {
            let service = Service::read(reader)?;
            match service.gateway {
                Some(_) => Err(reader.refuse(Field::GatewayHostName, Problem::NotOfKind)),
                None => Ok(Self(service)),
            }
        })
    }

    /// The host, the policy and the credential.
    #[must_use]
    pub const fn service(&self) -> &Service<'a> {
        &self.0
    }

    /// The string with its secrets.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'_> {
        self.0.with_secrets()
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for ProvisioningService<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
