//! `hubward registry create | delete | enable | disable`.

use core::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hubward::types::{Identity, Status, Thumbprint};
use hubward_registry::{
    Authentication, AuthenticationView, Capabilities, Change, ETag, Precondition, RegistryError,
    SymmetricKeys, Thumbprints,
};
use hubward_rustcrypto::HmacKey;

use super::IdentityArguments;
use super::file::{FileArguments, RegistryFile};
use super::show::key_line;
use crate::Outcome;
use crate::exit::{OrMisuse, misuse};
use crate::file::random;
use crate::out::{is_json, stdout};
use crate::{secret, shown};

/// Create a device, or a module of a device. Without another credential it gets two new random keys.
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    identity: IdentityArguments,
    #[command(flatten)]
    keys: KeyArguments,
    /// The SHA-256 or SHA-1 thumbprint of its certificate; the second one is the secondary.
    #[arg(long, value_name = "THUMBPRINT", conflicts_with = "key_file")]
    thumbprint: Vec<Thumbprint>,
    /// How it is registered (default: by keys, or by the given thumbprint).
    #[arg(long, value_enum, value_name = "METHOD", conflicts_with_all = ["thumbprint", "key_file"])]
    register: Option<Method>,
    /// Create it disabled.
    #[arg(long)]
    disabled: bool,
    /// Let it be a gateway for other devices (`iotEdge`).
    #[arg(long, conflicts_with = "module")]
    edge: bool,
    /// Print the keys of the identity.
    #[arg(long)]
    with_keys: bool,
}

/// The keys of an identity or a policy.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// A file with the base64 primary key, `-` for standard input (default: a random key of 32 bytes).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file with the base64 secondary key.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    secondary_key_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Method {
    /// A certificate that a registered CA issued.
    Ca,
}

/// Delete a device with its modules, or a module.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    identity: IdentityArguments,
    /// Delete the identity only if it still has this etag.
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
}

/// Enable a device, and its modules with it.
#[derive(Debug, Args)]
pub(crate) struct Enable {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    identity: IdentityArguments,
    /// Change the device only if it still has this etag.
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
}

/// Disable a device, and its modules with it: its sessions end, and it cannot connect.
#[derive(Debug, Args)]
pub(crate) struct Disable {
    #[command(flatten)]
    of: Enable,
}

impl KeyArguments {
    /// Reads the keys, or makes random ones.
    pub(super) fn keys(&self, file: &FileArguments) -> Result<SymmetricKeys<HmacKey>, Box<dyn Error>> {
        let Some(primary) = &self.key_file else {
            return Ok(SymmetricKeys::generate(random, HmacKey::new)?);
        };
        if primary == Path::new("-") && file.key_from_standard_input() {
            return Err(misuse("the key and the seal key cannot both come from standard input"));
        }
        let primary = secret::symmetric_key(Some(primary), "HUBWARD_KEY")?;
        Ok(match &self.secondary_key_file {
            Some(file) => {
                SymmetricKeys::kept(primary, secret::symmetric_key(Some(file), "HUBWARD_KEY")?, HmacKey::new)
            }
            None => SymmetricKeys::kept_one(primary, HmacKey::new),
        })
    }
}

pub(super) fn create(arguments: &Create) -> Result<Outcome, Box<dyn Error>> {
    let identity = arguments.identity.named()?;
    let mut prints = arguments.thumbprint.iter().copied();
    let authentication = match (arguments.register, prints.next(), prints.next(), prints.next()) {
        (_, _, _, Some(_)) => return Err(misuse("an identity has at most two thumbprints")),
        (Some(Method::Ca), ..) => Authentication::CertificateAuthority,
        (None, Some(primary), secondary, None) => {
            Authentication::SelfSigned(Thumbprints::new(Some(primary), secondary).or_misuse()?)
        }
        (None, None, ..) => Authentication::Sas(arguments.keys.keys(&arguments.file)?),
    };
    let mut file = RegistryFile::open_or_create(&arguments.file, false, is_json())?;
    let mut rest = Change::new();
    if arguments.disabled {
        rest = rest.with_status(Status::Disabled);
    }
    if arguments.edge {
        let mut capabilities = Capabilities::default();
        capabilities.iot_edge = true;
        rest = rest.with_capabilities(capabilities);
    }
    let etag = match file.registry.create(identity, authentication, rest) {
        Ok(record) => record.etag(),
        Err(error) => return refused(&identity, error),
    };
    file.save(|written, out| {
        writeln!(out, "{} is created, etag {etag}", shown::text(&identity))?;
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

pub(super) fn delete(arguments: &Delete) -> Result<Outcome, Box<dyn Error>> {
    let identity = arguments.identity.named()?;
    let mut file = RegistryFile::open(&arguments.file, is_json())?;
    let modules = file.registry.get(identity).map_or(0, |view| view.module_count());
    if let Err(error) = file.registry.delete(identity, precondition(arguments.if_match.as_deref())?) {
        return refused(&identity, error);
    }
    file.save(|written, out| {
        writeln!(out, "{} is deleted, with {modules} modules; its sessions end", shown::text(&identity))?;
        writeln!(out, "{written}")
    })?;
    Ok(Outcome::Good)
}

pub(super) fn enable(arguments: &Enable) -> Result<Outcome, Box<dyn Error>> {
    set_status(arguments, Status::Enabled)
}

pub(super) fn disable(arguments: &Disable) -> Result<Outcome, Box<dyn Error>> {
    set_status(&arguments.of, Status::Disabled)
}

fn set_status(arguments: &Enable, status: Status) -> Result<Outcome, Box<dyn Error>> {
    let identity = arguments.identity.named()?;
    let mut file = RegistryFile::open(&arguments.file, is_json())?;
    let change = Change::new().with_status(status);
    let etag = match file.registry.update(identity, change, precondition(arguments.if_match.as_deref())?) {
        Ok(etag) => etag,
        Err(error) => return refused(&identity, error),
    };
    let word = if status == Status::Enabled { "enabled" } else { "disabled; its sessions end" };
    file.save(|written, out| {
        writeln!(out, "{} is {word}, etag {etag}", shown::text(&identity))?;
        writeln!(out, "{written}")
    })?;
    Ok(Outcome::Good)
}

fn precondition(etag: Option<&str>) -> Result<Precondition, Box<dyn Error>> {
    Ok(match etag {
        Some(etag) => Precondition::IfMatch(etag.parse::<ETag>().or_misuse()?),
        None => Precondition::Any,
    })
}

/// Prints a refusal with the hub's code.
fn refused(identity: &Identity<'_>, error: RegistryError) -> Result<Outcome, Box<dyn Error>> {
    writeln!(stdout(), "refused: {}: {error} ({})", shown::text(identity), error.code())?;
    Ok(Outcome::Refused)
}
