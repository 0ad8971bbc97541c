//! The resource of a token (`sr`): a host or an id scope, and the names below it.

use core::fmt;

use crate::name::{Authority, is_identity_byte, is_registration_byte};
use crate::percent::split_byte;
use crate::segment::Segment;

/// The most bytes of a resource as received: a host, two ids of 128 bytes each escaped twice over, and words.
const MAX_LEN: usize = 2048;
/// The most names of a resource: `host/devices/d/modules/m` has five, the longest endpoint has nine.
const MAX_SEGMENTS: usize = 16;
/// Longest name below the root, decoded.
const MAX_ID: usize = 128;

/// Why a text is not a resource. Holds the place, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("resource, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct ResourceError {
    /// Where, in bytes from the start of the resource.
    pub offset: usize,
    /// What is wrong there.
    pub problem: ResourceProblem,
}

/// What is wrong with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceProblem {
    /// Not a legal escape, or it stands for something other than visible ASCII.
    #[error("bad escape or character")]
    Escape,
    /// A name with no characters, as two slashes in a row or a slash at an end make.
    #[error("empty name")]
    EmptySegment,
    /// `.` or `..` (RFC 3986, 5.2.4).
    #[error("`.` and `..` are path steps, not names")]
    DotSegment,
    /// More bytes or names than a resource can have.
    #[error("too long")]
    TooLong,
    /// The first name is neither a host, with an optional port, nor an id scope.
    #[error("neither a host name nor an id scope")]
    Root,
}

/// A checked resource that keeps the bytes it came in. Names are separated by `/`, written as such or as an
/// escape of either case, and are decoded exactly once.
#[derive(Clone, Copy)]
pub struct ResourcePath<'a> {
    raw: &'a str,
    shape: Shape<'a>,
}

/// What a resource is about.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Shape<'a> {
    /// `{host}`: all of the hub.
    Hub,
    /// `{host}/devices`: every device.
    AllDevices,
    /// `{host}/devices/{id}`.
    Device(Segment<'a>),
    /// `{host}/devices/{id}/modules/{id}`.
    Module(Segment<'a>, Segment<'a>),
    /// `{id scope}/registrations/{id}` at the provisioning service.
    Registration {
        /// The id scope.
        scope: Segment<'a>,
        /// The registration id.
        id: Segment<'a>,
    },
    /// Any other endpoint of the hub.
    Other,
}

impl<'a> ResourcePath<'a> {
    /// Checks `raw` whole, in one pass, and borrows it.
    ///
    /// # Errors
    /// [`ResourceError`] with the place: a bad escape, an empty name, a root that is no host and no id scope,
    /// a name of more than 128 bytes, or more than 2,048 bytes or 16 names in all.
    pub fn parse(raw: &'a str) -> Result<Self, ResourceError> {
        match Self::split_from(raw)? {
            (path, "") => Ok(path),
            (path, _) => Err(ResourceError { offset: path.raw.len(), problem: ResourceProblem::Escape }),
        }
    }

    /// Takes a resource off the start of `text`, up to the first `&` or the end, and returns what follows it: a
    /// token's fields are split and checked in the same pass.
    ///
    /// # Errors
    /// As [`ResourcePath::parse`].
    #[inline]
    pub fn split_from(text: &'a str) -> Result<(Self, &'a str), ResourceError> {
        let mut names = Names::new(text);
        let mut rest = text.as_bytes();
        loop {
            let (run, class) = ordinary_run(rest);
            names.class = names.class.intersection(class);
            rest = rest.get(run..).unwrap_or_default();
            let offset = text.len().saturating_sub(rest.len());
            let escape = ResourceError { offset, problem: ResourceProblem::Escape };
            match split_byte(rest) {
                Some((b'/', tail)) => {
                    names.close(offset)?;
                    names.start = text.len().saturating_sub(tail.len());
                    rest = tail;
                }
                // what is left after a run is an escape, or ends the resource, or is refused
                Some((byte, tail)) if rest.first() == Some(&b'%') => {
                    let class = Class::of(byte);
                    if !class.contains(Class::VISIBLE) {
                        return Err(escape);
                    }
                    names.class = names.class.intersection(class.union(Class::ORDINARY));
                    names.escapes = names.escapes.saturating_add(1);
                    rest = tail;
                }
                _ if matches!(rest, [] | [b'&', ..]) => {
                    names.close(offset)?;
                    let (raw, tail) = text.split_at_checked(offset).ok_or(escape)?;
                    if raw.len() > MAX_LEN {
                        return Err(ResourceError { offset: MAX_LEN, problem: ResourceProblem::TooLong });
                    }
                    return Ok((Self { raw, shape: names.shape() }, tail));
                }
                _ => return Err(escape),
            }
        }
    }

