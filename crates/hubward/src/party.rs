//! An identity whose names may have come percent-encoded: kept as they came, or decoded without a heap.

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, PolicyName, Segment};

/// A name as it came, or decoded once.
#[derive(Clone, Copy)]
enum Text<'a> {
    Plain(&'a str),
    Decoded([u8; 128], usize),
}

impl<'a> Text<'a> {
    fn of(segment: &Segment<'a>) -> Option<Self> {
        if let Some(plain) = segment.as_plain() {
            return Some(Self::Plain(plain));
        }
        let mut bytes = [0; 128];
        let len = segment.decode(&mut bytes).ok()?.len();
        Some(Self::Decoded(bytes, len))
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(bytes, len) => {
                bytes.get(..*len).and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default()
            }
        }
    }
}

/// Who was admitted.
#[derive(Clone, Copy)]
pub(crate) struct Party<'a>(Names<'a>);

#[derive(Clone, Copy)]
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
                let id = Text::of(id)?;
                DeviceId::parse(id.as_str()).ok()?;
                Names::Device(id)
            }
            Lookup::Module(device, module) => {
                let (device, module) = (Text::of(device)?, Text::of(module)?);
                DeviceId::parse(device.as_str()).ok()?;
                ModuleId::parse(module.as_str()).ok()?;
                Names::Module(device, module)
            }
            Lookup::Policy(name) => {
                let name = Text::of(name)?;
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
