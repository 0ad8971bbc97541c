//! Permission letters, times and ranges of addresses against naive models.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use core::net::{IpAddr, Ipv4Addr};

use common::*;
use hubward_cloud::storage::{Permissions, Resource, Sas, SasKind, UnsignedSas, Version};
use hubward_cloud::{IpRange, Text, TokenTime};
use proptest::prelude::*;

const KINDS: [(SasKind, &str); 10] = [
    (SasKind::Account, "rwdxylacupfti"),
    (SasKind::Container, "racwdxyltfmeopi"),
    (SasKind::Blob, "racwdxyltmeopi"),
    (SasKind::BlobVersion, "racwdxyltmeopi"),
    (SasKind::BlobSnapshot, "racwdxyltmeopi"),
    (SasKind::Directory, "racwdxyltmeopi"),
    (SasKind::Share, "rcwdl"),
    (SasKind::File, "rcwd"),
    (SasKind::Queue, "raup"),
    (SasKind::Table, "raud"),
];

proptest! {
    /// Letters of the kind, each at most once, in any order: those are taken, and nothing else.
    #[test]
    fn permission_letters((kind, known) in proptest::sample::select(&KINDS[..]), text in "[racwdxyltfmeopiuRz ]{0,8}") {
        let distinct = text.chars().enumerate().all(|(at, letter)| !text[..at].contains(letter));
        let expected = !text.is_empty() && distinct && text.chars().all(|letter| known.contains(letter));
        let parsed = Permissions::parse(kind, &text);
        prop_assert_eq!(parsed.is_ok(), expected, "{:?} {:?}", kind, text);
        if let Ok(permissions) = parsed {
            prop_assert_eq!(permissions.as_str(), &text, "the order is signed");
            // a signer's own order is that of the scheme
            let all: Vec<_> = permissions.iter().collect();
            let sorted: String = known.chars().filter(|letter| text.contains(*letter)).collect();
            let written = Permissions::new(kind, &all).unwrap();
            prop_assert_eq!(written.as_str(), &sorted);
        }
    }

    #[test]
    fn written_times_are_read_back(seconds in 0..=253_402_300_799_u64) {
        let time = TokenTime::at(at(seconds)).unwrap();
        let text = time.to_string();
        let again = TokenTime::parse(Text::plain(&text).unwrap()).unwrap();
        prop_assert_eq!(again.seconds(), seconds);
        prop_assert_eq!(text.len(), 20);
        // the parts of the day, by a naive computation
        let clock = format!("T{:02}:{:02}:{:02}Z", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        prop_assert!(text.ends_with(&clock));
    }

    /// Each form of a time is the canonical one with something left out, which counts as zero.
    #[test]
    fn shorter_forms_of_times(days in 0..40_000_u64, hour in 0..24_u64, minute in 0..60_u64, second in 0..60_u64) {
        let full = days * 86_400 + hour * 3600 + minute * 60 + second;
        let text = TokenTime::at(at(full)).unwrap().to_string();
        let parse = |text: &str| TokenTime::parse(Text::plain(text).unwrap()).map(|time| time.seconds());
        prop_assert_eq!(parse(&text[..10]), Ok(days * 86_400));
        prop_assert_eq!(parse(&format!("{}Z", &text[..16])), Ok(full - second));
        prop_assert_eq!(parse(&format!("{}.1234567Z", &text[..19])), Ok(full));
        prop_assert_eq!(parse(&format!("{}-01:30", &text[..19])), Ok(full + 5400));
        for wrong in [&text[..19], &text[..11], &text[1..], &format!("{text}Z"), &text.replace('T', " "), ""] {
            prop_assert!(parse(wrong).is_err(), "{}", wrong);
        }
    }

    #[test]
    fn ranges_of_addresses(first in any::<u32>(), last in any::<u32>(), probe in any::<u32>()) {
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from(number));
        let text = format!("{}-{}", address(first), address(last));
        match IpRange::parse(&text) {
            Ok(range) => {
                prop_assert!(first <= last);
                for probe in [probe, first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
                    prop_assert_eq!(range.contains(address(probe)), (first..=last).contains(&probe));
                    // the same address as a socket of version 6 shows it
                    let mapped = IpAddr::V6(Ipv4Addr::from(probe).to_ipv6_mapped());
                    prop_assert_eq!(range.contains(mapped), (first..=last).contains(&probe));
                }
            }
            Err(_) => prop_assert!(first > last),
        }
        let one = address(first).to_string();
        prop_assert_eq!(IpRange::parse(&one).unwrap().contains(address(probe)), probe == first);
    }

    #[test]
    fn a_value_decodes_as_the_naive_decoder_has_it(text in "[a-z%0-9A-F+ ü]{0,24}") {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        let mut fine = true;
        while let [first, tail @ ..] = rest {
            match (first, tail) {
                (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    let digits = [*high, *low];
                    bytes.push(u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap());
                    rest = tail;
                }
                (b'%', _) => {
                    fine = false;
                    break;
                }
                (b'+', tail) => (bytes.push(b' '), rest = tail).1,
                (byte, tail) => (bytes.push(*byte), rest = tail).1,
            }
        }
        let decoded = String::from_utf8(bytes).ok().filter(|text| fine && !text.bytes().any(|b| b.is_ascii_control()));
        let ours = Text::query(&text).ok();
        prop_assert_eq!(ours.map(|text| text.to_string()), decoded.clone());
        if let (Some(ours), Some(decoded)) = (ours, decoded) {
            prop_assert!(ours.is(&decoded));
            prop_assert_eq!(ours.bytes().collect::<Vec<_>>(), decoded.into_bytes());
        }
    }
}

