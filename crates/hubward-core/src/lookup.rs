//! The question a parsed credential asks: whose key?

use core::fmt;

use crate::access::Identity;
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

impl Lookup<'_> {
    /// Whether `identity` is whom is asked for, byte by byte.
    #[must_use]
    #[inline]
    pub fn is(&self, identity: &Identity<'_>) -> bool {
        match (self, identity) {
            (Self::Device(id), Identity::Device(found)) => id.eq_decoded(found.as_str()),
            (Self::Module(device, module), Identity::Module(found_device, found_module)) => {
                device.eq_decoded(found_device.as_str()) && module.eq_decoded(found_module.as_str())
            }
            (Self::Policy(name), Identity::Policy(found)) => name.eq_decoded(found.as_str()),
            _ => false,
        }
    }
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
