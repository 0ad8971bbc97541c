//! Excludes a second writer of a file, by a lock of the operating system that ends with its process.

use core::error::Error;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::shown;

use super::replace::with_ending;

/// The lock on a file: a locked, empty file with `.lock` appended to its name. A lock file of a killed process is not locked.
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock, or returns an error if another process has it.
    pub(super) fn take(path: &Path) -> Result<Self, Box<dyn Error>> {
        let place = with_ending(path, ".lock");
        let named = |error: io::Error| format!("{}: {error}", shown::file(&place));
        loop {
            let file = open(&place).map_err(named)?;
            match file.try_lock() {
                Ok(()) if has_name(&file, &place).map_err(named)? => {
                    return Ok(Self { path: place, _file: file });
                }
                // the previous process removed the file after it was opened here, and a third may lock a new file
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(format!(
                        "another process is writing it ({} is locked); try again",
                        shown::file(&place)
                    )
                    .into());
                }
                Err(TryLockError::Error(error)) => return Err(named(error).into()),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // removed while it is locked, so that no other process has it; a file that stays is not locked
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens or creates the lock file. Read access is enough for a lock, so that a file left by another user's process can be
/// locked.
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

/// Returns whether the open file still has that name.
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

/// Returns `true`: the lock file is never removed on this system.
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
    fn two_living_processes_exclude_each_other() {
        let folder = folder("live");
        let path = folder.join("hub");
        for _ in 0..2 {
            let held = Lock::take(&path).unwrap();
            let message = Lock::take(&path).err().unwrap().to_string();
            assert!(message.contains("hub.lock is locked") && message.ends_with("try again"), "{message}");
            assert!(Lock::take(&folder.join("other")).is_ok());
            drop(held);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left");
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Runs in a process of its own, started by the test below.
    #[test]
    fn hold() {
        let Some(path) = std::env::var_os(HOLD) else { return };
        let _held = Lock::take(Path::new(&path)).unwrap();
        println!("\nheld");
        let _ = io::stdin().read(&mut [0]);
    }

    #[test]
    fn a_lock_ends_with_a_killed_process() {
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
        assert!(Lock::take(&path).is_err(), "the process is alive");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(folder.join("hub.lock").exists(), "the lock file is left");
        drop(Lock::take(&path).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    /// Each thread adds one to a number under the lock: a lost update means that two held it.
    #[test]
    fn only_one_of_many_threads_holds_the_lock() {
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
