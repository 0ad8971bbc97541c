//! A small file system, which a test fills.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Mounts a small file system. Returns whether the test may.
pub fn mount(folder: &Path, megabytes: u32) -> bool {
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
        .arg(folder)
        .stderr(Stdio::null())
        .status();
    mount.is_ok_and(|status| status.success())
}

/// Unmounts it, also if a file of it is open.
pub fn unmount(folder: &Path) {
    let _ = Command::new("umount").arg("-l").arg(folder).stderr(Stdio::null()).status();
}

/// Fills it with a file.
pub fn fill(file: &Path) {
    let mut filler = File::create(file).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}
