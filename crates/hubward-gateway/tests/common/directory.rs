//! A directory that signs tokens with three keys, and also tokens that no real directory would sign.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

pub struct Directory {
    ec: EcdsaKeyPair,
    rsa: RsaKeyPair,
    ed: Ed25519KeyPair,
}

impl Directory {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let ec = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let rsa = include_str!("../../../hubward-x509/tests/common/rsa.base64");
        let rsa = STANDARD.decode(rsa.split_whitespace().collect::<String>()).unwrap();
        Self {
            ec: EcdsaKeyPair::from_pkcs8(algorithm, ec.as_ref(), &random).unwrap(),
            rsa: RsaKeyPair::from_pkcs8(&rsa).unwrap(),
            ed: Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap(),
        }
    }

    /// Returns the public keys: `ec`, `rsa` and `ed`.
    pub fn keys(&self) -> Value {
        let (n, e) = self.modulus_and_exponent();
        let point = self.point();
        json!([
            { "kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "x": text(&point[1..33]), "y": text(&point[33..]) },
            { "kty": "RSA", "kid": "rsa", "use": "sig", "n": text(&n), "e": text(&e) },
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": text(self.ed.public_key().as_ref()) },
        ])
    }

    /// Returns the point of `ec`.
    pub fn point(&self) -> &[u8] {
        self.ec.public_key().as_ref()
    }

    /// Returns the modulus and the exponent of `rsa`.
    pub fn modulus_and_exponent(&self) -> (Vec<u8>, Vec<u8>) {
        let RsaPublicKeyComponents { n, e } = self.rsa.public().into();
        (n, e)
    }

    /// Signs a message by `algorithm` with the matching key; returns zeros for an algorithm without a key.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let by_rsa = |encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; self.rsa.public().modulus_len()];
            self.rsa.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        };
        match algorithm {
            "ES256" => self.ec.sign(&SystemRandom::new(), message).unwrap().as_ref().into(),
            "RS256" => by_rsa(&RSA_PKCS1_SHA256),
            "RS512" => by_rsa(&RSA_PKCS1_SHA512),
            "PS256" => by_rsa(&RSA_PSS_SHA256),
            "EdDSA" => self.ed.sign(message).as_ref().into(),
            _ => vec![0; 64],
        }
    }

    /// Returns a token of these parts, signed by `algorithm`, regardless of the header.
    pub fn token(&self, header: &Value, claims: &Value, algorithm: &str) -> String {
        written(header, claims, |message| self.sign(algorithm, message))
    }
}

/// Returns a token whose signature is an HMAC with this secret.
pub fn by_secret(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    written(header, claims, |message| hmac::sign(&key, message).as_ref().into())
}

fn written(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
    let signature = text(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

pub fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
