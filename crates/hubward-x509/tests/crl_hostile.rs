//! Revocation lists and distribution points can come from an attacker: processing them stays within the budget, and an
//! altered list does not clear any certificate.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/crl_fleet.rs"]
mod crl_fleet;
#[path = "common/mod.rs"]
mod minting;

use crl_builder::{CrlBuilder, Entry, KEY_COMPROMISE, full, listed_at, point, sequence, tlv, uri};
use crl_fleet::{CrlFleet, PUMP, is_good, is_revoked};
use hubward_x509::{
    Budget, ChainError, Crls, ExpectedSubject, Profile, Revocation,
    crl::Crl,
    error::{BudgetExceeded, CertificateError},
};
use minting::{ca, entity, key};

/// Entries with unused serial numbers.
fn entries(count: u32) -> Vec<u8> {
    let date = tlv(0x17, b"251201000000Z");
    let reason = crl_builder::extension(&[0x55, 0x1d, 21], false, &[0x0a, 1, 1]);
    let one = |serial: u32| sequence(&[&tlv(2, &serial.to_be_bytes()), &date, &sequence(&[&reason])]);
    (0x0100_0000..0x0100_0000 + count).flat_map(one).collect()
}

#[test]
fn a_list_of_a_hundred_thousand_entries_is_searched_in_place() {
    let fleet = CrlFleet::new();
    let list = |count| fleet.list().entries(&entries(count)).revoking(PUMP).sign(&fleet.ca_key);
    let (short, long, root_list) = (list(10), list(100_000), fleet.root_list());
    let allocations = |list: &[u8]| {
        let (mut revoked, mut length) = (false, 0);
        let crls = Crls::parse([&root_list, list]).unwrap();
        let info = allocation_counter::measure(|| {
            length = crls.get(1).unwrap().len();
            let profile = Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(&crls));
            revoked = is_revoked(fleet.check_under(&profile));
        });
        assert!(revoked);
        (length, info.count_total, info.bytes_total)
    };
    let (short, long) = (allocations(&short), allocations(&long));
    assert_eq!((short.0, long.0), (11, 100_001));
    assert_eq!((short.1, short.2), (long.1, long.2), "allocations, and their bytes");
}

#[test]
fn the_entries_that_are_read_are_counted() {
    let fleet = CrlFleet::new();
    let lists = [fleet.root_list(), fleet.list().entries(&entries(1_000)).sign(&fleet.ca_key)];
    let crls = Crls::parse(&lists).unwrap();
    let check = |most| {
        let mut budget = Budget::DEFAULT;
        budget.crl_entries = most;
        let rules = Revocation::by(&crls);
        fleet.check_under(&Profile::device(ExpectedSubject::Any).with_revocation(rules).with_budget(budget))
    };
    assert!(is_good(check(1_000)));
    assert_eq!(check(999), Err(ChainError::BudgetExceeded(BudgetExceeded::CrlEntries)));
}

#[test]
fn many_lists_exceed_the_budget_of_signatures() {
    let fleet = CrlFleet::new();
    let forged = key();
    let mut lists = vec![fleet.root_list()];
    lists.extend((0..120).map(|number| fleet.list().number(number).sign(&forged)));
    let result = fleet.check_with(&lists, |rules| rules);
    assert_eq!(result, Err(ChainError::BudgetExceeded(BudgetExceeded::Signatures)));
}

#[test]
fn many_distribution_points_exceed_the_budget_of_name_comparisons() {
    let names = |host: &str| -> Vec<Vec<u8>> {
        (0..800).map(|at| uri(&format!("http://{host}.example/{at}"))).collect()
    };
    let (mine, theirs) = (names("a"), names("b"));
    let (mine, theirs): (Vec<&[u8]>, Vec<&[u8]>) =
        (mine.iter().map(Vec::as_slice).collect(), theirs.iter().map(Vec::as_slice).collect());
    let fleet = CrlFleet::with(ca("Fleet CA"), listed_at(entity("pump-17"), &[&point(&[&full(&mine)])]));
    let list = fleet.list().scope(&[&full(&theirs)]).sign(&fleet.ca_key);
    assert_eq!(fleet.check(&[list]), Err(ChainError::BudgetExceeded(BudgetExceeded::NameComparisons)));
}

