//! The bytes that an identity is kept under.

use hubward_core::{DeviceId, Identity, Lookup, ModuleId, Segment};

/// A device's id, a `/`, and a module's.
pub(crate) const LONGEST: usize = 128 + 1 + 128;

/// `device`, or `device/module`. No id has a `/`.
pub(crate) fn of_identity<'b>(identity: &Identity<'b>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    match identity {
        Identity::Device(id) => Some(id.as_str().as_bytes()),
        Identity::Module(device, module) => joined(&device.segment(), &module.segment(), buffer),
        _ => None,
    }
}

/// The same for a question, decoded once.
pub(crate) fn of_lookup<'b>(lookup: &Lookup<'b>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    match lookup {
        Lookup::Device(id) => plain(id, buffer),
        Lookup::Module(device, module) => joined(device, module, buffer),
        _ => None,
    }
}

/// The same where it takes no decoding: a plain device id, which most are.
#[inline]
pub(crate) fn undecoded<'a>(lookup: &Lookup<'a>) -> Option<&'a [u8]> {
    match lookup {
        Lookup::Device(id) => id.as_plain().map(str::as_bytes).filter(|id| !has_slash(id)),
        _ => None,
    }
}

/// Without an early end, so that many bytes are looked at together.
fn has_slash(id: &[u8]) -> bool {
    id.iter().fold(false, |found, byte| found | (*byte == b'/'))
}

/// Back from what is kept.
pub(crate) fn identity(kept: &str) -> Identity<'_> {
    match kept.split_once('/') {
        Some((device, module)) => Identity::Module(DeviceId::assertion(device), ModuleId::assertion(module)),
        None => Identity::Device(DeviceId::assertion(kept)),
    }
}

/// A name with a `/` in it is no id, and must not be taken for a module's.
fn plain<'b>(id: &Segment<'b>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let id = match id.as_plain() {
        Some(id) => id,
        None => id.decode(buffer).ok()?,
    };
    (!id.contains('/')).then_some(id.as_bytes())
}

fn joined<'b>(device: &Segment<'_>, module: &Segment<'_>, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let device = device.decode(buffer).ok()?;
    let at = device.len();
    if device.contains('/') {
        return None;
    }
    let (slash, rest) = buffer.get_mut(at..)?.split_first_mut()?;
    *slash = b'/';
    let module = module.decode(rest).ok()?;
    let end = at.checked_add(1)?.checked_add(module.len())?;
    if module.contains('/') { None } else { buffer.get(..end) }
}
