//! Import lines as services send them in bulk requests.
#![cfg(feature = "json")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]
mod common;
use common::*;
use hubward_registry::{AuthenticationView, ImportProblem, Imported, Importer};
use hubward_rustcrypto::HmacKey;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn import(hub: &mut Hub, line: &str) -> Result<Imported, ImportProblem> {
    let mut entropy = counting();
    let mut importer = Importer::new(hub, &mut entropy, HmacKey::new);
    importer.line(line.as_bytes()).map_err(|error| error.problem)
}

fn sas_keys(primary: &str, secondary: &str) -> String {
    let keys = format!(r#"{{"primaryKey":{primary},"secondaryKey":{secondary}}}"#);
    format!(r#"{{"id":"a","status":"enabled","authentication":{{"type":"sas","symmetricKey":{keys}}}}}"#)
}

#[test]
fn empty_keys_are_generated_like_missing_ones() {
    let mut hub = Hub::unseeded();
    // services send them so
    assert!(matches!(import(&mut hub, &sas_keys("\"\"", "\"\"")), Ok(Imported::Created(_))));
    let view = hub.get(who("a")).unwrap();
    let AuthenticationView::Sas(keys) = view.authentication() else { panic!("no keys") };
    assert!(keys.expose_primary().is_some() && keys.expose_secondary().is_some());
    let mut hub = Hub::unseeded();
    for (primary, secondary) in [(format!("\"{KEY}\""), "\"\"".to_owned()), ("\"\"".to_owned(), format!("\"{KEY}\""))] {
        assert_eq!(import(&mut hub, &sas_keys(&primary, &secondary)).unwrap_err(), ImportProblem::OneKey);
    }
}
