//! [`Claims`]: the values of a storage token, parsed or to be signed.

use core::fmt;
use core::marker::PhantomData;

use crate::error::{ParseError, Problem};
use crate::ip::IpRange;
use crate::query::number;
use crate::sink::{Signed, Sink};
use crate::storage::field::Field;
use crate::storage::kind::{Protocol, ResourceType, SasKind, Service};
use crate::storage::layout::{Line, layout};
use crate::storage::permissions::Permissions;
use crate::storage::values::{Given, Received, Values};
use crate::storage::version::Version;
use crate::text::Text;
use crate::time::{self, TokenTime};

/// The values of a token. Permissions and times also have their meaning; a signer may give it without a text.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a, V = Received<'a>> {
    values: V,
    text: PhantomData<&'a str>,
    /// The fields whose value is kept as a query has it, by [`Field::bit`].
    encoded: u64,
    /// The fields that the token has, by [`Field::bit`].
    present: u64,
    pub(crate) kind: SasKind,
    pub(crate) version: Version,
    pub(crate) lines: &'static [Line],
    /// The fields that a token of this kind and version may have, by [`Field::bit`].
    allowed: u64,
    pub(crate) permissions: Option<Permissions>,
    /// The times that the token has, in seconds since 1970.
    times: Times,
    pub(crate) protocol: Protocol,
    /// The depth of a directory.
    pub(crate) depth: usize,
}

/// The times of a token and of its user delegation key, in seconds since 1970.
#[derive(Clone, Copy, Default)]
struct Times {
    start: u64,
    expiry: u64,
    key_start: u64,
    key_expiry: u64,
}

/// The fields whose values have a form, by [`Field::bit`].
const TYPED: u64 = Field::SP.bit()
    | Field::ST.bit()
    | Field::SE.bit()
    | Field::SKT.bit()
    | Field::SKE.bit()
    | Field::SIP.bit()
    | Field::SPR.bit()
    | Field::SDD.bit()
    | Field::SS.bit()
    | Field::SRT.bit()
    | Field::SKV.bit()
    | Field::SKS.bit();

impl Claims<'_> {
    /// Returns the received text from the value of a field on, and the length of the value; 0 without the field.
    #[inline]
    pub(crate) fn part(&self, field: Field) -> (&[u8], usize) {
        self.values.part(field)
    }

    /// Keeps a received value of the usual form by its start and its length. Its meaning is known.
    #[inline]
    pub(crate) fn put_usual(&mut self, field: Field, at: usize, len: usize) {
        self.values.put_span(field, at, len);
        self.present |= field.bit();
    }

    /// Keeps a received time of the usual form.
    #[inline]
    pub(crate) fn put_usual_time(&mut self, field: Field, at: usize, len: usize, seconds: u64) {
        self.set_seconds(field, seconds);
        self.put_usual(field, at, len);
        // the form is 20 characters without escapes
        self.encoded |= if len > 20 { field.bit() } else { 0 };
    }
}

/// The claims of a token that is to be signed.
pub(crate) type GivenClaims<'a> = Claims<'a, Given<'a>>;

impl<'a> GivenClaims<'a> {
    /// Returns claims without a value.
    pub(crate) const fn none() -> Self {
        Self::empty(Given::new())
    }

    /// Sets the kind and the version.
    pub(crate) fn begin(&mut self, kind: SasKind, delegated: bool, version: Version) -> Result<(), Problem> {
        self.become_kind(kind, delegated, version)?;
        self.set(Field::SV, Text::new(version.as_str()))?;
        kind.sr().map_or(Ok(()), |sr| self.set(Field::SR, Text::new(sr)))
    }
}

