//! Parses, verifies and signs tokens, next to a keyed HMAC of the same bytes and a JWT.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a benchmark")]

#[path = "../../crates/hubward/examples/bearer/provider.rs"]
mod provider;

use core::hint::black_box;
use core::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use hubward_core::{Authority, DeviceId, Keys, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use ring::hmac;

const EXPIRY: u64 = 1_893_456_000;

fn tokens(c: &mut Criterion) {
    provider::RING.install_default().unwrap();
    let raw = SymmetricKey::from_bytes(b"0123456789abcdef0123456789abcdef").unwrap();
    let key = HmacKey::new(&raw);
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let host = Authority::parse("myhub.azure-devices.net").unwrap();
    let unsigned = UnsignedToken::device(host, DeviceId::parse("device-0001").unwrap(), at(EXPIRY));
    let text = unsigned.sign(&key).to_string();
    let rules = TokenRules::STRICT;
    let now = at(EXPIRY.saturating_sub(3600));

    let mut group = c.benchmark_group("tokens");
    group.bench_function("parse", |b| b.iter(|| SasToken::parse(black_box(&text), &rules).unwrap()));
    group.bench_function("verify", |b| {
        b.iter(|| {
            let token = SasToken::parse(black_box(&text), &rules).unwrap();
            token.verify_for_any_host(Keys::one(&key), now, &rules).unwrap()
        });
    });
    group.bench_function("sign", |b| {
        let mut buffer = [0; 256];
        b.iter(|| unsigned.sign(black_box(&key)).write_into(&mut buffer).unwrap().len());
    });

    let mut buffer = [0; 256];
    let message = unsigned.to_be_signed(&mut buffer).unwrap();
    let ring_key = hmac::Key::new(hmac::HMAC_SHA256, raw.expose());
    let tag = hmac::sign(&ring_key, message);
    group.bench_function("ring keyed verify of the same bytes", |b| {
        b.iter(|| hmac::verify(&ring_key, black_box(message), tag.as_ref()).unwrap());
    });

    let claims = serde_json::json!({"sub": "device-0001", "exp": u32::MAX});
    let jwt =
        encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(raw.expose())).unwrap();
    let (verifying, validation) = (DecodingKey::from_secret(raw.expose()), Validation::new(Algorithm::HS256));
    group.bench_function("jsonwebtoken HS256 verify", |b| {
        b.iter(|| decode::<serde_json::Value>(black_box(&jwt), &verifying, &validation).unwrap());
    });
    group.finish();
}

criterion_group!(benches, tokens);
criterion_main!(benches);
