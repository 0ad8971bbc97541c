//! Makes the codes that no test of another crate names, so that each code of docs/CODES.md has a test that makes it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use core::time::Duration;

use hubward::policy::{Decision, Operation, Scope, Subject, decide};
use hubward::registry::ProvisionError;
use hubward::sas::{SasToken, TokenRules, UnsignedToken};
use hubward::types::{
    Authority, DeviceId, Identity, Keys, Permissions, PolicyName, ResourcePath, SymmetricKey, UnixTime,
};
use hubward::x509::error::{BudgetExceeded, CertificatePosition, ChainError, Problem, UnsupportedKey};
use hubward::{AuthError, UserDenial};
use hubward_cloud::service_bus::{Audience, Right, Rights, Rule, Token, UnsignedToken as UnsignedServiceBus};
use hubward_cloud::{ServiceBusKey, TopicKey, web::EasyAuthError, web::UnprovenPrincipal};
use hubward_connection_string::{ConnectionString, ParseOptions};
use hubward_rustcrypto::{GeneralKey, HmacKey};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[test]
fn codes_of_connection_strings() {
    for (text, code) in [
        ("HostName=h\u{7f}.net;DeviceId=d;SharedAccessKey=c2Vj", "character"),
        ("HostName=;DeviceId=d;SharedAccessKey=c2Vj", "empty-value"),
        ("=h.net;DeviceId=d", "no-name"),
    ] {
        let error = ConnectionString::parse(text, &ParseOptions::STRICT).unwrap_err();
        assert_eq!(error.problem.code(), code, "{text}");
    }
}

#[test]
fn codes_of_hints_about_operations() {
    let device = Identity::Device(DeviceId::parse("dev1").unwrap());
    let device = Subject::assertion(device, Permissions::DEVICE_CONNECT, Scope::Own);
    let policy = Identity::Policy(PolicyName::parse("p").unwrap());
    let of = |resource| {
        let scope = Scope::Resource(ResourcePath::parse(resource).unwrap());
        Subject::assertion(policy, Permissions::all(), scope)
    };
    for (subject, operation, code) in [
        (of("h.net"), Operation::mqtt_connect(), "connected-device"),
        (device, Operation::http("POST", "/devices/dev2/messages/events"), "credential-of"),
        (device, Operation::mqtt_publish("devices/dev1/messages/events/a=b c"), "encode-properties"),
        (of("h.net/devices/dev2"), Operation::http("GET", "/devices/dev1"), "wider-resource"),
    ] {
        match decide(&subject, &operation) {
            Decision::Deny(denial) => assert_eq!(denial.hint().unwrap().code(), code),
            Decision::Allow(grant) => panic!("{code}: {grant}"),
        }
    }
    assert_eq!(UserDenial::NoUser.code(), "no-user");
}

#[test]
fn the_code_of_a_token_for_another_host() {
    let key = HmacKey::new(&SymmetricKey::from_base64(KEY).unwrap());
    let host = Authority::parse("other.net").unwrap();
    let text = UnsignedToken::device(host, DeviceId::parse("d").unwrap(), at(2000)).sign(&key).to_string();
    let token = SasToken::parse(&text, &TokenRules::STRICT).unwrap();
    let hub = Authority::parse("h.net").unwrap();
    let error = token.verify(hub, Keys::one(&key), at(1000), &TokenRules::STRICT).unwrap_err();
    assert_eq!(error.code(), "token-another-host");
}

#[test]
fn codes_of_certificates_and_enrollments() {
    let refused = |problem| ChainError::Refused { place: CertificatePosition::Leaf, problem };
    for (error, code) in [
        (ChainError::BudgetExceeded(BudgetExceeded::Signatures), "certificate-too-much-work"),
        (refused(Problem::NotCa), "certificate-by-no-authority"),
        (refused(Problem::UnsupportedKey(UnsupportedKey::CompressedPoint)), "certificate-algorithm"),
        (refused(Problem::UnknownCriticalExtension), "certificate-refused"),
    ] {
        assert_eq!(AuthError::Chain(error).code(), code);
    }
    assert_eq!(AuthError::Provision(ProvisionError::NoHub).code(), "enrollment");
}

#[test]
fn codes_of_the_services_around_a_hub() {
    assert_eq!(TopicKey::<GeneralKey>::from_base64("no base64").unwrap_err().code(), "key-base64");
    for (header, code) in
        [("*", "easy-auth-base64"), ("e30=", "easy-auth-json"), (&*"a".repeat(65_537), "easy-auth-too-long")]
    {
        let error: EasyAuthError = UnprovenPrincipal::parse(header).unwrap_err();
        assert_eq!(error.code(), code);
    }
    let key = ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap();
    let uri = "sb://ns.example/hub1";
    let text =
        UnsignedServiceBus::new(Audience::new(uri).unwrap(), "r", at(2000)).unwrap().sign(&key).to_string();
    let rule = Rule::new("r", uri, Rights::new(&[Right::Send]));
    let grant = Token::parse(&text).unwrap().verify(&rule, &[&key], at(1000)).unwrap();
    assert_eq!(grant.judge(uri, Right::Listen, at(1000)).unwrap_err().code(), "grant-right");
}
