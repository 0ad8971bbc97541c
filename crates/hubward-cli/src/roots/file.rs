//! Files of bundles.

use core::error::Error;
use core::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use hubward_x509::SignedBundle;

use crate::file::{Seen, replace_saying};
use crate::shown;

/// Somewhat more than the longest bundle, so that one that is too long is told from a good one.
const LONGEST: u64 = 256 * 1024;

/// The bytes of a small file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let opened = File::open(path).map_err(|error| told(path, &error))?;
    opened.take(LONGEST).read_to_end(&mut bytes).map_err(|error| told(path, &error))?;
    Ok(bytes)
}

/// The bundle that a file's bytes are.
pub(super) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SignedBundle<'a>, String> {
    SignedBundle::parse(bytes).map_err(|error| told(path, &format_args!("no trust bundle: {error}")))
}

/// Writes a file that must not be there yet; as [`write()`].
pub(super) fn create(path: &Path, bytes: &[u8], words: &[u8]) -> Result<(), Box<dyn Error>> {
    let seen = Seen::of(path)?;
    if seen.is_there() {
        return Err(told(path, &"is there already, and may have signatures; name another file").into());
    }
    write(path, seen, bytes, words)
}

/// Writes a file in the place of what was seen there, and prints `words` first: where they cannot be printed, the file is
/// as it was.
pub(super) fn write(path: &Path, seen: Seen, bytes: &[u8], words: &[u8]) -> Result<(), Box<dyn Error>> {
    replace_saying(path, seen, |out| Ok(out.write_all(bytes)?), words)
}

pub(super) fn told(path: &Path, what: &dyn Display) -> String {
    format!("{}: {what}", shown::file(path))
}
