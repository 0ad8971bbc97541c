//! The real thing: the facade with the registry, asked the same question as the model.

use core::convert::Infallible;
use core::time::Duration;

use hubward::registry::{
    Attestation as RealAttestation, Authentication, Capabilities, Change, Derivation,
    Enrollment as RealEnrollment, Enrollments, ListEntry, Registry, SymmetricKeys, Thumbprints,
};
use hubward::sas::TokenRules;
use hubward::types::{
    Authority, DeviceId, HostName, IdScope, Identity, LookupResult, ModuleId, Permissions, PolicyName,
    RegistrationId, Status, UnixTime,
};
use hubward::x509::Anchors;
use hubward::{
    AuthError, Authenticated, BothCredentials, CBS_OPERATION, Cbs, CbsRequest, Credentials, FoundRecord,
    HubConfig, LinkDecision, LinkRole, ProvisioningConfig, RecordRequest, RegistrationCredentials, Store,
    X509Config,
};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;

use super::certificates::{certificates, issuers, sha256};
use super::records::{HUB, SCOPE, key_bytes};
use super::world::{Attempt, Attestation, Both, Credential, Entry, Print, Rules, Verdict, World};

/// Asks the facade about the attempt of a world.
#[must_use]
pub fn real(world: &World) -> Verdict {
    let admitted = match &world.attempt {
        Attempt::Mqtt { client_id, username, password, certificate } => {
            Credentials::mqtt(client_id, username, password.as_deref())
                .and_then(|credentials| connected(world, credentials, *certificate, false))
                .ok()
        }
        Attempt::Http { method, path, host, authorization, certificate } => {
            Credentials::http(method, path, host, authorization.as_deref())
                .and_then(|credentials| connected(world, credentials, *certificate, true))
                .ok()
        }
        Attempt::Plain { username, password } => Credentials::amqp_plain(username, password)
            .and_then(|credentials| connected(world, credentials, None, false))
            .ok(),
        Attempt::Cbs { kind, name, token, sends, address } => {
            linked(world, CbsRequest::new(CBS_OPERATION, kind, name, token), *sends, address)
        }
        Attempt::Register { client_id, username, password, certificate } => {
            registered(world, client_id, username, password.as_deref(), *certificate).ok()
        }
    };
    admitted.filter(|name| !name.is_empty()).map_or(Verdict::Refused, Verdict::Admitted)
}

struct Hub<'w> {
    world: &'w World,
    registry: Registry<HmacKey>,
    config: HubConfig<HmacKey>,
}

/// The hierarchy belongs to the store, in which it comes with the record.
struct Stored<'h> {
    registry: &'h Registry<HmacKey>,
    above: Vec<(Identity<'h>, Vec<DeviceId<'h>>)>,
}

impl Store<HmacKey> for Stored<'_> {
    type Error = Infallible;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Infallible> {
        let found = self.registry.find(request.lookup(), request.issuers());
        Ok(match found {
            LookupResult::Identity(record) => {
                let above = self.above.iter().find(|(own, _)| *own == record.identity());
                LookupResult::Identity(match above {
                    Some((_, above)) => record.with_ancestors(above),
                    None => record,
                })
            }
            found => found,
        }
        .into())
    }
}

fn now(world: &World) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(world.now))
}

fn key(name: &str) -> HmacKey {
    HmacKey::new(&key_bytes(name))
}

fn device(id: &str) -> DeviceId<'_> {
    DeviceId::parse(id).unwrap()
}

fn identity<'n>(device_id: &'n str, module: Option<&'n str>) -> Identity<'n> {
    match module {
        Some(module) => Identity::Module(device(device_id), ModuleId::parse(module).unwrap()),
        None => Identity::Device(device(device_id)),
    }
}

fn named(name: &str) -> Identity<'_> {
    match name.split_once('/') {
        Some((device, module)) => identity(device, Some(module)),
        None => identity(name, None),
    }
}

fn print(print: Print) -> hubward::types::Thumbprint {
    certificates()[print.certificate].thumbprint(print.sha1)
}

fn authentication(credential: &Credential) -> Authentication<HmacKey> {
    match credential {
        Credential::Keys(primary, Some(secondary)) => {
            Authentication::Sas(SymmetricKeys::new(key(primary), key(secondary)))
        }
        Credential::Keys(primary, None) => Authentication::Sas(SymmetricKeys::one(key(primary))),
        Credential::Thumbprints(one, other) => {
            Authentication::SelfSigned(Thumbprints::new(one.map(print), other.map(print)).unwrap())
        }
        Credential::Authority => Authentication::CertificateAuthority,
        Credential::None => Authentication::None,
    }
}

const fn status(enabled: bool) -> Status {
    if enabled { Status::Enabled } else { Status::Disabled }
}

fn registry(world: &World) -> Registry<HmacKey> {
    let mut registry = Registry::unseeded();
    for own in &world.devices {
        let mut change = Change::new().with_status(status(own.enabled));
        if own.edge {
            change = change.with_capabilities(Capabilities::EDGE);
        }
        registry.create(identity(&own.id, None), authentication(&own.credential), change).unwrap();
    }
    for own in &world.modules {
        let id = identity(&own.device, Some(&own.id));
        registry.create(id, authentication(&own.credential), Change::new()).unwrap();
    }
    for own in &world.policies {
        let keys = SymmetricKeys::new(key(&own.keys.0), key(&own.keys.1));
        let rights: Permissions = own.rights.parse().unwrap();
        registry.set_policy(PolicyName::parse(&own.name).unwrap(), rights, keys);
    }
    let access = registry.access_mut();
    for (group, member) in &world.lists.members {
        access.join(group, named(member));
    }
    for entry in &world.lists.block {
        access.block_mut().add(listed(entry));
    }
    if let Some(allow) = &world.lists.allow {
        let list = access.require_allow();
        allow.iter().for_each(|entry| list.add(listed(entry)));
    }
    registry
}

