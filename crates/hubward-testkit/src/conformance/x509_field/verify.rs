//! Verification of chains by profile and by thumbprint.

use core::time::Duration;

use hubward::types::{DeviceId, ModuleId};
use hubward_ring::{Digests, signature};
use hubward_x509::{
    Anchors, Chain, ChainError, Crls, ExpectedSubject, ExpectedThumbprints, Problem, Profile, Revocation,
    UnixTime, ValidityPolicy,
    crl::{NextUpdate, RevocationDepth, UnknownStatus},
    pem,
};
use rustls_pki_types::ServerName;

use super::super::time::seconds;
use super::operations::{Untyped, sha256};
use super::refusal::Refusal;
use super::{Accepted, Case};

/// Returns the time of a case.
pub(super) fn now(case: &Case) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds(case.arg("now").expect("a time"))))
}

pub(super) fn verify(case: &Case) -> Result<Accepted, Refusal> {
    // trust stores: what cannot be read is reported, and does the others no harm
    let chain = pem::each_certificate(&case.file("chain"))?;
    let registered = pem::each_certificate(&case.file("anchors"))?;
    let lists =
        case.files.contains_key("crls").then(|| pem::each_revocation_list(&case.file("crls"))).transpose()?;
    let (leaf, rest) = chain.split_first().expect("at least one");
    let (anchors, _) = Anchors::parse_readable(registered.iter().flatten());
    let chain = Chain::parse(leaf.as_ref().map_err(|error| *error)?, rest.iter().flatten())?;
    let (crls, unreadable) = Crls::parse_readable(lists.iter().flatten().flatten());
    let mut profile = profile(case)?;
    if lists.is_some() {
        let mut revocation = Revocation::by(&crls);
        if case.flag("leaf_only") {
            revocation = revocation.with_depth(RevocationDepth::Leaf);
        }
        if case.flag("allow_unknown") {
            // the one that cannot be read could be the one that revokes
            if let Some(error) = lists.iter().flatten().find_map(|list| list.as_ref().err()) {
                return Err((*error).into());
            }
            if let Some(error) = unreadable.first() {
                return Err((*error).into());
            }
            revocation = revocation.with_unknown(UnknownStatus::Allow);
        }
        if case.arg("next_update") == Some("optional") {
            revocation = revocation.with_next_update(NextUpdate::Optional);
        }
        profile = profile.with_revocation(revocation);
    }
    chain.verify(&anchors, &profile, signature::ALL, now(case)).map_err(|error| {
        let revoked = matches!(error, ChainError::Refused { problem: Problem::Revoked { .. }, .. });
        Refusal::from(error).revoked(revoked)
    })?;
    Ok(Accepted::default())
}

fn profile(case: &Case) -> Result<Profile<'_>, Refusal> {
    let server =
        case.arg("host").map(ServerName::try_from).transpose().map_err(|error| Untyped(error.to_string()))?;
    let subject = match (case.arg("device"), case.arg("module"), &server) {
        (Some(device), None, _) => ExpectedSubject::Device(DeviceId::parse(device)?),
        (Some(device), Some(module), _) => {
            ExpectedSubject::Module(DeviceId::parse(device)?, ModuleId::parse(module)?)
        }
        (None, _, Some(name)) => ExpectedSubject::Server(name.clone()),
        (None, _, None) => ExpectedSubject::Any,
    };
    let name = || server.clone().ok_or_else(|| Untyped("no host".into()));
    Ok(match case.arg("profile") {
        Some("device") => Profile::device(subject),
        Some("server") => Profile::server(name()?).with_subject(subject),
        Some("web-pki") => Profile::web_pki(name()?).with_subject(subject),
        Some("rfc5280") => Profile::rfc5280().with_subject(subject),
        other => panic!("a profile called {other:?}"),
    })
}

pub(super) fn pin(case: &Case) -> Result<Accepted, Refusal> {
    let pinned = pem::certificates(&case.file("pinned"))?;
    let chain = pem::certificates(&case.file("chain"))?;
    let (leaf, rest) = chain.split_first().expect("at least one");
    let pins = ExpectedThumbprints::new(pinned.first().map(|der| sha256(der)), None);
    Chain::parse(leaf, rest)?.match_thumbprint(pins, &Digests, now(case), ValidityPolicy::Enforce)?;
    Ok(Accepted::default())
}
