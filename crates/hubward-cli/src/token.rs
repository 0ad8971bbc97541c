//! `hubward token sign | verify | inspect`.

use core::error::Error;
use core::time::Duration;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use hubward::sas::{
    Requirements, SasToken, TokenParseError, TokenRules, UnsignedToken, VerifiedToken, expires_after,
};
use hubward::types::{
    Authority, DeviceId, IdScope, Identity, Keys, Lookup, ModuleId, PolicyName, RegistrationId, SecretShape,
    Shown,
};

use crate::Outcome;
use crate::clock::{at, now, words};
use crate::secret;
use crate::shown;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign a token with the key of a device, a module, a policy or a registration, and print it.
    Sign(Sign),
    /// Verify a token with a key, and say for whom it is.
    Verify(Verify),
    /// Say what a token claims and what is wrong with its form; no key is needed and nothing is proven.
    Inspect(Inspect),
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The hub's or the provisioning service's host name, with an optional port.
    #[arg(long, required_unless_present = "registration")]
    host: Option<String>,
    /// The device.
    #[arg(long, conflicts_with = "registration")]
    device: Option<String>,
    /// The device's module.
    #[arg(long, requires = "device")]
    module: Option<String>,
    /// The shared access policy whose key signs.
    #[arg(long, conflicts_with = "registration")]
    policy: Option<String>,
    /// The provisioning service's id scope.
    #[arg(long, requires = "registration")]
    id_scope: Option<String>,
    /// The registration at the provisioning service.
    #[arg(long, requires = "id_scope")]
    registration: Option<String>,
    /// Seconds from now until the token expires.
    #[arg(long, default_value_t = 3600, conflicts_with = "expiry")]
    ttl: u64,
    /// The expiry itself: a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
    expiry: Option<u64>,
    /// A file with the base64 key (`-` is standard input); else the environment's HUBWARD_KEY.
    #[arg(long)]
    key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A file with the token (default: standard input).
    #[arg(long, default_value = "-")]
    token_file: PathBuf,
    /// A file with the base64 primary key; else the environment's HUBWARD_KEY.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// A file with the base64 secondary key.
    #[arg(long)]
    secondary_key_file: Option<PathBuf>,
    /// The host, with its port if it has one, that the token must be for.
    #[arg(long)]
    host: Option<String>,
    /// The device that the token must be for.
    #[arg(long)]
    device: Option<String>,
    /// The device's module that the token must be for.
    #[arg(long, requires = "device")]
    module: Option<String>,
    /// The policy that must have signed it.
    #[arg(long)]
    policy: Option<String>,
    /// The rules to verify by.
    #[arg(long, value_enum, default_value_t = HubConfig::Strict)]
    rules: HubConfig,
    /// The time to judge by (default: this machine's clock): a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
    now: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file with the token (default: standard input).
    #[arg(long, default_value = "-")]
    token_file: PathBuf,
    /// The rules to read it by.
    #[arg(long, value_enum, default_value_t = HubConfig::Strict)]
    rules: HubConfig,
    /// The time to compare the expiry with (default: this machine's clock): a date in UTC, such as 2026-06-30, or seconds since 1970.
    #[arg(long, value_name = "DATE", value_parser = crate::clock::first_second)]
    now: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HubConfig {
    /// Only what the documentation prescribes; no leeway.
    Strict,
    /// What a hub must take from clients in the field; five minutes of leeway.
    HubCompat,
}

impl HubConfig {
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
        None => expires_after(at(now()), Duration::from_secs(arguments.ttl))?,
    };
    let host = || Authority::parse(arguments.host.as_deref().unwrap_or_default());
    let mut unsigned = match (&arguments.device, &arguments.module, &arguments.registration) {
        (_, _, Some(registration)) => {
            let scope = IdScope::parse(arguments.id_scope.as_deref().unwrap_or_default())?;
            UnsignedToken::registration(scope, RegistrationId::parse(registration)?, expires)
        }
        (Some(device), None, _) => UnsignedToken::device(host()?, DeviceId::parse(device)?, expires),
        (Some(device), Some(module), _) => {
            UnsignedToken::module(host()?, DeviceId::parse(device)?, ModuleId::parse(module)?, expires)
        }
        (None, _, _) => {
            let policy = arguments.policy.as_deref().ok_or(
                "name whose token it is: --device, --policy for a service, or --registration with --id-scope",
            )?;
            UnsignedToken::service(host()?, PolicyName::parse(policy)?, expires)
        }
    };
    if let Some(policy) = &arguments.policy {
        unsigned = unsigned.signed_by(PolicyName::parse(policy)?);
    }
    let key = secret::key(arguments.key_file.as_deref(), "HUBWARD_KEY")?;
    writeln!(std::io::stdout(), "{}", unsigned.sign(&key))?;
    if expires.as_secs() < now() {
        // on the other stream, so that what reads the token reads the token alone
        eprintln!("hubward: the token has expired already by this clock");
    }
    Ok(Outcome::Well)
}

