//! An identity whose names may have come percent-encoded: kept as they came, or decoded.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, PolicyName, Segment};

/// A name as it came, or decoded once.
#[derive(Debug, Clone)]
enum Text<'a> {
    Plain(&'a str),
    /// Few names have an escape: it takes a heap, so that the others are small to move.
    Decoded(Box<Decoded<'a>>),
}

#[derive(Debug, Clone)]
struct Decoded<'a> {
    segment: Segment<'a>,
    text: Box<str>,
}

impl<'a> Text<'a> {
    fn of(segment: &Segment<'a>) -> Self {
        match segment.as_plain() {
            Some(plain) => Self::Plain(plain),
            None => {
                let text = segment.bytes().map(char::from).collect();
                Self::Decoded(Box::new(Decoded { segment: *segment, text }))
            }
        }
    }

    #[inline]
    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(decoded) => &decoded.text,
        }
    }

    /// Only of a name that was checked.
    #[inline]
    const fn segment(&self) -> Segment<'a> {
        match self {
            Self::Plain(text) => DeviceId::assertion(text).segment(),
            Self::Decoded(decoded) => decoded.segment,
        }
    }
}

/// Who was admitted, or is named.
#[derive(Debug, Clone)]
pub(crate) struct Party<'a>(Names<'a>);

#[derive(Debug, Clone)]
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

    /// A device or a module whose names are parsed; `None` for a policy.
    pub(crate) const fn named(identity: &Identity<'a>) -> Option<Self> {
        Some(Self(match identity {
            Identity::Device(id) => Names::Device(Text::Plain(id.as_str())),
            Identity::Module(device, id) => {
                Names::Module(Text::Plain(device.as_str()), Text::Plain(id.as_str()))
            }
            _ => return None,
        }))
    }

    /// The question for its record, in the form in which its names came.
    #[inline]
    pub(crate) const fn lookup(&self) -> Lookup<'a> {
        match &self.0 {
            Names::Device(id) => Lookup::Device(id.segment()),
            Names::Module(device, id) => Lookup::Module(device.segment(), id.segment()),
            Names::Policy(name) => Lookup::Policy(name.segment()),
        }
    }

    /// The identity; its names were checked when this was made.
    #[inline]
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
