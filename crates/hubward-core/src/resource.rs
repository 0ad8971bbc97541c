//! The resource of a token (`sr`): a host or an id scope, and the path below it.

use core::fmt;

use crate::class::{Class, split_run};
use crate::fast_path::fast_path;
use crate::grammar::{Kind, Outline, outline};
use crate::identity::Identity;
use crate::segment::Segment;

/// Maximum length of a resource as received, in bytes: a host, two ids of 128 bytes, each escaped twice, and the
/// words between them.
const MAX_LEN: usize = 2048;

/// The reason why a text is not a resource. It contains the offset and never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("resource, at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct ResourceError {
    /// The offset in bytes from the start of the resource.
    pub offset: usize,
    /// The problem at that offset.
    pub problem: ResourceProblem,
}

/// A problem with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceProblem {
    /// An invalid escape, or an escape of a character other than visible ASCII.
    #[error("an invalid escape or character")]
    Escape,
    /// An empty segment, as two slashes in a row or a slash at an end make.
    #[error("an empty segment")]
    EmptySegment,
    /// `.` or `..` (RFC 3986, 5.2.4).
    #[error("`.` and `..` are path steps, not names")]
    DotSegment,
    /// The resource has too many bytes or segments, or a segment is too long.
    #[error("too long")]
    TooLong,
    /// The first segment is neither a host, with an optional port, nor an id scope.
    #[error("neither a host name nor an id scope")]
    Root,
}

/// A validated resource that keeps the bytes as received. Segments are separated by `/` or its escape in either case,
/// and are decoded exactly once.
#[derive(Clone, Copy)]
pub struct ResourcePath<'a> {
    raw: &'a str,
    outline: Outline,
}

