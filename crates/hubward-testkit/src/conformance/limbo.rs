//! x509-limbo: `webpki::` under the web profile, CLIENT cases under the device profile, and all others under RFC
//! 5280.

use base64::Engine;
use core::time::Duration;
use hubward_ring::signature;
use hubward_x509::{
    Anchors, Chain, Crls, ExpectedSubject, Profile, Purpose, Revocation, UnixTime,
    profile::{CommonNames, ExtendedKeyUsage},
};
use rustls_pki_types::ServerName;
use serde_json::Value;

use super::Tally;
use super::time::seconds;

/// Kinds of cases that may differ from the suite, with the reason: a namespace, or a feature.
const MAY_DIFFER: &[(&str, &str)] =
    &[("pedantic-public-suffix-wildcard", "there is no list of public suffixes here")];

/// Cases that test nothing: the intermediate that they are about is not among their certificates.
const EMPTY: &[&str] = &["rfc5280::ica-ku-keycertsign", "rfc5280::intermediate-ca-missing-basic-constraints"];

/// Runs the cases of `json`.
///
/// # Errors
/// The error of the JSON reader if `json` is not a file of x509-limbo.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    let suite: Value = serde_json::from_str(json)?;
    for case in suite["testcases"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().expect("an id");
        if EMPTY.contains(&id) {
            tally.skip(id, "the intermediate it is about is not in its bundle");
            continue;
        }
        let is_of = |kind: &str| {
            let features = case["features"].as_array();
            id.starts_with(kind) || features.is_some_and(|all| all.iter().any(|one| one == kind))
        };
        match MAY_DIFFER.iter().find(|(kind, _)| is_of(kind)) {
            Some((kind, reason)) => tally.may_differ(id, kind, reason, || judge(id, case)),
            None => tally.case(id, || judge(id, case)),
        }
    }
    Ok(())
}

fn judge(id: &str, case: &Value) -> Result<(), String> {
    let result = verify(id, case);
    match (case["expected_result"].as_str(), result) {
        (Some("SUCCESS"), Ok(())) | (Some("FAILURE"), Err(_)) => Ok(()),
        (Some("SUCCESS"), Err(why)) => Err(format!("refused: {why}")),
        _ => Err("accepted".to_owned()),
    }
}

fn verify(id: &str, case: &Value) -> Result<(), String> {
    let (leaf, intermediates) = (der(&case["peer_certificate"]), ders(&case["untrusted_intermediates"]));
    let trusted = ders(&case["trusted_certs"]);
    let anchors = Anchors::parse(&trusted).map_err(|error| error.to_string())?;
    let chain = Chain::parse(&leaf, &intermediates).map_err(|error| error.to_string())?;
    let lists = ders(&case["crls"]);
    let crls = Crls::parse(&lists).map_err(|error| error.to_string())?;
    let now = case["validation_time"].as_str().map_or_else(now, seconds);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));

    let client = case["validation_kind"] == "CLIENT";
    let name = case["expected_peer_name"]["value"].as_str();
    let server =
        name.map(|name| ServerName::try_from(name).map_err(|error| error.to_string())).transpose()?;
    let emails = case["expected_peer_names"].as_array().into_iter().flatten();
    let subjects: Vec<ExpectedSubject<'_>> = match server {
        Some(name) => vec![ExpectedSubject::Server(name)],
        None if client => {
            emails.map(|name| ExpectedSubject::Email(name["value"].as_str().unwrap())).collect()
        }
        None => vec![ExpectedSubject::Any],
    };
    for subject in subjects {
        let profile = profile(id, client, subject);
        let profile = match case["max_chain_depth"].as_u64() {
            Some(most) => profile.with_max_intermediates(usize::try_from(most).unwrap()),
            None => profile,
        };
        let profile = if lists.is_empty() { profile } else { profile.with_revocation(Revocation::by(&crls)) };
        chain
            .verify(&anchors, &profile, signature::ALL, now)
            .map_err(|error| chain.explain(error, &anchors).to_string())?;
    }
    Ok(())
}

fn profile<'a>(id: &str, client: bool, subject: ExpectedSubject<'a>) -> Profile<'a> {
    let server = ExtendedKeyUsage::AllowAbsent(Purpose::ServerAuth);
    match subject {
        _ if client => Profile::device(subject),
        ExpectedSubject::Server(name) if id.starts_with("webpki::") => {
            // most of these cases have the same common name, independent of their names
            let profile = Profile::web_pki(name);
            let strict = id.starts_with("webpki::cn::");
            if strict { profile } else { profile.with_common_names(CommonNames::Ignore) }
        }
        _ => Profile::rfc5280().with_subject(subject).with_extended_key_usage(server),
    }
}

#[expect(clippy::disallowed_methods, reason = "cases without a time are about the present")]
fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn ders(list: &Value) -> Vec<Vec<u8>> {
    list.as_array().into_iter().flatten().map(der).collect()
}

fn der(pem: &Value) -> Vec<u8> {
    let text: String = pem.as_str().unwrap().lines().filter(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap()
}
