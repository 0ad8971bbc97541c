//! No content panics, not even one that is authentic; what is restored is sealed to the same and restored again.
#![no_main]

use hubward_core::{NotAuthentic, NotSealed, Seal};
use hubward_registry::{NoEntropy, Registry};
use hubward_rustcrypto::HmacKey;
use libfuzzer_sys::fuzz_target;

/// Lets everything pass, so that the content is the fuzzer's.
#[derive(Debug)]
struct Open;

impl Seal for Open {
    fn seal(&self, _: &[u8; 12], _: &[u8], _: &mut [u8]) -> Result<[u8; 16], NotSealed> {
        Ok([0; 16])
    }

    fn open<'m>(&self, _: &[u8; 12], _: &[u8], sealed: &'m mut [u8]) -> Result<&'m mut [u8], NotAuthentic> {
        let len = sealed.len().checked_sub(16).ok_or(NotAuthentic)?;
        sealed.get_mut(..len).ok_or(NotAuthentic)
    }
}

fn restore(bytes: Vec<u8>) -> Option<Registry<HmacKey>> {
    Registry::unseal(bytes, &Open, 0, &[1; 16], HmacKey::new).ok()
}

fuzz_target!(|content: &[u8]| {
    let mut bytes = b"hubwrdRG\0\x01".to_vec();
    bytes.extend([0; 20]);
    bytes.extend(u64::try_from(content.len()).unwrap().to_be_bytes());
    bytes.extend(content);
    bytes.extend([0; 16]);
    if let Some(registry) = restore(bytes) {
        let mut nonce = |buffer: &mut [u8]| {
            buffer.fill(1);
            Ok::<(), NoEntropy>(())
        };
        let sealed = registry.seal(&Open, 0, &mut nonce).unwrap();
        let again = restore(sealed.clone()).unwrap();
        assert_eq!(again.seal(&Open, 0, &mut nonce).unwrap(), sealed);
    }
});
