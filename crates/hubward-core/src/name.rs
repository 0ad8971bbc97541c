//! Validated names, borrowed from the text that they were parsed from.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use crate::class::Class;
use crate::segment::Segment;

/// The reason why a text is not a valid name. It contains the kind and the offset, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
#[non_exhaustive]
pub struct NameError {
    /// The kind of name that was expected, in the words of Azure's documentation.
    pub what: &'static str,
    /// The problem with the name.
    pub problem: NameProblem,
}

/// A problem with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// The name is empty.
    #[error("empty")]
    Empty,
    /// The name has more bytes than the limit.
    #[error("{len} bytes, at most {max} allowed")]
    TooLong {
        /// The number of bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The name contains a byte that this kind of name cannot contain.
    #[error("character at byte {offset} is not allowed")]
    Character {
        /// The offset in bytes from the start of the name.
        offset: usize,
    },
    /// The name is `.` or `..`: HTTP clients and file systems remove or follow such a segment (RFC 3986, 5.2.4).
    #[error("`.` and `..` are path steps, not names")]
    DotSegment,
}

/// A name of kind `K`, validated when it was created. Use the aliases: [`DeviceId`], [`HostName`], ..
///
/// ```
/// use hubward_core::{DeviceId, HostName, NameProblem};
///
/// assert_eq!(DeviceId::parse("pump-1")?.as_str(), "pump-1");
/// let error = HostName::parse("contoso_1.example").unwrap_err();
/// assert_eq!(error.problem, NameProblem::Character { offset: 7 });
/// # Ok::<(), hubward_core::NameError>(())
/// ```
pub struct Name<'a, K>(&'a str, PhantomData<fn() -> K>);

/// A device id: 1 to 128 of ASCII letters, digits and `- : . + % _ # * ? ! ( ) , = @ ; $ '`; case-sensitive.
pub type DeviceId<'a> = Name<'a, kind::Device>;
/// A module id: the characters and length of a [`DeviceId`].
pub type ModuleId<'a> = Name<'a, kind::Module>;
/// The name of a shared access policy: 1 to 128 of ASCII letters, digits and `_ - @ .`.
pub type PolicyName<'a> = Name<'a, kind::Policy>;
/// A DNS host name: at most 253 bytes, labels of 1 to 63 letters, digits and inner hyphens (RFC 1123, 2.1).
pub type HostName<'a> = Name<'a, kind::Host>;
/// A host name with an optional `:port` (RFC 3986, 3.2).
pub type Authority<'a> = Name<'a, kind::HostAndPort>;
/// A DPS registration id: 1 to 128 of letters, digits and `- . _ :`, the last a letter, digit or hyphen.
pub type RegistrationId<'a> = Name<'a, kind::Registration>;
/// A DPS id scope: 1 to 128 letters and digits; it has no dot, which tells it from a host.
pub type IdScope<'a> = Name<'a, kind::Scope>;

/// The kinds of [`Name`]: types without values.
pub mod kind {
    /// The kind of [`DeviceId`](super::DeviceId).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Device {}
    /// The kind of [`ModuleId`](super::ModuleId).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Module {}
    /// The kind of [`PolicyName`](super::PolicyName).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Policy {}
    /// The kind of [`HostName`](super::HostName).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Host {}
    /// The kind of [`Authority`](super::Authority).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum HostAndPort {}
    /// The kind of [`RegistrationId`](super::RegistrationId).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Registration {}
    /// The kind of [`IdScope`](super::IdScope).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Scope {}
}

/// The syntax of one kind of name. The trait is sealed because it is private.
pub(crate) trait Rule {
    const WHAT: &'static str;
    const MAX: usize;
    /// Finds the first problem of a name whose length is allowed.
    fn check(name: &str) -> Result<(), NameProblem>;
}

impl Rule for kind::Device {
    const WHAT: &'static str = "device id";
    const MAX: usize = 128;
    fn check(name: &str) -> Result<(), NameProblem> {
        identity_id(name)
    }
}

impl Rule for kind::Module {
    const WHAT: &'static str = "module id";
    const MAX: usize = 128;
    fn check(name: &str) -> Result<(), NameProblem> {
        identity_id(name)
    }
}

impl Rule for kind::Policy {
    const WHAT: &'static str = "policy name";
    const MAX: usize = 128;
    fn check(name: &str) -> Result<(), NameProblem> {
        every_byte(name, is_policy_byte)
    }
}

impl Rule for kind::Host {
    const WHAT: &'static str = "host name";
    const MAX: usize = 253;
    fn check(name: &str) -> Result<(), NameProblem> {
        host_labels(name)
    }
}

impl Rule for kind::HostAndPort {
    const WHAT: &'static str = "host name with optional port";
    const MAX: usize = 259;
    fn check(name: &str) -> Result<(), NameProblem> {
        let (host, port) = match name.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (name, None),
        };
        host_labels(host)?;
        match port {
            Some(port) if port.parse::<u16>().is_err() || !port.bytes().all(|b| b.is_ascii_digit()) => {
                Err(NameProblem::Character { offset: host.len().saturating_add(1) })
            }
            _ => Ok(()),
        }
    }
}

