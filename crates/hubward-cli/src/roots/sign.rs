//! `hubward roots sign`.

use core::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_ring::{SigningKey, signature};
use hubward_x509::pem::{self, PemProblem};
use hubward_x509::{SignedBundle, UpdateKey, trust::SignError};
use rustls_pki_types::PrivateKeyDer;

use super::build::read_keys;
use super::file;
use crate::file::{OutputArguments, Seen, replace_saying};
use crate::{Outcome, secret, shown};

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The trust bundle, to which the signature is added.
    bundle: PathBuf,
    /// A file with the private key in PEM, `-` for standard input (default: the environment's HUBWARD_UPDATE_KEY).
    // a pasted PEM key begins with hyphens: the error must name this argument
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    key_file: Option<PathBuf>,
    /// Do not sign, but write the bytes that an HSM must sign to `--output`.
    #[arg(long, requires = "output", conflicts_with_all = ["key_file", "signature"])]
    message: bool,
    /// A file with a signature that an HSM made.
    #[arg(long, value_name = "FILE", requires = "public_key", conflicts_with = "key_file")]
    signature: Option<PathBuf>,
    /// A file with the public key of that signature.
    #[arg(long, value_name = "FILE", requires = "signature")]
    public_key: Option<PathBuf>,
    /// The bundle in force, to also count the signatures of its update keys.
    #[arg(long, value_name = "FILE")]
    current: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Sign) -> Result<Outcome, Box<dyn Error>> {
    let path = &arguments.bundle;
    let seen = Seen::of(path)?;
    let bytes = file::read(path)?;
    let bundle = file::parse(path, &bytes)?;
    let mut out = Vec::new();
    if arguments.message {
        let target = arguments.output.required()?;
        let message = bundle.to_be_signed();
        writeln!(out, "{}: {} bytes to be signed", shown::file(target.path()), message.len())?;
        target.write(|file| Ok(file.write_all(message)?), &out)?;
        return Ok(Outcome::Good);
    }
    let (key, made) = match (&arguments.signature, &arguments.public_key) {
        (Some(made), Some(public)) => (one_key(public)?, file::read(made)?),
        _ => {
            let key = private_key(arguments.key_file.as_deref())?;
            (UpdateKey::from_spki_der(&key.public_key_der())?, key.sign(bundle.to_be_signed())?)
        }
    };
    let signed = match bundle.with_signature(key, &made, signature::ALL) {
        Ok(signed) => signed,
        Err(error @ SignError::BadSignature) => {
            writeln!(crate::out::stdout(), "refused: {error}")?;
            return Ok(Outcome::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    let target = arguments.output.target()?;
    writeln!(out, "signed by {key}")?;
    let bundle = file::parse(path, &signed)?;
    count(&mut out, &bundle, bundle.keys(), bundle.threshold(), "its own update keys")?;
    let current = match &arguments.current {
        None => None,
        Some(current) => Some((file::read(current)?, current)),
    };
    let mut known = bundle.keys().contains(&key);
    if let Some((bytes, path)) = &current {
        let current = file::parse(path, bytes)?;
        count(&mut out, &bundle, current.keys(), current.threshold(), "the update keys in force")?;
        known |= current.keys().contains(&key);
    }
    if !known {
        writeln!(
            out,
            "this key is not one of them: its signature counts only for devices whose bundle has the key"
        )?;
    }
    let write = |file: &mut dyn Write| Ok(file.write_all(&signed)?);
    match target {
        Some(target) => target.write(write, &out)?,
        None => replace_saying(path, seen, write, &out)?,
    }
    Ok(Outcome::Good)
}

fn count(
    out: &mut impl Write,
    bundle: &SignedBundle<'_>,
    keys: &[UpdateKey],
    threshold: usize,
    which: &str,
) -> std::io::Result<()> {
    let count = bundle.signers().filter(|key| keys.contains(key)).count();
    let verdict = if count < threshold { "not enough yet" } else { "enough" };
    writeln!(out, "{count} of {which} have signed, {threshold} must: {verdict}")
}

fn one_key(path: &Path) -> Result<UpdateKey, String> {
    match read_keys(path)?[..] {
        [key] => Ok(key),
        _ => Err(file::error(path, &"the file has several keys, but the signature has one")),
    }
}

/// Reads the private key, whose text is erased from memory.
fn private_key(path: Option<&Path>) -> Result<SigningKey, Box<dyn Error>> {
    const VARIABLE: &str = "HUBWARD_UPDATE_KEY";
    let bytes = secret::read_bytes(path, VARIABLE)?;
    let from = secret::source(path, VARIABLE);
    let key = pem::private_key(&bytes).map_err(|error| match error.problem() {
        PemProblem::Encrypted => format!(
            "{from}: the key is encrypted; `openssl pkey -in FILE | hubward roots sign --key-file -` asks for the password"
        ),
        _ => format!("{from}: {error}"),
    })?;
    match &*key {
        PrivateKeyDer::Pkcs8(key) => {
            SigningKey::from_pkcs8(key.secret_pkcs8_der()).map_err(|error| format!("{from}: {error}").into())
        }
        PrivateKeyDer::Sec1(_) => Err(format!(
            "{from}: an elliptic-curve key in its own form; `openssl pkcs8 -topk8 -nocrypt` converts P-256 to PKCS #8"
        )
        .into()),
        _ => Err(format!("{from}: {}", hubward_ring::SigningKeyError).into()),
    }
}
