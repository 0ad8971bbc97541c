//! Signed tokens parse and verify to the same values; a mutated byte is rejected or changes nothing that is signed.
#![no_main]

use core::time::Duration;

use hubward_core::{
    Authority, DeviceId, IdScope, Keys, Lookup, ModuleId, PolicyName, RegistrationId, SymmetricKey, UnixTime,
};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, u32, u16, u8)| {
    let (first, second, policy, expiry, position, mask) = input;
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(expiry.into()));
    let Ok(host) = Authority::parse("contoso.example:8443") else { unreachable!() };
    let registration = IdScope::parse("0ne00AB12CD").ok().zip(RegistrationId::parse(first).ok());
    let unsigned = match (DeviceId::parse(first), ModuleId::parse(second), registration) {
        (Ok(device), Ok(module), _) => UnsignedToken::module(host, device, module, expires),
        (_, _, Some((scope, id))) if second == "dps" => UnsignedToken::registration(scope, id, expires),
        (Ok(device), ..) => UnsignedToken::device(host, device, expires),
        _ => return,
    };
    let policy = PolicyName::parse(policy).ok();
    let unsigned = policy.map_or(unsigned, |policy| unsigned.with_policy(policy));

    let key = HmacKey::new(&SymmetricKey::from_bytes(b"0123456789abcdef").unwrap());
    let signed = unsigned.sign(&key);
    let text = signed.to_string();
    let mut buffer = vec![0; text.len()];
    assert_eq!(signed.write_into(&mut buffer).unwrap(), text);
    assert_eq!(signed.write_into(&mut buffer[1..]).unwrap_err().needed, text.len());

    let mut rules = TokenRules::STRICT;
    rules.max_lifetime = None;
    let token = SasToken::parse(&text, &rules).unwrap();
    match token.signer() {
        Lookup::Device(id) => assert!(id.eq_decoded(first)),
        Lookup::Module(device, module) => assert!(device.eq_decoded(first) && module.eq_decoded(second)),
        Lookup::Registration(_, id) => assert!(id.eq_decoded(first)),
        Lookup::Policy(name) => assert!(name.eq_decoded(policy.unwrap().as_str())),
        _ => unreachable!(),
    }
    token.verify_for_any_host(Keys::one(&key), expires, &rules).unwrap();

    let mut mutated = text.clone().into_bytes();
    let at = usize::from(position) % mutated.len();
    mutated[at] ^= mask.max(1);
    let Ok(mutated) = String::from_utf8(mutated) else { return };
    let Ok(other) = SasToken::parse(&mutated, &rules) else { return };
    if other.verify_for_any_host(Keys::one(&key), expires, &rules).is_ok() {
        assert_eq!(other.resource().as_received(), token.resource().as_received());
        assert_eq!(other.expires(), token.expires());
    }
});
