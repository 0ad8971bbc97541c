//! Any bytes as a CRL: no panic, and the parsed list borrows from the input, each entry once.
#![no_main]

use hubward_x509::{Crls, crl::Crl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(list) = Crl::parse(bytes) else {
        assert!(Crls::parse([bytes]).is_err(), "two readings of the same bytes");
        return;
    };
    assert!(core::ptr::eq(list.as_der(), bytes), "the bytes that are judged are those that came");
    let within = |part: &[u8]| {
        let (whole, part) = (bytes.as_ptr_range(), part.as_ptr_range());
        whole.start <= part.start && part.end <= whole.end
    };
    assert!(within(list.issuer().as_der()));
    let mut last = bytes.as_ptr();
    let mut count = 0;
    for entry in list.entries() {
        assert!(within(entry.serial) && !entry.serial.is_empty());
        assert!(last < entry.serial.as_ptr(), "an entry begins before the previous one");
        last = entry.serial.as_ptr();
        count += 1;
    }
    assert_eq!((count, count == 0), (list.len(), list.is_empty()));
    let again = Crl::parse(bytes).expect("it was read a moment ago");
    assert_eq!(format!("{list:?}"), format!("{again:?}"));
    let longer = [bytes, &[0]].concat();
    assert!(Crl::parse(&longer).is_err());
});
