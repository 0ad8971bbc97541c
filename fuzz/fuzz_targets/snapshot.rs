//! No content panics, not even authentic content; a restored registry, or restored enrollments, seal to the same
//! bytes and are restored again.
#![no_main]

use hubward_core::{Aead, OpenError, SealError};
use hubward_registry::{Enrollments, NoEntropy, Registry};
use hubward_rustcrypto::HmacKey;
use libfuzzer_sys::fuzz_target;

/// Accepts everything, so that the fuzzer controls the content.
#[derive(Debug)]
struct Open;

impl Aead for Open {
    fn seal(&self, _: &[u8; 12], _: &[u8], _: &mut [u8]) -> Result<[u8; 16], SealError> {
        Ok([0; 16])
    }

    fn open<'m>(&self, _: &[u8; 12], _: &[u8], sealed: &'m mut [u8]) -> Result<&'m mut [u8], OpenError> {
        let len = sealed.len().checked_sub(16).ok_or(OpenError)?;
        sealed.get_mut(..len).ok_or(OpenError)
    }
}

fn nonce(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    buffer.fill(1);
    Ok(())
}

fn snapshot(magic: &[u8; 8], content: &[u8]) -> Vec<u8> {
    let len = u64::try_from(content.len()).unwrap().to_be_bytes();
    [magic, &b"\0\x01"[..], &[0; 20], &len, content, &[0; 16]].concat()
}

fn restore(bytes: Vec<u8>) -> Option<Registry<HmacKey>> {
    Registry::open(bytes, &Open, 0, &mut nonce, HmacKey::new).ok()
}

fn restore_enrollments(bytes: Vec<u8>) -> Option<Enrollments<HmacKey>> {
    Enrollments::open(bytes, &Open, 0, HmacKey::new).ok()
}

fuzz_target!(|content: &[u8]| {
    if let Some(registry) = restore(snapshot(b"hubwrdRG", content)) {
        // the counter begins at the same seed each time
        let sealed = registry.seal(&Open, 0, &mut nonce).unwrap();
        let again = restore(sealed.clone()).unwrap();
        assert_eq!(again.seal(&Open, 0, &mut nonce).unwrap(), sealed);
    }
    if let Some(enrollments) = restore_enrollments(snapshot(b"hubwrdEN", content)) {
        let sealed = enrollments.seal(&Open, 0, &mut nonce).unwrap();
        let again = restore_enrollments(sealed.clone()).unwrap();
        assert_eq!(again.seal(&Open, 0, &mut nonce).unwrap(), sealed);
    }
});
