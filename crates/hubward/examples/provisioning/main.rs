//! From enrollment to admitted, for each attestation: a device presents itself to the provisioning service, its
//! enrollment decides, it is assigned to a hub and created there, and the hub admits it.
//!
//!     cargo run -p hubward --example provisioning
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "an example")]

mod certificates;
mod tpm;

use core::time::Duration;

use certificates::{Authority, thumbprint};
use hubward::core::{
    DeviceId, HostName, IdScope, Identity, Keys, RegistrationId, SymmetricKey, Thumbprint, UnixTime,
};
use hubward::registry::{
    Attestation, Authentication, Change, Derivation, EndorsementKey, Enrollment, Enrollments, KeyPair,
    NoEntropy, Registry, Thumbprints, derive_key,
};
use hubward::sas::{SasToken, TokenRules, Unsigned};
use hubward::x509::Anchors;
use hubward::{
    Admission, Client, Presented, PresentedRegistration, ProvisioningRules, Registrant, Rules, X509Rules,
};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;
use rustls_pki_types::CertificateDer;
use tpm::Tpm;

const SCOPE: &str = "0ne00000A0A";
const NOW: u64 = 1_800_000_000;

/// What a device keeps of itself.
enum Secret {
    Key(SymmetricKey),
    Certificates(Vec<CertificateDer<'static>>),
}

/// The provisioning service and the hubs behind it, in one process.
struct Cloud<'r> {
    enrollments: Enrollments<HmacKey>,
    provisioning: ProvisioningRules<'r, HmacKey>,
    hub: Registry<HmacKey>,
    rules: Rules<'r, HmacKey>,
}

fn main() {
    let root = Authority::root("Fleet Root");
    let plant = root.below("Plant 1");
    let registered = [root.der.clone()];
    let anchors = Anchors::parse(&registered).unwrap();
    let x509 = X509Rules::new(&anchors, signature::ALL, &Digests);
    let mut cloud = Cloud {
        enrollments: Enrollments::new(Derivation::AsPresented),
        provisioning: ProvisioningRules::new(IdScope::parse(SCOPE).unwrap(), key(0)).with_x509(x509),
        hub: Registry::with_seed(&[0x5e; 16]),
        rules: Rules::new(HostName::parse("north.example").unwrap(), key(0)).with_x509(x509),
    };
    let mut chip = Tpm::new();

    // who may come, before anybody does
    let by_key = |number| Attestation::SymmetricKey(KeyPair::kept_one(raw(number), HmacKey::new));
    let by_print = |der| Attestation::X509(Thumbprints::new(Some(thumbprint(der)), None).unwrap());
    let scanner = root.device("scanner-3");
    let enroll = &mut cloud.enrollments;
    enroll
        .enroll(rid("pump-1"), Enrollment::new(by_key(1)).device_id(DeviceId::parse("north-pump").unwrap()));
    enroll.enroll_group("meters", Enrollment::new(by_key(2)));
    enroll.enroll(rid("scanner-3"), Enrollment::new(by_print(&scanner)));
    enroll.enroll_group("plant 1", Enrollment::new(by_print(&plant.der)));
    let endorsement = EndorsementKey::new(chip.shown().endorsement).unwrap();
    enroll.enroll(rid("gate-5"), Enrollment::new(Attestation::Tpm(endorsement)));

    println!("an individual key");
    cloud.register("pump-1", &Secret::Key(raw(1)));

    println!("a group's key: the device has only the one that was derived for it");
    cloud.register("meter-2", &Secret::Key(derive_key(&key(2), "meter-2")));
    cloud.refused("meter-2", &Secret::Key(raw(2)));

    println!("an individual certificate");
    cloud.register("scanner-3", &Secret::Certificates(vec![scanner]));

    println!("a group's certificate: the device shows a chain through it");
    let camera = Secret::Certificates(vec![plant.device("camera-4"), plant.der.clone()]);
    cloud.register("camera-4", &camera);
    let elsewhere = Authority::root("Another Root");
    cloud.refused(
        "camera-4",
        &Secret::Certificates(vec![elsewhere.device("camera-4"), elsewhere.der.clone()]),
    );

    println!(
        "a TPM: it proves that it is the one of that endorsement key, and is given the hub's key wrapped"
    );
    cloud.register_tpm("gate-5", &mut chip);
}

