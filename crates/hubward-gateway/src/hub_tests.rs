//! The decisions of a hub.

use core::time::Duration;

use hubward::Client;
use hubward::policy::Transport;
use hubward::registry::{Authentication, SymmetricKeys};
use hubward::types::{Authority, DeviceId, HostName, Status, UnixTime};

use super::*;
use crate::live_config::dummy_key;
use crate::slots::Slot;

#[test]
fn each_decision_rechecks_the_session() {
    let key = || HmacKey::from_bytes(&[7; 32]);
    let device = DeviceId::parse("dev1").unwrap();
    let mut registry = Registry::unseeded();
    registry.create_device(device, Authentication::Sas(SymmetricKeys::one(key()))).unwrap();
    let config = HubConfig::new(HostName::parse("hub.example").unwrap(), dummy_key().unwrap());
    let hub = Hub::new(config, registry, Limits::default());
    let address = ([127, 0, 0, 1], 1).into();
    let slot = Slot::alone();
    let peer = Peer::new(Transport::Mqtt, address, Vec::new(), slot, None);

    let client = Client::device(Authority::parse("hub.example").unwrap(), device);
    let until = UnixTime::since_unix_epoch(Duration::from_secs(clock::now().as_secs() + 600));
    let (username, token) =
        (client.mqtt_username().to_string(), client.token(until).sign(&key()).to_string());
    let credentials = Credentials::mqtt("dev1", &username, Some(&token));
    let session = hub.authorize(&peer, &Operation::mqtt_connect(), None, credentials).unwrap();

    // no notification is awaited: the decision itself rechecks
    let own = Operation::mqtt_publish("devices/dev1/messages/events/");
    assert_eq!(hub.decide(&peer, &session, &own), SessionDecision::Allowed);
    hub.change(|registry| registry.set_status(device, Status::Disabled)).unwrap();
    assert_eq!(hub.decide(&peer, &session, &own), SessionDecision::SessionError);
    hub.change(|registry| registry.set_status(device, Status::Enabled)).unwrap();
    assert_eq!(hub.decide(&peer, &session, &own), SessionDecision::Allowed);
}
