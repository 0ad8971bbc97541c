//! An identity whose names may have come percent-encoded: kept as they came, or decoded.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, PolicyName, Segment};
use hubward_x509::Chain;

use crate::aside::Aside;
use crate::vouched::Vouched;

/// Who was admitted, or is named.
#[derive(Debug, Clone)]
pub(crate) struct Party<'a> {
    /// Names without an escape, as they came. Without these they are apart.
    plain: Option<Identity<'a>>,
    apart: Heap<'a>,
}

/// What is apart, if anything is: a party is let go of in many places, and in nearly all of them nothing is.
#[derive(Debug, Clone)]
struct Heap<'a>(Option<Box<Apart<'a>>>);

impl Drop for Heap<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(apart) = self.0.take() {
            let_go(apart);
        }
    }
}

#[cold]
#[inline(never)]
fn let_go(apart: Box<Apart<'_>>) {
    drop(apart);
}

/// What few parties have, and what takes a heap: in one place, so that the others are small to move and letting go of
/// one is one branch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Apart<'a> {
    names: Option<Names<'a>>,
    /// The certificate that it presented, with those that came along.
    pub(crate) chain: Option<Chain<'a>>,
    /// Who vouched for that.
    pub(crate) vouched: Option<Vouched>,
}

/// Names with an escape, as they came and decoded once.
#[derive(Debug, Clone)]
struct Names<'a> {
    lookup: Lookup<'a>,
    /// A device's id, or a policy's name.
    first: Box<str>,
    /// A module's id.
    second: Box<str>,
}

impl<'a> Party<'a> {
    /// `None` where a name is not one of its kind.
    pub(crate) fn of(lookup: &Lookup<'a>) -> Option<Self> {
        if let Some(identity) = plain(lookup) {
            return checked(&identity).then_some(Self { plain: Some(identity), apart: Heap(None) });
        }
        let (first, second) = match lookup {
            Lookup::Module(device, module) => (decoded(device), decoded(module)),
            Lookup::Device(name) | Lookup::Policy(name) => (decoded(name), Box::default()),
            _ => return None,
        };
        let names = Names { lookup: *lookup, first, second };
        checked(&names.identity()).then(|| {
            let apart = Apart { names: Some(names), ..Apart::default() };
            Self { plain: None, apart: Heap(Some(Box::new(apart))) }
        })
    }

    /// A device or a module whose names are parsed; `None` for a policy.
    #[inline]
    pub(crate) const fn named(identity: Identity<'a>) -> Option<Self> {
        match identity {
            Identity::Device(_) | Identity::Module(..) => {
                Some(Self { plain: Some(identity), apart: Heap(None) })
            }
            _ => None,
        }
    }

    /// The question for its record, in the form in which its names came.
    #[inline]
    pub(crate) const fn lookup(&self) -> Lookup<'a> {
        match (&self.plain, &self.apart.0) {
            (Some(identity), _) => identity.lookup(),
            (None, Some(apart)) => apart.lookup(),
            (None, None) => NOBODY.lookup(),
        }
    }

    /// The identity; its names were checked when this was made.
    #[inline]
    pub(crate) fn identity(&self) -> Identity<'_> {
        match (&self.plain, &self.apart.0) {
            (Some(identity), _) => *identity,
            (None, Some(apart)) => apart.identity().take(),
            (None, None) => NOBODY,
        }
    }

    #[inline]
    pub(crate) const fn apart(&self) -> Option<&Apart<'a>> {
        match &self.apart.0 {
            Some(apart) => Some(apart),
            None => None,
        }
    }

    pub(crate) fn apart_mut(&mut self) -> &mut Apart<'a> {
        self.apart.0.get_or_insert_default()
    }
}

/// No device has an empty id. No party is made without a name, so this stands for none.
const NOBODY: Identity<'static> = Identity::Device(DeviceId::assertion(""));

impl<'a> Apart<'a> {
    const fn lookup(&self) -> Lookup<'a> {
        match &self.names {
            Some(names) => names.lookup,
            None => NOBODY.lookup(),
        }
    }

    #[cold]
    #[inline(never)]
    fn identity(&self) -> Aside<Identity<'_>> {
        Aside::new(self.names.as_ref().map_or(NOBODY, Names::identity))
    }
}

impl Names<'_> {
    fn identity(&self) -> Identity<'_> {
        let device = DeviceId::assertion(&self.first);
        match self.lookup {
            Lookup::Module(..) => Identity::Module(device, ModuleId::assertion(&self.second)),
            Lookup::Policy(_) => Identity::Policy(PolicyName::assertion(&self.first)),
            // no others are decoded
            _ => Identity::Device(device),
        }
    }
}

/// Whom is asked for, where that takes no decoding. The names are not checked.
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

/// Whether each name is one of its kind.
fn checked(identity: &Identity<'_>) -> bool {
    let device = |id: &DeviceId<'_>| DeviceId::parse(id.as_str()).is_ok();
    match identity {
        Identity::Device(id) => device(id),
        Identity::Module(id, module) => device(id) && ModuleId::parse(module.as_str()).is_ok(),
        Identity::Policy(name) => PolicyName::parse(name.as_str()).is_ok(),
        _ => false,
    }
}

fn decoded(name: &Segment<'_>) -> Box<str> {
    name.bytes().map(char::from).collect()
}
