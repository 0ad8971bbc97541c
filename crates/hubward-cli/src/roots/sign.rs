//! `hubward roots sign`.

use core::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use hubward_ring::{SigningKey, signature};
use hubward_x509::pem::{self, PemProblem};
use hubward_x509::{SignedBundle, UpdateKey};
use rustls_pki_types::PrivateKeyDer;

use super::build::read_keys;
use super::file;
use crate::file::Seen;
use crate::{Outcome, secret, shown};

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The bundle, to which the signature is added.
    bundle: PathBuf,
    /// A file with the private key in PEM (`-` is standard input); else the environment's HUBWARD_UPDATE_KEY.
    // a key in the place of a file's name begins with hyphens: the error is to name this argument
    #[arg(long, allow_hyphen_values = true)]
    key_file: Option<PathBuf>,
    /// Write what an HSM has to sign to this file, and sign nothing here.
    #[arg(long, conflicts_with_all = ["key_file", "signature"])]
    message: Option<PathBuf>,
    /// A file with the signature that an HSM made.
    #[arg(long, requires = "public_key", conflicts_with = "key_file")]
    signature: Option<PathBuf>,
    /// A file with the public key that it made it with.
    #[arg(long, requires = "signature")]
    public_key: Option<PathBuf>,
    /// The bundle that devices have now, to count the signatures of its keys too.
    #[arg(long)]
    current: Option<PathBuf>,
}

pub(super) fn run(arguments: &Sign) -> Result<Outcome, Box<dyn Error>> {
    let path = &arguments.bundle;
    let seen = Seen::of(path)?;
    let bytes = file::read(path)?;
    let bundle = file::parse(path, &bytes)?;
    let mut out = Vec::new();
    if let Some(message) = &arguments.message {
        writeln!(out, "{}: {} bytes to be signed", shown::file(message), bundle.to_be_signed().len())?;
        file::write(message, Seen::of(message)?, bundle.to_be_signed(), &out)?;
        return Ok(Outcome::Well);
    }
    let (key, made) = match (&arguments.signature, &arguments.public_key) {
        (Some(made), Some(public)) => (one_key(public)?, file::read(made)?),
        _ => {
            let key = private_key(arguments.key_file.as_deref())?;
            (UpdateKey::from_spki_der(&key.public_key_der())?, key.sign(bundle.to_be_signed())?)
        }
    };
    let signed = bundle.with_signature(key, &made, signature::ALL)?;
    writeln!(out, "signed by {key}")?;
    let bundle = file::parse(path, &signed)?;
    count(&mut out, &bundle, bundle.keys(), bundle.threshold(), "its own keys")?;
    let current = match &arguments.current {
        None => None,
        Some(current) => Some((file::read(current)?, current)),
    };
    let mut known = bundle.keys().contains(&key);
    if let Some((bytes, path)) = &current {
        let current = file::parse(path, bytes)?;
        count(&mut out, &bundle, current.keys(), current.threshold(), "the keys that devices have now")?;
        known |= current.keys().contains(&key);
    }
    if !known {
        writeln!(
            out,
            "this key is none of them: it counts for devices whose bundle has it, and for no others"
        )?;
    }
    file::write(path, seen, &signed, &out)?;
    Ok(Outcome::Well)
}

fn count(
    out: &mut impl Write,
    bundle: &SignedBundle<'_>,
    keys: &[UpdateKey],
    threshold: usize,
    whose: &str,
) -> std::io::Result<()> {
    let found = bundle.signers().filter(|key| keys.contains(key)).count();
    let verdict = if found < threshold { "not enough yet" } else { "enough" };
    writeln!(out, "{found} of {whose} have signed, {threshold} must: {verdict}")
}

fn one_key(path: &Path) -> Result<UpdateKey, String> {
    match read_keys(path)?[..] {
        [key] => Ok(key),
        _ => Err(file::told(path, &"has several keys; name the one that signed")),
    }
}

/// A private key that is in memory no longer than it takes.
fn private_key(path: Option<&Path>) -> Result<SigningKey, Box<dyn Error>> {
    const VARIABLE: &str = "HUBWARD_UPDATE_KEY";
    let text = secret::read(path, VARIABLE)?;
    let from = path.map_or_else(|| VARIABLE.to_owned(), |path| shown::file(path).to_string());
    let key = pem::private_key(text.as_bytes()).map_err(|error| match error.problem() {
        PemProblem::Encrypted => format!(
            "{from}: encrypted; `openssl pkey -in FILE | hubward roots sign --key-file -` asks for the password"
        ),
        _ => format!("{from}: {error}"),
    })?;
    match &*key {
        PrivateKeyDer::Pkcs8(key) => SigningKey::from_pkcs8(key.secret_pkcs8_der()),
        _ => Err(hubward_ring::SigningKeyError),
    }
    .map_err(|error| {
        format!("{from}: {error}; `openssl pkcs8 -topk8 -nocrypt` makes that of other forms").into()
    })
}
