//! Any text as the JSON of an enrollment's row: it is read completely, or the enrollment denies; what was read is written
//! and read again to the same.
#![no_main]
#![allow(clippy::unwrap_used, reason = "a failed step is a finding")]

use core::slice::from_ref;
use std::sync::atomic::{AtomicU64, Ordering};

use hubward::registry::{NoEntropy, Thumbprints};
use hubward::types::{RegistrationId, SymmetricKey, Thumbprint};
use hubward_ring::AeadKey;
use hubward_store::{
    EnrollmentAttestation, EnrollmentRecord, EnrollmentSettings, Expected, MemoryStore, RowKey, Sealer,
    Store, Write, change_provisioning, read_enrollments, read_provisioning,
};
use libfuzzer_sys::fuzz_target;

// The first byte: `k` for keys or `x` for certificates, upper case for a group; then the JSON.
fuzz_target!(|text: &str| {
    let (Some(kind), Some(detail)) = (text.get(..1), text.get(1..)) else { return };
    let id = RegistrationId::parse("sn-7").unwrap();
    let key = match kind {
        "k" | "x" => RowKey::enrollment(id),
        "K" | "X" => RowKey::enrollment_group(id),
        _ => return,
    };
    let attestation = match kind {
        "k" | "K" => EnrollmentAttestation::Keys(SymmetricKey::from_bytes(&[9; 32]).unwrap(), None),
        _ => EnrollmentAttestation::X509(Thumbprints::new(Some(Thumbprint::Sha256([9; 32])), None).unwrap()),
    };
    let sealer = Sealer::new("hub.example", Box::new(AeadKey::new(&[1; 32])), random);
    let store = MemoryStore::new("hub.example");
    let record = EnrollmentRecord::new(key.clone(), attestation, EnrollmentSettings::default());
    write(&store, &sealer, record);
    let mut rows = Vec::new();
    store.read(from_ref(&key), &mut |row| rows.push(row.into_owned())).unwrap();
    let mut row = rows.pop().unwrap();
    row.detail = detail.to_owned().into();
    store.commit(&[Write::Put(row, Expected::Present)]).unwrap();

    let (mut records, refused) = read_enrollments(&store, &sealer).unwrap();
    assert_eq!(records.len() + refused.len(), 1, "an enrollment is read, or it is reported");
    let one = read_provisioning(&store, &sealer, from_ref(&key)).unwrap();
    assert_eq!(one.enrollment(&key).is_some(), refused.is_empty());
    let Some(read) = records.pop() else { return };
    let copy = EnrollmentRecord {
        key: key.clone(),
        enabled: read.enabled,
        attestation: read.attestation.duplicate().unwrap(),
        settings: read.settings.clone(),
        etag: 0,
    };
    write(&store, &sealer, copy);
    let again = read_provisioning(&store, &sealer, from_ref(&key)).unwrap();
    assert!(again.enrollment(&key).is_some_and(|again| again.same(&read)), "{read:?}");
});

fn write(store: &MemoryStore, sealer: &Sealer, record: EnrollmentRecord) {
    let key = record.key.clone();
    let mut record = Some(record);
    change_provisioning(store, sealer, from_ref(&key), |rows| rows.set_enrollment(record.take().unwrap()))
        .unwrap();
}

/// Fills a buffer with bytes that are never the same twice.
fn random(buffer: &mut [u8]) -> Result<(), NoEntropy> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    for chunk in buffer.chunks_mut(8) {
        let count = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        chunk.copy_from_slice(&count[..chunk.len()]);
    }
    Ok(())
}
