//! Event Grid.

use hubward_cloud::TopicKey;
use hubward_cloud::event_grid::{Token, UnsignedToken};
use hubward_rustcrypto::GeneralKey;

use super::{Case, at, field, refuse_flipped, same_signature, same_text};
use crate::conformance::ensure;

pub(super) fn event_grid(case: &Case) -> Result<(), String> {
    let text = case.token()?;
    let key =
        TopicKey::<GeneralKey>::from_base64(case.required(&["key"])?).map_err(|error| error.to_string())?;
    let endpoint = case.required(&["endpoint"])?;
    let expiry = Token::parse(text).map_err(|error| error.to_string())?.expiry();
    let verify = |text: &str, now| {
        let grant = Token::parse(text).map_err(|error| error.to_string())?.verify(&[&key], at(now));
        let grant = grant.map_err(|error| error.to_string())?;
        ensure(grant.covers(endpoint), "does not cover its endpoint")
    };
    verify(text, expiry)?;
    ensure(verify(text, expiry + 1).is_err(), "does not expire")?;
    let signature = field(text, "s").unwrap_or_default();
    refuse_flipped(text, signature, |text| verify(text, expiry))?;

    let unsigned = UnsignedToken::with_expiry_text(endpoint, case.required(&["expiry"])?);
    let unsigned = unsigned.map_err(|error| error.to_string())?;
    same_text(case, &unsigned.string_to_sign())?;
    let signed = unsigned.sign(&key).to_string();
    same_signature(field(&signed, "s").unwrap_or_default(), signature)?;
    verify(&signed, expiry)
}
