//! Files of revocation lists: a file or a folder that is read again when it changes.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use hubward::types::Shown;
use hubward::x509::crl::Crl;
use hubward::x509::{Anchors, Certificate, Crls, error::CertificateError, pem};

use crate::files::shown;

/// The largest file of revocation lists in bytes: a list of a million devices has about 40 MB.
const MAX_LEN: u64 = 256 * 1024 * 1024;

/// The reason why the file or the folder of revocation lists cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", shown(path))]
#[non_exhaustive]
pub struct CrlError {
    /// The file or folder.
    pub path: Box<Path>,
    /// The cause.
    pub error: io::Error,
}

/// The revocation lists of a path, as they were read last.
#[derive(Debug)]
pub(crate) struct CrlFiles {
    path: PathBuf,
    /// Whether a list that cannot be read is an error.
    strict: bool,
    files: BTreeMap<PathBuf, CrlFile>,
}

#[derive(Debug)]
struct CrlFile {
    stamp: Option<Stamp>,
    /// The lists that were read now.
    lists: Vec<Arc<[u8]>>,
    /// The lists of the last reading without an error, which stay in use: an unreadable file must not admit the
    /// certificates that it revoked.
    former: Vec<Arc<[u8]>>,
    /// Whether all of the file was read now.
    is_whole: bool,
}

/// What shows that a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: u64,
}

impl CrlFiles {
    /// `strict` makes a list that cannot be read an error.
    pub(crate) fn new(path: PathBuf, strict: bool) -> Self {
        Self { path, strict, files: BTreeMap::new() }
    }

    /// Reads the files that changed since the last call, or all with `anew`. Returns whether a file changed, was
    /// added or removed. A list that cannot be read is logged, with its place, and passed over. Hidden files are ignored:
    /// they are those of programs that replace files.
    ///
    /// # Errors
    /// [`CrlError`] if the folder, or the only file, cannot be read; and in strict mode, if all files are read, if a list
    /// cannot be read. The caller keeps the lists of before then.
    pub(crate) fn read(&mut self, anew: bool, anchors: &Anchors) -> Result<bool, CrlError> {
        let found = self.find().map_err(|error| CrlError { path: self.path.as_path().into(), error })?;
        let mut changed = anew;
        self.files.retain(|path, _| {
            let stays = found.iter().any(|(found, _)| found == path);
            changed |= !stays;
            stays
        });
        for (path, stamp) in found {
            let known = self.files.get_mut(&path);
            // a file that could not be examined, then as now, did not change
            if !anew && known.as_ref().is_some_and(|known| known.stamp == stamp) {
                continue;
            }
            let former = known.map(|known| core::mem::take(&mut known.former)).unwrap_or_default();
            // a list that comes while the file is read has another stamp at the next reading
            let (lists, is_whole) = read_file(&path, anchors);
            let former = if is_whole { lists.clone() } else { former };
            self.files.insert(path, CrlFile { stamp, lists, former, is_whole });
            changed = true;
        }
        // a file that is cut off while the gateway runs must not hold up the lists of other issuers
        let unreadable = self.files.iter().find(|(_, file)| self.strict && anew && !file.is_whole);
        match unreadable {
            Some((path, _)) => {
                let error =
                    io::Error::other("a list in it cannot be read; the log has its place and the reason");
                Err(CrlError { path: path.as_path().into(), error })
            }
            None => Ok(changed),
        }
    }

    /// Returns the files, with a stamp of those that can be examined.
    fn find(&self) -> io::Result<Vec<(PathBuf, Option<Stamp>)>> {
        let about = fs::metadata(&self.path)?;
        if !about.is_dir() {
            return Ok(vec![(self.path.clone(), Some(stamp(&about)))]);
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => {}
                Ok(about) => found.push((path, Some(stamp(&about)))),
                // removed since the folder was read
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => found.push((path, None)),
            }
        }
        Ok(found)
    }

    /// Returns the lists, in the order of the files' names.
    pub(crate) fn crls(&self) -> Crls {
        let all = self.files.values().flat_map(|file| {
            let is_kept = |der: &&Arc<[u8]>| !file.lists.contains(der);
            file.lists.iter().chain(file.former.iter().filter(is_kept))
        });
        // each was parsed when it was read, so all of them can be parsed
        Crls::parse_readable(all).0
    }
}

fn stamp(about: &Metadata) -> Stamp {
    Stamp {
        len: about.len(),
        modified: about.modified().ok(),
        #[cfg(unix)]
        inode: std::os::unix::fs::MetadataExt::ino(about),
    }
}

/// Returns the lists of a file, PEM or DER, and whether all of it was read. Logs what was not.
fn read_file(path: &Path, anchors: &Anchors) -> (Vec<Arc<[u8]>>, bool) {
    let name = shown(path);
    let passed_over = |place: &dyn core::fmt::Display| {
        tracing::warn!(file = %name, reason = %place, "a revocation list was passed over; lists of this file that were read before stay in use");
    };
    let bytes = match read_bounded(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            passed_over(&error);
            return (Vec::new(), false);
        }
    };
    let blocks = match pem::each_revocation_list(&bytes) {
        Ok(blocks) => blocks,
        Err(error) => {
            passed_over(&error);
            return (Vec::new(), false);
        }
    };
    let (mut lists, mut is_whole) = (Vec::new(), true);
    for (number, block) in blocks.iter().enumerate() {
        let der = match block {
            Ok(der) => der,
            Err(error) => {
                passed_over(error);
                is_whole = false;
                continue;
            }
        };
        match Crl::parse(der) {
            Ok(list) => {
                log_list(path, number, &list, anchors);
                lists.push(der.to_vec().into());
            }
            Err(error) => {
                passed_over(&Unreadable { number, error });
                is_whole = false;
            }
        }
    }
    (lists, is_whole)
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > MAX_LEN {
        return Err(io::Error::other("the file is larger than 256 MiB"));
    }
    fs::read(path)
}

/// Logs a list. One of a stranger is used for nothing: a list counts only for the certificates of its issuer.
fn log_list(path: &Path, number: usize, list: &Crl<'_>, anchors: &Anchors) {
    let (issuer, name) = (list.issuer(), shown(path));
    let is_registered =
        anchors.ders().filter_map(|der| Certificate::parse(der).ok()).any(|ca| ca.subject().same(&issuer));
    let (text, entries) = (issuer.to_string(), list.len());
    let issuer = Shown::new(&text);
    if is_registered {
        tracing::info!(file = %name, list = number, %issuer, entries, "revocation list read");
    } else {
        tracing::info!(file = %name, list = number, %issuer, entries,
            "revocation list read; its issuer is no registered authority, so it counts only if a device presents its issuer below one");
    }
}

struct Unreadable {
    number: usize,
    error: CertificateError,
}

impl core::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "revocation list {}: {}", self.number, self.error)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::Dev;

    #[test]
    fn a_file_that_cannot_be_examined_is_read_once() {
        let dev = Dev::create().unwrap();
        let folder = dev.file("crls");
        fs::create_dir(&folder).unwrap();
        // a link to itself
        std::os::unix::fs::symlink("loop.crl", folder.join("loop.crl")).unwrap();
        let (mut files, anchors) = (CrlFiles::new(folder.clone(), false), Anchors::default());
        assert!(files.read(false, &anchors).unwrap(), "a new file");
        assert!(!files.read(false, &anchors).unwrap());
        fs::remove_file(folder.join("loop.crl")).unwrap();
        assert!(files.read(false, &anchors).unwrap(), "it was removed");
        assert!(!files.read(false, &anchors).unwrap());
    }
}
