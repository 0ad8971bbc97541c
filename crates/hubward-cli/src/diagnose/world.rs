//! The hub of a diagnosis: a registry, its configuration, and the lookups that were made.

use core::cell::RefCell;
use core::convert::Infallible;
use core::error::Error;
use std::path::Path;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::sas::TokenRules;
use hubward::types::{
    Authority, Credential, HostName, LookupResult, Permissions, PolicyName, Status, SymmetricKey,
};
use hubward::{BothCredentials, FoundRecord, HubConfig, RecordRequest, Store};
use hubward_connection_string::{ConnectionString, DeviceCredential, ParseOptions, ServiceCredential};
use hubward_rustcrypto::HmacKey;
use serde_json::Value;

use super::{HubArguments, x509};
use crate::file::random;
use crate::registry::RegistryFile;
use crate::{secret, shown};

/// The longest text that is tried as a connection string.
const LONGEST: u64 = 8192;

pub(super) struct World {
    pub(super) registry: Registry<HmacKey>,
    pub(super) config: HubConfig<HmacKey>,
    pub(super) host: String,
    steps: RefCell<Vec<String>>,
}

/// The registry, which writes down each lookup.
pub(super) struct Watched<'w>(&'w World);

impl Store<HmacKey> for Watched<'_> {
    type Error = Infallible;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Infallible> {
        let found = self.0.registry.find(request.lookup(), request.issuers());
        let step = format!("looked up {}: {}", shown::text(request.lookup()), description(&found));
        self.0.steps.borrow_mut().push(step);
        Ok(found.into())
    }
}

/// Returns the record in words.
fn description(found: &LookupResult<'_, HmacKey>) -> String {
    match found {
        LookupResult::Identity(record) => {
            let status = if record.status() == Status::Enabled { "enabled" } else { "disabled" };
            let proof = match record.credential() {
                Credential::Keys(keys) if keys.secondary().is_some() => "two keys",
                Credential::Keys(_) => "one key",
                Credential::Thumbprints { .. } => "thumbprints of certificates",
                Credential::CertificateAuthority => "a certificate of a CA",
                _ => "another credential",
            };
            format!("{status}, with {proof}")
        }
        LookupResult::Policy(policy) => format!("a policy with {}", policy.rights()),
        _ => "not found".to_owned(),
    }
}

impl World {
    /// Opens the registry. `named` is the host that the client names.
    pub(super) fn open(
        arguments: &HubArguments,
        named: &str,
        with_certificates: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let (registry, own) = match from_connection_string(arguments.file.path())? {
            Some((registry, host)) => (registry, Some(host)),
            None => (RegistryFile::open(&arguments.file, crate::out::is_json())?.registry, None),
        };
        let mut registry = registry;
        if let Some(file) = &arguments.policies {
            read_policies(&mut registry, file)?;
        }
        let given = arguments.host.as_deref().or(own.as_deref()).unwrap_or(named);
        let name = given.split(':').next().unwrap_or(given);
        // a name that is malformed is the client's mistake, which the judgement names
        let host = HostName::parse(name).or_else(|_| HostName::parse("hub.invalid"))?;
        let dummy = SymmetricKeys::generate(random, HmacKey::new)?;
        let dummy = dummy.view().expose_primary().ok_or("no key")?;
        let mut config = HubConfig::new(host, HmacKey::new(&dummy))
            .with_token_rules(TokenRules::HUB_COMPAT)
            .with_both_credentials(BothCredentials::Refuse);
        if let Ok(authority) = Authority::parse(given) {
            config = config.with_aliases([authority]);
        }
        if with_certificates || !arguments.ca.is_empty() {
            config = config.with_x509(x509(&arguments.ca, &arguments.crl)?);
        }
        Ok(Self { registry, config, host: host.as_str().to_owned(), steps: RefCell::default() })
    }

