//! Tokens of the official SDKs.

use core::time::Duration;

use hubward_core::{Keys, Lookup, MacKey, SymmetricKey, UnixTime};
use hubward_sas::{SasToken, TokenRules, VerifyError};
use serde::Deserialize;

use super::{Tally, ensure};

#[derive(Deserialize)]
struct Case {
    id: String,
    key: String,
    token: String,
    expiry: u64,
    policy: Option<String>,
    expect: Expect,
    lookup: Option<Signer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Accept,
    Refuse,
    RefuseKey,
    Either,
}

/// The signer that a case expects.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Signer {
    Device(String),
    Module(String, String),
    Policy(String),
    Registration(String),
}

impl Signer {
    fn of(lookup: &Lookup<'_>) -> Option<Self> {
        Some(match lookup {
            Lookup::Device(id) => Self::Device(id.to_string()),
            Lookup::Module(device, module) => Self::Module(device.to_string(), module.to_string()),
            Lookup::Policy(name) => Self::Policy(name.to_string()),
            Lookup::Registration(_, id) => Self::Registration(id.to_string()),
            _ => return None,
        })
    }
}

/// Runs the cases of `json` under both providers.
///
/// # Errors
/// The error of the JSON reader if `json` is not a list of cases.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    for case in serde_json::from_str::<Vec<Case>>(json)? {
        tally.case(&case.id, || {
            judge(&case, hubward_rustcrypto::HmacKey::new)?;
            judge(&case, hubward_ring::HmacKey::new)
        });
    }
    Ok(())
}

fn judge<K: MacKey>(case: &Case, make: impl Fn(&SymmetricKey) -> K) -> Result<(), String> {
    let key = SymmetricKey::from_base64(&case.key);
    if matches!(case.expect, Expect::RefuseKey) {
        return ensure(key.is_err(), "the key was taken");
    }
    let key = make(&key.map_err(|error| error.to_string())?);
    match case.expect {
        Expect::Accept => accept(case, &key, &make(&other_key())),
        Expect::Either => match verify(&case.token, &key, case.expiry) {
            Ok(signer) => {
                ensure(model(case).is_some_and(|m| signer == Some(m)), "another lookup than the model's")
            }
            Err(_) => Ok(()),
        },
        Expect::Refuse | Expect::RefuseKey => {
            ensure(verify(&case.token, &key, case.expiry).is_err(), "was accepted")
        }
    }
}

fn accept<K: MacKey>(case: &Case, key: &K, other: &K) -> Result<(), String> {
    let Case { token, expiry, .. } = case;
    let signer = verify(token, key, *expiry)?;
    ensure(signer == case.lookup, format!("the signer is {signer:?}"))?;
    verify(token, key, expiry + 300)?;

    let parsed = SasToken::parse(token, &TokenRules::HUB_COMPAT).map_err(|error| error.to_string())?;
    for (rules, late) in [(TokenRules::HUB_COMPAT, expiry + 301), (TokenRules::STRICT, expiry + 1)] {
        let verdict = parsed.verify_for_any_host(Keys::one(key), at(late), &rules);
        ensure(matches!(verdict, Err(VerifyError::Expired { .. })), "does not expire")?;
    }
    ensure(verify(token, other, *expiry).is_err(), "another key verifies it")?;
    let second = parsed.verify_for_any_host(Keys::pair(other, key), at(*expiry), &TokenRules::HUB_COMPAT);
    ensure(second.is_ok(), "the second key does not verify it")?;

    let (before, sig, after) = field(token, "sig=");
    for at in 0..sig.len() {
        let mut flipped = sig.to_owned().into_bytes();
        flipped[at] ^= 1;
        let flipped = format!("{before}{}{after}", String::from_utf8_lossy(&flipped));
        ensure(
            verify(&flipped, key, *expiry).is_err(),
            format!("accepted with character {at} of sig changed"),
        )?;
    }
    let (before, se, after) = field(token, "se=");
    let later = format!("{before}{}{after}", se.parse::<u64>().unwrap_or(0) + 1);
    ensure(verify(&later, key, *expiry).is_err(), "accepted with se changed")
}

fn verify<K: MacKey>(token: &str, key: &K, now: u64) -> Result<Option<Signer>, String> {
    let rules = TokenRules::HUB_COMPAT;
    let token = SasToken::parse(token, &rules).map_err(|error| error.to_string())?;
    let signer = Signer::of(&token.signer());
    token.verify_for_any_host(Keys::one(key), at(now), &rules).map_err(|error| error.to_string())?;
    Ok(signer)
}

/// Returns the signer of the case's resource and policy, by a simple model.
fn model(case: &Case) -> Option<Signer> {
    let (_, sr, _) = field(&case.token, "sr=");
    let decoded = decode(sr)?;
    let names: Vec<&str> = decoded.split('/').collect();
    if let [scope, "registrations", id] = names[..]
        && !scope.contains('.')
    {
        return Some(Signer::Registration(id.to_owned()));
    }
    if let Some(policy) = case.policy.as_ref().filter(|policy| !policy.is_empty()) {
        return Some(Signer::Policy(policy.clone()));
    }
    match names[..] {
        [_, "devices", id] => Some(Signer::Device(id.to_owned())),
        [_, "devices", id, "modules", module] => Some(Signer::Module(id.to_owned(), module.to_owned())),
        _ => None,
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chars = text.bytes();
    while let Some(byte) = chars.next() {
        bytes.push(if byte == b'%' {
            let digits = [chars.next()?, chars.next()?];
            u8::from_str_radix(core::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// Splits a token into the part before a field's value, the value, and the rest.
fn field<'a>(token: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let start = token.find(&format!(" {name}")).or_else(|| token.find(&format!("&{name}")));
    let start = start.expect("the field is there") + 1 + name.len();
    let end = token[start..].find('&').map_or(token.len(), |len| start + len);
    (&token[..start], &token[start..end], &token[end..])
}

fn other_key() -> SymmetricKey {
    SymmetricKey::from_bytes(b"another device's key, 32 bytes..").expect("a key")
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
