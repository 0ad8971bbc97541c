//! Replaces a file completely or not at all: the new file is written next to the old one, flushed to the disk, and renamed.

use core::error::Error;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::lock::Lock;
use crate::out::stdout;
use crate::shown;

/// The state of a file when it was read, so that a later change by another process is not overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen(Option<(u64, Option<SystemTime>)>);

impl Seen {
    /// Returns the current state. Call it before reading the file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(about) => Ok(Self(Some((about.len(), about.modified().ok())))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    /// Returns whether the file exists.
    pub(crate) const fn exists(&self) -> bool {
        self.0.is_some()
    }
}

/// Replaces the content of `path` with the output of `write`. After any failure, and after a stop of the program or the
/// machine, the file is the old one or the new one. A new file is readable by its owner only; an existing file keeps its
/// permissions. The new file is named `path` + `.new` until it is complete. A lock excludes other processes.
///
/// `message` is printed to standard output before the rename: if it cannot be printed, the file is unchanged. A generated
/// key is in force only if the user received it.
pub(crate) fn replace_saying(
    path: &Path,
    seen: Seen,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
    message: &[u8],
) -> Result<(), Box<dyn Error>> {
    // the target of a link, not the link
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let unchanged = |error: Box<dyn Error>| format!("{} is unchanged: {error}", shown::file(path));
    let _lock = Lock::take(path).map_err(unchanged)?;
    let mut new = New::create(path).map_err(unchanged)?;
    fill(&mut new, path, seen, write).map_err(unchanged)?;
    print(message).map_err(|error| unchanged(format!("standard output: {error}").into()))?;
    new.rename(path).map_err(|error| unchanged(error.into()))?;
    flush_folder(path)
        .map_err(|error| format!("{} is written, but not flushed to the disk: {error}", shown::file(path)))?;
    Ok(())
}

fn print(message: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(message)?;
    out.flush()
}

/// Returns `path` with `ending` appended.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn fill(
    new: &mut New,
    path: &Path,
    seen: Seen,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    if Seen::of(path)? != seen {
        return Err("another process changed it after it was read; try again".into());
    }
    if let Ok(old) = fs::metadata(path) {
        new.file.set_permissions(old.permissions())?;
    }
    write(&mut new.file)?;
    new.file.flush()?;
    Ok(new.file.sync_all()?)
}

/// The new file, which is removed unless it is renamed.
struct New {
    file: File,
    place: Option<PathBuf>,
}

impl New {
    fn create(path: &Path) -> Result<Self, Box<dyn Error>> {
        let place = with_ending(path, ".new");
        let named = |error: io::Error| format!("{}: {error}", shown::file(&place));
        // left by a process that was killed: no other process writes while this one has the lock
        match fs::remove_file(&place) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(named(error).into()),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&place).map_err(named)?;
        Ok(Self { file, place: Some(place) })
    }

    fn rename(&mut self, path: &Path) -> io::Result<()> {
        if let Some(place) = &self.place {
            fs::rename(place, path)?;
        }
        self.place = None;
        Ok(())
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            // a file that cannot be removed is removed, or reported, by the next process
            let _ = fs::remove_file(place);
        }
    }
}

/// Flushes the folder of a file: the new name is on the disk after that.
fn flush_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use core::error::Error;
    use std::io::Write;
    use std::path::Path;

    use super::{Seen, replace_saying};

    fn replace(
        path: &Path,
        seen: Seen,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        replace_saying(path, seen, write, &[])
    }

    const OLD: &[u8] = b"the old state";
    const NEW: &[u8] = b"the new state, which is longer";

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("hubward-replace-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Returns whether the file is the only one in its folder.
    fn is_alone(folder: &PathBuf) -> bool {
        fs::read_dir(folder).unwrap().count() == 1
    }

    #[test]
    fn a_writer_that_fails_at_any_byte_leaves_the_old_state() {
        let folder = folder("fails");
        let path = folder.join("hub");
        fs::write(&path, OLD).unwrap();
        for at in 0..=NEW.len() {
            let failed = replace(&path, Seen::of(&path).unwrap(), |out| {
                out.write_all(&NEW[..at])?;
                Err("the disk is full".into())
            });
            let message = failed.unwrap_err().to_string();
            assert!(message.ends_with("hub is unchanged: the disk is full"), "{message}");
            assert_eq!(fs::read(&path).unwrap(), OLD);
            assert!(is_alone(&folder));
        }
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), NEW);
        assert!(is_alone(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_change_by_another_process_is_not_overwritten() {
        let folder = folder("another");
        let path = folder.join("hub");
        let seen = Seen::of(&path).unwrap();
        assert!(!seen.exists());
        fs::write(&path, OLD).unwrap();
        let failed = replace(&path, seen, |out| Ok(out.write_all(NEW)?));
        assert!(failed.unwrap_err().to_string().contains("try again"));
        assert_eq!(fs::read(&path).unwrap(), OLD);
        assert!(is_alone(&folder));
        // a second writer is excluded by the lock
        let failed = replace(&path, Seen::of(&path).unwrap(), |_| {
            let failed = replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?));
            assert!(failed.unwrap_err().to_string().contains("another process is writing it"));
            Err("stop".into())
        });
        assert!(failed.unwrap_err().to_string().ends_with("stop"));
        assert_eq!(fs::read(&path).unwrap(), OLD);
        assert!(is_alone(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn leftovers_of_a_killed_process_are_removed() {
        let folder = folder("stopped");
        let path = folder.join("hub");
        fs::write(&path, OLD).unwrap();
        fs::write(folder.join("hub.new"), b"half of something that is longer than the new state").unwrap();
        fs::write(folder.join("hub.lock"), b"").unwrap();
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), NEW);
        assert!(is_alone(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_new_files_place_is_not_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("planted");
        let (path, other) = (folder.join("hub"), folder.join("other"));
        fs::write(&other, OLD).unwrap();
        std::os::unix::fs::symlink(&other, folder.join("hub.new")).unwrap();
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read(&other).unwrap()), (NEW.to_vec(), OLD.to_vec()));
        assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
        // an existing new file with wide permissions is not reused
        fs::write(folder.join("hub.new"), b"half").unwrap();
        fs::set_permissions(folder.join("hub.new"), fs::Permissions::from_mode(0o666)).unwrap();
        fs::remove_file(&path).unwrap();
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_its_owners_and_an_old_one_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("mode");
        let path = folder.join("hub");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(OLD)?)).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        replace(&link, Seen::of(&link).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!((mode(), fs::read(&path).unwrap()), (0o640, NEW.to_vec()));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        fs::remove_dir_all(&folder).unwrap();
    }
}
