//! [`Storage`]: the connection strings of storage accounts and of the storage emulator.

use core::fmt;

use hubward_core::HostName;

use crate::endpoint::{EndpointUrl, Scheme};
use crate::error::{ConnectionStringError, EndpointProblem, ParseProblem};
use crate::field::FieldName;
use crate::grammar::Extras;
use crate::kind::ConnectionStringKind;
use crate::options::{ParseOptions, WithoutTls};
use crate::read::Reader;
use crate::secret::{KeyText, SasQuery};
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// The connection string of a storage account: a credential and the endpoints of the account's services.
///
/// ```
/// use hubward_connection_string::{AccountName, KeyText, Storage};
///
/// let key = KeyText::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let storage = Storage::with_key(AccountName::parse("contoso1")?, key);
/// assert_eq!(storage.to_string(), "AccountName=contoso1;AccountKey=****");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Storage<'a> {
    credential: StorageCredential<'a>,
    protocol: Option<Scheme>,
    suffix: Option<HostName<'a>>,
    /// The explicit endpoints, in the order of [`slots`].
    endpoints: [Option<EndpointUrl<'a>>; 8],
    extras: Extras<'a>,
}

/// The credential of a storage account.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum StorageCredential<'a> {
    /// The account's name and key.
    Key(AccountName<'a>, KeyText<'a>),
    /// A shared access signature. Without the account's name, the string has explicit endpoints.
    Signature(Option<AccountName<'a>>, SasQuery<'a>),
    /// The emulator's key, which is public, and the proxy to the emulator if there is one.
    Development(Option<EndpointUrl<'a>>),
}

/// The name of a storage account: 3 to 24 lower-case letters and digits.
///
/// ```
/// use hubward_connection_string::AccountName;
///
/// assert!(AccountName::parse("contoso1").is_ok());
/// assert!(AccountName::parse("Contoso").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountName<'a>(&'a str);

impl<'a> AccountName<'a> {
    /// Parses a name and borrows it.
    ///
    /// # Errors
    /// [`ParseProblem::AccountName`] if the text is not a name.
    pub fn parse(text: &'a str) -> Result<Self, ParseProblem> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if plain && (3..=24).contains(&text.len()) { Ok(Self(text)) } else { Err(ParseProblem::AccountName) }
    }

    /// Returns the name.
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

/// The fields of explicit endpoints, primary and secondary, in the order in which they are written.
const EXPLICIT: [(StorageService, FieldName, FieldName); 4] = [
    (StorageService::Blob, FieldName::BlobEndpoint, FieldName::BlobSecondaryEndpoint),
    (StorageService::Queue, FieldName::QueueEndpoint, FieldName::QueueSecondaryEndpoint),
    (StorageService::Table, FieldName::TableEndpoint, FieldName::TableSecondaryEndpoint),
    (StorageService::File, FieldName::FileEndpoint, FieldName::FileSecondaryEndpoint),
];

fn explicit_fields() -> impl Iterator<Item = FieldName> {
    EXPLICIT.into_iter().flat_map(|(_, primary, secondary)| [primary, secondary])
}

/// Returns the service of each slot of [`Storage::endpoints`], and whether the slot is for its secondary endpoint.
fn slots() -> impl Iterator<Item = (StorageService, bool)> {
    EXPLICIT.into_iter().flat_map(|(service, ..)| [(service, false), (service, true)])
}

/// Parses an endpoint of scheme `https` or `http`.
fn web_endpoint(text: &str) -> Result<EndpointUrl<'_>, EndpointProblem> {
    let endpoint = EndpointUrl::parse(text)?;
    if endpoint.scheme() == Scheme::Sb { Err(EndpointProblem::Scheme) } else { Ok(endpoint) }
}

impl<'a> Storage<'a> {
    fn new(credential: StorageCredential<'a>) -> Self {
        Self { credential, protocol: None, suffix: None, endpoints: [None; 8], extras: Extras::default() }
    }

    /// Builds the string of an account with its key.
    #[must_use]
    pub fn with_key(account: AccountName<'a>, key: KeyText<'a>) -> Self {
        Self::new(StorageCredential::Key(account, key))
    }

