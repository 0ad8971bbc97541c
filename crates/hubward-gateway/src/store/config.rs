//! The durable registry of a configuration, and its key file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use hubward::types::{MacKey, SymmetricKey};
use hubward_postgres::PostgresConfig;
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;
use hubward_sqlite::SqliteStore;
use hubward_store::{AnySeats, AnyStore, Sealer, StoreFailure, any, any_shared};
use zeroize::Zeroizing;

use crate::files::{entropy, shown};
use crate::provisioning::ProvisioningError;

/// A durable registry.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "an embedder fills in all of it")]
pub struct StoreConfig {
    /// The place of the registry.
    pub place: StorePlace,
    /// The file with the key that seals the registry's keys: 32 bytes in base64, and former keys on further lines. For a
    /// file of SQLite it is `FILE.key` if it is not given, and is created with the registry.
    pub key_file: Option<PathBuf>,
    /// The certificate authorities of the database's certificate, in PEM.
    pub authorities: Option<PathBuf>,
}

/// The place of a durable registry.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StorePlace {
    /// A file of SQLite, which is created if it does not exist.
    Sqlite(PathBuf),
    /// A database of PostgreSQL: `postgres://user@host:port/database`.
    Postgres(String),
}

impl StorePlace {
    /// Parses `sqlite:FILE` or `postgres://..`. Returns `None` for another text, which is the name of a file.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(file) = text.strip_prefix("sqlite:") {
            return Some(Self::Sqlite(file.into()));
        }
        let database = text.starts_with("postgres://") || text.starts_with("postgresql://");
        database.then(|| Self::Postgres(text.into()))
    }
}

/// The reason why a durable registry was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be used.
    #[error("--registry: {0}")]
    Store(#[from] StoreFailure),
    /// A file cannot be read or created.
    #[error("{}: {error}", shown(file))]
    File {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The key file has another content.
    #[error("{}: each line must be a key of 32 bytes in base64, the current one first", shown(.0))]
    Key(PathBuf),
    /// The registry exists, and its key file does not.
    #[error("{}: there is no such file; it has the key that seals the registry's keys", shown(.0))]
    NoKeyFile(PathBuf),
    /// A database needs a key file, which all gateways share.
    #[error("--registry-key-file is missing: all gateways of a database share it")]
    NoKeyFileGiven,
    /// The file of policies differs from the registry.
    #[error(
        "--policies: the policy {} differs from the one in the registry; the file is used only for an empty registry, \
         so start without it, or make both equal", .0
    )]
    PoliciesDiffer(String),
    /// The file of `--provisioning` differs from the registry, or cannot be compared with it.
    #[error(transparent)]
    Provisioning(#[from] ProvisioningError),
    /// The first content cannot be written.
    #[error("--registry: {0}")]
    Seed(String),
}

/// A store, the keys that seal its rows, and the seats if several gateways may share it.
pub(crate) type OpenStore = (AnyStore, Sealer, Option<AnySeats>);

/// Opens the store. It blocks.
pub(crate) fn open(config: &StoreConfig, hub: &str) -> Result<OpenStore, StoreError> {
    match &config.place {
        StorePlace::Sqlite(file) => {
            let key_file = config.key_file.clone().unwrap_or_else(|| key_file_of(file));
            // created before the registry, so that no registry is ever without one
            if config.key_file.is_none() && !file.exists() && !key_file.exists() {
                create_key(&key_file)?;
            }
            let sealer = sealer(&key_file, hub)?;
            let store = SqliteStore::create(file, hub).map_err(StoreFailure::new)?;
            Ok((any(store), sealer, None))
        }
        StorePlace::Postgres(address) => {
            let key_file = config.key_file.as_ref().ok_or(StoreError::NoKeyFileGiven)?;
            let sealer = sealer(key_file, hub)?;
            let mut postgres = PostgresConfig::parse(address)
                .and_then(PostgresConfig::with_environment_password)
                .map_err(StoreFailure::new)?;
            if let Some(file) = &config.authorities {
                let pem = fs::read(file).map_err(|error| StoreError::File { file: file.clone(), error })?;
                postgres = postgres.with_authorities(&pem).map_err(StoreFailure::new)?;
            }
            let store = hubward_postgres::PostgresStore::open(&postgres, hub).map_err(StoreFailure::new)?;
            let (store, seats) = any_shared(store);
            Ok((store, sealer, Some(seats)))
        }
    }
}

/// Returns the name of the key file next to a registry.
fn key_file_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// Creates a key file that only its owner reads.
fn create_key(file: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::File { file: file.into(), error };
    let line = Sealer::new_key_file(entropy).map_err(|error| failed(std::io::Error::other(error)))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut created = options.open(file).map_err(failed)?;
    created.write_all(line.as_bytes()).and_then(|()| created.sync_all()).map_err(|error| {
        // half a key would be taken for a key by the next start
        let _ = fs::remove_file(file);
        failed(error)
    })
}

/// Derives the secret of the challenges for TPMs from the registry's key: the gateways of one registry have the same one. Another
/// use of the key, such as sealing, cannot yield it. The store must have been opened, which creates the key file.
pub(crate) fn tpm_secret(config: &StoreConfig, hub: &str) -> Result<SymmetricKey, StoreError> {
    let file = match (&config.key_file, &config.place) {
        (Some(file), _) => file.clone(),
        (None, StorePlace::Sqlite(file)) => key_file_of(file),
        (None, StorePlace::Postgres(_)) => return Err(StoreError::NoKeyFileGiven),
    };
    let text = read_key(&file)?;
    let key = text.lines().map(str::trim).find(|line| !line.is_empty());
    let key = key.and_then(|line| SymmetricKey::from_base64(line).ok()).ok_or(StoreError::Key(file))?;
    let hub = hub.to_ascii_lowercase();
    let label: &[&[u8]] = &[b"hubward: secret of the challenges for TPMs, 1\0", hub.as_bytes()];
    Ok(SymmetricKey::from(HmacKey::new(&key).tag(label)))
}

fn read_key(file: &Path) -> Result<Zeroizing<String>, StoreError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::NoKeyFile(file.into())),
        Err(error) => Err(StoreError::File { file: file.into(), error }),
    }
}

fn sealer(file: &Path, hub: &str) -> Result<Sealer, StoreError> {
    let text = read_key(file)?;
    Sealer::from_key_file(hub, &text, AeadKey::new, entropy).ok_or_else(|| StoreError::Key(file.into()))
}
