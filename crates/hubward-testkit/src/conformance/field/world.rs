//! The hub and the provisioning service of a world.

use std::collections::BTreeMap;

use core::time::Duration;

use hubward::registry::{
    Attestation, Authentication, Capabilities, Change, Derivation, Enrollment, Enrollments, Registry,
    SymmetricKeys,
};
use hubward::sas::TokenRules;
use hubward::types::{
    DeviceId, Identity, Lookup, LookupResult, ModuleId, Permissions, PolicyName, RegistrationId, Status,
    SymmetricKey, UnixTime,
};
use hubward::{CheckedSession, Session};
use hubward_rustcrypto::HmacKey;

use super::case::{Enrolled, Policy, WorldData};
use super::judge::Mode;

/// The records of one world.
#[derive(Debug)]
pub(super) struct World<'d> {
    pub(super) data: &'d WorldData,
    registry: Registry<HmacKey>,
    /// The edge devices above each device, and above the modules of each.
    above: BTreeMap<&'d str, Vec<DeviceId<'d>>>,
    pub(super) enrollments: Enrollments<HmacKey>,
}

impl<'d> World<'d> {
    pub(super) fn new(data: &'d WorldData) -> Self {
        let mut registry = Registry::unseeded();
        let mut above = BTreeMap::new();
        for device in &data.devices {
            let change = Change::new().with_status(status(&device.status)).with_capabilities(
                if device.capabilities.iot_edge { Capabilities::EDGE } else { Capabilities::default() },
            );
            let keys = Authentication::Sas(pair(&device.primary, &device.secondary));
            registry.create(Identity::Device(id(&device.id)), keys, change).expect("a device");
            above.insert(device.id.as_str(), device.parents.iter().map(|parent| id(parent)).collect());
        }
        for module in &data.modules {
            let keys = Authentication::Sas(pair(&module.primary, &module.secondary));
            let name = ModuleId::parse(&module.id).expect("a module id");
            registry.create_module(id(&module.device), name, keys).expect("a module");
        }
        for policy in &data.policies {
            let rights = policy.rights.join(", ").parse::<Permissions>().expect("rights");
            registry.set_policy(name_of(policy), rights, keys_of(policy));
        }
        Self { data, registry, above, enrollments: enrollments(data) }
    }

    pub(super) fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.data.now))
    }

    /// Returns the session if it is still valid.
    pub(super) fn valid<'s>(&self, session: &'s Session) -> Option<CheckedSession<'s>> {
        let answers: Vec<_> = session.lookups().map(|lookup| self.find(&lookup)).collect();
        session.recheck(&answers, self.now()).ok()
    }

    /// Returns the record of a lookup, with the edge devices above the identity.
    pub(super) fn find(&self, lookup: &Lookup<'_>) -> LookupResult<'_, HmacKey> {
        let device = match lookup {
            Lookup::Device(device) | Lookup::Module(device, _) => Some(device.to_string()),
            _ => None,
        };
        let above = device.and_then(|device| self.above.get(device.as_str()));
        match (self.registry.find(lookup, &[]), above) {
            (LookupResult::Identity(record), Some(above)) => {
                LookupResult::Identity(record.with_ancestors(above))
            }
            (found, _) => found,
        }
    }
}

/// Returns the rules of tokens in a mode.
pub(super) const fn token_rules(mode: Mode) -> TokenRules {
    match mode {
        Mode::Strict => TokenRules::STRICT,
        Mode::Compat => TokenRules::HUB_COMPAT,
    }
}

/// Returns a key that no identity has.
pub(super) fn dummy_key() -> HmacKey {
    HmacKey::new(&SymmetricKey::from_bytes(b"a key that no identity has, here.").expect("a key"))
}

pub(super) fn pair(primary: &str, secondary: &str) -> SymmetricKeys<HmacKey> {
    let key = |text| HmacKey::new(&SymmetricKey::from_base64(text).expect("a key"));
    SymmetricKeys::new(key(primary), key(secondary))
}

pub(super) fn name_of(policy: &Policy) -> PolicyName<'_> {
    PolicyName::parse(&policy.name).expect("a policy name")
}

pub(super) fn keys_of(policy: &Policy) -> SymmetricKeys<HmacKey> {
    pair(&policy.primary, &policy.secondary)
}

fn enrollments(data: &WorldData) -> Enrollments<HmacKey> {
    let mut enrollments = Enrollments::new(Derivation::AsPresentedOrLowerCase);
    let enrollment = |enrolled: &Enrolled| {
        let keys = Attestation::SymmetricKey(pair(&enrolled.primary, &enrolled.secondary));
        Enrollment::new(keys).with_status(status(&enrolled.status))
    };
    for individual in &data.dps.individuals {
        enrollments.enroll(
            RegistrationId::parse(&individual.id).expect("a registration id"),
            enrollment(individual),
        );
    }
    for group in &data.dps.groups {
        enrollments.enroll_group(&group.id, enrollment(group));
    }
    enrollments
}

fn id(text: &str) -> DeviceId<'_> {
    DeviceId::parse(text).expect("a device id")
}

fn status(text: &str) -> Status {
    if text == "enabled" { Status::Enabled } else { Status::Disabled }
}
