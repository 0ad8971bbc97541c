//! The strings of storage accounts.

use core::fmt;

use hubward_core::HostName;

use crate::endpoint::{Endpoint, EndpointProblem, Scheme};
use crate::error::{ParseError, Problem};
use crate::field::Field;
use crate::grammar::Extras;
use crate::kind::Kind;
use crate::options::{Rules, WithoutTls};
use crate::read::Reader;
use crate::secret::{KeyText, SasQuery};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// An account by name and key, by a signature, or the emulator's; and where its services are.
#[derive(Debug, Clone, Copy)]
pub struct Storage<'a> {
    credential: StorageCredential<'a>,
    protocol: Option<Scheme>,
    suffix: Option<HostName<'a>>,
    /// In the order of [`EXPLICIT`].
    endpoints: [Option<Endpoint<'a>>; 8],
    extras: Extras<'a>,
}

/// How its holder proves itself.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum StorageCredential<'a> {
    /// By the account's key.
    Key(AccountName<'a>, KeyText<'a>),
    /// By a signature; without the account's name, explicit endpoints say where.
    Signature(Option<AccountName<'a>>, SasQuery<'a>),
    /// By the emulator's key, which is known to everybody; through a proxy where one is named.
    Development(Option<Endpoint<'a>>),
}

/// A storage account's name: 3 to 24 lower-case letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountName<'a>(&'a str);

