//! [`Claims`]: the values of a storage token, parsed or to be signed, and the text that is signed.

use core::fmt;

use crate::error::{ParseError, Problem};
use crate::ip::IpRange;
use crate::query::number;
use crate::sink::{Signed, Sink};
use crate::storage::field::{COUNT, Field};
use crate::storage::kind::{Protocol, ResourceType, SasKind, Service};
use crate::storage::layout::{Line, is_implied, lines};
use crate::storage::permissions::Permissions;
use crate::storage::request::RequestParameters;
use crate::storage::resource::Resource;
use crate::storage::version::Version;
use crate::text::Text;
use crate::time::TokenTime;

/// The values of a token. Permissions and times are kept apart, because a signer gives them in another form.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a> {
    values: [Text<'a>; COUNT],
    /// The fields that the token has, by [`Field::bit`].
    present: u64,
    pub(crate) kind: SasKind,
    pub(crate) version: Version,
    lines: &'static [Line],
    pub(crate) permissions: Option<Permissions>,
    pub(crate) start: Option<TokenTime>,
    pub(crate) expiry: Option<TokenTime>,
    /// The validity of the user delegation key.
    pub(crate) key_start: Option<TokenTime>,
    pub(crate) key_expiry: Option<TokenTime>,
    pub(crate) ip: Option<IpRange<'a>>,
    pub(crate) protocol: Protocol,
    /// The depth of a directory.
    pub(crate) depth: usize,
}

impl<'a> Claims<'a> {
    /// Returns claims without a value but the version.
    pub(crate) fn new(kind: SasKind, delegated: bool, version: Version) -> Result<Self, Problem> {
        let lines = lines(kind, delegated, version).ok_or(Problem::NotOfKind)?;
        // before `sr` and the snapshot were signed, there were no tokens of these kinds
        let late = matches!(kind, SasKind::BlobSnapshot | SasKind::BlobVersion | SasKind::Directory);
        if late && !lines.contains(&Line::Snapshot) {
            return Err(Problem::NotOfKind);
        }
        let mut claims = Self {
            values: [Text::EMPTY; COUNT],
            present: 0,
            kind,
            version,
            lines,
            permissions: None,
            start: None,
            expiry: None,
            key_start: None,
            key_expiry: None,
            ip: None,
            protocol: Protocol::HttpsOrHttp,
            depth: 0,
        };
        claims.set(Field::SV, Text::new(version.as_str()))?;
        if let Some(sr) = kind.sr() {
            claims.set(Field::SR, Text::new(sr))?;
        }
        Ok(claims)
    }

    pub(crate) const fn has(&self, field: Field) -> bool {
        self.present & field.bit() != 0
    }

    pub(crate) fn get(&self, field: Field) -> Option<Text<'a>> {
        self.values.get(field.index()).copied().filter(|_| self.has(field))
    }

    /// Returns whether the token is signed with a user delegation key.
    pub(crate) const fn is_delegated(&self) -> bool {
        self.has(Field::SKOID)
    }

    /// Sets a value and checks it.
    pub(crate) fn set(&mut self, field: Field, value: Text<'a>) -> Result<(), Problem> {
        if value.is_empty() {
            return Err(Problem::Empty);
        }
        if !self.lines.contains(&Line::Value(field)) && !is_implied(field, self.kind, self.lines) {
            return Err(Problem::NotOfKind);
        }
        match field {
            Field::SP => self.permissions = Some(Permissions::of(self.kind, value)?),
            Field::ST => self.start = Some(TokenTime::parse(value)?),
            Field::SE => self.expiry = Some(TokenTime::parse(value)?),
            Field::SKT => self.key_start = Some(TokenTime::parse(value)?),
            Field::SKE => self.key_expiry = Some(TokenTime::parse(value)?),
            Field::SIP => self.ip = Some(IpRange::of(value)?),
            Field::SPR => {
                self.protocol = match value {
                    text if text.is("https") => Protocol::Https,
                    text if text.is("https,http") => Protocol::HttpsOrHttp,
                    _ => return Err(Problem::Protocol),
                };
            }
            Field::SDD => {
                let depth = number(value.as_plain().ok_or(Problem::Number)?)?;
                self.depth =
                    usize::try_from(depth).ok().filter(|depth| *depth <= 63).ok_or(Problem::Number)?;
            }
            Field::SS => letters(&value, "bfqt")?,
            Field::SRT => letters(&value, "sco")?,
            Field::SKV => Version::parse(value.as_plain().ok_or(Problem::Version)?).map(|_| ())?,
            Field::SKS => letters(&value, "bfqt")?,
            _ => {}
        }
        self.put_value(field, value);
        Ok(())
    }

    pub(crate) fn set_permissions(&mut self, permissions: Permissions) {
        self.permissions = Some(permissions);
        self.present |= Field::SP.bit();
    }

    /// Sets a time that is not a text of the caller.
    pub(crate) fn set_time(&mut self, field: Field, time: TokenTime) {
        *match field {
            Field::ST => &mut self.start,
            Field::SKT => &mut self.key_start,
            Field::SKE => &mut self.key_expiry,
            _ => &mut self.expiry,
        } = Some(time);
        self.present |= field.bit();
    }

    fn put_value(&mut self, field: Field, value: Text<'a>) {
        if let Some(slot) = self.values.get_mut(field.index()) {
            *slot = value;
        }
        self.present |= field.bit();
    }

    /// Checks that the token has what a token of its kind must have.
    pub(crate) fn complete(&self) -> Result<(), ParseError> {
        let missing = |field: Field| Err(ParseError::of(field.name(), 0, Problem::Missing));
        let required: &[Field] = match (self.kind, self.is_delegated()) {
            (SasKind::Account, _) => &[Field::SS, Field::SRT, Field::SP, Field::SE],
            (SasKind::Directory, true) => &[
                Field::SDD,
                Field::SP,
                Field::SE,
                Field::SKTID,
                Field::SKT,
                Field::SKE,
                Field::SKS,
                Field::SKV,
            ],
            (_, true) => {
                &[Field::SP, Field::SE, Field::SKTID, Field::SKT, Field::SKE, Field::SKS, Field::SKV]
            }
            (SasKind::Directory, false) => &[Field::SDD],
            (SasKind::Table, false) => &[Field::TN],
            (_, false) => &[],
        };
        if let Some(field) = required.iter().find(|field| !self.has(**field)) {
            return missing(*field);
        }
        // without a stored access policy the token has its own permissions and expiry
        if !self.has(Field::SI) {
            for field in [Field::SP, Field::SE] {
                if !self.has(field) {
                    return missing(field);
                }
            }
        }
        // a range of entities has its partition keys
        for (row, partition) in [(Field::SRK, Field::SPK), (Field::ERK, Field::EPK)] {
            if self.has(row) && !self.has(partition) {
                return missing(partition);
            }
        }
        Ok(())
    }

    /// Returns whether `ss` has a service.
    pub(crate) fn has_service(&self, service: Service) -> bool {
        self.get(Field::SS).is_some_and(|text| text.bytes().any(|b| char::from(b) == service.letter()))
    }

    /// Returns whether `srt` has a level.
    pub(crate) fn has_type(&self, level: ResourceType) -> bool {
        self.get(Field::SRT).is_some_and(|text| text.bytes().any(|b| char::from(b) == level.letter()))
    }

    /// Returns the fields that the token has, in the order in which a token is written.
    pub(crate) fn present(&self) -> impl Iterator<Item = Field> {
        Field::all().filter(|field| self.has(*field))
    }

    /// Writes the value of a field as it is signed.
    pub(crate) fn put(&self, field: Field, sink: &mut impl Sink) {
        if !self.has(field) {
            return;
        }
        let time = match field {
            Field::SP => return self.permissions.iter().for_each(|permissions| permissions.put(sink)),
            Field::ST => &self.start,
            Field::SE => &self.expiry,
            Field::SKT => &self.key_start,
            Field::SKE => &self.key_expiry,
            _ => return self.values.get(field.index()).into_iter().for_each(|value| value.put(sink)),
        };
        time.iter().for_each(|time| time.put(sink));
    }
}