    /// Builds the string of an account with a shared access signature.
    #[must_use]
    pub fn with_signature(account: AccountName<'a>, query: SasQuery<'a>) -> Self {
        Self::new(StorageCredential::Signature(Some(account), query))
    }

    /// Builds a string with a shared access signature for a service at `endpoint`, without the account's name.
    ///
    /// # Errors
    /// [`EndpointProblem::Scheme`] if the scheme is neither `https` nor `http`.
    pub fn at_endpoint(
        service: StorageService,
        endpoint: EndpointUrl<'a>,
        query: SasQuery<'a>,
    ) -> Result<Self, EndpointProblem> {
        Self::new(StorageCredential::Signature(None, query)).with_endpoint(service, endpoint)
    }

    /// Builds the string of the emulator.
    #[must_use]
    pub fn development() -> Self {
        Self::new(StorageCredential::Development(None))
    }

    /// Sets the protocol and the suffix of the endpoints that are not explicit.
    ///
    /// # Errors
    /// [`EndpointProblem::Scheme`] if the scheme is neither `https` nor `http`; [`EndpointProblem::Fixed`] for the
    /// string of the emulator.
    pub fn with_defaults(self, protocol: Scheme, suffix: HostName<'a>) -> Result<Self, EndpointProblem> {
        match (self.credential, protocol) {
            (StorageCredential::Development(_), _) => Err(EndpointProblem::Fixed),
            (_, Scheme::Sb) => Err(EndpointProblem::Scheme),
            _ => Ok(Self { protocol: Some(protocol), suffix: Some(suffix), ..self }),
        }
    }

    /// Sets the explicit endpoint of a service.
    ///
    /// # Errors
    /// [`EndpointProblem::Scheme`] if the scheme is neither `https` nor `http`; [`EndpointProblem::Fixed`] for the
    /// string of the emulator.
    pub fn with_endpoint(
        self,
        service: StorageService,
        endpoint: EndpointUrl<'a>,
    ) -> Result<Self, EndpointProblem> {
        self.with_explicit((service, false), endpoint)
    }

    /// Sets the explicit secondary endpoint of a service.
    ///
    /// # Errors
    /// As [`Storage::with_endpoint`].
    pub fn with_secondary_endpoint(
        self,
        service: StorageService,
        endpoint: EndpointUrl<'a>,
    ) -> Result<Self, EndpointProblem> {
        self.with_explicit((service, true), endpoint)
    }