#[test]
fn a_long_sequence_of_signers_of_lists_ends() {
    // forty keys with the CA's name, each of which signs a list that does not clear the next one
    let mut fleet = CrlFleet::new();
    let keys: Vec<_> = (0..40).map(|_| key()).collect();
    let mut lists = vec![fleet.root_list()];
    for (key, serial) in keys.iter().zip(50..) {
        let mut params = crl_builder::numbered(entity("Fleet CA"), serial);
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
        fleet.add_below(&params, key);
        lists.push(fleet.list().sign(key));
    }
    assert!(fleet.check_with(&lists, |rules| rules).is_err());
}

#[test]
fn no_truncated_or_altered_list_clears_a_certificate() {
    let fleet = CrlFleet::new();
    let entry = Entry::new(PUMP).reason(KEY_COMPROMISE);
    let list = || fleet.list().scope(&[&[0x83, 2, 0, 0x7f], &[0x84, 1, 0xff]]);
    let der = list().revoking(3).entry(&entry).sign(&fleet.ca_key);
    for end in 0..der.len() {
        assert!(Crl::parse(der.get(..end).unwrap()).is_err());
    }
    let mut parsed = 0;
    for at in 0..der.len() * 8 {
        let mut flipped = der.clone();
        *flipped.get_mut(at / 8).unwrap() ^= 1 << (at % 8);
        if Crl::parse(&flipped).is_ok() {
            parsed += 1;
            assert!(fleet.check(&[flipped]).is_err());
        }
    }
    assert!(parsed > 100, "some of them can be parsed: {parsed}");
}

#[test]
fn malformed_lists_are_refused() {
    let fleet = CrlFleet::new();
    let parse = |list: CrlBuilder| Crl::parse(&list.sign(&fleet.ca_key)).map(|_| ());
    let twice = |oid: &[u8], value: &[u8]| {
        let entry = Entry::new(3).extension(oid, false, value).extension(oid, false, value);
        parse(fleet.list().entry(&entry))
    };
    assert_eq!(twice(&[0x55, 0x1d, 21], &[0x0a, 1, 1]), Err(CertificateError::DuplicateExtension));
    let number = fleet.list().extension(&[0x55, 0x1d, 20], false, &[2, 1, 5]);
    assert_eq!(parse(number), Err(CertificateError::DuplicateExtension));
    for (oid, value) in [
        // a negative number, a number that is not an INTEGER, empty identifiers, flags that are not DER
        (27, &[2, 1, 0x80][..]),
        (27, &[4, 1, 1]),
        (35, &[]),
        (28, &[0x30, 3, 0x81, 1, 1]),
        (28, &[0x30, 3, 0x81, 1, 0]),
        (28, &[0x30, 2, 0x83, 0]),
        (28, &[0x30, 3, 0x83, 1, 1]),
        (28, &[0x30, 2, 0xa0, 0]),
        (28, &[0x30, 4, 0xa0, 2, 0xa0, 0]),
        (28, &[0x30, 6, 0x84, 1, 0xff, 0x81, 1, 0xff]),
    ] {
        let list = fleet.list().extension(&[0x55, 0x1d, oid], true, value);
        assert!(matches!(parse(list), Err(CertificateError::Malformed(_))), "{oid} {value:x?}");
    }
    for entry in [&[5, 0][..], &[0x30, 0], &[0x30, 3, 2, 1, 3], &[0x30, 4, 2, 2, 0, 3]] {
        assert!(matches!(parse(fleet.list().entries(entry)), Err(CertificateError::Malformed(_))));
    }
}
