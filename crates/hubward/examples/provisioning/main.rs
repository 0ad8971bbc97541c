//! From enrollment to connection, for each attestation: a device registers at the provisioning service, its enrollment
//! decides, the device is assigned to a hub and created there, and the hub authenticates it.
//!
//!     cargo run -p hubward --example provisioning
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "an example")]

mod certificates;
mod tpm;

use core::time::Duration;

use certificates::{Authority, thumbprint};
use hubward::registry::{
    Attestation, Authentication, Change, Derivation, EndorsementKey, Enrollment, Enrollments, NoEntropy,
    Registry, SymmetricKeys, Thumbprints, derive_key,
};
use hubward::sas::{SasToken, TokenRules, UnsignedToken};
use hubward::types::{
    DeviceId, HostName, IdScope, Identity, Keys, RegistrationId, SymmetricKey, Thumbprint, UnixTime,
};
use hubward::x509::Anchors;
use hubward::{
    AuthenticatedRegistration, Client, Credentials, HubConfig, ProvisioningConfig, RegistrationCredentials,
    X509Config,
};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;
use rustls_pki_types::CertificateDer;
use tpm::Tpm;

const SCOPE: &str = "0ne00000A0A";
const NOW: u64 = 1_800_000_000;

/// The credential that a device stores.
enum Secret {
    Key(SymmetricKey),
    Certificates(Vec<CertificateDer<'static>>),
}

/// The provisioning service and the hubs behind it, in one process.
struct Cloud {
    enrollments: Enrollments<HmacKey>,
    provisioning: ProvisioningConfig<HmacKey>,
    hub: Registry<HmacKey>,
    rules: HubConfig<HmacKey>,
}

fn main() {
    let root = Authority::root("Fleet Root");
    let plant = root.below("Plant 1");
    let registered = [root.der.clone()];
    let anchors = Anchors::parse(&registered).unwrap();
    let x509 = X509Config::new(anchors, signature::ALL, &Digests);
    let mut cloud = Cloud {
        enrollments: Enrollments::new(Derivation::AsPresented),
        provisioning: ProvisioningConfig::new(IdScope::parse(SCOPE).unwrap(), key(0)).with_x509(x509.clone()),
        hub: Registry::with_seed(&[0x5e; 16]),
        rules: HubConfig::new(HostName::parse("north.example").unwrap(), key(0)).with_x509(x509),
    };
    let mut chip = Tpm::new();

    // enroll the devices before they register
    let by_key = |number| Attestation::SymmetricKey(SymmetricKeys::kept_one(raw(number), HmacKey::new));
    let by_print = |der| Attestation::X509(Thumbprints::new(Some(thumbprint(der)), None).unwrap());
    let scanner = root.device("scanner-3");
    let enroll = &mut cloud.enrollments;
    enroll.enroll(
        rid("pump-1"),
        Enrollment::new(by_key(1)).with_device_id(DeviceId::parse("north-pump").unwrap()),
    );
    enroll.enroll_group("meters", Enrollment::new(by_key(2)));
    enroll.enroll(rid("scanner-3"), Enrollment::new(by_print(&scanner)));
    enroll.enroll_group("plant 1", Enrollment::new(by_print(&plant.der)));
    let endorsement = EndorsementKey::new(chip.public_keys().endorsement).unwrap();
    enroll.enroll(rid("gate-5"), Enrollment::new(Attestation::Tpm(endorsement)));

    println!("an individual key");
    cloud.register("pump-1", &Secret::Key(raw(1)));

    println!("a group's key: the device has only the key that was derived for it");
    cloud.register("meter-2", &Secret::Key(derive_key(&key(2), "meter-2")));
    cloud.rejected("meter-2", &Secret::Key(raw(2)));

    println!("an individual certificate");
    cloud.register("scanner-3", &Secret::Certificates(vec![scanner]));

    println!("a group's certificate: the device presents a chain through it");
    let camera = Secret::Certificates(vec![plant.device("camera-4"), plant.der.clone()]);
    cloud.register("camera-4", &camera);
    let elsewhere = Authority::root("Another Root");
    cloud.rejected(
        "camera-4",
        &Secret::Certificates(vec![elsewhere.device("camera-4"), elsewhere.der.clone()]),
    );

    println!("a TPM: it proves that it has the endorsement key, and receives the hub's key wrapped");
    cloud.register_tpm("gate-5", &mut chip);
}

impl Cloud {
    /// Registers a device with its credential, and connects it to its hub.
    fn register(&mut self, id: &str, secret: &Secret) {
        let password = registration_token(id, secret);
        let presented = presented(id, password.as_deref(), secret);
        println!("  the service looks up {}", presented.lookup());
        let result = self.provisioning.authenticate(presented, &self.enrollments, HmacKey::new, at(NOW));
        let registrant = result.unwrap();
        let by =
            registrant.group().map_or("its own enrollment".to_owned(), |group| format!("group {group:?}"));
        println!("  {by} gives {id} the device {}", registrant.device_id());
        let hub = assign(&registrant);
        let authentication = match secret {
            Secret::Key(key) => Authentication::Sas(SymmetricKeys::one(HmacKey::new(key))),
            Secret::Certificates(chain) if registrant.group().is_none() => {
                Authentication::SelfSigned(pin(chain))
            }
            Secret::Certificates(_) => Authentication::CertificateAuthority,
        };
        let device = registrant.device_id();
        self.hub.create(Identity::Device(device), authentication, Change::new()).unwrap();
        self.connect(hub, device, secret);
    }

