//! Common names in each string type of RFC 5280 4.1.2.4, decoded strictly.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::der::{fields, sequence, signed_again, tlv};
use common::{ca, entity, key, now, sign};
use hubward_core::{DeviceId, ModuleId};
use hubward_ring::signature::ALL;
use hubward_x509::{
    Anchors, Certificate, Chain, ChainError, ExpectedSubject, Problem, Profile, certificate::common_name,
    error::CommonNameError,
};
use rcgen::SigningKey;

const UTF8: u8 = 12;
const PRINTABLE: u8 = 19;
const TELETEX: u8 = 20;
const IA5: u8 = 22;
const UNIVERSAL: u8 = 28;
const BMP: u8 = 30;

fn bmp(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn universal(text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()
}

/// Returns a root and a leaf below it whose common name has this tag and these bytes.
fn named(tag: u8, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let name = sequence(&[&tlv(0x31, &sequence(&[&[6, 3, 0x55, 4, 3], &tlv(tag, bytes)]))]);
    with_subject(&name)
}

/// Returns a root and a leaf below it with this subject.
fn with_subject(name: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (root, root_key) = (ca("Root"), key());
    let leaf = sign(&entity("placeholder"), &key(), &root, &root_key);
    let algorithm = fields(&leaf)[1].to_vec();
    let leaf = signed_again(
        &leaf,
        2,
        &algorithm,
        |inner| inner[5] = name.to_vec(),
        |message| root_key.sign(message).unwrap(),
    );
    (root.self_signed(&root_key).unwrap().der().to_vec(), leaf)
}

fn verify(tag: u8, bytes: &[u8], subject: ExpectedSubject<'_>) -> Result<(), Problem> {
    let (root, leaf) = named(tag, bytes);
    let chain = Chain::parse(&leaf, &[] as &[&[u8]]).unwrap();
    let profile = Profile::device(subject);
    match chain.verify(&Anchors::parse([&root]).unwrap(), &profile, ALL, now(0)) {
        Ok(_) => Ok(()),
        Err(ChainError::Refused { problem, .. }) => Err(problem),
        Err(other) => panic!("{other}"),
    }
}

fn device(tag: u8, bytes: &[u8]) -> Result<(), Problem> {
    verify(tag, bytes, ExpectedSubject::Device(DeviceId::parse("valve_31").unwrap()))
}

#[test]
fn every_string_type_names_the_device() {
    for (tag, encode) in [
        (UTF8, (|text| text.as_bytes().to_vec()) as fn(&str) -> Vec<u8>),
        (PRINTABLE, |text| text.as_bytes().to_vec()),
        (TELETEX, |text| text.as_bytes().to_vec()),
        (BMP, bmp),
        (UNIVERSAL, universal),
    ] {
        assert_eq!(device(tag, &encode("valve_31")), Ok(()), "{tag}");
        for other in ["valve_32", "Valve_31", "valve_31 ", " valve_31"] {
            assert_eq!(device(tag, &encode(other)), Err(Problem::NameMismatch), "{tag} {other}");
        }
        let module =
            ExpectedSubject::Module(DeviceId::parse("valve_31").unwrap(), ModuleId::parse("cam").unwrap());
        assert_eq!(verify(tag, &encode("valve_31/cam"), module), Ok(()), "{tag}");
    }
    let nul = |tag, bytes: &[u8]| assert!(device(tag, bytes).is_err(), "{tag}");
    nul(UTF8, b"valve_31\0");
    nul(PRINTABLE, b"valve_31\0");
    nul(TELETEX, b"valve_31\0");
    nul(BMP, &bmp("valve_31\0"));
    nul(BMP, &bmp("valve_31\0x"));
    nul(UNIVERSAL, &universal("valve_31\0"));
}

#[test]
fn what_cannot_be_decoded_with_certainty_is_not_a_name() {
    for (tag, bytes) in [
        (BMP, b"valve_31x".to_vec()),
        (BMP, [bmp("valve_31"), vec![0xd8, 0]].concat()),
        (BMP, [bmp("valve_31"), vec![0xdc, 0]].concat()),
        // a whole pair: BMPString has no characters outside of the basic plane
        (BMP, bmp("valve\u{1f600}")),
        (UNIVERSAL, b"valve_31x".to_vec()),
        (UNIVERSAL, [universal("valve_31"), vec![0, 0x11, 0, 0]].concat()),
        (UNIVERSAL, [universal("valve_31"), vec![0, 0, 0xd8, 0]].concat()),
        (UNIVERSAL, [universal("valve_31"), vec![0x80, 0, 0, 0x41]].concat()),
        (TELETEX, b"valve\xe9".to_vec()),
        (UTF8, b"valve\xff".to_vec()),
        (PRINTABLE, b"valve\"31".to_vec()),
        (PRINTABLE, "valvé".as_bytes().to_vec()),
        (IA5, b"valve_31".to_vec()),
        (4, b"valve_31".to_vec()),
    ] {
        let unreadable = Err(Problem::CommonName(CommonNameError::Unreadable));
        assert_eq!(device(tag, &bytes), unreadable, "{tag} {bytes:x?}");
    }
    // ASCII bytes under BMPString are other characters
    assert_eq!(device(BMP, b"valve_31"), Err(Problem::NameMismatch));
}

/// A PrintableString has fewer characters than ids of devices; writers use them there all the same.
#[test]
fn a_printable_string_may_have_the_characters_of_ids() {
    let id = "a-:.+%_#*?!(),=@;$'9";
    let (_, leaf) = named(PRINTABLE, id.as_bytes());
    let subject = Certificate::parse(&leaf).unwrap().subject();
    assert_eq!(common_name(&subject).as_deref(), Ok(id));
    assert!(DeviceId::parse(id).is_ok());
}

#[test]
fn messages_show_the_text_of_each_type() {
    for (tag, bytes, shown) in [
        (UTF8, b"valve_31".to_vec(), "CN=valve_31"),
        (BMP, bmp("valve_31"), "CN=valve_31"),
        (UNIVERSAL, universal("valve,31\u{416}\n"), "CN=valve\\,31\\u{416}\\0a"),
    ] {
        let (_, leaf) = named(tag, &bytes);
        assert_eq!(Certificate::parse(&leaf).unwrap().subject().to_string(), shown);
    }
}
