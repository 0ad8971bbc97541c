//! No formatter shows a secret in any form, and no output depends on a secret.

#![allow(clippy::arithmetic_side_effects, clippy::string_slice, clippy::unwrap_used, reason = "tests")]

use core::error::Error;
use core::fmt::Write;

use hubward_connection_string::{
    ConnectionString, Cosmos, Device, FieldName, KeyText, Module, ParseOptions, ProvisioningService, RawKey,
    SasQuery, SasText, Service, ServiceBus, Storage, explain,
};
use hubward_core::SymmetricKey;
use proptest::prelude::*;

/// A 32-byte key. No form of it has four characters in common with other output.
const SECRET: [u8; 32] = [
    0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15, 0xf3, 0x9c, 0xc0, 0x60, 0x5c, 0xed, 0xc8, 0x34, 0x1a,
    0x8f, 0x2b, 0x6d, 0xe1, 0x53, 0xb7, 0x48, 0xd2, 0x96, 0x3f, 0x0b, 0x85, 0xca, 0x71, 0xee,
];

fn base64(key: &[u8]) -> String {
    let mut out = [0; 88];
    KeyText::encode(&SymmetricKey::from_bytes(key).unwrap(), &mut out).unwrap().expose().to_owned()
}

/// Returns a string of each form with a secret, and some that are refused, for `key` in base64.
fn strings(key: &str) -> Vec<String> {
    let escaped = key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let sas = format!("SharedAccessSignature sr=hub.example&sig={escaped}&se=1");
    [
        format!("HostName=hub.example;SharedAccessKeyName=owner;SharedAccessKey={key}"),
        format!("HostName=hub.example;SharedAccessKeyName=owner;SharedAccessSignature={sas}"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key}"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessSignature={sas}"),
        format!("HostName=hub.example;DeviceId=d;ModuleId=m;SharedAccessKey={key}"),
        format!("Endpoint=sb://ns.example/;SharedAccessKeyName=p;SharedAccessKey={key}"),
        format!("Endpoint=sb://ns.example/;SharedAccessSignature={sas}"),
        format!("AccountName=abc;AccountKey={key}"),
        format!("AccountName=abc;SharedAccessSignature=sv=1&sig={escaped}"),
        format!("AccountEndpoint=https://a.example/;AccountKey={key}"),
        // kept or refused: a misspelt or missing name, a truncated, doubled or mixed value, or a misplaced one
        format!("SharedAccesKey={key};HostName=hub.example;DeviceId=d;x509=true"),
        format!("{key}HostName=hub.example;DeviceId=d;x509=true"),
        format!("HostName=hub.example;DeviceId=d;x509=true;{key}"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={}", &key[1..]),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key}{key}"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key} "),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key}é"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key};SharedAccessKey={key}"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key};x509=true"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key};AccountKey={key}"),
        format!("HostName=hub.example;DeviceId=d;SharedAccessSignature={key}"),
        format!("HostName=hub.example/{key};DeviceId=d;x509=true"),
        format!("Endpoint=sb://owner:{key}@ns.example/;SharedAccessKeyName=p;SharedAccessKey={key}"),
        key.to_owned(),
        sas,
    ]
    .to_vec()
}

