//! Signing in two steps: the key stays in a TPM, an HSM or a key service, which returns 32 bytes.
//!
//!     cargo run -p hubward-sas --example external_signer
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::unreachable, reason = "an example")]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use hubward_core::{Authority, DeviceId, Keys, MacKey, SymmetricKey, Tag, UnixTime};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};

/// The bytes to be signed have at most this length, for ids of ordinary length.
const MESSAGE_LEN: usize = 256;

/// Signs with a chip behind a callback that takes bytes and returns a tag. The chip's error is returned unchanged.
fn sign_by_callback<E>(
    unsigned: UnsignedToken<'_>,
    chip: impl FnOnce(&[u8]) -> Result<[u8; 32], E>,
) -> Result<String, E> {
    let mut buffer = [0; MESSAGE_LEN];
    let message = unsigned.to_be_signed(&mut buffer).unwrap();
    Ok(unsigned.finish(Tag::new(chip(message)?)).to_string())
}

/// Signs with a key service in the network. No key is borrowed across the await.
async fn sign_remotely<E>(
    unsigned: UnsignedToken<'_>,
    service: impl AsyncFnOnce(Vec<u8>) -> Result<[u8; 32], E>,
) -> Result<String, E> {
    let mut buffer = [0; MESSAGE_LEN];
    let message = unsigned.to_be_signed(&mut buffer).unwrap().to_vec();
    Ok(unsigned.finish(Tag::new(service(message).await?)).to_string())
}

fn main() {
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    let host = Authority::parse("myhub.example").unwrap();
    let unsigned = UnsignedToken::device(host, DeviceId::parse("pump-7").unwrap(), expires);

    // in place of the chip and the service, which alone have the key
    let key = HmacKey::new(&SymmetricKey::from_bytes(b"0123456789abcdef0123456789abcdef").unwrap());
    let elsewhere = |message: &[u8]| Ok::<_, core::convert::Infallible>(*key.tag(&[message]).expose());

    let by_callback = sign_by_callback(unsigned, elsewhere).unwrap();
    let remotely = ready(sign_remotely(unsigned, async |message: Vec<u8>| elsewhere(&message))).unwrap();
    assert_eq!(by_callback, remotely);

    let token = SasToken::parse(&by_callback, &TokenRules::HUB_COMPAT).unwrap();
    let verified = token.verify_for_any_host(Keys::one(&key), expires, &TokenRules::HUB_COMPAT).unwrap();
    println!("signed by an external key, and valid for {}", verified.resource());
}

/// Runs a future that is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("this service answers at once"),
    }
}
