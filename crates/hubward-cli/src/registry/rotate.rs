//! `hubward registry rotate`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hubward::types::KeySlot;
use hubward_registry::{AuthenticationView, Change, ETag, Precondition, RegistryError};
use hubward_rustcrypto::HmacKey;

use super::IdentityArguments;
use super::file::{FileArguments, RegistryFile};
use super::show::key_line;
use crate::Outcome;
use crate::exit::{OrMisuse, misuse};
use crate::file::random;
use crate::out::stdout;
use crate::secret;
use crate::shown;

/// Replace a key of an identity, or exchange its two keys.
///
/// To roll a key without an interruption: rotate the secondary, give the device the new key, then `--swap`, and rotate the
/// secondary again.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    identity: IdentityArguments,
    /// The key to replace.
    #[arg(long, value_enum, value_name = "SLOT", required_unless_present = "swap")]
    slot: Option<Slot>,
    /// Exchange the two keys instead: the primary becomes the secondary.
    #[arg(long, conflicts_with_all = ["slot", "key_file"])]
    swap: bool,
    /// A file with the new key in base64, `-` for standard input (default: a random key of 32 bytes).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Change the identity only if it still has this etag.
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    /// Print the new keys of the identity.
    #[arg(long)]
    with_keys: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Slot {
    Primary,
    Secondary,
}

pub(super) fn run(arguments: &Rotate) -> Result<Outcome, Box<dyn Error>> {
    let identity = arguments.identity.named()?;
    let key_from_input = arguments.key_file.as_deref().is_some_and(|file| file.as_os_str() == "-");
    if key_from_input && arguments.file.key_from_standard_input() {
        return Err(misuse("the new key and the seal key cannot both come from standard input"));
    }
    let mut file = RegistryFile::open(&arguments.file, false)?;
    let change = match (arguments.slot, &arguments.key_file) {
        (None, _) => Change::new().with_swapped_keys(),
        (Some(slot), None) => Change::new().with_regenerated_key(slot.into(), random, HmacKey::new)?,
        (Some(slot), Some(file)) => Change::new().with_key(
            slot.into(),
            secret::symmetric_key(Some(file), "HUBWARD_KEY")?,
            HmacKey::new,
        ),
    };
    let precondition = match &arguments.if_match {
        Some(etag) => Precondition::IfMatch(etag.parse::<ETag>().or_misuse()?),
        None => Precondition::Any,
    };
    let mut out = stdout();
    let etag = match file.registry.update(identity, change, precondition) {
        Ok(etag) => etag,
        Err(error @ (RegistryError::NotFound | RegistryError::EtagMismatch | RegistryError::NoKeys)) => {
            writeln!(out, "refused: {}: {error}", shown::text(&identity))?;
            return Ok(Outcome::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    file.save(|written, out| {
        writeln!(
            out,
            "{} has new credentials, etag {etag}; its connections must authenticate again",
            shown::text(&identity)
        )?;
        if let (true, Some(view)) = (arguments.with_keys, file.registry.get(identity))
            && let AuthenticationView::Sas(keys) = view.authentication()
        {
            key_line(out, "primary", keys.expose_primary(), true)?;
            key_line(out, "secondary", keys.expose_secondary(), true)?;
        }
        writeln!(out, "{written}")
    })?;
    Ok(Outcome::Good)
}

impl From<Slot> for KeySlot {
    fn from(slot: Slot) -> Self {
        match slot {
            Slot::Primary => Self::Primary,
            Slot::Secondary => Self::Secondary,
        }
    }
}