    /// The resource as received: what a token's signature covers.
    #[must_use]
    pub const fn as_received(&self) -> &'a str {
        self.raw
    }

    /// The resource as one name, slashes and all. No identity is called so.
    #[must_use]
    pub const fn whole(&self) -> Segment<'a> {
        Segment::checked(self.raw)
    }

    /// The first name: a host with an optional port, or an id scope.
    #[must_use]
    pub fn root(&self) -> Segment<'a> {
        Segment::checked(split_at_slash(self.raw).0)
    }

    /// Every name, root first.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + Clone + use<'a> {
        let mut rest = Some(self.raw);
        core::iter::from_fn(move || {
            let (segment, tail) = split_at_slash(rest?);
            rest = tail;
            Some(Segment::checked(segment))
        })
    }

    /// What the resource is about; [`Shape::Other`] where an id has characters that no id can have.
    #[must_use]
    pub const fn shape(&self) -> Shape<'a> {
        self.shape
    }

    /// Whether `other` is this resource or below it, name by whole name: `h/a/b` covers `h/a/b/c` and not
    /// `h/a/bc`. Hosts are compared without regard to ASCII case, names exactly.
    #[must_use]
    pub fn covers(&self, other: &ResourcePath<'_>) -> bool {
        let mut theirs = other.segments();
        let root = self.root();
        let Some(their_root) = theirs.next() else { return false };
        root.bytes().map(|b| b.to_ascii_lowercase()).eq(their_root.bytes().map(|b| b.to_ascii_lowercase()))
            && self.segments().skip(1).all(|mine| theirs.next().is_some_and(|name| mine.same(&name)))
    }
}

/// Splits at the first `/`, `%2F` or `%2f`.
fn split_at_slash(text: &str) -> (&str, Option<&str>) {
    let bytes = text.as_bytes();
    let mut at = 0_usize;
    while let Some(rest) = bytes.get(at..) {
        let width = match rest {
            [b'/', ..] => 1,
            [b'%', b'2', b'F' | b'f', ..] => 3,
            // an escape of another character: `%252F` holds no slash
            [b'%', _, _, ..] => {
                at = at.saturating_add(3);
                continue;
            }
            [_, ..] => {
                at = at.saturating_add(1);
                continue;
            }
            [] => break,
        };
        if let (Some(segment), Some(tail)) = (text.get(..at), text.get(at.saturating_add(width)..)) {
            return (segment, Some(tail));
        }
        break;
    }
    (text, None)
}

bitflags::bitflags! {
    /// What a byte may be part of, and of a name: what all its bytes may be part of.
    #[derive(Clone, Copy)]
    struct Class: u8 {
        const VISIBLE = 1;
        const IDENTITY = 2;
        const REGISTRATION = 4;
        const SCOPE = 8;
        /// Visible, and neither a separator nor the start of an escape nor the end: most bytes of most resources.
        const ORDINARY = 16;
        /// A host's, without a port.
        const HOST = 32;
    }
}

impl Class {
    const TABLE: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0_u8;
        let mut rest: &mut [u8] = &mut table;
        while let [slot, tail @ ..] = rest {
            *slot = Self::compute(byte);
            byte = byte.wrapping_add(1);
            rest = tail;
        }
        table
    };

    const fn compute(byte: u8) -> u8 {
        let mut class = Self::empty();
        if byte.is_ascii_graphic() {
            class = class.union(Self::VISIBLE);
        }
        if is_identity_byte(byte) {
            class = class.union(Self::IDENTITY);
        }
        if is_registration_byte(byte) {
            class = class.union(Self::REGISTRATION);
        }
        if byte.is_ascii_alphanumeric() {
            class = class.union(Self::SCOPE);
        }
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' {
            class = class.union(Self::HOST);
        }
        if byte.is_ascii_graphic() && !matches!(byte, b'/' | b'%' | b'&') {
            class = class.union(Self::ORDINARY);
        }
        class.bits()
    }

    #[inline]
    fn of(byte: u8) -> Self {
        Self::from_bits_retain(Self::TABLE.get(usize::from(byte)).copied().unwrap_or(0))
    }
}