fn listed(entry: &Entry) -> ListEntry<'_> {
    match entry {
        Entry::Identity(name) => ListEntry::Identity(named(name)),
        Entry::Group(group) => ListEntry::Group(group),
        Entry::Issuer(number) => ListEntry::Issuer(sha256(&issuers()[*number])),
    }
}

fn token_rules(world: &World) -> TokenRules {
    match world.rules {
        Rules::Strict => TokenRules::STRICT,
        Rules::Field => TokenRules::HUB_COMPAT,
    }
}

const fn both(world: &World) -> BothCredentials {
    match world.both {
        Both::Refuse => BothCredentials::Refuse,
        Both::Token => BothCredentials::TokenWins,
        Both::Certificate => BothCredentials::CertificateWins,
    }
}

fn x509() -> X509Config {
    X509Config::new(Anchors::parse(&issuers()[..1]).unwrap(), signature::ALL, &Digests)
}

impl<'w> Hub<'w> {
    fn new(world: &'w World) -> Self {
        let aliases = world.alias.as_deref().map(|alias| Authority::parse(alias).unwrap());
        let config = HubConfig::new(HostName::parse(HUB).unwrap(), key("dummy"))
            .with_aliases(aliases)
            .with_token_rules(token_rules(world))
            .with_both_credentials(both(world))
            .with_x509(x509());
        Self { world, registry: registry(world), config }
    }

    fn store(&self) -> Stored<'_> {
        let above = |ids: &'w [String]| ids.iter().map(|id| device(id)).collect::<Vec<_>>();
        let devices = self.world.devices.iter().map(|own| (identity(&own.id, None), above(&own.above)));
        let modules =
            self.world.modules.iter().map(|own| (identity(&own.device, Some(&own.id)), above(&own.above)));
        Stored { registry: &self.registry, above: devices.chain(modules).collect() }
    }
}

fn connected(
    world: &World,
    credentials: Credentials<'_>,
    certificate: Option<usize>,
    decided: bool,
) -> Result<String, AuthError> {
    let hub = Hub::new(world);
    let store = hub.store();
    let credentials = match certificate {
        Some(shown) => credentials.with_certificates(&certificates()[shown].chain),
        None => credentials,
    };
    let admitted = hub.config.authenticate(credentials, &store, || now(world))?;
    Ok(if decided && !admitted.decision().is_allow() { String::new() } else { written(&admitted) })
}

fn written(admitted: &Authenticated<'_>) -> String {
    let actor = admitted.actor().map(|actor| format!(" by {actor}")).unwrap_or_default();
    format!("{}{actor}", admitted.identity())
}

fn linked(world: &World, put: CbsRequest<'_>, sends: bool, address: &str) -> Option<String> {
    let hub = Hub::new(world);
    let (store, clock) = (hub.store(), || now(world));
    let mut cbs = Cbs::new();
    let Ok(response) = hub.config.put_token(&mut cbs, put, &store, clock);
    if response.error().is_some() {
        return None;
    }
    let role = if sends { LinkRole::Sender } else { LinkRole::Receiver };
    let Ok(decision) = hub.config.may_attach(&mut cbs, role, address, &store, clock);
    match decision {
        LinkDecision::Allow(session, _) => Some(session.identity().to_string()),
        LinkDecision::Deny(_) => None,
    }
}

fn registered(
    world: &World,
    client_id: &str,
    username: &str,
    password: Option<&str>,
    certificate: Option<usize>,
) -> Result<String, AuthError> {
    let config = ProvisioningConfig::new(IdScope::parse(SCOPE).unwrap(), key("dummy"))
        .with_token_rules(token_rules(world))
        .with_both_credentials(both(world))
        .with_x509(x509());
    let mut all = Enrollments::new(Derivation::AsPresented);
    for own in &world.enrollments {
        let attestation = match &own.attestation {
            Attestation::Keys(primary, secondary) => {
                RealAttestation::SymmetricKey(SymmetricKeys::new(key(primary), key(secondary)))
            }
            Attestation::Thumbprint(own) => x509_of(print(*own)),
            Attestation::Issuer(number) => x509_of(sha256(&issuers()[*number])),
        };
        let mut enrollment = RealEnrollment::new(attestation).with_status(status(own.enabled));
        if let Some(id) = &own.device_id {
            enrollment = enrollment.with_device_id(device(id));
        }
        if own.group {
            all.enroll_group(&own.name, enrollment);
        } else {
            all.enroll(RegistrationId::parse(&own.name).unwrap(), enrollment);
        }
    }
    let mut credentials = RegistrationCredentials::mqtt(client_id, username, password)?;
    if let Some(shown) = certificate {
        credentials = credentials.with_certificates(&certificates()[shown].chain);
    }
    let registrant = config.authenticate(credentials, &all, HmacKey::new, now(world))?;
    let group = registrant.group().map(|group| format!(" in {group}")).unwrap_or_default();
    Ok(format!("registration {} as {}{group}", registrant.id().as_str(), registrant.device_id()))
}

fn x509_of(print: hubward::types::Thumbprint) -> RealAttestation<HmacKey> {
    RealAttestation::X509(Thumbprints::new(Some(print), None).unwrap())
}