impl<'a> AccountName<'a> {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Problem::AccountName`].
    pub fn parse(text: &'a str) -> Result<Self, Problem> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if plain && (3..=24).contains(&text.len()) { Ok(Self(text)) } else { Err(Problem::AccountName) }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// A service of a storage account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageService {
    /// Blobs.
    Blob,
    /// Queues.
    Queue,
    /// Tables.
    Table,
    /// File shares.
    File,
}

/// The fields of explicit endpoints, in the order that they are written.
const EXPLICIT: [(StorageService, Field, Field); 4] = [
    (StorageService::Blob, Field::BlobEndpoint, Field::BlobSecondaryEndpoint),
    (StorageService::Queue, Field::QueueEndpoint, Field::QueueSecondaryEndpoint),
    (StorageService::Table, Field::TableEndpoint, Field::TableSecondaryEndpoint),
    (StorageService::File, Field::FileEndpoint, Field::FileSecondaryEndpoint),
];

fn explicit_fields() -> impl Iterator<Item = Field> {
    EXPLICIT.into_iter().flat_map(|(_, primary, secondary)| [primary, secondary])
}

/// What each place of [`Storage::endpoints`] is: a service's endpoint, or its secondary one.
fn slots() -> impl Iterator<Item = (StorageService, bool)> {
    EXPLICIT.into_iter().flat_map(|(service, ..)| [(service, false), (service, true)])
}

fn web_endpoint(text: &str) -> Result<Endpoint<'_>, EndpointProblem> {
    let endpoint = Endpoint::parse(text)?;
    if endpoint.scheme() == Scheme::Sb { Err(EndpointProblem::Scheme) } else { Ok(endpoint) }
}

impl<'a> Storage<'a> {
    fn new(credential: StorageCredential<'a>) -> Self {
        Self { credential, protocol: None, suffix: None, endpoints: [None; 8], extras: Extras::default() }
    }

    /// Makes the string of an account by its key.
    #[must_use]
    pub fn with_key(account: AccountName<'a>, key: KeyText<'a>) -> Self {
        Self::new(StorageCredential::Key(account, key))
    }

    /// Makes the string of an account by a signature.
    #[must_use]
    pub fn with_signature(account: AccountName<'a>, query: SasQuery<'a>) -> Self {
        Self::new(StorageCredential::Signature(Some(account), query))
    }

    /// Makes a string by a signature for a service at `endpoint`, whichever account it is of.
    ///
    /// # Errors
    /// [`EndpointProblem::Scheme`] where it is neither `https` nor `http`.
    pub fn at_endpoint(
        service: StorageService,
        endpoint: Endpoint<'a>,
        query: SasQuery<'a>,
    ) -> Result<Self, EndpointProblem> {
        Self::new(StorageCredential::Signature(None, query)).with_endpoint(service, endpoint)
    }

    /// Makes the emulator's string.
    #[must_use]
    pub fn development() -> Self {
        Self::new(StorageCredential::Development(None))
    }

    /// The same string with the protocol and suffix of the endpoints that are not explicit.
    ///
    /// # Errors
    /// [`EndpointProblem::Scheme`] where it is neither `https` nor `http`; [`EndpointProblem::Fixed`] for the
    /// emulator's string.
    pub fn with_defaults(self, protocol: Scheme, suffix: HostName<'a>) -> Result<Self, EndpointProblem> {
        match (self.credential, protocol) {
            (StorageCredential::Development(_), _) => Err(EndpointProblem::Fixed),
            (_, Scheme::Sb) => Err(EndpointProblem::Scheme),
            _ => Ok(Self { protocol: Some(protocol), suffix: Some(suffix), ..self }),
        }
    }

    /// The same string with an explicit endpoint for a service.
    ///
    /// # Errors
    /// [`EndpointProblem::Scheme`] where it is neither `https` nor `http`; [`EndpointProblem::Fixed`] for the
    /// emulator's string.
    pub fn with_endpoint(
        self,
        service: StorageService,
        endpoint: Endpoint<'a>,
    ) -> Result<Self, EndpointProblem> {
        self.with_explicit((service, false), endpoint)
    }

    /// The same string with an explicit secondary endpoint for a service.
    ///
    /// # Errors
    /// As [`Storage::with_endpoint`].
    pub fn with_secondary_endpoint(
        self,
        service: StorageService,
        endpoint: Endpoint<'a>,
    ) -> Result<Self, EndpointProblem> {
        self.with_explicit((service, true), endpoint)
    }

    fn with_explicit(
        mut self,
        slot: (StorageService, bool),
        endpoint: Endpoint<'a>,
    ) -> Result<Self, EndpointProblem> {
        if let StorageCredential::Development(_) = self.credential {
            return Err(EndpointProblem::Fixed);
        }
        if endpoint.scheme() == Scheme::Sb {
            return Err(EndpointProblem::Scheme);
        }
        for (slot, _) in self.endpoints.iter_mut().zip(slots()).filter(|(_, at)| *at == slot) {
            *slot = Some(endpoint);
        }
        Ok(self)
    }

    /// Reads an account's string.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::Storage, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        if reader.flag(Field::UseDevelopmentStorage)? {
            return Self::read_development(reader);
        }
        if reader.has(Field::DevelopmentStorageProxyUri) {
            return Err(reader.refuse(Field::DevelopmentStorageProxyUri, Problem::NotOfKind));
        }
        let mut endpoints = [None; 8];
        for (slot, field) in endpoints.iter_mut().zip(explicit_fields()) {
            *slot = reader.optional(field, web_endpoint)?;
            match slot {
                Some(endpoint) if endpoint.scheme() == Scheme::Http => reader.require_tls(field, endpoint)?,
                _ => {}
            }
        }
        let protocol = reader.optional(Field::DefaultEndpointsProtocol, |text| {
            Scheme::from_name(text).filter(|scheme| *scheme != Scheme::Sb).ok_or(Problem::Protocol)
        })?;
        if protocol == Some(Scheme::Http) && reader.rules.without_tls == WithoutTls::Loopback {
            // an emulator's string has explicit endpoints, on this machine; any other would leave it by default
            let emulator = endpoints.iter().flatten().all(Endpoint::is_loopback)
                && EXPLICIT.iter().any(|(_, primary, _)| reader.has(*primary));
            if !emulator || reader.has(Field::EndpointSuffix) {
                let problem = Problem::Endpoint(EndpointProblem::WithoutTls);
                return Err(reader.refuse(Field::DefaultEndpointsProtocol, problem));
            }
        }
        let suffix = reader.optional(Field::EndpointSuffix, HostName::parse)?;
        let name = reader.optional(Field::AccountName, AccountName::parse)?;
        let credential = if let Some(key) = reader.optional(Field::AccountKey, KeyText::parse)? {
            reader.refuse_second(Field::AccountKey, &[Field::SharedAccessSignature])?;
            StorageCredential::Key(reader.required(Field::AccountName, AccountName::parse)?, key)
        } else if let Some(query) = reader.optional(Field::SharedAccessSignature, SasQuery::parse)? {
            if endpoints.iter().all(Option::is_none) {
                reader.required(Field::AccountName, AccountName::parse)?;
            }
            StorageCredential::Signature(name, query)
        } else {
            return Err(reader.missing_credential());
        };
        Ok(Self { credential, protocol, suffix, endpoints, extras: reader.extras() })
    }

    fn read_development(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        // the emulator's account, key and endpoints are fixed: anything that contradicts them is refused
        let fixed = [Field::DefaultEndpointsProtocol, Field::AccountName, Field::EndpointSuffix].into_iter();
        if let Some(field) = fixed.chain(explicit_fields()).find(|field| reader.has(*field)) {
            return Err(reader.refuse(field, Problem::NotOfKind));
        }
        reader.refuse_second(
            Field::UseDevelopmentStorage,
            &[Field::AccountKey, Field::SharedAccessSignature],
        )?;
        // it may be anywhere: the emulator's key is no secret
        let proxy = reader.optional(Field::DevelopmentStorageProxyUri, web_endpoint)?;
        Ok(Self { extras: reader.extras(), ..Self::new(StorageCredential::Development(proxy)) })
    }

    /// How its holder proves itself.
    #[must_use]
    pub const fn credential(&self) -> &StorageCredential<'a> {
        &self.credential
    }

    /// The account's name, where it is given.
    #[must_use]
    pub const fn account(&self) -> Option<AccountName<'a>> {
        match self.credential {
            StorageCredential::Key(name, _) => Some(name),
            StorageCredential::Signature(name, _) => name,
            StorageCredential::Development(_) => None,
        }
    }

    /// The protocol of endpoints that are not explicit, where it is given.
    #[must_use]
    pub const fn protocol(&self) -> Option<Scheme> {
        self.protocol
    }

    /// The suffix of endpoints that are not explicit, where it is given.
    #[must_use]
    pub const fn suffix(&self) -> Option<HostName<'a>> {
        self.suffix
    }

    /// The explicit endpoint of a service.
    #[must_use]
    pub fn endpoint(&self, service: StorageService) -> Option<&Endpoint<'a>> {
        self.explicit((service, false))
    }

    /// The explicit secondary endpoint of a service.
    #[must_use]
    pub fn secondary_endpoint(&self, service: StorageService) -> Option<&Endpoint<'a>> {
        self.explicit((service, true))
    }

    fn explicit(&self, slot: (StorageService, bool)) -> Option<&Endpoint<'a>> {
        self.endpoints.iter().zip(slots()).find(|(_, at)| *at == slot)?.0.as_ref()
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

impl KindParts for Storage<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        self.protocol.map_or(Ok(()), |protocol| visit(Field::DefaultEndpointsProtocol, protocol.as_str()))?;
        match self.credential {
            StorageCredential::Key(name, key) => {
                visit(Field::AccountName, name.as_str())?;
                visit(Field::AccountKey, key.expose())?;
            }
            StorageCredential::Signature(name, query) => {
                name.map_or(Ok(()), |name| visit(Field::AccountName, name.as_str()))?;
                visit(Field::SharedAccessSignature, query.expose())?;
            }
            StorageCredential::Development(proxy) => {
                visit(Field::UseDevelopmentStorage, "true")?;
                proxy.map_or(Ok(()), |proxy| visit(Field::DevelopmentStorageProxyUri, proxy.as_str()))?;
            }
        }
        for (endpoint, field) in self.endpoints.iter().zip(explicit_fields()) {
            endpoint.as_ref().map_or(Ok(()), |endpoint| visit(field, endpoint.as_str()))?;
        }
        self.suffix.map_or(Ok(()), |suffix| visit(Field::EndpointSuffix, suffix.as_str()))
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for Storage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}
