//! A token service: devices log in to it with a password of its own registry, and get a token for the hub that is
//! good for one device and one hour. The hub's key never leaves the service, and the hub never sees the password.
//!
//!     cargo run -p hubward --example token_service
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "an example"
)]

use core::time::Duration;
use std::collections::HashMap;

use hubward::core::{
    Authority, DeviceId, HostName, Identity, MacKey, Permissions, PolicyName, SymmetricKey, Tag, UnixTime,
};
use hubward::registry::{Authentication, KeyPair, Registry};
use hubward::sas::{DeviceTokens, MintError};
use hubward::{Admission, Presented, Rules};
use hubward_rustcrypto::HmacKey;

const HUB: &str = "contoso.example";
const NOW: u64 = 1_800_000_000;

/// Who may log in, by the tag of its password under a key of the service. A real one would use a password hash.
struct Logins {
    key: HmacKey,
    known: HashMap<String, Tag>,
}

impl Logins {
    fn enter(&mut self, device: &str, password: &str) {
        let tag = self.key.tag(&[device.as_bytes(), b"\0", password.as_bytes()]);
        self.known.insert(device.to_owned(), tag);
    }

    /// The device that has logged in: the only one for which a token can be minted from here on.
    fn login<'d>(&self, device: &'d str, password: &str) -> Option<DeviceId<'d>> {
        let offered = self.key.tag(&[device.as_bytes(), b"\0", password.as_bytes()]);
        let known = self.known.get(device)?;
        known.matches(offered.expose()).then(|| DeviceId::parse(device).ok()).flatten()
    }
}

fn main() {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let key = |name: &str| {
        let bytes = format!("{name:.<32}");
        HmacKey::new(&SymmetricKey::from_bytes(bytes.as_bytes()).expect("32 bytes"))
    };

    // the hub knows the device and the policy; the device has no key at the hub that anyone could use
    let mut registry = Registry::new();
    registry.create_device(DeviceId::parse("pump-7").unwrap(), Authentication::None).unwrap();
    let policy = PolicyName::parse("tokens").unwrap();
    registry.set_policy(policy, Permissions::DEVICE_CONNECT, KeyPair::one(key("policy")));
    let rules = Rules::new(HostName::parse(HUB).unwrap(), key("decoy"));

    // the service has the policy's key and its own list of logins
    let hour = Duration::from_secs(3600);
    let service = DeviceTokens::new(Authority::parse(HUB).unwrap(), policy, key("policy"), hour);
    let mut logins = Logins { key: key("passwords"), known: HashMap::new() };
    logins.enter("pump-7", "correct horse");

    assert!(logins.login("pump-7", "battery staple").is_none());
    let caller = logins.login("pump-7", "correct horse").expect("the right password");
    let token = service.mint(caller, Identity::Device(caller), at(NOW), hour).unwrap().to_string();
    println!("pump-7 logged in and got a token for an hour");

    // what the service does not give
    let another = Identity::Device(DeviceId::parse("pump-8").unwrap());
    let hub = Identity::Policy(policy);
    let refusals = [
        service.mint(caller, another, at(NOW), hour).err(),
        service.mint(caller, hub, at(NOW), hour).err(),
        service.mint(caller, Identity::Device(caller), at(NOW), hour.saturating_mul(2)).err(),
    ];
    for refusal in &refusals {
        println!("refused: {}", refusal.expect("a refusal"));
    }
    assert!(matches!(
        refusals,
        [Some(MintError::AnotherDevice), Some(MintError::NotADevice), Some(MintError::TooLong { .. })]
    ));

    // the device connects to the hub with what it got
    let username = format!("{HUB}/pump-7/?api-version=2021-04-12");
    let presented = Presented::mqtt("pump-7", &username, Some(&token)).unwrap();
    let mut question = presented.start(&rules).unwrap();
    let admitted = loop {
        println!("the hub asks for {}", question.lookup());
        let found = registry.find_issued(&question.lookup(), question.issuers());
        match question.answer(found, at(NOW)).unwrap() {
            Admission::Needs(next) => question = next,
            Admission::Admitted(admitted) => break admitted,
        }
    };
    println!("{}", admitted.decision());
    assert!(admitted.decision().is_allow());
}
