//! [`Sas`]: a parsed storage token that is not verified yet.

use core::fmt;

use crate::error::{ParseError, Problem};
use crate::query::{Cursor, fields};
use crate::signature::Signature;
use crate::storage::claims::{Claims, Shown};
use crate::storage::field::{Field, word};
use crate::storage::kind::{Protocol, SasKind};
use crate::storage::permissions::Permissions;
use crate::storage::request::RequestParameters;
use crate::storage::resource::Resource;
use crate::storage::string_to_sign::{Source, StringToSign};
use crate::storage::values::Received;
use crate::storage::version::Version;
use crate::text::Text;
use crate::time::{self, TokenTime};

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

impl<'a> Sas<'a> {
    /// Parses a token: a query without `?`, in which every field belongs to the token.
    ///
    /// # Errors
    /// [`ParseError`] if the text is not a token of a known version, or has an unknown, repeated or foreign field.
    #[inline]
    pub fn parse(query: &'a str) -> Result<Self, ParseError> {
        Self::read(query, false)
    }

    /// Parses the token in the query of a request, which has parameters of the operation too. Those are left alone, but
    /// a field of a token in another case of letters is refused.
    ///
    /// # Errors
    /// As [`Sas::parse`], but for fields that no token has.
    #[inline]
    pub fn parse_request(query: &'a str) -> Result<Self, ParseError> {
        Self::read(query, true)
    }

    #[inline]
    fn read(query: &'a str, request: bool) -> Result<Self, ParseError> {
        // filled in place, because it is large
        let mut sas = Self { claims: Claims::empty(Received::new(query)), signature: Signature::NONE };
        match sas.fill(query, request) {
            Ok(()) => Ok(sas),
            Err(error) => Err(outline_error(query).unwrap_or(error)),
        }
    }

    fn fill(&mut self, query: &'a str, request: bool) -> Result<(), ParseError> {
        let Self { claims, signature } = self;
        // the fields whose meaning is known, and whether there is a signature
        let (mut checked, mut signed) = (0, false);
        let mut cursor = Cursor::new(query, 0)?;
        loop {
            let offset = cursor.at;
            let Some(known) = cursor.known(Known::from_word) else {
                let Some(name) = cursor.name() else { break };
                let name = name?.0;
                foreign(name, request).map_err(|problem| ParseError::at(offset, problem))?;
                cursor.value();
                continue;
            };
            let at = cursor.at;
            let Known::Field(known) = known else {
                let end =
                    signature.parse_at(query, at).map_err(|problem| ParseError::of("sig", at, problem))?;
                if signed {
                    return Err(ParseError::of("sig", offset, Problem::Duplicate));
                }
                signed = true;
                cursor.at = end.wrapping_add(1);
                continue;
            };
            if claims.has(known) {
                return Err(ParseError::of(known.name(), offset, Problem::Duplicate));
            }
            if usual(claims, known, &mut cursor) {
                checked |= known.bit();
                continue;
            }
            let (value, found) = cursor.value();
            Text::scanned(value, found)
                .and_then(|value| claims.put_value(known, value, at))
                .map_err(|problem| ParseError::of(known.name(), at, problem))?;
        }
        if let Err((field, problem)) = claims.interpret(checked) {
            return Err(ParseError::of(field.name(), value_offset(query, field), problem));
        }
        if !signed {
            return Err(ParseError::of("sig", query.len(), Problem::Missing));
        }
        claims.complete().map_err(|error| ParseError { offset: query.len(), ..error })
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

    /// Returns its expiry, unless a stored access policy has it. [`Sas::until`] regards its key too.
    #[must_use]
    pub fn expiry(&self) -> Option<TokenTime<'a>> {
        self.claims.time(Field::SE)
    }

