extern crate alloc;

use super::{SecretShape, Shown};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use proptest::prelude::*;

fn base64(bytes: &[u8], url: bool) -> String {
    let mut buffer = [0; 128];
    let text = if url {
        Base64UrlUnpadded::encode(bytes, &mut buffer)
    } else {
        Base64Unpadded::encode(bytes, &mut buffer)
    };
    text.unwrap().into()
}

#[test]
fn names_are_shown() {
    for name in [
        "",
        "-",
        "pump-7",
        "/etc/hubward/devices.jsonl",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
        "edge-3f2504e0-4f89-11d3-9a0c-0305e82c3301/modules/3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "myhub.azure-devices.net",
        "iothubowner",
        "00155d01a2b3",
        "3a002b000e51363438343937",
        "3A002B000E51363438343937",
        "plant-3a002b000e51363438343937/modules/pump",
        "00:15:5d:01:a2:b3",
        "00:15:5d:ff:fe:01:a2:b3",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5",
        "2026-06-30 12:00:00, 2026-06-30 13:00:00",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "edge-gateway-00155d01a2b3",
        "/tmp/hubward-gateway-1a2b3c4d5e6f7788/server.pem",
        "/hub1/dev2/mod3/pump7/site4/hall5",
        "TemperatureSensorHall12Line3",
        "C:\\Users\\Operator\\Documents\\Certificates\\FleetRoot2026.pem",
        "/home/operator/projects/hubward/crates/hubward-cli/tests/certificates/intermediate.pem",
        "https://sts.windows.net/3f2504e0-4f89-11d3-9a0c-0305e82c3301/v2.0",
        "2001:db8:85a3::8a2e:370:7334",
        "[::1]:8883",
        "2026-06-30T12:00:00Z",
        "devices/pump-7/messages/events/",
        "HostName=myhub.azure-devices.net;DeviceId=pump-7;x509=true",
        "SharedAccessKeyName=iothubowner",
        "Microsoft.Devices/IotHubs/devices/read",
        "signature.bin",
    ] {
        assert_eq!(SecretShape::of(name), None, "{name}");
        assert_eq!(Shown::new(name).to_string(), name);
    }
}