/// The kind of a resource, with the ids in it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Shape<'a> {
    /// `{host}`: the whole hub.
    Hub,
    /// `{host}/devices`: all devices.
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
    /// Validates all of `raw` in one pass and borrows it.
    ///
    /// # Errors
    /// [`ResourceError`] with the offset of an invalid escape, an empty segment, a root that is neither a host nor an
    /// id scope, or a segment of more than 128 bytes; or if there are more than 2,048 bytes or 16 segments in all.
    pub fn parse(raw: &'a str) -> Result<Self, ResourceError> {
        match Self::read(raw, 0)? {
            (path, end) if end == raw.len() => Ok(path),
            (_, end) => Err(ResourceError { offset: end, problem: ResourceProblem::Escape }),
        }
    }

    /// Reads the resource that starts at byte `start` of `text` and ends at the first `&` or with the text, and
    /// returns it with its end. The fields of a token are split and validated in the same pass.
    ///
    /// # Errors
    /// The errors of [`ResourcePath::parse`]; the offset counts from `start`.
    #[inline]
    pub fn read(text: &'a str, start: usize) -> Result<(Self, usize), ResourceError> {
        let (outline, len) = match fast_path(text.as_bytes().get(start..).unwrap_or_default()) {
            Some(parsed) => parsed,
            None => outline(text.get(start..).unwrap_or_default())?,
        };
        let end = start.wrapping_add(len);
        match text.get(start..end) {
            Some(raw) if raw.len() <= MAX_LEN => Ok((Self { raw, outline }, end)),
            _ => Err(ResourceError { offset: MAX_LEN, problem: ResourceProblem::TooLong }),
        }
    }

    /// Returns the resource as received: the bytes that a token's signature covers.
    #[must_use]
    pub const fn as_received(&self) -> &'a str {
        self.raw
    }

    /// Returns the whole resource as one segment, slashes included. No identity has such a name.
    #[must_use]
    pub const fn whole(&self) -> Segment<'a> {
        Segment::checked(self.raw)
    }

    /// Returns the first segment: a host with an optional port, or an id scope.
    #[must_use]
    pub fn root(&self) -> Segment<'a> {
        Segment::checked(split_at_slash(self.raw).0)
    }

    /// Returns whether the root is `host`. ASCII case is ignored.
    #[must_use]
    #[inline]
    pub fn is_rooted_at(&self, host: &str) -> bool {
        // most resources contain the host unescaped, and the next byte then tells if the segment ends there
        match self.raw.strip_prefix(host).map(str::as_bytes) {
            Some([] | [b'/', ..] | [b'%', b'2', b'F' | b'f', ..]) => true,
            Some(_) => false,
            None => self.root().eq_decoded_ignore_ascii_case(host),
        }
    }

    /// Iterates over all segments, root first.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + Clone + use<'a> {
        let mut rest = Some(self.raw);
        core::iter::from_fn(move || {
            let (segment, tail) = split_at_slash(rest?);
            rest = tail;
            Some(Segment::checked(segment))
        })
    }

    /// Returns whether the resource is exactly one device or module.
    #[must_use]
    #[inline]
    pub const fn is_identity(&self) -> bool {
        matches!(self.outline.kind, Kind::Device | Kind::Module)
    }

    /// Returns whether the resource is a registration at the provisioning service.
    #[must_use]
    #[inline]
    pub const fn is_registration(&self) -> bool {
        matches!(self.outline.kind, Kind::Registration)
    }

    /// Returns the kind of the resource, or [`Shape::Other`] if an id has characters that ids cannot have.
    #[must_use]
    #[inline(always)]
    pub fn shape(&self) -> Shape<'a> {
        let Outline { kind, first: (start, end), last } = self.outline;
        let above = || Segment::checked(self.raw.get(start.into()..end.into()).unwrap_or_default());
        let last = || Segment::checked(self.raw.get(last.into()..).unwrap_or_default());
        match kind {
            Kind::Hub => Shape::Hub,
            Kind::AllDevices => Shape::AllDevices,
            Kind::Device => Shape::Device(last()),
            Kind::Module => Shape::Module(above(), last()),
            Kind::Registration => Shape::Registration { scope: above(), id: last() },
            Kind::ModulesOfDevice | Kind::Registrations | Kind::Other => Shape::Other,
        }
    }

    /// Returns whether `other` is this resource or below it. Whole segments are compared: `h/a/b` covers `h/a/b/c`
    /// and not `h/a/bc`. The host is compared without regard to ASCII case, all other segments exactly.
    #[must_use]
    pub fn covers(&self, other: &ResourcePath<'_>) -> bool {
        let mut theirs = other.segments();
        let root = self.root();
        let Some(their_root) = theirs.next() else { return false };
        root.bytes().map(|b| b.to_ascii_lowercase()).eq(their_root.bytes().map(|b| b.to_ascii_lowercase()))
            && self.segments().skip(1).all(|mine| theirs.next().is_some_and(|name| mine.same(&name)))
    }

    /// Returns whether a device or a module is within this resource: whether `devices/{id}` or
    /// `devices/{id}/modules/{id}` is its path or below it. Whole segments are compared. This is the scope of a
    /// shared access policy's token. The root is not compared, and a policy, which has no path, is never within a
    /// resource.
    ///
    /// ```
    /// use hubward_core::{DeviceId, Identity, ResourcePath};
    ///
    /// let dev1 = Identity::Device(DeviceId::parse("dev1")?);
    /// assert!(ResourcePath::parse("h.net/devices")?.covers_identity(&dev1));
    /// assert!(!ResourcePath::parse("h.net/devices/dev10")?.covers_identity(&dev1));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn covers_identity(&self, identity: &Identity<'_>) -> bool {
        let Some(device) = identity.device() else { return false };
        let module = identity.module();
        let path =
            [Some("devices"), Some(device.as_str()), module.map(|_| "modules"), module.map(|id| id.as_str())];
        let mut path = path.into_iter().flatten();
        self.segments().skip(1).all(|name| path.next().is_some_and(|word| name.eq_decoded(word)))
    }
}

/// Splits a resource at the first `/`, `%2F` or `%2f`.
fn split_at_slash(text: &str) -> (&str, Option<&str>) {
    let mut rest = text.as_bytes();
    loop {
        let (_, after) = split_run(rest, Class::ORDINARY);
        let tail = match after {
            [] => return (text, None),
            [b'/', tail @ ..] | [b'%', b'2', b'F' | b'f', tail @ ..] => tail,
            // an escape of another character: `%252F` contains no slash
            [_, other @ ..] => {
                rest = other;
                continue;
            }
        };
        let at = |part: &[u8]| text.len().wrapping_sub(part.len());
        return match (text.get(..at(after)), text.get(at(tail)..)) {
            (Some(name), Some(below)) => (name, Some(below)),
            _ => (text, None),
        };
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
