//! A hub with two devices, a module and the default policies.
#![allow(dead_code, reason = "each test uses what it needs")]

pub mod edge;

use core::time::Duration;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::sas::{TokenRules, UnsignedToken};
use hubward::types::{
    Authority, DeviceId, HostName, Lookup, MacKey, ModuleId, Permissions, PolicyName, Status, SymmetricKey,
    UnixTime,
};
use hubward::{
    AuthError, Authenticated, Cbs, CheckedSession, Credentials, HubConfig, LinkDecision, LinkDenial,
    LinkRole, Session,
};
use hubward_rustcrypto::HmacKey;

pub const HUB: &str = "contoso.azure-devices.net";
pub const NOW: u64 = 1_800_000_000;

pub struct Hub {
    pub registry: Registry<HmacKey>,
    pub rules: HubConfig<HmacKey>,
}

/// Returns a key that is derived from a name of up to 64 characters.
pub fn key(name: &str) -> HmacKey {
    let mut bytes = [b'.'; 64];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    HmacKey::new(&SymmetricKey::from_bytes(&bytes).unwrap())
}

pub fn pair(name: &str) -> SymmetricKeys<HmacKey> {
    SymmetricKeys::new(key(&format!("{name} primary")), key(&format!("{name} secondary")))
}

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub fn device(id: &str) -> DeviceId<'_> {
    DeviceId::parse(id).unwrap()
}

pub fn module(id: &str) -> ModuleId<'_> {
    ModuleId::parse(id).unwrap()
}

pub fn policy(name: &str) -> PolicyName<'_> {
    PolicyName::parse(name).unwrap()
}

pub fn hub() -> Hub {
    let mut registry = Registry::unseeded();
    for id in ["dev1", "dev10", "off", "a+b"] {
        registry.create_device(device(id), Authentication::Sas(pair(id))).unwrap();
    }
    registry.create_device(device("x509"), Authentication::None).unwrap();
    registry.create_module(device("dev1"), module("mod1"), Authentication::Sas(pair("dev1/mod1"))).unwrap();
    registry.set_status(device("off"), Status::Disabled).unwrap();
    for (name, rights) in [
        ("iothubowner", "RegistryWrite, ServiceConnect, DeviceConnect"),
        ("service", "ServiceConnect"),
        ("device", "DeviceConnect"),
        ("registryRead", "RegistryRead"),
    ] {
        registry.set_policy(policy(name), rights.parse::<Permissions>().unwrap(), pair(name));
    }
    Hub { registry, rules: HubConfig::new(HostName::parse(HUB).unwrap(), key("dummy")) }
}

pub fn compat() -> Hub {
    let mut hub = hub();
    hub.rules = hub.rules.with_token_rules(TokenRules::HUB_COMPAT);
    hub
}

/// Returns a token over `sr` as given, so that tests choose the encoding.
pub fn token(sr: &str, key: &HmacKey, expiry: u64, skn: Option<&str>) -> String {
    let host = Authority::parse(HUB).unwrap();
    let tag = key.tag(&[format!("{sr}\n{expiry}").as_bytes()]);
    let signed = UnsignedToken::device(host, device("d"), at(expiry)).finish(tag).to_string();
    let sig = signed.split(['&', ' ']).find(|field| field.starts_with("sig=")).unwrap();
    let skn = skn.map(|skn| format!("&skn={skn}")).unwrap_or_default();
    format!("SharedAccessSignature sr={sr}&{sig}&se={expiry}{skn}")
}

/// Returns a device's own token.
pub fn own_token(id: &str) -> String {
    UnsignedToken::device(Authority::parse(HUB).unwrap(), device(id), at(NOW + 3600))
        .sign(&key(&format!("{id} primary")))
        .to_string()
}

pub fn username(id: &str) -> String {
    format!("{HUB}/{id}/?api-version=2021-04-12")
}

impl Hub {
    pub fn admit<'a>(&'a self, presented: Credentials<'a>, now: u64) -> Result<Authenticated<'a>, AuthError> {
        Ok(self.rules.authenticate(presented, &self.registry, || at(now))?)
    }

    /// Rechecks a session that must be valid.
    pub fn checked<'s>(&self, session: &'s Session, now: u64) -> CheckedSession<'s> {
        self.rules.recheck(session, &self.registry, || at(now)).unwrap()
    }

    /// Returns the session if it is still valid.
    pub fn valid<'s>(&self, session: &'s Session, now: u64) -> Option<CheckedSession<'s>> {
        self.rules.recheck(session, &self.registry, || at(now)).ok()
    }

    /// Returns the identity whose session permits the link, or the denial.
    #[allow(clippy::result_large_err, reason = "a helper of tests")]
    pub fn attach<'s>(
        &self,
        cbs: &'s mut Cbs,
        role: LinkRole,
        address: &'s str,
        now: u64,
    ) -> Result<String, LinkDenial<'s>> {
        let Ok(decision) = self.rules.may_attach(cbs, role, address, &self.registry, || at(now));
        match decision {
            LinkDecision::Allow(session, _) => Ok(session.identity().to_string()),
            LinkDecision::Deny(denial) => Err(denial),
        }
    }

    pub fn may_send(&self, cbs: &mut Cbs, address: &str, now: u64) -> bool {
        self.attach(cbs, LinkRole::Sender, address, now).is_ok()
    }

    /// Returns the authenticated identity, or the code of the rejection.
    pub fn mqtt(&self, client_id: &str, username: &str, password: &str) -> Result<String, &'static str> {
        Credentials::mqtt(client_id, username, Some(password))
            .and_then(|presented| self.admit(presented, NOW).map(|admitted| admitted.identity().to_string()))
            .map_err(|error| error.code())
    }

    /// Returns the decision with its reason, or the code of the rejection.
    pub fn http(&self, method: &str, path: &str, authorization: &str) -> Result<String, &'static str> {
        Credentials::http(method, path, HUB, Some(authorization))
            .and_then(|presented| self.admit(presented, NOW).map(|admitted| admitted.decision().to_string()))
            .map_err(|error| error.code())
    }

    pub fn answers(&self, session: &Session) -> Vec<hubward::types::LookupResult<'_, HmacKey>> {
        let find = |lookup: Lookup<'_>| self.registry.find(&lookup, session.issuers());
        session.lookups().map(find).collect()
    }
}
