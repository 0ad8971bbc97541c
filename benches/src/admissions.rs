//! From what a connection presents to its decision: MQTT's CONNECT, SASL PLAIN, a CBS `put-token`, an HTTP request, and the
//! recheck of a session.

use std::hint::black_box;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::{Cbs, CbsRequest, Credentials, HubConfig, Session};
use hubward_core::{DeviceId, HostName, KeySlot, SymmetricKey};
use hubward_policy::Operation;
use hubward_registry::{Change, NoEntropy, Precondition};
use hubward_rustcrypto::HmacKey;
use hubward_sas::TokenRules;

use crate::case::Case;
use crate::tokens::{DEVICE, HOST, KEY, now, token_of};

const EVENTS: &str = "/devices/device-0001/messages/events?api-version=2021-04-12";

/// A hub with one device of two keys, and what that device presents.
pub struct World {
    config: HubConfig<HmacKey>,
    registry: Registry<HmacKey>,
    token: String,
    forged: String,
    username: String,
    sasl: String,
    cbs_name: String,
    session: Session,
}

impl World {
    pub fn new() -> Self {
        let key = || HmacKey::new(&SymmetricKey::from_base64(KEY).unwrap());
        let other = || HmacKey::from_bytes(&[9; 32]);
        let mut registry = Registry::unseeded();
        let device = DeviceId::parse(DEVICE).unwrap();
        registry.create_device(device, Authentication::Sas(SymmetricKeys::new(other(), key()))).unwrap();
        let config = HubConfig::new(HostName::parse(HOST).unwrap(), HmacKey::from_bytes(&[7; 32]))
            .with_token_rules(TokenRules::HUB_COMPAT);
        let username = format!("{HOST}/{DEVICE}/?api-version=2021-04-12");
        let token = token_of(DEVICE, &key());
        let session = {
            let credentials = Credentials::mqtt(DEVICE, &username, Some(&token)).unwrap();
            config.authenticate(credentials, &registry, now).unwrap().into_session()
        };
        Self {
            forged: token_of(DEVICE, &HmacKey::from_bytes(&[3; 32])),
            sasl: format!("{DEVICE}@sas.{}", HOST.split('.').next().unwrap()),
            cbs_name: format!("{HOST}/devices/{DEVICE}"),
            config,
            registry,
            token,
            username,
            session,
        }
    }

    fn admits(&self, credentials: Credentials<'_>) -> bool {
        self.config.authenticate(credentials, &self.registry, now).is_ok()
    }

    pub fn cases(&self) -> Vec<Case<'_>> {
        let connect =
            |password| Credentials::mqtt(black_box(DEVICE), black_box(&self.username), Some(password));
        vec![
            Case::new("mqtt connect", move || {
                let credentials = connect(black_box(&self.token)).unwrap();
                let authenticated = self.config.authenticate(credentials, &self.registry, now).unwrap();
                assert!(black_box(authenticated.decision()).is_allow());
            }),
            Case::new("mqtt connect refused", move || {
                assert!(!self.admits(connect(black_box(&self.forged)).unwrap()));
            }),
            Case::new("sasl plain", move || {
                assert!(
                    self.admits(
                        Credentials::amqp_plain(black_box(&self.sasl), black_box(&self.token)).unwrap()
                    )
                );
            }),
            Case::new("cbs put-token", move || {
                let request = CbsRequest::new(
                    "put-token",
                    "servicebus.windows.net:sastoken",
                    black_box(&self.cbs_name),
                    black_box(&self.token),
                );
                let response = self.config.put_token(&mut Cbs::new(), request, &self.registry, now);
                assert_eq!(black_box(response).unwrap().status_code(), 200);
            }),
            Case::new("http request", move || {
                let credentials =
                    Credentials::http("POST", black_box(EVENTS), HOST, Some(black_box(&self.token))).unwrap();
                let authenticated = self.config.authenticate(credentials, &self.registry, now).unwrap();
                assert!(black_box(authenticated.decision()).is_allow());
            }),
            Case::new("recheck", move || {
                let _ =
                    black_box(self.config.recheck(black_box(&self.session), &self.registry, now).unwrap());
            }),
            Case::new("recheck and decide", move || {
                let checked = self.config.recheck(black_box(&self.session), &self.registry, now).unwrap();
                let events = Operation::mqtt_publish(black_box("devices/device-0001/messages/events/"));
                assert!(checked.decide(&events).is_allow());
            }),
        ]
    }

    /// Returns a case that rechecks a session whose other key was replaced since.
    pub fn after_rotation(mut self) -> Case<'static> {
        let mut random = |buffer: &mut [u8]| {
            buffer.fill(0x21);
            Ok::<(), NoEntropy>(())
        };
        let rolled = Change::new().with_regenerated_key(KeySlot::Primary, &mut random, HmacKey::new).unwrap();
        let device = hubward_core::Identity::Device(DeviceId::parse(DEVICE).unwrap());
        self.registry.update(device, rolled, Precondition::Any).unwrap();
        Case::new("recheck after the other key was replaced", move || {
            let _ = black_box(self.config.recheck(black_box(&self.session), &self.registry, now).unwrap());
        })
    }
}