impl Rule for kind::Registration {
    const WHAT: &'static str = "registration id";
    const MAX: usize = 128;
    fn check(name: &str) -> Result<(), NameProblem> {
        every_byte(name, |b| Class::of(b).contains(Class::REGISTRATION))?;
        match name.bytes().last() {
            Some(last) if last.is_ascii_alphanumeric() || last == b'-' => Ok(()),
            _ => Err(NameProblem::Character { offset: name.len().saturating_sub(1) }),
        }
    }
}

impl Rule for kind::Scope {
    const WHAT: &'static str = "id scope";
    const MAX: usize = 128;
    fn check(name: &str) -> Result<(), NameProblem> {
        every_byte(name, |b| b.is_ascii_alphanumeric())
    }
}

fn identity_id(name: &str) -> Result<(), NameProblem> {
    if name == "." || name == ".." {
        return Err(NameProblem::DotSegment);
    }
    every_byte(name, |b| Class::of(b).contains(Class::IDENTITY))
}

/// Returns whether device and module ids may contain the byte, the two legacy characters (`:` and `;`) included.
pub(crate) const fn is_identity_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'-' | b':'
                | b'.'
                | b'+'
                | b'%'
                | b'_'
                | b'#'
                | b'*'
                | b'?'
                | b'!'
                | b'('
                | b')'
                | b','
                | b'='
                | b'@'
                | b';'
                | b'$'
                | b'\''
        )
}

pub(crate) const fn is_policy_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'@' | b'.')
}

pub(crate) const fn is_registration_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':')
}

fn every_byte(name: &str, allowed: impl Fn(u8) -> bool) -> Result<(), NameProblem> {
    match name.bytes().position(|b| !allowed(b)) {
        Some(offset) => Err(NameProblem::Character { offset }),
        None => Ok(()),
    }
}

/// Validates labels of letters, digits and inner hyphens in one pass.
fn host_labels(host: &str) -> Result<(), NameProblem> {
    if host.is_empty() {
        return Err(NameProblem::Empty);
    }
    let is_end = |byte: u8| Class::of(byte).contains(Class::SCOPE);
    // a label starts after a dot, and at the start
    let mut last = b'.';
    let mut start = 0_usize;
    for (offset, byte) in host.bytes().enumerate() {
        let next = offset.wrapping_add(1);
        match byte {
            b if is_end(b) => {}
            b'-' if last != b'.' => {}
            b'.' if is_end(last) => start = next,
            b'.' if last == b'-' => return Err(NameProblem::Character { offset: offset.saturating_sub(1) }),
            _ => return Err(NameProblem::Character { offset }),
        }
        let label = next.wrapping_sub(start);
        if label > 63 {
            return Err(NameProblem::TooLong { len: label, max: 63 });
        }
        last = byte;
    }
    if is_end(last) { Ok(()) } else { Err(NameProblem::Character { offset: host.len().saturating_sub(1) }) }
}

#[expect(private_bounds, reason = "the syntax of a kind is private to this crate; callers use the aliases")]
impl<'a, K: Rule> Name<'a, K> {
    /// Validates `name` as this kind of name and borrows it.
    ///
    /// # Errors
    /// [`NameError`] if it is empty, too long, or contains a character that this kind does not allow.
    pub fn parse(name: &'a str) -> Result<Self, NameError> {
        let problem = if name.is_empty() {
            NameProblem::Empty
        } else if name.len() > K::MAX {
            NameProblem::TooLong { len: name.len(), max: K::MAX }
        } else {
            match K::check(name) {
                Ok(()) => return Ok(Self(name, PhantomData)),
                Err(problem) => problem,
            }
        };
        Err(NameError { what: K::WHAT, problem })
    }
}

impl<'a, K> Name<'a, K> {
    /// Takes `name` without validating it. The caller guarantees that the text was parsed as such a name before, as a
    /// store or a session that keeps names can. The name of this function is easy to search for.
    #[must_use]
    pub const fn assertion(name: &'a str) -> Self {
        Self(name, PhantomData)
    }

    /// Returns the name as a segment of a path.
    #[must_use]
    pub const fn segment(&self) -> Segment<'a> {
        Segment::checked_plain(self.0)
    }

    /// Returns the name as text, with the lifetime of the text that it was parsed from.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl<K> Clone for Name<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Name<'_, K> {}

impl<K> PartialEq for Name<'_, K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Name<'_, K> {}

/// Compares bytes.
impl<K> Ord for Name<'_, K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(other.0)
    }
}

impl<K> PartialOrd for Name<'_, K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Hash for Name<'_, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Takes a host without a port.
impl<'a> From<HostName<'a>> for Authority<'a> {
    fn from(host: HostName<'a>) -> Self {
        Self::assertion(host.as_str())
    }
}

impl<K> fmt::Debug for Name<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl<K> fmt::Display for Name<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
