//! [`Cosmos`]: the connection strings of Cosmos DB accounts.

use core::fmt;

use hubward_core::NameProblem;

use crate::endpoint::{EndpointUrl, Scheme};
use crate::error::{ConnectionStringError, EndpointProblem};
use crate::field::FieldName;
use crate::grammar::Extras;
use crate::kind::ConnectionStringKind;
use crate::options::ParseOptions;
use crate::read::Reader;
use crate::secret::KeyText;
use crate::text::visible;
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// The connection string of a Cosmos DB account: `AccountEndpoint`, `AccountKey`, and optionally `Database`.
///
/// ```
/// use hubward_connection_string::{Cosmos, ParseOptions};
///
/// let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// let text = format!("AccountEndpoint=https://acct.example:443/;AccountKey={key}");
/// let cosmos = Cosmos::parse(&text, &ParseOptions::STRICT)?;
/// assert_eq!(cosmos.endpoint().port(), Some(443));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Cosmos<'a> {
    endpoint: EndpointUrl<'a>,
    key: KeyText<'a>,
    database: Option<DatabaseName<'a>>,
    extras: Extras<'a>,
}

/// The name of a database: 1 to 255 visible ASCII characters other than `/ \ # ? ;`.
///
/// ```
/// use hubward_connection_string::DatabaseName;
///
/// assert!(DatabaseName::parse("telemetry").is_ok());
/// assert!(DatabaseName::parse("a/b").is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseName<'a>(&'a str);

impl<'a> DatabaseName<'a> {
    /// Parses a name and borrows it.
    ///
    /// # Errors
    /// [`NameProblem`] if the text is not a name.
    pub fn parse(text: &'a str) -> Result<Self, NameProblem> {
        visible(text, 255)?;
        match text.find(['/', '\\', '#', '?']) {
            Some(offset) => Err(NameProblem::Character { offset }),
            None => Ok(Self(text)),
        }
    }

    /// Returns the name.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

const SCHEMES: [Scheme; 2] = [Scheme::Https, Scheme::Http];

impl<'a> Cosmos<'a> {
    /// Builds a string from its parts.
    ///
    /// # Errors
    /// [`EndpointProblem`] if the endpoint's scheme is neither `https` nor `http`, or it has a path.
    pub fn new(endpoint: EndpointUrl<'a>, key: KeyText<'a>) -> Result<Self, EndpointProblem> {
        let endpoint = EndpointUrl::parse_root(endpoint.as_str(), &SCHEMES)?;
        Ok(Self { endpoint, key, database: None, extras: Extras::default() })
    }

    /// Sets the database.
    #[must_use]
    pub const fn with_database(self, database: DatabaseName<'a>) -> Self {
        Self { database: Some(database), ..self }
    }

    /// Parses the connection string of a Cosmos DB account.
    ///
    /// # Errors
    /// [`ConnectionStringError`] if the text is not the connection string of a Cosmos DB account.
    pub fn parse(text: &'a str, rules: &ParseOptions) -> Result<Self, ConnectionStringError> {
        Reader::parse_kind(text, rules, ConnectionStringKind::Cosmos, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ConnectionStringError> {
        let endpoint =
            reader.required(FieldName::AccountEndpoint, |text| EndpointUrl::parse_root(text, &SCHEMES))?;
        if endpoint.scheme() == Scheme::Http {
            reader.require_tls(FieldName::AccountEndpoint, &endpoint)?;
        }
        let key = reader.required(FieldName::AccountKey, KeyText::parse)?;
        let database = reader.optional(FieldName::Database, DatabaseName::parse)?;
        Ok(Self { endpoint, key, database, extras: reader.extras() })
    }

    /// Returns the endpoint of the account.
    #[must_use]
    pub const fn endpoint(&self) -> &EndpointUrl<'a> {
        &self.endpoint
    }

    /// Returns the key of the account.
    #[must_use]
    pub const fn key(&self) -> KeyText<'a> {
        self.key
    }

    /// Returns the database.
    #[must_use]
    pub const fn database(&self) -> Option<DatabaseName<'a>> {
        self.database
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

impl KindParts for Cosmos<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        visit(FieldName::AccountEndpoint, self.endpoint.as_str())?;
        visit(FieldName::AccountKey, self.key.expose())?;
        self.database.map_or(Ok(()), |database| visit(FieldName::Database, database.as_str()))
    }
}

/// Writes the fields in canonical order, with `****` for the secret.
impl fmt::Display for Cosmos<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}
