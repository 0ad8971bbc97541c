//! One pass over a resource: what each byte may be part of, and the names that it makes.

use crate::name::{Authority, is_identity_byte, is_registration_byte};
use crate::percent::split_byte;
use crate::resource::{ResourceError, ResourceProblem, Shape};
use crate::segment::Segment;

/// The most names of a resource: `host/devices/d/modules/m` has five, the longest endpoint has nine.
const MAX_SEGMENTS: usize = 16;
/// Longest name below the root, decoded.
const MAX_ID: usize = 128;

bitflags::bitflags! {
    /// What a byte may be part of, and of a name: what all its bytes may be part of.
    #[derive(Clone, Copy)]
    pub(crate) struct Class: u8 {
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
pub(crate) fn ordinary_run(text: &[u8]) -> (usize, Class) {
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
pub(crate) struct Names<'a> {
    raw: &'a str,
    /// The first five, enough to tell every shape.
    found: [Found; 5],
    count: usize,
    /// The name being read: where it starts, how many of its bytes are escaped, and their class.
    pub(crate) start: usize,
    escapes: usize,
    pub(crate) class: Class,
}

/// A name that was read: where it is, and its class.
#[derive(Clone, Copy)]
struct Found {
    start: usize,
    end: usize,
    class: Class,
}

impl<'a> Names<'a> {
    #[inline]
    pub(crate) const fn new(raw: &'a str) -> Self {
        const NONE: Found = Found { start: 0, end: 0, class: Class::empty() };
        Self { raw, found: [NONE; 5], count: 0, start: 0, escapes: 0, class: Class::all() }
    }

    /// Reads an escape that is no slash, and returns what follows it.
    pub(crate) fn escape<'b>(&mut self, text: &'b [u8]) -> Option<&'b [u8]> {
        let ([b'%', ..], Some((byte, tail))) = (text, split_byte(text)) else { return None };
        let class = Class::of(byte);
        if !class.contains(Class::VISIBLE) {
            return None;
        }
        self.class = self.class.intersection(class.union(Class::ORDINARY));
        self.escapes = self.escapes.saturating_add(1);
        Some(tail)
    }

    /// Ends the name being read at `end`.
    #[inline]
    pub(crate) fn close(&mut self, end: usize) -> Result<(), ResourceError> {
        // an escape is three bytes for one
        let len = end.saturating_sub(self.start).saturating_sub(self.escapes.saturating_mul(2));
        let problem = if len == 0 {
            ResourceProblem::EmptySegment
        } else if self.count == 0 && !self.is_root(end) {
            ResourceProblem::Root
        } else if len <= 2 && self.segment(self.start, end).bytes().all(|b| b == b'.') {
            ResourceProblem::DotSegment
        } else if self.count >= MAX_SEGMENTS || (self.count > 0 && len > MAX_ID) {
            ResourceProblem::TooLong
        } else {
            if let Some(slot) = self.found.get_mut(self.count) {
                *slot = Found { start: self.start, end, class: self.class };
            }
            self.count = self.count.wrapping_add(1);
            (self.escapes, self.class) = (0, Class::all());
            return Ok(());
        };
        Err(ResourceError { offset: self.start, problem })
    }

    /// Whether the first name is an id scope, or can be a host with an optional port. A host is compared with the
    /// hub's whole name by whoever accepts it, so of one without a port only the characters and the ends are
    /// looked at.
    #[inline]
    fn is_root(&self, end: usize) -> bool {
        let ends = |first: u8, last: u8| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric();
        match self.raw.as_bytes().get(..end).unwrap_or_default() {
            [first, .., last] if self.class.contains(Class::HOST) && self.escapes == 0 && end <= 253 => {
                ends(*first, *last)
            }
            _ if self.class.contains(Class::SCOPE) => {
                end.saturating_sub(self.escapes.saturating_mul(2)) <= MAX_ID
            }
            _ => {
                let mut buf = [0; 259];
                self.segment(0, end).decode(&mut buf).is_ok_and(|plain| Authority::parse(plain).is_ok())
            }
        }
    }

    fn segment(&self, start: usize, end: usize) -> Segment<'a> {
        Segment::checked(self.raw.get(start..end).unwrap_or_default())
    }

    /// What the names say together.
    #[inline]
    pub(crate) fn shape(&self) -> Shape<'a> {
        let [root, word, id, inner_word, inner] = self.found;
        let of = |found: Found| self.segment(found.start, found.end);
        let is = |found: Found, word: &str| of(found).eq_decoded(word);
        let are = |class: Class| id.class.intersection(inner.class).contains(class);
        match self.count {
            1 => Shape::Hub,
            2 if is(word, "devices") => Shape::AllDevices,
            3 if id.class.contains(Class::IDENTITY) && is(word, "devices") => Shape::Device(of(id)),
            3 if root.class.contains(Class::SCOPE)
                && id.class.contains(Class::REGISTRATION)
                && is(word, "registrations")
                && of(root).bytes().count() <= MAX_ID
                && of(id).bytes().last().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-') =>
            {
                Shape::Registration { scope: of(root), id: of(id) }
            }
            5 if are(Class::IDENTITY) && is(word, "devices") && is(inner_word, "modules") => {
                Shape::Module(of(id), of(inner))
            }
            _ => Shape::Other,
        }
    }
}
