//! Names that cannot hold an invalid value, borrowed from where they were read.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use crate::class::Class;
use crate::segment::Segment;

/// Why a text is not the name it was offered as. Holds the kind and the place, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
#[non_exhaustive]
pub struct NameError {
    /// What was wanted, in the words of the hub's documentation.
    pub what: &'static str,
    /// What is wrong with it.
    pub problem: NameProblem,
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// Nothing there.
    #[error("empty")]
    Empty,
    /// More bytes than the limit.
    #[error("{len} bytes, at most {max} allowed")]
    TooLong {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A byte that this kind of name cannot contain.
    #[error("character at byte {offset} is not allowed")]
    Character {
        /// Where, in bytes from the start of the name.
        offset: usize,
    },
    /// `.` or `..`: HTTP clients and file systems remove or climb by such a segment (RFC 3986, 5.2.4).
    #[error("`.` and `..` are path steps, not names")]
    DotSegment,
}

/// A name of kind `K`, checked when it was made. See the aliases: [`DeviceId`], [`HostName`], ...
pub struct Name<'a, K>(&'a str, PhantomData<fn() -> K>);

/// A device's id: 1 to 128 of ASCII letters, digits and `- : . + % _ # * ? ! ( ) , = @ ; $ '`; case-sensitive.
pub type DeviceId<'a> = Name<'a, kind::Device>;
/// A module's id: the characters and length of a [`DeviceId`].
pub type ModuleId<'a> = Name<'a, kind::Module>;
/// A shared access policy's name: 1 to 128 of ASCII letters, digits and `_ - @ .`.
pub type PolicyName<'a> = Name<'a, kind::Policy>;
/// A DNS host name: at most 253 bytes, labels of 1 to 63 letters, digits and inner hyphens (RFC 1123, 2.1).
pub type HostName<'a> = Name<'a, kind::Host>;
/// A host name with an optional `:port` (RFC 3986, 3.2).
pub type Authority<'a> = Name<'a, kind::HostAndPort>;
/// A DPS registration id: 1 to 128 of letters, digits and `- . _ :`, the last a letter, digit or hyphen.
pub type RegistrationId<'a> = Name<'a, kind::Registration>;
/// A DPS id scope: 1 to 128 letters and digits; it has no dot, which tells it from a host.
pub type IdScope<'a> = Name<'a, kind::Scope>;

/// The kinds of [`Name`]; types without values.
pub mod kind {
    /// Kind of [`DeviceId`](super::DeviceId).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Device {}
    /// Kind of [`ModuleId`](super::ModuleId).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Module {}
    /// Kind of [`PolicyName`](super::PolicyName).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Policy {}
    /// Kind of [`HostName`](super::HostName).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Host {}
    /// Kind of [`Authority`](super::Authority).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum HostAndPort {}
    /// Kind of [`RegistrationId`](super::RegistrationId).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Registration {}
    /// Kind of [`IdScope`](super::IdScope).
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum Scope {}
}

/// The rule of one kind of name; sealed by being private.
pub(crate) trait Rule {
    const WHAT: &'static str;
    const MAX: usize;
    /// The first offending place, for a name of allowed length.
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

/// The characters of device and module ids, the two legacy ones (`:` and `;`) included.
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

/// Labels of letters, digits and inner hyphens, in one pass.
fn host_labels(host: &str) -> Result<(), NameProblem> {
    if host.is_empty() {
        return Err(NameProblem::Empty);
    }
    // what stands before the first byte ends a label, as a dot does
    let mut last = b'.';
    let mut label = 0_usize;
    for (offset, byte) in host.bytes().enumerate() {
        match byte {
            b if b.is_ascii_alphanumeric() => label = label.wrapping_add(1),
            b'-' if last != b'.' => label = label.wrapping_add(1),
            b'.' if last.is_ascii_alphanumeric() => label = 0,
            b'.' if last == b'-' => return Err(NameProblem::Character { offset: offset.saturating_sub(1) }),
            _ => return Err(NameProblem::Character { offset }),
        }
        if label > 63 {
            return Err(NameProblem::TooLong { len: label, max: 63 });
        }
        last = byte;
    }
    if last.is_ascii_alphanumeric() {
        Ok(())
    } else {
        Err(NameProblem::Character { offset: host.len().saturating_sub(1) })
    }
}

#[expect(private_bounds, reason = "the rule of a kind is this crate's business; callers use the aliases")]
impl<'a, K: Rule> Name<'a, K> {
    /// Takes `name` as this kind of name, borrowing it.
    ///
    /// # Errors
    /// [`NameError`] where it is empty, too long, or holds a character that this kind does not allow.
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
    /// Takes `name` without checking it. Its origin can be searched for: the caller vouches that it is the text
    /// of such a name, parsed before, as one that keeps names in a store or a session can.
    #[must_use]
    pub const fn assertion(name: &'a str) -> Self {
        Self(name, PhantomData)
    }

    /// The name as a segment of a path.
    #[must_use]
    pub const fn segment(&self) -> Segment<'a> {
        Segment::checked_plain(self.0)
    }

    /// The name as text, with the lifetime of what it was parsed from.
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

/// By bytes.
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

/// A host without a port.
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
