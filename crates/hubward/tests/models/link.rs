//! Model of the address of an AMQP link: a path, or `amqps://{host}[:port]/path` at this hub.

use core::time::Duration;

use hubward::policy::Operation;
use hubward::types::{
    Credential, DeviceId, Identity, IdentityRecord, Keys, LookupResult, RecordVersion, Status, UnixTime,
};
use hubward::{AuthenticationStep, Cbs, Credentials, LinkRole, LinkStep};

use super::{HUB, NamedIdentity, http, key, rules};

/// Returns the path of an address, or `None` if its authority is not this hub.
pub fn path(address: &str) -> Option<&str> {
    let scheme: String = address.chars().take("amqps://".len()).collect();
    if !scheme.eq_ignore_ascii_case("amqps://") {
        return Some(address);
    }
    let rest = &address["amqps://".len()..];
    let (authority, path) = match rest.find('/') {
        Some(at) => (&rest[..at], &rest[at..]),
        None => (rest, ""),
    };
    let zero = authority.rsplit_once(':').is_some_and(|(_, port)| port.chars().all(|c| c == '0'));
    let host = http::host(authority).filter(|_| !zero)?;
    host.eq_ignore_ascii_case(HUB).then_some(path)
}

/// Compares the decisions on a link of the device `dev1` in both roles with the model.
pub fn agree(address: &str) {
    let (rules, key, now) = (rules(), key(), UnixTime::since_unix_epoch(Duration::from_secs(1)));
    let device = DeviceId::parse("dev1").unwrap();
    let token = NamedIdentity::Device("dev1".to_owned()).token();
    let pending = Credentials::amqp_plain("dev1@sas.contoso", &token).unwrap().start(&rules).unwrap();
    let version = RecordVersion::new(1, 1);
    let record = || {
        let keys = Credential::Keys(Keys::one(&key));
        LookupResult::Identity(IdentityRecord::new(Identity::Device(device), Status::Enabled, version, keys))
    };
    let answers = [record()];
    let admitted = match pending.resume(record(), now).unwrap() {
        AuthenticationStep::Authenticated(admitted) => Some(admitted),
        AuthenticationStep::NeedsLookup(_) => None,
    };
    // the token is right, and its own key signed it
    let admitted = admitted.unwrap();
    let mut cbs = Cbs::new().with_session(admitted.into_session());
    for role in [LinkRole::Sender, LinkRole::Receiver] {
        let expected = path(address).is_some_and(|path| {
            let operation = match role {
                LinkRole::Sender => Operation::amqp_send(path),
                LinkRole::Receiver => Operation::amqp_receive(path),
            };
            cbs.sessions()
                .any(|session| session.recheck(&answers, now).unwrap().decide(&operation).is_allow())
        });
        let real = match cbs.may_attach(role, address, &rules, |session| session.recheck(&answers, now).ok())
        {
            LinkStep::Decided(decision) => decision.is_allow(),
            // no policy is on the connection
            LinkStep::NeedsLookup(_) => !expected,
        };
        assert_eq!(real, expected, "{role:?} {address}");
    }
}
