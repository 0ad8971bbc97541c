//! The resource of a token (`sr`): a host or an id scope, and the names below it.

use core::fmt;

use crate::name::{Authority, IdScope, is_identity_byte, is_registration_byte};
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
    /// Checks `raw` whole and borrows it.
    ///
    /// # Errors
    /// [`ResourceError`] with the place: a bad escape, an empty name, a root that is no host and no id scope,
    /// or more than 2,048 bytes or 16 names.
    pub fn parse(raw: &'a str) -> Result<Self, ResourceError> {
        if raw.len() > MAX_LEN {
            return Err(ResourceError { offset: MAX_LEN, problem: ResourceProblem::TooLong });
        }
        let path = Self { raw };
        let mut segments = 0_usize;
        for segment in path.segments() {
            let offset = path.offset_of(&segment);
            let mut rest = segment.as_received().as_bytes();
            let mut len = 0_usize;
            let mut first_two = [0_u8; 2];
            while !rest.is_empty() {
                match split_byte(rest) {
                    Some((byte, tail)) if byte.is_ascii_graphic() => {
                        if let Some(slot) = first_two.get_mut(len) {
                            *slot = byte;
                        }
                        rest = tail;
                    }
                    _ => {
                        let into = segment.as_received().len().saturating_sub(rest.len());
                        let offset = offset.saturating_add(into);
                        return Err(ResourceError { offset, problem: ResourceProblem::Escape });
                    }
                }
                len = len.saturating_add(1);
            }
            let problem = match (segments, len) {
                (_, 0) => ResourceProblem::EmptySegment,
                (0, _) if !is_root(&segment) => ResourceProblem::Root,
                (1.., 1) if first_two == *b".\0" => ResourceProblem::DotSegment,
                (1.., 2) if first_two == *b".." => ResourceProblem::DotSegment,
                (1.., _) if len > MAX_ID => ResourceProblem::TooLong,
                (MAX_SEGMENTS.., _) => ResourceProblem::TooLong,
                _ => {
                    segments = segments.saturating_add(1);
                    continue;
                }
            };
            return Err(ResourceError { offset, problem });
        }
        Ok(path)
    }

    /// The resource as received: what a token's signature covers.
    #[must_use]
    pub const fn as_received(&self) -> &'a str {
        self.raw
    }

    /// The first name: a host with an optional port, or an id scope.
    #[must_use]
    pub fn root(&self) -> Segment<'a> {
        self.segments().next().unwrap_or(Segment::checked(self.raw))
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
    pub fn shape(&self) -> Shape<'a> {
        let mut names = self.segments();
        let Some(root) = names.next() else { return Shape::Other };
        match (names.next(), names.next(), names.next(), names.next(), names.next()) {
            (None, ..) => Shape::Hub,
            (Some(devices), None, ..) if devices.eq_decoded("devices") => Shape::AllDevices,
            (Some(devices), Some(id), None, ..) if devices.eq_decoded("devices") && is_identity(&id) => {
                Shape::Device(id)
            }
            (Some(devices), Some(id), Some(modules), Some(module), None)
                if devices.eq_decoded("devices")
                    && modules.eq_decoded("modules")
                    && is_identity(&id)
                    && is_identity(&module) =>
            {
                Shape::Module(id, module)
            }
            (Some(registrations), Some(id), None, ..)
                if registrations.eq_decoded("registrations") && is_scope(&root) && is_registration(&id) =>
            {
                Shape::Registration { scope: root, id }
            }
            _ => Shape::Other,
        }
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

    fn offset_of(&self, segment: &Segment<'_>) -> usize {
        segment.as_received().as_ptr().addr().saturating_sub(self.raw.as_ptr().addr())
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

fn is_root(segment: &Segment<'_>) -> bool {
    let mut buf = [0; 259];
    match segment.decode(&mut buf) {
        Ok(name) => Authority::parse(name).is_ok() || IdScope::parse(name).is_ok(),
        Err(_) => false,
    }
}

fn is_scope(root: &Segment<'_>) -> bool {
    root.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_identity(id: &Segment<'_>) -> bool {
    id.bytes().all(is_identity_byte)
}

fn is_registration(id: &Segment<'_>) -> bool {
    id.bytes().all(is_registration_byte)
        && id.bytes().last().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'-')
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
