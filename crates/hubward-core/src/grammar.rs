//! The grammar of resources: reads the segments one after the other and classifies the whole.

use crate::class::{Class, ordinary_run};
use crate::name::Authority;
use crate::percent::split_byte;
use crate::resource::{ResourceError, ResourceProblem};
use crate::segment::Segment;

/// Maximum number of segments: `host/devices/d/modules/m` has five, the longest endpoint has nine.
const MAX_SEGMENTS: usize = 16;
/// Maximum length of a decoded segment below the root.
pub(crate) const MAX_ID: usize = 128;
/// Maximum length of a host without a port.
pub(crate) const MAX_HOST: usize = 253;

/// The kind of a resource, or of the first segments of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hub,
    AllDevices,
    Device,
    ModulesOfDevice,
    Module,
    /// `{id scope}/registrations`.
    Registrations,
    Registration,
    Other,
}

/// The kind of a resource, and the positions of its ids in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) kind: Kind,
    /// The range of the id above the last one: a module's device, or a registration's id scope.
    pub(crate) first: (u16, u16),
    /// The start of the last segment.
    pub(crate) last: u16,
}

impl Outline {
    /// Returns the outline of a root without further segments.
    fn of_root(root: &Name) -> Self {
        Self { kind: Kind::Hub, first: (0, offset(root.end)), last: 0 }
    }

    /// Returns the outline with one more segment.
    fn below(self, root: &Name, name: &Name, text: &str) -> Self {
        let ends_well =
            || name.segment(text).bytes().last().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-');
        let kind = match self.kind {
            Kind::Hub if name.is(text, "devices") => Kind::AllDevices,
            Kind::AllDevices if name.class.contains(Class::IDENTITY) => Kind::Device,
            Kind::Device if name.is(text, "modules") => Kind::ModulesOfDevice,
            Kind::ModulesOfDevice if name.class.contains(Class::IDENTITY) => Kind::Module,
            Kind::Hub
                if root.class.contains(Class::SCOPE)
                    && root.len <= MAX_ID
                    && name.is(text, "registrations") =>
            {
                Kind::Registrations
            }
            Kind::Registrations if name.class.contains(Class::REGISTRATION) && ends_well() => {
                Kind::Registration
            }
            _ => Kind::Other,
        };
        let first = match kind {
            Kind::Device => (offset(name.start), offset(name.end)),
            _ => self.first,
        };
        Self { kind, first, last: offset(name.start) }
    }
}

/// Narrows an offset. A resource has at most 2,048 bytes; a longer one is rejected when its end is reached.
#[inline]
pub(crate) fn offset(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// Parses the resource that `text` starts with, and returns its outline and its end: a `&` or the end of the text.
#[inline(never)]
pub(crate) fn outline(text: &str) -> Result<(Outline, usize), ResourceError> {
    let root = Name::read(text, 0)?;
    root.check_root(text)?;
    let mut outline = Outline::of_root(&root);
    let mut last = root;
    let mut count = 1_usize;
    while let Some(start) = last.next(text) {
        last = Name::read(text, start)?;
        last.check(text, count)?;
        outline = outline.below(&root, &last, text);
        count = count.wrapping_add(1);
    }
    Ok((outline, last.end))
}

/// A segment of a resource: its position, its decoded length, and the classes that all its bytes have in common.
#[derive(Clone, Copy)]
struct Name {
    start: usize,
    end: usize,
    len: usize,
    class: Class,
}

impl Name {
    /// Reads the segment that starts at `start` and ends at a separator, a `&` or the end of `text`.
    fn read(text: &str, start: usize) -> Result<Self, ResourceError> {
        let mut name = Self { start, end: start, len: 0, class: Class::all() };
        loop {
            let rest = text.as_bytes().get(name.end..).unwrap_or_default();
            let (run, class) = ordinary_run(rest);
            name.end = name.end.wrapping_add(run);
            name.len = name.len.wrapping_add(run);
            name.class = name.class.intersection(class);
            match rest.get(run..).unwrap_or_default() {
                [] | [b'&' | b'/', ..] | [b'%', b'2', b'F' | b'f', ..] => return Ok(name),
                escape => name.escape(escape)?,
            }
        }
    }

    /// Reads one escape; an escaped slash is a separator and does not get here.
    fn escape(&mut self, text: &[u8]) -> Result<(), ResourceError> {
        match (text, split_byte(text).map(|(byte, _)| Class::of(byte))) {
            ([b'%', ..], Some(class)) if class.contains(Class::VISIBLE) => {
                self.end = self.end.wrapping_add(3);
                self.len = self.len.wrapping_add(1);
                self.class = self.class.intersection(class);
                Ok(())
            }
            _ => Err(ResourceError { offset: self.end, problem: ResourceProblem::Escape }),
        }
    }

    /// Returns the start of the next segment if a separator ends this one.
    const fn next(&self, text: &str) -> Option<usize> {
        match text.as_bytes().split_at_checked(self.end) {
            Some((_, [b'/', ..])) => Some(self.end.wrapping_add(1)),
            Some((_, [b'%', ..])) => Some(self.end.wrapping_add(3)),
            _ => None,
        }
    }

    /// Validates the first segment: an id scope, or a possible host with an optional port. The authentication
    /// compares a host with the hub's whole name, so a host without a port is checked only for its characters and its
    /// ends.
    fn check_root(&self, text: &str) -> Result<(), ResourceError> {
        let ends = |first: u8, last: u8| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric();
        match self.bytes(text) {
            [first, .., last]
                if self.class.contains(Class::HOST)
                    && self.len == self.end
                    && self.len <= MAX_HOST
                    && ends(*first, *last) =>
            {
                Ok(())
            }
            [] => self.refused(ResourceProblem::EmptySegment),
            _ if self.class.contains(Class::SCOPE) && self.len <= MAX_ID => Ok(()),
            _ => {
                let mut buf = [0; 259];
                let authority = self.segment(text).decode(&mut buf).map(Authority::parse);
                if matches!(authority, Ok(Ok(_))) { Ok(()) } else { self.refused(ResourceProblem::Root) }
            }
        }
    }

    /// Validates a segment below the root. `before` segments precede it.
    fn check(&self, text: &str, before: usize) -> Result<(), ResourceError> {
        match self.len {
            0 => self.refused(ResourceProblem::EmptySegment),
            1 | 2 if self.segment(text).bytes().all(|b| b == b'.') => {
                self.refused(ResourceProblem::DotSegment)
            }
            len if len > MAX_ID || before >= MAX_SEGMENTS => self.refused(ResourceProblem::TooLong),
            _ => Ok(()),
        }
    }

    const fn refused(&self, problem: ResourceProblem) -> Result<(), ResourceError> {
        Err(ResourceError { offset: self.start, problem })
    }

    fn bytes<'a>(&self, text: &'a str) -> &'a [u8] {
        text.as_bytes().get(self.start..self.end).unwrap_or_default()
    }

    fn segment<'a>(&self, text: &'a str) -> Segment<'a> {
        Segment::checked(text.get(self.start..self.end).unwrap_or_default())
    }

    /// Returns whether the decoded segment equals `word`.
    fn is(&self, text: &str, word: &str) -> bool {
        self.bytes(text) == word.as_bytes() || (self.len == word.len() && self.segment(text).eq_decoded(word))
    }
}
