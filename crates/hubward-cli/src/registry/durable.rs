//! The durable registry of a gateway, in a file of SQLite.

use core::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_registry::Registry;
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_sqlite::SqliteStore;
use hubward_store::{Sealer, Store, WorkingCopy};
use zeroize::Zeroizing;

use crate::ca::write_new;
use crate::exit::misuse;
use crate::file::random;
use crate::shown;

/// The first bytes of a database.
const HEAD: &[u8] = b"SQLite format 3\0";

#[derive(Debug, Args)]
pub(crate) struct DurableArguments {
    /// The key that seals the keys of a durable registry: 32 bytes in base64, and former keys on further lines (default:
    /// the registry's name with `.key`).
    #[arg(long, value_name = "FILE")]
    registry_key_file: Option<PathBuf>,
    /// The host name of the hub, to create a durable registry.
    #[arg(long, value_name = "NAME")]
    hub: Option<String>,
}

/// A durable registry, and its records.
pub(crate) type Opened = (Durable, Registry<HmacKey>);

/// A durable registry, and the versions of its records when they were read.
pub(crate) struct Durable {
    store: SqliteStore,
    sealer: Sealer,
    copy: WorkingCopy,
}

/// Returns the file of a durable registry, by its name or by its content.
pub(crate) fn file_of(path: &Path) -> Option<PathBuf> {
    if let Some(file) = path.to_str().and_then(|text| text.strip_prefix("sqlite:")) {
        return Some(file.into());
    }
    let mut head = Vec::new();
    File::open(path).ok()?.take(16).read_to_end(&mut head).ok()?;
    (head == HEAD).then(|| path.into())
}

impl Durable {
    /// Opens a registry that exists.
    pub(crate) fn open(file: &Path, arguments: &DurableArguments) -> Result<Opened, Box<dyn Error>> {
        let store = SqliteStore::open(file).map_err(|error| format!("{}: {error}", shown::file(file)))?;
        Self::read(store, file, arguments)
    }

    /// Opens a registry, or creates it with its key file.
    pub(crate) fn open_or_create(
        file: &Path,
        arguments: &DurableArguments,
    ) -> Result<Opened, Box<dyn Error>> {
        if file.exists() {
            return Self::open(file, arguments);
        }
        let hub = arguments.hub.as_deref().ok_or_else(|| {
            misuse(format!("{} is new: give the host name of its hub (--hub)", shown::file(file)))
        })?;
        let key_file = key_file(file, arguments);
        if arguments.registry_key_file.is_none() && !key_file.exists() {
            write_new(&key_file, Sealer::new_key_file(random)?.as_bytes())?;
        }
        let store =
            SqliteStore::create(file, hub).map_err(|error| format!("{}: {error}", shown::file(file)))?;
        Self::read(store, file, arguments)
    }

    fn read(store: SqliteStore, file: &Path, arguments: &DurableArguments) -> Result<Opened, Box<dyn Error>> {
        if let Some(hub) = arguments.hub.as_deref().filter(|hub| !hub.eq_ignore_ascii_case(store.hub())) {
            return Err(misuse(format!(
                "{} is the registry of {}, not of {hub}",
                shown::file(file),
                store.hub()
            )));
        }
        let key_file = key_file(file, arguments);
        let text = fs::read_to_string(&key_file).map(Zeroizing::new);
        let text = text.map_err(|error| format!("{}: {error}", shown::file(&key_file)))?;
        let sealer = Sealer::from_key_file(store.hub(), &text, AeadKey::new, random).ok_or_else(|| {
            format!("{}: each line must be a key of 32 bytes in base64", shown::file(&key_file))
        })?;
        let (copy, registry) = WorkingCopy::read(&store, &sealer, HmacKey::new)
            .map_err(|error| format!("{}: {error}", shown::file(file)))?;
        if let Some((key, error)) = copy.refused().first() {
            let count = copy.refused().len();
            eprintln!("hubward: {count} rows are not used, the first is {:?}: {error}", key.kind);
        }
        Ok((Self { store, sealer, copy }, registry))
    }

    /// Writes what differs from the records that were read, in one transaction.
    pub(crate) fn save(&self, registry: &Registry<HmacKey>) -> Result<(), Box<dyn Error>> {
        match self.copy.save(registry, &self.store, &self.sealer)? {
            Some(_) => Ok(()),
            None => Err("others changed the same records meanwhile; nothing is written, so try again".into()),
        }
    }
}

fn key_file(file: &Path, arguments: &DurableArguments) -> PathBuf {
    arguments.registry_key_file.clone().unwrap_or_else(|| {
        let mut name: OsString = file.as_os_str().to_owned();
        name.push(".key");
        name.into()
    })
}
