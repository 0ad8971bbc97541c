//! Sequences of operations on a hub with one device: connections, changes of its record, the clock. After each, every session
//! is valid exactly if a simple model says so, and a valid one reaches its own topics only.
#![no_main]
#![allow(clippy::unwrap_used, reason = "a failed step is a finding")]

use core::time::Duration;

use hubward::policy::Operation;
use hubward::registry::{Authentication, Change, ListEntry, Precondition, Registry, SymmetricKeys};
use hubward::sas::UnsignedToken;
use hubward::types::{Authority, DeviceId, HostName, Identity, KeySlot, Status, SymmetricKey, UnixTime};
use hubward::{Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;
use libfuzzer_sys::fuzz_target;

const HUB: &str = "hub.example";
const USERNAME: &str = "hub.example/dev1/?api-version=2021-04-12";
const LIFETIME: u64 = 60;

/// The device as the model has it: keys are numbers, each of which is used once.
struct Device {
    creation: u32,
    keys: [u32; 2],
    enabled: bool,
}

/// A session, and what it rests on.
struct Connected {
    session: Session,
    creation: u32,
    key: u32,
    until: u64,
}

struct World {
    registry: Registry<HmacKey>,
    config: HubConfig<HmacKey>,
    device: Option<Device>,
    blocked: bool,
    now: u64,
    /// The last number of a key, and of a creation.
    count: u32,
    sessions: Vec<Connected>,
}

// Each byte is an operation.
fuzz_target!(|operations: &[u8]| {
    let config = HubConfig::new(HostName::parse(HUB).unwrap(), hmac(u32::MAX));
    let (registry, now) = (Registry::unseeded(), 1_800_000_000);
    let mut world =
        World { registry, config, device: None, blocked: false, now, count: 0, sessions: Vec::new() };
    world.create();
    for operation in operations.iter().take(48) {
        world.step(*operation);
        world.check();
    }
});

impl World {
    fn step(&mut self, operation: u8) {
        let (kind, detail) = (operation % 9, operation / 9);
        match kind {
            0 => self.connect(detail),
            1 => self.create(),
            2 => self.replace(KeySlot::Primary),
            3 => self.replace(KeySlot::Secondary),
            4 => {
                if self.update(Change::new().with_swapped_keys()) {
                    self.device.as_mut().unwrap().keys.swap(0, 1);
                }
            }
            5 => {
                let enabled = detail % 2 == 0;
                let status = if enabled { Status::Enabled } else { Status::Disabled };
                if self.update(Change::new().with_status(status)) {
                    self.device.as_mut().unwrap().enabled = enabled;
                }
            }
            6 => {
                assert_eq!(self.registry.delete_device(dev1()).is_ok(), self.device.take().is_some());
            }
            7 => self.block(),
            _ => self.now += u64::from(detail),
        }
    }

    fn create(&mut self) {
        let keys = [self.count + 1, self.count + 2];
        let both = SymmetricKeys::kept(key(keys[0]), key(keys[1]), HmacKey::new);
        let created = self.registry.create_device(dev1(), Authentication::Sas(both)).is_ok();
        assert_eq!(created, self.device.is_none());
        if created {
            self.count += 3;
            self.device = Some(Device { creation: self.count, keys, enabled: true });
        }
    }

    fn update(&mut self, change: Change<HmacKey>) -> bool {
        let updated = self.registry.update(Identity::Device(dev1()), change, Precondition::Any).is_ok();
        assert_eq!(updated, self.device.is_some());
        updated
    }

    fn replace(&mut self, slot: KeySlot) {
        let number = self.count + 1;
        if self.update(Change::new().with_key(slot, key(number), HmacKey::new)) {
            self.count = number;
            self.device.as_mut().unwrap().keys[usize::from(slot == KeySlot::Secondary)] = number;
        }
    }

    fn block(&mut self) {
        let entry = ListEntry::Identity(Identity::Device(dev1()));
        let access = self.registry.access_mut();
        if self.blocked {
            assert!(access.block_mut().remove(entry));
        } else {
            access.block_mut().add(entry);
        }
        self.blocked = !self.blocked;
    }

    /// Connects with one of the last keys.
    fn connect(&mut self, back: u8) {
        let Some(number) = self.count.checked_sub(u32::from(back)).filter(|number| *number > 0) else {
            return;
        };
        let until = self.now + LIFETIME;
        let host = Authority::parse(HUB).unwrap();
        let password = UnsignedToken::device(host, dev1(), at(until)).sign(&hmac(number)).to_string();
        let credentials = Credentials::mqtt("dev1", USERNAME, Some(&password)).unwrap();
        let now = at(self.now);
        let session = match self.config.authenticate(credentials, &self.registry, || now) {
            Ok(authenticated) if authenticated.decision().is_allow() => Some(authenticated.into_session()),
            _ => None,
        };
        let device = self.device.as_ref().filter(|device| device.enabled && device.keys.contains(&number));
        assert_eq!(session.is_some(), device.is_some() && !self.blocked, "connected with key {number}");
        if let (Some(session), Some(device)) = (session, device) {
            if self.sessions.len() == 4 {
                self.sessions.remove(0);
            }
            self.sessions.push(Connected { session, creation: device.creation, key: number, until });
        }
    }

    fn check(&self) {
        for one in &self.sessions {
            let expected = !self.blocked
                && self.now <= one.until
                && self.device.as_ref().is_some_and(|device| {
                    device.enabled && device.creation == one.creation && device.keys.contains(&one.key)
                });
            let checked = self.config.recheck(&one.session, &self.registry, || at(self.now));
            assert_eq!(checked.is_ok(), expected, "the session of key {}", one.key);
            if let Ok(checked) = checked {
                let publishes = |topic| checked.decide(&Operation::mqtt_publish(topic)).is_allow();
                assert!(publishes("devices/dev1/messages/events/"));
                assert!(!publishes("devices/dev10/messages/events/"));
            }
        }
    }
}

fn dev1() -> DeviceId<'static> {
    DeviceId::parse("dev1").unwrap()
}

fn key(number: u32) -> SymmetricKey {
    SymmetricKey::from_bytes(&number.to_be_bytes().repeat(4)).unwrap()
}

fn hmac(number: u32) -> HmacKey {
    HmacKey::new(&key(number))
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