    pub(super) const fn watched(&self) -> Watched<'_> {
        Watched(self)
    }

    /// Forgets the lookups that were made.
    pub(super) fn forget(&self) {
        self.steps.borrow_mut().clear();
    }

    /// Returns the lookups that were made, and forgets them.
    pub(super) fn steps(&self) -> Vec<String> {
        self.steps.take()
    }
}

/// A registry, and the host of the connection string that it was made of.
type Made = (Registry<HmacKey>, String);

/// Returns the registry of a file that is a connection string: with its device or its policy alone.
fn from_connection_string(file: &Path) -> Result<Option<Made>, Box<dyn Error>> {
    if std::fs::metadata(file).map_or(true, |about| about.len() > LONGEST) {
        return Ok(None);
    }
    let Ok(text) = secret::read(Some(file), "HUBWARD_CONNECTION_STRING") else { return Ok(None) };
    let Ok(string) = ConnectionString::parse(&text, &ParseOptions::STRICT) else { return Ok(None) };
    let mut registry = Registry::new(random)?;
    let keys = |key: SymmetricKey| SymmetricKeys::kept_one(key, HmacKey::new);
    let no_key =
        "the connection string has a token or a certificate: its key is needed to judge what a client sends";
    let host = match &string {
        ConnectionString::Device(device) => {
            let DeviceCredential::Key(key) = device.credential() else { return Err(no_key.into()) };
            registry.create_device(device.id(), Authentication::Sas(keys(key.symmetric_key()?)))?;
            device.host()
        }
        ConnectionString::Module(module) => {
            let DeviceCredential::Key(key) = module.credential() else { return Err(no_key.into()) };
            let device = SymmetricKeys::generate(random, HmacKey::new)?;
            registry.create_device(module.device_id(), Authentication::Sas(device))?;
            let own = Authentication::Sas(keys(key.symmetric_key()?));
            registry.create_module(module.device_id(), module.id(), own)?;
            module.host()
        }
        ConnectionString::Service(service) => {
            let ServiceCredential::Key(key) = service.credential() else { return Err(no_key.into()) };
            registry.set_policy(service.policy(), rights_of(service.policy()), keys(key.symmetric_key()?));
            service.host()
        }
        other => return Err(format!("a {} connection string is not valid at a hub", other.kind()).into()),
    };
    Ok(Some((registry, host.as_str().to_owned())))
}

/// Returns the permissions of a default policy of that name, else all.
fn rights_of(name: PolicyName<'_>) -> Permissions {
    let known = hubward::policy::DEFAULT_POLICIES.iter().find(|policy| policy.name() == name.as_str());
    known.map_or(Permissions::all(), |policy| policy.rights())
}

/// Reads `[{keyName, primaryKey, secondaryKey, rights}]`.
fn read_policies(registry: &mut Registry<HmacKey>, file: &Path) -> Result<(), Box<dyn Error>> {
    let name = shown::file(file);
    let text = secret::read(Some(file), "")?;
    let list: Vec<Value> = serde_json::from_str(&text).map_err(|error| {
        format!("{name}: not a list of policies, line {}, column {}", error.line(), error.column())
    })?;
    for (at, policy) in list.iter().enumerate() {
        let text = |member: &str| policy.get(member).and_then(Value::as_str);
        let wrong = |problem: String| format!("{name}: policy {at}: {problem}");
        let named =
            PolicyName::parse(text("keyName").unwrap_or_default()).map_err(|e| wrong(e.to_string()))?;
        let rights: Permissions =
            text("rights").unwrap_or_default().parse().map_err(|error| wrong(format!("rights: {error}")))?;
        let key = |text: &str| SymmetricKey::from_base64(text).map_err(|error| wrong(error.to_string()));
        let primary = key(text("primaryKey").unwrap_or_default())?;
        let keys = match text("secondaryKey") {
            Some(secondary) => SymmetricKeys::kept(primary, key(secondary)?, HmacKey::new),
            None => SymmetricKeys::kept_one(primary, HmacKey::new),
        };
        registry.set_policy(named, rights, keys);
    }
    Ok(())
}