/// Returns the output of every formatter for `text`, through every parser and with both sets of options.
fn output(text: &str) -> String {
    fn add<T: core::fmt::Debug + core::fmt::Display, E: Error>(out: &mut String, result: Result<T, E>) {
        match result {
            Ok(value) => writeln!(out, "{value} {value:?} {value:#?}").unwrap(),
            Err(error) => {
                writeln!(out, "{error} {error:?} {error:#?}").unwrap();
                let mut cause = error.source();
                while let Some(error) = cause {
                    writeln!(out, "{error} {error:?}").unwrap();
                    cause = error.source();
                }
            }
        }
    }
    let mut out = String::new();
    for rules in [ParseOptions::STRICT, ParseOptions::COMPATIBLE] {
        add(&mut out, ConnectionString::parse(text, &rules));
        add(&mut out, Service::parse(text, &rules));
        add(&mut out, ProvisioningService::parse(text, &rules));
        add(&mut out, Device::parse(text, &rules));
        add(&mut out, Module::parse(text, &rules));
        add(&mut out, ServiceBus::parse(text, &rules));
        add(&mut out, Storage::parse(text, &rules));
        add(&mut out, Cosmos::parse(text, &rules));
        if let Ok(string) = ConnectionString::parse(text, &rules) {
            write!(out, "{:?} {:?}", string.with_secrets(), string.extras()).unwrap();
        }
        write!(out, "{:?}", explain(text, &rules)).unwrap();
    }
    write!(out, "{:?}", KeyText::parse(text)).unwrap();
    write!(out, "{:?}", RawKey::parse(text)).unwrap();
    write!(out, "{:?}", SasText::parse(text)).unwrap();
    write!(out, "{:?}", SasQuery::parse(text)).unwrap();
    out
}

#[test]
fn no_run_of_four_characters_of_a_secret_is_printed() {
    let key = base64(&SECRET);
    let hex: String = SECRET.iter().map(|b| format!("{b:02x}")).collect();
    let percent: String = SECRET.iter().map(|b| format!("%{b:02X}")).collect();
    // an offset may equal one byte in decimal, so two bytes are compared
    let decimal: Vec<_> = SECRET.windows(2).map(|two| format!("{}, {}", two[0], two[1])).collect();
    let forms = [key.clone(), hex.clone(), hex.to_uppercase(), percent];
    for text in strings(&key) {
        let output = output(&text);
        assert!(!decimal.iter().any(|two| output.contains(two)));
        for form in &forms {
            for at in 0..=form.len() - 4 {
                let run = &form[at..at + 4];
                assert!(!output.contains(run), "a secret shows: {}", &text.replace(&key, "KEY"));
            }
        }
    }
}

#[test]
fn with_secrets_alone_writes_the_secret() {
    let key = base64(&SECRET);
    let text = format!("HostName=hub.example;DeviceId=d;SharedAccessKey={key}");
    let device = Device::parse(&text, &ParseOptions::STRICT).unwrap();
    assert_eq!(device.to_string(), "HostName=hub.example;DeviceId=d;SharedAccessKey=****");
    assert_eq!(device.with_secrets().to_string(), text);
}

#[test]
fn a_redacted_string_is_refused_as_redacted() {
    for text in strings(&base64(&SECRET)).iter().take(10) {
        let shown = ConnectionString::parse(text, &ParseOptions::STRICT).unwrap().to_string();
        let error = ConnectionString::parse(&shown, &ParseOptions::STRICT).unwrap_err();
        assert_eq!(error.problem.code(), "redacted", "{shown}");
        assert!(error.field.is_some_and(FieldName::is_secret));
    }
}

#[test]
fn unknown_fields_are_counted_and_not_shown() {
    let key = base64(&SECRET);
    let text = format!("SharedAccesKey={key};HostName=hub.example;DeviceId=d;x509=true");
    let device = Device::parse(&text, &ParseOptions::COMPATIBLE).unwrap();
    assert_eq!(device.to_string(), "HostName=hub.example;DeviceId=d;x509=true;(1 more)");
    assert_eq!(format!("{:?}", device.extras()), "Extras(1 redacted)");
    let secret = explain(&text, &ParseOptions::COMPATIBLE).fields().next().unwrap();
    assert!(secret.secret && secret.field.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// For two keys of the same length, the output is the same.
    #[test]
    fn the_output_does_not_depend_on_the_secret(
        // without `+` and `/`, whose escapes change the length and so the following offsets
        a in "[A-Za-z0-9]{42}[AEIMQUYcgkosw048]=",
        b in "[A-Za-z0-9]{42}[AEIMQUYcgkosw048]=",
    ) {
        for (a, b) in strings(&a).iter().zip(strings(&b)) {
            prop_assert_eq!(output(a), output(&b));
        }
    }
}