    /// Registers an impostor, which the service must reject.
    fn rejected(&self, id: &str, secret: &Secret) {
        let password = registration_token(id, secret);
        let presented = presented(id, password.as_deref(), secret);
        let result = self.provisioning.authenticate(presented, &self.enrollments, HmacKey::new, at(NOW));
        let error = result.unwrap_err();
        println!("  an impostor is rejected: {error}");
    }

    /// Registers a device with a TPM in two rounds. They use HTTP or AMQP; here the messages are values.
    fn register_tpm(&mut self, id: &str, chip: &mut Tpm) {
        // first round: the device sends its public keys, and receives a key that only this TPM can unwrap
        let tpm_keys = chip.public_keys();
        let until = at(NOW.saturating_add(300));
        let challenge =
            self.enrollments.challenge(rid(id), tpm_keys, until, &mut random, HmacKey::new).unwrap();
        println!("  the service sends {id} a key under the keys of its TPM");
        let wrapped = tpm::wrap(challenge.tpm(), challenge.identity_key());

        // second round: the device signs with the unwrapped key
        chip.activate(&wrapped);
        let unsigned = UnsignedToken::registration(IdScope::parse(SCOPE).unwrap(), rid(id), until);
        let mut buffer = [0; 256];
        let signed = chip.sign(unsigned.to_be_signed(&mut buffer).unwrap());
        let token = unsigned.finish(signed).to_string();
        let presented = SasToken::parse(&token, &TokenRules::STRICT).unwrap();
        let registered = challenge.registration_id().as_str().to_owned();
        let verifies = |keys: Keys<'_, HmacKey>| {
            // the token must be for this registration, not only signed with this key
            presented.signer().to_string() == format!("registration {registered} in scope {SCOPE}")
                && presented.verify_for_any_host(keys, at(NOW), &TokenRules::STRICT).is_ok()
        };
        let selected = challenge.answer(&self.enrollments, verifies, at(NOW)).unwrap();
        println!("  its own enrollment gives {id} the device {}", selected.device_id);

        // the hub's key is wrapped in the same way, and never leaves the TPM
        let mut bytes = [0; 32];
        random(&mut bytes).unwrap();
        let hub_key = SymmetricKey::from_bytes(&bytes).unwrap();
        let device = DeviceId::parse(&selected.device_id).unwrap();
        let authentication = Authentication::Sas(SymmetricKeys::one(HmacKey::new(&hub_key)));
        self.hub.create(Identity::Device(device), authentication, Change::new()).unwrap();
        chip.activate(&tpm::wrap(tpm_keys, &hub_key));
        let host = HostName::parse("north.example").unwrap();
        let unsigned = Client::device(host.into(), device).token(until);
        let signed = chip.sign(unsigned.to_be_signed(&mut buffer).unwrap());
        self.authenticate("north.example", device, Some(&unsigned.finish(signed).to_string()), &[]);
    }

    fn connect(&self, hub: &str, device: DeviceId<'_>, secret: &Secret) {
        match secret {
            Secret::Key(key) => {
                let client = Client::device(HostName::parse(hub).unwrap().into(), device);
                let token = client.token(at(NOW.saturating_add(3600))).sign(&HmacKey::new(key)).to_string();
                self.authenticate(hub, device, Some(&token), &[]);
            }
            Secret::Certificates(chain) => self.authenticate(hub, device, None, chain),
        }
    }

    fn authenticate(
        &self,
        hub: &str,
        device: DeviceId<'_>,
        token: Option<&str>,
        chain: &[CertificateDer<'_>],
    ) {
        let username = format!("{hub}/{device}/?api-version=2021-04-12");
        let presented =
            Credentials::mqtt(device.as_str(), &username, token).unwrap().with_certificates(chain);
        let authenticated = self.rules.authenticate(presented, &self.hub, || at(NOW)).unwrap();
        assert!(authenticated.decision().is_allow());
        println!("  {hub}: {}", authenticated.decision());
    }
}

/// Selects a hub. The selection is the caller's; here there is one hub.
fn assign(_: &AuthenticatedRegistration<'_, '_>) -> &'static str {
    "north.example"
}

/// Returns the names and the credential that the device presents over MQTT.
fn presented<'a>(id: &str, password: Option<&'a str>, secret: &'a Secret) -> RegistrationCredentials<'a> {
    let username = format!("{SCOPE}/registrations/{id}/api-version=2019-03-31");
    let presented = RegistrationCredentials::mqtt(id, &username, password).unwrap();
    match secret {
        Secret::Key(_) => presented,
        Secret::Certificates(chain) => presented.with_certificates(chain),
    }
}

fn registration_token(id: &str, secret: &Secret) -> Option<String> {
    let Secret::Key(key) = secret else { return None };
    let expires = at(NOW.saturating_add(3600));
    let unsigned = UnsignedToken::registration(IdScope::parse(SCOPE).unwrap(), rid(id), expires);
    Some(unsigned.sign(&HmacKey::new(key)).to_string())
}

fn pin(chain: &[CertificateDer<'_>]) -> Thumbprints {
    let leaf: Option<Thumbprint> = chain.first().map(|der| thumbprint(der));
    Thumbprints::new(leaf, None).unwrap()
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn rid(id: &str) -> RegistrationId<'_> {
    RegistrationId::parse(id).unwrap()
}

/// Returns a fixed key. A real program takes it from the system's random number generator.
fn raw(number: u8) -> SymmetricKey {
    SymmetricKey::from_bytes(&[number.wrapping_add(0x30); 32]).unwrap()
}

fn key(number: u8) -> HmacKey {
    HmacKey::new(&raw(number))
}

/// Fills the buffer with fixed bytes. A real program uses the system's random number generator.
fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    buffer.fill(0x77);
    Ok(())
}
