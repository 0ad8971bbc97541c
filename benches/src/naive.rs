//! A naive verifier: a map of strings, decoded into new strings.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use ring::hmac;

pub fn verify(token: &str, key: &hmac::Key, now: u64) -> bool {
    let Some(body) = token.strip_prefix("SharedAccessSignature ") else { return false };
    let mut fields = HashMap::new();
    for field in body.split('&') {
        let Some((name, value)) = field.split_once('=') else { return false };
        fields.insert(name.to_owned(), value.to_owned());
    }
    let (Some(sr), Some(se), Some(sig)) = (fields.get("sr"), fields.get("se"), fields.get("sig")) else {
        return false;
    };
    let sig = percent_decode_str(sig).decode_utf8_lossy().into_owned();
    let Ok(sig) = STANDARD.decode(sig) else { return false };
    let message = format!("{sr}\n{se}");
    let resource = percent_decode_str(sr).decode_utf8_lossy().into_owned();
    hmac::verify(key, message.as_bytes(), &sig).is_ok()
        && se.parse::<u64>().is_ok_and(|se| now <= se)
        && resource.split('/').count() == 3
}
