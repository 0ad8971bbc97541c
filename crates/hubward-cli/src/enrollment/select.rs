//! `hubward enrollment select`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hubward::sas::{SasToken, TokenRules};
use hubward::types::{Digest, Keys, Lookup, RegistrationId, Shown, Thumbprint};
use hubward_registry::Evidence;
use hubward_ring::Digests;
use hubward_rustcrypto::HmacKey;

use super::file::{FileArguments, Selectable};
use crate::Outcome;
use crate::cert;
use crate::clock::NowArgument;
use crate::exit::{OrMisuse, misuse};
use crate::out::stdout;
use crate::secret;

/// Find the enrollment that matches a token or a chain, and print the assigned device.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("evidence").required(true).args(["token_file", "chain"])))]
pub(crate) struct Select {
    #[command(flatten)]
    file: FileArguments,
    /// The registration id of the device (default with a token: that of the token).
    #[arg(long, value_name = "ID", required_unless_present = "token_file")]
    registration: Option<String>,
    /// A file with the SAS token of the device; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the certificate of the device, followed by its issuers, the nearest first. The chain is not verified:
    /// use `hubward cert verify`.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// The group that the device names: only its keys are tried.
    #[arg(long, value_name = "NAME", requires = "token_file")]
    group: Option<String>,
    #[command(flatten)]
    now: NowArgument,
}

pub(super) fn run(arguments: &Select) -> Result<Outcome, Box<dyn Error>> {
    let from_input = arguments.token_file.as_deref().is_some_and(|file| file.as_os_str() == "-");
    if from_input && arguments.file.key_from_standard_input() {
        return Err(misuse("the token and the seal key cannot both come from standard input"));
    }
    let enrollments = Selectable::open(&arguments.file)?;
    let given = arguments.registration.as_deref().map(RegistrationId::parse).transpose().or_misuse()?;
    match (&arguments.token_file, &arguments.chain, given) {
        (Some(file), ..) => {
            let text = secret::read(Some(file), "HUBWARD_TOKEN")?;
            let token = SasToken::parse(&text, &TokenRules::HUB_COMPAT)?;
            let Lookup::Registration(_, segment) = token.signer() else {
                return Err(
                    "the token is for a hub; the resource of a registration token is `ID-SCOPE/registrations/ID`".into()
                );
            };
            let mut buffer = [0; 128];
            let id = RegistrationId::parse(segment.decode(&mut buffer)?)?;
            if let Some(given) = given
                && !given.as_str().eq_ignore_ascii_case(id.as_str())
            {
                writeln!(stdout(), "refused: the token is for registration {}", Shown::new(id.as_str()))?;
                return Ok(Outcome::Refused);
            }
            let now = arguments.now.time();
            let verifies = |keys: Keys<'_, HmacKey>| {
                token.verify_for_any_host(keys, now, &TokenRules::HUB_COMPAT).is_ok()
            };
            decide(&enrollments, id, arguments.group.as_deref(), &Evidence::Token(&verifies))
        }
        (None, Some(file), Some(id)) => {
            let certificates = cert::read(file)?;
            let prints: Vec<_> =
                certificates.iter().map(|der| Thumbprint::Sha256(Digests.sha256(der))).collect();
            let (leaf, issuers) = prints.split_first().ok_or("no certificate")?;
            decide(&enrollments, id, arguments.group.as_deref(), &Evidence::Chain { leaf: *leaf, issuers })
        }
        _ => Err(misuse("--token-file or --chain is needed")),
    }
}

fn decide(
    from: &Selectable,
    id: RegistrationId<'_>,
    group: Option<&str>,
    evidence: &Evidence<'_, HmacKey>,
) -> Result<Outcome, Box<dyn Error>> {
    let mut out = stdout();
    let selected = match group {
        Some(group) => from.enrollments().select_named(id, group, evidence, HmacKey::new),
        None => from.enrollments().select(id, evidence, HmacKey::new),
    };
    match selected {
        Ok(selected) => {
            match selected.group {
                Some(group) => write!(out, "group {}", Shown::new(group))?,
                None => write!(out, "individual enrollment")?,
            }
            let text = format!(" provisions {id} as device {}", selected.device_id);
            writeln!(out, "{}", Shown::new(text))?;
            Ok(Outcome::Good)
        }
        Err(error) => {
            writeln!(out, "refused: {}: {error}", Shown::new(id.as_str()))?;
            Ok(Outcome::Refused)
        }
    }
}
