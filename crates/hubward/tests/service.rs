//! Services at the provisioning service, with the token of a policy.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward::policy::provisioning::{ProvisioningDenial, ProvisioningRights};
use hubward::sas::TokenRules;
use hubward::types::{Authority, IdScope, RecordVersion};
use hubward::{AuthError, ProvisioningConfig, ServiceCredentials, ServicePolicyRecord};
use hubward_rustcrypto::HmacKey;

const HOST: &str = "contoso-dps.example";

fn config() -> ProvisioningConfig<HmacKey> {
    ProvisioningConfig::new(IdScope::parse("0ne1").unwrap(), key("dummy"))
        .with_token_rules(TokenRules::HUB_COMPAT)
        .with_service_host(Authority::parse(HOST).unwrap())
}

/// Returns the decision, or the code of the refusal.
fn request(method: &str, path: &str, host: &str, token: &str) -> Result<Result<(), String>, &'static str> {
    let (config, keys) = (config(), pair("reader"));
    let judge = || -> Result<Result<(), String>, AuthError> {
        let pending = ServiceCredentials::http(method, path, host, token)?.start(&config)?;
        let record = ServicePolicyRecord::new(
            policy("reader"),
            ProvisioningRights::ENROLLMENT_READ,
            RecordVersion::new(1, 7),
            keys.keys(),
        );
        let found = pending.lookup().to_string() == "policy reader";
        let service = pending.resume(found.then_some(&record), at(NOW))?;
        assert_eq!(service.policy().to_string(), "reader");
        assert_eq!((service.version(), service.until()), (RecordVersion::new(1, 7), at(NOW + 300)));
        Ok(service.decision().map(|_| ()).map_err(|denial| denial.to_string()))
    };
    judge().map_err(|error| error.code())
}

fn by(name: &str, signer: &str, sr: &str) -> String {
    token(sr, &key(signer), NOW, Some(name))
}

#[test]
fn policy_reads_enrollments_within_its_resource() {
    let whole = by("reader", "reader primary", HOST);
    assert_eq!(request("GET", "/enrollments/e1?api-version=1", HOST, &whole), Ok(Ok(())));
    assert_eq!(request("POST", "/enrollmentGroups/query", &HOST.to_uppercase(), &whole), Ok(Ok(())));
    assert_eq!(request("GET", "/enrollments/e1", &format!("{HOST}:443"), &whole), Ok(Ok(())));
    assert_eq!(request("PUT", "/enrollments/e1", HOST, &whole), Ok(Err("needs EnrollmentWrite".into())));
    assert_eq!(request("GET", "/enrollments/e1/x", HOST, &whole), Ok(Err("no endpoint matches".into())));
    let devices_own = request("PUT", "/0ne1/registrations/r/register", HOST, &whole);
    assert_eq!(devices_own, Ok(Err(ProvisioningDenial::NotADevice.to_string())));
    let narrow = by("reader", "reader secondary", &format!("{HOST}%2Fenrollments%2Fe1"));
    assert_eq!(request("GET", "/enrollments/e1", HOST, &narrow), Ok(Ok(())));
    assert_eq!(request("GET", "/enrollments/%65%31", HOST, &narrow), Ok(Ok(())));
    for path in ["/enrollments/e10", "/enrollmentGroups/e1"] {
        assert_eq!(request("GET", path, HOST, &narrow), Ok(Err(ProvisioningDenial::OutOfScope.to_string())));
    }
}

#[test]
fn other_hosts_tokens_and_policies_are_rejected() {
    let whole = by("reader", "reader primary", HOST);
    for (host, token, code) in [
        ("fabrikam-dps.example", whole.clone(), "hub-mismatch"),
        ("contoso-dps.example.evil.net", whole.clone(), "hub-mismatch"),
        ("user@contoso-dps.example", whole, "host"),
        (HOST, by("reader", "reader primary", HUB), "hub-mismatch"),
        (HOST, by("reader", "reader primary", "contoso-dps.example.evil.net"), "hub-mismatch"),
        (HOST, by("reader", "another", HOST), "token-wrong-signature"),
        (HOST, by("ghost", "reader primary", HOST), "unknown"),
        (HOST, by("registration", "reader primary", "0ne1%2Fregistrations%2Fr"), "identity-mismatch"),
        (HOST, own_token("dev1").replace(HUB, HOST), "identity-mismatch"),
        (HOST, "Bearer a.b.c".into(), "authorization-scheme"),
    ] {
        assert_eq!(request("GET", "/enrollments/e1", host, &token), Err(code), "{host} {code}");
    }
    // without a host of its own the service takes no policy's token
    let config = ProvisioningConfig::new(IdScope::parse("0ne1").unwrap(), key("dummy"));
    let token = by("reader", "reader primary", HOST);
    let presented = ServiceCredentials::http("GET", "/enrollments/e1", HOST, &token).unwrap();
    assert_eq!(presented.start(&config).err(), Some(AuthError::HubMismatch));
}
