//! One writer of a file at a time: a lock of the operating system, which ends with the process that holds it.

use core::error::Error;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::shown;

use super::replace::beside;

/// The lock on a file: an empty file with `.lock` behind its name. What a killed process left of it locks nothing.
pub(super) struct Lock {
    place: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock, or says that another process has it.
    pub(super) fn take(path: &Path) -> Result<Self, Box<dyn Error>> {
        let place = beside(path, ".lock");
        let words = |error: io::Error| format!("{}: {error}", shown::file(&place));
        loop {
            let file = open(&place).map_err(words)?;
            match file.try_lock() {
                Ok(()) if has_name(&file, &place).map_err(words)? => return Ok(Self { place, _file: file }),
                // the process before removed it after it was opened here, and a third one may lock a new one
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(format!(
                        "another hubward is writing it ({} is locked); try again",
                        shown::file(&place)
                    )
                    .into());
                }
                Err(TryLockError::Error(error)) => return Err(words(error).into()),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // while it is locked, so that no other process has it; one that cannot be removed locks nothing
        if cfg!(unix) {
            let _ = fs::remove_file(&self.place);
        }
    }
}

/// To be read is enough for a lock, so that one that another user's killed process left is no obstacle.
fn open(place: &Path) -> io::Result<File> {
    loop {
        match File::open(place) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
        match OpenOptions::new().write(true).create_new(true).open(place) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened,
        }
    }
}

/// Whether the file is still the one of that name.
#[cfg(unix)]
fn has_name(file: &File, place: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::metadata(place) {
        Ok(named) => Ok((own.dev(), own.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// It is not removed there.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
const fn has_name(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    use super::*;

    const HOLD: &str = "HUBWARD_TEST_HOLD";

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("hubward-lock-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn two_that_live_exclude_each_other() {
        let folder = folder("live");
        let path = folder.join("hub");
        for _ in 0..2 {
            let held = Lock::take(&path).unwrap();
            let words = Lock::take(&path).err().unwrap().to_string();
            assert!(words.contains("hub.lock is locked") && words.ends_with("try again"), "{words}");
            assert!(Lock::take(&folder.join("other")).is_ok());
            drop(held);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left");
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Run by the test below, in a process of its own.
    #[test]
    fn hold() {
        let Some(path) = std::env::var_os(HOLD) else { return };
        let _held = Lock::take(Path::new(&path)).unwrap();
        println!("\nheld");
        let _ = io::stdin().read(&mut [0]);
    }

    #[test]
    fn a_killed_one_does_not_hold_up_the_next() {
        let folder = folder("killed");
        let path = folder.join("hub");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "file::lock::tests::hold", "--nocapture"])
            .env(HOLD, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "held"));
        assert!(Lock::take(&path).is_err(), "it lives");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(folder.join("hub.lock").exists(), "it left its lock");
        drop(Lock::take(&path).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Each adds one to what it read under the lock; none may read what another is about to write.
    #[test]
    fn no_two_of_many_are_in_at_once() {
        let folder = folder("many");
        let (path, count) = (folder.join("hub"), folder.join("count"));
        fs::write(&count, "0").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut done = 0;
                    while done < 50 {
                        let Ok(_held) = Lock::take(&path) else {
                            std::thread::yield_now();
                            continue;
                        };
                        let before: u32 = fs::read_to_string(&count).unwrap().parse().unwrap();
                        fs::write(&count, (before + 1).to_string()).unwrap();
                        done += 1;
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&count).unwrap(), "400");
        fs::remove_dir_all(&folder).unwrap();
    }
}
