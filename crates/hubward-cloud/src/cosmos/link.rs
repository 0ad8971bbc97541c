//! The verb, the type and the link of a request, as they are signed.

use crate::error::Problem;
use crate::sink::{LowerCase, Sink};
use crate::text::Text;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `OPTIONS`.
    Options,
    /// `MERGE`, which the Table API uses.
    Merge,
}

impl Verb {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Get, "get"),
        (Self::Head, "head"),
        (Self::Post, "post"),
        (Self::Put, "put"),
        (Self::Patch, "patch"),
        (Self::Delete, "delete"),
        (Self::Options, "options"),
        (Self::Merge, "merge"),
    ];

    /// Parses a method in any case of letters.
    ///
    /// # Errors
    /// [`Problem::Name`] for another method.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        found.map(|(verb, _)| *verb).ok_or(Problem::Name)
    }

    /// Returns the lower-case word that is signed.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        Self::ALL.iter().find(|(verb, _)| verb == self).map_or("", |(_, name)| name)
    }
}

/// The type of the resource that a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResourceType {
    /// The account, whose type is signed as nothing.
    Account,
    /// `dbs`.
    Databases,
    /// `colls`.
    Containers,
    /// `docs`.
    Documents,
    /// `attachments`.
    Attachments,
    /// `sprocs`.
    StoredProcedures,
    /// `udfs`.
    UserDefinedFunctions,
    /// `triggers`.
    Triggers,
    /// `users`.
    Users,
    /// `permissions`.
    Permissions,
    /// `conflicts`.
    Conflicts,
    /// `offers`.
    Offers,
    /// `pkranges`.
    PartitionKeyRanges,
    /// `clientencryptionkeys`.
    ClientEncryptionKeys,
    /// `partitionkey`.
    PartitionKey,
    /// `schemas`.
    Schemas,
    /// `media`.
    Media,
    /// `addresses`.
    Addresses,
    /// `topology`.
    Topology,
    /// `databaseaccount`.
    DatabaseAccount,
}

impl ResourceType {
    const ALL: [(Self, &'static str); 20] = [
        (Self::Account, ""),
        (Self::Databases, "dbs"),
        (Self::Containers, "colls"),
        (Self::Documents, "docs"),
        (Self::Attachments, "attachments"),
        (Self::StoredProcedures, "sprocs"),
        (Self::UserDefinedFunctions, "udfs"),
        (Self::Triggers, "triggers"),
        (Self::Users, "users"),
        (Self::Permissions, "permissions"),
        (Self::Conflicts, "conflicts"),
        (Self::Offers, "offers"),
        (Self::PartitionKeyRanges, "pkranges"),
        (Self::ClientEncryptionKeys, "clientencryptionkeys"),
        (Self::PartitionKey, "partitionkey"),
        (Self::Schemas, "schemas"),
        (Self::Media, "media"),
        (Self::Addresses, "addresses"),
        (Self::Topology, "topology"),
        (Self::DatabaseAccount, "databaseaccount"),
    ];

    /// Parses the word of a path, in any case of letters.
    ///
    /// # Errors
    /// [`Problem::Name`] for another word.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        found.map(|(own, _)| *own).ok_or(Problem::Name)
    }

    /// Returns the word that is signed.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        Self::ALL.iter().find(|(own, _)| own == self).map_or("", |(_, name)| name)
    }
}

/// The link of a resource, as it is signed: by names, whose case counts, or by an internal id, which is signed in lower
/// case.
///
/// ```
/// use hubward_cloud::cosmos::ResourceLink;
///
/// let link = ResourceLink::named("dbs/MyDb/colls/MyColl")?;
/// assert!(ResourceLink::named("dbs/MyDb/../Other").is_err());
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ResourceLink<'a> {
    text: Text<'a>,
    /// The end of the link in the text, in bytes as received.
    lower: bool,
}

impl<'a> ResourceLink<'a> {
    /// Takes a link by names, such as `dbs/MyDb/colls/MyColl`, without escapes. The link of the account is empty.
    ///
    /// # Errors
    /// [`Problem`] if the link has a control character, an empty segment, or a segment `.` or `..`.
    pub fn named(link: &'a str) -> Result<Self, Problem> {
        Self::checked(Text::plain(link)?)
    }

    /// Takes a link by an internal id, such as `AbCdEf==`.
    ///
    /// # Errors
    /// [`Problem`] as for [`ResourceLink::named`].
    pub fn by_id(id: &'a str) -> Result<Self, Problem> {
        Ok(Self { lower: true, ..Self::named(id)? })
    }

    /// Takes a link that is percent-encoded.
    pub(crate) fn escaped(link: &'a str) -> Result<Self, Problem> {
        Self::checked(Text::escaped(link)?)
    }

    pub(crate) const fn lower_case(self) -> Self {
        Self { lower: true, ..self }
    }

    fn checked(text: Text<'a>) -> Result<Self, Problem> {
        let link = Self { text, lower: false };
        if text.is_empty() {
            return Ok(link);
        }
        // the length of the segment so far, and whether it is dots only
        let (mut len, mut dots) = (0_usize, true);
        for byte in text.bytes().chain([b'/']) {
            if byte == b'/' {
                if len == 0 || (dots && len < 3) {
                    return Err(Problem::Name);
                }
                (len, dots) = (0, true);
            } else {
                len = len.saturating_add(1);
                dots &= byte == b'.';
            }
        }
        Ok(link)
    }

    /// Returns the decoded link.
    #[must_use]
    pub const fn text(&self) -> Text<'a> {
        self.text
    }

    pub(crate) fn put(&self, sink: &mut impl Sink) {
        if self.lower { self.text.put(&mut LowerCase(sink)) } else { self.text.put(sink) }
    }
}
