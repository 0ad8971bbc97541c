//! A file is replaced whole or not at all: written beside, flushed to the disk, and renamed over the old.

use core::error::Error;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write, stdout};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::lock::Lock;
use crate::shown;

/// What a file was when it was read, so that what somebody else wrote since is not written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen(Option<(u64, Option<SystemTime>)>);

impl Seen {
    /// Take it before reading.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(about) => Ok(Self(Some((about.len(), about.modified().ok())))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    pub(crate) const fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

/// Replaces `path` by what `write` writes. Whatever fails, and whenever the program or the machine stops, the file is
/// the old one or the new one. A new file can be read by its owner alone; one that was there keeps its permissions.
///
/// The new file is `path` with `.new` behind it. A second program is kept out by a lock while one is writing.
pub(crate) fn replace(
    path: &Path,
    seen: Seen,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    replace_saying(path, seen, write, &[])
}

/// The same, and prints `words` to standard output before the new file takes the old one's place: where they cannot be
/// printed, the file is as it was. So a key that was made for a user is in force only if the user was given it.
pub(crate) fn replace_saying(
    path: &Path,
    seen: Seen,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn Error>>,
    words: &[u8],
) -> Result<(), Box<dyn Error>> {
    // where it is a link, what it points to
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let unchanged = |error: Box<dyn Error>| format!("{} is as it was: {error}", shown::file(path));
    let _lock = Lock::take(path).map_err(unchanged)?;
    let mut new = New::create(path).map_err(unchanged)?;
    fill(&mut new, path, seen, write).map_err(unchanged)?;
    say(words).map_err(|error| unchanged(format!("standard output: {error}").into()))?;
    new.rename(path).map_err(|error| unchanged(error.into()))?;
    flush_folder(path)
        .map_err(|error| format!("{} is written, but not flushed: {error}", shown::file(path)))?;
    Ok(())
}

fn say(words: &[u8]) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(words)?;
    out.flush()
}

/// `path` with `ending` behind it.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
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
        return Err("somebody else changed it since it was read; try again".into());
    }
    if let Ok(old) = fs::metadata(path) {
        new.file.set_permissions(old.permissions())?;
    }
    write(&mut new.file)?;
    new.file.flush()?;
    Ok(new.file.sync_all()?)
}

/// The file beside; removed unless it is renamed.
struct New {
    file: File,
    place: Option<PathBuf>,
}

impl New {
    fn create(path: &Path) -> Result<Self, Box<dyn Error>> {
        let place = beside(path, ".new");
        let words = |error: io::Error| format!("{}: {error}", shown::file(&place));
        // of a program that was stopped while it wrote: no other one writes while this one has the lock
        match fs::remove_file(&place) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(words(error).into()),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&place).map_err(words)?;
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
            // what cannot be removed the next program removes, or names
            let _ = fs::remove_file(place);
        }
    }
}

/// The new name is on the disk when the folder is.
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

    use super::{Seen, replace};

    const OLD: &[u8] = b"the old state";
    const NEW: &[u8] = b"the new state, which is longer";

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("hubward-replace-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Nothing but the file itself is left in its folder.
    fn alone(folder: &PathBuf) -> bool {
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
            let words = failed.unwrap_err().to_string();
            assert!(words.ends_with("hub is as it was: the disk is full"), "{words}");
            assert_eq!(fs::read(&path).unwrap(), OLD);
            assert!(alone(&folder));
        }
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), NEW);
        assert!(alone(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_another_wrote_is_not_written_over() {
        let folder = folder("another");
        let path = folder.join("hub");
        let seen = Seen::of(&path).unwrap();
        assert!(!seen.is_there());
        fs::write(&path, OLD).unwrap();
        let failed = replace(&path, seen, |out| Ok(out.write_all(NEW)?));
        assert!(failed.unwrap_err().to_string().contains("try again"));
        assert_eq!(fs::read(&path).unwrap(), OLD);
        assert!(alone(&folder));
        // nor while another writes
        let failed = replace(&path, Seen::of(&path).unwrap(), |_| {
            let failed = replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?));
            assert!(failed.unwrap_err().to_string().contains("another hubward is writing it"));
            Err("stop".into())
        });
        assert!(failed.unwrap_err().to_string().ends_with("stop"));
        assert_eq!(fs::read(&path).unwrap(), OLD);
        assert!(alone(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_stopped_program_left_is_not_in_the_way() {
        let folder = folder("stopped");
        let path = folder.join("hub");
        fs::write(&path, OLD).unwrap();
        fs::write(folder.join("hub.new"), b"half of something that is longer than the new state").unwrap();
        fs::write(folder.join("hub.lock"), b"").unwrap();
        replace(&path, Seen::of(&path).unwrap(), |out| Ok(out.write_all(NEW)?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), NEW);
        assert!(alone(&folder));
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
        // and a wide open one is not kept
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
