//! `hubward token sign | verify | inspect`.

use core::error::Error;
use core::time::Duration;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use hubward::sas::{
    Requirements, SasToken, TokenParseError, TokenRules, UnsignedToken, VerifiedToken, expires_after, explain,
};
use hubward::types::{
    Authority, DeviceId, Hint, IdScope, Identity, Keys, Lookup, ModuleId, PolicyName, RegistrationId,
    SecretShape, Shown,
};

use crate::Outcome;
use crate::clock::{NowArgument, at};
use crate::exit::{OrMisuse, misuse};
use crate::secret;
use crate::shown;
use crate::times::{self, rfc3339_unsigned, words};

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
        eprintln!("hubward: the token is expired: its expiry is {}", rfc3339_unsigned(expires.as_secs()));
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
        Err(error) => return malformed(&mut out, &text, &error),
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
    let now = arguments.now.seconds();
    let verified = match token.verify_for_any_host(keys, at(now), &rules) {
        Ok(verified) => verified,
        Err(error) => {
            writeln!(out, "refused: {error} ({})", error.code())?;
            if let Some(hint) = error.clock_hint() {
                writeln!(out, "  {hint}")?;
            }
            return Ok(Outcome::Refused);
        }
    };
    if let Some(reason) = mismatch(arguments, &verified, &rules)? {
        writeln!(out, "refused: authentic, but {}", Shown::new(reason))?;
        return Ok(Outcome::Refused);
    }
    writeln!(
        out,
        "authentic: for {}, signed by the {:?} key of {}, valid for another {}, until {}",
        shown::text(&verified.resource()),
        verified.key_slot(),
        shown::text(&verified.signer()),
        words(verified.expires().as_secs().saturating_sub(now)),
        rfc3339_unsigned(verified.expires().as_secs())
    )?;
    if arguments.host.is_none() {
        writeln!(
            out,
            "--host was not given: a token for another hub, signed with this key, would be authentic too"
        )?;
    }
    Ok(Outcome::Good)
}

/// Returns the requirement of the command line that the token does not meet.
fn mismatch(
    arguments: &Verify,
    verified: &VerifiedToken<'_>,
    rules: &TokenRules,
) -> Result<Option<String>, Box<dyn Error>> {
    if let Some(host) = &arguments.host {
        let host = Authority::parse(host).or_misuse()?;
        if !verified.resource().root().eq_decoded_ignore_ascii_case(host.as_str()) {
            return Ok(Some(format!("for {}, not for {host}", verified.resource())));
        }
    }
    if let Some(device) = &arguments.device {
        let device = DeviceId::parse(device).or_misuse()?;
        let expected = match &arguments.module {
            Some(module) => Identity::Module(device, ModuleId::parse(module).or_misuse()?),
            None => Identity::Device(device),
        };
        if !verified.is_for(&expected, rules) {
            return Ok(Some(format!("for {}, not for {expected}", verified.resource())));
        }
    }
    if let Some(policy) = &arguments.policy {
        let policies = [PolicyName::parse(policy).or_misuse()?];
        if let Err(error) = verified.check(&Requirements::new().with_policies(&policies)) {
            return Ok(Some(error.to_string()));
        }
    }
    Ok(None)
}

fn inspect(arguments: &Inspect) -> Result<Outcome, Box<dyn Error>> {
    let text = secret::read(Some(&arguments.token), "HUBWARD_TOKEN")?;
    print(&mut crate::out::stdout(), &text, &arguments.rules.rules(), arguments.now.seconds())
}

/// Prints the fields of a token, or its first error.
pub(crate) fn print(
    out: &mut impl Write,
    text: &str,
    rules: &TokenRules,
    now: u64,
) -> Result<Outcome, Box<dyn Error>> {
    let token = match SasToken::parse(text, rules) {
        Ok(token) => token,
        Err(error) => return malformed(out, text, &error),
    };
    writeln!(out, "resource  {}", shown::text(&token.resource()))?;
    writeln!(out, "as sent   {}", Shown::new(token.resource().as_received()))?;
    match token.signer() {
        Lookup::Policy(name) => {
            writeln!(out, "key of    policy {} (skn is not signed: it is only a claim)", shown::text(&name))?
        }
        signer => writeln!(out, "key of    {}", shown::text(&signer))?,
    }
    let expiry = token.expires().as_secs();
    match (expiry.checked_sub(now), now.checked_sub(expiry)) {
        (Some(left), _) => writeln!(out, "expires   {}, in {}", rfc3339_unsigned(expiry), words(left))?,
        (None, Some(past)) => writeln!(out, "expired   {}, {} ago", rfc3339_unsigned(expiry), words(past))?,
        (None, None) => {}
    }
    writeln!(out, "signature 32 bytes, not shown, not verified")?;
    if let Some(hint) = explain(text) {
        writeln!(out, "hint      {hint} ({})", hint.code())?;
    }
    Ok(Outcome::Good)
}

/// The number of characters that are shown on each side of an error.
const CONTEXT: usize = 60;

/// Prints the error, and a caret under the byte. Text that may be a signature is not shown.
fn malformed(out: &mut impl Write, text: &str, error: &TokenParseError) -> Result<Outcome, Box<dyn Error>> {
    if text.is_empty() {
        return Err("the input is empty: it has no token".into());
    }
    writeln!(out, "refused: {error} ({})", error.code())?;
    let hint = explain(text);
    if let Some(hint) = hint {
        writeln!(out, "hint: {hint} ({})", hint.code())?;
    }
    // a text of another kind has secrets in other places
    if matches!(hint, Some(Hint::ConnectionStringForToken | Hint::KeyForToken | Hint::BearerToken)) {
        return Ok(Outcome::Refused);
    }
    let hidden = hide_signature(text);
    let before = hidden.char_indices().take_while(|(at, _)| *at < error.offset).count();
    let skipped = before.saturating_sub(CONTEXT);
    let shown: String = hidden.chars().skip(skipped).take(CONTEXT.saturating_mul(2)).collect();
    writeln!(out, "  {shown}")?;
    writeln!(out, "  {}^", " ".repeat(before.saturating_sub(skipped)))?;
    Ok(Outcome::Refused)
}

/// Returns the text with asterisks in place of all that may be secret. Shown are the scheme, the four names, and the values
/// of `sr`, `se` and `skn` as far as they have the usual form.
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

/// Returns the length of the shown part of a value: up to the first character that is unusual in a resource, an expiry or a
/// policy name, or up to the letters `sig`, which may begin a signature without a separator.
fn open_len(value: &str) -> usize {
    let is_usual = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '%' | '.' | '-' | '_' | '/' | ':' | '~' | '$' | '@')
    };
    let unusual = value.find(|c| !is_usual(c)).unwrap_or(value.len());
    let sig = value.to_ascii_lowercase().find("sig").unwrap_or(value.len());
    unusual.min(sig)
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