fn verify(arguments: &Verify) -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout();
    let rules = arguments.rules.rules();
    let text = secret::read(Some(&arguments.token_file), "HUBWARD_TOKEN")?;
    let token = match SasToken::parse(&text, &rules) {
        Ok(token) => token,
        Err(error) => return malformed(&mut out, &text, &error),
    };
    if arguments.token_file == Path::new("-") && arguments.key_file.as_deref() == Some(Path::new("-")) {
        return Err("the token and the key cannot both come from standard input".into());
    }
    let primary = secret::key(arguments.key_file.as_deref(), "HUBWARD_KEY")?;
    let secondary = match &arguments.secondary_key_file {
        Some(file) => Some(secret::key(Some(file), "HUBWARD_SECONDARY_KEY")?),
        None => None,
    };
    let keys = match &secondary {
        Some(secondary) => Keys::pair(&primary, secondary),
        None => Keys::one(&primary),
    };
    let when = arguments.now.unwrap_or_else(now);
    let verified = match token.verify(keys, at(when), &rules) {
        Ok(verified) => verified,
        Err(error) => {
            writeln!(out, "refused: {error} ({})", error.code())?;
            if let Some(hint) = error.clock_hint() {
                writeln!(out, "  {hint}")?;
            }
            return Ok(Outcome::Refused);
        }
    };
    if let Some(why) = unmet(arguments, &verified, &rules)? {
        writeln!(out, "refused: authentic, and {}", Shown::new(why))?;
        return Ok(Outcome::Refused);
    }
    writeln!(
        out,
        "authentic: for {}, signed by the {:?} key of {}, good for another {}",
        shown::text(&verified.resource()),
        verified.key_slot(),
        shown::text(&verified.signer()),
        words(verified.expires().as_secs().saturating_sub(when))
    )?;
    if arguments.host.is_none() {
        writeln!(out, "no --host was named: another hub's token under this key would be authentic too")?;
    }
    Ok(Outcome::Well)
}

/// What the token is not, of what it must be.
fn unmet(
    arguments: &Verify,
    verified: &VerifiedToken<'_>,
    rules: &TokenRules,
) -> Result<Option<String>, Box<dyn Error>> {
    if let Some(host) = &arguments.host {
        let host = Authority::parse(host)?;
        if !verified.resource().root().eq_decoded_ignore_ascii_case(host.as_str()) {
            return Ok(Some(format!("not for {host} but for {}", verified.resource())));
        }
    }
    if let Some(device) = &arguments.device {
        let device = DeviceId::parse(device)?;
        let wanted = match &arguments.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module)?),
            None => Identity::Device(device),
        };
        if !verified.is_for(&wanted, rules) {
            return Ok(Some(format!("not for {wanted} but for {}", verified.resource())));
        }
    }
    if let Some(policy) = &arguments.policy {
        let policies = [PolicyName::parse(policy)?];
        if let Err(error) = verified.check(&Requirements::new().with_policies(&policies)) {
            return Ok(Some(error.to_string()));
        }
    }
    Ok(None)
}

