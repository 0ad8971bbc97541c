//! Properties over all legal names, and over a change of any byte.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::*;
use hubward_core::{
    Authority, DeviceId, IdScope, Keys, MacKey, ModuleId, PolicyName, RegistrationId, Tag, escape_value,
};
use hubward_sas::{SasToken, TokenRules, UnsignedToken};
use proptest::prelude::*;

const ID: &str = r"[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}";
/// A name of a resource, with its escapes.
const NAME: &str = r"devices|devices|modules|registrations|d%65vices|([A-Za-z0-9\-:.+_#*?!(),=@;$'~]|%2[0-9B-F]|%4[0-9A-F]|%252[0-9F]){1,5}";
const RULES: TokenRules = TokenRules::HUB_COMPAT;

proptest! {
    #[test]
    fn a_signed_token_verifies(device in ID, module in proptest::option::of(ID), policy in proptest::option::of("[A-Za-z0-9_.@-]{1,128}"), expiry in 0..=u64::from(u32::MAX)) {
        let (Ok(device_id), Ok(host)) = (DeviceId::parse(&device), Authority::parse("h.example:8443")) else { return Ok(()) };
        let unsigned = match module.as_deref().map(ModuleId::parse) {
            None => UnsignedToken::device(host, device_id, at(expiry)),
            Some(Ok(module)) => UnsignedToken::module(host, device_id, module, at(expiry)),
            Some(Err(_)) => return Ok(()),
        };
        let unsigned = match &policy {
            Some(name) => unsigned.with_policy(PolicyName::parse(name).unwrap()),
            None => unsigned,
        };
        let text = unsigned.sign(&key()).to_string();
        let token = SasToken::parse(&text, &RULES).unwrap();
        let signer = match (policy, module) {
            (Some(policy), _) => format!("policy {policy}"),
            (None, Some(module)) => format!("module {device}/{module}"),
            (None, None) => format!("device {device}"),
        };
        prop_assert_eq!(token.signer().to_string(), signer);
        prop_assert!(token.verify_for_any_host(Keys::one(&key()), at(expiry), &RULES).is_ok());
        prop_assert!(token.verify_for_any_host(Keys::one(&other_key()), at(expiry), &RULES).is_err());
    }

    #[test]
    fn a_signed_token_for_a_hub_or_a_registration_verifies(
        host in "([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.){0,3}[A-Za-z0-9]{1,8}(:[1-9][0-9]{0,3})?",
        policy in "[A-Za-z0-9_.@-]{1,128}",
        scope in "[A-Za-z0-9]{1,128}",
        id in "[A-Za-z0-9._:-]{0,127}[A-Za-z0-9-]",
        expiry in 0..=i64::MAX.unsigned_abs(),
    ) {
        let (host, policy) = (Authority::parse(&host).unwrap(), PolicyName::parse(&policy).unwrap());
        let (scope, id) = (IdScope::parse(&scope).unwrap(), RegistrationId::parse(&id).unwrap());
        for (unsigned, signer) in [
            (UnsignedToken::service(host, policy, at(expiry)), format!("policy {policy}")),
            (UnsignedToken::registration(scope, id, at(expiry)), format!("registration {id} in scope {scope}")),
        ] {
            // `registration` cannot be the name of a policy in a token
            let text = unsigned.sign(&key()).to_string();
            let Ok(token) = SasToken::parse(&text, &RULES) else {
                prop_assert_eq!(policy.as_str(), "registration");
                continue;
            };
            prop_assert_eq!(token.signer().to_string(), signer);
            prop_assert!(token.verify_for_any_host(Keys::one(&key()), at(expiry), &RULES).is_ok());
            prop_assert!(token.verify_for_any_host(Keys::one(&other_key()), at(expiry), &RULES).is_err());
        }
    }

    #[test]
    fn a_signature_decodes_as_the_base64_library_decodes_it(text in "([A-Za-z0-9+/]{42}[A-Za-z0-9+/=]{1,2}|[A-Za-z0-9+/=%]{40,50})") {
        let token = format!("SharedAccessSignature sr={SR}&sig={text}&se=1");
        let ours = SasToken::parse(&token, &RULES).is_ok();
        // the slow way: unescape, then a library's decoder, which is strict about padding and unused bits
        let mut unescaped = Vec::new();
        let mut bytes = text.bytes();
        let mut good = true;
        while let Some(byte) = bytes.next() {
            unescaped.push(match byte {
                b'%' => {
                    let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                    let byte = u8::from_str_radix(&digits, 16);
                    good &= digits.len() == 2 && byte.is_ok();
                    byte.unwrap_or(b'!')
                }
                plain => plain,
            });
        }
        let theirs = good && STANDARD.decode(&unescaped).is_ok_and(|bytes| bytes.len() == 32);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn no_text_panics(text in "(SharedAccessSignature )?[ -~]{0,200}|SharedAccessSignature (s[a-z]{1,2}=[ -~]{0,60}&){1,4}") {
        let _ = SasToken::parse(&text, &RULES);
    }

    #[test]
    fn a_parsed_token_prints_to_an_equivalent_text(
        root in "[a-z0-9]{1,4}([.-][a-z]{1,3}|%2E[a-z]|:[0-9]{1,5})?",
        names in proptest::collection::vec(("/|%2F|%2f", NAME), 0..6),
        bytes in any::<[u8; 32]>(),
        escaped in any::<u64>(),
        se in "0|[1-9][0-9]{0,19}",
        skn in proptest::option::of("|registration|[A-Za-z0-9_.@-]{1,9}|[a-z]%4[0A-F][0-9]"),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let sr = names.iter().fold(root, |sr, (slash, name)| sr + slash + name);
        // any character of the signature may be escaped
        let sig = STANDARD.encode(bytes).bytes().enumerate().fold(String::new(), |sig, (at, byte)| {
            let character = if escaped >> at & 1 == 1 { format!("%{byte:02X}") } else { char::from(byte).to_string() };
            sig + &character
        });
        let fields = [format!("sr={sr}"), format!("sig={sig}"), format!("se={se}"), skn.map_or_else(String::new, |skn| format!("skn={skn}"))];
        let fields: Vec<&str> = order.iter().map(|at| fields[*at].as_str()).filter(|field| !field.is_empty()).collect();
        let text = format!("SharedAccessSignature {}", fields.join("&"));
        let Ok(token) = SasToken::parse(&text, &RULES) else { return Ok(()) };

        let names: Vec<String> = token.resource().segments().map(|name| name.to_string()).collect();
        let printed = format!(
            "SharedAccessSignature sr={}&sig={}&se={}&skn={}",
            escape_value(&names.join("/")),
            escape_value(&STANDARD.encode(bytes)),
            token.expires().as_secs(),
            escape_value(&token.policy().map_or_else(String::new, |name| name.to_string())),
        );
        let again = SasToken::parse(&printed, &RULES).unwrap();
        prop_assert_eq!(again.signer().to_string(), token.signer().to_string());
        prop_assert_eq!(format!("{again:?}"), format!("{token:?}"));
        prop_assert_eq!(format!("{:?}", again.resource().shape()), format!("{:?}", token.resource().shape()));
        for token in [token, again] {
            let signed = |tag: [u8; 32]| token.verify_for_any_host(Keys::one(&Fixed(tag)), at(0), &RULES).is_ok();
            prop_assert!(signed(bytes) && !signed(bytes.map(|byte| !byte)), "the signature is unchanged");
        }
    }
}

/// A key that always returns this tag.
#[derive(Debug)]
struct Fixed([u8; 32]);

impl MacKey for Fixed {
    fn tag(&self, _: &[&[u8]]) -> Tag {
        Tag::new(self.0)
    }
}

#[test]
fn a_change_of_any_byte_is_refused_or_equivalent() {
    let mut same = 0;
    for original in [device1(), token("h.net/devices/d%2b1/modules/m", "1893456000")] {
        let expected = parse(&original).unwrap();
        for at_byte in 0..original.len() {
            for byte in 0..=0x7f_u8 {
                let mut changed = original.clone().into_bytes();
                changed[at_byte] = byte;
                let changed = String::from_utf8(changed).unwrap();
                let Ok(token) = SasToken::parse(&changed, &RULES) else { continue };
                if changed != original
                    && token.verify_for_any_host(Keys::one(&key()), at(EXPIRY), &RULES).is_ok()
                {
                    same += 1;
                    assert_eq!(token.resource().as_received(), expected.resource().as_received());
                    assert_eq!(token.expires(), expected.expires());
                }
            }
        }
    }
    assert!(same > 0, "the case of an escape in `sig` and of the scheme is ignored");
}
