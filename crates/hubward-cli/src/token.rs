//! `hubward token sign | verify | inspect`.

use core::error::Error;
use core::time::Duration;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use hubward::sas::{SasToken, TokenRules, UnsignedToken, expires_after};
use hubward::types::{
    Authority, DeviceId, IdScope, Identity, Keys, ModuleId, PolicyName, RegistrationId, UtcTime,
};
use hubward_inspect::token::{Expected, malformed, print, verified};

use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::exit::{OrMisuse, misuse};
use crate::secret;
use crate::times;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign a token with the key of a device, a module, a policy or a registration, and print it.
    Sign(Sign),
    /// Verify a token with a key, and print its resource and signer.
    Verify(Verify),
    /// Print the claims of a token, or the error in its form. No key is needed and nothing is verified.
    Inspect(Inspect),
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The host name of the hub or the DPS instance, with an optional port.
    #[arg(long, value_name = "HOST", required_unless_present = "registration")]
    host: Option<String>,
    /// The device.
    #[arg(long, value_name = "ID", conflicts_with = "registration")]
    device: Option<String>,
    /// The module of the device.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
    /// The shared access policy whose key signs.
    #[arg(long, value_name = "NAME", conflicts_with = "registration")]
    policy: Option<String>,
    /// The id scope of the DPS instance.
    #[arg(long, value_name = "ID", requires = "registration")]
    id_scope: Option<String>,
    /// The registration at the DPS instance.
    #[arg(long, value_name = "ID", requires = "id_scope")]
    registration: Option<String>,
    /// The time from now until the token expires, such as 1h30m.
    #[arg(long, value_name = "DURATION", default_value = "1h", conflicts_with = "expiry",
        value_parser = times::parse_duration)]
    ttl: Duration,
    /// The time at which the token expires: 2026-06-30 or 2026-06-30T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = times::parse_start)]
    expiry: Option<u64>,
    /// A file with the base64 key, `-` for standard input (default: the environment's HUBWARD_KEY).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    now: NowArgument,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file with the token; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    token: PathBuf,
    /// A file with the base64 primary key, `-` for standard input (default: the environment's HUBWARD_KEY).
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file with the base64 secondary key.
    #[arg(long, value_name = "FILE")]
    secondary_key_file: Option<PathBuf>,
    /// The host that the token must be for, with its port if it has one.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The device that the token must be for.
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// The module of that device that the token must be for.
    #[arg(long, value_name = "ID", requires = "device")]
    module: Option<String>,
    /// The shared access policy that must have signed the token.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// The rules to verify by.
    #[arg(long, value_enum, value_name = "RULES", default_value_t = Rules::Strict)]
    rules: Rules,
    #[command(flatten)]
    now: NowArgument,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the token; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    token: PathBuf,
    /// The rules to parse by.
    #[arg(long, value_enum, value_name = "RULES", default_value_t = Rules::Strict)]
    rules: Rules,
    #[command(flatten)]
    now: NowArgument,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rules {
    /// Only the form that the documentation prescribes, without leeway.
    Strict,
    /// The forms that clients in the field send, with five minutes of leeway.
    HubCompat,
}

impl Rules {
    const fn rules(self) -> TokenRules {
        match self {
            Self::Strict => TokenRules::STRICT,
            Self::HubCompat => TokenRules::HUB_COMPAT,
        }
    }
}

pub(crate) fn run(command: Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Sign(arguments) => sign(&arguments),
        Command::Verify(arguments) => verify(&arguments),
        Command::Inspect(arguments) => inspect(&arguments),
    }
}

fn sign(arguments: &Sign) -> Result<Outcome, Box<dyn Error>> {
    let expires = match arguments.expiry {
        Some(expiry) => at(expiry),
        None => expires_after(arguments.now.time(), arguments.ttl).or_misuse()?,
    };
    let host = || Authority::parse(arguments.host.as_deref().unwrap_or_default()).or_misuse();
    let mut unsigned = match (&arguments.device, &arguments.module, &arguments.registration) {
        (_, _, Some(registration)) => {
            let scope = IdScope::parse(arguments.id_scope.as_deref().unwrap_or_default()).or_misuse()?;
            UnsignedToken::registration(scope, RegistrationId::parse(registration).or_misuse()?, expires)
        }
        (Some(device), None, _) => {
            UnsignedToken::device(host()?, DeviceId::parse(device).or_misuse()?, expires)
        }
        (Some(device), Some(module), _) => UnsignedToken::module(
            host()?,
            DeviceId::parse(device).or_misuse()?,
            ModuleId::parse(module).or_misuse()?,
            expires,
        ),
        (None, _, _) => {
            let policy = arguments.policy.as_deref().ok_or_else(|| {
                misuse("the token needs an identity: --device, --policy for a service, or --registration with --id-scope")
            })?;
            UnsignedToken::service(host()?, PolicyName::parse(policy).or_misuse()?, expires)
        }
    };
    if let Some(policy) = &arguments.policy {
        unsigned = unsigned.with_policy(PolicyName::parse(policy).or_misuse()?);
    }
    let key = secret::key(arguments.key_file.as_deref(), "HUBWARD_KEY")?;
    writeln!(crate::out::stdout(), "{}", unsigned.sign(&key))?;
    if expires.as_secs() < arguments.now.seconds() {
        // on standard error, so that standard output has the token only
        eprintln!("hubward: the token is expired: its expiry is {}", UtcTime::of(expires.as_secs()));
    }
    Ok(Outcome::Good)
}

fn verify(arguments: &Verify) -> Result<Outcome, Box<dyn Error>> {
    let mut out = crate::out::stdout();
    let rules = arguments.rules.rules();
    if arguments.token == Path::new("-") && arguments.key_file.as_deref() == Some(Path::new("-")) {
        return Err(misuse("the token and the key cannot both come from standard input"));
    }
    let text = secret::read(Some(&arguments.token), "HUBWARD_TOKEN")?;
    let token = match SasToken::parse(&text, &rules) {
        Ok(token) => token,
        Err(error) => return Ok(malformed(&mut out, &text, &error)?),
    };
    let primary = secret::key(arguments.key_file.as_deref(), "HUBWARD_KEY")?;
    let secondary = match &arguments.secondary_key_file {
        Some(file) => Some(secret::key(Some(file), "HUBWARD_SECONDARY_KEY")?),
        None => None,
    };
    let keys = match &secondary {
        Some(secondary) => Keys::pair(&primary, secondary),
        None => Keys::one(&primary),
    };
    let mut expected = Expected::default();
    if let Some(host) = &arguments.host {
        expected.host = Some(Authority::parse(host).or_misuse()?);
    }
    if let Some(device) = &arguments.device {
        let device = DeviceId::parse(device).or_misuse()?;
        expected.identity = Some(match &arguments.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module).or_misuse()?),
            None => Identity::Device(device),
        });
    }
    if let Some(policy) = &arguments.policy {
        expected.policy = Some(PolicyName::parse(policy).or_misuse()?);
    }
    let outcome = verified(&mut out, token, keys, &expected, &rules, arguments.now.time())?;
    if matches!(outcome, Outcome::Good) && arguments.host.is_none() {
        writeln!(
            out,
            "--host was not given: a token for another hub, signed with this key, would be authentic too"
        )?;
    }
    Ok(outcome)
}

fn inspect(arguments: &Inspect) -> Result<Outcome, Box<dyn Error>> {
    let text = secret::read(Some(&arguments.token), "HUBWARD_TOKEN")?;
    Ok(print(&mut crate::out::stdout(), &text, &arguments.rules.rules(), arguments.now.time())?)
}
