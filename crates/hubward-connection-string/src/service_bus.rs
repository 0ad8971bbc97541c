//! The strings of Event Hubs and Service Bus, which are of one form.

use core::fmt;

use hubward_core::{NameProblem, PolicyName};

use crate::endpoint::{Endpoint, EndpointProblem, Scheme};
use crate::error::{ParseError, Problem};
use crate::field::Field;
use crate::grammar::Extras;
use crate::kind::Kind;
use crate::options::Rules;
use crate::read::Reader;
use crate::secret::{RawKey, SasText};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// `Endpoint`, a policy's name and key or a token, the entity where the string is of one, and the emulator's flag.
#[derive(Debug, Clone, Copy)]
pub struct ServiceBus<'a> {
    endpoint: Endpoint<'a>,
    credential: ServiceBusCredential<'a>,
    entity: Option<EntityPath<'a>>,
    emulator: bool,
    extras: Extras<'a>,
}

/// How its holder proves itself.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ServiceBusCredential<'a> {
    /// By a policy's key. The emulator's is the text `SAS_KEY_VALUE`.
    Key(PolicyName<'a>, RawKey<'a>),
    /// By a token that was made before.
    Signature(SasText<'a>),
}

/// The path of a queue, topic or event hub: 1 to 260 of ASCII letters, digits and `. - _ ~ /`, no segment of it
/// empty, `.` or `..`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityPath<'a>(&'a str);

impl<'a> EntityPath<'a> {
    const MAX: usize = 260;

    /// Checks a path.
    ///
    /// # Errors
    /// [`NameProblem`].
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

    /// The path.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl<'a> ServiceBus<'a> {
    /// Makes a string from its parts.
    ///
    /// # Errors
    /// [`EndpointProblem`] where the endpoint is not of scheme `sb`, or has a path.
    pub fn new(
        endpoint: Endpoint<'a>,
        credential: ServiceBusCredential<'a>,
    ) -> Result<Self, EndpointProblem> {
        let endpoint = Endpoint::parse_root(endpoint.as_str(), &[Scheme::Sb])?;
        Ok(Self { endpoint, credential, entity: None, emulator: false, extras: Extras::default() })
    }

    /// The same string for one entity.
    #[must_use]
    pub const fn with_entity(self, entity: EntityPath<'a>) -> Self {
        Self { entity: Some(entity), ..self }
    }

    /// The same string for an emulator, which listens without TLS.
    #[must_use]
    pub const fn with_emulator(self) -> Self {
        Self { emulator: true, ..self }
    }

    /// Reads the string of a namespace or an entity.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::ServiceBus, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        let endpoint = reader.required(Field::Endpoint, |text| Endpoint::parse_root(text, &[Scheme::Sb]))?;
        let credential = if let Some(key) = reader.optional(Field::SharedAccessKey, RawKey::parse)? {
            reader.refuse_second(Field::SharedAccessKey, &[Field::SharedAccessSignature])?;
            ServiceBusCredential::Key(reader.required(Field::SharedAccessKeyName, PolicyName::parse)?, key)
        } else if let Some(token) = reader.optional(Field::SharedAccessSignature, SasText::parse)? {
            if reader.has(Field::SharedAccessKeyName) {
                let problem = Problem::PolicyWithoutKey;
                return Err(reader.refuse(Field::SharedAccessKeyName, problem));
            }
            ServiceBusCredential::Signature(token)
        } else {
            return Err(reader.missing_credential());
        };
        let entity = reader.optional(Field::EntityPath, EntityPath::parse)?;
        let emulator = reader.flag(Field::UseDevelopmentEmulator)?;
        if emulator {
            reader.require_tls(Field::Endpoint, &endpoint)?;
        }
        Ok(Self { endpoint, credential, entity, emulator, extras: reader.extras() })
    }

    /// The namespace.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint<'a> {
        &self.endpoint
    }

    /// How its holder proves itself.
    #[must_use]
    pub const fn credential(&self) -> &ServiceBusCredential<'a> {
        &self.credential
    }

    /// The entity that the string is of.
    #[must_use]
    pub const fn entity(&self) -> Option<EntityPath<'a>> {
        self.entity
    }

    /// Whether an emulator listens there: without TLS.
    #[must_use]
    pub const fn is_emulator(&self) -> bool {
        self.emulator
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

impl KindParts for ServiceBus<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        visit(Field::Endpoint, self.endpoint.as_str())?;
        match self.credential {
            ServiceBusCredential::Key(policy, key) => {
                visit(Field::SharedAccessKeyName, policy.as_str())?;
                visit(Field::SharedAccessKey, key.expose())?;
            }
            ServiceBusCredential::Signature(token) => visit(Field::SharedAccessSignature, token.expose())?,
        }
        if self.emulator {
            visit(Field::UseDevelopmentEmulator, "true")?;
        }
        self.entity.map_or(Ok(()), |entity| visit(Field::EntityPath, entity.as_str()))
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for ServiceBus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}
