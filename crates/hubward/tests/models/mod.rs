//! Models of the parsers, written for obviousness, and comparisons of the crate with them. The fuzz targets use them too.
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

pub mod auth_chain;
pub mod cbs;
pub mod http;
pub mod link;
pub mod mqtt;
pub mod provisioning;
pub mod sasl;

use core::time::Duration;

use hubward::sas::UnsignedToken;
use hubward::types::{Authority, DeviceId, HostName, ModuleId, PolicyName, SymmetricKey, UnixTime};
use hubward::{AuthError, Credentials, HubConfig};
use hubward_rustcrypto::HmacKey;

pub const HUB: &str = "contoso.azure-devices.net";

/// The identity that a text names.
#[derive(Debug, Clone, PartialEq)]
pub enum NamedIdentity {
    Device(String),
    Module(String, String),
    Policy(String),
}

impl NamedIdentity {
    /// Returns the text of the lookup.
    pub fn lookup(&self) -> String {
        match self {
            Self::Device(id) => format!("device {id}"),
            Self::Module(device, module) => format!("module {device}/{module}"),
            Self::Policy(name) => format!("policy {name}"),
        }
    }

    /// Returns the client id.
    pub fn names(&self) -> String {
        match self {
            Self::Module(device, module) => format!("{device}/{module}"),
            Self::Device(name) | Self::Policy(name) => name.clone(),
        }
    }

    /// Returns the identity's own token.
    pub fn token(&self) -> String {
        let (host, until) =
            (Authority::parse(HUB).unwrap(), UnixTime::since_unix_epoch(Duration::from_secs(1)));
        let unsigned = match self {
            Self::Device(id) => UnsignedToken::device(host, DeviceId::parse(id).unwrap(), until),
            Self::Module(device, module) => {
                let (device, module) = (DeviceId::parse(device).unwrap(), ModuleId::parse(module).unwrap());
                UnsignedToken::module(host, device, module, until)
            }
            Self::Policy(name) => UnsignedToken::service(host, PolicyName::parse(name).unwrap(), until),
        };
        unsigned.sign(&key()).to_string()
    }
}

pub fn key() -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(b"sixteen bytes...").unwrap())
}

pub fn rules() -> HubConfig<HmacKey> {
    HubConfig::new(HostName::parse(HUB).unwrap(), key())
}

/// Returns the lookup that the crate asks for, or the code of the rejection.
pub fn lookup_of(presented: Result<Credentials<'_>, AuthError>) -> Result<String, &'static str> {
    let rules = rules();
    match presented.and_then(|presented| presented.start(&rules)) {
        Ok(question) => Ok(question.lookup().to_string()),
        Err(error) => Err(error.code()),
    }
}

pub fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-:.+%_#*?!(),=@;$'".contains(c);
    (1..=128).contains(&text.len()) && text != "." && text != ".." && text.chars().all(allowed)
}

pub fn is_policy(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-@.".contains(c))
}

/// Decodes percent escapes once. Returns `None` if the result is empty or not visible ASCII.
pub fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let hex = digits.chars().all(|c| c.is_ascii_hexdigit());
        out.push(char::from(u8::from_str_radix(digits, 16).ok().filter(|_| hex)?));
        out.push_str(rest);
    }
    (!out.is_empty() && out.chars().all(|c| c.is_ascii_graphic())).then_some(out)
}