/// Checks letters of a set, each at most once.
fn letters(text: &Text<'_>, known: &str) -> Result<(), Problem> {
    let fine = text.bytes().enumerate().all(|(at, letter)| {
        known.bytes().any(|own| own == letter) && text.bytes().take(at).all(|earlier| earlier != letter)
    });
    if fine { Ok(()) } else { Err(Problem::Letter) }
}

impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Claims");
        for field in self.present() {
            let shown = Shown { claims: self, field };
            debug.field(field.name(), &format_args!("{shown}"));
        }
        debug.finish()
    }
}

/// Writes the value of one field.
pub(crate) struct Shown<'c, 'a> {
    pub(crate) claims: &'c Claims<'a>,
    pub(crate) field: Field,
}

impl Signed for Shown<'_, '_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        self.claims.put(self.field, sink);
    }
}

impl fmt::Display for Shown<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::sink::write(self, f)
    }
}

/// The text that is signed: the claims for a resource.
///
/// `Display` writes it. Its tag completes an [`UnsignedSas`](crate::storage::UnsignedSas).
#[derive(Debug, Clone, Copy)]
pub struct StringToSign<'s, 'a> {
    pub(crate) claims: &'s Claims<'a>,
    pub(crate) resource: &'s Resource<'s>,
    pub(crate) parameters: RequestParameters<'s>,
    /// The id of a stored access policy that the token's text leaves out.
    pub(crate) omitted: Option<Text<'s>>,
}

impl Signed for StringToSign<'_, '_> {
    #[inline]
    fn put_signed(&self, sink: &mut impl Sink) {
        let Self { claims, resource, parameters, omitted } = self;
        for (at, line) in claims.lines.iter().enumerate() {
            if at > 0 {
                sink.put(b"\n");
            }
            match line {
                Line::Value(Field::SI) if !claims.has(Field::SI) => {
                    omitted.iter().for_each(|id| id.put(sink));
                }
                Line::Value(field) => claims.put(*field, sink),
                Line::Account => sink.put(resource.account().as_bytes()),
                Line::Resource => resource.put(claims.kind, claims.depth, sink),
                Line::Snapshot => {
                    let kinds = [SasKind::BlobSnapshot, SasKind::BlobVersion];
                    if let Some((_, text)) = resource.snapshot().filter(|_| kinds.contains(&claims.kind)) {
                        text.put(sink);
                    }
                }
                Line::Headers => parameters.put_headers(claims.get(Field::SRH), sink),
                Line::Query => parameters.put_query(claims.get(Field::SRQ), sink),
                Line::Empty => {}
            }
        }
    }
}

impl fmt::Display for StringToSign<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::sink::write(self, f)
    }
}
