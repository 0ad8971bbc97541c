//! The provisioning service: derived keys, and tokens of registrations.

use hubward_core::{IdScope, Keys, MacKey, RegistrationId, SymmetricKey};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken, derive_device_key};

use super::{Case, at, field, refuse_flipped, same_signature};
use crate::conformance::ensure;

/// A device's key is the tag of its registration id under the group's key.
pub(super) fn derived_key(case: &Case) -> Result<(), String> {
    let expected = case.token()?;
    let group =
        SymmetricKey::from_base64(case.required(&["group_key"])?).map_err(|error| error.to_string())?;
    let group = HmacKey::new(&group);
    let id = case.required(&["registration_id"])?;
    // a text that is no registration id has no key here; its tag is compared alone
    let key = match RegistrationId::parse(id) {
        Ok(id) => derive_device_key(&group, id),
        Err(_) => group.tag(&[id.as_bytes()]).into(),
    };
    let mut buffer = [0; 88];
    ensure(key.expose_base64(&mut buffer) == expected, "another key")?;
    let tag = group.tag(&[id.as_bytes()]);
    refuse_flipped(expected, expected, |flipped| {
        let key = SymmetricKey::from_base64(flipped).map_err(|error| error.to_string())?;
        let bytes = key.expose().first_chunk::<32>().ok_or("not 32 bytes")?;
        ensure(tag.matches(bytes), "another key")
    })
}

/// A registration's token. The service takes no registration id with other characters than its own rule has, and so the
/// parser refuses such a token; of that, the signature is compared alone.
pub(super) fn registration(case: &Case) -> Result<(), String> {
    let text = case.token()?;
    let key = SymmetricKey::from_base64(case.required(&["key"])?).map_err(|error| error.to_string())?;
    let key = HmacKey::new(&key);
    let expiry =
        case.input.get("expiry").and_then(serde_json::Value::as_u64).ok_or("the input has no expiry")?;
    let resource = case.required(&["resource_uri"])?;
    let (scope, id) = resource.split_once("/registrations/").ok_or("no registration")?;
    let fields = text.trim_start_matches("SharedAccessSignature ");
    let (sr, signature) =
        (field(fields, "sr").ok_or("no resource")?, field(fields, "sig").ok_or("no signature")?);
    // one SDK signs the resource as it is, another one percent-encoded
    let tag = key.tag(&[sr.as_bytes(), b"\n", expiry.to_string().as_bytes()]);
    let matches = |text: &str| {
        let signature = field(text.trim_start_matches("SharedAccessSignature "), "sig").unwrap_or_default();
        let signature =
            SymmetricKey::from_base64(&super::decode(signature)?).map_err(|error| error.to_string())?;
        let bytes = signature.expose().first_chunk::<32>().ok_or("not 32 bytes")?;
        ensure(tag.matches(bytes), "another signature")
    };
    matches(text)?;
    let (Ok(scope), Ok(id)) = (IdScope::parse(scope), RegistrationId::parse(id)) else {
        ensure(SasToken::parse(text, &TokenRules::HUB_COMPAT).is_err(), "names what no registration is")?;
        return refuse_flipped(text, signature, matches);
    };
    let verify = |text: &str, now| {
        let rules = TokenRules::HUB_COMPAT;
        let token = SasToken::parse(text, &rules).map_err(|error| error.to_string())?;
        let verified = token.verify_for_any_host(Keys::one(&key), at(now), &rules);
        verified.map(|_| ()).map_err(|error| error.to_string())
    };
    verify(text, expiry)?;
    ensure(verify(text, expiry + 301).is_err(), "does not expire")?;
    refuse_flipped(text, signature, |text| verify(text, expiry))?;
    let signed = UnsignedToken::registration(scope, id, at(expiry)).sign(&key).to_string();
    verify(&signed, expiry)?;
    let ours = field(signed.trim_start_matches("SharedAccessSignature "), "sig").unwrap_or_default();
    if sr.contains('%') { same_signature(ours, signature) } else { Ok(()) }
}
