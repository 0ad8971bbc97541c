//! NIST PKITS, under section 6 of RFC 5280 alone: some of its CAs violate section 4 and must be accepted. Revocation
//! is checked for the whole path.

use base64::Engine;
use core::time::Duration;
use hubward_ring::signature;
use hubward_x509::{
    Anchors, Chain, Crls, Profile, Revocation, UnixTime,
    profile::{CaRequirements, PolicyInputs},
};
use serde_json::Value;

use super::Tally;
use super::time::seconds;

/// Runs the cases of `json`.
///
/// # Errors
/// The error of the JSON reader if `json` is not a file of PKITS.
pub fn run(json: &str, tally: &mut Tally) -> Result<(), serde_json::Error> {
    let suite: Value = serde_json::from_str(json)?;
    for case in suite["tests"].as_array().into_iter().flatten() {
        let id = case["id"].as_str().expect("an id");
        let has = |field: &str, word: &str| case[field].as_array().unwrap().iter().any(|one| one == word);
        if has("features", "dsa") {
            tally.may_differ(id, "dsa", "DSA is not accepted", || judge(case, &suite));
        } else {
            tally.case(id, || judge(case, &suite));
        }
    }
    Ok(())
}

fn judge(case: &Value, suite: &Value) -> Result<(), String> {
    let der = |kind: &str, name: &Value| {
        let text = suite[kind][name.as_str().unwrap()].as_str().expect("a file");
        base64::engine::general_purpose::STANDARD.decode(text).unwrap()
    };
    let ders = |kind: &str, list: &Value| -> Vec<Vec<u8>> {
        list.as_array().unwrap().iter().map(|name| der(kind, name)).collect()
    };
    let anchor = der("certs", &case["trust_anchor"]);
    let mut chain = ders("certs", &case["chain"]);
    let leaf = chain.pop().unwrap();
    let crls = ders("crls", &case["crls"]);
    match (case["expected"].as_str(), verify(case, &anchor, &leaf, &chain, &crls)) {
        (Some("invalid"), Err(_)) => Ok(()),
        (Some("valid"), Ok(policies)) => {
            let mut expected: Vec<Vec<u8>> =
                case["user_constrained_policy_set"].as_array().unwrap().iter().map(oid).collect();
            let mut policies = policies;
            expected.sort();
            policies.sort();
            if policies == expected {
                Ok(())
            } else {
                Err(format!("policies {policies:x?}, not {expected:x?}"))
            }
        }
        (_, Err(why)) => Err(format!("refused: {why}")),
        (_, Ok(_)) => Err("accepted".to_owned()),
    }
}

fn verify(
    case: &Value,
    anchor: &[u8],
    leaf: &[u8],
    others: &[Vec<u8>],
    crls: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, String> {
    let anchors = Anchors::parse([anchor]).map_err(|error| error.to_string())?;
    let chain = Chain::parse(leaf, others).map_err(|error| error.to_string())?;
    let crls = Crls::parse(crls).map_err(|error| error.to_string())?;
    let settings = &case["settings"];
    let flag = |name: &str| settings[name].as_bool().unwrap();
    let acceptable: Vec<Vec<u8>> =
        settings["initial_policy_set"].as_array().unwrap().iter().map(oid).collect();
    let acceptable: Vec<&[u8]> = acceptable.iter().map(Vec::as_slice).collect();
    let mut inputs = PolicyInputs::any().with_acceptable(&acceptable);
    if flag("initial_explicit_policy") {
        inputs = inputs.require_explicit();
    }
    if flag("initial_policy_mapping_inhibit") {
        inputs = inputs.inhibit_mapping();
    }
    if flag("initial_inhibit_any_policy") {
        inputs = inputs.inhibit_any();
    }
    let profile = Profile::rfc5280()
        .with_ca_requirements(CaRequirements::Ignore)
        .with_policies(inputs)
        .with_revocation(Revocation::by(&crls));
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds(settings["time"].as_str().unwrap())));
    let verified = chain
        .verify(&anchors, &profile, signature::ALL, now)
        .map_err(|error| chain.explain(error, &anchors).to_string())?;
    Ok(verified.policies().iter().map(<[u8]>::to_vec).collect())
}

/// Encodes the contents of an OBJECT IDENTIFIER.
fn oid(dotted: &Value) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.as_str().unwrap().split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut out = Vec::new();
    for arc in core::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let digits = (1..).find(|n| arc >> (7 * n) == 0).unwrap();
        for at in (0..digits).rev() {
            let more = if at > 0 { 0x80 } else { 0 };
            out.push(u8::try_from(arc >> (7 * at) & 0x7f).unwrap() | more);
        }
    }
    out
}
