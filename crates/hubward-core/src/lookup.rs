//! The lookup that a parsed credential needs: the record with the key.

use core::fmt;

use crate::identity::Identity;
use crate::segment::Segment;

/// The name of the record that is needed. Names are decoded once: compare with [`Segment::eq_decoded`], or decode
/// with [`Segment::decode`] into 128 bytes. Ids are case-sensitive, so a database must compare them byte by byte.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Lookup<'a> {
    /// A device of the registry.
    Device(Segment<'a>),
    /// A module of the registry: the device id, then the module id.
    Module(Segment<'a>, Segment<'a>),
    /// A shared access policy.
    Policy(Segment<'a>),
    /// An enrollment of the provisioning service: the id scope, then the registration id.
    Registration(Segment<'a>, Segment<'a>),
}

impl Lookup<'_> {
    /// Returns whether `identity` is the one to look up. Names are compared byte by byte.
    #[must_use]
    #[inline]
    pub fn is(&self, identity: &Identity<'_>) -> bool {
        match (self, identity) {
            (Self::Device(id), Identity::Device(actual)) => id.eq_decoded(actual.as_str()),
            (Self::Module(device, module), Identity::Module(actual_device, actual_module)) => {
                device.eq_decoded(actual_device.as_str()) && module.eq_decoded(actual_module.as_str())
            }
            (Self::Policy(name), Identity::Policy(actual)) => name.eq_decoded(actual.as_str()),
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
