//! `hubward enrollment select`.

use core::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hubward::sas::{SasToken, TokenRules};
use hubward::types::{Digest, Keys, Lookup, RegistrationId, Shown, Thumbprint};
use hubward_registry::Evidence;
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;

use super::kept::{FileArguments, Kept};
use crate::Outcome;
use crate::cert;
use crate::clock::{at, now};
use crate::secret;

/// Say which enrollment decides on a token or a chain, and what it decides.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("evidence").required(true).args(["token_file", "chain"])))]
pub(crate) struct Select {
    #[command(flatten)]
    file: FileArguments,
    /// The registration id that is presented; with a token the token's own.
    #[arg(long, value_name = "ID", required_unless_present = "token_file")]
    registration: Option<String>,
    /// A file with the token that is presented (`-` is standard input).
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the device's certificate and, behind it, those above it, the nearest first; PEM. They are taken for
    /// a chain that holds: `hubward cert verify` says whether it does.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// The time to judge a token by (default: this machine's clock): a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
    now: Option<u64>,
}

pub(super) fn run(arguments: &Select) -> Result<Outcome, Box<dyn Error>> {
    let from_input = arguments.token_file.as_deref().is_some_and(|file| file.as_os_str() == "-");
    if from_input && arguments.file.key_from_standard_input() {
        return Err("the token and the key cannot both come from standard input".into());
    }
    let kept = Kept::open(&arguments.file)?;
    let named = arguments.registration.as_deref().map(RegistrationId::parse).transpose()?;
    match (&arguments.token_file, &arguments.chain, named) {
        (Some(file), ..) => {
            let text = secret::read(Some(file), "HUBWARD_TOKEN")?;
            let token = SasToken::parse(&text, &TokenRules::HUB_COMPAT)?;
            let Lookup::Registration(_, segment) = token.signer() else {
                return Err(
                    "the token is for a hub: one of a registration is `ID-SCOPE/registrations/ID`".into()
                );
            };
            let mut buffer = [0; 128];
            let own = RegistrationId::parse(segment.decode(&mut buffer)?)?;
            if let Some(named) = named
                && !named.as_str().eq_ignore_ascii_case(own.as_str())
            {
                writeln!(stdout(), "refused: the token is for registration {}", Shown::new(own.as_str()))?;
                return Ok(Outcome::Refused);
            }
            let now = at(arguments.now.unwrap_or_else(now));
            let verifies = |keys: Keys<'_, HmacKey>| token.verify(keys, now, &TokenRules::HUB_COMPAT).is_ok();
            decide(&kept, own, &Evidence::Token(&verifies))
        }
        (None, Some(file), Some(id)) => {
            let certificates = cert::read(file)?;
            let prints: Vec<_> =
                certificates.iter().map(|der| Thumbprint::Sha256(Digests.sha256(der))).collect();
            let (leaf, issuers) = prints.split_first().ok_or("no certificate")?;
            decide(&kept, id, &Evidence::Chain { leaf: *leaf, issuers })
        }
        _ => Err("name a token or a chain".into()),
    }
}

fn decide(
    kept: &Kept,
    id: RegistrationId<'_>,
    evidence: &Evidence<'_, HmacKey>,
) -> Result<Outcome, Box<dyn Error>> {
    let mut out = stdout();
    match kept.enrollments.select(id, evidence, HmacKey::new) {
        Ok(selected) => {
            match selected.group {
                Some(group) => write!(out, "group {}", Shown::new(group))?,
                None => write!(out, "its own enrollment")?,
            }
            let words = format!(" provisions {id} as device {}", selected.device_id);
            writeln!(out, "{}", Shown::new(words))?;
            Ok(Outcome::Well)
        }
        Err(error) => {
            writeln!(out, "refused: {}: {error}", Shown::new(id.as_str()))?;
            Ok(Outcome::Refused)
        }
    }
}
