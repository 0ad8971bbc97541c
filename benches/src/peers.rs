//! Other libraries for the same task: a keyed HMAC over the same bytes, the bare compressions, and JWTs.

use std::hint::black_box;

use hubward_core::SymmetricKey;
use jwt_simple::prelude::{Claims, HS256Key, MACLike, VerificationOptions};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::naive;
use crate::tokens::{EXPIRY, Fixture, KEY, now};

#[derive(Serialize, Deserialize)]
struct Jwt {
    sub: String,
    exp: u64,
}

pub fn cases(f: &Fixture) -> Vec<Case<'_>> {
    let raw = SymmetricKey::from_base64(KEY).unwrap();
    let ring_key = hmac::Key::new(hmac::HMAC_SHA256, raw.expose());
    let (naive_key, sign_key) = (ring_key.clone(), ring_key.clone());
    let mut cases = vec![
        Case::new("ring verify", move || {
            hmac::verify(black_box(&ring_key), black_box(f.message.as_bytes()), black_box(&f.signature))
                .unwrap();
        }),
        Case::new("ring sign", move || {
            black_box(hmac::sign(black_box(&sign_key), black_box(f.message.as_bytes())));
        }),
        Case::new("three compressions", || {
            let mut state = black_box([7_u32; 8]);
            for block in &black_box([[1_u8; 64], [2; 64], [3; 64]]) {
                sha2::block_api::compress256(&mut state, std::slice::from_ref(block));
            }
            black_box(state);
        }),
        Case::new("naive", move || {
            assert!(naive::verify(black_box(&f.token), black_box(&naive_key), now().as_secs()));
        }),
    ];
    cases.extend(jsonwebtoken_cases(raw.expose()));
    cases.extend(jwt_simple_cases(raw.expose()));
    cases
}

fn jsonwebtoken_cases(key: &[u8]) -> Vec<Case<'static>> {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
    crate::jsonwebtoken_provider::RING.install_default().unwrap();
    let claims = || Jwt { sub: "device-0001".to_owned(), exp: u64::from(u32::MAX) };
    let signing = EncodingKey::from_secret(key);
    let verifying = DecodingKey::from_secret(key);
    let token = encode(&Header::new(Algorithm::HS256), &claims(), &signing).unwrap();
    let validation = Validation::new(Algorithm::HS256);
    vec![
        Case::new("jsonwebtoken", move || {
            black_box(decode::<Jwt>(black_box(&token), &verifying, &validation).unwrap());
        }),
        Case::new("jsonwebtoken sign", move || {
            black_box(encode(&Header::new(Algorithm::HS256), &claims(), &signing).unwrap());
        }),
    ]
}

fn jwt_simple_cases(key: &[u8]) -> Vec<Case<'static>> {
    let key = HS256Key::from_bytes(key);
    let signing = key.clone();
    let claims =
        || Claims::create(jwt_simple::prelude::Duration::from_secs(EXPIRY)).with_subject("device-0001");
    let token = key.authenticate(claims()).unwrap();
    vec![
        Case::new("jwt-simple", move || {
            let options = Some(VerificationOptions::default());
            black_box(
                key.verify_token::<jwt_simple::prelude::NoCustomClaims>(black_box(&token), options).unwrap(),
            );
        }),
        Case::new("jwt-simple sign", move || {
            black_box(signing.authenticate(claims()).unwrap());
        }),
    ]
}
