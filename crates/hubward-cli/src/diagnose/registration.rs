//! The CONNECT of a registration at a DPS instance.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use hubward::registry::SymmetricKeys;
use hubward::sas::TokenRules;
use hubward::types::{IdScope, UnixTime};
use hubward::{AuthError, ProvisioningConfig, RegistrationCredentials};
use hubward_rustcrypto::HmacKey;

use super::verdict::{Judgement, finish};
use super::x509;
use crate::clock::{NowArgument, at};
use crate::enrollment::{FileArguments, Selectable};
use crate::exit::{OrMisuse, misuse};
use crate::file::random;
use crate::out::stdout;
use crate::{Outcome, cert, secret, shown};

#[derive(Debug, Args)]
pub(crate) struct Dps {
    #[command(flatten)]
    file: FileArguments,
    /// The id scope of the DPS instance.
    #[arg(long, value_name = "ID")]
    id_scope: String,
    /// The client id: the registration id.
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// The username: `{id scope}/registrations/{id}/api-version=..`.
    #[arg(long, value_name = "USERNAME")]
    username: String,
    /// A file with the password, `-` for standard input (default: no password).
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file with the device's certificate, followed by its intermediates.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// A file of trusted CA certificates. Repeatable.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// A file of certificate revocation lists, PEM or DER; revocation is then checked. Repeatable.
    #[arg(long, value_name = "FILE", requires = "ca")]
    crl: Vec<PathBuf>,
    #[command(flatten)]
    now: NowArgument,
}

pub(super) fn run(arguments: &Dps) -> Result<Outcome, Box<dyn Error>> {
    let from_input = arguments.password_file.as_deref().is_some_and(|file| file.as_os_str() == "-");
    if from_input && arguments.file.key_from_standard_input() {
        return Err(misuse("the password and the seal key cannot both come from standard input"));
    }
    let password = arguments.password_file.as_deref().map(|file| secret::read(Some(file), "")).transpose()?;
    let password = password.as_deref().map(String::as_str);
    let chain = arguments.chain.as_deref().map_or(Ok(Vec::new()), cert::read)?;
    let enrollments = Selectable::open(&arguments.file)?;
    let dummy = SymmetricKeys::generate(random, HmacKey::new)?;
    let dummy = dummy.view().expose_primary().ok_or("no key")?;
    let scope = IdScope::parse(&arguments.id_scope).or_misuse()?;
    let config = ProvisioningConfig::new(scope, HmacKey::new(&dummy))
        .with_token_rules(TokenRules::HUB_COMPAT)
        .with_x509(x509(&arguments.ca, &arguments.crl)?);
    let credentials = || {
        let credentials = RegistrationCredentials::mqtt(&arguments.client_id, &arguments.username, password);
        credentials.map(|credentials| credentials.with_certificates(&chain))
    };
    let judge = |now: UnixTime| -> Result<Judgement, AuthError> {
        let registered = config.authenticate(credentials()?, enrollments.enrollments(), HmacKey::new, now)?;
        let group =
            registered.group().map_or("the individual enrollment".to_owned(), |name| format!("group {name}"));
        Ok(Judgement {
            identity: format!("device {} by {group}", registered.device_id()),
            until: Some(registered.until().as_secs()),
            ..Judgement::default()
        })
    };
    let now = arguments.now.seconds();
    let hint = credentials().ok().and_then(|credentials| {
        credentials.explain(&config, enrollments.enrollments(), HmacKey::new, at(now))
    });
    let mut out = stdout();
    writeln!(out, "judged    registration at id scope {}", shown::text(&scope))?;
    let verdict = judge(at(now));
    let later = judge(at(now.saturating_add(1)));
    finish(&mut out, now, verdict, &later, hint.map(|hint| (hint.to_string(), hint.code())))
}
