//! Fixtures of the tests.
#![allow(dead_code, unreachable_pub, missing_debug_implementations, clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};

use hubward_store::{Kind, Row, RowKey};

/// A temporary folder, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hubward-sqlite-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn device(name: &str, etag: u64) -> Row<'static> {
    Row { etag, generation: 1, ..Row::new(Kind::Identity, name) }.into_owned()
}

pub fn key(name: &str) -> RowKey {
    RowKey { kind: Kind::Identity, name: name.into() }
}
