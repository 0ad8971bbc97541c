//! The text that a store has as an identity's id.

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, Segment};

/// Maximum length: a device id, a `/`, and a module id.
pub(crate) const LONGEST: usize = 128 + 1 + 128;

/// Returns `device`, or `device/module`. No id contains a `/`.
pub(crate) fn of_identity<'b>(identity: &Identity<'b>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    match identity {
        Identity::Device(id) => Some(id.as_str()),
        Identity::Module(device, module) => joined(&device.segment(), &module.segment(), buffer),
        _ => None,
    }
}

/// Returns the same for a lookup, decoded once.
pub(crate) fn of_lookup<'b>(lookup: &Lookup<'b>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    match lookup {
        Lookup::Device(id) => match undecoded(lookup) {
            Some(id) => Some(id),
            None => id.decode(buffer).ok(),
        },
        Lookup::Module(device, module) => joined(device, module, buffer),
        _ => None,
    }
}

/// Returns the same if it needs no decoding: a plain device id, as most are.
#[inline]
pub(crate) fn undecoded<'a>(lookup: &Lookup<'a>) -> Option<&'a str> {
    match lookup {
        Lookup::Device(id) => id.as_plain(),
        _ => None,
    }
}

/// Parses a stored id.
pub(crate) fn identity(stored: &str) -> Identity<'_> {
    match stored.split_once('/') {
        Some((device, module)) => Identity::Module(DeviceId::assertion(device), ModuleId::assertion(module)),
        None => Identity::Device(DeviceId::assertion(stored)),
    }
}

fn joined<'b>(device: &Segment<'_>, module: &Segment<'_>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let device = device.decode(buffer).ok()?;
    let at = device.len();
    if device.contains('/') {
        return None;
    }
    let (slash, rest) = buffer.get_mut(at..)?.split_first_mut()?;
    *slash = b'/';
    let module = module.decode(rest).ok()?;
    let end = at.checked_add(1)?.checked_add(module.len())?;
    if module.contains('/') { None } else { core::str::from_utf8(buffer.get(..end)?).ok() }
}