/// How many ordinary bytes `text` starts with, and their class. Eight are looked at together while all of them are.
#[inline]
fn ordinary_run(text: &[u8]) -> (usize, Class) {
    let mut all = Class::all();
    let (eights, _) = text.as_chunks::<8>();
    let mut run = 0_usize;
    for eight in eights {
        let class = eight.map(Class::of).into_iter().fold(all, Class::intersection);
        if !class.contains(Class::ORDINARY) {
            break;
        }
        all = class;
        run = run.wrapping_add(8);
    }
    for byte in text.get(run..).unwrap_or_default() {
        let class = Class::of(*byte);
        if !class.contains(Class::ORDINARY) {
            break;
        }
        all = all.intersection(class);
        run = run.wrapping_add(1);
    }
    (run, all)
}

/// The names of a resource as one pass finds them.
struct Names<'a> {
    raw: &'a str,
    /// The first five, enough to tell every shape.
    found: [(&'a str, Class); 5],
    count: usize,
    /// The name being read: where it starts, how many of its bytes are escaped, and their class.
    start: usize,
    escapes: usize,
    class: Class,
}

impl<'a> Names<'a> {
    #[inline]
    const fn new(raw: &'a str) -> Self {
        Self { raw, found: [("", Class::empty()); 5], count: 0, start: 0, escapes: 0, class: Class::all() }
    }

    /// Ends the name being read at `end`.
    #[inline]
    fn close(&mut self, end: usize) -> Result<(), ResourceError> {
        let text = self.raw.get(self.start..end).unwrap_or_default();
        // an escape is three bytes for one
        let len = text.len().saturating_sub(self.escapes.saturating_mul(2));
        let problem = if len == 0 {
            ResourceProblem::EmptySegment
        } else if self.count == 0 && !is_root(text, self.class, self.escapes) {
            ResourceProblem::Root
        } else if len <= 2 && Segment::checked(text).bytes().all(|b| b == b'.') {
            ResourceProblem::DotSegment
        } else if self.count >= MAX_SEGMENTS || (self.count > 0 && len > MAX_ID) {
            ResourceProblem::TooLong
        } else {
            if let Some(slot) = self.found.get_mut(self.count) {
                *slot = (text, self.class);
            }
            self.count = self.count.saturating_add(1);
            (self.escapes, self.class) = (0, Class::all());
            return Ok(());
        };
        Err(ResourceError { offset: self.start, problem })
    }

    #[inline]
    fn shape(&self) -> Shape<'a> {
        let [(root, root_class), (word, _), (id, id_class), (inner_word, _), (inner, inner_class)] =
            self.found;
        let is = |text: &str, word: &str| Segment::checked(text).eq_decoded(word);
        match self.count {
            1 => Shape::Hub,
            2 if is(word, "devices") => Shape::AllDevices,
            3 if id_class.contains(Class::IDENTITY) && is(word, "devices") => {
                Shape::Device(Segment::checked(id))
            }
            3 if is(word, "registrations")
                && root_class.contains(Class::SCOPE)
                && id_class.contains(Class::REGISTRATION)
                && Segment::checked(id)
                    .bytes()
                    .last()
                    .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-') =>
            {
                Shape::Registration { scope: Segment::checked(root), id: Segment::checked(id) }
            }
            5 if is(word, "devices")
                && is(inner_word, "modules")
                && id_class.intersection(inner_class).contains(Class::IDENTITY) =>
            {
                Shape::Module(Segment::checked(id), Segment::checked(inner))
            }
            _ => Shape::Other,
        }
    }
}

/// Whether a name is an id scope, or can be a host with an optional port. A host is compared with the hub's whole
/// name by whoever accepts it, so of one without a port only the characters and the ends are looked at.
#[inline]
fn is_root(text: &str, class: Class, escapes: usize) -> bool {
    let ends = |first: u8, last: u8| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric();
    match text.as_bytes() {
        [first, .., last] if class.contains(Class::HOST) && escapes == 0 && text.len() <= 253 => {
            ends(*first, *last)
        }
        _ if class.contains(Class::SCOPE) => true,
        _ => {
            let mut buf = [0; 259];
            Segment::checked(text).decode(&mut buf).is_ok_and(|plain| Authority::parse(plain).is_ok())
        }
    }
}

impl fmt::Display for ResourcePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments().enumerate() {
            if at > 0 {
                f.write_str("/")?;
            }
            fmt::Display::fmt(&segment, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ResourcePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}