impl Cloud<'_> {
    /// The device registers with its secret, and connects to its hub with it.
    fn register(&mut self, id: &str, secret: &Secret) {
        let password = registration_token(id, secret);
        let presented = presented(id, password.as_deref(), secret);
        let question = presented.start(&self.provisioning).unwrap();
        println!("  the service asks for {}", question.lookup());
        let registrant = question.answer(&self.enrollments, HmacKey::new, at(NOW)).unwrap();
        let by =
            registrant.group().map_or("its own enrollment".to_owned(), |group| format!("group {group:?}"));
        println!("  {by} gives {id} the device {}", registrant.device_id());
        let hub = assign(&registrant);
        let authentication = match secret {
            Secret::Key(key) => Authentication::Sas(KeyPair::one(HmacKey::new(key))),
            Secret::Certificates(chain) if registrant.group().is_none() => {
                Authentication::SelfSigned(pin(chain))
            }
            Secret::Certificates(_) => Authentication::CertificateAuthority,
        };
        let device = registrant.device_id();
        self.hub.create(Identity::Device(device), authentication, Change::new()).unwrap();
        self.connect(hub, device, secret);
    }

    /// Somebody whom no enrollment lets in.
    fn refused(&self, id: &str, secret: &Secret) {
        let password = registration_token(id, secret);
        let presented = presented(id, password.as_deref(), secret);
        let question = presented.start(&self.provisioning).unwrap();
        let error = question.answer(&self.enrollments, HmacKey::new, at(NOW)).unwrap_err();
        println!("  an impostor is refused: {error}");
    }

    /// The two rounds of a TPM. They are HTTP's or AMQP's; here the messages are values.
    fn register_tpm(&mut self, id: &str, chip: &mut Tpm) {
        // first round: the device shows its public keys, and is sent a key that only this TPM can open
        let shown = chip.shown();
        let until = at(NOW.saturating_add(300));
        let challenge = self.enrollments.challenge(rid(id), shown, until, &mut random, HmacKey::new).unwrap();
        println!("  the service sends {id} a key under the keys of its TPM");
        let wrapped = tpm::wrap(challenge.tpm(), challenge.identity_key());

        // second round: the device signs with what its TPM opened
        chip.activate(&wrapped);
        let unsigned = Unsigned::registration(IdScope::parse(SCOPE).unwrap(), rid(id), until);
        let mut buffer = [0; 256];
        let signed = chip.sign(unsigned.to_be_signed(&mut buffer).unwrap());
        let token = unsigned.finish(signed).to_string();
        let presented = SasToken::parse(&token, &TokenRules::STRICT).unwrap();
        let registered = challenge.registration_id().as_str().to_owned();
        let verifies = |keys: Keys<'_, HmacKey>| {
            // the token has to be for this registration, not only under this key
            presented.needs().to_string() == format!("registration {registered} in scope {SCOPE}")
                && presented.verify(keys, at(NOW), &TokenRules::STRICT).is_ok()
        };
        let selected = challenge.answer(&self.enrollments, verifies, at(NOW)).unwrap();
        println!("  its own enrollment gives {id} the device {}", selected.device_id);

        // the hub's key goes the same way, and never leaves the TPM
        let mut bytes = [0; 32];
        random(&mut bytes).unwrap();
        let hub_key = SymmetricKey::from_bytes(&bytes).unwrap();
        let device = DeviceId::parse(&selected.device_id).unwrap();
        let authentication = Authentication::Sas(KeyPair::one(HmacKey::new(&hub_key)));
        self.hub.create(Identity::Device(device), authentication, Change::new()).unwrap();
        chip.activate(&tpm::wrap(shown, &hub_key));
        let host = HostName::parse("north.example").unwrap();
        let unsigned = Client::device(host.into(), device).token(until);
        let signed = chip.sign(unsigned.to_be_signed(&mut buffer).unwrap());
        self.admit("north.example", device, Some(&unsigned.finish(signed).to_string()), &[]);
    }

    fn connect(&self, hub: &str, device: DeviceId<'_>, secret: &Secret) {
        match secret {
            Secret::Key(key) => {
                let client = Client::device(HostName::parse(hub).unwrap().into(), device);
                let token = client.token(at(NOW.saturating_add(3600))).sign(&HmacKey::new(key)).to_string();
                self.admit(hub, device, Some(&token), &[]);
            }
            Secret::Certificates(chain) => self.admit(hub, device, None, chain),
        }
    }

    fn admit(&self, hub: &str, device: DeviceId<'_>, token: Option<&str>, chain: &[CertificateDer<'_>]) {
        let username = format!("{hub}/{device}/?api-version=2021-04-12");
        let presented = Presented::mqtt(device.as_str(), &username, token).unwrap().with_certificates(chain);
        let mut question = presented.start(&self.rules).unwrap();
        let admitted = loop {
            let found = self.hub.find_issued(&question.lookup(), question.issuers());
            match question.answer(found, at(NOW)).unwrap() {
                Admission::Needs(next) => question = next,
                Admission::Admitted(admitted) => break admitted,
            }
        };
        assert!(admitted.decision().is_allow());
        println!("  {hub}: {}", admitted.decision());
    }
}

/// The choice of a hub is the caller's: here there is one.
fn assign(_: &Registrant<'_, '_>) -> &'static str {
    "north.example"
}

/// What the device presents to the service over MQTT.
fn presented<'a>(id: &str, password: Option<&'a str>, secret: &'a Secret) -> PresentedRegistration<'a> {
    let username = format!("{SCOPE}/registrations/{id}/api-version=2019-03-31");
    let presented = PresentedRegistration::mqtt(id, &username, password).unwrap();
    match secret {
        Secret::Key(_) => presented,
        Secret::Certificates(chain) => presented.with_certificates(chain),
    }
}

fn registration_token(id: &str, secret: &Secret) -> Option<String> {
    let Secret::Key(key) = secret else { return None };
    let expires = at(NOW.saturating_add(3600));
    let unsigned = Unsigned::registration(IdScope::parse(SCOPE).unwrap(), rid(id), expires);
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

/// Of the system's randomness in a program that is used.
fn raw(number: u8) -> SymmetricKey {
    SymmetricKey::from_bytes(&[number.wrapping_add(0x30); 32]).unwrap()
}

fn key(number: u8) -> HmacKey {
    HmacKey::new(&raw(number))
}

/// The same.
fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    buffer.fill(0x77);
    Ok(())
}
