//! The measured work: one call each, with the credentials of the demonstration's clients.

use core::error::Error;
use core::hint::black_box;

use hubward::Credentials;
use hubward::sas::{SasToken, TokenRules};
use hubward::types::Keys;
use hubward::x509::{Chain, ExpectedSubject, Profile};
use hubward_ring::signature;

use crate::clock::at;
use crate::demo::{HOST, Hub};

/// Verifies a token with both keys of its device, from text to verdict.
pub(super) fn token<'h>(hub: &'h Hub<'_>) -> Result<impl Fn() -> bool + use<'h>, Box<dyn Error>> {
    let text = hub.token(&format!("{HOST}%2Fdevices%2Fdev1"), &hub.dev1, None)?;
    let keys = Keys::pair(&hub.dev1_secondary, &hub.dev1);
    let (rules, now) = (TokenRules::STRICT, at(hub.now));
    Ok(move || {
        let parsed = SasToken::parse(black_box(&text), &rules);
        parsed.is_ok_and(|token| black_box(token.verify_for_any_host(keys, now, &rules)).is_ok())
    })
}

/// Authenticates an MQTT CONNECT against the registry, and decides on it.
pub(super) fn admission<'h>(hub: &'h Hub<'_>) -> Result<impl Fn() -> bool + use<'h>, Box<dyn Error>> {
    let password = hub.token(&format!("{HOST}%2Fdevices%2Fdev1"), &hub.dev1, None)?;
    let username = format!("{HOST}/dev1/?api-version=2021-04-12");
    Ok(move || {
        let credentials =
            Credentials::mqtt(black_box("dev1"), black_box(&username), Some(black_box(&password)));
        credentials.is_ok_and(|credentials| {
            let authenticated = hub.config.authenticate(credentials, &hub.registry, || at(hub.now));
            authenticated.is_ok_and(|authenticated| black_box(authenticated.decision()).is_allow())
        })
    })
}

/// Verifies a device's certificate and the intermediate above it to the root.
pub(super) fn chain<'h>(hub: &'h Hub<'_>) -> Result<impl Fn() -> bool + use<'h>, Box<dyn Error>> {
    let anchors = hub.certificates.anchors()?;
    let [leaf, intermediate] = hub.certificates.chain();
    Ok(move || {
        let profile = Profile::device(ExpectedSubject::Any);
        let chain = Chain::parse(black_box(leaf), [intermediate]);
        chain.is_ok_and(|chain| chain.verify(&anchors, &profile, signature::ALL, at(hub.now)).is_ok())
    })
}