impl<'a, V: Values<'a>> Claims<'a, V> {
    /// Returns claims without a value.
    pub(crate) const fn empty(values: V) -> Self {
        Self {
            values,
            text: PhantomData,
            encoded: 0,
            present: 0,
            kind: SasKind::Account,
            version: Version::LATEST,
            lines: &[],
            allowed: 0,
            permissions: None,
            times: Times { start: 0, expiry: 0, key_start: 0, key_expiry: 0 },
            protocol: Protocol::HttpsOrHttp,
            depth: 0,
        }
    }

    fn become_kind(&mut self, kind: SasKind, delegated: bool, version: Version) -> Result<(), Problem> {
        let layout = layout(kind, delegated, version).ok_or(Problem::NotOfKind)?;
        (self.kind, self.version) = (kind, version);
        (self.lines, self.allowed) = (layout.lines, layout.fields(kind));
        Ok(())
    }

    /// Finds the kind and the version of received values, and checks each value by them. `checked` are fields whose
    /// meaning is known, by [`Field::bit`]; that of permissions also depends on the kind.
    ///
    /// # Errors
    /// The field, which is one of the token or is missing, and its problem.
    pub(crate) fn interpret(&mut self, mut checked: u64) -> Result<(), (Field, Problem)> {
        if !self.has(Field::SV) {
            return Err((Field::SV, Problem::Missing));
        }
        let is_checked = |field: Field| checked & field.bit() != 0;
        let version = match self.values.bytes(Field::SV) {
            _ if is_checked(Field::SV) => self.version,
            text => Version::of(text).map_err(|problem| (Field::SV, problem))?,
        };
        let kind = match self.values.bytes(Field::SR) {
            _ if is_checked(Field::SR) => self.kind,
            sr if self.has(Field::SR) => SasKind::from_sr(sr).map_err(|problem| (Field::SR, problem))?,
            _ if self.has(Field::SS) || self.has(Field::SRT) => SasKind::Account,
            _ if self.has(Field::TN) => SasKind::Table,
            _ => SasKind::Queue,
        };
        self.become_kind(kind, self.is_delegated(), version).map_err(|problem| (Field::SR, problem))?;
        if is_checked(Field::SP) {
            match self.permissions.and_then(|letters| letters.of_kind(kind)) {
                Some(permissions) => self.permissions = Some(permissions),
                // it is refused with its reason
                None => checked &= !Field::SP.bit(),
            }
        }
        let mut left = self.present & ((TYPED & !checked) | !self.allowed);
        while let Some(field) = Field::first(left) {
            left &= !field.bit();
            let value = self.get(field).ok_or((field, Problem::Missing))?;
            self.check(field, value).map_err(|problem| (field, problem))?;
        }
        Ok(())
    }

    pub(crate) const fn has(&self, field: Field) -> bool {
        self.present & field.bit() != 0
    }

    /// Returns the fields that the token has, by [`Field::bit`].
    pub(crate) const fn fields(&self) -> u64 {
        self.present
    }

    /// Returns the fields whose value is kept with escapes, by [`Field::bit`].
    pub(crate) const fn escaped(&self) -> u64 {
        self.encoded
    }

    pub(crate) fn get(&self, field: Field) -> Option<Text<'a>> {
        let bit = field.bit();
        (self.present & bit != 0).then(|| Text::of_query(self.values.get(field), self.encoded & bit != 0))
    }

    /// Writes the value of a field that is signed as it was received or given; `false` for another field.
    #[inline]
    pub(crate) fn put_plain(&self, field: Field, sink: &mut impl Sink) -> bool {
        self.encoded & field.bit() == 0 && self.values.put_text(field, sink)
    }

    /// Returns the addresses that the token may be used from, if they are limited.
    pub(crate) fn addresses(&self) -> Option<IpRange<'a>> {
        // it was checked
        self.get(Field::SIP).and_then(|text| IpRange::of(text).ok())
    }

    /// Returns whether the token is signed with a user delegation key.
    pub(crate) const fn is_delegated(&self) -> bool {
        self.has(Field::SKOID)
    }

    /// Sets a value and checks it.
    pub(crate) fn set(&mut self, field: Field, value: Text<'a>) -> Result<(), Problem> {
        self.check(field, value)?;
        self.put_value(field, value, 0)
    }

    /// Checks the value of a field, and keeps its meaning.
    fn check(&mut self, field: Field, value: Text<'a>) -> Result<(), Problem> {
        if self.allowed & field.bit() == 0 {
            return Err(Problem::NotOfKind);
        }
        match field {
            Field::SP => self.permissions = Some(Permissions::of(self.kind, value)?),
            Field::ST | Field::SE | Field::SKT | Field::SKE => {
                self.set_seconds(field, time::seconds(&value)?)
            }
            Field::SIP => IpRange::of(value).map(|_| ())?,
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
        Ok(())
    }

    pub(crate) fn set_permissions(&mut self, permissions: Permissions) {
        self.permissions = Some(permissions);
        self.present |= Field::SP.bit();
    }

    /// Sets a time. It is written from its seconds if it has no text, or one that a query would change.
    pub(crate) fn set_time(&mut self, field: Field, time: TokenTime<'a>) {
        self.set_seconds(field, time.seconds());
        let kept = time.text().filter(Text::is_query_value);
        self.values.put(field, kept.map_or("", |text| text.as_received()), 0);
        let encoded = kept.is_some_and(|text| text.as_plain().is_none());
        self.encoded = if encoded { self.encoded | field.bit() } else { self.encoded & !field.bit() };
        self.present |= field.bit();
    }

    fn set_seconds(&mut self, field: Field, seconds: u64) {
        *match field {
            Field::ST => &mut self.times.start,
            Field::SKT => &mut self.times.key_start,
            Field::SKE => &mut self.times.key_expiry,
            _ => &mut self.times.expiry,
        } = seconds;
    }

    /// Returns the seconds of a time that the token has.
    pub(crate) fn seconds(&self, field: Field) -> Option<u64> {
        let seconds = match field {
            Field::ST => self.times.start,
            Field::SKT => self.times.key_start,
            Field::SKE => self.times.key_expiry,
            _ => self.times.expiry,
        };
        self.has(field).then_some(seconds)
    }

    /// Returns a time, with the text that it was received or given in.
    pub(crate) fn time(&self, field: Field) -> Option<TokenTime<'a>> {
        let seconds = self.seconds(field)?;
        Some(TokenTime::known(self.get(field).filter(|text| !text.is_empty()), seconds))
    }

    /// Keeps a value, which is checked before or later. A received one starts at `at` in the token's text.
    ///
    /// # Errors
    /// [`Problem::Empty`] if it has no character.
    #[inline]
    pub(crate) fn put_value(&mut self, field: Field, value: Text<'a>, at: usize) -> Result<(), Problem> {
        if value.is_empty() {
            return Err(Problem::Empty);
        }
        self.values.put(field, value.as_received(), at);
        if value.as_plain().is_none() {
            self.encoded |= field.bit();
        }
        self.present |= field.bit();
        Ok(())
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
        let mut left = self.present;
        core::iter::from_fn(move || {
            let field = Field::first(left)?;
            left &= !field.bit();
            Some(field)
        })
    }

    /// Writes the value of a field as it is signed.
    pub(crate) fn put(&self, field: Field, sink: &mut impl Sink) {
        if !self.has(field) {
            return;
        }
        match field {
            Field::SP => self.permissions.iter().for_each(|permissions| permissions.put(sink)),
            Field::ST | Field::SE | Field::SKT | Field::SKE => match self.values.bytes(field) {
                // the usual form in a query: `2030-01-01T00%3A00%3A00Z`
                [date_and_hour @ .., b'%', _, _, i, j, b'%', _, _, s, t, b'Z']
                    if date_and_hour.len() == 13 =>
                {
                    sink.put(date_and_hour);
                    sink.put(&[b':', *i, *j, b':', *s, *t, b'Z']);
                }
                _ => self.time(field).iter().for_each(|time| time.put(sink)),
            },
            _ => self.get(field).iter().for_each(|value| value.put(sink)),
        }
    }
}

/// Checks letters of a set, each at most once.
fn letters(text: &Text<'_>, known: &str) -> Result<(), Problem> {
    let fine = text.bytes().enumerate().all(|(at, letter)| {
        known.bytes().any(|own| own == letter) && text.bytes().take(at).all(|earlier| earlier != letter)
    });
    if fine { Ok(()) } else { Err(Problem::Letter) }
}

impl<'a, V: Values<'a>> fmt::Debug for Claims<'a, V> {
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
pub(crate) struct Shown<'c, 'a, V = Received<'a>> {
    pub(crate) claims: &'c Claims<'a, V>,
    pub(crate) field: Field,
}

impl<'a, V: Values<'a>> Signed for Shown<'_, 'a, V> {
    fn put_signed(&self, sink: &mut impl Sink) {
        self.claims.put(self.field, sink);
    }
}

impl<'a, V: Values<'a>> fmt::Display for Shown<'_, 'a, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::sink::write(self, f)
    }
}