#[test]
fn secrets_are_not_shown() {
    use SecretShape::{ConnectionString, Json, Key, Pem, Token};
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    for (shape, text) in [
        (Key, key),
        (Key, "/tmp/MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
        (Key, "AAAAAAAAAAAAAAAAAAAAAA=="),
        (Key, "AAAAAAAAAAAAAAAAAAAAAA==@2026-01-01..2027-01-01"),
        (Key, "6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c"),
        (Key, "6D2F0F5DD2B1AB0D5BB2DBB1A5D94D1C6D2F0F5DD2B1AB0D5BB2DBB1A5D94D1C"),
        (Key, "hub/devices/8ZHnC13EiB-ibtk3sEz6FXvhli3IUw6_ZKnyPYHOVxo"),
        (Key, "the key is 8ZHnC13EiB+ibtk3sEz6FXvhli3IUw6/ZKnyPYHOVxo"),
        (ConnectionString, "HostName=h;DeviceId=d;SharedAccessKey=abc"),
        (ConnectionString, "hostname=h;deviceid=d;sharedaccesskey = abc"),
        (ConnectionString, "AccountName=a;AccountKey=abc"),
        (Token, "SharedAccessSignature sr=h&sig=abc&se=1"),
        (Token, "sr=h&sig=abc&se=1"),
        (Token, "eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiIxIn0.c2lnbmF0dXJl"),
        (Token, "Bearer abc"),
        (Pem, "-----BEGIN PRIVATE KEY----- MC4CAQ -----END PRIVATE KEY-----"),
        (Pem, "MC4CAQ\\n-----END PRIVATE KEY-----"),
        (Json, "{\"id\":\"pump-7\"}"),
        (Json, "\"primaryKey\": \"abc\""),
    ] {
        assert_eq!(SecretShape::of(text), Some(shape), "{text}");
        assert!(!Shown::new(text).to_string().contains("abc"));
    }
    assert_eq!(
        Shown::new(["module pump-7/", key, " is blocked"].concat()).to_string(),
        "module [looks like a key, not shown] is blocked"
    );
}

#[test]
fn bytes_one_by_one_are_a_key_as_digits_in_a_row_are() {
    const HIDDEN: &str = "[looks like a key, not shown]";
    for count in [16_u8, 20, 32, 64] {
        let list = |byte: fn(u8) -> String, between: &str| {
            (0..count).map(|at| byte(at.wrapping_mul(37))).collect::<Vec<_>>().join(between)
        };
        let lower = |byte: u8| format!("{byte:02x}");
        let upper = |byte: u8| format!("{byte:02X}");
        for text in [
            list(lower, ":"),
            list(upper, ":"),
            list(lower, " "),
            list(upper, "-"),
            list(lower, ", "),
            list(lower, "\n    "),
            list(|byte| format!("0x{byte:02x}"), ", "),
            list(|byte| format!("{byte}"), ", "),
            list(|byte| format!("{byte}"), ","),
            list(|byte| format!("{byte}"), " "),
            list(|byte| format!("{}", byte.cast_signed()), ", "),
            list(|byte| format!("x{byte:02x}"), "\\"),
        ] {
            assert_eq!(SecretShape::of(&text), Some(SecretShape::Key), "{text}");
            assert_eq!(Shown::new(text.trim_start_matches('-')).to_string(), HIDDEN);
            let said = format!("the key [{text}] of pump-7, and {text}.");
            let shown = format!("the key [{HIDDEN}] of pump-7, and {HIDDEN}.");
            assert_eq!(Shown::new(said.replace("[-", "[").replace("and -", "and ")).to_string(), shown);
        }
    }
    // also behind a list that is too short, in names, and next to a key in a row
    let key = "53:45:43:52:45:54:53:45:43:52:45:54:53:45:43:52";
    let said = format!("00:15:5d, dev/{key}/x 6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c 3a002b000e51363438343937==");
    let shown = Shown::new(said).to_string();
    assert!(!shown.contains("53:45") && !shown.contains("6d2f") && !shown.contains("3a00"), "{shown}");
    assert_eq!(SecretShape::of("6d2f0f5dd2b1ab0d5bb2dbb1"), None);
    for key in ["6d2f0f5dd2b1ab0d5bb2dbb1a", "6D2f0f5dd2b1ab0d5bb2dbb1", "6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c"] {
        assert_eq!(SecretShape::of(key), Some(SecretShape::Key), "{key}");
    }
}

#[test]
fn control_characters_are_escaped() {
    assert_eq!(Shown::new("a\u{1b}[2Jb\nc").to_string(), "a\\u{1b}[2Jb\\nc");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]
    #[test]
    fn a_padded_key_is_a_key(key in prop::collection::vec(any::<u8>(), 16..=64)) {
        let text = base64(&key, false);
        if !text.len().is_multiple_of(4) {
            let padded = [text.as_str(), "="].concat();
            prop_assert_eq!(SecretShape::of(&padded), Some(SecretShape::Key));
        }
    }

    #[test]
    fn any_text_is_judged(text in ".*") {
        let _ = Shown::new(&text).to_string();
    }
}

#[test]
fn random_keys_without_padding_are_keys() {
    // splitmix64: the same keys in every run
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    for (len, most) in [(16, 200), (32, 2), (64, 0)] {
        let missed = (0..2000)
            .filter(|count| {
                let mut key = [0; 64];
                key.as_chunks_mut::<8>().0.iter_mut().for_each(|eight| *eight = next().to_be_bytes());
                SecretShape::of(&base64(&key[..len], count % 2 == 0)).is_none()
            })
            .count();
        assert!(missed <= most, "{missed} of 2000 keys of {len} bytes");
    }
}
