//! The strings of Cosmos DB accounts.

use core::fmt;

use hubward_core::NameProblem;

use crate::endpoint::{Endpoint, EndpointProblem, Scheme};
use crate::error::ParseError;
use crate::field::Field;
use crate::grammar::Extras;
use crate::kind::Kind;
use crate::options::Rules;
use crate::read::Reader;
use crate::secret::KeyText;
use crate::text::visible;
use crate::write::{KindParts, Visit, WithSecrets, write_redacted};

/// `AccountEndpoint`, `AccountKey`, and a database where one is named.
#[derive(Debug, Clone, Copy)]
pub struct Cosmos<'a> {
    endpoint: Endpoint<'a>,
    key: KeyText<'a>,
    database: Option<DatabaseName<'a>>,
    extras: Extras<'a>,
}

/// A database's name: 1 to 255 visible ASCII characters other than `/ \ # ? ;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseName<'a>(&'a str);

impl<'a> DatabaseName<'a> {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameProblem`].
    pub fn parse(text: &'a str) -> Result<Self, NameProblem> {
        visible(text, 255)?;
        match text.find(['/', '\\', '#', '?']) {
            Some(offset) => Err(NameProblem::Character { offset }),
            None => Ok(Self(text)),
        }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

const SCHEMES: [Scheme; 2] = [Scheme::Https, Scheme::Http];

impl<'a> Cosmos<'a> {
    /// Makes a string from its parts.
    ///
    /// # Errors
    /// [`EndpointProblem`] where the endpoint is not of scheme `https` or `http`, or has a path.
    pub fn new(endpoint: Endpoint<'a>, key: KeyText<'a>) -> Result<Self, EndpointProblem> {
        let endpoint = Endpoint::parse_root(endpoint.as_str(), &SCHEMES)?;
        Ok(Self { endpoint, key, database: None, extras: Extras::default() })
    }

    /// The same string with a database.
    #[must_use]
    pub const fn with_database(self, database: DatabaseName<'a>) -> Self {
        Self { database: Some(database), ..self }
    }

    /// Reads an account's string.
    ///
    /// # Errors
    /// [`ParseError`] where it is none.
    pub fn parse(text: &'a str, rules: &Rules) -> Result<Self, ParseError> {
        Reader::parse_kind(text, rules, Kind::Cosmos, Self::read)
    }

    pub(crate) fn read(reader: &Reader<'_, 'a>) -> Result<Self, ParseError> {
        let endpoint =
            reader.required(Field::AccountEndpoint, |text| Endpoint::parse_root(text, &SCHEMES))?;
        if endpoint.scheme() == Scheme::Http {
            reader.require_tls(Field::AccountEndpoint, &endpoint)?;
        }
        let key = reader.required(Field::AccountKey, KeyText::parse)?;
        let database = reader.optional(Field::Database, DatabaseName::parse)?;
        Ok(Self { endpoint, key, database, extras: reader.extras() })
    }

    /// The account.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint<'a> {
        &self.endpoint
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> KeyText<'a> {
        self.key
    }

    /// The database.
    #[must_use]
    pub const fn database(&self) -> Option<DatabaseName<'a>> {
        self.database
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

impl KindParts for Cosmos<'_> {
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result {
        visit(Field::AccountEndpoint, self.endpoint.as_str())?;
        visit(Field::AccountKey, self.key.expose())?;
        self.database.map_or(Ok(()), |database| visit(Field::Database, database.as_str()))
    }
}

/// In canonical order, with `****` for the secret.
impl fmt::Display for Cosmos<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_redacted(self, self.extras, f)
    }
}
