//! Any text: no panic, and agreement with a simple model.
#![no_main]

use hubward_core::Lookup;
use hubward_sas::{SasToken, TokenRules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // for people, of any text, and never with a part of it
    if let Some(hint) = hubward_sas::explain(text) {
        assert!(!hint.code().is_empty() && !hint.to_string().is_empty());
    }
    for rules in [TokenRules::STRICT, TokenRules::HUB_COMPAT] {
        let Ok(token) = SasToken::parse(text, &rules) else { continue };
        assert!(text[22..].bytes().all(|b| b.is_ascii_graphic()), "invisible");
        let fields: Vec<(&str, &str)> =
            text[22..].split('&').filter_map(|field| field.split_once('=')).collect();
        let value = |name| {
            let mut found = fields.iter().filter(|(known, _)| *known == name);
            let first = found.next().map(|(_, value)| *value);
            assert!(found.next().is_none(), "{name} occurs twice");
            first
        };
        assert_eq!(token.resource().as_received(), value("sr").unwrap());
        assert_eq!(token.expires().as_secs().to_string(), value("se").unwrap(), "one text for one second");
        let sig = value("sig").unwrap();
        // a resource may contain the same text, and is shown
        assert!(text.matches(sig).count() > 1 || !format!("{token:?}").contains(sig));

        let signature = decode(sig);
        let characters = signature.strip_suffix('=').unwrap();
        assert_eq!(characters.len(), 43);
        assert!(characters.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')), "base64");

        let decoded = decode(value("sr").unwrap());
        let names: Vec<&str> = decoded.split('/').collect();
        match token.signer() {
            Lookup::Device(id) => assert_eq!(names[1..], ["devices", &id.to_string()]),
            Lookup::Module(device, module) => {
                assert_eq!(names[1..], ["devices", &device.to_string(), "modules", &module.to_string()]);
            }
            Lookup::Registration(scope, id) => {
                assert_eq!(names, [&scope.to_string(), "registrations", &id.to_string()]);
            }
            Lookup::Policy(name) => assert_eq!(name.to_string(), decode(value("skn").unwrap())),
            _ => unreachable!(),
        }
    }
});

fn decode(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('%') {
        decoded.push_str(before);
        decoded.push(u8::from_str_radix(&escape[..2], 16).unwrap().into());
        rest = &escape[2..];
    }
    decoded + rest
}