    fn with_explicit(
        mut self,
        slot: (StorageService, bool),
        endpoint: EndpointUrl<'a>,
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

    /// Parses the connection string of a storage account.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not the connection string of a storage account.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::Storage, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        if reader.flag(FieldName::UseDevelopmentStorage)? {
            return Self::read_development(reader);
        }
        if reader.has(FieldName::DevelopmentStorageProxyUri) {
            return Err(reader.refuse(FieldName::DevelopmentStorageProxyUri, ParseProblem::NotOfKind));
        }
        let mut endpoints = [None; 8];
        for (slot, field) in endpoints.iter_mut().zip(explicit_fields()) {
            *slot = reader.optional(field, web_endpoint)?;
            match slot {
                Some(endpoint) if endpoint.scheme() == Scheme::Http => reader.require_tls(field, endpoint)?,
                _ => {}
            }
        }
        let protocol = reader.optional(FieldName::DefaultEndpointsProtocol, |text| {
            Scheme::from_name(text).filter(|scheme| *scheme != Scheme::Sb).ok_or(ParseProblem::Protocol)
        })?;
        if protocol == Some(Scheme::Http) && reader.rules.without_tls == WithoutTls::Loopback {
            // an emulator's string has explicit endpoints on this machine; the defaults of others are elsewhere
            let emulator = endpoints.iter().flatten().all(EndpointUrl::is_loopback)
                && EXPLICIT.iter().any(|(_, primary, _)| reader.has(*primary));
            if !emulator || reader.has(FieldName::EndpointSuffix) {
                let problem = ParseProblem::EndpointUrl(EndpointProblem::WithoutTls);
                return Err(reader.refuse(FieldName::DefaultEndpointsProtocol, problem));
            }
        }
        let suffix = reader.optional(FieldName::EndpointSuffix, HostName::parse)?;
        let name = reader.optional(FieldName::AccountName, AccountName::parse)?;
        let credential = if let Some(key) = reader.optional(FieldName::AccountKey, KeyText::parse)? {
            reader.refuse_second(FieldName::AccountKey, &[FieldName::SharedAccessSignature])?;
            StorageCredential::Key(reader.required(FieldName::AccountName, AccountName::parse)?, key)
        } else if let Some(query) = reader.optional(FieldName::SharedAccessSignature, SasQuery::parse)? {
            if endpoints.iter().all(Option::is_none) {
                reader.required(FieldName::AccountName, AccountName::parse)?;
            }
            StorageCredential::Signature(name, query)
        } else {
            return Err(reader.missing_credential());
        };
        Ok(Self { credential, protocol, suffix, endpoints, extras: reader.extras() })
    }

    fn read_development(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        // the emulator's account, key and endpoints are fixed, so fields for them are refused
        let fixed = [FieldName::DefaultEndpointsProtocol, FieldName::AccountName, FieldName::EndpointSuffix]
            .into_iter();
        if let Some(field) = fixed.chain(explicit_fields()).find(|field| reader.has(*field)) {
            return Err(reader.refuse(field, ParseProblem::NotOfKind));
        }
        reader.refuse_second(
            FieldName::UseDevelopmentStorage,
            &[FieldName::AccountKey, FieldName::SharedAccessSignature],
        )?;
        // the proxy may be on any host, since the emulator's key is public
        let proxy = reader.optional(FieldName::DevelopmentStorageProxyUri, web_endpoint)?;
        Ok(Self { extras: reader.extras(), ..Self::new(StorageCredential::Development(proxy)) })
    }

    /// Returns the credential.
    #[must_use]
    pub const fn credential(&self) -> &StorageCredential<'a> {
        &self.credential
    }

    /// Returns the account's name, if the string has it.
    #[must_use]
    pub const fn account(&self) -> Option<AccountName<'a>> {
        match self.credential {
            StorageCredential::Key(name, _) => Some(name),
            StorageCredential::Signature(name, _) => name,
            StorageCredential::Development(_) => None,
        }
    }

    /// Returns the protocol of the endpoints that are not explicit, if the string has it.
    #[must_use]
    pub const fn protocol(&self) -> Option<Scheme> {
        self.protocol
    }

    /// Returns the suffix of the endpoints that are not explicit, if the string has it.
    #[must_use]
    pub const fn suffix(&self) -> Option<HostName<'a>> {
        self.suffix
    }

    /// Returns the explicit endpoint of a service.
    #[must_use]
    pub fn endpoint(&self, service: StorageService) -> Option<&EndpointUrl<'a>> {
        self.explicit((service, false))
    }

    /// Returns the explicit secondary endpoint of a service.
    #[must_use]
    pub fn secondary_endpoint(&self, service: StorageService) -> Option<&EndpointUrl<'a>> {
        self.explicit((service, true))
    }

    fn explicit(&self, slot: (StorageService, bool)) -> Option<&EndpointUrl<'a>> {
        self.endpoints.iter().zip(slots()).find(|(_, at)| *at == slot)?.0.as_ref()
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

impl KindParts for Storage<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        self.protocol
            .map_or(Ok(()), |protocol| visit(FieldName::DefaultEndpointsProtocol, protocol.as_str()))?;
        match self.credential {
            StorageCredential::Key(name, key) => {
                visit(FieldName::AccountName, name.as_str())?;
                visit(FieldName::AccountKey, key.expose())?;
            }
            StorageCredential::Signature(name, query) => {
                name.map_or(Ok(()), |name| visit(FieldName::AccountName, name.as_str()))?;
                visit(FieldName::SharedAccessSignature, query.expose())?;
            }
            StorageCredential::Development(proxy) => {
                visit(FieldName::UseDevelopmentStorage, "true")?;
                proxy.map_or(Ok(()), |proxy| visit(FieldName::DevelopmentStorageProxyUri, proxy.as_str()))?;
            }
        }
        for (endpoint, field) in self.endpoints.iter().zip(explicit_fields()) {
            endpoint.as_ref().map_or(Ok(()), |endpoint| visit(field, endpoint.as_str()))?;
        }
        self.suffix.map_or(Ok(()), |suffix| visit(FieldName::EndpointSuffix, suffix.as_str()))
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for Storage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}