#[test]
fn times_and_ranges_that_are_refused() {
    for wrong in ["10.0.0", "10.0.0.1-", "-10.0.0.1", "10.0.0.1-::1", "010.0.0.1", "10.0.0.1 - 10.0.0.2", "a"]
    {
        assert!(IpRange::parse(wrong).is_err(), "{wrong}");
    }
    for wrong in
        ["2030-02-29", "2030-13-01", "1969-12-31", "2030-01-01T24:00Z", "2030-01-01T00:00:00.Z", "20300101"]
    {
        assert!(TokenTime::parse(Text::plain(wrong).unwrap()).is_err(), "{wrong}");
    }
    assert!(TokenTime::at(at(253_402_300_800)).is_err());
    assert!(TokenTime::at(at(u64::MAX)).is_err(), "without a long search");
}

#[test]
fn the_order_of_fields_does_not_matter() {
    let sig = "sig=e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
    let mut fields = ["sv=2020-12-06", "se=2030-01-01T00%3A00%3A00Z", "sr=b", "sp=rw", sig];
    for _ in 0..fields.len() {
        let text = fields.join("&");
        let sas = Sas::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(sas.expiry().unwrap().seconds(), 1_893_456_000, "{text}");
        assert_eq!(Sas::parse(&format!("{text}&sp=r")).unwrap_err().code(), "cloud-duplicate-field");
        fields.rotate_left(1);
    }
}

#[test]
fn a_time_with_an_offset_is_signed_as_the_same_second_in_each_form() {
    let (key, blob) = (account_key(), Resource::blob("contosoacct", "plant", "log").unwrap());
    let second = EXPIRY - 3600;
    let cases = [
        (Text::plain("2030-01-01T00:00:00+01:00"), "2030-01-01T00:00:00+01:00"),
        (Text::query("2030-01-01T00%3A00%3A00%2B01:00"), "2030-01-01T00:00:00+01:00"),
        (Text::escaped("2030-01-01T00%3A00%3A00%2B01:00"), "2030-01-01T00:00:00+01:00"),
        (Text::escaped("2030-01-01T00:00:00+01:00"), "2030-01-01T00:00:00+01:00"),
        // the value of a query would have a space
        (Text::escaped("2030-01-01T00%3A00%3A00+01:00"), "2029-12-31T23:00:00Z"),
        (Text::escaped("2029-12-31T21%3A30-01:30"), "2029-12-31T21:30-01:30"),
    ];
    for (text, written) in cases {
        let time = TokenTime::parse(text.unwrap()).unwrap();
        assert_eq!(time.seconds(), second);
        let unsigned = UnsignedSas::new(SasKind::Blob, Version::LATEST)
            .unwrap()
            .with_permissions(Permissions::parse(SasKind::Blob, "r").unwrap())
            .with_start_text(time)
            .with_expiry_text(time);
        let to_sign = unsigned.string_to_sign(&blob, Default::default()).unwrap().to_string();
        assert!(to_sign.starts_with(&format!("r\n{written}\n{written}\n")), "{to_sign}");
        let expected = sign(&to_sign);
        let token = unsigned.sign(&blob, &key).unwrap().to_string();
        assert!(token.contains(&format!("&se={}&", escape(written))), "{token}");
        assert!(token.ends_with(&escape(&expected)), "{token}");
        let parsed = Sas::parse(&token).unwrap_or_else(|error| panic!("{token}: {error}"));
        assert_eq!(parsed.expiry().unwrap().seconds(), second, "{token}");
        assert_eq!(parsed.start().unwrap().seconds(), second, "{token}");
        // a received time, signed again
        let again = UnsignedSas::new(SasKind::Blob, Version::LATEST)
            .unwrap()
            .with_permissions(Permissions::parse(SasKind::Blob, "r").unwrap())
            .with_start_text(parsed.start().unwrap())
            .with_expiry_text(parsed.expiry().unwrap());
        assert_eq!(again.sign(&blob, &key).unwrap().to_string(), token);
    }
}
