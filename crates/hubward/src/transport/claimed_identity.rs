//! The identity that a transport or a token names, before anything is proven.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, PolicyName, Segment};

/// An identity whose names were checked against the rules for ids.
///
/// A struct with two fields, not an enum: an enum would store both forms in the same bytes, which the compiler cannot keep
/// in registers. CONNECT to decision takes 10 % longer with an enum.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedIdentity<'a> {
    /// The names as received if they have no percent escape, or else [`PLACEHOLDER`].
    plain: Identity<'a>,
    /// The names, if at least one of them was percent-encoded.
    encoded: Option<Box<EncodedNames<'a>>>,
}

/// The plain names of an identity whose names are encoded. No device has an empty id.
const PLACEHOLDER: Identity<'static> = Identity::Device(DeviceId::assertion(""));

/// Percent-encoded names, as received and decoded once.
#[derive(Debug, Clone)]
pub(crate) struct EncodedNames<'a> {
    lookup: Lookup<'a>,
    /// A device id or a policy name.
    first: Box<str>,
    /// A module id; empty for a device or a policy.
    second: Box<str>,
}

impl<'a> ClaimedIdentity<'a> {
    /// Checks the names of a device, a module or a policy. Returns `None` if a name is not valid for its kind.
    pub(crate) fn from_lookup(lookup: &Lookup<'a>) -> Option<Self> {
        if let Some(identity) = plain(lookup) {
            return is_valid(&identity).then_some(Self { plain: identity, encoded: None });
        }
        let (first, second) = match lookup {
            Lookup::Module(device, module) => (decoded(device), decoded(module)),
            Lookup::Device(name) | Lookup::Policy(name) => (decoded(name), Box::default()),
            _ => return None,
        };
        let names = EncodedNames { lookup: *lookup, first, second };
        is_valid(&names.identity()).then(|| Self { plain: PLACEHOLDER, encoded: Some(Box::new(names)) })
    }

    /// Wraps a device or a module whose names are parsed already. Returns `None` for a policy.
    #[inline]
    pub(crate) const fn device_or_module(identity: Identity<'a>) -> Option<Self> {
        match identity {
            Identity::Device(_) | Identity::Module(..) => Some(Self { plain: identity, encoded: None }),
            _ => None,
        }
    }

    /// Returns the lookup of the identity's record, with the names as received.
    #[inline]
    pub(crate) const fn lookup(&self) -> Lookup<'a> {
        match &self.encoded {
            None => self.plain.lookup(),
            Some(names) => names.lookup,
        }
    }

    /// Returns the identity with its names decoded.
    #[inline]
    pub(crate) fn identity(&self) -> Identity<'_> {
        match &self.encoded {
            None => self.plain,
            Some(names) => names.identity(),
        }
    }
}

impl EncodedNames<'_> {
    #[cold]
    fn identity(&self) -> Identity<'_> {
        let device = DeviceId::assertion(&self.first);
        match self.lookup {
            Lookup::Module(..) => Identity::Module(device, ModuleId::assertion(&self.second)),
            Lookup::Policy(_) => Identity::Policy(PolicyName::assertion(&self.first)),
            // only devices, modules and policies are decoded
            _ => Identity::Device(device),
        }
    }
}

/// Returns the identity of a lookup whose names need no decoding. The names are not checked.
fn plain<'a>(lookup: &Lookup<'a>) -> Option<Identity<'a>> {
    match lookup {
        Lookup::Device(id) => Some(Identity::Device(DeviceId::assertion(id.as_plain()?))),
        Lookup::Module(device, module) => {
            let device = DeviceId::assertion(device.as_plain()?);
            Some(Identity::Module(device, ModuleId::assertion(module.as_plain()?)))
        }
        Lookup::Policy(name) => Some(Identity::Policy(PolicyName::assertion(name.as_plain()?))),
        _ => None,
    }
}

/// Returns `true` if each name is valid for its kind.
fn is_valid(identity: &Identity<'_>) -> bool {
    let device = |id: &DeviceId<'_>| DeviceId::parse(id.as_str()).is_ok();
    match identity {
        Identity::Device(id) => device(id),
        Identity::Module(id, module) => device(id) && ModuleId::parse(module.as_str()).is_ok(),
        Identity::Policy(name) => PolicyName::parse(name.as_str()).is_ok(),
        _ => false,
    }
}

/// Returns a name with its percent escapes decoded.
pub(crate) fn decoded(name: &Segment<'_>) -> Box<str> {
    name.bytes().map(char::from).collect()
}
