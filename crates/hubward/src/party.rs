//! An identity whose names may have come percent-encoded: kept as they came, or decoded.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, PolicyName, Segment};

/// A name as it came, or decoded once.
enum Text<'a> {
    Plain(&'a str),
    /// Few names have an escape: it takes a heap, so that the others are small to move.
    Decoded(Box<str>),
}

impl<'a> Text<'a> {
    fn of(segment: &Segment<'a>) -> Self {
        match segment.as_plain() {
            Some(plain) => Self::Plain(plain),
            None => Self::Decoded(segment.bytes().map(char::from).collect()),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(text) => text,
        }
    }
}

/// Who was admitted.
pub(crate) struct Party<'a>(Names<'a>);

enum Names<'a> {
    Device(Text<'a>),
    Module(Text<'a>, Text<'a>),
    Policy(Text<'a>),
}

impl<'a> Party<'a> {
    /// `None` where a name is not one of its kind.
    pub(crate) fn of(lookup: &Lookup<'a>) -> Option<Self> {
        let names = match lookup {
            Lookup::Device(id) => {
                let id = Text::of(id);
                DeviceId::parse(id.as_str()).ok()?;
                Names::Device(id)
            }
            Lookup::Module(device, module) => {
                let (device, module) = (Text::of(device), Text::of(module));
                DeviceId::parse(device.as_str()).ok()?;
                ModuleId::parse(module.as_str()).ok()?;
                Names::Module(device, module)
            }
            Lookup::Policy(name) => {
                let name = Text::of(name);
                PolicyName::parse(name.as_str()).ok()?;
                Names::Policy(name)
            }
            _ => return None,
        };
        Some(Self(names))
    }

    /// The identity; its names were checked when this was made.
    pub(crate) fn identity(&self) -> Identity<'_> {
        match &self.0 {
            Names::Device(id) => Identity::Device(DeviceId::assertion(id.as_str())),
            Names::Module(device, module) => {
                Identity::Module(DeviceId::assertion(device.as_str()), ModuleId::assertion(module.as_str()))
            }
            Names::Policy(name) => Identity::Policy(PolicyName::assertion(name.as_str())),
        }
    }
}