fn inspect(arguments: &Inspect) -> Result<Outcome, Box<dyn Error>> {
    let mut out = std::io::stdout();
    let text = secret::read(Some(&arguments.token_file), "HUBWARD_TOKEN")?;
    let token = match SasToken::parse(&text, &arguments.rules.rules()) {
        Ok(token) => token,
        Err(error) => return malformed(&mut out, &text, &error),
    };
    let now = arguments.now.unwrap_or_else(now);
    writeln!(out, "resource  {}", shown::text(&token.resource()))?;
    writeln!(out, "as sent   {}", Shown::new(token.resource().as_received()))?;
    match token.signer() {
        Lookup::Policy(name) => {
            writeln!(out, "key of    policy {} (skn is not signed: it proves nothing)", shown::text(&name))?
        }
        whose => writeln!(out, "key of    {}", shown::text(&whose))?,
    }
    let expiry = token.expiry();
    match (expiry.checked_sub(now), now.checked_sub(expiry)) {
        (Some(left), _) => writeln!(out, "expires   {expiry}, in {}", words(left))?,
        (None, Some(gone)) => writeln!(out, "expired   {expiry}, {} ago by this clock", words(gone))?,
        (None, None) => {}
    }
    writeln!(out, "signature 32 bytes, not shown and not verified")?;
    Ok(Outcome::Well)
}

/// Characters shown on each side of an error.
const AROUND: usize = 60;

/// The error, and a caret under the byte. Signatures and what may be one are not shown.
fn malformed(out: &mut impl Write, text: &str, error: &TokenParseError) -> Result<Outcome, Box<dyn Error>> {
    if text.is_empty() {
        return Err("no token: nothing was read".into());
    }
    writeln!(out, "refused: {error} ({})", error.code())?;
    if text.contains("HostName=") || text.contains("SharedAccessKey=") {
        writeln!(out, "  this is a connection string, not a token")?;
        return Ok(Outcome::Refused);
    }
    let hidden = hide_signature(text);
    let before = hidden.char_indices().take_while(|(at, _)| *at < error.offset).count();
    let skipped = before.saturating_sub(AROUND);
    let shown: String = hidden.chars().skip(skipped).take(AROUND.saturating_mul(2)).collect();
    writeln!(out, "  {shown}")?;
    writeln!(out, "  {}^", " ".repeat(before.saturating_sub(skipped)))?;
    Ok(Outcome::Refused)
}

/// The text with asterisks for all but what can be no secret: the scheme word, the four names, and of the values of
/// `sr`, `se` and `skn` as much as looks like one.
fn hide_signature(text: &str) -> String {
    const SCHEME: &str = "SharedAccessSignature ";
    let mut shown = String::new();
    let (scheme, fields) = match text.strip_prefix(SCHEME) {
        Some(fields) => (SCHEME, fields),
        None => ("", text),
    };
    shown.push_str(scheme);
    for (count, field) in fields.split('&').enumerate() {
        if count > 0 {
            shown.push('&');
        }
        let name_end = field.find('=').map_or(0, |at| at.saturating_add(1));
        let (name, value) = field.split_at_checked(name_end).unwrap_or(("", field));
        let known = ["sr=", "se=", "skn=", "sig="].iter().any(|known| name.eq_ignore_ascii_case(known));
        shown.extend(name.chars().map(|c| if known { c } else { '*' }));
        let open = known && !name.eq_ignore_ascii_case("sig=") && SecretShape::of(value).is_none();
        let open = if open { open_len(value) } else { 0 };
        shown.extend(value.char_indices().map(|(at, c)| if at < open { c } else { '*' }));
    }
    shown
}

/// How much of a value is shown: up to the first character that a resource, an expiry or a policy's name has no use
/// for, or the letters `sig`, where a signature may have run into it.
fn open_len(value: &str) -> usize {
    let usual = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '%' | '.' | '-' | '_' | '/' | ':' | '~' | '$' | '@')
    };
    let strange = value.find(|c| !usual(c)).unwrap_or(value.len());
    let sig = value.to_ascii_lowercase().find("sig").unwrap_or(value.len());
    strange.min(sig)
}

#[cfg(test)]
mod tests {
    use super::hide_signature;

    #[test]
    fn only_known_values_are_shown() {
        assert_eq!(
            hide_signature("SharedAccessSignature sr=h&sig=abcd%3D&se=1&SIG=xyz&secret&x=y"),
            "SharedAccessSignature sr=h&sig=*******&se=1&SIG=***&******&***"
        );
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        assert_eq!(hide_signature(key), "*".repeat(key.len()));
        for separator in ["\\u0026", ", ", ";", "%26", "\n", " ", "\"", "+"] {
            let shown = hide_signature(&format!(
                "SharedAccessSignature sr=h.net%2Fd{separator}sig=KL7x12v%3D{separator}se=1"
            ));
            assert!(!shown.contains("KL7"), "{shown}");
        }
        assert_eq!(hide_signature("no token at all"), "***************");
    }
}
