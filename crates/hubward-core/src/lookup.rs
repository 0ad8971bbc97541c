//! The question a parsed credential asks: whose key?

use core::fmt;

use crate::segment::Segment;

/// Whose record is needed. Names are decoded once; compare with [`Segment::eq_decoded`], or take them out with
/// [`Segment::decode`] into 128 bytes. Ids are case-sensitive: a database must compare them byte by byte.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Lookup<'a> {
    /// A device of the registry.
    Device(Segment<'a>),
    /// A module: the device's id, then its own.
    Module(Segment<'a>, Segment<'a>),
    /// A shared access policy.
    Policy(Segment<'a>),
    /// An enrollment at the provisioning service: the id scope, then the registration id.
    Registration(Segment<'a>, Segment<'a>),
}

impl fmt::Display for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device {id}"),
            Self::Module(device, module) => write!(f, "module {device}/{module}"),
            Self::Policy(name) => write!(f, "policy {name}"),
            Self::Registration(scope, id) => write!(f, "registration {id} in scope {scope}"),
        }
    }
}
