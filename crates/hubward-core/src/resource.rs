//! The resource of a token (`sr`): a host or an id scope, and the names below it.

use core::fmt;

use crate::access::Identity;
use crate::class::{Class, split_run};
use crate::outline::{Kind, Outline, outline};
use crate::segment::Segment;
use crate::usual::usual;

/// The most bytes of a resource as received: a host, two ids of 128 bytes each escaped twice over, and words.
const MAX_LEN: usize = 2048;

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
    outline: Outline,
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
        match Self::read(raw, 0)? {
            (path, end) if end == raw.len() => Ok(path),
            (_, end) => Err(ResourceError { offset: end, problem: ResourceProblem::Escape }),
        }
    }

    /// Reads the resource that starts at byte `start` of `text` and goes up to the first `&` or the end, and says where
    /// that is: a token's fields are split and checked in the same pass.
    ///
    /// # Errors
    /// As [`ResourcePath::parse`]; the offset counts from `start`.
    #[inline]
    pub fn read(text: &'a str, start: usize) -> Result<(Self, usize), ResourceError> {
        let (outline, len) = match usual(text.as_bytes().get(start..).unwrap_or_default()) {
            Some(found) => found,
            None => outline(text.get(start..).unwrap_or_default())?,
        };
        let end = start.wrapping_add(len);
        match text.get(start..end) {
            Some(raw) if raw.len() <= MAX_LEN => Ok((Self { raw, outline }, end)),
            _ => Err(ResourceError { offset: MAX_LEN, problem: ResourceProblem::TooLong }),
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

    /// Whether the root is `host`, without regard to ASCII case.
    #[must_use]
    #[inline]
    pub fn is_rooted_at(&self, host: &str) -> bool {
        // most write it as it is, and what follows tells whether it ends there
        match self.raw.strip_prefix(host).map(str::as_bytes) {
            Some([] | [b'/', ..] | [b'%', b'2', b'F' | b'f', ..]) => true,
            Some(_) => false,
            None => self.root().eq_decoded_ignore_ascii_case(host),
        }
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

    /// Whether it is exactly one device's or module's.
    #[must_use]
    #[inline]
    pub const fn is_identity(&self) -> bool {
        matches!(self.outline.kind, Kind::Device | Kind::Module)
    }

    /// Whether it is a registration's at the provisioning service.
    #[must_use]
    #[inline]
    pub const fn is_registration(&self) -> bool {
        matches!(self.outline.kind, Kind::Registration)
    }

    /// What the resource is about; [`Shape::Other`] where an id has characters that no id can have.
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

    /// Returns whether a device or a module is within this resource: whether `devices/{id}` or
    /// `devices/{id}/modules/{id}` is its path or below it, name by whole name. This is the reach of a shared access
    /// policy's token. The root is not compared, and a policy, which has no path, is never within a resource.
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
            // an escape of another character: `%252F` holds no slash
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
