//! [`Sas`]: a parsed storage token that is not verified yet.

use core::fmt;

use crate::error::{ParseError, Problem};
use crate::query::fields;
use crate::signature::Signature;
use crate::storage::claims::{Claims, StringToSign};
use crate::storage::field::Field;
use crate::storage::kind::SasKind;
use crate::storage::permissions::Permissions;
use crate::storage::request::RequestParameters;
use crate::storage::resource::Resource;
use crate::storage::version::Version;
use crate::text::Text;
use crate::time::TokenTime;

/// A shared access signature of a storage account: of the account, of a service, or by a user delegation key.
///
/// It borrows the query. Nothing of it is proven before [`Sas::verify`] or [`Sas::verify_delegated`].
///
/// ```
/// use hubward_cloud::storage::{Sas, SasKind};
///
/// let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
/// let text = format!("sv=2020-12-06&se=2030-01-01T00%3A00%3A00Z&sr=b&sp=rw&sig={sig}");
/// let sas = Sas::parse(&text)?;
/// assert_eq!(sas.kind(), SasKind::Blob);
/// let twice = format!("{text}&sp=r");
/// assert_eq!(Sas::parse(&twice).unwrap_err().code(), "cloud-duplicate-field");
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Sas<'a> {
    pub(crate) claims: Claims<'a>,
    pub(crate) signature: Signature,
}

/// The positions of the fields that decide which others there are.
#[derive(Default)]
struct Outline<'a> {
    version: Option<(Version, usize)>,
    sr: Option<(&'a str, usize)>,
    account: bool,
    table: bool,
    delegated: bool,
}

impl<'a> Sas<'a> {
    /// Parses a token: a query without `?`, in which every field belongs to the token.
    ///
    /// # Errors
    /// [`ParseError`] if the text is not a token of a known version, or has an unknown, repeated or foreign field.
    pub fn parse(query: &'a str) -> Result<Self, ParseError> {
        Self::read(query, false)
    }

    /// Parses the token in the query of a request, which has parameters of the operation too. Those are left alone, but
    /// a field of a token in another case of letters is refused.
    ///
    /// # Errors
    /// As [`Sas::parse`], but for fields that no token has.
    pub fn parse_request(query: &'a str) -> Result<Self, ParseError> {
        Self::read(query, true)
    }

    fn read(query: &'a str, request: bool) -> Result<Self, ParseError> {
        let outline = Outline::read(query)?;
        let (version, _) = outline.version.ok_or(ParseError::of("sv", query.len(), Problem::Missing))?;
        let (kind, at) = outline.kind()?;
        let mut claims = Claims::new(kind, outline.delegated, version)
            .map_err(|problem| ParseError::of("sr", at, problem))?;
        let mut seen = 0_u64;
        let mut signature = None;
        for field in fields(query, 0)? {
            let field = field?;
            if field.name == "sig" {
                let parsed = Signature::parse(field.value)
                    .map_err(|problem| ParseError::of("sig", field.value_offset(), problem))?;
                if signature.replace(parsed).is_some() {
                    return Err(ParseError::of("sig", field.offset, Problem::Duplicate));
                }
                continue;
            }
            let Some(known) = Field::from_name(field.name) else {
                foreign(field.name, request).map_err(|problem| ParseError::at(field.offset, problem))?;
                continue;
            };
            if seen & known.bit() != 0 {
                return Err(ParseError::of(known.name(), field.offset, Problem::Duplicate));
            }
            seen |= known.bit();
            Text::query(field.value)
                .and_then(|value| claims.set(known, value))
                .map_err(|problem| ParseError::of(known.name(), field.value_offset(), problem))?;
        }
        let signature = signature.ok_or(ParseError::of("sig", query.len(), Problem::Missing))?;
        claims.complete().map_err(|error| ParseError { offset: query.len(), ..error })?;
        Ok(Self { claims, signature })
    }

    /// Returns the kind of the token.
    #[must_use]
    pub const fn kind(&self) -> SasKind {
        self.claims.kind
    }

    /// Returns its version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.claims.version
    }

    /// Returns whether it is signed with a user delegation key instead of the account's key.
    #[must_use]
    pub const fn is_delegated(&self) -> bool {
        self.claims.is_delegated()
    }

    /// Returns its permissions, unless a stored access policy has them.
    #[must_use]
    pub const fn permissions(&self) -> Option<Permissions> {
        self.claims.permissions
    }

    /// Returns its expiry, unless a stored access policy has it.
    #[must_use]
    pub const fn expiry(&self) -> Option<TokenTime> {
        self.claims.expiry
    }

    /// Returns the first second at which it is valid, if it has one.
    #[must_use]
    pub const fn start(&self) -> Option<TokenTime> {
        self.claims.start
    }

    /// Returns the id of its stored access policy.
    #[must_use]
    pub fn identifier(&self) -> Option<Text<'a>> {
        self.claims.get(Field::SI)
    }

    /// Returns the name of the table that it is for.
    #[must_use]
    pub fn table(&self) -> Option<Text<'a>> {
        self.claims.get(Field::TN)
    }

    /// Returns the text that was signed, if the token is for `resource`.
    #[must_use]
    pub const fn string_to_sign<'s>(
        &'s self,
        resource: &'s Resource<'s>,
        parameters: RequestParameters<'s>,
    ) -> StringToSign<'s, 'a> {
        StringToSign { claims: &self.claims, resource, parameters, omitted: None }
    }
}

impl<'a> Outline<'a> {
    fn read(query: &'a str) -> Result<Self, ParseError> {
        let mut outline = Self::default();
        for field in fields(query, 0)? {
            let field = field?;
            match field.name {
                "sv" if outline.version.is_none() => {
                    let version = Version::parse(field.value)
                        .map_err(|problem| ParseError::of("sv", field.value_offset(), problem))?;
                    outline.version = Some((version, field.offset));
                }
                "sr" if outline.sr.is_none() => outline.sr = Some((field.value, field.value_offset())),
                "ss" | "srt" => outline.account = true,
                "tn" => outline.table = true,
                "skoid" => outline.delegated = true,
                _ => {}
            }
        }
        Ok(outline)
    }

    /// Returns the kind, and the position of the field that decides.
    fn kind(&self) -> Result<(SasKind, usize), ParseError> {
        Ok(match self.sr {
            Some((sr, at)) => {
                (SasKind::from_sr(sr).map_err(|problem| ParseError::of("sr", at, problem))?, at)
            }
            None if self.account => (SasKind::Account, 0),
            None if self.table => (SasKind::Table, 0),
            None => (SasKind::Queue, 0),
        })
    }
}

/// Refuses a field that no token has, unless it is a parameter of the request.
fn foreign(name: &str, request: bool) -> Result<(), Problem> {
    if name.eq_ignore_ascii_case("sig") || Field::from_any_case(name).is_some() {
        return Err(Problem::FieldCase);
    }
    // another reader could decode the name to one of the token's
    if request && !name.contains(['%', '+']) { Ok(()) } else { Err(Problem::UnknownField) }
}

impl fmt::Debug for Sas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sas")
            .field("kind", &self.claims.kind)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
