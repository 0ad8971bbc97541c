//! Files that are there whole, before and after.

use core::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use hubward_x509::SignedBundle;

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

/// Writes a file that must not be there yet.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), String> {
    // the rename would replace one; between the two lies no decision
    if path.exists() {
        return Err(told(path, &"is there already, and may have signatures; name another file"));
    }
    replace(path, bytes)
}

/// Writes a file in the place of what was there: into a new one beside it, which then takes its name. Whatever
/// fails, a full disk or a lost current, the old one or the new one is there whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    // where the name is a link, what it leads to is replaced
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let beside = beside(&path);
    let written = write(&beside, bytes).and_then(|()| fs::rename(&beside, &path));
    if let Err(error) = written {
        // a leftover would do no harm, but would stay
        let _ = fs::remove_file(&beside);
        return Err(told(&path, &format_args!("not written, and as it was: {error}")));
    }
    // the name is in the folder; where folders cannot be synced, there is nothing more to do
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

pub(super) fn told(path: &Path, what: &dyn Display) -> String {
    format!("{}: {what}", path.display())
}
