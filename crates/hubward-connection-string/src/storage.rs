//! The strings of storage accounts.

use core::fmt;

use hubward_core::HostName;

use crate::endpoint::{Endpoint, EndpointProblem, Scheme};
use crate::error::{ParseError, Problem};
use crate::field::Field;
use crate::grammar::Extras;
use crate::kind::Kind;
use crate::read::Reader;
use crate::rules::{Rules, WithoutTls};
use crate::secret::{KeyText, SasQuery};
use crate::write::{Visit, WithSecrets, write_redacted};

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
#[expect(missing_docs, reason = "each variant is the service of its name")]
pub enum StorageService {
    Blob,
    Queue,
    Table,
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

fn web(text: &str) -> Result<Endpoint<'_>, EndpointProblem> {
    let endpoint = Endpoint::parse(text)?;
    if endpoint.scheme() == Scheme::Sb { Err(EndpointProblem::Scheme) } else { Ok(endpoint) }
}

impl<'a> Storage<'a> {
    /// Makes a string from its credential; its services are where the account's name and the defaults say.
    #[must_use]
    pub fn new(credential: StorageCredential<'a>) -> Self {
        Self { credential, protocol: None, suffix: None, endpoints: [None; 8], extras: Extras::default() }
    }

    /// Reads an account's string.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::wanted(text, rules, Kind::Storage, Self::read)
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
            *slot = reader.optional(field, web)?;
            match slot {
                Some(endpoint) if endpoint.scheme() == Scheme::Http => reader.protected(field, endpoint)?,
                _ => {}
            }
        }
        let protocol = reader.optional(Field::DefaultEndpointsProtocol, |text| {
            Scheme::from_name(text).filter(|scheme| *scheme != Scheme::Sb).ok_or(Problem::Protocol)
        })?;
        if protocol == Some(Scheme::Http) && reader.rules.without_tls == WithoutTls::Loopback {
            // it says nothing where every endpoint that can be used is explicit
            let defaulted = !EXPLICIT.iter().any(|(_, primary, _)| reader.has(*primary));
            if defaulted || reader.has(Field::EndpointSuffix) {
                let problem = Problem::Endpoint(EndpointProblem::WithoutTls);
                return Err(reader.refuse(Field::DefaultEndpointsProtocol, problem));
            }
        }
        let suffix = reader.optional(Field::EndpointSuffix, HostName::parse)?;
        let name = reader.optional(Field::AccountName, AccountName::parse)?;
        let credential = if let Some(key) = reader.optional(Field::AccountKey, KeyText::parse)? {
            reader.alone(Field::AccountKey, &[Field::SharedAccessSignature])?;
            StorageCredential::Key(reader.required(Field::AccountName, AccountName::parse)?, key)
        } else if let Some(query) = reader.optional(Field::SharedAccessSignature, SasQuery::parse)? {
            if endpoints.iter().all(Option::is_none) {
                reader.required(Field::AccountName, AccountName::parse)?;
            }
            StorageCredential::Signature(name, query)
        } else {
            return Err(reader.lacks_credential());
        };
        Ok(Self { credential, protocol, suffix, endpoints, extras: reader.extras() })
    }

    fn read_development(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        // the emulator's account, key and endpoints are fixed: anything that contradicts them is refused
        let fixed = [Field::DefaultEndpointsProtocol, Field::AccountName, Field::EndpointSuffix].into_iter();
        if let Some(field) = fixed.chain(explicit_fields()).find(|field| reader.has(*field)) {
            return Err(reader.refuse(field, Problem::NotOfKind));
        }
        reader.alone(Field::UseDevelopmentStorage, &[Field::AccountKey, Field::SharedAccessSignature])?;
        let proxy = reader.optional(Field::DevelopmentStorageProxyUri, web)?;
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
        self.explicit().find(|(_, of, secondary)| *of == service && !secondary).map(|(endpoint, ..)| endpoint)
    }

    /// The explicit secondary endpoint of a service.
    #[must_use]
    pub fn secondary_endpoint(&self, service: StorageService) -> Option<&Endpoint<'a>> {
        self.explicit().find(|(_, of, secondary)| *of == service && *secondary).map(|(endpoint, ..)| endpoint)
    }

    fn explicit(&self) -> impl Iterator<Item = (&Endpoint<'a>, StorageService, bool)> {
        let services = EXPLICIT.into_iter().flat_map(|(service, ..)| [(service, false), (service, true)]);
        self.endpoints
            .iter()
            .zip(services)
            .filter_map(|(endpoint, (service, secondary))| Some((endpoint.as_ref()?, service, secondary)))
    }

    /// The fields that no kind knows.
    #[must_use]
    pub const fn extras(&self) -> Extras<'a> {
        self.extras
    }

    /// The string with its secrets.
    #[must_use]
    pub fn with_secrets(&self) -> WithSecrets<'a> {
        WithSecrets::new((*self).into())
    }

    pub(crate) fn parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
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
        write_redacted((*self).into(), f)
    }
}
