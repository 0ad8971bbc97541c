//! The key that seals a file (authenticated encryption).

use core::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward::types::SymmetricKey;
use hubward_registry::{NoEntropy, snapshot_counter};
use hubward_ring::AeadKey;

use crate::exit::{Misuse, misuse};
use crate::secret;

const VARIABLE: &str = "HUBWARD_SEAL_KEY";

#[derive(Debug, Args)]
pub(crate) struct SealArguments {
    /// A file with the seal key, 32 random bytes in base64, `-` for standard input (default: the environment's
    /// HUBWARD_SEAL_KEY). `head -c 32 /dev/urandom | base64` makes one.
    #[arg(long, value_name = "FILE")]
    seal_key_file: Option<PathBuf>,
    /// Refuse a sealed file that is older than this snapshot. Each command that writes a file prints its number.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    newest: u64,
}

impl SealArguments {
    /// Returns whether a key was given.
    pub(crate) fn is_given(&self) -> bool {
        self.seal_key_file.is_some() || std::env::var_os(VARIABLE).is_some()
    }

    pub(crate) fn is_standard_input(&self) -> bool {
        self.seal_key_file.as_deref() == Some(Path::new("-"))
    }

    pub(crate) const fn newest(&self) -> u64 {
        self.newest
    }

    pub(crate) fn key(&self) -> Result<AeadKey, Box<dyn Error>> {
        let text = secret::read(self.seal_key_file.as_deref(), VARIABLE).map_err(|error| {
            if error.is::<Misuse>() {
                misuse(format!("seal key: {error}"))
            } else {
                format!("seal key: {error}").into()
            }
        })?;
        let key = SymmetricKey::from_base64(&text).map_err(|error| format!("seal key: {error}"))?;
        let bytes = key.expose();
        let bytes =
            bytes.try_into().map_err(|_| format!("seal key: it has {} bytes, 32 are needed", bytes.len()))?;
        Ok(AeadKey::new(bytes))
    }
}

/// Returns the snapshot number of a sealed file, or `None` if the file is not sealed.
pub(crate) fn snapshot_of(head: &[u8]) -> Option<u64> {
    snapshot_counter(head).ok()
}

/// Fills a buffer with random bytes of the operating system.
pub(crate) fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    getrandom::fill(buffer).map_err(|_| NoEntropy)
}
