//! Files of trust bundles.

use core::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use hubward_x509::SignedBundle;

use crate::shown;

/// The largest number of bytes that is read: more than the largest bundle, so that a longer file is an error.
const MAX_LEN: u64 = 256 * 1024;

/// Reads a small file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let opened = File::open(path).map_err(|cause| error(path, &cause))?;
    opened.take(MAX_LEN).read_to_end(&mut bytes).map_err(|cause| error(path, &cause))?;
    Ok(bytes)
}

/// Parses the bundle that was read from `path`.
pub(super) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SignedBundle<'a>, String> {
    SignedBundle::parse(bytes).map_err(|cause| error(path, &format_args!("not a trust bundle: {cause}")))
}

/// Returns an error message that names the file.
pub(super) fn error(path: &Path, cause: &dyn Display) -> String {
    format!("{}: {cause}", shown::file(path))
}
