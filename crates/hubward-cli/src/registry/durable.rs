//! The durable registry of gateways: a file of SQLite, or a database of PostgreSQL.

use core::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_postgres::{PostgresConfig, PostgresStore};
use hubward_registry::Registry;
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_sqlite::SqliteStore;
use hubward_store::{AnyStore, Sealer, WorkingCopy, any};
use zeroize::Zeroizing;

use crate::ca::write_new;
use crate::exit::misuse;
use crate::file::random;
use crate::shown;

/// The first bytes of a file of SQLite.
const HEAD: &[u8] = b"SQLite format 3\0";

#[derive(Debug, Args)]
pub(crate) struct DurableArguments {
    /// The key that seals the keys of a durable registry: 32 bytes in base64, and former keys on further lines (default:
    /// the registry's name with `.key`).
    #[arg(long, value_name = "FILE")]
    registry_key_file: Option<PathBuf>,
    /// Certificate authorities of a database's certificate, in PEM. Off this machine connections need TLS.
    #[arg(long, value_name = "FILE")]
    registry_ca: Option<PathBuf>,
    /// The host name of the hub, to create a durable registry.
    #[arg(long, value_name = "NAME")]
    hub: Option<String>,
}

/// The place of a durable registry.
pub(crate) enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// The address of a database.
    Postgres(String),
}

/// A durable registry, and the key that seals.
pub(crate) struct Durable {
    pub(crate) store: AnyStore,
    pub(crate) sealer: Sealer,
}

/// A durable registry, and the versions of its records when they were read.
pub(crate) struct Copied {
    durable: Durable,
    copy: WorkingCopy,
}

impl Place {
    /// Returns the place of a durable registry, by its name or by its content; `None` for a file of lines or a sealed one.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        if let Some(text) = path.to_str() {
            if let Some(file) = text.strip_prefix("sqlite:") {
                return Some(Self::Sqlite(file.into()));
            }
            if text.starts_with("postgres://") || text.starts_with("postgresql://") {
                return Some(Self::Postgres(text.into()));
            }
        }
        let mut head = Vec::new();
        File::open(path).ok()?.take(16).read_to_end(&mut head).ok()?;
        (head == HEAD).then(|| Self::Sqlite(path.into()))
    }

    /// Returns the name of the registry in messages.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Sqlite(file) => file,
            Self::Postgres(address) => Path::new(address),
        }
    }

    fn named(&self, error: impl core::fmt::Display) -> Box<dyn Error> {
        format!("{}: {error}", shown::file(self.path())).into()
    }

    /// Opens a registry; one that does not exist is created, if `creates` and if its hub is given.
    pub(crate) fn open(
        &self,
        arguments: &DurableArguments,
        creates: bool,
    ) -> Result<Durable, Box<dyn Error>> {
        let hub = arguments.hub.as_deref();
        let store: AnyStore = match self {
            Self::Sqlite(file) if creates && !file.exists() => {
                let hub = hub.ok_or_else(|| {
                    misuse(format!("{} is new: give the host name of its hub (--hub)", shown::file(file)))
                })?;
                let key_file = self.key_file(arguments)?;
                if arguments.registry_key_file.is_none() && !key_file.exists() {
                    write_new(&key_file, Sealer::new_key_file(random)?.as_bytes())?;
                }
                self.sealer(arguments, hub)?;
                any(SqliteStore::create(file, hub).map_err(|error| self.named(error))?)
            }
            Self::Sqlite(file) => any(SqliteStore::open(file).map_err(|error| self.named(error))?),
            Self::Postgres(address) => {
                // its key file first: no registry is created whose keys nothing seals
                self.sealer(arguments, hub.unwrap_or_default())?;
                let config = config(address, arguments)?;
                let opened = match hub.filter(|_| creates) {
                    Some(hub) => PostgresStore::open(&config, hub),
                    None => PostgresStore::open_existing(&config),
                };
                any(opened.map_err(|error| self.named(error))?)
            }
        };
        if hub.is_some_and(|hub| !hub.eq_ignore_ascii_case(store.hub())) {
            return Err(misuse(format!(
                "{} is the registry of {}, and --hub names another hub",
                shown::file(self.path()),
                store.hub()
            )));
        }
        let sealer = self.sealer(arguments, store.hub())?;
        Ok(Durable { store, sealer })
    }

    /// Reads the key file.
    fn sealer(&self, arguments: &DurableArguments, hub: &str) -> Result<Sealer, Box<dyn Error>> {
        let key_file = self.key_file(arguments)?;
        let text = fs::read_to_string(&key_file).map(Zeroizing::new);
        let text = text.map_err(|error| format!("{}: {error}", shown::file(&key_file)))?;
        Sealer::from_key_file(hub, &text, AeadKey::new, random).ok_or_else(|| {
            format!("{}: each line must be a key of 32 bytes in base64", shown::file(&key_file)).into()
        })
    }

    /// Gives the registry a new epoch.
    pub(crate) fn renew_epoch(&self, arguments: &DurableArguments) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Sqlite(file) => SqliteStore::open(file)
                .and_then(|store| store.renew_epoch())
                .map_err(|error| self.named(error)),
            Self::Postgres(address) => PostgresStore::open_existing(&config(address, arguments)?)
                .and_then(|store| store.renew_epoch())
                .map_err(|error| self.named(error)),
        }
    }

    fn key_file(&self, arguments: &DurableArguments) -> Result<PathBuf, Box<dyn Error>> {
        match (&arguments.registry_key_file, self) {
            (Some(file), _) => Ok(file.clone()),
            (None, Self::Sqlite(file)) => {
                let mut name: OsString = file.as_os_str().to_owned();
                name.push(".key");
                Ok(name.into())
            }
            (None, Self::Postgres(_)) => {
                Err(misuse("a database needs the key file that its gateways share: give --registry-key-file"))
            }
        }
    }
}

fn config(address: &str, arguments: &DurableArguments) -> Result<PostgresConfig, Box<dyn Error>> {
    let mut config = PostgresConfig::parse(address)
        .map_err(|error| misuse(error.to_string()))?
        .with_environment_password()?;
    if let Some(file) = &arguments.registry_ca {
        let pem = fs::read(file).map_err(|error| format!("{}: {error}", shown::file(file)))?;
        config = config.with_authorities(&pem)?;
    }
    config.check().map_err(|error| misuse(format!("{error}: --registry-ca FILE")))?;
    Ok(config)
}

impl Durable {
    /// Reads all records.
    pub(crate) fn copy(self, place: &Place) -> Result<(Copied, Registry<HmacKey>), Box<dyn Error>> {
        let (copy, registry) = WorkingCopy::read(&*self.store, &self.sealer, HmacKey::new)
            .map_err(|error| place.named(error))?;
        if let Some((key, error)) = copy.refused().first() {
            let count = copy.refused().len();
            eprintln!("hubward: {count} rows are not used, the first is {:?}: {error}", key.kind);
        }
        Ok((Copied { durable: self, copy }, registry))
    }
}

impl Copied {
    /// Writes what differs from the records that were read, in one transaction.
    pub(crate) fn save(&self, registry: &Registry<HmacKey>) -> Result<(), Box<dyn Error>> {
        match self.copy.save(registry, &*self.durable.store, &self.durable.sealer)? {
            Some(_) => Ok(()),
            None => Err("others changed the same records meanwhile; nothing is written, so try again".into()),
        }
    }
}
