//! No line panics; a line that fails changes nothing; an export is imported again to the same, and byte for byte with
//! its etags.
#![no_main]

use hubward_core::{Identity, SymmetricKey};
use hubward_registry::{ExportKeys, Imported, Importer, NoEntropy, Registry};
use hubward_rustcrypto::HmacKey;
use libfuzzer_sys::fuzz_target;

fn exported(registry: &Registry<HmacKey>) -> String {
    let mut text = String::new();
    registry.iter().for_each(|view| view.export(ExportKeys::Included, &mut text).unwrap());
    text
}

/// Returns the lines without their etags, which differ for each registry.
fn without_etags(text: &str) -> Vec<String> {
    let cut = |line: &str| {
        let (id, rest) = line.split_once(r#","eTag":""#).unwrap();
        format!("{id}{}", &rest[16..])
    };
    let mut lines: Vec<_> = text.lines().map(cut).collect();
    lines.sort();
    lines
}

fuzz_target!(|data: &[u8]| {
    let mut count = 0_u8;
    let mut entropy = move |buffer: &mut [u8]| {
        count = count.wrapping_add(1);
        buffer.fill(count | 1);
        Ok::<(), NoEntropy>(())
    };
    let mut registry = Registry::unseeded();
    let make = |key: &SymmetricKey| HmacKey::new(key);
    for line in data.split(|byte| *byte == b'\n') {
        let before = exported(&registry);
        let imported = Importer::new(&mut registry, &mut entropy, make).line(line);
        if matches!(imported, Err(_) | Ok(Imported::Blank | Imported::TwinOnly)) {
            assert_eq!(exported(&registry), before);
        }
    }
    let text = exported(&registry);
    let mut again = Registry::unseeded();
    let summary = Importer::new(&mut again, &mut entropy, make).run(text.lines(), |error| panic!("{error}"));
    assert_eq!(summary.created, u64::try_from(registry.len()).unwrap());
    assert_eq!(without_etags(&exported(&again)), without_etags(&text));
    let mut kept = Registry::unseeded();
    Importer::new(&mut kept, &mut entropy, make)
        .with_kept_etags()
        .run(text.lines(), |error| panic!("{error}"));
    assert_eq!(exported(&kept), text);
    for view in registry.iter() {
        let identity: Identity<'_> = view.identity();
        assert!(again.get(identity).is_some());
    }
});
