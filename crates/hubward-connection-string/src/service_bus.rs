//! [`ServiceBus`]: the connection strings of Event Hubs and Service Bus, which have the same form.

use core::fmt;

use hubward_core::{NameProblem, PolicyName};

use crate::endpoint::{EndpointUrl, Scheme};
use crate::error::{ConnectionStringError, EndpointProblem, ParseProblem};
use crate::field::FieldName;
use crate::grammar::Extras;
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
use crate::read::Reader;
use crate::secret::{RawKey, SasText};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// The connection string of a namespace or an entity: `EndpointUrl`, a policy's name and key or a token, `EntityPath`, and
/// the flag of an emulator.
///
/// ```
/// use hubward_connection_string::{ParseOptions, ServiceBus};
///
/// let text = "Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey=k;EntityPath=events";
/// let bus = ServiceBus::parse(text, &ParseOptions::STRICT)?;
/// assert_eq!(bus.entity().map(|path| path.as_str()), Some("events"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ServiceBus<'a> {
    endpoint: EndpointUrl<'a>,
    credential: ServiceBusCredential<'a>,
    entity: Option<EntityPath<'a>>,
    emulator: bool,
    extras: Extras<'a>,
}

/// The credential of a namespace or an entity.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ServiceBusCredential<'a> {
    /// The key of a policy. An emulator's key is the text `SAS_KEY_VALUE`.
    Key(PolicyName<'a>, RawKey<'a>),
    /// A SAS token.
    Signature(SasText<'a>),
}

/// The path of a queue, topic or event hub: 1 to 260 ASCII letters, digits and `. - _ ~ /`, without a segment that is
/// empty, `.` or `..`.
///
/// ```
/// use hubward_connection_string::EntityPath;
///
/// assert!(EntityPath::parse("plant/events").is_ok());
/// assert!(EntityPath::parse("plant//events").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityPath<'a>(&'a str);

impl<'a> EntityPath<'a> {
    const MAX: usize = 260;

    /// Parses a path and borrows it.
    ///
    /// # Errors
    /// [`NameProblem`] if the text is not a path.
    pub fn parse(text: &'a str) -> Result<Self, NameProblem> {
        if text.is_empty() {
            return Err(NameProblem::Empty);
        }
        if text.len() > Self::MAX {
            return Err(NameProblem::TooLong { len: text.len(), max: Self::MAX });
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~' | b'/');
        if let Some(offset) = text.bytes().position(|b| !allowed(b)) {
            return Err(NameProblem::Character { offset });
        }
        let mut offset = 0_usize;
        for segment in text.split('/') {
            match segment {
                "" => {
                    return Err(NameProblem::Character { offset: offset.min(text.len().saturating_sub(1)) });
                }
                "." | ".." => return Err(NameProblem::DotSegment),
                _ => offset = offset.saturating_add(segment.len()).saturating_add(1),
            }
        }
        Ok(Self(text))
    }

    /// Returns the path.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl<'a> ServiceBus<'a> {
    /// Builds a string from its parts.
    ///
    /// # Errors
    /// [`EndpointProblem`] if the endpoint's scheme is not `sb`, or it has a path.
    pub fn new(
        endpoint: EndpointUrl<'a>,
        credential: ServiceBusCredential<'a>,
    ) -> Result<Self, EndpointProblem> {
        let endpoint = EndpointUrl::parse_root(endpoint.as_str(), &[Scheme::Sb])?;
        Ok(Self { endpoint, credential, entity: None, emulator: false, extras: Extras::default() })
    }

    /// Sets the entity.
    #[must_use]
    pub const fn with_entity(self, entity: EntityPath<'a>) -> Self {
        Self { entity: Some(entity), ..self }
    }

    /// Sets the flag of an emulator, which listens without TLS.
    #[must_use]
    pub const fn with_emulator(self) -> Self {
        Self { emulator: true, ..self }
    }

    /// Parses the connection string of a namespace or an entity.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not a connection string of Event Hubs or Service Bus.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::ServiceBus, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        let endpoint =
            reader.required(FieldName::Endpoint, |text| EndpointUrl::parse_root(text, &[Scheme::Sb]))?;
        let credential = if let Some(key) = reader.optional(FieldName::SharedAccessKey, RawKey::parse)? {
            reader.refuse_second(FieldName::SharedAccessKey, &[FieldName::SharedAccessSignature])?;
            ServiceBusCredential::Key(
                reader.required(FieldName::SharedAccessKeyName, PolicyName::parse)?,
                key,
            )
        } else if let Some(token) = reader.optional(FieldName::SharedAccessSignature, SasText::parse)? {
            if reader.has(FieldName::SharedAccessKeyName) {
                let problem = ParseProblem::PolicyWithoutKey;
                return Err(reader.refuse(FieldName::SharedAccessKeyName, problem));
            }
            ServiceBusCredential::Signature(token)
        } else {
            return Err(reader.missing_credential());
        };
        let entity = reader.optional(FieldName::EntityPath, EntityPath::parse)?;
        let emulator = reader.flag(FieldName::UseDevelopmentEmulator)?;
        if emulator {
            reader.require_tls(FieldName::Endpoint, &endpoint)?;
        }
        Ok(Self { endpoint, credential, entity, emulator, extras: reader.extras() })
    }

    /// Returns the endpoint of the namespace.
    #[must_use]
    pub const fn endpoint(&self) -> &EndpointUrl<'a> {
        &self.endpoint
    }

    /// Returns the credential.
    #[must_use]
    pub const fn credential(&self) -> &ServiceBusCredential<'a> {
        &self.credential
    }

    /// Returns the entity.
    #[must_use]
    pub const fn entity(&self) -> Option<EntityPath<'a>> {
        self.entity
    }

    /// Returns whether an emulator listens at the endpoint, without TLS.
    #[must_use]
    pub const fn is_emulator(&self) -> bool {
        self.emulator
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

impl KindParts for ServiceBus<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        visit(FieldName::Endpoint, self.endpoint.as_str())?;
        match self.credential {
            ServiceBusCredential::Key(policy, key) => {
                visit(FieldName::SharedAccessKeyName, policy.as_str())?;
                visit(FieldName::SharedAccessKey, key.expose())?;
            }
            ServiceBusCredential::Signature(token) => {
                visit(FieldName::SharedAccessSignature, token.expose())?
            }
        }
        if self.emulator {
            visit(FieldName::UseDevelopmentEmulator, "true")?;
        }
        self.entity.map_or(Ok(()), |entity| visit(FieldName::EntityPath, entity.as_str()))
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for ServiceBus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}
