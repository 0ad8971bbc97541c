//! Any bytes as a certificate and as a certificate request: no panic, and parsed parts borrow from the input.
#![no_main]

use hubward_ring::signature;
use hubward_x509::{Certificate, CertificateRequest, Chain, certificate::common_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = CertificateRequest::parse(bytes) {
        assert!(within(bytes, request.subject().as_der()) && within(bytes, request.attributes()));
        let _ = (common_name(&request.subject()), request.verify(signature::ALL));
    }
    let Ok(chain) = Chain::parse(bytes, [bytes]) else {
        assert!(Certificate::parse(bytes).is_err(), "two readings of the same bytes");
        return;
    };
    let one = chain.leaf();
    assert!(core::ptr::eq(one.as_der(), bytes), "the bytes that are judged are those that came");
    for part in [one.serial(), one.issuer().as_der(), one.subject().as_der(), one.public_key().as_der()] {
        assert!(within(bytes, part));
    }
    match (chain.intermediates().next().unwrap(), one.unreadable()) {
        (Ok(again), None) => assert_eq!(format!("{one:?}"), format!("{again:?}")),
        (Err(error), unreadable) => assert_eq!(Some(*error), unreadable, "two reasons for the same bytes"),
        (Ok(_), Some(error)) => panic!("two readings of the same bytes: {error}"),
    }
    // a displayed name is bounded and has no control characters of a terminal
    let name = one.subject().to_string();
    assert!(name.len() < 64 * 1024 && name.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));
    assert!(one.subject().same(&one.subject()));
    assert_eq!(one.subject().same(&one.issuer()), one.issuer().same(&one.subject()));
    let _ = (one.basic_constraints(), one.key_usage(), common_name(&one.subject()));
    if let Ok(names) = one.subject_alt_names() {
        assert!(names.take(bytes.len() + 1).count() <= bytes.len(), "more names than bytes");
    }
    // two certificates are malleated forms of each other, or one has none
    if let Some(malleated) = one.malleated_form().filter(|_| one.unreadable().is_none()) {
        let malleated =
            Certificate::parse(&malleated).expect("the other signature is as well formed").malleated_form();
        assert_eq!(malleated.as_deref(), Some(bytes));
    }
    // DER has one length: bytes after the value are an error
    let longer = [bytes, &[0]].concat();
    assert!(Certificate::parse(&longer).is_err());
});

fn within(whole: &[u8], part: &[u8]) -> bool {
    let (whole, part) = (whole.as_ptr_range(), part.as_ptr_range());
    // an absent list is empty and has no position
    part.is_empty() || (whole.start <= part.start && part.end <= whole.end)
}