    /// Returns the last second at which it can be valid: its expiry (`se`), or the expiry of its user delegation key (`ske`)
    /// if that is earlier. A stored access policy has it if the token has neither.
    #[must_use]
    pub fn until(&self) -> Option<TokenTime<'a>> {
        let times = [self.expiry(), self.claims.time(Field::SKE)];
        times.into_iter().flatten().min_by_key(TokenTime::seconds)
    }

    /// Returns the first second at which it is valid, if it has one.
    #[must_use]
    pub fn start(&self) -> Option<TokenTime<'a>> {
        self.claims.time(Field::ST)
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

    /// Returns the fields of the token but its signature, with their decoded values, for an inspection.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, impl fmt::Display)> {
        self.claims.present().map(|field| (field.name(), Shown { claims: &self.claims, field }))
    }

    /// Returns the text that was signed, if the token is for `resource`.
    #[must_use]
    pub const fn string_to_sign<'s>(
        &'s self,
        resource: &'s Resource<'s>,
        parameters: RequestParameters<'s>,
    ) -> StringToSign<'s, 'a> {
        StringToSign { claims: Source::Received(&self.claims), resource, parameters, omitted: None }
    }
}

/// A name that tokens have.
enum Known {
    Field(Field),
    Signature,
}

impl Known {
    fn from_word(name: u64) -> Option<Self> {
        const SIG: u64 = word(b"sig=");
        if name == SIG { Some(Self::Signature) } else { Field::from_word(name).map(Self::Field) }
    }
}

/// Reads a value of the form that most tokens have, with its meaning, in one pass. Another form, valid or not, is left to
/// the general way, which has the errors.
#[inline]
fn usual(claims: &mut Claims<'_>, field: Field, cursor: &mut Cursor<'_>) -> bool {
    let at = cursor.at;
    let len = match field {
        Field::ST | Field::SE | Field::SKT | Field::SKE => {
            let Some((seconds, len)) = cursor.value_by(time::usual) else { return false };
            claims.put_usual_time(field, at, len, seconds);
            return true;
        }
        Field::SP => {
            let Some((letters, len)) = cursor.value_by(Permissions::usual) else { return false };
            claims.permissions = Some(letters);
            len
        }
        Field::SV => {
            let Some((version, len)) = cursor.value_by(Version::usual) else { return false };
            claims.version = version;
            len
        }
        Field::SR => {
            let Some((kind, len)) = cursor.value_by(SasKind::usual) else { return false };
            claims.kind = kind;
            len
        }
        Field::SPR => {
            let Some((protocol, len)) = cursor.value_by(Protocol::usual) else { return false };
            claims.protocol = protocol;
            len
        }
        _ => return false,
    };
    claims.put_usual(field, at, len);
    true
}

/// Returns the error that a refused text is reported with before all others: of its separators, its version or its `sr`,
/// because they decide about the other fields.
#[cold]
fn outline_error(query: &str) -> Option<ParseError> {
    let (mut version, mut sr) = (None, None);
    let fields = match fields(query, 0) {
        Ok(fields) => fields,
        Err(error) => return Some(error),
    };
    for field in fields {
        match field {
            Err(error) => return Some(error),
            Ok(field) if field.name == "sv" && version.is_none() => {
                let parsed = Version::parse(field.value);
                version = Some(parsed.map_err(|p| ParseError::of("sv", field.value_offset(), p)));
            }
            Ok(field) if field.name == "sr" && sr.is_none() => {
                let parsed = SasKind::from_sr(field.value.as_bytes());
                sr = Some(parsed.map_err(|p| ParseError::of("sr", field.value_offset(), p)));
            }
            Ok(_) => {}
        }
    }
    let missing = ParseError::of("sv", query.len(), Problem::Missing);
    version.unwrap_or(Err(missing)).err().or(sr.and_then(Result::err))
}

/// Returns the position of a field's value, or the end of a text without the field.
#[cold]
fn value_offset(query: &str, wanted: Field) -> usize {
    let mut fields = fields(query, 0).into_iter().flatten().flatten();
    let found = fields.find(|field| field.name == wanted.name());
    found.map_or(query.len(), |field| field.value_offset())
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
